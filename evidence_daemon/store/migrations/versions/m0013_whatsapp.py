"""WhatsApp: webhooks, what customers wrote, templates; attempts are found by the provider's name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

lives_with_older = True
"""Programs of the revision before go on beside it: tables and an index are added."""

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def _partial(name: str, table: str, column: str, where: str) -> None:
    op.create_index(name, table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def upgrade() -> None:
    """Add the tables and the index."""
    op.create_table(
        "whatsapp_webhooks",
        sa.Column("id", _ID, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("done_at", _MOMENT, nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_whatsapp_webhooks")),
        sa.UniqueConstraint("sha256", name=op.f("uq_whatsapp_webhooks_sha256")),
    )
    _partial("ix_whatsapp_webhooks_waiting", "whatsapp_webhooks", "id", "done_at IS NULL")
    op.create_index("ix_whatsapp_webhooks_received_at", "whatsapp_webhooks", ["received_at"])
    op.create_table(
        "whatsapp_inbound",
        sa.Column("wamid", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("sent_at", _MOMENT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("attempt_id", sa.Text(), nullable=True),
        sa.Column("case_id", _ID, nullable=True),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("handled_at", _MOMENT, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reply_state", sa.Text(), nullable=False),
        sa.Column("reply_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_whatsapp_inbound_case_id")),
        sa.PrimaryKeyConstraint("wamid", name=op.f("pk_whatsapp_inbound")),
    )
    _partial("ix_whatsapp_inbound_open", "whatsapp_inbound", "due_at", "handled_at IS NULL")
    op.create_index("ix_whatsapp_inbound_sender", "whatsapp_inbound", ["sender", "received_at"])
    op.create_table(
        "whatsapp_templates",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("ttl_seconds", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", "language", name=op.f("pk_whatsapp_templates")),
    )
    _partial("ix_contact_attempts_provider", "contact_attempts", "provider_id", "provider_id IS NOT NULL")
