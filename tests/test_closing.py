"""Mailbox, rows and outcomes agree, or the difference is named; who is forgotten is forgotten in the mailbox too."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from house import CORPUS, write_config
from living import letter
from servers import Dovecot, SmtpReceiver
from typer.testing import CliRunner

from evidence_daemon import config as configuration
from evidence_daemon import observe
from evidence_daemon.app import House, open_house, open_mailbox, open_postman
from evidence_daemon.cli import app
from evidence_daemon.equation import Closing, close
from evidence_daemon.errors import Temporary
from evidence_daemon.exchange import import_cases
from evidence_daemon.mail.folders import Folders, ImapFolders, MaildirFolders
from evidence_daemon.mail.imap import _Session
from evidence_daemon.model import MailId, receipt_number
from evidence_daemon.privacy import Privacy
from evidence_daemon.store import closing, records

LUCIA = "0100000017//CEVALLOS LLUMIQUINGA LUCIA SOFIA//INTERNET"
LATER = datetime.now(UTC) + timedelta(hours=1)
"""When a mail that came now is no longer on its way."""


@dataclass
class Box:
    """A house and its real mailbox; what people do in the mailbox goes past the house."""

    config: Path
    house: House
    folders: Callable[[], Folders]
    delivers: Callable[..., None]
    files: Callable[[str, bytes], None]
    """Put a mail into a folder by hand."""
    lying: Callable[[], dict[str, list[bytes]]]

    def round(self) -> None:
        """Take in, walk, answer, file away; without the engine, whose start would cost most of the time."""
        pipeline, config = self.house.pipeline, self.house.config
        mailbox, postman = open_mailbox(config, config.mailboxes[0], self.config.parent), open_postman(config)
        try:
            known = pipeline.known_uids(mailbox.account, mailbox.inbox)
            for arrival in [arrival for arrival in mailbox.arrivals(known) if pipeline.take_in(arrival)]:
                with self.house.database.reading() as session:
                    mail_id = closing.numbered(session, mailbox.account, mailbox.inbox, arrival.key.uidvalidity)[
                        arrival.key.uid
                    ]
                pipeline.read(mail_id)
                with self.house.database.session() as session:
                    pipeline.judge(session, mail_id)
            while pipeline.dispatch_one(postman):
                pass
            pipeline.filed(mailbox.file_away(pipeline.to_file(mailbox.account)))
            for outbox_id, raw in pipeline.to_append(mailbox.account):
                mailbox.append_sent(raw)
                pipeline.appended(outbox_id)
        finally:
            mailbox.close()
            postman.close()

    def closes(self, now: datetime = LATER) -> Closing:
        folders = self.folders()
        try:
            return close(self.house.database, folders, now)
        finally:
            folders.close()

    def erases(self, cedula: str = "0100000017") -> tuple[str, ...]:
        folders = self.folders()
        try:
            return Privacy(self.house.pipeline, self.house.blobs, "persona:ana").erase(cedula, [folders]).copies
        finally:
            folders.close()


class WithoutUidplus(ImapFolders):
    """As with a server that removes all that is marked, or nothing."""

    def _learn(self, session: _Session) -> None:
        super()._learn(session)
        session.can_expunge_one = False


@contextmanager
def by_imap(directory: Path, dovecot: Dovecot, user: str, smtp: SmtpReceiver, kind: type[ImapFolders]) -> Iterator[Box]:
    path = write_config(directory, dovecot, user, smtp)
    config = configuration.load(path)

    def files(folder: str, raw: bytes) -> None:
        with dovecot.client(user) as client:
            client.append(folder, raw)

    with open_house(config) as house:
        import_cases(house.database, CORPUS / "cases.csv", house.book)
        yield Box(
            path,
            house,
            lambda: kind(config.mailboxes[0], lambda: config.secret("imap_password"), spool=directory),  # type: ignore[arg-type]
            lambda *mails: dovecot.deliver(user, *mails),
            files,
            lambda: dovecot.folders(user),
        )


@contextmanager
def by_maildir(directory: Path, smtp: SmtpReceiver) -> Iterator[Box]:
    place, count = directory / "Maildir", iter(range(1000))
    for part in ("new", "cur", "tmp"):
        (place / part).mkdir(parents=True)
    path = _maildir(directory, smtp)
    config = configuration.load(path)

    def put(raw: bytes, where: Path) -> None:
        name = f"1700000000.M{next(count):06d}P1.host"
        (place / "tmp" / name).write_bytes(raw)
        (place / "tmp" / name).rename(where / name)

    def lying() -> dict[str, list[bytes]]:
        found = {}
        for folder in (place, *place.glob(".[A-Z]*")):
            files = sorted([*(folder / "new").iterdir(), *(folder / "cur").iterdir()])
            found["INBOX" if folder == place else folder.name[1:]] = [file.read_bytes() for file in files]
        return found

    with open_house(config) as house:
        import_cases(house.database, CORPUS / "cases.csv", house.book)
        yield Box(
            path,
            house,
            lambda: MaildirFolders(config.mailboxes[0], place, directory),  # type: ignore[arg-type]
            lambda *mails: [put(raw, place / "new") for raw in mails] and None,
            lambda folder, raw: put(raw, place / f".{folder}" / "cur"),
            lying,
        )


def _maildir(directory: Path, smtp: SmtpReceiver) -> Path:
    path = write_config(directory, SimpleNamespace(tls_port=1, ca=""), "nadie", smtp)  # type: ignore[arg-type]
    before, rest = path.read_text("utf-8").split("[[mailboxes]]")
    after = rest[rest.index("[smtp]") :]
    block = '[[mailboxes]]\nname = "posventa"\nkind = "maildir"\npath = "Maildir"\n\n'
    path.write_text(before + block + after, "utf-8")
    return path


@pytest.fixture(params=["imap", "imap without UIDPLUS", "maildir"])
def box(request: pytest.FixtureRequest, tmp_path: Path, smtp_receiver: SmtpReceiver) -> Iterator[Box]:
    if request.param == "maildir":
        with by_maildir(tmp_path, smtp_receiver) as one:
            yield one
        return
    dovecot, user = request.getfixturevalue("dovecot"), request.getfixturevalue("mailbox_user")
    kind = ImapFolders if request.param == "imap" else WithoutUidplus
    with by_imap(tmp_path, dovecot, user, smtp_receiver, kind) as one:
        yield one


def test_what_was_taken_in_and_filed_is_even_and_what_never_was_is_named(box: Box) -> None:
    box.delivers(
        letter(LUCIA, number=1), letter("Gracias por todo", "b@example.com", 2), b"Subject: sin nombre\n\nHola\n"
    )
    box.round()
    found = box.closes()
    assert (found.even, found.unknown, found.elsewhere) == (True, (), 0)
    assert sum(found.seen.values()) == found.books.rows == 3
    assert found.books.decided + found.books.waiting == 3
    assert set(found.seen) <= {"Procesados", "Revision", "Rechazados"}
    # A person files a mail before the house saw it; another copy of a known one lies there too.
    box.files("Rechazados", letter(LUCIA, "nueva@example.com", 7))
    box.files("Rechazados", letter(LUCIA, number=1))
    box.files("Rechazados", b"Subject: sin nombre alguno\n\nHola\n")
    found = box.closes()
    assert not found.even
    assert len(found.unknown) == 2
    assert all(place.startswith("Rechazados ") for place in found.unknown)
    assert box.closes(datetime.now(UTC)).unknown == ()  # just now: it may be on its way
    assert box.closes(datetime.now(UTC)).on_the_way == 2


@pytest.mark.parametrize("box", ["imap", "maildir"], indirect=True)
def test_a_mail_in_the_inbox_that_is_not_taken_in_is_named_and_taken_in_it_is_not(box: Box) -> None:
    box.delivers(letter(LUCIA, number=1))
    box.round()
    box.delivers(letter(LUCIA, "nueva@example.com", 2))
    assert len(box.closes().unknown) == 1
    assert box.closes().unknown[0].startswith("INBOX ")
    box.round()
    assert box.closes().even


@pytest.mark.parametrize("box", ["imap"], indirect=True)
def test_the_command_tells_the_same_and_its_exit_status_does(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observe, "set_up_logging", lambda *_: None)  # the runner's streams do not outlive it
    box.delivers(letter(LUCIA, number=1))
    box.round()
    told = CliRunner().invoke(app, ["closing", "--config", str(box.config)])
    assert told.exit_code == 0, told.output
    assert "1 rows = 1 decided" in told.output
    with box.house.database.session() as session:  # a mail that fell asleep on its way
        session.connection().exec_driver_sql(
            "UPDATE mails SET decisions = 0, stored_at = '2021-03-01 00:00:00.000000' WHERE id = 1"
        )
        session.connection().exec_driver_sql("UPDATE reviews SET closed_at = '2021-03-01 00:00:00.000000'")
    told = CliRunner().invoke(app, ["closing", "--json", "--config", str(box.config)])
    assert told.exit_code == 1
    assert json.loads(told.output)["mailboxes"][0]["books"]["stuck"] == [receipt_number(MailId(1))]


def test_who_is_forgotten_is_forgotten_in_the_mailbox_too_and_nobody_else_is(box: Box) -> None:
    hers, others = letter(LUCIA, number=1), letter("Gracias por todo", "b@example.com", 2)
    box.delivers(hers, others)
    box.round()
    lay = box.lying()
    assert hers in [raw for mails in lay.values() for raw in mails]
    assert any(b"<m1@example.com>" in raw for raw in lay["Sent"])
    copies = box.erases()
    left = [raw for mails in box.lying().values() for raw in mails]
    assert hers not in left
    assert others in left
    assert len(copies) == 2, copies  # hers, and our answer to her
    assert not any(b"<m1@example.com>" in raw for raw in left)  # no answer to it either
    with box.house.database.reading() as session:
        detail = (
            session.connection()
            .exec_driver_sql("SELECT detail FROM audit_events WHERE action = 'subject erased'")
            .scalar_one()
        )
    assert json.loads(detail)["copies"] == list(copies)
    assert box.closes().even
    # It comes back (a colleague had kept it): known by its hash, and not kept.
    box.delivers(hers)
    box.round()
    with box.house.database.reading() as session:
        stored = records.load_mail(session, MailId(1))
    assert not box.house.blobs.path(stored.sha256).exists()
    assert stored.subject == ""
    assert box.erases() != ()  # and the copy goes like the first


def test_other_peoples_marks_on_mails_stay_marks(
    tmp_path: Path, dovecot: Dovecot, mailbox_user: str, smtp_receiver: SmtpReceiver
) -> None:
    """Without UIDPLUS an EXPUNGE takes all that is marked: nothing but hers may go."""
    hers, marked = letter(LUCIA, number=1), letter("Gracias", "b@example.com", 2)
    with by_imap(tmp_path, dovecot, mailbox_user, smtp_receiver, WithoutUidplus) as box:
        box.delivers(hers)
        box.round()
        (folder,) = [name for name, mails in box.lying().items() if hers in mails]
        with dovecot.client(mailbox_user) as client:
            client.append(folder, marked, (b"\\Deleted",))
        assert len(box.erases()) >= 1
        with dovecot.client(mailbox_user) as client:
            client.select_folder(folder, readonly=True)
            assert len(client.search("DELETED")) == 1
        assert box.lying()[folder] == [marked]


def test_when_a_mailbox_cannot_be_reached_nothing_is_forgotten_yet(
    tmp_path: Path, dovecot: Dovecot, mailbox_user: str, smtp_receiver: SmtpReceiver
) -> None:
    with by_imap(tmp_path, dovecot, mailbox_user, smtp_receiver, ImapFolders) as box:
        box.delivers(letter(LUCIA, number=1))
        box.round()
        away = ImapFolders(
            box.house.config.mailboxes[0].model_copy(update={"port": 1}),  # type: ignore[arg-type]
            lambda: "secret",
            spool=tmp_path,
        )
        with pytest.raises(Temporary):
            Privacy(box.house.pipeline, box.house.blobs, "persona:ana").erase("0100000017", [away])
        with box.house.database.reading() as session:
            stored = records.load_mail(session, MailId(1))
        assert box.house.blobs.get(stored.sha256)
        assert len(box.erases()) >= 1
