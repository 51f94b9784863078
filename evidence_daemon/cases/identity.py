"""Identity numbers as people write them: cédula, RUC, passport.

The case list is the judge.  What was typed is looked up first, exactly, whatever its check digit says;
the check only explains a miss.  Every guess is an *alternative* with a named repair, for look-up only.

Sources: the cédula's modulo 10 and the RUC's kinds as published by the Registro Civil and the SRI.  The
third digit of real cédulas goes up to 6 by now, and the modulo 11 of companies (third digit 9) is no
longer guaranteed by the SRI, so neither ever counts against a number.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from evidence_daemon.model import IdCheck, IdKind, IdNumber, Repair
from evidence_daemon.rulebook import SubjectRepair

_PROVINCES = frozenset({f"{n:02d}" for n in range(1, 25)} | {"30", "50"})
"""24 provinces; 30 for Ecuadorians registered abroad, 50 as validators of the field accept it."""

_SEPARATORS = re.compile(r"[\s.\-_,'’`·:;#*/\\‐‑‒–—−]+")
_DECIMAL_TAIL = re.compile(r"([0-9]{9,13})[.,]0{1,2}")
_NUMBER_WORD = r"(?:NUMERO|NRO|NUM|N[O°º])(?![A-Z])[.°º]*"
_LABEL = re.compile(
    rf"(?:(?:MI|EL|LA)\s+)?(?:{_NUMBER_WORD}\s*(?:DE\s+)?)?"
    r"(?:CEDULA(?:\s+DE\s+(?:IDENTIDAD|CIUDADANIA))?|CED|C\s*\.?\s*I|C\s*\.?\s*C|R\.?\s*U\.?\s*C|PASAPORTE|PAS"
    r"|DNI|IDENTIFICACION|IDENTIDAD)"
    rf"(?:\s*\.|\s*/\s*RUC)?(?:\s*{_NUMBER_WORD})?(?:\s+ES)?[\s.:=#°º\-]*(?=[0-9A-Z]*[0-9])"
    rf"|(?:{_NUMBER_WORD}|\#)[\s.:=#]*(?=[0-9])"
)
_LETTERS_FOR_DIGITS = str.maketrans({"O": "0", "Q": "0", "I": "1", "L": "1", "S": "5", "B": "8"})
_MOST_LETTERS = 3
"""More than three wrong letters in one number is no slip of the finger: it is some other number."""


@lru_cache(maxsize=4096)
def read_id(text: str) -> IdNumber | None:
    """Any spelling of an identity number → the number, or None when the text holds none.

    `value` is what was typed without label and separators (upper case); `check` and `because` (Spanish,
    for staff) explain a miss; `alternatives` are the guesses, likeliest first.

    >>> read_id("171003406-5").value
    '1710034065'
    >>> [form for form, repair in read_id("926687856").alternatives]
    ['0926687856', '0926687856001']
    """
    typed = " ".join(text.split())
    plain = _plain(typed)
    repairs: list[Repair] = []
    label = _LABEL.match(plain)
    if label and label.end():
        repairs.append(_repair(SubjectRepair.ETIQUETA, typed, plain[label.end() :]))
        plain = plain[label.end() :]
    if tail := _DECIMAL_TAIL.fullmatch(plain):
        # What a spreadsheet makes of a number.  The tail is no digit of it: joined by taking out the
        # point, ten digits would name somebody else.
        repairs.append(_repair(SubjectRepair.COLA_DECIMAL, plain, tail[1]))
        value = tail[1]
    else:
        value = _SEPARATORS.sub("", plain)
        if value != plain:
            repairs.append(_repair(SubjectRepair.SEPARADORES, plain, value))
    if not re.fullmatch(r"[0-9A-Z]{5,20}", value) or not _may_be_a_number(plain, value):
        return None
    alternatives = _alternatives(plain, value)
    kind, check, because = _judge(value, alternatives)
    return IdNumber(typed, value, kind, check, because, tuple(repairs), alternatives)


def same_id(a: str, b: str) -> bool:
    """True when two numbers, in any spelling, name the same holder.

    A cédula equals the RUC of that natural person (and its other establishments), and itself without
    its leading zero (spreadsheets drop it).  Empty or unreadable texts equal nothing.
    """
    first, second = read_id(a), read_id(b)
    if first is None or second is None:
        return False
    return first.value == second.value or _person(first.value) == _person(second.value)


def check_digit(nine: str) -> str:
    """The tenth digit of a cédula from its first nine (modulo 10, weights 2 1 2 1 …).

    >>> check_digit("171656849")
    '6'
    """
    total = 0
    for place, digit in enumerate(nine):
        product = int(digit) * (2 if place % 2 == 0 else 1)
        total += product - 9 if product > 9 else product
    return str(-total % 10)


def _plain(text: str) -> str:
    """Upper case without accents or invisible characters; look-alike digits become digits (NFKC)."""
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).upper())
    return "".join(c for c in folded if unicodedata.category(c) not in ("Mn", "Cf")).strip()


def _may_be_a_number(plain: str, value: str) -> bool:
    """Told apart from words: three digits at least, and letters only as a passport has them."""
    digits = sum(c in "0123456789" for c in value)
    longest_word = max((len(run) for run in re.findall(r"[A-Z]+", plain)), default=0)
    most = _MOST_LETTERS + 1 if plain == value else 2  # "TURNO 123" is no passport, "AB 123456" is one
    return digits >= 3 and longest_word <= most and digits * 2 >= len(value)


def _alternatives(plain: str, value: str) -> tuple[tuple[str, Repair], ...]:
    """Guesses for look-up, likeliest first, each with the repair that made it."""
    found: dict[str, Repair] = {}

    def guess(name: SubjectRepair, before: str, after: str) -> None:
        if after != value:
            found.setdefault(after, _repair(name, before, after))

    base = value
    if not value.isdecimal():
        letters = sum(not c.isdecimal() for c in value)
        base = value.translate(_LETTERS_FOR_DIGITS)
        if letters > _MOST_LETTERS or not base.isdecimal() or len(base) not in (10, 13):
            return ()
        guess(SubjectRepair.LETRAS_POR_DIGITOS, value, base)
    if len(base) in (9, 12) and base[0] != "0" and not base.startswith("593"):
        base = "0" + base
        guess(SubjectRepair.CERO_INICIAL, value, base)
        if _DECIMAL_TAIL.fullmatch(plain):
            # "171003406.0": a lost zero, or a point before the last digit.
            guess(SubjectRepair.COLA_DECIMAL, plain, value + "0")
    if len(base) == 13 and _natural(base):
        guess(SubjectRepair.RUC_A_CEDULA, base, base[:10])
    if len(base) == 10:
        guess(SubjectRepair.CEDULA_A_RUC, base, base + "001")
    return tuple(found.items())


def _repair(name: SubjectRepair, before: str, after: str) -> Repair:
    return Repair(name.value, before, after)


def _judge(value: str, alternatives: tuple[tuple[str, Repair], ...]) -> tuple[IdKind, IdCheck, str]:
    """What sort of number it is, what its own check says, and why (Spanish)."""
    malformed = IdCheck.MAL_FORMADO
    if not value.isdecimal():
        if alternatives:
            kind = IdKind.CEDULA if len(value) == 10 else IdKind.RUC
            return kind, malformed, "lleva letras en lugar de dígitos"
        return IdKind.PASAPORTE, IdCheck.OK, ""
    match len(value):
        case 9 if value[0] == "0":
            return IdKind.TELEFONO, malformed, "parece un teléfono fijo: nueve dígitos que empiezan con 0"
        case 9:
            return IdKind.CEDULA, malformed, "tiene 9 dígitos y no 10; puede faltarle el 0 inicial"
        case 10:
            because = _doubt(value)
            if because and value.startswith("09"):
                return IdKind.TELEFONO, IdCheck.DUDOSO, "parece un teléfono celular"
            return IdKind.CEDULA, IdCheck.DUDOSO if because else IdCheck.OK, because
        case 12 if value.startswith("593"):
            return IdKind.TELEFONO, malformed, "parece un teléfono con el código del país"
        case 12:
            return IdKind.RUC, malformed, "tiene 12 dígitos y no 13; puede faltarle el 0 inicial"
        case 13:
            because = _doubt_of_ruc(value)
            return IdKind.RUC, IdCheck.DUDOSO if because else IdCheck.OK, because
    return IdKind.DESCONOCIDO, malformed, f"tiene {len(value)} dígitos"


def _doubt(cedula: str) -> str:
    """Why ten digits may be no cédula; empty when nothing speaks against them."""
    if len(set(cedula)) == 1:
        return "es un solo dígito repetido"
    if cedula[:2] not in _PROVINCES:
        return f"no existe la provincia {cedula[:2]}"
    if cedula[2] > "6":
        return f"su tercer dígito es {cedula[2]}"
    if check_digit(cedula[:9]) != cedula[9]:
        return "su dígito verificador no corresponde"
    return ""


def _doubt_of_ruc(ruc: str) -> str:
    """Why thirteen digits may be no RUC; a company's check digit is never held against it."""
    if ruc[:2] not in _PROVINCES:
        return f"no existe la provincia {ruc[:2]}"
    if ruc.endswith("000"):
        return "un RUC no termina en 000"
    if ruc[2] == "9" or (ruc[2] == "6" and _public_check(ruc)):
        return ""
    return _doubt(ruc[:10])


def _public_check(ruc: str) -> bool:
    """Modulo 11 of public bodies: weights 3 2 7 6 5 4 3 2 on eight digits, the ninth checks."""
    total = sum(int(digit) * weight for digit, weight in zip(ruc, (3, 2, 7, 6, 5, 4, 3, 2), strict=False))
    return str(-total % 11) == ruc[8]


def _natural(ruc: str) -> bool:
    """True for a RUC made of a person's cédula: third digit to 5 by form, 6 only when its check agrees."""
    return not ruc.endswith("000") and (ruc[2] < "6" or (ruc[2] == "6" and not _doubt(ruc[:10])))


def _person(value: str) -> str:
    """A form in which all numbers of one natural person are equal."""
    if value.isdecimal():
        if len(value) in (9, 12) and value[0] != "0" and not value.startswith("593"):
            value = "0" + value
        if len(value) == 13 and _natural(value):
            return value[:10]
    return value
