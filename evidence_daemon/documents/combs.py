"""Numbers in boxes of one sign each, put together: "|0|8|6|7|" is read as the line of print that it is.

Engines read the sides of such boxes as signs of the number, or nothing at all.  So the sides are taken off the page
and the signs moved together, to the left end of their comb; `sight` spreads again what was read there, so that a word
covers its signs on the paper.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np

from evidence_daemon.documents.pixels import LETTER_HEIGHT, Laid, Pixels

_HALF = LETTER_HEIGHT // 2
"""Height of a letter on the half picture on which combs are looked for."""
_SIDE = (1.1, 4.0)
"""Heights of a letter that the side of a box has, at least and at most."""
_PITCH = (0.7, 3.4)
"""Heights of a letter from one side to the next, at least and at most: wider ones are cells of a table."""
_WIDER = 1.1
"""Pitches from a side to the next, from which one between the two begins another comb."""
_NARROWEST = 0.55
"""Width of a box in heights of it, at least: what is between two combs may be as wide as half a box."""
_EVEN = 0.2
"""Share of the pitch by which a box may be narrower or wider than the one before: photos are seen askew."""
_FEWEST, _FEWEST_BESIDE = 4, 2
"""Boxes of a comb; and of one beside another in its row, as the day and the month of a date have them."""
_MOST_SIDES = 2000
"""On a page: more has no form, and would cost more than it is worth."""
_RULED = 0.75
"""Share of the rules over and under a comb that must be seen."""
_APART = 0.35
"""Share below which two bars stand in different combs."""
_STROKE, _BROKEN = 0.8, 0.6
"""Share of a side that must be seen beyond the ends of a comb, and between two others."""
_FAINT, _FAINT_SHARE = 15.0, 0.03
"""Shades below its paper, and share of a box, from which on it may hold a sign that is too pale to be taken for one."""
_SIGN, _INK = 0.22, 0.02
"""Heights of a box that a sign has at least, and share of the room of one that is ink."""
_PAST = (0.12, 0.45)
"""Pitches beyond the end of a comb between which its rules have ended."""
_OF_A_NAME, _BLANK = 20, 0.3
"""Boxes of a comb in which names are written, at least: numbers have fewer; and heights of a box that a blank is wider
than other gaps, so that an engine parts the words."""
_LONGEST, _MOST = 60, 200
"""Sides of a comb, and combs of a page, at most; `sight` believes no cell that tells of more."""
_BAND = 0.14
"""Share of a box along its sides in which pieces of these may be left."""


Comb = tuple[float, float, float, float, float, bool]
"""From its first sign to its last: left, top, right, bottom (fractions of the page); how much wider it is than what
was put together at its left end; and whether empty boxes are among it."""

_NEAR = 2
"""Pixels of the half picture by which a side may miss its rules: more would take a tall 1 for a side."""
_RULE = 4
"""Pixels of the half picture within which the rule between two sides lies, and of the page beyond their ends."""


@dataclass(frozen=True, slots=True)
class _Bar:
    x: float
    y0: float
    y1: float
    wide: float
    seen: bool = True
    """Found as one stroke; else put in where one must be."""

    @property
    def tall(self) -> float:
        return self.y1 - self.y0


def put_together(page: Laid) -> tuple[Laid, list[Comb]]:
    """A page → the same with the signs of each comb moved together, and its combs that are not empty."""
    grey = page.grey
    if min(grey.shape) < 2 * LETTER_HEIGHT:
        return page, []
    half = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    dark = cv2.adaptiveThreshold(half, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, 12)
    chains = list(_chains(dark))
    if not chains:
        return page, []
    done = grey.copy()
    combs = []
    high, wide = grey.shape
    for chain, before, behind in chains:
        placed = _moved(done, grey, chain, before, behind)
        if placed is not None:
            x0, y0, x1, y1, stretch, blanks = placed
            combs.append((x0 / wide, y0 / high, x1 / wide, y1 / high, stretch, blanks))
    return replace(page, grey=done), combs


# ── where ────────────────────────────────────────────────────────────────────────────────────────


def _bars(dark: Pixels, across: Pixels) -> list[_Bar]:
    """Strokes straight down as tall as sides of boxes, that end on a rule above and below."""
    joined = cv2.morphologyEx(dark, cv2.MORPH_CLOSE, np.ones((3, 1), np.uint8))
    strokes = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((round(_SIDE[0] * _HALF), 1), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    ruled = cv2.dilate(across, np.ones((1, 7), np.uint8)) > 0
    bars = []
    for x, y, w, h, _area in stats[1:].tolist():
        if w > 0.5 * _HALF or h > _SIDE[1] * _HALF:
            continue
        # From rule to rule: letters of a caption may touch the foot of a side.
        begin = max(0, y - _NEAR)
        at_rule = np.flatnonzero(ruled[begin : y + h + _NEAR, x + w // 2])
        if len(at_rule) and at_rule[-1] - at_rule[0] > _SIDE[0] * _HALF:
            bars.append(_Bar(x + w / 2, begin + int(at_rule[0]), begin + int(at_rule[-1]) + 1, w))
    return bars


def _chains(dark: Pixels) -> Iterator[tuple[list[_Bar], bool, bool]]:
    """The sides of each comb, from the left, and whether it may go on beyond its first and its last one."""
    across = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((1, _HALF), np.uint8))
    bars = _bars(dark, across)
    if len(bars) > _MOST_SIDES:
        return
    at_height: dict[int, list[_Bar]] = {}
    for bar in bars:
        at_height.setdefault(round(bar.y0 / _HALF), []).append(bar)
    pieces: list[list[_Bar]] = []
    for height in sorted(at_height):
        beside = sorted((bar for at in (0, 1) for bar in at_height.get(height + at, ())), key=lambda bar: bar.x)
        within: set[_Bar] = set()
        for place, first in enumerate(beside):
            if first in within:
                continue  # its row would be the rest of one that is known
            row = _row(first, beside[place + 1 :])
            within.update(row[1:-_FEWEST])
            pieces += _ruled(row, dark, across)
    found: list[list[_Bar]] = []
    for piece in sorted(pieces, key=_ranked):
        if not any(_over_one_another(piece, other) for other in found):
            chain = _whole(piece, dark, across)
            if len(chain) > _FEWEST_BESIDE and not any(_over_one_another(chain, other) for other in found):
                found.append(chain)
    if len(found) > _MOST:
        return
    whole = [chain for chain in found if len(chain) > _FEWEST]
    for chain in found:
        if chain in whole or any(_in_one_row(chain, other) for other in whole):
            others = [other for other in found if other is not chain]
            yield chain, _goes_on(chain, -1, others, dark, across), _goes_on(chain, 1, others, dark, across)


def _ranked(chain: list[_Bar]) -> tuple[int, int, float]:
    """Long ones first; of two as long the one of which more was seen, and the closer one."""
    return -len(chain), sum(not bar.seen for bar in chain), chain[-1].x - chain[0].x


def _goes_on(chain: list[_Bar], way: int, others: list[list[_Bar]], dark: Pixels, across: Pixels) -> bool:
    """Whether beyond an end (-1 the left one, 1 the right one) another box, or a sign, may stand."""
    end, pitch = chain[-1 if way > 0 else 0], (chain[-1].x - chain[0].x) / (len(chain) - 1)
    near, far = sorted((end.x + way * _PAST[0] * pitch, end.x + way * _PAST[1] * pitch))
    if min(_seen(across, near, far, y) for y in (end.y0, end.y1)) >= _RULED:
        return True
    beyond = end.x + way * pitch
    if way < 0 or any(other[0].x <= beyond and _in_one_row(chain, other) for other in others if other[0].x > end.x):
        return False  # before a number stands its label, behind it the next one
    room = dark[round(end.y0) + _NEAR : round(end.y1) - _NEAR, round(end.x + end.wide) + 1 : round(beyond)] > 0
    rows = np.flatnonzero(room.any(axis=1))
    return bool(len(rows)) and rows[-1] - rows[0] >= _SIGN * end.tall and float(room.mean()) > _INK


def _row(first: _Bar, behind: list[_Bar]) -> list[_Bar]:
    """From a bar on, those that follow at the distance of the next one; a side that was not seen is put in."""
    row, pitch = [first], 0.0
    for place, second in enumerate(behind):
        pitch = second.x - first.x
        if pitch > _PITCH[1] * _HALF:
            break
        if pitch >= max(_PITCH[0] * _HALF, _NARROWEST * first.tall) and _alike(first, second):
            row, behind = [first, second], behind[place + 1 :]
            break
    while 1 < len(row) <= _LONGEST and (following := _next(row[-1], pitch, behind)) is not None:
        last, (bar, steps) = row[-1], following
        pitch = 0.5 * pitch + 0.5 * (bar.x - last.x) / steps
        row += [replace(last, x=last.x + (bar.x - last.x) * step / steps, seen=False) for step in range(1, steps)]
        row.append(bar)
    return row


def _next(last: _Bar, pitch: float, rest: list[_Bar]) -> tuple[_Bar, int] | None:
    """The side that follows, and after how many boxes; None where the comb ends, or another begins close by."""
    between = False
    for bar in rest:
        gap = bar.x - last.x
        if gap > (2 + _EVEN) * pitch:
            return None
        steps = round(gap / pitch)
        if steps > 0 and abs(gap - steps * pitch) <= _EVEN * pitch and _alike(last, bar):
            return None if between and gap > _WIDER * steps * pitch else (bar, steps)
        between = between or (gap > 0 and _alike(last, bar))
    return None


def _alike(one: _Bar, two: _Bar) -> bool:
    """Whether two bars begin and end at one height: strokes of letters between the sides of a box do not."""
    slack = 0.14 * max(one.tall, two.tall) + 1
    return abs(one.y0 - two.y0) <= slack and abs(one.y1 - two.y1) <= slack


def _ruled(chain: list[_Bar], dark: Pixels, across: Pixels) -> Iterator[list[_Bar]]:
    """The pieces of a chain in which rules join the bars above and below.

    Letters of one face stand evenly too, and may be underlined; and two combs may stand side by side.
    """
    pieces: list[tuple[list[_Bar], list[tuple[float, float]]]] = [(chain[:1], [])]
    for one, two in pairwise(chain):
        over = _seen(across, one.x, two.x, (one.y0 + two.y0) / 2)
        under = _seen(across, one.x, two.x, (one.y1 + two.y1) / 2)
        drawn = two.seen or _drawn(dark, two) >= _BROKEN
        if max(over, under) < _APART or not drawn:
            pieces.append(([two], []))
        else:
            pieces[-1][0].append(two)
            pieces[-1][1].append((over, under))
    for piece, links in pieces:
        if links and min(np.mean(links, axis=0)) >= _RULED:
            yield piece


def _whole(piece: list[_Bar], dark: Pixels, across: Pixels) -> list[_Bar]:
    """A comb with the sides beyond its ends that are too broken to be seen as one stroke."""
    pitch = (piece[-1].x - piece[0].x) / (len(piece) - 1)
    for end, step in ((0, -pitch), (-1, pitch)):
        while (further := _beyond(piece[end], step, dark, across)) is not None:
            piece = [further, *piece] if end == 0 else [*piece, further]
    return piece


def _beyond(bar: _Bar, step: float, dark: Pixels, across: Pixels) -> _Bar | None:
    """The side next to the last one, where most of a stroke stands and rules lead to it."""
    further = replace(bar, x=bar.x + step, seen=False)
    x0, x1 = sorted((bar.x, further.x))
    ruled = min(_seen(across, x0, x1, y) for y in (bar.y0, bar.y1)) >= _RULED
    return further if ruled and _drawn(dark, further) >= _STROKE else None


def _drawn(dark: Pixels, bar: _Bar) -> float:
    """The share of a side that is seen, be it in pieces."""
    left = round(bar.x) - 2
    column = dark[round(bar.y0) : round(bar.y1), max(0, left) : left + 5]
    return float((column.max(axis=1) > 0).mean()) if column.size else 0.0


def _seen(across: Pixels, x0: float, x1: float, y: float) -> float:
    """The share of a stretch over which a rule is seen."""
    rule = across[max(0, round(y) - _RULE) : round(y) + _RULE, round(x0) : round(x1) + 1]
    return float((rule.max(axis=0) > 0).mean()) if rule.size else 0.0


def _over_one_another(one: list[_Bar], two: list[_Bar]) -> bool:
    aside = one[-1].x <= two[0].x + 1 or two[-1].x <= one[0].x + 1
    return not aside and one[0].y0 < two[0].y1 and two[0].y0 < one[0].y1


def _in_one_row(one: list[_Bar], two: list[_Bar]) -> bool:
    near, far = sorted((one, two), key=lambda chain: chain[0].x)
    return _alike(near[-1], far[0]) and far[0].x - near[-1].x < 20 * _HALF


# ── moving ───────────────────────────────────────────────────────────────────────────────────────


def _moved(
    done: Pixels, grey: Pixels, chain: list[_Bar], before: bool, behind: bool
) -> tuple[int, int, int, int, float, bool] | None:
    """Move the signs of a comb together on `done` → its box in pixels, from the first sign on, the stretch, and blanks.

    None for an empty one, whose sides are taken off the page too, and for one that is left alone.
    """
    number = _number(grey, chain, before, behind)
    if number is None:
        return None
    first, signs = number
    high, wide = grey.shape
    margin = round(2 * max(bar.wide for bar in chain)) + 3
    x0, x1 = max(0, round(2 * chain[0].x) - margin), min(wide, round(2 * chain[-1].x) + margin)
    tops, bottoms = [round(2 * bar.y0) for bar in chain], [round(2 * bar.y1) for bar in chain]
    edges = [x0, *(round(2 * bar.x) for bar in chain[1:-1]), x1]
    for place, (left, right) in enumerate(pairwise(edges)):
        above, below = min(tops[place : place + 2]), max(bottoms[place : place + 2])
        done[max(0, above - _RULE) : below + _RULE, left:right] = 255
    if not signs:
        return None
    gap = max(3, round(0.2 * max(bar.tall for bar in chain)))
    start = at = max(0, round(2 * chain[first].x))
    for sign in signs:
        at += gap
        if sign is None:
            at += round(_BLANK * max(bar.tall for bar in chain))
            continue
        ink, y = sign
        piece = done[y : y + ink.shape[0], at : min(at + ink.shape[1], x1)]
        piece[:] = ink[: piece.shape[0], : piece.shape[1]]
        at += ink.shape[1]
    end = min(wide, round(2 * chain[first + len(signs)].x))
    stretch = (end - start) / max(1, at + gap - start)
    return start, max(0, min(tops)), end, min(high, max(bottoms)), stretch, None in signs


def _number(
    grey: Pixels, chain: list[_Bar], before: bool, behind: bool
) -> tuple[int, list[tuple[Pixels, int] | None]] | None:
    """In which box the signs of a comb begin, and their pixels with the rows where these begin; none of an empty one.

    None where a sign may be missing: beyond an end, in an empty box between two others, or in one beside the ends that
    holds something.  Better no number than one that lacks a digit.  A comb as long as a name may hold blanks (None
    among the signs), each a box in which nothing is to be seen.
    """
    signs = [_sign(grey, one, two) for one, two in pairwise(chain)]
    filled = [at for at, sign in enumerate(signs) if sign.ink is not None]
    if not filled:
        return 0, []
    first, last = filled[0], filled[-1]
    found = [None if sign.ink is None else (sign.ink, sign.top) for sign in signs[first : last + 1]]
    beside = (*signs[max(0, first - 1) : first], *signs[last + 1 : last + 2])
    blanks = [sign for sign in signs[first:last] if sign.ink is None]
    doubtful = any(sign.doubtful for sign in (*beside, *blanks)) or (blanks and len(signs) < _OF_A_NAME)
    open_ = (before and first == 0) or (behind and last == len(signs) - 1)
    return None if doubtful or open_ else (first, found)


@dataclass(frozen=True, slots=True)
class _Sign:
    """What stands in a box: its pixels and the row where they begin; None for an empty one.

    `doubtful`: what was taken for a piece of a side could be a stroke that leans on it, or there is something pale.
    """

    ink: Pixels | None = None
    top: int = 0
    doubtful: bool = False


def _sign(grey: Pixels, one: _Bar, two: _Bar) -> _Sign:
    x0, x1 = round(2 * one.x + one.wide) + 2, round(2 * two.x - two.wide) - 1
    y0, y1 = round(one.y0 + two.y0) + 4, round(one.y1 + two.y1) - 3
    inside = grey[y0:y1, x0:x1]
    high, wide = inside.shape
    if high < 8 or wide < 5:
        return _Sign()
    paper = float(np.percentile(inside, 90))
    dark = (inside < min(190.0, paper - 50)).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    inner = np.zeros((high, wide), bool)
    band = max(4, round(_BAND * min(high, wide)))
    inner[band : high - band, band : wide - band] = True
    kept, doubtful = [], False
    for number, (x, y, w, h, area) in enumerate(stats[1:].tolist(), start=1):
        if area < 0.008 * high * wide:
            continue
        at_edge = x <= 1 or y <= 1 or x + w >= wide - 1 or y + h >= high - 1
        if at_edge and float(inner[labels == number].mean()) < 0.15:
            # A side goes through from rule to rule; a sign does not.
            doubtful = doubtful or _SIGN * high <= h < 0.9 * high
        else:
            kept.append(number)
    ink = np.isin(labels, kept)
    columns, rows = np.flatnonzero(ink.any(axis=0)), np.flatnonzero(ink.any(axis=1))
    if not kept or rows[-1] - rows[0] < _SIGN * high:
        faint = cv2.blur(inside, (5, 5))[inner] < float(np.median(inside)) - _FAINT
        return _Sign(doubtful=doubtful or bool(faint.size and faint.mean() > _FAINT_SHARE))
    left, right = max(0, columns[0] - 2), min(wide, columns[-1] + 3)
    near = cv2.dilate(ink.astype(np.uint8), np.ones((5, 5), np.uint8))[:, left:right] > 0
    picture = inside[:, left:right].copy()
    picture[~near] = 255
    return _Sign(picture, y0)
