"""What the papers say: words with places → kind, direction, numbers, names, equipment.  Pure.

By labels, neighbourhood and the structure of tables, never by the places of one layout.  A value is only
what the page shows: what looks like a digit is read as one where only digits can stand (and is then never
proven), nothing is ever completed or taken from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import assert_never

from evidence_daemon.cases.equipment import (
    canonical_mac,
    canonical_serial,
    equipment_type,
    is_pon_serial,
    label_form,
    plain,
    types_named,
)
from evidence_daemon.cases.identity import read_id, same_id
from evidence_daemon.documents.kinds import direction_of, kind_of, ours, own_ruc
from evidence_daemon.documents.layout import Hit, Lexicon, Sheet, Span, column_of, columns, squeezed, value_after
from evidence_daemon.model import (
    WITHOUT_SERIAL,
    Box,
    Direction,
    Document,
    DocumentKind,
    Engine,
    EquipmentLine,
    EquipmentType,
    Field,
    Fields,
    IdCheck,
    Line,
    Page,
    Reading,
    Sha256,
    Signature,
    Unreadable,
    Word,
)
from evidence_daemon.rulebook import DocumentsBook, LabelsBook

_OWN_PAPERS = frozenset({DocumentKind.FACTURA, DocumentKind.COMPROBANTE, DocumentKind.CEDULA, DocumentKind.SOLICITUD})
_SURE = 0.8
"""Confidence from which a number with a right check digit counts as proven."""


def read_papers(readings: Sequence[Reading], book: DocumentsBook) -> tuple[Fields, ...]:
    """One `Fields` for each paper among the attachments, in their order.

    Pages belong to the paper before them until one begins anew: another kind of paper, or an acta with
    another number, holder or equipment.  Photos of one acta are thereby its pages, and values that
    two of them show alike are proven.
    """
    papers: list[_Paper] = []
    seen: set[Sha256] = set()
    for reading in readings:
        if reading.sha256 in seen:
            continue  # the same file twice is one reading, and proves nothing
        seen.add(reading.sha256)
        match reading:
            case Document():
                for page in reading.pages:
                    _add(papers, _Leaf(reading.sha256, page, book))
            case Unreadable():
                pass
            case _:
                assert_never(reading)
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
        elif _as_date(text):
            kinds.add("date")
        elif re.fullmatch(r"\d{10}|\d{10}001", text):
            number = read_id(text)
            if number is not None and number.check is IdCheck.OK and text[2] not in "69":
                kinds.add("id")
        elif re.fullmatch(r"(?=.*[A-Z])(?=(?:.*[0-9]){5})[A-Z0-9]{9,20}", text):
            kinds.add("serial")
    return len(kinds)


# ── pages to papers ──────────────────────────────────────────────────────────────────────────────


class _Leaf:
    """One page and what it shows by itself."""

    def __init__(self, sha256: Sha256, page: Page, book: DocumentsBook) -> None:
        self.sha256 = sha256
        self.sheet = Sheet(page, _lexicon(book.labels))
        self.kind, self.because = kind_of(self.sheet, book)
        self.found = _found_on(self.sheet, book)


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
        if other.kind is DocumentKind.ACTA and mine.number and its.number and mine.number.value != its.number.value:
            return False
        if mine.id_number and its.id_number and not same_id(mine.id_number.value, its.id_number.value):
            return False
        serials = {canonical_serial(line.serial.value) for line in mine.equipment if line.serial}
        known = {canonical_serial(line.serial.value) for line in its.equipment if line.serial}
        if other.kind is DocumentKind.ACTA and serials and known and not serials & known and _dates_differ(mine, its):
            return False
    return True


def _dates_differ(one: _Found, two: _Found) -> bool:
    return one.date is not None and two.date is not None and one.date.value != two.date.value


def _fields_of(paper: _Paper, book: DocumentsBook) -> Fields:
    sheets = [leaf.sheet for leaf in paper.leaves if leaf.kind is not DocumentKind.VACIO]
    direction, ways = direction_of(sheets, book.direction)
    mine, names = ours(sheets, book)
    found = _of_pages(paper.leaves)
    documents = tuple(dict.fromkeys(leaf.sha256 for leaf in paper.leaves))
    because = tuple(dict.fromkeys(word for leaf in paper.leaves for word in leaf.because))
    return Fields(
        documents=documents,
        kind=paper.kind,
        direction=direction if paper.kind is DocumentKind.ACTA else Direction.DESCONOCIDA,
        ours=mine,
        number=found.number,
        date=found.date,
        office=found.office,
        holder=found.holder,
        id_number=found.id_number,
        service_number=found.service_number,
        line=found.line,
        agent=found.agent,
        signature=found.signature,
        equipment=found.equipment,
        because=(*because, *ways, *names),
    )


@dataclass(frozen=True, slots=True)
class _Found:
    number: Field | None = None
    date: Field | None = None
    office: Field | None = None
    holder: Field | None = None
    id_number: Field | None = None
    service_number: Field | None = None
    line: Field | None = None
    agent: Field | None = None
    signature: Signature = Signature.DUDOSA
    equipment: tuple[EquipmentLine, ...] = ()


_SINGLE = ("number", "date", "office", "holder", "id_number", "service_number", "line", "agent")


def _of_pages(leaves: Sequence[_Leaf]) -> _Found:
    """The best of each field over the pages; what two pages say alike is proven."""
    whole = _Found()
    for leaf in leaves:
        for name in _SINGLE:
            one, two = getattr(whole, name), getattr(leaf.found, name)
            whole = replace(whole, **{name: _better(one, two)})  # type: ignore[arg-type]
        signed = {whole.signature, leaf.found.signature}
        if Signature.HALLADA in signed:
            signature = Signature.HALLADA
        else:
            signature = Signature.NO_HALLADA if Signature.NO_HALLADA in signed else Signature.DUDOSA
        whole = replace(whole, signature=signature, equipment=_together(whole.equipment, leaf.found.equipment))
    return whole


def _better(one: Field | None, two: Field | None) -> Field | None:
    if one is None or two is None:
        return one or two
    if one.value == two.value:
        best = max(one, two, key=lambda field: field.confidence)
        return replace(best, proven=True)
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
    return Lexicon({name: getattr(labels, name) for name in type(labels).model_fields})


@dataclass(frozen=True, slots=True)
class _Value:
    """Something that may be a field's value, and how it stands to the label."""

    span: Span
    hit: Hit
    way: str
    """"tras" (behind the label), "derecha" (in the next cell), "debajo" (below)."""


def _found_on(sheet: Sheet, book: DocumentsBook) -> _Found:
    signing = _signing_top(sheet)
    equipment, rows = _equipment(sheet, book, signing)
    return _Found(
        number=_number(sheet),
        date=_date(sheet),
        office=_text(sheet, "office", signing, _office),
        holder=(holder := _holder(sheet, book, signing)),
        id_number=_id_number(sheet, book, signing),
        service_number=_service_number(sheet, rows),
        line=_line(sheet, book),
        agent=_text(sheet, "agent", 2.0, _person) or _agent_below(sheet, signing),
        signature=_signature(sheet, signing, holder.value if holder else ""),
        equipment=equipment,
    )


def _values(sheet: Sheet, field: str) -> Iterator[_Value]:
    """Candidates for a field: labels from the top, each with what is behind it, right of it, below it."""
    for hit in sheet.hits_of(field):
        behind = value_after(sheet, hit)
        if behind is not None:
            yield _Value(behind, hit, "tras")
        row = sheet.rows[hit.row]
        alone = hit.end == len(row[hit.cell].words) or behind is None
        if not alone:
            continue
        beside = [_Value(span, hit, "derecha") for span in _beside(sheet, hit)]
        under = [_Value(span, hit, "debajo") for span in _under(sheet, hit)]
        colon = row[hit.cell].words[-1].text.endswith(":")
        yield from (*beside, *under) if colon else (*under, *beside)


def _beside(sheet: Sheet, hit: Hit) -> Iterator[Span]:
    row = sheet.rows[hit.row]
    if hit.cell + 1 < len(row) and not _opens_with_label(sheet, hit.row, hit.cell + 1):
        yield _before_labels(sheet, hit.row, hit.cell + 1)


def _under(sheet: Sheet, hit: Hit) -> Iterator[Span]:
    for row, cell, _ in sheet.below(sheet.label_box(hit)):
        if not _opens_with_label(sheet, row, cell):
            yield _before_labels(sheet, row, cell)


def _opens_with_label(sheet: Sheet, row: int, cell: int) -> bool:
    """True for a label; what only begins like one ("CAC Sur", "Línea fija", "ACTA 12") may be a value."""
    for hit in sheet.strong_hits_in(row, cell):
        if hit.start == 0:
            words = sheet.rows[row][cell].words
            whole = hit.end == len(words)
            if (
                whole
                or words[hit.end - 1].text.endswith(":")
                or not hit.fields & {"office", "line", "service_number", "type"}
            ):
                return True
    return False


def _before_labels(sheet: Sheet, row: int, cell: int) -> Span:
    words = sheet.rows[row][cell].words
    stops = [hit.start for hit in sheet.strong_hits_in(row, cell) if hit.start > 0]
    return Span(words[: min(stops, default=len(words))])


def _field(sheet: Sheet, value: str, span: Span, rule: str) -> Field:
    """A value with its place; a number is as sure as its least sure word, a name as its words on average."""
    least = min((word.confidence for word in span.words if re.search(r"\w", word.text)), default=0.0)
    sure = least if any(c.isdigit() for c in value) else span.confidence
    return Field(value, span.text, sheet.number, span.box, round(sure, 3), sheet.engine, rule)


def _signing_top(sheet: Sheet) -> float:
    """Where the signatures begin (fraction of the height): below, names and numbers are the signers'."""
    tops = [sheet.span_of(hit).box.y0 for hit in sheet.hits_of("signing") if hit.start == 0]
    tops = [top for top in tops if top > 0.3]
    for hit in sheet.hits_of("customer_signs"):
        cell = sheet.rows[hit.row][hit.cell]
        if sheet.fills_its_cell(hit) and not _has_colon(cell, hit) and cell.box.y0 > 0.45:
            tops.append(cell.box.y0)
    return min(tops, default=2.0)


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────

_DIGIT_FOR = str.maketrans(
    {"O": "0", "Q": "0", "D": "0", "I": "1", "L": "1", "S": "5", "Z": "2", "B": "8", "G": "6", "!": "1", "|": "1"}
)
_ID = re.compile(r"(?<![0-9A-Z])([0-9OQISZBLG!|][0-9OQISZBLG!| .\-]{7,16}[0-9OQISZBLG!|])(?![0-9A-Z])")
_PASSPORT = re.compile(r"(?<![0-9A-Z])([A-Z]{1,3}[0-9]{5,9})(?![0-9A-Z])")


def _digits(text: str, lengths: Iterable[int]) -> tuple[str, bool] | None:
    """(digits, whether letters were taken for digits) of the first number of an allowed length in a text."""
    for match in _ID.finditer(plain(text)):
        piece = re.sub(r"[ .\-]", "", match[1])
        for candidate in (piece, *re.split(r"\s+", match[1])):
            digits = re.sub(r"[.\-]", "", candidate)
            if len(digits) in lengths and sum(c.isdigit() for c in digits) >= len(digits) - 2:
                return digits.translate(_DIGIT_FOR), not digits.isdigit()
    return None


def _id_number(sheet: Sheet, book: DocumentsBook, signing: float) -> Field | None:
    """The holder's: labelled, not the company's, not the agent's; above the signatures where there is one."""
    found: list[tuple[int, float, Field]] = []
    agents = [sheet.span_of(hit).box for hit in sheet.hits_of("agent") if hit.strong]
    for value in _values(sheet, "id_number"):
        number = _digits(value.span.text, (10, 13))
        passport = _PASSPORT.search(plain(value.span.text)) if "PASAP" in value.hit.label else None
        if number is None and passport is None:
            continue
        text, repaired = number if number is not None else (passport[1] if passport else "", False)
        if own_ruc(text, book.ours):
            continue
        span = _only(value.span, text)
        check = read_id(text)
        valid = check is not None and check.check is IdCheck.OK
        field = _field(sheet, text, span, f"id:{value.way}:{value.hit.label}")
        field = replace(field, proven=valid and not repaired and field.confidence >= _SURE)
        low = span.box.y0 >= signing
        near_agent = any(0 <= span.box.y0 - box.y0 < 2.5 * sheet.line_height for box in agents)
        found.append((2 * low + 2 * near_agent + (not valid), span.box.y0, field))
    if not found:
        return None
    found.sort(key=lambda one: (one[0], one[1]))
    best = found[0][2]
    again = [field for _, _, field in found[1:] if same_id(field.value, best.value)]
    if again:
        best = replace(best, proven=True, confidence=max(best.confidence, *(field.confidence for field in again)))
    return best


def _only(span: Span, value: str) -> Span:
    """The words of a span that make up a value: its box should frame the number and nothing else."""
    for size in range(1, len(span.words) + 1):
        for start in range(len(span.words) - size + 1):
            words = span.words[start : start + size]
            built = re.sub(r"[^0-9A-Z]", "", plain("".join(word.text for word in words)))
            if value in built or value in built.translate(_DIGIT_FOR):
                return Span(words)
    return span


_SERVICE = re.compile(r"(?<![0-9A-Z])(\(?0?[0-9]{1,3}\)?(?:[ .\-]{0,2}[0-9]{1,8}){1,4})(?![0-9A-Z])")
_STRICT_SERVICE = ("SERVICIO", "TELEFONIC", "CUENTA", "LOGIN")


def _service_number(sheet: Sheet, taken: frozenset[str]) -> Field | None:
    """Labelled as the service's; "NUMERO" and "TELEFONO" alone count where nothing says it better."""
    found: list[tuple[int, float, Field]] = []
    for value in _values(sheet, "service_number"):
        match = _SERVICE.search(plain(value.span.text).replace("–", "-"))
        if match is None:
            continue
        digits = re.sub(r"\D", "", match[1])
        if digits.startswith("593") and len(digits) in (11, 12):
            digits = "0" + digits[3:]
        if not 6 <= len(digits) <= 10 or digits in taken or _as_date(match[1]):
            continue
        named = any(word in value.hit.label for word in _STRICT_SERVICE) and value.hit.label not in {
            "SERVICIO",
            "CUENTA",
        }
        mobile = len(digits) == 10 and digits.startswith("09")
        if (len(digits) == 10 and not named) or (mobile and not named):
            continue  # ten digits behind a loose label are a cédula or a mobile phone
        span = _only(value.span, digits[1:] if match[1].strip().startswith("593") else digits)
        field = _field(sheet, digits, span, f"servicio:{value.way}:{value.hit.label}")
        found.append((not named, span.box.y0, field))
    if not found:
        return None
    found.sort(key=lambda one: (one[0], one[1]))
    best = found[0][2]
    again = any(field.value == best.value and field.box != best.box for _, _, field in found[1:])
    return replace(best, proven=True) if again else best


_ACTA_NUMBER = re.compile(
    r"(?<![A-Z0-9/])((?:[A-Z]{1,5}[\-/ ]?)?[A-Z0-9]*(?:[\-/][A-Z0-9]+)*[0-9]{3,}(?:[\-/][A-Z0-9]+)*)(?![A-Z0-9/])"
)


def _number(sheet: Sheet) -> Field | None:
    """The acta's own number: behind "Acta No.", or behind a bare "No." at the head of the page."""
    best: tuple[int, Field] | None = None
    for value in _values(sheet, "number"):
        loose = value.hit.label in {"NO", "NRO", "ACTA"}
        cell = sheet.rows[value.hit.row][value.hit.cell]
        if loose and (value.span.box.y0 > 0.4 or (value.way != "tras" and len(cell.words) > 3)):
            continue
        first = plain(value.span.words[0].text).strip(".:# ")
        match = _ACTA_NUMBER.fullmatch(first)
        if match is None and len(value.span.words) > 1 and squeezed(first) in {"N", "NO", "NRO", "NUMERO", ""}:
            first = plain(value.span.words[1].text).strip(".:# ")
            match = _ACTA_NUMBER.fullmatch(first)
        if match is None or _as_date(first) or not any(c.isdigit() for c in first) or re.sub(r"\D", "", first) == "":
            continue
        rank = loose + (value.way != "tras")
        if best is None or rank < best[0]:
            best = (
                rank,
                _field(
                    sheet,
                    first,
                    _only(value.span, re.sub(r"[^0-9A-Z]", "", first)),
                    f"acta:{value.way}:{value.hit.label}",
                ),
            )
    return best[1] if best else None


# ── date ─────────────────────────────────────────────────────────────────────────────────────────

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("ENERO ENE JAN", "FEBRERO FEB", "MARZO MAR", "ABRIL ABR APR", "MAYO MAY", "JUNIO JUN", "JULIO JUL",
         "AGOSTO AGO AUG", "SEPTIEMBRE SEP SEPT SETIEMBRE SET", "OCTUBRE OCT", "NOVIEMBRE NOV", "DICIEMBRE DIC DEC"),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = "(" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + ")"
_DATES: tuple[tuple[re.Pattern[str], tuple[int, int, int]], ...] = (
    (re.compile(r"(?<!\d)(20\d\d) ?[\-/.] ?(\d{1,2}) ?[\-/.] ?(\d{1,2})(?!\d)"), (1, 2, 3)),
    (re.compile(r"(?<!\d)(\d{1,2}) ?[\-/.] ?(\d{1,2}) ?[\-/.] ?(20\d\d)(?!\d)"), (3, 2, 1)),
    (re.compile(rf"(?<!\d)(\d{{1,2}}) ?[\-/. ] ?{_MONTH}\.? ?[\-/. ] ?(20\d\d)(?!\d)"), (3, 2, 1)),
    (
        re.compile(
            rf"(?<!\d)(\d{{1,2}})(?:ER|RO)?(?: DIAS?)? DE(?:L MES DE)? {_MONTH}(?: DE| DEL)?(?: ANO)? (20\d\d)(?!\d)"
        ),
        (3, 2, 1),
    ),
    (re.compile(rf"{_MONTH} (\d{{1,2}}),? (?:DE |DEL )?(20\d\d)(?!\d)"), (3, 1, 2)),
    (re.compile(r"(?<!\d)(\d{1,2})[\-/](\d{1,2})[\-/](\d\d)(?!\d)"), (3, 2, 1)),
)


def _as_date(text: str) -> str:
    """ISO form of the first date in a text, or ""."""
    upper = plain(text)
    for pattern, (year, month, day) in _DATES:
        match = pattern.search(upper)
        if match is None:
            continue
        full = int(match[year]) if len(match[year]) == 4 else 2000 + int(match[year])
        at = _MONTHS.get(match[month], 0) or (int(match[month]) if match[month].isdigit() else 0)
        try:
            return date(full, at, int(match[day])).isoformat()
        except ValueError:
            continue
    return ""


def _date(sheet: Sheet) -> Field | None:
    """Behind a label; else the only date that the page names, or the first of its upper half."""
    for value in _values(sheet, "date"):
        iso = _as_date(value.span.text)
        if iso:
            return _field(sheet, iso, value.span, f"fecha:{value.way}:{value.hit.label}")
    free = [(cell, iso) for row in sheet.rows for cell in row if (iso := _as_date(cell.text))]
    if not free:
        return None
    cell, iso = free[0]
    if len({found for _, found in free}) > 1 and cell.box.y0 > 0.5:
        return None
    return _field(sheet, iso, cell, "fecha:en el texto")


# ── names ────────────────────────────────────────────────────────────────────────────────────────

_NAME_WORD = re.compile(r"[^\W\d_][\w'’.\-]*", re.UNICODE)


def _text(sheet: Sheet, field: str, signing: float, fit: Callable[[Span], str]) -> Field | None:
    """A value in words: its label opens a cell (prose is full of such words), with a colon or alone."""
    for value in _values(sheet, field):
        cell = sheet.rows[value.hit.row][value.hit.cell]
        colon = _has_colon(cell, value.hit)
        opens = sheet.fills_its_cell(value.hit) or (value.hit.strong and colon)
        if not opens and not (field == "office" and value.hit.start == 0):
            continue
        if value.span.box.y0 >= signing:
            continue
        text = fit(value.span)
        if text and field == "office" and value.hit.label == "CAC":
            text = f"CAC {text}"
        if text:
            return _field(sheet, text, value.span, f"{field}:{value.way}:{value.hit.label}")
    return None


def _holder(sheet: Sheet, book: DocumentsBook, signing: float) -> Field | None:
    """Behind a label; else in prose, where capitals follow one: "el señor JUAN PÉREZ MORA, con cédula …"."""
    labelled = _text(sheet, "holder", signing, _person)
    if labelled is not None:
        return labelled
    for hit in sheet.hits_of("holder"):
        cell = sheet.rows[hit.row][hit.cell]
        following = [*cell.words[hit.end :]]
        if hit.row + 1 < len(sheet.rows) and len(cell.words) >= 7:
            following += sheet.rows[hit.row + 1][0].words
        name: list[Word] = []
        for word in following:
            if not re.fullmatch(r"[A-ZÁÉÍÓÚÜÑ][\w'’.\-]+,?;?", word.text):
                break
            name.append(word)
            if word.text[-1] in ",;":
                break
        text = _person(Span(tuple(name))) if len(name) >= 2 else ""
        if text and squeezed(text) not in {squeezed(own) for own in book.ours.names}:
            return _field(sheet, text, Span(tuple(name)), f"holder:en el texto:{hit.label}")
    return None


def _has_colon(cell: Span, hit: Hit) -> bool:
    last = cell.words[hit.end - 1].text
    after = cell.words[hit.end].text if hit.end < len(cell.words) else ""
    return ":" in last or after.startswith(":")


def _person(span: Span) -> str:
    """A person's or company's name: two to eight words of letters."""
    words = [word.text.strip(".,:;") for word in span.words]
    named = [word for word in words if _NAME_WORD.fullmatch(word)]
    if not 2 <= len(named) <= 9 or len(named) < len([word for word in words if word]) - 1:
        return ""
    if sum(len(word) for word in named) < 7:
        return ""
    return " ".join(named).upper()


def _office(span: Span) -> str:
    words = [word.text for word in span.words]
    text = re.split(r",\s*\d", " ".join(words))[0].strip(" .:;,-")
    return text if sum(c.isalpha() for c in text) >= 2 and len(text) <= 60 else ""


def _agent_below(sheet: Sheet, signing: float) -> Field | None:
    """The name under "RECIBÍ CONFORME … CNT", where no label names the agent."""
    for hit in sheet.hits_of("signing"):
        box = sheet.span_of(hit).box
        if not hit.label.startswith("RECIB") or box.y0 < signing - 0.01:
            continue
        wide = Box(box.x0 - 0.08, box.y0, box.x1 + 0.08, box.y1)
        for row, cell, span in sheet.below(wide, rows=4, reach=6.0):
            if sheet.strong_hits_in(row, cell):
                continue
            name = _person(span)
            if name and "CNT" not in name.split():
                return _field(sheet, name, span, "agent:bajo la firma")
    return None


# ── line of business ─────────────────────────────────────────────────────────────────────────────


def _line(sheet: Sheet, book: DocumentsBook) -> Field | None:
    """The only line that stands behind its label; of several that are printed, the one that is ticked."""
    for value in _values(sheet, "line"):
        cells = sheet.rows[value.hit.row][value.hit.cell + 1 :] if value.way == "tras" else ()
        named = [found for span in (value.span, *cells) for found in _lines_in(span, book)]
        if len(value.span.words) <= 8 and len({line for line, _ in named}) == 1:
            return _field(sheet, named[0][0].value, value.span, f"linea:{value.way}:{value.hit.label}")
        ticked = {line for line, before in named if before and before.text.upper() in book.words.marks}
        if len(ticked) == 1:
            return _field(sheet, ticked.pop().value, value.span, f"linea:marcada:{value.hit.label}")
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


# ── signature ────────────────────────────────────────────────────────────────────────────────────


def _signature(sheet: Sheet, signing: float, holder: str) -> Signature:
    """Ink over the place where the customer signs: his label, or his name under a line."""
    places = [
        sheet.span_of(hit).box
        for hit in sheet.hits_of("customer_signs")
        if hit.start == 0 and _signs_here(sheet, hit, signing)
    ]
    if holder:
        names = [
            cell for row in sheet.rows for cell in row if cell.box.y0 > 0.4 and squeezed(cell.text) == squeezed(holder)
        ]
        places += [cell.box for cell in names if cell.box.y0 >= min(signing, 0.5) - 0.01]
    if not places:
        return Signature.DUDOSA
    if any(_lies_in(ink, _room_above(sheet, box)) for box in places for ink in sheet.ink):
        return Signature.HALLADA
    clear = sheet.engine is Engine.TEXTO or sheet.confidence >= 0.75
    return Signature.NO_HALLADA if clear else Signature.DUDOSA


def _signs_here(sheet: Sheet, hit: Hit, signing: float) -> bool:
    cell = sheet.rows[hit.row][hit.cell]
    return sheet.span_of(hit).box.y0 >= signing - 0.01 and len(cell.words) <= hit.end - hit.start + 1


def _room_above(sheet: Sheet, label: Box) -> Box:
    """From the text above down to the label, and as wide as a signature is."""
    middle, half = (label.x0 + label.x1) / 2, max(0.14, 0.75 * (label.x1 - label.x0))
    top = max(0.0, label.y0 - 8 * sheet.line_height)
    for row in sheet.rows:
        for cell in row:
            # What was read out of a scribble is no text: it is short and unsure.
            if cell.confidence < 0.7 or sum(map(str.isalnum, cell.text)) < 6:
                continue
            if cell.box.y1 <= label.y0 and cell.box.x0 < middle + half and cell.box.x1 > middle - half:
                top = max(top, cell.box.y1)
    return Box(middle - half, top, middle + half, label.y1)


def _lies_in(ink: Box, room: Box) -> bool:
    width = min(ink.x1, room.x1) - max(ink.x0, room.x0)
    height = min(ink.y1, room.y1) - max(ink.y0, room.y0)
    if width <= 0 or height <= 0 or width < 0.04:
        return False
    return width * height >= 0.35 * (ink.x1 - ink.x0) * (ink.y1 - ink.y0)


# ── equipment ────────────────────────────────────────────────────────────────────────────────────

_SERIAL = re.compile(r"[A-Z0-9][A-Z0-9\-]{4,22}[A-Z0-9]")
_HEADINGS = ("type", "brand", "model", "brand_model", "serial", "mac", "count", "state")
_NOTHING = frozenset({"NA", "SN", "SINSERIE", "SINNUMERO", "NOAPLICA", "NINGUNO", "NINGUNA", ""})


def _equipment(sheet: Sheet, book: DocumentsBook, signing: float) -> tuple[tuple[EquipmentLine, ...], frozenset[str]]:
    """Lines of equipment, by the page's table or line by line; and the numbers that they hold."""
    table = _table(sheet, book, signing)
    lines = table if table else _listed(sheet, book, signing)
    numbers = frozenset(field.value for line in lines for field in (line.serial, line.mac) if field)
    return lines, numbers


def _table(sheet: Sheet, book: DocumentsBook, signing: float) -> tuple[EquipmentLine, ...]:
    for number, row in enumerate(sheet.rows):
        heads: dict[str, Box] = {}
        for hit in sheet.hits:
            if hit.row == number and hit.fields & set(_HEADINGS) and not _has_value(sheet, hit):
                name = next(name for name in _HEADINGS if name in hit.fields)
                heads.setdefault(name, sheet.span_of(hit).box)
        if not ({"serial", "mac"} & heads.keys()) or len(heads) < 2:
            continue
        covered = sum(hit.end - hit.start for hit in sheet.hits if hit.row == number)
        if covered < 0.5 * sum(len(cell.words) for cell in row):
            continue  # a sentence that speaks of series and marks
        body = _body(sheet, number, signing)
        if not body:
            continue
        named = sorted([*heads.items(), *_other_heads(sheet, number, heads)], key=lambda head: head[1].x0)
        names, edges = columns(named, [word for line in (row, *body) for cell in line for word in cell.words])
        lines = tuple(filter(None, (_row(sheet, cells, names, edges, book) for cells in body)))
        if lines:
            return lines
    return ()


def _has_value(sheet: Sheet, hit: Hit) -> bool:
    """A heading has a colon or a value behind it only in lists: "Serie: ZTEG…" heads no column."""
    cell = sheet.rows[hit.row][hit.cell]
    return _has_colon(cell, hit)


def _other_heads(sheet: Sheet, number: int, heads: dict[str, Box]) -> list[tuple[str, Box]]:
    """Headings that no label knows (an item number, a date): they bound their neighbours all the same."""
    known = list(heads.values())
    return [
        ("", cell.box)
        for cell in sheet.rows[number]
        if not any(cell.box.x0 < box.x1 and box.x0 < cell.box.x1 for box in known)
    ]


def _body(sheet: Sheet, header: int, signing: float) -> list[tuple[Span, ...]]:
    """Rows under a heading until the table ends: at a wide gap, at the next section, at the signatures."""
    body: list[tuple[Span, ...]] = []
    bottom = max(cell.box.y1 for cell in sheet.rows[header])
    for number in range(header + 1, len(sheet.rows)):
        row = sheet.rows[number]
        top = min(cell.box.y0 for cell in row)
        if top - bottom > 6 * sheet.line_height or top >= signing:
            break
        if any(
            hit.row == number
            and hit.strong
            and hit.start == 0
            and hit.fields & {"other", "signing", "date", "holder", "id_number"}
            for hit in sheet.hits
        ):
            break
        if sum(len(cell.words) for cell in row) > 14:
            break  # a sentence
        body.append(row)
        bottom = max(cell.box.y1 for cell in row)
    return body


def _row(
    sheet: Sheet, cells: Sequence[Span], names: Sequence[str], edges: Sequence[float], book: DocumentsBook
) -> EquipmentLine | None:
    by_column: dict[str, list[Word]] = {}
    for cell in cells:
        for word in cell.words:
            by_column.setdefault(names[column_of(word, edges)], []).append(word)
    text = " ".join(word.text for cell in cells for word in cell.words)
    serial = _serial_field(sheet, by_column.get("serial", ()), "tabla")
    mac = _mac_field(sheet, by_column.get("mac", ()), "tabla") or _mac_field(
        sheet, by_column.get("serial", ()), "tabla", anywhere=True
    )
    if serial is not None and mac is not None and canonical_mac(serial.value) == mac.value:
        serial = None
    what = " ".join(word.text for word in by_column.get("type", ()))
    kind = equipment_type(what) or equipment_type(text)
    if kind is None and serial is None and mac is None:
        return None
    if kind in WITHOUT_SERIAL and serial is not None and not what:
        kind = EquipmentType.OTRO
    described = " ".join(
        word.text for name in ("type", "brand", "model", "brand_model") for word in by_column.get(name, ())
    )
    brand, model = _brand_and_model(by_column, described, book)
    counted = re.fullmatch(r"\(?(\d{1,2})\)?", "".join(word.text for word in by_column.get("count", ())))
    return EquipmentLine(
        type=kind or EquipmentType.OTRO,
        text=(described or text)[:120],
        serial=serial,
        mac=mac,
        brand=brand,
        model=model,
        count=max(1, int(counted[1])) if counted else 1,
    )


def _brand_and_model(by_column: dict[str, list[Word]], text: str, book: DocumentsBook) -> tuple[str, str]:
    brand = " ".join(word.text for word in by_column.get("brand", ()))
    model = " ".join(word.text for word in by_column.get("model", ()))
    if brand or model:
        return brand.strip("-/ "), model.strip("-/ ")
    return _brand_in(text, book)


def _brand_in(text: str, book: DocumentsBook) -> tuple[str, str]:
    """(brand, model) in running text: a known brand, and what follows it up to a comma."""
    words = text.split()
    for at, word in enumerate(words):
        if plain(word).strip(",.;") in book.words.brands:
            rest = [] if word.endswith((",", ";")) else words[at + 1 : at + 3]
            return word.strip(",.;"), " ".join(rest).strip(",.;-")
    return "", ""


def _serial_field(sheet: Sheet, words: Sequence[Word], way: str) -> Field | None:
    """A serial out of the words that stand where one is expected.

    One word that can be a serial is the serial; only where none can, several are one that was read in pieces.
    """
    shown = tuple(word for word in words if re.search(r"[0-9A-Za-z]", word.text))
    whole = [Span((word,)) for word in shown if len(_tidy_serial(word.text)) >= 8]
    for span in (*whole[:1], Span(shown)) if shown else ():
        text = _tidy_serial("".join(word.text for word in span.words))
        if text:
            field = _field(sheet, text, span, f"serie:{way}")
            # The form of a PON serial proves it only where no digit can be misread: a 6 read as E is hex too.
            return replace(field, proven=is_pon_serial(text) and sheet.engine is Engine.TEXTO)
    return None


def _tidy_serial(text: str) -> str:
    """Capitals, without what punctuation stood round it; "" for what can be no serial."""
    bare = re.sub(r"[\s._:,;]", "", plain(text)).strip("-/*'\"()[]|")
    if re.sub(r"[^A-Z]", "", bare) in _NOTHING and not re.search(r"\d", bare):
        return ""
    if is_pon_serial(bare):
        return label_form(bare)
    if not _SERIAL.fullmatch(bare) or sum(c.isdigit() for c in bare) < 4 or _as_date(bare):
        return ""
    compact = bare.replace("-", "")
    return compact if 6 <= len(compact) <= 22 else ""


def _mac_field(sheet: Sheet, words: Sequence[Word], way: str, *, anywhere: bool = False) -> Field | None:
    """A MAC; where any number could stand it must look like one: twelve bare digits are a card's number."""
    for span in (Span(tuple(words)), *(Span((word,)) for word in words)) if words else ():
        text = "".join(word.text for word in span.words).strip(" ,;.()")
        mac = canonical_mac(text)
        if mac and re.search(r"\d", mac) and not (anywhere and re.fullmatch(r"\d+", text)):
            return _field(sheet, mac, span, f"mac:{way}")
    return None


def _listed(sheet: Sheet, book: DocumentsBook, signing: float) -> tuple[EquipmentLine, ...]:
    """Equipment named line by line or in prose: a type opens a piece, labels behind it fill it."""
    lines: list[EquipmentLine] = []
    taken: set[str] = set()
    for number, row in enumerate(sheet.rows):
        if min(cell.box.y0 for cell in row) >= signing:
            break
        for place, cell in enumerate(row):
            hits = [hit for hit in sheet.hits if hit.row == number and hit.cell == place]
            events: list[tuple[int, Hit | tuple[int, EquipmentType]]] = [
                (hit.start, hit) for hit in hits if hit.fields & {"serial", "mac"}
            ]
            if not any(hit.start == 0 and _labels_something_else(cell, hit) for hit in hits):
                events += [(at, (end, kind)) for at, end, kind in _types_in(cell, hits, book)]
            stops = [at for at, _ in sorted(events, key=lambda event: event[0])] + [len(cell.words)]
            for at, event in sorted(events, key=lambda event: event[0]):
                if isinstance(event, Hit):
                    _fill(lines, sheet, event, taken)
                else:
                    stop = next(stop for stop in stops if stop > at)
                    text = " ".join(word.text for word in cell.words[at:stop])
                    brand, model = _brand_in(text, book)
                    beside = row[place + 1].text if len(cell.words) == stop and place + 1 < len(row) else ""
                    if not brand and beside:
                        brand, model = _brand_in(beside, book)
                    lines.append(EquipmentLine(event[1], text[:120], brand=brand, model=model))
    return tuple(lines)


def _labels_something_else(cell: Span, hit: Hit) -> bool:
    """True where a cell is the value of some other label: what is named in it was not handed over."""
    if hit.fields & {"type", "serial", "mac"} or (len(cell.words) > 8 and not _has_colon(cell, hit)):
        return False
    if hit.label == "TELEFONO" and not _has_colon(cell, hit) and cell.words[hit.end : hit.end + 1]:
        return any(c.isdigit() for c in cell.words[hit.end].text)  # "TELEFONO 022345678", not "TELEFONO INALAMBRICO"
    return True


_QUANTITY = re.compile(r"UNA?|UNO|UN\(A\)|DOS|TRES|CUATRO|\d{1,2}")


def _types_in(cell: Span, hits: Sequence[Hit], book: DocumentsBook) -> Iterator[tuple[int, int, EquipmentType]]:
    """Types that a cell hands over: at its head (in a list), or in a sentence with number, brand or label."""
    filled = {hit.start for hit in hits if hit.fields & {"brand", "model", "serial", "mac"}}
    reached = 0
    for at, end, kind in types_named([word.text for word in cell.words]):
        if at < reached:
            continue
        listed = at <= 2 and len(cell.words) <= 16 and all(_is_bullet(word) for word in cell.words[:at])
        counted = at > 0 and _QUANTITY.fullmatch(plain(cell.words[at - 1].text)) is not None
        branded = any(plain(word.text).strip(",.;") in book.words.brands for word in cell.words[end : end + 2])
        if listed or counted or branded or filled & set(range(end, end + 3)):
            yield at, end, kind
            reached = end
            if listed and not counted:
                reached = min((start for start in filled if start >= end), default=len(cell.words))


def _is_bullet(word: Word) -> bool:
    return re.fullmatch(r"[^\w]*(\d{1,2}|[IVX]{1,4}|)[^\w]*|UNA?|UN\(A\)", plain(word.text)) is not None


def _fill(lines: list[EquipmentLine], sheet: Sheet, hit: Hit, taken: set[str]) -> None:
    """Give the piece that was opened last its number; a number without a piece is one of an unknown type."""
    value = value_after(sheet, hit) or next(iter(_beside(sheet, hit)), None) or next(iter(_under(sheet, hit)), None)
    if value is None:
        return
    way = f"lista:{hit.label}"
    if "mac" in hit.fields:
        mac = next(
            filter(None, (_mac_field(sheet, value.words[:n], way) for n in range(1, min(7, len(value.words)) + 1))),
            None,
        )
        if mac is None or mac.value in taken:
            return
        taken.add(mac.value)
        if lines and lines[-1].mac is None:
            lines[-1] = replace(lines[-1], mac=mac)
        else:
            lines.append(EquipmentLine(EquipmentType.OTRO, mac.raw, mac=mac))
        return
    serial = _serial_field(sheet, value.words[:1], way) or _serial_field(sheet, value.words[:2], way)
    if serial is None or serial.value in taken:
        return
    taken.add(serial.value)
    if lines and lines[-1].serial is None and lines[-1].type not in WITHOUT_SERIAL:
        lines[-1] = replace(lines[-1], serial=serial)
    else:
        lines.append(EquipmentLine(EquipmentType.OTRO, serial.raw, serial=serial))
