"""The audit trail, read: for the auditor's page.  Writing and sealing it is `audit`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from evidence_daemon.model import MailId, receipt_number
from evidence_daemon.store.tables import EventRow


@dataclass(frozen=True, slots=True)
class Entry:
    """One event; `receipt` is "" and `case_id` None where it is about none.  `detail` is JSON of ids and codes."""

    id: int
    at: datetime
    actor: str
    action: str
    receipt: str
    case_id: int | None
    detail: str


def entries(
    session: Session,
    *,
    before: int | None = None,
    actor: str = "",
    action: str = "",
    mail_id: MailId | None = None,
    limit: int = 100,
) -> list[Entry]:
    """Events, newest first: those of an actor, of an action, about a mail; `before` an id, to go on."""
    wanted = [col(EventRow.id) < before] if before is not None else []
    wanted += [col(EventRow.actor) == actor] if actor else []
    wanted += [col(EventRow.action) == action] if action else []
    wanted += [col(EventRow.mail_id) == mail_id] if mail_id is not None else []
    rows = session.exec(select(EventRow).where(*wanted).order_by(col(EventRow.id).desc()).limit(limit))
    return [
        Entry(
            row.id,
            row.at,
            row.actor,
            row.action,
            receipt_number(MailId(row.mail_id)) if row.mail_id is not None else "",
            row.case_id,
            row.detail,
        )
        for row in rows
    ]
