"""Messages by the Cloud API under load, under kills and under a flood of webhooks; `bench/campaign.py` calls these.

The sandbox is a process of its own; what it took, and when, is the measure.  Each returns what the suite's short
versions look at.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import multiprocessing
import os
import random
import re
import statistics
import subprocess
import sys
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import sqlalchemy as sa
from campaign import going, listed, plan_all

from evidence_daemon.app import read_rules
from evidence_daemon.model import Channel, ContactState
from evidence_daemon.outreach.cloud import Account, Cloud
from evidence_daemon.outreach.contact import Contacts
from evidence_daemon.outreach.conversation import Conversation
from evidence_daemon.outreach.engine import Engine
from evidence_daemon.outreach.listener import PATH, Listener
from evidence_daemon.outreach.schedule import Lane
from evidence_daemon.outreach.whatsapp import WhatsApp
from evidence_daemon.store import outreach, progress
from evidence_daemon.store.database import Database, open_database
from evidence_daemon.workdays import NATIONAL

RULES = Path(__file__).parent.parent / "rules"
START = datetime(2021, 3, 17, 15, 0, tzinfo=UTC)
SECRET = "sandbox-secret"  # noqa: S105
FAULTS = ("130429 every 60", "131056 every 60", "500 every 60")
"""Together five in a hundred."""
_DONE = ("FALLIDO", "ENTREGADO", "LEIDO", "RESPONDIDO", "AGOTADO", "OMITIDO")


class Clock:
    """A working morning that goes on while we measure."""

    def __init__(self, begun: float | None = None) -> None:
        self.begun = time.time() if begun is None else begun

    def __call__(self) -> datetime:
        return START + timedelta(seconds=time.time() - self.begun)


def lanes(rate: float, at_once: int) -> dict[Channel, Lane]:
    return {Channel.WHATSAPP: Lane(rate, at_once), Channel.IVR: Lane(1, 1)}


def account(url: str) -> Account:
    return Account(url, "v25.0", "106540352242922", "102290129340398", lambda: "sandbox")


@contextmanager
def listening(database: Database, place: Path, url: str, clock: Clock) -> Iterator[Listener]:
    """The listener with what works its webhooks through; `url` is the API's."""
    books = tuple(read_rules(RULES).campaigns.values())
    conversation = Conversation(
        database, Contacts(NATIONAL, lanes(80, 80)), Cloud(account(url)), take_in=lambda _arrival: False,
        books=lambda: books, clock=clock, leases=place,
    )  # fmt: skip
    listener = Listener(
        database, address="127.0.0.1", port=0, secret=lambda: SECRET, verify=lambda: "x", clock=clock,
        beside=conversation.run,
    )  # fmt: skip
    conversation.busy = lambda: listener.busy
    with listener:
        yield listener


@contextmanager
def sandbox(webhook: str, *more: str) -> Iterator[str]:
    """The product's own command, in a process of its own; its address."""
    command = [sys.executable, "-m", "evidence_daemon", "sandbox", "whatsapp", "--port", "0", "--webhook", webhook]
    child = subprocess.Popen(
        [*command, "--reachable", *more], stdout=subprocess.PIPE, text=True, env=os.environ | {"COLUMNS": "200"}
    )
    assert child.stdout is not None
    try:
        said = ""
        while not (found := re.search(r"listens on (127\.0\.0\.1:\d+)", said)):
            line = child.stdout.readline()
            assert line, f"the sandbox did not start: {said}"
            said += line
        yield f"http://{found[1]}"
    finally:
        child.terminate()
        child.communicate()


def asked(url: str) -> dict[str, Any]:
    """What the sandbox took and when."""
    told: dict[str, Any] = httpx.get(f"{url}/sandbox/taken", timeout=60).json()
    return told


@dataclass
class Sent:
    """What came of a run."""

    attempts: int = 0
    taken: int = 0
    twice: int = 0
    unknown: int = 0
    """Messages that were taken and that no row of ours tells of as sent."""
    open: int = 0
    doubts: int = 0
    most_claimed: int = 0
    """Attempts that were claimed and not concluded when the sender was killed, at most."""
    kills: int = 0
    rate: float = 0.0
    busiest: int = 0
    """Requests in the busiest second, by the sandbox's clock."""
    seconds: float = 0.0
    states: Counter[str] = field(default_factory=Counter)


def orders(faults: Sequence[str]) -> list[str]:
    return [word for fault in faults for word in ("--fault", fault)]


def busiest_second(arrived: Sequence[float]) -> int:
    at = sorted(arrived)
    return max((bisect_left(at, moment + 1.0) - number for number, moment in enumerate(at)), default=0)


def steady_rate(arrived: Sequence[float]) -> float:
    """Requests a second between the first and the last tenth: neither the start nor the stragglers."""
    at = sorted(arrived)
    first, last = at[len(at) // 10], at[len(at) * 9 // 10]
    return (len(at) * 9 // 10 - len(at) // 10) / max(last - first, 1e-9)


def _states(database: Database, number: int) -> Counter[str]:
    with database.reading() as session:
        found = progress.counts(session, number)
    return Counter({state.value: count for (channel, state), count in found.items() if channel is Channel.WHATSAPP})


def _finish(database: Database, number: int, url: str, sent: Sent) -> Sent:
    told = asked(url)
    trackers = Counter(one["tracker"] for one in told["taken"])
    with database.reading() as session:
        rows = {
            one.id: one.state
            for one in outreach.attempts_of_campaign(session, number)
            if one.channel is Channel.WHATSAPP
        }
    sent.attempts, sent.taken, sent.twice = len(rows), len(trackers), sum(n > 1 for n in trackers.values())
    never = (ContactState.PLANIFICADO, ContactState.RETENIDO)
    sent.unknown = sum(rows.get(name, ContactState.PLANIFICADO) in never for name in trackers)
    sent.states = Counter(state.value for state in rows.values())
    sent.doubts = sent.states["DESCONOCIDO"]
    sent.open = sum(count for state, count in sent.states.items() if state not in _DONE)
    sent.busiest, sent.rate = busiest_second(told["arrived"]), steady_rate(told["arrived"])
    return sent


def load(
    place: Path, count: int,
    rate: float, *, faults: Sequence[str] = FAULTS, patience: float = 3600,
    open_sandbox: Callable[..., AbstractContextManager[str]] = sandbox,
    driver: Callable[[Cloud], WhatsApp] = WhatsApp,
) -> Sent:  # fmt: skip
    """Send `count` messages at `rate` a second through injected faults, until each is at its end."""
    clock, ways = Clock(), lanes(rate, max(10, int(rate)))
    with listed(place, count, "mobile") as database:
        contacts, number = going(database, ways)
        plan_all(database, number)
        with (
            listening(database, place, "http://127.0.0.1:9", clock) as ear,
            open_sandbox(
                f"http://127.0.0.1:{ear.port}{PATH}", *orders(faults), "--doubled", "10", "--shuffled", "5"
            ) as url,
        ):
            clock.begun = time.time()
            engine = Engine(database, contacts, {Channel.WHATSAPP: driver(Cloud(account(url)))}, clock, place)
            began = time.monotonic()
            engine.start()
            while time.monotonic() - began < patience:
                time.sleep(0.5)
                found = _states(database, number)
                if found and not sum(n for state, n in found.items() if state not in _DONE):
                    break
            seconds = time.monotonic() - began
            engine.stop()
            return _finish(database, number, url, Sent(seconds=seconds))


def write_until_killed(place: Path, url: str, begun: float, rate: float, at_once: int) -> None:
    """A process of its own that sends what is planned."""
    contacts = Contacts(NATIONAL, lanes(rate, at_once))
    drivers = {Channel.WHATSAPP: WhatsApp(Cloud(account(url)))}
    Engine(open_database("", place), contacts, drivers, Clock(begun), place).run()


def kills(
    place: Path, count: int,
    times: int, *, rate: float = 80, at_once: int = 20, patience: float = 600,
    faults: Sequence[str] = (),
    open_sandbox: Callable[..., AbstractContextManager[str]] = sandbox,
) -> Sent:  # fmt: skip
    """Kill a sender (SIGKILL) again and again while it sends; then let it come to its end."""
    clock, chance, sent = Clock(), random.Random(11), Sent()
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(["messages"])
    with listed(place, count, "mobile") as database:
        _contacts, number = going(database, lanes(rate, at_once))
        plan_all(database, number)
        with (
            listening(database, place, "http://127.0.0.1:9", clock) as ear,
            open_sandbox(
                f"http://127.0.0.1:{ear.port}{PATH}", *orders(faults), "--doubled", "3", "--shuffled", "4"
            ) as url,
        ):
            clock.begun = time.time()
            end = time.monotonic() + patience
            while time.monotonic() < end:
                sender = forks.Process(
                    target=write_until_killed, args=(place, url, clock.begun, rate, at_once), daemon=True
                )
                before = len(asked(url)["taken"])
                sender.start()
                try:
                    while time.monotonic() < end and len(asked(url)["taken"]) == before and _left(database, number):
                        time.sleep(0.02)
                    if sent.kills < times:
                        time.sleep(chance.uniform(0, 0.25))
                    else:
                        while time.monotonic() < end and _left(database, number):
                            time.sleep(0.1)
                finally:
                    sender.kill()
                    sender.join()
                sent.most_claimed = max(sent.most_claimed, _states(database, number)["ENVIANDO"])
                if not _left(database, number):
                    break
                sent.kills += 1
            while time.monotonic() < end and asked(url)["untold"]:
                time.sleep(0.1)
            while time.monotonic() < end and _waiting(database):
                time.sleep(0.1)
            return _finish(database, number, url, sent)


def _left(database: Database, number: int) -> int:
    found = _states(database, number)
    return found["PLANIFICADO"] + found["ENVIANDO"]


def _waiting(database: Database) -> int:
    with database.reading() as session:
        return int(
            session.execute(sa.text("SELECT count(*) FROM whatsapp_webhooks WHERE done_at IS NULL")).scalar_one()
        )


# ── the flood ────────────────────────────────────────────────────────────────────────────────────


def _bodies(names: Sequence[str]) -> list[bytes]:
    """Three statuses of each attempt, some of them only read, some failed first and delivered after all."""
    found = []
    for number, name in enumerate(names):
        told = [["sent", "delivered", "read"], ["sent", "read"], ["sent", "failed", "delivered"]][number % 3]
        for at, status in enumerate(told):
            one: dict[str, Any] = {
                "id": f"wamid.{name}", "status": status, "timestamp": str(1_616_000_000 + at),
                "recipient_id": "593987000010", "biz_opaque_callback_data": name,
            }  # fmt: skip
            if status == "failed":
                one["errors"] = [{"code": 131026, "title": "María"}]
            value = {"messaging_product": "whatsapp", "metadata": {}, "statuses": [one]}
            entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
            found.append(json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode())
    return found


async def poured(url: str, bodies: Sequence[bytes], rate: float) -> list[float]:
    waits: list[float] = []
    began = time.monotonic()

    async def one(session: aiohttp.ClientSession, body: bytes, at: float) -> None:
        await asyncio.sleep(max(0.0, began + at - time.monotonic()))
        digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        sent = time.monotonic()
        async with session.post(url, data=body, headers={"X-Hub-Signature-256": f"sha256={digest}"}) as answer:
            assert answer.status == 200
        waits.append(time.monotonic() - sent)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as session:
        await asyncio.gather(*(one(session, body, number / rate) for number, body in enumerate(bodies)))
    return waits


def pour(url: str, bodies: Sequence[bytes], rate: float) -> list[float]:
    """Seconds until each was answered, from a process of its own."""
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(["messages"])
    with forks.Pool(1) as pool:
        return pool.apply(_pour_here, (url, list(bodies), rate))


def _pour_here(url: str, bodies: Sequence[bytes], rate: float) -> list[float]:
    return asyncio.run(poured(url, bodies, rate))


@dataclass
class Flood:
    """What came of one."""

    told: int
    median: float
    p99: float
    within: float
    """Share that was answered within a second."""
    seconds: float
    """Until everything was worked through, from the first on."""
    ends: dict[str, str]


def flood(
    place: Path, count: int,
    rate: float, *, mixed: bool,
    pour: Callable[[str, Sequence[bytes], float], list[float]] = pour,
) -> Flood:  # fmt: skip
    """Tell the statuses of `count` messages at `rate` a second; `mixed`: each twice and in another order."""
    clock = Clock()
    with listed(place, count, "mobile") as database:
        _contacts, number = going(database, lanes(80, 80))
        plan_all(database, number)
        with database.session() as session:
            session.execute(
                sa.text(
                    "UPDATE contact_attempts SET state = 'ENVIADO', claimed_at = not_before WHERE channel = 'WHATSAPP'"
                )
            )
        with database.reading() as session:
            names = [
                one.id for one in outreach.attempts_of_campaign(session, number) if one.channel is Channel.WHATSAPP
            ]
        bodies = _bodies(names)
        if mixed:
            bodies = bodies * 2
            random.Random(2).shuffle(bodies)
        with listening(database, place, "http://127.0.0.1:9", clock) as ear:
            began = time.monotonic()
            waits = sorted(pour(f"http://127.0.0.1:{ear.port}{PATH}", bodies, rate))
            while _waiting(database):
                time.sleep(0.05)
            seconds = time.monotonic() - began
        with database.reading() as session:
            ends = {
                one.id: one.state.value
                for one in outreach.attempts_of_campaign(session, number)
                if one.channel is Channel.WHATSAPP and one.number == 1
            }
        plain = {name.split("-", 1)[1]: state for name, state in ends.items()}  # each campaign has names of its own
        return Flood(
            len(bodies), statistics.median(waits), waits[min(len(waits) - 1, int(len(waits) * 0.99))],
            sum(wait < 1 for wait in waits) / len(waits), seconds, plain,
        )  # fmt: skip
