"""The values of which a paper has one: behind their labels, right of them or below them.  Pure.

What looks like a digit is read as one where only digits can stand (and is then never proven); nothing is
completed or taken from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import takewhile

from evidence_daemon.cases.equipment import plain
from evidence_daemon.cases.identity import read_id, same_id
from evidence_daemon.documents.kinds import own_ruc
from evidence_daemon.documents.layout import Hit, Sheet, Span, has_colon, squeezed, value_after
from evidence_daemon.model import Box, Field, IdCheck, Line, Word
from evidence_daemon.rulebook import DocumentsBook

_EDGE = 0.012
"""Share of a page's width at its sides: a value that reaches there may be cut off, and all engines see the same."""
_SIGNERS = 0.62
"""Share of a page's height below which a number without its own heading is mostly a signer's."""
LOOSE = "suelto:"
"""Begins the rule of a value that may be somebody else's: no number of readings proves it."""
_SURE = 0.8
"""Confidence from which a number with a right check digit counts as proven."""


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
    holders, service = id_number_of(sheet, book, signing), service_number_of(sheet, taken)
    others = {_letters(field.value) for field in (holders, service) if field is not None} | {*map(_letters, taken)}
    return Singles(
        number=acta_number(sheet, others),
        date=date_of(sheet),
        office=text_of(sheet, "office", signing, _office),
        holder=holder_of(sheet, book, signing),
        id_number=holders,
        service_number=service,
        line=line_of(sheet, book),
        agent=text_of(sheet, "agent", 2.0, _person) or agent_below(sheet, signing),
    )


@dataclass(frozen=True, slots=True)
class Value:
    """Something that may be a field's value, and how it stands to the label."""

    span: Span
    hit: Hit
    way: str
    """"tras" (behind the label), "derecha" (in the next cell), "debajo" (below)."""


def values(sheet: Sheet, field: str) -> Iterator[Value]:
    """Candidates for a field: labels from the top, each with what is behind it, right of it, below it."""
    for hit in sheet.hits_of(field):
        behind = value_after(sheet, hit)
        if behind is not None:
            yield Value(behind, hit, "tras")
        row = sheet.rows[hit.row]
        alone = hit.end == len(row[hit.cell].words) or behind is None
        if not alone:
            continue
        following = next_line(sheet, hit)
        if following is not None:
            yield Value(following, hit, "sigue")
        if sheet.captions_below and sheet.fills_its_cell(hit):
            yield from (Value(span, hit, "encima") for span in above_of(sheet, hit))
            continue
        beside = [Value(span, hit, "derecha") for span in right_of(sheet, hit)]
        under = [Value(span, hit, "debajo") for span in below_of(sheet, hit)]
        colon = row[hit.cell].words[-1].text.endswith(":") or _opens_with_colon(row[hit.cell + 1 :])
        yield from (*beside, *under) if colon else (*under, *beside)


def next_line(sheet: Sheet, hit: Hit) -> Span | None:
    """What a sentence goes on with in the next line, where a label is the last that stands in this one."""
    words = sheet.rows[hit.row][hit.cell].words
    if value_after(sheet, hit) is not None or len(words) <= 5 or not sheet.reads_on(hit.row + 1):
        return None
    return _before_labels(sheet, hit.row + 1, 0)


def _opens_with_colon(cells: Sequence[Span]) -> bool:
    """Whether a colon that typists put under one another stands before the next cell: "NOMBRE     : JUAN"."""
    return any(cell.words[0].text.startswith(":") for cell in cells[:1])


def right_of(sheet: Sheet, hit: Hit) -> Iterator[Span]:
    """What stands in the cell right of a label, where that is no label itself."""
    row = sheet.rows[hit.row]
    if hit.cell + 1 < len(row) and not _opens_with_label(sheet, hit.row, hit.cell + 1):
        first = _before_labels(sheet, hit.row, hit.cell + 1)
        combed = list(takewhile(_one_letter, row[hit.cell + 1 :]))
        yield Span(tuple(word for cell in combed for word in cell.words)) if len(combed) > 2 else first


def _one_letter(cell: Span) -> bool:
    """A digit in a box of its own, as forms have them in a row for one number."""
    return all(len(word.text.strip(".|")) <= 1 for word in cell.words)


def below_of(sheet: Sheet, hit: Hit) -> Iterator[Span]:
    """What stands below a label, nearest first."""
    for row, cell, _ in sheet.below(sheet.label_box(hit)):
        if not _opens_with_label(sheet, row, cell):
            yield _before_labels(sheet, row, cell)


def above_of(sheet: Sheet, hit: Hit) -> Iterator[Span]:
    """What stands on the rule whose caption a label is."""
    for row, cell, _ in sheet.above(sheet.rows[hit.row][hit.cell].box, hit.row):
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


def field_of(sheet: Sheet, value: str, span: Span, rule: str) -> Field:
    """A value with its place; a number is as sure as its least sure word, a name as its words on average."""
    least = min((word.confidence for word in span.words if re.search(r"\w", word.text)), default=0.0)
    sure = least if any(c.isdigit() for c in value) else span.confidence
    if span.box.x0 < _EDGE or span.box.x1 > 1 - _EDGE:
        rule, sure = f"{LOOSE}{rule}", min(sure, 0.5)  # the rest of it may lie beyond the edge
    elif sheet.is_mixed(span) and not rule.startswith(LOOSE):
        rule = f"{LOOSE}{rule}"  # neither engine has read all of it
    return Field(value, span.text, sheet.number, span.box, round(sure, 3), sheet.read_by(span), rule)


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────

_DIGIT_FOR = str.maketrans(
    {"O": "0", "Q": "0", "D": "0", "I": "1", "L": "1", "S": "5", "Z": "2", "B": "8", "G": "6", "!": "1", "|": "1"}
)
_ID = re.compile(r"(?<![0-9A-Z])([0-9OQISZBLG!|][0-9OQISZBLG!| .\-]{7,28}[0-9OQISZBLG!|])(?![0-9A-Z])")
_PASSPORT = re.compile(r"(?<![0-9A-Z])([A-Z]{1,3}[0-9]{5,9})(?![0-9A-Z])")


def _digits(text: str, lengths: Iterable[int]) -> tuple[str, bool] | None:
    """(digits, whether letters were taken for digits) of the first number of an allowed length in a text."""
    for match in _ID.finditer(plain(text)):
        piece = re.sub(r"[ .\-]", "", match[1])
        for candidate in (piece, *re.split(r"\s+", match[1])):
            digits = re.sub(r"[.\-]", "", candidate)
            # Over blanks only digits make one number: "B 0 1700000019" is not one of twelve.
            letters = len(digits) - sum(c.isdigit() for c in digits)
            if len(digits) in lengths and letters <= (0 if candidate is piece and " " in match[1].strip() else 2):
                return digits.translate(_DIGIT_FOR), not digits.isdigit()
    return None


def id_number_of(sheet: Sheet, book: DocumentsBook, signing: float) -> Field | None:
    """The holder's: labelled, not the company's, not the agent's; above the signatures where there is one."""
    found: list[tuple[int, float, Field]] = []
    agents = [sheet.span_of(hit).box for hit in sheet.hits_of("agent") if hit.strong]
    for value in values(sheet, "id_number"):
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
        field = field_of(sheet, text, span, f"id:{value.way}:{value.hit.label}")
        field = replace(field, proven=valid and not repaired and field.confidence >= _SURE)
        low = span.box.y0 >= min(signing, _SIGNERS)
        near_agent = any(0 <= span.box.y0 - box.y0 < 2.5 * sheet.line_height for box in agents)
        if low or near_agent:  # whose number it is stays open, however well it is read
            field = replace(field, proven=False, confidence=min(field.confidence, 0.5), rule=f"{LOOSE}{field.rule}")
        found.append((2 * low + 2 * near_agent + (not valid), span.box.y0, field))
    if not found:
        return _only_id_on(sheet, book)
    found.sort(key=lambda one: (one[0], one[1]))
    best = found[0][2]
    again = [field for _, _, field in found[1:] if same_id(field.value, best.value)]
    if again and not best.rule.startswith(LOOSE):
        best = replace(best, proven=True, confidence=max(best.confidence, *(field.confidence for field in again)))
    return best


def _only_id_on(sheet: Sheet, book: DocumentsBook) -> Field | None:
    """The only number on the page with a right check digit, where no label names one; whose it is stays open."""
    found: dict[str, Span] = {}
    for word in sheet.words:
        text = word.text.strip(".,;:()")
        number = read_id(text) if re.fullmatch(r"\d{10}|\d{10}001", text) else None
        company = len(text) == 13 and text[2] in "69"
        if number is not None and number.check is IdCheck.OK and not company and not own_ruc(text, book.ours):
            found[text] = Span((word,))
    if len(found) != 1:
        return None
    ((text, span),) = found.items()
    field = field_of(sheet, text, span, f"{LOOSE}id:único en la página")
    return replace(field, confidence=min(field.confidence, 0.5))


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
_STRICT_SERVICE = ("SERVICIO", "TELEFONIC", "CUENTA", "LOGIN", "INSTANCIA", "CODIGO", "ABONADO", "SIGNADO", "DECLIENTE")


def service_number_of(sheet: Sheet, taken: frozenset[str]) -> Field | None:
    """Labelled as the service's; "NUMERO" and "TELEFONO" alone count where nothing says it better."""
    found: list[tuple[int, float, Field]] = []
    for value in values(sheet, "service_number"):
        match = _SERVICE.search(plain(value.span.text).replace("–", "-"))
        if match is None:
            continue
        digits = re.sub(r"\D", "", match[1])
        if digits.startswith("593") and len(digits) in (11, 12):
            digits = "0" + digits[3:]
        if not 6 <= len(digits) <= 10 or digits in taken or as_date(match[1]):
            continue
        named = any(word in value.hit.label for word in _STRICT_SERVICE) and value.hit.label not in {
            "SERVICIO",
            "CUENTA",
        }
        if not named and value.way in {"derecha", "debajo"} and not _opens_its_label(sheet, value.hit):
            continue  # "Devolución por cancelación de servicio" labels nothing that stands beside or below it
        mobile = len(digits) == 10 and digits.startswith("09")
        if (len(digits) == 10 and not named) or (mobile and not named):
            continue  # ten digits behind a loose label are a cédula or a mobile phone
        span = _only(value.span, digits[1:] if match[1].strip().startswith("593") else digits)
        # "Número" alone may be that of anything: a service must be spoken of near by.
        loose = "" if named or _speaks_of_a_service(sheet, value.hit) else LOOSE
        field = field_of(sheet, digits, span, f"{loose}servicio:{value.way}:{value.hit.label}")
        found.append((not named, span.box.y0, field))
    if not found:
        return _only_line_on(sheet, taken)
    found.sort(key=lambda one: (one[0], one[1]))
    best = found[0][2]
    again = any(field.value == best.value and field.box != best.box for _, _, field in found[1:])
    return replace(best, proven=True) if again else best


def _opens_its_label(sheet: Sheet, hit: Hit) -> bool:
    """Whether a label begins its cell, has a colon, or ends one that begins as such: "Instancia de servicio"."""
    first = [other for other in sheet.hits_of("service_number") if (other.row, other.cell) == (hit.row, hit.cell)]
    return hit.strong or any(other.start == 0 for other in first)


_SERVICE_WORDS = re.compile(r"\b(SERVICIO|LINEA|TELEF[A-Z]*|TELF|CUENTA|ABONADO|SUSCRIPTOR|INTERNET|TELEVISION)\b")


def _speaks_of_a_service(sheet: Sheet, hit: Hit) -> bool:
    """Whether the row of a label, or the one before it, names a service."""
    rows = sheet.rows[max(0, hit.row - 1) : hit.row + 1]
    return _SERVICE_WORDS.search(plain(" ".join(cell.text for row in rows for cell in row))) is not None


_LANDLINE = re.compile(r"\(?0[2-7]\)?[ \-]?\d{3}[ \-]?\d{4}")


def _only_line_on(sheet: Sheet, taken: frozenset[str]) -> Field | None:
    """The only number on the page in the form of a fixed line, where no label names a service; it stays a doubt."""
    found: dict[str, Span] = {}
    for number, row in enumerate(sheet.rows):
        for place, cell in enumerate(row):
            # What stands behind a label belongs to it: a contact's telephone, a reference.
            if len(cell.words) > 3 or sheet.strong_hits_in(number, place) or not _LANDLINE.fullmatch(cell.text):
                continue
            digits = re.sub(r"\D", "", cell.text)
            if digits not in taken and not _is_labelled(sheet, number, place - 1):
                found[digits] = cell
    if len(found) != 1:
        return None
    ((digits, cell),) = found.items()
    field = field_of(sheet, digits, cell, f"{LOOSE}servicio:único en la página")
    return replace(field, confidence=min(field.confidence, 0.5))


def _is_labelled(sheet: Sheet, row: int, cell: int) -> bool:
    return cell >= 0 and any(hit.fields & {"other", "agent"} for hit in sheet.strong_hits_in(row, cell))


_ACTA_NUMBER = re.compile(
    r"(?<![A-Z0-9/])((?:[A-Z]{1,5}[\-/ ]?)?[A-Z0-9]*(?:[\-/][A-Z0-9]+)*[0-9]{3,}(?:[\-/][A-Z0-9]+)*)(?![A-Z0-9/])"
)


def _letters(text: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", plain(text))


def acta_number(sheet: Sheet, others: Collection[str] = ()) -> Field | None:
    """The acta's own number: behind "Acta No.", or behind a bare "No." at the head of the page.

    `others` are numbers of the holder, the service, the equipment; and what has a cédula's check digit is one.
    """
    best: tuple[int, Field] | None = None
    for value in values(sheet, "number"):
        loose = value.hit.label in {
            "NO",
            "NRO",
            "ACTA",
            "N",
            "COMPROBANTE",
            "COMPROB",
            "CODIGO",
            "REFERENCIA",
            "FOLIO",
            "ORDENDETRABAJO",
        }
        if value.hit.label == "N" and sheet.span_of(value.hit).text.strip().upper() in {"N", "N:"}:
            continue  # a bare letter; with a degree sign or a point it means "number"
        cell = sheet.rows[value.hit.row][value.hit.cell]
        if loose and (value.span.box.y0 > 0.4 or (value.way != "tras" and len(cell.words) > 3)):
            continue
        first = plain(value.span.words[0].text).strip(".:# ")
        match = _ACTA_NUMBER.fullmatch(first)
        if match is None and len(value.span.words) > 1 and squeezed(first) in {"N", "NO", "NRO", "NUMERO", ""}:
            first = plain(value.span.words[1].text).strip(".:# ")
            match = _ACTA_NUMBER.fullmatch(first)
        if match is None or as_date(first) or not any(c.isdigit() for c in first) or re.sub(r"\D", "", first) == "":
            continue
        as_id = read_id(first) if re.fullmatch(r"\d{10}|\d{10}001", first) else None
        if _letters(first) in others or (as_id is not None and as_id.check is IdCheck.OK):
            continue
        rank = loose + (value.way != "tras")
        if best is None or rank < best[0]:
            span = _only(value.span, re.sub(r"[^0-9A-Z]", "", first))
            part = LOOSE if len(_letters(first)) < _SHORTEST_NUMBER or _goes_on(sheet, value.span, span) else ""
            best = rank, field_of(sheet, first, span, f"{part}acta:{value.way}:{value.hit.label}")
    return best[1] if best else None


_SHORTEST_NUMBER = 5
"""Letters and digits of the number of a paper below which it is as likely the beginning of one."""


def _goes_on(sheet: Sheet, box: Span, value: Span) -> bool:
    """Whether more of a number, or ink that nobody read, stands close behind what was read of it."""
    behind = next((word for word in box.words if word.box.x0 >= value.box.x1), None)
    if behind is not None and re.search(r"\d", behind.text) and not as_date(behind.text):
        return True
    reach = 1.5 * sheet.line_height * sheet.aspect
    middle, high = (value.box.y0 + value.box.y1) / 2, 2.5 * (value.box.y1 - value.box.y0)
    return any(
        abs(ink.x0 - value.box.x1) < reach and ink.y0 <= middle <= ink.y1 and ink.y1 - ink.y0 < high
        for ink in sheet.ink
        if ink.x1 > value.box.x1
    )


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
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
_MONTHS |= {name: number for number, name in enumerate(_ROMAN, start=1)}
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
    (re.compile(rf"(?<!\d)(\d{{1,2}}) ?[\-/. ] ?{_MONTH}\.? ?[\-/.] ?(\d\d)(?!\d)"), (3, 2, 1)),
    (re.compile(rf"(?<!\d)(\d{{1,2}}) ?[\-/.] ?({'|'.join(_ROMAN)}) ?[\-/.] ?(20\d\d|\d\d)(?!\d)"), (3, 2, 1)),
)


def as_date(text: str) -> str:
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


_BOXED_DAY = re.compile(r"\bDIA\W*(\d{1,2})\W+MES\W*(\d{1,2}|[A-Z]{3,10})\W+ANO\W*(20\d\d)\b")
_OTHER_DAYS = re.compile(
    r"\b(VIGENCIA|VIGENTE|VALID[OA]|IMPRES[OA]|IMPRESION|VERSION|REVISION|EDICION|NACIMIENTO|CADUC[A-Z]+|APROBAD[OA])\b"
)
"""A form tells since when it is in use; that is no day on which anything was handed over."""


def _in_boxes(span: Span) -> str:
    """ISO form of eight digits that stand in a box each: a day of this century is one by one of its ends only."""
    digits = [word.text.strip(".|,") for word in span.words if re.search(r"[^\W_]", word.text)][:8]
    if len(digits) < 8 or not all(re.fullmatch(r"\d", digit) for digit in digits):
        return ""
    text = "".join(digits)
    return as_date(f"{text[:2]}/{text[2:4]}/{text[4:]}") or as_date(f"{text[:4]}/{text[4:6]}/{text[6:]}")


def date_of(sheet: Sheet) -> Field | None:
    """Behind a label; else the only date that the page names, or the first of its upper half."""
    for row in sheet.rows:
        boxed = _BOXED_DAY.search(plain(" ".join(cell.text for cell in row)))
        iso = as_date(f"{boxed[1]}/{boxed[2]}/{boxed[3]}") if boxed else ""
        if iso:
            span = Span(tuple(word for cell in row for word in cell.words if re.search(r"\d", word.text))[:3])
            return field_of(sheet, iso, span, "fecha:en casillas")
    for value in values(sheet, "date"):
        iso = as_date(value.span.text) or _in_boxes(value.span)
        if iso:
            return field_of(sheet, iso, value.span, f"fecha:{value.way}:{value.hit.label}")
    free = [
        (cell, iso)
        for row in sheet.rows
        for cell in row
        if (iso := as_date(cell.text)) and not _OTHER_DAYS.search(plain(cell.text))
    ]
    if not free:
        return None
    cell, iso = free[0]
    if len({found for _, found in free}) > 1 and cell.box.y0 > 0.5:
        return None
    return field_of(sheet, iso, cell, f"{LOOSE}fecha:en el texto")


# ── names ────────────────────────────────────────────────────────────────────────────────────────

_NAME_WORD = re.compile(r"[^\W\d_][\w'’.\-]*", re.UNICODE)


def text_of(sheet: Sheet, field: str, signing: float, fit: Callable[[Span], str]) -> Field | None:
    """A value in words: its label opens a cell (prose is full of such words), with a colon or alone."""
    for value in values(sheet, field):
        cell = sheet.rows[value.hit.row][value.hit.cell]
        colon = has_colon(cell, value.hit)
        opens = sheet.fills_its_cell(value.hit) or (value.hit.strong and colon) or _long_label(value, cell)
        if field == "holder" and _is_greeted(value.hit, cell):
            continue
        if not opens and not (field == "office" and value.hit.start == 0):
            continue
        if value.span.box.y0 >= signing:
            continue
        text = fit(value.span)
        longer = _in_two_lines(sheet, value) if text and field == "holder" and value.way == "debajo" else None
        if longer is not None:
            return field_of(sheet, fit(longer), longer, f"{LOOSE}{field}:dos líneas:{value.hit.label}")
        if text and field == "office" and value.hit.label == "CAC":
            text = f"CAC {text}"
        if text:
            # A name of two words may well go on in the next line.
            loose = LOOSE if field == "holder" and len(text.split()) < 3 else ""
            return field_of(sheet, text, value.span, f"{loose}{field}:{value.way}:{value.hit.label}")
    return None


def holder_of(sheet: Sheet, book: DocumentsBook, signing: float) -> Field | None:
    """Behind a label; else in prose, where capitals follow one: "el señor JUAN PÉREZ MORA, con cédula …"."""
    own = [squeezed(name) for name in book.ours.names]

    def fit(span: Span) -> str:
        name = _person(span)
        return "" if any(one in squeezed(name) for one in own) else name

    labelled = _in_two_boxes(sheet, signing) or text_of(sheet, "holder", signing, fit)
    if labelled is not None:
        return labelled
    for hit in sheet.hits_of("holder"):
        cell = sheet.rows[hit.row][hit.cell]
        if _is_greeted(hit, cell):
            continue
        following = [*cell.words[hit.end :]]
        if len(cell.words) >= 7 and sheet.reads_on(hit.row + 1) and not sheet.strong_hits_in(hit.row + 1, 0):
            following += sheet.rows[hit.row + 1][0].words
        name: list[Word] = []
        for word in following:
            if not re.fullmatch(r"[A-ZÁÉÍÓÚÜÑ][\w'’.\-]+,?;?", word.text):
                break
            name.append(word)
            if word.text[-1] in ",;":
                break
        text = fit(Span(tuple(name))) if len(name) >= 2 else ""
        if text:
            return field_of(sheet, text, Span(tuple(name)), f"{LOOSE}holder:en el texto:{hit.label}")
    return _name_before(sheet)


_GREETING = re.compile(r"(ESTIMAD|APRECIAD|DISTINGUID|QUERID)[OA]S?|SENOR(A|ES|AS)?|SR|SRA")


def _is_greeted(hit: Hit, cell: Span) -> bool:
    """Whether a label is a salutation's word: behind "Estimado cliente:" begins a sentence, no name."""
    return hit.start > 0 and _GREETING.fullmatch(plain(cell.words[hit.start - 1].text).strip(".,:")) is not None


def _long_label(value: Value, cell: Span) -> bool:
    """Whether a cell is a label of several words and a name in capitals: "Nombre del titular MORA PAZ ANA"."""
    behind = cell.words[value.hit.end :]
    return (
        value.hit.start == 0
        and value.hit.end >= 2
        and len(behind) <= 6
        and all(re.fullmatch(r"[A-ZÁÉÍÓÚÜÑ'’.\-]+", word.text) for word in behind)
    )


def _in_two_lines(sheet: Sheet, value: Value) -> Span | None:
    """A name of two words with what stands close under it, as narrow papers break it; None where nothing such does."""
    words, box = value.span.words, value.span.box
    if len(words) != 2:
        return None
    for row, cell, under in sheet.below(box, rows=1, reach=1.2):
        alike = abs(under.box.x0 - box.x0) < sheet.line_height * sheet.aspect and len(under.words) <= 3
        named = all(_NAME_WORD.fullmatch(word.text) and word.text[0].isupper() for word in under.words)
        if alike and named and not sheet.strong_hits_in(row, cell) and _person(Span((*words, *under.words))):
            return Span((*words, *under.words))
    return None


def _in_two_boxes(sheet: Sheet, signing: float) -> Field | None:
    """Surnames and given names, each in a box of its own, put one behind the other."""
    parts: list[Span] = []
    for labels in ({"APELLIDOS", "APELLIDO"}, {"NOMBRES", "NOMBRE"}):
        for value in values(sheet, "holder"):
            words = [word.text.strip(".,:;") for word in value.span.words]
            named = 1 <= len(words) <= 4 and all(_NAME_WORD.fullmatch(word) for word in words)
            alone = sheet.fills_its_cell(value.hit) or has_colon(sheet.rows[value.hit.row][value.hit.cell], value.hit)
            if value.hit.label in labels and named and alone and value.span.box.y0 < signing:
                parts.append(value.span)
                break
    if len(parts) != 2 or _far_apart(parts[0].box, parts[1].box, sheet):
        return None
    words_of_both = Span((*parts[0].words, *parts[1].words))
    text = _person(words_of_both)
    return field_of(sheet, text, words_of_both, "holder:dos casillas") if text else None


def _far_apart(one: Box, two: Box, sheet: Sheet) -> bool:
    """Whether one box stands more than a few lines below the other."""
    return abs(one.y0 - two.y0) > 4 * sheet.line_height


_BEARER = re.compile(r"PORTADORA?|IDENTIFICAD[OA]|CON|TITULAR|DE")


def _name_before(sheet: Sheet) -> Field | None:
    """In prose the name that a number is said to be of: "… JUANA MORA PAZ, portadora de la cédula No. …"."""
    for hit in sheet.hits_of("id_number"):
        cell = sheet.rows[hit.row][hit.cell]
        if len(cell.words) < 6:
            continue
        before = [*(sheet.rows[hit.row - 1][0].words if sheet.reads_on(hit.row) else ()), *cell.words[: hit.start]]
        said = 0
        while before and said < 5 and not before[-1].text.endswith(","):
            said += _BEARER.match(plain(before.pop().text)) is not None
        name: list[Word] = []
        while said and before and re.fullmatch(r"[A-ZÁÉÍÓÚÜÑ][\w'’.\-]+,?", before[-1].text):
            if name and before[-1].text.endswith(","):
                break
            name.insert(0, before.pop())
        text = _person(Span(tuple(name))) if 2 <= len(name) <= 6 else ""
        if text:
            return field_of(sheet, text, Span(tuple(name)), f"{LOOSE}holder:ante su número")
    return None


_NO_NAMES = frozenset(
    {
        "LO",
        "ARRIBA",
        "ABAJO",
        "INDICADO",
        "DETALLADO",
        "SIGUIENTE",
        "SIGUIENTES",
        "EQUIPO",
        "EQUIPOS",
        "QUE",
        "QUIEN",
        "USTED",
        "USTEDES",
        "UD",
        "UDS",
        "LE",
        "LES",
        "ME",
        "NOS",
        "SE",
        "HA",
        "HAN",
        "FUE",
        "ES",
        "SON",
        "ESTA",
        "ESTE",
        "ESTOS",
        "CONFIRMAMOS",
        "INFORMAMOS",
        "COMUNICAMOS",
        "NOTIFICAMOS",
        "AGRADECEMOS",
        "ESTIMADO",
        "ESTIMADA",
        "DEVOLVIO",
        "DEVUELVE",
        "ENTREGA",
        "ENTREGO",
        "ENTREGAMOS",
        "RECIBE",
        "RECIBI",
        "RECIBIO",
        "RECIBIMOS",
        "DECLARO",
        "DECLARA",
        "CERTIFICO",
        "CERTIFICA",
        "CERTIFICAMOS",
        "NO",
        "NRO",
        "NUM",
        "NUMERO",
        "O",
        "TELEFONO",
        "TELF",
        "CEDULA",
        "RUC",
        "FECHA",
        "FIRMA",
        "CORREO",
    }
)
"""Words of sentences and of captions: "recibí del cliente lo arriba indicado" names nobody."""
_LINKS = frozenset({"EN", "CON", "POR", "PARA", "SU", "SUS", "AL", "UN", "UNA", "A", "COMO"})
"""Words of sentences that only companies have in their names ("FUNDACION PARA EL DESARROLLO")."""
_PARTICLES = frozenset({"DE", "DEL", "LA", "LAS", "LOS", "EL", "Y", "E", "VDA", "VON", "VAN", "DA", "DI", "DOS"})
_COMPANY = re.compile(
    r"\b(S ?A S?|SAS|CIA|LTDA|EP|FUNDACION|COMPANIA|EMPRESA|CORPORACION|COOPERATIVA|ASOCIACION|CONSORCIO|COMERCIAL"
    r"|UNIDAD|INSTITUTO|MINISTERIO|GAD|COMITE|CONJUNTO|IGLESIA|COLEGIO|ESCUELA|CLINICA|FARMACIA|HOTEL|GRUPO|SERVICIOS?)\b"
)


def _person(span: Span) -> str:
    """A person's or company's name: two to eight words of letters, none of them a word of sentences.

    Names are written in capitals, or each word with one: small letters are a particle's, or one word's, misread.
    """
    words = [word.text.strip(".,:;") for word in span.words]
    named = [word for word in words if _NAME_WORD.fullmatch(word)]
    if not 2 <= len(named) <= 9 or len(named) < len([word for word in words if word]) - 1:
        return ""
    if sum(len(word) for word in named) < 7 or not _NO_NAMES.isdisjoint(map(plain, named)):
        return ""
    said = " ".join(map(plain, named))
    if not _LINKS.isdisjoint(map(plain, named)) and not _COMPANY.search(said.replace(".", " ")):
        return ""
    small = [word for word in named if word[0].islower() and plain(word) not in _PARTICLES]
    return "" if len(small) > 1 else " ".join(named).upper()


def _office(span: Span) -> str:
    words = [word.text for word in span.words]
    text = re.split(r",\s*\d", " ".join(words))[0].strip(" .:;,-")
    return text if sum(c.isalpha() for c in text) >= 2 and len(text) <= 60 else ""


def agent_below(sheet: Sheet, signing: float) -> Field | None:
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
                return field_of(sheet, name, span, "agent:bajo la firma")
    return None


# ── line of business ─────────────────────────────────────────────────────────────────────────────


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
