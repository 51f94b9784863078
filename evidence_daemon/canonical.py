"""The one form in which each kind of number is kept, looked up and compared: serials, MACs, services, actas.

Pure, and below both wings: what the judge compares and what the store looks up by must be the same form, or
one number passes for two.  Sources: ITU-T G.984.3 9.2.4 (a PON serial is four letters of the vendor and eight
hex digits, or the same eight octets in hex), IEEE 802 (a MAC is twelve hex digits).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

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
_PON_VENDORS_IN_HEX = frozenset(vendor.encode("ascii").hex().upper() for vendor in PON_VENDORS)

# Letters that cannot be hex digits and have one digit that they can be mistaken for.  G is left alone:
# it may be a 6 or a C.
_HEX_FOR_LETTERS = str.maketrans("OQILSZ", "001152")


def plain(text: str) -> str:
    """Upper case without accents, one blank between words: the form in which words are compared."""
    bare = text.upper()
    if not bare.isascii():
        bare = "".join(c for c in unicodedata.normalize("NFD", bare) if not unicodedata.combining(c))
    return " ".join(bare.split())


def _compact(text: str) -> str:
    return _SEPARATORS.sub("", plain(text))


@lru_cache(maxsize=8192)
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


@lru_cache(maxsize=8192)
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


def is_misread_pon(text: str) -> bool:
    """True for a known vendor and eight characters that are not all hex: nobody printed such a number.

    >>> is_misread_pon("HWTC1EPE2B59"), is_misread_pon("HWTC1EFE2B59"), is_misread_pon("ZTEGQ7C8M220870")
    (True, False, False)
    """
    serial = label_form(text)
    if len(serial) == 12:
        headed = serial[:4] in PON_VENDORS
    else:
        headed = len(serial) == 16 and serial[:8] in _PON_VENDORS_IN_HEX
    return headed and re.fullmatch(r"[0-9A-F]{8}", serial[-8:]) is None


@lru_cache(maxsize=8192)
def canonical_mac(text: str) -> str:
    """Twelve upper-case hex digits, or "" when the text is not the MAC of one device.

    Group addresses and the all-zero address (IEEE 802: lowest bit of the first octet) are none.
    """
    mac = _compact(text)
    if not _MAC.fullmatch(mac) or int(mac, 16) == 0 or int(mac[1], 16) & 1:
        return ""
    return mac


@lru_cache(maxsize=8192)
def service_key(text: str) -> str:
    """A service number in the form in which it is kept and compared: capitals and digits, nothing else.

    A telephone loses its country code, and every number its leading zeros: spreadsheets drop them, and
    people write "(02) 234-5678", "593 2 2345678" or "22345678".  "" for a text without any.
    """
    bare = re.sub(r"[^0-9A-Z]", "", text.upper())
    if abroad := re.fullmatch(r"5930?([2-7][0-9]{7}|9[0-9]{8})", bare):
        bare = abroad[1]
    return bare.lstrip("0")


def acta_key(text: str) -> str:
    """The number of an acta as it is kept and compared: capitals and digits only.

    >>> acta_key("AE-000.001")
    'AE000001'
    """
    return re.sub(r"[^0-9A-Z]", "", plain(text))


def series_of(number: str) -> tuple[str, int] | None:
    """An acta's number as the series it belongs to and its place in it, or None when it has no place.

    >>> series_of("UIO-2020-000123")
    ('UIO2020', 123)
    """
    parts = re.fullmatch(r"(.*?)([0-9]{1,12})[^0-9A-Z]*", plain(number))
    return (acta_key(parts[1]), int(parts[2])) if parts else None
