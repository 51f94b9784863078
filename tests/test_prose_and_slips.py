"""Certificates as offices word them without a form: letters, cash-desk slips, deeds in clauses, prints of a system."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_fields import BOOK, HEAD, document, read, typed, value

from evidence_daemon.documents.fields import read_papers
from evidence_daemon.model import Box, Direction, DocumentKind, Engine, Fields, Signature, Witness

LETTER = """
  CNT EP

  Tena, 13 de diciembre de 2021

  A QUIEN INTERESE

  {said}
  siguientes equipos de propiedad de la empresa: un(a) ONT marca Nokia, modelo G-140W-C, serie N.º
  ALCLFB8C6E6B, MAC E0-E8-E6-0D-D2-62.
  La devolución obedece a: suspensión definitiva. Los equipos fueron recibidos y revisados por el suscrito.

  Atentamente,






  Asesor de servicios                                  El cliente
  Darwin Caiza Rosero                                  Quishpe Grefa Víctor Hugo
"""


def signed(page: str) -> tuple[Box, Box]:
    """Strokes over the captions of the two who sign a letter: his, and the company's."""
    row = next(at for at, line in enumerate(page.splitlines()) if "Asesor de servicios   " in line)
    his, its = ((0.55, 0.7), (0.03, 0.2))
    return Box(his[0], (row - 3) / 66, his[1], (row - 0.5) / 66), Box(its[0], (row - 3) / 66, its[1], (row - 0.5) / 66)


def is_a_return(paper: Fields) -> bool:
    return (paper.kind, paper.direction) == (DocumentKind.ACTA, Direction.DEVOLUCION)


def twice(page: str) -> Fields:
    """The page as two engines read it alike."""
    layer = typed(page)
    (paper,) = read_papers([document(replace(layer, witnesses=(Witness(Engine.RAPIDOCR, layer.words),)))], BOOK)
    return paper


@pytest.mark.parametrize(
    "said",
    [
        "Certifico que Quishpe Grefa Víctor Hugo, con C.C. 1528956459, abonado(a) de Corporación Nacional\n"
        "  de Telecomunicaciones CNT EP con la línea telefónica N.º 06-5115682, entregó en esta fecha en\n"
        "  ventanilla de Agencia Tena los",
        "Por medio del presente, la Corporación Nacional de Telecomunicaciones CNT EP, a través de su Agencia\n"
        "  Tena, CERTIFICA que el/la señor(a) NÉSTOR IVÁN NARANJO, portador(a) de la cédula de ciudadanía\n"
        "  N.º 1528956459, titular de la línea telefónica N.º 06 5115682, se acercó a nuestras oficinas e hizo\n"
        "  la devolución de los",
        "Se deja constancia de que QUISHPE GREFA VICTOR, portador de la cédula 1528956459, titular de la línea\n"
        "  telefónica N.º 06-5115682, devolvió en la agencia Tena de CNT EP los",
    ],
)
def test_a_letter_in_which_the_company_certifies_what_somebody_handed_over_is_an_acta(said: str) -> None:
    page = LETTER.format(said=said)
    his, its = signed(page)
    paper = read(page, ink=(his, its))
    assert is_a_return(paper), (paper.kind, paper.direction, paper.because)
    for ink in ((), (his,), (its,)):
        assert not is_a_return(read(page, ink=ink))


@pytest.mark.parametrize(
    "said",
    [
        # Who hands over is the company; nobody did; somebody will; somebody asks; he says so himself.
        "Certifico que CNT EP, con RUC 1768152560001, entregó en esta fecha en ventanilla los",
        "Certifico que el técnico Juan Mora, con C.C. 1528956459, entregó en la agencia Tena los",
        "Certifico que Quishpe Grefa Víctor, con C.C. 1528956459, no entregó en la agencia Tena los",
        "Certifico que Quishpe Grefa Víctor, con C.C. 1528956459, debe a CNT EP y entregó en parte en la agencia los",
        "Certifico que a Quishpe Grefa Víctor, con C.C. 1528956459, se le entregó en la agencia Tena los",
        "Certifico que Quishpe Grefa Víctor, con C.C. 1528956459, retiró de la agencia Tena los",
        "Certifico que Quishpe Grefa Víctor, con C.C. 1528956459, dice que devolvió en la agencia Tena los",
        "Certifico que entregué en la agencia Tena los",
    ],
)
def test_a_letter_that_certifies_anything_else_is_none(said: str) -> None:
    page = f"\n  Titular de la línea telefónica N.º 06-5115682, C.C. 1528956459\n{LETTER.format(said=said)}"
    paper = read(page, ink=signed(page))
    assert not is_a_return(paper), paper.because


def test_a_slip_that_lists_what_the_customer_hands_over_is_a_return() -> None:
    slip = """
        CNT EP
        RUC 1768152560001
        CAC SALINAS
        RECEPCION DE EQUIPOS
        TRX 00068858
        FECHA 2024-04-18 12:47
        CLIENTE
        REYES BORJA MARCO VINICIO
        C.I.        1700000019
        CONTRATO 79327730
        EQUIPOS QUE {verb} EL CLIENTE
        1 DECODIFICADOR HD
        Kaon CO1300
        SN KN2788191338
        USUARIO: KARLA REYES MONTENEGRO
        FIRMA CLIENTE
        FIRMA CAJERO / ASESOR
"""
    assert is_a_return(read(slip.format(verb="ENTREGA")))
    assert not is_a_return(read(slip.format(verb="RECIBE")))
    assert not is_a_return(
        read(
            slip.format(verb="ENTREGA").replace(
                "SALINAS", "SALINAS\n        EQUIPOS QUE RECIBE EL CLIENTE\n        1 ONT"
            )
        )
    )


@pytest.mark.parametrize(
    ("said", "is_one"),
    [
        (
            "Conserve este documento para cualquier reclamo posterior sobre valores por equipos no devueltos.",
            True,
        ),
        ("Queda sin efecto cualquier cobro futuro por equipos no devueltos.", True),
        ("Valores facturados por equipos no devueltos: USD 45,00", False),
        ("Cualquier reclamo posterior sobre equipos no devueltos: decodificador HD", False),
        ("El cliente devuelve a la empresa los siguientes bienes de propiedad de esta última:", True),
        ("El cliente devuelve los siguientes bienes de propiedad de esta vecina:", False),
        ("Equipos de propiedad de la vecina del abonado", False),
    ],
)
def test_what_is_said_of_equipment_in_general_is_no_doubt(said: str, *, is_one: bool) -> None:
    paper = read(f"{HEAD}\n          ACTA DE DEVOLUCION DE EQUIPOS\n\n  Cliente: MORALES PAZ JUANA\n  {said}\n")
    assert is_a_return(paper) is is_one, paper.because


def test_who_uses_the_system_is_no_customer_where_the_customer_has_his_own_name() -> None:
    page = """
  12/12/2022, 8:34                         Gestión de Clientes Devolución de equipos
  Devolución de equipos #23201
  Estado del trámite:           Finalizado equipos recibidos en agencia
  {holder}:                     ÉDISON JAVIER TENORIO GREFA
  Documento:                    1700000019
  Punto de atención:            CNT EP CAC Milagro
  Usuario que recibe:           Wilson Almeida Tenorio
  Tipo            Marca         Modelo        Serie
  MÓDEM ADSL      Huawei        HG532e        2102479760J28764
  Firma {holder}                              Firma / sello agencia
"""
    assert is_a_return(read(page.format(holder="Cliente")))
    assert not is_a_return(read(page.format(holder="Nombre")))


def test_a_receipt_for_equipment_is_no_verb() -> None:
    paper = read(
        f"{HEAD}\n     RECIBO POR EQUIPOS ENTREGADOS POR EL CLIENTE\n\n  Señora: MORALES PAZ JUANA\n"
        "  Recibido en devolución por cancelación del servicio.\n"
    )
    assert is_a_return(paper), paper.because


def test_received_from_somebody_by_way_of_a_return() -> None:
    paper = read(
        f"{HEAD}\n     RECIBO DE EQUIPOS     N.º 003814\n\n  Recibí del señor(a) GALO ERNESTO TOAPANTA ESPÍN\n"
        "  los siguientes equipos de propiedad de la empresa, en calidad de devolución:\n"
    )
    assert is_a_return(paper), paper.because


@pytest.mark.parametrize("title", ["SOLICITUD / ACTA DE RECEPCION", "SOLICITUD /| ACTA DE RECEPCION"])
def test_a_form_that_is_a_request_and_an_acta_in_one_is_an_acta_where_its_sentence_tells(title: str) -> None:
    page = f"""
  CNT EP                     {title}
                             DE EQUIPOS DE ABONADOS
                             N.º 0096249
  NOMBRES Y APELLIDOS DEL ABONADO: MORALES PAZ JUAN
  El abonado entrega en este acto a la CNT EP los bienes detallados y la CNT EP, por intermedio del
  funcionario que suscribe, los recibe.
  FIRMA DEL ABONADO                          FIRMA Y SELLO DEL FUNCIONARIO
"""
    assert is_a_return(read(page))
    assert not is_a_return(read(page.replace(title, "SOLICITUD DE RECEPCION")))


@pytest.mark.parametrize(
    ("line", "service"),
    [
        ("CONTRATO 2921634215", "2921634215"),
        ("Número de contrato:      20620287", "20620287"),
        ("Código de contrato : 827079957", "827079957"),
        ("Contrato N.º: 9160388     Fecha: 2 de agosto de 2023", "9160388"),
        ("CONTRATO: 1700000019", ""),  # a cédula
        ("CONTRATO: 0987654321", ""),  # a mobile phone
    ],
)
def test_a_contracts_number_is_a_doubt_of_the_service(line: str, service: str) -> None:
    paper = twice(f"{HEAD}\n          ACTA DE DEVOLUCION DE EQUIPOS\n\n  Cliente: MORALES PAZ JUANA\n  {line}\n")
    assert value(paper.service_number) == service
    assert paper.service_number is None or not paper.service_number.proven


@pytest.mark.parametrize(
    "said",
    [
        "Certifico que CARMEN LOOR VERA, con C.C. 1700000019, abonado(a) de CNT con el contrato\n  N.º 5837956, dio",
        "yo, PONCE ARROYO MARIA, con cédula N.º 1700000019, titular del servicio\n  telefónico N.º 064947961",
    ],
)
def test_a_number_sign_in_a_sentence_is_not_the_papers(said: str) -> None:
    paper = twice(f"{HEAD}\n          CERTIFICADO DE DEVOLUCION DE EQUIPOS\n\n  {said}\n  los equipos.\n")
    assert value(paper.number) == ""


def test_the_number_at_the_head_is_the_papers_and_the_telephone_the_services() -> None:
    paper = twice("""
  CNT EP SISTEMA COMERCIAL                                   PAG. 1
  CAC QUEVEDO                                                REP-0216
  NOTA DE INGRESO            EQUIPO DEVUELTO POR ABONADO
  NUMERO: 0023022                                            FECHA: 27-06-2024
  ABONADO: ORDOÑEZ CEVALLOS VICTOR HUGO
  CED/RUC: 1700000019                                        TELEF: 05-5966408
  EL ABONADO DEVUELVE LOS EQUIPOS DETALLADOS, QUE INGRESAN A BODEGA.
""")
    assert value(paper.number) == "0023022"
    assert value(paper.service_number) == "055966408"


@pytest.mark.parametrize(
    "lines",
    [
        "  El cliente: GALO ENRIQUE GREFA MACÍAS\n  con cédula/RUC: 1700000019\n  devolvió hoy a CNT EP los equipos:",
        "  Ciente                      Documento\n  Galo Enrique Grefa Macías   1700000019",
        "  Chente                      GALO ENRIQUE GREFA MACÍAS\n  C.I./RUC    1700000019",
        # Where the roll is narrow the name goes on in the next line, and stands whole where he signs.
        "  CLIENTE: GALO ENRIQUE GREFA\n  MACÍAS'\n  CI/RUC: 1700000019",
    ],
)
def test_a_holder_is_named_behind_an_article_or_a_label_that_was_misread(lines: str) -> None:
    paper = read(
        f"{HEAD}\n          CONSTANCIA DE DEVOLUCION DE EQUIPOS\n\n{lines}\n\n\n\n\n"
        "  ENTREGA: EL CUENTE                    RECIBE: POR CNT EP\n"
        "  Galo Enrique Grefa Macías             LLIVISACA BONILLA ÁNGEL RODRIGO\n"
    )
    assert value(paper.holder) == "GALO ENRIQUE GREFA MACÍAS"


@pytest.mark.parametrize("foot", ["Galo Enrique Macías Torres", "Galo Enrique Grefa Ga", "Galo Enrique"])
def test_a_longer_name_of_somebody_else_is_not_taken(foot: str) -> None:
    paper = read(
        f"{HEAD}\n          CONSTANCIA DE DEVOLUCION DE EQUIPOS\n\n  CLIENTE: GALO ENRIQUE GREFA\n\n\n\n\n"
        "  ENTREGA: EL CLIENTE                   RECIBE: POR CNT EP\n"
        f"  {foot}            Galo Grefa Torres Paz\n"
    )
    assert value(paper.holder) == "GALO ENRIQUE GREFA"


def test_a_number_of_which_a_reading_shows_more_close_by_is_a_doubt() -> None:
    page = f"{HEAD}\n          RECIBO DE EQUIPOS\n\n  N.º {{}}\n\n  Cliente: MORALES PAZ JUANA\n"
    whole, parted = typed(page.format("0038114")), typed(page.format("00381 14"))
    apart = document(replace(parted, witnesses=(Witness(Engine.RAPIDOCR, parted.words),)))
    (paper,) = read_papers([apart], BOOK)
    assert paper.number is None or not paper.number.proven
    (paper,) = read_papers([document(replace(whole, witnesses=(Witness(Engine.RAPIDOCR, whole.words),)))], BOOK)
    assert paper.number is not None
    assert paper.number.proven


@pytest.mark.parametrize(
    ("line", "proven"),
    [
        ("Servicio No.: 6907739", True),
        ("Teléfono / Servicio No.: 6907739", False),  # its area stands elsewhere, or nowhere
        ("Teléfono / Servicio No.: 056907739", True),
    ],
)
def test_a_telephone_without_its_area_is_a_doubt(line: str, *, proven: bool) -> None:
    paper = twice(f"{HEAD}\n          ACTA DE DEVOLUCION DE EQUIPOS\n\n  Cliente: MORALES PAZ JUANA\n  {line}\n")
    assert paper.service_number is not None
    assert paper.service_number.proven is proven


OFFICES = {
    "a note of the warehouse": """
  CNT EP REGIONAL 5      NOTA DE INGRESO EQUIPOS DEVUELTOS POR CLIENTES      N.º NI-06667
  Cliente que devuelve               Cédula / RUC     Servicio N.º
  Mario Néstor Pacheco Vera          1700000019       043357477
  1    STB    Huawei    T7D7788C99165649    Usado
  Entregué conforme (cliente)            Recibí conforme (guardalmacén CNT EP)
  Original: cliente. Primera copia: bodega. Segunda copia: Activos Fijos.
""",
    "an agent's statement": """
  cnt. Servicio al Cliente Ibarra           Ref. 09265/21
  Recepción de equipos de cliente
  Yo, Ramiro Ortega Vera, agente de servicio de CNT EP con cédula 0900000027, recibí el 07/dic/2021 de
  manos de Ramiro Gonzalo Ochoa Cárdenas (cédula 1700000019, ID de servicio 358481321) lo siguiente:
  1 ONT ZTE N/S ZTEGB9AD4C61
  El cliente indica que devuelve los equipos porque se retira del servicio por costo. Los equipos no
  devueltos, de haberlos, se facturarán según la tabla vigente.
""",
    "a paper of the PYMES": """
  CNT EP       ACTA DE DEVOLUCIÓN DE EQUIPOS CLIENTE PYME
  Razón social: SANDRA NARCISA LOOR VERA       RUC 1700000019001
  Los equipos listados son devueltos por el cliente a CNT EP al concluir la vigencia del contrato.
  Los equipos no devueltos se liquidarán al precio del catálogo.
""",
    "a discharge": """
  CNT EP          HOJA DE DESCARGO DE EQUIPOS DE ABONADO
  Abonado: Andrea Lorena Chamba Bastidas      C.I. 1700000019
  Se descarga al abonado de la custodia de los siguientes equipos, por cuanto los entregó en la
  ventanilla 3 de esta oficina:
  1    Receptor satelital    Technicolor    TC81210D632495
""",
    "public goods": """
  CORPORACIÓN NACIONAL DE TELECOMUNICACIONES CNT EP
  ACTA DE REINTEGRO DE EQUIPOS DE PLANTA CLIENTE
  Custodio anterior (cliente): Ramiro Eduardo Zambrano Ochoa, cédula 1700000019
  Custodio actual (CNT EP): Alfonso Vera Salazar, cédula 0900000027
  141.01.04    ONT    Huawei    EG8145V5    485754435CB10B23    Reintegrado
  El cliente reintegra los equipos detallados por retiro del servicio de internet.
""",
    "a screen of the system": """
  CNT EP Gestión de Equipos Detalle de transacción
  Id transacción      0098529          Tipo          DEVOLUCIÓN CLIENTE
  Fecha               19/10/2022       Estado        RECIBIDO
  Identificación      1700000019       Id servicio   834896008
  Equipo     Marca     Modelo     Serie            Movimiento
  ONT        ZTE       F660       ZTEGA98061AA     Cliente → CNT
  Cliente (entrega)                                Receptor CNT EP
""",
    "a campaign": """
  CNT EP       CAMPAÑA DE RECUPERACIÓN DE EQUIPOS 2021
  Constancia de equipos entregados por el cliente
  Entregado por       María Silvia Vallejo Pazmiño
  Cédula              1700000019
  Con esta constancia se anulan los valores cargados por no entrega de los equipos aquí listados. Si el cliente
  recibe un cobro posterior, deberá presentar este documento.
""",
    "what the people outdoors take down": """
  CNT EP       ACTA DE LEVANTAMIENTO DE EQUIPOS DE ABONADO
  Abonado     Paulina María Benalcázar Naranjo     CI     1700000019
  En atención al pedido de retiro del abonado, se procede al levantamiento de los equipos instalados. El abonado los
  entrega al técnico, quien los traslada a la bodega de la agencia:
  ONU     ZTE     F660     ZTEGC090D603
""",
    "plain words": """
  CNT EP
  Tu comprobante: devolviste tus equipos
  ¿Quién devuelve?
  Daniela Paulina Salgado Granda, cédula 1700000019
  ¿Qué devuelve?
  Módem WiFi ZTE, serie ZTEG52635E3F
  ¿Quién recibe por CNT?
  María Guaita Mora, asesora de agencia
""",
    "an official letter": """
  Oficio Nro. CNTEP-GAL-2025-01689-O
  Asunto: Constancia de equipos devueltos a CNT EP
  De mi consideración:
  Por medio del presente se hace constar que en esta fecha usted devolvió a la Agencia Galápagos de la
  Corporación Nacional de Telecomunicaciones CNT EP los equipos del servicio 053787332.
  Atentamente,
  Jefe de Agencia CNT EP Galápagos
""",
    "a kárdex": """
  CNT EP AGENCIA BABAHOYO
  KÁRDEX DE EQUIPOS DE ABONADO: MOVIMIENTO DE DEVOLUCIÓN
  Abonado     GUERRERO FALCONÍ IVÁN RODRIGO      Cédula     1700000019
  03/09/2024    Devolución    Módem    Arris    0023BS984957695    Abonado    CNT bodega BBY
  Saldo de equipos en poder del abonado: 0 (cero).
""",
    "a settlement": """
  CNT EP       LIQUIDACIÓN FINAL Y RECEPCIÓN DE EQUIPOS
  Cliente     Mercedes Silvia Espinosa Borja     C.I./RUC     1700000019
  Penalidad por equipos no entregados     0,00
  Total a cancelar                        0,00
  B. Equipos que el cliente entrega a CNT EP
  ONT    Huawei    HG8245H    HWTC95516155
  El cliente está conforme con la liquidación y entrega los equipos de la sección B; el liquidador los recibe.
""",
    "a deed typed by hand": """
  CNT EP          EL COCA
  DILIGENCIA DE ENTREGA DE EQUIPOS
  En El Coca, se presenta Mónica Verónica Espinosa Peralta, C.I. 1700000019,
  quien por retirar el servicio de internet de su casa devuelve
  a CNT EP una ONT Nokia serie ALCLD96700BE con fuente. El
  suscrito agente recibe lo indicado.
""",
    "two groups of boxes in a line": """
  CNT EP       DESINSTALACIÓN Y RECUPERACIÓN DE CPE      F12-04160
  Tipo de gestión: ☐ Cambio de plan ☒ Retiro definitivo ☐ Suspensión Medio: ☐ Domicilio ☒ Ventanilla
  EQUIPO RECUPERADO DEL CLIENTE
  Con la firma de este formulario el cliente declara que entrega el CPE y CNT EP que lo recibe.
""",
    "parties that appear": """
  CORPORACIÓN NACIONAL DE TELECOMUNICACIONES CNT EP
  ACTA DE DEVOLUCIÓN DE EQUIPOS
  El cliente procede a devolver a la CNT EP los siguientes equipos de propiedad de la empresa:
  La CNT EP recibe los equipos descritos a su entera satisfacción, por lo que no se generará valor alguno por
  concepto de equipos no devueltos.
""",
    "an agency's constancia": """
  La Agencia Loja de la Corporación Nacional de Telecomunicaciones CNT EP
  CONSTANCIA DE DEVOLUCIÓN DE EQUIPOS
  hace constar que la señora Nelly Tapia Delgado, con cédula 1700000019, abonada del servicio 07-2508241, devolvió
  en esta fecha los equipos que se detallan.
  Motivo: cambio de domicilio fuera de cobertura.
  Recibí original Cliente que entrega
""",
    "two columns": """
  CNT EP       ACTA DE ENTREGA RECEPCIÓN N.º 1609-2025
  ENTREGA (CLIENTE)                     RECIBE (CNT EP)
  C.I.: 1700000019
  El cliente declara que los equipos le fueron entregados por CNT EP para la prestación del servicio y que
  los restituye en esta fecha. CNT EP los recibe.
""",
    "a memo": """
  Oficio Nro. CNTEP-AMB-2021-4474-OF
  Asunto: Recepción de equipos por retiro de servicio
  De mi consideración:
  Por medio del presente se deja constancia de que en esta oficina usted ha entregado, y la CNT EP
  ha recibido, los equipos, por terminación voluntaria del contrato.
  Atentamente, JEFE DE AGENCIA
""",
    "who keeps them": """
  CNT EP        ACTA DE RETIRO Y RECEPCIÓN DE EQUIPOS
  El cliente entrega los equipos de propiedad de CNT EP descritos en esta acta; el servidor de CNT EP los recibe
  para su custodia.
""",
    "goods of customers": """
  CORPORACIÓN NACIONAL DE TELECOMUNICACIONES CNT EP
  ACTA DE ENTREGA-RECEPCIÓN DE BIENES DEVUELTOS POR CLIENTES Nro. GA-2395-2026
  Se procede a la recepción de los bienes que devuelve el cliente ÉDISON CAJAMARCA TAPIA, C.I. 1700000019
  ENTREGA:               RECIBE:                GUARDALMACÉN:
""",
}  # fmt: skip


@pytest.mark.parametrize("page", OFFICES.values(), ids=OFFICES)
def test_offices_word_a_return_each_in_its_own_way(page: str) -> None:
    paper = twice(page)
    assert is_a_return(paper), (paper.kind, paper.direction, paper.because)


@pytest.mark.parametrize(
    ("office", "instead", "said"),
    [
        ("a note of the warehouse", "POR CLIENTES", "POR ACTIVOS FIJOS"),
        ("an agent's statement", "de haberlos, se facturarán según la tabla vigente", "a saber: decodificador HD"),
        ("a paper of the PYMES", "se liquidarán al precio del catálogo", "son: Router ZTE F670L"),
        ("a discharge", "los entregó en la\n  ventanilla 3 de esta oficina", "le fueron robados en su domicilio"),
        ("public goods", "El cliente reintegra", "El bodeguero reintegra"),
        ("a screen of the system", "Cliente → CNT", "CNT → Cliente"),
        ("a screen of the system", "RECIBIDO", "PENDIENTE"),
        ("a campaign", "se anulan los valores cargados por no entrega de los equipos", "no entrega los equipos"),
        ("what the people outdoors take down", "abonado los\n  entrega al técnico", "técnico los\n  da al abonado"),
        ("plain words", "devolviste tus equipos", "recibiste tus equipos"),
        ("an official letter", "se hace constar que en esta fecha usted", "solicito me indiquen si el señor"),
        ("an official letter", "usted devolvió", "usted no devolvió"),
        ("a kárdex", "0 (cero)", "1 (uno)"),
        ("a settlement", "no entregados     0,00", "no entregados     45,00"),
        ("a deed typed by hand", "devuelve\n  a CNT EP", "recibe\n  de CNT EP"),
        ("parties that appear", "no se generará valor alguno por\n  concepto de", "se generará el valor de los"),
        ("an agency's constancia", "Recibí original Cliente", "Recibí los equipos Cliente"),
        ("two columns", "y que\n  los restituye en esta fecha", "y que\n  los cuidará"),
        ("a memo", "usted ha entregado", "usted no ha entregado"),
        ("a memo", "Oficio Nro. CNTEP-AMB-2021-4474-OF", "Ambato"),
        ("who keeps them", "El cliente entrega los equipos", "El bodeguero entrega los equipos"),
        ("goods of customers", "POR CLIENTES", "POR BODEGUEROS"),
        ("two groups of boxes in a line", "☐ Cambio de plan ☒ Retiro", "☒ Cambio de plan ☐ Retiro"),
    ],
)  # fmt: skip
def test_a_word_changed_makes_it_none(office: str, instead: str, said: str) -> None:
    assert instead in OFFICES[office]
    paper = twice(OFFICES[office].replace(instead, said))
    assert not is_a_return(paper), paper.because


SLIP = (
    """
  CNT EP
  RUC 1768152560001
  DEVOLUCION DE EQUIPOS
  CI: 1700000019
  SERVICIO: 072839597
  1 ONT Huawei HG8245H
  SN HWTCC88B7E2C
"""
    + "\n" * 20
    + """
  CLIENTE ENTREGA:




  CNT RECIBE: FAUSTO QUEZADA BENALCAZAR




  GUARDE ESTE COMPROBANTE
"""
)


def strokes(row: int) -> Box:
    return Box(0.1, (row + 1) / 66, 0.3, (row + 3.5) / 66)


@pytest.mark.parametrize(
    ("under", "signed"),
    [
        (("CLIENTE ENTREGA", "CNT RECIBE"), True),
        # Strokes over the company's caption alone may be its own, as captions stand under a line on many a paper.
        (("CLIENTE ENTREGA",), False),
        (("CNT RECIBE",), False),
        ((), False),
    ],
)
def test_one_signs_under_a_caption_that_ends_with_a_colon(under: tuple[str, ...], *, signed: bool) -> None:
    lines = SLIP.splitlines()
    ink = tuple(strokes(next(at for at, line in enumerate(lines) if caption in line)) for caption in under)
    assert (read(SLIP, ink=ink).signature is Signature.HALLADA) is signed


def test_one_signs_over_his_name_behind_what_he_does() -> None:
    page = SLIP.replace("CLIENTE ENTREGA:", "Entregué: Ana Mora Paz").replace("CI: ", "Cliente: ANA MORA PAZ   CI: ")
    row = next(at for at, line in enumerate(page.splitlines()) if "Entregué" in line)
    assert read(page, ink=(strokes(row - 4),)).signature is Signature.HALLADA
    other = page.replace("Entregué: Ana Mora Paz", "Recibí por CNT: Ana Mora Paz")
    assert read(other, ink=(strokes(row - 4),)).signature is not Signature.HALLADA


@pytest.mark.parametrize(
    ("line", "service"),
    [
        ("Servicio: 2859478012", "2859478012"),
        ("Service ID     9596945553", "9596945553"),
        ("Servicio: 1700000019", ""),
        ("Servicio: 0987654321", ""),
        ("devolución del servicio 2859478012", ""),
    ],
)
def test_a_services_number_of_ten_digits_is_one_where_it_is_nobodys(line: str, service: str) -> None:
    paper = twice(f"{HEAD}\n          ACTA DE DEVOLUCION DE EQUIPOS\n\n  Cliente: MORALES PAZ JUANA\n  {line}\n")
    assert value(paper.service_number) == service


def test_an_abbreviated_customer_is_the_holder() -> None:
    assert value(read(f"{HEAD}\n     BOLETA DE DEVOLUCION\n\n  Cli.: PAZMIÑO SALGADO GERMÁN JOSÉ\n").holder) == (
        "PAZMIÑO SALGADO GERMÁN JOSÉ"
    )


def test_a_code_beside_the_customer_is_never_proven_the_papers() -> None:
    head = "  KÁRDEX DE EQUIPOS DE ABONADO: MOVIMIENTO DE DEVOLUCIÓN\n"
    paper = twice(f"{HEAD}{head}  Código     3240931      Cédula     1700000019\n")
    assert paper.number is None or not paper.number.proven
    paper = twice(f"{HEAD}{head}  Kárdex     K-513587\n  Código     3240931      Cédula     1700000019\n")
    assert value(paper.number) == "K-513587"


def test_two_sign_side_by_side_over_their_names() -> None:
    page = SLIP.partition("CLIENTE ENTREGA")[0].replace("CI: ", "Cliente: ANA MORA PAZ   CI: ")
    page += "\n" * 10 + "  Cliente: ANA MORA PAZ              Gestor CNT EP: Luis Benavides Peñafiel\n"
    row = max(at for at, line in enumerate(page.splitlines()) if "ANA MORA PAZ" in line)
    assert read(page, ink=(strokes(row - 4),)).signature is Signature.HALLADA
    assert read(page).signature is not Signature.HALLADA


def test_a_number_that_goes_on_before_a_full_stop_is_a_doubt() -> None:
    page = f"{HEAD}\n     ACTA DE DEVOLUCION DE EQUIPOS     No. 2080-RIO-20 23.\n\n  Cliente: MORALES PAZ JUANA\n"
    number = twice(page).number
    assert number is None or not number.proven
