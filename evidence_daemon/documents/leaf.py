"""One page: what it is by itself, and what its readings say together.  Pure.

Each page may have been read by several engines: see `looks` for how their readings are laid side by side, `agreement`
for what is made of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

from evidence_daemon.cases.equipment import is_pon_serial
from evidence_daemon.documents.agreement import agreed, one_place
from evidence_daemon.documents.inventory import equipment_of
from evidence_daemon.documents.kinds import is_beside, kind_of_all
from evidence_daemon.documents.labelled import LOOSE
from evidence_daemon.documents.layout import Lexicon, Sheet, squeezed
from evidence_daemon.documents.looks import codes_of, masked_in, sheets_of
from evidence_daemon.documents.signers import SIGNING_LABELS, signing_top
from evidence_daemon.documents.signing import Signed, signed_on
from evidence_daemon.documents.values import Singles, singles
from evidence_daemon.model import (
    Direction,
    DocumentKind,
    Engine,
    EquipmentLine,
    EquipmentType,
    Field,
    Page,
    Sha256,
    Signature,
    Signer,
    Word,
)
from evidence_daemon.rulebook import DocumentsBook, LabelsBook

OWN_PAPERS = frozenset({DocumentKind.FACTURA, DocumentKind.COMPROBANTE, DocumentKind.CEDULA, DocumentKind.SOLICITUD})
"""Kinds of pages that are a paper each, whatever lies before or behind them."""


_MOST_WORDS = 2500
"""Words of a page that are read: a closely printed page of A4 has a thousand."""


class Leaf:
    """One page and what it shows by itself."""

    def __init__(self, sha256: Sha256, page: Page, book: DocumentsBook) -> None:
        self.sha256 = sha256
        self.crowded = len(page.words) > _MOST_WORDS
        """Not all of its words are read: nobody knows what the others say."""
        page = replace(page, words=page.words[:_MOST_WORDS]) if self.crowded else page
        self.sheets = sheets_of(page, _lexicon(book.labels))
        self.kind, self.because = kind_of_all(_of_titles(self.sheets), book)
        if self.crowded and self.kind not in OWN_PAPERS:  # reading costs with the square of it, and no form has so many
            self.kind, self.because = DocumentKind.OTRO, ("más palabras de las que tiene un formulario",)
        self.masked = masked_in(page)
        if self.masked and kind_of_all(_of_titles(self.sheets)[-1:], book)[0] is not self.kind:
            self.kind = DocumentKind.OTRO  # the pixels show no such title
        self.found = _found_on(self.sheets, page, book)
        self.beside = self.kind is DocumentKind.OTRO and not self.found.equipment and is_beside(self.sheets, book)
        """It says what holds in general: for and against a handing over it says nothing."""

    @property
    def says_something(self) -> bool:
        """Whether it shows the title of a paper, a value, equipment, or a place to sign."""
        found = self.found
        titled = self.kind is DocumentKind.ACTA or self.kind in OWN_PAPERS
        return (
            titled
            or any(getattr(found, name) for name in SINGLE)
            or bool(found.equipment or found.signed.signing_places)
        )


def _of_titles(sheets: Sequence[Sheet]) -> Sequence[Sheet]:
    """The readings by which a page's kind is judged.

    Not those that put a weaker engine's second look at values into the strong one's reading of the whole page: what it
    makes of a number that it cannot read may look like a title.
    """
    weaker = (Engine.RAPIDOCR, Engine.TESSERACT)
    return [sheet for sheet in sheets if sheet.mended is None or (sheet.engine, sheet.mended.engine) != weaker]


_UNSIGNED = Signed()


@dataclass(frozen=True, slots=True)
class Found(Singles):
    """The values that a page shows, how it is signed, and the equipment that it lists."""

    signed: Signed = _UNSIGNED
    equipment: tuple[EquipmentLine, ...] = ()


SINGLE = tuple(one.name for one in fields(Singles))
"""Names of the values of which a paper has one."""


@lru_cache(maxsize=4)
def _lexicon(labels: LabelsBook) -> Lexicon:
    made = {"numbered", "coded"}
    fields = [name for name in type(labels).model_fields if name not in SIGNING_LABELS | made]
    return Lexicon({name: labels.of_field(name) for name in fields})


def _found_on(sheets: Sequence[Sheet], page: Page, book: DocumentsBook) -> Found:
    """What the readings of one page say together."""
    looks = [_look(sheet, book) for sheet in sheets]
    codes = codes_of(page)
    read = {name: _readings(name, sheets, looks) for name in SINGLE}
    values = {
        name: agreed(name, fields, codes, _said_elsewhere(fields, sheets) if name == "holder" else ())
        for name, fields in read.items()
    }
    found = Found(
        **values,
        signed=surest([look.signed for look in looks]),
        equipment=_equipment_together(sheets, [look.equipment for look in looks], codes),
    )
    return _as_drawn(found, page) if page.engine is Engine.TEXTO and page.witnesses else found


def _look(sheet: Sheet, book: DocumentsBook) -> Found:
    """What one reading of a page says."""
    known: tuple[object, Any] = sheet.known.get("found", (None, None))
    if known[0] is not book:
        known = sheet.known["found"] = (book, _looked(sheet, book))
    found: Found = known[1]
    return found


def _looked(sheet: Sheet, book: DocumentsBook) -> Found:
    signing = signing_top(sheet)
    equipment, numbers = equipment_of(sheet, book, signing)
    single = singles(sheet, book, signing, numbers)
    names = (field.value if field else "" for field in (single.holder, single.agent))
    signed = signed_on(sheet, book, signing, *names)
    return Found(**{name: getattr(single, name) for name in SINGLE}, signed=signed, equipment=equipment)


def _readings(name: str, sheets: Sequence[Sheet], looks: Sequence[Found]) -> list[Field | None]:
    """A value as each sheet has it by its own engine; where none has, as words of the base stand in a mended one."""
    own = [_own(sheet, look, name) for sheet, look in zip(sheets, looks, strict=True)]
    return own if any(own) else [getattr(look, name) for look in looks]


def _said_elsewhere(readings: Sequence[Field | None], sheets: Sequence[Sheet]) -> frozenset[str]:
    """Which of several readings of a name stand in another place of the page too: under a signature, for the most."""
    names = {squeezed(field.value): field for field in readings if field is not None}
    if len(names) < 2:
        return frozenset()
    cells = {cell for sheet in sheets for row in sheet.rows for cell in row}
    return frozenset(
        name
        for name, field in names.items()
        if any(name in squeezed(cell.text) and not one_place(cell.box, field.box) for cell in cells)
    )


def _own(sheet: Sheet, look: Found, name: str) -> Field | None:
    """The value as this sheet's own engine read it: what a mended sheet has from its base was counted already."""
    field: Field | None = getattr(look, name)
    return field if field is not None and _is_own(sheet, field) else None


def _is_own(sheet: Sheet, field: Field) -> bool:
    return sheet.mended is None or field.engine is sheet.mended.engine


def _equipment_together(
    sheets: Sequence[Sheet], found: Sequence[tuple[EquipmentLine, ...]], codes: Sequence[Word]
) -> tuple[EquipmentLine, ...]:
    """The lines of the reading that shows most of them, each number agreed upon with the other readings."""
    base = max(range(len(found)), key=lambda at: (_numbers_in(found[at]), sheets[at].mended is None, at))
    others = [
        (sheet, line)
        for at, (sheet, lines) in enumerate(zip(sheets, found, strict=True))
        if at != base
        for line in lines
    ]

    def together(name: str, field: Field | None) -> Field | None:
        if field is None:
            return None
        same = [
            other
            for sheet, line in others
            if (other := getattr(line, name)) is not None and _is_own(sheet, other) and one_place(field.box, other.box)
        ]
        return agreed(name, [*same, field], codes)

    return tuple(
        replace(line, serial=together("serial", line.serial), mac=together("mac", line.mac)) for line in found[base]
    )


def _numbers_in(lines: Sequence[EquipmentLine]) -> int:
    return sum((line.serial is not None) + (line.mac is not None) for line in lines)


def _as_drawn(found: Found, page: Page) -> Found:
    """Values of a text layer: proven where the pixels show the same, gone or doubtful where they do not."""
    masked = masked_in(page)
    looked = tuple(region for witness in page.witnesses for region in witness.regions)

    def drawn(field: Field | None) -> Field | None:
        if field is None or field.engine is not Engine.TEXTO:
            return field
        if any(one_place(field.box, mask.place) for mask in masked):
            return None
        seen = any(one_place(field.box, region) for region in looked)
        return replace(field, proven=True) if seen and not field.rule.startswith(LOOSE) else field

    equipment = tuple(replace(line, serial=drawn(line.serial), mac=drawn(line.mac)) for line in found.equipment)
    singles: dict[str, Any] = {name: drawn(getattr(found, name)) for name in SINGLE}
    return replace(found, equipment=equipment, **singles)


def surest(looks: Sequence[Signed]) -> Signed:
    """Of each mark what any look found, else that one did not find it in its place; the places of the best look."""
    marks = {
        name: next(mark for mark in Signature if any(getattr(look, name) is mark for look in looks))
        for name in ("signature", "received", "stamp")
    }
    best = max(looks, key=lambda look: (has_place(look), len(look.signing_places)))
    return Signed(**marks, signing_places=best.signing_places)


def has_place(signed: Signed) -> bool:
    """Whether the customer's place was found."""
    return any(place.signer is Signer.CLIENTE for place in signed.signing_places)


def is_ours_to_take(line: EquipmentLine) -> bool:
    """Whether a line lists equipment of a service: by its name, a vendor's number, a MAC; chairs come back too."""
    serial = line.serial.value if line.serial else ""
    return line.type is not EquipmentType.OTRO or line.mac is not None or is_pon_serial(serial)


def tells_a_return(direction: Direction, found: Found) -> bool:
    """Whether equipment with a serial number came back."""
    return direction is Direction.DEVOLUCION and any(
        line.serial is not None and is_ours_to_take(line) for line in found.equipment
    )
