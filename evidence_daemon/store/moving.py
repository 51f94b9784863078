"""A house moves from its SQLite file to PostgreSQL, for good: copied, verified row by row, and the old one retired.

The old house is locked all the while, so nobody changes what is copied.  Every batch of rows is one transaction of the
new database, together with a mark of how far it came (`evidence_moving`): after a `kill -9` it goes on there.  While
that table is there the new house does not open; when all is verified the old one is retired (it opens no more, and
triggers refuse every change to whoever has it open), and only then the mark is removed.  So never two of them work.
The engine's own tables begin empty; `reconcile` starts anew the walks of what is not finished.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, select

from evidence_daemon.errors import BadInput
from evidence_daemon.model import DAEMON
from evidence_daemon.store import audit
from evidence_daemon.store.all_tables import Table
from evidence_daemon.store.database import MOVING, Database, translated
from evidence_daemon.store.tables import InstanceRow
from evidence_daemon.store.tables_mail import HomeRow

LEFT_BEHIND = frozenset({"workers", "turns"})
"""They tell of processes, and of those of the old house."""

_MARK = f"CREATE TABLE IF NOT EXISTS {MOVING} (name text PRIMARY KEY, last text NOT NULL, rows bigint NOT NULL)"


@dataclass(frozen=True, slots=True)
class Moved:
    """What came over."""

    rows: dict[str, int]
    """By table."""
    digest: str
    """Of all rows, the same on both sides."""


Progress = Callable[[str, str, int, int], None]
"""Called with what is done ("copy", "verify"), the table, how many rows are done, how many there are."""


def move(source: Database, target: Database, *, now: datetime, progress: Progress, batch: int = 500) -> Moved:
    """Move everything; call it again after an interruption.  Both schemas must be of this program.

    Raises `BadInput` for a target in which something lies already, and when a row did not come over as it was;
    `Temporary`.
    """
    where = target.engine.url.render_as_string(hide_password=True)
    with source.session() as old:  # its transaction is the lock: nobody else writes until it ends
        retired = old.exec(select(InstanceRow.retired_to)).one()
        house = old.exec(select(InstanceRow.name)).one()
        if retired and retired != where:
            raise BadInput(f"this house has moved to {retired} already")
        if not _begun(target, house):
            if retired:
                raise BadInput(f"this house has moved to {where} already: set database.url to it")
            _begin(target, house)
        tables = [table for table in Table.metadata.sorted_tables if table.name not in LEFT_BEHIND]
        rows = {table.name: _count(old.connection(), table) for table in tables}
        if not retired:
            for table in tables:
                _copy(old.connection(), target, table, rows[table.name], progress, batch)
        digest = _verify(old.connection(), target, tables, rows, progress, batch)
        _set_sequences(target, tables)
        with target.reading() as new:
            if faults := audit.verify(new):
                raise BadInput([f"the audit trail is not whole in the new database: {fault}" for fault in faults])
        if not retired:
            _retire(old, where, now)
    _open(target, now, digest)
    return Moved(rows, digest)


def _begun(target: Database, house: str) -> bool:
    """Whether this move is under way already.  Raises `BadInput` when another one is."""
    with translated(), target.engine.connect() as connection:
        if not sa.inspect(connection).has_table(MOVING):
            return False
        (found,) = connection.execute(sa.text(f"SELECT last FROM {MOVING} WHERE name = '*'")).one()  # noqa: S608
    if found != house:
        raise BadInput("another house began to move into that database; make a new one (createdb) and name that")
    return True


def _begin(target: Database, house: str) -> None:
    with translated(), target.engine.begin() as connection:
        for table in Table.metadata.sorted_tables:
            if table.name not in {"instance", *LEFT_BEHIND} and _count(connection, table):
                raise BadInput(f"the new database is not empty ({table.name}); make a new one (createdb) and name that")
        connection.execute(sa.text(_MARK))
        connection.execute(sa.text(f"INSERT INTO {MOVING} VALUES ('*', :house, 0)"), {"house": house})  # noqa: S608
        connection.execute(sa.delete(InstanceRow))  # the old one's takes its place


def _copy(old: sa.Connection, target: Database, table: sa.Table, count: int, progress: Progress, batch: int) -> None:
    with translated(), target.engine.connect() as connection:
        mark = connection.execute(
            sa.text(f"SELECT last, rows FROM {MOVING} WHERE name = :name"),  # noqa: S608
            {"name": table.name},
        ).one_or_none()
    last, done = (json.loads(mark[0]), int(mark[1])) if mark is not None else (None, 0)
    progress("copy", table.name, done, count)
    for rows in _batches(old, table, batch, last):
        done += len(rows)
        key = json.dumps([rows[-1][column.name] for column in table.primary_key], default=str)
        with translated(), target.engine.begin() as connection:
            connection.execute(table.insert(), rows)
            connection.execute(
                sa.text(
                    f"INSERT INTO {MOVING} VALUES (:name, :last, :rows) "  # noqa: S608
                    "ON CONFLICT (name) DO UPDATE SET last = excluded.last, rows = excluded.rows"
                ),
                {"name": table.name, "last": key, "rows": done},
            )
        progress("copy", table.name, done, count)


def _batches(
    connection: sa.Connection, table: sa.Table, batch: int, last: Sequence[Any] | None = None
) -> Iterator[list[dict[str, Any]]]:
    """All rows after the key `last`, in the order of their keys."""
    keys = list(table.primary_key)
    while True:
        wanted = sa.select(table).order_by(*keys).limit(batch)
        if last is not None:
            after = [sa.literal(value, key.type) for value, key in zip(last, keys, strict=True)]
            wanted = wanted.where(sa.tuple_(*keys) > sa.tuple_(*after))
        rows = [dict(row) for row in connection.execute(wanted).mappings()]
        if not rows:
            return
        yield rows
        last = [rows[-1][key.name] for key in keys]


def _verify(
    old: sa.Connection,
    target: Database,
    tables: Sequence[sa.Table],
    rows: dict[str, int],
    progress: Progress,
    batch: int,
) -> str:
    """Compare every row with the one under its key; the digest of all.  Raises `BadInput`."""
    seen = hashlib.sha256()
    with target.reading() as session:
        new = session.connection()
        for table in tables:
            if (found := _count(new, table)) != rows[table.name]:
                raise BadInput(f"{table.name}: {rows[table.name]} rows in the old database, {found} in the new one")
            done, keys = 0, list(table.primary_key)
            for some in _batches(old, table, batch):
                wanted = sa.tuple_(*keys).in_([tuple(row[key.name] for key in keys) for row in some])
                there = {_key(row, keys): _line(row) for row in new.execute(sa.select(table).where(wanted)).mappings()}
                for row in some:
                    line = _line(row)
                    if there.get(_key(row, keys)) != line:
                        raise BadInput(f"{table.name}: the row {_key(row, keys)} did not come over as it was")
                    seen.update(line)
                done += len(some)
                progress("verify", table.name, done, rows[table.name])
    return seen.hexdigest()


def _key(row: Any, keys: Sequence[Any]) -> tuple[str, ...]:
    return tuple(str(row[key.name]) for key in keys)


def _line(row: Any) -> bytes:
    """A row as bytes, the same for the same values whatever database they come from."""
    return repr([(name, _plain(value)) for name, value in sorted(row.items())]).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, memoryview | bytearray):
        return bytes(value)
    return value


def _count(connection: sa.Connection, table: sa.Table) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def _set_sequences(target: Database, tables: Sequence[sa.Table]) -> None:
    """New rows go on after the highest number that came over."""
    with translated(), target.engine.begin() as connection:
        for table in tables:
            if "id" not in table.c or not table.c.id.primary_key:
                continue
            sequence = connection.execute(sa.select(sa.func.pg_get_serial_sequence(table.name, "id"))).scalar_one()
            if sequence is not None:
                highest = sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0) + 1).scalar_subquery()
                connection.execute(sa.select(sa.func.setval(sequence, highest, False)))


def _retire(old: Session, where: str, now: datetime) -> None:
    """The old house opens no more, and refuses every change to whoever has it open."""
    audit.record(old, "moved away", actor=DAEMON, now=now, detail={"to": where})
    old.exec(sa.update(InstanceRow).values(retired_to=where))
    for table in Table.metadata.sorted_tables:
        for change in ("INSERT", "UPDATE", "DELETE"):
            old.connection().exec_driver_sql(
                f"CREATE TRIGGER retired_{table.name}_{change.lower()} BEFORE {change} ON {table.name} "
                "BEGIN SELECT RAISE(ABORT, 'this house has moved to PostgreSQL'); END"
            )


def _open(target: Database, now: datetime, digest: str) -> None:
    """The new house may open.  It is the same house and no copy: it stays armed if it was."""
    place = target.place()

    def write(session: Session) -> None:
        session.exec(sa.update(InstanceRow).values(retired_to=""))
        session.exec(sa.insert(HomeRow).values(place=place, since=now))
        audit.record(session, "moved in", actor=DAEMON, now=now, detail={"sha256": digest})
        session.connection().exec_driver_sql(f"DROP TABLE {MOVING}")

    target.transact(write)
