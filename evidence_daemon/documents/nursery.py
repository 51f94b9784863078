"""Where cells are born: a process that has imported one kind of work, and forks a child for each document.

Importing a parser takes ten times as long as reading a page with it, so that is done once, here.  What a
stranger sent never reaches this process: it sees orders on a private socket, whose other end the daemon
alone holds, and hands three pipes to the child; documents pass through those.  The child gives up the
socket and everything else, locks itself, works, and is killed after its document: none is used twice.

Orders (one packet of JSON each, answered by one): `{"born": …}` with three descriptors → `{"pid": n}`;
`{"ended": pid, "grace": seconds}` → `{"status": n}` once the child's whole group is dead and reaped, so
that no number of a process is used that may be somebody else's by now.  When the daemon's end closes, for
whatever reason, all children are killed and this process ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import signal
import socket
import sys
import tempfile
import time
import traceback
from typing import Any, cast

from evidence_daemon.documents.lock import call, die_with, lock
from evidence_daemon.documents.sandbox import Work, encoded, read_frame

_MOST_DESCRIPTORS = 4096
"""Above every descriptor that a module may have opened while it was imported."""


_LET_GO_SECONDS = 1.0
"""Until a thread that a decoder has waited for is gone: the kernel lists it for a moment longer."""


def _threads() -> int:
    """Threads of this process, as soon as those that are ending have ended."""
    end = time.monotonic() + _LET_GO_SECONDS
    while (count := len(os.listdir("/proc/self/task"))) > 1 and time.monotonic() < end:  # noqa: PTH208  # only counted
        time.sleep(0.005)
    return count


def main(control_descriptor: int, module: str) -> None:
    """Entry of the process: prepare the work, say `{"ready": true}` or `{"failed": why}`, then take orders."""
    control = socket.socket(fileno=control_descriptor)
    for unwanted in (signal.SIGINT, signal.SIGTERM):
        signal.signal(unwanted, signal.SIG_IGN)  # a daemon that is asked to end lets its documents come to theirs
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        work = cast("Work", importlib.import_module(module))
        work.prepare()
        threads = _threads()
        if threads != 1:
            raise RuntimeError(f"{module} has {threads} threads after its preparation: children would lose them")  # noqa: TRY301
    except Exception as bad:  # noqa: BLE001  # whatever it is, the daemon tells it
        control.send(json.dumps({"failed": f"{type(bad).__name__}: {bad}"[:2000]}).encode())
        return
    gc.collect()
    with contextlib.suppress(AttributeError):  # musl has no such call
        ctypes.CDLL(None).malloc_trim(0)  # what is free here would be copied page by page in each child that uses it
    gc.freeze()  # children share these pages as long as nobody counts references in them
    control.send(b'{"ready": true}')
    alive: set[int] = set()
    while True:
        packet, descriptors, _, _ = socket.recv_fds(control, 65536, 3)
        if not packet:
            for pid in alive:
                _ended(pid, 0)
            return
        order = json.loads(packet)
        if "born" in order:
            pid = os.fork()
            if pid == 0:
                _live(work, order["born"], descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            alive.add(pid)
            told = {"pid": pid}
        else:
            told = {"status": _ended(order["ended"], order["grace"])}
            alive.discard(order["ended"])
        control.send(json.dumps(told).encode())


def _ended(pid: int, grace: float) -> int:
    """Kill the group of a child and reap it; its status (−signal when it was killed).

    A child that is about to end by itself has `grace` seconds to do so, and keeps its true status.
    """
    until = time.monotonic() + grace
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None and time.monotonic() < until:
        time.sleep(0.01)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)  # it may not have made its group yet
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def _live(work: Work, orders: dict[str, Any], descriptors: list[int]) -> None:
    """The child's whole life.  Never returns."""
    status = 1
    try:
        os.setsid()
        for wanted, descriptor in enumerate(descriptors):
            os.dup2(descriptor, wanted)
        os.closerange(3, _MOST_DESCRIPTORS)
        die_with(orders["nursery"])
        call(f"cell-{work.__name__.rpartition('.')[2]}"[:15])
        os.chdir(orders["scratch"])
        os.environ["TMPDIR"] = tempfile.tempdir = orders["scratch"]
        resource.setrlimit(resource.RLIMIT_AS, (orders["memory_bytes"],) * 2)
        resource.setrlimit(resource.RLIMIT_CPU, (orders["cpu_seconds"],) * 2)
        lock(work.LOCK, require_landlock=orders["require_landlock"], scratch=orders["scratch"])
        _serve(work)
        status = 0
    except BaseException:  # noqa: BLE001  # the last frame of this process: nothing may get past it
        with contextlib.suppress(BaseException):
            os.write(2, traceback.format_exc(limit=-6).encode("utf-8", "replace")[-4000:])
    finally:
        os._exit(status)


def _serve(work: Work) -> None:
    """Requests from standard input until it closes; the last answer to each has `"last": true` in its facts."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while (request := read_frame(source)) is not None:
        for frame in work.answer(request):
            for part in encoded(frame):
                sink.write(part)
            sink.flush()
