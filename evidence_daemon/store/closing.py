"""The closing count: mails in the mailbox = rows = outcomes, and what the audit trail saw come is still in the books.

Elsewhere rows went missing and nobody noticed (a hand in the database, a damaged file).  A mail that was filed away
is looked at by no sweep any more, so only a count can tell.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.model import MailId, Sha256, receipt_number
from evidence_daemon.store.tables import CopyRow, EventRow, MailRow, ReviewRow
from evidence_daemon.store.tables_unattended import ForgottenRow

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


# ── the mailbox's half ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Books:
    """What the journal holds of one mailbox: its mails, each once."""

    rows: int
    decided: int
    waiting: int
    """Before a person, and not decided."""
    under_way: int
    stuck: tuple[str, ...]
    """Receipts of those that are under way for too long."""


def books(session: Session, account: str, stuck_before: dt.datetime) -> Books:
    """The mails that came in by a mailbox, and their outcomes; `rows` is the sum of the other three."""
    mine = select(CopyRow.mail_id).where(col(CopyRow.account) == account)
    asked = select(ReviewRow.mail_id).where(col(ReviewRow.closed_at).is_(None))
    decided = col(MailRow.decisions) > 0
    waiting = sa.and_(sa.not_(decided), sa.or_(col(MailRow.id).in_(asked), col(MailRow.shunted_at).is_not(None)))
    kind = sa.case((decided, "decided"), (waiting, "waiting"), else_="under way")
    counts: dict[str, int] = {
        row[0]: row[1]
        for row in session.execute(
            sa.select(kind, sa.func.count()).where(col(MailRow.id).in_(mine)).group_by(sa.literal_column("1"))
        )
    }
    stuck = session.exec(
        select(MailRow.id)
        .where(col(MailRow.id).in_(mine), sa.not_(decided), sa.not_(waiting), col(MailRow.stored_at) < stuck_before)
        .order_by(col(MailRow.id))
        .limit(100)
    )
    return Books(
        sum(counts.values()),
        counts.get("decided", 0),
        counts.get("waiting", 0),
        counts.get("under way", 0),
        tuple(receipt_number(MailId(mail_id)) for mail_id in stuck),
    )


def named(session: Session, message_ids: Collection[str]) -> dict[str, dict[int, MailId]]:
    """Mails of the journal with these Message-IDs: for each id the sizes (bytes), and whose they are."""
    found: dict[str, dict[int, MailId]] = {}
    rows = session.exec(
        select(MailRow.message_id, MailRow.size, MailRow.id).where(col(MailRow.message_id).in_(message_ids))
    )
    for message_id, size, mail_id in rows:
        found.setdefault(message_id, {})[size] = MailId(mail_id)
    return found


def of_bytes(session: Session, digest: Sha256) -> MailId | None:
    """The mail with these very bytes."""
    mail_id = session.exec(select(MailRow.id).where(col(MailRow.sha256) == digest)).first()
    return MailId(mail_id) if mail_id is not None else None


def numbered(session: Session, account: str, folder: str, uidvalidity: int) -> dict[int, MailId]:
    """The mails of the journal by their UIDs in a folder."""
    rows = session.exec(
        select(CopyRow.uid, CopyRow.mail_id).where(
            col(CopyRow.account) == account, col(CopyRow.folder) == folder, col(CopyRow.uidvalidity) == uidvalidity
        )
    )
    return {uid: MailId(mail_id) for uid, mail_id in rows}


def mails_in(session: Session, account: str) -> set[MailId]:
    """Every mail that came in by a mailbox and was not forgotten since."""
    rows = session.exec(
        select(CopyRow.mail_id)
        .where(
            col(CopyRow.account) == account,
            col(CopyRow.mail_id).not_in(select(ForgottenRow.mail_id)),
        )
        .distinct()
    )
    return {MailId(mail_id) for mail_id in rows}
