"""What the program says of itself: log lines without personal data, and readiness for systemd.

One canonical line per mail says what became of it.  Never logged: mail text, subjects, names, addresses,
whole identity numbers, passwords.  What identifies a mail in a log is its receipt number.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

mails = logging.getLogger("evidence_daemon.mail")
"""The canonical lines: one per mail and decision."""


def masked(number: str) -> str:
    """An identity or telephone number for logs and lists: two digits at each end.

    >>> masked("1716568499")
    '17******99'
    >>> masked("123")
    '***'
    """
    return number[:2] + "*" * (len(number) - 4) + number[-2:] if len(number) > 5 else "*" * len(number)


def masked_address(address: str) -> str:
    """An e-mail address for logs and lists: first letter and domain.

    >>> masked_address("juana@example.ec")
    'j…@example.ec'
    """
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}" if at else "…"


def say(logger: logging.Logger, level: int, event: str, **facts: object) -> None:
    """Log an event with its facts as key=value pairs (or as JSON, by configuration)."""
    logger.log(level, event, extra={"facts": facts})


SILENT = ("apscheduler", "mailparser", "imapclient", "pdfminer", "PIL", "sqlalchemy", "psycopg")
"""Libraries that would tell names of files, whole literals, or rows of the database: errors only, whatever is set."""


def set_up_logging(level: str, form: str) -> None:
    """Log to standard error, `form` "text" or "json"; libraries speak only when something is wrong."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Text())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("evidence_daemon").setLevel(level.upper())
    for chatty in SILENT:
        logging.getLogger(chatty).setLevel(logging.ERROR)


def notify(state: str) -> None:
    """Tell systemd (sd_notify(3)), e.g. "READY=1"; does nothing when not started by it."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as peer:
        peer.connect("\0" + address[1:] if address.startswith("@") else address)
        peer.send(state.encode())


def watchdog_seconds() -> float | None:
    """The time within which systemd wants to hear of us (sd_watchdog_enabled(3)); None when it does not watch."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    watched = os.environ.get("WATCHDOG_PID", "") in {"", str(os.getpid())}
    return int(microseconds) / 1e6 if microseconds.isdigit() and watched else None


def inherited_socket() -> socket.socket | None:
    """The socket on which systemd listens for us (sd_listen_fds(3)); None when it gave none."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS", "0") == "0":
        return None
    return socket.socket(fileno=3)


def _facts(record: logging.LogRecord) -> Mapping[str, object]:
    facts = getattr(record, "facts", {})
    return facts if isinstance(facts, Mapping) else {}


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        facts = "".join(f" {key}={value}" for key, value in _facts(record).items())
        who = record.name.removeprefix("evidence_daemon.")
        line = f"{at} {record.levelname.lower():7} {who}: {record.getMessage()}{facts}"
        return line + ("\n" + self.formatException(record.exc_info) if record.exc_info else "")


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **{
                key: str(value) if not isinstance(value, int | float | bool) else value
                for key, value in _facts(record).items()
            },
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
