"""What a channel reported last is found by itself: it says whether the network loses call after call."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

lives_with_older = True
"""Programs of the revision before go on beside it: a column that may be empty and an index are added."""


def upgrade() -> None:
    """Add the column and the index."""
    op.add_column("contact_events", sa.Column("channel", sa.Text(), nullable=True))
    op.create_index("ix_contact_events_channel", "contact_events", ["channel", "at"])
