"""HELD OUT.  Layouts that whoever writes the reading rules must not look at, nor tune to.

They judge whether the rules read certificates or only the layouts of `visible`.  If you work on
`evidence_daemon/documents/` or `rules/documents.toml`, close this file.
"""

from __future__ import annotations

from reportlab.lib.colors import Color, black
from reportlab.lib.pagesizes import A4, A5, LETTER, landscape
from reportlab.lib.units import mm

from papers.form import Layout, dashed, grouped, issuer, long_day, short, short_month, title_case
from papers.pen import CARBON, GREY, Ink, Pen
from papers.truth import CNT_RUC, LINE_WORDS, MONTHS, Facts

_SAND = Color(0.93, 0.91, 0.85)


def _carbon(pen: Pen, f: Facts) -> None:
    """The customer's pink copy of a pad, half a sheet across: what was written comes through as carbon."""
    end = pen.width - 26
    pen.left = 26
    pen.frame(26, 22, end - 26, pen.height - 44, thick=1)
    pen.frame(end - 130, pen.height - 64, 122, 34, round_=6)
    pen.y = pen.height - 44
    pen.text(end - 124, "ACTA Nº", 8, bold=True)
    pen.value(end - 84, f.number, 11, room=72)
    pen.down(14)
    pen.text(end - 124, "COPIA CLIENTE", 6.5, colour=GREY)
    pen.y = pen.height - 44
    pen.text(36, issuer(f), 9, bold=True)
    pen.down(14)
    pen.text(36, "DEVOLUCIÓN DE EQUIPOS" if f.returned else "INSTALACIÓN DE EQUIPOS", 12, bold=True)
    pen.y = pen.height - 84
    cells = (
        (("SR.(A)", f.holder, 0.62), ("CÉDULA / RUC", f.id_number, 0.38)),
        (
            ("N° TELÉFONO O CÓDIGO", f.service, 0.34),
            ("SERVICIO", LINE_WORDS[f.line], 0.3),
            ("DÍA / MES / AÑO", f"{f.day.day} / {f.day.month} / {f.day.year}" if f.holder else "", 0.36),
        ),
    )
    for row in cells:
        at = 36.0
        for label, value, share in row:
            width = (end - 46) * share
            pen.frame(at, pen.y - 26, width - 4, 28)
            pen.text(at + 3, "", 5)
            pen.down(5)
            pen.text(at + 3, label, 5.5, colour=GREY)
            pen.down(14)
            pen.value(at + 8, value, 10.5, room=width - 16)
            pen.y += 19
            at += width
        pen.down(34)
    pen.down(-4)
    rows = [[i.word, f"{i.brand} {i.model}".strip(), i.serial, i.mac] for i in f.items]
    pen.table(
        ["DESCRIPCIÓN", "MARCA", "SERIAL", "MAC"],
        rows + [[""] * 4] * (3 - len(rows)),
        [(end - 46) * s for s in (0.27, 0.22, 0.27, 0.24)],
        size=9,
        x=36,
        pitch=2.1,
    )
    pen.text(
        36, "RECIBÍ DEL CLIENTE LO ARRIBA INDICADO" if f.returned else "RECIBÍ DE LA EMPRESA LO ARRIBA INDICADO", 7.5
    )
    pen.y = 52
    pen.signature(60, 150, f.signed, ["CLIENTE"], size=7)
    pen.signature(300, 150, f.attended, ["ASESOR", (f.agent,)], size=7)
    if f.stamped:
        pen.stamp(end - 62, 74, [short(f), f.city, f"{f.day:%d-%m-%Y}"], round_=False)


def _two_columns(pen: Pen, f: Facts) -> None:
    """Who and what at the left, the equipment at the right in a table that lies on its side."""
    pen.left = 46
    pen.frame(0, pen.height - 84, pen.width, 84, fill=_SAND, thick=0)
    pen.logo(46, pen.height - 56, f.ours, name=f.company, size=24)
    pen.y = pen.height - 46
    pen.text(pen.width - 46, "Acta de entrega recepción de equipos", 16, bold=True, align="right")
    pen.down(18)
    pen.text(
        pen.width - 46,
        "Baja de servicio: el cliente devuelve" if f.returned else "Alta de servicio: el cliente recibe",
        10,
        align="right",
    )
    pen.y = pen.height - 118
    middle = 235.0

    def pair(label: str, value: str) -> None:
        pen.text(46, label, 8.5, colour=GREY)
        pen.down(14)
        pen.value(46, value or ("" if not f.holder else "-"), 11.5, room=middle - 60)
        pen.down(21)

    top = pen.y
    pair("Acta", f.number)
    pair("Cliente", f.holder)
    pair("Documento de identidad", f.id_number)
    pair("Login", f.service)
    pair("Servicio contratado", LINE_WORDS[f.line])
    pair("Fecha", long_day(f.day))
    pair("Centro de atención", f.office)
    pair("Atendido por", title_case(f.agent))
    bottom, pen.y = pen.y, top
    wide = (pen.width - 46 - middle - 58) / max(2, len(f.items))
    rows = ("Equipo", "Marca", "Modelo", "Serie", "MAC", "Estado")
    values = [[i.word, i.brand, i.model, i.serial, i.mac, "Funciona" if i.word else ""] for i in f.items]
    for n, label in enumerate(rows):
        pen.frame(middle, pen.y - 10, 58, 26, fill=_SAND, thick=0.4)
        pen.text(middle + 4, label, 9, bold=True)
        for place, column in enumerate(values):
            pen.frame(middle + 58 + place * wide, pen.y - 10, wide, 26, thick=0.4)
            pen.value(middle + 62 + place * wide, column[n], 9.5, room=wide - 8)
        pen.down(26)
    pen.down(16)
    pen.prose(
        [f"{short(f)} recibe los equipos para su revisión. No se registran valores por equipos no devueltos."]
        if f.returned
        else ["Los equipos quedan en poder del cliente, que los cuidará y restituirá al terminar el contrato."],
        9.5,
        x=middle,
        width=pen.width - 46 - middle,
    )
    pen.y = min(bottom, pen.y) - 60
    pen.signature(60, 160, f.signed, ["Cliente", (title_case(f.holder),)], size=9)
    pen.signature(330, 160, f.attended, [short(f), (title_case(f.agent),)], size=9)
    if f.stamped:
        pen.stamp(262, pen.y + 18, [short(f), "POSVENTA", f"{f.day:%d-%m-%Y}"])


def _certificate(pen: Pen, f: Facts) -> None:
    """Nothing but sentences: even the equipment is told in words."""
    pen.left = 80
    pen.y = pen.height - 80
    pen.middle(issuer(f), 11, bold=True)
    if f.ours:
        pen.middle(f"RUC {CNT_RUC}", 9)
    pen.down(28)
    pen.middle(
        "CERTIFICADO DE RECEPCIÓN DE EQUIPOS" if f.returned else "CERTIFICADO DE INSTALACIÓN DE EQUIPOS", 15, bold=True
    )
    pen.down(24)
    pen.prose(
        ["En la ciudad de", (f.city,), ", a los", (str(f.day.day),), "días del mes de", (MONTHS[f.day.month - 1],),
         "de", (str(f.day.year),), ", comparecen por una parte", (f.holder,), ", portador(a) de la cédula o RUC número",
         (f.id_number,), ", y por otra", (title_case(f.agent),), f", en representación de {short(f)}, oficina",
         (f.office,), "."],
        11.5,
        leading=1.7,
    )  # fmt: skip
    if f.returned:
        said = "El compareciente hace la entrega de los siguientes equipos del servicio de"
    else:
        said = "El representante instala y entrega al cliente los siguientes equipos del servicio de"
    parts: list[str | tuple[str]] = [said, (LINE_WORDS[f.line].lower(),), "número", (grouped(f.service),), ":"]
    for n, i in enumerate(f.items):
        parts += ["un(a)", (i.word,)]
        if i.brand:
            parts += ["marca", (i.brand,), "modelo", (i.model,)]
        if i.serial:
            parts += [", con número de serie", (i.serial,)]
        if i.mac:
            parts += ["y dirección MAC", (i.mac,)]
        parts += ["." if n == len(f.items) - 1 else ";"]
    pen.prose(parts, 11.5, leading=1.7, bold_values=False)
    pen.prose(
        [
            "En consecuencia, nada queda pendiente por concepto de equipos terminales. Se extiende el presente "
            "certificado a petición del interesado."
        ]
        if f.returned
        else [
            "El cliente recibe los equipos a satisfacción y se compromete a devolverlos a la terminación del contrato."
        ],
        11.5,
        leading=1.7,
    )
    pen.down(70)
    pen.signature(90, 170, f.signed, [(title_case(f.holder),), "EL CLIENTE"], size=9)
    pen.signature(340, 170, f.attended, [(title_case(f.agent),), f"POR {short(f)}"], size=9)
    if f.stamped:
        pen.stamp(300, pen.y - 30, [short(f), f.office, f"{f.day:%d-%m-%Y}"])


def _narrow_roll(pen: Pen, f: Facts) -> None:
    """A narrower roll: every label on a line of its own, the value under it."""
    pen.left = 10
    pen.y = pen.height - 28
    pen.middle(short(f), 15, bold=True)
    pen.middle(f.office, 9)
    pen.middle(f"{f.day:%d.%m.%Y}  {9 + f.day.day % 8}:{10 + f.day.day}", 9)
    pen.down(6)
    pen.middle("CONSTANCIA DE RETIRO" if f.returned else "CONSTANCIA DE ALTA", 12, bold=True)
    pen.middle("DE EQUIPOS" if f.returned else "E INSTALACION", 12, bold=True)
    pen.down(4)
    for label, value in (
        ("Comprobante", f.number),
        ("Titular", f.holder),
        ("Identificación", f.id_number),
        ("Contrato / línea", dashed(f.service)),
    ):
        pen.text(10, label, 7.5)
        words = value.split()
        # A name is too long for the roll: surnames on one line, given names under them.
        for line in (" ".join(words[:2]), " ".join(words[2:])) if label == "Titular" else (value,):
            pen.down(12)
            pen.value(14, line, 10, room=pen.width - 26)
        pen.down(15)
    pen.rule(10, pen.width - 10, dots=True)
    pen.down(14)
    for i in f.items:
        pen.value(10, f"* {i.word} {i.brand}".strip(), 9.5, room=pen.width - 20)
        pen.down(13)
        if i.serial:
            pen.value(14, f"SN {i.serial}", 9.5, room=pen.width - 26)
            pen.down(13)
        if i.mac:
            pen.value(14, f"MAC {i.mac}", 9.5, room=pen.width - 26)
            pen.down(13)
    pen.rule(10, pen.width - 10, dots=True)
    pen.down(14)
    pen.prose(
        ["El cliente devuelve y la agencia recibe."] if f.returned else ["El cliente recibe y la agencia entrega."], 8.5
    )
    pen.down(46)
    pen.signature(20, pen.width - 40, f.signed, ["f) Cliente"], size=8)
    pen.down(60)
    pen.signature(30, pen.width - 60, f.attended, [f"f) {title_case(f.agent)}"], size=8)
    if f.stamped:
        pen.stamp(pen.width - 50, pen.y + 20, [short(f), f.city, f"{f.day:%d-%m-%Y}"])


def _two_services(pen: Pen, f: Facts) -> None:
    """One certificate for two services of one customer: a section for each."""
    pen.left = 50
    end = pen.width - 50
    pen.logo(50, pen.height - 66, f.ours, name=f.company)
    pen.y = pen.height - 58
    pen.text(
        end,
        "ACTA DE RETIRO DE EQUIPOS" if f.returned else "ACTA DE INSTALACIÓN DE EQUIPOS",
        14,
        bold=True,
        align="right",
    )
    pen.down(15)
    at = end - 150
    pen.text(at, "Nro.:", 10)
    pen.value(at + 30, f.number, 10)
    pen.down(34)
    for label, value, x in (("CLIENTE:", f.holder, 50), ("CI:", f.id_number, 380)):
        pen.text(x, label, 10, bold=True)
        pen.value(x + (54 if x == 50 else 22), value, 10.5, room=260 if x == 50 else 140)
    pen.down(19)
    for label, value, x in (("FECHA:", short_month(f.day), 50), ("LUGAR:", f"{f.office}, {f.city}", 240)):
        pen.text(x, label, 10, bold=True)
        pen.value(x + 48, value, 10.5, room=250)
    pen.down(26)
    services = [(f.service, f.line, f.items), *([f.second] if f.second else [])]
    for n, (service, line, items) in enumerate(services, 1):
        pen.frame(50, pen.y - 6, end - 50, 18, fill=Color(0.85, 0.85, 0.87), thick=0.5)
        pen.text(56, f"SERVICIO {n}:", 9.5, bold=True)
        pen.value(122, LINE_WORDS[line], 10)
        pen.text(290, "NÚMERO:", 9.5, bold=True)
        pen.value(342, dashed(service), 10)
        pen.down(8)
        pen.table(
            ["Equipo", "Marca y modelo", "N° de serie", "MAC"],
            [[i.word, f"{i.brand} {i.model}".strip(), i.serial, i.mac] for i in items],
            [(end - 50) * s for s in (0.25, 0.25, 0.27, 0.23)],
            size=9.5,
        )
        pen.down(6)
    pen.prose(
        ["El titular entrega los equipos de los servicios cuya terminación solicitó; la empresa los recibe conforme."]
        if f.returned
        else ["El titular recibe los equipos de los servicios contratados, instalados y en funcionamiento."],
        9.5,
    )
    pen.down(64)
    pen.signature(
        70, 170, f.signed, ["ENTREGA" if f.returned else "RECIBE", (title_case(f.holder),), (f"CI {f.id_number}",)]
    )
    pen.signature(340, 170, f.attended, ["RECIBE" if f.returned else "ENTREGA", (title_case(f.agent),), short(f)])
    if f.stamped:
        pen.stamp(290, pen.y + 6, [short(f), f.city, f"{f.day:%d/%m/%Y}"])


def _field_sheet(pen: Pen, f: Facts) -> None:
    """The sheet of a technician in the field: form code in the head, boxes to tick, three signatures."""
    end = pen.width - 34
    pen.left = 34
    pen.frame(34, pen.height - 78, end - 34, 48)
    pen.canvas.line(170, pen.height - 78, 170, pen.height - 30)
    pen.canvas.line(end - 130, pen.height - 78, end - 130, pen.height - 30)
    pen.logo(54, pen.height - 62, f.ours, name=f.company, size=20)
    pen.y = pen.height - 50
    pen.text(
        (170 + end - 130) / 2,
        "HOJA DE RETIRO DE EQUIPOS EN DOMICILIO" if f.returned else "HOJA DE INSTALACIÓN EN DOMICILIO",
        12,
        bold=True,
        align="middle",
    )
    pen.down(15)
    pen.text((170 + end - 130) / 2, issuer(f), 7.5, align="middle")
    pen.y = pen.height - 46
    for words in ("Código: FO-TEC-31", "Versión: 04", "Vigencia: 2019-06-01"):
        pen.text(end - 124, words, 8)
        pen.down(11)
    pen.y = pen.height - 102
    pen.text(34, "Tipo de orden:", 9, bold=True)
    at = 116.0
    for words, ticked in (
        ("Instalación", not f.returned),
        ("Retiro", f.returned),
        ("Reparación", False),
        ("Cambio", False),
    ):
        pen.frame(at, pen.y - 1, 9, 9)
        if ticked and f.holder:
            pen.value(at + 1.4, "X", 9)
        pen.text(at + 13, words, 9)
        at += 84
    pen.text(end - 200, "Orden de trabajo:", 9, bold=True)
    pen.value(end - 112, f.number, 10, room=110)
    pen.down(24)
    rows = (
        (("Nombre o razón social", f.holder, 34, 420), ("CI/RUC", f.id_number, 470, end)),
        (
            ("Instancia de servicio", f.service, 34, 300),
            ("Producto", LINE_WORDS[f.line], 320, 520),
            ("Fecha (aaaa-mm-dd)", f.day.isoformat() if f.holder else "", 540, end),
        ),
    )
    for row in rows:
        for label, value, x, stop in row:
            pen.text(x, label, 8, colour=GREY)
            pen.down(17)
            pen.value(x + 3, value, 11, room=stop - x - 6)
            pen.down(4)
            pen.rule(x, stop, thick=0.5)
            pen.y += 21
        pen.down(36)
    pen.down(2)
    pen.text(34, "EQUIPOS RETIRADOS" if f.returned else "EQUIPOS INSTALADOS", 10, bold=True)
    pen.down(5)
    pen.table(
        ["Tipo elemento", "Cargador", "Marca", "Modelo", "Serie", "MAC", "Estado"],
        [
            [i.word, "Sí" if i.serial else "", i.brand, i.model, i.serial, i.mac, "Bueno" if i.word else ""]
            for i in f.items
        ],
        [(end - 34) * s for s in (0.19, 0.08, 0.11, 0.12, 0.22, 0.19, 0.09)],
        size=9.5,
        shade=Color(0.9, 0.9, 0.9),
    )
    pen.y = min(pen.y - 70, 96)
    third = (end - 34) / 3
    boxes = (
        ("Técnico que retira" if f.returned else "Técnico que instala", f.agent, f.attended),
        ("Cliente" if f.returned else "Cliente (recibe conforme)", f.holder, f.signed),
        ("Recibido en bodega" if f.returned else "Control de calidad", "", False),
    )
    for n, (label, name, signed) in enumerate(boxes):
        pen.frame(34 + n * third, pen.y - 40, third - 6, 92, thick=0.5)
        here, pen.y = pen.y, pen.y + 40
        pen.text(40 + n * third, label, 8, bold=True)
        pen.y = here
        pen.signature(46 + n * third, third - 40, signed, ["Nombre:", (name,)], size=8)
    if f.stamped:
        pen.stamp(34 + 2.5 * third, pen.y + 8, [short(f), "BODEGA", f"{f.day:%d-%m-%Y}"], round_=False)


def _report(pen: Pen, f: Facts) -> None:
    """What a business program prints: one face, two columns of keys and values, lists without rules."""
    pen.left = 44
    pen.y = pen.height - 56
    pen.text(44, issuer(f), 9, bold=True)
    pen.text(pen.width - 44, "Pág. 1 de 1", 9, align="right")
    pen.down(13)
    pen.text(44, f"Usuario: {f.agent.split()[0][:1]}{f.agent.split()[1]}".upper() if f.agent else "Usuario:", 9)
    pen.text(pen.width - 44, f"Emitido {f.day:%d/%m/%Y} 16:0{f.day.day % 10}", 9, align="right")
    pen.down(34)
    pen.middle(
        "COMPROBANTE DE RECEPCION DE EQUIPOS" if f.returned else "COMPROBANTE DE INSTALACION DE EQUIPOS", 13, bold=True
    )
    pen.middle(f"{'Retiro definitivo' if f.returned else 'Alta de servicio'} / {LINE_WORDS[f.line]}", 10)
    pen.down(12)
    pairs = (
        (("Nro comprobante", f.number), ("Fecha", f"{f.day:%d/%m/%Y}")),
        (("Cod. cliente", f.service), ("Identif.", f.id_number)),
        (("Oficina", f.office[:22]), ("Ciudad", f.city)),
    )
    for left, right in pairs:
        for x, (label, value), gap in ((44, left, 104), (330, right, 66)):
            pen.text(x, f"{label}", 9.5)
            pen.text(x + gap - 10, ":", 9.5)
            pen.value(x + gap, value, 9.5, room=190 if x == 44 else pen.width - 44 - x - gap)
        pen.down(18)
    pen.text(44, "Nombre", 9.5)
    pen.text(138, ":", 9.5)
    pen.value(148, f.holder, 9.5)
    pen.down(30)
    for number, i in enumerate(f.items, 1):
        pen.text(44, f"{number:03d}", 9.5)
        pen.value(78, f"{i.word} {i.brand} {i.model}".strip(), 9.5)
        pen.down(15)
        if i.serial:
            pen.text(78, "Serie...", 9.5)
            at = pen.value(130, i.serial, 9.5)
            if i.mac:
                pen.text(max(at + 20, 290), "Mac...", 9.5)
                pen.value(max(at + 20, 290) + 40, i.mac, 9.5)
            pen.down(17)
    pen.down(8)
    pen.rule(44, pen.width - 44)
    pen.down(16)
    pen.prose(
        ["Recibido del abonado en la oficina indicada. El abonado entrega los equipos por terminación del contrato."]
        if f.returned
        else ["Instalado en el domicilio del abonado, que recibe los equipos en calidad de comodato."],
        9.5,
    )
    pen.down(70)
    pen.signature(60, 180, f.signed, ["Firma del abonado", (f.holder,)], size=8.5)
    pen.signature(340, 180, f.attended, ["Recibido por" if f.returned else "Entregado por", (f.agent,)], size=8.5)
    if f.stamped:
        pen.stamp(300, pen.y + 6, [short(f), f.city, f"{f.day:%d-%m-%Y}"])


UNSEEN = (
    Layout(
        "carbon",
        landscape(A5),
        "narrow",
        _carbon,
        unseen=True,
        ink=Ink("typewriter", CARBON, 1.2),
        tint=(0.98, 0.86, 0.88),
        omits=frozenset({"office"}),
    ),
    Layout("dos_columnas", A4, "office", _two_columns, unseen=True),
    Layout("certificado", LETTER, "book", _certificate, unseen=True, omits=frozenset({"number"})),
    Layout(
        "rollo",
        (62 * mm, 198 * mm),
        "modern",
        _narrow_roll,
        unseen=True,
        tint=(0.97, 0.97, 0.98),
        ink=Ink("", black),
        by_hand=False,
    ),
    Layout("dos_servicios", A4, "sans", _two_services, unseen=True, two_services=True),
    Layout("hoja_tecnico", landscape(A4), "office", _field_sheet, unseen=True, omits=frozenset({"office"})),
    Layout("reporte", LETTER, "mono", _report, unseen=True, by_hand=False),
)
