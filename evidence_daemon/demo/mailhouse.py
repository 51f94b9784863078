"""A whole mail house on loopback: a mailbox that speaks IMAP, and a post office that speaks SMTP.

For the demo, so that the daemon that runs there is the very one that runs on a real mailbox: it logs
in, idles, fetches, moves and submits.  Nothing is installed, no right is needed, no name is looked up;
both servers stand on free ports of 127.0.0.1, in a thread of this process, and die with it.

    directory/mailbox/FOLDER/000123.eml   the mailbox: one file a mail, its name is its UID
    directory/mailbox/FOLDER/.uids        UIDVALIDITY and the next UID of that folder
    directory/incoming/                   a file dropped here is taken as a mail that arrived
    directory/outgoing/000001.eml         what was submitted, in order

The IMAP side is `pymap` with its in-memory backend; each change is written through to the files, so
that UIDs hold over a restart.  Its own backend on disk (maildir) was tried and not taken: it sends each
mail through a parser and a generator, so that a broken mail does not come out as it went in, and it
puts its lists in place by a rename that fails where the temporary directory is another file system.
Flags are not kept over a restart.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import threading
import time
from collections.abc import Coroutine, Iterable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar, cast

from aiosmtpd.smtp import SMTP, Envelope
from proxyprotocol.reader import ProxyProtocolReader
from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config, DictBackend, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxData, MailboxSet, Message
from pymap.concurrent import Event, Subsystem
from pymap.exceptions import NotSupportedError
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials import ObjectId
from pymap.selected import SelectedMailbox
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

FOLDERS = ("Procesados", "Revision", "Rechazados", "Sent")
"""Folders that are there from the start, beside INBOX: the defaults of `MailboxConfig`."""

_LOOPBACK = "127.0.0.1"
_MAX_MAIL = 60_000_000
"""Bytes of one mail that both servers take; above the daemon's own limit, so that it can be seen."""
_LOOK_SECONDS = 0.5
"""How often `incoming/` is looked into."""
_PATIENCE_SECONDS = 20.0
"""How long a caller's thread waits for the servers' thread."""

_T = TypeVar("_T")


class _Folder(MailboxData):
    """A folder of pymap's that keeps a file for each mail.  A file is in place before anybody is told."""

    def __init__(self, content_cache: Any, thread_cache: Any, path: Path, writing: asyncio.Lock) -> None:
        super().__init__(content_cache, thread_cache)
        self._path: Final = path
        self._writing: Final = writing
        """One for all folders: between choosing a UID and taking it nobody may come."""
        self._uids: Final = path / ".uids"
        path.mkdir(parents=True, exist_ok=True)
        # Seconds since 1970: greater than any before, also when the directory was thrown away.
        self._uid_validity = int(time.time())
        self._max_uid = 0
        if self._uids.exists():
            self._uid_validity, self._max_uid = (int(word) for word in self._uids.read_text().split())
        self._max_uid = max([self._max_uid, *(int(file.stem) for file in self._files())])
        self._note()

    def _files(self) -> list[Path]:
        return sorted(self._path.glob("*.eml"))

    def _file(self, uid: int) -> Path:
        return self._path / f"{uid:06d}.eml"

    def _note(self) -> None:
        new = self._path / ".uids.new"
        new.write_text(f"{self._uid_validity} {self._max_uid}\n")
        new.replace(self._uids)

    async def load(self) -> None:
        """Take up the mails that an earlier run left, under their old UIDs."""
        last = self._max_uid
        for file in self._files():
            self._max_uid = int(file.stem) - 1
            when = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            await super().append(AppendMessage(file.read_bytes(), when, frozenset()))
        self._max_uid = last

    async def update_selected(self, selected: SelectedMailbox, *, wait_on: Event | None = None) -> SelectedMailbox:
        # pymap loses what happens while a client is being told of the last change (measured: one mail of
        # three, delivered in a row): who has not seen the newest change need not wait for another.
        seen = selected.mod_sequence
        if seen is not None and seen < self._mod_sequences.highest:
            wait_on = None
        return await super().update_selected(selected, wait_on=wait_on)

    async def append(self, append_msg: AppendMessage, *, recent: bool = False) -> Message:
        when = append_msg.when or datetime.now(UTC)
        append_msg = AppendMessage(append_msg.literal, when, append_msg.flag_set, append_msg.options)
        async with self._writing:
            _write(self._file(self._max_uid + 1), append_msg.literal, when)
            message = await super().append(append_msg, recent=recent)
            self._note()
        return message

    async def copy(self, uid: int, destination: MailboxData, *, recent: bool = False) -> int | None:
        async with self._writing:
            new_uid = await super().copy(uid, destination, recent=recent)
            if new_uid is not None and isinstance(destination, _Folder):
                old = self._file(uid)
                when = datetime.fromtimestamp(old.stat().st_mtime, UTC)
                _write(destination._file(new_uid), old.read_bytes(), when)
                destination._note()
        return new_uid

    async def move(self, uid: int, destination: MailboxData, *, recent: bool = False) -> int | None:
        async with self._writing:
            new_uid = await super().move(uid, destination, recent=recent)
            if new_uid is not None and isinstance(destination, _Folder):
                self._file(uid).rename(destination._file(new_uid))
                destination._note()
        return new_uid

    async def delete(self, uids: Iterable[int]) -> None:
        gone = list(uids)
        async with self._writing:
            await super().delete(gone)
            for uid in gone:
                self._file(uid).unlink(missing_ok=True)


class _Folders(MailboxSet):
    """All folders of the one mailbox, as they lie in `root`."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root: Final = root
        self._writing: Final = asyncio.Lock()
        self._inbox: _Folder = self._folder("INBOX")

    def _folder(self, name: str) -> _Folder:
        return _Folder(self._content_cache, self._thread_cache, self._root / name, self._writing)

    async def load(self) -> None:
        await self._inbox.load()
        for name in sorted({*FOLDERS, *(path.name for path in self._root.iterdir())} - {"INBOX"}):
            folder = self._folder(name)
            await folder.load()
            self._set[name] = folder

    async def add_mailbox(self, name: str) -> ObjectId:
        # A folder's name becomes a directory's: no path may hide in it.
        if name in self._set or not re.fullmatch(r"\w[\w .-]*", name):
            raise ValueError(name)
        self._set[name] = folder = self._folder(name)
        return folder.mailbox_id

    async def delete_mailbox(self, name: str) -> None:
        raise NotSupportedError(f"{name}: no folder is deleted here")

    async def rename_mailbox(self, before: str, after: str) -> None:
        raise NotSupportedError(f"{before}: no folder is renamed here to {after}")


class _Quick(Config):
    """Nobody is kept waiting: no name server is asked what this machine is called."""

    @property
    def greeting(self) -> bytes:
        return b"Casa de correo de demostracion"


class _WholeLines:
    """A connection's writer that sends a response at once, not word by word.

    `pymap` writes in pieces; imapclient takes a line that comes in two packets, while it idles, for a
    lost connection (measured with 4.1).
    """

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer: Final = writer
        self._pieces: Final = bytearray()

    def write(self, piece: bytes) -> None:
        self._pieces.extend(piece)

    def writelines(self, pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            self.write(piece)

    async def drain(self) -> None:
        self._writer.write(bytes(self._pieces))
        self._pieces.clear()
        await self._writer.drain()

    def close(self) -> None:
        self._writer.close()


class _Server(IMAPServer):
    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sock_info: SocketInfo) -> None:
        await super().__call__(reader, cast("asyncio.StreamWriter", _WholeLines(writer)), sock_info)


class MailHouse:
    """The running house.  `MailHouse.start(directory)`, then `deliver` mails into INBOX; `stop` at the end.

    `user` and `password` open the mailbox by IMAP (`imap_port`, no TLS: loopback only).  Whatever is
    submitted at `smtp_port` is kept in `outgoing/`; a mail to the house's own address is delivered into
    INBOX, so that any mail program can be the customer.
    """

    def __init__(self, directory: Path, user: str, password: str) -> None:
        self.directory: Final = directory
        self.user: Final = user
        self.password: Final = password
        self.imap_port = 0
        self.smtp_port = 0
        self._incoming: Final = directory / "incoming"
        self._outgoing: Final = directory / "outgoing"
        self._mailbox: Final = directory / "mailbox"
        self._loop: Final = asyncio.new_event_loop()
        self._stopping: Final = asyncio.Event()
        self._open: Final = threading.Event()
        self._failure: BaseException | None = None
        self._folders: _Folders | None = None
        self._thread: Final = threading.Thread(target=self._run, name="casa-de-correo", daemon=True)

    @classmethod
    def start(
        cls,
        directory: Path,
        *,
        user: str = "posventagec2@cnt.gob.ec",
        password: str = "demostracion",  # noqa: S107 - opens a mailbox of invented mails on loopback
    ) -> Self:
        """Open the house in `directory` (made if it is not there) and return when both servers answer.

        Mails of an earlier run are there again, in their folders, under their UIDs.  Raises `OSError`
        when the directory cannot be written or no port can be had.
        """
        for name in ("incoming", "outgoing", "mailbox"):
            (directory / name).mkdir(parents=True, exist_ok=True)
        house = cls(directory, user, password)
        house._thread.start()
        house._open.wait(_PATIENCE_SECONDS)
        if house._failure is not None:
            raise house._failure
        return house

    def deliver(self, raw: bytes) -> int:
        """Put a mail into INBOX, as if it had just arrived, and return its UID.

        The bytes are kept as they are, except that lines end in CRLF, as on the wire.
        """
        return self._call(self._deliver(raw))

    def deliver_new(self, mails: Iterable[bytes]) -> int:
        """Deliver those mails that are in no folder yet; returns how many there were.

        So the sample mails can be handed in at each start: what an earlier run received, wherever it was
        filed, is not received again.
        """
        there = {file.read_bytes() for file in self._mailbox.glob("*/*.eml")}
        new = [raw for raw in map(_on_the_wire, mails) if raw not in there]
        for raw in new:
            self.deliver(raw)
        return len(new)

    def folder(self, name: str) -> list[bytes]:
        """The mails of a folder, oldest UID first, as they lie on disk."""
        return [file.read_bytes() for file in sorted((self._mailbox / name).glob("*.eml"))]

    def sent(self) -> list[bytes]:
        """What was submitted by SMTP so far, in order, each with `Return-Path` and `Delivered-To` on top."""
        return [file.read_bytes() for file in sorted(self._outgoing.glob("*.eml"))]

    def stop(self) -> None:
        """Close both servers.  The directory stays; calling it twice does no harm."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(_PATIENCE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, trouble: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # ── inside the servers' thread ───────────────────────────────────────────────────────────────

    def _call(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_SECONDS)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as trouble:  # noqa: BLE001 - handed to the thread that waits for us
            self._failure = trouble
        finally:
            self._open.set()
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _serve(self) -> None:
        async with AsyncExitStack() as stack:
            imap = await self._imap()
            smtp = await self._loop.create_server(
                lambda: SMTP(_PostOffice(self), hostname="localhost", data_size_limit=_MAX_MAIL, enable_SMTPUTF8=True),
                _LOOPBACK,
                0,
            )
            for server in (imap, smtp):
                await stack.enter_async_context(server)
            self.imap_port, self.smtp_port = (server.sockets[0].getsockname()[1] for server in (imap, smtp))
            look = asyncio.create_task(self._take_in())
            self._open.set()
            await self._stopping.wait()
            look.cancel()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _imap(self) -> asyncio.Server:
        arguments = argparse.Namespace(passlib_cfg=None, proxy_protocol=None)
        config = _Quick(
            arguments,
            demo_data=False,
            demo_user=self.user,
            demo_password=self.password,
            host=_LOOPBACK,
            port=0,
            tls_enabled=False,
            hash_context=Cleartext(),
            cpu_subsystem=Subsystem.for_asyncio(),
            max_append_len=_MAX_MAIL,
        )
        config.apply_context()
        self._folders = folders = _Folders(self._mailbox)
        await folders.load()
        config.set_cache[self.user] = (folders, FilterSet())
        backend = DictBackend(Login(config), config)
        await backend.login.demo_user_identity.set(UserMetadata(config, self.user, password=self.password))
        serve = ProxyProtocolReader(config.proxy_protocol).get_callback(_Server(backend.login, config))
        return await asyncio.start_server(serve, _LOOPBACK, 0)

    async def _deliver(self, raw: bytes) -> int:
        if self._folders is None:
            raise RuntimeError("the house is not open")
        inbox = await self._folders.get_mailbox("INBOX")
        message = await inbox.append(AppendMessage(_on_the_wire(raw), datetime.now(UTC), frozenset()), recent=True)
        return message.uid

    async def _take_in(self) -> None:
        """Deliver what is dropped into `incoming/`; a file still being written grows, and waits."""
        sizes: dict[Path, int] = {}
        while True:
            for file in sorted(self._incoming.iterdir()):
                with contextlib.suppress(OSError):
                    size = file.stat().st_size
                    if size and sizes.get(file) == size:
                        await self._deliver(file.read_bytes())
                        file.unlink()
                        del sizes[file]
                    else:
                        sizes[file] = size
            await asyncio.sleep(_LOOK_SECONDS)

    async def _post(self, sender: str, recipients: list[str], content: bytes) -> None:
        for recipient in recipients:
            if recipient.casefold() == self.user.casefold():
                await self._deliver(f"Return-Path: <{sender}>\r\n".encode() + content)
                continue
            number = max((int(file.stem) for file in self._outgoing.glob("*.eml")), default=0) + 1
            head = f"Return-Path: <{sender}>\r\nDelivered-To: {recipient}\r\n"
            _write(self._outgoing / f"{number:06d}.eml", head.encode() + content, datetime.now(UTC))


class _PostOffice:
    """What `aiosmtpd` calls."""

    def __init__(self, house: MailHouse) -> None:
        self._house: Final = house

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        content = envelope.content
        if not isinstance(content, bytes):
            return "554 5.6.0 No content"
        await self._house._post(envelope.mail_from or "", envelope.rcpt_tos, content)
        return "250 2.0.0 Ok: kept"


def _on_the_wire(raw: bytes) -> bytes:
    """Every line end as CRLF (RFC 5322 2.3)."""
    return re.sub(rb"\r\n|\r|\n", b"\r\n", raw)


def _write(path: Path, content: bytes, when: datetime) -> None:
    """Whole or not at all; the file's time is the mail's INTERNALDATE."""
    new = path.with_suffix(".new")
    new.write_bytes(content)
    os.utime(new, (when.timestamp(), when.timestamp()))
    new.replace(path)
