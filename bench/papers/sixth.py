"""Layouts held out a sixth time: what twenty different offices, contractors and makers of software might hand out.

No traps are laid; the forms are plain, each built in its own way.  Beside the values that count stand those which such
forms carry anyway: telephones, addresses, contracts, orders, prices, the adviser's cédula, codes of the form itself.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4, A5, LETTER, landscape

from papers.form import Layout, dashed, grouped, issuer, long_day, short, short_month, title_case
from papers.fourth_facts import firm_ruc
from papers.pen import CARBON, GREY, Ink, Pen
from papers.sixth_facts import sixth_facts, street
from papers.sixth_means import (
    WHITE,
    band,
    captioned,
    cells,
    clock,
    digits,
    made,
    mobile,
    ruc,
    sealed,
    sense,
    slashed,
    told,
)
from papers.truth import LINE_WORDS, MONTHS, Facts, Item

_TEAL = Color(0.0, 0.42, 0.45)
_ORANGE = Color(0.86, 0.42, 0.08)
_PALE_ORANGE = Color(0.99, 0.93, 0.85)
_YELLOW = Color(1, 0.95, 0.6)
_MIST = Color(0.93, 0.95, 0.96)
_SKY = Color(0.05, 0.4, 0.7)
_FAINT = Color(0.75, 0.77, 0.8)
_WEEK = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")


def _contractor(pen: Pen, f: Facts) -> None:
    """A contractor's order: a coloured band, captions in two columns, a table with the state of each piece."""
    left, end, half = 36.0, pen.width - 36, pen.width / 2 + 6
    pen.frame(left, pen.height - 84, end - left, 50, fill=_TEAL, thick=0)
    pen.y = pen.height - 55
    pen.text(46, "REDANDINA SERVICIOS TÉCNICOS S.A.S.", 12, bold=True, colour=WHITE)
    pen.text(end - 8, sense(f, "ORDEN DE RETIRO", "ORDEN DE INSTALACIÓN"), 12, bold=True, colour=WHITE, align="right")
    pen.down(16)
    pen.text(46, f"RUC {firm_ruc(pen.chance)}  ·  Contratista autorizada de {short(f)}", 8.5, colour=WHITE)
    pen.text(end - 8, "Formulario RA-07 v3", 8.5, colour=WHITE, align="right")
    pen.y = pen.height - 106
    title = sense(f, "ACTA DE RETIRO DE EQUIPOS EN DOMICILIO", "ACTA DE INSTALACIÓN DE EQUIPOS EN DOMICILIO")
    pen.middle(title, 12, bold=True)
    pen.down(8)
    for one, other in (
        (("Acta N.º:", f.number), ("Fecha de visita:", f"{f.day:%d-%m-%Y}")),
        (("Operadora:", short(f)), ("Orden de trabajo:", f"OT {digits(pen, 7)}")),
        (("Titular:", f.holder), ("Cédula / RUC:", f.id_number)),
        (("N.º de servicio:", f.service), ("Tipo de servicio:", LINE_WORDS[f.line])),
        (("Dirección:", street(pen.chance)), ("Celular:", mobile(pen))),
        (("Oficina:", f.office), ("Ciudad:", f.city)),
    ):
        captioned(pen, left, *one, to=half - 10, size=9.5)
        captioned(pen, half, *other, to=end, size=9.5)
        pen.down(19)
    pen.down(6)
    pen.text(left, sense(f, "Equipos retirados al cliente", "Equipos instalados al cliente"), 10, bold=True)
    pen.down(6)
    rows = [(i.word, i.brand, i.model, told(i, "no aplica"), i.mac or "", "Bueno") for i in f.items]
    heads, widths = ("EQUIPO", "MARCA", "MODELO", "SERIE", "MAC", "ESTADO"), (122, 62, 66, 118, 110, 45)
    pen.table(heads, rows, widths, size=8.5, x=left, shade=_MIST)
    pen.down(6)
    pen.prose(
        [
            sense(
                f,
                "El técnico retira los equipos detallados, de propiedad de la operadora, por terminación del servicio; "
                "serán ingresados a bodega en 24 horas.",
                "El técnico entrega instalados y en funcionamiento los equipos detallados, que el cliente recibe.",
            )
        ],
        9,
        x=left,
        width=end - left,
    )
    pen.down(58)
    pen.signature(left + 10, 150, f.attended, [sense(f, "TÉCNICO QUE RETIRA", "TÉCNICO QUE INSTALA"), (f.agent,)])
    pen.signature(left + 195, 150, f.signed, ["CLIENTE", (f.holder,)])
    pen.signature(
        left + 380,
        140,
        f.attended,
        [sense(f, "BODEGA", "SUPERVISOR") + f" {short(f)}", sense(f, "Ingreso de equipos", "Revisión")],
    )
    sealed(pen, f, left + 452, pen.y - 60)


def _inverted(pen: Pen, f: Facts) -> None:
    """Section headings in white on black, capitals, two captions a line over dotted rules."""
    pen.left, end, half = 45, pen.width - 45, pen.width / 2 + 10
    pen.logo(48, pen.height - 66, f.ours, name=f.company)
    pen.y = pen.height - 52
    pen.text(end, "ACTA DE ENTREGA – RECEPCIÓN", 14, bold=True, align="right")
    pen.down(16)
    pen.text(end, sense(f, "EQUIPOS DEVUELTOS POR EL CLIENTE", "EQUIPOS INSTALADOS AL CLIENTE"), 10, align="right")
    pen.down(16)
    at = end - 150
    captioned(pen, at, "NÚMERO:", f.number, to=end, size=10)
    pen.down(16)

    def line(*parts: tuple[str, str]) -> None:
        for place, (label, words) in enumerate(parts):
            x, to = (
                (pen.left, half - 14) if place == 0 and len(parts) > 1 else (half, end) if place else (pen.left, end)
            )
            captioned(pen, x + 3, label, words, to=to, size=9, bold=False)
            pen.down(3)
            pen.rule(x, to, dots=True)
            pen.y += 3
        pen.down(20)

    band(pen, 45, end - 45, "1. DATOS GENERALES")
    line(("FECHA DE RECEPCIÓN", short_month(f.day)), ("CIUDAD", f.city.upper()))
    line(("PUNTO DE ATENCIÓN", f.office.upper()), ("RUC EMPRESA", ruc(f)))
    band(pen, 45, end - 45, "2. DATOS DEL CLIENTE")
    line(("APELLIDOS Y NOMBRES O RAZÓN SOCIAL", f.holder))
    line(("IDENTIFICACIÓN", f.id_number), ("TELÉFONO DE CONTACTO", mobile(pen)))
    line(("DIRECCIÓN", street(pen.chance).upper()))
    band(pen, 45, end - 45, "3. DATOS DEL SERVICIO")
    line(("SERVICIO", LINE_WORDS[f.line].upper()), ("NÚMERO DE SERVICIO", dashed(f.service)))
    line(("CONTRATO", f"C-{digits(pen, 8)}"), ("MOTIVO", sense(f, "CANCELACIÓN", "INSTALACIÓN NUEVA")))
    band(pen, 45, end - 45, sense(f, "4. EQUIPOS QUE SE RECIBEN", "4. EQUIPOS QUE SE INSTALAN"), gap=4)
    rows = [
        (str(n), i.word.upper(), made(i).upper(), told(i, "SIN SERIE"), i.mac) for n, i in enumerate(f.items, start=1)
    ]
    pen.table(
        ("N°", "DESCRIPCIÓN", "MARCA/MODELO", "NÚMERO DE SERIE", "DIR. MAC"), rows, (24, 148, 118, 118, 97), size=8
    )
    band(pen, 45, end - 45, "5. FIRMAS", gap=50)
    pen.signature(70, 180, f.signed, ["ENTREGA: EL CLIENTE", (f.holder,), (f"C.I. {f.id_number}",) if f.signed else ""])
    who = [sense(f, "RECIBE: ASESOR DE SERVICIOS", "ASESOR DE SERVICIOS"), (f.agent,), (f"C.I. {f.agent_id}",)]
    pen.signature(half + 30, 180, f.attended, who if f.agent else who[:1])
    sealed(pen, f, half - 28, pen.y - 18, short(f), f.city.upper(), f"{f.day:%d.%m.%Y}", round_=True)


def _grid(pen: Pen, f: Facts) -> None:
    """Everything in boxes with a tiny caption above each value, even the equipment."""
    x, wide = 40.0, pen.width - 80
    pen.y = pen.height - 40
    pen.frame(x, pen.y - 40, wide, 40)
    pen.y -= 18
    pen.text(x + 8, issuer(f), 9.5, bold=True)
    pen.down(14)
    title = sense(
        f, "Constancia de devolución de equipos terminales", "Constancia de instalación de equipos terminales"
    )
    pen.text(x + 8, title, 11, bold=True)
    pen.down(8)
    cells(pen, x, [(130, "Constancia Nro.", f.number), (120, "Fecha (aaaa-mm-dd)", f"{f.day:%Y-%m-%d}"),
                   (140, "Agencia", f.office), (wide - 390, "Ciudad", f.city)])  # fmt: skip
    cells(pen, x, [(wide - 140, "Nombres y apellidos / Razón social", f.holder), (140, "C.I. / RUC", f.id_number)])
    cells(pen, x, [(130, "Núm. de cuenta / servicio", f.service), (120, "Producto", LINE_WORDS[f.line]),
                   (110, "Teléfono celular", mobile(pen)), (wide - 360, "Contrato", digits(pen, 9))])  # fmt: skip
    pen.down(10)
    for number, i in enumerate(f.items, start=1):
        kind = sense(f, f"Equipo devuelto {number}", f"Equipo instalado {number}")
        cells(pen, x, [(130, kind, i.word), (110, "Marca y modelo", made(i)), (145, "Serie", told(i, "No tiene")),
                       (wide - 385, "MAC", i.mac)])  # fmt: skip
    pen.down(10)
    cells(
        pen, x, [(wide, "Observaciones", sense(f, "Baja definitiva del servicio.", "Alta por instalación."))], tall=36
    )
    pen.down(12)
    pen.frame(x, pen.y - 112, wide / 2, 112)
    pen.frame(x + wide / 2, pen.y - 112, wide / 2, 112)
    pen.down(68)
    pen.signature(x + 30, wide / 2 - 60, f.signed, ["Firma de quien entrega", (f.holder,)])
    under = [sense(f, "Recibí conforme, por la empresa", "Por la empresa"), (f.agent,)]
    if f.agent_id:
        under.append((f"Cédula {f.agent_id}",))
    pen.signature(x + wide / 2 + 20, wide / 2 - 120, f.attended, under)
    sealed(pen, f, x + wide - 50, pen.y + 6, short(f), "RECIBIDO", short_month(f.day), round_=True)


_KINDS = (
    *(("ONT", "ONT / ONU"), ("MODEM_ROUTER", "Módem / router"), ("REPETIDOR", "Repetidor"), ("TELEFONO", "Teléfono")),
    *(("DECODIFICADOR", "Decodificador"), ("SMARTCARD", "Tarjeta"), ("CONTROL_REMOTO", "Control remoto")),
    *(("FUENTE", "Fuente / cargador"), ("CABLE", "Cables"), ("ANTENA", "Antena"), ("LNB", "LNB")),
    *(("ROSETA", "Roseta"), ("SPLITTER", "Splitter")),
)


def _checklist(pen: Pen, f: Facts) -> None:
    """All kinds of equipment with a box each; ticked, with quantity and serial, what was brought."""
    pen.left = 48
    end = pen.width - 48
    pen.logo(50, pen.height - 64, f.ours, name=f.company, size=20)
    pen.y = pen.height - 60
    pen.text(end, sense(f, "LISTA DE CONTROL – DEVOLUCIÓN DE EQUIPOS", "LISTA DE CONTROL – INSTALACIÓN DE EQUIPOS"), 12,
             bold=True, align="right")  # fmt: skip
    pen.down(30)
    for parts in (
        ((48, "No. acta", f.number, 260), (300, "Fecha:", f"{f.day:%Y/%m/%d}", end)),
        ((48, "Cliente:", title_case(f.holder), 330), (345, "Cédula o pasaporte:", f.id_number, end)),
        ((48, "Cód. de cliente / servicio:", f.service, 290), (300, "Servicio:", LINE_WORDS[f.line], end)),
        ((48, "Oficina:", f"{f.office}, {f.city}", 330), (345, "Nro. turno:", f"B-{digits(pen, 3)}", end)),
    ):
        for x, label, words, to in parts:
            captioned(pen, x, label, words, to=to, size=10)
        pen.down(21)
    pen.rule(48, end)
    pen.down(14)
    for x, words in ((48, sense(f, "DEVUELVE", "INSTALADO")), (112, "EQUIPO"), (262, "CANT."), (305, "SERIE / MAC")):
        pen.text(x, words, 8.5, bold=True)
    pen.down(20)
    for kind, label in _KINDS:
        there = [i for i in f.items if i.type.value == kind and i.word] or [None]
        for i in there:
            pen.frame(62, pen.y - 2, 10, 10)
            if i:
                pen.value(63.5, "X", 9)
                pen.value(266, "1", 9.5)
                pen.value(305, " ".join((i.serial, *(("MAC", i.mac) if i.mac else ()))), 9.5, room=end - 305)
                pen.value(112, f"{i.word} {made(i)}", 9.5, room=140)
            else:
                pen.text(112, label, 9.5, colour=GREY)
            pen.down(4)
            pen.rule(112, end, thick=0.3, colour=_FAINT)
            pen.down(15)
    pen.down(6)
    pen.text(48, sense(f, "Solo se consideran devueltos los equipos marcados con X.",
                       "Solo se consideran instalados los equipos marcados con X."), 8.5)  # fmt: skip
    pen.down(66)
    pen.signature(70, 170, f.signed, ["Cliente", (title_case(f.holder),)])
    pen.signature(330, 170, f.attended, [f"Asesor {short(f)}", (title_case(f.agent),)])
    sealed(pen, f, 290, pen.y + 14, "RECIBIDO", short(f), f"{f.day:%d/%m/%Y}", round_=True)


def _cards(pen: Pen, f: Facts) -> None:
    """A page of a portal as the browser printed it: equipment as cards, two a row."""
    x, end = 34.0, pen.width - 34
    later = f.day + timedelta(days=pen.chance.randrange(0, 9))
    pen.y = pen.height - 24
    pen.text(x, f"Impreso: {later.day}/{later.month}/{later.year}, {clock(pen)}", 7, colour=GREY)
    pen.text(pen.width / 2 + 30, "Posventa | Gestión de equipos", 7, colour=GREY, align="middle")
    pen.down(30)
    pen.logo(x, pen.y - 6, f.ours, name=f.company, size=18)
    pen.text(end, f"Usuario: {title_case(f.agent)}", 8, colour=GREY, align="right")
    pen.down(34)
    pen.text(x, sense(f, "Devolución de equipos", "Instalación de equipos"), 18, bold=True, colour=_SKY)
    pen.down(18)
    state = sense(f, "Equipos recibidos en agencia", "Equipos instalados en domicilio")
    pen.text(x, f"Estado: {state if f.attended else 'por confirmar'}", 10)
    pen.down(22)
    grid = (
        (("Registro", f.number), (sense(f, "Fecha de recepción", "Fecha de instalación"), slashed(f.day))),
        (("Cliente", title_case(f.holder)), ("Identificación", f.id_number)),
        (("Número de servicio", grouped(f.service)), ("Línea de negocio", LINE_WORDS[f.line])),
        (
            ("Agencia", f"{f.office} - {f.city}"),
            ("Correo", f"cliente.{digits(pen, 4)}@correo.ec"),
        ),
    )
    for row in grid:
        for place, (label, words) in enumerate(row):
            pen.text(x + place * 300, label, 8, colour=GREY)
            pen.down(13)
            pen.value(x + place * 300, words, 11, room=280 if place == 0 else end - x - 300)
            pen.y += 13
        pen.down(33)
    pen.down(10)
    pen.text(x, f"Equipos ({len(f.items)})", 12, bold=True)
    pen.down(10)
    wide, tall = (end - x - 12) / 2, 78.0
    top = pen.y
    for place, i in enumerate(f.items):
        at, under = x + (place % 2) * (wide + 12), top - (place // 2) * (tall + 10)
        pen.frame(at, under - tall, wide, tall, fill=_MIST, thick=0.5, round_=6)
        pen.y = under - 18
        pen.value(at + 10, i.word, 11, bold=True, room=wide - 20)
        pen.down(17)
        pen.value(at + 10, made(i) or ("Accesorio" if i.word else ""), 9)
        pen.down(16)
        captioned(pen, at + 10, "S/N", told(i, "no requiere"), to=at + wide - 10, size=9.5, bold=False)
        if i.mac:
            pen.down(16)
            captioned(pen, at + 10, "MAC", i.mac, to=at + wide - 10, size=9.5, bold=False)
    pen.y = top - ((len(f.items) + 1) // 2) * (tall + 10) - 20
    pen.text(x, "Constancia firmada", 12, bold=True)
    pen.down(60)
    pen.signature(x + 20, 190, f.signed, ["Firma del cliente", (title_case(f.holder),)], size=8.5)
    pen.signature(x + 300, 190, f.attended, ["Firma y sello de la agencia", (title_case(f.agent),)], size=8.5)
    sealed(pen, f, x + 395, pen.y - 64)
    pen.y = 24
    pen.text(x, "https://posventa.intranet/equipos/devoluciones/ver?id=" + digits(pen, 6), 7, colour=GREY)
    pen.text(end, "1/1", 7, colour=GREY, align="right")


def _erp(pen: Pen, f: Facts) -> None:
    """A business program's list in one width of letters: dot leaders, a block for every position."""
    x, end = 42.0, pen.width - 42
    size = 9.0

    def lead(label: str, words: str, *, at: float = x) -> None:
        pen.text(at, label.ljust(26, "."), size)
        pen.text(at + 142, ":", size)
        pen.value(at + 152, words, size, room=end - at - 152)
        pen.down(14.5)

    pen.y = pen.height - 46
    pen.text(x, issuer(f)[:52], size)
    pen.text(end, "PAG. 1 DE 1", size, align="right")
    pen.down(13)
    pen.text(x, f"RUC {ruc(f)}", size)
    pen.text(end, "REP. MM-EQ-114", size, align="right")
    pen.down(20)
    pen.middle(sense(f, "COMPROBANTE DE DEVOLUCION DE EQUIPOS", "COMPROBANTE DE INSTALACION DE EQUIPOS"), 11, bold=True)
    pen.rule(x, end)
    pen.down(16)
    lead("Documento", f.number)
    lead("Fecha de documento", f"{f.day:%d.%m.%Y}")
    lead("Centro / Almacen", f"{f.office.upper()} / {f.city.upper()}")
    lead("Clase de movimiento", sense(f, "Z61 DEVOLUCION DE CLIENTE", "Z62 INSTALACION A CLIENTE"))
    lead("Nombres y apellidos", f.holder)
    lead("Nro. de identificacion", f.id_number)
    lead("Numero de servicio", f.service)
    lead("Servicio", LINE_WORDS[f.line].upper())
    lead("Interlocutor comercial", "00" + digits(pen, 8))
    pen.rule(x, end)
    pen.down(16)
    for number, i in enumerate(f.items, start=1):
        pen.text(x, f"POSICION {number * 10:04d}", size, bold=True)
        pen.value(x + 90, i.word.upper(), size, bold=True)
        pen.text(end, "CANTIDAD 1 UN", size, align="right")
        pen.down(14.5)
        if i.serial:
            lead("  Fabricante / modelo", made(i).upper())
            lead("  Numero de serie", i.serial)
        if i.mac:
            lead("  Direccion MAC", i.mac)
        pen.down(3)
    pen.rule(x, end)
    pen.down(16)
    lead("Usuario que registra", f.agent)
    pen.text(x, sense(f, "Mercaderia recibida del cliente y verificada.", "Mercaderia entregada e instalada."), size)
    pen.down(62)
    pen.signature(x + 15, 190, f.signed, ["ENTREGUE CONFORME" if f.returned else "RECIBI CONFORME", "CLIENTE"])
    pen.signature(x + 290, 190, f.attended, ["RECIBI CONFORME" if f.returned else "ENTREGUE CONFORME", "ALMACEN"])
    sealed(pen, f, x + 385, pen.y - 56, short(f), "ALMACEN", f"{f.day:%d-%m-%Y}")


def _app(pen: Pen, f: Facts) -> None:
    """The receipt of a technician's application: grey captions over values, lines between, signed on the glass."""
    x, end = 24.0, pen.width - 24
    pen.frame(0, pen.height - 70, pen.width, 70, fill=_SKY, thick=0)
    pen.y = pen.height - 32
    pen.text(x, short(f), 13, bold=True, colour=WHITE)
    pen.text(end, f"#{f.number}", 10, colour=WHITE, align="right") if f.number else None
    pen.down(20)
    pen.text(x, sense(f, "Retiro de equipos completado", "Instalación de equipos completada"), 12, colour=WHITE)
    pen.y = pen.height - 92

    def pair(label: str, words: str) -> None:
        pen.text(x, label, 8, colour=GREY)
        pen.down(13.5)
        pen.value(x, words, 11, room=end - x)
        pen.down(7)
        pen.rule(x, end, thick=0.3, colour=_FAINT)
        pen.down(14)

    day = f"{_WEEK[f.day.weekday()]}, {long_day(f.day)}"
    pair("Fecha", day.capitalize())
    pair("Cliente", title_case(f.holder))
    pair("CI / RUC", f.id_number)
    pair(f"Servicio de {LINE_WORDS[f.line].lower()}", f.service)
    pair("Agencia responsable", f"{f.office}, {f.city}")
    pen.down(8)
    pen.text(x, sense(f, "Equipos retirados", "Equipos instalados"), 11, bold=True)
    pen.down(18)
    for i in f.items:
        pen.value(x, f"{i.word} {made(i)}".strip(), 10.5, bold=True, room=end - x)
        pen.down(13)
        if i.serial:
            pen.value(x + 10, f"N/S {i.serial}", 10)
            pen.down(13)
        if i.mac:
            pen.value(x + 10, f"MAC {i.mac}", 10)
            pen.down(13)
        pen.down(5)
    pen.rule(x, end, thick=0.3, colour=_FAINT)
    pen.down(58)
    pen.signature(x, 125, f.signed, ["Firma del cliente"], size=8)
    pen.signature(end - 125, 125, f.attended, [f"Técnico {short(f)}", title_case(f.agent)], size=8)
    if f.number:
        pen.y = 24
        pen.qr(x, f"eq:{f.number}", 52)
        pen.y = 46
        pen.text(x + 64, "Comprobante generado en la", 8, colour=GREY)
        pen.down(11)
        pen.text(x + 64, "aplicación móvil de campo, v4.12.0", 8, colour=GREY)


def _roll(pen: Pen, f: Facts) -> None:
    """A warehouse's thermal roll in capitals, the value under its caption where it is long."""
    x, end = 12.0, pen.width - 12

    def put(words: str, size: float = 9) -> None:
        pen.value(x, words, size, room=end - x)
        pen.down(size * 1.4)

    pen.y = pen.height - 26
    pen.middle(short(f), 13, bold=True)
    pen.middle("BODEGA DE EQUIPOS", 9)
    pen.middle(f"RUC {ruc(f)}", 8)
    pen.middle(sense(f, "RECEPCION POR BAJA", "DESPACHO POR INSTALACION"), 10, bold=True)
    pen.middle("- " * 20, 8)
    put(f"NRO {f.number}")
    put(f"{f.day:%d-%m-%Y}  {clock(pen, 'H')}")
    put(f.office.upper())
    put(f.city.upper())
    pen.down(4)
    pen.text(x, "TITULAR DEL SERVICIO", 7.5)
    pen.down(12)
    put(f.holder)
    put(f"ID {f.id_number}")
    put(f"{LINE_WORDS[f.line].upper()} {f.service}")
    pen.middle("- " * 20, 8)
    pen.text(x, sense(f, "EQUIPOS DEVUELTOS", "EQUIPOS INSTALADOS"), 9, bold=True)
    pen.down(15)
    for i in f.items:
        put(f"1 {i.word.upper()}")
        if made(i):
            put(f"  {made(i).upper()}", 8.5)
        if i.serial:
            put(f"  SERIE {i.serial}")
        if i.mac:
            put(f"  MAC {i.mac}")
        pen.down(3)
    pen.middle("- " * 20, 8)
    put(f"TOTAL {len(f.items)} UNIDADES   CAJA {digits(pen, 2)}")
    pen.text(x, "ATENDIDO POR", 7.5)
    pen.down(12)
    put(f.agent)
    pen.down(44)
    pen.signature(x + 4, 82, f.signed, ["CLIENTE"], size=7.5)
    pen.signature(end - 90, 86, f.attended, ["BODEGUERO"], size=7.5)
    sealed(pen, f, pen.width / 2, pen.y - 48)


def _attested(pen: Pen, f: Facts) -> None:
    """A letter of the office: it certifies that the customer brought the equipment, which stands in a list."""
    pen.left = 75
    pen.logo(75, pen.height - 76, f.ours, name=f.company, size=24)
    pen.y = pen.height - 74
    pen.text(pen.width - 75, f"Oficio Nro. {f.number}", 10.5, bold=True, align="right")
    pen.down(40)
    month = MONTHS[f.day.month - 1]
    pen.text(pen.width - 75, f"{f.city}, {month} {f.day.day} de {f.day.year}", 11, align="right")
    pen.down(44)
    pen.middle(sense(f, "CERTIFICADO DE ENTREGA DE EQUIPOS", "CERTIFICADO DE INSTALACIÓN DE EQUIPOS"), 14, bold=True)
    pen.down(20)
    pen.prose(
        [
            f"{issuer(f)}, a través de su punto de atención",
            (f.office,),
            ", certifica que",
            (f.holder,),
            ", con cédula de identidad o RUC número",
            (f.id_number,),
            f", titular del servicio de {LINE_WORDS[f.line].lower()} número",
            (dashed(f.service),),
            sense(
                f,
                ", entregó en esta oficina, por haber terminado su contrato, los siguientes equipos que fueron "
                "recibidos a entera satisfacción:",
                ", recibió instalados en su domicilio los siguientes equipos, que quedan en su poder:",
            ),
        ],
        11,
    )
    pen.down(6)
    for i in f.items:
        pen.text(92, "•", 11)
        words = f"{i.word} {made(i)}".strip()
        tail = f", serie {i.serial}" if i.serial else ""
        pen.value(106, words + tail + (f", MAC {i.mac}" if i.mac else ""), 11, room=pen.width - 190)
        pen.down(20)
    pen.down(10)
    pen.prose(["Es todo cuanto se puede certificar en honor a la verdad, para los fines que el interesado estime "
               "convenientes."], 11)  # fmt: skip
    pen.down(16)
    pen.text(75, "Atentamente,", 11)
    pen.down(66)
    pen.signature(75, 200, f.attended, [(f.agent,), "Responsable de atención al cliente", short(f)], size=9)
    pen.signature(345, 170, f.signed, [sense(f, "Entregué conforme", "Recibí conforme"), "El cliente"], size=9)
    sealed(pen, f, 300, pen.y - 10, short(f), f.city, f"{f.day:%d-%m-%y}", round_=True)
    pen.y = 46
    pen.middle("Atención al cliente 1800 100 100  ·  Resolución GG-2019-0412", 8, colour=GREY)


def _first_person(pen: Pen, f: Facts) -> None:
    """The customer's own words on a prepared sheet, and below a box in which the office acknowledges it."""
    pen.left = 62
    pen.y = pen.height - 70
    pen.middle(sense(f, "ENTREGA VOLUNTARIA DE EQUIPOS", "CONFORMIDAD DE INSTALACIÓN"), 14, bold=True)
    pen.middle(short(f), 11)
    pen.down(12)
    pen.prose(["Lugar y fecha:", (f"{f.city}, {f.day:%d} de {MONTHS[f.day.month - 1]} del {f.day.year}",)], 11)
    pen.down(8)
    pen.prose(
        [
            "Quien suscribe,",
            (f.holder,),
            ", con C.I./RUC No.",
            (f.id_number,),
            ", titular de la cuenta No.",
            (f.service,),
            ", correspondiente a",
            (LINE_WORDS[f.line],),
            sense(
                f,
                ", devuelve en esta fecha a la empresa los equipos que le fueron dados en uso:",
                ", recibe en esta fecha instalados en su domicilio los siguientes equipos:",
            ),
        ],
        11,
        underline=True,
    )
    pen.down(4)
    rows = [(f"{n})", i.word, made(i), told(i, "- - -"), i.mac) for n, i in enumerate(f.items, start=1)]
    pen.table(("", "Equipo", "Marca y modelo", "Nro. serie", "MAC"), rows, (22, 132, 108, 116, 94), size=9, rules=False)
    pen.down(8)
    pen.prose(["Celular de contacto:", (mobile(pen) if f.holder else "",), "."], 11)
    pen.down(46)
    pen.signature(pen.width / 2 - 105, 210, f.signed, [(f.holder,), "Firma del titular"], size=9)
    pen.down(64)
    pen.frame(62, pen.y - 150, pen.width - 124, 150, round_=4)
    pen.down(18)
    pen.text(74, "ESPACIO PARA USO DE LA EMPRESA", 9.5, bold=True)
    pen.down(22)
    captioned(pen, 74, "Registro No.", f.number, to=300, size=10)
    captioned(pen, 310, "Oficina:", f.office, to=pen.width - 74, size=10)
    pen.down(22)
    captioned(pen, 74, sense(f, "Recibido por:", "Instalado por:"), f.agent, to=330, size=10)
    captioned(pen, 340, "C.I.", f.agent_id, to=pen.width - 74, size=10)
    pen.down(60)
    pen.signature(90, 170, f.attended, ["Firma del funcionario"])
    sealed(pen, f, 420, pen.y + 4)


def _slip(pen: Pen, f: Facts) -> None:
    """Half a sheet across, ruled, as out of a receipt book: "Recibí de"."""
    x, end = 34.0, pen.width - 34
    pen.frame(20, 20, pen.width - 40, pen.height - 40, thick=1.2)
    pen.y = pen.height - 46
    pen.text(x, short(f), 15, bold=True)
    captioned(pen, end - 165, "No.", f.number, to=end, size=13)
    pen.down(15)
    pen.text(x, sense(f, "RECIBO DE EQUIPOS DEVUELTOS", "RECIBO DE EQUIPOS INSTALADOS"), 10.5, bold=True)
    pen.down(24)

    def lined(*parts: tuple[float, str, str, float]) -> None:
        for at, label, words, to in parts:
            begin = pen.text(at, label, 10) + 4
            pen.value(begin + 2, words, 10, room=to - begin - 4)
            pen.down(2.5)
            pen.rule(begin, to, thick=0.5)
            pen.y += 2.5
        pen.down(21)

    lined((x, "Fecha", f"{f.day.day} / {MONTHS[f.day.month - 1]} / {f.day.year}", 250),
          (262, "Lugar", f"{f.office} - {f.city}", end))  # fmt: skip
    lined((x, sense(f, "Recibí de", "Entregué a"), f.holder, 360), (370, "C.I./RUC", f.id_number, end))
    lined((x, "Línea telefónica o cuenta", f.service, 290), (300, "por concepto de", LINE_WORDS[f.line], end))
    pen.text(x, sense(f, "lo siguiente, por baja del servicio:", "lo siguiente, por instalación del servicio:"), 10)
    pen.down(19)
    for i in (*f.items, *[None] * (5 - len(f.items))):
        begin = x + 12
        if i:
            tail = f"   Serie {i.serial}" if i.serial else ""
            mac = f"   MAC {i.mac}" if i.mac else ""
            pen.value(begin, f"{i.word} {made(i)}".strip() + tail + mac, 9.5, room=end - begin)
        pen.down(3)
        pen.rule(x, end, thick=0.4)
        pen.down(15.5)
    pen.down(32)
    pen.signature(x + 20, 190, f.signed, ["El cliente"])
    pen.signature(end - 230, 190, f.attended, [sense(f, "Recibí conforme", "Entregué conforme"), (f.agent,)])
    sealed(pen, f, pen.width / 2, pen.y - 52)


def _two_sides(pen: Pen, f: Facts) -> None:
    """Who gives on the left, who takes on the right, in the same words; equipment below, a pair of lines each."""
    x, middle, end = 40.0, pen.width / 2, pen.width - 40
    pen.y = pen.height - 54
    pen.middle(issuer(f), 10.5, bold=True)
    title = sense(f, "ACTA DE DEVOLUCIÓN", "ACTA DE INSTALACIÓN")
    pen.middle(f"{title}  No. {f.number}" if f.number else f"{title}  No. ________", 13, bold=True)
    pen.middle("Código GC-FOR-031 · Versión 2 · Vigente desde 01/02/2019", 7.5, colour=GREY)
    pen.down(4)
    captioned(pen, x, "Fecha y hora:", f"{f.day:%d-%b-%Y} {clock(pen)}".replace(
        f"{f.day:%b}", MONTHS[f.day.month - 1][:3]), to=middle, size=10)  # fmt: skip
    captioned(pen, middle + 8, "Lugar:", f"{f.office}, {f.city}", to=end, size=10)
    pen.down(12)
    top = pen.y
    for at, head, parts in (
        (
            x,
            sense(f, "ENTREGA (CLIENTE)", "RECIBE (CLIENTE)"),
            (("Nombre:", f.holder), ("C.I./RUC:", f.id_number), ("Teléfono:", mobile(pen)), ("Calidad:", "Titular")),
        ),
        (
            middle + 4,
            sense(f, f"RECIBE ({short(f)})", f"INSTALA ({short(f)})"),
            (
                ("Nombre:", f.agent),
                ("C.I.:", f.agent_id),
                ("Extensión:", digits(pen, 4)),
                ("Cargo:", "Asesor comercial"),
            ),
        ),
    ):
        pen.y = top
        pen.frame(at, top - 108, middle - x - 4, 108)
        pen.down(16)
        pen.text(at + 8, head, 9.5, bold=True)
        pen.down(22)
        for label, words in parts:
            captioned(pen, at + 8, label, words, to=at + middle - x - 14, size=9.5, bold=False)
            pen.down(19)
    pen.y = top - 132
    captioned(pen, x, "Servicio:", LINE_WORDS[f.line], to=middle - 40, size=10)
    captioned(pen, middle - 20, "Número del servicio:", grouped(f.service), to=end, size=10)
    pen.down(24)
    pen.text(x, sense(f, "Detalle de lo devuelto", "Detalle de lo instalado"), 10.5, bold=True)
    pen.down(8)
    pen.rule(x, end)
    for number, i in enumerate(f.items, start=1):
        pen.down(17)
        pen.text(x, f"{number}.", 10)
        pen.value(x + 18, i.word, 10, bold=True, room=190)
        pen.value(x + 220, made(i), 10, room=140)
        pen.down(17)
        captioned(pen, x + 18, "Serie:", told(i, "no tiene"), to=x + 215, size=9.5, bold=False)
        if i.mac:
            captioned(pen, x + 220, "MAC Address:", i.mac, to=end, size=9.5, bold=False)
        pen.down(7)
        pen.rule(x, end, thick=0.3)
    pen.down(74)
    pen.signature(x + 30, 180, f.signed, ["Firma", sense(f, "Entrega", "Recibe")])
    pen.signature(middle + 35, 180, f.attended, ["Firma y sello", sense(f, "Recibe", "Instala")])
    sealed(pen, f, middle + 126, pen.y - 56)


def _sheet(pen: Pen, f: Facts) -> None:
    """A spreadsheet's form: yellow captions and white cells by turns, its grid printed."""
    x, wide = 40.0, pen.width - 80
    pen.y = pen.height - 44

    def row(*parts: tuple[float, str, bool], tall: float = 20) -> None:
        at = x
        for share, words, label in parts:
            cell = wide * share
            pen.frame(at, pen.y - tall, cell, tall, fill=_YELLOW if label else None, thick=0.5)
            here, pen.y = pen.y, pen.y - tall + 6
            if label:
                pen.text(at + 3, words, 8.5, bold=True)
            else:
                pen.value(at + 4, words, 9.5, room=cell - 8)
            pen.y = here
            at += cell
        pen.down(tall)

    row(
        (
            1,
            f"{short(f)} - {sense(f, 'ENTREGA DE EQUIPOS POR CLIENTE RETIRADO', 'INSTALACIÓN DE EQUIPOS A CLIENTE')}",
            True,
        ),
        tall=26,
    )
    row((0.16, "ACTA #", True), (0.34, f.number, False), (0.16, "FECHA", True), (0.34, slashed(f.day), False))
    row((0.16, "CAC", True), (0.34, f.office, False), (0.16, "CIUDAD", True), (0.34, f.city, False))
    row((0.16, "CLIENTE", True), (0.84, f.holder, False))
    row((0.16, "CÉDULA/RUC", True), (0.34, f.id_number, False), (0.16, "CELULAR", True), (0.34, mobile(pen), False))
    row((0.16, "SERVICIO", True), (0.34, LINE_WORDS[f.line], False), (0.16, "NÚMERO", True), (0.34, f.service, False))
    row((0.16, "TRÁMITE", True), (0.34, f"TR-{digits(pen, 6)}", False), (0.16, "PLAN", True), (0.34, "Hogar 30", False))
    row((1, "", False), tall=12)
    shares = (0.05, 0.22, 0.13, 0.14, 0.24, 0.22)
    heads = ("#", "TIPO", "MARCA", "MODELO", "SERIE", "MAC")
    row(*((share, words, True) for share, words in zip(shares, heads, strict=True)))
    for number in range(1, 8):
        i = f.items[number - 1] if number <= len(f.items) else Item(f.items[0].type, "")
        parts = (str(number), i.word, i.brand, i.model, told(i, "N/A"), i.mac)
        row(*((share, words, False) for share, words in zip(shares, parts, strict=True)))
    row((1, "", False), tall=12)
    row((0.16, "OBSERV.", True), (0.84, sense(f, "Equipos completos, devueltos por el cliente", "Instalado OK"), False))
    row((0.5, sense(f, "ENTREGA CLIENTE", "RECIBE CLIENTE"), True), (0.5, sense(f, "RECIBE ASESOR", "ASESOR"), True))
    top = pen.y
    row((0.5, "", False), (0.5, "", False), tall=84)
    pen.y = top - 50
    pen.signature(x + 40, wide / 2 - 80, f.signed, [(f.holder,)], rule=False)
    pen.signature(x + wide / 2 + 24, wide / 2 - 130, f.attended, [(f.agent,)], rule=False)
    sealed(pen, f, x + wide - 44, top - 42, short(f), "RECIBIDO", f"{f.day:%d-%m-%Y}", round_=True)


def _authorised(pen: Pen, f: Facts) -> None:
    """Built like the authority's electronic documents: two boxes at the head, a key, prices that nobody pays."""
    x, end, middle = 32.0, pen.width - 32, pen.width / 2
    top = pen.height - 36
    pen.frame(x, top - 148, middle - x - 6, 148, round_=5)
    pen.frame(middle, top - 148, end - middle, 148, round_=5)
    pen.logo(x + 60, top - 60, f.ours, name=f.company, size=30)
    pen.y = top - 96
    for words in (issuer(f), "Dir. matriz: Av. Amaranta y Cumbres Bajas", "CONTRIBUYENTE ESPECIAL Nro. 417"):
        pen.text(x + 8, words, 7.2, bold=words == issuer(f))
        pen.down(15)
    pen.y = top - 18
    captioned(pen, middle + 8, "R.U.C.:", ruc(f), to=end - 8, size=10)
    pen.down(20)
    pen.text(middle + 8, sense(f, "COMPROBANTE DE DEVOLUCIÓN", "COMPROBANTE DE INSTALACIÓN"), 12, bold=True)
    pen.down(20)
    captioned(pen, middle + 8, "No.", f.number, to=end - 8, size=11)
    pen.down(18)
    pen.text(middle + 8, "CLAVE DE ACCESO", 8)
    key = f"{f.day:%d%m%Y}07{ruc(f)}2001001{digits(pen, 9)}{digits(pen, 8)}1{digits(pen, 1)}"
    pen.down(28)
    pen.bars(middle + 10, key[:24], height=20, unit=0.72)
    pen.down(10)
    pen.text(middle + 8, key, 7.4)
    pen.y = top - 166
    pen.frame(x, pen.y - 62, end - x, 68, round_=5)
    pen.down(8)
    captioned(pen, x + 8, "Razón Social / Nombres y Apellidos:", f.holder, to=middle + 110, size=8.5)
    captioned(pen, middle + 120, "Identificación:", f.id_number, to=end - 6, size=8.5)
    pen.down(20)
    captioned(pen, x + 8, sense(f, "Fecha Recepción:", "Fecha Instalación:"), slashed(f.day), to=middle - 40, size=8.5)
    captioned(pen, middle - 30, "Establecimiento:", f"{f.office} ({f.city})", to=end - 6, size=8.5)
    pen.down(20)
    captioned(pen, x + 8, "Cuenta de servicio:", f.service, to=middle - 40, size=8.5)
    captioned(pen, middle - 30, "Tipo de servicio:", LINE_WORDS[f.line], to=end - 6, size=8.5)
    pen.down(26)
    prices = [pen.chance.choice((12.5, 38.0, 64.9, 80.0)) if i.serial else 5.0 for i in f.items]
    rows = [
        (f"{300 + n * 7}", "1", f"{i.word} {made(i)}".strip(), i.serial, i.mac, f"{price:.2f}", "0.00")
        for n, (i, price) in enumerate(zip(f.items, prices, strict=True))
    ]
    heads = ("Cód.", "Cant.", sense(f, "Equipo devuelto", "Equipo instalado"), "Serie", "MAC", "P. reposición", "Total")
    pen.table(heads, rows, (30, 30, 162, 110, 98, 60, 41), size=7.8, x=x)
    captioned(pen, end - 170, "VALOR A PAGAR", "0.00", to=end, size=9)
    pen.text(x, "Información adicional", 8.5, bold=True)
    pen.down(14)
    pen.text(x, f"Correo: cliente{digits(pen, 3)}@buzon.ec     Orden de baja: {digits(pen, 8)}", 8.5)
    pen.down(14)
    note = sense(
        f, "Los equipos fueron recibidos en el establecimiento.", "Los equipos quedan instalados en el domicilio."
    )
    pen.text(x, note, 8.5)
    pen.down(72)
    pen.signature(x + 20, 190, f.signed, ["Firma del cliente"])
    pen.signature(middle + 40, 190, f.attended, [sense(f, "Recibido por", "Instalado por"), (f.agent,)])
    sealed(pen, f, middle + 8, pen.y + 6, short(f), f.city, f"{f.day:%d-%m-%Y}", round_=True)


def _small_letters(pen: Pen, f: Facts) -> None:
    """A modern maker's form, all in small letters: captions to the right of a line, values to its left."""
    x, split, end = 60.0, 205.0, pen.width - 60
    pen.y = pen.height - 66
    pen.text(
        x, sense(f, "constancia de devolución de equipos", "constancia de instalación de equipos"), 16, colour=_ORANGE
    )
    pen.down(16)
    pen.text(x, issuer(f).lower(), 9, colour=GREY)
    pen.down(34)

    def line(label: str, words: str) -> None:
        pen.text(split - 12, label, 9.5, colour=GREY, align="right")
        pen.value(split, words, 10.5, room=end - split)
        pen.down(19)

    top = pen.y + 12
    line("n.º de constancia", f.number)
    line("fecha", long_day(f.day))
    line("titular", f.holder)
    line("documento de identidad", f.id_number)
    line("servicio", LINE_WORDS[f.line].lower())
    line("n.º de cuenta", f.service)
    line("atendido en", f"{f.office}, {f.city}")
    line("ticket", f"#{digits(pen, 6)}")
    pen.down(12)
    pen.text(x, sense(f, "equipos devueltos", "equipos instalados"), 12, colour=_ORANGE)
    pen.down(24)
    for i in f.items:
        line("equipo", f"{i.word} {made(i)}".strip())
        if i.serial:
            line("n/s", i.serial)
        if i.mac:
            line("mac address", i.mac)
        pen.down(5)
    pen.canvas.setStrokeColor(_ORANGE)
    pen.canvas.setLineWidth(0.8)
    pen.canvas.line(split - 6, top, split - 6, pen.y + 14)
    pen.down(58)
    pen.signature(x, 180, f.signed, ["firma del cliente"], size=9)
    under = [f"recibido por {short(f)}" if f.returned else f"instalado por {short(f)}", (f.agent,)]
    pen.signature(end - 180, 180, f.attended, under, size=9)
    sealed(pen, f, end - 90, pen.y - 60)


def _clauses(pen: Pen, f: Facts) -> None:
    """An act in numbered clauses, as a legal department writes it, the equipment in a table between them."""
    pen.left = 68
    pen.y = pen.height - 66
    title = sense(f, "ACTA DE ENTREGA-RECEPCIÓN DEFINITIVA DE EQUIPOS", "ACTA DE INSTALACIÓN Y ENTREGA DE EQUIPOS")
    pen.middle(title, 12.5, bold=True)
    pen.value_middle(f"Nro. {f.number}" if f.number else "Nro. ____________", 11)
    pen.down(6)
    pen.prose(
        [
            "En la ciudad de",
            (f.city,),
            f", a los {f.day.day} días del mes de {MONTHS[f.day.month - 1]} de {f.day.year}, comparecen: por una parte"
            if f.signed or f.attended
            else ", a los ____ días del mes de ______________ de ______, comparecen: por una parte",
            (f.holder,),
            ", con cédula/RUC",
            (f.id_number,),
            f", en adelante EL CLIENTE; y por otra, {issuer(f)}, representada por",
            (f.agent,),
            ", con cédula",
            (f.agent_id,),
            ", de la oficina",
            (f.office,),
            ", en adelante LA EMPRESA.",
        ],
        10.5,
    )
    pen.prose(
        [
            "PRIMERA.- El CLIENTE",
            sense(f, "solicitó la terminación del", "contrató el"),
            f"servicio de {LINE_WORDS[f.line].lower()} identificado con el número",
            (dashed(f.service),),
            ", según contrato de adhesión No.",
            (digits(pen, 7),),
            ".",
        ],
        10.5,
    )
    pen.prose(
        [
            sense(
                f,
                "SEGUNDA.- El CLIENTE devuelve a LA EMPRESA, que los recibe, los equipos siguientes:",
                "SEGUNDA.- LA EMPRESA deja instalados al CLIENTE, que los recibe, los equipos siguientes:",
            )
        ],
        10.5,
    )
    rows = [(i.word, made(i), told(i, "S/S (sin serie)"), i.mac or "-") for i in f.items]
    pen.table(("Bien", "Marca y modelo", "Serie", "MAC"), rows, (140, 120, 120, 96), size=9)
    pen.down(8)
    pen.prose(
        [
            sense(
                f,
                "TERCERA.- LA EMPRESA declara haber verificado los equipos y no tener reclamo alguno por ellos.",
                "TERCERA.- El CLIENTE cuidará los equipos mientras dure el contrato.",
            )
        ],
        10.5,
    )
    pen.prose(["Para constancia firman en dos ejemplares de igual valor."], 10.5)
    pen.down(58)
    pen.signature(80, 180, f.signed, ["EL CLIENTE", (f.holder,)], size=8.5)
    pen.signature(350, 180, f.attended, ["POR LA EMPRESA", (f.agent,)], size=8.5)
    sealed(pen, f, 305, pen.y - 10, short(f), f.city.upper(), "ATENCIÓN AL", "CLIENTE", round_=True)


def _combs(pen: Pen, f: Facts) -> None:
    """Printed by a press in orange, a box for every digit, the copy's legend at the foot."""
    x, end = 40.0, pen.width - 40
    pen.y = pen.height - 52
    pen.text(x, short(f), 16, bold=True, colour=_ORANGE)
    pen.text(
        end, "FORMULARIO DE " + sense(f, "DEVOLUCIÓN", "INSTALACIÓN"), 13, bold=True, colour=_ORANGE, align="right"
    )
    pen.down(18)
    captioned(pen, end - 150, "N.º", f.number, to=end, size=12)
    pen.down(26)

    def label(at: float, words: str) -> None:
        pen.y += 18
        pen.text(at, words, 7, colour=_ORANGE)
        pen.y -= 18

    there = bool(f.holder)
    label(x, "DÍA")
    pen.comb(x, f"{f.day:%d}" if there else "", 2)
    label(x + 42, "MES")
    pen.comb(x + 42, f"{f.day:%m}" if there else "", 2)
    label(x + 84, "AÑO")
    pen.comb(x + 84, f"{f.day:%Y}" if there else "", 4)
    label(x + 180, "CÉDULA DE CIUDADANÍA O RUC DEL CLIENTE")
    pen.comb(x + 180, f.id_number, 13)
    pen.down(42)
    label(x, "NÚMERO DE SERVICIO")
    pen.comb(x, f.service, 9)
    label(x + 180, "SERVICIO")
    pen.value(x + 182, LINE_WORDS[f.line], 10.5)
    label(x + 330, "OFICINA")
    pen.value(x + 332, f"{f.office}, {f.city}", 10.5, room=end - x - 334)
    pen.down(42)
    label(x, "APELLIDOS Y NOMBRES COMPLETOS O RAZÓN SOCIAL")
    pen.frame(x, pen.y - 6, end - x, 20, thick=0.5)
    pen.value(x + 5, f.holder, 10.5, room=end - x - 10)
    pen.down(42)
    label(x, "DOMICILIO Y TELÉFONO")
    pen.frame(x, pen.y - 6, end - x, 20, thick=0.5)
    if there:
        pen.value(x + 5, f"{street(pen.chance)}  -  {mobile(pen)}", 10, room=end - x - 10)
    pen.down(26)
    band(pen, x, end - x, sense(f, "EQUIPOS QUE ENTREGA EL CLIENTE", "EQUIPOS INSTALADOS"), fill=_ORANGE, gap=0)
    rows = [(i.word, made(i), i.serial, i.mac) for i in f.items] + [("", "", "", "")] * (6 - len(f.items))
    heads = ("Artículo", "Marca / modelo", "N.º de serie (etiqueta)", "MAC (etiqueta)")
    pen.table(heads, rows, (150, 122, 142, 118), size=9, x=x, shade=_PALE_ORANGE)
    pen.down(56)
    pen.signature(x + 20, 190, f.signed, ["FIRMA DEL CLIENTE", (f.holder,)])
    pen.signature(end - 215, 190, f.attended, [f"RECIBE {short(f)}" if f.returned else short(f), (f.agent,)])
    sealed(pen, f, pen.width / 2 + 4, pen.y - 52)
    pen.down(92)
    pen.text(x, "ORIGINAL: cliente     1.ª copia: bodega     2.ª copia: archivo", 7, colour=_ORANGE)
    pen.text(
        end, f"Imprenta La Rotativa · Aut. {digits(pen, 4)} · del 00001 al 50000", 7, colour=_ORANGE, align="right"
    )


def _unstamped(chance: Random) -> Facts:
    return replace(sixth_facts(chance), stamped=False)


SIXTH = (
    Layout("orden_contratista", A4, "condensed", _contractor, True, invent=sixth_facts),
    Layout("titulos_invertidos", A4, "sans", _inverted, True, invent=sixth_facts),
    Layout("rejilla_leyendas", A4, "grotesque", _grid, True, invent=sixth_facts),
    Layout("lista_control", LETTER, "office", _checklist, True, invent=sixth_facts),
    Layout("portal_tarjetas", A4, "modern", _cards, True, by_hand=False, invent=sixth_facts),
    Layout("erp_posiciones", LETTER, "plainmono", _erp, True, by_hand=False, invent=sixth_facts),
    Layout("recibo_app", (320, 800), "grotesque", _app, True, by_hand=False, invent=_unstamped),
    Layout("rollo_bodega", (216, 720), "mono", _roll, True, by_hand=False, invent=sixth_facts,
           tint=(0.97, 0.96, 0.93)),
    Layout("oficio_certifica", A4, "serif", _attested, True, invent=sixth_facts),
    Layout("entrega_voluntaria", A4, "bookish", _first_person, True, invent=sixth_facts),
    Layout("recibo_talonario", landscape(A5), "typewriter", _slip, True, invent=sixth_facts,
           tint=(1.0, 0.97, 0.85)),
    Layout("dos_partes", A4, "wide", _two_sides, True, invent=sixth_facts),
    Layout("hoja_amarilla", A4, "office", _sheet, True, invent=sixth_facts),
    Layout("comprobante_autorizado", A4, "sans", _authorised, True, by_hand=False, invent=sixth_facts),
    Layout("minusculas", A4, "humanist", _small_letters, True, by_hand=False, invent=sixth_facts),
    Layout("acta_clausulas", LETTER, "book", _clauses, True, invent=sixth_facts),
    Layout("imprenta_casillas", LETTER, "narrow", _combs, True, invent=sixth_facts, ink=Ink("sans", CARBON)),
)  # fmt: skip
