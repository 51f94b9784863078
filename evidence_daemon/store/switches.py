"""What people (and the valve) switch: whether mail is taken in, and whether answers are sent.

Armed or not is apart (`mails.is_armed`): a house is disarmed until somebody has looked at what it decides;
it is paused for an hour.  Mails that were taken in are walked to their end in either case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, select

from evidence_daemon.store import audit
from evidence_daemon.store.tables import InstanceRow


@dataclass(frozen=True, slots=True)
class Switches:
    """`intake_paused` and `sending_paused` say by whom and why; "" while it goes on.

    `resumed_at`: when a person last let the sending go on.
    """

    armed: bool
    intake_paused: str
    sending_paused: str
    resumed_at: datetime | None


def switches(session: Session) -> Switches:
    """How the house stands."""
    row = session.exec(select(InstanceRow).execution_options(populate_existing=True)).one()
    return Switches(row.armed, row.intake_paused, row.sending_paused, row.resumed_at)


def pause(session: Session, *, intake: bool, sending: bool, actor: str, now: datetime, because: str = "") -> None:
    """Stop taking mail in, or sending answers, or both; what is paused already keeps its own reason."""
    words = f"{actor}: {because}" if because else actor
    standing = switches(session)
    values = {}
    if intake and not standing.intake_paused:
        values["intake_paused"] = words
    if sending and not standing.sending_paused:
        values["sending_paused"] = words
    if values:
        session.exec(sa.update(InstanceRow).values(**values).execution_options(synchronize_session=False))
        audit.record(session, "paused", actor=actor, now=now, detail={"what": sorted(values), "because": because})


def resume(session: Session, *, intake: bool, sending: bool, actor: str, now: datetime) -> None:
    """Go on, whoever paused it.  What was sent until now does not count for the valve any more."""
    values: dict[str, object] = {}
    if intake:
        values["intake_paused"] = ""
    if sending:
        values |= {"sending_paused": "", "resumed_at": now}
    if values:
        session.exec(sa.update(InstanceRow).values(**values).execution_options(synchronize_session=False))
        audit.record(session, "resumed", actor=actor, now=now, detail={"what": sorted(values)})
