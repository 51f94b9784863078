"""Batches of reversals, refunds, opposite entries; the return register; the files that brought lists in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables; nothing that was there changes."""
    _batches()
    _exported_files()
    _incoming_files()
    _register_entries()
    _register_serials()
    _batch_lines()
    _opposites()
    _refunds()


def _batches() -> None:
    op.create_table(
        "batches",
        sa.Column("id", _ID, nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "BORRADOR",
                "CERRADO",
                "APROBADO",
                "EXPORTADO",
                "APLICADO",
                "APLICADO_PARCIAL",
                "CONCILIADO",
                "ANULADO",
                name="batchstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("exported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("exported_by", sa.Text(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_to", sa.Text(), nullable=False),
        sa.Column("annulled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("annulled_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "approved_by = '' OR (lower(approved_by) <> lower(closed_by) AND lower(approved_by) <> lower(created_by))",
            name=op.f("ck_batches_second_person"),
        ),
        sa.CheckConstraint(
            "state IN ('BORRADOR', 'CERRADO', 'ANULADO') OR approved_by <> ''", name=op.f("ck_batches_approved")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_batches_state", "batches", ["state"], unique=False)


def _exported_files() -> None:
    op.create_table(
        "exported_files",
        sa.Column("id", _ID, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exported_files")),
        sa.UniqueConstraint("what", "number", "form", name=op.f("uq_exported_files_what_number_form")),
    )


def _incoming_files() -> None:
    op.create_table(
        "incoming_files",
        sa.Column("id", _ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("brought_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming_files")),
    )
    op.create_index("ix_incoming_files_kind", "incoming_files", ["kind", "brought_at"], unique=False)


def _register_entries() -> None:
    op.create_table(
        "register_entries",
        sa.Column("id", _ID, nullable=False),
        sa.Column("natural_key", sa.Text(), nullable=False),
        sa.Column("acta", sa.Text(), nullable=False),
        sa.Column("acta_key", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column(
            "direction",
            sa.Enum(
                "DEVOLUCION",
                "INSTALACION",
                "DESCONOCIDA",
                name="direction",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_entries")),
        sa.UniqueConstraint("natural_key", name=op.f("uq_register_entries_natural_key")),
    )
    op.create_index(op.f("ix_register_entries_acta_key"), "register_entries", ["acta_key"], unique=False)
    op.create_index(op.f("ix_register_entries_day"), "register_entries", ["day"], unique=False)


def _register_serials() -> None:
    op.create_table(
        "register_serials",
        sa.Column("entry_id", _ID, nullable=False),
        sa.Column("serial_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["register_entries.id"], name=op.f("fk_register_serials_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", "serial_key", name=op.f("pk_register_serials")),
    )
    op.create_index(op.f("ix_register_serials_serial_key"), "register_serials", ["serial_key"], unique=False)


def _batch_lines() -> None:
    op.create_table(
        "batch_lines",
        sa.Column("id", _ID, nullable=False),
        sa.Column("batch_id", _ID, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("entry_id", _ID, nullable=False),
        sa.Column("charge_id", _ID, nullable=False),
        sa.Column("case_id", _ID, nullable=False),
        sa.Column(
            "operation",
            sa.Enum(
                "QUITAR_CARGO",
                "NOTA_CREDITO",
                "NINGUNA",
                name="operation",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column(
            "result",
            sa.Enum(
                "PENDIENTE",
                "APLICADO",
                "FALLIDO",
                name="lineresult",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note_number", sa.Text(), nullable=False),
        sa.Column("note_date", sa.Date(), nullable=True),
        sa.Column("note_key", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount = base + tax AND base >= 0 AND tax >= 0", name=op.f("ck_batch_lines_amount")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_batch_lines_batch_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_batch_lines_case_id")),
        sa.ForeignKeyConstraint(["charge_id"], ["charges.id"], name=op.f("fk_batch_lines_charge_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger.id"], name=op.f("fk_batch_lines_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_lines")),
        sa.UniqueConstraint("batch_id", "ordinal", name=op.f("uq_batch_lines_batch_id_ordinal")),
    )
    op.create_index(op.f("ix_batch_lines_charge_id"), "batch_lines", ["charge_id"], unique=False)
    op.create_index(op.f("ix_batch_lines_entry_id"), "batch_lines", ["entry_id"], unique=False)
    op.create_index(
        "uq_batch_lines_live",
        "batch_lines",
        ["entry_id"],
        unique=True,
        sqlite_where=sa.text("live"),
        postgresql_where=sa.text("live"),
    )


def _opposites() -> None:
    op.create_table(
        "opposites",
        sa.Column("id", _ID, nullable=False),
        sa.Column("entry_id", _ID, nullable=False),
        sa.Column("charge_id", _ID, nullable=False),
        sa.Column(
            "after",
            sa.Enum(
                "PREVISTO",
                "BLOQUEADO",
                "CARGADO",
                "QUITADO",
                "FACTURADO",
                "PAGADO",
                "EN_RECLAMO",
                "EN_COBRO",
                "REVERSO_PENDIENTE",
                "REVERSO_EN_LOTE",
                "REVERSADO",
                "REVERSO_FALLIDO",
                "MANUAL",
                "DEVOLUCION_PENDIENTE",
                "DEVUELTO",
                "SALDO_A_FAVOR",
                name="chargestate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("item_too", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "approved_by = '' OR lower(approved_by) <> lower(proposed_by)", name=op.f("ck_opposites_second_person")
        ),
        sa.ForeignKeyConstraint(["charge_id"], ["charges.id"], name=op.f("fk_opposites_charge_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger.id"], name=op.f("fk_opposites_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opposites")),
    )
    op.create_index(op.f("ix_opposites_charge_id"), "opposites", ["charge_id"], unique=False)
    op.create_index(
        "uq_opposites_standing",
        "opposites",
        ["entry_id"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )


def _refunds() -> None:
    op.create_table(
        "refunds",
        sa.Column("id", _ID, nullable=False),
        sa.Column("entry_id", _ID, nullable=False),
        sa.Column("charge_id", _ID, nullable=False),
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column(
            "choice",
            sa.Enum(
                "DEVUELTO",
                "SALDO_A_FAVOR",
                "NO_PROCEDE",
                name="refundchoice",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("list_number", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "approved_by = '' OR lower(approved_by) <> lower(proposed_by)", name=op.f("ck_refunds_second_person")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_refunds_case_id")),
        sa.ForeignKeyConstraint(["charge_id"], ["charges.id"], name=op.f("fk_refunds_charge_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger.id"], name=op.f("fk_refunds_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
    )
    op.create_index(op.f("ix_refunds_charge_id"), "refunds", ["charge_id"], unique=False)
    op.create_index("ix_refunds_list", "refunds", ["list_number"], unique=False)
    op.create_index(
        "uq_refunds_standing",
        "refunds",
        ["entry_id"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
