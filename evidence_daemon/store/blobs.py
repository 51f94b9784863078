"""Evidence files, each kept under the SHA-256 of its bytes.

Write-once: a name says what the bytes are, so there is nothing to overwrite and nothing to confuse.  A
file is on the disk, with its name, before `put` returns (write, fsync, rename, fsync of the directory);
only then may a row speak of it.  The other way round a power cut would leave a row without its bytes.

A folder of this machine, a folder that several machines share, or (`objects`) S3-compatible storage: `open_blobs`.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from evidence_daemon.errors import Permanent, Temporary
from evidence_daemon.model import Sha256

_DIGEST = re.compile(r"[0-9a-f]{64}")
REFRESHED_AFTER = timedelta(hours=1)
"""What is put again after so long counts as young again: no sweep may take it for garbage before its row is there."""
_ABANDONED_SECONDS = 86400.0
"""A draft of another process is a crash's after so long."""


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
        """Forget the bytes: for what is past its time, or was erased at a person's request; else nothing goes."""

    def older(self, than: timedelta) -> Iterator[Sha256]:
        """Names of what nobody has put for so long: what of it no row speaks of is garbage (`soundness.garbage`)."""

    def sweep(self, *, alone: bool) -> None:
        """Remove what crashes left half written; `alone`: nobody else writes here now."""


def open_blobs(place: str, state_directory: Path, *, endpoint: str = "", region: str = "", secret: str = "") -> Blobs:
    """The place by its setting: "" is a folder in the state directory, "s3://bucket/prefix" a bucket, else a folder.

    `endpoint`, `region` and `secret` ("KEY_ID:SECRET") are for a bucket.  Raises `BadConfig`.
    """
    if place.startswith("s3://"):
        from evidence_daemon.store.objects import ObjectBlobs, open_store  # noqa: PLC0415  # only who has a bucket pays

        store = open_store(place, endpoint=endpoint, region=region, secret=secret)
        return ObjectBlobs(store, state_directory / "evidence" / "spool")
    return LocalBlobs(Path(place) if place else state_directory / "evidence")


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
            if self._holds(path, content) and self._refresh(path):
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
        """Keep what lies in `file` by moving it, or a copy in pieces; it is never held in memory whole.

        Durable when this returns.  Raises `Temporary` when the disk refuses it.
        """
        try:
            with file.open("rb") as content:
                digest = Sha256(hashlib.file_digest(content, "sha256").hexdigest())
                os.fsync(content.fileno())
            path = self.path(digest)
            self._make_room(path)
            file.chmod(0o400)
            os.utime(file)
            try:
                file.replace(path)  # over a twin that is there already: the same bytes, or a damaged file
            except OSError as other:
                if other.errno != errno.EXDEV:
                    raise
                self._bring(file, path)
            _sync(path.parent)
        except OSError as trouble:
            raise Temporary(f"an evidence file could not be kept: {trouble.strerror or trouble}") from trouble
        return digest

    def sweep(self, *, alone: bool) -> None:
        """Remove drafts that a crash left behind; those of others, unless we are `alone`, only when they are old."""
        for draft in self._writing.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if alone or time.time() - draft.stat().st_mtime > _ABANDONED_SECONDS:
                    draft.unlink()

    def older(self, than: timedelta) -> Iterator[Sha256]:
        """Names of what nobody has put for so long."""
        before = time.time() - than.total_seconds()
        for path in self._directory.glob("[0-9a-f][0-9a-f]/*"):
            with contextlib.suppress(FileNotFoundError):
                if is_name(path.name) and path.stat().st_mtime < before:
                    yield Sha256(path.name)

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
        return checked(digest, content)

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
        return self._directory / digest[:2] / named(digest)

    def _make_room(self, path: Path) -> None:
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            _sync(self._directory)

    def _bring(self, file: Path, path: Path) -> None:
        """Copy a file from another file system, and remove it."""
        draft = self._writing / f"{path.name}.{os.getpid()}.{os.urandom(6).hex()}"
        try:
            with file.open("rb") as source, draft.open("xb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
                target.flush()
                os.fsync(target.fileno())
            draft.chmod(0o400)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        file.unlink()

    @staticmethod
    def _refresh(path: Path) -> bool:
        """Make a file young again that was put long ago; False when a sweep took it just now."""
        try:
            if time.time() - path.stat().st_mtime > REFRESHED_AFTER.total_seconds():
                os.utime(path)
            return path.is_file()
        except FileNotFoundError:
            return False

    @staticmethod
    def _holds(path: Path, content: bytes) -> bool:
        try:
            return path.stat().st_size == len(content) and path.read_bytes() == content
        except FileNotFoundError:
            return False


def is_name(text: str) -> bool:
    """Whether a file may be called so here: anything else that lies beside is nobody's business, and no garbage."""
    return _DIGEST.fullmatch(text) is not None


def named(digest: Sha256) -> str:
    """The digest as a name.  Raises `Permanent` for what is none."""
    if not is_name(digest):
        raise Permanent(f"{digest!r} is no SHA-256 digest")
    return digest


def checked(digest: Sha256, content: bytes) -> bytes:
    """The content, if it is what its name says.  Raises `Permanent`."""
    if hashlib.sha256(content).hexdigest() != digest:
        raise Permanent(f"the evidence file {digest} is damaged (its bytes changed); restore it from a backup")
    return content


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
