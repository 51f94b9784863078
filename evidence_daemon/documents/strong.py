"""The strong engine: RapidOCR's detection and recognition of print (PP-OCRv6, its models lie inside its package).

Runs in a `SEALED` cell of its own: it sees clean pixels and opens no file.  The models are loaded once, in the
nursery; every document has a fresh child of it.  Measured against Tesseract on the same photos: twice as many
serial numbers right, at six times its cost for a whole page and a fiftieth of that for one line.  So it is
shown lines, and whole pages only where a field was not found (see `sight`).

Its own classifier of upside-down lines is left off: it turned good lines over more often than bad ones.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import cv2
import numpy as np

from evidence_daemon.documents.pixels import STRIP_HEIGHT, Pixels
from evidence_daemon.documents.sandbox import Frame, Lock

LOCK = Lock.SEALED

_SURE_LINE = 0.5
"""Mean confidence of a line's letters below which it is noise."""
_LATIN = 0x24F

_engine: Any = None


def prepare() -> None:
    """Load both models and run them once; the nursery must not be left with threads, so each has one."""
    global _engine
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    cv2.setNumThreads(1)
    from rapidocr import RapidOCR  # noqa: PLC0415  # telemetry is off before it is imported

    _engine = RapidOCR(
        params={
            "Global.use_cls": False,
            "Global.log_level": "critical",
            "Global.return_word_box": True,
            "Global.max_side_len": 4000,  # pictures come in the size in which they shall be seen
            # One strip at a time, as wide as it is: in batches short ones are filled up to the widest, and a date costs
            # what a name does.  A third less time, and less memory.
            "Rec.rec_batch_num": 1,
            "Rec.rec_img_shape": [3, STRIP_HEIGHT, STRIP_HEIGHT],
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
    blank = np.full((128, 512, 3), 255, np.uint8)
    cv2.putText(blank, "CNT 0123456789", (20, 80), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (0, 0, 0), 3)
    if not _lines_on(blank) or not _read([blank[30:100]])[0][0]:
        raise RuntimeError("RapidOCR does not read the line that it is tried with")


def answer(request: Frame) -> Iterator[Frame]:
    """Find lines (`do` = "find") or read strips (`do` = "read"); pixels are grey.

    find: `width`, `height`, a picture, `as_it_is` (never enlarged: what is looked for is large) → `lines`: four corners
    each, in pixels of the picture.
    read: `widths`, strips of `STRIP_HEIGHT` rows behind one another → `strips`: for each its words as
    [text, from, to, confidence], places along the strip as fractions; the least sure letter counts.
    Both tell `seconds` of CPU by stage.
    """
    asked, began = request.facts, time.process_time()
    pixels = np.frombuffer(request.blobs[0], np.uint8)
    if asked["do"] == "find":
        grey = pixels.reshape(asked["height"], asked["width"])
        lines = _lines_on(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), as_it_is=asked.get("as_it_is") is True)
        yield Frame({"lines": lines, "seconds": {"find": time.process_time() - began}, "last": True})
        return
    strips, at = [], 0
    for width in asked["widths"]:
        strip = pixels[at : at + width * STRIP_HEIGHT].reshape(STRIP_HEIGHT, width)
        strips.append(cv2.cvtColor(strip, cv2.COLOR_GRAY2RGB))
        at += width * STRIP_HEIGHT
    told = [words for words, _ in _read(strips)]
    yield Frame({"strips": told, "seconds": {"strong": time.process_time() - began}, "last": True})


_SHORT_SIDE, _MOST_STRETCHED = 736, 3.0
"""The engine enlarges a picture until its short side has so many pixels: a banner of a signature would become ten times
as large, and cost ten times as much.  What is longer than so many times its width gets a margin instead."""


_LEAST_SIDE = 64
"""The same of a picture that is not to be enlarged."""


def _lines_on(picture: Pixels, *, as_it_is: bool = False) -> list[list[list[float]]]:
    high, wide = picture.shape[:2]
    if _engine.text_det is not None:  # it is made with the first picture, in its own size
        _engine.text_det.limit_side_len = _LEAST_SIDE if as_it_is else _SHORT_SIDE
    if not as_it_is and max(high, wide) > _MOST_STRETCHED * min(high, wide):
        below, beside = max(0, _SHORT_SIDE - high), max(0, _SHORT_SIDE - wide)
        picture = cv2.copyMakeBorder(picture, 0, below, 0, beside, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    found = _engine(picture, use_det=True, use_rec=False)
    boxes = getattr(found, "boxes", None)
    return [] if boxes is None else [[[float(x), float(y)] for x, y in box] for box in boxes]


def _read(strips: list[Pixels]) -> list[tuple[list[list[Any]], str]]:
    """Words of every strip, and its whole text."""
    if not strips:
        return []
    told = _engine.recognize_txt(strips)
    read = []
    for strip, text, score, where in zip(strips, told.txts, told.scores, told.word_results, strict=True):
        read.append((_words(text, where, strip) if score >= _SURE_LINE else [], text))
    return read


_PAPER_BETWEEN = STRIP_HEIGHT // 4
"""Columns without ink from which on two letters may stand in different words."""


def _gaps(strip: Pixels) -> list[tuple[float, float]]:
    """Where no ink is over the whole height of a strip: from, to, as fractions of its width; rules are no ink."""
    grey = strip[STRIP_HEIGHT // 8 : -STRIP_HEIGHT // 8, :, 0]
    dark = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)[1] > 0
    dark[dark.mean(axis=1) > 0.6] = False
    bare = np.concatenate([[False], ~dark.any(axis=0), [False]])
    edges = np.flatnonzero(bare[1:] != bare[:-1]).reshape(-1, 2)
    return [(float(x0) / strip.shape[1], float(x1) / strip.shape[1]) for x0, x1 in edges]


def parted(places: list[float], strip: Pixels) -> set[int]:
    """Before which letters of a strip (by number; `places` are fractions of its width) there is a blank in the ink.

    The engine leaves blanks out where print and handwriting meet.  A gap counts that is much wider than those between
    the line's other letters.
    """
    gaps, width = _gaps(strip), strip.shape[1]
    wide = []
    for one, two in pairwise(places):
        inside = [min(x1, two) - max(x0, one) for x0, x1 in gaps if x1 > one and x0 < two]
        wide.append(width * max(inside, default=0.0))
    if len(wide) < _FEWEST_LETTERS:
        return set()
    floor = max(_PAPER_BETWEEN, 2.5 * float(np.median(wide)))
    return {number for number, gap in enumerate(wide, start=1) if gap > floor}


_FEWEST_LETTERS = 6


def _words(text: str, where: Any, strip: Pixels) -> list[list[Any]]:
    """Words between blanks, each with its extent along the strip."""
    letters = [c for c in text if not c.isspace()]
    places = [at for columns in where.word_cols for at in columns]
    sure = where.confs
    length = float(where.line_txt_len or 1)
    if len(places) != len(letters) or len(sure) != len(text):
        return [[text, 0.0, 1.0, float(min(sure, default=0.0))]] if text.strip() else []
    words: list[list[Any]] = []
    apart = parted([(column + 0.5) / length for column in places], strip)
    at, begun = 0, False
    for c, confidence in zip(text, sure, strict=True):
        if c.isspace():
            begun = False
            continue
        first, last = (places[at] - 0.3) / length, (places[at] + 1.0) / length
        if not begun or at in apart:
            words.append(["", first, last, 1.0])
        word = words[-1]
        word[0] += c if ord(c) <= _LATIN or not c.isalnum() else "?"
        word[2], word[3] = last, min(word[3], float(confidence))
        at, begun = at + 1, True
    return [[word, max(0.0, x0), min(1.0, x1), round(sure, 3)] for word, x0, x1, sure in words]
