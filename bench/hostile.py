"""Every file of the hostile corpora through the reader: what became of it, how long it took, what it left.

    python bench/hostile.py [FOLDER ...] [--every N]

FOLDERs default to ../shared/data/hostile and ../shared/data/winmail beside the project.  Prints the table of
outcomes, every file that took above five seconds of CPU, and the daemon's memory before and after; ends with status 1
when a file took more than 20 s of CPU or outlived its minute of wall clock, brought an exception, or the memory grew
by more than 30 MB.  CPU is that of the cells, with all that they started.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import hashlib
import os
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from evidence_daemon.config import DocumentsConfig
from evidence_daemon.documents import sandbox
from evidence_daemon.documents.reader import Reader
from evidence_daemon.documents.sandbox import Cell, CellDied, Limits
from evidence_daemon.model import Attachment, Document, Sha256
from evidence_daemon.rulebook import DocumentsBook

ROOT = Path(__file__).resolve().parents[1]
BESIDE = ROOT.parent / "shared" / "data"
MOST_SECONDS = 20.0
"""Of CPU, for one file: wall clock tells more of the machine's other work."""
WALL_SECONDS = 60.0
MOST_GROWTH = 30_000_000


@dataclass(frozen=True)
class Outcome:
    path: Path
    named: str
    """The media type of what was read, or the reason and detail of what was not."""
    seconds: float
    """Of CPU."""
    wall: float


def corpus(folders: Iterable[Path], every: int = 1) -> list[Path]:
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return [path for path in files if "LICENSE" not in path.name][::every]


def through_the_reader(files: Iterable[Path]) -> Iterator[Outcome]:
    """Each as the only attachment of a mail.  Whatever is raised goes up: the reader must not raise."""
    book = DocumentsBook.model_validate(tomllib.loads((ROOT / "rules" / "documents.toml").read_text()))
    config = DocumentsConfig(max_seconds=WALL_SECONDS)
    reader = Reader(config, lambda png: Sha256(hashlib.sha256(png).hexdigest()), book)
    for work in ("pdf", "image", "ocr", "strong", "unpack"):  # what is imported once is not one document's time
        with contextlib.suppress(CellDied), Cell(f"evidence_daemon.documents.{work}", Limits(60, 2_000_000_000)):
            pass
    for path in files:
        content = path.read_bytes()
        attachment = Attachment(path.name, "", content, Sha256(hashlib.sha256(content).hexdigest()), "2")
        began, spent = time.monotonic(), cells_cpu()
        readings = reader.read([attachment], ["1700000019"])
        wall, seconds = time.monotonic() - began, cells_cpu() - spent
        named = {
            f"read as {one.media_type}" if isinstance(one, Document) else f"{one.reason.value}: {one.detail[:60]}"
            for one in readings
        }
        yield Outcome(path, " + ".join(sorted(named)), seconds, wall)


def cells_cpu() -> float:
    """Seconds of CPU that all cells had that have ended, with what they started: their nurseries reaped them.

    A nursery that has ended itself was reaped by this process, so that nothing is lost when one takes another's place.
    """
    spent = sum(os.times()[2:4])
    for nursery in sandbox._nurseries.values():
        if nursery.alive:
            fields = Path(f"/proc/{nursery._process.pid}/stat").read_text().rpartition(")")[2].split()
            spent += (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")  # cutime and cstime, proc(5)
    return spent


def memory() -> int:
    """Bytes of this process that lie in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


class _Mallinfo(ctypes.Structure):
    """`struct mallinfo2` of glibc."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        )
    ]


def parted() -> str:
    """Where the memory is: pages of files, what the allocator gave out, what it keeps free."""
    ask = ctypes.CDLL(None).mallinfo2
    ask.restype = _Mallinfo
    told = ask()
    pages_of_files = next(
        int(line.split()[1]) * 1024 for line in Path("/proc/self/status").read_text().splitlines() if "RssFile" in line
    )
    return (
        f"of files {pages_of_files / 1e6:.0f}, given out {(told.uordblks + told.hblkhd) / 1e6:.0f}, "
        f"kept free {told.fordblks / 1e6:.0f}, blocks of Python {sys.getallocatedblocks()}"
    )


def growth(held: list[int]) -> int:
    """By how many bytes the memory held after a file grew from the first quarter of the files to the last.

    The most of each quarter: what a single large page takes comes and goes.
    """
    quarter = max(1, len(held) // 4)
    return max(held[-quarter:]) - max(held[:quarter])


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folders", nargs="*", type=Path, default=[BESIDE / "hostile", BESIDE / "winmail"])
    asked.add_argument("--every", type=int, default=1)
    given = asked.parse_args()
    files = corpus(given.folders, given.every)
    if not files:
        sys.exit("no files: name the folders of a corpus")
    outcomes: list[Outcome] = []
    held: list[int] = []
    for outcome in through_the_reader(files):
        outcomes.append(outcome)
        held.append(memory())
        if len(held) % (len(files) // 8 + 1) == 1:
            print(f"after {len(held)} files {held[-1] / 1e6:.0f} MB: {parted()}", flush=True)
        if outcome.seconds > 5 or outcome.wall > WALL_SECONDS:
            print(f"{outcome.seconds:6.1f} s  {outcome.path.name[:60]:<60}  {outcome.named}")
    grown = growth(held)
    times = sorted(outcome.seconds for outcome in outcomes)
    print(f"\n{'files':>6}  outcome")
    for named, count in Counter(outcome.named for outcome in outcomes).most_common():
        print(f"{count:>6}  {named}")
    walls = sorted(outcome.wall for outcome in outcomes)
    print(f"\n{len(files)} files; seconds of CPU: median {times[len(times) // 2]:.2f}, worst {times[-1]:.1f}", end="; ")
    print(f"of wall clock: worst {walls[-1]:.1f} (load {os.getloadavg()[1]:.1f})")
    quarters = ", ".join(f"{held[at * (len(held) - 1) // 4] / 1e6:.0f}" for at in range(5))
    print(f"memory of the daemon's side, first file to last, by quarters: {quarters} MB; grown by {grown / 1e6:.1f} MB")
    return int(times[-1] > MOST_SECONDS or walls[-1] > WALL_SECONDS + 5 or grown > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
