"""What papers say.  Pages are typed here as text on a grid; layouts are not those of any sample."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence_daemon.documents.fields import read_papers
from evidence_daemon.documents.labelled import LOOSE
from evidence_daemon.documents.wanting import yields
from evidence_daemon.model import (
    Box,
    Direction,
    Document,
    DocumentKind,
    Engine,
    EquipmentType,
    Fields,
    Page,
    ReasonCode,
    Sha256,
    Signature,
    Signer,
    Unreadable,
    Witness,
    Word,
)
from evidence_daemon.rulebook import DocumentsBook

BOOK = DocumentsBook.model_validate(tomllib.loads((Path(__file__).parents[1] / "rules" / "documents.toml").read_text()))


def typed(text: str, *, confidence: float = 0.95, engine: Engine = Engine.TESSERACT, ink: tuple[Box, ...] = ()) -> Page:
    """A page of 100 columns and 66 rows; the place of a word in the text is its place on the page."""
    words = [
        Word(found[0], Box(found.start() / 100, row / 66, found.end() / 100, (row + 0.7) / 66), confidence, row)
        for row, line in enumerate(text.splitlines())
        for found in re.finditer(r"\S+", line)
    ]
    return Page(1, 1000, 1414, engine, tuple(words), ink=ink)


def document(*pages: Page, name: str = "a") -> Document:
    sha = Sha256((name * 64)[:64])
    return Document(
        sha, f"{name}.jpg", "image/jpeg", tuple(replace(p, number=n) for n, p in enumerate(pages, 1)), len(pages)
    )


def read(text: str, **how: object) -> Fields:
    (paper,) = read_papers([document(typed(text, **how))], BOOK)  # type: ignore[arg-type]
    return paper


def value(field: object) -> str:
    return str(getattr(field, "value", ""))


HEAD = """
     CORPORACION NACIONAL DE TELECOMUNICACIONES CNT EP
                 R.U.C. 1768152560001

"""

LIST = (
    HEAD
    + """
        ACTA DE ENTREGA - RECEPCION DE EQUIPOS No. 00012345

  Fecha: 12 de marzo de 2021            Agencia: CAC Centro Norte
  Titular: MORALES ÑAUÑAY JUANA ISABEL
  Cédula: 1700000019                    Teléfono contacto: 0991234567
  Servicio No.: 02 234-5678             Línea de negocio: Internet fijo

  El cliente entrega a CNT los siguientes equipos:
  - ONT Huawei HG8245Q2
      Serie: HWTCC661499D   MAC: 98:F5:37:10:4F:9C
  - Decodificador ZTE B760H
      Serie: ZTEEQ7C8M220870
  - Control remoto

  Motivo: cancelación del servicio



  _______________________              _______________________
  Firma del cliente                    Recibí conforme CNT EP
  C.I. 1700000019                      C.I. 0900000027
"""
)

TABLE = (
    HEAD
    + """
              ACTA DE DEVOLUCION DE EQUIPOS TERMINALES

  APELLIDOS Y NOMBRES                     C.I. / RUC           FECHA DE ENTREGA
  PEREZ MORA LUIS ALBERTO                 0900000027           2021-03-17

  NUMERO DE SERVICIO                      OFICINA              ACTA NO
  042345678                               CAC Sur              AE-2021-0007

  Cant.  Descripción           Marca      Modelo       No. de serie        Estado
  1      Módem ADSL            Huawei     HG532s       2102213F97073330    Bueno
  2      Cable de red UTP                                                  Bueno
  1      Tarjeta smart card    Nagra                   564075812331        Bueno

  ENTREGUE CONFORME                       RECIBI CONFORME
  EL CLIENTE                              POR CNT EP
"""
)

PROSE = (
    HEAD
    + """
                  CONSTANCIA DE DEVOLUCION DE EQUIPOS

  Quito, 5 de abril de 2021

  Por la presente se deja constancia de que el señor TORRES VEGA MARIO ANDRES, con cédula
  de ciudadanía No. 0100000033, titular del servicio número 072345678, devolvió en esta
  oficina un módem marca ZTE modelo H108N serie ZTEEL346L488301, MAC 344B508B862A; y una
  fuente de poder, por terminación del contrato de servicio.
"""
)


def test_a_list_of_labels_with_colons_is_read() -> None:
    paper = read(LIST)
    assert (paper.kind, paper.direction, paper.ours) == (DocumentKind.ACTA, Direction.DEVOLUCION, True)
    assert value(paper.number) == "00012345"
    assert value(paper.date) == "2021-03-12"
    assert value(paper.office) == "CAC Centro Norte"
    assert value(paper.holder) == "MORALES ÑAUÑAY JUANA ISABEL"
    assert value(paper.id_number) == "1700000019"
    assert value(paper.service_number) == "022345678"
    assert value(paper.line) == "INTERNET_FIJO"
    assert [(e.type, value(e.serial), value(e.mac)) for e in paper.equipment] == [
        (EquipmentType.ONT, "HWTCC661499D", "98F537104F9C"),
        (EquipmentType.DECODIFICADOR, "ZTEEQ7C8M220870", ""),
        (EquipmentType.CONTROL_REMOTO, "", ""),
    ]
    assert (paper.equipment[0].brand, paper.equipment[0].model) == ("Huawei", "HG8245Q2")


def test_labels_above_their_values_and_a_table_are_read() -> None:
    paper = read(TABLE)
    assert (paper.kind, paper.direction, paper.ours) == (DocumentKind.ACTA, Direction.DEVOLUCION, True)
    assert value(paper.holder) == "PEREZ MORA LUIS ALBERTO"
    assert value(paper.id_number) == "0900000027"
    assert value(paper.date) == "2021-03-17"
    assert value(paper.service_number) == "042345678"
    assert value(paper.office) == "CAC Sur"
    assert value(paper.number) == "AE-2021-0007"
    assert [(e.type, value(e.serial), value(e.mac), e.count) for e in paper.equipment] == [
        (EquipmentType.MODEM_ROUTER, "2102213F97073330", "", 1),
        (EquipmentType.CABLE, "", "", 2),
        (EquipmentType.SMARTCARD, "564075812331", "", 1),
    ]


def test_the_state_and_the_accessories_of_equipment_are_read_from_their_columns() -> None:
    assert [line.state for line in read(TABLE).equipment] == ["Bueno"] * 3
    other = TABLE.replace(
        "Cant.  Descripción           Marca      Modelo       No. de serie        Estado",
        "Elemento   Cargador   Marca      Modelo     No. de serie        Estado del equipo",
    )
    other = other.replace(
        "  1      Módem ADSL            Huawei     HG532s       2102213F97073330    Bueno",
        "  ONT        Sí         Huawei     HG8245Q2   HWTCC661499D        Completo",
    )
    (first, *_) = read(other).equipment
    assert (first.type, value(first.serial), first.state, first.accessories) == (
        EquipmentType.ONT, "HWTCC661499D", "Completo", "Sí",
    )  # fmt: skip
    assert (first.brand, first.model) == ("Huawei", "HG8245Q2")


@pytest.mark.parametrize(
    ("line", "agent"),
    [
        ("  Agente: Tipán Mora Verónica                Código: 4471", "Tipán Mora Verónica"),
        ("  Atendido por                               Firma\n  ROSA ELENA VACA", "ROSA ELENA VACA"),
    ],
)
def test_the_agent_is_read_and_is_not_the_holder(line: str, agent: str) -> None:
    paper = read(LIST.replace("  Motivo: cancelación del servicio", line))
    assert value(paper.agent).upper() == agent.upper()
    assert value(paper.holder) == "MORALES ÑAUÑAY JUANA ISABEL"


def test_a_stamp_beside_the_customers_place_is_no_signature_of_his() -> None:
    x, y = _label_row(LIST, "Recibí conforme CNT EP")
    stamp = Box(x, y - 0.08, x + 0.2, y - 0.02)
    assert read(LIST, ink=(stamp,)).signature is Signature.NO_HALLADA


def test_sentences_are_read() -> None:
    paper = read(PROSE)
    assert (paper.kind, paper.direction, paper.ours) == (DocumentKind.ACTA, Direction.DEVOLUCION, True)
    assert value(paper.holder) == "TORRES VEGA MARIO ANDRES"
    assert value(paper.id_number) == "0100000033"
    assert value(paper.service_number) == "072345678"
    assert value(paper.date) == "2021-04-05"
    assert [(e.type, value(e.serial), value(e.mac)) for e in paper.equipment] == [
        (EquipmentType.MODEM_ROUTER, "ZTEEL346L488301", "344B508B862A"),
        (EquipmentType.FUENTE, "", ""),
    ]


def test_every_value_frames_its_place_and_says_its_rule() -> None:
    paper = read(LIST)
    assert paper.id_number is not None
    assert paper.id_number.box is not None
    row = next(n for n, line in enumerate(LIST.splitlines()) if "Cédula:" in line)
    assert paper.id_number.box.y0 == pytest.approx(row / 66)
    assert paper.id_number.box.x0 == pytest.approx(LIST.splitlines()[row].index("1700000019") / 100)
    assert "CEDULA" in paper.id_number.rule
    assert paper.id_number.raw == "1700000019"
    assert paper.because


def test_a_number_with_a_right_check_digit_or_two_places_is_proven() -> None:
    assert read(LIST).id_number.proven  # type: ignore[union-attr]
    unsure = read(LIST.replace("C.I. 1700000019", "C.I."), confidence=0.6)
    assert unsure.id_number is not None
    assert not unsure.id_number.proven
    assert read(LIST, confidence=0.6).id_number.proven, "two places say it"  # type: ignore[union-attr]


def test_letters_read_for_digits_make_a_number_that_is_never_proven() -> None:
    paper = read(
        LIST.replace("Cédula: 1700000019", "Cédula: 17OOOOOO19".replace("OOOOOO", "0000O0")).replace(
            "C.I. 1700000019", ""
        )
    )
    assert value(paper.id_number) == "1700000019"
    assert not paper.id_number.proven  # type: ignore[union-attr]


def test_a_pon_serial_read_by_ocr_is_not_proven_by_its_form() -> None:
    assert not read(LIST).equipment[0].serial.proven  # type: ignore[union-attr]
    assert read(LIST, engine=Engine.TEXTO, confidence=1.0).equipment[0].serial.proven  # type: ignore[union-attr]


# ── the direction trap ───────────────────────────────────────────────────────────────────────────

INSTALLED = (
    HEAD
    + """
        ACTA DE ENTREGA - RECEPCION DE EQUIPOS No. 00012345
  Cliente: MORALES ÑAUÑAY JUANA ISABEL
  Cédula: 1700000019       Servicio No.: 022345678
  Equipo: ONT Huawei     Serie: HWTCC661499D
"""
)


@pytest.mark.parametrize(
    ("words", "direction"),
    [
        ("El cliente entrega a CNT EP los equipos detallados.", Direction.DEVOLUCION),
        ("El abonado devuelve los equipos por retiro definitivo del servicio.", Direction.DEVOLUCION),
        ("Recibí del cliente los equipos descritos.", Direction.DEVOLUCION),
        ("El abonado hace la devolución de los equipos.\n  devuelve en la oficina CAC Sur :", Direction.DEVOLUCION),
        ("CNT EP entrega al cliente los equipos en calidad de comodato.", Direction.INSTALACION),
        ("El cliente declara recibir los equipos a satisfacción.", Direction.INSTALACION),
        ("Motivo: Instalación nueva", Direction.INSTALACION),
        ("Motivo: Activación de servicio. El cliente recibe conforme.", Direction.INSTALACION),
        ("El cliente se compromete a devolverlos a la terminación del contrato.", Direction.INSTALACION),
        ("El cliente entrega a CNT el equipo viejo. CNT instala al cliente uno nuevo.", Direction.DESCONOCIDA),
        ("Motivo: cancelación del servicio. El cliente recibe los equipos.", Direction.INSTALACION),
        ("Los equipos constan en el inventario.", Direction.DESCONOCIDA),
        ("Motivo: terminación del contrato", Direction.DESCONOCIDA),
    ],
)
def test_the_direction_is_who_gives_and_who_takes_not_the_title(words: str, direction: Direction) -> None:
    paper = read(f"{INSTALLED}\n  {words}\n")
    assert paper.kind is DocumentKind.ACTA
    assert paper.direction is direction, paper.because


GIVES = "El cliente entrega a CNT EP los equipos detallados."


@pytest.mark.parametrize(
    "words",
    [
        "El cliente manifiesta que no entrega los equipos.",
        "El cliente debe entregar los equipos a CNT EP.",
        f"{GIVES} DOCUMENTO ANULADO",
        f"{GIVES} Este documento no constituye constancia de entrega.",
        f"{GIVES} No se retiró el decodificador.",
        f"{GIVES} Equipos pendientes de devolución: uno.",
        f"{GIVES} El retiro se realizará en su domicilio.",
        f"{GIVES} Una vez reparado, el equipo será devuelto al cliente.",
        f"{GIVES} El cliente continúa con el servicio.",
        f"{GIVES} Recibe el custodio para su custodia.",
        f"{GIVES} Entrega en calidad de préstamo.",
    ],
)
def test_what_is_denied_void_planned_or_goes_back_is_no_return(words: str) -> None:
    paper = read(f"{INSTALLED}\n  {words}\n")
    assert paper.direction is Direction.DESCONOCIDA, paper.because


ORDER = (
    HEAD
    + """
              ORDEN DE RETIRO DE EQUIPOS A DOMICILIO
  Orden:                 A-0012345
  Cliente:               MORALES ÑAUÑAY JUANA ISABEL
  Cédula:                1700000019       Servicio No.: 022345678
  Motivo:                cancelación del servicio
  Equipo: ONT Huawei     Serie: HWTCC661499D
"""
)


def test_an_order_alone_says_what_shall_be_done_and_its_receipt_that_it_was() -> None:
    assert read(ORDER).kind is DocumentKind.ACTA
    assert read(ORDER).direction is Direction.DESCONOCIDA
    assert read(ORDER.replace("RETIRO", "DEVOLUCION")).direction is Direction.DESCONOCIDA
    for received in (
        "Recibí conforme                       Entregué conforme",
        "Se recibe lo arriba descrito.",
        "Equipos retirados: 1",
        "Entregado por: JUANA MORALES          Recibido por: LUIS VACA",
        "Los equipos quedan en poder de CNT EP.",
    ):
        paper = read(f"{ORDER}\n  {received}\n")
        assert paper.direction is Direction.DEVOLUCION, (received, paper.because)


@pytest.mark.parametrize(
    "words",
    [
        "Estado de la orden:    CANCELADA",
        "Estado:                ANULADA",
        "Estado del trámite: EN PROCESO",
        "Estado de la visita     NO EFECTUADA",
        "Resultado de la visita: fallida",
        "Orden       Estado\n  A-0012      PENDIENTE",
        "El retiro no se realizó.",
        "La visita no se concretó porque nadie atendió.",
        "El retiro no pudo efectuarse.",
        "El equipo no fue retirado.",
        "No fue posible retirar los equipos.",
        "Se deja constancia de que el técnico volvió sin retirar los equipos.",
        "Cliente ausente",
        "El cliente no se encontraba en el domicilio.",
        "Se reagenda para el lunes.",
        "Requiere segunda visita.",
        "Retiro rechazado por el cliente.",
        "Me comprometo a devolver los equipos que mantengo en mi poder.",
        "El cliente se niega a entregar el decodificador.",
        "Imposible retirar: dirección incorrecta.",
        "Visita sin éxito.",
        "El titular indica que devolverá los equipos en la oficina.",
        "El retiro quedó pendiente por lluvia. Se suspende la visita.",
        "PLAN DE DEVOLUCION DE EQUIPOS",
    ],
)
def test_what_was_cancelled_failed_or_is_still_to_come_is_no_return(words: str) -> None:
    for page in (f"{INSTALLED}\n  {GIVES}", f"{ORDER}\n  Recibí conforme            Entregué conforme"):
        paper = read(f"{page}\n\n  {words}\n")
        assert paper.direction is Direction.DESCONOCIDA, paper.because


@pytest.mark.parametrize(
    "words",
    [
        "Estado del servicio:   CANCELADO",
        "Estado del equipo: Bueno",
        "No se encontraron novedades. No se realizó cobro alguno.",
        "Orden No. 0012345      Motivo: servicio cancelado",
        "Los equipos que tenía en su poder se reciben completos.",
        "Pendiente de pago: ninguno",
    ],
)
def test_what_ordinary_returns_say_leaves_them_returns(words: str) -> None:
    paper = read(f"{INSTALLED}\n  {GIVES}\n\n  {words}\n")
    assert paper.direction is Direction.DEVOLUCION, paper.because


def test_letters_struck_across_a_page_leave_its_direction_open() -> None:
    across = Box(0.0, 0.3, 1.0, 0.6)
    assert read(LIST).direction is Direction.DEVOLUCION
    paper = read(LIST, ink=(across,))
    assert paper.direction is Direction.DESCONOCIDA
    assert "contra: letras o rayas grandes a través de la hoja" in paper.because


@pytest.mark.parametrize(
    ("left", "right", "direction"),
    [
        (("ENTREGUE CONFORME", "EL CLIENTE"), ("RECIBI CONFORME", "CNT EP"), Direction.DEVOLUCION),
        (("RECIBI CONFORME", "EL CLIENTE"), ("ENTREGUE CONFORME", "CNT EP"), Direction.INSTALACION),
        (("ENTREGADO POR", "CLIENTE"), ("RECIBIDO POR", "BODEGA"), Direction.DEVOLUCION),
        (("RECIBE", "ABONADO"), ("ENTREGA", "TECNICO"), Direction.INSTALACION),
    ],
)
def test_the_boxes_of_the_signatures_tell_the_direction(
    left: tuple[str, str], right: tuple[str, str], direction: Direction
) -> None:
    boxes = "\n".join(f"  {one:40}{two}" for one, two in zip(left, right, strict=True))
    paper = read(f"{INSTALLED}\n\n\n\n{boxes}\n")
    assert paper.direction is direction, paper.because


# ── whose, and what kind ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "head",
    [
        "CONSORCIO ECUATORIANO DE TELECOMUNICACIONES S.A. CONECEL\n   RUC: 1791251237001",
        "NETLIFE  MEGADATOS S.A.",
        "OTECEL S.A. - MOVISTAR",
        "EMPRESA DE SERVICIOS",
    ],
)
def test_another_operators_acta_is_not_ours(head: str) -> None:
    assert not read(
        LIST.replace(HEAD, f"\n   {head}\n\n").replace("CNT EP", "la empresa").replace("CNT", "la empresa")
    ).ours


def test_an_operator_to_whom_the_customer_moves_does_not_make_it_foreign() -> None:
    assert read(LIST.replace("cancelación del servicio", "cambio de operador a NETLIFE")).ours


def test_the_companys_number_is_never_the_holders() -> None:
    without = LIST.replace("Cédula: 1700000019", "").replace("C.I. 1700000019", "").replace("C.I. 0900000027", "")
    assert read(without).id_number is None
    misread = without.replace("1768152560001", "1768152568081")
    assert read(misread).id_number is None


def test_the_signers_number_is_not_the_holders() -> None:
    other = LIST.replace("C.I. 1700000019", "C.I. 2400000044")
    assert value(read(other).id_number) == "1700000019"


KINDS = {
    DocumentKind.FACTURA: """
   CORPORACION NACIONAL DE TELECOMUNICACIONES CNT EP       R.U.C.: 1768152560001
                                                           FACTURA No. 001-023-000129092
                                                           NUMERO DE AUTORIZACION 98389734
   Identificación: 1700000019     Fecha de emisión: 12/03/2021
   1   PENALIDAD EQUIPO NO DEVUELTO SERIE HWTCC661499D      80.00
   SUBTOTAL 80.00   IVA 9.60    VALOR TOTAL 89.60
""",
    DocumentKind.SOLICITUD: """
   Señores CNT EP
   Asunto: solicitud de cancelación del servicio
   Yo, MORALES ÑAUÑAY JUANA ISABEL, con C.I. 1700000019, solicito la cancelación del servicio de
   Internet fijo número 022345678. Me comprometo a entregar los equipos y a suscribir el
   acta de entrega recepción de equipos.
   Atentamente, MORALES ÑAUÑAY JUANA ISABEL
""",
    DocumentKind.COMPROBANTE: """
   COMPROBANTE DE PAGO
   Forma de pago: efectivo      Valor pagado: 89.60
   Cliente: MORALES ÑAUÑAY JUANA ISABEL   CNT EP
""",
    DocumentKind.CEDULA: """
   REPUBLICA DEL ECUADOR
   DIRECCION GENERAL DE REGISTRO CIVIL, IDENTIFICACION Y CEDULACION
   CEDULA DE CIUDADANIA No. 1700000019
   LUGAR DE NACIMIENTO QUITO    NACIONALIDAD ECUATORIANA
""",
    DocumentKind.OTRO: """
   Hola, aquí le envío la foto del módem que entregué la semana pasada en la oficina
   de la avenida principal, junto con todos sus cables y accesorios.
""",
    DocumentKind.VACIO: "  ,  .  x",
}


@pytest.mark.parametrize("kind", KINDS)
def test_other_papers_are_what_they_are_and_have_no_direction(kind: DocumentKind) -> None:
    paper = read(KINDS[kind])
    assert paper.kind is kind, paper.because
    assert paper.direction is Direction.DESCONOCIDA


def test_a_paper_that_is_an_acta_and_something_else_is_a_persons() -> None:
    both = LIST + "\n  Yo solicito la baja. De mi consideración. Atentamente\n"
    assert read(both).kind is DocumentKind.OTRO


# ── single values ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("printed", "iso"),
    [
        ("12/03/2021", "2021-03-12"),
        ("12-03-2021 10:45", "2021-03-12"),
        ("2021-03-12", "2021-03-12"),
        ("12-MAR-2021", "2021-03-12"),
        ("12 DE MARZO DE 2021", "2021-03-12"),
        ("12 de marzo del 2021", "2021-03-12"),
        ("a los 12 días del mes de marzo de 2021", "2021-03-12"),
        ("1 de setiembre de 2020", "2020-09-01"),
        ("12/3/21", "2021-03-12"),
        ("12-mar-21", "2021-03-12"),
        ("12/III/2021", "2021-03-12"),
        ("12-III-2021 10:45", "2021-03-12"),
        ("2 6 0 3 2 0 2 1", "2021-03-26"),
        ("2 0 2 1 0 3 2 6", "2021-03-26"),
        ("12-XIII-2021", ""),
        ("31/02/2021", ""),
        ("28/88/2021", ""),
        ("pendiente", ""),
    ],
)
def test_a_date_is_read_in_every_spelling_or_not_at_all(printed: str, iso: str) -> None:
    assert (
        value(read(LIST.replace("12 de marzo de 2021", printed).replace("Agencia: CAC Centro Norte", "")).date) == iso
    )


@pytest.mark.parametrize(
    ("printed", "digits"),
    [
        ("022345678", "022345678"),
        ("02 234 5678", "022345678"),
        ("(02) 234-5678", "022345678"),
        ("+593 2 234 5678", "022345678"),
        ("44206423", "44206423"),
        ("12/03/2021", ""),
        ("sin número", ""),
    ],
)
def test_a_service_number_is_read_in_every_spelling(printed: str, digits: str) -> None:
    assert value(read(LIST.replace("02 234-5678 ", f"{printed} ")).service_number) == digits


def test_the_contact_telephone_is_not_the_service() -> None:
    assert read(LIST.replace("Servicio No.: 02 234-5678", "")).service_number is None


@pytest.mark.parametrize("printed", ["N/A", "---", "S/N", "SIN SERIE", "", "12/03/2021", "BUENO"])
def test_a_serial_is_never_made_up(printed: str) -> None:
    paper = read(LIST.replace("ZTEEQ7C8M220870", printed))
    assert paper.equipment[1].serial is None


def test_a_serial_and_its_neighbour_are_not_pieced_together() -> None:
    paper = read(TABLE.replace("HG532s       2102213F97073330", "HG532s B760H 2102213F97073330"))
    assert value(paper.equipment[0].serial) == "2102213F97073330"


def test_of_several_lines_of_business_only_a_ticked_one_counts() -> None:
    boxes = "Línea de negocio: {} Internet fijo {} Televisión"
    assert (
        value(read(LIST.replace("Línea de negocio: Internet fijo", boxes.format("[X]", "[ ]"))).line) == "INTERNET_FIJO"
    )
    assert value(read(LIST.replace("Línea de negocio: Internet fijo", boxes.format("[ ]", "[X]"))).line) == "TELEVISION"
    assert read(LIST.replace("Línea de negocio: Internet fijo", boxes.format("", ""))).line is None


def test_misread_labels_are_forgiven() -> None:
    rough = LIST.replace("Cédula:", "Cedu1a:").replace("Titular:", "TituIar:").replace("Serie:", "5erie:")
    paper = read(rough.replace("CORPORACION", "CORP0RACIÓN"))
    assert value(paper.id_number) == "1700000019"
    assert value(paper.holder) == "MORALES ÑAUÑAY JUANA ISABEL"
    assert value(paper.equipment[0].serial) == "HWTCC661499D"


def test_sides_of_boxes_read_as_bars_do_not_spoil_values() -> None:
    rough = LIST.replace(" 1700000019  ", " |1700000019]").replace("02 234-5678", "[022345678")
    assert value(read(rough).id_number) == "1700000019"
    assert value(read(rough).service_number) == "022345678"


# ── signature ────────────────────────────────────────────────────────────────────────────────────


def _label_row(text: str, label: str) -> tuple[float, float]:
    row = next(n for n, line in enumerate(text.splitlines()) if label in line)
    return row / 66, text.splitlines()[row].index(label) / 100


def test_ink_over_the_customers_label_is_a_signature() -> None:
    y, x = _label_row(LIST, "Firma del cliente")
    scribble = Box(x + 0.02, y - 0.05, x + 0.15, y - 0.005)
    assert read(LIST, ink=(scribble,)).signature is Signature.HALLADA


def test_print_beside_the_customers_label_that_was_not_read_is_no_signature() -> None:
    y, x = _label_row(LIST, "Firma del cliente")
    letters = Box(x - 0.06, y - 0.002, x - 0.01, y + 0.011)
    assert read(LIST, ink=(letters,)).signature is Signature.NO_HALLADA


ROWS_TO_SIGN = "\n".join((
    *[""] * 2, "      ACTA DE RECOLECCION DE EQUIPOS   CNT EP", *[""] * 4,
    "   1. Modem Huawei serie HWTCC661499D", *[""] * 28,
    "   CLIENTE                                                       MORALES PAZ JUANA",
    "                                                                 C.I. 1700000019", *[""] * 3,
    "   TECNICO                                                       PILCO VACA HUGO",
))  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "signature", "received"),
    [((36, 41), "HALLADA", "HALLADA"), ((41,), "NO_HALLADA", "DUDOSA"), ((), "NO_HALLADA", "DUDOSA")],
    ids=["both", "the technician alone", "nobody"],
)
def test_one_signs_behind_the_caption_of_a_row(rows: tuple[int, ...], signature: str, received: str) -> None:
    paper = read(ROWS_TO_SIGN, ink=tuple(Box(0.25, (row - 0.6) / 66, 0.45, (row + 1.4) / 66) for row in rows))
    assert (paper.signature, paper.received) == (signature, received)


SIGNERS = "\n".join((
    *[""] * 2, "      ACTA DE RECOLECCION DE EQUIPOS   CNT EP", *[""] * 4,
    "   1. Modem Huawei serie HWTCC661499D", *[""] * 26,
    "   Rol              Nombre                Cédula         Firma", "", "",
    "   Entrega          Juana Morales Paz     1700000019", *[""] * 4,
    "   Recibe           Hugo Pilco Vaca       0900000027",
))  # fmt: skip


@pytest.mark.parametrize("heads", ["Cédula         Firma", "Cédula Firma          "])
@pytest.mark.parametrize(
    ("columns", "signature"),
    [((0.6, 0.6), "HALLADA"), ((None, 0.6), "NO_HALLADA"), ((0.24, 0.24), "NO_HALLADA"), ((None, None), "NO_HALLADA")],
    ids=["both", "the company alone", "names written by hand", "nobody"],
)
def test_a_table_of_signers_is_signed_in_the_column_that_says_so(
    columns: tuple[float | None, ...], signature: str, heads: str
) -> None:
    text = (
        SIGNERS
        if 0.24 not in columns
        else re.sub("Juana Morales Paz|Hugo Pilco Vaca", lambda m: " " * len(m[0]), SIGNERS)
    )
    text = text.replace("Cédula         Firma", heads)
    rows = (_label_row(SIGNERS, label)[0] for label in ("Entrega", "Recibe"))
    ink = tuple(Box(x, y - 0.02, x + 0.15, y + 0.02) for x, y in zip(columns, rows, strict=True) if x is not None)
    assert read(text, ink=ink).signature == signature


@pytest.mark.parametrize(
    ("words", "signed", "signature"),
    [
        (("FIRMA ABONADO", "FIRMA CNT"), 2, "HALLADA"),
        (("FIRMA ABONADO", "FIRMA CNT"), 1, "NO_HALLADA"),
        (("ENTREGA", "RECIBE"), 2, "NO_HALLADA"),
    ],
    ids=["both", "one alone, who may be anybody", "what may be names"],
)
def test_a_row_with_a_cell_for_each_signer_is_signed_behind_both_captions(
    words: tuple[str, str], signed: int, signature: str
) -> None:
    text = f"{UNSIGNED}  {words[0]:20}                    {words[1]}\n"
    y, _ = _label_row(text, words[0])
    ink = tuple(Box(x, y - 0.012, x + 0.14, y + 0.02) for x in (0.18, 0.58)[2 - signed :])
    assert read(text, ink=ink).signature == signature


@pytest.mark.parametrize(
    ("between", "pieces", "signature"),
    [
        ("", (0.03, 0.082), "HALLADA"),
        ("", (0.03,), "NO_HALLADA"),
        ("", (0.03, 0.1), "NO_HALLADA"),
        (" Sí", (0.03, 0.082), "NO_HALLADA"),
    ],
    ids=["two pieces", "one alone", "ticks apart", "marks beside words"],
)
def test_a_signature_that_was_cut_is_one(between: str, pieces: tuple[float, ...], signature: str) -> None:
    text = f"{UNSIGNED}      {between}\n\n  Firma del cliente\n"
    y, _ = _label_row(text, "Firma del cliente")
    ink = tuple(Box(x, y - 0.04, x + 0.036, y - 0.015) for x in pieces)
    assert read(text, ink=ink).signature == signature


def test_where_the_lines_of_a_table_lie_among_the_strokes_nobody_is_said_to_have_signed() -> None:
    """A photo that lies askew: print that was not read lies over the customer's caption, and is no signature."""
    stroke, grid = _over("Firma del cliente"), Box(0.05, 0.02, 0.95, 0.6)
    assert read(LIST, ink=(stroke,)).signature is Signature.HALLADA
    paper = read(LIST, ink=(stroke, grid))
    assert paper.signature is Signature.DUDOSA
    assert {place.found for place in paper.signing_places if place.signer is Signer.CLIENTE} == {Signature.DUDOSA}


def test_ink_over_the_agents_label_alone_is_not_the_customers_signature() -> None:
    y, x = _label_row(LIST, "Recibí conforme")
    assert read(LIST, ink=(Box(x, y - 0.05, x + 0.15, y - 0.005),)).signature is Signature.NO_HALLADA


def _over(label: str, *, wide: float = 0.15, high: float = 0.045) -> Box:
    y, x = _label_row(LIST, label)
    return Box(x, y - 0.005 - high, x + wide, y - 0.005)


@pytest.mark.parametrize(
    ("ink", "customer", "company", "stamp"),
    [
        (("Firma del cliente", "Recibí conforme"), "HALLADA", "HALLADA", "DUDOSA"),
        (("Firma del cliente",), "HALLADA", "NO_HALLADA", "DUDOSA"),
        (("Recibí conforme",), "NO_HALLADA", "HALLADA", "DUDOSA"),
        ((), "NO_HALLADA", "DUDOSA", "DUDOSA"),
    ],
    ids=["both", "the customer alone", "the company alone", "nobody"],
)
def test_who_received_signs_beside_the_customer(ink: tuple[str, ...], customer: str, company: str, stamp: str) -> None:
    paper = read(LIST, ink=tuple(_over(label, high=0.02) for label in ink))
    assert (paper.signature, paper.received, paper.stamp) == (customer, company, stamp)


def test_print_under_a_shadow_is_no_signature_of_who_received() -> None:
    foot = LIST.replace("Recibí conforme CNT EP", "Responsable de atención al cliente").replace(
        "  C.I. 1700000019                      C.I. 0900000027", "                                       CNT EP"
    )
    y, x = _label_row(foot, "Responsable")
    print_ = Box(x + 0.12, y, x + 0.3, y + 0.7 / 66)
    paper = read(foot, ink=(_over("Firma del cliente"), print_), confidence=0.76)
    assert (paper.signature, paper.received) != (Signature.HALLADA, Signature.HALLADA)


def test_a_stamp_beside_the_signatures_is_found_and_said_where() -> None:
    y, _ = _label_row(LIST, "Recibí conforme")
    stamp = Box(0.62, y - 0.09, 0.76, y - 0.01)
    paper = read(LIST, ink=(_over("Firma del cliente"), stamp))
    assert paper.stamp is Signature.HALLADA
    assert [place.box for place in paper.signing_places if place.signer is Signer.SELLO] == [stamp]


def test_what_lies_beside_the_paper_on_a_photo_is_no_stamp() -> None:
    below = Box(0.40, 0.90, 0.52, 0.97)
    beside = Box(0.0, 0.55, 0.07, 0.62)
    page = typed(UNSIGNED, ink=(_over("Firma del cliente"), below, beside))
    narrow = [
        replace(word, box=replace(word.box, x0=0.1 + 0.8 * word.box.x0, x1=0.1 + 0.8 * word.box.x1))
        for word in page.words
    ]
    (paper,) = read_papers([document(replace(page, words=tuple(narrow)))], BOOK)
    assert paper.stamp is Signature.DUDOSA


def test_where_the_customer_and_the_company_sign_is_said_with_what_was_found_there() -> None:
    paper = read(LIST, ink=(_over("Firma del cliente"),))
    told = {(place.signer, place.page, place.found) for place in paper.signing_places}
    assert told == {
        (Signer.CLIENTE, 1, Signature.HALLADA),
        (Signer.EMPRESA, 1, Signature.NO_HALLADA),
    }


def test_the_companys_name_at_the_foot_of_a_form_is_no_place_that_nobody_signed() -> None:
    one = LIST.replace("                    Recibí conforme CNT EP", "")
    paper = read(one.replace("C.I. 0900000027", "") + "\n\n\n\n\n  CNT EP\n", ink=(_over("Firma del cliente"),))
    assert (paper.signature, paper.received) == (Signature.HALLADA, Signature.DUDOSA)


BOXES = LIST.replace(
    "  _______________________              _______________________\n"
    "  Firma del cliente                    Recibí conforme CNT EP\n"
    "  C.I. 1700000019                      C.I. 0900000027\n",
    "  CLIENTE QUE ENTREGA                  AGENTE CNT EP QUE RECIBE\n\n\n\n\n"
    "  Firma                                Firma\n"
    "  Nombre: MORALES JUANA                Nombre: PEREZ LUIS\n",
)


@pytest.mark.parametrize(
    ("signed", "customer", "company"),
    [((0.04, 0.41), "HALLADA", "HALLADA"), ((0.04,), "HALLADA", "NO_HALLADA"), ((0.41,), "NO_HALLADA", "HALLADA")],
    ids=["both", "the customer alone", "the company alone"],
)
def test_boxes_with_a_heading_are_signed_under_it(signed: tuple[float, ...], customer: str, company: str) -> None:
    assert "CLIENTE QUE ENTREGA" in BOXES
    y = next(n for n, line in enumerate(BOXES.splitlines()) if "CLIENTE QUE ENTREGA" in line) / 66
    ink = tuple(Box(x, y + 0.025, x + 0.14, y + 0.055) for x in signed)
    paper = read(BOXES, ink=ink)
    assert (paper.signature, paper.received) == (customer, company)


def test_of_captions_below_one_another_the_room_under_one_is_the_next_ones() -> None:
    stacked = LIST.replace("                    Recibí conforme CNT EP", "").replace(
        "                      C.I. 0900000027", ""
    )
    stacked += "\n\n\n\n  Firma\n  Recibí conforme CNT EP\n"
    y, x = _label_row(stacked, "Firma del cliente")
    paper = read(stacked, ink=(Box(x, y + 0.04, x + 0.14, y + 0.07),))
    assert paper.signature is Signature.NO_HALLADA


SHORT = """
        ACTA DE DEVOLUCION DE EQUIPOS   CNT EP
  Cliente          MORALES PAZ JUANA
  Cédula           1700000019
  Motivo           Baja del servicio
  Equipo           Modem Huawei
  Serie            HWTCC661499D





       Cliente                                CNT EP
       Juana Morales                          Rosa Vélez
"""


@pytest.mark.parametrize(
    "end", ["", 45 * "\n" + "  CNT EP - RUC 1768152560001\n"], ids=["no more print", "a last line"]
)
@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
def test_a_paper_that_fills_the_upper_part_of_its_page_is_signed_there(end: str, signed: bool) -> None:
    y = 12 / 66
    his, its = Box(0.08, y - 0.045, 0.2, y - 0.005), Box(0.46, y - 0.045, 0.6, y - 0.005)
    paper = read(SHORT + end, ink=(his, its) if signed else (its,))
    assert (paper.signature, paper.received) == (
        (Signature.HALLADA, Signature.HALLADA) if signed else (Signature.NO_HALLADA, Signature.HALLADA)
    )


def test_what_is_drawn_or_written_over_the_rows_of_a_short_paper_is_no_signature() -> None:
    logo, by_hand = Box(0.02, 0.0, 0.2, 1.8 / 66), Box(0.19, 2.9 / 66, 0.4, 4.1 / 66)
    paper = read(SHORT.replace("MORALES PAZ JUANA", ""), ink=(logo, by_hand))
    assert (paper.signature, paper.stamp) == (Signature.NO_HALLADA, Signature.DUDOSA)


def test_where_nobody_could_sign_or_little_can_be_read_the_signature_is_in_doubt() -> None:
    assert read(PROSE.replace("CONSTANCIA DE", "ACTA DE")).signature is Signature.DUDOSA
    assert read(LIST, confidence=0.6).signature is Signature.DUDOSA


# ── captions of signatures ───────────────────────────────────────────────────────────────────────

UNSIGNED = "\n".join(LIST.splitlines()[:-3]) + 12 * "\n"
"""An acta down to where one signs."""


def _at(text: str, label: str, *, up: float = 0.045, wide: float = 0.15) -> Box:
    """Strokes over a label."""
    y, x = _label_row(text, label)
    return Box(x, y - up, x + wide, y - 0.006)


@pytest.mark.parametrize(
    "caption",
    [
        "FIRMA DEL CLIENTE O QUIEN ENTREGA",
        "Entregué conforme (por el cliente)",
        "ENTREGA (USUARIO)",
        "Entrega - Cliente",
        "Firma, nombre y C.I. del abonado",
        "Firma del titular o delegado",
        "FlRMA DEL CLIENTF O QUIEN ENTREGA",
        "Por el cliente",
        "Abonado — entregué los equipos",
        "Cliente: entrego los equipos descritos",
        "14. Firma cliente que reintegra",
        "Cliente (firma manuscrita)",
        "ENTREGANTE",
        "Luis Paz Mora (quien devuelve)",
    ],
)
def test_the_customer_signs_over_a_caption_that_is_made_of_such_words(caption: str) -> None:
    text = f"{UNSIGNED}  {caption}\n"
    assert read(text, ink=(_at(text, caption),)).signature is Signature.HALLADA
    assert read(text).signature is Signature.NO_HALLADA


@pytest.mark.parametrize(
    "caption",
    [
        "Nombre de quien entrega",
        "Fecha de entrega",
        "C.I. del cliente",
        "Recibí conforme (cliente)",
        "Equipos que entrega el cliente",
        "Entregué conforme (técnico)",
        "Usuario",
        "Entrega y recepción",
        "Entrega de equipos",
        "Equipo entregado",
        "Cliente: Luis Paz Mora",
        "Entrega: Luis Paz Mora",
        "Devolvió CAC Centro Norte",
    ],
)
def test_ink_over_other_words_is_no_signature_of_the_customers(caption: str) -> None:
    text = f"{UNSIGNED}  {caption}\n"
    assert read(text, ink=(_at(text, caption),)).signature is not Signature.HALLADA


@pytest.mark.parametrize(
    "caption",
    [
        "FIRMA, NOMBRE Y SELLO DEL FUNCIONARIO QUE RECIBE",
        "Asistente de Atención al Cliente",
        "Recibe por CNT EP",
        "RECIBE (ATENCIÓN AL CLIENTE)",
        "FIRMA / SELLO CNT EP",
        "CNT EP: recibo los equipos",
        "Servidor(a) público(a) CNT EP",
        "Técnico CNT: Luis De la Torre",
        "Recibido: Ana Paz Mora (CNT EP)",
        "Ana Paz Mora - Gestora CNT",
    ],
)
def test_who_received_signs_over_a_caption_that_is_made_of_such_words(caption: str) -> None:
    text = f"{UNSIGNED}  Firma del cliente                    {caption}\n"
    his, its = _at(text, "Firma del cliente"), _at(text, caption, up=0.02)
    assert read(text, ink=(his, its)).received is Signature.HALLADA
    assert read(text, ink=(its,)).signature is Signature.NO_HALLADA
    assert read(text, ink=(his,)).received is Signature.NO_HALLADA


@pytest.mark.parametrize("name", ["Suscriptor", "USUARIO", "Titular del servicio", "EL COMODATARIO", "Tu firma"])
@pytest.mark.parametrize("company", ["CNT EP", "Técnico CNT: Ana Paz Mora"])
def test_a_name_of_the_customer_is_a_caption_together_with_one_of_the_companys(name: str, company: str) -> None:
    text = f"{UNSIGNED}  {name:35}  {company}\n"
    his, its = _at(text, name), _at(text, company, up=0.02)
    assert read(text, ink=(his, its)).signature is Signature.HALLADA
    assert read(text, ink=(its,)).signature is Signature.NO_HALLADA


@pytest.mark.parametrize("label", ["Suscriptor", "Suscriptor:"])
def test_a_name_of_the_customer_that_asks_for_a_value_is_no_caption(label: str) -> None:
    value = "" if label.endswith(":") else "RUIZ PAZ"
    text = f"{UNSIGNED}  {label}     {value}\n\n\n\n                                       CNT EP\n"
    assert read(text, ink=(_at(text, label, up=0.03),)).signature is not Signature.HALLADA


def test_who_signs_over_his_name_and_office_is_found_above_both() -> None:
    text = f"""{UNSIGNED}  Firma del cliente                    PAZ MORA LUIS
                                       FIRMA Y NOMBRE DEL FUNCIONARIO
"""
    page = typed(text, ink=(_at(text, "Firma del cliente"), _at(text, "PAZ MORA", up=0.02)))
    low = max(word.box.y0 for word in page.words)
    words = tuple(  # the rule stands between the two
        replace(one, box=replace(one.box, y0=low + 0.01, y1=one.box.y1 + 0.01)) if one.box.y0 == low else one
        for one in page.words
    )
    (paper,) = read_papers([document(replace(page, words=words))], BOOK)
    assert paper.received is Signature.HALLADA


@pytest.mark.parametrize(
    "written",
    [
        "C.I. 162688457",
        "099 123 4567",
        "Tel. 09 9123 45",
        "07-2 888 123",
        "12/05/2025",
        "3/4/25",
        "12 V 25",
        "12/05",
        "12 de mayo",
        "12 de mavo",
        "mayo 12",
        "12-may",
        "lunes 12",
        "Quito 12-05-25",
        "Loja, 3/4/25",
        "a las 15h30",
        "15:30",
        "3:30 p.m.",
        "3 pm",
        "15 horas",
        "12     05     2025",
    ],
)
def test_a_number_a_day_or_an_hour_written_by_hand_over_the_caption_is_no_signature(written: str) -> None:
    assert not _is_signature(written)


@pytest.mark.parametrize("scribble", ["MS lar", "Mayo", "Julio M", "J Paz 7", "A1 de", "l4 f", "Domingo", "5hJ"])
def test_what_is_read_out_of_a_scribble_is_no_number_no_day_and_no_hour(scribble: str) -> None:
    assert _is_signature(scribble)


def test_who_signs_beside_a_day_has_signed() -> None:
    text = f"{UNSIGNED}  12/05/2025\n  EL CLIENTE\n"
    y, x = _label_row(text, "12/05/2025")
    assert read(text, ink=(Box(x, y - 0.02, x + 0.16, y + 0.014),)).signature is Signature.HALLADA


def test_the_year_of_a_day_written_with_gaps_is_no_signature() -> None:
    text = f"{UNSIGNED}  12     05     2025\n  EL CLIENTE\n"
    y, x = _label_row(text, "12     05")
    assert read(text, ink=(Box(x + 0.138, y - 0.001, x + 0.182, y + 0.011),)).signature is Signature.NO_HALLADA


def _is_signature(written: str) -> bool:
    """Whether what was read out of somebody's hand over the customer's caption is taken for his signature."""
    text = f"{UNSIGNED}  {written}\n  EL CLIENTE\n"
    page = typed(text)
    y, x = _label_row(text, written)
    words = tuple(replace(one, confidence=0.1) if abs(one.box.y0 - y) < 0.01 else one for one in page.words)
    strokes = Box(x, y - 0.001, x + max(0.041, len(written) / 100), y + 0.011)
    (paper,) = read_papers([document(replace(page, words=words, ink=(strokes,)))], BOOK)
    return paper.signature is Signature.HALLADA


HEADED = {
    "a name": ("  Lucía Paz Mora                       Rosa Vélez Cajas\n  1700000019", "Lucía"),
    "names written up to the next box": ("  Nombre: PAZ MORA LUCIA ANA DEL PILA Nombre: VELEZ ROSA", "Nombre"),
    "a number": ("  C.I.: 1700000019                     C.I.: 0900000027", "C.I.: 17"),
}


@pytest.mark.parametrize("closed", HEADED.values(), ids=HEADED)
@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
def test_one_signs_between_the_heading_of_a_box_and_what_is_written_at_its_foot(
    closed: tuple[str, str], signed: bool
) -> None:
    foot = f"  Firma de quien entrega               Recibe por CNT EP\n\n\n\n\n{closed[0]}\n"
    y, _ = _label_row(UNSIGNED + foot, "Firma de quien")
    his, its = (Box(x, y + 0.025, x + 0.14, y + 0.055) for x in (0.03, 0.42))
    paper = read(UNSIGNED + foot, ink=(his, its) if signed else (its,))
    assert paper.signature is (Signature.HALLADA if signed else Signature.NO_HALLADA)
    assert paper.received is (Signature.HALLADA if signed else paper.received)


@pytest.mark.parametrize(
    ("signed", "found"),
    [((0.03, 0.42), Signature.HALLADA), ((0.42,), Signature.NO_HALLADA), ((0.03,), Signature.NO_HALLADA)],
    ids=["both", "the company alone", "one alone, who may be anybody"],
)
def test_boxes_that_end_with_the_page_are_signed_where_both_are(signed: tuple[float, ...], found: Signature) -> None:
    text = f"{UNSIGNED}  Entrega - Cliente                    Recibe - CNT EP\n"
    y, _ = _label_row(text, "Entrega - Cliente")
    paper = read(text, ink=tuple(Box(x, y + 0.025, x + 0.14, y + 0.055) for x in signed))
    assert paper.signature is found


def test_what_stands_far_under_one_caption_alone_does_not_make_it_a_heading() -> None:
    text = f"""{UNSIGNED}  Entregué conforme (cliente)          Recibí conforme CNT EP
                                       ECHEVERRIA PAZ ANA



  TALON PARA EL ARCHIVO
"""
    ink = (_at(text, "Entregué"), _at(text, "Recibí conforme"))
    paper = read(text, ink=ink)
    assert (paper.signature, paper.received) == (Signature.HALLADA, Signature.HALLADA)


def test_who_signs_behind_the_caption_has_signed_too() -> None:
    text = f"{UNSIGNED}  Firma del cliente:\n"
    y, x = _label_row(text, "Firma del cliente:")
    assert read(text, ink=(Box(x + 0.22, y - 0.02, x + 0.4, y + 0.012),)).signature is Signature.HALLADA
    cedula = text.replace("Firma del cliente:", "Cédula del cliente:")
    assert read(cedula, ink=(Box(x + 0.22, y - 0.02, x + 0.4, y + 0.012),)).signature is not Signature.HALLADA


@pytest.mark.parametrize("above", [False, True], ids=["in the next line", "in the line before"])
def test_what_is_written_in_another_line_than_the_caption_is_no_signature_behind_it(above: bool) -> None:
    lines = ["  Fecha: ________", "  Firma del cliente:"]
    text = UNSIGNED + "\n".join(lines if above else lines[::-1]) + "\n"
    y, _ = _label_row(text, "Fecha: _")
    day = Box(0.25, y - 0.011, 0.4, y + 0.015)
    assert read(text, ink=(day,)).signature is not Signature.HALLADA


def test_who_signs_behind_the_caption_over_the_next_line_has_signed() -> None:
    text = f"{UNSIGNED}  Firma del cliente:\n  Fecha: ________\n"
    y, x = _label_row(text, "Firma del cliente:")
    assert read(text, ink=(Box(x + 0.2, y - 0.02, x + 0.36, y + 0.02),)).signature is Signature.HALLADA


def test_ink_far_behind_the_caption_may_be_anybodys() -> None:
    text = f"{UNSIGNED}  Firma del cliente:\n"
    y, x = _label_row(text, "Firma del cliente:")
    assert read(text, ink=(Box(x + 0.28, y - 0.03, x + 0.43, y + 0.005),)).signature is Signature.DUDOSA
    assert read(text).signature is Signature.NO_HALLADA


@pytest.mark.parametrize(
    ("caption", "his"),
    [
        ("Entrega a", False),
        ("Entregado a:", False),
        ("Devuelto a", False),
        ("Entrega al cliente", False),
        ("Fecha de entrega: firma", False),
        ("Fecha y hora de la entrega / firma", False),
        ("Firma y fecha de recepción", False),
        ("Entregado a conformidad", True),
        ("Firma y fecha de quien entrega", True),
        ("Firma del cliente, fecha de entrega", True),
        ("Firma de entrega", True),
    ],
)
def test_whom_it_is_given_to_and_the_day_of_the_handing_over_do_not_say_that_the_customer_signs(
    caption: str, his: bool
) -> None:
    text = f"{UNSIGNED}  {caption}\n"
    paper = read(text, ink=(_at(text, caption),))
    assert (paper.signature is Signature.HALLADA) is his
    assert paper.received is not Signature.HALLADA


def test_a_row_of_the_form_that_names_who_hands_over_is_no_place_to_sign() -> None:
    text = LIST.replace(
        "  El cliente entrega a CNT los siguientes equipos:\n",
        15 * "\n" + "  Entregado por (autorizado)           PAZ MORA ANA\n\n\n",
    ).replace("  Firma del cliente  ", "  Usuario            ")
    assert read(text, ink=(_at(text, "Entregado por", up=0.03),)).signature is not Signature.HALLADA


def test_a_stamp_in_the_customers_box_is_not_his_signature() -> None:
    text = f"""{UNSIGNED}  Firma de quien entrega               Recibe por CNT EP

    CNT EP
    RECIBIDO
    11 JUL 2025

  Nombre: PAZ MORA LUCIA               Nombre: VELEZ ROSA
"""
    y, x = _label_row(text, "RECIBIDO")
    round_it = Box(x - 0.02, y - 0.025, x + 0.14, y + 0.04)
    assert read(text, ink=(round_it,)).signature is Signature.NO_HALLADA
    assert read(text, ink=(round_it, Box(0.2, y, 0.3, y + 0.03))).signature is Signature.HALLADA


def test_the_companys_name_in_a_stamp_is_no_place_where_somebody_signs() -> None:
    stamp = 39 * " " + "CNT EP\n" + 39 * " " + "RECIBIDO\n" + 39 * " " + "11 JUL 2025\n"
    text = f"{UNSIGNED}{stamp}  Firma del cliente\n"
    y, x = _label_row(text, "11 JUL 2025")
    over = Box(x, y - 0.06, x + 0.15, y - 2.2 / 66)
    paper = read(text, ink=(_at(text, "Firma del cliente"), over))
    assert paper.received is not Signature.HALLADA


STAMPED = """
                                         CNT EP
                                       CAC LOJA
                                       11 JUL 2025
                                       RECIBIDO

  Firma del cliente                    Firma CNT EP
"""


def test_the_words_of_a_stamp_are_no_caption_and_no_empty_place() -> None:
    """Its straight frame was taken away with the rules, its words were read: no stroke is left of it."""
    text = UNSIGNED + STAMPED
    his = _at(text, "Firma del cliente")
    assert (read(text, ink=(his,)).signature, read(text, ink=(his,)).received) == (Signature.HALLADA, Signature.DUDOSA)
    (its,) = (place.box for place in read(text).signing_places if place.signer is Signer.EMPRESA)
    assert its.y1 > _label_row(text, "Firma CNT EP")[0]
    given = text.replace("RECIBIDO", "ENTREGADO").replace("Firma del cliente", "Firma del agente ")
    assert read(given, ink=(_at(given, "CAC LOJA", up=0.07),)).signature is not Signature.HALLADA
    day_alone = text.replace("CAC LOJA", "        ").replace("  CNT EP\n", "\n", 1)
    assert read(day_alone, ink=(his,)).received is Signature.NO_HALLADA


def test_a_name_over_the_companys_caption_is_not_the_customers_whoever_is_read_as_the_holder() -> None:
    foot = "".join(39 * " " + line + "\n" for line in ("MORALES PAZ JUANA", "Recibe CNT EP"))
    text = UNSIGNED.replace("MORALES ÑAUÑAY JUANA ISABEL", "MORALES PAZ JUANA") + foot
    y, _ = _label_row(text, "Recibe CNT EP")
    paper = read(text, ink=(Box(0.41, y - 0.06, 0.55, y - 0.02),))
    assert (paper.signature, paper.received) == (Signature.DUDOSA, Signature.HALLADA)


def test_noise_that_was_taken_for_a_name_is_no_place_to_sign() -> None:
    page = typed(LIST.replace("Titular: MORALES ÑAUÑAY JUANA ISABEL", "Titular: PEEL PEI") + 4 * "\n" + "  PEEL PEI\n")
    low = max(word.box.y0 for word in page.words)
    unsure = tuple(replace(one, confidence=0.1) if one.box.y0 == low else one for one in page.words)
    scribble = Box(0.02, low - 0.04, 0.12, low - 0.01)
    (paper,) = read_papers([document(replace(page, words=unsure, ink=(scribble,)))], BOOK)
    assert paper.signature is Signature.NO_HALLADA


# ── pages and papers ─────────────────────────────────────────────────────────────────────────────


def test_pages_are_counted_through_the_mail() -> None:
    above, below = LIST.split("  El cliente entrega a CNT los siguientes equipos:")
    below = above.count("\n") * "\n" + below
    foreign = "\n\n     SERVIENTREGA\n     GUIA DE REMISION 0012345\n     DESTINATARIO: PEREZ JUAN\n"
    photos = [document(typed(text), name=name) for text, name in ((foreign, "f"), (above, "b"), (below, "c"))]
    paper = next(one for one in read_papers(photos, BOOK) if one.kind is DocumentKind.ACTA)
    assert paper.holder is not None
    assert paper.holder.page == 2
    assert {line.serial.page for line in paper.equipment if line.serial} == {3}
    assert {place.page for place in paper.signing_places} == {3}


def test_a_rival_in_the_very_same_place_of_another_photo_is_seen() -> None:
    other = LIST.replace("1700000019                    Teléfono", "0900000027                    Teléfono")
    other = other.replace("  C.I. 1700000019                      C.I. 0900000027", "")
    one = LIST.replace("  C.I. 1700000019                      C.I. 0900000027", "")
    sheets = [document(typed(text), name=name) for text, name in ((one, "a"), (other, "b"))]
    read_both = read_papers(sheets, BOOK)
    assert len(read_both) == 2 or not any(paper.id_number and paper.id_number.proven for paper in read_both)


def test_photos_of_one_acta_are_its_pages_and_prove_each_other() -> None:
    upper, lower = LIST.splitlines()[:14], LIST.splitlines()[12:]
    papers = read_papers(
        [document(typed("\n".join(upper)), name="a"), document(typed("\n".join(lower)), name="b")], BOOK
    )
    assert len(papers) == 1
    assert len(papers[0].documents) == 2
    assert [e.type for e in papers[0].equipment][:2] == [EquipmentType.ONT, EquipmentType.DECODIFICADOR]
    whole = read_papers([document(typed(LIST), name="a"), document(typed(LIST, confidence=0.7), name="b")], BOOK)
    assert len(whole) == 1
    assert whole[0].service_number is not None
    assert whole[0].service_number.proven
    assert len(whole[0].equipment) == 3


def test_two_readings_that_differ_are_not_proven() -> None:
    other = LIST.replace("HWTCC661499D", "HWTCC66I499F").replace("02 234-5678", "02 234-5679")
    (paper,) = read_papers([document(typed(LIST), name="a"), document(typed(other, confidence=0.7), name="b")], BOOK)
    assert not paper.service_number.proven  # type: ignore[union-attr]
    assert paper.service_number.confidence <= 0.5  # type: ignore[union-attr]


def test_the_same_file_twice_proves_nothing() -> None:
    one = document(typed(LIST, confidence=0.7))
    (paper,) = read_papers([one, one], BOOK)
    assert not paper.service_number.proven  # type: ignore[union-attr]


def test_two_actas_are_two_papers() -> None:
    other = (
        LIST.replace("00012345", "00012399").replace("1700000019", "0900000027").replace("HWTCC661499D", "HWTCAAAA1111")
    )
    papers = read_papers([document(typed(LIST), name="a"), document(typed(other), name="b")], BOOK)
    assert [value(paper.number) for paper in papers] == ["00012345", "00012399"]


def test_a_copy_of_the_cedula_is_a_paper_of_its_own_wherever_it_comes() -> None:
    cedula, acta = typed(KINDS[DocumentKind.CEDULA]), typed(LIST)
    for pages in ((cedula, acta), (acta, cedula)):
        papers = read_papers([document(*pages)], BOOK)
        assert {paper.kind for paper in papers} == {DocumentKind.CEDULA, DocumentKind.ACTA}


def test_an_empty_back_page_belongs_to_the_acta_before_it() -> None:
    (paper,) = read_papers([document(typed(LIST), typed(""))], BOOK)
    assert paper.kind is DocumentKind.ACTA


TURN = """
   Su turno fue agendado
   Usted tiene un turno para el 8 de agosto en CAC Sur. Trámite: entrega de equipos.
   Código del turno: 16-10549. Acérquese diez minutos antes con los equipos; debe entregar todos.
"""
INVOICE = """
   CNT EP          R.U.C.: 1768152560001
                   FACTURA No. 001-289-166397562
   Fecha de emisión: 12/05/2025    Cuenta: 27183429
   PLAN INTERNET HOGAR                             23.15
   EQUIPO NO DEVUELTO ROUTER WIFI SERIE 2739047472299          90.50
   SUBTOTAL 113.65      VALOR TOTAL 130.70
"""
BILL = """
   CNT EP                      FACTURA No. 001-431-600064824
                               Clave de acceso
   Emisión: 09/07/2026         Servicio: (03) 245-6457
   Detalle                     Valor USD
   Internet Hogar              31.41
   Forma de pago: sistema financiero. Fecha máxima de pago: 24/07/2026
"""
CARD = """
   INSTRUCCIÓN BACHILLERATO
   FECHA DE EXPEDICIÓN SANTO DOMINGO 2019-06-11
   FECHA DE EXPIRACIÓN 2029-06-11
"""
CONDITIONS = """
                     CONDICIONES GENERALES
   El cliente debe entregar los equipos completos. Las actas con enmiendas no tienen validez y serán anuladas.
   CNT EP entrega al cliente los equipos en calidad de comodato; se compromete a devolverlos.
"""


@pytest.mark.parametrize("other", [TURN, CONDITIONS, INVOICE, BILL, CARD])
def test_a_page_known_to_be_something_else_casts_no_doubt_on_the_acta_before_or_behind_it(other: str) -> None:
    for pages in ((typed(other), typed(LIST)), (typed(LIST), typed(other))):
        papers = read_papers([document(*pages)], BOOK)
        (acta,) = (paper for paper in papers if paper.kind is DocumentKind.ACTA)
        assert acta.direction is Direction.DEVOLUCION, acta.because
        assert value(acta.date) == "2021-03-12"
    assert all(paper.direction is Direction.DESCONOCIDA for paper in read_papers([document(typed(other))], BOOK))


@pytest.mark.parametrize("other", [TURN, CONDITIONS])
@pytest.mark.parametrize(
    "words", ["DOCUMENTO ANULADO", "No se retiró el decodificador.", "El retiro se realizará en su domicilio."]
)
def test_a_doubt_on_the_actas_own_page_stays_whatever_lies_beside_it(words: str, other: str) -> None:
    spoilt = typed(LIST.replace("  Motivo: cancelación del servicio", f"  {words}"))
    for pages in ((typed(other), spoilt), (spoilt, typed(other))):
        for paper in read_papers([document(*pages)], BOOK):
            assert paper.direction is Direction.DESCONOCIDA, paper.because


HIDING = """
   Nacionalidad ecuatoriana. Fecha de expedición 2019-06-11. Fecha de expiración 2029-06-11.
   ACTA 00012 hoja 2. Observaciones: el cliente NO ENTREGA los equipos detallados; no hubo retiro.
"""


@pytest.mark.parametrize(
    "other",
    [
        HIDING,
        "\n   Nota: este documento está anulado. Por favor no lo use, consulte en la oficina.",
        "\n   Acérquese con los equipos, que debe entregar completos en la agencia del centro.",
        CONDITIONS
        + LIST.partition("siguientes equipos:")[2].partition("Motivo")[0],  # with equipment: no mere conditions
    ],
)
def test_a_doubt_on_a_page_of_unknown_kind_counts(other: str) -> None:
    (paper,) = read_papers([document(typed(LIST), typed(other))], BOOK)
    assert (paper.kind, paper.direction) == (DocumentKind.ACTA, Direction.DESCONOCIDA)


def test_conditions_with_letters_struck_across_them_count() -> None:
    struck = typed(CONDITIONS, ink=(Box(0.0, 0.3, 1.0, 0.6),))
    (paper,) = read_papers([document(typed(LIST), struck)], BOOK)
    assert paper.direction is Direction.DESCONOCIDA


def test_conditions_at_the_foot_of_an_acta_are_part_of_it() -> None:
    paper = read(LIST + CONDITIONS)
    assert (paper.kind, paper.direction) == (DocumentKind.ACTA, Direction.DESCONOCIDA)


def test_what_could_not_be_read_is_no_paper() -> None:
    assert read_papers([Unreadable(Sha256("0" * 64), "a.pdf", ReasonCode.ADJUNTO_DANADO, "")], BOOK) == ()


# ── laws ─────────────────────────────────────────────────────────────────────────────────────────

_PIECES = st.sampled_from(
    [
        *"ABCDEF0123456789-/:.| \n",
        "ACTA",
        "DE",
        "ENTREGA",
        "CLIENTE:",
        "C.I.",
        "1700000019",
        "SERIE",
        "MAC:",
        "CNT EP",
        "FECHA",
        "  ",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_PIECES, max_size=120))
def test_no_page_breaks_the_reader_and_no_value_is_made_up(pieces: list[str]) -> None:
    text = " ".join(pieces)
    shown = re.sub(r"[^0-9A-Z]", "", text.upper())
    for paper in read_papers([document(typed(text))], BOOK):
        fields = [
            paper.id_number,
            paper.service_number,
            *(e.serial for e in paper.equipment),
            *(e.mac for e in paper.equipment),
        ]
        for field in filter(None, fields):
            assert field.value.lstrip("0") in shown or field.value in shown, (field, text)


def test_a_page_with_more_words_than_a_form_has_is_none_whatever_it_says() -> None:
    page = typed(LIST + "\n" + "\n".join("  CLIENTE ENTREGA CLIENTE FIRMA RECIBE CNT" for _ in range(60)))
    assert read_papers([document(page)], BOOK)[0].kind is DocumentKind.ACTA
    crowded = replace(page, words=page.words * (2600 // len(page.words) + 1))
    (paper,) = read_papers([document(crowded)], BOOK)
    assert (paper.kind, paper.direction) == (DocumentKind.OTRO, Direction.DESCONOCIDA)


def test_what_stands_beyond_the_words_that_are_read_is_no_reason_to_accept_the_page_before_it() -> None:
    behind = typed("\n".join("  uno dos tres cuatro cinco seis siete ocho nueve diez" for _ in range(260)))
    denial = typed("\n  EL CLIENTE NO ENTREGA LOS EQUIPOS. ACTA ANULADA.\n").words
    (paper,) = read_papers([document(typed(LIST), replace(behind, words=(*behind.words, *denial)))], BOOK)
    assert (paper.kind, paper.direction) == (DocumentKind.ACTA, Direction.DESCONOCIDA), paper.because


def test_values_that_prove_themselves_are_counted_without_any_label() -> None:
    assert yields(typed("x 1700000019 y HWTCC661499D 98F537104F9C 12/03/2021 ZTEEQ7C8M220870").words) == 5
    assert yields(typed("1700000018 hola 1768152560001 ABCDEFGH").words) == 0


# ── what forms do ────────────────────────────────────────────────────────────────────────────────

GIVEN_BY_WORDS = (
    HEAD
    + """
                     CERTIFICADO DE RECEPCION DE EQUIPOS

  En la ciudad de Loja, a los 5 días del mes de abril de 2021, comparece por una parte MORA PAZ
  JUANA INES, portadora de la cédula o RUC número
  1700000019, y por otra Luis Vaca, en representación de CNT EP.
  El compareciente hace la entrega de los siguientes equipos del servicio de internet número
  022345678 : un(a) ONT marca Huawei modelo HG8245Q2, con número de serie HWTCC661499D.
"""
)


def test_a_label_at_the_end_of_a_line_is_followed_by_the_next_one() -> None:
    paper = read(GIVEN_BY_WORDS)
    assert (paper.kind, paper.direction) == (DocumentKind.ACTA, Direction.DEVOLUCION)
    assert (value(paper.id_number), value(paper.service_number)) == ("1700000019", "022345678")
    assert value(paper.holder) == "MORA PAZ JUANA INES"
    assert value(paper.equipment[0].serial) == "HWTCC661499D"


SHEET_OF_ORDERS = (
    HEAD
    + """
     HOJA DE RETIRO DE EQUIPOS                       Vigencia: 2019-06-01

  Orden de trabajo:   AD-004417

  Teléfono o código                 Fecha (aaaa-mm-dd)
  040448532                         2021-03-17

  SERVICIO 1: Internet fijo          NUMERO: 03-8356112
  Equipo          Marca y modelo       N° de serie           MAC
  ONT             Huawei HG8245Q2      HWTCC661499D          AA:EA:DA:5D:89:CO

  SERVICIO 2: Televisión             NUMERO: 42770355
  Equipo          Marca y modelo       N° de serie           MAC
  Decodificador   Kaon KSTB2077        KN2K751423887
"""
)


def test_a_hint_in_brackets_belongs_to_its_label_and_a_forms_own_day_is_not_the_papers() -> None:
    assert value(read(SHEET_OF_ORDERS).date) == "2021-03-17"
    assert value(read(SHEET_OF_ORDERS.replace("2021-03-17", "          ")).date) == ""


def test_since_when_a_form_is_in_use_is_not_the_papers_day() -> None:
    form = LIST.replace("Fecha: 12 de marzo de 2021", "Vigente: 02/01/2020")
    assert read(form).date is None
    assert (
        value(read(form.replace("  Titular", "  Fecha de suscripción: 12 de marzo del 2021\n  Titular")).date)
        == "2021-03-12"
    )


@pytest.mark.parametrize(
    ("title", "direction"),
    [
        ("ORDEN DE BAJA: EQUIPOS RETIRADOS AL CLIENTE", Direction.DEVOLUCION),
        ("ORDEN DE BAJA DE SERVICIO", Direction.DESCONOCIDA),
        ("ENTREGA RECEPCIÓN POR DEVOLUCIÓN", Direction.DEVOLUCION),
        ("ENTREGA RECEPCIÓN POR INSTALACIÓN", Direction.DESCONOCIDA),
    ],
)
def test_titles_without_the_word_acta_are_known(title: str, direction: Direction) -> None:
    received = "\n  La empresa recibe, en devolución, los equipos.\n" if "DEVOLUCIÓN" in title else ""
    paper = read(f"{HEAD}\n        {title}\n\n  Cliente: MORALES ÑAUÑAY JUANA ISABEL\n{received}")
    assert (paper.kind, paper.direction) == (DocumentKind.ACTA, direction), paper.because


def test_labels_that_are_said_together_name_one_value() -> None:
    alone = SHEET_OF_ORDERS.replace("NUMERO: 03-8356112", "").replace("NUMERO: 42770355", "")
    assert value(read(alone).service_number) == "040448532"


def test_a_paper_for_two_services_has_two_tables_and_what_heads_them_is_no_equipment() -> None:
    found = read(SHEET_OF_ORDERS).equipment
    assert [value(line.serial) for line in found] == ["HWTCC661499D", "KN2K751423887"]
    assert value(found[0].mac) == "AAEADA5D89C0"  # no MAC holds the letter O


def test_a_table_that_lies_on_its_side_has_a_piece_in_each_column() -> None:
    paper = read(
        HEAD
        + """
       ACTA DE DEVOLUCION DE EQUIPOS

  Cliente: MORALES ÑAUÑAY JUANA ISABEL

  Equipo       Decodificador      Tarjeta inteligente     ONT
  Marca        Kaon                                       Huawei
  Serie        KN2K751423887      0061681627375           HWTCC661499D
  MAC                                                     AA:EA:DA:5D:89:C0
"""
    )
    assert [(line.type, value(line.serial), value(line.mac)) for line in paper.equipment] == [
        (EquipmentType.DECODIFICADOR, "KN2K751423887", ""),
        (EquipmentType.SMARTCARD, "0061681627375", ""),
        (EquipmentType.ONT, "HWTCC661499D", "AAEADA5D89C0"),
    ]


BOXED = (
    HEAD
    + """
       ACTA DE DEVOLUCION DE EQUIPOS

  Cliente: MORALES ÑAUÑAY JUANA ISABEL

  Equipo 1                         S/N                      MAC
  Decodificador Kaon KSTB2077       KN2077A94342089

  Equipo 2                         S/N                      MAC
  Decodificador Kaon KSTB2077       KN2077A14878752

                              os NAda   de 2)
"""
)


def test_a_model_is_no_serial_and_scribble_under_a_table_moves_no_column() -> None:
    assert [value(line.serial) for line in read(BOXED).equipment] == ["KN2077A94342089", "KN2077A14878752"]
    bare = read(BOXED.replace("       KN2077A94342089", "").replace("       KN2077A14878752", ""))
    serials = [line.serial for line in bare.equipment if line.serial]
    assert not any(serial.proven for serial in serials)
    assert all(serial.rule.startswith(LOOSE) for serial in serials)


@pytest.mark.parametrize("caption", ["Modelo: KSTB2077", "Marca: Kaon   Modelo: KSTB2077"])
def test_what_stands_behind_a_caption_of_models_is_a_serial_nowhere_on_the_page(caption: str) -> None:
    words = f"{LIST}\n  Equipo: Decodificador   {caption}\n  Serie: KSTB2077\n"
    serials = [line.serial for line in read(words, engine=Engine.TEXTO).equipment if value(line.serial) == "KSTB2077"]
    assert all(serial is not None and serial.rule.startswith(LOOSE) for serial in serials)


@pytest.mark.parametrize(
    ("heads", "serial", "mac"),
    [
        ("Serie               MAC                 Equipo", "1E64A756A229", ""),
        ("Serie               Marca               Equipo", "1E64A756A229", ""),
        ("Serie / MAC         Marca               Equipo", "", "1E64A756A229"),
    ],
)
def test_the_caption_says_whether_twelve_digits_are_a_serial(heads: str, serial: str, mac: str) -> None:
    paper = read(
        f"{HEAD}\n  ACTA DE DEVOLUCION\n\n  {heads}\n  1E64A756A229                            Extensor mesh\n"
    )
    assert [(value(line.serial), value(line.mac)) for line in paper.equipment] == [(serial, mac)]


@pytest.mark.parametrize("written", ["AAEADA5D89CO", "AA:EA:DA:5D:89:CO", "AAEADA5D 89C0;", "AA.EA:DA5D.89C0"])
def test_a_mac_behind_its_caption_may_hold_a_letter_read_for_a_digit_and_is_no_proof_then(written: str) -> None:
    line = read(LIST.replace("HWTCC661499D", f"HWTCC661499D   MAC: {written}")).equipment[0]
    assert value(line.mac) == "AAEADA5D89C0"
    assert line.mac is not None and line.mac.rule.startswith(LOOSE) is (written == "AAEADA5D89CO")


@pytest.mark.parametrize("written", ["KN2K<751423887", "KN2|<751423887", "KN2<-751423887"])
def test_a_k_that_was_read_as_stem_and_arms_is_one_and_no_proof(written: str) -> None:
    line = read(LIST.replace("HWTCC661499D", written)).equipment[0]
    assert value(line.serial) == "KN2K751423887"
    assert line.serial is not None and line.serial.rule.startswith(LOOSE)


def test_a_vendors_serial_written_in_pieces_is_one_number() -> None:
    line = read(LIST.replace("Serie: HWTCC661499D", "GPON SN: HWTC C6 61499D")).equipment[0]
    assert value(line.serial) == "HWTCC661499D"


@pytest.mark.parametrize("written", ["HWTCC661499Dy", "HWTCC661499DP", "SNHWTCC661499D"])
def test_a_vendors_serial_is_known_beside_a_stroke_of_the_pen_and_is_no_proof_then(written: str) -> None:
    line = read(LIST.replace("HWTCC661499D", written)).equipment[0]
    assert value(line.serial) == "HWTCC661499D"
    assert line.serial is not None and line.serial.rule.startswith(LOOSE)


@pytest.mark.parametrize(
    ("printed", "proven"),
    [("OEB7A2C41F", False), ("0EB7A2C41F", True), ("0EB7A2C4IF", False), ("KOB7A2C41F", True), ("CS4F813419605", True)],
)
def test_a_letter_that_may_be_a_digit_is_not_proven_by_two_who_see_the_same_shape(printed: str, proven: bool) -> None:
    one = typed(LIST.replace("HWTCC661499D", printed))
    page = replace(one, witnesses=(Witness(Engine.RAPIDOCR, one.words),))
    (paper,) = read_papers([document(page)], BOOK)
    assert value(paper.equipment[0].serial) == printed
    assert paper.equipment[0].serial.proven is proven  # type: ignore[union-attr]


def test_a_number_that_goes_on_where_its_reading_ends_is_not_proven() -> None:
    def number_of(printed: str, *ink: Box) -> object:
        one = typed(LIST.replace("No. 00012345", f"No. {printed}"), ink=ink)
        page = replace(one, witnesses=(Witness(Engine.RAPIDOCR, one.words),))
        return read_papers([document(page)], BOOK)[0].number

    for printed in ("202", "2020 0-EQ-80359", "2020-EQ -80359"):
        assert not getattr(number_of(printed), "proven", False), printed
    assert getattr(number_of("2020-12345"), "proven", False)
    row = next(n for n, line in enumerate(LIST.splitlines()) if "00012345" in line)
    column = LIST.splitlines()[row].index("00012345")
    ink = Box((column + 10.5) / 100, (row - 0.2) / 66, (column + 18) / 100, (row + 0.9) / 66)
    assert not getattr(number_of("2020-12345", ink), "proven", False)


def test_a_name_is_made_of_name_words_and_a_salutation_labels_none() -> None:
    letter = """
  Para:            HARO DEL POZO LUZ MARCO
  Estimado cliente: le confirmamos que usted devolvió a CORPORACION NACIONAL DE
  TELECOMUNICACIONES CNT EP los siguientes equipos.
  Abonado:         HARO DEL POZO LUZ MARCO
"""
    assert value(read(HEAD + "  ACTA DE DEVOLUCION\n" + letter).holder) == "HARO DEL POZO LUZ MARCO"
    for prose in (
        "Cliente: usted recibirá respuesta pronto",
        "Abonado: le informamos que devolvió equipos",
        "Cliente: CORPORACION NACIONAL DE TELECOMUNICACIONES CNT EP",
        "Titular: TELEFONO O SERVICIO NO",
        "Cliente: confirma haber entregado",
    ):
        assert read(f"{HEAD}\n  ACTA DE DEVOLUCION\n  {prose}\n").holder is None, prose
    for name in (
        "De la Torre Orbe Freddy",
        "María del Carmen de los Ríos",
        "Fundación para el Desarrollo",
        "SERVICIOS EN RED CIA LTDA",
    ):
        assert value(read(f"{HEAD}\n  ACTA DE DEVOLUCION\n  Cliente: {name}\n").holder) == name.upper()


def test_colons_under_one_another_before_the_values_belong_to_the_labels() -> None:
    paper = read(
        HEAD
        + """
  ACTA DE DEVOLUCION
  NOMBRE DEL ABONADO         : SAENZ DE LA TORRE ROSA WILMER
  CED. IDENT. o RUC          : 1700000019
  TELEFONO O SERVICIO No.    : 032672092
"""
    )
    assert value(paper.holder) == "SAENZ DE LA TORRE ROSA WILMER"
    assert value(paper.service_number) == "032672092"


def test_a_label_of_two_names_and_a_label_cut_short_are_labels() -> None:
    words = LIST.replace("Servicio No.: 02 234-5678 ", "Cuenta o servicio N.º   7655079 ").replace(" No. 00012345", "")
    paper = read(words.replace("  Fecha:", "  COMPROB.     018691\n  Fecha:"))
    assert (value(paper.service_number), value(paper.number)) == ("7655079", "018691")


def test_a_number_in_the_line_after_its_label_is_read() -> None:
    prose = PROSE.replace("serie ZTEEL346L488301, MAC 344B508B862A; y una", "serie ZTEEL346L488301, dirección MAC")
    prose = prose.replace("  fuente de poder, por", "  34:4B:50:8B:86:2A.\n  b) Fuente de poder, por")
    assert value(read(prose).equipment[0].mac) == "344B508B862A"


def test_a_name_that_a_narrow_paper_breaks_is_read_whole() -> None:
    paper = read(LIST.replace("Titular: MORALES ÑAUÑAY JUANA ISABEL", "Titular\n  MORALES ÑAUÑAY\n  JUANA ISABEL"))
    assert value(paper.holder) == "MORALES ÑAUÑAY JUANA ISABEL"
    assert paper.holder is not None
    assert not paper.holder.proven


def test_numbers_over_blanks_are_not_mended_into_one() -> None:
    paper = read(LIST.replace("Cédula: 1700000019", "Cédula: B B 0 1700000019"))
    assert value(paper.id_number) in {"1700000019", ""}


UNDER_RULES = (
    HEAD
    + """
            ACTA DE RETIRO DE EQUIPOS          N° 503-203042

  MORALES ÑAUÑAY          JUANA ISABEL            1700000019
  APELLIDOS               NOMBRES                 CEDULA O RUC


  Televisión              46087738                21/10/2022
  SERVICIO                NUMERO DEL SERVICIO     FECHA (D/M/A)


  Decodificador Coship    CS7H069631578
  EQUIPO 1                SERIE                   MAC


  El cliente entrega y CNT EP recibe lo arriba descrito.
"""
)


def test_captions_under_the_rules_name_what_stands_over_them() -> None:
    paper = read(UNDER_RULES)
    assert (value(paper.id_number), value(paper.service_number)) == ("1700000019", "46087738")
    assert (value(paper.holder), value(paper.date)) == ("MORALES ÑAUÑAY JUANA ISABEL", "2022-10-21")
    assert value(paper.number) == "503-203042"
    assert [value(line.serial) for line in paper.equipment] == ["CS7H069631578"]


def test_what_stands_beside_a_number_and_its_caption_does_not_part_them() -> None:
    """A logo's line lies between the two."""
    logo = " " * 90 + "cnt\n"
    parted = UNDER_RULES.replace("  SERVICIO       ", logo + "  SERVICIO       ").replace("\n\n\n", "\n\n")
    paper = read(parted)
    assert (value(paper.id_number), value(paper.service_number)) == ("1700000019", "46087738")


def test_each_row_of_a_table_with_its_captions_below_is_a_piece() -> None:
    paper = read(
        UNDER_RULES.replace(
            "  EQUIPO 1                SERIE                   MAC\n",
            "  EQUIPO 1                SERIE                   MAC\n\n"
            "  ONT Huawei              HWTCC661499D            AA:EA:DA:5D:89:C0\n"
            "  EQUIPO 2                SERIE                   MAC\n",
        )
    )
    assert [(value(line.serial), value(line.mac)) for line in paper.equipment] == [
        ("CS7H069631578", ""),
        ("HWTCC661499D", "AAEADA5D89C0"),
    ]


@pytest.mark.parametrize(("written", "taken"), [("17000C0019", True), ("17000C0018", False), ("C700000019", False)])
def test_a_nought_written_open_is_one_where_the_check_digit_says_so_and_no_proof(written: str, taken: bool) -> None:
    one = typed(LIST.replace("1700000019", written))
    (paper,) = read_papers([document(replace(one, witnesses=(Witness(Engine.RAPIDOCR, one.words),)))], BOOK)
    assert (value(paper.id_number) == "1700000019") is taken
    # Else none is read: the number at the foot is the agent's.
    assert (paper.id_number is not None and not paper.id_number.proven) if taken else paper.id_number is None


def test_what_is_written_large_beside_a_label_makes_no_title_of_it() -> None:
    page = typed(LIST.replace("Fecha: 12 de marzo", "Solicitud (NTE-0933489  Fecha: 12 de marzo"))
    tall = [replace(w, box=replace(w.box, y0=w.box.y0 - 0.008)) if "(NTE" in w.text else w for w in page.words]
    (paper,) = read_papers([document(replace(page, words=tuple(tall)))], BOOK)
    assert paper.kind is DocumentKind.ACTA


def test_a_form_with_captions_over_its_values_is_not_read_upside_down() -> None:
    paper = read(TABLE.replace("042345678 ", "          "))
    assert value(paper.service_number) == ""
    assert value(paper.holder) == "PEREZ MORA LUIS ALBERTO"


CELLS = (
    HEAD
    + """
     REGISTRO DE DEVOLUCION DE EQUIPOS            Constancia número
                                                  0489896
  Solicitud   CNT-2021-000417
  DIA   05    MES   04    AÑO   2021
  Nombre del titular MORALES ÑAUÑAY JUANA ISABEL
  Recibí de (cliente)     C.C. / RUC   1700000019

  N.    Equipo, marca y modelo            Serie / MAC
  1     ONT Huawei HG8245Q2               HWTCC661499D / AA:EA:DA:5D:89:C0
"""
)


def test_boxes_of_a_day_joint_headings_and_labels_in_the_size_of_the_text_are_understood() -> None:
    paper = read(CELLS)
    assert paper.kind is DocumentKind.ACTA, paper.because  # no title says that it asks for something
    assert value(paper.date) == "2021-04-05"
    assert value(paper.holder) == "MORALES ÑAUÑAY JUANA ISABEL"
    assert [(value(line.serial), value(line.mac)) for line in paper.equipment] == [("HWTCC661499D", "AAEADA5D89C0")]


def test_the_number_of_a_paper_is_nobodys_service_and_the_holders_is_not_the_papers() -> None:
    paper = read(CELLS)
    assert value(paper.service_number) == ""
    assert value(paper.number) == "0489896"
    assert value(read(CELLS.replace("0489896", "1700000019")).number) != "1700000019"


def test_a_number_that_only_number_says_is_proven_where_a_service_is_spoken_of() -> None:
    for words, loose in (("Servicio de internet, número: 022345678", False), ("Número: 022345678", True)):
        found = read(f"{HEAD}\n  ACTA DE DEVOLUCION DE EQUIPOS\n\n\n\n\n  {words}\n").service_number
        assert found is not None
        assert found.rule.startswith("suelto:") is loose


def test_a_title_that_ends_with_service_labels_no_number_beside_it() -> None:
    title = "   ACTA DE ENTREGA RECEPCION DE EQUIPOS\n   DEVOLUCION POR CANCELACION DE SERVICIO         115-260821"
    assert value(read(f"{HEAD}\n{title}\n").service_number) == ""


# ── who waits to be served ───────────────────────────────────────────────────────────────────────

TURN_TICKETS = (
    """
        CNT EP
        CAC ESMERALDAS
        SU TURNO
        B050
        DEVOLUCION DE EQUIPOS
        CEDULA: 1700000019
        11/03/2023 12:04
        Personas en espera: 24
        Por favor espere a ser llamado
""",
    """
        CNT EP   AGENCIA QUITO CENTRO
        TURNO
        D-117
        TRAMITE: DEVOLUCION DE EQUIPOS
        11/03/2023 12:04    MODULO 4
        Tiempo de espera: 35 minutos
        Clientes en espera: 12
""",
    """
        CORPORACION NACIONAL DE TELECOMUNICACIONES CNT EP
        TICKET DE ATENCION
        Retiro y devolucion de equipos       R-031
        Será llamado en pantalla
""",
)


@pytest.mark.parametrize("ticket", TURN_TICKETS)
def test_a_ticket_of_who_waits_for_his_turn_is_no_acta(ticket: str) -> None:
    for page in (ticket, ticket.replace("B050", "31054").replace("CNT EP\n", "ENTER\n", 1)):
        paper = read(page)
        assert paper.kind is not DocumentKind.ACTA, paper.because
        assert paper.direction is Direction.DESCONOCIDA


@pytest.mark.parametrize(
    "words", ["Personas en espera: 24", "Espere a ser llamado", "Usted será atendido en ventanilla 3"]
)
def test_one_word_of_waiting_leaves_the_direction_open(words: str) -> None:
    title = f"{HEAD}\n            DEVOLUCION DE EQUIPOS\n\n  ONT Huawei   Serie: HWTCC661499D\n"
    assert read(title).direction is Direction.DEVOLUCION
    assert read(f"{title}\n  {words}\n").direction is Direction.DESCONOCIDA


def test_an_acta_that_tells_at_which_turn_it_was_made_is_one() -> None:
    paper = read(LIST.replace("Motivo:", "Turno: B-050   Hora de atención: 12:04\n  Motivo:"))
    assert (paper.kind, paper.direction) == (DocumentKind.ACTA, Direction.DEVOLUCION), paper.because


# ── who issued the paper ─────────────────────────────────────────────────────────────────────────

FIELD_WORK = """
  CONSORCIO REDES DEL AUSTRO                                   No. 021836
  {who}   RUC 0190354871001

              ACTA DE RETIRO DE EQUIPOS

  APELLIDOS Y NOMBRES DEL TITULAR
  MORALES ÑAUÑAY JUANA ISABEL
  {caption}                       N. DE SERVICIO
  {number}                        022345678

  TIPO DE EQUIPO      MARCA      MODELO      SERIE
  ONT                 HUAWEI     HG8245H     HWTCC661499D

  El titular entrega al técnico los equipos descritos{words}.


  FIRMA DEL CLIENTE (ENTREGA)          FIRMA DEL TECNICO (RECIBE)
"""


def field_work(
    who: str = "Contratista autorizada de CNT EP", words: str = "", caption: str = "CEDULA / RUC", number: str = ""
) -> Fields:
    return read(FIELD_WORK.format(who=who, words=words, caption=caption, number=number))


def test_the_tax_number_of_who_issued_a_paper_is_never_the_holders() -> None:
    assert field_work().id_number is None
    assert value(field_work(number="1700000019").id_number) == "1700000019"
    for ruc in ("0190354871001", "1700000019001"):
        page = FIELD_WORK.format(who="Contratista de CNT EP", words="", caption="CEDULA / RUC", number="")
        (paper,) = read_papers([document(*(typed(page.replace("0190354871001", ruc)),) * 2)], BOOK)
        assert paper.id_number is None, ruc


@pytest.mark.parametrize(
    "line",
    [
        "Imprenta La Unión   R.U.C. 1700000019001   Aut. 2417",
        "RUC: 1700000019001",
    ],
)
def test_a_tax_number_far_from_the_customers_captions_is_not_the_holders(line: str) -> None:
    page = field_work(words=f".\n\n\n\n\n\n\n\n\n  {line}")
    assert page.id_number is None


OF_THE_FIELD = """
  SERVICIOS DEL AUSTRO CIA. LTDA.     Contratista de CNT EP
  {over}
              ACTA DE RETIRO DE EQUIPOS
  {under}
  El titular entrega al técnico los equipos descritos a continuación
  ONT  HUAWEI    Serie: HWTCC661499D
"""


def of_the_field(over: str, under: str) -> Fields:
    text = OF_THE_FIELD.format(over=over, under=under)
    (paper,) = read_papers([document(typed(text), typed(text))], BOOK)
    return paper


@pytest.mark.parametrize(
    ("over", "under"),
    [
        ("", "Cliente: MORALES PAZ JUANA\n  Contratista: SERVICIOS DEL AUSTRO  RUC: 1700000019001"),
        ("", "Cliente: MORALES PAZ JUANA\n  Empresa instaladora\n  RUC: 1700000019001"),
        ("", "Cliente: MORALES PAZ JUANA\n  Empresa: AUSTRO\n  RUC No. 1700000019001"),
        ("", "Cliente: MORALES PAZ JUANA\n  Técnico: PAZ LUIS   RUC: 1700000019001"),
        ("", "Cliente: MORALES PAZ JUANA\n  Proveedor: AUSTRO   RUC: 1700000019001"),
        ("", "Cliente: MORALES PAZ JUANA\n  Razón social del contratista: AUSTRO\n  RUC: 1700000019001"),
        ("", "Cliente: MORALES PAZ JUANA\n  RUC del contratista: 1700000019001"),
        ("", "Cliente: MORALES PAZ JUANA\n  RUC contratista: 1700000019001"),
        ("", "Contratista: SERVICIOS DEL AUSTRO  RUC: 1700000019001\n  Cliente: MORALES PAZ JUANA   Cédula:"),
        ("RUC / C.I.: 1700000019001", "Cliente: MORALES PAZ JUANA"),
        ("Identificación: 1700000019001", "Cliente: MORALES PAZ JUANA"),
        ("C.I. 1700000019", "Cliente: MORALES PAZ JUANA"),
        ("Cédula: 1700000019", "Cliente: MORALES PAZ JUANA"),
    ],
)
def test_a_number_of_who_issued_a_paper_is_never_proven_the_holders(over: str, under: str) -> None:
    number = of_the_field(over, under).id_number
    assert number is None or not number.proven, number


@pytest.mark.parametrize(
    ("over", "under"),
    [
        ("", "Cliente: MORALES PAZ JUANA\n  RUC: 1700000019001"),
        ("RUC: 0190354871001", "Empresa: AUSTRO\n  Cliente: MORALES PAZ JUANA\n  RUC: 1700000019001"),
        ("", "Empresa: CNT EP   Cédula / RUC: 1700000019001\n  Cliente: MORALES PAZ JUANA"),
        ("", "Razón social: EMPRESA ELECTRICA DEL AUSTRO\n  RUC: 1700000019001"),
        ("", "Cliente: MORALES PAZ JUANA        Contratista: AUSTRO\n  RUC: 1700000019001"),
        ("Cliente: MORALES PAZ JUANA   Cédula / RUC: 1700000019001", ""),
        ("", "Técnico: PAZ LUIS\n  Cliente: MORALES PAZ JUANA\n  RUC: 1700000019001"),
    ],
)
def test_a_tax_number_behind_the_customers_caption_is_proven_his(over: str, under: str) -> None:
    number = of_the_field(over, under).id_number
    assert value(number) == "1700000019001" and number is not None and number.proven, number


def test_the_tax_number_of_a_customer_is_the_holders() -> None:
    assert value(field_work(caption="RUC", number="1793213150001").id_number) == "1793213150001"
    assert value(field_work(caption="CEDULA / RUC", number="1793213150001").id_number) == "1793213150001"
    company = LIST.replace("Titular: MORALES ÑAUÑAY JUANA ISABEL", "Razón social: COMERCIAL ANDINA DEL SUR")
    company = company.replace("Cédula: 1700000019  ", "RUC: 1793213150001")
    assert value(read(company).id_number) == "1793213150001"


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("Contratista autorizada de CNT EP", ""),
        ("Contratista de CNT EP", ""),
        ("Contratista CNT EP", ""),
        ("Empresa calificada por la CNT EP", ""),
        ("Servicio técnico autorizado de CNT EP", ""),
        ("Fibra y redes", ", y este los recibe por cuenta de CNT EP"),
        ("Fibra y redes", ", quien recibe a nombre de CNT EP"),
        ("Fibra y redes", ", quien actúa en representación de la Corporación Nacional de Telecomunicaciones CNT EP"),
        ("Servicio de retiro de equipos para CNT EP", ""),
    ],
)
def test_a_contractors_paper_is_ours_where_it_says_that_it_works_for_us(who: str, words: str) -> None:
    paper = field_work(who, words, number="1700000019")
    assert paper.ours, paper.because
    assert (paper.kind, paper.direction) == (DocumentKind.ACTA, Direction.DEVOLUCION), paper.because


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("Fibra y redes", ""),
        ("Fibra y redes", ". Motivo: cliente migró desde CNT EP"),
        ("Fibra y redes", ". Operador anterior: CNT EP"),
        ("Fibra y redes", ". Equipos de propiedad de CNT EP"),
        ("Contratista de Claro", ". Cliente migró desde CNT EP"),
        ("Contratista de Netlife", ", a nombre de CNT EP"),
        ("Contratista de CNT EP y Claro", ""),
        ("Contratista autorizada de CNT EP, CLARO", ""),
        ("Contratista de CNT EP", ", de propiedad de Netlife"),
        ("Contratista de CNT EP", ". Operadora: XTRIM"),
        ("Contratista de CNT EP", ", en nombre de Puntonet"),
        ("Fibra y redes", ". La empresa no es contratista de CNT EP"),
        ("Fibra y redes", ". Antes lo atendió un contratista de CNT EP"),
    ],
)
def test_a_contractors_paper_for_another_operator_or_that_only_mentions_us_stays_foreign(who: str, words: str) -> None:
    paper = field_work(who, words, number="1700000019")
    assert not paper.ours, paper.because


@pytest.mark.parametrize(
    ("who", "words"),
    [
        *(
            ("Fibra y redes", f". {said}")
            for said in (
                "El titular es contratista de CNT EP",
                "Ocupación del titular: contratista CNT EP",
                "El cliente trabaja para CNT EP",
                "El cliente reclama que la factura llega a nombre de CNT EP",
                "Contrato anterior a nombre de CNT EP",
                "Equipo facturado a nombre de CNT EP",
                "Poste arrendado por orden de CNT EP",
                "Dejó de ser contratista de CNT EP",
                "Fuimos contratista de CNT EP",
                "Próximamente contratista de CNT EP",
                "Servicio retirado por contratista CNT EP",
                "Daño causado por la cuadrilla contratada por CNT EP",
                "La fibra la instaló el contratista de CNT EP",
                "Competencia: contratista CNT EP",
                "El titular, quien actúa en representación de CNT EP, firma",
                "El cliente recibe sus facturas a nombre de CNT EP",
                "El técnico no actúa en nombre de CNT EP",
                "El vecino recibe la señal por cuenta de CNT EP",
            )
        ),
        ("Antiguo contratista de CNT EP", ""),
        ("Fuimos contratista de CNT EP", ""),
        ("Próximamente contratista de CNT EP", ""),
        ("Contratista de CNT EP hasta 2020", ""),
        ("Competencia: contratista CNT EP", ""),
        ("Cliente: contratista de CNT EP", ""),
        ("Factura a nombre de CNT EP", ""),
    ],
)
def test_who_is_said_to_work_for_us_elsewhere_than_as_the_issuer_or_who_receives_makes_no_paper_ours(
    who: str, words: str
) -> None:
    paper = field_work(who, words, number="1700000019")
    assert not paper.ours, paper.because


@pytest.mark.parametrize("words", ["", "   RUC 0190354871001"])
def test_the_customers_trade_under_the_title_does_not_make_a_paper_ours(words: str) -> None:
    page = FIELD_WORK.format(who="Fibra y redes", words="", caption="CEDULA / RUC", number="1700000019")
    trade = f"  OCUPACION DEL TITULAR: contratista de CNT EP{words}"
    paper = read(page.replace("ACTA DE RETIRO DE EQUIPOS\n", f"ACTA DE RETIRO DE EQUIPOS\n{trade}\n"))
    assert not paper.ours, paper.because


def test_a_contractor_that_names_itself_under_the_title_beside_its_number_is_ours() -> None:
    page = FIELD_WORK.format(who="", words="", caption="CEDULA / RUC", number="1700000019")
    title = "              ACTA DE RETIRO DE EQUIPOS\n"
    page = page.replace("RUC 0190354871001", "").replace(title, "")
    own = "  Contratista de CNT EP\n  RUC 0190354871001\n"
    for head in (own, "  RUC 0190354871001    Contratista de CNT EP\n"):
        paper = read(f"\n{title}{head}{page}")
        assert paper.ours, paper.because


@pytest.mark.parametrize(
    "said",
    [
        "Proveedor: NETLIFE",
        "Proveedor de internet: CLARO",
        "ISP: Netlife",
        "Equipos de Claro",
        "Equipos pertenecientes a Netlife",
        "Plan Netlife 100 megas",
        "Red: CELERITY",
        "Contrato Netlife No. 1234",
        "Cambio de equipo Claro",
        "Cambio de plan: Netlife",
    ],
)
def test_another_operator_on_a_contractors_paper_makes_it_foreign(said: str) -> None:
    paper = field_work(words=f". {said}", number="1700000019")
    assert not paper.ours, paper.because


@pytest.mark.parametrize(
    "said",
    [
        "Motivo: cambio de operadora: NETLIFE",
        "Motivo: cambio de proveedor a Claro",
        "Motivo: se cambia a Netlife",
        "El cliente migra a la operadora Claro",
        "Portabilidad a CLARO",
        "Nueva operadora: XTRIM",
        "Dirección: Cdla. La Garzota, segunda etapa, mz. 4",
        "Dirección: Urdesa etapa 2",
        "Dirección: vía a Puerto Claro",
        "Modem de color claro",
    ],
)
def test_whom_a_customer_goes_to_and_words_that_are_no_operator_leave_a_contractors_paper_ours(said: str) -> None:
    paper = field_work(words=f". {said}", number="1700000019")
    assert paper.ours, paper.because


def test_a_paper_that_only_names_us_as_whom_the_customer_left_is_not_ours() -> None:
    head = "\n      FIBRA DEL PACIFICO\n\n"
    bare = LIST.replace(HEAD, head).replace("CNT EP", "la empresa").replace("CNT", "la empresa")
    assert not read(bare.replace("cancelación del servicio", "cliente migró desde CNT EP")).ours
    assert read(LIST.replace("cancelación del servicio", "cliente migró desde CNT EP")).ours


def test_a_customer_who_moves_to_another_operator_leaves_a_contractors_paper_ours() -> None:
    assert field_work(words=". Motivo: cambio de operadora: NETLIFE").ours


# ── who hands over to whom, in other words ───────────────────────────────────────────────────────

PLAIN_ACTA = (
    HEAD + "\n         ACTA DE ENTREGA RECEPCION\n\n  Cliente: MORALES PAZ JUANA\n  ONT Huawei   Serie: HWTCC661499D\n"
)


@pytest.mark.parametrize(
    "words",
    [
        "Los equipos arriba indicados son devueltos por el cliente y recibidos por CNT EP.",
        "Los equipos fueron entregados por el abonado en ventanilla.",
        "Declaro que entrego los equipos descritos, de propiedad de la Empresa, la misma que los recibe.",
        "Declaro que devuelvo a CNT EP los equipos descritos.",
        "INGRESO A BODEGA POR DEVOLUCION DE CLIENTE",
        "\n  FIRMA DEL ABONADO                 FUNCIONARIO QUE RECIBE",
        "\n  ENTREGA (USUARIO)                 RECIBE (ATENCION AL CLIENTE CNT EP)",
        "\n  ENTREGUE                          RECIBI\n  EL CLIENTE                        SERVICIO AL CLIENTE",
        "\n  ENTREGA (CLIENTE)                 RECIBE (ASISTENTE)",
        "Declaro que he recibido los equipos de parte del cliente, quien los devuelve.",
    ],
)
def test_a_return_is_told_in_many_words(words: str) -> None:
    paper = read(f"{PLAIN_ACTA}\n  {words}\n")
    assert (paper.kind, paper.direction) == (DocumentKind.ACTA, Direction.DEVOLUCION), paper.because


@pytest.mark.parametrize(
    "words",
    [
        "Los equipos son entregados por CNT EP y recibidos por el cliente.",
        "Los equipos no fueron devueltos por el cliente.",
        "Declaro que recibo en comodato los equipos descritos, de propiedad de la Empresa.",
        "Declaro que entrego al cliente los equipos descritos, de propiedad de la Empresa.",
        "Los equipos son de propiedad de la Empresa, mismos que el cliente recibe.",
        "El técnico de la empresa entrega los equipos y quien suscribe recibe a satisfacción.",
        "El técnico instala el servicio al cliente. El cliente devuelve los equipos viejos.",
        "\n  FUNCIONARIO QUE ENTREGA            FUNCIONARIO QUE RECIBE\n  CLIENTE: ninguno",
        "\n  FIRMA DEL ABONADO                  FUNCIONARIO QUE ENTREGA",
        "\n  RECIBE (USUARIO)                   ENTREGA (ATENCION AL CLIENTE CNT EP)",
        "\n  RECIBI                             ENTREGUE\n  EL CLIENTE                         SERVICIO AL CLIENTE",
    ],
)
def test_what_only_sounds_like_a_return_is_none(words: str) -> None:
    paper = read(f"{PLAIN_ACTA}\n  {words}\n")
    assert paper.direction is not Direction.DEVOLUCION, paper.because


@pytest.mark.parametrize(
    "words",
    [
        "Los equipos deberán ser devueltos por el abonado al término del contrato.",
        "Los equipos deberán, una vez terminado el contrato, ser devueltos por el abonado.",
        "Los equipos son devueltos por el abonado al término del contrato.",
        "Los equipos son devueltos por el abonado a la finalización del contrato.",
        "Equipos que deben ser devueltos por el titular en caso de baja",
        "Equipos a ser devueltos por el cliente",
        "Equipos por ser entregados por el cliente",
        "Equipos para ser entregados por el usuario",
        "Los equipos serán inmediatamente recibidos por CNT EP.",
        "Los equipos serían devueltos por el cliente.",
        "Hasta que los equipos sean devueltos por el cliente, la custodia es suya.",
        "Si los equipos son devueltos por el cliente en mal estado se cobrará su valor.",
        "Cuando los equipos son entregados por el cliente incompletos se cobrará su valor.",
        "En caso de baja, los equipos son devueltos por el cliente.",
        "Si el cliente entrega los equipos a CNT EP en mal estado se cobrará su valor.",
        "En caso de que el cliente devuelve los equipos dañados se cobra su valor.",
        "\n  Firma del abonado            Asesor que recibe la solicitud",
        "\n  Firma del abonado            Asesor que recibe la documentación: PAZ MORA LUIS",
        "\n  Firma del abonado            Técnico que retira la acometida antigua",
        "Funcionario que recibe el pago\n\n  Firma del cliente",
        "La empresa, con domicilio en Quito, recibe el pago mensual del servicio.",
        "La empresa, por intermedio de su agencia, recibe del cliente el valor de la instalación.",
        "CNT EP recibe los reclamos del cliente.",
        "Declaro que entrego a la empresa mis datos personales.",
        "El técnico recibe del cliente la firma.",
        "Equipos recibidos por CNT EP del proveedor e instalados al cliente",
        "Equipos recibidos por CNT EP en bodega central y entregados al cliente",
        "Los equipos fueron entregados por el cliente interno de CNT.",
        "Los equipos fueron devueltos por el cliente anterior.",
        "Los equipos entregados por el cliente en la instalación quedan activos.",
    ],
)
def test_what_holds_some_day_under_a_condition_or_of_other_things_is_no_return(words: str) -> None:
    paper = read(f"{PLAIN_ACTA}\n  {words}\n")
    assert paper.direction is not Direction.DEVOLUCION, paper.because


@pytest.mark.parametrize(
    "words",
    [
        "Los equipos fueron devueltos por el titular del servicio por terminación del contrato.",
        "Los equipos son entregados por el cliente y recibidos por CNT EP.",
        "Los equipos han sido recibidos por CNT EP y entregados por el cliente.",
        "CNT EP recibe los equipos del cliente según solicitud 00123.",
        "\n  FIRMA DEL ABONADO            FUNCIONARIO QUE RECIBE: PAZ MORA LUIS",
        "\n  FIRMA DEL ABONADO            TECNICO QUE RETIRA LOS EQUIPOS",
        "\n  FIRMA DEL ABONADO            ASESOR QUE RECIBE CONFORME",
        "Si los equipos son devueltos por el cliente dañados se cobra. Los equipos son devueltos por el cliente hoy.",
    ],
)
def test_what_was_handed_over_now_is_a_return_whatever_else_is_said(words: str) -> None:
    paper = read(f"{PLAIN_ACTA}\n  {words}\n")
    assert paper.direction is Direction.DEVOLUCION, paper.because


@pytest.mark.parametrize(
    ("said", "direction"),
    [
        ("Correo - Notificación de equipos - Outlook", Direction.DEVOLUCION),
        ("Notificación de recepción de equipos", Direction.DEVOLUCION),
        ("Notificación de equipos recibidos", Direction.DEVOLUCION),
        ("Notificación de equipos pendientes", Direction.DESCONOCIDA),
        ("Notificación de equipos no devueltos", Direction.DESCONOCIDA),
        ("Notificación de retiro de equipos", Direction.DESCONOCIDA),
        ("Notificación de cobro", Direction.DESCONOCIDA),
        ("Aviso de devolución", Direction.DESCONOCIDA),
        ("Equipos pendientes de prueba en laboratorio", Direction.DEVOLUCION),
        ("Equipos pendientes de devolución", Direction.DESCONOCIDA),
        ("Motivo: Cambio de domicilio", Direction.DEVOLUCION),
        ("Motivo: Cambio de domicilio. Traslado a la nueva dirección", Direction.DESCONOCIDA),
        ("Retiro por cambio de domicilio", Direction.DESCONOCIDA),
    ],
)
def test_what_is_a_doubt_and_what_only_sounds_like_one(said: str, direction: Direction) -> None:
    paper = read(LIST.replace("Motivo: cancelación del servicio", said))
    assert paper.direction is direction, paper.because


def test_a_mere_reason_does_not_tell_that_a_customer_who_moves_gave_his_equipment_back() -> None:
    paper = read(f"{PLAIN_ACTA}\n  Equipos retirados\n  Motivo: Cambio de domicilio\n")
    assert paper.direction is Direction.DESCONOCIDA, paper.because


@pytest.mark.parametrize(
    "words",
    [
        "Motivo: cambio de domicilio. El cliente entrega a CNT EP los equipos para instalarlos en su nueva vivienda.",
        "Motivo: cambio de domicilio. El cliente entrega a CNT EP los equipos y se instalará de nuevo.",
        "Motivo: mudanza de ciudad. El cliente entrega a CNT EP los equipos y tendrá otros en el nuevo domicilio.",
        "Motivo: cambio de domicilio. El cliente entrega a CNT EP los equipos, que se reinstalan después.",
        "Motivo: cambio de domicilio. El cliente entrega a CNT EP los equipos, que se conectarán en otra casa.",
        "Motivo: cambio de domicilio. El cliente entrega a CNT EP los equipos, que se conectarán nuevamente.",
        "El cliente entrega a CNT EP los equipos. Baja del servicio por cambio de domicilio: se instala en otra casa.",
    ],
)
def test_who_moves_and_takes_his_service_along_gave_nothing_back(words: str) -> None:
    paper = read(f"{PLAIN_ACTA}\n  {words}\n")
    assert paper.direction is Direction.DESCONOCIDA, paper.because


@pytest.mark.parametrize(
    "words",
    [
        "Motivo: cambio de domicilio. El cliente entrega a CNT EP los equipos detallados.",
        "Motivo: cambio de domicilio. El cliente entrega a CNT EP los equipos desinstalados.",
        "Equipos recibidos del cliente.\n  MOTIVO: CAMBIO DE DOMICILIO SIN\n  COBERTURA",
        "El cliente entrega a CNT EP los equipos. Baja del servicio por cambio de domicilio.",
    ],
)
def test_who_moves_and_ends_his_service_gives_his_equipment_back(words: str) -> None:
    paper = read(f"{PLAIN_ACTA}\n  {words}\n")
    assert paper.direction is Direction.DEVOLUCION, paper.because
