"""Paper that bends: how far its lines of print curve away from level, and the picture with them laid straight.

A sheet that is held in a hand, or was folded, lies in no plane: no perspective undoes that, and the right end of one
line stands where the next one begins.  Lines tell by themselves how they run; between them paper is smooth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]

_ACROSS, _DOWN = 3, 2
"""Highest powers of the place across and down the page, of which a bend is made."""
_FEWEST_LINES, _FEWEST_WORDS, _LONG = 8, 3, 0.15
"""Lines that must tell how they run, words of each, and share of the page's width that it goes over."""
_ROUNDS = 4
"""Times that the bend is told anew, without the words that depart from it most."""
_BENT, _TOLD = 0.8, 0.35
"""Heights of a line by which print must stand off somewhere to be worth it, and by which words may still stand off."""
_STIFF = 0.003
"""What a term costs beside what words stand off: terms of 0.3 as much as words that stand off by a thousandth."""
_STEEPEST, _FARTHEST = 0.4, 0.15
"""How much lines may come closer to one another, and share of the page's height by which print stands off at most."""


@dataclass(frozen=True)
class Bend:
    """How far below its level line print stands, by its place: both as fractions of the page's sides.

    `terms`: of (x - ½)^(i + 1) · (y - ½)^j, i by rows.
    """

    terms: Floats

    @classmethod
    def of(cls, terms: Sequence[float]) -> Bend:
        """From its terms one behind the other."""
        return cls(np.array(terms, np.float64).reshape(_ACROSS, _DOWN + 1))

    def drop(self, x: Floats, y: Floats) -> Floats:
        """By how much print that belongs to height `y` stands below it, at `x`."""
        found: Floats = np.polynomial.polynomial.polyval2d(
            x - 0.5, y - 0.5, np.vstack([np.zeros(_DOWN + 1), self.terms])
        )
        return found


def bend_of(lines: Sequence[tuple[Floats, float]], wide: int, high: int) -> Bend | None:
    """How a page bends; None where it does not, or its lines do not tell alike.

    `lines`: the middles of each one's words (rows of x, y) and its height; `wide`, `high`: the page's; all in pixels.
    """
    told = [
        (places / (wide, high), tall / high)
        for places, tall in lines
        if len(places) >= _FEWEST_WORDS and np.ptp(places[:, 0]) > _LONG * wide and tall > 0
    ]
    if len(told) < _FEWEST_LINES:
        return None
    line = np.concatenate([np.full(len(places), number) for number, (places, _) in enumerate(told)])
    places = np.concatenate([places for places, _ in told])
    tall = float(np.median([tall for _, tall in told]))
    weights, level = np.ones(len(line)), places[:, 1]
    for _ in range(_ROUNDS):
        terms, off = _fitted(line, places, level, weights)
        bend = Bend(terms)
        level = places[:, 1] - bend.drop(places[:, 0], level)
        weights = 1 / np.maximum(1, np.abs(off) / max(0.1 * tall, float(np.median(np.abs(off)))))
    x, y = np.meshgrid(np.linspace(0, 1, 21), np.linspace(0, 1, 21))
    drop = bend.drop(x, y)
    curved = drop - np.polynomial.polynomial.polyval2d(x - 0.5, y - 0.5, _level(terms))
    closer = np.abs(np.diff(drop, axis=0)).max() * 20
    if np.abs(curved).max() < _BENT * tall or closer > _STEEPEST or np.abs(drop).max() > _FARTHEST:
        return None
    return bend if float(np.quantile(np.abs(off), 0.8)) <= _TOLD * tall else None


def along(corners: Floats) -> tuple[Floats, float]:
    """Three places along a line, and its height, from its four corners (clockwise from where it begins)."""
    start, stop = (corners[0] + corners[3]) / 2, (corners[1] + corners[2]) / 2
    return np.stack([start, (start + stop) / 2, stop]), float(np.linalg.norm(corners[3] - corners[0]))


def _level(terms: Floats) -> Floats:
    """Of a bend what a change of place or perspective would undo too: lines that climb, the lower ones more or less."""
    level = np.zeros((_ACROSS + 1, _DOWN + 1))
    level[1, :2] = terms[0, :2]
    return level


def _fitted(line: Any, places: Floats, level: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """The terms by which every line's words stand at one height best, and how far off each word stands then.

    `line`: which one each word is of; `level`: the heights to which the words belong, as far as they are known.
    """
    u, v = places[:, 0] - 0.5, level - 0.5
    basis = np.stack([u ** (i + 1) * v**j for i in range(_ACROSS) for j in range(_DOWN + 1)], axis=1)
    both = np.concatenate([basis, places[:, 1:]], axis=1)
    shares = np.zeros((int(line.max()) + 1, both.shape[1]))
    np.add.at(shares, line, both * weights[:, None])
    totals = np.bincount(line, weights)
    both = both - (shares / totals[:, None])[line]
    root = np.sqrt(weights)[:, None]
    size = both.shape[1] - 1
    # Where lines tell nothing (they stand at the left, or at the top) a bend is rather too small than any.
    asked = np.concatenate([both[:, :-1] * root, _STIFF * np.eye(size)])
    terms = np.linalg.lstsq(asked, np.concatenate([both[:, -1] * root[:, 0], np.zeros(size)]), rcond=None)[0]
    return terms.reshape(_ACROSS, _DOWN + 1), both[:, -1] - both[:, :-1] @ terms


def flattened(picture: npt.NDArray[Any], bend: Bend) -> npt.NDArray[Any]:
    """A page of any size, grey or RGB, with its bent lines laid level; what was not seen is white."""
    high, wide = picture.shape[:2]
    across, down = max(2, wide // _COARSE), max(2, high // _COARSE)
    x, y = np.meshgrid((np.arange(across) + 0.5) / across, (np.arange(down) + 0.5) / down)
    rows = cv2.resize((high * bend.drop(x, y)).astype(np.float32), (wide, high), interpolation=cv2.INTER_LINEAR)
    rows += np.arange(high, dtype=np.float32)[:, None]
    columns = np.tile(np.arange(wide, dtype=np.float32), (high, 1))
    white = (255,) * (1 if picture.ndim == 2 else 3)
    return cv2.remap(picture, columns, rows, cv2.INTER_CUBIC, None, cv2.BORDER_CONSTANT, white)


_COARSE = 8
"""Pixels between two places for which a bend is reckoned: between them it is as good as straight."""
