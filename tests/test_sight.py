"""Pages looked at by the real engines in their real cells: what is proven, what is masked, what is missing."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
import pytest
from PIL import Image
from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.colors import Color
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from test_reader import jpeg, note, paper_of, pdf, photo, pixels, read_one, scan, scanned_note, value

from evidence_daemon.documents import pixels as laying
from evidence_daemon.documents import sight, strong
from evidence_daemon.documents.looks import Wanted
from evidence_daemon.documents.sandbox import Cell, Frame, Limits, Lock
from evidence_daemon.documents.sight import Sight
from evidence_daemon.documents.strokes import ink
from evidence_daemon.documents.tickboxes import tickboxes
from evidence_daemon.model import Box, Direction, Document, DocumentKind, Engine, Page


def written(text: str, dpi: int = 200) -> ImageReader:
    """A line of print as a picture."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 11)
        canvas.drawString(10, 800, text)

    page = pixels(pdf(draw), dpi)
    scale = dpi / 72
    return ImageReader(Image.fromarray(page[int(28 * scale) : int(46 * scale), : int(160 * scale)]))


def covered(y: float, shown: str) -> Callable[[Canvas], None]:
    """The note, a picture laid over the value of the line at `y`; the text layer stays what it was."""

    def draw(canvas: Canvas) -> None:
        note(canvas)
        canvas.setFillColorRGB(1, 1, 1)
        canvas.rect(98, y - 5, 170, 17, stroke=0, fill=1)
        if shown:
            canvas.drawImage(written(shown), 98, y - 5, 160, 18)

    return draw


def test_a_page_that_is_crossed_out_leaves_the_direction_open() -> None:
    def crossed(canvas: Canvas) -> None:
        note(canvas)
        canvas.setLineWidth(1.6)
        canvas.line(60, 250, 530, 600)

    assert paper_of(read_one(pdf(note))).direction is Direction.DEVOLUCION
    paper = paper_of(read_one(pdf(crossed)))
    assert paper.direction is Direction.DESCONOCIDA
    assert "contra: letras o rayas grandes a través de la hoja" in paper.because


def test_a_number_through_which_a_line_is_drawn_is_not_proven() -> None:
    def struck(canvas: Canvas) -> None:
        note(canvas)
        canvas.setLineWidth(1.3)
        canvas.line(96, 637, 168, 639)  # "Cédula: 1700000019"
        canvas.line(60, 609, 300, 609)  # the rule under the number of the service

    reading = read_one(pdf(struck))
    paper = paper_of(reading)
    assert isinstance(reading, Document) and {round(box.y0, 2) for box in reading.pages[0].struck} == {0.24}
    assert value(paper.id_number) == "1700000019" and paper.id_number is not None and not paper.id_number.proven
    assert paper.service_number is not None and paper.service_number.proven


def test_the_values_of_an_honest_text_pdf_are_proven_by_its_pixels() -> None:
    reading = read_one(pdf(note))
    paper = paper_of(reading)
    assert paper.masked == ()
    for field in (paper.id_number, paper.service_number, paper.number, paper.equipment[0].serial):
        assert field is not None
        assert (field.engine, field.proven) == (Engine.TEXTO, True)
    assert isinstance(reading, Document)
    assert {witness.engine for witness in reading.pages[0].witnesses} == {Engine.RAPIDOCR}
    assert "words" not in dict(reading.seconds)  # nobody read the whole page


def test_a_number_under_a_picture_of_another_is_not_the_papers() -> None:
    paper = paper_of(read_one(pdf(covered(634, "1710034065"))))
    assert any(said.startswith("1700000019") for said in paper.masked)
    assert paper.id_number is not None
    assert paper.id_number.value == "1710034065"  # the pixels win
    assert paper.id_number.rivals == ("1700000019",)


def test_a_number_that_is_not_drawn_at_all_is_not_the_papers() -> None:
    paper = paper_of(read_one(pdf(covered(634, ""))))
    assert any(said.startswith("1700000019") for said in paper.masked)
    assert paper.id_number is None


def test_a_title_of_a_return_laid_under_that_of_an_installation_makes_no_return() -> None:
    def draw(canvas: Canvas) -> None:
        note(canvas)
        canvas.setFillColorRGB(1, 1, 1)
        canvas.rect(55, 738, 400, 20, stroke=0, fill=1)
        canvas.drawImage(written("ACTA DE INSTALACION"), 58, 740, 320, 18)

    paper = paper_of(read_one(pdf(draw)))
    assert paper.masked
    assert paper.direction is not Direction.DEVOLUCION


def test_a_title_under_a_picture_of_something_else_makes_no_acta() -> None:
    def draw(canvas: Canvas) -> None:
        note(canvas)
        canvas.setFillColorRGB(1, 1, 1)
        canvas.rect(55, 738, 400, 20, stroke=0, fill=1)
        canvas.drawImage(written("LISTA DE COMPRAS"), 58, 740, 320, 18)

    paper = paper_of(read_one(pdf(draw)))
    assert paper.masked
    assert paper.kind is not DocumentKind.ACTA


def test_numbers_without_a_check_digit_are_proven_on_a_scan_by_two_engines() -> None:
    reading, _ = scanned_note()
    paper = paper_of(reading)
    assert paper.service_number is not None
    assert (value(paper.service_number), paper.service_number.proven) == ("022345678", True)
    serial = paper.equipment[0].serial
    assert serial is not None
    assert (serial.value, serial.proven) == ("HWTCC661499D", True)
    assert isinstance(reading, Document)
    assert sight.SEARCHED not in dict(reading.seconds), "lines were enough"


def test_without_the_second_engine_less_is_proven_and_a_bar_code_proves_the_serial_that_it_holds(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sight, "STRONG", "evidence_daemon.documents.no_such_engine")

    def draw(canvas: Canvas) -> None:
        note(canvas)
        Code128("HWTCC661499D", barWidth=1.2, barHeight=26).drawOn(canvas, 300, 560)

    with caplog.at_level(logging.WARNING, "evidence_daemon.documents"):
        reading = read_one(scan(draw))
    assert any("second OCR engine" in record.message for record in caplog.records)
    assert isinstance(reading, Document)
    (page,) = reading.pages
    codes = [word.text for witness in page.witnesses if witness.engine is Engine.CODIGO for word in witness.words]
    assert codes == ["HWTCC661499D"]
    paper = paper_of(reading)
    assert value(paper.service_number) == "022345678"
    assert paper.service_number is not None
    assert not paper.service_number.proven
    assert paper.id_number is not None
    assert paper.id_number.proven  # by its check digit
    serial = paper.equipment[0].serial
    assert serial is not None
    assert serial.proven


@pytest.mark.parametrize(
    ("colour", "size", "words"),
    [(Color(0.75, 0.1, 0.1, alpha=0.55), 90, "ANULADO"), (Color(0.82, 0.82, 0.84), 60, "BORRADOR")],
    ids=["a stamp's", "a watermark's"],
)
def test_large_letters_across_a_page_are_seen_and_a_signature_is_not_taken_for_them(
    colour: Color, size: int, words: str
) -> None:
    def struck(canvas: Canvas) -> None:
        canvas.saveState()
        canvas.translate(300, 520)
        canvas.rotate(28)
        canvas.setFillColor(colour)
        canvas.setFont("Helvetica-Bold", size)
        canvas.drawCentredString(0, 0, words)
        canvas.restoreState()
        note(canvas)

    across = [ink(pixels(pdf(draw), 150), []) for draw in (note, struck)]
    assert [any(box[0] == 0 and box[2] == 1 for box in boxes) for boxes in across] == [False, True]
    paper = paper_of(read_one(pdf(struck)))
    assert paper.direction is Direction.DESCONOCIDA


def test_strokes_on_coloured_paper_are_seen() -> None:
    picture = np.full((800, 560, 3), (254, 242, 170), np.uint8)
    for step in range(100):
        high = 600 + 3 * abs(step % 20 - 10)
        picture[high : high + 5, 100 + step : 104 + step] = (30, 40, 120)
    assert len(ink(picture, [])) == 1


@pytest.mark.parametrize(
    ("word", "left"),
    [
        (("NOS", 0.2, 0.7, 0.45, 0.73), True),
        (("NOS", 0.2, 0.7, 0.24, 0.712), False),
        (("Dar", 0.2, 0.7, 0.268, 0.732), True),
        (("Total", 0.2, 0.2, 0.268, 0.232), False),
        (("RECIBIDO", 0.2, 0.7, 0.35, 0.732), False),
        (("Juan!", 0.2, 0.7, 0.268, 0.732), False),
    ],
    ids=[
        "wide and high as no print is",
        "print",
        "high as no print is so far down",
        "a title",
        "a stamp's word",
        "sure",
    ],
)
def test_a_scribble_that_was_read_as_a_word_is_not_taken_away(
    word: tuple[str, float, float, float, float], left: bool
) -> None:
    picture = np.full((1400, 1000, 3), 255, np.uint8)
    text, x0, y0, x1, y1 = word
    for at in range(round(x0 * 1000), round(x1 * 1000)):
        middle = round((y0 + (y1 - y0) * abs(at % 20 - 10) / 10) * 1400)
        picture[middle - 2 : middle + 2, at : at + 2] = 30
    print_ = [["ENTREGA", 0.1, 0.2 + step / 50, 0.2, 0.2 + step / 50 + 0.009, 0.95, 0] for step in range(9)]
    found = ink(picture, [*print_, [text.strip("!"), x0, y0, x1, y1, 1.0 if "!" in text else 0.8, 0]])
    assert bool(found) is left


@pytest.mark.parametrize("signed", [False, True])
def test_the_rule_of_a_page_that_lies_askew_is_no_signature(signed: bool) -> None:
    picture = np.full((1400, 1000, 3), 255, np.uint8)
    cv2.line(picture, (300, 900), (620, 868), (60, 60, 60), 2)
    if signed:
        middles = [(350 + at, 870 + 3 * abs(at % 20 - 10)) for at in range(0, 160, 5)]
        for one, two in pairwise(middles):
            cv2.line(picture, one, two, (120, 40, 20), 3)
    assert bool(ink(picture, [])) is signed


def test_two_signatures_side_by_side_on_a_narrow_roll_are_no_word_across_it() -> None:
    def across(*middles: int) -> bool:
        picture = np.full((900, 500, 3), 255, np.uint8)
        for x in middles:  # a letter of 50 pixels: two strokes and what joins them
            picture[400:450, x - 12 : x - 5] = picture[400:450, x + 5 : x + 12] = 30
            picture[400:407, x - 12 : x + 12] = 30
        return any(box[0] == 0 and box[2] == 1 for box in ink(picture, []))

    assert across(80, 140, 200, 260, 320, 380)
    assert not across(80, 115, 150, 340, 375, 410)
    assert not across(83, 129, 377)


FORM = ("Instalación", "Retiro", "Cambio", "Traslado")


def boxed(*ticked: str) -> bytes:
    """The note under a line of boxes, these of them with a cross in them."""

    def draw(canvas: Canvas) -> None:
        note(canvas)
        for at, word in enumerate(FORM):
            x = 60 + 110 * at
            canvas.rect(x, 722, 9, 9)
            if word in ticked:
                canvas.line(x + 1.5, 723.5, x + 7.5, 729.5)
                canvas.line(x + 1.5, 729.5, x + 7.5, 723.5)
            canvas.setFont("Helvetica", 11)
            canvas.drawString(x + 14, 722, word)

    return pdf(draw)


@pytest.mark.parametrize(
    ("ticked", "direction"),
    [
        (("Retiro",), Direction.DEVOLUCION),
        (("Cambio",), Direction.DESCONOCIDA),
        ((), Direction.DESCONOCIDA),
        (("Retiro", "Traslado"), Direction.DESCONOCIDA),
    ],
    ids=["a return", "something else", "none", "two"],
)
def test_a_box_that_is_ticked_is_seen_in_the_pixels(ticked: tuple[str, ...], direction: Direction) -> None:
    reading = read_one(boxed(*ticked))
    assert isinstance(reading, Document)
    assert [marked for _, marked in reading.pages[0].tickboxes] == [word in ticked for word in FORM]
    paper = paper_of(reading)
    assert ("casilla marcada: devolución" in paper.because) is (ticked == ("Retiro",))
    assert paper.direction is direction, paper.because


def test_a_cross_may_go_beyond_its_box() -> None:
    picture = np.full((120, 900, 3), 255, np.uint8)
    words = [(60, 160), (260, 380), (480, 620)]  # from, to; a box of 20 pixels before each
    for start, stop in words:
        cv2.rectangle(picture, (start - 30, 50), (start - 10, 70), (40, 40, 40), 2)
        picture[52:68, start:stop:7] = 40
    for one, two in (((462, 42), (448 + 34, 78)), ((482, 42), (446, 78))):
        cv2.line(picture, one, two, (30, 30, 30), 4)
    offered = [[start / 900, 50 / 120, stop / 900, 70 / 120] for start, stop in words]
    offered[2][1], offered[2][3] = 42 / 120, 78 / 120  # an engine's box round its words may be much taller
    assert [ticked for *_, ticked in tickboxes(picture, offered)] == [False, False, True]


def test_the_o_at_the_end_of_a_word_is_no_box() -> None:
    picture = np.full((300, 900, 3), 255, np.uint8)
    offered = []
    for left, word, ticked in ((60, "DEVOLUCION", True), (500, "CAMBIO", False)):
        cv2.rectangle(picture, (left, 130), (left + 30, 160), (60, 60, 60), 1)
        if ticked:
            cv2.line(picture, (left + 8, 138), (left + 22, 152), (0, 0, 0), 3)
            cv2.line(picture, (left + 8, 152), (left + 22, 138), (0, 0, 0), 3)
        cv2.putText(picture, word, (left + 44, 152), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (60, 60, 60), 1)
        wide = cv2.getTextSize(word, cv2.FONT_HERSHEY_SIMPLEX, 0.6, 1)[0][0]
        offered.append([(left + 44) / 900, 138 / 300, (left + 44 + wide) / 900, 154 / 300])
    # The letter, as square as a box of its own: 12 pixels high where the boxes have 30.
    end = round(offered[1][2] * 900)
    cv2.rectangle(picture, (end - 13, 140), (end - 1, 153), (255, 255, 255), -1)
    cv2.rectangle(picture, (end - 13, 140), (end - 1, 153), (60, 60, 60), 1)
    assert [ticked for *_, ticked in tickboxes(picture, offered)] == [True, False]


def options(*things: tuple[str, bool], behind: bool) -> bytes:
    """The note under a line of things to choose from, each with a box before or behind it; these are crossed."""

    def draw(canvas: Canvas) -> None:
        note(canvas)
        x = 60.0
        for text, ticked in things:
            wide = canvas.stringWidth(text, "Helvetica", 11)
            box = x + wide + 4 if behind else x
            canvas.rect(box, 718, 9, 9)
            if ticked:
                canvas.line(box + 1, 719, box + 8, 726)
                canvas.line(box + 1, 726, box + 8, 719)
            canvas.drawString(x if behind else x + 13, 719, text)
            x += wide + 36

    return scan(draw)


GIVEN, BACK, ELSE = "Entrega al cliente (instalación)", "Devolución del cliente (retiro)", "Consulta"


@pytest.mark.parametrize(
    ("ticked", "returned", "behind"),
    [
        ((BACK,), True, False),
        pytest.param((GIVEN,), False, False, marks=pytest.mark.slow),
        pytest.param((GIVEN, BACK), False, False, marks=pytest.mark.slow),
        pytest.param((BACK,), True, True, marks=pytest.mark.slow),
        ((ELSE, GIVEN), False, True),
    ],
    ids=["before, back", "before, forth", "before, both", "behind, back", "behind, forth"],
)
def test_a_box_stands_beside_all_the_words_that_it_offers(
    ticked: tuple[str, ...], returned: bool, *, behind: bool
) -> None:
    things = tuple((text, text in ticked) for text in (ELSE, GIVEN, BACK))
    paper = paper_of(read_one(options(*things, behind=behind)))
    assert (paper.direction is Direction.DEVOLUCION) is returned


@pytest.mark.parametrize(
    ("things", "ticked", "returned"),
    [
        pytest.param(
            ("Devolución del cliente a CNT EP", "Entrega de CNT EP al cliente"), 0, True, marks=pytest.mark.slow
        ),
        (("Devolución del cliente a CNT EP", "Entrega de CNT EP al cliente"), 1, False),
        (("Equipos retirados", "Cliente no entrega equipos", "Cliente ausente"), 0, True),
        pytest.param(
            ("Equipos retirados", "Cliente no entrega equipos", "Cliente ausente"), 1, False, marks=pytest.mark.slow
        ),
        pytest.param(("Instalación", "Retiro por baja", "Reparación", "Visita"), 1, True, marks=pytest.mark.slow),
    ],
    ids=["back", "forth", "picked up", "not given", "two words for one thing"],
)
def test_what_a_form_offers_may_be_worded_in_many_ways(things: tuple[str, ...], ticked: int, returned: bool) -> None:
    paper = paper_of(read_one(options(*((text, at == ticked) for at, text in enumerate(things)), behind=False)))
    assert (paper.direction is Direction.DEVOLUCION) is returned, paper.because


VISIT = ("Ejecutada", "Cliente ausente", "Reprogramada")
BEHIND = ("behind, carried out", "behind, put off", "behind, two")


@pytest.mark.parametrize(
    ("ticked", "returned", "behind"),
    [
        (VISIT[:1], True, False),
        (VISIT[1:2], False, False),
        pytest.param((), False, False, marks=pytest.mark.slow),
        pytest.param(VISIT[:1], True, True, marks=pytest.mark.slow),
        pytest.param(VISIT[2:], False, True, marks=pytest.mark.slow),
        (VISIT[:2], False, True),
    ],
    ids=["before, carried out", "before, nobody there", "before, none", *BEHIND],
)
def test_a_visit_was_carried_out_where_that_box_alone_is_ticked(
    ticked: tuple[str, ...], returned: bool, *, behind: bool
) -> None:
    paper = paper_of(read_one(options(*((text, text in ticked) for text in VISIT), behind=behind)))
    assert (paper.direction is Direction.DEVOLUCION) is returned, paper.because


def test_where_a_value_is_missing_only_lines_that_are_unsure_go_to_the_strong_engine() -> None:
    def without_service(canvas: Canvas) -> None:
        note(canvas)
        canvas.setFillColorRGB(1, 1, 1)
        canvas.rect(55, 612, 300, 14, stroke=0, fill=1)

    reading = read_one(scan(without_service))
    assert isinstance(reading, Document)
    (page,) = reading.pages
    strongly = [witness for witness in page.witnesses if witness.engine is Engine.RAPIDOCR]
    assert dict(reading.seconds)["pages by the strong engine"] == 1
    assert all(witness.regions for witness in strongly)
    assert sum(len(witness.words) for witness in strongly) < len(page.words)


@pytest.mark.parametrize(
    ("kind", "spent", "further"),
    [
        (DocumentKind.OTRO, 9.0, True),
        (DocumentKind.OTRO, 10.5, False),
        (DocumentKind.ACTA, 10.5, True),
        (DocumentKind.ACTA, 60.5, False),
    ],
)
def test_a_page_gets_no_further_look_once_its_mails_documents_have_had_their_seconds(
    kind: DocumentKind, spent: float, further: bool
) -> None:
    page = pixels(pdf(note), 90)[150:330]  # a few lines are a page too
    high, wide = page.shape[:2]
    asked: list[Page] = []

    def judge(one: Page) -> Wanted:
        asked.append(one)
        return Wanted(kind, places=(Box(0.1, 0.1, 0.5, 0.3),))

    with Sight("spa", lambda: Limits(30, 2_000_000_000), judge, before=spent) as looking:
        read, png = looking.page(Frame({"number": 1, "width": wide, "height": high}, (page.tobytes(),)))
    assert read.words
    assert png
    assert bool(read.witnesses) is further
    assert ("strong" in looking.spent) is further


@pytest.mark.parametrize(("spent", "further"), [(9.9, True), (10.5, False)])
def test_a_page_that_nobody_can_read_gets_no_further_look_either_once_the_seconds_are_spent(
    spent: float, further: bool
) -> None:
    page = np.ascontiguousarray(grainy(0)[::2, ::2])
    high, wide = page.shape[:2]
    with Sight("spa", lambda: Limits(60, 2_000_000_000), lambda _: Wanted(DocumentKind.OTRO), before=spent) as looking:
        looking.page(Frame({"number": 1, "width": wide, "height": high}, (page.tobytes(),)))
    assert ("find" in looking.spent) is further
    assert ("strong" in looking.spent) is further


def test_a_blank_page_costs_no_reading() -> None:
    buffer = io.BytesIO()
    noise = np.random.default_rng(3).normal(245, 3, (1400, 1000, 3))
    Image.fromarray(np.clip(noise, 0, 255).astype(np.uint8)).save(buffer, "PNG")
    reading = read_one(buffer.getvalue())
    assert isinstance(reading, Document)
    assert not {"words", "find", "strong"} & dict(reading.seconds).keys()


def test_on_a_banner_lines_are_found_where_they_are_printed() -> None:
    banner = np.ascontiguousarray(pixels(pdf(note), 150)[180:230, :, 0])  # the name of the company: 1240 by 50
    high, wide = banner.shape
    with Cell(sight.STRONG, Limits(30, 2_000_000_000)) as cell:
        (told,) = cell.answers(Frame({"do": "find", "width": wide, "height": high}, (banner.tobytes(),)))
    corners = [corner for line in told.facts["lines"] for corner in line]
    dark = np.argwhere(banner < 128)
    assert dark.size
    assert corners
    assert all(-2 <= y <= high + 2 for _, y in corners)
    assert abs(max(x for x, _ in corners) - dark[:, 1].max()) < 40


def test_the_strong_engine_opens_no_file_once_it_sees_pixels() -> None:
    assert strong.LOCK is Lock.SEALED


@pytest.mark.parametrize(
    ("drawn", "read", "words"),
    [
        ("es 05 726 0626", "es05 7260626", ["es", "05", "726", "0626"]),  # what the engine runs together is parted
        ("SERIE ZTEGC34C769F", "SERIEZTEGC34C769F", ["SERIE", "ZTEGC34C769F"]),
        ("ZTEGC34C769F", "ZTEGC34C769F", ["ZTEGC34C769F"]),
        ("Z T E G C 3 4 C 7", "ZTEGC34C7", ["ZTEGC34C7"]),  # print set wide is no row of words
    ],
)
def test_a_blank_that_the_strong_engine_leaves_out_is_seen_in_the_ink(drawn: str, read: str, words: list[str]) -> None:
    strip, at, places = np.full((strong.STRIP_HEIGHT, 900, 3), 255, np.uint8), 10, []
    for letter in drawn:
        if letter != " ":
            cv2.putText(strip, letter, (at, 36), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (0, 0, 0), 2)
            places.append((at + 10) / 900)
        at += 24
    strip[44:46] = 0  # the rule that is written on
    parted = strong.parted(places, strip)
    letters = read.replace(" ", "")
    cuts = [0, *sorted(parted), len(letters)]
    assert [letters[one:two] for one, two in pairwise(cuts)] == words


def test_a_place_that_is_disputed_is_not_read_twice_in_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    place, looked = Box(0.2, 0.3, 0.4, 0.32), []
    wanted = Wanted(DocumentKind.ACTA, places=(place,), disputed=(place,))
    for name in ("_codes", "_strong_at"):
        monkeypatch.setattr(Sight, name, lambda *_: None)
    monkeypatch.setattr(Sight, "_again_at", lambda _, places: looked.append(places))
    Sight("spa", lambda: Limits(1, 1), lambda _: wanted)._proven(Page(1, 10, 10, Engine.TESSERACT, ()))
    assert looked == [(place,)]


@pytest.mark.parametrize(
    ("base", "change", "moved"), [(0.05, 0.0, True), (0.02, 0.0001, True), (0.0, 0.0, False), (0.008, 0.0, False)]
)
def test_lines_that_climb_are_laid_level_and_a_straight_page_stays_as_it_is(
    base: float, change: float, moved: bool
) -> None:
    high, wide = 1000, 700
    xs = np.array([60.0, 200.0, 350.0, 500.0, 640.0])
    lines = [(np.stack([xs, at + (base + change * at) * (xs - wide / 2)], axis=1), 14.0) for at in range(100, 900, 80)]
    lines.append((np.array([[60.0, 500.0], [300.0, 300.0], [600.0, 90.0]]), 14.0))  # a scribble
    level = laying.levelled(laying.Laid(np.full((high, wide), 255, np.uint8), np.eye(3)), lines)
    assert (level is not None) is moved
    if level is not None:
        bent = [
            (np.stack([xs, at + (1 + 0.6 * (-1) ** number) * 0.05 * (xs - wide / 2)], axis=1), 14.0)
            for number, at in enumerate(range(100, 900, 80))
        ]
        assert laying.levelled(laying.Laid(np.full((high, wide), 255, np.uint8), np.eye(3)), bent) is None
        for places, _ in lines[:-1]:
            there = cv2.perspectiveTransform(places[None].astype(np.float64), level.matrix)[0]
            assert np.ptp(there[:, 1]) < 3


def grainy(turns: int) -> np.ndarray:
    """The note on its table, photographed with little light and lying as somebody held it."""
    blurred = cv2.GaussianBlur(photo(note), (0, 0), 1.6).astype(np.float32)
    grain = cv2.GaussianBlur(np.random.default_rng(3).normal(0, 60, blurred.shape).astype(np.float32), (0, 0), 0.8)
    return np.rot90(np.clip(blurred * 0.55 + grain, 0, 255).astype(np.uint8), turns)


@pytest.mark.parametrize(("turns", "turned"), [pytest.param(2, 180, marks=pytest.mark.slow), (3, 270)])
def test_a_photo_taken_in_poor_light_is_stood_upright_by_what_the_strong_engine_reads(turns: int, turned: int) -> None:
    reading = read_one(jpeg(grainy(turns)))
    assert isinstance(reading, Document)
    assert reading.pages[0].turned == turned
    paper = paper_of(reading)
    assert (paper.kind, value(paper.id_number)) == (DocumentKind.ACTA, "1700000019"), paper


def test_grain_is_no_print_and_an_even_page_has_none() -> None:
    dark, plain = laying.lit(grainy(0)), laying.lit(photo(note))
    assert (dark.grainy, plain.grainy) == (True, False)
    assert len(dark.letters) < 1.5 * len(plain.letters)
    assert laying.laid(dark, 0).grainy


@pytest.mark.parametrize(("untitled", "ways"), [(True, [True, False, True]), (False, [True])])
def test_a_photo_whose_title_may_have_been_cut_off_is_read_uncut_too(
    monkeypatch: pytest.MonkeyPatch, *, untitled: bool, ways: list[bool]
) -> None:
    page = photo(note)
    high, wide = page.shape[:2]
    asked: list[bool] = []
    real = Sight._asked

    def told(self: Sight, what: str, facts: dict[str, object], blobs: tuple[bytes, ...] = ()) -> Frame:
        if what == "read":
            asked.append(facts["cut"] is True)
        return real(self, what, facts, blobs)

    monkeypatch.setattr(Sight, "_asked", told)

    def judge(_: Page) -> Wanted:
        return Wanted(DocumentKind.ACTA, places=(Box(0.1, 0.1, 0.5, 0.3),), untitled=untitled)

    with Sight("spa", lambda: Limits(60, 2_000_000_000), judge) as looking:
        looking.page(Frame({"number": 1, "width": wide, "height": high}, (page.tobytes(),)))
    assert asked == ways


def folded_on_a_bright_table() -> np.ndarray:
    """The note on a sheet whose empty lower part alone stands out: folded, it lies in another light."""
    page = pixels(pdf(note), 170)
    high, wide = page.shape[:2]
    fold = high * 6 // 10
    table = np.full((high + 300, wide + 300, 3), 186, np.uint8)
    table[150:-150, 150:-150] = (page * 0.76).astype(np.uint8)
    table[150 + fold : -150, 150:-150] = (page[fold:] * 0.99).astype(np.uint8)
    noise = np.random.default_rng(5).normal(0, 3, table.shape)
    return np.clip(table + noise, 0, 255).astype(np.uint8)


def test_where_a_fold_was_taken_for_the_edge_of_the_sheet_its_print_is_read_all_the_same() -> None:
    picture = folded_on_a_bright_table()
    assert laying.is_blank(laying.lit(picture)), "what lies below the fold is no longer taken for the sheet"
    reading = read_one(jpeg(picture))
    assert isinstance(reading, Document)
    paper = paper_of(reading)
    assert (paper.kind, value(paper.id_number)) == (DocumentKind.ACTA, "1700000019"), paper
