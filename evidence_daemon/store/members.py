"""Those who work on one database: who lives, whose turn it is, and who takes over what a dead one had in hand.

PostgreSQL is the judge of life, not our clocks.  Each process holds a *session advisory lock* named after its
executor id, on a connection of its own; the server drops it when the process dies.  A lock that is seen free twice,
`GRACE_SECONDS` apart, is a dead one's: after a restart of PostgreSQL all locks are free for a moment, and everybody
has taken his again by then.  Besides that each process *beats*: it writes the time, by the database's clock, into its
row.  One that holds its lock and was silent for `SILENT_SECONDS` is frozen or cut off; its session is ended, so that it
counts as dead like the others.  If it thaws, its session is gone: it takes its lock again, and what was taken over
meanwhile is refused to it (the engine's rows and ours are changed only under the condition that nobody else did).

A *turn* is what only one of them does at a time: polling a mailbox, sending on a channel, the jobs of the clock.  It
passes on when its holder ends, hands it over, or has not beaten for `TURN_SECONDS`.  Whoever takes it raises its token,
and every transaction that was begun for an older token is refused by the row itself (`Turn.fence`).

On SQLite there is one process (`lease`), and every turn is its own.  It beats too, so that `status` shows it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon import __version__
from evidence_daemon.errors import BadInput, Temporary
from evidence_daemon.store.database import Database, translated
from evidence_daemon.store.statements import insert_new
from evidence_daemon.store.tables_cluster import SweepRow, TurnRow, WorkerRow

log = logging.getLogger("evidence_daemon.members")

TICK_SECONDS = 5.0
"""Between two looks: beat, turns, the dead."""
GRACE_SECONDS = 15.0
"""A lock that is free so long is a dead one's."""
TURN_SECONDS = 30.0
"""A holder that was silent so long has lost its turns to whoever asks for them."""
SILENT_SECONDS = 60.0
"""One that holds its lock and was silent so long is frozen, and its session is ended."""
HAND_OVER_SECONDS = 60.0
"""For how long one that handed a turn over does not ask for it again."""
FORGOTTEN_AFTER = timedelta(hours=1)
"""The rows of dead processes are shown so long."""

_TRY = sa.text("SELECT pg_try_advisory_lock(hashtextextended('evidence_daemon:worker:' || CAST(:x AS text), 0))")
_FREE = sa.text("SELECT pg_advisory_unlock(hashtextextended('evidence_daemon:worker:' || CAST(:x AS text), 0))")
_LIVING = sa.text(
    "SELECT executor, version FROM workers WHERE beat_at > clock_timestamp() - make_interval(secs => :seconds) "
    "OR EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND ((classid::bigint << 32) | objid::bigint) = hashtextextended('evidence_daemon:worker:' || executor, 0)) "
    "ORDER BY executor"
)
_BEAT = (
    "INSERT INTO workers (executor, host, pid, version, engine_version, roles, holding, started_at, beat_at) "
    "VALUES (:executor, :host, :pid, :version, :engine_version, :roles, :holding, clock_timestamp(), "
    "clock_timestamp()) ON CONFLICT (executor) DO UPDATE SET beat_at = clock_timestamp(), holding = excluded.holding"
)
_TAKE = (
    "UPDATE turns SET holder = :me, token = token + 1, since = clock_timestamp() WHERE name = :name AND holder <> :me "
    "AND NOT EXISTS (SELECT 1 FROM workers WHERE workers.executor = turns.holder "
    "AND workers.beat_at > clock_timestamp() - make_interval(secs => :seconds)) RETURNING token"
)
_END_SILENT = (
    "SELECT w.executor, pg_terminate_backend(l.pid) FROM workers w JOIN pg_locks l ON l.locktype = 'advisory' "
    "AND l.granted AND ((l.classid::bigint << 32) | l.objid::bigint) = "
    "hashtextextended('evidence_daemon:worker:' || w.executor, 0) "
    "WHERE w.beat_at < clock_timestamp() - make_interval(secs => :seconds) AND w.executor <> :me "
    "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)

_FORGET = sa.text("DELETE FROM workers WHERE beat_at < clock_timestamp() - make_interval(secs => :seconds)")


def _now() -> float:
    """Seconds that also run while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class FencedOut(Temporary):
    """Another process has this turn now; nothing was written."""


class Turn:
    """One turn as this process sees it."""

    def __init__(self, name: str, member: Member) -> None:
        self.name, self._member = name, member
        self.token: int | None = None
        self._not_before = 0.0

    def held(self) -> bool:
        """Whether this process may act now: it has the turn, and has beaten lately enough that nobody else took it."""
        return self._member.lite or (self.token is not None and self._member.fresh())

    def fence(self, session: Session) -> None:
        """First in each transaction that is written by virtue of this turn.  Raises `FencedOut`.

        The row stays share-locked until the end: who takes the turn over waits for this transaction.
        """
        if self._member.lite:
            return
        token = session.exec(
            select(TurnRow.token).where(col(TurnRow.name) == self.name).with_for_update(read=True)
        ).one_or_none()
        if token is None or token != self.token:
            raise FencedOut(f"{self.name}: another process has taken over")

    def hand_over(self) -> None:
        """Let another have it, e.g. because the mailbox cannot be reached from here; asked for again after a while."""
        self._not_before = _now() + HAND_OVER_SECONDS
        self._member.release(self)

    @property
    def wanted(self) -> bool:
        """Whether to ask for it."""
        return _now() >= self._not_before


@dataclass
class Member:
    """This process among those that work on one database; alive from `start` to `stop`.

    `holding` tells the mails in hand; `owners` the executors to whom the engine has given work, and `adopt` puts a dead
    one's work back into its queue.  `roles` are shown to people.
    """

    database: Database
    executor: str
    roles: Sequence[str] = ()
    engine_version: str = ""
    holding: Callable[[], Iterable[int]] = tuple
    owners: Callable[[], set[str]] = set
    adopt: Callable[[str], None] = lambda _executor: None
    _turns: dict[str, Turn] = field(default_factory=dict)
    _free: dict[str, float] = field(default_factory=dict)
    """Locks that were found free, and since when."""
    _connection: sa.Connection | None = None
    _beaten: float = float("-inf")
    _forgot: float = float("-inf")
    _over: threading.Event = field(default_factory=threading.Event)
    _hand: threading.RLock = field(default_factory=threading.RLock)
    _threads: list[threading.Thread] = field(default_factory=list)

    @property
    def lite(self) -> bool:
        """Whether this is the one process of an SQLite house."""
        return self.database.lite

    def turn(self, name: str) -> Turn:
        """Ask for a turn, from the next look on until the end; the same object for the same name."""
        with self._hand:
            return self._turns.setdefault(name, Turn(name, self))

    def turns(self) -> dict[str, bool]:
        """What was asked for, and whether it is ours now."""
        return {name: turn.held() for name, turn in list(self._turns.items())}

    def fresh(self) -> bool:
        """Whether our last beat is so young that nobody may have taken a turn of ours."""
        return _now() - self._beaten < TURN_SECONDS - TICK_SECONDS

    def start(self) -> Self:
        """Take our lock, beat, take what turns are free, and go on doing so.  Raises `BadInput`, `Temporary`."""
        self._over.clear()
        self.look()
        # Two threads: whoever buries the dead may wait for the engine, and the heart must not.
        works = [("member", self.look)] if self.lite else [("member", self.look), ("members", self.bury)]
        self._threads = [
            threading.Thread(target=self._run, args=(work,), name=name, daemon=True) for name, work in works
        ]
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Hand all turns over and be gone: others go on at once."""
        self._over.set()
        for thread in self._threads:
            thread.join(60)
        with self._hand, contextlib.suppress(Temporary):
            self._leave()
        with self._hand:
            for turn in self._turns.values():
                turn.token = None
            self._drop()

    def release(self, turn: Turn) -> None:
        """Give one turn back."""
        with self._hand:
            turn.token = None
            if self.lite or self._connection is None:
                return
            with contextlib.suppress(Temporary):
                self._say("UPDATE turns SET holder = '' WHERE name = :name AND holder = :me", name=turn.name)

    def look(self) -> None:
        """One look: our lock, our beat, our turns, and an end to the frozen.  Raises `Temporary`."""
        with self._hand:
            if self.lite:
                self.database.transact(self._beat_lite)
                return
            try:
                self._hold()
                began = _now()
                self._say(_BEAT, **self._facts())
                self._beaten = began
                self._take_turns()
                self._say(_END_SILENT, seconds=SILENT_SECONDS)
            except Temporary:
                self._drop()
                raise

    def bury(self) -> None:
        """Put back the work of executors whose lock was free at two looks, `GRACE_SECONDS` apart; finders never meet.

        Raises `Temporary`.
        """
        owners = self.owners() - {self.executor}
        self._free = {one: since for one, since in self._free.items() if one in owners}
        if owners:
            with contextlib.closing(self.database.apart()) as connection, translated():
                for one in sorted(owners):
                    self._look_at(one, connection)
        if _now() - self._forgot > 600:
            self._forgot = _now()
            with contextlib.closing(self.database.apart()) as connection, translated():
                connection.execute(_FORGET, {"seconds": FORGOTTEN_AFTER.total_seconds()})

    def _look_at(self, one: str, connection: sa.Connection) -> None:
        if not connection.scalar(_TRY, {"x": one}):
            self._free.pop(one, None)
            return
        try:
            if _now() - self._free.setdefault(one, _now()) >= GRACE_SECONDS:
                log.warning("%s is dead: its work goes back to the queue", one)
                self.adopt(one)
        finally:
            connection.execute(_FREE, {"x": one})

    # ── inside ───────────────────────────────────────────────────────────────────────────────────

    def _run(self, work: Callable[[], None]) -> None:
        troubled = False
        while not self._over.wait(TICK_SECONDS * (3 if self.lite else 1)):
            try:
                work()
                if troubled:
                    log.info("the database answers again")
                troubled = False
            except (Temporary, BadInput) as trouble:
                if not troubled:
                    log.warning("this process cannot be seen by the others now: %s", trouble)
                troubled = True
            except Exception:
                log.exception("the look at the other processes failed")

    def _facts(self) -> dict[str, object]:
        return {
            "executor": self.executor,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "version": __version__,
            "engine_version": self.engine_version,
            "roles": ",".join(self.roles),
            "holding": json.dumps(sorted(self.holding())),
        }

    def _beat_lite(self, session: Session) -> None:
        now = datetime.now(UTC)
        facts = self._facts()
        if not insert_new(session, WorkerRow, facts | {"started_at": now, "beat_at": now}, ["executor"]):
            renewed = {key: facts[key] for key in ("holding", "pid", "version", "host")} | {"beat_at": now}
            session.exec(
                sa.update(WorkerRow)
                .where(col(WorkerRow.executor) == self.executor)
                .values(**renewed)
                .execution_options(synchronize_session=False)
            )

    def _say(self, statement: str, **words: object) -> sa.CursorResult[Any]:
        if self._connection is None:
            raise Temporary("the connection by which the others see this process is gone")
        names = {"me": self.executor} if ":me" in statement else {}
        with translated():
            return self._connection.execute(sa.text(statement), names | words)

    def _hold(self) -> None:
        """Have our lock, on a live connection."""
        if self._connection is not None:
            try:
                self._say("SELECT 1")
            except Temporary:
                self._drop()
            else:
                return
        connection = self.database.apart()
        try:
            with translated():
                taken = connection.scalar(_TRY, {"x": self.executor})
        except BaseException:
            connection.close()
            raise
        if not taken:  # a finder tries it just now, or the server has not noticed yet that our old session is gone
            connection.close()
            raise Temporary(f"the lock of {self.executor} is in another session's hand")
        self._connection = connection

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.close()
            self._connection = None

    def _take_turns(self) -> None:
        rows = self._say("SELECT name, token FROM turns WHERE holder = :me").mappings()
        mine: dict[str, int] = {row["name"]: row["token"] for row in rows}
        for turn in list(self._turns.values()):
            token = mine.get(turn.name)
            if token is None and turn.token is not None:
                log.warning("%s: another process has taken over", turn.name)
            if token is None and turn.wanted:
                self._say("INSERT INTO turns (name, holder) VALUES (:name, '') ON CONFLICT DO NOTHING", name=turn.name)
                taken = self._say(_TAKE, name=turn.name, seconds=TURN_SECONDS).scalar_one_or_none()
                token = int(taken) if taken is not None else None
                if token is not None:
                    log.info("%s: it is our turn", turn.name)
            turn.token = token

    def _leave(self) -> None:
        if self.lite:
            self.database.transact(
                lambda session: session.exec(sa.delete(WorkerRow).where(col(WorkerRow.executor) == self.executor))
            )
        elif self._connection is not None:
            self._say("UPDATE turns SET holder = '' WHERE holder = :me")
            self._say("DELETE FROM workers WHERE executor = :me")


def new_executor(database: Database) -> str:
    """The id of this process towards the engine: on PostgreSQL one that nobody ever had."""
    if database.lite:
        return "daemon"
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


# ── looking ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Worker:
    """A process as its row tells it."""

    executor: str
    host: str
    pid: int
    version: str
    roles: tuple[str, ...]
    turns: tuple[str, ...]
    holding: tuple[int, ...]
    """Ids of the mails that it had in hand at its last beat."""
    started_at: datetime
    beat_at: datetime
    alive: bool
    """Whether it has beaten lately."""


def workers(session: Session) -> list[Worker]:
    """All processes of this database, the oldest first; dead ones are shown for an hour."""
    now = moment(session)
    turns: dict[str, list[str]] = {}
    for name, holder in session.exec(select(TurnRow.name, TurnRow.holder).order_by(col(TurnRow.name))):
        turns.setdefault(holder, []).append(name)
    rows = session.exec(select(WorkerRow).order_by(col(WorkerRow.started_at), col(WorkerRow.executor)))
    return [
        Worker(
            row.executor,
            row.host,
            row.pid,
            row.version,
            tuple(filter(None, row.roles.split(","))),
            tuple(turns.get(row.executor, ())),
            tuple(json.loads(row.holding)),
            row.started_at,
            row.beat_at,
            now - row.beat_at < timedelta(seconds=SILENT_SECONDS),
        )
        for row in rows
    ]


def moment(session: Session) -> datetime:
    """Now, by the clock that the beats are written by."""
    if session.get_bind().dialect.name == "sqlite":
        return datetime.now(UTC)
    told: datetime = session.connection().execute(sa.text("SELECT clock_timestamp()")).scalar_one()
    return told.astimezone(UTC)


def living(connection: sa.Connection) -> list[str]:
    """Processes that live or may live, with their version: their lock is held, or they have beaten lately.

    [] where there are no such tables yet.
    """
    if not sa.inspect(connection).has_table("workers"):
        return []
    if connection.dialect.name == "sqlite":
        return []
    rows = connection.execute(_LIVING, {"seconds": SILENT_SECONDS})
    return [f"{executor} (version {version})" for executor, version in rows]


def served(session: Session) -> set[str]:
    """The versions of the walk's steps that somebody alive can do."""
    now = moment(session)
    rows = session.exec(select(WorkerRow.engine_version, WorkerRow.beat_at))
    return {version for version, beat_at in rows if now - beat_at < timedelta(seconds=SILENT_SECONDS)}


def swept(session: Session, account: str, at: datetime) -> None:
    """A mailbox was listed to its end."""
    if not insert_new(session, SweepRow, {"account": account, "at": at}, ["account"]):
        session.exec(
            sa.update(SweepRow)
            .where(col(SweepRow.account) == account)
            .values(at=at)
            .execution_options(synchronize_session=False)
        )


def sweeps(session: Session) -> dict[str, datetime]:
    """When each mailbox was last listed to its end."""
    rows = session.exec(select(SweepRow))
    return {row.account: row.at for row in rows}
