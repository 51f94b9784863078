"""The door of this room: attachments in, readings out; never an error for a document's sake.

What wraps others (archive, Office document, mail, winmail.dat) is unpacked in a sealed cell, and its parts are
walked like attachments.

Each document is opened in a sealed cell that gives out pixels and words, page by page; each page's pixels
are read in a second cell.  The pixels that were read are kept as PNG: people see what the machine saw.
A cell that dies is tried once more; then the document goes to a person (ERROR_INTERNO).
"""

from __future__ import annotations

import hashlib
import logging
import math
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from evidence_daemon.config import DocumentsConfig
from evidence_daemon.documents.antivirus import ClamAV, Clean, Found
from evidence_daemon.documents.fields import yields
from evidence_daemon.documents.sandbox import Cell, CellDied, Frame, Limits, NoCell, sweep
from evidence_daemon.documents.screening import (
    CONTAINERS,
    MAX_DEPTH,
    MAX_ENTRIES,
    MAX_FILE_BYTES,
    MAX_MAIL_BYTES,
    REFUSALS,
    TOO_DEEP,
    Fault,
    Form,
    Readable,
    Refused,
    screen,
)
from evidence_daemon.documents.tries import MOST_DEATHS, Tries, TriesOfThisRun
from evidence_daemon.errors import BadConfig, Temporary
from evidence_daemon.model import Attachment, Box, Document, Engine, Page, Reading, ReasonCode, Sha256, Unreadable, Word

_log = logging.getLogger("evidence_daemon.documents")

MAX_MAIL_PAGES = 20
"""Pages of one mail that are read by OCR."""
_MAX_WORDS = 8000
_PARSERS = {Form.PDF: "evidence_daemon.documents.pdf", Form.IMAGE: "evidence_daemon.documents.image"}
_OCR = "evidence_daemon.documents.ocr"
_UNPACK = "evidence_daemon.documents.unpack"
_MOST_CONTAINERS = 20
"""Containers of one mail that are opened."""
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


_Result = TypeVar("_Result")


@dataclass(slots=True)
class _Left:
    """What may still be read of one mail, and what was."""

    files: int
    until: float
    """By the monotonic clock."""
    bytes: int = MAX_MAIL_BYTES
    pages: int = MAX_MAIL_PAGES
    containers: int = _MOST_CONTAINERS
    known: dict[Sha256, tuple[Reading, ...]] = field(default_factory=dict)


class Reader:
    """Reads attachments.  `keep` stores a PNG and returns its hash; nothing else is written anywhere.

    Safe to use from several threads at once: every call has its own cells.
    """

    def __init__(self, config: DocumentsConfig, keep: Callable[[bytes], Sha256], tries: Tries | None = None) -> None:
        self._config = config
        self._keep = keep
        self._tries = tries or TriesOfThisRun()
        self._antivirus = ClamAV(config.clamav, config.clamav_seconds) if config.clamav else None

    def read(self, attachments: Sequence[Attachment], passwords: Sequence[str] = ()) -> tuple[Reading, ...]:
        """At least one reading for each attachment, in order; of what wraps others, those of its parts.

        `passwords` (the holder's cédula) are tried on protected PDFs.  What exceeds the limits of a mail is
        `Unreadable` with its reason, never left out in silence.  Raises `Temporary` where there is no cage now.
        """
        left = _Left(self._config.max_attachments, time.monotonic() + self._config.max_mail_seconds)
        return tuple(reading for given in attachments for reading in self._walk(given, passwords, left, ()))

    def check(self) -> None:
        """Try every cell, and sweep up after killed ones; for the start of the program.

        Raises `BadConfig` with what is missing and how to mend it.
        """
        sweep()
        limits = self._limits(self._config.max_seconds)
        try:
            for work in (*_PARSERS.values(), _UNPACK, _OCR):
                with Cell(work, limits) as cell:
                    question = {"max_pages": 1, "passwords": [], "check": True, "form": "ZIP", "zipped": False}
                    (told,) = cell.answers(Frame(question, (b"",)))
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

    def _walk(
        self, given: Attachment, passwords: Sequence[str], left: _Left, within: tuple[Form, ...]
    ) -> tuple[Reading, ...]:
        """The readings of one attachment, or of one part of a container (`within` which ones, outermost first)."""
        attachment = _in_hand(given)
        if attachment.sha256 in left.known:
            return tuple(replace(reading, name=attachment.name) for reading in left.known[attachment.sha256])
        left.bytes -= len(attachment.content)
        readings = self._opened(attachment, passwords, left, within)
        left.known[attachment.sha256] = readings
        return readings

    def _opened(
        self, attachment: Attachment, passwords: Sequence[str], left: _Left, within: tuple[Form, ...]
    ) -> tuple[Reading, ...]:
        too_much = _unreadable(attachment, ReasonCode.ADJUNTO_MUY_GRANDE, "el correo trae más de lo que se lee de uno")
        if left.bytes < 0 or left.files <= 0 or left.pages <= 0:
            return (too_much,)
        seconds = min(self._config.max_seconds, left.until - time.monotonic())
        if seconds <= 0:
            return (_unreadable(attachment, ReasonCode.ERROR_INTERNO, "el correo tomó más tiempo del que se da a uno"),)
        if not within and (warned := self._warned(attachment)) is not None:
            return (warned,)  # what is wrapped was looked at with its wrapping
        screened = screen(attachment.content)
        if not isinstance(screened, Readable):
            left.files -= 1
            return (_refused(attachment, screened),)
        if screened.form not in CONTAINERS:
            left.files -= 1
            pages = min(left.pages, self._config.max_pages)
            reading = self._tried(attachment, lambda: self._in_cells(attachment, screened, passwords, pages, seconds))
            left.pages -= len(reading.pages) if isinstance(reading, Document) else 0
            return (reading,)
        if len(within) >= MAX_DEPTH:
            return (_refused(attachment, TOO_DEEP),)
        left.containers -= 1
        if left.containers < 0:
            return (too_much,)
        parts = self._tried(attachment, lambda: self._unpacked(attachment, screened.form, within, seconds))
        if isinstance(parts, Unreadable):
            return (parts,)
        return tuple(
            reading for part in parts for reading in self._walk(part, passwords, left, (*within, screened.form))
        )

    def _warned(self, attachment: Attachment) -> Unreadable | None:
        """What the antivirus has against a file, where there is one."""
        if self._antivirus is None or not 0 < len(attachment.content) <= MAX_FILE_BYTES:
            return None
        match self._antivirus.look(attachment.content):
            case Clean():
                return None
            case Found(name=name):
                _log.warning("the antivirus found %s in %s", name, attachment.sha256[:12])
                malware = _printable(name)
                return replace(
                    _unreadable(attachment, ReasonCode.ADJUNTO_BLOQUEADO, f"el antivirus halló {malware}"),
                    malware=malware,
                )
            case missed:
                _log.warning("the antivirus did not look at %s: %s", attachment.sha256[:12], missed.because)
                if self._config.clamav_absent == "go_on":
                    return None
                return _unreadable(
                    attachment, ReasonCode.ERROR_INTERNO, f"el antivirus no lo revisó: {_printable(missed.because)}"
                )

    def _tried(self, attachment: Attachment, opening: Callable[[], _Result]) -> _Result | Unreadable:
        """Have a file opened in cells, once more when one died of it, and never again when that went on."""
        file, told = attachment.sha256, "ya hizo fallar al lector varias veces; no se abre más"
        for _ in range(MOST_DEATHS):
            if self._tries.begin(file).deadly:
                break
            try:
                result = opening()
            except NoCell as trouble:
                self._tries.ended(file)
                raise Temporary(f"documents cannot be opened now: {trouble}") from trouble
            except CellDied as bad:
                told = str(bad)[:500]
                # One that takes all its time once would do so again.
                self._tries.died(file, MOST_DEATHS if bad.timed_out else 1)
                _log.warning("a document's reader died: %s %s", file[:12], bad)
            except BaseException:
                self._tries.ended(file)  # a full disk is no fault of the document's
                raise
            else:
                self._tries.ended(file)
                return result
        return _unreadable(attachment, ReasonCode.ERROR_INTERNO, told)

    def _unpacked(
        self, attachment: Attachment, form: Form, within: tuple[Form, ...], seconds: float
    ) -> tuple[Attachment, ...] | Unreadable:
        """The parts of a container as attachments of their own."""
        parts: list[Attachment] = []
        size = 0
        with Cell(_UNPACK, self._limits(seconds)) as cell:
            ending = Frame({})
            request = Frame({"form": form.value, "zipped": Form.ZIP in within}, (attachment.content,))
            for frame in cell.answers(request):
                ending = frame
                for content in frame.blobs:
                    size += len(content)
                    name = f"{attachment.name} › {_printable(str(frame.facts.get('name', ''))) or 'sin nombre'}"
                    sha256 = Sha256(hashlib.sha256(content).hexdigest())
                    place = f"{attachment.part}/{len(parts) + 1}"
                    parts.append(Attachment(name[-300:], "application/octet-stream", content, sha256, place))
                if len(parts) > MAX_ENTRIES or size > MAX_MAIL_BYTES:
                    raise CellDied("the cell took out more than there may be")
        refused = ending.facts.get("refused")
        if refused is None and parts:
            return tuple(parts)
        return _refused(attachment, REFUSALS[Fault(refused)] if refused in set(Fault) else REFUSALS[Fault.DAMAGED])

    def _in_cells(
        self, attachment: Attachment, screened: Readable, passwords: Sequence[str], max_pages: int, seconds: float
    ) -> Reading:
        began = time.monotonic()
        spent: dict[str, float] = {}
        pages: list[Page] = []
        with ExitStack() as cells:
            parser = cells.enter_context(Cell(_PARSERS[screened.form], self._limits(seconds)))
            left = seconds - (time.monotonic() - began)
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


def _refused(attachment: Attachment, refusal: Refused) -> Unreadable:
    return _unreadable(attachment, refusal.reason, refusal.detail)


def _unreadable(attachment: Attachment, reason: ReasonCode, detail: str) -> Unreadable:
    return Unreadable(attachment.sha256, attachment.name, reason, detail)
