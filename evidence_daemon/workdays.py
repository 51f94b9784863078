"""The working calendar: hours in which answers leave, and terms in working days.

Pure: a moment in, a moment out.  Monday to Friday without the national holidays of Ecuador, which the package
`holidays` knows with the days to which they are moved (Código del Trabajo, art. 65); a decree's bridge, or a
province's own day, is a setting.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from holidays import HolidayBase

ECUADOR = ZoneInfo("America/Guayaquil")
"""The mainland, which has no summer time."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are worked: national holidays are not, `more` are not either, `worked` are although they were."""

    more: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()

    def holiday(self, day: date) -> bool:
        """Whether nobody works on `day`, whatever day of the week it is."""
        return day in self.more or (day in _national() and day not in self.worked)

    def works(self, day: date) -> bool:
        """Whether `day` counts as a working day; a weekend made up for does (`worked`)."""
        return day in self.worked or (day.weekday() < 5 and not self.holiday(day))


@cache
def _national() -> HolidayBase:
    """The package's own table; it works out a year when it is first asked for a day of it."""
    import holidays

    return holidays.country_holidays("EC")


NATIONAL = Calendar()
"""The national calendar, with nothing added."""


def read_dates(text: str) -> frozenset[date]:
    """`"2026-12-31, 2027-01-04"` → the dates; `""` is none.  Raises `ValueError`."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    try:
        return frozenset(date.fromisoformat(part) for part in parts)
    except ValueError:
        raise ValueError('write dates as "2026-12-31, 2027-01-04"') from None


_DAYS = ("lun", "mar", "mie", "jue", "vie", "sab", "dom")
_SPAN = re.compile(rf"({'|'.join(_DAYS)})(?:-({'|'.join(_DAYS)}))? +(\d\d?):(\d\d)-(\d\d?):(\d\d)")


@dataclass(frozen=True, slots=True)
class Hours:
    """Spans of the week, each as (weekday from 0, opens, closes) in Ecuador's time; none means always.

    On holidays of the `calendar` all is closed.
    """

    spans: tuple[tuple[int, time, time], ...] = ()
    calendar: Calendar = NATIONAL

    def next_open(self, at: datetime) -> datetime:
        """`at` (aware) itself when it lies within the hours, else the next opening."""
        if not self.spans:
            return at
        local = at.astimezone(ECUADOR)
        openings: list[datetime] = []
        for ahead in range(31):  # a week on, the same day opens again, unless it is a holiday
            day = local.date() + timedelta(days=ahead)
            if openings or self.calendar.holiday(day):
                continue
            for weekday, opens, closes in self.spans:
                if weekday != day.weekday():
                    continue
                first = datetime.combine(day, opens, ECUADOR)
                last = datetime.combine(day, closes, ECUADOR) if closes != time.max else first + timedelta(days=1)
                if first <= local < last:
                    return at
                if first > local:
                    openings.append(first)
        return min(openings, default=at).astimezone(at.tzinfo)  # a month of holidays is a slip: nobody waits for it


def read_hours(text: str, calendar: Calendar = NATIONAL) -> Hours:
    """`"lun-vie 08:00-17:30, sab 09:00-13:00"` → the hours; `""` is always.  Raises `ValueError`.

    >>> read_hours("sab 09:00-13:00").spans
    ((5, datetime.time(9, 0), datetime.time(13, 0)),)
    """
    spans = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        found = _SPAN.fullmatch(part.lower().replace("é", "e").replace("á", "a"))
        if found is None:
            raise ValueError(f'{part!r} is not understood; write for instance "lun-vie 08:00-17:30, sab 09:00-13:00"')
        first, last = _DAYS.index(found[1]), _DAYS.index(found[2] or found[1])
        opens = time(int(found[3]), int(found[4]))
        closes = time.max if (found[5], found[6]) == ("24", "00") else time(int(found[5]), int(found[6]))
        if opens >= closes or first > last:
            raise ValueError(f"{part!r}: the beginning must come before the end")
        spans += [(weekday, opens, closes) for weekday in range(first, last + 1)]
    return Hours(tuple(spans), calendar)


def add_working_days(day: date, count: int, calendar: Calendar = NATIONAL) -> date:
    """The date `count` working days after `day`, which itself does not count.

    >>> add_working_days(date(2021, 3, 19), 1)  # a Friday
    datetime.date(2021, 3, 22)
    >>> add_working_days(date(2026, 10, 30), 1)  # Difuntos and Cuenca lie between
    datetime.date(2026, 11, 4)
    """
    while count > 0:
        day += timedelta(days=1)
        count -= calendar.works(day)
    return day


def before_working_days(day: date, count: int, calendar: Calendar = NATIONAL) -> date:
    """The latest date of which `add_working_days` by `count` is before `day`: what was asked then is late now."""
    asked = day - timedelta(days=1)
    while add_working_days(asked, count, calendar) >= day:
        asked -= timedelta(days=1)
    return asked
