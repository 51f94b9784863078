"""What the company's own return register says of an acta: the strongest witness there is.

A picture proves little; a line that an office wrote when it took the equipment back proves much.  So the
register may confirm an acta, and it may contradict it.  Where it says nothing, nothing follows, unless the
book asks for it (`register_required`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from evidence_daemon.canonical import acta_key, canonical_mac, canonical_serial, plain
from evidence_daemon.model import Direction, Fields, Register, RegisterEntry


class Voice(StrEnum):
    """How the register stands to an acta."""

    CONFIRMA = "CONFIRMA"
    CONTRADICE = "CONTRADICE"
    CALLA = "CALLA"


@dataclass(frozen=True, slots=True)
class Testimony:
    """What the register says of one acta, with the why in Spanish, for staff."""

    voice: Voice
    because: str


_SILENT = Testimony(Voice.CALLA, "el registro de devoluciones no tiene esta acta")


def labels_of(acta: Fields) -> frozenset[str]:
    """Serials and MACs of an acta in canonical form."""
    labels = {canonical_serial(line.serial.value) for line in acta.equipment if line.serial}
    labels |= {canonical_mac(line.mac.value) for line in acta.equipment if line.mac}
    return frozenset(labels - {""})


def hear(acta: Fields, register: Register) -> Testimony:
    """What the register says of an acta of return.

    It confirms by a return of that number with a serial in common (or with none written down), on that day
    and in that office where both tell them; an acta whose number was not read, by serial and day.  It
    contradicts when the number stands there for something else, or the serial under another number.
    """
    number = acta_key(acta.number.value) if acta.number else ""
    labels = labels_of(acta)
    same_number = [entry for entry in register.entries if number and acta_key(entry.number) == number]
    same_serial = [entry for entry in register.entries if labels & set(entry.serials)]
    if same_number:
        against = [_against(acta, labels, entry) for entry in same_number]
        if "" in against and not labels and any(entry.serials for entry in same_number):
            return Testimony(Voice.CALLA, f"el registro tiene series en el acta {number} y aquí no se lee ninguna")
        if "" in against:
            return Testimony(Voice.CONFIRMA, f"el registro de devoluciones tiene el acta {number} con estos datos")
        return Testimony(Voice.CONTRADICE, against[0])
    if same_serial and not number:
        day = _day(acta)
        if any(entry.day == day and entry.direction is Direction.DEVOLUCION for entry in same_serial if day):
            return Testimony(Voice.CONFIRMA, "el registro de devoluciones tiene esa serie en esa fecha")
        return Testimony(Voice.CALLA, "el registro tiene esa serie en otra fecha y el acta no muestra su número")
    if same_serial:
        other = same_serial[0]
        return Testimony(Voice.CONTRADICE, f"el registro tiene una serie de esta acta en el acta {other.number}")
    return _SILENT


def _against(acta: Fields, labels: frozenset[str], entry: RegisterEntry) -> str:
    """What an entry of the same number tells otherwise (Spanish); "" when nothing."""
    if entry.direction is not Direction.DEVOLUCION:
        return f"el registro tiene el acta {entry.number} como {entry.direction.value.lower()}"
    if entry.serials and labels and not labels & set(entry.serials):
        return f"el registro tiene el acta {entry.number} con otras series"
    day = _day(acta)
    if day and entry.day and day != entry.day:
        return f"el registro tiene el acta {entry.number} con fecha {entry.day.isoformat()}"
    office = set(plain(acta.office.value).split()) if acta.office else set()
    if office and entry.office and not office & set(plain(entry.office).split()):
        return f"el registro tiene el acta {entry.number} en otra oficina ({entry.office})"
    return ""


def _day(acta: Fields) -> date | None:
    try:
        return date.fromisoformat(acta.date.value) if acta.date else None
    except ValueError:
        return None
