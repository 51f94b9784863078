"""Whether the name that a customer typed is the holder's: four outcomes, by assigning word to word.

One similarity score cannot do it: measured on pairs of the field, a sibling (GOYES BALSECA LUIS CARLOS
for JUAN CARLOS) scores above the holder himself spelled by ear (GOYEZ VALSECA).  What tells siblings
apart are the given names, so a given name must be the same name; only a surname may be mistyped.

A name never selects a case.  The number selects; the name confirms or contradicts.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import NamedTuple


class NameMatch(StrEnum):
    """What the typed name says of the registered one."""

    COINCIDE = "COINCIDE"
    """Nobody of the family but the holder is written so: three words or all, and none that is not his."""
    PARCIAL = "PARCIAL"
    """No word that is not his, but few: one surname and one given name, or the surnames alone."""
    DUDA = "DUDA"
    """Words in common and words that are not his: a sibling, a parent, a spouse, an odd spelling."""
    NO_COINCIDE = "NO_COINCIDE"


@lru_cache(maxsize=4096)
def compare(typed: str, registered: str) -> NameMatch:
    """Compare a name as typed with the holder's as registered, in either order of surnames and names.

    Accents, Ñ, broken encodings, titles, particles, abbreviations and digits read for letters are
    forgiven.  A registered company is compared by its own rule, without surnames.
    """
    if _is_company(registered):
        return _compare_companies(typed, registered)
    holder = _holder(registered)
    words = _joined(_words(typed), [word.full for word in holder])
    if not words or not holder:
        return NameMatch.NO_COINCIDE
    return _verdict(words, holder)


# ── words ────────────────────────────────────────────────────────────────────────────────────────


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_LOST = "?"
"""Stands for one letter that an encoding lost: it was an accented vowel or an Ñ."""

_PARTICLES = (
    ("DE", "LA"), ("DE", "LAS"), ("DE", "LOS"), ("DE", "EL"), ("VON", "DER"), ("VAN", "DER"), ("VAN", "DEN"),
    ("DEL",), ("DE",), ("LA",), ("LAS",), ("LOS",), ("DA",), ("DI",), ("DO",), ("DOS",), ("VON",), ("VAN",),
    ("SAN",), ("SANTA",), ("MC",), ("MAC",), ("Y",),
)  # fmt: skip
_TITLES = _listed("""
    ING INGENIERO INGENIERA DR DRA DOCTOR DOCTORA SR SRA SRTA SENOR SENORA SENORITA LCDO LCDA LIC LICENCIADO
    LICENCIADA AB ABG ABOGADO ABOGADA ARQ ARQUITECTO ARQUITECTA ECON EC MSC MGS MG MAGISTER PHD TLGO TLGA TNLGO
    TNLGA PROF PROFESOR PROFESORA CRNL CAPT SGTO CBOS
""")
_ABBREVIATIONS = {"MA": "MARIA", "FCO": "FRANCISCO", "FCA": "FRANCISCA", "FDO": "FERNANDO", "GPE": "GUADALUPE"}
_DIGITS_IN_WORDS = str.maketrans("01358", "OIESB")

# Given names of the country that are no surnames: they tell in which order a list writes its names.
_GIVEN_NAMES = _listed("""
    ADRIAN ADRIANA AIDA ALBERTO ALEJANDRA ALEJANDRO ALEX ALEXANDER ALEXANDRA ALEXIS ALFONSO ALFREDO ALICIA ALVARO
    AMALIA AMPARO ANA ANABEL ANDREA ANDRES ANGEL ANGELA ANGELICA ANIBAL ANITA ANTONIO ARACELY ARTURO AUGUSTO
    AURORA BEATRIZ BELEN BERTHA BLANCA BRYAN BYRON CARLA CARLOS CARMEN CAROLINA CATALINA CECILIA CESAR CHRISTIAN
    CLARA CLAUDIA CLEMENCIA CONSUELO CRISTIAN CRISTINA CRISTOBAL DANIEL DANIELA DARIO DARWIN DAYANA DIANA DIEGO
    DOLORES DORA EDGAR EDISON EDUARDO EDWIN ELENA ELIANA ELIZABETH ELSA ELVIA EMILIA EMILIO EMMA ENRIQUE ERIKA
    ERNESTO ESTEBAN ESTELA ESTHER EUGENIA EVA FABIAN FANNY FATIMA FAUSTO FELIPE FERNANDA FERNANDO FRANCISCA
    FRANCISCO FRANKLIN FREDDY GABRIEL GABRIELA GALO GENARO GEOVANNY GERARDO GILBERTO GINA GIOVANNA GLADYS GLORIA
    GONZALO GRACE GRACIELA GUADALUPE GUIDO GUILLERMO GUSTAVO HECTOR HERNAN HILDA HUGO HUMBERTO IGNACIO INES INGRID
    IRENE IRMA ISABEL IVAN IVONNE JACKELINE JACQUELINE JAIME JANETH JAVIER JENNY JESSICA JESUS JHON JIMENA JOAQUIN
    JOFFRE JOHANNA JOHN JONATHAN JORGE JOSE JOSEFINA JUAN JUANA JUDITH JULIA JULIAN JULIO KAREN KARINA KARLA
    KATHERINE KEVIN LAURA LEONARDO LEONOR LIGIA LILIANA LORENA LOURDES LUCIA LUIS LUISA LUZ MAGDALENA MANUEL
    MARCELA MARCELO MARCIA MARCO MARGARITA MARIA MARIANA MARIELA MARINA MARIO MARISOL MARITZA MARLENE MARTHA
    MAURICIO MAYRA MELISSA MERCEDES MIGUEL MILTON MIRIAM MONICA NANCY NARCISA NATALIA NELLY NELSON NESTOR NORMA
    OLGA OSCAR OSWALDO PABLO PAMELA PAOLA PATRICIA PATRICIO PAULINA PEDRO PIEDAD PILAR RAFAEL RAMIRO RAQUEL RAUL
    REBECA RENE RICARDO ROBERTO ROCIO RODRIGO ROGELIO ROLANDO ROSA ROXANA RUBEN RUTH SANDRA SARA SEBASTIAN SERGIO
    SILVIA SOFIA SONIA SOLEDAD SUSANA TANIA TERESA VALERIA VERONICA VICTOR VICTORIA VIVIANA WALTER WASHINGTON
    WILLIAM WILMER WILSON XAVIER XIMENA YADIRA YOLANDA ZOILA
""")


@dataclass(frozen=True, slots=True)
class _Word:
    """One word of a name, particles glued on (DE LA CRUZ → DELACRUZ, core CRUZ)."""

    full: str
    core: str
    married: bool = False
    """Came after a lone DE: the husband's surname in a married woman's name, or a part of the surname."""
    initial: bool = False


_ACCENTS = str.maketrans("ÁÉÍÓÚÜÑ", "AEIOUUN")
_IS_PLAIN = re.compile(r"[A-Z0-9.]+(?: [A-Z0-9.]+)*")


def _plain(text: str) -> str:
    """Capitals A-Z, digits, blanks and `?`; encodings that were taken for another are set right."""
    simple = text.translate(_ACCENTS)
    if _IS_PLAIN.fullmatch(simple):  # most names of a list
        return simple
    for wrong in ("cp1252", "latin-1"):
        if "Ã" in text:
            try:
                text = text.encode(wrong).decode("utf-8")
            except UnicodeError:
                continue
    text = re.sub(r"Ã\W?", _LOST, text.upper())  # what could not be set right lost one letter
    text = re.sub(r"(?<=\w)[\ufffd?¿]{1,3}|[\ufffd?¿]{1,3}(?=\w)", _LOST, text)
    text = text.replace("Mª", "MARIA").replace("Mª".upper(), "MARIA")
    bare = "".join(c for c in unicodedata.normalize("NFD", text) if c.isascii() or not unicodedata.combining(c))
    bare = re.sub(r"['’`´]", "", bare)
    return re.sub(r"[^A-Z0-9?.]+", " ", bare)


def _words(text: str) -> list[_Word]:
    raw = re.findall(r"[A-Z0-9?]+\.?", _plain(text))
    dotted = {token.rstrip(".") for token in raw if token.endswith(".")}
    tokens = [token.rstrip(".") for token in raw]
    tokens = [token.translate(_DIGITS_IN_WORDS) if re.search(r"[A-Z]", token) else token for token in tokens]
    tokens = [token for token in tokens if token not in _TITLES]
    words: list[_Word] = []
    glue = ""
    place = 0
    while place < len(tokens):
        particle = next((p for p in _PARTICLES if tuple(tokens[place : place + len(p)]) == p), ())
        if particle and place + len(particle) < len(tokens):
            glue += "".join(particle)
            place += len(particle)
            continue
        token = _ABBREVIATIONS.get(tokens[place], tokens[place])
        initial = len(token) == 1 or (tokens[place] in dotted and len(token) <= 4 and token == tokens[place])
        words.append(_Word(glue + token, token, married=glue == "DE", initial=initial and not glue))
        glue = ""
        place += 1
    return words


def _joined(typed: list[_Word], registered: list[str]) -> list[_Word]:
    """Words that were run together or torn apart, set right where that gives a registered word exactly."""
    words: list[_Word] = []
    for word in typed:
        if words and words[-1].full + word.full in registered:
            whole = words.pop().full + word.full
            words.append(_Word(whole, whole))
            continue
        cut = next(
            (n for n in range(2, len(word.full) - 1) if {word.full[:n], word.full[n:]} <= set(registered)),
            None,
        )
        if cut and word.full not in registered:
            words += [_Word(part, part) for part in (word.full[:cut], word.full[cut:])]
        else:
            words.append(word)
    return words


@lru_cache(maxsize=8192)
def _sound(word: str) -> str:
    """A key that is equal for spellings that sound alike in Spanish.

    X keeps apart from S except at the end and before a consonant: ROSANA and ROXANA are two names.
    """
    key = word.replace("PH", "F").replace("QU", "K").replace("Q", "K")
    key = re.sub(r"CH(?=[AEIOUY])", "*", key).replace("H", "")
    key = re.sub(r"[CZ](?=[EI])", "S", key).replace("C", "K").replace("Z", "S").replace("V", "B").replace("W", "U")
    key = re.sub(r"X(?![AEIOU])", "S", key)
    key = re.sub(r"G(?=[EI])", "J", key)
    key = key.replace("LL", "Y")
    key = re.sub(r"Y(?![AEIOU])", "I", key)
    return re.sub(r"(.)\1+", r"\1", key)


# ── the holder ───────────────────────────────────────────────────────────────────────────────────


class _Role(StrEnum):
    SURNAME = "surname"
    GIVEN = "given"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class _Held:
    """One word of the registered name, and what it may be."""

    full: str
    core: str
    role: _Role
    surely: bool
    """The role is shown by known given names, not only by the official order."""


def _holder(registered: str) -> list[_Held]:
    words = _words(registered)[:_MOST_WORDS]
    count = len(words)
    first_half = sum(word.full in _GIVEN_NAMES for word in words[: count // 2])
    second_half = sum(word.full in _GIVEN_NAMES for word in words[count - count // 2 :])
    # The official order is surnames first; case lists of the field are seen in both.
    backwards = first_half > second_half
    roles = _roles(count)
    if backwards:
        roles.reverse()
    surely = (second_half > 0 and first_half == 0) or (first_half > 0 and second_half == 0)
    return [_Held(word.full, word.core, role, surely) for word, role in zip(words, roles, strict=True)]


def _roles(count: int) -> list[_Role]:
    """Surnames first: two of each in four words; in three or five the middle may be either."""
    if count <= 1:
        return [_Role.EITHER] * count
    sure = 1 if count < 4 else 2
    return [_Role.SURNAME] * sure + [_Role.EITHER] * (count - 2 * sure) + [_Role.GIVEN] * sure


# ── assignment ───────────────────────────────────────────────────────────────────────────────────

_MOST_WORDS = 8
"""Words of a name that are assigned; more on the typed side are words without a partner."""


class _Tie(IntEnum):
    """How well two words pair; the number is the weight in the assignment, in hundredths."""

    NONE = 0
    INITIAL = 60
    TYPO = 90
    PARTICLE = 93
    SOUND = 97
    EQUAL = 100


def _tie(typed: _Word, held: _Held) -> _Tie:
    if typed.full == held.full:
        return _Tie.EQUAL
    if _LOST in typed.full:
        return _Tie.SOUND if _fits(typed.full, held.full) else _Tie.NONE
    if typed.initial:
        return _Tie.INITIAL if held.core.startswith(typed.full) or held.full.startswith(typed.full) else _Tie.NONE
    if _sound(typed.full) == _sound(held.full):
        return _Tie.SOUND
    if _same_core(typed, held):
        return _Tie.PARTICLE
    one, two = _sound(typed.full), _sound(held.full)
    surname = held.role is _Role.SURNAME and held.surely
    if surname and min(len(one), len(two)) >= 5 and _one_slip(one, two):
        return _Tie.TYPO
    return _Tie.NONE


def _same_core(typed: _Word, held: _Held) -> bool:
    """CRUZ for DE LA CRUZ, or either run together.

    Only a particle that was written apart, or one that starts no ordinary word, counts: DIANA is no DI ANA.
    """
    if (typed.core != typed.full or held.core != held.full) and _sound(typed.core) == _sound(held.core):
        return len(typed.core) >= 3
    run_together = re.compile(r"(?:DELAS?|DELOS)(?=[A-Z]{3})")
    one, two = run_together.sub("", typed.full), run_together.sub("", held.full)
    return (one, two) != (typed.full, held.full) and one == two


def _fits(damaged: str, whole: str) -> bool:
    """Whether lost letters can be those of the word: an Ñ or a vowel, at the end only the É of JOSÉ."""
    if len(damaged) != len(whole):
        return False
    last = len(whole) - 1
    return all(
        one == two or (one == _LOST and two in ("E" if place == last else "AEIOUN"))
        for place, (one, two) in enumerate(zip(damaged, whole, strict=True))
    )


def _one_slip(a: str, b: str) -> bool:
    """Whether one letter changed, dropped, added or swapped with its neighbour makes a of b (Damerau)."""
    if a == b:
        return True
    while a and b and a[0] == b[0]:
        a, b = a[1:], b[1:]
    while a and b and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    return (len(a) <= 1 and len(b) <= 1) or (len(a) == len(b) == 2 and a == b[::-1])


def _assign(typed: list[_Word], holder: list[_Held]) -> list[tuple[int, _Tie]]:
    """For each typed word its partner's place and the tie, the whole of greatest weight; -1 for none."""
    best: dict[int, tuple[int, list[tuple[int, _Tie]]]] = {0: (0, [])}
    for word in typed:
        following: dict[int, tuple[int, list[tuple[int, _Tie]]]] = {}
        for taken, (weight, pairs) in best.items():
            options = [(taken, weight, (-1, _Tie.NONE))]
            for place, held in enumerate(holder):
                tie = _Tie.NONE if taken >> place & 1 else _tie(word, held)
                if tie:
                    options.append((taken | 1 << place, weight + tie, (place, tie)))
            for mask, total, pair in options:
                if mask not in following or total > following[mask][0]:
                    following[mask] = (total, [*pairs, pair])
        best = following
    return max(best.values(), key=lambda entry: entry[0])[1]


def _verdict(typed: list[_Word], holder: list[_Held]) -> NameMatch:
    pairs = _assign(typed[:_MOST_WORDS], holder)
    pairs += [(-1, _Tie.NONE)] * (len(typed) - len(pairs))
    whole = [holder[place].role for place, tie in pairs if tie > _Tie.INITIAL]
    typos = sum(tie is _Tie.TYPO for _place, tie in pairs)
    initials = sum(tie is _Tie.INITIAL for _place, tie in pairs)
    strangers = [word for word, (_place, tie) in zip(typed, pairs, strict=True) if tie is _Tie.NONE]
    husband = [word for word in strangers if word.married]
    surnames, given = whole.count(_Role.SURNAME), whole.count(_Role.GIVEN)
    either = whole.count(_Role.EITHER)

    if len(strangers) > len(husband):
        return NameMatch.DUDA if len(whole) >= 2 and surnames + either else NameMatch.NO_COINCIDE
    if len(whole) < 2:
        return NameMatch.DUDA if whole and initials and not husband else NameMatch.NO_COINCIDE
    if not surnames and not either:
        return NameMatch.NO_COINCIDE  # given names alone are half the town's
    # Somewhere between a surname and a given name: with one of the other kind it makes a pair.
    both_kinds = (surnames and given) or (either and (surnames or given)) or either >= 2
    all_words = len(whole) == len(holder)
    if husband and surnames < sum(held.role is _Role.SURNAME for held in holder):
        return NameMatch.PARCIAL if both_kinds and not typos else NameMatch.DUDA
    if both_kinds and (len(whole) >= 3 or all_words) and typos <= 1 and len(whole) - typos >= 2:
        return NameMatch.COINCIDE
    if typos:
        return NameMatch.DUDA
    if both_kinds or surnames >= 2:
        return NameMatch.PARCIAL
    return NameMatch.DUDA


# ── companies ────────────────────────────────────────────────────────────────────────────────────

_LEGAL_FORM = re.compile(
    r"\b(?:S\.?\s?A\.?\s?S|S\.?\s?A\.?\s?C|S\.?\s?A|C\.?\s?A|C\.?\s?L|E\.?\s?P|CIA\.?\s?LTDA|COMPANIA LIMITADA|LTDA"
    r"|CIA|COMPANIA|SOCIEDAD ANONIMA|B\.?\s?I\.?\s?C)\.?(?=\s|$)"
)
_LONGEST_LEGAL_FORM = len("COMPANIA LIMITADA.")
_COMPANY_WORDS = _listed("""
    CORPORACION FUNDACION ASOCIACION COOPERATIVA COLEGIO ESCUELA UNIVERSIDAD INSTITUTO MUNICIPIO GAD GOBIERNO
    MINISTERIO HOTEL HOSTAL HOSPITAL CLINICA IGLESIA PARROQUIA CONSORCIO COMERCIAL DISTRIBUIDORA IMPORTADORA
    EXPORTADORA EMPRESA INDUSTRIAS INDUSTRIA CONSTRUCTORA INMOBILIARIA FARMACIA FERRETERIA RESTAURANTE SERVICIOS
    SINDICATO FEDERACION CONDOMINIO CONJUNTO EDIFICIO COMITE CLUB BANCO NOTARIA LABORATORIO TALLERES TRANSPORTES
    EDITORIAL
""")
_FORM_WORDS = _listed("LTDA CIA COMPANIA ANONIMA LIMITADA UNIDAD")
_FILLERS = _listed("DE DEL LA LAS LOS EL Y E EN")


def _is_company(registered: str) -> bool:
    plain = _plain(registered).strip()
    words = [word.rstrip(".") for word in plain.split()] if "." in plain else plain.split()
    if not _COMPANY_WORDS.isdisjoint(words) or "UNIDAD EDUCATIVA" in plain:
        return True
    tail = max(1, len(plain) - _LONGEST_LEGAL_FORM)  # a form stands at the end, after a name
    return any(form.end() >= len(plain) for form in _LEGAL_FORM.finditer(plain, tail))


def _company_words(name: str) -> list[str]:
    plain = _LEGAL_FORM.sub(" ", _plain(name).strip())
    return [_sound(word) for word in plain.replace(".", " ").split() if word not in _FILLERS]


def _compare_companies(typed: str, registered: str) -> NameMatch:
    """All words of the name and none besides; the legal form may be missing or written otherwise."""
    given, held = _company_words(typed), _company_words(registered)
    missing = list(held)
    strangers = 0
    for word in given:
        if word in missing:
            missing.remove(word)
        else:
            strangers += 1
    common = len(held) - len(missing)
    if common == 0:
        return NameMatch.NO_COINCIDE
    if strangers:
        return NameMatch.DUDA if common >= 2 or common == len(held) else NameMatch.NO_COINCIDE
    if not missing:
        return NameMatch.COINCIDE
    return NameMatch.PARCIAL if common >= 2 else NameMatch.DUDA


_PARTICLE_WORDS = frozenset(part for form in _PARTICLES for part in form)


_SIMPLE = re.compile("[A-ZÁÉÍÓÚÜÑ]+")


class _Look(NamedTuple):
    """What one word of a name is, seen by itself."""

    shown: str
    head: str
    """Its plain form where it begins a surname or is a name; "" for a particle and for what is no word."""
    given: bool
    odd: bool
    """The name may be a company's, for this word."""


@lru_cache(maxsize=16_384)
def _look(word: str) -> _Look:
    shown = word.strip(".,")
    plain = _plain(shown).strip()
    odd = not _SIMPLE.fullmatch(word) or plain in _COMPANY_WORDS or plain in _FORM_WORDS
    head = plain if plain.isalpha() and plain not in _PARTICLE_WORDS else ""
    return _Look(shown, head, plain in _GIVEN_NAMES, odd)


def greeting_name(registered: str) -> str:
    """The first given name of a registered person, as one greets him; "" for a company, or when it cannot be told.

    >>> greeting_name("GOYES BALSECA JUAN CARLOS"), greeting_name("DE LA CRUZ IZA MARÍA"), greeting_name("IZA S.A.")
    ('Juan', 'María', '')
    """
    words = [_look(word) for word in registered.split()]
    # an initial or a legal form may stand at the end; most names are told from a company's without reading them whole
    if (not words or len(words[-1].shown) <= 3 or any(word.odd for word in words)) and _is_company(registered):
        return ""
    heads = [word for word in words if word.head]  # one a name
    if len(heads) < 2:
        return ""
    given = [word.given for word in heads]
    backwards = given[0] and not any(given[len(given) // 2 :])
    if backwards:
        place = 0
    elif len(heads) == 3:
        place = 1 if given[1] and not given[0] else 2
    else:
        place = min(2, len(heads) - 1)
    return heads[place].shown.title()
