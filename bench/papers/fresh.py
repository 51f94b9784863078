"""Layouts held out a second time: drawn before their author had read the rules, looked into by nobody who mends them.

When the papers of `unseen` had become known to whoever writes the reading rules, these took their place.
Each brings something that none of the others has: captions under the value, a name in two boxes, a printed
list of types to fill in, serial and MAC in one cell, a day in three boxes, clauses, cards, a label's frames.
"""

from __future__ import annotations

from reportlab.lib.colors import Color, black
from reportlab.lib.pagesizes import A4, LETTER, landscape
from reportlab.lib.units import mm

from papers.form import Layout, dashed, grouped, issuer, long_day, short, short_month, title_case
from papers.pen import CARBON, GREY, Ink, Pen
from papers.truth import CNT_RUC, LINE_WORDS, Facts, Item

_SAND = Color(0.95, 0.93, 0.87)
_NIGHT = Color(0.16, 0.19, 0.27)
_WHITE = Color(1, 1, 1)


def _spaced(service: str) -> str:
    """In groups of two and three digits."""
    return f"{service[:2]} {service[2:5]} {service[5:]}".strip()


def _in_two(name: str) -> tuple[str, str]:
    """Surnames, given names."""
    words = name.split()
    return " ".join(words[:2]), " ".join(words[2:])


def _check_list(pen: Pen, f: Facts) -> None:
    """All types of equipment stand printed in a list; who receives fills in serials beside those that came."""
    left, end = 46.0, pen.width - 46
    pen.left = left
    pen.frame(left, pen.height - 96, 110, 54)
    pen.logo(left + 24, pen.height - 74, f.ours, name=f.company, size=24)
    pen.frame(left + 110, pen.height - 96, end - left - 240, 54)
    pen.frame(end - 130, pen.height - 96, 130, 54)
    pen.y = pen.height - 62
    middle = left + 110 + (end - left - 240) / 2
    pen.text(
        middle,
        "RECEPCIÓN DE EQUIPOS TERMINALES" if f.returned else "ENTREGA DE EQUIPOS TERMINALES",
        10.5,
        bold=True,
        align="middle",
    )
    pen.down(14)
    pen.text(
        middle, "Baja definitiva del servicio" if f.returned else "Alta de servicio - instalación", 9, align="middle"
    )
    pen.y = pen.height - 56
    for label, value in (("Código:", "FOR-GCC-031"), ("Versión:", "05"), ("Página:", "1 de 1")):
        pen.text(end - 124, f"{label} {value}", 8)
        pen.down(14)
    pen.y = pen.height - 118
    pen.text(left, issuer(f), 8, colour=GREY)
    pen.down(20)
    for rows in (
        (("Solicitud", f.number), ("Fecha", f"{f.day:%d.%m.%Y}")),
        (("Nombre del titular", f.holder),),
        (("Documento de identidad", f.id_number), ("Teléfono fijo / cuenta", f.service)),
        (("Tipo de servicio", LINE_WORDS[f.line]), ("Sucursal", f.office)),
    ):
        at = left
        for label, value in rows:
            wide = (end - left) / len(rows)
            pen.frame(at, pen.y - 5, 112, 19, fill=_SAND, thick=0.4)
            pen.frame(at + 112, pen.y - 5, wide - 112, 19, thick=0.4)
            pen.text(at + 108, label, 8.5, align="right")
            pen.value(at + 117, value, 9.5, room=wide - 122)
            at += wide
        pen.down(19)
    pen.down(16)
    verb = "recibe del abonado" if f.returned else "entrega al abonado"
    pen.text(left, f"Marque con una X lo que {short(f)} {verb}:", 9)
    pen.down(6)
    kinds = ("ONT", "MODEM_ROUTER", "DECODIFICADOR", "SMARTCARD", "TELEFONO", "FUENTE", "CONTROL_REMOTO", "CABLE")
    words = (
        "ONT / módem óptico",
        "Módem router",
        "Decodificador",
        "Tarjeta inteligente",
        "Teléfono",
        "Fuente de poder",
        "Control remoto",
        "Cable",
    )
    rows_: list[list[str]] = []
    for kind, word in zip(kinds, words, strict=True):
        there = [i for i in f.items if i.type.value == kind and i.word]
        rows_ += [[i.word, "X", f"{i.brand} {i.model}".strip(), i.serial, i.mac] for i in there] or [
            [word, "", "", "", ""]
        ]
    pen.table(
        ["Tipo", "X", "Marca/Modelo", "Nro. serial", "MAC"],
        rows_,
        [(end - left) * share for share in (0.22, 0.05, 0.22, 0.27, 0.24)],
        size=9,
        shade=_SAND,
        printed=frozenset({0}),
    )
    pen.prose(["Comentarios: ninguno."], 9)
    pen.down(58)
    pen.signature(left + 20, 190, f.signed, ["Abonado", (f.holder,)])
    pen.signature(left + 280, 190, f.attended, [f"Responsable {short(f)}", (f.agent,)])
    if f.stamped:
        pen.stamp(end - 30, pen.y + 14, [short(f), f.city, f"{f.day:%d %m %Y}"], round_=False)


def _captions_below(pen: Pen, f: Facts) -> None:
    """Half a sheet whose captions stand in small print under the rules one writes on; the name in two parts."""
    left, end = 40.0, pen.width - 40
    pen.left = left
    pen.y = pen.height - 44
    pen.text(left, short(f), 16, bold=True)
    pen.text(
        end,
        "ACTA DE RETIRO DE EQUIPOS" if f.returned else "ACTA DE INSTALACIÓN DE EQUIPOS",
        13,
        bold=True,
        align="right",
    )
    pen.down(15)
    pen.text(left, issuer(f), 7, colour=GREY)
    pen.text(end - 96, "N°", 11)
    pen.value(end - 80, f.number, 11, room=80)
    surnames, given = _in_two(f.holder)

    def row(*cells: tuple[str, str, float]) -> None:
        pen.down(33)
        for drawn in ("values", "captions"):
            at = left
            for caption, value, share in cells:
                wide = (end - left) * share
                if drawn == "values":
                    pen.value(at + 4, value, 10.5, room=wide - 16)
                else:
                    pen.rule(at, at + wide - 10, thick=0.5)
                    pen.down(8)
                    pen.text(at + 2, caption, 6.5)
                    pen.y += 8
                at += wide
            pen.y += -3 if drawn == "values" else 3

    row(("APELLIDOS", surnames, 0.36), ("NOMBRES", given, 0.36), ("CÉDULA O RUC", f.id_number, 0.28))
    row(
        ("SERVICIO", LINE_WORDS[f.line] if f.holder else "", 0.3),
        ("NÚMERO DEL SERVICIO", dashed(f.service), 0.34),
        ("FECHA (D/M/A)", f"{f.day:%d/%m/%Y}" if f.holder else "", 0.36),
    )
    row(("CENTRO DE ATENCIÓN", f.office if f.holder else "", 0.6), ("CIUDAD", f.city if f.holder else "", 0.4))
    for n, i in enumerate(f.items):
        if not i.serial and i.word:
            row((f"ACCESORIO {n + 1}", i.word, 0.6))
        else:
            row(
                (f"EQUIPO {n + 1}", f"{i.word} {i.brand} {i.model}".strip(), 0.4),
                ("SERIE", i.serial, 0.34),
                ("MAC", i.mac, 0.26),
            )
    pen.down(30)
    pen.prose(
        [
            f"El cliente entrega y {short(f)} recibe lo arriba descrito."
            if f.returned
            else f"El cliente recibe y {short(f)} entrega lo arriba descrito."
        ],
        8.5,
    )
    pen.down(38)
    pen.signature(left + 20, 170, f.signed, ["FIRMA DEL CLIENTE"])
    pen.signature(end - 210, 170, f.attended, ["FIRMA DEL FUNCIONARIO", (f.agent,)])
    if f.stamped:
        pen.stamp(pen.width / 2 + 20, pen.y + 14, [short(f), f.city, f"{f.day:%d-%m-%y}"])


def _cards(pen: Pen, f: Facts) -> None:
    """A page printed from a portal: captions above values, two cards beside each other, an address below."""
    left, end = 42.0, pen.width - 42
    pen.left = left
    pen.frame(0, pen.height - 62, pen.width, 62, fill=_NIGHT, thick=0)
    pen.y = pen.height - 40
    pen.text(left, short(f), 20, bold=True, colour=_WHITE)
    pen.text(end, "Portal de atención", 10, colour=_WHITE, align="right")
    pen.y = pen.height - 92
    pen.text(
        left, "Constancia de equipos devueltos" if f.returned else "Constancia de equipos instalados", 16, bold=True
    )
    pen.down(16)
    pen.text(left, issuer(f), 8, colour=GREY)
    pen.down(12)
    wide = (end - left - 14) / 2
    top = pen.y
    for column, (title, pairs) in enumerate(
        (
            (
                "Cliente",
                (
                    ("Nombres completos", title_case(f.holder)),
                    ("Identificación", f.id_number),
                    ("Punto de atención", f"{f.office}, {f.city}"),
                ),
            ),
            (
                "Trámite",
                (
                    ("Constancia número", f.number),
                    ("Fecha de registro", short_month(f.day)),
                    (f"Servicio {LINE_WORDS[f.line].lower()}", grouped(f.service)),
                ),
            ),
        )
    ):
        at = left + column * (wide + 14)
        pen.y = top
        pen.frame(at, top - 118, wide, 118, round_=6, thick=0.5)
        pen.down(16)
        pen.text(at + 12, title, 10.5, bold=True)
        pen.down(18)
        for caption, value in pairs:
            pen.text(at + 12, caption, 7.5, colour=GREY)
            pen.down(12)
            pen.value(at + 12, value, 10, room=wide - 24)
            pen.down(16)
    pen.y = top - 142
    pen.text(left, "Equipos", 10.5, bold=True)
    pen.down(8)
    for i in f.items:
        tall = 50 if i.serial or not i.word else 26
        pen.frame(left, pen.y - tall, end - left, tall, fill=Color(0.97, 0.97, 0.98), thick=0.3)
        pen.down(16)
        pen.value(left + 12, i.word, 10.5, bold=True)
        pen.value(left + 190, f"{i.brand} {i.model}".strip(), 9.5)
        pen.text(
            end - 12,
            ("Recibido" if f.returned else "Entregado") if i.word else "",
            9,
            align="right",
            colour=Color(0.1, 0.45, 0.2),
        )
        if i.serial:
            pen.down(13)
            for at, caption, value in ((left + 12, "Serial Number", i.serial), (left + 260, "MAC Address", i.mac)):
                if value:
                    pen.text(at, caption, 7, colour=GREY)
                    pen.down(12)
                    pen.value(at, value, 10)
                    pen.y += 12
            pen.down(21)
        else:
            pen.down(10)
        pen.down(6)
    pen.down(14)
    pen.prose(
        [
            f"{short(f)} deja constancia de que el cliente entregó los equipos listados "
            "y de que fueron recibidos en el punto de atención."
        ]
        if f.returned
        else [
            "El cliente deja constancia de que los equipos listados fueron instalados en su domicilio "
            "y de que los recibe en funcionamiento."
        ],
        9,
    )
    pen.down(56)
    pen.signature(left + 20, 180, f.signed, ["Cliente"])
    pen.signature(left + 270, 180, f.attended, [f"Asesor de {short(f)}", (title_case(f.agent),)])
    if f.stamped:
        pen.stamp(end - 40, pen.y + 18, [short(f), f.office, f"{f.day:%d/%m/%Y}"])
    pen.y = 26
    pen.text(left, "https://portal.ejemplo.ec/postventa/equipos?id=88120", 7, colour=GREY)
    pen.text(end, "1/1", 7, colour=GREY, align="right")


def _clauses(pen: Pen, f: Facts) -> None:
    """A paper of lawyers: clauses in running text, and a table in which serial and MAC share a cell."""
    pen.left = 68
    pen.y = pen.height - 66
    pen.middle(issuer(f), 11, bold=True)
    pen.down(6)
    pen.middle(
        "ACTA DE ENTREGA-RECEPCIÓN DEFINITIVA DE EQUIPOS"
        if f.returned
        else "ACTA DE ENTREGA-RECEPCIÓN E INSTALACIÓN DE EQUIPOS",
        12,
        bold=True,
    )
    pen.text(pen.width / 2 - 64, "ACTA No.", 10.5)
    pen.value(pen.width / 2 - 14, f.number, 10.5)
    pen.down(28)
    role, does = ("hace la devolución de", "devuelve") if f.returned else ("recibe en comodato", "recibe")
    pen.prose(
        [
            "PRIMERA.- COMPARECIENTES: En",
            (f.city,),
            ", a",
            (long_day(f.day),),
            f", comparecen por una parte {short(f)}, representada por",
            (title_case(f.agent),),
            ", y por otra",
            (f.holder,),
            ", portador de la cédula o RUC",
            (f.id_number,),
            ", a quien se llamará el abonado.",
        ],
        10,
    )
    pen.prose(
        [
            "SEGUNDA.- ANTECEDENTES: El abonado mantiene"
            if not f.returned
            else "SEGUNDA.- ANTECEDENTES: El abonado mantuvo",
            "con la empresa el servicio de",
            (LINE_WORDS[f.line].lower(),),
            ", cuyo número es",
            (_spaced(f.service),),
            *(["y pidió su terminación."] if f.returned else ["que hoy se activa."]),
        ],
        10,
    )
    pen.prose(
        [
            f"TERCERA.- OBJETO: Por este acto el abonado {role} los equipos siguientes, que {does} en la oficina",
            (f.office,),
            ":",
        ],
        10,
    )
    pen.table(
        ["N.", "Equipo, marca y modelo", "Serie / MAC"],
        [
            [str(n), f"{i.word} {i.brand} {i.model}".strip(), " / ".join(v for v in (i.serial, i.mac) if v)]
            for n, i in enumerate(f.items, 1)
        ],
        [28, 200, pen.width - 136 - 228],
        size=9.5,
        x=68,
        printed=frozenset({0}),
    )
    pen.down(4)
    pen.prose(["CUARTA.- ACEPTACIÓN: Las partes aceptan el contenido de esta acta y la firman en unidad de acto."], 10)
    pen.down(62)
    pen.signature(80, 170, f.signed, [(f.holder,), "ABONADO"])
    pen.signature(330, 170, f.attended, [(f.agent,), f"POR {short(f)}"])
    if f.stamped:
        pen.stamp(pen.width / 2 + 6, pen.y + 16, [short(f), f.city, f"{f.day:%d %m %Y}"])


def _frames(pen: Pen, f: Facts) -> None:
    """A label's printer: frames with a tiny caption in the corner, bold capitals, bars of the certificate's number."""
    left, end = 10.0, pen.width - 10
    pen.left = left
    pen.y = pen.height - 26
    pen.text(left, short(f), 15, bold=True)
    pen.text(end, "DEVOLUCION EQUIPOS" if f.returned else "INSTALACION EQUIPOS", 11, bold=True, align="right")
    pen.down(10)

    def row(*cells: tuple[str, str, float]) -> None:
        at = left
        for caption, value, share in cells:
            wide = (end - left) * share
            pen.frame(at, pen.y - 27, wide, 27, thick=0.8)
            pen.down(7)
            pen.text(at + 3, caption, 5.5)
            pen.down(14)
            pen.value(at + 5, value, 10, room=wide - 9, bold=True)
            pen.y += 21
            at += wide
        pen.down(27)

    row(("ACTA", f.number, 0.5), ("FECHA", f"{f.day:%d-%m-%Y}" if f.holder else "", 0.5))
    row(("CLIENTE", f.holder, 1))
    row(("CI/RUC", f.id_number, 0.5), ("SERVICIO NRO", f.service, 0.5))
    row(
        ("LINEA", LINE_WORDS[f.line].upper() if f.holder else "", 0.4),
        ("CAC", f.office.upper() if f.holder else "", 0.6),
    )
    for i in f.items:
        if i.serial:
            row(("EQUIPO", f"{i.word.upper()} {i.brand.upper()}".strip(), 0.42), ("S/N", i.serial, 0.58))
            if i.mac:
                row(("MODELO", i.model, 0.42), ("MAC", i.mac, 0.58))
        else:
            row(("ACCESORIO", i.word.upper(), 1))
    pen.down(10)
    pen.text(left, "CLIENTE ENTREGA A " + short(f) if f.returned else "CLIENTE RECIBE DE " + short(f), 8)
    pen.down(54)
    half = (end - left) / 2
    pen.signature(left + 6, half - 18, f.signed, ["FIRMA CLIENTE"])
    pen.signature(left + half + 6, half - 18, f.attended, ["FIRMA AGENTE", (f.agent,)], size=7)
    if f.stamped:
        pen.stamp(end - 36, pen.y + 26, [short(f), f.city, f"{f.day:%d/%m/%y}"])


def _spreadsheet(pen: Pen, f: Facts) -> None:
    """A sheet of a spreadsheet program: all in cells, keys beside values, the day in three of them."""
    left, end = 34.0, pen.width - 34
    pen.left = left
    unit = (end - left) / 12

    def cells(*row: tuple[int, str, bool], tall: float = 17, size: float = 8.5) -> None:
        at = left
        for span, words, label in row:
            pen.frame(
                at, pen.y - 5, unit * span, tall, fill=Color(0.86, 0.92, 0.84) if label and words else None, thick=0.35
            )
            if label:
                pen.text(at + 3, words, size, bold=True)
            else:
                pen.value(at + 3, words, size + 0.5, room=unit * span - 6)
            at += unit * span
        pen.down(tall)

    pen.y = pen.height - 60
    cells((12, issuer(f), True), size=9)
    cells(
        (
            9,
            "REGISTRO DE DEVOLUCIÓN DE EQUIPOS EN CAC"
            if f.returned
            else "REGISTRO DE ENTREGA DE EQUIPOS POR INSTALACIÓN",
            True,
        ),
        (1, "Nº", True),
        (2, f.number, False),
    )
    d = f.day if f.holder else None
    cells(
        (1, "DÍA", True),
        (1, f"{d:%d}" if d else "", False),
        (1, "MES", True),
        (1, f"{d:%m}" if d else "", False),
        (1, "AÑO", True),
        (1, f"{d:%Y}" if d else "", False),
        (1, "CAC", True),
        (3, f.office if d else "", False),
        (2, f.city if d else "", False),
    )
    cells((2, "CLIENTE", True), (6, f.holder, False), (1, "CI/RUC", True), (3, f.id_number, False))
    cells(
        (2, "SERVICIO", True),
        (4, LINE_WORDS[f.line] if d else "", False),
        (2, "No. SERVICIO", True),
        (4, f.service, False),
    )
    cells((12, "DETALLE DE EQUIPOS " + ("QUE ENTREGA EL CLIENTE" if f.returned else "QUE RECIBE EL CLIENTE"), True))
    cells(
        (1, "CANT", True),
        (3, "DESCRIPCIÓN", True),
        (2, "MARCA", True),
        (2, "MODELO", True),
        (2, "SERIE", True),
        (2, "MAC", True),
    )
    for i in (*f.items, *[Item(f.items[0].type, "")] * (6 - len(f.items))):
        cells(
            (1, "1" if i.word else "", False),
            (3, i.word, False),
            (2, i.brand, False),
            (2, i.model, False),
            (2, i.serial, False),
            (2, i.mac, False),
        )
    cells((3, "OBSERVACIONES", True), (9, "Equipos completos" if d else "", False))
    pen.down(70)
    pen.signature(left + 30, 200, f.signed, ["ENTREGA: CLIENTE" if f.returned else "RECIBE: CLIENTE", (f.holder,)])
    pen.signature(end - 240, 200, f.attended, [("RECIBE: " if f.returned else "ENTREGA: ") + short(f), (f.agent,)])
    if f.stamped:
        pen.stamp(pen.width / 2, pen.y + 20, [short(f), f.city, f"{f.day:%d/%m/%Y}"])


def _receipt_stub(pen: Pen, f: Facts) -> None:
    """Two parts on one sheet: the certificate, and below a cut line the stub with the values once more."""
    left, end = 56.0, pen.width - 56
    pen.left = left
    pen.y = pen.height - 60
    pen.logo(left, pen.y, f.ours, name=f.company)
    pen.text(
        end,
        "RECIBO DE EQUIPOS DEVUELTOS" if f.returned else "RECIBO DE EQUIPOS EN INSTALACIÓN",
        13,
        bold=True,
        align="right",
    )
    pen.down(14)
    pen.text(end, issuer(f), 7.5, align="right", colour=GREY)
    pen.down(12)
    if f.ours:
        pen.text(end, f"RUC {CNT_RUC}", 7.5, align="right", colour=GREY)
    pen.down(26)
    verb = "Recibí de" if f.returned else "Entregué a"
    for label, value in (
        ("Recibo Nº", f.number),
        (f"{verb} (cliente)", f.holder),
        ("C.C. / RUC", f.id_number),
        ("Nº de contrato/servicio", f.service),
        ("Concepto", LINE_WORDS[f.line] if f.holder else ""),
        ("Lugar y fecha", f"{f.city}, {f.day:%d/%m/%Y}" if f.holder else ""),
    ):
        pen.text(left, label, 10)
        pen.value(left + 150, value, 11, room=end - left - 150)
        pen.down(4)
        pen.rule(left + 146, end, thick=0.4, dots=True)
        pen.down(17)
    pen.down(4)
    for n, i in enumerate(f.items, 1):
        parts = [
            f"{n}.- {i.word}" if i.word else f"{n}.-",
            f"{i.brand} {i.model}".strip(),
            f"Serie: {i.serial}" if i.serial else "",
            f"MAC: {i.mac}" if i.mac else "",
        ]
        pen.value(left + 10, "   ".join(part for part in parts if part), 10, room=end - left - 20)
        pen.down(18)
    pen.down(42)
    pen.signature(left, 170, f.signed, ["Entregué conforme (cliente)" if f.returned else "Recibí conforme (cliente)"])
    pen.signature(
        end - 180,
        170,
        f.attended,
        [("Recibí conforme " if f.returned else "Entregué conforme ") + short(f), (f.agent,)],
    )
    if f.stamped:
        pen.stamp(pen.width / 2, pen.y + 20, [short(f), f.office, f"{f.day:%d-%m-%Y}"])
    pen.down(60)
    pen.rule(left - 30, end + 30, dots=True)
    pen.down(16)
    pen.text(left, "TALÓN PARA EL ARCHIVO", 8, bold=True)
    pen.down(14)
    pen.value(
        left, "   ".join(v for v in (f.number, f.id_number, f.service, f"{f.day:%d/%m/%Y}" if f.holder else "") if v), 9
    )


FRESH = (
    Layout("lista_tipos", A4, "humanist", _check_list, unseen=True),
    Layout(
        "rotulo_debajo",
        (216 * mm, 170 * mm),
        "bookish",
        _captions_below,
        unseen=True,
        ink=Ink("typewriter", CARBON, 0.8),
        tint=(0.97, 0.98, 0.93),
    ),
    Layout("tarjetas", LETTER, "sans", _cards, unseen=True, by_hand=False),
    Layout("clausulas", A4, "bookish", _clauses, unseen=True),
    Layout("etiqueta", (102 * mm, 160 * mm), "humanist", _frames, unseen=True, by_hand=False, ink=Ink("", black)),
    Layout("hoja_calculo", landscape(LETTER), "office", _spreadsheet, unseen=True, tint=(0.99, 0.99, 0.99)),
    Layout("recibo_talon", A4, "wide", _receipt_stub, unseen=True, omits=frozenset({"office"})),
)
