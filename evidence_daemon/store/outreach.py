"""Campaigns and attempts, as they stand and as they change; and the stop, when their customer has answered.

What these functions promise: an attempt is claimed once (conditional update), and a mail that names a case takes its
attempts out of reach in the transaction that stores the mail.  Whom a campaign may reach is `reach`'s, how often is
`budget`'s (nobody twice a day, by a primary key), who is left alone `silence`'s, how far it came `progress`'s.  The
recipe that calls them stands in `outreach/`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.errors import BadInput
from evidence_daemon.model import (
    AttemptId,
    CampaignState,
    CaseId,
    CaseState,
    Channel,
    ContactState,
    EvidenceState,
    MailId,
)
from evidence_daemon.store.statements import change_one, insert_new
from evidence_daemon.store.tables import CaseRow
from evidence_daemon.store.tables_outreach import (
    AttemptEventRow,
    AttemptRow,
    CampaignRow,
    ContactHoldRow,
)

_S = ContactState
WAITING = (_S.PLANIFICADO, _S.RETENIDO)
UNDER_WAY = (_S.ENVIANDO, _S.DESCONOCIDO, _S.ENVIADO)
CLOSED = (CaseState.ACREDITADO, CaseState.REGULARIZADO, CaseState.PAGADO, CaseState.ANULADO, CaseState.ESCALADO)
"""States of a case that needs no contact any more."""
_QUIET: Mapping[str, Any] = {"synchronize_session": False}


# ── campaigns ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign as it stands; the fields are those of `CampaignRow`."""

    id: int
    wire: str
    name: str
    rehearsal: bool
    state: CampaignState
    plan: str
    author: str
    created_at: datetime
    approved_by: str
    approved_at: datetime | None
    approved_hash: str
    starts_at: datetime
    started_at: datetime | None
    planned_to: str
    planned_at: datetime | None
    beat_at: datetime | None
    because: str
    submitted_at: datetime | None = None
    """When its author laid it before a second person; None while he still writes."""


def add_campaign(
    session: Session,
    *,
    wire: str,
    name: str,
    rehearsal: bool,
    plan: str,
    author: str,
    starts_at: datetime,
    now: datetime,
    submitted: bool = True,
) -> Campaign:
    """A new draft; `submitted`: laid before a second person at once."""
    row = CampaignRow(
        wire=wire,
        name=name,
        rehearsal=rehearsal,
        state=CampaignState.BORRADOR,
        plan=plan,
        author=author,
        created_at=now,
        starts_at=starts_at,
        submitted_at=now if submitted else None,
    )
    session.add(row)
    session.flush()
    return load_campaign(session, row.id)


def load_campaign(session: Session, number: int) -> Campaign:
    """Raises `BadInput` when there is no such campaign."""
    found = _campaigns(session, col(CampaignRow.id) == number)
    if not found:
        raise BadInput(f"there is no campaign {number}")
    return found[0]


def all_campaigns(session: Session) -> list[Campaign]:
    """Newest first."""
    return _campaigns(session)[::-1]


def running(session: Session, *, rehearsal: bool = False) -> list[Campaign]:
    """Those that are under way, oldest first."""
    return _campaigns(
        session, col(CampaignRow.state) == CampaignState.EN_CURSO, col(CampaignRow.rehearsal).is_(rehearsal)
    )


def _campaigns(session: Session, *conditions: Any) -> list[Campaign]:
    names = tuple(Campaign.__dataclass_fields__)
    columns = CampaignRow.__table__.c  # type: ignore[attr-defined]
    rows = session.execute(sa.select(*(columns[name] for name in names)).where(*conditions).order_by(columns.id))
    return [Campaign(*row) for row in rows]


def change_campaign(session: Session, campaign: Campaign, **values: Any) -> None:
    """Change a campaign that stands as it was seen.  Raises `RefusedTransition` when it does not."""
    change_one(
        session,
        sa.update(CampaignRow)
        .where(
            col(CampaignRow.id) == campaign.id,
            col(CampaignRow.state) == campaign.state,
            col(CampaignRow.plan) == campaign.plan,
        )
        .values(**values),
        f"campaign {campaign.id} was changed by somebody else",
    )


# ── attempts ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt; the fields are those of `AttemptRow`."""

    id: AttemptId
    campaign_id: int
    case_id: CaseId
    channel: Channel
    number: int
    customer: str
    phone: str
    script: str
    not_before: datetime
    state: ContactState
    result: str | None = None
    code: str | None = None
    because: str | None = None
    claimed_at: datetime | None = None
    sent_at: datetime | None = None
    ended_at: datetime | None = None
    provider_id: str | None = None
    seconds: float | None = None
    text_hash: str | None = None
    stop_asked_at: datetime | None = None


_ATTEMPT_NAMES = tuple(Attempt.__dataclass_fields__)
_ATTEMPT_NAMED = sa.select(
    *(AttemptRow.__table__.c[name] for name in _ATTEMPT_NAMES)  # type: ignore[attr-defined]
).where(col(AttemptRow.id) == sa.bindparam("attempt_name"))
"""Made once: it is asked for with every report, and putting it together costs more than asking."""


def attempt(session: Session, name: AttemptId) -> Attempt | None:
    """One attempt by its name, or None."""
    row = session.execute(_ATTEMPT_NAMED, {"attempt_name": name}).first()
    return Attempt(*row) if row is not None else None


def attempts_of_case(session: Session, case_id: CaseId, campaign: int | None = None) -> list[Attempt]:
    """All attempts about a case, oldest first."""
    conditions = [col(AttemptRow.case_id) == case_id]
    if campaign is not None:
        conditions.append(col(AttemptRow.campaign_id) == campaign)
    return _attempts(session, *conditions, order=(col(AttemptRow.not_before), col(AttemptRow.number)))


def attempts_of_campaign(session: Session, campaign: int) -> Iterator[Attempt]:
    """All attempts of a campaign, as they come from the database: for exports of any size."""
    table = AttemptRow.__table__  # type: ignore[attr-defined]
    query = sa.select(*(table.c[name] for name in _ATTEMPT_NAMES)).where(table.c.campaign_id == campaign)
    for row in session.execute(query.order_by(table.c.case_id, table.c.number).execution_options(yield_per=1000)):
        yield Attempt(*row)


def contacts_made(session: Session, campaign: int) -> Iterator[tuple[AttemptId, str, str, str | None, datetime, str]]:
    """Every contact that began, by its moment: attempt, customer, telephone, result, moment, province."""
    query = (
        sa.select(
            col(AttemptRow.id), col(AttemptRow.customer), col(AttemptRow.phone), col(AttemptRow.result),
            col(AttemptRow.claimed_at), col(CaseRow.province),
        )
        .join(CaseRow, col(CaseRow.id) == col(AttemptRow.case_id))
        .where(col(AttemptRow.campaign_id) == campaign, col(AttemptRow.claimed_at).is_not(None))
        .order_by(col(AttemptRow.claimed_at), col(AttemptRow.id))
    )  # fmt: skip
    for name, customer, phone, result, at, province in session.execute(query.execution_options(yield_per=1000)):
        yield AttemptId(name), customer, phone, result, at, province


def _attempts(session: Session, *conditions: Any, order: Sequence[Any] = (), limit: int | None = None) -> list[Attempt]:
    table = AttemptRow.__table__  # type: ignore[attr-defined]
    query = sa.select(*(table.c[name] for name in _ATTEMPT_NAMES)).where(*conditions).order_by(*order).limit(limit)
    return [Attempt(*row) for row in session.execute(query)]


_IS_PLANNED, _IS_UNDER_WAY = "state = 'PLANIFICADO'", "state IN ('ENVIANDO', 'DESCONOCIDO', 'ENVIADO')"
"""Written out, so that the partial indexes are found: a bound value could be any state."""


def due(session: Session, campaign: int, channel: Channel, now: datetime, limit: int) -> list[Attempt]:
    """Planned attempts whose time has come, in their order."""
    return _attempts(
        session,
        col(AttemptRow.campaign_id) == campaign,
        col(AttemptRow.channel) == channel,
        sa.text(_IS_PLANNED),
        col(AttemptRow.not_before) <= now,
        order=(col(AttemptRow.not_before),),
        limit=limit,
    )


def next_due(session: Session, campaign: int) -> datetime | None:
    """When the next planned attempt of a campaign may be made; None when none waits."""
    found: list[datetime] = []
    for channel in Channel:
        first = session.exec(
            select(AttemptRow.not_before)
            .where(
                col(AttemptRow.campaign_id) == campaign,
                col(AttemptRow.channel) == channel,
                sa.text(_IS_PLANNED),
            )
            .order_by(col(AttemptRow.not_before))
            .limit(1)
        ).first()
        if first is not None:
            found.append(first)
    return min(found, default=None)


def change_attempt(session: Session, name: AttemptId, before: Collection[ContactState], **values: Any) -> bool:
    """Change an attempt that stands in one of these states; False when it does not."""
    change = sa.update(AttemptRow).where(col(AttemptRow.id) == name, col(AttemptRow.state).in_(before)).values(**values)
    return session.exec(change.execution_options(**_QUIET)).rowcount == 1


def live(session: Session, channel: Channel) -> int:
    """Calls that are handed over and have not ended, as far as is known."""
    count: int = session.execute(
        sa.select(sa.func.count())
        .select_from(AttemptRow)
        .where(
            col(AttemptRow.channel) == channel,
            sa.text(_IS_UNDER_WAY),
            col(AttemptRow.state) != _S.DESCONOCIDO,
        )
    ).scalar_one()
    return count


def under_way(session: Session, channel: Channel, states: Collection[ContactState], before: datetime) -> list[Attempt]:
    """Attempts in these states (of those under way) that were claimed before a moment, oldest first."""
    return _attempts(
        session,
        col(AttemptRow.channel) == channel,
        sa.text(_IS_UNDER_WAY),
        col(AttemptRow.state).in_(states),
        col(AttemptRow.claimed_at) < before,
        order=(col(AttemptRow.claimed_at),),
        limit=2000,
    )


def to_hang_up(session: Session, channel: Channel) -> list[AttemptId]:
    """Live attempts that are to be ended."""
    rows = session.execute(
        sa.select(col(AttemptRow.id)).where(
            col(AttemptRow.channel) == channel, col(AttemptRow.stop_asked_at).is_not(None), sa.text(_IS_UNDER_WAY)
        )
    )
    return [AttemptId(row[0]) for row in rows]


def keep_event(
    session: Session, name: AttemptId, event: str, at: datetime, state: ContactState, result: str, code: str
) -> bool:
    """Note what a provider reported; False when it was told before."""
    values = {"attempt_id": name, "event": event[:200], "at": at, "state": state, "result": result, "code": code}
    return insert_new(session, AttemptEventRow, values, ["attempt_id", "event"])


def last_results(session: Session, channel: Channel, count: int) -> list[str]:
    """Results of the attempts of a channel that ended last."""
    rows = session.exec(
        select(AttemptEventRow.result)
        .join(AttemptRow, col(AttemptRow.id) == col(AttemptEventRow.attempt_id))
        .where(col(AttemptRow.channel) == channel, col(AttemptEventRow.result) != "")
        .order_by(col(AttemptEventRow.at).desc())
        .limit(count)
    )
    return list(rows)


# ── the stop: who has answered is left alone ─────────────────────────────────────────────────────


def hold(session: Session, mail_id: MailId, cases: Collection[CaseId], now: datetime) -> None:
    """A mail that names these cases is being stored: what was planned waits, what lives is to be ended."""
    for case_id in cases:
        insert_new(session, ContactHoldRow, {"case_id": case_id, "mail_id": mail_id, "at": now}, ["case_id", "mail_id"])
    refresh(session, cases, now)


_ENDS_A_HOLD = frozenset(
    {EvidenceState.DESCARTADO, EvidenceState.DUPLICADO, EvidenceState.ACEPTADO, EvidenceState.SUSTITUIDO}
)
"""What became of a mail that keeps nobody waiting: what it was accepted for is told by the case itself."""


def decided(session: Session, mail_id: MailId, state: EvidenceState, cases: Collection[CaseId], now: datetime) -> None:
    """A mail was decided: acceptance cancels what was planned for its cases, discarding releases it."""
    held = frozenset(
        CaseId(number)
        for number in session.exec(select(ContactHoldRow.case_id).where(col(ContactHoldRow.mail_id) == mail_id))
    )
    if state in _ENDS_A_HOLD:
        let_go(session, mail_id, now, refreshing=False)
    refresh(session, held | set(cases), now)


def let_go(session: Session, mail_id: MailId, now: datetime, *, refreshing: bool = True) -> None:
    """A mail keeps nobody waiting any more: discarded, or what was asked for did not come in time."""
    held = session.exec(
        sa.delete(ContactHoldRow)
        .where(col(ContactHoldRow.mail_id) == mail_id)
        .returning(col(ContactHoldRow.case_id))
        .execution_options(**_QUIET)
    ).scalars()
    cases = [CaseId(number) for number in held]
    if refreshing:
        refresh(session, cases, now)


def refresh(session: Session, cases: Collection[CaseId], now: datetime) -> None:
    """Bring the attempts of these cases into line with how the cases stand."""
    if not cases:
        return
    states = dict(
        session.execute(sa.select(col(CaseRow.id), col(CaseRow.state)).where(col(CaseRow.id).in_(cases))).all()
    )
    answered = set(session.exec(select(ContactHoldRow.case_id).where(col(ContactHoldRow.case_id).in_(cases))))
    done = [case for case, state in states.items() if state in CLOSED]
    wait = [case for case, state in states.items() if case not in done and (state is not _OPEN or case in answered)]
    free = [case for case in states if case not in done and case not in wait]
    _change(session, done, WAITING, state=_S.OMITIDO, because="el caso ya no lo necesita", ended_at=now)
    _change(session, wait, (_S.PLANIFICADO,), state=_S.RETENIDO, because="llegó un correo de este caso")
    _change(session, free, (_S.RETENIDO,), state=_S.PLANIFICADO, because=None)
    session.exec(
        sa.update(AttemptRow)
        .where(
            col(AttemptRow.case_id).in_([*done, *wait]),
            col(AttemptRow.state).in_(UNDER_WAY),
            col(AttemptRow.stop_asked_at).is_(None),
        )
        .values(stop_asked_at=now)
        .execution_options(**_QUIET)
    )


_OPEN = CaseState.ABIERTO


def _change(session: Session, cases: Sequence[int], before: Sequence[ContactState], **values: Any) -> None:
    if cases:
        change = (
            sa.update(AttemptRow)
            .where(col(AttemptRow.case_id).in_(cases), col(AttemptRow.state).in_(before))
            .values(**values)
        )
        session.exec(change.execution_options(**_QUIET))


def cancel_waiting(session: Session, campaign: int, because: str, now: datetime, limit: int = 20_000) -> int:
    """Up to `limit` attempts of a campaign that wait will not be made; how many.  Call it until it returns 0."""
    some = (
        sa.select(col(AttemptRow.id))
        .where(col(AttemptRow.campaign_id) == campaign, col(AttemptRow.state).in_(WAITING))
        .limit(limit)
    )
    return session.exec(
        sa.update(AttemptRow)
        .where(col(AttemptRow.id).in_(some))
        .values(state=_S.OMITIDO, because=because, ended_at=now)
        .execution_options(**_QUIET)
    ).rowcount


def stop_live(session: Session, campaign: int, now: datetime) -> None:
    """End what lives of a campaign."""
    session.exec(
        sa.update(AttemptRow)
        .where(col(AttemptRow.campaign_id) == campaign, sa.text(_IS_UNDER_WAY))
        .values(stop_asked_at=now)
        .execution_options(**_QUIET)
    )
