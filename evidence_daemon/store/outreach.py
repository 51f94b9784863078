"""Campaigns and attempts, as they stand and as they change; and the stop, when their customer has answered.

What these functions promise: an attempt is claimed once (conditional update), and a mail that names a case takes its
attempts out of reach in the transaction that stores the mail.  Whom a campaign may reach is `reach`'s, how often is
`budget`'s (nobody twice a day, by a primary key), who is left alone `silence`'s, how far it came `progress`'s.  The
recipe that calls them stands in `outreach/`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col

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
from evidence_daemon.store.statements import among, change_one, insert_new, of, run
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
_CAMPAIGNS, _ATTEMPTS, _HOLDS, _CASES = of(CampaignRow).c, of(AttemptRow).c, of(ContactHoldRow).c, of(CaseRow).c


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
    found = _campaigns(session, _CAMPAIGN_NUMBERED, number=number)
    if not found:
        raise BadInput(f"there is no campaign {number}")
    return found[0]


def all_campaigns(session: Session) -> list[Campaign]:
    """Newest first."""
    return _campaigns(session, _CAMPAIGN.order_by(_CAMPAIGNS.id.desc()))


def running(session: Session, *, rehearsal: bool = False) -> list[Campaign]:
    """Those that are under way, oldest first."""
    return _campaigns(session, _RUNNING, rehearsal=rehearsal)


def _campaigns(session: Session, statement: sa.Executable, **values: object) -> list[Campaign]:
    rows: Sequence[Any] = run(session, statement, **values).all()
    return [Campaign(*row) for row in rows]


_CAMPAIGN = sa.select(*(_CAMPAIGNS[name] for name in Campaign.__dataclass_fields__))
_CAMPAIGN_NUMBERED = _CAMPAIGN.where(_CAMPAIGNS.id == sa.bindparam("number"))
_RUNNING = _CAMPAIGN.where(
    _CAMPAIGNS.state == CampaignState.EN_CURSO, _CAMPAIGNS.rehearsal == sa.bindparam("rehearsal", type_=sa.Boolean)
).order_by(_CAMPAIGNS.id)


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


_IS_PLANNED, _IS_UNDER_WAY = "state = 'PLANIFICADO'", "state IN ('ENVIANDO', 'DESCONOCIDO', 'ENVIADO')"
"""Written out, so that the partial indexes are found: a bound value could be any state."""

# Made once: they run with every call, and putting one together costs several times what it takes to run it.
_ATTEMPT = sa.select(*(_ATTEMPTS[name] for name in Attempt.__dataclass_fields__))
_ATTEMPT_NAMED = _ATTEMPT.where(_ATTEMPTS.id == sa.bindparam("name"))
_OF_CASE = _ATTEMPT.where(_ATTEMPTS.case_id == sa.bindparam("case")).order_by(_ATTEMPTS.not_before, _ATTEMPTS.number)
_OF_CASE_HERE = _OF_CASE.where(_ATTEMPTS.campaign_id == sa.bindparam("campaign"))
_HERE = (_ATTEMPTS.campaign_id == sa.bindparam("campaign"), _ATTEMPTS.channel == sa.bindparam("channel"))
_DUE = (
    _ATTEMPT.where(*_HERE, sa.text(_IS_PLANNED), _ATTEMPTS.not_before <= sa.bindparam("now"))
    .order_by(_ATTEMPTS.not_before)
    .limit(sa.bindparam("most"))
)
_FIRST_DUE = sa.select(_ATTEMPTS.not_before).where(*_HERE, sa.text(_IS_PLANNED)).order_by(_ATTEMPTS.not_before).limit(1)
_LIVE = sa.select(sa.func.count()).where(
    _ATTEMPTS.channel == sa.bindparam("channel"), sa.text(_IS_UNDER_WAY), _ATTEMPTS.state != _S.DESCONOCIDO
)
_TO_HANG_UP = sa.select(_ATTEMPTS.id).where(
    _ATTEMPTS.channel == sa.bindparam("channel"), _ATTEMPTS.stop_asked_at.is_not(None), sa.text(_IS_UNDER_WAY)
)


def attempt(session: Session, name: AttemptId) -> Attempt | None:
    """One attempt by its name, or None."""
    return next(iter(_attempts(session, _ATTEMPT_NAMED, name=name)), None)


def attempts_of_case(session: Session, case_id: CaseId, campaign: int | None = None) -> list[Attempt]:
    """All attempts about a case, oldest first."""
    if campaign is None:
        return _attempts(session, _OF_CASE, case=case_id)
    return _attempts(session, _OF_CASE_HERE, case=case_id, campaign=campaign)


def _attempts(session: Session, statement: sa.Executable, **values: object) -> list[Attempt]:
    rows: Sequence[Any] = run(session, statement, **values).all()
    return [Attempt(*row) for row in rows]


def attempts_of_campaign(session: Session, campaign: int) -> Iterator[Attempt]:
    """All attempts of a campaign, as they come from the database: for exports of any size."""
    query = _ATTEMPT.where(_ATTEMPTS.campaign_id == campaign).order_by(_ATTEMPTS.case_id, _ATTEMPTS.number)
    for row in session.execute(query.execution_options(yield_per=1000)):
        yield Attempt(*row)


def contacts_made(session: Session, campaign: Campaign) -> Iterator[Contact]:
    """Every contact that began in the time of a campaign, by its moment: its own, and those of the other campaigns.

    A rehearsal has days of its own.
    """
    query = (
        sa.select(
            col(AttemptRow.id), col(AttemptRow.campaign_id) == campaign.id, col(AttemptRow.customer),
            col(AttemptRow.phone), col(AttemptRow.result), col(AttemptRow.claimed_at), col(CaseRow.province),
        )
        .join(CaseRow, col(CaseRow.id) == col(AttemptRow.case_id))
        .join(CampaignRow, col(CampaignRow.id) == col(AttemptRow.campaign_id))
        .where(col(AttemptRow.claimed_at).is_not(None))
        .order_by(col(AttemptRow.claimed_at), col(AttemptRow.id))
    )  # fmt: skip
    if campaign.rehearsal:
        query = query.where(col(AttemptRow.campaign_id) == campaign.id)
    else:
        since = (campaign.started_at or campaign.created_at) - timedelta(days=1)
        query = query.where(col(CampaignRow.rehearsal).is_(False), col(AttemptRow.claimed_at) > since)
    for name, mine, customer, phone, result, at, province in session.execute(query.execution_options(yield_per=1000)):
        yield Contact(AttemptId(name), bool(mine), customer, phone, result, at, province)


class Contact(NamedTuple):
    """One contact that began."""

    attempt: AttemptId
    mine: bool
    """Of the campaign that was asked for."""
    customer: str
    phone: str
    result: str | None
    at: datetime
    province: str


def due(session: Session, campaign: int, channel: Channel, now: datetime, limit: int) -> list[Attempt]:
    """Planned attempts whose time has come, in their order."""
    return _attempts(session, _DUE, campaign=campaign, channel=channel, now=now, most=limit)


def next_due(session: Session, campaign: int) -> datetime | None:
    """When the next planned attempt of a campaign may be made; None when none waits."""
    found: list[datetime] = []
    for channel in Channel:
        first = run(session, _FIRST_DUE, campaign=campaign, channel=channel).first()
        if first is not None:
            found.append(first[0])
    return min(found, default=None)


def change_attempt(session: Session, name: AttemptId, before: Collection[ContactState], **values: Any) -> bool:
    """Change an attempt that stands in one of these states; False when it does not."""
    change = _change(frozenset(before), tuple(values), by_case=False)
    return run(session, change, whom=name, **_told(values)).rowcount == 1


@lru_cache(maxsize=128)
def _change(before: frozenset[ContactState], names: tuple[str, ...], *, by_case: bool) -> sa.Update:
    """Attempts in one of these states, of one name or of a list of cases (`whom`), get values of these names."""
    which = among(_ATTEMPTS.case_id, "whom") if by_case else _ATTEMPTS.id == sa.bindparam("whom")
    stands = sa.or_(*(_ATTEMPTS.state == state for state in sorted(before)))
    new = {name: sa.bindparam(f"to_{name}", type_=_ATTEMPTS[name].type) for name in names}
    return sa.update(of(AttemptRow)).where(which, stands).values(new)


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"to_{name}": value for name, value in values.items()}


def live(session: Session, channel: Channel) -> int:
    """Calls that are handed over and have not ended, as far as is known."""
    count: int = run(session, _LIVE, channel=channel).scalar_one()
    return count


def under_way(session: Session, channel: Channel, states: Collection[ContactState], before: datetime) -> list[Attempt]:
    """Attempts in these states (of those under way) that were claimed before a moment, oldest first."""
    query = _ATTEMPT.where(
        _ATTEMPTS.channel == channel,
        sa.text(_IS_UNDER_WAY),
        _ATTEMPTS.state.in_(states),
        _ATTEMPTS.claimed_at < before,
    )
    return _attempts(session, query.order_by(_ATTEMPTS.claimed_at).limit(2000))


def to_hang_up(session: Session, channel: Channel) -> list[AttemptId]:
    """Live attempts that are to be ended."""
    return [AttemptId(row[0]) for row in run(session, _TO_HANG_UP, channel=channel)]


def keep_event(
    session: Session, about: Attempt, event: str, at: datetime, state: ContactState, result: str, code: str
) -> bool:
    """Note what a provider reported of an attempt; False when it was told before."""
    values = {
        "attempt_id": about.id, "event": event[:200], "at": at, "state": state, "result": result, "code": code,
        "channel": about.channel.value,
    }  # fmt: skip
    return insert_new(session, AttemptEventRow, values, ["attempt_id", "event"])


_EVENTS = of(AttemptEventRow).c
_LAST_RESULTS = (
    sa.select(_EVENTS.result)
    .where(_EVENTS.channel == sa.bindparam("channel"), _EVENTS.result != "")
    .order_by(_EVENTS.at.desc())
    .limit(sa.bindparam("most"))
)


def last_results(session: Session, channel: Channel, count: int) -> list[str]:
    """The last results that were reported on a channel, newest first."""
    return [row[0] for row in run(session, _LAST_RESULTS, channel=channel.value, most=count)]


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
    held = frozenset(CaseId(number) for number in run(session, _HELD_BY, own=mail_id).scalars())
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
    states: dict[int, CaseState] = dict(run(session, _STATES, cases=cases).all())  # type: ignore[arg-type]
    answered = set(run(session, _HELD, cases=cases).scalars())
    done = [case for case, state in states.items() if state in CLOSED]
    wait = [case for case, state in states.items() if case not in done and (state is not _OPEN or case in answered)]
    free = [case for case in states if case not in done and case not in wait]
    _change_all(session, done, WAITING, state=_S.OMITIDO, because="el caso ya no lo necesita", ended_at=now)
    _change_all(session, wait, (_S.PLANIFICADO,), state=_S.RETENIDO, because="llegó un correo de este caso")
    _change_all(session, free, (_S.RETENIDO,), state=_S.PLANIFICADO, because=None)
    if done or wait:
        run(session, _ASK_TO_STOP, whom=[*done, *wait], to_stop_asked_at=now)


_OPEN = CaseState.ABIERTO
_STATES = sa.select(_CASES.id, _CASES.state).where(among(_CASES.id, "cases"))
_HELD_BY = sa.select(_HOLDS.case_id).where(_HOLDS.mail_id == sa.bindparam("own"))
_HELD = sa.select(_HOLDS.case_id).where(among(_HOLDS.case_id, "cases"))
_ASK_TO_STOP = _change(frozenset(UNDER_WAY), ("stop_asked_at",), by_case=True).where(_ATTEMPTS.stop_asked_at.is_(None))


def _change_all(session: Session, cases: Sequence[int], before: Collection[ContactState], **values: Any) -> None:
    if cases:
        run(session, _change(frozenset(before), tuple(values), by_case=True), whom=cases, **_told(values))


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


def stop_reaching(session: Session, who: str, channel: str, now: datetime) -> None:
    """Somebody (c:… or t:…) is to be left alone on a channel ("": on all): end what lives, take back what is claimed.

    What is planned is marked too, though its claim would see the same: whoever claims it in this very moment, on a
    database that lets both go on, holds its row, and this waits for him.
    """
    kind, of_whom = who[:2], who[2:]
    if kind == "t:":
        every = sa.select(col(CampaignRow.id))  # so that the index over campaign and telephone is used
        mine = sa.and_(col(AttemptRow.campaign_id).in_(every), col(AttemptRow.phone) == of_whom)
    else:
        mine = col(AttemptRow.case_id).in_(sa.select(col(CaseRow.id)).where(col(CaseRow.id_number) == of_whom))
    change = sa.update(AttemptRow).where(
        mine, col(AttemptRow.state).in_((*UNDER_WAY, _S.PLANIFICADO)), col(AttemptRow.stop_asked_at).is_(None)
    )
    if channel:
        change = change.where(col(AttemptRow.channel) == channel)
    session.exec(change.values(stop_asked_at=now).execution_options(**_QUIET))
