"""A house to be interrupted: real daemons between a real Dovecot and a real SMTP server, and what came of it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Self

from house import CORPUS, write_config
from planted import EAR
from servers import Dovecot, SmtpReceiver
from sqlmodel import col, func, select

from evidence_daemon import config as configuration
from evidence_daemon.app import open_house
from evidence_daemon.exchange import import_cases
from evidence_daemon.mail.message import understand
from evidence_daemon.model import MailId, OutboxState
from evidence_daemon.store import records
from evidence_daemon.store.database import open_database
from evidence_daemon.store.tables import MailRow, OutboxRow

SABOTEUR = Path(__file__).with_name("killed_between_steps.py")
MAILS = (
    "0001-claim-with-text-pdf",  # accepted: a value is reversed
    "0036-no-attachment",  # asked for more
    "0037-link-instead-of-file",  # asked for more
    "0054-no-acta-to-send",  # held for a person, with a receipt that waits ten minutes
    "0065-same-acta-sent-again",  # a duplicate of the first
    "0068-out-of-office",  # automatic: never answered
)
"""One of each fate, and few papers, for reading is what takes time."""
_READY = "daemon: running"
ACCOUNT = "posventa"
"""The name of the mailbox in `house.write_config`."""
LATER = 700.0
"""Seconds by which the clock is put forward to see what waits for ten minutes."""


@dataclass(frozen=True)
class Outcome:
    """What became of a mailbox, in values that can be compared between two houses."""

    mails: dict[str, tuple[object, ...]]
    """By the name of the sample: state, copies, decisions with their ledger entries, answers (kind, state), reviews."""
    cases: dict[str, tuple[object, ...]]
    """By service number: states of the case, its items and its charges, and what is reversed (cents)."""
    folders: dict[str, list[str]]
    """By folder: names of the samples that lie there."""
    letters: dict[str, int]
    """By answer (sample, text, decision): how often the SMTP receiver got it."""
    copies: dict[str, int]
    """By answer: how often it lies in the Sent folder."""
    altered: tuple[str, ...]
    """Answers that were sent or kept with different bytes under one Message-ID: never right."""

    def differences(self, right: Outcome) -> list[str]:
        """In words, everything that is not as in the undisturbed house; repeated letters are counted elsewhere."""
        found = [f"{answer} was sent with different bytes" for answer in self.altered]
        for what in ("mails", "cases", "folders"):
            mine, theirs = getattr(self, what), getattr(right, what)
            found += [
                f"{what}: {key}: {mine.get(key)}, expected {theirs.get(key)}"
                for key in sorted(mine.keys() | theirs.keys())
                if mine.get(key) != theirs.get(key)
            ]
        for what in ("letters", "copies"):
            mine, theirs = getattr(self, what).keys(), getattr(right, what).keys()
            found += [f"{what}: {key} is missing" for key in sorted(theirs - mine)]
            found += [f"{what}: {key} should not be" for key in sorted(mine - theirs)]
        return found

    @property
    def repeated(self) -> list[str]:
        """Answers that were received more than once."""
        return sorted(answer for answer, times in self.letters.items() if times > 1)


class Workshop:
    """Where saboteurs come from: a process that has imported the program and forks one run after the other."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, str(SABOTEUR)],
            env=os.environ | {"COLUMNS": "200"},  # heard while the program loads
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=30)

    def start(self, arguments: Sequence[str]) -> Saboteur:
        """Begin a run; the one before must have ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(list(arguments)) + "\n")
        return Saboteur(self._process.stdout)

    def command(self, *words: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, as it is; `settings`: variables of its environment beside ours."""
        with TemporaryDirectory() as place:
            said = [Path(place, name) for name in ("stdout", "stderr")]
            variables = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
            told = ["--plain", "--log", str(said[0]), "--errors", str(said[1]), *variables, "--", *map(str, words)]
            status = self.start(told).wait(120)
            return subprocess.CompletedProcess(words, status, *(path.read_text("utf-8") for path in said))


class Saboteur:
    """A run of the workshop, with the handles of a `subprocess.Popen`."""

    def __init__(self, news: IO[str]) -> None:
        self.pid = int(news.readline().split()[1])
        self.returncode: int | None = None
        self._thread = threading.Thread(target=self._await, args=(news,), daemon=True)
        self._thread.start()

    def _await(self, news: IO[str]) -> None:
        self.returncode = int(news.readline().split()[1])

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        self._thread.join(timeout)
        if self.returncode is None:
            raise TimeoutError(f"process {self.pid} still runs after {timeout} s")
        return self.returncode

    def send_signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):  # reaped, and its status not yet told
            if self.returncode is None:
                os.kill(self.pid, number)


Process = subprocess.Popen[bytes] | Saboteur


class Scene:
    """A fresh house with its mailbox, in which daemon processes are started, killed and started again."""

    def __init__(
        self,
        directory: Path,
        dovecot: Dovecot,
        user: str,
        smtp: SmtpReceiver,
        workshop: Workshop,
        mails: Sequence[str] = MAILS,
        *,
        workers: int = 1,
        retries: int = 3,
    ) -> None:
        self.dovecot, self.user, self.smtp = dovecot, user, smtp
        self._workshop = workshop
        self._log = directory / "daemon.log"
        self._said = 0
        self.path = write_config(directory, dovecot, user, smtp, workers=workers, retries=retries)
        self.config = configuration.load(self.path)
        self._names: dict[str, str] = {}
        with open_house(self.config) as house:
            import_cases(house.database, CORPUS / "cases.csv", house.book)
        self.database = open_database("", self.config.state_directory)
        self.deliver(*mails)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()
        EAR.read(self._log)

    def deliver(self, *mails: str) -> None:
        """Put samples of the corpus into the inbox."""
        for name in mails:
            raw = (CORPUS / f"{name}.eml").read_bytes()
            self._names[hashlib.sha256(raw).hexdigest()] = name
            self.dovecot.deliver(self.user, raw)

    # ── processes

    @contextmanager
    def process(self, *faults: str) -> Iterator[Process]:
        """A daemon, plain or with the saboteur's options.  It is dead and reaped at the end of the block."""
        command = ["run", "--config", str(self.path)]
        self._said = len(self.log())
        process: Process
        if faults:
            process = self._workshop.start(["--log", str(self._log), *faults, "--", *command])
        else:
            bound = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
            with self._log.open("ab") as log:
                process = subprocess.Popen(
                    [*bound, sys.executable, "-m", "evidence_daemon", *command], stdout=log, stderr=log
                )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait(30)

    def dies(self, *faults: str, seconds: float = 60.0) -> bool:
        """Run the saboteur; True when it died by SIGKILL, False when it came to rest without."""
        with self.process(*faults) as process:
            self._await(process, seconds)
            return process.poll() == -signal.SIGKILL

    def killed_after(self, seconds: float) -> None:
        """Begin a run, and SIGKILL it so many seconds after it has opened the house, whatever it does then.

        Counted from the opening: how long a program takes to start says how busy the machine is, and nothing else.
        """
        with self.process("--ahead", "0") as process:
            self._await_opening(process)
            time.sleep(seconds)
            process.send_signal(signal.SIGKILL)

    def seconds_of_work(self) -> float:
        """Run a daemon until there is nothing left to do; how long that took from the opening of the house on."""
        with self.process("--ahead", "0") as process:
            self._await_opening(process)
            began = time.monotonic()
            assert self._await(process, 60), self.log()[-3000:]
            taken = time.monotonic() - began
            self.end(process)
        return taken

    def _await_opening(self, process: Process, seconds: float = 60.0) -> None:
        """Wait until a process holds the lease of the house: from there on it works."""
        lease = self.config.state_directory / "daemon.lock"
        end = time.monotonic() + seconds
        while not lease.exists() or lease.read_text() != str(process.pid):
            assert process.poll() is None, self.log()[-3000:]
            assert time.monotonic() < end, f"did not open the house:\n{self.log()[-3000:]}"
            time.sleep(0.005)

    def settles(self, *, ahead: float = 0.0, plain: bool = False, seconds: float = 240.0) -> None:
        """Run a daemon until there is nothing left to do, then end it politely.

        With `plain` it is a program that is started as people start it, which costs seconds; else one of the workshop.
        """
        options = () if plain else ("--ahead", str(ahead))
        with self.running(*options) as process:
            assert self._await(process, seconds, ahead), f"not at rest after {seconds} s:\n{self.log()[-3000:]}"
            self.end(process)

    def end(self, process: Process) -> None:
        """Ask a daemon to stop, and see that it does."""
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, self.log()[-3000:]

    @contextmanager
    def running(self, *faults: str) -> Iterator[Process]:
        """Like `process`, once it has said that it runs."""
        with self.process(*faults) as process:
            self.await_words(_READY, process)
            yield process

    def await_words(self, words: str, process: Process, seconds: float = 60.0) -> None:
        """Wait until a process says these words (any earlier process of the house does not count)."""
        end = time.monotonic() + seconds
        while words not in self.log()[self._said :]:
            assert process.poll() is None, self.log()[-3000:]
            assert time.monotonic() < end, f"did not say {words!r}:\n{self.log()[-3000:]}"
            time.sleep(0.02)

    def _await(self, process: Process, seconds: float, ahead: float = 0.0) -> bool:
        """Wait until the process is dead or the house at rest; True when at rest and the process alive."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if process.poll() is not None:
                return False
            if self.at_rest(ahead):
                return True
            time.sleep(0.1)
        return False

    def log(self) -> str:
        """What all daemons of this house have said."""
        return self._log.read_text("utf-8", "replace") if self._log.exists() else ""

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the program on this house, e.g. "queue", "list"."""
        return subprocess.run(
            [sys.executable, "-m", "evidence_daemon", *words, "--config", str(self.path)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    # ── looking

    def at_rest(self, ahead: float = 0.0) -> bool:
        """True when every mail has its decision (or is shunted), its place and its answer, as far as they are due."""
        now = datetime.now(UTC) + timedelta(seconds=ahead)
        with self.database.reading() as session:
            decided = select(func.count()).where(col(MailRow.state).not_in(records.UNDECIDED))
            if session.exec(decided).one() < len(self._names):  # one look of many: it must cost little
                return False
            if session.exec(select(MailRow.id).where(col(MailRow.state).in_(records.UNDECIDED)).limit(1)).all():
                return False
            for state, due_at in session.exec(select(OutboxRow.state, OutboxRow.due_at)):
                waiting = state in {OutboxState.EN_COLA, OutboxState.INCIERTO}
                if state is OutboxState.ENVIANDO or (waiting and due_at is not None and due_at <= now):
                    return False
            return not records.to_file(session, ACCOUNT) and not records.to_append(session)

    def decided(self) -> int:
        """How many mails have their decision."""
        with self.database.reading() as session:
            return sum(records.load_mail(session, mail_id).decided for mail_id in records.all_mails(session))

    def mail(self, name: str) -> MailId:
        """The id of a sample."""
        with self.database.reading() as session:
            for mail_id in records.all_mails(session):
                if self._names[records.load_mail(session, mail_id).sha256] == name:
                    return mail_id
        raise LookupError(name)

    def paper(self, name: str) -> str:
        """The SHA-256 of a sample's attachment."""
        (attachment,) = understand((CORPUS / f"{name}.eml").read_bytes(), our_addresses=frozenset()).attachments
        return attachment.sha256

    def uncertain(self) -> int:
        """How many answers wait because nobody knows whether they arrived."""
        with self.database.reading() as session:
            return list(session.exec(select(OutboxRow.state))).count(OutboxState.INCIERTO)

    def drafts(self) -> list[Path]:
        """Files that somebody began to write and did not finish."""
        return list((self.config.state_directory / "evidence" / "tmp").iterdir())

    def story(self, name: str) -> records.Story:
        """The whole walk of a sample."""
        mail_id = self.mail(name)
        with self.database.reading() as session:
            return records.explain(session, mail_id)

    def outcome(self) -> Outcome:
        """What became of it all."""
        with self.database.reading() as session:
            stories = [records.explain(session, mail_id) for mail_id in records.all_mails(session)]
            cases = records.all_cases(session)
        folders = self.dovecot.folders(self.user)
        known = {
            answer.message_id: f"{self._names[story.mail.sha256]}: {answer.kind.value} ({number})"
            for story in stories
            for number, answer in enumerate(story.answers, 1)
        }

        def by_answer(mails: Iterable[bytes]) -> dict[str, list[bytes]]:
            found: dict[str, list[bytes]] = {}
            for raw in mails:
                message_id = str(message_from_bytes(raw, policy=policy.default)["Message-ID"]).strip()
                found.setdefault(known.get(message_id, message_id), []).append(raw)
            return found

        letters = by_answer(letter.raw for letter in self.smtp.received)
        copies = by_answer(folders.pop("Sent", []))
        return Outcome(
            mails={self._names[story.mail.sha256]: _facts(story) for story in stories},
            cases={
                case.service_number: (
                    case.state.value,
                    tuple(item.state.value for item in case.items),
                    tuple((charge.state.value, charge.reversed) for charge in case.charges),
                )
                for case in cases
            },
            folders={
                name: sorted(self._names[hashlib.sha256(raw).hexdigest()] for raw in mails)
                for name, mails in folders.items()
                if mails
            },
            letters={answer: len(raws) for answer, raws in letters.items()},
            copies={answer: len(raws) for answer, raws in copies.items()},
            altered=tuple(answer for answer, raws in letters.items() if len({*raws, *copies.get(answer, ())}) > 1),
        )


def _facts(story: records.Story) -> tuple[object, ...]:
    return (
        story.mail.state.value,
        tuple(role.value if role else "INBOX" for _, role in story.copies),
        tuple(
            (
                judged.verdict.value,
                tuple(reason.value for reason in judged.settlement.decision.grounds.reasons),
                tuple((entry.charge_id, entry.kind.value, entry.amount) for entry in judged.entries),
            )
            for judged in story.decisions
        ),
        tuple((answer.kind.value, answer.state.value) for answer in story.answers),
        tuple(review.lane.value for review in story.reviews),
    )
