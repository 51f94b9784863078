"""The site: every page, put together.  `build` is the ASGI application; `server.py` runs it.

How a page is made
==================
1.  A route in a module of its own group (`queue.py`, `lookup.py` …):

        router = APIRouter()

        @router.get("/cola")
        def queue(visit: In) -> Response:
            with visit.rooms.database.reading() as session:      # looks only: waits for nobody
                rows = records.open_reviews(session)
            return visit.page("queue.html", rows=rows)

        @router.post("/cola/{receipt}/decidir")
        def decide(visit: In, receipt: str) -> Response:
            verdict = visit.field("verdict")                     # the form; its token was checked already
            ...
            return visit.go("/cola", _("Decided."))              # says it once on the next page

    `visit` (frame.Visit) is all that a page needs: `visit.user` (who; `visit.user.actor` for the history),
    `visit.may(Permission.X)`, `visit.rooms` (pipeline, desk, book, config, now()), `visit.field/fields/number/files`,
    `visit.page(template, status, **values)`, `visit.go(path, told, bad=)`, `visit.record(action, mail_id=…)` to audit
    a look, `visit.asks_for_piece` (htmx wants a piece).  Plain `def`: it runs in a thread and may block on the
    database.  `raise HTTPException(404)` (403, 409 …) gives an error page; `BadInput` 400, `RefusedTransition` 409,
    `Temporary` 503.
2.  The router stands in `ROUTERS` below, and each of its routes in `access.NEEDS` ("GET /cola": Permission.SEE_QUEUE).
    A route without an entry is closed to everybody, and tests/test_web.py tells of it.
3.  A template in `templates/` that extends base.html: blocks `title`, `main`, and `scripts` for a script of its own
    (`<script src="{{ static('desk.js') }}" defer></script>`).  Values are escaped; never use `|safe`.  Filters: `word`
    (an enum member in Spanish), `money` (cents), `whole`, `percent`, `day`, `long_day`, `moment`, `hour`, `span`
    (seconds).  Every form that posts carries `{{ token(visit) }}` (`{% from "parts.html" import token %}`).
    No `style=`, no `onclick=`, no inline `<script>`: the policy forbids them.  Whatever htmx does must also work as a
    plain form.
4.  Texts are English msgids, `{% trans %}…{% endtrans %}` or `_("…")` (in code: `from evidence_daemon.web.words import
    _, ngettext`), with their Spanish in a file of the group, `locale/es_EC/<group>.po`; words of enums by msgctxt (see
    words.py).  The test finds what is missing.
5.  Its link in the menu: `access.MENU`.  Style: static/site.css has tokens (colours by `light-dark()`), cards, tables
    that become cards on narrow screens (`table.list` with `data-label` on each cell), badges, notices, forms.
"""

from __future__ import annotations

import logging
from urllib.parse import quote

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from starlette.exceptions import HTTPException as RawHTTPException
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from evidence_daemon.errors import BadInput, RefusedTransition, Temporary
from evidence_daemon.pipeline import Pipeline
from evidence_daemon.review import Desk
from evidence_daemon.web import (
    account,
    campaign_deeds,
    campaign_files,
    campaign_live,
    campaigns,
    deciding,
    frame,
    history,
    item,
    login,
    lookup,
    originals,
    queue,
    sign_on,
    staff,
    supervisor,
    suppressions,
)
from evidence_daemon.web.access import MENU
from evidence_daemon.web.frame import In, MustChoose, NotIn, Outbound, Rooms, visit
from evidence_daemon.web.security import TooBig, Wall
from evidence_daemon.web.words import _

log = logging.getLogger("evidence_daemon.web")
router = APIRouter()

ROUTERS = (
    router,
    login.router,
    sign_on.router,
    account.router,
    staff.router,
    lookup.router,
    campaign_deeds.router,
    campaigns.router,
    campaign_live.router,
    campaign_files.router,
    suppressions.router,
    supervisor.router,
    history.router,
    queue.router,
    item.router,
    originals.router,
    deciding.router,
)
"""Every group of pages."""


def build(pipeline: Pipeline, desk: Desk, outbound: Outbound) -> Wall:
    """The whole site over these rooms."""
    site = FastAPI(dependencies=[Depends(visit)], docs_url=None, redoc_url=None, openapi_url=None)
    site.state.rooms = Rooms(pipeline, desk, outbound)
    for pages in ROUTERS:
        site.include_router(pages)
    site.add_exception_handler(NotIn, _to_login)
    site.add_exception_handler(MustChoose, _to_what_comes_first)
    site.add_exception_handler(RawHTTPException, _refused)
    for kind, status in ((BadInput, 400), (RefusedTransition, 409), (TooBig, 413), (Temporary, 503), (Exception, 500)):
        site.add_exception_handler(kind, _trouble(status))
    return Wall(site, pipeline.config.web)


def routes() -> list[str]:
    """Every route as `access.NEEDS` names it: "GET /cola"."""
    return sorted(
        f"{method} {route.path}"
        for pages in ROUTERS
        for route in pages.routes
        if isinstance(route, Route)
        for method in (route.methods or ())
    )


@router.get("/")
def start(visit: In) -> Response:
    """Where his work is."""
    return RedirectResponse(next((link.path for link in MENU if visit.may(link.needs)), "/cuenta"), 303)


@router.get("/salud")
def alive(visit: In) -> Response:
    """Whether the house lives and reaches its database, for a machine that asks."""
    with visit.rooms.database.reading() as session:
        session.connection()
    return PlainTextResponse("ok")


@router.get("/static/{name}")
def static_file(name: str, request: Request) -> Response:
    """Styles and scripts: a closed list, kept by browsers for ever (the address changes with the content)."""
    found = frame.static_files().get(name)
    if found is None:
        raise HTTPException(404)
    content, kind = found
    keep = "public, max-age=31536000, immutable" if "v" in request.query_params else "no-cache"
    return Response(content, media_type=kind, headers={"Cache-Control": keep})


# ── trouble ──────────────────────────────────────────────────────────────────────────────────────


def _to_login(request: Request, trouble: Exception) -> Response:
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = here if request.method == "GET" else "/"
    door = "/entrar/codigo" if isinstance(trouble, NotIn) and trouble.half else "/entrar"
    path = f"{door}?volver={quote(back)}" if back != "/" else door
    if request.headers.get("HX-Request") == "true":
        return Response(status_code=204, headers={"HX-Redirect": door})
    return RedirectResponse(path, 303)


def _to_what_comes_first(_request: Request, trouble: Exception) -> Response:
    return RedirectResponse(trouble.path if isinstance(trouble, MustChoose) else "/cuenta", 303)


def _refused(request: Request, trouble: Exception) -> Response:
    return error_page(request, trouble.status_code if isinstance(trouble, RawHTTPException) else 500)


def _trouble(status: int):  # type: ignore[no-untyped-def]
    def answer(request: Request, trouble: Exception) -> Response:
        if status >= 500:
            log.error("%s %s failed", request.method, request.url.path, exc_info=trouble)
        return error_page(request, status)

    return answer


def error_page(request: Request, status: int) -> Response:
    """A page that says what is wrong and what to do, without a word of what happened inside."""
    said = {
        400: (_("Something in that form is not right"), _("Go back, look at it, and send it again.")),
        403: (_("You may not do that"), _("If you need to, ask a supervisor.")),
        404: (_("There is no such page"), _("It may have been closed meanwhile, or the address is mistyped.")),
        405: (_("There is no such page"), _("It may have been closed meanwhile, or the address is mistyped.")),
        409: (_("Somebody was faster"), _("Nothing was changed.  Open it again to see how it stands now.")),
        413: (_("That is too big"), _("Send less at once, or smaller pictures.")),
        429: (_("Too many requests"), _("Wait a minute and try again.")),
        503: (_("The house is busy"), _("Nothing was changed.  Try again in a minute.")),
    }.get(status, (_("Something went wrong here"), _("Nothing was changed.  It was noted; try again in a minute.")))
    html = (
        frame.templates()
        .get_template("error.html")
        .render(status=status, title=said[0], advice=said[1], theme=frame.theme(request))
    )
    return HTMLResponse(html, status)
