"""The few kinds of statement that the whole room is built of.

Building a statement costs more than running it, so those of the walk and of the desk are built once, over tables
(`of`) and with named parameters, and run on the session's connection (`run`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Session, select

from evidence_daemon.errors import RefusedTransition
from evidence_daemon.store.tables import Table


def of(table: type[Table]) -> sa.Table:
    """The table of a class of rows."""
    found: sa.Table = table.__table__  # type: ignore[attr-defined]
    return found


def run(session: Session, statement: sa.Executable, **values: object) -> sa.CursorResult[Any]:
    """Run a statement that was built once, with what the session holds back written first.

    The session is asked for its connection each time, for that is what begins a savepoint.
    """
    session.flush()
    return session.connection().execute(statement, values)


def among(column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    """That a column is one of a list, which is one parameter: the statement's text never changes with its length.

    An `IN` whose list is written out is written anew each time it runs, which costs more than the look-up.
    """
    rows = _Rows(sa.bindparam(name, type_=_Listed(column.type))).column_valued("value")
    return column.in_(sa.select(rows))


class _Listed(sa.types.TypeDecorator[Any]):
    """A list of values: JSON text for SQLite, an array for PostgreSQL."""

    impl = sa.String
    cache_ok = True

    def __init__(self, item: sa.types.TypeEngine[Any]) -> None:
        super().__init__()
        self.whole = isinstance(item, sa.Integer)

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "sqlite":
            return sa.String()
        return postgresql.ARRAY(sa.BigInteger() if self.whole else sa.String())

    def process_bind_param(self, value: Iterable[Any] | None, dialect: sa.Dialect) -> Any:
        values = list(value or ())
        return json.dumps(values) if dialect.name == "sqlite" else values


class _Rows(FunctionElement[Any]):
    """The values of a list as the rows of a table."""

    name = "rows"
    inherit_cache = True


@compiles(_Rows, "sqlite")
def _of_json(element: _Rows, compiler: Any, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(_Rows, "postgresql")
def _of_array(element: _Rows, compiler: Any, **options: Any) -> str:
    return f"unnest({compiler.process(element.clauses, **options)})"


def insert_new(
    session: Session, table: type[Table], values: Mapping[str, object], unique: Sequence[str], where: Any = None
) -> bool:
    """Insert a row unless its unique columns are taken (among the rows that fulfil `where`); True when it went in."""
    # A condition is an object that is made anew each time: what was built over it would never be found again.
    build = _new_row if where is None else _new_row.__wrapped__
    statement: sa.Insert = build(session.get_bind().dialect.name, table, tuple(unique), where)
    plain = dict(values)
    if computed := {name: plain.pop(name) for name, one in values.items() if isinstance(one, sa.ClauseElement)}:
        statement = statement.values(computed)
    return run(session, statement, **plain).first() is not None


@lru_cache(maxsize=64)
def _new_row(dialect: str, table: type[Table], unique: tuple[str, ...], where: Any) -> Any:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return insert(of(table)).on_conflict_do_nothing(index_elements=unique, index_where=where).returning(sa.literal(1))


def change_one(session: Session, change: sa.Update, refusal: str, **values: object) -> None:
    """Run a conditional update that must change exactly one row.  Raises `RefusedTransition`."""
    if run(session, change, **values).rowcount != 1:
        raise RefusedTransition(refusal)


def delete_of(table: type[Table]) -> sa.Delete:
    """Deletes what a table keeps of one mail (`own`)."""
    return sa.delete(of(table)).where(of(table).c.mail_id == sa.bindparam("own"))


def count_rows(session: Session, table: type[Table], *conditions: Any) -> int:
    """How many rows of a table fulfil all conditions."""
    return session.exec(select(sa.func.count()).select_from(table).where(*conditions)).one()
