"""The tables, in the order in which a mail fills them.

Rows are not the words of the field: `model` has those, and `records` turns one into the other.  A row
never leaves this room.

Conventions
* Every constraint has a name, so that migrations can speak of it (see `_NAMES`).
* States are the enums of `model`, kept as their Spanish words and checked by the database.
* Times are aware and kept in UTC; a naive one is refused (`UtcDateTime`).
* Money is integer cents.  JSON is text: it is read back whole, never searched.
* `ledger`, `audit_events` and `audit_seals` are append-only; triggers (in the migrations) refuse the rest.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from enum import StrEnum
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from evidence_daemon.model import (
    CaseState,
    ChargeState,
    EntryKind,
    EquipmentType,
    EvidenceState,
    FolderRole,
    ItemState,
    Lane,
    Line,
    Operation,
    OutboxState,
    ReplyKind,
    Segment,
    Verdict,
    Withheld,
)

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(sa.types.TypeDecorator[dt.datetime]):
    """An aware moment: `timestamptz` on PostgreSQL, UTC without its mark on SQLite, UTC when read.

    Raises `ValueError` for a naive moment: whose midnight would it be?
    """

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        moment = value.astimezone(dt.UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""SQLite numbers rows by itself only in a column that is called INTEGER."""


def _id() -> Any:
    return Field(default=None, sa_column=sa.Column(_Id, primary_key=True))


def _to(table: str, *, key: bool = False, null: bool = False, index: bool = False) -> Any:
    """A reference to a row of `table`."""
    column = sa.Column(_Id, sa.ForeignKey(f"{table}.id"), primary_key=key, nullable=null, index=index)
    return Field(default=None, sa_column=column) if null else Field(sa_column=column)


def _words(values: type[StrEnum]) -> list[str]:
    return [member.value for member in values]


def _word(kind: type[StrEnum], *, null: bool = False) -> Any:
    """One word of an enum; the constraint is named after the enum."""
    column_type = sa.Enum(
        kind,
        name=kind.__name__.lower(),
        native_enum=False,
        create_constraint=True,
        length=40,
        values_callable=_words,
    )
    if null:
        return Field(default=None, sa_column=sa.Column(column_type, nullable=True))
    return Field(sa_column=sa.Column(column_type, nullable=False))


def _text(*, null: bool = False, index: bool = False, key: bool = False, default: str | None = None) -> Any:
    column = sa.Column(sa.Text, nullable=null, index=index, primary_key=key)
    if null:
        return Field(default=None, sa_column=column)
    return Field(sa_column=column) if default is None else Field(default=default, sa_column=column)


def _big(*, key: bool = False) -> Any:
    """A whole number that may exceed 31 bits: cents, bytes, UIDs."""
    return Field(sa_column=sa.Column(sa.BigInteger, nullable=False, primary_key=key, autoincrement=False))


def _moment(*, null: bool = False) -> Any:
    column: Callable[[], sa.Column[Any]] = lambda: sa.Column(UtcDateTime, nullable=null)  # noqa: E731
    return Field(default=None, sa_column=column()) if null else Field(sa_column=column())


class Table(SQLModel):
    """Root of all our tables: their own metadata, so that nobody else's tables are ever taken for ours."""

    metadata: ClassVar[sa.MetaData] = sa.MetaData(naming_convention=_NAMES)


# ── mail ─────────────────────────────────────────────────────────────────────────────────────────


class MailRow(Table, table=True):
    """A mail, once, whatever the number of its copies.  Its bytes lie in the blobs under `sha256`."""

    __tablename__ = "mails"
    __table_args__ = (
        sa.UniqueConstraint("sha256"),
        sa.Index("ix_mails_state", "state"),
        sa.Index("ix_mails_received_at", "received_at"),
        sa.Index(
            "ix_mails_asked",
            "received_at",
            sqlite_where=sa.text("state = 'RECHAZADO' AND lapsed_at IS NULL"),
            postgresql_where=sa.text("state = 'RECHAZADO' AND lapsed_at IS NULL"),
        ),
        # Receipt numbers are made of ids and quoted by customers: an id must not come back after a deletion.
        {"sqlite_autoincrement": True},
    )

    id: int = _id()
    sha256: str = _text()
    size: int = _big()
    """Bytes on the server; above the limit (`oversized`) only the header was fetched."""
    oversized: bool = False
    received_at: dt.datetime = _moment()
    stored_at: dt.datetime = _moment()
    state: EvidenceState = _word(EvidenceState)
    folder: FolderRole | None = _word(FolderRole, null=True)
    """Where its copies belong; None while undecided."""
    read_at: dt.datetime | None = _moment(null=True)
    attempts: int = 0
    """How often its reading was begun."""
    walk: int = 0
    """Number of its present walk; never goes back, for the engine knows each walk by it."""
    walk_base: int = 0
    """The walk from which the tries are counted: set anew when a person lets it be walked again."""
    decisions: int = 0
    """How many were taken: the number of the last one."""
    message_id: str = _text(index=True, default="")
    sender: str = _text(index=True, default="")
    subject: str = _text(default="")
    content_identity: str = _text(index=True, default="")
    respond_by: dt.date | None = Field(default=None, sa_column=sa.Column(sa.Date, nullable=True))
    edition: str = _text(default="")
    shunted_at: dt.datetime | None = _moment(null=True)
    stage: str = _text(default="")
    """Where it was shunted, e.g. "read"; "" when it was not."""
    trouble: str = _text(default="")
    """The story of the shunting, for engineers."""
    lapsed_at: dt.datetime | None = _moment(null=True)
    """When the time to send what was asked ran out; None while it runs, or nothing was asked."""


class CopyRow(Table, table=True):
    """A copy of a mail in a folder of the mailbox: the journal (RFC 3501 2.3.1.1)."""

    __tablename__ = "mail_copies"
    __table_args__ = (
        sa.UniqueConstraint("account", "folder", "uidvalidity", "uid"),
        sa.Index("ix_mail_copies_to_file", "account", "filed_at"),
        sa.Index(
            "ix_mail_copies_in_review",
            "account",
            "mail_id",
            sqlite_where=sa.text("filed_as = 'REVISION'"),
            postgresql_where=sa.text("filed_as = 'REVISION'"),
        ),
    )

    id: int = _id()
    mail_id: int = _to("mails", index=True)
    account: str = _text()
    folder: str = _text()
    uidvalidity: int = _big()
    uid: int = _big()
    seen_at: dt.datetime = _moment()
    filed_as: FolderRole | None = _word(FolderRole, null=True)
    filed_at: dt.datetime | None = _moment(null=True)


class CountedFolderRow(Table, table=True):
    """How far the numbers of a folder are accounted for: each below is a journal row or a vanished mail."""

    __tablename__ = "counted_folders"
    __table_args__ = (sa.UniqueConstraint("account", "folder", "uidvalidity"),)

    id: int = _id()
    account: str = _text()
    folder: str = _text()
    uidvalidity: int = _big()
    counted_below: int = _big()


class VanishedRow(Table, table=True):
    """Mails (a range of UIDs) that the server numbered and that were gone before we saw them."""

    __tablename__ = "vanished_mails"
    __table_args__ = (sa.UniqueConstraint("account", "folder", "uidvalidity", "first_uid"),)

    id: int = _id()
    account: str = _text()
    folder: str = _text()
    uidvalidity: int = _big()
    first_uid: int = _big()
    last_uid: int = _big()
    noticed_at: dt.datetime = _moment()


class ReadingRow(Table, table=True):
    """What the reader made of one attachment: JSON of `model.Reading`."""

    __tablename__ = "readings"

    mail_id: int = _to("mails", key=True)
    ordinal: int = Field(primary_key=True)
    body: str = _text()


class PaperRow(Table, table=True):
    """One paper found in the attachments: JSON of `model.Fields`."""

    __tablename__ = "papers"

    mail_id: int = _to("mails", key=True)
    ordinal: int = Field(primary_key=True)
    body: str = _text()


class UseRow(Table, table=True):
    """A trace of evidence that stands: an attachment, an acta number or a serial of some mail.

    `claimed` marks the one use that holds the trace for its case: of two acceptances for different
    cases at the same moment only one gets it.
    """

    __tablename__ = "evidence_uses"
    __table_args__ = (
        sa.Index("ix_evidence_uses_trace", "what", "value"),
        sa.Index(
            "uq_evidence_uses_claimed",
            "what",
            "value",
            unique=True,
            sqlite_where=sa.text("claimed"),
            postgresql_where=sa.text("claimed"),
        ),
    )

    id: int = _id()
    mail_id: int = _to("mails", index=True)
    case_id: int | None = _to("cases", null=True)
    what: str = _text()
    value: str = _text()
    accepted: bool
    claimed: bool = False


# ── cases ────────────────────────────────────────────────────────────────────────────────────────


class CaseRow(Table, table=True):
    """One holder + service number + line, as the company's list has it."""

    __tablename__ = "cases"
    __table_args__ = (sa.UniqueConstraint("id_number", "line", "service_key"),)

    id: int = _id()
    id_number: str = _text()
    holder: str = _text()
    line: Line = _word(Line)
    service_number: str = _text()
    service_key: str = _text(index=True)
    """The service number in canonical form."""
    state: CaseState = _word(CaseState)
    segment: Segment = _word(Segment)
    withdrawn_on: dt.date | None = Field(default=None, sa_column=sa.Column(sa.Date, nullable=True))
    activated_on: dt.date | None = Field(default=None, sa_column=sa.Column(sa.Date, nullable=True))
    claim_open: bool = False
    in_collection: bool = False
    email: str = _text(index=True, default="")
    province: str = _text(default="")
    updated_at: dt.datetime = _moment()


class PhoneRow(Table, table=True):
    """A telephone number of a case, E.164, in the order of the list."""

    __tablename__ = "phones"

    case_id: int = _to("cases", key=True)
    phone: str = _text(key=True, index=True)
    ordinal: int


class ItemRow(Table, table=True):
    """A piece of equipment believed not returned.  `reference` is the company's own key, if it has one."""

    __tablename__ = "items"
    __table_args__ = (
        sa.UniqueConstraint("case_id", "natural_key", "reference"),
        sa.Index(
            "ix_items_serial_key",
            "serial_key",
            sqlite_where=sa.text("serial_key <> ''"),
            postgresql_where=sa.text("serial_key <> ''"),
        ),
        sa.Index(
            "ix_items_mac_key",
            "mac_key",
            sqlite_where=sa.text("mac_key <> ''"),
            postgresql_where=sa.text("mac_key <> ''"),
        ),
    )

    id: int = _id()
    case_id: int = _to("cases", index=True)
    reference: str = _text(default="")
    natural_key: str = _text()
    type: EquipmentType = _word(EquipmentType)
    description: str = _text(default="")
    serial: str = _text(default="")
    serial_key: str = _text(default="")
    mac: str = _text(default="")
    mac_key: str = _text(default="")
    state: ItemState = _word(ItemState)
    vanished_at: dt.datetime | None = _moment(null=True)
    """When an import no longer had it."""


class ChargeRow(Table, table=True):
    """A value charged or foreseen; cents.  `reversed` is what its ledger entries add up to."""

    __tablename__ = "charges"
    __table_args__ = (
        sa.UniqueConstraint("case_id", "item_id", "natural_key", "reference"),
        sa.CheckConstraint("total = base + tax", name="total"),
        sa.CheckConstraint("base >= 0 AND tax >= 0 AND paid >= 0 AND vat_rate >= 0", name="positive"),
        sa.CheckConstraint("reversed >= 0 AND reversed <= total", name="reversed"),
        sa.Index("ix_charges_state", "state"),
        sa.Index("ix_charges_reference", "reference"),
    )

    id: int = _id()
    case_id: int = _to("cases", index=True)
    item_id: int | None = _to("items", null=True)
    reference: str = _text(default="")
    natural_key: str = _text()
    concept: str = _text()
    state: ChargeState = _word(ChargeState)
    base: int = _big()
    tax: int = _big()
    total: int = _big()
    vat_rate: int
    reversed: int = _big()
    paid: int = _big()
    invoice: str = _text(default="")
    vanished_at: dt.datetime | None = _moment(null=True)


class ImportRow(Table, table=True):
    """One import of the case list, with its counts."""

    __tablename__ = "imports"

    id: int = _id()
    source: str = _text()
    started_at: dt.datetime = _moment()
    finished_at: dt.datetime = _moment()
    counts: str = _text()


# ── decisions and what they changed ──────────────────────────────────────────────────────────────


class DecisionRow(Table, table=True):
    """Everything that was known and judged when a mail was decided for the `number`-th time."""

    __tablename__ = "decisions"
    __table_args__ = (sa.UniqueConstraint("mail_id", "number"), sa.Index("ix_decisions_decided_at", "decided_at"))

    id: int = _id()
    mail_id: int = _to("mails")
    number: int
    verdict: Verdict = _word(Verdict)
    actor: str = _text()
    edition: str = _text()
    decided_at: dt.datetime = _moment()
    keys: str = _text()
    match: str = _text()
    decision: str = _text()
    settlement: str = _text()
    """These four are JSON (see `shapes`): all that is needed to tell why, years later."""


class MailCaseRow(Table, table=True):
    """Which cases the last decision on a mail is about."""

    __tablename__ = "mail_cases"

    mail_id: int = _to("mails", key=True)
    case_id: int = _to("cases", key=True, index=True)


class EntryRow(Table, table=True):
    """The ledger.  Append-only.

    `turn` counts the reversals of one charge: the second one is possible only after a correction of the
    first.  So at most one is ever live, and the database itself says so (indexes here, triggers in the
    migrations).
    """

    __tablename__ = "ledger"
    __table_args__ = (
        sa.CheckConstraint("amount >= 0", name="amount"),
        sa.CheckConstraint("turn >= 1", name="turn"),
        sa.Index(
            "uq_ledger_reversal",
            "charge_id",
            "turn",
            unique=True,
            sqlite_where=sa.text("kind <> 'CORRECCION'"),
            postgresql_where=sa.text("kind <> 'CORRECCION'"),
        ),
        sa.Index(
            "uq_ledger_correction",
            "charge_id",
            "turn",
            unique=True,
            sqlite_where=sa.text("kind = 'CORRECCION'"),
            postgresql_where=sa.text("kind = 'CORRECCION'"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: int = _id()
    decision_id: int = _to("decisions", index=True)
    case_id: int = _to("cases", index=True)
    charge_id: int = _to("charges")
    kind: EntryKind = _word(EntryKind)
    operation: Operation = _word(Operation)
    amount: int = _big()
    turn: int
    cause: str = _text()
    rule: str = _text()
    entered_at: dt.datetime = _moment()


class OutboxRow(Table, table=True):
    """An answer, rendered.  `due_at` is None when nothing more will happen to it by itself."""

    __tablename__ = "outbox"
    __table_args__ = (
        sa.UniqueConstraint("decision_id", "kind"),
        sa.UniqueConstraint("message_id"),
        sa.Index("ix_outbox_due", "state", "due_at"),
        sa.Index("ix_outbox_recipient", "recipient", "created_at"),
        sa.Index("ix_outbox_claimed", "claimed_at"),
    )

    id: int = _id()
    decision_id: int = _to("decisions")
    mail_id: int = _to("mails", index=True)
    kind: ReplyKind = _word(ReplyKind)
    recipient: str = _text()
    message_id: str = _text()
    raw: bytes = Field(sa_column=sa.Column(sa.LargeBinary, nullable=False))
    state: OutboxState = _word(OutboxState)
    created_at: dt.datetime = _moment()
    due_at: dt.datetime | None = _moment(null=True)
    cancel_on_decision: bool = False
    attempts: int = 0
    doubts: int = 0
    """How often it ended without an answer from the server: after the second a person looks."""
    claimed_at: dt.datetime | None = _moment(null=True)
    sent_at: dt.datetime | None = _moment(null=True)
    appended_at: dt.datetime | None = _moment(null=True)
    """When it was put into the mailbox's Sent folder."""
    response: str = _text(default="")
    """The server's last word; of a bounce, its status and diagnostic."""
    id_number: str = _text(default="")
    """The identity number that it is about, for the cap by person; "" when none was read."""
    topic: str = _text(default="")
    """What it says about what, as a digest: two answers of one topic to one address say the same."""
    withheld: Withheld | None = _word(Withheld, null=True)
    release_at: dt.datetime | None = _moment(null=True)
    """When a withheld answer goes out by itself; None: when a person lets it."""
    edited_by: str = _text(default="")
    """The person who changed its words before it was put out; "" when it is the rule book's."""


class ReviewRow(Table, table=True):
    """What a person is asked about a mail.  Open while `closed_at` is None; one per mail and lane."""

    __tablename__ = "reviews"
    __table_args__ = (
        sa.Index(
            "uq_reviews_open",
            "mail_id",
            "lane",
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
        sa.Index("ix_reviews_lane", "closed_at", "lane", "opened_at"),
        sa.Index(
            "ix_reviews_queue",
            "lane",
            "received_at",
            "id",
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
        sa.Index("ix_reviews_mail_id", "mail_id"),
    )

    id: int = _id()
    mail_id: int = _to("mails")
    lane: Lane = _word(Lane)
    reasons: str = _text()
    """Codes, separated by blanks."""
    summary: str = _text()
    opened_at: dt.datetime = _moment()
    closed_at: dt.datetime | None = _moment(null=True)
    closed_by: str = _text(default="")
    version: int = 1
    received_at: dt.datetime = _moment()
    """When the mail came: the queue is in the order of the legal clock."""
    signals: int = 0
    claimed_by: str = _text(default="")
    """Who has it before him, while `claimed_until` is ahead."""
    claimed_until: dt.datetime | None = _moment(null=True)
    postponed_until: dt.date | None = Field(default=None, sa_column=sa.Column(sa.Date, nullable=True))


# ── the house ────────────────────────────────────────────────────────────────────────────────────


class InstanceRow(Table, table=True):
    """This house: one row.  While it is not `armed`, nothing is sent.

    `intake_paused` and `sending_paused` tell who paused it and why; "" while it goes on.
    """

    __tablename__ = "instance"
    __table_args__ = (sa.CheckConstraint("id = 1", name="one"),)

    id: int = _id()
    name: str = _text()
    armed: bool
    created_at: dt.datetime = _moment()
    intake_paused: str = _text(default="")
    sending_paused: str = _text(default="")
    resumed_at: dt.datetime | None = _moment(null=True)
    """When a person last let the sending go on: the valve counts from there."""
    thread_key: str = _text()
    """The secret, in hexadecimal, with which the Message-IDs of our answers are signed."""
    lives_with: str = _text(default="")
    """The oldest schema whose programs can go on with the present one; "" while nobody said."""
    retired_to: str = _text(default="")
    """Where this house has moved to for good (`moving`); "" while it lives here."""


class HandAnswerRow(Table, table=True):
    """An answer in a mailbox's Sent folder that is not ours: staff wrote it by hand.

    By Message-IDs and not by our own row, for the mail that it answers may not have been read yet.
    """

    __tablename__ = "hand_answers"
    __table_args__ = (sa.UniqueConstraint("message_id", "answers_to"),)

    id: int = _id()
    account: str = _text()
    message_id: str = _text()
    answers_to: str = _text(index=True)
    """The Message-ID of the mail that it answers."""
    seen_at: dt.datetime = _moment()


class NoticeRow(Table, table=True):
    """A mail to our own people: the digest, or an alert.  One per cause, day and address."""

    __tablename__ = "notices"
    __table_args__ = (sa.UniqueConstraint("cause", "day", "recipient"), sa.Index("ix_notices_due", "due_at"))

    id: int = _id()
    cause: str = _text()
    day: dt.date = Field(sa_column=sa.Column(sa.Date, nullable=False))
    recipient: str = _text()
    raw: bytes = Field(sa_column=sa.Column(sa.LargeBinary, nullable=False))
    created_at: dt.datetime = _moment()
    due_at: dt.datetime | None = _moment(null=True)
    """When it is tried next; None when nothing more will happen to it."""
    attempts: int = 0
    sent_at: dt.datetime | None = _moment(null=True)
    response: str = _text(default="")


class EventRow(Table, table=True):
    """The audit trail.  Append-only.  Ids and codes only: no names, no numbers of customers."""

    __tablename__ = "audit_events"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int = _id()
    at: dt.datetime = _moment()
    actor: str = _text()
    action: str = _text()
    mail_id: int | None = Field(default=None, sa_column=sa.Column(_Id, nullable=True, index=True))
    case_id: int | None = Field(default=None, sa_column=sa.Column(_Id, nullable=True, index=True))
    detail: str = _text()


class SealRow(Table, table=True):
    """The hash chain over the audit trail.  Append-only.

    Apart from the events, so that workers that write at the same time do not wait for one another.
    """

    __tablename__ = "audit_seals"
    __table_args__ = (sa.UniqueConstraint("event_id"), sa.UniqueConstraint("previous_hash"))

    id: int = _id()
    event_id: int = _to("audit_events")
    previous_hash: str = _text()
    hash: str = _text()
