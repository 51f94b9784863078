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

from evidence_daemon.canonical import plain, series_of
from evidence_daemon.cases.matching import returns, shows_equipment, shows_id, shows_service
from evidence_daemon.cases.names import NameMatch, compare
from evidence_daemon.cases.register import Voice, hear
from evidence_daemon.model import (
    Case,
    DigitalVerdict,
    Document,
    Evidence,
    ManyCases,
    Match,
    NoCase,
    OneCase,
    Signal,
    SignalClass,
    Unreadable,
    Use,
)
from evidence_daemon.rulebook import RuleBook
from evidence_daemon.workdays import ECUADOR

_DISAGREE = 2
"""Accepted actas that must contradict a number's place in its series."""
_STRONG, _MEDIUM, _WEAK = SignalClass.STRONG, SignalClass.MEDIUM, SignalClass.WEAK


def raised(evidence: Evidence, found: Match, book: RuleBook, *, at_stake: int = 0) -> tuple[Signal, ...]:
    """Every signal of this mail, strongest first; `at_stake` is what would be reversed, in cents."""
    signals = [signal for source in _SOURCES for signal in source(evidence, found, book)]
    signals += _just_under(at_stake, book)
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
    words = {
        "adjunto": "el mismo archivo",
        "acta": "el mismo número de acta",
        "serie": "la misma serie",
        "imagen": "la misma imagen, dentro de otro archivo,",
    }
    for use in uses_elsewhere(evidence, found):
        # One acta may well cover two services of one holder; that is for a person to see, no suspicion.
        same_holder = use.case_id in rivals
        yield Signal(
            f"{use.what}_usada" if use.what != "adjunto" else "archivo_usado",
            _MEDIUM if same_holder else _STRONG,
            f"{words.get(use.what, use.what)} está en {use.receipt}"
            + (", de otro servicio del titular" if same_holder else ", de otro caso"),
            (f"recibo {use.receipt}", f"caso {use.case_id}", f"{use.what} {use.value}"),
        )


def _denied(evidence: Evidence, found: Match, book: RuleBook) -> Iterator[Signal]:
    """A person said no to this very evidence: only a person may say yes to it."""
    del book
    meant = {case.id for case in cases_of(found)}
    for use in evidence.uses:
        if use.denied and use.case_id in meant:
            because = f"una persona rechazó o retomó {use.receipt}, que trae lo mismo para este caso"
            yield Signal("prueba_negada", _MEDIUM, because, (f"recibo {use.receipt}", f"{use.what} {use.value}"))
            return


def _lookalikes(evidence: Evidence, found: Match, book: RuleBook) -> Iterator[Signal]:
    """One picture with other digits, sent for another case: the cheapest forgery."""
    meant = {case.id for case in cases_of(found)}
    rivals = {case.id for case in found.rivals} if not isinstance(found, NoCase) else set()
    for look in evidence.lookalikes:
        if look.case_id is None or look.case_id in meant or look.distance > book.decision.signals.lookalike_bits:
            continue
        yield Signal(
            "imagen_parecida",
            _MEDIUM if look.case_id in rivals else _STRONG,
            f"la página {look.page} es casi la misma imagen que la de {look.receipt}, de otro caso",
            (f"recibo {look.receipt}", f"caso {look.case_id}", f"{look.distance} de 256 bits distintos"),
        )
        return


def _sequence(evidence: Evidence, found: Match, book: RuleBook) -> Iterator[Signal]:
    """An office numbers its actas one after the other: a later number on an earlier day does not fit.

    Two accepted ones must say so: where only one disagrees, it may as well be that one which is out of its place.
    """
    del found
    slack = timedelta(days=book.decision.signals.sequence_slack_days)
    for paper in returns(evidence):
        mine = series_of(paper.number.value) if paper.number else None
        day = acta_date(paper.date.value if paper.date else "")
        if mine is None or day is None:
            continue
        against = []
        for neighbour in evidence.neighbours:
            theirs = series_of(neighbour.number)
            if theirs is None or theirs[0] != mine[0] or theirs[1] == mine[1]:
                continue
            late = theirs[1] < mine[1] and neighbour.day > day + slack
            early = theirs[1] > mine[1] and neighbour.day < day - slack
            if late or early:
                against.append(neighbour)
        if len({neighbour.receipt for neighbour in against}) >= _DISAGREE:
            told = " y ".join(f"el acta {other.number} el {other.day.isoformat()}" for other in against[:2])
            yield Signal(
                "acta_fuera_de_orden",
                _STRONG,
                f"la oficina emitió {told}: la {paper.number.value if paper.number else ''} del {day.isoformat()} "
                "no cabe en ese orden",
                tuple(f"recibo {other.receipt}, acta {other.number}, {other.day.isoformat()}" for other in against),
            )
            return


def _registered(evidence: Evidence, found: Match, book: RuleBook) -> Iterator[Signal]:
    del found, book
    for paper in returns(evidence):
        told = hear(paper, evidence.register)
        if told.voice is Voice.CONTRADICE:
            yield Signal("registro_contradice", _STRONG, told.because)
            return


_WAYS = {
    "remitente": "el mismo remitente",
    "dominio": "el mismo dominio de correo",
    "agente": "la misma persona que recibe",
    "aparato": "el mismo aparato",
}


def ways(evidence: Evidence, book: RuleBook) -> tuple[tuple[str, str], ...]:
    """The ways by which a mail came, as (way, who), for counting others that came by them.

    The sender's address and domain (not one where everybody has a mailbox), who received the equipment
    with the office, and the camera that took the picture.
    """
    found: list[tuple[str, str]] = []
    if evidence.email.sender is not None:
        address = evidence.email.sender.address.lower()
        found.append(("remitente", address))
        if _domain(address) not in book.decision.signals.free_mail_domains:
            found.append(("dominio", _organisation(_domain(address))))
    for paper in returns(evidence):
        if paper.agent is not None:
            office = plain(paper.office.value) if paper.office else ""
            found.append(("agente", f"{plain(paper.agent.value)} · {office}".strip(" ·")))
    found += [("aparato", origin.device) for origin in evidence.origins if origin.device]
    return tuple((way, who) for way, who in dict.fromkeys(found) if who)


def _rushes(evidence: Evidence, found: Match, book: RuleBook) -> Iterator[Signal]:
    del found
    for rush in evidence.rushes:
        limit = next((count for way, count in book.decision.signals.rush.items() if way == rush.way), None)
        if limit is not None and rush.cases >= limit:
            yield Signal(
                "rafaga",
                _MEDIUM,
                f"por {_WAYS.get(rush.way, rush.way)} llegaron {rush.cases} casos más en {rush.hours} horas",
                (f"{rush.way} {rush.who}", f"{rush.cases} casos en {rush.hours} h"),
            )


def _just_under(at_stake: int, book: RuleBook) -> list[Signal]:
    """An amount just under the limit of what is accepted without a person."""
    limit, percent = book.decision.policy.automatic_limit_cents, book.decision.signals.just_under_percent
    if not limit or not limit * (100 - percent) < at_stake * 100 <= limit * 100:
        return []
    words = f"el valor queda a menos de {percent} % del límite para aceptar sin revisión"
    return [Signal("bajo_el_limite", _MEDIUM, words, (f"{at_stake} centavos", f"límite {limit}"))]


def _files(evidence: Evidence, found: Match, book: RuleBook) -> Iterator[Signal]:
    """What files tell of their making: made after we had them is impossible; edited is common and weak."""
    del found
    came = evidence.received_at + timedelta(days=1)  # clocks of cameras and of zones
    edited: list[str] = []
    for origin in evidence.origins:
        late = [at for at in (origin.made_at, origin.changed_at) if at is not None and at > came]
        if late:
            yield Signal(
                "archivo_del_futuro",
                _MEDIUM,
                f"el archivo dice haberse hecho el {late[0].date().isoformat()}, después de que llegó",
                (f"archivo {origin.sha256[:12]}", late[0].isoformat()),
            )
        program = origin.program.lower()
        if any(word in program for word in book.decision.signals.editors):
            edited.append(f"hecho con {origin.program}")
        if origin.updates:
            edited.append(f"guardado {origin.updates} veces sobre sí mismo")
        if origin.made_at and origin.changed_at and origin.changed_at > origin.made_at + timedelta(days=1):
            edited.append(f"cambiado el {origin.changed_at.date().isoformat()}")
    if edited:
        # All of it one weak signal: each alone is in 2 to 22 of 100 harmless files.
        yield Signal("archivo_editado", _WEAK, f"historia del archivo: {', '.join(edited[:3])}", tuple(edited))


def _strangers(evidence: Evidence, found: Match, book: RuleBook) -> Iterator[Signal]:
    del book
    if isinstance(found, NoCase):
        return
    for case in found.strangers:
        if any(shows_equipment(paper, case) for paper in returns(evidence)):
            yield Signal(
                "equipo_ajeno",
                _STRONG,
                f"una serie del acta está registrada en el caso {case.id}, de otro titular",
                (f"caso {case.id}",),
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
                yield Signal(
                    "titular_del_acta",
                    strength,
                    "el acta lleva el número del titular y otro nombre",
                    (f"en el acta {holder.value}", f"titular {case.holder}"),
                )
                return


_WEEKDAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")


def _dates(evidence: Evidence, found: Match, book: RuleBook) -> Iterator[Signal]:
    window = timedelta(days=book.matching.installation_days)
    received = evidence.received_at.astimezone(ECUADOR).date()
    for paper in returns(evidence):
        day = acta_date(paper.date.value if paper.date else "")
        if day is None:
            continue
        shown = (f"acta del {day.isoformat()}",)
        near = [
            c.activated_on
            for c in cases_of(found)
            if c.activated_on and c.activated_on <= day < c.activated_on + window
        ]
        if near:
            yield Signal(
                "cerca_de_la_instalacion",
                _MEDIUM,
                f"el acta es del {day.isoformat()} y el servicio se activó el {near[0].isoformat()}",
                shown,
            )
        if day > received:
            words = f"el acta es del {day.isoformat()} y el correo llegó el {received.isoformat()}"
            yield Signal("acta_posterior_al_correo", _MEDIUM, words, shown)
        weekday = _WEEKDAYS[day.weekday()]
        if weekday in book.decision.signals.closed_weekdays:
            yield Signal("oficina_cerrada", _WEAK, f"el acta es de un {weekday}", shown)


def _agent(evidence: Evidence, found: Match, book: RuleBook) -> Iterator[Signal]:
    del found, book
    if any(paper.agent is None and paper.office is None for paper in returns(evidence)):
        yield Signal("sin_quien_recibe", _WEAK, "el acta no muestra ni agente ni oficina que haya recibido los equipos")


def _masked(evidence: Evidence, found: Match, book: RuleBook) -> Iterator[Signal]:
    """A PDF that gives a program other words to read than a person: nobody's word processor does that."""
    del found, book
    for paper in evidence.papers:
        if paper.masked:
            yield Signal(
                "texto_oculto",
                _STRONG,
                f"el texto del PDF no es el que se ve (texto / imagen): {'; '.join(paper.masked[:3])[:300]}",
                paper.masked[:10],
            )
            return


def acta_date(text: str) -> date | None:
    """A date as `Fields` hold it (yyyy-mm-dd), or None when there is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _digital(evidence: Evidence, found: Match, book: RuleBook) -> Iterator[Signal]:
    """Digital signatures: altered after signing, or in the company's name by somebody nobody vouches for."""
    del found, book
    for document in evidence.readings:
        for signature in document.signatures if isinstance(document, Document) else ():
            who = signature.signer or "sin nombre"
            if signature.verdict is DigitalVerdict.ALTERADA:
                because = f"el PDF lleva una firma digital ({who}) y se alteró después: {signature.detail}"
                yield Signal("firma_digital_alterada", _STRONG, because)
            elif signature.verdict is DigitalVerdict.REVOCADA:
                yield Signal("firma_digital_revocada", _STRONG, f"el certificado de {who} fue revocado")
            elif signature.verdict is DigitalVerdict.SIN_CONFIANZA and signature.company:
                because = f"una firma digital dice ser de la empresa y nadie de confianza lo avala ({signature.issuer})"
                yield Signal("firma_digital_imitada", _STRONG, because)


def _malware(evidence: Evidence, found: Match, book: RuleBook) -> Iterator[Signal]:
    del found, book
    for reading in evidence.readings:
        if isinstance(reading, Unreadable) and reading.malware:
            yield Signal("adjunto_con_virus", _STRONG, f"el antivirus halló {reading.malware} en {reading.name}")


_SOURCES: tuple[Callable[[Evidence, Match, RuleBook], Iterator[Signal]], ...] = (
    _used, _denied, _lookalikes, _strangers, _sequence, _registered, _sender, _holder, _dates, _rushes, _files,
    _digital, _malware, _masked, _agent,
)  # fmt: skip
