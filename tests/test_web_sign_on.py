"""Single sign-on against a provider of our own: who gets in, and every token that must not be believed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
from identity_server import CLIENT, OTHER_KEY, SECRET, IdentityServer
from webhouse import Visitor, WebHouse, web_house

from evidence_daemon.model import Role
from evidence_daemon.store import users


@pytest.fixture
def provider() -> Iterator[IdentityServer]:
    with IdentityServer() as server:
        yield server


@pytest.fixture
def house(tmp_path: Path, provider: IdentityServer) -> Iterator[WebHouse]:
    secret = tmp_path / "sign_on_secret"
    secret.touch(mode=0o600)
    secret.write_text(SECRET, "utf-8")
    more = f'[sign_on]\nissuer = "{provider.url}"\nclient_id = "{CLIENT}"\nname = "la empresa"'
    with web_house(tmp_path, cases=False, more=more) as house:
        yield house


async def _come_in(visitor: Visitor, volver: str = "/cuenta") -> httpx.Response:
    """What a browser does: to the provider, and back."""
    out = await visitor.get(f"/entrar/unico?volver={volver}")
    assert out.status_code == 303
    async with httpx.AsyncClient() as browser:
        there = await browser.get(out.headers["location"])
    return await visitor.get(there.headers["location"].removeprefix(str(visitor.base_url)))


async def test_whoever_was_added_comes_in_and_is_known_by_his_sub_from_then_on(
    house: WebHouse, provider: IdentityServer
) -> None:
    house.person("ana", Role.REVISOR)
    async with Visitor(house.house) as visitor:
        assert "Ingresar con la empresa" in (await visitor.get("/entrar")).text
        back = await _come_in(visitor)
        assert (back.status_code, back.headers["location"]) == (303, "/cuenta")
        assert (await visitor.get("/cuenta")).status_code == 200
    provider.claims = {"preferred_username": "otro-nombre"}
    async with Visitor(house.house) as visitor:
        assert (await _come_in(visitor)).status_code == 303
    provider.claims = {"sub": "persona-2"}  # somebody else who took ana's name at the provider
    async with Visitor(house.house) as visitor:
        assert (await _come_in(visitor)).status_code == 403
        assert (await visitor.get("/cuenta")).status_code == 303


async def test_whoever_was_not_added_or_was_disabled_stays_outside(house: WebHouse) -> None:
    async with Visitor(house.house) as visitor:
        answer = await _come_in(visitor)
        assert answer.status_code == 403
        assert "no está registrado" in answer.text
    ana = house.person("ana", Role.REVISOR)
    with house.house.database.session() as session:
        users.change_user(session, ana.id, actor="test", now=house.clock(), what="x", disabled_at=house.clock())
    async with Visitor(house.house) as visitor:
        assert (await _come_in(visitor)).status_code == 403


async def test_a_second_factor_that_was_set_up_here_is_still_asked(house: WebHouse) -> None:
    house.person("ana", Role.REVISOR, totp_secret=pyotp.random_base32())
    async with Visitor(house.house) as visitor:
        assert (await _come_in(visitor)).headers["location"].startswith("/entrar/codigo")
        assert (await visitor.get("/cuenta")).headers["location"].startswith("/entrar/codigo")


async def test_a_token_that_is_not_for_us_now_is_not_believed(house: WebHouse, provider: IdentityServer) -> None:
    house.person("ana", Role.SUPERVISOR)
    strange: tuple[dict[str, Any], ...] = (
        {"aud": "otra-aplicacion"},
        {"iss": "https://otro.example"},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"nonce": "otro"},
        {"nonce": None},
        {"sub": None},
        {"azp": "otra-aplicacion"},
        {"email_verified": False},
    )
    for claims in strange:
        provider.claims = claims
        async with Visitor(house.house) as visitor:
            assert (await _come_in(visitor)).status_code == 403, claims
            assert (await visitor.get("/cuenta")).status_code == 303, claims
    provider.claims = {}
    async with Visitor(house.house) as visitor:
        assert (await _come_in(visitor)).status_code == 303, "the same person, with nothing strange"


async def test_a_token_signed_by_another_key_is_not_believed(house: WebHouse, provider: IdentityServer) -> None:
    house.person("ana", Role.SUPERVISOR)
    provider.key = OTHER_KEY
    async with Visitor(house.house) as visitor:
        assert (await _come_in(visitor)).status_code == 403


async def test_an_answer_that_this_browser_did_not_ask_for_is_refused(house: WebHouse) -> None:
    house.person("ana", Role.SUPERVISOR)
    async with Visitor(house.house) as thief, Visitor(house.house) as victim:
        out = await thief.get("/entrar/unico")
        async with httpx.AsyncClient() as browser:
            there = await browser.get(out.headers["location"])
        path = there.headers["location"].removeprefix(str(thief.base_url))
        assert (await victim.get(path)).status_code == 400, "the thief's code must not log the victim in as him"
        await victim.get("/entrar/unico")
        assert (await victim.get(path)).status_code == 400
        assert (await thief.get(path.replace("state=", "state=x"))).status_code == 400
        assert (await thief.get("/entrar/unico/vuelta?error=access_denied")).status_code == 400
        assert (await thief.get(path)).status_code == 303
        assert (await thief.get(path)).status_code == 400, "a code is good once"


async def test_a_provider_that_is_away_or_another_is_told_as_busy(tmp_path: Path, provider: IdentityServer) -> None:
    for issuer in ("http://127.0.0.1:9", provider.url):
        provider.issuer = "https://otro.example"
        here = tmp_path / issuer[-4:]
        here.mkdir()
        (here / "sign_on_secret").touch(mode=0o600)
        with web_house(here, cases=False, more=f'[sign_on]\nissuer = "{issuer}"\nclient_id = "x"') as house:
            async with Visitor(house.house) as visitor:
                assert (await visitor.get("/entrar/unico")).status_code == 503


async def test_without_a_provider_there_is_no_such_way_in(tmp_path: Path) -> None:
    with web_house(tmp_path, cases=False) as house:
        async with Visitor(house.house) as visitor:
            assert (await visitor.get("/entrar/unico")).status_code == 404
            assert "unico" not in (await visitor.get("/entrar")).text
