"""What is drawn on a page and is no print: signatures, stamps, and letters struck across all of it.

Runs in the cell that reads pixels (see `ocr`), on the picture that people see.
"""

from __future__ import annotations

from statistics import median
from typing import Any

import cv2
import numpy as np

from evidence_daemon.documents.crossing import crossed_out
from evidence_daemon.documents.marks import across
from evidence_daemon.documents.pixels import Pixels, darkest, smaller, without_rules

_INK_SIDE = 1100
"""Long side in pixels of the picture on which strokes are looked for."""
_INK_WIDTH = 700
"""Its short side at least: on a narrow roll the strokes of a scribble would be straight pieces, and pass for rules."""


def ink(shown: Pixels, words: list[list[Any]]) -> list[list[float]]:
    """Boxes of strokes that are neither read words nor straight rules: signatures, stamps, drawings.

    A box over the whole width stands for letters struck across the page ("ANULADO"), or for a stroke that crosses it
    out: no other one reaches both sides.
    """
    scale = min(1.0, max(_INK_SIDE / max(shown.shape[:2]), _INK_WIDTH / min(shown.shape[:2])))
    plane = darkest(shown)
    small = smaller(plane, scale)  # one plane costs a third of three
    height, width = small.shape
    dark = cv2.threshold(small, 190, 255, cv2.THRESH_BINARY_INV)[1]
    dark = without_rules(dark)
    struck = across(shown, plane, words) or crossed_out(small, words)
    line = median([word[4] - word[2] for word in words if sum(map(str.isalnum, word[0])) >= 2] or [0.0])
    for text, x0, y0, x1, y1, confidence, _ in words:
        letters = sum(map(str.isalnum, text))
        # A scribble is read as a short word now and then, and surely: "NOS".
        sprawls = y1 - y0 > _TOWERS * line and (x1 - x0) * width > _SPRAWLS * letters * (y1 - y0) * height
        looms = y1 - y0 > _LOOMS * line and letters <= _SHORT and y0 > _BELOW_TITLES and confidence < _TYPED
        if confidence >= 0.5 and letters >= 2 and not sprawls and not looms:
            margin = 0.15 * (y1 - y0)
            left, top = int(x0 * width) - 1, int((y0 - margin) * height)
            dark[max(0, top) : int((y1 + margin) * height) + 1, max(0, left) : int(x1 * width) + 2] = 0
    strokes = cv2.dilate(dark, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    drawn = np.bincount(labels[dark > 0], minlength=count)
    found = []
    for number in (i for i in range(1, count) if drawn[i] >= 25):
        left, top, wide, high, _ = stats[number]
        if 0.03 * width <= wide < width and high >= 0.006 * height and wide * high < 0.3 * width * height:
            piece = np.s_[top : top + high, left : left + wide]
            if _is_rule((labels[piece] == number) & (dark[piece] > 0), line * height):
                continue
            box = (left / width, top / height, (left + wide) / width, (top + high) / height)
            found.append([round(float(at), 5) for at in box])
    found.sort(key=lambda box: (box[2] - box[0]) * (box[3] - box[1]), reverse=True)
    return [*struck, *found][:60]


def _is_rule(drawn: Any, line: float) -> bool:
    """Whether strokes are one straight line, as the rule that one signs on is where a page lies askew.

    Level ones were taken away before.
    """
    points = np.argwhere(drawn).astype(np.float32)
    return bool(min(cv2.minAreaRect(points)[1]) < max(_THIN, _FLAT * line))


_THIN, _FLAT = 5.0, 0.4
"""Pixels, and heights of a line, over which a rule does not rise from its own direction."""


_TOWERS, _SPRAWLS = 2.2, 0.8
"""Heights of a line that a word has, and of its own that each of its letters is wide, where it is no print but strokes.
Measured on photos and scans: letters of print, titles too, are narrower, those read out of signatures wider."""
_LOOMS, _SHORT, _BELOW_TITLES, _TYPED = 3.0, 5, 0.4, 0.9
"""Heights of a line, letters, share of the page's height, and confidence: a short word so high that far down is none
("Dar"), unless it was read surely; what stands in a text layer is sure."""


_FEWEST_DIGITS, _FEWEST_SIGNS = 4, 6
"""Of a word that is worth looking for a stroke."""
_DARK = 160
"""Brightness (0..255) below which a pixel is of a stroke."""
_BEYOND = 0.2
"""Heights of a word by which a stroke goes beyond one of its ends at least."""
_FULL = 0.6
"""Share of dark pixels from which on a word stands on a dark ground."""


def struck_through(shown: Pixels, words: list[list[Any]]) -> list[list[float]]:
    """Boxes of the numbers through which a line is drawn: no blank is left between their signs, nor at one end.

    Signs that touch one another leave none either, but end where the word ends.
    """
    height, width = shown.shape[:2]
    plane = darkest(shown)
    found = []
    for text, x0, y0, x1, y1, *_ in words:
        if sum(map(str.isdigit, text)) < _FEWEST_DIGITS or sum(map(str.isalnum, text)) < _FEWEST_SIGNS:
            continue
        high = (y1 - y0) * height
        reach, left, right = max(3, round(_BEYOND * high)), round(x0 * width), round(x1 * width)
        top, bottom = round(y0 * height + 0.2 * high), round(y0 * height + 0.85 * high)
        dark = plane[max(0, top) : bottom, max(0, left - reach) : right + reach] < _DARK
        if dark.shape[0] < 4 or dark.shape[1] < 4 * reach or dark.mean() > _FULL:
            continue
        share = dark.mean(axis=0)  # of each column of pixels
        beyond = (share[:reach], share[-reach:])
        if (share[reach:-reach] > 0).mean() > 0.99 and any(((end > 0) & (end < _FULL)).all() for end in beyond):
            found.append([round(float(at), 5) for at in (x0, y0, x1, y1)])
    return found


def alone(piece: Pixels) -> Pixels | None:
    """What is coloured in a piece of a page, in grey, without the print that runs through it; None: nothing is.

    A stamp in red or blue over black print can be read alone.
    """
    red, green, blue = cv2.split(piece)
    colour = cv2.subtract(cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue))
    if float(np.mean(colour > _COLOURED)) < _BEARS_COLOUR:
        return None
    return cv2.bitwise_not(cv2.add(colour, colour))  # adding stops at 255


_COLOURED, _BEARS_COLOUR = 60, 0.01
"""By how much the brightest part of a colour differs from its darkest, and the share of such pixels."""
