"""Who hands over to whom, in the words of many clerks: sentences, captions, titles; and papers without any title.

Each row of a table is one paper: an acta whose title says neither direction, and the words in question.
"""

from __future__ import annotations

import pytest
from test_fields import BOOK, HEAD, LIST, PLAIN_ACTA, _at, read, typed

from evidence_daemon.documents.wanting import wanted
from evidence_daemon.model import Box, Direction, DocumentKind, Engine, Fields
from evidence_daemon.rulebook import DocumentsBook


def said(words: str) -> Fields:
    return read(f"{PLAIN_ACTA}\n  {words}\n")


@pytest.mark.parametrize(
    "words",
    [
        "El cliente Mora Paz Luis, cédula 1700000019, servicio 022345678, cumplió con devolver en la agencia el bien:",
        "El abonado Mora Paz Luis, C.I. 1700000019, hace la ENTREGA de un módem ADSL marca ZTE.",
        "La persona Mora Paz Luis, portadora de la cédula 1700000019, reintegró a esta institución el equipo.",
        "El usuario hace entrega al inspector de la CNT del terminal Huawei.",
        "El comodatario restituye al comodante los bienes del siguiente detalle.",
        "La CNT EP, por medio de Mora Paz Luis, los recibe.",
        "Por la CNT EP, Mora Paz Luis hace la recepción del mismo.",
        "Recibimos de Mora Paz Luis, C.I. 1700000019, los siguientes bienes:",
        "Acusamos recibo del decodificador indicado, que usted nos entregó en esta fecha.",
        "Hoy recibimos en la agencia los equipos que usted nos devolvió.",
        "En el domicilio del cliente se procede al retiro del siguiente equipo:",
        "Deja en ventanilla: módem ADSL Huawei.",
        "Yo, Mora Paz Luis, asesor de la CNT EP en el CAC Sur, recibí de Paz Ana los equipos del servicio.",
        "Declaro haber entregado los equipos descritos: el titular.",
        "Reingreso de equipo por devolución del cliente",
        "Control de equipos retirados a clientes",
        "El cliente entrega los equipos detallados y CNT EP los recibe para revisión.",
        "Entrega de equipos por parte del cliente",
        "Entrega de equipos del cliente a CNT EP",
        "Declaro haber puesto en posesión de CNT EP la ONT indicada.",
        "\n  ABONADO (ENTREGA)\n\n\n  CNT EP (RECIBE)",
        "\n  Cliente entrega                   CNT EP recibe",
        "\n  Titular: entregué el equipo       Asesor CNT: recibí conforme",
        "\n  El cliente, que entrega           El asesor, que recibe: PAZ MORA LUIS",
        "\n  ENTREGA                           RECIBE\n  Nombre: MORA LUIS                 Nombre: PAZ ANA\n"
        "  Calidad: Cliente titular          Calidad: CNT EP",
        "\n  Firma de quien devuelve           Firma del asesor",
        "\n  Firma de quien entrega (cliente)          Firma y sello de CNT EP",
    ],
)
def test_a_return_is_told_in_the_words_of_many_clerks(words: str) -> None:
    paper = said(words)
    assert paper.direction is Direction.DEVOLUCION, paper.because


@pytest.mark.parametrize(
    "words",
    [
        "El cliente Mora Paz Luis, cédula 1700000019, no cumplió con devolver en la agencia el bien.",
        "El cliente Mora Paz Luis se compromete a devolver a CNT EP los equipos.",
        "El cliente Mora Paz Luis recibe en este acto el equipo que se entrega por CNT EP.",
        "El contratista Mora Paz Luis, con RUC 1790000001001, devuelve a la CNT EP los equipos.",
        "El ex servidor(a) Mora Paz Luis, quien laboró en la empresa, devuelve a la CNT EP los bienes asignados.",
        "El estudiante Mora Paz Luis devuelve a la institución el equipo entregado en préstamo.",
        "Entrega de equipos a CNT EP por parte del proveedor",
        "Recibimos de Mora Paz Luis la cantidad de USD 67,20 por el equipo.",
        "Recibimos de Mora Paz Luis la solicitud de retiro del equipo.",
        "CNT EP hace la entrega y el abonado la recepción de los equipos detallados.",
        "Se entrega al cliente Mora Paz Luis un control remoto.",
        "Usted recibió de nuestro técnico el equipo.",
        "La CNT EP entrega en préstamo a Mora Paz Luis un repetidor.",
        "El técnico retira el módem e instala en su lugar la ONT. El cliente entrega el equipo dañado.",
        "Equipos retirados de la dirección anterior y reinstalados en la nueva.",
        "Equipos retirados de bodega para instalaciones",
        "Cuando usted nos devolvió el equipo, se instaló otro. Se entrega al cliente el repuesto.",
        "CNT EP nos entregó los equipos.",
        "Comprobante de entrega de equipo de CNT EP",
        "\n  ENTREGA                           RECIBE\n  Nombre: MORA LUIS                 Nombre: PAZ ANA\n"
        "  Calidad: CNT EP                   Calidad: Cliente titular",
        "\n  CNT EP (ENTREGA)\n\n\n  ABONADO (RECIBE)",
        "\n  Cliente no entrega                CNT EP",
        "\n  Firma de quien recibe (cliente)           Firma y sello de CNT EP",
        "\n  Equipo que entrega al cliente     CNT EP",
        "\n  Asesor que recibe la solicitud    Cliente",
        "Firme el acta de devolución y conserve su copia.",
        "Yo, Mora Paz Luis, autorizo a Paz Ana para que firme en mi nombre el acta de devolución.",
        "Para la devolución de equipos acérquese a la agencia.",
        "Equipos que debe traer: ONT Huawei. Acta de devolución",
        "El cliente entrega a la empresa los equipos, de propiedad de ANDESNET, por cancelación.",
        "Acta de entrega recepción de documentos. Recibe: CNT EP.",
        "Documento de prueba, sin validez. El cliente entrega a CNT EP los equipos.",
    ],
)
def test_what_sounds_like_it_in_the_words_of_others_is_no_return(words: str) -> None:
    paper = said(words)
    assert paper.direction is not Direction.DEVOLUCION, paper.because


@pytest.mark.parametrize(
    "words",
    [
        "Motivo: cambio de domicilio a zona sin cobertura",
        "Causa: traslado de domicilio a una zona sin cobertura",
        "Los equipos son de propiedad de la empresa.",
        "El cliente no registra equipos pendientes de devolución.",
        "Documento sin valor tributario.",
        "Filas vacías anuladas.",
        "No se entrega equipo de reemplazo.",
        "Equipo instalado: ninguno",
        "Acta de entrega recepción de bienes en comodato",
    ],
)
def test_what_is_not_there_or_not_owed_is_no_doubt(words: str) -> None:
    paper = said(f"El cliente entrega a CNT EP los equipos detallados. {words}")
    assert paper.direction is Direction.DEVOLUCION, paper.because


def test_a_ticket_that_says_devuelve_is_a_return_of_who_moves() -> None:
    paper = said("DEVUELVE:\n  01 ONT\n\n  MOTIVO: CAMBIO DE DOMICILIO\n")
    assert paper.direction is Direction.DEVOLUCION, paper.because


@pytest.mark.parametrize(
    "title",
    [
        "ACTA DE RESTITUCION DE BIENES ENTREGADOS EN COMODATO",
        "ACTA DE CUMPLIMIENTO",
        "VALE DE DEVOLUCION",
        "TALON DE DEVOLUCION",
        "KARDEX DE EQUIPO - DEVOLUCION DE ABONADO",
        "CONTROL DE EQUIPOS RETIRADOS A CLIENTES",
        "LISTA DE VERIFICACION - EQUIPO DEVUELTO",
        "CNT EP F-118 REINTEGRO DE EQUIPOS DE LA EMPRESA",
        "ORDEN DE TRABAJO RETIRO DE EQUIPOS EN DOMICILIO",
        "MOVIMIENTO DE EQUIPOS",
        "PAZ Y SALVO DE EQUIPOS",
        "BAJA DE LINEA: EQUIPO REINTEGRADO",
    ],
)
def test_an_acta_is_known_by_the_title_that_somebody_thought_of(title: str) -> None:
    paper = read(f"{HEAD}\n        {title}\n\n  Cliente: MORALES PAZ JUANA\n  ONT Huawei   Serie: HWTCC661499D\n")
    assert paper.kind is DocumentKind.ACTA, paper.because


@pytest.mark.parametrize(
    "title",
    ["ACTA DE SESION DEL DIRECTORIO", "ACTA DE DEVOLUCION DE VALORES", "Acta de nacimiento del titular", "ACTAS"],
)
def test_an_acta_of_other_things_is_none(title: str) -> None:
    paper = read(f"{HEAD}\n        {title}\n\n  Cliente: MORALES PAZ JUANA\n  Suma: cien dólares\n")
    assert paper.direction is not Direction.DEVOLUCION, paper.because


UNTITLED = (
    HEAD
    + """
  Quito, 5 de abril de 2021

  Cliente: MORALES PAZ JUANA               C.I. 1700000019
  Servicio: 022345678
  El cliente entrega a CNT EP: ONT Huawei
  Serie: HWTCC661499D
"""
    + "\n" * 20
    + """
  _______________________              _______________________
  Firma del cliente                    Recibí conforme CNT EP
"""
)
HIS, ITS = _at(UNTITLED, "Firma del cliente"), _at(UNTITLED, "Recibí conforme")


def untitled(text: str = UNTITLED, ink: tuple[Box, ...] = (HIS, ITS)) -> Fields:
    return read(text, ink=ink)


def test_a_paper_without_title_that_both_signed_is_an_acta() -> None:
    paper = untitled()
    assert (paper.kind, paper.direction) == (DocumentKind.ACTA, Direction.DEVOLUCION), paper


@pytest.mark.parametrize(
    ("text", "ink"),
    [
        (UNTITLED, ()),
        (UNTITLED, (HIS,)),
        (UNTITLED, (ITS,)),
        (UNTITLED.replace("Serie: HWTCC661499D", ""), (HIS, ITS)),
        (UNTITLED.replace("C.I. 1700000019", ""), (HIS, ITS)),
        (UNTITLED.replace("Servicio: 022345678", ""), (HIS, ITS)),
        (UNTITLED.replace("Quito, 5 de abril de 2021", "Quito"), (HIS, ITS)),
        (UNTITLED.replace("El cliente entrega a CNT EP:", ""), (HIS, ITS)),
        (UNTITLED.replace("El cliente entrega a", "El cliente entregará a"), (HIS, ITS)),
        (UNTITLED.replace("  Quito, 5", "          AUTORIZACION\n\n  Quito, 5"), (HIS, ITS)),
        (UNTITLED.replace("  Quito, 5", "          FACTURA\n\n  Quito, 5"), (HIS, ITS)),
        (UNTITLED.replace("  Quito, 5", "  De mi consideración: solicito la baja.\n\n  Quito, 5"), (HIS, ITS)),
    ],
)
def test_a_paper_without_title_that_lacks_anything_is_none(text: str, ink: tuple[Box, ...]) -> None:
    paper = untitled(text, ink)
    assert (paper.kind, paper.direction) != (DocumentKind.ACTA, Direction.DEVOLUCION), paper.because


def test_a_text_layer_without_title_is_compared_with_its_pixels_like_any_acta() -> None:
    page = typed(UNTITLED, engine=Engine.TEXTO)
    asked = wanted(page, BOOK)
    assert asked.kind is DocumentKind.ACTA
    serial = next(word for word in page.words if word.text == "HWTCC661499D")
    assert any(place.y0 < serial.box.y1 and place.y1 > serial.box.y0 for place in asked.places)


def test_a_pattern_that_names_an_unknown_term_is_refused_with_its_name() -> None:
    told = BOOK.model_dump(by_alias=True)
    told["direction"]["return"] = [{"pattern": "<nobody> ENTREGA", "finds": "NADIE ENTREGA"}]
    with pytest.raises(ValueError, match="no such term: <nobody>"):
        DocumentsBook.model_validate(told)


def test_a_company_that_only_uses_our_network_issues_no_paper_of_ours() -> None:
    paper = read(
        "\n  ANDESNET S.A.S., proveedor de internet con enlace de la Corporación Nacional de\n"
        "  Telecomunicaciones CNT EP.\n\n          CONSTANCIA DE DEVOLUCION DE EQUIPO\n\n"
        "  Recibimos de Mora Paz Luis el equipo ONT Huawei, serie HWTCC661499D.\n"
    )
    assert not paper.ours, paper.because


def test_the_number_sign_beside_a_title_denies_nothing() -> None:
    paper = read(
        LIST.replace("ACTA DE ENTREGA - RECEPCION DE EQUIPOS No. 00012345", "DEVOLUCION DE EQUIPOS        No. 12345")
    )
    assert paper.direction is Direction.DEVOLUCION, paper.because


def test_a_picture_without_title_is_searched_for_one() -> None:
    asked = wanted(typed(UNTITLED), BOOK)
    assert (asked.kind, asked.missing) == (DocumentKind.ACTA, True)
