"""What every page has: who visits, what he sent, how a page is written and where he goes next.

`visit` runs before every route (see `site.build`): it finds out who comes, refuses what `access.NEEDS` does not
allow, and takes the form in only after that, so that a stranger cannot make us read 25 MB.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, HTTPException, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.responses import HTMLResponse, RedirectResponse, Response

from evidence_daemon.config import Config, WebConfig
from evidence_daemon.model import CaseId, Channel, MailId
from evidence_daemon.outreach.campaign import Campaigns
from evidence_daemon.outreach.channel import Message, Sent
from evidence_daemon.pipeline import Pipeline
from evidence_daemon.review import Desk
from evidence_daemon.rulebook import RuleBook
from evidence_daemon.store import audit, users
from evidence_daemon.store.database import Database
from evidence_daemon.store.users import Seat, User
from evidence_daemon.web import words
from evidence_daemon.web.access import MENU, NEEDS, ONLY_WATCHES, Open, Permission, may

FIELD_BYTES = 1_000_000
"""The longest field of a form that is no file: an edited mail fits well."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_TOUCH_AFTER = timedelta(minutes=1)
"""How old the note "he is still there" may be: not every page view writes."""


@dataclass(frozen=True)
class Outbound:
    """The room of campaigns, as pages see it."""

    acts: Callable[[], Campaigns]
    """What people do with campaigns, by the rule book as it stands."""
    channels: Callable[[], Mapping[Channel, bool]]
    """The channels that are configured; False for one that only writes down whom it would reach."""
    sounds: Path
    """Where the sound files of calls lie."""
    send_test: Callable[..., tuple[Message, Sent]]
    rehearse: Callable[[int], None]
    """Begins to run a rehearsal, by its number, and returns at once."""


@dataclass(frozen=True)
class Rooms:
    """The rooms of the house that pages lead into."""

    pipeline: Pipeline
    desk: Desk
    outbound: Outbound
    closing: threading.Event = field(default_factory=threading.Event)
    """Set when the house closes: whoever streams ends."""

    @property
    def database(self) -> Database:
        """Where rows are kept."""
        return self.pipeline.database

    @property
    def book(self) -> RuleBook:
        """The rule book as it stands now."""
        return self.pipeline.book

    @property
    def config(self) -> Config:
        """The whole configuration."""
        return self.pipeline.config

    @property
    def web(self) -> WebConfig:
        """The settings of this house."""
        return self.pipeline.config.web

    def now(self) -> datetime:
        """The moment, aware."""
        return self.pipeline.clock()


class NotIn(Exception):
    """Nobody is logged in: the login page comes first.  `half`: only the second factor is missing."""

    def __init__(self, half: bool = False) -> None:
        super().__init__("not logged in")
        self.half = half


class MustChoose(Exception):
    """Something comes first: a password of his own, or the second factor asked of him; `path` leads there."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


@dataclass(frozen=True)
class Visit:
    """One request: who comes, what he sent, and the ways to answer him.

    `form` is empty unless something was posted; its token has been checked.
    """

    request: Request
    rooms: Rooms
    seat: Seat | None
    form: FormData

    @property
    def user(self) -> User:
        """Who visits; only for routes that are not open to everybody."""
        if self.seat is None:
            raise NotIn
        return self.seat.user

    @property
    def address(self) -> str:
        """Where he comes from, as the server (or a trusted proxy) says."""
        return self.request.client.host if self.request.client else ""

    @property
    def asks_for_piece(self) -> bool:
        """Whether htmx asks for a piece of a page, not for a page."""
        return self.request.headers.get("HX-Request") == "true"

    def may(self, permission: Permission) -> bool:
        """Whether he may do that."""
        return self.seat is not None and not self.seat.half and may(self.seat.user.role, permission)

    # ── what he sent ─────────────────────────────────────────────────────────────────────────────

    def field(self, name: str) -> str:
        """A field of the form without the blanks around it; "" when it is missing."""
        found = self.form.get(name)
        return found.strip() if isinstance(found, str) else ""

    def fields(self, name: str) -> list[str]:
        """All values of a repeated field (check boxes)."""
        return [value for value in self.form.getlist(name) if isinstance(value, str)]

    def number(self, name: str) -> int | None:
        """A field as a whole number; None when it is empty.  Raises `HTTPException` 400 for anything else."""
        text = self.field(name)
        if text and not (text.isdecimal() and len(text) < 19):
            raise HTTPException(400)
        return int(text) if text else None

    def numbers(self, name: str) -> list[int]:
        """All values of a repeated field that are whole numbers; others are none of ours."""
        return [int(one) for one in self.fields(name) if one.isdecimal() and len(one) < 19]

    def files(self, name: str) -> list[tuple[str, bytes]]:
        """The files of a field: names (for display only) and contents; empty ones are left out."""
        found = []
        for upload in self.form.getlist(name):
            if isinstance(upload, UploadFile) and (content := upload.file.read()):
                found.append((upload.filename or "", content))
        return found

    # ── answers ──────────────────────────────────────────────────────────────────────────────────

    def page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page (or a piece of one) from `templates/`; texts in `values` are escaped there."""
        told = _told(self.request, self.token)
        html = (
            templates()
            .get_template(template)
            .render(
                visit=self,
                path=self.request.url.path,
                theme=theme(self.request),
                told=told,
                now=self.rooms.now(),
                **values,
            )
        )
        response = HTMLResponse(html, status)
        if told:
            response.delete_cookie(cookie_name(self.rooms.web, "aviso"), secure=self.rooms.web.https)
        return response

    def go(self, path: str, told: str = "", *, bad: bool = False) -> Response:
        """To another page, which says `told` once (a Spanish sentence; `bad` when something did not work)."""
        response: Response
        path = quote(path, safe="/?&=%#+:@~,;!$'()*")  # whatever was sent along, it stays one line of ASCII
        if self.asks_for_piece:
            response = Response(status_code=204, headers={"HX-Redirect": path})
        else:
            response = RedirectResponse(path, 303)
        if told:
            text = base64.urlsafe_b64encode(json.dumps([told, bad]).encode()).decode()
            set_cookie(response, self.rooms.web, "aviso", f"{text}.{_mac(self.token, text)}", max_age=60)
        return response

    def record(
        self, action: str, *, mail_id: MailId | None = None, case_id: CaseId | None = None, **detail: object
    ) -> None:
        """Audit something that was only looked at, in a transaction of its own; ids and codes only."""
        with self.rooms.database.session() as session:
            audit.record(
                session,
                action,
                actor=self.user.actor,
                now=self.rooms.now(),
                mail_id=mail_id,
                case_id=case_id,
                detail=detail,
            )

    @cached_property
    def token(self) -> str:
        """What every form of this session carries in its field `token`: a stranger's page cannot know it."""
        cookie = self.request.cookies.get(cookie_name(self.rooms.web, "sesion"), "")
        return _mac(cookie, "form") if cookie else ""


async def visit(request: Request) -> AsyncIterator[Visit]:
    """Who comes, and may he?  The first thing that happens on every route.

    Raises `NotIn`, `MustChoose`, or `HTTPException` 403.
    """
    rooms: Rooms = request.app.state.rooms
    route = f"{'GET' if request.method == 'HEAD' else request.method} {request.scope['route'].path}"
    needs = NEEDS.get(route)
    seat = None
    if cookie := request.cookies.get(cookie_name(rooms.web, "sesion")):
        seat = await run_in_threadpool(_find_seat, rooms, cookie, route not in ONLY_WATCHES)
    _admit(needs, seat)
    async with AsyncExitStack() as stack:
        form = FormData()
        if request.method not in SAFE_METHODS:
            form = await stack.enter_async_context(
                request.form(max_files=20, max_fields=500, max_part_size=FIELD_BYTES)
            )
        found = Visit(request, rooms, seat, form)
        if request.method not in SAFE_METHODS and needs is not Open.EVERYBODY:
            sent = found.field("token") or request.headers.get("X-Token", "")
            if not hmac.compare_digest(sent.encode(), found.token.encode()):
                raise HTTPException(403)
        yield found


In = Annotated[Visit, Depends(visit)]
"""The parameter of every route: `def queue(visit: In) -> Response`."""


def _admit(needs: Permission | Open | None, seat: Seat | None) -> None:
    if needs is Open.EVERYBODY:
        return
    if needs is None:
        raise HTTPException(403)
    if seat is None:
        raise NotIn
    if needs is Open.HALF_IN:
        return
    if seat.half:
        raise NotIn(half=True)
    if needs is Open.NEWCOMER:
        return
    if seat.user.must_change:
        raise MustChoose("/cuenta/clave")
    if seat.user.totp_demanded and not seat.user.totp:
        raise MustChoose("/cuenta/codigo")
    if isinstance(needs, Permission) and not may(seat.user.role, needs):
        raise HTTPException(403)


def session_key(cookie: str) -> str:
    """How a session is kept: the SHA-256 of its cookie."""
    return hashlib.sha256(cookie.encode()).hexdigest()


def _find_seat(rooms: Rooms, cookie: str, somebody_is_there: bool) -> Seat | None:
    now, key = rooms.now(), session_key(cookie)
    with rooms.database.reading() as session:
        seat = users.seat_of(session, key, now=now, idle=timedelta(minutes=rooms.web.idle_minutes))
    if seat is not None and somebody_is_there and now - seat.seen_at > _TOUCH_AFTER:
        with rooms.database.session() as session:
            users.seen(session, key, now)
    return seat


# ── cookies ──────────────────────────────────────────────────────────────────────────────────────


def cookie_name(web: WebConfig, name: str) -> str:
    """With https a name that no other host and no plain connection can set (RFC 6265bis, "__Host-")."""
    return f"__Host-{name}" if web.https else name


def set_cookie(response: Response, web: WebConfig, name: str, value: str, *, max_age: int | None = None) -> None:
    """A cookie that scripts cannot read and that other sites' requests do not carry."""
    response.set_cookie(
        cookie_name(web, name), value, max_age=max_age, path="/", secure=web.https, httponly=True, samesite="lax"
    )


def theme(request: Request) -> str:
    """What he chose: "light", "dark", or "" for what the system prefers."""
    chosen = request.cookies.get(cookie_name(request.app.state.rooms.web, "tema"), "")
    return chosen if chosen in {"light", "dark"} else ""


def _mac(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def _told(request: Request, token: str) -> tuple[str, bool] | None:
    """What the page before wants said; only when we wrote it ourselves, for this session."""
    cookie = request.cookies.get(cookie_name(request.app.state.rooms.web, "aviso"), "")
    text, _, mac = cookie.partition(".")
    if not text or not hmac.compare_digest(mac.encode(), _mac(token, text).encode()):
        return None
    try:
        told, bad = json.loads(base64.urlsafe_b64decode(text))
    except ValueError:
        return None
    return str(told), bool(bad)


# ── templates and static files ───────────────────────────────────────────────────────────────────

_HERE = Path(str(resources.files("evidence_daemon.web")))
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@cache
def templates() -> Environment:
    """The templates; a name that is not given is an error, not a blank."""
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,  # they change with the program only
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    environment.install_gettext_translations(words.translations(), newstyle=True)  # type: ignore[attr-defined]
    for shown in (
        words.word,
        words.money,
        words.whole,
        words.percent,
        words.day,
        words.long_day,
        words.moment,
        words.hour,
        words.span,
    ):
        environment.filters[shown.__name__] = shown
    environment.globals.update(Permission=Permission, menu=MENU, static=static_url)
    return environment


@cache
def static_files() -> dict[str, tuple[bytes, str]]:
    """Every file of `static/` that browsers get: content and type, by name."""
    return {
        path.name: (path.read_bytes(), _TYPES[path.suffix])
        for path in sorted((_HERE / "static").iterdir())
        if path.suffix in _TYPES
    }


@cache
def static_url(name: str) -> str:
    """The address of a static file, which changes with its content: browsers may keep it for ever."""
    content, _type = static_files()[name]
    return f"/static/{quote(name)}?v={hashlib.sha256(content).hexdigest()[:12]}"
