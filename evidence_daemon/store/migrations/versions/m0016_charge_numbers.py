"""A charge is found by the company's number: an import looks for it under every ID number."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

lives_with_older = True
"""Programs of the revision before go on beside it: an index is added."""


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_charges_reference", "charges", ["reference"])
