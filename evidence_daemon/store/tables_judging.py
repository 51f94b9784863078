"""Tables of the judge's memory: what files told of themselves, how pages look, by which ways mails came."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlmodel import Field

from evidence_daemon.store.tables import Table, _big, _id, _moment, _text, _to


class OriginRow(Table, table=True):
    """What one attachment tells of its own making: JSON of `model.Origin`."""

    __tablename__ = "origins"

    mail_id: int = _to("mails", key=True)
    ordinal: int = Field(primary_key=True)
    body: str = _text()


class LookRow(Table, table=True):
    """How one page of a picture looks: its perceptual hash, 64 hex digits."""

    __tablename__ = "looks"
    __table_args__ = (sa.Index("ix_looks_mail", "mail_id"),)

    id: int = _id()
    mail_id: int = _to("mails")
    page: int
    hash: str = _text()


class BandRow(Table, table=True):
    """Sixteen bits of a perceptual hash.  Two hashes that differ in 10 bits or fewer share six bands of sixteen."""

    __tablename__ = "look_bands"

    band: int = Field(primary_key=True)
    value: int = Field(primary_key=True)
    look_id: int = _to("looks", key=True, index=True)


class WayRow(Table, table=True):
    """A way by which a mail came (its sender, domain, the clerk, the camera), for counting what came by it."""

    __tablename__ = "mail_ways"
    __table_args__ = (sa.Index("ix_mail_ways_way", "way", "who", "at"),)

    mail_id: int = _to("mails", key=True)
    way: str = _text(key=True)
    who: str = _text(key=True)
    at: dt.datetime = _moment()


class OfficeActaRow(Table, table=True):
    """An accepted acta by its office, the series of its number and its place in it."""

    __tablename__ = "office_actas"
    __table_args__ = (sa.Index("ix_office_actas_place", "office", "series", "place"),)

    mail_id: int = _to("mails", key=True)
    number: str = _text(key=True)
    office: str = _text()
    series: str = _text()
    place: int = _big()
    day: dt.date = Field(sa_column=sa.Column(sa.Date, nullable=False))
