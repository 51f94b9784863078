"""How well and how fast papers are read: `python bench/reading.py FOLDER [--only PREFIX] [--baseline]`.

FOLDER holds documents and `truth.jsonl`.  Prints, per class of damage: fields that are exactly right,
wrong, missing, wrong though proven; papers taken for a return acta of ours; wall seconds.  With
`--baseline`, plain pytesseract on the same files in the same run: the share of numbers in its text.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import time
import tomllib
from collections import Counter, defaultdict
from pathlib import Path
from statistics import mean
from typing import Any

import pypdfium2
import pytesseract
from PIL import Image, ImageOps
from pillow_heif import register_heif_opener

from evidence_daemon.cases.equipment import canonical_mac, canonical_serial, plain
from evidence_daemon.config import DocumentsConfig
from evidence_daemon.documents.fields import read_papers
from evidence_daemon.documents.reader import Reader
from evidence_daemon.model import Attachment, Direction, Document, DocumentKind, Fields, Sha256, Signature
from evidence_daemon.rulebook import DocumentsBook

RULES = Path(__file__).resolve().parents[1] / "rules" / "documents.toml"


def bare(text: str | None) -> str:
    return re.sub(r"[^0-9A-Z]", "", plain(text or ""))


def value(field: Any) -> str:
    return field.value if field is not None else ""


def judged(truth: dict[str, Any], paper: Fields | None) -> list[tuple[str, str, str, bool]]:
    """(field, expected, found, proven) of an acta."""
    said = truth["campos"]
    single = {
        "cedula": (said["cliente_doc"], paper and paper.id_number),
        "servicio": (said["servicio_numero"], paper and paper.service_number),
        "acta": (bare(said["acta_numero"]), paper and paper.number),
        "fecha": (said["fecha"], paper and paper.date),
        "nombre": (bare(said["cliente_nombre"]), paper and paper.holder),
    }
    rows = []
    for name, (wanted, field) in single.items():
        found = value(field)
        rows.append((name, wanted, bare(found) if name in {"acta", "nombre"} else found, bool(field and field.proven)))
    for name, canonical in (("serie", canonical_serial), ("mac", canonical_mac)):
        lines = paper.equipment if paper else ()
        fields = [f for line in lines if (f := line.serial if name == "serie" else line.mac)]
        there = {canonical(f.value): f for f in fields}
        wanted_all = [canonical(e[name]) for e in said["equipos"] if e[name]]
        spare = [f for key, f in there.items() if key not in wanted_all]
        for wanted in wanted_all:
            if wanted in there:
                rows.append((name, wanted, wanted, there[wanted].proven))
            else:
                wrong = spare.pop(0) if spare else None
                rows.append((name, wanted, canonical(wrong.value) if wrong else "", bool(wrong and wrong.proven)))
        rows.extend((f"{name}+", "", canonical(f.value), f.proven) for f in spare)
    return rows


def acceptable(paper: Fields) -> bool:
    return (
        paper.kind is DocumentKind.ACTA
        and paper.direction is Direction.DEVOLUCION
        and paper.ours
        and paper.signature is Signature.HALLADA
    )


def plain_tesseract(content: bytes, suffix: str) -> str:
    register_heif_opener()
    if suffix == ".pdf":
        images = [page.render(scale=300 / 72).to_pil() for page in pypdfium2.PdfDocument(content)]
    else:
        images = [ImageOps.exif_transpose(Image.open(io.BytesIO(content)))]
    return bare(" ".join(pytesseract.image_to_string(image.convert("RGB"), lang="spa") for image in images))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--only", default="")
    asked.add_argument("--baseline", action="store_true")
    asked.add_argument("--verbose", action="store_true")
    options = asked.parse_args()
    book = DocumentsBook.model_validate(tomllib.loads(RULES.read_text()))
    reader = Reader(DocumentsConfig(), lambda png: Sha256(hashlib.sha256(png).hexdigest()))
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: dict[str, list[float]] = defaultdict(list)
    base: dict[str, Counter[str]] = defaultdict(Counter)
    base_seconds: dict[str, list[float]] = defaultdict(list)
    for line in (options.folder / "truth.jsonl").read_text().splitlines():
        truth = json.loads(line)
        file = options.folder / truth["archivo"]
        if not truth["archivo"].startswith(options.only):
            continue
        content = file.read_bytes()
        began = time.perf_counter()
        attachment = Attachment(truth["nombre_adjunto"], "", content, Sha256(hashlib.sha256(content).hexdigest()), "2")
        readings = reader.read([attachment])
        papers = read_papers(readings, book)
        spent = time.perf_counter() - began
        good = [paper for paper in papers if acceptable(paper)]
        accept = truth["esperado"]["decision"] == "aceptar"
        group = truth["degradacion"] if truth["clase"] == "acta" else "negativo"
        seconds[group].append(spent)
        wrong_way = bool(good) != accept
        counts[group]["verdict wrong" if wrong_way else "verdict right"] += 1
        first = papers[0] if papers else None
        best = next((p for p in papers if p.kind is DocumentKind.ACTA), first)
        seen = (
            f"{best.kind} {best.direction} {'nuestra' if best.ours else 'ajena'} {best.signature}" if best else readings
        )
        verdict = f"{'accepted' if good else 'not accepted'}{'  <-- WRONG' if wrong_way else ''}"
        print(f"{truth['archivo']:12} {truth['clase']:24} {group:12} {spent:5.1f} s  {verdict}  {seen}")
        if options.verbose and best:
            print("      ", "; ".join(best.because))
            print("      ", isinstance(readings[0], Document) and readings[0].seconds)
        if truth["clase"] != "acta":
            continue
        for name, wanted, found, proven in judged(truth, best):
            verdict = "right" if wanted == found else "missing" if not found else "wrong"
            counts[group][f"{name} {verdict}"] += 1
            counts[group]["proven"] += proven
            if verdict != "right" and proven:
                counts[group]["WRONG BUT PROVEN"] += 1
            if verdict != "right":
                mark = " PROVEN" if proven else ""
                print(f"       {name}: expected {wanted or 'nothing'}, found {found or 'nothing'}{mark}")
        if options.baseline:
            began = time.perf_counter()
            text = plain_tesseract(content, file.suffix)
            base_seconds[group].append(time.perf_counter() - began)
            for name, wanted, _, _ in judged(truth, None):
                printed = {
                    canonical_serial(e["serie"]): bare(e["serie"]) for e in truth["campos"]["equipos"] if e["serie"]
                }
                there = printed.get(wanted, bare(wanted)) in text
                base[group][f"{name} {'right' if there else 'missing'}"] += 1
    print()
    for group, count in counts.items():
        right, wrong = count["verdict right"], count["verdict wrong"]
        spent = mean(seconds[group])
        print(f"{group}: {len(seconds[group])} papers, {spent:.1f} s each, verdict right {right}, wrong {wrong}")
        for name in ("cedula", "servicio", "serie", "mac", "acta", "fecha", "nombre"):
            right, wrong, missing = (count[f"{name} {v}"] for v in ("right", "wrong", "missing"))
            if right + wrong + missing:
                also = f"   plain pytesseract {base[group][f'{name} right']}" if base[group] else ""
                print(f"   {name:9} right {right}/{right + wrong + missing}, wrong {wrong}, missing {missing}{also}")
        surplus = count["serie+ wrong"]
        print(f"   proven {count['proven']}, wrong but proven {count['WRONG BUT PROVEN']}, surplus serials {surplus}")
        if base_seconds[group]:
            print(f"   plain pytesseract {mean(base_seconds[group]):.1f} s each")


if __name__ == "__main__":
    main()
