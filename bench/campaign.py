"""How fast a campaign is planned, how soon it falls silent, and whether real calls stay single.

    nice .venv/bin/python bench/campaign.py plan 100000 1000000   # seconds, and whether memory stays flat
    nice .venv/bin/python bench/campaign.py stop 50000            # commit of a mail → order to hang up, in ms
    nice .venv/bin/python bench/campaign.py voice 1000 --rate 100 # a real Asterisk: all terminal, none twice
    nice .venv/bin/python bench/campaign.py messages 10000 --rate 80   # the sandbox, 5 % faults: none twice, the rate
    nice .venv/bin/python bench/campaign.py kills 1000                 # ten kill -9 of a sender: none twice
    nice .venv/bin/python bench/campaign.py flood 3000 --rate 240      # webhooks: waits, and the same end however told

Each planning runs in a process of its own; memory is what it holds above what it held before.
"""

from __future__ import annotations

import argparse
import csv
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from evidence_daemon.app import read_rules
from evidence_daemon.model import (
    AttemptId,
    CaseId,
    CaseState,
    Channel,
    Segment,
)
from evidence_daemon.model import (
    Line as Service,
)
from evidence_daemon.outreach import audience
from evidence_daemon.outreach.campaign import Campaigns
from evidence_daemon.outreach.contact import Contacts
from evidence_daemon.outreach.engine import Engine
from evidence_daemon.outreach.ivr import Ivr, Line
from evidence_daemon.outreach.prompts import prompt
from evidence_daemon.outreach.schedule import Lane
from evidence_daemon.store import outreach, progress
from evidence_daemon.store.database import Database, open_database
from evidence_daemon.store.tables import CaseRow, PhoneRow
from evidence_daemon.workdays import NATIONAL

RULES = Path(__file__).parent.parent / "rules"
NOW = datetime(2021, 3, 17, 15, 0, tzinfo=UTC)
"""A Wednesday, ten in the morning."""
NAME = "recuperacion-equipos"
SURNAMES = [
    "GOYES",
    "BALSECA",
    "IZA",
    "ÑAUÑAY",
    "PEÑAFIEL",
    "ESPÍN",
    "QUISHPE",
    "CAIZA",
    "MOROCHO",
    "NÚÑEZ",
    "VÁSCONEZ",
    "ROSERO",
]
GIVEN = ["JUAN", "MARÍA", "SOFÍA", "BYRON", "ROCÍO", "CARLOS", "ELENA"]


@contextmanager
def listed(place: Path, count: int, phone: str = "mixed") -> Iterator[Database]:
    """A database with `count` customers, one case each: a third may only be called, a tenth has no telephone."""
    database = open_database("", place)
    database.migrate(armed=True)
    for start in range(0, count, 20_000):
        numbers = range(start + 1, min(start + 20_000, count) + 1)
        cases = [
            {
                "id": n, "id_number": f"P{n:08d}", "holder": f"{SURNAMES[n % 97 % 12]} {SURNAMES[n // 12 % 12]} {GIVEN[n % 7]} {GIVEN[n % 89 % 7]}", "line": Service.INTERNET_FIJO,  # noqa: E501
                "service_number": f"4{n:08d}", "service_key": f"4{n:08d}", "state": CaseState.ABIERTO,
                "segment": Segment.NO_CARGADO if n % 2 else Segment.CARGADO_SIN_PAGO_NI_RECLAMO,
                "withdrawn_on": date(2020, 5, 10), "claim_open": False, "in_collection": False, "email": "",
                "province": "Galápagos" if n % 50 == 0 else "Pichincha", "updated_at": NOW,
            }
            for n in numbers
        ]  # fmt: skip
        phones = [
            {
                "case_id": n,
                "phone": f"+59398{n:07d}"
                if phone == "mobile" or (phone == "mixed" and n % 3)
                else f"+5932{2000000 + n:07d}",
                "ordinal": 0,
            }
            for n in numbers
            if phone != "mixed" or n % 10
        ]
        with database.session() as session:
            session.execute(sa.insert(CaseRow), cases)
            session.execute(sa.insert(PhoneRow), phones)
    try:
        yield database
    finally:
        database.close()


def going(database: Database, lanes: dict[Channel, Lane]) -> tuple[Contacts, int]:
    """A campaign that two people let go, not planned yet."""
    acts = Campaigns(database, read_rules(RULES), lambda: NOW, NATIONAL, lanes)
    number = acts.draft(NAME, person="Ana").id
    acts.approve(number, person="Berta")
    acts.start(number, person="Ana")
    return Contacts(NATIONAL, lanes), number


PEAK = [0.0]


def resident() -> float:
    """MB of memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def plan_all(database: Database, number: int) -> list[float]:
    """Seconds of each part: as long as that a mail may have to wait."""
    parts = []
    while True:
        began = time.perf_counter()
        with database.session() as session:
            more = audience.plan_some(session, outreach.load_campaign(session, number), NATIONAL, NOW)
        if not more:
            return parts
        parts.append(time.perf_counter() - began)
        PEAK[0] = max(PEAK[0], resident())


def plan(count: int) -> None:
    lanes = {channel: Lane(80, 80) for channel in Channel}
    with tempfile.TemporaryDirectory() as place, listed(Path(place), count) as database:
        _contacts, number = going(database, lanes)
        before = resident()
        began, cpu = time.perf_counter(), time.process_time()
        parts = plan_all(database, number)
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        with database.reading() as session:
            planned = sum(progress.counts(session, number).values())
        grown = PEAK[0] - before
        print(
            f"{count:9,d} cases: {planned:,d} planned in {took:.1f} s ({cpu:.1f} s CPU, {count / took:,.0f} a second); "
            f"peak memory +{grown:.1f} MB; longest part {max(parts):.2f} s",
            flush=True,
        )


def stop(count: int) -> None:
    """Mails stored while calls live: from the commit to the order to hang up."""
    from campaigns import Recorder  # noqa: PLC0415  # of the tests

    lanes = {Channel.IVR: Lane(100, 500), Channel.WHATSAPP: Lane(20, 20)}
    with tempfile.TemporaryDirectory() as place, listed(Path(place), count, "fixed") as database:
        contacts, number = going(database, lanes)
        plan_all(database, number)
        ended: dict[AttemptId, float] = {}

        class Calls(Recorder):
            async def hang_up(self, attempt: AttemptId) -> bool:
                ended.setdefault(attempt, time.perf_counter())
                return True

        calls = Calls(Channel.IVR)
        engine = Engine(database, contacts, {Channel.IVR: calls}, lambda: NOW, Path(place))
        engine.start()
        waits: list[float] = []
        try:
            while len(calls.given) < 300:
                time.sleep(0.05)
            mails = iter(range(1, 301))
            for message in calls.given[:300]:
                case = CaseId(int(message.attempt.split("-")[1]))
                with database.session() as session:
                    session.execute(
                        sa.text(
                            "INSERT INTO mails (sha256, size, oversized, received_at, stored_at, state, attempts, walk,"
                            " walk_base, decisions, message_id, sender, subject, content_identity, edition, stage,"
                            " trouble) VALUES (:s, 1, false, :n, :n, 'RECIBIDO', 0, 0, 0, 0,"
                            " '', '', '', '', '', '', '')"
                        ),
                        {"s": f"{next(mails):064d}", "n": "2021-03-17 15:00:00"},
                    )
                    mail = session.execute(sa.text("SELECT max(id) FROM mails")).scalar_one()
                    outreach.hold(session, mail, [case], NOW)
                committed = time.perf_counter()
                while message.attempt not in ended:
                    time.sleep(0.001)
                waits.append(ended[message.attempt] - committed)
        finally:
            engine.stop()
    waits.sort()
    print(
        f"{count:,d} planned rows, {len(waits)} stops while calls are placed: "
        f"median {statistics.median(waits) * 1e3:.0f} ms, p99 {waits[int(len(waits) * 0.99) - 1] * 1e3:.0f} ms, worst {waits[-1] * 1e3:.0f} ms"  # noqa: E501
    )


def voice(count: int, rate: float) -> None:
    """Real calls on the laboratory's Asterisk, with a telephone for every kind of end."""
    from asterisk_lab import BUSY, LISTENS, REJECTS, SECRET, UNKNOWN, Lab  # noqa: PLC0415  # of the tests

    tails = [LISTENS, LISTENS, LISTENS, BUSY, UNKNOWN, REJECTS]
    lanes = {Channel.IVR: Lane(rate, 480), Channel.WHATSAPP: Lane(20, 20)}
    short = "CNT informa."
    with (
        tempfile.TemporaryDirectory() as place,
        Lab(Path(place) / "lab") as lab,
        listed(Path(place) / "house", count, "fixed") as database,
    ):
        with database.session() as session:
            for at in range(1, count + 1):
                # the last two digits say what the telephone does
                number = f"+5932{20000 + at:05d}{tails[at % 6]}"
                session.execute(sa.text("UPDATE phones SET phone = :p WHERE case_id = :c"), {"p": number, "c": at})
        contacts, number_ = going(database, lanes)
        plan_all(database, number_)

        def sound(_text: str) -> tuple[str, float]:
            made = prompt(short, lab.sounds)
            return str(made.path.with_suffix("")), made.seconds

        line = Line("127.0.0.1", lab.port, "dialer", SECRET, ring_seconds=5, cdr=lab.cdr)
        engine = Engine(database, contacts, {Channel.IVR: Ivr(line, sound)}, lambda: NOW, Path(place) / "house")
        began, cpu = time.perf_counter(), time.process_time()
        engine.start()
        first = (
            f"SELECT state, count(*) FROM contact_attempts WHERE campaign_id = {number_} AND number = 1 GROUP BY state"  # noqa: S608
        )
        final = ("CONTESTADO", "FALLIDO", "OCUPADO", "NO_CONTESTA", "BUZON", "AGOTADO")
        placed = 0.0
        while time.perf_counter() - began < 300:
            time.sleep(0.5)
            with database.reading() as session:
                states = {row[0]: row[1] for row in session.execute(sa.text(first))}
            if not placed and not states.get("PLANIFICADO"):
                placed = time.perf_counter() - began
            if sum(states.get(one, 0) for one in final) >= sum(states.values()):
                break
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        engine.stop()
        time.sleep(1)
        with lab.cdr.open(encoding="utf-8", newline="") as rows:
            calls = Counter(row[16] for row in csv.reader(rows) if len(row) > 16 and row[16].startswith("e"))
        print(
            f"{sum(states.values()):,d} calls, handed over in {placed:.1f} s "
            f"({sum(states.values()) / max(placed, 1):.0f} a second), all over after {took:.1f} s: {states}; twice: {sum(found > 1 for found in calls.values())}; "  # noqa: E501
            f"{cpu / count * 1e3:.1f} ms CPU a call, the exchange's not counted"
        )


def messages(count: int, rate: float) -> None:
    """Messages through injected faults, on the sandbox."""
    from messages import load  # noqa: PLC0415  # beside this file

    with tempfile.TemporaryDirectory() as place:
        cpu = time.process_time()
        found = load(Path(place), count, rate)
        cpu = time.process_time() - cpu
    print(
        f"{found.attempts:,d} messages at {rate:g}/s, all over after {found.seconds:.0f} s: {dict(found.states)}; "
        f"open {found.open}, twice {found.twice}, taken and not known {found.unknown}; {found.rate:.2f} requests a second "  # noqa: E501
        f"({found.rate / rate:.1%} of the limit), busiest second {found.busiest}; {cpu / max(found.attempts, 1) * 1e3:.1f} ms CPU a message, webhooks included"  # noqa: E501
    )


def kills(count: int) -> None:
    """A sender is killed ten times while it sends."""
    from messages import kills as killed  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as place:
        found = killed(Path(place), count, 10)
    print(
        f"{found.attempts:,d} messages, {found.kills} kills: twice {found.twice}, taken and not known {found.unknown}; "
        f"claimed at a kill at most {found.most_claimed} (concurrency 20), never told of {found.doubts}; {dict(found.states)}"  # noqa: E501
    )


def flood(count: int, rate: float) -> None:
    """Statuses of messages as they come, then each twice and mixed."""
    from messages import flood as flooded  # noqa: PLC0415

    ends = []
    for mixed in (False, True):
        with tempfile.TemporaryDirectory() as place:
            found = flooded(Path(place), count // 3, rate, mixed=mixed)
        ends.append(found.ends)
        print(
            f"{'each twice, mixed' if mixed else 'in order'}: {found.told:,d} webhooks at {rate:g}/s, median {found.median * 1e3:.0f} ms, "  # noqa: E501
            f"p99 {found.p99 * 1e3:.0f} ms, within a second {found.within:.2%}; all worked through after {found.seconds:.1f} s"  # noqa: E501
        )
    print(f"the same end: {ends[0] == ends[1]} ({dict(Counter(ends[0].values()))})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["plan", "stop", "voice", "messages", "kills", "flood"])
    parser.add_argument("counts", type=int, nargs="+")
    parser.add_argument("--rate", type=float, default=100)
    told = parser.parse_args()
    if told.what == "stop":
        stop(told.counts[0])
    elif told.what in ("voice", "messages", "flood"):
        {"voice": voice, "messages": messages, "flood": flood}[told.what](told.counts[0], told.rate)
    elif told.what == "kills":
        kills(told.counts[0])
    elif len(told.counts) == 1:
        plan(told.counts[0])
    else:
        for count in told.counts:
            subprocess.run([sys.executable, __file__, "plan", str(count)], check=True)


if __name__ == "__main__":
    main()
