"""Equipment: its types by the words people use, and the numbers on its label in one form.

Serial numbers and MACs are compared in a canonical form.  What a reader may confuse (0/O, 8/B …) is
never repaired into an equality: it makes a `Likeness.DOUBT`, and a person looks.
Sources: `ITU-T G.984.3` 9.2.4 (a PON serial is four letters of the vendor and eight hex digits, or the
same eight octets in hex), IEEE 802 (a MAC is twelve hex digits), the aliases of the field.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum

from evidence_daemon.model import EquipmentType

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

_SEPARATORS = re.compile(r"[\s\-–—./:_·]+")
_PON_LETTERS = re.compile(r"[A-Z]{4}[0-9A-F]{8}")
_PON_HEX = re.compile(r"(?:[46][0-9A-F]|5[0-9A]){4}[0-9A-F]{8}")
_MAC = re.compile(r"[0-9A-F]{12}")

PON_VENDORS = frozenset(
    {
        "HWTC",
        "ZTEG",
        "ALCL",
        "FHTT",
        "SCOM",
        "NOKG",
        "TMBB",
        "TLNK",
        "CDTC",
        "VSOL",
        "GPON",
        "SKYW",
        "KAON",
        "TPLG",
        "DLNK",
    }
)
"""Vendor letters of ITU-T G.984.3 serials met in the field: here the last eight can only be hex digits."""

# Letters that cannot be hex digits and have one digit that they can be mistaken for.  G is left alone:
# it may be a 6 or a C.
_HEX_FOR_LETTERS = str.maketrans("OQILSZ", "001152")
_CONFUSED = str.maketrans("ODQILJSBZGCV", "00011158266U")


class Likeness(StrEnum):
    """How two numbers of equipment compare."""

    SAME = "SAME"
    DOUBT = "DOUBT"
    """Could be the same, read badly: never taken for equal without a person."""
    DIFFERENT = "DIFFERENT"


def plain(text: str) -> str:
    """Upper case without accents, one blank between words: the form in which words are compared."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text.upper()) if not unicodedata.combining(c))
    return " ".join(bare.split())


def equipment_type(text: str) -> EquipmentType | None:
    """The type that words name ("DECODIFICADOR HD" → DECODIFICADOR), or None when they name none.

    The first word that is an alias wins, the longest alias at one place: a "CONTROL REMOTO DE
    DECODIFICADOR" is a remote control.  Digits that stand for letters ("DEC0DIFICADOR") are forgiven.
    """
    words = re.sub(r"[^A-Z0-9]+", " ", plain(text))
    found = _ALIAS.search(words) or _ALIAS.search(words.translate(_LETTERS_FOR_DIGITS))
    return _WORDS[found[1]] if found else None


def _compact(text: str) -> str:
    return _SEPARATORS.sub("", plain(text))


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


def label_form(text: str) -> str:
    """As printed on most labels: capitals without separators; a PON serial as four letters and eight hex digits.

    In those eight, letters that cannot be hex digits are the digits that they look like (O is 0, S is 5).
    """
    serial = _compact(text)
    if len(serial) == 16 and _PON_HEX.fullmatch(serial):
        vendor = bytes.fromhex(serial[:8]).decode("latin-1").upper()
        if vendor.isascii() and vendor.isalpha():
            return vendor + serial[8:]
    if len(serial) == 12 and serial[:4] in PON_VENDORS:
        return serial[:4] + serial[4:].translate(_HEX_FOR_LETTERS)
    return serial


def canonical_serial(text: str) -> str:
    """The form under which a serial is kept and looked up: upper case, no separators, PON serials in hex.

    >>> canonical_serial("hwtc-C661499D") == canonical_serial("48575443C661499D")
    True
    """
    serial = label_form(text)
    if _PON_LETTERS.fullmatch(serial):
        return serial[:4].encode("ascii").hex().upper() + serial[4:]
    return serial


def is_pon_serial(text: str) -> bool:
    """True for a serial whose form proves itself: a known vendor and eight hex digits."""
    serial = label_form(text)
    return serial[:4] in PON_VENDORS and _PON_LETTERS.fullmatch(serial) is not None


def canonical_mac(text: str) -> str:
    """Twelve upper-case hex digits, or "" when the text is not the MAC of one device.

    Group addresses and the all-zero address (IEEE 802: lowest bit of the first octet) are none.
    """
    mac = _compact(text)
    if not _MAC.fullmatch(mac) or int(mac, 16) == 0 or int(mac[1], 16) & 1:
        return ""
    return mac


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
    return Likeness.DOUBT if _distance(one, two) <= min(2, shorter // 8) else Likeness.DIFFERENT


def _distance(a: str, b: str) -> int:
    """Levenshtein: the smallest number of characters to change, drop or add."""
    row = list(range(len(b) + 1))
    for done, one in enumerate(a, start=1):
        previous, row = row, [done]
        for place, other in enumerate(b):
            row.append(min(previous[place + 1] + 1, row[place] + 1, previous[place] + (one != other)))
    return row[-1]
