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
from evidence_daemon.documents.pixels import Pixels, smaller, without_rules

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
    darkest = _darkest(shown)
    small = smaller(darkest, scale)  # one plane costs a third of three
    height, width = small.shape
    dark = cv2.threshold(small, 190, 255, cv2.THRESH_BINARY_INV)[1]
    dark = without_rules(dark)
    struck = across(shown, darkest, words) or crossed_out(small, words)
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


def _darkest(shown: Pixels) -> Pixels:
    """The darkest of the three planes of a picture, each as if its paper were white: some forms are yellow."""
    planes = []
    for plane in cv2.split(shown):
        paper = float(np.median(plane[::8, ::8]))
        planes.append(cv2.convertScaleAbs(plane, alpha=255 / paper) if _TINTED < paper < _WHITE else plane)
    return cv2.min(cv2.min(planes[0], planes[1]), planes[2])


_TINTED, _WHITE = 90.0, 235.0
"""Brightness of a plane between which more than half of the picture shows coloured paper."""

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
    plane = _darkest(shown)
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
_REACH = 3.0
"""Heights of a word before and behind it in which its box may stand."""
_WITHIN, _WITHIN_CROSSED = 0.9, 1.4
"""Heights of a word within which its own first or last letter may be a box, and one that is crossed: a whole letter of
print has no such walls."""
_SIDES = (0.6, 2.4)
"""Heights of a word that the sides of a box have."""
_SQUARE = 1.45
"""How many times as long as its other side one side of a box is at most."""
_WALL = 0.18
"""Share of its side that a box's wall takes, with what the picture smears."""
_EMPTY, _MARKED = 0.05, 0.12
"""Share of dark pixels within a box at most where it is empty, and at least where it is marked."""


def tickboxes(shown: Pixels, offered: list[list[float]]) -> list[list[Any]]:
    """Boxes beside words of a line, left to right: [x0, y0, x1, y1 (fractions), whether there is a mark in it].

    None at all where a word has no box or it cannot be told of one whether it is marked: then nobody knows what the
    form says.
    """
    high, wide = shown.shape[:2]
    plane = _darkest(shown)
    found: list[list[list[Any]]] = []
    tall = median([(y1 - y0) * high for _, y0, _, y1 in offered] or [0.0])
    for x0, y0, x1, y1 in offered:
        top, bottom = max(0, round(y0 * high - 0.8 * tall)), round(y1 * high + 0.8 * tall)
        sides: list[list[Any]] = []
        for edge, way in ((x0 * wide, 1), (x1 * wide, -1)):
            there = _box_beside(plane[top:bottom], edge, way, tall)
            if there is None:
                sides.append([])
                continue
            bx, by, bw, bh, share = there
            place = [bx / wide, (top + by) / high, (bx + bw) / wide, (top + by + bh) / high]
            sides.append([*(round(at, 5) for at in place), share])
        found.append(sides)
    for side in (0, 1):
        boxes = [sides[side] for sides in found]
        known = all(boxes) and all(box[4] <= _EMPTY or box[4] >= _MARKED for box in boxes)
        if len(boxes) > 1 and known and all(map(_is_nearer, offered, found, [side] * len(found))):
            return [[*box[:4], box[4] >= _MARKED] for box in boxes]
    return []


def _is_nearer(word: list[float], sides: list[list[Any]], side: int) -> bool:
    """Whether the box on a side of words belongs to them, and not one on the other side: it stands clearly nearer."""
    left, right = sides
    gaps = (word[0] - left[2] if left else 1.0, right[0] - word[2] if right else 1.0)
    return gaps[1 - side] >= _NEARER * max(gaps[side], 0.0)


def _box_beside(strip: Pixels, edge: float, way: int, tall: float) -> tuple[int, int, int, int, float] | None:
    """The nearest square outline before the edge of words (`way` 1), or behind it (-1).

    Left, top, width, height, and the share of what is dark within it.  First whole outlines are looked for, then the
    walls that are left of one without what is drawn over it.
    """
    for within, outlines in ((_WITHIN, None), (_WITHIN_CROSSED, _level_and_upright)):
        left, right = sorted((edge - way * _REACH * tall, edge + way * within * tall))
        start, stop = max(0, round(left)), min(strip.shape[1], round(right))
        grey = strip[:, start:stop]
        if min(grey.shape) <= 4:
            continue
        dark = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)[1]
        there = _square_in(dark if outlines is None else outlines(dark, tall), dark, tall)
        if there is not None:
            return start + there[0], *there[1:]
    return None


def _level_and_upright(dark: Pixels, tall: float) -> Pixels:
    """What is level or upright of strokes: the walls of a box without the cross that goes beyond them."""
    long = max(3, round(_STRAIGHT * tall))
    walls = [cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones(shape, np.uint8)) for shape in ((1, long), (long, 1))]
    return cv2.bitwise_or(walls[0], walls[1])


def _square_in(outlines: Pixels, dark: Pixels, tall: float) -> tuple[int, int, int, int, float] | None:
    best = None
    for outline in cv2.findContours(outlines, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
        x, y, w, h = _between_walls(outlines, *cv2.boundingRect(outline))
        if not all(_SIDES[0] * tall <= side <= _SIDES[1] * tall for side in (w, h)) or max(w, h) > _SQUARE * min(w, h):
            continue
        wall = max(1, round(_WALL * min(w, h)))
        piece = outlines[y : y + h, x : x + w] > 0
        edges = (
            piece[:wall].any(axis=0),
            piece[-wall:].any(axis=0),
            piece[:, :wall].any(axis=1),
            piece[:, -wall:].any(axis=1),
        )
        if min(float(edge.mean()) for edge in edges) < _WHOLE:
            continue
        inside = dark[y + wall : y + h - wall, x + wall : x + w - wall] > 0
        if inside.size and (best is None or w * h > best[2] * best[3]):
            best = x, y, w, h, float(inside.mean())
    return best


def _between_walls(outlines: Pixels, x: int, y: int, w: int, h: int) -> tuple[int, int, int, int]:
    """A place without what juts out of a box: from its first column, and row, that is drawn through to its last."""
    piece = outlines[y : y + h, x : x + w] > 0
    columns, rows = (np.flatnonzero(piece.mean(axis=at) > _DRAWN_THROUGH) for at in (0, 1))
    if len(columns) < 2 or len(rows) < 2:
        return x, y, w, h
    left, top = int(columns[0]), int(rows[0])
    return x + left, y + top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1


_DRAWN_THROUGH = 0.6
"""Share of a column or row from which on it is a wall."""
_NEARER = 1.6
"""How many times as far from words the box of the next ones stands as their own."""
_WHOLE = 0.85
"""Share of each side of a box that is drawn."""
_STRAIGHT = 0.75
"""Heights of a word over which a wall of a box goes straight on at least; a slanting stroke does not."""
