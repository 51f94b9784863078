"""In and out: name and password, second factor, light and dark."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from evidence_daemon.store import audit, users
from evidence_daemon.web import auth
from evidence_daemon.web.auth import Entered, Refusal
from evidence_daemon.web.frame import In, Visit, cookie_name, set_cookie
from evidence_daemon.web.words import _

router = APIRouter()


@router.get("/entrar")
def login_page(visit: In, volver: str = "/") -> Response:
    """The login page; `volver` is where he wanted to go."""
    if visit.seat is not None and not visit.seat.half:
        return RedirectResponse(inside(volver), 303)
    return login_page_with(visit, inside(volver))


@router.post("/entrar")
def log_in(visit: In) -> Response:
    """Name and password."""
    name, back = visit.field("name"), inside(visit.field("volver"))
    password = visit.form.get("password", "")
    entered = auth.enter(visit.rooms, name, password if isinstance(password, str) else "", visit.address)
    if isinstance(entered, Refusal):
        status = 429 if entered is Refusal.WAIT else 401
        return login_page_with(visit, back, status, name=name, refused=refusal_words(entered))
    return let_in(visit, entered, f"/entrar/codigo?volver={quote(back)}" if entered.half else back)


@router.get("/entrar/codigo")
def code_page(visit: In, volver: str = "/") -> Response:
    """The second factor is asked."""
    if visit.seat is None or not visit.seat.half:
        return RedirectResponse(inside(volver), 303)
    return visit.page("code.html", back=inside(volver), refused="")


@router.post("/entrar/codigo")
def enter_code(visit: In) -> Response:
    """The second factor."""
    back = inside(visit.field("volver"))
    if visit.seat is None or not visit.seat.half:
        return RedirectResponse(back, 303)
    entered = auth.enter_by_code(visit.rooms, visit.seat.key, visit.user.id, visit.field("code"), visit.address)
    if isinstance(entered, Refusal):
        status = 429 if entered is Refusal.WAIT else 401
        words = _("That code is not right.") if entered is Refusal.WRONG else refusal_words(entered)
        return visit.page("code.html", status, back=back, refused=words)
    return let_in(visit, entered, back)


@router.post("/salir")
def log_out(visit: In) -> Response:
    """He goes: the session is forgotten here and there."""
    if visit.seat is not None:
        with visit.rooms.database.session() as session:
            users.leave_seat(session, visit.seat.key)
            audit.record(session, "logout", actor=visit.user.actor, now=visit.rooms.now())
    response = RedirectResponse("/entrar", 303)
    response.delete_cookie(cookie_name(visit.rooms.web, "sesion"), secure=visit.rooms.web.https)
    return response


@router.post("/tema")
def choose_theme(visit: In) -> Response:
    """Light, dark, or as the system prefers."""
    chosen = visit.field("tema")
    response = RedirectResponse(inside(visit.field("volver")), 303)
    set_cookie(response, visit.rooms.web, "tema", chosen if chosen in {"light", "dark"} else "auto", max_age=31_536_000)
    return response


def login_page_with(visit: Visit, back: str, status: int = 200, *, name: str = "", refused: str = "") -> Response:
    """The login page, as it is or with why he did not get in."""
    settings = visit.rooms.config.sign_on
    sign_on = settings.name if settings.issuer else ""
    return visit.page("login.html", status, back=back, name=name, refused=refused, sign_on=sign_on)


def let_in(visit: Visit, entered: Entered, path: str) -> Response:
    """His cookie, and where he wanted to go.  The session that he had until now, if any, ends."""
    if visit.seat is not None and not visit.seat.half:
        with visit.rooms.database.session() as session:
            users.leave_seat(session, visit.seat.key)
    response = RedirectResponse(path, 303)
    set_cookie(response, visit.rooms.web, "sesion", entered.cookie)
    return response


def refusal_words(refusal: Refusal) -> str:
    """Why he did not get in: never whether such a user exists."""
    match refusal:
        case Refusal.WRONG:
            return _("User or password is not right.")
        case Refusal.WAIT:
            return _("Too many tries.  Wait 15 minutes, or ask a supervisor.")
        case Refusal.UNKNOWN:
            return _("You are not registered here.  Ask a supervisor.")


def inside(path: str) -> str:
    """A path of this site; "/" for anything that would lead away."""
    parts = urlsplit(path)
    safe = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc and "\\" not in path
    return path if safe and path.isprintable() else "/"
