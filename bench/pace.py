"""What reading costs over the bare libraries on the same pages, in turns in one run: `python bench/pace.py [N]`.

Text PDFs: pypdfium2 and pdfplumber do in this process, unlocked and warm, what is needed of them (text, words with
places, one picture of each page); against it stand the reader's CPU without the region check (the second look at the
pixels of key fields), and the cage's own price: the same parser in a cell, less the same parser here.
Pictures: Tesseract (one pass, whole pages) on the very rasters that the parser hands over, as a program (pytesseract)
and as a library that has its model already; against both stands all that the reader did, where Tesseract sufficed (no
page was searched by the strong engine) and where not.
CPU seconds a page, with all child processes; wall clock tells more of the machine's other work.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import io
import os
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pdfplumber
import pypdfium2
import pytesseract
from papers.making import make, plan
from PIL import Image
from reading import RULES, STRONG, cpu_seconds

from evidence_daemon.config import DocumentsConfig
from evidence_daemon.documents import tesseract
from evidence_daemon.documents.pdf import TEXT_DPI
from evidence_daemon.documents.reader import Reader
from evidence_daemon.documents.sandbox import Cell, Frame, Limits
from evidence_daemon.model import Attachment, Document, Sha256
from evidence_daemon.rulebook import DocumentsBook

TEXT = ("pdf",)
PICTURES = ("escaneo150", "escaneo200", "escaneo300", "foto_ligera", "foto_media")
CHECKED = ("strips", "strong", "again", "codes", "find")
"""Stages of the second look."""
_AUTOMATIC = 3
"""Tesseract's own way of finding columns and lines, as the program has it."""
ASKED = {"passwords": [], "max_pages": 20}


@dataclass
class Tally:
    """Of one class: CPU seconds of the bare libraries (`warm`: Tesseract with its model in memory), of the reader, of
    its stages, and of the cage."""

    pages: int = 0
    bare: float = 0.0
    warm: float = 0.0
    ours: float = 0.0
    cage: float = 0.0
    stages: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        for name in ("pages", "bare", "warm", "ours", "cage"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.stages.update(other.stages)


def spent(work: Callable[[], Any]) -> tuple[float, Any]:
    began = cpu_seconds()
    result = work()
    return cpu_seconds() - began, result


def fine(work: Callable[[], Any]) -> float:
    """CPU of this process alone, as fine as the clock goes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def bare_text(content: bytes) -> None:
    document = pypdfium2.PdfDocument(content)
    with pdfplumber.open(io.BytesIO(content)) as slow:
        for index in range(len(document)):
            document[index].get_textpage().get_text_range()
            slow.pages[index].extract_words()
            document[index].render(scale=TEXT_DPI / 72)


def rasters(content: bytes, work: Any) -> list[Image.Image]:
    frames = list(work.answer(Frame(dict(ASKED), (content,))))
    return [
        Image.frombytes("RGB", (frame.facts["width"], frame.facts["height"]), frame.blobs[0])
        for frame in frames
        if frame.blobs
    ]


def bare_tesseract(images: list[Image.Image]) -> None:
    for image in images:
        grey = image.convert("L")
        grey.format = "PPM"
        pytesseract.image_to_data(grey, lang="spa", output_type=pytesseract.Output.DICT)


def warm_tesseract(images: list[Image.Image]) -> None:
    for image in images:
        tesseract.words(np.asarray(image.convert("L")), "spa", _AUTOMATIC)


def in_a_cell(work: str, content: bytes) -> None:
    with Cell(work, Limits(60, 2_000_000_000)) as cell:
        list(cell.answers(Frame(dict(ASKED), (content,))))


def measured(reader: Reader, contents: list[bytes], text: bool) -> Tally:
    tally = Tally()
    attachments = [
        Attachment("a", "", c, Sha256(hashlib.sha256(c).hexdigest()), str(n)) for n, c in enumerate(contents, 2)
    ]
    tally.ours, readings = spent(lambda: reader.read(attachments))
    for reading in readings:
        if isinstance(reading, Document):
            tally.pages += len(reading.pages)
            tally.stages.update(dict(reading.seconds))
    for content in contents:
        name = f"evidence_daemon.documents.{'pdf' if content.startswith(b'%PDF') else 'image'}"
        work = importlib.import_module(name)
        here = fine(lambda work=work, content=content: list(work.answer(Frame(dict(ASKED), (content,)))))
        tally.cage += spent(lambda name=name, content=content: in_a_cell(name, content))[0] - here
        if text:
            tally.bare += fine(lambda content=content: bare_text(content))
        else:
            images = rasters(content, work)
            tally.bare += spent(lambda images=images: bare_tesseract(images))[0]
            tally.warm += fine(lambda images=images: warm_tesseract(images))
    return tally


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("papers", type=int, nargs="?", default=24)
    asked.add_argument("--classes", default=",".join((*TEXT, *PICTURES)))
    given = asked.parse_args()
    os.environ["OMP_THREAD_LIMIT"] = "1"
    book = DocumentsBook.model_validate(tomllib.loads(RULES.read_text()))
    reader = Reader(DocumentsConfig(), lambda png: Sha256(hashlib.sha256(png).hexdigest()), book)
    reader.check()
    tesseract.load("spa")
    tallies: dict[str, Tally] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for number, order in enumerate(plan(given.papers, only="visible", classes=given.classes.split(","))):
            truth = make(order, Path(scratch))
            contents = [(Path(scratch) / name).read_bytes() for name in truth.files]
            if number == 0:
                for work in ("pdf", "image"):
                    importlib.import_module(f"evidence_daemon.documents.{work}").prepare()
                reader.read([Attachment("warm", "", contents[0], Sha256("0" * 64), "2")])  # nurseries are born here
            one = measured(reader, contents, order.wear in TEXT)
            searched = one.stages.pop(STRONG, 0)
            tallies.setdefault(order.wear + (" searched" if searched else ""), Tally()).add(one)
            print(
                f"{order.wear:14} {order.layout:16} ours {one.ours:.2f} bare {one.bare:.2f}",
                "searched" if searched else "",
                flush=True,
            )
    for name, tally in sorted(tallies.items()):
        shown(name, tally)


def shown(name: str, tally: Tally) -> None:
    pages = max(1, tally.pages)
    again = sum(tally.stages[stage] for stage in CHECKED)
    rest = tally.ours - again - tally.cage
    print(
        f"\n{name}: {tally.pages} pages; bare {tally.bare / pages:.3f} s, reader {tally.ours / pages:.3f} s a page = "
        f"{tally.ours / max(tally.bare, 1e-9):.2f} x; without second look ({again / pages:.3f} s) and "
        f"the parser's cage ({tally.cage / pages:.3f} s) {rest / pages:.3f} s = {rest / max(tally.bare, 1e-9):.2f} x"
    )
    if tally.warm:
        print(
            f"   against the library with its model in memory ({tally.warm / pages:.3f} s): "
            f"{tally.ours / tally.warm:.2f} x, without second look and cage {rest / tally.warm:.2f} x"
        )
    told = {**tally.stages, "elsewhere": tally.ours - sum(tally.stages.values())}
    print(
        "   "
        + ", ".join(f"{stage} {seconds / pages:.3f}" for stage, seconds in sorted(told.items(), key=lambda s: -s[1]))
    )


if __name__ == "__main__":
    sys.exit(main())
