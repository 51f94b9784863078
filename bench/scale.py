"""How the house grows: workers, what the engine costs a mail, and whether a long queue slows a claim.

    python bench/scale.py [--scans N] [--only workers,simulated,engine,queue]

workers    scanned mails through 1 and then 2 worker processes (one walk each, one thread of OCR each), in one run;
           read the speed-up: machines are noisy, and the load is printed
simulated  4 … 32 walks at a time with the reading replaced by a sleep of its measured length.  A SIMULATION: it says
           what PostgreSQL and the engine would bear, and nothing of OCR; kept out of every claim
engine     CPU milliseconds of this process for a mail whose stations do nothing, on SQLite and on PostgreSQL
queue      the same mails with nothing and with 200,000 mails waiting behind them: seconds for a claim, as a ratio
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import threading
import time
from pathlib import Path

os.environ.setdefault("OMP_THREAD_LIMIT", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import sqlalchemy as sa
from faults.cluster import Cluster, Yard, bare, claims
from servers import Dovecot, PostgreSQL, SmtpReceiver

from evidence_daemon.demo.papers import Medium
from evidence_daemon.flow import Flow
from evidence_daemon.model import MailId
from evidence_daemon.store.database import Database, open_database

WAITING = 200_000


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--scans", type=int, default=16)
    arguments.add_argument("--trivial", type=int, default=200, help="mails whose stations do nothing")
    arguments.add_argument("--only", default="workers,simulated,engine,queue")
    asked = arguments.parse_args()
    wanted, reading = asked.only.split(","), 2.0
    if "workers" in wanted:
        reading = workers(asked.scans)
    if "simulated" in wanted:
        simulated(reading)
    if "engine" in wanted or "queue" in wanted:
        with PostgreSQL(crashes=True) as server:
            for name, url in (("SQLite", ""), ("PostgreSQL", server.database())):
                engine(name, url, asked.trivial, queue="queue" in wanted)


# ── real workers ─────────────────────────────────────────────────────────────────────────────────


def workers(scans: int) -> float:
    """Print rates with one worker and with two; CPU seconds that one mail costs."""
    mails = claims(scans, Medium.SCAN_PDF)
    rates: dict[int, float] = {}
    cpu = 0.0
    for count in (1, 2):
        with tempfile.TemporaryDirectory() as directory:
            seconds, cpu = _walked(Path(directory), count, 1, mails)
        rates[count] = 60 * len(mails) / seconds
        print(
            f"{count} workers: {len(mails)} scanned mails in {seconds:.1f} s, {rates[count]:.1f} a minute, "
            f"{cpu / len(mails):.2f} CPU seconds each (load {os.getloadavg()[0]:.1f})",
            flush=True,
        )
    print(f"speed-up with 2 workers: {rates[2] / rates[1]:.2f} (target 1.8)")
    print(f"mails per core-hour: {3600 * len(mails) / cpu:.0f}")
    return cpu / len(mails)


def simulated(reading: float) -> None:
    """Print rates of many walks at a time whose reading only sleeps."""
    print(f"\nSIMULATION: reading is a sleep of {reading:.1f} s; this says nothing of OCR")
    rates: dict[int, float] = {}
    for count in (4, 8, 16, 32):
        mails = bare(6 * count)
        with tempfile.TemporaryDirectory() as directory:
            seconds, cpu = _walked(Path(directory), 4, count // 4, mails, SLEEP=reading)
        rates[count] = len(mails) / seconds
        print(
            f"  {count:2d} walks at a time (4 processes): {60 * rates[count]:6.0f} a minute, "
            f"{rates[count] / rates[4]:.1f} times that of 4, {1000 * cpu / len(mails):.0f} CPU ms each",
            flush=True,
        )


def _walked(directory: Path, count: int, at_once: int, mails: tuple[bytes, ...], **patch: float) -> tuple[float, float]:
    """Seconds from delivery to the last decision, and CPU seconds of the workers meanwhile (with their children)."""
    directory.chmod(0o755)
    with Dovecot() as dovecot, SmtpReceiver() as smtp, PostgreSQL(crashes=True) as server, Yard() as yard:
        cluster = Cluster(directory, dovecot, "bench", smtp, server, yard, walked_at_once=at_once, seconds=patch)
        try:
            for _ in range(count):
                cluster.begin()
            cluster.until(lambda: len(cluster.holding()) == count and "poll posventa" in cluster.turns(), 300)
            before, began = _cpu_of(cluster), time.perf_counter()
            cluster.deliver(*mails)
            cluster.until(lambda: cluster.decided() >= len(mails), 3000)
            return time.perf_counter() - began, _cpu_of(cluster) - before
        finally:
            cluster.close()


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


def engine(name: str, url: str, mails: int, *, queue: bool) -> None:
    """Print what a mail costs in the engine, and what a long queue does to that."""
    with tempfile.TemporaryDirectory() as directory:
        database = open_database(url, Path(directory))
        database.migrate()
        try:
            seconds, cpu = _idle(database, mails)
            print(
                f"\n{name}: {1000 * cpu / mails:.1f} CPU ms a mail in the engine, {mails / seconds:.0f} a second "
                f"(load {os.getloadavg()[0]:.1f})",
                flush=True,
            )
            if queue:
                first, costs = _idle(database, mails)
                _fill(database)
                filled, costs_filled = _idle(database, mails)
                print(
                    f"  with {WAITING:,} waiting: {filled / first:.2f} times the wall time, "
                    f"{costs_filled / costs:.2f} times the CPU (target: at most 1.2)",
                    flush=True,
                )
        finally:
            database.close()


_numbers = iter(range(1, 10**9, 10**5))


def _idle(database: Database, mails: int) -> tuple[float, float]:
    """Walk so many idle mails; wall and CPU seconds of this process."""
    walk, first = Idle(mails), next(_numbers)
    flow = Flow(database, walk, workers=4, retries=3)  # type: ignore[arg-type]
    flow.start()
    try:
        with database.session() as session:
            for number in range(mails):
                flow.enqueue(session, MailId(first + number), 0)
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
        connection.exec_driver_sql("ANALYZE")


if __name__ == "__main__":
    main()
