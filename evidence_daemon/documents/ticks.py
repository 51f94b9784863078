"""Which of several printed words is ticked: "[ ] Instalación  [x] Retiro / devolución".  Pure.

A form offers what is done (`MOVEMENTS`), how a visit ended (`OUTCOMES`), or SÍ and NO for each piece of equipment.

Evidence must be plain: one mark in the line, before or behind its word as the boxes of the others are, or clearly
nearer to it than to any other.  Boxes that are drawn as lines no engine sees: then the mark alone tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import islice, pairwise

from evidence_daemon.cases.equipment import plain
from evidence_daemon.documents.layout import Sheet, Span
from evidence_daemon.model import Box, Word


class Choice(StrEnum):
    """What a line of boxes says was done."""

    RETURN = "RETURN"
    """Equipment came back; of a visit or an order: it was carried out."""
    OTHER = "OTHER"
    OPEN = "OPEN"
    """No box is ticked, or more than one, or it cannot be told which."""


@dataclass(frozen=True)
class Menu:
    """What a line of boxes offers: words for a return, or that it was carried out, and words for all else."""

    back: re.Pattern[str]
    other: re.Pattern[str]

    @cached_property
    def _within(self) -> re.Pattern[str]:
        return re.compile(self.back.pattern.replace("$", ""))

    def rows_of(self, sheet: Sheet) -> list[tuple[Span, ...]]:
        """The rows that may offer something: without a word for a return a row offers nothing, and most have none."""
        return [row for row in sheet.rows if any(self._within.search(plain(cell.text)) for cell in row)]

    def names(self, piece: _Piece) -> bool:
        text = plain(piece.text)
        return bool(self.back.match(text) or self.other.match(text))


MOVEMENTS = Menu(
    re.compile(r"(DEVOLUCION|DEVUELVE|RETIRO|RETIRA|BAJA)$"),
    re.compile(
        r"(INSTALACION|INSTALA|ACTIVACION|ALTA|CAMBIO|TRASLADO|MIGRACION|REPOSICION|REEMPLAZO|MANTENIMIENTO|REPARACION"
        r"|REVISION|SOPORTE|GARANTIA|PRESTAMO|MUDANZA|REUBICACION|ENTREGA)$"
    ),
)
OUTCOMES = Menu(
    re.compile(
        r"(EJECUTAD|EFECTIV|EXITOS|REALIZAD|EFECTUAD|COMPLETAD|CUMPLID|ATENDID|RETIRAD|RECUPERAD)[AO]S?$|(ENTREGA|DEVUELVE)$"
    ),
    re.compile(
        r"(AUSENTE|NIEGA|(REPROGRAMAD|REAGENDAD|FALLID|PENDIENTE|CANCELAD|RECHAZAD|NEGAD|NEGATIV|SUSPENDID|ANULAD"
        r"|INCOMPLET|INEXISTENTE|CERRAD|POSTERGAD)[AO]?S?)$"
    ),
)
"""How a visit or an order ended: "[x] Ejecutada  [ ] Cliente ausente  [ ] Reprogramada"."""
_PIECE = re.compile(
    r"[\[(（{]?\s*[xX✓✔]\s*[\])）}]|[\[(（{]\s*[xX✓✔](?![^\W\d_])|[☒☑■✓✔]|[\[(（{](?![^\W\d_])|(?<![^\W\d_])[\])）}]"
    r"|[☐□▢]|(?<![^\W\d_])[xX](?=[^\W\d_a-z][a-zñáéíóú])|[^\W\d_]+"
)
_BESIDE_BOXES = frozenset(
    {"ENTREGA", "REPARACION", "REVISION", "SOPORTE", "GARANTIA", "PRESTAMO", "MUDANZA", "REUBICACION"}
)
"""What may be done, and is said of much else in titles and sentences: it counts beside boxes only."""
_MOST_LINES = 8
"""Lines of a page beside which boxes are looked for."""
_FEWEST_WORDS = 3
"""Different things to choose from that make a line a choice where no box and no mark was seen."""
_DENIES = frozenset({"NO", "SIN", "NUNCA"})
"""Before what an outcome names: "No retirado"."""
_OPENS = frozenset("[☐□▢")
_BOXES = _OPENS | {"]"}
"""What is printed for a box; a bracket of prose is none."""
_MOST_LETTERS = 90
"""A line that holds more is a sentence."""
_CLEARLY = 1.6
"""How many times as far as the word it belongs to any other must stand from a mark."""


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    x0: float
    x1: float
    word: Word

    @property
    def is_mark(self) -> bool:
        return re.search(r"[☒☑■✓✔]|^[^\w]*[xX][^\w]*$", self.text) is not None

    @property
    def is_box(self) -> bool:
        return re.search(r"\w", self.text) is None and not self.is_mark


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a line of boxes says, all words of its row, and the mark with its words; none where it is open."""

    choice: Choice
    line: Span
    mark: Word | None = None
    ticked: Box | None = None
    drawn: bool = False
    """The boxes were seen in the pixels, each with a mark in it or empty: no engine had to read them."""
    boxed: bool = False
    """Boxes, or a mark, were seen or read."""
    unticked: tuple[Word, ...] = ()
    """The words of all other things that the line offers."""


def choice_on(sheet: Sheet, menu: Menu = MOVEMENTS) -> Chosen | None:
    """What the lines say that offer a return (or that it was carried out) among others; None: there is none.

    Boxes that were seen tell before those that were read, and these before words alone.  Lines that differ say nothing.
    """
    lines = [chosen for row in menu.rows_of(sheet) if (chosen := _chosen_in(sheet, row, menu)) is not None]
    best = max(((line.drawn, line.boxed) for line in lines), default=None)
    told = [line for line in lines if (line.drawn, line.boxed) == best]
    if len({line.choice for line in told}) > 1:
        return Chosen(Choice.OPEN, told[0].line, drawn=told[0].drawn, boxed=True)
    return told[0] if told else None


def _chosen_in(sheet: Sheet, row: tuple[Span, ...], menu: Menu) -> Chosen | None:
    line = Span(tuple(word for cell in row for word in cell.words))
    boxes = [(box, ticked) for box, ticked in sheet.tickboxes if _on(line, box)]
    pieces = _offering(_pieces(sheet, row), menu)
    if len(boxes) > 1:
        words = list(filter(_is_word, pieces))
        # An engine may have read a box as a letter.
        words = [word for word in words if not any(_lies_on(word, box) for box, _ in boxes)]
        pieces = sorted((*words, *(_drawn(box, ticked) for box, ticked in boxes)), key=lambda piece: piece.x0)
    found = _chosen(pieces, menu)
    if found is None:
        return None
    choice, mark, named = found
    things = _things(pieces, menu)
    squares = len(boxes) if len(boxes) > 1 else sum(p.is_mark or p.text in _OPENS for p in pieces)
    if menu is OUTCOMES and len(things) != squares:  # words without a box are no part of the choice
        choice, mark, named = Choice.OPEN, None, []
    boxed = any(piece.is_mark or piece.text in _BOXES for piece in pieces)
    rest = tuple(piece.word for thing in things for piece in thing if piece not in named)
    if len(boxes) > 1:
        word = mark.word if mark is not None else None
        return Chosen(choice, line, word, drawn=True, boxed=True, unticked=rest)
    if mark is None:
        return Chosen(choice, line, boxed=boxed)
    ends = [end for piece in (mark, *named) for end in (piece.x0, piece.x1)]
    ticked = Box(min(ends), line.box.y0, max(ends), line.box.y1)
    return Chosen(choice, line, mark.word, ticked, boxed=True, unticked=rest)


def offered_on(sheet: Sheet) -> tuple[tuple[Box, ...], ...]:
    """Beside what boxes are to be looked for: the things to choose from, of each line that offers some."""
    lines = []
    for menu in (MOVEMENTS, OUTCOMES):
        offering = (_offering(_pieces(sheet, row), menu) for row in menu.rows_of(sheet))
        found = (_things(pieces, menu) for pieces in offering if _offers(pieces, menu))
        lines += [tuple(map(_around, things)) for things in islice(found, _MOST_LINES)]
    return tuple(lines)


def _offers(pieces: list[_Piece], menu: Menu) -> bool:
    """Whether a line names a return and something else, as different things: boxes may stand beside them."""
    said = [plain(piece.text) for piece in pieces if _is_word(piece)]
    others = set(filter(menu.other.match, said))
    denied = menu is OUTCOMES and not _DENIES.isdisjoint(said)
    if not any(map(menu.back.match, said)) or not (others or denied):
        return False
    if sum(map(len, said)) > _MOST_LETTERS or "FECHA" in said:
        return False
    # What titles say of one thing stands close together there.
    apart = [run for run in _runs(pieces) if any(map(menu.names, run))]
    return len(_things(pieces, menu)) > 1 and (len(apart) > 1 or not others <= _BESIDE_BOXES)


def _offering(pieces: Iterator[_Piece], menu: Menu) -> list[_Piece]:
    """Of a line what offers: outcomes may stand behind other fields of a row ("Hora 12:31  [x] Ejecutada  [ ] ...").

    And another group of boxes behind its own label: "Gestión: ☐ Cambio ☒ Retiro   Medio: ☐ Domicilio ☒ Ventanilla".
    """
    line = list(pieces)
    named = [at for at, piece in enumerate(line) if menu.names(piece)]
    if not named:
        return line
    if menu is not OUTCOMES:
        return line[: next((at for at, piece in enumerate(line) if at > named[-1] and _heads_others(piece)), len(line))]
    first, last = named[0], named[-1] + 1
    while first and _is_word(line[first - 1]) and line[first].x0 - line[first - 1].x1 <= _GAP:
        first -= 1
    while last < len(line) and _is_word(line[last]) and line[last].x0 - line[last - 1].x1 <= _GAP:
        last += 1
    while first and not _is_word(line[first - 1]):
        first -= 1
    while last < len(line) and not _is_word(line[last]):
        last += 1
    return line[first:last]


def _heads_others(piece: _Piece) -> bool:
    """Whether a label begins another group of boxes, that says nothing of what was done: how it came, and where."""
    return piece.word.text.endswith(":") and plain(piece.text) in {"MEDIO", "CANAL", "LUGAR", "VIA", "ZONA", "HORARIO"}


def _is_word(piece: _Piece) -> bool:
    return not piece.is_mark and not piece.is_box


def refused(sheets: Sequence[Sheet]) -> bool:
    """Whether a table asks of each piece of equipment whether it came back, and one with a number is not marked SÍ.

    Each row by any of its readings; one that says NO is enough.
    """
    said: dict[tuple[int, int], set[bool]] = {}
    for sheet in sheets:
        asked = False
        for row in sheet.rows:
            asked = asked or any(_ASKS.fullmatch(plain(cell.text).strip(" ?¿:.")) for cell in row)
            text = plain(" ".join(cell.text for cell in row))
            answer = _YES_OR_NO.search(text) if asked else None
            if answer is not None and re.search(r"\b(?=[A-Z]*\d)[A-Z0-9]{7,}\b", text[answer.end() :]):
                there = (sheet.number, round(50 * row[0].box.y0))
                marks = said.setdefault(there, set())
                if answer["yes"] or answer["no"]:
                    marks.add(not answer["no"])
    return any(False in marks or not marks for marks in said.values())


_ASKS = re.compile(r"(SE )?(DEVUELVE|DEVUELTO|ENTREGA|ENTREGADO|RECIBIDO|RECIBE|RETIRADO|RETIRA)S?")
_YES_OR_NO = re.compile(
    r"(?P<yes>[X☒☑✓■])?[\])} ¦|\[(☐□O0JQ]*S[I1L]\b[ ¦|]*(?P<no>[X☒☑✓■])?[\])} ¦|\[(☐□O0JQ]*NO\b(?![.°º])"
)
"""Boxes before SÍ and NO, read as whatever they look like."""


def _runs(pieces: list[_Piece]) -> list[list[_Piece]]:
    """Words that follow one another without a box, a mark or a gap between."""
    runs: list[list[_Piece]] = []
    for at, piece in enumerate(pieces):
        if not _is_word(piece):
            continue
        before = pieces[at - 1] if at else None
        apart = before is None or ((before.is_mark or before.is_box) and before.text not in "()（）")
        if not runs or apart or piece.x0 - max(one.x1 for one in pieces[:at]) > _GAP:
            runs.append([])
        runs[-1].append(piece)
    return runs


def _things(pieces: list[_Piece], menu: Menu) -> list[list[_Piece]]:
    """The things to choose from, each as its words; the words that name them alone where these run into one another."""
    runs = _runs(pieces)
    named = [[one for one in run if menu.names(one)] for run in runs]
    things = [_printed(run) for run, words in zip(runs, named, strict=True) if words]
    if menu is OUTCOMES:  # what names none is one of them too
        return [_printed(thing) for run in runs for thing in _outcomes_in(run, menu)]
    mixed = any(len({menu.back.match(plain(word.text)) is None for word in words}) > 1 for words in named)
    if not mixed and len(things) > 1:
        return things
    return [thing for run in runs for thing in _named_in(run, menu)]


def _named_in(run: list[_Piece], menu: Menu) -> Iterator[list[_Piece]]:
    """The words of a run that name something, each a thing; "Retiro por baja" is one."""
    things: list[list[_Piece]] = []
    for at, piece in enumerate(run):
        if not menu.names(piece):
            continue
        said = things[-1][-1] if things else piece
        between = run[run.index(said) : at + 1]
        close = all(two.x0 - one.x1 < _BLANK for one, two in pairwise(between))
        both = all(menu.back.match(plain(one.text)) for one in (said, piece))
        if things and both and close and len(between) <= _SAID_TOGETHER:
            things[-1] += between[1:]
        else:
            things.append([piece])
    yield from things


def _outcomes_in(run: list[_Piece], menu: Menu) -> Iterator[list[_Piece]]:
    """Outcomes that run into one another: each ends with the word that names it ("Ejecutada", "Cliente ausente")."""
    names = list(map(menu.names, run))
    first = 0
    for at in range(1, len(run)):
        if any(names[first:at]) and any(names[at:]):
            yield run[first:at]
            first = at
    yield run[first:]


def _printed(thing: list[_Piece]) -> list[_Piece]:
    """The words of a thing without a letter at its ends: engines have read the box as one."""
    first, last = len(thing[0].text) == 1, len(thing[-1].text) == 1
    return thing[first : len(thing) - last] or thing


def _around(thing: list[_Piece]) -> Box:
    boxes = [piece.word.box for piece in thing]
    top, bottom = min(box.y0 for box in boxes), max(box.y1 for box in boxes)
    return Box(min(piece.x0 for piece in thing), top, max(piece.x1 for piece in thing), bottom)


def _on(line: Span, box: Box) -> bool:
    middle = (box.y0 + box.y1) / 2
    return line.box.y0 - 0.3 * (box.y1 - box.y0) <= middle <= line.box.y1 + 0.3 * (box.y1 - box.y0)


def _lies_on(piece: _Piece, box: Box) -> bool:
    return min(piece.x1, box.x1) - max(piece.x0, box.x0) > 0.5 * (piece.x1 - piece.x0)


def _drawn(box: Box, ticked: bool) -> _Piece:
    text = "☒" if ticked else "☐"
    return _Piece(text, box.x0, box.x1, Word(text, box, 1.0, 0))


def _pieces(sheet: Sheet, row: tuple[Span, ...]) -> Iterator[_Piece]:
    """Words, boxes and marks of a line, from the left; engines join them and take them apart as they like."""
    box = Span(tuple(word for cell in row for word in cell.words)).box
    beside = [w for w in sheet.seen if box.y0 <= (w.box.y0 + w.box.y1) / 2 <= box.y1]
    for word in sorted(beside, key=lambda word: word.box.x0):
        wide = (word.box.x1 - word.box.x0) / max(1, len(word.text))
        for piece in _PIECE.finditer(word.text):
            yield _Piece(piece[0], word.box.x0 + wide * piece.start(), word.box.x0 + wide * piece.end(), word)


def _chosen(pieces: list[_Piece], menu: Menu) -> tuple[Choice, _Piece | None, list[_Piece]] | None:
    words = list(filter(_is_word, pieces))
    said = [plain(piece.text) for piece in words]
    if sum(map(len, said)) > _MOST_LETTERS or "FECHA" in said:
        return None
    offered = {text for text in said if menu.back.match(text) or menu.other.match(text)}
    marks = [piece for piece in pieces if piece.is_mark]
    if not any(map(menu.back.match, offered)) or not any(map(menu.other.match, offered)):
        return None
    if not marks and not any(piece.is_box for piece in pieces) and len(offered - _BESIDE_BOXES) < _FEWEST_WORDS:
        return None
    squares = sum(piece.is_mark or piece.text in _OPENS for piece in pieces)
    if squares < 2 and {text for text in offered if menu.other.match(text)} <= _BESIDE_BOXES:
        return None  # "ACTA DE ENTREGA (DEVOLUCION) DE EQUIPOS" offers nothing
    named = _ticked(marks[0], pieces, _side(pieces, menu)) if len(marks) == 1 else []
    back, other = (any(one.match(plain(piece.text)) for piece in named) for one in (menu.back, menu.other))
    if menu is OUTCOMES and any(plain(piece.text) in _DENIES for piece in named):
        back, other = False, back
    if back == other:
        return Choice.OPEN, None, []
    return Choice.RETURN if back else Choice.OTHER, marks[0], named


def _side(pieces: list[_Piece], menu: Menu) -> int:
    """On which side of their boxes the words of a line stand: 1 behind, -1 before; 0: it cannot be told."""
    offered = [at for at, piece in enumerate(pieces) if menu.names(piece)]
    boxes = [at for at, piece in enumerate(pieces) if piece.is_box or piece.is_mark]
    if len(boxes) < len(offered) or not offered:
        return 0
    first, last = boxes[0] < offered[0], boxes[-1] > offered[-1]
    if first and last and _is_word(pieces[-1]):
        return 1  # the last box has its word behind it, too, whatever that says
    return 0 if first == last else 1 if first else -1


def _ticked(mark: _Piece, pieces: list[_Piece], side: int) -> list[_Piece]:
    """The words that a mark belongs to: those up to the next box, or gap, on the side where it stands near."""
    left, right = mark.x0, mark.x1
    at = pieces.index(mark)
    before, after = pieces[:at], pieces[at + 1 :]
    while before and before[-1].is_box and before[-1].text in "[(（{":
        left = before.pop().x0
    while after and after[0].is_box and after[0].text in "])）}":
        right = after.pop(0).x1
    ahead = left - before[-1].x1 if before else 1.0
    behind = after[0].x0 - right if after else 1.0
    ahead, behind = max(ahead, 0.001), max(behind, 0.001)
    if side:
        return _run(after) if side > 0 else _run(before[::-1])
    if behind * _CLEARLY < ahead:
        return _run(after)
    if ahead * _CLEARLY < behind:
        return _run(before[::-1])
    return []


def _run(pieces: list[_Piece]) -> list[_Piece]:
    """The words of one thing to choose, from the mark on: up to a box, or to a gap wider than those between words."""
    words: list[_Piece] = []
    for piece in pieces:
        gap = max(piece.x0 - words[-1].x1, words[-1].x0 - piece.x1) if words else 0.0
        if piece.is_box or piece.is_mark or gap > _GAP:
            break
        words.append(piece)
    return words


_BLANK, _SAID_TOGETHER = 0.022, 3
"""Share of the width of a page between two words of one thing at most: no box has room there; and its words."""
_GAP = 0.025
"""Share of the width of a page between two things to choose; words of one stand closer."""
