"""Photos and scans, inside the sealed cell: any allowed format → upright RGB pixels of bounded size.

The type is decided by the decoder that takes the bytes, never by a name.  Only pixels leave the cell, so
that nothing hidden in a file (metadata, a second format) gets further than here.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pillow_heif
from PIL import Image, ImageFile, ImageSequence

from evidence_daemon.documents.sandbox import Frame, Lock

LOCK = Lock.SEALED

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF", "BMP", "GIF", "JPEG2000")
MAX_PIXELS = 60_000_000
"""Decoded whole; phones' HEIC has up to 49 million."""
MAX_JPEG_PIXELS = 210_000_000
"""JPEG is decoded small (`draft`): 200-megapixel phones cost 30 MB so."""
OUT_PIXELS = 12_500_000
MAX_FRAMES = 10

_EXIF_ORIENTATION = 0x0112


def prepare() -> None:
    """Register every decoder before the lock: Pillow looks for its plugins on first use."""
    Image.init()
    pillow_heif.register_heif_opener(thumbnails=False, decode_threads=1)
    Image.MAX_IMAGE_PIXELS = None  # our own limits below are by format and hard
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "HEIF"):
        sample = io.BytesIO()
        Image.new("RGB", (16, 16), "white").save(sample, kind)
        list(answer(Frame({"max_pages": 1}, (sample.getvalue(),))))


def answer(request: Frame) -> Iterator[Frame]:
    """An image in the first blob → a frame a page, then the last with `total_pages` or `refused`.

    A page: `number`, `width`, `height` (pixels of its RGB blob), `turned` (degrees clockwise, from EXIF).
    """
    try:
        yield from _pages(request.blobs[0], request.facts["max_pages"])
    except MemoryError:
        raise
    except Exception as bad:  # noqa: BLE001  # decoders raise whatever they stumble over
        yield Frame({"last": True, "refused": "ADJUNTO_DANADO", "detail": str(bad)[:200], "total_pages": 0})


def _pages(content: bytes, max_pages: int) -> Iterator[Frame]:
    image = Image.open(io.BytesIO(content), formats=FORMATS)
    limit = MAX_JPEG_PIXELS if image.format in {"JPEG", "MPO"} else MAX_PIXELS
    if image.width * image.height > limit:
        yield Frame({"last": True, "refused": "ADJUNTO_MUY_GRANDE", "total_pages": 0})
        return
    total = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
    for number, frame in enumerate(ImageSequence.Iterator(image), start=1):
        if frame.width * frame.height > limit:
            yield Frame({"number": number, "damaged": "a frame larger than allowed"})
        else:
            turned, upright = _upright(frame)
            facts = {"number": number, "width": upright.width, "height": upright.height, "turned": turned}
            yield Frame(facts, (upright.tobytes(),))
        if number == min(total, MAX_FRAMES, max_pages):
            break
    yield Frame({"last": True, "total_pages": total})


def _upright(image: Image.Image) -> tuple[int, Image.Image]:
    """RGB pixels, turned and mirrored as EXIF asks, at most `OUT_PIXELS`."""
    if image.width * image.height > OUT_PIXELS and image.format in {"JPEG", "MPO"}:
        shrink = (OUT_PIXELS / (image.width * image.height)) ** 0.5
        image.draft("RGB", (int(image.width * shrink), int(image.height * shrink)))
    orientation = _orientation(image)
    rgb = _rgb(image)
    excess = rgb.width * rgb.height / OUT_PIXELS
    if excess > 1:
        rgb = rgb.resize(
            (max(1, int(rgb.width / excess**0.5)), max(1, int(rgb.height / excess**0.5))), Image.Resampling.BOX
        )
    if orientation in {2, 4, 5, 7}:
        rgb = rgb.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    turned = {3: 180, 4: 180, 5: 270, 6: 90, 7: 90, 8: 270}.get(orientation, 0)
    if turned:
        counter_clockwise = {
            90: Image.Transpose.ROTATE_270,
            180: Image.Transpose.ROTATE_180,
            270: Image.Transpose.ROTATE_90,
        }
        rgb = rgb.transpose(counter_clockwise[turned])
    return turned, rgb


def _orientation(image: Any) -> int:
    try:
        return int(image.getexif().get(_EXIF_ORIENTATION, 1))
    except (OSError, ValueError, SyntaxError, TypeError, KeyError):
        return 1  # a broken EXIF block does not spoil the picture


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # sixteen bits a pixel, as some scanners write PNG and TIFF
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        over = Image.new("RGBA", image.size, "white")
        over.alpha_composite(image.convert("RGBA"))
        image = over
    return image.convert("RGB")
