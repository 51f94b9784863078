"""Who a paper names: its holder, the agent, the office; and what of its words is no name.  Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from rapidfuzz.distance.Levenshtein import distance

from evidence_daemon.cases.equipment import plain, types_named
from evidence_daemon.cases.identity import read_id
from evidence_daemon.documents.labelled import (
    LOOSE,
    Value,
    field_of,
    in_people_table,
    is_told_as_staff,
    next_line,
    values,
)
from evidence_daemon.documents.layout import Hit, Sheet, Span, has_colon, squeezed, value_after
from evidence_daemon.documents.signers import signs_for_the_company
from evidence_daemon.model import Box, Field, IdCheck, Word
from evidence_daemon.rulebook import DocumentsBook, OursBook

_NAME_WORD = re.compile(r"[^\W\d_][\w'’.\-]*", re.UNICODE)


def _text_of(sheet: Sheet, field: str, signing: float, fit: Callable[[Span], str]) -> Field | None:
    """A value in words: its label opens a cell (prose is full of such words), with a colon or alone."""
    # "Usuario" is as often who sits at the system.
    for value in sorted(values(sheet, field), key=lambda one: one.hit.label == "USUARIO"):
        cell = sheet.rows[value.hit.row][value.hit.cell]
        colon = has_colon(cell, value.hit) or cell.text.endswith("?")
        clear = sheet.fills_its_cell(value.hit) or (value.hit.strong and colon) or _long_label(value, cell)
        opens = clear or (field == "holder" and _names_follow(value))
        if field == "holder" and (_is_greeted(value.hit, cell) or value.hit.label in _FIRST_SURNAME | _SECOND_SURNAME):
            continue
        if (
            field == "holder"
            and value.hit.label in _SALUTATIONS
            and value.way != "tras"
            and not _is_written_out(sheet, value.hit)
        ):
            continue
        if field == "holder" and (_signs_for_the_company(sheet, value.hit) or _under_who_receives(sheet, value)):
            continue
        if field == "holder" and _is_on_behalf(value.hit, cell):
            continue
        if not opens and not (field == "office" and value.hit.start == 0):
            continue
        if value.hit.label in _LOOSE_LABELS and not (colon and value.hit.start == 0):
            continue
        # Where the form ends with the customer's data, who receives may stand over them.
        low = value.span.box.y0 >= signing
        if low and not (colon and value.way in {"tras", "derecha"} and _CUSTOMERS.search(value.hit.label)):
            continue
        text = fit(value.span)
        longer = _in_two_lines(sheet, value) if text and field == "holder" else None
        if longer is not None:
            return field_of(sheet, fit(longer), longer, f"{LOOSE}{field}:dos líneas:{value.hit.label}")
        if text and field == "office" and value.hit.label == "CAC":
            text = f"CAC {text}"
        if text:
            # A name of two words may well go on in the next line, and so may any behind a caption of a signature.
            signs = value.hit.start > 0 and plain(cell.words[0].text).startswith("FIRMA")
            open_ended = len(text.split()) < 3 or value.hit.label in _LOOSE_LABELS or not clear or low or signs
            loose = LOOSE if field == "holder" and open_ended else ""
            return field_of(sheet, text, value.span, f"{loose}{field}:{value.way}:{value.hit.label}")
    return None


def holder_of(sheet: Sheet, book: DocumentsBook, signing: float) -> Field | None:
    """Behind a label; else in prose, where capitals follow one: "el señor JUAN PÉREZ MORA, con cédula …"."""

    def fit(span: Span) -> str:
        name = person(span)
        return "" if own_name(name, book.ours) else name

    for span, hit in in_people_table(sheet, "holder"):
        if fit(span):
            return field_of(sheet, fit(span), span, f"holder:columna:{hit.label}")
    labelled = (
        _in_two_boxes(sheet, signing)
        or _spelled_out(sheet, signing)
        or _in_a_tall_cell(sheet, signing, fit)
        or _text_of(sheet, "holder", signing, fit)
        or _behind_its_article(sheet, signing, fit)
    )
    if labelled is not None:
        return _in_full(sheet, labelled, fit)
    for hit in sheet.hits_of("holder"):
        cell = sheet.rows[hit.row][hit.cell]
        if _is_greeted(hit, cell) or _signs_for_the_company(sheet, hit) or hit.label in _LOOSE_LABELS:
            continue
        if _is_on_behalf(hit, cell):
            continue
        stop = min((other.start for other in sheet.hits_in[hit.row, hit.cell] if other.start >= hit.end), default=None)
        following = [*cell.words[hit.end : stop]]
        if stop is None and sheet.reads_on(hit.row + 1) and not sheet.strong_hits_in(hit.row + 1, 0):
            following += sheet.rows[hit.row + 1][0].words
        name: list[Word] = []
        for word in following:
            if not re.fullmatch(r"[A-ZÁÉÍÓÚÜÑ][\w'’.\-]+,?;?", word.text):
                break
            name.append(word)
            if word.text[-1] in ",;" or _ends_a_sentence(word):
                break
        text = fit(Span(tuple(name))) if len(name) >= 2 else ""
        if text and not is_told_as_staff(sheet, plain(Span(tuple(name)).text), hit.row):
            return field_of(sheet, text, Span(tuple(name)), f"{LOOSE}holder:en el texto:{hit.label}")
    before = _name_before(sheet, signing) or _name_over(sheet) or _name_alone(sheet, book, signing)
    return before if before is not None and not own_name(before.value, book.ours) else None


def _in_full(sheet: Sheet, name: Field, fit: Callable[[Span], str]) -> Field:
    """A name as it stands once more below with a word or two more: on a narrow roll it goes on in the next line."""
    words = plain(name.value).split()
    below = (cell for row in sheet.rows for cell in row if name.box is not None and cell.box.y0 > name.box.y1)
    for cell in below if len(words) >= _FEWEST_OF_A_NAME else ():
        longer = " ".join(word for word in fit(cell).split() if plain(word).strip(".") not in NO_PART_OF_A_NAME)
        said = plain(longer).split()
        more = said[len(words) :]
        goes_on = said[: len(words)] == words and all(len(word) >= _SHORTEST_NAME for word in more)
        if goes_on and 1 <= len(more) <= _MOST_LEFT_OUT:
            return field_of(sheet, longer, cell, f"{LOOSE}holder:completo al pie")
    return name


_FEWEST_OF_A_NAME, _MOST_LEFT_OUT, _SHORTEST_NAME = 3, 2, 3
NO_PART_OF_A_NAME = frozenset({
    "SR", "SRA", "SRTA", "SENOR", "SENORA", "SENORITA", "DR", "DRA", "ABG", "AB", "ING", "LIC", "ECON", "ARQ",
    "TNLGO", "TCNLGO", "ATENTAMENTE", "ATTE", "PRESENTE",
})  # fmt: skip
"""What stands before a name."""


def own_name(name: str, book: OursBook) -> bool:
    """True for the company's name, also slightly misread: never a customer's."""
    text = squeezed(name)
    for own in map(squeezed, book.names):
        forgiven = len(own) // 8
        if own in text or any(
            distance(text[at : at + len(own)], own) <= forgiven for at in range(max(0, len(text) - len(own)) + 1)
        ):
            return True
    return False


_GREETING = re.compile(r"(ESTIMAD|APRECIAD|DISTINGUID|QUERID)[OA]S?|SENOR(A|ES|AS)?|SR|SRA")


def _behind_its_article(sheet: Sheet, signing: float, fit: Callable[[Span], str]) -> Field | None:
    """A name behind "El cliente:", which without its colon is the caption of a signature."""
    for hit in sheet.hits:
        named = "customer_signs" in hit.fields and hit.start == 0 and _ARTICLED.match(hit.label)
        if not named or not has_colon(sheet.rows[hit.row][hit.cell], hit):
            continue
        span = value_after(sheet, hit)
        if span is not None and span.box.y0 < signing and (text := fit(span)):
            loose = LOOSE if len(text.split()) < _FEWEST_OF_A_NAME else ""
            return field_of(sheet, text, span, f"{loose}holder:tras:{hit.label}")
    return None


_ARTICLED = re.compile(r"(EL|LA)(CLIENTE|ABONAD[OA]|TITULAR|SUSCRIPTORA?)$")


def _is_greeted(hit: Hit, cell: Span) -> bool:
    """Whether a label is a salutation's word: behind "Estimado cliente:" begins a sentence, no name."""
    return hit.start > 0 and _GREETING.fullmatch(plain(cell.words[hit.start - 1].text).strip(".,:")) is not None


_SALUTATIONS = frozenset({"SR", "SRA"})


def _is_written_out(sheet: Sheet, hit: Hit) -> bool:
    """Whether a label has its point or colon: two letters without one are as likely a piece of a logo."""
    return not sheet.span_of(hit).text.isalpha()


def _signs_for_the_company(sheet: Sheet, hit: Hit) -> bool:
    """Whether a label stands under the place where somebody signs who received: "Recibí conforme" over "Nombre:"."""
    box, near = sheet.span_of(hit).box, _UNDER_A_SIGNATURE * sheet.line_height
    over = [
        other
        for other in sheet.hits
        if other.row < hit.row
        and other.fields & {"signing", "customer_signs", "agent"}
        and other.start == 0
        and box.y0 - (cell := sheet.rows[other.row][other.cell].box).y1 < near
        and cell.x0 - 0.02 < box.x1
        and box.x0 < cell.x1
    ]
    last = max(over, key=lambda other: other.row, default=None)
    if last is None or last.fields & {"customer_signs"} or _CUSTOMERS.search(hit.label):
        return False
    return last.label.startswith("RECIB") or "agent" in last.fields


_UNDER_A_SIGNATURE = 7
"""Heights of a line between a place to sign and the caption of who signs there."""


_CUSTOMERS = re.compile(r"CLIENTE|TITULAR|ABONADO|SUSCRIPTOR")


def _under_who_receives(sheet: Sheet, value: Value) -> bool:
    """Whether what stands right of a caption stands under who receives: two signers side by side, "CNT (RECIBE)"."""
    if value.way != "derecha" or has_colon(sheet.rows[value.hit.row][value.hit.cell], value.hit):
        return False
    box, near = value.span.box, 2 * sheet.line_height
    return any(
        0 < box.y0 - cell.box.y0 < near
        and cell.box.x0 < box.x1
        and box.x0 < cell.box.x1
        and len(cell.words) <= _SENTENCE
        and re.search(r"\bRECIB", plain(cell.text))
        for row in sheet.rows[max(0, value.hit.row - 2) : value.hit.row]
        for cell in row
    )


_LOOSE_LABELS = frozenset({"ENTREGA", "QUIENENTREGA"})
"""Captions of who hands over: on a paper of the company's own people that is one of them."""


def _names_follow(value: Value) -> bool:
    """Whether nothing but a name of three words and more stands behind a label that opens its cell."""
    words = [word.text.strip(".,:;") for word in value.span.words]
    capitals = [word for word in words if word[:1].isupper() and plain(word) not in _PARTICLES]
    named = all(_NAME_WORD.fullmatch(word) and (word[0].isupper() or plain(word) in _PARTICLES) for word in words)
    named = named and not re.search(r"\d", value.span.text)
    return value.way == "tras" and value.hit.start == 0 and named and 3 <= len(capitals) <= _MOST_NAMES


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
    """A name with what stands close under it, as narrow papers break it; None where nothing such does."""
    words, box = value.span.words, value.span.box
    if not 2 <= len(words) <= _MOST_ON_A_LINE:
        return None
    behind, label = value.way == "tras", sheet.rows[value.hit.row][value.hit.cell].box
    for row, cell, under in sheet.below(label if behind else box, rows=1, reach=1.2):
        if cell and any(sheet.is_caption(hit) for hit in sheet.hits_in.get((row, cell - 1), ())):
            continue  # a value of its own
        reach, middle = sheet.line_height * sheet.aspect, abs(under.box.x0 + under.box.x1 - box.x0 - box.x1) / 2
        begins = abs(under.box.x0 - box.x0) < reach or (behind and abs(under.box.x0 - label.x0) < reach)
        # Of four names one or two may stand below; under the caption it is as likely something else.
        short = len(under.words) <= (max(1, 4 - len(words)) if behind else 3)
        alike = short and (begins or (middle < 0.5 * reach and not behind))
        alike = alike and under.text.isupper() is value.span.text.isupper()
        named = all(_NAME_WORD.fullmatch(word.text) and word.text[0].isupper() for word in under.words)
        named = named and not re.search(r"\d", under.text)
        if alike and named and not sheet.strong_hits_in(row, cell) and person(Span((*words, *under.words))):
            return Span((*words, *under.words))
    return None


_MOST_ON_A_LINE = 5


def _in_a_tall_cell(sheet: Sheet, signing: float, fit: Callable[[Span], str]) -> Field | None:
    """A name in two lines of one cell, whose label stands in the next cell halfway between them."""
    for hit in sheet.hits_of("holder"):
        label = sheet.rows[hit.row][hit.cell].box
        if not sheet.fills_its_cell(hit) or label.y0 >= signing or _signs_for_the_company(sheet, hit):
            continue
        lines = list(_lines_beside(sheet, hit))
        for one, two in pairwise(lines):
            aligned = abs(one.box.x0 - two.box.x0) < sheet.line_height * sheet.aspect
            close = two.box.y0 - one.box.y1 < 2 * sheet.line_height
            between = one.box.y0 < (label.y0 + label.y1) / 2 < two.box.y1
            whole = Span((*one.words, *two.words))
            short = len(whole.words) <= _MOST_ON_A_LINE and len(two.words) <= 2
            if aligned and close and between and short and fit(whole) and one.text.isupper() is two.text.isupper():
                return field_of(sheet, fit(whole), whole, f"{LOOSE}holder:en dos líneas:{hit.label}")
    return None


def _lines_beside(sheet: Sheet, hit: Hit) -> Iterator[Span]:
    """Cells that may be a person's name right of a label, a line above it or below it or beside; no other label's."""
    label = sheet.rows[hit.row][hit.cell].box
    for number in range(max(0, hit.row - 1), min(len(sheet.rows), hit.row + 2)):
        row = sheet.rows[number]
        at = next((at for at, cell in enumerate(row) if cell.box.x0 > label.x1), None)
        if at is None or sheet.hits_in.get((number, at)):
            continue
        labelled = any(sheet.hits_in.get((number, before)) for before in range(at)) and number != hit.row
        named = all(_NAME_WORD.fullmatch(word.text) and word.text[0].isupper() for word in row[at].words)
        near = row[at].box.x0 - label.x1 < _BESIDE_A_TALL_CELL
        if named and near and not labelled and not re.search(r"\d", row[at].text):
            yield row[at]


_BESIDE_A_TALL_CELL = 0.2
"""Share of the page's width between a label and its cell."""


def _in_two_boxes(sheet: Sheet, signing: float) -> Field | None:
    """Surnames and given names, each in a box of its own, put one behind the other; the surnames may have two."""
    parts: list[Span] = []
    at: list[int] = []
    boxes = [frozenset({"APELLIDOS", "APELLIDO"}), frozenset({"NOMBRES", "NOMBRE"})]
    if any(hit.label in _FIRST_SURNAME for hit in sheet.hits_of("holder")):
        boxes[:1] = [_FIRST_SURNAME, _SECOND_SURNAME]
    for labels in boxes:
        for value in values(sheet, "holder"):
            words = [word.text.strip(".,:;") for word in value.span.words]
            named = 1 <= len(words) <= 4 and all(_NAME_WORD.fullmatch(word) for word in words)
            alone = sheet.fills_its_cell(value.hit) or has_colon(sheet.rows[value.hit.row][value.hit.cell], value.hit)
            if value.hit.label in labels and named and alone and value.span.box.y0 < signing:
                parts.append(value.span)
                at.append(value.hit.row)
                break
    if len(parts) != len(boxes):
        return None
    # Boxes of one sign each are tall, but nothing else than what was written in them stands between two captions.
    stacked = all(
        two == one + 2 and set(part.words) >= {word for cell in sheet.rows[one + 1] for word in cell.words}
        for (one, two), part in zip(pairwise(at), parts, strict=False)
    )
    if not stacked and any(_far_apart(parts[0].box, part.box, sheet) for part in parts[1:]):
        return None
    words_of_both = Span(tuple(dict.fromkeys(word for part in parts for word in part.words)))
    text = person(words_of_both)
    return field_of(sheet, text, words_of_both, "holder:dos casillas") if text else None


_FEWEST_LETTERS = 8


def _spelled_out(sheet: Sheet, signing: float) -> Field | None:
    """A name in boxes of one letter each under its label; an empty box parts its words."""
    for hit in sheet.hits_of("holder"):
        if hit.start or hit.row + 1 >= len(sheet.rows):
            continue
        under = sheet.rows[hit.row + 1]
        letters = [word for cell in under for word in cell.words if re.fullmatch(r"[^\W\d_]", word.text)]
        written = sum(len(cell.words) for cell in under)
        if len(letters) < max(_FEWEST_LETTERS, written) or under[0].box.y0 >= signing:
            continue
        steps = sorted(two.box.x0 - one.box.x0 for one, two in pairwise(letters))
        step, name = steps[len(steps) // 2], letters[0].text
        for one, two in pairwise(letters):
            name += (" " if two.box.x0 - one.box.x0 > 1.5 * step else "") + two.text
        if len(name.split()) >= 2:
            return field_of(sheet, name.upper(), Span(tuple(letters)), f"holder:en casillas:{hit.label}")
    return None


_FIRST_SURNAME = frozenset({"APELLIDOPATERNO", "PRIMERAPELLIDO", "APELLIDOPATERNORAZONSOCIAL"})
_SECOND_SURNAME = frozenset({"APELLIDOMATERNO", "SEGUNDOAPELLIDO"})


def _far_apart(one: Box, two: Box, sheet: Sheet) -> bool:
    """Whether one box stands more than a few lines below the other."""
    return abs(one.y0 - two.y0) > 4 * sheet.line_height


_BEARER = frozenset({
    "PORTADOR", "PORTADORA", "POSEEDOR", "POSEEDORA", "IDENTIFICADO", "IDENTIFICADA", "CON", "TITULAR", "DE", "DEL",
    "LA", "EL", "SU", "CUYA", "CUYO", "MAYOR", "EDAD", "CLIENTE", "ABONADO", "ABONADA", "SUSCRIPTOR", "USUARIO", "Y",
    "NUMERO", "NO", "",
})  # fmt: skip
"""Words between a name and the number of who bears it."""
_BEFORE_A_NAME = frozenset({
    "CLIENTE", "ABONADO", "ABONADA", "TITULAR", "SUSCRIPTOR", "USUARIO", "SENOR", "SENORA", "SENORES", "SR", "SRA",
    "SRTA", "DON", "DONA", "LIC", "ING", "DR", "DRA", "ECON", "ARQ", "ABG", "YO", "COMPARECE", "COMPARECEN",
    "NOMBRE", "NOMBRES", "ENTREGA", "DEVUELVE", "RECIBIMOS", "RECIBI", "COMODATARIO", "CUSTODIO",
})  # fmt: skip
"""Words before it that may be written with a capital, as a name is."""
_MOST_NAMES = 6


def _name_before(sheet: Sheet, signing: float) -> Field | None:
    """In prose the name that a number is said to be of: "JUANA MORA PAZ, portadora de la cédula …", "… (C.I. …)"."""
    for hit in sheet.hits_of("id_number"):
        cell, number = sheet.rows[hit.row][hit.cell], value_after(sheet, hit) or next_line(sheet, hit)
        if cell.box.y0 >= signing:
            continue
        over = sheet.rows[hit.row - 1][0].words if hit.cell == 0 and sheet.reads_on(hit.row) else ()
        if len(over) + len(cell.words) < _SENTENCE or _is_told_of_staff(sheet, hit):
            continue
        before = [*over, *cell.words[: hit.start]]
        borne = bool(before) and _letters(before[-1]) in _BEARER
        if not borne and (number is None or not re.search(r"\d{6}", number.text)):
            continue
        name = _name_at_the_end(before)
        if _OF_STAFF.search(plain(" ".join(word.text for word in before[-4:]))):
            continue
        text = person(Span(tuple(name))) if (2 if borne else 3) <= len(name) <= _MOST_NAMES + 2 else ""
        if text and not is_told_as_staff(sheet, plain(Span(tuple(name)).text), hit.row):
            return field_of(sheet, text, Span(tuple(name)), f"{LOOSE}holder:ante su número")
    return None


_OF_STAFF = re.compile(
    r"(\b(ASESORA?|FUNCIONARI[OA]|TECNIC[OA]|AGENTE|DELEGAD[OA]|REPRESENTANTE|RECIB[A-Z]+|RETIRA|ATEND[A-Z]+)"
    r"|(?<!ENTREGADO )(?<!DEVUELTO )(?<!ENTREGADOS )(?<!DEVUELTOS )\bPOR)"
    r"( (POR|EL|LA|SU|LEGAL|SENORA?|SRA?\.?|DEL?|CNT))*$"
    r"|\b(EN|A) NOMBRE( DEL?| DE LA)?( TITULAR| CLIENTE| ABONAD[OA])?:?$"
)
"""Words before a name by which it is one of the company's people, or of who acts for the customer."""
_SENTENCE = 6
"""Words from which on a cell may hold a name and a number that no caption parts."""


def _name_over(sheet: Sheet) -> Field | None:
    """A name alone in the line over its bearer's number, in the upper part of a narrow paper."""
    for hit in sheet.hits_of("id_number"):
        cell, number = sheet.rows[hit.row][hit.cell], value_after(sheet, hit)
        if hit.start or hit.cell or not hit.row or number is None or not re.match(r"\d{6}", number.text):
            continue
        over = sheet.rows[hit.row - 1]
        near = cell.box.y0 - over[0].box.y1 < sheet.line_height and abs(over[0].box.x0 - cell.box.x0) < _BELOW_IT
        if cell.box.y0 < _UPPER and len(over) == 1 and near and not sheet.hits_in.get((hit.row - 1, 0)):
            text = person(over[0]) if 3 <= len(over[0].words) <= _MOST_NAMES else ""
            if text and not is_told_as_staff(sheet, plain(over[0].text), hit.row - 1):
                return field_of(sheet, text, over[0], f"{LOOSE}holder:sobre su número")
    return None


def _name_alone(sheet: Sheet, book: DocumentsBook, signing: float) -> Field | None:
    """The only name in capitals whose caption was not read, that stands beside a person's number or is signed with.

    Not what the company's side signs with.
    """
    cells = [(row, place, cell) for row, cells in enumerate(sheet.rows) for place, cell in enumerate(cells)]
    foot = [cell for _, _, cell in cells if cell.box.y0 >= signing]
    found: dict[str, Span] = {}
    for row, place, cell in cells:
        name = person(cell) if 3 <= len(cell.words) <= _MOST_NAMES and cell.text.isupper() else ""
        if not name or cell.box.y0 >= signing or sheet.hits_in.get((row, place)):
            continue
        captioned = place and any(
            hit.end == len(sheet.rows[row][place - 1].words) for hit in sheet.hits_in.get((row, place - 1), ())
        )
        listed = any(types_named([plain(word.text) for word in cell.words])) or own_name(name, book.ours)
        signed = [one for one in foot if squeezed(name) == squeezed(one.text)]
        beside = sheet.rows[row][place + 1].text if place + 1 < len(sheet.rows[row]) else ""
        number = read_id(beside) if re.fullmatch(r"\d{10}|\d{10}001", beside) else None
        his = signed or (number is not None and number.check is IdCheck.OK)
        its = any(signs_for_the_company(sheet, book, signing, one.box) for one in signed)
        if his and not captioned and not listed and not its and not is_told_as_staff(sheet, plain(cell.text), row):
            found[squeezed(name)] = cell
    if len(found) != 1:
        return None
    (span,) = found.values()
    return field_of(sheet, person(span), span, f"{LOOSE}holder:sin rótulo")


_UPPER, _BELOW_IT = 0.4, 0.02
"""Share of a page's height above which nobody signs; of its width by which lines begin alike."""


def _is_told_of_staff(sheet: Sheet, hit: Hit) -> bool:
    """Whether a caption of the company's people stands before a number, in its cell or left of it."""
    near = [
        other
        for place in (hit.cell - 1, hit.cell)
        for other in sheet.strong_hits_in(hit.row, place)
        if (other.cell, other.start) < (hit.cell, hit.start) and other.fields & {"agent", "holder"}
    ]
    return bool(near) and "holder" not in max(near, key=lambda other: (other.cell, other.start)).fields


def _name_at_the_end(words: list[Word]) -> list[Word]:
    """The name with which words end, but for what says that a number of its bearer follows."""
    while words and _letters(words[-1]) in _BEARER:
        words.pop()
    name: list[Word] = []
    while words and (
        re.fullmatch(r"[(“\"]?[A-ZÁÉÍÓÚÜÑ][^\W\d_]*['’.\-]?[^\W\d_]*[,”\".]?", words[-1].text)
        or (name and plain(words[-1].text) in _PARTICLES)
    ):
        if name and (words[-1].text.endswith(",") or _ends_a_sentence(words[-1])):
            break
        name.insert(0, words.pop())
    while name and _letters(name[0]) in _PARTICLES | _BEFORE_A_NAME:
        del name[0]
    return name


def _letters(word: Word) -> str:
    return re.sub(r"[^A-Z0-9]", "", plain(word.text))


def _ends_a_sentence(word: Word) -> bool:
    """Whether a full stop ends a word that is no initial and no abbreviation: "Restitución."."""
    return re.fullmatch(r".{4,}\.[\-–—]" if word.text.isupper() else r".{4,}\.[\-–—]?", word.text) is not None


def _is_on_behalf(hit: Hit, cell: Span) -> bool:
    """Whether a caption's name is another's: "Entrega los equipos en nombre del titular: FUEL MOREIRA VERONICA"."""
    return _ON_BEHALF.search(plain(" ".join(word.text for word in cell.words[: hit.start]))) is not None


_ON_BEHALF = re.compile(r"\b(EN|A|POR)( EL)?( NOMBRE DEL?)?$")
_NO_NAMES = frozenset({
    "LO", "ARRIBA", "ABAJO", "INDICADO", "DETALLADO", "SIGUIENTE", "SIGUIENTES", "EQUIPO", "EQUIPOS", "QUE",
    "QUIEN", "USTED", "USTEDES", "UD", "UDS", "LE", "LES", "ME", "NOS", "SE", "HA", "HAN", "FUE", "ES", "SON",
    "ESTA", "ESTE", "ESTOS", "CONFIRMAMOS", "INFORMAMOS", "COMUNICAMOS", "NOTIFICAMOS", "AGRADECEMOS",
    "ESTIMADO", "ESTIMADA", "DEVOLVIO", "DEVUELVE", "ENTREGA", "ENTREGO", "ENTREGAMOS", "RECIBE", "RECIBI",
    "RECIBIO", "RECIBIMOS", "DECLARO", "DECLARA", "CERTIFICO", "CERTIFICA", "CERTIFICAMOS", "NO", "NRO", "NUM",
    "NUMERO", "TELEFONO", "TELF", "CEDULA", "RUC", "FECHA", "FIRMA", "CORREO", "ATENCION", "OFICINA", "SUCURSAL",
    "FORM", "FORMULARIO", "COPIA", "ORIGINAL", "VERSION", "BAJA", "RETIRO", "DEVOLUCION", "MOTIVO", "CONTRATO",
    "CLIENTE", "ABONADO", "SUSCRIPTOR", "NOMBRE", "NOMBRES", "APELLIDOS", "BODEGA", "CNT", "CI", "CC", "CED",
    "INSTALADOR", "TECNICO", "ASESOR", "FUNCIONARIO", "BODEGUERO", "SUPERVISOR", "INSPECTOR", "VENDEDOR",
    "DOMICILIO", "OPERADOR", "CELULAR", "DIRECCION", "CAC", "SERVICIO", "SERVICE", "CUSTOMER", "DATE", "NAME",
    "DECODIFICADOR", "DECO", "MODEM", "ROUTER", "ONT", "ONU", "CARGADOR", "ANTENA", "TARJETA", "CABLE", "INTERNET",
    "TELEVISION", "SATELITAL", "DTH", "DOCUMENTO", "IDENTIFICACION",
})  # fmt: skip
"""Words of sentences and of captions: "recibí del cliente lo arriba indicado" names nobody."""
_NO_NAME = re.compile(
    r"CANCELACION|TERMINACION|MARCAYMODELO|DELSERVICIO|CAMBIODE|RETIRODEF|INTERNETFIJO|TELEFONIAFIJA|RAZONSOCIAL|APELLIDOSYNOMBRES"
    r"|^(BARRIO(SAN|LA|EL|LOS|LAS)|CDLA|CIUDADELA|URBANIZACION|AVENIDA|PARROQUIA|CALLE(SAN|LA|LOS|BOLIVAR|SUCRE))"
)
"""Of reasons, services and captions, also where a blank was not seen; and where somebody lives (Calle is a surname)."""
_OF_AN_OFFICE = 3
"""Words of "Agencia Riobamba Norte" at most; what is called an agency and is a customer has more ("de viajes …")."""
_LINKS = frozenset({"EN", "CON", "POR", "PARA", "SU", "SUS", "AL", "UN", "UNA", "A", "COMO"})
"""Words of sentences that only companies have in their names ("FUNDACION PARA EL DESARROLLO")."""
_ROLES = frozenset({
    "TITULAR", "CLIENTE", "ABONADO", "USUARIO", "SUSCRIPTOR", "REPRESENTANTE", "DELEGADO", "APODERADO", "AUTORIZADO",
    "RAZON", "RECIBE",
})  # fmt: skip
_PARTICLES = frozenset({"DE", "DEL", "LA", "LAS", "LOS", "EL", "Y", "E", "VDA", "VON", "VAN", "DA", "DI", "DOS"})
_COMPANY = re.compile(
    r"\b(S ?A S?|SAS|CIA|LTDA|EP|FUNDACION|COMPANIA|EMPRESA|CORPORACION|COOPERATIVA|ASOCIACION|CONSORCIO|COMERCIAL"
    r"|UNIDAD|INSTITUTO|MINISTERIO|GAD|COMITE|CONJUNTO|IGLESIA|COLEGIO|ESCUELA|CLINICA|FARMACIA|HOTEL|GRUPO|SERVICIOS?)\b"
)


def person(span: Span) -> str:
    """A person's or company's name: two to eight words of letters, none of them a word of sentences.

    Names are written in capitals, or each word with one: small letters are a particle's, or one word's, misread.
    """
    # No name begins with a small l and another consonant: it is the I that looks like one.
    shown = span.words[1:] if _END_OF_A_LABEL.fullmatch(span.words[0].text) else span.words
    words = [re.sub(r"^l(?=[b-df-hj-km-nñp-tv-z])", "I", word.text.strip(".,:;'’`")) for word in shown]
    named = [word for word in words if _NAME_WORD.fullmatch(word)]
    if not 2 <= len(named) <= 9 or len(named) < len([word for word in words if word]) - 1:
        return ""
    if any(len(re.findall(r"\d", word)) >= _MOST_DIGITS for word in named):
        return ""
    if sum(len(word) for word in named) < 7 or not _NO_NAMES.isdisjoint(plain(word).replace(".", "") for word in named):
        return ""
    if any(plain(word.text) == "O" for word in span.words) and not _ROLES.isdisjoint(map(plain, named)):
        return ""  # "titular o representante"; between names it is an initial
    if any(word.text == "o" for word in span.words) or _is_a_misread_caption(named):
        return ""
    said = " ".join(map(plain, named))
    if _NO_NAME.search(said.replace(" ", "")) or (plain(named[0]) == "AGENCIA" and len(named) <= _OF_AN_OFFICE):
        return ""
    if not _LINKS.isdisjoint(map(plain, named)) and not _COMPANY.search(said.replace(".", " ")):
        return ""
    if all(map(_says_nothing, said.replace(".", " ").split())):
        return ""
    small = [word for word in named if word[0].islower() and plain(word) not in _PARTICLES]
    return "" if len(small) > 1 else " ".join(named).upper()


def _is_a_misread_caption(words: list[str]) -> bool:
    """Whether two words are "el cliente" as engines read it ("El CUENTE"), and nobody's name."""
    return len(words) == 2 and plain(words[0]) in {"EL", "LA", "FI"} and distance(plain(words[1]), "CLIENTE") <= 2


_END_OF_A_LABEL = re.compile(r"(i?ente|[nt]?te|e|t?i?t?ular|l?ar|r|na?do|a?do|do|ario|rio|io|bres?|res?):")
"""What is left of a label in front of a name that was cut out with it: "te: VILLACÍS"."""
_MOST_DIGITS = 3
"""Digits of one word from which on it is of equipment ("DECODIFICADOR HD ZTE ZXV10 B760H"), not of a company's name."""


def _says_nothing(word: str) -> bool:
    """Whether a word, read whole or cut off, is one by which a company only says what it is."""
    return word in _PARTICLES or any(
        (len(word) >= _CUT_OFF and whole.startswith(word)) or distance(word, whole) <= len(whole) // 6
        for whole in _WHAT_ANY_IS
    )


_WHAT_ANY_IS = (
    "EMPRESA", "PUBLICA", "NACIONAL", "CORPORACION", "COMPANIA", "ECUADOR", "REPUBLICA", "GOBIERNO", "ESTATAL",
    "TELECOMUNICACIONES", "SERVICIO", "SERVICIOS", "CLIENTE", "CLIENTES", "ATENCION", "PASAPORTE", "CEDULA",
)  # fmt: skip
"""Words of letterheads: "Empresa Pública del Ecuador" is no holder; a company that is one has a name besides."""
_CUT_OFF = 4
"""Letters at least of a word that was cut off."""


def office_of(sheet: Sheet, signing: float) -> Field | None:
    """The service centre where it was handed over."""
    return _text_of(sheet, "office", signing, _office)


def _office(span: Span) -> str:
    words = [word.text for word in span.words]
    text = re.split(r",\s*\d", " ".join(words))[0].strip(" .:;,-")
    return text if sum(c.isalpha() for c in text) >= 2 and len(text) <= 60 else ""


def agent_of(sheet: Sheet, signing: float) -> Field | None:
    """Who took it over: by a label, else the name under "RECIBÍ CONFORME … CNT"."""
    return _text_of(sheet, "agent", 2.0, person) or _agent_below(sheet, signing)


def _agent_below(sheet: Sheet, signing: float) -> Field | None:
    for hit in sheet.hits_of("signing"):
        box = sheet.span_of(hit).box
        if not hit.label.startswith("RECIB") or box.y0 < signing - 0.01:
            continue
        wide = Box(box.x0 - 0.08, box.y0, box.x1 + 0.08, box.y1)
        for row, cell, span in sheet.below(wide, rows=4, reach=6.0):
            if sheet.strong_hits_in(row, cell):
                continue
            name = person(span)
            if name and "CNT" not in name.split():
                return field_of(sheet, name, span, "agent:bajo la firma")
    return None
