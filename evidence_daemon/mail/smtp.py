"""The postman: hands one answer to the submission server and says exactly what became of it.

SMTP cannot be exactly-once (RFC 1047): when the answer to the final dot is lost, nobody knows.  So the
outcomes part there: before the dot nothing was sent (`NotSent`), after it only the server's answer counts,
and without one it is `Uncertain`.  What to do then is the outbox's business.
"""

from __future__ import annotations

import base64
import contextlib
import logging
import re
import smtplib
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from evidence_daemon.config import SmtpConfig
from evidence_daemon.errors import LoginRefused, Temporary
from evidence_daemon.mail.oauth import xoauth2
from evidence_daemon.mail.wire import Leash, connect, explain, trust

log = logging.getLogger("evidence_daemon.smtp")

IDLE_SECONDS: Final = 60.0
"""An idle connection is used again within this time: later a firewall may have forgotten it silently."""
BODY_SECONDS: Final = 180.0
"""For handing over the body (RFC 5321 4.5.3.2.5 asks for three minutes a block; our answers are one block)."""
LOGIN_RETRY_SECONDS: Final = 300.0

_ADDRESS = re.compile(r"[^\s<>\x00-\x1f\x7f]+@[^\s<>@\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server took the mail; `response` is its answer."""

    response: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The server answered, and provably did not take it: for now (4xx), or for good (5xx, `permanent`).

    A 5xx to our own address as sender is not `permanent`: it says nothing of this mail or its recipient,
    and passes when somebody mends the account.
    """

    response: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class NotSent:
    """The connection failed before the end of the mail was sent: trying again is safe."""

    detail: str


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The whole mail was sent and the answer did not come: the server may have it, or not."""

    detail: str


Outcome = Accepted | Refused | NotSent | Uncertain


class _No(Exception):
    """The server's no to this mail, before the final dot."""

    def __init__(self, code: int, text: bytes, *, permanent: bool) -> None:
        super().__init__(_words(code, text))
        self.code = code
        self.permanent = permanent


class _Client(smtplib.SMTP):
    """The library's client on a connection that is there already: so a slow greeting has a deadline too."""

    def __init__(self, connection: socket.socket, name: str) -> None:
        self._ready = connection
        super().__init__(local_hostname=name)

    def connect(self, host: str = "localhost", port: int = 0, source_address: Any = None) -> tuple[int, bytes]:
        """Read the greeting; raises `SMTPConnectError` if it is not one."""
        self._host = host  # the name that STARTTLS will verify
        code, text = super().connect(host, port, source_address)
        if code != 220:
            raise smtplib.SMTPConnectError(code, text)
        return code, text

    def _get_socket(self, *_: Any) -> socket.socket:
        return self._ready


@dataclass(slots=True)
class _Line:
    """An open connection, logged in; `used_at` in monotonic seconds."""

    smtp: smtplib.SMTP
    leash: Leash
    used_at: float


class Postman:
    """Sends mails one by one, over one connection for a burst.  Not thread-safe (one owner).

    `secret` gives the password, or the access token where the configuration names an [[oauth]] block; it is
    asked for at each login, and what it raises passes.  `refused` is told a token that the server did not
    take; then one more login is tried, with the next one.  The constructor raises `BadConfig`.
    """

    def __init__(
        self, config: SmtpConfig, secret: Callable[[], str], refused: Callable[[str], None] | None = None
    ) -> None:
        self._config = config
        self._secret = secret
        self._refused = refused
        self._tls = trust("smtp", config.security, config.host, config.ca_file)
        self._line: _Line | None = None

    def send(self, raw: bytes, sender: str, recipient: str) -> Outcome:
        """Hand over one mail for one recipient.  Raises `LoginRefused` only.

        May take as long as the server may take: connection, then `data_timeout_seconds` for the last answer.
        """
        try:
            envelope = _mailbox(sender) if sender else "", _mailbox(recipient)
        except ValueError as fault:
            return Refused(f"not sent: {fault}", permanent=True)
        try:
            return self._send(_wire_form(raw), *envelope)
        except BaseException:
            self._drop()  # in the middle of a mail, maybe: never to be used again
            raise

    def check(self) -> str:
        """Connect and log in without sending; where, in words.  Raises `Temporary`."""
        try:
            self._reused() or self._open()
        except (_No, smtplib.SMTPException, OSError, UnicodeError) as error:
            raise Temporary(self._lost(error)) from None
        return f"{self._server}: logged in" if self._config.user else f"{self._server}: connected"

    def close(self) -> None:
        """Say goodbye, if connected.  Never raises; the postman may be used again."""
        line = self._line
        if line is not None:
            with contextlib.suppress(Exception), line.leash.at_most(min(5.0, self._config.connect_timeout_seconds)):
                line.smtp.quit()
            self._drop()

    # ── one mail ─────────────────────────────────────────────────────────────────────────────────

    def _send(self, body: bytes, sender: str, recipient: str) -> Outcome:
        try:
            line = self._reused() or self._open()
            self._hand_over(line, body, sender, recipient)
        except _No as no:
            if no.code == 421:  # it also hangs up (RFC 5321 3.8)
                self._drop()
            return Refused(str(no), no.permanent)
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            return NotSent(self._lost(error))
        # The final dot is out: from here on only the server knows.
        try:
            with line.leash.at_most(self._config.data_timeout_seconds):
                code, text = line.smtp.getreply()
        except (smtplib.SMTPException, OSError) as error:
            return Uncertain(self._lost(error))
        line.used_at = time.monotonic()
        if code == 421 or not (200 <= code < 300 or 400 <= code < 600):
            self._drop()
        if 200 <= code < 300:
            return Accepted(_words(code, text))
        if 400 <= code < 600:
            return Refused(_words(code, text), permanent=code >= 500)
        return Uncertain(f"{self._server}: an answer that SMTP does not know: {_words(code, text)}")

    def _hand_over(self, line: _Line, body: bytes, sender: str, recipient: str) -> None:
        """Everything up to and with the final dot.  Raises `_No`, or what the connection died of.

        An error in sending the dot itself still means that the server cannot have it: the system takes
        these few bytes whole or not at all, and a TLS record that is not whole is nothing.
        """
        smtp = line.smtp
        options = []
        if smtp.has_extn("size"):
            options.append(f"SIZE={len(body)}")
        if not body.isascii() and smtp.has_extn("8bitmime"):
            options.append("BODY=8BITMIME")
        smtp.command_encoding = "ascii"
        if not (sender + recipient).isascii():
            if not smtp.has_extn("smtputf8"):
                raise _No(553, b"5.6.7 not sent: this server takes no such letters in an address", permanent=True)
            options.append("SMTPUTF8")
            smtp.command_encoding = "utf-8"
        self._expect(line, {250}, f"MAIL FROM:<{sender}>" + "".join(f" {option}" for option in options), ours=True)
        self._expect(line, {250, 251}, f"RCPT TO:<{recipient}>")
        self._expect(line, {354}, "DATA")
        with line.leash.at_most(BODY_SECONDS):
            smtp.send(body)
            smtp.send(b".\r\n")

    def _expect(self, line: _Line, wanted: set[int], command: str, *, ours: bool = False) -> None:
        """One command.  Raises `_No` for 4xx and 5xx; `ours` where a no is about us, except for the size."""
        with line.leash.at_most(self._config.connect_timeout_seconds):
            code, text = line.smtp.docmd(command)
        if code in wanted:
            return
        if 400 <= code < 600:
            raise _No(code, text, permanent=code == 552 or (code >= 500 and not ours))
        raise smtplib.SMTPResponseException(code, text)  # we do not understand each other

    # ── the connection ───────────────────────────────────────────────────────────────────────────

    @property
    def _server(self) -> str:
        return f"SMTP server {self._config.host}:{self._config.port}"

    def _reused(self) -> _Line | None:
        """The connection of the mail before, if it still answers; a dead one is found out before any mail."""
        line = self._line
        if line is None:
            return None
        if time.monotonic() - line.used_at <= IDLE_SECONDS:
            with contextlib.suppress(smtplib.SMTPException, OSError, _No):
                self._expect(line, {250}, "RSET")
                return line
        self._drop()
        return None

    def _open(self) -> _Line:
        """Connect, secure, log in.  Raises `LoginRefused`, or what the connection died of."""
        secret = self._secret() if self._config.user else ""
        try:
            return self._enter(secret)
        except LoginRefused:
            if self._refused is None:
                raise
        self._refused(secret)  # a token may have been withdrawn before its time
        return self._enter(self._secret())

    def _enter(self, secret: str) -> _Line:
        config = self._config
        # Our own domain, for the library would look this machine's name up, which may take long or tell too much.
        name = config.from_address.rpartition("@")[2] or "localhost"
        seconds = config.connect_timeout_seconds
        connection, leash = connect(config.host, config.port, seconds, self._tls if config.security == "tls" else None)
        # The final dot is a write of its own; without this it would wait for an acknowledgement (40 ms).
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        smtp = _Client(connection, name)
        line = self._line = _Line(smtp, leash, time.monotonic())
        with leash.at_most(seconds):
            smtp.connect(config.host, config.port)
            smtp.ehlo_or_helo_if_needed()
        if config.security == "starttls":
            if not smtp.has_extn("starttls"):
                raise smtplib.SMTPNotSupportedError('it does not offer STARTTLS; use security = "tls" (often port 465)')
            with line.leash.at_most(seconds):
                code, text = smtp.starttls(context=self._tls)
                if code != 220:
                    raise smtplib.SMTPResponseException(code, text)
                smtp.ehlo_or_helo_if_needed()
        if config.user:
            self._log_in(line, config.user, secret)
        return line

    def _log_in(self, line: _Line, user: str, secret: str) -> None:
        log_in = _show_token if self._config.oauth else _authenticate
        with line.leash.at_most(self._config.connect_timeout_seconds):
            code, text = log_in(line.smtp, user, secret)
        if code == 235:
            return
        self._drop()
        if 400 <= code < 500:  # not now, e.g. 454 (RFC 4954 6)
            raise smtplib.SMTPResponseException(code, text)
        raise LoginRefused(
            f"{self._server}: login refused: {_words(code, text).replace(user, '(user)')};"
            f" check smtp.user and {'the consent' if self._config.oauth else 'the file named by smtp.password_file'}",
            LOGIN_RETRY_SECONDS,
        )

    def _lost(self, error: Exception) -> str:
        """What a connection died of; drops it."""
        late = self._line is not None and self._line.leash.cut
        self._drop()
        if isinstance(error, smtplib.SMTPResponseException):
            return f"{self._server}: {_words(error.smtp_code, _bytes(error.smtp_error))}"
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return f"{self._server}: {error}"
        return f"{self._server}: {explain(error, late=late)}"

    def _drop(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            with contextlib.suppress(Exception):
                line.smtp.close()
            line.leash.close()


def _authenticate(smtp: smtplib.SMTP, user: str, password: str) -> tuple[int, bytes]:
    """Log in; the server's answer, 235 when it is content."""
    offered = smtp.esmtp_features.get("auth", "").upper().split()
    try:
        if "PLAIN" in offered:
            # RFC 4616, in UTF-8: the library would take ASCII only.
            token = base64.b64encode(f"\0{user}\0{password}".encode()).decode("ascii")
            return smtp.docmd("AUTH", f"PLAIN {token}")
        if {"LOGIN", "CRAM-MD5"}.isdisjoint(offered):
            return 504, b"the server offers no login that we know"
        return smtp.login(user, password)
    except smtplib.SMTPAuthenticationError as error:
        return error.smtp_code, _bytes(error.smtp_error)


def _show_token(smtp: smtplib.SMTP, user: str, token: str) -> tuple[int, bytes]:
    """Log in by XOAUTH2; the server's answer, 235 when it is content."""
    message = base64.b64encode(xoauth2(user, token)).decode("ascii")
    code, text = smtp.docmd("AUTH", f"XOAUTH2 {message}")
    return smtp.docmd("") if code == 334 else (code, text)  # it explains itself first, and then says no


def _words(code: int, text: bytes) -> str:
    """A server's answer as one line, at most 500 characters."""
    said = "".join(character if character.isprintable() else " " for character in text.decode("utf-8", "replace"))
    return f"{code} {said}"[:500]


def _mailbox(address: str) -> str:
    """An address as the envelope takes it: the domain in ASCII.  Raises `ValueError` for what is none."""
    if not _ADDRESS.fullmatch(address):
        raise ValueError("this is not a mail address")
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        raise ValueError("this is not a mail domain") from None


def _wire_form(raw: bytes) -> bytes:
    r"""A mail as DATA wants it: CRLF line ends only, lines beginning with a dot doubled, a line end last.

    A lone CR or LF must not go out (RFC 5321 2.3.8): servers that take it for a line end see other mails.

    >>> _wire_form(b"a\n.b")
    b'a\r\n..b\r\n'
    """
    body = re.sub(rb"\r\n|\r|\n", b"\r\n", raw)
    if not body.endswith(b"\r\n"):
        body += b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", body)


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
