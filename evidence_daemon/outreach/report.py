"""What became of a campaign's contacts: for exports, for the law's check, for whoever has the customer on the line.

Everything is read from the attempts as they were written down.  Telephones are masked; what a customer was told is
shown as the script says it, with what is his own masked too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from evidence_daemon.campaignbook import Variable
from evidence_daemon.model import AttemptId, CaseId, Channel
from evidence_daemon.observe import masked as masked_number
from evidence_daemon.outreach import audience, schedule
from evidence_daemon.outreach.script import render
from evidence_daemon.store import outreach, reach
from evidence_daemon.store.database import Session
from evidence_daemon.store.outreach import Attempt, Campaign
from evidence_daemon.workdays import ECUADOR, Calendar


def masked(phone: str) -> str:
    """A telephone as reports show it.

    >>> masked("+593987654321")
    '+593•••••4321'
    """
    return f"{phone[:4]}•••••{phone[-4:]}"


def masked_who(who: str) -> str:
    """Somebody of the list of suppressions, as reports show him.

    >>> masked_who("c:1700000019"), masked_who("t:+593987654321")
    ('17••••••19', '+593•••••4321')
    """
    return masked(who[2:]) if who.startswith("t:") else f"{who[2:4]}••••••{who[-2:]}"


HEADINGS = (
    "intento", "caso", "canal", "numero", "telefono", "guion", "estado", "resultado", "codigo", "detalle",
    "no antes de", "iniciado", "enviado", "terminado", "segundos escuchados", "id del proveedor", "sha256 del texto",
)  # fmt: skip


def exported(one: Attempt) -> list[str | int | float]:
    """An attempt under `HEADINGS`."""
    moments = (one.not_before, one.claimed_at, one.sent_at, one.ended_at)
    told = [moment.astimezone(ECUADOR).isoformat(" ", "seconds") if moment else "" for moment in moments]
    return [
        one.id, one.case_id, one.channel.value, one.number, masked(one.phone), one.script, one.state.value,
        one.result or "", one.code or "", one.because or "", *told, one.seconds or "", one.provider_id or "",
        one.text_hash or "",
    ]  # fmt: skip


# ── the law ──────────────────────────────────────────────────────────────────────────────────────


@dataclass
class LawDay:
    """The contacts that began on one day (of whoever was reached), and which of them broke the law."""

    day: date
    contacts: int = 0
    outside: int = 0
    twice: int = 0


@dataclass(frozen=True, slots=True)
class LawCheck:
    """Whether the contacts of a campaign kept the law: how many were made, and which did not."""

    contacts: int
    outside: tuple[AttemptId, ...]
    """Begun outside of the hours, on a weekend or on a holiday."""
    twice: tuple[AttemptId, ...]
    """Attempts that were a second contact of a person or a telephone on one day."""
    days: tuple[LawDay, ...]


def check_law(session: Session, campaign: Campaign, calendar: Calendar) -> LawCheck:
    """Look at every contact again, in the order in which they were made; memory is that of one day's contacts.

    The law counts contacts of a person whichever campaign made them, so those of the others are looked at beside.
    """
    openings = audience.read_plan(campaign.plan).openings(calendar)
    outside, twice, days = list[AttemptId](), list[AttemptId](), dict[date, LawDay]()
    seen: dict[date, set[str]] = {}
    for one in outreach.contacts_made(session, campaign):
        day = one.at.astimezone(schedule.zone_of(one.province)).date()
        if one.mine:
            line = days.setdefault(day, LawDay(day))
            line.contacts += 1
            if not openings.is_open(one.at, one.province):
                outside.append(one.attempt)
                line.outside += 1
        if one.result == schedule.NETWORK:
            continue  # nobody's telephone rang
        if day not in seen:  # two zones: yesterday may still go on elsewhere
            seen = {known: whos for known, whos in seen.items() if abs((day - known).days) <= 1}
            seen[day] = set()
        keys = {f"c:{one.customer}", f"t:{one.phone}"}
        if one.mine and keys & seen[day]:
            twice.append(one.attempt)
            days[day].twice += 1
        seen[day] |= keys
    by_day = tuple(days[day] for day in sorted(days))
    return LawCheck(sum(line.contacts for line in by_day), tuple(outside), tuple(twice), by_day)


# ── one customer ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Told:
    """One attempt about a case, with what was said in it."""

    attempt: Attempt
    campaign: Campaign
    text: str
    """As the script says it, his own facts masked."""
    proven: bool
    """The text that the case gives today is the one that was sent, by its hash."""


def timeline(session: Session, case_id: CaseId, *, rehearsals: bool = False) -> list[Told]:
    """Everything that was tried and is planned about a case, oldest first."""
    campaigns: dict[int, Campaign] = {}
    case = reach.cases_now(session, [case_id]).get(case_id)
    told = []
    for attempt in outreach.attempts_of_case(session, case_id):
        if attempt.campaign_id not in campaigns:
            campaigns[attempt.campaign_id] = outreach.load_campaign(session, attempt.campaign_id)
        campaign = campaigns[attempt.campaign_id]
        if campaign.rehearsal and not rehearsals:
            continue
        plan = audience.read_plan(campaign.plan)
        script = plan.book.scripts.get(attempt.script)
        known = audience.known(case, plan) if case is not None else {}
        if script is None:
            told.append(Told(attempt, campaign, "", proven=False))
            continue
        proven = False
        if attempt.text_hash and all(name in known for name in script.variables):
            proven = hashlib.sha256(render(script, known)[0].encode()).hexdigest() == attempt.text_hash
        told.append(Told(attempt, campaign, script.filled(_veiled(known)), proven))
    return told


def _veiled(known: Mapping[Variable, str]) -> dict[str, str]:
    """The variables for somebody who need not know them: names and numbers masked, unknown ones as dots."""
    shown = {name.value: known.get(name, "…") for name in Variable}
    name, number = shown[Variable.NOMBRE.value], shown[Variable.NUMERO_SERVICIO.value]
    shown[Variable.NOMBRE.value] = f"{name[:1]}•••"
    shown[Variable.NUMERO_SERVICIO.value] = masked_number(number)
    return shown


# ── how long it takes ────────────────────────────────────────────────────────────────────────────


def last_day(openings: schedule.Openings, first: date, contacts: int, per_second: float, per_day: int) -> date | None:
    """The day on which so many first contacts are through, one after the other; None when that takes over a year.

    `per_day` 0 is no limit.
    """
    hours = openings.hours
    seconds = (hours.closes.hour - hours.opens.hour) * 3600 + (hours.closes.minute - hours.opens.minute) * 60
    room = max(1, int(seconds * per_second))
    each = min(room, per_day) if per_day else room
    left = contacts
    for day in schedule.days_from(first, 366):
        if openings.allowed(day, ""):
            left -= each
            if left <= 0:
                return day
    return None


def limits_of(plan: audience.Plan, channel: Channel) -> tuple[float, int]:
    """Contacts a second and a day that a campaign may make on a channel: the stricter of the house's and its own."""
    per_second, per_day = next(((rate, day) for one, rate, _at_once, day in plan.limits if one is channel), (1.0, 0))
    own = plan.own_pace(channel)
    if own is not None:
        minute, day = own
        per_second = min(per_second, minute / 60) if minute else per_second
        per_day = min(per_day, day) if per_day and day else per_day or day
    return per_second, per_day
