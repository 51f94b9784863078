"""Pages that a hostile reader made of what the rules had learnt: none is a return, and nothing is proven wrongly."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_fields import BOOK, HEAD, document, typed, value

from evidence_daemon.documents.fields import read_papers
from evidence_daemon.model import Direction, DocumentKind, Engine, Fields, Witness

LETTER = "Asunto: Constancia de equipos devueltos a CNT EP"
RETURN, EITHER = "ACTA DE DEVOLUCION DE EQUIPOS", "ACTA DE ENTREGA RECEPCION DE EQUIPOS"
HOLDER = "  Fecha: 12 de marzo de 2021   Cliente: MORALES PAZ JUANA\n  C.I. 1700000019\n"
ONT = "  ONT Huawei HG8245Q2  Serie: HWTCC661499D\n"


def twice(page: str) -> Fields:
    layer = typed(page)
    (paper,) = read_papers([document(replace(layer, witnesses=(Witness(Engine.RAPIDOCR, layer.words),)))], BOOK)
    return paper


def under(title: str, said: str, *, holder: str = HOLDER) -> Fields:
    return twice(f"{HEAD}\n          {title}\n\n{holder}  {said}\n{ONT}")


def is_a_return(paper: Fields) -> bool:
    return (paper.kind, paper.direction) == (DocumentKind.ACTA, Direction.DEVOLUCION)


BY = "Juan Mora, con C.C. 1700000019"


@pytest.mark.parametrize(
    "said",
    [
        # Who hands over is the company, one of its people, or somebody who sells.
        f"Se certifica que el señor {BY}, es abonado y CNT EP entregó en su domicilio los",
        f"Se deja constancia de que en el domicilio de {BY}, el instalador entregó los",
        f"Se deja constancia de que con {BY}, se firmó contrato y CNT EP hizo la entrega de los",
        f"Certifico que por pedido de {BY}, la empresa entregó en su domicilio los",
        f"Certifico que el señor técnico {BY}, entregó en el domicilio del abonado los",
        f"Certifico que {BY}, técnico de la CNT EP, entregó los",
        "Certifico que el vendedor Juan Mora, portador de la cédula 1700000019, entregó al abonado los",
        # To whom, for what, and how much.
        f"Certifico que {BY}, entregó a su inquilino los",
        f"Certifico que {BY}, entregó para su revisión y cambio los",
        f"Certifico que {BY}, entregó ninguno de los",
        # Nobody certifies it, or somebody who has it from hearsay.
        f"No certifico que {BY}, entregó en la agencia los",
        f"Nadie certifica que {BY}, entregó en la agencia los",
        f"Mi abogado certifica que {BY}, entregó en la agencia los",
        f"Certifico que {BY}, según su dicho entregó en la agencia los",
        f"Certifico que {BY}, supuestamente entregó en la agencia los",
        f"Certifico que {BY}, vendió y entregó en la agencia los",
        "Certifico que la compañía Huawei del Ecuador, con RUC 1790000001001, entregó en la bodega los",
        # Who comes to the customer.
        "El técnico llega hasta el cliente y entrega los equipos:",
        "El instalador visita la abonada y entrega los siguientes equipos:",
        "CNT EP acude hacia el cliente y entrega los equipos:",
        "Para la abonada entrega la CNT EP los equipos:",
        # An exchange, nothing, or things of his own.
        "Equipos que entrega CNT EP:\n  ONT HG8245Q2\n  Equipos que entrega el cliente:\n  (ninguno)",
        "Equipos que entrega CNT EP:\n  ONT HG8245Q2\n  Equipos que entrega el cliente:\n  ---",
        "Equipos que entrega CNT EP al cliente:\n  ONT nueva\n  Equipos que entrega el cliente:",
        "No hay equipos que entrega el cliente.",
        "Equipos que entrega el cliente, de su propiedad, para configurar:",
        "Equipos que entrega el cliente a su vecino:",
    ],
)
def test_a_sentence_of_another_act_under_a_title_of_either_makes_no_return(said: str) -> None:
    paper = under(EITHER, f"{said} siguientes equipos: una ONT" if said.endswith(" los") else said)
    assert not is_a_return(paper), paper.because


@pytest.mark.parametrize(
    ("title", "said"),
    [
        (RETURN, "Usuario que recibe: MORALES PAZ JUANA"),
        (RETURN, "Usuario que recibe el equipo: MORALES PAZ JUANA"),
        ("ACTA DE RETIRO DE EQUIPOS", "Usuario que recibe los equipos reparados: MORALES PAZ JUANA"),
        (EITHER, "Equipos devueltos por el técnico al domicilio\n  Usuario que recibe: ROSA LOOR"),
        (RETURN, "Recibo de CNT EP:"),
        (RETURN, "Recibo de la empresa CNT EP, a satisfacción:"),
        (RETURN, "Recibo por el cliente:"),
        ("SOLICITUD / ACTA DE DEVOLUCION DE EQUIPOS", "Solicito que un técnico acuda a mi casa a retirar los equipos."),
        ("SOLICITUD / ACTA DE RETIRO DE EQUIPOS", "Motivo de la solicitud: baja. Pendiente de aprobación."),
        (
            "SOLICITUD DE BAJA",
            "Solicito la baja del servicio. Atentamente,\n  Anexo:\n  SOLICITUD / ACTA DE DEVOLUCION DE EQUIPOS",
        ),
        (RETURN, "El cliente entrega los equipos del vecino, de propiedad de este:"),
        (EITHER, "El abonado entrega a CNT EP los equipos de Rosa Loor, de propiedad de aquella, para guardarlos:"),
        (RETURN, "El cliente fue de la compañía Netplus y entrega los equipos de propiedad de esta última:"),
        (RETURN, "El cliente adeuda todo el valor por equipos no devueltos."),
        (RETURN, "Se factura todo el valor de USD 45, por equipos no devueltos."),
        (RETURN, "Se generará un cobro futuro de equipos no devueltos;"),
        (RETURN, "Ante cualquier duda: Total por equipos no devueltos."),
        (RETURN, "En visita posterior se levanta informe de equipos no devueltos."),
    ],
)  # fmt: skip
def test_what_only_sounds_harmless_keeps_a_paper_from_being_a_return(title: str, said: str) -> None:
    assert not is_a_return(under(title, said)), under(title, said).because


@pytest.mark.parametrize(
    "said",
    [
        "NUMERO: 0991234567",
        "Celular\n  NUMERO: 0991234567",
        "Dirección: Av. Amazonas\n  Número: 123456",
        "Medidor\n  Número: 1234567",
        "NUMERO: 2345678",
    ],
)
def test_a_number_that_may_be_anythings_is_never_proven_the_papers(said: str) -> None:
    number = under(RETURN, said).number
    assert number is None or not number.proven, number


@pytest.mark.parametrize(
    "said",
    [
        "Agencia Tena     TELEF: 062886111",
        "Agencia Tena     TELF: 062886111",
        "Asesor: Juan Mora Paz    TELEF: 042345678",
        "Soporte telefónico No. 042345678",
        "Contacto telefónico No. 042345678",
    ],
)
def test_the_telephone_of_an_office_or_of_its_people_is_never_proven_the_services(said: str) -> None:
    service = under(RETURN, said).service_number
    assert service is None or not service.proven, service


@pytest.mark.parametrize(
    "said", ["No. de contrato: 20620287\n  Internet fijo 042345678", "Nro. contrato 123456\n  Telefonía fija 042345678"]
)
def test_a_contracts_number_stands_behind_the_services_own(said: str) -> None:
    assert value(under(RETURN, said).service_number) == "042345678"


@pytest.mark.parametrize(
    ("holder", "said", "proven"),
    [
        ("  C.I. 1700000019\n", "El usuario: KARLA REYES MONTENEGRO", ""),
        ("  Nombre del titular: MORALES PAZ JUANA\n", "El cliente: KARLA REYES MONTENEGRO (hija)", "MORALES PAZ JUANA"),
        ("  Cliente: MORALES PAZ JUANA\n", "El usuario: KARLA REYES MONTENEGRO", "MORALES PAZ JUANA"),
        (HOLDER, "\n\n\n  ENTREGA: EL CLIENTE   RECIBE: CNT EP\n  X     JUANA MORALES PAZ VERA", "MORALES PAZ JUANA"),
        (HOLDER, "\n\n\n  CALLE JUANA MORALES PAZ", "MORALES PAZ JUANA"),
        (HOLDER, "\n\n\n  HEREDEROS MORALES PAZ JUANA", "MORALES PAZ JUANA"),
    ],
)  # fmt: skip
def test_nobody_else_becomes_the_holder(holder: str, said: str, proven: str) -> None:
    found = under(RETURN, said, holder=holder).holder
    assert value(found) == proven or (found is not None and not found.proven and not proven), found


def test_the_number_behind_a_title_that_ends_with_a_line_of_service_is_the_papers() -> None:
    paper = under("ACTA DE DEVOLUCION DE EQUIPOS DE INTERNET N.º 0023022", "Servicio: 022345678")
    assert value(paper.number) == "0023022"


@pytest.mark.parametrize(
    ("title", "said"),
    [
        # What did not come about, or is to be.
        (RETURN, "No hubo retiro de los equipos instalados"),
        (RETURN, "Se suspende el retiro de los equipos instalados."),
        (RETURN, "Imposible la recuperación de los equipos instalados."),
        (RETURN, "Retiro de los equipos instalados: fallido"),
        (EITHER, "Retiro de equipos instalados: ninguno.\n  Recibido por CNT EP: Juan Mora"),
        (RETURN, "Conforme a su pedido de retiro programado para el lunes"),
        (RETURN, "Previa solicitud de retiro, CNT EP visitará al abonado."),
        (RETURN, "Queda por retirar el servicio de TV con su decodificador."),
        (RETURN, "Orden por retirar el servicio el 12 de abril."),
        ("CONSTANCIA DE EQUIPOS", "¿Ya devolviste tus equipos? Recuerda hacerlo."),
        ("TU COMPROBANTE: DEVOLVISTE 1 DE 2 EQUIPOS", "Devolviste tus equipos: 1 de 2"),
        ("GUIA DE RETIRO DE EQUIPOS: PASO A PASO", "El cliente devuelve a CNT EP los equipos"),
        ("CONTROL DE EQUIPOS PRESTADOS: SALIDA", "El cliente devuelve a CNT EP los equipos al terminar"),
        ("GESTION DE EQUIPOS A RECUPERAR", "Fecha del retiro: por definir\n  Retiro definitivo del servicio"),
        # What is missing after all.
        (RETURN, "Los equipos no devueltos se facturarán. Son: decodificador HD y control."),
        (RETURN, "Los equipos no devueltos se facturarán\n  1 decodificador TC81210D632495 (USD 80)"),
        (RETURN, "Los equipos no devueltos se facturarán; tarjeta TV y decodificador de la sala."),
        (RETURN, "Los equipos no devueltos se facturarán según la tabla vigente.\n  Serie TC81210D632495"),
        (RETURN, "No se anulan los valores por no entrega de equipos."),
        (RETURN, "Se anulan los valores por no entrega de equipos solo si los trae hasta el viernes."),
        (RETURN, "Si el cliente recibe una factura, deberá presentar el decodificador en la agencia."),
        (RETURN, "Cantidad     Cobro por equipos no devueltos     0,00     45,00"),
        (RETURN, "Penalidad por equipos no entregados     0,00 de 80,00 pagado"),
        (RETURN, "Cobro por equipos no devueltos: 0,00 hasta que termine el plazo"),
        # Somebody else gives, or something else is given.
        (EITHER, "Se exonera al cliente de la multa, pues su vecino los entregó en la oficina de Claro"),
        (EITHER, "Se exime al cliente del pago porque el técnico los entregó en la bodega dañados"),
        (EITHER, "Se libera al cliente del cobro de la factura porque la entregó en la agencia"),
        (EITHER, "Se descarga al cliente de la ONT dañada, la entregó en la agencia, y se le entrega una ONT nueva"),
        ("ACTA DE EQUIPOS", "Con el técnico en mi casa, yo recibí la ONT de manos de Rosa Loor, cédula 0900000027"),
        ("NOTA DE EQUIPOS", "El funcionario recibió de parte de Ana Paz, bodeguera, cédula 0900000027, los equipos"),
        ("ACTA DE EQUIPOS", "ONT usada    Cliente → CNT\n  ONT nueva    Bodega → Cliente"),
        ("ACTA DE EQUIPOS EN EL DOMICILIO", "Velocidad cliente → CNT: 20 Mbps"),
        ("MOVIMIENTO DE EQUIPOS", "Movimiento: devolución a fábrica. Cliente: Huawei. Bodega Quito"),
        ("HOJA DE EQUIPOS", "Tipo de gestión: Devolución cliente (saldo a favor)"),
        ("ACTA DE REINTEGRO DE EQUIPOS", "Custodio anterior (usuario): Juan\n  Custodio actual: Rosa Loor, analista"),
        (RETURN, "El usuario reintegra los equipos de su puesto.\n  Original: Activos Fijos. Copia: Talento Humano."),
        ("HOJA DE SALIDA DE EQUIPOS", "Lugar de retiro: Agencia Norte\n  Equipo recibido por: MORALES PAZ JUANA"),
        ("CONSTANCIA DE EQUIPOS", "Equipos recibidos por: la abonada\n  Equipos recibidos: 1 ONT"),
        # Boxes of another kind.
        (EITHER, "Trámite:  [ ] Suspensión   [X] Baja"),
        ("GESTION DE EQUIPOS", "☒ Retiro ☐ Cambio   Otro: ☒ equipo entregado al cliente"),
        ("GESTION DE EQUIPOS", "☐ Cambio ☒ Retiro   Estado: ☐ hecho ☒ no hecho"),
        ("GESTION DE EQUIPOS", "Instalación: [ ]   Retiro: [X]   Provisional: [X]"),
        # Other papers.
        ("RECLAMO:            DEVOLUCION DE EQUIPOS", "Suscriptor: Diego Ochoa"),
        ("SOLICITUD:          RETIRO DE EQUIPOS", "El suscriptor devuelve los equipos"),
        (LETTER, "De mi consideración: pido la constancia de los equipos que el cliente devolvió. Atentamente,"),
        (LETTER, "De mi consideración: El cliente devolvió el equipo hace meses. Atentamente,"),
    ],
)  # fmt: skip
def test_what_a_second_hostile_reader_made_is_no_return(title: str, said: str) -> None:
    assert not is_a_return(under(title, said)), under(title, said).because


def test_a_row_without_a_mark_in_a_sheet_of_marks_keeps_a_person() -> None:
    sheet = twice(f"""{HEAD}
  CONTROL DE DEVOLUCIÓN DE EQUIPOS
  Cliente     PÉREZ QUISHPE LORENA PAULINA     Cédula     1700000019
  Equipo      Modelo      Serie                  Devuelto por el cliente     Recibido CNT     Falta
  ONT         HG8245H     HWTC55A306FE             X                       X
  DECO HD     DCI7411     TC12506D819052
""")
    assert not is_a_return(sheet), sheet.because
