"""Evidence files under their hash: durable, write-once, checked when read."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evidence_daemon.errors import Permanent, Temporary
from evidence_daemon.model import Sha256
from evidence_daemon.store.blobs import LocalBlobs


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobs:
    return LocalBlobs(tmp_path / "evidence")


def test_bytes_come_back_under_their_hash(blobs: LocalBlobs) -> None:
    content = bytes(range(256)) * 100
    digest = blobs.put(content)
    assert digest == hashlib.sha256(content).hexdigest()
    assert blobs.get(digest) == content
    assert blobs.get(blobs.put(b"")) == b""


def test_the_same_bytes_again_do_not_touch_the_file(blobs: LocalBlobs) -> None:
    path = blobs.path(blobs.put(b"acta"))
    before = path.stat()
    blobs.put(b"acta")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_only_we_can_read_what_customers_send_and_nobody_can_write_it(blobs: LocalBlobs) -> None:
    path = blobs.path(blobs.put(b"acta"))
    assert path.stat().st_mode & 0o777 == 0o400
    assert path.parent.stat().st_mode & 0o077 == 0


def test_a_damaged_file_is_refused_and_mended_by_the_right_bytes(blobs: LocalBlobs) -> None:
    digest = blobs.put(b"acta de entrega")
    path = blobs.path(digest)
    path.chmod(0o600)
    path.write_bytes(b"acta de entregA")
    with pytest.raises(Permanent, match="damaged"):
        blobs.get(digest)
    blobs.put(b"acta de entrega")
    assert blobs.get(digest) == b"acta de entrega"


def test_a_missing_file_says_what_to_do(blobs: LocalBlobs) -> None:
    digest = Sha256(hashlib.sha256(b"x").hexdigest())
    with pytest.raises(Permanent, match="backup"):
        blobs.get(digest)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "a" * 63, "A" * 64, "a" * 64 + "\n", "/" + "a" * 63])
def test_no_name_but_a_digest_becomes_a_path(blobs: LocalBlobs, name: str) -> None:
    with pytest.raises(Permanent):
        blobs.path(Sha256(name))


def test_many_writers_of_the_same_bytes_leave_one_file_and_no_draft(blobs: LocalBlobs, tmp_path: Path) -> None:
    content = os.urandom(200_000)
    with ThreadPoolExecutor(8) as pool:
        digests = set(pool.map(blobs.put, [content] * 24))
    assert len(digests) == 1
    files = [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()]
    assert files == [blobs.path(digests.pop())]


def test_a_disk_that_takes_no_more_is_temporary_and_leaves_nothing_half_written(
    blobs: LocalBlobs, tmp_path: Path
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # the kernel refuses the write, as a full disk does
    try:
        with pytest.raises(Temporary, match="could not be written"):
            blobs.put(bytes(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()]
    assert blobs.get(blobs.put(bytes(5000))) == bytes(5000)


_WRITER = """
import os, sys
from pathlib import Path
from evidence_daemon.store.blobs import LocalBlobs
blobs = LocalBlobs(Path(sys.argv[1]))
while True:
    print(blobs.put(os.urandom(50_000)), flush=True)
"""


def test_a_writer_killed_at_any_moment_leaves_no_file_that_is_not_what_its_name_says(tmp_path: Path) -> None:
    promised: list[str] = []
    for delay in (0.05, 0.11, 0.17):
        writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        promised.append(writer.stdout.readline().strip())
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        promised += writer.communicate()[0].split()
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and path.parent.name != "tmp"]
    assert len(kept) >= 3
    assert all(hashlib.sha256(path.read_bytes()).hexdigest() == path.name for path in kept)
    assert {digest for digest in promised if len(digest) == 64} <= {path.name for path in kept}
