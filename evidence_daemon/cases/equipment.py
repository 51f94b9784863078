"""Equipment: its types by the words people use, and whether two numbers on labels are one.

Serial numbers and MACs are compared in their canonical form (`canonical`).  What a reader may confuse (0/O,
8/B …) is never repaired into an equality: it makes a `Likeness.DOUBT`, and a person looks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from rapidfuzz.distance.Levenshtein import distance

from evidence_daemon.canonical import canonical_mac, canonical_serial, is_misread_pon, is_pon_serial, label_form, plain
from evidence_daemon.model import EquipmentType

__all__ = [
    "Likeness",
    "canonical_mac",
    "canonical_serial",
    "equipment_type",
    "folded",
    "is_misread_pon",
    "is_pon_serial",
    "label_form",
    "plain",
    "same_serial",
    "types_named",
]

_T = EquipmentType

_ALIASES: dict[EquipmentType, tuple[str, ...]] = {
    _T.ONT: ("ONT", "ONU", "MODEM OPTICO", "TERMINAL OPTICO", "EQUIPO GPON", "GPON", "MODEM GPON", "MODEM DE FIBRA"),
    _T.MODEM_ROUTER: (
        "MODEM",
        "MODEN",
        "ROUTER",
        "RUTEADOR",
        "CPE",
        "ADSL",
        "VDSL",
        "WIFI",
        "WI FI",
        "FAST BOY",
        "FASTBOY",
    ),
    _T.DECODIFICADOR: (
        "DECODIFICADOR",
        "DECODIFICADORES",
        "DECODER",
        "DECO",
        "DECOS",
        "STB",
        "SET TOP BOX",
        "RECEPTOR",
        "CAJA DECODIFICADORA",
        "DTH BOX",
    ),
    _T.SMARTCARD: (
        "SMARTCARD",
        "SMART CARD",
        "TARJETA",
        "TARJETA DE ACCESO",
        "TARJETA SMART CARD",
        "TARJETA INTELIGENTE",
    ),
    _T.REPETIDOR: ("REPETIDOR", "EXTENSOR", "EXTENDER", "MESH", "ACCESS POINT", "PUNTO DE ACCESO", "AMPLIFICADOR WIFI"),
    _T.TELEFONO: (
        "TELEFONO",
        "APARATO TELEFONICO",
        "APARATO",
        "TERMINAL CDMA",
        "CDMA",
        "INALAMBRICO",
        "TERMINAL INALAMBRICO",
    ),
    _T.LNB: ("LNB", "LNBF"),
    _T.ANTENA: ("ANTENA", "PLATO", "PARABOLICA", "ANTENA PARABOLICA"),
    _T.CONTROL_REMOTO: ("CONTROL REMOTO", "CONTROL", "CONTROLES REMOTOS", "MANDO", "MANDO A DISTANCIA"),
    _T.FUENTE: (
        "FUENTE",
        "FUENTE DE PODER",
        "FUENTE DE ALIMENTACION",
        "ADAPTADOR",
        "ADAPTADOR DE CORRIENTE",
        "CARGADOR",
        "TRANSFORMADOR",
    ),
    _T.CABLE: ("CABLE", "CABLES", "RCA", "HDMI", "UTP", "PATCH CORD", "PATCHCORD"),
    _T.SPLITTER: ("SPLITTER", "DIVISOR", "MICROFILTRO", "FILTRO"),
    _T.ROSETA: ("ROSETA", "ROSETA OPTICA"),
}
_LETTERS_FOR_DIGITS = str.maketrans("0158", "OISB")
_WORDS = {alias: kind for kind, aliases in _ALIASES.items() for alias in aliases}
_ALIAS = re.compile(r"\b(" + "|".join(sorted(map(re.escape, _WORDS), key=len, reverse=True)) + r")\b")

_CONFUSED = str.maketrans("ODQILJSBZGCV", "00011158266U")


class Likeness(StrEnum):
    """How two numbers of equipment compare."""

    SAME = "SAME"
    DOUBT = "DOUBT"
    """Could be the same, read badly: never taken for equal without a person."""
    DIFFERENT = "DIFFERENT"


def equipment_type(text: str) -> EquipmentType | None:
    """The type that words name ("DECODIFICADOR HD" → DECODIFICADOR), or None when they name none.

    The first word that is an alias wins, the longest alias at one place: a "CONTROL REMOTO DE
    DECODIFICADOR" is a remote control.  Digits that stand for letters ("DEC0DIFICADOR") are forgiven.
    """
    words = re.sub(r"[^A-Z0-9]+", " ", plain(text))
    found = _ALIAS.search(words) or _ALIAS.search(words.translate(_LETTERS_FOR_DIGITS))
    return _WORDS[found[1]] if found else None


def types_named(words: Sequence[str]) -> list[tuple[int, int, EquipmentType]]:
    """Every type that a run of words names: (first word, word after the last, type), from the left."""
    starts, joined = [], ""
    for word in words:
        starts.append(len(joined))
        joined += re.sub(r"[^A-Z0-9]+", " ", plain(word)).strip() + " "
    found = []
    for match in _ALIAS.finditer(joined):
        first = max(at for at, start in enumerate(starts) if start <= match.start())
        last = max(at for at, start in enumerate(starts) if start < match.end())
        found.append((first, last + 1, _WORDS[match[1]]))
    return found


def folded(text: str) -> str:
    """A key that is equal for all texts that a reader or a pen may confuse (0/O/D, 1/I/L, 5/S, 8/B …)."""
    return label_form(text).translate(_CONFUSED)


def same_serial(a: str, b: str) -> Likeness:
    """Whether two serials (or two MACs) are one.

    SAME needs equal characters in canonical form.  DOUBT: equal when confusable characters are taken
    for equal, or one wrong, missing or surplus character in eight (at most two), or one is the tail of
    the other (staff write the last digits).  An empty text is like nothing.
    """
    one, two = canonical_serial(a), canonical_serial(b)
    if not one or not two:
        return Likeness.DIFFERENT
    if one == two:
        return Likeness.SAME
    one, two = folded(a), folded(b)
    shorter = min(len(one), len(two))
    if one == two or (shorter >= 6 and (one.endswith(two) or two.endswith(one))):
        return Likeness.DOUBT
    return Likeness.DOUBT if distance(one, two) <= min(2, shorter // 8) else Likeness.DIFFERENT
