"""How a page is looked at: which engine, at what of it, how often; until its fields are proven or all was tried.

Cheapest first.  A text layer is believed where the pixels of its key fields say the same.  A picture is read by
Tesseract; what is not proven by that is shown to the strong engine line by line.  Where a field was not found at
all, it is shown what stands beside the numbers of the page, then the lines that were read badly or not at all;
places on which the two disagree are looked at once more.  Each look is kept as a `Witness`, so that `fields` judges
later, from what is stored, what was read by whom.

Nothing here, and nothing below, knows what the case expects to find.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import reduce
from statistics import median
from typing import Any, Self

import numpy as np

from evidence_daemon.documents.layout import of_combs
from evidence_daemon.documents.looks import Wanted, well_read
from evidence_daemon.documents.sandbox import Cell, CellDied, Frame, Limits
from evidence_daemon.documents.told import (
    Corners,
    Spread,
    across,
    combs_of,
    lines_of,
    look_of,
    said_in,
    terms_of,
    whole,
    words_of,
)
from evidence_daemon.model import Box, DocumentKind, Engine, Page, Witness, Word

_log = logging.getLogger("evidence_daemon.documents")

OCR = "evidence_daemon.documents.ocr"
STRONG = "evidence_daemon.documents.strong"
_MAX_PLACES = 40
"""Places of a page that are looked at once more; an acta has about a dozen values."""
_FIND_SIDE = 1216
"""Long side in pixels of the picture on which lines are looked for: finding costs with the square of it, and
reading is done on strips of the full page."""


SEARCHED = "pages by the strong engine"
"""Among the seconds by stage: how many pages were searched."""
_ACTA_SECONDS, _OTHER_SECONDS = 60.0, 10.0
"""Of CPU that a mail's documents have taken: from then on a page of an acta, or another one, gets no further look."""
_ASK_AGAIN_SECONDS = 600.0
_absent_until: dict[str, float] = {}
"""By the monotonic clock: until then an engine that could not be had is not asked for again."""
_PRINT = 0.75
"""Confidence from which a word is print, and no signature."""
_SEEN, _HIGHER = 0.3, 2.5
"""Confidence from which a word is print rather than strokes across it, and heights of print that it has at most."""
_UNCLEAR = frozenset({DocumentKind.OTRO, DocumentKind.VACIO})

_MAX_STAMPS = 12
"""Places of a page in which stamps are read; an acta has its signatures, and a stamp or two."""
_TRIED_LINES = 8
"""Lines of a page that are read in two stands to tell which is the right one."""

Judge = Callable[[Page], Wanted]


class Sight:
    """Looks at the pages of one document, with cells that live as long as it does.  A context manager.

    `limits` returns what is left for a new cell; `judge` says what a page does not yet show; `before` is how many
    seconds of CPU the mail's other documents have taken.
    """

    def __init__(self, languages: str, limits: Callable[[], Limits], judge: Judge, before: float = 0.0) -> None:
        self._languages = languages
        self._limits = limits
        self._judge = _once(judge)
        self._cells = ExitStack()
        self._ocr: Cell | None = None
        self._strong: Cell | None = None
        self._blind = False
        self._combs: tuple[Spread, ...] = ()
        self._lines: dict[float, tuple[list[Corners], float]] = {}
        """Where the strong engine saw lines on the page in hand, by the height below which they were looked for."""
        self._before = before
        self.spent: dict[str, float] = {}
        """CPU seconds by stage."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._cells.close()

    def page(self, frame: Frame) -> tuple[Page, bytes]:
        """A page of RGB pixels (perhaps with words) as a parser's cell sent it → as it was read, and its PNG.

        Raises `CellDied`.
        """
        facts = frame.facts
        number, width, height = (whole(facts.get(name), 1, 100_000) for name in ("number", "width", "height"))
        if len(frame.blobs) != 1 or len(frame.blobs[0]) != width * height * 3:
            raise CellDied("the cell sent pixels that do not fit their size")
        told = words_of(facts.get("words") or ())
        printed = of_combs(told, height / width)
        pictured = facts.get("pictured", 1.0)
        turned = whole(facts.get("turned", 0), 0, 270)
        page = Page(number, width, height, Engine.TEXTO, printed, ink=across(facts.get("struck")))
        if printed and isinstance(pictured, float) and pictured < 0.5:
            wanted = self._judge(page)
            # A text layer without values is not believed: the values may be pixels pasted over a form.
            worth = wanted.worth
            if worth < 2:
                pictured_page = self._pictured(page, turned, frame.blobs)
                if self._judge(pictured_page).worth > worth:
                    return self._shown(pictured_page)
            asked = {"width": width, "height": height, "combs": len(printed) < len(told)}
            self._combs = combs_of(self._asked("hold", asked, frame.blobs).facts["combs"])
            return self._shown(self._compared(page, wanted))
        return self._shown(self._pictured(page, turned, frame.blobs))

    def _pictured(self, page: Page, turned: int, pixels: tuple[bytes, ...], *, cut: bool = True) -> Page:
        """A picture of a page as it was read; `turned` is by how much it was turned already (degrees clockwise).

        Where a sheet was cut out and makes no acta, the whole picture is read too: a shadow may have fooled the eye.
        """
        asked = {"width": page.width, "height": page.height, "languages": self._languages, "cut": cut}
        # Asked first: a poor photo is slow to read, and it may be the acta.
        in_time = self._worth_more(self._judge(page))
        read = self._asked("read", asked, pixels)
        further = in_time and read.facts["sense"] is not True
        if further:
            asked, read = self._by_its_lines(asked, read, pixels)
        self._combs = combs_of(read.facts["combs"])
        best = self._by_tesseract(page, turned, read)
        if read.facts["blank"] is True:
            return self._beyond(best, turned, asked, read, pixels)
        if in_time and (further or self._judge(best).poorly):
            asked, read = self._laid_flat(asked, read, pixels)
            self._combs = combs_of(read.facts["combs"])
            best = self._by_tesseract(page, turned, read)
        if further:
            best = self._with(best, self._strong_below(0.0))
        best = self._proven(best)
        wanted = self._judge(best)
        halved = _ends_at_print(best.words)
        # What says which paper it is may have been cut off, or what stands at one side of it.
        untold = wanted.kind in _UNCLEAR or wanted.untitled or halved
        if read.facts["cut"] is not True or not untold or not best.witnesses:
            return best
        if not self._worth_more(wanted):
            return best
        uncut = self._pictured(page, turned, pixels, cut=False)
        other = self._judge(uncut)
        titled = other.kind is DocumentKind.ACTA and not other.untitled
        if other.worth > wanted.worth or (titled and (other.worth == wanted.worth or not halved)):
            return uncut
        self._take_up_again(asked, pixels)
        return best

    def _beyond(self, blank: Page, turned: int, asked: dict[str, Any], read: Frame, pixels: tuple[bytes, ...]) -> Page:
        """What stands beside a sheet without print that was cut out of a photo: its edge was a fold, perhaps."""
        if read.facts["cut"] is not True or not self._worth_more(self._judge(blank)):
            return blank
        uncut = self._pictured(blank, turned, pixels, cut=False)
        if self._judge(uncut).kind not in _UNCLEAR:
            return uncut
        self._take_up_again(asked, pixels)
        return blank

    def _take_up_again(self, asked: dict[str, Any], pixels: tuple[bytes, ...]) -> None:
        """Read a page anew that was read before another: the picture for people is made of what was read last."""
        self._combs = combs_of(self._asked("read", asked, pixels).facts["combs"])

    def _by_its_lines(
        self, asked: dict[str, Any], read: Frame, pixels: tuple[bytes, ...]
    ) -> tuple[dict[str, Any], Frame]:
        """A picture of which no sense was made, read anew as its lines lie, and how to ask for that once more.

        Both as they were where it has no lines, or lies as well as it can.
        """
        self._combs = combs_of(read.facts["combs"])
        stand = self._stand_by_lines()
        if stand is None:
            return asked, read
        turn, lines = stand
        turned = {**asked, "turn": (whole(read.facts["turned"], 0, 270) + turn) % 360}
        again = self._asked("read", {**turned, "around": lines}, pixels)
        # Later the page that these lines are of is in hand no more.
        return (asked, read) if again.facts.get("same") is True else (turned, again)

    def _laid_flat(self, asked: dict[str, Any], read: Frame, pixels: tuple[bytes, ...]) -> tuple[dict[str, Any], Frame]:
        """A picture of paper that bends, read anew with its lines laid level, and how to ask for that once more.

        Both as they were where it does not bend, or has no lines that tell.
        """
        found = self._lines_below(0.0)
        bend = terms_of(self._asked("bend", {"lines": found[0]}).facts["bend"]) if found is not None else []
        if not bend:
            return asked, read
        flat = {**asked, "bend": bend}
        again = self._asked("read", {**flat, "again": True}, pixels)
        as_before = {name: read.facts[name] for name in ("cut", "turned")}
        return flat, Frame({**again.facts, **as_before}, again.blobs)

    def _by_tesseract(self, page: Page, turned: int, read: Frame) -> Page:
        return replace(
            page,
            engine=Engine.TESSERACT,
            words=self._spread(words_of(read.facts["words"])),
            turned=(turned + whole(read.facts["turned"], 0, 270)) % 360,
        )

    # ── how often ────────────────────────────────────────────────────────────────────────────────

    def _compared(self, page: Page, wanted: Wanted) -> Page:
        """A text layer with what the pixels of its values say."""
        places = wanted.places[:_MAX_PLACES]
        if wanted.untitled:
            page = self._with(page, self._strong_below(0.0, page))
        page = self._with(page, self._strong_at(places) or self._again_at(places))
        disputed = self._judge(page).disputed
        return self._with(page, self._again_at(disputed)) if disputed else page

    def _proven(self, page: Page) -> Page:
        """What Tesseract read with as many further looks as it takes."""
        wanted = self._judge(page)
        if not self._worth_more(wanted):
            return page
        if wanted.missing or wanted.places:
            page = self._with(page, self._codes())
        if wanted.poorly:
            page = self._with(page, self._strong_below(0.0))
            wanted = self._judge(page)
        if wanted.places or wanted.captions or wanted.unclaimed:
            page = self._with(page, self._strong_at((*wanted.places, *wanted.captions, *wanted.unclaimed)))
            wanted = self._judge(page)
        if wanted.missing and self._worth_more(wanted):
            page = self._with(page, self._strong_below(0.0, page))
            wanted = self._judge(page)
        elif wanted.unsigned is not None:
            page = self._with(page, self._strong_below(wanted.unsigned))
            wanted = self._judge(page)
        if wanted.disputed or wanted.places:
            page = self._with(page, self._again_at(tuple(dict.fromkeys((*wanted.disputed, *wanted.places)))))
        return page

    def _worth_more(self, wanted: Wanted) -> bool:
        """Whether a page is worth further looks: what is no acta soon is not, when a mail is full of pictures."""
        stages = sum(seconds for stage, seconds in self.spent.items() if stage != SEARCHED)
        return self._before + stages < (_ACTA_SECONDS if wanted.kind is DocumentKind.ACTA else _OTHER_SECONDS)

    def _shown(self, page: Page) -> tuple[Page, bytes]:
        # The lower half of an acta, on a photo of its own, has no title and bears the signatures.
        wanted = self._judge(page)
        signed = wanted.kind in {DocumentKind.ACTA, DocumentKind.OTRO}
        read = (*page.words, *(word for witness in page.witnesses for word in witness.words))
        # What was read out of a scribble is unsure, and must not be taken away as print.
        sure = [word for word in read if word.confidence >= _PRINT]
        words = [[w.text, w.box.x0, w.box.y0, w.box.x1, w.box.y1, w.confidence, 0] for w in sure]
        offered = [[[box.x0, box.y0, box.x1, box.y1] for box in line] for line in wanted.offered]
        told = self._asked("show", {"words": words, "ink": signed, "offered": offered})
        shown = replace(
            page,
            width=whole(told.facts["width"], 1, 100_000),
            height=whole(told.facts["height"], 1, 100_000),
            ink=(*page.ink, *(Box(*map(float, box)) for box in told.facts["ink"])),
            struck=tuple(Box(*map(float, box)) for box in told.facts["struck"]),
            tickboxes=tuple((Box(*map(float, box)), ticked is True) for *box, ticked in told.facts["tickboxes"]),
            look=look_of(told.facts.get("look")),
        )
        if wanted.kind is DocumentKind.ACTA or wanted.untitled:
            # In a text layer print is where it is said to be: what is written over it can be seen alone.
            drawn = page.engine is Engine.TEXTO
            places = _stamps_among(shown.ink, _REMARK_PARTED if drawn else _STAMP_PARTED)[:_MAX_STAMPS]
            shown = replace(shown, stamps=self._read_in(places, [word.box for word in page.words] if drawn else []))
            if not drawn:  # what is struck across a text layer is among its letters and curves (see `pdf`)
                shown = self._seen_afar(shown, read)
        return shown, told.blobs[0]

    @staticmethod
    def _with(page: Page, witness: Witness | None) -> Page:
        return page if witness is None else replace(page, witnesses=(*page.witnesses, witness))

    # ── at what ──────────────────────────────────────────────────────────────────────────────────

    def _strong_at(self, places: Sequence[Box]) -> Witness | None:
        places = places[:_MAX_PLACES]
        if not places:
            return None
        words = self._strips([_corners(place) for place in places])
        return None if words is None else Witness(Engine.RAPIDOCR, words, tuple(places))

    def _strong_below(self, top: float, known: Page | None = None) -> Witness | None:
        """The strong engine's words on the page below a height; without the lines that are `known` for sure."""
        found = self._lines_below(top)
        if found is None:
            return None
        lines, _ = found
        lines.sort(key=lambda corners: sum(y for _, y in corners))
        if not top:
            self.spent[SEARCHED] = self.spent.get(SEARCHED, 0.0) + 1
        if known is not None:
            lines = [corners for corners in lines if not _well_read(_around(corners), known)]
        words = self._strips(lines) if lines else ()
        if not words:
            return None
        there = tuple(self._on_paper(_around(corners)) for corners in lines)
        regions = there if known else (Box(0.0, top, 1.0, 1.0),) if top else ()
        return Witness(Engine.RAPIDOCR, words, regions)

    def _lines_below(self, top: float) -> tuple[list[Corners], float] | None:
        """Where the strong engine sees lines below a height, and how much wider than high the page is there."""
        if top not in self._lines:
            look = self._asked("look", {"side": _FIND_SIDE, "top": top})
            width, height = (whole(look.facts[name], 1, 100_000) for name in ("width", "height"))
            told = self._strongly({"do": "find", "width": width, "height": height}, look.blobs)
            if told is None:
                return None
            found = lines_of(told.facts.get("lines"), width, height)
            self._lines[top] = [[[x, top + (1 - top) * y] for x, y in corners] for corners in found], width / height
        lines, wide = self._lines[top]
        return [*lines], wide

    def _read_in(self, places: Sequence[Box], print_: Sequence[Box]) -> tuple[str, ...]:
        """Lines that the strong engine reads in places, which it looks at all together, without the print there.

        They may stand aslant.
        """
        if not places:
            return ()
        there, gone = ([[b.x0, b.y0, b.x1, b.y1] for b in boxes] for boxes in (places, print_))
        return self._said_on(self._asked("cuttings", {"places": there, "without": gone, "side": _FIND_SIDE}))[1]

    def _seen_afar(self, page: Page, read: Sequence[Word]) -> Page:
        """A page with what the strong engine sees on it from afar, without its print: lines, and large letters.

        What is much higher than print stays: it may be what is looked for, read badly.  Letters that stand aslant, as
        large as no signature or stamp, are struck across the page whatever they say.
        """
        words = [word for word in read if word.confidence >= _SEEN and sum(map(str.isalnum, word.text)) >= 2]
        high = _HIGHER * median([word.box.y1 - word.box.y0 for word in words] or [0.0])
        gone = [[b.x0, b.y0, b.x1, b.y1] for b in (word.box for word in words) if b.y1 - b.y0 <= high]
        found: list[str] = []
        struck: list[Box] = []
        for black in (False, True):  # one after the other: the cell has one of them in hand
            lines, said = self._said_on(self._asked("afar", {"words": gone, "black": black}))
            struck += [_around(line) for line in lines if _is_struck(line, page.height / page.width)]
            found += said
        whole_width = [Box(0.0, box.y0, 1.0, box.y1) for box in struck[:1]]
        return replace(page, afar=tuple(found), ink=(*page.ink, *whole_width))

    def _said_on(self, cut: Frame) -> tuple[list[Corners], tuple[str, ...]]:
        """Lines that the strong engine sees on what was cut out of the page, or made of it, as it is; what it reads."""
        width, height = (whole(cut.facts[name], 1, 100_000) for name in ("width", "height"))
        found = self._strongly({"do": "find", "width": width, "height": height, "as_it_is": True}, cut.blobs)
        if found is None:
            return [], ()
        lines = lines_of(found.facts.get("lines"), width, height)
        strips = self._asked("strips", {"places": lines, "cuttings": True})
        told = self._strongly({"do": "read", "widths": strips.facts["widths"]}, strips.blobs) if lines else None
        return lines, () if told is None else said_in(told.facts.get("strips"))

    def _stand_by_lines(self) -> tuple[int, list[Corners]] | None:
        """By how much to turn the page in hand, degrees clockwise, that its longest lines can be read, and its lines.

        Each has its corners from where it begins.  None where there are none.

        The first engine tells by what it reads, and of a photo taken in poor light, or of a sheet that lies askew on a
        table and was not found, it reads nothing in any stand.  The strong one sees lines in every stand.
        """
        found = self._lines_below(0.0)
        if found is None:
            return None
        lines, wide = found
        sides = [_sides(corners, wide) for corners in lines]
        aside = sum(high for long, high in sides if high > long) > sum(long for long, high in sides if long >= high)
        turns = (90, 270) if aside else (0, 180)
        longest = sorted(zip(sides, lines, strict=True), key=lambda line: max(line[0]), reverse=True)[:_TRIED_LINES]
        tried = [_as_read(corners, turn) for turn in turns for _, corners in longest]
        words = self._strips(tried) if tried else None
        if not words:
            return None
        read = [0.0, 0.0]
        for word in words:
            read[word.line // len(longest)] += word.confidence * sum(map(str.isalnum, word.text))
        turn = turns[read[1] > read[0]]
        return turn, [_as_read(corners, turn) for corners in lines]

    def _strips(self, places: list[Corners]) -> tuple[Word, ...] | None:
        """The strong engine's words at places (four corners each, fractions); None where there is no such engine."""
        cut = self._asked("strips", {"places": places})
        told = self._strongly({"do": "read", "widths": cut.facts["widths"]}, cut.blobs)
        if told is None:
            return None
        found = []
        for line, (corners, strip) in enumerate(zip(places, told.facts["strips"], strict=False)):
            (ax, ay), (bx, by), (cx, cy), (dx, dy) = corners
            for text, start, stop, sure in strip:
                x0, x1 = ax + (bx - ax) * start, ax + (bx - ax) * stop
                x0, x1 = (x0 + dx + (cx - dx) * start) / 2, (x1 + dx + (cx - dx) * stop) / 2
                at = (start + stop) / 2
                top, bottom = ay + (by - ay) * at, dy + (cy - dy) * at
                margin = 0.15 * (bottom - top)  # strips are a little higher than their print
                found.append([text, x0, top + margin, x1, bottom - margin, sure, line])
        return self._spread(words_of(found))

    def _again_at(self, places: Sequence[Box]) -> Witness | None:
        places = places[:_MAX_PLACES]
        if not places:
            return None
        asked = {"places": [_corners(place) for place in places], "languages": self._languages}
        told = self._asked("lines", asked)
        lines = [[*word[:6], at] for at, line in enumerate(told.facts["lines"]) for word in line]
        return Witness(Engine.TESSERACT, self._spread(words_of(lines)), tuple(places))

    def _codes(self) -> Witness | None:
        codes = words_of(self._asked("codes", {}).facts["codes"])
        return Witness(Engine.CODIGO, codes) if codes else None

    def _spread(self, words: tuple[Word, ...]) -> tuple[Word, ...]:
        """Words as they stand on the paper: what was read in a comb stands there wider than it was shown.

        A number is none where a box of it is empty: a digit may be missing there, and no engine would see it.
        """
        broken = [comb for comb, _, blanks in self._combs if blanks]
        whole = [word for word in words if not (_is_number(word) and _stands_in(word, broken))] if broken else words
        return tuple(replace(word, box=self._on_paper(word.box)) for word in whole) if self._combs else words

    def _on_paper(self, box: Box) -> Box:
        for comb, stretch, blanks in self._combs:
            if comb.holds_middle_of(box) and not blanks:  # the words of a name must stay close to be one
                x0, x1 = (min(comb.x1, comb.x0 + (at - comb.x0) * stretch) for at in (box.x0, box.x1))
                return replace(box, x0=max(0.0, x0), x1=x1)
        return box

    # ── which cell ───────────────────────────────────────────────────────────────────────────────

    def _asked(self, what: str, facts: Mapping[str, Any], blobs: tuple[bytes, ...] = ()) -> Frame:
        if self._ocr is None:
            self._ocr = self._cells.enter_context(Cell(OCR, self._limits()))
        (told,) = self._ocr.answers(Frame({"do": what, **facts}, blobs))
        self._count(told)
        if what in {"read", "hold"} and told.facts.get("same") is not True:
            self._lines.clear()  # another page is in hand
        return told

    def _strongly(self, facts: Mapping[str, Any], blobs: tuple[bytes, ...]) -> Frame | None:
        """The strong engine's answer; None where it is not there or has died: then values stay unproven."""
        if self._blind or time.monotonic() < _absent_until.get(STRONG, 0.0):
            return None
        try:
            if self._strong is None:
                self._strong = self._cells.enter_context(Cell(STRONG, self._limits()))
        except CellDied as died:
            _absent_until[STRONG] = time.monotonic() + _ASK_AGAIN_SECONDS
            _log.warning("the second OCR engine (rapidocr) cannot be had, fewer values will be proven: %s", died)
            return None
        try:
            (told,) = self._strong.answers(Frame(dict(facts), blobs))
        except CellDied as died:
            if died.timed_out:
                raise
            self._blind = True
            _log.warning("the second OCR engine died of a page, its values stay unproven: %s", died)
            return None
        self._count(told)
        return told

    def _count(self, told: Frame) -> None:
        for stage, seconds in dict(told.facts.get("seconds", {})).items():
            self.spent[stage] = self.spent.get(stage, 0.0) + float(seconds)


def _ends_at_print(words: Sequence[Word]) -> bool:
    """Whether a page that was cut out of a picture begins or ends in the middle of its lines, as no paper does."""
    lines: dict[int, tuple[float, float]] = {}
    for word in words:
        if sum(map(str.isalnum, word.text)) >= _SYLLABLE:  # what is cut is read badly
            left, right = lines.get(word.line, (1.0, 0.0))
            lines[word.line] = min(left, word.box.x0), max(right, word.box.x1)
    sides = (sum(left < _EDGE for left, _ in lines.values()), sum(right > 1 - _EDGE for _, right in lines.values()))
    return max(sides) >= max(_FEWEST_ENDING, len(lines) / 6)


_SYLLABLE, _EDGE, _FEWEST_ENDING = 3, 0.004, 4
"""Letters of a word, share of the width, and lines."""


def _is_number(word: Word) -> bool:
    return any(map(str.isdigit, word.text))


def _stands_in(word: Word, places: Sequence[Box]) -> bool:
    return any(place.holds_middle_of(word.box) for place in places)


def _once(judge: Judge) -> Judge:
    """A judge that is not asked again about the page that he judged last."""
    last: list[tuple[Page, Wanted]] = []

    def asked(page: Page) -> Wanted:
        if not last or last[0][0] is not page:
            last[:] = [(page, judge(page))]
        return last[0][1]

    return asked


def _stamps_among(ink: Sequence[Box], parted: float) -> list[Box]:
    """Places of strokes as large as a stamp, the largest first; print that runs through one parts it into pieces.

    `parted`: how far apart they are at most (share of the page).
    """
    places: list[Box] = []
    for piece in ink:
        if piece.x0 <= 0 and piece.x1 >= 1:
            continue  # letters, or a stroke, across the whole page
        near = [place for place in places if _gap(place, piece) < parted]
        places = [place for place in places if place not in near]
        places.append(reduce(_both, near, piece))
    large = [p for p in places if p.x1 - p.x0 >= _STAMP[0] and p.y1 - p.y0 >= _STAMP[1]]
    return sorted(large, key=lambda place: (place.x1 - place.x0) * (place.y1 - place.y0), reverse=True)


def _gap(one: Box, two: Box) -> float:
    """The wider of the gaps between two boxes, across and down; negative where they overlap."""
    return max(max(one.x0, two.x0) - min(one.x1, two.x1), max(one.y0, two.y0) - min(one.y1, two.y1))


def _both(one: Box, two: Box) -> Box:
    return Box(min(one.x0, two.x0), min(one.y0, two.y0), max(one.x1, two.x1), max(one.y1, two.y1))


_STAMP, _STAMP_PARTED, _REMARK_PARTED = (0.06, 0.015), 0.012, 0.035
"""Shares of the page: of a stamp's width and height at least, and between its pieces, or a remark's words, at most."""


def _is_struck(corners: Corners, high: float) -> bool:
    """Whether a line seen from afar stands aslant and is as large as letters across a page are (`high`: its aspect)."""
    places = np.array(corners) * (1.0, high) / max(1.0, high)
    run, rise = (places[1] + places[2] - places[0] - places[3]) / 2
    slant = abs(math.degrees(math.atan2(rise, run)))
    long, tall = math.hypot(run, rise), math.dist(places[0], places[3])
    return long >= _STRUCK_LONG and tall >= _STRUCK_TALL and _ASLANT <= slant <= 90 - _ASLANT


_STRUCK_LONG, _STRUCK_TALL, _ASLANT = 0.3, 0.08, 15.0
"""Shares of a page's longer side, and degrees from level and from upright.  Measured on 38 certificates: what is seen
on them aslant is half as long; of as many with a word in outlines across them 29 have such a line, read or not."""


def _sides(corners: Corners, wide: float) -> tuple[float, float]:
    """Width and height of a line, in heights of the page; `wide` is the page's width in them."""
    box = _around(corners)
    return (box.x1 - box.x0) * wide, box.y1 - box.y0


def _as_read(corners: Corners, turn: int) -> Corners:
    """The corners of a line from where it begins when the page is turned clockwise by 0, 90, 180 or 270 degrees."""
    first = {0: 0, 90: 3, 180: 2, 270: 1}[turn]
    return [*corners[first:], *corners[:first]]


def _around(corners: Corners) -> Box:
    """The upright box around four corners."""
    xs, ys = zip(*corners, strict=True)
    left, top, right, bottom = (min(1.0, max(0.0, at)) for at in (min(xs), min(ys), max(xs), max(ys)))
    return Box(left, top, right, bottom)


def _well_read(line: Box, page: Page) -> bool:
    """Whether the strong engine has read a line, or the first one has for sure."""
    for witness in page.witnesses:
        if witness.engine is Engine.RAPIDOCR and any(region.holds_middle_of(line) for region in witness.regions):
            return True
    return well_read(line, page.words)


def _corners(box: Box) -> list[list[float]]:
    return [[box.x0, box.y0], [box.x1, box.y0], [box.x1, box.y1], [box.x0, box.y1]]
