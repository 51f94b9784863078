"""Forms that were met late: each is a page that showed a value which was missed, or taken for another."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from reportlab.pdfgen.canvas import Canvas
from test_fields import BOOK, HEAD, document, read, typed, value

from evidence_daemon.canonical import label_form
from evidence_daemon.documents import pdf
from evidence_daemon.documents.dates import as_date
from evidence_daemon.documents.fields import read_papers
from evidence_daemon.documents.labelled import LOOSE
from evidence_daemon.documents.layout import Sheet, Span
from evidence_daemon.documents.people import person
from evidence_daemon.documents.sandbox import Frame
from evidence_daemon.documents.wanting import wanted
from evidence_daemon.model import Box, Direction, DocumentKind, Engine, EquipmentType, Fields, Witness, Word

RETURN = f"{HEAD}\n            ACTA DE DEVOLUCION DE EQUIPOS\n\n"


def serials(paper: Fields) -> list[str]:
    return [value(line.serial) for line in paper.equipment if line.serial]


def test_captions_of_several_labels_under_their_values_name_what_stands_over_them() -> None:
    paper = read(
        RETURN
        + """
  AC006261                 Manta                     23 04 2022
  No. DE FORMULARIO        CANTON                    FECHA (DIA MES AÑO)

  MORALES PEREZ JUANA                                1700000019
  APELLIDOS Y NOMBRES / RAZON SOCIAL DEL ABONADO     CEDULA DE IDENTIDAD / RUC

  05-3293298               Internet fijo             0972082408
  NUMERO DEL SERVICIO      TIPO DE SERVICIO          TELEFONO DE CONTACTO

  Modem de fibra           Huawei EG8141A5    4857 5443 5185 16DC    3247321699BA
  BIEN                     MARCA Y MODELO     N. DE SERIE            DIRECCION MAC
"""
    )
    assert value(paper.id_number) == "1700000019"
    assert value(paper.holder) == "MORALES PEREZ JUANA"
    assert value(paper.date) == "2022-04-23"
    assert value(paper.service_number) == "053293298"
    assert serials(paper) == ["48575443518516DC"] or serials(paper) == ["HWTC518516DC"]


def test_captions_at_the_end_of_the_line_name_what_stands_before_them() -> None:
    paper = read(
        RETURN
        + """
  001-064-0009064                                     numero de acta
  31 de marzo de 2022                                 fecha de recepcion
  MORALES PEREZ JUANA                                 titular del servicio
  1700000019                                          cedula / RUC del titular
  043023898                                           numero de servicio
  1. ONT Huawei HG8546M                               equipo
  HWTC-06C6E02A                                       nro. serial
  7663.a463.abc2                                      MAC address
"""
    )
    assert value(paper.number) == "001-064-0009064"
    assert value(paper.holder) == "MORALES PEREZ JUANA"
    assert value(paper.id_number) == "1700000019"
    assert value(paper.service_number) == "043023898"
    assert serials(paper) == ["HWTC06C6E02A"]
    assert [value(line.mac) for line in paper.equipment if line.mac] == ["7663A463ABC2"]


def test_captions_in_two_languages_are_captions() -> None:
    paper = read(
        RETURN
        + """
  Acta / Form No.                   Fecha / Date
  00022754                          21-MAR-2025

  Cliente / Customer                C.I.-RUC / ID No.        Cuenta / Service No.
  MORALES PEREZ JUANA               1700000019               062084866
"""
    )
    assert value(paper.number) == "00022754"
    assert value(paper.holder) == "MORALES PEREZ JUANA"
    assert value(paper.service_number) == "062084866"


@pytest.mark.parametrize(
    ("printed", "serial"),
    [
        ("ZTEG 3F32372F", "ZTEG3F32372F"),
        ("0170 7501 0985 7610", "0170750109857610"),
        ("4857 5443 5185 16DC", "HWTC518516DC"),
        ("K A 2 7 4 0 2 2 2 4 2", "KA274022242"),
        ("SK-8289666-17", "SK828966617"),
        ("0170 7501 0985 76", "01707501098576"),
        ("XT5D 3725 1614 50", "XT5D3725161450"),
    ],
)
def test_a_serial_that_is_printed_in_pieces_is_one(printed: str, serial: str) -> None:
    assert serials(read(f"{RETURN}\n  1) Decodificador HD Kaon\n     SERIE: {printed}\n")) == [serial]
    table = f"  Equipo        Marca       Modelo       Serie\n  Deco          Kaon        KSTB2077     {printed}\n"
    assert serials(read(f"{RETURN}\n{table}")) == [serial]


@pytest.mark.parametrize("printed", ["ZTE6 28C36445", "0170 7501"])
def test_a_piece_of_a_serial_is_never_proven(printed: str) -> None:
    page = typed(f"{RETURN}\n  1) ONT wifi ZTE F680\n     SERIE: {printed}\n")
    (paper,) = read_papers([document(page, page)], BOOK)
    assert not any(line.serial and line.serial.proven for line in paper.equipment)


def test_a_remark_in_the_column_of_serials_is_none() -> None:
    table = "  Equipo    Marca    Modelo      Serie\n  Deco      Kaon     KSTB2077    No entregado USD 75.00\n"
    assert serials(read(f"{RETURN}\n{table}")) == []


def test_a_name_that_runs_up_to_the_next_label_ends_before_it() -> None:
    paper = read(f"{RETURN}\n  Nombres y apellidos    YOLANDA DEL CASTILLO C.I.    1700000019\n")
    assert value(paper.holder) == "YOLANDA DEL CASTILLO"
    assert value(paper.id_number) == "1700000019"


def test_a_sentence_with_serial_and_mac_heads_no_table_and_goes_on_in_the_next_line() -> None:
    paper = read(
        RETURN
        + """
  El cliente devuelve a la empresa los equipos que siguen:
  a) ONT, marca y modelo Nokia G-240W-C, de serie ALCLE369316B, dirección MAC
     32:59:57:2D:D5:E8.
  b) Extensor mesh, marca y modelo ZTE H196A, de serie 1E64A756A229.
"""
    )
    assert serials(paper) == ["ALCLE369316B", "1E64A756A229"]
    assert [value(line.mac) for line in paper.equipment if line.mac] == ["3259572DD5E8"]


COMPARE = (
    HEAD
    + """
       ACTA DE ENTREGA RECEPCION POR DEVOLUCION DE EQUIPOS

  En la ciudad de Manta, a los dieciocho días del mes de agosto de dos mil veinticuatro, comparecen
  por una parte CNT EP, representada en este acto por XAVIER ZOILA BAQUE MORA, portador de la cédula
  de ciudadanía No. 0900000027, en calidad de asesor de CAC Norte; y por otra parte,
  JUANA MORALES PEREZ, portadora de la cédula de ciudadanía No. 1700000019, abonada del servicio
  signado con el número 49064736. Que terminado el contrato suscrito el 14/10/2022, EL CLIENTE
  entrega y LA EMPRESA recibe un ONT marca ZTE modelo F680 serie número ZTEG FB01E7DC.
"""
)


def test_whom_the_company_sends_is_not_the_holder_of_an_act() -> None:
    paper = read(COMPARE)
    assert value(paper.date) == "2024-08-18"
    assert value(paper.holder) in {"", "JUANA MORALES PEREZ"}
    found = paper.id_number
    assert found is None or found.value == "1700000019" or not found.proven


def test_the_numbers_of_lines_in_the_margin_are_no_words() -> None:
    lines = [line for line in COMPARE.splitlines() if line.strip()]
    numbered = "\n".join(f"{n:<4}{line}" for n, line in enumerate(lines, start=1))
    assert all(len(row[0].text) > 2 for row in Sheet(typed(numbered)).rows)


RESTITUTION = """
   CNT empresa pública
                    ACTA DE ENTREGA-RECEPCIÓN
   {said}

   2.1. Un Aparato telefónico, marca Huawei, modelo ETS2222, serie N. 92353223709


   EL ABONADO                             POR LA CNT EP
   Av. Amazonas N36-49 y Corea   Quito   Teléfono (02) 373-1700   www.cnt.gob.ec
"""


@pytest.mark.parametrize(
    ("said", "direction"),
    [
        ("El abonado restituye en este acto a la CNT EP los siguientes bienes:", Direction.DEVOLUCION),
        ("El suscriptor reintegra a CNT EP los equipos que constan en esta hoja.", Direction.DEVOLUCION),
        ("El cliente pone a disposición de CNT EP los equipos recogidos.", Direction.DEVOLUCION),
        ("La CNT EP, por intermedio del servidor, acepta la restitución de los bienes.", Direction.DEVOLUCION),
        ("El abonado restituirá a la CNT EP los equipos al término del contrato.", Direction.DESCONOCIDA),
        ("El abonado reintegra a CNT EP los equipos cuando termine el contrato.", Direction.DESCONOCIDA),
        ("El cliente retorna los equipos en caso de daño.", Direction.DESCONOCIDA),
    ],
)
def test_a_return_is_told_by_other_verbs_of_what_is_done_now(said: str, direction: Direction) -> None:
    assert read(RESTITUTION.format(said=said)).direction is direction


def test_the_companys_own_telephone_is_no_customers_service() -> None:
    said = "El abonado restituye en este acto a la CNT EP los siguientes bienes:"
    for foot in ("www.cnt.gob.ec", "PBX"):
        assert read(RESTITUTION.replace("www.cnt.gob.ec", foot).format(said=said)).service_number is None
    lower = RESTITUTION.replace("www.cnt.gob.ec", "").replace("   Av.", "\n" * 48 + "   Av.")
    assert read(lower.format(said=said)).service_number is None
    stated = RESTITUTION.format(said=f"Teléfono: 042537811\n   {said}")
    assert value(read(stated).service_number) == "042537811"


@pytest.mark.parametrize("why", ["Desistimiento del servicio", "Desistimiento", "Falta de uso del servicio"])
def test_why_somebody_ends_his_service_is_no_doubt(why: str) -> None:
    said = f"Motivo: {why}\n\n   El abonado restituye en este acto a la CNT EP los siguientes bienes:"
    assert read(RESTITUTION.format(said=said)).direction is Direction.DEVOLUCION
    for doubt in ("El abonado desiste de la entrega.", "Desistimiento de la devolución."):
        assert read(RESTITUTION.format(said=f"{said}\n   {doubt}")).direction is Direction.DESCONOCIDA


def test_a_title_in_capitals_beside_a_number_is_one() -> None:
    text = """
   FIBRA NORTE S.A.
   RUC 1391877624001 Contratista autorizado de CNT EP
   ACTA DE RECOLECCION DE EQUIPOS EN SITIO          Visita RC 68077

   El cliente pone a disposición de CNT EP los equipos.
"""
    assert read(text).kind is DocumentKind.ACTA
    assert read(text.replace("ACTA DE RECOLECCION DE EQUIPOS EN SITIO", "Acta")).kind is not DocumentKind.ACTA


def test_who_does_something_else_in_one_sentence_is_not_who_gives_back() -> None:
    paper = read(
        RESTITUTION.format(said="EQUIPOS DE PROPIEDAD DE CNT EP. EL ABONADO LOS\n   DEVUELVE Y LA EMPRESA LOS RECIBE.")
    )
    assert paper.direction is Direction.DEVOLUCION


def test_a_service_is_read_behind_its_short_label() -> None:
    said = "SERV. 02 335 3632 AUDIO Y VIDEO POR SUSCRIPCION\n   DEVUELVE: MORALES PAZ JUANA"
    assert value(read(RESTITUTION.format(said=said)).service_number) == "023353632"


def test_who_receives_for_the_company_in_a_sentence_is_not_the_holder() -> None:
    said = "Los recibe por la empresa VELIZ HARO MARCO, con cédula 1700000019. Para constancia firman las partes."
    number = read(RESTITUTION.format(said=f"El abonado restituye a CNT EP los bienes.\n   {said}")).id_number
    assert number is None or not number.proven
    own = "Los recibe por la empresa el asesor. El abonado MORALES PAZ JUANA, con cédula 1700000019, firma."
    number = read(RESTITUTION.format(said=f"El abonado restituye a CNT EP los bienes.\n   {own}")).id_number
    assert number is not None and number.value == "1700000019" and number.proven


def test_a_delegates_number_under_a_list_is_no_serial() -> None:
    listed = (
        RETURN
        + """
   Equipo                Marca      Modelo     Serie
   Módem ADSL            Huawei     HG530      2102311882010
   Fuente de poder

   Delegado: PEREZ VACA HUGO                   C.I. del delegado: 0900000027
"""
    )
    assert serials(read(listed)) == ["2102311882010"]
    assert serials(read(listed.replace("2102311882010", "0900000027"))) == ["0900000027"]


@pytest.mark.parametrize(
    "line", ["(Instalación)  (X) Retiro  (Cambio)", "( ) Instalación ( ) Retiro", "[x] a [ ] Retiro Baja Alta"]
)
def test_a_line_of_boxes_may_begin_with_a_bracket(line: str) -> None:
    places = [wanted(typed(RETURN + text), BOOK).offered for text in (f"   {line}", f"   {line[1:]}", f"   ({line}")]
    assert any(places) and all(len(things) != 1 for lines in places for things in lines)


@pytest.mark.parametrize("sign", ["N.º", "N.2", "N.9", "N.2£", "N.?", "No."])
@pytest.mark.parametrize("service", ["internet fijo", "TV DTH", "internet gpon", "televisión"])
def test_a_number_behind_a_named_service_is_its_own_however_its_sign_was_read(sign: str, service: str) -> None:
    paper = read(f"""{HEAD}
        ACTA DE ENTREGA - RECEPCION DE EQUIPOS
                 {sign} CAC-2025-04744

  comparecen: por una parte, el señor MORALES PAZ JUAN, con cédula de ciudadanía
  {sign} 1700000019, titular del servicio de {service} {sign} 35395368, a quien en adelante se
  denominará el cliente.
""")
    assert (value(paper.number), value(paper.id_number)) == ("CAC-2025-04744", "1700000019")
    assert value(paper.service_number) == "35395368"


def test_a_house_with_a_number_labels_none() -> None:
    for said in ("Medidor N9 12345678", "Manzana 4 Lote N2 345678", "Barrio N2 0991234567"):
        number = read(f"{RETURN}  Cliente: MORALES PAZ JUANA\n  {said}\n").number
        assert number is None, said


def test_what_a_colon_parts_may_be_a_title_and_a_value_that_wraps_is_none() -> None:
    stored = "INGRESO A BODEGA: EQUIPOS RETIRADOS A CLIENTES"
    paper = read(f"{HEAD}\n     {stored}\n\n  El cliente entrega a CNT EP los equipos.\n")
    assert (paper.kind, paper.direction) == (DocumentKind.ACTA, Direction.DEVOLUCION)
    titled = f"{HEAD}\n     CONSTANCIA DE DEVOLUCION DE EQUIPOS\n\n"
    wrapped = read(
        f"{titled}  Agencia          CAC Sur\n  Motivo           solicitud del\n                   abonado\n"
    )
    assert wrapped.kind is DocumentKind.ACTA
    for outside in ("MANUAL DE USUARIO", "SALIDA DE BODEGA", "AVISO AL CLIENTE"):
        other = read(
            f"{HEAD}\n     {outside}: EQUIPOS DEVUELTOS POR CLIENTES\n\n  El cliente entrega a CNT EP los equipos.\n"
        )
        assert other.kind is not DocumentKind.ACTA, outside
    asked = read(f"{titled}     Solicitud del cliente\n")
    assert asked.kind is not DocumentKind.ACTA


def test_a_number_goes_on_where_its_label_begins() -> None:
    paper = read(
        RETURN + "  Documento N.º CAC-      CNT EP\n  2025-43672              Quito\n\n  Cliente: MORALES PAZ JUANA\n"
    )
    assert value(paper.number) == "CAC-2025-43672"


def test_a_name_in_two_lines_stands_beside_a_label_between_them() -> None:
    form = """
            ANA LUCIA NARANJO          MODEM OPTICO ONT Huawei
  Titular
            ZAMBRANO                   Serie: HWTC1464ADFE
  C.I./RUC  0240640888                 CABLE DE RED
"""
    holder = read(RETURN + form).holder
    assert holder is not None and (holder.value, holder.proven) == ("ANA LUCIA NARANJO ZAMBRANO", False)
    other = (
        form.replace("            ZAMBRANO ", "  Agencia   ZAMBRANO ")
        .replace("  Titular\n", "")
        .replace("            ANA", "  Titular   ANA")
    )
    assert value(read(RETURN + other).holder) == "ANA LUCIA NARANJO"


@pytest.mark.parametrize("serial", ["ZTEMNXRA0DXZMY", "ZTE9HQRM7RLHXU"])
def test_a_vendors_serial_may_have_few_digits(serial: str) -> None:
    paper = read(RETURN + f"  1. MODEM ROUTER marca ZTE, modelo ZXHN H108N, No. de serie: {serial}, MAC:\n")
    assert serials(paper) == [serial]
    model = read(RETURN + "  Equipo: MODEM   serie: ZTEZXHNH168NV   HWTCC661499D\n")
    assert "ZTEZXHNH168NV" not in serials(model)


def test_an_office_is_nobodys_name() -> None:
    names = ("AGENCIA RIOBAMBA NORTE", "Agencia Quito", "AGENCIA DE VIAJES SOL DEL SUR")
    spans = (Span(tuple(Word(word, Box(0.1, 0.1, 0.2, 0.11), 1.0, 0) for word in name.split())) for name in names)
    assert list(map(person, spans)) == ["", "", "AGENCIA DE VIAJES SOL DEL SUR"]


def test_a_day_that_has_lost_a_digit_is_none() -> None:
    assert [as_date(text) for text in ("2025-03-1", "2025-3-1", "2025-03-11")] == ["", "2025-03-01", "2025-03-11"]


def test_the_day_of_a_stamp_may_stand_without_blanks_and_letters_beside_it_make_none() -> None:
    assert [as_date(text) for text in ("24ABR2022", "24 ABR 2022", "KN24ABR2022", "24ABR2022X", "24ABR20221")] == [
        "2022-04-24", "2022-04-24", "", "", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("al primer día del mes de enero de dos mil veinte", ""),
        ("a los dos (2) días del mes de mayo del año dos mil veintiuno", "2021-05-02"),
        ("a los treinta y un días de julio de dos mil treinta y uno", "2031-07-31"),
        ("a los veintisiete (27) días del mes de diciembre de 2025, comparecen", "2025-12-27"),
        ("a los dieciocho días del mes de agosto del año 2026", "2026-08-18"),
        ("a los diecioeho (18) días del mes de agosto de 2026", "2026-08-18"),
        ("a los dieciocho (19) días del mes de agosto de 2026", "no day"),
        ("veinte y cinco de mayo de 2021", "2021-05-25"),
        ("a los diez y ocho (18) días de mayo de 2021", "2021-05-18"),
        ("veinti cinco de mayo de 2021", "2021-05-25"),
        ("cuarenta y dos de mayo de 2021", "no day"),
        ("en el plazo de ocho dias de mayo de 2021", "no day"),
    ],
)
def test_days_in_words(said: str, day: str) -> None:
    assert as_date(said) == day.replace("no day", "") or (not day and as_date(said) in {"", "2020-01-01"})


PEOPLE = """
                   TITULAR DEL SERVICIO        ENTREGADO POR               RECIBIDO POR
  Nombre           MORALES PEREZ JUANA         LUIS ARTEAGA BUENO          PEDRO NUÑEZ BAQUE
  Cédula/RUC       1700000019                  0900000027                  0100000033
  Firma

  Equipo             Marca       Modelo       Serie             MAC
  ONT wifi           ZTE         F680         ZTEG3F32372F      c2bd.1c41.cbd1
"""


def test_in_a_table_of_people_the_holders_column_counts_wherever_it_stands() -> None:
    paper = read(RETURN + PEOPLE)
    assert (value(paper.holder), value(paper.id_number)) == ("MORALES PEREZ JUANA", "1700000019")
    assert serials(paper) == ["ZTEG3F32372F"]
    other = PEOPLE.replace(
        "TITULAR DEL SERVICIO        ENTREGADO POR       ", "ENTREGADO POR               TITULAR DEL SERVICIO"
    )
    paper = read(RETURN + other)
    assert (value(paper.holder), value(paper.id_number)) == ("LUIS ARTEAGA BUENO", "0900000027")


def test_of_several_numbers_in_a_row_that_no_heading_gives_to_somebody_none_is_proven() -> None:
    page = typed(f"{RETURN}\n  Cédula/RUC       1700000019                  0900000027\n")
    (paper,) = read_papers([document(page)], BOOK)
    assert paper.id_number is None or not paper.id_number.proven


def test_the_telephone_beside_the_holders_number_takes_nothing_from_it() -> None:
    paper = read(f"{RETURN}\n  Cédula/RUC       1700000019       Teléfono celular       0991234567\n")
    assert paper.id_number is not None
    assert (paper.id_number.value, paper.id_number.proven) == ("1700000019", True)


def test_a_representatives_number_is_not_the_holders() -> None:
    paper = read(
        f"{RETURN}\n  Razón social:   ESCUELA NUEVA    RUCIC:L:   1899937658001\n  C.I. represent.:    1700000019\n"
    )
    assert value(paper.id_number) != "1700000019"


def test_a_name_of_three_words_that_goes_on_under_them_is_not_proven_without_the_rest() -> None:
    page = typed(f"{RETURN}\n       -- CLIENTE --\n   OÑATE TENESACA NANCY\n         YOLANDA\n\n  CEDULA: 1700000019\n")
    (paper,) = read_papers([document(page)], BOOK)
    assert paper.holder is not None
    assert (paper.holder.value, paper.holder.proven) == ("OÑATE TENESACA NANCY YOLANDA", False)


def test_a_name_in_three_boxes_is_one() -> None:
    paper = read(
        f"{RETURN}\n  APELLIDO PATERNO / RAZON SOCIAL     APELLIDO MATERNO        NOMBRES\n"
        "  MORALES                             PEREZ                   JUANA\n"
    )
    assert value(paper.holder) == "MORALES PEREZ JUANA"


def test_a_name_in_a_box_for_each_letter_is_one() -> None:
    paper = read(
        f"{RETURN}\n  APELLIDOS Y NOMBRES COMPLETOS (LETRA DE IMPRENTA)\n  M O R A L E S   P E R E Z   A N A\n"
    )
    assert value(paper.holder) == "MORALES PEREZ ANA"


def test_a_service_number_in_boxes_is_one() -> None:
    assert value(read(f"{RETURN}\n  N° DE SERVICIO: 0 2 3 6 7 4 5 1 2\n").service_number) == "023674512"


def test_the_next_page_of_an_acta_belongs_to_it_whoever_signs_there() -> None:
    first = typed(f"{RETURN}\n  Acta Nro.: 001-046-0055936\n  RUC / C.I.: 1700000019\n  ONT Serie: HWTC19218FC0\n")
    second = typed(f"{RETURN}\n  Acta Nro.: 001-046-0055936\n  Módem Serie: 2153078838F57486\n  C.I.: 0900000027\n")
    (paper,) = read_papers([document(first, second)], BOOK)
    assert serials(paper) == ["HWTC19218FC0", "2153078838F57486"]


TICKET = """
  Recibí de la señora JUANA MORALES PEREZ, con C.C. 1700000019, en devolución los siguientes
  equipos de propiedad de la empresa: ONT ZTE F680 S/N ZTEG28C36445
"""


@pytest.mark.parametrize(
    "words",
    [
        "En consecuencia, nada queda pendiente por concepto de equipos.",
        "ENTREGA A LA EMPRESA:",
        "CNT EP recibe los equipos. No se registran valores por equipos no devueltos.",
        "Total a pagar por equipos no devueltos: USD 0,00",
        "Motivo: Baja del servicio por cambio de domicilio",
    ],
)
def test_what_leaves_nothing_open_is_no_doubt(words: str) -> None:
    paper = read(f"{RETURN}\n  1) Decodificador HD Kaon\n\n  {words}\n")
    assert paper.direction is Direction.DEVOLUCION, paper.because


@pytest.mark.parametrize(
    "words",
    [
        "RETIRO DE EQUIPOS POR TRASLADO DE DOMICILIO",
        "Se retiran los equipos de la dirección anterior y se dejan operativos en la nueva.",
        "Quedan los equipos en poder del abonado.",
        "El contratista devuelve a la bodega los equipos sobrantes, sin uso.",
        "ACTA DE DEVOLUCIÓN DE MATERIALES",
    ],
)
def test_what_is_moved_to_another_place_or_was_never_a_customers_is_no_return(words: str) -> None:
    paper = read(f"{RETURN}\n  1) Decodificador HD Kaon\n\n  {words}\n")
    assert paper.direction is Direction.DESCONOCIDA, paper.because


def test_a_receipt_from_a_customer_in_return_is_a_return() -> None:
    paper = read(f"{HEAD}\n            RECIBO DE EQUIPOS\n{TICKET}")
    assert (paper.kind, paper.direction) == (DocumentKind.ACTA, Direction.DEVOLUCION)


def test_a_sentence_goes_on_in_its_column() -> None:
    paper = read(
        RETURN
        + """
  1) Decodificador HD Kaon
  Fecha                    CNT EP recibe los equipos. No se registran valores por equipos
  5 de mayo de 2021        no devueltos.
"""
    )
    assert paper.direction is Direction.DEVOLUCION, paper.because


def test_a_sentence_goes_on_in_its_column_though_lines_of_the_other_stand_between() -> None:
    page = typed(
        RETURN
        + """
  1) Decodificador HD Kaon
                         CNT EP recibe los equipos. No se registran valores por equipos
  Fecha
                         no devueltos hasta hoy.
  5 de mayo de 2021
"""
    )
    words = []
    for word in page.words:  # the lines of the right column stand closer, as a sentence's do
        lower = 0.6 / 66 if word.text == "Fecha" else 0.9 / 66 if word.text in {"no", "devueltos", "hasta"} else 0.0
        lower = 0.9 / 66 if word.text == "hoy." else lower
        words.append(replace(word, box=replace(word.box, y0=word.box.y0 - lower, y1=word.box.y1 - lower)))
    (paper,) = read_papers([document(replace(page, words=tuple(words)))], BOOK)
    assert paper.direction is Direction.DEVOLUCION, paper.because


@pytest.mark.parametrize(
    ("one", "two", "gap", "read_as"),
    [
        ("46485454CBE", "19514", 0.001, "46485454CBE19514"),
        ("46485454CBE", "19514", 0.012, "46485454CBE"),
        ("ALC", "L1C8B9AF6", 0.001, "ALCL1C8B9AF6"),
    ],
)
def test_a_number_that_an_engine_broke_in_two_is_one(one: str, two: str, gap: float, read_as: str) -> None:
    page = typed(f"{RETURN}\n  ONT FiberHome AN5506   Serie:   {one} {two}\n")
    end = next(word.box.x1 for word in page.words if word.text == one)
    words = [
        replace(word, box=replace(word.box, x0=end + gap, x1=end + gap + 0.05)) if word.text == two else word
        for word in page.words
    ]
    (paper,) = read_papers([document(replace(page, words=tuple(words)))], BOOK)
    assert serials(paper) == [label_form(read_as)]


@pytest.mark.parametrize(
    ("misread", "looked"),
    [("Acta “NT-2020-642869", "“NT-2020-642869"), ("MAC: TEFSBBD3E7FA", "TEFSBBD3E7FA"), ("Ruc 1768152560001", None)],
)
def test_a_number_that_is_no_fields_is_looked_at_while_one_is_missing(misread: str, looked: str | None) -> None:
    page = typed(f"{RETURN}\n  Cédula: 1700000019   Servicio No.: 022345678\n  {misread}\n  ONT Serie: HWTCC661499D\n")
    places = wanted(page, BOOK).unclaimed
    under = [
        w.text
        for w in page.words
        if any(p.x0 <= w.box.x0 and w.box.x1 <= p.x1 and p.y0 <= w.box.y0 < p.y1 for p in places)
    ]
    assert under == ([looked] if looked else [])


def test_an_actas_number_that_was_broken_behind_its_dash_is_whole() -> None:
    assert value(read(f"{RETURN}\n  COMPROBANTE No.: AD- 398007\n").number) == "AD-398007"


@pytest.mark.parametrize(
    ("words", "name", "expected"),
    [
        ("  Usuario: NUÑEZ YUGSI HERNAN\n  Cliente: MORALES PAZ JUANA ANA", "holder", "MORALES PAZ JUANA ANA"),
        ("  Titular: CORPORACION NACIONAL DE TELECOMUNICACI0NES", "holder", ""),
        (
            "  APELLIDOS Y NOMBRES COMPLETOS O RAZÓN SOCIAL\n  MORALES PAZ JUANA ANA",
            "holder",
            "MORALES PAZ JUANA ANA",
        ),
        ("  RUC 1790012345001 Contratista\n  Cédula / RUC: 1700000019", "id_number", "1700000019"),
        ("  TITULAR\n  TELEVISIÓN 31899280", "service_number", "31899280"),
        ("  Servicio de televisión\n  31899280", "service_number", "31899280"),
        ("  Cuenta de servicio: 31899280     Tipo de servicio: Televisión", "service_number", "31899280"),
        ("  CNT EP                                  #SGE-004127", "number", "SGE-004127"),
        ("  NÚMERO: SGE-004127     NÚMERO DE SERVICIO: 022345678", "number", "SGE-004127"),
        ("  Documento........: 90508-2024", "number", "90508-2024"),
        ("  Registro             Cliente\n  90508-2024           MORALES PAZ", "number", "90508-2024"),
        ("  ACTA #        90508-2024\n  TRÁMITE       TR-780136", "number", "90508-2024"),
        ("  Documento: 1700000019", "number", ""),
        ("  N.º de documento: ACT-RET-2024-02052", "number", "ACT-RET-2024-02052"),
        ("  Núm. AR-2024-90171", "number", "AR-2024-90171"),
        ("  Devuelve: Aguirre Ávila Gladys Andrés", "holder", "AGUIRRE ÁVILA GLADYS ANDRÉS"),
        ("  CLTE.  Wampash Tobar Wilmer Iván\n  IDENT.  170000001-9", "id_number", "1700000019"),
        ("  SERVICIO / SERVICE\n  NÚMERO DE SERVICIO / SERVICE NUMBER   022345678", "holder", ""),
        ("  CONSTANCIA RE-0661402", "number", "RE-0661402"),
        ("  ACTA N.º 22-2026-0568-\n           AZO", "number", "22-2026-0568-AZO"),
        ("  Fecha: 23 DE FEBRERO DE\n         2026", "date", "2026-02-23"),
        ("  Fecha: 10 DE OCTUBRE\n         DE 2025,", "date", "2025-10-10"),
        ("  Atención al cliente 1800 100 100\n  C.I.: 1700000019", "id_number", "1700000019"),
        ("  Señor(es): Gladys Paola Puga Del Pozo", "holder", "GLADYS PAOLA PUGA DEL POZO"),
        ("  Cliente: José Paola lñiguez Tapuy", "holder", "JOSÉ PAOLA IÑIGUEZ TAPUY"),
        ("  ORIGINAL: CNT EP COPIA AMARILLA: CLIENTE Form. RE-14 v.2", "holder", ""),
        ("  Titular:   Narváez Baquerizo Lucía\n             Karina", "holder", "NARVÁEZ BAQUERIZO LUCÍA KARINA"),
        ("  CÉDULA\n  1 7 0 0 0 0 0 0 1 9", "id_number", "1700000019"),
        ("  CÉDULA\n  1 7 0 0 o 0 0 0 1 9", "id_number", "1700000019"),
        ("  CÉDULA\n  B 0 17000000l9", "id_number", "1700000019"),
        ("  Documento: 00075781\n  C.I. 1700000019     Servicio No.: 022345678", "number", "00075781"),
        ("  NÚMERO: 00030606\n\n  C.I. 1700000019     Servicio No.: 022345678", "number", "00030606"),
        ("  Documento: DEV-2022-085613\n  Nro. de identificación: 1700000019", "id_number", "1700000019"),
        ("  Quien suscribe, MORALES PAZ JUANA ANA, con C.I. 1700000019, devuelve", "holder", "MORALES PAZ JUANA ANA"),
        ("  Número: 022345678", "number", ""),
        (
            "  DÍA        MES       AÑO         CÉDULA\n  0 8        0 9       2 0 2 3     1700000019",
            "date",
            "2023-09-08",
        ),
        (
            "  DÍA        MES       AÑO\n                                —\n  28         08        2025",
            "date",
            "2025-08-28",
        ),
    ],
)
def test_captions_of_forms_that_were_met_late(words: str, name: str, expected: str) -> None:
    assert value(getattr(read(f"{RETURN}\n{words}\n"), name)) == expected


@pytest.mark.parametrize(
    ("words", "name", "expected"),
    [
        # What is numbered, and a number sign before or behind it.
        ("  N.º CONTROL        FECHA\n  AE25127860         12/03/2021", "number", "AE25127860"),
        ("  Oficio 2026-88439", "number", "2026-88439"),
        ("  O.T. 2025-22775", "number", "2025-22775"),
        ("  Guía interna: LG85723859", "number", "LG85723859"),
        ("  N.º SUSCRIPTOR     N.º INGRESO\n  46721963           ING-29415", "number", "ING-29415"),
        ("  N.º SUSCRIPTOR     N.º INGRESO\n  46721963           ING-29415", "service_number", "46721963"),
        ("  Suscriptor: 61746241", "service_number", "61746241"),
        ("  SUSCRIPTOR\n  170034567", "service_number", ""),
        ("  CUENTA TV\n  68832286", "service_number", "68832286"),
        ("  Servicio finiquitado:   02-2051209 Televisión", "service_number", "022051209"),
        ("  Servicio dado de baja     Producto\n  49114740                  Televisión", "service_number", "49114740"),
        (
            "  Juana Mora Paz, titular de la línea 07\n  886 9902, devolvió en esta agencia lo",
            "service_number",
            "078869902",
        ),
        # A number's caption ends the name before it.
        ("  Usuario: MORA PAZ JUANA ANA, CI 1700000019. Numero: 022345678.", "holder", "MORA PAZ JUANA ANA"),
        ("  Titular: Juana Ana Mora Paz C.I. 1700000019 Servicio 022345678", "holder", "JUANA ANA MORA PAZ"),
        ("  Cliente: Juana Ana Mora Paz Ced. 1700000019", "holder", "JUANA ANA MORA PAZ"),
        ("  Razón social / Nombre Mora Paz Juana Ana", "holder", "MORA PAZ JUANA ANA"),
        # Who bears the number.
        (
            "  Comparece Mora Paz Juana Ana (identificación 1700000019), cliente del servicio",
            "holder",
            "MORA PAZ JUANA ANA",
        ),
        ("  El cliente Mora Paz Juana Ana, identificado con 1700000019, devuelve los", "holder", "MORA PAZ JUANA ANA"),
        ("  Nos entregó: Juana Ana Mora Paz (CI 1700000019)", "holder", "JUANA ANA MORA PAZ"),
        ("  Segundo De la Cruz Paz, portador(a) de la cédula No. 1700000019", "holder", "SEGUNDO DE LA CRUZ PAZ"),
        ("  Yo, Ana Mora Paz Ruiz, técnico de CNT EP, C.I. 1700000027, informo que fui", "holder", ""),
        ("  Los recibe el asesor Juan Pérez Mora Ruiz, C.I. 1700000019, de la", "holder", ""),
        ("  Técnico: Juan Pérez Mora Ruiz C.I. 1700000019 turno de la tarde", "holder", ""),
        ("  SEGUNDA.- Restitución. El Cliente restituye a la Corporación los bienes", "holder", ""),
        # His captions.
        ("  Comodatario (cliente)     MORA PAZ JUANA ANA", "holder", "MORA PAZ JUANA ANA"),
        ("  Entrega (abonado): MORA PAZ JUANA ANA", "holder", "MORA PAZ JUANA ANA"),
        ("  NOMBRE DEL CLIENTE QUE DEVUELVE\n  MORA PAZ JUANA ANA", "holder", "MORA PAZ JUANA ANA"),
        ("  Cliente CNT     Mora Paz Juana Ana", "holder", "MORA PAZ JUANA ANA"),
        ("  ¿Quién entrega?     Juana Ana Mora Paz", "holder", "JUANA ANA MORA PAZ"),
        ("  Quien entrega      Juana Ana Mora Paz", "holder", ""),  # as likely a place to sign
        ("  MORA PAZ JUANA ANA\n  C.I. 1700000019\n  Cta. TV 44057629", "holder", "MORA PAZ JUANA ANA"),
        ("  PUNTO LOJA SUR\n\n\n  C.I. 1700000019", "holder", ""),
        ("  CNT-AER-2026-050152", "number", "CNT-AER-2026-050152"),
        ("  Acta P2023-96539; emitida 13.10.2023; servicio 022345678", "number", "P2023-96539"),
        ("  ingresada el 27/03/2018.\n  Fecha de entrega de equipos: 05/04/2018", "date", "2018-04-05"),
        ("  El 15/12/2020 se instaló el servicio. Hoy, 15/10/2024, lo entrega", "date", "2024-10-15"),
        ("  Nombre y apellido: Mora Paz Juana Ana", "holder", "MORA PAZ JUANA ANA"),
        ("  NOMBRE MORA PAZ JUANA ANA", "holder", "MORA PAZ JUANA ANA"),
        ("  NOMBRE DEL INSTALADOR MORA PAZ JUANA", "holder", ""),
        ("  ORIGEN     DESTINO\n  CLIENTE    BODEGA CNT", "holder", ""),
        ("  ABONADO: MORA PAZ JUANA\n  ANA\n  C.I.: 1700000019", "holder", "MORA PAZ JUANA ANA"),
        ("  ABONADO: MORA PAZ JUANA\n  C.I.: 1700000019", "holder", "MORA PAZ JUANA"),
        (
            "  1) Origen: cliente\n  2) Nombre del cliente: Mora Paz Juana\n  3) Cédula: 1700000019\n  4) Línea: fija",
            "holder",
            "MORA PAZ JUANA",
        ),
        # Dots that lead to a value, or on which it was typed.
        ("  el abonado ....Mora Paz Juana Ana.... C.I. ....1700000019.... de la línea", "id_number", "1700000019"),
        ("  TRANSACCION ........: 4767438", "number", "4767438"),
        # A foreigner's passport stands where a cédula would.
        ("  Nombre: Mora Paz Juana\n  CI/RUC/Pas.:   HH357895", "id_number", "HH357895"),
        ("  Nombre: Mora Paz Juana\n  CEDULA/RUC: VR326776", "id_number", "VR326776"),
        ("  Nombre: Mora Paz Juana\n  Cédula: C169862133", "id_number", ""),
        ("  Nombre: Mora Paz Juana\n  Documento: R0018193", "id_number", ""),
        # Several days in a row: that of the return, where its heading tells.
        ("             Instalación     Devolución\n  Fecha      07/02/2018      08/01/2020", "date", "2020-01-08"),
        # Behind "abonado" stands a name, or the number under which he is a subscriber; never ten digits.
        ("  ABONADO: 52119233", "service_number", "52119233"),
        ("  C.I.: 1700000019     Abonado: (04) 378-9462     Celular: 0992746446", "service_number", "043789462"),
        ("  Abonado: 1700000019", "service_number", ""),
        ("  Abonado: 900000027", "service_number", ""),  # a cédula that has lost its nought
        ("  Abonado: 099274644", "service_number", ""),  # a mobile phone that has lost a digit
        ("  Abonado      Equipo     Serie\n  20210512     ONT        HWTCC661499D", "service_number", ""),
        ("  Fecha         Agencia      Abonado\n  08-12-2025    Tena         57506278", "service_number", "57506278"),
        # Many forms call so the number of the service, others that of the contract.
        ("  Contrato     33912789     Trámite     devolución", "service_number", "33912789"),
        ("  Contrato: 33912789\n  Servicio: 022345678", "service_number", "022345678"),
        # Eight boxes of one sign each were put together.
        ("  FECHA (DD MM AAAA)        CEDULA\n  11032026                  1700000019", "date", "2026-03-11"),
        ("  FECHA: 20260311", "date", "2026-03-11"),
        (
            "  ENTREGA (CLIENTE)          RECIBE (CNT EP)\n  C.I./RUC: 1700000019       C.I.: 0900000027",
            "id_number",
            "1700000019",
        ),
        ("  con documento 1700000019, titular del servicio N* 7752338, ha devuelto", "service_number", "7752338"),
        ("  Titular del servicio: Mora Paz Juana Ana", "holder", "MORA PAZ JUANA ANA"),
        (
            "  por una parte Mora Paz Juana, portador(a) de cédula de\n  ciudadanía N.* 1700000019, a quien",
            "id_number",
            "1700000019",
        ),
        ("  Suscriptor N.*: 58518792     Ciudad: Latacunga", "service_number", "58518792"),
        ("  Recibí de:\n  Barrio San Blas, calle Bolívar 5-31", "holder", ""),
        ("  Nombre: BARRIO SAN BLAS CALLE BOLIVAR", "holder", ""),
        ("  FECHA (DD MM AAAA) 20 04 2026    CIUDAD TULCAN", "date", "2026-04-20"),
        ("  FECHA: 31022026", "date", ""),
        ("  FECHA: 45612389", "date", ""),
    ],
)
def test_captions_as_people_word_them_anew(words: str, name: str, expected: str) -> None:
    assert value(getattr(read(f"{RETURN}\n{words}\n"), name)) == expected


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("  Nombre: Mora Paz Juana\n  CEDULA/RUC: VR326776", "id_number"),
        ("             Instalación     Devolución\n  Fecha      07/02/2018      08/01/2020", "date"),
        ("  Entrega: Juana Ana Mora Paz", "holder"),
        ("  CLIENTE RESIDENCIAL CATEGORIA ESPECIAL", "holder"),
        ("  ABONADO: MORA PAZ JUANA\n  ANA", "holder"),
        ("  DEV-62255-2026", "number"),
        ("  CNT-AER-2026-050152", "number"),
        ("  MORA PAZ JUANA ANA\n  C.I. 1700000019", "holder"),
        ("  Nombre del técnico: MORA PAZ JUANA ANA", "holder"),
        ("  Comprobante de cierre de cuenta CC03593758", "number"),
        ("  FOR-OPE-07123", "number"),
        ("  Tarjeta de acceso\n  N.º 593888463635", "number"),
        ("  Decodificador     Número     284426015783", "number"),
        ("  Juana Mora Paz, titular de la línea 07\n  886 9902, devolvió en esta agencia lo", "service_number"),
    ],
)
def test_what_may_be_something_else_is_never_proven(words: str, name: str) -> None:
    page = typed(f"{RETURN}\n{words}\n")
    text = replace(page, engine=Engine.TEXTO)
    other = replace(page, engine=Engine.RAPIDOCR)
    for pages in ((page, page), (text, other)):
        (paper,) = read_papers([document(*pages)], BOOK)
        field = getattr(paper, name)
        assert field is None or not field.proven, field


def test_names_of_two_signers_side_by_side_are_no_values_of_their_captions() -> None:
    paper = read(
        f"{RETURN}\n  NOMBRE MORA PAZ JUANA ANA\n\n                                CNT EP (RECIBE)\n"
        "  CLIENTE (DEVUELVE)          LOURDES PIEDAD RUIZ MORA\n"
    )
    assert value(paper.holder) == "MORA PAZ JUANA ANA"


def test_the_customers_data_may_stand_under_who_received() -> None:
    paper = read(
        RETURN
        + "\n" * 24
        + "  Recibido por: MANUEL RUIZ CARDENAS\n\n  Cliente:     MORA PAZ JUANA ANA\n  Cédula/RUC:  1700000019\n"
    )
    assert value(paper.holder) == "MORA PAZ JUANA ANA"
    assert paper.holder is not None and not paper.holder.proven


def test_a_serial_at_the_end_of_the_row_of_its_piece_needs_no_caption_and_stays_a_doubt() -> None:
    rows = "  DECODIFICADOR Kaon KSF-S660HD             KA1035750087\n  CONTROL REMOTO                  1 unidad\n"
    page = typed(f"{RETURN}\n{rows}")
    (paper,) = read_papers([document(page, page)], BOOK)
    assert serials(paper) == ["KA1035750087"]
    assert not any(line.serial and line.serial.proven for line in paper.equipment)


@pytest.mark.parametrize("caption", ["Ser.", "S/N", "NS:", "ESN/serie", "Serie GPON", "N° TARJETA"])
def test_captions_of_serials_as_people_word_them_anew(caption: str) -> None:
    assert serials(read(f"{RETURN}\n  DECODIFICADOR Kaon\n  {caption} KA1035750087\n")) == ["KA1035750087"]


def test_a_sign_that_two_engines_see_before_a_number_and_the_pages_own_text_does_not_is_a_doubt() -> None:
    page = replace(typed(f"{RETURN}\n  ROUTER TP-Link serie 2144538468344533\n"), engine=Engine.TEXTO)
    seen = tuple(replace(word, text=f"1{word.text}") for word in page.words if word.text == "2144538468344533")
    box = seen[0].box
    page = replace(page, witnesses=tuple(Witness(e, seen, (box,)) for e in (Engine.RAPIDOCR, Engine.TESSERACT)))
    (paper,) = read_papers([document(page)], BOOK)
    assert not any(line.serial and line.serial.proven for line in paper.equipment)


def test_the_number_of_another_paper_is_its_own_only_as_a_doubt() -> None:
    paper = read(f"{RETURN}\n  ACTA #\n  TRÁMITE       TR-780136\n")
    assert value(paper.number) == "TR-780136"
    assert paper.number is not None and paper.number.rule.startswith(LOOSE)


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        ("EQUIPO 1: Módem óptico ONT ZTE F660", [EquipmentType.ONT]),
        ("EQUIPO 1: Teléfono inalámbrico ZTE WP628", [EquipmentType.TELEFONO]),
        ("- Repetidor WiFi TP-Link HC220-G1", [EquipmentType.REPETIDOR]),
        ("- Módem ONT Huawei HG8245", [EquipmentType.ONT]),
        ("- Decodificador Kaon, control remoto", [EquipmentType.DECODIFICADOR]),
    ],
)
def test_two_names_of_one_piece_are_one_piece(said: str, kinds: list[EquipmentType]) -> None:
    paper = read(f"{RETURN}\n  {said}\n     Serie: 2153078838F57486\n")
    assert [line.type for line in paper.equipment if line.serial] == kinds
    assert len(paper.equipment) == len(kinds)


def test_a_row_of_labels_with_their_values_heads_no_table() -> None:
    paper = read(
        f"{RETURN}\n  EQUIPO 1 DECODIFICADOR     SERIE EX09367696493     MAC no tiene\n  ZTE ZXV10B760H\n"
        "  EQUIPO 2 TARJETA SMART     SERIE 7861628064028026  MAC no tiene\n"
    )
    assert serials(paper) == ["EX09367696493", "7861628064028026"]


def test_equipment_that_is_listed_under_the_signatures_is_read() -> None:
    paper = read(
        f"{RETURN}\n  Cliente: MORALES PAZ JUANA\n{20 * chr(10)}  ENTREGA: EL CLIENTE        RECIBE: CNT EP\n\n"
        "  ANEXO\n  Equipo      Marca       Modelo       Serie\n  ONT         ZTE         F680         ZTEGC661499D\n"
    )
    assert serials(paper) == ["ZTEGC661499D"]


def test_a_serial_behind_n_s_is_one() -> None:
    paper = read(f"{RETURN}\n  Caja decodificadora Kaon NA1402HD\n    N/S KM505527982\n")
    assert serials(paper) == ["KM505527982"]


@pytest.mark.parametrize(
    "title",
    [
        "ENTREGA VOLUNTARIA DE EQUIPOS",
        "RECEPCION POR BAJA",
        "Devolución voluntaria de los decodificadores",
        "ACTA DE REINGRESO DE EQUIPOS ENTREGADOS POR EL CLIENTE",
        "Tarjeta de equipos devueltos",
        "GUÍA DE DEVOLUCIÓN",
        "DEVOL. DE EQUIPOS POR BAJA DE SERV.",
        "NOTA DE INGRESO A BODEGA",
    ],
)
def test_a_title_in_other_words_makes_an_acta(title: str) -> None:
    paper = read(
        f"{HEAD}\n                  {title}\n\n  Cliente: MORALES PAZ JUANA\n  El cliente devuelve un módem.\n"
    )
    assert paper.kind is DocumentKind.ACTA


def test_the_number_of_a_contract_is_never_proven_a_services() -> None:
    layer = typed(f"{RETURN}\n  Contrato: 33912789\n")
    service = read_papers([document(replace(layer, witnesses=(Witness(Engine.RAPIDOCR, layer.words),)))], BOOK)[
        0
    ].service_number
    assert service is not None and not service.proven


def test_a_title_under_a_line_of_the_head_is_no_part_of_its_sentence() -> None:
    paper = read(
        f"{HEAD}  RUC 1768152560001 Atención al cliente en todas las oficinas del país\n  ACTA DE RETIRO DE EQUIPOS\n"
        "\n  Cliente: MORALES PAZ JUANA\n  Solicitud\n  0012345\n"
    )
    assert (paper.kind, paper.direction) == (DocumentKind.ACTA, Direction.DEVOLUCION)


def test_what_was_typed_a_little_above_its_caption_stands_behind_it() -> None:
    page = typed(f"{RETURN}\n             MORALES PAZ JUANA\n  Cliente:\n\n  C.I.: 1700000019\n")
    words = [
        replace(word, box=replace(word.box, y0=word.box.y0 + 0.4 / 66, y1=word.box.y1 + 0.4 / 66))
        if word.text in {"MORALES", "PAZ", "JUANA"}
        else word
        for word in page.words
    ]
    (paper,) = read_papers([document(replace(page, words=tuple(words)))], BOOK)
    assert value(paper.holder) == "MORALES PAZ JUANA"


def test_a_logo_alone_at_the_head_names_the_company() -> None:
    body = (
        "\n\n          Devolución de equipos\n\n  Cliente: MORALES PAZ JUANA ANA\n  Módem ZTE Serie: 2153078838F57486\n"
    )
    assert read(f"   cnt{body}").ours
    assert not read(f"   claro{body}").ours


def test_headings_that_stand_close_head_a_table_all_the_same() -> None:
    paper = read(
        f"{RETURN}\n  Cód. Cant. Equipo devuelto         Serie               MAC               P. reposición\n"
        "  307   1   Decodificador Huawei DS310  21503416EF450526    5A-22-83-73-4D-7E    38.00  0.00\n"
    )
    (line,) = paper.equipment
    assert (value(line.serial), value(line.mac)) == ("21503416EF450526", "5A2283734D7E")


def test_entrega_and_recibe_alone_at_the_foot_are_places_to_sign() -> None:
    page = typed(RETURN + 30 * "\n" + "  ENTREGA                                   RECIBE\n")
    foot = max(word.box.y0 for word in page.words)
    scribbles = tuple(Box(x, foot - 0.04, x + 0.15, foot - 0.01) for x in (0.02, 0.42))
    for ink, found in ((scribbles, ("HALLADA", "HALLADA")), (scribbles[:1], ("HALLADA", "NO_HALLADA"))):
        (paper,) = read_papers([document(replace(page, ink=ink))], BOOK)
        assert (paper.signature, paper.received) == found


def test_one_number_under_two_captions_is_not_read_twice() -> None:
    paper = read(f"{RETURN}\n  Cédula / RUC del titular C.I.: 17OOOO0O19\n")
    assert value(paper.id_number) in {"", "1700000019"}
    assert paper.id_number is None or not paper.id_number.proven


@pytest.mark.parametrize("listed", ["Silla de espera      INV-40-0119", "Escritorio           0012345678"])
def test_furniture_handed_back_is_no_return_of_equipment(listed: str) -> None:
    table = f"  Equipo               Serie\n  {listed}\n"
    assert read(f"{RETURN}\n{table}\n  El cliente entrega a CNT EP los bienes.\n").direction is Direction.DESCONOCIDA
    assert (
        read(f"{RETURN}\n  Equipo               Serie\n  Router               K5E6817C181D\n").direction
        is Direction.DEVOLUCION
    )


def _roll(word: str) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(226, 600))
    for line in range(20):
        canvas.drawString(40, 560 - 18 * line, f"DEVOLUCION DE EQUIPOS {line}")
    canvas.saveState()
    canvas.translate(60, 250)
    canvas.rotate(25)
    canvas.setFontSize(26)
    canvas.drawString(0, 0, word)
    canvas.restoreState()
    canvas.save()
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("word", "void"), [("ANULADO", True), ("M U E S T R A", True), ("EJEMPLO", True), ("RECIBIDO", False)]
)
def test_a_word_aslant_that_makes_a_page_void_is_told_by_the_text_layer(word: str, void: bool) -> None:
    pdf.prepare()
    pages = list(pdf.answer(Frame({"passwords": [], "max_pages": 1}, (_roll(word),))))
    struck = pages[0].facts.get("struck")
    assert (struck is not None) is void
    assert not void or 0 < struck[0] < struck[1] < 1


def test_boxes_with_round_corners_are_no_letters_across_a_page() -> None:
    made = io.BytesIO()
    canvas = Canvas(made, pagesize=(595, 400))
    for line in range(8):
        canvas.drawString(60, 370 - 14 * line, "CNT EP  RECIBO DE EQUIPOS DEVUELTOS POR EL CLIENTE")
    for x, y, wide in (
        (40, 300, 330),
        (390, 300, 160),
        (40, 250, 150),
        (210, 250, 160),
        (390, 250, 70),
        (480, 250, 80),
    ):
        canvas.roundRect(x, y, wide, 34, 8)
    canvas.save()
    pdf.prepare()
    page = next(iter(pdf.answer(Frame({"passwords": [], "max_pages": 1}, (made.getvalue(),)))))
    assert page.facts.get("struck") is None


@pytest.mark.parametrize(
    ("line", "direction"),
    [
        ("[ ] Instalación   [ ] Cambio   [x] Retiro / devolución   [ ] Traslado", Direction.DEVOLUCION),
        ("[x] Instalación   [ ] Cambio   [ ] Retiro / devolución   [ ] Traslado", Direction.INSTALACION),
        ("Instalación ( )   Cambio ( )   Retiro / devolución (X)   Traslado ( )", Direction.DEVOLUCION),
        ("Instalación (X)   Cambio ( )   Retiro / devolución ( )   Traslado ( )", Direction.INSTALACION),
        ("☐ Instalación   ☒ Devolución", Direction.DEVOLUCION),
        ("☒ Devolución del cliente a CNT EP   ☐ Entrega de CNT EP al cliente", Direction.DEVOLUCION),
        # The line with boxes tells, whatever is printed over it; where two lines with boxes differ nobody knows.
        ("Retiro   Revisión   Soporte\n  ☒ Instalación   ☐ Retiro", Direction.INSTALACION),
        ("Servicio: Retiro / Soporte / Revisión\n  ☐ Instalación   ☒ Retiro   ☐ Traslado", Direction.DEVOLUCION),
        ("☒ Devolución   ☐ Entrega\n  ☒ Instalación   ☐ Retiro   ☐ Traslado", Direction.DESCONOCIDA),
        ("☒ Devolución   ☐ Garantía\n  ☐ Retiro  ☒ Instalación", Direction.DESCONOCIDA),
        ("☐ Devolución del cliente a CNT EP   ☒ Entrega de CNT EP al cliente", Direction.INSTALACION),
        ("☒ Instalación   ☐ Devolución", Direction.INSTALACION),
        ("INSTALACIÓN()CAMBIO()RETIRO/DEVOLUCIÓN(X)TRASLADO()", Direction.DEVOLUCION),
        ("Entrega al cliente (instalación)     X Devolución del cliente (retiro)", Direction.DEVOLUCION),
        ("    X Entrega al cliente (instalación)     Devolución del cliente (retiro)", Direction.INSTALACION),
        ("[x] Instalación de equipos   [x] Devolución de equipos", Direction.DESCONOCIDA),
        ("[ ] Instalación de equipos   [ ] Devolución de equipos", Direction.DESCONOCIDA),
        ("Instalación   Cambio de equipo   Retiro de equipos   Traslado", Direction.DESCONOCIDA),
        ("Instalación    X    Devolución", Direction.DESCONOCIDA),
    ],
)
def test_the_box_that_is_ticked_tells_the_direction_where_two_engines_see_it(line: str, direction: Direction) -> None:
    form = (
        f"{HEAD}\n            ACTA DE ENTREGA - RECEPCION DE EQUIPOS\n\n  Tipo: {line}\n\n  1) Decodificador HD Kaon\n"
    )
    page = typed(form, engine=Engine.TEXTO)
    everywhere = Box(0.0, 0.0, 1.0, 1.0)
    seen = replace(page, witnesses=(Witness(Engine.RAPIDOCR, page.words, (everywhere,)),))
    (paper,) = read_papers([document(seen)], BOOK)
    assert paper.direction is direction, paper.because
    alone = read(form)
    assert alone.direction is not Direction.DEVOLUCION, alone.because


def test_boxes_are_looked_for_beside_each_thing_that_a_form_offers_however_a_mark_was_read() -> None:
    page = typed(f"{RETURN}\n  TIPO DE ORDEN:   Instalación   Reparación [Z Retiro de equipos   Traslado\n")
    assert max(map(len, wanted(page, BOOK).offered)) == 4


def test_beside_the_words_of_a_title_no_boxes_are_looked_for() -> None:
    page = typed(f"{HEAD}\n      ACTA DE ENTREGA RECEPCION POR DEVOLUCION\n\n  El cliente entrega a CNT EP un módem.\n")
    assert wanted(page, BOOK).offered == ()


def test_boxes_are_looked_for_in_every_line_that_offers_something() -> None:
    page = typed(
        f"{RETURN}\n  El cliente entrega, por retiro definitivo, los equipos.\n  Instalación   Retiro   Traslado\n"
    )
    assert [len(line) for line in wanted(page, BOOK).offered][-1] == 3


def test_neither_a_title_nor_a_sentence_offers_anything() -> None:
    paper = read(
        f"{HEAD}\n        ACTA DE ENTREGA RECEPCION\n\n"
        "  El cliente, con motivo de cambio de operador, hace la entrega y devolucion a CNT EP de los equipos.\n"
    )
    assert paper.direction is Direction.DEVOLUCION, paper.because
    paper = read(
        f"{HEAD}\n        ACTA DE ENTREGA (DEVOLUCION) DE EQUIPOS\n\n  El cliente entrega a CNT EP un módem.\n"
    )
    assert paper.direction is Direction.DEVOLUCION, paper.because


def test_a_value_over_two_lines_is_compared_line_by_line() -> None:
    page = typed(
        f"{RETURN}\n  CLIENTE\n  HOSTERIA LAGUNA\n  ESCONDIDA CIA. LTDA.\n\n  1) ONT Serie: ZTEG3F32372F\n",
        engine=Engine.TEXTO,
    )
    places = [place for place in wanted(page, BOOK).places if 6.5 / 66 < place.y0 < 10 / 66]
    assert [round((place.y1 - place.y0) * 66) for place in places] == [1, 1]


def test_a_paper_that_is_called_a_return_needs_no_box_but_one_at_something_else_counts_against_it() -> None:
    form = f"{HEAD}\n            HOJA DE RETIRO DE EQUIPOS\n\n  Tipo:    %s\n\n  1) Decodificador HD Kaon\n"
    assert read(form % "[ ] Instalación   [ ] Retiro   [ ] Cambio").direction is Direction.DEVOLUCION
    assert read(form % "[x] Instalación   [ ] Retiro   [ ] Cambio").direction is Direction.DESCONOCIDA


def test_a_mark_that_pixels_do_not_show_makes_no_mask_and_no_return() -> None:
    form = f"{HEAD}\n      ACTA DE ENTREGA - RECEPCION\n\n  Tipo:    Instalación      X Devolución\n\n  1) Deco Kaon\n"
    page = typed(form, engine=Engine.TEXTO)
    places = wanted(page, BOOK).places
    unmarked = tuple(word for word in page.words if word.text != "X")
    (paper,) = read_papers([document(replace(page, witnesses=(Witness(Engine.RAPIDOCR, unmarked, places),)))], BOOK)
    assert not paper.masked
    assert paper.direction is Direction.DESCONOCIDA, paper.because


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("MORALES O. JUANA", "MORALES O JUANA"),
        ("MORALES O JUANA", "MORALES O JUANA"),
        ("TITULAR O REPRESENTANTE", ""),
        ("lo arriba o abajo indicado", ""),
    ],
)
def test_an_o_between_names_is_an_initial(printed: str, name: str) -> None:
    assert value(read(f"{RETURN}\n  Cliente: {printed}\n").holder) == name


@pytest.mark.parametrize("head", ["N°508-123647", "Acta de devolución de equipos N.º    508-123647"])
def test_a_number_at_the_end_of_the_title_or_close_to_its_sign_is_the_actas(head: str) -> None:
    assert value(read(f"{HEAD}\n            ACTA DE DEVOLUCION DE EQUIPOS\n\n  {head}\n").number) == "508-123647"


GRID = """
  ITEM  COD. SAP   DESCRIPCION DEL EQUIPO   MARCA    MODELO     SERIE            MAC ADDRESS   ESTADO
  1     4004593    DECODIFICADOR            ZTE      B866V2     ZS90EHF8P17H0    N/A           POR REVISAR
  2     4007102    TARJETA                  NAGRA    N/A        083504723202     N/A           OPERATIVO
  3     4009548    CONTROL REMOTO           N/A      N/A        N/A              N/A           POR REVISAR
"""


def test_the_state_of_a_piece_ends_no_table() -> None:
    paper = read(f"{RETURN}\n{GRID}\n  Observaciones: ninguna\n")
    assert serials(paper) == ["ZS90EHF8P17H0", "083504723202"]
    assert [line.type for line in paper.equipment][:2] == [EquipmentType.DECODIFICADOR, EquipmentType.SMARTCARD]


def test_what_stands_under_the_next_section_is_no_line_of_the_table() -> None:
    section = "  MOTIVO        FIRMA\n  5             BC1234567890\n"
    assert serials(read(f"{RETURN}\n{GRID}{section}")) == ["ZS90EHF8P17H0", "083504723202"]


def test_a_physical_address_is_a_mac() -> None:
    paper = read(f"{RETURN}\n  Serie    2150890302305562    Dirección física (MAC)     AC853D48FB4E\n")
    assert serials(paper) == ["2150890302305562"]
    assert [value(line.mac) for line in paper.equipment if line.mac] == ["AC853D48FB4E"]


def test_the_day_of_a_stamp_is_no_serial() -> None:
    paper = read(f"{RETURN}\n  ONT Huawei   Serie 48575443AF888AD0\n  24ABR2022\n  24 ABR 2022\n")
    assert serials(paper) in (["48575443AF888AD0"], ["HWTCAF888AD0"])


def test_a_mac_beside_a_serial_in_one_line_is_no_second_serial() -> None:
    paper = read(
        f"{RETURN}\n  Equipo 1     ONT Nokia\n  Serie        ALCL7D00EB16        MAC        EE:ED:BC:D1:D0:47\n"
    )
    assert serials(paper) == ["ALCL7D00EB16"]
    assert [value(line.mac) for line in paper.equipment if line.mac] == ["EEEDBCD1D047"]
    assert serials(read(f"{RETURN}\n  ONT Nokia\n  Serie:  A2:AT:ED:98:00:80\n")) == []


@pytest.mark.parametrize("model", ["HG8245H", "HG532S", "B866V2", "KSTB2077", "F670L"])
def test_what_looks_like_a_model_is_never_proven_as_a_serial(model: str) -> None:
    page = typed(f"{RETURN}\n  ONT       HUAWEI\n  Serie     {model}\n")
    other = typed(f"{RETURN}\n  ONT   HUAWEI\n\n  Serie:    {model}\n")
    (paper,) = read_papers([document(page, other)], BOOK)
    assert not any(line.serial and line.serial.proven for line in paper.equipment)


def test_the_model_in_the_cell_behind_its_vendor_is_no_serial() -> None:
    words = "  ONT       HUAWEI      EG814567       Serie  EG814567\n"
    page = typed(f"{RETURN}\n{words}")
    (paper,) = read_papers([document(page), document(page, name="b")], BOOK)
    assert not any(line.serial and line.serial.proven for line in paper.equipment)


# ── labels in other words, and in other places ───────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("sentence", "service"),
    [
        ("titular del servicio de Internet Fijo No. (06) 299-6619, a quien se denominará", "062996619"),
        ("titular del servicio de Televisión Nro. 47357070, a quien se denominará", "47357070"),
        ("abonado del servicio de Telefonía Fija signado con el número 022345678, a quien se", "022345678"),
        ("titular del servicio de Internet Fijo, a quien se denominará EL CLIENTE; teléfono de", ""),
        ("titular del servicio de Internet Fijo con celular No. 0987654321, a quien se denomina", ""),
    ],
)
def test_a_sentence_that_gives_a_number_to_a_line_of_service_tells_the_service(sentence: str, service: str) -> None:
    paper = read(
        f"{RETURN}  En la ciudad comparece el señor JUAN MORALES PAZ, con cédula No. 1700000019,\n  {sentence}\n"
    )
    assert value(paper.service_number) == service


def test_the_number_of_a_service_may_stand_in_the_next_line() -> None:
    paper = read(
        f"{RETURN}  Comparece el señor JUAN MORALES PAZ, titular del servicio de Internet Fijo No.\n"
        "  (03) 280-2325, a quien se denominará EL CLIENTE para los fines de esta acta:\n"
    )
    assert value(paper.service_number) == "032802325"


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("ACTA E/R #            173-852663", "173-852663"),
        ("ACTA E/R No. 173-852663", "173-852663"),
        ("Nro. de recepción:      20230068309", "20230068309"),
        ("No. de devolución: 00012345", "00012345"),
        ("N.º de retiro:         RT-0012345", "RT-0012345"),
    ],
)
def test_the_number_of_a_paper_has_many_names(line: str, number: str) -> None:
    assert value(read(f"{RETURN}  {line}\n\n  Cédula: 1700000019    Servicio No.: 022345678\n").number) == number


def test_words_of_a_title_are_no_label_of_a_number() -> None:
    paper = read(f"{HEAD}\n   ACTA DE RETIRO Y ENTREGA DE EQUIPOS\n   1712345678\n\n  Servicio No.: 022345678\n")
    assert paper.number is None or paper.number.rule.startswith(LOOSE)


UNDER_THE_RULE = """
  0 8 0 1 9 2 4               ESMERALDAS                     0 1 0 2 2 0 2 6
  N. DE FORMULARIO            CIUDAD                         DIA  MES  AÑO

  MORALES PEREZ JUANA         1700000019
  APELLIDOS Y NOMBRES         C.I. / R.U.C.

  022345678                   Internet fijo
  NUMERO DEL SERVICIO         TIPO DE SERVICIO
"""


def test_the_number_of_a_form_may_stand_in_boxes_over_its_caption() -> None:
    assert value(read(RETURN + UNDER_THE_RULE).number) == "0801924"
    short = UNDER_THE_RULE.replace("0 8 0 1 9 2 4", "0 8          ")
    assert value(read(RETURN + short).number) != "08"


@pytest.mark.parametrize(
    ("boxes", "day"),
    [
        ("0 1   0 2   2 0 2 6", "2026-02-01"),
        ("01    02    2026   ", "2026-02-01"),
        ("01    FEB   2026   ", "2026-02-01"),
        ("0     0 2   2 0   6", ""),
    ],
)
def test_a_date_in_boxes_stands_over_its_captions_or_under_them(boxes: str, day: str) -> None:
    captions = "DÍA   MES   AÑO    "
    for one, two in ((boxes, captions), (captions, boxes)):
        page = f"{RETURN}\n  OFICINA COMERCIAL      {one}   ORDEN\n  AGENCIA BABAHOYO       {two}   46342\n"
        assert value(read(page).date) == day


def test_a_contacts_mobile_is_no_service() -> None:
    paper = read(
        f"{RETURN}\n  Identificación: 1700000019        Contacto: 0925443118\n"
        "  Nro. de servicio: 53243367        Servicio: Televisión\n"
    )
    assert value(paper.service_number) == "53243367"
    without = read(f"{RETURN}\n  Identificación: 1700000019        Contacto: 0925443118\n  Servicio: Televisión\n")
    assert without.service_number is None


SIGNED_FOR = """
  ENTREGUÉ CONFORME CLIENTE                 RECIBÍ CONFORME CNT EP

  C.I.: 1700000019                          Nombre: ESTHER NUÑEZ TOAPANTA
"""


def test_who_signs_for_the_company_is_never_the_holder() -> None:
    assert read(f"{RETURN}\n  ONT Huawei   Serie: HWTCC661499D\n{SIGNED_FOR}").holder is None
    named = SIGNED_FOR.replace("C.I.: 1700000019      ", "Nombre: JUAN MORA PAZ ")
    assert value(read(f"{RETURN}\n  ONT Huawei   Serie: HWTCC661499D\n{named}").holder) in {"", "JUAN MORA PAZ"}


def test_a_caption_is_no_name() -> None:
    paper = read(f"{RETURN}\n  NOMBRES DEL ABONADO/RAZÓN SOCIAL\n\n  C.I. 1700000019\n")
    assert paper.holder is None
    page = f"{RETURN}\n  NOMBRES DEL ABONADO / RAZON SOCIAL\n  MORALES PEREZ JUANA\n"
    assert value(read(page).holder) == "MORALES PEREZ JUANA"


def test_what_is_said_at_the_end_of_many_lines_is_no_caption_of_what_stands_before_it() -> None:
    paper = read(
        RETURN
        + """
  Nombre del cliente                    Cédula o RUC
  Juana Morales Pérez                   1700000019

  Equipo terminal ONT                   Recibido
  Adaptador de corriente                Recibido
  Patch cord UTP                        Recibido
"""
    )
    assert value(paper.holder) == "JUANA MORALES PÉREZ"
    assert value(paper.id_number) == "1700000019"


SIDE_BY_SIDE = """
  Serie            MAC                    Serie              MAC
  {one}     3A:5B:E8:E5:1D:69      {two}    D2:5E:B5:00:FF:9A
"""


def test_tables_beside_one_another_have_their_own_lines() -> None:
    paper = read(RETURN + SIDE_BY_SIDE.format(one="SK774111EX2", two="SK1907508P01"))
    assert serials(paper) == ["SK774111EX2", "SK1907508P01"]
    assert [value(line.mac) for line in paper.equipment] == ["3A5BE8E51D69", "D25EB500FF9A"]


def test_the_copy_beside_the_original_lists_nothing_more() -> None:
    row = "  {0}    KAON    KS88297C2PM5C      {0}    KAON    {1}"
    head = "  Equipo     Marca   Serie              Equipo     Marca   Serie"
    for copied in ("KS88297C2PM5C", "KS88Z97C2PM5C"):
        paper = read("\n".join((RETURN, head, row.format("DECO   ", copied))))
        assert serials(paper) == ["KS88297C2PM5C"]


DAY_MONTH_YEAR = "DÍA   MES   AÑO    "


def _dated(under: str, captions: str = DAY_MONTH_YEAR) -> tuple[Fields, Fields]:
    """Two papers: what is written stands under the captions, and over them."""
    row = "  {office}      {words}   {order}\n"
    return tuple(  # type: ignore[return-value]
        read_papers([document(*(typed(RETURN + upper + lower),) * 2)], BOOK)[0]
        for one, two in ((captions, under), (under, captions))
        for upper in [row.format(office="OFICINA COMERCIAL", words=one, order="ORDEN")]
        for lower in [row.format(office="AGENCIA BABAHOYO ", words=two, order="46342")]
    )


@pytest.mark.parametrize(
    "written",
    [
        "1 2   1     2 0 2 5",
        "1     0 3   2 0 2 5",
        "1 2   3     2 0 2 5",
        "12    0     2 0 2 5",
        "1     03    2 0 2 5",
        "12    11    20     ",
        "12    11    2 0    ",
        "12    11    2 0 2  ",
        "12    11    20 5   ",
        "12    11    25     ",
        "1 2         2025   ",
        "1     03    2025   ",
        "      1 2   2025   ",
    ],
)
def test_a_day_of_which_a_box_was_not_read_is_none(written: str) -> None:
    for paper in _dated(written):
        assert paper.date is None, written


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("1 2   0 3   2 0 2 5", "2025-03-12"),
        ("12    03    2 0 2 5", "2025-03-12"),
        ("12    03    2025   ", "2025-03-12"),
        ("5     3     2025   ", "2025-03-05"),
        ("0 5   11    2025   ", "2025-11-05"),
    ],
)
def test_a_day_of_which_each_box_was_read_is_one(written: str, iso: str) -> None:
    for paper in _dated(written):
        assert value(paper.date) == iso


def test_a_year_of_two_digits_counts_where_the_form_prints_its_century() -> None:
    for written in ("12    03    20 25  ", "12    03    20__25 ", "12    3     20__ 25"):
        for paper in _dated(written):
            assert value(paper.date) == "2025-03-12", written


def _twice(words: str) -> Fields:
    (paper,) = read_papers([document(*(typed(f"{RETURN}\n{words}\n"),) * 2)], BOOK)
    return paper


@pytest.mark.parametrize(
    "said",
    [
        "línea de internet número 022 345 678 9, a quien",
        "titular del servicio de Internet Fijo No. 12 34 56 78 90, a quien",
        "titular del servicio de Internet Fijo No. (02) 234 56 78 9, a quien",
        "titular del servicio de Internet Fijo No. 022345678 - 1, a quien",
        "titular del servicio de Internet Fijo No. 022345678 / 9, a quien",
        "titular del servicio de Internet Fijo No. 022345678, 022345679, a quien",
        "titular del servicio de Internet Fijo No. 022345678/1, a quien",
        "titular del servicio de Internet Fijo No. 022345678 (1), a quien",
    ],
)
def test_a_service_number_in_a_sentence_is_never_a_part_of_a_longer_one(said: str) -> None:
    paper = _twice(f"  En la ciudad comparece el señor JUAN MORALES PAZ,\n  {said}")
    assert paper.service_number is None or not paper.service_number.proven, paper.service_number
    assert value(paper.service_number) not in {"022345678", "123456", "12345678"}


def test_a_service_number_in_a_sentence_is_proven_where_it_is_one_word_or_has_the_form_of_a_line() -> None:
    for said, proven in (("022345678, a quien", True), ("(02) 234-5678, a quien", True), ("022 34 5678 a", False)):
        number = _twice(f"  JUAN MORALES PAZ, titular del servicio de Internet Fijo No. {said}").service_number
        assert number is not None and (number.value, number.proven) == ("022345678", proven), (said, number)


@pytest.mark.parametrize(
    "said",
    [
        "0 8 0 1 9 2 4    12",
        "0 8 0 1 9 24",
        "0 8 0 1 9 2 4 5 - 1",
        "0 8 0 1 9 2 4 -1",
        "0 8 0 1 9 2 4 / 25",
        "0 8 0 1 9 2 4 A12",
    ],
)
def test_a_number_in_boxes_that_goes_on_behind_them_is_none(said: str) -> None:
    assert _twice(f"  No. de acta: {said}").number is None


def test_what_stands_behind_the_boxes_of_a_number_and_is_no_number_does_not_spoil_it() -> None:
    for said in ("0 8 0 1 9 2 4", "0 8 0 1 9 2 4 ORIGINAL", "0 8 0 1 9 2 4 |"):
        assert value(_twice(f"  No. de acta: {said}").number) == "0801924", said


@pytest.mark.parametrize(
    "said",
    [
        "servicio de internet fijo No. de orden 1234567 del cliente",
        "servicio de televisión No. de contrato 4735707, a quien",
        "servicio de Internet Fijo, con No. de cédula 170000001, se",
    ],
)
def test_a_number_that_is_said_to_be_anothers_is_no_services(said: str) -> None:
    number = _twice(f"  En la ciudad comparece el señor JUAN MORALES PAZ,\n  {said}").service_number
    assert number is None or not number.proven, number


def test_equipment_under_a_sentence_that_ends_with_cliente_is_no_name() -> None:
    paper = read(
        f"{RETURN}\n  CNT EP deja constancia de haber recibido los equipos, por retiro a petición del cliente:\n"
        "  DECODIFICADOR HD ZTE ZXV10 B760H, S/N ZTEE73772094761\n"
    )
    assert paper.holder is None


def test_a_name_behind_the_caption_of_a_signature_may_go_on_and_is_no_proof() -> None:
    page = typed(
        "\n  Firma CNT EP, recibe: SOFIA CACUANGO         Firma cliente, devuelve: SEGUNDO NELLY ESPIN\n"
        "  RECALDE                                                   OCHOA\n\n"
        "  Fecha 23/10/2025     Servicio 06-3970945\n  Cédula 0457697605\n\n  ACTA DE DEVOLUCION DE EQUIPOS\n"
    )
    (paper,) = read_papers([document(page, replace(page, engine=Engine.RAPIDOCR))], BOOK)
    assert value(paper.holder) == "SEGUNDO NELLY ESPIN"
    assert paper.holder is not None
    assert not paper.holder.proven


def test_a_small_label_and_its_larger_value_stand_on_one_line() -> None:
    foot = "\n" * 20 + "  ENTREGA: CLIENTE\n  Por: VACA PAZ LUZ\n  C.I. 0900000027\n"
    page = typed(
        RETURN + "\n\n\n  Cliente:  MORALES PAZ JUANA      C.I./RUC:  1700000019    Línea:  Internet fijo\n" + foot
    )
    small = {"Cliente:", "C.I./RUC:", "Línea:"}
    lifted = tuple(
        replace(word, box=replace(word.box, y0=word.box.y0 - 0.012))
        if 0.14 < word.box.y0 < 0.2 and word.text not in small
        else word
        for word in page.words
    )
    (paper,) = read_papers([document(replace(page, words=lifted))], BOOK)
    assert (value(paper.holder), value(paper.id_number)) == ("MORALES PAZ JUANA", "1700000019")


def test_what_is_left_of_a_label_is_no_part_of_a_name() -> None:
    spans = (
        Span(tuple(Word(word, Box(0.1, 0.1, 0.2, 0.11), 1.0, 0) for word in name.split()))
        for name in ("te: PAZ MORA LUIS", "DE LA PAZ ANA", "ente: PAZ MORA LUIS")
    )
    assert list(map(person, spans)) == ["PAZ MORA LUIS", "DE LA PAZ ANA", "PAZ MORA LUIS"]


def test_a_number_of_citizenship_is_read_over_the_end_of_a_line() -> None:
    for sign in ("N.º", "N.?2", "N.2"):
        cut = f"con cédula de ciudadanía {sign}\n  1700000019, titular"
        said = f"  Comparece por una parte, el/la señor/a MORALES PAZ JUANA, {cut} del servicio de internet fijo\n"
        foot = "\n" * 30 + "  MORALES PAZ JUANA        PEDRO BAQUE VACA\n  C.C.                     C.C. 0900000027\n"
        assert value(read(RETURN + said + foot).id_number) == "1700000019"


def test_a_pon_serial_that_lacks_a_part_is_never_proven() -> None:
    for shown, proven in (("4857544300F6", False), ("4857544300F6C998", True)):
        page = typed(RETURN + f"  Equipo: ONT Huawei   Serie: {shown}\n")
        (paper,) = read_papers([document(replace(page, witnesses=(Witness(Engine.RAPIDOCR, page.words, ()),)))], BOOK)
        assert [line.serial.proven for line in paper.equipment if line.serial] == [proven], shown


def test_a_table_may_be_headed_at_its_foot() -> None:
    form = """
  04       12        2021       Riobamba          CAC Riobamba
  dia      mes       año        ciudad            oficina

  MARIBEL ITURRALDE PAZ                           1700000019
  nombres y apellidos del abonado                 cédula de identidad

  Televisión                034986342                        Baja
  tipo de servicio          número del servicio              motivo

  Recibimos del abonado los siguientes equipos de CNT EP:

  DECODIFICADOR        ZTE ZXV10B760H        ZTEEQ65K7071943       Usado
  DECODIFICADOR HD     ZTE ZXV10B760H        ZTEEQ03E8565953       Usado
  CONTROL REMOTO                                                   Usado

  equipo               marca y modelo        serie                 estado
  El abonado entrega y la empresa recibe los equipos anotados, por cierre del servicio. Blanca: abonado.
"""
    paper = read(RETURN + form)
    assert (value(paper.holder), value(paper.service_number)) == ("MARIBEL ITURRALDE PAZ", "034986342")
    assert serials(paper) == ["ZTEEQ65K7071943", "ZTEEQ03E8565953"]
