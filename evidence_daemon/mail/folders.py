r"""What lies in a mailbox's folders: for the closing count, and for a person's right to be forgotten.

A connection of its own beside the one that polls.  Looking changes nothing (EXAMINE, BODY.PEEK).  `remove` is the one
thing in the whole program that deletes a mail; it is given mails that were found by their bytes.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import logging
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from imapclient.imap_utf7 import encode as utf7

from evidence_daemon.errors import Temporary
from evidence_daemon.mail import imap, maildir
from evidence_daemon.model import Sha256

log = logging.getLogger("evidence_daemon.folders")

_ID = re.compile(r"^Message-ID:\s*(<[^<>\s]{1,500}>)", re.IGNORECASE | re.MULTILINE)
MESSAGE_ID = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"


@dataclass(frozen=True, slots=True)
class Lying:
    """A mail in a folder.  `uid` is 0 in the folders of a Maildir, where only the inbox has numbers."""

    folder: str
    uidvalidity: int
    uid: int
    size: int
    """Bytes; an IMAP server may only estimate it."""
    message_id: str
    """With its angle brackets; "" when it has none."""
    received_at: datetime
    file: str = ""
    """Of a Maildir."""

    @property
    def place(self) -> str:
        """Where a person finds it."""
        return f"{self.folder} {self.file}" if self.file else f"{self.folder} UID {self.uid}"


class Folders(Protocol):
    """The folders of one mailbox.  Every method but `close` may raise `Temporary`."""

    @property
    def account(self) -> str:
        """The name of the mailbox in the journal."""

    @property
    def inbox(self) -> str:
        """The folder that is swept."""

    def lying(self, *, sent: bool = False) -> Iterator[Lying]:
        """Every mail of the inbox and our three folders, `sent`: and of the Sent folder."""

    def digest(self, mail: Lying) -> Sha256 | None:
        """The hash under which its bytes stand in the journal; None when it is not there any more."""

    def remove(self, mails: Iterable[Lying]) -> list[Lying]:
        """Delete these, and nothing else; those that are gone now."""

    def close(self) -> None:
        """Let go.  Never raises."""


class ImapFolders(imap.Mailbox):
    """Those of an IMAP mailbox."""

    def _names(self, sent: bool) -> list[str]:
        more = [self._config.sent_folder] if sent and self._config.sent_folder else []
        return list(dict.fromkeys([self.inbox, *self._folders.values(), *more]))

    def lying(self, *, sent: bool = False) -> Iterator[Lying]:
        """See `Folders`."""
        self._renew()
        for name in self._names(sent):
            try:
                box = self._select(name, readonly=True)
            except Temporary:
                if self._session is None or name == self.inbox:
                    raise
                continue  # not made yet: nothing was filed there
            uids: set[int] = set()
            for end in range(box.exists, 0, -imap.WINDOW):
                uids.update(self._search(f"{max(1, end - imap.WINDOW + 1)}:{end}"))
            for chunk in imap._chunks(sorted(uids), imap.BATCH):
                self._return_to(box)
                fetch = functools.partial(self._measured, chunk)
                for uid, entry in sorted(self._run("looking through a folder", fetch).items()):
                    size, date, header = entry.get(b"RFC822.SIZE"), entry.get(b"INTERNALDATE"), imap._body(entry)
                    if isinstance(size, int) and isinstance(date, datetime):
                        found = _ID.search((header or b"").decode("latin-1"))
                        yield Lying(name, box.uidvalidity, uid, size, found[1] if found else "", date.astimezone(UTC))

    @staticmethod
    def _measured(uids: list[int], client: imap._Client) -> dict[int, dict[bytes, object]]:
        return dict(client.fetch(uids, ["RFC822.SIZE", "INTERNALDATE", MESSAGE_ID]))

    def digest(self, mail: Lying) -> Sha256 | None:
        """See `Folders`.  Read in pieces, as it was taken in."""
        box = self._select(mail.folder, readonly=True)
        if box.uidvalidity != mail.uidvalidity:
            return None
        hashed, have, limit = hashlib.sha256(), 0, self._config.max_mail_bytes
        while mail.size <= limit and have <= limit:
            piece = self._piece(mail.uid, f"BODY.PEEK[]<{have}.{imap.PIECE_BYTES}>")
            if piece is None and have < mail.size:
                return None
            hashed.update(piece or b"")
            have += len(piece or b"")
            if not piece or (have >= mail.size and len(piece) < imap.PIECE_BYTES):
                return Sha256(hashed.hexdigest())
        header = self._piece(mail.uid, f"BODY.PEEK[HEADER]<0.{imap.HEADER_BYTES}>")
        return Sha256(hashlib.sha256(header).hexdigest()) if header is not None else None

    def _piece(self, uid: int, item: str) -> bytes | None:
        entries = self._run("reading a mail", functools.partial(imap._fetched, [uid], item))
        return imap._body(entries.get(uid, {}))

    def remove(self, mails: Iterable[Lying]) -> list[Lying]:
        """See `Folders`.  A folder that was numbered anew, or may only be read, keeps its mails."""
        gone: list[Lying] = []
        places: dict[tuple[str, int], list[Lying]] = {}
        for mail in mails:
            places.setdefault((mail.folder, mail.uidvalidity), []).append(mail)
        for (name, uidvalidity), some in places.items():
            box = self._select_to_change(name)
            if box.readonly or box.uidvalidity != uidvalidity:
                log.warning("%s: mails stay in %s: it may only be read, or was numbered anew", self.account, name)
                continue
            for chunk in imap._chunks(some, imap.BATCH):
                present = sorted(self._present([mail.uid for mail in chunk]))
                if present:
                    self._expunge(present)
                left = self._present([mail.uid for mail in chunk])
                gone += [mail for mail in chunk if mail.uid not in left]
        return gone

    def _expunge(self, uids: list[int]) -> None:
        """Remove these alone.

        Without UIDPLUS an EXPUNGE takes all that anybody has marked: then other people's marks are taken off for that
        moment and put back (RFC 4549 4.2.4 does it so).  A crash in between deletes nothing of theirs.
        """
        marks = [b"\\Deleted"]
        try:
            if self._live().can_expunge_one:
                self._run("marking mails", lambda client: client.add_flags(uids, marks, silent=True))
                self._run("removing mails", lambda client: client.uid_expunge(uids))
                return
            others = [uid for uid in self._search("DELETED") if uid not in uids]
            if others:
                self._run("taking marks off", lambda client: client.remove_flags(others, marks, silent=True))
            try:
                self._run("marking mails", lambda client: client.add_flags(uids, marks, silent=True))
                self._run("removing mails", lambda client: client.expunge())
            finally:
                if others and self._session is not None:
                    self._run("putting marks back", lambda client: client.add_flags(others, marks, silent=True))
        except imap._Refusal as no:
            log.warning("%s: the server refuses to remove mails: [%s]", self.account, no.code)


class MaildirFolders(maildir.Maildir):
    """Those of a Maildir.  The list of numbers is read, never locked: the daemon works with it."""

    def _places(self, sent: bool) -> Iterator[tuple[str, Path]]:
        yield self.inbox, self._path
        more = [self._config.sent_folder] if sent and self._config.sent_folder else []
        for name in dict.fromkeys([*self._folders.values(), *more]):
            encoded: bytes = utf7(name.replace("/", "."))
            yield name, self._path / ("." + encoded.decode("ascii").strip("."))

    def lying(self, *, sent: bool = False) -> Iterator[Lying]:
        """See `Folders`."""
        self._look()  # there is a Maildir
        uidvalidity, numbers = 0, dict[str, int]()
        with contextlib.suppress(OSError):
            text = (self._path / maildir.LIST).read_text("utf-8", errors="surrogateescape")
            uidvalidity, _next, numbers = maildir._read_list(text[: text.rfind("\n") + 1]) or (0, 0, {})
        for name, directory in self._places(sent):
            for path in _files(directory):
                try:
                    facts = path.stat()
                    message_id = maildir._message_id(path)
                except OSError:  # moved or marked by somebody this very moment
                    continue
                found = re.search(r"<[^<>\s]{1,500}>", message_id)
                yield Lying(
                    name,
                    uidvalidity,
                    numbers.get(maildir._lasting(path.name), 0) if name == self.inbox else 0,
                    facts.st_size,
                    found[0] if found else "",
                    datetime.fromtimestamp(facts.st_mtime, UTC),
                    path.name,
                )

    def digest(self, mail: Lying) -> Sha256 | None:
        """See `Folders`."""
        path = self._found(mail)
        if path is None:
            return None
        try:
            with path.open("rb") as file:
                if mail.size > self._config.max_mail_bytes:
                    return Sha256(hashlib.sha256(maildir._header(file.read(maildir.HEADER_BYTES))).hexdigest())
                return Sha256(hashlib.file_digest(file, "sha256").hexdigest())
        except OSError:
            return None

    def remove(self, mails: Iterable[Lying]) -> list[Lying]:
        """See `Folders`."""
        gone, touched = [], set()
        for mail in mails:
            path = self._found(mail)
            try:
                if path is not None:
                    path.unlink(missing_ok=True)
                    touched.add(path.parent)
            except OSError as trouble:
                log.warning("%s: a mail in %s cannot be removed: %s", self.account, mail.folder, trouble.strerror)
            else:
                gone.append(mail)
        for directory in touched:
            maildir._sync(directory)
        return gone

    def _found(self, mail: Lying) -> Path | None:
        """Its file, whatever flags it has got meanwhile."""
        directory = dict(self._places(sent=True))[mail.folder]
        wanted = maildir._lasting(mail.file)
        return next((path for path in _files(directory) if maildir._lasting(path.name) == wanted), None)


def _files(directory: Path) -> list[Path]:
    found: list[Path] = []
    for part in ("new", "cur"):
        with contextlib.suppress(FileNotFoundError), os.scandir(directory / part) as entries:
            found += [
                Path(entry.path)
                for entry in entries
                if not entry.name.startswith(".") and stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode)
            ]
    return sorted(found)
