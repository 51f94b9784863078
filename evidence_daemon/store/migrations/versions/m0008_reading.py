"""Mail and documents: what a closer look finds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add what is new."""
    _mail_room()
    _documents_room()


def _documents_room() -> None:
    op.create_table(
        "file_tries",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("begun", sa.Integer(), nullable=False),
        sa.Column("died", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_file_tries")),
    )


def _mail_room() -> None:
    verdicts = ("PASA", "FALLA", "SIN_VALOR", "NO_COMPROBADA")
    op.create_table(
        "signatures",
        sa.Column("mail_id", _ID, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(*verdicts, name="signatureverdict", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_signatures_mail_id")),
        sa.PrimaryKeyConstraint("mail_id", "ordinal", name=op.f("pk_signatures")),
    )
    op.create_table(
        "homes",
        sa.Column("id", _ID, nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_homes")),
    )
    op.create_index("ix_homes_since", "homes", ["since"], unique=False)
