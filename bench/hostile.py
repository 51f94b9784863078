"""Every file of the hostile corpora through the reader: what became of it, how long it took, what it left.

    python bench/hostile.py [FOLDER ...] [--every N]

FOLDERs default to ../shared/data/hostile and ../shared/data/winmail beside the project.  Prints the table of
outcomes, every file above five seconds, and the daemon's memory before and after; ends with status 1 when a
file was not done five seconds after its time (20 s of wall clock; the load of the machine is printed), brought an
exception, or the memory grew by more than 40 MB.
"""

from __future__ import annotations

import argparse
import contextlib
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
from evidence_daemon.documents.reader import Reader
from evidence_daemon.documents.sandbox import Cell, CellDied, Limits
from evidence_daemon.model import Attachment, Document, Sha256
from evidence_daemon.rulebook import DocumentsBook

ROOT = Path(__file__).resolve().parents[1]
BESIDE = ROOT.parent / "shared" / "data"
MOST_SECONDS = 20.0
MOST_GROWTH = 40_000_000


@dataclass(frozen=True)
class Outcome:
    path: Path
    named: str
    """The media type of what was read, or the reason and detail of what was not."""
    seconds: float


def corpus(folders: Iterable[Path], every: int = 1) -> list[Path]:
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return [path for path in files if "LICENSE" not in path.name][::every]


def through_the_reader(files: Iterable[Path]) -> Iterator[Outcome]:
    """Each as the only attachment of a mail.  Whatever is raised goes up: the reader must not raise."""
    book = DocumentsBook.model_validate(tomllib.loads((ROOT / "rules" / "documents.toml").read_text()))
    config = DocumentsConfig(max_seconds=MOST_SECONDS)
    reader = Reader(config, lambda png: Sha256(hashlib.sha256(png).hexdigest()), book)
    for work in ("pdf", "image", "ocr", "strong", "unpack"):  # what is imported once is not one document's time
        with contextlib.suppress(CellDied), Cell(f"evidence_daemon.documents.{work}", Limits(60, 2_000_000_000)):
            pass
    for path in files:
        content = path.read_bytes()
        attachment = Attachment(path.name, "", content, Sha256(hashlib.sha256(content).hexdigest()), "2")
        began = time.monotonic()
        readings = reader.read([attachment], ["1700000019"])
        seconds = time.monotonic() - began
        named = {
            f"read as {one.media_type}" if isinstance(one, Document) else f"{one.reason.value}: {one.detail[:60]}"
            for one in readings
        }
        yield Outcome(path, " + ".join(sorted(named)), seconds)


def memory() -> int:
    """Bytes of this process that lie in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folders", nargs="*", type=Path, default=[BESIDE / "hostile", BESIDE / "winmail"])
    asked.add_argument("--every", type=int, default=1)
    given = asked.parse_args()
    files = corpus(given.folders, given.every)
    if not files:
        sys.exit("no files: name the folders of a corpus")
    outcomes: list[Outcome] = []
    before = 0
    for outcome in through_the_reader(files):
        outcomes.append(outcome)
        before = before or memory()
        if outcome.seconds > 5:
            print(f"{outcome.seconds:6.1f} s  {outcome.path.name[:60]:<60}  {outcome.named}")
    grown = memory() - before
    times = sorted(outcome.seconds for outcome in outcomes)
    print(f"\n{'files':>6}  outcome")
    for named, count in Counter(outcome.named for outcome in outcomes).most_common():
        print(f"{count:>6}  {named}")
    print(f"\n{len(files)} files; seconds: median {times[len(times) // 2]:.2f}, worst {times[-1]:.1f}", end="; ")
    print(f"load of the machine {os.getloadavg()[1]:.1f}")
    print(f"memory of the daemon's side: grown by {grown / 1e6:.1f} MB from the first file to the last")
    return int(times[-1] > MOST_SECONDS + 5 or grown > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
