"""Figures for the supervisor: counted by the database over a period, days in Ecuador's time.

A period is `[begins, ends)`.  Nothing here names a customer.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from evidence_daemon.model import DAEMON, EntryKind, Lane, OutboxState, ReplyKind, Verdict
from evidence_daemon.store.tables import DecisionRow, EntryRow, MailRow, OutboxRow, ReviewRow
from evidence_daemon.workdays import ECUADOR

_ZONE, _OFFSET = "America/Guayaquil", "-5 hours"
"""Mainland Ecuador has had no summer time since 1993."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in Ecuador, both ends included."""

    first: date
    last: date

    @property
    def begins(self) -> datetime:
        """Midnight before the first day."""
        return datetime.combine(self.first, time(), ECUADOR)

    @property
    def ends(self) -> datetime:
        """Midnight after the last day."""
        return datetime.combine(self.last + timedelta(days=1), time(), ECUADOR)

    @property
    def days(self) -> list[date]:
        """Every day of it."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


def inflow(session: Session, period: Period) -> dict[date, int]:
    """Mails received by day."""
    return _by_day(session, MailRow.received_at, sa.func.count(), period)


def decisions(session: Session, period: Period) -> dict[tuple[Verdict, bool], int]:
    """Decisions by verdict, and whether the daemon took them."""
    by_daemon = (col(DecisionRow.actor) == DAEMON).label("by_daemon")
    rows = session.exec(
        select(DecisionRow.verdict, by_daemon, sa.func.count())
        .where(*_in(DecisionRow.decided_at, period))
        .group_by(col(DecisionRow.verdict), by_daemon)
    )
    return {(Verdict(verdict), bool(daemon)): count for verdict, daemon, count in rows}


@dataclass(frozen=True, slots=True)
class StraightThrough:
    """Of the mails that were first decided in the period, those that the daemon settled and nobody touched since."""

    settled: int
    all: int

    @property
    def share(self) -> float | None:
        """0..1; None when nothing was decided."""
        return self.settled / self.all if self.all else None


def straight_through(session: Session, period: Period) -> StraightThrough:
    """How many mails needed no person."""
    first, person = aliased(DecisionRow), aliased(DecisionRow)
    touched = (
        sa.select(col(person.id)).where(col(person.mail_id) == col(first.mail_id), col(person.actor) != DAEMON).exists()
    )
    alone = sa.and_(col(first.verdict) != Verdict.HOLD, ~touched)
    row = session.exec(
        select(sa.func.count(), sa.func.coalesce(sa.func.sum(sa.case((alone, 1), else_=0)), 0)).where(
            col(first.number) == 1,
            col(first.verdict) != Verdict.DISCARD,
            col(first.decided_at) >= period.begins,
            col(first.decided_at) < period.ends,
        )
    ).one()
    return StraightThrough(settled=int(row[1]), all=int(row[0]))


def answer_times(session: Session, period: Period) -> list[timedelta]:
    """From reception to the first answer that was more than a receipt, of the mails answered in the period."""
    first = sa.func.min(OutboxRow.sent_at, type_=OutboxRow.__table__.c.sent_at.type)  # type: ignore[attr-defined]
    rows = session.exec(
        select(MailRow.received_at, first)
        .join(OutboxRow, col(OutboxRow.mail_id) == col(MailRow.id))
        .where(
            col(OutboxRow.kind) != ReplyKind.RECIBIDO,
            col(OutboxRow.state).in_((OutboxState.ENVIADO, OutboxState.REBOTADO)),
        )
        .group_by(col(MailRow.id), col(MailRow.received_at))
        .having(first >= period.begins, first < period.ends)
    )
    return [sent - received for received, sent in rows if sent is not None]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a person now, by lane; `late` is past its legal limit."""

    lane: Lane
    count: int
    oldest: datetime
    late: int


def waiting(session: Session, today: date) -> list[Waiting]:
    """The queue as it stands."""
    late = sa.case((col(MailRow.respond_by) < today, 1), else_=0)
    rows = session.exec(
        select(
            ReviewRow.lane,
            sa.func.count(),
            sa.func.min(ReviewRow.opened_at, type_=ReviewRow.__table__.c.opened_at.type),  # type: ignore[attr-defined]
            sa.func.sum(late),
        )
        .join(MailRow, col(MailRow.id) == col(ReviewRow.mail_id))
        .where(col(ReviewRow.closed_at).is_(None))
        .group_by(col(ReviewRow.lane))
    )
    found = {Lane(lane): Waiting(Lane(lane), count, oldest, int(late_)) for lane, count, oldest, late_ in rows}
    return [found[lane] for lane in Lane if lane in found]


@dataclass(frozen=True, slots=True)
class Overruled:
    """What people decided where a rule of the daemon had spoken first: how rules are tuned."""

    rule: str
    verdict: Verdict
    """The daemon's."""
    people: tuple[tuple[Verdict, int], ...]
    """What people decided then, most often first."""

    @property
    def times(self) -> int:
        """How often a person decided after this rule."""
        return sum(count for _verdict, count in self.people)


def overruled(session: Session, period: Period) -> list[Overruled]:
    """By the rule that had decided; a hold is no verdict to overrule, but tells what the rule could have said."""
    mine, before = aliased(DecisionRow), aliased(DecisionRow)
    last_by_daemon = (
        sa.select(sa.func.max(col(before.number)))
        .where(
            col(before.mail_id) == col(mine.mail_id), col(before.number) < col(mine.number), col(before.actor) == DAEMON
        )
        .correlate(mine)
        .scalar_subquery()
    )
    daemon = aliased(DecisionRow)
    rows = session.exec(
        select(daemon.verdict, _json(session, daemon.decision, "grounds", "findings"), mine.verdict)
        .select_from(mine)
        .join(daemon, sa.and_(col(daemon.mail_id) == col(mine.mail_id), col(daemon.number) == last_by_daemon))
        .where(col(mine.actor) != DAEMON, col(mine.decided_at) >= period.begins, col(mine.decided_at) < period.ends)
    )
    counts: dict[tuple[str, Verdict], Counter[Verdict]] = {}
    for verdict, findings, person in rows:
        rule = next((one["rule"] for one in json.loads(findings or "[]") if one.get("decided")), "-")
        counts.setdefault((rule, Verdict(verdict)), Counter())[Verdict(person)] += 1
    found = [Overruled(rule, verdict, tuple(people.most_common())) for (rule, verdict), people in counts.items()]
    return sorted(found, key=lambda one: (-one.times, one.rule))


def refusals(session: Session, period: Period) -> Counter[str]:
    """Reasons of the decisions that asked or refused, by their code."""
    rows = session.exec(
        select(_json(session, DecisionRow.decision, "grounds", "reasons")).where(
            col(DecisionRow.verdict).in_((Verdict.ASK, Verdict.REJECT)), *_in(DecisionRow.decided_at, period)
        )
    )
    return Counter(code for reasons in rows for code in json.loads(reasons or "[]"))


def reversals(session: Session, period: Period) -> dict[date, dict[EntryKind, int]]:
    """Cents entered into the ledger, by day and kind."""
    day = _day(session, EntryRow.entered_at)
    rows = session.exec(
        select(day, EntryRow.kind, sa.func.sum(EntryRow.amount))
        .where(*_in(EntryRow.entered_at, period))
        .group_by(day, col(EntryRow.kind))
    )
    found: dict[date, dict[EntryKind, int]] = {}
    for when, kind, cents in rows:
        found.setdefault(_date(when), {})[EntryKind(kind)] = int(cents)
    return found


def _by_day(session: Session, column: Any, counted: Any, period: Period) -> dict[date, int]:
    day = _day(session, column)
    rows = session.exec(select(day, counted).where(*_in(column, period)).group_by(day))
    return {_date(when): int(count) for when, count in rows}


def _in(column: Any, period: Period) -> tuple[Any, Any]:
    return col(column) >= period.begins, col(column) < period.ends


def _day(session: Session, column: Any) -> Any:
    """The day in Ecuador of a moment, in the database's own words."""
    if session.get_bind().dialect.name == "sqlite":
        return sa.func.date(column, _OFFSET)
    return sa.cast(sa.func.timezone(_ZONE, column), sa.Date)


def _date(day: date | str) -> date:
    return date.fromisoformat(day) if isinstance(day, str) else day


def _json(session: Session, column: Any, *path: str) -> Any:
    """A piece of a JSON text, as JSON text, without fetching the whole of it."""
    if session.get_bind().dialect.name == "sqlite":
        return sa.func.json_extract(column, "$." + ".".join(path))
    return sa.cast(sa.func.json_extract_path(sa.cast(column, sa.JSON), *path), sa.Text)


def ever_decided(session: Session) -> dict[tuple[Verdict, bool], int]:
    """All decisions by verdict, and whether the daemon took them."""
    by_daemon = (col(DecisionRow.actor) == DAEMON).label("by_daemon")
    rows = session.exec(
        select(DecisionRow.verdict, by_daemon, sa.func.count()).group_by(col(DecisionRow.verdict), by_daemon)
    )
    return {(Verdict(verdict), bool(daemon)): count for verdict, daemon, count in rows}


def ever_reversed(session: Session) -> dict[bool, int]:
    """Cents that were ever marked for reversal, by whether the daemon did it; corrections are not taken off."""
    by_daemon = (col(DecisionRow.actor) == DAEMON).label("by_daemon")
    rows = session.exec(
        select(by_daemon, sa.func.sum(EntryRow.amount))
        .join(EntryRow, col(EntryRow.decision_id) == col(DecisionRow.id))
        .where(col(EntryRow.kind) != EntryKind.CORRECCION)
        .group_by(by_daemon)
    )
    return {bool(daemon): int(cents) for daemon, cents in rows}
