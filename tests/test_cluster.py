"""Several workers on one real PostgreSQL: killed, frozen, their server restarted; nothing is lost or done twice."""

from __future__ import annotations

import os
import random
import signal
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.cluster import QUICK, Cluster, Yard, bare, mixed
from servers import Dovecot, Missing, PostgreSQL, SmtpReceiver

from evidence_daemon.store import members

pytestmark = pytest.mark.timeout(900)  # starts of programs and waits for the dead, beside whatever else runs


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
    one = Cluster(tmp_path, dovecot, mailbox_user, smtp_receiver, server, yard, seconds=dict(QUICK))
    try:
        yield one
    finally:
        one.close()


def test_killed_frozen_and_cut_off_workers_lose_nothing_and_do_nothing_twice(
    cluster: Cluster, server: PostgreSQL
) -> None:
    first, _second = cluster.begin(), cluster.begin()
    cluster.deliver(*mixed(papers=2, without=10))
    cluster.until(lambda: cluster.decided() >= 2)

    # The first killed is the one that polls: another must take that over, too.
    poller = next(one for one in cluster.workers if one.pid == cluster.turns()["poll posventa"])
    cluster.kill(poller)
    cluster.until(lambda: cluster.turns()["poll posventa"] in {one.pid for one in cluster.workers})
    server.restart()
    cluster.until(lambda: cluster.decided() >= 4)
    cluster.kill(cluster.workers[0])

    frozen = cluster.workers[0]
    frozen.send(signal.SIGSTOP)
    cluster.until(cluster.at_rest, 500)
    frozen.send(signal.SIGCONT)
    cluster.until(lambda: frozen.pid in cluster.holding() and cluster.holding()[frozen.pid] == ())
    if cluster.hurry():
        cluster.until(cluster.at_rest)
    for worker in list(cluster.workers):
        worker.end()
    tally = cluster.tally()
    assert tally.sound, (tally, cluster.log()[-6000:])
    assert tally.seen["charges reversed"] == 2
    assert tally.seen["mails"] == 12
    assert first.gone.is_set()
    assert frozen.pid not in cluster.holding(), "who ends as asked is gone from the list"


@pytest.mark.slow
def test_a_rolling_restart_with_a_new_version_in_the_middle_of_work_loses_nothing(cluster: Cluster) -> None:
    cluster.begin()
    cluster.deliver(*bare(8))
    cluster.until(lambda: cluster.decided() >= 1)
    cluster.seconds["__version__"] = "99"  # of what starts from here on
    old = cluster.workers.pop()
    cluster.begin()
    old.end()
    cluster.deliver(*bare(12)[8:])
    cluster.until(cluster.at_rest, 200)
    with cluster.database.reading() as session:
        assert {one.version for one in members.workers(session)} == {"99"}
    if cluster.hurry():
        cluster.until(cluster.at_rest)
    cluster.workers[0].end()
    tally = cluster.tally()
    assert tally.sound, (tally, cluster.log()[-6000:])
    assert tally.seen["mails"] == 12


@pytest.mark.slow
@pytest.mark.timeout(10_800)
@pytest.mark.parametrize("workers", [2, 4])
def test_two_thousand_mails_forty_kills_three_restarts_freezes_and_a_cut_line(workers: int, tmp_path: Path) -> None:
    from cluster import separated, torment

    cuts = int(os.geteuid() == 0)
    asked = Namespace(
        workers=workers, papers=100, without=1900, kills=40, restarts=3, stops=3, cuts=cuts, pause=8.0, quick=True,
        seed=random.randrange(10**6),
    )  # fmt: skip
    sys.stdout.write(f"seed {asked.seed}\n")
    with separated(bool(cuts)) as line:
        tally = torment(tmp_path, asked, line)
    assert tally.sound, tally
    assert tally.seen["mails"] == 2000
    assert tally.seen["charges reversed"] > 0
