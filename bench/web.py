"""The review desk under load: what the server needs to take a decision and show the next mail.

20 reviewers (sessions of their own) work through a queue whose history holds 100,000 decided items.  Each opens the
next mail, looks at the answer that would go out, decides, and gets the next one: `decide and next` is the server's
time for the two requests that follow the key (POST decidir, GET next page), over ASGI and without a network.

    python bench/web.py [--history 100000] [--reviewers 20] [--each 6] [--think 20]

Three runs over one house: *in turns*, where the process's CPU time is the work itself, whatever else the machine
does; *paced*, all of them at a person's pace (each looks for `--think` seconds at a mail); and *saturated*, all of
them as fast as they are answered, which no person is.  Of the time on the clock what was stood in line for is told
apart: only one writes at a time (`store/line.py`).  Printed beside it, from the same run: the same with a history of
1,000, and what a request costs that does nothing (GET /salud), so that the machine's own speed falls out.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import os
import re
import statistics
import sys
import tempfile
import time
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "tests"), str(HERE.parent)]

from house import BORDER, CORPUS  # noqa: E402
from webhouse import Visitor, WebHouse, web_house  # noqa: E402

from evidence_daemon.exchange import import_cases  # noqa: E402
from evidence_daemon.mail.message import understand  # noqa: E402
from evidence_daemon.model import Arrival, CopyKey, Role, Sha256  # noqa: E402
from evidence_daemon.store import records  # noqa: E402
from evidence_daemon.web.server import spare_what_is_built  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--history", type=int, default=100_000)
    parser.add_argument("--reviewers", type=int, default=20)
    parser.add_argument(
        "--each", type=int, default=6, help="decisions of each reviewer, in the paced run and in the other"
    )
    parser.add_argument("--think", type=float, default=20.0, help="seconds that a reviewer looks at a mail")
    chosen = parser.parse_args()
    told = {history: run(history, chosen) for history in (1_000, chosen.history)}
    print(
        f"\n{chosen.reviewers} reviewers, {chosen.each} decisions each, {chosen.think} s a look; milliseconds of "
        "decide and next,\nof them in line to write, and how long one turn to write was held"
    )
    print(
        f"{'history':>9} {'run':>13} {'p50':>8} {'p95':>8} {'line p95':>9} {'held p50':>9} {'p95':>7} {'a second':>9}"
    )
    for history, seen in told.items():
        for name in ("in turns", "paced", "saturated"):
            what = "CPU " if name == "in turns" else ""
            print(
                f"{history:>9,} {what + name:>13} {seen.middle(name):>8.1f} {seen.p95(name):>8.1f} "
                f"{seen.p95(name + ' line'):>9.1f} {seen.middle(name + ' held'):>9.1f} "
                f"{seen.p95(name + ' held'):>7.1f} {seen.rate.get(name, 0):>9.1f}"
            )
    small, large = told[1_000], told[chosen.history]
    print(
        f"nothing (GET /salud): {large.middle('nothing'):.1f}; the queue's page p95, paced: {large.p95('queue'):.1f}; "
        f"sent again because the house was busy: {large.busy}\n"
        f"history x{chosen.history / 1_000:.0f} costs x{large.middle('in turns') / small.middle('in turns'):.2f} CPU; "
        f"of the 100 ms that are allowed the 95th percentile takes {large.p95('in turns') / 100:.2f} in CPU, "
        f"{large.p95('paced') / 100:.2f} on the clock at a person's pace; "
        f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )


@dataclass
class Seen:
    """Server times in seconds, by what was asked."""

    times: dict[str, list[float]] = field(default_factory=dict)
    rate: dict[str, float] = field(default_factory=dict)
    """Decisions a second, by run."""
    busy: int = 0

    def add(self, what: str, seconds: float) -> None:
        self.times.setdefault(what, []).append(seconds)

    def middle(self, what: str) -> float:
        return 1000 * statistics.median(self.times[what])

    def p95(self, what: str) -> float:
        ordered = sorted(self.times[what])
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


_LINE: ContextVar[list[tuple[float, float]]] = ContextVar("line")
"""Of one request: how long each turn to write was waited for, and held."""


def run(history: int, chosen: argparse.Namespace) -> Seen:
    reviewers, each, think = chosen.reviewers, chosen.each, chosen.think
    with tempfile.TemporaryDirectory() as directory:
        more = f'[answers]\ntrusted_authserv_id = "{BORDER}"\n'
        with web_house(Path(directory), cases=False, more=more) as house:
            import_cases(house.house.database, CORPUS / "cases.csv", house.house.book)
            begun = time.monotonic()
            fill(house, reviewers * (2 * each + 5))
            remember(house, history)
            spare_what_is_built()  # as the server does
            print(f"history {history:,}: filled in {time.monotonic() - begun:.0f} s", flush=True)
            for number in range(reviewers):
                house.person(f"revisor{number}", Role.REVISOR)
            seen, line = Seen(), house.house.database.line
            assert line is not None
            line.told = lambda waited, held: _LINE.get([]).append((waited, held))
            asyncio.run(work(house, reviewers, each, think, seen))
            return seen


def fill(house: WebHouse, number: int) -> None:
    """Mails that wait for a person: one certificate really read, its readings under many mails."""
    raw = next(CORPUS.glob("0057-*.eml")).read_bytes()
    first = house.mail(raw)
    pipeline = house.house.pipeline
    with house.house.database.reading() as session:
        readings = records.load_readings(session, first)
    for n in range(2, number + 1):
        mine = raw.replace(b"Message-ID: <", f"Message-ID: <n{n}.".encode(), 1).replace(
            b"Message-Id: <", f"Message-Id: <n{n}.".encode(), 1
        )
        mine = mine.replace(b"\r\n\r\n", f"\r\nX-Copy: {n}\r\n\r\n".encode(), 1) if mine == raw else mine
        pipeline.take_in(
            Arrival(CopyKey("bench", "INBOX", 1, n), house.clock() - timedelta(minutes=number - n), len(mine), mine)
        )
        email = understand(mine, our_addresses=frozenset())
        with house.house.database.session() as session:
            mail_id = records.all_mails(session)[-1]
            mine_too = [replace(one, sha256=Sha256(f"{n:064x}")) for one in readings]  # not the same file again
            records.save_readings(session, mail_id, mine_too, email=email, now=house.clock())
        with house.house.database.session() as session:
            pipeline.judge(session, mail_id)


def remember(house: WebHouse, history: int) -> None:
    """Items that were decided long ago: mails, decisions with their JSON, closed questions."""
    filler = '{"is":"x","words":"' + "x" * 1000 + '"}'
    with house.house.database.session() as session:
        low = int(session.execute(sa.text("SELECT max(id) FROM mails")).scalar_one()) + 1
        for start in range(low, low + history, 10_000):
            ids = range(start, min(start + 10_000, low + history))
            when = "2026-01-01 00:00:00.000000"
            session.execute(
                sa.text(
                    "INSERT INTO mails (id, sha256, size, oversized, received_at, stored_at, state, folder,"
                    " attempts, walk, walk_base, decisions, message_id, sender, subject, content_identity,"
                    " edition, stage, trouble) VALUES (:id, :sha, 1, 0, :at, :at, 'RECHAZADO', 'RECHAZADOS',"
                    " 1, 0, 0, 1, '', :sender, 'asunto', '', '', '', '')"
                ),
                [{"id": n, "sha": f"{n:064x}", "at": when, "sender": f"c{n % 5000}@example.com"} for n in ids],
            )
            session.execute(
                sa.text(
                    "INSERT INTO decisions (mail_id, number, verdict, actor, edition, decided_at, keys, match,"
                    " decision, settlement) VALUES (:id, 1, 'reject', 'persona:ana', '', :at, :json, :json, :json,"
                    " :json)"
                ),
                [{"id": n, "at": when, "json": filler} for n in ids],
            )
            session.execute(
                sa.text(
                    "INSERT INTO reviews (mail_id, lane, reasons, summary, opened_at, closed_at, closed_by, version,"
                    " received_at, signals, claimed_by) VALUES (:id, 'REVISAR', 'NO_ES_ACTA', 'Un resumen.', :at,"
                    " :at, 'persona:ana', 2, :at, 0, '')"
                ),
                [{"id": n, "at": when} for n in ids],
            )
        session.execute(sa.text("UPDATE mails SET lapsed_at = received_at WHERE id >= :low"), {"low": low})
    with house.house.database.session() as session:
        session.execute(sa.text("ANALYZE"))


async def work(house: WebHouse, reviewers: int, each: int, think: float, seen: Seen) -> None:
    people = [Visitor(house.house) for _ in range(reviewers)]
    for number, person in enumerate(people):
        await person.log_in(f"revisor{number}")
        for _ in range(3):
            begun = time.perf_counter()
            await person.get("/salud")
            seen.add("nothing", time.perf_counter() - begun)
    for person in people:
        await review(person, 0, 2, 0, seen, "in turns")
    for name, pause in (("paced", think), ("saturated", 0.0)):
        begun = time.monotonic()
        await asyncio.gather(*(review(person, n, each, pause, seen, name) for n, person in enumerate(people)))
        seen.rate[name] = len(people) * each / (time.monotonic() - begun)
    for person in people:
        await person.aclose()


async def review(person: Visitor, number: int, each: int, think: float, seen: Seen, name: str) -> None:
    await asyncio.sleep(think * number / 20)
    page = await person.get("/cola/siguiente?carril=REVISAR", follow_redirects=True)
    for turn in range(each):
        if prepared := re.search(r'data-prepare="([^"]+)"', page.text):
            await person.get(html.unescape(prepared[1]))  # as the browser does while he looks
        form = dict(
            re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text[page.text.index('id="decide"') :])
        )
        receipt = re.search(r"EV-\d+-\d", page.text)
        assert receipt is not None
        choice: dict[str, object] = form | {"verdict": "ask", "motivo": "ADJUNTO_ILEGIBLE"}
        shown = await person.post(f"/cola/{receipt[0]}/vista", data=choice, headers={"HX-Request": "true"})
        basis = re.search(r'name="base" value="(\w+)"', shown.text)
        words = re.search(r"<textarea[^>]*>(.*?)</textarea>", shown.text, re.S)
        assert basis is not None, shown.text
        await asyncio.sleep(think)
        decided = choice | {"base": basis[1]} | ({"texto": html.unescape(words[1])} if words else {})
        turns: list[tuple[float, float]] = []
        _LINE.set(turns)
        begun, worked = time.perf_counter(), time.process_time()
        answer = await person.post(f"/cola/{receipt[0]}/decidir", data=decided)
        while answer.status_code == 503:  # as the page says: send it again
            seen.busy += 1
            answer = await person.post(f"/cola/{receipt[0]}/decidir", data=decided)
        assert answer.status_code == 303, answer.text[-3000:]
        page = await person.get(answer.headers["location"])
        ended, spent = time.perf_counter(), time.process_time() - worked
        seen.add(name, spent if name == "in turns" else ended - begun)
        seen.add(f"{name} line", sum(waited for waited, _held in turns))
        for _waited, held in turns:
            seen.add(f"{name} held", held)
        if turn % 3 == 0 and name == "paced":
            begun = time.perf_counter()
            await person.get("/cola")
            seen.add("queue", time.perf_counter() - begun)


if __name__ == "__main__":
    main()
