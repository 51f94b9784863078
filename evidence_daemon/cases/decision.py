"""What becomes of a mail: facts about it, the rules of the book on those facts, one verdict with all its grounds.

This file says what is true (one predicate for each `Fact`, one finding for each item of equipment); the
book says what follows.  Neither alone can reverse a value: a rule that may is refused by the rule book
unless it asks for all that is `INDISPENSABLE`, and those facts are computed here to be false in any doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import assert_never

from evidence_daemon.canonical import service_key
from evidence_daemon.cases import ledger, signals
from evidence_daemon.cases.equipment import Likeness, same_serial
from evidence_daemon.cases.matching import (
    UNTOLD,
    Tie,
    returns,
    shows_equipment,
    shows_id,
    shows_item,
    shows_service,
    strays_from_thread,
    tie,
)
from evidence_daemon.cases.names import NameMatch, compare
from evidence_daemon.cases.register import Voice, hear
from evidence_daemon.cases.signals import acta_date, cases_of
from evidence_daemon.model import (
    WITHOUT_SERIAL,
    AskMore,
    AutomaticKind,
    Case,
    CaseState,
    Charge,
    ChargeState,
    Claim,
    Decision,
    Direction,
    Discard,
    Document,
    DocumentKind,
    EquipmentLine,
    EquipmentType,
    Escalate,
    Evidence,
    Field,
    Fields,
    Finding,
    Grounds,
    Hold,
    IdCheck,
    IdKind,
    Item,
    ItemFinding,
    ItemId,
    ItemOutcome,
    ItemState,
    Line,
    ManyCases,
    Match,
    NoCase,
    OneCase,
    Partial,
    ReasonCode,
    Reject,
    Reverse,
    Signal,
    Signature,
    Silent,
    Statement,
    SubjectFault,
    Unreadable,
    Verdict,
)
from evidence_daemon.rulebook import Fact, ReasonSource, Rule, RuleBook


def decide(evidence: Evidence, found: Match, book: RuleBook, today: date) -> Decision:
    """Judge one mail.

    `found` is what `matching.match` made of it, `today` the date in Ecuador.  The first rule that applies
    decides; the verdicts of all others are kept in the grounds, and their reasons are added where the
    verdict is the same.  Never raises for anything that a mail may contain.
    """
    scene = _scene(evidence, found, book, today)
    facts = _facts(scene)
    rules = book.decision.spoken(facts)
    decider = rules[0]
    default, speaking = book.decision.rule[-1], {rule.name for rule in rules}
    findings = tuple(
        Finding(rule.name, rule.verdict, _reasons(rule, evidence), rule.staff, decided=rule is decider)
        for rule in rules
        if rule is decider or rule is not default
    )
    grounds = Grounds(
        findings=findings,
        reasons=tuple(
            dict.fromkeys(
                reason for finding in findings if finding.verdict is decider.verdict for reason in finding.reasons
            )
        ),
        items=scene.items,
        signals=scene.signals,
        silent=tuple(_silent(rule, facts) for rule in book.decision.rule if rule.name not in speaking),
        case_shown=Fact.MUESTRA_EL_CASO in facts,
    )
    return _VERDICTS[decider.verdict](_meant(scene, shown=grounds.case_shown), grounds)


def _silent(rule: Rule, facts: frozenset[Fact]) -> Silent:
    return Silent(rule.name, tuple(sorted(rule.when - facts)), tuple(sorted(rule.unless & facts)))


def _meant(scene: _Scene, *, shown: bool) -> tuple[Case, ...]:
    """The cases that the decision touches.

    None of several candidates until somebody says which, and none by a number alone that has somebody
    else's name beside it: one wrong digit finds a stranger's case.
    """
    named = scene.name in {NameMatch.COINCIDE, NameMatch.PARCIAL}
    return scene.cases if not _ambiguous(scene) and (named or shown) else ()


_VERDICTS: Mapping[Verdict, Callable[[tuple[Case, ...], Grounds], Decision]] = {
    Verdict.REVERSE: Reverse,
    Verdict.PARTIAL: Partial,
    Verdict.ASK: AskMore,
    Verdict.REJECT: Reject,
    Verdict.HOLD: Hold,
    Verdict.ESCALATE: Escalate,
    Verdict.DISCARD: Discard,
}


def _reasons(rule: Rule, evidence: Evidence) -> tuple[ReasonCode, ...]:
    match rule.reasons_from:
        case None:
            return rule.reasons
        case ReasonSource.ASUNTO:
            fault = evidence.subject
            return (*rule.reasons, fault.code) if isinstance(fault, SubjectFault) else rule.reasons
        case ReasonSource.LECTURAS:
            unread = [reading.reason for reading in evidence.readings if isinstance(reading, Unreadable)]
            return tuple(dict.fromkeys((*rule.reasons, *unread)))
        case ReasonSource.CEDULA:
            number = evidence.subject.id_number
            incomplete = number is not None and number.kind is IdKind.CEDULA and len(number.value) != 10
            told = ReasonCode.CEDULA_INCOMPLETA if incomplete else ReasonCode.CEDULA_INVALIDA
            return (*rule.reasons, told)
        case other:
            assert_never(other)


# ── the scene: all that the predicates look at ───────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Scene:
    evidence: Evidence
    found: Match
    book: RuleBook
    today: date
    cases: tuple[Case, ...]
    """The case or cases found; of an ambiguous match all candidates."""
    actas: tuple[Fields, ...]
    """Actas of return of ours: the only papers that can be accepted."""
    name: NameMatch | None
    """The name given against the holder's; None without a name or a case."""
    items: tuple[ItemFinding, ...]
    signals: tuple[Signal, ...]
    charges: tuple[Charge, ...]
    """The charges that accrediting the equipment shown would touch."""
    voices: tuple[Voice, ...]
    """What the return register says of each acta."""


def _scene(evidence: Evidence, found: Match, book: RuleBook, today: date) -> _Scene:
    cases = cases_of(found)
    actas = returns(evidence)
    rivals = found.rivals if not isinstance(found, NoCase) else ()
    items = judge_items(cases, rivals, actas, book)
    credited = {finding.item_id for finding in items if finding.outcome is ItemOutcome.ACREDITAR}
    charges = tuple(charge for case in cases for charge in ledger.charges_of(case, credited))
    voices = tuple(hear(acta, evidence.register).voice for acta in actas)
    return _Scene(
        evidence=evidence,
        found=found,
        book=book,
        today=today,
        cases=cases,
        actas=actas,
        name=_name(evidence, cases, actas, book),
        items=items,
        signals=signals.raised(evidence, found, book, at_stake=amount(charges)),
        charges=charges,
        voices=voices,
    )


_WORST_NAME = (NameMatch.NO_COINCIDE, NameMatch.DUDA, NameMatch.PARCIAL, NameMatch.COINCIDE)


def _name(evidence: Evidence, cases: Sequence[Case], actas: Sequence[Fields], book: RuleBook) -> NameMatch | None:
    """The name typed; where the subject could not be read and gave none, the one on the acta."""
    name = evidence.subject.name
    if not name and isinstance(evidence.subject, SubjectFault):
        on_paper = [
            acta.holder.value for acta in actas if acta.holder and all(tie(acta, c, book) is Tie.EQUAL for c in cases)
        ]
        name = on_paper[0] if on_paper else ""
    if not name or not cases:
        return None
    return min((compare(name, case.holder) for case in cases), key=_WORST_NAME.index)


# ── equipment ────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Row:
    """A line of an acta while it is given out: each piece of equipment on paper accounts for one item."""

    acta: Fields
    line: EquipmentLine
    left: int
    countable: bool
    """False where the acta may be a second copy of another: then it proves no further piece."""
    spent: bool = False
    """Some of it accounts for an item that was accredited before."""
    scarce: bool = False
    """An accessory of which the acta counts fewer than its services lack: nobody can tell whose these are."""
    shared: bool = False
    """The acta bears the number of one of the holder's services: with a serial of another it is for both."""


def judge_items(
    cases: Sequence[Case], rivals: Sequence[Case], actas: Sequence[Fields], book: RuleBook
) -> tuple[ItemFinding, ...]:
    """One finding for each item of the cases, from those actas that bear the case's number.

    A piece with a serial is accredited by an equal serial or MAC, an accessory by its count.  Whatever is
    like it but not equal is a doubt.  Items accredited before use up their line first, so that the same
    acta sent again accredits no second remote control.
    """
    rows = _rows(actas)
    for row in rows:
        row.scarce = _is_scarce(row, cases, rivals, book)
        row.shared = any(shows_service(row.acta, case) for case in (*cases, *rivals))
    findings: dict[ItemId, ItemFinding] = {}

    def judge(how: Callable[[Item, Case, Sequence[_Row], RuleBook], _Judged | None]) -> None:
        for case in cases:
            mine = [row for row in rows if tie(row.acta, case, book) is Tie.EQUAL]
            for item in case.items:
                if item.id not in findings and (judged := how(item, case, mine, book)):
                    outcome, because, shown = judged
                    findings[item.id] = ItemFinding(case.id, item.id, outcome, because, shown)

    for case in rivals:
        for item in case.items:
            _use_up(item, rows)
    # Each pass over all items before the next: of two decoders with neighbouring serials the equal one
    # takes its line before the other can be in doubt about it.
    for how in (_by_history, _by_label, _by_likeness, _by_count):
        judge(how)
    return tuple(findings[item.id] for case in cases for item in case.items)


_Judged = tuple[ItemOutcome, str, Field | None]


def _rows(actas: Sequence[Fields]) -> list[_Row]:
    rows: list[_Row] = []
    numbers: list[str] = []
    for acta in actas:
        number = acta.number.value if acta.number else ""
        countable = not numbers or (bool(number) and "" not in numbers and number not in numbers)
        numbers.append(number)
        rows += [_Row(acta, line, max(line.count, 1), countable) for line in acta.equipment]
    return rows


def _is_scarce(row: _Row, cases: Sequence[Case], rivals: Sequence[Case], book: RuleBook) -> bool:
    meant = [case for case in cases if tie(row.acta, case, book) is Tie.EQUAL]
    covered = [case for case in rivals if shows_service(row.acta, case) or shows_equipment(row.acta, case)]
    lacking = [
        sum(_counted(item) and item.type is row.line.type and item.state is ItemState.PENDIENTE for item in case.items)
        for case in (*meant, *covered)
    ]
    counted = sum(max(line.count, 1) for line in row.acta.equipment if line.type is row.line.type)
    return sum(lack > 0 for lack in lacking) > 1 and sum(lacking) > counted


def _settled(item: Item, case: Case) -> bool:
    """Nothing is left to accredit: not pending, nor paid with the refund still to be asked for."""
    if item.state is ItemState.PAGADO:
        return not any(
            charge.state is ChargeState.PAGADO and charge.item_id in {item.id, None} for charge in case.charges
        )
    return item.state is not ItemState.PENDIENTE


def _counted(item: Item) -> bool:
    return item.type in WITHOUT_SERIAL and not item.serial and not item.mac


def _use_up(item: Item, rows: Sequence[_Row]) -> None:
    """Take out of the rows what accounts for an item that is none of this decision's business."""
    for row in rows:
        if shows_item(row.line, item) is Likeness.SAME:
            row.left, row.spent = 0, True
    if _counted(item) and item.state is ItemState.ACREDITADO_ACTA:
        counted = next((row for row in rows if row.line.type is item.type and row.left), None)
        if counted is not None:
            counted.left, counted.spent = counted.left - 1, True


def _by_history(item: Item, case: Case, rows: Sequence[_Row], book: RuleBook) -> _Judged | None:
    del book
    if not _settled(item, case):
        return None
    _use_up(item, rows)
    return ItemOutcome.YA_ACREDITADO, f"ya consta como {item.state}", None


def _by_label(item: Item, case: Case, rows: Sequence[_Row], book: RuleBook) -> _Judged | None:
    """Equal serial or MAC."""
    del case
    same = [row for row in rows if shows_item(row.line, item) is Likeness.SAME]
    if not same:
        return None
    free = [row for row in same if row.left]
    line = (free or same)[0].line
    for row in same:
        row.left = 0
    by_serial = same_serial(line.serial.value, item.serial) if line.serial and item.serial else None
    shown = line.serial if by_serial is Likeness.SAME else line.mac
    if not free or shown is None:
        return ItemOutcome.DUDA, "esa serie ya se contó para otro equipo", shown
    if by_serial is Likeness.DIFFERENT:
        return ItemOutcome.DUDA, "coincide la MAC, pero la serie es otra", shown
    if not shown.proven and shown.confidence < book.matching.serial_confidence:
        return ItemOutcome.DUDA, f"coincide, pero se leyó con poca seguridad ({shown.confidence:.2f})", shown
    return ItemOutcome.ACREDITAR, "coincide con la serie o MAC registrada", shown


def _by_likeness(item: Item, case: Case, rows: Sequence[_Row], book: RuleBook) -> _Judged | None:
    """A serial or MAC that may be the same read badly."""
    del case, book
    for row in rows:
        if row.left and shows_item(row.line, item) is Likeness.DOUBT:
            shown = row.line.serial or row.line.mac
            return ItemOutcome.DUDA, "se parece a la serie o MAC registrada, pero no es igual", shown
    return None


def _by_count(item: Item, case: Case, rows: Sequence[_Row], book: RuleBook) -> _Judged:
    """An accessory by its count; equipment whose serial was not found by what else the acta shows."""
    like = [row for row in rows if row.left and row.line.type in {item.type, EquipmentType.OTRO}]
    if not _counted(item):
        if not like:
            return ItemOutcome.NO_CONSTA, "el acta no lo muestra", None
        shown = like[0].line.serial or like[0].line.mac
        words = "otra serie" if shown else "sin serie legible"
        return ItemOutcome.DUDA, f"el acta muestra un equipo que puede ser éste, con {words}", shown
    exact = [row for row in like if row.line.type is item.type]
    mine = [row for row in exact if not _other_service(row.acta, case, book) or _for_both(row, case)]
    row = next((row for row in mine if row.countable), None)
    if row is not None and row.scarce:
        return (
            ItemOutcome.DUDA,
            "el acta cuenta menos de los que les faltan a sus servicios: no se sabe de cuál es",
            None,
        )
    if row is not None:
        row.left -= 1
        return ItemOutcome.ACREDITAR, "el acta lo cuenta", None
    if exact:
        return ItemOutcome.DUDA, "consta, pero puede ser de otro servicio o de una segunda copia del acta", None
    if any(row.spent and row.line.type is item.type for row in rows):
        return ItemOutcome.DUDA, "consta uno, que puede ser el que ya se acreditó", None
    return ItemOutcome.NO_CONSTA, "el acta no lo muestra", None


def _for_both(row: _Row, case: Case) -> bool:
    return row.shared and shows_equipment(row.acta, case)


def _other_service(acta: Fields, case: Case, book: RuleBook) -> bool:
    """Whether the acta bears, legibly, another service number: accessories have nothing else to tell by."""
    number = acta.service_number
    if number is None or not service_key(case.service_number) or shows_service(acta, case):
        return False
    return number.proven or number.confidence >= book.matching.number_confidence or bool(number.rivals)


# ── facts ────────────────────────────────────────────────────────────────────────────────────────


def facts_of(evidence: Evidence, found: Match, book: RuleBook, today: date) -> frozenset[Fact]:
    """All facts that hold for a mail: what the rules of the book are asked with."""
    return _facts(_scene(evidence, found, book, today))


def _facts(scene: _Scene) -> frozenset[Fact]:
    return frozenset(fact for fact, holds in FACTS.items() if holds(scene))


def _automatic(kind: AutomaticKind) -> Callable[[_Scene], bool]:
    return lambda s: s.evidence.email.automatic is not None and s.evidence.email.automatic.kind is kind


def _says(statement: Statement) -> Callable[[_Scene], bool]:
    return lambda s: statement in s.evidence.email.statements


def _repeated(s: _Scene) -> bool:
    """All files that count (the actas', or every attachment where there is none) stand for the case already."""
    if not isinstance(s.found, OneCase):
        return False
    actas = [paper for paper in s.evidence.papers if paper.kind is DocumentKind.ACTA]
    files = {digest for paper in actas for digest in paper.documents}
    files = files or {attachment.sha256 for attachment in s.evidence.email.attachments}
    stand = {use.value for use in s.evidence.uses if use.what == "adjunto" and use.case_id == s.found.case.id}
    return bool(files) and files <= stand


def _unread(s: _Scene) -> list[Unreadable]:
    return [reading for reading in s.evidence.readings if isinstance(reading, Unreadable)]


def _internal_fault(s: _Scene) -> bool:
    lost = bool(s.evidence.email.attachments) and not s.evidence.readings
    return lost or any(reading.reason is ReasonCode.ERROR_INTERNO for reading in _unread(s))


def _pages_left(s: _Scene) -> bool:
    """What was asked for may stand on a page that was not read."""
    return any(isinstance(r, Document) and r.total_pages > len(r.pages) > 0 for r in s.evidence.readings)


def _signed(s: _Scene, acta: Fields) -> bool:
    """By hand where the customer signs and by the company that received, or digitally, all of it, by the company.

    Somebody's signature for the company or its stamp must be seen: without it a paper is the customer's own word.
    """
    proven = {r.sha256 for r in s.evidence.readings if isinstance(r, Document) and any(d.proof for d in r.signatures)}
    if acta.documents and proven.issuperset(acta.documents):
        return True
    return acta.signature is Signature.HALLADA and Signature.HALLADA in {acta.received, acta.stamp}


def _blank(s: _Scene) -> bool:
    read = any(isinstance(reading, Document) for reading in s.evidence.readings)
    return read and all(paper.kind is DocumentKind.VACIO for paper in s.evidence.papers)


def _kinds(s: _Scene, *, ours: bool, direction: Direction | None = None) -> bool:
    """Whether there is an acta of this sort, and none of return of ours beside it."""
    return not s.actas and any(
        paper.kind is DocumentKind.ACTA and paper.ours is ours and direction in {None, paper.direction}
        for paper in s.evidence.papers
    )


def _other_paper(s: _Scene) -> bool:
    kinds = {paper.kind for paper in s.evidence.papers} - {DocumentKind.VACIO}
    return bool(kinds) and DocumentKind.ACTA not in kinds


def _doubtful_number(s: _Scene) -> bool:
    number = s.evidence.subject.id_number
    return isinstance(s.evidence.subject, Claim) and number is not None and number.check is not IdCheck.OK


def _complete(s: _Scene) -> bool:
    return any(acta.date and acta.equipment and (acta.id_number or acta.service_number) for acta in s.actas)


def _ambiguous(s: _Scene) -> bool:
    return isinstance(s.found, ManyCases) and not s.found.all_meant


def _identified(s: _Scene) -> bool:
    """One case, or several that are all meant, found without a guess, or with guesses that are confirmed.

    Confirmed: exactly one case, its holder's name, and the acta shows the number or a serial of the case;
    number and serial both where neither the subject nor the thread of our answer names it.
    """
    if not s.cases or _ambiguous(s) or isinstance(s.found, NoCase) or _strays(s):
        return False
    subject = s.evidence.subject
    guesses = list(s.found.repaired)
    if isinstance(subject, Claim):
        guesses += [*subject.repairs, *subject.id_number.repairs]
    untold = isinstance(subject, SubjectFault) or any(guess.name in UNTOLD for guess in s.found.repaired)
    if not untold and not s.book.subject.needs_confirmation(guesses):
        return True
    if not isinstance(s.found, OneCase) or s.name is not NameMatch.COINCIDE:
        return False
    case = s.found.case
    untold = untold and case.id not in s.evidence.thread
    number = any(shows_id(acta, case) for acta in s.actas)
    serial = any(shows_equipment(acta, case) for acta in s.actas)
    return (number and serial) if untold else (number or serial)


def _shown(s: _Scene) -> bool:
    return any(
        shows_id(paper, case) or shows_service(paper, case) or shows_equipment(paper, case)
        for paper in s.evidence.papers
        for case in s.cases
    )


def _strays(s: _Scene) -> bool:
    """It replies to our answer about one customer and names another."""
    rivals = s.found.rivals if not isinstance(s.found, NoCase) else ()
    return strays_from_thread(s.evidence, (*s.cases, *rivals), s.book)


def _open(s: _Scene, case: Case) -> bool:
    """A case that may take an acceptance: open, as last listed, and no other department's business."""
    closed = {CaseState.ACREDITADO, CaseState.REGULARIZADO, CaseState.ESCALADO, CaseState.ANULADO}
    elsewhere = case.unlisted or _claimed(case) or _collected(case)
    return case.state not in closed and not elsewhere and not _done(s, case)


def _done(s: _Scene, case: Case) -> bool:
    outcomes = [finding.outcome for finding in s.items if finding.case_id == case.id]
    return case.state in {CaseState.ACREDITADO, CaseState.REGULARIZADO} or (
        bool(outcomes) and all(outcome is ItemOutcome.YA_ACREDITADO for outcome in outcomes)
    )


def _claimed(case: Case) -> bool:
    return case.claim_open or any(charge.state is ChargeState.EN_RECLAMO for charge in case.charges)


def _collected(case: Case) -> bool:
    return case.in_collection or any(charge.state is ChargeState.EN_COBRO for charge in case.charges)


def _any_case(holds: Callable[[Case], bool]) -> Callable[[_Scene], bool]:
    return lambda s: any(holds(case) for case in s.cases)


_ANOTHERS = frozenset({ChargeState.EN_COBRO, ChargeState.REVERSO_FALLIDO, ChargeState.MANUAL})


def _clear_accounts(s: _Scene) -> bool:
    """Every charge concerned adds up, none was paid in part, none is in another's hands."""
    return all(
        ledger.balanced(charge) and charge.state not in _ANOTHERS and not _paid_in_part(charge) for charge in s.charges
    )


def _paid_in_part(charge: Charge) -> bool:
    return charge.paid > 0 and charge.state is not ChargeState.PAGADO and ledger.reversible(charge)


def amount(charges: Sequence[Charge]) -> int:
    """Cents that would be blocked or reversed without a person; what was paid is a person's anyway."""
    return sum(
        charge.total - charge.reversed
        for charge in charges
        if ledger.reversible(charge) and charge.state is not ChargeState.PAGADO
    )


def _over_limit(s: _Scene) -> bool:
    """Whether what is at stake, with what the cases were accredited already, is a person's: no limit in parts."""
    at_stake = amount(s.charges)
    return at_stake > 0 and at_stake + sum(charge.reversed for case in s.cases for charge in case.charges) > _limit(s)


def _confirmed(s: _Scene) -> bool:
    return bool(s.voices) and all(voice is Voice.CONFIRMA for voice in s.voices)


def _limit(s: _Scene) -> int:
    policy = s.book.decision.policy
    limits = (policy.automatic_limit_cents, policy.confirmed_limit_cents)
    return max(limits) if _confirmed(s) else policy.automatic_limit_cents


def _sampled(s: _Scene) -> bool:
    """Whether a person sees it all the same, by the house's lot."""
    return s.evidence.lot < s.book.decision.policy.sampled_share


def _ties(s: _Scene) -> list[Tie]:
    return [tie(acta, case, s.book) for acta in s.actas for case in s.cases]


def _number_equal(s: _Scene) -> bool:
    """Every case has an acta with its holder's or service's number, and no acta is somebody else's."""
    return (
        bool(s.cases)
        and Tie.CONTRADICTS not in _ties(s)
        and all(any(tie(acta, case, s.book) is Tie.EQUAL for acta in s.actas) for case in s.cases)
    )


def _other_service_shown(s: _Scene) -> bool:
    if isinstance(s.found, NoCase) or not s.found.rivals:
        return False

    def touched(cases: Sequence[Case]) -> bool:
        return any(shows_service(acta, case) or shows_equipment(acta, case) for acta in s.actas for case in cases)

    return touched(s.found.rivals) and not touched(s.cases)


def _name_suffices(s: _Scene) -> bool:
    """COINCIDE; or few words but none that is not his, and the acta bears his number."""
    if s.name is NameMatch.COINCIDE:
        return True
    return s.name is NameMatch.PARCIAL and all(any(shows_id(acta, case) for acta in s.actas) for case in s.cases)


def _dated(s: _Scene) -> list[tuple[date | None, Case]]:
    return [
        (acta_date(acta.date.value if acta.date else ""), case)
        for acta in s.actas
        for case in s.cases
        if tie(acta, case, s.book) is Tie.EQUAL
    ]


def _impossible(day: date | None, case: Case, today: date) -> bool:
    """In the future, or before the service was activated.  Late is never a reason."""
    return day is not None and (day > today or (case.activated_on is not None and day < case.activated_on))


def _plausible_dates(s: _Scene) -> bool:
    dated = _dated(s)
    return bool(dated) and all(day is not None and not _impossible(day, case, s.today) for day, case in dated)


_REQUIRED: Mapping[str, Callable[[Fields], Field | None]] = {
    "numero": lambda acta: acta.number,
    "oficina": lambda acta: acta.office,
    "titular": lambda acta: acta.holder,
    "cedula": lambda acta: acta.id_number,
    "servicio": lambda acta: acta.service_number,
    "agente": lambda acta: acta.agent,
}


def _requirements_met(s: _Scene) -> bool:
    required = s.book.decision.policy.required_fields
    return bool(s.actas) and all(_REQUIRED[name](acta) is not None for acta in s.actas for name in required)


def _outcomes(s: _Scene) -> set[ItemOutcome]:
    return {finding.outcome for finding in s.items} - {ItemOutcome.YA_ACREDITADO}


FACTS: Mapping[Fact, Callable[[_Scene], bool]] = {
    Fact.CORREO_PROPIO: _automatic(AutomaticKind.PROPIO),
    Fact.REBOTE: _automatic(AutomaticKind.REBOTE),
    Fact.RESPUESTA_AUTOMATICA: _automatic(AutomaticKind.RESPUESTA_AUTOMATICA),
    Fact.GENERADO: _automatic(AutomaticKind.GENERADO),
    Fact.DEMASIADO_GRANDE: lambda s: s.evidence.oversized,
    Fact.SIN_ADJUNTO: lambda s: not s.evidence.email.attachments and not s.evidence.oversized,
    Fact.CON_ADJUNTO: lambda s: bool(s.evidence.email.attachments),
    Fact.DICE_NO_TENER_ACTA: _says(Statement.NO_TENGO_ACTA),
    Fact.DICE_NO_RECONOCER_SERVICIO: _says(Statement.NO_RECONOCE_SERVICIO),
    Fact.PIDE_UNA_PERSONA: _says(Statement.PIDE_PERSONA),
    Fact.TRAE_ENLACE: _says(Statement.ENLACE),
    Fact.REPETIDO: _repeated,
    Fact.GEMELO: lambda s: bool(s.evidence.twin_of),
    Fact.SE_APARTA_DEL_HILO: _strays,
    Fact.FALLO_INTERNO: _internal_fault,
    Fact.ADJUNTO_CON_VIRUS: lambda s: any(reading.malware for reading in _unread(s)),
    Fact.PAGINAS_SIN_LEER: _pages_left,
    Fact.ALGO_NO_SE_ABRE: lambda s: any(r.reason is not ReasonCode.ERROR_INTERNO for r in _unread(s)),
    Fact.PAPEL_EN_BLANCO: _blank,
    Fact.ACTA_DE_DEVOLUCION: lambda s: bool(s.actas),
    # Nobody refuses for it: an empty place and an unclear one (poor picture, unknown form) are both a person's.
    Fact.FIRMA_HALLADA: lambda s: all(_signed(s, acta) for acta in s.actas),
    Fact.ACTA_DE_INSTALACION: lambda s: _kinds(s, ours=True, direction=Direction.INSTALACION),
    Fact.ACTA_SIN_SENTIDO_CLARO: lambda s: (
        _kinds(s, ours=True, direction=Direction.DESCONOCIDA)
        and not _kinds(s, ours=True, direction=Direction.INSTALACION)
    ),
    Fact.ACTA_DE_OTRA_EMPRESA: lambda s: _kinds(s, ours=False) and not _kinds(s, ours=True),
    Fact.OTRO_PAPEL: _other_paper,
    Fact.ACTA_COMPLETA: _complete,
    Fact.ASUNTO_CON_FALTA: lambda s: isinstance(s.evidence.subject, SubjectFault),
    Fact.ASUNTO_DEL_EJEMPLO: lambda s: (
        isinstance(s.evidence.subject, SubjectFault) and s.evidence.subject.code is ReasonCode.ASUNTO_EJEMPLO_COPIADO
    ),
    Fact.CEDULA_DUDOSA: _doubtful_number,
    Fact.SERVICIO_MOVIL: lambda s: s.evidence.subject.lines == {Line.MOVIL},
    Fact.SERVICIO_CORPORATIVO: lambda s: (
        Line.DATOS_CORPORATIVOS in {*s.evidence.subject.lines, *(case.line for case in s.cases)}
    ),
    Fact.SIN_CASO: lambda s: not s.cases,
    Fact.CASO_AMBIGUO: _ambiguous,
    Fact.CASO_HALLADO: lambda s: bool(s.cases),
    Fact.CASO_IDENTIFICADO: _identified,
    Fact.MUESTRA_EL_CASO: _shown,
    Fact.MUESTRA_UN_EQUIPO: lambda s: any(shows_equipment(p, case) for p in s.evidence.papers for case in s.cases),
    Fact.CASO_ADMITE: lambda s: (
        any(_open(s, case) for case in s.cases) and all(_open(s, case) or _done(s, case) for case in s.cases)
    ),
    Fact.CASO_RESUELTO: lambda s: bool(s.cases) and all(_done(s, case) for case in s.cases),
    Fact.CASO_EN_REVISION: lambda s: any(
        case.state is CaseState.EN_REVISION and case.id not in s.evidence.held_alone for case in s.cases
    ),
    Fact.CASO_FUERA_DE_LISTA: _any_case(lambda case: case.unlisted),
    Fact.CASO_EN_RECLAMO: _any_case(_claimed),
    Fact.CASO_EN_COBRO: _any_case(_collected),
    Fact.CASO_ESCALADO: _any_case(lambda case: case.state is CaseState.ESCALADO),
    Fact.VALOR_PAGADO: lambda s: any(charge.state is ChargeState.PAGADO for charge in s.charges),
    Fact.CUENTAS_CLARAS: _clear_accounts,
    Fact.SOBRE_LIMITE: _over_limit,
    Fact.NUMERO_IGUAL: _number_equal,
    Fact.OTRO_TITULAR: lambda s: Tie.CONTRADICTS in _ties(s),
    Fact.OTRO_SERVICIO: _other_service_shown,
    Fact.NOMBRE_SUFICIENTE: _name_suffices,
    Fact.FECHA_PLAUSIBLE: _plausible_dates,
    Fact.FECHA_IMPOSIBLE: lambda s: any(_impossible(day, case, s.today) for day, case in _dated(s)),
    Fact.REQUISITOS_COMPLETOS: _requirements_met,
    Fact.TODOS_LOS_EQUIPOS: lambda s: _outcomes(s) == {ItemOutcome.ACREDITAR},
    Fact.ALGUNOS_EQUIPOS: lambda s: _outcomes(s) == {ItemOutcome.ACREDITAR, ItemOutcome.NO_CONSTA},
    Fact.EQUIPO_EN_DUDA: lambda s: ItemOutcome.DUDA in _outcomes(s),
    Fact.NINGUN_EQUIPO: lambda s: not _outcomes(s) & {ItemOutcome.ACREDITAR, ItemOutcome.DUDA},
    Fact.REGISTRO_EXIGIDO: lambda s: s.book.decision.policy.register_required,
    Fact.REGISTRO_CONFIRMA: _confirmed,
    Fact.REGISTRO_CONTRADICE: lambda s: Voice.CONTRADICE in s.voices,
    Fact.SIN_SENALES: lambda s: not signals.stops(s.signals),
    Fact.YA_USADA: lambda s: bool(signals.uses_elsewhere(s.evidence, s.found)),
    Fact.DE_MUESTRA: _sampled,
}
"""What each word of the rules means."""
