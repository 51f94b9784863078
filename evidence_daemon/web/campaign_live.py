"""What of a campaign is heard and watched: its progress while it runs, the voices of its calls."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator

from fastapi import APIRouter, HTTPException
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response, StreamingResponse

from evidence_daemon.errors import BadFile, BadInput, Temporary
from evidence_daemon.model import CampaignState, Channel
from evidence_daemon.outreach import audience, prompts, script
from evidence_daemon.outreach.audience import Plan
from evidence_daemon.store.outreach import Campaign
from evidence_daemon.web.campaigns import board, found, page, progress
from evidence_daemon.web.frame import In, Visit
from evidence_daemon.web.words import _

router = APIRouter()

STREAM_SECONDS = 55.0
"""How long one stream lasts; the browser opens another one, and is asked again who he is."""
LOOK_SECONDS = 1.0
_STILL = (CampaignState.APROBADA, CampaignState.EN_CURSO, CampaignState.PAUSADA)


@router.get("/campanas/{campaign_id}/avance")
async def watch(visit: In, campaign_id: int) -> Response:
    """The progress as server-sent events: a piece of the page whenever it changed, `moved` when its state did."""
    campaign = await run_in_threadpool(found, visit, campaign_id)
    return StreamingResponse(
        _stream(visit, campaign), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


async def _stream(visit: Visit, campaign: Campaign) -> AsyncIterator[str]:
    loop, last = asyncio.get_running_loop(), ""
    until = loop.time() + STREAM_SECONDS
    yield "retry: 2000\n\n"
    while loop.time() < until and not visit.rooms.closing.is_set():
        now, html = await run_in_threadpool(_look, visit, campaign.id)
        if now.state is not campaign.state:
            yield "event: moved\ndata: \n\n"
            return
        shown = hashlib.sha256(html.encode()).hexdigest()
        if shown != last:
            last = shown
            lines = "\n".join(f"data: {line}" for line in html.splitlines())
            yield f"event: progress\nid: {shown[:16]}\n{lines}\n\n"
        rest = loop.time() + LOOK_SECONDS
        while loop.time() < rest and not visit.rooms.closing.is_set():
            await asyncio.sleep(0.1)


def _look(visit: Visit, number: int) -> tuple[Campaign, str]:
    campaign = found(visit, number)
    html = visit.page("campaign_progress.html", **progress(visit, campaign)).body
    return campaign, bytes(html).decode()


# ── voices ───────────────────────────────────────────────────────────────────────────────────────


@router.get("/campanas/{campaign_id}/voz/{script}")
def listen(visit: In, campaign_id: int, script: str) -> Response:
    """What a call of this campaign plays."""
    campaign = found(visit, campaign_id)
    text = _spoken(audience.read_plan(campaign.plan), script)
    try:
        made = prompts.prompt(text, visit.rooms.outbound.sounds)
    except (BadFile, BadInput):
        raise HTTPException(404) from None
    return FileResponse(made.path, media_type="audio/wav", headers={"Cache-Control": "no-cache"})


@router.post("/campanas/{campaign_id}/voz/{script}")
def replace(visit: In, campaign_id: int, script: str) -> Response:
    """Put a studio's recording in the place of the machine's voice, or take it away again (field `act`).

    Only while nothing that was approved plays it: a voice is part of what a second person hears and approves.
    """
    campaign = found(visit, campaign_id)
    plan = audience.read_plan(campaign.plan)
    text, folder = _spoken(plan, script), visit.rooms.outbound.sounds
    if others := _bound(visit, text):
        numbers = ", ".join(str(one) for one in others)
        return page(
            visit,
            campaign,
            409,
            refused=_("This voice was approved with campaign %(numbers)s, which is not over.", numbers=numbers),
        )
    try:
        if visit.field("act") == "drop":
            prompts.drop_studio(text, folder)
            told = _("The machine's voice speaks again.")
        else:
            prompts.adopt(_recording(visit), text, folder)
            told = _("The recording takes the place of the machine's voice.  Listen to it.")
        visit.rooms.outbound.acts().change(campaign_id, person=visit.user.name, deadline=plan.deadline)
    except (BadInput, Temporary) as fault:
        return page(visit, campaign, 400, refused=str(fault))
    visit.record("campaign voice changed", campaign=campaign_id, script=script, act=visit.field("act") or "adopt")
    board(visit).forget()
    return visit.go(f"/campanas/{campaign_id}#{script}", told)


def _recording(visit: Visit) -> bytes:
    files = visit.files("grabacion")
    if not files:
        raise BadInput(_("Choose a recording first (WAV, FLAC or OGG)."))
    return files[0][1]


def _spoken(plan: Plan, key: str) -> str:
    """What a call says; raises `HTTPException` 404."""
    text = plan.book.scripts.get(key)
    if text is None or text.channel is not Channel.IVR:
        raise HTTPException(404)
    return script.render(text, script.sample(plan.deadline))[0]


def _bound(visit: Visit, text: str) -> list[int]:
    """Campaigns that were approved, are not over and say this text."""
    bound = []
    for one in visit.rooms.outbound.acts().all():
        if one.state in _STILL and not one.rehearsal:
            plan = audience.read_plan(one.plan)
            spoken = {_spoken(plan, key) for key, text_ in plan.book.scripts.items() if text_.channel is Channel.IVR}
            if Channel.IVR in plan.channels and text in spoken:
                bound.append(one.id)
    return bound
