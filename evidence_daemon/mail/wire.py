"""What both ways to a mail server share.

TLS that always verifies, a deadline that no server can outwait, and words for what went wrong.
"""

from __future__ import annotations

import contextlib
import errno
import imaplib
import ipaddress
import os
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any

from evidence_daemon.errors import BadConfig


def trust(section: str, security: str, host: str, ca_file: str) -> ssl.SSLContext | None:
    """The TLS context for a server, always verifying name and authority; None for security "none".

    `section` names the part of the configuration in messages.  `ca_file` (PEM) replaces the system's
    authorities.  Raises `BadConfig`: no TLS towards another machine, or an unusable `ca_file`.
    """
    if security == "none":
        if not _is_loopback(host):
            raise BadConfig(
                f'{section}.security: "none" would show password and mails to the network on the way to {host};'
                ' use "tls" or "starttls"'
            )
        return None
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as fault:
        raise BadConfig(f"{section}.ca_file: {ca_file}: no certificates can be read from it: {fault}") from fault
    context.sslsocket_class = _Socket
    return context


class _Socket(ssl.SSLSocket):
    """A TLS socket that is closed where its server hung up before the handshake.

    Python (3.11) raises from there and hands nobody the socket: it stayed open until memory was swept.
    """

    def getpeername(self) -> Any:
        try:
            return super().getpeername()
        except OSError as gone:
            self.close()
            raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)) from gone


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Leash:
    """Holds a connection from outside, so that it can be cut while a library waits on it.

    A socket's own timeout counts from the last byte: a server that sends one byte now and then holds a
    command for ever (measured: 21 s with a timeout of 1 s).  So each command gets a deadline of its own,
    and whoever still waits then finds the connection at its end.  Works below TLS, and survives STARTTLS,
    because it holds a duplicate of the file descriptor, not the library's socket.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = socket.socket(fileno=os.dup(connection.fileno()))
        self.cut = False
        """True when a deadline passed: the connection is dead."""

    @contextlib.contextmanager
    def at_most(self, seconds: float) -> Iterator[None]:
        """Cut the connection if the block takes longer than so many seconds."""
        timer = threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def close(self) -> None:
        """Let go.  The connection itself is its library's to close."""
        self._connection.close()

    def _cut(self) -> None:
        self.cut = True
        with contextlib.suppress(OSError):  # it is gone already
            self._connection.shutdown(socket.SHUT_RDWR)


def connect(host: str, port: int, seconds: float, tls: ssl.SSLContext | None) -> tuple[socket.socket, Leash]:
    """A connection, with TLS from the start if `tls`, and its leash.

    `seconds` bounds the connection and, again, the handshake.  Raises what the socket or TLS raises.
    The socket itself waits for ever: only the leash knows how long a command may take.
    """
    connection = socket.create_connection((host, port), seconds)
    connection.settimeout(None)
    leash = Leash(connection)
    try:
        if tls is not None:
            with leash.at_most(seconds):
                connection = tls.wrap_socket(connection, server_hostname=host)
    except BaseException as error:
        connection.close()
        leash.close()
        if leash.cut:
            raise TimeoutError from error
        raise
    return connection, leash


def explain(error: BaseException, *, late: bool = False) -> str:
    """Why a connection failed, in words that a person can act on.

    `late` when a `Leash` was cut.  The libraries' own texts are not passed on where they may quote a mail.
    """
    match error:
        case _ if late:
            return "no complete answer in time"
        case ssl.SSLCertVerificationError():
            return (
                f"the server's certificate is not trusted ({error.verify_message}); if it is the right server,"
                " name its authority in ca_file, or the certificate's own name in host"
            )
        case imaplib.IMAP4.abort() | smtplib.SMTPServerDisconnected() | ssl.SSLZeroReturnError() | ssl.SSLEOFError():
            return "the server broke off"
        case ssl.SSLError():
            return f"TLS failed ({error.reason or 'connection closed'}); does security fit the port?"
        case socket.gaierror():
            return "this name is not known; is host spelled right, does name resolution work?"
        case TimeoutError():
            return "no answer in time"
        case ConnectionRefusedError():
            return "nobody listens there; is port right, does the server run?"
        case OSError(strerror=str(reason)):
            return reason
        case _:
            return f"the connection was lost, or the answer made no sense ({type(error).__name__})"
