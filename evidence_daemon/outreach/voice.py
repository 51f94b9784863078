"""A written Spanish text as a voice should read it (pure).

Speech programs read signs, not meaning: the mailbox came out as "posventajec dos", 10-5-2020 as "diez, cinco, dos mil
veinte" and a service number as one huge number (measured with espeak-ng es-419).  So addresses are taken apart,
dates are written out, and numbers that are names are read digit by digit.  The text that a person approves stays
the written one; this is only how it sounds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from babel.dates import format_date

LEXICON: Mapping[str, str] = MappingProxyType(
    {
        "cnt": "ce ene te",
        "www": "triple doble u",
        "ec": "e ce",
        "posventagec2": "posventa, ge e ce, dos",
        "flujodecolas": "flujo de colas",
        "sms": "ese eme ese",
    }
)
"""Words that are read otherwise than they are written; keys in lower case."""

_LETTERS = {
    "a": "a", "b": "be", "c": "ce", "d": "de", "e": "e", "f": "efe", "g": "ge", "h": "hache", "i": "i",
    "j": "jota", "k": "ka", "l": "ele", "m": "eme", "n": "ene", "ñ": "eñe", "o": "o", "p": "pe", "q": "cu",
    "r": "erre", "s": "ese", "t": "te", "u": "u", "v": "uve", "w": "doble u", "x": "equis", "y": "ye", "z": "zeta",
}  # fmt: skip
_DIGITS = ["cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"]
_SIGNS = {".": "punto", "@": "arroba", "/": "barra", "-": "guion", "_": "guion bajo", ":": "dos puntos"}

_ADDRESS = re.compile(r"(?:https?://)?[\w+-]+(?:[._@/-]+[\w+-]+)*(?:@|\.[a-z]{2,})[\w./@-]*", re.IGNORECASE)
_DATE = re.compile(r"\b(\d{1,2})[-/](\d{1,2})[-/](\d{4})\b")
_TOLL_FREE = re.compile(r"\b1\s?-?800(?:-(\d{3})-(\d{3})\b)")
_NUMBER = re.compile(r"\b\d{5,}\b")
_ACRONYM = re.compile(r"\b[A-ZÑ]{2,5}\b")
_AMOUNT = re.compile(r"\$\s?(\d+)(?:[.,](\d{2}))?\b")


def spoken(text: str, lexicon: Mapping[str, str] = LEXICON) -> str:
    """The words to hand to a speech program.

    Amounts in dollars, addresses, dates d-m-yyyy, toll-free numbers, long numbers and acronyms are written out; what
    is none of these is left as it stands.  A date that does not exist is read digit by digit.
    """
    text = _AMOUNT.sub(_amount, text)
    text = _ADDRESS.sub(lambda found: _address(found[0], lexicon), text)
    text = _DATE.sub(_date, text)
    text = _TOLL_FREE.sub(lambda found: f"mil ochocientos, {_three(found[1])}, {_three(found[2])}", text)
    text = _NUMBER.sub(lambda found: _digits(found[0]), text)
    return _ACRONYM.sub(lambda found: lexicon.get(found[0].lower(), found[0]), text)


def _amount(found: re.Match[str]) -> str:
    dollars, cents = int(found[1]), int(found[2] or 0)
    said = "un dólar" if dollars == 1 else f"{dollars} dólares"
    return f"{said} con {cents} centavos" if cents else said


def _address(written: str, lexicon: Mapping[str, str]) -> str:
    trailing = re.search(r"[./]*$", written)
    end = trailing[0] if trailing else ""
    body = re.sub(r"^https?://", "", written.removesuffix(end) if end else written)
    if "@" not in body and "." not in body:
        return written
    parts = [_SIGNS.get(part) or _word(part, lexicon) for part in re.split(r"([._@/:-])", body) if part]
    return " ".join(parts) + ("." if "." in end else "")


def _word(word: str, lexicon: Mapping[str, str]) -> str:
    known = lexicon.get(word.lower())
    if known:
        return known
    pieces = re.findall(r"[^\W\d_]+|\d+", word)
    return " ".join(_digits(piece) if piece.isdigit() else _pronounced(piece) for piece in pieces)


def _pronounced(word: str) -> str:
    """A word with a vowel is said, one without is spelled."""
    if re.search(r"[aeiouáéíóúü]", word, re.IGNORECASE):
        return word
    return " ".join(_LETTERS.get(letter, letter) for letter in word.lower())


def _date(found: re.Match[str]) -> str:
    try:
        day = date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        return " ".join(_digits(part) for part in found.groups())
    said = format_date(day, "d 'de' MMMM 'de' y", locale="es_EC")
    return re.sub(r"^1 de ", "primero de ", said)


def _digits(number: str) -> str:
    """In groups of at most three, with a breath between them."""
    groups = [number[at : at + 3] for at in range(0, len(number), 3)]
    return ", ".join(" ".join(_DIGITS[int(digit)] for digit in group) for group in groups)


def _three(number: str) -> str:
    return "cien" if number == "100" else _digits(number)
