"""How fast mails come in, what they cost in memory and on the wire; side by side with two other ways.

    python bench/intake.py [--mails 600] [--rounds 3]

Against a private Dovecot on loopback, all in one run, so that only ratios count: this machine may be busy.

* *one by one*: imaplib, a FETCH for each mail; what most programs do.
* *raw*: a bare socket that keeps eight FETCHes under way and looks at nothing but the lengths: the wire's limit.
* *ours*: `Mailbox.arrivals`, whole: EXAMINE, SEARCH, sizes and dates, bodies in groups.

Exit status 1 when a promise is broken.
"""

from __future__ import annotations

import argparse
import base64
import imaplib
import json
import os
import queue
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from servers import HOST, PASSWORD, Dovecot, Wire

from evidence_daemon.config import MailboxConfig
from evidence_daemon.mail.imap import Mailbox
from evidence_daemon.mail.opening import Opener
from evidence_daemon.model import Sha256
from evidence_daemon.store.blobs import LocalBlobs

MAIL_BYTES = 100_000
PIPELINED = 8
ROUND_TRIP = 0.040
OF_RAW, OF_ONE_BY_ONE, OVER_IDLE, ONE_NEW = 0.8, 15.0, 64_000_000, 200_000
"""The promises: at least so much of the raw socket's rate, so many times the one-by-one rate, at most so many bytes."""


def mail(number: int, size: int = MAIL_BYTES) -> bytes:
    line = f"{number:08d}".encode() + b"evidence " * 7 + b"\r\n"
    return f"Subject: mail {number}\r\n\r\n".encode() + line * (size // len(line))


def scan(number: int, size: int) -> bytes:
    """A mail with attachments of 6 MB each, as a person sends a scanner's pages."""
    head = f"From: ana@example.com\r\nSubject: mail {number}\r\nMIME-Version: 1.0\r\n"
    head += "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    line = base64.b64encode(f"{number:08d}".encode() + os.urandom(49)) + b"\r\n"
    part = b"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    part += base64.b64encode(b"%PDF-1.4 " + bytes(48)) + b"\r\n" + line * (min(size, 6_000_000) // len(line))
    return head.encode() + part * max(1, size // len(part)) + b"--b--\r\n"


def mailbox(
    server: Dovecot | Wire | Delay, user: str, spool: Path, *, ca: Path | None = None, port: int = 0
) -> Mailbox:
    settings = {"host": "localhost", "port": port or server.port, "user": user, "security": "tls" if ca else "none"}
    settings |= {"ca_file": str(ca or ""), "max_mail_bytes": 60_000_000, "command_timeout_seconds": 120}
    return Mailbox(MailboxConfig.model_validate(settings), lambda: PASSWORD, spool=spool)


# ── three ways ───────────────────────────────────────────────────────────────────────────────────


def ours(port: int, ca: Path | None, user: str, count: int, spool: Path) -> float:
    box = mailbox(Wire(0), user, spool, ca=ca, port=port)
    with closing(box):
        box.wait(0, threading.Event())  # connected and logged in, like the others
        begun = time.perf_counter()
        assert sum(len(arrival.raw or b"") > 0 for arrival in box.arrivals(lambda _: ())) == count
        return time.perf_counter() - begun


def one_by_one(port: int, ca: Path | None, user: str, count: int, _: Path) -> float:
    client = imaplib.IMAP4_SSL("localhost", port, ssl_context=_trust(ca)) if ca else imaplib.IMAP4("localhost", port)
    with client:
        client.login(user, PASSWORD)
        begun = time.perf_counter()
        client.select(readonly=True)
        uids = client.uid("SEARCH", "UID 1:*")[1][0].split()
        fetched = sum(len(client.uid("FETCH", uid.decode(), "(BODY.PEEK[])")[1][0][1]) > 0 for uid in uids)
        seconds = time.perf_counter() - begun
    assert fetched == count
    return seconds


def raw(port: int, ca: Path | None, user: str, count: int, _: Path) -> float:
    with socket.create_connection((HOST, port)) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire = _trust(ca).wrap_socket(plain, server_hostname="localhost") if ca else plain
        reader = wire.makefile("rb", buffering=1 << 18)
        reader.readline()

        def ask(tag: int, command: str) -> None:
            wire.sendall(f"a{tag} {command}\r\n".encode())

        def until_tagged() -> int:
            """Reads answers up to the next tagged one; bytes of the literals in between."""
            size = 0
            while not (line := reader.readline()).startswith(b"a"):
                if literal := re.search(rb"\{(\d+)\}\r\n$", line):
                    size += len(reader.read(int(literal[1])))
            assert b" OK" in line, line
            return size

        ask(0, f"LOGIN {user} {PASSWORD}")
        until_tagged()
        begun = time.perf_counter()
        ask(1, "EXAMINE INBOX")
        until_tagged()
        for number in range(1, min(PIPELINED, count) + 1):
            ask(number, f"UID FETCH {number} (BODY.PEEK[])")
        total = 0
        for number in range(1, count + 1):
            total += until_tagged()  # a server may work on several at once
            if number + PIPELINED <= count:
                ask(number, f"UID FETCH {number + PIPELINED} (BODY.PEEK[])")
        seconds = time.perf_counter() - begun
        assert total > 0.99 * count * MAIL_BYTES
        wire.close()
    return seconds


def _trust(ca: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(ca))


Way = Callable[[int, Path | None, str, int, Path], float]


def best(ways: dict[str, Way], rounds: int, *arguments: object) -> dict[str, float]:
    """Seconds of the best round of each way; the ways take turns."""
    seconds = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, way in ways.items():
            seconds[name] = min(seconds[name], way(*arguments))  # type: ignore[arg-type]
    return seconds


# ── a long wire ──────────────────────────────────────────────────────────────────────────────────


class Delay:
    """A relay that holds every byte back for half a round trip in each direction, and limits no rate."""

    def __init__(self, target: int, round_trip: float) -> None:
        self._target, self._delay = target, round_trip / 2
        self._listener = socket.create_server((HOST, 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection((HOST, self._target))
            for one, other in ((client, server), (server, client)):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                under_way: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
                threading.Thread(target=self._take, args=(one, under_way), daemon=True).start()
                threading.Thread(target=self._give, args=(under_way, other), daemon=True).start()

    def _take(self, source: socket.socket, under_way: queue.SimpleQueue[tuple[float, bytes]]) -> None:
        data = b"-"
        while data:
            try:
                data = source.recv(1 << 18)
            except OSError:
                data = b""
            under_way.put((time.monotonic() + self._delay, data))

    def _give(self, under_way: queue.SimpleQueue[tuple[float, bytes]], target: socket.socket) -> None:
        while True:
            due, data = under_way.get()
            if not data:
                with closing(target):
                    return
            time.sleep(max(0.0, due - time.monotonic()))
            try:
                target.sendall(data)
            except OSError:
                return


# ── memory ───────────────────────────────────────────────────────────────────────────────────────


def memory_child(port: int, user: str, ca: str, directory: str) -> None:
    """Fetch, store and understand every mail of a mailbox; prints idle and highest resident bytes, and seconds."""
    spool = Path(directory) / "evidence" / "spool"
    spool.mkdir(parents=True)
    blobs = LocalBlobs(Path(directory) / "evidence")
    box = mailbox(Wire(0), user, spool, ca=Path(ca), port=port)
    opener = Opener(blobs, our_addresses=frozenset(), spool=spool)
    journal: set[int] = set()
    idle, seconds = 0, 0.0
    with closing(box):
        for arrival in box.arrivals(lambda _: journal):
            digest = blobs.take(Path(arrival.spool)) if arrival.spool else blobs.put(arrival.raw or b"")
            begun = time.perf_counter()
            with opener.opened(Stored(digest)) as (email, _signatures):
                assert email.attachments
            seconds = max(seconds, time.perf_counter() - begun)
            if not idle:  # the first is small: everything is loaded and warm
                Path("/proc/self/clear_refs").write_text("5")
                idle = _resident("VmRSS")
    print(json.dumps({"idle": idle, "highest": _resident("VmHWM"), "seconds": seconds}))


@dataclass(frozen=True)
class Stored:
    sha256: Sha256
    oversized: bool = False


def _resident(name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1024


def memory(server: Dovecot, user: str, directory: Path) -> tuple[int, float]:
    """Bytes above idle at the highest moment, and the seconds that understanding the slowest mail took."""
    command = [sys.executable, __file__, "--child", str(server.tls_port), user, str(server.ca), str(directory)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return int(found["highest"] - found["idle"]), float(found["seconds"])


# ── the run ──────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    broken: list[str] = []

    def promise(kept: bool, words: str) -> None:
        print(("  kept:   " if kept else "  BROKEN: ") + words)
        if not kept:
            broken.append(words)

    ways: dict[str, Way] = {"ours": ours, "raw": raw, "one by one": one_by_one}
    with Dovecot() as server, directory() as spool:
        count = options.mails
        server.deliver("many", *(mail(number) for number in range(1, count + 1)))
        for title, port, ca in (("TLS", server.tls_port, server.ca), ("plain", server.port, None)):
            print(f"{count} mails of {MAIL_BYTES} bytes, {title}, best of {options.rounds}:")
            seconds = best(ways, options.rounds, port, ca, "many", count, spool)
            for name, took in seconds.items():
                print(f"  {name:10}  {count / took:7.0f} mails/s  {count * MAIL_BYTES / took / 1e6:6.0f} MB/s")
            ratio = seconds["raw"] / seconds["ours"]
            print(f"  ours to raw {ratio:.2f}, ours to one by one {seconds['one by one'] / seconds['ours']:.2f}")
            if ca:
                promise(ratio >= OF_RAW, f"at least {OF_RAW} of the raw socket's rate with TLS")

        some = min(200, count)
        server.deliver("far", *(mail(number) for number in range(1, some + 1)))
        print(f"{some} mails of {MAIL_BYTES} bytes, plain, {ROUND_TRIP * 1000:.0f} ms round trip:")
        far = Delay(server.port, ROUND_TRIP)
        seconds = best({"ours": ours, "raw": raw}, 2, far.port, None, "far", some, spool)
        seconds |= best({"one by one": one_by_one}, 1, far.port, None, "far", some, spool)
        for name, took in seconds.items():
            print(f"  {name:10}  {some / took:7.0f} mails/s")
        ratio = seconds["one by one"] / seconds["ours"]
        promise(ratio >= OF_ONE_BY_ONE, f"at least {OF_ONE_BY_ONE:.0f} times one by one: {ratio:.1f}")

        print("fetching over TLS, storing and understanding; memory above idle at the highest moment:")
        for size in (5_000_000, 50_000_000):
            user = f"large{size}"
            server.deliver(user, scan(1, 50_000), *(scan(number, size) for number in range(2, 6)))
            with directory() as house:
                above, slowest = memory(server, user, house)
            print(f"  4 mails of {size / 1e6:.0f} MB: {above / 1e6:.1f} MB; understood in {slowest:.1f} s at most")
        promise(above < OVER_IDLE, f"under {OVER_IDLE / 1e6:.0f} MB at 50 MB mails")

        print("40,000 mails in the inbox, one of them new, on a fresh connection:")
        server.deliver("full", mail(1, 2000))
        (first,) = (server.directory / "mail" / "full" / "new").iterdir()
        for number in range(2, 40_001):
            os.link(first, first.with_name(f"{int(time.time())}.M{number:09d}P1.many"))
        with Wire(server.port) as wire, closing(mailbox(wire, "full", spool)) as box:
            assert [arrival.key.uid for arrival in box.arrivals(lambda _: range(1, 40_000))] == [40_000]
            first_sweep = wire.passed
            assert list(box.arrivals(lambda _: range(1, 40_001))) == []
            server.deliver("full", mail(2, 2000))
            before = wire.passed
            assert len(list(box.arrivals(lambda _: range(1, 40_001)))) == 1
            print(f"  {first_sweep} bytes; a further new mail on that connection: {wire.passed - before} bytes")
        promise(first_sweep < ONE_NEW, f"under {ONE_NEW} bytes")
    return 1 if broken else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        memory_child(int(sys.argv[2]), *sys.argv[3:])
        sys.exit()
    sys.exit(main())
