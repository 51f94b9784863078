"""Files that go out: the same values give the same bytes, whoever writes them and whenever.

CSV and XLSX by a column map.  Texts that a spreadsheet would run are made
harmless.  A workbook is a ZIP file that remembers when it was written, so it is packed anew with fixed dates.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from evidence_daemon.columns import OutgoingForm
from evidence_daemon.errors import BadFile
from evidence_daemon.exchange.cells import usd
from evidence_daemon.exchange.told import harmless
from evidence_daemon.model import Cents
from evidence_daemon.store.batches import ExportedFile


@dataclass(frozen=True, slots=True)
class Money:
    """Cents of USD in a cell."""

    cents: Cents


Cell = str | int | Money | Decimal | date
"""What a cell may hold; a `Decimal` is a rate in per cent."""


def csv_file(name: str, form: OutgoingForm, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> ExportedFile:
    """The rows as CSV.  What the encoding lacks becomes a question mark, and is told nowhere: use UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=form.separator)
    writer.writerow(headings)
    for row in rows:
        writer.writerow([_text(cell, form.decimal) for cell in row])
    return exported("csv", f"{name}.csv", text.getvalue().encode(form.encoding, "replace"))


def _text(cell: Cell, decimal: str) -> str:
    match cell:
        case Money(cents):
            return usd(cents).replace(".", decimal)
        case Decimal():
            return f"{cell:f}".replace(".", decimal)
        case date():
            return cell.isoformat()
        case int():
            return str(cell)
        case str():
            return harmless(cell)


def xlsx_file(
    name: str, title: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]], *, at: datetime
) -> ExportedFile:
    """The rows as a workbook of one sheet: texts are texts, money and dates are numbers with their format.

    `at` is the moment that the workbook gives as its own.
    """
    import openpyxl
    from openpyxl.utils import get_column_letter

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for place, heading in enumerate(headings, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = max(12, min(len(heading) + 3, 40))
    sheet.append([_written(sheet, heading, bold=True) for heading in headings])
    lines = 1
    for row in rows:
        sheet.append([_written(sheet, cell) for cell in row])
        lines += 1
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(headings))}{lines}"
    raw = io.BytesIO()
    book.save(raw)
    return exported("xlsx", f"{name}.xlsx", _packed(raw.getvalue(), at))


def _written(sheet: Any, cell: Cell, *, bold: bool = False) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    value: Any = cell
    match cell:
        case Money(cents):
            value = Decimal(cents) / 100
            found = WriteOnlyCell(sheet, value=value)
            found.number_format = "#,##0.00"
        case date():
            found = WriteOnlyCell(sheet, value=value)
            found.number_format = "dd-mm-yyyy"
        case Decimal() | int():
            found = WriteOnlyCell(sheet, value=value)
        case str():
            found = WriteOnlyCell(sheet, value=harmless(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", cell)))
            found.data_type = "s"  # never a formula
            found.number_format = "@"  # an identity number keeps its leading zero when somebody edits it
            if bold:
                found.font = Font(bold=True)
    return found


def _packed(workbook: bytes, at: datetime) -> bytes:
    """The parts of a workbook in one order, with one date."""
    moment = at.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook)) as source,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as target,
    ):
        for name in sorted(source.namelist(), key=lambda part: (part != "[Content_Types].xml", part)):
            content = source.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:\w+ [^>]*>)[^<]*", rb"\g<1>" + moment, content)
            part = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            part.compress_type = zipfile.ZIP_DEFLATED
            part.external_attr = 0o600 << 16
            target.writestr(part, content)
    return packed.getvalue()


# ── on disk ──────────────────────────────────────────────────────────────────────────────────────


def write(path: Path, content: bytes) -> None:
    """Write a file for its owner only: beside itself first and then renamed, so that nobody reads half of it.

    Raises `BadFile` when it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # personal data
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as trouble:
        raise BadFile(f"{path}: no se puede escribir: {trouble.strerror}") from trouble
    finally:
        draft.unlink(missing_ok=True)


def exported(form: str, name: str, content: bytes) -> ExportedFile:
    """A finished file with its hash; `form` is "csv", "xlsx" or "pdf"."""
    return ExportedFile(form, name, hashlib.sha256(content).hexdigest(), content)
