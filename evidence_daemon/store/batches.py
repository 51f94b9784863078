"""Batches of reversals: made, frozen, handed over, answered.  Every change names the state before.

What may follow what is the ledger's to say (`cases/ledger.py`); this room writes it, one transaction each, and
refuses what was not as its caller thought.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.errors import BadInput, RefusedTransition
from evidence_daemon.model import BatchState, CaseChange, Cents, ChargeId, ChargeState, LineResult, Operation
from evidence_daemon.store.lists import Reversal, pending_reversals
from evidence_daemon.store.shapes import from_json, to_json
from evidence_daemon.store.statements import change_one
from evidence_daemon.store.tables import CaseRow, ChargeRow
from evidence_daemon.store.tables_batches import BatchLineRow, BatchRow, ExportedFileRow

Splitter = Callable[[Reversal], tuple[Cents, Cents]]
"""Base and tax of the amount that a reversal takes back."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as it stands; cents, people as actors, "" while nobody did it."""

    id: int
    state: BatchState
    created_at: datetime
    created_by: str
    closed_at: datetime | None
    closed_by: str
    approved_at: datetime | None
    approved_by: str
    exported_at: datetime | None
    exported_by: str
    delivered_at: datetime | None
    delivered_to: str
    annulled_at: datetime | None
    annulled_by: str
    reason: str
    answered_at: datetime | None
    lines: int
    base: Cents
    tax: Cents
    total: Cents
    sha256: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a batch; `reversal` is what was known when it was made, `amount` = base + tax in cents."""

    id: int
    batch_id: int
    ordinal: int
    entry_id: int
    charge_id: ChargeId
    case_id: int
    operation: Operation
    base: Cents
    tax: Cents
    amount: Cents
    reversal: Reversal
    live: bool
    result: LineResult
    reason: str
    note_number: str
    note_date: date | None
    note_key: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What billing said of a line."""

    result: LineResult
    reason: str = ""
    note_number: str = ""
    note_date: date | None = None
    note_key: str = ""


# ── looking ──────────────────────────────────────────────────────────────────────────────────────


def load(session: Session, batch_id: int) -> Batch:
    """Raises `BadInput` when there is no such batch."""
    row = session.exec(
        select(BatchRow).where(col(BatchRow.id) == batch_id).execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise BadInput(f"there is no batch {batch_id}")
    return _batch(row)


def newest(session: Session, limit: int = 100) -> tuple[Batch, ...]:
    """The last batches, newest first."""
    rows = session.exec(select(BatchRow).order_by(col(BatchRow.id).desc()).limit(limit))
    return tuple(_batch(row) for row in rows)


def unanswered(session: Session, exported_before: datetime) -> tuple[Batch, ...]:
    """Batches that were handed over before a moment and have lines without an answer."""
    rows = session.exec(
        select(BatchRow)
        .where(
            col(BatchRow.state).in_((BatchState.EXPORTADO, BatchState.APLICADO_PARCIAL)),
            col(BatchRow.exported_at) < exported_before,
            col(BatchRow.answered_at).is_(None),
        )
        .order_by(col(BatchRow.id))
    )
    return tuple(_batch(row) for row in rows)


def lines_of(session: Session, batch_id: int) -> tuple[Line, ...]:
    """The lines of a batch, in their order."""
    rows = session.exec(
        select(BatchLineRow)
        .where(col(BatchLineRow.batch_id) == batch_id)
        .order_by(col(BatchLineRow.ordinal))
        .execution_options(populate_existing=True)
    )
    return tuple(_line(row) for row in rows)


def lines_for(session: Session, entry_ids: Sequence[int]) -> tuple[Line, ...]:
    """Every line that ever asked for these ledger entries, newest first."""
    rows = session.exec(
        select(BatchLineRow)
        .where(col(BatchLineRow.entry_id).in_(entry_ids))
        .order_by(col(BatchLineRow.id).desc())
        .execution_options(populate_existing=True)
    )
    return tuple(_line(row) for row in rows)


def digest(lines: Sequence[Line]) -> str:
    """SHA-256 over what was frozen of the lines: order, entry, operation, cents, and all that was known."""
    hashed = hashlib.sha256()
    for line in lines:
        frozen = (line.ordinal, line.entry_id, line.operation.value, line.base, line.tax, line.amount)
        hashed.update(f"{frozen}{to_json(line.reversal)}\n".encode())
    return hashed.hexdigest()


# ── changing ─────────────────────────────────────────────────────────────────────────────────────


def create(
    session: Session, *, actor: str, now: datetime, most: int, operation: Operation | None, split: Splitter
) -> Batch:
    """A draft with the charges that wait, oldest first, at most `most`; they go to REVERSO_EN_LOTE.

    Raises `BadInput` when none waits.
    """
    waiting: list[Reversal] = []
    for reversal in pending_reversals(session):
        if len(waiting) == most:
            break
        if operation is None or reversal.operation is operation:
            waiting.append(reversal)
    if not waiting:
        raise BadInput("no charge waits in REVERSO_PENDIENTE: there is nothing to put into a batch")
    batch_id = int(
        session.exec(
            sa.insert(BatchRow)
            .values(state=BatchState.BORRADOR, created_at=now, created_by=actor, base=0, tax=0, total=0, lines=0)
            .values(closed_by="", approved_by="", exported_by="", annulled_by="", delivered_to="", reason="", sha256="")
            .returning(col(BatchRow.id))
        ).scalar_one()
    )
    for ordinal, reversal in enumerate(waiting, start=1):
        base, tax = split(reversal)
        session.exec(
            sa.insert(BatchLineRow).values(
                batch_id=batch_id,
                ordinal=ordinal,
                entry_id=reversal.entry_id,
                charge_id=reversal.charge_id,
                case_id=reversal.case_id,
                operation=reversal.operation,
                base=base,
                tax=tax,
                amount=reversal.amount,
                body=to_json(reversal),
                live=True,
                result=LineResult.PENDIENTE,
                reason="",
                note_number="",
                note_key="",
            )
        )
        change_charge(session, reversal.charge_id, ChargeState.REVERSO_PENDIENTE, ChargeState.REVERSO_EN_LOTE)
    return load(session, batch_id)


def move(session: Session, batch: Batch, after: BatchState, **values: object) -> Batch:
    """Take a batch from the state in which it was seen to another.  Raises `RefusedTransition` when it moved."""
    change_one(
        session,
        sa.update(BatchRow)
        .where(col(BatchRow.id) == batch.id, col(BatchRow.state) == batch.state)
        .values(state=after, **values),
        f"batch {batch.id} is not {batch.state} any more: it cannot become {after}",
    )
    return load(session, batch.id)


def note_delivery(session: Session, batch_id: int, where: str, now: datetime) -> None:
    """Keep that the files of a batch arrived somewhere."""
    session.exec(sa.update(BatchRow).where(col(BatchRow.id) == batch_id).values(delivered_at=now, delivered_to=where))


def take_out(session: Session, line: Line) -> None:
    """A line that no longer speaks for its entry; the charge waits again.  Raises `RefusedTransition`."""
    change_one(
        session,
        sa.update(BatchLineRow).where(col(BatchLineRow.id) == line.id, col(BatchLineRow.live)).values(live=False),
        f"line {line.ordinal} of batch {line.batch_id} is not live any more",
    )
    change_charge(session, line.charge_id, ChargeState.REVERSO_EN_LOTE, ChargeState.REVERSO_PENDIENTE)


def drop(session: Session, line: Line) -> None:
    """Take a line out of a draft, as if it had never been in it."""
    take_out(session, line)
    session.exec(sa.delete(BatchLineRow).where(col(BatchLineRow.id) == line.id))


def answer(session: Session, line: Line, said: Answer, *, now: datetime) -> None:
    """Write what billing said of a line, and what that makes of its charge.  Raises `RefusedTransition`."""
    failed = said.result is LineResult.FALLIDO
    change_one(
        session,
        sa.update(BatchLineRow)
        .where(col(BatchLineRow.id) == line.id, col(BatchLineRow.result) == LineResult.PENDIENTE)
        .values(
            result=said.result,
            reason=said.reason,
            note_number=said.note_number,
            note_date=said.note_date,
            note_key=said.note_key,
            answered_at=now,
            live=not failed,
        ),
        f"line {line.ordinal} of batch {line.batch_id} was answered already",
    )
    after = ChargeState.REVERSO_FALLIDO if failed else ChargeState.REVERSADO
    change_charge(session, line.charge_id, ChargeState.REVERSO_EN_LOTE, after)


def change_charge(session: Session, charge_id: int, before: ChargeState, after: ChargeState) -> None:
    """Raises `RefusedTransition` when the charge is not in the state before."""
    change_one(
        session,
        sa.update(ChargeRow).where(col(ChargeRow.id) == charge_id, col(ChargeRow.state) == before).values(state=after),
        f"charge {charge_id} is not {before} any more: it cannot become {after}",
    )


def change_cases(session: Session, changes: Sequence[CaseChange]) -> None:
    """Raises `RefusedTransition` when a case is not in the state that a change names."""
    for change in changes:
        change_one(
            session,
            sa.update(CaseRow)
            .where(col(CaseRow.id) == change.case_id, col(CaseRow.state) == change.before)
            .values(state=change.after),
            f"case {change.case_id} is not {change.before} any more: it cannot become {change.after}",
        )


# ── files ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file as it was handed over; `form` is "csv", "xlsx" or "pdf"."""

    form: str
    name: str
    sha256: str
    content: bytes


def keep_files(session: Session, what: str, number: int, files: Sequence[ExportedFile]) -> None:
    """Keep the files of a batch ("lote") or of a list of refunds ("devoluciones")."""
    for file in files:
        session.exec(
            sa.insert(ExportedFileRow).values(
                what=what, number=number, form=file.form, name=file.name, sha256=file.sha256, content=file.content
            )
        )


def kept_files(session: Session, what: str, number: int) -> tuple[ExportedFile, ...]:
    """The files that were kept, byte for byte; raises `RefusedTransition` when one is not what it was."""
    rows = session.exec(
        select(ExportedFileRow)
        .where(col(ExportedFileRow.what) == what, col(ExportedFileRow.number) == number)
        .order_by(col(ExportedFileRow.id))
    )
    files = tuple(ExportedFile(row.form, row.name, row.sha256, row.content) for row in rows)
    for file in files:
        if hashlib.sha256(file.content).hexdigest() != file.sha256:
            raise RefusedTransition(f"{file.name} was changed in the database: it is not handed over again")
    return files


def _batch(row: BatchRow) -> Batch:
    return Batch(**{name: getattr(row, name) for name in Batch.__dataclass_fields__})


def _line(row: BatchLineRow) -> Line:
    same = {name: getattr(row, name) for name in Line.__dataclass_fields__ if name != "reversal"}
    return Line(reversal=from_json(row.body, Reversal), **same)
