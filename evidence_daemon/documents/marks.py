"""Letters that run across a page, whatever they say: MUESTRA, ANULADO, EJEMPLO, COPIA SIN VALOR.

An engine that reads lines of print does not see them: they lie aslant, and print runs through them.  What tells them
from print, strokes and shadows is their shape: large pieces of one colour that stand on one line and are of one height.

Runs in the cell that reads pixels (see `ocr`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

import cv2
import numpy as np

from evidence_daemon.documents.pixels import Floats, Pixels

_SIDE = 1600
"""Long side in pixels of the picture on which letters are looked for."""
_FLAT = 10
"""Brightness by which a pixel and its neighbours differ at most within a stroke."""
_PAPER = 12
"""By which a tone differs from paper's at least."""
_COLOURED = 20
_TONES = 5
"""Tones looked at in each plane."""
_LEAST_TONE = 0.0002
"""Share of the page that the inside of letters takes at least."""
_AROUND = 20
"""By which a tone may vary to each side of its commonest value: scans and photos are noisy."""
_EDGE = 6
"""By which it varies more at the edges of strokes."""
_EVEN = 12
"""By which a tone varies at most where a page was drawn, not scanned: it is proof by itself."""
_PRINT, _RULES = 120, 200
"""Brightness below which lies print, as dark as which no colour is; and rules, also pale ones."""
_THROUGH = 9
"""Pixels over which print that runs through a letter cuts it at most."""
_SMALL, _TALL = 0.012, 0.12
"""Shares of the page's height between which letters of a mark are high."""
_OF_PRINT, _OF_LEVEL_PRINT, _OF_LEVEL_NOISE = 1.2, 1.8, 2.2
"""Heights of a line of print that they are high at least: titles are level, and larger than other print."""
_LEVEL = 8
"""Degrees within which letters are level."""
_DIRECTIONS = np.radians(np.arange(-74, 75, 2))
_LONG = 0.22
"""Length of a mark, as a share of the root of the page's area, at least.  Stamps of offices are shorter."""
_FEWEST, _FEWEST_ALIKE, _FEWEST_IN_NOISE = 4, 3, 5
"""Letters of a mark; those of them that are alike high and stand alike."""
_ASTRAY = 0.13
"""Heights of a letter by which two that stand alike differ at their top, or foot."""
_NEAR, _FAR = 2.0, 3.0
"""Heights between two letters of a mark: of any ones, and of those alike (what lies between is lost in print)."""
_HIGHER = 1.65
"""How many times as high as its neighbour a letter is at most: the M of "Muestra"."""
_WIDEST = 8.0
"""Heights over which letters that touch one another go at most."""
_SOLID = 0.9
"""Share of its box from which on a piece is no letter, but a bar, a band or a cell."""
_THIN = 0.2
"""Share of its length from which on a piece is more than a line (or an I)."""
_FILLED = (0.3, 0.85)
"""Share of their boxes that letters fill together."""
_ON_PAPER = 0.35
"""Share of paper in and around a letter at least: what lies on carpets and tables has less."""
_MOST = 60
"""Pieces looked at: the largest."""
_NOISE = 2000
"""Pieces from which on a tone is noise."""


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A page: its brightness, the height of a line of its print, and its read words (boxes in pixels)."""

    value: Pixels
    line: float
    words: Floats

    @property
    def tall(self) -> float:
        return _TALL * float(self.value.shape[0])


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece that may be a letter: its hull, area and upright box, and whether it is but a rectangle or a line."""

    hull: Floats
    area: float
    box: tuple[int, int, int, int]
    solid: bool


def across(shown: Pixels, value: Pixels, words: list[list[Any]]) -> list[list[float]]:
    """[a box over the whole width] where large letters stand in a row; [] where none do.

    `value`: the page's brightness (see `strokes`).
    """
    scale = min(1.0, _SIDE / max(value.shape))
    shown, value = (cv2.resize(one, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR) for one in (shown, value))
    height, width = value.shape
    read = [word for word in words if sum(map(str.isalnum, word[0])) >= 2]
    line = median([(word[4] - word[2]) * height for word in read] or [0.011 * height])
    boxes = np.array([word[1:5] for word in read], np.float64).reshape(-1, 4) * (width, height, width, height)
    sheet = _Sheet(value, line, boxes)
    for mask, even in _masks(shown, sheet):
        row = _row_in(mask, sheet, even)
        if row:
            top = min(box[1] for box in row) / height
            bottom = max(box[1] + box[3] for box in row) / height
            return [[0.0, round(top, 5), 1.0, round(min(1.0, bottom), 5)]]
    return []


def _masks(shown: Pixels, sheet: _Sheet) -> Iterator[tuple[Pixels, bool]]:
    """Where the page is of one tone, or of one colour, and whether that is even.

    What print that runs through it cuts out of a tone is filled.
    """
    planes = cv2.split(shown)
    brightest = cv2.max(cv2.max(planes[0], planes[1]), planes[2])
    colour = cv2.subtract(brightest, cv2.min(cv2.min(planes[0], planes[1]), planes[2]))
    for plane, apart in ((sheet.value, _PAPER), (colour, _COLOURED)):
        smooth = cv2.medianBlur(plane, 3)
        for low, high in _tones(smooth, apart):
            tone = cv2.inRange(smooth, max(0, low - _EDGE), min(255, high + _EDGE))
            tone = cv2.morphologyEx(tone, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
            even = high - low <= _EVEN
            if len(_pieces(tone, sheet)[0]) < (_FEWEST_ALIKE if even else _FEWEST_IN_NOISE):
                continue
            darker = (0 if plane is colour else low) - _EDGE
            darker = max(darker, _RULES if even else _PRINT if plane is colour else 0)
            print_ = cv2.threshold(sheet.value, darker, 255, cv2.THRESH_BINARY_INV)[1]
            closed = cv2.morphologyEx(tone, cv2.MORPH_CLOSE, np.ones((_THROUGH, _THROUGH), np.uint8))
            yield cv2.bitwise_or(tone, cv2.bitwise_and(closed, print_)), even


def _tones(plane: Pixels, apart: int) -> list[tuple[int, int]]:
    """From where to where the commonest tones of a plane go, without paper's.  Told by the inside of strokes."""
    square = np.ones((3, 3), np.uint8)
    change = cv2.subtract(cv2.dilate(plane, square), cv2.erode(plane, square))[::2, ::2]
    seen = plane[::2, ::2]
    count = np.bincount(seen[change <= _FLAT], minlength=256).astype(np.float64)
    paper = int(np.median(seen))
    count[max(0, paper - apart) : paper + apart + 1] = 0
    count = np.convolve(count, np.ones(9), "same")
    found: list[tuple[int, int]] = []
    while len(found) < _TONES:
        low = high = int(count.argmax())
        most = float(count[low])
        if most < _LEAST_TONE * seen.size:
            break
        middle = low
        while low > 0 and middle - low < _AROUND and count[low - 1] > 0.08 * most:
            low -= 1
        while high < 255 and high - middle < _AROUND and count[high + 1] > 0.08 * most:
            high += 1
        found.append((low, high))
        count[max(0, low - _EDGE) : high + _EDGE + 1] = 0
    return found


def _row_in(mask: Pixels, sheet: _Sheet, even: bool) -> list[tuple[int, int, int, int]]:
    """Boxes of letters in a row; once more without the rules and bands with which they hang together."""
    pieces, larger = _pieces(mask, sheet)
    row = _row(pieces, sheet, even)
    if row or not larger or not even:
        return row
    long = round(1.2 * sheet.tall)
    bare = mask
    for kernel in (np.ones((1, long), np.uint8), np.ones((long, 1), np.uint8)):
        rules = cv2.dilate(cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel), np.ones((3, 3), np.uint8))
        bare = cv2.bitwise_and(bare, cv2.bitwise_not(rules))
    closed = cv2.morphologyEx(bare, cv2.MORPH_CLOSE, np.ones((_THROUGH, _THROUGH), np.uint8))
    mask = cv2.bitwise_and(mask, closed)  # a rule cuts what it runs through
    return _row(_pieces(mask, sheet)[0], sheet, even)


def _pieces(mask: Pixels, sheet: _Sheet) -> tuple[list[_Piece], bool]:
    """The pieces of a mask that are as large as letters, and whether there is any that is larger."""
    outlines = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
    boxed: list[tuple[Any, Pixels]] = []
    if len(outlines) < _NOISE:
        boxed = [(cv2.boundingRect(outline), outline) for outline in outlines]
    boxed.sort(key=lambda one: max(one[0][2:]), reverse=True)
    fit = [one for one in boxed if _SMALL * mask.shape[0] <= max(one[0][2:]) <= _WIDEST * sheet.tall]
    found: list[_Piece] = []
    for box, outline in fit[:_MOST]:
        hull = cv2.convexHull(outline)
        sides = cv2.minAreaRect(hull)[1]
        area = cv2.contourArea(outline) + cv2.arcLength(outline, True) / 2 + 1  # outlines run within pixels
        solid = area > _SOLID * (sides[0] + 1) * (sides[1] + 1) or min(sides) < _THIN * max(sides)
        found.append(_Piece(hull.reshape(-1, 2).astype(np.float64), area, box, solid))
    return found, bool(boxed) and max(boxed[0][0][2:]) > 3 * sheet.tall


def _row(pieces: list[_Piece], sheet: _Sheet, even: bool) -> list[tuple[int, int, int, int]]:
    """Boxes of the pieces that stand in a row as letters do, in whatever direction; [] where none do."""
    fewest = _FEWEST if even else _FEWEST_IN_NOISE
    if len(pieces) < fewest:
        return []
    corners = max(len(piece.hull) for piece in pieces)
    hulls = np.stack([np.vstack([piece.hull, piece.hull[:1].repeat(corners - len(piece.hull), 0)]) for piece in pieces])
    along, down = np.cos(_DIRECTIONS), np.sin(_DIRECTIONS)
    x = hulls[..., 0, None] * along + hulls[..., 1, None] * down
    y = hulls[..., 1, None] * along - hulls[..., 0, None] * down
    starts, ends, tops, feet = x.min(1), x.max(1), y.min(1), y.max(1)  # piece × direction
    highs, wides = feet - tops, ends - starts
    printed = np.array([_is_printed(piece.box, sheet) for piece in pieces])
    solid = np.array([piece.solid for piece in pieces])
    areas = np.array([piece.area for piece in pieces])
    long = _LONG * math.sqrt(sheet.value.size)
    for at, direction in enumerate(np.degrees(_DIRECTIONS)):
        level = abs(direction) < _LEVEL
        lines = (_OF_LEVEL_PRINT if even else _OF_LEVEL_NOISE) if level else _OF_PRINT
        fits = (highs[:, at] >= max(_SMALL * sheet.value.shape[0], lines * sheet.line)) & (highs[:, at] <= sheet.tall)
        fits &= (wides[:, at] <= _WIDEST * highs[:, at]) & (wides[:, at] >= 0.06 * highs[:, at]) & ~(level & printed)
        letters = np.nonzero(fits)[0]
        if len(letters) < fewest or np.count_nonzero(fits & ~solid) < _FEWEST_ALIKE:
            continue
        start, end, top, foot, high = (told[letters, at] for told in (starts, ends, tops, feet, highs))
        alike, linked = _links(start, end, top, foot, high)
        for group in _groups(linked):
            if end[group].max() - start[group].min() < long:
                continue
            shaped = ~solid[letters[group]]
            touching = np.maximum(1, np.round((end - start)[group] / (0.85 * high[group])))
            same = alike[np.ix_(group, group)].sum(1).max()
            filled = areas[letters[group]].sum() / ((end - start)[group] * high[group]).sum()
            if (
                shaped.sum() >= _FEWEST_ALIKE
                and (touching * shaped).sum() >= _FEWEST
                and same >= max(_FEWEST_ALIKE if even else _FEWEST_IN_NOISE, 0.4 * len(group))
                and _FILLED[0] <= filled <= _FILLED[1]
            ):
                row = [pieces[letter].box for letter in letters[group]]
                if median(_paper(box, sheet) for box in row) >= _ON_PAPER:
                    return row
    return []


def _links(start: Floats, end: Floats, top: Floats, foot: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Which letters stand alike, and which may follow one another: they stand on one line, and not too far apart."""

    def apart(one: Floats) -> Any:
        return np.abs(one[:, None] - one[None])

    lower = np.minimum(high[:, None], high[None])
    gap = np.maximum(start[:, None], start[None]) - np.minimum(end[:, None], end[None])
    on_line = apart(foot) < _ASTRAY * lower
    alike = on_line & (apart(top) < _ASTRAY * lower)
    near = on_line & (np.maximum(high[:, None], high[None]) < _HIGHER * lower) & (gap < _NEAR * lower)
    return alike, (near | (alike & (gap < _FAR * lower))) & (gap > -0.35 * lower)


def _groups(linked: Floats) -> Iterator[Floats]:
    """What hangs together by links, each as indices; the large ones."""
    label = np.arange(len(linked))
    while True:
        least = np.minimum(np.where(linked, label[None], len(linked)).min(1), label)
        if (least == label).all():
            break
        label = least
    for one in np.nonzero(np.bincount(label) >= _FEWEST)[0]:
        yield np.nonzero(label == one)[0]


def _is_printed(box: tuple[int, int, int, int], sheet: _Sheet) -> bool:
    """Whether a piece lies within a read word: level letters that were read speak for themselves."""
    x, y, wide, high = box
    left, top, right, bottom = sheet.words.T
    middle = x + wide / 2
    return bool(((left <= middle) & (middle <= right) & (top <= y + 0.2 * high) & (y + 0.8 * high <= bottom)).any())


def _paper(box: tuple[int, int, int, int], sheet: _Sheet) -> float:
    """Share of paper in and around a piece."""
    x, y, wide, high = box
    more = round(0.25 * min(wide, high))
    cut = sheet.value[max(0, y - more) : y + high + more : 2, max(0, x - more) : x + wide + more : 2]
    return float((cut >= 240).mean())
