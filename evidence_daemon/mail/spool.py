"""Where a large mail lies on its way from the mailbox to the store, so that it is never in memory whole."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from evidence_daemon.errors import Temporary
from evidence_daemon.model import Arrival, CopyKey

MEMORY_BYTES = 8 << 20
"""A mail up to this size stays in memory: a file would cost more than it saves."""

_OPENED_SECONDS = 3600.0
"""What a process without a place of its own (the web house) opened may lie about so long."""


@contextmanager
def own_place(directory: Path) -> Iterator[Path]:
    """A place in `directory` for this process alone, for the block; what dead processes left there is removed.

    Several may share the directory: each locks its own place, and the kernel drops the lock when it dies.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (directory / ".lock").open("a") as door:
        fcntl.flock(door, fcntl.LOCK_EX)  # nobody sweeps between the making of a place and its locking
        for left in directory.iterdir():
            _remove_if_left(left)
        place = Path(tempfile.mkdtemp(prefix="process-", dir=directory))
        lock = (place / ".lock").open("a")
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield place
    finally:
        lock.close()
        shutil.rmtree(place, ignore_errors=True)


def _remove_if_left(path: Path) -> None:
    if path.name == ".lock":
        return
    if not path.is_dir():
        path.unlink(missing_ok=True)
    elif path.name.startswith("opened-"):
        if time.time() - path.stat().st_mtime > _OPENED_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
    else:
        with (path / ".lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            shutil.rmtree(path, ignore_errors=True)


class Spool:
    """Takes the pieces of one mail, in order.  Its file is removed at the end of the `with` block.

    Whoever stores the mail may move the file away before that (`Blobs.take`): then nothing is written twice.
    """

    def __init__(self, directory: Path) -> None:
        """`directory` must be there, for our eyes only, and on the file system of the store."""
        self._directory = directory
        self._pieces: list[bytes] = []
        self._size = 0
        self._file: IO[bytes] | None = None
        self._path = Path()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._path.unlink(missing_ok=True)

    def add(self, piece: bytes) -> int:
        """Append a piece; its size in bytes.  Raises `Temporary` when the disk refuses it."""
        self._size += len(piece)
        self._pieces.append(piece)
        if self._size > MEMORY_BYTES:
            try:
                if self._file is None:
                    handle, name = tempfile.mkstemp(dir=self._directory)
                    self._file, self._path = os.fdopen(handle, "wb"), Path(name)
                self._file.writelines(self._pieces)
            except OSError as trouble:
                raise Temporary(f"a large mail could not be kept: {trouble.strerror or trouble}") from trouble
            self._pieces.clear()
        return len(piece)

    def arrival(self, key: CopyKey, received_at: datetime) -> Arrival:
        """The mail whose last piece was added.  Raises `Temporary` when the disk refuses it."""
        if self._file is None:
            return Arrival(key, received_at, self._size, b"".join(self._pieces))
        try:
            self._file.flush()
        except OSError as trouble:
            raise Temporary(f"a large mail could not be kept: {trouble.strerror or trouble}") from trouble
        return Arrival(key, received_at, self._size, None, spool=str(self._path))
