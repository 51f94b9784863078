"""Getting in: passwords, sessions, second factor.  Knows the store, knows no pages.

Passwords are kept as argon2id (RFC 9106; 46 MiB, 2 passes).  Only two are checked at the same time:
the login page must not become a way to use up our memory.  An unknown name costs the same time as a known one.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from evidence_daemon.errors import BadInput
from evidence_daemon.store import audit, users
from evidence_daemon.store.database import Session
from evidence_daemon.store.users import User
from evidence_daemon.web.frame import Rooms, session_key

LEAST_CHARACTERS, MOST_CHARACTERS = 12, 256
"""Length of a password (NIST SP 800-63B asks for no more than length, and no rules of composition)."""
WINDOW = timedelta(minutes=15)
"""In which failed logins are counted."""
_STEP = 30
"""Seconds for which a one-time code is good (RFC 6238)."""
_HALF_MINUTES = 5

_hasher = PasswordHasher(time_cost=2, memory_cost=47_104, parallelism=1)
_at_once = threading.BoundedSemaphore(2)
_nobody = "$argon2id$v=19$m=47104,t=2,p=1$nfRyN0eEzSi80OaFP7HN3Q$ZyVEwFAjnyMg8FtilOhlfY+OnXD57tojLfM5XUV9Ylc"
"""A hash of nobody's password, checked when a name is unknown."""


def hash_password(password: str) -> str:
    """The argon2id hash of a password."""
    with _at_once:
        return _hasher.hash(password)


def password_fault(password: str, user_name: str) -> str:
    """Why somebody may not have this password, as a code; "" when he may."""
    if len(password) < LEAST_CHARACTERS:
        return "short"
    if len(password) > MOST_CHARACTERS:
        return "long"
    if user_name and user_name.lower() in password.lower():
        return "name"
    if len(set(password)) < 5:
        return "simple"
    return ""


def check_password(password: str, kept: str) -> bool:
    """Whether a password belongs to a hash; takes the same time for an empty hash (nobody's)."""
    with _at_once:
        try:
            right = _hasher.verify(kept or _nobody, password[: MOST_CHARACTERS + 1])
        except (VerificationError, InvalidHashError):
            return False
    return right and bool(kept)


def new_password() -> str:
    """A password to hand out, which must be changed at the first login."""
    return "-".join(secrets.token_hex(2) for _ in range(4))


class Refusal(StrEnum):
    """Why somebody did not get in."""

    WRONG = "wrong"
    WAIT = "wait"
    """Too many tries."""
    UNKNOWN = "unknown"
    """Single sign-on: nobody added him here, or he was disabled."""


@dataclass(frozen=True, slots=True)
class Entered:
    """He is in.  `cookie` is the secret of his session; `half`: the second factor is still asked."""

    user: User
    cookie: str
    half: bool


def enter(rooms: Rooms, name: str, password: str, address: str) -> Entered | Refusal:
    """Name and password → a session.  Every try counts until one succeeds."""
    now, web = rooms.now(), rooms.web
    pair, whole, place = f"login {name.lower()} from {address}", f"login {name.lower()}", f"login from {address}"
    limits = ((pair, web.login_tries), (whole, 4 * web.login_tries), (place, web.address_tries))

    def count(session: Session) -> tuple[bool, users.Secrets | None]:
        # Stops at the first refusal: who is refused at one address must not use up the user's tries from all others.
        allowed = all(users.attempt(session, what, limit=limit, window=WINDOW, now=now) for what, limit in limits)
        return allowed, users.user_named(session, name)

    allowed, found = rooms.database.transact(count)
    if not allowed:
        return Refusal.WAIT
    active = found if found is not None and found.user.disabled_at is None else None
    if not check_password(password, active.password_hash if active is not None else "") or active is None:
        with rooms.database.session() as session:
            detail = {"user": found.user.id if found is not None else None}
            audit.record(session, "login refused", actor="web", now=now, detail=detail)
        return Refusal.WRONG

    with rooms.database.session() as session:
        users.forgive(session, pair, whole)
        users.forgive_one(session, place)
        return _seated(session, rooms, active.user, half=active.user.totp, address=address)


def enter_by_code(rooms: Rooms, key: str, user_id: int, code: str, address: str) -> Entered | Refusal:
    """The second factor of a half session → a whole one, with another cookie."""
    now = rooms.now()
    counted = f"code {user_id}"
    with rooms.database.session() as session:
        if not users.attempt(session, counted, limit=rooms.web.login_tries, window=WINDOW, now=now):
            return Refusal.WAIT
        found = users.user_with(session, user_id)
        step = code_step(found.totp_secret, code, now.timestamp())
        if step is None or not users.use_code(session, user_id, step):
            audit.record(session, "code refused", actor="web", now=now, detail={"user": user_id})
            return Refusal.WRONG
        users.forgive(session, counted)
        users.leave_seat(session, key)
        return _seated(session, rooms, found.user, half=False, address=address)


def seat(rooms: Rooms, user: User, address: str, *, half: bool = False) -> Entered:
    """Let somebody in who proved himself otherwise (single sign-on, a new password)."""
    with rooms.database.session() as session:
        return _seated(session, rooms, user, half=half, address=address)


def _seated(session: Session, rooms: Rooms, user: User, *, half: bool, address: str) -> Entered:
    now, cookie = rooms.now(), secrets.token_urlsafe(32)
    stay = timedelta(minutes=_HALF_MINUTES) if half else timedelta(hours=rooms.web.session_hours)
    users.take_seat(session, user.id, session_key(cookie), half=half, address=address, now=now, ends_at=now + stay)
    audit.record(session, "password right" if half else "login", actor=user.actor, now=now, detail={"user": user.id})
    return Entered(user, cookie, half)


def code_step(secret: str, code: str, at: float) -> int | None:
    """The 30-second step whose code this is, now or one step beside it; None for any other."""
    if not secret:
        return None
    totp = pyotp.TOTP(secret)
    digits = "".join(c for c in code if c.isdecimal())
    here = int(at) // _STEP
    for step in (here, here - 1, here + 1):
        if secrets.compare_digest(totp.generate_otp(step), digits):
            return step
    return None


def kept_name(name: str) -> str:
    """A user name as it is kept.  Raises `BadInput` for one that cannot stand in the history."""
    kept = name.strip().lower()
    if not kept or len(kept) > 60 or not all(c.isalnum() or c in "._-@" for c in kept):
        raise BadInput("a user name has letters, digits and . _ - @, at most 60")
    return kept
