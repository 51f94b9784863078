"""Pixels → words: paper found, stood upright, lit evenly, then read by Tesseract.  Runs in a `READER` cell.

The cell holds one page at a time and answers questions about it: its words, some places of it as strips for
the strong engine or read once more, its bar codes, the picture of it that people will see.

Orientation is worth more than any model, and asking for it costs as much as reading the page: most pages
are read first and asked only when they make no sense.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import zxingcpp

from evidence_daemon.documents import tesseract
from evidence_daemon.documents.afar import afar
from evidence_daemon.documents.bends import along, bend_of
from evidence_daemon.documents.combs import Comb, put_together
from evidence_daemon.documents.likeness import look
from evidence_daemon.documents.pixels import (
    Floats,
    Laid,
    Pixels,
    as_drawn,
    bent_by,
    calmed,
    cleaned,
    is_blank,
    laid,
    levelled,
    lit,
    on_its_side,
    printed_part,
    strip,
    unbent,
    view,
)
from evidence_daemon.documents.sandbox import Frame, Lock
from evidence_daemon.documents.strokes import alone, ink, struck_through
from evidence_daemon.documents.tickboxes import tickboxes

LOCK = Lock.READER

_OSD_FLOOR = 1.5
"""Tesseract's confidence below which its opinion on the orientation is not taken."""
_OSD_SIDE = 1700
_USUAL = "spa"
_PAGE_LAYOUT, _LINE_LAYOUT = 4, 7
"""Tesseract's page segmentation modes: one column of lines of any size; one line."""
_MAX_STRIPS = 400
_PNG = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_DEFAULT]
_PNG += [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE]
"""Print on white is alike from byte to byte: a filter chosen for each row takes thrice as long and saves nothing."""


def prepare() -> None:
    """One thread for everything: two documents are read side by side on two cores.

    Tables that OpenCV makes at first use (those of a colour space take 0.1 s) and Tesseract's models are then every
    child's; another language is loaded by the child that is asked for it.
    """
    cv2.setNumThreads(1)
    tesseract.load(_USUAL, tesseract.OSD)
    photo = np.full((900, 700, 3), 60, np.uint8)
    photo[90:810, 70:630] = 250
    for line in range(150, 750, 40):
        cv2.putText(photo, "CNT 0123456789", (120, line), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (0, 0, 0), 2)
    page = laid(lit(photo), 0)
    cleaned(page.grey)
    ink(view(photo, page), [])
    look(photo)


@dataclass(slots=True)
class _Held:
    """The page in hand: the picture as it came, and as it was laid for the engines."""

    rgb: Pixels
    page: Laid
    drawn: bool
    bare: Laid | None = None
    """The page before its combs were put together."""
    shown: Pixels | None = None
    cuttings: Pixels | None = None


_held: _Held | None = None


def answer(request: Frame) -> Iterator[Frame]:
    """One question about a page (`do`); every answer tells `seconds` of CPU by stage.

    check   → `languages` of Tesseract.
    read    RGB pixels of a picture (`width`, `height`), `languages`, `cut` (look for a sheet in it), `turn` (by how
            much, degrees clockwise, where that is known), `around` (lines of the page in hand, four corners each from
            where reading begins: the part of the picture in which they lie is read); → `words` as [text, x0, y0, x1,
            y1, confidence, line] in fractions, `turned` (degrees clockwise), `blank`, `sense` (what was read looks
            like upright print), `cut` (a sheet was found), `combs` (boxes of one sign each, that were put together:
            words in them stand closer than on the paper, here and in what is asked later); only `same` where by its
            lines the page in hand lies as well as it can.  With `bend` (see there) the page is laid flat by it; with
            `again` the one in hand is.  The page is in hand now.
    bend    `lines` (of the page in hand, four corners each) → `bend`: numbers by which they are level, or none.
    hold    the same pixels of a page that was drawn and needs no reading; it is in hand now.  `combs` in the
            question: whether such boxes are to be looked for; in the answer: where they are.
    look    `side`, `top`: the page in grey below that height (a fraction), scaled as a whole page whose long
            side had that many pixels at most → `width`, `height`, pixels.
    cuttings `places`, `without` (where print stands that is to be left out), `side` (as above): these places of the
            picture that people see under one another, each without print where it bears colour → `width`, `height`,
            grey pixels; they are in hand besides the page.
    afar    `words` (boxes of what was read), `black` → `width`, `height`, grey pixels: the page without them, as it
            looks from afar; in hand besides the page, as cuttings are.
    strips  `places` (four corners each, in fractions), `cuttings` (of these, not of the page) → `widths`, and strips of
            grey pixels behind one another.
    lines   `places`, `languages` → `lines`: for each place its words by Tesseract, as above.
    codes   → `codes` as [text, x0, y0, x1, y1].
    show    `words`, `offered` (lines of boxes, each as places of the words beside them) → `ink` (boxes), `struck`,
            `tickboxes`, `width`, `height`, a PNG.
    """
    asked = request.facts
    watch = _Watch()
    if asked["do"] == "check":
        yield Frame({"languages": tesseract.languages(), "last": True})
        return
    facts, blobs = _QUESTIONS[asked["do"]](asked, request.blobs, watch)
    yield Frame({**facts, "seconds": watch.laps, "last": True}, blobs)


_Answer = tuple[dict[str, Any], tuple[bytes, ...]]


def _picture(asked: Mapping[str, Any], blobs: tuple[bytes, ...]) -> Pixels:
    return np.frombuffer(blobs[0], np.uint8).reshape(asked["height"], asked["width"], 3)


def _in_hand() -> _Held:
    if _held is None:
        raise RuntimeError("no page is in hand")
    return _held


def _asked_to_read(asked: Mapping[str, Any], blobs: tuple[bytes, ...], watch: _Watch) -> _Answer:
    global _held
    rgb, turn, part = _picture(asked, blobs), asked.get("turn"), None
    if asked.get("again"):
        held = _in_hand()
        seen = _flat(held.bare or held.page, asked["bend"], asked["languages"], watch)
        _held = _Held(held.rgb, seen.page, drawn=False, bare=seen.laid)
        return _told_of(seen, turned=seen.page.turned, cut=seen.page.cut), ()
    if asked.get("around"):
        before = _in_hand().page
        high, wide = before.grey.shape
        part = printed_part(before, np.array(asked["around"], np.float64) * (wide, high))
        if part is None and turn == before.turned:
            return {"same": True}, ()
    sheet = lit(rgb, cut=asked["cut"], corners=part)
    blank = is_blank(sheet)
    watch.lap("prepare")
    by_lines = turn if part is None else 0
    seen = _Seen(sheet, sheet, [], []) if blank else _read(sheet, asked["languages"], watch, by_lines)
    if asked.get("bend"):
        seen = _flat(seen.laid, asked["bend"], asked["languages"], watch)
    _held = _Held(rgb, seen.page, drawn=False, bare=seen.laid)
    turned = seen.page.turned if part is None else turn
    return _told_of(seen, turned=turned, cut=sheet.cut and part is None, blank=blank), ()


def _told_of(seen: _Seen, *, turned: int | None, cut: bool, blank: bool = False) -> dict[str, Any]:
    sense = blank or _makes_sense(seen.words)
    return {"words": seen.words, "combs": seen.combs, "turned": turned, "cut": cut, "blank": blank, "sense": sense}


def _asked_how_it_bends(asked: Mapping[str, Any], _: tuple[bytes, ...], watch: _Watch) -> _Answer:
    page = _in_hand().page
    high, wide = page.grey.shape
    lines = [np.array(corners, np.float64) * (wide, high) for corners in asked["lines"]]
    bend = bend_of([along(corners) for corners in lines], wide, high) if page.bend is None else None
    watch.lap("strips")
    return {"bend": [] if bend is None else bend.terms.ravel().tolist()}, ()


def _asked_to_hold(asked: Mapping[str, Any], blobs: tuple[bytes, ...], watch: _Watch) -> _Answer:
    global _held
    rgb = _picture(asked, blobs)
    page = Laid(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.eye(3))
    page, combs = put_together(page) if asked["combs"] else (page, [])
    _held = _Held(rgb, page, drawn=True)
    watch.lap("prepare")
    return {"combs": combs}, ()


def _asked_to_look(asked: Mapping[str, Any], _: tuple[bytes, ...], watch: _Watch) -> _Answer:
    grey = _in_hand().page.grey
    scale = min(1.0, asked["side"] / max(grey.shape))
    below = grey[int(asked["top"] * grey.shape[0]) :]
    small = cv2.resize(below, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    watch.lap("strips")
    return {"width": small.shape[1], "height": small.shape[0]}, (small.tobytes(),)


def _asked_for_cuttings(asked: Mapping[str, Any], _: tuple[bytes, ...], watch: _Watch) -> _Answer:
    held = _in_hand()
    shown = _shown(held)
    high, wide = shown.shape[:2]
    scale, margin = min(1.0, asked["side"] / max(high, wide)), int(_CUT_MARGIN * wide)
    bare = shown
    if asked["without"]:
        bare = shown.copy()
        for x0, y0, x1, y1 in asked["without"]:
            bare[max(0, int(y0 * high)) : int(y1 * high) + 1, max(0, int(x0 * wide)) : int(x1 * wide) + 1] = 255
    cuts = []
    for x0, y0, x1, y1 in asked["places"][:_MAX_STRIPS]:
        left, right = max(0, int(x0 * wide) - margin), min(wide, int(x1 * wide) + margin)
        over, under = max(0, int(y0 * high) - margin), min(high, int(y1 * high) + margin)
        if left < right and over < under:
            size = (max(1, round(scale * (right - left))), max(1, round(scale * (under - over))))
            piece = np.s_[over:under, left:right]
            cut, without = (cv2.resize(one[piece], size, interpolation=cv2.INTER_AREA) for one in (shown, bare))
            coloured = alone(cut)
            cuts.append(cv2.cvtColor(without, cv2.COLOR_RGB2GRAY) if coloured is None else coloured)
    high, wide = sum(len(cut) for cut in cuts), max((cut.shape[1] for cut in cuts), default=0)
    held.cuttings = np.full((max(_CUT_SIDE, high), max(_CUT_SIDE, wide)), 255, np.uint8)
    top = 0
    for cut in cuts:
        held.cuttings[top : top + len(cut), : cut.shape[1]] = cut
        top += len(cut)
    watch.lap("strips")
    return {"width": held.cuttings.shape[1], "height": held.cuttings.shape[0]}, (held.cuttings.tobytes(),)


def _asked_to_look_from_afar(asked: Mapping[str, Any], _: tuple[bytes, ...], watch: _Watch) -> _Answer:
    held = _in_hand()
    held.cuttings = afar(_shown(held), asked["words"], black=asked["black"])
    watch.lap("afar")
    return {"width": held.cuttings.shape[1], "height": held.cuttings.shape[0]}, (held.cuttings.tobytes(),)


_CUT_MARGIN = 0.025
"""Share of the page's width around a place: print may have taken a letter off its strokes."""
_CUT_SIDE = 128
"""Pixels that the picture on which places stand is wide and high at least."""


def _asked_for_strips(asked: Mapping[str, Any], _: tuple[bytes, ...], watch: _Watch) -> _Answer:
    held = _in_hand()
    grey = held.cuttings if asked.get("cuttings") else held.page.grey
    if grey is None:
        raise RuntimeError("no cuttings are in hand")
    strips = [strip(grey, np.array(corners, np.float64)) for corners in asked["places"][:_MAX_STRIPS]]
    watch.lap("strips")
    return {"widths": [cut.shape[1] for cut in strips]}, (b"".join(cut.tobytes() for cut in strips),)


def _asked_for_lines(asked: Mapping[str, Any], _: tuple[bytes, ...], watch: _Watch) -> _Answer:
    page = _in_hand().page
    grey = calmed(page.grey) if page.grainy else page.grey
    high, wide = grey.shape
    cuts = []
    for corners in asked["places"][:_MAX_STRIPS]:
        xs, ys = zip(*corners, strict=True)
        left, right = int(max(0, min(xs)) * wide), int(min(1, max(xs)) * wide) + 1
        top, bottom = int(max(0, min(ys)) * high), int(min(1, max(ys)) * high) + 1
        cut = cv2.copyMakeBorder(grey[top:bottom, left:right], 12, 12, 12, 12, cv2.BORDER_CONSTANT, value=255)
        cuts.append(((left - 12, top - 12), cut))
    read = [tesseract.words(cut, asked["languages"], _LINE_LAYOUT) for _, cut in cuts]
    lines = [
        [[text, *_moved(place, corner, cut.shape, grey.shape), confidence, 0] for text, *place, confidence, _ in words]
        for (corner, cut), words in zip(cuts, read, strict=True)
    ]
    watch.lap("again")
    return {"lines": lines}, ()


def _moved(place: list[float], corner: tuple[int, int], cut: tuple[int, ...], page: tuple[int, ...]) -> list[float]:
    """A place in a cutting, in fractions of it → in fractions of the page."""
    (left, top), (high, wide) = corner, cut
    x0, y0, x1, y1 = place
    return [
        (left + x0 * wide) / page[1], (top + y0 * high) / page[0],
        (left + x1 * wide) / page[1], (top + y1 * high) / page[0],
    ]  # fmt: skip


def _asked_for_codes(_asked: Mapping[str, Any], _: tuple[bytes, ...], watch: _Watch) -> _Answer:
    grey = _in_hand().page.grey
    high, wide = grey.shape
    codes = []
    for code in zxingcpp.read_barcodes(grey, try_rotate=False, try_downscale=True, try_invert=False):
        corners = (
            code.position.top_left,
            code.position.top_right,
            code.position.bottom_right,
            code.position.bottom_left,
        )
        xs, ys = [at.x / wide for at in corners], [at.y / high for at in corners]
        if code.valid and code.text.strip():
            codes.append([code.text.strip()[:200], min(xs), min(ys), max(xs), max(ys)])
    watch.lap("codes")
    return {"codes": codes}, ()


def _shown(held: _Held) -> Pixels:
    """The picture of the page in hand that people see."""
    if held.shown is None:
        held.shown = as_drawn(held.rgb) if held.drawn else view(held.rgb, held.page)
    return held.shown


def _asked_to_show(asked: Mapping[str, Any], _: tuple[bytes, ...], watch: _Watch) -> _Answer:
    held = _in_hand()
    shown = _shown(held)
    watch.lap("view")
    marks = ink(shown, asked["words"]) if asked["ink"] else []
    struck = struck_through(shown, asked["words"]) if asked["ink"] else []
    boxes = [box for line in asked["offered"] for box in tickboxes(shown, line)]
    watch.lap("ink")
    red, green, blue = cv2.split(shown)
    without_colour = not (cv2.norm(red, green, cv2.NORM_INF) or cv2.norm(red, blue, cv2.NORM_INF))
    kept = red if without_colour else cv2.cvtColor(shown, cv2.COLOR_RGB2BGR)
    done, png = cv2.imencode(".png", kept, _PNG)
    if not done:
        raise RuntimeError("the page could not be written as PNG")
    watch.lap("png")
    height, width = shown.shape[:2]
    told = {"ink": marks, "struck": struck, "tickboxes": boxes, "width": width, "height": height}
    return {**told, "look": "" if held.drawn else look(held.rgb)}, (png.tobytes(),)


_QUESTIONS: dict[str, Callable[[Mapping[str, Any], tuple[bytes, ...], _Watch], _Answer]] = {
    "read": _asked_to_read,
    "bend": _asked_how_it_bends,
    "hold": _asked_to_hold,
    "look": _asked_to_look,
    "cuttings": _asked_for_cuttings,
    "afar": _asked_to_look_from_afar,
    "strips": _asked_for_strips,
    "lines": _asked_for_lines,
    "codes": _asked_for_codes,
    "show": _asked_to_show,
}


@dataclass(frozen=True, slots=True)
class _Seen:
    """A page as it was laid, the same with its combs put together, the words that were read of it, and the combs."""

    laid: Laid
    page: Laid
    words: list[list[Any]]
    combs: list[Comb]


def _read(sheet: Laid, languages: str, watch: _Watch, turn: int | None = None) -> _Seen:
    """The page as read, turned clockwise by `turn` where that is known.

    Most pages stand upright: they are read at once, and asked for their orientation only when they lie
    on their side or make no sense.  That saves half of the time of a page.
    """

    def at(turn: int) -> _Seen:
        page = laid(sheet, turn)
        watch.lap("prepare")
        return _seen_on(page, languages, watch)

    aside = on_its_side(sheet)
    best = at(turn) if turn is not None else None if aside else at(0)
    if turn is None and (best is None or not _makes_sense(best.words)):
        told = orientation(sheet.grey)
        watch.lap("orientation")
        for other_turn in (90, 270, 0) if told is None and aside else (180,) if told is None else (told,):
            if best is not None and (other_turn == best.page.turned or _makes_sense(best.words)):
                continue
            other = at(other_turn)
            if best is None or _understood(other.words) > _understood(best.words):
                best = other
    if best is None:
        best = at(0)
    for lay in (levelled, unbent):
        page = lay(best.laid, _lines_of(best.words, best.page))
        anew = None if page is None else _seen_on(page, languages, watch)
        if anew is not None and _understood(anew.words) > _understood(best.words):
            best = anew
    return best


def _seen_on(page: Laid, languages: str, watch: _Watch) -> _Seen:
    """A page as it lies, read."""
    together, combs = put_together(page)
    grey = cleaned(calmed(together.grey) if together.grainy else together.grey)
    watch.lap("rules")
    words = tesseract.words(grey, languages, _PAGE_LAYOUT)
    watch.lap("words")
    return _Seen(page, together, words, combs)


def _flat(page: Laid, terms: list[float], languages: str, watch: _Watch) -> _Seen:
    """A page laid flat by how it bends, and read."""
    flat = bent_by(page, terms)
    watch.lap("prepare")
    return _seen_on(flat, languages, watch)


def _lines_of(words: list[list[Any]], page: Laid) -> list[tuple[Floats, float]]:
    """The middles of the words of each line, in pixels, and their median height; of words that were read for sure."""
    high, wide = page.grey.shape
    lines: dict[int, list[list[Any]]] = {}
    for word in words:
        if word[5] >= _READ and sum(map(str.isalnum, word[0])) >= 2:
            lines.setdefault(word[6], []).append(word)
    return [
        (
            np.array([((x0 + x1) / 2 * wide, (y0 + y1) / 2 * high) for _, x0, y0, x1, y1, *_ in line]),
            float(np.median([(y1 - y0) * high for _, _, y0, _, y1, *_ in line])),
        )
        for line in lines.values()
    ]


_READ = 0.6
"""Confidence from which a word was read, and stands where it is said to."""


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


def orientation(grey: Pixels) -> int | None:
    """Degrees clockwise that stand the page upright, by Tesseract's OSD; None where it is not sure."""
    longest = max(grey.shape)
    if longest > _OSD_SIDE:
        grey = cv2.resize(grey, None, fx=_OSD_SIDE / longest, fy=_OSD_SIDE / longest, interpolation=cv2.INTER_AREA)
    told = tesseract.orientation(grey)
    return told[0] if told is not None and told[1] >= _OSD_FLOOR else None
