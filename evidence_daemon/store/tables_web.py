"""The tables of the web house: who may come in, who is in, and how often somebody tried.

Passwords are kept as argon2 hashes, session and attempt keys as SHA-256, so that whoever reads the database
can neither log in nor take over a session.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlmodel import Field

from evidence_daemon.model import Role
from evidence_daemon.store.tables import Table, _id, _moment, _text, _to, _word


class UserRow(Table, table=True):
    """A person of the staff.  Never deleted: the history names him.  `disabled_at` ends his access."""

    __tablename__ = "users"
    __table_args__ = (sa.UniqueConstraint("name"), sa.UniqueConstraint("subject"))

    id: int = _id()
    name: str = _text()
    """What he logs in with, in lower case; in the history he is `persona:<name>`."""
    display: str = _text()
    role: Role = _word(Role)
    password_hash: str = _text(default="")
    """argon2id; "" when he comes in by single sign-on only."""
    must_change: bool = False
    """The password was given by somebody else: he chooses his own first."""
    totp_secret: str = _text(default="")
    """Base32; "" without a second factor."""
    totp_pending: str = _text(default="")
    """The secret that he has photographed, until its first code puts it in force."""
    totp_demanded: bool = False
    """A supervisor wants him to have a second factor: he sets it up before anything else."""
    totp_step: int = Field(default=0, sa_column=sa.Column(sa.BigInteger, nullable=False))
    """The last 30-second step whose code was used: no code counts twice."""
    subject: str | None = _text(null=True)
    """`sub` of the single sign-on, bound when he first came in by it."""
    shortcuts: bool = True
    """Single-key shortcuts (WCAG 2.1.4: they can be switched off)."""
    created_at: dt.datetime = _moment()
    created_by: str = _text()
    disabled_at: dt.datetime | None = _moment(null=True)


class WebSessionRow(Table, table=True):
    """Somebody who is in.  `key` is the SHA-256 of the cookie; a session that ended is deleted."""

    __tablename__ = "web_sessions"
    __table_args__ = (sa.Index("ix_web_sessions_ends_at", "ends_at"),)

    key: str = _text(key=True)
    user_id: int = _to("users", index=True)
    half: bool = False
    """The password was right, the second factor is still asked."""
    address: str = _text(default="")
    created_at: dt.datetime = _moment()
    seen_at: dt.datetime = _moment()
    ends_at: dt.datetime = _moment()


class AttemptRow(Table, table=True):
    """One try at something that is limited (a login, a look-up); forgotten after a day.

    `bucket` is the SHA-256 of what is counted: people type passwords where a name belongs.
    """

    __tablename__ = "web_attempts"
    __table_args__ = (sa.Index("ix_web_attempts_bucket", "bucket", "at"), sa.Index("ix_web_attempts_at", "at"))

    id: int = _id()
    bucket: str = _text()
    at: dt.datetime = _moment()
