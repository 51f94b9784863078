"""Entries that take back what an earlier one did, and the wish for one that waits for a second person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from evidence_daemon.errors import BadInput
from evidence_daemon.model import (
    CaseId,
    Cents,
    ChargeId,
    ChargeState,
    EntryKind,
    ItemState,
    LedgerEntry,
    MailId,
    Operation,
    OutboxState,
    ReplyKind,
)
from evidence_daemon.store.batches import change_charge
from evidence_daemon.store.settling import enter
from evidence_daemon.store.statements import change_one, insert_new
from evidence_daemon.store.tables import ChargeRow, EntryRow, ItemRow, OutboxRow
from evidence_daemon.store.tables_batches import OppositeRow


@dataclass(frozen=True, slots=True)
class LiveEntry:
    """The entry of a charge that no other took back, and the state of the charge; cents."""

    id: int
    decision_id: int
    case_id: CaseId
    charge_id: ChargeId
    kind: EntryKind
    operation: Operation
    amount: Cents
    cause: str
    state: ChargeState
    item_id: int | None


def live_entry(session: Session, charge_id: int) -> LiveEntry:
    """Raises `BadInput` when there is no such charge, or nothing of it is live."""
    undone = aliased(EntryRow)
    row = session.exec(
        select(EntryRow, ChargeRow)
        .join(ChargeRow, col(ChargeRow.id) == col(EntryRow.charge_id))
        .where(
            col(EntryRow.charge_id) == charge_id,
            col(EntryRow.kind) != EntryKind.CORRECCION,
            ~sa.exists().where(
                col(undone.charge_id) == col(EntryRow.charge_id),
                col(undone.turn) == col(EntryRow.turn),
                col(undone.kind) == EntryKind.CORRECCION,
            ),
        )
    ).one_or_none()
    if row is None:
        raise BadInput(f"charge {charge_id} has no entry that could be taken back")
    entry, charge = row
    return LiveEntry(
        id=entry.id,
        decision_id=entry.decision_id,
        case_id=CaseId(entry.case_id),
        charge_id=ChargeId(entry.charge_id),
        kind=entry.kind,
        operation=entry.operation,
        amount=entry.amount,
        cause=entry.cause,
        state=charge.state,
        item_id=charge.item_id,
    )


def take_back(
    session: Session, entry: LiveEntry, after: ChargeState, *, actor: str, now: datetime, item_too: bool
) -> None:
    """Write the correcting entry; the charge goes to `after`, its equipment to PENDIENTE when `item_too`.

    Raises `RefusedTransition` when the charge or the equipment is not as it was seen.
    """
    change_charge(session, entry.charge_id, entry.state, after)
    opposite = LedgerEntry(
        entry.case_id, entry.charge_id, EntryKind.CORRECCION, entry.operation, entry.amount, entry.cause, actor
    )
    enter(session, entry.decision_id, opposite, now)
    if item_too and entry.item_id is not None:
        change_one(
            session,
            sa.update(ItemRow)
            .where(col(ItemRow.id) == entry.item_id, col(ItemRow.state) == ItemState.ACREDITADO_ACTA)
            .values(state=ItemState.PENDIENTE),
            f"item {entry.item_id} is not ACREDITADO_ACTA any more",
        )


def told_the_customer(session: Session, entry: LiveEntry) -> MailId | None:
    """The mail whose answer tells the customer of this entry, sent or on its way; None without one."""
    mail_id = session.exec(
        select(OutboxRow.mail_id)
        .where(
            col(OutboxRow.decision_id) == entry.decision_id,
            col(OutboxRow.kind) != ReplyKind.RECIBIDO,
            col(OutboxRow.state) != OutboxState.ANULADO,
        )
        .limit(1)
    ).first()
    return MailId(mail_id) if mail_id is not None else None


@dataclass(frozen=True, slots=True)
class Wish:
    """A wish to charge again what was reversed; it waits while `approved_by` is ""."""

    id: int
    entry_id: int
    charge_id: ChargeId
    after: ChargeState
    item_too: bool
    reason: str
    proposed_at: datetime
    proposed_by: str
    approved_by: str


def propose(
    session: Session, entry: LiveEntry, after: ChargeState, *, item_too: bool, reason: str, actor: str, now: datetime
) -> Wish:
    """Raises `BadInput` when the same was proposed already."""
    values = {
        "entry_id": entry.id,
        "charge_id": entry.charge_id,
        "after": after,
        "item_too": item_too,
        "reason": reason,
        "proposed_at": now,
        "proposed_by": actor,
        "approved_by": "",
    }
    if not insert_new(session, OppositeRow, values, ["entry_id"], where=sa.text("withdrawn_at IS NULL")):
        raise BadInput(f"for charge {entry.charge_id} this was proposed already: another person approves it")
    row = session.exec(
        select(OppositeRow).where(col(OppositeRow.entry_id) == entry.id, col(OppositeRow.withdrawn_at).is_(None))
    ).one()
    return _wish(row)


def waiting(session: Session) -> tuple[Wish, ...]:
    """Wishes that wait for a second person, oldest first."""
    rows = session.exec(
        select(OppositeRow)
        .where(col(OppositeRow.approved_by) == "", col(OppositeRow.withdrawn_at).is_(None))
        .order_by(col(OppositeRow.id))
    )
    return tuple(_wish(row) for row in rows)


def load(session: Session, wish_id: int) -> Wish:
    """Raises `BadInput` when there is no such wish, or it does not wait."""
    wish = next((one for one in waiting(session) if one.id == wish_id), None)
    if wish is None:
        raise BadInput(f"there is no opposite entry {wish_id} that waits for a second person")
    return wish


def approve(session: Session, wish: Wish, *, actor: str, now: datetime) -> None:
    """Raises `RefusedTransition` when it does not wait any more."""
    _close(session, wish, approved_at=now, approved_by=actor)


def withdraw(session: Session, wish: Wish, *, now: datetime) -> None:
    """Give a wish up.  Raises `RefusedTransition` when it does not wait any more."""
    _close(session, wish, withdrawn_at=now)


def _close(session: Session, wish: Wish, **values: object) -> None:
    change_one(
        session,
        sa.update(OppositeRow)
        .where(
            col(OppositeRow.id) == wish.id, col(OppositeRow.approved_by) == "", col(OppositeRow.withdrawn_at).is_(None)
        )
        .values(**values),
        f"opposite entry {wish.id} does not wait any more",
    )


def _wish(row: OppositeRow) -> Wish:
    return Wish(**{name: getattr(row, name) for name in Wish.__dataclass_fields__})
