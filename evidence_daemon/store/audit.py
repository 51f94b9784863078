"""Who did what, and when: an append-only table, written in the transaction of the deed itself.

`record` adds an event.  `seal` chains the events that have no seal yet: each seal's hash covers the event
and the seal before it, so that nobody can change, drop or slip in a sealed event without breaking all that
follow.  Sealing is apart so that workers that write at the same time need not wait for one another; events
are sealed within a cycle of the daemon.  `verify` walks the chain.

No personal data: ids, codes and counts only.  The trail must outlive a data subject's erasure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.model import CaseId, MailId
from evidence_daemon.store.statements import of, run
from evidence_daemon.store.tables import EventRow, SealRow

BEGINNING = "0" * 64
"""The previous hash of the first seal."""
_INSERT = sa.insert(of(EventRow))
LATE = 10_000
"""How many ids back an event may still turn up (PostgreSQL hands out ids before it commits)."""


def record(
    session: Session,
    action: str,
    *,
    actor: str,
    now: datetime,
    mail_id: MailId | None = None,
    case_id: CaseId | None = None,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Add an event.  `action` is a word such as "decided"; `actor` is "daemon" or "persona:<name>"."""
    text = json.dumps(detail or {}, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    run(session, _INSERT, at=now, actor=actor, action=action, mail_id=mail_id, case_id=case_id, detail=text)


def seal(session: Session, limit: int = 1000) -> int:
    """Chain up to `limit` events that have no seal yet, by id; returns how many.

    Run it in a transaction of its own (`Database.transact`): two at once would fork the chain, so one of
    them is refused.
    """
    unsealed = session.exec(
        select(EventRow)
        .outerjoin(SealRow, col(SealRow.event_id) == col(EventRow.id))
        .where(
            col(SealRow.id).is_(None),
            # Not the whole table each time: a transaction that commits late is at most a few ids behind.
            col(EventRow.id) > select(sa.func.coalesce(sa.func.max(SealRow.event_id), 0)).scalar_subquery() - LATE,
        )
        .order_by(col(EventRow.id))
        .limit(limit)
    )
    events = unsealed.all()
    previous = session.exec(select(SealRow.hash).order_by(col(SealRow.id).desc()).limit(1)).first() or BEGINNING
    for event in events:
        digest = _hash(previous, event)
        session.exec(sa.insert(SealRow).values(event_id=event.id, previous_hash=previous, hash=digest))
        previous = digest
    return len(events)


@dataclass(frozen=True, slots=True)
class Anchor:
    """The head of the chain at a moment: kept outside, it shows whether the chain's end was cut off later."""

    number: int
    """Of the seal."""
    event_id: int
    hash: str
    at: datetime


def head(session: Session, now: datetime) -> Anchor | None:
    """The last seal; None while there is none."""
    last = session.exec(select(SealRow).order_by(col(SealRow.id).desc()).limit(1)).first()
    return Anchor(last.id, last.event_id, last.hash, now) if last is not None else None


def unsealed(session: Session, before: datetime) -> int:
    """How many events of before that moment have no seal: none, while a daemon runs."""
    late = (
        select(sa.func.count())
        .select_from(EventRow)
        .outerjoin(SealRow, col(SealRow.event_id) == col(EventRow.id))
        .where(col(SealRow.id).is_(None), col(EventRow.at) < before)
    )
    return session.exec(late).one()


def last_of(session: Session, action: str) -> datetime | None:
    """When something was done last; None when never."""
    return session.exec(
        select(EventRow.at).where(col(EventRow.action) == action).order_by(col(EventRow.id).desc()).limit(1)
    ).first()


def last_detail(session: Session, action: str) -> dict[str, object]:
    """What was noted when something was done last; {} when never."""
    told = session.exec(
        select(EventRow.detail).where(col(EventRow.action) == action).order_by(col(EventRow.id).desc()).limit(1)
    ).first()
    return dict(json.loads(told)) if told else {}


def verify(session: Session, anchors: Sequence[Anchor] = ()) -> list[str]:
    """Walk the chain; returns what is wrong with it, in words, or nothing.

    `anchors` were written outside: each must still be in the chain as it was.
    """
    faults: list[str] = []
    for anchor in anchors:
        stands = session.exec(select(SealRow.hash).where(col(SealRow.id) == anchor.number)).first()
        if stands is None:
            faults.append(f"the chain was cut: seal {anchor.number}, anchored on {anchor.at:%Y-%m-%d}, is gone")
        elif stands != anchor.hash:
            faults.append(f"seal {anchor.number} is not the one that was anchored on {anchor.at:%Y-%m-%d}")
    previous = BEGINNING
    rows = session.exec(
        select(SealRow, EventRow)
        .outerjoin(EventRow, col(SealRow.event_id) == col(EventRow.id))
        .order_by(col(SealRow.id))
        .execution_options(yield_per=1000)
    )
    for sealed, event in rows:
        if event is None:
            faults.append(f"event {sealed.event_id} is gone")
        elif sealed.hash != _hash(sealed.previous_hash, event):
            faults.append(f"event {sealed.event_id} was changed after it was sealed")
        if sealed.previous_hash != previous:
            faults.append(f"the seal before event {sealed.event_id} is gone or was changed")
        previous = sealed.hash
    return faults


def _hash(previous: str, event: EventRow) -> str:
    fields = (event.id, event.at.isoformat(), event.actor, event.action, event.mail_id, event.case_id, event.detail)
    return hashlib.sha256(json.dumps([previous, *fields], ensure_ascii=False).encode()).hexdigest()
