"""Whose a value is: what may be another's is read, but never called proven.

Each page is a trap that was fallen into.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_fields import BOOK, HEAD, document, typed, value

from evidence_daemon.canonical import label_form
from evidence_daemon.documents.fields import read_papers
from evidence_daemon.model import Direction, Engine, Fields, Page, Witness
from evidence_daemon.rulebook import DocumentsBook

RETURN = f"{HEAD}\n            ACTA DE DEVOLUCION DE EQUIPOS\n\n"
SIGNED = "\n\n\n  Firma del cliente                    Recibí conforme CNT EP\n"


def drawn(text: str) -> Page:
    """A page that two engines read alike: all that it says is sure, whose it is may not be."""
    page = typed(text)
    again = replace(typed(text, engine=Engine.RAPIDOCR), number=1)
    return replace(page, witnesses=(Witness(Engine.RAPIDOCR, again.words),))


def read(*texts: str, book: DocumentsBook = BOOK) -> Fields:
    papers = read_papers([document(*map(drawn, texts))], book)
    assert len(papers) == 1
    return papers[0]


def proven(paper: Fields, name: str) -> bool:
    field = getattr(paper, name)
    return field is not None and field.proven


def test_what_nothing_rivals_is_proven() -> None:
    paper = read(
        f"{RETURN}  Titular: MORALES ÑAUÑAY JUANA ISABEL\n  Cédula: 1700000019      Servicio No.: 022345678\n"
        f"  Acta No. 00012345       Fecha: 12/03/2021\n  ONT Huawei HG8245Q2   Serie: HWTCC661499D\n{SIGNED}"
    )
    for name in ("holder", "id_number", "service_number", "number", "date"):
        assert proven(paper, name), name
    assert paper.equipment[0].serial is not None and paper.equipment[0].serial.proven
    assert paper.direction is Direction.DEVOLUCION


@pytest.mark.parametrize("who", ["abonado", "titular"])
def test_who_gives_back_as_the_subscriber_is_the_holder(who: str) -> None:
    sentence = "Yo, MORALES PAZ JUANA ANA, con C.I. 1700000019, en calidad de"
    assert proven(read(f"{RETURN}  {sentence} {who} del servicio,\n{SIGNED}"), "id_number")
    assert not proven(read(f"{RETURN}  {sentence} asesor de la empresa,\n{SIGNED}"), "id_number")


@pytest.mark.parametrize(
    ("serial", "sure"),
    [("HWTC1EFE2B59", True), ("HWTC1EPE2B59", False), ("485754431EFE2B59", True), ("485754431EFE2B5P", False)],
)
def test_a_vendors_number_that_cannot_be_one_was_misread_by_all(serial: str, sure: bool) -> None:
    paper = read(f"{RETURN}  Titular: MORALES PAZ JUANA\n  ONT Huawei HG8245Q2   Serie: {serial}\n{SIGNED}")
    assert paper.equipment[0].serial is not None
    read_as = label_form(paper.equipment[0].serial.value), paper.equipment[0].serial.proven
    assert read_as == (label_form(serial), sure)


@pytest.mark.parametrize("written", ["1700000019", "1700 000019", "l700000019"])
def test_who_represents_the_company_is_not_the_holder_however_his_number_was_read(written: str) -> None:
    page = typed(
        f"{RETURN}  Comparece la CORPORACION NACIONAL DE TELECOMUNICACIONES CNT EP, representada por\n"
        f"  PEREZ MORA LUIS, con cédula {written}, en adelante la Empresa.\n{SIGNED}"
    )
    (paper,) = read_papers([document(page, name="p")], BOOK)
    assert paper.id_number is None or not paper.id_number.proven


def test_a_name_in_small_letters_under_which_it_goes_on_is_not_proven() -> None:
    assert not proven(
        read(f"{RETURN}  Cliente: Nacato Guingla Paola       Fecha: 12/03/2021\n  Transito\n{SIGNED}"), "holder"
    )


@pytest.mark.parametrize(("beside", "sure"), [("", False), ("   MAC: 98:F5:37:10:4F:9C", True)])
def test_a_serial_that_may_be_the_mac_is_proven_only_beside_one(beside: str, sure: bool) -> None:
    paper = read(f"{RETURN}  Titular: MORALES PAZ JUANA\n  ONT Huawei   Serie: 2AE9115E9F9F{beside}\n{SIGNED}")
    assert paper.equipment[0].serial is not None
    assert paper.equipment[0].serial.proven is sure


BANDS = """
  Acta 0054871             Solicitud 9529867177
  Nombres y apellidos: GENOVEVA FAUSTO TOBAR
  C.I./RUC: 1700000019     Teléfono: 023731700

  Nombres y apellidos: FIALLOS PEREZ DIOGENES
  C.I./RUC: 0900000027     Servicio: 062837926
"""


def test_the_number_of_the_acta_is_told_from_that_of_a_request() -> None:
    paper = read(RETURN + BANDS + SIGNED)
    assert (value(paper.number), proven(paper, "number")) == ("0054871", True)


@pytest.mark.parametrize("name", ["holder", "id_number", "service_number"])
def test_two_people_under_the_same_captions_prove_nothing(name: str) -> None:
    paper = read(RETURN + BANDS + SIGNED)
    field = getattr(paper, name)
    assert field is not None and not field.proven and field.confidence <= 0.5 and field.rivals


def test_the_holder_is_told_by_his_own_caption() -> None:
    paper = read(
        f"{RETURN}  Se presenta: ANA MORA PAZ     C.I. 0900000027\n"
        f"  Titular: JUANA MORALES PAZ    Cédula/RUC del titular: 1700000019\n{SIGNED}"
    )
    assert value(paper.id_number) != "0900000027" or not proven(paper, "id_number")
    paper = read(
        f"{RETURN}  Titular: JUANA MORALES PAZ    Cédula del titular: 1700000019\n"
        f"  C.I. del delegado: 0900000027\n{SIGNED}"
    )
    assert value(paper.id_number) == "1700000019" and proven(paper, "id_number")


@pytest.mark.parametrize("line", ["C.C. custodio 1700000019", "C.C. tía política 1700000019"])
def test_a_caption_that_goes_on_is_another_caption(line: str) -> None:
    assert not proven(read(f"{RETURN}  {line}\n{SIGNED}"), "id_number")


def test_a_day_of_something_else_is_not_proven() -> None:
    assert not proven(read(f"{RETURN}  Fecha de consulta: 24/09/2023\n{SIGNED}"), "date")
    assert proven(read(f"{RETURN}  Fecha: Quito, 24/09/2023\n{SIGNED}"), "date")


def test_two_values_in_one_cell_are_a_correction_of_which_nobody_sees_the_stroke() -> None:
    paper = read(
        f"{RETURN}  Fecha:        22-11-2020 23-11-2020\n  Cédula/RUC:   1700000019 0900000027\n"
        f"  ONT ZTE F680   Serie ZTEG12345678 ZTEG3860F47C\n{SIGNED}"
    )
    assert not proven(paper, "date") and not proven(paper, "id_number")
    assert not any(line.serial and line.serial.proven for line in paper.equipment)


@pytest.mark.parametrize("caption", ["CLIENTE: ", "CLIENTE:"])
def test_a_name_under_which_another_word_stands_is_not_proven(caption: str) -> None:
    lines = f"  {caption}DELGADO FIALLOS NORMA      CC/RUC: 1700000019\n"
    assert not proven(read(f"{RETURN}{lines}  IRMA\n  PRODUCTO: INTERNET\n{SIGNED}"), "holder")
    assert proven(read(f"{RETURN}{lines}  PRODUCTO: INTERNET\n{SIGNED}"), "holder")


@pytest.mark.parametrize(("printed", "sure"), [("Y Y894662682", False), ("SN Y894662682", True), ("Y894662682", True)])
def test_letters_a_blank_before_a_serial_may_be_its_beginning(printed: str, sure: bool) -> None:
    paper = read(f"{RETURN}  Serie          Equipo\n  {printed}   Decodificador\n{SIGNED}")
    assert [line.serial.proven for line in paper.equipment if line.serial] == [sure]


def test_bare_digits_that_are_all_of_a_row_are_no_proven_mac() -> None:
    table = "  Equipo        Marca    Serie / MAC\n  Extensor      ZTE      {}\n"
    (one,) = read(f"{RETURN}{table.format('361EF3543FAD')}{SIGNED}").equipment
    assert one.mac is None or not one.mac.proven
    (one,) = read(f"{RETURN}{table.format('36:1E:F3:54:3F:AD')}{SIGNED}").equipment
    assert one.mac is not None and one.mac.proven


TABLE = """
  Equipo          Marca      {head}               Estado
  ONT             Huawei     HWTCC661499D        {state}
  Control remoto
"""


@pytest.mark.parametrize(
    ("head", "state", "line"),
    [
        ("Serie", "PENDIENTE", ""),
        ("Serie", "NO ENTREGADO", ""),
        ("Serie anterior", "Bueno", ""),
        ("Serie", "Bueno", "  ¿Qué equipos quedan en poder del cliente?"),
        ("Serie", "Bueno", "  Faltantes (el abonado conserva):"),
        ("Serie", "Bueno", "  Por devolver:"),
    ],
)
def test_where_words_tell_of_equipment_that_stayed_none_is_proven(head: str, state: str, line: str) -> None:
    paper = read(f"{RETURN}{TABLE.format(head=head, state=state)}\n{line}\n{SIGNED}")
    assert paper.equipment and not any(line.serial and line.serial.proven for line in paper.equipment)
    # A number that equals the one on file counts from 0.4 on, and what has no number is counted: a person looks.
    assert all(line.serial.confidence < 0.4 for line in paper.equipment if line.serial)
    assert paper.direction is Direction.DESCONOCIDA


@pytest.mark.parametrize(
    "line",
    [
        "Saldo pendiente: 0,00",
        "Sin valores pendientes por este concepto.",
        "Nada queda pendiente.",
        "Los equipos quedan en poder de CNT EP.",
    ],
)
def test_what_is_owed_or_stays_with_the_company_is_no_such_word(line: str) -> None:
    paper = read(f"{RETURN}{TABLE.format(head='Serie', state='Bueno')}\n  {line}\n{SIGNED}")
    assert any(line.serial and line.serial.proven for line in paper.equipment)
    assert paper.direction is Direction.DEVOLUCION


def test_a_page_about_another_customer_takes_the_proof_from_all() -> None:
    first = f"{RETURN}  Cliente: JUANA MORALES PAZ\n  Cédula: 1700000019\n  ONT Huawei   Serie: HWTCC661499D\n{SIGNED}"
    second = f"{HEAD}\n  FICHA DE OTRO TRAMITE\n\n  Cliente: TOBAR VERA LAURO\n  Cédula: 0900000027\n"
    paper = read(first, second)
    assert not proven(paper, "id_number") and not proven(paper, "holder")
    assert not any(line.serial and line.serial.proven for line in paper.equipment)
    assert paper.direction is Direction.DESCONOCIDA
    assert any("otro cliente" in word for word in paper.because)


def test_a_list_of_customers_is_nobodys_act() -> None:
    rows = "\n".join(
        f"  {name}      {number}     {serial}"
        for name, number, serial in (
            ("JUANA MORALES PAZ", "1700000019", "HWTCC661499D"),
            ("LUIS PEREZ MORA", "0900000027", "HWTCC661499E"),
            ("ANA VERA TOBAR", "1710034065", "HWTCC661499F"),
        )
    )
    paper = read(f"{RETURN}  Cliente               Cédula         Serie\n{rows}\n{SIGNED}")
    assert paper.direction is Direction.DESCONOCIDA
    assert not proven(paper, "id_number") and not proven(paper, "holder")


@pytest.mark.parametrize(
    "line",
    [
        "Ejemplo con fines de capacitación.",
        "Los datos son ficticios.",
        "MODELO DE LLENADO",
        "Lámina 17 de 42",
        "MUESTRA",
        "La presente acta queda sin efecto.",
        "el titular desiste del retiro y se lleva sus equipos",
        "EN PROCESO equipos aún no ingresados",
        "Motivo: traslado de domicilio",
        "NOMINA DE CLIENTES ATENDIDOS",
    ],
)
def test_what_shows_or_undoes_an_act_is_none(line: str) -> None:
    paper = read(f"{RETURN}  Cliente: JUANA MORALES PAZ\n  ONT Huawei   Serie: HWTCC661499D\n\n  {line}\n{SIGNED}")
    assert paper.direction is Direction.DESCONOCIDA
    assert any(word.startswith("contra: ") for word in paper.because)


@pytest.mark.parametrize("line", ["(por ejemplo, control remoto)", "https://portal.ejemplo.ec/equipos"])
def test_an_example_among_other_words_is_none(line: str) -> None:
    paper = read(f"{RETURN}  Cliente: JUANA MORALES PAZ\n  ONT Huawei   Serie: HWTCC661499D\n\n  {line}\n{SIGNED}")
    assert paper.direction is Direction.DEVOLUCION


def test_a_name_that_the_paper_shows_elsewhere_with_more_to_it_is_not_proven() -> None:
    line = f"{RETURN}  TITULAR: ISABEL JARAMILLO LEMA      CC/RUC: 1700000019\n"
    foot = "\n" * 25 + "  {}\n  C.I. 1700000019\n  EL ABONADO\n"
    assert proven(read(line + foot.format("Isabel Jaramillo Lema")), "holder")
    assert not proven(read(line + foot.format("Nelly Isabel Jaramillo Lema")), "holder")
    assert not proven(read(line + foot.format("Isabel Jaramillo Lema Paz")), "holder")
    for title in ("Sra.", "Dra.", "Abg.", "Atentamente"):
        assert proven(read(line + foot.format(f"{title} Isabel Jaramillo Lema")), "holder")


def test_a_mac_in_a_table_that_lies_on_its_side_is_no_proven_serial_though_its_caption_was_misread() -> None:
    paper = read(
        f"{RETURN}  TITULAR: JARAMILLO LEMA ISABEL      CC/RUC: 1700000019\n\n"
        "  Tipo de bien      ROUTER ADSL           Fabricante    Huawei/HG530\n"
        "  Serie             2102065770457987      Direcciónisica   4C1FCC979D45\n"
        "  Tipo de bien      REPETIDOR WIFI        Fabricante    Huawei/WS322\n"
        "  Serie             2150890302305562      Dirección física (MAC)   AC853D48FB4E\n"
    )
    first, second = (line.serial for line in paper.equipment)
    assert first is not None and first.proven and first.value == "2102065770457987"
    assert second is not None and not second.proven
