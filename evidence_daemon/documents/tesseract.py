"""Tesseract, as a library where there is one: by its C interface (`capi.h`, the same in versions 4 and 5).

As a program it loads its model anew for every picture and takes pixels out of a file byte by byte: a third of what
reading a page by it costs.  The library is loaded once with its models, in the nursery of the cells, and is handed
pixels as they lie in memory.  Both read the same words.  Not for several threads at once.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress
from ctypes import POINTER, byref, c_char_p, c_float, c_int, c_void_p
from functools import cache
from typing import Any

import numpy as np
import pytesseract
from PIL import Image

from evidence_daemon.documents.pixels import Pixels

OSD = "osd"
"""The model that tells how print stands."""
_LIBRARIES = ("libtesseract.so.5", "libtesseract.so.4")
_OSD_LAYOUT = 0
_WORD = "5"
"""Level of a row of Tesseract's table that tells of a word."""
_FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "TessBaseAPICreate": (c_void_p, ()),
    "TessBaseAPIInit3": (c_int, (c_void_p, c_char_p, c_char_p)),
    "TessBaseAPISetVariable": (c_int, (c_void_p, c_char_p, c_char_p)),
    "TessBaseAPISetPageSegMode": (None, (c_void_p, c_int)),
    "TessBaseAPISetImage": (None, (c_void_p, c_void_p, c_int, c_int, c_int, c_int)),
    "TessBaseAPIGetTsvText": (c_void_p, (c_void_p, c_int)),
    "TessBaseAPIDetectOrientationScript": (
        c_int,
        (c_void_p, POINTER(c_int), POINTER(c_float), POINTER(c_char_p), POINTER(c_float)),
    ),
    "TessBaseAPIClear": (None, (c_void_p,)),
    "TessDeleteText": (None, (c_void_p,)),
}


@cache
def _library() -> ctypes.CDLL | None:
    """None where there is only the program."""
    for name in _LIBRARIES:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        for function, (gives, takes) in _FUNCTIONS.items():
            at = getattr(library, function)
            at.restype, at.argtypes = gives, takes
        return library
    return None


@cache
def _engine(library: ctypes.CDLL, languages: str) -> c_void_p:
    """An engine with its models ("spa", "spa+eng"), kept for ever.  Raises `RuntimeError` where one is missing."""
    engine = c_void_p(library.TessBaseAPICreate())
    if library.TessBaseAPIInit3(engine, None, languages.encode()) != 0:
        raise RuntimeError(f"tesseract cannot load its language data {languages}")
    return engine


def languages() -> list[str]:
    """Names of the models that are installed, sorted."""
    return sorted(pytesseract.get_languages())


def load(*models: str) -> None:
    """Load models for later; what is missing is left out.  Nothing is read, so that no file of theirs stays open."""
    library = _library()
    if library is None:
        pytesseract.get_tesseract_version()  # asked before every reading, and then known
        Image.init()
        return
    for one in models:
        with suppress(RuntimeError):
            _engine(library, one)


def words(grey: Pixels, languages: str, layout: int) -> list[list[Any]]:
    """[text, x0, y0, x1, y1, confidence, line] of every word, in fractions of the picture; lines count from 0.

    `layout` is one of Tesseract's modes of page segmentation.
    """
    high, wide = grey.shape
    read: list[list[Any]] = []
    lines: dict[tuple[str, ...], int] = {}
    for row in _table(grey, languages, layout).split("\n"):
        level, _, *line, _, left, top, width, height, confidence, word = [*row.split("\t", 11), *[""] * 11][:12]
        if level != _WORD or not word.strip() or float(confidence) < 0:
            continue
        x0, y0, x1, y1 = int(left), int(top), int(left) + int(width), int(top) + int(height)
        place = [round(at, 5) for at in (x0 / wide, y0 / high, x1 / wide, y1 / high)]
        number = lines.setdefault(tuple(line), len(lines))
        read.append([word.strip(), *place, round(float(confidence) / 100, 3), number])
    return read


def _table(grey: Pixels, languages: str, layout: int) -> str:
    """What was read, as a table with columns between tabs."""
    library = _library()
    if library is None:
        return str(pytesseract.image_to_data(_portable(grey), lang=languages, config=f"--psm {layout}"))
    engine = _shown(library, _engine(library, languages), grey, layout)
    table = library.TessBaseAPIGetTsvText(engine, 0)
    if not table:
        raise RuntimeError("tesseract could not read a picture")
    try:
        return ctypes.string_at(table).decode("utf-8", "replace")
    finally:
        library.TessDeleteText(table)
        library.TessBaseAPIClear(engine)


def orientation(grey: Pixels) -> tuple[int, float] | None:
    """Degrees clockwise that stand a page upright, and how sure that is; None where it holds too few letters."""
    library = _library()
    if library is None:
        try:
            told = pytesseract.image_to_osd(_portable(grey), config="--psm 0", output_type=pytesseract.Output.DICT)
        except pytesseract.TesseractError:
            return None
        return int(told["rotate"]) % 360, float(told["orientation_conf"])
    engine = _shown(library, _engine(library, OSD), grey, _OSD_LAYOUT)
    degrees, sure, script, of_script = c_int(), c_float(), c_char_p(), c_float()
    found = library.TessBaseAPIDetectOrientationScript(
        engine, byref(degrees), byref(sure), byref(script), byref(of_script)
    )
    library.TessBaseAPIClear(engine)
    return (-degrees.value % 360, sure.value) if found else None


def _shown(library: ctypes.CDLL, engine: c_void_p, grey: Pixels, layout: int) -> c_void_p:
    """The engine, with pixels handed over (it copies them); from now on it keeps its remarks to itself."""
    rows = np.ascontiguousarray(grey)
    high, wide = rows.shape
    library.TessBaseAPISetVariable(engine, b"debug_file", b"/dev/null")
    library.TessBaseAPISetPageSegMode(engine, layout)
    library.TessBaseAPISetImage(engine, rows.ctypes.data, wide, high, 1, wide)
    return engine


def _portable(grey: Pixels) -> Image.Image:
    image = Image.fromarray(grey)
    image.format = "PPM"  # pixels go to the program in a file: compressing a PNG would cost more than it saves
    return image
