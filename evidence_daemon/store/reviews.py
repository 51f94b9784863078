"""The queue: what a person is asked about a mail.  One open question per mail and lane."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.errors import RefusedTransition
from evidence_daemon.model import Lane, MailId, ReasonCode, ReviewItem, receipt_number
from evidence_daemon.store import audit
from evidence_daemon.store.statements import insert_new
from evidence_daemon.store.tables import MailRow, ReviewRow


@dataclass(frozen=True, slots=True)
class Review:
    """One open question to a person."""

    id: int
    mail_id: MailId
    receipt: str
    lane: Lane
    reasons: tuple[ReasonCode, ...]
    summary: str
    opened_at: datetime
    respond_by: date | None
    version: int


def open_reviews(session: Session, lane: Lane | None = None, limit: int = 500) -> list[Review]:
    """What waits for a person, oldest first; `lane` None means all lanes."""
    return _reviews(session, col(ReviewRow.lane) == lane if lane is not None else sa.true(), limit)


def review_of(session: Session, mail_id: MailId) -> list[Review]:
    """What a person is asked about one mail: at most one per lane."""
    return _reviews(session, col(ReviewRow.mail_id) == mail_id, len(Lane))


def close_review(session: Session, mail_id: MailId, lane: Lane, *, person: str, now: datetime) -> None:
    """A person has looked and nothing is to be decided.  Raises `RefusedTransition` when it is not open."""
    actor = person_actor(person)
    if not close_reviews(session, mail_id, actor, now, [lane]):
        raise RefusedTransition(f"{receipt_number(mail_id)} has nothing open in {lane.value}")
    audit.record(session, "review closed", actor=actor, now=now, mail_id=mail_id, detail={"lane": lane.value})


def _reviews(session: Session, which: sa.ColumnElement[bool], limit: int) -> list[Review]:
    rows = session.exec(
        select(ReviewRow, col(MailRow.respond_by))
        .join(MailRow, col(MailRow.id) == col(ReviewRow.mail_id))
        .where(col(ReviewRow.closed_at).is_(None), which)
        .order_by(col(ReviewRow.opened_at), col(ReviewRow.id))
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return [
        Review(
            id=row.id,
            mail_id=MailId(row.mail_id),
            receipt=receipt_number(MailId(row.mail_id)),
            lane=row.lane,
            reasons=tuple(ReasonCode(code) for code in row.reasons.split()),
            summary=row.summary,
            opened_at=row.opened_at,
            respond_by=respond_by,
            version=row.version,
        )
        for row, respond_by in rows
    ]


def open_review(session: Session, mail_id: MailId, item: ReviewItem, now: datetime) -> None:
    """Ask a person; a question that is open in the same lane is replaced, with a new version."""
    values = {
        "mail_id": mail_id,
        "lane": item.lane,
        "reasons": " ".join(item.reasons),
        "summary": item.summary,
        "opened_at": now,
        "closed_by": "",
        "version": 1,
    }
    open_ = sa.text("closed_at IS NULL")
    if insert_new(session, ReviewRow, values, ["mail_id", "lane"], where=open_):
        return
    session.exec(
        sa.update(ReviewRow)
        .where(col(ReviewRow.mail_id) == mail_id, col(ReviewRow.lane) == item.lane, col(ReviewRow.closed_at).is_(None))
        .values(reasons=values["reasons"], summary=item.summary, version=ReviewRow.version + 1)
        .execution_options(synchronize_session=False)
    )


def close_reviews(session: Session, mail_id: MailId, actor: str, now: datetime, lanes: Collection[Lane]) -> int:
    """Close what is open of a mail in these lanes; returns how many."""
    return session.exec(
        sa.update(ReviewRow)
        .where(col(ReviewRow.mail_id) == mail_id, col(ReviewRow.closed_at).is_(None), col(ReviewRow.lane).in_(lanes))
        .values(closed_at=now, closed_by=actor, version=ReviewRow.version + 1)
        .execution_options(synchronize_session=False)
    ).rowcount


def person_actor(name: str) -> str:
    """How a person is named in the history: `persona:<name>`."""
    return name if name.startswith("persona:") else f"persona:{name}"
