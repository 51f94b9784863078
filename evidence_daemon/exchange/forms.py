"""Files that go out: the same values give the same bytes, whoever writes them and whenever.

CSV and XLSX by a column map, and a PDF cover sheet for people to sign.  Texts that a spreadsheet would run are made
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

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

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
    return _file("csv", f"{name}.csv", text.getvalue().encode(form.encoding, "replace"))


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
    return _file("xlsx", f"{name}.xlsx", _packed(raw.getvalue(), at))


def _written(sheet: Any, cell: Cell, *, bold: bool = False) -> Any:
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


# ── the cover sheet ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Cover:
    """What a cover sheet says.  `facts` are pairs of words; `totals` rows of (what, lines, base, tax, total)."""

    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    totals: tuple[tuple[str, int, Cents, Cents, Cents], ...]
    hashes: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    signatures: tuple[tuple[str, str], ...]


_BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=9.5, leading=12.5)
_SMALL = ParagraphStyle("small", parent=_BODY, fontSize=8, leading=10)
_MONO = ParagraphStyle("mono", parent=_BODY, fontName="Courier", fontSize=7.5, leading=9.5)
_TITLE = ParagraphStyle("title", parent=_BODY, fontName="Helvetica-Bold", fontSize=17, leading=21)
_HEAD = ParagraphStyle("head", parent=_BODY, fontName="Helvetica-Bold", fontSize=11, leading=15, spaceBefore=9)
_GREY = colors.HexColor("#666666")
_PALE = colors.HexColor("#eef1f5")


def cover_file(name: str, cover: Cover) -> ExportedFile:
    """The cover sheet as PDF, A4."""
    raw = io.BytesIO()
    document = SimpleDocTemplate(
        raw,
        pagesize=A4,
        invariant=1,  # no date of making, and an identifier that follows from the content
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        topMargin=18 * mm,
        bottomMargin=16 * mm,
        title=f"{cover.title} {cover.subtitle}",
        author="evidence_daemon",
    )
    wide = A4[0] - 40 * mm
    story: list[Any] = [Paragraph(cover.title, _TITLE), Paragraph(_escaped(cover.subtitle), _BODY), Spacer(1, 4 * mm)]
    facts = [[Paragraph(_escaped(what), _SMALL), Paragraph(_escaped(said), _BODY)] for what, said in cover.facts]
    story.append(_table(facts, [42 * mm, wide - 42 * mm]))
    story.append(Paragraph("Totales", _HEAD))
    story.append(_totals(cover.totals, wide))
    story.append(Paragraph("Archivos y huellas (SHA-256)", _HEAD))
    hashes = [[Paragraph(_escaped(what), _SMALL), Paragraph(value, _MONO)] for what, value in cover.hashes]
    story.append(_table(hashes, [52 * mm, wide - 52 * mm]))
    story.append(Spacer(1, 3 * mm))
    story += [Paragraph(_escaped(note), _SMALL) for note in cover.notes]
    story.append(Spacer(1, 20 * mm))
    story.append(_signatures(cover.signatures, wide))
    document.build(story)
    return _file("pdf", f"{name}.pdf", raw.getvalue())


def _table(rows: list[list[Any]], widths: list[float]) -> Table:
    table = Table(rows, colWidths=widths)
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.25, _PALE),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ]
        )
    )
    return table


def _totals(totals: Sequence[tuple[str, int, Cents, Cents, Cents]], wide: float) -> Table:
    heads = ["Operación", "Líneas", "Base USD", "IVA USD", "Total USD"]
    rows = [[what, f"{lines}", *(_money(cents) for cents in amounts)] for what, lines, *amounts in totals]
    number = (wide - 60 * mm) / 4
    table = Table([heads, *rows], colWidths=[60 * mm, number, number, number, number])
    table.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), "Helvetica", 9.5),
                ("FONT", (0, 0), (-1, 0), "Helvetica-Bold", 9),
                ("FONT", (0, -1), (-1, -1), "Helvetica-Bold", 10.5),
                ("BACKGROUND", (0, 0), (-1, 0), _PALE),
                ("LINEABOVE", (0, -1), (-1, -1), 0.8, colors.black),
                ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
            ]
        )
    )
    return table


def _signatures(people: Sequence[tuple[str, str]], wide: float) -> Table:
    gap = 8 * mm
    each = (wide - gap * (len(people) - 1)) / len(people)
    widths = [each, *[gap, each] * (len(people) - 1)]

    def spread(cells: Sequence[str]) -> list[Any]:
        row: list[Any] = []
        for cell in cells:
            row += [*([""] if row else []), Paragraph(cell, _SMALL)]
        return row

    rows = [
        spread([f"<b>{_escaped(role)}</b>" for role, _ in people]),
        spread([_escaped(who) or "Nombre:" for _, who in people]),
        spread(["Fecha y firma:"] * len(people)),
    ]
    table = Table(rows, colWidths=widths)
    lines = [("LINEABOVE", (place, 0), (place, 0), 0.6, colors.black) for place in range(0, len(widths), 2)]
    table.setStyle(TableStyle([*lines, ("TEXTCOLOR", (0, 0), (-1, -1), _GREY)]))
    return table


def _money(cents: Cents) -> str:
    """Cents as people here write them: 10.350,50."""
    whole, part = divmod(cents, 100)
    return f"{whole:,}".replace(",", ".") + f",{part:02d}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


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


def _file(form: str, name: str, content: bytes) -> ExportedFile:
    return ExportedFile(form, name, hashlib.sha256(content).hexdigest(), content)
