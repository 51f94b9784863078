"""Answers: why one is kept back and until when, bounces, reminders; pause; notices to our own people.

SQLite cannot change a check, so the tables whose words grow are made anew there and filled from the old.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KINDS = (
    "aceptado",
    "aceptado-parcial",
    "subsanar",
    "rechazado",
    "recibido",
    "derivado",
    "informacion",
    "recordatorio",
)
_STATES = ("EN_COLA", "ENVIANDO", "ENVIADO", "FALLIDO", "INCIERTO", "REBOTADO", "ANULADO", "RETENIDO")
_LANES = (
    "REVISAR",
    "SIN_PROCESAR",
    "SIN_RESPUESTA",
    "SENALES",
    "CUATRO_OJOS",
    "DERIVADO",
    "ENVIO_INCIERTO",
    "LLAMAR",
)
_WITHHELD = ("DESARMADO", "ANTIGUO", "POR_DIRECCION", "POR_CEDULA", "REPETIDA")


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    """Widen what is there, and add the notices."""
    if op.get_bind().dialect.name == "sqlite":
        _outbox_anew()
        _reviews_anew()
        _instance_anew()
    else:
        _widen()
    # What was withheld until now was withheld while disarmed, or by the cap of its address.
    op.execute(
        sa.text(
            "UPDATE outbox SET withheld = CASE WHEN response = 'disarmed' THEN 'DESARMADO' ELSE 'POR_DIRECCION' END "
            "WHERE state = 'RETENIDO'"
        )
    )
    op.add_column("mails", sa.Column("lapsed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_outbox_claimed", "outbox", ["claimed_at"], unique=False)
    op.create_table(
        "notices",
        sa.Column("id", _ID, nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("response", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("cause", "day", "recipient", name=op.f("uq_notices_cause_day_recipient")),
    )
    op.create_index("ix_notices_due", "notices", ["due_at"], unique=False)


# ── PostgreSQL ───────────────────────────────────────────────────────────────────────────────────


def _widen() -> None:
    _words_of("outbox", "kind", "replykind", _KINDS)
    _words_of("reviews", "lane", "lane", _LANES)
    for table, name in (
        ("outbox", "id_number"),
        ("outbox", "topic"),
        ("instance", "intake_paused"),
        ("instance", "sending_paused"),
    ):
        op.add_column(table, sa.Column(name, sa.Text(), nullable=False, server_default=""))
        op.alter_column(table, name, server_default=None)
    op.add_column("outbox", sa.Column("withheld", _words("withheld", *_WITHHELD), nullable=True))
    op.add_column("outbox", sa.Column("release_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("instance", sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True))


def _words_of(table: str, column: str, name: str, words: tuple[str, ...]) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    listed = ", ".join(f"'{word}'" for word in words)
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, f"{column} IN ({listed})")


# ── SQLite ───────────────────────────────────────────────────────────────────────────────────────


def _filled_from_old(table: str, kept: str, added: str = "", values: str = "") -> None:
    """Move the rows of `table` into `new_table`, which takes its name."""
    op.execute(sa.text(f"INSERT INTO new_{table} ({kept}{added}) SELECT {kept}{values} FROM {table}"))  # noqa: S608
    op.drop_table(table)
    op.rename_table(f"new_{table}", table)


def _outbox_anew() -> None:
    op.create_table(
        "new_outbox",
        sa.Column("id", _ID, nullable=False),
        sa.Column("decision_id", _ID, nullable=False),
        sa.Column("mail_id", _ID, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_on_decision", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("doubts", sa.Integer(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("response", sa.Text(), nullable=False),
        sa.Column("id_number", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("withheld", sa.String(40), nullable=True),
        sa.Column("release_at", sa.DateTime(timezone=True), nullable=True),
        _check("outbox", "kind", "replykind", _KINDS),
        _check("outbox", "state", "outboxstate", _STATES),
        _check("outbox", "withheld", "withheld", _WITHHELD),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_outbox_decision_id")),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_outbox_mail_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("decision_id", "kind", name=op.f("uq_outbox_decision_id_kind")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_id")),
    )
    _filled_from_old(
        "outbox",
        "id, decision_id, mail_id, kind, recipient, message_id, raw, state, created_at, due_at, "
        "cancel_on_decision, attempts, doubts, claimed_at, sent_at, appended_at, response",
        ", id_number, topic",
        ", '', ''",
    )
    op.create_index("ix_outbox_due", "outbox", ["state", "due_at"], unique=False)
    op.create_index(op.f("ix_outbox_mail_id"), "outbox", ["mail_id"], unique=False)
    op.create_index("ix_outbox_recipient", "outbox", ["recipient", "created_at"], unique=False)


def _reviews_anew() -> None:
    op.create_table(
        "new_reviews",
        sa.Column("id", _ID, nullable=False),
        sa.Column("mail_id", _ID, nullable=False),
        sa.Column("lane", sa.String(40), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _check("reviews", "lane", "lane", _LANES),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_reviews_mail_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    _filled_from_old("reviews", "id, mail_id, lane, reasons, summary, opened_at, closed_at, closed_by, version")
    op.create_index("ix_reviews_lane", "reviews", ["closed_at", "lane", "opened_at"], unique=False)
    op.create_index(
        "uq_reviews_open",
        "reviews",
        ["mail_id", "lane"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
    )


def _instance_anew() -> None:
    op.create_table(
        "new_instance",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("armed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("intake_paused", sa.Text(), nullable=False),
        sa.Column("sending_paused", sa.Text(), nullable=False),
        sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_instance_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instance")),
    )
    _filled_from_old("instance", "id, name, armed, created_at", ", intake_paused, sending_paused", ", '', ''")


def _check(table: str, column: str, name: str, words: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{name}"))
