"""Who may come in, who is in, and how often somebody tried.

Functions on a session, like the other rooms behind `records`.  Secrets come in hashed already (see `web.auth`).
Every change of a user is audited in the transaction that makes it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.errors import BadInput
from evidence_daemon.model import Role
from evidence_daemon.store import audit
from evidence_daemon.store.statements import count_rows, insert_new, of, run
from evidence_daemon.store.tables_web import AttemptRow, UserRow, WebSessionRow

_FORGET_AFTER = timedelta(days=1)
"""How long attempts are kept: no limit looks further back."""


@dataclass(frozen=True, slots=True)
class User:
    """A person of the staff, without his secrets."""

    id: int
    name: str
    display: str
    role: Role
    has_password: bool
    must_change: bool
    totp: bool
    """He has a second factor."""
    totp_demanded: bool
    """He must have one."""
    shortcuts: bool
    single_sign_on: bool
    created_at: datetime
    disabled_at: datetime | None

    @property
    def actor(self) -> str:
        """How he is named in the history."""
        return f"persona:{self.name}"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What somebody who says that he is this user must know.  Hash and secret are "" when there is none."""

    user: User
    password_hash: str
    totp_secret: str
    totp_pending: str
    """A secret that waits for its first code."""
    totp_step: int


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody who is in.  `half`: the second factor is still asked, and nothing else is open to him."""

    user: User
    key: str
    half: bool
    seen_at: datetime


def add_user(
    session: Session,
    name: str,
    *,
    display: str,
    role: Role,
    password_hash: str,
    must_change: bool,
    actor: str,
    now: datetime,
) -> User:
    """A new user; `name` is taken in lower case.  Raises `BadInput` when the name is taken."""
    values = {
        "name": name.strip().lower(),
        "display": display.strip() or name.strip(),
        "role": role,
        "password_hash": password_hash,
        "must_change": must_change,
        "totp_secret": "",
        "totp_pending": "",
        "totp_demanded": False,
        "totp_step": 0,
        "shortcuts": True,
        "created_at": now,
        "created_by": actor,
    }
    if not insert_new(session, UserRow, values, ["name"]):
        raise BadInput(f"there is a user {values['name']!r} already")
    user = _user(session.exec(select(UserRow).where(col(UserRow.name) == values["name"])).one())
    audit.record(session, "user added", actor=actor, now=now, detail={"user": user.id, "role": role.value})
    return user


def all_users(session: Session) -> list[User]:
    """Everybody, disabled ones last, by name."""
    rows = session.exec(select(UserRow).order_by(col(UserRow.disabled_at).is_not(None), col(UserRow.name)))
    return [_user(row) for row in rows]


def user_named(session: Session, name: str) -> Secrets | None:
    """The user of that name (in any case), disabled or not."""
    return _secrets(session, col(UserRow.name) == name.strip().lower())


def user_of_subject(session: Session, subject: str) -> Secrets | None:
    """The user to whom this `sub` of the single sign-on is bound."""
    return _secrets(session, col(UserRow.subject) == subject)


def user_with(session: Session, user_id: int) -> Secrets:
    """Raises `BadInput` when there is none."""
    found = _secrets(session, col(UserRow.id) == user_id)
    if found is None:
        raise BadInput(f"there is no user {user_id}")
    return found


def change_user(session: Session, user_id: int, *, actor: str, now: datetime, what: str, **values: object) -> None:
    """Change columns of a user.  `what` is the word for the history: values never stand there."""
    session.exec(
        sa.update(UserRow)
        .where(col(UserRow.id) == user_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    role = values.get("role")
    audit_user(session, user_id, actor=actor, now=now, what=what, role=role.value if isinstance(role, Role) else "")


def audit_user(session: Session, user_id: int, *, actor: str, now: datetime, what: str, role: str = "") -> None:
    """Note in the history what was done about a user."""
    detail = {"user": user_id} | ({"role": role} if role else {})
    audit.record(session, what, actor=actor, now=now, detail=detail)


def use_code(session: Session, user_id: int, step: int) -> bool:
    """Take the one-time code of a 30-second step; False when it, or a later one, was used before."""
    taken = session.exec(
        sa.update(UserRow)
        .where(col(UserRow.id) == user_id, col(UserRow.totp_step) < step)
        .values(totp_step=step)
        .execution_options(synchronize_session=False)
    )
    return bool(taken.rowcount)


# ── sessions ─────────────────────────────────────────────────────────────────────────────────────


def take_seat(
    session: Session, user_id: int, key: str, *, half: bool, address: str, now: datetime, ends_at: datetime
) -> None:
    """Somebody comes in; sessions whose time is over are forgotten."""
    session.exec(sa.delete(WebSessionRow).where(col(WebSessionRow.ends_at) <= now))
    session.exec(
        sa.insert(WebSessionRow).values(
            key=key, user_id=user_id, half=half, address=address, created_at=now, seen_at=now, ends_at=ends_at
        )
    )


def seat_of(session: Session, key: str, *, now: datetime, idle: timedelta) -> Seat | None:
    """Who holds this session; None when it ended, lay idle too long, or its user was disabled."""
    row = run(session, _SEAT, key=key, now=now, since=now - idle).one_or_none()
    return Seat(_user(row), row.seat, row.half, row.seen_at) if row is not None else None


_SEATS, _USERS = of(WebSessionRow).c, of(UserRow)
_SEAT = (
    sa.select(_USERS, _SEATS.key.label("seat"), _SEATS.half, _SEATS.seen_at)
    .join_from(_USERS, of(WebSessionRow), _USERS.c.id == _SEATS.user_id)
    .where(
        _SEATS.key == sa.bindparam("key"),
        _SEATS.ends_at > sa.bindparam("now"),
        _SEATS.seen_at > sa.bindparam("since"),
        _USERS.c.disabled_at.is_(None),
    )
)
"""Built once: building a statement costs more than running it."""


def seen(session: Session, key: str, now: datetime) -> None:
    """He is still there."""
    session.exec(
        sa.update(WebSessionRow)
        .where(col(WebSessionRow.key) == key)
        .values(seen_at=now)
        .execution_options(synchronize_session=False)
    )


def leave_seat(session: Session, key: str) -> None:
    """He goes."""
    session.exec(sa.delete(WebSessionRow).where(col(WebSessionRow.key) == key))


def clear_seats(session: Session, user_id: int, *, but: str = "") -> int:
    """End all sessions of a user (but one); how many."""
    return session.exec(
        sa.delete(WebSessionRow).where(col(WebSessionRow.user_id) == user_id, col(WebSessionRow.key) != but)
    ).rowcount


def seats(session: Session, now: datetime) -> dict[int, int]:
    """How many sessions each user has, by his id."""
    rows = session.exec(
        select(WebSessionRow.user_id, sa.func.count())
        .where(col(WebSessionRow.ends_at) > now)
        .group_by(col(WebSessionRow.user_id))
    )
    return {int(user_id): int(count) for user_id, count in rows}


# ── limits ───────────────────────────────────────────────────────────────────────────────────────


def attempt(session: Session, what: str, *, limit: int, window: timedelta, now: datetime) -> bool:
    """Count one try at `what` (e.g. "login ana"); False when more than `limit` lie in the last `window`.

    A refused try is not counted: who waits for the window gets in again.
    """
    bucket = _bucket(what)
    session.exec(sa.delete(AttemptRow).where(col(AttemptRow.at) <= now - _FORGET_AFTER))
    tried = count_rows(session, AttemptRow, col(AttemptRow.bucket) == bucket, col(AttemptRow.at) > now - window)
    if tried >= limit:
        return False
    session.exec(sa.insert(AttemptRow).values(bucket=bucket, at=now))
    return True


def forgive(session: Session, *what: str) -> None:
    """What was tried before the success counts no more."""
    session.exec(sa.delete(AttemptRow).where(col(AttemptRow.bucket).in_([_bucket(one) for one in what])))


def forgive_one(session: Session, what: str) -> None:
    """The last try succeeded; the others (a whole office shares an address) still count."""
    last = select(sa.func.max(AttemptRow.id)).where(col(AttemptRow.bucket) == _bucket(what)).scalar_subquery()
    session.exec(sa.delete(AttemptRow).where(col(AttemptRow.id) == last))


def _bucket(what: str) -> str:
    return hashlib.sha256(what.encode()).hexdigest()


def _secrets(session: Session, which: sa.ColumnElement[bool]) -> Secrets | None:
    row = session.exec(select(UserRow).where(which).execution_options(populate_existing=True)).one_or_none()
    return (
        Secrets(_user(row), row.password_hash, row.totp_secret, row.totp_pending, row.totp_step)
        if row is not None
        else None
    )


def _user(row: UserRow | sa.Row[Any]) -> User:
    return User(
        id=row.id,
        name=row.name,
        display=row.display,
        role=row.role,
        has_password=bool(row.password_hash),
        must_change=row.must_change,
        totp=bool(row.totp_secret),
        totp_demanded=row.totp_demanded,
        shortcuts=row.shortcuts,
        single_sign_on=row.subject is not None,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )
