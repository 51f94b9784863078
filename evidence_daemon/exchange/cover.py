"""The cover sheet of a batch: a page of PDF for people to sign.  The same values give the same bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from evidence_daemon.exchange.forms import exported
from evidence_daemon.model import Cents
from evidence_daemon.store.batches import ExportedFile


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
    return exported("pdf", f"{name}.pdf", raw.getvalue())


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
