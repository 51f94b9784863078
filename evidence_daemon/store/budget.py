"""How often: somebody's one contact of a day, which is a primary key, and how many began in a minute or in 24 hours.

Minutes hold counts, so a day's budget is a sum of 1,441 small rows and never a count over attempts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from evidence_daemon.model import AttemptId, Channel, ContactState
from evidence_daemon.store.statements import count_rows
from evidence_daemon.store.tables_outreach import (
    AttemptRow,
    CampaignRow,
    ContactDayRow,
    ContactMinuteRow,
)

_S = ContactState
_QUIET: Mapping[str, Any] = {"synchronize_session": False}


def take_day(session: Session, whos: Collection[str], day: date, name: AttemptId) -> bool:
    """Spend the one contact of a day of all of these; False, and nothing is spent, when one had his already."""
    if count_rows(session, ContactDayRow, col(ContactDayRow.who).in_(whos), col(ContactDayRow.day) == day):
        return False
    session.execute(sa.insert(ContactDayRow), [{"who": who, "day": day, "attempt_id": name} for who in whos])
    return True


def give_day_back(session: Session, name: AttemptId) -> None:
    """Nobody can have noticed this attempt: the day's contact is not spent."""
    session.exec(sa.delete(ContactDayRow).where(col(ContactDayRow.attempt_id) == name).execution_options(**_QUIET))


def begun_in_a_day(session: Session, lane: str, now: datetime) -> int:
    """Contacts that began on a lane in the last 24 hours, to the minute, rather too many than too few."""
    since = int(now.timestamp()) // 60 - 24 * 60
    return session.exec(
        select(sa.func.coalesce(sa.func.sum(ContactMinuteRow.begun), 0)).where(
            col(ContactMinuteRow.lane) == lane, col(ContactMinuteRow.minute) >= since
        )
    ).one()


def last_contacts(
    session: Session, channel: Channel, who: Mapping[AttemptId, str], at: datetime, *, rehearsal: int | None = None
) -> list[datetime]:
    """When each of these telephones had its last contact on a channel in the 24 hours before `at`, if it had one.

    `who`: attempts that do not count, and their telephones.  `rehearsal`: only contacts of that one count.
    """
    of_it = col(CampaignRow.rehearsal).is_(False) if rehearsal is None else col(CampaignRow.id) == rehearsal
    last = (
        sa.select(sa.func.max(AttemptRow.claimed_at, type_=AttemptRow.__table__.c.claimed_at.type))  # type: ignore[attr-defined]
        .where(
            # by the index over campaign and telephone
            col(AttemptRow.campaign_id).in_(sa.select(col(CampaignRow.id)).where(of_it)),
            col(AttemptRow.phone).in_(set(who.values())),
            col(AttemptRow.id).not_in(who),
            col(AttemptRow.channel) == channel,
            col(AttemptRow.claimed_at) > at - timedelta(days=1),
            col(AttemptRow.claimed_at) <= at,
        )
        .group_by(col(AttemptRow.phone))
    )
    return [row[0] for row in session.execute(last)]


def begun_in_a_minute(session: Session, lane: str, now: datetime) -> int:
    """Contacts that began on a lane in this minute of the clock."""
    return session.exec(
        select(sa.func.coalesce(sa.func.sum(ContactMinuteRow.begun), 0)).where(
            col(ContactMinuteRow.lane) == lane, col(ContactMinuteRow.minute) == int(now.timestamp()) // 60
        )
    ).one()


def counted(session: Session, lane: str) -> int:
    """All that was ever counted on a lane."""
    return session.exec(
        select(sa.func.coalesce(sa.func.sum(ContactMinuteRow.begun), 0)).where(col(ContactMinuteRow.lane) == lane)
    ).one()


def count_begun(session: Session, lane: str, at: datetime, count: int) -> None:
    """Count contacts that begin (or, below 0, that did not)."""
    minute = int(at.timestamp()) // 60
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(ContactMinuteRow).values(lane=lane, minute=minute, begun=max(count, 0))
    statement = statement.on_conflict_do_update(
        index_elements=["lane", "minute"], set_={"begun": ContactMinuteRow.begun + count}
    )
    session.exec(statement)
