"""What a layout is, and the ways in which forms print dates and numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from random import Random

from reportlab.lib.colors import black

from papers.pen import BLACK_PEN, BLUE_PEN, HANDS, Ink, Pen
from papers.truth import CNT, MONTHS, Facts, facts


@dataclass(frozen=True, slots=True)
class Layout:
    """A form of certificate.  `omits` names fields of `Facts` that it does not print."""

    name: str
    size: tuple[float, float]
    face: str
    draw: Callable[[Pen, Facts], None]
    unseen: bool = False
    omits: frozenset[str] = frozenset()
    ink: Ink = field(default_factory=Ink)
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Colour of the paper when it is photographed or scanned in colour (shares of red, green, blue)."""
    by_hand: bool = True
    """Whether such a form is ever filled in by hand; a till's ticket is not."""
    two_services: bool = False
    invent: Callable[[Random], Facts] = facts
    """What a certificate in this form is about."""

    def pdf(self, facts: Facts, seed: int, *, by_hand: bool = False, pages: int = 1) -> bytes:
        """The certificate as PDF; with `pages` 2, a page of conditions follows."""
        chance = Random(f"{self.name}/{seed}")
        ink = self.ink
        if by_hand:
            ink = Ink(chance.choice(HANDS[self.unseen]), chance.choice((BLUE_PEN, BLUE_PEN, BLACK_PEN)), 0.8)
        pen = Pen(self.size, self.face, chance, ink)
        self.draw(pen, facts)
        for _ in range(pages - 1):
            pen.turn_page()
            _conditions(pen)
        return pen.done()


def _conditions(pen: Pen) -> None:
    pen.middle("CONDICIONES GENERALES", 12, bold=True)
    pen.ink = Ink("", black)
    for number, words in enumerate(
        (
            "Los equipos terminales son de propiedad de la empresa durante toda la vigencia del contrato.",
            "Todo reclamo se presenta en cualquier punto de atención o por los canales digitales, dentro de los plazos "
            "que señala la ley.",
            "La información personal se trata conforme con la Ley Orgánica de Protección de Datos Personales.",
            "Conserve este documento: es su respaldo frente a cualquier requerimiento posterior.",
        ),
        start=1,
    ):
        pen.prose([f"{number}. {words}"], 9.5)


def long_day(day: date) -> str:
    return f"{day.day} de {MONTHS[day.month - 1]} de {day.year}"


def short_month(day: date) -> str:
    return f"{day.day:02d}-{MONTHS[day.month - 1][:3].upper()}-{day.year}"


def dashed(service: str) -> str:
    """With the area code apart, as telephone numbers are written."""
    return f"{service[:2]}-{service[2:]}" if len(service) == 9 else service


def grouped(service: str) -> str:
    return f"({service[:2]}) {service[2:5]}-{service[5:]}" if len(service) == 9 else service


def title_case(name: str) -> str:
    return name.title()


def issuer(facts: Facts) -> str:
    """The company by its full name."""
    return facts.company


def short(facts: Facts) -> str:
    """The company as people call it."""
    return "CNT EP" if facts.company == CNT else facts.company.split(" - ")[0]
