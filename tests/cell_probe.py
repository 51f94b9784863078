"""Work for a cell that tries to get out, and tells what it was refused; `PROBE` in the request says what to try."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from evidence_daemon.documents.sandbox import Frame, Lock

LOCK = Lock.SEALED


def prepare() -> None:
    pass


def answer(request: Frame) -> Iterator[Frame]:
    what = request.facts["try"]
    if what in _MISBEHAVIOURS:
        _MISBEHAVIOURS[what]()
    result = "done"
    try:
        told = _ATTEMPTS[what](*request.facts.get("with", []))
        result = told if isinstance(told, str) else result
    except OSError as refused:
        result = type(refused).__name__
    except MemoryError:
        result = "MemoryError"
    yield Frame({"result": result, "last": True}, (b"x" * int(request.facts.get("bytes", 0)),))


def _allocate(size: int) -> None:
    bytearray(size)[-1] = 1


def _raw_socket(family: int) -> None:
    socket.socket(family, socket.SOCK_DGRAM).close()


def _ptrace(pid: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(16, pid, None, None) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")


def _thread() -> None:
    told: list[int] = []
    thread = threading.Thread(target=told.append, args=(1,))
    thread.start()
    thread.join()


_remembered: list[str] = []


def _descriptors() -> str:
    """Those that are open; the directory that lists them cannot be opened here."""
    there = []
    for number in range(200):
        try:
            os.lseek(number, 0, os.SEEK_CUR)
        except OSError as bad:
            if bad.errno != errno.EBADF:
                there.append(str(number))
        else:
            there.append(str(number))
    return " ".join(there)


_ATTEMPTS: dict[str, Callable[..., object]] = {
    "nothing": lambda: None,
    "remember": _remembered.append,
    "recall": lambda: "".join(_remembered) or "nothing",
    "descriptors": _descriptors,
    "read a file": lambda path: Path(path).read_bytes(),
    "write a file": lambda path: Path(path).write_bytes(b"x"),
    "list a directory": os.listdir,
    "delete a file": os.unlink,
    "change a mode": lambda path: Path(path).chmod(0o777),
    "rename": os.rename,
    "socket": _raw_socket,
    "fork": os.fork,
    "run a program": lambda: subprocess.run(["/bin/true"], check=True),
    "signal": lambda pid: os.kill(pid, signal.SIGTERM),
    "trace": _ptrace,
    "allocate": _allocate,
    "thread": _thread,
}


def _speak_nonsense() -> None:
    sys.stdout.buffer.write(b"\x00\x00\x00\x05hello")
    sys.stdout.buffer.flush()
    time.sleep(30)


def _announce_too_much() -> None:
    sys.stdout.buffer.write(b"\xff\xff\xff\xff")
    sys.stdout.buffer.flush()
    time.sleep(30)


def _announce_huge_blob() -> None:
    head = b'{"facts": {}, "blobs": [99999999999]}'
    sys.stdout.buffer.write(len(head).to_bytes(4, "big") + head)
    sys.stdout.buffer.flush()
    time.sleep(30)


def _fill_stderr() -> None:
    os.write(2, b"noise\n" * 200_000)


def _die() -> None:
    os.write(2, b"Segmentation of the truth\n")
    os._exit(3)


def _compute_for_ever() -> None:
    while True:
        pass


def _stay_after_closing() -> None:
    os.close(1)
    time.sleep(30)


_MISBEHAVIOURS: dict[str, Callable[[], None]] = {
    "speak nonsense": _speak_nonsense,
    "announce too much": _announce_too_much,
    "announce a huge blob": _announce_huge_blob,
    "fill stderr": _fill_stderr,
    "die": _die,
    "compute for ever": _compute_for_ever,
    "stay after closing": _stay_after_closing,
}
_ATTEMPTS |= dict.fromkeys(_MISBEHAVIOURS, lambda: None)
