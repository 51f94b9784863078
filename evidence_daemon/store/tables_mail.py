"""Tables of the mail room that came later: signatures of mails, and where this house has stood."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlmodel import Field

from evidence_daemon.model import SignatureVerdict
from evidence_daemon.store.tables import Table, _id, _moment, _text, _to, _word


class SignatureRow(Table, table=True):
    """A signature of a mail, as it was found when the mail came: domains change their keys."""

    __tablename__ = "signatures"

    mail_id: int = _to("mails", key=True)
    ordinal: int = Field(primary_key=True)
    domain: str = _text()
    verdict: SignatureVerdict = _word(SignatureVerdict)
    detail: str = _text()


class HomeRow(Table, table=True):
    """A place at which this database has been at work, by `Database.place`; the last row is the present one."""

    __tablename__ = "homes"
    __table_args__ = (sa.Index("ix_homes_since", "since"),)

    id: int = _id()
    place: str = _text()
    since: dt.datetime = _moment()
