"""How Alembic reaches the database: on the connection that `Database.migrate` (or a test) hands over.

Only our own tables are looked at.  The durable engine keeps its tables in the same SQLite file (or in the
schema `dbos` of the same PostgreSQL database), and those are none of our business.
"""

from __future__ import annotations

from alembic import context

from evidence_daemon.store.all_tables import Table

VERSION_TABLE = "evidence_schema"


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or name in Table.metadata.tables


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    version_table=VERSION_TABLE,
    include_name=_ours,
    compare_type=True,
    render_as_batch=False,
)
context.run_migrations()
