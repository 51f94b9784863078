"""When a campaign may reach somebody, what follows a result, and how fast (pure: no clock of its own).

One contact a day, Monday to Friday, 07:00-20:00 where the customer lives, never on a holiday (Ley Orgánica de Defensa
del Consumidor, art. 49).  National holidays with their shifted days are the package `holidays`'; decreed and local
ones are settings.  Ecuador has two time zones and no summer time.
"""

from __future__ import annotations

import heapq
import math
import unicodedata
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from evidence_daemon.campaignbook import After, Hours
from evidence_daemon.model import CampaignState, Channel, ContactState
from evidence_daemon.workdays import ECUADOR, Calendar

GALAPAGOS = ZoneInfo("Pacific/Galapagos")
_LONGEST_CLOSURE = 60
"""Days; no list of holidays closes longer."""


@lru_cache(maxsize=256)
def plain_province(province: str) -> str:
    """A province's name without accents, in capitals: lists write it in many ways.

    >>> plain_province(" Galápagos ")
    'GALAPAGOS'
    """
    marks = unicodedata.normalize("NFD", province)
    return "".join(sign for sign in marks if not unicodedata.combining(sign)).upper().strip()


def zone_of(province: str) -> ZoneInfo:
    """The time zone in which a province lives."""
    return GALAPAGOS if plain_province(province) == "GALAPAGOS" else ECUADOR


def days_from(first: date, count: int) -> Iterator[date]:
    """So many days, one after the other."""
    return (first + timedelta(days=ahead) for ahead in range(count))


class Openings:
    """The hours of one campaign on one calendar."""

    def __init__(self, hours: Hours, calendar: Calendar) -> None:
        self.hours, self.calendar = hours, calendar
        self._local = {plain_province(name): frozenset(days) for name, days in hours.local_holidays.items()}

    def allowed(self, day: date, province: str) -> bool:
        """Whether anybody of that province may be reached on `day`.  Weekends never, decreed or not."""
        local = self._local.get(plain_province(province), frozenset())
        return day.weekday() < 5 and not self.calendar.holiday(day) and f"{day:%m-%d}" not in local

    def is_open(self, at: datetime, province: str, spare: timedelta = timedelta(0)) -> bool:
        """Whether it is within the hours at `at` (aware), and stays so for `spare`."""
        local = at.astimezone(zone_of(province))
        opens, closes = self._span(local.date(), province, spare)
        return self.allowed(local.date(), province) and opens <= local < closes

    def next_open(self, at: datetime, province: str, spare: timedelta = timedelta(0)) -> datetime:
        """`at` itself when it is open then, else the next opening, in UTC.  `spare` must fit before closing."""
        local = at.astimezone(zone_of(province))
        if self.is_open(at, province, spare):
            return at.astimezone(UTC)
        opens, _closes = self._span(local.date(), province, spare)
        first = local.date() if local < opens else local.date() + timedelta(days=1)
        return self._from(first, self.hours.opens, province)

    def next_day(self, at: datetime, province: str) -> datetime:
        """The opening of the next allowed day after that of `at`, in UTC."""
        return self._from(self._tomorrow(at, province), self.hours.opens, province)

    def other_half(self, at: datetime, province: str) -> datetime:
        """The next allowed day, in the other half of it: who did not answer in the morning may in the afternoon."""
        morning = at.astimezone(zone_of(province)).time() < self.hours.noon
        return self._from(self._tomorrow(at, province), self.hours.noon if morning else self.hours.opens, province)

    def _tomorrow(self, at: datetime, province: str) -> date:
        return at.astimezone(zone_of(province)).date() + timedelta(days=1)

    def _span(self, day: date, province: str, spare: timedelta) -> tuple[datetime, datetime]:
        zone = zone_of(province)
        opens = datetime.combine(day, self.hours.opens, zone)
        return opens, datetime.combine(day, self.hours.closes, zone) - spare

    def _from(self, day: date, hour: time, province: str) -> datetime:
        for ahead in range(_LONGEST_CLOSURE):
            if self.allowed(day + timedelta(days=ahead), province):
                return datetime.combine(day + timedelta(days=ahead), hour, zone_of(province)).astimezone(UTC)
        raise ValueError(f"no day within {_LONGEST_CLOSURE} after {day} is open: the list of holidays is wrong")


# ── what follows a result ────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Repeat:
    """Once more on the same channel and telephone, not before `at`."""

    at: datetime


@dataclass(frozen=True, slots=True)
class OtherPhone:
    """The number is wrong: the customer's next one, not before `at`."""

    at: datetime


@dataclass(frozen=True, slots=True)
class OtherChannel:
    """This channel came to its end: the next one of the segment, not before `at`."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Enough:
    """No more tries; `without_success`: they were used up."""

    without_success: bool


Step = Repeat | OtherPhone | OtherChannel | Enough

REACHED = frozenset({"ESCUCHADO", "BAJA", "ENTREGADO", "LEIDO", "RESPONDIDO"})
"""Results after which nobody is reached again."""
NETWORK = "RED"
_NETWORK_MINUTES = (2, 4, 8, 16, 32)


def what_follows(
    result: str, rules: Mapping[str, After], *, tries: int, ended: datetime, openings: Openings, province: str
) -> Step:
    """What follows an attempt that ended with `result`, the `tries`-th of its kind on its channel (from 1).

    Calls that the network lost are counted apart: nobody noticed anything.
    """
    if result in REACHED:
        return Enough(without_success=False)
    rule = rules.get(result, After())
    if tries < rule.tries:
        match rule.wait:
            case "minutes":
                wait = timedelta(minutes=_NETWORK_MINUTES[min(tries, len(_NETWORK_MINUTES)) - 1])
                return Repeat(openings.next_open(ended + wait, province))
            case "other_half":
                return Repeat(openings.other_half(ended, province))
            case "next_day":
                return Repeat(openings.next_day(ended, province))
            case "a_day":
                return Repeat(openings.next_open(ended + timedelta(days=1), province))
    match rule.then:
        case "other_channel":
            return OtherChannel(openings.next_day(ended, province))
        case "next_phone":
            return OtherPhone(openings.next_day(ended, province))
        case "give_up":
            return Enough(without_success=True)


# ── states ───────────────────────────────────────────────────────────────────────────────────────

_S = ContactState
RANK: Mapping[ContactState, int] = {
    _S.ENVIANDO: 1,
    _S.DESCONOCIDO: 2,
    _S.ENVIADO: 3,
    _S.FALLIDO: 4,
    _S.NO_CONTESTA: 5,
    _S.OCUPADO: 5,
    _S.BUZON: 5,
    _S.ENTREGADO: 6,
    _S.CONTESTADO: 7,
    _S.LEIDO: 7,
    _S.RESPONDIDO: 8,
}
"""Providers' statuses only move up: they come late, twice and out of order, `delivered` even after `failed`."""
FINAL = frozenset({_S.FALLIDO, _S.NO_CONTESTA, _S.OCUPADO, _S.BUZON, _S.CONTESTADO, _S.AGOTADO, _S.OMITIDO})
"""Of a call or a message: nothing is waited for any more, though a better status may still come."""


def moves(before: ContactState, after: ContactState) -> bool:
    """Whether a report changes the state of an attempt.

    One that was never handed over, as far as we know, believes any report: the provider knows better.
    """
    return RANK.get(after, 0) > RANK.get(_S.FALLIDO if before is _S.AGOTADO else before, 0)


_C = CampaignState
MAY_FOLLOW: Mapping[CampaignState, frozenset[CampaignState]] = {
    _C.BORRADOR: frozenset({_C.APROBADA, _C.CANCELADA, _C.EN_CURSO}),
    _C.APROBADA: frozenset({_C.BORRADOR, _C.EN_CURSO, _C.CANCELADA}),
    _C.EN_CURSO: frozenset({_C.PAUSADA, _C.TERMINADA, _C.CANCELADA}),
    _C.PAUSADA: frozenset({_C.EN_CURSO, _C.CANCELADA}),
    _C.TERMINADA: frozenset(),
    _C.CANCELADA: frozenset(),
}
"""A draft is started without approval only as a rehearsal, which reaches nobody."""


# ── how fast ─────────────────────────────────────────────────────────────────────────────────────


class Pace:
    """At most `per_second` arrivals in any second at the receiver; slower for a while after he asked for it.

    When a message arrives nobody here can know: this loop, the wire or the receiver may stand still, and what left
    evenly arrives in a heap.  Known is that it arrived before its answer.  So there are as many places as messages in
    a second, each message takes one, and a place is free again a second after the *answer*: two messages of one place
    never arrive within a second, whoever was late.  What this costs is the time that an answer takes; most of the
    quickest one's (`_SURELY`) is taken off again, for so long the answer and the next message are under way at least.

    Moments are seconds of any clock that never goes back.  Turns are evenly spaced; a sender that was held up catches
    up a little, as far as places are free.
    """

    def __init__(self, per_second: float) -> None:
        self.limit = self.rate = per_second
        self._span = max(1.0, 1.0 / per_second)
        self._free = [-math.inf] * max(1, int(per_second))
        """A heap: the moments from which on a place may be taken."""
        self._out: dict[str, float] = {}
        """When each message left that has no answer, the longest first."""
        self._took: deque[float] = deque(maxlen=2 * _ENOUGH)
        """Seconds to the last answers."""
        self._due = 0.0
        self._turned_away: deque[bool] = deque(maxlen=max(20, int(per_second)))
        self._next_cut = 0.0

    def begins(self, now: float) -> None:
        """Whoever had this channel until now may have used up the last second."""
        self._due = max(self._due, now + self._span)

    def wait(self, now: float) -> float:
        """Seconds until a message may leave; where only an answer can tell, until it is worth to ask again."""
        while self._out and (left := next(iter(self._out.values()))) + _SILENT <= now:
            self.answered(next(iter(self._out)), left + _SILENT)
        if not self._free:
            return _ASK_AGAIN
        return max(0.0, self._due - now, self._free[0] - now)

    def leaves(self, name: str, now: float) -> None:
        """A message sets out; `wait` was over."""
        heapq.heappop(self._free)
        self._out[name] = now
        self._due = max(self._due + 1.0 / self.rate, now - _CATCH_UP)

    def answered(self, name: str, now: float) -> None:
        """Its answer is here, or it is known that none comes."""
        if (left := self._out.pop(name, None)) is not None:
            self._took.append(now - left)
            sure = _SURELY * min(self._took) if len(self._took) > _ENOUGH else 0.0
            heapq.heappush(self._free, now + self._span - sure)

    def throttled(self, now: float, seconds: float) -> None:
        """The provider asked for a slower pace: after a pause, slower by half of the share that it turned away.

        All of the last second's answers turned away is half the rate, one in a hundred is half a part in a hundred:
        a single stray answer does not cost a campaign its morning.  At most one cut a second: what was under way
        when the first came says nothing new.
        """
        self._turned_away.append(True)
        self._due = max(self._due, now + seconds)
        if now >= self._next_cut:
            share = sum(self._turned_away) / len(self._turned_away)
            self.rate = max(self.rate * (1 - share / 2), self.limit / 64)
            self._next_cut = now + 1.0

    def accepted(self) -> None:
        """It went well: a little faster again, up to the limit; carefully while others are still turned away."""
        self._turned_away.append(False)
        step = 2000 if any(self._turned_away) else 200
        self.rate = min(self.limit, self.rate + self.limit / step)


_SURELY = 0.8
"""Of the quickest answer's time: its way there and another one's way back may each have been a little quicker still."""
_ENOUGH = 200
"""Answers until the quickest one of them is believed."""
_SILENT = 2.0
"""Seconds: what is not answered by then arrived before, or never will; a lost answer must not keep its place."""
_ASK_AGAIN = 0.005
_CATCH_UP = 0.5


@dataclass(frozen=True, slots=True)
class Lane:
    """How much one channel takes: departures a second, live at one time, and contacts in any 24 hours (0: no limit)."""

    per_second: float
    at_once: int
    per_day: int = 0


SPARE: Mapping[Channel, timedelta] = {Channel.IVR: timedelta(minutes=2), Channel.WHATSAPP: timedelta(0)}
"""What must fit before closing, besides the script's own time to live: ringing and the longest text."""
