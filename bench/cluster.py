"""Workers on one PostgreSQL, killed, frozen, cut off, their server restarted: what was lost, what was done twice?

    python bench/cluster.py [--workers N] [--papers N] [--without N] [--kills N] [--restarts N] [--stops N] [--cuts N]
                            [--quick]

Real processes between a private Dovecot, a real SMTP server and a private PostgreSQL.  A worker that is killed is
replaced at once under a new id.  `--cuts` wants root: one more worker lives in a network namespace of its own and the
line between it and PostgreSQL goes down, packets and all, for a while.  The instants are drawn by the seed that is
printed.  When all is decided and sent, what waits for its time is sent, and everything is counted.  Exit status 1
when a promise is broken.  "Identical repeats" are answers that came twice, byte by byte the same under one Message-ID:
when the server's word was lost, SMTP cannot do better (RFC 1047).  With `--quick` the workers miss each other after a
third of the time that they give each other in production: less waiting, the same promises.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from faults.cluster import QUICK, Cluster, Process, Tally, Yard, mixed
from servers import Dovecot, PostgreSQL, SmtpReceiver

from evidence_daemon.errors import EvidenceDaemonError
from evidence_daemon.store import members

NET = "10.231.77"
"""Of the line to the worker in its own namespace."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("workers", 2), ("papers", 100), ("without", 900), ("kills", 40), ("restarts", 3)):
        arguments.add_argument(f"--{name}", type=int, default=default)
    arguments.add_argument("--stops", type=int, default=2)
    arguments.add_argument("--cuts", type=int, default=1 if os.geteuid() == 0 else 0)
    arguments.add_argument("--pause", type=float, default=8.0, help="seconds between two faults, on average")
    arguments.add_argument("--quick", action="store_true", help="workers miss each other sooner")
    arguments.add_argument("--seed", type=int, default=random.randrange(10**6))
    asked = arguments.parse_args()
    print(f"seed {asked.seed}, load {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as directory, separated(bool(asked.cuts)) as line:
        tally = torment(Path(directory), asked, line)
    for title, facts in (("broken promises", tally.broken), ("seen", tally.seen)):
        print(title)
        for name, number in facts.items():
            print(f"  {number:6d}  {name}")
    sys.exit(not tally.sound)


def torment(directory: Path, asked: argparse.Namespace, line: str) -> Tally:
    """Run it all; what came of it.  `line` is the link that is cut, "" without one."""
    directory.chmod(0o755)
    chance = random.Random(asked.seed)
    faults = ["kill"] * asked.kills + ["restart"] * asked.restarts + ["stop"] * asked.stops + ["cut"] * asked.cuts
    chance.shuffle(faults)
    began = time.monotonic()
    with (
        Dovecot() as dovecot,
        SmtpReceiver() as smtp,
        PostgreSQL(crashes=True, listen=f"{NET}.1" if line else "") as server,
        Yard() as yard,
    ):
        cluster = Cluster(directory, dovecot, "bench", smtp, server, yard, seconds=dict(QUICK) if asked.quick else {})
        long = 1.7 * float(cluster.seconds.get("SILENT_SECONDS", members.SILENT_SECONDS))  # nobody waits for it so long
        try:
            for _ in range(asked.workers):
                cluster.begin()
            far = _far(cluster, line)
            cluster.deliver(*mixed(asked.papers, asked.without))
            cluster.until(lambda: cluster.decided() > 0, 300)
            frozen: list[tuple[float, Process]] = []
            for number, fault in enumerate(faults, 1):
                _work_on(cluster, chance.uniform(0, 2 * asked.pause))
                for due, process in list(frozen):
                    if time.monotonic() > due:
                        process.send(signal.SIGCONT)
                        frozen.remove((due, process))
                here = [one for one in cluster.workers if one is not far and one not in [two for _, two in frozen]]
                print(f"{time.monotonic() - began:6.0f} s  {number:3d} {fault}", flush=True)
                if fault == "restart":
                    server.restart()
                elif fault == "cut":
                    _link(line, "down")
                    frozen.append((time.monotonic() + long, _Cut(line)))  # type: ignore[arg-type]
                elif fault == "stop":
                    process = chance.choice(here)
                    process.send(signal.SIGSTOP)
                    frozen.append((time.monotonic() + chance.uniform(5, long), process))
                    cluster.begin()
                else:
                    cluster.kill(chance.choice(here))
            for due, process in frozen:
                time.sleep(max(0.0, due - time.monotonic()))
                process.send(signal.SIGCONT)
            print(
                f"{time.monotonic() - began:6.0f} s  no more faults; {_decided(cluster)} mails are decided", flush=True
            )
            cluster.until(cluster.at_rest, 3600)
            print(f"{time.monotonic() - began:6.0f} s  at rest; answers that waited, sent now: {cluster.hurry()}")
            cluster.until(cluster.at_rest, 600)
            for worker in list(cluster.workers):
                worker.end()
            false = sum("is dead: its work" in path.read_text() for path in directory.glob("worker-*.log"))
            spent = sum(one.cpu for one in (*cluster.workers, *cluster.ended))
            print(
                f"{time.monotonic() - began:6.0f} s  over; {spent:.0f} CPU seconds of {len(cluster.ended)} killed and "
                f"{len(cluster.workers)} other workers"
            )
            print(f"load at the end {os.getloadavg()[0]:.1f}; logs that tell of taking over: {false}")
            return cluster.tally()
        finally:
            cluster.close()


def _work_on(cluster: Cluster, seconds: float) -> None:
    """Let them decide one mail at least, and then go on for so long: faults that hit nobody at work prove nothing."""
    before, end = _decided(cluster), time.monotonic() + 60
    while _decided(cluster) <= before and time.monotonic() < end:
        time.sleep(0.2)
    time.sleep(seconds)


def _decided(cluster: Cluster) -> int:
    try:
        return cluster.decided()
    except EvidenceDaemonError:  # its server is just restarting
        return 1 << 30


def _far(cluster: Cluster, line: str) -> Process | None:
    """One more worker behind the line that is cut; it only works: mailbox and SMTP stay where they are."""
    if not line:
        return None
    path = cluster.config_for(cluster.url.replace("127.0.0.1", f"{NET}.1"), cluster.directory / "far")
    path.write_text(path.read_text().replace('"state"', f'"{cluster.path.parent / "state"}"'))
    return cluster.begin("--role", "work", path=path, netns=line)


class _Cut:
    """The line, to be joined again like a process that goes on."""

    def __init__(self, line: str) -> None:
        self._line = line

    def send(self, _number: int) -> None:
        _link(self._line, "up")


def _link(line: str, state: str) -> None:
    subprocess.run(["ip", "link", "set", line, state], check=True)


@contextmanager
def separated(wanted: bool) -> Iterator[str]:
    """A network namespace with a line to it, both of one name; "" when none is wanted."""
    if not wanted:
        yield ""
        return
    name = f"ev{os.getpid() % 100000}"

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True)

    ip("netns", "add", name)
    try:
        ip("link", "add", name, "type", "veth", "peer", "name", "far0", "netns", name)
        ip("addr", "add", f"{NET}.1/24", "dev", name)
        ip("link", "set", name, "up")
        for words in (
            ("addr", "add", f"{NET}.2/24", "dev", "far0"),
            ("link", "set", "far0", "up"),
            ("link", "set", "lo", "up"),
        ):
            ip("-n", name, *words)
        yield name
    finally:
        subprocess.run(["ip", "link", "del", name], check=False)
        ip("netns", "del", name)


if __name__ == "__main__":
    main()
