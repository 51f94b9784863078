"""One process at a time: a second daemon on the same house says so and stops.

SQLite: an `flock` on a file in the state directory; the kernel drops it when the process dies.
PostgreSQL: a session advisory lock; the server drops it when the connection dies.  Neither needs a clock.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import sqlalchemy as sa

from evidence_daemon.errors import BadInput
from evidence_daemon.store.database import Database


class Lease:
    """Held from `with` to its end.  Entering raises `BadInput` when another process holds it."""

    def __init__(self, database: Database, name: str, directory: Path) -> None:
        """`name` is what only one process may do, e.g. "daemon"; `directory` takes the lock file of SQLite."""
        self._database, self._name, self._directory = database, name, directory
        self._file: IO[str] | None = None
        self._connection: sa.Connection | None = None

    def __enter__(self) -> Self:
        if self._database.lite:
            path = self._directory / f"{self._name}.lock"
            self._file = path.open("a+")
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._file.seek(0)
                holder = self._file.read().strip() or "unknown"
                self._file.close()
                self._file = None
                raise BadInput(
                    f"another evidence-daemon (process {holder}) already works in {self._directory}; stop it first"
                ) from None
            with contextlib.suppress(OSError):  # a full disk: the lock holds all the same, only its holder has no name
                os.ftruncate(self._file.fileno(), 0)
                os.write(self._file.fileno(), str(os.getpid()).encode())
            return self
        connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # out of the pool: a session kept there would keep the lock
        taken = connection.scalar(
            sa.text("select pg_try_advisory_lock(hashtextextended('evidence_daemon:' || :name, 0))"),
            {"name": self._name},
        )
        if not taken:
            connection.close()
            raise BadInput("another evidence-daemon already works on this database; stop it first")
        self._connection = connection
        return self

    def __exit__(
        self, kind: type[BaseException] | None, trouble: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
        if self._connection is not None:
            self._connection.close()
