"""A list in a file (CSV or XLSX) → its rows, cell by cell, by the columns of a map.

The secret of this file is what offices and spreadsheets do to a list: encodings, separators, titles above the
headings, merged headings, hidden sheets, numbers that were stored as floats, formulas.  Rows are streamed; a
million of them take no more memory than a thousand.

A cell is text.  Where the file shows that the text is not what was meant (digits beyond the 15 that a spreadsheet
keeps, a formula without its value, #N/A) it is a `Spoilt` text that says why.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import itertools
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Generic, TypeVar

from evidence_daemon.columns import plain_heading
from evidence_daemon.errors import BadFile

_C = TypeVar("_C", bound=StrEnum)

_TITLE_ROWS = 20
"""Rows among which the headings are looked for."""
_SEPARATORS = ";,\t|"


class Spoilt(str):
    """The text of a cell that is not what was meant; `because` says why, in Spanish."""

    __slots__ = ("because",)
    because: str

    def __new__(cls, text: str, because: str) -> Spoilt:
        made = super().__new__(cls, text)
        made.because = because
        return made


Cells = Sequence[str]
_Rows = Iterator[tuple[int, Cells | Exception]]


@dataclass(frozen=True, slots=True)
class Row(Generic[_C]):
    """One row: its line in the file (from 1), its cells by column; `trouble` says why it could not be read."""

    line: int
    cells: Mapping[_C, str]
    trouble: str = ""


class Sheet(Generic[_C]):
    """A list that was opened.  `total` is how many rows it seems to have; `ignored` headings are nobody's."""

    def __init__(self, rows: _Rows, headings: _Headings[_C], total: int, *, padded: bool) -> None:
        self.total = total
        self.ignored = headings.ignored
        self._rows, self._headings, self._padded = rows, headings, padded

    def heading(self, column: _C) -> str:
        """The heading that the file gives a column, or the column's first name where it has none."""
        return self._headings.words(column)

    def has(self, column: _C) -> bool:
        """Whether the file has this column at all."""
        return column in self._headings.places

    def __iter__(self) -> Iterator[Row[_C]]:
        width, places = self._headings.width, self._headings.places
        for line, cells in self._rows:
            if isinstance(cells, Exception):
                yield Row(line, {}, f"la fila no se puede leer: {cells}")
                continue
            if not any(cell.strip() for cell in cells):
                continue
            if self._padded and len(cells) < width:
                cells = [*cells, *[""] * (width - len(cells))]  # noqa: PLW2901  # a workbook leaves empty ends out
            if len(cells) < width or any(cell.strip() for cell in cells[width:]):
                yield Row(line, {}, f"la fila tiene {len(cells)} celdas y los encabezados son {width}")
                continue
            yield Row(line, {column: _tidy(cells[place]) for column, place in places.items()})


@contextmanager
def opened(path: Path, names: Mapping[_C, Sequence[str]], required: Iterable[_C]) -> Iterator[Sheet[_C]]:
    """Open a list.  `names` gives each column its possible headings, the best one first.

    Raises `BadFile`, with all that is wrong, when the file cannot be used as a whole.
    """
    needed = tuple(required)
    try:
        with ExitStack() as stack:
            with path.open("rb") as raw:
                start = raw.read(8)
            if start.startswith(b"PK\x03\x04"):
                yield _workbook(stack, path, names, needed)
            elif start.startswith(b"\xd0\xcf\x11\xe0"):
                words = "es un libro de Excel antiguo (.xls) o con contraseña; guárdelo como .xlsx o «CSV UTF-8»"
                raise BadFile(f"{path.name}: {words}")
            else:
                yield _text(stack, path, start, names, needed)
    except OSError as trouble:
        raise BadFile(f"{path}: no se puede leer: {trouble.strerror}") from trouble


def _tidy(cell: str) -> str:
    return cell if isinstance(cell, Spoilt) else " ".join(cell.split())


# ── headings ─────────────────────────────────────────────────────────────────────────────────────


class _Headings(Generic[_C]):
    """One row taken as the headings."""

    def __init__(self, row: Cells, above: Cells, names: Mapping[_C, Sequence[str]]) -> None:
        # A heading that is merged downwards over two rows stands in the upper one only.
        own = [cell.strip() for cell in row]
        upper = [cell.strip() for cell in above]
        self.headings = [
            heading or (upper[place] if place < len(upper) else "")
            for place, heading in enumerate(own + [""] * (len(upper) - len(own)))
        ]
        while self.headings and not self.headings[-1]:
            self.headings.pop()
        by_heading = _by_heading(names)
        self._names = names
        self.places: dict[_C, int] = {}
        self.twice: list[tuple[str, str]] = []
        ignored = []
        for place, heading in enumerate(self.headings):
            column = by_heading.get(plain_heading(heading))
            if column is None:
                ignored += [heading] if heading else []
            elif column in self.places:
                self.twice.append((self.headings[self.places[column]], heading))
            else:
                self.places[column] = place
        self.ignored = tuple(ignored)
        self.width = len(self.headings)

    def words(self, column: _C) -> str:
        place = self.places.get(column)
        return self.headings[place] if place is not None else self._names[column][0]

    def faults(self, required: Iterable[_C]) -> list[str]:
        found = [f"los encabezados «{one}» y «{other}» dicen lo mismo: deje uno" for one, other in self.twice]
        plain = {plain_heading(heading): heading for heading in self.ignored}
        for column in required:
            if column not in self.places:
                names = [plain_heading(alias) for alias in self._names[column]]
                near = next(
                    (close for name in names for close in difflib.get_close_matches(name, plain, 1, 0.75)), None
                )
                hint = f"; ¿es «{plain[near]}»?" if near else ""
                found.append(f"falta la columna «{self._names[column][0]}»{hint}")
        return found


def _by_heading(names: Mapping[_C, Sequence[str]]) -> dict[str, _C]:
    return {plain_heading(alias): column for column, aliases in names.items() for alias in aliases}


def _find_headings(
    first: Sequence[tuple[int, Cells | Exception]], names: Mapping[_C, Sequence[str]]
) -> tuple[_Headings[_C], int] | None:
    """The row of the headings among the first ones: the one that names most columns; and how many rows it ends."""
    best: tuple[_Headings[_C], int] | None = None
    above: Cells = ()
    for number, (_line, cells) in enumerate(first, start=1):
        if isinstance(cells, Exception) or not any(cell.strip() for cell in cells):
            above = ()
            continue
        # What stands above only fills gaps of a row that names columns itself: a row of data names none.
        plain = _Headings(cells, (), names)
        found = _Headings(cells, above, names) if plain.places else plain
        if best is None or len(found.places) > len(best[0].places):
            best = found, number
        above = cells
    return best


def _headed(
    name: str, rows: _Rows, names: Mapping[_C, Sequence[str]], required: Sequence[_C], total: int, *, padded: bool
) -> Sheet[_C]:
    first = list(itertools.islice(rows, _TITLE_ROWS))
    found = _find_headings(first, names)
    if found is None:
        raise BadFile(f"{name}: el archivo está vacío: falta la fila de encabezados")
    headings, used = found
    if faults := headings.faults(required):
        raise BadFile([f"{name}: {fault}" for fault in faults])
    return Sheet(itertools.chain(first[used:], rows), headings, max(total - used, 0), padded=padded)


# ── CSV ──────────────────────────────────────────────────────────────────────────────────────────


def _text(
    stack: ExitStack, path: Path, start: bytes, names: Mapping[_C, Sequence[str]], required: Sequence[_C]
) -> Sheet[_C]:
    """UTF-8 (with or without its mark) when all of it is, else Windows-1252, as spreadsheets here write it."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding, lines = "utf-16", 0
    else:
        encoding, lines = _encoding(path)
    file = stack.enter_context(path.open(encoding=encoding, errors="replace", newline=""))
    sample = list(itertools.islice(file, _TITLE_ROWS))
    file.seek(0)
    marked = re.fullmatch(r"sep=(.)\s*", sample[0]) if sample else None  # Excel's own hint
    if marked:
        next(file)
    separator = marked[1] if marked else _separator(sample, names)
    rows = _csv_rows(file, separator, 1 if marked else 0)
    return _headed(path.name, rows, names, required, lines, padded=False)


def _encoding(path: Path) -> tuple[str, int]:
    """The encoding of a file, and how many line ends it has."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    encoding, lines = "utf-8-sig", 0
    with path.open("rb") as raw:
        while chunk := raw.read(1 << 20):
            lines += chunk.count(b"\n")
            if encoding == "utf-8-sig":
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    encoding = "cp1252"
    return encoding, lines


def _separator(sample: Sequence[str], names: Mapping[_C, Sequence[str]]) -> str:
    """The separator under which the first lines name most columns; where none does, the commonest."""

    def worth(separator: str) -> tuple[int, int]:
        found = _find_headings(list(_csv_rows(iter(sample), separator, 0)), names)
        return (len(found[0].places) if found else 0, sum(line.count(separator) for line in sample[:1]))

    return max(_SEPARATORS, key=worth)


def _csv_rows(file: Iterable[str], separator: str, before: int) -> _Rows:
    reader = csv.reader(file, delimiter=separator)
    while True:
        line = before + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as trouble:
            yield line, trouble
        else:
            yield line, cells


# ── XLSX ─────────────────────────────────────────────────────────────────────────────────────────


def _workbook(stack: ExitStack, path: Path, names: Mapping[_C, Sequence[str]], required: Sequence[_C]) -> Sheet[_C]:
    """The one visible sheet that has the headings.  What is hidden was not meant to be read."""
    from evidence_daemon.exchange.workbook import DAMAGED, Results, open_book, sheet_rows

    stack.enter_context(warnings.catch_warnings())
    warnings.filterwarnings("ignore", module="openpyxl")  # it warns of every ornament that it does not know
    try:
        book = open_book(stack, path)
        fits: list[tuple[Any, int]] = []
        faults: list[str] = []
        for sheet in book.worksheets:
            first = list(itertools.islice(sheet_rows(sheet, None), _TITLE_ROWS))
            found = _find_headings(first, names)
            missing = found[0].faults(required) if found else ["falta la fila de encabezados"]
            if sheet.sheet_state == "visible" and not missing:
                fits.append((sheet, sheet.max_row or 0))
            elif not missing:
                faults.append(f"la hoja «{sheet.title}» está oculta y no se lee: muéstrela, o borre las demás")
            elif sheet.sheet_state == "visible" and found:
                faults += [f"hoja «{sheet.title}»: {words}" for words in missing]
        if len(fits) > 1:
            both = " y ".join(f"«{sheet.title}»" for sheet, _ in fits)
            raise BadFile(f"{path.name}: las hojas {both} tienen los encabezados: deje una sola")
        if not fits:
            raise BadFile([f"{path.name}: {fault}" for fault in faults or ["el libro está vacío"]])
        sheet, total = fits[0]
        values = Results(stack, path, sheet.title)
        return _headed(path.name, sheet_rows(sheet, values), names, required, total, padded=True)
    except DAMAGED as trouble:
        raise BadFile(f"{path.name}: el libro de Excel está dañado o no lo es: {trouble}") from trouble
