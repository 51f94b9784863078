"""`rules/*.toml` and `rules/replies/*.txt` → one frozen `RuleBook`, or all its faults at once.

Pure: texts in, values out.  A faulty book is refused whole (`BadRules`, each fault with file, line and
reason), so that a running daemon keeps the book it has.  The book's `edition` (a hash of all texts) is
stored with each decision.  Each book carries examples that are run here, when it is loaded.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence, Set
from enum import StrEnum
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from evidence_daemon.campaignbook import CampaignBook
from evidence_daemon.columns import CaseColumns, OutgoingColumns, RegisterColumns, ResponseColumns
from evidence_daemon.errors import BadRules
from evidence_daemon.model import DocumentKind, Line, ReasonCode, Repair, ReplyKind, Verdict
from evidence_daemon.speech import SpeechBook


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


class PhraseBook(_Book):
    """A phrase that speaks for or against a direction, or for whose a paper is; `finds` is what it must match.

    Where it `needs` another pattern it counts only on a page (and in a `finds`) that shows that one too.
    """

    pattern: str
    finds: str
    strong: bool = True
    needs: str = ""

    @model_validator(mode="after")
    def _finds_its_example(self) -> PhraseBook:
        try:
            found = re.search(self.pattern, self.finds) and re.search(self.needs, self.finds)
        except re.error as bad:
            raise ValueError(f"not a regular expression: {bad}") from None
        if not found:
            raise ValueError(f"does not find its own example: {self.finds!r}")
        return self


class OursBook(_Book):
    """Whose paper it is: our own names and tax numbers, and other operators' names.

    `logos` are words that count where they stand alone at the head of a page.  The phrases of `acting` say that who
    issued the paper works for us; those of `passing` name us as somebody else's, and are no name of an issuer.
    """

    rucs: tuple[str, ...]
    names: tuple[str, ...]
    logos: tuple[str, ...] = ()
    others: tuple[str, ...]
    acting: tuple[PhraseBook, ...] = ()
    passing: tuple[PhraseBook, ...] = ()


class KindBook(_Book):
    """How one kind of paper is known: a title at the head of a line, or `enough` different words.

    Titles may be `patterns` too: regular expressions with which a line in capitals without accents begins.  Words count
    for nothing on a page that shows what it is not known by (`unless`, a regular expression); a line that `no_title`
    matches is none, though it begins like one.
    """

    kind: DocumentKind
    titles: tuple[str, ...]
    patterns: tuple[str, ...] = ()
    words: tuple[str, ...]
    enough: int
    unless: str = ""
    no_title: str = ""

    @model_validator(mode="after")
    def _has_regular_patterns(self) -> KindBook:
        for pattern in (*self.patterns, self.unless, self.no_title):
            try:
                re.compile(pattern)
            except re.error as bad:
                raise ValueError(f"not a regular expression: {pattern!r}: {bad}") from None
        return self


class DirectionBook(_Book):
    """Who hands over to whom: parties, verbs, phrases of either direction (`return`, `install`).

    The phrases of `doubt` leave the direction open whatever else is said; those of `harmless` only sound like one, and
    are taken out of the text before.  Pages with a title of `beside` count for
    nothing here; a stamp that says a word of `void` is a doubt, and so is a word of `across` all over a page.
    """

    customer: tuple[str, ...]
    company: tuple[str, ...]
    gives: tuple[str, ...]
    takes: tuple[str, ...]
    beside: tuple[str, ...] = ()
    void: tuple[str, ...] = ()
    across: tuple[str, ...] = ()
    returns: tuple[PhraseBook, ...] = Field(alias="return")
    installs: tuple[PhraseBook, ...] = Field(alias="install")
    doubts: tuple[PhraseBook, ...] = Field(alias="doubt")
    harmless: tuple[PhraseBook, ...] = ()


class NumberedBook(_Book):
    """What is numbered, by the field that its number is a value of."""

    number: tuple[str, ...] = ()
    id_number: tuple[str, ...] = ()
    service_number: tuple[str, ...] = ()
    contract: tuple[str, ...] = ()
    serial: tuple[str, ...] = ()


class LabelsBook(_Book):
    """Labels behind (or above) which values stand; `other` are labels of values that are not read."""

    number: tuple[str, ...]
    date: tuple[str, ...]
    office: tuple[str, ...]
    holder: tuple[str, ...]
    id_number: tuple[str, ...]
    service_number: tuple[str, ...]
    contract: tuple[str, ...] = ()
    line: tuple[str, ...]
    agent: tuple[str, ...]
    serial: tuple[str, ...]
    mac: tuple[str, ...]
    type: tuple[str, ...]
    brand: tuple[str, ...]
    model: tuple[str, ...]
    brand_model: tuple[str, ...]
    count: tuple[str, ...]
    state: tuple[str, ...]
    accessories: tuple[str, ...] = ()
    other: tuple[str, ...]
    signing: tuple[str, ...]
    customer_signs: tuple[str, ...]
    customer_signs_alone: tuple[str, ...] = ()
    company_signs: tuple[str, ...] = ()
    numbered: NumberedBook = NumberedBook()
    """Each makes the labels "N° de …", "Código …" and "… No." (`of_field`)."""
    coded: NumberedBook = NumberedBook()
    """The same, where the sign only stands before it: "N° suscriptor" ("abonados" looks like "abonado N")."""

    def of_field(self, field: str) -> tuple[str, ...]:
        """All labels of a field, those that are made of a number sign and what is numbered among them."""
        both, before = (getattr(book, field, ()) for book in (self.numbered, self.coded))
        signed = [f"{sign} {of}{what}" for what in (*both, *before) for sign in (*NUMBER_SIGNS, *_CODES) for of in _OF]
        return (*getattr(self, field), *signed, *(f"{what} {sign}" for what in both for sign in NUMBER_SIGNS))


NUMBER_SIGNS = ("N", "NO", "NRO", "NUM", "NUMERO")
"""What says that a number follows, as squeezed letters."""
_CODES = ("CODIGO",)
_OF = ("", "DE ", "DEL ")


class SigningBook(_Book):
    """Words of which the captions of signatures are made, whatever their order."""

    customer: tuple[str, ...] = ()
    company: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    ink: tuple[str, ...] = ()
    """What is to be put there: a signature, a stamp."""
    data: tuple[str, ...] = ()
    """What is to be written there besides."""
    things: tuple[str, ...] = ()
    """What is handed over, said behind who does it."""
    others: tuple[str, ...] = ()
    """Who signs besides the two: what stands in his place is no stamp."""
    around: tuple[str, ...] = ()


class ValueWordsBook(_Book):
    """Words by which values are known: brands of equipment, marks in boxes that were ticked."""

    brands: tuple[str, ...]
    marks: tuple[str, ...]


class DocumentsBook(_Book):
    """What papers say: kinds, directions, labels, words of values.

    `terms` are groups of words that many patterns share: `<customer>` in a pattern (or in another term above it) stands
    for them.
    """

    terms: Mapping[str, str] = {}
    ours: OursBook
    kinds: tuple[KindBook, ...]
    direction: DirectionBook
    labels: LabelsBook
    signing: SigningBook = SigningBook()
    lines: Mapping[Line, tuple[str, ...]]
    words: ValueWordsBook

    @model_validator(mode="before")
    @classmethod
    def _with_terms(cls, told: Any) -> Any:
        if not isinstance(told, dict):
            return told
        given = told.get("terms", {})
        if not isinstance(given, Mapping):
            raise ValueError("terms: a table of words is wanted")  # noqa: TRY004  # what a validator may raise
        terms: dict[str, str] = {}
        for name, words in given.items():
            if not isinstance(words, str):
                raise ValueError(f"terms: {name} is no pattern in quotes")  # noqa: TRY004
            terms[name] = f"(?:{_spelt_out(words, terms)})"
        return {name: _in_patterns(rest, terms) for name, rest in told.items()}


_PATTERNS = frozenset({"pattern", "patterns", "needs"})


def _in_patterns(told: Any, terms: Mapping[str, str], *, inside: bool = False) -> Any:
    """A table of a rule file with the terms of its patterns spelt out."""
    if isinstance(told, dict):
        return {name: _in_patterns(one, terms, inside=inside or name in _PATTERNS) for name, one in told.items()}
    if isinstance(told, list):
        return [_in_patterns(one, terms, inside=inside) for one in told]
    return _spelt_out(told, terms) if inside and isinstance(told, str) else told


def _spelt_out(pattern: str, terms: Mapping[str, str]) -> str:
    """A pattern with words in the place of `<term>`.  Raises `ValueError` for a term that is not known."""

    def words(found: re.Match[str]) -> str:
        if found[1] not in terms:
            raise ValueError(f"no such term: {found[0]} in {pattern!r}")
        return terms[found[1]]

    return re.sub(r"<([a-z_]+)>", words, pattern)


# ── matching.toml ────────────────────────────────────────────────────────────────────────────────


class MatchingBook(_Book):
    """Tolerances of matching.  Confidences are 0..1; dates in days."""

    serial_confidence: float = Field(ge=0, le=1)
    """Below it a serial or MAC that equals the case's is a doubt, unless it is proven."""
    number_confidence: float = Field(ge=0, le=1)
    """From it on a number on the acta that is another's contradicts; below, it may be a misreading."""
    holder_confidence: float = Field(ge=0, le=1)
    """From it on a holder's name on the acta that is another's raises a signal: medium when proven, else weak."""
    installation_days: int = Field(ge=0)
    """A return dated less than this after the activation may be an installation read wrongly."""


# ── decision.toml ────────────────────────────────────────────────────────────────────────────────


class Fact(StrEnum):
    """What a rule may ask about a mail: the closed vocabulary of `when` and `unless`.

    `cases.decision` has one predicate for each; what they mean stands there.
    """

    # who wrote
    CORREO_PROPIO = "correo_propio"
    REBOTE = "rebote"
    RESPUESTA_AUTOMATICA = "respuesta_automatica"
    GENERADO = "generado"
    # what it says and carries
    DEMASIADO_GRANDE = "demasiado_grande"
    SIN_ADJUNTO = "sin_adjunto"
    CON_ADJUNTO = "con_adjunto"
    DICE_NO_TENER_ACTA = "dice_no_tener_acta"
    DICE_NO_RECONOCER_SERVICIO = "dice_no_reconocer_servicio"
    PIDE_UNA_PERSONA = "pide_una_persona"
    TRAE_ENLACE = "trae_enlace"
    REPETIDO = "repetido"
    GEMELO = "gemelo"
    SE_APARTA_DEL_HILO = "se_aparta_del_hilo"
    # how its attachments could be read
    FALLO_INTERNO = "fallo_interno"
    ADJUNTO_CON_VIRUS = "adjunto_con_virus"
    PAGINAS_SIN_LEER = "paginas_sin_leer"
    ALGO_NO_SE_ABRE = "algo_no_se_abre"
    PAPEL_EN_BLANCO = "papel_en_blanco"
    # what papers they are
    ACTA_DE_DEVOLUCION = "acta_de_devolucion"
    FIRMA_HALLADA = "firma_hallada"
    ACTA_DE_INSTALACION = "acta_de_instalacion"
    ACTA_SIN_SENTIDO_CLARO = "acta_sin_sentido_claro"
    ACTA_DE_OTRA_EMPRESA = "acta_de_otra_empresa"
    OTRO_PAPEL = "otro_papel"
    ACTA_COMPLETA = "acta_completa"
    # the subject
    ASUNTO_CON_FALTA = "asunto_con_falta"
    ASUNTO_DEL_EJEMPLO = "asunto_del_ejemplo"
    CEDULA_DUDOSA = "cedula_dudosa"
    SERVICIO_MOVIL = "servicio_movil"
    SERVICIO_CORPORATIVO = "servicio_corporativo"
    # whose it is
    SIN_CASO = "sin_caso"
    CASO_AMBIGUO = "caso_ambiguo"
    CASO_HALLADO = "caso_hallado"
    CASO_IDENTIFICADO = "caso_identificado"
    MUESTRA_EL_CASO = "muestra_el_caso"
    MUESTRA_UN_EQUIPO = "muestra_un_equipo"
    # how the case stands
    CASO_ADMITE = "caso_admite"
    CASO_RESUELTO = "caso_resuelto"
    CASO_EN_REVISION = "caso_en_revision"
    CASO_FUERA_DE_LISTA = "caso_fuera_de_lista"
    CASO_EN_RECLAMO = "caso_en_reclamo"
    CASO_EN_COBRO = "caso_en_cobro"
    CASO_ESCALADO = "caso_escalado"
    VALOR_PAGADO = "valor_pagado"
    CUENTAS_CLARAS = "cuentas_claras"
    SOBRE_LIMITE = "sobre_limite"
    # what the acta shows
    NUMERO_IGUAL = "numero_igual"
    OTRO_TITULAR = "otro_titular"
    OTRO_SERVICIO = "otro_servicio"
    NOMBRE_SUFICIENTE = "nombre_suficiente"
    FECHA_PLAUSIBLE = "fecha_plausible"
    FECHA_IMPOSIBLE = "fecha_imposible"
    REQUISITOS_COMPLETOS = "requisitos_completos"
    TODOS_LOS_EQUIPOS = "todos_los_equipos"
    ALGUNOS_EQUIPOS = "algunos_equipos"
    EQUIPO_EN_DUDA = "equipo_en_duda"
    NINGUN_EQUIPO = "ningun_equipo"
    # the company's own return register
    REGISTRO_EXIGIDO = "registro_exigido"
    REGISTRO_CONFIRMA = "registro_confirma"
    REGISTRO_CONTRADICE = "registro_contradice"
    # signals, and who looks all the same
    SIN_SENALES = "sin_senales"
    YA_USADA = "ya_usada"
    DE_MUESTRA = "de_muestra"


_F = Fact
_LAW = frozenset(
    {
        _F.CASO_IDENTIFICADO, _F.CASO_ADMITE, _F.CUENTAS_CLARAS, _F.ACTA_DE_DEVOLUCION, _F.NUMERO_IGUAL,
        _F.FECHA_PLAUSIBLE, _F.NOMBRE_SUFICIENTE, _F.SIN_SENALES, _F.FIRMA_HALLADA,
    }
)  # fmt: skip
INDISPENSABLE: Mapping[Verdict, frozenset[Fact]] = {
    Verdict.REVERSE: _LAW | {_F.TODOS_LOS_EQUIPOS},
    Verdict.PARTIAL: _LAW | {_F.ALGUNOS_EQUIPOS},
}
"""What a rule must ask for before it may reverse a value.  The book may be stricter, never laxer."""


class ReasonSource(StrEnum):
    """Where a rule takes reasons from that are known only with the mail."""

    ASUNTO = "asunto"
    """What is wrong with the subject."""
    LECTURAS = "lecturas"
    """Why attachments could not be read."""
    CEDULA = "cedula"
    """What the check of the subject's number says: incomplete, or a digit wrong."""


class RuleExample(_Book):
    """Facts, and the verdict that the whole book must give on them.

    With `faultless`, the facts of a faultless mail (`DecisionBook.faultless`) `without` some, and `facts` besides.
    """

    facts: frozenset[Fact] = frozenset()
    faultless: bool = False
    without: frozenset[Fact] = frozenset()
    verdict: Verdict


class Rule(_Book):
    """One rule: when all of `when` hold and none of `unless`, the verdict.  Of several, the first decides."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    when: frozenset[Fact] = frozenset()
    unless: frozenset[Fact] = frozenset()
    verdict: Verdict
    reasons: tuple[ReasonCode, ...] = ()
    reasons_from: ReasonSource | None = None
    staff: str = Field(min_length=10)
    examples: tuple[RuleExample, ...] = Field(min_length=1)

    def speaks(self, facts: Set[Fact]) -> bool:
        """Whether the rule applies to a mail with these facts."""
        return self.when <= facts and self.unless.isdisjoint(facts)


class DecisionPolicy(_Book):
    """Limits of what is accepted without a person.  Amounts in cents of USD."""

    automatic_limit_cents: int = Field(ge=0)
    confirmed_limit_cents: int = Field(ge=0)
    """The limit where the company's return register confirms every acta."""
    four_eyes_cents: int = Field(ge=0)
    four_eyes_share: float = Field(0, ge=0, le=1)
    """Share of what a person accepts that a second one approves all the same, drawn by lot."""
    sampled_share: float = Field(ge=0, le=1)
    """Share of what would be accepted without a person that a person sees all the same."""
    register_required: bool
    """Whether nothing is accepted without a person unless the return register confirms it."""
    required_fields: frozenset[Literal["numero", "oficina", "titular", "cedula", "servicio", "agente"]]


class AnswerPolicy(_Book):
    """Who is answered, and until when."""

    answer_unproven_senders: bool
    receipt_delay_seconds: int = Field(ge=0)
    answer_within_days: int = Field(ge=1)
    correction_days: int = Field(10, ge=1)
    max_mb: int = Field(ge=1)


class SignalPolicy(_Book):
    """What the signals need to know."""

    company_names: tuple[str, ...]
    company_domains: tuple[str, ...]
    free_mail_domains: tuple[str, ...]
    """Domains at which everybody has a mailbox: many senders of one say nothing."""
    editors: tuple[str, ...]
    """Programs that change pictures and papers, by a word of the name that they leave in a file."""
    lookalike_bits: int = Field(ge=0, le=15)
    """Pages whose perceptual hashes (256 bits) differ in no more bits are one picture."""
    sequence_slack_days: int = Field(ge=0)
    """Days by which actas of one office may be out of the order of their numbers."""
    rush_hours: int = Field(ge=1)
    rush: Mapping[Literal["remitente", "dominio", "agente", "aparato"], int]
    """From how many other cases within `rush_hours` on one way is a rush."""
    just_under_percent: int = Field(ge=0, le=50)
    closed_weekdays: tuple[Literal["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"], ...]
    """Days of the week on which no office takes equipment back."""


class DecisionBook(_Book):
    """Ordered rules: when → verdict, with the sentence for staff and examples; and the limits."""

    policy: DecisionPolicy
    answers: AnswerPolicy
    signals: SignalPolicy
    faultless: frozenset[Fact]
    """What holds for a mail whose every equipment is accredited without a person: a shorthand for examples."""
    rule: tuple[Rule, ...] = Field(min_length=1)

    def spoken(self, facts: Set[Fact]) -> tuple[Rule, ...]:
        """The rules that apply, in order; the first one decides.  Never empty: the last rule always does."""
        return tuple(rule for rule in self.rule if rule.speaks(facts))


def _check_decision(book: DecisionBook, text: str, faults: list[str]) -> None:
    """What makes a book of rules unfit though each rule is well formed; and every example is run."""
    lines = text.splitlines()

    def fault(rule: Rule, sentence: str) -> None:
        named = re.compile(rf'\s*name\s*=\s*["\']{rule.name}["\']')
        line = next((number for number, words in enumerate(lines, start=1) if named.match(words)), 1)
        faults.append(f"decision.toml:{line}: rule {rule.name}: {sentence}")

    last = book.rule[-1]
    if last.when or last.unless or last.verdict is not Verdict.HOLD:
        fault(last, 'the last rule must be the default: no "when", no "unless", verdict "hold"')
        return
    seen: set[str] = set()
    for rule in book.rule:
        if rule.name in seen:
            fault(rule, "there is another rule of this name")
        seen.add(rule.name)
        if rule.verdict is Verdict.REJECT:
            fault(rule, "a final no is said by a person, never by a rule")
        if missing := INDISPENSABLE.get(rule.verdict, frozenset()) - rule.when:
            fault(rule, f'"when" must name {", ".join(sorted(missing))} before a value may be reversed')
        if contradiction := rule.when & rule.unless:
            fault(rule, f'{", ".join(sorted(contradiction))} stands in "when" and in "unless"')
        decided = False
        for number, example in enumerate(rule.examples, start=1):
            decider = book.spoken(example.facts | (book.faultless - example.without if example.faultless else set()))[0]
            decided |= decider.name == rule.name
            if decider.verdict is not example.verdict:
                fault(rule, f"example {number} gives {decider.verdict} (by {decider.name}), not {example.verdict}")
        if not decided:
            fault(rule, "none of its examples is decided by it: an earlier rule takes them all")


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
    while_held: bool = False
    """May stand in the receipt of a mail that a person has yet to decide on."""
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
    cases: CaseColumns
    reversals: OutgoingColumns
    refunds: OutgoingColumns
    returns: RegisterColumns
    responses: ResponseColumns
    speech: SpeechBook
    campaigns: Mapping[str, CampaignBook] = {}
    """By the name of its file, e.g. "recuperacion-equipos"."""


_B = TypeVar("_B", bound=BaseModel)


def parse(texts: Mapping[str, str]) -> RuleBook:
    """Read a rule book from its texts, by path below `rules/` ("subject.toml", "replies/aceptado.txt").

    Raises `BadRules` with all faults, each as "file:line: key: what is wrong".
    """
    faults: list[str] = []
    subject = _toml(texts, "subject.toml", SubjectBook, faults)
    documents = _toml(texts, "documents.toml", DocumentsBook, faults)
    matching = _toml(texts, "matching.toml", MatchingBook, faults)
    decision = _toml(texts, "decision.toml", DecisionBook, faults)
    if decision:
        _check_decision(decision, texts["decision.toml"], faults)
    reasons = _toml(texts, "reasons.toml", ReasonsBook, faults)
    cases = _toml(texts, "columns/cases.toml", CaseColumns, faults)
    reversals = _toml(texts, "columns/reversals.toml", OutgoingColumns, faults)
    refunds = _toml(texts, "columns/refunds.toml", OutgoingColumns, faults)
    returns = _toml(texts, "columns/register.toml", RegisterColumns, faults)
    responses = _toml(texts, "columns/responses.toml", ResponseColumns, faults)
    speech = _toml(texts, "speech.toml", SpeechBook, faults)
    replies = {
        name.removeprefix("replies/").removesuffix(".txt"): text
        for name, text in sorted(texts.items())
        if name.startswith("replies/") and name.endswith(".txt")
    }
    _check_replies(replies, faults)
    campaigns = {
        name.removeprefix("campaigns/").removesuffix(".toml"): found
        for name in sorted(texts)
        if name.startswith("campaigns/")
        and name.endswith(".toml")
        and (found := _toml(texts, name, CampaignBook, faults)) is not None
    }
    maps = cases and reversals and refunds and returns and responses
    if subject and documents and matching and decision and reasons and maps and speech and not faults:
        return RuleBook(
            edition=_edition(texts),
            subject=subject,
            documents=documents,
            matching=matching,
            decision=decision,
            reasons=reasons,
            replies=replies,
            cases=cases,
            reversals=reversals,
            refunds=refunds,
            returns=returns,
            responses=responses,
            speech=speech,
            campaigns=campaigns,
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
            path = ".".join(_named(table, fault_["loc"]))
            line = _line_of(texts[name], fault_["loc"])
            faults.append(f"{name}:{line}: {path}: {fault_['msg']}")
        return None


def _named(table: Any, path: Sequence[str | int]) -> list[str]:
    """The path of a fault, with the name of an entry instead of its number where it has one."""
    steps: list[str] = []
    for step in path:
        try:
            table = table[step]
        except (KeyError, IndexError, TypeError):
            table = None
        name = table.get("name") if isinstance(step, int) and isinstance(table, dict) else None
        steps.append(name if isinstance(name, str) else str(step))
    return steps


def _line_of(text: str, path: Sequence[str | int]) -> int:
    """The line (from 1) in which a key most likely stands: good enough to open the editor at it."""
    lines = text.splitlines()
    at = 0
    table = ""
    for step in path:
        if isinstance(step, int):
            headers = [number for number, line in enumerate(lines) if line.strip() == f"[[{table}]]"]
            at = headers[step] if step < len(headers) else at
            continue
        table = step
        for number in range(at, len(lines)):
            if step in lines[number]:
                at = number
                break
    return at + 1
