"""What is wrong with the rows of a list, all of it: in a file beside the list, and the first of it in memory.

A report is read by more people than the list: identity numbers, names, telephones and serials are masked in it.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

MOST_KEPT = 10_000
"""Faults that are kept in memory; the file has all of them."""


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with (or to be known of) a row.

    Its line in the file (from 1), its heading, the value as people may see it, what is wrong with it and what
    would be right; in Spanish.
    """

    line: int
    column: str
    message: str
    value: str = ""
    expected: str = ""


class Told:
    """Gathers the faults of one list; a context manager, for the file that it writes to.

    `report` is that file (CSV, UTF-8 with mark, for the owner only); it is made at the first fault.  None: none.
    """

    def __init__(self, source: str, report: Path | None = None) -> None:
        self.refused = 0
        self.rejected: list[RowFault] = []
        self.notices: list[RowFault] = []
        self._source, self._report = source, report
        self._file: IO[str] | None = None
        self._writer: Any = None

    def __enter__(self) -> Told:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def refuse(self, faults: Iterable[RowFault]) -> None:
        """A row that did not go in, and everything that is wrong with it."""
        self.refused += 1
        self._tell("ERROR", faults, self.rejected)

    def notice(self, faults: Iterable[RowFault]) -> None:
        """A row that went in and deserves a look."""
        self._tell("AVISO", faults, self.notices)

    def _tell(self, weight: str, faults: Iterable[RowFault], kept: list[RowFault]) -> None:
        for fault in faults:
            if len(kept) < MOST_KEPT:
                kept.append(fault)
            self._write(weight, fault)

    def _write(self, weight: str, fault: RowFault) -> None:
        if self._report is None:
            return
        if self._file is None:
            handle = os.open(self._report, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            self._file = os.fdopen(handle, "w", encoding="utf-8-sig", newline="")
            self._writer = csv.writer(self._file, delimiter=";")
            self._writer.writerow(["ARCHIVO", "LINEA", "COLUMNA", "VALOR", "PROBLEMA", "SE_ESPERABA", "GRAVEDAD"])
        cells = [self._source, fault.line, fault.column, fault.value, fault.message, fault.expected, weight]
        self._writer.writerow([harmless(str(cell)) for cell in cells])


def harmless(text: str) -> str:
    """Text that a spreadsheet shows instead of running: a formula's first sign gets an apostrophe in front.

    Source: OWASP, "CSV Injection": =, +, -, @, tab and carriage return begin one.

    >>> harmless("=1+1"), harmless("-12.50"), harmless("PRUEBA")
    ("'=1+1", '-12.50', 'PRUEBA')
    """
    if text[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"} and not _is_number(text):
        return "'" + text
    return text


def _is_number(text: str) -> bool:
    return text[1:].replace(".", "", 1).replace(",", "", 1).isdecimal() and text[0] in "+-"
