"""The language of the pages: Spanish of Ecuador, by gettext and Babel.

Texts in code and templates are English msgids; the Spanish ones stand in `locale/es_EC/*.po` (one file per group
of pages, read and put together at the first use: there is nothing to compile).  Words of the field (states, lanes,
codes) are found by the name of their enum as context: `word(CaseState.ABIERTO)` is msgctxt "CaseState",
msgid "ABIERTO".  tests/test_web.py finds every text that has no Spanish.
"""

from __future__ import annotations

import io
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache, lru_cache
from pathlib import Path

from babel.dates import format_date, format_datetime, format_skeleton, format_time
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent
from babel.support import Translations

from evidence_daemon.workdays import ECUADOR

LOCALE = "es_EC"
"""Nothing here depends on who looks or when, so what Babel works out anew each time is kept."""
_DIRECTORY = Path(__file__).parent / "locale" / LOCALE


@cache
def translations() -> Translations:
    """All texts in Spanish."""
    whole = Catalog(locale=LOCALE)
    for path in sorted(_DIRECTORY.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=LOCALE):
                if message.id and message.string:
                    whole[message.id] = message
    compiled = io.BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    return Translations(compiled)


def _(message: str, **values: object) -> str:
    """The Spanish of `message`; `%(name)s` in it is filled from `values`."""
    text = translations().gettext(message)
    return text % values if values else text


def ngettext(one: str, many: str, number: int, **values: object) -> str:
    """The Spanish for `number` things; `%(num)s` in it is the number."""
    return translations().ngettext(one, many, number) % ({"num": whole(number)} | values)


def word(value: Enum) -> str:
    """A word of the field as people say it; one that has no Spanish yet stays as it is."""
    return _word(type(value).__name__, str(value.value))


@cache
def _word(field: str, value: str) -> str:
    # Not by the member: two of different fields are equal when their codes are.
    return str(translations().pgettext(field, value))


@lru_cache(1024)
def money(cents: int) -> str:
    """Cents of USD as "$1.234,56"."""
    return format_currency(Decimal(cents) / 100, "USD", locale=LOCALE)


def whole(number: int) -> str:
    """1234 as "1.234"."""
    return format_decimal(number, locale=LOCALE)


@lru_cache(1024)
def percent(share: float) -> str:
    """0.123 as "12 %"."""
    return format_percent(share, locale=LOCALE)


@lru_cache(1024)
def day(value: date | datetime | None) -> str:
    """A date as "22 nov 2026", in Ecuador; "" for None."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(ECUADOR).date()
    return format_date(value, "d MMM y", locale=LOCALE)


@lru_cache(1024)
def long_day(value: date | datetime | None) -> str:
    """A date as it is read aloud: "domingo, 22 de noviembre de 2026"; "" for None."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(ECUADOR).date()
    return format_date(value, "full", locale=LOCALE)


def short_day(value: date) -> str:
    """A date as the axis of a chart shows it: "22/11"."""
    return format_skeleton("Md", datetime(value.year, value.month, value.day), locale=LOCALE)  # noqa: DTZ001


@lru_cache(1024)
def moment(value: datetime | None) -> str:
    """A moment as "22 nov 2026, 13:05", in Ecuador; "" for None."""
    if value is None:
        return ""
    return format_datetime(value.astimezone(ECUADOR), "d MMM y, HH:mm", locale=LOCALE)


def hour(value: datetime) -> str:
    """A moment of today as "13:05", in Ecuador."""
    return format_time(value.astimezone(ECUADOR), "HH:mm", locale=LOCALE)


def span(seconds: float) -> str:
    """How long: "5 min", "3 h 20 min", "2 d 4 h"."""
    minutes = int(max(0.0, seconds) // 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return _("%(days)d d %(hours)d h", days=days, hours=hours) if hours else _("%(days)d d", days=days)
    if hours:
        return _("%(hours)d h %(minutes)d min", hours=hours, minutes=minutes)
    return _("%(minutes)d min", minutes=minutes)
