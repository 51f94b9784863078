"""Papers that prove no return, held out with `sixth`: its own forms undone or turned round, and what else people send.

Each is one that a careful person would not accept by himself; most show our name, a customer and true serials.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from textwrap import wrap

from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4, A5, LETTER, landscape

from papers.form import Layout, dashed, issuer, long_day, short, title_case
from papers.fourth import across
from papers.fourth_facts import firm_ruc
from papers.negatives import Drawn
from papers.pen import BLUE_PEN, GREY, Ink, Part, Pen
from papers.sixth import SIXTH
from papers.sixth_facts import sixth_facts, someone, street, unit
from papers.sixth_means import WHITE, band, captioned, cells, clock, digits, made, mobile, ruc, slashed, told
from papers.truth import CNT_RUC, LINE_WORDS, OTHERS, Facts, blank

_RED = Color(0.78, 0.08, 0.1)
_WASH = Color(0.85, 0.86, 0.9)
_BLUE = Color(0.1, 0.3, 0.6)
_SHADE = Color(0.92, 0.94, 0.96)
_PRESSED = (
    "orden_contratista",
    "titulos_invertidos",
    "rejilla_leyendas",
    "lista_control",
    "dos_partes",
    "recibo_talonario",
    "hoja_amarilla",
    "imprenta_casillas",
)
"""Forms that lie about empty."""

# ── the layouts' own forms, turned round or undone ───────────────────────────────────────────────


class _Untouched(Pen):
    """A pen that prints the form and fills in nothing."""

    def value(self, x: float, words: str, size: float = 10, *, room: float = 0, bold: bool = False) -> float:
        del words, size, room, bold
        return x


def _same(one: Facts, chance: Random) -> Facts:
    del chance
    return one


def _formed(
    change: Callable[[Facts, Random], Facts] = _same,
    after: Callable[[Pen, Facts], None] | None = None,
    *,
    only: Sequence[str] = (),
    pen_of: type[Pen] = Pen,
) -> Callable[[Layout, int], Drawn]:
    """A layout's own form with other facts, and over it what `after` adds; `only`: the layouts that suit."""
    able = [one for one in SIXTH if not only or one.name in only]

    def draw(layout: Layout, seed: int) -> Drawn:
        layout = layout if layout in able else able[seed % len(able)]
        chance = Random(f"sixth/{layout.name}/{seed}")
        one = change(layout.invent(chance).without(layout.omits), chance)
        pen = pen_of(layout.size, layout.face, chance, layout.ink)
        layout.draw(pen, one)
        if after:
            after(pen, one)
        return Drawn(pen.done(), layout.name, one, layout.tint, layout.unseen)

    return draw


def _foreign(one: Facts, chance: Random) -> Facts:
    return replace(one, company=chance.choice(OTHERS))


def _unreceived(one: Facts) -> Facts:
    return replace(one, attended=False, stamped=False, agent="", agent_id="")


def _note(pen: Pen, lines: Sequence[str], *, colour: Color = BLUE_PEN, face: str = "") -> None:
    """A box at the foot of the form, or under it on a narrow paper."""
    small = min(pen.width, pen.height) < 450
    size = 8.0 if small else 10.5
    lines = [part for line in lines for part in wrap(line, int((pen.width - 66) / (0.62 * size)))]
    tall = size * 1.5 * len(lines) + 10
    foot = 84.0 if pen.width < 400 else 24.0 if small else 46.0
    wide = pen.width - 48
    pen.frame(24, foot, wide, tall, fill=WHITE, thick=0.8)
    pen.y = foot + tall - size - 3
    for line in lines:
        pen.text(32, line, size, colour=colour, face=face, bold=True)
        pen.down(size * 1.5)


def _left_over(pen: Pen, f: Facts) -> None:
    """What the customer kept stands below."""
    more = unit("ONT" if f.items[0].type.value != "ONT" else "DECODIFICADOR", pen.chance)
    lines = ("DEVOLUCIÓN PARCIAL - PENDIENTE DE ENTREGA:", f"{more.word} {made(more)}, serie {more.serial}")
    _note(pen, (*lines, "El cliente lo conserva; el trámite sigue abierto."), colour=_RED)


def _to_be_checked(pen: Pen, f: Facts) -> None:
    """The warehouse looked at the label and found another serial."""
    found = unit(f.items[0].type.value, pen.chance).serial
    lines = ("NO CONFORME - EQUIPO NO ACEPTADO", f"La serie de la etiqueta es {found}, no la registrada.")
    _note(pen, (*lines, "Se devuelve el equipo al cliente."), colour=_RED)


def _wash(words: str, colour: Color = _WASH) -> Callable[[Pen, Facts], None]:
    def after(pen: Pen, f: Facts) -> None:
        del f
        across(pen, words, size=min(64, pen.width * 1.35 / len(words)), colour=colour)

    return after


# ── papers of their own ──────────────────────────────────────────────────────────────────────────


def _own(
    draw_on: Callable[[Pen, Facts], None], face: str = "sans", size: tuple[float, float] = A4
) -> Callable[[Layout, int], Drawn]:
    def draw(_: Layout, seed: int) -> Drawn:
        chance = Random(f"sixth/{draw_on.__name__}/{seed}")
        pen = Pen(size, face, chance, Ink())
        pen.left = 56 if size[0] > 400 else 18
        draw_on(pen, sixth_facts(chance))
        return Drawn(pen.done(), draw_on.__name__.strip("_"), None, unseen=True)

    return draw


def _head(pen: Pen, title: str, f: Facts, *more: str) -> None:
    pen.logo(pen.left, pen.height - 62, True)
    pen.y = pen.height - 56
    pen.text(pen.width - pen.left, issuer(f), 8.5, colour=GREY, align="right")
    pen.down(44)
    pen.middle(title, 13, bold=True)
    for words in more:
        pen.middle(words, 10)
    pen.down(10)


def _lines(pen: Pen, *pairs: tuple[str, str], size: float = 10) -> None:
    for label, words in pairs:
        captioned(pen, pen.left, label, words, to=pen.width - pen.left, size=size)
        pen.down(size * 1.9)


def _equipment(pen: Pen, f: Facts, heads: tuple[str, str, str] = ("Equipo", "Marca y modelo", "Serie")) -> None:
    wide = (pen.width - 2 * pen.left) / 3
    pen.table(heads, [(i.word, made(i), told(i, "N/A")) for i in f.items], (wide, wide, wide), size=9, shade=_SHADE)
    pen.down(8)


def _signed(pen: Pen, *names: tuple[bool, Sequence[Part]]) -> None:
    pen.down(56)
    wide = (pen.width - 2 * pen.left) / len(names)
    for place, (done, under) in enumerate(names):
        pen.signature(pen.left + place * wide + 10, wide - 30, done, under)


def _replacement(pen: Pen, f: Facts) -> None:
    """Equipment that we hand to the customer in place of a broken one."""
    _head(pen, "ACTA DE ENTREGA DE EQUIPO DE REEMPLAZO", f, f"No. {f.number}")
    _lines(
        pen,
        ("Fecha:", slashed(f.day)),
        ("Cliente:", f.holder),
        ("C.I./RUC:", f.id_number),
        ("Número de servicio:", f.service),
        ("Oficina:", f"{f.office}, {f.city}"),
    )
    pen.prose(
        [
            "La empresa entrega al cliente, y este recibe a su entera satisfacción, los equipos nuevos siguientes, "
            "que quedan bajo su responsabilidad mientras el servicio esté activo:"
        ]
    )
    _equipment(pen, f)
    _signed(pen, (True, ["ENTREGA", short(f), (f.agent,)]), (True, ["RECIBE", "El cliente", (f.holder,)]))


def _no_pick_up(pen: Pen, f: Facts) -> None:
    """The technician came and took nothing along."""
    pen.y = pen.height - 50
    band(pen, pen.left, pen.width - 2 * pen.left, "INFORME DE VISITA TÉCNICA - RETIRO DE EQUIPOS", size=11)
    pen.down(8)
    _lines(
        pen,
        ("Orden:", f"OT {digits(pen, 7)}"),
        ("Operadora:", short(f)),
        ("Fecha:", f"{slashed(f.day)} {clock(pen)}"),
        ("Cliente:", f.holder),
        ("Cédula:", f.id_number),
        ("Servicio:", f.service),
        ("Dirección:", street(pen.chance)),
    )
    pen.text(pen.left, "Equipos por retirar", 10, bold=True)
    pen.down(4)
    _equipment(pen, f)
    pen.text(pen.left, "Resultado:   [  ] Retirado     [X] No retirado", 11, bold=True)
    pen.down(20)
    reasons = (
        "el titular no se encontraba en casa",
        "el cliente indica que los llevará a la agencia",
        "dirección errada",
    )
    pen.prose(["Motivo:", pen.chance.choice(reasons), ". Se reprograma la visita. No se retiró ningún equipo."])
    _signed(pen, (True, ["Técnico", (f.agent,)]), (True, ["Persona que atendió la visita"]))


def _supplier(pen: Pen, f: Facts) -> None:
    """A contractor gives back what it had left over: no customer's equipment."""
    _head(pen, "ACTA DE DEVOLUCIÓN DE MATERIALES", f, "Proveedores y contratistas", f"Nro. {f.number}")
    _lines(
        pen,
        ("Fecha:", long_day(f.day)),
        ("Contratista:", "TENDIDOS DEL PACÍFICO CIA. LTDA."),
        ("RUC:", firm_ruc(pen.chance)),
        ("Contrato:", f"CNT-GC-{digits(pen, 4)}"),
        ("Bodega:", f.office),
    )
    pen.prose(
        [
            "El contratista devuelve a la bodega de la empresa los equipos sobrantes, sin uso, que le fueron "
            "despachados para instalaciones de clientes:"
        ]
    )
    _equipment(pen, f)
    _signed(pen, (True, ["Entrega: contratista", (someone(pen.chance),)]), (True, ["Recibe: bodega", (f.agent,)]))
    pen.stamp(pen.width - 120, pen.y - 70, (short(f), "BODEGA", f"{f.day:%d-%m-%Y}"))


def _employee(pen: Pen, f: Facts) -> None:
    """An employee who leaves gives back what the company lent him."""
    _head(pen, "ACTA DE ENTREGA RECEPCIÓN DE BIENES", f, "Desvinculación de personal - Talento Humano")
    _lines(
        pen,
        ("Acta:", f.number),
        ("Fecha:", slashed(f.day)),
        ("Servidor saliente:", f.holder),
        ("Cédula:", f.id_number),
        ("Área:", "Gerencia de Operaciones"),
        ("Código de empleado:", digits(pen, 5)),
    )
    rows = [("Laptop", "Dell 5420", f"{digits(pen, 7)}"), *((i.word, made(i), i.serial) for i in f.items[:1])]
    wide = (pen.width - 2 * pen.left) / 3
    pen.table(("Bien", "Marca y modelo", "Serie"), [*rows, ("Credencial", "", digits(pen, 6))], (wide, wide, wide))
    pen.prose(["El servidor entrega los bienes que tuvo a su cargo para teletrabajo; la unidad los recibe."])
    _signed(pen, (True, ["Servidor", (f.holder,)]), (True, ["Custodio de bienes", (f.agent,)]))


def _invoice(pen: Pen, f: Facts) -> None:
    """Equipment sold or charged."""
    pen.logo(60, pen.height - 80, True, size=30)
    pen.frame(300, pen.height - 130, 250, 92, round_=4)
    pen.y = pen.height - 56
    for words in (f"R.U.C. {CNT_RUC}", "FACTURA", f"No. 001-014-{digits(pen, 9)}", f"Autorización {digits(pen, 10)}"):
        pen.text(310, words, 11 if words == "FACTURA" else 9, bold=words == "FACTURA")
        pen.down(18)
    pen.y = pen.height - 156
    _lines(
        pen,
        ("Cliente:", f.holder),
        ("RUC/C.I.:", f.id_number),
        ("Fecha de emisión:", slashed(f.day)),
        ("Cuenta:", f.service),
    )
    prices = [pen.chance.choice((48.0, 64.5, 80.0)) if i.serial else 6.5 for i in f.items]
    rows = [
        ("1", f"{i.word} {made(i)} {i.serial}".strip(), f"{p:.2f}", f"{p:.2f}")
        for i, p in zip(f.items, prices, strict=True)
    ]
    pen.table(("Cant.", "Descripción", "P. unit.", "Total"), rows, (40, 310, 65, 65), size=9)
    pen.down(8)
    _lines(
        pen,
        ("SUBTOTAL", f"{sum(prices):.2f}"),
        ("IVA 12 %", f"{sum(prices) * 0.12:.2f}"),
        ("TOTAL USD", f"{sum(prices) * 1.12:.2f}"),
        ("Concepto:", "Equipos no devueltos"),
    )


def _request(pen: Pen, f: Facts) -> None:
    """A letter that asks where and when things can be brought; nobody has taken them yet."""
    pen.left = 72
    pen.y = pen.height - 90
    pen.text(72, f"{f.city}, {long_day(f.day)}", 11)
    pen.down(36)
    for words in ("Señores", issuer(f), "Presente.-"):
        pen.text(72, words, 11)
        pen.down(16)
    pen.down(16)
    pen.prose(
        [
            "Yo,",
            (f.holder,),
            "con cédula",
            (f.id_number,),
            f", solicito la cancelación de mi servicio de {LINE_WORDS[f.line].lower()} número",
            (f.service,),
            "y que se me indique la fecha en que puedo devolver los equipos que tengo en mi domicilio:",
        ],
        11,
    )
    for i in f.items:
        pen.text(90, f"-  {i.word} {made(i)} {'serie ' + i.serial if i.serial else ''}", 11)
        pen.down(18)
    pen.down(10)
    pen.prose([f"Mi celular es {mobile(pen)}. Por la atención a la presente, anticipo mi agradecimiento."], 11)
    _signed(pen, (True, [(f.holder,), f"C.I. {f.id_number}"]))
    if pen.chance.random() < 0.5:
        pen.stamp(pen.width - 130, pen.y, ("SECRETARÍA", "TRÁMITE INGRESADO", f"{f.day:%d-%m-%Y}"), round_=False)


def _appointment(pen: Pen, f: Facts) -> None:
    """A turn to bring the equipment on another day."""
    pen.y = pen.height - 50
    pen.middle("Tu turno ha sido agendado", 15, bold=True, colour=_BLUE)
    pen.middle(short(f), 11)
    pen.down(8)
    later = f.day + timedelta(days=3)
    _lines(
        pen,
        ("Turno:", f"D-{digits(pen, 3)}"),
        ("Trámite:", "Devolución de equipos"),
        ("Fecha:", long_day(later)),
        ("Hora:", clock(pen)),
        ("Agencia:", f"{f.office}, {f.city}"),
        ("Cliente:", title_case(f.holder)),
        ("Cédula:", f.id_number),
        ("Servicio:", f.service),
    )
    pen.prose(["Recuerda traer todos los equipos con sus cables y la cédula del titular. Llega diez minutos antes."])
    pen.qr(pen.left, f"turno:{digits(pen, 8)}", 70) if pen.y < 90 else None


def _waybill(pen: Pen, f: Facts) -> None:
    """A courier took a parcel; what lies in it nobody has looked at."""
    x, wide = 30.0, pen.width - 60
    pen.y = pen.height - 44
    pen.text(x, "RUTA EXPRÉS COURIER", 14, bold=True)
    pen.text(pen.width - 30, f"GUÍA {digits(pen, 10)}", 13, bold=True, align="right")
    pen.down(30)
    pen.bars(x, digits(pen, 10), height=22)
    pen.down(14)
    half = wide / 2
    cells(pen, x, [(half, "REMITENTE", f.holder), (half, "DESTINATARIO", f"{short(f)} - {f.office}")])
    cells(pen, x, [(half, "C.I./RUC", f.id_number), (half, "RUC", CNT_RUC)])
    cells(pen, x, [(half, "TELÉFONO", mobile(pen)), (half, "CIUDAD DESTINO", f.city)])
    goods = f"Devolución equipos: {f.items[0].word} {made(f.items[0])} {f.items[0].serial}"
    cells(
        pen,
        x,
        [
            (wide * 0.6, "CONTENIDO DECLARADO POR EL REMITENTE", goods),
            (wide * 0.2, "PESO", "1.4 kg"),
            (wide * 0.2, "FECHA", slashed(f.day)),
        ],
        size=8.5,
    )
    _signed(
        pen, (True, ["Firma del remitente"]), (True, ["Recibido por el mensajero"]), (False, ["Firma del destinatario"])
    )


def _prices(pen: Pen, f: Facts) -> None:
    """What equipment costs if it is not brought back."""
    _head(pen, "VALORES POR EQUIPOS NO DEVUELTOS", f, f"Tarifario vigente desde {slashed(f.day)}")
    kinds = ("ONT", "MODEM_ROUTER", "DECODIFICADOR", "SMARTCARD", "REPETIDOR", "TELEFONO", "FUENTE", "CONTROL_REMOTO")
    units = [unit(kind, pen.chance) for kind in kinds]
    rows = [(i.word, made(i), f"USD {pen.chance.randrange(5, 95)}.00") for i in units]
    pen.table(("Equipo", "Modelo de referencia", "Valor sin impuestos"), rows, (170, 170, 143), size=10)
    pen.down(8)
    pen.prose(
        ["El cliente que cancela su servicio debe devolver los equipos en cualquier punto de atención en quince días."]
    )


def _contract(pen: Pen, f: Facts) -> None:
    """The contract, by which the customer will give things back one day."""
    pen.left = 66
    _head(pen, "CONTRATO DE PRESTACIÓN DE SERVICIOS", f, f"Contrato Nro. {digits(pen, 8)}")
    pen.prose(
        [
            f"En {f.city}, el {long_day(f.day)}, {issuer(f)} y",
            (f.holder,),
            "con C.I./RUC",
            (f.id_number,),
            f"acuerdan el servicio de {LINE_WORDS[f.line].lower()}, cuenta",
            (f.service,),
            ", según estas cláusulas:",
        ]
    )
    pen.prose(
        [
            "OCTAVA.- Equipos. La empresa da en uso los equipos que se detallan. Al terminar el contrato por cualquier "
            "causa, EL CLIENTE DEVOLVERÁ los equipos en buen estado; de no hacerlo, pagará su valor."
        ]
    )
    _equipment(pen, f)
    pen.prose(["NOVENA.- Vigencia. El contrato dura un año y se renueva por iguales períodos."])
    _signed(pen, (True, ["EL CLIENTE", (f.holder,)]), (True, ["POR LA EMPRESA", (f.agent,)]))


def _screen(pen: Pen, f: Facts) -> None:
    """The adviser's screen: the order is open, the equipment has not come."""
    pen.frame(0, pen.height - 34, pen.width, 34, fill=Color(0.16, 0.22, 0.33), thick=0)
    pen.y = pen.height - 22
    pen.text(16, "CRM Posventa   |   Clientes   |   Órdenes   |   Inventario", 10, colour=WHITE)
    pen.text(pen.width - 16, f.agent.split()[0].title(), 10, colour=WHITE, align="right")
    pen.down(44)
    pen.text(24, f"Orden {digits(pen, 7)} - Retiro de equipos", 14, bold=True)
    pen.down(24)
    pen.left = 24
    _lines(
        pen,
        ("Cliente", f.holder),
        ("Identificación", f.id_number),
        ("Servicio", f"{f.service} ({LINE_WORDS[f.line]})"),
        ("Creada", slashed(f.day)),
        ("Estado", "EN PROCESO - Pendiente de devolución"),
    )
    rows = [(i.word, made(i), i.serial, "Pendiente" if i.serial else "-") for i in f.items]
    pen.table(("Equipo", "Modelo", "Serie", "Devuelto"), rows, (200, 180, 220, 110), size=10, shade=_SHADE)
    pen.down(8)
    pen.text(24, "Guardar      Cancelar      Imprimir      Cerrar orden", 10, colour=_BLUE)


def _identity_card(pen: Pen, f: Facts) -> None:
    """A copy of the customer's identity card, both sides on a sheet."""
    for top, words in (
        (
            pen.height - 60,
            ("REPÚBLICA DEL ECUADOR", "CÉDULA DE CIUDADANÍA", f"No. {f.id_number}", f.holder, "ECUATORIANA"),
        ),
        (
            pen.height - 300,
            ("INSTRUCCIÓN SUPERIOR", f"{f.city.upper()}", slashed(f.day), f"V{digits(pen, 9)}", "FIRMA DEL CEDULADO"),
        ),
    ):
        pen.frame(140, top - 190, 310, 190, fill=Color(0.86, 0.92, 0.95), round_=10)
        pen.frame(154, top - 130, 76, 96, fill=Color(0.7, 0.72, 0.74))
        pen.y = top - 30
        for line in words:
            pen.text(246, line, 9.5 if len(line) < 28 else 8, bold=line.startswith("No."))
            pen.down(26)
    pen.scrawl(260, pen.y + 14, 90)


def _statement(pen: Pen, f: Facts) -> None:
    """An account that still charges for the equipment."""
    _head(pen, "ESTADO DE CUENTA", f, f"Período {f.day:%m/%Y}")
    _lines(
        pen,
        ("Titular:", f.holder),
        ("Identificación:", f.id_number),
        ("Cuenta:", f.service),
        ("Emitido:", slashed(f.day)),
    )
    rows = [(f"Equipo no devuelto: {i.word} {i.serial}", "45.00") for i in f.items if i.serial]
    pen.table(("Concepto", "USD"), [("Saldo anterior", "18.20"), *rows, ("Intereses", "0.84")], (400, 83), size=10)
    pen.down(8)
    pen.prose(["Si ya entregó los equipos, presente el acta de entrega recepción en cualquier oficina."])


def _proxy(pen: Pen, f: Facts) -> None:
    """The holder lets somebody else bring the equipment; it has not been brought."""
    pen.left = 72
    pen.y = pen.height - 90
    pen.middle("AUTORIZACIÓN PARA DEVOLUCIÓN DE EQUIPOS", 13, bold=True)
    pen.down(16)
    pen.prose(
        [
            "Yo,",
            (f.holder,),
            ", con C.I.",
            (f.id_number,),
            ", titular del servicio",
            (f.service,),
            f"de {short(f)}, autorizo a",
            (someone(pen.chance),),
            "para que en mi nombre entregue en la agencia",
            (f.office,),
            "los siguientes equipos y firme el acta correspondiente:",
        ],
        11,
    )
    _equipment(pen, f)
    pen.text(72, f"{f.city}, {long_day(f.day)}", 11)
    _signed(pen, (True, ["Firma del titular", (f.holder,)]), (True, ["Firma del autorizado"]))


def _repair(pen: Pen, f: Facts) -> None:
    """Taken in for repair and to be given back to the customer: the service goes on."""
    _head(pen, "RECEPCIÓN DE EQUIPO EN SERVICIO TÉCNICO", f, f"Boleta {f.number}")
    _lines(
        pen,
        ("Fecha:", slashed(f.day)),
        ("Cliente:", f.holder),
        ("C.I./RUC:", f.id_number),
        ("Servicio activo:", f.service),
        ("Taller:", f"{f.office}, {f.city}"),
        ("Falla reportada:", "No enciende / reinicios"),
    )
    _equipment(pen, f)
    ready = slashed(f.day + timedelta(days=5))
    pen.prose(
        [
            f"El cliente entrega el equipo para revisión. Una vez reparado se le devolverá desde el {ready}, con la "
            "presentación de esta boleta. No constituye devolución por cancelación del servicio."
        ]
    )
    _signed(pen, (True, ["Cliente"]), (True, ["Recibido: taller", (f.agent,)]))
    pen.stamp(pen.width - 130, pen.y - 70, (short(f), "TALLER", f"{f.day:%d-%m-%Y}"))


def _between_stores(pen: Pen, f: Facts) -> None:
    """From one warehouse of ours to another."""
    _head(pen, "TRANSFERENCIA ENTRE BODEGAS", f, f"Documento {f.number}")
    _lines(
        pen,
        ("Fecha:", f"{f.day:%Y-%m-%d}"),
        ("Bodega de origen:", f.office),
        ("Bodega de destino:", "Centro Nacional"),
        ("Entrega:", f.agent),
        ("Recibe:", someone(pen.chance)),
    )
    rows = [
        (i.word, i.serial)
        for i in (*f.items, *(unit(kind, pen.chance) for kind in ("ONT", "ONT", "DECODIFICADOR", "MODEM_ROUTER")))
    ]
    pen.table(("Equipo recuperado", "Serie"), rows, (240, 243), size=9.5)
    _signed(pen, (True, ["Entregué conforme"]), (True, ["Recibí conforme"]))


def _summons(pen: Pen, f: Facts) -> None:
    """The company reminds: nothing came."""
    pen.left = 70
    _head(pen, "AVISO DE EQUIPOS PENDIENTES DE DEVOLUCIÓN", f)
    pen.text(70, f"{f.city}, {long_day(f.day)}", 10.5)
    pen.down(28)
    pen.prose(
        [
            "Estimado/a",
            (f.holder,),
            "(C.I./RUC",
            (f.id_number,),
            "): nuestros registros indican que, terminado su servicio",
            (dashed(f.service),),
            ", usted no ha devuelto los equipos siguientes:",
        ]
    )
    _equipment(pen, f)
    pen.prose(["Acérquese a la agencia más cercana en el plazo de quince días para evitar cargos en su planilla."])
    _signed(pen, (True, [(f.agent,), "Gestión de cartera"]))


def _pledge(pen: Pen, f: Facts) -> None:
    """A promise to bring things within some days."""
    _head(pen, "COMPROMISO DE DEVOLUCIÓN", f, f"Trámite {f.number}")
    until = long_day(f.day + timedelta(days=10))
    pen.prose(
        [
            "Yo,",
            (f.holder,),
            ", C.I./RUC",
            (f.id_number,),
            ", cliente del servicio",
            (f.service,),
            f", me comprometo a devolver hasta el {until} los equipos que mantengo en mi poder:",
        ]
    )
    _equipment(pen, f)
    pen.text(pen.left, f"{f.office}, {slashed(f.day)}", 10)
    _signed(pen, (True, ["El cliente", (f.holder,)]), (True, ["Asesor", (f.agent,)]))
    pen.stamp(pen.width / 2, pen.y - 60, (short(f), f.city, f"{f.day:%d-%m-%Y}"))


def _elsewhere(pen: Pen, f: Facts) -> None:
    """Another company's receipt for its own equipment, on its own ticket."""
    name = pen.chance.choice(OTHERS)
    pen.y = pen.height - 30
    pen.middle(name[:30], 9, bold=True)
    pen.middle(f"RUC {ruc(replace(f, company=name))}", 8)
    pen.middle("RECEPCIÓN DE EQUIPOS DE CLIENTE", 9, bold=True)
    _lines(
        pen,
        ("No.", f.number),
        ("Fecha", slashed(f.day)),
        ("Cliente", f.holder),
        ("C.I.", f.id_number),
        ("Contrato", f.service),
        size=8.5,
    )
    for i in f.items:
        _lines(pen, (f"1 {i.word}", i.serial), size=8.5)
    pen.middle("Devolución por cancelación", 8.5)
    _signed(pen, (True, ["Cliente"]), (True, ["Recibe"]))


SIXTH_NEGATIVES: dict[str, tuple[Callable[[Layout, int], Drawn], int]] = {
    "alta_sexto_formato": (_formed(lambda one, _: replace(one, returned=False)), 3),
    "sexta_de_otra_empresa": (_formed(_foreign), 2),
    "falta_firma_cliente": (_formed(lambda one, _: replace(one, signed=False, stamped=False)), 1),
    "faltan_todas_las_firmas": (_formed(lambda one, _: replace(one, signed=False, attended=False, stamped=False)), 2),
    "nadie_recibio": (_formed(lambda one, _: _unreceived(one)), 2),
    "hojas_por_llenar": (_formed(lambda one, _: blank(one), only=_PRESSED, pen_of=_Untouched), 1),
    "marca_borrador": (_formed(after=_wash("BORRADOR SIN VALIDEZ")), 1),
    "marca_anulado": (_formed(after=_wash("ANULADO", Color(0.85, 0.2, 0.2, alpha=0.55))), 1),
    "marca_ejemplo": (_formed(after=_wash("EJEMPLO - CAPACITACIÓN")), 1),
    "queda_un_equipo": (_formed(after=_left_over), 2),
    "serie_no_conforme": (_formed(after=_to_be_checked), 1),
    "entrega_de_reemplazo": (_own(_replacement, "office"), 2),
    "visita_en_vano": (_own(_no_pick_up, "condensed"), 1),
    "sobrante_contratista": (_own(_supplier, "sans"), 1),
    "bienes_de_empleado": (_own(_employee, "serif"), 1),
    "factura_equipos": (_own(_invoice, "sans"), 1),
    "pide_devolver": (_own(_request, "bookish"), 1),
    "turno_agendado": (_own(_appointment, "modern", (360, 520)), 1),
    "guia_mensajeria": (_own(_waybill, "narrow", landscape(A5)), 1),
    "tarifario": (_own(_prices, "grotesque"), 1),
    "contrato_devolvera": (_own(_contract, "book", LETTER), 1),
    "orden_en_pantalla": (_own(_screen, "grotesque", (760, 430)), 1),
    "cedula_ambos_lados": (_own(_identity_card, "sans"), 1),
    "cuenta_con_cargo": (_own(_statement, "office"), 1),
    "autoriza_a_otro": (_own(_proxy, "serif"), 1),
    "boleta_de_taller": (_own(_repair, "humanist"), 1),
    "bodega_a_bodega": (_own(_between_stores, "plainmono"), 1),
    "aviso_de_cobro": (_own(_summons, "serif", LETTER), 1),
    "promesa_de_devolver": (_own(_pledge, "wide"), 1),
    "tiquete_ajeno": (_own(_elsewhere, "mono", (240, 480)), 1),
}
"""By name: how such a paper is drawn, and how often among the others."""
