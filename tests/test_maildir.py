"""A Maildir as a mailbox: what it takes, what it leaves alone, and that its numbers survive whatever happens."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import stat
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from servers import Dovecot

from evidence_daemon.config import MaildirConfig
from evidence_daemon.errors import Temporary
from evidence_daemon.mail import maildir as module
from evidence_daemon.mail.maildir import LIST, Maildir
from evidence_daemon.model import Arrival, CopyKey, FolderRole

Maildirs = Callable[..., Maildir]


class Post:
    """A Maildir and the programs that deliver into it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        for part in ("new", "cur", "tmp"):
            (path / part).mkdir(parents=True)

    def deliver(self, *mails: bytes, part: str = "new", flags: str = "") -> list[Path]:
        """As every delivery agent does it: write in tmp/, rename into new/."""
        made = []
        for raw in mails:
            self.count += 1
            name = f"1700000000.M{self.count:06d}P1.host"
            (self.path / "tmp" / name).write_bytes(raw)
            os.utime(self.path / "tmp" / name, (1_700_000_000 + self.count,) * 2)
            made.append((self.path / "tmp" / name).rename(self.path / part / f"{name}{flags}"))
        return made

    def folder(self, name: str = "") -> list[bytes]:
        """Every mail of a folder ("" is the inbox) in order of delivery."""
        directory = self.path / name if name else self.path
        files = [*(directory / "new").iterdir(), *(directory / "cur").iterdir()]
        return [file.read_bytes() for file in sorted(files, key=lambda file: file.name)]


@pytest.fixture
def post(tmp_path: Path) -> Post:
    return Post(tmp_path / "Maildir")


@pytest.fixture
def open_maildir(post: Post, tmp_path: Path) -> Iterator[Maildirs]:
    opened: list[Maildir] = []
    spool = tmp_path / "spool"
    spool.mkdir()

    def make(**settings: object) -> Maildir:
        plain = {"kind": "maildir", "path": str(post.path)}
        opened.append(Maildir(MaildirConfig.model_validate(plain | settings), post.path, spool))
        return opened[-1]

    yield make
    for one in opened:
        one.close()
    assert list(spool.iterdir()) == []


def mail(number: int = 1, size: int = 0) -> bytes:
    head = f"From: cliente{number}@example.ec\nSubject: 1710034065//NUÑEZ LOPEZ ANA//INTERNET FIJO {number}\n\n"
    line = f"mail {number} ".encode() + bytes(range(128, 190)) + b"\n"
    return head.encode() + line * max(1, size // len(line))


def nothing(_: int) -> Collection[int]:
    return ()


def taken(mailbox: Maildir, known: Callable[[int], Collection[int]] = nothing) -> list[Arrival]:
    return list(mailbox.arrivals(known))


def raws(arrivals: list[Arrival]) -> list[bytes | None]:
    return [arrival.raw for arrival in arrivals]


# ── taking in ────────────────────────────────────────────────────────────────────────────────────


def test_every_mail_arrives_oldest_first_byte_for_byte(post: Post, open_maildir: Maildirs) -> None:
    mails = [mail(number) for number in range(1, 6)]
    post.deliver(*mails[:2])
    post.deliver(mails[2], part="cur", flags=":2,S")  # somebody has read it
    post.deliver(*mails[3:])
    arrivals = taken(open_maildir(name="quejas"))
    assert raws(arrivals) == mails
    assert [arrival.key.uid for arrival in arrivals] == [1, 2, 3, 4, 5]
    assert {(arrival.key.account, arrival.key.folder) for arrival in arrivals} == {("quejas", "INBOX")}
    assert arrivals[0].received_at == datetime.fromtimestamp(1_700_000_001, UTC)
    assert [arrival.size for arrival in arrivals] == [len(raw) for raw in mails]


def test_reading_leaves_no_trace_on_any_mail(post: Post, open_maildir: Maildirs) -> None:
    post.deliver(mail(1))
    post.deliver(mail(2), part="cur", flags=":2,")
    before = {path: path.stat() for part in ("new", "cur") for path in (post.path / part).iterdir()}
    taken(open_maildir())
    after = {path: path.stat() for part in ("new", "cur") for path in (post.path / part).iterdir()}
    assert {path: facts.st_mtime_ns for path, facts in after.items()} == {
        path: facts.st_mtime_ns for path, facts in before.items()
    }


def test_a_mail_is_offered_until_it_is_known(post: Post, open_maildir: Maildirs) -> None:
    post.deliver(mail(1), mail(2))
    mailbox = open_maildir()
    journal: set[int] = set()
    for _ in mailbox.arrivals(lambda _: journal):
        break  # the caller stopped in the middle, its first mail is not stored
    assert raws(taken(mailbox, lambda _: journal)) == [mail(1), mail(2)]
    journal |= {2}
    assert raws(taken(mailbox, lambda _: journal)) == [mail(1)]
    journal |= {1}
    assert taken(mailbox, lambda _: journal) == []
    post.deliver(mail(3))
    assert raws(taken(mailbox, lambda _: journal)) == [mail(3)]


def test_a_large_mail_passes_through_a_file(post: Post, open_maildir: Maildirs) -> None:
    large = mail(1, 9_000_000)
    post.deliver(large, mail(2))
    got = []
    for arrival in open_maildir().arrivals(nothing):
        got.append(Path(arrival.spool).read_bytes() if arrival.spool else arrival.raw)
        assert arrival.size == len(got[-1] or b"")
    assert got == [large, mail(2)]
    assert post.folder() == [large, mail(2)]


def test_above_the_limit_only_the_header_is_read(post: Post, open_maildir: Maildirs) -> None:
    large = mail(2, 1_000_000)
    post.deliver(mail(1), large, mail(3))
    first, second, third = taken(open_maildir(max_mail_bytes=500_000))
    assert (first.raw, third.raw) == (mail(1), mail(3))
    assert (second.raw, second.size, second.oversized) == (None, len(large), True)
    assert second.header == large[: large.index(b"\n\n") + 2]


def test_what_is_no_mail_is_no_arrival(post: Post, open_maildir: Maildirs, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("not a mail of this mailbox")
    (post.path / "new" / "link").symlink_to(secret)
    (post.path / "new" / "directory").mkdir()
    os.mkfifo(post.path / "cur" / "pipe")
    (post.path / "new" / ".hidden").write_bytes(mail(9))
    post.deliver(mail(1))
    mailbox = open_maildir()
    assert raws(taken(mailbox)) == [mail(1)]
    assert mailbox.undeliverable == ()


@contextlib.contextmanager
def _without_the_rights_of_root(directory: Path) -> Iterator[None]:
    """Root may read every file: as root, be nobody in this directory for a while."""
    if os.geteuid() != 0:
        yield
        return
    for path in (directory, *directory.rglob("*")):
        os.chown(path, 65534, 65534, follow_symlinks=False)
    for parent in directory.parents:  # pytest's own are closed to others
        parent.chmod(parent.stat().st_mode | 0o011)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_mail_that_cannot_be_read_stops_no_other_and_is_told_once(
    post: Post, open_maildir: Maildirs, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    closed = post.deliver(mail(1), mail(2))[0]
    closed.chmod(0)
    mailbox = open_maildir()
    with _without_the_rights_of_root(tmp_path):
        for _ in range(2):
            assert raws(taken(mailbox)) == [mail(2)]
        assert [key.uid for key in mailbox.undeliverable] == [1]
        assert caplog.text.count("cannot be read") == 1
        closed.chmod(0o600)
        assert raws(taken(mailbox)) == [mail(1), mail(2)]
    assert mailbox.undeliverable == ()


def test_a_directory_that_is_no_maildir_is_said_by_name(open_maildir: Maildirs, post: Post) -> None:
    (post.path / "cur").rmdir()
    with pytest.raises(Temporary, match="cur"):
        taken(open_maildir())
    (post.path / "cur").mkdir()  # the first delivery made it
    post.deliver(mail(1))
    assert raws(taken(open_maildir())) == [mail(1)]


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────


def test_a_number_stays_when_others_read_mark_and_move_to_cur(post: Post, open_maildir: Maildirs) -> None:
    (path,) = post.deliver(mail(1))
    post.deliver(mail(2))
    mailbox = open_maildir()
    keys = [arrival.key for arrival in taken(mailbox)]
    path = path.rename(post.path / "cur" / f"{path.name}:2,")
    path.rename(path.with_name(path.name + "FS"))
    assert [arrival.key for arrival in taken(mailbox)] == keys
    assert [arrival.key for arrival in taken(open_after(mailbox, open_maildir))] == keys


def open_after(mailbox: Maildir, open_maildir: Maildirs) -> Maildir:
    """The same Maildir as a later process opens it."""
    mailbox.close()
    return open_maildir()


def test_numbers_are_on_the_disk_before_a_mail_is_handed_out(post: Post, open_maildir: Maildirs) -> None:
    post.deliver(mail(1), mail(2))
    arrival = next(open_maildir().arrivals(nothing))
    text = (post.path / LIST).read_text()
    assert f"V{arrival.key.uidvalidity} " in text
    assert [line.split()[0] for line in text.splitlines()[1:]] == ["1", "2"]


def test_a_crash_in_the_middle_of_a_line_gives_no_number_twice(post: Post, open_maildir: Maildirs) -> None:
    post.deliver(mail(1), mail(2))
    mailbox = open_maildir()
    before = {arrival.key: arrival.raw for arrival in taken(mailbox)}
    mailbox.close()
    post.deliver(mail(3))
    whole = (post.path / LIST).read_bytes()
    for torn in (b"3", b"3 1700", b"-", b"-1"):
        with (post.path / LIST).open("r+b") as file:
            file.truncate(len(whole))
            file.seek(0, os.SEEK_END)
            file.write(torn)
        with closing(open_maildir()) as again:
            after = {arrival.key: arrival.raw for arrival in taken(again)}
        assert after.items() >= before.items()
        assert sorted(key.uid for key in after) == [1, 2, 3]


def test_a_list_that_is_lost_or_damaged_brings_every_mail_again_under_other_keys(
    post: Post, open_maildir: Maildirs
) -> None:
    post.deliver(mail(1), mail(2))
    mailbox = open_maildir()
    seen = {arrival.key for arrival in taken(mailbox)}
    place = post.path / LIST

    def damage() -> None:
        place.write_bytes(b"\0" * 100)

    def garble() -> None:
        place.write_bytes(place.read_bytes() + b"x y\n")

    for spoil in (place.unlink, damage, garble):
        mailbox.close()
        spoil()
        time.sleep(0.002)  # numbers are named after the millisecond
        arrivals = taken(mailbox)
        assert raws(arrivals) == [mail(1), mail(2)], spoil
        assert not seen & {arrival.key for arrival in arrivals}, spoil
        seen |= {arrival.key for arrival in arrivals}
    assert mailbox.file_away([(key, FolderRole.RECHAZADOS) for key in seen - {a.key for a in arrivals}])
    assert post.folder() == [mail(1), mail(2)]  # an old key names nothing any more


def test_a_list_put_back_from_a_backup_does_not_give_a_number_twice(post: Post, open_maildir: Maildirs) -> None:
    """Elsewhere numbers were used again after a restore, and new mail was dropped as known."""
    post.deliver(mail(1))
    mailbox = open_maildir()
    journal = {arrival.key: arrival.raw for arrival in taken(mailbox)}
    backup = (post.path / LIST).read_bytes()
    post.deliver(mail(2))
    journal |= {arrival.key: arrival.raw for arrival in taken(mailbox)}
    mailbox.close()
    (post.path / LIST).write_bytes(backup)
    post.deliver(mail(3))

    def known(validity: int) -> set[int]:
        return {key.uid for key in journal if key.uidvalidity == validity}

    arrivals = taken(mailbox, known)
    assert raws(arrivals) == [mail(1), mail(2), mail(3)]
    assert not journal.keys() & {arrival.key for arrival in arrivals}


def test_a_list_that_is_replaced_under_a_running_daemon_is_noticed(post: Post, open_maildir: Maildirs) -> None:
    post.deliver(mail(1))
    mailbox = open_maildir()
    (old,) = taken(mailbox)
    (post.path / LIST).unlink()
    time.sleep(0.002)
    (new,) = taken(mailbox)
    assert new.key.uidvalidity != old.key.uidvalidity


def test_a_mail_that_is_put_back_by_hand_is_another_copy(post: Post, open_maildir: Maildirs) -> None:
    post.deliver(mail(1))
    mailbox = open_maildir()
    (first,) = taken(mailbox)
    assert mailbox.file_away([(first.key, FolderRole.PROCESADOS)]) == [first.key]
    (filed,) = (post.path / ".Procesados" / "new").iterdir()
    filed.rename(post.path / "cur" / f"{filed.name}:2,S")
    (second,) = taken(mailbox, lambda _: {first.key.uid})
    assert (second.raw, second.key.uid) == (mail(1), 2)


def test_a_mail_overlooked_once_while_it_was_renamed_keeps_its_number(post: Post, open_maildir: Maildirs) -> None:
    (path,) = post.deliver(mail(1))
    mailbox = open_maildir()
    (first,) = taken(mailbox)
    away = path.rename(post.path / "tmp" / path.name)  # as a listing sees it that comes at the wrong moment
    assert taken(mailbox) == []
    away.rename(path)
    assert [arrival.key for arrival in taken(mailbox)] == [first.key]


def test_a_long_list_is_written_anew_with_the_same_numbers(
    post: Post, open_maildir: Maildirs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TIDY_LINES", 20)
    mailbox = open_maildir()
    post.deliver(mail(0))
    (kept,) = taken(mailbox)
    for number in range(1, 30):
        post.deliver(mail(number))
        moves = [(arrival.key, FolderRole.PROCESADOS) for arrival in taken(mailbox, lambda _: {kept.key.uid})]
        mailbox.file_away(moves)
    assert len((post.path / LIST).read_text().splitlines()) < 30
    assert [arrival.key for arrival in taken(mailbox)] == [kept.key]
    post.deliver(mail(99))
    assert [arrival.key.uid for arrival in taken(open_after(mailbox, open_maildir))] == [1, 31]


def test_two_daemons_do_not_take_mails_from_one_maildir(post: Post, open_maildir: Maildirs) -> None:
    post.deliver(mail(1))
    first, second = open_maildir(), open_maildir()
    assert len(taken(first)) == 1
    with pytest.raises(Temporary, match="another process"):
        taken(second)
    first.close()
    assert len(taken(second)) == 1


def _daemon(path: Path, spool: Path, journal: Path) -> None:
    """What a daemon does with a Maildir, for ever: store, then file away."""
    mailbox = Maildir(MaildirConfig(kind="maildir", path=str(path)), path, spool)

    def stored() -> list[CopyKey]:
        names = sorted(name.name for name in journal.iterdir() if name.suffix != ".part")
        return [CopyKey("posventa", "INBOX", *map(int, name.split("-"))) for name in names]

    def known(uidvalidity: int) -> set[int]:
        return {key.uid for key in stored() if key.uidvalidity == uidvalidity}

    while True:
        for arrival in mailbox.arrivals(known):
            name = journal / f"{arrival.key.uidvalidity}-{arrival.key.uid}"
            name.with_suffix(".part").write_bytes(arrival.raw or b"")
            name.with_suffix(".part").rename(name)
        mailbox.file_away([(key, FolderRole.PROCESADOS) for key in stored()])


def test_killed_again_and_again_no_mail_is_lost_and_no_key_names_two(post: Post, tmp_path: Path) -> None:
    journal, spool = tmp_path / "journal", tmp_path / "spool"
    journal.mkdir()
    spool.mkdir()
    mails = [mail(number) for number in range(1, 121)]
    context = multiprocessing.get_context("fork")
    for turn in range(12):
        process = context.Process(target=_daemon, args=(post.path, spool, journal))
        process.start()
        for raw in mails[turn * 10 : turn * 10 + 10]:
            post.deliver(raw)
            time.sleep(0.003 * (turn % 4))
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
    last = context.Process(target=_daemon, args=(post.path, spool, journal))
    last.start()
    end = time.monotonic() + 20
    while post.folder() and time.monotonic() < end:
        time.sleep(0.02)
    last.kill()
    last.join()
    assert post.folder() == []
    assert post.folder(".Procesados") == mails
    stored = [file.read_bytes() for file in journal.iterdir() if file.suffix != ".part"]
    assert sorted(stored) == sorted(mails)


# ── filing away ──────────────────────────────────────────────────────────────────────────────────


def test_mails_go_to_their_folders_with_their_flags(post: Post, open_maildir: Maildirs) -> None:
    post.deliver(mail(1))
    post.deliver(mail(2), part="cur", flags=":2,FS")
    post.deliver(mail(3), mail(4))
    mailbox = open_maildir()
    keys = [arrival.key for arrival in taken(mailbox)]
    moves = list(zip(keys, (FolderRole.PROCESADOS, FolderRole.REVISION, FolderRole.RECHAZADOS), strict=False))
    assert mailbox.file_away(moves) == keys[:3]
    assert mailbox.file_away(moves) == keys[:3]  # again, as after a crash
    assert post.folder() == [mail(4)]
    assert (post.folder(".Procesados"), post.folder(".Rechazados")) == ([mail(1)], [mail(3)])
    (seen,) = (post.path / ".Revision" / "cur").iterdir()
    assert (seen.read_bytes(), seen.name.endswith(":2,FS")) == (mail(2), True)
    assert (post.path / ".Procesados" / "maildirfolder").is_file()


def test_a_mail_that_a_person_took_away_counts_as_gone(post: Post, open_maildir: Maildirs) -> None:
    (path, _) = post.deliver(mail(1), mail(2))
    mailbox = open_maildir()
    keys = [arrival.key for arrival in taken(mailbox)]
    path.unlink()
    assert mailbox.file_away([(key, FolderRole.REVISION) for key in keys]) == keys
    assert post.folder(".Revision") == [mail(2)]


def test_a_file_of_the_same_name_is_never_overwritten(post: Post, open_maildir: Maildirs) -> None:
    (path,) = post.deliver(mail(1), part="cur", flags=":2,S")
    mailbox = open_maildir()
    (arrival,) = taken(mailbox)
    for part in ("new", "cur", "tmp"):
        (post.path / ".Procesados" / part).mkdir(parents=True)
    (post.path / ".Procesados" / "cur" / path.name).write_bytes(mail(7))
    assert mailbox.file_away([(arrival.key, FolderRole.PROCESADOS)]) == [arrival.key]
    assert sorted(post.folder(".Procesados")) == [mail(1), mail(7)]


def test_where_the_disk_refuses_mails_stay_and_it_is_said(
    post: Post, open_maildir: Maildirs, caplog: pytest.LogCaptureFixture
) -> None:
    post.deliver(mail(1))
    (post.path / ".Procesados").write_bytes(b"a file where the folder should be")
    mailbox = open_maildir()
    (arrival,) = taken(mailbox)
    assert mailbox.file_away([(arrival.key, FolderRole.PROCESADOS)]) == []
    assert post.folder() == [mail(1)]
    assert "1 mails stay in the inbox" in caplog.text


def test_folders_bear_the_names_that_other_programs_expect(post: Post, open_maildir: Maildirs) -> None:
    post.deliver(mail(1))
    mailbox = open_maildir(review_folder="Devolución/Revisión")
    (arrival,) = taken(mailbox)
    mailbox.file_away([(arrival.key, FolderRole.REVISION)])
    assert post.folder(".Devoluci&APM-n.Revisi&APM-n") == [mail(1)]


def test_an_imap_server_on_the_same_maildir_shows_the_same_mails(
    dovecot: Dovecot, mailbox_user: str, tmp_path: Path
) -> None:
    dovecot.deliver(mailbox_user, mail(1), mail(2))
    with dovecot.client(mailbox_user) as person:
        person.select_folder("INBOX")
        person.add_flags([1], [b"\\Seen"])
    path = dovecot.directory / "mail" / mailbox_user
    with closing(Maildir(MaildirConfig(kind="maildir", path=str(path)), path, tmp_path)) as mailbox:
        keys = [arrival.key for arrival in taken(mailbox)]
        mailbox.file_away([(keys[0], FolderRole.PROCESADOS)])
        mailbox.append_sent(mail(3))
    for one in path.rglob("*"):  # they are root's where the tests run as root
        os.chown(one, path.stat().st_uid, path.stat().st_gid)
    crlf = [raw.replace(b"\n", b"\r\n") for raw in (mail(1), mail(2), mail(3))]
    assert dovecot.folders(mailbox_user) == {"INBOX": [crlf[1]], "Procesados": [crlf[0]], "Sent": [crlf[2]]}


# ── answers, waiting, counting ───────────────────────────────────────────────────────────────────


def test_a_sent_answer_is_kept_as_seen_for_our_eyes_only(post: Post, open_maildir: Maildirs) -> None:
    mailbox = open_maildir()
    mailbox.append_sent(mail(1))
    mailbox.append_sent(mail(2))
    files = sorted((post.path / ".Sent" / "cur").iterdir(), key=lambda file: file.read_bytes())
    assert [file.read_bytes() for file in files] == [mail(1), mail(2)]
    assert all(file.name.endswith(":2,S") and stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert list((post.path / ".Sent" / "tmp").iterdir()) == []
    open_maildir(sent_folder="").append_sent(mail(3))
    assert len(post.folder(".Sent")) == 2


def test_an_answer_that_lies_in_the_sent_folder_already_is_not_put_there_again(
    post: Post, open_maildir: Maildirs
) -> None:
    """A crash may come between the file and the note of it; a person may have marked the file meanwhile."""
    mailbox = open_maildir()
    mailbox.append_sent(mail(1))
    (file,) = (post.path / ".Sent" / "cur").iterdir()
    file.rename(file.with_name(file.name.replace(":2,S", ":2,FS")))
    mailbox.append_sent(mail(1))
    mailbox.append_sent(mail(2))
    assert sorted(post.folder(".Sent")) == sorted([mail(1), mail(2)])


def test_a_delivery_ends_the_wait(post: Post, open_maildir: Maildirs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.05)
    lookout = open_maildir()
    assert not lookout.wait(0.1, threading.Event())
    threading.Timer(0.2, lambda: post.deliver(mail(1))).start()
    begun = time.monotonic()
    assert lookout.wait(20, threading.Event())
    assert time.monotonic() - begun < 5
    assert not lookout.wait(0.2, threading.Event())
    post.deliver(mail(2))  # between two waits
    assert lookout.wait(20, threading.Event())


def test_a_stop_ends_the_wait(open_maildir: Maildirs) -> None:
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    begun = time.monotonic()
    assert not open_maildir().wait(20, stop)
    assert time.monotonic() - begun < 5


def test_a_mail_that_was_numbered_and_gone_before_it_was_read_is_in_no_census(
    post: Post, open_maildir: Maildirs
) -> None:
    mailbox = open_maildir()
    assert taken(mailbox) == []
    _, path, _ = post.deliver(mail(1), mail(2), mail(3))
    sweep = mailbox.arrivals(nothing)
    got = [next(sweep)]
    path.unlink()
    got += sweep
    assert raws(got) == [mail(1), mail(3)]
    taken(mailbox)
    assert mailbox.census is not None
    assert (mailbox.census.next_uid, mailbox.census.listed) == (4, frozenset({1, 3}))
