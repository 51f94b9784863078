"""What an agent is told of a case: the mails that came about it, and what was answered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from evidence_daemon.model import (
    CaseId,
    CopyKey,
    EvidenceState,
    MailId,
    OutboxState,
    ReasonCode,
    ReplyKind,
    Settlement,
    receipt_number,
)
from evidence_daemon.store.shapes import from_json
from evidence_daemon.store.tables import CopyRow, DecisionRow, MailCaseRow, MailRow, OutboxRow

MOST_MAILS = 10
"""Mails of one case that are told, the newest first."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer: what kind, with which reasons, and when it left; `sent_at` is None while it did not."""

    kind: ReplyKind
    reasons: tuple[ReasonCode, ...]
    state: OutboxState
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Came:
    """A mail (or something taken down), how it stands and what was answered, oldest answer first.

    `account` is the account of its first copy: where it came from.
    """

    mail_id: MailId
    receipt: str
    received_at: datetime
    state: EvidenceState
    respond_by: date | None
    account: str
    told: tuple[Told, ...]


def cases_of(session: Session, mail_id: MailId) -> tuple[CaseId, ...]:
    """The cases that the last decision on a mail is about."""
    rows = session.exec(select(MailCaseRow.case_id).where(col(MailCaseRow.mail_id) == mail_id))
    return tuple(CaseId(case_id) for case_id in rows)


def mail_of_copy(session: Session, key: CopyKey) -> MailId:
    """The mail of a copy in the journal, which must be there."""
    found = select(CopyRow.mail_id).where(
        col(CopyRow.account) == key.account,
        col(CopyRow.folder) == key.folder,
        col(CopyRow.uidvalidity) == key.uidvalidity,
        col(CopyRow.uid) == key.uid,
    )
    return MailId(session.exec(found).one())


def mails_about(session: Session, case_id: CaseId) -> tuple[Came, ...]:
    """What came about a case, newest first."""
    ids = session.exec(
        select(MailCaseRow.mail_id)
        .where(col(MailCaseRow.case_id) == case_id)
        .order_by(col(MailCaseRow.mail_id).desc())
        .limit(MOST_MAILS)
    ).all()
    return came(session, [MailId(mail_id) for mail_id in ids])


def came(session: Session, ids: Collection[MailId]) -> tuple[Came, ...]:
    """These mails, newest first; one that is not there is left out."""
    if not ids:
        return ()
    told: dict[int, list[Told]] = {}
    for row, settled in session.exec(
        select(OutboxRow, DecisionRow.settlement)
        .join(DecisionRow, col(DecisionRow.id) == col(OutboxRow.decision_id))
        .where(col(OutboxRow.mail_id).in_(ids), col(OutboxRow.state) != OutboxState.ANULADO)
        .order_by(col(OutboxRow.id))
    ):
        reply = from_json(settled, Settlement).reply
        reasons = reply.reasons if reply is not None else ()
        told.setdefault(row.mail_id, []).append(Told(row.kind, reasons, row.state, row.created_at, row.sent_at))
    accounts: dict[int, str] = {}
    for mail_id, account in session.exec(
        select(CopyRow.mail_id, CopyRow.account).where(col(CopyRow.mail_id).in_(ids)).order_by(col(CopyRow.id))
    ):
        accounts.setdefault(mail_id, account)
    mails = session.exec(select(MailRow).where(col(MailRow.id).in_(ids)).order_by(col(MailRow.id).desc()))
    return tuple(
        Came(
            mail_id=MailId(row.id),
            receipt=receipt_number(MailId(row.id)),
            received_at=row.received_at,
            state=row.state,
            respond_by=row.respond_by,
            account=accounts.get(row.id, ""),
            told=tuple(told.get(row.id, ())),
        )
        for row in mails
    )
