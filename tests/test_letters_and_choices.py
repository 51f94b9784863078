"""Official letters, forms that ask and certify in one, goods of the company; numbers and names that captions choose."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_fields import BOOK, document, read, typed, value

from evidence_daemon.documents.fields import read_papers
from evidence_daemon.model import Direction, DocumentKind, Engine, Fields, Witness


def twice(page: str, again: str = "") -> Fields:
    """The page as two engines read it, alike where nothing else is said."""
    layer = typed(page)
    witness = Witness(Engine.RAPIDOCR, typed(again or page).words)
    (paper,) = read_papers([document(replace(layer, witnesses=(witness,)))], BOOK)
    return paper


def is_a_return(paper: Fields) -> bool:
    return (paper.kind, paper.direction) == (DocumentKind.ACTA, Direction.DEVOLUCION)


OFFICIAL = """
  {head}
  Jefatura de Atención al Cliente Loja
  Oficio Nro. {number}
  Loja, 21 de abril de 2025
  Asunto: Recepción de equipos del abonado

  Señor(a)
  ROBERTO HENRY PILCO NÚÑEZ
  C.I. 1700000019
  Presente.-

  De mi consideración:
  {said}
  Un(a) router wifi, marca Zyxel, modelo P-660HN, serie S908844221309, MAC 98:F5:37:10:B5:CB
  Los equipos fueron recibidos por el suscrito y se remiten a bodega.

  Atentamente,




  Responsable de oficina                               Entregué conforme
  Alicia Ana Terán Ubidia                              Roberto Henry Pilco Núñez
"""
OURS = "CORPORACIÓN NACIONAL DE TELECOMUNICACIONES CNT EP"
RETURNED = (
    "Por medio de la presente certifico que en esta fecha usted ha devuelto en la oficina CAC Loja los equipos\n"
    "  del servicio de Internet No. 072073858, dado de baja a pedido del abonado, conforme al detalle:"
)


@pytest.mark.parametrize("number", ["JAC-QUI-2023-44362", "CNTEP-ATC-2025-4126-O", "A"])
def test_an_official_letter_that_certifies_a_return_is_an_acta_however_its_number_was_read(number: str) -> None:
    paper = read(OFFICIAL.format(head=OURS, number=number, said=RETURNED))
    assert is_a_return(paper), (paper.kind, paper.direction, paper.because)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (OURS, "Por medio de la presente solicito que se certifique que he devuelto en la oficina los equipos:"),
        (OURS, "Con la presente me permito indicar que devolví en la oficina los equipos que siguen:"),
        ("COMERCIAL LOJA S.A.", RETURNED),
    ],
    ids=["asks", "says so himself", "another company's"],
)
def test_a_letter_that_asks_or_is_somebody_elses_stays_none(head: str, said: str) -> None:
    paper = read(OFFICIAL.format(head=head, number="JAC-2023-44362", said=said))
    assert not (is_a_return(paper) and paper.ours), paper.because


FORM = """
  CNT EP                          {title}
  FECHA: 25/08/2026          No. DE BOLETA: 56463071
  APELLIDOS
  LEÓN MEJÍA
  {between}
  NOMBRES
  HILDA ALEXANDRA
  [X] Cédula   [ ] RUC   [ ] Pasaporte   Número: {id}   Celular: 0912957067
  NÚMERO DE SERVICIO: 022345678
  EQUIPOS QUE EL CLIENTE ENTREGA A CNT EP
  EQUIPO                MARCA        MODELO         SERIE
  TELÉFONO INALÁMBRICO  Panasonic    KX-TG3521      {serial}

  El cliente entrega y CNT EP recibe los equipos arriba indicados.



  FIRMA CLIENTE                                      RECIBE CNT EP
"""


def form(**said: str) -> str:
    usual = {"title": "ACTA DE DEVOLUCIÓN DE EQUIPOS", "id": "1700000019", "serial": "0FEVDNN0M7", "between": ""}
    return FORM.format(**(usual | said)).replace("\n  \n", "\n")


def test_a_form_may_ask_and_certify_in_one() -> None:
    assert read(form(title="SOLICITUD Y ACTA DE DEVOLUCIÓN DE EQUIPOS")).kind is DocumentKind.ACTA
    assert read(form(title="SOLICITUD DE DEVOLUCIÓN DE EQUIPOS")).kind is not DocumentKind.ACTA


def test_the_number_of_a_person_may_stand_behind_the_kinds_to_choose_from() -> None:
    paper = twice(form())
    assert value(paper.id_number) == "1700000019"
    assert paper.id_number is not None
    assert paper.id_number.proven


@pytest.mark.parametrize("line", ["Cédula / RUC\n  \n  Teléfono\n  0994292009\n", "Cédula / RUC: 0994292009\n"])
def test_a_mobile_telephone_is_proven_as_nobodys_number_whoever_reads_it(line: str) -> None:
    paper = twice(f"\n  CNT EP\n  ACTA DE DEVOLUCIÓN DE EQUIPOS\n  Cliente: PACHECO GUAMÁN BYRON\n  {line}")
    assert paper.id_number is None or not paper.id_number.proven


def test_a_number_under_the_signature_is_preferred_to_a_telephone() -> None:
    paper = twice(form(id="").replace("FIRMA CLIENTE   ", "FIRMA CLIENTE\n  C.I. 1700000019\n  Cédula: 0994292009"))
    assert value(paper.id_number) == "1700000019"


@pytest.mark.parametrize(
    ("serial", "read_as", "open_"),
    [
        ("0FEVDNN0M7", "0FEVDNN0M7", True),
        ("9YSJLR8Z1T", "9YSJLR8Z1T", False),
        ("TELEFONOS", "", False),
        ("1TELEFONO", "", False),
    ],
)
def test_telephones_have_serials_of_few_digits_and_an_o_among_their_letters_stays_open(
    serial: str, read_as: str, *, open_: bool
) -> None:
    paper = twice(form(serial=serial))
    assert [value(line.serial) for line in paper.equipment] == [read_as]
    (line,) = paper.equipment
    assert line.serial is None or line.serial.proven is not open_


def test_surnames_and_names_in_tall_boxes_are_put_together_where_nothing_stands_between_them() -> None:
    tall = "\n".join(f"{line}\n\n" if "LEÓN" in line else line for line in form().splitlines())
    assert value(read(tall).holder) == "LEÓN MEJÍA HILDA ALEXANDRA"
    apart = form(between="Asesor: Marco Paz\n  Caja: 3\n  Turno: 17\n\n")
    assert value(read(apart).holder) != "LEÓN MEJÍA HILDA ALEXANDRA"


GOODS = """
  CORPORACIÓN NACIONAL DE TELECOMUNICACIONES CNT EP
  ACTA DE DEVOLUCIÓN DE BIENES DE PROPIEDAD DE LA CNT EP
  En la ciudad de Salinas, en las instalaciones de CAC Salinas, con fecha 6
  de abril de 2022, comparecen: por una parte, GUZMÁN SALAZAR RENÉ, con cédula
  No. 1700000019, en calidad de {who}; y por otra, MERCEDES BENALCÁZAR, en calidad de técnico de la CNT EP.
  {before}
  {who_gives} entrega a LA EMPRESA, y esta recibe, los siguientes equipos:
  a) DECODIFICADOR HD Huawei EC6108V9, serie número T7D3VPZLAF5LW2B;


  ENTREGA EL CLIENTE                 RECIBE LA EMPRESA
"""


def test_the_companys_goods_are_returned_by_a_customer_where_he_says_what_for() -> None:
    his = read(
        GOODS.format(
            who="titular, a quien se denominará EL CLIENTE",
            before="EL CLIENTE mantuvo contratado el servicio de Televisión número 04 318 6681.",
            who_gives="EL CLIENTE",
        )
    )
    assert is_a_return(his), his.because
    assert value(his.date) == "2022-04-06"
    for who, before, gives in (
        ("funcionario, a quien se denominará EL CUSTODIO", "", "EL CUSTODIO"),
        ("funcionario saliente", "EL FUNCIONARIO mantuvo a su cargo los bienes.", "EL FUNCIONARIO"),
        ("titular, a quien se denominará EL CLIENTE", "", "EL CLIENTE"),
    ):
        assert not is_a_return(read(GOODS.format(who=who, before=before, who_gives=gives)))


def test_a_piece_of_equipment_or_a_service_is_nobodys_name() -> None:
    for what in ("DECODIFICADOR HD", "TV Satelital DTH", "Internet Residencial"):
        page = f"\n  CNT EP\n  ACTA DE DEVOLUCIÓN DE EQUIPOS\n  Cliente:\n  {what}\n  Cédula: 1700000019\n"
        assert read(page).holder is None
