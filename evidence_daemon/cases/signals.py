"""What speaks for a closer look.  A signal may stop an automatic acceptance; it never causes a refusal.

Strong or medium: a person looks.  Weak: shown; two weak ones count as medium.  Each is explainable in a
sentence to the reviewer; none is ever told to a customer.  A sender who writes for the first time from a
free mailbox is ordinary: all that speaks against a sender without proof is one weak signal.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from evidence_daemon.cases.equipment import plain
from evidence_daemon.cases.matching import returns, shows_equipment, shows_id, shows_service
from evidence_daemon.cases.names import NameMatch, compare
from evidence_daemon.model import (
    Case,
    Evidence,
    ManyCases,
    Match,
    NoCase,
    OneCase,
    Signal,
    SignalClass,
    Use,
)
from evidence_daemon.rulebook import RuleBook

_STRONG, _MEDIUM, _WEAK = SignalClass.STRONG, SignalClass.MEDIUM, SignalClass.WEAK


def raised(evidence: Evidence, found: Match, book: RuleBook) -> tuple[Signal, ...]:
    """Every signal of this mail, strongest first."""
    signals = [signal for source in _SOURCES for signal in source(evidence, found, book)]
    order = (_STRONG, _MEDIUM, _WEAK)
    return tuple(sorted(dict.fromkeys(signals), key=lambda signal: order.index(signal.strength)))


def stops(signals: tuple[Signal, ...]) -> bool:
    """Whether these signals stop an automatic acceptance: one strong or medium, or two weak."""
    count = Counter(signal.strength for signal in signals)
    return count[_STRONG] + count[_MEDIUM] > 0 or count[_WEAK] >= 2


def cases_of(found: Match) -> tuple[Case, ...]:
    """The case or cases of a match; of an ambiguous one all candidates."""
    match found:
        case OneCase(case=case):
            return (case,)
        case ManyCases(cases=cases):
            return cases
        case NoCase():
            return ()


def uses_elsewhere(evidence: Evidence, found: Match) -> tuple[Use, ...]:
    """Where this evidence stands for a case that is not meant here."""
    meant = {case.id for case in cases_of(found)}
    return tuple(use for use in evidence.uses if use.case_id is not None and use.case_id not in meant)


def _used(evidence: Evidence, found: Match, book: RuleBook) -> Iterator[Signal]:
    del book
    rivals = {case.id for case in found.rivals} if not isinstance(found, NoCase) else set()
    words = {"adjunto": "el mismo archivo", "acta": "el mismo número de acta", "serie": "la misma serie"}
    for use in uses_elsewhere(evidence, found):
        # One acta may well cover two services of one holder; that is for a person to see, no suspicion.
        same_holder = use.case_id in rivals
        yield Signal(
            f"{use.what}_usada" if use.what != "adjunto" else "archivo_usado",
            _MEDIUM if same_holder else _STRONG,
            f"{words.get(use.what, use.what)} está en {use.receipt}"
            + (", de otro servicio del titular" if same_holder else ", de otro caso"),
        )


def _strangers(evidence: Evidence, found: Match, book: RuleBook) -> Iterator[Signal]:
    del book
    if isinstance(found, NoCase):
        return
    for case in found.strangers:
        if any(shows_equipment(paper, case) for paper in returns(evidence)):
            yield Signal(
                "equipo_ajeno", _STRONG, f"una serie del acta está registrada en el caso {case.id}, de otro titular"
            )


def _sender(evidence: Evidence, found: Match, book: RuleBook) -> Iterator[Signal]:
    del found
    email = evidence.email
    if evidence.sender_refuted:
        yield Signal(
            "remitente_refutado", _MEDIUM, "nuestro servidor dice que el remitente no es quien dice ser (DMARC)"
        )
    elif not evidence.sender_proven and not evidence.known_sender:
        yield Signal("remitente_sin_probar", _WEAK, "nuestro servidor no pudo comprobar al remitente y no es conocido")
    if email.sender is None:
        return
    domain = _domain(email.sender.address)
    if email.reply_to is not None and _organisation(_domain(email.reply_to.address)) != _organisation(domain):
        yield Signal("responder_a_otro", _MEDIUM, "pide que se responda a otro dominio que el suyo")
    name = f" {re.sub(r'[^A-Z0-9]+', ' ', plain(email.sender.name))} "
    ours = any(domain == own or domain.endswith("." + own) for own in book.decision.signals.company_domains)
    if not ours and any(f" {word} " in name for word in book.decision.signals.company_names):
        yield Signal("nombre_de_la_empresa", _MEDIUM, "el remitente lleva el nombre de la empresa y no es de ella")


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


_SECOND_LEVEL = frozenset({"com", "gob", "edu", "org", "net", "fin", "med", "info", "mil", "k12"})


def _organisation(domain: str) -> str:
    """The part of a domain that one owner registers: three labels under .com.ec and the like, else two."""
    labels = domain.split(".")
    depth = 3 if len(labels) >= 3 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL else 2
    return ".".join(labels[-depth:])


def _holder(evidence: Evidence, found: Match, book: RuleBook) -> Iterator[Signal]:
    for case in cases_of(found):
        for paper in returns(evidence):
            holder = paper.holder
            if (
                holder is not None
                and (holder.proven or holder.confidence >= book.matching.holder_confidence)
                and (shows_id(paper, case) or shows_service(paper, case))
                and compare(holder.value, case.holder) is NameMatch.NO_COINCIDE
            ):
                # Beside his own number another name is mostly the agent's, read in the wrong place.
                strength = _MEDIUM if holder.proven else _WEAK
                yield Signal("titular_del_acta", strength, "el acta lleva el número del titular y otro nombre")
                return


def _dates(evidence: Evidence, found: Match, book: RuleBook) -> Iterator[Signal]:
    window = timedelta(days=book.matching.installation_days)
    for case in cases_of(found):
        for paper in returns(evidence):
            day = acta_date(paper.date.value if paper.date else "")
            if day and case.activated_on and case.activated_on <= day < case.activated_on + window:
                yield Signal(
                    "cerca_de_la_instalacion",
                    _MEDIUM,
                    f"el acta es del {day.isoformat()} y el servicio se activó el {case.activated_on.isoformat()}",
                )
                return


def _agent(evidence: Evidence, found: Match, book: RuleBook) -> Iterator[Signal]:
    del found, book
    if any(paper.agent is None and paper.office is None for paper in returns(evidence)):
        yield Signal("sin_quien_recibe", _WEAK, "el acta no muestra ni agente ni oficina que haya recibido los equipos")


def acta_date(text: str) -> date | None:
    """A date as `Fields` hold it (yyyy-mm-dd), or None when there is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


_SOURCES: tuple[Callable[[Evidence, Match, RuleBook], Iterator[Signal]], ...] = (
    _used, _strangers, _sender, _holder, _dates, _agent,
)  # fmt: skip
