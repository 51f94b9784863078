"""Batches of reversals: what a person does with them, from the draft to the files that billing gets.

Draft → closed (frozen, with totals and a hash) → approved by somebody who neither drew it up nor closed it →
exported.  Before it is exported it can be annulled, which frees its charges.  What was exported once is handed over
again byte for byte.  Each act is one transaction, and stands in the audit trail with its person.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from evidence_daemon.cases import ledger
from evidence_daemon.columns import ReversalValue
from evidence_daemon.errors import BadInput, RefusedTransition
from evidence_daemon.exchange import forms, reversals
from evidence_daemon.exchange.forms import Cell, Money
from evidence_daemon.model import BatchState, CaseId, Cents, Charge, ChargeId, ChargeState, LineResult, Operation
from evidence_daemon.rulebook import RuleBook
from evidence_daemon.store import audit, batches
from evidence_daemon.store.batches import Batch, ExportedFile, Line
from evidence_daemon.store.database import Database, Session
from evidence_daemon.store.lists import Reversal
from evidence_daemon.workdays import ECUADOR

if TYPE_CHECKING:
    from evidence_daemon.exchange.cover import Cover

FILES = "lote"
"""Under this word the files of a batch are kept."""
MOST_LINES = 5000
"""Lines of a batch unless another number is asked for: what two people can answer for, and one answer file."""

_OPERATIONS = {
    Operation.QUITAR_CARGO: "Quitar cargo (sin factura)",
    Operation.NOTA_CREDITO: "Nota de crédito",
    Operation.NINGUNA: "Ninguna",
}


def actor_of(person: str) -> str:
    """The actor of a person, as it stands in the history.  Raises `BadInput` without a name."""
    name = " ".join(person.split())
    if not name:
        raise BadInput("say who decides: a name is needed")
    return f"persona:{name}"


@dataclass(frozen=True)
class Batches:
    """The acts; each raises `BadInput` for what cannot be asked, `RefusedTransition` when somebody was faster."""

    database: Database
    book: RuleBook
    clock: Callable[[], datetime]

    def draft(self, *, person: str, operation: Operation | None = None, most: int = MOST_LINES) -> Batch:
        """A draft with the charges that wait (REVERSO_PENDIENTE → REVERSO_EN_LOTE), oldest first."""
        actor, now = actor_of(person), self.clock()
        ledger.charge_step(ChargeState.REVERSO_PENDIENTE, ChargeState.REVERSO_EN_LOTE)

        def work(session: Session) -> Batch:
            batch = batches.create(session, actor=actor, now=now, most=most, operation=operation, split=_split)
            return self._told(session, "batch drafted", batch, actor, now)

        return self.database.transact(work)

    def drop(self, batch_id: int, charge_id: int, *, person: str) -> Batch:
        """Take a charge out of a draft; it waits again."""
        actor, now = actor_of(person), self.clock()

        def work(session: Session) -> Batch:
            batch = self._in(session, batch_id, BatchState.BORRADOR)
            line = next((one for one in batches.lines_of(session, batch_id) if one.charge_id == charge_id), None)
            if line is None:
                raise BadInput(f"charge {charge_id} is not in batch {batch_id}")
            batches.drop(session, line)
            return self._told(session, "batch line dropped", batch, actor, now, charge=charge_id)

        return self.database.transact(work)

    def close(self, batch_id: int, *, person: str) -> Batch:
        """Freeze a draft: its lines, its totals, and a hash over both."""
        actor, now = actor_of(person), self.clock()

        def work(session: Session) -> Batch:
            batch = self._in(session, batch_id, BatchState.BORRADOR)
            lines = batches.lines_of(session, batch_id)
            if not lines:
                raise BadInput(f"batch {batch_id} has no lines: annul it")
            batch = self._move(
                session,
                batch,
                BatchState.CERRADO,
                closed_at=now,
                closed_by=actor,
                lines=len(lines),
                base=sum(line.base for line in lines),
                tax=sum(line.tax for line in lines),
                total=sum(line.amount for line in lines),
                sha256=batches.digest(lines),
            )
            return self._told(session, "batch closed", batch, actor, now)

        return self.database.transact(work)

    def send_back(self, batch_id: int, *, person: str, because: str) -> Batch:
        """Back to the draft: whoever should approve it does not."""
        actor, now = actor_of(person), self.clock()

        def work(session: Session) -> Batch:
            batch = self._in(session, batch_id, BatchState.CERRADO)
            cleared = {"closed_at": None, "closed_by": "", "lines": 0, "base": 0, "tax": 0, "total": 0, "sha256": ""}
            batch = self._move(session, batch, BatchState.BORRADOR, reason=reason_of(because), **cleared)
            return self._told(session, "batch sent back", batch, actor, now, because=reason_of(because))

        return self.database.transact(work)

    def approve(self, batch_id: int, *, person: str) -> Batch:
        """A second person, who neither drew it up nor closed it, lets it go."""
        actor, now = actor_of(person), self.clock()

        def work(session: Session) -> Batch:
            batch = self._in(session, batch_id, BatchState.CERRADO)
            if actor.casefold() in {batch.closed_by.casefold(), batch.created_by.casefold()}:
                raise BadInput(f"batch {batch_id} was prepared by you: another person approves it")
            _check_frozen(session, batch)
            batch = self._move(session, batch, BatchState.APROBADO, approved_at=now, approved_by=actor)
            return self._told(session, "batch approved", batch, actor, now, sha256=batch.sha256)

        return self.database.transact(work)

    def annul(self, batch_id: int, *, person: str, because: str) -> Batch:
        """Give a batch up before it was exported; its charges wait again (REVERSO_PENDIENTE)."""
        actor, now, reason = actor_of(person), self.clock(), reason_of(because)
        ledger.charge_step(ChargeState.REVERSO_EN_LOTE, ChargeState.REVERSO_PENDIENTE)

        def work(session: Session) -> Batch:
            batch = batches.load(session, batch_id)
            batch = self._move(session, batch, BatchState.ANULADO, annulled_at=now, annulled_by=actor, reason=reason)
            for line in batches.lines_of(session, batch_id):
                batches.take_out(session, line)
            return self._told(session, "batch annulled", batch, actor, now, because=reason)

        return self.database.transact(work)

    def export(self, batch_id: int, *, person: str) -> tuple[Batch, tuple[ExportedFile, ...]]:
        """The files of an approved batch, which is exported thereby; of an exported one, the very same bytes."""
        actor, now = actor_of(person), self.clock()

        def work(session: Session) -> tuple[Batch, tuple[ExportedFile, ...]]:
            batch = batches.load(session, batch_id)
            if kept := batches.kept_files(session, FILES, batch_id):
                return batch, kept
            lines = _check_frozen(session, batch)
            batch = self._move(session, batch, BatchState.EXPORTADO, exported_at=now, exported_by=actor)
            files = self._files(batch, lines)
            batches.keep_files(session, FILES, batch_id, files)
            hashes = {file.form: file.sha256 for file in files}
            return self._told(session, "batch exported", batch, actor, now, **hashes), files

        return self.database.transact(work)

    def delivered(self, batch_id: int, where: str, *, person: str) -> None:
        """Keep that the files arrived."""
        actor, now = actor_of(person), self.clock()

        def work(session: Session) -> None:
            batches.note_delivery(session, batch_id, where, now)
            self._told(session, "batch delivered", batches.load(session, batch_id), actor, now)

        self.database.transact(work)

    def show(self, batch_id: int) -> tuple[Batch, tuple[Line, ...]]:
        """A batch with its lines."""
        with self.database.reading() as session:
            return batches.load(session, batch_id), batches.lines_of(session, batch_id)

    def newest(self) -> tuple[Batch, ...]:
        """The last hundred batches, newest first."""
        with self.database.reading() as session:
            return batches.newest(session)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def _in(session: Session, batch_id: int, state: BatchState) -> Batch:
        batch = batches.load(session, batch_id)
        if batch.state is not state:
            raise RefusedTransition(f"batch {batch_id} is {batch.state}, not {state}")
        return batch

    @staticmethod
    def _move(session: Session, batch: Batch, after: BatchState, **values: object) -> Batch:
        ledger.batch_step(batch.state, after)
        return batches.move(session, batch, after, **values)

    @staticmethod
    def _told(session: Session, action: str, batch: Batch, actor: str, now: datetime, **more: object) -> Batch:
        detail = {"batch": batch.id, "lines": batch.lines, "cents": batch.total, **more}
        audit.record(session, action, actor=actor, now=now, detail=detail)
        return batch

    def _files(self, batch: Batch, lines: Sequence[Line]) -> tuple[ExportedFile, ...]:
        columns, name = self.book.reversals, f"lote-{batch.id:06d}"
        heads = reversals.headings(columns)
        rows = [reversals.cells(line.reversal, columns, _of_line(line)) for line in lines]
        sheets = (
            forms.csv_file(name, columns.file, heads, rows),
            forms.xlsx_file(name, f"Lote {batch.id}", heads, rows, at=batch.exported_at or batch.created_at),
        )
        from evidence_daemon.exchange.cover import cover_file

        return (*sheets, cover_file(f"{name}-caratula", _cover(batch, lines, sheets)))


def _split(reversal: Reversal) -> tuple[Cents, Cents]:
    charge = Charge(
        id=ChargeId(reversal.charge_id),
        case_id=CaseId(reversal.case_id),
        item_id=None,
        concept=reversal.concept,
        state=ChargeState.REVERSO_PENDIENTE,
        base=reversal.base,
        tax=reversal.tax,
        total=reversal.total,
        vat_rate=reversal.vat_rate,
    )
    return ledger.split(charge, reversal.amount)


def _of_line(line: Line) -> dict[ReversalValue, Cell]:
    return {
        ReversalValue.BATCH: line.batch_id,
        ReversalValue.ORDINAL: line.ordinal,
        ReversalValue.BASE: Money(line.base),
        ReversalValue.TAX: Money(line.tax),
        ReversalValue.AMOUNT: Money(line.amount),
    }


def _check_frozen(session: Session, batch: Batch) -> tuple[Line, ...]:
    """The lines of a closed batch, which are what they were when it was closed.  Raises `RefusedTransition`."""
    lines = batches.lines_of(session, batch.id)
    if batch.sha256 and batches.digest(lines) != batch.sha256:
        raise RefusedTransition(f"the lines of batch {batch.id} are not those that were closed: it goes nowhere")
    return lines


def reason_of(text: str) -> str:
    """A reason as it is kept.  Raises `BadInput` without one."""
    reason = " ".join(text.split())
    if not reason:
        raise BadInput("say why: a reason is needed")
    return reason


def _cover(batch: Batch, lines: Sequence[Line], sheets: Sequence[ExportedFile]) -> Cover:
    from evidence_daemon.exchange.cover import Cover

    totals = []
    for operation in (Operation.QUITAR_CARGO, Operation.NOTA_CREDITO):
        some = [line for line in lines if line.operation is operation]
        amounts = [sum(getattr(line, name) for line in some) for name in ("base", "tax", "amount")]
        totals.append((_OPERATIONS[operation], len(some), *amounts))
    totals.append(("Total del lote", batch.lines, batch.base, batch.tax, batch.total))
    return Cover(
        title=f"Lote de reversos N.º {batch.id}",
        subtitle="Valores cobrados por equipos que los clientes sí entregaron. Para el sistema de facturación.",
        facts=(
            ("Preparó", _who(batch.created_by, batch.created_at)),
            ("Cerró", _who(batch.closed_by, batch.closed_at)),
            ("Aprobó", _who(batch.approved_by, batch.approved_at)),
            ("Exportó", _who(batch.exported_by, batch.exported_at)),
        ),
        totals=tuple(totals),
        hashes=(("Contenido del lote al cerrarse", batch.sha256), *((file.name, file.sha256) for file in sheets)),
        notes=(
            "Quitar cargo: el valor aún no consta en una factura; se elimina sin nota de crédito. "
            "Nota de crédito: anula la línea de la factura con la tarifa de IVA de esa factura.",
            "Cada línea se responde con su ID_ASIENTO: aplicada (con el número de la nota) o fallida (con el motivo). "
            "Una línea que no se responde sigue pendiente. El lote no se aplica dos veces: su número y el de cada "
            "asiento son únicos.",
        ),
        signatures=(
            ("Cerró", _name(batch.closed_by)),
            ("Aprobó", _name(batch.approved_by)),
            ("Recibió en facturación", ""),
        ),
    )


def _name(actor: str) -> str:
    return actor.removeprefix("persona:")


def _who(actor: str, at: datetime | None) -> str:
    when = f", {at.astimezone(ECUADOR):%d-%m-%Y %H:%M}" if at is not None else ""
    return f"{_name(actor)}{when}"


def result_counts(lines: Sequence[Line]) -> dict[LineResult, int]:
    """How many lines were answered how."""
    return {result: sum(line.result is result for line in lines) for result in LineResult}
