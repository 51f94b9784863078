"""Papers that prove no return, held out with `later`: with its looks, or of what else lies in a drawer.

Most name us, show true serials and are signed and stamped; none says that our equipment came back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4, A6, landscape

from papers.form import Layout, dashed, issuer, long_day, title_case
from papers.negatives import Drawn
from papers.pen import GREY, Ink, Pen
from papers.truth import LINE_WORDS, MONTHS, OTHERS, Facts, blank, later_facts

Pairs = tuple[tuple[str, str], ...]


def _same_look(change: Callable[[Facts, Random], Facts]) -> Callable[[Layout, int], Drawn]:
    def draw(layout: Layout, seed: int) -> Drawn:
        chance = Random(f"later/{layout.name}/{seed}")
        one = change(layout.invent(chance).without(layout.omits), chance)
        return Drawn(layout.pdf(one, seed), layout.name, one, layout.tint, unseen=True)

    return draw


def _own(
    draw_on: Callable[[Pen, Facts], None], face: str, size: tuple[float, float] = A4
) -> Callable[[Layout, int], Drawn]:
    def draw(_: Layout, seed: int) -> Drawn:
        chance = Random(f"later/{draw_on.__name__}/{seed}")
        pen = Pen(size, face, chance, Ink())
        draw_on(pen, later_facts(chance))
        return Drawn(pen.done(), draw_on.__name__.strip("_"), None, unseen=True)

    return draw


def _head(pen: Pen, f: Facts, title: str) -> None:
    pen.logo(50, pen.y - 4, f.ours, name=f.company)
    pen.text(pen.width - 50, issuer(f), 8, align="right")
    pen.down(48)
    pen.middle(title, 14, bold=True)
    pen.down(10)


def _pairs(pen: Pen, pairs: Pairs) -> None:
    for caption, words in pairs:
        pen.text(50, f"{caption}:", 10)
        pen.value(196, words, 10)
        pen.down(19)
    pen.down(8)


def _whose(f: Facts) -> Pairs:
    return ("Cliente", f.holder), ("C.I. / RUC", f.id_number), ("Nro. de servicio", dashed(f.service))


def _list(pen: Pen, f: Facts) -> None:
    rows = [(i.word, f"{i.brand} {i.model}".strip(), i.serial, i.mac) for i in f.items]
    pen.table(("Equipo", "Marca y modelo", "Nro. de serie", "MAC"), rows, (140, 110, 130, 115))
    pen.down(12)


def _feet(pen: Pen, f: Facts, left: str, right: str) -> None:
    pen.down(90)
    pen.signature(60, 180, True, (left, (f.holder,)))
    pen.signature(350, 180, True, (right, (f.agent,)))
    pen.stamp(300, pen.y - 10, ("CNT EP", f"{f.day.day} {MONTHS[f.day.month - 1][:3].upper()}", str(f.day.year)))


def _cancelled_visit(pen: Pen, f: Facts) -> None:
    _head(pen, f, "ORDEN DE RETIRO DE EQUIPOS A DOMICILIO")
    _pairs(pen, (("Orden", f.number), *_whose(f), ("Fecha", f"{f.day:%d/%m/%Y}"), ("Estado de la orden", "CANCELADA")))
    _list(pen, f)
    pen.prose(("El cliente no se encontraba en el domicilio y el retiro no se realizó. Se agenda otra visita.",), 10)
    _feet(pen, f, "Vecino que informa", "Técnico")


def _promise(pen: Pen, f: Facts) -> None:
    _head(pen, f, "ACTA DE COMPROMISO DE DEVOLUCIÓN DE EQUIPOS")
    _pairs(pen, (("Acta", f.number), *_whose(f), ("Fecha", long_day(f.day))))
    pen.prose(("Me comprometo a devolver, en los próximos quince días, los equipos que mantengo en mi poder:",), 10.5)
    _list(pen, f)
    _feet(pen, f, "Cliente", "Por CNT EP")


def _lost(pen: Pen, f: Facts) -> None:
    _head(pen, f, "DECLARACIÓN DE PÉRDIDA O ROBO DE EQUIPOS")
    _pairs(pen, (("Documento", f.number), *_whose(f), ("Fecha", long_day(f.day))))
    pen.prose(("Declaro bajo juramento que los equipos que siguen me fueron sustraídos y no puedo entregarlos:",), 10.5)
    _list(pen, f)
    _feet(pen, f, "Declarante", "Recibe la declaración")


def _delivery_note(pen: Pen, f: Facts) -> None:
    _head(pen, f, "NOTA DE ENTREGA DE EQUIPOS NUEVOS")
    _pairs(pen, (("Nota de entrega", f.number), *_whose(f), ("Fecha de entrega", f"{f.day:%d/%m/%Y}")))
    pen.prose(("Por esta nota se despachan al cliente, en su empaque original, los equipos para su servicio:",), 10.5)
    _list(pen, f)
    _feet(pen, f, "Recibí conforme (cliente)", "Entregado por")


def _quotation(pen: Pen, f: Facts) -> None:
    _head(pen, f, "PROFORMA")
    _pairs(pen, (("Proforma", f.number), *_whose(f), ("Fecha", f"{f.day:%d/%m/%Y}"), ("Validez", "15 días")))
    prices = [pen.chance.randrange(800, 16000) / 100 for _ in f.items]
    rows = [(i.word, f"{i.brand} {i.model}".strip(), "1", f"{p:.2f}") for i, p in zip(f.items, prices, strict=True)]
    pen.table(
        ("Equipo", "Marca y modelo", "Cantidad", "Precio USD"),
        [*rows, ("", "", "Total", f"{sum(prices):.2f}")],
        (190, 150, 70, 85),
    )
    pen.prose(("Precios para la reposición de equipos no devueltos. No incluyen impuestos.",), 10)
    _feet(pen, f, "Aceptación del cliente", "Asesor")


def _charge(pen: Pen, f: Facts) -> None:
    _head(pen, f, "FACTURA No. 001-104-" + f"{pen.chance.randrange(10**9):09d}")
    _pairs(pen, (*_whose(f), ("Fecha de emisión", f"{f.day:%d/%m/%Y}")))
    price = pen.chance.randrange(3000, 12000) / 100
    rows = [(f"Equipo no devuelto: {i.word} {i.serial}", f"{price:.2f}") for i in f.items if i.serial]
    pen.table(("Concepto", "Valor USD"), [*rows, ("TOTAL A PAGAR", f"{price * len(rows):.2f}")], (395, 100))
    pen.down(30)
    pen.bars(50, f"{pen.chance.randrange(10**20):020d}", height=26, unit=0.9)


def _portal(pen: Pen, f: Facts) -> None:
    canvas = pen.canvas
    canvas.setFillColor(Color(0.0, 0.36, 0.62))
    canvas.rect(0, pen.height - 84, pen.width, 84, fill=1, stroke=0)
    pen.y = pen.height - 54
    pen.text(24, "Mi CNT", 20, bold=True, colour=Color(1, 1, 1))
    pen.down(64)
    pen.text(24, f"Hola, {title_case(f.holder.split()[-1])}", 16, bold=True)
    pen.down(26)
    pen.text(24, f"Servicio {f.service} - {LINE_WORDS[f.line]}", 11, colour=GREY)
    pen.down(30)
    pen.text(24, "Mis equipos", 13, bold=True)
    for one in f.items:
        pen.down(78)
        pen.frame(20, pen.y, pen.width - 40, 68, round_=8)
        for step, words in (
            (46, f"{one.word} {one.model}"),
            (29, f"Serie {one.serial}" if one.serial else "Accesorio"),
        ):
            pen.down(-step)
            pen.text(32, words, 11, bold=step == 46)
            pen.down(step)
        pen.down(-12)
        limit = f.day + timedelta(days=15)
        pen.text(32, f"Pendiente de devolución hasta el {limit:%d/%m/%Y}", 10, colour=Color(0.75, 0.3, 0.0))
        pen.down(12)
    pen.down(50)
    pen.text(pen.width / 2, "Agendar mi turno", 12, bold=True, align="middle", colour=Color(0.0, 0.36, 0.62))


def _card(pen: Pen, f: Facts) -> None:
    pen.frame(30, 40, pen.width - 60, pen.height - 80, fill=Color(0.88, 0.94, 0.96), round_=12)
    pen.frame(48, 84, 82, 104, fill=Color(0.72, 0.74, 0.78))
    pen.y = pen.height - 64
    pen.middle("REPÚBLICA DEL ECUADOR", 11, bold=True)
    pen.middle("CÉDULA DE CIUDADANÍA", 8)
    pairs = (("APELLIDOS Y NOMBRES", f.holder), ("No.", dashed(f.id_number[:10])), ("EXPEDICIÓN", f"{f.day:%d/%m/%Y}"))
    for caption, words in pairs:
        pen.down(6)
        pen.text(146, caption, 6.5, colour=GREY)
        pen.down(13)
        pen.text(146, words, 11, bold=True)
        pen.down(9)
    pen.scrawl(300, 60, 70)


def _stamp_only(pen: Pen, f: Facts) -> None:
    pen.stamp(pen.chance.uniform(150, 450), pen.chance.uniform(150, 700), ("CNT EP", "RECIBIDO", f"{f.day:%d/%m/%Y}"))
    pen.scrawl(pen.chance.uniform(100, 350), pen.chance.uniform(100, 250), 110)


LATER_NEGATIVES: dict[str, tuple[Callable[[Layout, int], Drawn], int]] = {
    "instalacion_igual": (_same_look(lambda one, _: replace(one, returned=False)), 4),
    "operadora_ajena": (_same_look(lambda one, chance: replace(one, company=chance.choice(OTHERS))), 3),
    "sin_firma_alguna": (_same_look(lambda one, _: replace(one, signed=False, attended=False, stamped=False)), 2),
    "formato_vacio": (_same_look(lambda one, _: blank(one)), 1),
    "retiro_cancelado": (_own(_cancelled_visit, "grotesque"), 2),
    "compromiso": (_own(_promise, "concrete"), 2),
    "declaracion_perdida": (_own(_lost, "wide"), 1),
    "nota_de_entrega": (_own(_delivery_note, "office"), 2),
    "proforma": (_own(_quotation, "modern"), 1),
    "cobro_equipos": (_own(_charge, "narrow"), 1),
    "portal_cliente": (_own(_portal, "grotesque", (380, 700)), 1),
    "copia_cedula": (_own(_card, "sans", landscape(A6)), 1),
    "hoja_con_sello": (_own(_stamp_only, "sans"), 1),
}
"""By name: how it is drawn, and how often it comes among the others."""
