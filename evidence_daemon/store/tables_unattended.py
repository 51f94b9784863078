"""Tables of what runs unattended: the brake on reversals, legal holds, what was forgotten."""

from __future__ import annotations

import datetime as dt

from evidence_daemon.store.tables import Table, _id, _moment, _text, _to


class BrakeRow(Table, table=True):
    """The daemon accredits nothing by itself while one of these is not lifted."""

    __tablename__ = "brakes"

    id: int = _id()
    closed_at: dt.datetime = _moment()
    because: str = _text()
    lifted_at: dt.datetime | None = _moment(null=True)
    lifted_by: str = _text(default="")


class LegalHoldRow(Table, table=True):
    """Nothing of this customer is forgotten while it is not lifted."""

    __tablename__ = "legal_holds"

    id: int = _id()
    id_number: str = _text(index=True)
    because: str = _text()
    by: str = _text()
    since: dt.datetime = _moment()
    lifted_at: dt.datetime | None = _moment(null=True)
    lifted_by: str = _text(default="")


class ForgottenRow(Table, table=True):
    """A mail whose files and texts went; its row, its hash, its decisions' money facts stay."""

    __tablename__ = "forgotten_mails"

    mail_id: int = _to("mails", key=True)
    at: dt.datetime = _moment()
    by: str = _text()
    reason: str = _text()
    files: int
