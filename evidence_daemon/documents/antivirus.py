"""Optional: what ClamAV says of a file, by INSTREAM (clamd(8)) over a Unix socket or TCP.

The file is streamed in pieces, each with its length in four bytes, and a length of zero ends it.  clamd
answers `stream: OK`, `stream: NAME FOUND`, or an error; above its StreamMaxLength it closes the connection,
which means "not looked at", never "clean".
"""

from __future__ import annotations

import contextlib
import re
import socket
import struct
from dataclasses import dataclass

_PIECE = 1 << 16
_MOST_ANSWER = 4096


@dataclass(frozen=True, slots=True)
class Clean:
    """Nothing known was found."""


@dataclass(frozen=True, slots=True)
class Found:
    """Malware, by the name that its signature has."""

    name: str


@dataclass(frozen=True, slots=True)
class NotLooked:
    """Nobody looked, and why."""

    because: str


Opinion = Clean | Found | NotLooked


class ClamAV:
    """A clamd.  `place` is `unix:/path` or `tcp:host:port` (see `read_place`); `seconds` bound one file."""

    def __init__(self, place: str, seconds: float) -> None:
        self._place = read_place(place)
        self._seconds = seconds

    def look(self, content: bytes) -> Opinion:
        """What it says of these bytes.  Never raises for what the daemon there does."""
        try:
            with self._connected() as connection:
                answer = self._asked(connection, content)
        except OSError as trouble:
            return NotLooked(f"{type(trouble).__name__}: {trouble}")
        return read_answer(answer)

    def _connected(self) -> socket.socket:
        if isinstance(self._place, str):
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.settimeout(self._seconds)
                connection.connect(self._place)
            except BaseException:
                connection.close()
                raise
            return connection
        return socket.create_connection(self._place, timeout=self._seconds)

    def _asked(self, connection: socket.socket, content: bytes) -> bytes:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has said why before it closed
            connection.sendall(b"zINSTREAM\0")
            view = memoryview(content)
            for at in range(0, len(content), _PIECE):
                piece = view[at : at + _PIECE]
                connection.sendall(struct.pack(">I", len(piece)))
                connection.sendall(piece)
            connection.sendall(struct.pack(">I", 0))
        answer = bytearray()
        with contextlib.suppress(ConnectionResetError):
            while b"\0" not in answer and len(answer) < _MOST_ANSWER:
                chunk = connection.recv(_MOST_ANSWER)
                if not chunk:
                    break
                answer += chunk
        return bytes(answer)


def read_place(place: str) -> str | tuple[str, int]:
    """A path, or host and port.  Raises `ValueError` for what is neither."""
    if match := re.fullmatch(r"unix:(/.+)", place):
        return match[1]
    if match := re.fullmatch(r"tcp:(\[[0-9a-fA-F:]+\]|[^:\s]+):(\d{1,5})", place):
        return match[1].strip("[]"), int(match[2])
    raise ValueError('must be "unix:/path/of/the/socket" or "tcp:host:port"')


def read_answer(answer: bytes) -> Opinion:
    """The words of clamd → an opinion; whatever is not understood was not looked at."""
    words = answer.split(b"\0")[0].decode("utf-8", "replace").strip()
    if words == "stream: OK":
        return Clean()
    if match := re.fullmatch(r"stream: (.+) FOUND", words):
        return Found(match[1][:200])
    return NotLooked(words[:200] or "closed the connection without a word")
