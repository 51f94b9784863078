"""How the house grows: workers, kinds of paper, what the engine costs a mail, and whether a long queue slows a claim.

    python bench/scale.py [--only workers,kinds,simulated,engine,queue] [--on sqlite,postgresql] [--scans N] [--each N]

workers    scanned mails through 1 and then 2 worker processes (one walk each, one thread of OCR each), in one run;
           read the speed-up: machines are noisy, and the load is printed
kinds      CPU seconds of a worker for a mail without paper, with a text PDF, a scan, a photo: mails per core-hour
simulated  4 … 32 walks at a time with the reading replaced by a sleep of its length (measured by `workers`, or given
           by --reading).  A SIMULATION: it says what PostgreSQL and the engine would bear, and nothing of OCR; kept out
           of every claim
engine     CPU milliseconds of this process for a mail whose stations do nothing, on SQLite and on PostgreSQL
queue      the engine's claim of one mail with few and with 200,000 mails waiting behind it, in turn: a ratio

Lines that begin with | are rows of the table in docs/operations.md ("How large?").
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

os.environ.setdefault("OMP_THREAD_LIMIT", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import sqlalchemy as sa
from dbos import DBOSClient, DBOSPortableJSONSerializer
from faults.cluster import Cluster, Yard, bare, claims
from servers import Dovecot, PostgreSQL, SmtpReceiver

from evidence_daemon.demo.papers import Medium
from evidence_daemon.flow import APPLICATION, QUEUE, VERSION, Flow
from evidence_daemon.model import MailId
from evidence_daemon.store.database import Database, open_database

WAITING = 200_000
PARTS = "workers,kinds,simulated,engine,queue"
_KINDS = (
    ("no paper", None),
    ("a text PDF", Medium.TEXT_PDF),
    ("a scan of one page, 200 dpi", Medium.SCAN_PDF),
    ("a photo of one page", Medium.PHOTO_JPEG),
)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--scans", type=int, default=24, help="mails for each count of workers")
    arguments.add_argument("--each", type=int, default=12, help="mails of each kind of paper")
    arguments.add_argument("--reading", type=float, default=4.0, help="seconds of the simulated reading")
    arguments.add_argument("--most", type=int, default=32, help="walks at a time that the simulation ends with")
    arguments.add_argument("--trivial", type=int, default=200, help="mails whose stations do nothing")
    arguments.add_argument("--on", default="sqlite,postgresql", help="databases of engine and queue")
    arguments.add_argument("--only", default=PARTS)
    asked = arguments.parse_args()
    wanted = asked.only.split(",")
    if unknown := set(wanted) - set(PARTS.split(",")):
        arguments.error(f"--only knows {PARTS}, not {', '.join(sorted(unknown))}")
    reading, source = asked.reading, "as it was given"
    if "workers" in wanted:
        reading, source = workers(asked.scans), "as measured above"
    if "kinds" in wanted:
        kinds(asked.each)
    if "simulated" in wanted:
        simulated(reading, source, asked.most)
    if "engine" in wanted or "queue" in wanted:
        with PostgreSQL(crashes=True) as server:
            for name in ("SQLite", "PostgreSQL"):
                if name.lower() in asked.on:
                    with _opened(name, server) as short, _opened(name, server) as long:
                        if "engine" in wanted:
                            engine(name, short, asked.trivial)
                        if "queue" in wanted:
                            queue(name, short, long, asked.trivial)


@contextmanager
def _opened(name: str, server: PostgreSQL) -> Iterator[Database]:
    """A new database."""
    with tempfile.TemporaryDirectory() as directory:
        database = open_database("" if name == "SQLite" else server.database(), Path(directory))
        database.migrate()
        try:
            yield database
        finally:
            database.close()


# ── real workers ─────────────────────────────────────────────────────────────────────────────────


def workers(scans: int) -> float:
    """Print rates with one worker and with two; CPU seconds that one mail costs."""
    mails = claims(scans, Medium.SCAN_PDF)
    rates: dict[int, float] = {}
    cpu = 0.0
    for count in (1, 2):
        with _clustered(1) as cluster:
            _begin(cluster, count)
            seconds, cpu = _walked(cluster, mails)
        rates[count] = 60 * len(mails) / seconds
        print(
            f"{count} workers: {len(mails)} scanned mails in {seconds:.1f} s, {rates[count]:.1f} a minute, "
            f"{cpu / len(mails):.2f} CPU seconds each (load {os.getloadavg()[0]:.1f})",
            flush=True,
        )
    print(f"| a second worker, scanned mail, two cores | {rates[2] / rates[1]:.2f} × the mails of one (target 1.8) |")
    return cpu / len(mails)


def kinds(each: int) -> None:
    """Print what a mail of each kind of paper costs a worker, everything of its walk and its answer counted."""
    print()
    with _clustered(os.cpu_count() or 1) as cluster:
        _begin(cluster, 1)
        _walked(cluster, claims(1, Medium.PHOTO_JPEG, first=4 * each))  # what is only loaded for the first paper
        for number, (name, medium) in enumerate(_KINDS):
            mails = bare(each) if medium is None else claims(each, medium, first=number * each)
            seconds, cpu = _walked(cluster, mails)
            print(
                f"| a mail with {name} | {cpu / each:.2f} CPU seconds: {3600 * each / cpu:,.0f} mails a core-hour |"
                f"   <!-- {each} mails in {seconds:.1f} s, load {os.getloadavg()[0]:.1f} -->",
                flush=True,
            )


def simulated(reading: float, source: str, most: int) -> None:
    """Print rates of many walks at a time whose reading only sleeps."""
    print(f"\nSIMULATION: reading is a sleep of {reading:.1f} s ({source}); this says nothing of OCR")
    rates: dict[int, float] = {}
    for count in (4, 8, 16, 32):
        if count > most:
            break
        mails = bare(6 * count)
        with _clustered(count // 4, reading=reading) as cluster:
            _begin(cluster, 4)
            seconds, cpu = _walked(cluster, mails)
        rates[count] = len(mails) / seconds
        print(
            f"  simulated: {count:2d} walks at a time (4 processes): {60 * rates[count]:6.0f} a minute, "
            f"{rates[count] / rates[4]:.1f} times that of 4 and {100 * rates[count] * reading / count:.0f} % of what "
            f"the sleeps alone allow; {1000 * cpu / len(mails):.0f} CPU ms each (load {os.getloadavg()[0]:.1f})",
            flush=True,
        )


@contextmanager
def _clustered(at_once: int, reading: float | None = None) -> Iterator[Cluster]:
    """A house on PostgreSQL without workers yet; each will walk so many mails at once."""
    with (
        tempfile.TemporaryDirectory() as directory,
        Dovecot() as dovecot,
        SmtpReceiver() as smtp,
        PostgreSQL(crashes=True) as server,
        Yard() as yard,
    ):
        Path(directory).chmod(0o755)
        cluster = Cluster(
            Path(directory), dovecot, "bench", smtp, server, yard, walked_at_once=at_once, reading=reading
        )
        try:
            yield cluster
        finally:
            cluster.close()


def _begin(cluster: Cluster, count: int) -> None:
    """Start workers; return when all are there and one of them polls."""
    for _ in range(count):
        cluster.begin()
    cluster.until(lambda: len(cluster.holding()) == count and "poll posventa" in cluster.turns(), 300)


def _walked(cluster: Cluster, mails: tuple[bytes, ...]) -> tuple[float, float]:
    """Seconds from delivery to the last decision, and CPU seconds of the workers meanwhile (with their children)."""
    before, began = _cpu_of(cluster), time.perf_counter()
    cluster.deliver(*mails)
    cluster.until(lambda: cluster.decided() >= cluster.delivered, 3000)
    seconds = time.perf_counter() - began
    cluster.until(cluster.at_rest, 3000)
    return seconds, _cpu_of(cluster) - before


def _cpu_of(cluster: Cluster) -> float:
    """CPU seconds of all workers, with the children that have ended and those that live (proc(5))."""
    ticks, pids = 0, {one.pid for one in cluster.workers}
    parents: dict[int, int] = {}
    spent: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        pid = int(stat.parent.name)
        parents[pid], spent[pid] = int(fields[1]), sum(map(int, fields[11:15]))
    for pid, used in spent.items():
        one: int | None = pid
        while one is not None and one not in pids:
            one = parents.get(one)
        ticks += used if one is not None else 0
    return ticks / os.sysconf("SC_CLK_TCK")


# ── the engine alone ─────────────────────────────────────────────────────────────────────────────


class Idle:
    """A walk whose stations do nothing but count."""

    def __init__(self, wanted: int) -> None:
        self.wanted, self.done, self.over = wanted, 0, threading.Event()
        self._lock = threading.Lock()

    def read(self, mail_id: MailId) -> None:
        pass

    def judge(self, _session: object, _mail_id: MailId) -> str:
        with self._lock:
            self.done += 1
            if self.done >= self.wanted:
                self.over.set()
        return "idle"

    def shunt(self, _session: object, _mail_id: MailId, _stage: str, trouble: str) -> None:
        raise AssertionError(trouble)


def engine(name: str, database: Database, mails: int) -> None:
    """Print what a mail costs in the engine."""
    _idle(database, mails // 4)  # what is only done the first time
    seconds, cpu = _idle(database, mails)
    print(
        f"| the engine, for a mail whose stations do nothing, {name} | {1000 * cpu / mails:.1f} CPU ms |"
        f"   <!-- {mails} mails in {seconds:.1f} s, load {os.getloadavg()[0]:.1f} -->",
        flush=True,
    )


def queue(name: str, short: Database, long: Database, claims: int) -> None:
    """Print what a long queue does to the claim of one mail: both are measured in turn, so that noise hits both."""
    took: dict[Database, list[float]] = {short: [], long: []}
    for database in took:
        flow = Flow(database, Idle(0), workers=1, retries=3, work=False)  # type: ignore[arg-type]
        flow.start()
        with database.session() as session:
            for _ in range(claims):
                flow.enqueue(session, MailId(next(_numbers)), 0)
        flow.stop(1)
    began = time.perf_counter()
    _fill(long)
    filled = time.perf_counter() - began
    lanes = {
        database: DBOSClient(
            system_database_url=database.url, application_name=APPLICATION, serializer=DBOSPortableJSONSerializer()
        )
        for database in took
    }
    walk = SimpleNamespace(name=QUEUE, _worker_concurrency=1)
    vars(walk).update(dict.fromkeys(_UNLIMITED))
    for number in range(claims):
        for database, client in lanes.items():
            start, spent = time.perf_counter(), took[database]
            found, _ = client._sys_db.start_queued_workflows(walk, "bench", VERSION, None)  # type: ignore[arg-type]
            assert len(found) == 1
            if number >= claims // 10:  # the first ones warm up
                spent.append(time.perf_counter() - start)
    for client in lanes.values():
        client.destroy()
    one, other = (1000 * statistics.median(spent) for spent in took.values())
    print(
        f"| a claim with {WAITING:,} mails waiting, {name} | {other / one:.2f} × that of a short queue (target 1.2): "
        f"{one:.1f} and {other:.1f} ms |"
        f"   <!-- {claims} claims each, filled in {filled:.0f} s, load {os.getloadavg()[0]:.1f} -->",
        flush=True,
    )


_UNLIMITED = (
    "_concurrency",
    "_limiter",
    "_partition_concurrency",
    "_partition_limiter",
    "_partition_worker_concurrency",
)
_numbers = itertools.count(1)


def _idle(database: Database, mails: int) -> tuple[float, float]:
    """Walk so many idle mails; wall and CPU seconds of this process."""
    walk = Idle(mails)
    flow = Flow(database, walk, workers=4, retries=3)  # type: ignore[arg-type]
    flow.start()
    try:
        with database.session() as session:
            for _ in range(mails):
                flow.enqueue(session, MailId(next(_numbers)), 0)
        began, cpu = time.perf_counter(), _own()
        assert walk.over.wait(600)
        return time.perf_counter() - began, _own() - cpu
    finally:
        flow.stop(5)


def _own() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _fill(database: Database) -> None:
    """Put mails behind all others into the engine's queue, and their rows into ours, by copying one that there is."""
    schema = None if database.lite else "dbos"
    status = "workflow_status" if database.lite else "dbos.workflow_status"
    with database.engine.begin() as connection:
        columns = [one["name"] for one in sa.inspect(connection).get_columns("workflow_status", schema=schema)]
        mine = {
            "workflow_uuid": "'waits-' || n",
            "status": "'ENQUEUED'",
            "created_at": "99999999999999 + n",
            "recovery_attempts": "0",
        }
        mine |= dict.fromkeys(
            ("executor_id", "started_at_epoch_ms", "completed_at", "owner_xid", "output", "workflow_deadline_epoch_ms"),
            "NULL",
        )
        numbers = (
            f"(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {WAITING}) SELECT n FROM c) s"  # noqa: S608
            if database.lite
            else f"generate_series(1, {WAITING}) AS s(n)"
        )
        values = ", ".join(mine.get(column, f"w.{column}") for column in columns)
        connection.exec_driver_sql(
            f"INSERT INTO {status} ({', '.join(columns)}) SELECT {values} "  # noqa: S608
            f"FROM (SELECT * FROM {status} LIMIT 1) w, {numbers}"
        )
        inputs = status.replace("status", "input")
        connection.exec_driver_sql(
            f"INSERT INTO {inputs} (workflow_uuid, inputs, retention_timestamp) "  # noqa: S608
            f"SELECT 'waits-' || n, i.inputs, i.retention_timestamp FROM (SELECT * FROM {inputs} LIMIT 1) i, {numbers}"
        )
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if database.lite else "VACUUM (ANALYZE)")  # as hours later


if __name__ == "__main__":
    main()
