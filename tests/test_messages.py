"""Messages under faults, kills and a flood of webhooks: short versions of `bench/campaign.py messages|kills|flood`."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import messages
import pytest
from cloudhouse import Running, sandboxed

from evidence_daemon.outreach.channel import Message, Sent
from evidence_daemon.outreach.whatsapp import WhatsApp


@contextmanager
def inside(webhook: str, *more: str, begun: Callable[[Running], object] = lambda _cloud: None) -> Iterator[str]:
    """The sandbox in this process: a second one costs seconds to start."""
    faults = [rule for word, rule in itertools.pairwise(more) if word == "--fault"]
    with sandboxed(webhook=webhook, faults=faults, doubled=3, shuffled=4, answers=False, ends=False) as cloud:
        begun(cloud)
        yield cloud.url


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("count", "times"), [(200, 2), pytest.param(1000, 10, marks=pytest.mark.slow)])
def test_a_sender_that_is_killed_sends_nothing_twice_and_leaves_few_doubts_that_webhooks_settle(
    tmp_path: Path, count: int, times: int
) -> None:
    found = messages.kills(tmp_path, count, times, at_once=20, open_sandbox=inside, faults=messages.FAULTS)
    assert found.twice == 0
    assert found.unknown == 0, "what was taken is known"
    assert found.kills >= min(times, 2)
    assert found.most_claimed <= 20, "under way, and answered but not yet written down"
    assert found.doubts <= 20 * found.kills
    assert found.open == found.doubts, "all the others came to their end"
    assert found.taken + found.doubts == count


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("count", "rate"), [(150, 400), pytest.param(10_000, 80, marks=pytest.mark.slow)])
def test_through_faults_every_message_comes_to_its_end_and_none_is_taken_twice(
    tmp_path: Path, count: int, rate: float
) -> None:
    faults = ("130429 every 20", "131056 every 30", "500 every 40", "lost every 50")
    found = messages.load(tmp_path, count, rate, faults=faults, open_sandbox=inside)
    assert (found.twice, found.open, found.unknown) == (0, 0, 0)
    assert found.taken == count
    assert set(found.states) <= {"ENTREGADO", "LEIDO"}


class Stalling(WhatsApp):
    """Between a message's turn and its first byte the whole loop stands still for half a second, again and again."""

    stalled = 0

    async def send(self, message: Message) -> Sent:
        self.stalled += 1
        if self.stalled % 70 == 0:
            time.sleep(0.5)  # the fault
        return await super().send(message)


def stall(cloud: Running) -> None:
    """The receiver stands still: what comes meanwhile is counted when it goes on."""

    def stands() -> None:
        if len(cloud.sandbox.arrived) >= 40 and len(cloud.sandbox.arrived) // 70 > stalls[0]:
            stalls[0] += 1
            time.sleep(0.5)
        asyncio.get_running_loop().call_later(0.01, stands)

    stalls = [0]
    cloud.do(stands)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "where", [*(pytest.param(one, marks=pytest.mark.slow) for one in ("sender", "receiver")), "both"]
)
def test_no_second_at_the_receiver_holds_more_than_the_limit_whoever_stands_still(tmp_path: Path, where: str) -> None:
    driver = WhatsApp if where == "receiver" else Stalling

    @contextmanager
    def receiver(webhook: str, *more: str) -> Iterator[str]:
        with inside(webhook, *more, begun=stall if where != "sender" else lambda _cloud: None) as url:
            yield url

    found = messages.load(tmp_path, 300, 50, open_sandbox=receiver, driver=driver)
    assert (found.taken, found.twice, found.open) == (300, 0, 0)
    assert found.busiest <= 50


def test_webhooks_told_twice_and_mixed_come_to_the_same_end(tmp_path: Path) -> None:
    ends = []
    for mixed in (False, True):
        place = tmp_path / str(mixed)
        place.mkdir()
        found = messages.flood(place, 30, 2000, mixed=mixed, pour=lambda *asked: asyncio.run(messages.poured(*asked)))
        assert found.told == 80 * (2 if mixed else 1)
        ends.append(found.ends)
    assert ends[0] == ends[1]
    assert set(ends[0].values()) == {"LEIDO", "ENTREGADO"}
