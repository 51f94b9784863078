"""The campaigns at work: one sender, one listener and one watcher for each channel, on a loop of their own thread.

The order never changes: claim (committed) → driver → result (committed).  So a kill between any two steps leaves a
row that says how far it came, and nothing is handed over twice.  Database work runs on two threads of its own: the
watcher that ends calls must not wait for a part of a million-row plan.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from evidence_daemon import observe
from evidence_daemon.errors import BadInput, EvidenceDaemonError, RefusedTransition, Temporary
from evidence_daemon.model import AttemptId, CampaignState, Channel, ContactState
from evidence_daemon.outreach import audience
from evidence_daemon.outreach.channel import Driver, Lost, Message, NeverSeen, Report, Sent, Throttled
from evidence_daemon.outreach.contact import Claimed, Contacts, missed_since
from evidence_daemon.outreach.schedule import Pace
from evidence_daemon.store import outreach, progress
from evidence_daemon.store.database import Database, Session
from evidence_daemon.store.lease import Lease
from evidence_daemon.store.members import Turn
from evidence_daemon.store.outreach import Campaign
from evidence_daemon.workdays import ECUADOR

log = logging.getLogger("evidence_daemon.outreach")
_T = TypeVar("_T")

WATCH_SECONDS = 0.2
"""How often is looked for live calls that must end: with the hanging up itself well below a second."""
IDLE_SECONDS = 0.5
_ANCIENT = timedelta(minutes=10)
"""A call that is said to live this long is asked after."""
_DOUBT_RESTS = timedelta(seconds=30)
"""An order whose answer was lost may still be on its way to the exchange."""
_AT_ONCE = timedelta(seconds=1)
"""What was claimed in this very moment counts too."""
_SOON, _FRESH = 1.0, 2.0
"""Seconds to the next turn from which on is claimed; since its claim, until which a message may still leave."""
_TOGETHER = 64
"""Results that are written in one commit."""
_GATHER_SECONDS = 0.025
"""So long a result waits for others: a commit waits for the disk, and costs as much as several results."""


class Engine:
    """Runs every campaign of one house until it is told to stop.

    `drivers` are those of the channels that are configured; a channel without one waits.  One sender for a channel,
    whatever else runs: by lock files in the directory `leases`, or, where several processes share the database, by
    `turns`, which also refuse what one writes who has lost his.
    """

    def __init__(
        self,
        database: Database,
        contacts: Contacts,
        drivers: Mapping[Channel, Driver],
        clock: Callable[[], datetime],
        leases: Path,
        turns: Callable[[str], Turn] | None = None,
    ) -> None:
        self._turns = turns
        self._database, self._contacts, self._drivers = database, contacts, drivers
        self._clock, self._leases = clock, leases
        self._paces = {channel: Pace(contacts.lanes[channel].per_second) for channel in drivers}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._unwanted: set[AttemptId] = set()

    # ── from outside ─────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Run on a thread of its own."""
        self._thread = threading.Thread(target=self.run, name="campaigns", daemon=True)
        self._thread.start()

    def stop(self, patience: float = 20.0) -> None:
        """Ask it to end, and wait for what is being handed over; live calls play on."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(patience)

    def run(self) -> None:
        """Run here until `stop` is asked for."""
        asyncio.run(self._run())

    # ── the house ────────────────────────────────────────────────────────────────────────────────

    async def _run(self) -> None:
        with ThreadPoolExecutor(1, "campaigns") as self._hand, ThreadPoolExecutor(1, "stops") as self._watchman:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._forever("campaigns", self._look_after))
                for channel, driver in self._drivers.items():
                    tasks.create_task(self._forever(channel.value, partial(self._channel, channel, driver)))

    async def _forever(self, name: str, work: Callable[[], object]) -> None:
        """Do it again whatever happens: trouble of one channel is none of another's."""
        pause = 1.0
        while not self._stop.is_set():
            began = asyncio.get_running_loop().time()
            try:
                await work()  # type: ignore[misc]
            except (EvidenceDaemonError, OSError) as trouble:
                observe.say(log, logging.WARNING, f"{name}: {trouble}", next_try_in=f"{pause:.0f}s")
            except Exception:
                log.exception("%s failed", name)
            if asyncio.get_running_loop().time() - began > 60:
                pause = 1.0
            await self._rest(pause)
            pause = min(pause * 2, 60.0)

    async def _rest(self, seconds: float) -> None:
        until = asyncio.get_running_loop().time() + seconds
        while not self._stop.is_set() and (left := until - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(min(left, 0.1))

    async def _do(self, work: Callable[[Session], _T]) -> _T:
        here = contextvars.copy_context()  # the fence of the channel's turn holds on the other thread too
        return await asyncio.get_running_loop().run_in_executor(
            self._hand, partial(here.run, self._database.transact, work)
        )

    # ── campaigns ────────────────────────────────────────────────────────────────────────────────

    async def _look_after(self) -> None:
        """Plan what was started, end what is over, stop what was silent for too long."""
        turn = self._turns("campaigns") if self._turns is not None else None
        while not self._stop.is_set():
            if turn is not None and not turn.held():
                await self._rest(IDLE_SECONDS)
                continue
            with contextlib.suppress(RefusedTransition):  # a person was faster
                more = await self._do(self._tend)
                if more:
                    continue
            await self._rest(IDLE_SECONDS)

    def _tend(self, session: Session) -> bool:
        now, more = self._clock(), False
        for campaign in outreach.running(session):
            if (since := missed_since(campaign, now)) is not None:
                because = f"no salió: estuvo detenida desde {since:%Y-%m-%d %H:%M} UTC; una persona la reanuda"
                outreach.change_campaign(session, campaign, state=CampaignState.PAUSADA, because=because)
                observe.say(log, logging.WARNING, "campaign missed its time", campaign=campaign.id)
                continue
            if campaign.beat_at is None or now - campaign.beat_at > timedelta(seconds=60):
                outreach.change_campaign(session, campaign, beat_at=now)
            if campaign.planned_at is None:
                more |= audience.plan_some(session, campaign, self._contacts.calendar, now) > 0
            elif progress.is_over(session, campaign.id):
                outreach.change_campaign(session, campaign, state=CampaignState.TERMINADA, because="")
        return more

    # ── one channel ──────────────────────────────────────────────────────────────────────────────

    async def _channel(self, channel: Channel, driver: Driver) -> None:
        if self._turns is not None:
            turn = self._turns(f"send {channel.value.lower()}")
            while not turn.held():
                if self._stop.is_set():
                    return
                await self._rest(IDLE_SECONDS)
            with self._database.guarded(turn.fence):
                await self._open(channel, driver, turn)
            return
        try:
            with Lease(self._database, f"channel-{channel.value.lower()}", self._leases):
                await self._open(channel, driver)
        except BadInput as taken:
            raise Temporary(str(taken)) from taken

    async def _open(self, channel: Channel, driver: Driver, turn: Turn | None = None) -> None:
        await driver.open()
        try:
            await self._recover(channel, driver, starting=True)
            await self._at_work(channel, driver, turn)
        finally:
            await driver.close()

    async def _at_work(self, channel: Channel, driver: Driver, turn: Turn | None) -> None:
        results: asyncio.Queue[tuple[AttemptId, Sent] | Report] = asyncio.Queue()
        open_: set[AttemptId] = set()
        helpers = [
            asyncio.create_task(work)
            for work in (
                self._listen(driver, results),
                self._write(channel, results, open_),
                self._end_calls(channel, driver),
                self._tidy(channel, driver),
                *([self._lose(channel, turn)] if turn is not None else []),
            )
        ]
        sender = asyncio.create_task(self._send(channel, driver, results, open_))
        try:
            done, _running = await asyncio.wait([sender, *helpers], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            if not sender.done():
                sender.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await sender
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(results.join(), 5)
            for task in helpers:
                task.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)

    async def _send(
        self,
        channel: Channel,
        driver: Driver,
        results: asyncio.Queue[tuple[AttemptId, Sent] | Report],
        open_: set[AttemptId],
    ) -> None:
        """Hand over what is claimed, each in its turn; this loop waits for nothing else.

        `open_` are those that are claimed and of which no result is committed: a crash leaves all of them in doubt, so
        they are never more than may be under way at once.
        """
        pace, loop = self._paces[channel], asyncio.get_running_loop()
        ready: asyncio.Queue[tuple[Message, float] | None] = asyncio.Queue()
        in_flight = set[asyncio.Task[None]]()
        pace.begins(loop.time())
        claimer = asyncio.create_task(self._claim_ahead(channel, pace, ready, open_))
        try:
            while (one := await ready.get()) is not None:
                message, claimed_at = one
                while (wait := pace.wait(loop.time())) > 0 and loop.time() + wait < claimed_at + _fresh(pace):
                    await asyncio.sleep(wait)
                if wait > 0 or message.attempt in self._unwanted:
                    await self._do(partial(self._withdraw, message.attempt))
                    open_.discard(message.attempt)
                    continue
                pace.leaves(message.attempt, loop.time())
                task = asyncio.create_task(self._hand_over(driver, message, pace, results))
                in_flight.add(task)
                task.add_done_callback(in_flight.discard)
            await claimer
        finally:
            claimer.cancel()
            if in_flight:
                await asyncio.wait(in_flight, timeout=15)

    async def _claim_ahead(
        self, channel: Channel, pace: Pace, ready: asyncio.Queue[tuple[Message, float] | None], open_: set[AttemptId]
    ) -> None:
        """Claim a quarter of a second's worth when the one before begins to leave: no turn waits for the database."""
        lane, loop = self._contacts.lanes[channel], asyncio.get_running_loop()
        told: int | None = None  # of the provider's later complaints; those from before are over
        try:
            while not self._stop.is_set():
                most = max(1, round(pace.rate / 4))
                room = min(most, lane.at_once - len(open_))
                if room <= 0 or ready.qsize() >= most or pace.wait(loop.time()) > _SOON:
                    await asyncio.sleep(0.02)
                    continue
                claimed = await self._do(partial(self._claim, channel, room))
                open_.update(message.attempt for message in claimed.messages)
                if claimed.turned_away is not None:
                    for _one in range(claimed.turned_away - (claimed.turned_away if told is None else told)):
                        pace.throttled(loop.time(), 0.0)
                    told = claimed.turned_away
                for message in claimed.messages:
                    ready.put_nowait((message, loop.time()))
                if not claimed.looked_at:
                    await self._rest(IDLE_SECONDS)
        finally:
            ready.put_nowait(None)

    def _claim(self, channel: Channel, room: int, session: Session) -> Claimed:
        return self._contacts.claim(session, channel, self._clock(), room)

    def _withdraw(self, name: AttemptId, session: Session) -> None:
        self._contacts.withdraw(session, name, self._clock())

    async def _hand_over(
        self, driver: Driver, message: Message, pace: Pace, results: asyncio.Queue[tuple[AttemptId, Sent] | Report]
    ) -> None:
        loop = asyncio.get_running_loop()
        try:
            sent = await driver.send(message)
        except Exception as fault:  # a driver never raises for the provider's sake: a bug, and nobody knows
            log.exception("the driver failed on %s", message.attempt)
            sent = Lost(f"{type(fault).__name__}: {fault}")
        pace.answered(message.attempt, loop.time())
        if not isinstance(sent, Throttled):
            pace.accepted()
        elif not sent.alone:
            pace.throttled(loop.time(), sent.seconds)
        results.put_nowait((message.attempt, sent))

    async def _listen(self, driver: Driver, results: asyncio.Queue[tuple[AttemptId, Sent] | Report]) -> None:
        async for report in driver.reports():
            results.put_nowait(report)

    async def _write(
        self, channel: Channel, results: asyncio.Queue[tuple[AttemptId, Sent] | Report], open_: set[AttemptId]
    ) -> None:
        """Write results as they come, many in one commit; an answer always before what was heard after it."""
        while True:
            some = [await results.get()]
            await asyncio.sleep(_GATHER_SECONDS)
            while len(some) < _TOGETHER and not results.empty():
                some.append(results.get_nowait())
            pause = 0.2
            while True:
                try:
                    await self._do(partial(self._take_down, some))
                    break
                except Temporary as trouble:  # a busy or full disk: what was heard must not be lost
                    log.warning("%s: results wait to be written: %s", channel.value, trouble)
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, 10.0)
            open_.difference_update(one[0] for one in some if not isinstance(one, Report))
            for _one in some:
                results.task_done()

    def _take_down(self, some: list[tuple[AttemptId, Sent] | Report], session: Session) -> None:
        now = self._clock()
        for one in some:
            if isinstance(one, Report):
                self._contacts.hear(session, one, now)
            else:
                self._contacts.conclude(session, *one, now)

    async def _end_calls(self, channel: Channel, driver: Driver) -> None:
        """End what lives of customers who have answered."""
        loop, asked = asyncio.get_running_loop(), set[AttemptId]()
        look = partial(self._to_hang_up, channel)
        while True:
            wanted = set(await loop.run_in_executor(self._watchman, look))
            self._unwanted |= wanted
            for name in wanted - asked:
                if await driver.hang_up(name) or channel is not Channel.IVR:
                    asked.add(name)
            gone = asked - wanted
            asked -= gone
            self._unwanted -= gone
            await asyncio.sleep(WATCH_SECONDS)

    def _to_hang_up(self, channel: Channel) -> list[AttemptId]:
        with self._database.reading() as session:
            return outreach.to_hang_up(session, channel)

    @staticmethod
    async def _lose(channel: Channel, turn: Turn) -> None:
        """Ends the work of a channel, by an error, when its turn is another's."""
        while turn.held():
            await asyncio.sleep(WATCH_SECONDS)
        raise Temporary(f"{channel.value}: another process sends now")

    async def _tidy(self, channel: Channel, driver: Driver) -> None:
        while True:
            await asyncio.sleep(30)
            await self._recover(channel, driver)
            await self._do(lambda session: self._contacts.give_up_undelivered(session, channel, self._clock()))

    async def _recover(self, channel: Channel, driver: Driver, *, starting: bool = False) -> None:
        """Ask the provider after attempts that were left open; what it does not know stays open."""
        now = self._clock()
        if starting:
            await self._do(partial(self._doubt, channel, now))
        doubted, lived = (now + _AT_ONCE, now + _AT_ONCE) if starting else (now - _DOUBT_RESTS, now - _ANCIENT)

        def left(session: Session) -> tuple[list[AttemptId], datetime]:
            found = outreach.under_way(session, channel, [ContactState.DESCONOCIDO], doubted)
            if channel is Channel.IVR:
                found += outreach.under_way(session, channel, [ContactState.ENVIADO], lived)
            return [one.id for one in found], min((one.claimed_at or now for one in found), default=now)

        names, since = await self._do(left)
        if not names:
            return
        found: Mapping[AttemptId, Report | NeverSeen] = await driver.recall(names, since)
        if found:
            await self._do(lambda session: self._contacts.recalled(session, found, self._clock()))

    def _doubt(self, channel: Channel, now: datetime, session: Session) -> int:
        return self._contacts.doubt(session, channel, now + _AT_ONCE)


def _fresh(pace: Pace) -> float:
    """What waits longer is given back: the look at its case, its hours and its campaign is too old to be acted on."""
    return max(_FRESH, 3 / pace.rate)


# ── a rehearsal ──────────────────────────────────────────────────────────────────────────────────


class Rehearsal:
    """A campaign tried out from beginning to end on a clock that jumps: the same recipe, other drivers.

    `make` builds the driver of a channel on this clock.
    """

    def __init__(
        self, database: Database, contacts: Contacts, make: Callable[[Channel, Callable[[], datetime]], Driver]
    ) -> None:
        self._database, self._contacts, self._make = database, contacts, make
        self._now = datetime.min.replace(tzinfo=UTC)

    def run(self, number: int, now: datetime) -> datetime:
        """Go through campaign `number`; the moment at which its last contact would be over."""
        return asyncio.run(self._run(number, now))

    async def _run(self, number: int, now: datetime) -> datetime:
        def load(session: Session) -> Campaign:
            return outreach.load_campaign(session, number)

        def plan(session: Session) -> int:
            campaign = load(session)
            if campaign.state is CampaignState.CANCELADA:
                return 0
            return audience.plan_some(session, campaign, self._contacts.calendar, now)

        while self._database.transact(plan):
            pass
        campaign = self._database.transact(load)
        self._now = last = max(now, campaign.starts_at)
        channels = audience.read_plan(campaign.plan).channels
        drivers = {channel: self._make(channel, lambda: self._now) for channel in channels}
        for driver in drivers.values():
            await driver.open()
        while True:
            sent = 0
            for channel, driver in drivers.items():
                sent += await self._round(campaign, channel, driver)
            if sent:
                last = self._now
            following = self._database.transact(lambda session: outreach.next_due(session, number))
            if following is None:
                break
            # on to the next second, or the next attempt's time; with the day's budget spent, a while later
            pause = timedelta(seconds=1) if sent or following > self._now else timedelta(minutes=10)
            self._now = max(self._now + pause, following)
        for driver in drivers.values():
            await driver.close()
        at = f"{last.astimezone(ECUADOR):%d-%m-%Y a las %H:%M}"
        over = f"ensayo: no se contactó a nadie; el último contacto sería el {at}"

        def end(session: Session) -> None:
            if (campaign := load(session)).state is not CampaignState.CANCELADA:
                outreach.change_campaign(session, campaign, state=CampaignState.TERMINADA, because=over)

        self._database.transact(end)
        return last

    async def _round(self, campaign: Campaign, channel: Channel, driver: Driver) -> int:
        """One second of a channel."""
        lane, now = self._contacts.lanes[channel], self._now
        claimed = self._database.transact(
            lambda session: self._contacts.claim(session, channel, now, max(1, int(lane.per_second)), campaign)
        )
        answers = [(message.attempt, await driver.send(message)) for message in claimed.messages]
        told: list[Report] = []
        if answers:
            async for report in driver.reports():
                told.append(report)
                if len(told) == len(answers):
                    break

        def write(session: Session) -> None:
            for name, sent in answers:
                self._contacts.conclude(session, name, sent, now)
            for report in told:
                self._contacts.hear(session, report, now)

        if answers:
            self._database.transact(write)
        return len(answers)
