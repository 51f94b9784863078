"""The queue: what a person is asked about a mail.  One open question per mail and lane."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.errors import RefusedTransition
from evidence_daemon.model import ABOUT_ANSWERS, Lane, MailId, ReasonCode, ReviewItem, receipt_number
from evidence_daemon.store import audit
from evidence_daemon.store.statements import among, change_one, insert_new, of, run
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
    received_at: datetime
    signals: int
    claimed_by: str
    claimed_until: datetime | None
    postponed_until: date | None

    @property
    def token(self) -> str:
        """What a form was made from: it is refused when the question is another by then."""
        return f"{self.id}.{self.version}"

    def holder(self, now: datetime) -> str:
        """Who has it before him now ("persona:…"), or "": a claim ends by itself."""
        return self.claimed_by if self.claimed_until is not None and self.claimed_until > now else ""


def open_reviews(session: Session, lane: Lane | None = None, limit: int = 500) -> list[Review]:
    """What waits for a person, oldest first; `lane` None means all lanes."""
    return _reviews(session, col(ReviewRow.lane) == lane if lane is not None else sa.true(), limit)


def review_of(session: Session, mail_id: MailId) -> list[Review]:
    """What a person is asked about one mail: at most one per lane."""
    return [_review(row) for row in run(session, _OPEN_OF, own=mail_id)]


def close_review(session: Session, mail_id: MailId, lane: Lane, *, person: str, now: datetime) -> None:
    """A person has looked and nothing is to be decided.  Raises `RefusedTransition` when it is not open."""
    actor = person_actor(person)
    if not close_reviews(session, mail_id, actor, now, [lane]):
        raise RefusedTransition(f"{receipt_number(mail_id)} has nothing open in {lane.value}")
    audit.record(session, "review closed", actor=actor, now=now, mail_id=mail_id, detail={"lane": lane.value})


def last_question(session: Session, mail_id: MailId) -> Review | None:
    """The question about a mail that was answered last; None when none ever was."""
    closed = (col(ReviewRow.mail_id) == mail_id, col(ReviewRow.lane).not_in(ABOUT_ANSWERS))
    found = _reviews(session, sa.and_(*closed), 1, still_open=False)
    return found[0] if found else None


def _reviews(session: Session, which: sa.ColumnElement[bool], limit: int, *, still_open: bool = True) -> list[Review]:
    order = (col(ReviewRow.opened_at), col(ReviewRow.id)) if still_open else (col(ReviewRow.closed_at).desc(),)
    chosen = _REVIEWS.where(
        col(ReviewRow.closed_at).is_(None) if still_open else col(ReviewRow.closed_at).is_not(None), which
    )
    return [_review(row) for row in run(session, chosen.order_by(*order).limit(limit))]


def _review(row: sa.Row[Any]) -> Review:
    return Review(
        id=row.id,
        mail_id=MailId(row.mail_id),
        receipt=receipt_number(MailId(row.mail_id)),
        lane=row.lane,
        reasons=tuple(ReasonCode(code) for code in row.reasons.split()),
        summary=row.summary,
        opened_at=row.opened_at,
        respond_by=row.respond_by,
        version=row.version,
        received_at=row.received_at,
        signals=row.signals,
        claimed_by=row.claimed_by,
        claimed_until=row.claimed_until,
        postponed_until=row.postponed_until,
    )


_ROW, _OF_MAIL = of(ReviewRow), of(MailRow)
_REVIEWS = sa.select(_ROW, _OF_MAIL.c.respond_by).join_from(_ROW, _OF_MAIL, _OF_MAIL.c.id == _ROW.c.mail_id)
_OPEN_OF = _REVIEWS.where(_ROW.c.closed_at.is_(None), _ROW.c.mail_id == sa.bindparam("own")).order_by(
    _ROW.c.opened_at, _ROW.c.id
)

_OPEN_ROW = sa.update(_ROW).where(_ROW.c.closed_at.is_(None))
_CLAIM = _OPEN_ROW.where(
    _ROW.c.mail_id == sa.bindparam("own"),
    sa.or_(
        _ROW.c.claimed_by.in_((sa.bindparam("actor"), "")),
        _ROW.c.claimed_until.is_(None),
        _ROW.c.claimed_until <= sa.bindparam("now"),
    ),
)
_CHANGE = _OPEN_ROW.where(_ROW.c.id == sa.bindparam("question"), _ROW.c.version == sa.bindparam("seen")).values(
    version=_ROW.c.version + 1
)
_CLOSE = _OPEN_ROW.where(_ROW.c.mail_id == sa.bindparam("own"), among(_ROW.c.lane, "lanes")).values(
    version=_ROW.c.version + 1
)


def question_of(session: Session, mail_id: MailId) -> Review | None:
    """The open question about a mail that a decision answers; None when there is none."""
    asked = [review for review in review_of(session, mail_id) if review.lane not in ABOUT_ANSWERS]
    return asked[0] if asked else None


def claim(session: Session, mail_id: MailId, actor: str, *, now: datetime, until: datetime) -> Review | None:
    """Take, or keep, what is open about a mail before oneself; the question as it stands then, whoever has it.

    One conditional update: of two persons at the same moment one gets it.
    """
    run(session, _CLAIM, own=mail_id, actor=actor, now=now, claimed_by=actor, claimed_until=until)
    return question_of(session, mail_id)


def let_go(session: Session, mail_id: MailId, actor: str) -> None:
    """Give back what one has before oneself."""
    session.exec(
        sa.update(ReviewRow)
        .where(col(ReviewRow.mail_id) == mail_id, col(ReviewRow.claimed_by) == actor)
        .values(claimed_by="", claimed_until=None)
        .execution_options(synchronize_session=False)
    )


def change_question(session: Session, review: Review, **values: object) -> None:
    """Change an open question; every form that was made from it is old then.

    Raises `RefusedTransition` when it is not as it was.
    """
    change_one(
        session,
        _CHANGE,
        f"{review.receipt} was changed by somebody else at the same moment",
        question=review.id,
        seen=review.version,
        **values,
    )


def ask_too(session: Session, mail_id: MailId, words: str, now: datetime) -> None:
    """Ask a person in lane REVISAR to see to something; an open question there keeps what it asks, and says it once."""
    asked = next((review for review in review_of(session, mail_id) if review.lane is Lane.REVISAR), None)
    if asked is None:
        open_review(session, mail_id, ReviewItem(Lane.REVISAR, (), words), now)
    elif words not in asked.summary:
        item = ReviewItem(Lane.REVISAR, asked.reasons, f"{asked.summary} {words}".strip())
        open_review(session, mail_id, item, now, signals=asked.signals)


def open_review(session: Session, mail_id: MailId, item: ReviewItem, now: datetime, *, signals: int = 0) -> None:
    """Ask a person; a question that is open in the same lane is replaced, with a new version.

    `signals` is how many speak for a closer look.
    """
    values = {
        "mail_id": mail_id,
        "lane": item.lane,
        "reasons": " ".join(item.reasons),
        "summary": item.summary,
        "opened_at": now,
        "closed_by": "",
        "version": 1,
        "received_at": select(MailRow.received_at).where(col(MailRow.id) == mail_id).scalar_subquery(),
        "signals": signals,
        "claimed_by": "",
    }
    open_ = sa.text("closed_at IS NULL")
    if insert_new(session, ReviewRow, values, ["mail_id", "lane"], where=open_):
        return
    session.exec(
        sa.update(ReviewRow)
        .where(col(ReviewRow.mail_id) == mail_id, col(ReviewRow.lane) == item.lane, col(ReviewRow.closed_at).is_(None))
        .values(reasons=values["reasons"], summary=item.summary, signals=signals, version=ReviewRow.version + 1)
        .execution_options(synchronize_session=False)
    )


def close_reviews(session: Session, mail_id: MailId, actor: str, now: datetime, lanes: Collection[Lane]) -> int:
    """Close what is open of a mail in these lanes; returns how many."""
    closing = {"lanes": [lane.value for lane in lanes], "closed_at": now, "closed_by": actor}
    return run(session, _CLOSE, own=mail_id, **closing).rowcount


def person_actor(name: str) -> str:
    """How a person is named in the history: `persona:<name>`."""
    return name if name.startswith("persona:") else f"persona:{name}"
