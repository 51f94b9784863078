"""Runs the house: polls, dispatches, reconciles, prunes, until it is told to stop.

Several processes may run one house (PostgreSQL): each job that only one may do at a time has a turn
(`store/members`), runs only while this process holds it, and can write nothing once another has it.

APScheduler is the clock, in memory: a persistent job store would replay every missed run in a burst after
a restart.  Each job runs at most once at a time, and late runs are folded into one.  The walk itself is
the engine's (`flow`).  No trouble of one job stops another: a job that fails says so and is tried again,
with a growing pause.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import random
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from evidence_daemon import observe
from evidence_daemon.alerts import Alerts, Signs
from evidence_daemon.asked import Asked
from evidence_daemon.equation import Closing
from evidence_daemon.errors import LoginRefused, Temporary
from evidence_daemon.exchange.watched import Watched
from evidence_daemon.mail.imap import Mailbox
from evidence_daemon.mail.maildir import Maildir
from evidence_daemon.mail.smtp import Postman
from evidence_daemon.model import CopyKey
from evidence_daemon.pipeline import Pipeline
from evidence_daemon.store.closing import Missing
from evidence_daemon.store.members import FencedOut, Member, Turn

if TYPE_CHECKING:  # the engine is slow to load, and only a running daemon needs it
    from evidence_daemon.flow import Flow

log = logging.getLogger("evidence_daemon.daemon")

ALL_ROLES = frozenset({"poll", "work", "dispatch", "clock", "campaigns", "web"})
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0
"""Seconds between tries of a job that meets trouble: doubled each time, with jitter."""
LOGIN_PAUSE = 300.0
"""Seconds after a refused login: hammering locks accounts."""
_LISTEN_SECONDS = 0.5
"""Seconds until a request to stop is noticed, at most."""
STUCK_SECONDS = 900.0
"""A job that made no step for so long hangs: above every time-out of its own (600 s for the answer to DATA)."""
IDLE_SECONDS = 300.0
"""Some job ends at least that often (dispatch every 5 s), or their clock is dead."""
_SETTLE_SECONDS = 60.0
"""A transaction that takes in a mail is over by then."""
PATIENCE_SECONDS = 120.0
"""For so long a database that cannot be reached is waited for at the start: its server may just be restarting."""
HAND_OVER_AFTER = 3
"""Failures in a row after which another process may try the job."""
CLOSE_AGAIN = 900.0
"""Seconds until a closing count that found a difference, or no mailbox, is made again."""
_READY_SECONDS = 30.0
"""After so long without a login we are ready all the same: the mail server's trouble is not ours."""


@dataclass
class _Pause:
    """How long a job that meets trouble stays away; `until` is None while all is well."""

    failures: int = 0
    until: datetime | None = None
    since: datetime | None = None
    """When the trouble began."""

    def lengthen(self, floor: float) -> float:
        self.failures += 1
        self.since = self.since or datetime.now(UTC)
        seconds = max(floor, min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self.failures - 1, 10)))
        seconds *= random.uniform(0.8, 1.2)  # noqa: S311  # jitter, so that many clients do not come back at once
        self.until = datetime.now(UTC) + timedelta(seconds=seconds)
        return seconds


@dataclass(frozen=True)
class Door:
    """One mailbox, and how often it is swept."""

    mailbox: Mailbox | Maildir
    lookout: Mailbox | Maildir | None
    """A second connection that only waits for news; None without that accelerator."""
    poll_seconds: float

    @property
    def job(self) -> str:
        """The name of its job, and of its turn."""
        return f"poll {self.mailbox.account}"

    def close(self) -> None:
        """Let both connections go."""
        self.mailbox.close()
        if self.lookout is not None:
            self.lookout.close()


@dataclass(frozen=True)
class _Job:
    """What is done again and again; with a `turn` only by one process at a time."""

    act: Callable[[], None]
    seconds: float
    turn: Turn | None = None


@dataclass
class Daemon:
    """The jobs and their clock.  `stop` may be set by a signal handler or another thread.

    `doors` are the mailboxes that this process may poll; `roles` what else it may do.
    """

    pipeline: Pipeline
    flow: Flow
    member: Member
    doors: tuple[Door, ...]
    postman: Postman
    reconcile_seconds: float
    alerts: Alerts
    roles: frozenset[str] = ALL_ROLES
    accounts: tuple[str, ...] = ()
    """Every mailbox of the house, by its account, whoever polls it."""
    watched: Watched | None = None
    """The folder in which lists are dropped; None without one."""
    asked: Asked = field(default_factory=Asked)
    _pauses: dict[str, _Pause] = field(default_factory=dict)
    _sending_as: int | None = -1
    """The token under which answers were last sent."""
    _refused: dict[str, datetime] = field(default_factory=dict)
    """Since when a job's login is refused."""
    _undeliverable: dict[str, tuple[CopyKey, ...]] = field(default_factory=dict)
    """By mailbox: mails that its server lists and does not hand over."""
    _missing: tuple[Missing, ...] = ()
    """What the last closing count lacked."""
    close_mailboxes: Callable[[], tuple[Closing, ...]] = tuple
    """Compares every mailbox with the books.  Raises `Temporary`."""
    _closings: tuple[Closing, ...] = ()
    """What came of it last, and """
    _closed_at: datetime | None = None
    """when."""
    _odd: frozenset[str] = frozenset()
    """Mails without a row, as the last two looks saw them: one alone may have met a mail on its way."""
    _trail: str = ""
    """What was wrong with the audit trail then."""
    reload: Callable[[], object] = lambda: None
    """Reads the rules anew; says itself what came of it."""
    after_round: Callable[[bool], object] = lambda _well: None
    """Called after each complete round over all mailboxes, with whether it went well."""
    _steps: dict[str, float] = field(default_factory=dict)
    """Jobs at work, by when they made their last step (monotonic seconds)."""
    _ended_at: float = field(default_factory=time.monotonic)
    """When a job last ended (monotonic seconds)."""
    _tried: set[str] = field(default_factory=set)
    """Mailboxes that were reached, or could not be."""
    _turns: dict[str, bool] = field(default_factory=dict)
    """By job: whether it was our turn last time."""
    _clock: BackgroundScheduler = field(init=False)

    def __post_init__(self) -> None:
        self._clock = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(3 + len(self.doors))},  # a slow job keeps no other waiting
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600},
            timezone=UTC,
        )

    @property
    def stop(self) -> threading.Event:
        """Set when it is asked to end."""
        return self.asked.stop

    def run(self, *, leave_after: float | None = None) -> None:
        """Run until `stop` is set; returns when every job has ended and the engine has let go.

        When that takes longer than `leave_after` seconds the whole process ends as in a crash: a silent server or
        a long reading must not hold up the machine, and the next start goes on where this one was.  None: it waits.
        """
        jobs = self._jobs()  # asks for the turns, too
        self._begin()
        for name, job in jobs.items():
            self._clock.add_job(
                self._guarded,
                "interval",
                args=(name, job.act, job.turn),
                seconds=job.seconds,
                id=name,
                next_run_time=datetime.now(UTC) + timedelta(seconds=60 if name in {"prune", "close"} else 0),
            )
        self._clock.start()
        started = fed = time.monotonic()
        ready, every = False, observe.watchdog_seconds()
        observe.say(log, logging.INFO, "running", mailboxes=",".join(door.mailbox.account for door in self.doors))
        watches = [
            threading.Thread(target=self._watch, args=(door, door.lookout), name=f"lookout {door.job}", daemon=True)
            for door in self.doors
            if door.lookout is not None
        ]
        for watch in watches:
            watch.start()
        # Not `stop.wait()`: a signal that comes as this thread lies down is not heard before the next one (measured,
        # 2 of 20 stops on a busy machine).
        while not self.stop.is_set():
            if not ready and (self._met_all() or time.monotonic() - started > _READY_SECONDS):
                ready = True
                observe.notify("READY=1")
            if self.asked.reread:
                self.asked.reread = False
                observe.notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
                self.reload()
                observe.notify("READY=1")
            if every is not None and time.monotonic() - fed > every / 4 and not self.hanging():
                fed = time.monotonic()
                observe.notify("WATCHDOG=1")
            time.sleep(_LISTEN_SECONDS)
        observe.notify("STOPPING=1")
        log.info("stopping: running steps end first")
        if leave_after is not None:
            # Never cancelled: at the end of the interpreter it still waits for threads at work.
            last_resort = threading.Timer(leave_after, _leave)
            last_resort.daemon = True
            last_resort.start()
        self._clock.shutdown(wait=True)
        for watch in watches:
            watch.join(10)
        self._end()

    def _begin(self) -> None:
        """Be seen by the others, then let the engine go: it must not have work of somebody who cannot be seen."""
        patiently(self.member.start, PATIENCE_SECONDS)
        patiently(self.flow.start, PATIENCE_SECONDS)
        if self.member.lite:
            self.pipeline.recover(starting=True)
            self._sending_as = None

    def _end(self) -> None:
        self.flow.stop()
        self.member.stop()
        self._close()

    def _jobs(self) -> dict[str, _Job]:
        """What this process does, by its roles."""
        turn = self.member.turn
        jobs = {
            door.job: _Job(functools.partial(self.poll, door), door.poll_seconds, turn(door.job)) for door in self.doors
        }
        if "dispatch" in self.roles:
            jobs["dispatch"] = _Job(self.dispatch, 5.0, turn("dispatch"))
        if "clock" in self.roles:
            jobs |= {
                "reconcile": _Job(self.reconcile, self.reconcile_seconds, turn("clock")),
                "prune": _Job(self.prune, 3600.0, turn("clock")),
                "close": _Job(self.close_books, 86400.0, turn("clock")),
                "lapse": _Job(self.lapse, 600.0, turn("clock")),
            }
            if self.watched is not None:
                jobs["lists"] = _Job(self.lists, 30.0, turn("clock"))
        return jobs | {"look": _Job(self.look, 60.0)}

    def hanging(self) -> str:
        """What does not move any more, in words; "" while the work goes on.  Feeds systemd's watchdog and /healthz."""
        now = time.monotonic()
        stuck = sorted(job for job, at in list(self._steps.items()) if now - at > STUCK_SECONDS)
        if stuck:
            return f"no step for {STUCK_SECONDS:.0f} s: {', '.join(stuck)}"
        if now - self._ended_at > IDLE_SECONDS and not self._steps:
            return f"no job ended for {IDLE_SECONDS:.0f} s"
        return ""

    def troubles(self) -> dict[str, int]:
        """Jobs that fail now, by how often in a row."""
        return {name: pause.failures for name, pause in list(self._pauses.items()) if pause.failures}

    def swept(self) -> dict[str, datetime]:
        """When each mailbox was last listed to its end, by its account."""
        return self.pipeline.sweeps()

    def _met_all(self) -> bool:
        return all(door.job in self._tried for door in self.doors)

    def once(self, patience: float = 3600.0) -> None:
        """One round: take in what is there, walk it, answer, file away; then return.

        Waits at most `patience` seconds for the walks; what is unfinished then goes on at the next start.
        A mailbox that meets trouble stops no other; the first trouble is raised at the end.
        """
        jobs, troubles = self._jobs(), dict[str, Temporary]()
        self._begin()
        try:
            self._at_once(jobs, "reconcile")
            self._poll_all(jobs, troubles)
            deadline = datetime.now(UTC) + timedelta(seconds=patience)
            while not self.flow.idle() and datetime.now(UTC) < deadline and not self.stop.is_set():
                time.sleep(0.2)
            for name in ("lapse", "look", "dispatch"):
                self._at_once(jobs, name)
            self._poll_all(jobs, troubles)
        finally:
            self._end()
        if troubles:
            raise next(iter(troubles.values()))

    def _poll_all(self, jobs: dict[str, _Job], troubles: dict[str, Temporary]) -> None:
        for door in self.doors:
            if door.job not in troubles:
                try:
                    self._at_once(jobs, door.job)
                except Temporary as trouble:
                    troubles[door.job] = trouble

    def _at_once(self, jobs: dict[str, _Job], name: str) -> None:
        """Do a job here and now, if it is ours to do."""
        job = jobs.get(name)
        if job is None:
            return
        if job.turn is None:
            job.act()
        elif job.turn.held():
            with self.pipeline.database.guarded(job.turn.fence):
                job.act()
        else:
            log.info("%s: another process has this turn", name)

    def poll(self, door: Door) -> None:
        """Take in every mail in the inbox that has no journal row; file away those that are settled."""
        mailbox, taken = door.mailbox, 0
        if not self.pipeline.intake_paused():
            for arrival in mailbox.arrivals(self.pipeline.known_uids(mailbox.account, mailbox.inbox)):
                taken += self.pipeline.take_in(arrival)
                self._step(door.job)
                if self.stop.is_set():
                    break
            else:
                self.pipeline.swept(mailbox.account)
            if mailbox.census is not None:
                self.pipeline.count(mailbox.census)
            self._undeliverable[door.job] = mailbox.undeliverable
        moves = self.pipeline.to_file(mailbox.account)
        if moves:
            self.pipeline.filed(mailbox.file_away(moves))
        if taken or moves:
            observe.say(log, logging.INFO, "polled", mailbox=mailbox.account, taken=taken, filed=len(moves))
        try:
            if since_decided := self.pipeline.to_refile(mailbox.account):
                self.pipeline.refiled(mailbox.refile(since_decided))
            for outbox_id, raw in self.pipeline.to_append(mailbox.account):
                mailbox.append_sent(raw)
                self.pipeline.appended(outbox_id)
            if by_hand := self.pipeline.note_by_hand(mailbox.account, mailbox.sent_lately()):
                observe.say(log, logging.INFO, "answered by hand", mailbox=mailbox.account, mails=by_hand)
        except Temporary as trouble:  # a full or missing Sent folder must not slow down the intake
            log.warning("mails could not be moved on, or answers put into the Sent folder: %s", trouble)

    def dispatch(self) -> None:
        """Send what is due in the outbox.  When the turn has come to us, what its last holder left is uncertain."""
        turn = self.member.turn("dispatch")
        if (token := turn.token) != self._sending_as:
            self.pipeline.recover(starting=True)
            self._sending_as = token
        while not self.stop.is_set() and self.pipeline.dispatch_one(self.postman, turn.held):
            self._step("dispatch")
        while not self.stop.is_set() and self.alerts.send_one(self.postman):  # the postman has one owner: this job
            pass

    def look(self) -> None:
        """Write alerts for what needs a person, and the digest when its hour has come; `dispatch` sends them."""
        free = shutil.disk_usage(self.pipeline.config.state_directory).free
        failing = {
            name: pause.since
            for name, pause in list(self._pauses.items())
            if pause.since is not None and name not in self._refused
        }
        stuck = tuple(key for keys in list(self._undeliverable.values()) for key in keys)
        idle = tuple(receipt for one in self._closings for receipt in one.books.stuck)
        odd = tuple(sorted(self._odd))
        causes = self.alerts.look(
            Signs(dict(self._refused), free, failing, stuck, self._missing, self._trail, odd, idle)
        )
        if self.alerts.digest() or causes:
            self.wake("dispatch")

    def lists(self) -> None:
        """Take the lists that were dropped in the watched folder; what they let be judged again is walked at once."""
        if self.watched is not None and any(taken.changed for taken in self.watched.look()):
            self.wake("reconcile")

    def reconcile(self) -> None:
        """Start anew every mail that is neither final nor under way; recover claims of a dead process."""
        self.pipeline.recover()
        for mail_id in self.pipeline.reconcile(self.flow.abandoned):
            log.warning("mail %s had been left lying; it is walked again", mail_id)

    def lapse(self) -> None:
        """Remind customers who did not send what was asked in time; their cases wait for them no longer.

        After a standstill what they sent still lies in the mailbox, so every mailbox must have been swept just now.
        """
        swept, an_hour_ago = self.pipeline.sweeps(), datetime.now(UTC) - timedelta(hours=1)
        if any(swept.get(account, an_hour_ago) <= an_hour_ago for account in self.accounts):
            return
        if lapsed := self.pipeline.lapse():
            observe.say(log, logging.INFO, "lapsed", mails=lapsed)

    def prune(self) -> None:
        """Forget the engine's finished walks of more than a week ago."""
        self.flow.prune(datetime.now(UTC) - timedelta(days=7))

    def close_books(self) -> None:
        """Count whether every mail is in the books and in the mailbox, and walk the trail's chain; `look` tells.

        Where there is a difference, or a mailbox was not reached, it looks again in a quarter of an hour.
        """
        self._missing = self.pipeline.missing()
        for one in self._missing:
            log.error("%s came in (%s, UID %d) and is not in the books any more", one.receipt, one.folder, one.uid)
        self._trail = "; ".join(self.pipeline.trail_faults()[:3])
        if self._trail:
            log.error("the audit trail is not whole: %s", self._trail)
        if removed := self.pipeline.sweep_garbage(lambda: self.stop.wait(_SETTLE_SECONDS)):
            log.info("%d evidence files that no row speaks of were removed", removed)
        before = {f"{one.account}: {place}" for one in self._closings for place in one.unknown}
        try:
            self._closings = self.close_mailboxes()
        except Temporary as trouble:  # the job that polls tells of it, and is in charge of its pauses
            log.warning("a mailbox could not be compared with the books: %s", trouble)
            self._again("close", CLOSE_AGAIN)
            return
        self._closed_at = datetime.now(UTC)
        for closing in self._closings:
            observe.say(
                log,
                logging.INFO,
                "closing",
                mailbox=closing.account,
                seen=sum(closing.seen.values()),
                rows=closing.books.rows,
                decided=closing.books.decided,
                waiting=closing.books.waiting,
                under_way=closing.books.under_way,
                unknown=len(closing.unknown),
                elsewhere=closing.elsewhere,
            )
        now = {f"{one.account}: {place}" for one in self._closings for place in one.unknown}
        self._odd = frozenset(before & now)
        for place in sorted(self._odd):
            log.error("%s: a mail lies there that is not in the books", place)
        if any(not one.even for one in self._closings):
            self._again("close", CLOSE_AGAIN)

    def closings(self) -> tuple[tuple[Closing, ...], datetime | None]:
        """The last closing equation of each mailbox, and when it was made."""
        return self._closings, self._closed_at

    def _again(self, job: str, seconds: float) -> None:
        """Let a job run sooner than its next time."""
        if self._clock.running and self._clock.get_job(job) is not None:
            self._clock.modify_job(job, next_run_time=datetime.now(UTC) + timedelta(seconds=seconds))

    def wake(self, job: str) -> None:
        """Let a job run now instead of at its next time."""
        known = self._clock.running and self._clock.get_job(job) is not None
        if known and (self._pauses.get(job) or _Pause()).until is None:
            self._clock.modify_job(job, next_run_time=datetime.now(UTC))

    def _watch(self, door: Door, lookout: Mailbox | Maildir) -> None:
        """Wake the poll when the mailbox has news; any trouble here only means plain polling."""
        turn = self.member.turn(door.job)
        while not self.stop.is_set():
            if not turn.held():
                self.stop.wait(1)
                continue
            try:
                if lookout.wait(60, self.stop):
                    self.wake(door.job)
            except LoginRefused:  # the poll tells of it; two that hammer would only lock the account sooner
                self.stop.wait(LOGIN_PAUSE)
            except Temporary as trouble:
                log.debug("the lookout lost its connection: %s", trouble)
                self.stop.wait(60)

    def _close(self) -> None:
        for door in self.doors:
            door.close()
        self.postman.close()

    def _step(self, name: str) -> None:
        """A job at work got one thing done."""
        self._tried.add(name)
        if name in self._steps:
            self._steps[name] = time.monotonic()

    def _guarded(self, name: str, act: Callable[[], None], turn: Turn | None = None) -> None:
        pause = self._pauses.setdefault(name, _Pause())
        if (pause.until is not None and datetime.now(UTC) < pause.until) or not self._ours(name, turn):
            self._tried.add(name)
            self._ended_at = time.monotonic()
            return
        self._steps[name] = time.monotonic()
        try:
            self._try(name, act, turn, pause)
        finally:
            self._steps.pop(name, None)
            self._tried.add(name)
            self._ended_at = time.monotonic()
        if any(name == door.job for door in self.doors) and self._met_all():
            self.after_round(not any(self._pauses.get(door.job, _Pause()).failures for door in self.doors))

    def _ours(self, name: str, turn: Turn | None) -> bool:
        """Whether it is this process's turn; connections are let go when it no longer is."""
        ours = turn is None or turn.held()
        if self._turns.get(name, False) and not ours:
            for door in self.doors:
                if door.job == name:
                    door.mailbox.close()
            if name == "dispatch":
                self.postman.close()
        self._turns[name] = ours
        return ours

    def _try(self, name: str, act: Callable[[], None], turn: Turn | None, pause: _Pause) -> None:
        try:
            with self.pipeline.database.guarded(turn.fence) if turn is not None else contextlib.nullcontext():
                act()
        except FencedOut as late:
            log.info("%s", late)
        except Temporary as trouble:
            if isinstance(trouble, LoginRefused):
                self._refused.setdefault(name, datetime.now(UTC))
            floor = LOGIN_PAUSE if isinstance(trouble, LoginRefused) else (trouble.retry_after or 0.0)
            seconds = pause.lengthen(floor)
            observe.say(
                log, logging.WARNING, f"{name}: {trouble}", next_try_in=f"{seconds:.0f}s", failures=pause.failures
            )
            if turn is not None and pause.failures >= HAND_OVER_AFTER:
                turn.hand_over()
        except Exception:
            seconds = pause.lengthen(0.0)
            log.exception("%s failed; next try in %.0f s", name, seconds)
        else:
            self._pauses[name] = _Pause()
            self._refused.pop(name, None)


def patiently(work: Callable[[], object], seconds: float) -> None:
    """Do it, again and again for so long when the trouble is one that passes.  Raises the last `Temporary`."""
    end = time.monotonic() + seconds
    while True:
        try:
            work()
        except Temporary as trouble:
            if time.monotonic() > end:
                raise
            log.warning("at the start: %s; tried again", trouble)
            time.sleep(2)
        else:
            return


def _leave() -> None:
    """End the process now, whatever its threads do.  Exit status 0: it was asked to stop, and nothing is lost."""
    log.warning("work did not end in time; it is left as in a crash, and the next start goes on with it")
    logging.shutdown()
    os._exit(0)
