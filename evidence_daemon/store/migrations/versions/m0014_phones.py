"""A telephone is found by itself: who writes from one that is on file is known by it."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

lives_with_older = True
"""Programs of the revision before go on beside it: an index is added."""


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_phones_phone", "phones", ["phone"])
