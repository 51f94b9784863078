"""Several readings of one value, of one page: what is taken, what is proven, what is a doubt."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evidence_daemon.documents.agreement import agreed
from evidence_daemon.documents.fields import read_papers
from evidence_daemon.documents.labelled import LOOSE
from evidence_daemon.documents.looks import masked_in
from evidence_daemon.documents.wanting import wanted
from evidence_daemon.model import (
    Box,
    Document,
    DocumentKind,
    Engine,
    Field,
    Page,
    Sha256,
    Witness,
    Word,
)
from evidence_daemon.rulebook import DocumentsBook

BOOK = DocumentsBook.model_validate(tomllib.loads((Path(__file__).parents[1] / "rules" / "documents.toml").read_text()))
PLACE = Box(0.2, 0.3, 0.4, 0.32)
T, R, C, P = Engine.TESSERACT, Engine.RAPIDOCR, Engine.CODIGO, Engine.TEXTO


def read(value: str, engine: Engine, *, proven: bool = False, rule: str = "id") -> Field:
    return Field(value, value, 1, PLACE, 0.95, engine, rule, proven)


@pytest.mark.parametrize(
    ("name", "value", "sure", "proven"),
    [
        ("serial", "5A544547BAB0A47A", (0.74, 0.74), False),
        ("serial", "5A544547BAB0A47A", (0.7, 0.9), True),
        ("mac", "5E438887DE85", (0.2, 0.99), False),
        ("mac", "5E43CCA7FE97", (0.2, 0.99), True),
        ("number", "ACO58491", (0.55, 0.83), False),
        ("number", "00136099", (0.55, 0.83), True),
        ("number", "DEV-458491", (0.55, 0.83), True),
        ("service_number", "022345678", (0.55, 0.83), True),
        ("holder", "PARRA PAZ GLORIA", (0.86, 0.91), False),
        ("holder", "PARRA PAZ GLORIA", (0.9, 0.91), True),
    ],
)
def test_what_looks_alike_is_proven_by_two_who_see_it_clearly(
    name: str, value: str, sure: tuple[float, float], proven: bool
) -> None:
    readings = [replace(read(value, engine), confidence=one) for engine, one in zip((T, R), sure, strict=True)]
    field = agreed(name, readings)
    assert field is not None
    assert field.proven is proven


@pytest.mark.parametrize(
    ("name", "readings", "value", "proven", "rivals"),
    [
        ("serial", [read("ZTEGC3BA5A72", T), read("ZTEGC3BA5A72", R)], "ZTEGC3BA5A72", True, ()),
        ("serial", [read("ZTEGC3BA5A72", T)], "ZTEGC3BA5A72", False, ()),
        ("serial", [read("T707219C9E12", T), read("T7D7219C9E12", R)], "T7D7219C9E12", False, ("T707219C9E12",)),
        ("serial", [read("5A544547C3BA5A72", T), read("ZTEGC3BA5A72", R)], "ZTEGC3BA5A72", True, ()),
        ("service_number", [read("022345678", T), read("022345676", R), read("022345676", T)], "022345676", True,
         ("022345678",)),
        ("holder", [read("PEÑA LOZA MARIA", T), read("PEÑA LOZA MARÍA", R)], "PEÑA LOZA MARÍA", True, ()),
        ("holder", [read("PEÑA LOZA MARIA", T), read("PENA LOSA MARIA", R)], "PENA LOSA MARIA", False,
         ("PEÑA LOZA MARIA",)),
        # A check digit decides between two readings of which only one can be right …
        ("id_number", [read("1700000019", T, proven=True), read("1700000819", R)], "1700000019", True, ("1700000819",)),
        # … and nothing decides where both could be.
        ("id_number", [read("1700000019", T, proven=True), read("1710034065", R)], "1710034065", False,
         ("1700000019",)),
        # Two who agree prove nothing where a third reading differs in shapes alone, or goes on where theirs ends …
        ("serial", [read("0EB7A2C41F", T), read("OEB7A2C41F", R), read("OEB7A2C41F", T)], "OEB7A2C41F", False,
         ("0EB7A2C41F",)),
        ("mac", [read("344B508B862A", T), read("3448508B862A", R), read("3448508B862A", T)], "3448508B862A", False,
         ("344B508B862A",)),
        ("number", [read("202", T), read("202", R), read("2020-EQ-80359", T)], "202", False, ("2020-EQ-80359",)),
        # … unless the form decides: no vendor's letters hold a digit.
        ("serial", [read("2TEGC3BA5A72", T), read("ZTEGC3BA5A72", R), read("ZTEGC3BA5A72", T)], "ZTEGC3BA5A72", True,
         ("2TEGC3BA5A72",)),
        ("id_number", [read("1700000019", T, rule=LOOSE), read("1700000019", R, rule=LOOSE)], "1700000019", False, ()),
    ],
)  # fmt: skip
def test_a_value_is_proven_by_two_engines_and_doubted_where_they_differ(
    name: str, readings: list[Field], value: str, proven: bool, rivals: tuple[str, ...]
) -> None:
    field = agreed(name, readings)
    assert field is not None
    assert (field.value, field.proven, field.rivals) == (value, proven, rivals)
    if rivals and not proven:
        assert field.confidence <= 0.5


def test_of_two_looks_of_one_engine_the_surer_one_is_taken_and_proves_nothing() -> None:
    faint = replace(read("MORA PAZ MARTA", R), confidence=0.52)
    field = agreed("holder", [faint, read("MORA PAZ MARIA", R)])
    assert field is not None
    assert (field.value, field.proven, field.rivals) == ("MORA PAZ MARIA", False, ("MORA PAZ MARTA",))


def test_a_name_that_stands_under_the_signature_too_is_taken_and_not_proven_by_that() -> None:
    signed = (*LINES, "", "", "", "Peña Loza María José")
    first, other = words(signed), words(tuple(line.replace("LOZA", "JOZA") for line in signed))
    paper = fields_of(replace(page(), words=first, witnesses=(Witness(R, other),)))
    assert (paper.holder.value, paper.holder.proven) == ("PEÑA LOZA MARIA JOSE", False)


@pytest.mark.parametrize(("weak", "strong", "proven"), [(0.93, 0.97, True), (0.73, 0.89, False), (0.91, 0.62, False)])
def test_a_name_that_an_engine_was_unsure_of_is_not_proven_by_two(weak: float, strong: float, proven: bool) -> None:
    field = agreed(
        "holder",
        [replace(read("MORA PAZ PAOL", T), confidence=weak), replace(read("MORA PAZ PAOL", R), confidence=strong)],
    )
    assert field is not None and field.proven is proven


def test_of_two_looks_that_are_as_sure_the_longer_is_not_cut_off() -> None:
    field = agreed("serial", [read("48921157", R), read("3221948921157", R)])
    assert field is not None
    assert (field.value, field.proven) == ("3221948921157", False)


def test_an_o_among_nothing_but_digits_is_none_where_the_engine_has_read_a_nought_as_well() -> None:
    letter, nought = read("O132468", R), replace(read("0132468", R), confidence=0.6)
    field = agreed("number", [letter, nought])
    assert field is not None
    assert (field.value, field.proven) == ("0132468", False)


def test_nothing_is_made_of_nothing() -> None:
    assert agreed("serial", [None, None]) is None
    assert agreed("serial", [None], [Word("ZTEGC3BA5A72", PLACE, 1.0, 0)]) is None


@pytest.mark.parametrize(
    ("code", "value", "proven"),
    [
        ("ZTEGC3BA5A72", "ZTEGC3BA5A72", True),
        ("ZTEGC38A5A72", "ZTEGC38A5A72", False),  # the two differ by what is confused in reading
        ("00112233", "ZTEGC3BA5A72", False),  # a code of something else
    ],
)
def test_a_bar_code_is_a_witness_of_its_own(code: str, value: str, proven: bool) -> None:
    field = agreed("serial", [read("ZTEGC3BA5A72", T)], [Word(code, PLACE, 1.0, 0)])
    assert field is not None
    assert (field.value, field.proven) == (value, proven)


# ── whole pages ──────────────────────────────────────────────────────────────────────────────────

LINES = (
    "CORPORACION NACIONAL DE TELECOMUNICACIONES CNT EP",
    "ACTA DE DEVOLUCION DE EQUIPOS",
    "Acta No.: 0012345",
    "Fecha: 17/03/2021",
    "Cliente: PEÑA LOZA MARIA JOSE",
    "Cedula: 1700000019",
    "Numero de servicio: 022345678",
    "El cliente entrega a CNT EP los equipos",
    "1. ONT Huawei, serie: HWTCC661499D",
)


def words(lines: tuple[str, ...] = LINES, confidence: float = 0.93, x: float = 0.1) -> tuple[Word, ...]:
    made = []
    for number, line in enumerate(lines):
        at, y = x, 0.05 + 0.05 * number
        for word in line.split():
            made.append(Word(word, Box(at, y, at + 0.009 * len(word), y + 0.012), confidence, number))
            at += 0.009 * (len(word) + 1)
    return tuple(made)


def page(engine: Engine = T, lines: tuple[str, ...] = LINES, *witnesses: Witness) -> Page:
    return Page(1, 1000, 1414, engine, words(lines), witnesses=witnesses)


def fields_of(one: Page) -> Any:
    (paper,) = read_papers([Document(Sha256("1" * 64), "acta", "image/png", (one,), 1)], BOOK)
    return paper


def changed(old: str, new: str) -> tuple[str, ...]:
    return tuple(line.replace(old, new) for line in LINES)


def test_a_second_engine_on_the_whole_page_proves_what_it_reads_alike_and_doubts_the_rest() -> None:
    paper = fields_of(page(T, LINES, Witness(R, words(changed("022345678", "022345676")))))
    assert paper.kind is DocumentKind.ACTA
    assert paper.equipment[0].serial.proven
    assert paper.holder.proven
    assert (paper.service_number.proven, paper.service_number.rivals) == (False, ("022345678",))


def test_what_was_not_shown_to_the_second_engine_is_not_proven_by_it() -> None:
    place = wanted(page(), BOOK).places
    service = [box for box in place if 0.34 < box.y0 < 0.36]
    shown = tuple(w for w in words() if w.text == "022345678")
    paper = fields_of(page(T, LINES, Witness(R, shown, tuple(service))))
    assert paper.service_number.proven
    assert not paper.equipment[0].serial.proven


def test_a_page_tells_where_to_look_again_until_all_is_proven() -> None:
    first = wanted(page(), BOOK)
    assert first.kind is DocumentKind.ACTA
    assert not first.missing
    assert len(first.places) >= 5
    again = wanted(page(T, LINES, Witness(R, words())), BOOK)
    assert (again.places, again.disputed, again.missing) == ((), (), False)


def test_a_page_whose_numbers_were_read_unsurely_is_worth_being_read_anew_as_a_whole_once() -> None:
    by_hand = tuple(replace(w, confidence=0.3) if w.text[-3:].isdigit() else w for w in words())
    poor = replace(page(), words=by_hand)
    assert wanted(poor, BOOK).poorly
    assert not wanted(replace(poor, witnesses=(Witness(R, words()),)), BOOK).poorly
    assert not wanted(page(), BOOK).poorly


@pytest.mark.parametrize(
    ("caption", "glued"), [("SR(A):", "SI(a): PEÑA LOZA MARIA JOSE"), ("Cliente:", "Cliente:PEÑA LOZA MARIA JOSE")]
)
def test_captions_that_one_engine_reads_name_what_the_other_reads_behind_them(caption: str, glued: str) -> None:
    faint = changed("Cliente: PEÑA LOZA MARIA JOSE", f"{caption} PENA KOZA NARIA JUSE")
    first = tuple(replace(w, confidence=0.4) if w.line == 4 and not w.text.endswith(":") else w for w in words(faint))
    strong = words(changed("Cliente: PEÑA LOZA MARIA JOSE", glued))
    paper = fields_of(replace(page(), words=first, witnesses=(Witness(R, strong),)))
    assert paper.holder.value == "PEÑA LOZA MARIA JOSE"
    assert not paper.holder.proven


def test_an_office_under_a_label_of_names_is_no_name() -> None:
    lines = changed("Cliente: PEÑA LOZA MARIA JOSE", "Cliente: Punto de atención Oficina Comercial El Arenal")
    assert fields_of(page(T, lines)).holder is None


def test_what_a_second_look_makes_of_a_number_is_no_title() -> None:
    lines = changed("Fecha: 17/03/2021", "Solicitud 0933489")
    place = Box(0.18, 0.198, 0.3, 0.214)
    garbage = Witness(T, (Word("al", Box(0.19, 0.2, 0.21, 0.212), 0.2, 0), Word("ono", place, 0.2, 0)), (place,))
    paper = fields_of(page(T, lines, Witness(R, words(lines)), garbage))
    assert paper.kind is DocumentKind.ACTA


def test_a_page_on_which_a_value_was_not_found_is_looked_at_as_a_whole_and_only_once() -> None:
    lines = tuple(line for line in LINES if "servicio" not in line)
    assert wanted(page(T, lines), BOOK).missing
    assert not wanted(page(T, lines, Witness(R, words(lines))), BOOK).missing


def test_a_paper_that_one_engine_takes_for_an_acta_and_the_other_for_an_invoice_is_neither() -> None:
    paper = fields_of(page(T, LINES, Witness(R, words(("FACTURA", *LINES[2:])))))
    assert paper.kind is DocumentKind.OTRO


def test_an_installation_that_only_one_engine_saw_stops_a_return() -> None:
    lines = changed("El cliente entrega a CNT EP los equipos", "El cliente declara recibir los equipos")
    paper = fields_of(page(T, LINES, Witness(R, words(lines))))
    assert paper.direction.value == "DESCONOCIDA"


def test_a_number_that_nothing_names_is_shown_and_never_proven() -> None:
    lines = changed("Cedula: 1700000019", "1700000019")
    paper = fields_of(page(T, lines, Witness(R, words(lines))))
    assert (paper.id_number.value, paper.id_number.proven) == ("1700000019", False)
    two = (*lines, "1710034065")
    assert fields_of(page(T, two)).id_number is None


def test_a_value_at_the_edge_of_the_picture_may_be_cut_off_and_is_never_proven() -> None:
    cut = words(changed("Acta No.: 0012345", "Acta No.: 0012"))
    moved = tuple(
        Word(w.text, Box(0.95, w.box.y0, 0.995, w.box.y1), w.confidence, w.line) if w.text == "0012" else w for w in cut
    )
    one = Page(1, 1000, 1414, T, moved, witnesses=(Witness(R, moved),))
    paper = fields_of(one)
    assert paper.number is None or not paper.number.proven


# ── text layers ──────────────────────────────────────────────────────────────────────────────────


def seen(*pairs: tuple[str, str]) -> Page:
    """A page with a text layer, and what the pixels of some of its words show."""
    drawn, places = [], []
    for said, shown in pairs:
        box = next(w.box for w in words() if w.text == said)
        places.append(Box(box.x0 - 0.002, box.y0 - 0.002, box.x1 + 0.002, box.y1 + 0.002))
        if shown:
            drawn.append(Word(shown, box, 0.99, 0))
    return page(P, LINES, Witness(R, tuple(drawn), tuple(places)))


def test_a_text_layer_is_proven_by_its_pixels() -> None:
    one = seen(("1700000019", "1700000019"), ("HWTCC661499D", "HWTCC661499D"))
    paper = fields_of(one)
    assert (paper.masked, paper.id_number.proven, paper.equipment[0].serial.proven) == ((), True, True)


def test_letters_that_are_confused_in_reading_mask_nothing() -> None:
    assert masked_in(seen(("HWTCC661499D", "HWTCC66I499D"))) == ()


@pytest.mark.parametrize("shown", ["1710034065", ""])
def test_where_a_text_layer_lies_the_pixels_win(shown: str) -> None:
    paper = fields_of(seen(("1700000019", shown)))
    assert paper.masked == (f"1700000019 / {shown or 'nada'}",)
    assert paper.id_number is None or (paper.id_number.value, paper.id_number.proven) == (shown, False)


def test_a_text_layer_that_no_pixels_were_compared_with_is_not_proven_by_them() -> None:
    paper = fields_of(page(P))
    assert not paper.service_number.proven
