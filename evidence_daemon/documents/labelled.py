"""What stands by a label: behind it, right of it, below it, or on the rule whose caption it is.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

from evidence_daemon.cases.equipment import plain
from evidence_daemon.documents.layout import Hit, Sheet, Span, column_of, columns, value_after
from evidence_daemon.model import Box, Field

_EDGE = 0.012
"""Share of a page's width at its sides: a value that reaches there may be cut off, and all engines see the same."""
LOOSE = "suelto:"
"""Begins the rule of a value that may be somebody else's: no number of readings proves it."""


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
        if sheet.captions_below and sheet.is_caption(hit):
            yield from (Value(span, hit, "encima") for span in above_of(sheet, hit))
            continue
        if sheet.captions_behind and sheet.is_caption(hit):
            yield from (Value(span, hit, "izquierda") for span in left_of(sheet, hit))
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
    elif hit.cell + 1 == len(row):
        yield from _beside_in_another_row(sheet, hit)


def _beside_in_another_row(sheet: Sheet, hit: Hit) -> Iterator[Span]:
    """What was typed behind the last label of a line, a little above or below it: forms are not hit exactly."""
    label = sheet.rows[hit.row][hit.cell].box
    middle = (label.y0 + label.y1) / 2
    for number in (hit.row - 1, hit.row + 1):
        for place, cell in enumerate(sheet.rows[number] if 0 <= number < len(sheet.rows) else ()):
            off = abs((cell.box.y0 + cell.box.y1) / 2 - middle)
            gap = cell.box.x0 - label.x1
            near = -0.5 * sheet.line_height * sheet.aspect < gap < _NEAR * sheet.line_height * sheet.aspect
            if near and off < _OFF_THE_LINE * sheet.line_height and not _opens_with_label(sheet, number, place):
                yield _before_labels(sheet, number, place)


_OFF_THE_LINE, _NEAR = 0.95, 6.0
"""Heights of a line by which a value may be off its label's line, and stand behind it."""


def _one_letter(cell: Span) -> bool:
    """A digit in a box of its own, as forms have them in a row for one number."""
    return all(len(word.text.strip(".|")) <= 1 for word in cell.words)


def left_of(sheet: Sheet, hit: Hit) -> Iterator[Span]:
    """What stands in the cell left of a label that is the last of its line."""
    if 0 < hit.cell == len(sheet.rows[hit.row]) - 1 and not _opens_with_label(sheet, hit.row, hit.cell - 1):
        yield sheet.rows[hit.row][hit.cell - 1]


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
    stops = [hit.start for hit in sheet.strong_hits_in(row, cell) if hit.start > 0] + sheet.leads_on(row, cell)
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


# ── several people on one paper ──────────────────────────────────────────────────────────────────

_ACTS_FOR = re.compile(
    r"\bREPR[A-Z]{4,9}[OA]S?( [A-Z]+){0,4} POR\W*$|\bEN REPRESENTACION DE\b[^¦;]{0,60}$|\bA TRAVES DE\W*$"
    r"|\bRECIB(E|EN|IO|IDOS?)( [A-Z]+){0,2} (POR|[AE]N? NOMBRE DE) (LA )?"
    r"(EMPRESA|CNT|CORPORACION|OPERADORA)\b[^¦;.]{0,60}$"
    r"|\b(ASESORA?|FUNCIONARI[OA]|AGENTE|TECNIC[OA]|EMPLEAD[OA]|EJECUTIV[OA]|SERVIDORA?|GESTORA?) (DE|DEL) (LA )?"
    r"(EMPRESA|CNT|CORPORACION)\b[^¦;]{0,40}$"
)
_IS_STAFF = re.compile(
    r"^\W*(EN|CON) (SU )?(CALIDAD|REPRESENTACION) DE(?!L? (ABONAD|CLIENTE|TITULAR|SUSCRIPTOR|USUARI|COMODATARI))"
    r"|^\W*POR (LA )?(CNT|EMPRESA|CORPORACION)\b"
    r"|^\W*(ASESOR|FUNCIONARI|AGENTE|TECNIC|EMPLEAD|OPERADOR|EJECUTIV|SERVIDOR|GESTOR|ASISTENTE|INSPECTOR)[A-Z]*\b"
)
_NUMBER = re.compile(r"\b\d{10}(\d{3})?\b")


def is_staffs(text: str, said: str) -> bool:
    """Whether a sentence names somebody as the company's: "representada por X, cédula Y, en calidad de asesor".

    `said` is his name or number in capitals; `text` the page's.
    """
    there = re.search(_as_read(said), text)
    if there is None:
        return False
    at = there.start()
    before, after = text[max(0, at - 170) : at], text[there.end() :][:150]
    before = before[max((found.end() for found in _NUMBER.finditer(before)), default=0) :]
    number, behind = None if _NUMBER.fullmatch(said) else _NUMBER.search(after), after
    after = after[number.end() :] if number else after
    named = re.sub(r"(?<=POR) (?!.*\bPOR\b)[^¦]*$", " ", before)
    return (
        _ACTS_FOR.search(before) is not None
        or _ACTS_FOR.search(named) is not None
        or _IS_STAFF.search(after) is not None
        or _IS_STAFF.search(behind) is not None
    )


def is_told_as_staff(sheet: Sheet, said: str, row: int) -> bool:
    """The same on a page, also where the rows of a sentence do not read on: light spots break them into cells."""
    return is_staffs(sheet.text, said) or (_is_prose(sheet.rows[row]) and is_staffs(_passage(sheet, row), said))


def is_nobodys(sheet: Sheet, hit: Hit, said: str) -> bool:
    """Whether a badly read sentence gives a number to somebody, and what is read of it tells of no customer."""
    lines = _lines_near(sheet, hit.row)
    there = re.search(_as_read(said), _passage(sheet, hit.row))
    poorly = Span(tuple(word for line in lines for cell in line for word in cell.words)).confidence < _WELL_READ
    if there is None or not poorly or not hit.start or hit.strong or not _is_prose(sheet.rows[hit.row]):
        return False
    before, after = there.string[: there.start()], there.string[there.end() :]
    before = re.split(r";|[A-Z]{4}\. ", _NUMBER.sub(";", before))[-1]
    after = re.split(r";|[A-Z]{4}\. |\bPOR (LA )?OTRA\b|\d{6}", after)[0]
    return not (_A_CUSTOMER.search(before) or _A_CUSTOMER.search(after) or _HE_GIVES.search(after))


_A_CUSTOMER = re.compile(
    r"\b(CLIENTE|TITULAR|ABONAD[OA]|SUSCRIPTORA?|USUARI[OA]|COMODATARI[OA]|SENOR(A|ES|ITA)?|SRA?|SRTA|DON|DONA|YO"
    r"|SUSCRIT[OA]|PERSONA|RECIB[A-Z]* DE|QUE|OTRA|PRESENTA|COMPARECE|ENTREGADOS? POR|DEVUELTOS? POR)\b"
)
_HE_GIVES = re.compile(r"\b(ENTREG|DEVUEL|DEVOL|REINTEGR|RESTITU|RETORN|MANIFIESTA|DECLAR|ACERC|PRESENT)")


def _is_prose(row: Sequence[Span]) -> bool:
    return sum(len(cell.words) for cell in row) >= _OF_A_SENTENCE


_OF_A_SENTENCE = 6
"""Words of a line of prose at least."""


def _passage(sheet: Sheet, row: int) -> str:
    """A row with the lines close over and under it, in capitals, whatever gaps are in them."""
    return " ".join(plain(cell.text) for line in _lines_near(sheet, row) for cell in line)


def _lines_near(sheet: Sheet, row: int) -> list[tuple[Span, ...]]:
    here = sheet.rows[row]
    return [
        line
        for line in sheet.rows[max(0, row - 4) : row + 2]
        if abs(line[0].box.y0 - here[0].box.y0) < _LINES_OFF * sheet.line_height and (line is here or _is_prose(line))
    ]


_WELL_READ = 0.8
"""Mean confidence of lines of prose from which on their words are believed."""
_LINES_OFF = 2.6
"""Heights of a line between a line of prose and the next, at most."""


@lru_cache(maxsize=256)
def _as_read(said: str) -> str:
    """A pattern of a name or number as engines have it: in pieces, a letter for the digit that it looks like."""
    if not said.isdigit():
        return re.escape(said)
    return r"[ .\-]{0,2}".join(f"[{digit}{_SIGNS_FOR.get(digit, '')}]" for digit in said)


_SIGNS_FOR = {"0": "OQD", "1": "IL|!", "2": "Z", "5": "S", "6": "G", "8": "B"}


def in_people_table(sheet: Sheet, field: str) -> Iterator[tuple[Span, Hit]]:
    """What a table whose columns are people tells of the holder: under his heading, right of a field's label."""
    for head in sheet.hits_of("holder"):
        row = sheet.rows[head.row]
        heads = [hit for hit in sheet.hits if hit.row == head.row and hit.start == 0 and sheet.is_caption(hit)]
        people = [hit for hit in heads if hit.fields & _PEOPLE]
        if not sheet.is_caption(head) or head.start or len({hit.cell for hit in people}) != len(row) or len(row) < 2:
            continue
        lines = [sheet.rows[number] for number in range(head.row + 1, min(len(sheet.rows), head.row + 7))]
        lines = list(takewhile(lambda line: len(line) > 1, lines))
        words = [word for line in (row, *lines) for cell in line for word in cell.words]
        left = min(cell.box.x0 for line in lines for cell in line) if lines else 1.0
        if left >= row[0].box.x0:
            continue  # the first heading stands over the labels: no table of people
        names, edges = columns(
            [("", Box(left, 0, left, 0)), *((str(at), cell.box) for at, cell in enumerate(row))], words
        )
        for hit in sheet.hits_of(field):
            if not head.row < hit.row <= head.row + len(lines) or hit.cell or hit.start or not sheet.is_caption(hit):
                continue
            beside = [word for cell in sheet.rows[hit.row][1:] for word in cell.words]
            his = tuple(word for word in beside if names[column_of(word, edges)] == str(head.cell))
            if his:
                yield Span(his), hit


_PEOPLE = frozenset({"holder", "agent", "signing", "customer_signs"})


DIGIT_FOR = str.maketrans(
    {"O": "0", "Q": "0", "D": "0", "I": "1", "L": "1", "S": "5", "Z": "2", "B": "8", "G": "6", "!": "1", "|": "1"}
)
"""Of a sign that stands where only digits can: the digit that it looks like."""


def only(span: Span, value: str) -> Span:
    """The words of a span that make up a value: its box should frame the number and nothing else."""
    for size in range(1, len(span.words) + 1):
        for start in range(len(span.words) - size + 1):
            words = span.words[start : start + size]
            built = re.sub(r"[^0-9A-Z]", "", plain("".join(word.text for word in words)))
            if value in built or value in built.translate(DIGIT_FOR):
                return Span(words)
    return span


def is_labelled(sheet: Sheet, row: int, cell: int) -> bool:
    """Whether a cell holds a label of something that is no value of the paper: a contact, an agent."""
    return cell >= 0 and any(hit.fields & {"other", "contract", "agent"} for hit in sheet.strong_hits_in(row, cell))
