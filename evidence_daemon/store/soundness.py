"""Is the database whole, and does it still have its files?  Looked at by `doctor` and by the proof of a backup."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.errors import Permanent
from evidence_daemon.model import Sha256
from evidence_daemon.store.all_tables import Table
from evidence_daemon.store.blobs import Blobs
from evidence_daemon.store.database import Database
from evidence_daemon.store.tables import MailRow, ReadingRow
from evidence_daemon.store.tables_unattended import ForgottenRow

_RASTER = re.compile(r'"raster":"([0-9a-f]{64})"')


def integrity(database: Database) -> list[str]:
    """What the database itself finds wrong with its file, in its words; PostgreSQL tells by itself."""
    if not database.lite:
        return []
    with database.reading() as session:
        told = [str(row[0]) for row in session.connection().exec_driver_sql("PRAGMA integrity_check(20)").all()]
        told += [
            f"row {row[1]} of {row[0]} refers to a row of {row[2]} that is not there"
            for row in session.connection().exec_driver_sql("PRAGMA foreign_key_check").all()
        ]
    return [line for line in told if line != "ok"]


def journal_mode(database: Database) -> str:
    """How SQLite keeps its journal ("wal" is what survives); "" for PostgreSQL."""
    if not database.lite:
        return ""
    with database.reading() as session:
        return str(session.connection().exec_driver_sql("PRAGMA journal_mode").scalar_one())


def counts(session: Session) -> dict[str, int]:
    """Rows of each of our tables, by the table's name."""
    return {
        name: session.connection().execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        for name, table in sorted(Table.metadata.tables.items())
    }


GARBAGE_AFTER = timedelta(days=7)
"""Bytes that no row speaks of are kept so long: a crash between the bytes and the row leaves them."""


def sweep_garbage(database: Database, blobs: Blobs, rest: Callable[[], object]) -> int:
    """Remove bytes that nobody put for a week and no row speaks of; how many.

    Should a mail with the very bytes come in at that very moment, it is seen afterwards: they are put back.  `rest`
    waits until such a transaction is over.  Raises `Temporary`.
    """
    old = list(blobs.older(GARBAGE_AFTER))
    if not old:
        return 0
    with database.reading() as session:
        wanted = set(referenced(session))
    gone: list[tuple[Sha256, bytes]] = []
    for digest in old:
        if digest not in wanted:
            with contextlib.suppress(Permanent):  # damaged, and nobody's
                gone.append((digest, blobs.get(digest)))
            blobs.remove(digest)
        if len(gone) == _AT_ONCE:
            break
    if gone:
        rest()
        with database.reading() as session:
            wanted = set(referenced(session))
        for digest, content in gone:
            if digest in wanted:
                blobs.put(content)
    return sum(digest not in wanted for digest, _ in gone)


_AT_ONCE = 100
"""Of a night: what is removed is kept in memory for a moment."""


def referenced(session: Session) -> Iterator[Sha256]:
    """Every evidence file of which a row speaks, each once: mails, and the pictures of their pages."""
    seen: set[str] = set()
    kept = col(MailRow.id).not_in(select(ForgottenRow.mail_id))
    mails = session.exec(select(MailRow.sha256).where(kept).order_by(col(MailRow.id)).execution_options(yield_per=1000))
    bodies = session.exec(select(ReadingRow.body).execution_options(yield_per=200))
    for digest in (*mails, *(one for body in bodies for one in _RASTER.findall(body))):
        if digest not in seen:
            seen.add(digest)
            yield Sha256(digest)
