"""What a cell says of a page, believed only in the forms in which it may say it.

A cell parses and reads hostile input and is locked up for that (see `sandbox`); what comes out of it is as hostile.
Whatever has another form is no answer of a cell that lives (`CellDied`), or nothing, where a page can be without it.
"""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any

from evidence_daemon.documents.sandbox import CellDied
from evidence_daemon.model import Box, Word

_MAX_TERMS = 30
_MAX_WORDS = 8000

Corners = list[list[float]]
"""Four corners of a line, x and y as fractions of the page, from the top left, clockwise."""

Spread = tuple[Box, float, bool]
"""Boxes of one sign each that were put together before they were read, how much wider they are on the paper, and
whether there were empty ones among them."""
_MAX_COMBS, _MAX_STRETCH = 200, 20.0
"""More than `combs` ever tells of a page, and than a box is wider than its sign."""


def whole(value: object, low: int, high: int) -> int:
    """A whole number within bounds, both included.  Raises `CellDied`."""
    if type(value) is not int or not low <= value <= high:
        raise CellDied("the cell sent a number out of its bounds")
    return value


def words_of(told: Any) -> tuple[Word, ...]:
    """Words from [text, x0, y0, x1, y1] with or without confidence and line.  Raises `CellDied`."""
    if not isinstance(told, (list, tuple)) or len(told) > _MAX_WORDS:
        raise CellDied("the cell sent no list of words, or an endless one")
    words = []
    for item in told:
        try:
            text, x0, y0, x1, y1, confidence, line = (*item, 1.0, 0)[:7] if len(item) == 5 else item
            numbers = [float(at) for at in (x0, y0, x1, y1, confidence)]
            left, top, right, bottom, sure = (min(1.0, max(0.0, number)) for number in numbers)
            word = Word(printable(str(text)), Box(left, top, right, bottom), sure, int(line))
            finite = all(map(math.isfinite, numbers))
        except (TypeError, ValueError, OverflowError):
            raise CellDied("the cell sent a word that is none") from None
        if not finite:
            raise CellDied("the cell sent a word that stands nowhere")
        if word.text:
            words.append(word)
    return tuple(words)


def lines_of(told: Any, width: int, height: int) -> list[Corners]:
    """Lines from four corners each in pixels of a picture, as fractions of it.  Raises `CellDied`."""
    if not isinstance(told, list) or len(told) > _MAX_WORDS:
        raise CellDied("the cell sent no list of lines, or an endless one")
    try:
        lines = [[[float(x) / width, float(y) / height] for x, y in corners] for corners in told]
    except (TypeError, ValueError, OverflowError):
        raise CellDied("the cell sent a line that is none") from None
    if not all(len(line) == 4 and all(-1 <= at <= 2 for corner in line for at in corner) for line in lines):
        raise CellDied("the cell sent a line that stands nowhere")
    return lines


def said_in(told: Any) -> tuple[str, ...]:
    """The text of strips from their words, [text, ...] each; empty ones are left out.  Raises `CellDied`."""
    if not isinstance(told, list) or len(told) > _MAX_WORDS:
        raise CellDied("the cell sent no list of strips, or an endless one")
    try:
        read = [" ".join(str(word) for word, *_ in strip) for strip in told]
    except (TypeError, ValueError, OverflowError):
        raise CellDied("the cell sent a strip that is none") from None
    return tuple(filter(None, map(printable, read)))


def terms_of(told: Any) -> list[float]:
    """The terms of a bend, or none.  Raises `CellDied`."""
    if not isinstance(told, list) or len(told) > _MAX_TERMS:
        raise CellDied("the cell sent no list of terms, or an endless one")
    try:
        terms = [float(term) for term in told]
    except (TypeError, ValueError, OverflowError):
        raise CellDied("the cell sent a term that is none") from None
    if not all(map(math.isfinite, terms)):
        raise CellDied("the cell sent a term that is none")
    return terms


def combs_of(told: Any) -> tuple[Spread, ...]:
    """Combs from [x0, y0, x1, y1, stretch, blanks].  Raises `CellDied`."""
    if not isinstance(told, list) or len(told) > _MAX_COMBS:
        raise CellDied("the cell sent no list of combs, or an endless one")
    combs = []
    for item in told:
        try:
            *numbers, blanks = item
            x0, y0, x1, y1, stretch = map(float, numbers)
        except (TypeError, ValueError, OverflowError):
            raise CellDied("the cell sent a comb that is none") from None
        if not (0 <= x0 <= x1 <= 1 and 0 <= y0 <= y1 <= 1 and 0 < stretch <= _MAX_STRETCH):
            raise CellDied("the cell sent a comb that stands nowhere")
        combs.append((Box(x0, y0, x1, y1), stretch, blanks is True))
    return tuple(combs)


def across(told: Any) -> tuple[Box, ...]:
    """A box over the whole width, as letters struck across a page have it (see `strokes.ink`); () for none."""
    try:
        top, bottom = (min(1.0, max(0.0, float(at))) for at in told or ())
    except (TypeError, ValueError, OverflowError):
        return ()
    return (Box(0.0, top, 1.0, bottom),)


def printable(text: str) -> str:
    """Without control and formatting characters (bidi marks in a number would fool the eye), at most 200."""
    return "".join(c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c)[0] != "C")[:200].strip()


def look_of(value: object) -> str:
    """A perceptual hash as a cell told it; "" for anything else."""
    return value if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) else ""
