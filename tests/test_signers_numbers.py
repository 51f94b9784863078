"""Numbers of who signs for the company: they are never the holder's, however well they are read."""

from __future__ import annotations

import pytest
from test_attribution import RETURN, proven
from test_attribution import read as read_by_two
from test_fields import BOOK, document, read, typed, value

from evidence_daemon.documents.fields import read_papers

PARTIES = """  En Manta, comparecen por una parte CNT EP, {acts} por
  PEREZ MORA LUIS, con C.I. 1700000019, en la oficina de Manta; y por otra,
  en calidad de cliente, MORALES PAZ JUANA, {borne}
"""


@pytest.mark.parametrize("his", ["1700000027001", "KW888530", "1700000027"])
def test_under_who_receives_stands_no_number_of_the_holder(his: str) -> None:
    paper = read(f"""{RETURN}
  Titular: MORALES PAZ JUANA

























     ENTREGUE CONFORME                                RECIBI CONFORME
         EL CLIENTE                                       CNT EP
     C.I. {his:13}                               C.I. 1700000019
""")
    assert value(paper.id_number) in {his, ""}
    assert paper.id_number is None or not paper.id_number.proven


def test_beside_the_customers_place_stands_no_number_of_his_though_its_own_caption_was_not_read() -> None:
    foot = """
























         EL CLIENTE                                       ~~~~~~
     C.I. {his:13}                               C.I. 1700000019
"""
    assert value(read(RETURN + foot.format(his="0102030405")).id_number) != "1700000019"
    # Where nothing of his stands in that line it may be his: his number often stands beside his place.
    assert value(read(RETURN + foot.format(his="")).id_number) == "1700000019"


def test_a_tax_number_is_the_customers_where_a_sentence_says_that_he_bears_it() -> None:
    sentence = "  CNT EP hace constar que el cliente MORALES PAZ JUANA ANA,\n"
    paper = read(f"{RETURN}{sentence}  portadora de RUC No. 1710034065001, devuelve los equipos.\n")
    assert value(paper.id_number) == "1710034065001"
    other = read(f"{RETURN}  Trabajo hecho al cliente por el tecnico LUIS PAZ MORA con RUC 1710034065001 hoy.\n")
    assert value(other.id_number) != "1710034065001"


def test_a_tax_number_under_the_customers_signature_is_not_the_issuers() -> None:
    head = f"{RETURN}  Cedula o RUC: 1710034065001    Titular: MORALES PAZ JUANA\n" + "\n" * 26
    assert value(read(f"{head}     ENTREGUE CONFORME\n     RUC 1710034065001\n").id_number) == "1710034065001"


@pytest.mark.parametrize("acts", ["representada", "represeada", "reprcsentada"])
def test_who_acts_for_the_company_is_not_the_holder_though_that_was_misread(acts: str) -> None:
    page = RETURN + PARTIES.format(acts=acts, borne="con C.I. ilegible")
    assert not proven(read_by_two(page), "id_number")
    page = RETURN + PARTIES.format(acts=acts, borne="con C.I. 1710034065, titular del servicio")
    paper = read_by_two(page)
    assert value(paper.id_number) == "1710034065"
    assert proven(paper, "id_number")


def test_who_acts_for_the_company_is_not_the_holder_where_a_gap_parts_the_line_over_it() -> None:
    page = f"""{RETURN}
  En Manta comparecen por una        parte CNT EP, representada por
  PEREZ MORA LUIS, con C.I. 1700000019, en la oficina de
"""
    assert not proven(read_by_two(page), "id_number")


def test_a_badly_read_sentence_that_tells_of_no_customer_proves_nobodys_number() -> None:
    sentence = "  {who} PEREZ MORA LUIS, con C.I. 1700000019, en el local de Manta\n"
    poorly = typed(RETURN + sentence.format(who="En la cudad ge Manta, por hoy"), confidence=0.6)
    (paper,) = read_papers([document(poorly)], BOOK)
    assert paper.id_number is not None
    assert not paper.id_number.proven
    assert proven(read_by_two(RETURN + sentence.format(who="En Manta el cliente abajo firmante")), "id_number")


def test_an_agents_caption_speaks_for_what_stands_right_of_it_or_under_it_alone() -> None:
    paper = read_by_two(f"""{RETURN}
  Nombre: MORALES PAZ JUANA ANA               Empresa: CNT EP
  C.I./RUC/Pasaporte: 1710034065              Funcionario: PEREZ LUIS
  Direccion: Calle Sucre 4-18                 C.I.: 1700000019
""")
    assert value(paper.id_number) == "1710034065"
