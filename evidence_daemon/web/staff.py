"""The people of the house: supervisors add them, give them a role and a new password, and let leavers out."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from evidence_daemon.errors import BadInput
from evidence_daemon.model import Role
from evidence_daemon.store import users
from evidence_daemon.store.users import User
from evidence_daemon.web import auth
from evidence_daemon.web.access import Permission
from evidence_daemon.web.frame import In, Visit
from evidence_daemon.web.words import _

router = APIRouter()


@router.get("/usuarios")
def everybody(visit: In) -> Response:
    """All users; a form for another one."""
    return _list(visit)


@router.post("/usuarios")
def add(visit: In) -> Response:
    """Another user, with a password that he must change."""
    try:
        name, role = auth.kept_name(visit.field("name")), Role(visit.field("role"))
    except (BadInput, ValueError):
        return _list(visit, 400, refused=_("A user name has letters, digits and . _ - @ only, at most 60."))
    password = "" if visit.field("sign_on") else auth.new_password()
    kept = auth.hash_password(password) if password else ""
    with visit.rooms.database.session() as session:
        if users.user_named(session, name) is not None:
            taken = True
        else:
            taken = False
            users.add_user(
                session,
                name,
                display=visit.field("display")[:80],
                role=role,
                password_hash=kept,
                must_change=True,
                actor=visit.user.actor,
                now=visit.rooms.now(),
            )
    if taken:
        return _list(visit, 409, refused=_("There is a user of that name already."))
    if not password:
        return visit.go("/usuarios", _("%(name)s was added.", name=name))
    return _list(visit, 201, password=password, whose=name)


@router.get("/usuarios/{user_id}")
def one(visit: In, user_id: int) -> Response:
    """One user, and what may be done about him."""
    return _one(visit, _found(visit, user_id))


@router.post("/usuarios/{user_id}")
def change(visit: In, user_id: int) -> Response:
    """One act on one user; the field `act` names it.  Nobody shuts himself out."""
    user, act = _found(visit, user_id), visit.field("act")
    if user.id == visit.user.id and act not in {"end_sessions"}:
        return _one(visit, user, 403, refused=_("Ask another supervisor to change your own account."))
    password = ""
    values: dict[str, object]
    match act:
        case "role":
            try:
                what, values = "user role changed", {"role": Role(visit.field("role"))}
            except ValueError:
                raise HTTPException(400) from None
        case "password":
            password = auth.new_password()
            what, values = "password reset", {"password_hash": auth.hash_password(password), "must_change": True}
        case "demand_code":
            what, values = "second factor demanded", {"totp_demanded": True}
        case "remove_code":
            what, values = "second factor reset", {"totp_secret": "", "totp_pending": ""}
        case "spare_code":
            what, values = "second factor not demanded", {"totp_demanded": False}
        case "disable":
            what, values = "user disabled", {"disabled_at": visit.rooms.now()}
        case "enable":
            what, values = "user enabled", {"disabled_at": None}
        case "unbind":
            what, values = "single sign-on unbound", {"subject": None}
        case "end_sessions":
            what, values = "sessions ended", {}
        case _:
            raise HTTPException(400)
    with visit.rooms.database.session() as session:
        if values:
            users.change_user(session, user.id, actor=visit.user.actor, now=visit.rooms.now(), what=what, **values)
        else:
            users.audit_user(session, user.id, actor=visit.user.actor, now=visit.rooms.now(), what=what)
        # A new role, a new password or a new factor counts from now on, not from the next login on.
        users.clear_seats(session, user.id, but=visit.seat.key if visit.seat else "")
    if password:
        return _one(visit, _found(visit, user_id), 200, password=password)
    return visit.go(f"/usuarios/{user_id}", _("Done."))


def _found(visit: Visit, user_id: int) -> User:
    try:
        with visit.rooms.database.reading() as session:
            return users.user_with(session, user_id).user
    except BadInput:
        raise HTTPException(404) from None


def _list(visit: Visit, status: int = 200, *, refused: str = "", password: str = "", whose: str = "") -> Response:
    with visit.rooms.database.reading() as session:
        everyone, seats = users.all_users(session), users.seats(session, visit.rooms.now())
    return visit.page(
        "users.html",
        status,
        users=everyone,
        seats=seats,
        roles=list(Role),
        refused=refused,
        password=password,
        whose=whose,
        sign_on=bool(visit.rooms.config.sign_on.issuer),
        may_change=visit.may(Permission.CHANGE_USERS),
    )


def _one(visit: Visit, user: User, status: int = 200, *, refused: str = "", password: str = "") -> Response:
    with visit.rooms.database.reading() as session:
        seats = users.seats(session, visit.rooms.now()).get(user.id, 0)
    return visit.page(
        "user.html",
        status,
        user=user,
        seats=seats,
        roles=list(Role),
        refused=refused,
        password=password,
        may_change=visit.may(Permission.CHANGE_USERS) and user.id != visit.user.id,
    )
