"""The templates of a campaign at the provider: asked for, watched, and what their trouble means.

A template belongs to the provider as soon as it is approved: it may be paused for complaints, disabled, or put into
another category, which changes its price, lets the provider hold messages back and clears its time to live.  Each of
these pauses the campaigns that use it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from evidence_daemon import observe
from evidence_daemon.campaignbook import CampaignBook
from evidence_daemon.errors import BadInput, Temporary
from evidence_daemon.model import DAEMON, CampaignState, Channel
from evidence_daemon.outreach import audience, script
from evidence_daemon.outreach.audience import Plan
from evidence_daemon.outreach.cloud import Answer, Cloud, Done, Fault
from evidence_daemon.outreach.webhooks import TemplateNews
from evidence_daemon.store import audit, outreach, whatsapp
from evidence_daemon.store.database import Database, Session
from evidence_daemon.store.whatsapp import TemplateState

log = logging.getLogger("evidence_daemon.outreach")

APPROVED, CATEGORY = "APPROVED", "UTILITY"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A template as a campaign's book means it."""

    name: str
    language: str
    text: str
    """With {{1}}, {{2}} … for its variables."""
    samples: tuple[str, ...]
    ttl_seconds: int
    buttons: tuple[str, ...]
    category: str = CATEGORY


def wanted(book: CampaignBook) -> Iterator[Wanted]:
    """The templates of a book's messages."""
    told = script.sample(book.deadline)
    for one in book.scripts.values():
        if one.channel is Channel.WHATSAPP:
            places = {name.value: f"{{{{{at}}}}}" for at, name in enumerate(one.variables, start=1)}
            samples = tuple(told[name] for name in one.variables)
            yield Wanted(one.template, one.language, one.filled(places), samples, one.ttl_seconds, one.buttons)


def creation(one: Wanted) -> dict[str, Any]:
    """The request that asks for it."""
    body: dict[str, Any] = {"type": "BODY", "text": one.text}
    if one.samples:
        body["example"] = {"body_text": [list(one.samples)]}
    parts = [body]
    if one.buttons:
        parts.append({"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": text} for text in one.buttons]})
    return {
        "name": one.name,
        "language": one.language,
        "category": one.category,
        "parameter_format": "POSITIONAL",
        "message_send_ttl_seconds": one.ttl_seconds,
        "components": parts,
    }


def trouble(state: TemplateState | None, ttl_seconds: int) -> str:
    """Why a template must not be used as it stands, in Spanish; "" when it may be."""
    if state is None:
        return "el proveedor no la conoce"
    if state.status != APPROVED:
        return f"está {state.status}" + (f" ({state.reason})" if state.reason else "")
    if state.category and state.category != CATEGORY:
        return f"el proveedor la puso en la categoría {state.category}: cambia el precio y pierde su vigencia"
    if state.ttl_seconds and state.ttl_seconds != ttl_seconds:
        return f"el proveedor la intenta entregar durante {state.ttl_seconds} s, no {ttl_seconds} s"
    return ""


def troubles(session: Session, plan: Plan) -> list[str]:
    """What keeps the messages of a plan from leaving; empty where it has none."""
    if Channel.WHATSAPP not in plan.channels:
        return []
    known = {(one.name, one.language): one for one in whatsapp.templates(session)}
    found = []
    for one in plan.book.scripts.values():
        if one.channel is Channel.WHATSAPP and one.segment in plan.segments:
            why = trouble(known.get((one.template, one.language)), one.ttl_seconds)
            if why:
                found.append(f"plantilla {one.template}: {why}")
    return found


def take(session: Session, news: TemplateNews, now: datetime) -> None:
    """The provider told something about a template: note it, and pause the campaigns that it concerns."""
    known = whatsapp.template(session, news.name, news.language)
    state = known or TemplateState(news.name, news.language, status="")
    after = replace(
        state,
        status=news.status or state.status,
        category=news.category or state.category,
        reason=news.reason if news.status else state.reason,
        template_id=news.id or state.template_id,
        ttl_seconds=0 if news.category and news.category != state.category else state.ttl_seconds,
    )
    _put(session, known, after, now)


def _put(session: Session, before: TemplateState | None, after: TemplateState, now: datetime) -> None:
    if after == before:
        return
    whatsapp.put_template(session, after, now)
    detail = {"template": after.name, "status": after.status, "category": after.category, "reason": after.reason}
    audit.record(session, "template changed", actor=DAEMON, now=now, detail=detail)
    for campaign in whatsapp.campaigns_that_write(session):
        plan = audience.read_plan(campaign.plan)
        if Channel.WHATSAPP not in plan.channels:
            continue
        for one in plan.book.scripts.values():
            uses = (one.template, one.language) == (after.name, after.language) and one.segment in plan.segments
            why = trouble(after, one.ttl_seconds) if uses else ""
            if why:
                because = f"plantilla {after.name}: {why}"
                outreach.change_campaign(session, campaign, state=CampaignState.PAUSADA, because=because)
                audit.record(
                    session, "campaign paused", actor=DAEMON, now=now,
                    detail={"campaign": campaign.id, "because": because},
                )  # fmt: skip
                observe.say(log, logging.ERROR, "campaign paused", campaign=campaign.id, because=because)
                break


class Templates:
    """What people do with them, and the hourly look."""

    def __init__(self, database: Database, cloud: Cloud, clock: Callable[[], datetime]) -> None:
        self._database, self.cloud, self._clock = database, cloud, clock

    async def look(self) -> list[TemplateState]:
        """Ask the provider how all of them stand, and note it.  Raises `Temporary`, `BadInput`."""
        found: list[TemplateState] = []
        after = ""
        while True:
            fields = "id,name,language,status,category,rejected_reason,message_send_ttl_seconds"
            query = {"fields": fields, "limit": "100"} | ({"after": after} if after else {})
            path = f"{self.cloud.account.business_id}/message_templates"
            told = _told(await self.cloud.call("GET", path, query=query))
            found += [_state(one) for one in told.get("data", []) if isinstance(one, dict)]
            paging = told.get("paging") or {}
            if not paging.get("next"):
                break
            after = str((paging.get("cursors") or {}).get("after", ""))

        def note(session: Session) -> None:
            known = {(one.name, one.language): one for one in whatsapp.templates(session)}
            for one in found:
                _put(session, known.get((one.name, one.language)), one, self._clock())

        self._database.transact(note)
        return found

    async def create(self, one: Wanted, *, actor: str) -> TemplateState:
        """Ask the provider for a template.  Raises `Temporary`, `BadInput` with the provider's words."""
        path = f"{self.cloud.account.business_id}/message_templates"
        told = _told(await self.cloud.call("POST", path, body=creation(one)))
        state = TemplateState(
            one.name,
            one.language,
            str(told.get("status", "PENDING")),
            str(told.get("category", one.category)),
            one.ttl_seconds,
            template_id=str(told.get("id", "")),
        )

        def note(session: Session) -> None:
            known = whatsapp.template(session, one.name, one.language)
            if known is None or known.status != APPROVED:  # a webhook may have been faster
                _put(session, known, state, self._clock())
            audit.record(session, "template asked for", actor=actor, now=self._clock(), detail={"template": one.name})

        self._database.transact(note)
        return state


def _told(answer: Answer) -> Mapping[str, Any]:
    if isinstance(answer, Done):
        return answer.body
    if isinstance(answer, Fault) and answer.status < 500 and answer.status != 429:
        raise BadInput(f"the provider refuses: {answer.words} (code {answer.code})")
    raise Temporary(f"the provider did not answer: {answer}")


def _state(one: Mapping[str, Any]) -> TemplateState:
    reason = str(one.get("rejected_reason") or "")
    ttl = str(one.get("message_send_ttl_seconds") or "0")
    return TemplateState(
        str(one.get("name", "")),
        str(one.get("language", "")),
        str(one.get("status", "")),
        str(one.get("category", "")),
        int(ttl) if re.fullmatch(r"\d+", ttl) else 0,
        "" if reason == "NONE" else reason,
        str(one.get("id", "")),
    )
