"""Letters that run across a page are found whatever they say, and nothing else is taken for them."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image
from reportlab.lib.colors import Color
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from test_fields import BOOK, document, typed
from test_forms import RETURN
from test_reader import note, paper_of, pdf, pixels, read_one

from evidence_daemon.documents.fields import read_papers
from evidence_daemon.documents.pixels import as_drawn
from evidence_daemon.documents.strokes import ink
from evidence_daemon.model import Direction

Draw = Callable[[Canvas], None]


def table(canvas: Canvas) -> None:
    """Bands with white print, rows with pale rules, cells with a pale ground."""
    for band in range(4):
        top = 760 - 130 * band
        canvas.setFillColorRGB(0.13, 0.15, 0.2)
        canvas.rect(50, top, 495, 16, stroke=0, fill=1)
        canvas.setFillColorRGB(1, 1, 1)
        canvas.setFont("Helvetica-Bold", 9)
        canvas.drawString(54, top + 5, f"{band + 1}. DATOS DEL CLIENTE")
        for row in range(5):
            canvas.setFillColorRGB(0.9, 0.92, 0.95)
            canvas.rect(50, top - 18 * row - 18, 120, 18, stroke=0, fill=1)
            canvas.setStrokeColorRGB(0.75, 0.75, 0.75)
            canvas.rect(50, top - 18 * row - 18, 495, 18)
            canvas.setFillColorRGB(0, 0, 0)
            canvas.setFont("Helvetica", 8)
            canvas.drawString(54, top - 18 * row - 12, "NÚMERO DE SERIE       ZTEGC0A81234       MÓDEM ROUTER")


def prose(canvas: Canvas) -> None:
    canvas.setFont("Times-Roman", 11)
    for line in range(30):
        canvas.drawString(
            60, 760 - 15 * line, "El cliente devuelve a la Corporación los equipos que se detallan en la presente acta."
        )


def ticket(canvas: Canvas) -> None:
    canvas.setPageSize((226, 600))
    canvas.setFont("Courier", 8)
    for line in range(36):
        canvas.drawString(12, 570 - 12 * line, "SERIE......: ZTEGC0A81234 MODEM")


PAGES: tuple[Draw, ...] = (note, table, prose, ticket)
WORDS = ("EJEMPLO", "EJEMPLO - CAPACITACIÓN", "MUESTRA", "ANULADO", "COPIA SIN VALOR", "Copia no válida")
COLOURS = (
    (200, 200, 200),
    (235, 235, 235),
    (216, 216, 232),
    (205, 40, 40),
    (50, 70, 180),
    (240, 190, 190),
    (90, 90, 90),
)


def marked(draw: Draw, word: str, angle: float, colour: tuple[int, int, int], *, over: bool, outlined: bool) -> Draw:
    """A page with a word across its middle, over its print or behind it."""

    def mark(canvas: Canvas) -> None:
        width, height = canvas._pagesize
        canvas.saveState()
        canvas.translate(0.5 * width, (0.7 if width > 300 else 0.6) * height)
        canvas.rotate(angle)
        canvas.setFillColor(Color(*(part / 255 for part in colour)))
        canvas.setStrokeColor(Color(*(part / 255 for part in colour)))
        size = min(70.0, 0.8 * width / canvas.stringWidth(word, "Helvetica-Bold", 1))
        canvas.setFont("Helvetica-Bold", size)
        text = canvas.beginText(-canvas.stringWidth(word) / 2, -size / 3)
        text.setTextRenderMode(2 if outlined else 0)
        text.textOut(word)
        canvas.drawText(text)
        canvas.restoreState()

    def both(canvas: Canvas) -> None:
        if draw is ticket:
            canvas.setPageSize((226, 600))
        for part in (draw, mark) if over else (mark, draw):
            part(canvas)

    return both


def across(draw: Draw) -> bool:
    return any(box[0] == 0 and box[2] == 1 for box in ink(as_drawn(pixels(pdf(draw), 200)), []))


@pytest.mark.parametrize("draw", PAGES)
def test_letters_across_a_page_are_found_in_any_word_direction_and_colour(draw: Draw) -> None:
    chance = random.Random(7)
    missed = []
    for word in WORDS:
        for colour in chance.sample(COLOURS, 3):
            angle, over = (
                chance.uniform(10, 60) * chance.choice((-1, 1)),
                draw is table or chance.random() < 0.5,
            )  # its cells cover
            if not across(marked(draw, word, angle, colour, over=over, outlined=chance.random() < 0.3)):
                missed.append((word, round(angle), colour, over))
    assert not missed


def test_level_letters_across_a_page_are_found_where_they_are_much_larger_than_print() -> None:
    assert all(across(marked(draw, "ANULADO", 0, (200, 60, 60), over=True, outlined=False)) for draw in PAGES)


@pytest.mark.parametrize("draw", PAGES)
def test_a_page_without_a_mark_has_no_letters_across_it(draw: Draw) -> None:
    assert not across(draw)


def bars(canvas: Canvas) -> None:
    note(canvas)
    chance = random.Random(3)
    for at in range(50):
        canvas.rect(80 + 8 * at, 300, chance.choice((1.5, 3, 5)), 50, stroke=0, fill=1)


def combs(canvas: Canvas) -> None:
    note(canvas)
    canvas.setStrokeColorRGB(0.6, 0.6, 0.6)
    for at in range(13):
        canvas.rect(80 + 30 * at, 300, 24, 30)


def stamp(canvas: Canvas) -> None:
    note(canvas)
    canvas.translate(300, 300)
    canvas.rotate(12)
    canvas.setFillColorRGB(0.3, 0.3, 0.7)
    canvas.setFont("Helvetica-Bold", 22)
    canvas.drawCentredString(0, 0, "RECIBIDO")
    canvas.roundRect(-70, -15, 140, 50, 6)


def signatures(canvas: Canvas) -> None:
    note(canvas)
    canvas.setStrokeColorRGB(0.1, 0.2, 0.6)
    canvas.setLineWidth(2)
    for left in (100, 340):
        for at in range(7):
            canvas.line(left + 18 * at, 300, left + 18 * at + 9, 340)
            canvas.line(left + 18 * at + 9, 340, left + 18 * at + 18, 302)


@pytest.mark.parametrize("draw", [bars, combs, stamp, signatures])
def test_what_stands_in_a_row_and_is_no_large_letters_is_no_mark(draw: Draw) -> None:
    assert not across(draw)


def put_on(word: str, angle: float, colour: tuple[float, float, float], size: float) -> bytes:
    """The note, scanned with some grain, with a framed word put on by hand."""

    def draw(canvas: Canvas) -> None:
        note(canvas)
        canvas.translate(298, 463)
        canvas.rotate(angle)
        canvas.setFillColorRGB(*colour)
        canvas.setStrokeColorRGB(*colour)
        canvas.setFont("Helvetica-Bold", size)
        wide = canvas.stringWidth(word, "Helvetica-Bold", size)
        canvas.setLineWidth(2.5)
        canvas.rect(-wide / 2 - 8, -8, wide + 16, size + 8)
        canvas.drawCentredString(0, 2, word)

    page = pixels(pdf(draw), 150).astype(np.float64)
    grain = np.random.default_rng(3).normal(0, 6, page.shape[:2])[..., None]
    scanned = io.BytesIO()
    Image.fromarray(np.clip(page + grain, 0, 255).astype(np.uint8)).save(scanned, "PDF", resolution=150, quality=70)
    return scanned.getvalue()


RED, BLUE, GREY = (0.8, 0.15, 0.15), (0.15, 0.25, 0.65), (0.25, 0.25, 0.25)


INKS = [(12, RED, 22), (-15, GREY, 22), (-20, BLUE, 30)]


@pytest.mark.parametrize(
    ("word", "angle", "colour", "size"),
    [
        pytest.param(word, *ink, marks=() if nth == at else pytest.mark.slow)
        for nth, word in enumerate(("NULO", "ANULADO", "SIN VALOR"))
        for at, ink in enumerate(INKS)
    ],
)
def test_a_paper_that_is_stamped_void_is_no_return(
    word: str, angle: float, colour: tuple[float, float, float], size: float
) -> None:
    paper = paper_of(read_one(put_on(word, angle, colour, size)))
    against = [said for said in paper.because if said.startswith("contra:") and said.endswith(word)]
    assert paper.direction is Direction.DESCONOCIDA and against, paper.because


@pytest.mark.parametrize(
    ("remark", "void"), [("Sin efecto", True), ("Cliente no entrega", True), ("Sin novedad", False), ("", False)]
)
def test_what_is_written_over_the_text_of_a_pdf_is_read(remark: str, void: bool) -> None:
    def draw(canvas: Canvas) -> None:
        note(canvas)
        written = np.full((70, 560, 3), 255, np.uint8)
        cv2.putText(written, remark, (10, 50), cv2.FONT_HERSHEY_DUPLEX, 1.4, (20, 20, 20), 3, cv2.LINE_AA)
        canvas.translate(90, 470)
        canvas.rotate(3)
        canvas.drawImage(ImageReader(Image.fromarray(written)), 0, 0, 280, 35, mask=[250, 255] * 3)

    reading = read_one(pdf(draw))
    paper = paper_of(reading)
    assert (paper.direction is Direction.DESCONOCIDA) is void, paper.because


@pytest.mark.parametrize("word", ["RECIBIDO", "CNT EP", "ATENDIDO"])
def test_what_an_office_stamps_on_a_return_voids_nothing(word: str) -> None:
    assert paper_of(read_one(put_on(word, 12, BLUE, 20))).direction is Direction.DEVOLUCION


STAMPS = [
    (("CNT EP", "RECIBIDO", "12 MAR 2025"), False),
    (("I RECIBIDO",), False),
    (("AGENCIA NO 3", "RECIBIDO"), False),
    (("SIN PENDIENTES",), False),
    (("PENDIENTE: NINGUNO",), False),
    (("NUESTRA SENORA",), False),
    (("FIRMA DELEGADO",), False),
    (("CNT EP", "SIN VALORES"), False),
    (("COPIA CLIENTE",), False),
    (("ANULADO",), True),
    (("IANULADO",), True),
    (("NULAD",), True),
    (("ANULADU",), True),
    (("CANCELAD0",), True),
    (("A N U L A D O",), True),
    (("SIN", "VALOR"), True),
    (("CNT EP", "NO RECIBIDO"), True),
    (("NULO",), True),
]


@pytest.mark.parametrize(("lines", "void"), STAMPS, ids=["/".join(lines) for lines, _ in STAMPS])
def test_what_a_stamp_says_is_known_by_its_words(lines: tuple[str, ...], void: bool) -> None:
    page = replace(typed(RETURN + "  El cliente entrega a CNT EP los equipos.\n"), stamps=lines)
    (paper,) = read_papers([document(page)], BOOK)
    assert any(said.startswith("contra: sello: ") for said in paper.because) is void, paper.because


def test_a_fold_and_a_shadow_are_no_mark() -> None:
    chance = np.random.default_rng(5)
    page = np.full((2000, 1414), 255.0)
    page[990:1010] -= 70 * chance.random((20, 1414))
    page[:, 700:715] -= 60 * chance.random((2000, 15))
    rows, columns = np.mgrid[:2000, :1414]
    page -= 90 * np.clip(1 - np.abs(rows + columns - 2300) / 120, 0, 1) * chance.random(page.shape)
    shadow = cv2.GaussianBlur(page, (0, 0), 1.5).clip(0, 255).astype(np.uint8)
    assert not any(box[0] == 0 and box[2] == 1 for box in ink(cv2.merge([shadow] * 3), []))


def outlines(letters: int, high: float) -> Draw:
    """Hollow letters as curves, aslant across the note; no text, and nothing but a thin line of each."""

    def draw(canvas: Canvas) -> None:
        note(canvas)
        canvas.saveState()
        canvas.translate(90, 420)
        canvas.rotate(28)
        canvas.setStrokeColorRGB(0.55, 0.55, 0.55)
        for letter in range(letters):
            path = canvas.beginPath()
            path.moveTo(letter * 62, 0)
            path.lineTo(letter * 62 + 18, high)
            path.lineTo(letter * 62 + 32, high)
            path.lineTo(letter * 62 + 50, 0)
            path.lineTo(letter * 62 + 36, 0)
            path.lineTo(letter * 62 + 25, high - 16)
            path.lineTo(letter * 62 + 14, 0)
            path.close()
            canvas.drawPath(path)
        canvas.restoreState()

    return draw


@pytest.mark.parametrize(
    ("letters", "high", "direction"),
    [(7, 90.0, Direction.DESCONOCIDA), (2, 90.0, Direction.DEVOLUCION), (4, 24.0, Direction.DEVOLUCION)],
    ids=["across the page", "as of a signature", "as of a logo"],
)
def test_hollow_letters_drawn_across_a_page_leave_its_direction_open(
    letters: int, high: float, direction: Direction
) -> None:
    assert paper_of(read_one(pdf(outlines(letters, high)))).direction is direction
