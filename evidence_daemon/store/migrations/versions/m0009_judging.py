"""The judge's memory: origins of files, looks of pages, ways of mails, actas by office; serials in one form."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables; bring the serials that were kept as printed into the form in which they are looked up."""
    op.create_table(
        "origins",
        sa.Column("mail_id", _ID, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_origins_mail_id")),
        sa.PrimaryKeyConstraint("mail_id", "ordinal", name=op.f("pk_origins")),
    )
    op.create_table(
        "looks",
        sa.Column("id", _ID, nullable=False),
        sa.Column("mail_id", _ID, nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_looks_mail_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_looks")),
    )
    op.create_index("ix_looks_mail", "looks", ["mail_id"], unique=False)
    op.create_table(
        "look_bands",
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("look_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["look_id"], ["looks.id"], name=op.f("fk_look_bands_look_id")),
        sa.PrimaryKeyConstraint("band", "value", "look_id", name=op.f("pk_look_bands")),
    )
    op.create_index(op.f("ix_look_bands_look_id"), "look_bands", ["look_id"], unique=False)
    op.create_table(
        "mail_ways",
        sa.Column("mail_id", _ID, nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_mail_ways_mail_id")),
        sa.PrimaryKeyConstraint("mail_id", "way", "who", name=op.f("pk_mail_ways")),
    )
    op.create_index("ix_mail_ways_way", "mail_ways", ["way", "who", "at"], unique=False)
    op.create_table(
        "office_actas",
        sa.Column("mail_id", _ID, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_office_actas_mail_id")),
        sa.PrimaryKeyConstraint("mail_id", "number", name=op.f("pk_office_actas")),
    )
    op.create_index("ix_office_actas_place", "office_actas", ["office", "series", "place"], unique=False)
    _indexes_without_the_empty_ones()
    _serials_in_one_form()


def _indexes_without_the_empty_ones() -> None:
    """A million items without a MAC: statistics would call an index over all of them a bad one."""
    for name in ("serial_key", "mac_key"):
        filled = sa.text(f"{name} <> ''")
        op.drop_index(op.f(f"ix_items_{name}"), table_name="items")
        op.create_index(f"ix_items_{name}", "items", [name], sqlite_where=filled, postgresql_where=filled)


def _serials_in_one_form() -> None:
    """Serials of ITU-T G.984.3 that stand as letters and hex → all hex.  Of two claims for one the first stays."""
    uses = sa.table(
        "evidence_uses",
        sa.column("id", _ID),
        sa.column("what", sa.Text()),
        sa.column("value", sa.Text()),
        sa.column("claimed", sa.Boolean()),
    )
    connection = op.get_bind()
    rows = connection.execute(sa.select(uses.c.id, uses.c.value, uses.c.claimed).where(uses.c.what == "serie")).all()
    claimed = {row.value for row in rows if row.claimed}
    for row in sorted(rows, key=lambda row: row.id):
        if not re.fullmatch(r"[A-Z]{4}[0-9A-F]{8}", row.value):
            continue
        value = row.value[:4].encode("ascii").hex().upper() + row.value[4:]
        values = {"value": value}
        if row.claimed:
            if value in claimed:
                values["claimed"] = False
            claimed.add(value)
        connection.execute(sa.update(uses).where(uses.c.id == row.id).values(**values))
