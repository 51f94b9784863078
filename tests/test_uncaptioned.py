"""Values whose caption was not read, or only in part: told as a doubt where nothing else can be meant, never proven."""

from __future__ import annotations

import pytest
from test_attribution import RETURN, proven
from test_attribution import read as read_by_two
from test_fields import read, value

FOOT = "\n" * 22 + "     ENTREGUE CONFORME                                RECIBI CONFORME\n"


def test_a_name_alone_is_the_holders_where_he_signs_with_it() -> None:
    signed = "   MORALES PAZ JUANA ANA                          PEREZ MORA LUIS IVAN\n"
    paper = read_by_two(f"{RETURN}  MORALES PAZ JUANA ANA\n{FOOT}{signed}")
    assert value(paper.holder) == "MORALES PAZ JUANA ANA"
    assert not proven(paper, "holder")


def test_a_name_alone_is_the_holders_where_his_number_stands_beside_it() -> None:
    paper = read_by_two(f"{RETURN}  MORALES PAZ JUANA ANA              1700000019\n")
    assert value(paper.holder) == "MORALES PAZ JUANA ANA"
    assert not proven(paper, "holder")


@pytest.mark.parametrize(
    "page",
    [
        f"  PEREZ MORA LUIS IVAN\n{FOOT}   MORALES PAZ JUANA ANA                          PEREZ MORA LUIS IVAN\n",
        "  Tecnico:                 PEREZ MORA LUIS IVAN                  1700000019\n",
        "  MORALES PAZ JUANA ANA\n",
        "  MORALES PAZ JUANA ANA              1700000019\n  PEREZ MORA LUIS IVAN               1710034065\n",
    ],
)
def test_a_name_alone_is_nobodys_where_it_may_be_anothers(page: str) -> None:
    assert value(read(RETURN + page).holder) == ""


def test_a_number_alone_in_the_form_of_a_services_is_a_doubt() -> None:
    paper = read_by_two(f"{RETURN}  Barrio El Progreso, lote 23              48372123\n")
    assert value(paper.service_number) == "48372123"
    assert not proven(paper, "service_number")


@pytest.mark.parametrize(
    "page",
    [
        "  48372123               40378753\n",
        "  Orden de baja:         48372123\n",
        "  Contrato\n  48372123\n",
        "  20250711\n",
        "  00436929\n",
    ],
)
def test_a_number_alone_is_no_services_where_it_may_be_something_elses(page: str) -> None:
    assert value(read(RETURN + page).service_number) == ""


@pytest.mark.parametrize("sign", ["N.°", "N.”", "N.*", "N.7", "No."])
@pytest.mark.parametrize("line", ["Televisión", "Televisióx", "Imternet fijo"])
def test_a_services_number_in_a_sentence_is_read_though_its_sign_or_its_line_was_misread(sign: str, line: str) -> None:
    paper = read(
        f"{RETURN}  El cliente, MORALES PAZ JUANA, titular del servicio de {line} {sign} 04-3174566, suscribe\n"
    )
    assert value(paper.service_number) == "043174566"


def test_a_sentence_of_another_thing_names_no_service() -> None:
    paper = read(f"{RETURN}  El cliente, MORALES PAZ JUANA, titular del servicio de tramites N.7 43174566, suscribe\n")
    assert value(paper.service_number) == ""
