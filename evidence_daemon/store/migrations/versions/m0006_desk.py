"""The review desk: users, sessions, claims, second decisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add what is new."""
    _web_house()
    _review_desk()


def _web_house() -> None:
    roles = ("consulta", "revisor", "aprobador", "supervisor", "auditor")
    op.create_table(
        "users",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("display", sa.Text(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(*roles, name="role", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("totp_secret", sa.Text(), nullable=False),
        sa.Column("totp_pending", sa.Text(), nullable=False),
        sa.Column("totp_demanded", sa.Boolean(), nullable=False),
        sa.Column("totp_step", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("shortcuts", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
        sa.UniqueConstraint("subject", name=op.f("uq_users_subject")),
    )
    op.create_table(
        "web_sessions",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("half", sa.Boolean(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_web_sessions_user_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_web_sessions")),
    )
    op.create_index(op.f("ix_web_sessions_user_id"), "web_sessions", ["user_id"], unique=False)
    op.create_index("ix_web_sessions_ends_at", "web_sessions", ["ends_at"], unique=False)
    op.create_table(
        "web_attempts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_attempts")),
    )
    op.create_index("ix_web_attempts_bucket", "web_attempts", ["bucket", "at"], unique=False)
    op.create_index("ix_web_attempts_at", "web_attempts", ["at"], unique=False)
    # For the supervisor's figures, which count by day.
    op.create_index("ix_decisions_decided_at", "decisions", ["decided_at"], unique=False)
    op.create_index("ix_mails_received_at", "mails", ["received_at"], unique=False)


def _review_desk() -> None:
    lite = op.get_bind().dialect.name == "sqlite"
    long_ago = sa.text("'1970-01-01 00:00:00'" if lite else "'1970-01-01 00:00:00+00'")
    for column in (
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, server_default=long_ago),
        sa.Column("signals", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("claimed_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("postponed_until", sa.Date(), nullable=True),
    ):
        op.add_column("reviews", column)
    op.execute(
        sa.text("UPDATE reviews SET received_at = (SELECT received_at FROM mails WHERE mails.id = reviews.mail_id)")
    )
    op.create_index(
        "ix_reviews_queue",
        "reviews",
        ["lane", "received_at", "id"],
        unique=False,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("ix_reviews_mail_id", "reviews", ["mail_id"], unique=False)
    op.add_column("outbox", sa.Column("edited_by", sa.Text(), nullable=False, server_default=""))
    in_review = sa.text("filed_as = 'REVISION'")
    op.create_index(
        "ix_mail_copies_in_review",
        "mail_copies",
        ["account", "mail_id"],
        unique=False,
        sqlite_where=in_review,
        postgresql_where=in_review,
    )
    asked = sa.text("state = 'RECHAZADO' AND lapsed_at IS NULL")
    op.create_index(
        "ix_mails_asked", "mails", ["received_at"], unique=False, sqlite_where=asked, postgresql_where=asked
    )
    op.create_table(
        "desk_acts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("mail_id", _ID, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_desk_acts_mail_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_acts")),
        sa.UniqueConstraint("key", name=op.f("uq_desk_acts_key")),
    )
    op.create_index(op.f("ix_desk_acts_mail_id"), "desk_acts", ["mail_id"], unique=False)
    op.create_index("ix_desk_acts_actor", "desk_acts", ["actor", "at"], unique=False)
    lanes = (
        "REVISAR",
        "SIN_PROCESAR",
        "SIN_RESPUESTA",
        "SENALES",
        "CUATRO_OJOS",
        "DERIVADO",
        "ENVIO_INCIERTO",
        "LLAMAR",
    )
    states = ("PENDIENTE", "APROBADA", "DEVUELTA", "ANULADA")
    op.create_table(
        "proposals",
        sa.Column("id", _ID, nullable=False),
        sa.Column("mail_id", _ID, nullable=False),
        sa.Column(
            "lane", sa.Enum(*lanes, name="lane", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("ruling", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("first", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(*states, name="proposalstate", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("second", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("second IS NULL OR second <> first", name=op.f("ck_proposals_two_people")),
        sa.CheckConstraint("state <> 'APROBADA' OR second IS NOT NULL", name=op.f("ck_proposals_approved_by")),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_proposals_mail_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
    )
    op.create_index("ix_proposals_mail_id", "proposals", ["mail_id"], unique=False)
    pending = sa.text("state = 'PENDIENTE'")
    op.create_index(
        "uq_proposals_open", "proposals", ["mail_id"], unique=True, sqlite_where=pending, postgresql_where=pending
    )
    op.create_table(
        "corrections",
        sa.Column("id", _ID, nullable=False),
        sa.Column("mail_id", _ID, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_corrections_mail_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    op.create_index(op.f("ix_corrections_mail_id"), "corrections", ["mail_id"], unique=False)
