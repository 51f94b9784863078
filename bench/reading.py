"""How well and how fast papers are read: `python bench/reading.py [N] [--only unseen] [--classes fax,pdf]`.

Draws N papers (`papers`: layouts of certificates in every wear, and papers that prove nothing), has the
real `Reader` read them and compares with what is known to stand on them.  Prints for each class: values
that are exactly right, wrong, missing; wrong though *proven* (each one is listed); papers accepted that
must not be; wall and CPU seconds a page.  In the same run plain pytesseract reads the same files (whether
the exact value stands anywhere in its text: a generous measure), and with `--ocrmypdf` that program too.
`--folder` judges a set that lies there already, with a `truth.jsonl` like that of the example certificates.

Long runs can be made in parts: `--into FILE` appends each result to a file and leaves out what it holds already,
`--part 1/4` draws every fourth paper, `--sum FILE ...` reads nothing and prints the figures of such files together.
The two other programs read every `--others-every`-th paper only, and are compared over those.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pypdfium2
import pytesseract
from papers.making import CLASSES, SETS, Order, make, plan
from papers.pen import PACKAGES, missing_fonts
from PIL import Image, ImageOps, ImageSequence
from pillow_heif import register_heif_opener

from evidence_daemon.cases.equipment import canonical_mac, canonical_serial, plain
from evidence_daemon.config import DocumentsConfig
from evidence_daemon.documents.fields import read_papers
from evidence_daemon.documents.reader import Reader
from evidence_daemon.model import Attachment, Direction, Document, DocumentKind, Fields, Sha256, Signature
from evidence_daemon.rulebook import DocumentsBook

RULES = Path(__file__).resolve().parents[1] / "rules" / "documents.toml"
FIELDS = ("cedula", "servicio", "serie", "nombre", "acta", "fecha", "mac")
SCANS = ("escaneo150", "escaneo200", "escaneo300", "escaneo_150", "escaneo_200", "escaneo_300")
TARGETS: dict[tuple[str, ...], dict[str, float]] = {
    (*SCANS, "foto_ligera", "foto_media"): {"cedula": 99.5, "servicio": 98, "serie": 98, "nombre": 98},
    ("foto_dura",): {"cedula": 95, "servicio": 95, "serie": 90, "nombre": 95},
    ("manuscrito_escaneo", "manuscrito_foto"): {"cedula": 95, "serie": 80},
}
"""What is demanded, in per cent of values exactly right."""

STRONG = "pages by the strong engine"
"""How the reader tells, among its seconds, that it asked the strong engine."""

Row = tuple[str, str, str, bool]
"""Field, what stands on the paper, what was read, whether that was called proven."""


@dataclass
class Result:
    """What came of one paper."""

    name: str
    group: str
    layout: str
    unseen: bool
    acceptable: bool
    accepted: bool
    seen_as: str
    right_kind: bool
    rows: list[Row]
    pages: int
    wall: float
    cpu: float
    stages: dict[str, float]
    engines: list[str]
    because: str = ""
    plain: list[str] | None = None
    """Fields that plain pytesseract's text holds; None where it was not asked."""
    plain_cpu: float = 0.0
    other: list[str] | None = None
    """The same of ocrmypdf."""
    other_cpu: float = 0.0
    key: str = ""
    """Which paper of which set: what a run in parts has done already."""


# ── judging ──────────────────────────────────────────────────────────────────────────────────────


def bare(text: str | None) -> str:
    return re.sub(r"[^0-9A-Z]", "", plain(text or ""))


def judged(said: dict[str, Any], paper: Fields | None) -> list[Row]:
    """A row for every value of the paper, and one for every value read that does not stand on it (`serie+`)."""
    services = said.get("servicios") or [said["servicio_numero"]]
    found_service = paper.service_number if paper else None
    single = {
        "cedula": (said["cliente_doc"], paper and paper.id_number),
        "servicio": (
            found_service.value if found_service and found_service.value in services else services[0],
            found_service,
        ),
        "acta": (bare(said["acta_numero"]), paper and paper.number),
        "fecha": (said["fecha"], paper and paper.date),
        "nombre": (bare(said["cliente_nombre"]), paper and paper.holder),
    }
    rows: list[Row] = []
    for name, (wanted, one) in single.items():
        found = one.value if one else ""
        found = bare(found) if name in {"acta", "nombre"} else found
        if wanted or found:
            rows.append((name if wanted else f"{name}+", wanted, found, bool(one and one.proven)))
    return [*rows, *_equipment("serie", canonical_serial, said, paper), *_equipment("mac", canonical_mac, said, paper)]


def _equipment(name: str, canonical: Callable[[str], str], said: dict[str, Any], paper: Fields | None) -> list[Row]:
    lines = paper.equipment if paper else ()
    fields = [one for line in lines if (one := line.serial if name == "serie" else line.mac)]
    there = {canonical(one.value): one for one in fields}
    wanted_all = [canonical(e[name]) for e in said["equipos"] if e[name]]
    spare = [one for key, one in there.items() if key not in wanted_all]
    rows: list[Row] = []
    for wanted in wanted_all:
        if wanted in there:
            rows.append((name, wanted, wanted, there[wanted].proven))
        else:
            wrong = spare.pop(0) if spare else None
            rows.append((name, wanted, canonical(wrong.value) if wrong else "", bool(wrong and wrong.proven)))
    return [*rows, *((f"{name}+", "", canonical(one.value), one.proven) for one in spare)]


def acceptable(paper: Fields) -> bool:
    """Whether a judge could accept it without a person, given a case that fits what the paper shows."""
    return (
        paper.kind is DocumentKind.ACTA
        and paper.direction is Direction.DEVOLUCION
        and paper.ours
        and paper.signature is Signature.HALLADA
        and Signature.HALLADA in {paper.received, paper.stamp}
        and paper.date is not None
        and (paper.id_number or paper.service_number) is not None
        and any(line.serial or line.mac for line in paper.equipment)
    )


def seen(paper: Fields) -> str:
    """What a paper was taken for, in a line."""
    marks = " ".join((paper.signature, paper.received, paper.stamp))
    return f"{paper.kind} {paper.direction} {'nuestra' if paper.ours else 'ajena'} {marks}"


def held(said: dict[str, Any], text: str) -> list[str]:
    """Which values stand exactly somewhere in a text (bare capitals and digits)."""
    services = said.get("servicios") or [said["servicio_numero"]]
    day = said.get("fecha_impresa") or "/".join(reversed(said["fecha"].split("-")))
    whole = {
        "cedula": [said["cliente_doc"]],
        "servicio": services[:1],
        "acta": [said["acta_numero"]],
        "fecha": [day],
        "nombre": [said["cliente_nombre"]],
        "serie": [e["serie"] for e in said["equipos"]],
        "mac": [e["mac"] for e in said["equipos"]],
    }
    return [name for name, values in whole.items() for value in values if value and bare(value) in text]


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def cpu_seconds() -> float:
    """User and system time of this process, of its children that ended, and of all that still run under it."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = sum(os.times()[:4])
    waiting = [os.getpid()]
    while waiting:
        for listed in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            try:
                children = listed.read_text().split()
                for child in children:
                    after_name = Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()
                    total += sum(int(value) for value in after_name[11:15]) / ticks
            except OSError:
                continue
            waiting.extend(int(child) for child in children)
    return total


def plain_tesseract(contents: Iterable[tuple[str, bytes]]) -> str:
    """What `pytesseract.image_to_string` makes of the files, PDFs at 300 dpi; bare capitals and digits."""
    images: list[Image.Image] = []
    for ending, content in contents:
        if ending == ".pdf":
            document = pypdfium2.PdfDocument(content)
            images += [page.render(scale=300 / 72).to_pil() for page in document]
        else:
            images += [
                ImageOps.exif_transpose(f.copy()) for f in ImageSequence.Iterator(Image.open(io.BytesIO(content)))
            ]
    return bare(" ".join(pytesseract.image_to_string(image.convert("RGB"), lang="spa") for image in images))


def ocrmypdf(files: list[Path]) -> str:
    """What document managers get: the text that ocrmypdf finds after turning, straightening and cleaning."""
    texts = []
    with tempfile.TemporaryDirectory() as scratch:
        for file in files:
            told = Path(scratch) / "text"
            how = ["--skip-text", "--deskew", "--rotate-pages", "--clean", "-l", "spa", "-j", "1", "--image-dpi", "200"]
            subprocess.run(
                ["ocrmypdf", *how, "--sidecar", str(told), str(file), str(Path(scratch) / "out.pdf")],
                check=False,
                capture_output=True,
            )
            texts.append(told.read_text() if told.exists() else "")
            if file.suffix == ".pdf":  # the sidecar leaves out pages that had text already
                texts += [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(file.read_bytes())]
    return bare(" ".join(texts))


@dataclass
class Bench:
    """What a worker needs; made once in each."""

    reader: Reader
    book: DocumentsBook
    folder: Path
    baseline: bool
    other: bool


_bench: Bench


def prepare(folder: Path, baseline: bool, other: bool) -> None:
    """Before the first paper of a worker."""
    global _bench
    os.environ["OMP_THREAD_LIMIT"] = "1"
    register_heif_opener()
    book = DocumentsBook.model_validate(tomllib.loads(RULES.read_text()))
    reader = Reader(DocumentsConfig(), lambda png: Sha256(hashlib.sha256(png).hexdigest()), book)
    _bench = Bench(reader, book, folder, baseline, other)


def drawn(order: Order, others: bool) -> Result:
    """Draw a paper, read it, judge it; by the other programs too if `others`."""
    return read(make(order, _bench.folder).row(), others)


def read(truth: dict[str, Any], others: bool = True) -> Result:
    """Read the files of a line of `truth.jsonl` and judge what was read."""
    files = [_bench.folder / name for name in truth.get("archivos") or [truth["archivo"]]]
    names = truth.get("archivos") or [truth["nombre_adjunto"]]
    attachments = [
        Attachment(name, "", content, Sha256(hashlib.sha256(content).hexdigest()), str(part))
        for part, (name, content) in enumerate(((n, f.read_bytes()) for n, f in zip(names, files, strict=True)), 2)
    ]
    began, began_cpu = time.perf_counter(), cpu_seconds()
    readings = _bench.reader.read(attachments)
    read_as = read_papers(readings, _bench.book)
    wall, cpu = time.perf_counter() - began, cpu_seconds() - began_cpu
    documents = [one for one in readings if isinstance(one, Document)]
    best = next((p for p in read_as if p.kind is DocumentKind.ACTA), read_as[0] if read_as else None)
    stages: Counter[str] = Counter()
    for document in documents:
        stages.update(dict(document.seconds))
    an_acta, said = truth["clase"] == "acta", truth["campos"]
    result = Result(
        name=truth["archivo"],
        group=truth["degradacion"] if an_acta else "negativo",
        layout=truth["plantilla"] if an_acta else f"{truth['clase']}/{truth['plantilla']}/{truth['degradacion']}",
        unseen=truth.get("no_vista", False),
        acceptable=truth["esperado"]["decision"] == "aceptar",
        accepted=any(acceptable(paper) for paper in read_as),
        seen_as=seen(best) if best else "; ".join(str(getattr(one, "reason", "")) for one in readings),
        right_kind=bool(
            best and best.kind is DocumentKind.ACTA and best.direction is Direction.DEVOLUCION and best.ours
        ),
        rows=judged(said, best) if an_acta else [],
        pages=sum(len(document.pages) for document in documents),
        wall=wall,
        cpu=cpu,
        stages=dict(stages),
        engines=sorted({str(page.engine) for document in documents for page in document.pages}),
        because="; ".join(best.because) if best else "",
    )
    if _bench.baseline and others:
        began_cpu = cpu_seconds()
        text = plain_tesseract((file.suffix, one.content) for file, one in zip(files, attachments, strict=True))
        result.plain_cpu = cpu_seconds() - began_cpu
        result.plain = held(said, text) if an_acta else []
    if _bench.other and others:
        began_cpu = cpu_seconds()
        text = ocrmypdf(files)
        result.other_cpu = cpu_seconds() - began_cpu
        result.other = held(said, text) if an_acta else []
    return result


# ── telling ──────────────────────────────────────────────────────────────────────────────────────


def told(result: Result, verbose: bool) -> None:
    """One line for a paper, and one for every value that is not right."""
    wrong = result.accepted and not result.acceptable
    mark = "ACCEPTED WRONGLY" if wrong else "accepted" if result.accepted else "-"
    print(f"{result.name:12} {result.group:18} {result.layout:34} {result.cpu:5.1f} s  {mark:9} {result.seen_as}")
    if verbose:
        print(f"      {result.because}  {result.stages}")
    for name, wanted, found, proven in result.rows:
        if wanted != found:
            mark = "  WRONG BUT PROVEN" if proven and found else ""
            print(f"       {name}: expected {wanted or '-'}, read {found or '-'}{mark}")
    sys.stdout.flush()


def summed(results: list[Result]) -> dict[str, Any]:
    """The figures of some papers: counts of values by field, CPU and wall seconds a page."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    proven = offenders = 0
    for result in results:
        for name, wanted, found, sure in result.rows:
            counts[name]["right" if wanted == found else "missing" if not found else "wrong"] += 1
            proven += sure
            offenders += sure and wanted != found and bool(found)
        for program, held_in in (("plain", result.plain), ("ocrmypdf", result.other)):
            if held_in is not None:
                counts_of = Counter(row[0] for row in result.rows if row[1])
                for name, there in counts_of.items():
                    counts[name][f"{program} of"] += there
                for name in held_in:
                    counts[name][program] += 1
    pages = max(1, sum(result.pages for result in results))
    stages: Counter[str] = Counter()
    for result in results:
        stages.update(result.stages)
    return {
        "papers": len(results),
        "pages": pages,
        "fields": {name: dict(count) for name, count in counts.items()},
        "right_kind": sum(result.right_kind for result in results),
        "accepted": sum(result.accepted for result in results),
        "accepted_wrongly": sum(result.accepted and not result.acceptable for result in results),
        "proven": proven,
        "wrong_but_proven": offenders,
        "wall_per_page": sum(result.wall for result in results) / pages,
        "cpu_per_page": sum(result.cpu for result in results) / pages,
        "plain_cpu_per_page": _a_page([(r.plain_cpu, r.pages) for r in results if r.plain is not None]),
        "ours_where_plain": _a_page([(r.cpu, r.pages) for r in results if r.plain is not None]),
        "ocrmypdf_cpu_per_page": _a_page([(r.other_cpu, r.pages) for r in results if r.other is not None]),
        "ours_where_ocrmypdf": _a_page([(r.cpu, r.pages) for r in results if r.other is not None]),
        "strong_engine": sum(bool(result.stages.get(STRONG)) or "RAPIDOCR" in result.engines for result in results),
        "stages_per_page": {name: value / pages for name, value in stages.items() if name != STRONG},
    }


def _a_page(spent: list[tuple[float, int]]) -> float:
    return sum(seconds for seconds, _ in spent) / max(1, sum(pages for _, pages in spent))


def shown(title: str, figures: dict[str, Any]) -> None:
    """A class on the terminal."""
    papers = figures["papers"]
    print(
        f"{title}: {papers} papers, {figures['pages']} pages; a page {figures['wall_per_page']:.2f} s wall, "
        f"{figures['cpu_per_page']:.2f} s CPU (plain pytesseract {figures['plain_cpu_per_page']:.2f} "
        f"against {figures['ours_where_plain']:.2f}"
        + (
            f", ocrmypdf {figures['ocrmypdf_cpu_per_page']:.2f} against {figures['ours_where_ocrmypdf']:.2f}"
            if figures["ocrmypdf_cpu_per_page"]
            else ""
        )
        + f"); strong engine on {figures['strong_engine']} papers"
    )
    if figures["stages_per_page"]:
        print("   " + ", ".join(f"{name} {value:.2f} s" for name, value in figures["stages_per_page"].items()))
    if not figures["fields"]:
        print(f"   accepted wrongly: {figures['accepted_wrongly']} of {papers}")
        return
    for name in FIELDS:
        count = figures["fields"].get(name, {})
        whole = sum(count.get(v, 0) for v in ("right", "wrong", "missing"))
        if whole:
            also, other = (
                f"   {program} {100 * count.get(key, 0) / count[f'{key} of']:5.1f} % of {count[f'{key} of']}"
                if count.get(f"{key} of")
                else ""
                for key, program in (("plain", "pytesseract"), ("ocrmypdf", "ocrmypdf"))
            )
            print(
                f"   {name:9} {100 * count.get('right', 0) / whole:5.1f} % of {whole:3} right, "
                f"{count.get('wrong', 0):2} wrong, {count.get('missing', 0):2} missing{also}{other}"
            )
    surplus = sum(sum(count.values()) for name, count in figures["fields"].items() if name.endswith("+"))
    print(
        f"   return acta of ours {figures['right_kind']}/{papers}, fit to be accepted {figures['accepted']}/{papers}; "
        f"proven {figures['proven']}, WRONG BUT PROVEN {figures['wrong_but_proven']}, read but not there {surplus}"
    )


def against_targets(by_group: dict[str, list[Result]]) -> None:
    """What is demanded, and what was reached."""
    for groups, wanted in TARGETS.items():
        there = [result for group in groups for result in by_group.get(group, [])]
        if not there:
            continue
        counts = summed(there)["fields"]
        for name, share in wanted.items():
            count = counts.get(name, {})
            whole = sum(count.get(v, 0) for v in ("right", "wrong", "missing"))
            if whole:
                reached = 100 * count.get("right", 0) / whole
                verdict = "reached" if reached >= share else "SHORT"
                print(
                    f"   {' '.join(g for g in groups if g in by_group)}: {name} {reached:.1f} % of {share} %  {verdict}"
                )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("papers", type=int, nargs="?", default=336, help="how many to draw")
    asked.add_argument("--only", choices=tuple(SETS), default="all", help="which layouts")
    asked.add_argument("--classes", default="", help=f"of {', '.join(CLASSES)}, negativo; separated by commas")
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--sample", type=int, default=0, help="only so many of them, evenly chosen")
    asked.add_argument("--folder", type=Path, help="judge the set in this folder instead")
    asked.add_argument("--keep", type=Path, help="leave what was drawn in this folder")
    asked.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    asked.add_argument("--no-baseline", action="store_true", help="leave pytesseract out")
    asked.add_argument("--ocrmypdf", action="store_true")
    asked.add_argument("--into", type=Path, help="append every result to this file; go on where it ends")
    asked.add_argument("--part", default="1/1", help="only every n-th paper, e.g. 2/4")
    asked.add_argument("--others-every", type=int, default=1, help="how often the other programs read too")
    asked.add_argument("--sum", type=Path, nargs="+", default=[], help="print what such files hold")
    asked.add_argument("--json", type=Path, help="write all figures and results there")
    asked.add_argument("--verbose", action="store_true")
    options = asked.parse_args()
    if options.sum:
        results = [result for file in options.sum for result in kept(file)]
        for result in results:
            told(result, options.verbose)
        summary(results, options.json)
        return
    if not options.folder and missing_fonts():
        sys.exit(f"fonts are missing: apt-get install {' '.join(PACKAGES)}")
    other = options.ocrmypdf and bool(shutil.which("ocrmypdf"))
    if options.ocrmypdf and not other:
        print("ocrmypdf is left out: it is not installed (apt-get install ocrmypdf unpaper)")
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        work: list[Any]
        if options.folder:
            work = [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines()]
        else:
            classes = [name for name in options.classes.split(",") if name]
            work = list(plan(options.papers, only=options.only, classes=classes, seed=options.seed))
        if options.sample:
            work = work[:: max(1, len(work) // options.sample)][: options.sample]
        part, parts = map(int, options.part.split("/"))
        name = options.folder or f"{options.only} {options.classes} {options.seed}"
        results = kept(options.into) if options.into else []
        done = {result.key for result in results}
        todo = [
            (f"{name} {number}", one, number % options.others_every == 0)
            for number, one in enumerate(work)
            if number % parts == part % parts and f"{name} {number}" not in done
        ]
        setting = (folder, not options.no_baseline, other)
        with ProcessPoolExecutor(options.jobs, initializer=prepare, initargs=setting) as workers:
            orders, others = [one for _, one, _ in todo], [also for _, _, also in todo]
            for result, (key, *_) in zip(
                workers.map(read if options.folder else drawn, orders, others), todo, strict=True
            ):
                result.key = key
                told(result, options.verbose)
                results.append(result)
                if options.into:
                    with options.into.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(asdict(result), ensure_ascii=False) + "\n")
    summary(results, options.json)


def kept(file: Path) -> list[Result]:
    """What a run in parts has appended to its file so far."""
    if not file.exists():
        return []
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [Result(**{**row, "rows": [(a, b, c, d) for a, b, c, d in row["rows"]]}) for row in rows]


def summary(results: list[Result], into: Path | None) -> None:
    """All figures, by class and over everything."""
    print()
    by_group: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        by_group[result.group].append(result)
    figures = {group: summed(there) for group, there in by_group.items()}
    for group, figure in figures.items():
        shown(group, figure)
    actas = [result for result in results if result.rows]
    whole = {"all certificates": summed(actas)}
    if len({result.unseen for result in actas}) == 2:
        whole |= {
            f"{k} layouts": summed([r for r in actas if r.unseen == u])
            for k, u in (("visible", False), ("unseen", True))
        }
    print()
    for title, figure in whole.items():
        shown(title, figure)
    print("\nTargets")
    against_targets(by_group)
    if into:
        told_all = {"classes": figures, "whole": whole, "papers": [asdict(result) for result in results]}
        into.write_text(json.dumps(told_all, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
