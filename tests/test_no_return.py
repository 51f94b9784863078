"""Papers that sound like a return of a customer's equipment, are signed, and are none."""

from __future__ import annotations

import pytest
from test_fields import BOOK, HEAD, _at, document, read, typed

from evidence_daemon.documents import signers
from evidence_daemon.documents.fields import read_papers
from evidence_daemon.documents.wanting import wanted
from evidence_daemon.model import Box, Direction, DocumentKind, Engine, Fields, Signature

ONT = "ONT Huawei   Serie: HWTCC661499D"
WHO = f"  Cliente: MORALES PAZ JUANA          C.I. 1700000019\n  Servicio: 022345678\n  {ONT}\n\n"
FOOT = "\n" * 26 + "  {:37}{}\n"


def acceptable(paper: Fields) -> bool:
    return (
        (paper.kind, paper.direction, paper.ours) == (DocumentKind.ACTA, Direction.DEVOLUCION, True)
        and paper.signature is Signature.HALLADA
        and Signature.HALLADA in {paper.received, paper.stamp}
    )


def both_signed(body: str, title: str = "ACTA DE ENTREGA RECEPCION", who: str = WHO) -> Fields:
    """A paper whose captions say nothing of who gives and takes, with ink over each."""
    head = f"\n         {title}\n\n" if title else "\n  Quito, 5 de abril de 2021\n\n"
    lines = "".join(f"  {line}\n" for line in body.split("\n"))
    text = HEAD + head + who + lines + FOOT.format("Firma del cliente", "Firma CNT EP")
    return read(text, ink=(_at(text, "Firma del cliente"), _at(text, "Firma CNT EP")))


# ── papers without a title ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "body",
    [
        "De: luis.mora@correo.ec   Para: cnt@cnt.gob.ec\nEl cliente devolvió la ONT, ¿me confirman?",
        "El titular del servicio devuelvo el próximo lunes la ONT y pido se suspenda el cobro.",
        "Informo que el mes pasado se devolvió el equipo en su agencia; no conservo el acta.",
        "El cliente reclama que devolvió los equipos y le siguen cobrando.",
        "El cliente indica que ya devolvió los equipos; no presenta acta.",
        "El cliente jamás entregó a CNT EP los equipos detallados.",
        "El cliente incumplió la entrega de los equipos a CNT EP.",
        "El cliente acuerda la entrega de los equipos a CNT EP el día martes.",
        "Mañana el cliente entrega a CNT EP los equipos detallados.",
        "Dentro de los 30 días siguientes el cliente entrega a CNT EP los equipos.",
        "El cliente acepta pagar en lugar de la devolución de equipos.",
        "Equipos devueltos: ninguno",
        "El cliente entrega equipos a CNT EP. Equipos recibidos: NINGUNO",
        "Hoja de retiro. Novedad: equipos no recuperados.",
        "Hoja de retiro de equipos. Titular dice que los devolvió hace meses.",
        "El titular entregó los equipos a CNT EP, según indica; sin respaldo.",
        "El guardia recibió la caja y no quiso firmar; entrego a CNT EP con mi vecino como testigo.",
        "Elaborada por el usuario: entrego los equipos a CNT EP.",
        "El cliente entrega equipos a CNT EP. Equipos recibidos: 0",
        "El cliente entrega equipos a CNT EP. Equipos recibidos: (ninguno)",
        "El cliente entrega equipos a CNT EP. Cantidad recibida: 0",
        "El cliente entrega equipos a CNT EP. No trajo nada.",
        "El cliente entrega equipos a CNT EP. Viene sin equipos.",
        "El cliente entrega equipos a CNT EP. Se le olvidó traer los equipos.",
        "El cliente entrega equipos a CNT EP. Manifiesta que los entregó en otra agencia.",
        "El cliente entrega equipos a CNT EP. Ya fueron entregados.",
        "El cliente entrega equipos a CNT EP. Se queda con el equipo.",
        "El cliente entrega equipos a CNT EP. Equipos robados, adjunta denuncia.",
        "El cliente entrega equipos a CNT EP. Perdió el equipo, pagará su valor.",
        "El cliente entrega equipos a CNT EP. La serie no coincide, no se acepta.",
        "El cliente entrega equipos a CNT EP. Se rechaza la recepción.",
        "El cliente entrega equipos a CNT EP. Documento nulo por error de digitación.",
        "El cliente entrega equipos a CNT EP.\n\n        A N U L A D O",
        "El cliente entrega a CNT EP el equipo recibido en mal estado para su revisión.",
        "El cliente entrega a CNT EP los equipos no tachados. NO TRAE EL EQUIPO",
        "El cliente firma la devolución. Equipos registrados en sistema: decodificador.",
        "Pre-acta de devolución: el cliente entrega los equipos a CNT EP.",
        "El cliente devuelve los equipos. El asesor emitirá el acta definitiva.",
        "Entregué a la CNT EP los equipos; los dejé sobre el mostrador, no había quien me atendiera.",
        "Acta de siniestro de equipos. Recibe: CNT EP",
        "Comprobante de retiro de equipos. RETIRA: EL CLIENTE   DESPACHA: CNT EP",
        "El inquilino devuelve los equipos de CNT EP.",
        "El cliente entrega los equipos a CNT EP.\n\n        NULO",
        "Equipos devueltos: 0 de 2",
        "Entregado por el cliente: nada",
        "Se instala y configura la ONT en el domicilio.\nEquipo retirado: módem averiado.",
        "Se vende al cliente la ONT. Equipo recuperado y reacondicionado.",
        "Denuncia que un falso técnico dijo: el titular entrega el equipo, y se lo llevó.",
        "El titular entrega a su arrendador el departamento con el equipo de CNT EP.",
        "El cliente entrega a Juan Vera la ONT de CNT EP por cesión de la línea.",
        "Antes de firmar la baja verifique: cliente entrega equipos, cargador y control.",
        "Se instala la ONT en casa del señor Mora. A la baja, el abonado entrega los equipos a CNT EP.",
        "El cliente entrega a CNT EP un cheque por los equipos perdidos.",
        "El cliente devuelve la encuesta llena sobre los equipos.",
        "El cliente se queja de que el instalador nos entregó una ONT usada.",
    ],
)
def test_a_paper_without_title_that_is_no_return_is_none(body: str) -> None:
    paper = both_signed(body, title="")
    assert not acceptable(paper), paper.because


def test_a_letter_that_bears_a_stamp_of_receipt_is_no_acta() -> None:
    body = "  El titular devuelvo el próximo lunes la ONT y pido se suspenda el cobro.\n  Atentamente,\n"
    text = HEAD + "\n  Quito, 5 de abril de 2021\n\n" + WHO + body + FOOT.format("Firma del cliente", "")
    his = _at(text, "Firma del cliente")
    paper = read(text, ink=(his, Box(0.6, his.y0 - 0.02, 0.75, his.y1)))
    assert not acceptable(paper), paper.because


def test_a_list_of_several_customers_without_title_is_no_acta_of_one() -> None:
    body = (
        "El cliente entrega a CNT EP los equipos:\n"
        "1 MORALES PAZ JUANA  1700000019  022345678  ONT Huawei  Serie: HWTCC661499D\n"
        "2 RUIZ VERA LUIS     0900000027  042345678  ONT Huawei  Serie: HWTCC661500A"
    )
    assert not acceptable(both_signed(body, title="", who=""))


def test_the_head_of_a_text_layer_without_title_is_looked_at_for_one_that_is_a_picture() -> None:
    """Nobody compares the head with its pixels: a title in a banner ("SOLICITUD", "BORRADOR") is never seen."""
    body = WHO.replace("\n\n", "\n") + "  Servicio: 022345678\n  El cliente entrega a CNT EP los equipos.\n"
    text = HEAD + "\n\n\n  Quito, 5 de abril de 2021\n\n" + body + FOOT.format("Firma del cliente", "Firma CNT EP")
    page = typed(text, engine=Engine.TEXTO, ink=(_at(text, "Firma del cliente"), _at(text, "Firma CNT EP")))
    (paper,) = read_papers([document(page)], BOOK)
    title = Box(0.2, 5 / 66, 0.6, 6 / 66)  # between the issuer's lines and the day
    looked = any(place.holds_middle_of(title) for place in wanted(page, BOOK).places)
    assert looked or not acceptable(paper)


# ── installations, at customers and at companies that are customers ───────────────────────────


@pytest.mark.parametrize(
    "body",
    [
        "Al cliente se le entrega el equipo ONT en la agencia Norte.",
        "Al titular Mora Paz Luis, C.I. 1700000019, se le entrega el equipo ONT de la CNT EP.",
        "Al abonado le entrega la CNT EP el equipo detallado, en comodato.",
        "Para el cliente Mora Paz Luis se entrega el equipo detallado, propiedad de CNT EP.",
        "En el domicilio del abonado se entrega la ONT con sus accesorios.",
        "En casa del cliente Mora Paz, el técnico entrega el equipo ONT funcionando.",
        "El usuario firma y el asesor entrega el equipo.",
        "El cliente firma el contrato y se le entrega el equipo.",
        "Con el cliente presente, se procede a entregar el equipo y configurar la red.",
        "Cliente Mora Paz, servicio internet 50 Mbps, entrega de ONT en domicilio.",
        "El cliente Mora Paz Luis firma al momento de la entrega del equipo por el técnico de CNT EP.",
        "La CNT EP recibe del cliente el pago inicial y entrega la ONT al titular.",
        "CNT EP entrega la ONT a la empresa Pinturas S.A.",
        "CNT EP entrega los equipos a la institución educativa.",
        "CNT E.P. entrega a esta institución los equipos de conectividad.",
        "El técnico entrega la ONT a la corporación Favorita.",
        "La CNT EP hace la entrega de los equipos a la operadora turística.",
        "Se entrega la ONT a la institución educativa Mejía.",
        "Puesto en posesión de la empresa Pinturas S.A.",
        "La institución educativa recibe los equipos para el aula.",
        "La institución, en la persona de su rector, recibe los equipos de CNT EP.",
        "Recibimos el equipo ONT de parte de CNT EP.",
        "Recibimos la ONT y el router a satisfacción. Familia Mora.",
        "Hoy recibimos el equipo en casa, instalado.",
        "Acusamos recibo de los equipos enviados por CNT EP.",
        "El instalador nos entregó el equipo funcionando.",
        "Nos ha entregado el técnico la ONT.",
        "Se asigna al señor Mora: equipo recuperado reacondicionado.",
        "ONT recuperada en buen estado se asigna al señor Mora.",
        "El decodificador retirado por el señor Mora queda en comodato.",
        "Terminal retirado por el usuario en ventanilla de CNT EP.",
        "Equipo retirado por el cliente en la agencia Norte.",
        "Recuperación de clientes: plan 2021.",
        "Retorno del cliente a CNT EP.",
        "Retiro al cliente del plan antiguo.",
        "Técnico recibe",
        "Contratista recibe",
    ],
)
def test_an_installation_is_no_return(body: str) -> None:
    paper = both_signed(body)
    assert paper.direction is not Direction.DEVOLUCION, paper.because


# ── CNT gives back to the customer; repair; deposits ──────────────────────────────────────────


@pytest.mark.parametrize(
    "body",
    [
        "CNT EP restituye al cliente la ONT retirada por error.",
        "La empresa reintegra al usuario el decodificador retirado.",
        "Router devuelto al señor Mora Paz por CNT EP.",
        "Terminal reintegrado al señor Mora.",
        "La agencia devuelve la ONT al señor Mora Paz.",
        "El cliente entrega el equipo en la agencia para revisión técnica.",
        "El cliente entrega el router para que se revise la configuración en la agencia.",
        "El cliente deja en ventanilla el módem para que lo prueben.",
        "Deja en agencia el equipo mientras dura el viaje.",
        "El abonado entrega el decodificador SD y lleva el decodificador HD.",
        "El cliente devuelve el equipo averiado y recibe otro de iguales características.",
    ],
)
def test_what_goes_back_to_the_customer_or_is_lent_or_mended_is_no_return(body: str) -> None:
    paper = both_signed(body)
    assert paper.direction is not Direction.DEVOLUCION, paper.because


# ── suppliers, couriers, stores, staff ────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "body",
    [
        "Huawei Technologies entrega a CNT EP los siguientes equipos.",
        "La compañía Telalca S.A. entrega a la CNT EP los equipos comprados.",
        "El courier entrega a la CNT EP los equipos importados.",
        "El pasante Luis Vera entrega a la CNT EP el equipo asignado.",
        "El señor Vera, jefe de bodega, entrega a la CNT EP los equipos de su cargo.",
        "La agencia Loja entrega a la CNT EP matriz los equipos en stock.",
        "La aseguradora entrega a CNT EP el equipo repuesto.",
        "Bodega central recibe los equipos nuevos del lote 45.",
        "La bodega Quito recibe de la bodega Guayaquil los equipos.",
        "Reintegro de equipos del cliente interno a bodega.",
        "La CNT EP recibe del proveedor los equipos adquiridos.",
    ],
)
def test_what_others_than_customers_bring_is_no_return(body: str) -> None:
    paper = both_signed(body)
    assert paper.direction is not Direction.DEVOLUCION, paper.because


# ── titles ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("VOLANTE DE DEVOLUCION", "Presente este volante en la agencia con sus equipos."),
        ("TICKET DE RETIRO DE EQUIPO", "Prioridad: alta"),
        ("LISTA DE RETIRO DE EQUIPOS", "1 MORALES PAZ JUANA  Av. Quito\n  2 VERA LUIS  Av. Loja"),
        ("PARTE DE RETIRO", "Cliente de viaje, casa vacía"),
        ("CONTROL DE RETIRO DE MATERIALES", "Bobina 3"),
        ("ACTA DE RETIRO E INSTALACION", "Conforme"),
        ("HOJA DE RETIRO Y RECONEXION", "Conforme"),
        ("ACTA DE DEVOLUCION AL ABONADO", "Conforme"),
        ("COMPROBANTE DE RETIRO EN TIENDA", "Kit de autoinstalación, lo lleva el abonado."),
        ("TERMINAL RETIRADO POR EL CLIENTE", "Conforme"),
    ],
)
def test_a_paper_is_no_return_for_a_word_of_its_title(title: str, body: str) -> None:
    assert not acceptable(both_signed(body, title=title))


# ── not yet, perhaps, not at all ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "body",
    [
        "El cliente se obliga a que, concluido el plazo, entrega a CNT EP los equipos.",
        "El cliente acepta que a la baja del servicio entrega los equipos a CNT EP.",
        "El cliente alega haber entregado los equipos a la CNT EP sin comprobante.",
        "El cliente, sin que medie entrega de los equipos a CNT EP, da de baja el servicio.",
        "Cláusula 8. El comodatario restituye al comodante los bienes al vencer el plazo.",
        "Lleve sus equipos a la agencia más cercana, donde el personal los recibe sin costo.",
        "Para la baja, el cliente entrega: cédula, planilla y equipos en la agencia.",
        "El cliente jamás entregó a CNT EP los equipos detallados.",
        "El cliente incumplió la entrega de los equipos a CNT EP.",
        "Mañana el cliente entrega a CNT EP los equipos detallados.",
        "Al finalizar el contrato el cliente entrega los equipos a CNT EP.",
        "No consta que los equipos hayan sido devueltos por el cliente.",
        "Ningún equipo devuelto por el cliente.",
        "Declara que no puede restituir el equipo a CNT EP porque le fue sustraído. CNT EP recibe la denuncia.",
        "CNT EP toma nota y recibe la denuncia.",
        "CNT EP recibe la declaración del cliente.",
        "El equipo ha sido extraviado. El cliente entrega a CNT EP el cargador.",
        "Equipos devueltos: 0 de 2",
        "Devolución de equipos: NO",
        "El cliente entrega a CNT EP un cheque por los equipos perdidos.",
    ],
)
def test_what_was_not_handed_over_or_not_yet_is_no_return(body: str) -> None:
    paper = both_signed(body)
    assert paper.direction is not Direction.DEVOLUCION, paper.because


# ── signatures ────────────────────────────────────────────────────────────────────────────────

RETURN = (
    HEAD
    + "\n         ACTA DE DEVOLUCION DE EQUIPOS\n\n"
    + WHO
    + "  El cliente entrega a CNT EP los equipos detallados.\n"
)
CAPTIONS = RETURN + FOOT.format("Firma del cliente", "Firma CNT EP")


@pytest.mark.parametrize(
    "remark",
    [
        "Cliente firma hoy pero trae el equipo el lunes. PENDIENTE",
        "CNT EP recibirá los equipos detallados una vez que el cliente cancele los valores pendientes.",
        "Hasta tanto, los equipos permanecerán bajo custodia y responsabilidad del cliente.",
        "El abonado se obliga a entregar los equipos dentro de los ocho días siguientes.",
        "El cliente se compromete a devolver el equipo el lunes.",
        "No. ((NUM_ACTA))",
        "Titular: (NOMBRE_CLIENTE))",
        "Cédula: %CEDULA%",
        "Titular: <<NOMBRE>>",
        "ONT      ZTE     F680      PERDIDO",
        "El cliente devuelve la tarjeta SIM dañada y recibe una nueva.",
        "La línea continúa activa.",
        "Teléfono celular Samsung Galaxy IMEI 350684920488589",
        # What only sounds like a box that is missing, and like a charge that is void.
        "El cliente no entrega caja original del equipo ni el equipo.",
        "NO ENTREGA LA CAJA ORIGINAL NI LA ONT",
        "no devuelve manual ni módem.",
        "No entrega manual de usuario, cargador ni equipo",
        "el cliente no entrega empaque\nni equipo alguno.",
        "FALTA EMPAQUE Y EQUIPO",
        "No entrega caja original con ONT y cargador",
        "Quedan sin efecto los valores y la presente acta.",
        "Se dejan sin efecto la notificación, el retiro y esta acta.",
        "Dejando sin efecto la notificación y el acta de devolución.",
        "Queda sin efecto el cargo y el acta.",
        # Lost, promised, not yet received.
        "ONT ZTE F680 PERDIDO.",
        "Estado: PERDIDO",
        "EQUIPOS PERDIDOS",
        "El abonado se obliga a devolver a CNT EP los equipos en ocho días.",
        "Se obliga a entregarlos en ocho días.",
        "Se compromete a traer mañana el equipo.",
        "Cliente trae equipo el lunes",
        "CNT EP los recibirá cuando cancele.",
        "Los equipos serán recibidos una vez cancelados los valores.",
        "Equipos por recibir",
        "Mientras tanto los equipos permanecen con el cliente.",
        "Orden de compra pública SIE-CNT-01",
        "Transferencia entre bodegas",
        "Bodega de origen: CAC Cumbres",
        "El equipo se entrega en calidad de préstamo.",
        "Guardalmacén: entrega a custodio",
        "ACTA DE RECEPCIÓN DE BIENES",
    ],
)
def test_an_acta_with_such_a_remark_is_a_persons(remark: str) -> None:
    paper = read(f"{RETURN}\n  {remark}\n")
    assert paper.direction is Direction.DESCONOCIDA, paper.because


@pytest.mark.parametrize(
    "remark",
    [
        "Observaciones: FALTA CAJA ORIGINAL",
        "Observaciones: sin caja original ni manuales",
        "Observaciones   NO ENTREGA EMPAQUE ORIGINAL",
        "Adjunto el documento de devolución de los equipos para que se dejen sin efecto los valores cobrados.",
        "Con esta acta se deja sin efecto el cobro por equipos.",
        "Para que se dejen sin efecto los valores generados en mi cuenta.",
        "El abonado se obligó, al firmar el contrato, a cuidar los equipos.",
        "Teléfono celular: 0991234567",
        "CEL.: 0991234567     WhatsApp: 0991234567",
        "correo: cliente_pazjuana@hotmail.com",
        "correo: nombre_apellido@gmail.com",
        "FORM-CLIENTE_DEVOLUCION v2",
        "<<COPIA CLIENTE>>      ((SELLO CNT))",
        "Tipo    Marca    Modelo    Serie    MAC    IMEI",
        "Tarjeta SIM: NO APLICA",
        "El cliente trae los equipos en buen estado.",
        "Cliente trae el equipo el día de hoy y lo entrega.",
        "CNT EP retirará los equipos de la agencia con guía interna.",
        "Hasta tanto se verifique el sistema, se emite esta acta.",
        "El abonado se obliga a devolver los equipos a la terminación del contrato, dentro de treinta días.",
        "La línea telefónica se mantiene activa, se retira sólo internet.",
        "Deuda: 12.50. PENDIENTE",
        "Motivo: baja. Garantía: no. Revisión: ok",
        "El cliente devuelve los equipos, de propiedad de CNT EP, que tenía en calidad de préstamo.",
        "Se ingresan los bienes entregados por el cliente.\n  Guardalmacén CNT EP",
        "ACTA DE RECEPCIÓN DE BIENES DEVUELTOS POR EL ABONADO",
        "Retiro por baja; equipo en revisión, sin garantía ni préstamo",
    ],
)
def test_an_acta_with_such_a_remark_stays_one(remark: str) -> None:
    paper = read(f"{RETURN}\n  {remark}\n")
    assert paper.direction is Direction.DEVOLUCION, paper.because


def test_the_words_of_the_form_over_the_companys_empty_place_are_no_stamp() -> None:
    text = RETURN + FOOT.format("", "    CNT EP") + FOOT.format("", "11 JUL 2025").lstrip("\n")
    text += "\n\n" + "  Firma del cliente                    Firma CNT EP\n"
    paper = read(text, ink=(_at(text, "Firma del cliente"),))
    assert not acceptable(paper), (paper.signature, paper.received, paper.stamp)


def test_ink_in_the_middle_of_a_page_is_no_stamp_of_who_received() -> None:
    his = _at(CAPTIONS, "Firma del cliente")
    listed = _at(CAPTIONS, "El cliente entrega")
    note = Box(0.6, listed.y1 + 0.03, 0.75, listed.y1 + 0.08)
    paper = read(CAPTIONS, ink=(his, note))
    assert not acceptable(paper), (paper.signature, paper.received, paper.stamp)


def test_the_stamps_of_a_page_are_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """They were for each lone word: a page of 500 days took half a minute."""
    rows = [f"  {n % 28 + 1:02}/07/2025     10:{n:02}     0991{n:06}     Quito        0,{n:02}" for n in range(60)]
    asked: list[object] = []
    real = signers._is_stamps
    monkeypatch.setattr(signers, "_is_stamps", lambda *told: asked.append(told) or real(*told))
    read("  DETALLE DE LLAMADAS\n\n" + "\n".join(rows))
    assert len(asked) <= 2 * len(rows)


# ── whose signatures ──────────────────────────────────────────────────────────────────────────

ALONE = f"{HEAD}\n         ACTA DE ENTREGA DE EQUIPOS A CNT EP\n\n{WHO}  El cliente entrega los equipos a CNT EP.\n"


def test_a_witness_signs_for_nobody_of_the_company() -> None:
    text = ALONE + FOOT.format("ENTREGUE (cliente)", "TESTIGO (vecino)")
    his, witness = _at(text, "ENTREGUE"), _at(text, "TESTIGO")
    paper = read(text, ink=(his, witness))
    assert paper.signature is Signature.HALLADA
    assert Signature.HALLADA not in {paper.received, paper.stamp}
    assert not acceptable(paper)
    assert acceptable(read(text.replace("TESTIGO (vecino)", "RECIBI (CNT EP)  "), ink=(his, _at(text, "TESTIGO"))))


def test_a_paper_on_which_nobody_of_the_company_left_a_mark_is_the_customers_own_word() -> None:
    text = ALONE + FOOT.format("Firma del cliente", "")
    assert not acceptable(read(text, ink=(_at(text, "Firma del cliente"),)))


def test_the_words_of_a_stamp_in_a_text_layer_are_a_stamp_where_one_stamps() -> None:
    stamp = "{0:48}CNT EP\n{0:46}CAC IÑAQUITO\n{0:46}23 OCT 2025\n{0:48}RECIBIDO\n".format("")
    text = ALONE + "\n" * 20 + stamp + "  Firma del cliente\n"
    his = _at(text, "Firma del cliente")
    stamped = read(text, ink=(his,), engine=Engine.TEXTO, confidence=1.0)
    assert stamped.stamp is Signature.HALLADA and acceptable(stamped)
    above = HEAD + stamp + ALONE.removeprefix(HEAD) + "\n" * 20 + "  Firma del cliente\n"
    headed = read(above, ink=(_at(above, "Firma del cliente"),), engine=Engine.TEXTO, confidence=1.0)
    assert headed.stamp is not Signature.HALLADA and not acceptable(headed)


def test_a_form_that_nobody_filled_in_or_signed_returns_nothing_yet() -> None:
    blank = (
        f"{HEAD}\n         ACTA DE DEVOLUCION DE EQUIPOS\n\n  Cliente:\n  C.I.:\n  Servicio:\n  Equipo:      Serie:\n"
    )
    text = blank + FOOT.format("Firma del cliente", "Firma CNT EP")
    empty = read(text)
    assert (empty.kind, empty.direction) == (DocumentKind.ACTA, Direction.DESCONOCIDA)
    assert "contra: formulario sin llenar" in empty.because
    for filled in ("C.I.: 1700000019", "Servicio: 022345678"):
        assert read(text.replace(filled.split()[0], filled)).direction is Direction.DEVOLUCION
    signed = read(text, ink=(_at(text, "Firma del cliente"), _at(text, "Firma CNT EP")))
    assert signed.direction is Direction.DEVOLUCION


@pytest.mark.parametrize(
    "remark",
    [
        "El cliente no presenta equipo dañado.",
        "No trae equipo adicional.",
        "Equipos asignados en el sistema, en buen estado.",
        "Se quemaron los puertos LAN.",
        "Equipo siniestrado por rayo, se recibe con denuncia.",
        "El cliente es inquilino y se cambia de ciudad.",
        "El dueño de casa no desea más el servicio.",
        "Saldo: nulo",
        "Decodificador sin respaldo de batería.",
        "El presente documento es el acta definitiva.",
        "La constancia definitiva será enviada al correo.",
        "Previo a la recepción de los equipos se verificó su estado.",
        "El cliente afirma que ha entregado los equipos completos y en buen estado.",
        "CNT EP los recibe para revisión.",
        "Equipos recibidos: 02",
        "Equipos devueltos: ninguna novedad.",
    ],
)
def test_remarks_of_clerks_on_true_returns_are_no_doubt(remark: str) -> None:
    paper = both_signed(f"El cliente entrega a CNT EP los equipos.\n{remark}", "ACTA DE DEVOLUCION DE EQUIPOS")
    assert acceptable(paper), paper.because


@pytest.mark.parametrize(
    ("boxes", "done"),
    [
        ("[x] Ejecutada   [ ] Suspendida", True),
        ("[ ] Ejecutada   [x] Suspendida", False),
        ("[ ] Efectiva   [x] Negativa", False),
        ("[ ] Completada   [x] Incompleta", False),
        ("[ ] Ejecutada   [x] Domicilio inexistente", False),
        ("[ ] Atendida   [x] Cerrado", False),
        ("[ ] Exitosa   [x] Fallida", False),
        ("[ ] Retirados   [x] Cliente niega", False),
        ("[ ] Retirado   [x] No retirado", False),
        ("[ ] Ejecutada   [ ] Postergada", False),
        ("[x] Ejecutada   [ ] Ausente      Equipo no retirado", False),
        ("Hora 12:31   [x] Ejecutada   [ ] Ausente     Cliente no quiso entregar", False),
        ("[x] Ejecutada   [ ] Cliente ausente      SIN VALIDEZ", False),
        ("[x] Ejecutada   [ ] Ausente     BORRADOR", False),
        ("Hora 12:31   [x] Ejecutada   [ ] Cliente ausente   [ ] Reprogramada", True),
    ],
)
def test_the_outcome_of_an_order_is_what_its_ticked_box_says_and_its_row_may_deny_it(boxes: str, done: bool) -> None:
    body = f"El cliente entrega a CNT EP los equipos.\n{boxes}"
    text = f"{HEAD}\n         ORDEN DE RETIRO DE EQUIPOS\n\n{WHO}" + "".join(f"  {line}\n" for line in body.split("\n"))
    text += FOOT.format("Entregué conforme (cliente)", "Recibí conforme (CNT EP)")
    ink = (_at(text, "Entregué"), _at(text, "Recibí"))
    assert acceptable(read(text, ink=ink, engine=Engine.TEXTO, confidence=1.0)) is done


@pytest.mark.parametrize("caption", ["Firma del testigo", "EL TESTIGO", "Sr. Juan Mora (testigo)", "Conserje", "Hija"])
def test_who_signs_besides_is_nobody_of_the_company(caption: str) -> None:
    text = ALONE + FOOT.format("ENTREGUE (cliente)", caption)
    assert not acceptable(read(text, ink=(_at(text, "ENTREGUE"), _at(text, caption))))


@pytest.mark.parametrize(
    "foot",
    [
        "{0:45}Firma CNT EP\n{0:45}Agencia Norte\n{0:45}12/05/2025\n",
        "{0:45}Recibido por CNT EP\n{0:45}12/05/2025\n",
        "{0:45}CNT EP\n{0:42}Oficina Matriz\n{0:44}12/05/2025\n",
        "{0:45}Por CNT EP\n{0:45}RECIBIDO\n{0:45}12/05/2025\n",
    ],
)
@pytest.mark.parametrize("engine", [Engine.TEXTO, Engine.TESSERACT])
def test_the_company_s_place_filled_in_and_not_signed_is_no_stamp(foot: str, engine: Engine) -> None:
    text = ALONE + "\n" * 22 + "  Firma del cliente\n\n" + foot.format("")
    assert not acceptable(read(text, ink=(_at(text, "Firma del cliente"),), engine=engine))


@pytest.mark.parametrize(
    ("first", "second", "brought"),
    [
        ("X SÍ      NO", "SÍ      NO", True),
        ("[X]SÍ    [ ]NO", "[ ]SÍ    [ ]NO", True),
        ("SÍ      X NO", "X SÍ      NO", False),
        ("OSÍ     X]NO", "X]SÍ    JNO", False),
        ("SÍ      NO", "X SÍ      NO", False),
    ],
)
def test_of_equipment_that_a_form_asks_for_one_by_one_each_must_be_marked(
    first: str, second: str, brought: bool
) -> None:
    text = (
        f"{HEAD}\n         FICHA DE DEVOLUCION DE EQUIPOS\n\n  Cliente: MORALES PAZ JUANA     C.I. 1700000019\n"
        "  Servicio: 022345678\n\n  Terminal            Devuelve           Marca      Serie\n"
        f"  MODEM OPTICO        {first:19}Huawei     HWTCC661499D\n  FUENTE DE PODER     {second}\n\n"
        "  El cliente entrega a CNT EP los equipos.\n" + FOOT.format("Firma del cliente", "Firma CNT EP")
    )
    paper = read(text, ink=(_at(text, "Firma del cliente"), _at(text, "Firma CNT EP")))
    assert acceptable(paper) is brought, paper.because


def test_a_name_over_the_witness_s_caption_hides_nothing() -> None:
    text = (
        ALONE
        + "\n" * 26
        + "  {:37}{}\n  {:37}{}\n".format("ANA MORA PAZ", "SIXTO VERA LUNA", "Entregué conforme", "Testigo")
    )
    assert not acceptable(read(text, ink=(_at(text, "ANA MORA"), _at(text, "SIXTO VERA"))))
