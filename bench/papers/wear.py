"""What becomes of a page before it is attached: scanned, faxed, photographed, sent through a messenger.

Every way takes a PDF and gives the files that a customer would attach (name ending, bytes).  The same seed
gives the same bytes.  The rule for the worst of them: a person can still read every value.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pypdfium2
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

Pixels = NDArray[np.uint8]
"""rows × columns × RGB"""
Floats = NDArray[np.float32]
File = tuple[str, bytes]
Tint = tuple[float, float, float]


def rasters(pdf: bytes, dpi: float) -> list[Pixels]:
    """The pages as pixels."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [
            np.asarray(document[page].render(scale=dpi / 72).to_pil().convert("RGB"), dtype=np.uint8)
            for page in range(len(document))
        ]
    finally:
        document.close()


def _clip(values: Any) -> Pixels:
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def _jpeg(pixels: Pixels, quality: int, exif_turn: int = 1) -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    if exif_turn != 1:
        exif[0x0112] = exif_turn
    Image.fromarray(pixels).save(out, "JPEG", quality=quality, exif=exif)
    return out.getvalue()


# ── on the glass ─────────────────────────────────────────────────────────────────────────────────


def _scanned(page: Pixels, dpi: int, chance: np.random.Generator) -> Floats:
    """One page on the glass: askew, its lamp uneven, specks, sometimes a stripe of dust."""
    rows, columns = page.shape[:2]
    askew = cv2.getRotationMatrix2D((columns / 2, rows / 2), float(chance.uniform(-1.4, 1.4)), 1.0)
    askew[:, 2] += chance.uniform(-0.008, 0.008, 2) * columns
    grey = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)
    laid = cv2.warpAffine(grey, askew, (columns, rows), flags=cv2.INTER_CUBIC, borderValue=(252,)).astype(np.float32)
    laid = cv2.GaussianBlur(laid, (0, 0), float(chance.uniform(0.35, 0.6)) * dpi / 200).astype(np.float32)
    low, high = chance.uniform(10, 45), chance.uniform(238, 252)
    laid = low + laid * ((high - low) / 255)
    laid *= np.linspace(1, chance.uniform(0.93, 1.0), columns, dtype=np.float32)[None, :]
    if chance.random() < 0.35:
        at = int(chance.integers(columns // 20, columns - columns // 20))
        laid[:, at : at + max(1, dpi // 150)] *= 0.78
    specks = rows * columns // 60_000
    laid[chance.integers(0, rows, specks), chance.integers(0, columns, specks)] = 80
    noise = chance.normal(0, chance.uniform(2, 5), (rows, columns)).astype(np.float32)
    return laid + noise


def _bound(pictures: list[bytes], sizes: list[tuple[float, float]]) -> bytes:
    """Pictures as pages of one PDF, with sizes in points."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=sizes[0], invariant=1)
    canvas.setProducer("Escáner de oficina")
    for picture, size in zip(pictures, sizes, strict=True):
        canvas.setPageSize(size)
        canvas.drawImage(ImageReader(io.BytesIO(picture)), 0, 0, *size)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def scan(dpi: int) -> Callable[[bytes, int, Tint], list[File]]:
    """A PDF of grey JPEGs, one for each page."""

    def way(pdf: bytes, seed: int, _: Tint) -> list[File]:
        chance = np.random.default_rng(seed)
        pages = rasters(pdf, dpi)
        quality = int(chance.integers(45, 80))
        pictures = [_jpeg(_clip(_scanned(page, dpi, chance)), quality) for page in pages]
        return [(".pdf", _bound(pictures, [(p.shape[1] * 72 / dpi, p.shape[0] * 72 / dpi) for p in pages]))]

    return way


def black_and_white(pdf: bytes, seed: int, _: Tint) -> list[File]:
    """Scanned at 300 dpi into pure black and white: what copiers send by mail."""
    chance = np.random.default_rng(seed)
    pages = rasters(pdf, 300)
    bits = [
        Image.fromarray(_clip(_scanned(page, 300, chance))).point(lambda v: 255 * (v > 150)).convert("1")
        for page in pages
    ]
    out = io.BytesIO()
    bits[0].save(out, "TIFF", save_all=True, append_images=bits[1:], compression="group4", dpi=(300, 300))
    return [(".tif", out.getvalue())]


def fax(pdf: bytes, seed: int, _: Tint) -> list[File]:
    """Fine mode: 204 by 196 dots an inch, black and white, a line lost here and there."""
    chance = np.random.default_rng(seed)
    bits = []
    for page in rasters(pdf, 200):
        laid = _scanned(page, 200, chance)
        laid = cv2.GaussianBlur(laid, (0, 0), 0.5).astype(np.float32)
        rows = laid.shape[0]
        for at in chance.integers(0, rows - 3, rows // 500):
            laid[at] = laid[at + 1]
        dust = chance.random(laid.shape) < 0.0006
        laid[dust] = 255 - laid[dust]
        bits.append(Image.fromarray(_clip(laid)).point(lambda v: 255 * (v > 165)).convert("1"))
    out = io.BytesIO()
    bits[0].save(out, "PDF", save_all=True, append_images=bits[1:], resolution=200)
    # Pillow writes the time of day into a PDF; the same seed shall give the same bytes.
    return [(".pdf", _undated(out.getvalue()))]


def _undated(pdf: bytes) -> bytes:
    return re.sub(rb"\(D:\d{14}Z?\)", lambda m: b"(D:" + b"20200101000000" + m[0][17:], pdf)


def text(pdf: bytes, _: int, __: Tint) -> list[File]:
    """As the business program saved it."""
    return [(".pdf", pdf)]


# ── under the camera ─────────────────────────────────────────────────────────────────────────────


def _background(rows: int, columns: int, chance: np.random.Generator) -> Floats:
    """Wood, a beige cloth, a carpet, a dark desk, tiles: RGB."""
    kind = int(chance.integers(0, 6))
    if kind in {0, 1}:
        grain = cv2.resize(
            chance.normal(0, 1, (max(2, rows // 18), 3)).astype(np.float32),
            (columns, rows),
            interpolation=cv2.INTER_CUBIC,
        )
        fine = cv2.resize(
            chance.normal(0, 1, (rows // 2, 12)).astype(np.float32), (columns, rows), interpolation=cv2.INTER_CUBIC
        )
        colour = np.array([(138, 92, 56), (176, 136, 96)][kind], np.float32)
        return np.asarray(colour * (1 + 0.14 * grain + 0.05 * fine)[..., None], np.float32)
    if kind == 2:
        weave = 6 * np.sin(np.arange(columns) * 1.1)[None, :] + 6 * np.sin(np.arange(rows) * 1.1)[:, None]
        return np.asarray(np.array([222, 208, 182], np.float32) + weave[..., None], np.float32)
    if kind == 3:
        tuft = cv2.GaussianBlur(chance.normal(0, 60, (rows, columns)).astype(np.float32), (0, 0), 2.5) * 3
        return np.asarray(np.array([128, 112, 104], np.float32) + tuft[..., None], np.float32)
    if kind == 4:
        dust = cv2.GaussianBlur(chance.normal(0, 30, (rows, columns)).astype(np.float32), (0, 0), 1.5)
        return np.asarray(np.array([44, 42, 46], np.float32) + dust[..., None], np.float32)
    side = columns // 5
    y, x = np.mgrid[0:rows, 0:columns]
    joint = ((y % side) < 8) | ((x % side) < 8)
    cloud = cv2.resize(
        chance.normal(0, 9, (rows // 60 + 2, columns // 60 + 2)).astype(np.float32),
        (columns, rows),
        interpolation=cv2.INTER_CUBIC,
    )
    return np.asarray(
        (np.array([198, 190, 178], np.float32) + cloud[..., None]) * (1 - 0.35 * joint[..., None]), np.float32
    )


def _softened(mask: Floats, sigma: float) -> Floats:
    """A wide blur, done small: a shadow's edge needs no fine pixels."""
    rows, columns = mask.shape
    less = max(1, int(sigma / 4))
    small = cv2.resize(mask, (max(1, columns // less), max(1, rows // less)), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), sigma / less)
    return np.asarray(cv2.resize(blurred, (columns, rows), interpolation=cv2.INTER_LINEAR), np.float32)


def _handled(page: Pixels, hard: float, tint: Tint, chance: np.random.Generator) -> Floats:
    """The sheet itself: its colour, folds, waves of light over it."""
    rows, columns = page.shape[:2]
    sheet = page.astype(np.float32) * np.array(tint, np.float32)
    waves = cv2.resize(chance.normal(0, 1, (6, 5)).astype(np.float32), (columns, rows), interpolation=cv2.INTER_CUBIC)
    sheet *= (1 + (0.01 + 0.035 * hard) * waves)[..., None]
    if chance.random() < 0.25 + 0.6 * hard:
        folds = [(0, 0.5)] if chance.random() < 0.5 else [(0, 1 / 3), (0, 2 / 3)]
        if chance.random() < 0.5 * hard:
            folds.append((1, 0.5))
        for axis, share in folds:
            length = (rows, columns)[axis]
            along = (np.arange(length) - length * (share + float(chance.uniform(-0.02, 0.02)))) / (0.01 * length)
            dent = (np.exp(-np.abs(along)) * np.sign(along) * 0.16 * (0.4 + hard)).astype(np.float32)
            sheet *= (1 + (dent[:, None] if axis == 0 else dent[None, :]))[..., None]
    return np.asarray(sheet, np.float32)


def _bent(sheet: Floats, hard: float, chance: np.random.Generator) -> Floats:
    """A sheet that does not lie flat: rows shift by a slow wave."""
    rows, columns = sheet.shape[:2]
    swing = columns * (0.001 + 0.006 * hard) * float(chance.uniform(0.4, 1))
    phase, turns = float(chance.uniform(0, 6.3)), float(chance.uniform(0.4, 0.9))
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    wave = (swing * np.sin(phase + x / columns * 2 * math.pi * turns)).astype(np.float32)
    return np.asarray(cv2.remap(sheet, x, y + wave, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _on_table(page: Pixels, hard: float, tint: Tint, long_side: int, chance: np.random.Generator) -> Pixels:
    """The sheet on a table under a hand-held camera; `hard` from 0 to 1."""
    sheet = _bent(_handled(page, hard, tint, chance), hard, chance)
    rows, columns = sheet.shape[:2]
    tall = rows >= columns
    height, width = (long_side, long_side * 3 // 4) if tall else (long_side * 3 // 4, long_side)
    margin = float(chance.uniform(0.03, 0.06))
    scale = min(width * (1 - 2 * margin) / columns, height * (1 - 2 * margin) / rows)
    half = np.array([columns * scale / 2, rows * scale / 2], np.float32)
    angle = math.radians(float(chance.uniform(-1, 1)) * (1.5 + 4.5 * hard))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]], np.float32)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32) * half
    corners *= (1 + chance.uniform(-1, 0.2, (4, 2)) * (0.012 + 0.06 * hard)).astype(np.float32)
    corners = corners @ turn.T
    # Whatever the turn: the whole sheet stays in the picture.
    reach = float(np.max(np.abs(corners) / np.array([width / 2, height / 2], np.float32)))
    corners = corners / max(1.0, reach / 0.985) + np.array([width / 2, height / 2], np.float32)
    edges = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    view = cv2.getPerspectiveTransform(edges, corners.astype(np.float32))
    seen = cv2.warpPerspective(sheet, view, (width, height), flags=cv2.INTER_AREA).astype(np.float32)
    mask = cv2.warpPerspective(np.full((rows, columns), 1, np.float32), view, (width, height))
    shade = _softened(np.roll(mask, (long_side // 130, long_side // 150), (0, 1)), long_side / 150)
    picture = _background(height, width, chance) * (1 - 0.45 * shade[..., None])
    picture = picture * (1 - mask[..., None]) + seen * mask[..., None]
    picture *= _lamp(height, width, hard, chance)
    if chance.random() < 0.15 + 0.35 * hard:
        _finger(picture, np.asarray(corners, np.float32), chance)
    return _exposed(picture, hard, long_side, chance)


def _lamp(height: int, width: int, hard: float, chance: np.random.Generator) -> Floats:
    """Colour and fall of the light, and the shadow of whoever holds the telephone."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    angle = float(chance.uniform(0, 2 * math.pi))
    along = math.cos(angle) * (x / width - 0.5) + math.sin(angle) * (y / height - 0.5)
    light = 1 - (0.08 + 0.3 * hard) * (along + 0.7) / 1.4
    if chance.random() < 0.2 + 0.7 * hard:
        slope, offset = float(chance.uniform(-0.8, 0.8)), float(chance.uniform(0.35, 0.8))
        inside = (y / height > offset + slope * (x / width - 0.5)).astype(np.float32)
        soft = _softened(inside, max(height, width) * float(chance.uniform(0.008, 0.03)))
        light = light * (1 - (0.18 + 0.3 * hard) * soft)
    white = np.array([1.0, chance.uniform(0.95, 0.99), chance.uniform(0.82, 0.98)], np.float32)
    return np.asarray(light[..., None] * white, np.float32)


def _finger(picture: Floats, corners: Floats, chance: np.random.Generator) -> None:
    """A thumb that holds the sheet at its left or right edge, half on the table; it covers the margin only."""
    height, width = picture.shape[:2]
    upper, lower = (corners[0], corners[3]) if chance.random() < 0.5 else (corners[1], corners[2])
    at = upper + (lower - upper) * float(chance.uniform(0.35, 0.9))
    inward = 1 if at[0] < width / 2 else -1
    long, thick = max(width, height) * 0.055, max(width, height) * 0.021
    centre = (int(at[0] - inward * long * 0.72), int(at[1]))
    mask = np.zeros((height, width), np.float32)
    cv2.ellipse(mask, centre, (int(long), int(thick)), float(chance.uniform(-18, 18)), 0, 360, (1.0,), -1)
    mask = _softened(mask, thick * 0.08)
    skin = np.array([172, 122, 96], np.float32) * float(chance.uniform(0.75, 1.1))
    glow = _softened(mask, thick * 0.4)[..., None]
    picture *= 1 - 0.25 * glow
    picture *= (1 - mask)[..., None]
    picture += skin * mask[..., None] * (0.7 + 0.3 * glow)


def _exposed(picture: Floats, hard: float, long_side: int, chance: np.random.Generator) -> Pixels:
    """Lens, sensor: out of focus, moved, noise, weak contrast."""
    fine = long_side / 1700
    picture = cv2.GaussianBlur(picture, (0, 0), (0.45 + 0.45 * hard) * fine).astype(np.float32)
    if hard > 0.3 and chance.random() < 0.5:
        length = max(2, round(2.6 * hard * fine))
        kernel = np.zeros((length * 2 + 1, length * 2 + 1), np.float32)
        angle = float(chance.uniform(0, math.pi))
        reach = (length / 2 * math.cos(angle), length / 2 * math.sin(angle))
        cv2.line(
            kernel,
            (round(length - reach[0]), round(length - reach[1])),
            (round(length + reach[0]), round(length + reach[1])),
            (1.0,),
            1,
        )
        picture = cv2.filter2D(picture, -1, kernel / kernel.sum()).astype(np.float32)
    picture = picture * (1 - 0.12 * hard) + 14 * hard
    grain = chance.normal(0, 1.5 + 4.5 * hard, picture.shape[:2]).astype(np.float32)
    return _clip(picture + cv2.GaussianBlur(grain, (0, 0), 0.6)[..., None] * 1.6)


def _written(page: Pixels) -> Pixels:
    """The page without what is blank below its last line."""
    rows = np.flatnonzero(np.min(page, axis=(1, 2)) < 200)
    return page[: min(page.shape[0], int(rows[-1] * 1.04) + 1)] if rows.size else page


_EXIF = {0: 1, 90: 6, 180: 3, 270: 8}
"""What a camera notes so that viewers turn the picture by so many degrees clockwise."""


def _held(picture: Pixels, chance: np.random.Generator, quality: int, often: float) -> File:
    """The file of a photo: upright; or turned, with or without a note of it."""
    if chance.random() >= often:
        return ".jpg", _jpeg(picture, quality)
    turn = int(chance.choice([90, 180, 270]))
    raw = np.ascontiguousarray(np.rot90(picture, turn // 90))
    return ".jpg", _jpeg(raw, quality, _EXIF[turn] if chance.random() < 0.6 else 1)


_PHOTOS: dict[str, tuple[float, float, int, int, int, int, float]] = {
    # hardness from, to; long side from, to; JPEG quality from, to; how often turned
    "ligera": (0.05, 0.2, 2700, 3500, 78, 92, 0.25),
    "media": (0.35, 0.55, 2000, 2500, 60, 80, 0.35),
    "dura": (0.75, 1.0, 1650, 1900, 48, 66, 0.5),
}


def photo(grade: str, parts: int = 1) -> Callable[[bytes, int, Tint], list[File]]:
    """Photos of the first page: one, or `parts` from top to bottom with an overlap of a sixth."""
    low, high, small, big, poor, good, often = _PHOTOS[grade]

    def way(pdf: bytes, seed: int, tint: Tint) -> list[File]:
        chance = np.random.default_rng(seed)
        long_side = int(chance.integers(small, big))
        page = rasters(pdf, 72)[0]
        if parts > 1:
            page = _written(page)
        dpi = 72 * long_side / max(page.shape[0] / parts * 1.15, page.shape[1])
        page = rasters(pdf, min(dpi * 1.1, 420))[0]
        if parts > 1:
            page = _written(page)
        rows = page.shape[0]
        files = []
        for part in range(parts):
            top, bottom = (part - 0.09) / parts, (part + 1.09) / parts
            cut = page[round(max(0.0, top) * rows) : round(min(1.0, bottom) * rows)]
            shot = _on_table(cut, float(chance.uniform(low, high)), tint, long_side, chance)
            files.append(_held(shot, chance, int(chance.integers(poor, good)), often))
        return files

    return way


def chat(pdf: bytes, seed: int, tint: Tint) -> list[File]:
    """A screenshot of a messenger: the photo of the paper in a bubble, 1,080 dots wide, bars above and below."""
    chance = np.random.default_rng(seed)
    page = rasters(pdf, 72)[0]
    dpi = 72 * 1700 / max(page.shape[:2])
    shot = _on_table(rasters(pdf, dpi)[0], float(chance.uniform(0.05, 0.2)), tint, 1500, chance)
    if shot.shape[1] > shot.shape[0]:
        shot = np.ascontiguousarray(np.rot90(shot))  # who takes a sheet across holds the telephone across
    shot = cv2.resize(shot, (1064, round(shot.shape[0] * 1064 / shot.shape[1])), interpolation=cv2.INTER_AREA).astype(
        np.uint8
    )
    screen = Image.new("RGB", (1080, max(2280, shot.shape[0] + 520)), (11, 20, 26))
    pen = ImageDraw.Draw(screen)
    face = "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf"
    large, small = ImageFont.truetype(face, 44), ImageFont.truetype(face, 30)
    pen.text((40, 24), f"{8 + seed % 12}:{10 + seed % 50}", font=small, fill=(235, 235, 235))
    pen.text((860, 24), "4G   63 %", font=small, fill=(235, 235, 235))
    pen.text((110, 96), "Usted", font=large, fill=(240, 240, 240))
    pen.text((110, 150), "hoy, 9:41 a. m.", font=small, fill=(180, 180, 180))
    pen.text((36, 100), "<", font=large, fill=(240, 240, 240))
    top = 230 + (screen.height - 520 - shot.shape[0]) // 2
    screen.paste(Image.fromarray(shot), (8, top))
    pen.text((380, screen.height - 130), "Responder", font=large, fill=(220, 220, 220))
    out = io.BytesIO()
    if seed % 2:
        screen.save(out, "PNG")
        return [(".png", out.getvalue())]
    screen.save(out, "JPEG", quality=80)
    return [(".jpg", out.getvalue())]


def scanned_by_app(pdf: bytes, seed: int, tint: Tint) -> list[File]:
    """What a scanning app of a telephone makes of a photo: cut out, stretched in contrast, its name at the foot."""
    chance = np.random.default_rng(seed)
    page = rasters(pdf, 190)[0]
    rows, columns = page.shape[:2]
    sheet = _bent(_handled(page, 0.35, tint, chance), 0.4, chance)
    edges = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    slip = (chance.uniform(-0.012, 0.012, (4, 2)) * columns).astype(np.float32)
    cut = cv2.warpPerspective(
        sheet, cv2.getPerspectiveTransform(edges + slip, edges), (columns, rows), borderValue=(90, 84, 76)
    )
    grey = cv2.cvtColor(_clip(cut), cv2.COLOR_RGB2GRAY).astype(np.float32)
    flat = grey / np.maximum(40, cv2.GaussianBlur(grey, (0, 0), 35))
    sharp = flat + 0.7 * (flat - cv2.GaussianBlur(flat, (0, 0), 1.6))
    done = _clip((sharp - 0.45) * 460)
    foot = Image.new("L", (columns, rows + 60), 255)
    foot.paste(Image.fromarray(done))
    ImageDraw.Draw(foot).text((columns - 330, rows + 14), "Escaneado con ScanFast", font_size=26, fill=90)
    picture = _jpeg(np.asarray(foot.convert("RGB"), dtype=np.uint8), int(chance.integers(50, 75)))
    return [(".pdf", _bound([picture], [(columns * 72 / 190, (rows + 60) * 72 / 190)]))]


def copied(pdf: bytes, seed: int, _: Tint) -> list[File]:
    """A copy of a copy on larger glass: black edges, letters grown thick or thin, a corner bent over."""
    chance = np.random.default_rng(seed)
    page = rasters(pdf, 200)[0]
    laid = _scanned(page, 200, chance)
    stroke = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2, 2))
    laid = np.asarray((cv2.erode if chance.random() < 0.5 else cv2.dilate)(laid, stroke), np.float32)
    rows, columns = laid.shape
    glass = np.full((int(rows * 1.12), int(columns * 1.15)), float(chance.choice([30, 245])), np.float32)
    top, left = int(chance.integers(0, rows // 10)), int(chance.integers(0, columns // 8))
    glass[top : top + rows, left : left + columns] = laid
    bend = int(columns * 0.05)
    cv2.fillPoly(glass, [np.array([[left, top], [left + bend, top], [left, top + bend]], np.int32)], (60.0,))
    copied = _scanned(np.asarray(cv2.cvtColor(_clip(glass), cv2.COLOR_GRAY2RGB), np.uint8), 200, chance)
    glass = cv2.GaussianBlur(copied, (0, 0), 0.6).astype(np.float32)
    size = (glass.shape[1] * 72 / 200, glass.shape[0] * 72 / 200)
    return [(".pdf", _bound([_jpeg(_clip(glass), int(chance.integers(40, 65)))], [size]))]


def flashed(pdf: bytes, seed: int, tint: Tint) -> list[File]:
    """Photographed with the lamp on: a bright spot in the middle, dark corners, otherwise a fair photo."""
    chance = np.random.default_rng(seed)
    long_side = int(chance.integers(2200, 3000))
    page = rasters(pdf, 72)[0]
    sheet = rasters(pdf, min(72 * long_side / max(page.shape[:2]) * 1.1, 420))[0]
    shot = _on_table(sheet, float(chance.uniform(0.2, 0.45)), tint, long_side, chance).astype(np.float32)
    height, width = shot.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    centre = chance.uniform(0.3, 0.7, 2)
    away = np.hypot(x / width - centre[0], y / height - centre[1])
    spot = (0.55 + 0.65 * np.exp(-((away / 0.35) ** 2))).astype(np.float32)
    glare = (70 * np.exp(-((away / 0.07) ** 2))).astype(np.float32)
    return [_held(_clip(shot * spot[..., None] + glare[..., None]), chance, int(chance.integers(65, 85)), 0.3)]


def crumpled(pdf: bytes, seed: int, tint: Tint) -> list[File]:
    """Was a ball in somebody's pocket: creases in every direction, each a little lighter on one side."""
    chance = np.random.default_rng(seed)
    page = rasters(pdf, 230)[0].astype(np.float32)
    rows, columns = page.shape[:2]
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    shade = np.ones((rows, columns), np.float32)
    for _ in range(14):
        angle, wide = float(chance.uniform(0, math.pi)), columns * float(chance.uniform(0.01, 0.05))
        middle = (float(chance.uniform(0, columns)), float(chance.uniform(0, rows)))
        away = ((x - middle[0]) * math.cos(angle) + (y - middle[1]) * math.sin(angle)) / wide
        shade += (0.09 * np.sign(away) * np.exp(-np.abs(away))).astype(np.float32)
    shot = _on_table(_clip(page * shade[..., None]), 0.3, tint, int(chance.integers(2300, 3000)), chance)
    return [_held(shot, chance, int(chance.integers(65, 85)), 0.3)]


def on_a_pile(pdf: bytes, seed: int, tint: Tint) -> list[File]:
    """On top of another sheet that peeks out, stapled to it, the telephone's own shadow across the lower half."""
    chance = np.random.default_rng(seed)
    page = rasters(pdf, 230)[0]
    rows, columns = page.shape[:2]
    out, down = int(columns * chance.uniform(0.03, 0.06)), int(rows * chance.uniform(0.02, 0.04))
    pile = np.full((rows + down, columns + out, 3), 255, np.uint8)
    pile[down:, out:] = np.roll(page, rows // 3, 0)  # its print shows at the edges
    pile[:rows, :columns] = page
    pile[rows : rows + 5, :columns] = pile[:rows, columns : columns + 5] = 120
    at, long = (int(columns * 0.04), int(rows * 0.015)), columns // 40
    cv2.line(pile, at, (at[0] + long, at[1] + long // 2), (105, 105, 112), max(2, columns // 300))
    shot = _on_table(pile, 0.25, tint, int(chance.integers(2400, 3100)), chance).astype(np.float32)
    height, width = shot.shape[:2]
    left, top = int(width * chance.uniform(0.15, 0.45)), int(height * chance.uniform(0.4, 0.6))
    shadow = np.zeros((height, width), np.float32)
    shadow[top:, left : left + width * 2 // 5] = 1
    shot *= (1 - 0.4 * _softened(shadow, width * 0.012))[..., None]
    return [_held(_clip(shot), chance, int(chance.integers(65, 85)), 0.3)]


def sent_on(pdf: bytes, seed: int, tint: Tint) -> list[File]:
    """A fair photo that two messengers made smaller and pressed again, each in its own way."""
    chance = np.random.default_rng(seed)
    page = rasters(pdf, 230)[0]
    shot = _on_table(page, float(chance.uniform(0.1, 0.3)), tint, 2600, chance)
    for long_side, quality in ((2048, 60), (1600 + int(chance.integers(0, 200)), 52)):
        scale = long_side / max(shot.shape[:2])
        small = cv2.resize(shot, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        shot = np.asarray(Image.open(io.BytesIO(_jpeg(_clip(small), quality))), np.uint8)
    return [(".jpg", _jpeg(shot, 75))]


def off_a_screen(pdf: bytes, seed: int, tint: Tint) -> list[File]:
    """Photographed off a monitor: its dots beat with the camera's, light comes from within, a dark frame around."""
    del tint
    chance = np.random.default_rng(seed)
    page = rasters(pdf, 150)[0].astype(np.float32)
    rows, columns = page.shape[:2]
    rim = max(rows, columns) // 18
    screen = np.full((rows + 2 * rim, columns + 2 * rim, 3), 26, np.float32)
    screen[rim : rim + rows, rim : rim + columns] = page * 0.93 + 12
    shot = _on_table(_clip(screen), 0.12, (0.94, 0.98, 1.0), int(chance.integers(2300, 2900)), chance)
    height, width = shot.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    beat = np.zeros((height, width), np.float32)
    for turn in (0.0, 1.3):
        angle, pitch = turn + float(chance.uniform(-0.25, 0.25)), float(chance.uniform(9, 26))
        bend = 6 * np.sin(x / width * 5 + turn) + 6 * np.cos(y / height * 4)
        beat += np.sin(((x + bend) * math.cos(angle) + (y + bend) * math.sin(angle)) * 2 * math.pi / pitch)
    colour = np.array([1.0, -0.6, 0.8], np.float32) * float(chance.uniform(5.0, 9.0))
    seen = shot.astype(np.float32) + beat[..., None] * colour
    return [_held(_clip(seen), chance, int(chance.integers(70, 88)), 0.2)]


def in_a_sleeve(pdf: bytes, seed: int, tint: Tint) -> list[File]:
    """In a clear sleeve: milky, wrinkles that catch the light, streaks of it, the holes at the left edge."""
    chance = np.random.default_rng(seed)
    page = rasters(pdf, 210)[0].astype(np.float32)
    rows, columns = page.shape[:2]
    rim = columns // 26
    sleeve = np.full((rows + 2 * rim, columns + 3 * rim, 3), 214, np.float32)
    sleeve[rim : rim + rows, 2 * rim : 2 * rim + columns] = page * np.array(tint, np.float32)
    sleeve = sleeve * 0.84 + 30
    for share in (0.2, 0.45, 0.7):
        cv2.circle(sleeve, (rim * 3 // 4, int(sleeve.shape[0] * share)), rim // 3, (70.0, 64.0, 60.0), -1)
    y, x = np.mgrid[0 : sleeve.shape[0], 0 : sleeve.shape[1]].astype(np.float32)
    for _ in range(9):
        angle, wide = float(chance.uniform(0, math.pi)), columns * float(chance.uniform(0.002, 0.007))
        away = (x - chance.uniform(0, columns)) * math.cos(angle) + (y - chance.uniform(0, rows)) * math.sin(angle)
        sleeve += (float(chance.uniform(14, 34)) * np.exp(-np.abs(away) / wide)).astype(np.float32)[..., None]
    for _ in range(2):
        angle, wide = float(chance.uniform(0.3, 1.2)), columns * float(chance.uniform(0.03, 0.06))
        away = (x - chance.uniform(0, columns)) * math.cos(angle) + (y - chance.uniform(0, rows)) * math.sin(angle)
        sleeve += (float(chance.uniform(40, 62)) * np.exp(-((away / wide) ** 2))).astype(np.float32)[..., None]
    shot = _on_table(_clip(sleeve), 0.2, (1.0, 1.0, 1.0), int(chance.integers(2500, 3200)), chance)
    return [_held(shot, chance, int(chance.integers(68, 86)), 0.25)]


def faded(pdf: bytes, seed: int, tint: Tint) -> list[File]:
    """Kept for years in a wallet, as thermal paper fades: pale brownish print, paler in a band, yellowed paper."""
    chance = np.random.default_rng(seed)
    page = rasters(pdf, 250)[0].astype(np.float32)
    rows, columns = page.shape[:2]
    pale = np.full((rows, columns), float(chance.uniform(0.5, 0.62)), np.float32)
    at, wide = float(chance.uniform(0.15, 0.85)) * rows, rows * 0.07
    pale -= (0.14 * np.exp(-(((np.arange(rows) - at) / wide) ** 2))).astype(np.float32)[:, None]
    print_ = (255 - page) * pale[..., None] * np.array([0.82, 0.92, 1.0], np.float32)
    yellow = (tint[0], tint[1] * 0.98, tint[2] * 0.9)
    shot = _on_table(_clip(255 - print_), 0.15, yellow, int(chance.integers(2500, 3200)), chance)
    return [_held(shot, chance, int(chance.integers(72, 88)), 0.25)]


WEAR: dict[str, Callable[[bytes, int, Tint], list[File]]] = {
    "pdf": text,
    "escaneo150": scan(150),
    "escaneo200": scan(200),
    "escaneo300": scan(300),
    "blanco_negro": black_and_white,
    "fax": fax,
    "foto_ligera": photo("ligera"),
    "foto_media": photo("media"),
    "foto_dura": photo("dura"),
    "dos_fotos": photo("ligera", parts=2),
    "captura": chat,
}
"""By the names that the example certificates use."""
FRESH_WEAR: dict[str, Callable[[bytes, int, Tint], list[File]]] = {
    "app_escaner": scanned_by_app,
    "copia": copied,
    "foto_flash": flashed,
}
"""Held out with the layouts of `fresh`."""
LATER_WEAR: dict[str, Callable[[bytes, int, Tint], list[File]]] = {
    "foto_arrugada": crumpled,
    "foto_sobre_otra": on_a_pile,
    "foto_reenviada": sent_on,
}
"""Held out with the layouts of `later`."""
SIXTH_WEAR: dict[str, Callable[[bytes, int, Tint], list[File]]] = {
    "foto_pantalla": off_a_screen,
    "foto_funda": in_a_sleeve,
    "foto_descolorida": faded,
}
"""Held out with the layouts of `sixth`."""
