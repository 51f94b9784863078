"""Evidence files in S3-compatible storage, for a house of several machines: the same promises as a folder's.

`obstore` speaks to it: one compiled package without dependencies, which signs, retries, bounds every wait, streams
large bodies and can put a name only where there is none (`If-None-Match`).  The bytes are sent with their SHA-256,
which the server checks; on reading we check them against their name.  The locked children that read papers need a
file: `file` fetches one into the spool for as long as it is needed.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import obstore
from obstore import exceptions
from obstore.store import S3Store

from evidence_daemon.errors import BadConfig, Permanent, Temporary
from evidence_daemon.model import Sha256
from evidence_daemon.store.blobs import REFRESHED_AFTER, checked, is_name, named

_PIECE = 1 << 20


class ObjectBlobs:
    """Blobs in a bucket, under `prefix/ab/abcdef…`; thread-safe."""

    def __init__(self, store: S3Store, spool: Path) -> None:
        """`spool` is a local directory for what must be a file for a moment."""
        self._store, self.spool = store, spool

    def put(self, content: bytes) -> Sha256:
        """Keep `content`; the server has it, and says so, when this returns.  Raises `Temporary`.

        What is there already is read and compared; a damaged one is replaced by the right bytes.
        """
        digest = Sha256(hashlib.sha256(content).hexdigest())
        if not self._holds(digest):
            with _told("written"):
                try:
                    obstore.put(self._store, _name(digest), content, mode="create")
                except exceptions.AlreadyExistsError:  # a twin, or damaged bytes under this name
                    obstore.put(self._store, _name(digest), content)
        return digest

    def take(self, file: Path) -> Sha256:
        """Keep what lies in `file`, sent in pieces, and remove it.  Raises `Temporary`."""
        try:
            with file.open("rb") as content:
                digest = Sha256(hashlib.file_digest(content, "sha256").hexdigest())
        except OSError as trouble:
            raise Temporary(f"an evidence file could not be read: {trouble.strerror or trouble}") from trouble
        if not self._holds(digest):
            with _told("written"):
                obstore.put(self._store, _name(digest), file)
        file.unlink(missing_ok=True)
        return digest

    def sweep(self, *, alone: bool) -> None:
        """Nothing is left half written here: a name appears with all its bytes."""

    def get(self, digest: Sha256) -> bytes:
        """The bytes, checked against their name.  Raises `Permanent` when they are gone or damaged, `Temporary`."""
        with _told("read", digest):
            return checked(digest, bytes(obstore.get(self._store, _name(digest)).bytes()))

    def head(self, digest: Sha256, count: int) -> bytes:
        """The first `count` bytes, unchecked.  Raises as `get`."""
        wanted = min(count, self.size(digest))
        if not wanted:
            return b""
        with _told("read", digest):
            return bytes(obstore.get_range(self._store, _name(digest), start=0, end=wanted))

    def size(self, digest: Sha256) -> int:
        """How many bytes there are.  Raises as `get`."""
        with _told("read", digest):
            return int(obstore.head(self._store, _name(digest))["size"])

    @contextmanager
    def file(self, digest: Sha256) -> Iterator[Path]:
        """A copy on the local disk for the block, checked on its way.  Raises as `get`."""
        self.spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.spool, prefix="opened-") as copy:
            seen = hashlib.sha256()
            with _told("read", digest):
                for piece in obstore.get(self._store, _name(digest)).stream(min_chunk_size=_PIECE):
                    seen.update(piece)
                    copy.write(piece)
                copy.flush()
            if seen.hexdigest() != digest:
                checked(digest, b"")
            yield Path(copy.name)

    def remove(self, digest: Sha256) -> None:
        """Forget the bytes."""
        with _told("removed"):
            obstore.delete(self._store, _name(digest))

    def older(self, than: timedelta) -> Iterator[Sha256]:
        """Names of what nobody has put for so long."""
        before = datetime.now(UTC) - than
        with _told("listed"):
            for some in obstore.list(self._store, chunk_size=500):
                for one in some:
                    name = one["path"].rpartition("/")[2]
                    if one["last_modified"] < before and is_name(name):
                        yield Sha256(name)

    def _holds(self, digest: Sha256) -> bool:
        """Whether the right bytes are there, and were put lately enough that no sweep takes them for garbage."""
        try:
            with _told("read", digest):
                found = obstore.head(self._store, _name(digest))
            fresh = datetime.now(UTC) - found["last_modified"] < REFRESHED_AFTER
            return fresh and bool(self.get(digest) or True)
        except Permanent:
            return False


def open_store(place: str, *, endpoint: str, region: str, secret: str) -> S3Store:
    """The store at "s3://bucket/prefix", not yet asked anything.

    `secret` is "KEY_ID:SECRET"; "" leaves it to the environment or the machine's own role.  `endpoint` is "" for AWS.
    Raises `BadConfig`.
    """
    key, colon, words = secret.partition(":")
    if secret and not colon:
        raise BadConfig("files.s3_secret_file: the file must hold KEY_ID:SECRET")
    settings: dict[str, object] = {"region": region or "us-east-1", "checksum_algorithm": "SHA256"}
    if endpoint:
        settings |= {"endpoint": endpoint, "virtual_hosted_style_request": False}
    if secret:
        settings |= {"access_key_id": key, "secret_access_key": words}
    bucket, _, prefix = place.removeprefix("s3://").strip("/").partition("/")
    try:
        return S3Store(
            bucket,
            prefix=prefix or None,
            config=settings,  # type: ignore[arg-type]
            client_options={
                "allow_http": endpoint.startswith("http://"),
                "connect_timeout": timedelta(seconds=10),
                "timeout": timedelta(seconds=120),
            },
            retry_config={"max_retries": 5, "retry_timeout": timedelta(seconds=60)},
        )
    except exceptions.BaseError as fault:
        raise BadConfig(f"files.evidence: {fault}") from fault


def _name(digest: Sha256) -> str:
    return f"{digest[:2]}/{named(digest)}"


@contextmanager
def _told(done: str, digest: str = "") -> Iterator[None]:
    try:
        yield
    except (exceptions.NotFoundError, FileNotFoundError) as missing:
        if not digest:
            raise Temporary(f"an evidence file could not be {done}: {_words(missing)}") from missing
        raise Permanent(f"the evidence file {digest} is missing; restore it from a backup") from missing
    except (exceptions.BaseError, OSError) as trouble:
        raise Temporary(f"an evidence file could not be {done}: {_words(trouble)}") from trouble


def _words(trouble: BaseException) -> str:
    return " ".join(str(trouble).split())[:200]
