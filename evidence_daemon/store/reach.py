"""Whom a campaign may reach: the case list part by part, and what keeps its people from being reached.

A campaign looks at a million cases, so this is read as the database has it, without an object for each row, by
statements that are built once; what is planned goes to the database in lots.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session

from evidence_daemon.model import AttemptId, CaseId, CaseState, Channel, ContactState, Line, Segment
from evidence_daemon.store.statements import among, of, run
from evidence_daemon.store.tables import CaseRow, PhoneRow
from evidence_daemon.store.tables_outreach import (
    AttemptRow,
    ContactDayRow,
    ContactHoldRow,
    SuppressionRow,
    WrongPhoneRow,
)


def customer_key(id_number: str) -> str:
    """A person, as days and suppressions name him."""
    return f"c:{id_number}"


def phone_key(phone: str) -> str:
    """A telephone (E.164), as days and suppressions name it."""
    return f"t:{phone}"


# ── the list ─────────────────────────────────────────────────────────────────────────────────────


class Candidate(NamedTuple):
    """A case of the list with what a campaign must know of it; `phones` in the order of the list."""

    case_id: CaseId
    id_number: str
    holder: str
    line: Line
    service_number: str
    state: CaseState
    segment: Segment
    withdrawn_on: date | None
    claim_open: bool
    in_collection: bool
    province: str
    phones: tuple[str, ...] = ()


_CASES, _PHONES = of(CaseRow).c, of(PhoneRow).c
_CANDIDATE = sa.select(
    _CASES.id, _CASES.id_number, _CASES.holder, sa.type_coerce(_CASES.line, sa.Text), _CASES.service_number,
    sa.type_coerce(_CASES.state, sa.Text), sa.type_coerce(_CASES.segment, sa.Text), _CASES.withdrawn_on,
    _CASES.claim_open, _CASES.in_collection, _CASES.province,
)  # fmt: skip
"""Words as the database has them: looked up in the tables below, a million of them cost seconds otherwise."""
_LINES = {one.value: one for one in Line}
_STATES = {one.value: one for one in CaseState}
_SEGMENTS = {one.value: one for one in Segment}

_IN_ORDER = (_CASES.id_number, _CASES.id)
_NEXT = _CANDIDATE.where(_CASES.id_number > sa.bindparam("after")).order_by(*_IN_ORDER).limit(sa.bindparam("most"))
_OF_ONE = _CANDIDATE.where(_CASES.id_number == sa.bindparam("last")).order_by(*_IN_ORDER)
_THESE = _CANDIDATE.where(among(_CASES.id, "ids"))
_PHONES_OF = (
    sa.select(_PHONES.case_id, _PHONES.phone)
    .where(among(_PHONES.case_id, "ids"))
    .order_by(_PHONES.case_id, _PHONES.ordinal)
)


def candidates(session: Session, after: str, limit: int) -> list[Candidate]:
    """The next customers of the list with all their cases, by identity number; all of one customer stand together.

    About `limit` cases whose identity number is above `after`; none when the list is at its end.
    """
    rows = _rows(session, _NEXT, after=after, most=limit)
    if len(rows) == limit:
        last = rows[-1][1]
        known = sum(1 for row in rows if row[1] == last)
        rows = [*rows, *_rows(session, _OF_ONE, last=last)[known:]]
    return _with_phones(session, rows)


def cases_now(session: Session, ids: Collection[int]) -> dict[CaseId, Candidate]:
    """The same of a few cases, as they stand."""
    return {one.case_id: one for one in _with_phones(session, _rows(session, _THESE, ids=ids))}


def _with_phones(session: Session, rows: Sequence[Any]) -> list[Candidate]:
    found: dict[int, tuple[str, ...]] = {}
    for case_id, phone in _rows(session, _PHONES_OF, ids=[row[0] for row in rows]):
        found[case_id] = (*found.get(case_id, ()), phone)
    return [
        Candidate(
            case_id, id_number, holder, _LINES[line], number, _STATES[state], _SEGMENTS[segment], withdrawn, claim,
            collection, province, found.get(case_id, ()),
        )
        for case_id, id_number, holder, line, number, state, segment, withdrawn, claim, collection, province in rows
    ]  # fmt: skip


def _rows(session: Session, statement: sa.Select[Any], **values: object) -> Sequence[Any]:
    """All at once: one by one costs three times as much."""
    return run(session, statement, **values).all()


# ── who is left alone ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Quiet:
    """Who of some people must be left alone, and on what."""

    suppressed: frozenset[tuple[str, str]]
    """(who, channel); "" is every channel."""
    wrong: frozenset[tuple[str, str]]
    """(telephone, channel)."""
    answered: frozenset[CaseId]
    """Cases that a stored, undecided mail names."""
    contacts: Mapping[str, int]
    """Contacts of each person and telephone in the days that were asked for."""
    taken: Mapping[str, str]
    """Telephones that this campaign reaches already, and whose they are."""

    def is_suppressed(self, who: str, channel: Channel) -> bool:
        return bool(self.suppressed) and ((who, "") in self.suppressed or (who, channel) in self.suppressed)


_SUPPRESSED, _WRONG, _HELD = of(SuppressionRow).c, of(WrongPhoneRow).c, of(ContactHoldRow).c
_DAYS, _ATTEMPTS = of(ContactDayRow).c, of(AttemptRow).c
_WHO_SUPPRESSED = sa.select(_SUPPRESSED.who, _SUPPRESSED.channel).where(
    among(_SUPPRESSED.who, "whos"), _SUPPRESSED.lifted_at.is_(None)
)
_WRONG_PHONES = sa.select(_WRONG.phone, _WRONG.channel).where(among(_WRONG.phone, "phones"))
_ANSWERED = sa.select(_HELD.case_id).where(among(_HELD.case_id, "cases")).distinct()
_CONTACTS = (
    sa.select(_DAYS.who, sa.func.count())
    .where(among(_DAYS.who, "whos"), _DAYS.day > sa.bindparam("since"))
    .group_by(_DAYS.who)
)
_TAKEN = sa.select(_ATTEMPTS.phone, _ATTEMPTS.customer).where(
    _ATTEMPTS.campaign_id == sa.bindparam("campaign"), among(_ATTEMPTS.phone, "phones")
)


def quiet(
    session: Session,
    cases: Collection[Candidate],
    *,
    since: date,
    scope: str = "",
    campaign: int = 0,
    more_phones: Iterable[str] = (),
) -> Quiet:
    """Everything that keeps the people of these cases from being reached.

    `scope` is that of a rehearsal; with `campaign`, the telephones that it reaches already are told too; a case may
    have lost a telephone (`more_phones`) since an attempt on it was planned.
    """
    phones = list({phone for case in cases for phone in case.phones}.union(more_phones))
    whos = [*map(customer_key, {case.id_number for case in cases}), *map(phone_key, phones)]
    contacts: dict[str, int] = {}
    days = [*whos, *(scope + who for who in whos)] if scope else whos
    for who, count in _rows(session, _CONTACTS, whos=days, since=since):
        plain = who.removeprefix(scope)
        contacts[plain] = contacts.get(plain, 0) + count
    return Quiet(
        frozenset((who, channel) for who, channel in _rows(session, _WHO_SUPPRESSED, whos=whos)),
        frozenset((phone, channel) for phone, channel in _rows(session, _WRONG_PHONES, phones=phones)),
        frozenset(CaseId(row[0]) for row in _rows(session, _ANSWERED, cases=[case.case_id for case in cases])),
        contacts,
        {row[0]: row[1] for row in _rows(session, _TAKEN, campaign=campaign, phones=phones)} if campaign else {},
    )


# ── what is planned ──────────────────────────────────────────────────────────────────────────────


class Planned(NamedTuple):
    """An attempt that is to be made; the fields are those of `AttemptRow`."""

    id: AttemptId
    campaign_id: int
    case_id: CaseId
    channel: Channel
    number: int
    customer: str
    phone: str
    script: str
    not_before: datetime


_LOT = 50
"""Attempts in one statement: each statement costs as much as several rows, and has a limit of parameters."""


def plan_attempts(session: Session, planned: Sequence[Planned]) -> None:
    """Write attempts that are to be made; those that are there already stay as they are."""
    session.flush()
    connection = session.connection()
    moment = lru_cache(maxsize=16)(_as_kept(connection.dialect))
    state = ContactState.PLANIFICADO.value
    for start in range(0, len(planned), _LOT):
        lot = planned[start : start + _LOT]
        values: list[object] = []
        for id_, campaign, case, channel, number, customer, phone, script, not_before in lot:
            values += (
                id_, campaign, case, channel.value, number, customer, phone, script, moment(not_before), state,
            )  # fmt: skip
        connection.exec_driver_sql(_insertion(connection.dialect.name, len(lot)), tuple(values))


def _as_kept(dialect: sa.Dialect) -> Any:
    """How the driver is given a moment."""
    return of(AttemptRow).c.not_before.type.dialect_impl(dialect).bind_processor(dialect)


@lru_cache(maxsize=_LOT * 2)
def _insertion(dialect: str, count: int) -> str:
    names = (*Planned._fields, "state")
    row = f"({', '.join(['?' if dialect == 'sqlite' else '%s'] * len(names))})"
    table = AttemptRow.__tablename__
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES {', '.join([row] * count)} ON CONFLICT DO NOTHING"  # noqa: S608
