"""Who must be left alone, telephones that are nobody's, channels and scripts that wait for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.model import AttemptId, CampaignState, Channel
from evidence_daemon.store.outreach import all_campaigns, stop_reaching
from evidence_daemon.store.statements import insert_new
from evidence_daemon.store.tables_outreach import (
    ContactStopRow,
    SuppressionRow,
    WrongPhoneRow,
)

_QUIET: Mapping[str, Any] = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Suppression:
    """Somebody who must be left alone."""

    who: str
    channel: str
    reason: str
    source: str
    proof: str
    actor: str
    at: datetime


def suppress(session: Session, wanted: Suppression) -> bool:
    """Leave somebody alone, from this moment on: what lives of him is ended.  False when that stood already."""
    values = {name: getattr(wanted, name) for name in Suppression.__dataclass_fields__} | {"lifted_by": ""}
    new = insert_new(session, SuppressionRow, values, ["who", "channel"], where=sa.text("lifted_at IS NULL"))
    if new:
        stop_reaching(session, wanted.who, wanted.channel, wanted.at)
    return new


def lift(session: Session, who: str, channel: str, *, actor: str, now: datetime) -> bool:
    """Take a suppression back; False when there was none."""
    change = (
        sa.update(SuppressionRow)
        .where(
            col(SuppressionRow.who) == who,
            col(SuppressionRow.channel) == channel,
            col(SuppressionRow.lifted_at).is_(None),
        )
        .values(lifted_at=now, lifted_by=actor)
    )
    return session.exec(change.execution_options(**_QUIET)).rowcount == 1


def suppressions(session: Session, who: str = "") -> Iterator[Suppression]:
    """All that stand, of somebody or of everybody, in the order in which they came."""
    columns = SuppressionRow.__table__.c  # type: ignore[attr-defined]
    query = sa.select(*(columns[name] for name in Suppression.__dataclass_fields__)).where(columns.lifted_at.is_(None))
    if who:
        query = query.where(columns.who == who)
    for row in session.execute(query.order_by(columns.id).execution_options(yield_per=1000)):
        yield Suppression(*row)


def mark_wrong(session: Session, phone: str, channel: Channel, name: AttemptId, now: datetime) -> None:
    """A provider says that this number is nobody's here."""
    values = {"phone": phone, "channel": channel.value, "at": now, "attempt_id": name}
    insert_new(session, WrongPhoneRow, values, ["phone", "channel"])


def stop_channel(session: Session, channel: Channel, script: str, because: str, now: datetime) -> bool:
    """Nothing more leaves on a channel (or of one script of it) until a person resumes it; True when that is new."""
    values = {"channel": channel.value, "script": script, "because": because, "at": now}
    return insert_new(session, ContactStopRow, values, ["channel", "script"])


def resume_channel(session: Session, channel: Channel) -> int:
    """A person looked: it may go on."""
    gone = sa.delete(ContactStopRow).where(col(ContactStopRow.channel) == channel.value)
    return session.exec(gone.execution_options(**_QUIET)).rowcount


def stopped(session: Session) -> dict[tuple[str, str], str]:
    """(channel, script or "") → why."""
    rows = session.exec(select(ContactStopRow.channel, ContactStopRow.script, ContactStopRow.because))
    return {(channel, script): because for channel, script, because in rows}


def stopped_by_itself(session: Session) -> list[str]:
    """Channels, scripts and campaigns that nobody stopped by hand, with why; a line for each, for staff."""
    found = [f"{channel} {script}".strip() + f": {because}" for (channel, script), because in stopped(session).items()]
    for campaign in reversed(all_campaigns(session)):
        if campaign.state is CampaignState.PAUSADA and campaign.because.startswith(BY_ITSELF):
            found.append(f"campaña {campaign.id}: {campaign.because}")
    return found


BY_ITSELF = ("plantilla ", "no salió: ", "lo que está guardado ")
"""How the reasons begin for which a campaign pauses itself."""
