"""`rules/*.toml` and `rules/replies/*.txt` → one frozen `RuleBook`, or all its faults at once.

Pure: texts in, values out.  A faulty book is refused whole (`BadRules`, each fault with file, line and
reason), so that a running daemon keeps the book it has.  The book's `edition` (a hash of all texts) is
stored with each decision.  Each book carries examples that are run here, when it is loaded.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from evidence_daemon.errors import BadRules
from evidence_daemon.model import Line, ReasonCode, Repair, ReplyKind


class _Book(BaseModel):
    """A table of a rule file: frozen, and every key must be known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# ── subject.toml ─────────────────────────────────────────────────────────────────────────────────


class SubjectRepair(StrEnum):
    """Every guess that may be made to read a subject or an identity number."""

    PREFIJO = "prefijo"
    COMILLAS = "comillas"
    ETIQUETA = "etiqueta"
    SEPARADORES = "separadores"
    BARRAS_DE_MAS = "barras_de_mas"
    BARRA_SIMPLE = "barra_simple"
    OTRO_SEPARADOR = "otro_separador"
    SIN_SEPARADOR = "sin_separador"
    OTRO_ORDEN = "otro_orden"
    TEXTO_DE_MAS = "texto_de_mas"
    CUARTO_CAMPO = "cuarto_campo"
    NUMERO_DE_SERVICIO = "numero_de_servicio"
    RUC = "ruc"
    COLA_DECIMAL = "cola_decimal"
    LETRAS_POR_DIGITOS = "letras_por_digitos"
    CERO_INICIAL = "cero_inicial"
    RUC_A_CEDULA = "ruc_a_cedula"
    CEDULA_A_RUC = "cedula_a_ruc"
    LARGO_INUSUAL = "largo_inusual"
    NOMBRE_DE_UNA_PALABRA = "nombre_de_una_palabra"
    DIGITOS_EN_NOMBRE = "digitos_en_nombre"
    LINEA_CON_ERROR = "linea_con_error"
    LINEA_AUSENTE = "linea_ausente"


class Policy(StrEnum):
    """What may be done with a guess."""

    ACCEPT = "accept"
    """It changes nothing that could name another person: taken silently."""
    ACCEPT_IF_CONFIRMED = "accept_if_confirmed"
    """Taken when exactly one case, its holder's name and the acta confirm it; else a person decides."""
    ASK = "ask"
    """Not taken: the customer is asked to write it again."""


class SubjectExample(_Book):
    """A subject and what must become of it: "claim", or the code of its fault."""

    subject: str
    gives: Literal["claim"] | ReasonCode
    id: str = ""
    name: str = ""
    lines: frozenset[Line] = frozenset()
    repairs: frozenset[SubjectRepair] = frozenset()


class CopiedExample(_Book):
    """The example that the public was shown; a copy of number and name is not a claim."""

    id: str
    name: str


class SubjectBook(_Book):
    """Accepted words and forms of the subject.

    Aliases are words in capitals without accents.  `examples` are run by `mail.subject.failed_examples`:
    this floor may not look up to the reader that understands them.
    """

    form: str
    copied_example: CopiedExample
    prefixes: tuple[str, ...]
    tags: tuple[str, ...]
    separators: tuple[str, ...]
    lines: Mapping[Line, tuple[str, ...]]
    ambiguous: tuple[str, ...]
    """Words that mean INTERNET_FIJO or TELEFONIA_FIJA, one cannot know which."""
    fillers: tuple[str, ...]
    """Words that may stand beside a line and say nothing."""
    repairs: Mapping[SubjectRepair, Policy]
    examples: tuple[SubjectExample, ...] = ()

    @model_validator(mode="after")
    def _whole_and_unambiguous(self) -> Self:
        missing = [name.value for name in SubjectRepair if name not in self.repairs]
        if missing:
            raise ValueError(f"repairs without a policy: {', '.join(missing)}")
        owner: dict[str, str] = dict.fromkeys(self.ambiguous, "ambiguous")
        for line, aliases in self.lines.items():
            for alias in aliases:
                if alias in owner and owner[alias] != line:
                    raise ValueError(f"alias {alias!r} stands under {owner[alias]} and under {line}")
                owner[alias] = line
        wrong = [alias for alias in owner if not re.fullmatch(r"[A-Z0-9]+( [A-Z0-9]+)*", alias)]
        if wrong:
            raise ValueError(f"aliases must be capitals without accents or signs: {', '.join(wrong)}")
        return self

    def policy(self, repair: str) -> Policy:
        """What may be done with a guess, by the name of its repair; an unknown name needs confirmation."""
        try:
            return self.repairs[SubjectRepair(repair)]
        except ValueError:
            return Policy.ACCEPT_IF_CONFIRMED

    def needs_confirmation(self, repairs: Iterable[Repair]) -> bool:
        """True when one of these guesses is not taken without confirmation."""
        return any(self.policy(repair.name) is not Policy.ACCEPT for repair in repairs)


# ── documents.toml ───────────────────────────────────────────────────────────────────────────────


class DocumentsBook(_Book):
    """Kinds of papers: labels, words, required fields."""


# ── matching.toml ────────────────────────────────────────────────────────────────────────────────


class MatchingBook(_Book):
    """Tolerances of matching: names, dates."""


# ── decision.toml ────────────────────────────────────────────────────────────────────────────────


class DecisionBook(_Book):
    """Ordered rules: when → verdict, with the sentence for staff and examples."""


# ── reasons.toml and replies/*.txt ───────────────────────────────────────────────────────────────


ALWAYS_KNOWN = frozenset({"recibo", "fecha", "saludo", "formato_asunto", "asunto_original"})
"""Placeholders of texts and templates that every answer can fill."""
SOMETIMES_KNOWN = frozenset(
    {"motivos", "equipos", "equipos_aceptados", "valores", "max_mb", "asunto_indicado", "servicio", "nombre"}
)
"""Placeholders that may be missing: they stand inside `[[ ]]`, which vanishes when one of them is."""


def text_faults(text: str) -> list[tuple[int, str]]:
    """What is wrong with the placeholders of a text: pairs of line (from 1) and sentence."""
    faults: list[tuple[int, str]] = []

    def check(piece: str, start: int, known: frozenset[str], advice: str) -> None:
        for brace in re.finditer(r"\{([^{}]*)\}|[{}]", piece):
            name = brace[1]
            line = text.count("\n", 0, start + brace.start()) + 1
            if name is None:
                faults.append((line, "a brace without its partner"))
            elif name not in ALWAYS_KNOWN | SOMETIMES_KNOWN:
                faults.append((line, f"{{{name}}} is no known placeholder"))
            elif name not in known:
                faults.append((line, f"{{{name}}} {advice}"))

    at = 0
    for part in re.finditer(r"\[\[(.*?)\]\]", text, re.S):
        check(text[at : part.start()], at, ALWAYS_KNOWN, "may be missing: put it inside [[ ]]")
        check(part[1], part.start(1), ALWAYS_KNOWN | SOMETIMES_KNOWN, "")
        at = part.end()
    check(text[at:], at, ALWAYS_KNOWN, "may be missing: put it inside [[ ]]")
    outside = re.sub(r"\[\[.*?\]\]", "", text, flags=re.S)
    if "[[" in outside or "]]" in outside:
        faults.append((1, "[[ without ]], or ]] without [["))
    return faults


class ReasonClass(StrEnum):
    """Who can do something about a reason."""

    CUSTOMER = "C"
    REVIEW = "R"
    """A person confirms it before the customer reads it."""
    INFORMATION = "I"
    ESCALATE = "E"


class ReasonText(_Book):
    """One reason: what the customer reads, what he must do (may be empty), what staff reads."""

    class_: ReasonClass = Field(alias="class")
    neutral: bool = False
    """Worded alike for several codes, so that a stranger cannot learn whether a number owes anything."""
    text: str
    action: str = ""
    staff: str

    @field_validator("text", "action")
    @classmethod
    def _placeholders(cls, text: str) -> str:
        if faults := text_faults(text):
            raise ValueError("; ".join(sentence for _, sentence in faults))
        return text


class ReasonsBook(_Book):
    """What the customer reads for each reason, and what he must do.

    `reasons` stand in order of severity, worst first; the customer reads at most `shown` of them.
    `values` are the sentences for the fact `valores`.
    """

    shown: int = Field(2, ge=1, le=5)
    reasons: Mapping[ReasonCode, ReasonText]
    values: Mapping[Literal["no_se_generan", "se_reversan", "pagados"], str]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = [code.value for code in ReasonCode if code not in self.reasons]
        if missing:
            raise ValueError(f"reasons without a text: {', '.join(missing)}")
        if len({(reason.text, reason.action) for reason in self.reasons.values() if reason.neutral}) > 1:
            raise ValueError("neutral reasons must have one and the same text and action")
        if unnamed := {"no_se_generan", "se_reversan", "pagados"} - set(self.values):
            raise ValueError(f"values without a sentence: {', '.join(sorted(unnamed))}")
        return self

    def worst_first(self, codes: Iterable[ReasonCode]) -> tuple[ReasonCode, ...]:
        """The codes without repetition, in order of severity."""
        wanted = frozenset(codes)
        return tuple(code for code in self.reasons if code in wanted)


def _check_replies(replies: Mapping[str, str], faults: list[str]) -> None:
    """Every kind of answer has its template, and each template only placeholders that can be filled."""
    kinds = [kind.value for kind in ReplyKind]
    faults += [f"replies/{kind}.txt: the file is missing" for kind in kinds if kind not in replies]
    for name, text in replies.items():
        if name not in kinds:
            faults.append(f"replies/{name}.txt: no answer is called so; known: {', '.join(kinds)}")
        faults += [f"replies/{name}.txt:{line}: {sentence}" for line, sentence in text_faults(text)]
        if "{recibo}" not in text:
            faults.append(f"replies/{name}.txt:1: the receipt number {{recibo}} must stand in every answer")


# ── the whole book ───────────────────────────────────────────────────────────────────────────────


class RuleBook(_Book):
    """All rules, and their `edition`: the first 12 hex digits of the SHA-256 of all texts."""

    edition: str
    subject: SubjectBook
    documents: DocumentsBook
    matching: MatchingBook
    decision: DecisionBook
    reasons: ReasonsBook
    replies: Mapping[str, str]


_B = TypeVar("_B", bound=_Book)


def parse(texts: Mapping[str, str]) -> RuleBook:
    """Read a rule book from its texts, by path below `rules/` ("subject.toml", "replies/aceptado.txt").

    Raises `BadRules` with all faults, each as "file:line: key: what is wrong".
    """
    faults: list[str] = []
    subject = _toml(texts, "subject.toml", SubjectBook, faults)
    documents = _toml(texts, "documents.toml", DocumentsBook, faults)
    matching = _toml(texts, "matching.toml", MatchingBook, faults)
    decision = _toml(texts, "decision.toml", DecisionBook, faults)
    reasons = _toml(texts, "reasons.toml", ReasonsBook, faults)
    replies = {
        name.removeprefix("replies/").removesuffix(".txt"): text
        for name, text in sorted(texts.items())
        if name.startswith("replies/") and name.endswith(".txt")
    }
    _check_replies(replies, faults)
    if subject and documents and matching and decision and reasons and not faults:
        return RuleBook(
            edition=_edition(texts),
            subject=subject,
            documents=documents,
            matching=matching,
            decision=decision,
            reasons=reasons,
            replies=replies,
        )
    raise BadRules(faults)


def _edition(texts: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for name, text in sorted(texts.items()):
        digest.update(f"{name}\0{text}\0".encode())
    return digest.hexdigest()[:12]


def _toml(texts: Mapping[str, str], name: str, book: type[_B], faults: list[str]) -> _B | None:
    if name not in texts:
        faults.append(f"{name}: the file is missing")
        return None
    try:
        table: dict[str, Any] = tomllib.loads(texts[name])
    except tomllib.TOMLDecodeError as fault:
        faults.append(f"{name}: not valid TOML: {fault}")
        return None
    try:
        return book.model_validate(table)
    except ValidationError as bad:
        for fault_ in bad.errors():
            path = ".".join(str(step) for step in fault_["loc"])
            line = _line_of(texts[name], [str(step) for step in fault_["loc"]])
            faults.append(f"{name}:{line}: {path}: {fault_['msg']}")
        return None


def _line_of(text: str, path: list[str]) -> int:
    """The line (from 1) in which a key most likely stands: good enough to open the editor at it."""
    lines = text.splitlines()
    at = 0
    for step in path:
        for number in range(at, len(lines)):
            if step in lines[number]:
                at = number
                break
    return at + 1
