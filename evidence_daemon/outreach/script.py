"""What a campaign says: the texts of the book with their variables, and what `lint` notices in them (pure).

The company's words are never changed.  Lint points at what a reader would stumble over; an `error` keeps a campaign
from being approved, a `notice` is for whoever owns the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import MappingProxyType

from babel.dates import format_date

from evidence_daemon.campaignbook import CampaignBook, Script, Variable
from evidence_daemon.cases.names import greeting_name
from evidence_daemon.model import Channel, Line
from evidence_daemon.outreach.voice import spoken

SERVICES: Mapping[Line, str] = MappingProxyType(
    {
        Line.INTERNET_FIJO: "Internet Fijo",
        Line.TELEVISION: "Televisión",
        Line.TELEFONIA_FIJA: "Telefonía Fija",
        Line.PAQUETE: "Paquete",
    }
)
"""Services of the campaign, as its texts name them.  Any other line is no fixed service and is not reached."""

LONGEST_VALUE, LONGEST_BODY = 60, 1024
"""Characters of one variable and of a whole message; the second is the provider's limit."""
LONGEST_SECONDS, WORDS_A_SECOND = 60.0, 150 / 60


@lru_cache(maxsize=64)
def deadline_words(day: date) -> str:
    """The last day as the deck writes it.

    >>> deadline_words(date(2021, 3, 31))
    'miércoles 31 de marzo de 2021'
    """
    return format_date(day, "EEEE d 'de' MMMM 'de' y", locale="es_EC")


@lru_cache(maxsize=4096)
def day_words(day: date) -> str:
    """A day as the deck writes it in the middle of a text: `10-5-2020`."""
    return f"{day.day}-{day.month}-{day.year}"


def values(
    wanted: Collection[Variable] = tuple(Variable),
    *,
    holder: str,
    line: Line,
    service_number: str,
    withdrawn_on: date | None,
    deadline: date,
) -> dict[Variable, str]:
    """What is known of one case for the variables; what is not known, or would not fit into a message, is missing."""
    known: dict[Variable, str] = {}
    for name in wanted:
        text = _TOLD[name](holder, line, service_number, withdrawn_on, deadline)
        if text and not value_fault(text):
            known[name] = text
    return known


_TOLD: Mapping[Variable, Callable[[str, Line, str, date | None, date], str]] = MappingProxyType(
    {
        Variable.NOMBRE: lambda holder, _line, _number, _day, _last: greeting_name(holder),
        Variable.SERVICIO: lambda _holder, line, _number, _day, _last: SERVICES.get(line, ""),
        Variable.NUMERO_SERVICIO: lambda _holder, _line, number, _day, _last: number.strip(),
        Variable.RETIRO: lambda _holder, _line, _number, day, _last: day_words(day) if day is not None else "",
        Variable.LIMITE: lambda _holder, _line, _number, _day, last: deadline_words(last),
    }
)


_BROKEN = re.compile(r"[\n\r\t]| {4}")


def value_fault(text: str) -> str:
    """Why a provider would refuse this value (error 132018); "" when it is fine."""
    if len(text) <= LONGEST_VALUE and text.isprintable() and "    " not in text:
        return ""
    if _BROKEN.search(text):
        return "salto de línea, tabulador o más de tres espacios seguidos"
    if len(text) > LONGEST_VALUE:
        return f"más de {LONGEST_VALUE} caracteres"
    return ""


def has_all(script: Script, known: Mapping[Variable, str]) -> bool:
    """Whether every variable of the text has a value."""
    return all(name in known for name in script.variables)


def render(script: Script, known: Mapping[Variable, str]) -> tuple[str, dict[str, str]]:
    """The text as the customer gets it, and its variables in their order.  Raises `KeyError` for a missing one."""
    told = {name.value: known[name] for name in script.variables}
    return script.filled(told), told


def seconds_of_speech(text: str) -> float:
    """How long a voice needs for it, by its words."""
    return len(spoken(text).split()) / WORDS_A_SECOND


# ── lint ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that lint noticed.  `script` is its key ("" for the whole campaign), `at` the words it is about."""

    script: str
    error: bool
    sentence: str
    at: str = ""


_SAMPLE = {
    Variable.NOMBRE: "Juan",
    Variable.SERVICIO: "Internet Fijo",
    Variable.NUMERO_SERVICIO: "12345",
    Variable.RETIRO: "10-5-2020",
}
_URL = re.compile(r"(?:https?://)?((?:[a-z0-9-]+\.)+(?:ec|com|net|org)(?:\.ec)?)(/\S*)?", re.I)
_MAIL = re.compile(r"[\w.+-]+@[\w.-]+\.\w+")
_TU = re.compile(r"\b(?:tienes|tu|te|ti|agenda|envía|realizaste|realizas|comunícate)\b", re.I)
_OPT_OUT = re.compile(r"\b(?:baja|no recibir|no molestar|marca(?:r)? (?:el )?9)\b", re.I)
_WRITTEN_DAY = re.compile(
    r"(lunes|martes|miércoles|jueves|viernes|sábado|domingo) (\d{1,2}) de ([a-z]+) de (\d{4})", re.I
)
_MONTHS = ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
           "noviembre", "diciembre")  # fmt: skip
_DAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")


def sample(deadline: date) -> dict[Variable, str]:
    """The deck's own example, for previews and test sends."""
    return _SAMPLE | {Variable.LIMITE: deadline_words(deadline)}


def lint(book: CampaignBook, deadline: date) -> tuple[Finding, ...]:
    """Everything noticed in the texts of a campaign, errors first."""
    found = [*_across(book)]
    for key, script in book.scripts.items():
        found += [Finding(key, error, sentence, at) for error, sentence, at in _in_one(book, script, deadline)]
    return tuple(sorted(found, key=lambda one: (not one.error, one.script)))


def _in_one(book: CampaignBook, script: Script, deadline: date) -> Iterator[tuple[bool, str, str]]:
    text, _values = render(script, sample(deadline))
    if script.channel is Channel.WHATSAPP:
        yield from _as_template(script, text)
    elif (seconds := seconds_of_speech(text)) > LONGEST_SECONDS:
        yield True, f"la voz necesita {seconds:.0f} s; a lo sumo {LONGEST_SECONDS:.0f} s", ""
    without_mail = _MAIL.sub(" ", text)
    for url in _URL.finditer(without_mail):
        if url[1].lower() not in book.url_hosts:
            yield True, "dirección que no consta en url_hosts", url[0]
    for day in _WRITTEN_DAY.finditer(text):
        yield from _day_faults(day, deadline)
    for slip in book.slips:
        for match in re.finditer(slip.pattern, script.text, re.I):
            yield False, slip.because, _around(script.text, match.start(), match.end())
    for stop in re.finditer(r"\S*[.!?]\s+[a-záéíóúñ]\w*", text):
        yield False, "después del punto sigue una minúscula", stop[0]
    if symbol := next((sign for sign in text if unicodedata.category(sign) == "So"), ""):
        yield True, "lleva un emoji o símbolo", symbol
    if book.mailbox not in text:
        yield False, f"no da el buzón {book.mailbox}: quien ya entregó no sabe adónde escribir", ""
    if not _OPT_OUT.search(text):
        extra = "; el botón lo ofrece" if any(_OPT_OUT.search(button) for button in script.buttons) else ""
        yield False, f"no dice cómo dejar de recibir mensajes{extra}", ""
    if _TU.search(text):
        yield False, "trata de tú; las respuestas por correo tratan de usted", ""


def _as_template(script: Script, text: str) -> Iterator[tuple[bool, str, str]]:
    if len(text) > LONGEST_BODY:
        yield True, f"{len(text)} caracteres; el proveedor admite {LONGEST_BODY}", ""
    if re.match(r"\s*\{", script.text) or re.search(r"\}\s*$", script.text):
        yield True, "una variable no puede ir al comienzo ni al final", ""
    if re.search(r"\}\s*\{", script.text):
        yield True, "dos variables seguidas", ""


def _day_faults(day: re.Match[str], deadline: date) -> Iterator[tuple[bool, str, str]]:
    try:
        written = date(int(day[4]), _MONTHS.index(day[3].lower()) + 1, int(day[2]))
    except ValueError:
        yield True, "esta fecha no existe", day[0]
        return
    if _DAYS[written.weekday()] != day[1].lower():
        yield True, f"ese día es {_DAYS[written.weekday()]}", day[0]
    if written != deadline:
        yield True, f"no es la fecha límite de la campaña ({deadline_words(deadline)})", day[0]


def _across(book: CampaignBook) -> Iterator[Finding]:
    """What shows only when the texts are read side by side."""
    hosts = {
        key: {url[1].lower() for url in _URL.finditer(_MAIL.sub(" ", script.text))}
        for key, script in book.scripts.items()
    }
    if len({frozenset(found) for found in hosts.values()}) > 1:
        told = "; ".join(f"{key}: {', '.join(sorted(found)) or '-'}" for key, found in hosts.items())
        yield Finding("", False, "los textos envían a páginas distintas para el mismo turno", told)


def _around(text: str, start: int, end: int) -> str:
    return text[max(0, start - 20) : end + 20].replace("\n", " ").strip()
