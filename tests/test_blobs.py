"""Evidence files under their hash: durable, write-once, checked when read."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import httpx
import obstore
import pytest
from living import START, Living, letter, living

from evidence_daemon import backup
from evidence_daemon.doctor import Doctor, Level
from evidence_daemon.errors import Permanent, Temporary
from evidence_daemon.model import Arrival, CopyKey, Sha256
from evidence_daemon.privacy import Privacy
from evidence_daemon.store import records, soundness
from evidence_daemon.store.blobs import Blobs, LocalBlobs, open_blobs
from evidence_daemon.store.database import open_database

_BUCKETS = count(1)


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobs:
    return LocalBlobs(tmp_path / "evidence")


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of a real S3 endpoint on loopback, and its answers as any other server's."""
    from moto.server import ThreadedMotoServer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
        server.stop()


@pytest.fixture(params=["folder", "s3"])
def any_blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    """Each place where evidence may lie: what holds of one holds of the other."""
    if request.param == "folder":
        return open_blobs("", tmp_path)
    endpoint: str = request.getfixturevalue("s3")
    bucket = f"evidencia-{next(_BUCKETS)}"
    httpx.put(f"{endpoint}/{bucket}", timeout=30).raise_for_status()
    return open_blobs(f"s3://{bucket}/casa", tmp_path, endpoint=endpoint, secret="clave:secreto")


def damage(blobs: Blobs, digest: Sha256, content: bytes) -> None:
    """Put other bytes under a name, as a failing disk or a hand outside would."""
    if isinstance(blobs, LocalBlobs):
        blobs.path(digest).chmod(0o600)
        blobs.path(digest).write_bytes(content)
    else:
        obstore.put(blobs._store, f"{digest[:2]}/{digest}", content)  # type: ignore[attr-defined]


def test_bytes_come_back_under_their_hash(any_blobs: Blobs) -> None:
    content = bytes(range(256)) * 100
    digest = any_blobs.put(content)
    assert digest == hashlib.sha256(content).hexdigest()
    assert any_blobs.get(digest) == content
    assert any_blobs.get(any_blobs.put(b"")) == b""
    assert any_blobs.size(digest) == len(content)
    assert any_blobs.head(digest, 5) == content[:5]
    assert any_blobs.head(any_blobs.put(b"ab"), 5) == b"ab"
    assert any_blobs.put(content) == digest


def test_a_file_is_taken_whole_and_read_from_a_file_again(any_blobs: Blobs, tmp_path: Path) -> None:
    content = os.urandom(9 << 20)  # above what is sent in one piece
    arrived = tmp_path / "arrived"
    arrived.write_bytes(content)
    digest = any_blobs.take(arrived)
    assert not arrived.exists()
    with any_blobs.file(digest) as path:
        assert path.read_bytes() == content
    assert not list(tmp_path.rglob("opened-*")), "the copy for the readers is gone"


def test_damaged_bytes_are_refused_and_mended_by_the_right_ones(any_blobs: Blobs) -> None:
    digest = any_blobs.put(b"acta de entrega")
    damage(any_blobs, digest, b"acta de entregA")
    with pytest.raises(Permanent, match="damaged"):
        any_blobs.get(digest)
    any_blobs.put(b"acta de entrega")
    assert any_blobs.get(digest) == b"acta de entrega"


def test_what_is_missing_says_what_to_do(any_blobs: Blobs) -> None:
    digest = Sha256(hashlib.sha256(b"x").hexdigest())
    for ask in (any_blobs.get, any_blobs.size, lambda digest: any_blobs.head(digest, 3)):
        with pytest.raises(Permanent, match="backup"):
            ask(digest)
    with pytest.raises(Permanent, match="backup"), any_blobs.file(digest):
        pass
    any_blobs.put(b"x")
    any_blobs.remove(digest)
    with pytest.raises(Permanent, match="backup"):
        any_blobs.get(digest)


def test_many_writers_of_the_same_bytes_are_one(any_blobs: Blobs) -> None:
    content = os.urandom(200_000)
    with ThreadPoolExecutor(8) as pool:
        digests = set(pool.map(any_blobs.put, [content] * 24))
    assert list(any_blobs.older(timedelta(days=-1))) == list(digests)
    assert any_blobs.get(digests.pop()) == content


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "a" * 63, "A" * 64, "a" * 64 + "\n", "/" + "a" * 63])
def test_no_name_but_a_digest_is_asked_for(any_blobs: Blobs, name: str) -> None:
    with pytest.raises(Permanent):
        any_blobs.get(Sha256(name))


def test_a_server_that_is_not_there_is_temporary(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    from obstore.store import S3Store

    store = S3Store(
        "b",
        config={"endpoint": f"http://127.0.0.1:{port}", "access_key_id": "a", "secret_access_key": "b"},
        client_options={"allow_http": True},
        retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=1)},
    )
    from evidence_daemon.store.objects import ObjectBlobs

    with pytest.raises(Temporary, match="could not be"):
        ObjectBlobs(store, tmp_path).put(b"acta")


def test_only_what_no_row_speaks_of_for_a_week_is_swept(tmp_path: Path) -> None:
    database = open_database("", tmp_path)
    database.migrate()
    blobs = LocalBlobs(tmp_path / "evidence")
    kept, nobodys, young = blobs.put(b"a mail"), blobs.put(b"left by a crash"), blobs.put(b"just now")
    returned = blobs.put(b"comes in again at that very moment")

    def receive(digest: Sha256, uid: int) -> None:
        arrival = Arrival(CopyKey("p", "INBOX", 1, uid), datetime.now(UTC), 6, b"a mail")
        with database.session() as session:
            records.receive(session, arrival, digest, now=datetime.now(UTC), respond_by=date(2026, 1, 1))

    receive(kept, 1)
    long_ago = time.time() - 8 * 86400
    for digest in (kept, nobodys, returned):
        os.utime(blobs.path(digest), (long_ago, long_ago))
    assert soundness.sweep_garbage(database, blobs, lambda: receive(returned, 2)) == 1
    assert blobs.get(kept) + blobs.get(young) + blobs.get(returned)
    with pytest.raises(Permanent):
        blobs.get(nobodys)
    os.utime(blobs.path(young), (long_ago, long_ago))
    blobs.put(b"just now")  # put again: young again, its row may be under way
    assert soundness.sweep_garbage(database, blobs, lambda: None) == 0
    database.close()


def test_the_same_bytes_again_do_not_touch_the_file(blobs: LocalBlobs) -> None:
    path = blobs.path(blobs.put(b"acta"))
    before = path.stat()
    blobs.put(b"acta")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_only_we_can_read_what_customers_send_and_nobody_can_write_it(blobs: LocalBlobs) -> None:
    path = blobs.path(blobs.put(b"acta"))
    assert path.stat().st_mode & 0o777 == 0o400
    assert path.parent.stat().st_mode & 0o077 == 0


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


# ── a house whose evidence lies in a bucket ──────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def house(s3: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    """With some mails: each test adds what it takes away."""
    directory = tmp_path_factory.mktemp("bucket")
    key = directory / "s3"
    key.touch(mode=0o600)
    key.write_text("clave:secreto")
    httpx.put(f"{s3}/evidencias", timeout=30).raise_for_status()
    files = f'evidence = "s3://evidencias/casa"\ns3_endpoint = "{s3}"\ns3_secret_file = "s3"'
    with living(directory, files=files) as one:
        for number in range(2):
            one.stores(letter("hola", number=number))
        yield one


def kept_by(house: Living) -> list[Sha256]:
    with house.house.database.reading() as session:
        return list(soundness.referenced(session))


def test_a_backup_of_a_bucket_is_restored_into_another(house: Living, s3: str, tmp_path: Path) -> None:
    wanted = kept_by(house)
    place, manifest = backup.make(house.house.database, house.house.blobs, tmp_path / "backups", START, keep=3)
    assert (manifest.files, manifest.missing) == (len(wanted), 0)
    other = open_blobs("s3://evidencias/otra", tmp_path / "there", endpoint=s3, secret="clave:secreto")
    backup.restore(place, "", tmp_path / "there", START, blobs=other)
    assert [hashlib.sha256(other.get(digest)).hexdigest() for digest in wanted] == wanted
    assert not list((tmp_path / "there").rglob("evidence/??/*")), "nothing of it lies in the folder"
    restored = open_database("", tmp_path / "there")
    with restored.reading() as session:
        assert list(soundness.referenced(session)) == wanted
    restored.close()


def test_the_doctor_finds_what_a_bucket_lost_or_damaged_and_a_backup_brings_it_back(
    house: Living, tmp_path: Path
) -> None:
    blobs, config = house.house.blobs, house.house.config
    place, _ = backup.make(house.house.database, blobs, tmp_path / "backups", START + timedelta(hours=1), keep=3)
    lost, damaged, *_ = kept_by(house)

    def found(*, every_file: bool) -> list[tuple[Level, str]]:
        doctor = Doctor(tmp_path / "config.toml", START, every_file=every_file)
        return [(one.level, one.what) for one in doctor._files(config, house.house.database)]

    blobs.remove(lost)
    damage(blobs, damaged, b"otra cosa")
    ((level, words),) = found(every_file=False)
    assert level is Level.BROKEN
    assert f"{lost} is missing" in words
    assert sorted(level for level, _ in found(every_file=True)) == [Level.BROKEN] * 2
    assert backup.restore_files(place, blobs) == 2
    assert [level for level, _ in found(every_file=True)] == [Level.WELL]


def test_what_is_erased_is_gone_from_the_bucket(house: Living) -> None:
    mail = house.receives(letter("0100000017//CEVALLOS LLUMIQUINGA LUCIA SOFIA//INTERNET", "lucia@example.com", 7))
    others = kept_by(house)
    receipt = Privacy(house.house.pipeline, house.house.blobs, "persona:ana").erase("0100000017")
    (gone,) = set(others) - set(kept_by(house))
    assert (len(receipt.mails), receipt.files) == (1, 1), mail
    with pytest.raises(Permanent, match="missing"):
        house.house.blobs.get(gone)
    assert all(house.house.blobs.get(digest) for digest in kept_by(house))


def test_garbage_is_swept_from_a_bucket_and_nothing_else(house: Living, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs, wanted = house.house.blobs, kept_by(house)
    orphan = blobs.put(b"left by a crash")
    foreign = f"otros/{'Z' * 64}"
    obstore.put(blobs._store, foreign, b"of another program")  # type: ignore[attr-defined]
    assert house.house.pipeline.sweep_garbage(lambda: None) == 0, "what is young may have a row soon"
    monkeypatch.setattr(soundness, "GARBAGE_AFTER", timedelta(seconds=-60))
    assert house.house.pipeline.sweep_garbage(lambda: None) == 1
    with pytest.raises(Permanent, match="missing"):
        blobs.get(orphan)
    assert all(blobs.get(digest) for digest in wanted)
    assert obstore.head(blobs._store, foreign)["size"] == len(b"of another program")  # type: ignore[attr-defined]
