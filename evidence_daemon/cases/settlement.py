"""What a decision changes, as data: states step by step, ledger entries, the answer, the queue.

The same road for the daemon's decisions and a person's.  Every step is checked against the tables of
`ledger`, so a settlement that exists is legal; it is applied in one transaction or not at all.

What is never done here, whatever was decided: an answer to automatic mail (a loop), an answer that would
tell a sender without proof that a number has a case, a refund (a person's), a reversal of what another
department collects.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta, timezone
from typing import assert_never

from evidence_daemon.cases import ledger, signals
from evidence_daemon.cases.decision import amount
from evidence_daemon.errors import RefusedTransition
from evidence_daemon.model import (
    DAEMON,
    AskMore,
    Case,
    CaseChange,
    CaseState,
    Charge,
    ChargeChange,
    ChargeState,
    Decision,
    Discard,
    EntryKind,
    EquipmentType,
    Escalate,
    Evidence,
    EvidenceState,
    Finding,
    FolderRole,
    Grounds,
    Hold,
    Item,
    ItemChange,
    ItemId,
    ItemOutcome,
    ItemState,
    Lane,
    Line,
    Operation,
    Partial,
    ReasonCode,
    Reject,
    Reply,
    ReplyKind,
    Reverse,
    ReviewItem,
    Settlement,
    SubjectFault,
    SubjectField,
    Verdict,
)
from evidence_daemon.rulebook import RuleBook

ECUADOR = timezone(timedelta(hours=-5))
"""The mainland's time, without summer time: the legal clock counts its days."""


def settle(decision: Decision, evidence: Evidence, book: RuleBook, today: date) -> Settlement:
    """Everything that a decision changes.

    `today` is the date in Ecuador.  Raises `RefusedTransition` when a state table forbids a step: a
    person decided on what somebody settled before, or the case list holds amounts that do not add up.
    """
    by_person = decision.grounds.actor != DAEMON
    accredited = _accredited(decision)
    charges = [charge for case in decision.cases for charge in _charges(decision, case, accredited, by_person)]
    moving = [charge for charge in charges if ledger.reversible(charge)]
    because = _because(decision, evidence)
    unanswered = _unanswered_because(decision, evidence, book, by_person=by_person)
    # What the customer was to mend and nobody tells him, a person must see.  A machine needs no information,
    # and who sent a second copy of a mail gets the answer to the first.
    uninformed = isinstance(decision, AskMore) if evidence.email.automatic or evidence.twin_of else None
    silent_ask = bool(unanswered) and (_is_refusal(decision) if uninformed is None else uninformed)
    rule = next((finding.rule for finding in decision.grounds.findings if finding.decided), decision.grounds.actor)
    respond_by = _respond_by(decision, evidence, book)
    return Settlement(
        decision=decision,
        evidence_state=EvidenceState.EN_REVISION if silent_ask else _evidence_state(decision),
        folder=FolderRole.REVISION if silent_ask else _folder(decision),
        cases=tuple(
            change
            for case in decision.cases
            for change in _case_changes(decision, case, accredited, charges, because, told=not unanswered)
        ),
        items=tuple(
            _item_change(item, because)
            for case in decision.cases
            for item in case.items
            if item.id in accredited and item.state is ItemState.PENDIENTE
        ),
        charges=tuple(ledger.accredit(charge, because) for charge in moving),
        entries=tuple(ledger.entry_for(charge, evidence.receipt, rule) for charge in moving),
        reply=None if unanswered else _reply(decision, evidence, book, moving, respond_by),
        unanswered_because=unanswered,
        review=_review(decision, evidence, book, charges, silent_ask=silent_ask, today=today),
        respond_by=respond_by,
    )


# ── what is accredited ───────────────────────────────────────────────────────────────────────────


def _accredited(decision: Decision) -> frozenset[ItemId]:
    if not isinstance(decision, Reverse | Partial):
        return frozenset()
    return frozenset(finding.item_id for finding in decision.grounds.items if finding.outcome is ItemOutcome.ACREDITAR)


def _charges(decision: Decision, case: Case, accredited: frozenset[ItemId], by_person: bool) -> tuple[Charge, ...]:
    """The charges of a case that fall.  Of one without any item those that a person chose, or all of them."""
    if by_person and isinstance(decision, Reverse | Partial) and not case.items:
        chosen = decision.grounds.charges
        return case.charges if chosen is None else tuple(charge for charge in case.charges if charge.id in chosen)
    return ledger.charges_of(case, accredited)


def _item_change(item: Item, because: str) -> ItemChange:
    ledger.item_step(item.state, ItemState.ACREDITADO_ACTA)
    return ItemChange(item.id, item.state, ItemState.ACREDITADO_ACTA, because)


def _because(decision: Decision, evidence: Evidence) -> str:
    decided = next((finding.staff for finding in decision.grounds.findings if finding.decided), "")
    return f"{evidence.receipt}: {decided}" if decided else evidence.receipt


# ── the case ─────────────────────────────────────────────────────────────────────────────────────

_FINAL = frozenset({CaseState.REGULARIZADO, CaseState.PAGADO, CaseState.ANULADO})


def _case_changes(
    decision: Decision,
    case: Case,
    accredited: frozenset[ItemId],
    charges: Iterable[Charge],
    because: str,
    *,
    told: bool,
) -> list[CaseChange]:
    """The legal steps that take a case from where it stands to where the decision puts it."""
    by_person = decision.grounds.actor != DAEMON
    target = _target(decision, case, accredited, list(charges), by_person=by_person, told=told)
    if target is None or target is case.state:
        return []
    road = [target]
    if target is CaseState.REGULARIZADO:
        road.insert(0, CaseState.ACREDITADO)
    if target not in {CaseState.ESCALADO, CaseState.EN_REVISION}:
        road.insert(0, CaseState.EN_REVISION)
    steps: list[CaseChange] = []
    state = case.state
    for after in road:
        if after is not state:
            ledger.case_step(state, after, by_person=by_person)
            steps.append(CaseChange(case.id, state, after, because))
            state = after
    return steps


def _target(
    decision: Decision,
    case: Case,
    accredited: frozenset[ItemId],
    charges: list[Charge],
    *,
    by_person: bool,
    told: bool,
) -> CaseState | None:
    """The state in which the decision leaves a case; None for as it is."""
    # What is closed is reopened by a person who accredits something, and by nothing else.
    if case.state in _FINAL | {CaseState.ACREDITADO} and not (by_person and isinstance(decision, Reverse | Partial)):
        return None
    match decision:
        case Reverse() | Partial():
            return _after_accreditation(case, accredited, charges)
        case Hold():
            return None if case.state is CaseState.ESCALADO else CaseState.EN_REVISION
        case AskMore():
            # To wait for the customer he must have been told; and another mail may wait for a person.
            waits = case.state in {CaseState.EN_REVISION, CaseState.ESCALADO}
            return CaseState.PENDIENTE_CLIENTE if told and (by_person or not waits) else None
        case Escalate():
            return CaseState.ESCALADO
        case Reject() | Discard():
            if not by_person or case.state is not CaseState.EN_REVISION:
                return None
            return ledger.derive_case_state([item.state for item in case.items], [c.state for c in case.charges])
        case _:
            assert_never(decision)


def _after_accreditation(case: Case, accredited: frozenset[ItemId], charges: list[Charge]) -> CaseState | None:
    mine = {charge.id: charge for charge in charges if charge.case_id == case.id}
    if not mine and not any(item.id in accredited for item in case.items):
        return None
    if any(charge.state is ChargeState.EN_COBRO for charge in mine.values()):
        return CaseState.ESCALADO  # the equipment is accredited; the money is where we may not reach
    if case.state is CaseState.PAGADO:
        return None  # paid and now shown to be returned: the refund is a person's, nothing reopens
    items = [ItemState.ACREDITADO_ACTA if item.id in accredited else item.state for item in case.items]
    if not items:  # no equipment on file: what a person did not choose of its charges is still pending
        rest = any(charge.id not in mine and ledger.reversible(charge) for charge in case.charges)
        items = [ItemState.ACREDITADO_ACTA, *([ItemState.PENDIENTE] if rest else [])]
    after = [
        ledger.accredit(charge, "").after if charge.id in mine and ledger.reversible(charge) else charge.state
        for charge in case.charges
    ]
    return ledger.derive_case_state(items, after)


def lapse(case: Case, because: str) -> tuple[CaseChange, ...]:
    """The time of a customer to send something is over: the case stands again as its items and charges say.

    Nothing for a case that does not wait for him.  Raises `RefusedTransition` as `settle` does.
    """
    if case.state is not CaseState.PENDIENTE_CLIENTE:
        return ()
    after = ledger.derive_case_state([item.state for item in case.items], [charge.state for charge in case.charges])
    road = [after] if after is CaseState.ABIERTO else [CaseState.EN_REVISION, after]
    steps: list[CaseChange] = []
    for before, step in itertools.pairwise([case.state, *road]):
        ledger.case_step(before, step)
        steps.append(CaseChange(case.id, before, step, because))
    return tuple(steps)


def release(case: Case, because: str) -> tuple[CaseChange, ...]:
    """A mail that was thought to be about this case is about another: it stands again as its items and charges say.

    Nothing for a case that is not in review.
    """
    if case.state is not CaseState.EN_REVISION:
        return ()
    after = ledger.derive_case_state([item.state for item in case.items], [charge.state for charge in case.charges])
    ledger.case_step(case.state, after, by_person=True)
    return (CaseChange(case.id, case.state, after, because),)


def take_back(
    last: Settlement, cases: Iterable[Case], review: ReviewItem, evidence: Evidence, *, actor: str, because: str
) -> Settlement:
    """Undo a settlement: what it accredited is pending again, its entries get corrections, a person is asked anew.

    `cases` are its cases as they stand now.  Raises `RefusedTransition` when something went on since: a charge is
    in a batch, or was reversed.
    """
    words = f"{evidence.receipt}: {because}"
    now = {case.id: case for case in cases}
    items = {item.id: item for case in now.values() for item in case.items}
    charges = {charge.id: charge for case in now.values() for charge in case.charges}
    for was in last.items:
        if (item := items.get(was.item_id)) is None or item.state is not was.after:
            raise RefusedTransition(f"el equipo {was.item_id} ya no está {was.after}: no se puede retomar la decisión")
        ledger.item_step(was.after, was.before, by_person=True)
    for moved in last.charges:
        if (charge := charges.get(moved.charge_id)) is None or charge.state is not moved.after:
            state = charge.state if charge is not None else "?"
            raise RefusedTransition(
                f"el cargo {moved.charge_id} ya está {state}: no se puede retomar la decisión "
                "mientras esté en un lote o facturación lo haya aplicado"
            )
        ledger.charge_step(moved.after, moved.before, by_person=True)
    back = [now[case_id] for case_id in dict.fromkeys(change.case_id for change in last.cases) if case_id in now]
    steps = []
    for case in back:
        if case.state not in {CaseState.EN_REVISION, CaseState.ANULADO}:
            ledger.case_step(case.state, CaseState.EN_REVISION, by_person=True)
            steps.append(CaseChange(case.id, case.state, CaseState.EN_REVISION, words))
    finding = Finding(rule=actor, verdict=Verdict.HOLD, reasons=(), staff=because, decided=True)
    return Settlement(
        decision=Hold(tuple(now.values()), Grounds(findings=(finding,), reasons=review.reasons, actor=actor)),
        evidence_state=EvidenceState.EN_REVISION,
        folder=FolderRole.REVISION,
        cases=tuple(steps),
        items=tuple(ItemChange(was.item_id, was.after, was.before, words) for was in last.items),
        charges=tuple(ChargeChange(moved.charge_id, moved.after, moved.before, words) for moved in last.charges),
        entries=tuple(
            replace(entry, kind=EntryKind.CORRECCION, operation=Operation.NINGUNA, cause=evidence.receipt, rule=actor)
            for entry in last.entries
        ),
        unanswered_because="se retomó la decisión: se responde con la nueva",
        review=review,
        respond_by=last.respond_by,
    )


def restated(case: Case, because: str, *, by_person: bool = False) -> tuple[CaseChange, ...]:
    """The steps that bring a case to what its items and charges say, after billing or a person changed those.

    A case that is with another department, annulled, or waits for somebody is left where it is.  What is closed is
    opened again by a person's act only (`by_person`).  Raises `RefusedTransition` as `settle` does.
    """
    after = ledger.derive_case_state([item.state for item in case.items], [charge.state for charge in case.charges])
    if after is case.state or case.state not in {CaseState.ACREDITADO, CaseState.REGULARIZADO, CaseState.PARCIAL}:
        return ()
    road = [after]
    if after is not CaseState.REGULARIZADO:
        if not by_person:
            return ()
        road.insert(0, CaseState.EN_REVISION)
    elif case.state is not CaseState.ACREDITADO:
        road.insert(0, CaseState.ACREDITADO)
    steps: list[CaseChange] = []
    for before, step in itertools.pairwise([case.state, *road]):
        ledger.case_step(before, step, by_person=by_person)
        steps.append(CaseChange(case.id, before, step, because))
    return tuple(steps)


# ── the evidence ─────────────────────────────────────────────────────────────────────────────────


def _evidence_state(decision: Decision) -> EvidenceState:
    match decision:
        case Reverse():
            return EvidenceState.ACEPTADO
        case Partial():
            return EvidenceState.ACEPTADO_PARCIAL
        case AskMore() | Reject():
            return EvidenceState.RECHAZADO
        case Hold():
            return EvidenceState.EN_REVISION
        case Escalate():
            return EvidenceState.ESCALADO
        case Discard():
            repeated = ReasonCode.CORREO_DUPLICADO in decision.grounds.reasons
            return EvidenceState.DUPLICADO if repeated else EvidenceState.DESCARTADO
        case _:
            assert_never(decision)


def _folder(decision: Decision) -> FolderRole:
    match decision:
        case Reverse() | Partial():
            return FolderRole.PROCESADOS
        case Hold() | Escalate():
            return FolderRole.REVISION
        case AskMore() | Reject() | Discard():
            return FolderRole.RECHAZADOS
        case _:
            assert_never(decision)


def _respond_by(decision: Decision, evidence: Evidence, book: RuleBook) -> date | None:
    """The legal limit: so many calendar days from reception, by the company's own clock."""
    if isinstance(decision, Discard) and not decision.grounds.reasons:
        return None
    received = evidence.received_at.astimezone(ECUADOR).date()
    return received + timedelta(days=book.decision.answers.answer_within_days)


# ── the answer ───────────────────────────────────────────────────────────────────────────────────


def _is_refusal(decision: Decision) -> bool:
    return isinstance(decision, AskMore | Reject) or (isinstance(decision, Discard) and bool(decision.grounds.reasons))


def _unanswered_because(decision: Decision, evidence: Evidence, book: RuleBook, *, by_person: bool) -> str:
    """Why nobody is answered (Spanish, for staff); "" when the sender is."""
    email = evidence.email
    if email.automatic is not None:
        return f"correo automático: {email.automatic.because}"
    if isinstance(decision, Discard) and not decision.grounds.reasons:
        return "no hay nada que responder"
    if isinstance(decision, Discard) and evidence.twin_of:
        return f"es otra copia de {evidence.twin_of}, que se responde una sola vez"
    if email.sender is None and email.reply_to is None:
        return "el correo no tiene remitente"
    trusted = (
        by_person
        or evidence.sender_proven
        or evidence.known_sender
        or decision.grounds.case_shown
        or book.decision.answers.answer_unproven_senders
    )
    if _is_refusal(decision) and not trusted:
        return "remitente sin comprobar y sin documentos del caso: no se responde hasta que lo vea una persona"
    return ""


def _reply(
    decision: Decision, evidence: Evidence, book: RuleBook, moving: list[Charge], respond_by: date | None
) -> Reply:
    facts = _facts(decision, evidence, book, moving, respond_by)
    reasons = decision.grounds.reasons
    match decision:
        case Reverse():
            return Reply(ReplyKind.ACEPTADO, _accepted(reasons, ReasonCode.ACEPTADO, moving), facts)
        case Partial():
            partly = ReasonCode.DEVOLUCION_PARCIAL
            return Reply(ReplyKind.ACEPTADO_PARCIAL, _accepted(reasons, partly, moving), facts)
        case AskMore():
            return Reply(ReplyKind.SUBSANAR, reasons, facts)
        case Reject():
            return Reply(ReplyKind.RECHAZADO, reasons, facts)
        case Hold():
            return Reply(
                ReplyKind.RECIBIDO,
                (ReasonCode.RECIBIDO, *(reason for reason in reasons if book.reasons.reasons[reason].while_held)),
                facts,
                delay_seconds=book.decision.answers.receipt_delay_seconds,
                cancel_on_decision=True,
            )
        case Escalate():
            return Reply(ReplyKind.DERIVADO, reasons, facts)
        case Discard():
            return Reply(ReplyKind.INFORMACION, reasons, facts)
        case _:
            assert_never(decision)


def _accepted(reasons: tuple[ReasonCode, ...], main: ReasonCode, moving: list[Charge]) -> tuple[ReasonCode, ...]:
    paid = any(charge.state is ChargeState.PAGADO for charge in moving)
    return tuple(dict.fromkeys((main, *reasons, *((ReasonCode.VALOR_YA_PAGADO,) if paid else ()))))


def _facts(
    decision: Decision, evidence: Evidence, book: RuleBook, moving: list[Charge], respond_by: date | None
) -> tuple[tuple[str, str], ...]:
    """What fills the answer.  Equipment by its type only: a serial on file would teach how to forge an acta."""
    facts = {"recibo": _receipt(decision, evidence)}
    if respond_by is not None:
        facts["fecha"] = respond_by.isoformat()
    if ReasonCode.ADJUNTO_MUY_GRANDE in decision.grounds.reasons:
        facts["max_mb"] = str(book.decision.answers.max_mb)
    if isinstance(evidence.subject, SubjectFault):
        facts["asunto_indicado"] = _pointed_at(evidence.subject)
    if isinstance(decision, Reverse | Partial):
        accredited = _accredited(decision)
        items = [item for case in decision.cases for item in case.items]
        facts["equipos_aceptados"] = _in_words(item for item in items if item.id in accredited)
        facts["equipos"] = _in_words(
            item for item in items if item.id not in accredited and item.state is ItemState.PENDIENTE
        )
        facts["valores"] = _values(moving)
        facts["servicio"] = _listed(sorted({_LINES[case.line] for case in decision.cases}))
    return tuple((name, value) for name, value in facts.items() if value)


def _receipt(decision: Decision, evidence: Evidence) -> str:
    """The mail's own number; for a duplicate that of the mail that came first."""
    if ReasonCode.CORREO_DUPLICADO in decision.grounds.reasons:
        meant = {case.id for case in decision.cases}
        return next((use.receipt for use in evidence.uses if use.case_id in meant), evidence.receipt)
    return evidence.receipt


def _values(moving: list[Charge]) -> str:
    """What happens to the money, by the graver case: paid, reversed, never charged; "" with no value at all."""
    states = {charge.state for charge in moving}
    if ChargeState.PAGADO in states:
        return "pagados"
    if states - {ChargeState.PREVISTO}:
        return "se_reversan"
    return "no_se_generan" if states else ""


_FIELDS: Mapping[SubjectField, str] = {
    SubjectField.ASUNTO: "el asunto",
    SubjectField.CEDULA: "el primer dato (cédula)",
    SubjectField.NOMBRES: "el segundo dato (apellidos y nombres)",
    SubjectField.LINEA: "el tercer dato (línea de negocio)",
}


def _pointed_at(fault: SubjectFault) -> str:
    found = f"dice «{fault.found}»" if fault.found else "está vacío"
    expected = f"; se esperaba {fault.expected}" if fault.expected else ""
    return f"{_FIELDS[fault.at]} {found}{expected}"


_LINES: Mapping[Line, str] = {
    Line.INTERNET_FIJO: "internet fijo",
    Line.TELEVISION: "televisión",
    Line.TELEFONIA_FIJA: "telefonía fija",
    Line.PAQUETE: "paquete",
    Line.DATOS_CORPORATIVOS: "datos corporativos",
    Line.MOVIL: "móvil",
}

_EQUIPMENT: Mapping[EquipmentType, tuple[str, str]] = {
    EquipmentType.ONT: ("equipo óptico (ONT)", "equipos ópticos (ONT)"),
    EquipmentType.MODEM_ROUTER: ("módem o router", "módems o routers"),
    EquipmentType.DECODIFICADOR: ("decodificador", "decodificadores"),
    EquipmentType.SMARTCARD: ("tarjeta del decodificador", "tarjetas del decodificador"),
    EquipmentType.REPETIDOR: ("repetidor de señal", "repetidores de señal"),
    EquipmentType.TELEFONO: ("aparato telefónico", "aparatos telefónicos"),
    EquipmentType.LNB: ("receptor de antena (LNB)", "receptores de antena (LNB)"),
    EquipmentType.ANTENA: ("antena", "antenas"),
    EquipmentType.CONTROL_REMOTO: ("control remoto", "controles remotos"),
    EquipmentType.FUENTE: ("fuente de poder", "fuentes de poder"),
    EquipmentType.CABLE: ("cable", "cables"),
    EquipmentType.SPLITTER: ("divisor de señal", "divisores de señal"),
    EquipmentType.ROSETA: ("roseta", "rosetas"),
    EquipmentType.OTRO: ("otro equipo", "otros equipos"),
}


def _in_words(items: Iterable[Item]) -> str:
    """Equipment by type and count: 2 decodificadores, 1 control remoto y 1 cable."""
    counts = Counter(item.type for item in items)
    return _listed([f"{count} {_EQUIPMENT[kind][count > 1]}" for kind, count in counts.items()])


def _listed(words: list[str]) -> str:
    return " y ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


# ── the queue ────────────────────────────────────────────────────────────────────────────────────


def _review(
    decision: Decision,
    evidence: Evidence,
    book: RuleBook,
    charges: list[Charge],
    *,
    silent_ask: bool,
    today: date,
) -> ReviewItem | None:
    reasons = decision.grounds.reasons
    summary = _summary(decision, evidence, today)
    if silent_ask:
        return ReviewItem(Lane.SIN_RESPUESTA, reasons, summary)
    match decision:
        case Hold():
            return ReviewItem(_lane(decision, book), reasons, summary)
        case Escalate():
            return ReviewItem(Lane.DERIVADO, reasons, summary)
        case Reverse() | Partial():
            if any(charge.state is ChargeState.EN_COBRO for charge in charges):
                words = f"{summary} Hay valores en cobro: el otro trámite debe detenerse."
                return ReviewItem(Lane.DERIVADO, (ReasonCode.CASO_EN_RECLAMO_O_COBRO,), words)
            if any(charge.state is ChargeState.PAGADO for charge in charges):
                words = f"{summary} Decida la devolución o el saldo a favor de lo pagado."
                return ReviewItem(Lane.REVISAR, (ReasonCode.VALOR_YA_PAGADO,), words)
            return None
        case AskMore() | Reject() | Discard():
            return None
        case _:
            assert_never(decision)


def _lane(decision: Hold, book: RuleBook) -> Lane:
    grounds = decision.grounds
    if ReasonCode.ERROR_INTERNO in grounds.reasons:
        return Lane.SIN_PROCESAR
    shown = {finding.item_id for finding in grounds.items if finding.outcome is not ItemOutcome.NO_CONSTA}
    at_stake = amount([charge for case in decision.cases for charge in ledger.charges_of(case, shown)])
    if signals.stops(grounds.signals):
        return Lane.SENALES
    return Lane.CUATRO_OJOS if at_stake > book.decision.policy.four_eyes_cents else Lane.REVISAR


def _summary(decision: Decision, evidence: Evidence, today: date) -> str:
    """What a person reads first: why, what is in doubt, how long it waits."""
    grounds = decision.grounds
    verdict = next((finding.verdict for finding in grounds.findings if finding.decided), None)
    why = [finding.staff for finding in grounds.findings if finding.verdict is verdict]
    doubts = [
        f"Equipo {finding.item_id}: {finding.because}."
        for finding in grounds.items
        if finding.outcome is ItemOutcome.DUDA
    ]
    shown = [f"{signal.because[:1].upper()}{signal.because[1:]}." for signal in grounds.signals]
    days = (today - evidence.received_at.astimezone(ECUADOR).date()).days
    late = [f"Recibido hace {days} días."] if days > 0 else []
    return " ".join(dict.fromkeys([*why, *doubts, *shown, *late]))
