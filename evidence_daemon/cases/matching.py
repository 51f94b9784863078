"""Whose case is meant: by what the store searches, and which of the cases found is the one.

The number selects, never the name.  The exact number of the subject comes first, then its likely other
forms, then our own answer to which the mail replies, then the number on the papers, then one that the body
labels as such; equipment alone only finds candidates for a person.  Among the cases of one holder, line,
service number and equipment choose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from evidence_daemon.canonical import canonical_mac, canonical_serial, service_key
from evidence_daemon.cases.equipment import Likeness, same_serial
from evidence_daemon.cases.identity import read_id, same_id
from evidence_daemon.model import (
    Case,
    CaseState,
    Direction,
    DocumentKind,
    EquipmentLine,
    Evidence,
    Fields,
    Item,
    Line,
    ManyCases,
    Match,
    NoCase,
    OneCase,
    Repair,
    SearchKeys,
)
from evidence_daemon.rulebook import Policy, RuleBook

NUMBER_OF_THE_PAPER = "numero_del_acta"
NUMBER_OF_THE_BODY = "numero_del_correo"
FOUND_BY_EQUIPMENT = "por_equipo_o_servicio"
FOUND_BY_THREAD = "por_el_hilo"
OTHER_LINE = "linea_del_caso"
"""Names of the guesses made here; having no policy in `rules/subject.toml`, they need confirmation."""

UNTOLD = frozenset({NUMBER_OF_THE_PAPER, NUMBER_OF_THE_BODY, FOUND_BY_EQUIPMENT})
"""Guesses by which a case was found that the subject does not name."""

_RESOLVED = frozenset({CaseState.ACREDITADO, CaseState.REGULARIZADO})


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────


def search_keys(evidence: Evidence) -> SearchKeys:
    """By what cases are looked up, all canonical, most trusted first and without repetition."""
    numbers = [clue.value for clue in _clues(evidence)]
    services = [_claimed_service(evidence)]
    services += [key for paper in evidence.papers for key in _services(paper)]
    labels = [
        key
        for paper in evidence.papers
        for line in paper.equipment
        for key in (
            canonical_serial(line.serial.value) if line.serial else "",
            canonical_mac(line.mac.value) if line.mac else "",
        )
    ]
    return SearchKeys(_once(numbers), _once(services), _once(labels), evidence.thread)


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(value for value in dict.fromkeys(values) if value)


def _claimed_service(evidence: Evidence) -> str:
    return service_key(getattr(evidence.subject, "service_number", ""))


@dataclass(frozen=True, slots=True)
class _Clue:
    """One identity number, where it came from, and the guess without which it would not be looked up."""

    value: str
    source: str
    because: str
    repair: Repair | None = None


def _clues(evidence: Evidence) -> list[_Clue]:
    clues: list[_Clue] = []
    number = evidence.subject.id_number
    typed = number.value if number else ""
    if number:
        clues.append(_Clue(number.value, "asunto", "por el número del asunto"))
        clues += [
            _Clue(form, "asunto", f"por el número del asunto, leído como {form} ({repair.name})", repair)
            for form, repair in number.alternatives
        ]
    on_paper = [paper.id_number.value for paper in evidence.papers if paper.id_number]
    for source, name, because, texts in (
        ("papeles", NUMBER_OF_THE_PAPER, "por el número que consta en el documento", on_paper),
        ("texto", NUMBER_OF_THE_BODY, "por el número que indica el texto del correo", evidence.email.labelled_ids),
    ):
        for text in texts:
            read = read_id(text)
            forms = (read.value, *(form for form, _ in read.alternatives)) if read else ()
            clues += [_Clue(form, source, because, Repair(name, typed, form)) for form in forms]
    return clues


# ── what papers show of a case ───────────────────────────────────────────────────────────────────


class Tie(StrEnum):
    """How the numbers on a paper stand to a case."""

    EQUAL = "EQUAL"
    CONTRADICTS = "CONTRADICTS"
    """It bears, legibly, the identity number of somebody else."""
    SILENT = "SILENT"


def returns(evidence: Evidence) -> tuple[Fields, ...]:
    """The papers that can be accepted at all: actas of ours by which a customer handed equipment over."""
    return tuple(
        paper
        for paper in evidence.papers
        if paper.kind is DocumentKind.ACTA and paper.direction is Direction.DEVOLUCION and paper.ours
    )


def shows_id(paper: Fields, case: Case) -> bool:
    """Whether the paper bears the holder's identity number."""
    return paper.id_number is not None and same_id(paper.id_number.value, case.id_number)


def shows_service(paper: Fields, case: Case) -> bool:
    """Whether the paper bears the case's service number."""
    key = service_key(case.service_number)
    return bool(key) and key in _services(paper)


def _services(paper: Fields) -> list[str]:
    """The service numbers of a paper in canonical form: one acta may be for several services."""
    numbers = [*((paper.service_number,) if paper.service_number else ()), *paper.more_services]
    return [service_key(number.value) for number in numbers]


def shows_item(line: EquipmentLine, item: Item) -> Likeness:
    """Whether a line of equipment is that item, by serial or MAC: the better of the two."""
    pairs = []
    if line.serial and item.serial:
        pairs.append(same_serial(line.serial.value, item.serial))
    if line.mac and item.mac and canonical_mac(item.mac):
        pairs.append(same_serial(line.mac.value, item.mac))
    for likeness in (Likeness.SAME, Likeness.DOUBT):
        if likeness in pairs:
            return likeness
    return Likeness.DIFFERENT


def shows_equipment(paper: Fields, case: Case) -> bool:
    """Whether the paper bears a serial or MAC of the case."""
    return any(shows_item(line, item) is Likeness.SAME for line in paper.equipment for item in case.items)


def tie(paper: Fields, case: Case, book: RuleBook) -> Tie:
    """The numbers of a paper against a case: holder's or service's equal, somebody else's, or neither.

    A number that differs contradicts only when it is proven or read confidently: else it may be misread.
    """
    if shows_id(paper, case):
        return Tie.EQUAL
    number = paper.id_number
    if number and (number.proven or number.confidence >= book.matching.number_confidence):
        return Tie.CONTRADICTS
    if number and number.rivals and not any(same_id(one, case.id_number) for one in number.rivals):
        return Tie.SILENT  # of several numbers none is his: whose paper it is, the service alone cannot tell
    return Tie.EQUAL if shows_service(paper, case) else Tie.SILENT


# ── the match ────────────────────────────────────────────────────────────────────────────────────


def match(evidence: Evidence, cases: Sequence[Case], book: RuleBook) -> Match:
    """Which of the cases found for `search_keys` is meant, with the why in Spanish.

    `cases` may hold every case that any key found, in any state and order; the outcome does not depend
    on the order.
    """
    cases = sorted(cases, key=lambda case: case.id)
    holder, repair, because = _holder(evidence, cases, book)
    if not holder:
        return NoCase((because,))
    if len({_owner(case, holder) for case in holder}) > 1:
        return ManyCases(holder, (because, "los números encontrados son de titulares distintos"))
    found = _choose(evidence, holder, because)
    strangers = tuple(case for case in cases if _touched(evidence, case) and not _same_holder(case, holder[0]))
    rivals = tuple(case for case in holder if case not in _cases(found))
    repaired = (*((repair,) if repair else ()), *found.repaired)
    return replace(found, repaired=repaired, rivals=rivals, strangers=strangers)


def as_if(found: Match, case: Case, evidence: Evidence) -> OneCase:
    """The match as if it had been this case: a person names it, and what was found are others' cases then."""
    known = () if isinstance(found, NoCase) else (*_cases(found), *found.rivals, *found.strangers)
    others = [other for other in known if other.id != case.id]
    return OneCase(
        case,
        ("lo nombró una persona",),
        rivals=tuple(other for other in others if _same_holder(other, case)),
        strangers=tuple(other for other in others if not _same_holder(other, case) and _touched(evidence, other)),
    )


def _cases(found: OneCase | ManyCases) -> tuple[Case, ...]:
    return (found.case,) if isinstance(found, OneCase) else found.cases


def _same_holder(a: Case, b: Case) -> bool:
    return a.id_number == b.id_number or same_id(a.id_number, b.id_number)


def _owner(case: Case, among: Sequence[Case]) -> str:
    return next(other.id_number for other in among if _same_holder(case, other))


def strays_from_thread(evidence: Evidence, cases: Sequence[Case], book: RuleBook) -> bool:
    """Whether a mail that replies to our answer about `evidence.thread` names somebody else than its holder.

    By the number of the subject, or by a legible one on an acta.  `cases` are those found, all of them.
    """
    threaded = [case for case in cases if case.id in evidence.thread]
    if not evidence.thread:
        return False
    number = evidence.subject.id_number
    forms = [number.value, *(form for form, _ in number.alternatives)] if number else []
    typed = bool(forms) and not any(same_id(form, case.id_number) for form in forms for case in threaded)
    shown = any(tie(acta, case, book) is Tie.CONTRADICTS for acta in returns(evidence) for case in threaded)
    return typed or shown


def _touched(evidence: Evidence, case: Case) -> bool:
    """Whether equipment or service of the case stands on the papers or in the subject."""
    claimed = _claimed_service(evidence)
    return (bool(claimed) and claimed == service_key(case.service_number)) or any(
        shows_service(paper, case) or shows_equipment(paper, case) for paper in evidence.papers
    )


def _holder(evidence: Evidence, cases: Sequence[Case], book: RuleBook) -> tuple[tuple[Case, ...], Repair | None, str]:
    """All cases of the holder who is meant, the guess that found him, and how he was found.

    Guesses that the book wants asked about are not made.
    """
    clues = [
        clue
        for clue in _clues(evidence)
        if clue.repair is None or book.subject.policy(clue.repair.name) is not Policy.ASK
    ]
    for source in ("asunto", "hilo", "papeles", "texto"):
        if source == "hilo" and (threaded := [case for case in cases if case.id in evidence.thread]):
            family = [case for case in cases if any(_same_holder(case, hit) for hit in threaded)]
            repair = Repair(FOUND_BY_THREAD, "", threaded[0].id_number)
            return tuple(family), repair, "por el hilo: responde a nuestra respuesta sobre este caso"
        hits: list[Case] = []
        used: _Clue | None = None
        for clue in (clue for clue in clues if clue.source == source):
            exact = [case for case in cases if case.id_number.strip().upper() == clue.value]
            # The forms of one number are tried in order, the first that finds somebody is it; of the
            # papers' numbers all count, so that two holders in one mail are noticed.
            if exact and (source != "asunto" or not hits):
                hits += [case for case in exact if case not in hits]
                used = used or clue
        if hits and used:
            family = [case for case in cases if any(_same_holder(case, hit) for hit in hits)]
            return tuple(family), used.repair, used.because
    touched = tuple(case for case in cases if _touched(evidence, case))
    if touched:
        repair = Repair(FOUND_BY_EQUIPMENT, "", touched[0].id_number)
        return touched, repair, "sólo por el número de servicio o la serie de un equipo"
    return (), None, "ningún número del asunto, de los documentos ni del texto corresponde a un caso"


def _choose(evidence: Evidence, holder: tuple[Case, ...], because: str) -> OneCase | ManyCases:
    """Among the cases of one holder: by service number, line, equipment, and what is still open."""
    wanted = evidence.subject.lines
    why = [because]
    pool = [case for case in holder if case.state is not CaseState.ANULADO] or list(holder)
    claimed = _claimed_service(evidence)
    if claimed and (named := [case for case in pool if service_key(case.service_number) == claimed]):
        pool = named
        why.append("por el número de servicio del asunto")
    several = Line.PAQUETE in wanted or (len(wanted) > 1 and not getattr(evidence.subject, "ambiguous_line", False))
    repaired: tuple[Repair, ...] = ()
    if wanted and Line.PAQUETE not in wanted:
        in_line = [case for case in pool if case.line in wanted]
        if in_line:
            pool = in_line
            why.append("por la línea de negocio del asunto")
        else:
            written = ", ".join(sorted(wanted))
            kept = ", ".join(sorted({case.line for case in pool}))
            repaired = (Repair(OTHER_LINE, written, kept),)
            why.append(f"el titular no tiene un caso de {written}")
            several = False
    chosen = _several(evidence, pool, why) if several else _narrowed(evidence, pool, why)
    if len(chosen) == 1:
        return OneCase(chosen[0], tuple(why), repaired)
    all_meant = several and len({case.line for case in chosen}) == len(chosen)
    why.append("todos los servicios nombrados" if all_meant else "varios casos corresponden y nada los distingue")
    return ManyCases(tuple(chosen), tuple(why), all_meant=all_meant, repaired=repaired)


def _several(evidence: Evidence, pool: list[Case], why: list[str]) -> list[Case]:
    """One case for each line; lines that are settled already are left out unless all are."""
    by_line: dict[Line, list[Case]] = {}
    for case in pool:
        by_line.setdefault(case.line, []).append(case)
    chosen = [case for line in sorted(by_line) for case in _narrowed(evidence, by_line[line], why)]
    return [case for case in chosen if case.state not in _RESOLVED] or chosen


def _narrowed(evidence: Evidence, pool: list[Case], why: list[str]) -> list[Case]:
    """What the papers show first (also of a settled case: he may be asking again), then what is open."""
    steps: tuple[tuple[str, Callable[[Case], bool]], ...] = (
        ("por el servicio o los equipos que muestra el documento", lambda case: _touched(evidence, case)),
        ("por el hilo de nuestra respuesta", lambda case: case.id in evidence.thread),
        ("por ser el único pendiente", lambda case: case.state not in _RESOLVED),
    )
    for words, fits in steps:
        left = [case for case in pool if fits(case)]
        if left and len(left) < len(pool):
            pool = left
            why.append(words)
    return pool
