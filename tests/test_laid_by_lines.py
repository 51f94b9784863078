"""Sheets that are small in their picture, lie askew on a table, or were cut in two by a shadow."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from test_fields import typed
from test_reader import jpeg, note, paper_of, pdf, pixels, read_one, value

from evidence_daemon.documents import pixels as laying
from evidence_daemon.documents.sight import _ends_at_print
from evidence_daemon.model import Direction, DocumentKind


def carpet(high: int, wide: int) -> np.ndarray:
    """Knots, dark and light."""
    y, x = np.mgrid[:high, :wide]
    knots = 95 + 35 * np.sin(x / 9.0) * np.sin(y / 9.0)
    return np.stack([knots, knots * 0.85, knots * 0.6], axis=2).astype(np.uint8)


@pytest.mark.parametrize(("wide", "found"), [(260, True), (140, True), (60, False)])
def test_a_roll_is_found_though_it_covers_little_of_the_picture(wide: int, *, found: bool) -> None:
    picture = carpet(1600, 1200)
    cv2.rectangle(picture, (500, 300), (500 + wide, 1300), (235, 236, 240), -1)
    corners = laying.sheet(picture)
    assert (corners is not None) is found
    if corners is not None:
        assert np.abs(corners - [(500, 300), (500 + wide, 300), (500 + wide, 1300), (500, 1300)]).max() < 15


def test_a_box_printed_on_a_page_is_no_sheet() -> None:
    page = np.full((1600, 1200, 3), 238, np.uint8)
    cv2.rectangle(page, (400, 500), (800, 760), (200, 215, 235), -1)
    cv2.rectangle(page, (400, 500), (800, 760), (40, 40, 60), 3)
    page[:, :30] = 120  # what lies beside the page
    corners = laying.sheet(page)
    assert corners is None or np.ptp(corners, axis=0).min() > 900


def lines_at(angle: float, *, step: int, long: int) -> np.ndarray:
    """Lines of 14 pixels' height, turned round the middle of a page of 700 × 1000."""
    turn = cv2.getRotationMatrix2D((350, 500), -angle, 1)  # positive angles climb clockwise
    lines = []
    for at in range(500 - 8 * step, 500 + 8 * step, step):
        left, right = 350 - long / 2, 350 + long / 2
        corners = np.array([[left, at], [right, at], [right, at + 14], [left, at + 14]])
        lines.append(corners @ turn[:, :2].T + turn[:, 2])
    return np.array(lines)


def test_the_part_of_a_picture_that_holds_the_lines_lies_level_by_them() -> None:
    page = laying.Laid(np.full((1000, 700), 255, np.uint8), np.diag((0.5, 0.5, 1.0)))  # half as large as the picture
    for angle in (12.0, -25.0):
        lines = lines_at(angle, step=30, long=300)
        corners = laying.printed_part(page, lines)
        assert corners is not None
        matrix, (wide, high) = laying._unwarping(corners)
        there = cv2.perspectiveTransform(2 * lines, matrix)
        assert np.abs(there[:, 0, 1] - there[:, 1, 1]).max() < 2  # level
        assert there.min() > 0
        assert (there[..., 0] < wide).all()
        assert (there[..., 1] < high).all()
        assert wide < 2 * 300 + 2 * 2 * 14 * 4  # and little besides


@pytest.mark.parametrize("count", [20, 19])
def test_a_page_on_its_head_is_turned_though_its_lines_tilt_to_either_side(count: int) -> None:
    page = laying.Laid(np.full((1000, 700), 255, np.uint8), np.eye(3))
    both = np.concatenate([lines_at(180.6, step=30, long=300)[:10], lines_at(179.4, step=30, long=300)[: count - 10]])
    corners = laying.printed_part(page, both)
    assert corners is not None
    (left, top), _, (right, bottom), _ = corners
    assert left > right
    assert top > bottom


def test_lines_that_are_none_lay_nothing() -> None:
    page = laying.Laid(np.full((1000, 700), 255, np.uint8), np.eye(3))
    flat = lines_at(0, step=30, long=300)
    flat[:, 2:, 1] = flat[:, :2, 1]  # of no height
    assert laying.printed_part(page, flat) is None
    beyond = 40 * (lines_at(12, step=30, long=300) - 350)  # far outside of the page
    corners = laying.printed_part(page, beyond)
    assert corners is None or np.ptp(corners, axis=0).max() < 2000


def test_a_page_that_its_lines_fill_stays_as_it_lies() -> None:
    page = laying.Laid(np.full((1000, 700), 255, np.uint8), np.eye(3))
    assert laying.printed_part(page, lines_at(1.0, step=58, long=640)) is None
    assert laying.printed_part(page, lines_at(9.0, step=58, long=640)) is not None
    assert laying.printed_part(page, lines_at(20.0, step=58, long=640)[:3]) is None  # too few to tell


def test_a_page_that_ends_in_the_middle_of_its_lines_was_cut_out_wrongly() -> None:
    whole = typed("\n".join(f"  línea {n} del acta de devolución de equipos" for n in range(12)))
    assert not _ends_at_print(whole.words)
    cut = typed("\n".join(f"ínea {n} del acta de devolución de equipos" for n in range(12)))
    assert _ends_at_print(cut.words)
    # One line at the edge is a stain, or a title that fills its width.
    assert not _ends_at_print(typed("\n".join(("ACTA" if n == 3 else "  línea") + f" {n}" for n in range(12))).words)


def test_a_grainy_note_askew_on_tiles_in_half_a_shadow_is_read() -> None:
    page = pixels(pdf(note), 130)[:900]
    floor = np.full((1700, 1500, 3), (120, 112, 98), np.uint8)
    for at in range(100, 1700, 400):
        floor[at : at + 8] = floor[:, at : at + 8] = (70, 64, 56)
    turn = np.vstack([cv2.getRotationMatrix2D((0, 0), -13, 1), (0, 0, 1)])
    turn[:2, 2] = (420, 150)
    size = (floor.shape[1], floor.shape[0])
    inside = cv2.warpPerspective(np.full(page.shape[:2], 255, np.uint8), turn, size)
    floor[inside > 0] = cv2.warpPerspective(page, turn, size)[inside > 0] * 0.9
    y, x = np.mgrid[: floor.shape[0], : floor.shape[1]]
    shadow = np.where(x + 0.8 * y > 1500, 0.42, 0.95)[..., None]
    grain = cv2.GaussianBlur(np.random.default_rng(5).normal(0, 26, floor.shape).astype(np.float32), (0, 0), 0.7)
    reading = read_one(jpeg(np.clip(floor * shadow + grain, 0, 255).astype(np.uint8)))
    paper = paper_of(reading)
    assert (paper.kind, paper.direction) == (DocumentKind.ACTA, Direction.DEVOLUCION), paper.because
    assert value(paper.id_number) == "1700000019"
    assert value(paper.holder) == "PEÑA LOZA MARÍA JOSÉ"
