"""How many mails a minute walk the house, and what a mail costs by stage.

    .venv/bin/python bench/walk.py [--each N] [--workers N]

Text PDFs and scans are drawn by the demo's artist, delivered to a private Dovecot, and walked by the real
daemon to a real SMTP receiver.  Both kinds run one after the other in one run: read the ratio, machines are
noisy.  "Bare" is the same scans through plain pytesseract, one at a time, as a floor for the reading.
"""

from __future__ import annotations

import argparse
import io
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

os.environ.setdefault("OMP_THREAD_LIMIT", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import pypdfium2
import pytesseract
from house import load_config
from servers import Dovecot, SmtpReceiver

from evidence_daemon.app import open_house
from evidence_daemon.demo import programs
from evidence_daemon.demo.mails import letter_of
from evidence_daemon.demo.papers import Form, Layout, Medium, draw
from evidence_daemon.demo.people import people, write_case_list
from evidence_daemon.demo.programs import File
from evidence_daemon.exchange import import_cases
from evidence_daemon.model import Document
from evidence_daemon.store import records


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--each", type=int, default=20, help="mails of each kind")
    arguments.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = arguments.parse_args()
    walked = {}
    for name, medium in (("text PDF", Medium.TEXT_PDF), ("scan 200 dpi", Medium.SCAN_PDF)):
        files = _papers(medium, asked.each)
        walked[name] = _walk(name, files, asked.workers)
        if medium is Medium.SCAN_PDF:
            _bare(files)
    fast, slow = walked.values()
    print(f"\na scan costs {slow / fast:.1f} times the wall time of a text PDF")


def _papers(medium: Medium, count: int) -> list[bytes]:
    layouts = [Layout.CARTA, Layout.COLUMNAS, Layout.MEMORANDO, Layout.RETIRO]
    return [
        draw(account.paper(layouts[number % len(layouts)]), Form(medium, seed=number))
        for number, account in enumerate(people()[:count])
    ]


def _walk(name: str, files: list[bytes], workers: int) -> float:
    """Seconds of wall time per mail."""
    with tempfile.TemporaryDirectory() as directory, Dovecot() as dovecot, SmtpReceiver() as smtp:
        config = load_config(Path(directory), dovecot, "bench", smtp, workers=workers)
        mails = [
            programs.gmail(letter_of(f"bench-{number}", account, File(content, "acta.pdf", "application/pdf")))
            for number, (account, content) in enumerate(zip(people(), files, strict=False))
        ]
        dovecot.deliver("bench", *mails)
        with open_house(config) as house:
            write_case_list(Path(directory) / "cases.csv")
            import_cases(house.database, Path(directory) / "cases.csv", house.book)
            before = _cpu()
            began = time.perf_counter()
            with house.daemon() as daemon:
                daemon.once()
            wall = time.perf_counter() - began
            own, children = (after - start for after, start in zip(_cpu(), before, strict=True))
            answers = len(smtp.received)
            with house.database.session() as session:
                stories = [records.explain(session, mail_id) for mail_id in records.all_mails(session)]
    verdicts = Counter(story.decisions[-1].verdict.value for story in stories if story.decisions)
    stages: Counter[str] = Counter()
    for story in stories:
        for reading in story.readings:
            if isinstance(reading, Document):
                stages.update(dict(reading.seconds))
    count = len(mails)
    print(f"\n{name}: {count} mails, {workers} workers, {wall:.1f} s: {60 * count / wall:.0f} mails a minute")
    print(f"  verdicts {dict(verdicts)}; answers {answers}")
    print(
        f"  CPU per mail: daemon {1000 * own / count:.0f} ms, readers in their cages {1000 * children / count:.0f} ms"
    )
    for stage, seconds in stages.most_common():
        print(f"    {stage:12} {1000 * seconds / count:7.0f} ms")
    print(f"  peak memory: daemon {_peak(resource.RUSAGE_SELF)} MB, largest child {_peak(resource.RUSAGE_CHILDREN)} MB")
    return wall / count


def _bare(files: list[bytes]) -> None:
    began = _cpu()
    for content in files:
        with pypdfium2.PdfDocument(io.BytesIO(content)) as document:
            pytesseract.image_to_string(document[0].render(scale=200 / 72).to_pil(), lang="spa")
    spent = sum(after - before for after, before in zip(_cpu(), began, strict=True))
    print(f"  bare: render and plain pytesseract {1000 * spent / len(files):.0f} ms of CPU per page")


def _cpu() -> tuple[float, float]:
    """CPU seconds of this process, and of its ended children."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime, children.ru_utime + children.ru_stime


def _peak(who: int) -> int:
    return resource.getrusage(who).ru_maxrss // 1024


if __name__ == "__main__":
    main()
