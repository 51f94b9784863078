"""What the machines are doing: who works, what each has in hand, what waits, what none could bring to an end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.model import MailId, receipt_number
from evidence_daemon.store.mails import UNDECIDED
from evidence_daemon.store.members import Worker, workers
from evidence_daemon.store.tables import MailRow

MOST_DEAD = 50


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A mail that could not be processed: with a person, until somebody lets it be walked again."""

    receipt: str
    stage: str
    trouble: str
    """Its last line."""
    since: datetime


@dataclass(frozen=True, slots=True)
class Work:
    """The machines' side of the house."""

    workers: tuple[Worker, ...]
    waiting: int
    """Mails before which a walk lies, and that nobody had in hand at the last beats."""
    in_hand: int
    oldest: datetime | None
    """When the oldest mail without a decision was stored."""
    dead: tuple[DeadLetter, ...]
    """The oldest first, fifty at most."""


def at_work(session: Session) -> Work:
    """Look around."""
    found = tuple(workers(session))
    undecided = col(MailRow.state).in_(UNDECIDED)
    held = {mail for one in found if one.alive for mail in one.holding}
    counted = select(sa.func.count()).select_from(MailRow)
    held_still = session.exec(counted.where(undecided, col(MailRow.id).in_(held))).one() if held else 0
    stuck = session.exec(
        select(MailRow.id, MailRow.stage, MailRow.trouble, MailRow.shunted_at)
        .where(col(MailRow.shunted_at).is_not(None))
        .order_by(col(MailRow.id))
        .limit(MOST_DEAD)
    )
    return Work(
        workers=found,
        waiting=session.exec(counted.where(undecided)).one() - held_still,
        in_hand=held_still,
        oldest=session.exec(select(sa.func.min(MailRow.stored_at)).where(undecided)).one(),
        dead=tuple(
            DeadLetter(receipt_number(MailId(mail_id)), stage, (trouble.strip().splitlines() or [""])[-1][:300], at)
            for mail_id, stage, trouble, at in stuck
            if at is not None
        ),
    )
