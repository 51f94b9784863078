"""What people do with campaigns on pages: write, lay before a second person, approve, start, pause, end, try out.

Each deed is one of `outreach.campaign`'s, audited there with its person; a refusal is said on the page.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from typing import Any, TypeVar

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from evidence_daemon.errors import BadInput, RefusedTransition, Temporary
from evidence_daemon.model import Channel, Segment
from evidence_daemon.outreach import audience
from evidence_daemon.outreach.audience import Stricter
from evidence_daemon.outreach.channel import Accepted, Halted, Lost, Refused, Sent, Throttled
from evidence_daemon.store.outreach import Campaign
from evidence_daemon.web.campaigns import board, found, page
from evidence_daemon.web.frame import In, Visit
from evidence_daemon.web.words import _, word
from evidence_daemon.workdays import ECUADOR

router = APIRouter()
_T = TypeVar("_T")
MOST_CLOSED = 60


# ── writing ──────────────────────────────────────────────────────────────────────────────────────


@router.get("/campanas/nueva")
def blank(visit: In, libro: str = "") -> Response:
    """A new draft, with what the book says in each field."""
    books = visit.rooms.book.campaigns
    name = libro or next(iter(books), "")
    if name not in books:
        raise HTTPException(404)
    return _form(visit, name, None, _of_book(visit, name))


@router.post("/campanas")
def write(visit: In) -> Response:
    """Keep a new draft."""
    name = visit.field("libro")
    if name not in visit.rooms.book.campaigns:
        raise HTTPException(400)
    acts = visit.rooms.outbound.acts()
    try:
        wanted = _wanted(visit)
        draft = acts.draft(name, person=visit.user.name, submit=False, **wanted)
    except BadInput as fault:
        return _form(visit, name, None, _typed(visit), status=400, refused=str(fault))
    return visit.go(f"/campanas/{draft.id}", _("The draft is kept.  Look at it, then lay it before a second person."))


@router.get("/campanas/{campaign_id}/editar")
def rewrite(visit: In, campaign_id: int) -> Response:
    """A draft again in the form."""
    campaign = found(visit, campaign_id)
    return _form(visit, campaign.name, campaign, _of_plan(campaign))


@router.post("/campanas/{campaign_id}/editar")
def keep(visit: In, campaign_id: int) -> Response:
    """Keep what was changed: texts and settings are those of today, and an approval is gone."""
    campaign = found(visit, campaign_id)
    try:
        visit.rooms.outbound.acts().change(campaign_id, person=visit.user.name, **_wanted(visit))
    except BadInput as fault:
        return _form(visit, campaign.name, campaign, _typed(visit), status=400, refused=str(fault))
    board(visit).forget()
    return visit.go(
        f"/campanas/{campaign_id}", _("The draft is kept.  Look at it, then lay it before a second person.")
    )


def _form(
    visit: Visit,
    name: str,
    campaign: Campaign | None,
    values: dict[str, Any],
    *,
    status: int = 200,
    refused: str = "",
) -> Response:
    book = visit.rooms.book.campaigns.get(name)
    if book is None:
        raise HTTPException(404)
    return visit.page(
        "campaign_form.html",
        status,
        name=name,
        book=book,
        books={key: one.name for key, one in visit.rooms.book.campaigns.items()},
        campaign=campaign,
        values=values,
        all_channels=tuple(dict.fromkeys(one.channel for one in book.scripts.values())),
        lanes=visit.rooms.outbound.acts().lanes,
        refused=refused,
    )


def _of_book(visit: Visit, name: str) -> dict[str, Any]:
    book, today = visit.rooms.book.campaigns[name], visit.rooms.pipeline.today()
    later = book.deadline > today
    return {
        "desde": max(book.starts, today).isoformat(),
        "limite": book.deadline.isoformat() if later else "",
        "segmentos": [one.value for one in book.segments],
        "canales": [one.channel.value for one in book.scripts.values()],
        "contactos": str(book.limits.contacts),
        "dias": str(book.limits.days),
        "abre": f"{book.hours.opens:%H:%M}",
        "cierra": f"{book.hours.closes:%H:%M}",
        "cerrado": "",
    }


def _of_plan(campaign: Campaign) -> dict[str, Any]:
    plan = audience.read_plan(campaign.plan)
    values: dict[str, Any] = {
        "desde": campaign.starts_at.astimezone(ECUADOR).date().isoformat(),
        "limite": plan.deadline.isoformat(),
        "segmentos": [one.value for one in plan.segments],
        "canales": [one.value for one in plan.channels],
        "contactos": str(plan.book.limits.contacts),
        "dias": str(plan.book.limits.days),
        "abre": f"{plan.book.hours.opens:%H:%M}",
        "cierra": f"{plan.book.hours.closes:%H:%M}",
        "cerrado": ", ".join(day.isoformat() for day in plan.closed),
    }
    for channel, minute, day in plan.pace:
        values |= {f"minuto_{channel.value}": str(minute or ""), f"dia_{channel.value}": str(day or "")}
    return values


def _typed(visit: Visit) -> dict[str, Any]:
    """What stood in the form, to be shown again."""
    names = ["desde", "limite", "contactos", "dias", "abre", "cierra", "cerrado"]
    names += [f"{what}_{channel.value}" for what in ("minuto", "dia") for channel in Channel]
    return {name: visit.field(name)[:500] for name in names} | {
        "segmentos": visit.fields("segmentos"),
        "canales": visit.fields("canales"),
    }


def _wanted(visit: Visit) -> dict[str, Any]:
    """The form as the acts take it.  Raises `BadInput` with everything that is wrong."""
    faults: list[str] = []

    def read(name: str, what: str, kind: Callable[[str], _T]) -> _T | None:
        text = visit.field(name)
        try:
            return kind(text) if text else None
        except ValueError:
            faults.append(what)
            return None

    deadline = read("limite", _("The last day is no date."), date.fromisoformat)
    if deadline is None and not faults:
        faults.append(_("A last day is needed."))
    segments = [one for one in Segment if one.value in visit.fields("segmentos")]
    channels = [one for one in Channel if one.value in visit.fields("canales")]
    if not segments or not channels:
        faults.append(_("Choose at least one segment and one channel."))
    pace = []
    for channel in Channel:
        minute = read(f"minuto_{channel.value}", _("A rate is a whole number."), _whole_number) or 0
        day = read(f"dia_{channel.value}", _("A rate is a whole number."), _whole_number) or 0
        if minute or day:
            pace.append((channel, minute, day))
    wanted = {
        "deadline": deadline,
        "starts": read("desde", _("The first day is no date."), date.fromisoformat),
        "segments": segments,
        "channels": channels,
        "stricter": Stricter(
            contacts=read("contactos", _("The contacts of a person are a whole number."), _whole_number),
            days=read("dias", _("The contacts of a person are a whole number."), _whole_number),
            opens=read("abre", _("The hours are written as 08:30."), time.fromisoformat),
            closes=read("cierra", _("The hours are written as 08:30."), time.fromisoformat),
            closed=read("cerrado", _("Days without contacts are written as 2026-12-31, 2027-01-04."), _days) or (),
            pace=tuple(pace),
        ),
    }
    if faults:
        raise BadInput(list(dict.fromkeys(faults)))
    return wanted


def _whole_number(text: str) -> int:
    number = int(text)
    if not 0 < number < 10_000_000:
        raise ValueError(text)
    return number


def _days(text: str) -> tuple[date, ...]:
    days = tuple(date.fromisoformat(part) for part in text.replace(",", " ").split())
    if len(days) > MOST_CLOSED:
        raise ValueError(text)
    return days


# ── what becomes of it ───────────────────────────────────────────────────────────────────────────


@router.post("/campanas/{campaign_id}")
def act(visit: In, campaign_id: int) -> Response:
    """One deed; the field `act` names it."""
    campaign, acts, person = found(visit, campaign_id), visit.rooms.outbound.acts(), visit.user.name
    because = visit.field("motivo")[:300]

    def reasoned(deed: Callable[..., Campaign]) -> Campaign:
        if not because:
            raise BadInput(_("Say why: it stands in the history."))
        return deed(campaign_id, person=person, because=because)

    match visit.field("act"):
        case "rehearse":
            return _rehearse(visit, campaign)
        case "submit":
            deed, told = lambda: acts.submit(campaign_id, person=person), _("It waits for a second person.")
        case "withdraw":
            because = because or _("withdrawn by its author")
            deed, told = lambda: reasoned(acts.send_back), _("It is a draft again.")
        case "start":
            deed, told = lambda: acts.start(campaign_id, person=person), _("It was let go; it keeps to its hours.")
        case "pause":
            deed, told = lambda: reasoned(acts.pause), _("Nothing more leaves.")
        case "resume":
            deed, told = lambda: acts.resume(campaign_id, person=person), _("It goes on.")
        case "cancel":
            deed, told = lambda: reasoned(acts.cancel), _("It was given up; what was sent stays sent.")
        case _:
            raise HTTPException(400)
    return _done(visit, campaign, deed, told)


@router.post("/campanas/{campaign_id}/aprobar")
def approve(visit: In, campaign_id: int) -> Response:
    """The second person: approve exactly what was shown, or send it back with what is to be mended."""
    campaign, acts, person = found(visit, campaign_id), visit.rooms.outbound.acts(), visit.user.name
    seal, because = visit.field("sello"), visit.field("motivo")[:300]
    match visit.field("act"):
        case "approve":
            if len(seal) != 64:
                raise HTTPException(400)
            told = _("Approved as you saw it; any change asks for a new approval.")
            return _done(visit, campaign, lambda: acts.approve(campaign_id, person=person, seen=seal), told)
        case "send_back":
            if not because:
                return page(visit, campaign, 400, refused=_("Say what is to be mended."))
            told = _("Sent back to its author.")
            return _done(visit, campaign, lambda: acts.send_back(campaign_id, person=person, because=because), told)
        case _:
            raise HTTPException(400)


def _rehearse(visit: Visit, campaign: Campaign) -> Response:
    try:
        begun = visit.rooms.outbound.acts().rehearsal_of(campaign.id, person=visit.user.name)
    except BadInput as fault:
        return page(visit, campaign, 400, refused=str(fault))
    visit.rooms.outbound.rehearse(begun.id)
    return visit.go(f"/campanas/{begun.id}", _("The rehearsal runs; nobody is reached."))


def _done(visit: Visit, campaign: Campaign, deed: Callable[[], Campaign], told: str) -> Response:
    try:
        deed()
    except BadInput as fault:
        return page(visit, found(visit, campaign.id), 400, refused=str(fault))
    except RefusedTransition as fault:
        return page(visit, found(visit, campaign.id), 409, refused=str(fault))
    board(visit).forget()
    return visit.go(f"/campanas/{campaign.id}", told)


# ── a test ───────────────────────────────────────────────────────────────────────────────────────


@router.post("/campanas/{campaign_id}/prueba")
def try_out(visit: In, campaign_id: int) -> Response:
    """Send a script's example to one of our own telephones; it counts nowhere."""
    campaign = found(visit, campaign_id)
    plan = audience.read_plan(campaign.plan)
    try:
        _message, sent = visit.rooms.outbound.send_test(
            plan, visit.field("guion"), visit.field("telefono"), person=visit.user.name
        )
    except BadInput as fault:
        return page(visit, campaign, 400, refused=str(fault))
    except Temporary as trouble:
        return page(visit, campaign, 503, refused=_("The channel cannot be reached now: %(why)s", why=trouble))
    channel = word(plan.book.scripts[visit.field("guion")].channel)
    return visit.go(
        f"/campanas/{campaign_id}",
        _("Test by %(channel)s: %(what)s", channel=channel, what=_answer(sent)),
        bad=not isinstance(sent, Accepted),
    )


def _answer(sent: Sent) -> str:
    match sent:
        case Accepted():
            return _("the provider took it.")
        case Refused() | Halted():
            return _("refused (%(code)s): %(why)s", code=sent.code, why=sent.because)
        case Throttled():
            return _("not now; try again in %(seconds)d s", seconds=round(sent.seconds))
        case Lost():
            return _("the answer was lost: %(why)s", why=sent.because)
