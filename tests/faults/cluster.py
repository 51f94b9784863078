"""Several workers on one PostgreSQL, to be killed, frozen and cut off; and what must be true when it is over."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from functools import cache
from pathlib import Path
from typing import Self

import sqlalchemy as sa
from house import write_config
from living import letter
from servers import Dovecot, PostgreSQL, SmtpReceiver
from sqlmodel import col, select

from evidence_daemon import config as configuration
from evidence_daemon.app import open_house
from evidence_daemon.demo import programs
from evidence_daemon.demo.mails import letter_of
from evidence_daemon.demo.papers import Form, Layout, Medium, draw
from evidence_daemon.demo.people import people, write_case_list
from evidence_daemon.demo.programs import File
from evidence_daemon.exchange import import_cases
from evidence_daemon.model import OutboxState
from evidence_daemon.store import members, records
from evidence_daemon.store.database import open_database
from evidence_daemon.store.tables import DecisionRow, EntryRow, MailRow, OutboxRow

YARD = Path(__file__).with_name("yard.py")

QUICK: dict[str, float | str] = {
    "TICK_SECONDS": 1.0,
    "TURN_SECONDS": 10.0,
    "SILENT_SECONDS": 20.0,
    "GRACE_SECONDS": 8.0,
}
"""Constants of `store.members` in the proportions of the real ones: what takes a minute there takes a third of it."""


class Process:
    """One worker of the yard."""

    def __init__(self, pid: int, log: Path) -> None:
        self.pid, self.log = pid, log
        self.code: int | None = None
        self.cpu = 0.0
        self.gone = threading.Event()

    def send(self, number: int) -> None:
        if not self.gone.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        assert self.gone.wait(60)

    def end(self) -> None:
        """Ask it to stop, and see that it does."""
        self.send(signal.SIGTERM)
        assert self.gone.wait(120), self.log.read_text()[-3000:]
        assert self.code == 0, self.log.read_text()[-3000:]


class Yard:
    """Makes workers; all of them end with the block."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, str(YARD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        self._known: dict[int, Process] = {}
        self._born: list[int] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._reader.join(60)
        self._process.stdout.close()

    def start(
        self, log: Path, *argv: str, netns: str = "", reading: float | None = None, **seconds: float | str
    ) -> Process:
        """Begin a command of the program; `seconds` are constants of `store.members`.

        With `reading` it reads nothing and sleeps for so many seconds instead.
        """
        assert self._process.stdin is not None
        with self._news:
            before = len(self._born)
            self._process.stdin.write(
                json.dumps({"log": str(log), "argv": argv, "set": seconds, "netns": netns, "reading": reading}) + "\n"
            )
            self._process.stdin.flush()
            assert self._news.wait_for(lambda: len(self._born) > before, 60)
            process = self._known.setdefault(self._born[-1], Process(self._born[-1], log))
            process.log = log
            return process

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            word, pid, *rest = line.split()
            with self._news:
                process = self._known.setdefault(int(pid), Process(int(pid), Path()))
                if word == "born":
                    self._born.append(int(pid))
                else:
                    process.code, process.cpu = int(rest[0]), float(rest[1])
                    process.gone.set()
                self._news.notify_all()


@cache
def claims(count: int, medium: Medium = Medium.TEXT_PDF, *, first: int = 0) -> tuple[bytes, ...]:
    """Right claims with a certificate, each of a case of its own (200 at most), from the `first` on."""
    layouts = [Layout.CARTA, Layout.COLUMNAS, Layout.MEMORANDO, Layout.RETIRO]
    return tuple(
        programs.gmail(
            letter_of(
                f"claim-{number}",
                account,
                File(
                    draw(account.paper(layouts[number % 4]), Form(medium, seed=number)), "acta.pdf", "application/pdf"
                ),
            )
        )
        for number, account in enumerate(people()[first : first + count], first)
    )


def bare(count: int) -> tuple[bytes, ...]:
    """Claims of the same people without any paper: asked for it, at little cost."""
    accounts = people()
    return tuple(
        letter(
            accounts[number % len(accounts)].subject().encode("ascii", "ignore").decode(),
            f"cliente{number}@correo.example",
            number,
        )
        for number in range(count)
    )


@dataclass(frozen=True)
class Tally:
    """What came of it, in numbers; `broken` must be all zero."""

    broken: dict[str, int]
    seen: dict[str, int]

    @property
    def sound(self) -> bool:
        return not any(self.broken.values())


@dataclass
class Cluster:
    """One house on PostgreSQL with any number of workers."""

    directory: Path
    dovecot: Dovecot
    user: str
    smtp: SmtpReceiver
    server: PostgreSQL
    yard: Yard
    walked_at_once: int = 2
    more: str = ""
    seconds: dict[str, float | str] = field(default_factory=dict)
    """Constants of `store.members` for its workers."""
    reading: float | None = None
    """Its workers sleep for so many seconds instead of reading a mail's papers."""
    workers: list[Process] = field(default_factory=list)
    ended: list[Process] = field(default_factory=list)
    delivered: int = 0

    def __post_init__(self) -> None:
        self.url = self.server.database()
        self._numbers = itertools.count(1)
        self.path = self.config_for(self.url, self.directory / "house")
        with open_house(configuration.load(self.path)) as house:
            write_case_list(self.directory / "cases.csv")
            import_cases(house.database, self.directory / "cases.csv", house.book)
        self.database = open_database(self.url, self.directory)

    def config_for(self, url: str, directory: Path) -> Path:
        path = write_config(
            directory,
            self.dovecot,
            self.user,
            self.smtp,
            database_url=url,
            workers=self.walked_at_once,
            retries=10,
            answers="valve_per_15_minutes = 0",
            more=self.more,
        )
        path.write_text(path.read_text().replace("per_minute = 0", "per_minute = 0\nper_day = 0"))
        return path

    def deliver(self, *mails: bytes) -> None:
        self.dovecot.deliver(self.user, *mails)
        self.delivered += len(mails)

    def begin(self, *words: str, path: Path | None = None, netns: str = "") -> Process:
        """Start a worker; `words` are more options, `netns` the network namespace that it lives in."""
        log = self.directory / f"worker-{next(self._numbers)}.log"
        argv = ("worker", "--config", str(path or self.path), *words)
        process = self.yard.start(log, *argv, netns=netns, reading=self.reading, **self.seconds)
        self.workers.append(process)
        return process

    def kill(self, process: Process) -> None:
        """SIGKILL, and another under a new id in its place."""
        process.kill()
        self.workers.remove(process)
        self.ended.append(process)
        self.begin()

    def close(self) -> None:
        for process in self.workers:
            process.send(signal.SIGCONT)
            process.kill()
        self.database.close()

    # ── looking

    def log(self) -> str:
        return "\n".join(path.read_text("utf-8", "replace")[-2500:] for path in sorted(self.directory.glob("*.log")))

    def until(self, what: Callable[[], bool], seconds: float = 100.0) -> None:
        """Wait for something; a database that is just restarting is not an answer."""
        end = time.monotonic() + seconds
        while True:
            with contextlib.suppress(Exception):
                if what():
                    return
            if time.monotonic() > end:
                raise AssertionError(f"it did not come to that in {seconds} s\n{self.stand()}\n{self.log()[-12000:]}")
            time.sleep(0.1)

    def stand(self) -> str:
        """Where everything stands, for whoever reads of a failure."""
        with self.database.reading() as session:
            status = records.status(session)
            return f"{self.delivered} delivered; {status}; {members.workers(session)}"

    def decided(self) -> int:
        """Mails with a decision, or with a person."""
        with self.database.reading() as session:
            undecided = col(MailRow.state).not_in(records.UNDECIDED)
            return int(session.exec(select(sa.func.count()).select_from(MailRow).where(undecided)).one())

    def at_rest(self) -> bool:
        """Everything delivered is decided, and what may be sent was."""
        if self.decided() < self.delivered:
            return False
        with self.database.reading() as session:
            waiting = col(OutboxRow.state).in_((OutboxState.EN_COLA, OutboxState.ENVIANDO))
            again = sa.and_(col(OutboxRow.state) == OutboxState.INCIERTO, col(OutboxRow.due_at).is_not(None))
            soon = sa.or_(col(OutboxRow.due_at).is_(None), col(OutboxRow.due_at) < sa.func.now() + timedelta(minutes=2))
            return not session.exec(select(OutboxRow.id).where(sa.or_(waiting, again), soon).limit(1)).all()

    def holding(self) -> dict[int, tuple[int, ...]]:
        """By process id: mails in hand."""
        with self.database.reading() as session:
            return {one.pid: one.holding for one in members.workers(session)}

    def turns(self) -> dict[str, int]:
        """Whose turn is what, by process id."""
        with self.database.reading() as session:
            return {turn: one.pid for one in members.workers(session) for turn in one.turns}

    def hurry(self) -> int:
        """Let what waits for its time (uncertain ones, second tries, receipts) be sent now; how many."""
        waiting = col(OutboxRow.state).in_((OutboxState.INCIERTO, OutboxState.EN_COLA))
        with self.database.session() as session:
            return session.exec(
                sa.update(OutboxRow)
                .where(waiting, col(OutboxRow.due_at).is_not(None))
                .values(due_at=sa.func.now())
                .execution_options(synchronize_session=False)
            ).rowcount

    def tally(self) -> Tally:
        """Lost, charged twice, answered twice; and what is only worth knowing."""
        with self.database.reading() as session:
            mails = dict(session.exec(select(MailRow.id, MailRow.shunted_at)).all())
            decisions = Counter(session.exec(select(DecisionRow.mail_id)).all())
            entries = Counter(session.exec(select(EntryRow.charge_id)).all())
            outbox = list(session.exec(select(OutboxRow.message_id, OutboxRow.state)))
        shunted = [one for one, at in mails.items() if at is not None]
        letters: dict[str, list[bytes]] = defaultdict(list)
        by_mail: dict[str, set[str]] = defaultdict(set)
        for received in self.smtp.received:
            told = message_from_bytes(received.raw, policy=policy.default)
            letters[str(told["Message-ID"])].append(received.raw)
            by_mail[str(told["In-Reply-To"])].add(str(told["Message-ID"]))
        unanswered = [(one, state) for one, state in outbox if one not in letters]
        return Tally(
            broken={
                "lost": self.delivered - len(mails) + sum(not decisions[one] for one in mails) - len(shunted),
                "decided twice": sum(times > 1 for times in decisions.values()),
                "charged twice": sum(times > 1 for times in entries.values()),
                "answered twice": sum(len(ids) > 1 for ids in by_mail.values()),
                "other bytes under one name": sum(len(set(raws)) > 1 for raws in letters.values()),
                "never answered": len(unanswered),
            },
            seen={
                "mails": len(mails),
                "charges reversed": len(entries),
                "letters": sum(map(len, letters.values())),
                "identical repeats": sum(len(raws) - 1 for raws in letters.values()),
                "with a person, for it killed or outlived its workers": len(shunted),
                "uncertain in the end": sum(state is OutboxState.INCIERTO for _, state in outbox),
                **{f"never answered, {state}": count for state, count in Counter(dict(unanswered).values()).items()},
            },
        )


def mixed(papers: int, without: int, seed: int = 1) -> Sequence[bytes]:
    """Claims with and without papers, in no order."""
    mails = [*claims(papers), *bare(without)]
    random.Random(seed).shuffle(mails)
    return mails
