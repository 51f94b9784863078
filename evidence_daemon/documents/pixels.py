"""Pictures of pages made fit to be read and seen: paper found, light evened, print stood upright.

Runs in the cell that reads pixels (see `ocr`).  Measured on documents of ten layouts: without the crop a
photo's background ruins Tesseract, and flattened light halves its errors; lines of tables that touch
print cost half of the serial numbers of printed forms.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from evidence_daemon.documents.bends import Bend, bend_of, flattened

Pixels = npt.NDArray[Any]
"""uint8: rows × columns (grey) or rows × columns × 3 (RGB)."""
Floats = npt.NDArray[Any]

LETTER_HEIGHT = 30
"""Pixels that the median letter should have: Tesseract's error is lowest between 20 and 35."""
MAX_PIXELS = 9_000_000
SHOWN = 2000
"""Long side of the picture that is kept for people, in pixels."""
_LOOK = 900
"""Long side of the small picture on which skew and orientation are looked for."""
_SHEET_LOOK = 520
"""Long side of the smaller one on which the sheet is looked for; its kernels were measured on `_LOOK`."""

# ── paper ────────────────────────────────────────────────────────────────────────────────────────


def sheet(rgb: Pixels) -> Floats | None:
    """The four corners (in pixels, from the top left, clockwise) of a sheet that lies in a picture, or None."""
    scale = _SHEET_LOOK / max(rgb.shape[:2])
    if _white_all_round(rgb, scale):
        return None
    small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    corners = _sheet(small)
    return None if corners is None else corners / scale


def without_rules(dark: Pixels, broad: int = 0) -> Pixels:
    """Ink (255 on 0) without level and upright rules; what is `broad` pixels broad and more is none (0: all are)."""
    reach = max(24, dark.shape[1] // 22)
    joined = cv2.morphologyEx(dark, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    thick = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((broad, broad), np.uint8)) if broad else None
    for kernel in (np.ones((1, reach), np.uint8), np.ones((reach, 1), np.uint8)):
        rules = cv2.morphologyEx(joined, cv2.MORPH_OPEN, kernel)
        rules = rules if thick is None else cv2.subtract(rules, thick)
        dark = cv2.bitwise_and(dark, cv2.bitwise_not(cv2.dilate(rules, np.ones((3, 3), np.uint8))))
    return dark


def smaller(page: Pixels, scale: float) -> Pixels:
    """A picture scaled (down by areas).  By halves as far as they go: those cost a tenth of any other step.

    Good enough to look at; what is read is scaled in one step, since each more rounds once more.
    """
    while scale <= 0.5 and min(page.shape[:2]) > 1:
        page, scale = cv2.resize(page, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), 2 * scale
    return page if scale == 1 else cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _white_all_round(rgb: Pixels, scale: float) -> bool:
    """True for scans: paper reaches every edge, so no sheet lies in the picture.  Its edges are looked at in small."""
    deep = math.ceil(_EDGE / scale)
    for edge in (rgb[:deep], rgb[-deep:], rgb[:, :deep], rgb[:, -deep:]):
        small = cv2.resize(edge, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        if float(np.mean(small.min(axis=2) > 225)) <= 0.97:
            return False
    return True


_EDGE = 6
"""Pixels of the small picture."""
_SURE_SHEET = 0.15
"""Sheets photographed in poor light score from 0.2 (measured on samples)."""


_SMALLEST_SHEET, _SMALL_SHEET = 0.04, 0.12
"""Shares of the picture that a sheet covers at least, and below which it must be clear that it is one: a roll on a
table is as small as that, and so is a box printed on a page."""
_CLEAR_ENDS, _CLEARLY_LIGHTER = 0.9, 30.0
"""Share of its outline at which a small one ends, and levels of lightness (0..255) over what lies round it."""


def _sheet(small: Pixels) -> Floats | None:
    """Corners of the best candidate, or None.  A sheet is large, four-sided, and unlike what lies round it.

    A band of colour printed across a sheet parts it in two for the eye that looks for lightness: of candidates
    that all end at something, one that holds the best and is larger is the sheet.
    """
    height, width = small.shape[:2]
    blurred = cv2.GaussianBlur(small, (5, 5), 0)
    lab = cv2.cvtColor(blurred, cv2.COLOR_RGB2LAB).astype(np.float32)
    tried: list[tuple[float, float, Floats]] = []
    for mask in _masks(blurred, lab):
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        for contour in sorted(contours, key=cv2.contourArea, reverse=True)[:2]:
            share = cv2.contourArea(contour) / (width * height)
            if share < _SMALLEST_SHEET:
                continue
            for corners in _four_corners(contour, lab):
                score, ends, lighter = _score(corners, contour, lab)
                clear = ends >= _CLEAR_ENDS and lighter >= _CLEARLY_LIGHTER
                if score > _SURE_SHEET and (clear or share >= _SMALL_SHEET):
                    tried.append((score, ends, corners))
    if not tried:
        return None
    best = max(tried, key=lambda one: one[0])
    for one in sorted(tried, key=lambda one: cv2.contourArea(one[2]), reverse=True):
        if one[0] > 0.4 * best[0] and one[1] > 0.92 * best[1] and _holds(one[2], best[2]):
            return one[2]
    return best[2]


def _holds(one: Floats, other: Floats) -> bool:
    """Whether a quadrilateral holds the corners of another, or nearly."""
    outline, near = one.reshape(-1, 1, 2), 0.02 * float(np.ptp(one, axis=0).max())
    return all(cv2.pointPolygonTest(outline, (float(x), float(y)), True) > -near for x, y in other)


def _masks(blurred: Pixels, lab: Floats) -> Iterator[Pixels]:
    """Where the sheet could be: by lightness, by whiteness, by unlikeness to the border, by outlines.

    Each is opened more and less: a sheet hangs together, what it lies on touches it in narrow places.
    """
    lightness = lab[..., 0].astype(np.uint8)
    colour = np.hypot(lab[..., 1] - 128, lab[..., 2] - 128)
    whiteness = np.clip(lab[..., 0] - 2.0 * colour, 0, 255).astype(np.uint8)
    border = np.concatenate([edge.reshape(-1, 3) for edge in (lab[:8], lab[-8:], lab[:, :8], lab[:, -8:])])
    unlike = np.clip(np.linalg.norm(lab - np.median(border, axis=0), axis=2) * 3, 0, 255).astype(np.uint8)
    for channel in (lightness, whiteness, unlike):
        _, mask = cv2.threshold(channel, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
        closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _square(17))
        for size in (17, 45, 75):
            yield cv2.morphologyEx(closed, cv2.MORPH_OPEN, _square(size))
        yield cv2.morphologyEx(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _square(91)), cv2.MORPH_OPEN, _square(45))
    edges = cv2.Canny(cv2.cvtColor(blurred, cv2.COLOR_RGB2GRAY), 20, 60)
    contours, _ = cv2.findContours(cv2.dilate(edges, _square(5)), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    filled = np.zeros_like(edges)
    cv2.drawContours(filled, contours, -1, 255, cv2.FILLED)
    yield cv2.morphologyEx(filled, cv2.MORPH_OPEN, _square(17))
    # What is smooth once print is closed away: paper on a carpet, on tiles, on chequered cloth.
    plain = cv2.morphologyEx(lightness, cv2.MORPH_CLOSE, _square(15))
    rough = cv2.morphologyEx(plain, cv2.MORPH_GRADIENT, _square(9))
    smooth = cv2.threshold(rough, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)[1]
    for size in (17, 45):
        yield cv2.dilate(cv2.morphologyEx(smooth, cv2.MORPH_OPEN, _square(size)), _square(9))


def _square(size: int) -> Pixels:
    """A kernel of so many pixels of a picture of `_LOOK`."""
    side = max(3, round(size * _SHEET_LOOK / _LOOK) | 1)
    return np.ones((side, side), np.uint8)


def _four_corners(contour: npt.NDArray[Any], lab: Floats) -> Iterator[Floats]:
    """Quadrilaterals that the outline may mean.

    Where shadow or a finger cuts off a corner, the outline has five to seven sides: the four that end
    best at something, prolonged until they meet, are the sheet.
    """
    height, width = lab.shape[:2]
    hull = cv2.convexHull(contour)
    length, area = cv2.arcLength(hull, True), cv2.contourArea(hull)
    for tolerance in (0.01, 0.02, 0.03, 0.05, 0.08):
        corners = cv2.approxPolyDP(hull, tolerance * length, True).reshape(-1, 2).astype(np.float32)
        if len(corners) == 4:
            yield _in_order(corners)
            return
        if 4 < len(corners) < 8:
            ends = np.roll(corners, -1, axis=0)
            met = []
            for sides in combinations(range(len(corners)), 4):
                found = _meeting([(corners[side], ends[side]) for side in sides])
                if found is None or not 0.95 * area < cv2.contourArea(found) < 1.25 * area:
                    continue
                if (found > -0.1 * width).all() and (found < (1.1 * width, 1.1 * height)).all():
                    met.append(_in_order(found))
            yield from sorted(met, key=lambda quad: _ends_at(quad, lab), reverse=True)[:2]


def _meeting(sides: list[tuple[Floats, Floats]]) -> Floats | None:
    """The points in which consecutive lines meet; None when two of them are nearly parallel."""
    met = []
    for (a, b), (c, d) in zip(sides, [*sides[1:], sides[0]], strict=True):
        one, two = b - a, d - c
        cross = float(one[0] * two[1] - one[1] * two[0])
        if abs(cross) < 0.2 * float(np.linalg.norm(one) * np.linalg.norm(two)):
            return None
        met.append(a + one * float((c - a)[0] * two[1] - (c - a)[1] * two[0]) / cross)
    return np.array(met, np.float32)


def _in_order(corners: Floats) -> Floats:
    """Top left, top right, bottom right, bottom left."""
    total, difference = corners.sum(axis=1), np.diff(corners, axis=1).ravel()
    order = [total.argmin(), difference.argmin(), total.argmax(), difference.argmax()]
    return corners[order] if len(set(order)) == 4 else corners


def _score(corners: Floats, contour: npt.NDArray[Any], lab: Floats) -> tuple[float, float, float]:
    """How good a sheet this is, how well it ends at its sides, and by how much it is lighter than what lies round it.

    Zeros for what is none.

    A good one fills its four sides, is of one colour and ends at its sides.
    """
    height, width = lab.shape[:2]
    area = cv2.contourArea(corners)
    if area <= 0 or not cv2.isContourConvex(corners.astype(np.int32)):
        return 0.0, 0.0, 0.0
    share, fill = area / (width * height), min(1.0, cv2.contourArea(contour) / area)
    if share > 0.97 or fill < 0.85 or not _upright_corners(corners):
        return 0.0, 0.0, 0.0
    if math.sqrt(share) * fill * _ends_at(corners, lab) ** 2 <= _SURE_SHEET:
        return 0.0, 0.0, 0.0  # what follows costs more, and can only lessen it
    inside = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(inside, corners.astype(np.int32), 255)
    planes = cv2.split(lab)
    sheet = _median(planes, inside)
    ring = cv2.bitwise_and(cv2.dilate(inside, _square(91)), cv2.bitwise_not(cv2.dilate(inside, _square(5))))
    around = _median(planes, ring) if ring.any() else sheet
    # Sheets are lighter than what they lie on, or of another colour; a box printed on a page is neither.
    if sheet[0] < around[0] + 5 and float(np.linalg.norm((sheet - around)[1:])) < 6:
        return 0.0, 0.0, 0.0
    # Shadows change the lightness of paper, not its colour: the latter counts in full.
    light, a, b = (plane - np.float32(at) for plane, at in zip(planes, sheet, strict=True))
    alike = (0.4**2 * light * light + a * a + b * b < 14**2) & (inside > 0)
    of_one_colour = float(np.count_nonzero(alike) / np.count_nonzero(inside))
    ends = _ends_at(corners, lab, sheet)
    return float(math.sqrt(share) * fill * of_one_colour**2 * ends**2), ends, float(sheet[0] - around[0])


def _median(planes: Sequence[Floats], where: Pixels) -> Floats:
    """The median of each plane (whole numbers from 0 to 255) where a mask is set: counted, not sorted."""
    found = []
    for plane in planes:
        counts = cv2.calcHist([plane], [0], where, [256], [0, 256]).ravel().cumsum()
        middle = np.searchsorted(counts, [(counts[-1] - 1) // 2, counts[-1] // 2], side="right")
        found.append(float(middle.mean()))
    return np.array(found)


_CORNERS = (66.0, 114.0)
"""Degrees between two sides of a sheet that somebody holds his phone over; a shadow cuts at other angles."""


def _upright_corners(corners: Floats) -> bool:
    for before, at, after in zip(np.roll(corners, 1, axis=0), corners, np.roll(corners, -1, axis=0), strict=True):
        one, two = before - at, after - at
        cosine = float(one @ two) / max(1e-6, float(np.linalg.norm(one) * np.linalg.norm(two)))
        if not _CORNERS[0] < math.degrees(math.acos(min(1.0, max(-1.0, cosine)))) < _CORNERS[1]:
            return False
    return True


_PAPER_ENDS = 0.45
"""Share of a side's length beyond which something else than paper must lie: a cut through a page is no side of it."""


def _ends_at(corners: Floats, lab: Floats, sheet: Floats | None = None) -> float:
    """Share of the outline across which the picture changes: the weakest side counts double.

    0 where one of its sides runs across paper of the sheet's colour.
    """
    centre = corners.mean(axis=0)
    height, width = lab.shape[:2]
    sides, off = [], 0
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = np.linspace(0.04, 0.96, 40)[:, None]
        points = start + (end - start) * along
        inward = centre - points
        inward /= np.maximum(np.linalg.norm(inward, axis=1, keepdims=True), 1e-6)
        within, beyond = points + inward * 4, points - inward * 4
        seen = (beyond >= 0).all(axis=1) & (beyond[:, 0] < width) & (beyond[:, 1] < height)
        if not seen.any():
            off += 1  # the sheet leaves the picture here
            sides.append(0.6)
            continue
        one, two = (lab[p[seen, 1].astype(int), p[seen, 0].astype(int)] for p in (within, beyond))
        sides.append(float(np.mean(np.linalg.norm(one - two, axis=1) > 9)))
        if sheet is not None:
            other = np.linalg.norm((two - sheet) * (0.4, 1.0, 1.0), axis=1) > 6
            if float(np.mean(other)) < _PAPER_ENDS:
                return 0.0
    return (sum(sides) + min(sides)) / 5 if off < 3 else 0.0


def _unwarping(corners: Floats) -> tuple[Floats, tuple[int, int]]:
    """The matrix that makes a rectangle of a sheet, and the rectangle's width and height."""
    a, b, c, d = corners
    width = int(max(math.dist(a, b), math.dist(d, c)))
    height = int(max(math.dist(a, d), math.dist(b, c)))
    target = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], np.float32)
    return cv2.getPerspectiveTransform(corners.astype(np.float32), target), (width, height)


# ── light, size, stand ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Laid:
    """A page as engines see it: grey, evenly lit, upright, straight, letters of a good size.

    `matrix` (3 × 3) leads from a place in the picture, in pixels, to the place on the page; `turned` is in
    degrees clockwise.
    """

    grey: Pixels
    matrix: Floats
    turned: int = 0
    cut: bool = False
    """It is a sheet that was found in the picture."""
    grainy: bool = False
    """It was photographed with so little light that its grain hides print from Tesseract."""
    bend: Bend | None = None
    """How it bent where `matrix` leads; `grey` has its lines level."""

    @cached_property
    def letters(self) -> npt.NDArray[Any]:
        """Heights in pixels of all that could be letters."""
        return _letter_heights(self.grey, self.grainy)

    @cached_property
    def small(self) -> Pixels:
        """A small picture of what is dark on it, for questions about the whole of it."""
        scale = _LOOK / max(self.grey.shape)
        small = cv2.resize(self.grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return cv2.threshold(small, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)[1]


def lit(rgb: Pixels, *, cut: bool = True, corners: Floats | None = None) -> Laid:
    """The sheet of a picture, evenly lit; the whole picture where no sheet stands out, or none is looked for.

    `corners` (in pixels, clockwise from where reading begins) are those of a part that is known to hold the print.
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    if corners is None and cut:
        corners = sheet(rgb)
    matrix = np.eye(3)
    if corners is not None:
        matrix, size = _unwarping(corners)
        grey = cv2.warpPerspective(grey, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    even = even_light(grey)
    return Laid(even, matrix, cut=corners is not None, grainy=_grain(even) >= _GRAINY)


def printed_part(page: Laid, lines: Floats) -> Floats | None:
    """The corners, in pixels of the picture, of the part of it in which lines of print lie; None where they fill it.

    `lines`: number × 4 × 2, pixels of the page, each clockwise from where it begins.  Where the page lies level by them
    and they take most of it, nothing is won by laying it anew; nor where they are too few, or too thin, to tell.
    """
    high, wide = page.grey.shape
    lines = np.clip(lines, (0, 0), (wide, high))
    if page.bend is not None:
        lines[..., 1] += high * page.bend.drop(lines[..., 0] / wide, lines[..., 1] / high)
    along = (lines[:, 1] - lines[:, 0] + lines[:, 2] - lines[:, 3]) / 2
    long, tall = np.linalg.norm(along, axis=1), np.linalg.norm(lines[:, 3] - lines[:, 0], axis=1)
    sure = (long > _LONG_LINE * tall) & (tall > _THINNEST)
    if sure.sum() < _FEWEST_TO_TELL:
        return None
    x, y = np.median(along[sure] / long[sure, None], axis=0)  # of directions, not of angles: those jump at half a turn
    angle = math.atan2(y, x)
    turning = np.array(((math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))))
    level = lines.reshape(-1, 2) @ turning.T
    margin = _MARGIN_LINES * float(np.median(tall[sure]))
    (left, top), (right, bottom) = level.min(axis=0) - margin, level.max(axis=0) + margin
    if (right - left) * (bottom - top) > _MOST_OF_IT * high * wide and abs(math.degrees(angle)) < _ASLANT:
        return None
    around = np.array(((left, top), (right, top), (right, bottom), (left, bottom))) @ turning
    return np.asarray(cv2.perspectiveTransform(around[None], np.linalg.inv(page.matrix))[0], np.float32)


_FEWEST_TO_TELL, _LONG_LINE, _THINNEST, _MARGIN_LINES = 5, 4.0, 3.0, 3.0
"""Lines; heights of a line that it is long at least to tell how it lies; pixels that it is high; and heights of a line
by which the part reaches beyond its lines."""
_MOST_OF_IT, _ASLANT = 0.7, 4.0
"""Share of the page, and degrees, from which on it is laid anew by its lines."""

_GRAINY, _GRAIN_ROWS = 2.5, 200
"""Levels of grey (0..255) by which a pixel differs from those beside it, in the middle, from which a page is grainy;
and how many rows of it are looked at.  Of hard photos a third are, of others one in twenty, of scans none but copies.
Calmed, grainy ones show Tesseract half as many values again, in half the time; others would lose some."""
_CALMING = 1.5
"""Pixels by which a grainy page with letters of a good size is blurred for Tesseract."""


def _grain(grey: Pixels) -> float:
    rows = grey[:: max(1, grey.shape[0] // _GRAIN_ROWS)].astype(np.float32)
    return float(np.median(np.abs(rows - cv2.GaussianBlur(rows, (11, 1), 1.5))))


def calmed(page: Pixels) -> Pixels:
    """A grainy page, laid for the engines, as Tesseract is shown it."""
    return cv2.GaussianBlur(page, (0, 0), _CALMING)


def laid(sheet: Laid, turn: int) -> Laid:
    """A lit sheet turned clockwise by 0, 90, 180 or 270 degrees, deskewed and scaled for the engines."""
    grey = turned_by(sheet.grey, turn)
    high, wide = sheet.grey.shape
    turning = {
        0: ((1, 0, 0), (0, 1, 0)),
        90: ((0, -1, high - 1), (1, 0, 0)),
        180: ((-1, 0, wide - 1), (0, -1, high - 1)),
        270: ((0, 1, 0), (-1, 0, wide - 1)),
    }[turn]
    matrix = _square_of(np.array(turning, np.float64)) @ sheet.matrix
    letters = sheet.letters if turn in {0, 180} else _letter_heights(grey, sheet.grainy)
    scale, angle = _scale(grey, letters), _skew(turned_by(sheet.small, turn))
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        matrix, scale = np.diag((scale, scale, 1.0)) @ matrix, 1.0
    high, wide = grey.shape
    if angle:
        move = cv2.getRotationMatrix2D((wide / 2, high / 2), angle, scale)
        move[:, 2] += (wide * (scale - 1) / 2, high * (scale - 1) / 2)
        size = (int(wide * scale), int(high * scale))
        grey = cv2.warpAffine(grey, move, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=255)
        matrix = _square_of(move) @ matrix
    elif scale > 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        matrix = np.diag((scale, scale, 1.0)) @ matrix
    return Laid(grey, matrix, turn, grainy=sheet.grainy)


_FEWEST_LINES, _STEEP = 5, 0.8
"""Lines that must tell alike how they climb; heights of a line by which they climb over the width of the page."""
_UNLIKE = 0.2
"""Share of what the steepest climbs by which lines depart from what all say: more has paper that is bent or folded."""


def levelled(page: Laid, lines: Sequence[tuple[Floats, float]]) -> Laid | None:
    """A page whose lines of print climb, laid anew so that they are level; None where they are level already.

    `lines`: the middles of each one's words (rows of x, y in pixels), and its height.  A sheet that was not found in a
    photo is seen askew: its lines climb, and the lower ones more or less than the upper ones.
    """
    high, wide = page.grey.shape
    told = []
    for places, tall in lines:
        x, y = places[:, 0], places[:, 1]
        if len(places) >= 3 and np.ptp(x) > 0.15 * wide:
            slope, offset = np.polyfit(x, y, 1)
            told.append((float(offset + slope * wide / 2), float(slope), float(tall)))
    if len(told) < _FEWEST_LINES:
        return None
    middles, slopes, heights = np.array(told).T
    near = np.abs(slopes - np.median(slopes)) < 0.08
    if near.sum() < _FEWEST_LINES:
        return None
    for _ in range(2):  # once more without what departs from the rest
        change, base = np.polyfit(middles[near], slopes[near], 1)
        off = np.abs(slopes - base - change * middles)
        near = near & (off <= max(0.004, 2.5 * float(np.median(off[near]))))
        if near.sum() < _FEWEST_LINES:
            return None
    top, bottom = float(middles[near].min()), float(middles[near].max())
    climbs = [(base + change * at) * wide for at in (top, bottom)]
    unlike = float(np.sqrt(np.mean(np.square(slopes - base - change * middles)[near]))) * wide
    steepest = max(map(abs, climbs))
    if bottom - top < 0.1 * high or steepest < _STEEP * float(np.median(heights)) or unlike > _UNLIKE * steepest:
        return None
    corners, targets = [], []
    for at, climb in zip((top, bottom), climbs, strict=True):
        corners += [(0, at - climb / 2), (wide, at + climb / 2)]
        targets += [(0, at), (wide, at)]
    move = cv2.getPerspectiveTransform(np.array(corners, np.float32), np.array(targets, np.float32))
    grey = cv2.warpPerspective(
        page.grey, move, (wide, high), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=255
    )
    return Laid(grey, move @ page.matrix, page.turned, page.cut, page.grainy)


def unbent(page: Laid, lines: Sequence[tuple[Floats, float]]) -> Laid | None:
    """A page whose lines curve, laid anew so that they are level; None where they do not (`lines`: see `levelled`)."""
    high, wide = page.grey.shape
    bend = bend_of(lines, wide, high) if page.bend is None else None
    return None if bend is None else replace(page, grey=flattened(page.grey, bend), bend=bend)


def bent_by(page: Laid, terms: Sequence[float]) -> Laid:
    """A page laid flat by how it bends."""
    bend = Bend.of(terms)
    return replace(page, grey=flattened(page.grey, bend), bend=bend)


def _square_of(affine: Floats) -> Floats:
    return np.vstack([affine, (0.0, 0.0, 1.0)])


def even_light(page: Pixels) -> Pixels:
    """Shadows and stains of light divided away: paper becomes white, ink keeps its colour.  Grey or RGB."""
    height, width = page.shape[:2]
    scale = min(1.0, 600 / max(height, width))
    small = cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    # Closing lifts print out of the paper, the median takes the rest of it away.
    size = max(9, int(max(small.shape[:2]) * 0.03) | 1)
    light = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    light = cv2.medianBlur(light, min(41, size * 2 + 1))
    # A dark band with white print is no shadow: it is darker than paper is anywhere near it.
    wide = max(3, int(max(small.shape[:2]) * 0.2) | 1)
    near = cv2.blur(cv2.morphologyEx(light, cv2.MORPH_CLOSE, np.ones((wide, wide), np.uint8)), (wide, wide))
    light = np.maximum(light, (near * 0.6).astype(np.uint8))
    light = cv2.resize(light, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.divide(page, np.maximum(light, 1), scale=250)


def is_blank(sheet: Laid) -> bool:
    """True when there are not even a dozen things on it that could be letters: nothing to read."""
    return len(sheet.letters) < 12


def _scale(grey: Pixels, letters: npt.NDArray[Any]) -> float:
    """By how much to enlarge, so that the median letter has about `LETTER_HEIGHT` pixels; 1 where it nearly has."""
    if len(letters) < 20:
        return 1.0
    scale = LETTER_HEIGHT / float(np.median(letters))
    scale = min(max(scale, 0.4), 3.0, math.sqrt(MAX_PIXELS / (grey.shape[0] * grey.shape[1])))
    return 1.0 if 0.75 < scale < 1.35 else scale


_FAINTEST = 205
"""Lightest print on paper that was lit evenly; without a bound the grain of a blank sheet looks like letters."""


def _letter_heights(grey: Pixels, grainy: bool) -> npt.NDArray[Any]:
    if grainy:  # else most of what could be letters is grain, and the page is enlarged for it
        grey = cv2.GaussianBlur(grey, (0, 0), _CALMING * max(1.0, max(grey.shape) / SHOWN))
    parting, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    _, dark = cv2.threshold(grey, min(parting, _FAINTEST), 255, cv2.THRESH_BINARY_INV)
    _, _, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    wide, high, area = stats[1:, cv2.CC_STAT_WIDTH], stats[1:, cv2.CC_STAT_HEIGHT], stats[1:, cv2.CC_STAT_AREA]
    like_letters = (high >= 7) & (high <= 120) & (wide <= high * 3) & (wide >= high * 0.15) & (area >= high * 1.5)
    return stats[1:, cv2.CC_STAT_HEIGHT][like_letters]


def on_its_side(sheet: Laid) -> bool:
    """True when lines of print run down the page: their profile is sharper across than down."""
    dark = sheet.small.copy()
    for kernel in (np.ones((1, 60), np.uint8), np.ones((60, 1), np.uint8)):
        dark[cv2.dilate(cv2.morphologyEx(dark, cv2.MORPH_OPEN, kernel), np.ones((3, 3), np.uint8)) > 0] = 0
    return _sharpness(cv2.rotate(dark, cv2.ROTATE_90_CLOCKWISE), 0) > 1.3 * _sharpness(dark, 0)


def turned_by(page: Pixels, degrees: int) -> Pixels:
    """The page turned clockwise by 0, 90, 180 or 270 degrees."""
    code = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}.get(degrees)
    return page if code is None else cv2.rotate(page, code)


def _skew(dark: Pixels) -> float:
    """Degrees (up to 8, counter-clockwise) by which to turn a page so that lines of print are sharpest in profile.

    `dark` is a small picture of it.
    """
    angle = 0.0
    for step, reach in ((1.0, 8), (0.2, 5), (0.1, 2)):
        tried = [angle + step * i for i in range(-reach, reach + 1)]
        angle = max(tried, key=lambda a: _sharpness(dark, a))
    return 0.0 if abs(angle) < 0.15 else angle


def _sharpness(dark: Pixels, angle: float) -> float:
    height, width = dark.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    turned = cv2.warpAffine(dark, matrix, (width, height), flags=cv2.INTER_NEAREST) if angle else dark
    rows = cv2.reduce(turned, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S).astype(np.float64)
    return float(np.square(np.diff(rows, axis=0)).sum())


STRIP_HEIGHT = 48
"""Rows of a line as the strong engine is shown it: its models were made for this."""
_STRIP_PADS = 0.2
MAX_STRIP_WIDTH = 2400


def strip(grey: Pixels, corners: Floats) -> Pixels:
    """One line of print, cut out between four corners (fractions of the page, from the top left, clockwise)."""
    high, wide = grey.shape
    places = (corners * (wide, high)).astype(np.float32)
    a, b, c, d = places
    long = max(1.0, (math.dist(a, b) + math.dist(d, c)) / 2)
    tall = max(1.0, (math.dist(a, d) + math.dist(b, c)) / 2)
    width = min(MAX_STRIP_WIDTH, max(16, round(STRIP_HEIGHT * long / tall)))
    target = np.array([[0, 0], [width, 0], [width, STRIP_HEIGHT], [0, STRIP_HEIGHT]], np.float32)
    matrix = cv2.getPerspectiveTransform(places, target)
    way = cv2.INTER_CUBIC if tall < STRIP_HEIGHT * 1.5 else cv2.INTER_AREA
    return cv2.warpPerspective(grey, matrix, (width, STRIP_HEIGHT), flags=way, borderMode=cv2.BORDER_REPLICATE)


# ── what is no print ─────────────────────────────────────────────────────────────────────────────


def cleaned(grey: Pixels) -> Pixels:
    """The page without what is no print: sides of boxes and tables, and dotted leaders.

    Print that touches a rule is read wrong, and rows of dots ("Serie ........ ZTEG") are read as words.
    Looked for on half of the pixels: the mask of a line does not need more.
    """
    half = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    rules = cv2.dilate(_enlarged(_rules_of(half), grey), np.ones((3, 3), np.uint8))
    bare = grey.copy()
    bare[rules > 0] = 255
    leaders = _leaders_of(half)
    if leaders is not None:
        bare[_enlarged(leaders, grey) > 0] = 255
    return bare


def _enlarged(mask: Pixels, page: Pixels) -> Pixels:
    return cv2.resize(mask, (page.shape[1], page.shape[0]), interpolation=cv2.INTER_NEAREST)


def _rules_of(half: Pixels) -> Pixels:
    dark = cv2.adaptiveThreshold(half, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 15, 15)
    reach = LETTER_HEIGHT * 3 // 2
    across = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((1, reach), np.uint8))
    down = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((reach, 1), np.uint8))
    return cv2.bitwise_or(across, down)


def _leaders_of(half: Pixels) -> Pixels | None:
    """Rows of dots, or None where there are none."""
    dark = cv2.threshold(half, 225, 255, cv2.THRESH_BINARY_INV)[1]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    small = LETTER_HEIGHT * 0.15
    dots = (stats[:, cv2.CC_STAT_WIDTH] <= small) & (stats[:, cv2.CC_STAT_HEIGHT] <= small)
    dots[0] = False
    if int(dots.sum()) < 20 or count < 2:
        return None
    mask = (dots[labels] * 255).astype(np.uint8)
    rows = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((1, LETTER_HEIGHT // 2), np.uint8))
    rows = cv2.morphologyEx(rows, cv2.MORPH_OPEN, np.ones((1, LETTER_HEIGHT * 2), np.uint8))
    return cv2.bitwise_and(cv2.dilate(rows, np.ones((3, 3), np.uint8)), cv2.dilate(mask, np.ones((3, 3), np.uint8)))


def view(rgb: Pixels, page: Laid) -> Pixels:
    """The page for the eye, in colour: at most `SHOWN` pixels long, paper quite white (so that its PNG is small)."""
    if _colourless(rgb):  # most scans: a third of the work
        return cv2.cvtColor(_viewed(cv2.extractChannel(rgb, 0), page), cv2.COLOR_GRAY2RGB)
    return _viewed(rgb, page)


def _colourless(rgb: Pixels) -> bool:
    red, green, blue = (rgb[..., plane] for plane in range(3))
    return bool((red[::16] == green[::16]).all() and (red == green).all() and (red == blue).all())


def _viewed(picture: Pixels, page: Laid) -> Pixels:
    high, wide = page.grey.shape
    scale = min(1.0, SHOWN / max(high, wide))
    size = (max(1, round(wide * scale)), max(1, round(high * scale)))
    matrix = np.diag((scale, scale, 1.0)) @ page.matrix
    # A picture that is much larger than what is shown is made small first: sampling it would drop thin strokes.
    while abs(np.linalg.det(matrix[:2, :2])) < 0.3 and min(picture.shape[:2]) > 400:
        picture = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        matrix = matrix @ np.diag((2.0, 2.0, 1.0))
    shown = cv2.warpPerspective(
        picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=_WHITE
    )
    return _whitened(even_light(shown if page.bend is None else flattened(shown, page.bend)))


def as_drawn(rgb: Pixels) -> Pixels:
    """A page that was drawn, not photographed, for the eye: at most `SHOWN` pixels long."""
    scale = SHOWN / max(rgb.shape[:2])
    if scale >= 1:
        return rgb.copy()
    if scale > 0.7:  # of so little, areas make nothing better, at seven times the cost
        return cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    return smaller(rgb, scale)


_WHITE = (255, 255, 255)


def _whitened(shown: Pixels) -> Pixels:
    if shown.ndim == 2:
        return cv2.bitwise_or(shown, cv2.inRange(shown, 223, 255))
    return cv2.bitwise_or(shown, cv2.merge([cv2.inRange(shown, (223, 223, 223), _WHITE)] * 3))


def darkest(shown: Pixels) -> Pixels:
    """The darkest of the three planes of a picture, each as if its paper were white: some forms are yellow."""
    planes = []
    for plane in cv2.split(shown):
        paper = float(np.median(plane[::8, ::8]))
        planes.append(cv2.convertScaleAbs(plane, alpha=255 / paper) if _TINTED[0] < paper < _TINTED[1] else plane)
    return cv2.min(cv2.min(planes[0], planes[1]), planes[2])


_TINTED = (90.0, 235.0)
"""Brightness of a plane between which more than half of the picture shows coloured paper."""
