"""The cage: hostile bytes are parsed, and pixels are read, in child processes that can do nothing else.

A `Cell` is one such child: born for one document out of a `nursery` that has imported its work already, locked
(see `lock`), in a process group of its own, never used again.

Frames on the pipes: length (4 bytes, big endian), JSON, then the blobs whose lengths the JSON names.  The
parent believes nothing: every length is bounded, and a cell that breaks the form, dies or outlives its
deadline is `CellDied`; its whole group is killed.

Measured: a 1,312-byte PDF with nested Flate streams takes 6 GB and then aborts the process it is opened
in, so no `try` helps.  What the lock costs a document: `bench/cage.py`.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, Self

from evidence_daemon.documents.lock import Lock, landlock_abi

__all__ = ["Cell", "CellDied", "Frame", "Limits", "Lock", "NoCell", "Work", "level", "sweep"]

MAX_JSON_BYTES = 32_000_000
MAX_BLOB_BYTES = 160_000_000
_STDERR_TAIL = 2000


@dataclass(frozen=True, slots=True)
class Limits:
    """What one cell may use: seconds of wall clock (and of CPU), bytes of address space."""

    seconds: float
    memory_bytes: int
    require_landlock: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """One message, either way: facts as JSON, bulk as bytes."""

    facts: dict[str, Any]
    blobs: tuple[bytes, ...] = ()


class CellDied(Exception):
    """The cell ended, hung or broke the form of a frame.  `timed_out` tells the deadline apart."""

    def __init__(self, detail: str, *, timed_out: bool = False) -> None:
        super().__init__(detail)
        self.timed_out = timed_out


class NoCell(CellDied):
    """There is none to be had: no document's fault."""


class _Lost(NoCell):
    """The nursery is gone; another one may serve."""


# ── the parent's side ────────────────────────────────────────────────────────────────────────────

_BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from evidence_daemon.documents.nursery import main; main(int(sys.argv[2]), sys.argv[3])"
)
_ROOT = str(Path(__file__).resolve().parents[2])
_KEPT_ENVIRONMENT = ("PATH", "TESSDATA_PREFIX", "LD_LIBRARY_PATH")
_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}
"""A cell keeps what memory it has until it ends: to give back the layers of a network after each picture, and be given
them anew, took a fifth of finding lines.  Other C libraries than glibc pay no attention."""
_BIRTHS = 200
"""Cells of one nursery.  They share its layout in memory, so a fresh one comes before that can be searched for."""
_READY_SECONDS = 60.0
_ORDER_SECONDS = 20.0
_PIPE_BYTES = 1 << 20
"""A page of pixels is 26 MB: with the usual 64 kB it would take 400 turns."""


_SCRATCH = "evidence-cell-"
_STALE_SECONDS = 3600


def sweep() -> int:
    """Remove what cells of killed daemons left in the temporary directory (pictures of pages); how many.

    A cell lives for minutes: what is older than an hour, and ours, belongs to nobody any more.
    """
    swept = 0
    for left in Path(tempfile.gettempdir()).glob(f"{_SCRATCH}*"):
        with contextlib.suppress(OSError):
            facts = left.lstat()
            if left.is_dir() and facts.st_uid == os.getuid() and time.time() - facts.st_mtime > _STALE_SECONDS:
                shutil.rmtree(left)
                swept += 1
    return swept


class Cell:
    """One locked child.  Use it as a context manager; leaving it kills the child's whole group.

    `work` is the dotted name of a module that has what `Work` says.
    """

    def __init__(self, work: str, limits: Limits) -> None:
        self._stderr = b""
        self._status: int | None = None
        self._scratch = tempfile.TemporaryDirectory(prefix=_SCRATCH)
        try:
            self._nursery, self.pid, (self._in, self._out, self._err) = _born(work, limits, self._scratch.name)
            self._deadline = time.monotonic() + limits.seconds
        except BaseException:
            self._scratch.cleanup()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def send(self, frame: Frame) -> None:
        """Hand a frame to the child.  Raises `CellDied`."""
        for part in encoded(frame):
            pending = memoryview(part)
            while pending:
                self._wait(self._in, select.POLLOUT)
                try:
                    pending = pending[os.write(self._in, pending) :]
                except BlockingIOError:
                    continue
                except BrokenPipeError:
                    raise self._died("stopped reading") from None

    def receive(self) -> Frame:
        """Take the next frame from the child.  Raises `CellDied`; a refusal to lock says so in words."""
        (length,) = struct.unpack(">I", self._exactly(4))
        if length > MAX_JSON_BYTES:
            raise self._died(f"announced {length} bytes of facts")
        try:
            head = json.loads(self._exactly(length))
            facts, sizes = head["facts"], head["blobs"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise self._died("sent a frame that is none") from None
        if not isinstance(facts, dict) or not isinstance(sizes, list):
            raise self._died("sent a frame that is none")
        if not all(type(size) is int and 0 <= size <= MAX_BLOB_BYTES for size in sizes) or len(sizes) > 8:
            raise self._died("announced blobs of impossible sizes")
        return Frame(facts, tuple(self._exactly(size) for size in sizes))

    def answers(self, request: Frame) -> Iterator[Frame]:
        """Send a request and yield its answers, up to the one marked as last.  Raises `CellDied`."""
        self.send(request)
        while True:
            frame = self.receive()
            yield frame
            if frame.facts.get("last") is True:
                return

    def _exactly(self, count: int) -> bytes:
        chunks, left = [], count
        while left:
            self._wait(self._out, select.POLLIN)
            try:
                chunks.append(os.read(self._out, min(_PIPE_BYTES, left)))
            except BlockingIOError:
                continue
            if not chunks[-1]:
                raise self._died("ended before it had answered")
            left -= len(chunks[-1])
        return b"".join(chunks)

    def _wait(self, descriptor: int, event: int) -> None:
        """Until the pipe is ready; drains standard error meanwhile, so that the child never blocks on it."""
        poll = select.poll()
        poll.register(descriptor, event)
        poll.register(self._err, select.POLLIN)
        while True:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise self._died("was not done in time", timed_out=True)
            for ready, what in poll.poll(left * 1000):
                if ready == descriptor:
                    return
                chunk = os.read(ready, 65536) if what & select.POLLIN else b""
                self._stderr = (self._stderr + chunk)[-_STDERR_TAIL:]
                if not chunk:
                    poll.unregister(ready)

    def _died(self, what: str, *, timed_out: bool = False) -> CellDied:
        status = self._end()
        said = self._stderr.decode("utf-8", "replace").strip().splitlines()
        how = f" by {signal.Signals(-status).name}" if status < 0 and not timed_out else ""
        last = f": {said[-1][:300]}" if said else ""
        if not self._nursery.alive:
            return NoCell("the cells' nursery was lost, and this one with it")
        return CellDied(f"the cell {what}{how}{last}", timed_out=timed_out)

    def _end(self) -> int:
        """Kill the group and reap its leader; returns the leader's status (−signal when it was killed)."""
        if self._status is None:
            # A leader that has just ended keeps its true status.
            ending = time.monotonic() < self._deadline and _at_end(self._out)
            self._status = -signal.SIGKILL
            try:
                self._status = self._nursery.end(self.pid, 0.2 if ending else 0.0)
            finally:
                with contextlib.suppress(OSError):
                    self._stderr = (self._stderr + os.read(self._err, 65536))[-_STDERR_TAIL:]
                for descriptor in (self._in, self._out, self._err):
                    os.close(descriptor)
                self._scratch.cleanup()
        return self._status


def _at_end(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return any(what & select.POLLHUP for _, what in poll.poll(0))


def encoded(frame: Frame) -> list[bytes]:
    """A frame as it goes over a pipe."""
    head = json.dumps({"facts": frame.facts, "blobs": [len(blob) for blob in frame.blobs]}).encode()
    return [struct.pack(">I", len(head)), head, *frame.blobs]


def read_frame(source: BinaryIO) -> Frame | None:
    """The child's side: the next frame of the parent, which is trusted; None at the end."""
    start = source.read(4)
    if len(start) < 4:
        return None
    (length,) = struct.unpack(">I", start)
    head = json.loads(source.read(length))
    return Frame(head["facts"], tuple(source.read(size) for size in head["blobs"]))


class Work(Protocol):
    """A module that runs in a cell.

    `prepare` runs in the nursery, once: it imports and warms up all that needs files, for later none opens,
    and leaves no thread behind.  `answer` runs in the locked child.
    """

    __name__: str
    LOCK: Lock

    def prepare(self) -> None: ...
    def answer(self, request: Frame) -> Iterator[Frame]: ...


# ── nurseries ────────────────────────────────────────────────────────────────────────────────────


class _Nursery:
    """The daemon's end of one nursery.  Raises `CellDied` where it cannot be had, or was lost."""

    def __init__(self, work: str) -> None:
        self._births = self._cells = 0
        self._turn = threading.Lock()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
        environment |= {
            "LANG": "C.UTF-8",
            # Two Tesseracts with all their threads on two cores take four times as long as with one each.
            "OMP_THREAD_LIMIT": "1",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            **_MEMORY,
        }
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _BOOT, _ROOT, str(theirs.fileno()), work],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=environment,
                cwd="/",
                start_new_session=True,
            )
        except BaseException:
            self._control.close()
            raise
        finally:
            theirs.close()
        self._alive = True
        told = self._told(_READY_SECONDS)
        if not told.get("ready"):
            self.close()
            raise NoCell(f"the cell could not be prepared: {told.get('failed')}")

    @property
    def alive(self) -> bool:
        """Whether it answers, as far as is known."""
        return self._alive

    @property
    def usable(self) -> bool:
        """Whether another cell may come from here."""
        return self._alive and self._births < _BIRTHS

    def bear(self, limits: Limits, scratch: str) -> tuple[int, tuple[int, int, int]]:
        """A new cell: its process, and our ends of its standard input, output and error."""
        orders = {
            "cpu_seconds": int(limits.seconds) + 1,
            "memory_bytes": limits.memory_bytes,
            "require_landlock": limits.require_landlock,
            "scratch": scratch,
            "nursery": self._process.pid,
        }
        (child_in, ours_in), (ours_out, child_out), (ours_err, child_err) = os.pipe(), os.pipe(), os.pipe()
        try:
            for descriptor in (ours_in, ours_out):
                with contextlib.suppress(OSError):  # beyond what the user may have in pipes: slower, no worse
                    fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
            for descriptor in (ours_in, ours_out, ours_err):
                os.set_blocking(descriptor, False)
            with self._turn:
                told = self._ordered({"born": orders}, (child_in, child_out, child_err))
                self._births += 1
                self._cells += 1
            return int(told["pid"]), (ours_in, ours_out, ours_err)
        except BaseException:
            for descriptor in (ours_in, ours_out, ours_err):
                os.close(descriptor)
            raise
        finally:
            for descriptor in (child_in, child_out, child_err):
                os.close(descriptor)

    def end(self, pid: int, grace: float) -> int:
        """Have a cell killed with its group; its status.  −9 where the nursery is gone, for then the cell is too."""
        with self._turn:
            try:
                status = int(self._ordered({"ended": pid, "grace": grace})["status"])
            except _Lost:
                return -signal.SIGKILL
            self._cells -= 1
            if not self._cells and not self.usable:
                self.close()
            return status

    def _ordered(self, order: dict[str, Any], descriptors: tuple[int, ...] = ()) -> dict[str, Any]:
        try:
            socket.send_fds(self._control, [json.dumps(order).encode()], descriptors)
        except OSError:
            self.close()
            raise _Lost("the cells' nursery is gone") from None
        return self._told(_ORDER_SECONDS)

    def _told(self, seconds: float) -> dict[str, Any]:
        self._control.settimeout(seconds)
        try:
            packet = self._control.recv(65536)
        except OSError:
            packet = b""
        if not packet:
            self.close()
            raise _Lost(f"the cells' nursery ended or hung (status {self._process.returncode})")
        told: dict[str, Any] = json.loads(packet)
        return told

    def close(self) -> None:
        """End it; it kills its cells first."""
        self._alive = False
        self._control.close()
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


_nurseries: dict[tuple[int, str], _Nursery] = {}
"""By our own process (a fork of it must not speak on the same socket) and the kind of work."""
_choosing = threading.Lock()


def _born(work: str, limits: Limits, scratch: str) -> tuple[_Nursery, int, tuple[int, int, int]]:
    """A cell of some work, from a nursery that may have been lost or closed at this moment: then from a new one."""
    for _ in range(3):
        nursery = _nursery_of(work)
        with contextlib.suppress(_Lost):
            return nursery, *nursery.bear(limits, scratch)
    raise NoCell("the cells' nursery is lost again and again")


def _nursery_of(work: str) -> _Nursery:
    """The nursery for a kind of work; a new one when there is none, it is gone, or it has had its number of births."""
    with _choosing:
        nursery = _nurseries.get((os.getpid(), work))
        if nursery is None or not nursery.usable:
            nursery = _nurseries[os.getpid(), work] = _Nursery(work)
        return nursery


@atexit.register
def close_nurseries() -> None:
    """End all nurseries with their cells; the next cell begins a new one."""
    with _choosing:
        for (process, _), nursery in _nurseries.items():
            if process == os.getpid():
                nursery.close()
        _nurseries.clear()


def level() -> str:
    """How the cells of this machine are locked, in words for `status`."""
    abi = landlock_abi()
    return f"seccomp, límites, {f'Landlock {abi}' if abi else 'SIN Landlock'}"
