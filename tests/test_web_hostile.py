"""What somebody who is logged in may send to break the house: it is refused or shown, and never breaks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from house import BORDER, CORPUS
from living import letter
from webhouse import Clock, Visitor, WebHouse, web_house

from evidence_daemon.exchange import import_cases
from evidence_daemon.model import MailId, Role
from evidence_daemon.store import records
from evidence_daemon.web import site

pytestmark = pytest.mark.anyio

GOOD = "0100000017//CEVALLOS LLUMIQUINGA LUCIA SOFIA//INTERNET"
RECEIPT = "EV-0000001-8"
ODD = (
    "9" * 5000,
    "-1",
    "٣",
    "\x00",
    "\r\nSet-Cookie: x=y",
    "€' OR 1=1 --",
    "//evil.example/",
    "../../../etc/passwd",
    '"><script>ran()</script>',
    "%00%ff",
    "{{ 7*7 }}",
    "a" * 20_000,
)
"""Words that no form of ours sends."""
FIELDS = (
    "verdict", "motivo", "equipo", "cargo", "por_cargo", "caso", "nota", "texto", "base", "vuelta", "pregunta", "clave",
    "luego", "porque", "dia", "carril", "elegido", "paso", "pregunta", "dice", "valor:asunto", "valor:0.serial",
    "desde", "hasta", "name", "role", "code",
)  # fmt: skip
"""Every field that a form of the desk has, and some of other pages."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebHouse]:
    more = f'[answers]\ntrusted_authserv_id = "{BORDER}"\n'
    clock = Clock(datetime(2021, 3, 17, 15, 0, tzinfo=UTC))
    directory = tmp_path_factory.mktemp("hostile")
    with web_house(directory, cases=False, web="lookups_per_minute = 1000", more=more, clock=clock) as house:
        import_cases(house.house.database, CORPUS / "cases.csv", house.house.book)
        house.person("supervisor", Role.SUPERVISOR)
        house.mail(letter(GOOD, text="No tengo el acta. Devolví el módem en Cuenca."))
        yield house


async def test_no_word_in_any_field_of_an_act_breaks_the_house(house: WebHouse) -> None:
    acts = [
        route.removeprefix("POST ").replace("{receipt}", RECEIPT)
        for route in site.routes()
        if route.startswith("POST /cola")
    ]
    assert f"/cola/{RECEIPT}/decidir" in acts
    async with Visitor(house.house) as one:
        await one.log_in("supervisor")
        for act, odd in itertools.product(acts, ODD):
            for piece in ({}, {"HX-Request": "true"}):
                form = {"token": one.form_token} | dict.fromkeys(FIELDS, odd) | {"verdict": "reverse"}
                answer = await one.post(act, data=form, headers=piece)
                assert answer.status_code < 500, (act, odd[:40])
                assert "set-cookie" not in answer.headers or "x=y" not in answer.headers["set-cookie"]
                for header in ("location", "hx-redirect"):
                    assert answer.headers.get(header, "/").startswith("/")
                    assert not answer.headers.get(header, "/").startswith("//")
                assert "<script>ran()" not in answer.text
    with house.house.database.reading() as session:
        assert len(records.explain(session, MailId(1)).decisions) == 1, "nothing of it decided anything"


async def test_no_address_breaks_the_house(house: WebHouse) -> None:
    async with Visitor(house.house) as one:
        await one.log_in("supervisor")
        for odd in ODD:
            for path in ("/cola", f"/cola/{RECEIPT}", "/cola/cuentas", "/cola/siguiente", "/panel", "/registro"):
                query = dict.fromkeys(
                    ("q", "campo", "carril", "motivo", "desde", "hasta", "caso", "hoja", "giro", "zoom", "quien"),
                    odd[:4500],
                )
                answer = await one.get(path, params=query)
                assert answer.status_code < 500, (path, odd[:40])
                assert "<script>ran()" not in answer.text
        for receipt in (
            "EV-99999999999999999999-3",
            "EV-" + "9" * 5000 + "-1",
            "EV-0-0",
            "x",
            "%2e%2e",
            "EV-0000001-7",
        ):
            for tail in ("", "/preparar", "/correo", "/adjunto/1", "/adjunto/999999999999999999999", "/pagina/x"):
                answer = await one.get(f"/cola/{receipt}{tail}")
                assert answer.status_code in {303, 404, 422}, (receipt[:40], tail)


async def test_a_mail_is_not_put_off_out_of_sight_and_a_reason_is_no_book(house: WebHouse) -> None:
    async with Visitor(house.house) as one:
        await one.log_in("supervisor")
        await one.submit(f"/cola/{RECEIPT}/posponer", dia="9999-12-31")
        assert "dentro de" in (await one.see(f"/cola/{RECEIPT}")).text
    with house.house.database.reading() as session:
        (question,) = records.explain(session, MailId(1)).reviews
    assert question.postponed_until is None
