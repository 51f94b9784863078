"""One's own account: password, second factor, shortcuts, other sessions."""

from __future__ import annotations

import io

import pyotp
import segno
from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from evidence_daemon.store import audit, users
from evidence_daemon.web import auth
from evidence_daemon.web.frame import In, Visit
from evidence_daemon.web.login import let_in
from evidence_daemon.web.words import _, ngettext

router = APIRouter()


@router.get("/cuenta")
def account(visit: In) -> Response:
    """What is known of him, and what he may change."""
    with visit.rooms.database.reading() as session:
        seats = users.seats(session, visit.rooms.now()).get(visit.user.id, 0)
    return visit.page("account.html", seats=seats)


@router.post("/cuenta/atajos")
def choose_shortcuts(visit: In) -> Response:
    """Single-key shortcuts on or off."""
    wanted = visit.field("shortcuts") == "1"
    with visit.rooms.database.session() as session:
        users.change_user(
            session,
            visit.user.id,
            actor=visit.user.actor,
            now=visit.rooms.now(),
            what="shortcuts chosen",
            shortcuts=wanted,
        )
    return visit.go("/cuenta", _("Saved."))


@router.post("/cuenta/sesiones")
def end_other_sessions(visit: In) -> Response:
    """Whoever else is in under his name is out."""
    with visit.rooms.database.session() as session:
        ended = users.clear_seats(session, visit.user.id, but=visit.seat.key if visit.seat else "")
        audit.record(
            session, "sessions ended", actor=visit.user.actor, now=visit.rooms.now(), detail={"user": visit.user.id}
        )
    return visit.go("/cuenta", ngettext("%(num)s session was ended.", "%(num)s sessions were ended.", ended))


@router.get("/cuenta/clave")
def password_page(visit: In) -> Response:
    """A new password."""
    return visit.page("password.html", refused="")


@router.post("/cuenta/clave")
def change_password(visit: In) -> Response:
    """A new password: all other sessions end, this one gets another cookie."""
    user, rooms = visit.user, visit.rooms
    old, new, again = (str(visit.form.get(name, "")) for name in ("old", "new", "again"))
    with rooms.database.session() as session:
        if not users.attempt(
            session, f"password {user.id}", limit=rooms.web.login_tries, window=auth.WINDOW, now=rooms.now()
        ):
            raise HTTPException(429)
        known = users.user_with(session, user.id)
    if not auth.check_password(old, known.password_hash):
        return visit.page("password.html", 400, refused=_("The present password is not right."))
    if fault := auth.password_fault(new, user.name) or ("again" if new != again else "same" if new == old else ""):
        return visit.page("password.html", 400, refused=_fault_words(fault))
    kept = auth.hash_password(new)
    with rooms.database.session() as session:
        users.forgive(session, f"password {user.id}")
        users.clear_seats(session, user.id)
        users.change_user(
            session,
            user.id,
            actor=user.actor,
            now=rooms.now(),
            what="password changed",
            password_hash=kept,
            must_change=False,
        )
    return let_in(visit, auth.seat(rooms, user, visit.address), "/cuenta")


@router.get("/cuenta/codigo")
def code_page(visit: In) -> Response:
    """The second factor: set it up, or take it away."""
    if not visit.user.totp:
        _pending(visit)
    return _code_page(visit)


@router.get("/cuenta/codigo.svg")
def code_picture(visit: In) -> Response:
    """What the telephone photographs (otpauth URI as a QR code, ISO 18004)."""
    if visit.user.totp:
        raise HTTPException(404)
    uri = pyotp.TOTP(_pending(visit)).provisioning_uri(name=visit.user.name, issuer_name=_("Evidence desk"))
    drawn = io.BytesIO()
    segno.make(uri, error="m").save(drawn, kind="svg", scale=5, border=4, light="#fff")
    return Response(drawn.getvalue(), media_type="image/svg+xml")


@router.post("/cuenta/codigo")
def confirm_code(visit: In) -> Response:
    """The first code of a new second factor puts it in force; a code of the present one takes it away."""
    user, rooms, now = visit.user, visit.rooms, visit.rooms.now()
    with rooms.database.session() as session:
        counted = f"code {user.id}"
        if not users.attempt(session, counted, limit=rooms.web.login_tries, window=auth.WINDOW, now=now):
            raise HTTPException(429)
        known = users.user_with(session, user.id)
        secret = known.totp_secret or known.totp_pending
        step = auth.code_step(secret, visit.field("code"), now.timestamp())
        right = step is not None and users.use_code(session, user.id, step)
        if right:
            users.forgive(session, counted)
            users.change_user(
                session,
                user.id,
                actor=user.actor,
                now=now,
                what="second factor removed" if user.totp else "second factor set up",
                totp_secret="" if user.totp else secret,
                totp_pending="",
            )
    if not right:
        return _code_page(visit, 400, _("That code is not right."))
    told = _("The second factor is off.") if user.totp else _("The second factor is on.")
    return visit.go("/cuenta", told)


def _code_page(visit: Visit, status: int = 200, refused: str = "") -> Response:
    secret = "" if visit.user.totp else _pending(visit)
    spaced = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return visit.page("second_factor.html", status, secret=spaced, refused=refused)


def _pending(visit: Visit) -> str:
    """The secret that waits for its first code; made when there is none."""
    with visit.rooms.database.reading() as session:
        known = users.user_with(session, visit.user.id)
    if known.totp_pending:
        return known.totp_pending
    secret = pyotp.random_base32()
    with visit.rooms.database.session() as session:
        users.change_user(
            session,
            visit.user.id,
            actor=visit.user.actor,
            now=visit.rooms.now(),
            what="second factor begun",
            totp_pending=secret,
        )
    return secret


def _fault_words(fault: str) -> str:
    """Why somebody may not have this password."""
    return {
        "short": _("A password has at least %(num)d characters.", num=auth.LEAST_CHARACTERS),
        "long": _("That password is too long."),
        "name": _("A password must not hold the user's name."),
        "simple": _("That password repeats too few characters."),
        "again": _("The two new passwords are not the same."),
        "same": _("The new password must be another one."),
    }[fault]
