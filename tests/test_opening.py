"""Stored mails are opened; large ones in a process of their own, so that the daemon never holds them whole."""

from __future__ import annotations

import base64
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from living import living

from evidence_daemon.errors import Permanent, Unparsable
from evidence_daemon.mail import apart
from evidence_daemon.mail.message import understand
from evidence_daemon.mail.opening import Opener
from evidence_daemon.mail.spool import MEMORY_BYTES
from evidence_daemon.model import Arrival, CopyKey, Document, Sha256, Unreadable
from evidence_daemon.store import records
from evidence_daemon.store.blobs import LocalBlobs

CORPUS = Path(__file__).parent / "corpus"
ONE_MB = 1_000_000


@dataclass(frozen=True)
class Stored:
    sha256: Sha256
    oversized: bool = False


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobs:
    return LocalBlobs(tmp_path / "evidence")


@pytest.fixture
def opener(blobs: LocalBlobs, tmp_path: Path) -> Opener:
    return Opener(blobs, our_addresses=frozenset({"nos@cnt.gob.ec"}), spool=tmp_path / "spool")


def with_attachments(*contents: bytes) -> bytes:
    parts = [b"From: ana@example.com\r\nSubject: =?utf-8?Q?1710034065//N=C3=9A=C3=91EZ_ANA//INTERNET?=\r\n"]
    parts.append(b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n")
    parts.append(b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nAdjunto el acta.\r\n")
    for number, content in enumerate(contents):
        parts.append(
            f'--b\r\nContent-Type: application/pdf; name="acta{number}.pdf"\r\n'
            f"Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode()
        )
        parts.append(base64.encodebytes(content).replace(b"\n", b"\r\n"))
    return b"".join([*parts, b"--b--\r\n"])


def resident(name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1024


LARGE = with_attachments(b"%PDF-1.4 " + bytes(4 * ONE_MB), b"%PDF-1.4 " + bytes(5 * ONE_MB))


def test_a_large_mail_is_understood_to_the_letter_like_a_small_one(blobs: LocalBlobs, opener: Opener) -> None:
    assert len(LARGE) > MEMORY_BYTES
    here = understand(LARGE, our_addresses=frozenset({"nos@cnt.gob.ec"}))
    with opener.opened(Stored(blobs.put(LARGE))) as (there, _signatures):
        filled = [replace(one, content=Path(one.file).read_bytes(), file="") for one in there.attachments]
        assert replace(there, attachments=tuple(filled)) == here


def test_the_files_of_its_attachments_are_gone_when_they_are_read(
    blobs: LocalBlobs, opener: Opener, tmp_path: Path
) -> None:
    with opener.opened(Stored(blobs.put(LARGE))) as (email, _signatures):
        assert all(Path(one.file).is_file() for one in email.attachments)
        (scratch,) = (tmp_path / "spool").iterdir()
        assert scratch.stat().st_mode & 0o077 == 0
    assert list((tmp_path / "spool").iterdir()) == []


def test_its_facts_are_at_hand_for_the_judge_without_its_bytes(blobs: LocalBlobs, opener: Opener) -> None:
    stored = Stored(blobs.put(LARGE))
    with opener.opened(stored):
        pass
    facts = opener.facts(stored)
    assert [one.content for one in facts.attachments] == [b"", b""]
    assert opener.facts(stored) is facts
    fresh = Opener(blobs, our_addresses=frozenset({"nos@cnt.gob.ec"}), spool=Path("/nowhere"))
    assert fresh.facts(stored) == facts


def test_the_daemon_does_not_grow_with_the_mail(blobs: LocalBlobs, opener: Opener, tmp_path: Path) -> None:
    path = tmp_path / "huge"
    line = base64.encodebytes(bytes(57))
    with path.open("wb") as file:
        file.write(with_attachments(b"%PDF-1.4 small").removesuffix(b"--b--\r\n"))
        file.write(b"--b\r\nContent-Type: image/jpeg\r\nContent-Transfer-Encoding: base64\r\n\r\n")
        for _ in range(250):
            file.write(line * 1300)
        file.write(b"--b--\r\n")
    assert path.stat().st_size > 24 * ONE_MB
    stored = Stored(blobs.take(path))
    Path("/proc/self/clear_refs").write_text("5")
    before = resident("VmRSS")
    with opener.opened(stored) as (email, _signatures):
        assert [one.declared_type for one in email.attachments] == ["application/pdf", "image/jpeg"]
    assert resident("VmHWM") - before < 12 * ONE_MB


def test_a_mail_that_asks_for_too_much_memory_goes_to_a_person(
    blobs: LocalBlobs, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "_BASE_BYTES", 100 * ONE_MB)
    monkeypatch.setattr(apart, "_TIMES", 1)
    with pytest.raises(Unparsable, match=r"memoria|demasiado"), opener.opened(Stored(blobs.put(LARGE))):
        pass


def test_a_mail_that_takes_too_long_goes_to_a_person_and_its_child_is_gone(blobs: LocalBlobs, tmp_path: Path) -> None:
    with blobs.file(digest := blobs.put(LARGE)) as file, pytest.raises(Unparsable, match="segundos"):
        apart.understand_apart(file, digest, our_addresses=frozenset(), keys={}, seconds=0.01)
    assert not any(
        b"evidence_daemon.mail.apart" in command.read_bytes()
        for command in Path("/proc").glob("[0-9]*/cmdline")
        if command.exists() and int(command.parent.name) in _children()
    )


def _children() -> set[int]:
    return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


@pytest.mark.parametrize(
    "raw",
    [
        b"nothing" * MEMORY_BYTES,
        b"X-Long: " + b"x" * MEMORY_BYTES + b"\r\n\r\nbody",
        with_attachments(*[b"%PDF-"] * 250) + b"x" * MEMORY_BYTES,
    ],
    ids=["no mail", "a header without end", "250 parts"],
)
def test_what_is_no_mail_is_told_as_for_a_small_one(blobs: LocalBlobs, opener: Opener, raw: bytes) -> None:
    with pytest.raises(Unparsable) as small:
        understand(raw, our_addresses=frozenset())
    with pytest.raises(Unparsable) as large, opener.opened(Stored(blobs.put(raw))):
        pass
    assert str(large.value) == str(small.value)


def test_damaged_bytes_are_noticed_in_a_large_mail_too(blobs: LocalBlobs, opener: Opener) -> None:
    digest = blobs.put(LARGE)
    path = blobs.path(digest)
    path.chmod(0o600)
    path.write_bytes(LARGE.replace(b"ana@", b"eva@"))
    with pytest.raises(Permanent, match="damaged"), opener.opened(Stored(digest)):
        pass


def test_of_a_mail_above_the_size_limit_only_the_header_is_opened(blobs: LocalBlobs, opener: Opener) -> None:
    header = LARGE[: LARGE.index(b"\r\n\r\n")]
    with opener.opened(Stored(blobs.put(header), oversized=True)) as (email, _signatures):
        assert email.attachments == ()
        assert email.subjects == ("1710034065//NÚÑEZ ANA//INTERNET",)


def test_a_large_mail_with_a_good_acta_walks_to_its_end(tmp_path: Path) -> None:
    good = (CORPUS / "0001-claim-with-text-pdf.eml").read_bytes()
    boundary = re.search(rb'boundary="?([^"\r\n]+)', good)
    assert boundary
    cut = good.rindex(b"--" + boundary[1] + b"--")
    video = b"\r\n".join([b"A" * 76] * (MEMORY_BYTES // 78 + 1))
    more = b'Content-Type: video/mp4; name="v.mp4"\r\nContent-Disposition: attachment\r\n'
    large = (
        good[:cut] + b"--" + boundary[1] + b"\r\n" + more + b"Content-Transfer-Encoding: base64\r\n\r\n"
        + video + b"\r\n" + good[cut:]
    )  # fmt: skip
    with living(tmp_path / "house") as one:
        spooled = one.house.config.state_directory / "evidence" / "arrived"
        spooled.write_bytes(large)
        key = CopyKey("posventa", "INBOX", 1, 1)
        one.house.pipeline.take_in(Arrival(key, one.now[0], len(large), None, spool=str(spooled)))
        with one.house.database.reading() as session:
            (mail_id,) = records.all_mails(session)
        one.walks(mail_id)
        story = one.story(mail_id)
        assert story.mail.state.value == "ACEPTADO"
        with one.house.database.reading() as session:
            acta, film = records.load_readings(session, mail_id)
        assert isinstance(acta, Document)
        assert isinstance(film, Unreadable)
