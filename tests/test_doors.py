"""A house with several mailboxes: each mail is filed and answered where it came in; none goes missing unseen."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from house import load_config
from servers import Dovecot, SmtpReceiver

from evidence_daemon.app import open_house
from evidence_daemon.config import Config
from evidence_daemon.errors import Temporary
from evidence_daemon.store import records


def mail(number: int, size: int = 0) -> bytes:
    """A mail that is answered at once: it has a good subject and no attachment."""
    head = (
        f"From: Ana Nunez <cliente{number}@example.ec>\r\nTo: posventagec2@cnt.gob.ec\r\n"
        f"Date: Mon, 03 Nov 2025 10:00:0{number} -0500\r\nMessage-ID: <m{number}@example.ec>\r\n"
        "Authentication-Results: mx.cnt.example; dmarc=pass header.from=example.ec\r\n"
        f"Subject: 1710034065//NUNEZ LOPEZ ANA//INTERNET FIJO\r\n\r\nCorreo {number}, sin adjunto.\r\n"
    )
    return head.encode() + b"x" * 70 * (size // 72) + b"\r\n"


def maildir(path: Path, *mails: bytes) -> None:
    for part in ("new", "cur", "tmp"):
        (path / part).mkdir(parents=True, exist_ok=True)
    for raw in mails:
        (path / "new" / f"1700000000.M{abs(hash(raw))}.host").write_bytes(raw)


def config(directory: Path, dovecot: Dovecot, user: str, smtp: SmtpReceiver, second_port: int = 0) -> Config:
    more = f"""
[[mailboxes]]
name = "quejas"
host = "localhost"
port = {second_port or dovecot.port}
security = "starttls"
ca_file = "{dovecot.ca}"
user = "{user}-quejas"
password_file = "imap_password"
connect_timeout_seconds = 2

[[mailboxes]]
name = "local"
kind = "maildir"
path = "Maildir"
"""
    return load_config(directory, dovecot, user, smtp, more=more)


def in_maildir(path: Path, folder: str) -> int:
    return sum(1 for part in ("new", "cur") for _ in (path / folder / part).glob("*"))


def test_each_mail_is_filed_and_answered_where_it_came_in(
    tmp_path: Path, dovecot: Dovecot, mailbox_user: str, smtp_receiver: SmtpReceiver
) -> None:
    dovecot.deliver(mailbox_user, mail(1), mail(2))
    dovecot.deliver(f"{mailbox_user}-quejas", mail(3))
    maildir(tmp_path / "Maildir", mail(4), mail(5), mail(6))
    with open_house(config(tmp_path, dovecot, mailbox_user, smtp_receiver)) as house, house.daemon() as daemon:
        daemon.once()
        with house.database.session() as session:
            stories = [records.explain(session, number) for number in records.all_mails(session)]
    assert sorted(key.account for story in stories for key, _ in story.copies) == [
        *["local"] * 3,
        *["posventa"] * 2,
        "quejas",
    ]
    assert all(role is not None for story in stories for _, role in story.copies)
    sent = len(smtp_receiver.received)
    assert sent == sum(answer.state.value == "ENVIADO" for story in stories for answer in story.answers) == 6
    for user, count in ((mailbox_user, 2), (f"{mailbox_user}-quejas", 1)):
        folders = {name: len(mails) for name, mails in dovecot.folders(user).items()}
        assert (folders.pop("INBOX"), folders.pop("Sent"), sum(folders.values())) == (0, count, count)
    box = tmp_path / "Maildir"
    filed = sum(
        in_maildir(box, f".{name}") for name in ("Procesados", "Revision", "Rechazados") if (box / f".{name}").is_dir()
    )
    assert (in_maildir(box, ""), in_maildir(box, ".Sent"), filed) == (0, 3, 3)


def test_a_mailbox_that_cannot_be_reached_stops_no_other(
    tmp_path: Path, dovecot: Dovecot, mailbox_user: str, smtp_receiver: SmtpReceiver
) -> None:
    dovecot.deliver(mailbox_user, mail(1))
    maildir(tmp_path / "Maildir", mail(2))
    broken = config(tmp_path, dovecot, mailbox_user, smtp_receiver, second_port=1)
    with open_house(broken) as house, house.daemon() as daemon:
        with pytest.raises(Temporary, match="nobody listens there"):
            daemon.once()
        with house.database.session() as session:
            assert sum(records.status(session).mails.values()) == 2
    assert dovecot.folders(mailbox_user)["INBOX"] == []


def test_a_mail_that_was_gone_before_it_was_seen_is_counted_told_once_and_shown(
    tmp_path: Path,
    dovecot: Dovecot,
    mailbox_user: str,
    smtp_receiver: SmtpReceiver,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def take_away(*uids: int) -> None:
        with dovecot.client(mailbox_user) as person:
            person.select_folder("INBOX")
            person.delete_messages(list(uids))
            person.uid_expunge(list(uids))

    caplog.set_level(logging.WARNING)
    dovecot.deliver(mailbox_user, mail(1), mail(2), mail(3))
    take_away(2)  # before this house was ever there: none of its business
    with open_house(load_config(tmp_path, dovecot, mailbox_user, smtp_receiver)) as house, house.daemon() as daemon:
        (door,) = daemon.doors
        daemon.poll(door)
        dovecot.deliver(mailbox_user, mail(4), mail(5), mail(6), mail(7))
        take_away(4, 5, 7)
        daemon.poll(door)
        daemon.poll(door)
        daemon.poll(door)
        with house.database.session() as session:
            status = records.status(session)
            assert (status.vanished, sum(status.mails.values())) == (3, 3)
        door.mailbox.close()
    told = [record.getMessage() for record in caplog.records if "gone from INBOX" in record.getMessage()]
    assert len(told) == 1
    assert "(UID 4:5,7)" in told[0]


def test_a_large_mail_goes_through_a_file_into_the_store(
    tmp_path: Path, dovecot: Dovecot, mailbox_user: str, smtp_receiver: SmtpReceiver
) -> None:
    large = mail(1, 9_000_000)
    dovecot.deliver(mailbox_user, large)
    path = tmp_path / "config.toml"
    load_config(tmp_path, dovecot, mailbox_user, smtp_receiver)
    path.write_text(path.read_text().replace("max_mail_bytes = 500000", "max_mail_bytes = 20000000"))
    from evidence_daemon.config import load

    leftover = tmp_path / "state" / "evidence" / "spool" / "half-a-mail"
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(b"of a crash")
    with open_house(load(path)) as house, house.daemon() as daemon:
        daemon.poll(daemon.doors[0])
        with house.database.session() as session:
            (number,) = records.all_mails(session)
            stored = records.load_mail(session, number)
        assert (house.blobs.get(stored.sha256) == large, stored.oversized, stored.size) == (True, False, len(large))
        assert [one for one in leftover.parent.rglob("*") if one.is_file() and one.name != ".lock"] == []
        daemon.doors[0].mailbox.close()
