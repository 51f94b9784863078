"""PDF, inside the sealed cell: words with places by pdfplumber, pixels by pdfium.

One renderer decides: what is read from pixels, and what people see, are the same pixels.  Actions,
scripts and embedded files of a PDF are never run nor opened.
"""

from __future__ import annotations

import codecs
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

import pdfplumber
import pypdfium2

from evidence_daemon.documents.sandbox import Frame, Lock

LOCK = Lock.SEALED

TEXT_DPI = 200
"""A page that has its words is rendered for the eye (and for later checks by region)."""
SCAN_DPI = 300
"""A page without words is rendered for Tesseract, which is at its best at 300 dpi."""
MAX_PIXELS = 12_500_000
"""A page: A4 at 300 dpi has 8.7 million."""
_FEW_WORDS = 8
"""A page with fewer words than this is a picture, whatever little is printed over it."""

_TINY = b"""%PDF-1.4
1 0 obj
<</Type/Catalog/Pages 2 0 R>>
endobj
2 0 obj
<</Type/Pages/Kids[3 0 R]/Count 1>>
endobj
3 0 obj
<</Type/Page/Parent 2 0 R/MediaBox[0 0 60 20]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>
endobj
4 0 obj
<</Length 41>>
stream
BT /F 9 Tf 2 5 Td (a b c d e f g h) Tj ET

endstream
endobj
5 0 obj
<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>
endobj
trailer
<</Root 1 0 R>>
"""


def prepare() -> None:
    """Use everything once, so that no module or font is looked for after the lock."""
    for codec in ("utf-8", "utf-16", "utf-16-be", "utf-16-le", "latin-1", "cp1252", "ascii", "mac-roman"):
        codecs.lookup(codec)
    document = pypdfium2.PdfDocument(_TINY)
    page = document[0]
    _pixels(page, SCAN_DPI)
    if not _words(_TINY, None, 0)[0]:
        raise RuntimeError("pdfplumber cannot read the page it is warmed up with")


def answer(request: Frame) -> Iterator[Frame]:
    """A document in the first blob → a frame a page, then the last with `total_pages` or `refused`.

    A page: `number`, `width`, `height` (pixels of its RGB blob), `words` as [text, x0, y0, x1, y1] in
    fractions, `pictured` (share of the page that pictures cover), `struck` (from where to where, as fractions of the
    height, words stand across it that say it is void; absent where none do).
    """
    data = request.blobs[0]
    opened = _open(data, request.facts["passwords"])
    if isinstance(opened, str):
        yield Frame({"last": True, "refused": opened, "total_pages": 0})
        return
    document, password = opened
    total = len(document)
    if total == 0:
        yield Frame({"last": True, "refused": "ADJUNTO_DANADO", "total_pages": 0})
        return
    for index in range(min(total, request.facts["max_pages"])):
        try:
            page = document[index]
            words, pictured, struck = _words(data, password, index) if _has_text(page) else ([], 1.0, None)
            width, height, pixels = _pixels(page, TEXT_DPI if words else SCAN_DPI)
        except (pypdfium2.PdfiumError, ValueError) as bad:
            yield Frame({"number": index + 1, "damaged": str(bad)[:200]})
            continue
        facts = {"number": index + 1, "width": width, "height": height, "words": words, "pictured": pictured}
        yield Frame({**facts, "struck": struck} if struck else facts, (pixels,))
        page.close()
    yield Frame({"last": True, "total_pages": total})


def _open(data: bytes, passwords: Sequence[str]) -> tuple[pypdfium2.PdfDocument, str | None] | str:
    for password in (None, "", *passwords):
        try:
            document = pypdfium2.PdfDocument(data, password=password)
        except pypdfium2.PdfiumError as bad:
            said = str(bad).lower()
            if "password" in said or "security" in said:
                continue
            return "ADJUNTO_DANADO"
        # Forms that were filled in are drawn only when they are initialised; their scripts never run,
        # since pdfium is built here without a JavaScript engine.
        document.init_forms()
        return document, password
    return "ADJUNTO_PROTEGIDO"


def _has_text(page: Any) -> bool:
    """A look by pdfium, at a fraction of pdfplumber's time."""
    text = page.get_textpage()
    try:
        return bool(text.count_chars() >= _FEW_WORDS * 3)
    finally:
        text.close()


_VOID = re.compile(
    "ANULAD|CANCELAD|MUESTRA|ESPECIMEN|SPECIMEN|BORRADOR|INVALID|NOVALID|SINVALOR|SINEFECTO|VOID|DRAFT|"
    "EJEMPLO|CAPACITACION|DEPRUEBA|RECHAZAD"
)
"""What words across a page say where it counts for nothing.  Others (RECIBIDO, ORIGINAL) are stamps and watermarks."""


def _struck(page: Any) -> list[float] | None:
    """From where to where (fractions of the height) letters stand aslant that make a page void; None: nowhere.

    Their pixels are found too (see `marks`), but on a narrow roll they are little larger than print, and of letters
    that are drawn as outlines nothing but a thin line is seen.
    """
    if (outlines := _outlined(page)) is not None:
        return outlines
    aslant = [c for c in page.chars if abs(c["matrix"][1]) >= 0.1 * abs(c["matrix"][0]) and c["text"].isalpha()]
    said = unicodedata.normalize("NFD", "".join(c["text"] for c in aslant).upper())
    if not _VOID.search("".join(c for c in said if c.isascii())):
        return None
    _, top, _, bottom = page.cropbox
    high = bottom - top
    ends = min(c["top"] - top for c in aslant) / high, max(c["bottom"] - top for c in aslant) / high
    return [round(min(1.0, max(0.0, end)), 5) for end in ends]


_OUTLINES, _OUTLINE_HIGH, _OUTLINES_WIDE = 6, 0.04, 0.4
"""Curves of one colour, and shares of the page's height and width that each has and all of them go over, from which on
they are letters across the page.  A signature has fewer, a logo goes over less."""
_OUTLINE_WIDER = 2.0
"""How many times as wide as high the outline of a letter is at most, M and W that stand aslant too."""


def _outlined(page: Any) -> list[float] | None:
    """From where to where (fractions of the height) large letters are drawn as outlines; None: nowhere."""
    left, top, right, bottom = page.cropbox
    wide, high = right - left, bottom - top
    coloured: dict[str, list[Any]] = {}
    for curve in page.curves:
        # Boxes with round corners and signatures are wider than letters.
        if curve["height"] >= max(_OUTLINE_HIGH * high, curve["width"] / _OUTLINE_WIDER):
            coloured.setdefault(str(curve.get("stroking_color")), []).append(curve)
    for curves in coloured.values():
        span = max(curve["x1"] for curve in curves) - min(curve["x0"] for curve in curves)
        if len(curves) >= _OUTLINES and span >= _OUTLINES_WIDE * wide:
            ends = min(c["top"] - top for c in curves) / high, max(c["bottom"] - top for c in curves) / high
            return [round(min(1.0, max(0.0, end)), 5) for end in ends]
    return None


_DASHES = dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212, 0xFE58, 0xFF0D), "-")


def _spelled(text: str) -> str:
    """A word as it is seen: all dashes as the one of keyboards, and letters whose bytes were swapped set right.

    Some writers map a ligature to its letters the wrong way round: "ti" reads as U+7400 and U+6900, Chinese signs.
    """
    if text.isascii():
        return text
    swapped = (chr(ord(c) >> 8) if ord(c) & 0xFF == 0 and chr(ord(c) >> 8).isalpha() else c for c in text)
    return "".join(swapped).translate(_DASHES)


def _words(data: bytes, password: str | None, index: int) -> tuple[list[list[Any]], float, list[float] | None]:
    """Words with their places in the visible page, the share of it that pictures cover, and where it is struck.

    pdfplumber fails in many ways on damaged files; such a page has no text layer, and its pixels are read.
    """
    try:
        with pdfplumber.open(io.BytesIO(data), password=password or "", pages=[index + 1]) as document:
            page = document.pages[0]
            left, top, right, bottom = page.cropbox
            wide, high = right - left, bottom - top
            if wide <= 0 or high <= 0:
                return [], 1.0, None
            # Stamps are set at an angle: their letters would be strewn among the lines.
            upright = page.filter(
                lambda o: o["object_type"] != "char" or abs(o["matrix"][1]) < 0.1 * abs(o["matrix"][0])
            )
            found = upright.extract_words(x_tolerance_ratio=0.18, keep_blank_chars=False, use_text_flow=False)
            words = []
            for word in found:
                place = [
                    (word["x0"] - left) / wide, (word["top"] - top) / high,
                    (word["x1"] - left) / wide, (word["bottom"] - top) / high,
                ]  # fmt: skip
                if -0.01 <= place[0] <= place[2] <= 1.01 and -0.01 <= place[1] <= place[3] <= 1.01:
                    words.append([_spelled(word["text"]), *(round(min(1.0, max(0.0, at)), 5) for at in place)])
            pictured = sum(max(0, i["x1"] - i["x0"]) * max(0, i["bottom"] - i["top"]) for i in page.images)
            if len(words) < _FEW_WORDS:
                return [], 1.0, None
            return words, min(1.0, float(pictured / (wide * high))), _struck(page)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  # pdfminer raises whatever its parser stumbles over
        return [], 1.0, None


def _pixels(page: Any, dpi: int) -> tuple[int, int, bytes]:
    wide, high = page.get_size()
    if not (0 < wide < 20_000 and 0 < high < 20_000):
        raise ValueError(f"a page of {wide} x {high} points")
    scale = min(dpi / 72, (MAX_PIXELS / (wide * high)) ** 0.5)
    bitmap = page.render(scale=scale, rev_byteorder=True, force_bitmap_format=pypdfium2.raw.FPDFBitmap_BGR)
    row = bitmap.width * 3
    raw = bytes(bitmap.buffer)
    if bitmap.stride != row:
        raw = b"".join(raw[at : at + row] for at in range(0, bitmap.stride * bitmap.height, bitmap.stride))
    width, height = bitmap.width, bitmap.height
    bitmap.close()
    return width, height, raw
