"""Tables of the documents' room."""

from __future__ import annotations

import datetime as dt

from evidence_daemon.store.tables import Table, _moment, _text


class FileTriesRow(Table, table=True):
    """A file whose opening did not come to an end, by its hash; a row goes when the file was opened without harm."""

    __tablename__ = "file_tries"

    sha256: str = _text(key=True)
    begun: int
    """Tries that never came to an end."""
    died: int
    """Cells that died of it."""
    last_at: dt.datetime = _moment()
