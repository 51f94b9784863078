"""Evidence files, each kept under the SHA-256 of its bytes.

Write-once: a name says what the bytes are, so there is nothing to overwrite and nothing to confuse.  A
file is on the disk, with its name, before `put` returns (write, fsync, rename, fsync of the directory);
only then may a row speak of it.  The other way round a power cut would leave a row without its bytes.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from evidence_daemon.errors import Permanent, Temporary
from evidence_daemon.model import Sha256

_DIGEST = re.compile(r"[0-9a-f]{64}")


class Blobs(Protocol):
    """A place for bytes under their own hash."""

    def put(self, content: bytes) -> Sha256:
        """Keep `content`; durable when this returns.  Raises `Temporary` when there is no room."""

    def take(self, file: Path) -> Sha256:
        """Like `put`, for the content of a file, which is read in pieces and may be moved away."""

    def get(self, digest: Sha256) -> bytes:
        """The bytes, checked against their name.  Raises `Permanent` when they are gone or damaged."""

    def head(self, digest: Sha256, count: int) -> bytes:
        """The first `count` bytes, unchecked.  Raises `Permanent` when they are gone."""

    def size(self, digest: Sha256) -> int:
        """How many bytes there are.  Raises `Permanent` when they are gone."""

    def file(self, digest: Sha256) -> AbstractContextManager[Path]:
        """A file to read the bytes from, unchecked, for the block.  Raises `Permanent` when they are gone."""

    def remove(self, digest: Sha256) -> None:
        """Forget the bytes, if they are there."""


class LocalBlobs:
    """Blobs in a directory: `ab/abcdef…`, and `tmp/` for what is being written."""

    def __init__(self, directory: Path) -> None:
        """`directory` is made when it is missing, for our eyes only."""
        self._directory = directory
        self._writing = directory / "tmp"
        self._writing.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, content: bytes) -> Sha256:
        """Keep `content`; durable when this returns.  Raises `Temporary` when the disk refuses it.

        A file that is there already is read and compared; a damaged one is replaced by the right bytes.
        """
        digest = Sha256(hashlib.sha256(content).hexdigest())
        path = self.path(digest)
        try:
            if self._holds(path, content):
                return digest
            self._make_room(path)
            # One name per writer: two may bring the same bytes at once.
            draft = self._writing / f"{digest}.{os.getpid()}.{os.urandom(6).hex()}"
            try:
                handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
            _sync(path.parent)
        except OSError as trouble:
            raise Temporary(f"an evidence file could not be written: {trouble.strerror or trouble}") from trouble
        return digest

    def take(self, file: Path) -> Sha256:
        """Keep what lies in `file` (same file system) by moving it; it is never held in memory whole.

        Durable when this returns.  Raises `Temporary` when the disk refuses it.
        """
        try:
            with file.open("rb") as content:
                digest = Sha256(hashlib.file_digest(content, "sha256").hexdigest())
                os.fsync(content.fileno())
            path = self.path(digest)
            self._make_room(path)
            file.chmod(0o400)
            file.replace(path)  # over a twin that is there already: the same bytes, or a damaged file
            _sync(path.parent)
        except OSError as trouble:
            raise Temporary(f"an evidence file could not be kept: {trouble.strerror or trouble}") from trouble
        return digest

    def sweep(self) -> None:
        """Remove drafts that a crash left behind.  Only while no other process writes here."""
        for draft in self._writing.iterdir():
            draft.unlink(missing_ok=True)

    def get(self, digest: Sha256) -> bytes:
        """The bytes, checked against their name.

        Raises `Permanent` when there is no such file or its bytes are not what its name says, and
        `Temporary` when the disk cannot be read.
        """
        path = self.path(digest)
        try:
            content = path.read_bytes()
        except FileNotFoundError as missing:
            raise Permanent(f"the evidence file {digest} is missing; restore it from a backup") from missing
        except OSError as trouble:
            raise Temporary(f"an evidence file could not be read: {trouble.strerror or trouble}") from trouble
        if hashlib.sha256(content).hexdigest() != digest:
            raise Permanent(f"the evidence file {digest} is damaged (its bytes changed); restore it from a backup")
        return content

    def head(self, digest: Sha256, count: int) -> bytes:
        """The first `count` bytes, unchecked.  Raises as `get`."""
        with self.file(digest) as path, _told("read"), path.open("rb") as content:
            return content.read(count)

    def size(self, digest: Sha256) -> int:
        """How many bytes there are.  Raises as `get`."""
        with self.file(digest) as path, _told("read"):
            return path.stat().st_size

    @contextmanager
    def file(self, digest: Sha256) -> Iterator[Path]:
        """The file itself, unchecked: whoever reads it compares the hash.  Raises as `get`."""
        path = self.path(digest)
        if not path.is_file():
            raise Permanent(f"the evidence file {digest} is missing; restore it from a backup")
        yield path

    def remove(self, digest: Sha256) -> None:
        """Forget the bytes: for what is past its time, or was erased at a person's request; else nothing goes."""
        self.path(digest).unlink(missing_ok=True)

    def path(self, digest: Sha256) -> Path:
        """Where the file lies or would lie.  Raises `Permanent` for what is no SHA-256 digest."""
        if not _DIGEST.fullmatch(digest):
            raise Permanent(f"{digest!r} is no SHA-256 digest")
        return self._directory / digest[:2] / digest

    def _make_room(self, path: Path) -> None:
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            _sync(self._directory)

    @staticmethod
    def _holds(path: Path, content: bytes) -> bool:
        try:
            return path.stat().st_size == len(content) and path.read_bytes() == content
        except FileNotFoundError:
            return False


@contextmanager
def _told(done: str) -> Iterator[None]:
    try:
        yield
    except OSError as trouble:
        raise Temporary(f"an evidence file could not be {done}: {trouble.strerror or trouble}") from trouble


def _sync(directory: Path) -> None:
    """Make the names in a directory durable."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
