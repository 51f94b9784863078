r"""The mailbox: takes mails out of it without changing anything, and files them away, last of all.

Nothing is ever deleted, `\Seen` is neither read nor set, and nobody else's work is touched: other people
use this mailbox too.  imapclient does the talking; its traps (each was measured) are kept in this file:

* it makes imaplib print every literal, the whole mail, for a log line: `_Client`;
* its timeouts count from the last byte, not from the command: `Leash`;
* one dead connection shows as half a dozen kinds of errors: any of them but a plain "NO" drops the
  connection (`_run`), and what was selected must be selected anew;
* unsolicited answers turn up among the asked ones: an entry counts only if it has what was asked for;
* IDLE loses news, and a dead server looks like no news: it only ever shortens a wait.
"""

from __future__ import annotations

import contextlib
import functools
import imaplib
import itertools
import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, TypeVar

from imapclient import IMAPClient
from imapclient.exceptions import LoginError, ProtocolError

from evidence_daemon.config import MailboxConfig
from evidence_daemon.errors import BadConfig, LoginRefused, Temporary
from evidence_daemon.mail.oauth import oauthbearer, xoauth2
from evidence_daemon.mail.spool import MEMORY_BYTES, Spool
from evidence_daemon.mail.wire import Leash, connect, explain, trust
from evidence_daemon.model import Arrival, Census, CopyKey, FolderRole, Refiling

log = logging.getLogger("evidence_daemon.imap")
# The library tells user names and search words at DEBUG.
logging.getLogger("imapclient").setLevel(logging.WARNING)

T = TypeVar("T")

WINDOW = 20_000
"""Mails asked for in one SEARCH: imaplib refuses an answer above 1,000,000 bytes, about 125,000 UIDs."""
BATCH = 500
"""UIDs named in one command: it stays below 8,000 characters (RFC 2683 3.2.1.5)."""
GROUP_BYTES = MEMORY_BYTES
"""Bytes of bodies fetched in one command; a mail above comes in pieces, into a file."""
PIECE_BYTES = 1 << 20
"""Measured: a mail of 50 MB in such pieces costs 5 MB of memory, at no loss of speed."""
HEADER_BYTES = 65_536
IDLE_SECONDS = 60.0
"""Longest stretch of IDLE without looking: it loses news (a line in the same packet as "+ idling")."""
STOP_SECONDS = 0.5
"""How soon a waiting mailbox notices that it shall stop."""
LOGIN_RETRY_SECONDS = 300.0

_STRIKES = 3
"""Times a mail may fail alone before it is left for `_PAUSE_SECONDS`: it must not stop the others."""
_PAUSE_SECONDS = 900.0

_SEARCHABLE = re.compile(r"[!#-\[\]-~]{3,300}")
"""A Message-ID that may stand between quotes in a command (RFC 3501 "quoted")."""
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^<>\s]+>)", re.IGNORECASE | re.MULTILINE)
_NO = re.compile(r"[A-Za-z]+ failed: (?:\[(?P<code>[A-Z-]+)[^\]]*\])? *(?P<text>.*)", re.DOTALL)
_NOT_THE_PASSWORD = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"})
"""Response codes (RFC 5530) with which a login fails though user and password may be right."""


SENT_HEADERS = "MESSAGE-ID IN-REPLY-TO X-EVIDENCIA-ROBOT"
"""What is read of mails in the Sent folder."""
SENT_DAYS = 14
SENT_LATELY = 2_000
"""Mails of the Sent folder among which an answer is looked for before it is put there: a search has a bounded cost."""


class _Protocol(imaplib.IMAP4):
    """imaplib on a connection that is there already."""

    def __init__(self, connection: socket.socket, host: str) -> None:
        self._ready = connection
        super().__init__(host)  # the name that STARTTLS will verify

    def _create_socket(self, *_: Any) -> socket.socket:
        return self._ready


class _Client(IMAPClient):  # type: ignore[misc]  # published without types
    """imapclient on a connection that is there already: so a slow greeting has a deadline too."""

    def __init__(self, connection: socket.socket, config: MailboxConfig) -> None:
        self._ready = connection
        super().__init__(config.host, config.port, ssl=config.security == "tls", timeout=config.command_timeout_seconds)
        self._imap.debug = 0  # it had set 5: see the top of this file; a test guards it
        self.normalise_times = False  # aware dates: the legal clock starts with them

    def _create_IMAP4(self) -> imaplib.IMAP4:  # noqa: N802  # imapclient's
        return _Protocol(self._ready, self.host)

    def copy_uid(self) -> str:
        """The COPYUID code (RFC 4315) of the last COPY, taken off; empty when there is none."""
        data = self._imap.response("COPYUID")[1]
        return data[-1].decode("ascii") if data and data[-1] else ""

    def search_ranges(self, criteria: str) -> str:
        """UIDs as a sequence set (RFC 4731): of 40,000 mails 1 kB instead of 240; "" when there are none."""
        self._imap.response("ESEARCH")  # forget an older one
        status, data = self._imap.uid("SEARCH", "RETURN (ALL)", criteria)
        if status != "OK":
            raise imaplib.IMAP4.error(f"search failed: {data[0].decode('ascii', 'replace') if data[0] else ''}")
        answers = self._imap.response("ESEARCH")[1]
        found = re.search(rb"(?i) ALL ([0-9:,]+)", answers[-1]) if answers and answers[-1] else None
        return found[1].decode("ascii") if found else ""


class _Refusal(Exception):
    """The server understood and said NO: the connection is sound.  `code` is its response code, or empty."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"[{code}] {text}" if code else text)
        self.code = code


@dataclass(frozen=True, slots=True)
class _Selected:
    """The folder that is open, as it was when it was opened."""

    name: str
    readonly: bool
    uidvalidity: int
    exists: int
    next_uid: int | None


@dataclass(slots=True)
class _Session:
    """One connection, logged in, with what this server can do."""

    client: _Client
    leash: Leash
    since: float
    can_move: bool = False
    can_expunge_one: bool = False
    can_idle: bool = False
    can_range: bool = False
    prefix: str = ""
    separator: str = "/"
    selected: _Selected | None = None


@dataclass(slots=True)
class _Trouble:
    """A mail that would not come: how often, and when it is asked for again (monotonic seconds)."""

    strikes: int = 0
    again_at: float = 0.0


@dataclass(frozen=True, slots=True)
class _Listed:
    """A mail's measure before its body is fetched."""

    uid: int
    size: int
    received_at: datetime


@dataclass(slots=True)
class _Sweeps:
    """What is remembered between sweeps; all of it may be lost without harm."""

    uidvalidity: int = 0
    known_below: int = 1
    """Every UID below had its journal row: mails get ever higher ones, so none can appear there."""
    next_uid: int | None = None
    """The first UID that the next new mail may have."""
    troubles: dict[int, _Trouble] = field(default_factory=dict)


class Mailbox:
    """One mailbox account.  Connects when needed; not thread-safe (one owner).

    Every method may raise `Temporary` (the connection is dropped; the next call makes a new one) and
    `LoginRefused` (wait for minutes).  `secret` gives the password, or the access token where the
    configuration names an [[oauth]] block; it is asked for at each login, and what it raises passes.  `refused`
    is told a token that the server did not take; then one more login is tried, with the next one.  Large
    mails pass through the directory `spool`.  The constructor raises `BadConfig`.
    """

    census: Census | None = None
    """What the last sweep saw of the inbox's numbers; None before it, and where the server tells no UIDNEXT."""

    def __init__(
        self,
        config: MailboxConfig,
        secret: Callable[[], str],
        refused: Callable[[str], None] | None = None,
        *,
        spool: Path,
    ) -> None:
        self._config = config
        self._secret = secret
        self._refused = refused
        self._spool = spool
        self._tls = trust("mailbox", config.security, config.host, config.ca_file)
        self._session: _Session | None = None
        self._sweeps = _Sweeps()
        self._proves_copies = True
        """False once a COPY came back without its COPYUID (RFC 4315): then no mail is moved by hand."""
        self._folders = {
            FolderRole.PROCESADOS: config.processed_folder,
            FolderRole.REVISION: config.review_folder,
            FolderRole.RECHAZADOS: config.rejected_folder,
        }
        self._sent_seen = (0, 0)

    @property
    def account(self) -> str:
        """The name under which this mailbox stands in the journal."""
        return self._config.name

    @property
    def inbox(self) -> str:
        """The folder that is swept, as configured: `CopyKey.folder` of every arrival."""
        return self._config.inbox

    @property
    def undeliverable(self) -> tuple[CopyKey, ...]:
        """Mails of the inbox that the server lists and would not hand over, several times: for a person."""
        bad = [uid for uid, trouble in self._sweeps.troubles.items() if trouble.strikes >= _STRIKES]
        return tuple(self._key(self._sweeps.uidvalidity, uid) for uid in sorted(bad))

    # ── taking in ────────────────────────────────────────────────────────────────────────────────

    def arrivals(self, known: Callable[[int], Container[int]]) -> Iterator[Arrival]:
        """Sweep the inbox once: every mail for which `known(uidvalidity)` lacks the UID, oldest first.

        Sizes come first (in bytes), then bodies in groups; above `max_mail_bytes` only the header.  A mail
        that does not come is asked for again in the next sweep, alone and after the others, so that one
        broken mail never stops an inbox.  Reads only (EXAMINE and BODY.PEEK, RFC 3501).
        """
        self._renew()
        box = self._open_inbox()
        listed = self._list(box)
        if box.next_uid is not None:
            self.census = Census(self.account, self.inbox, box.uidvalidity, box.next_uid, frozenset(listed))
        seen = known(box.uidvalidity) if listed else ()
        new = [uid for uid in listed if uid not in seen]
        troubles = self._sweeps.troubles
        for uid in troubles.keys() - set(new):
            del troubles[uid]  # taken in meanwhile, or gone
        if not new:
            self._sweeps.known_below = box.next_uid or self._sweeps.known_below
            return
        log.info("%s: %d new mails in the inbox", self.account, len(new))
        sound = [uid for uid in new if uid not in troubles]
        for batch in itertools.chain(_chunks(sound, BATCH), ([uid] for uid in self._due(new))):
            yield from self._bodies(box, self._measure(box, batch))

    def _list(self, box: _Selected) -> list[int]:
        """UIDs that may be new, ascending.  One SEARCH, or one for each window of a huge inbox."""
        low = self._sweeps.known_below
        if box.exists == 0 or (box.next_uid is not None and low >= box.next_uid):
            return []
        found = set(self._search(f"{max(1, box.exists - WINDOW + 1)}:* UID {low}:*"))
        # Windows of places, for UIDs may be sparse; the newest first, for a mail that somebody takes away
        # meanwhile moves all later ones down: into the next window, where none is missed.
        for end in range(box.exists - WINDOW, 0, -WINDOW):
            found.update(self._search(f"{max(1, end - WINDOW + 1)}:{end} UID {low}:*"))
        return sorted(uid for uid in found if uid >= low)  # "n:*" always names the last mail, however low

    def _measure(self, box: _Selected, uids: list[int]) -> list[_Listed]:
        entries = self._fetch(box, uids, ["RFC822.SIZE", "INTERNALDATE"])
        measured = []
        for uid in uids:
            size = entries.get(uid, {}).get(b"RFC822.SIZE")
            if not isinstance(size, int):
                self._missed([uid])  # vanished, or an answer that belongs to something else
                continue
            date = entries[uid].get(b"INTERNALDATE")
            received_at = date.astimezone(UTC) if isinstance(date, datetime) else datetime.now(UTC)
            measured.append(_Listed(uid, size, received_at))
        return measured

    def _bodies(self, box: _Selected, mails: list[_Listed]) -> Iterator[Arrival]:
        group: list[_Listed] = []
        weight = 0
        for mail in mails:
            alone = mail.size > min(GROUP_BYTES, self._config.max_mail_bytes) or mail.uid in self._sweeps.troubles
            if alone or weight + mail.size > GROUP_BYTES:
                yield from self._together(box, group)
                group, weight = [], 0
            if alone:
                yield from self._alone(box, mail)
            else:
                group.append(mail)
                weight += mail.size
        yield from self._together(box, group)

    def _together(self, box: _Selected, mails: list[_Listed]) -> Iterator[Arrival]:
        if not mails:
            return
        entries = self._fetch(box, [mail.uid for mail in mails], ["BODY.PEEK[]"])
        for mail in mails:
            raw = _body(entries.pop(mail.uid, {}))
            if raw is None or (not raw and mail.size):
                self._missed([mail.uid])
            else:
                yield self._arrival(box, mail, raw)

    def _alone(self, box: _Selected, mail: _Listed) -> Iterator[Arrival]:
        """One mail in pieces: a large one, or one that failed before (a slow line may need this)."""
        key = self._key(box.uidvalidity, mail.uid)
        limit = self._config.max_mail_bytes
        have = 0
        with Spool(self._spool) as spool:
            # RFC822.SIZE may be an estimate (Exchange): before it a short piece is not yet the end, an empty one is.
            while mail.size <= limit and have <= limit:
                entry = self._fetch(box, [mail.uid], [f"BODY.PEEK[]<{have}.{PIECE_BYTES}>"]).get(mail.uid, {})
                piece = _body(entry)
                if (piece is None and have < mail.size) or (not piece and have == 0 and mail.size):
                    self._missed([mail.uid])
                    return
                have += spool.add(piece or b"")
                if not piece or (have >= mail.size and len(piece) < PIECE_BYTES):
                    yield spool.arrival(key, mail.received_at)
                    return
        header = _body(self._fetch(box, [mail.uid], [f"BODY.PEEK[HEADER]<0.{HEADER_BYTES}>"]).get(mail.uid, {}))
        if header is None:
            self._missed([mail.uid])
            return
        log.warning("%s: mail of %d bytes is above the limit; only its header was fetched", self.account, mail.size)
        yield Arrival(key, mail.received_at, max(mail.size, have), None, header)

    def _arrival(self, box: _Selected, mail: _Listed, raw: bytes) -> Arrival:
        return Arrival(self._key(box.uidvalidity, mail.uid), mail.received_at, len(raw), raw)

    def _fetch(self, box: _Selected, uids: list[int], items: list[str]) -> dict[int, dict[bytes, Any]]:
        """FETCH from the inbox as it was when the sweep began; entries may be missing or lack items."""
        self._return_to(box)
        try:
            return dict(self._run("fetching mails", lambda client: client.fetch(uids, items)))
        except _Refusal:
            return {}  # one of them cannot be read: in the next sweep each is asked for alone
        except Temporary:
            self._missed(uids)
            raise

    def _missed(self, uids: Sequence[int]) -> None:
        """Note mails that did not come.  In company any of them may be to blame: then each is suspect."""
        for uid in uids:
            trouble = self._sweeps.troubles.setdefault(uid, _Trouble())
            trouble.strikes = trouble.strikes + 1 if len(uids) == 1 else max(1, trouble.strikes)
            if trouble.strikes >= _STRIKES:
                trouble.again_at = time.monotonic() + _PAUSE_SECONDS
                log.error(
                    "%s: the server lists mail UID %d and does not hand it over; look at it in the mailbox",
                    self.account,
                    uid,
                )

    def _due(self, uids: list[int]) -> list[int]:
        """Mails that failed before and are asked for again now, those with fewest failures first."""
        troubles = self._sweeps.troubles
        now = time.monotonic()
        due = [uid for uid in uids if uid in troubles and troubles[uid].again_at <= now]
        return sorted(due, key=lambda uid: (troubles[uid].strikes, uid))

    def _key(self, uidvalidity: int, uid: int) -> CopyKey:
        return CopyKey(self.account, self.inbox, uidvalidity, uid)

    # ── filing away ──────────────────────────────────────────────────────────────────────────────

    def file_away(self, moves: Iterable[tuple[CopyKey, FolderRole]]) -> list[CopyKey]:
        """Move mails to their folders; missing folders are made.  Repeatable.

        Returns the keys under which nothing lies in the inbox any more: moved now or before, by us or by
        somebody else, or the folder was numbered anew (its mails then arrive again under other keys).
        Where the server refuses (quota, read-only, no way to move one mail alone) mails stay, which is
        logged; the journal knows them all the same.
        """
        self._renew()
        tasks: dict[tuple[str, int, FolderRole], list[CopyKey]] = {}
        for key, role in moves:
            tasks.setdefault((key.folder, key.uidvalidity, role), []).append(key)
        gone: list[CopyKey] = []
        for (folder, uidvalidity, role), keys in tasks.items():
            for some in _chunks(keys, BATCH):
                left = self._clear(folder, uidvalidity, [key.uid for key in some], self._folders[role])
                gone += [key for key in some if key.uid not in left]
        return gone

    def _clear(self, folder: str, uidvalidity: int, uids: list[int], target: str) -> set[int]:
        """Move UIDs out of a folder; those that still lie there afterwards."""
        box = self._select_to_change(folder)
        if box.uidvalidity != uidvalidity:
            return set()
        left = self._present(uids)
        for _ in range(3):  # once; once more where the folder was missing; once more after a lost race
            if not left or box.readonly:
                break
            again = False
            try:
                self._move(sorted(left), self._path(target))
            except _Refusal as no:
                again = no.code == "EXPUNGEISSUED" or self._make(target)
                if not again:
                    log.warning(
                        '%s: %d mails stay in the inbox: the server refuses to move them to "%s" [%s]',
                        self.account,
                        len(left),
                        target,
                        no.code,
                    )
            left = self._present(uids)  # a server may say OK for a mail that is not there (RFC 6851 3.3)
            if not again:
                break
        return left

    def refile(self, moves: Iterable[Refiling]) -> list[Refiling]:
        """Move mails on from one of our folders to another; those of which nothing more is to be done.

        One that is not there any more was moved by somebody else; one that cannot be told from others (no usable
        Message-ID, or the same one twice) stays where it is.
        """
        self._renew()
        done = []
        for move in moves:
            if not _SEARCHABLE.fullmatch(move.message_id):
                done.append(move)
                continue
            box = self._select_to_change(self._folders[move.lies_in])
            uids = self._search(f'HEADER Message-ID "{move.message_id}"')[:10]
            sizes = self._run("measuring mails", functools.partial(_fetched, uids, "RFC822.SIZE")) if uids else {}
            mine = [uid for uid, entry in sizes.items() if entry.get(b"RFC822.SIZE") == move.size]
            if len(mine) == 1:
                if box.readonly:
                    continue
                source, target = self._folders[move.lies_in], self._folders[move.belongs_in]
                if self._clear(source, box.uidvalidity, mine, target):
                    continue
            done.append(move)
        return done

    def _present(self, uids: list[int]) -> set[int]:
        return set(self._search(f"UID {','.join(map(str, uids))}")) & set(uids)

    def _move(self, uids: list[int], target: str) -> None:
        session = self._live()
        if session.can_move:
            self._run("moving mails", lambda client: client.move(uids, target))
        elif session.can_expunge_one and self._proves_copies:
            self._copy_and_remove(uids, target)
        else:
            # A plain EXPUNGE would remove what others have marked as deleted.
            raise _Refusal("CANNOT", "neither MOVE nor UIDPLUS")

    def _copy_and_remove(self, uids: list[int], target: str) -> None:
        """MOVE by hand: only what the server itself lists as copied is removed, and only that.

        A crash between the two leaves the mail in both folders, and the next call copies it once more.
        """

        def copy(client: _Client) -> str:
            client.copy_uid()  # forget an older one
            client.copy(uids, target)
            return client.copy_uid()

        copied = _sources(self._run("copying mails", copy))
        if not copied:
            self._proves_copies = False  # or every call would copy the same mails again
            log.warning("%s: the server copies mails and does not say which; they stay in the inbox", self.account)
        sure = [uid for uid in uids if any(low <= uid <= high for low, high in copied)]
        if sure:
            self._run("marking mails", lambda client: client.add_flags(sure, [b"\\Deleted"], silent=True))
            self._run("removing copied mails", lambda client: client.uid_expunge(sure))

    def _make(self, folder: str) -> bool:
        """Create a folder of ours if it is not there; True when it was made now."""
        path = self._path(folder)
        try:
            if self._run("looking for a folder", lambda client: client.folder_exists(path)):
                return False
            self._run("making a folder", lambda client: client.create_folder(path))
        except _Refusal as no:
            log.warning('%s: folder "%s" cannot be made [%s]', self.account, folder, no.code)
            return False
        with contextlib.suppress(_Refusal):  # only so that people see it in their mail programs
            self._run("subscribing to a folder", lambda client: client.subscribe_folder(path))
        log.info('%s: folder "%s" was made', self.account, folder)
        return True

    def append_sent(self, raw: bytes) -> None:
        """Put a copy of a sent answer into the Sent folder, as seen; nothing when none is configured.

        Repeatable: one that lies there already (a crash came before it was noted, or the provider keeps what it
        sends by itself) is recognised by its Message-ID among the last `SENT_LATELY` mails.
        """
        folder = self._config.sent_folder
        if not folder:
            return
        self._renew()

        def append(client: _Client) -> None:
            client.append(self._path(folder), raw, (b"\\Seen",))

        self._live()
        if self._lies_in(folder, raw):
            return
        try:
            try:
                self._run("keeping a sent mail", append)
            except _Refusal:
                if not self._make(folder):
                    raise
                self._run("keeping a sent mail", append)
        except _Refusal as no:
            raise Temporary(f'{self._server}: the server refuses to keep a mail in "{folder}": {no}') from None

    def _lies_in(self, folder: str, raw: bytes) -> bool:
        """Whether a mail with the Message-ID of `raw` is among the last of a folder; False where nobody can tell."""
        found = _MESSAGE_ID.search(raw.partition(b"\r\n\r\n")[0])
        if not found or not _SEARCHABLE.fullmatch(message_id := found[1].decode("ascii", "replace")):
            return False
        try:
            box = self._select(folder, readonly=True)  # anew each time: what came meanwhile counts too
            low = max(1, box.exists - SENT_LATELY + 1)
            return box.exists > 0 and bool(self._search(f'{low}:* HEADER Message-ID "{message_id}"'))
        except Temporary:
            if self._session is None:
                raise
            return False  # no such folder yet, or a server that does not search

    def sent_lately(self) -> list[bytes]:
        """Headers of mails new in the Sent folder: whom they answer, and whether they are ours (`SENT_HEADERS`).

        Each is told once; the first call of a process tells those of the last `SENT_DAYS` days.  Nothing when
        there is no such folder.
        """
        folder = self._config.sent_folder
        if not folder:
            return []
        self._renew()
        try:
            box = self._select(folder, readonly=True)
        except Temporary:
            if self._session is None:
                raise
            return []  # not there yet: it is made with the first answer
        low = self._sent_seen[1] if self._sent_seen[0] == box.uidvalidity else 0
        if box.exists == 0 or (box.next_uid is not None and low >= box.next_uid):
            return []
        since = format_datetime(datetime.now(UTC) - timedelta(days=SENT_DAYS))[5:16].replace(" ", "-")
        uids = [uid for uid in self._search(f"UID {low}:*" if low else f"SINCE {since}") if uid >= low]
        headers = []
        for chunk in _chunks(uids, BATCH):
            item = f"BODY.PEEK[HEADER.FIELDS ({SENT_HEADERS})]"
            entries = self._run("reading the Sent folder", functools.partial(_fetched, chunk, item))
            headers += [header for entry in entries.values() if (header := _body(entry))]
        self._sent_seen = (box.uidvalidity, box.next_uid or max(uids, default=low - 1) + 1)
        return headers

    # ── waiting ──────────────────────────────────────────────────────────────────────────────────

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Return after so many seconds, at `stop`, or sooner when the inbox has news: True then.

        Without IDLE (RFC 2177) it only sleeps.  False does not mean that nothing came: sweep all the same.
        """
        end = time.monotonic() + seconds
        self._renew()
        if not self._config.idle or stop.is_set() or not self._live().can_idle:
            stop.wait(max(0.0, end - time.monotonic()))
            return False
        before = (self._sweeps.uidvalidity, self._sweeps.next_uid)
        box = self._open_inbox()
        if before[0] and before != (box.uidvalidity, box.next_uid):
            return True
        while not stop.is_set() and (left := end - time.monotonic()) > 0:
            if self._idle(min(left, IDLE_SECONDS), stop):
                self._open_inbox()  # remember how far the news went, or the next wait would tell it again
                return True
        return False

    def _idle(self, seconds: float, stop: threading.Event) -> bool:
        end = time.monotonic() + seconds
        heard: list[Any] = []
        self._run("starting IDLE", lambda client: client.idle())
        while not heard and not stop.is_set() and (left := end - time.monotonic()) > 0:
            asked, patience = time.monotonic(), min(left, STOP_SECONDS)
            heard += self._run("waiting in IDLE", functools.partial(_news, patience=patience))
            if not heard and time.monotonic() - asked < patience / 2:
                break  # what a dead server looks like; only the end of IDLE tells
        heard += self._run("ending IDLE", lambda client: client.idle_done())[1]
        return any(len(line) > 1 and line[1] == b"EXISTS" for line in heard)

    # ── the connection ───────────────────────────────────────────────────────────────────────────

    def check(self) -> str:
        """Log in and open the inbox, changing nothing; how many mails lie in it, in words.  Raises `Temporary`."""
        box = self._select(self.inbox, readonly=True)
        return f"{self._server}: logged in, {box.exists} mails in {self.inbox}"

    def close(self) -> None:
        """Log out, if connected.  Never raises; the mailbox may be used again."""
        session = self._session
        if session is not None:
            with contextlib.suppress(Exception), session.leash.at_most(min(5.0, self._config.command_timeout_seconds)):
                session.client.logout()
            self._drop()

    @property
    def _server(self) -> str:
        return f"IMAP server {self._config.host}:{self._config.port}"

    def _renew(self) -> None:
        """Begin anew with a connection that has served long: stray answers pile up in the library."""
        if self._session is not None and time.monotonic() - self._session.since > self._config.connection_minutes * 60:
            self.close()

    def _live(self) -> _Session:
        return self._session or self._connect()

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(Exception):
                session.client.shutdown()
            session.leash.close()

    def _connect(self) -> _Session:
        secret = self._secret()
        try:
            return self._enter(secret)
        except LoginRefused:
            if self._refused is None:
                raise
        self._refused(secret)  # a token may have been withdrawn before its time
        return self._enter(self._secret())

    def _enter(self, secret: str) -> _Session:
        """Connect, secure, log in, and learn what the server can do."""
        config = self._config
        if any(character in config.user + secret for character in "\r\n\0\1"):
            raise BadConfig(f"mailbox {self.account}: user or password holds a line end; IMAP cannot send that")
        patience = config.connect_timeout_seconds
        try:
            connection, leash = connect(
                config.host, config.port, patience, self._tls if config.security == "tls" else None
            )
        except OSError as error:
            raise Temporary(f"{self._server}: cannot connect: {explain(error)}") from None
        try:
            with leash.at_most(patience):
                client = _Client(connection, config)
        except Exception as error:  # noqa: BLE001  # a greeting that is none comes as any of a wide family
            connection.close()
            leash.close()
            raise Temporary(f"{self._server}: no greeting: {explain(error, late=leash.cut)}") from None
        self._sweeps.known_below = 1  # each connection begins with a look at the whole inbox
        session = self._session = _Session(client, leash, time.monotonic())
        if config.security == "starttls":
            if not self._run("asking for STARTTLS", lambda one: one.has_capability("STARTTLS")):
                self._drop()
                raise Temporary(f'{self._server}: it does not offer STARTTLS; use security = "tls" (often port 993)')
            self._run("starting TLS", lambda one: one.starttls(self._tls))
        self._log_in(config.user, secret)
        self._learn(session)
        return session

    def _log_in(self, user: str, secret: str) -> None:
        def log_in(client: _Client) -> None:
            try:
                if self._config.oauth and self._config.oauth_mechanism == "xoauth2":
                    client.sasl_login("XOAUTH2", _sasl(xoauth2(user, secret), b""))
                elif self._config.oauth:
                    client.sasl_login("OAUTHBEARER", _sasl(oauthbearer(user, secret), b"\1"))
                elif (user + secret).isascii():
                    client.login(user, secret)
                else:
                    client.plain_login(user, secret)  # LOGIN takes ASCII only
            except LoginError as error:
                if isinstance(error.__context__, imaplib.IMAP4.abort):
                    raise error.__context__ from None  # the connection was lost; nothing is wrong with the password
                said = re.sub(r"^b['\"]|['\"]$", "", str(error))  # imaplib passes the repr of bytes on
                code = re.match(r"\[([A-Z-]+)\] *", said)
                raise _Refusal(code[1] if code else "", _plain(said[code.end() if code else 0 :], user)) from None

        try:
            self._run("logging in", log_in)
        except _Refusal as no:
            self._drop()
            if no.code in _NOT_THE_PASSWORD:
                raise Temporary(f"{self._server}: no login at the moment: {no}") from None
            what = f"that the consent is this user's (evidence-daemon mailbox authorize {self.account})"
            what = what if self._config.oauth else "the file named by its password_file"
            raise LoginRefused(
                f"{self._server}: login refused: {no}; check user of mailbox {self.account}, and {what}",
                LOGIN_RETRY_SECONDS,
            ) from None

    def _learn(self, session: _Session) -> None:
        def learn(client: _Client) -> None:
            session.can_move = client.has_capability("MOVE")
            session.can_expunge_one = client.has_capability("UIDPLUS")
            session.can_idle = client.has_capability("IDLE")
            session.can_range = client.has_capability("ESEARCH")
            if client.has_capability("NAMESPACE"):
                with contextlib.suppress(ProtocolError):  # the answer came whole, only not as it should be
                    for prefix, separator in (client.namespace().personal or ())[:1]:
                        session.prefix, session.separator = prefix, separator or "/"

        with contextlib.suppress(_Refusal):
            self._run("asking what the server can do", learn)
        if not (session.can_move or session.can_expunge_one):
            log.warning(
                "%s: the server can move no mail (neither MOVE nor UIDPLUS): all stay in the inbox", self.account
            )

    def _path(self, folder: str) -> str:
        """A folder of the configuration as this server names it (RFC 2342): `INBOX.Procesados` and the like."""
        session = self._live()
        path = folder.replace("/", session.separator)
        return path if path.upper() == "INBOX" or path.startswith(session.prefix) else session.prefix + path

    def _open_inbox(self) -> _Selected:
        """EXAMINE the inbox: reading through it can change nothing."""
        box = self._select(self.inbox, readonly=True)
        if box.uidvalidity != self._sweeps.uidvalidity:
            if self._sweeps.uidvalidity:
                log.warning("%s: the inbox was numbered anew (UIDVALIDITY); all of it is looked at", self.account)
            self._sweeps = _Sweeps(box.uidvalidity)
        self._sweeps.next_uid = box.next_uid
        return box

    def _return_to(self, box: _Selected) -> None:
        """Make sure that the sweep's folder is the open one, and still numbered as then."""
        if self._session is None or self._session.selected != box:
            again = self._select(box.name, readonly=True)
            if again.uidvalidity != box.uidvalidity:
                raise Temporary(f"{self._server}: the folder {box.name} was numbered anew in the middle of a sweep")
            self._live().selected = box

    def _select_to_change(self, folder: str) -> _Selected:
        try:
            return self._select(folder, readonly=False)
        except _ReadOnly:
            log.warning("%s: the folder %s may only be read: mails stay in it", self.account, folder)
            return self._select(folder, readonly=True)

    def _select(self, folder: str, *, readonly: bool) -> _Selected:
        path = self._path(folder)
        session = self._live()
        session.selected = None
        try:
            answer = self._run("opening a folder", lambda client: client.select_folder(path, readonly=readonly))
        except _ReadOnly:
            raise
        except _Refusal as no:
            raise Temporary(f'{self._server}: the folder "{path}" cannot be opened: {no}') from None
        uidvalidity = answer.get(b"UIDVALIDITY")
        if uidvalidity is None:
            raise Temporary(f'{self._server}: the folder "{path}" has no lasting numbers (UIDVALIDITY)')
        session.selected = _Selected(folder, readonly, uidvalidity, answer.get(b"EXISTS", 0), answer.get(b"UIDNEXT"))
        return session.selected

    def _search(self, criteria: str) -> list[int]:
        try:
            if self._live().can_range:
                ranges = self._run("listing mails", lambda client: client.search_ranges(criteria))
                pairs = _ranges(ranges)
                if sum(high - low + 1 for low, high in pairs) > 10 * WINDOW:
                    raise Temporary(f"{self._server}: the server lists more mails than were asked for")
                return [uid for low, high in pairs for uid in range(low, high + 1)]
            return list(self._run("listing mails", lambda client: client.search(criteria)))
        except _Refusal as no:
            raise Temporary(f"{self._server}: the server refuses to list mails: {no}") from None

    def _run(self, doing: str, command: Callable[[_Client], T]) -> T:
        """Run one command under its deadline.  Raises `_Refusal` for a NO, else `Temporary` and drops all."""
        session = self._live()
        try:
            with session.leash.at_most(self._config.command_timeout_seconds):
                return command(session.client)
        except _Refusal:
            raise
        except Exception as error:  # noqa: BLE001  # the family of one dead connection is wide (measured)
            if isinstance(error, imaplib.IMAP4.readonly):
                raise _ReadOnly("READ-ONLY", "the folder may only be read") from None
            no = _NO.fullmatch(str(error)) if type(error) is imaplib.IMAP4.error else None
            if no and not session.leash.cut:
                raise _Refusal(no["code"] or "", _plain(no["text"], self._config.user)) from None
            late = session.leash.cut
            self._drop()
            raise Temporary(f"{self._server}: lost while {doing}: {explain(error, late=late)}") from None
        except BaseException:
            self._drop()  # interrupted in the middle of an answer: what comes next would be misread
            raise


class _ReadOnly(_Refusal):
    """The folder is open, but nothing in it may be changed."""


def _news(client: _Client, patience: float) -> list[Any]:
    """What the server says within so many seconds of IDLE."""
    return list(client.idle_check(patience))


def _fetched(uids: list[int], item: str, client: _Client) -> dict[int, dict[bytes, Any]]:
    return dict(client.fetch(uids, [item]))


def _body(entry: dict[bytes, Any]) -> bytes | None:
    """The bytes that one FETCH of a body, or a part of it, brought; None when it brought none."""
    for name, value in entry.items():
        if name.startswith(b"BODY[") and isinstance(value, bytes):
            return value
    return None


def _sources(copyuid: str) -> list[tuple[int, int]]:
    """Ranges of source UIDs in a COPYUID code (RFC 4315 3): "38505 304,319:320 3956:3958".

    >>> _sources("38505 304,319:320 3956:3958")
    [(304, 304), (319, 320)]
    """
    parts = copyuid.split()
    return _ranges(parts[1]) if len(parts) == 3 else []


def _ranges(sequence_set: str) -> list[tuple[int, int]]:
    """A sequence set (RFC 3501 9) as pairs, both ends included; nothing for what is none.

    >>> _ranges("304,320:319")
    [(304, 304), (319, 320)]
    """
    if not re.fullmatch(r"[0-9:,]+", sequence_set):
        return []
    ranges = [[int(end) for end in one.split(":") if end] for one in sequence_set.split(",")]
    return [(min(one), max(one)) for one in ranges if one]


def _sasl(message: bytes, after: bytes) -> Callable[[bytes], bytes]:
    """Answers the server's empty challenge with `message`, and the challenge that tells a failure with `after`."""
    answers = iter([message])
    return lambda _challenge: next(answers, after)


def _plain(text: str, user: str) -> str:
    """What a server said, fit for a log: short, one line, without the user's name."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return printable.replace(user, "(user)")[:200].strip() if user else printable[:200].strip()


def _chunks(items: Sequence[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
