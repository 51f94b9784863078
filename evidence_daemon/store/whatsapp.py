"""WhatsApp: webhooks kept once, what customers wrote and what was done about it, templates as they stand."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from evidence_daemon.model import AttemptId, CampaignState, CaseId, Channel, ContactState
from evidence_daemon.store.outreach import CLOSED, Attempt, Campaign, all_campaigns, attempt, under_way
from evidence_daemon.store.reach import phone_key
from evidence_daemon.store.statements import insert_new
from evidence_daemon.store.tables import CaseRow, PhoneRow
from evidence_daemon.store.tables_outreach import AttemptRow, ContactDayRow
from evidence_daemon.store.tables_whatsapp import CustomerMessageRow, TemplateRow, WebhookRow

_QUIET = {"synchronize_session": False}

# ── webhooks ─────────────────────────────────────────────────────────────────────────────────────


def keep(session: Session, bodies: Sequence[bytes], now: datetime) -> int:
    """Keep webhooks that are not known yet; how many are new.  The same bytes told twice are one."""
    rows = {hashlib.sha256(body).hexdigest(): body.decode("utf-8", "replace").replace("\0", "�") for body in bodies}
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    values = [
        {"sha256": digest, "received_at": now, "body": text, "trouble": ""} for digest, text in sorted(rows.items())
    ]
    statement = insert(WebhookRow).values(values).on_conflict_do_nothing(index_elements=["sha256"])
    return len(session.execute(statement.returning(sa.literal(1))).all())


def waiting(session: Session, limit: int) -> list[tuple[int, str]]:
    """Webhooks that nobody worked through yet, oldest first."""
    rows = session.execute(
        sa.select(col(WebhookRow.id), col(WebhookRow.body))
        .where(sa.text("done_at IS NULL"))
        .order_by(col(WebhookRow.id))
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def count_waiting(session: Session) -> int:
    """How many of them."""
    query = sa.select(sa.func.count()).select_from(WebhookRow).where(sa.text("done_at IS NULL"))
    return int(session.execute(query).scalar_one())


def worked_through(session: Session, numbers: Collection[int], now: datetime, trouble: str = "") -> None:
    """Done; only the hash stays, so that a late repetition is known.  What was not understood stays whole."""
    values: dict[str, Any] = {"done_at": now, "trouble": trouble} | ({} if trouble else {"body": ""})
    change = sa.update(WebhookRow).where(col(WebhookRow.id).in_(numbers)).values(**values)
    session.exec(change.execution_options(**_QUIET))


def forget(session: Session, before: datetime) -> None:
    """Drop what was received before a moment and is done: the provider repeats for seven days at most."""
    gone = sa.delete(WebhookRow).where(col(WebhookRow.received_at) < before, col(WebhookRow.done_at).is_not(None))
    session.exec(gone.execution_options(**_QUIET))


# ── what customers write ─────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class CustomerMessage:
    """One message; the fields are those of `CustomerMessageRow`."""

    wamid: str
    sender: str
    sent_at: datetime
    kind: str
    body: str
    attempt_id: AttemptId | None
    case_id: CaseId | None
    tries: int = 0
    outcome: str = ""
    reply_state: str = ""


_NAMES = tuple(CustomerMessage.__dataclass_fields__)


def take_message(session: Session, message: CustomerMessage, now: datetime) -> bool:
    """Note what a customer wrote; False when it was told before."""
    values = {name: getattr(message, name) for name in _NAMES} | {"received_at": now, "due_at": now, "reply_id": ""}
    return insert_new(session, CustomerMessageRow, values, ["wamid"])


def open_messages(session: Session, now: datetime, limit: int = 50) -> list[CustomerMessage]:
    """Messages that wait to be handled, whose time has come."""
    columns = CustomerMessageRow.__table__.c  # type: ignore[attr-defined]
    query = (
        sa.select(*(columns[name] for name in _NAMES))
        .where(sa.text("handled_at IS NULL"), columns.due_at <= now)
        .order_by(columns.due_at)
        .limit(limit)
    )
    return [CustomerMessage(*row) for row in session.execute(query)]


def change_message(session: Session, wamid: str, **values: Any) -> None:
    """Change a message's row."""
    change = sa.update(CustomerMessageRow).where(col(CustomerMessageRow.wamid) == wamid).values(**values)
    session.exec(change.execution_options(**_QUIET))


def replied_since(session: Session, sender: str, since: datetime) -> bool:
    """Whether somebody had our answer (or may have had it) lately."""
    query = (
        select(CustomerMessageRow.wamid)
        .where(
            col(CustomerMessageRow.sender) == sender,
            col(CustomerMessageRow.received_at) > since,
            col(CustomerMessageRow.reply_state).in_(("ENVIANDO", "ENVIADO", "DESCONOCIDO")),
        )
        .limit(1)
    )
    return session.exec(query).first() is not None


def attempt_written_to(session: Session, sender: str, about: str) -> Attempt | None:
    """The attempt that a customer answers: the message that he quotes, else the last one to his telephone."""
    name: str | None = None
    if about:
        query = select(AttemptRow.id).where(col(AttemptRow.provider_id) == about, sa.text("provider_id IS NOT NULL"))
        name = session.exec(query.limit(1)).first()
    if name is None:
        last = (
            select(ContactDayRow.attempt_id)
            .where(col(ContactDayRow.who) == phone_key(sender))
            .order_by(col(ContactDayRow.day).desc())
        )
        name = session.exec(last.limit(1)).first()
    return attempt(session, AttemptId(name)) if name is not None else None


def case_of_phone(session: Session, phone: str) -> CaseId | None:
    """The case of the only customer who has this telephone; None when nobody or several do, or it could be two cases.

    Of several cases of that customer, the only one that is not closed.
    """
    rows = session.execute(
        sa.select(col(CaseRow.id), col(CaseRow.id_number), col(CaseRow.state))
        .join(PhoneRow, col(PhoneRow.case_id) == col(CaseRow.id))
        .where(col(PhoneRow.phone) == phone)
    ).all()
    if len({id_number for _case, id_number, _state in rows}) != 1:
        return None
    cases = [case for case, _number, _state in rows]
    if len(cases) > 1:
        cases = [case for case, _number, state in rows if state not in CLOSED]
    return CaseId(cases[0]) if len(cases) == 1 else None


# ── templates ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class TemplateState:
    """A template as the provider saw it last; `ttl_seconds` 0: not told."""

    name: str
    language: str
    status: str
    category: str = ""
    ttl_seconds: int = 0
    reason: str = ""
    template_id: str = ""


_TEMPLATE = tuple(TemplateState.__dataclass_fields__)


def templates(session: Session) -> list[TemplateState]:
    """All that are known, by name."""
    columns = TemplateRow.__table__.c  # type: ignore[attr-defined]
    rows = session.execute(sa.select(*(columns[name] for name in _TEMPLATE)).order_by(columns.name, columns.language))
    return [TemplateState(*row) for row in rows]


def template(session: Session, name: str, language: str) -> TemplateState | None:
    """One of them."""
    return next((one for one in templates(session) if (one.name, one.language) == (name, language)), None)


def put_template(session: Session, state: TemplateState, now: datetime) -> None:
    """How a template stands now."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    values = {name: getattr(state, name) for name in _TEMPLATE} | {"changed_at": now}
    statement = insert(TemplateRow).values(**values)
    keys = ["name", "language"]
    changed = {name: value for name, value in values.items() if name not in keys}
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))


def campaigns_that_write(session: Session) -> Iterator[Campaign]:
    """Real campaigns that are under way: a template's trouble is theirs."""
    for campaign in all_campaigns(session):
        if campaign.state is CampaignState.EN_CURSO and not campaign.rehearsal:
            yield campaign


# ── what nobody knows ────────────────────────────────────────────────────────────────────────────

GRACE = timedelta(minutes=15)
"""In which a webhook settles a message whose answer was lost; after it a person is told."""


def doubts(session: Session, before: datetime) -> list[Attempt]:
    """Messages whose answer was lost before a moment, and of which nothing was heard since."""
    return [
        one for one in under_way(session, Channel.WHATSAPP, [ContactState.DESCONOCIDO], before) if one.ended_at is None
    ]


def doubted(session: Session, before: datetime) -> int:
    """How many of them, as far as anybody counts."""
    return len(doubts(session, before))
