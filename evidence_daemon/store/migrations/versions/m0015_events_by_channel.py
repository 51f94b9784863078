"""What a channel reported last is found by itself: it says whether the network loses call after call."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

lives_with_older = True
"""Programs of the revision before go on beside it: a column that may be empty, filled where it counts, and an index."""


def upgrade() -> None:
    """Add the column and the index."""
    op.add_column("contact_events", sa.Column("channel", sa.Text(), nullable=True))
    op.execute(_FILL)
    op.create_index("ix_contact_events_channel", "contact_events", ["channel", "at"])


_FILL = """
UPDATE contact_events
SET channel = (SELECT channel FROM contact_attempts WHERE contact_attempts.id = contact_events.attempt_id)
WHERE at >= (SELECT min(at) FROM (SELECT at FROM contact_events ORDER BY at DESC LIMIT 20000) AS lately)
"""
"""The last ones only: the brake counts 50 of a channel, and need not wait for 50 new ones after the upgrade."""
