"""Names: a table of pairs with the outcome that is wanted, and laws over made-up families."""

from __future__ import annotations

import csv
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence_daemon.cases.names import NameMatch, compare

with (Path(__file__).parent / "names.csv").open(encoding="utf-8", newline="") as table:
    PAIRS = list(csv.DictReader(table, delimiter=";"))
"""Class of the pair, name as typed, holder as registered, wanted outcome, why.  All people are invented."""

CLASSES = {
    "order", "one surname", "by ear", "slip", "accents", "particles", "married", "abbreviations", "ocr", "foreigners",
    "sibling", "family", "company", "homonym", "stranger",
}  # fmt: skip


@pytest.mark.parametrize("pair", PAIRS, ids=[f"{pair['class']}-{number}" for number, pair in enumerate(PAIRS, 2)])
def test_a_pair_of_names_has_the_outcome_that_is_wanted(pair: dict[str, str]) -> None:
    assert compare(pair["typed"], pair["registered"]) is NameMatch(pair["wanted"]), pair["why"]


def test_the_table_holds_three_hundred_pairs_of_every_class_and_outcome() -> None:
    assert len({(pair["typed"], pair["registered"]) for pair in PAIRS}) >= 300
    assert {pair["class"] for pair in PAIRS} == CLASSES
    assert {NameMatch(pair["wanted"]) for pair in PAIRS} == set(NameMatch)


def test_no_pair_of_relatives_coincides_in_either_direction() -> None:
    relatives = [pair for pair in PAIRS if pair["class"] == "sibling" and pair["wanted"] != "COINCIDE"]
    assert len(relatives) >= 50
    for pair in relatives:
        for one, other in ((pair["typed"], pair["registered"]), (pair["registered"], pair["typed"])):
            assert compare(one, other) is not NameMatch.COINCIDE, pair


_SURNAMES = "GOYES BALSECA MORAN MORA TORRES TORRE PEREZ LOPEZ QUISHPE MUÑOZ DELGADO SANTIAGO MARTIN LEON VACA ZAMBRANO"
_GIVEN = """
JUAN JUANA CARLOS CARLA MARIO MARIA MARIANA MARINA FERNANDO FERNANDA CRISTIAN CRISTINA GABRIEL GABRIELA ANDRES ANDREA
DANIEL DANIELA JOSE JOSUE LUIS LUISA ANA DIANA ROSANA ROXANA MICHEL MICHELLE PAUL PAULA PABLO PAOLA ELENA ELIANA JULIO
JULIA JULIAN JULIANA ADRIAN ADRIANA LILIAN LILIANA YOSELIN YOSELYN MARTIN SANTIAGO LEON NICOLE
"""
SURNAMES = st.sampled_from(_SURNAMES.split())
GIVEN = st.sampled_from(_GIVEN.split())


def _same_name(a: str, b: str) -> bool:
    return {a, b} in ({"YOSELIN", "YOSELYN"}, {a})  # one name, spelled in two ways


@given(st.lists(SURNAMES, min_size=1, max_size=2), st.lists(GIVEN, min_size=1, max_size=2, unique=True), st.data())
def test_no_sibling_ever_coincides_in_whatever_order_lists_write_names(
    surnames: list[str], given_names: list[str], data: st.DataObject
) -> None:
    theirs = data.draw(st.lists(GIVEN, min_size=len(given_names), max_size=len(given_names), unique=True))
    strange = [name for name in theirs if not any(_same_name(name, mine) for mine in given_names)]
    if not strange or set(strange) <= set(surnames):
        return  # the same given names in another order, or a word that is the family's own
    registered = data.draw(st.sampled_from([[*surnames, *given_names], [*given_names, *surnames]]))
    typed = data.draw(st.permutations([*surnames, *theirs]))
    assert compare(" ".join(typed), " ".join(registered)) is not NameMatch.COINCIDE


@given(st.lists(SURNAMES, min_size=1, max_size=2), st.lists(GIVEN, min_size=1, max_size=2, unique=True), st.data())
def test_the_holder_himself_coincides_in_any_order_and_case(
    surnames: list[str], given_names: list[str], data: st.DataObject
) -> None:
    registered = [*surnames, *given_names]
    typed = " ".join(data.draw(st.permutations(registered)))
    assert compare(typed.title(), " ".join(registered)) is NameMatch.COINCIDE


NAMES = st.tuples(st.lists(SURNAMES, min_size=2, max_size=2), st.lists(GIVEN, min_size=2, max_size=2, unique=True)).map(
    lambda parts: [*parts[0], *parts[1]]
)


@given(NAMES, NAMES)
def test_whether_two_whole_names_coincide_does_not_depend_on_which_was_typed(one: list[str], other: list[str]) -> None:
    there, back = compare(" ".join(one), " ".join(other)), compare(" ".join(other), " ".join(one))
    assert (there is NameMatch.COINCIDE) == (back is NameMatch.COINCIDE)


@given(NAMES, NAMES, st.integers(1, 4), st.data())
def test_the_order_of_the_words_typed_changes_nothing(
    registered: list[str], other: list[str], count: int, data: st.DataObject
) -> None:
    typed = data.draw(st.permutations([*registered, *other]))[:count]
    turned = data.draw(st.permutations(typed))
    assert compare(" ".join(typed), " ".join(registered)) is compare(" ".join(turned), " ".join(registered))


@given(NAMES, NAMES, st.integers(1, 4), st.data())
def test_accents_case_and_composition_change_nothing(
    registered: list[str], other: list[str], count: int, data: st.DataObject
) -> None:
    typed = " ".join(data.draw(st.permutations([*registered, *other]))[:count])
    dressed = typed.translate(str.maketrans({"A": "Á", "E": "é", "I": "Í", "O": "Ó", "U": "Ü"}))
    wanted = compare(typed, " ".join(registered))
    for form in (dressed, dressed.lower(), unicodedata.normalize("NFD", dressed)):
        assert compare(form, " ".join(registered)) is wanted


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_two_texts_can_be_compared(typed: str, registered: str) -> None:
    assert compare(typed, registered) in NameMatch
