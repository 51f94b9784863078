"""Tables of what goes to billing and comes back, of the return register, and of the files that brought lists in.

`batch_lines.live` says that a line still speaks for its ledger entry: until it failed, was taken out, or its batch
was annulled.  A unique index lets an entry be in one live line only: no value is asked for twice.  Who approves is
another person than those who prepared: the database itself says so.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlmodel import Field

from evidence_daemon.model import BatchState, ChargeState, Direction, LineResult, Operation, RefundChoice
from evidence_daemon.store.tables import Table, _big, _id, _moment, _text, _to, _word


class BatchRow(Table, table=True):
    """A batch of reversals on its way to billing.  People are actors (`persona:<name>`), "" while nobody did it."""

    __tablename__ = "batches"
    __table_args__ = (
        sa.CheckConstraint(
            "approved_by = '' OR (lower(approved_by) <> lower(closed_by) AND lower(approved_by) <> lower(created_by))",
            name="second_person",
        ),
        sa.CheckConstraint("state IN ('BORRADOR', 'CERRADO', 'ANULADO') OR approved_by <> ''", name="approved"),
        sa.Index("ix_batches_state", "state"),
        {"sqlite_autoincrement": True},  # the number stands on paper: it never comes back
    )

    id: int = _id()
    state: BatchState = _word(BatchState)
    created_at: dt.datetime = _moment()
    created_by: str = _text()
    closed_at: dt.datetime | None = _moment(null=True)
    closed_by: str = _text(default="")
    approved_at: dt.datetime | None = _moment(null=True)
    approved_by: str = _text(default="")
    exported_at: dt.datetime | None = _moment(null=True)
    exported_by: str = _text(default="")
    delivered_at: dt.datetime | None = _moment(null=True)
    delivered_to: str = _text(default="")
    annulled_at: dt.datetime | None = _moment(null=True)
    annulled_by: str = _text(default="")
    reason: str = _text(default="")
    answered_at: dt.datetime | None = _moment(null=True)
    """When the last line was answered."""
    lines: int = 0
    base: int = _big()
    tax: int = _big()
    total: int = _big()
    """Cents; the three are 0 until it is closed."""
    sha256: str = _text(default="")
    """Of the frozen lines; "" until it is closed."""


class BatchLineRow(Table, table=True):
    """One value that billing is asked to reverse: `body` is the JSON of what was known when the line was made."""

    __tablename__ = "batch_lines"
    __table_args__ = (
        sa.UniqueConstraint("batch_id", "ordinal"),
        sa.CheckConstraint("amount = base + tax AND base >= 0 AND tax >= 0", name="amount"),
        sa.Index(
            "uq_batch_lines_live",
            "entry_id",
            unique=True,
            sqlite_where=sa.text("live"),
            postgresql_where=sa.text("live"),
        ),
    )

    id: int = _id()
    batch_id: int = _to("batches")
    ordinal: int
    entry_id: int = _to("ledger", index=True)
    charge_id: int = _to("charges", index=True)
    case_id: int = _to("cases")
    operation: Operation = _word(Operation)
    base: int = _big()
    tax: int = _big()
    amount: int = _big()
    body: str = _text()
    live: bool = True
    result: LineResult = _word(LineResult)
    reason: str = _text(default="")
    note_number: str = _text(default="")
    note_date: dt.date | None = Field(default=None, sa_column=sa.Column(sa.Date, nullable=True))
    note_key: str = _text(default="")
    answered_at: dt.datetime | None = _moment(null=True)


class ExportedFileRow(Table, table=True):
    """A file as it was handed over, so that it can be handed over again byte for byte.

    `what` is "lote" or "devoluciones", `number` that of the batch or of the list, `form` "csv", "xlsx" or "pdf".
    """

    __tablename__ = "exported_files"
    __table_args__ = (sa.UniqueConstraint("what", "number", "form"),)

    id: int = _id()
    what: str = _text()
    number: int
    form: str = _text()
    name: str = _text()
    sha256: str = _text()
    content: bytes = Field(sa_column=sa.Column(sa.LargeBinary, nullable=False))


class RefundRow(Table, table=True):
    """What one person wants done with a value that was paid, and whether a second one agreed.

    At most one stands for each ledger entry (`withdrawn_at` is None).  `list_number` is that of the list for the
    treasury in which it went out.
    """

    __tablename__ = "refunds"
    __table_args__ = (
        sa.CheckConstraint("approved_by = '' OR lower(approved_by) <> lower(proposed_by)", name="second_person"),
        sa.Index(
            "uq_refunds_standing",
            "entry_id",
            unique=True,
            sqlite_where=sa.text("withdrawn_at IS NULL"),
            postgresql_where=sa.text("withdrawn_at IS NULL"),
        ),
        sa.Index("ix_refunds_list", "list_number"),
    )

    id: int = _id()
    entry_id: int = _to("ledger")
    charge_id: int = _to("charges", index=True)
    case_id: int = _to("cases")
    amount: int = _big()
    choice: RefundChoice = _word(RefundChoice)
    reason: str = _text()
    proposed_at: dt.datetime = _moment()
    proposed_by: str = _text()
    approved_at: dt.datetime | None = _moment(null=True)
    approved_by: str = _text(default="")
    withdrawn_at: dt.datetime | None = _moment(null=True)
    list_number: int | None = Field(default=None, sa_column=sa.Column(sa.Integer, nullable=True))


class OppositeRow(Table, table=True):
    """A wish to charge again what was reversed; it takes effect when a second person approves it."""

    __tablename__ = "opposites"
    __table_args__ = (
        sa.CheckConstraint("approved_by = '' OR lower(approved_by) <> lower(proposed_by)", name="second_person"),
        sa.Index(
            "uq_opposites_standing",
            "entry_id",
            unique=True,
            sqlite_where=sa.text("withdrawn_at IS NULL"),
            postgresql_where=sa.text("withdrawn_at IS NULL"),
        ),
    )

    id: int = _id()
    entry_id: int = _to("ledger")
    charge_id: int = _to("charges", index=True)
    after: ChargeState = _word(ChargeState)
    item_too: bool = False
    """The acta was false: the equipment counts as pending again."""
    reason: str = _text()
    proposed_at: dt.datetime = _moment()
    proposed_by: str = _text()
    approved_at: dt.datetime | None = _moment(null=True)
    approved_by: str = _text(default="")
    withdrawn_at: dt.datetime | None = _moment(null=True)


class IncomingFileRow(Table, table=True):
    """A list that was brought in: "casos", "registro" or "respuesta"; the same bytes twice in a row are no news."""

    __tablename__ = "incoming_files"
    __table_args__ = (sa.Index("ix_incoming_files_kind", "kind", "brought_at"),)

    id: int = _id()
    kind: str = _text()
    name: str = _text()
    sha256: str = _text()
    brought_at: dt.datetime = _moment()
    actor: str = _text()
    refused: int
    """Rows that did not go in; -1: the file as a whole was refused."""
    counts: str = _text()


class RegisterRow(Table, table=True):
    """One acta in the company's own return register."""

    __tablename__ = "register_entries"
    __table_args__ = (sa.UniqueConstraint("natural_key"),)

    id: int = _id()
    natural_key: str = _text()
    acta: str = _text()
    acta_key: str = _text(index=True)
    office: str = _text()
    day: dt.date | None = Field(default=None, sa_column=sa.Column(sa.Date, nullable=True, index=True))
    direction: Direction = _word(Direction)
    updated_at: dt.datetime = _moment()


class RegisterSerialRow(Table, table=True):
    """A serial or MAC, in canonical form, that the register names with an acta."""

    __tablename__ = "register_serials"

    entry_id: int = _to("register_entries", key=True)
    serial_key: str = _text(key=True, index=True)
