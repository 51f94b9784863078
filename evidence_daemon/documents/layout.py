"""Words with places → lines, cells and labels: what stands beside, below and under what.  Pure.

A form is read as a person reads it: a label, and then what stands behind it, right of it or below it.
Distances are in heights of a line, so that they hold for every size of print and every raster.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, reduce
from itertools import pairwise
from operator import ne
from statistics import median
from typing import Any

from evidence_daemon.canonical import is_pon_serial
from evidence_daemon.model import Box, Engine, Page, Word

HEAD = 0.34
"""Share of a page, from the top, in which its issuer is named."""
_CELL_GAP = 1.7
"""Heights of a line between two words from which on they stand in different cells."""
_LOOKS_LIKE = str.maketrans({"0": "O", "1": "I", "5": "S", "8": "B", "!": "I", "|": "I", "L": "I"})
_ENDS = frozenset(":/.-–—)°º=;,?")


@lru_cache(maxsize=20_000)
def squeezed(text: str) -> str:
    """Capitals without accents, blanks and punctuation; what is mistaken for one another is one (0/O, 1/l/I …).

    >>> squeezed("C.!. / RUC") == squeezed("ci/ruc")
    True
    """
    bare = unicodedata.normalize("NFD", text.upper()).translate(_LOOKS_LIKE)
    return "".join(c for c in bare if "A" <= c <= "Z" or "0" <= c <= "9")


@dataclass(frozen=True)
class Span:
    """Words that stand together, in reading order."""

    words: tuple[Word, ...]

    @cached_property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @cached_property
    def box(self) -> Box:
        return Box(
            min(w.box.x0 for w in self.words), min(w.box.y0 for w in self.words),
            max(w.box.x1 for w in self.words), max(w.box.y1 for w in self.words),
        )  # fmt: skip

    @cached_property
    def confidence(self) -> float:
        """Mean confidence of the words, weighted by their letters."""
        weights = [max(1, sum(map(str.isalnum, word.text))) for word in self.words]
        return sum(w * word.confidence for w, word in zip(weights, self.words, strict=True)) / sum(weights)


@dataclass(frozen=True, slots=True)
class Hit:
    """A label that was found: the fields it may stand for, and which words of its cell it covers."""

    fields: frozenset[str]
    row: int
    cell: int
    start: int
    end: int
    strong: bool
    """It opens its cell, or a colon follows: it ends the value before it."""
    label: str


@dataclass(frozen=True, slots=True)
class Mending:
    """Words that another engine than the page's put into some places of it."""

    engine: Engine
    words: tuple[Word, ...]

    def holds(self, word: Word) -> bool:
        """Whether a word, or a part of one, is among them."""
        box = word.box
        return any(
            (box.y0, box.y1) == (own.box.y0, own.box.y1) and own.box.x0 <= box.x0 and box.x1 <= own.box.x1
            for own in self.words
        )


class Sheet:
    """One page as rows of cells."""

    def __init__(self, page: Page, lexicon: Lexicon | None = None, *, mended: Mending | None = None) -> None:
        self.known: dict[str, tuple[object, Any]] = {}
        """What was found on it, by what was asked, with the book that it was asked by: a page is judged many times."""
        self.number = page.number
        self.engine: Engine = page.engine
        self.mended = mended
        self.ink = page.ink
        self.struck = page.struck
        self.tickboxes = page.tickboxes
        self.stamps = page.stamps
        self.afar = page.afar
        # Heights are measured in widths of the page: fractions of the two sides cannot be compared.
        self.aspect = page.height / page.width if page.width and page.height else 1.414
        self.seen = page.words
        """As they were read, with the boxes and marks that are no words."""
        self.words = _without_line_numbers([word for word in map(_clean, page.words) if word is not None])
        tall = [w.box.y1 - w.box.y0 for w in self.words if sum(map(str.isalnum, w.text)) >= 2]
        self.line_height = median(tall) if tall else 0.012
        self.rows: tuple[tuple[Span, ...], ...] = _without_item_numbers([self._cells(row) for row in self._rows()])
        self.hits: tuple[Hit, ...] = tuple(lexicon.hits(self.rows)) if lexicon else ()

    @cached_property
    def text(self) -> str:
        """All words in capitals, without accents, with single blanks; "¦" between what does not read on.

        Only prose reads on from one row to the next: a row of one long cell, and the row under it.
        """
        return self.text_without(())

    def text_without(self, left_out: Collection[Word]) -> str:
        """The same without some words."""
        said: list[str] = []
        above: list[tuple[Span, int]] = []
        columns: list[tuple[Span, int]] = []
        for number, row in enumerate(self.rows):
            here: list[tuple[Span, int]] = []
            kept = [tuple(word for word in cell.words if word not in left_out) for cell in row] if left_out else None
            if kept is not None and not any(kept):
                above, columns = here, []
                continue
            for place, cell in enumerate(row if kept is None else map(Span, filter(None, kept))):
                follows = place == 0 and bool(above) and self.reads_on(number)
                before = (
                    above[0][1] if follows else next((at for one, at in columns if self._in_column(one, cell)), None)
                )
                if before is None:
                    before = len(said)
                    said.append("")
                said[before] += f" {cell.text}"
                here.append((cell, before))
            above = here
            # Lines of a column beside this one may stand between two of a sentence.
            columns = [*here, *columns][:_BESIDE_ONE_ANOTHER]
        bare = unicodedata.normalize("NFD", " ¦ ".join(said).upper())
        return " ".join("".join(c for c in bare if not unicodedata.combining(c)).split())

    def reads_on(self, number: int) -> bool:
        """True when a row continues the sentence of the row above it."""
        if not 0 < number < len(self.rows):
            return False
        above, row = self.rows[number - 1], self.rows[number]
        return (
            len(above) == 1
            and len(above[0].words) >= 7
            and abs(above[0].box.x0 - row[0].box.x0) < 0.06
            and _goes_on(above[0], row[0])
        )

    def _in_column(self, above: Span, cell: Span) -> bool:
        """Whether a cell goes on with the sentence of the one above it in its column."""
        close = cell.box.y0 - above.box.y1 < self.line_height
        return close and len(above.words) >= 7 and abs(above.box.x0 - cell.box.x0) < 0.01 and _goes_on(above, cell)

    def read_by(self, span: Span) -> Engine:
        """Who read these words: another engine than the page's where all of them are its."""
        mended = self.mended
        if mended is None or not all(map(mended.holds, span.words)):
            return self.engine
        return mended.engine

    def is_mixed(self, span: Span) -> bool:
        """Whether one engine read some of these words and another the rest: nobody has read the whole."""
        mended = self.mended
        if mended is None or mended.engine is self.engine:
            return False
        return 0 < sum(map(mended.holds, span.words)) < len(span.words)

    @cached_property
    def confidence(self) -> float:
        """Mean confidence of the words, weighted by their length; 0 for an empty page."""
        return Span(self.words).confidence if self.words else 0.0

    def _rows(self) -> list[list[Word]]:
        rows: list[list[Word]] = []
        for word in sorted(self.words, key=_middle):
            middle, height = _middle(word), word.box.y1 - word.box.y0
            reach = 0.5 * max(min(height, 1.6 * self.line_height), 0.6 * self.line_height)
            nearest = ((row, _nearest(row, word)) for row in rows[-6:])
            fitting = [r for r, near in nearest if abs(_middle(near) - middle) <= reach or _on_one_line(near, word)]
            if fitting:
                min(fitting, key=lambda row: abs(_middle(_nearest(row, word)) - middle)).append(word)
            else:
                rows.append([word])
        rows = [self._mended_row(sorted(row, key=lambda word: word.box.x0)) for row in rows]
        return sorted(rows, key=lambda row: sum(map(_middle, row)) / len(row))

    def _mended_row(self, row: list[Word]) -> list[Word]:
        """A row with its numbers whole: engines break some in two where no blank is.

        What one engine reads of half a number, the other reads too when it is shown that half.
        """
        whole = row[:1]
        for word in row[1:]:
            last = whole[-1]
            near = word.box.x0 - last.box.x1 < _NO_BLANK * min(_height(last), _height(word)) * self.aspect
            if near and _halves(last.text, word.text):
                whole[-1] = _one_word(last, word)
            else:
                whole.append(word)
        return whole

    def _cells(self, row: list[Word]) -> tuple[Span, ...]:
        cells, current = [], [row[0]]
        for word in row[1:]:
            height = max(self.line_height, min(word.box.y1 - word.box.y0, current[-1].box.y1 - current[-1].box.y0))
            if word.box.x0 - current[-1].box.x1 > _CELL_GAP * height * self.aspect:
                cells.append(Span(tuple(current)))
                current = []
            current.append(word)
        return (*cells, Span(tuple(current)))

    def below(self, box: Box, *, rows: int = 3, reach: float = 3.2) -> Iterator[tuple[int, int, Span]]:
        """Cells under a box that share some of its width, nearest first: (row, cell, span)."""
        limit = box.y1 + reach * max(self.line_height, box.y1 - box.y0)
        seen = 0
        for number, row in enumerate(self.rows):
            # By its own top, not its row's: beside a small caption and its value may stand a large title.
            under = [
                (i, cell)
                for i, cell in enumerate(row)
                if cell.box.y0 >= box.y1 - 0.4 * self.line_height and _share(cell.box, box) > 0
            ]
            if min(cell.box.y0 for cell in row) > limit or seen == rows:
                return
            under = [(i, cell) for i, cell in under if cell.box.y0 <= limit]
            seen += bool(under)
            for i, cell in sorted(under, key=lambda found: abs(found[1].box.x0 - box.x0)):
                yield number, i, cell

    @cached_property
    def captions_below(self) -> bool:
        """Whether this form prints its labels under the rules that one writes on, not over them."""
        over = under = 0
        beside: set[tuple[int, int]] = set()  # captions that say by a colon that their value follows
        for hit in self.hits:
            row = self.rows[hit.row]
            if (
                hit.strong
                and has_colon(row[hit.cell], hit)
                and (hit.end < len(row[hit.cell].words) or row[hit.cell + 1 :])
            ):
                beside.add((hit.row, hit.cell))
            if not self.fills_its_cell(hit) or len(row) < 2:
                continue
            box = self.rows[hit.row][hit.cell].box
            above, below = self._nearest_cell(hit.row, -1, box), self._nearest_cell(hit.row, 1, box)
            if above is None or has_colon(self.rows[hit.row][hit.cell], hit):
                continue
            if below is not None and below.x1 - below.x0 > _OF_PROSE:
                continue  # the last caption of a form: a sentence under it is no value
            up, down = box.y0 - above.y1, (below.y0 - box.y1) if below else 1.0
            if min(up, down) < 2 * self.line_height:
                over, under = over + (down < up), under + (up < 0.7 * down)
        return under >= 3 and under > 3 * over and under > len(beside)

    def _nearest_cell(self, row: int, step: int, box: Box) -> Box | None:
        """What stands over (-1) or under (1) a box: rows that have nothing there, as a logo's, are skipped."""
        for number in range(row + step, row + _FEW_ROWS * step, step):
            if not 0 <= number < len(self.rows):
                break
            found = next((cell.box for cell in self.rows[number] if _share(cell.box, box) > 0), None)
            if found is not None:
                return found
        return None

    def above(self, box: Box, row: int) -> Iterator[tuple[int, int, Span]]:
        """The cell over a label of a form that prints its captions below: (row, cell, span)."""
        over = self._nearest_cell(row, -1, box)
        for number in range(max(0, row + 1 - _FEW_ROWS), row):
            for place, cell in enumerate(self.rows[number]):
                if cell.box == over and box.y0 - cell.box.y1 < 2.2 * self.line_height:
                    yield number, place, cell

    def hits_of(self, field: str) -> list[Hit]:
        return self._hits_by_field.get(field, [])

    @cached_property
    def _hits_by_field(self) -> dict[str, list[Hit]]:
        found: dict[str, list[Hit]] = {}
        for hit in self.hits:
            for field in hit.fields:
                found.setdefault(field, []).append(hit)
        return found

    @cached_property
    def hits_in(self) -> dict[tuple[int, int], list[Hit]]:
        """The labels of each cell (row, place in it) that has any."""
        found: dict[tuple[int, int], list[Hit]] = {}
        for hit in self.hits:
            found.setdefault((hit.row, hit.cell), []).append(hit)
        return found

    def strong_hits_in(self, row: int, cell: int) -> list[Hit]:
        return [hit for hit in self.hits_in.get((row, cell), ()) if hit.strong]

    def leads_on(self, row: int, cell: int, fields: frozenset[str] = frozenset()) -> list[int]:
        """Where the label of a number that follows begins, when a value has run up to it ("… MORA, C.I. 17…").

        The number may stand in the next cell; a label of the value's own `fields` is part of it.
        """
        beside = self.rows[row][cell + 1].words[:1] if cell + 1 < len(self.rows[row]) else ()
        words = (*self.rows[row][cell].words, *beside)
        return [
            hit.start
            for hit in self.hits_in.get((row, cell), ())
            if hit.start > 0
            and hit.fields & _OF_NUMBERS
            and (
                hit.end == len(words) - len(beside) or not (hit.fields & fields or hit.label in _NUMBER_FOLLOWS | {"N"})
            )
            and any(re.match(r"\W*\d", word.text) for word in words[hit.end : hit.end + 1])
        ]

    def span_of(self, hit: Hit) -> Span:
        return Span(self.rows[hit.row][hit.cell].words[hit.start : hit.end])

    def label_box(self, hit: Hit) -> Box:
        """What a value stands under: the whole cell where it is nothing but label ("Documento (C.I.)")."""
        words = self.rows[hit.row][hit.cell].words
        opens = any((other.row, other.cell, other.start) == (hit.row, hit.cell, 0) for other in self.hits)
        whole = len(words) <= hit.end - hit.start + 2 or (opens and hit.end == len(words) <= 7)
        return Span(words).box if whole else self.span_of(hit).box

    def fills_its_cell(self, hit: Hit) -> bool:
        """Whether a label is all that its cell holds, but for a hint in brackets: "Recibí de (cliente)".

        Or for more of it: other labels ("Cédula de identidad / RUC del titular"), or what it is in English
        ("Cliente / Customer").
        """
        return hit.start == 0 and self.is_caption(hit)

    def is_caption(self, hit: Hit) -> bool:
        """Whether a label stands in a cell that holds nothing else than labels, and opens with one."""
        words = self.rows[hit.row][hit.cell].words
        if hit.start == 0 and (hit.end == len(words) or _is_hint(words[hit.end :])):
            return True
        beside = self.hits_in[hit.row, hit.cell]
        if not any(other.start == 0 for other in beside) or any(has_colon(Span(words), other) for other in beside):
            return False
        spoken = {at for other in beside for at in range(other.start, other.end)}
        rest = [squeezed(word.text) for at, word in enumerate(words) if at not in spoken]
        return all(word in _WITHIN_LABELS for word in rest)

    @cached_property
    def captions_behind(self) -> bool:
        """Whether this form prints its labels at the end of the line on which one writes."""
        before = behind = 0
        labels: set[str] = set()
        for number, row in enumerate(self.rows):
            if len(row) < 2:
                continue
            captions = [hit for hit in self.hits if hit.row == number and hit.start == 0 and self.is_caption(hit)]
            named = {hit.cell for hit in captions}
            colon = any(has_colon(row[hit.cell], hit) for hit in self.hits if hit.row == number)
            # What a form says again and again at the end of its lines ("Recibido") is no label but a value.
            said = {hit.label for hit in captions} - labels
            labels |= said
            behind += not colon and named == {len(row) - 1} and bool(said)
            before += 0 in named and len(row) - 1 not in named
        return behind >= 3 and behind > 3 * before


_OF_PROSE = 0.5
"""Share of the page's width beyond which a cell is a sentence."""
_NO_BLANK = 0.28
"""Heights of a word between the halves of one at most: the blanks of printers' faces are wider than 0.35."""
_FEWEST_OF_BOTH = 9


def _halves(one: str, two: str) -> bool:
    """Whether two pieces may be one long number."""
    both = one + two
    if is_pon_serial(both):
        return True
    pieces = all(re.fullmatch(r"(?=.*[0-9])[0-9A-Z]{2,}", piece) for piece in (one, two))
    return pieces and len(both) >= _FEWEST_OF_BOTH and sum(map(str.isdigit, both)) >= 5


def _one_word(one: Word, two: Word) -> Word:
    box = Box(one.box.x0, min(one.box.y0, two.box.y0), two.box.x1, max(one.box.y1, two.box.y1))
    return replace(one, text=one.text + two.text, box=box, confidence=min(one.confidence, two.confidence))


def _height(word: Word) -> float:
    return word.box.y1 - word.box.y0


def of_combs(words: Sequence[Word], aspect: float) -> tuple[Word, ...]:
    """Words of a text layer in which signs that stand in a box each are one word: "0", "8", "6", "7" → "0867".

    `aspect` is the page's height in widths.  Four and more in a line must stand evenly and close, and nothing near them
    that could be theirs: better no number than one that lacks a digit.  Day, month and year may stand side by side.
    """
    lines: list[list[Word]] = []
    for word in sorted(words, key=_middle):
        if lines and _middle(word) - _middle(lines[-1][0]) < 0.6 * _height(lines[-1][0]):
            lines[-1].append(word)
        else:
            lines.append([word])
    joined: list[list[Word]] = []
    for line in lines:
        line.sort(key=lambda word: word.box.x0)
        runs = [run for run in _runs([word for word in line if _is_sign(word)], aspect) if len(run) > 1]
        if tuple(map(len, runs)) in _DAYS:
            joined += runs
        joined += (run for run in runs if len(run) >= _FEWEST_SIGNS and run not in joined and _stands_alone(run, line))
    if not joined:
        return tuple(words)
    within = {id(word) for run in joined for word in run}
    rest = [word for word in words if id(word) not in within]
    return (*rest, *(reduce(_one_word, run) for run in joined))


_FEWEST_SIGNS = 4
_DAYS = frozenset({(2, 2, 4), (4, 2, 2), (2, 2, 2)})
"""Boxes of day, month and year."""
_EVENLY, _CLOSELY = 0.2, 2.6
"""Share by which steps from sign to sign differ at most; and such a step in heights of a sign."""
_ITS_OWN = 2.6
"""Steps beyond the ends of a row of signs within which what holds a digit, or is one sign, may be part of it."""


def _is_sign(word: Word) -> bool:
    return len(word.text) == 1 and word.text.isalnum()


def _stands_alone(run: list[Word], line: list[Word]) -> bool:
    step = (_centre(run[-1]) - _centre(run[0])) / (len(run) - 1)
    left, right = run[0].box.x0 - _ITS_OWN * step, run[-1].box.x1 + _ITS_OWN * step
    return not any(
        word.box.x1 > left and word.box.x0 < right and (_is_sign(word) or re.search(r"\d", word.text))
        for word in line
        if not any(word is own for own in run)
    )


def _runs(row: list[Word], aspect: float) -> Iterator[list[Word]]:
    """Signs of a line that follow one another at one step."""
    run: list[Word] = []
    step = 0.0
    for word in row:
        ahead = _centre(word) - _centre(run[-1]) if run else 0.0
        close = ahead < _CLOSELY * _height(word) * aspect
        if run and close and (len(run) == 1 or abs(ahead - step) <= _EVENLY * step):
            run.append(word)
            step = ahead
        else:
            if run:
                yield run
            run = [word]
    if run:
        yield run


def _centre(word: Word) -> float:
    return (word.box.x0 + word.box.x1) / 2


_FEW_ROWS = 4
"""Rows off within which what stands over or under a box is its neighbour."""
_BESIDE_ONE_ANOTHER = 8
"""Cells over a line among which the one lies that it goes on with."""
_FEWEST_LINES = 8


def _without_line_numbers(words: list[Word]) -> tuple[Word, ...]:
    """A page without the numbers of its lines, as ruled paper for pleadings has them in its margin."""
    numbers = [word for word in words if re.fullmatch(r"\d{1,2}", word.text)]
    others = [word.box.x0 for word in words if not re.fullmatch(r"\d{1,2}", word.text)]
    margin = [word for word in numbers if word.box.x1 < min(others, default=0.0)]
    margin.sort(key=lambda word: word.box.y0)
    steps = [int(two.text) - int(one.text) for one, two in pairwise(margin)]
    if len(margin) < _FEWEST_LINES or steps.count(1) < 0.8 * len(steps):
        return tuple(words)
    return tuple(word for word in words if word not in margin)


def spelled(text: str) -> str:
    """A text in which what stands in boxes of one sign each is one word again: "N 0 2 3 6 7" → "N 02367"."""
    return re.sub(r"(?<!\S)\w(?: \w(?!\S)){2,}", lambda boxed: boxed[0].replace(" ", ""), text)


def _without_item_numbers(rows: Sequence[tuple[Span, ...]]) -> tuple[tuple[Span, ...], ...]:
    """Cells without their numbers, where a form counts its items: "04. Apellidos y nombres", "2) Cédula: …".

    A bare number ("3 Cliente") is one at the beginning of a line, where they count from one on.
    """
    numbered = [
        (row, place, int(found[1]), not found[2])
        for row, cells in enumerate(rows)
        for place, cell in enumerate(cells)
        if len(cell.words) > 1
        and (found := re.fullmatch(r"\(?(\d{1,2})([.)\-]*)", cell.words[0].text))
        and cell.words[1].text.lstrip("¿(")[:1].isalpha()
        and (found[2] or place == 0)
    ]
    runs: list[list[tuple[int, int, int, bool]]] = []
    for item in numbered:
        if runs and item[2] == runs[-1][-1][2] + 1 and item[3] is runs[-1][-1][3]:
            runs[-1].append(item)
        else:
            runs.append([item])
    counted = [r for r in runs if len(r) >= _FEWEST_ITEMS + r[0][3] and (r[0][2] == 1 or not r[0][3])]
    if not counted or any(not item[3] for run in runs if run not in counted for item in run):
        return tuple(rows)
    known = {(row, place) for run in counted for row, place, *_ in run}
    return tuple(
        tuple(Span(cell.words[1:]) if (row, place) in known else cell for place, cell in enumerate(cells))
        for row, cells in enumerate(rows)
    )


_FEWEST_ITEMS = 4


def _goes_on(above: Span, line: Span) -> bool:
    """Whether two lines may be of one sentence: of one size of print, which a title is not.

    At the head none goes on in capitals that does not begin in them: that is a title under the company's address.
    """
    high, other = (median(word.box.y1 - word.box.y0 for word in span.words) for span in (above, line))
    titled = line.box.y0 < HEAD and line.text.isupper() and not above.text.isupper()
    alike = max(high, other) < _OTHER_SIZE * min(high, other) or min(len(above.words), len(line.words)) < 3
    return alike and not titled


_OTHER_SIZE = 1.3


def _clean(word: Word) -> Word | None:
    """A word without the box it stands in: sides of cells are read as bars and brackets; ticks are kept."""
    bare = _LEADERS.sub("", word.text.strip().strip("|¦[]{}_"))
    if word.confidence < (1 if "." in bare else _UNSURE) and _MISREAD_SIGN.fullmatch(bare):
        return replace(word, text="N.º")
    if sum(map(str.isalnum, bare)) >= 2 or bare == ":":
        return word if bare == word.text else replace(word, text=bare)
    return None if re.fullmatch(r"[|¦_\-–—=.·~'`´\[\](){}<>,;]*", word.text.strip()) else word


_LEADERS = re.compile(r"^[.…_]{3,}|[.…_]{3,}(?=:?$)")
"""Dots and strokes that lead from a label to its value, or on which it was typed: "....ZTE....", "AGENCIA ....:"."""


def _opens_a_number(words: Sequence[Word], index: int, at: int) -> bool:
    """Whether letters that look like a label are the beginning of a number: "CAC-2025-04744", "N.º CAC-"."""
    if _OF_A_NUMBER.match(words[index].text, at):
        return True
    behind_sign = index > 0 and squeezed(words[index - 1].text) in _NUMBER_SIGNS
    return behind_sign and words[index].text.endswith("-") and at >= len(words[index].text) - 1


_OF_A_NUMBER = re.compile(r"-(20\d\d\b|[0-9A-Z]+-[0-9A-Z])")
_MISREAD_SIGN = re.compile(r"[Nn][.:,]?[º°*?]?[29][º°*?%£”\"']?")
"""The number sign N.º as engines read it: the small o becomes a 2 or a 9."""
_UNSURE = 0.9
"""Confidence below which "N2" may be such a sign; of a house or a lot it is read for sure."""


def _on_one_line(one: Word, two: Word) -> bool:
    """Whether a small and a large word stand on one line: a label, and its value in larger letters."""
    small, large = sorted((one.box.y1 - one.box.y0, two.box.y1 - two.box.y0))
    return small < large < _LARGER * small and abs(one.box.y1 - two.box.y1) < _BASELINE * small


_LARGER, _BASELINE = 2.2, 0.3
"""Heights of a small word that a large one beside it has at most, and within which both end at the foot."""


def _middle(word: Word) -> float:
    return (word.box.y0 + word.box.y1) / 2


def _nearest(row: Sequence[Word], word: Word) -> Word:
    return min(row, key=lambda other: abs(other.box.x0 - word.box.x0))


def _share(a: Box, b: Box) -> float:
    """How much of two boxes' widths lies over one another, as a share of the narrower one."""
    over = min(a.x1, b.x1) - max(a.x0, b.x0)
    return over / max(1e-6, min(a.x1 - a.x0, b.x1 - b.x0))


class Lexicon:
    """Labels by field, found in cells as they are printed or slightly misread."""

    def __init__(self, labels: Mapping[str, Iterable[str]]) -> None:
        fields: dict[str, set[str]] = {}
        self._names: dict[str, str] = {}
        self._signs: dict[str, range] = {}
        self._abbreviated: set[str] = set()
        for field, texts in labels.items():
            for text in texts:
                fields.setdefault(squeezed(text), set()).add(field)
                self._names[squeezed(text)] = text.replace(" ", "")
                self._signs[squeezed(text)] = _sign_in(text)
                if _ABBREVIATED.match(text):
                    self._abbreviated.add(squeezed(text))
        self._fields = {label: frozenset(names) for label, names in fields.items()}
        self._by_length: dict[int, list[str]] = {}
        for label in self._fields:
            self._by_length.setdefault(len(label), []).append(label)
        self._lengths = sorted(self._by_length, reverse=True)
        self._by_part: dict[tuple[int, int, str], list[str]] = {}
        for label in self._fields:
            for place, part in enumerate(_parts(label)):
                self._by_part.setdefault((len(label), place, part), []).append(label)

    def hits(self, rows: Sequence[Sequence[Span]]) -> Iterator[Hit]:
        """Every label in every cell; the longest one at each place, none inside another."""
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                yield from _joined(cell, list(self._in_cell(cell, number, place)))

    def _in_cell(self, cell: Span, row: int, place: int) -> Iterator[Hit]:
        stream, starts, ends = "", [], {}
        for index, word in enumerate(cell.words):
            starts.append(len(stream))
            for at, c in enumerate(word.text):
                stream += squeezed(c)
                after = word.text[at + 1 : at + 2]
                if (not after or after in _ENDS) and not _opens_a_number(cell.words, index, at + 1):
                    ends[len(stream)] = (index, after)
        at = 0
        while at < len(cell.words):
            found = self._label_at(stream, starts[at], ends)
            if found is None:
                at += 1
                continue
            label, stop = found
            last, after = ends[stop]
            colon = (
                after == ":"
                or cell.words[last].text.endswith(":")
                or (cell.words[last + 1 : last + 2] and (cell.words[last + 1].text[:1] == ":"))
            )
            yield Hit(self._fields[label], row, place, at, last + 1, at == 0 or bool(colon), self._names[label])
            at = last + 1

    def _label_at(self, stream: str, start: int, ends: Mapping[int, tuple[int, str]]) -> tuple[str, int] | None:
        for length in self._lengths:
            stop = start + length
            if stop not in ends or (length and stop == start):
                continue
            piece = stream[start:stop]
            if piece in self._fields:
                return piece, stop
            if (label := self._misread(piece)) is not None:
                # "SERIE SK-82…" is no "SERIE SN": a label as it is printed, and the beginning of its value.
                whole = [at for at in ends if start < at < stop and stop - at <= 2 and stream[start:at] in self._fields]
                return (label, stop) if not whole else (stream[start : whole[0]], whole[0])
        return None

    def _misread(self, piece: str) -> str | None:
        """The first label from which a piece differs in no more letters than are forgiven.

        Of a number sign a letter at least must be right: "retiro y" is no "retiro N", "la cédula" no "N° cédula".
        Where a label begins with an abbreviation, its first letter must be: "al cliente" is no "C.I. cliente".
        """
        forgiven = _forgiven(len(piece))
        if not forgiven:
            return None
        near = {
            label
            for place, part in enumerate(_parts(piece))
            for label in self._by_part.get((len(piece), place, part), ())
            if sum(map(ne, label, piece)) <= forgiven
            and (not (sign := self._signs[label]) or any(label[at] == piece[at] for at in sign))
            and (label not in self._abbreviated or piece[0] == label[0])
        }
        return next((label for label in self._by_length[len(piece)] if label in near), None) if near else None


def _sign_in(label: str) -> range:
    """Where the number sign of a label stands at its end, or at its beginning without a "de" behind it."""
    words, length = label.split(), len(squeezed(label))
    if len(words) > 1 and words[0] in _NUMBER_SIGNS and words[1] not in {"DE", "DEL"}:
        return range(len(words[0]))
    return range(length - len(words[-1]), length) if len(words) > 1 and words[-1] in _NUMBER_SIGNS else range(0)


_NUMBER_SIGNS = frozenset({"N", "NO", "NRO", "NUM"})
_ABBREVIATED = re.compile(r"(CI|CC|CV|ID) ")


def _forgiven(length: int) -> int:
    """How many letters of a label may be misread."""
    return 0 if length < 6 else 1 if length < 14 else 2


def _parts(label: str) -> list[str]:
    """One part more than letters may be misread: of two that are alike enough, one part at least is the same."""
    number = _forgiven(len(label)) + 1
    return [label[len(label) * at // number : len(label) * (at + 1) // number] for at in range(number)]


_JOINTS = frozenset({"", "O", "U", "Y"})


def _joined(cell: Span, hits: list[Hit]) -> Iterator[Hit]:
    """Labels of one cell, those that are said with one another as one: "Teléfono o código", "Contrato / línea".

    What is known by two names is what either names; a label of something that is not read says nothing beside one
    of something that is.
    """
    for hit in hits:
        if not hit.fields & {"other", "contract", "service_number", "number"}:
            continue
        for other in hits:
            between = cell.words[hit.end : other.start] if other.start >= hit.end else None
            if between is None or not other.fields & {"service_number"} - hit.fields or hit.start:
                continue
            if len(between) <= 1 and all(squeezed(word.text) in _JOINTS for word in between) and other.end > hit.end:
                joint = cell.words[hit.end - 1].text + "".join(word.text for word in between)
                if between or joint.endswith("/"):
                    service = frozenset({"service_number"})
                    both = Hit(service, hit.row, hit.cell, hit.start, other.end, True, other.label)
                    yield from (both, *(one for one in hits if one.start >= other.end))
                    return
    yield from hits


def has_colon(cell: Span, hit: Hit) -> bool:
    """Whether a colon ends a label."""
    last = cell.words[hit.end - 1].text
    after = cell.words[hit.end].text if hit.end < len(cell.words) else ""
    return ":" in last or after.startswith(":")


def _is_hint(words: Sequence[Word]) -> bool:
    """How a label is to be filled in: "Fecha (aaaa-mm-dd)"."""
    return re.fullmatch(r"\([^()\d]*\)?:?", "".join(word.text for word in words)) is not None


_OF_NUMBERS = frozenset({"id_number", "number", "service_number", "contract", "date", "serial", "mac"})
_JOINING = (
    "DE DEL LA EL O U Y CNT EP ACCOUNT ADDRESS AGENT BRAND BY CITY CUSTOMER DATE FORM ID ITEM MODEL NAME NO NUMBER "
    "OFFICE PART PHONE RECEIVED SERIAL SERVICE SIGNATURE SITE STATUS TAX VENDOR WAREHOUSE"
)
_WITHIN_LABELS = frozenset({"", *map(squeezed, re.findall(r"\w+", _JOINING))})
"""Words between labels, and those of forms in two languages."""
_NUMBER_FOLLOWS = frozenset({squeezed("NUMERO"), "NO", "NRO"})


def value_after(sheet: Sheet, hit: Hit) -> Span | None:
    """What stands behind the label in its own cell, up to the next label."""
    cell = sheet.rows[hit.row][hit.cell]
    if hit.end < len(cell.words) and sheet.is_caption(hit):
        return None
    stops = [other.start for other in sheet.strong_hits_in(hit.row, hit.cell) if other.start >= hit.end]
    stops += [start for start in sheet.leads_on(hit.row, hit.cell, hit.fields) if start >= hit.end]
    begins = _goes_on_as_label(sheet, hit)
    words = list(cell.words[begins : min((stop for stop in stops if stop >= begins), default=len(cell.words))])
    glued = _glued(cell.words[hit.end - 1], hit.label)
    if glued is not None:
        words.insert(0, glued)
    # What says that a number follows is a part of the label: "cédula o RUC número".
    while words and (not re.search(r"\w", words[0].text) or squeezed(words[0].text) in _NUMBER_FOLLOWS):
        del words[0]
    if words and _is_hint(words):
        return None
    return Span(tuple(words)) if words else None


def _goes_on_as_label(sheet: Sheet, hit: Hit) -> int:
    """Where the value behind a label begins: behind the same said otherwise, too ("Razón social / Nombre …")."""
    words = sheet.rows[hit.row][hit.cell].words
    for other in sheet.hits_in[hit.row, hit.cell]:
        between = words[hit.end : other.start] if other.start >= hit.end else None
        if between and other.fields & hit.fields and all(word.text == "/" for word in between):
            return other.end
        # "Fecha de entrega de equipos: …"; of a name it would be another's ("Nombre del técnico: …").
        of = bool(between) and all(squeezed(word.text) in {"DE", "DEI", "IOS"} for word in between or ())
        if of and hit.fields == {"date"} and other.fields == {"type"} and has_colon(Span(words), other):
            return other.end
    return hit.end


def _glued(word: Word, label: str) -> Word | None:
    """The value in "CI:1710034065" and in "N°0012345", where no blank parts it from its label."""
    head, colon, tail = word.text.partition(":")
    short = re.match(r"(?i)n(?:ro|o)?[.°º]+(?=[A-Z]{0,4}-?\d)", word.text)
    if short is not None and label in _NUMBER_FOLLOWS | {"N"}:
        head, colon, tail = short[0][:-1], short[0][-1], word.text[short.end() :]
    named, wanted = squeezed(head), squeezed(label)
    if colon and tail.strip(" .:-") and (wanted.endswith(named) or named.endswith(wanted)):
        width = word.box.x1 - word.box.x0
        box = Box(word.box.x0 + width * (len(head) + 1) / len(word.text), word.box.y0, word.box.x1, word.box.y1)
        return Word(tail, box, word.confidence, word.line)
    return None


def columns(header: Sequence[tuple[str, Box]], words: Iterable[Word]) -> tuple[list[str], list[float]]:
    """Names of a table's columns from the left, and the places between them at which words part.

    Two columns part in the widest strip between their headings' middles that no word of the table enters:
    headings are centred and values begin at the left as often as not.
    """
    ordered = sorted(header, key=lambda column: column[1].x0)
    covered = sorted((word.box.x0, word.box.x1) for word in words)
    edges = []
    for (_, one), (_, two) in pairwise(ordered):
        left, right = (one.x0 + one.x1) / 2, (two.x0 + two.x1) / 2
        best, widest, reached = (one.x1 + two.x0) / 2, 0.0, left
        for x0, x1 in [*covered, (right, right)]:
            if x1 <= left or x0 > right:
                continue
            if x0 - reached > widest:
                best, widest = (reached + x0) / 2, x0 - reached
            reached = max(reached, x1)
        edges.append(best)
    return [name for name, _ in ordered], edges


def column_of(word: Word, edges: Sequence[float]) -> int:
    """In which column most of a word stands."""
    return bisect_left(edges, (word.box.x0 + word.box.x1) / 2)
