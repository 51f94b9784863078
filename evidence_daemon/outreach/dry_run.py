"""A driver that reaches nobody: it writes down who would have been reached, when, and with what.

The engine cannot tell it from a real one.  Its answers follow the shares below, drawn from the attempt's name, so
that a rehearsal shows retries and the other channel too, and every run of it comes to the same end.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from evidence_daemon.errors import BadFile
from evidence_daemon.model import AttemptId, Channel, ContactState
from evidence_daemon.outreach.channel import Accepted, Message, NeverSeen, Report, Sent
from evidence_daemon.outreach.schedule import zone_of

_S = ContactState
SHARES: Mapping[Channel, tuple[tuple[int, ContactState, str], ...]] = {
    Channel.IVR: (
        (55, _S.CONTESTADO, "ESCUCHADO"),
        (5, _S.CONTESTADO, "PARCIAL"),
        (20, _S.NO_CONTESTA, "NO_CONTESTA"),
        (10, _S.OCUPADO, "OCUPADO"),
        (6, _S.BUZON, "BUZON"),
        (4, _S.FALLIDO, "NUMERO_INVALIDO"),
    ),
    Channel.WHATSAPP: (
        (60, _S.LEIDO, "LEIDO"),
        (30, _S.ENTREGADO, "ENTREGADO"),
        (10, _S.FALLIDO, "SIN_WHATSAPP"),
    ),
}
"""Assumed ends of every hundred attempts; nobody measured them here."""
HEADINGS = ("fecha y hora", "intento", "canal", "telefono", "guion", "texto")


class DryRun:
    """One channel.  Lines go to `path` (CSV, appended, each in one write); `clock` tells when."""

    def __init__(self, channel: Channel, path: Path, clock: Callable[[], datetime]) -> None:
        self.channel, self._path, self._clock = channel, path, clock
        self._reports: asyncio.Queue[Report | None] | None = None
        self._file: int | None = None

    async def open(self) -> None:
        """Open the file.  Raises `BadFile`."""
        self._reports = asyncio.Queue()
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        except OSError as fault:
            raise BadFile(f"{self._path}: cannot be written ({fault.strerror})") from fault
        if not os.fstat(self._file).st_size:
            self._write(HEADINGS)

    async def close(self) -> None:
        """Let go."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._reports is not None:
            self._reports.put_nowait(None)

    async def send(self, message: Message) -> Sent:
        """Write one line; what becomes of it is reported at once."""
        now = self._clock()
        when = now.astimezone(zone_of("")).isoformat(" ", "seconds")
        self._write((when, message.attempt, self.channel.value, message.phone, message.script, message.text))
        if self._reports is not None:
            self._reports.put_nowait(outcome(message.attempt, self.channel, now))
        return Accepted(f"ensayo-{message.attempt}")

    async def hang_up(self, attempt: AttemptId) -> bool:  # noqa: ARG002  # the contract's
        """There is nothing to end."""
        return False

    async def reports(self) -> AsyncIterator[Report]:
        """What became of each line."""
        while self._reports is not None and (report := await self._reports.get()) is not None:
            yield report

    async def recall(
        self,
        attempts: Sequence[AttemptId],
        since: datetime,  # noqa: ARG002  # the contract's
    ) -> Mapping[AttemptId, Report | NeverSeen]:
        """By the file: what stands in it was sent."""
        with self._path.open(encoding="utf-8", newline="") as lines:
            written = {row[1] for row in csv.reader(lines) if len(row) == len(HEADINGS)}
        return {
            name: outcome(name, self.channel, self._clock()) if name in written else NeverSeen() for name in attempts
        }

    def _write(self, cells: Sequence[str]) -> None:
        if self._file is None:
            raise BadFile(f"{self._path}: not open")
        text = io.StringIO()
        csv.writer(text).writerow(cells)
        os.write(self._file, text.getvalue().encode())


def outcome(attempt: AttemptId, channel: Channel, at: datetime) -> Report:
    """What became of an attempt: always the same of the same one."""
    drawn = int.from_bytes(hashlib.sha256(attempt.encode()).digest()[:4], "big") % 100
    ends = [(state, result) for share, state, result in SHARES[channel] for _one in range(share)]
    state, result = ends[drawn]
    wrong = result in ("NUMERO_INVALIDO", "SIN_WHATSAPP")
    return Report(attempt, f"{attempt}:ensayo", at, state, result, phone_is_wrong=wrong)
