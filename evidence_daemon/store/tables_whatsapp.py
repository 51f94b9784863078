"""Tables of WhatsApp: webhooks as they came, what customers wrote, the templates as the provider sees them."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from evidence_daemon.store.tables import Table, _id, _moment, _text, _to

_WAITS, _OPEN = "done_at IS NULL", "handled_at IS NULL"


class WebhookRow(Table, table=True):
    """A webhook's body, proven by its signature; kept once, emptied when it is worked through."""

    __tablename__ = "whatsapp_webhooks"
    __table_args__ = (
        sa.UniqueConstraint("sha256"),
        sa.Index("ix_whatsapp_webhooks_waiting", "id", sqlite_where=sa.text(_WAITS), postgresql_where=sa.text(_WAITS)),
        sa.Index("ix_whatsapp_webhooks_received_at", "received_at"),
    )

    id: int = _id()
    sha256: str = _text()
    received_at: dt.datetime = _moment()
    body: str = _text()
    done_at: dt.datetime | None = _moment(null=True)
    trouble: str = _text(default="")
    """Why it could not be understood."""


class CustomerMessageRow(Table, table=True):
    """What a customer wrote, once, and what was done about it."""

    __tablename__ = "whatsapp_inbound"
    __table_args__ = (
        sa.Index("ix_whatsapp_inbound_open", "due_at", sqlite_where=sa.text(_OPEN), postgresql_where=sa.text(_OPEN)),
        sa.Index("ix_whatsapp_inbound_sender", "sender", "received_at"),
    )

    wamid: str = _text(key=True)
    sender: str = _text()
    """E.164, or the provider's name for somebody who hides his number."""
    received_at: dt.datetime = _moment()
    sent_at: dt.datetime = _moment()
    """When he wrote it, by the provider's clock: his 24 hours count from there."""
    kind: str = _text()
    body: str = _text()
    """The message as it came (JSON), emptied when it is handled: evidence then lies where all evidence lies."""
    attempt_id: str = _text(null=True)
    case_id: int | None = _to("cases", null=True)
    due_at: dt.datetime = _moment()
    tries: int = 0
    handled_at: dt.datetime | None = _moment(null=True)
    outcome: str = _text(default="")
    """BAJA, EVIDENCIA, TAREA, NUMERO_CAMBIADO or NADA."""
    reply_state: str = _text(default="")
    """ENVIANDO, ENVIADO, DESCONOCIDO or FALLIDO; empty: none was sent."""
    reply_id: str = _text(default="")


class TemplateRow(Table, table=True):
    """A template as the provider saw it last."""

    __tablename__ = "whatsapp_templates"

    name: str = _text(key=True)
    language: str = _text(key=True)
    template_id: str = _text(default="")
    status: str = _text()
    category: str = _text(default="")
    ttl_seconds: int = 0
    """0: not told."""
    reason: str = _text(default="")
    changed_at: dt.datetime = _moment()
