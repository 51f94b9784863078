"""A stroke of the pen by which a page, or a table on it, is crossed out.

Straight, aslant, and drawn through without a gap, over print or over much of the page.  A line that words only seem to
make has gaps between their rows, and a signature bends.  Runs in the cell that reads pixels (see `ocr`).

Measured on the pages of 438 drawn papers (scans, photos, PDF): of eleven that are crossed out nine are found, two
tables among them, and of 266 certificates none.  What wavers by design is not: a zigzag, a dashed line, large letters
by hand.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from evidence_daemon.documents.pixels import Floats, Pixels, without_rules

_DARKER = 35
"""By which ink is darker than the paper round it at least (0..255)."""
_PAPER_ROUND = 61
"""Pixels of the square within which the paper's brightness is taken: twice as wide as a marker's stroke and more."""
_LONG, _OVER_ALL, _WHOLE = 0.22, 0.33, 0.5
"""Shares of a page's longer side that a stroke has at least: over a table, aslant over print, aslant over anything."""
_LEAST, _STEEP = 5.0, 20.0
"""Degrees from level and from upright: what is less may be a rule on a page that lies askew; and of any stroke."""
_FEWEST_WORDS, _FEWEST_ASLANT = 3, 2
"""Words that a stroke crosses at least over a table, and aslant over print: a flourish under a name crosses none."""
_INTERRUPTED = 6
"""Steps along a stroke over which it may be interrupted: pens skip."""
_INK, _WAVERS = 0.9, 0.09
"""Share of a stroke that is ink at least, and steps aside per step along it at most."""
_GAP = 30
"""Pixels, in half the size, by which a stroke may seem interrupted: words that it crosses are taken away there."""
_STEP = 2
"""Pixels between two points of a stroke that are looked at."""
_BROAD = 9
"""Pixels from which on a stroke is broader than a rule: a marker's."""
_BENDS = 0.02
"""Share of its length by which a stroke may bend."""
_MOST = 80
"""Lines that are looked at."""


def crossed_out(grey: Pixels, words: list[list[Any]]) -> list[list[float]]:
    """[a box over the whole width] where a stroke crosses out a page or a table; [] where none does.

    `grey`: the page, dark on light, about 1100 pixels long.  `words`: [text, x0, y0, x1, y1 (fractions), ...], what
    was read on it.
    """
    height, width = grey.shape
    ink = cv2.subtract(cv2.medianBlur(grey, _PAPER_ROUND), grey) > _DARKER
    boxes = np.array([word[1:5] for word in words if sum(map(str.isalnum, word[0])) >= 2], np.float64).reshape(-1, 4)
    boxes *= (width, height, width, height)
    strokes = []
    for start, stop in _lines(_without(ink, boxes)):
        path = _followed(ink, start, stop)
        if path is not None:
            strokes.append(_Stroke(path, _direction(start, stop)))
    for stroke in strokes:
        long = math.dist(stroke.path[0], stroke.path[-1]) / max(height, width)
        aslant = _steep(stroke.direction) >= _STEEP
        if long < _LONG or (not aslant and stroke.beside(strokes) >= _RULES):
            continue
        words_on = _words_on(stroke.path, boxes)
        over_print = words_on >= (_FEWEST_ASLANT if aslant and long >= _OVER_ALL else _FEWEST_WORDS)
        if over_print or (aslant and long >= _WHOLE):
            top, bottom = stroke.path[:, 1].min() / height, stroke.path[:, 1].max() / height
            return [[0.0, round(float(top), 5), 1.0, round(float(bottom), 5)]]
    return []


@dataclass(frozen=True, slots=True)
class _Stroke:
    """A stroke along its points, and its direction in degrees."""

    path: Floats
    direction: float

    def beside(self, others: Iterable[_Stroke]) -> int:
        """How many others run in one direction with it, apart from it and from one another, as rules of a page do."""
        turn = math.radians(self.direction)
        down = np.array([-math.sin(turn), math.cos(turn)])
        middle = self.path.mean(axis=0)
        alike = (other for other in others if abs(self.direction - other.direction) <= _PARALLEL)
        places = sorted(float((other.path.mean(axis=0) - middle) @ down) for other in alike)
        apart = [place for place in places if abs(place) > _APART]
        return sum(1 for at, place in enumerate(apart) if at == 0 or place - apart[at - 1] > _APART)


_PARALLEL, _APART, _RULES = 1.0, 12.0, 2
"""Degrees, pixels, and others beside it: two strokes of a hand may be so parallel, three are rules."""


def _without(ink: Any, boxes: Floats) -> Pixels:
    """Ink without level and upright rules, and without what was read, in half its size."""
    dark = without_rules(ink.astype(np.uint8) * 255, broad=_BROAD)
    for x0, y0, x1, y1 in boxes.astype(int):
        dark[max(0, y0) : y1 + 1, max(0, x0) : x1 + 1] = 0
    half = cv2.resize(dark, (dark.shape[1] // 2, dark.shape[0] // 2), interpolation=cv2.INTER_AREA)
    # Wider, so that a line whose direction is off by a quarter of a degree stays on the stroke to its end.
    return cv2.dilate(cv2.threshold(half, 60, 255, cv2.THRESH_BINARY)[1], np.ones((3, 3), np.uint8))


def _lines(half: Pixels) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Straight lines aslant in a picture of half the size: their ends, in pixels of the whole one."""
    long = round(_LONG * max(half.shape))
    found = cv2.HoughLinesP(half, 1.5, math.pi / 720, round(0.3 * long), minLineLength=long, maxLineGap=_GAP)
    lines = [] if found is None else found.reshape(-1, 4).tolist()
    aslant = [line for line in lines if _steep(_direction(line[:2], line[2:])) >= _LEAST]
    for x0, y0, x1, y1 in aslant[:_MOST]:
        yield (2.0 * x0, 2.0 * y0), (2.0 * x1, 2.0 * y1)


def _direction(start: Sequence[float], stop: Sequence[float]) -> float:
    """Of a line, in degrees from level: -90 up to 90."""
    return (math.degrees(math.atan2(stop[1] - start[1], stop[0] - start[0])) + 90) % 180 - 90


def _steep(direction: float) -> float:
    """Degrees from level, or from upright."""
    return min(abs(direction), 90 - abs(direction))


def _followed(ink: Any, start: tuple[float, float], stop: tuple[float, float]) -> Floats | None:
    """The points of the longest stroke along a line, as it bends; None where there is none, or it wavers.

    Of all ways along the line that step aside by a pixel at a time, that with the most ink is taken.
    """
    height, width = ink.shape
    long = math.dist(start, stop)
    aside = np.array([start[1] - stop[1], stop[0] - start[0]]) / long
    along = np.linspace(0.0, 1.0, max(2, round(long / _STEP)))[:, None]
    middle = np.array(start) + along * (np.array(stop) - np.array(start))
    most = max(4, min(12, round(_BENDS * long)))
    offsets = np.arange(-most, most + 1)
    points = middle[:, None, :] + offsets[None, :, None] * aside
    across = np.clip(points[..., 0], 0, width - 1).astype(int)
    down = np.clip(points[..., 1], 0, height - 1).astype(int)
    band = ink[down, across]
    score = np.full(len(offsets) + 2, -np.inf)  # nothing comes from beyond either side
    score[1:-1] = 0.0
    ways = np.empty((3, len(offsets)))
    came_from = np.empty(band.shape, np.intp)
    for step, row in enumerate(band):
        ways[0], ways[1], ways[2] = score[:-2], score[1:-1], score[2:]
        ways[1] += 0.01  # straight on where nothing speaks for either side
        ways.argmax(axis=0, out=came_from[step])
        ways.max(axis=0, out=score[1:-1])
        score[1:-1] += row
    at = [int(score[1:-1].argmax())]
    for back in came_from[:0:-1]:
        at.append(at[-1] + int(back[at[-1]]) - 1)
    way = np.array(at[::-1])
    steps = np.arange(len(way))
    first, last = _drawn_through(band[steps, way])
    if (
        last - first < 2
        or band[steps, way][first:last].mean() < _INK
        or np.abs(np.diff(way[first:last])).mean() > _WAVERS
    ):
        return None
    taken: Floats = points[steps, way][first:last]
    return taken


def _drawn_through(hits: Any) -> tuple[int, int]:
    """Where along a way the longest stroke begins and ends, that is interrupted by a few pixels at most."""
    on = np.flatnonzero(hits)
    if not len(on):
        return 0, 0
    ends = np.flatnonzero(np.diff(on) > _INTERRUPTED) + 1
    runs = np.split(on, ends)
    best = max(runs, key=len)
    return int(best[0]), int(best[-1]) + 1


def _words_on(path: Floats, boxes: Floats) -> int:
    x, y = path[:, 0, None], path[:, 1, None]
    inside = (x > boxes[:, 0]) & (x < boxes[:, 2]) & (y > boxes[:, 1]) & (y < boxes[:, 3])
    return int(inside.any(axis=0).sum())
