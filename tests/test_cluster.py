"""Several workers on one real PostgreSQL: killed, frozen, their server restarted; nothing is lost or done twice."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.cluster import Cluster, Yard, mixed
from servers import Dovecot, Missing, PostgreSQL, SmtpReceiver

pytestmark = pytest.mark.timeout(600)  # starts of programs and waits for the dead, beside whatever else runs

QUICK = {"TICK_SECONDS": 1.0, "TURN_SECONDS": 10.0, "SILENT_SECONDS": 20.0, "GRACE_SECONDS": 8.0}


@pytest.fixture(scope="module")
def yard() -> Iterator[Yard]:
    with Yard() as running:
        yield running


@pytest.fixture
def server() -> Iterator[PostgreSQL]:
    """One that may be restarted: nobody else's."""
    try:
        one = PostgreSQL(crashes=True)
    except Missing as missing:
        pytest.skip(f"no PostgreSQL to test with: {missing}")
    with one:
        yield one


@pytest.fixture
def cluster(
    tmp_path: Path, dovecot: Dovecot, mailbox_user: str, smtp_receiver: SmtpReceiver, server: PostgreSQL, yard: Yard
) -> Iterator[Cluster]:
    one = Cluster(tmp_path, dovecot, mailbox_user, smtp_receiver, server, yard, seconds=QUICK)
    try:
        yield one
    finally:
        one.close()


def test_killed_frozen_and_cut_off_workers_lose_nothing_and_do_nothing_twice(
    cluster: Cluster, server: PostgreSQL
) -> None:
    first, _second = cluster.begin(), cluster.begin()
    cluster.deliver(*mixed(papers=4, without=16))
    cluster.until(lambda: cluster.decided() >= 2)

    # The first killed is the one that polls: another must take that over, too.
    poller = next(one for one in cluster.workers if one.pid == cluster.turns()["poll posventa"])
    cluster.kill(poller)
    cluster.until(lambda: cluster.turns()["poll posventa"] in {one.pid for one in cluster.workers})
    server.restart()
    cluster.until(lambda: cluster.decided() >= 6)
    cluster.kill(cluster.workers[0])

    frozen = cluster.workers[0]
    frozen.send(signal.SIGSTOP)
    cluster.until(cluster.at_rest, 300)
    frozen.send(signal.SIGCONT)
    cluster.until(lambda: frozen.pid in cluster.holding() and cluster.holding()[frozen.pid] == ())
    if cluster.hurry():
        cluster.until(cluster.at_rest)
    for worker in list(cluster.workers):
        worker.end()
    tally = cluster.tally()
    assert tally.sound, (tally, cluster.log()[-6000:])
    assert tally.seen["charges reversed"] == 4
    assert tally.seen["mails"] == 20
    assert first.gone.is_set()
    assert cluster.holding() == {} or all(not mails for mails in cluster.holding().values())
