"""Campaigns: what was planned, each attempt, the days of the law, and who must be left alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add what is new."""
    op.create_table(
        "campaigns",
        sa.Column("id", _ID, nullable=False),
        sa.Column("wire", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rehearsal", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "BORRADOR",
                "APROBADA",
                "EN_CURSO",
                "PAUSADA",
                "TERMINADA",
                "CANCELADA",
                name="campaignstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_hash", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("planned_to", sa.Text(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("because", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "approved_by = '' OR lower(approved_by) <> lower(author)", name=op.f("ck_campaigns_second_person")
        ),
        sa.CheckConstraint(
            "rehearsal OR state IN ('BORRADOR', 'CANCELADA') OR approved_by <> ''",
            name=op.f("ck_campaigns_approved_before_it_runs"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("wire", name=op.f("uq_campaigns_wire")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "contact_days",
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("attempt_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("who", "day", name=op.f("pk_contact_days")),
    )
    op.create_index("ix_contact_days_attempt_id", "contact_days", ["attempt_id"], unique=False)
    op.create_table(
        "contact_minutes",
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("minute", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("begun", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("lane", "minute", name=op.f("pk_contact_minutes")),
    )
    op.create_table(
        "contact_stops",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("script", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "script", name=op.f("pk_contact_stops")),
    )
    op.create_table(
        "suppressions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
    )
    op.create_index(
        "uq_suppressions_standing",
        "suppressions",
        ["who", "channel"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_table(
        "wrong_phones",
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("phone", "channel", name=op.f("pk_wrong_phones")),
    )
    op.create_table(
        "contact_attempts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("campaign_id", _ID, nullable=False),
        sa.Column("case_id", _ID, nullable=False),
        sa.Column(
            "channel",
            sa.Enum("IVR", "WHATSAPP", name="channel", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("script", sa.Text(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "PLANIFICADO",
                "RETENIDO",
                "OMITIDO",
                "ENVIANDO",
                "DESCONOCIDO",
                "ENVIADO",
                "ENTREGADO",
                "LEIDO",
                "RESPONDIDO",
                "CONTESTADO",
                "NO_CONTESTA",
                "OCUPADO",
                "BUZON",
                "FALLIDO",
                "AGOTADO",
                name="contactstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("because", sa.Text(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("text_hash", sa.Text(), nullable=True),
        sa.Column("stop_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_contact_attempts_campaign_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_contact_attempts_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_attempts")),
        sa.UniqueConstraint(
            "case_id",
            "campaign_id",
            "channel",
            "number",
            name=op.f("uq_contact_attempts_case_id_campaign_id_channel_number"),
        ),
    )
    op.create_index(
        "ix_contact_attempts_due",
        "contact_attempts",
        ["campaign_id", "channel", "not_before"],
        unique=False,
        sqlite_where=sa.text("state = 'PLANIFICADO'"),
        postgresql_where=sa.text("state = 'PLANIFICADO'"),
    )
    op.create_index(
        "ix_contact_attempts_held",
        "contact_attempts",
        ["case_id"],
        unique=False,
        sqlite_where=sa.text("state = 'RETENIDO'"),
        postgresql_where=sa.text("state = 'RETENIDO'"),
    )
    op.create_index(
        "ix_contact_attempts_open",
        "contact_attempts",
        ["channel", "claimed_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('ENVIANDO', 'DESCONOCIDO', 'ENVIADO')"),
        postgresql_where=sa.text("state IN ('ENVIANDO', 'DESCONOCIDO', 'ENVIADO')"),
    )
    op.create_index("ix_contact_attempts_phone", "contact_attempts", ["campaign_id", "phone"], unique=False)
    op.create_index(
        "ix_contact_attempts_stopped",
        "contact_attempts",
        ["channel"],
        unique=False,
        sqlite_where=sa.text("stop_asked_at IS NOT NULL AND state IN ('ENVIANDO', 'DESCONOCIDO', 'ENVIADO')"),
        postgresql_where=sa.text("stop_asked_at IS NOT NULL AND state IN ('ENVIANDO', 'DESCONOCIDO', 'ENVIADO')"),
    )
    op.create_table(
        "contact_holds",
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("mail_id", _ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_contact_holds_case_id")),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_contact_holds_mail_id")),
        sa.PrimaryKeyConstraint("case_id", "mail_id", name=op.f("pk_contact_holds")),
    )
    op.create_index(op.f("ix_contact_holds_mail_id"), "contact_holds", ["mail_id"], unique=False)
    op.create_table(
        "contact_events",
        sa.Column("attempt_id", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "PLANIFICADO",
                "RETENIDO",
                "OMITIDO",
                "ENVIANDO",
                "DESCONOCIDO",
                "ENVIADO",
                "ENTREGADO",
                "LEIDO",
                "RESPONDIDO",
                "CONTESTADO",
                "NO_CONTESTA",
                "OCUPADO",
                "BUZON",
                "FALLIDO",
                "AGOTADO",
                name="contactstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["contact_attempts.id"], name=op.f("fk_contact_events_attempt_id")),
        sa.PrimaryKeyConstraint("attempt_id", "event", name=op.f("pk_contact_events")),
    )
