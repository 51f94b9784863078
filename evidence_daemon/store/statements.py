"""The few kinds of statement that the whole room is built of."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, select

from evidence_daemon.errors import RefusedTransition
from evidence_daemon.store.tables import Table


def insert_new(
    session: Session, table: type[Table], values: dict[str, Any], unique: list[str], where: Any = None
) -> sa.Insert:
    """An insert that does nothing when the unique columns are taken: `rowcount` tells which."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement: sa.Insert = (
        insert(table).values(**values).on_conflict_do_nothing(index_elements=unique, index_where=where)
    )
    return statement


def change_one(session: Session, change: sa.Update, refusal: str) -> None:
    """Run a conditional update that must change exactly one row.  Raises `RefusedTransition`."""
    if session.exec(change.execution_options(synchronize_session=False)).rowcount != 1:
        raise RefusedTransition(refusal)


def count_rows(session: Session, table: type[Table], *conditions: Any) -> int:
    """How many rows of a table fulfil all conditions."""
    return session.exec(select(sa.func.count()).select_from(table).where(*conditions)).one()


