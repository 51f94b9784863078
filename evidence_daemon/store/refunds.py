"""Values that were paid and are not owed: what one person decides, a second one approves, and a list hands over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.errors import BadInput
from evidence_daemon.model import Cents, ChargeId, ChargeState, EntryKind, RefundChoice
from evidence_daemon.store.lists import Reversal, standing
from evidence_daemon.store.opposites import LiveEntry
from evidence_daemon.store.statements import change_one, insert_new
from evidence_daemon.store.tables_batches import RefundRow


@dataclass(frozen=True, slots=True)
class Refund:
    """What is decided on one paid value; cents.  It waits for a second person while `approved_by` is ""."""

    id: int
    entry_id: int
    charge_id: ChargeId
    case_id: int
    amount: Cents
    choice: RefundChoice
    reason: str
    proposed_at: datetime
    proposed_by: str
    approved_at: datetime | None
    approved_by: str
    list_number: int | None


def open_refunds(session: Session) -> tuple[tuple[Reversal, Refund | None], ...]:
    """Every charge in DEVOLUCION_PENDIENTE, oldest first, with what was decided on it so far."""
    decided = {
        row.entry_id: _refund(row)
        for row in session.exec(
            select(RefundRow).where(col(RefundRow.withdrawn_at).is_(None), col(RefundRow.approved_by) == "")
        )
    }
    waits = standing(session, ChargeState.DEVOLUCION_PENDIENTE, EntryKind.DEVOLUCION)
    return tuple((reversal, decided.get(reversal.entry_id)) for reversal in waits)


def decide(
    session: Session, entry: LiveEntry, choice: RefundChoice, *, reason: str, actor: str, now: datetime
) -> Refund:
    """Raises `BadInput` when something was decided on this value already."""
    values = {
        "entry_id": entry.id,
        "charge_id": entry.charge_id,
        "case_id": entry.case_id,
        "amount": entry.amount,
        "choice": choice,
        "reason": reason,
        "proposed_at": now,
        "proposed_by": actor,
        "approved_by": "",
    }
    if not insert_new(session, RefundRow, values, ["entry_id"], where=sa.text("withdrawn_at IS NULL")):
        raise BadInput(f"on charge {entry.charge_id} something was decided already: approve it, or withdraw it first")
    return of_entry(session, entry)


def of_entry(session: Session, entry: LiveEntry) -> Refund:
    """What was decided on a value and waits for a second person.  Raises `BadInput` when nothing is.

    What was decided on an entry that was taken back since is of no account.
    """
    row = session.exec(
        select(RefundRow).where(
            col(RefundRow.entry_id) == entry.id,
            col(RefundRow.withdrawn_at).is_(None),
            col(RefundRow.approved_by) == "",
        )
    ).one_or_none()
    if row is None:
        raise BadInput(f"on charge {entry.charge_id} nothing was decided that waits for a second person")
    return _refund(row)


def approve(session: Session, refund: Refund, *, actor: str, now: datetime) -> None:
    """Raises `RefusedTransition` when it does not wait any more."""
    _close(session, refund, approved_at=now, approved_by=actor)


def withdraw(session: Session, refund: Refund, *, now: datetime) -> None:
    """Raises `RefusedTransition` when it does not wait any more."""
    _close(session, refund, withdrawn_at=now)


def to_hand_over(session: Session) -> tuple[tuple[Reversal, Refund], ...]:
    """What was approved and stands in no list yet, oldest first."""
    refunds = [
        _refund(row)
        for row in session.exec(
            select(RefundRow)
            .where(
                col(RefundRow.approved_by) != "",
                col(RefundRow.list_number).is_(None),
                col(RefundRow.withdrawn_at).is_(None),
                col(RefundRow.choice) != RefundChoice.NO_PROCEDE,
            )
            .order_by(col(RefundRow.id))
        )
    ]
    by_entry: dict[int, Reversal] = {}
    for state in {refund.choice for refund in refunds}:
        for reversal in standing(session, ChargeState(state.value), EntryKind.DEVOLUCION):
            by_entry[reversal.entry_id] = reversal
    return tuple((by_entry[refund.entry_id], refund) for refund in refunds)


def number_list(session: Session, refunds: Sequence[Refund]) -> int:
    """Put refunds into the next list; its number.  Raises `RefusedTransition` when one is in a list already."""
    last = session.exec(select(sa.func.max(RefundRow.list_number))).one()
    number = (last or 0) + 1
    for refund in refunds:
        change_one(
            session,
            sa.update(RefundRow)
            .where(col(RefundRow.id) == refund.id, col(RefundRow.list_number).is_(None))
            .values(list_number=number),
            f"refund {refund.id} is in a list already",
        )
    return number


def _close(session: Session, refund: Refund, **values: object) -> None:
    change_one(
        session,
        sa.update(RefundRow)
        .where(col(RefundRow.id) == refund.id, col(RefundRow.approved_by) == "", col(RefundRow.withdrawn_at).is_(None))
        .values(**values),
        f"refund {refund.id} does not wait for a second person any more",
    )


def _refund(row: RefundRow) -> Refund:
    return Refund(**{name: getattr(row, name) for name in Refund.__dataclass_fields__})
