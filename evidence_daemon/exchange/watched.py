"""The watched folder: what the billing system drops there at night is brought in by itself.

A file is taken when its sender says that it is whole (an empty file NAME.ok beside it), or when it has not changed
for a while.  Then it goes to `hechos/`, or to `fallidos/` when it could not be used, with the report of its faults
beside it.  A crash in between does no harm: bringing a list in twice changes nothing.
"""

from __future__ import annotations

import fnmatch
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from evidence_daemon import observe
from evidence_daemon.config import ImportsConfig
from evidence_daemon.errors import BadFile, Temporary
from evidence_daemon.exchange.caselist import ImportReport, file_hash, import_cases
from evidence_daemon.exchange.register import import_register
from evidence_daemon.exchange.responses import import_response
from evidence_daemon.model import DAEMON
from evidence_daemon.rulebook import RuleBook
from evidence_daemon.store import incoming
from evidence_daemon.store.database import Database

log = logging.getLogger("evidence_daemon.lists")

DONE, FAILED = "hechos", "fallidos"
"""Folders below the watched one."""
_FAULTS = ".errores.csv"


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was taken.  `refused` rows did not go in; -1: nothing did.  `repeated`: the last one once more."""

    kind: str
    name: str
    refused: int
    changed: int = 0
    repeated: bool = False


@dataclass
class Watched:
    """The folder, as the daemon's job looks at it; `after_cases` is called after each list of cases."""

    directory: Path
    settings: ImportsConfig
    database: Database
    book: RuleBook
    clock: Callable[[], datetime]
    after_cases: Callable[[], object]
    _sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Size and time of change of each waiting file, as last seen."""

    def look(self) -> list[Taken]:
        """Take every file that is whole, in the order of their names.

        Raises `Temporary` when the folder cannot be read or a file cannot be moved; it is tried again.
        """
        try:
            return [self._take(kind, path) for kind, path in list(self._whole())]
        except OSError as trouble:
            raise Temporary(f"{self.directory}: {trouble.strerror}") from trouble

    def _whole(self) -> Iterator[tuple[str, Path]]:
        seen: dict[str, tuple[int, int]] = {}
        for path in sorted(self.directory.iterdir()):
            kind = self._kind(path.name)
            if kind is None or not path.is_file() or path.is_symlink():
                continue
            stat = path.stat()
            seen[path.name] = found = (stat.st_size, stat.st_mtime_ns)
            age = self.clock().timestamp() - stat.st_mtime
            quiet = age >= self.settings.quiet_seconds and self._sizes.get(path.name) == found
            if _ok(path).exists() or (quiet and stat.st_size):
                yield kind, path
        self._sizes = seen

    def _kind(self, name: str) -> str | None:
        if name.startswith(".") or name.endswith((".ok", ".part", ".tmp", ".filepart", _FAULTS)):
            return None
        patterns = {
            incoming.CASES: self.settings.cases_pattern,
            incoming.REGISTER: self.settings.register_pattern,
            incoming.RESPONSE: self.settings.response_pattern,
        }
        fits = (kind for kind, one in patterns.items() if one and fnmatch.fnmatch(name.lower(), one.lower()))
        return next(fits, None)

    def _take(self, kind: str, path: Path) -> Taken:
        faults = path.with_name(f".{path.name}{_FAULTS}")
        try:
            taken = self._bring_in(kind, path, faults)
        except BadFile as bad:
            faults.write_text("\n".join(bad.faults) + "\n", "utf-8")
            self._remember_failure(kind, path)
            taken = Taken(kind, path.name, -1)
        folder = self.directory / (FAILED if taken.refused < 0 else DONE)
        folder.mkdir(mode=0o700, exist_ok=True)
        name = f"{self.clock():%Y%m%dT%H%M%S}-{path.name}"
        if faults.exists():
            faults.replace(folder / f"{name}{_FAULTS}")
        path.replace(folder / name)
        _ok(path).unlink(missing_ok=True)
        self._sizes.pop(path.name, None)
        level = logging.INFO if taken.refused == 0 else logging.WARNING
        facts = {"kind": kind, "refused": taken.refused, "changed": taken.changed, "repeated": taken.repeated}
        observe.say(log, level, "list taken", **facts)
        if kind == incoming.CASES and taken.refused >= 0:  # also again: the first time may have been cut off here
            self.after_cases()
        return taken

    def _bring_in(self, kind: str, path: Path, faults: Path) -> Taken:
        with self.database.reading() as session:
            last = incoming.last(session, kind)
        if last is not None and last.sha256 == file_hash(path) and last.refused == 0:
            return Taken(kind, path.name, 0, repeated=True)
        if kind == incoming.RESPONSE:
            answer = import_response(self.database, path, self.book, actor=DAEMON, now=self.clock(), faults_to=faults)
            return Taken(kind, path.name, answer.refused, answer.applied + answer.failed)
        bring: Callable[..., ImportReport] = import_cases if kind == incoming.CASES else import_register
        report = bring(self.database, path, self.book, now=self.clock(), faults_to=faults)
        return Taken(kind, path.name, report.refused, report.new + report.changed + report.vanished)

    def _remember_failure(self, kind: str, path: Path) -> None:
        brought = incoming.Brought(kind, path.name, file_hash(path), self.clock(), DAEMON, -1)
        self.database.transact(lambda session: incoming.remember(session, brought, {}))


def _ok(path: Path) -> Path:
    return path.with_name(f"{path.name}.ok")
