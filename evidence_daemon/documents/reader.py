"""The door of this room: attachments in, readings out; never an error for a document's sake.

What wraps others (archive, Office document, mail, winmail.dat) is unpacked in a sealed cell, and its parts are
walked like attachments.

Each document is opened in a sealed cell that gives out pixels and words, page by page; each page's pixels
are read in a second cell.  The pixels that were read are kept as PNG: people see what the machine saw.
A cell that dies is tried once more; then the document goes to a person (ERROR_INTERNO).
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from evidence_daemon.config import DocumentsConfig
from evidence_daemon.documents.antivirus import ClamAV, Clean, Found
from evidence_daemon.documents.notary import SEALS, Notary
from evidence_daemon.documents.sandbox import Cell, CellDied, Frame, Limits, NoCell, level, sweep
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
from evidence_daemon.documents.sight import OCR, SEARCHED, Sight
from evidence_daemon.documents.told import printable, whole
from evidence_daemon.documents.tries import MOST_BEGINNINGS, MOST_DEATHS, Tries, TriesOfThisRun, is_deadly
from evidence_daemon.documents.wanting import wanted
from evidence_daemon.errors import BadConfig, Temporary
from evidence_daemon.model import (
    Attachment,
    DigitalSignature,
    Document,
    Page,
    Reading,
    ReasonCode,
    Sha256,
    Unreadable,
)
from evidence_daemon.rulebook import DocumentsBook

_log = logging.getLogger("evidence_daemon.documents")

MAX_MAIL_PAGES = 20
"""Pages of one mail that are read by OCR."""
TRIAL_SECONDS = 60.0
"""How old the last trial of a cell may be."""
_PARSERS = {Form.PDF: "evidence_daemon.documents.pdf", Form.IMAGE: "evidence_daemon.documents.image"}
_UNPACK = "evidence_daemon.documents.unpack"
_MOST_PASSWORDS = 5
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

_Result = TypeVar("_Result")


@dataclass(slots=True)
class _Left:
    """What may still be read of one mail, and what was."""

    files: int
    until: float
    """By the monotonic clock."""
    bytes: int = MAX_MAIL_BYTES
    pages: int = MAX_MAIL_PAGES
    spent: float = 0.0
    """Seconds of CPU on what was read so far."""
    containers: int = _MOST_CONTAINERS
    known: dict[Sha256, tuple[Reading, ...]] = field(default_factory=dict)


class Reader:
    """Reads attachments.  `keep` stores a PNG and returns its hash; nothing else is written anywhere.

    Safe to use from several threads at once: every call has its own cells.
    """

    def __init__(
        self,
        config: DocumentsConfig,
        keep: Callable[[bytes], Sha256],
        book: DocumentsBook,
        tries: Tries | None = None,
        beginnings: int = MOST_BEGINNINGS,
    ) -> None:
        self._config = config
        self._keep = keep
        self._book = book
        self._tries = tries or TriesOfThisRun()
        self._beginnings = beginnings
        self._antivirus = ClamAV(config.clamav, config.clamav_seconds) if config.clamav else None
        self._notary = Notary(config)
        self._trial = -TRIAL_SECONDS, ""

    def read(self, attachments: Sequence[Attachment], passwords: Sequence[str] = ()) -> tuple[Reading, ...]:
        """At least one reading for each attachment, in order; of what wraps others, those of its parts.

        `passwords` (the holder's cédula) are tried on protected PDFs.  What exceeds the limits of a mail is
        `Unreadable` with its reason, never left out in silence.  Raises `Temporary` where there is no cage now.
        """
        left = _Left(self._config.max_attachments, time.monotonic() + self._config.max_mail_seconds)
        try:
            return tuple(reading for given in attachments for reading in self._walk(given, passwords, left, ()))
        finally:
            _give_back()

    def check(self) -> None:
        """Try every cell, and sweep up after killed ones; for the start of the program.

        Raises `BadConfig` with what is missing and how to mend it.
        """
        sweep()
        try:
            for work in (*_PARSERS.values(), _UNPACK, *([SEALS] if self._notary.trusts else []), OCR):
                told = self._tried_cell(work)
                languages = told.get("languages", ())
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

    def unfit(self) -> str:
        """Why no document can be opened safely now; "" when a cell locks itself and answers.

        At most `TRIAL_SECONDS` old: a trial starts a process.
        """
        at, found = self._trial
        if time.monotonic() - at >= TRIAL_SECONDS:
            try:
                self._tried_cell(_PARSERS[Form.PDF])
                found = ""
            except CellDied as died:
                found = str(died)
            self._trial = time.monotonic(), found
        return found

    def _tried_cell(self, work: str) -> dict[str, Any]:
        """What a cell says that is asked to do nothing.  Raises `CellDied`."""
        question = {"max_pages": 1, "passwords": [], "do": "check", "check": True, "form": "ZIP", "zipped": False}
        with Cell(work, self._limits(self._config.max_seconds)) as cell:
            (told,) = cell.answers(Frame(question, (b"",)))
            return told.facts

    def follow(self, book: DocumentsBook) -> None:
        """Read by another rule book from now on; what is being read is read by either."""
        self._book = book

    def cage(self) -> str:
        """How documents are locked up here, and whether an antivirus looks first; in words for `status`."""
        looked = f", antivirus en {self._config.clamav}" if self._config.clamav else ", sin antivirus"
        return level() + looked

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
            reading = self._tried(attachment, lambda: self._in_cells(attachment, screened, passwords, left, seconds))
            if isinstance(reading, Document):
                left.pages -= len(reading.pages)
                left.spent += sum(spent for stage, spent in reading.seconds if stage != SEARCHED)
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
                malware = printable(name)
                return replace(
                    _unreadable(attachment, ReasonCode.ADJUNTO_BLOQUEADO, f"el antivirus halló {malware}"),
                    malware=malware,
                )
            case missed:
                _log.warning("the antivirus did not look at %s: %s", attachment.sha256[:12], missed.because)
                if self._config.clamav_absent == "go_on":
                    return None
                return _unreadable(
                    attachment, ReasonCode.ERROR_INTERNO, f"el antivirus no lo revisó: {printable(missed.because)}"
                )

    def _tried(self, attachment: Attachment, opening: Callable[[], _Result]) -> _Result | Unreadable:
        """Have a file opened in cells, once more when one died of it, and never again when that went on."""
        file, told = attachment.sha256, "ya hizo fallar al lector varias veces; no se abre más"
        for _ in range(MOST_DEATHS):
            if is_deadly(self._tries.begin(file), self._beginnings):
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
                    name = f"{attachment.name} › {printable(str(frame.facts.get('name', ''))) or 'sin nombre'}"
                    sha256 = Sha256(hashlib.sha256(content).hexdigest())
                    place = f"{attachment.part}/{len(parts) + 1}"
                    parts.append(Attachment(name[-300:], "application/octet-stream", content, sha256, place))
                if len(parts) > MAX_ENTRIES or size > MAX_MAIL_BYTES:
                    raise CellDied("the cell took out more than there may be")
        refused = str(ending.facts.get("refused", ""))
        if not refused and parts:
            return tuple(parts)
        return _refused(attachment, REFUSALS[Fault(refused) if refused in set(Fault) else Fault.DAMAGED])

    def _in_cells(
        self, attachment: Attachment, screened: Readable, passwords: Sequence[str], left: _Left, seconds: float
    ) -> Reading:
        began, max_pages = time.monotonic(), min(left.pages, self._config.max_pages)
        pages: list[Page] = []
        with ExitStack() as cells:
            parser = cells.enter_context(Cell(_PARSERS[screened.form], self._limits(seconds)))
            sight = cells.enter_context(
                Sight(
                    self._config.languages,
                    lambda: self._limits(max(0.1, seconds - (time.monotonic() - began))),
                    lambda page: wanted(page, self._book),
                    left.spent,
                )
            )
            request = Frame(
                {"passwords": list(passwords)[:_MOST_PASSWORDS], "max_pages": max_pages}, (attachment.content,)
            )
            ending = Frame({})
            for frame in parser.answers(request):
                ending = frame
                if frame.blobs and len(pages) < max_pages:
                    page, png = sight.page(frame)
                    pages.append(replace(page, raster=self._keep(png)))
        refused = _REFUSALS.get(str(ending.facts.get("refused", "")))
        if refused is not None and not pages:
            return _unreadable(attachment, refused, _DETAILS[refused])
        if not pages:
            return _unreadable(attachment, ReasonCode.ADJUNTO_DANADO, _DETAILS[ReasonCode.ADJUNTO_DANADO])
        signatures: tuple[DigitalSignature, ...] = ()
        if screened.form is Form.PDF:
            rest = max(1.0, seconds - (time.monotonic() - began))
            signatures = self._notary.look(attachment.content, list(passwords)[:_MOST_PASSWORDS], self._limits(rest))
        return Document(
            sha256=attachment.sha256,
            name=attachment.name,
            media_type=screened.media_type,
            pages=tuple(pages),
            total_pages=max(len(pages), whole(ending.facts.get("total_pages"), 0, 1_000_000)),
            seconds=tuple(sorted((stage, round(seconds, 3)) for stage, seconds in sight.spent.items())),
            signatures=signatures,
        )


def _give_back() -> None:
    """Return to the system what pages of pixels took: the allocator keeps pieces of tens of megabytes otherwise."""
    with contextlib.suppress(AttributeError):  # musl has no such call, and no such habit
        ctypes.CDLL(None).malloc_trim(0)


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
