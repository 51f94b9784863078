"""Customers who were asked for something and did not write again in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from evidence_daemon.model import (
    DAEMON,
    CaseChange,
    CaseId,
    CaseState,
    EvidenceState,
    MailId,
    OutboxState,
    Reply,
    ReplyKind,
)
from evidence_daemon.store import audit, outreach
from evidence_daemon.store.outbox import Outgoing, put_out
from evidence_daemon.store.statements import change_one
from evidence_daemon.store.tables import CaseRow, DecisionRow, MailCaseRow, MailRow, OutboxRow


@dataclass(frozen=True, slots=True)
class Asked:
    """A mail whose sender was asked to mend something, in time long past.

    `waiting` are its cases that still wait for him; `had_cases` whether it had any.  `silent`: nothing came
    from that address since, nor on these cases.  `told`: the question is not known to have got lost.
    """

    mail_id: MailId
    decision_id: int
    asked_at: datetime
    waiting: tuple[CaseId, ...]
    had_cases: bool
    silent: bool
    told: bool

    @property
    def remind(self) -> bool:
        """Whether he is to be reminded: he was told, is silent, and it still matters."""
        return self.told and self.silent and (bool(self.waiting) or not self.had_cases)


_GONE = (OutboxState.ENVIADO, OutboxState.REBOTADO, OutboxState.FALLIDO)


def overdue(session: Session, asked_before: datetime, limit: int = 200) -> list[Asked]:
    """Mails whose last answer asked for something before that moment, and that did not lapse yet."""
    asked_at = sa.func.coalesce(OutboxRow.sent_at, OutboxRow.created_at, type_=OutboxRow.__table__.c.created_at.type)  # type: ignore[attr-defined]
    rows = session.exec(
        select(MailRow, OutboxRow.decision_id, OutboxRow.state, asked_at)
        .join(OutboxRow, col(OutboxRow.mail_id) == col(MailRow.id))
        .join(DecisionRow, col(DecisionRow.id) == col(OutboxRow.decision_id))
        .where(
            col(OutboxRow.kind) == ReplyKind.SUBSANAR,
            col(OutboxRow.state).in_(_GONE),
            col(DecisionRow.number) == col(MailRow.decisions),
            col(MailRow.lapsed_at).is_(None),
            asked_at < asked_before,
        )
        .order_by(col(MailRow.id))
        .limit(limit)
    ).all()
    return [_asked(session, mail, decision_id, OutboxState(state), at) for mail, decision_id, state, at in rows]


def _asked(session: Session, mail: MailRow, decision_id: int, state: OutboxState, asked_at: datetime) -> Asked:
    later = aliased(MailRow)
    about = aliased(MailCaseRow)
    # What a machine sends (an absence notice) is no answer.
    counts = sa.and_(col(later.id) > mail.id, col(later.state) != EvidenceState.DESCARTADO)
    written_on = (
        sa.select(col(about.mail_id))
        .join(later, col(later.id) == col(about.mail_id))
        .where(col(about.case_id) == col(MailCaseRow.case_id), counts)
        .exists()
    )
    rows = session.exec(
        select(MailCaseRow.case_id, CaseRow.state, written_on)
        .join(CaseRow, col(CaseRow.id) == col(MailCaseRow.case_id))
        .where(col(MailCaseRow.mail_id) == mail.id)
        .order_by(col(MailCaseRow.case_id))
    ).all()
    again_at_all = sa.select(col(later.id)).where(col(later.sender) == mail.sender, counts).limit(1)
    wrote_again = bool(mail.sender) and session.execute(again_at_all).first() is not None
    return Asked(
        mail_id=MailId(mail.id),
        decision_id=decision_id,
        asked_at=asked_at,
        waiting=tuple(
            CaseId(case_id) for case_id, stands, again in rows if stands is CaseState.PENDIENTE_CLIENTE and not again
        ),
        had_cases=bool(rows),
        silent=not wrote_again and not any(again for _case_id, _stands, again in rows),
        told=state is OutboxState.ENVIADO,
    )


def lapse(
    session: Session,
    asked: Asked,
    changes: Sequence[CaseChange],
    *,
    now: datetime,
    reminder: tuple[Reply, Outgoing] | None,
) -> None:
    """The time is over: its cases stop waiting for the customer, and the reminder, if any, is put out.

    Raises `RefusedTransition` when that was done already, or a case changed meanwhile.
    """
    change_one(
        session,
        sa.update(MailRow)
        .where(col(MailRow.id) == asked.mail_id, col(MailRow.lapsed_at).is_(None))
        .values(lapsed_at=now),
        f"mail {asked.mail_id} lapsed already",
    )
    for change in changes:
        change_one(
            session,
            sa.update(CaseRow)
            .where(col(CaseRow.id) == change.case_id, col(CaseRow.state) == change.before)
            .values(state=change.after),
            f"case {change.case_id} is not {change.before} any more: it cannot become {change.after}",
        )
    outreach.let_go(session, asked.mail_id, now)
    if reminder is not None:
        reply, outgoing = reminder
        put_out(session, asked.mail_id, asked.decision_id, reply, outgoing, now=now)
    audit.record(
        session,
        "lapsed",
        actor=DAEMON,
        now=now,
        mail_id=asked.mail_id,
        case_id=asked.waiting[0] if len(asked.waiting) == 1 else None,
        detail={"cases": list(asked.waiting), "reminded": reminder is not None},
    )
