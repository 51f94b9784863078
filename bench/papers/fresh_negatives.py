"""Papers that prove no return, thought of after the first ones and held out with `fresh`.

All are signed and stamped, all name us and show true serial numbers; each differs in sense only.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4

from papers.form import Layout, dashed, long_day, title_case
from papers.negatives import Drawn
from papers.pen import Ink, Pen
from papers.truth import CNT, LINE_WORDS, Facts, facts


def _own(draw_on: Callable[[Pen, Facts], None], face: str) -> Callable[[Layout, int], Drawn]:
    def draw(_: Layout, seed: int) -> Drawn:
        chance = Random(f"fresh/{draw_on.__name__}/{seed}")
        pen = Pen(A4, face, chance, Ink())
        draw_on(pen, facts(chance))
        return Drawn(pen.done(), draw_on.__name__.strip("_"), None, unseen=True)

    return draw


def _annulled(layout: Layout, seed: int) -> Drawn:
    """A good certificate with ANULADO across it, in letters a hand high."""
    chance = Random(f"fresh/annulled/{seed}")
    one = facts(chance).without(layout.omits)
    pen = Pen(layout.size, layout.face, chance, layout.ink)
    layout.draw(pen, one)
    canvas = pen.canvas
    canvas.saveState()
    canvas.translate(pen.width / 2, pen.height / 2)
    canvas.rotate(28)
    canvas.setFillColor(Color(0.75, 0.1, 0.1, alpha=0.55))
    canvas.setFont("Helvetica-Bold", min(pen.width, pen.height) / 6.5)
    canvas.drawCentredString(0, 0, chance.choice(("ANULADO", "ANULADA", "SIN VALOR")))
    canvas.restoreState()
    return Drawn(pen.done(), layout.name, one, layout.tint, unseen=True)


def _head(pen: Pen, f: Facts, title: str) -> None:
    pen.left = 60
    pen.logo(60, pen.height - 66, True)
    pen.y = pen.height - 84
    pen.middle(CNT, 10, bold=True)
    pen.middle(title, 13, bold=True)
    pen.middle(f"No. {f.number}", 10)
    pen.down(14)
    for label, value in (
        ("Fecha", f"{f.day:%d/%m/%Y}"),
        ("Cliente", f.holder),
        ("Cédula / RUC", f.id_number),
        ("Servicio", f"{LINE_WORDS[f.line]} {dashed(f.service)}"),
        ("Oficina", f"{f.office}, {f.city}"),
    ):
        pen.text(60, f"{label}:", 10, bold=True)
        pen.value(160, value, 10.5, room=360)
        pen.down(18)
    pen.down(4)


def _list(pen: Pen, f: Facts, heads: tuple[str, ...] = ("Equipo", "Marca", "Serie", "MAC")) -> None:
    pen.table(list(heads), [[i.word, i.brand, i.serial, i.mac] for i in f.items], [140, 80, 140, 115], size=9.5)


def _feet(pen: Pen, f: Facts, customer: str, agent: str) -> None:
    pen.down(66)
    pen.signature(70, 170, True, [customer, f.holder])
    pen.signature(330, 170, True, [agent, f.agent])
    pen.stamp(290, pen.y + 18, ["CNT EP", f.office, f"{f.day:%d %m %Y}"])


def _repair(pen: Pen, f: Facts) -> None:
    """The modem is left for repair and goes back to the customer."""
    _head(pen, f, "ORDEN DE INGRESO A SERVICIO TÉCNICO")
    _list(pen, f)
    pen.prose(
        [
            "El cliente entrega el equipo para revisión por garantía. Una vez reparado, el equipo será "
            "devuelto al cliente en esta misma oficina. El servicio continúa activo."
        ],
        10.5,
    )
    _feet(pen, f, "Entregué el equipo", "Recibí para reparación")


def _swap(pen: Pen, f: Facts) -> None:
    """An old one for a new one: the customer goes on with the service and holds equipment."""
    _head(pen, f, "ACTA DE CAMBIO DE EQUIPO")
    pen.text(60, "Equipo nuevo que recibe el cliente", 10.5, bold=True)
    _list(pen, f)
    pen.prose(
        [
            "Por migración de tecnología se reemplaza el equipo anterior. El cliente recibe el equipo "
            "nuevo en comodato y continúa con el servicio contratado."
        ],
        10.5,
    )
    _feet(pen, f, "Recibí conforme", "Entregué conforme CNT EP")


def _not_given(pen: Pen, f: Facts) -> None:
    """A visit to fetch the equipment, and the customer did not give it."""
    _head(pen, f, "ACTA DE VISITA PARA RETIRO DE EQUIPOS")
    _list(pen, f)
    pen.prose(
        [
            "Resultado de la visita: NO SE RETIRÓ EL EQUIPO. El cliente manifiesta que no entrega los "
            "equipos porque se encuentra de viaje; quedan pendientes de devolución."
        ],
        10.5,
    )
    _feet(pen, f, "Cliente visitado", "Técnico de CNT EP")


def _appointment(pen: Pen, f: Facts) -> None:
    """The fetching of the equipment has been agreed on and has not taken place."""
    _head(pen, f, "SOLICITUD DE RETIRO DE EQUIPOS PROGRAMADA")
    _list(pen, f, ("Equipo por retirar", "Marca", "Serie", "MAC"))
    pen.prose(
        [
            "El retiro se realizará en el domicilio del cliente en los próximos días. Este documento no "
            f"constituye constancia de entrega de los equipos. Registrado el {long_day(f.day)}."
        ],
        10.5,
    )
    _feet(pen, f, "Solicitante", "Registró CNT EP")


def _to_staff(pen: Pen, f: Facts) -> None:
    """The company hands equipment to one of its own people."""
    _head(pen, f, "ACTA DE ENTREGA RECEPCIÓN DE BIENES A CUSTODIO")
    _list(pen, f)
    pen.prose(
        [
            f"La unidad de bodega hace la entrega al servidor {title_case(f.agent)}, quien los recibe para "
            "su custodia y uso en las funciones de su cargo."
        ],
        10.5,
    )
    _feet(pen, f, "Custodio que recibe", "Guardalmacén que entrega")


def _demand(pen: Pen, f: Facts) -> None:
    """A reminder: what the customer still holds and must bring."""
    _head(pen, f, "AVISO DE EQUIPOS PENDIENTES DE DEVOLUCIÓN")
    _list(pen, f)
    pen.prose(
        [
            "Estimado cliente: a la fecha no registra la devolución de los equipos detallados. Acérquese "
            "a entregarlos para evitar el cobro de los valores correspondientes."
        ],
        10.5,
    )
    _feet(pen, f, "Notificado", "Notificó CNT EP")


FRESH_NEGATIVES: dict[str, tuple[Callable[[Layout, int], Drawn], int]] = {
    "acta_anulada": (_annulled, 3),
    "reparacion": (_own(_repair, "sans"), 2),
    "cambio_equipo": (_own(_swap, "humanist"), 2),
    "visita_sin_retiro": (_own(_not_given, "office"), 2),
    "retiro_programado": (_own(_appointment, "bookish"), 2),
    "custodio": (_own(_to_staff, "serif"), 1),
    "aviso_pendiente": (_own(_demand, "modern"), 1),
}
"""By name: how it is drawn, and how often it comes among the others."""
