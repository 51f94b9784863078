"""Draws the papers that customers send: certificates of return in five layouts, and what is none.

Every paper is drawn once, as a vector page (`reportlab`, with the fonts that every PDF reader has, so
that no font must be installed), and then put into the form in which it arrives: the text PDF itself,
a scan of it, a photo of it.  The same `Paper` and `Form` give the same bytes, always: all chance comes
from `Form.seed`.

The layouts are this module's own and share nothing with the reading rules, so that they can judge
them.  The CNT has published no form of its own; what stands on such a paper follows the return form of
another Ecuadorian operator (title, holder, C.I., service, table of equipment, two signatures) and the
working model of the certificate in the project's notes.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from random import Random
from typing import Any

import cv2
import numpy as np
import pikepdf
import pypdfium2
from numpy.typing import NDArray
from PIL import Image
from reportlab.lib.colors import Color, black, grey, lightgrey, white
from reportlab.lib.pagesizes import A5, LETTER, landscape
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader, simpleSplit
from reportlab.pdfgen.canvas import Canvas

from evidence_daemon.model import Cents, Direction, EquipmentType, Line

CNT = "CORPORACIÓN NACIONAL DE TELECOMUNICACIONES CNT EP"
CNT_RUC = "1768152560001"


class Layout(StrEnum):
    """What is drawn.  The first five are certificates; the others are papers that prove no return."""

    CARTA = "CARTA"
    """A letter with a table of equipment."""
    COLUMNAS = "COLUMNAS"
    """A form in two columns of boxes, one box of serial and MAC for each piece."""
    MEMORANDO = "MEMORANDO"
    """Prose: everything in sentences."""
    RECIBO = "RECIBO"
    """A narrow receipt with dotted leaders."""
    RETIRO = "RETIRO"
    """A sheet across, filled in by the technician who fetched the equipment."""
    FACTURA = "FACTURA"
    COMPROBANTE = "COMPROBANTE"
    """A receipt of payment."""
    TURNO = "TURNO"
    """The confirmation of a turn at an office."""
    CEDULA = "CEDULA"
    """A card with the looks of an identity card and invented content."""
    CAMPANA = "CAMPANA"
    """A screenshot of the campaign's message in a chat."""
    MODEM = "MODEM"
    """A picture of the box itself."""
    BLANCO = "BLANCO"


@dataclass(frozen=True, slots=True)
class Equipment:
    """One piece of equipment as the paper shows it."""

    type: EquipmentType
    brand: str = ""
    model: str = ""
    serial: str = ""
    mac: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """What stands on a paper.  `direction` says who handed over to whom; `amount` is in cents of USD."""

    layout: Layout
    holder: str
    id_number: str
    service: str
    line: Line
    date: date
    equipment: tuple[Equipment, ...] = ()
    office: str = "CAC El Arrayán"
    agent: str = "Verónica Tipán Mora"
    number: str = ""
    direction: Direction = Direction.DEVOLUCION
    company: str = CNT
    signed: bool = True
    amount: Cents = 0


class Medium(StrEnum):
    """In which form a paper arrives."""

    TEXT_PDF = "TEXT_PDF"
    PROTECTED_PDF = "PROTECTED_PDF"
    """As TEXT_PDF, but it asks for a password."""
    SCAN_PDF = "SCAN_PDF"
    PHOTO_JPEG = "PHOTO_JPEG"
    PHOTO_PNG = "PHOTO_PNG"
    FLAT_PNG = "FLAT_PNG"
    """The page's own pixels: a screenshot."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a paper was put into a file.

    `dpi` holds for scans and flat pictures; `hardness` (0..1) makes photos worse, at 1 nothing can be
    read; `part` is the share of the page that a photo shows, from the top (0..1); `turned` is how the
    camera was held, in degrees clockwise, and `exif` whether the file says so.
    """

    medium: Medium
    seed: int = 0
    dpi: int = 200
    hardness: float = 0.2
    part: tuple[float, float] = (0.0, 1.0)
    turned: int = 0
    exif: bool = False


Pixels = NDArray[np.uint8]


def draw(paper: Paper, form: Form) -> bytes:
    """The file that a customer would attach: a PDF, JPEG or PNG, as `form.medium` says."""
    match form.medium:
        case Medium.TEXT_PDF:
            return _vector(paper, form.seed)
        case Medium.PROTECTED_PDF:
            return _vector(paper, form.seed, password="0000")  # noqa: S106 - a lock to be refused, not a secret
        case Medium.SCAN_PDF:
            return _scan(paper, form)
        case Medium.FLAT_PNG:
            return _file(_part(_raster(paper, form.seed, form.dpi), form.part), "PNG", form)
        case Medium.PHOTO_JPEG:
            return _file(_photo(paper, form), "JPEG", form)
        case Medium.PHOTO_PNG:
            return _file(_photo(paper, form), "PNG", form)


def photos(paper: Paper, count: int, seed: int, hardness: float = 0.2) -> list[bytes]:
    """`count` JPEG photos of one paper, from top to bottom, each overlapping the next by an eighth."""
    step = 1 / count
    return [
        draw(
            paper,
            Form(
                Medium.PHOTO_JPEG,
                seed=seed + turn,
                hardness=hardness,
                part=(max(0.0, turn * step - 0.0625), min(1.0, (turn + 1) * step + 0.0625)),
            ),
        )
        for turn in range(count)
    ]


# ── the vector page ──────────────────────────────────────────────────────────────────────────────

_INK = Color(0.1, 0.12, 0.45)
_STAMP = Color(0.35, 0.15, 0.5, alpha=0.75)

_NAMES = {
    EquipmentType.ONT: "ONT",
    EquipmentType.MODEM_ROUTER: "Módem ADSL",
    EquipmentType.DECODIFICADOR: "Decodificador",
    EquipmentType.SMARTCARD: "Tarjeta inteligente",
    EquipmentType.REPETIDOR: "Repetidor wifi",
    EquipmentType.TELEFONO: "Teléfono inalámbrico",
    EquipmentType.LNB: "LNB",
    EquipmentType.ANTENA: "Antena parabólica",
    EquipmentType.CONTROL_REMOTO: "Control remoto",
    EquipmentType.FUENTE: "Fuente de poder",
    EquipmentType.CABLE: "Cable",
    EquipmentType.SPLITTER: "Splitter",
    EquipmentType.ROSETA: "Roseta",
    EquipmentType.OTRO: "Equipo",
}

_LINES = {
    Line.INTERNET_FIJO: "Internet fijo",
    Line.TELEVISION: "Televisión",
    Line.TELEFONIA_FIJA: "Telefonía fija",
    Line.PAQUETE: "Paquete",
    Line.DATOS_CORPORATIVOS: "Datos corporativos",
    Line.MOVIL: "Móvil",
}

_MONTHS = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
    *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
)


def _long(day: date) -> str:
    return f"{day.day} de {_MONTHS[day.month - 1]} de {day.year}"


def _money(cents: Cents) -> str:
    return f"{cents // 100},{cents % 100:02d}"


class _Sheet:
    """A page with a pen on it: `y` falls from the top, in points, as lines are written."""

    def __init__(self, canvas: Canvas, size: tuple[float, float], paper: Paper, chance: Random) -> None:
        self.canvas = canvas
        self.width, self.height = size
        self.paper = paper
        self.chance = chance
        self.left = 22 * mm
        self.y = self.height - 20 * mm

    @property
    def returned(self) -> bool:
        return self.paper.direction is not Direction.INSTALACION

    def text(self, x: float, words: str, size: float = 10, bold: bool = False, colour: Color = black) -> None:
        self.canvas.setFillColor(colour)
        self.canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
        self.canvas.drawString(x, self.y, words)

    def centred(self, words: str, size: float = 10, bold: bool = False) -> None:
        self.canvas.setFillColor(black)
        self.canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
        self.canvas.drawCentredString(self.width / 2, self.y, words)
        self.y -= size * 1.5

    def paragraph(self, words: str, size: float = 10.5, font: str = "Helvetica", gap: float = 8) -> None:
        self.canvas.setFillColor(black)
        self.canvas.setFont(font, size)
        for line in simpleSplit(words, font, size, self.width - 2 * self.left):
            self.canvas.drawString(self.left, self.y, line)
            self.y -= size * 1.4
        self.y -= gap

    def table(self, heads: list[str], rows: list[list[str]], widths: list[float], size: float = 9) -> None:
        height = size * 2
        for number, row in enumerate([heads, *rows]):
            x = self.left
            for words, width in zip(row, widths, strict=True):
                self.canvas.setFillColor(lightgrey if number == 0 else white)
                self.canvas.setStrokeColor(grey)
                self.canvas.rect(x, self.y - height, width, height, fill=1)
                self.canvas.setFillColor(black)
                self.canvas.setFont("Helvetica-Bold" if number == 0 else "Helvetica", size)
                self.canvas.drawString(x + 3, self.y - height + size * 0.65, words)
                x += width
            self.y -= height
        self.y -= 14

    def box(self, x: float, width: float, label: str, value: str) -> None:
        """A value in a rounded box with its label left above the frame."""
        self.canvas.setFillColor(Color(0.2, 0.3, 0.4))
        self.canvas.setFont("Helvetica", 7.5)
        self.canvas.drawString(x, self.y, label)
        self.canvas.setStrokeColor(grey)
        self.canvas.roundRect(x, self.y - 21, width, 17, 3)
        self.canvas.setFillColor(black)
        self.canvas.setFont("Helvetica", 10)
        self.canvas.drawString(x + 5, self.y - 16, value)

    def signature(self, x: float, width: float, under: list[str]) -> None:
        """A rule to sign on, signed by a scrawl if the paper is signed, with lines under it."""
        self.canvas.setStrokeColor(black)
        self.canvas.setLineWidth(0.7)
        self.canvas.line(x, self.y, x + width, self.y)
        if self.paper.signed:
            self._scrawl(x + width * 0.15, self.y + 3, width * 0.6)
        self.canvas.setFillColor(black)
        self.canvas.setFont("Helvetica", 8.5)
        for number, words in enumerate(under):
            self.canvas.drawCentredString(x + width / 2, self.y - 11 - number * 11, words)

    def _scrawl(self, x: float, y: float, width: float) -> None:
        path = self.canvas.beginPath()
        path.moveTo(x, y)
        strokes = self.chance.randint(4, 6)
        for stroke in range(strokes):
            at = x + width * (stroke + 1) / strokes
            path.curveTo(
                at - width / strokes,
                y + self.chance.uniform(10, 28),
                at,
                y - self.chance.uniform(4, 14),
                at,
                y + self.chance.uniform(0, 14),
            )
        self.canvas.setStrokeColor(_INK)
        self.canvas.setLineWidth(1.1)
        self.canvas.drawPath(path)

    def stamp(self, x: float, y: float) -> None:
        """The office's round stamp, set by hand: never quite straight."""
        if not self.paper.signed:
            return
        self.canvas.saveState()
        self.canvas.translate(x, y)
        self.canvas.rotate(self.chance.uniform(-14, 14))
        self.canvas.setStrokeColor(_STAMP)
        self.canvas.setFillColor(_STAMP)
        self.canvas.setLineWidth(1.5)
        self.canvas.circle(0, 0, 38)
        self.canvas.circle(0, 0, 34)
        for words, down, size in (
            ("CNT EP" if self.paper.company == CNT else "RECEPCIÓN", 14, 9),
            (self.paper.office[:17].upper(), 2, 6),
            (f"{self.paper.date:%d-%m-%Y}", -9, 8),
            ("RECIBIDO" if self.returned else "ENTREGADO", -20, 7),
        ):
            self.canvas.setFont("Helvetica-Bold", size)
            self.canvas.drawCentredString(0, down, words)
        self.canvas.restoreState()


def _carta(sheet: _Sheet) -> None:
    paper = sheet.paper
    sheet.centred(paper.company, 12, bold=True)
    sheet.centred("Gerencia de Atención al Cliente", 9)
    sheet.y -= 10
    sheet.text(sheet.left, f"{paper.office}, {_long(paper.date)}")
    sheet.y -= 26
    sheet.centred(
        "ACTA DE DEVOLUCIÓN DE EQUIPOS TERMINALES" if sheet.returned else "ACTA DE ENTREGA DE EQUIPOS EN COMODATO",
        13,
        bold=True,
    )
    if paper.number:
        sheet.centred(f"Acta N.º {paper.number}", 10)
    sheet.y -= 12
    if sheet.returned:
        words = (
            f"Yo, {paper.holder}, con C.I. {paper.id_number}, en calidad de abonado del servicio de "
            f"{_LINES[paper.line].lower()} con No. de servicio {paper.service}, por haber solicitado la cancelación "
            "del contrato hago la entrega a la empresa de los equipos de su propiedad que se detallan a continuación, "
            "los cuales son recibidos por el asesor que suscribe."
        )
    else:
        words = (
            f"Yo, {paper.holder}, con C.I. {paper.id_number}, en calidad de abonado del servicio de "
            f"{_LINES[paper.line].lower()} con No. de servicio {paper.service}, declaro que recibo de la empresa, "
            "instalados y en funcionamiento, los equipos que se detallan a continuación, y me comprometo a "
            "devolverlos cuando termine el contrato."
        )
    sheet.paragraph(words)
    sheet.table(
        ["Cant.", "Equipo", "Marca / modelo", "No. de serie", "MAC"],
        [["1", _NAMES[one.type], f"{one.brand} {one.model}".strip(), one.serial, one.mac] for one in paper.equipment],
        [32, 100, 120, 125, 105],
    )
    sheet.paragraph("Para constancia firman las partes en dos ejemplares de igual contenido.")
    sheet.y -= 70
    half = (sheet.width - 2 * sheet.left) / 2
    receives = ["Recibí conforme", paper.agent, f"Asesor, {paper.office}"]
    customer = ["Entregué conforme", paper.holder, f"C.I. {paper.id_number}"]
    if not sheet.returned:
        receives[0], customer[0] = "Entrega", "Recibe el abonado"
    sheet.signature(sheet.left + 10, half - 30, customer)
    sheet.signature(sheet.left + half + 20, half - 30, receives)
    sheet.stamp(sheet.left + half, sheet.y - 26)


def _columnas(sheet: _Sheet) -> None:
    paper = sheet.paper
    canvas = sheet.canvas
    canvas.setFillColor(Color(0.05, 0.3, 0.5))
    canvas.rect(0, sheet.height - 26 * mm, sheet.width, 26 * mm, fill=1, stroke=0)
    sheet.y = sheet.height - 12 * mm
    sheet.text(
        sheet.left,
        "CONSTANCIA DE EQUIPOS DEVUELTOS" if sheet.returned else "CONSTANCIA DE EQUIPOS INSTALADOS",
        15,
        bold=True,
        colour=white,
    )
    sheet.y -= 18
    sheet.text(sheet.left, paper.company, 8.5, colour=white)
    width = (sheet.width - 2 * sheet.left - 16) / 2
    right = sheet.left + width + 16
    sheet.y = sheet.height - 38 * mm
    sheet.text(sheet.left, "Abonado", 11, bold=True)
    sheet.text(right, "Servicio", 11, bold=True)
    sheet.y -= 18
    pairs = (
        (("Nombres y apellidos / razón social", paper.holder), ("Línea", _LINES[paper.line])),
        (("Cédula de identidad", paper.id_number), ("Cuenta / No. de servicio", paper.service)),
        (("Constancia No.", paper.number), ("Fecha (día/mes/año)", f"{paper.date:%d/%m/%Y}")),
        (
            ("Motivo", "Terminación del contrato" if sheet.returned else "Instalación de servicio nuevo"),
            ("Centro de atención", paper.office),
        ),
    )
    for on_left, on_right in pairs:
        sheet.box(sheet.left, width, *on_left)
        sheet.box(right, width, *on_right)
        sheet.y -= 33
    sheet.y -= 6
    sheet.text(
        sheet.left,
        "Equipos que el abonado devuelve a CNT" if sheet.returned else "Equipos que el abonado recibe de CNT",
        11,
        bold=True,
    )
    sheet.y -= 20
    third = (sheet.width - 2 * sheet.left - 20) / 3
    for number, one in enumerate(paper.equipment, 1):
        sheet.box(
            sheet.left, third, f"Equipo {number}", f"{_NAMES[one.type]} {one.brand} {one.model}".replace("  ", " ")
        )
        if one.serial or one.mac:
            sheet.box(sheet.left + third + 10, third, "S/N", one.serial)
            sheet.box(sheet.left + 2 * third + 20, third, "MAC", one.mac)
        sheet.y -= 33
    sheet.y -= 80
    sheet.signature(
        sheet.left, width - 10, ["Firma del abonado", paper.holder, "devuelve" if sheet.returned else "recibe"]
    )
    sheet.signature(
        right, width - 10, ["Firma del funcionario", paper.agent, "recibe" if sheet.returned else "entrega"]
    )
    sheet.stamp(right + width * 0.8, sheet.y + 20)


def _memorando(sheet: _Sheet) -> None:
    paper = sheet.paper
    times = "Times-Roman"
    sheet.left = 28 * mm
    sheet.paragraph(paper.company, 11, "Times-Bold", 2)
    sheet.paragraph(paper.office, 11, times, 18)
    kind = "RECEPCIÓN DE EQUIPOS RETIRADOS" if sheet.returned else "ENTREGA DE EQUIPOS AL CLIENTE"
    number = f" {paper.number}" if paper.number else ""
    sheet.paragraph(f"CERTIFICADO{number}: {kind}", 12.5, "Times-Bold", 14)
    pieces = []
    for one in paper.equipment:
        words = f"un(a) {_NAMES[one.type].lower() if one.type is not EquipmentType.ONT else 'ONT'}"
        if one.brand:
            words += f" marca {one.brand} modelo {one.model}"
        if one.serial:
            words += f", serie {one.serial}"
        if one.mac:
            words += f", MAC {one.mac}"
        pieces.append(words)
    listed = "; ".join(pieces)
    service = f"servicio de {_LINES[paper.line]} número {paper.service}"
    if sheet.returned:
        sheet.paragraph(
            f"Por medio del presente se certifica que el/la señor/a {paper.holder}, con cédula de ciudadanía No. "
            f"{paper.id_number}, titular del {service}, se acercó a este centro el {_long(paper.date)} y devolvió, "
            f"por retiro definitivo del servicio, los siguientes equipos de propiedad de la empresa: {listed}.",
            11.5,
            times,
        )
        sheet.paragraph(
            "Los equipos fueron revisados y recibidos por el suscrito, quedando el cliente liberado de la obligación "
            "de entregarlos.",
            11.5,
            times,
        )
    else:
        sheet.paragraph(
            f"Por medio del presente se certifica que el {_long(paper.date)} se instaló en el domicilio del/de la "
            f"señor/a {paper.holder}, con cédula de ciudadanía No. {paper.id_number}, el {service}, y que el cliente "
            f"recibió en calidad de préstamo los siguientes equipos: {listed}.",
            11.5,
            times,
        )
        sheet.paragraph("El servicio queda activo y con niveles de señal dentro de norma.", 11.5, times)
    sheet.paragraph("Atentamente,", 11.5, times, 70)
    sheet.signature(sheet.left, 190, [paper.agent, "Atención al cliente", paper.office])
    sheet.stamp(sheet.left + 240, sheet.y + 10)
    sheet.y -= 110
    sheet.signature(sheet.left, 190, [paper.holder, f"C.I. {paper.id_number}"])


def _recibo(sheet: _Sheet) -> None:
    paper = sheet.paper
    sheet.left = 12 * mm
    sheet.y = sheet.height - 14 * mm
    sheet.paragraph(paper.company, 9.5, "Helvetica-Bold", 2)
    sheet.paragraph(f"Agencia: {paper.office}", 9, gap=8)
    sheet.paragraph(
        "RECIBO DE EQUIPOS (DEVOLUCIÓN)" if sheet.returned else "RECIBO DE EQUIPOS (INSTALACIÓN)",
        12,
        "Helvetica-Bold",
        6,
    )

    def row(label: str, value: str) -> None:
        sheet.text(sheet.left, label, 9.5)
        end = sheet.width - sheet.left
        sheet.canvas.setFont("Courier-Bold", 10)
        sheet.canvas.drawRightString(end, sheet.y, value)
        start = sheet.left + sheet.canvas.stringWidth(label, "Helvetica", 9.5) + 4
        stop = end - sheet.canvas.stringWidth(value, "Courier-Bold", 10) - 4
        sheet.canvas.setStrokeColor(grey)
        sheet.canvas.setDash(1, 3)
        if stop > start:
            sheet.canvas.line(start, sheet.y, stop, sheet.y)
        sheet.canvas.setDash()
        sheet.y -= 16

    row("Recibo No.", paper.number)
    row("Emitido el", f"{paper.date:%Y-%m-%d}")
    row("Recibimos de" if sheet.returned else "Entregamos a", "")
    sheet.paragraph(paper.holder, 10.5, "Courier-Bold", 2)
    row("CI/RUC", paper.id_number)
    row("Línea", _LINES[paper.line])
    row("Servicio No.", paper.service)
    sheet.y -= 6
    for one in paper.equipment:
        row(_NAMES[one.type], f"{one.brand} {one.model}".strip() or "1 unidad")
        if one.serial:
            row("   Serie", one.serial)
        if one.mac:
            row("   Mac", one.mac)
    sheet.y -= 4
    sheet.paragraph(
        "Equipos recibidos en bodega por baja del servicio."
        if sheet.returned
        else "Equipos entregados al cliente por alta del servicio.",
        8.5,
        gap=52,
    )
    half = (sheet.width - 2 * sheet.left) / 2
    sheet.signature(sheet.left, half - 12, ["Cliente"])
    sheet.signature(sheet.left + half + 12, half - 12, [paper.agent, "Asesor de servicio"])
    sheet.stamp(sheet.left + half, sheet.y - 44)


def _retiro(sheet: _Sheet) -> None:
    paper = sheet.paper
    sheet.text(sheet.left, paper.company, 11, bold=True)
    sheet.y -= 20
    sheet.text(
        sheet.left,
        f"HOJA DE {'RETIRO' if sheet.returned else 'INSTALACIÓN'} DE EQUIPOS EN DOMICILIO   {paper.number}",
        14,
        bold=True,
    )
    sheet.y -= 26
    end = sheet.width - 2 * sheet.left
    sheet.table(
        ["Titular del servicio", "Documento (C.I./RUC)", "Nro. servicio", "Línea", "Fecha visita"],
        [[paper.holder, paper.id_number, paper.service, _LINES[paper.line], f"{paper.date:%d-%m-%Y}"]],
        [end * 0.34, end * 0.18, end * 0.16, end * 0.17, end * 0.15],
        9.5,
    )
    verb = "retira" if sheet.returned else "instala y entrega"
    sheet.paragraph(f"Detalle de lo que el técnico {verb} en el domicilio del cliente:", 10, gap=4)
    sheet.table(
        ["Elemento", "Marca", "Modelo", "Serie", "Dirección MAC", "Estado"],
        [
            [_NAMES[one.type], one.brand or "-", one.model or "-", one.serial or "-", one.mac or "-", "Completo"]
            for one in paper.equipment
        ],
        [end * 0.2, end * 0.13, end * 0.15, end * 0.22, end * 0.19, end * 0.11],
        9.5,
    )
    reason = "Baja del servicio a pedido del cliente." if sheet.returned else "Alta del servicio. Potencia -18,4 dBm."
    sheet.paragraph(f"Observaciones: {reason}", 10, gap=58)
    third = end / 3
    boxes = ("Técnico que retira", "Cliente", f"Recibido en {paper.office}")
    if not sheet.returned:
        boxes = ("Técnico que instala", "Cliente (recibe)", "Supervisor")
    for place, (label, name) in enumerate(zip(boxes, (paper.agent, paper.holder, ""), strict=True)):
        sheet.signature(sheet.left + place * third, third - 24, [label, name])
    sheet.stamp(sheet.left + 2.6 * third, sheet.y + 8)


def _factura(sheet: _Sheet) -> None:
    paper = sheet.paper
    base = round(paper.amount / 1.12)
    sheet.text(sheet.left, paper.company, 11, bold=True)
    sheet.y -= 14
    sheet.text(sheet.left, f"R.U.C. {CNT_RUC}", 9)
    sheet.y -= 24
    sheet.text(sheet.left, f"FACTURA No. {paper.number or '001-001-000000123'}", 14, bold=True)
    sheet.y -= 14
    sheet.text(sheet.left, "Número de autorización 0000000000000000000000000000000000000000000000000", 7)
    sheet.y -= 24
    for label, value in (
        ("Razón social", paper.holder),
        ("Identificación", paper.id_number),
        ("Fecha de emisión", f"{paper.date:%d/%m/%Y}"),
        ("Servicio", paper.service),
    ):
        sheet.text(sheet.left, f"{label}: {value}", 10)
        sheet.y -= 15
    sheet.y -= 8
    rows = [["1", f"Equipo no devuelto: {_NAMES[one.type]} {one.serial}", _money(base)] for one in paper.equipment]
    sheet.table(["Cant.", "Descripción", "Total USD"], rows or [["1", "Plan mensual", _money(base)]], [40, 340, 100])
    for label, cents in (("Subtotal", base), ("IVA 12 %", paper.amount - base), ("VALOR A PAGAR", paper.amount)):
        sheet.canvas.setFont("Helvetica-Bold", 10)
        sheet.canvas.drawRightString(sheet.left + 480, sheet.y, f"{label}   {_money(cents)}")
        sheet.y -= 15


def _comprobante(sheet: _Sheet) -> None:
    paper = sheet.paper
    sheet.left = 12 * mm
    sheet.centred("RECAUDACIONES DEL PACÍFICO", 11, bold=True)
    sheet.centred("COMPROBANTE DE PAGO", 13, bold=True)
    sheet.y -= 10
    for label, value in (
        ("Empresa", "CNT EP"),
        ("Contrapartida", paper.service),
        ("Cliente", paper.holder),
        ("Fecha y hora", f"{paper.date:%d/%m/%Y} 10:42"),
        ("Secuencial", paper.number or "000123"),
        ("Valor pagado", f"USD {_money(paper.amount)}"),
        ("Comisión", "USD 0,51"),
    ):
        sheet.text(sheet.left, f"{label}: {value}", 10)
        sheet.y -= 17
    sheet.y -= 8
    sheet.centred("Conserve este documento. Transacción exitosa.", 9)


def _turno(sheet: _Sheet) -> None:
    paper = sheet.paper
    sheet.centred("Su turno fue agendado", 18, bold=True)
    sheet.y -= 16
    for words in (
        f"Hola {paper.holder.title()}:",
        f"Usted tiene un turno para el {_long(paper.date)} a las 09:40 en {paper.office}.",
        f"Trámite: entrega de equipos. Cédula: {paper.id_number}.",
        f"Código del turno: {paper.number or 'B-117'}.",
        "Acérquese diez minutos antes con su cédula y los equipos completos. Si no puede asistir, cancele su turno "
        "en la página web.",
    ):
        sheet.paragraph(words, 12)


def _cedula(sheet: _Sheet) -> None:
    paper = sheet.paper
    canvas = sheet.canvas
    canvas.setFillColor(Color(0.86, 0.92, 0.97))
    canvas.rect(0, 0, sheet.width, sheet.height, fill=1, stroke=0)
    sheet.left = 8 * mm
    sheet.y = sheet.height - 10 * mm
    sheet.text(sheet.left, "TARJETA DE MUESTRA - DOCUMENTO PERSONAL", 8, bold=True)
    canvas.setFillColor(Color(0.6, 0.6, 0.65))
    canvas.rect(sheet.left, 10 * mm, 24 * mm, 28 * mm, fill=1, stroke=0)
    sheet.y -= 22
    surnames, given = paper.holder.split()[:2], paper.holder.split()[2:]
    for label, value in (
        ("APELLIDOS", " ".join(surnames)),
        ("NOMBRES", " ".join(given)),
        ("No.", f"{paper.id_number[:9]}-{paper.id_number[9:]}"),
        ("EXPEDIDA", f"{paper.date:%d/%m/%Y}"),
    ):
        sheet.text(38 * mm, label, 6)
        sheet.y -= 10
        sheet.text(38 * mm, value, 9.5, bold=True)
        sheet.y -= 14


def _campana(sheet: _Sheet) -> None:
    paper = sheet.paper
    canvas = sheet.canvas
    canvas.setFillColor(Color(0.9, 0.87, 0.83))
    canvas.rect(0, 0, sheet.width, sheet.height, fill=1, stroke=0)
    canvas.setFillColor(Color(0.03, 0.37, 0.33))
    canvas.rect(0, sheet.height - 22 * mm, sheet.width, 22 * mm, fill=1, stroke=0)
    sheet.left = 14 * mm
    sheet.y = sheet.height - 14 * mm
    sheet.text(sheet.left, "CNT", 15, bold=True, colour=white)
    canvas.setFillColor(white)
    canvas.roundRect(9 * mm, sheet.height - 98 * mm, sheet.width - 18 * mm, 68 * mm, 8, fill=1, stroke=0)
    sheet.y = sheet.height - 38 * mm
    first = paper.holder.split()[-1].title()
    sheet.paragraph(
        f"Hola {first}, te saludamos de CNT. Te recordamos entregar los equipos de tu servicio de "
        f"{_LINES[paper.line]} con numero de servicio {paper.service} retirado el "
        f"{paper.date.day}-{paper.date.month}-{paper.date.year}, si ya realizaste la entrega de los mismos, envía el "
        "documento de respaldo al correo posventagec2@cnt.gob.ec o si aún no lo realizas, agenda tu turno en la "
        "página web.",
        11,
    )
    canvas.setFillColor(grey)
    canvas.setFont("Helvetica", 8)
    canvas.drawRightString(sheet.width - 14 * mm, sheet.height - 95 * mm, "16:20")


def _modem(sheet: _Sheet) -> None:
    canvas = sheet.canvas
    canvas.setFillColor(Color(0.75, 0.7, 0.62))
    canvas.rect(0, 0, sheet.width, sheet.height, fill=1, stroke=0)
    canvas.setFillColor(Color(0.12, 0.12, 0.13))
    canvas.roundRect(sheet.width * 0.12, sheet.height * 0.3, sheet.width * 0.76, sheet.height * 0.3, 14, fill=1)
    for antenna in (0.2, 0.78):
        canvas.rect(sheet.width * antenna, sheet.height * 0.58, 12, sheet.height * 0.3, fill=1, stroke=0)
    for lamp in range(6):
        canvas.setFillColor(Color(0.2, 0.9, 0.3) if lamp != 2 else Color(0.9, 0.2, 0.1))
        canvas.circle(sheet.width * (0.25 + lamp * 0.08), sheet.height * 0.36, 4, fill=1, stroke=0)
    canvas.setFillColor(lightgrey)
    canvas.setFont("Helvetica-Bold", 16)
    for one in sheet.paper.equipment[:1]:
        canvas.drawString(sheet.width * 0.25, sheet.height * 0.47, f"{one.brand} {one.model}")


def _blanco(_: _Sheet) -> None:
    """Nothing: the back of the sheet was scanned."""


_LAYOUTS: dict[Layout, tuple[tuple[float, float], Callable[[_Sheet], None]]] = {
    Layout.CARTA: (LETTER, _carta),
    Layout.COLUMNAS: (LETTER, _columnas),
    Layout.MEMORANDO: (LETTER, _memorando),
    Layout.RECIBO: ((105 * mm, 190 * mm), _recibo),
    Layout.RETIRO: (landscape(LETTER), _retiro),
    Layout.FACTURA: (LETTER, _factura),
    Layout.COMPROBANTE: ((90 * mm, 110 * mm), _comprobante),
    Layout.TURNO: (A5, _turno),
    Layout.CEDULA: ((86 * mm, 54 * mm), _cedula),
    Layout.CAMPANA: ((110 * mm, 195 * mm), _campana),
    Layout.MODEM: ((160 * mm, 120 * mm), _modem),
    Layout.BLANCO: (LETTER, _blanco),
}


def _vector(paper: Paper, seed: int, password: str = "") -> bytes:
    size, layout = _LAYOUTS[paper.layout]
    out = io.BytesIO()
    # invariant: no clock and no chance in the file, so that the same paper gives the same bytes.
    lock = StandardEncryption(password, strength=128) if password else None
    canvas = Canvas(out, pagesize=size, invariant=1, pageCompression=1, encrypt=lock)
    canvas.setTitle(paper.number or paper.layout.value.title())
    canvas.setCreator("Sistema comercial")
    canvas.setProducer("Sistema comercial")
    layout(_Sheet(canvas, size, paper, Random(seed)))  # noqa: S311 - drawing, not secrecy
    canvas.showPage()
    canvas.save()
    return out.getvalue()


# ── the forms in which it arrives ────────────────────────────────────────────────────────────────


def _raster(paper: Paper, seed: int, dpi: int) -> Pixels:
    document = pypdfium2.PdfDocument(_vector(paper, seed))
    try:
        picture: Any = document[0].render(scale=dpi / 72).to_pil()
        return _pixels(picture.convert("RGB"))
    finally:
        document.close()


def _part(page: Pixels, part: tuple[float, float]) -> Pixels:
    rows = page.shape[0]
    return page[round(part[0] * rows) : round(part[1] * rows)]


def _pixels(values: Any) -> Pixels:
    pixels: Pixels = np.clip(np.asarray(values), 0, 255).astype(np.uint8)
    return pixels


def _scan(paper: Paper, form: Form) -> bytes:
    """A PDF that holds one grey JPEG: laid on the glass slightly askew, specks, a weak lamp."""
    chance = np.random.default_rng(form.seed)
    page = _pixels(cv2.cvtColor(_raster(paper, form.seed, form.dpi), cv2.COLOR_RGB2GRAY))
    rows, columns = page.shape
    askew = cv2.getRotationMatrix2D((columns / 2, rows / 2), float(chance.uniform(-0.8, 0.8)), 1.0)
    grey_page = cv2.warpAffine(page, askew, (columns, rows), borderValue=(250,)).astype(np.float32)
    grey_page = cv2.GaussianBlur(grey_page, (0, 0), 0.45 * form.dpi / 150).astype(np.float32)
    grey_page = 30 + grey_page * (215 / 255)
    specks = rows * columns // 30_000
    grey_page[chance.integers(0, rows, specks), chance.integers(0, columns, specks)] = 90
    # Noise of the sensor in blocks of two pixels: single pixels would only fill the file.
    noise = chance.normal(0, 2.0, (rows // 2 + 1, columns // 2 + 1)).astype(np.float32)
    grey_page += cv2.resize(noise, (columns, rows), interpolation=cv2.INTER_NEAREST)
    jpeg = io.BytesIO()
    Image.fromarray(_pixels(grey_page)).save(jpeg, "JPEG", quality=38, dpi=(form.dpi, form.dpi))
    size = (columns * 72 / form.dpi, rows * 72 / form.dpi)
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=size, invariant=1)
    canvas.setCreator("Escáner de oficina")
    canvas.setProducer("Escáner de oficina")
    jpeg.seek(0)
    canvas.drawImage(ImageReader(jpeg), 0, 0, *size)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


_PHOTO_LONG_SIDE = 1800
"""Pixels: what messengers and mail programs leave of a photo when they make it smaller."""


def _photo(paper: Paper, form: Form) -> Pixels:
    """The page on a table, seen by a hand-held camera: perspective, uneven light, blur, noise."""
    chance = np.random.default_rng(form.seed)
    page = _part(_raster(paper, form.seed, 200), form.part)
    rows, columns = page.shape[:2]
    tall = rows >= columns
    height, width = (
        (_PHOTO_LONG_SIDE, _PHOTO_LONG_SIDE * 3 // 4)
        if tall
        else (
            _PHOTO_LONG_SIDE * 3 // 4,
            _PHOTO_LONG_SIDE,
        )
    )
    margin = 0.03
    scale = min(width * (1 - 2 * margin) / columns, height * (1 - 2 * margin) / rows)
    shown_width, shown_height = columns * scale, rows * scale
    left, top = (width - shown_width) / 2, (height - shown_height) / 2
    wobble = 0.006 + 0.02 * form.hardness
    corners = np.array(
        [
            [left, top],
            [left + shown_width, top],
            [left + shown_width, top + shown_height],
            [left, top + shown_height],
        ],
        dtype=np.float32,
    )
    corners += chance.uniform(-wobble, wobble, (4, 2)).astype(np.float32) * np.array([width, height], np.float32)
    edges = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], dtype=np.float32)
    view = cv2.getPerspectiveTransform(edges, corners)
    sharp = cv2.warpPerspective(page, view, (width, height), flags=cv2.INTER_AREA).astype(np.float32)
    mask = cv2.warpPerspective(np.full((rows, columns), 255, np.uint8), view, (width, height))
    shade = cv2.GaussianBlur(np.roll(mask, (12, 10), (0, 1)).astype(np.float32), (0, 0), 14)[..., None] / 255
    paper_share = (mask.astype(np.float32) / 255)[..., None]
    picture = _table(height, width, chance) * (1 - 0.5 * shade)
    picture = picture * (1 - paper_share) + sharp * np.array([0.97, 0.95, 0.9], np.float32) * paper_share
    picture *= _light(height, width, chance, 0.12 + 0.4 * form.hardness)
    if form.hardness >= 1:
        small = cv2.resize(picture, (width // 14, height // 14), interpolation=cv2.INTER_AREA)
        picture = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    picture = cv2.GaussianBlur(picture, (0, 0), 0.4 + 2.2 * form.hardness**2).astype(np.float32)
    noise = chance.normal(0, 1.0 + 2 * form.hardness, (height // 2, width // 2, 1)).astype(np.float32)
    picture += cv2.resize(noise, (width, height), interpolation=cv2.INTER_NEAREST)[..., None]
    return _pixels(picture)


def _table(height: int, width: int, chance: np.random.Generator) -> NDArray[np.float32]:
    """A wooden table: grain along one direction, in RGB."""
    grain = chance.normal(0, 1, (max(2, height // 24), 4)).astype(np.float32)
    wood = cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC)[..., None]
    colour = np.array([[118, 84, 58], [150, 120, 92], [96, 98, 104]], np.float32)[chance.integers(0, 3)]
    return np.asarray(colour * (1 + 0.1 * wood), dtype=np.float32)


def _light(height: int, width: int, chance: np.random.Generator, depth: float) -> NDArray[np.float32]:
    """A lamp to one side: brightness between 1 - depth and 1, falling across the picture."""
    angle = float(chance.uniform(0, 2 * math.pi))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    along = math.cos(angle) * (x / width - 0.5) + math.sin(angle) * (y / height - 0.5)
    return np.asarray((1 - depth * (along + 0.7) / 1.4)[..., None], dtype=np.float32)


_EXIF_ORIENTATION = 0x0112
_EXIF_OF_TURN = {0: 1, 90: 8, 180: 3, 270: 6}
"""What the camera writes so that a viewer turns a picture, held by so many degrees, upright again."""


def _file(pixels: Pixels, kind: str, form: Form) -> bytes:
    picture = Image.fromarray(pixels)
    if form.turned:
        picture = picture.rotate(-form.turned, expand=True)
    out = io.BytesIO()
    if kind == "PNG":
        picture.save(out, "PNG")
        return out.getvalue()
    exif = Image.Exif()
    if form.exif:
        exif[_EXIF_ORIENTATION] = _EXIF_OF_TURN[form.turned]
    picture.save(out, "JPEG", quality=46, exif=exif)
    return out.getvalue()


def pages(*drawn: Paper, seed: int = 0) -> bytes:
    """One text PDF with several papers, a page each: a certificate behind its cover letter."""
    out = io.BytesIO()
    with pikepdf.new() as whole:
        for paper in drawn:
            with pikepdf.open(io.BytesIO(_vector(paper, seed))) as one:
                whole.pages.extend(one.pages)
        whole.save(out, deterministic_id=True)
    return out.getvalue()
