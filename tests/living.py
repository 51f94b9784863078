"""A house that lives by its own clock, fed mail by mail; its answers go to a real SMTP server."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from types import SimpleNamespace

from house import BORDER, CORPUS, load_config
from servers import SmtpReceiver

from evidence_daemon.app import House, open_house
from evidence_daemon.exchange import import_cases
from evidence_daemon.mail.smtp import Postman
from evidence_daemon.model import Arrival, CopyKey, MailId
from evidence_daemon.store import records

START = datetime(2021, 3, 17, 15, 0, tzinfo=UTC)
"""A Wednesday, ten in the morning in Ecuador."""


@dataclass
class Living:
    """A house with a clock of its own, fed mail by mail; its answers go to a real SMTP server."""

    house: House
    postman: Postman
    smtp: SmtpReceiver
    now: list[datetime]
    uids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def receives(self, raw: bytes, *, age: timedelta = timedelta()) -> MailId:
        """Take a mail in and walk it to its decision."""
        mail_id = self.stores(raw, age=age)
        self.walks(mail_id)
        return mail_id

    def stores(self, raw: bytes, *, age: timedelta = timedelta()) -> MailId:
        """Take a mail in."""
        key = CopyKey("posventa", "INBOX", 1, next(self.uids))
        self.house.pipeline.take_in(Arrival(key, self.now[0] - age, len(raw), raw))
        with self.house.database.reading() as session:
            return records.all_mails(session)[-1]

    def puts_back(self, mail_id: MailId, raw: bytes) -> None:
        """The mail was filed away, and staff drag it back into the inbox; it is walked."""
        self.house.pipeline.filed([key for key, filed_as in self.story(mail_id).copies if filed_as is None])
        assert self.stores(raw) is not None
        self.walks(mail_id)

    def walks(self, mail_id: MailId) -> None:
        """Read a mail and judge it."""
        self.house.pipeline.read(mail_id)
        with self.house.database.session() as session:
            self.house.pipeline.judge(session, mail_id)

    def sends(self) -> list[bytes]:
        """Send what is due; the mails that left."""
        before = len(self.smtp.received)
        while self.house.pipeline.dispatch_one(self.postman):
            pass
        return [mail.raw for mail in self.smtp.received[before:]]

    def later(self, **much: float) -> None:
        self.now[0] += timedelta(**much)

    def story(self, mail_id: MailId) -> records.Story:
        with self.house.database.reading() as session:
            return records.explain(session, mail_id)

    def status(self) -> records.Status:
        return self.house.pipeline.status()


@contextlib.contextmanager
def living(directory: Path, *, cases: bool = True, **options: object) -> Iterator[Living]:
    """An armed house that knows the corpus's `cases`; `options` are those of `write_config`."""
    now = [START]
    nowhere = SimpleNamespace(tls_port=1, ca="")
    with SmtpReceiver() as smtp:
        config = load_config(directory, nowhere, "posventagec2@cnt.gob.ec", smtp, **options)
        with open_house(config, clock=lambda: now[0]) as house:
            if cases:
                import_cases(house.database, CORPUS / "cases.csv", house.book)
            postman = Postman(config.smtp, str)
            try:
                yield Living(house, postman, smtp, now)
            finally:
                postman.close()


def letter(subject: str, sender: str = "ana@example.com", number: int = 1, text: str = "Adjunto el acta.") -> bytes:
    """A mail without attachment from a sender whom our border server proved."""
    domain = sender.rpartition("@")[2]
    return (
        f"Authentication-Results: {BORDER}; dmarc=pass header.from={domain}\r\n"
        f"From: {sender}\r\nTo: posventagec2@cnt.gob.ec\r\nMessage-ID: <m{number}@{domain}>\r\n"
        f"Subject: {subject}\r\n\r\n{text}\r\n"
    ).encode()


def text_of(raw: bytes) -> str:
    """The plain text of a mail."""
    for part in message_from_bytes(raw).walk():
        if part.get_content_type() == "text/plain":
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            return payload.decode()
    raise AssertionError("no plain text")
