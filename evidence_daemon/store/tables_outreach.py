"""Tables of the campaigns: what was planned, each attempt to reach somebody, and who must be left alone.

An attempt is the unit of truth, never a cursor.  `contact_days` is the law as a key: a second contact of one person,
or of one telephone, on one day cannot be written.  `who` is "c:<identity number>" or "t:<E.164>"; a rehearsal keeps
its own days under "e<campaign>:…".
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlmodel import Field

from evidence_daemon.model import CampaignState, Channel, ContactState
from evidence_daemon.store.tables import Table, _big, _id, _moment, _text, _to, _word

_PLANNED, _HELD = "state = 'PLANIFICADO'", "state = 'RETENIDO'"
_OPEN = "state IN ('ENVIANDO', 'DESCONOCIDO', 'ENVIADO')"
_STOPPED = "stop_asked_at IS NOT NULL AND state IN ('ENVIANDO', 'DESCONOCIDO', 'ENVIADO')"


def _partial(name: str, *columns: str, where: str) -> sa.Index:
    return sa.Index(name, *columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


class CampaignRow(Table, table=True):
    """A campaign.  `plan` is everything that was approved, as JSON text; `approved_hash` is over that text."""

    __tablename__ = "campaigns"
    __table_args__ = (
        sa.UniqueConstraint("wire"),
        sa.CheckConstraint("approved_by = '' OR lower(approved_by) <> lower(author)", name="second_person"),
        sa.CheckConstraint(
            "rehearsal OR state IN ('BORRADOR', 'CANCELADA') OR approved_by <> ''", name="approved_before_it_runs"
        ),
        {"sqlite_autoincrement": True},
    )

    id: int = _id()
    wire: str = _text()
    """Begins the names of its attempts; never the same in two houses."""
    name: str = _text()
    rehearsal: bool = False
    """It is only tried out: nobody is reached."""
    state: CampaignState = _word(CampaignState)
    plan: str = _text()
    author: str = _text()
    created_at: dt.datetime = _moment()
    approved_by: str = _text(default="")
    approved_at: dt.datetime | None = _moment(null=True)
    approved_hash: str = _text(default="")
    starts_at: dt.datetime = _moment()
    started_at: dt.datetime | None = _moment(null=True)
    planned_to: str = _text(default="")
    """The last identity number of the list whose attempts are planned."""
    planned_at: dt.datetime | None = _moment(null=True)
    """When the last of the list was planned."""
    beat_at: dt.datetime | None = _moment(null=True)
    """When it was last looked after; a long silence stops it."""
    because: str = _text(default="")
    """Why it stands as it stands, for staff."""
    submitted_at: dt.datetime | None = _moment(null=True)
    """When its author laid it before a second person."""


class AttemptRow(Table, table=True):
    """One attempt to reach one customer about one case on one channel.  Its id is its name on the wire."""

    __tablename__ = "contact_attempts"
    __table_args__ = (
        sa.UniqueConstraint("case_id", "campaign_id", "channel", "number"),
        sa.Index("ix_contact_attempts_phone", "campaign_id", "phone"),
        _partial("ix_contact_attempts_due", "campaign_id", "channel", "not_before", where=_PLANNED),
        _partial("ix_contact_attempts_provider", "provider_id", where="provider_id IS NOT NULL"),
        _partial("ix_contact_attempts_held", "case_id", where=_HELD),
        _partial("ix_contact_attempts_open", "channel", "claimed_at", where=_OPEN),
        _partial("ix_contact_attempts_stopped", "channel", where=_STOPPED),
    )

    id: str = _text(key=True)
    campaign_id: int = _to("campaigns")
    case_id: int = _to("cases")
    channel: Channel = _word(Channel)
    number: int
    customer: str = _text()
    phone: str = _text()
    script: str = _text()
    not_before: dt.datetime = _moment()
    state: ContactState = _word(ContactState)
    result: str = _text(null=True)
    """One word finer than the state."""
    code: str = _text(null=True)
    because: str = _text(null=True)
    claimed_at: dt.datetime | None = _moment(null=True)
    sent_at: dt.datetime | None = _moment(null=True)
    ended_at: dt.datetime | None = _moment(null=True)
    provider_id: str = _text(null=True)
    seconds: float | None = Field(default=None, sa_column=sa.Column(sa.Float, nullable=True))
    """Of speech that were heard."""
    text_hash: str = _text(null=True)
    """SHA-256 of what was sent."""
    stop_asked_at: dt.datetime | None = _moment(null=True)
    """Since when it is to be ended, if it lives."""


class AttemptEventRow(Table, table=True):
    """What a provider reported, once, however often it told it."""

    __tablename__ = "contact_events"
    __table_args__ = (sa.Index("ix_contact_events_channel", "channel", "at"),)

    attempt_id: str = Field(sa_column=sa.Column(sa.Text, sa.ForeignKey("contact_attempts.id"), primary_key=True))
    event: str = _text(key=True)
    at: dt.datetime = _moment()
    state: ContactState = _word(ContactState)
    result: str = _text(default="")
    code: str = _text(default="")
    channel: str = _text(null=True)
    """Of its attempt; None of what was heard before schema 0015."""


class ContactDayRow(Table, table=True):
    """Somebody's one contact of a day."""

    __tablename__ = "contact_days"
    __table_args__ = (sa.Index("ix_contact_days_attempt_id", "attempt_id"),)

    who: str = _text(key=True)
    day: dt.date = Field(sa_column=sa.Column(sa.Date, primary_key=True))
    attempt_id: str = _text()


class ContactMinuteRow(Table, table=True):
    """How many contacts began in a minute (since 1970): a day's budget is the sum of 1,441 of them."""

    __tablename__ = "contact_minutes"

    lane: str = _text(key=True)
    minute: int = _big(key=True)
    begun: int = 0


class SuppressionRow(Table, table=True):
    """Somebody who must be left alone; on every channel where `channel` is ""."""

    __tablename__ = "suppressions"
    __table_args__ = (
        sa.Index(
            "uq_suppressions_standing",
            "who",
            "channel",
            unique=True,
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        ),
    )

    id: int = _id()
    who: str = _text()
    channel: str = _text(default="")
    reason: str = _text()
    source: str = _text()
    """"IVR", "WHATSAPP", "web", "cli" or the name of a file."""
    proof: str = _text(default="")
    """The attempt, its time and the key or word, where there is one."""
    actor: str = _text()
    at: dt.datetime = _moment()
    lifted_at: dt.datetime | None = _moment(null=True)
    lifted_by: str = _text(default="")


class WrongPhoneRow(Table, table=True):
    """A number that a provider called wrong: nobody is reached on it again until a list brings another."""

    __tablename__ = "wrong_phones"

    phone: str = _text(key=True)
    channel: str = _text(key=True)
    at: dt.datetime = _moment()
    attempt_id: str = _text()


class ContactStopRow(Table, table=True):
    """A channel, or one script of it, that a person must look at before anything leaves again."""

    __tablename__ = "contact_stops"

    channel: str = _text(key=True)
    script: str = _text(key=True)
    because: str = _text()
    at: dt.datetime = _moment()


class ContactHoldRow(Table, table=True):
    """A stored mail that names a case: its customer has answered, so he is left alone until it is decided."""

    __tablename__ = "contact_holds"

    case_id: int = _to("cases", key=True)
    mail_id: int = _to("mails", key=True, index=True)
    at: dt.datetime = _moment()
