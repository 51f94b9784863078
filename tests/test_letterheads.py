"""Words of a letterhead, and captions that are a paper's as well as a person's."""

from __future__ import annotations

import pytest
from test_attribution import RETURN, proven
from test_attribution import read as read_by_two
from test_fields import HEAD, read, value

TITLED = "            ACTA DE DEVOLUCION DE EQUIPOS\n\n"


@pytest.mark.parametrize(
    "slogan", ["EMPRESA PÚBLICA DEL ECUADOR", "EMPRESA PUBLICA DEL ECUAD", "EMPRESA PUBLCA DEL ECUADOR"]
)
@pytest.mark.parametrize("logo", ["Sr", "Cliente:"])
def test_what_any_company_is_called_names_no_holder(slogan: str, logo: str) -> None:
    assert value(read(f"  {logo}\n  {slogan}\n{HEAD}{TITLED}").holder) == ""


def test_a_company_that_has_a_name_besides_is_one() -> None:
    paper = read(f"{RETURN}  Cliente: EMPRESA PUBLICA MUNICIPAL DE AGUA POTABLE\n")
    assert value(paper.holder) == "EMPRESA PUBLICA MUNICIPAL DE AGUA POTABLE"


@pytest.mark.parametrize(("said", "name"), [("Sr", ""), ("Sr.", "TU MUNDO MEJOR")])
def test_a_salutation_without_its_point_is_a_piece_of_a_logo(said: str, name: str) -> None:
    assert value(read(f"  {said}\n  TU MUNDO MEJOR\n{HEAD}{TITLED}").holder) == name


@pytest.mark.parametrize("number", ["055-2025-48270", "00136099", "CNT-AER-2025-937948"])
def test_the_number_of_a_document_is_the_papers_where_the_holder_has_his(number: str) -> None:
    paper = read_by_two(
        f"{RETURN}  Nro. documento   {number}\n  Cliente          MORALES PAZ JUANA ANA\n"
        "  Identificacion   1700000019             Servicio Nro.    022345678\n"
    )
    assert (value(paper.number), value(paper.id_number)) == (number, "1700000019")
    assert proven(paper, "number")


def test_the_number_of_a_document_is_no_papers_where_it_may_be_a_persons() -> None:
    paper = read(f"{RETURN}  Cliente          MORALES PAZ JUANA ANA\n  Nro. documento   1700000018\n")
    assert value(paper.number) == ""
