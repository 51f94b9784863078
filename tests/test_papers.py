"""The papers that reading is judged by: they show what their truth says, are nobody's, and stay readable."""

from __future__ import annotations

import colorsys
import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pypdfium2
import pytest
from papers.fifth_facts import fifth_facts
from papers.fifth_negatives import FIFTH_NEGATIVES
from papers.fourth_facts import firm_ruc, fourth_facts
from papers.fourth_negatives import FOURTH_NEGATIVES
from papers.later_negatives import LATER_NEGATIVES
from papers.making import BY_HAND, CLASSES, LAYOUTS, SETS, Order, make, plan, write_truth
from papers.negatives import NEGATIVES
from papers.pen import HANDS, PACKAGES, missing_fonts
from papers.sixth_facts import sixth_facts
from papers.sixth_negatives import SIXTH_NEGATIVES
from papers.truth import Facts, blank, cedula, facts, with_second_service
from papers.wear import FRESH_WEAR, LATER_WEAR, SIXTH_WEAR, WEAR
from PIL import Image
from reading import bare, cpu_seconds, held, judged
from reportlab.pdfgen.canvas import Canvas

from evidence_daemon.cases.equipment import plain
from evidence_daemon.cases.identity import read_id
from evidence_daemon.model import (
    Direction,
    DocumentKind,
    Engine,
    EquipmentLine,
    EquipmentType,
    Field,
    Fields,
    IdCheck,
    IdKind,
    Sha256,
    Signature,
)

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT.parent / "shared" / "examples" / "actas" / "truth.jsonl"

pytestmark = pytest.mark.skipif(
    bool(missing_fonts()), reason=f"fonts to draw papers with are missing: apt-get install {' '.join(PACKAGES)}"
)
every_layout = pytest.mark.parametrize("name", list(LAYOUTS))
some_seeds = pytest.mark.parametrize(
    "seeds", [range(1), pytest.param(range(1, 6), marks=pytest.mark.slow)], ids=["first", "more"]
)


def invented(name: str, seed: int) -> Facts:
    chance = Random(seed)
    one = LAYOUTS[name].invent(chance)
    return (with_second_service(one, chance) if LAYOUTS[name].two_services else one).without(LAYOUTS[name].omits)


def words(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return " ".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def values(one: Facts) -> list[str]:
    services = [one.service, *([one.second[0]] if one.second else [])]
    equipment = [value for item in one.all_items for value in (item.serial, item.mac, item.word)]
    return [bare(v) for v in (one.holder, one.id_number, one.number, *services, *equipment) if v]


# ── truth ────────────────────────────────────────────────────────────────────────────────────────


@every_layout
@pytest.mark.parametrize("by_hand", [False, True])
@some_seeds
def test_a_paper_shows_every_value_of_its_truth(name: str, by_hand: bool, seeds: range) -> None:
    layout = LAYOUTS[name]
    for seed in seeds:
        one = invented(name, seed)
        text = bare(words(layout.pdf(one, seed, by_hand=by_hand and layout.by_hand)))
        assert [value for value in values(one) if value not in text] == []


@every_layout
@some_seeds
def test_no_value_is_written_over_the_edge_of_its_page(name: str, seeds: range) -> None:
    for seed in seeds:
        for by_hand in (False, LAYOUTS[name].by_hand):
            document = pypdfium2.PdfDocument(LAYOUTS[name].pdf(invented(name, seed), seed, by_hand=by_hand))
            width, height = document[0].get_size()
            text = document[0].get_textpage()
            boxes = [text.get_charbox(place) for place in range(text.count_chars())]
            document.close()
            assert all(x0 >= -1 and y0 >= -1 and x1 <= width + 1 and y1 <= height + 1 for x0, y0, x1, y1 in boxes)


@every_layout
def test_the_form_of_an_installation_says_so_and_that_of_a_return_does_not(name: str) -> None:
    layout, one = LAYOUTS[name], invented(name, 3)
    back, out = (plain(words(layout.pdf(replace(one, returned=returned), 3))) for returned in (True, False))
    assert re.search("INSTALA|ALTA", out)
    assert re.search("DEVUELV|DEVUELT|DEVOLUCION|RETIRO|ENTREGO|ENTREGA|BAJA", back)
    assert not re.search("COMODATO|RECIBE LOS EQUIPOS INSTALADOS|ALTA NUEVA", back)
    assert back != out


@every_layout
def test_a_form_that_nobody_filled_in_shows_nobody(name: str) -> None:
    one = invented(name, 4)
    text = bare(words(LAYOUTS[name].pdf(blank(one), 4)))
    hidden = (one.holder, one.id_number, one.service, one.number, *(item.serial for item in one.items))
    assert [value for value in hidden if value and bare(value) in text] == []


def test_half_of_the_layouts_are_held_out_and_share_no_handwriting_with_the_others() -> None:
    held_out = [layout for layout in LAYOUTS.values() if layout.unseen]
    assert len(held_out) * 2 >= len(LAYOUTS) >= 12
    assert not {*HANDS[True]} & {*HANDS[False]}
    for layout in LAYOUTS.values():
        fonts = re.findall(rb"/FontName /\w+\+(\S+)", layout.pdf(invented(layout.name, 0), 0, by_hand=True))
        for unseen, faces in ((True, (b"delphine", b"dkg")), (False, (b"breip", b"stevehand"))):
            there = any(face in font.lower() for face in faces for font in fonts)
            assert there is (layout.unseen is unseen), (layout.name, fonts)


def test_cedulas_are_valid_and_of_a_series_that_nobody_was_given() -> None:
    for seed in range(200):
        number = cedula(Random(seed))
        known = read_id(number)
        assert known is not None
        assert (known.kind, known.check) == (IdKind.CEDULA, IdCheck.OK)
        assert number[2] == "6"
        assert number[:2] not in {"09", "17"}


def test_a_company_that_holds_a_service_has_a_valid_ruc_of_a_series_that_was_never_given() -> None:
    for seed in range(100):
        number = firm_ruc(Random(seed))
        known = read_id(number)
        assert known is not None
        assert (known.kind, known.check) == (IdKind.RUC, IdCheck.OK)
        assert number[2:5] == "999"


@pytest.mark.parametrize("invent", [facts, fourth_facts, fifth_facts, sixth_facts])
def test_addresses_of_equipment_are_locally_administered(invent: Callable[[Random], Facts]) -> None:
    macs = [item.mac for seed in range(80) for item in invent(Random(seed)).items if item.mac]
    assert macs
    assert all(int(mac[:2], 16) & 3 == 2 for mac in macs)


# ── wear ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("wear", ["pdf", "escaneo150", "fax", "foto_dura"])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(wear: str, tmp_path: Path) -> None:
    order = Order(0, "acta", "tiquete", wear, 5)
    once, twice, other = (
        [(tmp_path / name).read_bytes() for name in make(one, tmp_path).files]
        for one in (order, order, replace(order, seed=6))
    )
    assert once == twice
    assert once != other


@pytest.mark.slow  # eight seconds of drawing
def test_two_photos_of_one_paper_overlap_and_lack_nothing() -> None:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(595, 842), invariant=1)
    hues = [0.0, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8]
    for place, hue in enumerate(hues):
        canvas.setFillColorRGB(*colorsys.hsv_to_rgb(hue, 1, 1))
        canvas.rect(60, 760 - place * 114, 475, 40, fill=1, stroke=0)
    canvas.save()
    both = WEAR["dos_fotos"](out.getvalue(), 3, (1.0, 1.0, 1.0))
    seen = [{hue for hue, area in zip(hues, spots(jpeg, hues), strict=True) if area > 4000} for _, jpeg in both]
    assert len(seen) == 2
    assert seen[0] | seen[1] == {*hues}
    assert seen[0] & seen[1]
    assert seen[0] != seen[1]


def spots(jpeg: bytes, hues: Sequence[float]) -> list[int]:
    """Pixels of the largest blot of each strong colour in a photo made small."""
    with Image.open(io.BytesIO(jpeg)) as photo:
        photo.thumbnail((1200, 1200))
        picture = np.asarray(photo.convert("HSV")).astype(int)
    areas = []
    for hue in hues:
        away = abs(picture[..., 0] - hue * 255)
        near = (picture[..., 1] > 130) & (picture[..., 2] > 40) & (np.minimum(away, 255 - away) < 12)
        _, _, stats, _ = cv2.connectedComponentsWithStats(near.astype(np.uint8))
        areas.append(max((int(s[cv2.CC_STAT_AREA]) for s in stats[1:]), default=0))
    return areas


def marked_page() -> bytes:
    """A sheet with a blot of its own colour in each corner."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(595, 842), invariant=1)
    for x, y, colour in ((0, 0, (1, 0, 0)), (565, 0, (0, 1, 0)), (0, 812, (0, 0, 1)), (565, 812, (1, 0, 1))):
        canvas.setFillColorRGB(*colour)
        canvas.rect(x, y, 30, 30, fill=1, stroke=0)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 4))])
def test_the_worst_photo_still_shows_the_whole_sheet(seed: int) -> None:
    ((_, jpeg),) = WEAR["foto_dura"](marked_page(), seed, (1.0, 1.0, 1.0))
    areas = spots(jpeg, (0, 1 / 3, 2 / 3, 5 / 6))
    # The small photo has 1,080,000 pixels, the sheet half of them, a blot a 550th of that; perspective,
    # shadow and noise leave most of it.
    assert all(area > 1_080_000 * 0.5 / 550 * 0.4 for area in areas), areas


# ── sets ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("only", ["all", "fresh", "later", "fourth", "fifth", "sixth"])
def test_a_set_has_every_layout_in_every_wear_and_every_negative(only: str) -> None:
    orders, chosen = plan(560, only=only), SETS[only]
    actas = {(order.layout, order.wear) for order in orders if order.kind == "acta"}
    wears = set(CLASSES) - {*chosen.without}
    assert actas == {(one.name, wear) for one in chosen.layouts for wear in wears if one.by_hand or wear not in BY_HAND}
    assert {order.kind for order in orders} == {"acta", *chosen.negatives}
    assert len({order.seed for order in orders}) == 560


def test_no_set_that_was_held_out_shares_a_layout_with_another() -> None:
    sets = [
        {one.name for one in SETS[only].layouts}
        for only in ("visible", "unseen", "fresh", "later", "fourth", "fifth", "sixth")
    ]
    assert sum(map(len, sets)) == len(LAYOUTS)
    assert set(CLASSES) - {*SETS["fresh"].without} == set(CLASSES) - LATER_WEAR.keys() - SIXTH_WEAR.keys()
    assert not {*SETS["fourth"].without} ^ {*SIXTH_WEAR}
    assert not {*SETS["sixth"].without}
    assert not {*SETS["all"].without} ^ {*FRESH_WEAR, *LATER_WEAR, *SIXTH_WEAR}


def test_a_set_of_held_out_layouts_holds_no_others_and_the_other_way_round() -> None:
    for only, unseen in (("unseen", True), ("visible", False)):
        assert {LAYOUTS[order.layout].unseen for order in plan(60, only=only)} == {unseen}


def test_classes_limit_a_set() -> None:
    assert {order.wear for order in plan(30, classes=["fax", "foto_dura"])} == {"fax", "foto_dura"}
    assert all(order.kind == "acta" for order in plan(30, classes=["fax"]))
    assert all(order.kind in NEGATIVES for order in plan(30, classes=["negativo"]))


@pytest.mark.parametrize("how", [{"classes": ["telegrama"]}, {"only": "some"}])
def test_an_unknown_class_is_refused(how: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="unknown"):
        plan(3, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [*NEGATIVES, *LATER_NEGATIVES, *FOURTH_NEGATIVES, *FIFTH_NEGATIVES, *SIXTH_NEGATIVES])
def test_every_negative_can_be_drawn_and_is_not_to_be_accepted(kind: str, tmp_path: Path) -> None:
    made = make(Order(0, kind, "cajas", "pdf", 7), tmp_path)
    assert not made.accept
    assert (tmp_path / made.files[0]).read_bytes().startswith(b"%PDF")


def test_truth_is_written_in_the_words_of_the_examples(tmp_path: Path) -> None:
    write_truth([make(Order(n, "acta", name, "pdf", n), tmp_path) for n, name in enumerate(LAYOUTS)], tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    assert [row["plantilla"] for row in rows] == list(LAYOUTS)
    if not EXAMPLES.exists():
        pytest.skip(f"no examples at {EXAMPLES.name}: only our own words were checked")
    example = next(row for line in EXAMPLES.read_text().splitlines() if (row := json.loads(line))["clase"] == "acta")
    ours = {"archivos", "no_vista", "servicios"}
    assert set(rows[0]) - ours <= set(example)
    assert set(rows[0]["campos"]) - ours <= set(example["campos"])


# ── the judge of the bench ───────────────────────────────────────────────────────────────────────


def read_as(value: str, proven: bool = False) -> Field:
    return Field(value, value, 1, None, 0.9, Engine.TESSERACT, "test", proven)


SAID = {
    "cliente_doc": "0160000125",
    "servicio_numero": "022000111",
    "servicios": ["022000111", "40001234"],
    "acta_numero": "AD-000123",
    "fecha": "2021-03-04",
    "cliente_nombre": "MUÑOZ PÉREZ ANA",
    "equipos": [{"serie": "HWTC01020304", "mac": "02:00:00:00:00:01"}, {"serie": "", "mac": ""}],
}


def paper(change: Callable[[Fields], Fields] = lambda one: one) -> Fields:
    right = Fields(
        documents=(Sha256("a" * 64),),
        kind=DocumentKind.ACTA,
        direction=Direction.DEVOLUCION,
        ours=True,
        number=read_as("ad 000123"),
        date=read_as("2021-03-04"),
        holder=read_as("Munoz Perez Ana"),
        id_number=read_as("0160000125", proven=True),
        service_number=read_as("40001234"),
        equipment=(EquipmentLine(EquipmentType.ONT, "", read_as("4857544301020304"), read_as("02-00-00-00-00-01")),),
        signature=Signature.HALLADA,
    )
    return change(right)


def test_values_in_another_writing_are_right() -> None:
    rows = judged(SAID, paper())
    assert [name for name, wanted, found, _ in rows if wanted != found] == []
    assert len(rows) == 7


def test_a_wrong_value_that_was_called_proven_is_told_apart_from_a_missing_one() -> None:
    rows = judged(SAID, paper(lambda one: replace(one, id_number=read_as("0160000126", proven=True), holder=None)))
    assert ("cedula", "0160000125", "0160000126", True) in rows
    assert ("nombre", "MUNOZPEREZANA", "", False) in rows


def test_a_serial_that_is_not_on_the_paper_counts_as_surplus() -> None:
    spare = EquipmentLine(EquipmentType.ONT, "", read_as("ZTEG0A0B0C0D"))
    rows = judged(SAID, paper(lambda one: replace(one, equipment=(*one.equipment, spare))))
    assert [(name, wanted) for name, wanted, found, _ in rows if wanted != found] == [("serie+", "")]


def test_a_paper_that_could_not_be_read_lacks_everything() -> None:
    assert {found for _, _, found, _ in judged(SAID, None)} == {""}


def test_the_baseline_is_asked_for_exact_values_only() -> None:
    text = bare("Acta AD-000123 de MUÑOZ PÉREZ ANA, C.I. 016000012S, serie HWTC01020304")
    assert sorted(held(SAID, text)) == ["acta", "nombre", "serie"]


def test_the_work_of_a_child_that_still_runs_is_counted() -> None:
    before = cpu_seconds()
    spin = "import sys,time\nwhile time.process_time() < 0.6: pass\nprint('done', flush=True)\nsys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", spin], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        running = cpu_seconds() - before
        assert running > 0.5
        assert child.stdin is not None
        child.stdin.close()
        child.wait()
        time.sleep(0)
    assert abs(cpu_seconds() - before - running) < 0.3


def test_the_bench_draws_reads_and_judges(tmp_path: Path) -> None:
    told = tmp_path / "figures.json"
    done = subprocess.run(
        [
            sys.executable,
            "bench/reading.py",
            "1",
            "--only",
            "visible",
            "--classes",
            "pdf",
            "--jobs",
            "1",
            "--no-baseline",
            "--json",
            str(told),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(told.read_text())
    assert figures["classes"]["pdf"]["papers"] == 1
    assert figures["classes"]["pdf"]["fields"]["cedula"]["right"] == 1
    assert figures["whole"]["all certificates"]["wrong_but_proven"] == 0
