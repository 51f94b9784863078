"""Boxes to tick beside words: where they stand, and whether there is a mark in them.  Pixels only; see `ticks`.

Runs in the cell that reads pixels (see `ocr`), on the picture that people see.
"""

from __future__ import annotations

from statistics import median
from typing import Any

import cv2
import numpy as np

from evidence_daemon.documents.pixels import Pixels, darkest

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
_DRAWN_THROUGH = 0.6
"""Share of a column or row from which on it is a wall."""
_AS_LARGE = 0.6
"""Share of the height of one box that another of its line has at least."""
_NEARER = 1.6
"""How many times as far from words the box of the next ones stands as their own."""
_WHOLE = 0.85
"""Share of each side of a box that is drawn."""
_STRAIGHT = 0.75
"""Heights of a word over which a wall of a box goes straight on at least; a slanting stroke does not."""


def tickboxes(shown: Pixels, offered: list[list[float]]) -> list[list[Any]]:
    """Boxes beside words of a line, left to right: [x0, y0, x1, y1 (fractions), whether there is a mark in it].

    None at all where a word has no box or it cannot be told of one whether it is marked: then nobody knows what the
    form says.
    """
    high, wide = shown.shape[:2]
    plane = darkest(shown)
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
    """Whether the box on a side of words belongs to them, and not one on the other side: it stands clearly nearer.

    What is much smaller on the other side is their last letter, or their first: an O has four walls too.
    """
    if _is_a_letter(sides[1 - side], sides[side]):
        return True
    left, right = sides
    gaps = (word[0] - left[2] if left else 1.0, right[0] - word[2] if right else 1.0)
    return gaps[1 - side] >= _NEARER * max(gaps[side], 0.0)


def _is_a_letter(found: list[Any], box: list[Any]) -> bool:
    return bool(found) and found[3] - found[1] < _AS_LARGE * (box[3] - box[1])


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
