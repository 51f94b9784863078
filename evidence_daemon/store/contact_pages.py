"""Attempts and suppressions, as pages show them: a screenful at a time, whatever their number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from evidence_daemon.model import Channel, ContactState
from evidence_daemon.store.outreach import Attempt, Campaign
from evidence_daemon.store.silence import Suppression
from evidence_daemon.store.tables_outreach import AttemptRow, SuppressionRow

_ATTEMPT = tuple(Attempt.__dataclass_fields__)


def attempts(
    session: Session,
    campaign: Campaign,
    *,
    channel: Channel | None = None,
    state: ContactState | None = None,
    after: str = "",
    limit: int = 100,
) -> list[Attempt]:
    """The next attempts of a campaign by their names; `after` is the name of the last one that was shown."""
    table = AttemptRow.__table__  # type: ignore[attr-defined]
    first = f"e{campaign.wire}-"
    wanted = [table.c.id > max(first, after), table.c.id < f"e{campaign.wire}.", table.c.campaign_id == campaign.id]
    wanted += [table.c.channel == channel] if channel is not None else []
    wanted += [table.c.state == state] if state is not None else []
    query = sa.select(*(table.c[name] for name in _ATTEMPT)).where(*wanted).order_by(table.c.id).limit(limit)
    return [Attempt(*row) for row in session.execute(query)]


@dataclass(frozen=True, slots=True)
class Listed:
    """A suppression with its number; `lifted_at` None where it stands."""

    id: int
    who: str
    channel: str
    reason: str
    source: str
    proof: str
    actor: str
    at: datetime
    lifted_at: datetime | None
    lifted_by: str

    @property
    def wanted(self) -> Suppression:
        """As it was asked for."""
        return Suppression(self.who, self.channel, self.reason, self.source, self.proof, self.actor, self.at)


def suppressions(
    session: Session, *, whos: Iterable[str] = (), before: int | None = None, limit: int = 100
) -> list[Listed]:
    """Newest first; with `whos` only theirs, lifted ones too."""
    table = SuppressionRow.__table__  # type: ignore[attr-defined]
    names = list(whos)
    wanted = [table.c.who.in_(names)] if names else [table.c.lifted_at.is_(None)]
    wanted += [table.c.id < before] if before is not None else []
    columns = (table.c[name] for name in Listed.__dataclass_fields__)
    query = sa.select(*columns).where(*wanted).order_by(table.c.id.desc()).limit(limit)
    return [Listed(*row) for row in session.execute(query)]


def suppression(session: Session, number: int) -> Listed | None:
    """One by its number."""
    table = SuppressionRow.__table__  # type: ignore[attr-defined]
    columns = (table.c[name] for name in Listed.__dataclass_fields__)
    row = session.execute(sa.select(*columns).where(table.c.id == number)).first()
    return Listed(*row) if row is not None else None


def suppressions_by_source(session: Session) -> dict[tuple[str, str], int]:
    """How many stand, by source and channel ("" is every channel)."""
    rows = session.execute(
        sa.select(col(SuppressionRow.source), col(SuppressionRow.channel), sa.func.count())
        .where(col(SuppressionRow.lifted_at).is_(None))
        .group_by(col(SuppressionRow.source), col(SuppressionRow.channel))
    )
    return {(source, channel): count for source, channel, count in rows}
