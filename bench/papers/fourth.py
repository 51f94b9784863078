"""Layouts held out a fourth time, by somebody who has not seen the reading rules.

Each shows what it knows in a place where the sets before do not: an act before witnesses with its day in words,
captions below or to the right of values, one cell for each part of a name, serials in boxes, a list that goes on
over the page, electronic signatures, two copies on a sheet, two languages, a table whose columns are people, a
print of a screen. The agent's and a bearer's own cédulas, telephones, part numbers and contract days stand beside.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from textwrap import wrap

from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4, A5, LETTER, landscape
from reportlab.lib.units import mm

from evidence_daemon.model import Line
from papers import form
from papers.form import dashed, grouped, issuer, long_day, short, short_month, title_case
from papers.fourth_facts import fourth_facts, someone, three_parts
from papers.pen import CARBON, GREY, Ink, Part, Pen
from papers.truth import CNT_RUC, LINE_WORDS, MONTHS, Facts, Item, cedula

_SALMON = Color(0.98, 0.9, 0.85)
_YELLOW = Color(0.99, 0.96, 0.76)
_FOG = Color(0.9, 0.91, 0.93)
_LEAF = Color(0.12, 0.42, 0.3)
_WHITE = Color(1, 1, 1)
_PALE = Color(0.82, 0.83, 0.86)
_MARINE = Color(0.1, 0.2, 0.42)
_UNITS = (
    *("uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce", "trece"),
    *("catorce", "quince", "dieciséis", "diecisiete", "dieciocho", "diecinueve", "veinte", "veintiuno", "veintidós"),
    *("veintitrés", "veinticuatro", "veinticinco", "veintiséis", "veintisiete", "veintiocho", "veintinueve"),
    *("treinta", "treinta y uno"),
)

# ── what several of them need ────────────────────────────────────────────────────────────────────


def number_word(number: int) -> str:
    """From one to thirty-one, in words."""
    return _UNITS[number - 1]


def _sense(f: Facts, back: str, out: str) -> str:
    return back if f.returned else out


def _when(f: Facts, words: str) -> str:
    return words if f.holder else ""


def _gap(words: str) -> Part:
    return (words,) if words else "__________________"


def _line(f: Facts) -> str:
    return _when(f, LINE_WORDS[f.line])


def _month(day: date) -> str:
    return MONTHS[day.month - 1]


def _make(one: Item) -> str:
    return f"{one.brand} {one.model}".strip()


def _phone(pen: Pen, f: Facts) -> str:
    return _when(f, f"09{pen.chance.randrange(10**8):08d}")


def _ruc(f: Facts) -> str:
    return CNT_RUC if f.ours else "1790000000001"


def _before(pen: Pen, x: float, caption: str, words: str, at: float, room: float, size: float = 10) -> None:
    pen.text(x, caption, size)
    pen.value(at, words, size, room=room)


def _band(pen: Pen, colour: Color, tall: float) -> None:
    pen.canvas.setFillColor(colour)
    pen.canvas.rect(0, pen.height - tall, pen.width, tall, fill=1, stroke=0)


def _sheet(pen: Pen, colour: Color) -> None:
    _band(pen, colour, pen.height)


def across(pen: Pen, words: str, *, size: float = 64, colour: Color = _PALE, angle: float = 38, y: float = 0.5) -> None:
    """Large pale print, aslant over the page; the line stays where it was."""
    here = pen.y
    pen.canvas.saveState()
    pen.canvas.translate(pen.width / 2, pen.height * y)
    pen.canvas.rotate(angle)
    pen.y = 0
    pen.text(0, words, size, bold=True, colour=colour, align="middle")
    pen.canvas.restoreState()
    pen.y = here


def _seal(pen: Pen, f: Facts, x: float, y: float, *, round_: bool = True) -> None:
    if f.stamped:
        words = (
            short(f),
            _sense(f, "RECIBIDO", "ENTREGADO"),
            f"{f.day.day:02d} {_month(f.day)[:3].upper()} {f.day.year}",
        )
        pen.stamp(x, y, words, round_=round_)


def _cell(pen: Pen, x: float, wide: float, tall: float, words: str, *, shade: bool = False, size: float = 9) -> None:
    """A cell whose upper edge is the line: print if shaded, else something filled in."""
    pen.frame(x, pen.y - tall, wide, tall, fill=_FOG if shade else None, thick=0.5)
    low = tall / 2 + size * 0.35
    pen.down(low)
    if shade:
        pen.text(x + 4, words, size, bold=True)
    else:
        pen.value(x + 4, words, size, room=wide - 8)
    pen.down(-low)


# ── the layouts ──────────────────────────────────────────────────────────────────────────────────


def _appearing(pen: Pen, f: Facts) -> None:
    """Two parties appear before each other; the agent and his cédula come first, the day is in words."""
    pen.left = 84
    pen.y = pen.height - 26
    pen.text(84, f"{issuer(f)}  -  RUC {_ruc(f)}  -  PBX (02) 377-1700  -  Call center 100", 7, colour=GREY)
    pen.canvas.line(76, 50, 76, pen.height - 44)
    for number in range(1, 31):
        pen.y = pen.height - 58 - 22 * number
        pen.text(70, str(number), 7, colour=GREY, align="right")
    pen.y = pen.height - 68
    title = _sense(
        f, "ACTA DE ENTREGA RECEPCIÓN POR DEVOLUCIÓN DE EQUIPOS", "ACTA DE ENTREGA RECEPCIÓN POR INSTALACIÓN"
    )
    pen.text(84, title, 11.5, bold=True)
    pen.down(18)
    pen.value(pen.text(84, "Acta No. ", 11) + 2, f.number, 11)
    pen.down(26)
    signed = pen.chance.randrange(300, 1400)
    words = (
        (number_word(f.day.day), _month(f.day), f"dos mil {number_word(f.day.year - 2000)}") if f.holder else [""] * 3
    )
    parts: list[Part] = [
        *("En la ciudad de", _gap(f.city), ", a los", _gap(words[0]), "días del mes de", _gap(words[1]), "de"),
        *(_gap(words[2]), ", comparecen: por una parte,", issuer(f), ", representada en este acto por"),
        *(_gap(f.agent), ", portador(a) de la cédula de ciudadanía No.", _gap(f.agent_id), ", en calidad de asesor de"),
        *(_gap(f.office), ", a quien en adelante se denominará LA EMPRESA; y por otra parte,", _gap(f.holder)),
        *(", portador(a) de la cédula de ciudadanía o RUC No.", _gap(f.id_number), ", abonado(a) del servicio de"),
        *(_gap(_line(f)), "signado con el número", _gap(f.service), ", a quien en adelante se denominará EL CLIENTE."),
        "Las partes, libre y voluntariamente, dejan constancia de lo siguiente: PRIMERA.- Que",
        _sense(f, "terminado el contrato suscrito el", "en virtud del contrato suscrito el"),
        _gap(_when(f, f"{f.day - timedelta(days=signed):%d/%m/%Y}")),
        _sense(f, ", EL CLIENTE entrega y LA EMPRESA recibe", ", LA EMPRESA instala y entrega, y EL CLIENTE recibe"),
        "los siguientes bienes:",
    ]
    for place, one in enumerate(f.items):
        parts += ["; y," if place and place == len(f.items) - 1 else ";" if place else "", "un(a)", _gap(one.word)]
        parts += ["marca", (one.brand,), "modelo", (one.model,), "serie número", (one.serial,)] if one.brand else []
        parts += ["dirección MAC", (one.mac,)] if one.mac else []
    parts += [". SEGUNDA.- Para constancia de lo actuado, firman en dos ejemplares de igual tenor."]
    pen.prose([part for part in parts if part], 11, leading=2.0)
    pen.y = 116
    pen.signature(90, 170, f.attended, ("POR LA EMPRESA", (f.agent,), (_when(f, f"C.C. {f.agent_id}"),)))
    pen.signature(350, 170, f.signed, ("EL CLIENTE", (f.holder,), (_when(f, f"C.C./RUC {f.id_number}"),)))
    _seal(pen, f, 306, 122)


def _captions_below(pen: Pen, f: Facts) -> None:
    """A salmon sheet: every value on a rule, its caption in tiny print under the rule; no table at all."""
    _sheet(pen, _SALMON)
    pen.y = pen.height - 54
    pen.logo(44, pen.y, f.ours, name=f.company, size=26)
    pen.text(
        551,
        _sense(f, "FORMULARIO DE DEVOLUCIÓN DE EQUIPOS", "FORMULARIO DE INSTALACIÓN DE EQUIPOS"),
        13,
        bold=True,
        align="right",
    )
    pen.down(15)
    pen.text(551, issuer(f), 7.5, align="right")
    pen.down(46)

    def below(x: float, wide: float, words: str, caption: str) -> None:
        pen.value(x + 4, words, 11, room=wide - 8)
        pen.down(4)
        pen.rule(x, x + wide, thick=0.5)
        pen.down(8)
        pen.text(x + wide / 2, caption, 6.5, align="middle")
        pen.down(-12)

    rows = (
        (
            (44, 150, f.number, "No. DE FORMULARIO"),
            (214, 150, f.city, "CANTÓN"),
            (384, 167, _when(f, f"{f.day:%d - %m - %Y}"), "FECHA (DÍA - MES - AÑO)"),
        ),
        (
            (44, 320, f.holder, "APELLIDOS Y NOMBRES / RAZÓN SOCIAL DEL ABONADO"),
            (384, 167, f.id_number, "CÉDULA DE IDENTIDAD / RUC"),
        ),
        (
            (44, 150, dashed(f.service), "NÚMERO DEL SERVICIO"),
            (214, 150, _line(f), "TIPO DE SERVICIO"),
            (384, 167, _phone(pen, f), "TELÉFONO DE CONTACTO"),
        ),
        ((44, 320, f.agent, "FUNCIONARIO QUE ATIENDE"), (384, 167, f.agent_id, "CÉDULA DEL FUNCIONARIO")),
        ((44, 507, f.office, "PUNTO DE ATENCIÓN"),),
    )
    for row in rows:
        for x, wide, words, caption in row:
            below(x, wide, words, caption)
        pen.down(42)
    pen.down(4)
    pen.text(44, _sense(f, "BIENES QUE EL ABONADO DEVUELVE", "BIENES QUE SE INSTALAN AL ABONADO"), 9.5, bold=True)
    pen.down(30)
    for one in f.items:
        for x, wide, words, caption in (
            (44, 140, one.word, "BIEN"),
            (194, 96, _make(one), "MARCA Y MODELO"),
            (300, 132, one.serial, "N.º DE SERIE"),
            (442, 109, one.mac, "DIRECCIÓN MAC"),
        ):
            below(x, wide, words, caption)
        pen.down(38)
    pen.y = min(pen.y - 60, 150)
    pen.signature(60, 180, f.signed, ("FIRMA DEL ABONADO",))
    pen.signature(345, 180, f.attended, ("FIRMA DEL FUNCIONARIO",))
    _seal(pen, f, 298, pen.y + 6, round_=False)


def _captions_right(pen: Pen, f: Facts) -> None:
    """A small sheet: the value first, what it is to the right of it, in grey."""
    pen.left = 30
    pen.frame(18, 18, pen.width - 36, pen.height - 36, thick=1.4, round_=10)
    pen.y = pen.height - 48
    pen.text(34, short(f), 16, bold=True, colour=_MARINE)
    pen.text(pen.width - 34, f"PBX 1800 268 267  RUC {_ruc(f)}", 6.5, colour=GREY, align="right")
    pen.down(24)
    pen.text(34, _sense(f, "Constancia de equipos devueltos", "Constancia de equipos instalados"), 13, bold=True)
    pen.down(28)

    def pair(words: str, caption: str, size: float = 10.5) -> None:
        pen.value(34, words, size, room=246, bold=True)
        pen.text(286, caption, 8, colour=GREY)
        pen.down(5)
        pen.rule(34, pen.width - 34, dots=True)
        pen.down(16)

    pair(f.number, "número de constancia")
    pair(_when(f, long_day(f.day)), "fecha de recepción" if f.returned else "fecha de instalación")
    pair(f.holder, "titular del servicio")
    pair(f.id_number, "cédula / RUC del titular")
    pair(f.service, "número de servicio")
    pair(_line(f), "servicio")
    pair(f.office, "oficina")
    pair(f.agent, "asesor")
    pen.down(8)
    for place, one in enumerate(f.items, 1):
        pair(f"{place}. {one.word} {_make(one)}" if one.word else "", "equipo")
        if one.serial:
            pen.down(-2)
            pair(one.serial, "nro. serial")
        if one.mac:
            pair(one.mac, "MAC address")
    pen.y = min(pen.y - 32, 78)
    pen.signature(46, 130, f.signed, ("firma del titular",), size=7)
    pen.signature(pen.width - 176, 130, f.attended, ("firma del asesor",), size=7)
    _seal(pen, f, pen.width / 2, pen.y + 10)


def _merged(pen: Pen, f: Facts) -> None:
    """A word processor's table for two services, with cells joined; a name lies in three cells."""
    left, end = 46.0, 549.0
    pen.left, whole = left, end - left
    pen.y = pen.height - 46
    pen.frame(left, pen.y - 44, 120, 44, thick=0.5)
    pen.down(30)
    pen.logo(left + 36, pen.y, f.ours, name=f.company, size=20)
    pen.down(-30)
    _cell(
        pen,
        left + 120,
        whole - 120,
        22,
        _sense(f, "ACTA DE DEVOLUCIÓN DE EQUIPOS TERMINALES", "ACTA DE INSTALACIÓN DE EQUIPOS TERMINALES"),
        shade=True,
        size=11,
    )
    pen.down(22)
    _cell(pen, left + 120, whole - 120, 22, issuer(f), shade=True, size=8.5)
    pen.down(22)
    for at, wide, words, shade in (
        (0, 60, "N.º", True), (60, 170, f.number, False), (230, 60, "FECHA", True),
        (290, 90, _when(f, short_month(f.day)), False), (380, 40, "CAC", True), (420, whole - 420, f.office, False),
    ):  # fmt: skip
        _cell(pen, left + at, wide, 22, words, shade=shade)
    pen.down(22)
    _cell(pen, left, whole, 18, "1.  DATOS DEL ABONADO", shade=True)
    pen.down(18)
    third = whole / 3
    for place, caption in enumerate(("APELLIDO PATERNO / RAZÓN SOCIAL", "APELLIDO MATERNO", "NOMBRES")):
        _cell(pen, left + third * place, third, 15, caption, shade=True, size=7)
    pen.down(15)
    for place, words in enumerate(three_parts(f.holder)):
        _cell(pen, left + third * place, third, 22, words, size=10)
    pen.down(22)
    for at, wide, words, shade in (
        (0, 130, "CÉDULA / RUC / PASAPORTE", True), (130, 140, f.id_number, False),
        (270, 110, "TELÉFONO CELULAR", True), (380, whole - 380, _phone(pen, f), False),
    ):  # fmt: skip
        _cell(pen, left + at, wide, 22, words, shade=shade, size=8.5 if shade else 10)
    pen.down(22)
    _cell(pen, left, whole, 18, f"2.  EQUIPOS QUE {_sense(f, 'DEVUELVE', 'SE INSTALAN A')} EL ABONADO", shade=True)
    pen.down(18)
    widths = (90, 112, 62, 66, 0)
    widths = (*widths[:4], whole - sum(widths))
    starts = [left + sum(widths[:n]) for n in range(5)]
    for x, wide, caption in zip(starts, widths, ("SERVICIO", "EQUIPO", "MARCA", "MODELO", "SERIE / MAC"), strict=True):
        _cell(pen, x, wide, 18, caption, shade=True, size=8)
    pen.down(18)
    groups = [(f.service, f.line, f.items), *([f.second] if f.second else [])]
    for service, line, items in groups:
        talls = [36 if one.mac else 22 for one in items]
        pen.frame(left, pen.y - sum(talls), widths[0], sum(talls), thick=0.5)
        pen.down(14)
        pen.value(left + 4, _when(f, LINE_WORDS[line]), 8.5, room=82)
        pen.down(13)
        pen.value(left + 4, dashed(service), 10, room=82)
        pen.down(-27)
        for one, tall in zip(items, talls, strict=True):
            for x, wide, words in zip(starts[1:], widths[1:], (one.word, one.brand, one.model, ""), strict=True):
                _cell(pen, x, wide, tall, words)
            pen.down(14)
            pen.value(starts[4] + 4, one.serial or _when(f, "N/A"), 9.5, room=widths[4] - 8)
            pen.down(14)
            pen.value(starts[4] + 4, f"MAC {one.mac}" if one.mac else "", 8.5, room=widths[4] - 8)
            pen.down(tall - 28)
    _cell(pen, left, whole, 18, "3.  OBSERVACIONES", shade=True)
    pen.down(18)
    _cell(
        pen,
        left,
        whole,
        34,
        _when(f, _sense(f, "Equipos completos, con desgaste normal.", "Equipos nuevos, en su caja.")),
    )
    pen.down(34)
    for at, caption in (
        (0.0, _sense(f, "ENTREGA: ABONADO", "RECIBE: ABONADO")),
        (whole / 2, _sense(f, "RECIBE: ", "ENTREGA: ") + short(f)),
    ):
        _cell(pen, left + at, whole / 2, 16, caption, shade=True, size=8)
        pen.frame(left + at, pen.y - 106, whole / 2, 90, thick=0.5)
    pen.down(78)
    pen.signature(left + 40, 170, f.signed, ((f.holder,), (f.id_number,)), rule=False)
    pen.signature(left + whole / 2 + 40, 170, f.attended, ((f.agent,), (f.agent_id,)), rule=False)
    _seal(pen, f, left + whole / 2, pen.y + 10, round_=False)


def _combs(pen: Pen, f: Facts) -> None:
    """A pre-printed sheet across: a box for each character of names, numbers, serials and addresses."""
    pen.left = 40
    pen.y = pen.height - 40
    pen.text(40, issuer(f), 9, bold=True)
    pen.text(
        pen.width - 40,
        _sense(f, "RETIRO DE EQUIPOS POR BAJA DEL SERVICIO", "ALTA DEL SERVICIO: EQUIPOS INSTALADOS"),
        12,
        bold=True,
        align="right",
    )
    pen.down(12)
    pen.text(40, f"R.U.C. {_ruc(f)}    Telf. (02) 294-5300", 7.5, colour=GREY)
    pen.down(24)
    _before(pen, 40, "Acta N°", f.number, 84, 130, 11)
    pen.text(430, "FECHA", 8, bold=True)
    for at, words, caption in ((480, f"{f.day:%d}", "DÍA"), (530, f"{f.day:%m}", "MES"), (580, f"{f.day:%Y}", "AÑO")):
        pen.comb(at, _when(f, words), len(words), 17)
        pen.down(12)
        pen.text(at + 2, caption, 6, colour=GREY)
        pen.down(-12)
    pen.down(36)
    pen.text(40, "APELLIDOS Y NOMBRES COMPLETOS (LETRA DE IMPRENTA)", 7.5, bold=True)
    pen.down(18)
    pen.comb(40, f.holder, 42, 16.9, 11)
    pen.down(28)
    for x, caption, words, cells in (
        (40, "C.I. / R.U.C.", f.id_number, 13),
        (330, "N° DE SERVICIO", f.service, 9),
        (540, "COD. AGENTE", _when(f, f"{pen.chance.randrange(10**5):05d}"), 5),
    ):
        pen.text(x, caption, 7.5, bold=True)
        pen.down(18)
        pen.comb(x, words, cells, 17)
        pen.down(-18)
    pen.down(48)
    for place in range(max(3, len(f.items))):
        one = f.items[place] if place < len(f.items) else Item(f.items[0].type, "")
        _before(pen, 40, f"{place + 1}.", one.word, 56, 130, 9.5)
        pen.value(56, "", 9)
        pen.text(196, "SERIE", 7, bold=True)
        pen.comb(222, one.serial.replace(" ", "").replace("-", ""), 16, 16.5, 10.5)
        pen.text(492, "MAC", 7, bold=True)
        at = 512.0
        bare_mac = "".join(sign for sign in one.mac.upper() if sign.isalnum())
        for pair in range(6):
            at = pen.comb(at, bare_mac[2 * pair : 2 * pair + 2], 2, 15, 10) + (3 if pair == 5 else 10)
            if pair < 5:
                pen.text(at - 6.5, ":", 10)
        pen.down(15)
        pen.value(56, _make(one), 8, room=130)
        pen.down(16)
    pen.text(
        40,
        _sense(
            f,
            "El abonado entrega los equipos descritos y la empresa los recibe.",
            "El abonado recibe los equipos instalados.",
        ),
        9,
    )
    pen.y = min(pen.y - 60, 84)
    pen.signature(70, 190, f.signed, ("FIRMA DEL ABONADO", (f.holder,)))
    pen.signature(500, 190, f.attended, (_sense(f, "RECIBIDO POR", "INSTALADO POR"), (f.agent,)))
    _seal(pen, f, 390, pen.y + 10)


def _continued(pen: Pen, f: Facts) -> None:
    """A company's many pieces: the table goes on over the page, heads come again, signatures are on the second."""
    pen.left = 46

    def head(page: int) -> None:
        pen.y = pen.height - 46
        pen.logo(46, pen.y, f.ours, name=f.company, size=22)
        pen.text(549, f"Página {page} de 2", 8, align="right")
        pen.down(12)
        pen.text(549, f"{issuer(f)} - RUC {_ruc(f)}", 7, align="right", colour=GREY)
        pen.down(24)
        pen.text(
            46,
            _sense(
                f,
                "ACTA DE RETIRO DE EQUIPOS - CLIENTES CORPORATIVOS",
                "ACTA DE INSTALACIÓN DE EQUIPOS - CLIENTES CORPORATIVOS",
            ),
            12,
            bold=True,
        )
        pen.down(18)
        pen.value(pen.text(46, "Acta Nro.: ", 10) + 2, f.number, 10)
        pen.down(22)

    head(1)
    delegate = _when(f, someone(pen.chance))
    for left, right in (
        (("Razón social:", f.holder), ("RUC / C.I.:", f.id_number)),
        (("Representante:", delegate), ("C.I. represent.:", _when(f, cedula(pen.chance)))),
        (("Servicio:", _line(f)), ("Nro. servicio:", f.service)),
        (
            ("Oficina:", f.office),
            ("Fecha de retiro:" if f.returned else "Fecha instalación:", _when(f, f"{f.day:%d/%m/%Y}")),
        ),
    ):
        _before(pen, 46, *left, 122, 220, 9.5)
        _before(pen, 350, *right, 432, 117, 9.5)
        pen.down(18)
    pen.down(4)
    heads, widths = ("N.º", "Descripción", "Marca", "Modelo", "Número de serie", "MAC"), (26, 128, 66, 66, 118, 99)
    rows = [
        (str(n) if one.word else "", one.word, one.brand, one.model, one.serial, one.mac)
        for n, one in enumerate(f.items, 1)
    ]
    cut = (len(rows) + 1) // 2
    pen.table(heads, rows[:cut], widths, size=8.5, rules=False, pitch=2.6)
    pen.text(549, "Continúa en la página 2 ...", 8, align="right", colour=GREY)
    pen.y = 40
    pen.text(
        297,
        "Av. Amazonas y Gaspar de Villarroel, Quito - Telf. 1800 100 100 - www.cnt.example",
        7,
        align="middle",
        colour=GREY,
    )
    pen.turn_page()
    head(2)
    pen.text(46, "... viene de la página 1", 8, colour=GREY)
    pen.down(10)
    pen.table(heads, rows[cut:], widths, size=8.5, rules=False, pitch=2.6)
    pen.text(46, f"Total de equipos {_sense(f, 'retirados', 'instalados')}: {len(f.items)}", 9, bold=True)
    pen.down(24)
    pen.prose(
        (
            _sense(
                f,
                "El cliente hace la entrega de los equipos a la empresa y esta los recibe sin novedad.",
                "La empresa deja instalados los equipos y el cliente los recibe sin novedad.",
            ),
        ),
        9.5,
    )
    pen.down(70)
    pen.signature(60, 180, f.signed, ("Por el cliente", (delegate,)))
    pen.signature(345, 180, f.attended, ("Por la empresa", (f.agent,), (f.agent_id,)))
    _seal(pen, f, 300, pen.y + 10, round_=False)


def _electronic(pen: Pen, f: Facts) -> None:
    """A digital receipt in green: what is known in two ranks of tiles, signatures as electronic seals with QR."""
    _band(pen, _LEAF, 70)
    pen.y = pen.height - 36
    pen.text(
        44,
        _sense(f, "Comprobante digital de devolución", "Comprobante digital de instalación"),
        17,
        bold=True,
        colour=_WHITE,
    )
    pen.down(18)
    pen.text(44, issuer(f), 8, colour=_WHITE)
    pen.down(46)
    clock = f"{pen.chance.randrange(8, 18):02d}:{pen.chance.randrange(60):02d}:12"
    tiles = (
        ("Comprobante", f.number),
        ("Fecha y hora", _when(f, f"{f.day:%Y-%m-%d} {clock}")),
        ("Nombres y apellidos", f.holder),
        ("Identificación", f.id_number),
        ("Servicio / plan", _line(f)),
        ("Identificador de servicio", f.service),
        ("Canal", f.office),
        ("Ejecutivo", f"{f.agent} ({f.agent_id})" if f.agent else ""),
    )
    for place, (caption, words) in enumerate(tiles):
        x = 44 + 258 * (place % 2)
        pen.frame(x, pen.y - 22, 248, 40, fill=Color(0.95, 0.97, 0.96), thick=0, round_=5)
        pen.down(-6)
        pen.text(x + 8, caption, 7.5, colour=_LEAF)
        pen.down(20)
        pen.value(x + 8, words, 11, room=232)
        pen.down(-14)
        pen.down(48 if place % 2 else 0)
    pen.down(8)
    pen.text(
        44, _sense(f, "Equipos devueltos por el cliente", "Equipos instalados al cliente"), 12, bold=True, colour=_LEAF
    )
    pen.down(20)
    for one in f.items:
        pen.value(52, one.word, 11, bold=True, room=170)
        pen.value(226, _make(one), 10, room=110)
        if one.serial:
            pen.value(pen.text(344, "S/N: ", 9, colour=GREY), one.serial, 10.5, room=180)
        if one.mac:
            pen.down(15)
            pen.value(pen.text(344, "MAC: ", 9, colour=GREY), one.mac, 10.5, room=180)
        pen.down(8)
        pen.rule(44, 551, thick=0.3, colour=GREY)
        pen.down(18)
    low = min(pen.y - 70, 190)
    for x, there, who, role in ((60, f.signed, f.holder, "CLIENTE"), (330, f.attended, f.agent, "EMPRESA")):
        if there:
            pen.y = low
            pen.qr(x, f"FIRMADO POR: {who}\nRAZON: {role}", 56)
            pen.down(-38)
            pen.text(x + 60, "Firmado electrónicamente por:", 6.5)
            for words in wrap(who, 20):
                pen.down(13)
                pen.value(x + 60, words, 10.5, bold=True)
    pen.y = 104
    pen.signature(60, 180, f.signed, ("Firma del cliente capturada en tableta",))
    pen.signature(330, 180, False, ("Firma electrónica de la empresa",))
    pen.y = 34
    pen.text(44, "Valide este documento en www.cnt.example/validar - Línea gratuita 1800 268 267", 7, colour=GREY)


def _thermal(pen: Pen, f: Facts) -> None:
    """A roll of 80 mm: all centred, captions above their values, long names broken over lines."""
    pen.left, middle = 10, pen.width / 2
    pen.y = pen.height - 24
    pen.middle(short(f), 15, bold=True)
    pen.middle(f"RUC: {_ruc(f)}", 7.5)
    pen.middle("Contribuyente Especial Res. 5368", 7)
    pen.middle("PBX: (02) 377-1700", 7)
    pen.value_middle(f.office, 8)
    pen.rule(10, pen.width - 10, dots=True)
    pen.down(14)
    for words in _sense(
        f, "DEVOLUCION DE EQUIPOS|POR BAJA DE SERVICIO", "INSTALACION DE EQUIPOS|POR ALTA DE SERVICIO"
    ).split("|"):
        pen.middle(words, 10, bold=True)
    for caption, words in (
        ("ACTA", f.number),
        ("FECHA", _when(f, f"{f.day:%d/%m/%y}")),
        ("CLIENTE", f.holder),
        ("CEDULA / RUC", f.id_number),
        ("SERVICIO", f.service),
        ("ATENDIO", f.agent),
    ):
        pen.text(middle, f"-- {caption} --", 6.5, align="middle")
        pen.down(12)
        for part in wrap(words, 24):
            pen.value_middle(part, 9.5)
        pen.down(1)
    pen.rule(10, pen.width - 10, dots=True)
    for one in f.items:
        pen.down(13)
        pen.value_middle(f"{one.word} {one.brand}".upper(), 8.5)
        for caption, words in (("SERIE", one.serial), ("MAC", one.mac)):
            if words:
                pen.value_middle(f"{caption}: {words}", 9)
        pen.down(-9)
    pen.down(18)
    pen.rule(10, pen.width - 10, dots=True)
    pen.down(48)
    pen.signature(40, pen.width - 80, f.signed, ("Firma cliente",), size=7)
    pen.down(56)
    pen.signature(40, pen.width - 80, f.attended, (_sense(f, "Recibe", "Entrega") + " por la empresa",), size=7)
    pen.y = 18
    pen.middle("GRACIAS POR SU VISITA - CALL CENTER 100", 6.5)


def _movement(pen: Pen, f: Facts) -> None:
    """A neutral title; which movement it is stands in a mark alone, in one of three manners of marking."""
    pen.left = 50
    pen.y = pen.height - 52
    pen.text(50, "ACTA DE ENTREGA - RECEPCIÓN DE EQUIPOS", 14, bold=True)
    pen.logo(pen.width - 120, pen.y - 6, f.ours, name=f.company, size=24)
    pen.down(14)
    pen.text(50, f"{issuer(f)}   RUC {_ruc(f)}", 8)
    pen.down(34)
    pen.text(50, "TIPO DE MOVIMIENTO:", 9.5, bold=True)
    manner, at = pen.chance.randrange(3), 168.0
    for words, there in (
        ("INSTALACIÓN", not f.returned),
        ("CAMBIO", False),
        ("RETIRO / DEVOLUCIÓN", f.returned),
        ("TRASLADO", False),
    ):
        marked = there and bool(f.holder)
        if manner == 0:
            at = pen.text(at, "[", 10)
            if marked:
                pen.value(at + 1.5, "x", 10)
            at = pen.text(pen.text(at + 10, "] ", 10), words, 9.5) + 14
        elif manner == 1:
            at = pen.text(at, f"{words} (", 9.5)
            if marked:
                pen.value(at + 3, "X", 10, bold=True)
            at = pen.text(at + 13, ")", 9.5) + 14
        else:
            pen.frame(at, pen.y - 2, 10, 10, thick=0.8, fill=Color(0.1, 0.1, 0.1) if marked else None)
            at = pen.text(at + 14, words, 9.5) + 14
    pen.down(34)
    for left, right in (
        (("No. de acta", f.number), ("Fecha", _when(f, f"{f.day.day}/{f.day.month}/{f.day.year}"))),
        (("Nombres y apellidos", f.holder), ("C.I.", f.id_number)),
        (("Nro. de abonado", f.service), ("Telf. contacto", _phone(pen, f))),
        (("Producto", _line(f)), ("Ciudad", f.city)),
        (("Asesor", f.agent), ("C.I. asesor", f.agent_id)),
    ):
        _before(pen, 50, *left, 150, 210, 10)
        _before(pen, 374, *right, 452, 112, 10)
        pen.down(4)
        pen.rule(148, 362, dots=True)
        pen.rule(450, 562, dots=True)
        pen.down(20)
    pen.down(10)
    for caption, x in (("CANT", 50), ("DETALLE", 90), ("MARCA / MODELO", 236), ("No. SERIE", 342), ("MAC", 468)):
        pen.text(x, caption, 8.5, bold=True)
    pen.down(6)
    pen.rule(50, 562, thick=1)
    for one in f.items:
        pen.down(20)
        for x, words, room in (
            (54, "1" if one.word else "", 20),
            (90, one.word, 140),
            (236, _make(one), 100),
            (342, one.serial, 120),
            (468, one.mac, 96),
        ):
            pen.value(x, words, 9.5, room=room)
    pen.down(14)
    pen.rule(50, 562, thick=1)
    pen.down(24)
    pen.prose(("Las firmas al pie dan fe de la entrega y recepción de lo detallado, según el movimiento señalado.",), 9)
    pen.y = min(pen.y - 70, 220)
    pen.signature(60, 180, f.signed, ("CLIENTE",), size=9)
    pen.signature(350, 180, f.attended, (short(f),), size=9)
    _seal(pen, f, 420, pen.y + 24)


def _two_copies(pen: Pen, f: Facts) -> None:
    """One sheet, the same act twice, to be cut; small grey type, a mark of the copy under it, a stamp across."""
    grey = Color(0.32, 0.32, 0.36)
    for top, copy in ((pen.height, "ORIGINAL - EMPRESA"), (pen.height / 2, "COPIA - CLIENTE")):
        across(
            pen,
            copy.split(" - ")[1],
            size=58,
            angle=22,
            y=(top - pen.height / 4) / pen.height,
            colour=Color(0.9, 0.9, 0.92),
        )
        pen.y = top - 34
        pen.text(40, f"{issuer(f)} - RUC {_ruc(f)}", 7.5, bold=True, colour=grey)
        pen.text(555, copy, 7.5, align="right", colour=grey)
        pen.down(17)
        pen.text(
            297,
            _sense(
                f, "NOTA DE RECEPCIÓN DE EQUIPOS DEVUELTOS POR EL CLIENTE", "NOTA DE INSTALACIÓN DE EQUIPOS AL CLIENTE"
            ),
            10,
            bold=True,
            align="middle",
            colour=grey,
        )
        pen.down(24)
        for row in (
            (
                ("Nota Nro:", f.number, 40, 98, 130),
                ("Emitida:", _when(f, f"{f.day:%d-%m-%Y}"), 240, 284, 90),
                ("Agencia:", f.office, 390, 432, 123),
            ),
            (("Cliente:", f.holder, 40, 98, 270), ("CI/RUC:", f.id_number, 390, 432, 123)),
            (
                ("Servicio:", _line(f), 40, 98, 130),
                ("Número:", grouped(f.service), 240, 284, 90),
                ("Atendió:", f.agent, 390, 432, 123),
            ),
        ):
            for caption, words, x, at, room in row:
                pen.text(x, caption, 7.5, colour=grey)
                pen.value(at, words, 8, room=room)
            pen.down(15)
        pen.down(2)
        middle = pen.y - 10
        for one in f.items:
            pen.down(14)
            tail = f", {_make(one)}" if one.brand else ""
            pen.value(52, f"- {one.word}{tail}" if one.word else "", 8, room=210)
            for x, caption, words in ((268, "Serie:", one.serial), (420, "MAC:", one.mac)):
                if words:
                    pen.value(pen.text(x, caption, 7.5, colour=grey) + 4, words, 8, room=115)
        pen.y = top - 330
        pen.signature(70, 150, f.signed, ("Cliente",), size=7)
        pen.signature(370, 150, f.attended, ("Por la empresa",), size=7)
        _seal(pen, f, 236, middle)
    pen.y = pen.height / 2
    pen.rule(20, pen.width - 20, dots=True)


def _two_languages(pen: Pen, f: Facts) -> None:
    """A warehouse's sheet across, in two languages, with part numbers and bar codes that are not serials."""
    pen.left = 36
    pen.frame(30, 30, pen.width - 60, pen.height - 60, thick=1.2)
    pen.y = pen.height - 58
    pen.logo(46, pen.y - 4, f.ours, name=f.company, size=24)
    pen.text(
        pen.width / 2,
        _sense(
            f,
            "ACTA DE DEVOLUCIÓN DE EQUIPOS / EQUIPMENT RETURN FORM",
            "ACTA DE INSTALACIÓN DE EQUIPOS / EQUIPMENT INSTALLATION FORM",
        ),
        13,
        bold=True,
        align="middle",
    )
    pen.down(14)
    pen.text(pen.width / 2, f"{issuer(f)} - Tax ID {_ruc(f)}", 8, align="middle")
    pen.down(30)
    for row in (
        (("Acta / Form No.", f.number), ("Fecha / Date", _when(f, short_month(f.day))), ("Almacén / Site", f.office)),
        (("Cliente / Customer", f.holder), ("C.I.-RUC / ID No.", f.id_number), ("Cuenta / Service No.", f.service)),
    ):
        for place, (caption, words) in enumerate(row):
            x = 44 + 254 * place
            pen.text(x, caption, 8, bold=True)
            pen.down(15)
            pen.value(x, words, 11, room=240)
            pen.down(-15)
        pen.down(38)
    heads = (
        "#",
        "Equipo / Item",
        "Fabricante / Vendor",
        "N.º parte / Part No.",
        "N.º de serie / Serial No.",
        "MAC",
        "Estado / Status",
    )
    rows = [
        (
            str(n),
            one.word,
            _make(one),
            _when(f, f"0{pen.chance.randrange(10**7):07d}" if one.brand else "-"),
            one.serial or _when(f, "-"),
            one.mac or _when(f, "-"),
            _when(f, "OK"),
        )
        for n, one in enumerate(f.items, 1)
    ]
    pen.table(heads, rows, (20, 132, 126, 114, 160, 122, 84), size=9, x=40, pitch=2.6, shade=_FOG)
    pen.down(26)
    pen.bars(44, f"{pen.chance.randrange(10**12):012d}", height=22)
    pen.text(
        240,
        _sense(
            f,
            "El cliente devuelve y la empresa recibe / Returned by customer, received by company",
            "El cliente recibe / Received by customer",
        ),
        9,
    )
    pen.y = 82
    pen.signature(70, 190, f.signed, ("Cliente / Customer",))
    pen.signature(
        330, 190, f.attended, (_sense(f, "Recibido por / Received by", "Instalado por / Installed by"), (f.agent,))
    )
    pen.signature(590, 170, f.attended and f.returned, ("Bodega / Warehouse",))
    _seal(pen, f, 556, pen.y + 30)


def _people(pen: Pen, f: Facts) -> None:
    """A table whose columns are people: the holder, who hands in for the holder, who receives."""
    pen.left = 44
    pen.text(44, issuer(f), 10, bold=True)
    pen.down(22)
    pen.text(
        44,
        _sense(f, "ACTA DE RECEPCIÓN DE EQUIPOS EN DEVOLUCIÓN", "ACTA DE ENTREGA DE EQUIPOS EN INSTALACIÓN"),
        13,
        bold=True,
    )
    pen.down(24)
    _before(pen, 44, "Acta No.", f.number, 94, 120, 10.5)
    _before(pen, 236, "Lugar y fecha:", _when(f, f"{f.city}, {long_day(f.day)}"), 316, 235, 10.5)
    pen.down(22)
    _before(pen, 44, "Servicio:", _line(f), 94, 120, 10.5)
    _before(pen, 236, "Nro. de servicio:", f.service, 326, 120, 10.5)
    pen.down(18)
    bearer, bearer_id = (_when(f, someone(pen.chance, given_first=True)), _when(f, cedula(pen.chance)))
    columns = ((44, 72), (116, 152), (268, 144), (412, 140))
    heads = (
        "",
        "TITULAR DEL SERVICIO",
        _sense(f, "ENTREGADO POR", "RECIBIDO POR"),
        _sense(f, "RECIBIDO POR", "ENTREGADO POR"),
    )
    kin = _when(f, pen.chance.choice(("Cónyuge", "Hijo(a)", "Arrendatario(a)", "Autorizado(a)")))
    for caption, tall, cells in (
        ("", 20, heads[1:]),
        ("Nombre", 30, (f.holder, bearer, f.agent)),
        ("Cédula/RUC", 26, (f.id_number, bearer_id, f.agent_id)),
        ("Teléfono", 26, (_phone(pen, f), _phone(pen, f), _when(f, "023771700 ext. 4"))),
        ("Relación", 26, (_when(f, "Titular"), kin, _when(f, "Asesor CAC"))),
        ("Firma", 64, ("", "", "")),
    ):
        for place, ((x, wide), words) in enumerate(zip(columns, (caption, *cells), strict=True)):
            _cell(pen, x, wide, tall, words, shade=place == 0 or not caption, size=8.5)
        pen.down(tall)
    pen.down(-14)
    pen.signature(columns[2][0] + 10, 120, f.signed, (), rule=False)
    pen.signature(columns[3][0] + 10, 120, f.attended, (), rule=False)
    pen.down(44)
    pen.text(44, "DETALLE DE EQUIPOS", 10, bold=True)
    pen.down(4)
    rows = [(one.word, one.brand, one.model, one.serial or _when(f, "S/N"), one.mac) for one in f.items]
    pen.table(
        ("Equipo", "Marca", "Modelo", "Serie", "MAC"), rows, (138, 66, 70, 124, 110), size=9, pitch=2.4, shade=_FOG
    )
    pen.prose(
        (
            _sense(
                f,
                "Quien entrega declara estar autorizado por el titular. La empresa recibe los equipos.",
                "Quien recibe declara estar autorizado por el titular. Los equipos quedan instalados.",
            ),
        ),
        9,
    )
    _seal(pen, f, 482, pen.y - 40, round_=False)


def _yellow(pen: Pen, f: Facts) -> None:
    """A yellow half sheet, upright: each piece told in a line of its own with the labels of its sticker."""
    _sheet(pen, _YELLOW)
    pen.left = 28
    pen.y = pen.height - 40
    pen.text(28, short(f).upper(), 14, bold=True)
    pen.text(pen.width - 28, "USUARIO", 8, align="right")
    pen.down(18)
    pen.text(28, _sense(f, "ACTA DE DEVOLUCION DE EQUIPOS", "ACTA DE INSTALACION DE EQUIPOS"), 11, bold=True)
    pen.value(pen.text(262, "Nro.", 10) + 4, f.number, 11, room=108)
    pen.down(26)
    for caption, words, at in (
        ("Fecha:", _when(f, f"{f.day.day} {_month(f.day)[:3]}. {f.day.year}"), 70),
        ("Sr(a).:", f.holder, 70),
        ("C.C.:", f.id_number, 70),
        ("Línea / contrato:", f.service, 116),
        ("Servicio:", _line(f), 76),
    ):
        _before(pen, 28, caption, words, at, pen.width - at - 30, 10.5)
        pen.down(3)
        pen.rule(at - 4, pen.width - 28, dots=True)
        pen.down(18)
    pen.down(4)
    pen.text(28, _sense(f, "ENTREGA A LA EMPRESA:", "RECIBE DE LA EMPRESA:"), 9.5, bold=True)
    pen.down(18)
    for place, one in enumerate(f.items, 1):
        pen.value(pen.text(28, f"{place}) ", 10), one.word, 10.5)
        if one.brand:
            pen.value(pen.text(186, "Mod. ", 9), _make(one), 10, room=170)
            pen.down(15)
            label = "GPON SN " if one.type.value == "ONT" else "SN "
            pen.value(pen.text(44, label, 9), one.serial, 10.5)
            if one.mac:
                pen.value(pen.text(230, "MAC ID ", 9), one.mac, 10, room=120)
            if one.type.value == "ONT":
                pen.down(14)
                key = "".join(pen.chance.choices("abcdefhkmnprtxyz23456789", k=8))
                pen.value(44, _when(f, f"SSID CNT_{pen.chance.randrange(10**4):04d}   WLAN KEY {key}"), 8)
        pen.down(19)
    pen.y = min(pen.y - 50, 84)
    pen.signature(34, 130, f.signed, ("Firma usuario",))
    pen.signature(pen.width - 170, 130, f.attended, ("p. " + short(f), (f.agent,)))
    _seal(pen, f, pen.width / 2, pen.y + 20)


def _received_of(pen: Pen, f: Facts) -> None:
    """An agent's letter on a long sheet: I received of so-and-so; bullets, the serial in brackets."""
    pen.left = 76
    pen.y = pen.height - 70
    pen.text(76, issuer(f), 9)
    pen.down(13)
    pen.value(76, f.office, 9)
    pen.down(50)
    pen.text(pen.width - 76, _sense(f, "RECIBO DE EQUIPOS", "CONSTANCIA DE INSTALACIÓN"), 15, bold=True, align="right")
    pen.down(18)
    pen.value(pen.text(pen.width - 240, "No. ", 11), f.number, 11)
    pen.down(30)
    order = _when(f, f"{pen.chance.randrange(10**6, 10**7)}")
    pen.value(pen.text(76, "Ref.: orden de baja " if f.returned else "Ref.: orden de alta ", 10), order, 10)
    pen.down(34)
    pen.prose(
        (
            _sense(f, "Recibí de el/la señor(a)", "Entregué, por instalación, a el/la señor(a)"), _gap(f.holder),
            *(", con C.C./RUC", _gap(f.id_number), ",", _sense(f, "en devolución y por retiro del", "para el")),
            "servicio de",
            *(_gap(_line(f)), "N.º", _gap(f.service), ", los siguientes equipos de propiedad de la empresa:"),
        ), 11.5, leading=1.8, bold_values=True,
    )  # fmt: skip
    pen.down(4)
    for one in f.items:
        pen.text(92, "•", 12)
        at = pen.value(106, f"{one.word} {_make(one)}".strip(), 11)
        if one.serial:
            at = pen.text(pen.value(pen.text(at + 6, "(S/N ", 11), one.serial, 11) + 1, ")" if not one.mac else ";", 11)
        if one.mac:
            pen.down(19)
            pen.text(pen.value(pen.text(112, "MAC ", 11), one.mac, 11) + 1, ")", 11)
        pen.down(22)
    pen.down(10)
    pen.prose(("Dado en", _gap(f.city), ", el", _gap(_when(f, long_day(f.day))), "."), 11.5)
    pen.down(80)
    pen.signature(
        76,
        190,
        f.attended,
        ((f.agent,), (_when(f, f"C.C. {f.agent_id}"),), _sense(f, "RECIBÍ CONFORME", "ENTREGUÉ CONFORME")),
        size=9,
    )
    pen.signature(346, 190, f.signed, ((f.holder,), _sense(f, "ENTREGUÉ CONFORME", "RECIBÍ CONFORME")), size=9)
    _seal(pen, f, 306, pen.y + 22)


def _screen(pen: Pen, f: Facts) -> None:
    """The business program's window on paper: grey panels, sunken boxes, pale print, tabs, a grid."""
    _sheet(pen, Color(0.93, 0.93, 0.94))
    faint = Color(0.45, 0.47, 0.5)
    _band(pen, Color(0.36, 0.42, 0.52), 30)
    pen.y = pen.height - 20
    pen.text(
        20, f"{short(f)} - Gestión de equipos - {_sense(f, 'Devolución', 'Instalación')} [cerrada]", 10, colour=_WHITE
    )
    pen.down(34)
    at = 24.0
    for words in ("General", _sense(f, "Devolución", "Instalación"), "Historial", "Adjuntos"):
        pen.frame(at, pen.y - 6, 84, 20, fill=_WHITE if words[:3] in {"Dev", "Ins"} else _FOG, thick=0.4)
        pen.text(at + 42, words, 8.5, align="middle", colour=faint)
        at += 86
    pen.down(34)
    pen.text(
        30,
        _sense(f, "Acta de devolución de equipos del cliente", "Acta de instalación de equipos al cliente"),
        13,
        bold=True,
        colour=faint,
    )
    pen.down(16)
    pen.text(30, issuer(f), 8, colour=faint)
    pen.down(30)
    for row in (
        (
            ("Nro. acta", f.number, 90),
            ("Fecha registro", _when(f, f"{f.day:%d.%m.%Y}"), 90),
            ("Usuario", _when(f, f"QT{pen.chance.randrange(10**4):04d}"), 60),
        ),
        (("Cliente", f.holder, 250), ("Doc. identidad", f.id_number, 96)),
        (
            ("Servicio", f.service, 90),
            ("Producto", _line(f), 90),
            ("Estado", _when(f, "Baja" if f.returned else "Alta"), 60),
        ),
        (("Oficina", f.office, 250), ("Cta. contable", _when(f, f"{pen.chance.randrange(10**8):08d}"), 96)),
    ):
        x = 30.0
        for caption, words, wide in row:
            pen.text(x, caption, 8.5, colour=faint)
            x += 64
            pen.frame(x, pen.y - 5, wide + 10, 17, fill=_WHITE, thick=0.4)
            pen.value(x + 4, words, 9, room=wide + 4)
            x += wide + 24
        pen.down(28)
    pen.down(2)
    rows = [
        (one.word, _make(one), one.serial, one.mac, _when(f, "Recibido" if f.returned else "Instalado"))
        for one in f.items
    ]
    pen.table(
        ("Equipo", "Marca / modelo", "Serial", "MAC", "Estado"),
        rows + [("",) * 5] * 2,
        (146, 116, 138, 110, 50),
        size=8.5,
        x=30,
        pitch=2.1,
        shade=_PALE,
    )
    pen.y = min(pen.y - 84, 330)
    pen.signature(60, 180, f.signed, ("Cliente",))
    pen.signature(370, 180, f.attended, ("Agente", (title_case(f.agent),)))
    _seal(pen, f, 306, pen.y + 20, round_=False)
    pen.y = 22
    pen.text(24, f"Impreso el {f.day + timedelta(days=2):%d/%m/%Y} 16:02    Módulo INV-07", 7, colour=faint)


_Layout = partial(form.Layout, unseen=True, invent=fourth_facts, by_hand=False)
_GIVEN_FIRST = partial(fourth_facts, given_first=True)
_PEOPLE_ONLY = partial(fourth_facts, firm=0.0)
_FLEET = partial(
    fourth_facts,
    firm=1.0,
    kits=(
        (Line.TELEVISION, "DECODIFICADOR SMARTCARD " * 4 + "CONTROL_REMOTO CONTROL_REMOTO FUENTE FUENTE"),
        (Line.INTERNET_FIJO, "ONT ONT ONT REPETIDOR REPETIDOR MODEM_ROUTER FUENTE FUENTE FUENTE CABLE"),
    ),
)
_TYPED, _COPY, _DIM = (
    Ink("typewriter", Color(0.1, 0.1, 0.16), 0.8),
    Ink("", Color(0.36, 0.36, 0.42)),
    Ink("", Color(0.28, 0.3, 0.36)),
)
_LONG = (216 * mm, 330 * mm)
FOURTH = (
    _Layout("comparecencia", LETTER, "serif", _appearing, invent=partial(fourth_facts, given_first=True, firm=0.0)),
    _Layout("leyenda_abajo", A4, "grotesque", _captions_below, by_hand=True, tint=(0.99, 0.97, 0.96)),
    _Layout("leyenda_derecha", A5, "modern", _captions_right),
    _Layout("celdas_unidas", A4, "office", _merged, two_services=True),
    _Layout(
        "peines",
        landscape(LETTER),
        "narrow",
        _combs,
        by_hand=True,
        ink=Ink("mono", Color(0.1, 0.12, 0.4)),
        omits=frozenset({"office"}),
    ),
    _Layout("continuada", A4, "sans", _continued, invent=_FLEET),
    _Layout("firma_electronica", A4, "humanist", _electronic, invent=_GIVEN_FIRST),
    _Layout(
        "termica_80",
        (80 * mm, 205 * mm),
        "ticket",
        _thermal,
        ink=Ink("", Color(0.22, 0.22, 0.28)),
        tint=(0.96, 0.96, 0.97),
    ),
    _Layout("movimiento", LETTER, "condensed", _movement, invent=_GIVEN_FIRST, ink=_TYPED, omits=frozenset({"office"})),
    _Layout("dos_copias", A4, "sans", _two_copies, ink=_COPY),
    _Layout("bilingue", landscape(A4), "wide", _two_languages),
    _Layout("personas", A4, "bookish", _people, by_hand=True, omits=frozenset({"office"}), invent=_PEOPLE_ONLY),
    _Layout(
        "amarilla",
        A5,
        "concrete",
        _yellow,
        by_hand=True,
        omits=frozenset({"office"}),
        ink=Ink("", CARBON),
        tint=(1.0, 0.98, 0.9),
    ),
    _Layout("recibi_de", _LONG, "book", _received_of, invent=_GIVEN_FIRST),
    _Layout("ventana", LETTER, "grotesque", _screen, ink=_DIM),
)
