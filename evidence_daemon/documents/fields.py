"""What the papers say: words with places → kind, direction, numbers, names, equipment.  Pure.

By labels, neighbourhood and the structure of tables, never by the places of one layout.  A value is only
what the page shows, nothing is ever completed or taken from elsewhere.  Each page may have been read by several
engines: see `looks` for how their readings are laid side by side, `agreement` for what is made of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

from evidence_daemon.cases.equipment import canonical_mac, canonical_serial, is_pon_serial, plain
from evidence_daemon.cases.identity import read_id, same_id
from evidence_daemon.documents import attribution
from evidence_daemon.documents.agreement import agreed, one_place
from evidence_daemon.documents.dates import as_date
from evidence_daemon.documents.inventory import equipment_of, names_equipment
from evidence_daemon.documents.issuers import ours, own_ruc
from evidence_daemon.documents.kinds import direction_of, is_beside, kind_of_all
from evidence_daemon.documents.labelled import LOOSE
from evidence_daemon.documents.layout import Lexicon, Sheet, Span, squeezed
from evidence_daemon.documents.looks import Wanted, codes_of, masked_in, sheets_of
from evidence_daemon.documents.signers import SIGNING_LABELS, signing_top
from evidence_daemon.documents.signing import Signed, signed_on
from evidence_daemon.documents.ticks import choice_on, offered_on
from evidence_daemon.documents.values import Singles, singles
from evidence_daemon.model import (
    WITHOUT_SERIAL,
    Box,
    Direction,
    DocumentKind,
    Engine,
    EquipmentLine,
    EquipmentType,
    Field,
    Fields,
    IdCheck,
    Page,
    Reading,
    Sha256,
    Signature,
    Signer,
    Word,
    pages_of,
)
from evidence_daemon.rulebook import DocumentsBook, LabelsBook

_OWN_PAPERS = frozenset({DocumentKind.FACTURA, DocumentKind.COMPROBANTE, DocumentKind.CEDULA, DocumentKind.SOLICITUD})


def read_papers(readings: Sequence[Reading], book: DocumentsBook) -> tuple[Fields, ...]:
    """One `Fields` for each paper among the attachments, in their order.

    Pages belong to the paper before them until one begins anew: another kind of paper, or an acta with
    another number, holder or equipment.  Photos of one acta are thereby its pages, and values that
    two of them show alike are proven.  The pages of fields are those of the mail (see `pages_of`).
    """
    papers: list[_Paper] = []
    seen: set[tuple[Sha256, int]] = set()
    for number, (document, page) in enumerate(pages_of(readings), start=1):
        if (document.sha256, page.number) in seen:
            continue  # the same file twice is one reading, and proves nothing
        seen.add((document.sha256, page.number))
        _add(papers, _Leaf(document.sha256, replace(page, number=number), book))
    return tuple(_fields_of(paper, book) for paper in papers)


def yields(words: Sequence[Word]) -> int:
    """How many kinds of values that prove themselves stand among these words, whatever is around them.

    0..5: a cédula or a person's RUC (check digit), a PON serial, another serial, a MAC, a date.  By this a
    text layer is believed, and one way of reading a picture is preferred to another; no labels are needed.
    """
    kinds = set()
    for word in words:
        text = word.text.strip(".,;:()")
        if canonical_mac(text) and re.search(r"[0-9]", text):
            kinds.add("mac")
        elif is_pon_serial(text):
            kinds.add("pon")
        elif as_date(text):
            kinds.add("date")
        elif re.fullmatch(r"\d{10}|\d{10}001", text):
            number = read_id(text)
            if number is not None and number.check is IdCheck.OK and (len(text) == 10 or text[2] not in "69"):
                kinds.add("id")
        elif re.fullmatch(r"(?=.*[A-Z])(?=(?:.*[0-9]){5})[A-Z0-9]{9,20}", text):
            kinds.add("serial")
    return len(kinds)


# ── pages to papers ──────────────────────────────────────────────────────────────────────────────


class _Leaf:
    """One page and what it shows by itself."""

    def __init__(self, sha256: Sha256, page: Page, book: DocumentsBook) -> None:
        self.sha256 = sha256
        self.sheets = sheets_of(page, _lexicon(book.labels))
        self.kind, self.because = kind_of_all(_of_titles(self.sheets), book)
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
        titled = self.kind is DocumentKind.ACTA or self.kind in _OWN_PAPERS
        return (
            titled
            or any(getattr(found, name) for name in _SINGLE)
            or bool(found.equipment or found.signed.signing_places)
        )


def _of_titles(sheets: Sequence[Sheet]) -> Sequence[Sheet]:
    """The readings by which a page's kind is judged.

    Not those that put a weaker engine's second look at values into the strong one's reading of the whole page: what it
    makes of a number that it cannot read may look like a title.
    """
    weaker = (Engine.RAPIDOCR, Engine.TESSERACT)
    return [sheet for sheet in sheets if sheet.mended is None or (sheet.engine, sheet.mended.engine) != weaker]


@dataclass(slots=True)
class _Paper:
    leaves: list[_Leaf]
    kind: DocumentKind


def _add(papers: list[_Paper], leaf: _Leaf) -> None:
    home = next((paper for paper in reversed(papers) if paper.kind not in _OWN_PAPERS), None)
    if leaf.kind in _OWN_PAPERS or home is None or not _belongs(home, leaf):
        papers.append(_Paper([leaf], leaf.kind))
        return
    home.leaves.append(leaf)
    if leaf.kind is DocumentKind.ACTA or (home.kind is DocumentKind.VACIO and leaf.kind is DocumentKind.OTRO):
        home.kind = leaf.kind


def _belongs(home: _Paper, leaf: _Leaf) -> bool:
    """False where a page contradicts the paper before it: then it begins another one."""
    if leaf.kind is not DocumentKind.ACTA or home.kind is not DocumentKind.ACTA:
        return True
    for other in home.leaves:
        mine, its = leaf.found, other.found
        if other.kind is DocumentKind.ACTA and mine.number and its.number:
            if mine.number.value != its.number.value:
                return False
            continue  # its next page, whoever signs there
        if mine.id_number and its.id_number and not same_id(mine.id_number.value, its.id_number.value):
            return False
        serials = {canonical_serial(line.serial.value) for line in mine.equipment if line.serial}
        known = {canonical_serial(line.serial.value) for line in its.equipment if line.serial}
        if other.kind is DocumentKind.ACTA and serials and known and not serials & known and _dates_differ(mine, its):
            return False
    return True


def _is_ours_to_take(line: EquipmentLine) -> bool:
    """Whether a line lists equipment of a service: by its name, a vendor's number, a MAC; chairs come back too."""
    serial = line.serial.value if line.serial else ""
    return line.type is not EquipmentType.OTRO or line.mac is not None or is_pon_serial(serial)


def _dates_differ(one: _Found, two: _Found) -> bool:
    return one.date is not None and two.date is not None and one.date.value != two.date.value


def _fields_of(paper: _Paper, book: DocumentsBook) -> Fields:
    legible = [leaf for leaf in paper.leaves if leaf.kind is not DocumentKind.VACIO]
    sheets = [sheet for leaf in legible for sheet in leaf.sheets]
    telling = [sheet for leaf in legible if not leaf.beside for sheet in leaf.sheets]
    direction, ways = direction_of(telling, book.direction)
    mine, names = ours(sheets, book)
    found, doubts = _attributed(_of_pages(paper.leaves), paper.leaves, book)
    if doubts and direction is Direction.DEVOLUCION:
        direction = Direction.DESCONOCIDA
    ways = (*ways, *(f"contra: {said}" for said in doubts))
    listed = any(map(_is_ours_to_take, found.equipment)) or any(names_equipment(sheet, book) for sheet in telling)
    if direction is Direction.DEVOLUCION and found.equipment and not listed:
        direction, ways = Direction.DESCONOCIDA, (*ways, "contra: nada de lo que lista es equipo de un servicio")
    if direction is Direction.DEVOLUCION and _is_blank_form(found):
        direction, ways = Direction.DESCONOCIDA, (*ways, "contra: formulario sin llenar")
    # What says nothing (a company's banner beside the photo) is no part of the proof: elsewhere such pictures came from
    # customer after customer, and each but the first was suspected of using another's paper.
    speaking = [leaf for leaf in paper.leaves if leaf.says_something] or paper.leaves
    documents = tuple(dict.fromkeys(leaf.sha256 for leaf in speaking))
    because = tuple(dict.fromkeys(word for leaf in paper.leaves for word in leaf.because))
    kind = paper.kind
    if _is_untitled_acta(paper, direction, ways, found):
        kind, because = DocumentKind.ACTA, ("sin título: firmado por quien entrega y por quien recibe",)
    return Fields(
        documents=documents,
        kind=kind,
        direction=direction if kind is DocumentKind.ACTA else Direction.DESCONOCIDA,
        ours=mine,
        number=found.number,
        date=found.date,
        office=found.office,
        holder=found.holder,
        id_number=found.id_number,
        service_number=found.service_number,
        line=found.line,
        agent=found.agent,
        signature=found.signed.signature,
        received=found.signed.received,
        stamp=found.signed.stamp,
        signing_places=found.signed.signing_places,
        equipment=found.equipment,
        because=(*because, *ways, *names),
        masked=tuple(f"{mask.said} / {mask.seen or 'nada'}" for leaf in paper.leaves for mask in leaf.masked),
    )


def _is_blank_form(found: _Found) -> bool:
    """Whether a form tells of nobody, no service and no equipment, and nobody signed it: it returns nothing yet.

    Where the place of the customer's signature is unclear, values may stand there and be unread.
    """
    told = (
        found.id_number,
        found.service_number,
        *(one for line in found.equipment for one in (line.serial, line.mac)),
    )
    return found.signed.signature is Signature.NO_HALLADA and not any(told)


def _is_untitled_acta(paper: _Paper, direction: Direction, ways: Sequence[str], found: _Found) -> bool:
    """Whether a paper without any title says what an acta says: what was handed over, to us, signed by both.

    Clerks head theirs with the day, a greeting, or words that nobody has thought of.  Not what bears the title or the
    words of something else, nor what tells of one of the two acts alone: letters are received too, and claim much.
    """
    signed = found.signed
    told = [way for way in ways if not way.startswith("contra:")]
    return (
        paper.kind is DocumentKind.OTRO
        and not any(leaf.because or leaf.masked for leaf in paper.leaves)
        and _tells_a_return(direction, found)
        and all(any(verbs.search(plain(way)) for way in told) for verbs in (_GIVEN, _TAKEN))
        and None not in (found.id_number, found.date, found.service_number)
        and signed.signature is Signature.HALLADA
        and Signature.HALLADA in {signed.received, signed.stamp}
    )


_GIVEN = re.compile(
    r"\b(ENTREG[AOU]|DEVUEL[VT]|DEVOL[VU]|REINTEGR|RESTITU|RETORN|RECUPERAD|RETIRAD|RECOG|DEJA|PUEST[OA]S? EN)"
)
_TAKEN = re.compile(r"\b(RECIB|RECEP|RETIRA|RECOG|RECUPER)")
"""Verbs of giving back, and of taking, among the words that tell a direction."""


def _tells_a_return(direction: Direction, found: _Found) -> bool:
    return direction is Direction.DEVOLUCION and any(
        line.serial is not None and _is_ours_to_take(line) for line in found.equipment
    )


_UNSIGNED = Signed()


@dataclass(frozen=True, slots=True)
class _Found(Singles):
    signed: Signed = _UNSIGNED
    equipment: tuple[EquipmentLine, ...] = ()


_SINGLE = tuple(one.name for one in fields(Singles))


def _of_pages(leaves: Sequence[_Leaf]) -> _Found:
    """The best of each field over the pages; what two pages say alike is proven."""
    whole = _Found()
    for leaf in leaves:
        for name in _SINGLE:
            one, two = getattr(whole, name), getattr(leaf.found, name)
            whole = replace(whole, **{name: _better(one, two)})  # type: ignore[arg-type]
        one, two = whole.signed, leaf.found.signed
        signed = replace(_surest((one, two)), signing_places=(*one.signing_places, *two.signing_places))
        whole = replace(whole, signed=signed, equipment=_together(whole.equipment, leaf.found.equipment))
    return whole


def _surest(looks: Sequence[Signed]) -> Signed:
    """Of each mark what any look found, else that one did not find it in its place; the places of the best look."""
    marks = {
        name: next(mark for mark in Signature if any(getattr(look, name) is mark for look in looks))
        for name in ("signature", "received", "stamp")
    }
    best = max(looks, key=lambda look: (_has_place(look), len(look.signing_places)))
    return Signed(**marks, signing_places=best.signing_places)


def _attributed(found: _Found, leaves: Sequence[_Leaf], book: DocumentsBook) -> tuple[_Found, tuple[str, ...]]:
    """What the pages say, with the proof of what may be another's withdrawn; and why a person must look, if so."""
    legible = [leaf for leaf in leaves if leaf.kind is not DocumentKind.VACIO and not leaf.beside]
    sheets = [sheet for leaf in legible for sheet in leaf.sheets]
    known = {name: {squeezed(field.value)} for name in _SINGLE if (field := getattr(found, name)) is not None}
    known["equipment"] = {squeezed(one.value) for line in found.equipment for one in (line.serial, line.mac) if one}
    singles_found: dict[str, Any] = {
        name: attribution.attributed(
            name,
            getattr(found, name),
            sheets,
            book,
            frozenset().union(*(taken for other, taken in known.items() if other != name)),
        )
        for name in _SINGLE
    }
    equipment = tuple(attribution.listed(line, sheets) for line in found.equipment)
    doubts = attribution.kept_back(sheets, book.direction) if found.equipment else ()
    if doubts:
        equipment = tuple(map(attribution.not_shown, equipment))
    if attribution.many_people(sheets, book):
        doubts = (*doubts, "nombra a varias personas")
    if attribution.another_customer(
        [leaf.found.id_number for leaf in legible], [leaf.found.holder for leaf in legible]
    ):
        doubts = (*doubts, "otra página es de otro cliente")
        singles_found = {name: attribution.withdrawn(field) for name, field in singles_found.items()}
        equipment = tuple(map(attribution.not_shown, equipment))
    return replace(found, equipment=equipment, **singles_found), doubts


def _better(one: Field | None, two: Field | None) -> Field | None:
    if one is None or two is None:
        return one or two
    if one.value == two.value:
        best = max(one, two, key=lambda field: field.confidence)
        return replace(best, proven=not best.rule.startswith(LOOSE), rivals=())
    if one.proven != two.proven:
        return one if one.proven else two
    # Two unproven readings that differ: neither may pass for sure.
    best = max(one, two, key=lambda field: field.confidence)
    return best if one.proven else replace(best, confidence=min(best.confidence, 0.5))


def _together(one: tuple[EquipmentLine, ...], two: tuple[EquipmentLine, ...]) -> tuple[EquipmentLine, ...]:
    if not one or not two:
        return one or two
    known = {canonical_serial(line.serial.value): at for at, line in enumerate(one) if line.serial}
    merged = list(one)
    for line in two:
        key = canonical_serial(line.serial.value) if line.serial else ""
        if key in known and line.serial:
            old = merged[known[key]]
            merged[known[key]] = replace(old, serial=_better(old.serial, line.serial), mac=_better(old.mac, line.mac))
            continue
        bare = [at for at, old in enumerate(merged) if old.type is line.type and not old.serial and not old.mac]
        if bare and (line.serial or line.mac) and line.type not in WITHOUT_SERIAL:
            merged[bare[0]] = line  # one photo shows the piece, the other its number
        elif line.serial or line.mac or not any(line.type is old.type for old in one):
            merged.append(line)
    return tuple(merged)


# ── one page ─────────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=4)
def _lexicon(labels: LabelsBook) -> Lexicon:
    made = {"numbered", "coded"}
    fields = [name for name in type(labels).model_fields if name not in SIGNING_LABELS | made]
    return Lexicon({name: labels.of_field(name) for name in fields})


def _found_on(sheets: Sequence[Sheet], page: Page, book: DocumentsBook) -> _Found:
    """What the readings of one page say together."""
    looks = [_look(sheet, book) for sheet in sheets]
    codes = codes_of(page)
    read = {name: _readings(name, sheets, looks) for name in _SINGLE}
    values = {
        name: agreed(name, fields, codes, _said_elsewhere(fields, sheets) if name == "holder" else ())
        for name, fields in read.items()
    }
    found = _Found(
        **values,
        signed=_surest([look.signed for look in looks]),
        equipment=_equipment_together(sheets, [look.equipment for look in looks], codes),
    )
    return _as_drawn(found, page) if page.engine is Engine.TEXTO and page.witnesses else found


def _look(sheet: Sheet, book: DocumentsBook) -> _Found:
    """What one reading of a page says."""
    known: tuple[object, Any] = sheet.known.get("found", (None, None))
    if known[0] is not book:
        known = sheet.known["found"] = (book, _looked(sheet, book))
    found: _Found = known[1]
    return found


def _looked(sheet: Sheet, book: DocumentsBook) -> _Found:
    signing = signing_top(sheet)
    equipment, numbers = equipment_of(sheet, book, signing)
    single = singles(sheet, book, signing, numbers)
    names = (field.value if field else "" for field in (single.holder, single.agent))
    signed = signed_on(sheet, book, signing, *names)
    return _Found(**{name: getattr(single, name) for name in _SINGLE}, signed=signed, equipment=equipment)


def _readings(name: str, sheets: Sequence[Sheet], looks: Sequence[_Found]) -> list[Field | None]:
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


def _own(sheet: Sheet, look: _Found, name: str) -> Field | None:
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


def _as_drawn(found: _Found, page: Page) -> _Found:
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
    singles: dict[str, Any] = {name: drawn(getattr(found, name)) for name in _SINGLE}
    return replace(found, equipment=equipment, **singles)


# ── what is still wanted ─────────────────────────────────────────────────────────────────────────

_ASKED = ("number", "date", "holder", "id_number", "service_number", "line", "agent")
_COMPARED = ("number", "date", "holder", "id_number", "service_number")
"""Of a text layer these are compared with its pixels, besides title, direction and equipment."""
_NEEDED = ("date", "holder", "id_number", "service_number")
"""What every acta has; where one is not found, lines that were read badly or not at all are looked for.  Many forms
bear no number: missing it alone is worth no search, but a look at what stands beside other numbers."""
_SIGNED_BELOW = 0.4
"""Share of a page's height above which nobody signs."""
_ENOUGH_LETTERS = 250
_WELL_READ = 0.85
"""Letters, and their mean confidence, from which a page that is no acta is believed to be none."""


def wanted(page: Page, book: DocumentsBook) -> Wanted:
    """What a page does not yet show beyond doubt, so that it can be looked at again."""
    leaf = _Leaf(Sha256(""), page, book)
    sheet, found = leaf.sheets[0], leaf.found
    worth = yields(page.words)
    seen_whole = any(not witness.regions for witness in page.witnesses if witness.engine is not Engine.CODIGO)
    if leaf.kind in _OWN_PAPERS:
        return Wanted(leaf.kind, worth=worth)
    direction, _ = direction_of(leaf.sheets, book.direction)
    # What may pass for an acta without any title is looked at as closely as one.
    untitled = leaf.kind is DocumentKind.OTRO and not leaf.because and _tells_a_return(direction, found)
    if leaf.kind is not DocumentKind.ACTA and not untitled:
        letters = sum(sum(map(str.isalnum, word.text)) for word in page.words)
        # What says that it is something else besides an acta stays so, however often it is looked at.
        believed = bool(leaf.because) or (
            letters >= _ENOUGH_LETTERS and sheet.confidence >= _WELL_READ and not _tells_of_equipment(sheet)
        )
        poorly = not believed and not seen_whole and _is_poorly_read(page)
        return Wanted(leaf.kind, missing=not believed and not seen_whole, poorly=poorly, worth=worth)
    singles_found = [getattr(found, name) for name in _ASKED]
    numbers = [field for line in found.equipment for field in (line.serial, line.mac)]
    serials = [line.serial for line in found.equipment if line.type not in WITHOUT_SERIAL]
    values = [field for field in (*singles_found, *numbers) if field is not None and field.box is not None]
    if page.engine is Engine.TEXTO:
        keys = [getattr(found, name) for name in _COMPARED]
        shown = [field for field in (*keys, *numbers) if field and field.box]
        places = [place for field in shown for place in _lines_of(field, sheet)] + _telling(sheet, leaf.because, book)
    else:
        places = [field.box for field in values if not field.proven]
    missing = (
        any(getattr(found, name) is None for name in _NEEDED)
        or not serials
        or any(serial is None for serial in serials)
        or direction is Direction.DESCONOCIDA
        or not ours(leaf.sheets, book)[0]
    )
    open_as_a_whole = page.engine is not Engine.TEXTO and not seen_whole
    return Wanted(
        DocumentKind.ACTA,
        places=_apart([_roomy(place, sheet) for place in places if place is not None]),
        disputed=tuple(_roomy(field.box, sheet) for field in values if field.rivals and not field.proven and field.box)
        or tuple(mask.place for mask in leaf.masked),
        captions=_captions(sheet, found) if open_as_a_whole else (),
        poorly=open_as_a_whole and bool(missing or places) and _is_poorly_read(page),
        unclaimed=_unclaimed(sheet, found, book) if open_as_a_whole else (),
        offered=max(map(offered_on, leaf.sheets), key=len, default=()) if not page.tickboxes else (),
        missing=(missing or untitled) and not seen_whole,  # its title may be there, and unread
        unsigned=None if seen_whole or _has_place(found.signed) else _SIGNED_BELOW,
        worth=worth,
        untitled=untitled,
    )


def _has_place(signed: Signed) -> bool:
    """Whether the customer's place was found."""
    return any(place.signer is Signer.CLIENTE for place in signed.signing_places)


_UNSURE, _MANY_UNSURE = 0.6, 0.25
"""Confidence below which a number was read unsurely, and the share of such from which a page is worth a whole look:
what was filled in by hand, or photographed badly, has more (measured on papers; of printed ones few have)."""
_OF_A_NUMBER = 4
"""Digits."""


def _is_poorly_read(page: Page) -> bool:
    """Whether many of the numbers on a page were read unsurely, or none was."""
    numbers = [word.confidence for word in page.words if sum(map(str.isdigit, word.text)) >= _OF_A_NUMBER]
    return sum(sure < _UNSURE for sure in numbers) >= _MANY_UNSURE * len(numbers)


def _lines_of(field: Field, sheet: Sheet) -> list[Box]:
    """Where a value stands, line by line: what is broken over two lines is no strip that an engine could read."""
    box = field.box
    if box is None or box.y1 - box.y0 < _TWO_LINES * sheet.line_height:
        return [] if box is None else [box]
    said = set(field.raw.split())
    rows = [
        [w for cell in row for w in cell.words if w.text in said and _covered(w.box, box) > 0.5] for row in sheet.rows
    ]
    return [Span(tuple(row)).box for row in rows if row] or [box]


_TWO_LINES = 1.8

_MOST_CAPTIONS = 8
_MOST_UNCLAIMED = 10
_LIKE_A_NUMBER = re.compile(r"(?=(?:.*[0-9]){3}|(?=.*[0-9])(?:.*[0-9A-Z]){10})(?=(?:.*[0-9A-Z]){6})[^a-zñáéíóú]+")
"""Three digits among six capitals and digits at least, or one among ten: as numbers look, read well or badly."""


def _unclaimed(sheet: Sheet, found: _Found, book: DocumentsBook) -> tuple[Box, ...]:
    """Where numbers stand that are no field's, while one that a paper has is missing: it may have been misread."""
    equipment = [line for line in found.equipment if line.type not in WITHOUT_SERIAL]
    macs = [line.mac is None for line in equipment] if sheet.hits_of("mac") else []
    singles_found = [getattr(found, name) for name in ("number", "date", "id_number", "service_number")]
    if all(singles_found) and all(line.serial for line in equipment) and equipment and not any(macs):
        return ()
    taken = [field.box for field in singles_found if field is not None]
    taken += [field.box for line in equipment for field in (line.serial, line.mac) if field is not None]
    signing = signing_top(sheet)
    places = [
        word.box
        for row in sheet.rows
        for cell in row
        for word in cell.words
        if word.box.y0 < signing
        and _LIKE_A_NUMBER.fullmatch(word.text)
        and not own_ruc(re.sub(r"\D", "", word.text), book.ours)
        and not any(one_place(word.box, box) for box in taken)
    ]
    return tuple(_roomy(place, sheet) for place in places[:_MOST_UNCLAIMED])


def _captions(sheet: Sheet, found: _Found) -> tuple[Box, ...]:
    """Over and under each number that is no field's, while the paper's, the holder's or the service's is missing.

    Forms print captions in letters half as high as what is filled in, too small for an engine that reads a page.  Over
    names too, while the holder's is missing.
    """
    if found.id_number and found.service_number and found.number and found.holder:
        return ()
    taken = [field for name in _SINGLE if (field := getattr(found, name)) is not None]
    taken += [field for line in found.equipment for field in (line.serial, line.mac) if field is not None]
    places: list[Box] = []
    for row in sheet.rows:
        for cell in row:
            digits = sum(map(str.isdigit, cell.text))
            number = 6 <= digits <= 14 and len(cell.words) <= 3 and cell.box.y0 < 0.7
            name = not found.holder and not digits and 3 <= len(cell.words) <= 5 and cell.box.y0 < _SIGNED_BELOW
            if not number and not (name and cell.text.isupper()):
                continue
            if any(one_place(cell.box, field.box) for field in taken):
                continue
            box, high = cell.box, cell.box.y1 - cell.box.y0
            left, right = max(0.0, box.x0 - high * sheet.aspect), min(1.0, box.x1 + 4 * high * sheet.aspect)
            places.append(Box(left, max(0.0, box.y0 - 1.4 * high), right, max(0.001, box.y0 - 0.2 * high)))
            places.append(Box(left, min(0.998, box.y1 + 0.2 * high), right, min(1.0, box.y1 + 1.3 * high)))
    return tuple(places[: 2 * _MOST_CAPTIONS])


def _tells_of_equipment(sheet: Sheet) -> bool:
    """Whether a page without a title of an acta is about equipment all the same: then the title may be unread."""
    return bool(sheet.hits_of("serial") or sheet.hits_of("mac")) or re.search(r"\bEQUIPOS?\b", sheet.text) is not None


def _telling(sheet: Sheet, titles: Sequence[str], book: DocumentsBook) -> list[Box]:
    """Where a page says what it is and who hands over to whom."""
    cells = [cell for row in sheet.rows for cell in row]
    told = [cell.box for cell in cells if cell.text in titles]
    chosen = choice_on(sheet)
    told += [chosen.ticked] if chosen is not None and chosen.ticked is not None else []
    signing = signing_top(sheet)
    for cell in (cell for cell in cells if cell.box.y1 < signing):
        text = plain(cell.text)
        for found in filter(None, (re.search(phrase.pattern, text) for phrase in book.direction.returns)):
            start, stop = text[: found.start()].count(" "), text[: found.end()].count(" ") + 1
            told.append(Span(cell.words[start:stop] or cell.words).box)
    return told[:_MAX_TELLING]


def _apart(places: Sequence[Box]) -> tuple[Box, ...]:
    """Without those that lie in another for the most part: nothing is to be read twice in one look."""
    kept: list[Box] = []
    for place in sorted(places, key=lambda box: (box.x0 - box.x1) * (box.y1 - box.y0)):
        if not any(_covered(place, other) > 0.5 for other in kept):
            kept.append(place)
    return tuple(kept)


def _covered(place: Box, other: Box) -> float:
    wide = min(place.x1, other.x1) - max(place.x0, other.x0)
    high = min(place.y1, other.y1) - max(place.y0, other.y0)
    area = (place.x1 - place.x0) * (place.y1 - place.y0)
    return max(0.0, wide) * max(0.0, high) / area if area > 0 else 1.0


_MAX_TELLING = 5


def _roomy(box: Box, sheet: Sheet) -> Box:
    """A place with some room round it, so that no letter at its edge is cut."""
    high = box.y1 - box.y0
    up, side = 0.3 * high, 0.5 * high * sheet.aspect
    return Box(max(0.0, box.x0 - side), max(0.0, box.y0 - up), min(1.0, box.x1 + side), min(1.0, box.y1 + up))
