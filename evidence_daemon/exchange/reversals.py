"""A reversal as the cells of a file, by a column map; and the list of what waits, to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TextIO, assert_never

from evidence_daemon.columns import OutgoingColumns, ReversalValue
from evidence_daemon.exchange import forms
from evidence_daemon.exchange.forms import Cell, Money
from evidence_daemon.model import Cents
from evidence_daemon.rulebook import RuleBook
from evidence_daemon.store import lists
from evidence_daemon.store.database import Database
from evidence_daemon.store.lists import Reversal
from evidence_daemon.workdays import ECUADOR


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written: lines and the sum of the amounts to reverse, in cents."""

    lines: int
    cents: Cents


def headings(columns: OutgoingColumns) -> list[str]:
    """The first row."""
    return [column.heading for column in columns.column]


def cells(reversal: Reversal, columns: OutgoingColumns, more: Mapping[ReversalValue, Cell] | None = None) -> list[Cell]:
    """One row; `more` are values that the reversal itself does not have (its batch, who decided), and outweighs it."""
    known = more or {}
    return [known[one.value] if one.value in known else _cell(reversal, one.value) for one in columns.column]


def _cell(reversal: Reversal, value: ReversalValue) -> Cell:
    match value:
        case ReversalValue.ENTRY:
            return reversal.entry_id
        case ReversalValue.DATE:
            return reversal.entered_at.astimezone(ECUADOR).date()
        case ReversalValue.CASE:
            return reversal.case_id
        case ReversalValue.CHARGE:
            return reversal.charge_id
        case ReversalValue.BASE | ReversalValue.TAX | ReversalValue.TOTAL | ReversalValue.AMOUNT:
            return Money(getattr(reversal, value.value))
        case ReversalValue.VAT_RATE:
            return Decimal(reversal.vat_rate) / 100
        case (
            ReversalValue.BATCH
            | ReversalValue.ORDINAL
            | ReversalValue.CHOICE
            | ReversalValue.DECIDED_BY
            | ReversalValue.APPROVED_BY
        ):
            return ""
        case (
            ReversalValue.OPERATION
            | ReversalValue.ID_NUMBER
            | ReversalValue.HOLDER
            | ReversalValue.LINE
            | ReversalValue.SERVICE_NUMBER
            | ReversalValue.EQUIPMENT_TYPE
            | ReversalValue.DESCRIPTION
            | ReversalValue.SERIAL
            | ReversalValue.CHARGE_REFERENCE
            | ReversalValue.CONCEPT
            | ReversalValue.INVOICE
            | ReversalValue.RECEIPT
            | ReversalValue.RULE
        ):
            return str(getattr(reversal, value.value) or "")
        case _:
            assert_never(value)


def export_reversals(database: Database, target: Path | TextIO, book: RuleBook) -> ExportReport:
    """Write every charge that waits in REVERSO_PENDIENTE as CSV (columns: `rules/columns/reversals.toml`).

    A list to look at: what billing is asked to do goes out in batches only.  The same charges give the same bytes.
    Raises `BadFile` when it cannot be written.
    """
    lines = cents = 0

    def rows() -> Iterator[list[Cell]]:
        nonlocal lines, cents
        with database.reading() as session:
            for reversal in lists.pending_reversals(session):
                lines += 1
                cents += reversal.amount
                yield cells(reversal, book.reversals)

    file = forms.csv_file("reversos", book.reversals.file, headings(book.reversals), rows())
    if isinstance(target, Path):
        forms.write(target, file.content)
    else:
        target.write(file.content.decode(book.reversals.file.encoding))
    return ExportReport(lines, cents)
