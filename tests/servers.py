"""Real servers for tests, benchmarks and shows of faults: Dovecot, an SMTP receiver, PostgreSQL, a faulty wire.

No pytest here, so that plain scripts may use it too.  Each server lives in a directory of its own, listens
on loopback at random ports, needs no rights (as root it steps down to `nobody`), and is started and stopped
by `start` and `stop` or a `with` block.  `Missing` is raised when the program is not installed.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import datetime
import getpass
import grp
import ipaddress
import itertools
import json
import os
import pwd
import random
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from imapclient import IMAPClient, SocketTimeout

PASSWORD = "secret"
"""Of every user of Dovecot here, unless it is given another."""
HOST = "127.0.0.1"
_START_SECONDS = 30.0


class Missing(Exception):
    """A program that a server needs is not installed; the text says which."""


class _Startable:
    """Something that runs between `start` and `stop`, or within a `with` block."""

    def start(self) -> Self:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Server(_Startable):
    """A server in its own directory, removed at the end unless it was given one."""

    def __init__(self, directory: Path | None) -> None:
        self._own = directory is None
        self.directory = directory or Path(tempfile.mkdtemp(prefix="evidence-"))
        self.directory.mkdir(parents=True, exist_ok=True)
        _let_others_through(self.directory)
        atexit.register(self._remove)

    def _remove(self) -> None:
        if self._own:
            shutil.rmtree(self.directory, ignore_errors=True)


# ── Dovecot ──────────────────────────────────────────────────────────────────────────────────────

_DOVECOT = """
base_dir = {directory}/run
state_dir = {directory}/run
instance_name = test
log_path = {directory}/dovecot.log
info_log_path = {directory}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 0
first_valid_gid = 0
mail_location = maildir:{directory}/mail/%u
mail_uid = {user}
mail_gid = {group}
mail_max_userip_connections = 100
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
auth_username_format =
ssl = yes
ssl_cert = <{directory}/cert.pem
ssl_key = <{directory}/key.pem
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={directory}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {tls_port}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp_port}
  }}
  unix_listener lmtp {{
    mode = 0600
  }}
}}
service anvil {{
  chroot =
  # one wrong password must not slow down every later login from this address
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap {{
  client_limit = 1
  process_limit = 64
}}
{more}
"""


class Dovecot(_Server):
    """A private Dovecot 2.3: any user name is a mailbox, made on first use, with one `password` for all.

    `separator` and `prefix` are the namespace's; `more` is further configuration in Dovecot's own
    language (capabilities, plug-ins).  `port` speaks plain IMAP and STARTTLS, `tls_port` TLS; `ca` is the
    certificate (PEM) to trust for the host "localhost".
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        separator: str = "/",
        prefix: str = "",
        more: str = "",
        password: str = PASSWORD,
    ) -> None:
        binary = _program("dovecot")
        version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
        if not version.startswith("2.3."):
            raise Missing(f"Dovecot 2.3 (2.4 has another configuration language); found {version.strip()}")
        super().__init__(directory)
        self._binary = binary
        self._password = password
        self._doveadm = _program("doveadm")
        self._process: subprocess.Popen[bytes] | None = None
        self._delivered = itertools.count(1)
        self.port, self.tls_port, self.lmtp_port = _free_ports(3)
        self.ca = certificate(self.directory)
        user, group = _user()
        text = _DOVECOT.format(
            directory=self.directory,
            user=user,
            group=group,
            password=password,
            separator=separator,
            prefix=prefix,
            port=self.port,
            tls_port=self.tls_port,
            lmtp_port=self.lmtp_port,
            more=more,
        )
        (self.directory / "dovecot.conf").write_text(text)
        (self.directory / "mail").mkdir(exist_ok=True)
        _give_away(self.directory)

    # ── the server itself

    def start(self) -> Self:
        """Return when all three ports answer; again on the same ports, with its mail, after a `kill`."""
        run = self.directory / "run"
        shutil.rmtree(run, ignore_errors=True)  # a zombie in its master.pid would say "already running"
        run.mkdir()
        _give_away(run)
        self._process = _popen([self._binary, "-F", "-c", str(self.directory / "dovecot.conf")])
        for port in (self.port, self.tls_port, self.lmtp_port):
            _await_port(port, self._process, self.directory / "dovecot.log")
        return self

    def stop(self) -> None:
        """Kill it and forget its mail."""
        self.kill()
        self._remove()

    def kill(self) -> None:
        """SIGKILL the server with all its sessions, as a power cut would; `start` brings it back with its mail."""
        if self._process is not None:
            _kill_group(self._process)
            self._process = None

    def pause(self) -> None:
        """SIGSTOP: it still accepts connections (the kernel does) and answers nothing, until `resume`."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGCONT)

    def sessions(self, user: str) -> list[int]:
        """Process ids that serve this user right now: to be killed (server dies) or stopped (server hangs)."""
        who = _run([self._doveadm, "-c", str(self.directory / "dovecot.conf"), "who", "-1"])
        rows = [line.split() for line in who.splitlines()]
        return [int(row[2].strip("()")) for row in rows if row[0] == user]

    def signal_sessions(self, user: str, what: signal.Signals) -> int:
        """Send a signal to all sessions of a user; how many there were."""
        pids = self.sessions(user)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, what)
        return len(pids)

    # ── its mail

    def deliver(self, user: str, *mails: bytes) -> None:
        """Put mails into the inbox byte for byte, as they are (no header is added)."""
        inbox = self.directory / "mail" / user
        for name in ("tmp", "new", "cur"):
            folder = inbox / name
            if not folder.is_dir():
                folder.mkdir(parents=True)
                _give_away(inbox)
        for raw in mails:
            # Dovecot numbers what it finds at once by file name; the counter keeps the order of delivery.
            name = f"{int(time.time())}.M{next(self._delivered):09d}P{os.getpid()}.test"
            (inbox / "tmp" / name).write_bytes(raw)
            _give_away(inbox / "tmp" / name)
            (inbox / "tmp" / name).rename(inbox / "new" / name)

    def deliver_lmtp(self, user: str, raw: bytes, sender: str = "cliente@example.ec") -> None:
        """Hand a mail over as a mail server does; Return-Path, Delivered-To and Received are added."""
        with smtplib.LMTP(HOST, self.lmtp_port) as lmtp:
            lmtp.sendmail(sender, [user], raw)

    def client(self, user: str) -> IMAPClient:
        """A second person at the mailbox, logged in by TLS."""
        trust = ssl.create_default_context(cafile=str(self.ca))
        client = IMAPClient("localhost", self.tls_port, ssl=True, ssl_context=trust, timeout=SocketTimeout(5, 20))
        client.login(user, self._password)
        return client

    def folders(self, user: str) -> dict[str, list[bytes]]:
        """Every folder of a mailbox with the mails in it, oldest first."""
        with self.client(user) as client:
            found: dict[str, list[bytes]] = {}
            for _, _, name in client.list_folders():
                client.select_folder(name, readonly=True)
                uids = client.search()
                bodies = client.fetch(uids, ["BODY.PEEK[]"])
                found[name] = [bodies[uid][b"BODY[]"] for uid in uids]
            return found

    def renumber(self, user: str) -> None:
        """Give the inbox another UIDVALIDITY and count its UIDs from 1, as after a lost index."""
        inbox = self.directory / "mail" / user
        first = (inbox / "dovecot-uidlist").read_text(errors="replace").splitlines()[0]
        old = next(int(part[1:]) for part in first.split() if part.startswith("V"))
        self.signal_sessions(user, signal.SIGKILL)
        for index in (*inbox.glob("dovecot.index*"), *inbox.glob("dovecot-uidvalidity*")):
            index.unlink()
        # A lost list is made anew with the time as UIDVALIDITY, maybe the same second: so name it.
        (inbox / "dovecot-uidlist").write_text(f"3 V{old + 1} N1\n")
        _give_away(inbox)


# ── SMTP ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Received:
    """A mail that the receiver took: its envelope, and its bytes as they were sent (dots unstuffed)."""

    number: int
    sender: str
    recipients: tuple[str, ...]
    user: str
    """Who was logged in; empty without a login."""
    tls: bool
    raw: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong at the next command of a kind: "RSET", "MAIL", "RCPT", "DATA" or "DOT" (the end of a mail).

    First it waits (`delay` seconds), then gives `reply` instead of its own ("" leaves its own), then hangs up
    if `drop` (with reply "" without a word).  At DOT `keep` says whether the mail is taken all the same.
    """

    at: str
    reply: str = ""
    delay: float = 0.0
    drop: bool = False
    keep: bool = False


NEVER = 1e6
"""A delay that no test outlives."""


class _Session(SMTP):
    """One connection; asks the receiver's list of faults before each command."""

    def __init__(self, receiver: SmtpReceiver, **settings: Any) -> None:
        self.receiver = receiver
        super().__init__(receiver, **settings)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.receiver.live.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.receiver.live.discard(self)
        super().connection_lost(error)

    def hang_up(self) -> None:
        if self.transport is not None:
            self.transport.abort() if hasattr(self.transport, "abort") else self.transport.close()

    async def goes_wrong(self, at: str) -> Fault | None:
        """Do what the next fault for this command says; None when all is well, or only slow."""
        fault = self.receiver.next_fault(at)
        if fault is None:
            return None
        await asyncio.sleep(fault.delay)
        if fault.reply:
            await self.push(fault.reply)
        if fault.drop:
            self.hang_up()
        return fault if fault.reply or fault.drop else None

    async def smtp_RSET(self, arg: str) -> None:
        if not await self.goes_wrong("RSET"):
            await super().smtp_RSET(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:
        if await self.goes_wrong("MAIL"):
            return
        if self.receiver.wants_login and not (self.session and self.session.authenticated):
            await self.push("530 5.7.0 log in first")  # aiosmtpd's own demand warns where there is no STARTTLS
            return
        await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        if not await self.goes_wrong("RCPT"):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if not await self.goes_wrong("DATA"):
            await super().smtp_DATA(arg)


class SmtpReceiver(_Server):
    """A real SMTP server (aiosmtpd, in a thread) that keeps every mail it takes, in memory and on disk.

    `security` is "none", "starttls" (refuses mail before it) or "tls".  With a `password`, the user "posventa"
    must log in with it.  `faults` are consumed in order, each by the first command of its kind.
    A mail is on disk before it is answered, so that the count stays true when the sender is killed.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        security: str = "none",
        password: str = "",
        size_limit: int = 30_000_000,
    ) -> None:
        super().__init__(directory)
        self.security = security
        self.faults: deque[Fault] = deque()
        self.live: set[_Session] = set()
        self.connections = 0
        self.login_reply = ""
        """When set, the answer to every login instead of the right one."""
        self.port = 0
        self.ca = certificate(self.directory)
        self.wants_login = bool(password)
        self._password = password
        self._size_limit = size_limit
        self._numbers = itertools.count(1)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Listen; again on the same port after a `kill`."""
        ready = threading.Event()
        trouble: list[BaseException] = []

        def run() -> None:
            try:
                asyncio.run(self._serve(ready))
            except BaseException as error:  # noqa: BLE001  -- told in the thread that waits
                trouble.append(error)
                ready.set()

        self._thread = threading.Thread(target=run, name="smtp-receiver", daemon=True)
        self._thread.start()
        ready.wait(_START_SECONDS)
        if trouble:
            raise trouble[0]
        return self

    def stop(self) -> None:
        self.kill()
        self._remove()

    def kill(self) -> None:
        """Cut all connections and stop listening; what was received stays."""
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join(_START_SECONDS)
            self._loop = self._thread = None

    def drop_connections(self) -> None:
        """Hang up on everybody, as a server does that is tired of an idle connection."""
        assert self._loop is not None
        done = threading.Event()

        def drop() -> None:
            for session in list(self.live):
                session.hang_up()
            done.set()

        self._loop.call_soon_threadsafe(drop)
        done.wait(_START_SECONDS)

    @property
    def received(self) -> list[Received]:
        """Every mail that was taken, oldest first, read from disk."""
        mails = []
        for path in sorted(self.directory.glob("*.json")):
            envelope = json.loads(path.read_text())
            mails.append(
                Received(
                    number=envelope["number"],
                    sender=envelope["sender"],
                    recipients=tuple(envelope["recipients"]),
                    user=envelope["user"],
                    tls=envelope["tls"],
                    raw=path.with_suffix(".eml").read_bytes(),
                )
            )
        return mails

    def next_fault(self, at: str) -> Fault | None:
        """The next fault for this command, taken off the list."""
        for fault in self.faults:
            if fault.at == at:
                self.faults.remove(fault)
                return fault
        return None

    # ── in the server's thread

    async def _serve(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        context = None
        if self.security != "none":
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(self.ca, self.ca.with_name("key.pem"))

        def session() -> _Session:
            self.connections += 1
            return _Session(
                self,
                hostname="receiver.test",
                ident="receiver",
                enable_SMTPUTF8=False,
                data_size_limit=self._size_limit,
                tls_context=context if self.security == "starttls" else None,
                require_starttls=self.security == "starttls",
                authenticator=self._authenticate if self._password else None,
                auth_exclude_mechanism=[] if self._password else ["LOGIN", "PLAIN"],
                auth_require_tls=self.security == "starttls",
            )

        server = await self._loop.create_server(
            session, HOST, self.port, ssl=context if self.security == "tls" else None
        )
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._over.wait()
        server.close()
        for one in list(self.live):
            one.hang_up()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0.01)

    def _authenticate(self, server: SMTP, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        if self.login_reply:
            return AuthResult(success=False, handled=False, message=self.login_reply)
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"posventa", self._password.encode())
        return AuthResult(success=good, handled=False, auth_data=data.login.decode() if good else None)

    async def handle_DATA(self, server: _Session, session: Any, envelope: Any) -> str:
        """Called by aiosmtpd at the end of a mail; returns the answer."""
        fault = self.next_fault("DOT")
        if fault is None or fault.keep or not (fault.reply or fault.drop):
            self._keep(session, envelope)
        if fault is not None:
            await asyncio.sleep(fault.delay)
            if fault.drop and not fault.reply:
                server.hang_up()
                await asyncio.sleep(NEVER)  # until the connection's end cancels this task
            if fault.drop:
                await server.push(fault.reply)
                server.hang_up()
                await asyncio.sleep(NEVER)
        return (fault.reply if fault is not None else "") or "250 2.0.0 taken"

    def _keep(self, session: Any, envelope: Any) -> None:
        number = next(self._numbers)
        path = self.directory / f"{number:06d}"
        path.with_suffix(".eml").write_bytes(envelope.original_content)
        facts = {
            "number": number,
            "sender": "" if envelope.mail_from == "<>" else envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "user": session.auth_data or "",
            "tls": self.security == "tls" or session.ssl is not None,
        }
        part = path.with_suffix(".part")
        part.write_text(json.dumps(facts))
        part.rename(path.with_suffix(".json"))


# ── Postfix ──────────────────────────────────────────────────────────────────────────────────────

_POSTFIX = """
compatibility_level = 3.6
queue_directory = {directory}/spool
data_directory = {directory}/data
maillog_file = {directory}/maillog
maillog_file_prefixes = {directory}
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.test
mydomain = test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_recipient_restrictions = permit_mynetworks, reject
local_recipient_maps =
virtual_mailbox_domains = {home}
virtual_mailbox_maps =
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
default_transport = smtp:[127.0.0.1]:{outside}
message_size_limit = 60000000
mailbox_size_limit = 0
alias_maps =
alias_database =
bounce_queue_lifetime = 0
delay_warning_time = {delay_warning_time}
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
smtp_fallback_relay =
"""
_POSTFIX_SERVICES = (
    *(f"{name} unix n - n {wake} 1 {name}" for name, wake in (("pickup", 60), ("qmgr", 300))),
    "tlsmgr unix - - n 1000? 1 tlsmgr",
    "rewrite unix - - n - - trivial-rewrite",
    *(f"{name} unix - - n - 0 bounce" for name in ("bounce", "defer", "trace")),
    "cleanup unix n - n - 0 cleanup",
    "flush unix n - n 1000? 0 flush",
    "verify unix - - n - 1 verify",
    "proxymap unix - - n - - proxymap",
    *(
        f"{name} unix - - n - - {program}"
        for name, program in (("smtp", "smtp"), ("error", "error"), ("retry", "error"))
    ),
    "discard unix - - n - - discard",
    "lmtp unix - - n - - lmtp",
    "anvil unix - - n - 1 anvil",
    "scache unix - - n - 1 scache",
    "postlog unix-dgram n - n - 1 postlogd",
)


class Postfix(_Server):
    """A private Postfix: mail to the domain `home` goes by LMTP into Dovecot, all other to the port `outside`.

    Its reports of what failed outside are the real thing.  Needs root: its master does.
    """

    def __init__(self, *, home: str, lmtp: int, outside: int, delay_warning_time: str = "0h") -> None:
        if not _is_root():
            raise Missing("Postfix's master needs root")
        self._postfix = _program("postfix")
        super().__init__(None)
        (self.port,) = _free_ports(1)
        self._process: subprocess.Popen[bytes] | None = None
        settings = self.directory / "etc"
        settings.mkdir()
        (settings / "main.cf").write_text(
            _POSTFIX.format(
                directory=self.directory, home=home, lmtp=lmtp, outside=outside, delay_warning_time=delay_warning_time
            )
        )
        listening = f"127.0.0.1:{self.port} inet n - n - - smtpd"
        (settings / "master.cf").write_text("\n".join((listening, *_POSTFIX_SERVICES)) + "\n")
        for name in ("spool", "data"):
            (self.directory / name).mkdir()
        os.chown(self.directory / "data", pwd.getpwnam("postfix").pw_uid, -1)

    def start(self) -> Self:
        """Listen; the shell around it ends with this program, and takes the master along."""
        command = [self._postfix, "-c", str(self.directory / "etc"), "start-fg"]
        if setpriv := shutil.which("setpriv"):
            command = [setpriv, "--pdeathsig", "TERM", *command]
        log = self.directory / "postfix.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True, cwd="/")
        _await_port(self.port, self._process, log)
        return self

    def stop(self) -> None:
        if self._process is not None:
            subprocess.run(
                [self._postfix, "-c", str(self.directory / "etc"), "abort"], capture_output=True, check=False
            )
            self._process.wait(_START_SECONDS)
            self._process = None
        self._remove()

    @property
    def log(self) -> str:
        """What it wrote about its mails."""
        path = self.directory / "maillog"
        return path.read_text(errors="replace") if path.exists() else ""


# ── PostgreSQL ───────────────────────────────────────────────────────────────────────────────────


class PostgreSQL(_Server):
    """A private PostgreSQL cluster that no power cut survives (it is thrown away); `database` makes fresh databases.

    With `crashes` what was committed survives `restart`, and `kill`; `listen` are more addresses than loopback.
    """

    def __init__(self, directory: Path | None = None, *, crashes: bool = False, listen: str = "") -> None:
        self._crashes, self._listen = crashes, ",".join(filter(None, (HOST, listen)))
        self._postgres = _program("postgres", *_postgres_directories())
        self._initdb = _program("initdb", *_postgres_directories())
        super().__init__(directory)
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        (self.port,) = _free_ports(1)

    def start(self) -> Self:
        data = self.directory / "data"
        log = self.directory / "postgres.log"
        _give_away(self.directory)
        if not data.exists():
            _run(
                [self._initdb, "-D", str(data), "-U", "evidence", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
            )
            if self._listen != HOST:
                with (data / "pg_hba.conf").open("a") as hosts:
                    hosts.write(f"host all all {self._listen.rpartition(',')[2]}/24 trust\n")
        settings = {
            "listen_addresses": self._listen,
            "unix_socket_directories": str(self.directory),
            "fsync": "off",
            "synchronous_commit": "on" if self._crashes else "off",
            "full_page_writes": "off",
            "max_connections": "200",
        }
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        self._process = _popen([self._postgres, "-D", str(data), "-p", str(self.port), *options], log)
        _await_port(self.port, self._process, log)
        end = time.monotonic() + _START_SECONDS
        while True:  # the port answers before the start is over
            try:
                self._query("SELECT 1")
            except Exception:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)
            else:
                return self

    def stop(self) -> None:
        self.kill()
        self._remove()

    def kill(self) -> None:
        """SIGKILL all its processes; `start` recovers."""
        if self._process is not None:
            _kill_group(self._process)
            self._process = None

    def restart(self) -> None:
        """As `pg_ctl restart -m immediate`: every session breaks off, and it recovers as after a crash."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(_START_SECONDS)
        self.start()

    def database(self, like: str = "") -> str:
        """Make an empty database, or a copy of the one at the URL `like`, which nobody uses just now; its URL."""
        name = f"evidence_{next(self._numbers)}"
        self._query(f"CREATE DATABASE {name} TEMPLATE {like.rpartition('/')[2] or 'template1'}")
        return f"postgresql://evidence@{HOST}:{self.port}/{name}"

    def _query(self, sql: str) -> None:
        import psycopg

        with psycopg.connect(f"postgresql://evidence@{HOST}:{self.port}/postgres", autocommit=True) as connection:
            connection.execute(sql.encode())


def _postgres_directories() -> list[Path]:
    """Debian keeps the programs of each version apart, newest first here."""
    found = Path("/usr/lib/postgresql").glob("*/bin")
    return sorted(found, key=lambda path: float(path.parent.name), reverse=True)


# ── a wire with faults ───────────────────────────────────────────────────────────────────────────


class Wire(_Startable):
    """A TCP relay in front of a real server, so that the network itself can fail at an exact place.

    Towards the client: after `cut_after` bytes of a connection it breaks; after `garble_after` a byte is another
    (once in each connection); with `drip` it passes one byte each so many seconds; `stall` holds everything back.
    All may be changed while it runs.  `passed` counts the bytes that reached the client, `connections` how often
    it called.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.cut_after: int | None = None
        self.garble_after: int | None = None
        self.drip = 0.0
        self.rate = 0
        self.stall = False
        self.passed = 0
        self.connections = 0
        self.port = 0
        self._listener: socket.socket | None = None
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._over = threading.Event()

    def start(self) -> Self:
        self._listener = socket.create_server((HOST, 0))
        self.port = self._listener.getsockname()[1]
        self._spawn(self._accept)
        return self

    def stop(self) -> None:
        self._over.set()
        if self._listener is not None:
            _break(self._listener)
        for one in self._open:
            _break(one)
        for thread in self._threads:
            thread.join(_START_SECONDS)

    def _spawn(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        assert self._listener is not None
        while not self._over.is_set():
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection((HOST, self.target))
            except OSError:
                return
            self.connections += 1
            self._open += [client, server]
            self._spawn(self._upstream, client, server)
            self._spawn(self._downstream, server, client)

    def _upstream(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)
        _break(server)

    def _downstream(self, server: socket.socket, client: socket.socket) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                passed = self._pass(data, passed, client)
        _break(client)

    def _pass(self, data: bytes, passed: int, client: socket.socket) -> int:
        """Hand bytes on to the client, with whatever fault is set; `passed` so far, and then."""
        while data:
            while self.stall and not self._over.wait(0.01):
                pass
            size = len(data)
            if self.drip:
                self._over.wait(self.drip)
                size = 1
            elif self.rate:
                self._over.wait(0.02)
                size = min(size, self.rate // 50)
            if self.cut_after is not None:
                size = min(size, self.cut_after - passed)
                if size <= 0:
                    raise OSError("cut")
            piece = data[:size]
            if self.garble_after is not None and 0 <= (at := self.garble_after - passed) < size:
                piece = piece[:at] + bytes([piece[at] ^ 0x55]) + piece[at + 1 :]
            client.sendall(piece)
            self.passed += size
            passed += size
            data = data[size:]
        return passed


def _break(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


# ── certificates ─────────────────────────────────────────────────────────────────────────────────


def certificate(directory: Path) -> Path:
    """Write `cert.pem` and `key.pem` for localhost, valid for two days and its own authority; the former's path."""
    key = ec.generate_private_key(ec.SECP256R1())  # an RSA key would cost a second
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(HOST))])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (directory / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    path = directory / "cert.pem"
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    return path


# ── processes and users ──────────────────────────────────────────────────────────────────────────


def _program(name: str, *places: Path) -> str:
    """Path of a program; servers stand in sbin, which is not on everybody's PATH."""
    path = os.pathsep.join([*map(str, places), os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])
    found = shutil.which(name, path=path)
    if found is None:
        raise Missing(f"the program {name} is not installed")
    return found


def _is_root() -> bool:
    return os.geteuid() == 0


def _nobody() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


def _user() -> tuple[str, str]:
    """User and group that servers run as."""
    if _is_root():
        return "nobody", grp.getgrgid(_nobody().pw_gid).gr_name
    return getpass.getuser(), grp.getgrgid(os.getegid()).gr_name


def _identity() -> dict[str, Any]:
    return {"user": _nobody().pw_uid, "group": _nobody().pw_gid, "extra_groups": []} if _is_root() else {}


def _popen(command: list[str], log: Path | None = None) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own; the kernel ends it when this program dies, however it dies."""
    if setpriv := shutil.which("setpriv"):
        command = [setpriv, "--pdeathsig", "KILL", *command]
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(log.open("ab")) if log else subprocess.DEVNULL
        return subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True, cwd="/", **_identity())


def _run(command: list[str]) -> str:
    done: subprocess.CompletedProcess[str] = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd="/", **_identity()
    )
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed: {done.stdout}{done.stderr}")
    return done.stdout


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(_START_SECONDS)


def _give_away(path: Path) -> None:
    """Let the server's user own a file or a whole directory."""
    if _is_root():
        nobody = _nobody()
        for one in (path, *path.rglob("*")) if path.is_dir() else (path,):
            os.chown(one, nobody.pw_uid, nobody.pw_gid)


def _let_others_through(directory: Path) -> None:
    """Directories for tests are closed (0700); the server's user must be able to walk through them."""
    if not _is_root():
        return
    top = Path(tempfile.gettempdir()).resolve()
    directory.chmod(0o755)
    for parent in directory.resolve().parents:
        if parent == top or top not in parent.parents:
            break
        parent.chmod(parent.stat().st_mode | 0o011)


def _free_ports(count: int) -> list[int]:
    """Ports that nobody has now, from below those that the kernel gives to every outgoing connection.

    One from the kernel's own range may be another program's a moment later: then its connection is reset, or ours.
    """
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(10_000, 30_000)
        if port not in found:
            with contextlib.suppress(OSError), socket.create_server((HOST, port)):
                found.append(port)
    return found


def _await_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection((HOST, port), 1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                said = log.read_text(errors="replace") if log.exists() else ""
                raise RuntimeError(f"the server on port {port} did not start: {said[-2000:]}") from None
            time.sleep(0.005)
        else:
            return


@contextlib.contextmanager
def frozen(server: Dovecot, user: str) -> Iterator[int]:
    """Within the block the sessions of a user hang (SIGSTOP); they are killed at its end.  How many there were."""
    pids = server.sessions(user)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield len(pids)
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
