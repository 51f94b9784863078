"""The cells of one row → values: numbers of people, money in cents, dates, flags.  All that is wrong is gathered.

What spreadsheets do to numbers (a lost leading zero, 1.7E+09) makes a cell faulty: a guess here would let a
stranger's number stand in our books.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeVar

from evidence_daemon.cases.identity import check_digit, read_id
from evidence_daemon.exchange.sheets import Spoilt
from evidence_daemon.exchange.told import RowFault
from evidence_daemon.model import Cents, IdCheck, IdKind
from evidence_daemon.observe import masked, masked_address

_C = TypeVar("_C", bound=StrEnum)

_SPREADSHEET = re.compile(r"[0-9]+(?:[.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("ene jan", "feb", "mar", "abr apr", "may", "jun", "jul", "ago aug", "sep set", "oct", "nov", "dic dec"),
        start=1,
    )
    for name in names.split()
}
_DATE = re.compile(r"([0-9]{1,2})[-/. ](?:de )?([0-9]{1,2}|[a-z]{3,10})\.?[-/. ](?:de )?([0-9]{4})", re.IGNORECASE)
_ISO_DATE = re.compile(r"([0-9]{4})(?:[-/](?=[0-9]{1,2}[-/])|(?=[0-9]{4}$))([0-9]{1,2})[-/]?([0-9]{1,2})")
_MIDNIGHT = re.compile(r"[ T]0?0:00(?::00(?:\.0+)?)?$")


@dataclass(frozen=True, slots=True)
class CellFault(Generic[_C]):
    """What is wrong with a cell, or to be known of it; `shown` is its value as people may see it."""

    column: _C
    message: str
    shown: str
    expected: str = ""


class Cells(Generic[_C]):
    """Reads the cells of one row; everything wrong is gathered in `faults`, doubts in `notices`.

    `personal` are the columns whose values are masked in what is told.
    """

    def __init__(self, values: Mapping[_C, str], personal: Collection[_C] = ()) -> None:
        self._values, self._personal = values, personal
        self.faults: list[CellFault[_C]] = []
        self.notices: list[CellFault[_C]] = []
        for column, text in values.items():
            if isinstance(text, Spoilt):
                self.fault(column, text.because)
            elif "\ufffd" in text:
                self.fault(column, "tiene un carácter ilegible", "el archivo guardado como «CSV UTF-8»")

    def told(self, line: int, heading: Mapping[_C, str]) -> tuple[list[RowFault], list[RowFault]]:
        """Faults and notices, with the line and the headings of the file."""

        def worded(found: list[CellFault[_C]]) -> list[RowFault]:
            return [RowFault(line, heading[one.column], one.message, one.shown, one.expected) for one in found]

        return worded(self.faults), worded(self.notices)

    def cell(self, column: _C) -> str:
        """The text of a cell; "" when the file has no such column, and for a cell that was spoilt."""
        text = self._values.get(column, "")
        return "" if isinstance(text, Spoilt) else text

    def fault(self, column: _C, words: str, expected: str = "") -> None:
        """Something that keeps the row out."""
        self.faults.append(CellFault(column, words, self._shown(column), expected))

    def notice(self, column: _C, words: str, expected: str = "") -> None:
        """Something that a person should know."""
        self.notices.append(CellFault(column, words, self._shown(column), expected))

    def _shown(self, column: _C) -> str:
        text = self._values.get(column, "")
        if column not in self._personal:
            return text[:100]
        return masked_address(text) if "@" in text else masked(text)

    def spoilt(self, column: _C) -> bool:
        """Whether this cell was told already because the file itself spoilt it."""
        return isinstance(self._values.get(column), Spoilt)

    def needed(self, column: _C, expected: str = "") -> str:
        """The text of a cell that must not be empty."""
        text = self.cell(column)
        if not text and not self.spoilt(column):
            self.fault(column, "falta", expected)
        return text

    def undamaged(self, column: _C) -> bool:
        """False (and a fault) for what a spreadsheet made of a long number."""
        if _SPREADSHEET.fullmatch(self.cell(column)):
            self.fault(
                column, "la hoja de cálculo dañó el número", "la columna con formato de texto, exportada de nuevo"
            )
            return False
        return True

    def id_number(self, column: _C) -> str:
        """A cédula, RUC or passport in the form in which it is looked up; "" when it is none."""
        text = self.needed(column, "el número de cédula (10 dígitos), RUC (13) o pasaporte")
        if not text or not self.undamaged(column):
            return ""
        number = read_id(text)
        if number is None:
            self.fault(column, "no es un número de cédula, RUC ni pasaporte", "10 o 13 dígitos, o un pasaporte")
            return ""
        if lost_its_zero(number.value):
            self.fault(column, "parece haber perdido su cero inicial", "la columna con formato de texto")
        elif number.check is not IdCheck.OK and number.kind is not IdKind.PASAPORTE:
            self.notice(column, f"el número no pasa su verificación: {number.because}")
        return number.value

    def money(self, column: _C, *, needed: bool, otherwise: Cents = 0) -> Cents | None:
        """Cents, exactly; None when it cannot be told (then there is a fault)."""
        text = self.cell(column)
        if not text:
            if needed:
                if not self.spoilt(column):
                    self.fault(column, "falta el valor", "un valor en dólares, por ejemplo 103.50")
                return None
            return otherwise if not self.spoilt(column) else None
        cents = cents_of(text)
        if cents is None:
            self.fault(column, "no es un valor en dólares", "por ejemplo 103.50 o 103,50")
        return cents

    def flag(self, column: _C, words: Mapping[str, bool], plain: str) -> bool:
        """Yes or no; `plain` is the cell in the form of `words`.  Empty means no."""
        if self.spoilt(column):
            return False
        found = words.get(plain) if self.cell(column) else False
        if found is None:
            self.fault(column, "no es sí ni no", "SI o NO")
        return bool(found)

    def day(self, column: _C) -> date | None:
        """Day-month-year as it is written here ("10-5-2020", "10/may/2020", "10 de mayo de 2020"), or ISO."""
        text = _MIDNIGHT.sub("", self.cell(column))
        if not text:
            return None
        found = date_of(text)
        if found is None or not 1980 <= found.year <= 2100:
            self.fault(column, "no es una fecha", "día-mes-año, por ejemplo 10-5-2020")
            return None
        return found


def date_of(text: str) -> date | None:
    """A date as people here write it, or ISO; None for anything else (a year of two digits is a guess).

    >>> date_of("10-5-2020") == date_of("10/may/2020") == date_of("2020-05-10") == date(2020, 5, 10)
    True
    """
    try:
        if found := _DATE.fullmatch(text):
            month = found[2] if found[2].isdecimal() else _MONTHS.get(found[2][:3].lower(), 0)
            return date(int(found[3]), int(month), int(found[1]))
        if found := _ISO_DATE.fullmatch(text):
            return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
    return None


def cents_of(text: str) -> Cents | None:
    """A value in USD as written ("90.00", "90,00", "$ 1.234,56") → cents, exactly; None when it is none.

    What may be read in two ways is none: "1.234" (a thousand, or tenths of a cent?), negative values, and
    more than two decimals that are not zeros.

    >>> cents_of("103,5"), cents_of("1,234.50"), cents_of("1.234")
    (10350, 123450, None)
    """
    bare = re.sub(r"^(?:USD|US\$|\$)\s*|\s*(?:USD|\$)$", "", text.strip().upper()).replace(" ", "")
    if found := re.fullmatch(r"([0-9]+)(?:[.,](?:([0-9]{1,2})|([0-9]{2})0{2,}))?", bare):
        whole, part = found[1], found[2] or found[3] or ""
    elif (found := re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{3})+),([0-9]{1,2})", bare)) or (
        found := re.fullmatch(r"([0-9]{1,3}(?:,[0-9]{3})+)\.([0-9]{1,2})", bare)
    ):
        whole, part = re.sub(r"[.,]", "", found[1]), found[2]
    else:
        return None
    return int(Decimal(f"{whole}.{part or 0}") * 100)


def lost_its_zero(value: str) -> bool:
    """A cédula (9 digits) or RUC (12) that is right once its zero is put back: provinces 01 to 09."""
    if not value.isdecimal() or value[0] == "0":
        return False
    if len(value) == 12 and value.endswith("001"):
        value = value[:9]
    return len(value) == 9 and check_digit("0" + value[:8]) == value[8]


def usd(cents: Cents) -> str:
    """Cents as digits, with a point: 103.50."""
    return f"{cents // 100}.{cents % 100:02d}"
