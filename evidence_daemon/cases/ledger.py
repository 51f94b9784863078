"""What may follow what, and what a charge owes: the state tables and the ledger's arithmetic.

Truth lies in items (equipment) and charges; the state of a case is derived from them.  The tables are
those of the field (partial returns, late evidence and re-imports are ordinary); what only a person may
do stands in tables of its own.  Nothing here is stored: an entry is a value, a refusal an error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from evidence_daemon.errors import RefusedTransition
from evidence_daemon.model import (
    DAEMON,
    BatchState,
    Case,
    CaseState,
    Cents,
    Charge,
    ChargeChange,
    ChargeState,
    EntryKind,
    EvidenceState,
    ItemId,
    ItemState,
    LedgerEntry,
    Operation,
    Settlement,
)

_S = TypeVar("_S", CaseState, ItemState, ChargeState, EvidenceState, BatchState)
_Table = Mapping[_S, frozenset[_S]]

_C = CaseState
CASE: _Table[CaseState] = {
    _C.ABIERTO: frozenset({_C.EN_REVISION, _C.ACREDITADO, _C.PAGADO, _C.ESCALADO, _C.ANULADO}),
    _C.EN_REVISION: frozenset({_C.PENDIENTE_CLIENTE, _C.PARCIAL, _C.ACREDITADO, _C.ABIERTO, _C.ESCALADO, _C.ANULADO}),
    _C.PENDIENTE_CLIENTE: frozenset({_C.EN_REVISION, _C.ABIERTO, _C.ESCALADO, _C.ANULADO}),
    _C.PARCIAL: frozenset({_C.EN_REVISION, _C.ACREDITADO, _C.PAGADO, _C.ESCALADO, _C.ANULADO}),
    _C.ACREDITADO: frozenset({_C.REGULARIZADO, _C.ESCALADO, _C.ANULADO}),
    _C.ESCALADO: frozenset({_C.ANULADO}),
    _C.REGULARIZADO: frozenset(),
    _C.PAGADO: frozenset(),
    _C.ANULADO: frozenset(),
}
CASE_BY_PERSON: _Table[CaseState] = {
    _C.ESCALADO: frozenset({_C.EN_REVISION}),
    _C.REGULARIZADO: frozenset({_C.EN_REVISION}),
    _C.PAGADO: frozenset({_C.EN_REVISION}),
    _C.ACREDITADO: frozenset({_C.EN_REVISION}),
}
"""Reopening: what is closed or with another department comes back only by a person."""

_I = ItemState
ITEM: _Table[ItemState] = {
    _I.PENDIENTE: frozenset({_I.ACREDITADO_ACTA, _I.DEVUELTO_CAC, _I.PAGADO, _I.EXONERADO}),
    _I.ACREDITADO_ACTA: frozenset(),
    _I.DEVUELTO_CAC: frozenset(),
    _I.PAGADO: frozenset(),
    _I.EXONERADO: frozenset(),
}
ITEM_BY_PERSON: _Table[ItemState] = {_I.ACREDITADO_ACTA: frozenset({_I.PENDIENTE})}
"""A false acta, with the reason."""

_H = ChargeState
CHARGE: _Table[ChargeState] = {
    _H.PREVISTO: frozenset({_H.BLOQUEADO, _H.CARGADO}),
    _H.CARGADO: frozenset({_H.FACTURADO, _H.QUITADO, _H.REVERSO_PENDIENTE}),
    _H.FACTURADO: frozenset({_H.PAGADO, _H.EN_RECLAMO, _H.EN_COBRO, _H.REVERSO_PENDIENTE}),
    _H.EN_RECLAMO: frozenset({_H.REVERSO_PENDIENTE}),
    _H.REVERSO_PENDIENTE: frozenset({_H.REVERSO_EN_LOTE}),
    _H.REVERSO_EN_LOTE: frozenset({_H.REVERSADO, _H.REVERSO_FALLIDO, _H.REVERSO_PENDIENTE}),
    _H.REVERSO_FALLIDO: frozenset({_H.REVERSO_PENDIENTE, _H.MANUAL}),
    _H.PAGADO: frozenset({_H.DEVOLUCION_PENDIENTE}),
    _H.DEVOLUCION_PENDIENTE: frozenset({_H.DEVUELTO, _H.SALDO_A_FAVOR}),
    _H.BLOQUEADO: frozenset(),
    _H.QUITADO: frozenset(),
    _H.EN_COBRO: frozenset(),
    _H.REVERSADO: frozenset(),
    _H.MANUAL: frozenset(),
    _H.DEVUELTO: frozenset(),
    _H.SALDO_A_FAVOR: frozenset(),
}
CHARGE_BY_PERSON: _Table[ChargeState] = {
    _H.REVERSO_PENDIENTE: frozenset({_H.CARGADO, _H.FACTURADO, _H.EN_RECLAMO}),
    _H.DEVOLUCION_PENDIENTE: frozenset({_H.PAGADO}),
    _H.MANUAL: frozenset({_H.REVERSADO}),
    _H.BLOQUEADO: frozenset({_H.PREVISTO}),  # an acceptance that is taken back
}
"""The compensating decision: back to the state before, with the reason; and what billing did by hand."""

CHARGE_BY_TWO: _Table[ChargeState] = {_H.REVERSADO: frozenset({_H.CARGADO, _H.FACTURADO})}
"""What was reversed is charged again only by an opposite entry that two people want."""

TERMINAL = frozenset({_H.BLOQUEADO, _H.QUITADO, _H.REVERSADO, _H.DEVUELTO, _H.SALDO_A_FAVOR})
"""A case whose every charge is one of these is regularised."""

_E = EvidenceState
EVIDENCE: _Table[EvidenceState] = {
    _E.RECIBIDO: frozenset({_E.DESCARTADO, _E.DUPLICADO, _E.PROCESADO, _E.ERROR_TECNICO}),
    # A duplicate is known by its attachments, automatic mail by having none: both after reading.
    _E.PROCESADO: frozenset({_E.VALIDADO_AUTO, _E.EN_REVISION, _E.DESCARTADO, _E.DUPLICADO, _E.ERROR_TECNICO}),
    _E.VALIDADO_AUTO: frozenset({_E.ACEPTADO, _E.ACEPTADO_PARCIAL, _E.RECHAZADO, _E.ESCALADO, _E.ERROR_TECNICO}),
    # A list or a register came in: what was held or asked for is judged again on what was read of it.
    _E.EN_REVISION: frozenset(
        {_E.ACEPTADO, _E.ACEPTADO_PARCIAL, _E.RECHAZADO, _E.ESCALADO, _E.ERROR_TECNICO, _E.PROCESADO}
    ),
    _E.RECHAZADO: frozenset({_E.SUSTITUIDO, _E.ERROR_TECNICO, _E.PROCESADO}),
    _E.ERROR_TECNICO: frozenset({_E.RECIBIDO, _E.EN_REVISION}),
    _E.DESCARTADO: frozenset({_E.ERROR_TECNICO}),
    _E.DUPLICADO: frozenset({_E.ERROR_TECNICO}),
    _E.ACEPTADO: frozenset({_E.ERROR_TECNICO}),
    _E.ACEPTADO_PARCIAL: frozenset({_E.ERROR_TECNICO}),
    _E.ESCALADO: frozenset({_E.ERROR_TECNICO}),
    _E.SUSTITUIDO: frozenset({_E.ERROR_TECNICO}),
}
EVIDENCE_BY_PERSON: _Table[EvidenceState] = {
    _E.EN_REVISION: frozenset({_E.DESCARTADO, _E.DUPLICADO, _E.EN_REVISION}),
    _E.ESCALADO: frozenset({_E.EN_REVISION}),
    # A decision that a person takes back: the mail waits for another one.
    _E.ACEPTADO: frozenset({_E.EN_REVISION}),
    _E.ACEPTADO_PARCIAL: frozenset({_E.EN_REVISION}),
    _E.RECHAZADO: frozenset({_E.EN_REVISION}),
    _E.DESCARTADO: frozenset({_E.EN_REVISION}),
    _E.DUPLICADO: frozenset({_E.EN_REVISION}),
    # The mail that replaced it was taken back: this one may be the true one.
    _E.SUSTITUIDO: frozenset({_E.EN_REVISION}),
}

_B = BatchState
BATCH: _Table[BatchState] = {
    _B.BORRADOR: frozenset({_B.CERRADO, _B.ANULADO}),
    _B.CERRADO: frozenset({_B.APROBADO, _B.BORRADOR, _B.ANULADO}),
    _B.APROBADO: frozenset({_B.EXPORTADO, _B.ANULADO}),
    # From here on billing has it: no annulment, only what it says line by line.
    _B.EXPORTADO: frozenset({_B.APLICADO, _B.APLICADO_PARCIAL}),
    _B.APLICADO_PARCIAL: frozenset({_B.APLICADO, _B.CONCILIADO}),
    _B.APLICADO: frozenset({_B.CONCILIADO}),
    _B.CONCILIADO: frozenset(),
    _B.ANULADO: frozenset(),
}


def batch_step(before: BatchState, after: BatchState) -> None:
    """Raise `RefusedTransition` unless a batch may go from one state straight to the other."""
    _step("el lote", BATCH, {}, before, after, by_person=True)


def opposite_step(before: ChargeState, after: ChargeState) -> None:
    """Raise `RefusedTransition` unless two people together may take a charge from one state to the other."""
    if after not in CHARGE_BY_TWO.get(before, frozenset()):
        raise RefusedTransition(f"el cargo no puede pasar de {before} a {after}, tampoco por dos personas")


def case_step(before: CaseState, after: CaseState, *, by_person: bool = False) -> None:
    """Raise `RefusedTransition` unless a case may go from one state straight to the other."""
    _step("el caso", CASE, CASE_BY_PERSON, before, after, by_person=by_person)


def item_step(before: ItemState, after: ItemState, *, by_person: bool = False) -> None:
    """Raise `RefusedTransition` unless an item may go from one state straight to the other."""
    _step("el equipo", ITEM, ITEM_BY_PERSON, before, after, by_person=by_person)


def charge_step(before: ChargeState, after: ChargeState, *, by_person: bool = False) -> None:
    """Raise `RefusedTransition` unless a charge may go from one state straight to the other."""
    _step("el cargo", CHARGE, CHARGE_BY_PERSON, before, after, by_person=by_person)


def evidence_step(before: EvidenceState, after: EvidenceState, *, by_person: bool = False) -> None:
    """Raise `RefusedTransition` unless evidence may go from one state straight to the other."""
    _step("la evidencia", EVIDENCE, EVIDENCE_BY_PERSON, before, after, by_person=by_person)


def evidence_before(settlement: Settlement) -> frozenset[EvidenceState]:
    """The states from which a decision may bring evidence to where its settlement leaves it.

    It passes through states in which it does not stop: the daemon reads and validates in one go; a person takes into
    review what he decides, be it new, decided or shunted.
    """
    after, by_person = settlement.evidence_state, settlement.decision.grounds.actor != DAEMON

    def may(before: EvidenceState, then: EvidenceState) -> bool:
        return _may(EVIDENCE, EVIDENCE_BY_PERSON, before, then, by_person=by_person)

    def leads(before: EvidenceState) -> bool:
        reached = [before]
        for way in (_E.PROCESADO, _E.EN_REVISION if by_person else _E.VALIDADO_AUTO):
            if any(may(state, way) for state in reached):
                reached.append(way)
        return any(may(state, after) for state in reached)

    return frozenset(filter(leads, EvidenceState))


def _may(table: _Table[_S], persons: _Table[_S], before: _S, after: _S, *, by_person: bool) -> bool:
    return after in table[before] or (by_person and after in persons.get(before, frozenset()))


def _step(what: str, table: _Table[_S], persons: _Table[_S], before: _S, after: _S, *, by_person: bool) -> None:
    if _may(table, persons, before, after, by_person=by_person):
        return
    may = after in persons.get(before, frozenset())
    raise RefusedTransition(
        f"{what} no puede pasar de {before} a {after}" + (": sólo una persona puede hacerlo" if may else "")
    )


# ── money ────────────────────────────────────────────────────────────────────────────────────────

_BY_ACCREDITATION: Mapping[ChargeState, tuple[ChargeState, EntryKind, Operation]] = {
    _H.PREVISTO: (_H.BLOQUEADO, EntryKind.BLOQUEO, Operation.NINGUNA),
    # Posted but not invoiced: no tax document exists yet, so none is needed to undo it.
    _H.CARGADO: (_H.REVERSO_PENDIENTE, EntryKind.REVERSO, Operation.QUITAR_CARGO),
    _H.FACTURADO: (_H.REVERSO_PENDIENTE, EntryKind.REVERSO, Operation.NOTA_CREDITO),
    _H.EN_RECLAMO: (_H.REVERSO_PENDIENTE, EntryKind.REVERSO, Operation.NOTA_CREDITO),
    # Paid: billing does nothing until a person decides between refund and balance.
    _H.PAGADO: (_H.DEVOLUCION_PENDIENTE, EntryKind.DEVOLUCION, Operation.NINGUNA),
}
"""What accrediting its equipment makes of a charge.  Any other state is left as it is: it is done, on its
way, or (EN_COBRO) another department's."""


def balanced(charge: Charge) -> bool:
    """Whether the amounts of a charge fit together: total = base + tax, none negative, reversed ≤ total."""
    amounts = (charge.base, charge.tax, charge.total, charge.reversed, charge.paid)
    return min(amounts) >= 0 and charge.base + charge.tax == charge.total and charge.reversed <= charge.total


def remaining(charge: Charge) -> Cents:
    """Cents of a charge that were not reversed yet.  Raises `RefusedTransition` when it is not balanced."""
    if not balanced(charge):
        raise RefusedTransition(f"el cargo {charge.id} no cuadra: base + impuesto ≠ total, o reversado > total")
    return charge.total - charge.reversed


def reversible(charge: Charge) -> bool:
    """Whether accrediting the equipment would change this charge."""
    return charge.state in _BY_ACCREDITATION and charge.total > charge.reversed


def accredit(charge: Charge, because: str) -> ChargeChange:
    """The step that accrediting its equipment makes a charge take.

    Raises `RefusedTransition` when nothing may be done to a charge in this state.
    """
    if not reversible(charge):
        raise RefusedTransition(f"el cargo {charge.id} está {charge.state} y no se puede reversar")
    after, _kind, _operation = _BY_ACCREDITATION[charge.state]
    charge_step(charge.state, after)
    return ChargeChange(charge.id, charge.state, after, because)


def entry_for(charge: Charge, cause: str, rule: str) -> LedgerEntry:
    """The ledger's line for `accredit`: always the whole of what remains, in cents.

    `cause` is the receipt number of the mail, `rule` the rule or person that decided.  Raises
    `RefusedTransition` as `accredit` and `remaining` do.
    """
    amount = remaining(charge)
    if not reversible(charge):
        raise RefusedTransition(f"el cargo {charge.id} está {charge.state} y no se puede reversar")
    _after, kind, operation = _BY_ACCREDITATION[charge.state]
    return LedgerEntry(charge.case_id, charge.id, kind, operation, amount, cause, rule)


def undone(before: ChargeState, operation: Operation) -> ChargeState:
    """Where a charge stands when its reversal is taken back: what billing had made of it.

    Whether it was in claim is billing's to say, and the next list says it.  Raises `RefusedTransition` for a state
    in which no entry is live.
    """
    if before in {_H.REVERSO_PENDIENTE, _H.REVERSADO}:
        return _H.CARGADO if operation is Operation.QUITAR_CARGO else _H.FACTURADO
    if before is _H.DEVOLUCION_PENDIENTE:
        return _H.PAGADO
    raise RefusedTransition(f"el cargo está {before}: no hay nada que deshacer")


def split(charge: Charge, amount: Cents) -> tuple[Cents, Cents]:
    """Base and tax of an amount of a charge, in cents; together the amount, in the proportion of the charge.

    >>> split(Charge(1, 1, None, "", ChargeState.FACTURADO, 9000, 1350, 10350, 1500), 10350)
    (9000, 1350)
    """
    if charge.total == 0:
        return 0, 0
    base = (2 * amount * charge.base + charge.total) // (2 * charge.total)  # half up, in whole cents
    return base, amount - base


def charges_of(case: Case, accredited: Collection[ItemId]) -> tuple[Charge, ...]:
    """The charges of a case that fall when these items are accredited, whatever their state.

    A lump sum for the whole service (no item) falls only with the last item: when none is pending, and
    none was paid that these papers do not show.
    """
    mine = {item.id for item in case.items if item.id in accredited}
    whole = bool(mine) and all(
        item.id in accredited or item.state in {_I.ACREDITADO_ACTA, _I.DEVUELTO_CAC, _I.EXONERADO}
        for item in case.items
    )
    return tuple(charge for charge in case.charges if (charge.item_id in mine if charge.item_id is not None else whole))


def derive_case_state(
    items: Iterable[ItemState],
    charges: Iterable[ChargeState],
    *,
    under_review: bool = False,
    waiting: bool = False,
    escalated: bool = False,
) -> CaseState:
    """The state of a case from what its items and charges are.

    `under_review`: evidence waits for a person; `waiting`: for the customer; `escalated`: the case is
    with another department.  A case without items is open: nothing shows that it was settled.
    """
    items, charges = list(items), list(charges)
    settled = [state for state in items if state is not _I.PENDIENTE]
    if escalated:
        return _C.ESCALADO
    if items and len(settled) == len(items):
        if all(state is _I.PAGADO for state in items):
            return _C.PAGADO
        return _C.REGULARIZADO if all(state in TERMINAL for state in charges) else _C.ACREDITADO
    if under_review:
        return _C.EN_REVISION
    if waiting:
        return _C.PENDIENTE_CLIENTE
    return _C.PARCIAL if settled else _C.ABIERTO
