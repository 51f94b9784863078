"""Who must be left alone: looked at, added, lifted with a reason, brought in and taken along as lists."""

from __future__ import annotations

import csv
import io

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from evidence_daemon.errors import BadInput
from evidence_daemon.model import Channel
from evidence_daemon.outreach.campaign import whom_of
from evidence_daemon.outreach.report import masked_who
from evidence_daemon.store import contact_pages, silence
from evidence_daemon.store.contact_pages import Listed
from evidence_daemon.web.access import Permission
from evidence_daemon.web.frame import In, Visit
from evidence_daemon.web.supervisor import inert
from evidence_daemon.web.words import _, ngettext

router = APIRouter()

PAGE = 50


@router.get("/exclusiones")
def everybody(visit: In, antes: str = "") -> Response:
    """The newest that stand; `antes` goes on."""
    if antes and not (antes.isdecimal() and len(antes) < 19):
        raise HTTPException(400)
    with visit.rooms.database.reading() as session:
        rows = contact_pages.suppressions(session, before=int(antes) if antes else None, limit=PAGE)
    return _page(visit, rows, more=rows[-1].id if len(rows) == PAGE else None)


@router.post("/exclusiones/buscar")
def search(visit: In) -> Response:
    """Somebody's, lifted ones too.  Posted, so that no identity number stands in an address."""
    try:
        who = whom_of(visit.field("quien")[:40])
    except BadInput as fault:
        return everything(visit, status=400, refused=str(fault))
    with visit.rooms.database.reading() as session:
        rows = contact_pages.suppressions(session, whos=[who])
    return _page(visit, rows, asked=visit.field("quien"))


@router.post("/exclusiones")
def add(visit: In) -> Response:
    """Leave somebody alone from now on."""
    reason = visit.field("motivo")[:200]
    if not reason:
        return everything(visit, status=400, refused=_("Say why: it stands in the history."))
    try:
        new = visit.rooms.outbound.acts().suppress(
            visit.field("quien")[:40], person=visit.user.name, reason=reason, channel=_channel(visit), source="web"
        )
    except BadInput as fault:
        return everything(visit, status=400, refused=str(fault))
    return visit.go("/exclusiones", _("He is left alone from now on.") if new else _("He stood there already."))


@router.post("/exclusiones/levantar")
def lift(visit: In) -> Response:
    """He may be reached again, for a reason."""
    number, reason = visit.number("id"), visit.field("motivo")[:200]
    with visit.rooms.database.reading() as session:
        one = contact_pages.suppression(session, number) if number is not None else None
    if one is None:
        raise HTTPException(404)
    if not reason:
        return everything(visit, status=400, refused=_("Say why: it stands in the history."))
    channel = Channel(one.channel) if one.channel else None
    done = visit.rooms.outbound.acts().lift(
        one.who.removeprefix("c:").removeprefix("t:"), person=visit.user.name, channel=channel, because=reason
    )
    return visit.go(
        "/exclusiones", _("He may be reached again.") if done else _("It had been lifted already."), bad=not done
    )


@router.post("/exclusiones/lista")
def bring_in(visit: In) -> Response:
    """A list, one identity number or telephone (with +593) in a line."""
    files = visit.files("lista")
    if not files:
        return everything(visit, status=400, refused=_("Choose a list first."))
    name, content = files[0]
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return everything(visit, status=400, refused=_("The list is no text (UTF-8)."))
    new, faults = visit.rooms.outbound.acts().suppress_list(lines, person=visit.user.name, source=name[:80] or "web")
    told = ngettext("%(num)s new on the list.", "%(num)s new on the list.", new)
    if faults:
        told += " " + ngettext(
            "%(num)s line names nobody: %(lines)s", "%(num)s lines name nobody: %(lines)s", len(faults),
            lines="; ".join(faults[:5]),
        )  # fmt: skip
    return visit.go("/exclusiones", told[:600], bad=bool(faults))


@router.get("/exclusiones.{kind}")
def take_along(visit: In, kind: str) -> Response:
    """All that stand, as CSV; masked for whoever may not run campaigns."""
    if kind != "csv":
        raise HTTPException(404)
    whole = visit.may(Permission.RUN_CAMPAIGNS)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(("quien", "canal", "motivo", "origen", "prueba", "por", "desde"))
    count = 0
    with visit.rooms.database.reading() as session:
        for one in silence.suppressions(session):
            who = one.who[2:] if whole else masked_who(one.who)
            cells = (one.channel or "todos", one.reason, one.source, one.proof, one.actor, one.at.isoformat())
            # a telephone begins with +, which inert() would quote: a list must come in again as it went out
            writer.writerow((who, *(inert(cell) for cell in cells)))
            count += 1
    visit.record("suppressions exported", rows=count, masked=not whole)
    head = {"Content-Disposition": 'attachment; filename="exclusiones.csv"'}
    return Response(text.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=head)


def _channel(visit: Visit) -> Channel | None:
    try:
        return Channel(visit.field("canal")) if visit.field("canal") else None
    except ValueError:
        raise HTTPException(400) from None


def everything(visit: Visit, *, status: int, refused: str) -> Response:
    """The page with what was refused."""
    with visit.rooms.database.reading() as session:
        rows = contact_pages.suppressions(session, limit=PAGE)
    return _page(visit, rows, status=status, refused=refused)


def _page(
    visit: Visit,
    rows: list[Listed],
    *,
    status: int = 200,
    refused: str = "",
    asked: str = "",
    more: int | None = None,
) -> Response:
    with visit.rooms.database.reading() as session:
        counts = contact_pages.suppressions_by_source(session)
    by_source: dict[str, int] = {}
    for (source, _way), count in counts.items():
        by_source[source] = by_source.get(source, 0) + count
    return visit.page(
        "suppressions.html",
        status,
        rows=[(one, masked_who(one.who)) for one in rows],
        by_source=sorted(by_source.items(), key=lambda one: -one[1])[:12],
        total=sum(by_source.values()),
        all_channels=list(Channel),
        asked=asked,
        refused=refused,
        more=more,
    )
