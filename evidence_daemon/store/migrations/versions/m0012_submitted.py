"""A campaign's draft is laid before a second person when its author says so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the moment; drafts that stand were laid before a second person when they were written."""
    op.add_column("campaigns", sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE campaigns SET submitted_at = created_at")
