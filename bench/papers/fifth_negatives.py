"""Papers that prove no return, held out with `fifth`: a good certificate undone by one line, and returns of others.

Each shows our name, a customer, true serials, and mostly signatures and a stamp.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4, LETTER, landscape

from papers.fifth import FIFTH, rubber
from papers.fifth_facts import fifth_facts, neighbour
from papers.form import Layout, dashed, issuer, long_day
from papers.negatives import Drawn
from papers.pen import BLUE_PEN, GREY, Ink, Pen
from papers.truth import CNT_RUC, LINE_WORDS, OTHERS, Facts, cedula

_RED = Color(0.75, 0.1, 0.12, alpha=0.8)
_PALE = Color(0.84, 0.84, 0.88)
_WHITE = Color(1, 1, 1)


def _undone(
    only: str, after: Callable[[Pen, Facts], None], change: Callable[[Facts, Random], Facts] = lambda one, _: one
) -> Callable[[Layout, int], Drawn]:
    """A layout's own drawing, and over it what makes it worthless; `only` names the layout, empty: whichever comes."""

    def draw(layout: Layout, seed: int) -> Drawn:
        own = FIFTH if layout not in FIFTH or only else (layout,)
        layout = next(one for one in own if only in ("", one.name))
        chance = Random(f"fifth/{layout.name}/{seed}")
        one = change(layout.invent(chance).without(layout.omits), chance)
        drawing = layout.draw

        def marked(pen: Pen, f: Facts) -> None:
            drawing(pen, f)
            after(pen, f)

        return Drawn(replace(layout, draw=marked).pdf(one, seed), layout.name, one, layout.tint, unseen=True)

    return draw


def _own(
    draw_on: Callable[[Pen, Facts], None], face: str, size: tuple[float, float] = A4
) -> Callable[[Layout, int], Drawn]:
    def draw(_: Layout, seed: int) -> Drawn:
        chance = Random(f"fifth/{draw_on.__name__}/{seed}")
        pen = Pen(size, face, chance, Ink())
        draw_on(pen, fifth_facts(chance))
        return Drawn(pen.done(), draw_on.__name__.strip("_"), None, unseen=True)

    return draw


def _nothing(_: Pen, __: Facts) -> None:
    """No mark at all: the change of the facts says it."""


def _by_pen(pen: Pen, x: float, y: float, lines: tuple[str, ...], size: float = 15) -> None:
    kept, pen.ink = pen.ink, Ink("hand-daniel", BLUE_PEN, 0.5)
    pen.y = y
    for words in lines:
        pen.value(x, words, size)
        pen.down(size * 1.5)
    pen.ink = kept


# ── a certificate undone ─────────────────────────────────────────────────────────────────────────


def _crossed_out(pen: Pen, _: Facts) -> None:
    """Two strokes over the sheet and a word between them, by pen."""
    pen.canvas.saveState()
    pen.canvas.setStrokeColor(BLUE_PEN)
    pen.canvas.setLineWidth(1.6)
    for rise in (0.0, 34.0):
        pen.canvas.line(60, 250 + rise, pen.width - 60, pen.height - 230 + rise)
    pen.canvas.restoreState()
    _by_pen(pen, pen.width * 0.36, pen.height / 2 + 40, ("ANULADA",), 30)


def _draft(pen: Pen, _: Facts) -> None:
    """Small pale words all over, as a document manager prints them."""
    for row in range(9):
        for column in range(3):
            rubber(pen, 30 + column * 190, 60 + row * 85, ("BORRADOR SIN VALIDEZ",), 12, _PALE, 24)


def _no_effect(pen: Pen, f: Facts) -> None:
    soon = f.day + timedelta(days=2)
    pen.y = 52
    pen.text(
        46, f"NOTA {soon:%d/%m/%Y}: el titular desiste del retiro, se lleva sus equipos y sigue con el servicio.", 9
    )
    pen.down(13)
    pen.text(46, f"La presente acta queda sin efecto. Sumilla: {f.agent}", 9)


def _refused(pen: Pen, f: Facts) -> None:
    _by_pen(pen, 60, 190, ("No se recibe por sello de garantía roto.", "Equipos regresan con el cliente."), 15)
    pen.stamp(470, 210, ("CNT EP", "NO PROCEDE", f"{f.day:%d/%m/%Y}"), round_=False)


def _nothing_came(one: Facts, _: Random) -> Facts:
    """The slip of a part, of which nothing came: only what is missing stands in it."""
    return replace(one, items=())


# ── papers of their own ──────────────────────────────────────────────────────────────────────────


def _head(pen: Pen, f: Facts, title: str) -> None:
    pen.text(50, issuer(f), 10, bold=True)
    pen.down(13)
    pen.text(50, f"RUC {CNT_RUC} · {f.office}, {f.city}", 8, colour=GREY)
    pen.down(34)
    pen.middle(title, 13, bold=True)
    pen.down(10)


def _pairs(pen: Pen, *pairs: tuple[str, str]) -> None:
    for caption, words in pairs:
        pen.text(50, f"{caption}:", 10)
        pen.value(200, words, 10, room=340)
        pen.down(18)
    pen.down(6)


def _list(pen: Pen, f: Facts) -> None:
    rows = [(i.word, f"{i.brand} {i.model}".strip(), i.serial, i.mac) for i in f.items]
    pen.table(("Equipo", "Marca y modelo", "Serie", "MAC"), rows, (130, 115, 135, 115))
    pen.down(8)


def _feet(pen: Pen, f: Facts, left: str, right: str, seal: str) -> None:
    pen.down(80)
    pen.signature(60, 180, True, (left, (f.holder,)))
    pen.signature(350, 180, True, (right, (f.agent,)))
    pen.stamp(300, pen.y, ("CNT EP", seal, f"{f.day:%d/%m/%Y}"), round_=False)


def _day_list(pen: Pen, f: Facts) -> None:
    _head(pen, f, "ACTAS DE DEVOLUCIÓN DE EQUIPOS RECIBIDAS EN LA JORNADA")
    _pairs(pen, ("Fecha", long_day(f.day)), ("Responsable", f.agent), ("C.I. responsable", f.agent_id))
    rows = []
    for place in range(9):
        one = f if place == 4 else fifth_facts(pen.chance)
        rows.append((one.number, one.holder, one.id_number, one.service, one.items[0].serial, "Devuelto"))
    heads = ("Acta", "Cliente", "Cédula", "Servicio", "Serie", "Estado")
    pen.table(heads, rows, (66, 150, 82, 62, 100, 48), size=8.2)
    _feet(pen, f, "Revisado por", "Responsable de ventanilla", "RECIBIDO")


def _lesson(pen: Pen, f: Facts) -> None:
    pen.canvas.setFillColor(Color(0.1, 0.3, 0.5))
    pen.canvas.rect(0, pen.height - 46, pen.width, 46, fill=1, stroke=0)
    pen.y = pen.height - 30
    pen.text(30, "Inducción a ventanilla · Módulo 4: cómo llenar el acta de devolución", 15, bold=True, colour=_WHITE)
    pen.y = pen.height - 84
    pen.left = 60
    pen.frame(46, 70, 500, pen.height - 140, thick=1)
    pen.text(60, "CNT EP - ACTA DE DEVOLUCIÓN DE EQUIPOS", 11, bold=True)
    pen.down(22)
    for caption, words in (
        ("Acta:", f.number),
        ("Fecha:", f"{f.day:%d/%m/%Y}"),
        ("Cliente:", f.holder),
        ("C.I.:", f.id_number),
        ("Servicio:", f.service),
        ("Recibe:", f.agent),
    ):
        pen.value(pen.text(60, caption, 9.5) + 6, words, 9.5)
        pen.down(17)
    rows = [(i.word, i.serial, i.mac) for i in f.items]
    pen.table(("Equipo devuelto", "Serie", "MAC"), rows, (180, 150, 130))
    pen.y = 110
    pen.signature(80, 140, True, ("Cliente",))
    pen.signature(320, 140, True, ("Asesor",))
    pen.stamp(280, 120, ("CNT EP", "RECIBIDO", f"{f.day:%d/%m/%Y}"))
    for y, words in (
        (pen.height - 130, "1. Copie la cédula"),
        (pen.height - 200, "2. Lea la serie de la etiqueta"),
        (140, "3. Firme y selle"),
    ):
        pen.y = y
        pen.text(566, f"<  {words}", 11, bold=True, colour=Color(0.8, 0.3, 0))
    pen.y = 36
    pen.text(46, "Ejemplo con fines de capacitación. Los datos son ficticios.", 9, colour=GREY)
    pen.text(pen.width - 30, "Lámina 17 de 42", 9, align="right", colour=GREY)


def _rival(pen: Pen, f: Facts) -> None:
    """Another company takes its own back from one who comes over to us: our name stands twice in the text."""
    f = replace(f, company=pen.chance.choice(OTHERS))
    rival = f.company.split(" - ")[-1].title()
    pen.logo(50, pen.y - 4, f.ours, name=f.company)
    pen.text(545, f.company, 8, align="right")
    pen.down(44)
    pen.middle("ACTA DE ENTREGA RECEPCIÓN POR DEVOLUCIÓN DE EQUIPOS", 13, bold=True)
    pen.down(10)
    _pairs(
        pen,
        ("Acta", f.number),
        ("Cliente", f.holder),
        ("Cédula", f.id_number),
        ("Servicio", dashed(f.service)),
        ("Fecha", f"{f.day:%d/%m/%Y}"),
        ("Motivo", "Cambio de proveedor: se pasa a CNT EP"),
    )
    _list(pen, f)
    pen.prose((f"El cliente, que contratará con CNT EP, devuelve a {rival} los equipos de su propiedad.",), 10)
    pen.down(80)
    pen.signature(60, 180, True, ("Cliente", (f.holder,)))
    pen.signature(350, 180, True, (f"Recibido por {rival}", (f.agent,)))
    pen.stamp(300, pen.y, (rival, "RECIBIDO", f"{f.day:%d/%m/%Y}"))


def _two_acts(pen: Pen, f: Facts) -> None:
    """Our customer gets equipment; in the same visit that of the tenant before is taken back."""
    _head(pen, f, "ACTA ÚNICA DE VISITA: INSTALACIÓN Y RETIRO")
    _pairs(pen, ("Acta", f.number), ("Fecha", long_day(f.day)), ("Técnico", f.agent))
    pen.text(50, "A. INSTALACIÓN - NUEVO CLIENTE", 10.5, bold=True)
    pen.down(18)
    _pairs(pen, ("Cliente", f.holder), ("Cédula", f.id_number), ("Servicio", dashed(f.service)))
    _list(pen, f)
    before = fifth_facts(pen.chance)
    pen.text(50, "B. RETIRO - ANTERIOR OCUPANTE (dejó los equipos en el inmueble)", 10.5, bold=True)
    pen.down(18)
    _pairs(pen, ("Cliente", before.holder), ("Cédula", before.id_number), ("Servicio", dashed(before.service)))
    _list(pen, before)
    _feet(pen, f, "Cliente (nuevo)", "Técnico", "EJECUTADO")


def _handed_back(pen: Pen, f: Facts) -> None:
    """We give back to the customer what was in our hands: the word of a return, in the other direction."""
    _head(pen, f, "ACTA DE DEVOLUCIÓN DE EQUIPOS AL CLIENTE")
    _pairs(
        pen,
        ("Acta", f.number),
        ("Cliente", f.holder),
        ("Cédula / RUC", f.id_number),
        ("Servicio", f.service),
        ("Fecha de devolución", f"{f.day:%d/%m/%Y}"),
        ("Motivo", "Retiro no autorizado, el servicio sigue activo"),
    )
    _list(pen, f)
    pen.prose(("CNT EP devuelve al cliente los equipos retirados por error; el cliente los recibe conforme.",), 10)
    _feet(pen, f, "Cliente", "Asesor", "DEVUELTO")


def _removal(pen: Pen, f: Facts) -> None:
    _head(pen, f, "ACTA DE RETIRO DE EQUIPOS POR TRASLADO DE DOMICILIO")
    _pairs(
        pen,
        ("Acta", f.number),
        ("Abonado", f.holder),
        ("C.I.", f.id_number),
        ("N.º de servicio", f.service),
        ("Fecha", f"{f.day:%d/%m/%Y}"),
        ("Producto", LINE_WORDS[f.line]),
    )
    _list(pen, f)
    pen.prose(
        ("Se retiran los equipos de la dirección anterior y se dejan operativos en la nueva, en poder del abonado.",),
        10,
    )
    _feet(pen, f, "Abonado", "Técnico", "TRASLADO")


def _warehouses(pen: Pen, f: Facts) -> None:
    """Between two offices of ours: the word customer stands in it, the equipment goes on."""
    _head(pen, f, "ACTA DE ENTREGA RECEPCIÓN ENTRE BODEGAS - EQUIPOS DEVUELTOS")
    _pairs(
        pen,
        ("Acta", f.number),
        ("Entrega (custodio)", f.holder),
        ("C.I. custodio", f.id_number),
        ("Recibe (custodio)", f.agent),
        ("C.I. recibe", f.agent_id),
        ("Fecha", f"{f.day:%d/%m/%Y}"),
        ("Centro de costo", f.service),
    )
    _list(pen, f)
    pen.prose(("Se transfieren a la bodega regional los equipos que varios clientes devolvieron en la semana.",), 10)
    _feet(pen, f, "Entrega: custodio de agencia", "Recibe: custodio regional", "RECIBIDO")


def _on_screen(pen: Pen, f: Facts) -> None:
    """A dark screen, photographed: the return is registered and waits."""
    pen.canvas.setFillColor(Color(0.09, 0.11, 0.14))
    pen.canvas.rect(0, 0, pen.width, pen.height, fill=1, stroke=0)
    light, dim = Color(0.92, 0.93, 0.95), Color(0.6, 0.64, 0.7)
    pen.y = pen.height - 44
    pen.text(40, "CNT EP  ·  Gestión de devoluciones de equipos", 15, bold=True, colour=light)
    pen.down(30)
    pen.text(40, f"Acta de devolución {f.number}", 20, bold=True, colour=light)
    pen.text(pen.width - 40, "EN PROCESO - equipos aún no ingresados", 11, align="right", colour=Color(1, 0.75, 0.2))
    pen.down(38)
    for caption, words in (
        ("Cliente", f.holder),
        ("Cédula", f.id_number),
        ("Servicio", f.service),
        ("Fecha solicitud", f"{f.day:%d/%m/%Y}"),
        ("Atiende", f.agent),
        *((i.word, f"{i.brand} {i.model}  S/N {i.serial}") for i in f.items if i.serial),
    ):
        pen.text(40, caption, 11, colour=dim)
        pen.text(220, words, 12, colour=light)
        pen.down(28)
    pen.text(40, "Pendiente: recepción en ventanilla · firma del cliente", 11, colour=Color(1, 0.75, 0.2))


def _somebody_elses(pen: Pen, f: Facts) -> None:
    """A note that asks for the certificate of a return that a neighbour made."""
    _head(pen, f, "CONSTANCIA DE TRÁMITE DE TERCEROS")
    other, number = neighbour(pen.chance), cedula(pen.chance)
    _pairs(pen, ("Solicitante", f.holder), ("C.I.", f.id_number), ("Servicio", f.service), ("Fecha", long_day(f.day)))
    pen.prose(
        (
            f"A petición del solicitante se informa que {other}, con C.I. {number}, devolvió el {f.day:%d/%m/%Y}",
            "equipos de su propio servicio. El solicitante no registra devolución alguna y aún mantiene estos equipos:",
        ),
        10,
    )
    _list(pen, f)
    _feet(pen, f, "Solicitante", "Asesor", "INFORMADO")


FIFTH_NEGATIVES: dict[str, tuple[Callable[[Layout, int], Drawn], int]] = {
    "tachada_anulada": (_undone("preguntas", _crossed_out), 2),
    "borrador_repetido": (_undone("antes_y_ahora", _draft), 2),
    "sin_efecto": (_undone("antes_y_ahora", _no_effect), 3),
    "rechazada_a_mano": (_undone("enmendada", _refused), 3),
    "nada_entregado": (_undone("parcial", _nothing, _nothing_came), 2),
    "solo_cliente": (_undone("antes_y_ahora", _nothing, lambda one, _: replace(one, attended=False, stamped=False)), 2),
    "alta_quinto_formato": (_undone("", _nothing, lambda one, _: replace(one, returned=False)), 3),
    "nomina_del_dia": (_own(_day_list, "office"), 2),
    "lamina_de_curso": (_own(_lesson, "grotesque", landscape(LETTER)), 2),
    "viene_de_otra": (_own(_rival, "sans"), 2),
    "alta_y_retiro_ajeno": (_own(_two_acts, "humanist"), 2),
    "devuelto_al_cliente": (_own(_handed_back, "serif"), 3),
    "traslado": (_own(_removal, "condensed"), 2),
    "entre_bodegas": (_own(_warehouses, "bookish", LETTER), 2),
    "pantalla_en_proceso": (_own(_on_screen, "modern", (720, 520)), 2),
    "de_terceros": (_own(_somebody_elses, "book", LETTER), 1),
}
"""By name: how it is drawn, and how often it comes among the others."""
