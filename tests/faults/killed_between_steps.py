"""The real daemon, sabotaged from outside: it kills itself with SIGKILL between two named steps.

    python killed_between_steps.py --log FILE [--arrow NAME [--passing N]] [--poison SHA256] [--dawdle S] [--ahead S] \\
        [--patience S] [--plain] [--errors FILE] [--set NAME=VALUE] -- run --config FILE

Wraps functions of the program before it runs the program's own command line; the program itself knows nothing
of it.  `--arrow` names a place of `ARROWS`.  `--poison` kills whenever the attachment with that SHA-256 is to be
read.  `--dawdle` makes every reading take so many seconds longer.  `--ahead` puts the house's clock forward.
`--patience` is how many seconds it waits for work to end when it is asked to stop.  `--plain` changes nothing at
all: the command as it is, its standard error in `--errors`, with variables of its environment `--set`.

Without arguments it serves such command lines (JSON lists, one in a line of standard input): the program is
imported once, and each run is a process of its own, forked from it.  That saves seconds in every one of many
runs.  It tells "pid" and, when that process has ended, "status" (as `subprocess` counts).
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any

import sqlalchemy as sa


class When(Enum):
    BEFORE = auto()
    AFTER = auto()
    COMMITTED = auto()
    """After the commit of the transaction in which the function was called; a session is its first argument."""


@dataclass(frozen=True)
class Arrow:
    """A place between two steps: `function` is "module:name" or "module:Class.name".

    `passing` is the passing that kills when nothing else is asked for; those that return `unless` do not count.
    """

    function: str
    when: When
    passing: int = 2
    unless: object = ...


_STORE = "evidence_daemon.store"
_RECORDS = "evidence_daemon.store.records"
_IMAP = "evidence_daemon.mail.imap"

ARROWS = {
    # 1 bytes, then row
    "before the bytes are stored": Arrow(f"{_STORE}.blobs:LocalBlobs.put", When.BEFORE),
    "when the bytes are written under a draft's name": Arrow("pathlib:Path.replace", When.BEFORE),
    "when the bytes have their name": Arrow("pathlib:Path.replace", When.AFTER),
    "when bytes are stored without a row": Arrow(f"{_STORE}.blobs:LocalBlobs.put", When.AFTER),
    "before the row is committed": Arrow(f"{_RECORDS}:receive", When.AFTER),
    "before row and walk are committed": Arrow("evidence_daemon.flow:Flow.enqueue", When.AFTER),
    "when row and walk are committed": Arrow(f"{_RECORDS}:receive", When.COMMITTED),
    # 2 reading
    "before a try is counted": Arrow(f"{_RECORDS}:begin_attempt", When.AFTER),
    "when a try is counted": Arrow(f"{_RECORDS}:begin_attempt", When.COMMITTED),
    "when the papers are read": Arrow("evidence_daemon.documents.reader:Reader.read", When.AFTER),
    "before the readings are committed": Arrow(f"{_RECORDS}:save_readings", When.AFTER),
    "when the readings are committed": Arrow(f"{_RECORDS}:save_readings", When.COMMITTED),
    # 3 judging
    "when a mail is judged": Arrow(f"{_RECORDS}:apply", When.BEFORE),
    "before the settlement is committed": Arrow(f"{_RECORDS}:apply", When.AFTER),
    "when the settlement is committed": Arrow(f"{_RECORDS}:apply", When.COMMITTED),
    "before the walk is over for the engine": Arrow("dbos:SQLAlchemyDatasource.run_tx_step", When.AFTER),
    # 4 answering
    "before the claim is committed": Arrow(f"{_RECORDS}:claim_due", When.AFTER, unless=None),
    "when an answer is claimed": Arrow("evidence_daemon.mail.smtp:Postman.send", When.BEFORE),
    "before the server's 250 is noted": Arrow("evidence_daemon.mail.smtp:Postman.send", When.AFTER),
    "before the answer's fate is committed": Arrow(f"{_RECORDS}:finish_send", When.AFTER),
    "when the answer's fate is committed": Arrow(f"{_RECORDS}:finish_send", When.COMMITTED),
    "before an answer is put into the Sent folder": Arrow(f"{_IMAP}:Mailbox.append_sent", When.BEFORE),
    "when an answer lies in the Sent folder": Arrow(f"{_IMAP}:Mailbox.append_sent", When.AFTER),
    "when the copy in the Sent folder is noted": Arrow(f"{_RECORDS}:appended", When.COMMITTED),
    # 5 filing away, last of all
    "before mails are moved": Arrow("imapclient:IMAPClient.move", When.BEFORE, passing=1),
    "when mails are moved": Arrow("imapclient:IMAPClient.move", When.AFTER, passing=1),
    "before the move is committed": Arrow(f"{_RECORDS}:filed", When.AFTER, passing=1),
    "when the move is committed": Arrow(f"{_RECORDS}:filed", When.COMMITTED, passing=1),
}
"""Every place between two steps at which something lasting has just happened, or is about to."""


def die(*_: object) -> None:
    """As a power cut would: no handler, no `finally`, no flush."""
    os.kill(os.getpid(), signal.SIGKILL)
    threading.Event().wait()  # the signal is on its way: not one step more


def wrap(function: str, around: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Put `around` of a function in its place, where every caller looks it up."""
    module, _, path = function.partition(":")
    owner: Any = importlib.import_module(module)
    *classes, name = path.split(".")
    for one in classes:
        owner = getattr(owner, one)
    setattr(owner, name, around(getattr(owner, name)))


def kill_at(arrow: Arrow, passing: int) -> None:
    """Arrange the death of this process at the n-th passing, from 1."""
    passings = 0
    counting = threading.Lock()

    def due(result: object = None) -> bool:
        nonlocal passings
        with counting:
            passings += result is not arrow.unless
            return passings == passing

    def around(step: Callable[..., Any]) -> Callable[..., Any]:
        def sabotaged(*arguments: Any, **options: Any) -> Any:
            if arrow.when is When.BEFORE and due():
                die()
            if arrow.when is When.COMMITTED and due():
                _kill_at_commit(arguments[0])
            result = step(*arguments, **options)
            if arrow.when is When.AFTER and due(result):
                die()
            return result

        return sabotaged

    wrap(arrow.function, around)


def _kill_at_commit(session: Any) -> None:
    def committed(one: Any) -> None:
        if not one.in_nested_transaction():  # the end of a savepoint is no commit
            die()

    sa.event.listen(session, "after_commit", committed)


def kill_at_paper(digest: str) -> None:
    """Die whenever an attachment with this SHA-256 is to be read."""

    def around(read: Callable[..., Any]) -> Callable[..., Any]:
        def poisoned(self: Any, wanted: Any, *arguments: Any) -> Any:
            if any(attachment.sha256 == digest for attachment in wanted):
                die()
            return read(self, wanted, *arguments)

        return poisoned

    wrap("evidence_daemon.documents.reader:Reader.read", around)


def read_slowly(seconds: float) -> None:
    """Let every reading take so many seconds longer."""

    def around(read: Callable[..., Any]) -> Callable[..., Any]:
        def slow(*arguments: Any) -> Any:
            os.write(2, b"saboteur: a reading has begun\n")
            time.sleep(seconds)
            return read(*arguments)

        return slow

    wrap("evidence_daemon.documents.reader:Reader.read", around)


def put_clock_forward(seconds: float) -> None:
    """Let the house believe that it is later."""

    def around(build: Callable[..., Any]) -> Callable[..., Any]:
        def later() -> datetime:
            return datetime.now(UTC) + timedelta(seconds=seconds)

        return lambda config, **how: build(config, clock=later, **how)

    wrap("evidence_daemon.commands:open_house", around)


def stop_within(seconds: float) -> None:
    """Let the daemon leave its work so many seconds after it was asked to stop."""
    wrap("evidence_daemon.daemon:Daemon.run", lambda go: lambda self, **_: go(self, leave_after=seconds))


def reader_is_trusted() -> None:
    """Leave out the trial of the documents' room at the start: every plain start makes it."""
    wrap("evidence_daemon.documents.reader:Reader.check", lambda _check: lambda _self: None)


def run(arguments: list[str]) -> None:
    """One sabotaged run, in this process."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--log", required=True)
    options.add_argument("--errors")
    options.add_argument("--set", action="append", default=[])
    options.add_argument("--plain", action="store_true")
    options.add_argument("--arrow", choices=list(ARROWS))
    options.add_argument("--passing", type=int)
    options.add_argument("--poison")
    options.add_argument("--dawdle", type=float)
    options.add_argument("--ahead", type=float)
    options.add_argument("--patience", type=float)
    options.add_argument("command", nargs="+")
    chosen = options.parse_args(arguments)
    for stream, path in ((1, chosen.log), (2, chosen.errors or chosen.log)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), stream)
    os.environ.update(setting.split("=", 1) for setting in chosen.set)
    if not chosen.plain:
        reader_is_trusted()
    # The inner ones first: what is wrapped last is called first.
    if chosen.dawdle is not None:
        read_slowly(chosen.dawdle)
    if chosen.poison:
        kill_at_paper(chosen.poison)
    if chosen.arrow:
        arrow = ARROWS[chosen.arrow]
        kill_at(arrow, chosen.passing or arrow.passing)
    if chosen.ahead:
        put_clock_forward(chosen.ahead)
    if chosen.patience:
        stop_within(chosen.patience)
    sys.argv = ["evidence-daemon", *chosen.command]
    importlib.import_module("evidence_daemon.cli").main()


def end_with_parent() -> None:
    """Let the kernel kill this process when its parent dies, however that dies (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def serve() -> None:
    """Fork a process for each command line that comes, one at a time, until standard input ends."""
    end_with_parent()
    preload()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os.setsid()
            end_with_parent()
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, 0)
            run(json.loads(line))
            sys.exit()
        _tell("pid", pid)
        _tell("status", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def preload() -> None:
    """Load what each run would load for itself, half a second of CPU each time, because commands load it late."""
    for part in ("cli", "flow"):
        importlib.import_module(f"evidence_daemon.{part}")
    importlib.import_module("evidence_daemon.workdays").NATIONAL.works(datetime.now(UTC).date())


def _tell(what: str, number: int) -> None:
    sys.stdout.write(f"{what} {number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    run(sys.argv[1:]) if sys.argv[1:] else serve()
