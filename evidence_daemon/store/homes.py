"""Is this database still where it was?  A copy, or one restored from a backup, must not write to customers again.

What it knows of the outside ends at its backup: what waited then may have been sent since, by the original or by
this very house.  So a house that finds itself elsewhere is disarmed, and nothing that waited leaves by itself.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.model import DAEMON, OutboxState, Withheld
from evidence_daemon.store import audit
from evidence_daemon.store.mails import is_armed, set_armed
from evidence_daemon.store.tables import OutboxRow
from evidence_daemon.store.tables_mail import HomeRow


def move_in(session: Session, place: str, now: datetime) -> bool:
    """Note that this database is at work at `place`; True when it was elsewhere before, and is disarmed for that.

    The first place is taken as it is.  Running it again changes nothing.
    """
    last = session.exec(select(HomeRow.place).order_by(col(HomeRow.id).desc()).limit(1)).first()
    if last == place:
        return False
    session.exec(sa.insert(HomeRow).values(place=place, since=now))
    if last is None:
        return False
    open_states = (OutboxState.EN_COLA, OutboxState.ENVIANDO, OutboxState.INCIERTO)
    kept = session.exec(
        sa.update(OutboxRow)
        .where(sa.or_(col(OutboxRow.state).in_(open_states), col(OutboxRow.release_at).is_not(None)))
        .values(state=OutboxState.RETENIDO, withheld=Withheld.DESARMADO, release_at=None)
        .execution_options(synchronize_session=False)
    ).rowcount
    audit.record(session, "found elsewhere", actor=DAEMON, now=now, detail={"withheld": kept})
    set_armed(session, False, now=now)
    return True


def moved_at(session: Session) -> datetime | None:
    """Since when the house waits, disarmed, for a person to look at it after a move; None when it does not."""
    if is_armed(session):
        return None
    newest = session.exec(select(HomeRow.since).order_by(col(HomeRow.id).desc()).limit(2)).all()
    return newest[0] if len(newest) == 2 else None
