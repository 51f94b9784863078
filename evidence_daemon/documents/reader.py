"""The door of this room: attachments in, readings out; never an error for a document's sake.

Each document is opened in a sealed cell that gives out pixels and words, page by page; each page's pixels
are read in a second cell.  The pixels that were read are kept as PNG: people see what the machine saw.
A cell that dies is tried once more; then the document goes to a person (ERROR_INTERNO).
"""

from __future__ import annotations

import logging
import math
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from evidence_daemon.config import DocumentsConfig
from evidence_daemon.documents.fields import yields
from evidence_daemon.documents.sandbox import Cell, CellDied, Frame, Limits, sweep
from evidence_daemon.documents.screening import MAX_FILE_BYTES, MAX_MAIL_BYTES, Form, Readable, screen
from evidence_daemon.errors import BadConfig
from evidence_daemon.model import Attachment, Box, Document, Engine, Page, Reading, ReasonCode, Sha256, Unreadable, Word

_log = logging.getLogger("evidence_daemon.documents")

MAX_MAIL_PAGES = 20
"""Pages of one mail that are read by OCR."""
_MAX_WORDS = 8000
_PARSERS = {Form.PDF: "evidence_daemon.documents.pdf", Form.IMAGE: "evidence_daemon.documents.image"}
_OCR = "evidence_daemon.documents.ocr"
_REFUSALS = {
    code.value: code
    for code in (ReasonCode.ADJUNTO_PROTEGIDO, ReasonCode.ADJUNTO_DANADO, ReasonCode.ADJUNTO_MUY_GRANDE)
}
_DETAILS = {
    ReasonCode.ADJUNTO_PROTEGIDO: "el PDF pide una clave",
    ReasonCode.ADJUNTO_DANADO: "el archivo está dañado o incompleto",
    ReasonCode.ADJUNTO_MUY_GRANDE: "la imagen tiene demasiados píxeles",
}

_ENOUGH = 3
"""Kinds of values that prove themselves (see `fields.yields`) from which a reading is taken as it is."""
_WELL_READ = 0.88
"""Mean confidence from which reading the same page in another way brought nothing (measured)."""
_WAYS = ({"layout": 4, "cut": True}, {"layout": 6, "cut": True}, {"layout": 11, "cut": False})
"""Ways of reading a picture, the usually best first: columns, one block, scattered words without the crop."""


_Told = Callable[[Mapping[str, Any], Engine], tuple[Page, bytes]]
"""Have the page in hand read in some way: what is asked, who reads → the page, its PNG."""


class Reader:
    """Reads attachments.  `keep` stores a PNG and returns its hash; nothing else is written anywhere.

    Safe to use from several threads at once: every call has its own cells.
    """

    def __init__(self, config: DocumentsConfig, keep: Callable[[bytes], Sha256]) -> None:
        self._config = config
        self._keep = keep

    def read(self, attachments: Sequence[Attachment], passwords: Sequence[str] = ()) -> tuple[Reading, ...]:
        """One reading for each attachment, in order.

        `passwords` (the holder's cédula) are tried on protected PDFs.  What exceeds the limits of a mail is
        `Unreadable` with its reason, never left out in silence.
        """
        readings: list[Reading] = []
        known: dict[Sha256, Reading] = {}
        size, pages = 0, MAX_MAIL_PAGES
        for number, given in enumerate(attachments, start=1):
            attachment = _in_hand(given)
            size += len(attachment.content)
            if attachment.sha256 in known:
                reading = replace(known[attachment.sha256], name=attachment.name)
            elif number > self._config.max_attachments or size > MAX_MAIL_BYTES or pages <= 0:
                reading = _unreadable(
                    attachment, ReasonCode.ADJUNTO_MUY_GRANDE, "el correo trae más de lo que se lee de uno"
                )
            else:
                reading = self._document(attachment, passwords, min(pages, self._config.max_pages))
                pages -= len(reading.pages) if isinstance(reading, Document) else 0
            known.setdefault(attachment.sha256, reading)
            readings.append(reading)
        return tuple(readings)

    def check(self) -> None:
        """Try every cell, and sweep up after killed ones; for the start of the program.

        Raises `BadConfig` with what is missing and how to mend it.
        """
        sweep()
        limits = self._limits(self._config.max_seconds)
        try:
            for work in (*_PARSERS.values(), _OCR):
                with Cell(work, limits) as cell:
                    (told,) = cell.answers(Frame({"max_pages": 1, "passwords": [], "check": True}, (b"",)))
                    languages = told.facts.get("languages", ())
        except CellDied as died:
            raise BadConfig(
                f"documents cannot be read safely here: {died}. "
                "The system calls of a document's reader must be lockable (seccomp; Landlock if "
                "documents.require_landlock is set), and tesseract must be installed: "
                "apt-get install tesseract-ocr tesseract-ocr-spa"
            ) from None
        missing = [name for name in (*self._config.languages.split("+"), "osd") if name not in languages]
        if missing:
            packages = " ".join(f"tesseract-ocr-{name.replace('_', '-')}" for name in missing)
            raise BadConfig(f"tesseract lacks the language data {', '.join(missing)}: apt-get install {packages}")

    def _limits(self, seconds: float) -> Limits:
        return Limits(seconds, self._config.max_memory_bytes, self._config.require_landlock)

    # ── one document ─────────────────────────────────────────────────────────────────────────────

    def _document(self, attachment: Attachment, passwords: Sequence[str], max_pages: int) -> Reading:
        screened = screen(attachment.content)
        if not isinstance(screened, Readable):
            return _unreadable(attachment, screened.reason, screened.detail)
        died = CellDied("")
        for _ in range(2):
            try:
                return self._in_cells(attachment, screened, passwords, max_pages)
            except CellDied as bad:
                died = bad
                _log.warning("a document's reader died: %s %s", attachment.sha256[:12], bad)
                if bad.timed_out:
                    break
        return _unreadable(attachment, ReasonCode.ERROR_INTERNO, str(died)[:500])

    def _in_cells(
        self, attachment: Attachment, screened: Readable, passwords: Sequence[str], max_pages: int
    ) -> Reading:
        began = time.monotonic()
        spent: dict[str, float] = {}
        pages: list[Page] = []
        with ExitStack() as cells:
            parser = cells.enter_context(Cell(_PARSERS[screened.form], self._limits(self._config.max_seconds)))
            left = self._config.max_seconds - (time.monotonic() - began)
            ocr = cells.enter_context(Cell(_OCR, self._limits(left)))
            request = Frame({"passwords": list(passwords)[:5], "max_pages": max_pages}, (attachment.content,))
            ending = Frame({})
            for frame in parser.answers(request):
                ending = frame
                if frame.blobs and len(pages) < max_pages:
                    pages.append(self._page(ocr, frame, spent))
        refused = _REFUSALS.get(str(ending.facts.get("refused", "")))
        if refused is not None and not pages:
            return _unreadable(attachment, refused, _DETAILS[refused])
        if not pages:
            return _unreadable(attachment, ReasonCode.ADJUNTO_DANADO, _DETAILS[ReasonCode.ADJUNTO_DANADO])
        return Document(
            sha256=attachment.sha256,
            name=attachment.name,
            media_type=screened.media_type,
            pages=tuple(pages),
            total_pages=max(len(pages), _whole(ending.facts.get("total_pages"), 0, 1_000_000)),
            seconds=tuple(sorted((stage, round(seconds, 3)) for stage, seconds in spent.items())),
        )

    def _page(self, ocr: Cell, frame: Frame, spent: dict[str, float]) -> Page:
        """A page of pixels (and perhaps words) from the parser → as it was read, its PNG kept."""
        facts = frame.facts
        number, width, height = (_whole(facts.get(name), 1, 100_000) for name in ("number", "width", "height"))
        if len(frame.blobs) != 1 or len(frame.blobs[0]) != width * height * 3:
            raise CellDied("the cell sent pixels that do not fit their size")
        asked = {"width": width, "height": height, "engine": "TESSERACT", "languages": self._config.languages}
        printed = _words(facts.get("words") or ())
        pictured = facts.get("pictured", 1.0)
        believed = printed and isinstance(pictured, float) and pictured < 0.5
        turned = _whole(facts.get("turned", 0), 0, 270)

        def told(more: Mapping[str, Any], engine: Engine) -> tuple[Page, bytes]:
            (answer,) = ocr.answers(Frame({**asked, "words": None, **more}, frame.blobs))
            for stage, seconds in dict(answer.facts["seconds"]).items():
                spent[stage] = spent.get(stage, 0.0) + float(seconds)
            page = Page(
                number=number,
                width=_whole(answer.facts["width"], 1, 100_000),
                height=_whole(answer.facts["height"], 1, 100_000),
                engine=engine,
                words=_words(answer.facts["words"]),
                turned=(turned + _whole(answer.facts["turned"], 0, 270)) % 360,
                ink=tuple(Box(*map(float, box)) for box in answer.facts["ink"]),
            )
            return page, answer.blobs[0]

        if believed:
            as_printed = [[w.text, w.box.x0, w.box.y0, w.box.x1, w.box.y1] for w in printed]
            text_layer = told({"words": as_printed}, Engine.TEXTO)
            if yields(printed) >= 2:
                return self._kept(*text_layer)
            # A text layer without values is not believed: the values may be pixels pasted over a form.
            pixels = self._by_ocr(told, turned)
            return self._kept(*(pixels if yields(pixels[0].words) > yields(printed) else text_layer))
        return self._kept(*self._by_ocr(told, turned))

    def _by_ocr(self, told: _Told, exif: int) -> tuple[Page, bytes]:
        """The best of a few ways to read a picture; most pages are read well in the first.

        `exif` is the turn (degrees clockwise) that the picture's own data had asked for already.
        """
        best: tuple[tuple[int, float], tuple[Page, bytes]] | None = None
        turn: int | None = None
        for way in _WAYS:
            page, png = told({**way, "turn": turn}, Engine.TESSERACT)
            score = (yields(page.words), _understood(page.words))
            if best is None or score > best[0]:
                best = (score, (page, png))
            if best[0][0] >= _ENOUGH or _confidence(page.words) >= _WELL_READ:
                break
            if _understood(best[1][0].words) < 10 and way is not _WAYS[0]:
                break  # nothing in two ways: an empty page
            if _confidence(page.words) >= 0.6:
                turn = (page.turned - exif) % 360
        if best is None:
            raise CellDied("no way of reading was tried")
        return best[1]

    def _kept(self, page: Page, png: bytes) -> Page:
        return replace(page, raster=self._keep(png))


# ── what a cell says is believed only in these forms ─────────────────────────────────────────────


def _whole(value: object, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise CellDied("the cell sent a number out of its bounds")
    return value


def _words(told: Any) -> tuple[Word, ...]:
    """Words from [text, x0, y0, x1, y1] with or without confidence and line.  Raises `CellDied`."""
    if not isinstance(told, (list, tuple)) or len(told) > _MAX_WORDS:
        raise CellDied("the cell sent no list of words, or an endless one")
    words = []
    for item in told:
        try:
            text, x0, y0, x1, y1, confidence, line = (*item, 1.0, 0)[:7] if len(item) == 5 else item
            numbers = [float(at) for at in (x0, y0, x1, y1, confidence)]
            left, top, right, bottom, sure = (min(1.0, max(0.0, number)) for number in numbers)
            word = Word(_printable(str(text)), Box(left, top, right, bottom), sure, int(line))
            whole = all(map(math.isfinite, numbers))
        except (TypeError, ValueError, OverflowError):
            raise CellDied("the cell sent a word that is none") from None
        if not whole:
            raise CellDied("the cell sent a word that stands nowhere")
        if word.text:
            words.append(word)
    return tuple(words)


def _printable(text: str) -> str:
    """Without control and formatting characters (bidi marks in a number would fool the eye), at most 200."""
    return "".join(c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c)[0] != "C")[:200].strip()


def _confidence(words: Sequence[Word]) -> float:
    letters = [(sum(map(str.isalnum, word.text)), word.confidence) for word in words]
    total = sum(count for count, _ in letters)
    return sum(count * sure for count, sure in letters) / total if total else 0.0


def _understood(words: Sequence[Word]) -> float:
    return sum(sum(map(str.isalnum, word.text)) * word.confidence for word in words if word.confidence >= 0.6)


def _in_hand(attachment: Attachment) -> Attachment:
    """An attachment of a large mail lies in a file until its turn comes; what exceeds the limit stays there."""
    if not attachment.file:
        return attachment
    with Path(attachment.file).open("rb") as file:
        return replace(attachment, content=file.read(MAX_FILE_BYTES + 1))


def _unreadable(attachment: Attachment, reason: ReasonCode, detail: str) -> Unreadable:
    return Unreadable(attachment.sha256, attachment.name, reason, detail)
