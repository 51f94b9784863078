"""Where workers come from: a process that has imported the program and forks one after the other, any number at once.

Reads lines of JSON, {"log": FILE, "argv": [...], "set": {"GRACE_SECONDS": 3, ...}, "reading": SECONDS}; tells
"born PID", and "gone PID STATUS CPU-SECONDS" when one ended.  "set" are constants of `store.members`.  With "reading" a
worker reads no paper and sleeps for so long instead, which simulates readers of other machines.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time


def main() -> None:
    from killed_between_steps import preload

    preload()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    alive: set[int] = set()
    rest = b""
    while True:
        ready, _, _ = select.select([0], [], [], 0.1)
        if ready:
            piece = os.read(0, 65536)
            if not piece:
                for pid in alive:
                    os.kill(pid, signal.SIGKILL)
                return
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                pid = os.fork()
                if not pid:
                    _work(json.loads(line))
                alive.add(pid)
                sys.stdout.write(f"born {pid}\n")
                sys.stdout.flush()
        while alive:
            pid, status, used = os.wait4(-1, os.WNOHANG)
            if not pid:
                break
            alive.discard(pid)
            code = os.waitstatus_to_exitcode(status)
            sys.stdout.write(f"gone {pid} {code} {used.ru_utime + used.ru_stime:.3f}\n")
            sys.stdout.flush()


def _work(asked: dict[str, object]) -> None:
    import ctypes

    from killed_between_steps import reader_is_trusted

    from evidence_daemon.cli import app
    from evidence_daemon.store import members

    if asked.get("netns"):
        space = os.open(f"/var/run/netns/{asked['netns']}", os.O_RDONLY)
        assert ctypes.CDLL(None).setns(space, 0x40000000) == 0  # CLONE_NEWNET
        os.close(space)
    reader_is_trusted()
    vars(members).update(dict(asked.get("set") or {}))  # type: ignore[call-overload]
    if (seconds := asked.get("reading")) is not None:
        _sleep_instead(float(str(seconds)))
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    log = os.open(str(asked["log"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for handle in (1, 2):
        os.dup2(log, handle)
    os.close(0)
    code = 1
    try:
        app(asked["argv"], standalone_mode=True)
    except SystemExit as over:
        code = over.code if isinstance(over.code, int) else 1
    except BaseException:  # noqa: BLE001  # a forked child must not come back
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _sleep_instead(seconds: float) -> None:
    from evidence_daemon.documents.reader import Reader

    def read(_reader: object, _attachments: object, _passwords: object = ()) -> tuple[()]:
        time.sleep(seconds)
        return ()

    Reader.read = read  # type: ignore[method-assign,assignment]


if __name__ == "__main__":
    main()
