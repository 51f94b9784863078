"""The values of which a paper has one, and its line of business.  Pure.

Each stands behind its label, right of it or below it; nothing is completed or taken from elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from evidence_daemon.documents.dates import date_of
from evidence_daemon.documents.holder_ids import id_number_of
from evidence_daemon.documents.labelled import (
    field_of,
    values,
)
from evidence_daemon.documents.layout import Sheet, Span, squeezed
from evidence_daemon.documents.paper_numbers import acta_number, letters
from evidence_daemon.documents.people import agent_of, holder_of, office_of
from evidence_daemon.documents.services import service_number_of
from evidence_daemon.model import Field, Line, Word
from evidence_daemon.rulebook import DocumentsBook


@dataclass(frozen=True, slots=True)
class Singles:
    """The values of which a paper has one."""

    number: Field | None = None
    date: Field | None = None
    office: Field | None = None
    holder: Field | None = None
    id_number: Field | None = None
    service_number: Field | None = None
    line: Field | None = None
    agent: Field | None = None


def singles(sheet: Sheet, book: DocumentsBook, signing: float, taken: frozenset[str]) -> Singles:
    """What stands behind the labels of a page; `taken` are numbers that belong to its equipment."""
    holders, service = id_number_of(sheet, book, signing), service_number_of(sheet, book, taken)
    others = {letters(field.value) for field in (holders, service) if field is not None} | {*map(letters, taken)}
    known = holders is not None and service is not None
    return Singles(
        number=acta_number(sheet, others, known=known),
        date=date_of(sheet),
        office=office_of(sheet, signing),
        holder=holder_of(sheet, book, signing),
        id_number=holders,
        service_number=service,
        line=line_of(sheet, book),
        agent=agent_of(sheet, signing),
    )


def line_of(sheet: Sheet, book: DocumentsBook) -> Field | None:
    """The only line that stands behind its label; of several that are printed, the one that is ticked."""
    for value in values(sheet, "line"):
        cells = sheet.rows[value.hit.row][value.hit.cell + 1 :] if value.way == "tras" else ()
        named = [found for span in (value.span, *cells) for found in _lines_in(span, book)]
        if len(value.span.words) <= 8 and len({line for line, _ in named}) == 1:
            return field_of(sheet, named[0][0].value, value.span, f"linea:{value.way}:{value.hit.label}")
        ticked = {line for line, before in named if before and before.text.upper() in book.words.marks}
        if len(ticked) == 1:
            return field_of(sheet, ticked.pop().value, value.span, f"linea:marcada:{value.hit.label}")
    return None


def _lines_in(span: Span, book: DocumentsBook) -> list[tuple[Line, Word | None]]:
    """Lines named in a text, each with the word before it (which may be a tick)."""
    words = [squeezed(word.text) for word in span.words]
    found: list[tuple[Line, Word | None]] = []
    aliases = sorted(
        ((line, alias.split()) for line, all_ in book.lines.items() for alias in all_), key=lambda a: -len(a[1])
    )
    at = 0
    while at < len(words):
        for line, alias in aliases:
            if words[at : at + len(alias)] == [squeezed(word) for word in alias]:
                found.append((line, span.words[at - 1] if at else None))
                at += len(alias) - 1
                break
        at += 1
    return found
