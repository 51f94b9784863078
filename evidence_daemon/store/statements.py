"""The few kinds of statement that the whole room is built of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, select

from evidence_daemon.errors import RefusedTransition
from evidence_daemon.store.tables import Table


def insert_new(
    session: Session, table: type[Table], values: Mapping[str, object], unique: Sequence[str], where: Any = None
) -> bool:
    """Insert a row unless its unique columns are taken (among the rows that fulfil `where`); True when it went in."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement: sa.Insert = (
        insert(table).values(**values).on_conflict_do_nothing(index_elements=unique, index_where=where)
    )
    return session.exec(statement.returning(sa.literal(1))).first() is not None


def change_one(session: Session, change: sa.Update, refusal: str) -> None:
    """Run a conditional update that must change exactly one row.  Raises `RefusedTransition`."""
    if session.exec(change.execution_options(synchronize_session=False)).rowcount != 1:
        raise RefusedTransition(refusal)


def count_rows(session: Session, table: type[Table], *conditions: Any) -> int:
    """How many rows of a table fulfil all conditions."""
    return session.exec(select(sa.func.count()).select_from(table).where(*conditions)).one()
