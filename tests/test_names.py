"""Names: a table of pairs with the outcome that is wanted, and laws over made-up families."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence_daemon.cases.names import NameMatch, compare

GOYES = "GOYES BALSECA JUAN CARLOS"
PEREZ = "PÉREZ LÓPEZ MARÍA ELENA"
CRUZ = "DE LA CRUZ MORA ANA LUCÍA"

COINCIDE, PARCIAL, DUDA, NO = NameMatch.COINCIDE, NameMatch.PARCIAL, NameMatch.DUDA, NameMatch.NO_COINCIDE

PAIRS: list[tuple[str, str, NameMatch]] = [
    # order, case, spacing
    ("GOYES BALSECA JUAN CARLOS", GOYES, COINCIDE),
    ("JUAN CARLOS GOYES BALSECA", GOYES, COINCIDE),
    ("Goyes Balseca Juan Carlos", GOYES, COINCIDE),
    ("CARLOS JUAN BALSECA GOYES", GOYES, COINCIDE),
    ("  GOYES   BALSECA,  JUAN CARLOS. ", GOYES, COINCIDE),
    ("Goyes-Balseca Juan-Carlos", GOYES, COINCIDE),
    ("GOYES BALSECA JUAN CARLOS", "JUAN CARLOS GOYES BALSECA", COINCIDE),
    # fewer words
    ("GOYES BALSECA JUAN", GOYES, COINCIDE),
    ("GOYES JUAN CARLOS", GOYES, COINCIDE),
    ("BALSECA JUAN CARLOS", GOYES, COINCIDE),
    ("GOYES JUAN", GOYES, PARCIAL),
    ("CARLOS GOYES", GOYES, PARCIAL),
    ("GOYES BALSECA", GOYES, PARCIAL),
    ("JUAN CARLOS", GOYES, NO),
    ("GOYES", GOYES, NO),
    ("JUAN", GOYES, NO),
    ("", GOYES, NO),
    ("//", GOYES, NO),
    # spelling by ear
    ("GOYEZ VALSECA JUAN CARLOS", GOYES, COINCIDE),
    ("GOLLES BALSEKA JUAN KARLOS", GOYES, COINCIDE),
    ("QUISPE HIDALGO JORGE LUIS", "KISPE IDALGO JORGE LUIS", COINCIDE),
    ("JIMENEZ ZAMBRANO XAVIER", "GIMENEZ SAMBRANO XAVIER", COINCIDE),
    ("CEVALLOS YEPEZ MAYRA", "ZEBALLOS LLEPES MAIRA", COINCIDE),
    ("RODRIGUES PHILCO ELENA", "RODRIGUEZ FILCO HELENA", COINCIDE),
    # one letter wrong in a surname is a slip; in a given name it may be a sister
    ("GOYES BALSCA JUAN CARLOS", GOYES, COINCIDE),
    ("GOYES BLASECA JUAN CARLOS", GOYES, COINCIDE),
    ("GOYES BALSECA JUAN CARLO", GOYES, DUDA),
    ("GOYES BALSECA JUAN CARLSO", GOYES, DUDA),
    ("GOYES BALSCAS JUAN CARLOS", GOYES, DUDA),
    ("WILIAN PEREZ LOPEZ", "PEREZ LOPEZ WILLIAM", DUDA),
    # accents, Ñ, broken encodings
    ("PEREZ LOPEZ MARIA ELENA", PEREZ, COINCIDE),
    ("pérez lópez maría elena", "PEREZ LOPEZ MARIA ELENA", COINCIDE),
    ("MUNOZ PENA JOSE LUIS", "MUÑOZ PEÑA JOSÉ LUIS", COINCIDE),
    ("MUÑOZ PEÑA JOSÉ LUIS", "MUNOZ PENA JOSE LUIS", COINCIDE),
    ("MUÃ‘OZ PEÃ‘A JOSÃ‰ LUIS", "MUÑOZ PEÑA JOSÉ LUIS", COINCIDE),
    ("MuÃ±oz PeÃ±a JosÃ© Luis", "MUÑOZ PEÑA JOSÉ LUIS", COINCIDE),
    ("MU?OZ PE?A JOS? LUIS", "MUÑOZ PEÑA JOSÉ LUIS", COINCIDE),
    ("MU\ufffdOZ PE\ufffdA JOS\ufffd LUIS", "MUNOZ PENA JOSE LUIS", COINCIDE),
    ("MUN\u0303OZ PEN\u0303A JOSE\u0301 LUIS", "MUÑOZ PEÑA JOSÉ LUIS", COINCIDE),
    ("PEREZ LOPEZ FERNAND? LUIS", "PEREZ LOPEZ FERNANDO LUIS", DUDA),
    # particles
    ("DELACRUZ MORA ANA LUCIA", CRUZ, COINCIDE),
    ("DE LA CRUZ MORA ANA LUCIA", "DELACRUZ MORA ANA LUCIA", COINCIDE),
    ("CRUZ MORA ANA LUCIA", CRUZ, COINCIDE),
    ("DE LA CRUZ MORA ANA", "CRUZ MORA ANA LUCIA", COINCIDE),
    ("DELACRUZ MORA ANA", "CRUZ MORA ANA LUCIA", COINCIDE),
    ("DEL POZO VACA LUIS", "POZO VACA LUIS ALBERTO", COINCIDE),
    ("DE LOS REYES PAZ ANA", "REYES PAZ ANA", COINCIDE),
    ("VON REINECK MOLINA ANA", "REINECK MOLINA ANA", COINCIDE),
    ("SAN MARTIN PAZ LUIS", "SANMARTIN PAZ LUIS", COINCIDE),
    ("ORTEGA Y PAZ LUIS", "ORTEGA PAZ LUIS", COINCIDE),
    ("PEREZ LOPEZ DIANA", "PEREZ LOPEZ ANA", DUDA),
    ("PEREZ LOPEZ DELIA", "PEREZ LOPEZ LIA", DUDA),
    # married names
    ("PEREZ LOPEZ MARIA ELENA DE TORRES", PEREZ, COINCIDE),
    ("PEREZ DE TORRES MARIA ELENA", PEREZ, PARCIAL),
    ("MARIA ELENA PEREZ DE TORRES", PEREZ, PARCIAL),
    ("PEREZ LOPEZ MARIA ELENA", "PEREZ DE TORRES MARIA ELENA", DUDA),
    ("DE TORRES MARIA ELENA", PEREZ, NO),
    # titles, abbreviations, initials
    ("ING. JUAN CARLOS GOYES BALSECA", GOYES, COINCIDE),
    ("Sra. María Elena Pérez", PEREZ, COINCIDE),
    ("LCDA MARIA ELENA PEREZ LOPEZ", PEREZ, COINCIDE),
    ("PEREZ LOPEZ MA. ELENA", PEREZ, COINCIDE),
    ("PEREZ LOPEZ Mª ELENA", PEREZ, COINCIDE),
    ("FCO. LEON PAZ", "LEON PAZ FRANCISCO", COINCIDE),
    ("GOYES B. JUAN CARLOS", GOYES, COINCIDE),
    ("JUAN C. GOYES BALSECA", GOYES, COINCIDE),
    ("GOYES BALSECA J. C.", GOYES, PARCIAL),
    ("GOYES BALSECA J", GOYES, PARCIAL),
    ("J. GOYES", GOYES, DUDA),
    ("GOYES BALSECA M. C.", GOYES, DUDA),
    ("GOYES BALSECA FERN.", "GOYES BALSECA FERNANDO", PARCIAL),
    # run together, torn apart, digits for letters, noise of OCR
    ("GOYESBALSECA JUAN CARLOS", GOYES, COINCIDE),
    ("GOYES BALSECA JUANCARLOS", GOYES, COINCIDE),
    ("GOYES BAL SECA JUAN CARLOS", GOYES, COINCIDE),
    ("G0YES BAL5ECA JUAN CARL0S", GOYES, COINCIDE),
    ("GOYES BALSECA JUAN CARLOS 1700000019", GOYES, DUDA),
    ("GOYES BALSECA JUAN CARLOS QUITO", GOYES, DUDA),
    # foreigners, one surname, one name
    ("JOHN SMITH", "SMITH JOHN", COINCIDE),
    ("SMITH", "SMITH JOHN", NO),
    ("SMITH PETER", "SMITH JOHN", NO),
    ("NGUYEN VAN AN", "NGUYEN VAN AN", COINCIDE),
    # siblings
    ("GOYES BALSECA JUANA CARLA", GOYES, DUDA),
    ("GOYES BALSECA LUIS CARLOS", GOYES, DUDA),
    ("GOYES BALSECA LUIS ALBERTO", GOYES, DUDA),
    ("GOYES BALSECA JUAN PABLO", GOYES, DUDA),
    ("GOYES BALSECA MARIO", "GOYES BALSECA MARIA", DUDA),
    ("PEREZ LOPEZ MARIA JOSE", PEREZ, DUDA),
    ("PEREZ LOPEZ ELENA BEATRIZ", PEREZ, DUDA),
    # parent and child, half siblings, spouses, cousins
    ("GOYES PAREDES JUAN CARLOS", GOYES, DUDA),
    ("GOYES MORA JUAN CARLOS", GOYES, DUDA),
    ("GOYES BALSECA JUAN CARLOS JUNIOR", GOYES, DUDA),
    ("GOYES BALSECA JUAN CARLOS HIJO", GOYES, DUDA),
    ("GOYES MORA LUIS", GOYES, NO),
    ("TORRES MORA ANA LUCIA", GOYES, NO),
    ("PAREDES MORA JUAN CARLOS", GOYES, NO),
    ("LOPEZ DE TORRES JUAN CARLOS", "LOPEZ MORA JUAN CARLOS", PARCIAL),
    # companies
    ("COMERCIAL ANDINA DEL SUR S.A.", "COMERCIAL ANDINA DEL SUR S.A.", COINCIDE),
    ("COMERCIAL ANDINA DEL SUR", "COMERCIAL ANDINA DEL SUR CIA. LTDA.", COINCIDE),
    ("Andina Sur Comercial SA", "COMERCIAL ANDINA DEL SUR S.A.", COINCIDE),
    ("TEXTILES PAZ Y PAZ C. LTDA.", "TEXTILES PAZ Y PAZ CIA. LTDA.", DUDA),
    ("COMERCIAL ANDINA", "COMERCIAL ANDINA DEL SUR S.A.", PARCIAL),
    ("COMERCIAL ANDINA DEL NORTE", "COMERCIAL ANDINA DEL SUR S.A.", DUDA),
    ("COMERCIAL PACIFICO", "COMERCIAL ANDINA DEL SUR S.A.", NO),
    ("JUAN PEREZ", "COMERCIAL ANDINA DEL SUR S.A.", NO),
    ("UNIDAD EDUCATIVA LOS ANDES", "UNIDAD EDUCATIVA LOS ANDES", COINCIDE),
    ("UNIDAD EDUCATIVA LOS ANDES 2", "UNIDAD EDUCATIVA LOS ANDES", DUDA),
    ("TECNORED S.A.S.", "TECNORED S.A.", COINCIDE),
]


@pytest.mark.parametrize(("typed", "registered", "wanted"), PAIRS)
def test_a_pair_of_names_has_the_outcome_that_is_wanted(typed: str, registered: str, wanted: NameMatch) -> None:
    assert compare(typed, registered) is wanted


def test_the_table_holds_at_least_eighty_pairs_of_every_outcome() -> None:
    assert len(PAIRS) >= 80
    assert {wanted for *_, wanted in PAIRS} == set(NameMatch)


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


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_two_texts_can_be_compared(typed: str, registered: str) -> None:
    assert compare(typed, registered) in NameMatch
