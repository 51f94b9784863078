"""Papers that prove no return, held out with `fourth`: its looks with another sense, and what else offices hand out.

Most name us and the customer, show true serials, and are signed and stamped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from textwrap import wrap

from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4, A5, A6, LETTER

from evidence_daemon.model import EquipmentType
from papers.form import Layout, dashed, issuer, long_day, title_case
from papers.fourth import FOURTH, across
from papers.fourth_facts import fourth_facts, piece, someone
from papers.negatives import Drawn
from papers.pen import GREY, Ink, Pen
from papers.truth import CNT_RUC, LINE_WORDS, OTHERS, Facts, Item, blank, cedula, with_second_service

Pairs = tuple[tuple[str, str], ...]
_RED = Color(0.8, 0.12, 0.12, alpha=0.5)


def _same_look(
    change: Callable[[Facts, Random], Facts], mark: str = "", only: str = ""
) -> Callable[[Layout, int], Drawn]:
    """Drawn by the layout itself; with `mark`, large red print across it; `only` asks for one layout by name."""

    def draw(layout: Layout, seed: int) -> Drawn:
        layout = next((one for one in FOURTH if one.name == only), layout)
        chance = Random(f"fourth/{layout.name}/{seed}")
        one = layout.invent(chance)
        if layout.two_services:
            one = with_second_service(one, chance)
        one = change(one.without(layout.omits), chance)
        drawing = layout.draw

        def marked(pen: Pen, f: Facts) -> None:
            size = pen.width / len(mark)
            across(pen, mark, size=size, colour=_RED, angle=28)  # under the print: a form of two pages has it on both
            drawing(pen, f)
            across(pen, mark, size=size, colour=_RED, angle=28)

        shown = replace(layout, draw=marked) if mark else layout
        return Drawn(shown.pdf(one, seed), layout.name, one, layout.tint, unseen=True)

    return draw


def _own(
    draw_on: Callable[[Pen, Facts], None], face: str, size: tuple[float, float] = A4
) -> Callable[[Layout, int], Drawn]:
    def draw(_: Layout, seed: int) -> Drawn:
        chance = Random(f"fourth/{draw_on.__name__}/{seed}")
        pen = Pen(size, face, chance, Ink())
        draw_on(pen, fourth_facts(chance, firm=0.0))
        return Drawn(pen.done(), draw_on.__name__.strip("_"), None, unseen=True)

    return draw


def _head(pen: Pen, f: Facts, title: str) -> None:
    pen.logo(50, pen.y - 4, f.ours, name=f.company)
    pen.text(pen.width - 50, f"{issuer(f)} RUC {CNT_RUC}", 7.5, align="right")
    pen.down(46)
    pen.middle(title, 13, bold=True)
    pen.down(12)


def _pairs(pen: Pen, pairs: Pairs) -> None:
    for caption, words in pairs:
        pen.text(50, f"{caption}:", 10)
        pen.value(186, words, 10)
        pen.down(18)
    pen.down(8)


def _whose(f: Facts) -> Pairs:
    return ("Abonado", f.holder), ("Cédula / RUC", f.id_number), ("Nro. de servicio", dashed(f.service))


def _list(pen: Pen, f: Facts, heads: tuple[str, ...] = ("Equipo", "Marca y modelo", "Serie", "MAC")) -> None:
    rows = [(i.word, f"{i.brand} {i.model}".strip(), i.serial, i.mac) for i in f.items]
    pen.table(heads, rows, (130, 115, 135, 115))
    pen.down(10)


def _feet(pen: Pen, f: Facts, left: str, right: str, seal: str = "") -> None:
    pen.down(86)
    pen.signature(60, 180, True, (left, (f.holder,)))
    pen.signature(350, 180, True, (right, (f.agent,)))
    if seal:
        pen.stamp(300, pen.y, ("CNT EP", seal, f"{f.day:%d/%m/%Y}"), round_=False)


def _fibre(pen: Pen, f: Facts) -> None:
    _head(pen, f, "ACTA DE ENTREGA RECEPCIÓN DE SERVICIO Y EQUIPOS")
    _pairs(pen, (("Acta", f.number), *_whose(f), ("Fecha", long_day(f.day)), ("Plan contratado", "Fibra 200 Mbps")))
    _list(pen, f)
    _pairs(
        pen,
        (
            ("Potencia óptica", "-19,4 dBm"),
            ("Prueba de velocidad", "203 / 201 Mbps"),
            ("Caja / puerto", "NAP-0331 / 6"),
        ),
    )
    pen.prose(
        ("El abonado recibe el servicio operativo y los equipos, que devolverá al término del contrato.",),
        10,
    )
    _feet(pen, f, "Recibí conforme: abonado", "Entregué conforme: técnico", "ENTREGADO")


def _upkeep(pen: Pen, f: Facts) -> None:
    _head(pen, f, "INFORME DE VISITA TÉCNICA - MANTENIMIENTO CORRECTIVO")
    _pairs(
        pen,
        (
            ("Orden de trabajo", f.number),
            *_whose(f),
            ("Fecha de visita", f"{f.day:%d/%m/%Y}"),
            ("Daño reportado", "Sin navegación"),
        ),
    )
    _list(pen, f, ("Equipo revisado", "Marca y modelo", "Serie", "MAC"))
    pen.prose(
        ("Se limpia conector y se reconfigura el equipo, que queda en poder del cliente. Servicio operativo.",), 10
    )
    _feet(pen, f, "Cliente: conforme con la visita", "Técnico", "ATENDIDO")


def _exchange(pen: Pen, f: Facts) -> None:
    _head(pen, f, "ACTA DE ENTREGA RECEPCIÓN POR CAMBIO DE EQUIPO")
    _pairs(
        pen,
        (
            ("Acta", f.number),
            *_whose(f),
            ("Fecha", f"{f.day:%d-%m-%Y}"),
            ("Motivo", "Equipo defectuoso - el servicio continúa"),
        ),
    )
    news = [piece(i.type.value, pen.chance) for i in f.items if i.serial]
    rows = [(i.word, i.serial, n.serial, n.mac) for i, n in zip([i for i in f.items if i.serial], news, strict=True)]
    pen.table(
        ("Equipo", "Serie anterior (retirado)", "Serie nueva (instalado)", "MAC nueva"), rows, (120, 135, 135, 110)
    )
    pen.prose(("El cliente entrega el equipo anterior y recibe en su lugar el equipo nuevo.",), 10)
    _feet(pen, f, "Cliente", "Técnico", "CAMBIO")


def _invoice(pen: Pen, f: Facts) -> None:
    _head(pen, f, f"FACTURA 001-027-{pen.chance.randrange(10**9):09d}")
    key = "".join(pen.chance.choices("0123456789", k=49))
    _pairs(
        pen,
        (
            ("Razón social", f.holder),
            ("Identificación", f.id_number),
            ("Servicio", f.service),
            ("Fecha emisión", f"{f.day:%d/%m/%Y}"),
            ("Clave de acceso", key),
        ),
    )
    price = pen.chance.randrange(1800, 9000) / 100
    rows = [
        ("0001", f"Plan {LINE_WORDS[f.line]}", f"{price:.2f}"),
        ("0907", f"Equipo {f.items[0].word} {f.items[0].serial}", "84.00"),
    ]
    pen.table(
        ("Cód.", "Descripción", "Total"), [*rows, ("", "VALOR TOTAL", f"{(price + 84) * 1.15:.2f}")], (60, 330, 90)
    )


def _pick_up(pen: Pen, f: Facts) -> None:
    _head(pen, f, "ORDEN DE RETIRO DE EQUIPOS")
    soon = f.day + timedelta(days=4)
    _pairs(
        pen,
        (
            ("Orden", f.number),
            *_whose(f),
            ("Emitida", f"{f.day:%d/%m/%Y}"),
            ("Visita programada", f"{soon:%d/%m/%Y} 09:00 - 13:00"),
            ("Estado", "PENDIENTE DE EJECUCIÓN"),
        ),
    )
    _list(pen, f, ("Equipo por retirar", "Marca y modelo", "Serie", "MAC"))
    pen.prose(
        ("El técnico deberá retirar los equipos listados y suscribir con el cliente el acta correspondiente.",), 10
    )
    pen.down(80)
    pen.signature(60, 180, False, ("Cliente (al momento del retiro)",))
    pen.signature(350, 180, True, ("Autoriza la orden", (f.agent,)))


def _booked(pen: Pen, f: Facts) -> None:
    pen.left = 34
    pen.text(34, "Tu cita está confirmada", 17, bold=True, colour=Color(0, 0.36, 0.62))
    pen.down(30)
    pen.prose((f"Hola {title_case(f.holder)}, te esperamos para la devolución de tus equipos de CNT EP.",), 10.5)
    soon = f.day + timedelta(days=3)
    for caption, words in (
        ("Código de cita", f.number),
        ("Oficina", f.office),
        ("Día", long_day(soon)),
        ("Hora", "10:40"),
        ("Cédula", f.id_number),
        ("Servicio", f.service),
        ("Trámite", "Entrega de equipos por retiro"),
    ):
        pen.text(34, caption, 9, colour=GREY)
        pen.text(140, words, 11, bold=True)
        pen.down(22)
    pen.prose(("Lleva tu cédula y los equipos completos. Al entregarlos recibirás el acta.",), 10)
    pen.down(64)
    pen.qr(34, f"CITA {f.number}")


def _complaint(pen: Pen, f: Facts) -> None:
    _head(pen, f, "FORMULARIO DE RECLAMO DEL ABONADO")
    _pairs(
        pen,
        (
            ("Reclamo No.", f.number),
            *_whose(f),
            ("Fecha", f"{f.day:%d/%m/%Y}"),
            ("Motivo", "Cobro por equipos no devueltos"),
        ),
    )
    serials = ", ".join(i.serial for i in f.items if i.serial)
    pen.prose(
        (f"Yo devolví los equipos con series {serials} en {f.office} y me siguen cobrando. Solicito la reversión.",),
        10.5,
    )
    _feet(pen, f, "Reclamante", "Recibe el reclamo", "RECIBIDO")


def _chat(pen: Pen, f: Facts) -> None:
    pen.canvas.setFillColor(Color(0.9, 0.87, 0.82))
    pen.canvas.rect(0, 0, pen.width, pen.height, fill=1, stroke=0)
    pen.canvas.setFillColor(Color(0.03, 0.37, 0.33))
    pen.canvas.rect(0, pen.height - 60, pen.width, 60, fill=1, stroke=0)
    pen.y = pen.height - 38
    pen.text(54, f"Asesor CNT {title_case(f.agent.split()[0])}", 14, bold=True, colour=Color(1, 1, 1))
    pen.y = pen.height - 90
    first = next(i for i in f.items if i.serial)
    for mine, words in (
        (True, "Buenas tardes, quiero saber si ya quedó registrada la devolución de mis equipos"),
        (False, "Buenas tardes, me ayuda con su cédula y número de servicio por favor"),
        (True, f"{f.id_number} servicio {f.service} a nombre de {title_case(f.holder)}"),
        (
            False,
            f"Sí, CNT EP recibió el {first.word} serie {first.serial} el {f.day:%d/%m/%Y}. Ya está devuelto.",
        ),
        (True, "Muchas gracias"),
    ):
        lines = wrap(words, 42)
        tall, x = 16 * len(lines) + 14, 60 if mine else 14
        pen.frame(
            x, pen.y - tall, 300, tall, fill=Color(0.86, 0.97, 0.78) if mine else Color(1, 1, 1), thick=0, round_=8
        )
        for line in lines:
            pen.down(17)
            pen.text(x + 10, line, 11.5)
        pen.down(tall - 17 * len(lines) + 12)


def _card_sides(pen: Pen, f: Facts) -> None:
    for bottom, side in ((pen.height / 2 + 8, "front"), (14, "back")):
        tall = pen.height / 2 - 24
        pen.frame(14, bottom, pen.width - 28, tall, fill=Color(0.9, 0.93, 0.86), round_=10)
        pen.y = bottom + tall - 22
        if side == "front":
            pen.text(26, "REPÚBLICA DEL ECUADOR - CÉDULA DE IDENTIDAD", 8.5, bold=True)
            pen.frame(26, bottom + 24, 70, 92, fill=Color(0.7, 0.72, 0.74))
            for caption, words in (
                ("APELLIDOS Y NOMBRES", f.holder),
                ("NUI", cedula(pen.chance)),
                ("NACIONALIDAD", "ECUATORIANA"),
                ("FECHA DE EMISIÓN", f"{f.day:%d %m %Y}"),
            ):
                pen.down(13)
                pen.text(106, caption, 5.5, colour=GREY)
                pen.down(11)
                pen.text(106, words, 9, bold=True)
        else:
            pen.text(26, f"I<ECU{pen.chance.randrange(10**9):09d}<<<<<<<<<<<<<<<", 9, face="mono")
            pen.scrawl(40, bottom + 40, 80)


def _paid(pen: Pen, f: Facts) -> None:
    pen.left = 30
    for words in ("COMPROBANTE DE PAGO", "Red de pagos La Vecina"):
        pen.middle(words, 12, bold=True)
    for caption, words in (
        ("Empresa", "CNT EP"),
        ("Concepto", "EQUIPOS NO DEVUELTOS"),
        ("Contrapartida", f.service),
        ("Cliente", f.holder),
        ("CI", f.id_number),
        ("Fecha", f"{f.day:%d/%m/%Y} 11:02"),
        ("Valor", f"USD {pen.chance.randrange(3000, 16000) / 100:.2f}"),
        ("Transacción", f"{pen.chance.randrange(10**10):010d}"),
    ):
        pen.text(30, caption, 10)
        pen.value(120, words, 10, room=270)
        pen.down(18)
    pen.stamp(pen.width / 2, pen.y - 40, ("CANCELADO", f"{f.day:%d/%m/%Y}"), round_=False)


def _assignment(pen: Pen, f: Facts) -> None:
    _head(pen, f, "ACTA DE CESIÓN DE DERECHOS Y TRASPASO DE TITULARIDAD")
    other = someone(pen.chance)
    _pairs(
        pen,
        (
            ("Acta", f.number),
            ("Cedente", f.holder),
            ("C.I. cedente", f.id_number),
            ("Cesionario", other),
            ("C.I. cesionario", cedula(pen.chance)),
            ("Nro. de servicio", f.service),
            ("Fecha", long_day(f.day)),
        ),
    )
    pen.prose(
        ("El cedente entrega al cesionario la línea y los equipos que siguen, y este los recibe:",),
        10,
    )
    _list(pen, f)
    _feet(pen, f, "Cedente", "Cesionario y CNT EP", "TRASPASO")


def _furniture(pen: Pen, f: Facts) -> None:
    _head(pen, f, "ACTA DE ENTREGA RECEPCIÓN POR DEVOLUCIÓN DE BIENES")
    _pairs(
        pen,
        (
            ("Acta", f.number),
            ("Entrega", f.holder),
            ("Cédula", f.id_number),
            ("Unidad", "Gestión administrativa"),
            ("Fecha", f"{f.day:%d/%m/%Y}"),
        ),
    )
    code = pen.chance.randrange(10**6)
    rows = [
        ("Silla giratoria", "ATU", f"AF-{code:07d}"),
        ("Escritorio en L", "Metálicas del Valle", f"AF-{code + 3:07d}"),
        ("Archivador 4 gavetas", "-", f"AF-{code + 9:07d}"),
    ]
    pen.table(("Bien", "Marca", "Código / serie"), rows, (180, 160, 140))
    pen.prose(("Quien suscribe devuelve los bienes muebles y CNT EP los recibe a satisfacción.",), 10)
    _feet(pen, f, "Entrega conforme", "Recibe conforme", "RECIBIDO")


def _contractor(pen: Pen, f: Facts) -> None:
    _head(pen, f, "ACTA DE DEVOLUCIÓN DE EQUIPOS A BODEGA - CONTRATISTAS")
    _pairs(
        pen,
        (
            ("Acta", f.number),
            ("Contratista", "REDES Y FIBRAS PAILÓN S.A."),
            ("Técnico", f.holder),
            ("C.I. técnico", f.id_number),
            ("Fecha", f"{f.day:%d/%m/%Y}"),
        ),
    )
    _list(pen, f)
    pen.prose(
        ("Se devuelven a la bodega de CNT EP los equipos nuevos no utilizados en las instalaciones de la semana.",), 10
    )
    _feet(pen, f, "Contratista que entrega", "Bodeguero que recibe", "BODEGA")


def _partial_refused(pen: Pen, f: Facts) -> None:
    _head(pen, f, "CONSTANCIA DE NO RECEPCIÓN DE EQUIPOS")
    _pairs(pen, (("Constancia", f.number), *_whose(f), ("Fecha", f"{f.day:%d/%m/%Y}")))
    _list(pen, f)
    pen.prose(
        ("El cliente se acercó a devolver los equipos; no se reciben por estar incompletos.",),
        10,
    )
    _feet(pen, f, "Cliente", "Asesor", "NO RECIBIDO")


def _chairs(one: Facts, _: Random) -> Facts:
    """Goods that are not equipment, on our own form."""
    names = ("Silla de espera", "Mesa plegable", "Ventilador de pedestal")
    return replace(
        one,
        items=tuple(
            Item(EquipmentType.OTRO, n, "Genérica", "", f"INV-{40 + k}-{one.day:%m%d}") for k, n in enumerate(names)
        ),
    )


FOURTH_NEGATIVES: dict[str, tuple[Callable[[Layout, int], Drawn], int]] = {
    "alta_mismo_formato": (_same_look(lambda one, _: replace(one, returned=False)), 4),
    "marca_en_instalacion": (_same_look(lambda one, _: replace(one, returned=False), only="movimiento"), 3),
    "otra_operadora": (_same_look(lambda one, chance: replace(one, company=chance.choice(OTHERS))), 3),
    "formulario_en_blanco": (_same_look(lambda one, _: replace(blank(one), second=None)), 2),
    "anulado": (_same_look(lambda one, _: one, "ANULADO"), 3),
    "muestra": (_same_look(lambda one, _: one, "MUESTRA"), 2),
    "sillas": (_same_look(_chairs), 1),
    "muebles": (_own(_furniture, "grotesque"), 1),
    "alta_fibra": (_own(_fibre, "serif"), 2),
    "mantenimiento": (_own(_upkeep, "office"), 2),
    "cambio": (_own(_exchange, "sans"), 3),
    "factura_sri": (_own(_invoice, "narrow"), 1),
    "orden_por_ejecutar": (_own(_pick_up, "condensed"), 2),
    "cita": (_own(_booked, "modern", A5), 1),
    "reclamo": (_own(_complaint, "humanist"), 2),
    "charla": (_own(_chat, "grotesque", (375, 720)), 1),
    "cedula_dos_lados": (_own(_card_sides, "sans", A6), 1),
    "pago": (_own(_paid, "ticket", A5), 1),
    "cesion": (_own(_assignment, "bookish", LETTER), 2),
    "contratista": (_own(_contractor, "office", LETTER), 2),
    "no_recepcion": (_own(_partial_refused, "grotesque"), 2),
}
"""By name: how it is drawn, and how often it comes among the others."""
