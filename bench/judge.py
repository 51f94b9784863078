"""How many mails a second are matched and judged, and whether that depends on how many cases there are.

    .venv/bin/python bench/judge.py [--cases 10000,100000,1000000] [--mails 600] [--json FILE]

For each size a SQLite house is filled (cases, equipment, charges, and the traces of a tenth as many mails), then
mails whose papers were read already are judged one after the other on one core: look-ups, match, decision,
settlement.  The sizes are measured in turns within one run: read the ratios, machines are noisy.  "Applied" writes
each settlement in a transaction of its own, synced to the disk.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from crowd import crowd_evidence, fill

from evidence_daemon.app import read_rules
from evidence_daemon.cases import ledger
from evidence_daemon.cases.decision import decide
from evidence_daemon.cases.settlement import settle
from evidence_daemon.gathering import matched
from evidence_daemon.model import Evidence, MailId
from evidence_daemon.rulebook import RuleBook
from evidence_daemon.store import records
from evidence_daemon.store.database import Database, open_database

RULES = Path(__file__).resolve().parents[1] / "rules"
NOW = datetime(2021, 4, 20, 15, tzinfo=UTC)
ROUNDS = 5


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--cases", default="10000,100000,1000000", help="sizes of the case list")
    arguments.add_argument("--mails", type=int, default=600, help="mails judged for each size")
    arguments.add_argument("--json", type=Path, help="write the figures here")
    asked = arguments.parse_args()
    sizes = [int(size) for size in asked.cases.split(",")]
    book = read_rules(RULES)
    with tempfile.TemporaryDirectory() as directory:
        houses = {}
        for size in sizes:
            started = time.perf_counter()
            house = Path(directory) / str(size)
            database = open_database("", house)
            database.migrate(armed=False)
            fill(house / "evidence.db", size, NOW)
            houses[size] = database
            megabytes = (house / "evidence.db").stat().st_size / 1e6
            print(f"{size:>9,} cases filled in {time.perf_counter() - started:5.1f} s, {megabytes:,.0f} MB", flush=True)
        told = _measure(houses, book, asked.mails)
    _print(told, sizes)
    if asked.json:
        asked.json.write_text(json.dumps(told, indent=2), "utf-8")


def _measure(houses: dict[int, Database], book: RuleBook, mails: int) -> dict[str, dict[str, float]]:
    chance = random.Random(7)
    picked = {size: [chance.randrange(size) for _ in range(mails)] for size in houses}
    share = mails // ROUNDS
    spent: dict[int, list[float]] = {size: [] for size in houses}
    verdicts: dict[int, Counter[str]] = {size: Counter() for size in houses}
    for turn in range(ROUNDS + 1):  # the first round warms up and is not counted
        for size, database in houses.items():
            wanted = picked[size][(turn % ROUNDS) * share : (turn % ROUNDS + 1) * share]
            given = [crowd_evidence(number) for number in wanted]
            cpu = time.process_time()
            for evidence in given:
                verdicts[size][_judge(database, evidence, book)] += 1
            if turn:
                spent[size].append(share / (time.process_time() - cpu))
    applied = {size: _applied(database, book, picked[size][:100]) for size, database in houses.items()}
    return {
        str(size): {
            "judged_per_second": round(statistics.median(rates), 1),
            "slowest_round": round(min(rates), 1),
            "applied_per_second": round(applied[size], 1),
            "accepted_share": round(verdicts[size]["Reverse"] / sum(verdicts[size].values()), 3),
        }
        for size, rates in spent.items()
    }


def _judge(database: Database, evidence: Evidence, book: RuleBook) -> str:
    with database.reading() as session:
        evidence, found = matched(session, MailId(0), evidence, book)
    decision = decide(evidence, found, book, NOW.date())
    settle(decision, evidence, book, NOW.date())
    return type(decision).__name__


def _applied(database: Database, book: RuleBook, numbers: list[int]) -> float:
    started = time.perf_counter()
    for evidence, mail_id in _stored(database, numbers):
        with database.session() as session:
            seen, found = matched(session, mail_id, evidence, book)
            settlement = settle(decide(seen, found, book, NOW.date()), seen, book, NOW.date())
            records.apply(
                session,
                mail_id,
                settlement,
                found=found,
                evidence=seen,
                follows=ledger.evidence_before(settlement),
                edition=book.edition,
                now=NOW,
                outgoing=None,
            )
    return len(numbers) / (time.perf_counter() - started)


def _stored(database: Database, numbers: list[int]) -> Iterator[tuple[Evidence, MailId]]:
    from evidence_daemon.model import Arrival, CopyKey, Sha256, receipt_number  # noqa: PLC0415

    mails = []
    with database.session() as session:
        for place, number in enumerate(dict.fromkeys(numbers)):
            arrival = Arrival(CopyKey("bench", "INBOX", 1, place + 1), NOW - timedelta(hours=1), 10, b"x")
            digest = Sha256(f"{place:063x}e")
            mails.append((number, records.receive(session, arrival, digest, now=NOW).mail_id))
    for number, mail_id in mails:
        evidence = crowd_evidence(number)
        yield replace(evidence, receipt=receipt_number(mail_id)), mail_id


def _print(told: dict[str, dict[str, float]], sizes: list[int]) -> None:
    print(f"\n{'cases':>10} {'judged/s':>10} {'slowest':>9} {'applied/s':>10} {'accepted':>9}")
    for size in sizes:
        row = told[str(size)]
        print(
            f"{size:>10,} {row['judged_per_second']:>10,.0f} {row['slowest_round']:>9,.0f} "
            f"{row['applied_per_second']:>10,.0f} {row['accepted_share']:>9.0%}"
        )
    first, last = told[str(sizes[0])]["judged_per_second"], told[str(sizes[-1])]["judged_per_second"]
    print(f"\ncost at {sizes[-1]:,} cases: {first / last:.2f} times that at {sizes[0]:,} (target: at most 1.5)")
    print(f"least rate: {min(row['judged_per_second'] for row in told.values()):,.0f}/s on one core (target: 300)")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
