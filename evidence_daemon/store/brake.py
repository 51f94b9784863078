"""The circuit breaker: how much the daemon may mark for reversal by itself in an hour.

Counted in the deciding transaction, from the ledger itself: two workers cannot slip past together.  Above the limit
the brake closes and stays closed until a person lets it go; people decide on as before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.model import DAEMON, Cents, EntryKind
from evidence_daemon.store import audit
from evidence_daemon.store.tables import DecisionRow, EntryRow
from evidence_daemon.store.tables_unattended import BrakeRow

WINDOW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """In an hour: charges and cents; 0 is no limit."""

    charges: int
    cents: Cents


def closed(session: Session) -> str:
    """Why the daemon accredits nothing by itself; "" while it does."""
    return session.exec(select(BrakeRow.because).where(col(BrakeRow.lifted_at).is_(None)).limit(1)).first() or ""


def closed_since(session: Session, since: datetime) -> str:
    """The reason of a brake that closed after a moment and is still closed; "" without one."""
    return (
        session.exec(
            select(BrakeRow.because).where(col(BrakeRow.lifted_at).is_(None), col(BrakeRow.closed_at) > since).limit(1)
        ).first()
        or ""
    )


def closes(session: Session, charges: int, cents: Cents, limit: Limit, now: datetime) -> str:
    """Whether these reversals more are too many by the daemon itself: why, or "".  Closes the brake when they are."""
    if because := closed(session):
        return because
    since = max(now - WINDOW, session.exec(select(sa.func.max(BrakeRow.lifted_at))).one() or now - WINDOW)
    count, amount = session.exec(
        select(sa.func.count(), sa.func.coalesce(sa.func.sum(EntryRow.amount), 0))
        .join(DecisionRow, col(DecisionRow.id) == col(EntryRow.decision_id))
        .where(
            col(EntryRow.entered_at) > since,
            col(DecisionRow.actor) == DAEMON,
            col(EntryRow.kind) != EntryKind.CORRECCION,
        )
    ).one()
    too_many = bool(limit.charges) and count + charges > limit.charges
    too_much = bool(limit.cents) and int(amount) + cents > limit.cents
    if not (too_many or too_much):
        return ""
    because = f"{count + charges} reversos por USD {(int(amount) + cents) / 100:.2f} en una hora"
    session.exec(sa.insert(BrakeRow).values(closed_at=now, because=because, lifted_at=None, lifted_by=""))
    audit.record(
        session,
        "brake closed",
        actor=DAEMON,
        now=now,
        detail={"charges": count + charges, "cents": int(amount) + cents},
    )
    return because


def lift(session: Session, *, actor: str, now: datetime) -> bool:
    """Let the daemon accredit again; what it did until now counts no more.  False when the brake was not closed."""
    lifted = session.exec(
        sa.update(BrakeRow)
        .where(col(BrakeRow.lifted_at).is_(None))
        .values(lifted_at=now, lifted_by=actor)
        .execution_options(synchronize_session=False)
    ).rowcount
    if lifted:
        audit.record(session, "brake lifted", actor=actor, now=now)
    return bool(lifted)
