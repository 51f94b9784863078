"""The closing equation of a mailbox: mails in its folders = rows = outcomes.

A mail that lies there and has no row was never taken in: somebody filed it by hand before it was seen, a server does
not hand it over, or there is a fault of ours.  It is found by its number (inbox), by Message-ID and size, and last by
its bytes.  What has a row and lies nowhere any more was moved or deleted by people: its bytes are kept here, so that
is told and is no difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from evidence_daemon.mail.folders import Folders, Lying
from evidence_daemon.model import MailId
from evidence_daemon.store import closing
from evidence_daemon.store.database import Database
from evidence_daemon.store.history import first_stored

ON_THE_WAY = timedelta(minutes=15)
"""A mail that came so lately may be taken in by the next sweep."""
STUCK = timedelta(hours=6)
"""A mail has an outcome by then: decided, or before a person."""
HASHED = 500
"""Mails of a mailbox whose bytes are asked for, at most, because their server only estimates sizes."""
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Closing:
    """What one mailbox and the books say of each other."""

    account: str
    seen: dict[str, int]
    """Mails in each folder."""
    before_us: int
    """Of these, mails older than this house: not ours to take in."""
    on_the_way: int
    unknown: tuple[str, ...]
    """Where mails lie that have no row: folder and UID, or the file of a Maildir."""
    elsewhere: int
    """Mails with a row that lie in none of the folders any more."""
    books: closing.Books

    @property
    def even(self) -> bool:
        """Whether the equation holds."""
        return not self.unknown and not self.books.stuck


def close(database: Database, folders: Folders, now: datetime) -> Closing:
    """Look through all folders of a mailbox.  Memory grows by numbers only.  Raises `Temporary`."""
    account = folders.account
    with database.reading() as session:
        begun = first_stored(session)
        books = closing.books(session, account, now - STUCK)
        ours = closing.mails_in(session, account)
    seen: Counter[str] = Counter()
    found: set[MailId] = set()
    unknown: list[str] = []
    before_us = on_the_way = hashed = 0
    lying = folders.lying()
    while chunk := list(islice(lying, _CHUNK)):
        for mail, mail_id, alike in _looked_up(database, folders, chunk):
            seen[mail.folder] += 1
            known = mail_id
            if known is None and (begun is None or mail.received_at < begun - ON_THE_WAY):
                before_us += 1
                continue
            if known is None and alike and hashed >= HASHED:
                continue
            if known is None:
                hashed += 1
                digest = folders.digest(mail)
                if digest is None:
                    continue  # somebody took it away meanwhile
                with database.reading() as session:
                    known = closing.of_bytes(session, digest)
            if known is not None:
                found.add(known)
            elif now - mail.received_at < ON_THE_WAY:
                on_the_way += 1
            else:
                unknown.append(mail.place)
    return Closing(account, dict(seen), before_us, on_the_way, tuple(unknown), len(ours - found), books)


def _looked_up(database: Database, folders: Folders, chunk: list[Lying]) -> Iterator[tuple[Lying, MailId | None, bool]]:
    """Each mail with its row, if its number, or its name and size, tell it; and whether a row has its name at all."""
    with database.reading() as session:
        numbers: dict[int, dict[int, MailId]] = {
            validity: closing.numbered(session, folders.account, folders.inbox, validity)
            for validity in {mail.uidvalidity for mail in chunk if mail.folder == folders.inbox}
        }
        names = closing.named(session, {mail.message_id for mail in chunk if mail.message_id})
    for mail in chunk:
        by_number = numbers.get(mail.uidvalidity, {}).get(mail.uid) if mail.folder == folders.inbox else None
        alike = names.get(mail.message_id, {})
        yield mail, by_number or alike.get(mail.size), bool(alike)
