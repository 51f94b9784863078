"""What files tell of their making, and how pages look: on real files, drawn and edited here."""

# ruff: noqa: E501  (rows of tables)

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from reportlab.pdfgen.canvas import Canvas

from evidence_daemon.documents.likeness import distance, look
from evidence_daemon.documents.provenance import origin_of
from evidence_daemon.model import Origin, Sha256
from evidence_daemon.workdays import ECUADOR


def digest(raw: bytes) -> Sha256:
    return Sha256(hashlib.sha256(raw).hexdigest())


def paper(serial: str, *, seed: int = 1, size: tuple[int, int] = (1240, 1754)) -> Image.Image:
    """A scanned form with a serial written in, with the grain of its own scan."""
    image = Image.new("L", size, 250)
    draw = ImageDraw.Draw(image)
    chance = np.random.default_rng(seed)
    for row in range(40):
        for column in range(int(chance.integers(3, 12))):
            left, top = 90 + column * 95, 80 + row * 40
            draw.rectangle(
                (left, top, left + int(chance.integers(20, 85)), top + 14), fill=int(chance.integers(20, 90))
            )
    draw.text((200, 900), serial, fill=10, font_size=40)
    noisy = np.asarray(image, dtype=np.int16) + chance.normal(0, 6, (size[1], size[0])).astype(np.int16)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def jpeg(image: Image.Image, quality: int = 85, **exif: str) -> bytes:
    tags = Image.Exif()
    for number, value in {"make": 0x010F, "model": 0x0110, "software": 0x0131, "changed": 0x0132}.items():
        if number in exif:
            tags[value] = exif[number]
    if "taken" in exif:
        tags.get_ifd(0x8769)[0x9003] = exif["taken"]
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, exif=tags)
    return out.getvalue()


def wrapped(raw: bytes) -> bytes:
    """A PDF with a JPEG in it as it is."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(595, 842))
    width, height = Image.open(io.BytesIO(raw)).size
    picture = pdf.make_stream(
        raw, Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=width, Height=height,
        ColorSpace=pikepdf.Name.DeviceGray, BitsPerComponent=8, Filter=pikepdf.Name.DCTDecode,
    )  # fmt: skip
    page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=picture))
    page.obj.Contents = pdf.make_stream(b"q 595 0 0 842 0 0 cm /Im0 Do Q")
    out = io.BytesIO()
    pdf.save(out, compress_streams=False)
    return out.getvalue()


def test_the_same_photo_in_a_new_pdf_is_the_same_picture() -> None:
    raw = jpeg(paper("HWTC3F321126"))
    assert origin_of(raw, digest(raw)).images == (digest(raw),)
    pdf = wrapped(raw)
    assert origin_of(pdf, digest(pdf)).images == (digest(raw),)
    assert digest(pdf) != digest(raw)


def test_logos_and_stamps_are_no_pictures_of_papers() -> None:
    pdf = wrapped(jpeg(paper("x", size=(600, 400))))
    assert origin_of(pdf, digest(pdf)).images == ()


def test_a_photo_tells_its_camera_its_program_and_when() -> None:
    raw = jpeg(paper("x"), make="motorola", model="moto g20", software="Snapseed 2.19", taken="2020:05:12 10:20:30", changed="2021:04:01 09:00:00")  # fmt: skip
    told = origin_of(raw, digest(raw))
    assert (told.device, told.program) == ("motorola moto g20", "Snapseed 2.19")
    assert told.made_at == datetime(2020, 5, 12, 10, 20, 30, tzinfo=ECUADOR)
    assert told.changed_at == datetime(2021, 4, 1, 9, tzinfo=ECUADOR)
    assert origin_of(jpeg(paper("x"), make="Samsung", model="Samsung A12"), Sha256("a")).device == "Samsung A12"


def drawn() -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, invariant=0)
    canvas.setCreator("Sistema comercial")
    canvas.drawString(100, 700, "ACTA")
    canvas.save()
    return out.getvalue()


def test_a_pdf_tells_its_program_its_dates_and_how_often_it_was_saved_over_itself() -> None:
    raw = drawn()
    told = origin_of(raw, digest(raw))
    assert "Sistema comercial" in told.program
    assert told.made_at is not None
    assert abs(told.made_at - datetime.now(UTC)) < timedelta(days=1)
    assert told.updates == 0
    again = raw + b"\n9 0 obj\n<< /ModDate (D:20210401090000-05'00') /Producer (GIMP 2.10) >>\nendobj\n%%EOF\n"
    told = origin_of(again, digest(again))
    assert told.updates == 1
    assert told.changed_at == datetime(2021, 4, 1, 9, tzinfo=ECUADOR)
    assert "GIMP 2.10" in told.program


def test_a_pdf_laid_out_for_the_web_was_not_saved_over_itself() -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(drawn())) as pdf:
        pdf.save(out, linearize=True)
    assert origin_of(out.getvalue(), Sha256("a")).updates == 0


@pytest.mark.parametrize("raw", [b"", b"%PDF-1.4", b"\xff\xd8\xff", b"\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II*\x00\xff\xff\xff\xff", b"hola"])  # fmt: skip
def test_what_is_cut_or_damaged_tells_nothing_and_breaks_nothing(raw: bytes) -> None:
    told = origin_of(raw, digest(raw))
    assert (told.made_at, told.program, told.device) == (None, "", "")


@given(st.sampled_from([b"%PDF-1.4 ", b"\xff\xd8\xff\xe1", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe1\x00\x10Exif\x00\x00MM\x00*"]), st.binary(max_size=400))  # fmt: skip
def test_any_bytes_are_looked_at_without_an_error(head: bytes, rest: bytes) -> None:
    assert isinstance(origin_of(head + rest, Sha256("a")), Origin)


# ── looks ────────────────────────────────────────────────────────────────────────────────────────


def seen(image: Image.Image) -> str:
    return look(np.asarray(image))


def photographed(serial: str, seed: int) -> Image.Image:
    """A paper lying on a table of its own, seen from a place of its own, in a light of its own."""
    chance = np.random.default_rng(seed)
    table = cv2.resize(chance.integers(40, 170, (12, 9), dtype=np.uint8), (1200, 1600), interpolation=cv2.INTER_CUBIC)
    sheet = np.asarray(paper(serial, seed=1).resize((900, 1273)))
    corners = np.array([[0, 0], [900, 0], [900, 1273], [0, 1273]], dtype=np.float32)
    seen_at = corners + np.array([150, 160], dtype=np.float32) + chance.normal(0, 45, (4, 2)).astype(np.float32)
    turn = cv2.getPerspectiveTransform(corners, seen_at)
    laid = cv2.warpPerspective(sheet, turn, (1200, 1600))
    mask = cv2.warpPerspective(np.full_like(sheet, 255), turn, (1200, 1600))
    light = np.linspace(float(chance.uniform(0.6, 1)), float(chance.uniform(0.6, 1)), 1200)
    return Image.fromarray((np.where(mask > 0, laid, table) * light[None, :]).astype(np.uint8))


def test_the_same_photo_sent_again_smaller_and_pressed_harder_looks_the_same() -> None:
    photo = photographed("HWTC3F321126", 5)
    mine = seen(photo)
    assert distance(mine, seen(photo.resize((600, 800)))) <= 4
    assert distance(mine, seen(Image.open(io.BytesIO(jpeg(photo, quality=35))))) <= 4


def test_the_same_photo_with_its_serial_edited_is_found_within_ten_bits() -> None:
    assert distance(seen(photographed("HWTC3F321126", 5)), seen(photographed("ZTEGC3BA5A72", 5))) <= 10


def test_one_form_photographed_by_many_customers_differs_in_many_more_bits() -> None:
    looks = [seen(photographed(f"HWTC3F3211{seed:02d}", seed)) for seed in range(12)]
    nearest = min(distance(one, other) for at, one in enumerate(looks) for other in looks[:at])
    assert nearest >= 18


def test_scans_screenshots_and_blank_pages_have_no_look_for_the_form_is_what_is_alike() -> None:
    assert seen(paper("HWTC3F321126")) == ""
    assert seen(Image.new("L", (400, 600), 255)) == ""
    banner = paper("x")
    ImageDraw.Draw(banner).rectangle((0, 0, 1240, 90), fill=40)
    assert seen(banner) == "", "a dark letterhead makes no photo of it"


def test_colours_are_seen_as_grey() -> None:
    photo = photographed("x", 3)
    coloured = cv2.cvtColor(np.asarray(photo), cv2.COLOR_GRAY2RGB)
    assert distance(look(coloured), seen(photo)) == 0
