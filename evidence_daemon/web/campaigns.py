"""Campaigns on pages: the list, one campaign with everything that a second person approves, whom it reaches.

Nothing here changes anything (`campaign_deeds` does), and nothing shows a telephone or a whole identity number.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from evidence_daemon.campaignbook import Variable
from evidence_daemon.errors import BadInput
from evidence_daemon.model import CampaignState, CaseId, Channel, ContactState
from evidence_daemon.outreach import audience, prompts, report, script
from evidence_daemon.outreach.audience import Plan, Preview
from evidence_daemon.outreach.campaign import Standing
from evidence_daemon.outreach.script import Finding
from evidence_daemon.store.outreach import Campaign
from evidence_daemon.web.access import Permission
from evidence_daemon.web.frame import In, Visit
from evidence_daemon.web.words import _, word
from evidence_daemon.workdays import ECUADOR

router = APIRouter()

KINDS = {
    CampaignState.BORRADOR: "", CampaignState.APROBADA: "info", CampaignState.EN_CURSO: "good",
    CampaignState.PAUSADA: "warn", CampaignState.TERMINADA: "", CampaignState.CANCELADA: "bad",
}  # fmt: skip
"""How the badge of each state looks."""
_AUDIENCE_SECONDS = 60.0


class Board:
    """Figures that many pages ask for, worked out once: the longer that takes, the longer they are kept."""

    def __init__(self) -> None:
        self._kept: dict[object, tuple[float, Any]] = {}
        self._lock = threading.Lock()

    def get(self, key: object, look: Callable[[], Any], seconds: float = 1.0) -> Any:
        """What `look` gives, at most `seconds` old, or twenty times as old as it takes to find out."""
        found = self._kept.get(key)
        if found is None or found[0] < time.monotonic():
            with self._lock:
                found = self._kept.get(key)
                if found is None or found[0] < time.monotonic():
                    began = time.monotonic()
                    value = look()
                    took = time.monotonic() - began
                    found = (time.monotonic() + max(seconds, 20 * took), value)
                    self._kept[key] = found
        return found[1]

    def forget(self) -> None:
        """Something was changed by hand: look again."""
        self._kept.clear()


def board(visit: Visit) -> Board:
    """The board of this site."""
    state = visit.request.app.state
    if not hasattr(state, "board"):
        state.board = Board()
    found: Board = state.board
    return found


def found(visit: Visit, number: int) -> Campaign:
    """A campaign; raises `HTTPException` 404."""
    try:
        return visit.rooms.outbound.acts().load(number)
    except BadInput:
        raise HTTPException(404) from None


# ── the list ─────────────────────────────────────────────────────────────────────────────────────


@router.get("/campanas")
def everything(visit: In) -> Response:
    """All campaigns, newest first, each with how far it came."""
    acts = visit.rooms.outbound.acts()
    rows = []
    for campaign in acts.all():
        far = None
        if campaign.started_at is not None:
            far = standing(visit, campaign).funnel
        rows.append((campaign, audience.read_plan(campaign.plan), far))
    return visit.page("campaigns.html", rows=rows, kinds=KINDS, channels=visit.rooms.outbound.channels())


def standing(visit: Visit, campaign: Campaign) -> Standing:
    """Counts and funnel, from the board."""
    acts = visit.rooms.outbound.acts()
    now: Standing = board(visit).get(
        ("standing", campaign.id, campaign.state), lambda: acts.standing(campaign.id), seconds=0.5
    )
    return now


# ── how far it is ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the funnel; `share` of the planned cases, 0 to 100."""

    name: str
    count: int
    share: float


SENT = frozenset(ContactState) - {
    ContactState.PLANIFICADO, ContactState.RETENIDO, ContactState.OMITIDO, ContactState.ENVIANDO,
}  # fmt: skip


def progress(visit: Visit, campaign: Campaign) -> dict[str, Any]:
    """What the piece `campaign_progress.html` shows."""
    now = standing(visit, campaign)
    far = now.funnel
    counted = (
        (_("Planned"), far.planned), (_("Contacted"), far.contacted), (_("Delivered or taken up"), far.reached),
        (_("Read or heard"), far.noticed), (_("Evidence received"), far.answered),
        (_("Regularised"), far.regularised),
    )  # fmt: skip
    steps = [Step(name, count, 100 * count / far.planned if far.planned else 0) for name, count in counted]
    channels = [one for one in Channel if any(channel is one for channel, _state in now.counts)]
    states = [one for one in ContactState if any(state is one for _channel, state in now.counts)]
    table = [(state, [now.counts.get((channel, state), 0) for channel in channels]) for state in states]
    return {
        "campaign": campaign,
        "kinds": KINDS,
        "steps": steps,
        "channels": channels,
        "table": table,
        "stopped": _stopped(now, audience.read_plan(campaign.plan)),
        "next_at": now.next_at,
    }


def _stopped(now: Standing, plan: Plan) -> list[tuple[str, str]]:
    """What stands still, with why; only what concerns this campaign."""
    mine = {channel.value for channel in plan.channels}
    return [
        (f"{word(Channel(channel))} {key}".strip(), because)
        for (channel, key), because in now.stopped.items()
        if channel in mine and (not key or key in plan.book.scripts)
    ]


# ── one campaign ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Text:
    """A script as the page shows it."""

    key: str
    script: Any
    example: str
    findings: tuple[Finding, ...]
    sound: str
    """The address of its sound file; "" where there is none to be heard."""
    studio: bool = False
    """A person speaks it, not the machine."""


@dataclass(frozen=True)
class Shown:
    """What the page of a campaign shows beside its progress."""

    campaign: Campaign
    plan: Plan
    seal: str
    texts: tuple[Text, ...]
    across: tuple[Finding, ...]
    mine: bool
    """Whoever looks wrote it."""
    deeds: frozenset[str] = field(default_factory=frozenset)
    """What may be done now, by whoever looks."""


@router.get("/campanas/{campaign_id}")
def one(visit: In, campaign_id: int) -> Response:
    """One campaign."""
    return page(visit, found(visit, campaign_id))


def page(visit: Visit, campaign: Campaign, status: int = 200, *, refused: str = "") -> Response:
    """The page of a campaign, with what was refused."""
    acts = visit.rooms.outbound.acts()
    plan = audience.read_plan(campaign.plan)
    findings = acts.lint(plan)
    texts = []
    for key, text in plan.book.scripts.items():
        if text.channel not in plan.channels or text.segment not in plan.segments:
            continue
        example = script.render(text, script.sample(plan.deadline))[0]
        studio = text.channel is Channel.IVR and prompts.has_studio(example, visit.rooms.outbound.sounds)
        heard = studio or (text.channel is Channel.IVR and prompts.can_speak())
        sound = f"/campanas/{campaign.id}/voz/{key}" if heard else ""
        noticed = tuple(one for one in findings if one.script == key)
        texts.append(Text(key, text, example, noticed, sound, studio))
    far = progress(visit, campaign)
    mine = campaign.author.lower() == visit.user.actor.lower()
    shown = Shown(
        campaign=campaign,
        plan=plan,
        seal=audience.seal(campaign.plan),
        texts=tuple(texts),
        across=tuple(one for one in findings if not one.script),
        mine=mine,
        deeds=deeds(visit, campaign, mine, stopped=bool(far["stopped"])),
    )
    values: Mapping[str, Any] = far | {
        "shown": shown,
        "live": campaign.state is CampaignState.EN_CURSO,
        "channel_live": visit.rooms.outbound.channels(),
        "limits": [(channel, *report.limits_of(plan, channel), plan.own_pace(channel)) for channel in plan.channels],
        "own_phones": visit.rooms.config.campaigns.test_phones,
        "rehearsals": _rehearsals(acts.all(), campaign),
        "refused": refused,
    }
    return visit.page("campaign.html", status, **values)


def _rehearsals(every: Sequence[Campaign], campaign: Campaign) -> list[Campaign]:
    """Those of exactly what this campaign would do, newest first."""
    return [one for one in every if one.rehearsal and one.plan == campaign.plan and one.id != campaign.id]


def deeds(visit: Visit, campaign: Campaign, mine: bool, *, stopped: bool) -> frozenset[str]:
    """What whoever looks may do with a campaign as it stands."""
    state, may = campaign.state, set[str]()
    laid = campaign.submitted_at is not None
    over = state in (CampaignState.TERMINADA, CampaignState.CANCELADA)
    if visit.may(Permission.RUN_CAMPAIGNS) and not over:
        may.add("cancel" if campaign.rehearsal else "rehearse")
    if visit.may(Permission.RUN_CAMPAIGNS) and not campaign.rehearsal:
        match state:
            case CampaignState.BORRADOR:
                may |= {"edit", "voice", "test", "cancel", "withdraw" if laid else "submit"}
            case CampaignState.APROBADA:
                may |= {"edit", "start", "test", "cancel"}
            case CampaignState.EN_CURSO:
                may |= {"pause", "cancel", "test"} | ({"unblock"} if stopped else set())
            case CampaignState.PAUSADA:
                may |= {"resume", "cancel", "test"}
            case CampaignState.TERMINADA | CampaignState.CANCELADA:
                pass
    if visit.may(Permission.APPROVE_CAMPAIGNS) and not campaign.rehearsal:
        if state is CampaignState.BORRADOR and laid:
            may |= {"send_back"} if mine else {"approve", "send_back"}
        elif state is CampaignState.APROBADA:
            may.add("send_back")
    return frozenset(may)


# ── whom it reaches ──────────────────────────────────────────────────────────────────────────────


@router.get("/campanas/{campaign_id}/audiencia")
def whom(visit: In, campaign_id: int) -> Response:
    """Who would be reached now, why others would not, and real examples of what they would get."""
    campaign = found(visit, campaign_id)
    plan = audience.read_plan(campaign.plan)
    acts = visit.rooms.outbound.acts()
    told: Preview = board(visit).get(
        ("audience", campaign.id, audience.seal(campaign.plan)), lambda: acts.preview(plan), seconds=_AUDIENCE_SECONDS
    )
    openings = plan.openings(visit.rooms.pipeline.calendar)
    first = max(campaign.starts_at, visit.rooms.now()).astimezone(ECUADOR).date()
    ends = []
    for channel in plan.channels:
        contacts = sum(count for (_segment, way), count in told.included.items() if way is channel)
        if contacts:
            last = report.last_day(openings, first, contacts, *report.limits_of(plan, channel))
            ends.append((channel, contacts, last, last is None or last >= plan.deadline))
    examples = [
        (key, way, report.masked(way.phone), script.render(plan.book.scripts[key], audience.known(case, plan))[0])
        for key, cases in told.examples.items()
        for case, way in cases
        if plan.book.scripts[key].channel is not Channel.IVR
    ]
    piece = "campaign_audience.html" if visit.asks_for_piece else "campaign_whom.html"
    return visit.page(
        piece,
        campaign=campaign,
        preview=told,
        ends=ends,
        examples=examples,
        excluded=sorted(told.excluded.items(), key=lambda one: -one[1]),
        included=sorted(told.included.items()),
        personal=[one.value for one in Variable],
    )


@router.get("/contactos/{case_id}")
def customer(visit: In, case_id: int) -> Response:
    """Everything that was tried and is planned about one case: the same story that agents see."""
    with visit.rooms.database.reading() as session:
        told = report.timeline(session, CaseId(case_id), rehearsals=True)
    if not told:
        raise HTTPException(404)
    visit.record("campaign contacts seen", case_id=CaseId(case_id))
    return visit.page("campaign_customer.html", case_id=case_id, contacts=told)
