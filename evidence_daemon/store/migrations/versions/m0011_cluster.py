"""Many workers on one database: who they are, whose turn it is, when mailboxes were swept; how old a program may be."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

lives_with_older = True
"""Programs of the revision before go on beside it: nothing that they know is changed."""


def upgrade() -> None:
    """Add the tables, and to the instance the oldest schema whose programs may go on."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "workers",
        sa.Column("executor", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("engine_version", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("holding", sa.Text(), nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("beat_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("executor", name=op.f("pk_workers")),
    )
    op.create_table(
        "turns",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("since", moment, nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_turns")),
    )
    op.create_table(
        "sweeps",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_sweeps")),
    )
    op.add_column("instance", sa.Column("lives_with", sa.Text(), server_default="", nullable=False))
    op.add_column("instance", sa.Column("retired_to", sa.Text(), server_default="", nullable=False))
