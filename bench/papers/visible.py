"""Layouts that whoever writes the reading rules may look at."""

from __future__ import annotations

from reportlab.lib.colors import Color, black
from reportlab.lib.pagesizes import A4, LETTER, landscape
from reportlab.lib.units import mm

from papers.form import Layout, dashed, grouped, issuer, long_day, short, short_month, title_case
from papers.pen import CARBON, GREY, Ink, Pen
from papers.truth import CNT_RUC, LINE_WORDS, Facts

_PALE = Color(0.88, 0.92, 0.96)


def _boxes(pen: Pen, f: Facts) -> None:
    """A form in numbered sections; a small label above each value, all in boxes."""
    end = pen.width - 40
    pen.left = 40
    pen.frame(40, pen.height - 92, end - 40, 56)
    pen.logo(52, pen.height - 70, f.ours, name=f.company)
    pen.y = pen.height - 58
    pen.text(pen.width / 2 + 10, "ACTA DE ENTREGA RECEPCIÓN DE EQUIPOS", 12, bold=True, align="middle")
    pen.down(14)
    title = "DEVOLUCIÓN POR CANCELACIÓN DE SERVICIO" if f.returned else "INSTALACIÓN DE SERVICIO NUEVO"
    pen.text(pen.width / 2 + 10, title, 9, align="middle")
    pen.y = pen.height - 54
    pen.text(end - 88, "Nro. de acta", 7, colour=GREY)
    pen.down(14)
    pen.value(end - 88, f.number, 9.5, room=84)
    pen.y = pen.height - 104

    def section(words: str) -> None:
        pen.frame(40, pen.y - 12, end - 40, 14, fill=_PALE)
        pen.down(8.5)
        pen.text(45, words, 8.5, bold=True)
        pen.down(3.5)

    def row(*cells: tuple[str, str, float]) -> None:
        at = 40.0
        for label, value, share in cells:
            width = (end - 40) * share
            pen.frame(at, pen.y - 28, width, 28)
            pen.down(8)
            pen.text(at + 3, label, 6.5, colour=GREY)
            pen.down(15)
            pen.value(at + 5, value, 10, room=width - 8)
            pen.y += 23
            at += width
        pen.down(28)

    section("1. DATOS DEL CLIENTE")
    row(("Apellidos y nombres / Razón social", f.holder, 0.65), ("C.I. / RUC", f.id_number, 0.35))
    row(("Ciudad", f.city, 0.3), ("Punto de atención", f.office, 0.4), ("Fecha", f"{f.day:%d/%m/%Y}", 0.3))
    section("2. DATOS DEL SERVICIO")
    row(("Línea de negocio", LINE_WORDS[f.line], 0.5), ("Nro. de servicio", dashed(f.service), 0.5))
    section("3. DETALLE DE EQUIPOS")
    pen.table(
        ["Ítem", "Equipo", "Marca", "Modelo", "Serie", "MAC"],
        [[str(n), i.word, i.brand, i.model, i.serial, i.mac] for n, i in enumerate(f.items, 1)],
        [(end - 40) * share for share in (0.06, 0.22, 0.11, 0.14, 0.26, 0.21)],
        size=8.5,
    )
    pen.down(6)
    who = f"a {short(f)}" if f.returned else "al cliente"
    pen.prose(
        [
            f"El {'cliente' if f.returned else 'técnico'} entrega {who} los equipos detallados, que son recibidos a "
            + (
                "satisfacción, sin valores pendientes por este concepto."
                if f.returned
                else "satisfacción en su domicilio."
            )
        ],
        9,
    )
    pen.down(60)
    gives, takes = ("ENTREGUÉ CONFORME", "RECIBÍ CONFORME")
    customer, agent = (gives, takes) if f.returned else (takes, gives)
    pen.signature(70, 180, f.signed, [customer, "Cliente", (f.holder,), (f"C.I. {f.id_number}",)])
    pen.signature(330, 180, f.attended, [agent, f"Por {short(f)}", (f.agent,)])
    if f.stamped:
        pen.stamp(490, pen.y + 16, [short(f), f.office, f"{f.day:%d %m %Y}", "RECIBIDO" if f.returned else "INSTALADO"])


def _letter(pen: Pen, f: Facts) -> None:
    """A letter with running text and a table whose labels stand at the left."""
    pen.left = 72
    pen.logo(72, pen.height - 70, f.ours, name=f.company, size=26)
    pen.y = pen.height - 62
    pen.text(pen.width - 72, issuer(f), 7.5, align="right", colour=GREY)
    pen.down(10)
    pen.text(
        pen.width - 72,
        "www.cnt.gob.ec - 1800 100 100" if f.ours else "Servicio al cliente",
        7.5,
        align="right",
        colour=GREY,
    )
    pen.down(42)
    pen.middle(
        "CONSTANCIA DE DEVOLUCIÓN DE EQUIPOS" if f.returned else "CONSTANCIA DE ENTREGA E INSTALACIÓN DE EQUIPOS",
        13,
        bold=True,
    )
    pen.text(pen.width / 2 - 50, "Nº ", 10.5)
    pen.value(pen.width / 2 - 34, f.number, 10.5)
    pen.down(30)
    pen.text(72, "Lugar y fecha: ", 10.5)
    pen.value(146, f"{f.city}, {long_day(f.day)}", 10.5)
    pen.down(30)
    if f.returned:
        pen.prose(
            ["Yo,", (title_case(f.holder),), ", con cédula de ciudadanía Nro.", (f.id_number,),
             ", titular del servicio de", (LINE_WORDS[f.line].lower(),), "signado con el número", (f.service,),
             f", entrego en esta fecha a {short(f)}, en la oficina", (f.office,),
             ", los equipos que constan a continuación, por haber terminado el contrato:"],
            11,
        )  # fmt: skip
    else:
        pen.prose(
            ["Yo,", (title_case(f.holder),), ", con cédula de ciudadanía Nro.", (f.id_number,),
             ", titular del servicio de", (LINE_WORDS[f.line].lower(),), "signado con el número", (f.service,),
             f", declaro que recibo de {short(f)}, instalados en mi domicilio, los equipos que constan a continuación, "
             "y me obligo a restituirlos cuando termine el contrato:"],
            11,
        )  # fmt: skip
    for item in f.items:
        for label, value in (
            ("Tipo de equipo", item.word),
            ("Marca y modelo", f"{item.brand} {item.model}".strip()),
            ("Número de serie", item.serial),
            ("Dirección MAC", item.mac),
        ):
            if not value and not item.serial and item.word:
                continue
            pen.frame(90, pen.y - 6, 120, 18, fill=Color(0.95, 0.95, 0.95), thick=0.4)
            pen.frame(210, pen.y - 6, 280, 18, thick=0.4)
            pen.text(95, label, 10)
            pen.value(216, value or ("" if not item.word else "No aplica"), 10.5)
            pen.down(18)
        pen.down(8)
    pen.down(4)
    pen.prose(["Para constancia de lo actuado, firman las partes."], 11)
    pen.down(54)
    pen.signature(80, 170, f.signed, [(title_case(f.holder),), (f"C.I. {f.id_number}",), "EL CLIENTE"], size=9)
    pen.signature(340, 170, f.attended, [(title_case(f.agent),), "Ejecutivo de atención", short(f)], size=9)
    if f.stamped:
        pen.stamp(300, pen.y + 8, [short(f), f.city, f"{f.day:%d-%m-%Y}", f.office])


def _wide_order(pen: Pen, f: Facts) -> None:
    """A sheet across: the customer at the left, the service at the right, the equipment over the whole width."""
    end = pen.width - 36
    pen.left = 36
    pen.frame(36, pen.height - 74, end - 36, 40, fill=Color(0.12, 0.3, 0.5), thick=0)
    pen.y = pen.height - 60
    pen.text(
        48,
        "ORDEN DE RETIRO DE EQUIPOS" if f.returned else "ORDEN DE INSTALACIÓN DE EQUIPOS",
        17,
        bold=True,
        colour=Color(1, 1, 1),
    )
    pen.text(end - 12, issuer(f), 8.5, align="right", colour=Color(1, 1, 1))
    pen.y = pen.height - 100
    half = pen.width / 2 + 14
    rows = (
        (("Orden No.", f.number), ("Instancia", f.service)),
        (("Cliente", f.holder), ("Servicio", LINE_WORDS[f.line])),
        (("Cédula/RUC", f.id_number), ("Fecha de atención", f"{f.day:%Y-%m-%d}")),
        (("Agencia", f.office), ("Ciudad", f.city)),
    )
    for left, right in rows:
        for x, (label, value) in ((36, left), (half, right)):
            pen.text(x, f"{label}:", 10, bold=True)
            pen.value(x + 92, value, 11, room=265)
        pen.down(22)
    pen.down(2)
    pen.text(36, "Equipos retirados" if f.returned else "Equipos instalados", 12, bold=True)
    pen.down(4)
    pen.table(
        ["Cant.", "Descripción del equipo", "Marca / Modelo", "S/N", "MAC ADDRESS", "Estado"],
        [["1", i.word, f"{i.brand} {i.model}".strip(), i.serial, i.mac, "Bueno" if i.word else ""] for i in f.items],
        [(end - 36) * share for share in (0.06, 0.22, 0.18, 0.23, 0.21, 0.1)],
        size=10,
        shade=_PALE,
        rules=False,
    )
    pen.prose(
        [
            "Observaciones: "
            + (
                "retiro definitivo a petición del abonado."
                if f.returned
                else "potencia óptica -19,2 dBm, pruebas en orden."
            )
        ],
        9.5,
    )
    pen.y = min(pen.y - 60, 130)
    third = (end - 36) / 3
    for n, (label, name, signed) in enumerate(
        (
            ("Cliente que entrega" if f.returned else "Cliente que recibe", f.holder, f.signed),
            ("Técnico que retira" if f.returned else "Técnico que instala", f.agent, f.attended),
            ("Recibido en bodega" if f.returned else "Supervisor", "", False),
        )
    ):
        pen.signature(44 + n * third, third - 30, signed, [label, (name,)], size=9)
    if f.stamped:
        pen.stamp(44 + 2.5 * third, pen.y + 20, [short(f), "BODEGA", f"{f.day:%d/%m/%Y}"], round_=False)


def _till(pen: Pen, f: Facts) -> None:
    """A till's ticket: a narrow roll, one column of one face."""
    pen.left = 12
    pen.y = pen.height - 30
    pen.middle(short(f), 14, bold=True)
    if f.ours:
        pen.middle(f"R.U.C. {CNT_RUC}", 9)
    pen.middle(f.office.upper(), 9)
    pen.middle("-" * 34, 9)
    pen.middle("COMPROBANTE DE DEVOLUCIÓN" if f.returned else "COMPROBANTE DE INSTALACIÓN", 11, bold=True)
    pen.middle("DE EQUIPOS", 11, bold=True)
    pen.middle(f"NRO {f.number}", 10)
    pen.middle("-" * 34, 9)
    for label, value in (
        ("FECHA", f"{f.day:%d/%m/%Y} {8 + f.day.day % 9:02d}:{f.day.day + 20:02d}"),
        ("NOMBRE", f.holder),
        ("CED/RUC", f.id_number),
        ("LINEA", LINE_WORDS[f.line].upper()),
        ("SERVICIO", f.service),
    ):
        pen.text(12, f"{label}:", 9.5)
        pen.value(70, value, 9.5, room=pen.width - 82)
        pen.down(14)
    pen.middle("-" * 34, 9)
    pen.text(12, "EQUIPOS QUE EL CLIENTE " + ("DEVUELVE" if f.returned else "RECIBE"), 9)
    pen.down(15)
    for n, item in enumerate(f.items, 1):
        pen.value(12, f"{n}) {item.word.upper()} {item.brand.upper()} {item.model}".rstrip(), 9.5, room=pen.width - 24)
        pen.down(13)
        for label, value in (("SERIE", item.serial), ("MAC", item.mac)):
            if value:
                pen.text(26, f"{label}:", 9.5)
                pen.value(70, value, 9.5, room=pen.width - 82)
                pen.down(13)
    pen.middle("-" * 34, 9)
    pen.text(12, f"ATENDIDO POR: {f.agent[:24]}", 8.5)
    pen.down(62)
    pen.signature(40, pen.width - 80, f.signed, ["FIRMA DEL CLIENTE"], size=9)
    pen.down(62)
    pen.signature(40, pen.width - 80, f.attended, [("RECIBE " if f.returned else "ENTREGA ") + short(f)], size=9)
    if f.stamped:
        pen.stamp(pen.width - 62, pen.y + 10, [short(f), "CAJA", f"{f.day:%d/%m/%y}"])
    pen.down(30)
    pen.middle("GRACIAS POR SU VISITA", 9)


def _blocks(pen: Pen, f: Facts) -> None:
    """A card for every piece, with a bar code of its serial; labels with dotted leaders; a QR in the head."""
    pen.left = 54
    end = pen.width - 54
    pen.y = pen.height - 60
    pen.text(
        54,
        "Comprobante de devolución de equipos" if f.returned else "Comprobante de equipos entregados en instalación",
        14,
        bold=True,
    )
    pen.down(14)
    pen.text(54, issuer(f), 8)
    pen.y = pen.height - 104
    pen.qr(end - 60, f"{f.number}|{f.id_number}|{f.service}" if f.number else "EN BLANCO", 62)
    pen.y = pen.height - 100

    def line(label: str, value: str, x: float = 54.0, stop: float = 190.0, size: float = 9.5) -> None:
        at = pen.text(x, label, size)
        pen.rule(at + 3, stop - 3, dots=True, colour=GREY)
        pen.value(stop, value, size + 0.5, room=end - stop - 70)
        pen.down(17)

    line("Comprobante", f.number)
    line("Titular del servicio", f.holder)
    line("Céd./RUC", f.id_number)
    line("Código de servicio", f.service)
    line("Producto", LINE_WORDS[f.line])
    line("Fecha de recepción" if f.returned else "Fecha de instalación", short_month(f.day))
    line("Oficina", f"{f.office} - {f.city}")
    pen.down(8)
    for n, item in enumerate(f.items, 1):
        tall = 74 if item.serial else 34
        pen.frame(54, pen.y - tall + 12, end - 54, tall, round_=5)
        top = pen.y
        pen.down(4)
        pen.text(62, f"Equipo {n}:", 9, bold=True)
        pen.value(112, f"{item.word} {item.brand} {item.model}".rstrip(), 9.5, room=240)
        pen.down(18)
        if item.serial:
            line("S/N", item.serial, 62, 112, 9)
            if item.mac:
                line("MAC", item.mac, 62, 112, 9)
            pen.y = top - 42
            pen.bars(end - 12 - 11 * 0.78 * (len(item.serial) + 4), item.serial, height=26, unit=0.78)
        pen.y = top - tall - 6
    pen.down(8)
    pen.prose(
        ["Recibimos del cliente los equipos arriba descritos. Este documento extingue la obligación de devolverlos."]
        if f.returned
        else [
            "El abonado declara haber recibido los equipos arriba descritos y se compromete a devolverlos al "
            "terminar su contrato."
        ],
        9,
    )
    pen.down(56)
    pen.signature(70, 150, f.signed, ["Firma del cliente", (f"C.I. {f.id_number}",)])
    pen.signature(330, 150, f.attended, ["Recibí conforme" if f.returned else "Entregué conforme", (f.agent,)])
    if f.stamped:
        pen.stamp(275, pen.y + 10, [short(f), f.city, f"{f.day:%d-%m-%Y}"])


def _printed_pad(pen: Pen, f: Facts) -> None:
    """A pad printed long ago: rules to write on, a box for every digit; filled in by typewriter or by hand."""
    pen.left = 48
    end = pen.width - 48
    pen.y = pen.height - 50
    pen.middle(issuer(f), 11, bold=True)
    pen.middle("ACTA DE ENTREGA - RECEPCIÓN DE EQUIPOS TERMINALES", 13, bold=True)
    pen.middle("(RETIRO DEL SERVICIO)" if f.returned else "(INSTALACIÓN DEL SERVICIO)", 10)
    pen.text(end - 130, "No.", 12, bold=True, colour=Color(0.75, 0.1, 0.1))
    pen.value(end - 105, f.number, 12, room=105)
    pen.down(34)

    def ruled(label: str, value: str, x: float, stop: float, size: float = 10.5) -> None:
        at = pen.text(x, label, 9.5) + 5
        pen.value(at + 4, value, size, room=stop - at - 4)
        pen.down(3)
        pen.rule(at, stop, thick=0.5)
        pen.y += 3

    ruled("Nombre del abonado:", f.holder, 48, end)
    pen.down(30)
    pen.text(48, "C.I. / RUC:", 9.5)
    pen.comb(112, f.id_number, 13)
    ruled("Fecha:", f"{f.day:%d/%m/%Y}" if f.holder else "", 340, end)
    pen.down(30)
    ruled("Servicio No.:", dashed(f.service), 48, 280)
    ruled("Línea:", LINE_WORDS[f.line] if f.holder else "", 300, end)
    pen.down(30)
    ruled("Oficina:", f.office if f.holder else "", 48, 280)
    ruled("Ciudad:", f.city if f.holder else "", 300, end)
    pen.down(26)
    rows = [["1" if i.word else "", i.word, f"{i.brand} {i.model}".strip(), i.serial, i.mac] for i in f.items]
    pen.table(
        ["CANT.", "EQUIPO", "MARCA / MODELO", "No. SERIE", "MAC"],
        rows + [[""] * 5] * (5 - len(rows)),
        [(end - 48) * share for share in (0.08, 0.22, 0.23, 0.25, 0.22)],
        size=9,
        pitch=2.4,
    )
    pen.prose(
        [
            "El abonado entrega y la empresa recibe los equipos que arriba se detallan, en el estado "
            "en que se encuentran."
            if f.returned
            else "La empresa entrega al abonado, en calidad de comodato, los equipos que arriba se detallan."
        ],
        9.5,
    )
    pen.down(64)
    pen.signature(60, 190, f.signed, ["ENTREGUÉ CONFORME" if f.returned else "RECIBÍ CONFORME", "EL ABONADO"])
    pen.signature(330, 190, f.attended, ["RECIBÍ CONFORME" if f.returned else "ENTREGUÉ CONFORME", "POR LA EMPRESA"])
    pen.down(36)
    ruled("Nombre del funcionario:", f.agent, 330 - 60, end, 9.5)
    if f.stamped:
        pen.stamp(
            300, pen.y + 60, [short(f), f.city, f"{f.day:%d %m %Y}", "RECIBIDO" if f.returned else "ALTA"], round_=False
        )


def _needles(pen: Pen, f: Facts) -> None:
    """Continuous paper from a needle printer, with its holes; capitals, colons under each other."""
    for y in range(20, int(pen.height), 36):
        for x in (14, pen.width - 14):
            pen.canvas.setStrokeColor(Color(0.6, 0.6, 0.6))
            pen.canvas.circle(x, y, 5)
    pen.left = 46
    pen.y = pen.height - 56
    pen.text(46, short(f) if f.ours else issuer(f), 12)
    pen.text(pen.width - 46, f"FECHA: {f.day:%d-%m-%Y}", 11, align="right")
    pen.down(18)
    pen.text(46, "SISTEMA COMERCIAL - POSVENTA", 11)
    pen.text(pen.width - 46, "HOJA 1 DE 1", 11, align="right")
    pen.down(30)
    pen.middle("ACTA DE DEVOLUCION DE EQUIPOS" if f.returned else "ACTA DE INSTALACION DE EQUIPOS", 14)
    pen.middle("=" * 60, 9)
    for label, value in (
        ("ACTA NO.", f.number),
        ("ABONADO", f.holder),
        ("IDENTIFICACION", f.id_number),
        ("NUMERO TELEFONICO" if len(f.service) == 9 else "CODIGO DE CLIENTE", grouped(f.service)),
        ("CLASE DE SERVICIO", LINE_WORDS[f.line].upper()),
        ("OFICINA", f.office.upper()),
        ("CIUDAD", f.city.upper()),
    ):
        pen.text(46, label, 11.5)
        pen.text(186, ":", 11.5)
        pen.value(200, value, 11.5, room=pen.width - 250)
        pen.down(19)
    pen.middle("=" * 60, 9)
    columns = ((46, "EQUIPO"), (190, "MARCA"), (270, "SERIE"), (430, "MAC"))
    for x, head in columns:
        pen.text(x, head, 11)
    pen.down(8)
    pen.middle("-" * 72, 9)
    for item in f.items:
        for (x, _), value, room in zip(
            columns, (item.word.upper(), item.brand.upper(), item.serial, item.mac), (138, 76, 152, 122), strict=True
        ):
            pen.value(x, value, 11, room=room)
        pen.down(19)
    pen.middle("-" * 72, 9)
    pen.prose(
        [
            "MOTIVO: "
            + (
                "RETIRO DEFINITIVO DEL SERVICIO A PEDIDO DEL ABONADO."
                if f.returned
                else "ALTA NUEVA DEL SERVICIO. EL ABONADO RECIBE LOS EQUIPOS."
            )
        ],
        11,
    )
    pen.down(70)
    pen.signature(
        60, 190, f.signed, ["ENTREGA: EL ABONADO" if f.returned else "RECIBE: EL ABONADO", (f.holder,)], size=9.5
    )
    pen.signature(340, 190, f.attended, [("RECIBE: " if f.returned else "ENTREGA: ") + short(f), (f.agent,)], size=9.5)
    if f.stamped:
        pen.stamp(300, pen.y + 24, [short(f), f.city, f"{f.day:%d/%m/%Y}"])


VISIBLE = (
    Layout("cajas", A4, "sans", _boxes),
    Layout("carta", A4, "serif", _letter),
    Layout("orden_apaisada", landscape(LETTER), "condensed", _wide_order),
    Layout(
        "tiquete",
        (80 * mm, 185 * mm),
        "ticket",
        _till,
        ink=Ink("", Color(0.16, 0.16, 0.2)),
        tint=(0.98, 0.97, 0.94),
        by_hand=False,
    ),
    Layout("bloques", LETTER, "wide", _blocks, by_hand=False),
    Layout("talonario", LETTER, "narrow", _printed_pad, ink=Ink("typewriter", CARBON, 1.0), tint=(0.99, 0.98, 0.93)),
    Layout(
        "matricial",
        (242 * mm, 205 * mm),
        "needles",
        _needles,
        ink=Ink("", black),
        tint=(0.97, 0.99, 0.97),
        by_hand=False,
    ),
)
