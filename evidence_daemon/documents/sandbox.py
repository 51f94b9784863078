"""The cage: hostile bytes are parsed, and pixels are read, in child processes that can do nothing else.

Two kinds of cell, each a fresh interpreter in a process group of its own:

* `SEALED` (stage 1, the parsers of documents): limits on memory, CPU and files, then seccomp with a list
  of the few system calls that computing needs.  No file can be opened, no process started, nobody
  spoken to.  Landlock closes the file system a second time where the kernel has it.
* `READER` (stage 2, OCR on clean pixels): Tesseract is a program, so starting programs is allowed;
  network, signals and other processes' memory are not, and Landlock lets it write to its own
  temporary directory and read system directories only.

Whoever cannot lock itself ends (fail closed).  Frames on the pipes: length (4 bytes, big endian), JSON,
then the blobs whose lengths the JSON names.  The parent believes nothing: every length is bounded, and a
cell that breaks the form, dies or outlives its deadline is `CellDied`; its whole group is killed.

Measured: a 1,312-byte PDF with nested Flate streams takes 6 GB and then aborts the process it is opened
in, so no `try` helps; a locked interpreter a document costs about 0.15 s against 1-2 s of OCR.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import importlib
import json
import os
import platform
import resource
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, Protocol, Self, cast

MAX_JSON_BYTES = 32_000_000
MAX_BLOB_BYTES = 160_000_000
_STDERR_TAIL = 2000


class Lock(StrEnum):
    """How much a cell may do once it is locked."""

    SEALED = "SEALED"
    READER = "READER"


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


# ── the parent's side ────────────────────────────────────────────────────────────────────────────

_BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]); from evidence_daemon.documents.sandbox import cell_main; cell_main()"
)
_ROOT = str(Path(__file__).resolve().parents[2])
_KEPT_ENVIRONMENT = ("PATH", "TESSDATA_PREFIX", "LD_LIBRARY_PATH")


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
        self._deadline = time.monotonic() + limits.seconds
        self._stderr = b""
        self._scratch = tempfile.TemporaryDirectory(prefix=_SCRATCH)
        environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
        environment |= {
            "LANG": "C.UTF-8",
            "TMPDIR": self._scratch.name,
            # Two Tesseracts with all their threads on two cores take four times as long as with one each.
            "OMP_THREAD_LIMIT": "1",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        orders = json.dumps(
            {
                "work": work,
                "cpu_seconds": int(limits.seconds) + 1,
                "memory_bytes": limits.memory_bytes,
                "require_landlock": limits.require_landlock,
                "parent": os.getpid(),
            }
        )
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _BOOT, _ROOT, orders],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                cwd=self._scratch.name,
                start_new_session=True,
            )
        except BaseException:
            self._scratch.cleanup()
            raise
        pipes = (self._process.stdin, self._process.stdout, self._process.stderr)
        self._in, self._out, self._err = (_pipe(pipe) for pipe in pipes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def send(self, frame: Frame) -> None:
        """Hand a frame to the child.  Raises `CellDied`."""
        pending = memoryview(b"".join(_encoded(frame)))
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
        taken = bytearray()
        while len(taken) < count:
            self._wait(self._out, select.POLLIN)
            try:
                chunk = os.read(self._out, min(1 << 20, count - len(taken)))
            except BlockingIOError:
                continue
            if not chunk:
                raise self._died("ended before it had answered")
            taken += chunk
        return bytes(taken)

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
        return CellDied(f"the cell {what}{how}{last}", timed_out=timed_out)

    def _end(self) -> int:
        """Kill the group and reap its leader; returns the leader's status (−signal when it was killed)."""
        process = self._process
        if process.returncode is None:
            # A leader that has just ended keeps its true status: look before killing.  It stays a zombie
            # until `wait`, so the number of its group cannot have been given to somebody else.
            for _ in range(20):
                if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                    break
                if time.monotonic() >= self._deadline or not _at_end(self._out):
                    break
                time.sleep(0.01)
            with contextlib.suppress(OSError):
                self._stderr = (self._stderr + os.read(self._err, 65536))[-_STDERR_TAIL:]
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            self._scratch.cleanup()
        return process.returncode


def _pipe(pipe: Any) -> int:
    descriptor: int = pipe.fileno()
    os.set_blocking(descriptor, False)
    return descriptor


def _at_end(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return any(what & select.POLLHUP for _, what in poll.poll(0))


def _encoded(frame: Frame) -> list[bytes]:
    head = json.dumps({"facts": frame.facts, "blobs": [len(blob) for blob in frame.blobs]}).encode()
    return [struct.pack(">I", len(head)), head, *frame.blobs]


# ── the child's side ─────────────────────────────────────────────────────────────────────────────


class Work(Protocol):
    """A module that runs in a cell.  `prepare` imports and warms up all that needs files: later none opens."""

    LOCK: Lock

    def prepare(self) -> None: ...
    def answer(self, request: Frame) -> Iterator[Frame]: ...


def cell_main() -> None:
    """Entry of the child: limits, preparation, lock, then requests from standard input until it closes.

    Every request is answered by frames; the last has `"last": true` in its facts.
    """
    orders = json.loads(sys.argv[2])
    _die_with(orders["parent"])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (orders["memory_bytes"],) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (orders["cpu_seconds"],) * 2)
    work = cast("Work", importlib.import_module(orders["work"]))
    work.prepare()
    lock(work.LOCK, require_landlock=orders["require_landlock"], scratch=os.environ["TMPDIR"])
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while (request := _read_frame(source)) is not None:
        for frame in work.answer(request):
            for part in _encoded(frame):
                sink.write(part)
            sink.flush()


def _read_frame(source: BinaryIO) -> Frame | None:
    start = source.read(4)
    if len(start) < 4:
        return None
    (length,) = struct.unpack(">I", start)
    head = json.loads(source.read(length))
    return Frame(head["facts"], tuple(source.read(size) for size in head["blobs"]))


_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 1, 4, 38, 22
_SECCOMP_MODE_FILTER = 2


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, *arguments: int) -> None:
    padded = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    if _libc().prctl(option, *padded) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def _die_with(parent: int) -> None:
    """A daemon that is killed takes its cells along."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def lock(kind: Lock, *, require_landlock: bool, scratch: str) -> None:
    """Give up, for ever, everything that this kind of cell does not need.

    Raises `OSError` where seccomp cannot be installed, or Landlock is required and absent.
    """
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0) if kind is Lock.SEALED else (64_000_000, 64_000_000))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_DUMPABLE, 0)
    if landlock_abi() > 0:
        _landlock(kind, scratch)
    elif require_landlock:
        raise OSError(errno.ENOSYS, "Landlock is required by the configuration, and this kernel has none")
    _seccomp(kind)


# Landlock (Documentation/userspace-api/landlock.rst): the numbers are equal on all processors.
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_EXECUTE, _WRITE, _READ, _READ_DIR = 1, 2, 4, 8
_ALL_FILES_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_READABLE = ("/usr", "/lib", "/lib64", "/bin", "/opt", "/etc/ld.so.cache", "/sys/devices/system/cpu", "/proc/cpuinfo")


def landlock_abi() -> int:
    """Version of the kernel's Landlock; 0 where there is none."""
    return max(0, int(_libc().syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))))


def _landlock(kind: Lock, scratch: str) -> None:
    everything = _ALL_FILES_BY_ABI.get(landlock_abi(), (1 << 16) - 1)
    handled = struct.pack("=Q", everything)
    libc = _libc()
    ruleset = libc.syscall(_LANDLOCK_CREATE, handled, ctypes.c_size_t(len(handled)), ctypes.c_uint32(0))
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "landlock_create_ruleset")
    if kind is Lock.READER:
        readable = [*_READABLE, sys.prefix, sys.base_prefix, os.environ.get("TESSDATA_PREFIX", "")]
        rules = [(path, _EXECUTE | _READ | _READ_DIR) for path in readable]
        for path, allowed in [*rules, ("/dev/null", _READ | _WRITE), (scratch, everything & ~_EXECUTE)]:
            _allow_below(libc, ruleset, path, allowed)
    if libc.syscall(_LANDLOCK_RESTRICT, ruleset, ctypes.c_uint32(0)) != 0:
        raise OSError(ctypes.get_errno(), "landlock_restrict_self")
    os.close(ruleset)


def _allow_below(libc: ctypes.CDLL, ruleset: int, path: str, allowed: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC) if path else -1
    except OSError:
        return
    if descriptor < 0:
        return
    try:
        if not Path(path).is_dir():
            allowed &= _EXECUTE | _READ | _WRITE
        rule = struct.pack("=Qi", allowed, descriptor)
        if libc.syscall(_LANDLOCK_ADD, ruleset, ctypes.c_int(1), rule, ctypes.c_uint32(0)) != 0:
            raise OSError(ctypes.get_errno(), f"landlock_add_rule {path}")
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class _Processor:
    """System call numbers of one processor (asm/unistd.h) and its AUDIT_ARCH."""

    audit: int
    clone: int
    computing: tuple[int, ...]
    """read, write, close, lseek, memory, signals of one's own, clocks, random numbers, threads, exit."""
    forbidden: tuple[int, ...]
    """sockets, signals to others, other processes' memory, mounts, namespaces, keys, kernel doors."""


_PROCESSORS = {
    "x86_64": _Processor(
        audit=0xC000003E,
        clone=56,
        computing=(0, 1, 3, 8, 9, 10, 11, 12, 13, 14, 15, 20, 24, 25, 28, 39, 60, 96, 98, 131, 186, 202, 204, 219, 228,
                   230, 231, 273, 318, 334),
        forbidden=(41, 42, 43, 44, 49, 50, 53, 62, 101, 155, 161, 165, 166, 200, 234, 248, 249, 250, 272, 288, 298, 308,
                   310, 311, 321, 323, 424, 425, 434, 438),
    ),
    "aarch64": _Processor(
        audit=0xC00000B7,
        clone=220,
        computing=(63, 64, 57, 62, 222, 226, 215, 214, 134, 135, 139, 66, 124, 216, 233, 172, 93, 169, 165, 132, 178,
                   98, 123, 128, 113, 115, 94, 99, 278, 293),
        forbidden=(198, 199, 200, 201, 202, 203, 206, 129, 117, 41, 51, 40, 39, 130, 131, 217, 218, 219, 97, 242, 241,
                   268, 270, 271, 280, 282, 424, 425, 434, 438),
    ),
}  # fmt: skip
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
_NOT_THERE = 0x00050000 | errno.ENOSYS
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ARCHITECTURE, _NUMBER, _FIRST_ARGUMENT = 4, 0, 16
_X32, _CLONE3, _CLONE_THREAD = 0x40000000, 435, 0x00010000


def _seccomp(kind: Lock) -> None:
    processor = _PROCESSORS.get(platform.machine())
    if processor is None:
        raise OSError(errno.ENOSYS, f"no system call table for the processor {platform.machine()}")
    numbers, hit, otherwise = (
        (processor.computing, _ALLOW, _REFUSE) if kind is Lock.SEALED else (processor.forbidden, _REFUSE, _ALLOW)
    )
    steps = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, processor.audit), (_RETURN, 0, 0, _REFUSE)]
    steps += [(_LOAD, 0, 0, _NUMBER), (_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _REFUSE)]
    if kind is Lock.SEALED:
        # Threads yes (HEIC is decoded in one), processes no.  A filter cannot see into clone3's argument:
        # where it is "not there", the C library takes clone.
        steps += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _NOT_THERE)]
        steps += [(_EQUAL, 0, 4, processor.clone), (_LOAD, 0, 0, _FIRST_ARGUMENT), (_ANY_BIT, 0, 1, _CLONE_THREAD)]
        steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    for number in numbers:
        steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, hit)]
    steps.append((_RETURN, 0, 0, otherwise))
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    buffer = ctypes.create_string_buffer(code, len(code))
    # struct sock_fprog { unsigned short len; struct sock_filter *filter; } with the compiler's padding
    program = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(buffer)))
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(program))
