"""The mailbox against a real Dovecot: what it takes, what it leaves alone, and what it does when things break."""

from __future__ import annotations

import logging
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable, Container, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from servers import HOST, PASSWORD, Dovecot, Wire, frozen

from evidence_daemon.config import MailboxConfig
from evidence_daemon.errors import BadConfig, LoginRefused, Temporary
from evidence_daemon.mail import imap
from evidence_daemon.mail.imap import Mailbox
from evidence_daemon.model import Arrival, Census, CopyKey, FolderRole
from evidence_daemon.store.blobs import LocalBlobs

Mailboxes = Callable[..., Mailbox]


@pytest.fixture
def open_mailbox(mailbox_user: str, tmp_path: Path) -> Iterator[Mailboxes]:
    """Opens the user's mailbox, patient for 10 seconds a command, and closes it after the test."""
    opened: list[Mailbox] = []

    def make(server: Dovecot | Wire | Oddity, password: str = PASSWORD, **settings: object) -> Mailbox:
        plain = {
            "host": "localhost",
            "port": server.port,
            "security": "none",
            "user": mailbox_user,
            "command_timeout_seconds": 10.0,
            "connect_timeout_seconds": 10.0,
        }
        opened.append(Mailbox(MailboxConfig.model_validate(plain | settings), lambda: password, spool=tmp_path))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture(scope="module")
def plain_dovecot(dovecot: Dovecot) -> Iterator[Dovecot]:
    """A server of the older kind: no MOVE, folders below `INBOX.`, and a quota of 60 kB a mailbox."""
    more = """
imap_capability = IMAP4rev1 LITERAL+ UIDPLUS NAMESPACE
mail_plugins = quota
plugin {
  quota = maildir:User quota
  quota_rule = *:storage=60K
}
"""
    with Dovecot(separator=".", prefix="INBOX.", more=more) as server:
        yield server


@pytest.fixture(scope="module")
def bare_dovecot(dovecot: Dovecot) -> Iterator[Dovecot]:
    """A server that can nothing beyond RFC 3501, and knows access lists."""
    more = """
imap_capability = IMAP4rev1
mail_plugins = acl
plugin {
  acl = vfile
}
"""
    with Dovecot(more=more) as server:
        yield server


def mail(number: int = 1, size: int = 0) -> bytes:
    """A mail that is unlike any other number's, padded to about so many bytes."""
    head = f"From: cliente{number}@example.ec\r\nSubject: 1710034065//NUÑEZ LOPEZ ANA//INTERNET FIJO {number}\r\n\r\n"
    line = f"mail {number} ".encode() + bytes(range(128, 190)) + b"\r\n"
    return head.encode() + line * max(1, size // len(line))


def nothing(_: int) -> Container[int]:
    return ()


def taken(mailbox: Mailbox, known: Callable[[int], Container[int]] = nothing) -> list[Arrival]:
    return list(mailbox.arrivals(known))


def raws(arrivals: list[Arrival]) -> list[bytes | None]:
    return [arrival.raw for arrival in arrivals]


def content(arrival: Arrival) -> bytes | None:
    """The mail's bytes, also those of a large one; to be asked for before the next arrival."""
    return Path(arrival.spool).read_bytes() if arrival.spool else arrival.raw


@contextmanager
def takes(low: float, high: float) -> Iterator[None]:
    """The block takes so many seconds; the machine that runs it may be busy with other things."""
    begun = time.monotonic()
    yield
    assert low - 0.1 <= time.monotonic() - begun <= high + 4


# ── taking in ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_every_mail_arrives_oldest_first_byte_for_byte(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes, security: str
) -> None:
    mails = [mail(number) for number in range(1, 8)]
    dovecot.deliver(mailbox_user, *mails)
    port = dovecot.tls_port if security == "tls" else dovecot.port
    arrivals = taken(open_mailbox(dovecot, port=port, security=security, ca_file=str(dovecot.ca)))
    assert raws(arrivals) == mails
    assert [arrival.key.uid for arrival in arrivals] == [1, 2, 3, 4, 5, 6, 7]
    assert {(arrival.key.account, arrival.key.folder) for arrival in arrivals} == {("posventa", "INBOX")}
    assert [arrival.size for arrival in arrivals] == [len(raw) for raw in mails]
    assert all(abs(arrival.received_at - datetime.now(UTC)) < timedelta(minutes=1) for arrival in arrivals)


def test_a_mail_handed_over_by_a_mail_server_arrives(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes
) -> None:
    dovecot.deliver_lmtp(mailbox_user, mail())
    (arrival,) = taken(open_mailbox(dovecot))
    assert arrival.raw is not None
    assert arrival.raw.endswith(mail())
    assert b"Return-Path: <cliente@example.ec>" in arrival.raw


def test_an_empty_inbox_has_no_arrivals(dovecot: Dovecot, open_mailbox: Mailboxes) -> None:
    assert taken(open_mailbox(dovecot)) == []


def test_a_known_mail_is_not_fetched_again(dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes) -> None:
    dovecot.deliver(mailbox_user, mail(1, 500_000), mail(2))
    with Wire(dovecot.port) as wire:
        mailbox = open_mailbox(wire)
        assert raws(taken(mailbox, lambda _: {1})) == [mail(2)]
        assert taken(mailbox, lambda _: {1, 2}) == []
        assert wire.passed < 10_000


def test_a_mail_is_offered_until_it_is_known(dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes) -> None:
    dovecot.deliver(mailbox_user, mail(1), mail(2))
    mailbox = open_mailbox(dovecot)
    journal: set[int] = set()
    for _ in mailbox.arrivals(lambda _: journal):
        break  # the caller stopped in the middle, its first mail is not stored
    assert raws(taken(mailbox, lambda _: journal)) == [mail(1), mail(2)]
    journal |= {2}
    assert raws(taken(mailbox, lambda _: journal)) == [mail(1)]
    journal |= {1}
    assert taken(mailbox, lambda _: journal) == []
    dovecot.deliver(mailbox_user, mail(3))
    assert raws(taken(mailbox, lambda _: journal)) == [mail(3)]


def test_reading_leaves_no_trace(dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes) -> None:
    dovecot.deliver(mailbox_user, mail(1), mail(2, 9_000_000), mail(3, 11_000_000))
    assert len(taken(open_mailbox(dovecot, max_mail_bytes=10_000_000))) == 3
    with dovecot.client(mailbox_user) as person:
        person.select_folder("INBOX")
        flags = person.get_flags([1, 2, 3])
    assert not any(b"\\Seen" in of_one for of_one in flags.values())


def test_what_others_do_meanwhile_disturbs_nothing(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes
) -> None:
    mails = [mail(number, 5_000_000) for number in range(1, 5)]  # each a group of its own
    dovecot.deliver(mailbox_user, *mails)
    mailbox = open_mailbox(dovecot)
    with dovecot.client(mailbox_user) as person:
        person.select_folder("INBOX")
        sweep = mailbox.arrivals(nothing)
        got = [next(sweep)]
        person.delete_messages([2])
        person.uid_expunge([2])  # vanished between being listed and being fetched
        person.add_flags([3, 4], [b"\\Seen", b"\\Flagged"])
        got += sweep
    assert raws(got) == [mails[0], mails[2], mails[3]]
    assert mailbox.undeliverable == ()


def test_filing_away_in_the_middle_of_a_sweep_is_allowed(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes
) -> None:
    mails = [mail(number, 5_000_000) for number in range(1, 4)]
    dovecot.deliver(mailbox_user, *mails)
    mailbox = open_mailbox(dovecot)
    got = []
    for arrival in mailbox.arrivals(nothing):
        got.append(arrival)
        assert mailbox.file_away([(arrival.key, FolderRole.PROCESADOS)]) == [arrival.key]
        mailbox.append_sent(b"Subject: respuesta\r\n\r\n")
    assert raws(got) == mails


def test_a_sweep_goes_on_where_another_step_lost_the_connection(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes
) -> None:
    mails = [mail(number, 5_000_000) for number in range(1, 4)]
    dovecot.deliver(mailbox_user, *mails)
    mailbox = open_mailbox(dovecot)
    got = []
    for arrival in mailbox.arrivals(nothing):
        got.append(arrival)
        dovecot.signal_sessions(mailbox_user, signal.SIGKILL)
        with pytest.raises(Temporary):
            mailbox.append_sent(b"Subject: respuesta\r\n\r\n")
    assert raws(got) == mails


def test_a_large_mail_comes_in_pieces_and_whole(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes, tmp_path: Path
) -> None:
    exact = mail(2, 9_000_000)[: 9 * imap.PIECE_BYTES - 2] + b"\r\n"  # ends where a piece ends
    mails = [mail(1), exact, mail(3, 20_000_000), mail(4)]
    dovecot.deliver(mailbox_user, *mails)
    got = []
    for arrival in open_mailbox(dovecot).arrivals(nothing):
        assert arrival.size == len(content(arrival) or b"")
        assert not arrival.oversized
        got.append((content(arrival), bool(arrival.spool)))
    assert got == list(zip(mails, [False, True, True, False], strict=True))
    assert list(tmp_path.iterdir()) == []


def test_a_large_mail_that_was_moved_into_the_store_is_not_written_twice(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes, tmp_path: Path
) -> None:
    large = mail(1, 9_000_000)
    dovecot.deliver(mailbox_user, large, mail(2))
    blobs = LocalBlobs(tmp_path / "evidence")
    digests = [
        blobs.take(Path(arrival.spool)) if arrival.spool else blobs.put(arrival.raw or b"")
        for arrival in open_mailbox(dovecot).arrivals(nothing)
    ]
    assert [blobs.get(digest) for digest in digests] == [large, mail(2)]
    assert [path.name for path in tmp_path.iterdir()] == ["evidence"]


def test_a_full_disk_stops_a_large_mail_and_leaves_no_half_of_it(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes, tmp_path: Path
) -> None:
    dovecot.deliver(mailbox_user, mail(1), mail(2, 9_000_000))
    mailbox = open_mailbox(dovecot)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, hard))
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with pytest.raises(Temporary, match="a large mail could not be kept"):
            taken(mailbox)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert list(tmp_path.iterdir()) == []
    assert [arrival.size for arrival in mailbox.arrivals(nothing)] == [len(mail(1)), len(mail(2, 9_000_000))]


def test_above_the_limit_only_the_header_is_fetched(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes
) -> None:
    large = mail(2, 1_000_000)
    dovecot.deliver(mailbox_user, mail(1), large, mail(3))
    with Wire(dovecot.port) as wire:
        first, second, third = taken(open_mailbox(wire, max_mail_bytes=500_000))
        assert wire.passed < 10_000
    assert (first.raw, third.raw) == (mail(1), mail(3))
    assert (second.raw, second.size) == (None, len(large))
    assert second.header == large[: large.index(b"\r\n\r\n") + 4]


def test_a_mail_that_the_server_cannot_read_stops_no_other(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes, caplog: pytest.LogCaptureFixture
) -> None:
    dovecot.deliver(mailbox_user, *(mail(number) for number in range(1, 6)))
    mailbox = open_mailbox(dovecot)
    with dovecot.client(mailbox_user) as person:
        person.select_folder("INBOX")
    broken = sorted((dovecot.directory / "mail" / mailbox_user / "cur").iterdir())[2]
    broken.chmod(0)
    journal: dict[int, bytes | None] = {}
    for _ in range(6):
        try:
            for arrival in mailbox.arrivals(lambda _: journal):
                journal[arrival.key.uid] = arrival.raw
        except Temporary:
            continue
    assert journal == {number: mail(number) for number in (1, 2, 4, 5)}
    assert [key.uid for key in mailbox.undeliverable] == [3]
    assert "mail UID 3" in caplog.text
    broken.chmod(0o600)
    for trouble in mailbox._sweeps.troubles.values():
        trouble.again_at = 0  # a quarter of an hour later
    assert raws(taken(mailbox, lambda _: journal)) == [mail(3)]
    journal[3] = mail(3)
    assert taken(mailbox, lambda _: journal) == []
    assert mailbox.undeliverable == ()


def test_a_huge_inbox_is_listed_in_windows_and_a_new_mail_costs_little(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes
) -> None:
    dovecot.deliver(mailbox_user, mail())
    inbox = dovecot.directory / "mail" / mailbox_user
    (first,) = (inbox / "new").iterdir()
    count = 2 * imap.WINDOW + 100
    for number in range(2, count + 1):
        os.link(first, inbox / "new" / f"{int(time.time())}.M{number:09d}P1.many")
    with Wire(dovecot.port) as wire:
        mailbox = open_mailbox(wire, command_timeout_seconds=60)
        assert [arrival.key.uid for arrival in taken(mailbox, lambda _: range(1, count))] == [count]
        journal = set(range(1, count + 1))
        assert taken(mailbox, lambda _: journal) == []
        dovecot.deliver(mailbox_user, mail(7))
        before = wire.passed
        assert raws(taken(mailbox, lambda _: journal)) == [mail(7)]
        assert wire.passed - before < 5_000


# ── numbering ────────────────────────────────────────────────────────────────────────────────────


def test_a_new_uidvalidity_brings_every_mail_again_under_other_keys(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes
) -> None:
    dovecot.deliver(mailbox_user, mail(1), mail(2), mail(3))
    mailbox = open_mailbox(dovecot)
    old = taken(mailbox)
    assert mailbox.file_away([(old[0].key, FolderRole.PROCESADOS)]) == [old[0].key]
    dovecot.renumber(mailbox_user)
    asked: list[int] = []

    def known(uidvalidity: int) -> Container[int]:
        asked.append(uidvalidity)
        return {1, 2, 3} if uidvalidity == old[0].key.uidvalidity else ()

    with pytest.raises(Temporary):  # its session was killed with the old numbers
        taken(mailbox, known)
    new = taken(mailbox, known)
    assert raws(new) == [mail(2), mail(3)]
    assert [arrival.key.uid for arrival in new] == [1, 2]
    assert asked == [new[0].key.uidvalidity]
    assert asked != [old[0].key.uidvalidity]
    # An old number now names another mail: it must not be moved.
    assert mailbox.file_away([(old[1].key, FolderRole.RECHAZADOS)]) == [old[1].key]
    assert dovecot.folders(mailbox_user)["INBOX"] == [mail(2), mail(3)]


def test_a_folder_deleted_and_made_anew_is_swept_anew(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes
) -> None:
    with dovecot.client(mailbox_user) as person:
        person.create_folder("Evidencias")
        person.append("Evidencias", mail(1))
        mailbox = open_mailbox(dovecot, inbox="Evidencias")
        (before,) = taken(mailbox)
        person.delete_folder("Evidencias")
        person.create_folder("Evidencias")
        person.append("Evidencias", mail(2))
    after: list[Arrival] = []
    for _ in range(2):  # the first may find its connection closed by the server
        with suppress(Temporary):
            after = taken(mailbox, lambda validity: {1} if validity == before.key.uidvalidity else ())
    assert raws(after) == [mail(2)]
    assert after[0].key.uid == before.key.uid
    assert after[0].key != before.key


def test_a_folder_that_is_not_there_is_said_by_name(dovecot: Dovecot, open_mailbox: Mailboxes) -> None:
    mailbox = open_mailbox(dovecot, inbox="Evidencias")
    with pytest.raises(Temporary, match='"Evidencias" cannot be opened'):
        taken(mailbox)


# ── filing away ──────────────────────────────────────────────────────────────────────────────────


def test_mails_go_to_their_folders_which_are_made_if_missing(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes
) -> None:
    dovecot.deliver(mailbox_user, *(mail(number) for number in range(1, 5)))
    mailbox = open_mailbox(dovecot)
    keys = [arrival.key for arrival in taken(mailbox)]
    moves = list(zip(keys, (FolderRole.PROCESADOS, FolderRole.REVISION, FolderRole.RECHAZADOS), strict=False))
    assert sorted(mailbox.file_away(moves), key=lambda key: key.uid) == keys[:3]
    assert dovecot.folders(mailbox_user) == {
        "INBOX": [mail(4)],
        "Procesados": [mail(1)],
        "Revision": [mail(2)],
        "Rechazados": [mail(3)],
    }


def test_filing_away_may_be_repeated(dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes) -> None:
    dovecot.deliver(mailbox_user, mail(1), mail(2))
    mailbox = open_mailbox(dovecot)
    moves = [(arrival.key, FolderRole.PROCESADOS) for arrival in taken(mailbox)]
    for _ in range(3):
        assert mailbox.file_away(moves) == [key for key, _ in moves]
    assert dovecot.folders(mailbox_user) == {"INBOX": [], "Procesados": [mail(1), mail(2)]}


def test_a_mail_that_a_person_took_away_counts_as_gone(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes
) -> None:
    dovecot.deliver(mailbox_user, mail(1), mail(2), mail(3))
    mailbox = open_mailbox(dovecot)
    keys = [arrival.key for arrival in taken(mailbox)]
    with dovecot.client(mailbox_user) as person:
        person.create_folder("Pendientes de Juana")
        person.select_folder("INBOX")
        person.move([2], "Pendientes de Juana")
    assert mailbox.file_away([(key, FolderRole.REVISION) for key in keys]) == keys
    assert dovecot.folders(mailbox_user) == {
        "INBOX": [],
        "Pendientes de Juana": [mail(2)],
        "Revision": [mail(1), mail(3)],
    }


def test_a_folder_that_a_person_deleted_is_made_again(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes
) -> None:
    mailbox = open_mailbox(dovecot)
    for number in (1, 2):
        dovecot.deliver(mailbox_user, mail(number))
        (arrival,) = taken(mailbox)
        assert mailbox.file_away([(arrival.key, FolderRole.PROCESADOS)]) == [arrival.key]
        if number == 1:
            with dovecot.client(mailbox_user) as person:
                person.delete_folder("Procesados")
    assert dovecot.folders(mailbox_user) == {"INBOX": [], "Procesados": [mail(2)]}


def test_without_move_a_mail_is_copied_and_only_it_removed(
    plain_dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes
) -> None:
    plain_dovecot.deliver(mailbox_user, *(mail(number) for number in range(1, 5)))
    with plain_dovecot.client(mailbox_user) as person:
        person.select_folder("INBOX")
        person.delete_messages([2])  # marked only: its owner has not decided yet
    mailbox = open_mailbox(plain_dovecot)
    keys = [arrival.key for arrival in taken(mailbox)]
    some = [keys[0], keys[2], keys[3]]
    for _ in range(2):
        assert mailbox.file_away([(key, FolderRole.PROCESADOS) for key in some]) == some
    assert plain_dovecot.folders(mailbox_user) == {
        "INBOX": [mail(2)],
        "INBOX.Procesados": [mail(1), mail(3), mail(4)],
    }


def test_where_no_single_mail_can_be_moved_all_stay(
    bare_dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes, caplog: pytest.LogCaptureFixture
) -> None:
    bare_dovecot.deliver(mailbox_user, mail(1), mail(2))
    mailbox = open_mailbox(bare_dovecot)
    moves = [(arrival.key, FolderRole.PROCESADOS) for arrival in taken(mailbox)]
    for _ in range(2):
        assert mailbox.file_away(moves) == []
    assert bare_dovecot.folders(mailbox_user)["INBOX"] == [mail(1), mail(2)]
    assert "all stay in the inbox" in caplog.text


def test_a_full_mailbox_keeps_its_mails_and_says_so(
    plain_dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes, caplog: pytest.LogCaptureFixture
) -> None:
    large = mail(1, 40_000)
    plain_dovecot.deliver(mailbox_user, large)
    mailbox = open_mailbox(plain_dovecot)
    (arrival,) = taken(mailbox)
    assert mailbox.file_away([(arrival.key, FolderRole.PROCESADOS)]) == []
    assert plain_dovecot.folders(mailbox_user)["INBOX"] == [large]
    assert "OVERQUOTA" in caplog.text
    with pytest.raises(Temporary, match="OVERQUOTA"):
        mailbox.append_sent(large)


def test_a_mailbox_that_may_only_be_read_is_read(
    bare_dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes, caplog: pytest.LogCaptureFixture
) -> None:
    bare_dovecot.deliver(mailbox_user, mail(1))
    (bare_dovecot.directory / "mail" / mailbox_user / "dovecot-acl").write_text("owner lr\n")
    mailbox = open_mailbox(bare_dovecot)
    (arrival,) = taken(mailbox)
    assert arrival.raw == mail(1)
    assert mailbox.file_away([(arrival.key, FolderRole.PROCESADOS)]) == []
    assert "may only be read" in caplog.text


# ── answers that were sent ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("older", [False, True])
def test_a_sent_answer_is_kept_as_seen(
    dovecot: Dovecot, plain_dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes, *, older: bool
) -> None:
    server, folder = (plain_dovecot, "INBOX.Sent") if older else (dovecot, "Sent")
    mailbox = open_mailbox(server)
    mailbox.append_sent(mail(1))
    mailbox.append_sent(mail(2))
    assert server.folders(mailbox_user)[folder] == [mail(1), mail(2)]
    with server.client(mailbox_user) as person:
        person.select_folder(folder)
        assert all(b"\\Seen" in flags for flags in person.get_flags([1, 2]).values())


def answer(number: int) -> bytes:
    """An answer of ours, as it lies in the outbox."""
    return f"Subject: Respuesta {number}\r\nMessage-ID: <ev.{number}@cnt.example>\r\n\r\nHola.\r\n".encode()


@pytest.mark.parametrize("older", [False, True])
def test_an_answer_that_lies_in_the_sent_folder_already_is_not_put_there_again(
    dovecot: Dovecot, plain_dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes, *, older: bool
) -> None:
    """A crash may come between the APPEND and the note of it, and some providers keep what they send themselves."""
    server, folder = (plain_dovecot, "INBOX.Sent") if older else (dovecot, "Sent")
    mailbox = open_mailbox(server)
    mailbox.append_sent(answer(1))
    mailbox.append_sent(answer(1))
    open_mailbox(server).append_sent(answer(1))
    with server.client(mailbox_user) as provider:
        provider.append(folder, answer(2))
    mailbox.append_sent(answer(2))
    mailbox.append_sent(answer(3))
    assert server.folders(mailbox_user)[folder] == [answer(1), answer(2), answer(3)]


def test_looking_for_an_answer_among_many_thousands_has_a_bounded_cost(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evidence_daemon.mail.imap.SENT_LATELY", 2)
    mailbox = open_mailbox(dovecot)
    for number in (1, 2, 3, 2, 1):  # the last one lies too far back to be looked for
        mailbox.append_sent(answer(number))
    assert dovecot.folders(mailbox_user)["Sent"] == [answer(number) for number in (1, 2, 3, 1)]


def test_without_a_sent_folder_nothing_is_kept(dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes) -> None:
    open_mailbox(dovecot, sent_folder="").append_sent(mail(1))
    assert dovecot.folders(mailbox_user) == {"INBOX": []}


# ── waiting ──────────────────────────────────────────────────────────────────────────────────────


def later(seconds: float, act: Callable[[], object]) -> None:
    threading.Timer(seconds, act).start()


def test_a_new_mail_ends_the_wait(dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes) -> None:
    mailbox = open_mailbox(dovecot)
    assert taken(mailbox) == []
    later(0.3, lambda: dovecot.deliver(mailbox_user, mail()))
    with takes(0.3, 5):
        assert mailbox.wait(20, threading.Event())
    assert raws(taken(mailbox)) == [mail()]


def test_a_mail_between_sweep_and_wait_ends_the_wait_at_once(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes
) -> None:
    mailbox = open_mailbox(dovecot)
    assert taken(mailbox) == []
    dovecot.deliver(mailbox_user, mail())
    with takes(0, 1):
        assert mailbox.wait(20, threading.Event())


def test_a_mailbox_that_only_waits_tells_each_news_once(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes
) -> None:
    dovecot.deliver(mailbox_user, mail(1))
    lookout = open_mailbox(dovecot)
    assert not lookout.wait(0.2, threading.Event())
    later(0.2, lambda: dovecot.deliver(mailbox_user, mail(2)))
    assert lookout.wait(20, threading.Event())
    assert not lookout.wait(1, threading.Event())


def test_without_news_the_wait_lasts_as_long_as_asked(dovecot: Dovecot, open_mailbox: Mailboxes) -> None:
    mailbox = open_mailbox(dovecot)
    with takes(1.2, 3):
        assert not mailbox.wait(1.2, threading.Event())


@pytest.mark.parametrize("idle", [True, False])
def test_a_stop_ends_the_wait(dovecot: Dovecot, open_mailbox: Mailboxes, *, idle: bool) -> None:
    stop = threading.Event()
    later(0.3, stop.set)
    with takes(0.3, 3):
        assert not open_mailbox(dovecot, idle=idle).wait(20, stop)


def test_a_server_without_idle_is_simply_waited_for(bare_dovecot: Dovecot, open_mailbox: Mailboxes) -> None:
    with takes(0.5, 3):
        assert not open_mailbox(bare_dovecot).wait(0.5, threading.Event())


def test_a_server_that_dies_in_idle_is_noticed_without_spinning(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes
) -> None:
    mailbox = open_mailbox(dovecot)
    assert taken(mailbox) == []
    later(0.3, lambda: dovecot.signal_sessions(mailbox_user, signal.SIGKILL))
    worked = time.thread_time()
    with takes(0.3, 4), pytest.raises(Temporary):
        mailbox.wait(20, threading.Event())
    assert time.thread_time() - worked < 0.3
    dovecot.deliver(mailbox_user, mail())
    assert raws(taken(mailbox)) == [mail()]


def test_a_server_that_hangs_in_idle_is_noticed_at_its_end(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes
) -> None:
    mailbox = open_mailbox(dovecot, command_timeout_seconds=1)
    assert taken(mailbox) == []
    with frozen(dovecot, mailbox_user) as sessions, takes(0.9, 5), pytest.raises(Temporary):
        assert sessions == 1
        mailbox.wait(1, threading.Event())


# ── when things break ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("tls", [True, False])
def test_a_connection_cut_within_a_mail_is_taken_up_again(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes, *, tls: bool
) -> None:
    mails = [mail(1), mail(2, 3_000_000), mail(3)]
    dovecot.deliver(mailbox_user, *mails)
    with Wire(dovecot.tls_port if tls else dovecot.port) as wire:
        mailbox = open_mailbox(wire, security="tls" if tls else "none", ca_file=str(dovecot.ca))
        wire.cut_after = 1_000_000
        with pytest.raises(Temporary, match="lost while fetching mails"):
            taken(mailbox)
        wire.cut_after = None
        journal = {arrival.key.uid: arrival.raw for arrival in mailbox.arrivals(nothing)}
    assert journal == dict(enumerate(mails, 1))


def test_a_mail_too_slow_for_one_command_comes_in_pieces(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes
) -> None:
    large = mail(1, 4_500_000)
    dovecot.deliver(mailbox_user, large)
    with Wire(dovecot.port) as wire:
        mailbox = open_mailbox(wire, command_timeout_seconds=1)
        wire.rate = 3_000_000
        with pytest.raises(Temporary, match="no complete answer in time"):
            taken(mailbox)
        assert raws(taken(mailbox)) == [large]


def test_a_mail_on_which_the_server_always_dies_stops_no_other(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes
) -> None:
    mails = [mail(1), mail(2, 3_000_000), mail(3), mail(4, 3_000_000), mail(5)]
    dovecot.deliver(mailbox_user, *mails)
    journal: dict[int, bytes | None] = {}
    with Wire(dovecot.port) as wire:
        mailbox = open_mailbox(wire)
        wire.cut_after = 500_000  # neither 2 nor 4 ever comes through
        for _ in range(8):
            with suppress(Temporary):
                for arrival in mailbox.arrivals(lambda _: journal):
                    journal[arrival.key.uid] = arrival.raw
    assert journal == {1: mails[0], 3: mails[2], 5: mails[4]}
    assert [key.uid for key in mailbox.undeliverable] == [2, 4]


def test_a_server_that_was_killed_and_came_back_is_used_again(mailbox_user: str, open_mailbox: Mailboxes) -> None:
    with Dovecot() as server:
        server.deliver(mailbox_user, mail(1))
        mailbox = open_mailbox(server)
        (arrival,) = taken(mailbox)
        server.kill()
        with pytest.raises(Temporary, match="lost while"):
            mailbox.file_away([(arrival.key, FolderRole.PROCESADOS)])
        with pytest.raises(Temporary, match=r"nobody listens there|no greeting"):
            mailbox.file_away([(arrival.key, FolderRole.PROCESADOS)])
        server.start()
        assert mailbox.file_away([(arrival.key, FolderRole.PROCESADOS)]) == [arrival.key]


@pytest.mark.parametrize("tls", [True, False])
def test_a_server_that_hangs_is_given_up_in_time(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes, *, tls: bool
) -> None:
    dovecot.deliver(mailbox_user, mail(1))
    mailbox = open_mailbox(
        dovecot,
        port=dovecot.tls_port if tls else dovecot.port,
        security="tls" if tls else "none",
        ca_file=str(dovecot.ca),
        command_timeout_seconds=1,
    )
    (arrival,) = taken(mailbox)
    with frozen(dovecot, mailbox_user) as sessions:
        assert sessions == 1
        with takes(0.9, 3), pytest.raises(Temporary, match=r"no (complete )?answer in time"):
            mailbox.file_away([(arrival.key, FolderRole.PROCESADOS)])
        with takes(0, 3):  # a new connection gets a new process
            assert mailbox.file_away([(arrival.key, FolderRole.PROCESADOS)]) == [arrival.key]


def test_a_server_that_drips_is_given_up_in_time(dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes) -> None:
    dovecot.deliver(mailbox_user, mail(1, 10_000))
    with Wire(dovecot.port) as wire:
        mailbox = open_mailbox(wire, command_timeout_seconds=1, connect_timeout_seconds=0.5)
        assert len(taken(mailbox)) == 1
        wire.drip = 0.02
        with takes(0.9, 3), pytest.raises(Temporary, match="no complete answer in time"):
            taken(mailbox)
        wire.drip = 0.1
        with takes(0.4, 2), pytest.raises(Temporary, match="no complete answer in time"):
            taken(mailbox)  # not even the greeting


@pytest.mark.parametrize("security", ["none", "tls"])
def test_a_server_that_accepts_and_never_speaks_is_given_up_in_time(open_mailbox: Mailboxes, security: str) -> None:
    with closing(socket.create_server((HOST, 0))) as deaf:
        wire = Wire(0)
        wire.port = deaf.getsockname()[1]
        with takes(0.4, 2), pytest.raises(Temporary, match=r"no .*answer in time"):
            taken(open_mailbox(wire, security=security, connect_timeout_seconds=0.5))


def test_a_whole_server_that_hangs_is_closed_in_time(mailbox_user: str, open_mailbox: Mailboxes) -> None:
    with Dovecot() as server:
        mailbox = open_mailbox(server, command_timeout_seconds=1, connect_timeout_seconds=1)
        assert taken(mailbox) == []
        server.pause()
        with takes(0, 3):
            mailbox.close()
        with takes(0, 5), pytest.raises(Temporary):
            taken(mailbox)
        server.resume()
        assert taken(mailbox) == []


def test_a_connection_is_renewed_after_its_time(dovecot: Dovecot, open_mailbox: Mailboxes) -> None:
    with Wire(dovecot.port) as wire:
        mailbox = open_mailbox(wire, connection_minutes=1)
        for _ in range(3):
            taken(mailbox)
        assert wire.connections == 1
        assert mailbox._session is not None
        mailbox._session.since -= 61
        taken(mailbox)
        assert wire.connections == 2


# ── login, TLS, configuration ────────────────────────────────────────────────────────────────────


def test_a_wrong_password_is_told_apart_and_not_shown(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes
) -> None:
    mailbox = open_mailbox(dovecot, "otra clave", security="starttls", ca_file=str(dovecot.ca))
    with pytest.raises(LoginRefused) as refused:
        taken(mailbox)
    assert refused.value.retry_after is not None
    assert refused.value.retry_after >= 60
    assert "Authentication failed" in str(refused.value)
    assert "password_file" in str(refused.value)
    assert "otra clave" not in str(refused.value)
    assert mailbox_user not in str(refused.value)


def test_a_connection_lost_while_logging_in_is_no_wrong_password(dovecot: Dovecot, open_mailbox: Mailboxes) -> None:
    with Wire(dovecot.port) as wire:
        open_mailbox(wire).wait(0, threading.Event())
        for cut in range(100, 700, 25):
            wire.cut_after = cut
            with pytest.raises(Temporary) as lost:
                taken(open_mailbox(wire))
            assert not isinstance(lost.value, LoginRefused)


def test_a_password_with_an_enye_works(mailbox_user: str, open_mailbox: Mailboxes) -> None:
    with Dovecot(password="contraseña") as server:
        assert taken(open_mailbox(server, "contraseña")) == []


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_of_an_unknown_authority_is_not_trusted(
    dovecot: Dovecot, open_mailbox: Mailboxes, security: str
) -> None:
    port = dovecot.tls_port if security == "tls" else dovecot.port
    with pytest.raises(Temporary, match="ca_file"):
        taken(open_mailbox(dovecot, port=port, security=security))


def test_tls_towards_a_plain_port_says_so(dovecot: Dovecot, open_mailbox: Mailboxes) -> None:
    with pytest.raises(Temporary, match="does security fit the port"):
        taken(open_mailbox(dovecot, security="tls"))


def test_an_unknown_host_says_so(open_mailbox: Mailboxes) -> None:
    wire = Wire(0)
    wire.port = 143
    with pytest.raises(Temporary, match="name is not known"):
        taken(open_mailbox(wire, host="imap.invalid", security="starttls"))


def test_a_password_never_travels_in_the_clear_to_another_machine() -> None:
    with pytest.raises(BadConfig, match=r"mailbox\.security"):
        Mailbox(MailboxConfig.model_construct(host="imap.example.ec", security="none"), str, spool=Path())


def test_a_missing_file_of_authorities_is_told_at_once() -> None:
    with pytest.raises(BadConfig, match=r"mailbox\.ca_file"):
        Mailbox(MailboxConfig(ca_file="/nowhere/ca.pem"), str, spool=Path())


# ── what must not come back ──────────────────────────────────────────────────────────────────────


def test_no_mail_no_user_and_no_password_reach_any_log(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    dovecot.deliver(mailbox_user, mail(1), mail(2, 9_000_000))
    mailbox = open_mailbox(dovecot)
    arrivals = taken(mailbox)
    mailbox.file_away([(arrival.key, FolderRole.PROCESADOS) for arrival in arrivals])
    mailbox.append_sent(mail(3))
    mailbox.wait(0.2, threading.Event())
    assert "2 new mails" in caplog.text
    for secret in ("1710034065", "LOPEZ", "cliente1", mailbox_user, PASSWORD):
        assert secret not in caplog.text


def test_the_library_does_not_print_mails_for_its_log(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes
) -> None:
    """A guard: where somebody lets the library echo again, a CPU second moves 110 MB, else 800 or more."""
    mails = [mail(number, 100_000) for number in range(1, 81)]
    dovecot.deliver(mailbox_user, *mails)
    mailbox = open_mailbox(dovecot)
    worked = time.thread_time()
    arrivals = taken(mailbox)
    worked = time.thread_time() - worked
    moved = sum(arrival.size for arrival in arrivals)
    assert len(arrivals) == 80
    assert mailbox._session is not None
    assert mailbox._session.client._imap.debug == 0
    assert moved / worked > 150e6


def test_keys_are_those_of_the_journal(dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes) -> None:
    dovecot.deliver(mailbox_user, mail())
    mailbox = open_mailbox(dovecot, name="otro")
    (arrival,) = taken(mailbox)
    assert arrival.key == CopyKey("otro", "INBOX", arrival.key.uidvalidity, 1)
    assert (mailbox.account, mailbox.inbox) == ("otro", "INBOX")


# ── numbers that are missing ─────────────────────────────────────────────────────────────────────


def test_a_census_tells_what_was_listed_and_how_far_the_numbers_go(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes
) -> None:
    dovecot.deliver(mailbox_user, mail(1), mail(2), mail(3), mail(4))
    mailbox = open_mailbox(dovecot)
    assert mailbox.census is None
    with dovecot.client(mailbox_user) as person:
        person.select_folder("INBOX")
        person.delete_messages([2, 4])  # the last one too: no listed mail tells of it
        person.uid_expunge([2, 4])
    (arrival, _) = taken(mailbox)
    key = arrival.key
    assert mailbox.census == Census("posventa", "INBOX", key.uidvalidity, 5, frozenset({1, 3}))
    assert taken(mailbox, lambda _: {1, 3}) == []
    dovecot.deliver(mailbox_user, mail(5))
    assert len(taken(mailbox, lambda _: {1, 3})) == 1
    assert mailbox.census is not None
    assert (mailbox.census.next_uid, mailbox.census.listed) == (6, {5})


@pytest.mark.parametrize("bare", [False, True])
def test_mails_that_others_take_away_while_a_huge_inbox_is_listed_hide_no_other(
    dovecot: Dovecot,
    bare_dovecot: Dovecot,
    mailbox_user: str,
    open_mailbox: Mailboxes,
    monkeypatch: pytest.MonkeyPatch,
    *,
    bare: bool,
) -> None:
    """Windows of places shift when a mail goes; upwards, the first of the next window would be skipped."""
    monkeypatch.setattr(imap, "WINDOW", 10)
    server = bare_dovecot if bare else dovecot
    mails = [mail(number) for number in range(1, 36)]
    server.deliver(mailbox_user, *mails)
    mailbox = open_mailbox(server)
    searched: list[str] = []
    search = mailbox._search
    with server.client(mailbox_user) as person:
        person.select_folder("INBOX")

        def meanwhile(criteria: str) -> list[int]:
            found = search(criteria)
            searched.append(criteria)
            person.delete_messages([len(searched)])
            person.expunge()
            person.noop()
            return found

        monkeypatch.setattr(mailbox, "_search", meanwhile)
        got = taken(mailbox)
    assert searched == ["26:* UID 1:*", "16:25 UID 1:*", "6:15 UID 1:*", "1:5 UID 1:*"]
    assert raws(got)[-31:] == mails[4:]


def test_uids_with_wide_gaps_cost_no_more_commands(open_mailbox: Mailboxes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of 3 mails whose numbers end at four thousand million is two windows, not millions."""
    monkeypatch.setattr(imap, "WINDOW", 2)
    script = {
        "UID SEARCH RETURN (ALL) 2:* UID 1:*": [b'* ESEARCH (TAG "%") UID ALL 70000,4000000000', b"% OK done"],
        "UID SEARCH RETURN (ALL) 1:1 UID 1:*": [b'* ESEARCH (TAG "%") UID ALL 1', b"% OK done"],
    }
    with Oddity(**script) as server:
        assert taken(open_mailbox(server), lambda _: {1, 70_000, 4_000_000_000}) == []


# ── folders ──────────────────────────────────────────────────────────────────────────────────────


def test_a_folder_that_a_person_renamed_is_made_again_and_hers_left_alone(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes
) -> None:
    mailbox = open_mailbox(dovecot)
    for number in (1, 2):
        dovecot.deliver(mailbox_user, mail(number))
        (arrival,) = taken(mailbox)
        assert mailbox.file_away([(arrival.key, FolderRole.PROCESADOS)]) == [arrival.key]
        if number == 1:
            with dovecot.client(mailbox_user) as person:
                person.rename_folder("Procesados", "Archivo 2025")
    assert dovecot.folders(mailbox_user) == {"INBOX": [], "Archivo 2025": [mail(1)], "Procesados": [mail(2)]}


@pytest.mark.parametrize("older", [False, True])
def test_folders_below_folders_and_with_accents_are_named_as_the_server_wants(
    dovecot: Dovecot, plain_dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes, *, older: bool
) -> None:
    server, folder = (plain_dovecot, "INBOX.Devolución.Hechos") if older else (dovecot, "Devolución/Hechos")
    server.deliver(mailbox_user, mail(1))
    mailbox = open_mailbox(server, processed_folder="Devolución/Hechos")
    (arrival,) = taken(mailbox)
    assert mailbox.file_away([(arrival.key, FolderRole.PROCESADOS)]) == [arrival.key]
    with server.client(mailbox_user) as person:
        person.select_folder(folder, readonly=True)
        assert person.fetch([1], ["BODY.PEEK[]"])[1][b"BODY[]"] == mail(1)


def test_an_inbox_that_was_renamed_is_said_by_name_and_found_again(
    dovecot: Dovecot, mailbox_user: str, open_mailbox: Mailboxes
) -> None:
    with dovecot.client(mailbox_user) as person:
        person.create_folder("Evidencias")
        person.append("Evidencias", mail(1))
        mailbox = open_mailbox(dovecot, inbox="Evidencias")
        (before,) = taken(mailbox)
        person.rename_folder("Evidencias", "Otras")
        told = ""
        for _ in range(2):  # the first may find its connection closed by the server
            try:
                assert taken(mailbox) == []
            except Temporary as trouble:
                told = str(trouble)
        assert '"Evidencias" cannot be opened' in told
        person.rename_folder("Otras", "Evidencias")
    (after,) = taken(mailbox)
    assert (after.raw, after.key.uidvalidity) == (mail(1), before.key.uidvalidity)


# ── servers that are odd or hostile ──────────────────────────────────────────────────────────────


class Oddity:
    """An IMAP server that says what a script says, by the first words of a command; "%" stands for its tag."""

    ORDINARY: ClassVar[dict[str, list[bytes]]] = {
        "CAPABILITY": [b"* CAPABILITY IMAP4rev1 IDLE ESEARCH", b"% OK done"],
        "LOGIN": [b"% OK [CAPABILITY IMAP4rev1 IDLE ESEARCH] in"],
        "EXAMINE": [b"* 3 EXISTS", b"* OK [UIDVALIDITY 7] v", b"* OK [UIDNEXT 4] n", b"% OK [READ-ONLY] open"],
        "UID SEARCH": [b'* ESEARCH (TAG "%") UID ALL 1:3', b"% OK done"],
        "UID FETCH 1,2,3 (RFC822.SIZE INTERNALDATE)": [
            *(
                b'* %d FETCH (UID %d RFC822.SIZE 4 INTERNALDATE "01-Nov-2025 10:00:00 -0500")' % (n, n)
                for n in (1, 2, 3)
            ),
            b"% OK done",
        ],
        "UID FETCH 1,2,3 (BODY.PEEK[])": [
            *(b"* %d FETCH (UID %d BODY[] {4}\r\nm%d\r\n)" % (n, n, n) for n in (1, 2, 3)),
            b"% OK done",
        ],
        **{  # one by one, as after a failure
            f"UID FETCH {n} ({item}": [b"* %d FETCH (UID %d %s)" % (n, n, value), b"% OK done"]
            for n in (1, 2, 3)
            for item, value in (
                ("RFC822.SIZE", b'RFC822.SIZE 4 INTERNALDATE "01-Nov-2025 10:00:00 -0500"'),
                ("BODY.PEEK[]<0.", b"BODY[]<0> {4}\r\nm%d\r\n" % n),
            )
        },
        "LOGOUT": [b"* BYE bye", b"% OK bye"],
    }

    def __init__(self, **script: list[bytes]) -> None:
        self.script = script
        self.listener = socket.create_server((HOST, 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                with suppress(OSError), client, client.makefile("rb") as lines:
                    client.sendall(b"* OK ready\r\n")
                    for line in lines:
                        tag, _, command = line.rstrip().partition(b" ")
                        said = [*self.script.items(), *self.ORDINARY.items()]
                        answer = next((one for name, one in said if command.decode().startswith(name)), [b"% BAD what"])
                        client.sendall(b"".join(one.replace(b"%", tag) + b"\r\n" for one in answer))

    def __enter__(self) -> Oddity:
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.close()


def test_the_odd_server_is_ordinary_when_nothing_is_odd(open_mailbox: Mailboxes) -> None:
    with Oddity() as server:
        assert raws(taken(open_mailbox(server))) == [b"m1\r\n", b"m2\r\n", b"m3\r\n"]


def _fetched(*lines: bytes) -> dict[str, list[bytes]]:
    return {"UID FETCH 1,2,3 (BODY.PEEK[])": [*lines, b"% OK done"]}


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (_fetched(b"* 1 FETCH (UID 1 BODY[] {99000000000}"), "lost while fetching"),
        (_fetched(b"* 1 FETCH (UID 1 BODY[] {4}\r\nm"), "lost while|in time"),
        ({"UID FETCH": [b"% OK"]}, "lost while fetching"),
        ({"UID SEARCH": [b'* ESEARCH (TAG "%") UID ALL 1:4294967295', b"% OK done"]}, "more mails than were asked"),
        ({"UID SEARCH": [b"* BYE going down", b"% OK done"]}, "lost while listing|broke off"),
        ({"UID SEARCH": [b"% NO [SERVERBUG] sorry"]}, "refuses to list"),
        ({"UID SEARCH": [b"\xff\x00garbage", b"% OK done"]}, "lost while listing"),
        ({"EXAMINE": [b"* 3 EXISTS", b"% OK [READ-ONLY] open"]}, "no lasting numbers"),
        ({"EXAMINE": [b"% NO [NONEXISTENT] gone"]}, "cannot be opened"),
    ],
)
def test_nonsense_from_a_server_is_temporary_and_told(
    open_mailbox: Mailboxes, script: dict[str, list[bytes]], words: str
) -> None:
    with Oddity(**script) as server, takes(0, 3):
        mailbox = open_mailbox(server, command_timeout_seconds=1)
        with pytest.raises(Temporary, match=words):
            taken(mailbox)
        server.script = {}
        assert raws(taken(mailbox)) == [b"m1\r\n", b"m2\r\n", b"m3\r\n"]


@pytest.mark.parametrize(
    "odd",
    [
        b"* 2 FETCH (FLAGS (\\Seen))",  # unasked, of another mail, without its UID
        b"* 2 FETCH (UID 2 BODY[] NIL)",
        b"* 2 FETCH (UID 2 FLAGS (\\Deleted))",
        b"* 2 EXPUNGE",
        b'* 2 FETCH (UID 2 BODY[] "")',
    ],
)
def test_an_entry_without_its_body_is_asked_for_again_and_stops_no_other(open_mailbox: Mailboxes, odd: bytes) -> None:
    first, _, third, _ = Oddity.ORDINARY["UID FETCH 1,2,3 (BODY.PEEK[])"]
    with Oddity(**_fetched(first, odd, third)) as server:
        mailbox = open_mailbox(server)
        journal = {arrival.key.uid: arrival.raw for arrival in mailbox.arrivals(nothing)}
        assert journal == {1: b"m1\r\n", 3: b"m3\r\n"}
        server.script = {}
        assert raws(taken(mailbox, lambda _: journal)) == [b"m2\r\n"]


def test_a_flag_of_another_mail_decides_nothing(open_mailbox: Mailboxes) -> None:
    """The library files an unasked answer for mail number 2 under UID 2; Dovecot gave one the other's flags."""
    lines = Oddity.ORDINARY["UID FETCH 1,2,3 (BODY.PEEK[])"]
    with Oddity(**{"UID FETCH 1,2,3 (BODY.PEEK[])": [b"* 3 FETCH (FLAGS (\\Deleted))", *lines]}) as server:
        assert raws(taken(open_mailbox(server))) == [b"m1\r\n", b"m2\r\n", b"m3\r\n"]


def test_a_server_without_uidnext_is_swept_and_not_counted(open_mailbox: Mailboxes) -> None:
    examine = [b"* 3 EXISTS", b"* OK [UIDVALIDITY 7] v", b"% OK [READ-ONLY] open"]
    with Oddity(EXAMINE=examine) as server:
        mailbox = open_mailbox(server)
        assert len(taken(mailbox)) == 3
        assert mailbox.census is None


def test_a_login_that_is_refused_for_now_is_no_wrong_password(open_mailbox: Mailboxes) -> None:
    with Oddity(LOGIN=[b"% NO [UNAVAILABLE] later"]) as server:
        with pytest.raises(Temporary, match="no login at the moment") as later:
            taken(open_mailbox(server))
        assert not isinstance(later.value, LoginRefused)
