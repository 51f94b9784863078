"""Messages under faults, kills and a flood of webhooks: short versions of `bench/campaign.py messages|kills|flood`."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import messages
import pytest
from cloudhouse import sandboxed


@contextmanager
def inside(webhook: str, *more: str) -> Iterator[str]:
    """The sandbox in this process: a second one costs seconds to start."""
    faults = [rule for word, rule in itertools.pairwise(more) if word == "--fault"]
    with sandboxed(webhook=webhook, faults=faults, doubled=3, shuffled=4, answers=False, ends=False) as cloud:
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
