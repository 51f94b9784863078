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


@pytest.mark.parametrize("serial", ["0FEVDNN0M7", "9YSJLR8Z1T"])
def test_telephones_have_serials_of_three_digits_which_are_never_proven(serial: str) -> None:
    (line,) = twice(form(serial=serial)).equipment
    assert line.serial is not None
    assert (line.serial.value, line.serial.proven) == (serial, False)


@pytest.mark.parametrize(
    "serial", ["TELEFONOS", "1TELEFONO", "2ANTENAS5DBI", "12VDC2AMP", "5GHZ2ANTENAS", "10BUENESTADO"]
)
def test_what_only_counts_or_measures_is_no_serial(serial: str) -> None:
    (line,) = twice(form(serial=serial)).equipment
    assert line.serial is None


def test_surnames_and_names_in_tall_boxes_are_put_together_where_nothing_stands_between_them() -> None:
    tall = "\n".join(f"{line}\n\n" if "LEÓN" in line else line for line in form().splitlines())
    assert value(read(tall).holder) == "LEÓN MEJÍA HILDA ALEXANDRA"
    apart = form(between="Asesor: Marco Paz\n  Caja: 3\n  Turno: 17\n\n")
    assert value(read(apart).holder) != "LEÓN MEJÍA HILDA ALEXANDRA"


def test_a_piece_of_equipment_or_a_service_is_nobodys_name() -> None:
    for what in ("DECODIFICADOR HD", "TV Satelital DTH", "Internet Residencial"):
        page = f"\n  CNT EP\n  ACTA DE DEVOLUCIÓN DE EQUIPOS\n  Cliente:\n  {what}\n  Cédula: 1700000019\n"
        assert read(page).holder is None


BASE = """
  CNT EP          RUC 1768152560001
  ACTA DE DEVOLUCIÓN DE EQUIPOS
  Cliente: MORALES PAZ JUANA ISABEL
  {line}
  El cliente entrega a CNT EP los equipos: ONT Huawei HG8245Q2  Serie: HWTCC661499D
"""


@pytest.mark.parametrize(
    "line",
    [
        "Documento      Acta      Número: 0100000033",
        "Documento: Contrato      No. 0100000033",
        "C.I.      Serie      No. 0100000033",
        "Cédula      Testigo      Número: 0900000027",
        "Cédula delegado      Número: 0900000027",
        "Retira: LUIS MORA VEGA      [x] Cédula      [ ] RUC      Número: 0900000027",
        "Cédula: ________      Contrato      Número: 0100000033",
        "C.I.:      Acta      N.º 0100000033",
        "Presenta: [x] Cédula      [x] Planilla      Nro. 0100000033",
        "ID Cliente: 0100000033",
        "ID Cliente: 3000345671",
        "ID Cliente: 1000000123456",
    ],
)
def test_a_number_of_something_else_or_of_an_account_is_proven_as_nobodys(line: str) -> None:
    paper = twice(BASE.format(line=line))
    assert paper.id_number is None or not paper.id_number.proven, paper.id_number


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("ID Cliente: 0100000033\n  C.I.: 1700000019", "1700000019"),
        ("ID Abonado: 0100000033\n  Cédula: 1700000019", "1700000019"),
        ("[x] Cédula      [ ] RUC      Número: 0991234567\n  C.I.: 0900000018", "0900000018"),
        ("ID Cliente: 1700000019", "1700000019"),
    ],
)
def test_his_own_number_is_taken_before_an_accounts_and_a_telephone(line: str, number: str) -> None:
    assert value(twice(BASE.format(line=line)).id_number) == number


@pytest.mark.parametrize("caption", ["Atendido por", "Asesor CNT:", "Datos del funcionario", "Cónyuge"])
def test_surnames_and_names_are_of_one_person_where_no_other_is_named_between(caption: str) -> None:
    page = BASE.format(line=f"Apellidos: PAZMIÑO LARA\n\n\n\n\n\n  {caption}\n  Nombres: LUIS ALBERTO")
    holder = twice(page.replace("  Cliente: MORALES PAZ JUANA ISABEL\n", "")).holder
    assert value(holder) != "PAZMIÑO LARA LUIS ALBERTO"


@pytest.mark.parametrize(
    "said",
    [
        "vive en la calle 9 de\n  octubre 2045 y Colón, frente al parque, y entrega los equipos",
        "debe la cuota número 14\n  octubre 2019 fue cancelada, según consta en los registros",
        "los equipos que le fueron instalados el día 14 de\n  octubre de 2019 en su domicilio, según contrato",
    ],
)
def test_a_day_over_the_end_of_a_line_is_the_papers_only_where_it_says_so(said: str) -> None:
    page = BASE.format(line=f"El señor Juan Mora Paz, abonado del servicio de Internet de la ciudad de Tena,\n  {said}")
    assert read(page).date is None


def test_the_papers_day_may_go_over_the_end_of_a_line() -> None:
    deed = "En la ciudad de Cuenca, en las instalaciones de la agencia, con fecha 14 de\n  octubre de 2024, comparecen"
    assert value(read(BASE.format(line=f"{deed} las partes que abajo firman y convienen.")).date) == "2024-10-14"


REQUEST = """
  CNT EP          RUC 1768152560001
  SOLICITUD Y ACTA DE {what}
  Fecha: 12 de marzo de 2021      Cliente: MORALES PAZ JUANA
  C.I. 1700000019
  {said}
  ONT Huawei HG8245Q2  Serie: HWTCC661499D
"""


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("DEVOLUCION DE EQUIPOS", "Solicito la baja del servicio y el retiro de los equipos en mi domicilio."),
        ("DEVOLUCION DE EQUIPOS", "Fecha preferida de retiro: 20 de marzo de 2021"),
        ("DEVOLUCION DE EQUIPOS", "Equipos a retirar en el domicilio"),
        ("RETIRO TEMPORAL DE EQUIPOS", ""),
        ("RETIRO Y TRASLADO DE EQUIPOS", ""),
    ],
)
def test_a_form_that_was_only_filled_in_as_a_request_returns_nothing(what: str, said: str) -> None:
    assert not is_a_return(read(REQUEST.format(what=what, said=said)))


WRITTEN_TO_US = """
  {head}
  Tena, 5 de abril de 2021
  Asunto: Constancia de devolución de equipos
  De mi consideración:
  {said}
  - ONT Huawei HG8245Q2, serie HWTCC661499D
  Atentamente,



  Juan Mora Paz
"""


@pytest.mark.parametrize(
    "head",
    [
        "GAD MUNICIPAL DE TENA\n  Señor Gerente de CNT EP\n  Oficio N° 345-GADMT-2021",
        "TELECONET S.A.\n  Señores CNT EP\n  Oficio No. 12-TC",
        "REDES DEL AUSTRO S.A. CONTRATISTA DE CNT EP\n  Oficio N° 12-RA",
        "CORPORACIÓN NACIONAL DE TELECOMUNICACIONES CNT EP\n  Jefatura de Atención\n  Oficio N° 345-GADMT-2021",
    ],
)
@pytest.mark.parametrize(
    "said",
    [
        "Exijo se deje constancia por escrito de que el titular entregó en la agencia de CNT EP los equipos:",
        "Reclamamos que nos siguen facturando pese a que el abonado devolvió a CNT EP los equipos:",
        "Favor emitir el acta correspondiente, por cuanto el abonado entregó los equipos a CNT EP:",
        "Certificamos que el cliente devolvió en nuestra agencia los equipos de su servicio:",
        "Acudimos a pedir la constancia, pues el abonado devolvió a CNT EP los equipos:",
    ],
)
def test_a_letter_written_to_the_company_returns_nothing_whatever_number_it_bears(head: str, said: str) -> None:
    paper = read(WRITTEN_TO_US.format(head=head, said=said))
    assert not (is_a_return(paper) and paper.ours), paper.because


@pytest.mark.parametrize(
    ("serial", "proven"), [("5534790847760", False), ("S534790847760", True), ("2534790847760", True)]
)
def test_a_five_that_may_be_an_s_in_front_of_twelve_digits_is_never_proven(serial: str, *, proven: bool) -> None:
    (line,) = twice(form(serial=serial)).equipment
    assert line.serial is not None
    assert (line.serial.value, line.serial.proven) == (serial, proven)
