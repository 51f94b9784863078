"""How often: somebody's one contact of a day, which is a primary key, and how many began in a minute or in 24 hours.

Minutes hold counts, so a day's budget is a sum of 1,441 small rows and never a count over attempts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from evidence_daemon.model import AttemptId, Channel
from evidence_daemon.store.statements import among, of, run
from evidence_daemon.store.tables_outreach import (
    AttemptRow,
    CampaignRow,
    ContactDayRow,
    ContactMinuteRow,
)

_DAYS, _MINUTES = of(ContactDayRow).c, of(ContactMinuteRow).c
_DAY_SPENT = sa.select(_DAYS.who).where(among(_DAYS.who, "whos"), _DAYS.day == sa.bindparam("day")).limit(1)
_SPEND = sa.insert(of(ContactDayRow))
_GIVE_BACK = sa.delete(of(ContactDayRow)).where(_DAYS.attempt_id == sa.bindparam("name"))
_BEGUN = sa.select(sa.func.coalesce(sa.func.sum(_MINUTES.begun), 0)).where(_MINUTES.lane == sa.bindparam("lane"))
_BEGUN_SINCE = _BEGUN.where(_MINUTES.minute >= sa.bindparam("minute"))
_BEGUN_IN = _BEGUN.where(_MINUTES.minute == sa.bindparam("minute"))


def take_day(session: Session, whos: Collection[str], day: date, name: AttemptId) -> bool:
    """Spend the one contact of a day of all of these; False, and nothing is spent, when one had his already."""
    if run(session, _DAY_SPENT, whos=whos, day=day).first() is not None:
        return False
    session.connection().execute(_SPEND, [{"who": who, "day": day, "attempt_id": name} for who in whos])
    return True


def give_day_back(session: Session, name: AttemptId) -> None:
    """Nobody can have noticed this attempt: the day's contact is not spent."""
    run(session, _GIVE_BACK, name=name)


def begun_in_a_day(session: Session, lane: str, now: datetime) -> int:
    """Contacts that began on a lane in the last 24 hours, to the minute, rather too many than too few."""
    since = int(now.timestamp()) // 60 - 24 * 60
    return _sum(session, _BEGUN_SINCE, lane=lane, minute=since)


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
    return _sum(session, _BEGUN_IN, lane=lane, minute=int(now.timestamp()) // 60)


def counted(session: Session, lane: str) -> int:
    """All that was ever counted on a lane."""
    return _sum(session, _BEGUN, lane=lane)


def _sum(session: Session, statement: sa.Select[tuple[int]], **values: object) -> int:
    found: int = run(session, statement, **values).scalar_one()
    return found


def count_begun(session: Session, lane: str, at: datetime, count: int) -> None:
    """Count contacts that begin (or, below 0, that did not)."""
    minute = int(at.timestamp()) // 60
    counting = _counting(session.get_bind().dialect.name)
    run(session, counting, lane=lane, minute=minute, begun=max(count, 0), more=count)


@lru_cache
def _counting(dialect: str) -> sa.Executable:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    new = insert(of(ContactMinuteRow)).values(
        lane=sa.bindparam("lane"), minute=sa.bindparam("minute"), begun=sa.bindparam("begun")
    )
    added = {"begun": _MINUTES.begun + sa.bindparam("more", type_=sa.Integer)}
    return new.on_conflict_do_update(index_elements=["lane", "minute"], set_=added)
