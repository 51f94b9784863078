"""The working calendar: hours in which answers leave, and terms in working days.

Pure: a moment in, a moment out.  Monday to Friday; holidays are not known yet, so a term that meets one is
a day short in law and is told as it is counted here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ECUADOR = ZoneInfo("America/Guayaquil")
"""The mainland, which has no summer time."""

_DAYS = ("lun", "mar", "mie", "jue", "vie", "sab", "dom")
_SPAN = re.compile(rf"({'|'.join(_DAYS)})(?:-({'|'.join(_DAYS)}))? +(\d\d?):(\d\d)-(\d\d?):(\d\d)")


@dataclass(frozen=True, slots=True)
class Hours:
    """Spans of the week, each as (weekday from 0, opens, closes) in Ecuador's time; none means always."""

    spans: tuple[tuple[int, time, time], ...] = ()

    def next_open(self, at: datetime) -> datetime:
        """`at` (aware) itself when it lies within the hours, else the next opening."""
        if not self.spans:
            return at
        local = at.astimezone(ECUADOR)
        openings = []
        for ahead in range(8):  # a week on, the same day opens again
            day = local.date() + timedelta(days=ahead)
            for weekday, opens, closes in self.spans:
                if weekday != day.weekday():
                    continue
                first = datetime.combine(day, opens, ECUADOR)
                last = datetime.combine(day, closes, ECUADOR) if closes != time.max else first + timedelta(days=1)
                if first <= local < last:
                    return at
                if first > local:
                    openings.append(first)
        return min(openings).astimezone(at.tzinfo)


def read_hours(text: str) -> Hours:
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
    return Hours(tuple(spans))


def add_working_days(day: date, count: int) -> date:
    """The date `count` working days after `day`, which itself does not count.

    >>> add_working_days(date(2021, 3, 19), 1)  # a Friday
    datetime.date(2021, 3, 22)
    """
    while count > 0:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


def before_working_days(day: date, count: int) -> date:
    """The latest date of which `add_working_days` by `count` is before `day`: what was asked then is late now."""
    asked = day - timedelta(days=1)
    while add_working_days(asked, count) >= day:
        asked -= timedelta(days=1)
    return asked
