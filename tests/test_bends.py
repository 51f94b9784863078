"""Paper that bends is laid flat by its lines; what is straight, or only askew, stays as it is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from test_reader import assert_is_the_acta, jpeg, note, paper_of, pdf, pixels, read_one

from evidence_daemon.documents import pixels as laying
from evidence_daemon.documents.bends import Bend, along, bend_of, flattened
from evidence_daemon.documents.sandbox import CellDied
from evidence_daemon.documents.told import terms_of
from evidence_daemon.model import Document

WIDE, HIGH = 900, 1300
WAVE = Bend.of([0.02, 0.05, 0.0, -0.15, 0.0, 0.0, 0.3, -0.2, 0.0])
"""A sheet of which the middle stands up, and the right side hangs."""
ASKEW = Bend.of([0.06, -0.03, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
"""Lines that climb, the lower ones less: a sheet seen askew, which a perspective lays level."""


def lines_on(bend: Bend, jitter: float = 0.0) -> list[tuple[np.ndarray, float]]:
    """The middles of the words of twenty lines of a page that bends so, 18 pixels high."""
    chance = np.random.default_rng(4)
    found = []
    for level in np.linspace(0.1, 0.9, 20):
        x = np.sort(chance.uniform(0.08, 0.92, 7))
        y = level + bend.drop(x, np.full(7, level)) + chance.normal(0, jitter, 7)
        found.append((np.stack([x * WIDE, y * HIGH], axis=1), 18.0))
    return found


@pytest.mark.parametrize("jitter", [0.0, 0.0012], ids=["as drawn", "as read"])
def test_how_a_page_bends_is_told_by_its_lines(jitter: float) -> None:
    bend = bend_of(lines_on(WAVE, jitter), WIDE, HIGH)
    assert bend is not None
    for places, tall in lines_on(WAVE):
        x, y = places[:, 0] / WIDE, places[:, 1] / HIGH
        level = y
        for _ in range(6):
            level = y - bend.drop(x, level)
        assert np.ptp(level) * HIGH < 0.3 * tall


def test_lines_that_tell_no_bend_move_nothing() -> None:
    straight = Bend.of([0.0] * 9)
    assert bend_of(lines_on(straight, 0.0012), WIDE, HIGH) is None
    assert bend_of(lines_on(ASKEW, 0.0012), WIDE, HIGH) is None
    assert bend_of(lines_on(WAVE)[:7], WIDE, HIGH) is None
    assert bend_of(lines_on(WAVE, 0.03), WIDE, HIGH) is None
    assert bend_of([], WIDE, HIGH) is None
    assert bend_of([(places, 0.0) for places, _ in lines_on(WAVE)], WIDE, HIGH) is None


def test_a_picture_is_laid_flat_at_any_size_and_in_colour() -> None:
    for scale in (1.0, 0.5):
        high, wide = round(HIGH * scale), round(WIDE * scale)
        page = np.full((high, wide, 3), 255, np.uint8)
        x = (np.arange(wide) + 0.5) / wide
        for level in (0.2, 0.5, 0.8):
            places = np.stack([np.arange(wide), (level + WAVE.drop(x, np.full(wide, level))) * high], axis=1)
            cv2.polylines(page, [places.round().astype(np.int32)], False, (0, 0, 0), 3)
        flat = flattened(page, WAVE)
        assert flat.shape == page.shape
        for level in (0.2, 0.5, 0.8):
            dark = np.argmin(flat[round((level - 0.04) * high) : round((level + 0.04) * high), :, 0], axis=0)
            assert np.ptp(dark[wide // 20 : -wide // 20]) <= 5


def test_a_line_of_four_corners_tells_as_words_do() -> None:
    places, tall = along(np.array([[10.0, 20], [110, 40], [108, 58], [8, 38]]))
    assert places.tolist() == [[9, 29], [59, 39], [109, 49]]
    assert tall == pytest.approx(18.1, abs=0.1)


@pytest.mark.parametrize("told", [None, "12", [1.0] * 31, [float("nan")], ["x"], [None]])
def test_terms_that_are_none_are_not_believed(told: object) -> None:
    with pytest.raises(CellDied):
        terms_of(told)


def bent_photo() -> np.ndarray:
    """The note on a dark table; its sheet curls so far that one line's end stands where the next begins."""
    page = pixels(pdf(note), 150)
    high, wide = page.shape[:2]
    sheet = cv2.copyMakeBorder(page, 60, 60, 0, 0, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    high = len(sheet)
    x, y = np.meshgrid((np.arange(wide) + 0.5) / wide, (np.arange(high) + 0.5) / high)
    curl = Bend.of([0.02, 0.03, 0.0, 0.12, 0.0, 0.0, -0.2, 0.05, 0.0])
    rows = (np.arange(high)[:, None] - curl.drop(x, y) * high).astype(np.float32)
    columns = np.tile(np.arange(wide, dtype=np.float32), (high, 1))
    bent = cv2.remap(sheet, columns, rows, cv2.INTER_LINEAR, None, cv2.BORDER_CONSTANT, (70, 55, 45))
    table = cv2.copyMakeBorder(bent, 90, 90, 110, 110, cv2.BORDER_CONSTANT, value=(70, 55, 45))
    noise = np.random.default_rng(2).normal(0, 4, table.shape)
    return np.clip(table * np.linspace(1.0, 0.7, table.shape[1])[None, :, None] + noise, 0, 255).astype(np.uint8)


def test_a_photo_of_a_sheet_that_curls_is_read_and_shown_flat() -> None:
    reading = read_one(jpeg(bent_photo()))
    assert isinstance(reading, Document)
    assert_is_the_acta(paper_of(reading))


def test_a_page_is_laid_flat_once() -> None:
    page = laying.Laid(np.full((HIGH, WIDE), 255, np.uint8), np.eye(3))
    flat = laying.unbent(page, lines_on(WAVE))
    assert flat is not None
    assert laying.unbent(flat, lines_on(WAVE)) is None
    assert laying.view(np.full((HIGH, WIDE, 3), 250, np.uint8), flat).shape == (HIGH, WIDE, 3)
