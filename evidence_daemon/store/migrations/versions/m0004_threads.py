"""Threads: the key that signs our Message-IDs, and answers that staff wrote by hand."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WITHHELD = "withheld IN ('DESARMADO', 'ANTIGUO', 'POR_DIRECCION', 'POR_CEDULA', 'A_MANO', 'REPETIDA')"


def upgrade() -> None:
    """Add what is new; every house gets a key of its own."""
    with op.batch_alter_table("instance") as batch:
        batch.add_column(sa.Column("thread_key", sa.Text(), nullable=False, server_default=""))
    instance = sa.table("instance", sa.column("thread_key", sa.Text()))
    op.execute(sa.update(instance).values(thread_key=secrets.token_hex(32)))
    op.create_table(
        "hand_answers",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("answers_to", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_answers")),
        sa.UniqueConstraint("message_id", "answers_to", name=op.f("uq_hand_answers_message_id_answers_to")),
    )
    op.create_index(op.f("ix_hand_answers_answers_to"), "hand_answers", ["answers_to"], unique=False)
    with op.batch_alter_table("outbox") as batch:
        batch.drop_constraint(op.f("ck_outbox_withheld"), type_="check")
        batch.create_check_constraint(op.f("ck_outbox_withheld"), sa.text(_WITHHELD))
