"""Layouts held out a third time, by somebody who knew neither the reading rules nor the layouts before these.

Each differs in build from the others: a letter with values in its sentences, a printed mail, a table with the
equipment as columns, a roll of 58 mm, a typed sheet, a direction that is only ticked, two columns across,
upright heads, a box of characters, half a sheet with captions above, a controlled form that a third person
signed. Other numbers stand beside those that matter: mobiles, contracts, orders, days of printing.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from textwrap import wrap

from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4, A5, LETTER, landscape
from reportlab.lib.units import mm

from evidence_daemon.model import WITHOUT_SERIAL, EquipmentType
from papers import form
from papers.form import dashed, issuer, long_day, short, title_case
from papers.pen import CARBON, GREY, Ink, Part, Pen
from papers.truth import CNT_RUC, LINE_WORDS, MONTHS, Facts, Item, cedula, later_facts, later_person

_MIST = Color(0.89, 0.93, 0.94)
_PETROL = Color(0.05, 0.27, 0.33)
_RED = Color(0.75, 0.08, 0.1)
_WHITE = Color(1, 1, 1)
_ONT, _MODEM, _DECODER = EquipmentType.ONT, EquipmentType.MODEM_ROUTER, EquipmentType.DECODIFICADOR

# ── what several of them need ────────────────────────────────────────────────────────────────────


def _sense(f: Facts, back: str, out: str) -> str:
    """Words for a return, or for an installation."""
    return back if f.returned else out


def _when(f: Facts, words: str) -> str:
    """A day, on a form that somebody filled in."""
    return words if f.holder else ""


def _line(f: Facts) -> str:
    return _when(f, LINE_WORDS[f.line])


def _clock(pen: Pen) -> str:
    return f"{pen.chance.randrange(8, 18):02d}:{pen.chance.randrange(60):02d}"


def _month(day: date) -> str:
    return MONTHS[day.month - 1]


def _gap(words: str) -> Part:
    """Filled in; a line to write on where nobody did."""
    return (words,) if words else "________________"


def _mobile(pen: Pen, f: Facts) -> str:
    return _when(f, f"09{pen.chance.randrange(10**8):08d}")


def _make(one: Item) -> str:
    return f"{one.brand} {one.model}".strip()


def _serial(one: Item) -> str:
    return "no tiene" if one.word and one.type in WITHOUT_SERIAL else one.serial


def _over(pen: Pen, x: float, caption: str, words: str, room: float, size: float = 10) -> None:
    """A small caption with its value under it; the line stays where it was."""
    pen.text(x, caption, size * 0.68, colour=GREY)
    pen.down(size * 1.45)
    pen.value(x, words, size, room=room)
    pen.down(-size * 1.45)


def _before(pen: Pen, x: float, caption: str, words: str, at: float, room: float, size: float = 10) -> None:
    """A caption, and its value at `at` on the same line."""
    pen.text(x, caption, size)
    pen.value(at, words, size, room=room)


def _upright(pen: Pen, x: float, y: float, words: str, size: float) -> None:
    """Print that runs upwards."""
    pen.canvas.saveState()
    pen.canvas.translate(x, y)
    pen.canvas.rotate(90)
    here, pen.y = pen.y, 0.0
    pen.text(0, words, size)
    pen.y = here
    pen.canvas.restoreState()


def _tick(pen: Pen, x: float, words: str, there: bool, size: float = 9) -> float:
    """A box to tick, ticked or not; returns where its words end."""
    pen.frame(x, pen.y - 2, 9, 9, thick=0.6)
    if there:
        pen.value(x + 1.5, "X", 9, bold=True)
    return pen.text(x + 13, words, size) + 14


def _signed(
    pen: Pen, f: Facts, left: tuple[float, tuple[Part, ...]], right: tuple[float, tuple[Part, ...]], size: float = 8
) -> None:
    """The customer's rule and the agent's: where they begin, and what stands under them."""
    pen.signature(left[0], 180, f.signed, left[1], size=size)
    pen.signature(right[0], 180, f.attended, right[1], size=size)


def _sealed(pen: Pen, f: Facts, x: float, y: float, *, round_: bool = True) -> None:
    if f.stamped:
        day = f"{f.day.day:02d} {_month(f.day)[:3].upper()} {f.day.year}"
        pen.stamp(x, y, (short(f), _sense(f, "RECIBIDO", "ENTREGADO"), day), round_=round_)


# ── the layouts ──────────────────────────────────────────────────────────────────────────────────


def _told(pen: Pen, f: Facts) -> None:
    pen.left = 66
    pen.down(30)
    pen.logo(pen.width - 130, pen.y - 8, f.ours, name=f.company, size=24)
    pen.text(66, issuer(f), 8.5, bold=True)
    pen.down(60)
    pen.middle(_sense(f, "ACTA DE ENTREGA DE EQUIPOS", "ACTA DE INSTALACIÓN Y ENTREGA DE EQUIPOS"), 13, bold=True)
    pen.middle(_sense(f, "POR TERMINACIÓN DEL SERVICIO", "POR CONTRATACIÓN DEL SERVICIO"), 10)
    pen.down(16)
    pen.value(pen.text(66, "Acta Nro. ", 10.5) + 4, f.number, 10.5, bold=True)
    pen.down(34)
    day = (str(f.day.day), _month(f.day), str(f.day.year)) if f.holder else ("", "", "")
    pen.prose(
        (
            *("En la ciudad de", _gap(f.city), ", a los", _gap(day[0]), "días del mes de", _gap(day[1]), "de"),
            *(_gap(day[2]), ", comparece en", _gap(f.office), "el señor / la señora", _gap(f.holder)),
            *(", con cédula de ciudadanía o RUC", _gap(f.id_number), ", titular del servicio de", _gap(_line(f))),
            *("número", _gap(f.service), ", y"),
            _sense(
                f, "devuelve a la empresa los equipos que tuvo", "recibe, para su instalación, los equipos que usará"
            ),
            "en su domicilio, a saber:",
        ),
        11,
        underline=True,
    )
    for place, one in enumerate(f.items):
        mac = (", dirección MAC", (one.mac,)) if one.mac else ()
        make = (", marca y modelo", (_make(one),)) if one.brand else ()
        serial = (", de serie", (one.serial,)) if one.serial else ()
        pen.prose((f"{'abcd'[place]})", _gap(one.word), *make, *serial, *mac, "."), 11, x=90, width=450)
    pen.prose(
        (
            _sense(f, "Los recibe por la empresa", "Los entrega por la empresa"),
            *(
                _gap(f.agent),
                ", con cédula",
                _gap(f.agent_id),
                ". Para constancia firman las partes en unidad de acto.",
            ),
        ),
        11,
    )
    pen.y = 120
    _signed(pen, f, (74, ("El abonado", (f.holder,))), (360, ("Por la empresa", (f.agent,))))
    _sealed(pen, f, 306, 128)


def _printed_mail(pen: Pen, f: Facts) -> None:
    day = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")[f.day.weekday()]
    pen.left, printed = 44, f.day + timedelta(days=pen.chance.randrange(3, 40))
    pen.text(44, "Correo: Bandeja de entrada", 8, colour=GREY)
    pen.text(551, f"Impreso {printed:%d/%m/%Y} {_clock(pen)}", 8, align="right", colour=GREY)
    pen.down(30)
    pen.text(44, _sense(f, "Acta de devolución de equipos", "Acta de instalación de equipos") + " N.º", 15, bold=True)
    pen.value(310, f.number, 15, bold=True)
    pen.down(14)
    pen.rule(44, 551, thick=1.2)
    for head, words in (
        ("De:", f"{f.office} <atencion@correo.example>"),
        ("Enviado:", _when(f, f"{day}, {long_day(f.day)} {_clock(pen)}")),
        ("Para:", title_case(f.holder)),
        ("Asunto:", _sense(f, "Constancia de equipos devueltos", "Constancia de equipos instalados")),
    ):
        pen.down(17)
        _before(pen, 44, head, words, 110, 430)
    pen.down(12)
    pen.rule(44, 551, thick=0.4)
    pen.down(28)
    pen.prose(
        (
            *("Estimado cliente: le confirmamos que", _sense(f, "usted devolvió a", "por la instalación recibió de")),
            issuer(f),
            _sense(f, "los siguientes equipos, por la baja de su servicio.", "los siguientes equipos."),
        ),
        10.5,
    )
    pen.down(4)
    for head, words in (
        ("Abonado:", f.holder),
        ("Nro. de identificación:", f.id_number),
        ("Cod. servicio:", f.service),
        ("Tipo de servicio:", _line(f)),
        (_sense(f, "Fecha de recepción:", "Fecha de instalación:"), _when(f, f"{f.day:%Y-%m-%d}")),
        ("Atendido por:", title_case(f.agent)),
    ):
        pen.text(58, "•", 10.5)
        _before(pen, 70, head, words, 190, 350, 10.5)
        pen.down(18)
    pen.down(14)
    for place, one in enumerate(f.items, 1):
        pen.value(pen.text(58, f"{place}. ", 10.5, bold=True), f"{one.word} {_make(one)}", 10.5, bold=True)
        if one.serial:
            pen.down(16)
            at = pen.value(pen.text(74, "Serial: ", 10.5) + 3, one.serial, 10.5)
            if one.mac:
                pen.value(pen.text(at + 26, "MAC: ", 10.5) + 3, one.mac, 10.5)
        pen.down(22)
    pen.down(70)
    customer = _sense(f, "Firma de quien devuelve", "Firma de quien recibe")
    agent = _sense(f, "Recibí conforme, por la empresa", "Entregué, por la empresa")
    _signed(pen, f, (60, (customer,)), (330, (agent,)), 8.5)
    _sealed(pen, f, 300, pen.y + 6)
    pen.y = 36
    pen.text(44, "https://correo.example/owa/#path=/mail/inbox", 7, colour=GREY)
    pen.text(551, "1/1", 7, align="right", colour=GREY)


def _equipment_across(pen: Pen, f: Facts) -> None:
    pen.frame(40, pen.height - 96, 515, 56, thick=1)
    pen.y = pen.height - 74
    pen.logo(54, pen.y, f.ours, name=f.company, size=20)
    title = _sense(f, "ACTA DE RETIRO DE EQUIPOS", "ACTA DE ALTA: EQUIPOS INSTALADOS")
    pen.text(340, title, 13, bold=True, align="middle")
    pen.down(14)
    pen.text(340, issuer(f), 7.5, align="middle")
    pen.y = pen.height - 122
    tall = 25
    for left, right in (
        (("Acta", f.number), ("Fecha (a/m/d)", _when(f, f"{f.day:%Y/%m/%d}"))),
        (("Abonado / razón", f.holder), ("C.I. / RUC", f.id_number)),
        (("Servicio", _line(f)), ("N° de servicio", dashed(f.service))),
        (("Punto de atención", f.office), ("Cantón", f.city)),
    ):
        for x, wide, (caption, words) in ((40, 286, left), (326, 229, right)):
            pen.frame(x, pen.y, 92, tall, fill=_MIST, thick=0.5)
            pen.frame(x + 92, pen.y, wide - 92, tall, thick=0.5)
            pen.down(-8)
            pen.text(x + 4, caption, 7.8, bold=True)
            pen.value(x + 97, words, 10, room=wide - 102)
            pen.down(8)
        pen.down(tall)
    pen.down(8)
    pen.text(40, _sense(f, "EQUIPOS QUE EL CLIENTE ENTREGA", "EQUIPOS QUE EL CLIENTE RECIBE"), 9.5, bold=True)
    pen.down(6)
    rows = (
        ("Descripción", *(one.word for one in f.items)),
        ("Marca", *(one.brand for one in f.items)),
        ("Modelo", *(one.model for one in f.items)),
        ("Nº serie", *(one.serial for one in f.items)),
        ("MAC", *(one.mac for one in f.items)),
        ("Estado", *(_when(f, pen.chance.choice(("Bueno", "Usado"))) for _ in f.items)),
    )
    heads = ("", *(f"Equipo {place}" for place in range(1, len(f.items) + 1)))
    widths = (62, *[453 / len(f.items)] * len(f.items))
    pen.table(heads, rows, widths, x=40, size=9, shade=_MIST, pitch=2.4, printed=frozenset({0}))
    pen.down(12)
    noted = _when(f, pen.chance.choice(("Ninguna", "Sin novedad", "Con señales de uso")))
    _before(pen, 40, "Observaciones:", noted, 130, 420, 9)
    pen.rule(128, 555, dots=True)
    pen.down(22)
    _before(pen, 40, "Cel. de contacto:", _mobile(pen, f), 130, 120, 9)
    pen.y = min(pen.y - 90, 250)
    customer = ("CLIENTE", (f.holder,), "C.I. ........................")
    _signed(pen, f, (60, customer), (345, ("ASESOR", (f.agent,), (_when(f, f"C.I. {f.agent_id}"),))))
    _sealed(pen, f, 300, pen.y - 34, round_=False)


def _roll(pen: Pen, f: Facts) -> None:
    pen.left, right = 9, pen.width - 9
    pen.y = pen.height - 22
    pen.middle(short(f), 13, bold=True)
    for words in (*wrap(issuer(f), 34), f.office):
        pen.middle(words, 6.5)
    pen.down(4)
    pen.middle(_sense(f, "DEVOLUCION DE EQUIPOS", "INSTALACION DE EQUIPOS"), 9.5, bold=True)
    pen.middle(_sense(f, "ACTA - COPIA CLIENTE", "ACTA DE ALTA - COPIA CLIENTE"), 7)
    for caption, words in (
        ("COMPROB.", f.number),
        ("FECHA", _when(f, f"{f.day:%d/%m/%Y} {_clock(pen)}")),
        ("CI/RUC", f.id_number),
        ("N.SERVICIO", f.service),
        ("PRODUCTO", _line(f).upper()),
        ("CAJERO", f.agent.split()[0] if f.agent else ""),
    ):
        pen.text(9, caption, 7)
        pen.value(right - len(words) * 4.5 if not pen.ink.by_hand else 60, words, 7.5, room=right - 60)
        pen.down(11)
    pen.text(9, "CLIENTE", 7)
    pen.down(10)
    pen.value(9, f.holder, 7.5, room=right - 9)
    pen.down(7)
    pen.rule(9, right, dots=True)
    for one in f.items:
        pen.down(12)
        pen.text(9, "1 x", 7)
        pen.value(26, f"{one.word} {_make(one)}".upper(), 7, room=right - 26)
        for caption, words in (("SN", one.serial), ("MAC", one.mac)):
            if words:
                pen.down(10)
                pen.value(pen.text(26, f"{caption} ", 7.5), words, 7.5)
    pen.down(7)
    pen.rule(9, right, dots=True)
    pen.down(12)
    pen.text(9, f"TOTAL ITEMS {_sense(f, 'DEVUELTOS', 'INSTALADOS')}: {len(f.items)}", 7)
    pen.down(42)
    pen.signature(16, 58, f.signed, ("CLIENTE",), size=6.5)
    pen.signature(right - 66, 58, f.attended, (_sense(f, "RECIBE", "ENTREGA"),), size=6.5)
    pen.down(50)
    _sealed(pen, f, pen.width / 2, pen.y + 8, round_=False)


def _typed(pen: Pen, f: Facts) -> None:
    pen.left, size = 70, 10.5
    roman = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")[f.day.month - 1]
    pen.down(10)
    for words in wrap(issuer(f).upper(), 40):
        pen.text(70, words, size)
        pen.down(14)
    pen.value(70, f.office.upper(), size)
    pen.value(400, _when(f, f"{f.city}, {f.day.day}-{roman}-{f.day.year}"), size)
    pen.down(40)
    title = _sense(f, "ACTA DE ENTREGA DE EQUIPOS EN DEVOLUCION", "ACTA DE ENTREGA DE EQUIPOS EN INSTALACION")
    pen.text(pen.width / 2, title, 11, align="middle")
    pen.down(3)
    pen.rule(150, pen.width - 150)
    pen.down(30)
    for caption, words in (
        ("ACTA NUMERO", f.number),
        ("NOMBRE DEL ABONADO", f.holder),
        ("CED. IDENT. o RUC", f.id_number),
        ("TELEFONO O SERVICIO No.", f.service),
        ("CLASE DE SERVICIO", _line(f).upper()),
        ("CONTRATO", _when(f, f"{pen.chance.randrange(10**5):05d}-{f.day.year - 2}")),
    ):
        _before(pen, 70, caption, words, 250, 310, size)
        pen.text(238, ":", size)
        pen.down(20)
    pen.down(12)
    intro = _sense(f, "El abonado entrega y la empresa recibe", "La empresa entrega y el abonado recibe")
    pen.prose((intro, _sense(f, "lo siguiente, por retiro:", "lo siguiente, por instalacion:")), size)
    for one in f.items:
        pen.value(84, "1", size)
        pen.value(110, f"{one.word} {_make(one)}".upper(), size, room=220)
        if one.serial:
            pen.value(pen.text(340, "Serie ", size) + 4, one.serial, size)
        if one.mac:
            pen.down(16)
            pen.value(pen.text(340, "MAC   ", size) + 4, one.mac, size)
        pen.down(22)
    pen.down(14)
    pen.prose(("Para constancia firman en dos ejemplares de igual valor.",), size)
    pen.down(74)
    _signed(pen, f, (80, ("EL ABONADO",)), (350, ((f.agent,), "POR LA EMPRESA")), 9)
    _sealed(pen, f, 300, pen.y - 30)


def _ticked(pen: Pen, f: Facts) -> None:
    pen.canvas.setFillColor(_PETROL)
    pen.canvas.rect(0, pen.height - 62, pen.width, 62, fill=1, stroke=0)
    pen.y = pen.height - 38
    pen.text(44, "FORMULARIO DE EQUIPOS TERMINALES", 15, bold=True, colour=_WHITE)
    pen.text(551, short(f), 18, bold=True, colour=_WHITE, align="right")
    pen.down(15)
    pen.text(44, issuer(f), 7.5, colour=_WHITE)
    pen.down(40)
    pen.value(pen.text(44, "Formulario N° ", 10) + 3, f.number, 11)
    at = pen.text(345, "Fecha", 10) + 8
    pen.comb(at, _when(f, f"{f.day:%d%m%Y}"), 8, 16)
    pen.down(13)
    for place, letter in enumerate("DDMMAAAA"):
        pen.text(at + 16 * place + 8, letter, 6.5, colour=GREY, align="middle")
    pen.down(22)
    at = pen.text(44, "Acta de:", 10, bold=True) + 14
    at = _tick(pen, at, "Entrega al cliente (instalación)", not f.returned and bool(f.holder))
    _tick(pen, at, "Devolución del cliente (retiro)", f.returned and bool(f.holder))
    pen.down(24)
    at = pen.text(44, "Motivo:", 10, bold=True) + 20
    for words in ("Servicio nuevo", "Terminación del contrato", "Mora", "Cambio de domicilio"):
        at = _tick(pen, at, words, bool(f.holder) and words == _sense(f, "Terminación del contrato", "Servicio nuevo"))
    pen.down(30)
    for caption, words in (
        ("Apellidos y nombres del titular", f.holder),
        ("N.º de cédula / RUC", f.id_number),
        ("Cuenta o servicio N.º", f.service),
        ("Oficina", f"{f.office} - {f.city}" if f.holder else ""),
    ):
        _before(pen, 44, caption, words, 208, 335, 10.5)
        pen.down(4)
        pen.rule(204, 551, dots=True)
        pen.down(23)
    pen.text(44, "Tipo (marque)", 8, bold=True)
    for x, words in ((176, "Descripción"), (330, "N° serie equipo"), (452, "Dirección MAC")):
        pen.text(x, words, 8, bold=True)
    for place in range(4):
        pen.down(27)
        one = f.items[place] if place < len(f.items) else Item(EquipmentType.OTRO, "")
        pen.frame(40, pen.y - 9, 515, 27, thick=0.5)
        at = 44.0
        for kind, words in ((_ONT, "ONT"), (_MODEM, "Mód."), (_DECODER, "Deco"), (None, "Otro")):
            there = bool(one.word) and (one.type == kind or (kind is None and one.type not in {_ONT, _MODEM, _DECODER}))
            at = _tick(pen, at, words, there, 6.5) - 9
        pen.value(176, f"{one.word} {_make(one)}", 9, room=148)
        pen.value(330, one.serial, 10, room=116)
        pen.value(452, one.mac, 9.5, room=99)
    pen.down(50)
    pen.prose(("Declaro que los datos son verdaderos y que la entrega se hizo a mi satisfacción.",), 9)
    pen.y = min(pen.y - 70, 150)
    _signed(pen, f, (60, ("Cliente", (f.holder,))), (345, ("Funcionario de la empresa", (f.agent,))))
    _sealed(pen, f, 300, pen.y + 10)


def _across(pen: Pen, f: Facts) -> None:
    pen.canvas.setFillColor(_MIST)
    pen.canvas.rect(0, 0, 270, pen.height, fill=1, stroke=0)
    pen.y = pen.height - 60
    pen.logo(36, pen.y, f.ours, name=f.company, size=28)
    pen.down(44)
    for words in wrap(issuer(f), 30):
        pen.text(36, words, 9, bold=True)
        pen.down(13)
    pen.down(22)
    for caption, words in (
        ("Titular de la cuenta", f.holder),
        ("Identificación (C.I./RUC)", f.id_number),
        ("Código de servicio", f.service),
        ("Producto", _line(f)),
        ("Celular", _mobile(pen, f)),
        ("Oficina", f.office),
        ("Fecha", _when(f, f"{_month(f.day).title()} {f.day.day} de {f.day.year}")),
    ):
        _over(pen, 36, caption, words, 220, 11)
        pen.down(44)
    pen.y = pen.height - 66
    pen.text(300, f"Constancia de {_sense(f, 'devolución', 'instalación')} de equipos", 18, bold=True)
    pen.down(22)
    pen.value(pen.text(300, "Constancia No. ", 11) + 2, f.number, 11)
    for place, one in enumerate(f.items):
        x, pen.y = 300 + place % 2 * 262, pen.height - 118 - place // 2 * 118
        pen.frame(x, pen.y - 92, 246, 102, round_=8)
        pen.down(10)
        pen.value(x + 12, one.word, 12, bold=True)
        for caption, words in (("Marca/modelo", _make(one)), ("S/N", one.serial), ("MAC", one.mac)):
            pen.down(23)
            if words or not f.holder:
                _before(pen, x + 12, caption, words, x + 90, 150, 10.5)
    pen.y = 150
    done = _sense(f, "devolvió los equipos aquí descritos", "recibió, instalados, los equipos aquí descritos")
    pen.text(300, f"El titular {done}, de lo que dejan constancia él y la empresa.", 10)
    pen.y = 70
    _signed(pen, f, (320, ("Firma del titular",)), (590, ((f.agent,), "Agente de servicio")), 9)
    _sealed(pen, f, 545, pen.y + 4)


def _upright_heads(pen: Pen, f: Facts) -> None:
    _upright(pen, 30, 250, "Original: cliente   -   Copia 1: bodega   -   Copia 2: archivo de la oficina", 7)
    pen.logo(pen.width / 2 - 22, pen.y - 6, f.ours, name=f.company, size=20)
    pen.down(30)
    pen.middle(issuer(f), 9, bold=True)
    title = _sense(f, "ORDEN DE BAJA: EQUIPOS RETIRADOS", "ORDEN DE ALTA: EQUIPOS INSTALADOS")
    pen.middle(f"{title} AL CLIENTE", 12, bold=True)
    pen.down(12)
    for left, right in (
        (("Nro. de acta", f.number), ("Fecha", _when(f, f"{f.day:%d} / {_month(f.day)[:3]} / {f.day.year}"))),
        (("Nombre", f.holder), ("C.I. o RUC", f.id_number)),
        (("Nro. línea / servicio", f.service), ("Orden", _when(f, f"{pen.chance.randrange(10**6, 10**7)}"))),
        (("Oficina", f.office), ("Ciudad", f.city)),
    ):
        _before(pen, 50, left[0], left[1], 142, 208, 10)
        _before(pen, 366, right[0], right[1], 424, 126, 10)
        pen.down(3)
        pen.rule(140, 354, thick=0.4)
        pen.rule(422, 552, thick=0.4)
        pen.down(24)
    widths = (22, 140, 66, 70, 118, 20, 20, 20, 20)
    heads = [
        "Ítem",
        "Equipo o accesorio",
        "Marca",
        "Modelo",
        "Serie / MAC",
        "Cantidad",
        "Enciende",
        "Completo",
        "Con daño",
    ]
    pen.down(56)
    at = 52.0
    for place, (wide, words) in enumerate(zip(widths, heads, strict=True)):
        pen.frame(at, pen.y, wide, 62, fill=Color(0.93, 0.93, 0.93), thick=0.5)
        if place in {0, 5, 6, 7, 8}:
            _upright(pen, at + wide / 2 + 3, pen.y + 6, words, 8.5)
        else:
            pen.down(-27)
            pen.text(at + wide / 2, words, 9, bold=True, align="middle")
            pen.down(27)
        at += wide
    for place, one in enumerate(f.items, 1):
        pen.down(36)
        cells = (str(place), one.word, one.brand, one.model, _serial(one), "1", "X" if one.serial else "", "X", "")
        at = 52.0
        for wide, words in zip(widths, cells, strict=True):
            pen.frame(at, pen.y, wide, 36, thick=0.5)
            pen.down(-20 if wide == 118 else -13)
            pen.value(at + 4, words if one.word else "", 9.5, room=wide - 7)
            if wide == 118:
                pen.down(13)
                pen.value(at + 4, one.mac, 9, room=wide - 7)
                pen.down(-13)
            pen.down(20 if wide == 118 else 13)
            at += wide
    pen.down(26)
    pen.prose(
        (
            _sense(f, "Los equipos fueron retirados", "Los equipos quedan instalados"),
            "a satisfacción de ambas partes. No se admiten enmiendas.",
        ),
        9.5,
    )
    pen.y = min(pen.y - 80, 190)
    agent = ((f.agent,), (_when(f, f"C.I. {f.agent_id}"),), "Responsable de la oficina")
    _signed(pen, f, (70, ("Firma del abonado",)), (340, agent), 9)
    _sealed(pen, f, 296, pen.y + 30, round_=False)


def _characters(pen: Pen, f: Facts) -> None:
    size, left = 8.6, 42
    pitch = size * 0.602
    edge = "+" + "-" * 99 + "+"
    right = left + 100 * pitch

    def bar() -> None:
        pen.text(left, edge, size)
        pen.down(14)

    def line(*cells: tuple[int, str, bool]) -> None:
        """Cells of column, words, and whether they were filled in."""
        for x in (left, right):
            pen.text(x, "|", size)
        for column, words, filled in cells:
            (pen.value if filled else pen.text)(left + column * pitch, words, size)
        pen.down(14)

    bar()
    line((2, issuer(f), False), (78, "PAG. 1 DE 1", False))
    line((2, f"RUC {CNT_RUC if f.ours else '1792000000001'}", False), (78, "SIS-COM 4.1", False))
    title = _sense(f, "RECEPCION DE EQUIPOS DEVUELTOS POR EL CLIENTE", "INSTALACION DE EQUIPOS AL CLIENTE")
    line((22, f"ACTA DE {title}", False))
    bar()
    for caption, words in (
        ("NUM. ACTA", f.number),
        ("FECHA", _when(f, f"{f.day:%d.%m.%Y}")),
        ("OFICINA", f.office.upper()),
        ("CLIENTE", f.holder),
        ("CEDULA/RUC", f.id_number),
        ("NUM. SERVICIO", f.service),
        ("TIPO SERVICIO", _line(f).upper()),
        ("TELF. CONTACTO", _mobile(pen, f)),
        ("USUARIO", f.agent),
    ):
        line((2, f"{caption:.<16}:", False), (20, words, True))
    bar()
    columns = (2, 6, 32, 56, 78)
    heads = ("IT", "DESCRIPCION", "MARCA/MODELO", "SERIE", "MAC")
    line(*((column, words, False) for column, words in zip(columns, heads, strict=True)))
    bar()
    for place, one in enumerate(f.items, 1):
        cells = (f"{place:02d}", one.word.upper(), _make(one).upper(), one.serial, one.mac)
        line(*((column, words, column > 2) for column, words in zip(columns, cells, strict=True)))
    bar()
    line((2, f"TOTAL EQUIPOS {_sense(f, 'RECIBIDOS', 'INSTALADOS')}: {len(f.items)}", False), (56, "** FIN **", False))
    bar()
    pen.down(70)
    _signed(pen, f, (80, ("FIRMA CLIENTE",)), (360, ("FIRMA Y SELLO EMPRESA",)))
    _sealed(pen, f, 445, pen.y - 30)


def _half_sheet(pen: Pen, f: Facts) -> None:
    pen.y = pen.height - 42
    pen.logo(30, pen.y, f.ours, name=f.company, size=20)
    pen.text(100, _sense(f, "RECIBO DE EQUIPOS DEVUELTOS", "RECIBO DE EQUIPOS INSTALADOS"), 13, bold=True)
    pen.text(478, "N°", 12, bold=True, colour=_RED)
    pen.value(496, f.number, 12, room=80)
    pen.down(13)
    pen.text(100, issuer(f), 7)
    pen.down(24)
    for down, x, wide, caption, words in (
        (0, 30, 330, _sense(f, "Recibí de (titular)", "Entregué a (titular)"), f.holder),
        (0, 366, 200, "C.C. / RUC", f.id_number),
        (40, 30, 150, "Servicio N°", f.service),
        (0, 186, 174, "Clase", _line(f)),
        (0, 366, 110, "Fecha", _when(f, f"{f.day:%d}-{_month(f.day)[:3]}-{f.day:%y}")),
        (0, 482, 84, "Ciudad", f.city),
    ):
        pen.down(down)
        pen.frame(x, pen.y - 24, wide, 33, round_=5)
        _over(pen, x + 6, caption, words, wide - 12, 11)
    pen.down(36)
    rows = [(one.word, _make(one), one.serial, one.mac) for one in f.items]
    rows += [("", "", "", "")] * (4 - len(rows))
    heads = ("Equipo", "Marca y modelo", "Serial", "MAC")
    pen.table(heads, rows, (138, 120, 150, 128), x=30, size=8.8, pitch=2.3, shade=_MIST)
    pen.y = 52
    gave, got = "Entregué conforme", "Recibí conforme"
    agent = (f"{_sense(f, got, gave)} ({short(f)})", (f.agent,))
    _signed(pen, f, (50, (f"{_sense(f, gave, got)} (cliente)",)), (375, agent))
    _sealed(pen, f, 300, pen.y + 4)


def _controlled(pen: Pen, f: Facts) -> None:
    pen.left = 50
    for x, y, wide, tall in ((50, 740, 110, 62), (160, 740, 250, 62), (410, 740, 135, 62)):
        pen.frame(x, y, wide, tall)
    pen.y = 764
    pen.logo(66, pen.y, f.ours, name=f.company, size=22)
    title = f"ENTREGA RECEPCIÓN POR {_sense(f, 'DEVOLUCIÓN', 'INSTALACIÓN')}"
    pen.text(285, title, 11, bold=True, align="middle")
    pen.down(-24)
    for words in ("Código: FR-GC-031", "Versión: 04", "Vigente: 02/01/2020", "Página 1 de 1"):
        pen.text(416, words, 8)
        pen.down(13)
    pen.y = 720
    pen.text(50, issuer(f), 9, bold=True)
    other = _when(f, later_person(pen.chance) if pen.chance.random() < 0.6 else "")
    number = cedula(pen.chance) if other else ""
    for caption, words in (
        ("1. Documento", ""),
        ("Acta N.º", f.number),
        ("Fecha de suscripción", _when(f, f"{f.day.day} de {_month(f.day)} del {f.day.year}")),
        ("Lugar", _when(f, f"{f.office}, {f.city}")),
        ("2. Titular del servicio", ""),
        ("Nombres completos", title_case(f.holder)),
        ("Documento (C.I./RUC)", f.id_number),
        ("Servicio", _line(f)),
        ("Identificador del servicio", f.service),
    ):
        if caption[0].isdigit():
            pen.down(24)
            pen.text(50, caption, 10, bold=True)
        else:
            pen.down(18)
            _before(pen, 64, f"{caption}:", words, 200, 340, 10)
    pen.down(24)
    pen.text(50, "3. Equipos con número de serie", 10, bold=True)
    pen.down(6)
    rows = [(o.serial, o.mac, o.word, o.brand, o.model) for o in f.items if o.type not in WITHOUT_SERIAL]
    pen.table(("Serie", "MAC", "Equipo", "Marca", "Modelo"), rows, (130, 115, 120, 65, 65), size=9)
    pen.down(6)
    pen.text(50, "4. Accesorios", 10, bold=True)
    pen.down(6)
    loose = [(one.word, _when(f, "1")) for one in f.items if one.type in WITHOUT_SERIAL]
    pen.table(("Accesorio", "Cant."), loose or [(_when(f, "Ninguno"), "")], (180, 50), size=9)
    pen.down(6)
    pen.text(50, "5. Conformidad", 10, bold=True)
    pen.down(16)
    done = _sense(f, "La empresa recibe, en devolución, de", "La empresa deja, instalados, a")
    pen.prose((done, "su cliente o del delegado" if f.returned else "su cliente", "los equipos descritos."), 9.5)
    if other:
        pen.down(2)
        pen.value(pen.text(64, "Delegado: ", 9.5) + 2, other, 9.5, room=210)
        pen.value(pen.text(340, "C.I. del delegado: ", 9.5) + 2, number, 9.5)
    pen.y = min(pen.y - 78, 130)
    pen.signature(50, 140, f.signed, ("Cliente o delegado",))
    pen.signature(225, 140, f.attended, ("Agente", (f.agent,), (f.agent_id,)))
    pen.signature(400, 140, f.attended and f.returned, ("Bodega",))
    _sealed(pen, f, 500, pen.y - 46)


_Layout = partial(form.Layout, unseen=True, invent=later_facts)
_FADED, _RIBBON = Ink("", Color(0.2, 0.2, 0.26)), Ink("typewriter", Color(0.13, 0.13, 0.2), 0.9)
_COPY = Ink("typewriter", CARBON, 0.6)
_ROLL = (58 * mm, 168 * mm)
LATER = (
    _Layout("relato", LETTER, "concrete", _told),
    _Layout("correo_impreso", A4, "grotesque", _printed_mail, by_hand=False),
    _Layout("equipos_columna", A4, "wide", _equipment_across),
    _Layout("rollo_58", _ROLL, "terminal", _roll, by_hand=False, ink=_FADED, tint=(0.97, 0.96, 0.95)),
    _Layout("mecanografiada", LETTER, "typewriter", _typed, by_hand=False, ink=_RIBBON, tint=(0.98, 0.95, 0.88)),
    _Layout("sentido_marcado", A4, "grotesque", _ticked),
    _Layout("apaisada_fichas", landscape(A4), "modern", _across),
    _Layout("cabezas_giradas", A4, "narrow", _upright_heads),
    _Layout("caracteres", LETTER, "plainmono", _characters, by_hand=False),
    _Layout("media_hoja", landscape(A5), "office", _half_sheet, ink=_COPY, omits=frozenset({"office"})),
    _Layout("controlado", A4, "serif", _controlled),
)
