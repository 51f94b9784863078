"""Whom a campaign reaches: a query over the case list, the same for the preview, the planning and each claim.

The list is read customer by customer, so a customer with two services is seen as one, and memory stays flat whatever
the list's length.  Whoever has answered, paid, claimed or asked to be left alone is not reached; each is counted
under the first reason that holds, so the numbers add up to the list.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from itertools import groupby
from typing import NamedTuple

from phonenumbers import PhoneMetadata
from pydantic import BaseModel, ConfigDict

from evidence_daemon.campaignbook import CampaignBook, Script, Variable
from evidence_daemon.errors import BadInput
from evidence_daemon.model import (
    AttemptId,
    CaseState,
    Channel,
    Exclusion,
    Segment,
)
from evidence_daemon.outreach import schedule
from evidence_daemon.outreach.schedule import Openings
from evidence_daemon.outreach.script import SERVICES, has_all, values
from evidence_daemon.store import outreach, reach
from evidence_daemon.store.database import Session
from evidence_daemon.store.outreach import Campaign
from evidence_daemon.store.reach import Candidate, Planned, Quiet
from evidence_daemon.workdays import ECUADOR, Calendar

BATCH = 2000
"""Cases that are looked at in one transaction: short enough that a mail never waits for it."""
EXAMPLES = 2
"""Customers of each script whose texts a preview shows."""
AUDIENCE = "1"
"""Edition of the rules below; it is part of what a second person approves."""


class Plan(BaseModel):
    """Everything that a second person approves, frozen when a campaign is drafted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    book: CampaignBook
    deadline: date
    segments: tuple[Segment, ...]
    channels: tuple[Channel, ...]
    more_holidays: tuple[date, ...] = ()
    worked_holidays: tuple[date, ...] = ()
    limits: tuple[tuple[Channel, float, int, int], ...] = ()
    """Of each channel: departures a second, live at one time, contacts in 24 hours."""
    sounds: Mapping[str, str] = {}
    """SHA-256 of each call's sound file."""
    closed: tuple[date, ...] = ()
    """Days on which this campaign alone rests."""
    pace: tuple[tuple[Channel, int, int], ...] = ()
    """Of a channel: this campaign's own contacts in a minute and in 24 hours, where it takes less than the house."""

    def openings(self, calendar: Calendar) -> Openings:
        """The hours, on the approved calendar and whatever was closed since."""
        closed = Calendar(
            frozenset(self.more_holidays) | frozenset(self.closed) | calendar.more,
            frozenset(self.worked_holidays) & calendar.worked,
        )
        return Openings(self.book.hours, closed)

    @cached_property
    def ways(self) -> Mapping[Segment, Sequence[tuple[Channel, str, Script]]]:
        """The channels of each segment in their order, with the script of each and its key."""
        return {
            segment: [
                (channel, key, self.book.scripts[key])
                for channel in policy.channels
                if channel in self.channels and (key := self.book.script_for(segment, channel)) is not None
            ]
            for segment, policy in self.book.segments.items()
        }

    def own_pace(self, channel: Channel) -> tuple[int, int] | None:
        """Contacts in a minute and in 24 hours (0: no limit of its own); None where the house's limits do."""
        return next(((minute, day) for one, minute, day in self.pace if one is channel), None)


@dataclass(frozen=True, slots=True)
class Stricter:
    """Where one campaign is stricter than its book; None is the book's own.  Wider is refused."""

    contacts: int | None = None
    days: int | None = None
    opens: time | None = None
    closes: time | None = None
    closed: tuple[date, ...] = ()
    pace: tuple[tuple[Channel, int, int], ...] = ()


def strictness(plan: Plan) -> Stricter:
    """Where a plan is stricter than its book."""
    hours, limits = plan.book.hours, plan.book.limits
    return Stricter(limits.contacts, limits.days, hours.opens, hours.closes, plan.closed, plan.pace)


def narrowed(book: CampaignBook, wanted: Stricter) -> CampaignBook:
    """The book with the stricter hours and limits in it.  Raises `BadInput` for anything wider."""
    hours = {"opens": wanted.opens or book.hours.opens, "closes": wanted.closes or book.hours.closes}
    limits = {"contacts": wanted.contacts or book.limits.contacts, "days": wanted.days or book.limits.days}
    faults = []
    if hours["opens"] < book.hours.opens or hours["closes"] > book.hours.closes:
        faults.append(f"el horario va a lo sumo de {book.hours.opens:%H:%M} a {book.hours.closes:%H:%M}")
    elif not hours["opens"] < book.hours.noon < hours["closes"]:
        faults.append(f"el horario debe incluir las {book.hours.noon:%H:%M}, que separa las dos mitades del día")
    if limits["contacts"] > book.limits.contacts or limits["days"] < book.limits.days:
        faults.append(f"a una persona, a lo sumo {book.limits.contacts} contactos en {book.limits.days} días")
    if faults:
        raise BadInput(faults)
    kept = {"hours": book.hours.model_copy(update=hours), "limits": book.limits.model_copy(update=limits)}
    return book.model_copy(update=kept)


def seal(plan: str) -> str:
    """What an approval is bound to: the texts, the audience, the calendar and the limits, by their stored text."""
    return hashlib.sha256(f"{AUDIENCE}\n{plan}".encode()).hexdigest()


@lru_cache(maxsize=32)
def read_plan(text: str) -> Plan:
    """A stored plan."""
    return Plan.model_validate_json(text)


# ── telephones ───────────────────────────────────────────────────────────────────────────────────


def _pattern(kind: str) -> re.Pattern[str]:
    """The numbering plan of Ecuador as the package `phonenumbers` has it, compiled once: 35 µs a number otherwise."""
    metadata = PhoneMetadata.metadata_for_region("EC")
    return re.compile(r"\+593(?:" + str(getattr(metadata, kind).national_number_pattern) + ")")


_MOBILE, _FIXED = _pattern("mobile"), _pattern("fixed_line")


def fits(phone: str, channel: Channel) -> bool:
    """Whether a number (E.164) can be reached on a channel: messages go to mobiles, calls to fixed lines too.

    Foreign, toll-free and made-up numbers are never dialled.
    """
    mobile = _MOBILE.fullmatch(phone) is not None
    return mobile or (channel is Channel.IVR and _FIXED.fullmatch(phone) is not None)


# ── one customer ─────────────────────────────────────────────────────────────────────────────────


class Way(NamedTuple):
    """How one case is reached."""

    channel: Channel
    phone: str
    script: str


_PAID, _CLAIM = Segment.CARGADO_PAGADO, Segment.CARGADO_CON_RECLAMO
_ANSWERED = frozenset({CaseState.EN_REVISION, CaseState.PARCIAL, CaseState.PENDIENTE_CLIENTE})
_SOLVED = frozenset({CaseState.ACREDITADO, CaseState.REGULARIZADO, CaseState.ANULADO})


def why_not(case: Candidate, quiet: Quiet, plan: Plan) -> Exclusion | None:
    """Why this case is not to be reached at all; None when it is."""
    if case.line not in SERVICES:
        return Exclusion.FUERA_DE_CAMPANA
    if case.segment is _PAID or case.state is CaseState.PAGADO:
        return Exclusion.PAGADO
    if case.segment is _CLAIM or case.claim_open or case.in_collection or case.state is CaseState.ESCALADO:
        return Exclusion.EN_RECLAMO
    if case.state in _SOLVED:
        return Exclusion.RESUELTO
    if case.state in _ANSWERED or case.case_id in quiet.answered:
        return Exclusion.YA_RESPONDIO
    if case.segment not in plan.segments:
        return Exclusion.FUERA_DE_CAMPANA
    return None


def way(
    case: Candidate, quiet: Quiet, plan: Plan, channels: Collection[Channel] | None = None, not_on: Collection[str] = ()
) -> Way | Exclusion:
    """The first channel and telephone on which a case can be reached, or why on none.

    `channels` narrows the choice; telephones in `not_on` are left out.
    """
    if not case.phones:
        return Exclusion.SIN_TELEFONO
    customer = reach.customer_key(case.id_number)
    worst = Exclusion.TELEFONO_INVALIDO
    for channel, key, script in plan.ways[case.segment]:
        if channels is not None and channel not in channels:
            continue
        phones = [phone for phone in case.phones if fits(phone, channel)]
        if quiet.wrong or not_on:
            phones = [phone for phone in phones if (phone, channel) not in quiet.wrong and phone not in not_on]
        if not phones:
            continue
        if quiet.is_suppressed(customer, channel):
            worst = Exclusion.BAJA
            continue
        free = [phone for phone in phones if not quiet.is_suppressed(reach.phone_key(phone), channel)]
        if not free:
            worst = Exclusion.BAJA
        elif not has_all(script, known(case, plan, script.variables)):
            worst = worst if worst is Exclusion.BAJA else Exclusion.FALTA_UN_DATO
        else:
            return Way(channel, free[0], key)
    return worst


def known(case: Candidate, plan: Plan, wanted: Collection[Variable] = tuple(Variable)) -> dict[Variable, str]:
    """The variables of a case."""
    return values(
        wanted,
        holder=case.holder,
        line=case.line,
        service_number=case.service_number,
        withdrawn_on=case.withdrawn_on,
        deadline=plan.deadline,
    )


def over_the_cap(case: Candidate, phone: str, quiet: Quiet, plan: Plan) -> bool:
    """Whether the person or the telephone had as many contacts lately as is allowed."""
    if not quiet.contacts:
        return False
    most = plan.book.limits.contacts
    whos = (reach.customer_key(case.id_number), reach.phone_key(phone))
    return any(quiet.contacts.get(who, 0) >= most for who in whos)


def of_one_customer(
    cases: Sequence[Candidate], quiet: Quiet, plan: Plan, taken: dict[str, str]
) -> Iterator[tuple[Candidate, Way | Exclusion]]:
    """What becomes of each case of one customer.  `taken` is whose telephones are reached already; it grows."""
    reached = False
    for case in cases:
        verdict: Way | Exclusion = why_not(case, quiet, plan) or way(case, quiet, plan)
        if isinstance(verdict, Way):
            if over_the_cap(case, verdict.phone, quiet, plan):
                verdict = Exclusion.CONTACTADO
            elif reached:
                verdict = Exclusion.OTRO_SERVICIO_DEL_CLIENTE
            elif taken.setdefault(verdict.phone, case.id_number) != case.id_number:
                verdict = Exclusion.TELEFONO_REPETIDO
            else:
                reached = True
        yield case, verdict


def quiet_of(
    session: Session, rows: Sequence[Candidate], plan: Plan, today: date, scope: str = "", campaign: int = 0
) -> Quiet:
    """What keeps the people of a part of the list from being reached."""
    since = today - timedelta(days=plan.book.limits.days)
    return reach.quiet(session, rows, since=since, scope=scope, campaign=campaign)


def _each(
    rows: Sequence[Candidate], quiet: Quiet, plan: Plan, taken: dict[str, str]
) -> Iterator[tuple[Candidate, Way | Exclusion]]:
    for _customer, cases in groupby(rows, key=lambda row: row.id_number):
        yield from of_one_customer(list(cases), quiet, plan, taken)


# ── the whole list ───────────────────────────────────────────────────────────────────────────────


@dataclass
class Preview:
    """Who would be reached now.  `total` = all of `included` + all of `excluded`."""

    total: int = 0
    included: Counter[tuple[Segment, Channel]] = field(default_factory=Counter)
    excluded: Counter[Exclusion] = field(default_factory=Counter)
    examples: dict[str, list[tuple[Candidate, Way]]] = field(default_factory=dict)
    """By script: the first customers who would get it."""

    @property
    def adds_up(self) -> bool:
        return self.total == self.included.total() + self.excluded.total()


def preview(session: Session, plan: Plan, now: datetime) -> Preview:
    """Look through the whole list; writes nothing."""
    told, after, taken = Preview(), "", dict[str, str]()
    today = now.astimezone(ECUADOR).date()
    while rows := reach.candidates(session, after, BATCH):
        quiet = quiet_of(session, rows, plan, today)
        for case, verdict in _each(rows, quiet, plan, taken):
            told.total += 1
            if isinstance(verdict, Way):
                told.included[case.segment, verdict.channel] += 1
                shown = told.examples.setdefault(verdict.script, [])
                if len(shown) < EXAMPLES:
                    shown.append((case, verdict))
            else:
                told.excluded[verdict] += 1
        after = rows[-1].id_number
    return told


def scope_of(campaign: Campaign) -> str:
    """Under what a rehearsal keeps its days and minutes; "" for a campaign that reaches people."""
    return f"e{campaign.id}:" if campaign.rehearsal else ""


def lane_of(campaign: Campaign, channel: Channel) -> str:
    """Under what a campaign's contacts are counted for the house; its own count adds the campaign's number."""
    return scope_of(campaign) + channel


def own_lane(campaign: Campaign, channel: Channel) -> str:
    """Under what a campaign's contacts are counted for itself."""
    return f"{lane_of(campaign, channel)}:{campaign.id}"


def attempt_id(campaign: Campaign, case_id: int, channel: Channel, number: int) -> AttemptId:
    """The name of an attempt: the same attempt always has the same, in every house another."""
    return AttemptId(f"e{campaign.wire}-{case_id}-{_LETTERS[channel]}{number}")


_LETTERS = {one: one.value[0].lower() for one in Channel}


def plan_some(session: Session, campaign: Campaign, calendar: Calendar, now: datetime) -> int:
    """Plan the next part of the list, in one transaction; how many cases were looked at, 0 at the list's end.

    A crash between two parts loses nothing: the mark of how far it came is written with the rows.
    """
    plan = read_plan(campaign.plan)
    rows = reach.candidates(session, campaign.planned_to, BATCH)
    if not rows:
        outreach.change_campaign(session, campaign, planned_at=now)
        return 0
    openings, first = plan.openings(calendar), max(now, campaign.starts_at)
    today, opening = now.astimezone(ECUADOR).date(), dict[tuple[str, str], datetime]()
    quiet = quiet_of(session, rows, plan, today, scope_of(campaign), campaign.id)
    planned = []
    for case, found in _each(rows, quiet, plan, dict(quiet.taken)):
        if not isinstance(found, Way):
            continue
        where = (case.province, found.script)
        if where not in opening:
            opening[where] = openings.next_open(first, case.province, spare(plan.book.scripts[found.script]))
        name = attempt_id(campaign, case.case_id, found.channel, 1)
        planned.append(
            Planned(
                name, campaign.id, case.case_id, found.channel, 1, case.id_number, found.phone, found.script,
                opening[where],
            )
        )  # fmt: skip
    reach.plan_attempts(session, planned)
    outreach.change_campaign(session, campaign, planned_to=rows[-1].id_number)
    return len(rows)


def spare(script: Script) -> timedelta:
    """What must fit before closing: nothing rings or pops up after hours."""
    return max(schedule.SPARE[script.channel], timedelta(seconds=script.ttl_seconds))
