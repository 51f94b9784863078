"""Pixels → words: paper found, stood upright, lit evenly, then read.  Runs in a `READER` cell.

Orientation is worth more than any model, and asking for it costs as much as reading the page: most pages
are read first and asked only when they make no sense.
This is the one door for engines: another one is a further entry of `_ENGINES`.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import pytesseract
from PIL import Image

from evidence_daemon.documents.pixels import (
    Pixels,
    even_light,
    ink,
    is_blank,
    leaders_of,
    on_its_side,
    paper,
    right_size,
    rules_of,
    straight,
    turned_by,
    view,
)
from evidence_daemon.documents.sandbox import Frame, Lock

LOCK = Lock.READER

_OSD_FLOOR = 1.5
"""Tesseract's confidence below which its opinion on the orientation is not taken."""


def prepare() -> None:
    """One thread for everything: two documents are read side by side on two cores."""
    cv2.setNumThreads(1)
    Image.init()


def answer(request: Frame) -> Iterator[Frame]:
    """RGB pixels in the first blob → words, ink, and the PNG that people will see.

    Asked: `width`, `height`; `words` when they are known already ([text, x0, y0, x1, y1]), else how to
    read: `engine`, `languages`, `layout` (Tesseract's page segmentation mode), `cut` (look for the sheet),
    `turn` (degrees clockwise, None to find out).  Told: `words` as [text, x0, y0, x1, y1, confidence,
    line], `ink` as boxes, `width`, `height`, `turned`, `seconds` of CPU by stage.
    """
    asked = request.facts
    if asked.get("check"):
        yield Frame({"languages": sorted(pytesseract.get_languages()), "last": True})
        return
    page = np.frombuffer(request.blobs[0], np.uint8).reshape(asked["height"], asked["width"], 3)
    watch = _Watch()
    turned = 0
    if asked["words"] is None:
        sheet = even_light(paper(page) if asked["cut"] else page)
        watch.lap("prepare")
        turned, page, words = _read(sheet, asked, watch)
    else:
        words = [[*word, 1.0, 0] for word in asked["words"]]
    shown = view(page)
    marks = ink(shown, words)
    watch.lap("ink")
    done, png = cv2.imencode(".png", cv2.cvtColor(shown, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 4])
    if not done:
        raise RuntimeError("the page could not be written as PNG")
    watch.lap("png")
    height, width = shown.shape[:2]
    facts = {"words": words, "ink": marks, "width": width, "height": height, "turned": turned}
    yield Frame({**facts, "seconds": watch.laps, "last": True}, (png.tobytes(),))


def _read(sheet: Pixels, asked: dict[str, Any], watch: _Watch) -> tuple[int, Pixels, list[list[Any]]]:
    """Degrees turned, the page as read, its words.

    Most pages stand upright: they are read at once, and asked for their orientation only when they lie
    on their side or make no sense.  That saves half of the time of a page.
    """
    if is_blank(sheet):
        return 0, sheet, []
    engine = _ENGINES[asked["engine"]]

    def at(turn: int) -> tuple[int, Pixels, list[list[Any]]]:
        page = straight(right_size(turned_by(sheet, turn)))
        watch.lap("prepare")
        words = engine(page, asked)
        watch.lap("words")
        return turn, page, words

    if asked["turn"] is not None:
        return at(int(asked["turn"]))
    aside = on_its_side(sheet)
    best = None if aside else at(0)
    if best is None or not _makes_sense(best[2]):
        told = orientation(sheet)
        watch.lap("orientation")
        for turn in (90, 270, 0) if told is None and aside else (180,) if told is None else (told,):
            if best is not None and (turn == best[0] or _makes_sense(best[2])):
                continue
            other = at(turn)
            if best is None or _understood(other[2]) > _understood(best[2]):
                best = other
    return best if best is not None else at(0)


def _understood(words: list[list[Any]]) -> float:
    """How much was read: letters and digits in words of three and more, by confidence."""
    return float(
        sum(sum(map(str.isalnum, word[0])) * word[5] for word in words if len(word[0]) >= 3 and word[5] >= 0.6)
    )


def _makes_sense(words: list[list[Any]]) -> bool:
    """True for print that stands upright: a page upside down yields words too, but with half the confidence."""
    letters = sum(sum(map(str.isalnum, word[0])) for word in words)
    return _understood(words) >= max(40.0, 0.55 * letters)


class _Watch:
    """CPU seconds by stage, Tesseract's included."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._at = self._now()

    @staticmethod
    def _now() -> float:
        spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return float(sum(usage.ru_utime + usage.ru_stime for usage in spent))

    def lap(self, name: str) -> None:
        now = self._now()
        self.laps[name] = round(self.laps.get(name, 0.0) + now - self._at, 4)
        self._at = now


# ── words ────────────────────────────────────────────────────────────────────────────────────────


def orientation(page: Pixels) -> int | None:
    """Degrees clockwise that stand the page upright, by Tesseract's OSD; None where it is not sure."""
    grey = cv2.cvtColor(right_size(page), cv2.COLOR_RGB2GRAY)
    longest = max(grey.shape)
    if longest > 2200:
        grey = cv2.resize(grey, None, fx=2200 / longest, fy=2200 / longest, interpolation=cv2.INTER_AREA)
    try:
        told = pytesseract.image_to_osd(_portable(grey), config="--psm 0", output_type=pytesseract.Output.DICT)
    except pytesseract.TesseractError:
        return None  # too few letters to judge
    return int(told["rotate"]) % 360 if told["orientation_conf"] >= _OSD_FLOOR else None


def _portable(grey: Pixels) -> Image.Image:
    image = Image.fromarray(grey)
    image.format = "PPM"  # pytesseract hands pixels over in a file: compressing a PNG would cost more than it saves
    return image


def _tesseract(page: Pixels, asked: dict[str, Any]) -> list[list[Any]]:
    grey = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)
    grey[rules_of(grey) > 0] = 255
    grey[leaders_of(grey) > 0] = 255
    table = pytesseract.image_to_data(
        _portable(grey),
        lang=asked["languages"],
        config=f"--psm {int(asked['layout'])}",
        output_type=pytesseract.Output.DICT,
    )
    height, width = grey.shape
    words: list[list[Any]] = []
    lines: dict[tuple[int, int, int], int] = {}
    for i, text in enumerate(table["text"]):
        if not text.strip() or float(table["conf"][i]) < 0:
            continue
        line = lines.setdefault((table["block_num"][i], table["par_num"][i], table["line_num"][i]), len(lines))
        left, top = table["left"][i] / width, table["top"][i] / height
        right, bottom = left + table["width"][i] / width, top + table["height"][i] / height
        place = [round(at, 5) for at in (left, top, right, bottom)]
        words.append([text.strip(), *place, round(float(table["conf"][i]) / 100, 3), line])
    return words


_ENGINES: dict[str, Callable[[Pixels, dict[str, Any]], list[list[Any]]]] = {"TESSERACT": _tesseract}
