"""A Maildir++ as a mailbox, for sites that deliver by procmail, fetchmail or LMTP onto this machine.

The same promises as in `imap`: nothing is ever deleted, no flag is read or set, nobody else's work is
touched.  A Maildir has no lasting numbers, so this file gives them: `evidence-daemon.uids` beside new/ and
cur/ says which number each file got, by the part of its name that never changes (up to the ":").

The list is appended to, and on the disk, before any mail is handed out: a number is never given to two
files.  A list that is gone, damaged, or older than the journal (put back from a backup) is begun anew under
another UIDVALIDITY; every mail in the inbox then arrives again, and is recognised by its bytes.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import re
import stat
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.parser import HeaderParser
from pathlib import Path
from typing import IO

from imapclient.imap_utf7 import encode as utf7

from evidence_daemon.config import MaildirConfig
from evidence_daemon.errors import Temporary
from evidence_daemon.mail.spool import MEMORY_BYTES, Spool
from evidence_daemon.model import Arrival, Census, CopyKey, FolderRole, Refiling

log = logging.getLogger("evidence_daemon.maildir")

LIST = "evidence-daemon.uids"
HEADER_BYTES = 65_536
PIECE_BYTES = 1 << 20
LOOK_SECONDS = 1.0
"""How often a waiting Maildir is looked at."""
_TIDY_LINES = 10_000
"""A list with so many lines of which most are of mails long filed is written anew."""
_FIRST_LINE = re.compile(r"evidence-daemon 1 V(\d+) N(\d+)")


@dataclass(slots=True)
class _Numbers:
    """The list, as it is on the disk; `file` is open for appending and locked."""

    file: IO[str]
    uidvalidity: int
    next_uid: int
    by_name: dict[str, int] = field(default_factory=dict)
    lines: int = 0
    compared: bool = False
    """Whether the journal was asked for numbers that this list does not know."""


class Maildir:
    """One Maildir.  Not thread-safe (one owner).

    Every method may raise `Temporary`: the directory is not there (yet), the disk refuses, or another process
    works in it.  Large mails pass through the directory `spool`.
    """

    census: Census | None = None
    """What the last sweep saw of the inbox's numbers; None before it."""

    def __init__(self, config: MaildirConfig, path: Path, spool: Path) -> None:
        self._config = config
        self._path = path
        self._spool = spool
        self._numbers: _Numbers | None = None
        self._missing: set[str] = set()
        """Names that the sweep before did not see: a file that is renamed just then may be overlooked once."""
        self._unreadable: dict[int, str] = {}
        self._looked_at: tuple[int, ...] | None = None
        self._folders = {
            FolderRole.PROCESADOS: config.processed_folder,
            FolderRole.REVISION: config.review_folder,
            FolderRole.RECHAZADOS: config.rejected_folder,
        }

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
        """Mails of the inbox that could not be read: for a person."""
        uidvalidity = self._numbers.uidvalidity if self._numbers else 0
        return tuple(self._key(uidvalidity, uid) for uid in sorted(self._unreadable))

    # ── taking in ────────────────────────────────────────────────────────────────────────────────

    def arrivals(self, known: Callable[[int], Collection[int]]) -> Iterator[Arrival]:
        """Sweep new/ and cur/ once: every mail for which `known(uidvalidity)` lacks the UID, oldest first.

        `received_at` is the time of the file's delivery (its modification).  Above `max_mail_bytes` only the
        header is read.  A file that cannot be read is told and tried again in the next sweep.
        """
        numbers = self._open()
        if not numbers.compared and max(known(numbers.uidvalidity), default=0) >= numbers.next_uid:
            log.warning("%s: %s is older than the journal; all mails are looked at", self.account, LIST)
            self.close()
            numbers = self._begin(_new_uidvalidity(), 1, {})
        numbers.compared = True
        files = self._number(numbers)
        uidvalidity = numbers.uidvalidity
        self.census = Census(self.account, self.inbox, uidvalidity, numbers.next_uid, frozenset(files))
        seen = known(uidvalidity) if files else ()
        new = [uid for uid in sorted(files) if uid not in seen]
        for uid in self._unreadable.keys() - set(new):
            del self._unreadable[uid]
        if new:
            log.info("%s: %d new mails in the inbox", self.account, len(new))
        for uid in new:
            yield from self._read(uidvalidity, uid, files[uid])

    def _read(self, uidvalidity: int, uid: int, path: Path) -> Iterator[Arrival]:
        try:
            # Neither a link out of the Maildir nor a pipe that never ends.
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return  # a person's program moved or marked it: it is found again in the next sweep
        except OSError as trouble:
            self._cannot_read(uid, path, trouble)
            return
        with os.fdopen(handle, "rb", buffering=0) as file, Spool(self._spool) as spool:
            key = self._key(uidvalidity, uid)
            try:
                facts = os.fstat(handle)
                received_at = datetime.fromtimestamp(facts.st_mtime, UTC)
                if facts.st_size > self._config.max_mail_bytes:
                    log.warning(
                        "%s: mail of %d bytes is above the limit; only its header was read", self.account, facts.st_size
                    )
                    yield Arrival(key, received_at, facts.st_size, None, _header(file.read(HEADER_BYTES)))
                    return
                while piece := file.read(PIECE_BYTES if facts.st_size > MEMORY_BYTES else MEMORY_BYTES):
                    spool.add(piece)
            except OSError as trouble:
                self._cannot_read(uid, path, trouble)
                return
            self._unreadable.pop(uid, None)
            yield spool.arrival(key, received_at)

    def _cannot_read(self, uid: int, path: Path, trouble: OSError) -> None:
        if uid not in self._unreadable:
            log.error("%s: mail UID %d (%s) cannot be read: %s", self.account, uid, path.name, trouble.strerror)
        self._unreadable[uid] = path.name

    def _key(self, uidvalidity: int, uid: int) -> CopyKey:
        return CopyKey(self.account, self.inbox, uidvalidity, uid)

    # ── numbers ──────────────────────────────────────────────────────────────────────────────────

    def _look(self) -> dict[str, Path]:
        """Every mail of the inbox by the lasting part of its name; new/ first, for mails wander to cur/."""
        found: dict[str, Path] = {}
        try:
            for part in ("new", "cur"):
                with os.scandir(self._path / part) as entries:
                    for entry in entries:
                        if not entry.name.startswith(".") and stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                            found[_lasting(entry.name)] = Path(entry.path)
        except FileNotFoundError as trouble:
            if Path(str(trouble.filename)).parent != self._path:
                return self._look()  # a mail that was moved between being listed and being looked at
            raise Temporary(f"{self._where}: there is no {trouble.filename}: is path right?") from None
        except OSError as trouble:
            raise Temporary(f"{self._where}: cannot be read: {trouble.strerror}") from None
        return found

    def _number(self, numbers: _Numbers) -> dict[int, Path]:
        """Every mail of the inbox by its number; those without one get it here, durably."""
        files = self._look()
        gone = {name for name in numbers.by_name if name not in files}
        away = gone & self._missing
        self._missing = gone - away
        lines = [f"-{numbers.by_name.pop(name)}" for name in sorted(away)]
        fresh = [name for name in files if name not in numbers.by_name]
        for uid, name in enumerate(sorted(fresh, key=lambda name: (_age(files[name]), name)), numbers.next_uid):
            lines.append(f"{uid} {name}")
            numbers.by_name[name] = uid
        self._write(numbers, lines)
        numbers.next_uid += len(fresh)
        return {uid: files[name] for name, uid in numbers.by_name.items() if name in files}

    def _write(self, numbers: _Numbers, lines: list[str]) -> None:
        if not lines:
            return
        try:
            numbers.file.write("".join(f"{line}\n" for line in lines))
            numbers.file.flush()
            os.fsync(numbers.file.fileno())
        except OSError as trouble:
            self.close()  # what is on the disk now is read again
            raise Temporary(f"{self._where}: {LIST} cannot be written: {trouble.strerror}") from None
        numbers.lines += len(lines)

    def _open(self) -> _Numbers:
        numbers = self._numbers
        if numbers is not None and not self._replaced(numbers):
            if numbers.lines < _TIDY_LINES or numbers.lines < 4 * len(numbers.by_name):
                return numbers
            kept = numbers
            self.close()
            numbers = self._begin(kept.uidvalidity, kept.next_uid, kept.by_name)
            numbers.compared = kept.compared
            return numbers
        self.close()
        self._look()  # there is a Maildir
        return self._load() or self._begin(_new_uidvalidity(), 1, {})

    def _replaced(self, numbers: _Numbers) -> bool:
        try:
            return (self._path / LIST).stat().st_ino != os.fstat(numbers.file.fileno()).st_ino
        except OSError:
            return True

    def _load(self) -> _Numbers | None:
        """The list as the disk has it, locked; None when there is none, or none that can be relied on."""
        try:
            file = (self._path / LIST).open("r+", encoding="utf-8", errors="surrogateescape", newline="\n")
        except FileNotFoundError:
            return None
        except OSError as trouble:
            raise Temporary(f"{self._where}: {LIST} cannot be opened: {trouble.strerror}") from None
        try:
            self._lock(file)
            text = file.read()
            whole = text[: text.rfind("\n") + 1]  # a line that a crash cut off was never relied on
            read = _read_list(whole)
            if read is not None:
                file.seek(0)
                file.truncate(len(whole.encode("utf-8", "surrogateescape")))
                file.seek(0, os.SEEK_END)
        except BaseException:
            file.close()
            raise
        if read is None:
            log.warning("%s: %s is damaged; all mails are looked at", self.account, LIST)
            file.close()
            return None
        self._numbers = _Numbers(file, *read, lines=whole.count("\n"))
        return self._numbers

    def _begin(self, uidvalidity: int, next_uid: int, by_name: dict[str, int]) -> _Numbers:
        """Write a list anew, whole or not at all, and open it."""
        draft = self._path / f"{LIST}.new"
        try:
            draft.unlink(missing_ok=True)
            handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            file = os.fdopen(handle, "r+", encoding="utf-8", errors="surrogateescape", newline="\n")
            try:
                self._lock(file)
                lines = [f"evidence-daemon 1 V{uidvalidity} N{next_uid}"]
                lines += [f"{uid} {name}" for name, uid in by_name.items()]
                file.write("".join(f"{line}\n" for line in lines))
                file.flush()
                os.fsync(handle)
                draft.replace(self._path / LIST)
                _sync(self._path)
            except BaseException:
                file.close()
                raise
        except OSError as trouble:
            raise Temporary(f"{self._where}: {LIST} cannot be written: {trouble.strerror}") from None
        self._numbers = _Numbers(file, uidvalidity, next_uid, dict(by_name), len(by_name))
        return self._numbers

    def _lock(self, file: IO[str]) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Temporary(f"{self._where}: another process takes mails from it") from None

    # ── filing away ──────────────────────────────────────────────────────────────────────────────

    def file_away(self, moves: Iterable[tuple[CopyKey, FolderRole]]) -> list[CopyKey]:
        """Move mails to their folders (`.Procesados` …), which are made if missing.  Repeatable.

        Returns the keys under which nothing lies in the inbox any more: moved now or before, by us or by
        somebody else, or the list of numbers was begun anew.  Where the disk refuses mails stay, which is
        logged; the journal knows them all the same.
        """
        numbers = self._open()
        found = self._look()
        files = {uid: found[name] for name, uid in numbers.by_name.items() if name in found}
        gone: list[CopyKey] = []
        moved: list[int] = []
        refused: dict[str, int] = {}
        folders: set[Path] = set()
        for key, role in moves:
            path = files.get(key.uid)
            if key.folder != self.inbox or key.uidvalidity != numbers.uidvalidity or path is None:
                gone.append(key)
                continue
            try:
                folders.add(self._move(path, self._folder(self._folders[role])))
            except FileNotFoundError:
                continue  # marked or moved by somebody this very moment: the next call knows more
            except OSError as trouble:
                why = trouble.strerror or type(trouble).__name__
                refused[why] = refused.get(why, 0) + 1
                continue
            gone.append(key)
            moved.append(key.uid)
        for folder in folders | ({self._path / "new", self._path / "cur"} if moved else set()):
            _sync(folder)
        for why, count in refused.items():
            log.warning("%s: %d mails stay in the inbox: they cannot be moved: %s", self.account, count, why)
        # Forgotten at once: a file that somebody drags back is another copy, with another number.
        names = {uid: name for name, uid in numbers.by_name.items()}
        for uid in moved:
            del numbers.by_name[names[uid]]
        self._write(numbers, [f"-{uid}" for uid in moved])
        return gone

    def refile(self, moves: Iterable[Refiling]) -> list[Refiling]:
        """Move mails on from one of our folders to another; those of which nothing more is to be done.

        A mail is known by its size and Message-ID; one that is not there was moved by somebody else.
        """
        done = []
        for move in moves:
            folder = self._path / self._folder(self._folders[move.lies_in]).name
            found = [
                path
                for part in ("new", "cur")
                for path in (folder / part).iterdir()
                if path.stat().st_size == move.size and _message_id(path).strip("<>") == move.message_id.strip("<>")
            ]
            try:
                if len(found) == 1 and move.message_id:
                    _sync(self._move(found[0], self._folder(self._folders[move.belongs_in])))
                    _sync(found[0].parent)
            except OSError as trouble:
                log.warning("%s: a mail stays in its folder: %s", self.account, trouble.strerror)
                continue
            done.append(move)
        return done

    def _move(self, path: Path, folder: Path) -> Path:
        """Move a file, with its flags, from new/ or cur/ to the same of another folder; never over another."""
        part = folder / path.parent.name
        target = part / path.name
        number = 1
        while target.exists():
            base, colon, flags = path.name.partition(":")
            target, number = part / f"{base},{number}{colon}{flags}", number + 1
        path.rename(target)
        return part

    def _folder(self, name: str) -> Path:
        """The directory of a folder (Maildir++: "A/B" is `.A.B`), made if missing.  Raises `OSError`."""
        encoded: bytes = utf7(name.replace("/", "."))
        folder = self._path / ("." + encoded.decode("ascii").strip("."))
        if not (folder / "cur").is_dir():
            for part in ("tmp", "new", "cur"):
                (folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
            (folder / "maildirfolder").touch(mode=0o600)
            _sync(folder)
            _sync(self._path)
            log.info('%s: folder "%s" was made', self.account, name)
        return folder

    def sent_lately(self) -> list[bytes]:
        """Nothing: staff who write from a Maildir's own programs keep their Sent folders elsewhere."""
        return []

    def append_sent(self, raw: bytes) -> None:
        """Put a copy of a sent answer into the Sent folder, as seen; nothing when none is configured.

        Repeatable: its file bears the hash of its bytes, and one that lies there is not put there again.
        """
        if not self._config.sent_folder:
            return
        mark = f".P0R{hashlib.sha256(raw).hexdigest()[:32]}.evidence-daemon"
        name = f"{time.time_ns() // 1_000_000_000}{mark}"
        try:
            folder = self._folder(self._config.sent_folder)
            if any(mark in there.name for there in (folder / "cur").iterdir()):
                return
            draft = folder / "tmp" / name
            try:
                handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(handle, "wb") as file:
                    file.write(raw)
                    file.flush()
                    os.fsync(file.fileno())
                draft.rename(folder / "cur" / f"{name}:2,S")
            finally:
                draft.unlink(missing_ok=True)
            _sync(folder / "cur")
        except OSError as trouble:
            raise Temporary(
                f'{self._where}: a mail cannot be kept in "{self._config.sent_folder}": {trouble.strerror}'
            ) from None

    # ── waiting ──────────────────────────────────────────────────────────────────────────────────

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Return after so many seconds, at `stop`, or sooner when something was delivered: True then."""
        end = time.monotonic() + seconds
        before = self._looked_at
        while True:
            self._looked_at = self._changed_at()
            if before is not None and self._looked_at != before:
                return True
            before = self._looked_at
            left = end - time.monotonic()
            if left <= 0 or stop.wait(min(left, LOOK_SECONDS)):
                return False

    def _changed_at(self) -> tuple[int, ...]:
        with contextlib.suppress(OSError):
            return ((self._path / "new").stat().st_mtime_ns, (self._path / "cur").stat().st_mtime_ns)
        return ()

    def check(self) -> str:
        """Look at the directory, changing nothing; in words.  Raises `Temporary`."""
        return f"{self._where}: {len(self._look())} mails in {self.inbox}"

    def close(self) -> None:
        """Let go of the Maildir.  Never raises; it may be used again."""
        numbers, self._numbers = self._numbers, None
        if numbers is not None:
            with contextlib.suppress(OSError):
                numbers.file.close()

    @property
    def _where(self) -> str:
        return f"Maildir {self._path}"


def _read_list(text: str) -> tuple[int, int, dict[str, int]] | None:
    r"""UIDVALIDITY, next UID and the UID of each name; None for what is no such list.

    >>> _read_list("evidence-daemon 1 V170 N4\n4 a\n5 b\n-4\n")
    (170, 6, {'b': 5})
    """
    first, *rest = text.split("\n")[:-1] or [""]
    facts = _FIRST_LINE.fullmatch(first)
    if facts is None:
        return None
    next_uid = int(facts[2])
    names: dict[int, str] = {}
    for line in rest:
        number, blank, name = line.partition(" ")
        if not re.fullmatch("-?[0-9]+", number):
            return None
        if blank:
            names[int(number)] = name
            next_uid = max(next_uid, int(number) + 1)
        else:
            names.pop(-int(number), None)
    return int(facts[1]), next_uid, {name: uid for uid, name in names.items()}


def _new_uidvalidity() -> int:
    """Greater than any before: the time in milliseconds."""
    return time.time_ns() // 1_000_000


def _lasting(name: str) -> str:
    """The part of a file name that stays when flags change.  A line of the list takes no line end."""
    return name.partition(":")[0].replace("\n", "?")


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _header(begin: bytes) -> bytes:
    r"""The header of a mail with its blank line, from the mail's first bytes.

    >>> _header(b"Subject: a\n\nbody")
    b'Subject: a\n\n'
    """
    end = re.search(rb"\r?\n\r?\n", begin)
    return begin[: end.end()] if end else begin


def _sync(directory: Path) -> None:
    """Make the names in a directory durable."""
    with contextlib.suppress(OSError):
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _message_id(path: Path) -> str:
    """The Message-ID of a mail on the disk; "" when it has none."""
    with path.open("rb") as file:
        return (
            HeaderParser().parsestr(file.read(65_536).decode("latin-1"), headersonly=True).get("Message-ID", "").strip()
        )
