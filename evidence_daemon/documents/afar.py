"""A page as it looks from afar: large letters across it, without the print that they run through.

Whoever writes ANULADO over a certificate with a pen, or has MUESTRA printed across it, writes so large that an engine
for lines of print sees strokes in it, and of letters drawn as outlines nothing at all.  With what was read taken away,
what is left drawn thicker, and the whole as small as a thumbnail, the strong engine reads them as it reads any line.

Measured on 30 certificates (scans and photos) over each of which such a word was drawn: of 30 hollow ones 24 are read,
where not one had been found by its shape (see `marks`), of 30 by hand 18, where three had been; on the bare
certificates no such word is read.  What is read or not, letters so large that stand aslant are seen (see `sight`).

Runs in the cell that reads pixels (see `ocr`).
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from evidence_daemon.documents.pixels import Pixels, darkest, smaller, without_rules

_LOOK, _SIDE = 1100, 320
"""Long side in pixels of the picture in which print is taken away, and of what the engine sees."""
_PAPER_ROUND = 31
"""Pixels, in a quarter of the size, of the square within which the paper's brightness is taken."""
_FAINT = 14
"""By which ink is darker than the paper round it at least (0..255): watermarks are pale."""
_MARGIN, _BESIDE = 0.15, 2
"""Share of a word's height, and pixels, by which what is taken away is larger than the word."""
_THICKER, _THICK = 3, 5
"""Pixels by which strokes become thicker: in the grey view, and in the black one."""
_SPECKS = 9
"""Pixels of what is no stroke, but grain, or what was left of print."""
_STRONGER = 4
"""How many times as dark strokes are shown in the grey view."""


def afar(shown: Pixels, words: Iterable[list[float]], *, black: bool) -> Pixels:
    """A grey view of a page, about 320 pixels long, dark on white.

    It shows strokes as dark as they are (a pen's, a pale watermark's), or all of them `black` and without rules
    (outlines): what is found in one is lost in the other.

    `shown`: the RGB picture that people see.  `words`: boxes (x0, y0, x1, y1, fractions) of what was read on it.
    """
    plane = darkest(shown)
    plane = smaller(plane, min(1.0, _LOOK / max(plane.shape)))
    high, wide = plane.shape
    quarter = cv2.resize(plane, (max(1, wide // 4), max(1, high // 4)), interpolation=cv2.INTER_AREA)
    paper = cv2.resize(cv2.medianBlur(quarter, _PAPER_ROUND), (wide, high))
    strokes = cv2.subtract(paper, cv2.medianBlur(plane, 3))
    if black:
        strokes = without_rules(cv2.threshold(strokes, _FAINT, 255, cv2.THRESH_BINARY)[1])
    for x0, y0, x1, y1 in words:
        margin = _MARGIN * (y1 - y0)
        top, bottom = max(0, int((y0 - margin) * high)), max(0, int((y1 + margin) * high) + 1)
        strokes[top:bottom, max(0, int(x0 * wide) - _BESIDE) : int(x1 * wide) + _BESIDE + 1] = 0
    if black:
        view = cv2.medianBlur(cv2.dilate(strokes, np.ones((_THICK, _THICK), np.uint8)), _SPECKS)
    else:
        view = cv2.convertScaleAbs(cv2.dilate(strokes, np.ones((_THICKER, _THICKER), np.uint8)), alpha=_STRONGER)
    scale = _SIDE / max(high, wide)
    size = max(1, round(scale * wide)), max(1, round(scale * high))
    return cv2.bitwise_not(cv2.resize(view, size, interpolation=cv2.INTER_AREA))
