"""Tables of those who work together on one database: the processes, their turns, when mailboxes were swept."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlmodel import Field

from evidence_daemon.store.tables import Table, _moment, _text


class WorkerRow(Table, table=True):
    """A process that works on this database; it goes when the process ends as asked, and grows old when it dies."""

    __tablename__ = "workers"

    executor: str = _text(key=True)
    host: str = _text()
    pid: int
    version: str = _text()
    """Of the program."""
    engine_version: str = _text()
    """Of the walk's steps (`flow.VERSION`): work that was put in for another is not taken."""
    roles: str = _text()
    """Joined by commas."""
    holding: str = _text(default="[]")
    """Mails in hand at the last beat: a list of ids, JSON."""
    started_at: dt.datetime = _moment()
    beat_at: dt.datetime = _moment()
    """By the clock of the database."""


class TurnRow(Table, table=True):
    """Something that only one process does at a time.  Whoever takes it over raises the token: the fence."""

    __tablename__ = "turns"

    name: str = _text(key=True)
    holder: str = _text(default="")
    """An executor; "" when nobody has it."""
    token: int = Field(sa_column=sa.Column(sa.BigInteger, nullable=False, server_default="0"))
    since: dt.datetime | None = _moment(null=True)


class SweepRow(Table, table=True):
    """When a mailbox was last listed to its end, whoever did it."""

    __tablename__ = "sweeps"

    account: str = _text(key=True)
    at: dt.datetime = _moment()
