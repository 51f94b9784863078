"""Strokes by which a page or a table is crossed out, and what only looks like one."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import pytest

from evidence_daemon.documents.crossing import crossed_out
from evidence_daemon.documents.pixels import Pixels

HIGH, WIDE = 1100, 780


def page() -> tuple[Pixels, list[list[Any]]]:
    """A grey, grainy scan of a form: lines of words, a table, places to sign; and what was read on it."""
    picture = np.full((HIGH, WIDE), 246, np.uint8)
    words = []
    for row, y in enumerate([*range(90, 400, 26), *range(440, 600, 30)]):
        for x in range(60, 700, 130):
            wide = 70 + 11 * ((row + x) % 5)
            for at in range(x, x + wide, 8):
                cv2.rectangle(picture, (at, y), (at + 4, y + 11), (60,), -1)
            words.append(["Palabra", x / WIDE, y / HIGH, (x + wide) / WIDE, (y + 12) / HIGH, 0.9, 0])
    for y in range(432, 613, 30):
        cv2.line(picture, (50, y), (730, y), (90,), 2)
    for x in range(50, 731, 170):
        cv2.line(picture, (x, 432), (x, 612), (90,), 2)
    return picture, words


def grainy(picture: Pixels) -> Pixels:
    noise = np.random.default_rng(7).normal(0, 5, picture.shape)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 0.7) + noise, 0, 255).astype(np.uint8)


def drawn(picture: Pixels, start: tuple[int, int], stop: tuple[int, int], bend: float = 0.0, thick: int = 3) -> None:
    """A stroke of the pen that bends by so many pixels in its middle."""
    along = np.linspace(0, 1, 60)
    long = math.dist(start, stop)
    aside = np.array([start[1] - stop[1], stop[0] - start[0]]) / long * bend
    way = np.outer(1 - along, start) + np.outer(along, stop) + np.outer(np.sin(np.pi * along), aside)
    cv2.polylines(picture, [way.round().astype(np.int32).reshape(-1, 1, 2)], False, (70,), thick, cv2.LINE_AA)


@pytest.mark.parametrize(
    ("start", "stop", "bend"),
    [
        ((70, 80), (700, 1010), 0.0),
        ((690, 100), (120, 800), 9.0),
        ((60, 440), (725, 605), 4.0),
        ((715, 436), (70, 600), -5.0),
        ((150, 150), (520, 420), 5.0),
    ],
    ids=["with a ruler", "by hand", "a table", "a table the other way", "the upper half"],
)
def test_what_is_crossed_out_is_seen(start: tuple[int, int], stop: tuple[int, int], bend: float) -> None:
    picture, words = page()
    drawn(picture, start, stop, bend)
    ((left, top, right, bottom),) = crossed_out(grainy(picture), words)
    assert (left, right) == (0.0, 1.0)
    assert top <= (start[1] + stop[1]) / 2 / HIGH <= bottom


@pytest.mark.parametrize("gap", [4, 8])
def test_a_pen_that_skips_crosses_out_all_the_same(gap: int) -> None:
    picture, words = page()
    start, stop = np.array([70, 90]), np.array([700, 1000])
    steps = int(math.dist(start, stop))
    for at in range(0, steps, 60):
        one, two = (start + (stop - start) * min(1.0, part / steps) for part in (at, at + 60 - gap))
        cv2.line(picture, tuple(map(int, one)), tuple(map(int, two)), (70,), 3, cv2.LINE_AA)
    assert crossed_out(grainy(picture), words)


def test_a_marker_and_two_strokes_beside_one_another_cross_out() -> None:
    picture, words = page()
    drawn(picture, (70, 80), (700, 1010), 4.0, thick=22)
    assert crossed_out(grainy(picture), words)
    picture, words = page()
    drawn(picture, (60, 440), (725, 580), 2.0)
    drawn(picture, (60, 465), (725, 605), 2.0)
    assert crossed_out(grainy(picture), words)


def turned(picture: Pixels, words: list[list[Any]], degrees: float, scale: float) -> tuple[Pixels, list[list[Any]]]:
    """The page as it lies askew, and its words in upright boxes round where they stand then."""
    turn = cv2.getRotationMatrix2D((WIDE / 2, HIGH / 2), degrees, scale)
    askew = cv2.warpAffine(picture, turn, (WIDE, HIGH), borderValue=(246,))
    there = []
    for text, x0, y0, x1, y1, *rest in words:
        corners = np.array([[x, y, 1] for x in (x0 * WIDE, x1 * WIDE) for y in (y0 * HIGH, y1 * HIGH)]) @ turn.T
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        there.append([text, left / WIDE, top / HIGH, right / WIDE, bottom / HIGH, *rest])
    return askew, there


@pytest.mark.parametrize("degrees", [0.0, 1.5, -2.5, 8.0, -8.0])
def test_a_form_is_not_crossed_out_straight_or_askew(degrees: float) -> None:
    askew, words = turned(*page(), degrees, 0.9)
    assert crossed_out(grainy(askew), words) == []
    assert crossed_out(grainy(askew), []) == []


def test_signatures_and_what_underlines_them_cross_nothing_out() -> None:
    picture, words = page()
    way = [(120 + 3 * at, round(900 + 40 * math.sin(at / 4) - at / 2)) for at in range(90)]
    cv2.polylines(picture, [np.array(way, np.int32).reshape(-1, 1, 2)], False, (60,), 3, cv2.LINE_AA)
    drawn(picture, (110, 960), (400, 925), 3.0)  # the flourish under it
    drawn(picture, (60, 1050), (480, 830), 3.0)  # and one over all of it
    cv2.line(picture, (100, 955), (380, 955), (90,), 2)
    words += [["Cliente", 0.2, 960 / HIGH, 0.32, 972 / HIGH, 0.9, 0]]
    assert crossed_out(grainy(picture), words) == []


def test_the_edge_of_a_sheet_and_what_lies_under_it_cross_nothing_out() -> None:
    picture, words = page()
    cv2.fillPoly(picture, [np.array([(0, 0), (60, 0), (0, HIGH)], np.int32)], (40,))
    cv2.fillPoly(picture, [np.array([(WIDE, 0), (WIDE - 30, HIGH), (WIDE, HIGH)], np.int32)], (120,))
    assert crossed_out(grainy(picture), words) == []
