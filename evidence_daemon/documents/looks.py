"""A page as each engine saw it: several readings of the same pixels, side by side.  Pure.

A witness that saw the whole page gives a reading of its own.  One that saw some places only gives the page with
its words in those places: its values stand in the same surroundings, behind the same labels.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz.distance.Levenshtein import distance

from evidence_daemon.documents.layout import Lexicon, Mending, Sheet, Span, squeezed
from evidence_daemon.model import Box, DocumentKind, Engine, Page, Witness, Word


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a page does not yet show beyond doubt: what further looks are for."""

    kind: DocumentKind
    places: tuple[Box, ...] = ()
    """Where values stand that one engine alone has read."""
    disputed: tuple[Box, ...] = ()
    """Where engines have read different values."""
    captions: tuple[Box, ...] = ()
    """Where small print over or under a number may say what number it is, while such a number is missing."""
    poorly: bool = False
    """So many numbers were read unsurely that the page is worth being read anew, as a whole, by the strong engine."""
    unclaimed: tuple[Box, ...] = ()
    """Where numbers stand that are no field's, while one is missing."""
    offered: tuple[tuple[Box, ...], ...] = ()
    """Words of lines of boxes, each as the things that it offers: which one is ticked is asked of the pixels."""
    missing: bool = False
    """A value that the paper should have was found nowhere."""
    unsigned: float | None = None
    """The place where the customer signs was not found below this height (fraction of the page)."""
    worth: int = 0
    """How many kinds of values that prove themselves stand on it."""
    untitled: bool = False
    """It may pass for an acta though no title says so: what else it bears is to be seen, as a title in a picture."""


@dataclass(frozen=True, slots=True)
class Mask:
    """A place where a text layer says one thing and the pixels show another, or nothing."""

    place: Box
    said: str
    seen: str


def sheets_of(page: Page, lexicon: Lexicon) -> tuple[Sheet, ...]:
    """The page as it was read, then as each witness saw it, in their order; bar codes make no sheet.

    What an engine saw in some places in an earlier look stays in its later ones: the caption that one look read names
    the value of the next.  All of it is told as that engine's own, so it agrees with another engine once.
    """
    base = replace(page, witnesses=(), raster=None)
    sheets = [_sheet(base, lexicon)]
    looks: dict[Engine, list[Witness]] = {}
    for witness in page.witnesses:
        if witness.engine is Engine.CODIGO:
            continue
        if not witness.regions:
            sheets.append(_laid_over(base, sheets[-1], witness, lexicon))
            base = replace(page, engine=witness.engine, words=witness.words)
            looks.clear()
            sheets.append(_sheet(base, lexicon))
        elif witness.words:
            own: tuple[Word, ...] = ()
            words = base.words
            for look in looks.setdefault(witness.engine, []):
                words, own = _mended(words, look), _mended(own, look)
            looks[witness.engine].append(witness)
            words, own = _mended(words, witness), _mended(own, witness)
            sheets.append(_sheet(replace(base, words=words), lexicon, Mending(witness.engine, own)))
    return tuple(sheets)


def _laid_over(page: Page, sheet: Sheet, witness: Witness, lexicon: Lexicon) -> Sheet:
    """A page with another engine's reading of the whole in all lines that its own engine has not read for sure.

    Captions stay as the page's engine read them: it is the better one at small print, and the other at what was
    written by hand behind it, often without a blank between.
    """
    lines: dict[int, list[Word]] = {}
    for word in witness.words:
        lines.setdefault(word.line, []).append(word)
    unsure = [words for words in lines.values() if not well_read(_round(words), page.words)]
    captions = [sheet.span_of(hit) for hit in sheet.hits if hit.strong]
    own = tuple(filter(None, (_behind(captions, word) for words in unsure for word in words)))
    named = {word for caption in captions for word in caption.words}
    places = tuple(map(_round, unsure))
    kept = [word for word in page.words if word in named or not _within(word.box, places)]
    return _sheet(replace(page, words=(*kept, *own)), lexicon, Mending(witness.engine, own))


def _behind(captions: Iterable[Span], word: Word) -> Word | None:
    """What of a word is no caption; None where nothing is left."""
    for caption in captions:
        box, place = caption.box, word.box
        high = min(box.y1, place.y1) - max(box.y0, place.y0)
        if high < 0.4 * min(box.y1 - box.y0, place.y1 - place.y0) or min(box.x1, place.x1) <= max(box.x0, place.x0):
            continue
        for start in range(len(caption.words)):
            said = squeezed(Span(caption.words[start:]).text)
            cut = next((at for at in range(1, len(word.text)) if squeezed(word.text[:at]) == said), 0)
            rest = word.text[cut:].lstrip(".:°º") if cut else ""
            if rest:
                return replace(word, text=rest, box=replace(place, x0=min(max(place.x0, box.x1), place.x1)))
        if min(box.x1, place.x1) - max(box.x0, place.x0) > 0.7 * (place.x1 - place.x0):
            return None
    return word


def _round(words: Sequence[Word]) -> Box:
    return Span(tuple(words)).box


_SURE = 0.9
"""Confidence of every word of a line from which it is not read by the strong engine too, unless it holds digits."""


def well_read(line: Box, words: Iterable[Word]) -> bool:
    """Whether words that stand in a line make up most of it, none of them unsure or a number."""
    inside = [word for word in words if _within(word.box, (line,))]
    letters = [word for word in inside if sum(map(str.isalnum, word.text)) >= 2]
    covered = sum(word.box.x1 - word.box.x0 for word in inside)
    return (
        bool(letters)
        and covered > 0.7 * (line.x1 - line.x0)
        and all(word.confidence >= _SURE and not any(map(str.isdigit, word.text)) for word in letters)
    )


@lru_cache(maxsize=24)
def _sheet(page: Page, lexicon: Lexicon, mended: Mending | None = None) -> Sheet:
    """A page is judged after every look at it: what earlier looks showed need not be laid out anew."""
    return Sheet(page, lexicon, mended=mended)


def codes_of(page: Page) -> tuple[Word, ...]:
    """The bar codes of a page: each a word whose text is its content."""
    return tuple(word for witness in page.witnesses if witness.engine is Engine.CODIGO for word in witness.words)


def masked_in(page: Page) -> tuple[Mask, ...]:
    """Where the text layer of a page says what no witness saw there; empty for pages without one."""
    if page.engine is not Engine.TEXTO:
        return ()
    masks = []
    for place in dict.fromkeys(place for witness in page.witnesses for place in witness.regions):
        said = _said_at(page.words, place)
        seen = [_said_at(witness.words, place) for witness in page.witnesses if place in witness.regions]
        if said and not any(_shows(look, said) for look in seen):
            masks.append(Mask(place, said, max(seen, key=len)))
    return tuple(masks)


def _said_at(words: Iterable[Word], place: Box) -> str:
    there = [word for word in sorted(words, key=lambda w: w.box.x0) if _within(word.box, (place,))]
    return " ".join(word.text for word in there if not _TICK.fullmatch(word.text))


_TICK = re.compile(r"\W*[xX✓✔]\W*|[☒☑☐■□]")
"""A mark in a box is no value: engines see it, or the box, or nothing."""


_FOLD = str.maketrans("DQCVZGT7", "OOGUZGII")


def _shows(seen: str, said: str) -> bool:
    """Whether pixels show what a text layer says: digits exactly, letters but for what is confused in reading."""
    one, two = (squeezed(text).translate(_FOLD).replace("2", "Z").replace("6", "G") for text in (said, seen))
    if one in two:
        return True
    if any(c.isdigit() for c in said):
        return False
    return len(one) >= 6 and distance(one, two) <= len(one) // 7


def _mended(words: Iterable[Word], witness: Witness) -> tuple[Word, ...]:
    """Words with those of a later look in place of what they cover."""
    kept = [
        word
        for word in words
        if not _within(word.box, witness.regions) and not any(_covers(new.box, word.box) for new in witness.words)
    ]
    return (*kept, *witness.words)


def _covers(one: Box, two: Box) -> bool:
    """Whether a box lies over most of another's width and height."""
    wide = min(one.x1, two.x1) - max(one.x0, two.x0)
    high = min(one.y1, two.y1) - max(one.y0, two.y0)
    return wide > 0.6 * (two.x1 - two.x0) and high > 0.5 * (two.y1 - two.y0)


def _within(box: Box, places: Iterable[Box]) -> bool:
    """Whether the middle of a box lies in one of some places."""
    x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    return any(place.x0 <= x <= place.x1 and place.y0 <= y <= place.y1 for place in places)
