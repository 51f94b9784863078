"""Papers that prove no return of our equipment, however much they look like it.

Every one gives a PDF and what is known of it; none may ever be accepted.  Those with the looks of a
certificate are drawn by the layouts themselves, so that nothing but the sense differs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4, A5

from evidence_daemon.demo import papers as house
from papers.form import Layout, long_day, title_case
from papers.pen import GREY, Ink, Pen
from papers.truth import CNT, LINE_WORDS, OTHERS, Facts, blank, facts, with_second_service


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawn paper: `facts` None where nothing on it matters."""

    pdf: bytes
    layout: str
    facts: Facts | None
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    unseen: bool = False


def _like_an_acta(change: Callable[[Facts, Random], Facts]) -> Callable[[Layout, int], Drawn]:
    def draw(layout: Layout, seed: int) -> Drawn:
        chance = Random(f"no/{layout.name}/{seed}")
        one = facts(chance)
        if layout.two_services:
            one = with_second_service(one, chance)
        one = change(one.without(layout.omits), chance)
        return Drawn(layout.pdf(one, seed), layout.name, one, layout.tint, layout.unseen)

    return draw


def _own(
    draw_on: Callable[[Pen, Facts], None], face: str = "sans", size: tuple[float, float] = A4
) -> Callable[[Layout, int], Drawn]:
    def draw(_: Layout, seed: int) -> Drawn:
        chance = Random(f"own/{draw_on.__name__}/{seed}")
        one = facts(chance)
        pen = Pen(size, face, chance, Ink())
        draw_on(pen, one)
        return Drawn(pen.done(), draw_on.__name__.strip("_"), None)

    return draw


def _from_the_house(layout: house.Layout) -> Callable[[Layout, int], Drawn]:
    """Papers that the demo knows how to draw."""

    def draw(_: Layout, seed: int) -> Drawn:
        one = facts(Random(f"house/{layout}/{seed}"))
        paper = house.Paper(
            layout,
            one.holder,
            one.id_number,
            one.service,
            one.line,
            one.day,
            tuple(house.Equipment(i.type, i.brand, i.model, i.serial, i.mac) for i in one.items),
            office=one.office,
            amount=100_80,
        )
        return Drawn(house.draw(paper, house.Form(house.Medium.TEXT_PDF, seed)), layout.lower(), None)

    return draw


# ── drawn here ───────────────────────────────────────────────────────────────────────────────────


def _request(pen: Pen, f: Facts) -> None:
    """A letter that asks for the end of a contract and promises to bring the equipment."""
    pen.left = 76
    pen.y = pen.height - 90
    pen.text(pen.width - 76, f"{f.city}, {long_day(f.day)}", 11, align="right")
    pen.down(46)
    for words in ("Señores", CNT, "Ciudad"):
        pen.text(76, words, 11)
        pen.down(16)
    pen.down(16)
    pen.text(76, "Asunto: terminación de contrato y entrega de equipos", 11, bold=True)
    pen.down(32)
    pen.prose(
        [
            f"Yo, {title_case(f.holder)}, con cédula {f.id_number}, titular del servicio de "
            f"{LINE_WORDS[f.line].lower()} número {f.service}, solicito de la manera más comedida se dé por terminado "
            "el contrato y se me indique en qué oficina puedo hacer la entrega de los siguientes equipos:"
        ],
        11.5,
    )
    for i in f.items:
        pen.prose([f"- {i.word} {i.brand} {i.model}" + (f", serie {i.serial}" if i.serial else "")], 11.5)
    pen.prose(["Me comprometo a entregarlos en buen estado en cuanto ustedes lo dispongan."], 11.5)
    pen.down(20)
    pen.text(76, "Atentamente,", 11.5)
    pen.down(80)
    pen.signature(76, 180, True, [title_case(f.holder), f"C.I. {f.id_number}"], size=10)


def _courier(pen: Pen, f: Facts) -> None:
    """A guide of a courier, or guía de remisión: the box travels, nobody received it."""
    pen.left = 40
    pen.y = pen.height - 46
    pen.text(40, "ENCOMIENDAS DEL VALLE S.A.", 13, bold=True)
    pen.text(pen.width - 40, "GUÍA DE REMISIÓN", 13, bold=True, align="right")
    pen.down(18)
    pen.text(pen.width - 40, f"No. 002-001-{f.agent_id[-7:]}", 11, align="right")
    pen.down(14)
    pen.bars(40, f.agent_id, height=22)
    pen.down(30)
    for label, value in (
        ("Remitente", f.holder),
        ("C.I. / RUC", f.id_number),
        ("Destinatario", CNT),
        ("Dirección", f"{f.office}, {f.city}"),
        ("Fecha de inicio del traslado", f"{f.day:%d/%m/%Y}"),
        ("Motivo del traslado", "Devolución de equipos"),
    ):
        pen.text(40, f"{label}:", 9.5, bold=True)
        pen.value(190, value, 9.5, room=pen.width - 230)
        pen.down(17)
    pen.table(
        ["Cant.", "Descripción", "Peso"],
        [["1", f"{i.word} {i.serial}".strip(), "0,5 kg"] for i in f.items],
        [40, 250, 60],
        size=9,
    )
    pen.down(40)
    pen.signature(40, 140, True, ["Remitente"])
    pen.signature(230, 140, False, ["Recibí conforme (destinatario)"])


def _bank(pen: Pen, f: Facts) -> None:
    """A transfer shown by a bank's app."""
    pen.frame(0, pen.height - 90, pen.width, 90, fill=Color(0.98, 0.8, 0.1), thick=0)
    pen.y = pen.height - 54
    pen.middle("BANCO DE LA SIERRA", 16, bold=True)
    pen.down(50)
    pen.middle("¡Transferencia exitosa!", 16, bold=True)
    pen.middle("$ 100,80", 26, bold=True)
    pen.down(10)
    for label, value in (
        ("Para", "CNT EP"),
        ("Concepto", f"Pago equipos {f.service}"),
        ("Ordenante", f.holder),
        ("Identificación", f.id_number),
        ("Fecha", long_day(f.day)),
        ("Comprobante No.", f.number),
    ):
        pen.text(50, label, 9.5, colour=GREY)
        pen.value(160, value, 10, room=220)
        pen.down(22)


def _passed_on(pen: Pen, f: Facts) -> None:
    """A certificate of return to somebody else that names us too: the customer came to us from them."""
    other = OTHERS[len(f.holder) % len(OTHERS)]
    pen.left = 70
    pen.y = pen.height - 80
    pen.middle("ACTA DE ENTREGA RECEPCIÓN DE EQUIPOS", 14, bold=True)
    pen.middle(f"No. {f.number}", 10)
    pen.down(20)
    pen.prose(
        [
            f"En {f.city}, el {long_day(f.day)}, el cliente {f.holder}, con C.I. {f.id_number}, hace la entrega a "
            f"{other} de los equipos del servicio número {f.service} que se detallan, por cuanto ha contratado un "
            "nuevo servicio con CNT EP."
        ],
        11,
    )
    pen.table(
        ["Equipo", "Marca", "Serie", "MAC"],
        [[i.word, i.brand, i.serial, i.mac] for i in f.items],
        [130, 80, 140, 110],
        size=9.5,
    )
    pen.prose([f"{other} recibe los equipos a entera satisfacción."], 11)
    pen.down(70)
    pen.signature(80, 160, True, ["Entregué conforme", f.holder], size=9)
    pen.signature(330, 160, True, ["Recibí conforme", other], size=9)


def _label(pen: Pen, f: Facts) -> None:
    """The sticker on the bottom of a modem, close up."""
    pen.frame(0, 0, pen.width, pen.height, fill=Color(0.13, 0.13, 0.14), thick=0)
    pen.frame(40, 40, pen.width - 80, pen.height - 80, fill=Color(0.96, 0.96, 0.94), round_=8)
    pen.y = pen.height - 76
    i = f.items[0]
    pen.text(84, f"{i.brand} {i.model}", 18, bold=True)
    pen.down(22)
    for words in (
        "Input: 12V = 1.5A",
        "Propiedad de CNT EP",
        f"S/N: {i.serial}",
        *([f"MAC: {i.mac}"] if i.mac else []),
        "SSID: INTERNET_4410   Clave: 20481179",
    ):
        pen.text(84, words, 12)
        pen.down(20)
    pen.down(16)
    if i.serial:
        pen.bars(84, i.serial, height=30, unit=0.9)


def _in_our_place(change: str) -> Callable[[Facts, Random], Facts]:
    """A change of one thing that a person would see at once."""

    def changed(one: Facts, chance: Random) -> Facts:
        match change:
            case "installation":
                return replace(one, returned=False)
            case "other company":
                return replace(one, company=chance.choice(OTHERS))
            case "unsigned":
                return replace(one, signed=False, attended=False, stamped=False)
            case _:
                return blank(one)

    return changed


NEGATIVES: dict[str, tuple[Callable[[Layout, int], Drawn], int]] = {
    "acta_instalacion": (_like_an_acta(_in_our_place("installation")), 5),
    "acta_otra_empresa": (_like_an_acta(_in_our_place("other company")), 4),
    "acta_sin_firma": (_like_an_acta(_in_our_place("unsigned")), 4),
    "acta_en_blanco": (_like_an_acta(_in_our_place("blank")), 3),
    "acta_entregada_a_otra": (_own(_passed_on, "office"), 2),
    "solicitud": (_own(_request, "serif"), 2),
    "guia_remision": (_own(_courier, "condensed", A5), 1),
    "transferencia": (_own(_bank, "modern", (110 * 2.83, 190 * 2.83)), 1),
    "etiqueta_modem": (_own(_label, "narrow", (420, 320)), 1),
    "factura": (_from_the_house(house.Layout.FACTURA), 2),
    "comprobante": (_from_the_house(house.Layout.COMPROBANTE), 1),
    "turno": (_from_the_house(house.Layout.TURNO), 1),
    "cedula": (_from_the_house(house.Layout.CEDULA), 1),
    "mensaje_campana": (_from_the_house(house.Layout.CAMPANA), 1),
    "foto_modem": (_from_the_house(house.Layout.MODEM), 1),
    "hoja_vacia": (_from_the_house(house.Layout.BLANCO), 1),
}
"""By name: how it is drawn, and how often it comes among the others."""
