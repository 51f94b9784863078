"""The tables of the review desk: what persons did there, what waits for a second person, what they corrected."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

import sqlalchemy as sa

from evidence_daemon.model import Lane
from evidence_daemon.store.tables import Table, _id, _moment, _text, _to, _word


class ProposalState(StrEnum):
    """What became of a decision that needs a second person."""

    PENDIENTE = "PENDIENTE"
    APROBADA = "APROBADA"
    DEVUELTA = "DEVUELTA"
    ANULADA = "ANULADA"
    """Something changed after the first person decided: it counts no more."""


class ActRow(Table, table=True):
    """One act of a person at the desk.  `key` comes from the form: the same form sent twice is one act."""

    __tablename__ = "desk_acts"
    __table_args__ = (sa.UniqueConstraint("key"), sa.Index("ix_desk_acts_actor", "actor", "at"))

    id: int = _id()
    key: str = _text()
    mail_id: int = _to("mails", index=True)
    actor: str = _text()
    outcome: str = _text()
    """JSON of what the desk told the person."""
    at: dt.datetime = _moment()


class ProposalRow(Table, table=True):
    """A decision that one person took and that a second one must approve.  `second` never is `first`."""

    __tablename__ = "proposals"
    __table_args__ = (
        sa.CheckConstraint("second IS NULL OR second <> first", name="two_people"),
        sa.CheckConstraint("state <> 'APROBADA' OR second IS NOT NULL", name="approved_by"),
        sa.Index(
            "uq_proposals_open",
            "mail_id",
            unique=True,
            sqlite_where=sa.text("state = 'PENDIENTE'"),
            postgresql_where=sa.text("state = 'PENDIENTE'"),
        ),
        sa.Index("ix_proposals_mail_id", "mail_id"),
    )

    id: int = _id()
    mail_id: int = _to("mails")
    lane: Lane = _word(Lane)
    """Where it came from, and goes back to when the second person does not agree."""
    reasons: str = _text()
    summary: str = _text()
    """Of the question as it stood in that lane."""
    ruling: str = _text()
    """JSON of what the first person decided."""
    because: str = _text()
    """Why one person is not enough."""
    first: str = _text()
    proposed_at: dt.datetime = _moment()
    state: ProposalState = _word(ProposalState)
    second: str | None = _text(null=True)
    answered_at: dt.datetime | None = _moment(null=True)
    note: str = _text(default="")


class CorrectionRow(Table, table=True):
    """A value that was misread and that a person wrote anew.  The latest of each `what` counts."""

    __tablename__ = "corrections"

    id: int = _id()
    mail_id: int = _to("mails", index=True)
    what: str = _text()
    """"asunto", or a field of a paper: "0.id_number", "0.equipment.1.serial"."""
    before: str = _text()
    after: str = _text()
    actor: str = _text()
    at: dt.datetime = _moment()
