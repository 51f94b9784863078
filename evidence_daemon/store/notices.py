"""What our own people are told by mail: the facts of a digest, what needs a person now, and the notices themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.model import EntryKind, Lane, MailId, OutboxState, receipt_number
from evidence_daemon.store.history import Status, status
from evidence_daemon.store.outbox import VALVE
from evidence_daemon.store.statements import insert_new
from evidence_daemon.store.switches import switches
from evidence_daemon.store.tables import EntryRow, MailRow, NoticeRow, OutboxRow, ReviewRow, VanishedRow

_NAMED = 20
"""Receipts that are named; of more, the number is told."""


@dataclass(frozen=True, slots=True)
class Digest:
    """What came, what waits and what is late.  Receipts and counts only: a mail may be read over a shoulder."""

    since: datetime
    status: Status
    came: dict[str, int]
    """Mails stored since then, by their present state."""
    answered: int
    bounced: int
    reversed_cents: int
    """Cents in reversals entered since then, corrections taken off."""
    late: tuple[str, ...]
    """Receipts that wait for a person though their legal limit has passed, the oldest limit first."""
    late_soon: tuple[str, ...]
    """Those whose limit is reached within three days."""


def digest(session: Session, since: datetime, today: date, soon: date) -> Digest:
    """The facts of a digest; `today` is Ecuador's, `soon` the last day that is told of beforehand."""
    states = session.exec(
        select(col(MailRow.state), sa.func.count()).where(col(MailRow.stored_at) > since).group_by(col(MailRow.state))
    )
    answers = dict(
        session.exec(
            select(col(OutboxRow.state), sa.func.count())
            .where(col(OutboxRow.sent_at) > since)
            .group_by(col(OutboxRow.state))
        ).all()
    )
    sign = sa.case((col(EntryRow.kind) == EntryKind.CORRECCION, -1), else_=1)
    entered = session.exec(
        select(sa.func.coalesce(sa.func.sum(sign * col(EntryRow.amount)), 0)).where(col(EntryRow.entered_at) > since)
    ).one()
    waiting = session.exec(
        select(col(MailRow.id), col(MailRow.respond_by))
        .join(ReviewRow, col(ReviewRow.mail_id) == col(MailRow.id))
        .where(col(ReviewRow.closed_at).is_(None), col(MailRow.respond_by) <= soon)
        .distinct()
        .order_by(col(MailRow.respond_by), col(MailRow.id))
    ).all()
    limits = [(receipt_number(MailId(mail_id)), limit) for mail_id, limit in waiting if limit is not None]
    return Digest(
        since=since,
        status=status(session),
        came={state.value: count for state, count in states},
        answered=sum(answers.values()),
        bounced=answers.get(OutboxState.REBOTADO, 0),
        reversed_cents=int(entered),
        late=tuple(receipt for receipt, limit in limits if limit < today),
        late_soon=tuple(receipt for receipt, limit in limits if limit >= today),
    )


@dataclass(frozen=True, slots=True)
class Needs:
    """What of the stored things needs a person now."""

    shunted: tuple[str, ...]
    """Receipts in SIN_PROCESAR, at most twenty."""
    uncertain: tuple[str, ...]
    """Receipts in ENVIO_INCIERTO."""
    vanished: int
    """Mails that were gone from a mailbox before they were seen."""
    valve: str
    """What the valve says; "" while it is open."""


def needs(session: Session, since: dict[str, datetime]) -> Needs:
    """What came up after the given moments ("shunted", "uncertain", "vanished"), and the valve as it stands."""

    def receipts(lane: Lane, after: datetime) -> tuple[str, ...]:
        rows = session.exec(
            select(ReviewRow.mail_id)
            .where(col(ReviewRow.lane) == lane, col(ReviewRow.closed_at).is_(None), col(ReviewRow.opened_at) > after)
            .order_by(col(ReviewRow.opened_at))
            .limit(_NAMED)
        )
        return tuple(receipt_number(MailId(mail_id)) for mail_id in rows)

    gone = session.exec(
        select(sa.func.coalesce(sa.func.sum(VanishedRow.last_uid - VanishedRow.first_uid + 1), 0)).where(
            col(VanishedRow.noticed_at) > since["vanished"]
        )
    ).one()
    paused = switches(session).sending_paused
    return Needs(
        shunted=receipts(Lane.SIN_PROCESAR, since["shunted"]),
        uncertain=receipts(Lane.ENVIO_INCIERTO, since["uncertain"]),
        vanished=int(gone),
        valve=paused if VALVE in paused else "",
    )


# ── the notices ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Notice:
    """A mail to one of our own people that is due."""

    id: int
    to_address: str
    raw: bytes
    attempts: int


def post(session: Session, cause: str, day: date, recipient: str, raw: bytes, *, now: datetime) -> bool:
    """Put a notice out unless this address was told of this cause on this day already; True when it was not."""
    values = {
        "cause": cause,
        "day": day,
        "recipient": recipient,
        "raw": raw,
        "created_at": now,
        "due_at": now,
        "attempts": 0,
        "response": "",
    }
    return insert_new(session, NoticeRow, values, ["cause", "day", "recipient"])


def posted(session: Session, cause: str) -> tuple[date, datetime] | None:
    """Day and moment of the last notice of a cause."""
    row = session.exec(
        select(col(NoticeRow.day), col(NoticeRow.created_at))
        .where(col(NoticeRow.cause) == cause)
        .order_by(col(NoticeRow.created_at).desc())
        .limit(1)
    ).first()
    return (row[0], row[1]) if row is not None else None


def next_notice(session: Session, now: datetime) -> Notice | None:
    """The notice that is due longest.  Sent by one thread only, so it is not claimed: twice is better than never."""
    row = session.exec(
        select(NoticeRow).where(col(NoticeRow.due_at) <= now).order_by(col(NoticeRow.due_at)).limit(1)
    ).first()
    return Notice(row.id, row.recipient, row.raw, row.attempts) if row is not None else None


def notice_tried(
    session: Session, notice_id: int, response: str, *, now: datetime, sent: bool, next_at: datetime | None
) -> None:
    """Write what became of a notice; `next_at` None: nothing more will happen to it."""
    session.exec(
        sa.update(NoticeRow)
        .where(col(NoticeRow.id) == notice_id)
        .values(
            attempts=NoticeRow.attempts + 1,
            response=response[:1000],
            sent_at=now if sent else None,
            due_at=next_at,
        )
        .execution_options(synchronize_session=False)
    )
