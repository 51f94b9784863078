"""Whole houses whose world breaks: noticed within a bounded time, nothing lost, nobody answered twice."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from house import load_config
from living import Living, letter, living
from servers import Dovecot, Fault, SmtpReceiver, Wire

from evidence_daemon.app import House, open_house
from evidence_daemon.config import MailboxConfig
from evidence_daemon.errors import Temporary
from evidence_daemon.mail.imap import Mailbox
from evidence_daemon.model import Lane, OutboxState
from evidence_daemon.pipeline import RETRY_AFTER
from evidence_daemon.store import records

ASKED = "0100000017//CEVALLOS LLUMIQUINGA LUCIA SOFIA//INTERNET"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Living]:
    with living(tmp_path / "house") as one:
        yield one


# ── SMTP ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_greylisted_answer_is_tried_again_by_the_table_and_arrives_once(here: Living) -> None:
    here.smtp.faults += [Fault("RCPT", reply="450 4.7.1 greylisted, come back later")] * 2
    mail_id = here.receives(letter(ASKED))
    for seconds in RETRY_AFTER[:2]:
        assert here.sends() == []
        here.later(seconds=seconds - 1)
        assert here.sends() == [], "it came back before its time"
        here.later(seconds=1)
    assert len(here.sends()) == 1
    here.later(days=3)
    assert here.sends() == []
    (answer,) = here.story(mail_id).answers
    assert answer.state is OutboxState.ENVIADO


def test_a_server_that_greylists_for_ever_is_given_up_after_two_days_and_a_person_calls(here: Living) -> None:
    here.smtp.faults += [Fault("RCPT", reply="450 4.7.1 greylisted")] * 50
    mail_id = here.receives(letter(ASKED))
    began = here.now[0]
    while here.story(mail_id).answers[0].state is not OutboxState.FALLIDO:
        assert here.sends() == []
        here.later(minutes=30)
        assert (here.now[0] - began).days < 4
    assert (here.now[0] - began).days >= 2
    assert [review.lane for review in here.story(mail_id).reviews] == [Lane.LLAMAR]


def test_one_refused_recipient_neither_stops_nor_delays_the_others(here: Living) -> None:
    here.smtp.faults.append(Fault("RCPT", reply="550 5.1.1 nobody of that name"))
    first, second = (here.receives(letter(ASKED, f"{name}@example.com", number)) for number, name in enumerate("ab"))
    assert [b"b@example.com" in raw for raw in here.sends()] == [True]
    assert here.story(first).answers[0].state is OutboxState.FALLIDO
    assert [review.lane for review in here.story(first).reviews] == [Lane.LLAMAR]
    assert here.story(second).answers[0].state is OutboxState.ENVIADO


# ── TLS ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("after", [200, 6_000, 90_000])
def test_tls_that_breaks_in_the_middle_loses_no_mail_and_brings_none_changed(
    tmp_path: Path, dovecot: Dovecot, mailbox_user: str, after: int
) -> None:
    """In the handshake, while listing, and within a mail: one byte on the wire is another."""
    mails = [letter(ASKED, "ana@example.com", number) + b"x" * 50_000 + b"\r\n" for number in range(3)]
    dovecot.deliver(mailbox_user, *mails)
    settings = {"host": "localhost", "user": mailbox_user, "ca_file": str(dovecot.ca), "command_timeout_seconds": 5}
    with Wire(dovecot.tls_port) as wire:
        wire.garble_after = after
        config = MailboxConfig.model_validate(settings | {"port": wire.port})
        with closing(Mailbox(config, lambda: "secret", spool=tmp_path)) as mailbox:
            began = time.monotonic()
            came: dict[int, bytes] = {}
            with contextlib.suppress(Temporary):
                came |= {arrival.key.uid: arrival.raw or b"" for arrival in mailbox.arrivals(lambda _: came)}
            assert time.monotonic() - began < 30
            wire.garble_after = None
            came |= {arrival.key.uid: arrival.raw or b"" for arrival in mailbox.arrivals(lambda _: came)}
    assert [came[uid] for uid in sorted(came)] == mails


# ── a full disk ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m,mode=0700", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"only root may mount a small disk: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path, leave: int) -> Path:
    """Take all room but `leave` bytes."""
    filler = disk / "filler"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    with filler.open("wb") as file, contextlib.suppress(OSError):
        for _ in range(max(0, free - leave) // 4096):
            file.write(bytes(4096))
    return filler


def poll(house: House) -> None:
    """One sweep of the mailbox, as the daemon does it."""
    with house.daemon() as daemon:
        for door in daemon.doors:
            try:
                daemon.poll(door)
            finally:
                door.mailbox.close()


@pytest.mark.parametrize("leave", [0, 40_000, 200_000])
def test_a_full_disk_leaves_mail_in_the_mailbox_and_takes_all_of_it_when_there_is_room(
    small_disk: Path, dovecot: Dovecot, mailbox_user: str, smtp_receiver: SmtpReceiver, leave: int
) -> None:
    """No room for bytes, for their row, for the log of the database: whatever it hits, the mail is where it was."""
    mails = [letter(ASKED, f"c{number}@example.com", number, "x" * 30_000) for number in range(8)]
    with open_house(load_config(small_disk, dovecot, mailbox_user, smtp_receiver)) as house:
        dovecot.deliver(mailbox_user, *mails)
        filler = fill(small_disk, leave)
        began = time.monotonic()
        with pytest.raises(Temporary, match=r"space|disk|written|kept|full"):
            poll(house)
        assert time.monotonic() - began < 40
        assert len(dovecot.folders(mailbox_user)["INBOX"]) == len(mails)
        filler.unlink()
        poll(house)
        with house.database.reading() as session:
            stored = [records.load_mail(session, mail_id) for mail_id in records.all_mails(session)]
        assert len(stored) == len(mails)
        assert {house.blobs.get(mail.sha256) for mail in stored} == set(mails)
        assert not list((house.config.state_directory / "evidence" / "tmp").iterdir())
