"""Numbers in boxes of one sign each: found in the pixels, put together, read, shown in their place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from reportlab.pdfgen.canvas import Canvas
from test_reader import paper_of, pdf, pixels, read_one, scan, scribble, value

from evidence_daemon.documents import combs
from evidence_daemon.documents.combs import put_together
from evidence_daemon.documents.layout import of_combs
from evidence_daemon.documents.pixels import Laid
from evidence_daemon.model import Box, Document, Engine, Word

SIDE = 15.0
"""Points that a box is wide."""


def comb(canvas: Canvas, x: float, y: float, text: str, boxes: int = 0, *, lean: float = 0.0) -> None:
    """Boxes of one sign each with a text in them; `lean`: how far from the middle the signs stand, in points."""
    canvas.setLineWidth(0.8)
    canvas.setFont("Courier", 13)
    for at in range(boxes or len(text)):
        canvas.rect(x + at * SIDE, y - 5, SIDE, 20)
        if at < len(text):
            canvas.drawCentredString(x + (at + 0.5) * SIDE + lean, y, text[at])


def form(canvas: Canvas) -> None:
    """A certificate whose numbers stand in boxes: captions above, but for the day's, which stand below."""
    canvas.setFont("Helvetica-Bold", 14)
    canvas.drawString(60, 790, "CNT EP   ACTA DE DEVOLUCIÓN DE EQUIPOS")
    canvas.setFont("Helvetica", 8)
    for x, y, caption in (
        (60, 742, "FECHA DE LA VISITA"), (64, 712, "día"), (104, 712, "mes"), (160, 712, "año"),
        (60, 688, "CÉDULA / RUC DEL CLIENTE"), (330, 688, "N.º DE SERVICIO"),
        (60, 640, "APELLIDOS Y NOMBRES"), (60, 590, "NÚMERO DE SERIE"), (330, 590, "MAC"),
    ):  # fmt: skip
        canvas.drawString(x, y, caption)
    comb(canvas, 60, 727, "17")
    comb(canvas, 100, 727, "03")
    comb(canvas, 140, 727, "2021")
    comb(canvas, 60, 665, "1700000019", 13)
    comb(canvas, 330, 665, "022345678", 10)
    comb(canvas, 60, 567, "HWTCC661499D", 15)
    comb(canvas, 330, 567, "0A5B99E1F204", 12)
    canvas.setFont("Courier", 13)
    canvas.drawString(60, 620, "PEÑA LOZA MARÍA JOSÉ")
    canvas.line(60, 614, 400, 614)
    canvas.setFont("Helvetica", 11)
    canvas.drawString(60, 500, "El cliente entrega a CNT EP, por retiro definitivo del servicio, un ONT.")
    canvas.line(60, 380, 240, 380)
    canvas.drawString(60, 366, "Firma del cliente")
    scribble(canvas, 80, 385)


def laid(draw: Callable[[Canvas], None]) -> Laid:
    return Laid(cv2.cvtColor(pixels(pdf(draw), 220), cv2.COLOR_RGB2GRAY), np.eye(3))


@pytest.mark.parametrize(("read", "engine"), [(scan, Engine.TESSERACT), (pdf, Engine.TEXTO)])
def test_numbers_in_boxes_of_one_sign_each_are_read_whole(read: Callable[..., bytes], engine: Engine) -> None:
    reading = read_one(read(form))
    paper = paper_of(reading)
    assert isinstance(reading, Document) and reading.pages[0].engine is engine
    (line,) = paper.equipment
    fields = (paper.id_number, paper.service_number, paper.date, line.serial, line.mac)
    assert list(map(value, fields)) == ["1700000019", "022345678", "2021-03-17", "HWTCC661499D", "0A5B99E1F204"]
    assert [field.proven for field in fields[:4] if field is not None] == [True] * 4


def test_a_name_in_boxes_of_one_sign_each_is_read_with_its_blanks() -> None:
    def named(canvas: Canvas) -> None:
        form(canvas)
        canvas.setFillGray(1)
        canvas.rect(50, 608, 400, 26, stroke=0, fill=1)
        canvas.setFillGray(0)
        comb(canvas, 60, 616, "PEÑA LOZA MARIA JOSE", 27)

    paper = paper_of(read_one(scan(named)))
    assert value(paper.holder) == "PEÑA LOZA MARIA JOSE"


def test_a_blank_among_the_boxes_of_a_number_leaves_them_alone() -> None:
    def broken(canvas: Canvas) -> None:
        comb(canvas, 60, 600, "17000 0019", 13)

    assert put_together(laid(broken))[1] == []


def test_a_number_with_a_blank_in_boxes_as_many_as_a_names_is_none() -> None:
    def broken(canvas: Canvas) -> None:
        form(canvas)
        canvas.setFillGray(1)
        canvas.rect(50, 555, 500, 26, stroke=0, fill=1)
        canvas.setFillGray(0)
        comb(canvas, 60, 560, "HWTCC66 499D", 22)

    assert not any(line.serial and line.serial.proven for line in paper_of(read_one(scan(broken))).equipment)


def test_a_number_that_was_put_together_is_shown_over_all_of_its_boxes() -> None:
    number = paper_of(read_one(scan(form, skew=0.0))).id_number
    assert number is not None and number.box is not None
    left, right = 60 / 595, (60 + 10 * SIDE) / 595
    assert number.box.x0 == pytest.approx(left, abs=0.012) and number.box.x1 == pytest.approx(right, abs=0.02)


def test_each_comb_is_found_and_those_beside_one_another_stay_apart() -> None:
    page, found = put_together(laid(form))
    starts = [x0 * 595 for x0, y0, *_ in sorted(found, key=lambda comb: (round(comb[1], 2), comb[0]))]
    assert starts == pytest.approx([60, 100, 140, 60, 330, 60, 330], abs=1.5)
    assert page.grey.shape == laid(form).grey.shape and all(stretch > 1 for *_, stretch, _ in found)


def test_what_only_looks_like_boxes_of_one_sign_each_is_left_as_it_is() -> None:
    def others(canvas: Canvas) -> None:
        canvas.setFont("Courier-Bold", 24)
        canvas.drawString(60, 780, "HHHHHHHHHHHH LLILLILL")  # evenly set strokes
        canvas.line(60, 776, 500, 776)
        canvas.line(60, 799, 500, 799)
        for column in range(9):  # a table: its sides go on from row to row
            canvas.line(60 + 20 * column, 600, 60 + 20 * column, 720)
        for row in range(7):
            canvas.line(60, 600 + 20 * row, 220, 600 + 20 * row)
        for at in range(6):  # boxes to tick, each for itself
            canvas.rect(60 + 70 * at, 500, 12, 12)
        for bar in range(40):
            canvas.rect(60 + 3.1 * bar, 420, 1 + bar % 3 / 2, 24, stroke=0, fill=1)

    page = laid(others)
    assert put_together(page) == (page, [])


def test_boxes_are_left_alone_where_a_stroke_beside_the_number_may_be_a_sign_of_it() -> None:
    """Better no number than one that lacks its last digit."""

    def leaning(canvas: Canvas) -> None:
        comb(canvas, 60, 700, "170000001", 12)
        canvas.setLineWidth(1.4)
        canvas.line(60 + 9 * SIDE + 2.2, 699, 60 + 9 * SIDE + 2.2, 709)  # a 1 that leans on the side of its box

    def pale(canvas: Canvas) -> None:
        comb(canvas, 60, 700, "170000001", 12)
        canvas.setFillGray(0.86)
        canvas.drawCentredString(60 + 9.5 * SIDE, 700, "9")

    assert put_together(laid(leaning))[1] == []
    assert put_together(laid(pale))[1] == []
    assert len(put_together(laid(lambda canvas: comb(canvas, 60, 700, "170000001", 12)))[1]) == 1


def open_comb(
    canvas: Canvas, x: float, y: float, text: str, *, without: tuple[int, ...] = (), last: float = 1.0
) -> None:
    """A comb of which some sides were not printed, or whose last box is wider than the others."""
    canvas.setLineWidth(0.8)
    canvas.setFont("Courier", 13)
    for at, sign in enumerate(text):
        left, wide = x + at * SIDE, SIDE * (last if at == len(text) - 1 else 1.0)
        for y1 in (y - 5, y + 15):
            canvas.line(left, y1, left + wide, y1)
        if at not in without:
            canvas.line(left, y - 5, left, y + 15)
        canvas.drawCentredString(left + wide / 2, y, sign)
    if len(text) not in without:
        canvas.line(x + (len(text) - 1 + last) * SIDE, y - 5, x + (len(text) - 1 + last) * SIDE, y + 15)


@pytest.mark.parametrize(
    ("without", "last"), [((12,), 1.0), ((0,), 1.0), ((9, 10), 1.0), ((11, 12), 1.0), ((), 1.6), ((), 0.5)]
)
def test_boxes_whose_end_was_not_seen_are_left_alone(without: tuple[int, ...], last: float) -> None:
    page = laid(lambda canvas: open_comb(canvas, 60, 700, "HWTCC661499D", without=without, last=last))
    assert put_together(page)[1] == []


def test_one_side_that_was_not_printed_within_a_comb_is_put_in() -> None:
    _, found = put_together(laid(lambda canvas: open_comb(canvas, 60, 700, "HWTCC661499D")))
    (x0, _, x1, *_) = found[0]
    assert (x0 * 595, x1 * 595) == pytest.approx((60, 240), abs=1.5)


def test_a_sign_behind_the_last_box_leaves_them_alone() -> None:
    def more(canvas: Canvas) -> None:
        comb(canvas, 60, 700, "170000001")
        canvas.drawString(60 + 9.3 * SIDE, 700, "9")

    assert put_together(laid(more))[1] == []
    assert put_together(laid(lambda canvas: comb(canvas, 60, 700, "1700000 19")))[1] == []  # nor an empty box between


def test_what_a_page_full_of_boxes_costs_grows_with_its_sides_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """When every side began a row of its own, a long row took half a minute."""
    asked = 0
    seen = combs._seen

    def counted(*where: Any) -> float:
        nonlocal asked
        asked += 1
        return seen(*where)

    monkeypatch.setattr(combs, "_seen", counted)
    wide = np.full((300, 15000), 255, np.uint8)
    for at in range(900):
        cv2.rectangle(wide, (20 + 16 * at, 40), (36 + 16 * at, 86), 0, 2)
    put_together(Laid(wide, np.eye(3)))
    for at in range(300):
        cv2.rectangle(wide, (20 + 40 * at, 120), (60 + 40 * at, 180), 0, 2)
    put_together(Laid(wide, np.eye(3)))
    assert 0 < asked < 10_000


def test_a_picture_too_small_for_boxes_is_left_as_it_is() -> None:
    small = Laid(np.full((1, 9), 255, np.uint8), np.eye(3))
    assert put_together(small) == (small, [])


def signs(text: str, x: float, step: float = 0.02, y: float = 0.3) -> list[Word]:
    return [Word(sign, Box(x + at * step, y, x + at * step + 0.01, y + 0.01), 1.0, 0) for at, sign in enumerate(text)]


@pytest.mark.parametrize(
    ("words", "read"),
    [
        (signs("1700000019", 0.1), ["1700000019"]),
        (signs("17", 0.1) + signs("03", 0.16) + signs("2021", 0.22), ["17", "03", "2021"]),
        (signs("17", 0.1), ["1", "7"]),  # two alone may be anything
        (signs("1111", 0.1, step=0.2), ["1", "1", "1", "1"]),  # a column of amounts
        (signs("1700", 0.1) + signs("19", 0.2), ["1", "7", "0", "0", "1", "9"]),  # an empty box between them
        (signs("170000001", 0.1) + signs("9", 0.287), list("1700000019")),  # the last one leans
        ([*signs("170000001", 0.1), Word("91", Box(0.28, 0.3, 0.3, 0.31), 1.0, 0)], [*"170000001", "91"]),
        ([*signs("1700000019", 0.1), Word("C.I.", Box(0.06, 0.3, 0.09, 0.31), 1.0, 0)], ["C.I.", "1700000019"]),
    ],
)
def test_signs_of_a_text_layer_that_stand_evenly_and_close_are_one_word(words: list[Word], read: list[str]) -> None:
    jittered = [
        replace(word, box=replace(word.box, y0=word.box.y0 + at % 3 * 0.001, y1=word.box.y1 + at % 3 * 0.001))
        for at, word in enumerate(words)
    ]
    for some in (words, jittered):
        assert [word.text for word in of_combs(some, 1.414)] == read
