"""The ledger: state tables, amounts, what a charge becomes, and the derived state of a case."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from dossier import case, charge, item
from hypothesis import given
from hypothesis import strategies as st

from evidence_daemon.cases import ledger
from evidence_daemon.errors import RefusedTransition
from evidence_daemon.model import (
    DAEMON,
    CaseState,
    ChargeState,
    EntryKind,
    EvidenceState,
    FolderRole,
    Grounds,
    Hold,
    ItemId,
    ItemState,
    Operation,
    Reject,
    Reverse,
    Settlement,
)

C, IT, H, E = CaseState, ItemState, ChargeState, EvidenceState


@pytest.mark.parametrize(
    ("table", "states"),
    [(ledger.CASE, C), (ledger.ITEM, IT), (ledger.CHARGE, H), (ledger.EVIDENCE, E)],
)
def test_each_table_says_something_of_every_state(table: dict[str, frozenset[str]], states: type[str]) -> None:
    assert set(table) == set(states)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [
        (ledger.case_step, C.ABIERTO, C.EN_REVISION),
        (ledger.case_step, C.EN_REVISION, C.PENDIENTE_CLIENTE),
        (ledger.case_step, C.ABIERTO, C.ACREDITADO),
        (ledger.case_step, C.ACREDITADO, C.REGULARIZADO),
        (ledger.case_step, C.PENDIENTE_CLIENTE, C.ABIERTO),
        (ledger.item_step, IT.PENDIENTE, IT.ACREDITADO_ACTA),
        (ledger.charge_step, H.PREVISTO, H.BLOQUEADO),
        (ledger.charge_step, H.REVERSO_EN_LOTE, H.REVERSO_PENDIENTE),
        (ledger.charge_step, H.PAGADO, H.DEVOLUCION_PENDIENTE),
        (ledger.charge_step, H.DEVOLUCION_PENDIENTE, H.SALDO_A_FAVOR),
        (ledger.evidence_step, E.RECIBIDO, E.PROCESADO),
        (ledger.evidence_step, E.RECHAZADO, E.SUSTITUIDO),
    ],
)
def test_the_steps_of_the_field_are_allowed(step: Callable[..., None], before: str, after: str) -> None:
    step(before, after)


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [
        (ledger.case_step, C.ABIERTO, C.REGULARIZADO),
        (ledger.case_step, C.REGULARIZADO, C.ABIERTO),
        (ledger.case_step, C.ANULADO, C.ABIERTO),
        (ledger.item_step, IT.DEVUELTO_CAC, IT.PENDIENTE),
        (ledger.item_step, IT.PAGADO, IT.ACREDITADO_ACTA),
        (ledger.charge_step, H.REVERSADO, H.REVERSO_PENDIENTE),
        (ledger.charge_step, H.EN_COBRO, H.REVERSO_PENDIENTE),
        (ledger.charge_step, H.BLOQUEADO, H.CARGADO),
        (ledger.charge_step, H.PAGADO, H.REVERSO_PENDIENTE),
        (ledger.evidence_step, E.ACEPTADO, E.RECHAZADO),
        (ledger.evidence_step, E.RECIBIDO, E.ACEPTADO),
    ],
)
def test_any_other_step_is_refused_even_to_a_person(step: Callable[..., None], before: str, after: str) -> None:
    with pytest.raises(RefusedTransition, match=f"de {before} a {after}"):
        step(before, after, by_person=True)


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [
        (ledger.case_step, C.ESCALADO, C.EN_REVISION),
        (ledger.case_step, C.PAGADO, C.EN_REVISION),
        (ledger.item_step, IT.ACREDITADO_ACTA, IT.PENDIENTE),
        (ledger.charge_step, H.REVERSO_PENDIENTE, H.FACTURADO),
        (ledger.evidence_step, E.EN_REVISION, E.DESCARTADO),
    ],
)
def test_what_is_closed_comes_back_only_by_a_person(step: Callable[..., None], before: str, after: str) -> None:
    with pytest.raises(RefusedTransition, match="sólo una persona"):
        step(before, after)
    step(before, after, by_person=True)


@pytest.mark.parametrize(
    ("state", "after", "kind", "operation"),
    [
        (H.PREVISTO, H.BLOQUEADO, EntryKind.BLOQUEO, Operation.NINGUNA),
        (H.CARGADO, H.REVERSO_PENDIENTE, EntryKind.REVERSO, Operation.QUITAR_CARGO),
        (H.FACTURADO, H.REVERSO_PENDIENTE, EntryKind.REVERSO, Operation.NOTA_CREDITO),
        (H.EN_RECLAMO, H.REVERSO_PENDIENTE, EntryKind.REVERSO, Operation.NOTA_CREDITO),
        (H.PAGADO, H.DEVOLUCION_PENDIENTE, EntryKind.DEVOLUCION, Operation.NINGUNA),
    ],
)
def test_what_accreditation_makes_of_a_charge_depends_on_how_far_it_went(
    state: ChargeState, after: ChargeState, kind: EntryKind, operation: Operation
) -> None:
    owed = charge(state=state)
    assert ledger.accredit(owed, "x").after is after
    entry = ledger.entry_for(owed, "EV-0000001-8", "aceptar")
    assert (entry.kind, entry.operation, entry.amount) == (kind, operation, 10080)
    assert (entry.cause, entry.rule) == ("EV-0000001-8", "aceptar")


UNTOUCHABLE = [state for state in H if state not in {H.PREVISTO, H.CARGADO, H.FACTURADO, H.EN_RECLAMO, H.PAGADO}]


@pytest.mark.parametrize("state", UNTOUCHABLE)
def test_a_charge_that_is_done_on_its_way_or_anothers_takes_no_entry(state: ChargeState) -> None:
    assert not ledger.reversible(charge(state=state))
    with pytest.raises(RefusedTransition):
        ledger.accredit(charge(state=state), "x")
    with pytest.raises(RefusedTransition):
        ledger.entry_for(charge(state=state), "EV-0000001-8", "aceptar")


def test_only_what_remains_is_reversed_and_nothing_when_nothing_remains() -> None:
    assert ledger.entry_for(charge(reversed=4000), "r", "x").amount == 6080
    with pytest.raises(RefusedTransition):
        ledger.entry_for(charge(reversed=10080), "r", "x")


@pytest.mark.parametrize("wrong", [{"total": 10081}, {"reversed": 10081}, {"base": -1, "tax": 1}, {"paid": -5}])
def test_amounts_that_do_not_fit_together_are_refused(wrong: dict[str, int]) -> None:
    assert not ledger.balanced(charge(**wrong))
    with pytest.raises(RefusedTransition, match="no cuadra"):
        ledger.entry_for(charge(**wrong), "r", "x")


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.data(), st.sampled_from(H))
def test_no_entry_is_ever_above_what_remains(base: int, tax: int, data: st.DataObject, state: ChargeState) -> None:
    before = data.draw(st.integers(0, base + tax))
    owed = charge(base=base, tax=tax, reversed=before, state=state)
    try:
        entry = ledger.entry_for(owed, "r", "x")
    except RefusedTransition:
        assert not ledger.reversible(owed)
    else:
        assert 0 < entry.amount == owed.total - before


def test_a_charge_falls_with_its_item_and_a_lump_sum_only_with_the_last_one() -> None:
    both = case(items=[item(1), item(2)], charges=[charge(1, of=1), charge(2, of=2), charge(3, of=None)])

    def fallen(*numbers: int) -> list[int]:
        return [owed.id for owed in ledger.charges_of(both, {ItemId(number) for number in numbers})]

    assert fallen() == []
    assert fallen(1) == [1]
    assert fallen(1, 2) == [1, 2, 3]
    assert fallen(7) == []


@pytest.mark.parametrize(
    ("other", "falls"),
    [
        (IT.PENDIENTE, False),
        (IT.PAGADO, False),
        (IT.ACREDITADO_ACTA, True),
        (IT.DEVUELTO_CAC, True),
        (IT.EXONERADO, True),
    ],
)
def test_a_lump_sum_falls_when_all_other_items_were_given_back_or_waived(other: ItemState, falls: bool) -> None:
    one = case(items=[item(1), item(2, state=other)], charges=[charge(of=None)])
    assert bool(ledger.charges_of(one, {ItemId(1)})) is falls


def test_the_lump_sum_of_a_settled_case_does_not_fall_with_another_cases_item() -> None:
    settled = case(2, items=[item(2, state=IT.ACREDITADO_ACTA, case=2)], charges=[charge(2, of=None, case=2)])
    assert ledger.charges_of(settled, {ItemId(1)}) == ()


@pytest.mark.parametrize(
    ("items", "charges", "flags", "wanted"),
    [
        ([IT.PENDIENTE], [H.FACTURADO], {}, C.ABIERTO),
        ([IT.PENDIENTE, IT.ACREDITADO_ACTA], [H.FACTURADO], {}, C.PARCIAL),
        ([IT.PENDIENTE, IT.ACREDITADO_ACTA], [], {"under_review": True}, C.EN_REVISION),
        ([IT.PENDIENTE], [], {"waiting": True}, C.PENDIENTE_CLIENTE),
        ([IT.ACREDITADO_ACTA], [H.REVERSO_PENDIENTE], {}, C.ACREDITADO),
        ([IT.ACREDITADO_ACTA], [H.BLOQUEADO, H.REVERSADO], {}, C.REGULARIZADO),
        ([IT.DEVUELTO_CAC], [H.SALDO_A_FAVOR], {}, C.REGULARIZADO),
        ([IT.PAGADO, IT.PAGADO], [H.PAGADO], {}, C.PAGADO),
        ([IT.PAGADO, IT.ACREDITADO_ACTA], [H.PAGADO], {}, C.ACREDITADO),
        ([IT.ACREDITADO_ACTA], [H.REVERSADO], {"escalated": True}, C.ESCALADO),
        ([], [], {}, C.ABIERTO),
    ],
)
def test_the_state_of_a_case_follows_from_items_and_charges(
    items: list[ItemState], charges: list[ChargeState], flags: dict[str, bool], wanted: CaseState
) -> None:
    assert ledger.derive_case_state(items, charges, **flags) is wanted


@pytest.mark.parametrize(
    ("before", "after", "daemon", "person"),
    [
        (E.RECIBIDO, E.ACEPTADO, True, True),
        (E.RECIBIDO, E.EN_REVISION, True, True),
        (E.PROCESADO, E.RECHAZADO, True, True),
        (E.EN_REVISION, E.ACEPTADO, True, True),
        (E.EN_REVISION, E.EN_REVISION, True, True),
        (E.RECHAZADO, E.EN_REVISION, True, True),
        (E.ACEPTADO, E.EN_REVISION, False, True),
        (E.ACEPTADO, E.RECHAZADO, False, True),
        (E.ACEPTADO_PARCIAL, E.ACEPTADO, False, True),
        (E.ESCALADO, E.ACEPTADO, False, True),
        (E.DESCARTADO, E.ACEPTADO, False, True),
        (E.ERROR_TECNICO, E.ACEPTADO, False, True),
        (E.SUSTITUIDO, E.ACEPTADO, False, True),
        (E.RECIBIDO, E.SUSTITUIDO, False, False),
    ],
)
def test_a_decision_passes_through_states_in_which_it_does_not_stop(
    before: E, after: E, daemon: bool, person: bool
) -> None:
    kind = {E.ACEPTADO: Reverse, E.RECHAZADO: Reject}.get(after, Hold)

    def may(actor: str) -> bool:
        decision = kind((), Grounds((), (), actor=actor))
        return before in ledger.evidence_before(Settlement(decision, after, FolderRole.REVISION))

    assert (may(DAEMON), may("persona:ana")) == (daemon, person)
