"""The web house over ASGI: who may do what on every route, getting in, the wall, the words."""

from __future__ import annotations

import io
import re
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyotp
import pytest
from babel.messages.extract import extract_from_dir
from servers import certificate
from webhouse import ORIGIN, PASSWORD, Visitor, WebHouse, web_house

from evidence_daemon import config as configuration
from evidence_daemon.errors import BadConfig
from evidence_daemon.model import DocumentKind, EquipmentType, Role
from evidence_daemon.store import users
from evidence_daemon.web import auth, frame, site, words
from evidence_daemon.web.access import MAY, NEEDS, Open, Permission, may
from evidence_daemon.web.security import POLICY

PACKAGE = Path(site.__file__).parent


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebHouse]:
    """One house for all tests that change nothing which others look at."""
    with web_house(tmp_path_factory.mktemp("web")) as house:
        for role in Role:
            house.person(role.value, role)
        yield house


@pytest.fixture
def own(tmp_path: Path) -> Iterator[WebHouse]:
    """A house for one test."""
    with web_house(tmp_path, cases=False) as house:
        yield house


# ── who may do what ──────────────────────────────────────────────────────────────────────────────


def test_every_route_says_what_it_needs_and_nothing_else_does() -> None:
    assert sorted(NEEDS) == site.routes()


def test_every_role_has_its_line_and_the_auditor_changes_nothing() -> None:
    assert set(MAY) == set(Role)
    changes = {Permission.TAKE_DOWN, Permission.DECIDE, Permission.APPROVE, Permission.CHANGE_USERS}
    changes |= {Permission.RUN_CAMPAIGNS, Permission.APPROVE_CAMPAIGNS}
    assert not MAY[Role.AUDITOR] & changes
    assert MAY[Role.CONSULTA] == {Permission.LOOK_UP, Permission.TAKE_DOWN}


EXPECTED = {
    Role.CONSULTA: {"look_up", "take_down"},
    Role.REVISOR: {"look_up", "take_down", "see_queue", "decide", "see_originals"},
    Role.APROBADOR: {"look_up", "take_down", "see_queue", "decide", "see_originals", "approve", "see_campaigns"}
    | {"approve_campaigns"},
    Role.SUPERVISOR: {each.value for each in Permission},
    Role.AUDITOR: {"look_up", "see_queue", "see_originals", "see_figures", "see_history", "see_users", "see_campaigns"},
}
"""Who may do what, written down a second time: a change of the table must be meant."""


def test_the_roles_may_do_what_was_agreed() -> None:
    assert {role: {one.value for one in MAY[role]} for role in Role} == EXPECTED


def _filled(path: str) -> str:
    """A path with something in its blanks that leads nowhere."""
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda blank: "999999" if blank[1].endswith("id") else "nada", path)


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_gets_in_where_the_table_says_and_nowhere_else(house: WebHouse, role: Role) -> None:
    async with Visitor(house.house) as visitor:
        await visitor.log_in(role.value)
        for route, needs in NEEDS.items():
            method, path = route.split()
            if route in {"POST /salir", "POST /entrar", "POST /cuenta/sesiones"}:
                continue  # they would end the session; each has a test of its own
            allowed = may(role, needs) if isinstance(needs, Permission) else True
            response = await visitor.request(
                method, _filled(path), data=None if method == "GET" else {"token": visitor.form_token}
            )
            assert (response.status_code != 403) is allowed, (route, role, response.status_code)
            assert response.status_code < 500, (route, response.text)


async def test_without_a_login_every_route_leads_to_it_or_is_open_on_purpose(house: WebHouse) -> None:
    async with Visitor(house.house) as stranger:
        for route, needs in NEEDS.items():
            method, path = route.split()
            response = await stranger.request(method, _filled(path))
            to_login = response.status_code == 303 and response.headers["location"].startswith("/entrar")
            assert to_login is (needs is not Open.EVERYBODY), route


async def test_a_route_that_nobody_entered_in_the_table_is_closed_to_everybody(
    house: WebHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(frame.NEEDS, "GET /usuarios")  # type: ignore[arg-type]
    async with Visitor(house.house) as visitor:
        await visitor.log_in("supervisor")
        assert (await visitor.get("/usuarios")).status_code == 403


@pytest.mark.parametrize("route", sorted(route for route in NEEDS if route.startswith("POST")))
async def test_no_form_is_taken_from_another_site_or_without_its_token(house: WebHouse, route: str) -> None:
    path = _filled(route.split()[1])
    async with Visitor(house.house) as visitor:
        await visitor.log_in("supervisor")
        for strange in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"}):
            response = await visitor.post(path, data={"token": visitor.form_token}, headers=strange)
            assert response.status_code == 403, strange
        if NEEDS[route] is not Open.EVERYBODY:
            assert (await visitor.post(path, data={"token": "0" * 64})).status_code == 403
            assert (await visitor.post(path)).status_code == 403


# ── the wall ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": ORIGIN}, 401),
        ({"Origin": "https://mala.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": ORIGIN}, 403),
    ],
)
async def test_a_browser_without_fetch_metadata_is_known_by_its_origin(
    house: WebHouse, headers: dict[str, str], status: int
) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=house.house.site()), base_url=ORIGIN) as bare:  # type: ignore[arg-type]
        response = await bare.post("/entrar", data={"name": "nadie", "password": "nada"}, headers=headers)
    assert response.status_code == status


async def test_a_name_that_is_not_ours_is_refused(house: WebHouse) -> None:
    async with Visitor(house.house) as visitor:
        assert (await visitor.get("/entrar", headers={"Host": "mala.example"})).status_code == 400
        assert (await visitor.get("/entrar", headers={"Host": "[::1"})).status_code == 400
        assert (await visitor.get("/entrar", headers={"Host": "localhost:9999"})).status_code == 200


async def test_every_answer_carries_the_strict_policy(house: WebHouse) -> None:
    async with Visitor(house.house) as visitor:
        await visitor.log_in("supervisor")
        for path in ("/", "/entrar", "/cuenta", "/usuarios", "/nada", "/static/site.css", "/static/nada.css"):
            headers = (await visitor.get(path)).headers
            assert headers["content-security-policy"] == POLICY
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cache-control"] == "no-store" or path == "/static/site.css"
    assert "unsafe" not in POLICY


async def test_too_much_is_refused_whatever_was_announced(house: WebHouse) -> None:
    async def flood():  # type: ignore[no-untyped-def]
        for _ in range(30):
            yield b"x" * 100_000

    async with Visitor(house.house) as visitor:
        announced = await visitor.post("/entrar", content=b"x" * 2_000_000)
        kind = {"content-type": "application/x-www-form-urlencoded"}
        unannounced = await visitor.post("/entrar", content=flood(), headers=kind)
    assert announced.status_code == 413
    assert unannounced.status_code == 413


def test_what_browsers_get_is_what_was_pinned() -> None:
    import hashlib

    content, _kind = frame.static_files()["htmx-4.0.1.min.js"]
    assert hashlib.sha256(content).hexdigest() == "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"
    assert (PACKAGE / "static" / "htmx-4.0.1.LICENSE.txt").read_text("utf-8").startswith("Zero-Clause BSD")


def test_no_template_has_anything_inline_or_unescaped() -> None:
    for path in (PACKAGE / "templates").iterdir():
        text = path.read_text("utf-8")
        for forbidden in (
            r"\sstyle\s*=",
            r"""\son[a-z]+\s*=\s*["']""",
            r"<style",
            r"\|\s*safe",
            r"javascript:",
            r"<script(?![^>]*\ssrc=)",
        ):
            assert not re.search(forbidden, text, re.I), (path.name, forbidden)


# ── getting in ───────────────────────────────────────────────────────────────────────────────────


async def test_a_login_gives_a_new_session_and_the_old_one_ends(own: WebHouse) -> None:
    own.person("ana", Role.REVISOR)
    async with Visitor(own.house) as visitor:
        await visitor.log_in("ana")
        first = visitor.cookies["sesion"]
        await visitor.submit("/entrar", name="ana", password=PASSWORD)
        second = visitor.cookies["sesion"]
        assert second != first
        visitor.cookies.set("sesion", first)
        assert (await visitor.get("/cuenta")).status_code == 303


async def test_only_the_digest_of_a_session_is_kept(own: WebHouse) -> None:
    own.person("ana", Role.REVISOR)
    async with Visitor(own.house) as visitor:
        await visitor.log_in("ana")
        cookie = visitor.cookies["sesion"].encode()
    database = own.house.config.state_directory
    assert cookie not in b"".join(path.read_bytes() for path in database.glob("evidence.db*"))


async def test_a_session_ends_when_idle_and_at_the_end_of_the_shift(own: WebHouse) -> None:
    own.person("ana", Role.REVISOR)
    async with Visitor(own.house) as visitor:
        await visitor.log_in("ana")
        own.clock.turn(minutes=29)
        assert (await visitor.get("/cuenta")).status_code == 200
        own.clock.turn(minutes=29)
        assert (await visitor.get("/cuenta")).status_code == 200
        own.clock.turn(minutes=31)
        assert (await visitor.get("/cuenta")).status_code == 303
        await visitor.log_in("ana")
        for _ in range(23):
            own.clock.turn(minutes=25)
            assert (await visitor.get("/cuenta")).status_code == 200
        own.clock.turn(minutes=26)
        assert (await visitor.get("/cuenta")).status_code == 303


async def test_who_leaves_is_out_and_his_cookie_is_worth_nothing(own: WebHouse) -> None:
    own.person("ana", Role.REVISOR)
    async with Visitor(own.house) as visitor:
        await visitor.log_in("ana")
        cookie = visitor.cookies["sesion"]
        await visitor.submit("/salir")
        visitor.cookies.set("sesion", cookie)
        assert (await visitor.get("/cuenta")).status_code == 303


async def test_a_disabled_user_is_out_at_once(own: WebHouse) -> None:
    ana = own.person("ana", Role.REVISOR)
    async with Visitor(own.house) as visitor:
        await visitor.log_in("ana")
        with own.house.database.session() as session:
            users.change_user(session, ana.id, actor="test", now=own.clock(), what="x", disabled_at=own.clock())
        assert (await visitor.get("/cuenta")).status_code == 303
        assert (await visitor.log_in("ana")).status_code == 401


async def test_five_wrong_passwords_make_a_user_wait_even_with_the_right_one(own: WebHouse) -> None:
    own.person("ana", Role.REVISOR)
    own.person("eva", Role.REVISOR)
    async with Visitor(own.house) as visitor:
        for _ in range(5):
            assert (await visitor.log_in("ANA", "no es esta")).status_code == 401
        assert (await visitor.log_in("ana")).status_code == 429
        assert (await visitor.log_in("eva")).status_code == 303
        own.clock.turn(minutes=16)
        assert (await visitor.log_in("ana")).status_code == 303


async def test_nobody_locks_a_colleague_out_from_one_place(own: WebHouse) -> None:
    own.person("ana", Role.REVISOR)
    async with Visitor(own.house, address="192.0.2.66") as thief, Visitor(own.house, address="192.0.2.7") as ana:
        answers = [(await thief.log_in("ana", "no es esta")).status_code for _ in range(30)]
        assert answers == [401] * 5 + [429] * 25
        assert (await ana.log_in("ana")).status_code == 303


async def test_one_address_that_tries_many_names_has_to_wait(tmp_path: Path) -> None:
    with web_house(tmp_path, cases=False, web="address_tries = 3") as house:
        house.person("ana", Role.REVISOR)
        async with Visitor(house.house) as visitor:
            for name in ("uno", "ana", "dos"):  # ana is right: that does not use up her office's tries
                await visitor.log_in(name, PASSWORD)
            assert (await visitor.log_in("tres")).status_code == 401
            assert (await visitor.log_in("ana")).status_code == 429


async def test_an_unknown_name_gets_the_same_answer_in_the_same_time(own: WebHouse) -> None:
    import time

    ana = own.person("ana", Role.REVISOR)
    kept = auth.hash_password(PASSWORD)
    with own.house.database.session() as session:
        users.change_user(session, ana.id, actor="test", now=own.clock(), what="x", password_hash=kept)

    async def spent(name: str) -> tuple[float, int, str]:
        begun = time.process_time()
        response = await visitor.log_in(name, "no es esta")
        return time.process_time() - begun, response.status_code, response.text.replace(name, "")

    async with Visitor(own.house) as visitor:
        await spent("ana")
        known, unknown = await spent("ana"), await spent("nadie")
    assert known[1:] == unknown[1:]
    assert 0.4 < unknown[0] / known[0] < 2.5


async def test_the_second_factor_is_asked_before_anything_opens_and_no_code_counts_twice(own: WebHouse) -> None:
    own.person("ana", Role.SUPERVISOR)
    async with Visitor(own.house) as visitor:
        await visitor.log_in("ana")
        page = await visitor.see("/cuenta/codigo")
        secret = re.search(r'class="mono">([A-Z2-7 ]+)<', page.text)[1].replace(" ", "")  # type: ignore[index]
        picture = await visitor.get("/cuenta/codigo.svg")
        assert picture.headers["content-type"] == "image/svg+xml"
        totp = pyotp.TOTP(secret)
        assert (await visitor.submit("/cuenta/codigo", code="000000")).status_code == 400
        code = totp.at(own.clock())
        assert (await visitor.submit("/cuenta/codigo", code=code)).status_code == 303
        assert (await visitor.get("/cuenta/codigo.svg")).status_code == 404
    async with Visitor(own.house) as visitor:
        response = await visitor.log_in("ana")
        assert response.headers["location"].startswith("/entrar/codigo")
        half = visitor.cookies["sesion"]
        assert (await visitor.get("/usuarios")).headers["location"].startswith("/entrar/codigo")
        await visitor.see("/entrar/codigo")
        assert (await visitor.submit("/entrar/codigo", code=code)).status_code == 401, "it was used when it was set up"
        own.clock.turn(seconds=30)
        assert (await visitor.submit("/entrar/codigo", code=totp.at(own.clock()))).status_code == 303
        assert visitor.cookies["sesion"] != half
        assert (await visitor.get("/usuarios")).status_code == 200


async def test_codes_cannot_be_guessed_on_and_on(own: WebHouse) -> None:
    own.person("ana", Role.REVISOR, totp_secret=pyotp.random_base32())
    async with Visitor(own.house) as visitor:
        await visitor.log_in("ana")
        await visitor.see("/entrar/codigo")
        answers = [(await visitor.submit("/entrar/codigo", code=f"{n:06d}")).status_code for n in range(7)]
    assert answers == [401] * 5 + [429] * 2


async def test_a_given_password_must_be_changed_before_anything_else(own: WebHouse) -> None:
    own.person("ana", Role.SUPERVISOR, must_change=True)
    async with Visitor(own.house) as visitor:
        await visitor.log_in("ana")
        assert (await visitor.get("/usuarios")).headers["location"] == "/cuenta/clave"
        await visitor.see("/cuenta/clave")
        new = "otra frase bien larga"
        for bad in ("corta", "ana y otras cosas", "aaaaaaaaaaaaaaaa", PASSWORD):
            refused = await visitor.submit("/cuenta/clave", old=PASSWORD, new=bad, again=bad)
            assert refused.status_code == 400, bad
        own.clock.turn(minutes=16)
        await visitor.see("/cuenta/clave")
        assert (await visitor.submit("/cuenta/clave", old=PASSWORD, new=new, again=new)).status_code == 303
        assert (await visitor.get("/usuarios")).status_code == 200
        assert (await visitor.log_in("ana", PASSWORD)).status_code == 401
        assert (await visitor.log_in("ana", new)).status_code == 303


async def test_nobody_is_led_away_from_the_site_after_his_login(own: WebHouse) -> None:
    own.person("ana", Role.REVISOR)
    async with Visitor(own.house) as visitor:
        for back in ("https://mala.example/", "//mala.example", "/\\mala.example", "\\\\mala.example", "/x\r\nA: b"):
            response = await visitor.submit("/entrar", name="ana", password=PASSWORD, volver=back)
            assert response.headers["location"] == "/", back
            await visitor.see("/cuenta")


async def test_over_https_cookies_belong_to_this_host_alone(tmp_path: Path) -> None:
    with web_house(tmp_path, cases=False, web='public_url = "https://evidencias.example"') as house:
        house.person("ana", Role.REVISOR)
        async with Visitor(house.house, base_url="https://evidencias.example") as visitor:
            response = await visitor.log_in("ana")
            cookie = response.headers["set-cookie"]
            assert cookie.startswith("__Host-sesion=")
            assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
            assert "Domain" not in cookie
            assert response.headers["strict-transport-security"]


# ── the people of the house ──────────────────────────────────────────────────────────────────────


async def test_a_supervisor_adds_somebody_resets_him_and_lets_him_out(own: WebHouse) -> None:
    own.person("jefa", Role.SUPERVISOR)
    async with Visitor(own.house) as boss:
        await boss.log_in("jefa")
        await boss.see("/usuarios")
        added = await boss.submit("/usuarios", name="Beto", display="Beto <b>Paz</b>", role="revisor")
        password = re.search(r'id="given">([^<]+)<', added.text)[1]  # type: ignore[index]
        assert "Beto &lt;b&gt;Paz&lt;/b&gt;" in added.text
        assert (await boss.submit("/usuarios", name="beto", role="revisor")).status_code == 409
        assert (await boss.submit("/usuarios", name="mal nombre", role="revisor")).status_code == 400
        assert (await boss.submit("/usuarios", name="otro", role="rey")).status_code == 400
        async with Visitor(own.house) as beto:
            assert (await beto.log_in("beto", password)).status_code == 303
            with own.house.database.reading() as session:
                number = users.user_named(session, "beto").user.id  # type: ignore[union-attr]
            reset = await boss.submit(f"/usuarios/{number}", act="password")
            again = re.search(r'id="given">([^<]+)<', reset.text)[1]  # type: ignore[index]
            assert (await beto.get("/cuenta/clave")).status_code == 303, "his session ended with the old password"
            assert (await beto.log_in("beto", password)).status_code == 401
            assert (await beto.log_in("beto", again)).status_code == 303
            await boss.submit(f"/usuarios/{number}", act="demand_code")
            await boss.submit(f"/usuarios/{number}", act="role", role="aprobador")
            await boss.submit(f"/usuarios/{number}", act="disable")
            assert (await beto.log_in("beto", again)).status_code == 401
        with own.house.database.reading() as session:
            beto_ = users.user_named(session, "beto").user  # type: ignore[union-attr]
        assert (beto_.role, beto_.totp_demanded, beto_.disabled_at is not None) == (Role.APROBADOR, True, True)
        assert (await boss.submit(f"/usuarios/{number}", act="nada")).status_code == 400
        assert (await boss.get("/usuarios/4711")).status_code == 404


async def test_a_demanded_second_factor_comes_before_anything_else(own: WebHouse) -> None:
    own.person("ana", Role.REVISOR, totp_demanded=True)
    async with Visitor(own.house) as visitor:
        await visitor.log_in("ana")
        assert (await visitor.get("/cuenta")).headers["location"] == "/cuenta/codigo"
        assert (await visitor.get("/cuenta/codigo")).status_code == 200


async def test_nobody_changes_his_own_role_or_shuts_himself_out(own: WebHouse) -> None:
    boss = own.person("jefa", Role.SUPERVISOR)
    async with Visitor(own.house) as visitor:
        await visitor.log_in("jefa")
        for act in ("disable", "role", "password", "remove_code"):
            assert (await visitor.submit(f"/usuarios/{boss.id}", act=act, role="consulta")).status_code == 403


async def test_every_change_of_a_user_is_in_the_history_without_secrets(own: WebHouse) -> None:
    own.person("jefa", Role.SUPERVISOR)
    async with Visitor(own.house) as boss:
        await boss.log_in("jefa")
        await boss.see("/usuarios")
        added = await boss.submit("/usuarios", name="beto", role="revisor")
        password = re.search(r'id="given">([^<]+)<', added.text)[1]  # type: ignore[index]
    events = own.events()
    assert ("persona:jefa", "user added") in [(event.actor, event.action) for event in events]
    assert ("persona:jefa", "login") in [(event.actor, event.action) for event in events]
    assert password not in "".join(event.detail for event in events)


# ── settings ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ('address = "0.0.0.0"', "without TLS"),
        ('address = "192.0.2.7"\ntls_certificate_file = "x.pem"', "belong together"),
        ('public_url = "http://evidencias.example"', "https://"),
        ('public_url = "https://evidencias.example/desk"', "without a path"),
    ],
)
def test_a_house_that_would_show_passwords_to_the_network_does_not_open(lines: str, fault: str) -> None:
    with pytest.raises(BadConfig, match=fault):
        configuration.parse(f"[web]\n{lines}\n", Path("config.toml"))


def test_beyond_loopback_it_listens_with_tls_or_when_somebody_says_so() -> None:
    for lines in ('tls_certificate_file = "a"\ntls_key_file = "b"', "plain_beyond_loopback = true"):
        configuration.parse(f'[web]\naddress = "0.0.0.0"\n{lines}\n', Path("config.toml"))


# ── words ────────────────────────────────────────────────────────────────────────────────────────


def _msgids() -> Iterator[tuple[str, object, object]]:
    methods = [("templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
    options = {"templates/**.html": {"extensions": "jinja2.ext.do", "newstyle_gettext": "true"}}
    for name, _line, message, _comments, context in extract_from_dir(PACKAGE, methods, options):
        yield name, message, context


def test_every_text_has_its_spanish() -> None:
    spanish = words.translations()
    missing = []
    count = 0
    for name, message, context in _msgids():
        count += 1
        if isinstance(message, tuple):
            found = spanish.ngettext(message[0], message[1], 2) != message[1]
        elif context:
            found = spanish.pgettext(context, message) != message
        else:
            found = message in spanish._catalog  # type: ignore[attr-defined]
        if not found:
            missing.append((name, message))
    assert count > 100
    assert missing == []


def test_every_menu_entry_and_every_role_has_its_spanish() -> None:
    from evidence_daemon.web.access import MENU

    catalog = words.translations()._catalog  # type: ignore[attr-defined]
    assert [link.text for link in MENU if link.text not in catalog] == []


def test_no_spanish_is_left_over_or_doubtful() -> None:
    from babel.messages.pofile import read_po

    used = set()
    for _name, message, _context in _msgids():
        used.add(message[0] if isinstance(message, tuple) else message)
    seen: dict[object, str] = {}
    for path in sorted((PACKAGE / "locale" / "es_EC").glob("*.po")):
        for message in read_po(io.BytesIO(path.read_bytes())):
            if not message.id:
                continue
            key = (message.context, message.id if isinstance(message.id, str) else message.id[0])
            assert key not in seen, f"{key} stands in {seen[key]} and in {path.name}"
            assert not message.fuzzy, key
            seen[key] = path.name


def test_equal_codes_of_different_fields_keep_their_own_words() -> None:
    assert DocumentKind.OTRO == EquipmentType.OTRO  # type: ignore[comparison-overlap]
    for _turn in range(2):
        assert (words.word(DocumentKind.OTRO), words.word(EquipmentType.OTRO)) == ("otro documento", "otro")


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (words.money(123456), "$1.234,56"),
        (words.money(-5), "$-0,05"),
        (words.whole(12345), "12.345"),
        (words.span(0), "0 min"),
        (words.span(3 * 3600 + 20 * 60), "3 h 20 min"),
        (words.span(52 * 3600), "2 d 4 h"),
        (words.ngettext("%(num)s session was ended.", "%(num)s sessions were ended.", 1), "Se cerró 1 sesión."),
        (
            words.ngettext("%(num)s session was ended.", "%(num)s sessions were ended.", 1200),
            "Se cerraron 1.200 sesiones.",
        ),
    ],
)
def test_numbers_money_and_plurals_are_those_of_ecuador(shown: str, text: str) -> None:
    assert shown.replace("\xa0", " ") == text


def test_moments_are_told_in_ecuador_s_time() -> None:
    from datetime import UTC, date, datetime

    moment = datetime(2026, 11, 23, 3, 5, tzinfo=UTC)
    assert words.moment(moment) == "22 nov 2026, 22:05"
    assert words.day(moment) == "22 nov 2026"
    assert words.long_day(date(2026, 11, 22)) == "domingo, 22 de noviembre de 2026"
    assert words.short_day(date(2026, 1, 5)) == "5/1"


# ── small things ─────────────────────────────────────────────────────────────────────────────────


async def test_a_visitor_chooses_light_or_dark_without_a_script(house: WebHouse) -> None:
    async with Visitor(house.house) as visitor:
        assert "data-theme" not in (await visitor.get("/entrar")).text
        response = await visitor.post("/tema", data={"tema": "dark", "volver": "/entrar"})
        assert response.headers["location"] == "/entrar"
        assert '<html lang="es-EC" data-theme="dark">' in (await visitor.get("/entrar")).text
        await visitor.post("/tema", data={"tema": '"><script>', "volver": "/entrar"})
        assert "data-theme" not in (await visitor.get("/entrar")).text


async def test_a_message_for_the_next_page_cannot_be_forged(house: WebHouse) -> None:
    async with Visitor(house.house) as visitor:
        await visitor.log_in("consulta")
        await visitor.submit("/cuenta/atajos", shortcuts="1")
        assert "Guardado." in (await visitor.get("/cuenta")).text
        assert "Guardado." not in (await visitor.get("/cuenta")).text
        visitor.cookies.set("aviso", "WyJQYWd1ZSBhcXXDrSIsIGZhbHNlXQ==." + "0" * 64)
        assert 'class="notice' not in (await visitor.get("/cuenta")).text


async def test_trouble_is_told_without_a_word_of_what_happened_inside(
    house: WebHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("secreto de dentro")

    async with Visitor(house.house) as visitor:
        await visitor.log_in("supervisor")
        monkeypatch.setattr(users, "all_users", break_down)
        response = await visitor.get("/usuarios")
    assert response.status_code == 500
    assert "secreto" not in response.text
    assert "Algo falló de nuestro lado" in response.text


async def test_the_house_says_that_it_lives(house: WebHouse) -> None:
    async with Visitor(house.house) as visitor:
        assert (await visitor.get("/salud")).text == "ok"


def test_it_serves_https_itself(tmp_path: Path) -> None:
    ca = certificate(tmp_path)
    lines = f'tls_certificate_file = "{ca}"\ntls_key_file = "{ca.with_name("key.pem")}"'
    with web_house(tmp_path, cases=False, web=lines) as house, house.house.web() as server:
        house.person("ana", Role.REVISOR)
        url = server.url.replace("127.0.0.1", "localhost")
        trust = ssl.create_default_context(cafile=str(ca))
        with httpx.Client(base_url=url, verify=trust, headers={"Sec-Fetch-Site": "same-origin"}) as browser:
            assert url.startswith("https://")
            answer = browser.post("/entrar", data={"name": "ana", "password": PASSWORD})
            assert answer.headers["set-cookie"].startswith("__Host-sesion=")
            assert browser.get("/cuenta").status_code == 200


def test_it_listens_and_stops_cleanly(house: WebHouse) -> None:
    with house.house.web() as server:
        assert httpx.get(f"{server.url}/salud").text == "ok"
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/salud")
