"""Documents of every format through the real cages: what is read, and how each bad one ends."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import subprocess
import sys
import time
import tomllib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pillow_heif
import pypdfium2
import pytest
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from evidence_daemon.cases.equipment import canonical_serial
from evidence_daemon.config import DocumentsConfig
from evidence_daemon.documents import reader as reader_module
from evidence_daemon.documents import sandbox, tesseract
from evidence_daemon.documents.fields import read_papers
from evidence_daemon.documents.reader import Reader
from evidence_daemon.documents.sight import OCR, Sight
from evidence_daemon.documents.told import words_of
from evidence_daemon.documents.wanting import wanted
from evidence_daemon.errors import BadConfig
from evidence_daemon.model import (
    Attachment,
    Direction,
    Document,
    DocumentKind,
    Engine,
    Fields,
    Reading,
    ReasonCode,
    Sha256,
    Signature,
    Unreadable,
)
from evidence_daemon.rulebook import DocumentsBook

BOOK = DocumentsBook.model_validate(tomllib.loads((Path(__file__).parents[1] / "rules" / "documents.toml").read_text()))
CONFIG = DocumentsConfig()
PDF = "evidence_daemon.documents.pdf"


def digest(content: bytes) -> Sha256:
    return Sha256(hashlib.sha256(content).hexdigest())


def attached(content: bytes, name: str = "acta") -> Attachment:
    return Attachment(name, "application/octet-stream", content, digest(content), "2")


class Kept:
    """Where rasters go: by hash, as the blob store keeps them."""

    def __init__(self) -> None:
        self.pngs: dict[Sha256, bytes] = {}

    def __call__(self, png: bytes) -> Sha256:
        self.pngs[digest(png)] = png
        return digest(png)


def read_one(content: bytes, config: DocumentsConfig = CONFIG, passwords: tuple[str, ...] = ()) -> Reading:
    (reading,) = Reader(config, Kept(), BOOK).read([attached(content)], passwords)
    return reading


def paper_of(reading: Reading) -> Fields:
    assert isinstance(reading, Document), reading
    (paper,) = read_papers([reading], BOOK)
    return paper


def value(field: object) -> str:
    return str(getattr(field, "value", ""))


# ── two layouts of our own ───────────────────────────────────────────────────────────────────────


def note(canvas: Canvas) -> None:
    """A letter with "label: value" lines and a signature."""
    canvas.setFont("Helvetica-Bold", 13)
    canvas.drawString(60, 780, "CORPORACIÓN NACIONAL DE TELECOMUNICACIONES CNT EP")
    canvas.drawString(60, 745, "CONSTANCIA DE DEVOLUCIÓN DE EQUIPOS")
    canvas.setFont("Helvetica", 11)
    lines = [
        "Constancia No.: CD-2021-00417",
        "Fecha: 17 de marzo de 2021",
        "Cliente: PEÑA LOZA MARÍA JOSÉ",
        "Cédula: 1700000019",
        "Número de servicio: 022345678",
        "",
        "El cliente entrega a CNT EP, por retiro definitivo del servicio:",
        "1. ONT Huawei HG8245Q2, serie: HWTCC661499D",
        "2. Control remoto",
    ]
    for at, line in enumerate(lines):
        canvas.drawString(60, 700 - 22 * at, line)
    canvas.line(60, 380, 240, 380)
    canvas.drawString(60, 366, "Firma del cliente")
    canvas.line(330, 380, 510, 380)
    canvas.drawString(330, 366, "Recibí conforme CNT EP")
    scribble(canvas, 80, 385)


def letter(canvas: Canvas) -> None:
    """Words with values that prove themselves, and no title: opened and believed, but not compared with its pixels."""
    canvas.setFont("Helvetica", 11)
    canvas.drawString(60, 700, "Estimados: escribe el titular con documento 1700000019 desde el 17/03/2021, gracias.")


def boxes(canvas: Canvas) -> None:
    """A form of ruled boxes with the labels above the values, and a table."""
    canvas.setFont("Times-Bold", 14)
    canvas.drawCentredString(300, 790, "ACTA DE RETIRO DE EQUIPOS")
    canvas.setFont("Times-Roman", 10)
    canvas.drawCentredString(300, 775, "Corporación Nacional de Telecomunicaciones CNT EP - RUC 1768152560001")
    cells = [
        (50, 720, 300, "NOMBRES Y APELLIDOS", "PEÑA LOZA MARÍA JOSÉ"),
        (350, 720, 200, "CEDULA / RUC", "1700000019"),
        (50, 680, 200, "NO. DE SERVICIO", "022345678"),
        (250, 680, 150, "FECHA", "17/03/2021"),
        (400, 680, 150, "AGENCIA", "CAC Sur"),
    ]
    for x, y, wide, label, text in cells:
        canvas.rect(x, y, wide, 38)
        canvas.setFont("Helvetica", 7)
        canvas.drawString(x + 4, y + 28, label)
        canvas.setFont("Courier", 11)
        canvas.drawString(x + 4, y + 8, text)
    columns = [(50, "EQUIPO"), (200, "MARCA"), (290, "SERIE"), (430, "MAC")]
    rows = [("ONT", "Huawei", "HWTCC661499D", "98F537104F9C"), ("FUENTE DE PODER", "", "", "")]
    canvas.setFont("Helvetica-Bold", 9)
    for x, label in columns:
        canvas.drawString(x + 20, 640, label)
    canvas.setFont("Courier", 10)
    for at, row in enumerate(rows):
        canvas.rect(50, 612 - 20 * at, 500, 20)
        for (x, _), text in zip(columns, row, strict=True):
            canvas.drawString(x + 4, 618 - 20 * at, text)
    canvas.setFont("Helvetica", 9)
    canvas.drawString(60, 440, "ENTREGUÉ CONFORME")
    canvas.drawString(60, 428, "EL CLIENTE")
    canvas.drawString(340, 440, "RECIBÍ CONFORME")
    canvas.drawString(340, 428, "CNT EP")
    scribble(canvas, 70, 455)


def scribble(canvas: Canvas, x: float, y: float) -> None:
    path = canvas.beginPath()
    path.moveTo(x, y)
    for step in range(6):
        path.curveTo(x + 18 * step + 5, y + 34, x + 18 * step + 12, y - 8, x + 18 * step + 18, y + 12)
    canvas.setLineWidth(1.4)
    canvas.drawPath(path)


def pdf(*draw: Callable[[Canvas], None]) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    for page in draw:
        page(canvas)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def pixels(content: bytes, dpi: int) -> np.ndarray:
    return np.asarray(pypdfium2.PdfDocument(content)[0].render(scale=dpi / 72).to_pil().convert("RGB"))


def jpeg(page: np.ndarray, quality: int = 80, orientation: int = 1) -> bytes:
    buffer, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(page).save(buffer, "JPEG", quality=quality, exif=exif)
    return buffer.getvalue()


def scan(draw: Callable[[Canvas], None], dpi: int = 200, skew: float = 0.8) -> bytes:
    page = pixels(pdf(draw), dpi)
    height, width = page.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), skew, 1)
    page = cv2.warpAffine(page, matrix, (width, height), borderValue=(250, 250, 250))
    noise = np.random.default_rng(1).normal(0, 5, page.shape)
    page = np.clip(page * 0.93 + 10 + noise, 0, 255).astype(np.uint8)

    def placed(canvas: Canvas) -> None:
        canvas.drawImage(ImageReader(io.BytesIO(jpeg(page, 70))), 0, 0, *A4)

    return pdf(placed)


def photo(draw: Callable[[Canvas], None]) -> np.ndarray:
    """The sheet on a dark table, in perspective, with a shadow."""
    page = pixels(pdf(draw), 170)
    height, width = page.shape[:2]
    table = np.full((int(height * 1.2), int(width * 1.3), 3), (70, 55, 45), np.uint8)
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    target = np.array([[200, 120], [width + 120, 160], [width + 190, height + 130], [130, height + 180]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, target)
    size = (table.shape[1], table.shape[0])
    sheet = cv2.warpPerspective(page, matrix, size)
    inside = cv2.warpPerspective(np.full(page.shape[:2], 255, np.uint8), matrix, size)
    table[inside > 0] = sheet[inside > 0]
    light = np.linspace(1.0, 0.55, table.shape[1])[None, :, None]
    noise = np.random.default_rng(2).normal(0, 4, table.shape)
    return np.clip(table * light + noise, 0, 255).astype(np.uint8)


@lru_cache(maxsize=1)
def scanned_note() -> tuple[Document, bytes]:
    """The note as a scanner sends it, read once for all who look at it; and its picture for people."""
    kept = Kept()
    (reading,) = Reader(CONFIG, kept, BOOK).read([attached(scan(note))])
    assert isinstance(reading, Document), reading
    (page,) = reading.pages
    assert page.raster is not None
    return reading, kept.pngs[page.raster]


def assert_is_the_acta(paper: Fields) -> None:
    assert (paper.kind, paper.direction, paper.ours) == (DocumentKind.ACTA, Direction.DEVOLUCION, True), paper.because
    assert value(paper.id_number) == "1700000019"
    assert paper.id_number is not None
    assert paper.id_number.proven
    assert value(paper.service_number) == "022345678"
    assert value(paper.date) == "2021-03-17"
    assert [value(line.serial) for line in paper.equipment] == ["HWTCC661499D", ""]
    assert paper.signature is Signature.HALLADA


# ── what is read ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("draw", [note, boxes])
def test_a_text_pdf_is_read_by_its_words_and_its_pixels_are_kept(draw: Callable[[Canvas], None]) -> None:
    kept = Kept()
    (reading,) = Reader(CONFIG, kept, BOOK).read([attached(pdf(draw))])
    assert_is_the_acta(paper_of(reading))
    assert isinstance(reading, Document)
    (page,) = reading.pages
    assert page.engine is Engine.TEXTO
    assert page.raster in kept.pngs
    with Image.open(io.BytesIO(kept.pngs[page.raster])) as shown:
        assert shown.format == "PNG"
        assert shown.size == (page.width, page.height)


def test_a_scanned_form_is_read_by_its_pixels() -> None:
    reading = read_one(scan(boxes))
    assert_is_the_acta(paper_of(reading))
    assert isinstance(reading, Document)
    assert reading.pages[0].engine is Engine.TESSERACT
    assert dict(reading.seconds)["words"] > 0


def test_the_boxes_of_a_scans_words_lie_on_its_print() -> None:
    reading, png = scanned_note()
    assert_is_the_acta(paper_of(reading))
    (page,) = reading.pages
    grey = np.asarray(Image.open(io.BytesIO(png)).convert("L"))
    word = next(word for word in page.words if word.text == "1700000019")
    x0, x1 = int(word.box.x0 * page.width), int(word.box.x1 * page.width)
    y0, y1 = int(word.box.y0 * page.height), int(word.box.y1 * page.height)
    assert grey[y0:y1, x0:x1].min() < 120
    assert 90 / 595 < word.box.x0 < 130 / 595


def test_a_photo_that_lies_on_its_side_is_cut_out_and_stood_upright() -> None:
    reading = read_one(jpeg(np.rot90(photo(note))))
    assert_is_the_acta(paper_of(reading))
    assert isinstance(reading, Document)
    assert reading.pages[0].turned == 90
    assert reading.pages[0].width < reading.pages[0].height


@pytest.mark.parametrize(("orientation", "turns"), [(1, 0), (3, 2), (6, 1), (8, 3)])
def test_a_photo_whose_exif_says_how_it_was_held_is_turned_by_it(orientation: int, turns: int) -> None:
    marked = np.full((400, 300, 3), 255, np.uint8)
    marked[30:90, 20:120] = 0
    kept = Kept()
    (reading,) = Reader(CONFIG, kept, BOOK).read([attached(jpeg(np.rot90(marked, turns), orientation=orientation))])
    assert isinstance(reading, Document)
    (png,) = kept.pngs.values()
    shown = np.asarray(Image.open(io.BytesIO(png)).convert("L"))
    assert shown.shape == (400, 300)
    assert shown[40:80, 30:110].max() < 60
    assert shown[100:].min() > 200


def test_values_that_are_pixels_pasted_over_a_form_of_text_are_read_from_the_pixels() -> None:
    scale = 200 / 72
    clean = pixels(pdf(note), 200)
    numbers = clean[int((842 - 648) * scale) : int((842 - 628) * scale), int(98 * scale) : int(300 * scale)]

    def pasted(canvas: Canvas) -> None:
        canvas.setFont("Helvetica-Bold", 13)
        canvas.drawString(60, 780, "CORPORACIÓN NACIONAL DE TELECOMUNICACIONES CNT EP")
        canvas.drawString(60, 745, "CONSTANCIA DE DEVOLUCIÓN DE EQUIPOS")
        canvas.setFont("Helvetica", 11)
        canvas.drawString(60, 634, "Cédula:")
        canvas.drawString(60, 568, "El cliente entrega a CNT EP los equipos.")
        canvas.drawImage(ImageReader(Image.fromarray(numbers)), 102, 628, 202, 20)

    reading = read_one(pdf(pasted))
    assert isinstance(reading, Document)
    assert reading.pages[0].engine is Engine.TESSERACT
    assert value(paper_of(reading).id_number) == "1700000019"


def picture(kind: str, **how: object) -> bytes:
    buffer = io.BytesIO()
    page = Image.new("RGB", (300, 400), "white")
    page.save(buffer, kind, **how)  # type: ignore[arg-type]
    return buffer.getvalue()


def heic() -> bytes:
    buffer = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (320, 400), "white")).save(buffer)
    return buffer.getvalue()


def jpeg_cmyk() -> bytes:
    buffer = io.BytesIO()
    Image.new("CMYK", (300, 400)).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "media_type", "pages"),
    [
        (lambda: picture("PNG"), "image/png", 1),
        (lambda: picture("WEBP"), "image/webp", 1),
        (lambda: picture("BMP"), "image/bmp", 1),
        (lambda: picture("GIF", save_all=True, append_images=[Image.new("RGB", (300, 400), "red")]), "image/gif", 1),
        (lambda: picture("TIFF", save_all=True, append_images=[Image.new("L", (300, 400), 255)] * 2), "image/tiff", 3),
        (lambda: picture("AVIF"), "image/avif", 1),
        (lambda: picture("JPEG2000"), "image/jp2", 1),
        (heic, "image/heic", 1),
        (jpeg_cmyk, "image/jpeg", 1),
    ],
)
def test_every_format_of_a_phone_or_scanner_is_opened(
    content: Callable[[], bytes], media_type: str, pages: int
) -> None:
    reading = read_one(content())
    assert isinstance(reading, Document), reading
    assert (reading.media_type, len(reading.pages), reading.total_pages) == (media_type, pages, pages)
    assert paper_of(reading).kind is DocumentKind.VACIO


def test_a_photo_of_a_hundred_megapixels_is_decoded_small() -> None:
    buffer = io.BytesIO()
    Image.new("L", (12_000, 9_000), 255).save(buffer, "JPEG")
    reading = read_one(buffer.getvalue())
    assert isinstance(reading, Document), reading
    assert max(reading.pages[0].width, reading.pages[0].height) <= 3600


# ── protected, damaged, too big ──────────────────────────────────────────────────────────────────


def locked(user: str, owner: str = "owner") -> bytes:
    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf(letter))) as document:
        document.save(buffer, encryption=pikepdf.Encryption(user=user, owner=owner))
    return buffer.getvalue()


@pytest.mark.parametrize(("password", "tried"), [("", ()), ("1700000019", ("0900000027", "1700000019"))])
def test_a_pdf_without_a_password_of_its_readers_or_with_the_cedula_as_one_is_opened(
    password: str, tried: tuple[str, ...]
) -> None:
    assert "1700000019" in words_on(read_one(locked(password), passwords=tried))


def words_on(reading: Reading) -> list[str]:
    assert isinstance(reading, Document), reading
    return [word.text for page in reading.pages for word in page.words]


def test_a_pdf_with_another_password_is_protected() -> None:
    reading = read_one(locked("otra"), passwords=("1700000019",))
    assert isinstance(reading, Unreadable)
    assert reading.reason is ReasonCode.ADJUNTO_PROTEGIDO


def bomb() -> bytes:
    """A small page whose content is three deflated streams within one another: 10 GB of blanks."""
    data = zlib.compress(b" " * 10_000_000, 9)
    inner = zlib.compress(data * 1000, 9)
    content = zlib.compress(inner, 9)
    return (
        b"%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R>>endobj\n4 0 obj<</Filter"
        b"[/FlateDecode/FlateDecode/FlateDecode]/Length %d>>stream\n%s\nendstream endobj\ntrailer<</Root 1 0 R>>"
    ) % (len(content), content)


def png_of_size(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\x00" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "reasons"),
    [
        (b"", {ReasonCode.ADJUNTO_VACIO}),
        (b"%PDF-1.7\nnothing of the kind", {ReasonCode.ADJUNTO_DANADO}),
        (b"\xff\xd8\xff\xe0 no picture", {ReasonCode.ADJUNTO_DANADO}),
        (b"\x89PNG\r\n\x1a\n no picture", {ReasonCode.ADJUNTO_DANADO}),
        (b"PK\x03\x04 a document", {ReasonCode.ADJUNTO_DANADO}),
        (b"II*\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00", {ReasonCode.ADJUNTO_DANADO}),
        (png_of_size(60_000, 60_000), {ReasonCode.ADJUNTO_MUY_GRANDE}),
        (png_of_size(3000, 3000), {ReasonCode.ADJUNTO_DANADO}),
    ],
)
def test_a_bad_file_ends_with_its_reason(content: bytes, reasons: set[ReasonCode]) -> None:
    reading = read_one(content)
    assert isinstance(reading, Unreadable)
    assert reading.reason in reasons
    assert reading.detail


def test_half_a_photo_is_damaged() -> None:
    whole = jpeg(np.random.default_rng(1).integers(0, 255, (600, 400, 3), np.uint8).astype(np.uint8))
    reading = read_one(whole[: len(whole) // 2])
    assert isinstance(reading, Unreadable)
    assert reading.reason is ReasonCode.ADJUNTO_DANADO


def test_a_bomb_ends_with_a_named_outcome_in_bounded_time() -> None:
    began = time.monotonic()
    reading = read_one(bomb(), CONFIG.model_copy(update={"max_memory_bytes": 700_000_000, "max_seconds": 30}))
    assert time.monotonic() - began < 45
    assert isinstance(reading, Document) or reading.reason in {ReasonCode.ERROR_INTERNO, ReasonCode.ADJUNTO_DANADO}


def test_of_many_pages_the_first_are_read_and_all_are_counted() -> None:
    reading = read_one(
        pdf(*[lambda canvas: canvas.setPageSize((150, 150))] * 30), CONFIG.model_copy(update={"max_pages": 2})
    )
    assert isinstance(reading, Document)
    assert [page.number for page in reading.pages] == [1, 2]
    assert reading.total_pages == 30


def test_a_page_without_a_size_does_not_spoil_the_others() -> None:
    with pikepdf.open(io.BytesIO(pdf(letter, letter))) as document:
        document.pages[0].MediaBox = pikepdf.Array([0, 0, 0, 0])
        buffer = io.BytesIO()
        document.save(buffer)
    assert "1700000019" in words_on(read_one(buffer.getvalue()))


# ── cells that fail, limits of a mail ────────────────────────────────────────────────────────────


def test_a_reader_that_dies_is_tried_once_more_and_then_a_person_is_asked(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(reader_module._PARSERS, reader_module.Form.PDF, "tests.cell_probe")
    with caplog.at_level(logging.WARNING, "evidence_daemon.documents"):
        reading = read_one(pdf(note))
    assert isinstance(reading, Unreadable)
    assert reading.reason is ReasonCode.ERROR_INTERNO
    assert len(caplog.records) == 2
    assert "1700000019" not in caplog.text


def test_a_document_that_takes_too_long_is_stopped_and_not_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "evidence_daemon.documents"):
        reading = read_one(scan(note), CONFIG.model_copy(update={"max_seconds": 0.7}))
    assert isinstance(reading, Unreadable)
    assert reading.reason is ReasonCode.ERROR_INTERNO
    assert "not done in time" in reading.detail
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    "facts",
    [
        {"number": 1, "width": 10, "height": 10, "words": [], "pictured": 1.0},
        {"number": "1", "width": 5, "height": 5, "words": [], "pictured": 1.0},
        {"number": 1, "width": 5, "height": 5, "words": [["x", "y"]], "pictured": 0.0},
        {"number": 1, "width": 5, "height": 5, "words": 7, "pictured": 0.0},
        {"number": 1, "width": 5, "height": 5, "words": [["x", 0, float("nan"), 1, 1]], "pictured": 0.0},
        {"number": 1, "width": 1 << 40, "height": 5, "words": [], "pictured": 0.0},
    ],
)
def test_what_a_cell_says_is_believed_in_the_right_form_only(facts: dict[str, object]) -> None:
    limits = sandbox.Limits(20, 1_000_000_000)
    with Sight("spa", lambda: limits, lambda page: wanted(page, BOOK)) as sight, pytest.raises(sandbox.CellDied):
        sight.page(sandbox.Frame(facts, (b"\xff" * 75,)))


def test_words_lose_what_would_fool_the_eye() -> None:
    told = [["17\u202e00000019\x00", 0.1, 0.1, 0.2, 0.2], ["\u200b", 0, 0, 0, 0], ["ok", -5, 0.1, 9, 0.2]]
    words = words_of(told)
    assert [word.text for word in words] == ["1700000019", "ok"]
    assert (words[1].box.x0, words[1].box.x1) == (0.0, 1.0)


def test_the_same_file_is_read_once_and_too_many_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    whole = Reader._in_cells

    def counted(self: Reader, attachment: Attachment, *rest: object) -> Reading:
        opened.append(attachment.name)
        return whole(self, attachment, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Reader, "_in_cells", counted)
    one, other = attached(picture("PNG"), "one"), attached(picture("BMP"), "other")
    again = replace(one, name="again")
    readings = Reader(CONFIG.model_copy(update={"max_attachments": 1}), Kept(), BOOK).read([one, again, other])
    assert opened == ["one"]
    assert [reading.name for reading in readings] == ["one", "again", "other"]
    assert isinstance(readings[1], Document)
    assert isinstance(readings[2], Unreadable)
    assert readings[2].reason is ReasonCode.ADJUNTO_MUY_GRANDE


def test_the_daemon_itself_loads_no_parser_of_documents() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import sys, evidence_daemon.documents.reader; print(*sys.modules)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    parsers = {"pypdfium2", "pdfplumber", "PIL", "cv2", "pikepdf", "pillow_heif", "pytesseract", "rapidocr", "olefile"}
    assert not (parsers | {"tnefparse", "pyhanko"}) & set(told.stdout.split())


@pytest.fixture
def _own_nurseries(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What reads and opens PDFs is born anew for the test; the nurseries of others are left alone."""
    others = {key: nursery for key, nursery in sandbox._nurseries.items() if key[1] not in (OCR, PDF)}
    mine = dict(others)
    monkeypatch.setattr(sandbox, "_nurseries", mine)
    yield
    for key, nursery in mine.items():
        if key not in others:
            nursery.close()


def in_memory() -> int:
    """Bytes of this process that lie in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_pages_of_pixels_leave_the_daemons_memory_as_it_was() -> None:
    reader = Reader(CONFIG, Kept(), BOOK)
    held = []
    for number in range(6):
        buffer = io.BytesIO()
        Image.new("L", (2400, 3200), 250 - number).save(buffer, "PNG")  # 23 MB of pixels pass through
        (reading,) = reader.read([attached(buffer.getvalue())])
        assert isinstance(reading, Document)
        held.append(in_memory())
    assert max(held[1:]) - held[0] < 15_000_000, held


# ── check ────────────────────────────────────────────────────────────────────────────────────────


def test_a_machine_that_can_read_passes_the_check() -> None:
    Reader(CONFIG, Kept(), BOOK).check()


def test_a_missing_language_is_told_with_its_package() -> None:
    with pytest.raises(BadConfig, match="apt-get install tesseract-ocr-que"):
        Reader(CONFIG.model_copy(update={"languages": "spa+que"}), Kept(), BOOK).check()


def test_tesseract_reads_the_same_as_a_library_and_as_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    grey = cv2.cvtColor(pixels(pdf(note), 200), cv2.COLOR_RGB2GRAY)
    lines = grey[: grey.shape[0] // 3]
    over = np.ascontiguousarray(np.rot90(grey, 2))
    assert tesseract._library() is not None
    read, turned = tesseract.words(lines, "spa", 4), tesseract.orientation(over)
    assert {"CONSTANCIA", "CD-2021-00417", "1700000019"} <= {word for word, *_ in read}
    assert turned is not None
    assert turned[0] == 180
    monkeypatch.setattr(tesseract, "_library", lambda: None)
    assert tesseract.words(lines, "spa", 4) == read
    other = tesseract.orientation(over)
    assert other is not None
    assert other == pytest.approx(turned, abs=0.01)


@pytest.mark.usefixtures("_own_nurseries")
def test_a_missing_tesseract_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadConfig, match="apt-get install tesseract-ocr "):
        Reader(CONFIG, Kept(), BOOK).check()


@pytest.mark.usefixtures("_own_nurseries")
def test_a_cage_that_cannot_lock_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    boot = sandbox._BOOT.replace("main(int(", "import platform; platform.machine = lambda: 'pdp11'; main(int(")
    monkeypatch.setattr(sandbox, "_BOOT", boot)
    with pytest.raises(BadConfig, match="pdp11"):
        Reader(CONFIG, Kept(), BOOK).check()


# ── the samples, where they are ──────────────────────────────────────────────────────────────────


def _samples() -> Path | None:
    beside = os.environ.get("EVIDENCE_TEST_DATA")
    places = [Path(__file__).parents[2] / "shared" / "examples" / "actas"]
    places += [Path(beside).parent / "examples" / "actas"] if beside else []
    return next((place for place in places if (place / "truth.jsonl").is_file()), None)


def _truth(chosen: Callable[[dict[str, str]], bool]) -> list[dict[str, object]]:
    folder = _samples()
    if folder is None:
        pytest.skip("no sample actas beside the project (../shared/examples/actas, or EVIDENCE_TEST_DATA)")
    lines = map(json.loads, (folder / "truth.jsonl").read_text().splitlines())
    return [line for line in lines if chosen(line)]


def _papers(name: str) -> tuple[Fields, ...]:
    folder = _samples()
    assert folder is not None
    return read_papers([read_one((folder / name).read_bytes())], BOOK)


def _acceptable(paper: Fields) -> bool:
    right_paper = paper.kind is DocumentKind.ACTA and paper.direction is Direction.DEVOLUCION and paper.ours
    return right_paper and paper.signature is Signature.HALLADA


def _assert_read_well(truths: list[dict[str, object]], share: float) -> None:
    right = total = 0
    for truth in truths:
        said: dict[str, object] = truth["campos"]  # type: ignore[assignment]
        papers = _papers(str(truth["archivo"]))
        acta = next((paper for paper in papers if paper.kind is DocumentKind.ACTA), papers[0])
        assert _acceptable(acta), truth["archivo"]
        serials = {canonical_serial(e["serie"]) for e in said["equipos"] if e["serie"]}  # type: ignore[attr-defined]
        found = {canonical_serial(line.serial.value) for line in acta.equipment if line.serial}
        checks = [value(acta.id_number) == said["cliente_doc"], value(acta.service_number) == said["servicio_numero"]]
        checks += [serial in found for serial in serials]
        right, total = right + sum(checks), total + len(checks)
        for field, printed in ((acta.id_number, said["cliente_doc"]), (acta.service_number, said["servicio_numero"])):
            assert field is None or not field.proven or field.value == printed, truth["archivo"]
    assert right >= share * total, f"{right} of {total}"


def test_a_clean_sample_is_read_well_and_another_refused() -> None:
    _assert_read_well(_truth(lambda t: t["archivo"] in {"p000001.pdf"}), 1.0)
    for truth in _truth(lambda t: t["archivo"] in {"n000000.pdf"}):
        assert not any(map(_acceptable, _papers(str(truth["archivo"])))), truth["archivo"]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_clean_and_scanned_samples_are_read_well() -> None:
    clean = _truth(
        lambda t: t["clase"] == "acta" and (t["degradacion"] == "digital" or t["degradacion"].startswith("escaneo"))
    )
    _assert_read_well(clean, 0.85)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_no_paper_that_must_not_be_accepted_is_taken_for_a_return_acta_of_ours() -> None:
    for truth in _truth(lambda t: t["archivo"].startswith("n")):
        assert not any(map(_acceptable, _papers(str(truth["archivo"])))), truth["archivo"]
