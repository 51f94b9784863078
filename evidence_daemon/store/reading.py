"""How often a file was opened in vain, kept where a killed daemon cannot lose it (`documents.tries.Tries`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.model import Sha256
from evidence_daemon.store.database import Database
from evidence_daemon.store.statements import insert_new
from evidence_daemon.store.tables_reading import FileTriesRow

FORGOTTEN_AFTER = timedelta(days=7)
"""Then a file may be tried again: a better program may have come meanwhile."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Of one file: tries that never came to an end, and cells that died of it."""

    begun: int
    died: int


class StoredTries:
    """The counts of all files.  Every call is committed before it returns."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock

    def begin(self, file: Sha256) -> Counted:
        """It will be opened now; what is known of it, this try included."""

        def count(session: Session) -> Counted:
            now = self._clock()
            session.exec(sa.delete(FileTriesRow).where(col(FileTriesRow.last_at) < now - FORGOTTEN_AFTER))
            insert_new(session, FileTriesRow, {"sha256": file, "begun": 0, "died": 0, "last_at": now}, ["sha256"])
            self._change(session, file, begun=FileTriesRow.begun + 1, last_at=now)
            columns = select(FileTriesRow.begun, FileTriesRow.died)
            return Counted(*session.exec(columns.where(col(FileTriesRow.sha256) == file)).one())

        return self._database.transact(count)

    def died(self, file: Sha256, times: int) -> None:
        """The try that was begun ended with a dead cell; it counts as so many."""
        less = sa.case((col(FileTriesRow.begun) > 0, FileTriesRow.begun - 1), else_=0)
        more = {"died": FileTriesRow.died + times, "last_at": self._clock()}
        self._database.transact(lambda session: self._change(session, file, begun=less, **more))

    def ended(self, file: Sha256) -> None:
        """The try that was begun did no harm: nothing is held against the file any more."""
        self._database.transact(
            lambda session: session.exec(sa.delete(FileTriesRow).where(col(FileTriesRow.sha256) == file))
        )

    @staticmethod
    def _change(session: Session, file: Sha256, **values: object) -> None:
        session.exec(
            sa.update(FileTriesRow)
            .where(col(FileTriesRow.sha256) == file)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
