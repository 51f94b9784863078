"""The closing count: what the audit trail saw come in must still be in the books.

Elsewhere rows went missing and nobody noticed (a hand in the database, a damaged file).  A mail that was filed away
is looked at by no sweep any more, so only a count can tell.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.model import MailId, receipt_number
from evidence_daemon.store.tables import CopyRow, EventRow, MailRow

CAME = ("received", "copy seen")
"""The events of the audit trail that each stand for one row of the journal (`mails.receive`)."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A copy of a mail that came in and has no row any more, or whose mail has none: where it came in."""

    receipt: str
    folder: str
    uid: int


def missing(session: Session, limit: int = 100) -> tuple[Missing, ...]:
    """What the trail saw come and the journal lacks, of at most so many mails, oldest first."""
    came = (
        select(col(EventRow.mail_id).label("mail_id"), sa.func.count().label("n"))
        .where(col(EventRow.action).in_(CAME))
        .group_by(col(EventRow.mail_id))
        .subquery()
    )
    kept = (
        select(col(CopyRow.mail_id).label("mail_id"), sa.func.count().label("n"))
        .group_by(col(CopyRow.mail_id))
        .subquery()
    )
    short = session.execute(
        sa.select(came.c.mail_id, col(MailRow.id))
        .outerjoin(MailRow, col(MailRow.id) == came.c.mail_id)
        .outerjoin(kept, kept.c.mail_id == came.c.mail_id)
        .where(sa.or_(col(MailRow.id).is_(None), sa.func.coalesce(kept.c.n, 0) < came.c.n))
        .order_by(came.c.mail_id)
        .limit(limit)
    ).all()
    found = []
    for mail_id, there in short:
        rows = session.exec(select(CopyRow).where(col(CopyRow.mail_id) == mail_id)) if there is not None else ()
        standing = {(row.folder, row.uidvalidity, row.uid) for row in rows}
        told = session.exec(
            select(EventRow.detail)
            .where(col(EventRow.mail_id) == mail_id, col(EventRow.action).in_(CAME))
            .order_by(col(EventRow.id))
        )
        for place in map(json.loads, told):
            if (place["folder"], place["uidvalidity"], place["uid"]) not in standing:
                found.append(Missing(receipt_number(MailId(mail_id)), place["folder"], place["uid"]))
    return tuple(found)
