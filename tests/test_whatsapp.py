"""Messages by the Cloud API: what is asked, what each answer means, webhooks, conversations, templates."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cloudhouse import BOOK, Running, sandboxed

from evidence_daemon.demo.cloud import Sandbox
from evidence_daemon.model import AttemptId
from evidence_daemon.outreach.channel import Accepted, Halted, Lost, Message, Refused, Sent, Throttled
from evidence_daemon.outreach.codes import CODES, Kind, meaning
from evidence_daemon.outreach.whatsapp import BRAKE_SAMPLE, TRIES, WhatsApp, template_message, text_message


@pytest.fixture(scope="module")
def cloud() -> Iterator[Running]:
    with sandboxed() as running:
        yield running


def message(number: int = 10, **other: Any) -> Message:
    values = {"nombre": "Juan", "servicio": "Internet Fijo", "numero_servicio": "12345", "retiro": "10-5-2020"}
    fields = {
        "attempt": AttemptId(f"e1-{number}-WHATSAPP-1"), "phone": f"+5939870{number:05d}",
        "script": "whatsapp-cargados", "text": "Hola", "values": values, "template": "equipos_valores_cargados_v1",
        "language": "es",
    }  # fmt: skip
    return Message(**(fields | other))  # type: ignore[arg-type]


def sends(running: Running, *messages: Message, answer_seconds: float = 20.0, **account: Any) -> list[Sent]:
    """Hand them over one after the other, by one driver."""

    async def run() -> list[Sent]:
        driver = WhatsApp(running.cloud(answer_seconds=answer_seconds, **account))
        await driver.open()
        try:
            return [await driver.send(one) for one in messages]
        finally:
            await driver.close()

    return asyncio.run(run())


# ── the driver ───────────────────────────────────────────────────────────────────────────────────


def test_a_message_is_asked_for_exactly_as_the_api_describes_it() -> None:
    assert template_message(message()) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "593987000010",
        "type": "template",
        "template": {
            "name": "equipos_valores_cargados_v1",
            "language": {"policy": "deterministic", "code": "es"},
            "components": [
                {
                    "type": "body",
                    "parameters": [
                        {"type": "text", "text": "Juan"},
                        {"type": "text", "text": "Internet Fijo"},
                        {"type": "text", "text": "12345"},
                        {"type": "text", "text": "10-5-2020"},
                    ],
                }
            ],
        },
        "biz_opaque_callback_data": "e1-10-WHATSAPP-1",
    }
    assert text_message("+593987000010", "Gracias", "r")["to"] == "593987000010"
    assert text_message("EC.123", "Gracias", "r")["recipient"] == "EC.123"


def test_a_message_that_is_taken_is_known_by_the_providers_name(cloud: Running) -> None:
    before = len(cloud.sandbox.taken)
    (sent,) = sends(cloud, message(20))
    assert isinstance(sent, Accepted)
    (taken,) = cloud.sandbox.taken[before:]
    assert (taken.wamid, taken.tracker, taken.to) == (sent.provider_id, "e1-20-WHATSAPP-1", "593987000020")


ANSWERS = [
    ("130429 always", Throttled("130429", 0.0, again=1.0)),
    ("130429+7 always", Throttled("130429", 7.0, again=7.0)),
    ("4 always", Throttled("4", 0.0, again=1.0)),
    ("80007 always", Throttled("80007", 0.0, again=1.0)),
    ("131056 always", Throttled("131056", 0.0, again=1.0, alone=True)),
    ("500 always", Throttled("131000", 0.0, again=2.0, alone=True)),
    ("131016 always", Throttled("131016", 0.0, again=2.0, alone=True)),
    *((f"{code} always", Halted) for code in (131048, 131064, 368, 131031, 130497, 131042, 190, 10, 131005, 133010,
                                              131057, 131045)),
    *((f"{code} always", "script") for code in (132000, 132001, 132005, 132007, 132008, 132012, 132018, 131008, 131009,
                                                100, 132015, 132016, 131047, 999999)),
    ("131026 always", "SIN_WHATSAPP"),
    ("131049 always", "NO_ENTREGADO"),
    ("130472 always", "NO_ENTREGADO"),
    ("131050 always", "BAJA"),
    ("lost always", Lost),
    ("dropped always", Lost),
    ("502 always", Lost),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "expected"), ANSWERS, ids=[str(one[0]) for one in ANSWERS])
def test_each_answer_means_what_the_table_says(cloud: Running, fault: str, expected: Any) -> None:
    with ordered(cloud.sandbox, fault):
        (sent,) = sends(cloud, message(30))
    if isinstance(expected, Throttled):
        assert sent == expected
    elif expected is Lost:
        assert isinstance(sent, Lost)
    elif expected is Halted or expected == "script":
        assert isinstance(sent, Halted)
        assert sent.script_only == (expected == "script")
    else:
        assert isinstance(sent, Refused)
        assert (sent.result, sent.suppress) == (expected, expected == "BAJA")
        assert sent.phone_is_wrong == (expected == "SIN_WHATSAPP")


class ordered:  # noqa: N801  # reads as a word
    def __init__(self, sandbox: Sandbox, *faults: str) -> None:
        from evidence_daemon.demo.cloud_faults import Rule

        self.sandbox, self.rules = sandbox, [Rule.read(text) for text in faults]

    def __enter__(self) -> None:
        self.sandbox.rules = self.rules

    def __exit__(self, *_: object) -> None:
        self.sandbox.rules = []


def test_one_customer_waits_four_times_longer_each_time_and_others_do_not(cloud: Running) -> None:
    with ordered(cloud.sandbox, "131056 next 6"):
        waits = sends(cloud, *[message(40)] * 6, message(41))
    assert [one.again for one in waits[:-1] if isinstance(one, Throttled)] == [1.0, 4.0, 16.0, 64.0, 256.0, 256.0]
    assert isinstance(waits[-1], Accepted)


def test_the_providers_own_trouble_is_met_a_few_times_and_then_counts_as_not_delivered(cloud: Running) -> None:
    with ordered(cloud.sandbox, "500 always"):
        found = sends(cloud, *[message(50)] * TRIES)
    waits = [one.again for one in found[:-1] if isinstance(one, Throttled)]
    assert waits == sorted(waits)
    assert len(waits) == TRIES - 1
    assert isinstance(found[-1], Refused)


def test_where_nobody_listens_nothing_was_taken(cloud: Running) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        (sent,) = sends(cloud, message(), url=f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert isinstance(sent, Throttled)
    assert sent.alone


def test_an_answer_that_never_comes_is_lost() -> None:
    with sandboxed() as running, socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        (sent,) = sends(running, message(), answer_seconds=0.3, url=f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert isinstance(sent, Lost)


def test_a_wrong_token_stops_the_channel_and_burns_nobody(cloud: Running) -> None:
    (sent,) = sends(cloud, message(), token=lambda: "another")
    assert isinstance(sent, Halted)
    assert not sent.script_only


def test_an_object_that_is_not_there_is_the_graphs_400_and_stops_the_script(cloud: Running) -> None:
    (sent,) = sends(cloud, message(), phone_id="1")
    assert isinstance(sent, Halted)
    assert sent.code == "100"


def test_when_answer_after_answer_is_lost_the_channel_stops_by_itself(cloud: Running) -> None:
    with ordered(cloud.sandbox, "lost always"):
        found = sends(cloud, *(message(number) for number in range(BRAKE_SAMPLE + 1)))
    assert all(isinstance(one, Lost) for one in found[:-1])
    assert isinstance(found[-1], Halted)
    assert found[-1].code == "FRENO"


def test_a_code_that_nobody_knows_is_never_held_against_a_customer() -> None:
    for status in (400, 401, 403, 404, 429, 500, 503):
        assert meaning(987654, status).kind not in (Kind.PERSON, Kind.SOFT, Kind.OPT_OUT)
    assert meaning(987654, 0).kind is Kind.SOFT, "it was taken and is told as failed"
    assert all(one.because for one in CODES.values())


# ── the sandbox refuses what the schema refuses ──────────────────────────────────────────────────


def without(body: dict[str, Any], *path: str) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(body))
    inner = copy
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return copy


BAD = [
    without(template_message(message()), "messaging_product"),
    without(template_message(message()), "recipient_type"),
    without(template_message(message()), "to"),
    without(template_message(message()), "type"),
    without(template_message(message()), "template"),
    without(template_message(message()), "template", "name"),
    without(template_message(message()), "template", "language"),
    without(template_message(message()), "template", "language", "policy"),
    without(template_message(message()), "template", "language", "code"),
    template_message(message()) | {"recipient_type": "everybody"},
    template_message(message()) | {"to": 593987000010},
]


@pytest.mark.parametrize("body", BAD, ids=[str(number) for number in range(len(BAD))])
def test_a_request_with_a_fault_is_refused(cloud: Running, body: dict[str, Any]) -> None:
    import httpx

    url = f"{cloud.url}/v25.0/{cloud.sandbox.settings.phone_id}/messages"
    answer = httpx.post(url, json=body, headers={"Authorization": "Bearer sandbox"}, timeout=30)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] in (100, 131008)


TEMPLATE_FAULTS = [
    (message(values={"nombre": "Juan"}), 132000),
    (message(template="otra"), 132001),
    (message(language="en"), 132001),
    (message(values=dict.fromkeys("abcd", "x\ny")), 132018),
    (message(values=dict.fromkeys("abcd", "x     y")), 132018),
    (message(values=dict.fromkeys("abcd", "")), 131008),
]


@pytest.mark.parametrize(("wrong", "code"), TEMPLATE_FAULTS, ids=[str(one[1]) for one in TEMPLATE_FAULTS])
def test_a_template_with_a_fault_is_refused_and_its_script_stops(cloud: Running, wrong: Message, code: int) -> None:
    (sent,) = sends(cloud, wrong)
    assert isinstance(sent, Halted)
    assert (sent.code, sent.script_only) == (str(code), True)


def test_every_text_of_the_deck_is_sent_as_it_was_approved(cloud: Running) -> None:
    from evidence_daemon.outreach import script

    for key, one in BOOK.scripts.items():
        if one.template:
            _text, told = script.render(one, script.sample(BOOK.deadline))
            (sent,) = sends(cloud, message(script=key, values=told, template=one.template, language=one.language))
            assert isinstance(sent, Accepted), key


def signed(body: bytes, secret: str = "sandbox-secret") -> dict[str, str]:  # noqa: S107
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


@pytest.mark.parametrize(("token", "level"), [("sandbox", "well"), ("otra", "broken")])
def test_doctor_and_check_ask_the_account(tmp_path: Path, cloud: Running, token: str, level: str) -> None:
    from datetime import UTC, datetime

    from evidence_daemon.doctor import Doctor

    for name, secret in (("whatsapp_token", token), ("whatsapp_app_secret", "x"), ("whatsapp_verify_token", "y")):
        (tmp_path / name).write_text(secret)
        (tmp_path / name).chmod(0o600)
    settings = cloud.sandbox.settings
    (tmp_path / "config.toml").write_text(
        f'[whatsapp]\nphone_number_id = "{settings.phone_id}"\nbusiness_account_id = "{settings.business_id}"\n'
        f'api_url = "{cloud.url}"\nlisten_port = 8090\n'
    )
    from evidence_daemon import config

    found = list(Doctor(tmp_path / "config.toml", datetime.now(UTC))._whatsapp(config.load(tmp_path / "config.toml")))
    assert [one.level.value for one in found] == [level]
