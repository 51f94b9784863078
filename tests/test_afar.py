"""Large letters across a certificate are read from afar: outlines, or by hand; nothing else is taken for them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from test_fields import document, typed
from test_marks import RETURN, Draw
from test_reader import BOOK, note, paper_of, read_one, scan

from evidence_daemon.documents.afar import afar
from evidence_daemon.documents.fields import read_papers
from evidence_daemon.model import Direction

PRINTED = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf")
BY_HAND = Path("/usr/share/fonts/truetype/breip/Breip.ttf")
HOLLOW = 1
"""PDF's way of drawing letters: their outline alone."""


def across(word: str, font: Path, size: float, angle: float, colour: tuple[float, float, float], mode: int) -> Draw:
    """The note with a word written over it."""

    def draw(canvas: Canvas) -> None:
        note(canvas)
        pdfmetrics.registerFont(TTFont(font.stem, str(font)))
        canvas.saveState()
        canvas.translate(300, 560)
        canvas.rotate(angle)
        canvas.setStrokeColorRGB(*colour)
        canvas.setFillColorRGB(*colour)
        canvas.setLineWidth(1.2 if mode == HOLLOW else 3)
        wide = pdfmetrics.stringWidth(word, font.stem, size)
        canvas.setFont(font.stem, size)
        canvas.drawString(-wide / 2, -size / 3, word, mode=mode)
        canvas.restoreState()

    return draw


@pytest.mark.parametrize(
    ("drawn", "said"),
    [
        pytest.param(across("MUESTRA", PRINTED, 92, 40, (0.6, 0.6, 0.6), HOLLOW), "MUESTRA", marks=pytest.mark.slow),
        (across("BORRADOR", PRINTED, 78, 52, (0.5, 0.5, 0.5), HOLLOW), "BORRADOR"),
        (across("ANULADO", BY_HAND, 105, 24, (0.1, 0.15, 0.6), 2), "ANULADO"),
    ],
    ids=["outlines", "steep outlines", "a pen"],
)
def test_what_is_struck_across_a_scan_is_read_from_afar_and_leaves_its_direction_open(drawn: Draw, said: str) -> None:
    paper = paper_of(read_one(scan(drawn)))
    assert paper.direction is Direction.DESCONOCIDA
    assert f"contra: a través de la hoja: {said}" in paper.because


def test_large_letters_aslant_are_seen_whatever_they_say() -> None:
    paper = paper_of(read_one(scan(across("XHKTYW", PRINTED, 92, 40, (0.6, 0.6, 0.6), HOLLOW))))
    assert paper.direction is Direction.DESCONOCIDA
    assert "contra: letras o rayas grandes a través de la hoja" in paper.because


def test_a_scan_across_which_nothing_is_struck_says_nothing_from_afar() -> None:
    paper = paper_of(read_one(scan(note)))
    assert paper.direction is Direction.DEVOLUCION
    assert not any("a través" in said for said in paper.because)


AFAR = [
    (("ANULADO",), True),
    (("ANUL ADA",), True),
    (("ANUSADO",), True),
    (("ANUSADU",), False),
    (("BONRADUR",), True),
    (("MUEST",), True),
    (("RADOR", "Mmn"), True),
    (("RRADOF",), True),
    (("BORRADC",), True),
    (("MUES",), False),
    (("cnt", "Mm"), False),
    (("RECIBIDO",), False),
    (("ENTREGADO",), False),
    (("REVISADO",), False),
    (("DELEGADO",), False),
    (("CERRADO",), False),
    (("PAGADO",), False),
    (("NUESTRA",), False),
    (("PORTADOR",), False),
    (("CLIENTE",), False),
    (("RETIRADO",), False),
    (("CANCELADO",), False),
    (("DELGADO",), False),
    (("BORJA",), False),
    (("BERRA",), False),
    (("PRADO",), False),
    (("CORREDOR",), False),
    (("MORADOR",), False),
    (("PUESTA",), False),
    (("MAESTRO",), False),
    (("ENVIADO",), False),
    (("AVALADO",), False),
    (("SIN PENDIENTES",), False),
]


@pytest.mark.parametrize(("lines", "void"), AFAR, ids=["/".join(lines) for lines, _ in AFAR])
def test_what_is_read_from_afar_voids_a_paper_by_words_that_are_written_across_papers_alone(
    lines: tuple[str, ...], void: bool
) -> None:
    page = replace(typed(RETURN + "  El cliente entrega a CNT EP los equipos.\n"), afar=lines)
    (paper,) = read_papers([document(page)], BOOK)
    assert any(said.startswith("contra: a través de la hoja: ") for said in paper.because) is void, paper.because


def test_a_picture_may_be_as_narrow_as_it_likes() -> None:
    for shape in ((2000, 2, 3), (1, 900, 3), (1, 1, 3)):
        for black in (False, True):
            places = [[-0.1, 0.2, 1.3, 0.1], [0.0, 0.0, 1.0, 1.0]]
            assert afar(np.full(shape, 250, np.uint8), places, black=black).size
