"""Advice on the paper to who keeps it; words that look like titles; captions that come again for each piece."""

from __future__ import annotations

import pytest
from test_fields import read, typed, value

from evidence_daemon.documents.layout import Span
from evidence_daemon.documents.pdf import _spelled
from evidence_daemon.documents.people import person
from evidence_daemon.model import Direction, DocumentKind, Fields

RETURN = """
  CORPORACIÓN NACIONAL DE TELECOMUNICACIONES CNT EP
  ACTA DE DEVOLUCIÓN DE EQUIPOS

  Fecha: 12/07/2024          No. DEV-042-5051-2024
  Cliente: PEÑA LOZA MARÍA JOSÉ
  Cédula: 1700000019
  Motivo:  Baja de línea

  El cliente entrega a CNT EP los siguientes equipos:
  Equipo          Marca      Modelo       Serie
  ONT             Huawei     HG8245Q2     HWTCC661499D

  {said}


  ____________________              ____________________
  Entrega conforme                  Recibe conforme
  El cliente                        CNT EP
"""


FOR = "evitar el cobro de equipos no devueltos"


def is_a_return(paper: Fields) -> bool:
    return (paper.kind, paper.direction) == (DocumentKind.ACTA, Direction.DEVOLUCION)


@pytest.mark.parametrize(
    "said",
    [
        "Conserve este documento: es su único respaldo para evitar el cobro de equipos no devueltos.",
        "Guarde esta constancia, su único\n  respaldo para evitar el cobro de equipos no devueltos.",
        "Este documento no constituye comprobante de pago ni finiquito de deudas",
        "Este recibo no constituye comprobante de venta.",
        "La recepción no exime del pago de valores pendientes de facturación.",
        "La recepción no exime al cliente del pago de los saldos\n  pendientes de pago.",
    ],
)
def test_what_a_paper_is_good_for_and_what_it_is_not_denies_no_return(said: str) -> None:
    assert is_a_return(read(RETURN.format(said=said))), read(RETURN.format(said=said)).because


@pytest.mark.parametrize(
    "said",
    [
        f"Devuelva los equipos y presente este documento para {FOR}.",
        f"Acérquese con este documento y entregue todo para {FOR}.",
        f"Conserve este documento hasta devolver lo demás para {FOR}.",
        f"Es su respaldo para {FOR}: STB 2102328250K3",
        f"Este documento es su respaldo para {FOR}; decodificador ZTE B760H",
        f"Este documento es su respaldo para {FOR}.\n  Los siguientes: decodificador ZTE y control",
        f"Para {FOR} traiga el decodificador.",
        f"FALTA STB\n\n  Documento de respaldo para {FOR}.",
        f"PENDIENTE STB      Este documento es su único respaldo para {FOR}.",
        f"ANULADO\n\n  Este documento es su respaldo para {FOR}.",
        f"PROVISIONAL\n\n  Este documento es su respaldo para {FOR}.",
        f"Documento anulado, respaldo para {FOR}.",
        f"Certificado pendiente de firma para {FOR}.",
        f"Conserve este documento, falta el decodificador, para {FOR}.",
        f"Conserve este documento, reintegre el decodificador para {FOR}.",
        f"Guarde esta constancia, iraiga el decodificador para {FOR}.",
        f"Según este documento el técnico retirará los\n  equipos para {FOR}.",
        f"Este documento no es respaldo para {FOR}.",
        f"Sin la entrega total no hay respaldo para {FOR}.",
        "Este documento no constituye comprobante de entrega de los equipos.",
        "Este documento no constituye comprobante de pago ni de entrega.",
        "Este documento no constituye comprobante de pagos ni de entrega de equipos.",
        "No constituye comprobante de pago ni finiquito de deudas ni constancia de entrega.",
        "No constituye comprobante de pago ni finiquito de deudas, y no acredita la entrega.",
        "No constituye comprobante de pago, tampoco de entrega de equipos.",
        "No constituye comprobante de pago. Tampoco de entrega de equipos.",
        "No constituye comprobante de pago / entrega de equipos.",
        "No es comprobante de pago - entrega de equipos.",
        "No constituye constancia de cobro, de retiro o entrega de los bienes.",
        "No constituye comprobante de pago nl constancia de entrega.",
    ],
)
def test_advice_that_something_is_still_to_be_brought_leaves_the_direction_open(said: str) -> None:
    paper = read(RETURN.format(said=said))
    assert paper.direction is Direction.DESCONOCIDA, paper.because


UNSAID = """
  {title}
  CNT EP
  Cliente: PEÑA LOZA MARÍA JOSÉ          Cédula: 1700000019
  ONT Huawei  Serie: HWTCC661499D        Motivo: Baja de línea


  ____________________              ____________________
  Firma cliente                     Recibido por CNT EP
"""


def test_a_reason_that_looks_like_the_title_of_a_complaint_is_none() -> None:
    for reason in ("Renuncia al servicio", "Motivo:  Baja por falta de paso"):  # "pago", by hand
        assert is_a_return(read(RETURN.replace("Motivo:  Baja de línea", reason).format(said=""))), reason


@pytest.mark.parametrize(
    "title",
    ["DENUNCIA", "BENUNCIA", "GOLICITUD", "OLICITUD", "ISOLICITUD", "FETICION", "ECLAMO", "EACTURA", "NSTRUCTIVO"],
)
def test_another_papers_title_counts_however_its_first_letter_was_read(title: str) -> None:
    paper = read(RETURN.replace("ACTA DE DEVOLUCIÓN", f"{title}\n  ACTA DE DEVOLUCIÓN").format(said=""))
    assert paper.kind is not DocumentKind.ACTA


def test_a_sheet_may_be_called_a_matrix_of_what_was_received() -> None:
    for title in ("MATRIZ DE RECEPCIÓN BAJA DE SERVICIO", "PLANILLA DE RECEPCIÓN DE EQUIPOS"):
        assert is_a_return(read(RETURN.replace("ACTA DE DEVOLUCIÓN DE EQUIPOS", title).format(said="")))


@pytest.mark.parametrize(
    "title",
    ["MATRIZ DE RETIROS PROGRAMADOS", "PLANILLA DE RUTA DE RETIROS", "PLANILLA DE COBRO DE EQUIPOS",
     "TICKET DE RECEPCIÓN DE BAJA", "EXPEDIENTE DE RECEPCIÓN BAJA", "INFORME DE RECEPCIÓN DE LA BAJA"],
)  # fmt: skip
def test_a_plan_a_bill_or_a_request_that_was_received_is_no_return(title: str) -> None:
    assert not is_a_return(read(UNSAID.format(title=title)))


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("ARE−2025−49928", "ARE-2025-49928"),  # U+2212, as groff writes them
        ("06‐2726449", "06-2726449"),
        ("Or琀椀z", "Ortiz"),
        ("Del昀椀na", "Delfina"),
        ("MUÑOZ", "MUÑOZ"),
        ("Peña", "Peña"),
        ("Ā", "Ā"),  # U+0100: its other byte is no letter
    ],
)
def test_words_of_a_text_layer_are_spelled_as_they_are_seen(written: str, seen: str) -> None:
    assert _spelled(written) == seen


BY_PIECE = """
  FORMULARIO ÚNICO DE DEVOLUCIÓN DE EQUIPOS
  CNT EP                        Formulario Nº 352895083

  APELLIDOS Y NOMBRES DEL TITULAR
  QUIMI ANRANGO JOSE GALO
  CÉDULA DE IDENTIDAD              NÚMERO DE SERVICIO
  1700000019                       97426816

  EQUIPOS QUE ENTREGA EL CLIENTE
  EQUIPO / MARCA / MODELO Módem VDSL Huawei HG532e            MAC F84ABF15527C
  SERIE 2153060D765X090322
  EQUIPO / MARCA / MODELO Receptor satelital ZTE B866V2       MAC
  SERIE ZTEEQ6D4E412514
  EQUIPO / MARCA / MODELO ONT Huawei EG8145V5                 MAC F84ABF24430C
  SERIE 485754437DF40626
  EQUIPO / MARCA / MODELO Fuente de poder                     MAC
  SERIE
"""


def test_captions_that_come_again_for_each_piece_are_no_headings_of_a_table() -> None:
    serials = [value(line.serial) for line in read(BY_PIECE).equipment if line.serial]
    assert serials == ["2153060D765X090322", "ZTEEQ6D4E412514", "HWTC7DF40626"]


KEPT = """
  CNT EP
  ACTA DE DEVOLUCIÓN DE EQUIPOS
  Equipo          Marca      Modelo       MAC
  STB             Arris      VIP1113      3C7A8A758C68

  El cliente conserva la ONT ZTE serie ZTEGC2589610 de su otro servicio.
"""


def test_a_table_without_serials_is_not_filled_from_what_the_text_says_of_other_pieces() -> None:
    (piece,) = read(KEPT).equipment
    assert (piece.serial, value(piece.mac)) == (None, "3C7A8A758C68")


def test_a_serial_without_caption_may_stand_before_a_mac() -> None:
    lines = """
  CNT EP                           Devolución de equipos

  ONT GPON            ZTE      ZXHN F6600P     ZTEGC2589610      D0:60:8C:64:2E:F2
  STB IPTV            Arris    VIP1113         M9713TA296882     3C:7A:8A:75:8C:68
  Fuente de poder
"""
    first, second, supply = read(lines).equipment
    assert (value(first.serial), value(first.mac)) == ("ZTEGC2589610", "D0608C642EF2")
    assert (value(second.serial), value(second.mac)) == ("M9713TA296882", "3C7A8A758C68")
    assert supply.serial is supply.mac is None
    assert not any(field.proven for line in (first, second) for field in (line.serial, line.mac) if field)
    for somebodys in ("1700000019", "1768152560001", "042345678"):
        (piece,) = read(f"  CNT EP\n\n  ONT GPON     Huawei    {somebodys}     D0:60:8C:64:2E:F2\n").equipment
        assert piece.serial is None


def test_the_number_of_a_work_order_is_not_the_certificates_and_a_forms_code_is_nobodys() -> None:
    order = "  ORDEN DE TRABAJO: RETIRO DE EQUIPOS          O.T. 878284535\n  CNT EP     {acta}\n"
    with_acta, alone = (read(order.format(acta=acta)).number for acta in ("Acta: CNT-749544", ""))
    assert value(with_acta) == "CNT-749544"
    assert alone is None or (value(alone), alone.proven) == ("878284535", False)
    code = read("  CNT EP                         Form. AC-378\n  RECIBO DE EQUIPOS\n").number
    assert code is not None and not code.proven
    with_number = "  CNT EP                         Form. AC-378\n  RECIBO DE EQUIPOS       No. CNT-160374\n"
    assert value(read(with_number).number) == "CNT-160374"


def test_a_day_in_three_boxes_is_read_under_what_tells_how_to_fill_them_in() -> None:
    title = "  CNT EP   FORMULARIO DE DEVOLUCIÓN DE EQUIPOS\n\n"
    form = title + "  {label}\n{between}  13     05     2024            {beside}\n"
    for label, sure in (("FECHA (DD MM AAAA)", True), ("ro (DD MM AAAA)", False)):
        for between in ("", "  ul\n"):
            day = read(form.format(label=label, between=between, beside="Nro. 546934631")).date
            assert value(day) == "2024-05-13"
            assert day is not None and day.rule.startswith("suelto:") is not sure
    together = read(title + "  FECHA (DD MM AAAA)\n  1305     2024            Nro. 546934631\n").date
    assert value(together) == "2024-05-13" and together is not None and together.rule.startswith("suelto:")
    others = ("FOLIOS", "FECHA", "FECHA DE INSTALACIÓN (DD MM AAAA)", "Activación (DD-MM-AAAA)", "Alta DD/MM/AAAA",
              "CADUCIDAD DD/MM/AAAA", "FECHA DE SOLICITUD (DD MM AAAA)", "Próximo pago DD/MM/AAAA")  # fmt: skip
    in_words = "\n  Quito, 12 de julio de 2024\n"
    for label in others:
        found = read(form.format(label=label, between="  CANT   VAL\n", beside="") + in_words).date
        assert value(found) == "2024-07-12", label


def test_who_acts_on_the_holders_behalf_is_not_the_holder_and_captions_are_nobody() -> None:
    letter = """
  CNT EP
  CERTIFICADO DE RECEPCIÓN DE EQUIPOS
  CNT EP certifica que ha recibido de LEÓN QUISHPE KATHERINE MÓNICA, C.I. 1700000019, los equipos.
  Entrega los equipos en nombre del titular: FUEL MOREIRA VERÓNICA LISSETTE, C.I. 1700000027.
"""
    wrapped = letter.replace(" LISSETTE, C.I. 1700000027", " LISSETTE, C.I.\n  1700000027")
    alone = wrapped.replace("LEÓN QUISHPE KATHERINE MÓNICA, C.I. 1700000019, ", "").replace("C.I.", "C.l.")
    for said in (letter, wrapped, alone):
        assert "FUEL" not in value(read(said).holder)
    said = ("Tipo documento", "TIPO DE IDENTIFICACIÓN", "Marca y modelo", "PEÑA MARCA MARÍA JOSÉ")
    assert [person(Span(typed(f"  {text}\n").words)) for text in said] == ["", "", "", "PEÑA MARCA MARÍA JOSÉ"]


@pytest.mark.parametrize(
    ("head", "number"),
    [
        ("CONSTANCIA DE RECEPCION DE EQUIPOS 42325572", "42325572"),
        ("CONSTANCIA DE RECEPCION DE EQUIPOS DEV-042-5051-\n                              2024", "DEV-042-5051-2024"),
        ("CONSTANCIA DE RECEPCION DE EQUIPOS 2024", ""),
        ("AGENCIA 42325572", ""),
    ],
)
def test_a_number_behind_the_title_is_a_papers_own_and_never_proven(head: str, number: str) -> None:
    found = read(f"  CNT EP              {head}\n\n  CLIENTE: DELGADO ROSERO BLANCA    CI/RUC: 1700000019\n").number
    assert value(found) == number
    assert found is None or not found.proven


ORDER = """
  CORPORACIÓN NACIONAL DE TELECOMUNICACIONES CNT EP        ORDEN DE RETIRO DE EQUIPOS

  Orden No.:    AD-587733                            Instancia:            035243154
  Cliente:      GUALOTUÑA QUIÑÓNEZ DOLORES           Servicio:             Telefonía fija
  Cédula/RUC:   1700000019                           Fecha de atención:    2021-09-13
  Equipo                   Marca / Modelo   S/N           MAC ADDRESS            Estado



  Teléfono inalámbrico     ZTE WP628        32886972978
  Observaciones: retiro definitivo a petición del abonado.



  CV laz                           Ur lil                         CNT EP
  Cliente que entrega              Técnico que retira             Recibido en bodega


  GUALOTUÑA QUIÑÓNEZ DOLORES       SIMBAÑA GUALOTUÑA FERNANDO
"""


def test_captions_with_a_colon_stand_before_their_values_whatever_stands_under_signatures() -> None:
    paper = read(ORDER)
    assert value(paper.holder) == "GUALOTUÑA QUIÑÓNEZ DOLORES"
    assert (value(paper.id_number), value(paper.service_number)) == ("1700000019", "035243154")
    assert paper.id_number is not None and not paper.id_number.rule.startswith("suelto:")


@pytest.mark.parametrize(
    ("written", "number", "sure"),
    [
        ("(C7) 393-6129", "073936129", False),
        ("C2-4582744", "024582744", False),
        ("(07) 393-6129", "073936129", True),
        ("07 3936129", "073936129", True),
    ],
)
def test_a_nought_by_hand_may_have_been_read_as_a_letter(written: str, number: str, sure: bool) -> None:
    found = read(f"  CNT EP\n  Cédula: 1700000019        Número de servicio: {written}\n").service_number
    assert value(found) == number
    assert found is not None and found.rule.startswith("suelto:") is not sure
