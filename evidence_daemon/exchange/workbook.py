"""Workbooks (XLSX) read in little memory: rows are let go, shared texts lie on the disk.

openpyxl by itself keeps about 100 bytes of each row and all shared texts.  This file is loaded when the first
workbook comes: most commands never see one, and openpyxl takes a tenth of their start.
"""

from __future__ import annotations

import os
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any, overload
from xml.etree.ElementTree import ParseError

from openpyxl.cell.read_only import EMPTY_CELL, ReadOnlyCell
from openpyxl.cell.text import Text
from openpyxl.packaging.manifest import Override
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._reader import ROW_TAG, WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from evidence_daemon.errors import BadFile
from evidence_daemon.exchange.sheets import Spoilt

DAMAGED = (
    zipfile.BadZipFile,
    InvalidFileException,
    LookupError,
    ValueError,
    ParseError,
    EOFError,
    zlib.error,
)
"""What openpyxl raises at files that are none, or no longer."""

_EXACT_DIGITS = 10**15
"""A spreadsheet keeps 15 digits of a number (IEEE 754 doubles); what is longer lost its end."""
_MOST_INFLATED = 8_000_000_000
"""Bytes of an unpacked workbook: a million rows of 25 columns take about two thousand million."""
_PLACE = struct.Struct("<Q")
_SHEET_DATA = f"{{{SHEET_MAIN_NS}}}sheetData"


def open_book(stack: ExitStack, path: Path, *, values: bool = False) -> Any:
    """A workbook whose rows are streamed; `values`: with what its formulas gave.  Raises `BadFile` and `DAMAGED`."""
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _MOST_INFLATED:
            raise BadFile(f"{path.name}: el libro es demasiado grande; guárdelo como «CSV UTF-8»")
    reader = _Reader(stack, path, values=values)
    reader.read()
    stack.callback(reader.archive.close)
    return reader.wb


class Results:
    """What formulas gave when the workbook was last saved.  Opened only when a row has one."""

    def __init__(self, stack: ExitStack, path: Path, title: str) -> None:
        self._stack, self._path, self._title = stack, path, title
        self._rows: Iterator[tuple[int, Sequence[Any]]] | None = None

    def row(self, number: int) -> Sequence[Any]:
        """The values of a row; rows are asked for in rising order."""
        if self._rows is None:
            self._rows = _cells(open_book(self._stack, self._path, values=True)[self._title])
        return next((row for at, row in self._rows if at == number), ())


class _SheetParser(WorkSheetParser):
    """openpyxl's parser of a sheet, which also lets go of the rows that were read."""

    def parse(self) -> Generator[tuple[int, list[dict[str, Any]]], None, None]:
        rows = None
        for event, element in iterparse(self.source, ("start", "end")):
            if event == "start":
                rows = element if element.tag == _SHEET_DATA else rows
            elif element.tag == ROW_TAG and rows is not None:
                yield self.parse_row(element)
                rows.clear()  # not the row alone: a million empty shells would stay


def _cells(sheet: Any) -> Iterator[tuple[int, list[Any]]]:
    """The rows of a sheet that has any, as (number, cells); a gap is `EMPTY_CELL`."""
    book = sheet.parent
    with sheet._get_source() as source:
        parser = _SheetParser(
            source,
            sheet._shared_strings,
            data_only=book.data_only,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        for number, found in parser.parse():
            row: list[Any] = [EMPTY_CELL] * max((cell["column"] for cell in found), default=0)
            for cell in found:
                row[cell["column"] - 1] = ReadOnlyCell(sheet, **cell)
            yield number, row


def sheet_rows(sheet: Any, values: Results | None) -> Iterator[tuple[int, list[str]]]:
    """The rows of a sheet as (line, texts as the sheet shows them); without `values` formulas have none."""
    for number, row in _cells(sheet):
        known: Sequence[Any] = ()
        if values is not None and any(cell.data_type == "f" for cell in row):
            known = values.row(number)
        yield (
            number,
            [_shown(cell, known[place] if place < len(known) else None) for place, cell in enumerate(row)],
        )


def _shown(cell: Any, result: Any) -> str:
    """A cell as the sheet shows it."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        if result is None or result.value is None:
            return Spoilt(str(value), "tiene una fórmula sin valor guardado; pegue los valores y guarde el libro")
        return _shown(result, None)
    if cell.data_type == "e":
        return Spoilt(str(value), "la hoja muestra un error en lugar de un valor")
    if isinstance(value, bool):
        return "SI" if value else "NO"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return _number(value, cell.number_format or "")
    return str(value)


def _number(value: int | float, shown_as: str) -> str:
    """A number as digits: with the zeros in front that its format shows, a percentage as its hundredfold."""
    if abs(value) >= _EXACT_DIGITS:
        return Spoilt(f"{value:.15g}", "la hoja de cálculo sólo guardó 15 cifras; dé formato de texto a la columna")
    if "%" in shown_as:
        value *= 100
    if value == int(value):
        digits = str(int(value))
        return digits.zfill(len(shown_as)) if re.fullmatch(r"0{2,}", shown_as) and value >= 0 else digits
    return f"{value:.8f}".rstrip("0")  # 13.500000000000002 is what a sum of floats leaves of 13.5


class _Reader(ExcelReader):
    """openpyxl's reader with the shared texts of the workbook on disk: a million rows share millions of them."""

    def __init__(self, stack: ExitStack, path: Path, *, values: bool) -> None:
        super().__init__(str(path), read_only=True, data_only=values, keep_links=False)
        self._stack = stack

    def read_strings(self) -> None:
        part: Override | None = self.package.find(SHARED_STRINGS)  # type: ignore[no-untyped-call]
        if part is not None:
            with self.archive.open(part.PartName[1:]) as source:
                self.shared_strings = _Strings(self._stack, source)  # type: ignore[assignment]  # indexed only


class _Strings(Sequence[str]):
    """The shared texts, one after the other in a temporary file; where each ends, in another."""

    def __init__(self, stack: ExitStack, source: IO[bytes]) -> None:
        texts = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        ends = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        self._count, end, wanted, root = 0, 0, f"{{{SHEET_MAIN_NS}}}si", None
        ends.write(_PLACE.pack(0))
        for event, node in iterparse(source, ("start", "end")):
            if root is None:
                root = node
            if event == "end" and node.tag == wanted:
                text: Any = Text.from_tree(node)
                end += texts.write(text.content.replace("x005F_", "").encode("utf-8", "surrogatepass"))
                ends.write(_PLACE.pack(end))
                self._count += 1
                root.clear()  # not the node alone: its empty shell would stay
        texts.flush()
        ends.flush()
        self._texts, self._ends = texts.fileno(), ends.fileno()

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...
    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        if isinstance(place, slice):
            return [self[number] for number in range(*place.indices(self._count))]
        if not 0 <= place < self._count:
            raise IndexError(f"the workbook has no shared text {place}")
        both = os.pread(self._ends, 2 * _PLACE.size, place * _PLACE.size)
        start, end = _PLACE.unpack(both[: _PLACE.size])[0], _PLACE.unpack(both[_PLACE.size :])[0]
        return os.pread(self._texts, end - start, start).decode("utf-8", "surrogatepass")
