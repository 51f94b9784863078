"""Billing's answer to a batch comes in, line by line: applied with its note, or failed with its reason.

A line that was answered already and says the same again is no news; one that says something else, or that no batch
ever had, is told and changes nothing.  When every line of a batch is answered and the amounts tie out, the batch is
reconciled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from evidence_daemon.cases import ledger
from evidence_daemon.cases.settlement import restated
from evidence_daemon.columns import ResponseColumn, ResponseColumns, plain_heading
from evidence_daemon.errors import RefusedTransition
from evidence_daemon.exchange.caselist import Progress, file_hash
from evidence_daemon.exchange.cells import Cells, usd
from evidence_daemon.exchange.sheets import opened
from evidence_daemon.exchange.told import RowFault, Told
from evidence_daemon.model import BatchState, Cents, ChargeState, LineResult, Operation
from evidence_daemon.rulebook import RuleBook
from evidence_daemon.store import audit, batches, incoming, records
from evidence_daemon.store.batches import Answer, Batch, Line
from evidence_daemon.store.database import Database, Session

REQUIRED = (ResponseColumn.ENTRY, ResponseColumn.RESULT)
_BATCH = 500
_AT_BILLING = frozenset({BatchState.EXPORTADO, BatchState.APLICADO_PARCIAL})


@dataclass(frozen=True, slots=True)
class ResponseReport:
    """What an answer did, in lines; `reconciled` are the batches that tie out by it."""

    applied: int
    failed: int
    unchanged: int
    refused: int
    reconciled: tuple[int, ...]
    rejected: tuple[RowFault, ...]

    @property
    def figures(self) -> dict[str, int]:
        """The counts, by name."""
        return {name: getattr(self, name) for name in ("applied", "failed", "unchanged", "refused")}


@dataclass(frozen=True, slots=True)
class _Said:
    line: int
    """Of the file."""
    entry_id: int
    batch_id: int | None
    answer: Answer
    amount: Cents | None


def import_response(
    database: Database,
    path: Path,
    book: RuleBook,
    *,
    actor: str,
    progress: Progress = lambda _done, _total: None,
    now: datetime | None = None,
    faults_to: Path | None = None,
) -> ResponseReport:
    """Bring in billing's answer; each five hundred lines are one transaction, and may be brought in again.

    Raises `BadFile` when the file as a whole cannot be used.
    """
    moment = now or datetime.now(UTC)
    digest = file_hash(path)
    counts = {"applied": 0, "failed": 0, "unchanged": 0}
    touched: set[int] = set()
    with opened(path, book.responses.columns, REQUIRED) as sheet, Told(path.name, faults_to) as told:
        headings = {column: sheet.heading(column) for column in ResponseColumn}
        words = _results(book.responses)
        chunk: list[_Said] = []
        done = 0

        def bring() -> None:
            if not chunk:
                return
            outcome = database.transact(lambda session: _apply(session, chunk, actor=actor, now=moment))
            for name in counts:
                counts[name] += outcome.counts[name]
            touched.update(outcome.batches)
            for line, column, wrong, expected in outcome.faults:
                told.refuse([RowFault(line, headings[column], wrong, "", expected)])

        for done, row in enumerate(sheet, start=1):
            if row.trouble:
                told.refuse([RowFault(row.line, "", row.trouble)])
                continue
            reading = _RowReading(row.cells, words)
            said = reading.said(row.line)
            faults, _ = reading.told(row.line, headings)
            if said is None or faults:
                told.refuse(faults)
                continue
            chunk.append(said)
            if len(chunk) >= _BATCH:
                bring()
                chunk.clear()
                progress(done, sheet.total)
        bring()
        progress(done, max(done, sheet.total))
    reconciled = tuple(
        number
        for number in sorted(touched)
        if database.transact(lambda session, number=number: _conclude(session, number, actor=actor, now=moment))  # type: ignore[misc]
    )
    report = ResponseReport(**counts, refused=told.refused, reconciled=reconciled, rejected=tuple(told.rejected))

    def finish(session: Session) -> None:
        brought = incoming.Brought(incoming.RESPONSE, path.name, digest, moment, actor, told.refused)
        incoming.remember(session, brought, report.figures)
        detail = {"source": path.name, "batches": sorted(touched), **report.figures}
        audit.record(session, "batch response imported", actor=actor, now=moment, detail=detail)

    database.transact(finish)
    return report


# ── one part of the file ─────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Outcome:
    counts: dict[str, int]
    batches: set[int]
    faults: list[tuple[int, ResponseColumn, str, str]]


def _apply(session: Session, chunk: Sequence[_Said], *, actor: str, now: datetime) -> _Outcome:
    outcome = _Outcome({"applied": 0, "failed": 0, "unchanged": 0}, set(), [])
    asked: dict[int, list[Line]] = {}
    for line in batches.lines_for(session, [said.entry_id for said in chunk]):
        asked.setdefault(line.entry_id, []).append(line)
    states: dict[int, Batch] = {}
    cases: set[int] = set()
    answered: dict[int, Answer] = {}
    for said in chunk:
        found = _line(said, asked.get(said.entry_id, []))
        if isinstance(found, tuple):
            outcome.faults.append((said.line, *found))
            continue
        batch = states.setdefault(found.batch_id, batches.load(session, found.batch_id))
        before = answered.get(found.id) or _answer(found)
        if before is not None:
            if before == said.answer:
                outcome.counts["unchanged"] += 1
                outcome.batches.add(batch.id)
            else:
                words = f"la línea ya consta {before.result} con otros datos; no se cambió"
                outcome.faults.append((said.line, ResponseColumn.RESULT, words, "una decisión de una persona"))
            continue
        if batch.state not in _AT_BILLING:
            words = f"el lote {batch.id} está {batch.state}: no se espera su respuesta"
            outcome.faults.append((said.line, ResponseColumn.BATCH, words, "un lote exportado"))
            continue
        failed = said.answer.result is LineResult.FALLIDO
        after = ChargeState.REVERSO_FALLIDO if failed else ChargeState.REVERSADO
        ledger.charge_step(ChargeState.REVERSO_EN_LOTE, after)
        try:
            with session.begin_nested():
                batches.answer(session, found, said.answer, now=now)
        except RefusedTransition as trouble:
            outcome.faults.append((said.line, ResponseColumn.ENTRY, str(trouble), "un cargo en REVERSO_EN_LOTE"))
            continue
        answered[found.id] = said.answer
        outcome.counts["failed" if failed else "applied"] += 1
        outcome.batches.add(batch.id)
        cases.add(found.case_id)
    for case in records.load_cases(session, cases):
        changes = restated(case, "facturación aplicó los reversos del caso")
        batches.change_cases(session, changes)
        for change in changes:
            detail = {"before": change.before.value, "after": change.after.value}
            audit.record(session, "case changed", actor=actor, now=now, case_id=change.case_id, detail=detail)
    return outcome


def _line(said: _Said, lines: Sequence[Line]) -> Line | tuple[ResponseColumn, str, str]:
    """The line that is meant, or what is wrong."""
    mine = [line for line in lines if said.batch_id in (None, line.batch_id)]
    if not mine:
        return ResponseColumn.ENTRY, "ningún lote tiene este asiento", "el ID_ASIENTO de una línea exportada"
    # Without a batch an entry that failed in one and went out again in another means the one that still waits,
    # unless it says what was said before: the old file once more, or a second failure.
    line = next((one for one in mine if one.result is LineResult.PENDIENTE), mine[0])
    old = next((one for one in mine if one is not line and _answer(one) == said.answer), None)
    if old is not None and line.result is LineResult.PENDIENTE:
        words = f"el asiento salió en varios lotes y el {old.batch_id} ya tiene esta respuesta: no se sabe de cuál es"
        return ResponseColumn.BATCH, words, "el número del lote"
    if said.amount is not None and said.amount != line.amount:
        words = f"el valor {usd(said.amount)} no es el de la línea"
        return ResponseColumn.AMOUNT, words, usd(line.amount)
    applied = said.answer.result is LineResult.APLICADO
    if applied and line.operation is Operation.NOTA_CREDITO and not said.answer.note_number:
        return ResponseColumn.NOTE_NUMBER, "falta el número de la nota de crédito", "por ejemplo 001-001-000000001"
    return line


def _answer(line: Line) -> Answer | None:
    if line.result is LineResult.PENDIENTE:
        return None
    return Answer(line.result, line.reason, line.note_number, line.note_date, line.note_key)


def _conclude(session: Session, batch_id: int, *, actor: str, now: datetime) -> bool:
    """Bring a batch to what its lines say; whether it ties out by that."""
    batch, lines = batches.load(session, batch_id), batches.lines_of(session, batch_id)
    if batch.state not in _AT_BILLING:
        return False
    waiting = [line for line in lines if line.result is LineResult.PENDIENTE]
    failed = [line for line in lines if line.result is LineResult.FALLIDO]
    after = BatchState.APLICADO_PARCIAL if waiting or failed else BatchState.APLICADO
    if after is not batch.state:
        ledger.batch_step(batch.state, after)
        batch = batches.move(session, batch, after)
        _tell(session, batch, actor, now)
    if waiting:
        return False
    # The last look before nobody looks again: the very lines that were closed, and not a cent more or less.
    if batches.digest(lines) != batch.sha256 or sum(line.amount for line in lines) != batch.total:
        raise RefusedTransition(f"batch {batch_id} does not tie out: its lines are not those that were closed")
    ledger.batch_step(batch.state, BatchState.CONCILIADO)
    _tell(session, batches.move(session, batch, BatchState.CONCILIADO, answered_at=now), actor, now)
    return True


def _tell(session: Session, batch: Batch, actor: str, now: datetime) -> None:
    audit.record(session, "batch changed", actor=actor, now=now, detail={"batch": batch.id, "state": batch.state.value})


# ── one row ──────────────────────────────────────────────────────────────────────────────────────


def _results(book: ResponseColumns) -> dict[str, LineResult]:
    words = {plain_heading(result): result for result in (LineResult.APLICADO, LineResult.FALLIDO)}
    for result, aliases in book.results.items():
        words.update({plain_heading(alias): result for alias in aliases})
    return words


class _RowReading(Cells[ResponseColumn]):
    """One row of an answer."""

    def __init__(self, values: Mapping[ResponseColumn, str], words: Mapping[str, LineResult]) -> None:
        super().__init__(values)
        self._words = words

    def said(self, line: int) -> _Said | None:
        """What the row says, or None when it cannot be told (then `faults` say why)."""
        entry, batch = self._number(ResponseColumn.ENTRY, needed=True), self._number(ResponseColumn.BATCH)
        text = self.needed(ResponseColumn.RESULT, "APLICADO o FALLIDO")
        result = self._words.get(plain_heading(text))
        if text and result is None:
            self.fault(ResponseColumn.RESULT, "no es un resultado", "APLICADO o FALLIDO")
        reason = self.cell(ResponseColumn.REASON)
        if result is LineResult.FALLIDO and not reason:
            self.fault(ResponseColumn.REASON, "falta el motivo", "por qué no se aplicó la línea")
        key = self.cell(ResponseColumn.NOTE_KEY)
        if key and not re.fullmatch(r"[0-9]{49}", key):
            self.fault(ResponseColumn.NOTE_KEY, "no es una clave de acceso", "49 dígitos")
        for column in (ResponseColumn.NOTE_NUMBER, ResponseColumn.NOTE_KEY):
            self.undamaged(column)
        day = self.day(ResponseColumn.NOTE_DATE)
        amount = self.money(ResponseColumn.AMOUNT, needed=False, otherwise=-1)
        if entry is None or result is None or self.faults:
            return None
        note = self.cell(ResponseColumn.NOTE_NUMBER)
        answer = Answer(result, reason if result is LineResult.FALLIDO else "", note, day, key)
        return _Said(line, entry, batch, answer, None if amount == -1 else amount)

    def _number(self, column: ResponseColumn, *, needed: bool = False) -> int | None:
        text = self.needed(column, "el número que dimos") if needed else self.cell(column)
        if not text:
            return None
        if not re.fullmatch(r"[0-9]{1,15}", text):
            self.fault(column, "no es un número", "el número que dimos")
            return None
        return int(text)
