"""What the cage costs: the same documents opened by the same code, locked and not, in turns, in one run.

    python bench/cage.py [--rounds 15]

For each document: the median wall seconds of `answer` called in this process (everything imported and warm),
of a cell born for it (bear, lock, send, answer, receive, kill), and of a fresh interpreter that imports the work
and forks nothing, which is what a cell cost before there were nurseries.  The cage's price is the difference.
"""

from __future__ import annotations

import argparse
import importlib
import io
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from evidence_daemon.documents.sandbox import Cell, Frame, Limits, level

LIMITS = Limits(60, 2_000_000_000)
PDF, IMAGE = "evidence_daemon.documents.pdf", "evidence_daemon.documents.image"


def text_pdf() -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    for line in range(40):
        canvas.drawString(60, 780 - 18 * line, f"Línea {line}: entrega recepción de equipos 1700000019 HWTCC661499D")
    canvas.save()
    return buffer.getvalue()


def grain(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(1).integers(120, 255, (height, width, 3), np.uint8).astype(np.uint8))


def saved(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def scanned_pdf() -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    canvas.drawInlineImage(grain(1240, 1754), 0, 0, *A4)
    canvas.save()
    return buffer.getvalue()


def median(run: Callable[[], object], rounds: int) -> list[float]:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return times


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=15)
    rounds = asked.parse_args().rounds
    print(f"cage: {level()}; {rounds} rounds each, in turns; milliseconds, median")
    print(f"{'document':<22}{'unlocked':>10}{'in a cell':>11}{'overhead':>10}{'fresh interpreter + lock':>26}")
    documents = [
        ("text PDF, 1 page", PDF, text_pdf()),
        ("scanned PDF, 1 page", PDF, scanned_pdf()),
        ("JPEG, 12 megapixels", IMAGE, saved(grain(4000, 3000), "JPEG")),
        ("PNG, 2 megapixels", IMAGE, saved(grain(1240, 1754), "PNG")),
    ]
    for name, work, content in documents:
        module = importlib.import_module(work)
        module.prepare()
        request = Frame({"passwords": [], "max_pages": 1}, (content,))

        def unlocked(module: object = module, request: Frame = request) -> None:
            list(module.answer(request))  # type: ignore[attr-defined]

        def locked(work: str = work, request: Frame = request) -> None:
            with Cell(work, LIMITS) as cell:
                list(cell.answers(request))

        def fresh(work: str = work) -> None:
            program = f"import {work} as w; w.prepare(); from evidence_daemon.documents.lock import lock; "
            program += "lock(w.LOCK, require_landlock=False, scratch='/tmp')"
            subprocess.run([sys.executable, "-c", program], check=True)

        locked()
        bare, caged, old = [], [], []
        for _ in range(rounds):
            bare += median(unlocked, 1)
            caged += median(locked, 1)
            if len(old) < rounds // 3 + 1:
                old += median(fresh, 1)
        one, two, three = (1000 * statistics.median(times) for times in (bare, caged, old))
        print(f"{name:<22}{one:>10.0f}{two:>11.0f}{two - one:>10.0f}{three:>26.0f}")


if __name__ == "__main__":
    main()
