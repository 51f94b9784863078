"""The only file that knows the durable engine (DBOS Transact): queue, steps, recovery, reconcile.

What the engine is for: it hands each mail to a worker, remembers which steps are done, and takes up after
a crash where it was.  What it is not for: truth.  Our own tables hold that, every step may run twice
without harm, and `reconcile` starts anew whatever is neither final nor under way, so that losing all of
the engine's tables loses no mail.

Measured traps that shaped this file (each cost somebody an outage):
* SQLite needs `BEGIN IMMEDIATE`, else read-then-write steps lose updates; `store/database` sees to it.
* The default version is a hash of the workflow's source: an edit strands waiting work.  Ours is fixed.
* The default serializer is pickle: whoever may write the database runs code.  Ours is JSON.
* A queue without `worker_concurrency` claims everything at once.
* A workflow can be left behind in a living process: each has a timeout, and `reconcile` looks for it.
* Two processes under one executor id take each other's running work: SQLite has one (`store/lease`), and on
  PostgreSQL each process gets an id that nobody ever had (`store/members`).
* Nobody looks at the work of an executor that died and never comes back: `store/members` asks `owners`, and gives
  what a dead one had to `adopt`, which keeps the count of tries (the public `resume_workflows` resets it, and a mail
  that kills its worker would never come to a person).
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol

from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, SQLAlchemyDatasource
from dbos import error as dbos_error

from evidence_daemon.errors import Permanent, RefusedTransition, Superseded, Temporary
from evidence_daemon.model import MailId
from evidence_daemon.store import members
from evidence_daemon.store.database import SERVER_CONNECTION, Database, Session, translated

log = logging.getLogger("evidence_daemon.flow")

VERSION = "1"
"""Of the workflow's steps and their order, not of the program: raise it only when those change."""
QUEUE = "walk"
APPLICATION = "evidence_daemon"
MAIL_SECONDS = 1800.0
"""A walk that takes longer is ended and started anew by `reconcile`."""
_LOOK_LITE, _LOOK_SERVER = 0.2, 0.5
"""Seconds between two looks into the queue.  A process takes at most `workers` mails in each: with two, 240 a minute on
a server, ten times what it can read; every look of every process is a transaction of the one server."""
ACTIVE = ["ENQUEUED", "PENDING", "DELAYED"]


class Walk(Protocol):
    """What happens to one mail; `pipeline.Pipeline` is the one there is."""

    def read(self, mail_id: MailId) -> None:
        """Parse, unpack and read the attachments, and keep the readings.  May run twice."""

    def judge(self, session: Session, mail_id: MailId) -> str:
        """Match, decide, settle and apply in the given transaction; returns the verdict for the log."""

    def shunt(self, session: Session, mail_id: MailId, stage: str, trouble: str) -> None:
        """Park a mail that cannot pass, with its story, for a person."""


class Flow:
    """The engine around the walk.  One per process; `start` before anything is enqueued to run."""

    def __init__(
        self,
        database: Database,
        walk: Walk,
        *,
        workers: int,
        retries: int,
        executor: str = "daemon",
        work: bool = True,
        connections: int = 8,
        settled: Callable[[], None] = lambda: None,
    ) -> None:
        """`executor` names this process; with `work` it walks mails, else it only puts them in.

        `connections` are those that the engine keeps open on PostgreSQL.  `settled` is called after each judged
        mail, e.g. to wake the dispatcher.
        """
        self._database, self._walk, self._workers, self._retries = database, walk, workers, retries
        self._executor, self._work, self._connections, self._settled = executor, work, connections, settled
        self._in_hand: set[int] = set()
        self._serializer = DBOSPortableJSONSerializer()
        self._client: DBOSClient | None = None
        self._running = False

    def start(self) -> None:
        """Launch the engine; unfinished walks of an earlier process go on by themselves.

        Raises `Temporary` when the database cannot be reached; it may be called again then.
        """
        with translated():
            self._launch()

    def _launch(self) -> None:
        DBOS.destroy(destroy_registry=True)
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": self._database.url,
            "executor_id": self._executor,
            "application_version": VERSION,
            "serializer": self._serializer,
            "log_level": "ERROR",
            "notification_listener_polling_interval_sec": 1.0,
        }
        if not self._database.lite:
            config["sys_db_pool_size"] = self._connections
            config["db_engine_kwargs"] = {"connect_args": SERVER_CONNECTION | {"application_name": "evidence_daemon"}}
        DBOS(config=config)
        logging.getLogger("dbos").setLevel(logging.ERROR)
        self._register()
        if not self._work:
            DBOS.listen_queues([])
        DBOS.launch()
        self._client = DBOSClient(
            system_database_url=self._database.url, application_name=APPLICATION, serializer=self._serializer
        )
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=self._workers,
            polling_interval_sec=_LOOK_LITE if self._database.lite else _LOOK_SERVER,
            on_conflict="always_update",
        )
        self._running = True

    def stop(self, seconds: int = 30) -> None:
        """Let running steps end (at most `seconds`), then let go.  What is unfinished goes on next time."""
        if self._running:
            DBOS.destroy(workflow_completion_timeout_sec=seconds)
            self._running = False
        if self._client is not None:
            self._client.destroy()
            self._client = None

    def enqueue(self, session: Session, mail_id: MailId, attempt: int) -> None:
        """Ask for a walk in the same transaction that stores the mail: both are committed, or neither."""
        if self._client is None:
            return  # not started: `reconcile` of the running daemon finds the mail
        self._client.enqueue_in_transaction(
            session,
            {
                "workflow_name": "walk",
                "queue_name": QUEUE,
                "workflow_id": _workflow_id(mail_id, attempt),
                "app_version": VERSION,
                "workflow_timeout": MAIL_SECONDS,
            },
            int(mail_id),
        )

    def abandoned(self, unfinished: Iterable[tuple[MailId, int]]) -> list[tuple[MailId, int]]:
        """Those of (mail, attempt) for which no walk waits or runs.

        One that was put in for other steps than anybody alive can do waits in vain: it counts as abandoned.
        """
        wanted = list(unfinished)
        if not wanted:
            return []
        with self._database.reading() as session:
            versions = members.served(session) | {VERSION}
        ids = [_workflow_id(mail_id, attempt) for mail_id, attempt in wanted]
        active = {
            status.workflow_id
            for chunk in range(0, len(ids), 500)
            for status in DBOS.list_workflows(
                workflow_ids=ids[chunk : chunk + 500], status=ACTIVE, load_input=False, load_output=False
            )
            if status.app_version in versions
        }
        return [pair for pair, workflow in zip(wanted, ids, strict=True) if workflow not in active]

    def idle(self) -> bool:
        """True when no walk waits or runs."""
        return not DBOS.list_workflows(status=ACTIVE, limit=1, load_input=False, load_output=False)

    def holding(self) -> list[int]:
        """Ids of the mails that this process has in hand."""
        return list(self._in_hand)

    def owners(self) -> set[str]:
        """Executors that have walks in hand, by the engine's book; the dead among them too."""
        if not self._running:
            return set()
        pending = DBOS.list_workflows(status="PENDING", app_version=VERSION, load_input=False, load_output=False)
        return {status.executor_id for status in pending if status.executor_id}

    def adopt(self, executor: str) -> None:
        """Put the walks of a dead executor back into the queue; their counts of tries stay."""
        DBOS._recover_pending_workflows([executor])  # what the vendor's own recovery calls; see above

    def prune(self, before: datetime) -> int:
        """Forget finished walks that ended before `before` (aware); our own tables keep their story."""
        finished = DBOS.list_workflows(
            status=["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
            completed_before=(before - timedelta()).isoformat(),
            load_input=False,
            load_output=False,
            limit=5000,
        )
        if finished:
            DBOS.delete_workflows([status.workflow_id for status in finished])
        return len(finished)

    def _register(self) -> None:
        source = SQLAlchemyDatasource.create(
            self._database.url,
            engine=self._database.engine,
            sessionmaker=self._database.sessionmaker,
            serializer=self._serializer,
        )

        def in_transaction(name: str, act: Callable[..., Any], *arguments: Any) -> Any:
            """One commit: our rows and the engine's checkpoint."""
            return source.run_tx_step({"name": name}, lambda: act(source.sql_session(), *arguments))

        @DBOS.step(
            name="read",
            retries_allowed=True,
            max_attempts=3,
            interval_seconds=5.0,
            should_retry=lambda trouble: isinstance(trouble, Temporary),
        )
        def read(mail_id: int) -> None:
            self._walk.read(MailId(mail_id))

        @DBOS.workflow(name="walk", max_recovery_attempts=self._retries)
        def walk(mail_id: int) -> str:
            stage = "read"
            self._in_hand.add(mail_id)
            try:
                read(mail_id)
                stage = "judge"
                try:
                    verdict: str = in_transaction("judge", self._walk.judge, MailId(mail_id))
                except RefusedTransition:  # another mail changed the case a moment ago: judge what is now
                    verdict = in_transaction("judge anew", self._walk.judge, MailId(mail_id))
            except (Temporary, dbos_error.DBOSException):
                raise  # the mail stays unfinished; `reconcile` starts it anew, a bounded number of times
            except Superseded:
                return "superseded"  # the engine refuses this to be written, too
            except Exception as trouble:  # noqa: BLE001  # the one place that catches: one mail never stops the others
                story = _story(trouble)
                log.warning("mail %s cannot pass %s: %s", mail_id, stage, type(trouble).__name__)
                in_transaction("shunt", self._walk.shunt, MailId(mail_id), stage, story)
                verdict = "shunted"
            finally:
                self._in_hand.discard(mail_id)
            self._settled()
            return verdict


def _workflow_id(mail_id: MailId, attempt: int) -> str:
    return f"mail-{mail_id}-{attempt}"


def _story(trouble: BaseException) -> str:
    """What staff and engineers need of an exception: its words, and where it came from."""
    if isinstance(trouble, Permanent):
        return str(trouble)
    lines = traceback.format_exception(trouble)
    return "".join(lines)[-4000:]
