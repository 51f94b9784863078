"""A web house to test with: the real site over a real database, with people of every role and cases on file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from argon2 import PasswordHasher
from house import without_lots
from sqlmodel import select

from evidence_daemon import config as configuration
from evidence_daemon.app import House, open_house
from evidence_daemon.demo.people import write_case_list
from evidence_daemon.exchange import import_cases
from evidence_daemon.model import Arrival, CopyKey, MailId, Role
from evidence_daemon.store import records, users
from evidence_daemon.store.tables import EventRow

PASSWORD = "una clave larga de prueba"
ORIGIN = "http://127.0.0.1:8080"
_CHEAP = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
"""A hash carries its own cost: tests log in often."""


@dataclass
class Clock:
    """A clock that tests may turn."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.at

    def turn(self, **how: float) -> None:
        self.at += timedelta(**how)


@dataclass
class WebHouse:
    """A house, its clock, and ways to fill it."""

    house: House
    clock: Clock
    url: str = ""
    """Where it listens, when it does."""
    _mails: int = 0

    def person(self, name: str, role: Role, password: str = PASSWORD, **values: object) -> users.User:
        """Add somebody who may log in."""
        kept = _CHEAP.hash(password)
        with self.house.database.session() as session:
            user = users.add_user(
                session,
                name,
                display=name.capitalize(),
                role=role,
                password_hash=kept,
                must_change=False,
                actor="test",
                now=self.clock(),
            )
            if values:
                users.change_user(session, user.id, actor="test", now=self.clock(), what="user changed", **values)
        return user

    def mail(self, raw: bytes) -> MailId:
        """Walk a mail to the judge, as the daemon would; its documents are read for real."""
        self._mails += 1
        pipeline = self.house.pipeline
        pipeline.take_in(Arrival(CopyKey("prueba", "INBOX", 1, self._mails), self.clock(), len(raw), raw))
        with self.house.database.reading() as session:
            mail_id = MailId(max(int(one) for one in records.all_mails(session)))
        pipeline.read(mail_id)
        with self.house.database.session() as session:
            pipeline.judge(session, mail_id)
        return mail_id

    def events(self) -> list[EventRow]:
        """The whole audit trail."""
        with self.house.database.reading() as session:
            found = list(session.exec(select(EventRow).order_by(EventRow.id)))  # type: ignore[arg-type]
            session.expunge_all()
            return found


@contextmanager
def web_house(
    directory: Path, *, cases: bool = True, web: str = "", more: str = "", clock: Clock | None = None
) -> Iterator[WebHouse]:
    """Open one in `directory`; `web` are lines for the [web] section, `more` further sections."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "config.toml"
    files = f'[files]\nstate_directory = "state"\nrules_directory = "{without_lots()}"\n'
    text = f"{files}\n[daemon]\narmed = true\n\n[web]\nport = 0\n{web}\n{more}\n"
    path.write_text(text, "utf-8")
    clock = clock or Clock()
    with open_house(configuration.load(path), clock=clock) as house:
        if cases:
            write_case_list(directory / "cases.csv")
            import_cases(house.database, directory / "cases.csv", house.book)
        yield WebHouse(house, clock)


class Visitor(httpx.AsyncClient):
    """A browser without a window: same-origin requests, its own cookies, the form token of the last page."""

    def __init__(self, house: House, *, base_url: str = ORIGIN, address: str = "127.0.0.1", **headers: str) -> None:
        self.site = house.site()
        super().__init__(
            transport=httpx.ASGITransport(app=self.site, raise_app_exceptions=False, client=(address, 4711)),  # type: ignore[arg-type]
            base_url=base_url,
            headers={"Sec-Fetch-Site": "same-origin"} | headers,
        )
        self.form_token = ""

    async def log_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        """Log in; the token of the page that follows is kept."""
        response = await self.post("/entrar", data={"name": name, "password": password, "volver": "/"})
        if response.status_code == 303:
            await self.see("/cuenta")
        return response

    async def see(self, path: str) -> httpx.Response:
        """A page; its form token is kept."""
        response = await self.get(path)
        if found := re.search(r'name="token" value="([0-9a-f]+)"', response.text):
            self.form_token = found[1]
        return response

    async def submit(self, path: str, **form: object) -> httpx.Response:
        """Post a form with its token."""
        return await self.post(path, data={"token": self.form_token} | form)  # type: ignore[arg-type]
