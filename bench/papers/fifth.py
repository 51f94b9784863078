"""Layouts held out a fifth time, by somebody who has not seen the reading rules: traps for a value that seems proven.

Beside every value that counts stands one of the same build that does not: valid cédulas of advisers, witnesses,
bearers and former holders, serials that were expected, struck out or not handed in, numbers of orders and contracts,
days of everything. What tells them apart is what tells a person: a column, a band, a stroke of the pen, a question.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from itertools import zip_longest
from textwrap import wrap

from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4, A5, LETTER, landscape

from papers import form
from papers.fifth_facts import fifth_facts, neighbour
from papers.form import dashed, issuer, long_day, short
from papers.fourth import across
from papers.fourth_facts import piece
from papers.pen import BLUE_PEN, GREY, Ink, Part, Pen
from papers.truth import CNT_RUC, LINE_WORDS, MONTHS, Facts, Item, cedula

_DARK = Color(0.2, 0.24, 0.3)
_WHITE = Color(1, 1, 1)
_SAND = Color(0.95, 0.92, 0.84)
_ICE = Color(0.89, 0.94, 0.97)
_FAINT = Color(0.87, 0.87, 0.9)
_RUBBER = Color(0.55, 0.08, 0.12, alpha=0.75)
_VIOLET = Color(0.3, 0.12, 0.55, alpha=0.7)

# ── what several of them need ────────────────────────────────────────────────────────────────────


def _sense(f: Facts, back: str, out: str) -> str:
    return back if f.returned else out


def _when(f: Facts, words: str) -> str:
    """Something that only a form shows which somebody filled in."""
    return words if f.holder else ""


def _gap(words: str) -> Part:
    return (words,) if words else "____________"


def _line(f: Facts) -> str:
    return _when(f, LINE_WORDS[f.line])


def _make(one: Item) -> str:
    return f"{one.brand} {one.model}".strip()


def _mobile(pen: Pen, f: Facts) -> str:
    return _when(f, f"09{pen.chance.randrange(10**8):08d}")


def _digits(pen: Pen, f: Facts, many: int) -> str:
    return _when(f, str(pen.chance.randrange(10 ** (many - 1), 10**many)))


def _other(pen: Pen, f: Facts, *, given_first: bool = False) -> tuple[str, str]:
    """Somebody else on the paper, and a valid cédula."""
    return _when(f, neighbour(pen.chance, given_first=given_first)), _when(f, cedula(pen.chance))


def _day_before(pen: Pen, f: Facts, low: int, high: int) -> date:
    return f.day - timedelta(days=pen.chance.randrange(low, high))


def _twin(pen: Pen, one: Item) -> Item:
    """Another piece of the same kind, with a number of its own."""
    return piece(one.type.value, pen.chance) if one.word else Item(one.type, "")


def _room(pen: Pen, x: float, caption: str, words: str, room: float, size: float = 9.5) -> None:
    """A caption and its value close behind it."""
    at = pen.text(x, caption, size) + 4
    pen.value(at, words, size, room=max(20, room - (at - x)))


def _turned(pen: Pen, x: float, y: float, words: str, size: float, *, colour: Color = GREY, bold: bool = False) -> None:
    """Print that runs upwards."""
    pen.canvas.saveState()
    pen.canvas.translate(x, y)
    pen.canvas.rotate(90)
    here, pen.y = pen.y, 0.0
    pen.text(0, words, size, colour=colour, bold=bold)
    pen.y = here
    pen.canvas.restoreState()


def rubber(pen: Pen, x: float, y: float, lines: Sequence[str], size: float, colour: Color, angle: float = 2) -> None:
    """Lines from a rubber stamp without a frame: a date, a counter, an adviser's name."""
    here = pen.y
    pen.canvas.saveState()
    pen.canvas.translate(x, y)
    pen.canvas.rotate(angle)
    pen.y = 0
    for words in lines:
        pen.text(0, words, size, bold=True, colour=colour)
        pen.y -= size * 1.15
    pen.canvas.restoreState()
    pen.y = here


def strike(pen: Pen, x0: float, x1: float, *, twice: bool = True) -> None:
    """A stroke or two by pen through what stands on the line."""
    pen.canvas.saveState()
    pen.canvas.setStrokeColor(BLUE_PEN)
    pen.canvas.setLineWidth(1.3)
    for low in (2.2, 4.2) if twice else (3.2,):
        pen.canvas.line(x0 - 3, pen.y + low + pen.chance.uniform(-0.5, 0.5), x1 + 3, pen.y + low + 1)
    pen.canvas.restoreState()


def _seal(pen: Pen, f: Facts, x: float, y: float, *, round_: bool = False) -> None:
    if f.stamped:
        pen.stamp(x, y, (short(f), _sense(f, "RECIBIDO", "ENTREGADO"), f"{f.day:%d/%m/%Y}"), round_=round_)


def _feet(
    pen: Pen, f: Facts, left: Sequence[Part], right: Sequence[Part], *, x: float = 70, apart: float = 280
) -> None:
    pen.signature(x, 170, f.signed, left)
    pen.signature(x + apart, 170, f.attended, right)


# ── the layouts ──────────────────────────────────────────────────────────────────────────────────


def _bands(pen: Pen, f: Facts) -> None:
    """Three people in bands under each other, all with the same captions; who each is runs upwards in the margin."""
    pen.left = 44
    pen.y = pen.height - 46
    pen.text(44, issuer(f), 9, bold=True)
    pen.text(551, "FO-ATC-118 rev. 3", 7, align="right", colour=GREY)
    pen.down(24)
    pen.text(
        44, _sense(f, "RETIRO DE EQUIPOS - DEVOLUCIÓN", "ALTA DE SERVICIO - INSTALACIÓN DE EQUIPOS"), 14, bold=True
    )
    pen.down(20)
    _room(pen, 44, "Acta", f.number, 160)
    _room(pen, 230, "Día", _when(f, f"{f.day:%d/%m/%Y}"), 120)
    _room(pen, 380, "Solicitud", _digits(pen, f, 10), 170)
    pen.down(12)
    witness, bearer = _other(pen, f), _mobile(pen, f)
    people = (
        (_sense(f, "RECIBE", "INSTALA"), f.agent, f.agent_id, "023731700", "Cargo", _when(f, "Asesor comercial")),
        ("TITULAR", f.holder, f.id_number, bearer, "Servicio", dashed(f.service)),
        ("TESTIGO", *witness, _mobile(pen, f), "Parentesco", _when(f, "Vecino(a)")),
    )
    for who, name, number, phone, caption, last in people:
        pen.frame(44, pen.y - 84, 26, 84, fill=_DARK)
        pen.frame(70, pen.y - 84, 481, 84)
        _turned(pen, 61, pen.y - 74, who, 10.5, colour=_WHITE, bold=True)
        pen.down(24)
        _room(pen, 80, "Nombres y apellidos:", name, 460, 10.5)
        pen.down(24)
        _room(pen, 80, "C.I./RUC:", number, 200, 10.5)
        _room(pen, 320, "Teléfono:", phone, 220, 10.5)
        pen.down(24)
        _room(pen, 80, f"{caption}:", last, 220, 10.5)
        pen.down(20)
    pen.down(24)
    pen.text(44, _sense(f, "Se retiran y reciben:", "Se instalan:"), 10, bold=True)
    pen.down(4)
    rows = [(str(n), one.word, _make(one), one.serial, one.mac) for n, one in enumerate(f.items, 1)]
    pen.table(("", "Equipo", "Marca/modelo", "Serie", "MAC"), rows, (18, 130, 110, 135, 114), pitch=2.4, shade=_ICE)
    pen.down(70)
    for x, words, there in ((44, people[0][0], f.attended), (220, "TITULAR", f.signed), (396, "TESTIGO", f.signed)):
        pen.signature(x, 140, there, (words,))
    _seal(pen, f, 200, pen.y - 20)


def _before_and_now(pen: Pen, f: Facts) -> None:
    """A service that changed hands: what was at the left, captions in the middle, what is at the right."""
    pen.y = pen.height - 50
    pen.logo(50, pen.y - 6, f.ours, name=f.company, size=20)
    pen.text(562, issuer(f), 7.5, align="right")
    pen.down(40)
    title = _sense(f, "ACTA DE DEVOLUCIÓN DE EQUIPOS", "ACTA DE INSTALACIÓN DE EQUIPOS")
    pen.middle(f"{title} - SERVICIO CON TRASPASO", 12.5, bold=True)
    pen.down(6)
    before, before_id = _other(pen, f)
    passed = _day_before(pen, f, 200, 900)
    rows = (
        ("REGISTRO ANTERIOR", "DATO", "REGISTRO VIGENTE"),
        (_when(f, f"TR-{pen.chance.randrange(10**5):05d}"), "Documento N.º", f.number),
        (_when(f, f"{passed:%d/%m/%Y}"), "Fecha", _when(f, f"{f.day:%d/%m/%Y}")),
        (before, "Titular", f.holder),
        (before_id, "C.I. / RUC", f.id_number),
        (_digits(pen, f, 8), "N.º de servicio", f.service),
        (_line(f), "Producto", _line(f)),
        (_mobile(pen, f), "Contacto", _mobile(pen, f)),
    )
    for place, (left, caption, right) in enumerate(rows):
        pen.down(24)
        for x, wide in ((50, 200), (250, 112), (362, 200)):
            pen.frame(x, pen.y - 8, wide, 24, fill=_SAND if x == 250 or not place else None, thick=0.5)
        pen.text(306, caption, 8.5, bold=True, align="middle")
        if place:
            pen.value(55, left, 9.5, room=190)
            pen.value(367, right, 9.5, room=190)
        else:
            pen.text(150, left, 8.5, bold=True, align="middle")
            pen.text(462, right, 8.5, bold=True, align="middle")
    pen.down(36)
    pen.text(50, _sense(f, "Equipos que devuelve el titular vigente", "Equipos que se instalan al titular vigente"), 10)
    pen.down(2)
    goods = [(_twin(pen, one).serial, f"{one.word} {_make(one)}".strip(), one.serial, one.mac) for one in f.items]
    heads = ("Serie anterior", "Equipo", "Serie actual", "MAC actual")
    pen.table(heads, goods, (125, 150, 125, 112), size=9, pitch=2.4, shade=_SAND)
    pen.prose(
        (
            _sense(f, "La empresa recibe los equipos de la columna", "La empresa instala los equipos de la columna"),
            "serie actual. Los de la serie anterior se dieron de baja en el traspaso y no constan en este trámite.",
        ),
        9,
    )
    pen.down(66)
    _feet(pen, f, ("Titular vigente", (f.holder,)), (_sense(f, "Recibe", "Instala"), (f.agent,)))
    _seal(pen, f, 306, pen.y)


def _compared(pen: Pen, f: Facts) -> None:
    """The counter's slip: the bearer first, the equipment as the system has it and as it came, the holder last."""
    pen.left = 40
    pen.y = pen.height - 42
    pen.text(40, f"{short(f)} · VENTANILLA", 12, bold=True)
    pen.value(pen.text(330, "Turno ", 9), _when(f, f"B-{pen.chance.randrange(100, 999)}"), 9)
    pen.value(pen.text(430, "Ticket ", 9), _digits(pen, f, 10), 9)
    pen.down(22)
    pen.text(40, _sense(f, "CONSTANCIA DE EQUIPOS DEVUELTOS", "CONSTANCIA DE EQUIPOS INSTALADOS"), 14, bold=True)
    pen.down(24)
    bearer, bearer_id = _other(pen, f, given_first=True)
    _room(pen, 40, _sense(f, "Se presenta:", "Se atiende a:"), bearer, 310)
    _room(pen, 360, "C.I.", bearer_id, 180)
    pen.down(16)
    _room(pen, 40, "Celular:", _mobile(pen, f), 200)
    _room(pen, 360, "Orden:", _digits(pen, f, 7), 180)
    pen.down(22)
    for place, one in enumerate(f.items, 1):
        tall = 62 if one.serial else 28
        pen.frame(40, pen.y - tall + 12, 515, tall, thick=0.5, fill=_ICE if place % 2 else None)
        _room(pen, 48, f"{place}.", f"{one.word} {_make(one)}".strip(), 480, 10)
        if one.serial:
            differs = place == 1
            pen.down(17)
            _room(pen, 64, "Según sistema:", _twin(pen, one).serial if differs else one.serial, 260, 9)
            pen.text(360, "NO COINCIDE" if differs else "COINCIDE", 8.5, bold=True)
            pen.down(17)
            _room(pen, 64, _sense(f, "Recibido:", "Instalado:"), one.serial, 250, 10.5)
            if one.mac:
                _room(pen, 330, "MAC en etiqueta:", one.mac, 220, 9)
        pen.down(tall - (34 if one.serial else 0) + 4)
    pen.down(8)
    pen.prose(
        (_sense(f, "Se ingresa a bodega lo recibido, no lo registrado en sistema.", "Se registra lo instalado."),), 9
    )
    pen.down(2)
    pen.text(40, "POR CUENTA DE", 9, bold=True)
    pen.down(18)
    pen.value(40, f.holder, 11, room=300)
    pen.value(pen.text(360, "con identificación ", 9), f.id_number, 11)
    pen.down(18)
    _room(pen, 40, "dueño(a) del servicio", f.service, 300, 10)
    _room(pen, 360, "de", _line(f), 180, 10)
    pen.down(18)
    _room(pen, 40, "Constancia", f.number, 300, 10)
    pen.value(pen.text(360, "Atención: ", 9), _when(f, f"{f.day:%Y/%m/%d}"), 10)
    pen.down(78)
    _feet(pen, f, ("Quien se presenta",), ("Ventanilla", (f.agent,), (_when(f, f"C.I. {f.agent_id}"),)))
    _seal(pen, f, 306, pen.y + 12, round_=True)


def _partial(pen: Pen, f: Facts) -> None:
    """Only a part came back: the same table holds what is missing, told by a word at its end and by a list below."""
    pen.y = pen.height - 48
    pen.middle(issuer(f), 9)
    title = _sense(f, "ACTA DE ENTREGA PARCIAL POR DEVOLUCIÓN DE EQUIPOS", "ACTA DE INSTALACIÓN PARCIAL DE EQUIPOS")
    pen.middle(title, 13, bold=True)
    pen.down(8)
    for row in (
        (("Acta:", f.number), ("Fecha:", _when(f, long_day(f.day)))),
        (("Abonado:", f.holder), ("Cédula/RUC:", f.id_number)),
        (("Servicio:", f.service), ("Tipo:", _line(f))),
        (("Contrato:", _digits(pen, f, 10)), ("Telf. referencia:", _mobile(pen, f))),
    ):
        for x, (caption, words) in zip((50, 330), row, strict=True):
            _room(pen, x, caption, words, 270 if x == 50 else 215, 10)
        pen.down(19)
    there, gone = _sense(f, "DEVUELTO", "INSTALADO"), "PENDIENTE"
    missing = [_twin(pen, one) for one in f.items if one.serial][:2]
    if not f.items:  # nothing came at all
        missing = [piece(kind, pen.chance) for kind in ("ONT", "REPETIDOR")]
    rows = [(one.word, _make(one), one.serial, one.mac, _when(f, there)) for one in f.items]
    lost = [(one.word, _make(one), one.serial, one.mac, gone) for one in missing if one.word]
    rows = [row for pair in zip_longest(rows, lost) for row in pair if row]
    pen.table(("Equipo", "Marca/modelo", "Serie", "MAC", "Estado"), rows, (116, 104, 128, 106, 60), size=8.8, pitch=2.4)
    pen.text(50, "Faltantes a la fecha (el abonado conserva):", 10, bold=True)
    pen.down(17)
    for one in missing:
        if one.word:
            pen.value(60, f"- {one.word}, serie {one.serial}: no entregado; USD {pen.chance.randrange(20, 90)},00", 9.5)
            pen.down(16)
    limit = _when(f, f"{f.day + timedelta(days=15):%d/%m/%Y}")
    pen.prose(("Plazo máximo para los faltantes:", _gap(limit), ". Lo recibido se descarga del inventario."), 9.5)
    pen.down(70)
    _feet(pen, f, ("ABONADO", (f.holder,)), ("ASESOR", (f.agent,)))
    _seal(pen, f, 306, pen.y - 10, round_=True)


def _struck(pen: Pen, f: Facts) -> None:
    """Typed, then set right by pen: the cédula, the day and a serial are struck out, the right ones stand beside."""
    pen.left = 50
    typed, pencil = pen.ink, Ink("hand-daniel", BLUE_PEN, 0.6)
    corrected = bool(f.holder)

    def mended(x: float, caption: str, wrong: str, right: str, at: float) -> None:
        pen.text(x, caption, 10)
        if not corrected:
            return
        end = pen.value(at, wrong, 10.5)
        strike(pen, at, end)
        pen.ink = pencil
        pen.value(end + 14, right, 11.5)
        pen.ink = typed

    pen.y = pen.height - 56
    pen.text(50, short(f), 15, bold=True)
    pen.text(562, f"R.U.C. {CNT_RUC if f.ours else '1790000000001'}", 8, align="right")
    pen.down(28)
    pen.middle(_sense(f, "DEVOLUCIÓN DE EQUIPOS DEL ABONADO", "INSTALACIÓN DE EQUIPOS AL ABONADO"), 13, bold=True)
    pen.down(14)
    _room(pen, 50, "Acta número:", f.number, 260, 10)
    pen.down(26)
    wrong_day = f.day - timedelta(days=pen.chance.choice((1, 2, 30)))
    mended(50, "Fecha:", f"{wrong_day:%d-%m-%Y}", f"{f.day:%d-%m-%Y}", 150)
    pen.down(26)
    _room(pen, 50, "Abonado:", f.holder, 480, 10.5)
    pen.down(26)
    wrong_id = cedula(pen.chance) + ("001" if len(f.id_number) == 13 else "")
    mended(50, "Cédula/RUC:", wrong_id, f.id_number, 150)
    pen.down(26)
    _room(pen, 50, "Servicio número:", f.service, 260, 10.5)
    _room(pen, 330, "Clase:", _line(f), 200, 10.5)
    pen.down(34)
    pen.text(50, _sense(f, "El abonado entrega:", "El abonado recibe en su domicilio:"), 10, bold=True)
    pen.down(24)
    first = True
    for one in f.items:
        _room(pen, 60, "-", f"{one.word} {_make(one)}".strip(), 185, 10)
        if one.serial and first:
            mended(250, "Serie", _twin(pen, one).serial, one.serial, 282)
            first = False
        elif one.serial:
            _room(pen, 250, "Serie", one.serial, 240, 10.5)
        if one.mac:
            pen.down(20)
            _room(pen, 250, "MAC", one.mac, 240, 10)
        pen.down(26)
    pen.prose(("Lo enmendado a mano vale. Lo tachado no vale.",), 9)
    pen.down(70)
    _feet(pen, f, ("ABONADO",), (_sense(f, "RECIBE", "ENTREGA"), (f.agent,)))
    _seal(pen, f, 306, pen.y - 6)


def _corporate(pen: Pen, f: Facts) -> None:
    """A company hands in: captions at the right edge of their column, the representative and others before it."""
    pen.y = pen.height - 44
    pen.text(297, issuer(f), 9.5, bold=True, align="middle")
    pen.down(13)
    pen.text(
        297,
        f"RUC {CNT_RUC if f.ours else '1790000000001'} · Av. Los Arrayanes y Calle 9 · (02) 373-1700",
        7.5,
        align="middle",
    )
    pen.down(28)
    pen.middle(
        _sense(f, "ACTA DE DEVOLUCIÓN - CLIENTES EMPRESARIALES", "ACTA DE INSTALACIÓN - CLIENTES EMPRESARIALES"),
        13,
        bold=True,
    )
    pen.down(10)
    legal, keeper = _other(pen, f, given_first=True), _other(pen, f, given_first=True)
    names = wrap(f.holder, 38) or [""]
    for caption, lines, size in (
        ("comparece", [legal[0]], 10),
        ("C.C.", [legal[1]], 10),
        ("en calidad de", [_when(f, "Representante legal")], 10),
        ("nombramiento inscrito", [_when(f, f"{_day_before(pen, f, 300, 1200):%d/%m/%Y}")], 10),
        ("de la compañía", names, 10.5),
        ("identificada con", [f.id_number], 10.5),
        ("custodio de equipos", [keeper[0]], 10),
        ("C.C. custodio", [keeper[1]], 10),
        ("servicio dado de " + _sense(f, "baja", "alta"), [f"{_line(f)}  {f.service}".strip()], 10.5),
        ("ejecutivo de cuenta", [_when(f, f"{f.agent}  {_mobile(pen, f)}")], 10),
        ("acta", [f.number], 10.5),
        ("suscrita el", [_when(f, long_day(f.day))], 10.5),
    ):
        pen.text(196, caption, 9, colour=GREY, align="right")
        for words in lines:
            pen.value(208, words, size, room=340)
            pen.down(15)
        pen.down(5)
    pen.down(8)
    rows = [
        (_when(f, "1"), one.word, _make(one), _when(f, f"AF{pen.chance.randrange(10**8):08d}"), one.serial, one.mac)
        for one in f.items
    ]
    heads = ("Cant", "Bien", "Marca/modelo", "Activo", "Serie", "MAC")
    pen.table(heads, rows, (30, 106, 96, 72, 116, 92), size=8.6, x=42, pitch=2.4, shade=_FAINT)
    pen.prose(
        (
            _sense(
                f, "La compañía entrega y la empresa pública recibe", "La empresa pública instala y la compañía recibe"
            ),
            "los bienes descritos, conforme con el artículo 1561 del Código Civil y la resolución 0023-2019.",
        ),
        9,
    )
    _turned(pen, 24, 120, "Form. GC-2019-07-31 · autorizado por resolución 1702-4419-03 del 31/07/2019", 7)
    pen.down(62)
    _feet(pen, f, ((legal[0],), "Representante legal"), ((f.agent,), _sense(f, "Recibí conforme", "Instalé conforme")))
    _seal(pen, f, 306, pen.y - 4)


def _grid(pen: Pen, f: Facts) -> None:
    """Sixteen squares in any order, a pale COPIA under them: eight numbers and six days, each with its caption."""
    across(pen, "COPIA", size=120, colour=_FAINT, angle=52)
    pen.y = pen.height - 46
    pen.logo(46, pen.y - 6, f.ours, name=f.company, size=22)
    pen.text(549, issuer(f), 8, align="right")
    pen.down(34)
    pen.text(46, _sense(f, "Recepción de equipos por retiro", "Instalación de equipos por alta"), 15, bold=True)
    pen.down(18)
    old, soon = _day_before(pen, f, 400, 1500), _day_before(pen, f, 3, 25)
    cells = [
        ("Acta", f.number),
        (_sense(f, "Se entregan el", "Se instalan el"), _when(f, f"{f.day:%d/%m/%Y}")),
        ("Cédula/RUC del titular", f.id_number),
        ("N.º de servicio", f.service),
        ("Contrato", _digits(pen, f, 10)),
        ("Orden de trabajo", _digits(pen, f, 8)),
        ("Última factura", _when(f, f"001-045-{pen.chance.randrange(10**9):09d}")),
        ("Cuenta bancaria", _digits(pen, f, 10)),
        ("Contrato firmado el", _when(f, f"{old:%d/%m/%Y}")),
        ("Servicio activo desde", _when(f, f"{old + timedelta(days=6):%d/%m/%Y}")),
        (_sense(f, "Solicitud de retiro", "Solicitud de alta"), _when(f, f"{soon:%d/%m/%Y}")),
        ("Garantía vence", _when(f, f"{f.day + timedelta(days=365):%d/%m/%Y}")),
        ("Referencia 1", _mobile(pen, f)),
        ("Referencia 2", _mobile(pen, f)),
        ("C.I. asesor", f.agent_id),
        ("Producto", _line(f)),
    ]
    pen.chance.shuffle(cells)
    for place, (caption, words) in enumerate(cells):
        x = 46 + 126 * (place % 4)
        pen.frame(x, pen.y - 46, 120, 46, thick=0.6, round_=4)
        pen.down(14)
        pen.text(x + 60, caption, 7.5, colour=GREY, align="middle")
        pen.down(20)
        pen.value(x + 8, words, 10.5, room=106)
        pen.down(-34)
        if place % 4 == 3:
            pen.down(52)
    pen.down(20)
    _room(pen, 46, "Titular:", f.holder, 500, 11)
    pen.down(22)
    for one in f.items:
        _room(pen, 46, "»", f"{one.word} {_make(one)}".strip(), 200, 10)
        if one.serial:
            _room(pen, 256, "serie", one.serial, 160, 10)
        if one.mac:
            _room(pen, 420, "mac", one.mac, 130, 9)
        pen.down(20)
    pen.down(70)
    _feet(pen, f, ("Titular",), (_sense(f, "Recibe", "Instala"), (f.agent,)))
    _seal(pen, f, 306, pen.y + 4, round_=True)
    pen.y = 30
    pen.text(
        46,
        f"Reimpreso {f.day + timedelta(days=40):%d/%m/%Y}  ·  art. 22 LODC, art. 1561 C.C.  ·  0001170042",
        7,
        colour=GREY,
    )


def _columns(pen: Pen, f: Facts) -> None:
    """A warehouse's list across: eight columns in any order, serials on two lines, the people in one line of print."""
    pen.left = 36
    pen.y = pen.height - 42
    pen.text(36, f"{issuer(f)} - BODEGA", 10, bold=True)
    pen.text(806, f"SAP MB51 · lote {pen.chance.randrange(10**10):010d}", 8, align="right", colour=GREY)
    pen.down(22)
    pen.text(
        36,
        _sense(f, "INGRESO A BODEGA POR DEVOLUCIÓN DE CLIENTE", "EGRESO DE BODEGA POR INSTALACIÓN A CLIENTE"),
        13,
        bold=True,
    )
    pen.down(24)
    at = 36.0
    for caption, words in (("Acta", f.number), ("Fecha", _when(f, f"{f.day:%d.%m.%Y}")), ("Ped.", _digits(pen, f, 10))):
        at = pen.value(pen.text(at, f"{caption} ", 9.5), words, 9.5) + 12
    at = pen.value(pen.text(at, "Doc. mat. ", 9.5), _digits(pen, f, 10), 9.5) + 12
    pen.value(pen.text(at, "Usuario ", 9.5), _when(f, f"U{pen.chance.randrange(10**6):06d}"), 9.5)
    pen.down(18)
    at = 36.0
    for caption, words in (
        ("Cliente", f.holder),
        ("C.I.", f.id_number),
        ("Serv.", f.service),
        ("Cel.", _mobile(pen, f)),
    ):
        at = pen.value(pen.text(at, f"{caption} ", 9.5), words, 9.5) + 12
    pen.down(14)
    columns = [("Material", 70), ("Texto breve", 130), ("Serie", 82), ("MAC", 104), ("EAN", 92), ("Modelo", 86)]
    columns += [("Cant", 34), ("Ubic.", 60), ("N.º parte", 84)]
    pen.chance.shuffle(columns)
    told = [
        {
            "Material": f"5000{pen.chance.randrange(10**6):06d}",
            "Texto breve": one.word,
            "Serie": one.serial,
            "MAC": one.mac,
            "EAN": f"786{pen.chance.randrange(10**10):010d}",
            "Modelo": _make(one),
            "Cant": "1,000",
            "Ubic.": f"A{pen.chance.randrange(10, 99)}-{pen.chance.randrange(10, 99)}",
            "N.º parte": f"{pen.chance.randrange(10**8):08d}-{pen.chance.choice('ABC')}",
        }
        for one in f.items
        if one.word
    ]
    x = 36.0
    for caption, wide in columns:
        pen.frame(x, pen.y - 18, wide, 18, fill=_FAINT, thick=0.5)
        pen.down(12)
        pen.text(x + 4, caption, 8.5, bold=True)
        pen.down(-12)
        x += wide
    pen.down(18)
    for row in told or [{}] * 3:
        x = 36.0
        for caption, wide in columns:
            pen.frame(x, pen.y - 30, wide, 30, thick=0.5)
            words = row.get(caption, "")
            half = (len(words) + 1) // 2
            lines = [words[:half], words[half:]] if caption == "Serie" and len(words) > 10 else [words]
            pen.down(13 if len(lines) > 1 else 18)
            for words in lines:
                pen.value(x + 4, words.strip(), 9, room=wide - 8)
                pen.down(11)
            pen.down(-(13 if len(lines) > 1 else 18) - 11 * len(lines))
            x += wide
        pen.down(30)
    pen.down(18)
    pen.prose((_sense(f, "Recibido del cliente en buen estado.", "Despachado para instalación al cliente."),), 9)
    pen.down(60)
    _feet(pen, f, ("Cliente",), ("Bodeguero", (f.agent,), (_when(f, f.agent_id),)), apart=420)
    _seal(pen, f, 380, pen.y)


def _questions(pen: Pen, f: Facts) -> None:
    """Questions with answers under them; who comes to the counter is asked before whose the service is."""
    pen.left = 60
    pen.y = pen.height - 56
    pen.text(60, short(f), 13, bold=True)
    pen.down(20)
    pen.text(60, _sense(f, "Hoja de devolución de equipos", "Hoja de instalación de equipos"), 15, bold=True)
    pen.down(30)
    bearer, bearer_id = _other(pen, f)
    goods = []
    for one in f.items:
        serial = f", serie {one.serial}" if one.serial else ""
        goods.append(f"{one.word} {_make(one)}".strip() + serial + (f", MAC {one.mac}" if one.mac else ""))
    left = _twin(pen, next(one for one in f.items if one.type.value not in {"FUENTE", "CABLE", "CONTROL_REMOTO"}))
    for question, answers in (
        (_sense(f, "¿Quién se acerca a entregar los equipos?", "¿Quién recibe en el domicilio?"), [bearer]),
        ("¿Cuál es su cédula y un celular donde ubicarle?", [f"{bearer_id}   {_mobile(pen, f)}".strip()]),
        ("¿A nombre de quién está contratado el servicio?", [f.holder]),
        ("¿Qué cédula o RUC consta en el contrato?", [f.id_number]),
        (
            "¿Cuál es el número del servicio y cuál el del contrato?",
            [_when(f, f"Servicio {f.service}, contrato {_digits(pen, f, 10)}")],
        ),
        (_sense(f, "¿Qué equipos deja hoy?", "¿Qué equipos se instalan hoy?"), goods),
        (
            _sense(f, "¿Qué equipos quedan en poder del cliente?", "¿Qué equipos no se instalan?"),
            [_when(f, f"{left.word}, serie {left.serial}")],
        ),
        ("¿Qué número lleva esta hoja y qué día es?", [_when(f, f"Hoja {f.number}, hoy {long_day(f.day)}")]),
        ("¿Quién le atiende?", [_when(f, f"{f.agent}, {f.agent_id}")]),
    ):
        pen.text(60, question, 9.5, bold=True)
        pen.down(16)
        for words in answers:
            pen.value(76, words, 10.5, room=470)
            pen.down(16)
        pen.down(5)
    pen.down(64)
    _feet(pen, f, (_sense(f, "Quien entrega", "Quien recibe"),), (_sense(f, "Quien recibe", "Quien instala"),))
    _seal(pen, f, 306, pen.y + 6)


def _glued(pen: Pen, f: Facts) -> None:
    """All capitals, values glued to their captions; names in legal print, a long name on two lines."""
    pen.left = 58
    pen.y = pen.height - 44
    signer = neighbour(pen.chance, given_first=True)
    pen.text(58, issuer(f), 9, bold=True)
    pen.down(22)
    pen.text(
        58,
        _sense(f, "ACTA DE ENTREGA RECEPCION POR BAJA DEL SERVICIO", "ACTA DE ENTREGA RECEPCION POR ALTA DEL SERVICIO"),
        12,
        bold=True,
    )
    pen.down(20)
    pen.prose(
        (
            f"EN APLICACION DE LA RESOLUCION 2018-0417 DEL 17/04/2018, SUSCRITA POR EL ING. {signer}, GERENTE",
            "GENERAL, Y DEL ART. 12 DE LA LEY ORGANICA DE TELECOMUNICACIONES, SE DEJA CONSTANCIA:",
        ),
        9,
    )

    def glued(x: float, caption: str, words: str, size: float = 10.5) -> None:
        if words or not f.holder:
            pen.value(pen.text(x, f"{caption}:", size), words, size)

    names = wrap(f.holder, 24) or [""]
    glued(58, "ACTA", f.number)
    glued(230, "TRAMITE", _digits(pen, f, 10))
    glued(400, "FECHA", _when(f, f"{f.day.day:02d}{MONTHS[f.day.month - 1][:3].upper()}{f.day.year}"))
    pen.down(18)
    glued(58, "ASESOR", f.agent)
    glued(400, "CC", f.agent_id)
    pen.down(18)
    glued(58, "CLIENTE", names[0])
    for words in names[1:]:
        pen.down(14)
        pen.value(58, words, 10.5)
    pen.down(-14 * len(names[1:]))
    glued(400, "CC/RUC", f.id_number)
    pen.down(18 + 14 * len(names[1:]))
    glued(58, "SERVICIO", f.service)
    glued(230, "CELULAR", _mobile(pen, f))
    glued(400, "PRODUCTO", _line(f).upper())
    pen.down(22)
    pen.text(58, _sense(f, "EL CLIENTE DEVUELVE:", "SE INSTALA AL CLIENTE:"), 10, bold=True)
    pen.down(18)
    for one in f.items:
        at = pen.value(66, f"{one.word} {_make(one)}".strip().upper(), 10)
        if one.serial:
            glued(max(at + 8, 240), "SN", one.serial, 10)
        if one.mac:
            glued(430, "MAC", one.mac, 9)
        pen.down(17)
    pen.down(8)
    pen.prose(
        (
            "EL CLIENTE AUTORIZA EL TRATAMIENTO DE SUS DATOS CONFORME A LA LEY PUBLICADA EN EL REGISTRO OFICIAL 459",
            "DEL 26/05/2021. NOTARIA VIGESIMA: DRA. MARIA AUGUSTA FLOR DEL POZO.",
        ),
        8.5,
    )
    _turned(pen, 30, 160, "IMPRENTA LA ESTRELLA RUC 1799904412001 AUT. SRI 1123 DEL 15/01/2019 AL 15/01/2020", 7)
    pen.down(70)
    _feet(pen, f, ("EL CLIENTE",), (_sense(f, "RECIBI CONFORME", "INSTALE CONFORME"), (f.agent,)))
    _seal(pen, f, 306, pen.y, round_=True)


def _numbered(pen: Pen, f: Facts) -> None:
    """Number and day by rubber stamp, an adviser's stamp over the lines, another customer's sheet behind."""
    pen.left = 36
    pen.y = pen.height - 40
    pen.text(36, short(f), 14, bold=True)
    pen.text(36, "", 8)
    pen.down(22)
    pen.text(
        36, _sense(f, "COMPROBANTE DE RECEPCIÓN DE EQUIPOS", "COMPROBANTE DE INSTALACIÓN DE EQUIPOS"), 12, bold=True
    )
    if f.number:
        rubber(pen, 420, pen.y + 6, (f.number,), 15, _RUBBER, -1)
    if f.holder:
        rubber(
            pen,
            440,
            pen.y - 22,
            (f"{f.day.day:02d} {MONTHS[f.day.month - 1][:3].upper()} {f.day.year}",),
            12,
            _VIOLET,
            2,
        )
    pen.down(30)
    pen.text(
        36,
        _sense(f, "El cliente devuelve los equipos por retiro del servicio.", "Al cliente se le instala lo siguiente."),
        9,
    )
    for caption, words, more, last in (
        ("Nombre del cliente", f.holder, "Cédula o RUC", f.id_number),
        ("Servicio", f"{f.service}", "Teléfono adicional", _mobile(pen, f)),
    ):
        pen.down(26)
        _room(pen, 36, caption, words, 310, 10.5)
        _room(pen, 370, more, last, 190, 10.5)
        pen.down(4)
        pen.rule(36, 560, dots=True)
        pen.down(-4)
    pen.down(16)
    rows = [(one.word, one.serial, _make(one), one.mac) for one in f.items]
    pen.table(("Descripción", "Número de serie", "Modelo", "MAC"), rows, (150, 150, 110, 114), size=9.5, pitch=2.2)
    if f.agent and f.stamped:
        rubber(pen, 300, pen.y + 6, (f.agent, f"C.I. {f.agent_id}", "ASESOR CAC"), 8.5, _VIOLET, 5)
    pen.y = 62
    _feet(pen, f, ("Firma del cliente",), (_sense(f, "Recibido por", "Instalado por"),))
    _seal(pen, f, 290, pen.y + 16)
    pen.turn_page()
    other, other_id = _other(pen, f)
    pen.text(36, f"{short(f)} - ANEXO: FICHA DE OTRO TRÁMITE DE LA JORNADA", 11, bold=True)
    pen.down(26)
    second = _twin(pen, next(one for one in f.items if one.serial or not one.word))
    for caption, words in (
        ("Cliente", other),
        ("Cédula", other_id),
        ("Servicio consultado", _digits(pen, f, 8)),
        ("Motivo de consulta", _when(f, "Saldo pendiente de factura")),
        ("Equipo en su domicilio", _when(f, f"{second.word} {second.serial}")),
        ("Fecha de consulta", _when(f, f"{_day_before(pen, f, 1, 9):%d/%m/%Y}")),
    ):
        _room(pen, 36, f"{caption}:", words, 480, 10)
        pen.down(20)


_Layout = partial(form.Layout, unseen=True, invent=fifth_facts, by_hand=False, omits=frozenset({"office"}))
_GIVEN_FIRST = partial(fifth_facts, given_first=True)
_GREYISH = Ink("", Color(0.16, 0.17, 0.22))


FIFTH = (
    _Layout("bandas", A4, "grotesque", _bands, by_hand=True),
    _Layout("antes_y_ahora", LETTER, "office", _before_and_now, by_hand=True),
    _Layout("contraste", A4, "modern", _compared),
    _Layout("parcial", A4, "serif", _partial, invent=_GIVEN_FIRST),
    _Layout("enmendada", LETTER, "humanist", _struck, ink=Ink("typewriter", Color(0.12, 0.12, 0.18), 0.5)),
    _Layout("empresarial", A4, "bookish", _corporate, invent=partial(fifth_facts, firm=1.0)),
    _Layout("cuadricula", A4, "condensed", _grid, ink=_GREYISH),
    _Layout("bodega", landscape(A4), "sans", _columns),
    _Layout("preguntas", LETTER, "book", _questions, invent=_GIVEN_FIRST),
    _Layout("pegada", LETTER, "narrow", _glued),
    _Layout("numerador", landscape(A5), "wide", _numbered),
)
