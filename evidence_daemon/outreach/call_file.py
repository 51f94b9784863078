"""Calls by call files: the driver of the channel IVR where the exchange grants no manager user.

A file is written beside the spool and renamed into it, so the exchange never reads half of one; its name is the
attempt's, and so is the account in its CDR row.  `MaxRetries: 0`: tries are the engine's, which looks at the case
again.  Ends are read from the CDR, or, without one, from the status that the exchange leaves in the archived file.
What this way cannot do: end a call that lives (one that has not begun is taken back), and tell a wrong number from
silence (the CDR does not know).
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from evidence_daemon.errors import BadFile
from evidence_daemon.model import AttemptId, Channel, ContactState
from evidence_daemon.outreach.channel import Accepted, Halted, Message, NeverSeen, Report, Sent
from evidence_daemon.outreach.ivr import CDR_COLUMNS, CDR_GRACE, CDR_START, CONTEXT, Line, cdr_time, read_back

LOOK_SECONDS = 0.5
_ACCOUNT = 0
"""Column of the CDR."""
_WITHOUT_CDR_SECONDS = 10.0
"""An archived file whose CDR row has not come by then is believed by its status alone."""


class CallFiles:
    """The driver.  `spool` is the exchange's outgoing directory; `sound` as in `ivr.Ivr`."""

    channel = Channel.IVR

    def __init__(self, line: Line, spool: Path, sound: Callable[[str], tuple[str, float]]) -> None:
        self._line, self._spool, self._sound = line, spool, sound
        self._done, self._drafts = spool.parent / "outgoing_done", spool.parent / "tmp"
        self._open: dict[AttemptId, float | None] = {}
        """Calls that are not over; since when (of the loop) their file is archived."""
        self._read_to = 0
        """Bytes of the CDR that were looked at."""
        self._reports: asyncio.Queue[Report | None] = asyncio.Queue()
        self._watcher: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Look for the spool.  Raises `BadFile` where it is not, or cannot be written."""
        if not self._spool.is_dir() or not os.access(self._spool, os.W_OK | os.X_OK):
            raise BadFile(f"{self._spool}: the exchange's spool is not there, or cannot be written")
        try:
            self._drafts.mkdir(mode=0o770, exist_ok=True)
        except OSError as fault:
            raise BadFile(f"{self._drafts}: cannot be made ({fault.strerror})") from fault
        self._read_to = self._size()
        self._watcher = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Let go; calls that live play on."""
        if self._watcher is not None:
            self._watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watcher
            self._watcher = None
        self._reports.put_nowait(None)

    async def send(self, message: Message) -> Sent:
        """Lay one call into the spool; one that lies there, or lay there, is not laid again."""
        if self._file(message.attempt) is not None:
            self._open.setdefault(message.attempt, None)
            return Accepted(message.attempt)
        sound, _whole = self._sound(message.text)
        draft = self._drafts / f"{message.attempt}.call"
        try:
            draft.write_text(self._text(message, sound), encoding="ascii")
            draft.chmod(0o660)  # the exchange, of the same group, notes its tries in it
            self._open[message.attempt] = None
            draft.rename(self._spool / draft.name)
        except OSError as fault:
            self._open.pop(message.attempt, None)
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            return Halted("SPOOL", f"no se puede escribir en la cola de la central ({fault.strerror})")
        return Accepted(message.attempt)

    def _text(self, message: Message, sound: str) -> str:
        listen = "1" if message.script in self._line.listen_first else "0"
        lines = (
            ("Channel", self._line.dialled(message.phone)),
            ("CallerID", self._line.caller_id),
            ("MaxRetries", "0"),
            ("WaitTime", str(max(1, round(self._line.ring_seconds)))),
            ("Account", message.attempt),
            ("Context", CONTEXT),
            ("Extension", "s"),
            ("Priority", "1"),
            ("Archive", "yes"),
            ("Setvar", f"PROMPT={sound}"),
            ("Setvar", f"AMD={listen}"),
        )
        return "".join(f"{name}: {_one_line(value)}\n" for name, value in lines)

    async def hang_up(self, attempt: AttemptId) -> bool:
        """Take a call back that has not begun; False for one that lives, which plays to its end."""
        path = self._spool / f"{attempt}.call"
        try:
            if "StartRetry:" in path.read_text("ascii", "replace"):
                return False
            path.unlink()
        except OSError:
            return False
        self._tell(
            Report(
                attempt,
                f"{attempt}:withdrawn",
                datetime.now(UTC),
                ContactState.FALLIDO,
                "DETENIDO",
                because="se retiró antes de llamar",
                rang=False,
            )
        )
        return True

    async def reports(self) -> AsyncIterator[Report]:
        """What became of calls, as it is found."""
        while (report := await self._reports.get()) is not None:
            yield report

    async def recall(self, attempts: Sequence[AttemptId], since: datetime) -> Mapping[AttemptId, Report | NeverSeen]:
        """By the CDR, then by the files; a call that neither knows was never laid into the spool."""
        wanted = frozenset(attempts)
        known: dict[AttemptId, Report | NeverSeen] = {}
        for row in self._rows(0):
            attempt = AttemptId(row[_ACCOUNT])
            if attempt in wanted and cdr_time(row[CDR_START]) >= since - CDR_GRACE:
                known[attempt] = read_back(attempt, row)
        for attempt in wanted - known.keys():
            path = self._file(attempt)
            if path is None:
                known[attempt] = NeverSeen()
            elif path.parent == self._done and self._line.cdr is None:
                known[attempt] = _by_status(attempt, path)
            else:
                self._open.setdefault(attempt, None)
                known[attempt] = Report(attempt, f"{attempt}:live", datetime.now(UTC), ContactState.ENVIADO)
        return known

    # ── watching ─────────────────────────────────────────────────────────────────────────────────

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._open:
                self._look(asyncio.get_running_loop().time())
            else:
                self._read_to = self._size()

    def _look(self, now: float) -> None:
        for row in self._rows(self._read_to, keep=True):
            attempt = AttemptId(row[_ACCOUNT])
            if attempt in self._open:
                self._tell(read_back(attempt, row))
        for attempt, archived in list(self._open.items()):
            path = self._done / f"{attempt}.call"
            if not path.exists():
                continue
            if archived is None and self._line.cdr is not None:
                self._open[attempt] = now
            elif archived is None or now - archived > _WITHOUT_CDR_SECONDS:
                self._tell(_by_status(attempt, path))

    def _tell(self, report: Report) -> None:
        self._open.pop(report.attempt, None)
        self._reports.put_nowait(report)

    def _file(self, attempt: AttemptId) -> Path | None:
        """Where a call's file lies now: in the spool, or archived."""
        places = (self._spool / f"{attempt}.call", self._done / f"{attempt}.call")
        return next((path for path in places if path.exists()), None)

    def _size(self) -> int:
        path = self._line.cdr
        return path.stat().st_size if path is not None and path.exists() else 0

    def _rows(self, start: int, *, keep: bool = False) -> Iterable[list[str]]:
        """Whole rows of the CDR from a byte on; `keep` remembers how far it was read.  A file begun anew is whole."""
        path = self._line.cdr
        if path is None or not path.exists():
            return []
        with path.open("rb") as file:
            file.seek(start if start <= self._size() else 0)
            began = file.tell()
            content = file.read()
        whole = content[: content.rfind(b"\n") + 1]
        if keep:
            self._read_to = began + len(whole)
        rows = csv.reader(whole.decode("utf-8", "replace").splitlines())
        return [row for row in rows if len(row) >= CDR_COLUMNS and row[_ACCOUNT]]


def _by_status(attempt: AttemptId, path: Path) -> Report:
    """What the exchange wrote into an archived file: only whether somebody answered."""
    status = ""
    for line in path.read_text("ascii", "replace").splitlines():
        name, _, value = line.partition(":")
        status = value.strip() if name == "Status" else status
    answered = status == "Completed"
    return Report(
        attempt, f"{attempt}:end", datetime.now(UTC),
        ContactState.CONTESTADO if answered else ContactState.NO_CONTESTA,
        "COLGO" if answered else "NO_CONTESTA", f"Status: {status}",
        "" if answered else "la central no logró la llamada",
    )  # fmt: skip


def _one_line(value: str) -> str:
    return value.replace("\r", " ").replace("\n", " ")
