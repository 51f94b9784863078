"""People who know the Cloud API and not us: Meta's own description, pywa, and webhooks that others wrote down."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from cloudhouse import BOOK, Running, sandboxed, until
from listening import Ear
from test_whatsapp import message

from evidence_daemon.outreach import script
from evidence_daemon.outreach.webhooks import Inbound, NumberChange, Status, TemplateNews, Unknown, is_signed, read
from evidence_daemon.outreach.whatsapp import template_message, text_message

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROOT = Path(__file__).parent.parent


def _data(*names: str) -> Path:
    """A file of the public test data beside the project; the test is skipped where it is not."""
    places = [Path(os.environ["EVIDENCE_TEST_DATA"])] if "EVIDENCE_TEST_DATA" in os.environ else []
    for place in (*places, ROOT.parent / "shared" / "data"):
        if (found := place.joinpath(*names)).exists():
            return found
    pytest.skip(f"{'/'.join(names)} is not here (EVIDENCE_TEST_DATA)")


@lru_cache
def schemas() -> dict[str, Any]:
    """Meta's description of the API: its schemas by name."""
    import yaml

    path = _data("meta-openapi", "business-messaging-api_v23.0.yaml")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with path.open(encoding="utf-8") as file:
        found: dict[str, Any] = yaml.load(file, Loader=loader)["components"]["schemas"]  # noqa: S506  # a safe one
    return found


def faults(name: str, instance: object) -> list[str]:
    from jsonschema import Draft202012Validator

    whole = {"components": {"schemas": schemas()}, "$ref": f"#/components/schemas/{name}"}
    return [f"{list(one.path)}: {one.message}" for one in Draft202012Validator(whole).iter_errors(instance)]


@pytest.fixture(scope="module")
def told() -> Iterator[tuple[Running, list[tuple[bytes, str]]]]:
    """A sandbox, and everything that it told by webhook: each ending and each kind of answer once."""
    with Ear() as ear, sandboxed(webhook=ear.url, photo=b"%PDF-1.4 acta", strict=False) as cloud:
        url = f"{cloud.url}/v25.0/{cloud.sandbox.settings.phone_id}/messages"
        with httpx.Client(headers={"Authorization": "Bearer sandbox"}, timeout=60) as sender:
            for tail in (*range(9), 10, 11):
                body = template_message(message(tail, phone=f"+5939870001{tail:02d}"))
                assert sender.post(url, json=body).status_code == 200
        cloud.do(lambda: cloud.sandbox.prefers("593987000110", "stop"))
        cloud.do(lambda: cloud.sandbox.decide("equipos_valores_cargados_v1", "PAUSED"))
        cloud.do(lambda: cloud.sandbox.decide("equipos_por_entregar_v1", "", category="MARKETING"))
        until(lambda: cloud.sandbox.untold == 0)
        yield cloud, list(ear.heard)


# ── Meta's own description ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("key", [key for key, one in BOOK.scripts.items() if one.template])
def test_each_request_is_valid_by_metas_description(key: str) -> None:
    one = BOOK.scripts[key]
    _text, values = script.render(one, script.sample(BOOK.deadline))
    asked = template_message(message(values=values, template=one.template, language=one.language))
    assert faults("TemplateMessage", asked) == []
    del asked["template"]["language"]["policy"]
    assert faults("TemplateMessage", asked), "the check can fail"


def test_an_answer_in_words_is_valid_by_metas_description() -> None:
    asked = text_message("+593987000010", "Gracias", "respuesta-1")
    assert faults("BaseMessageProperties", asked) == []
    # TextMessage itself closes each half against the other (additionalProperties in an allOf): only its own part counts
    own = schemas()["TextMessage"]["allOf"][1]["properties"]["text"]
    from jsonschema import Draft202012Validator

    assert list(Draft202012Validator(own).iter_errors(asked["text"])) == []


def test_what_the_sandbox_refuses_metas_description_refuses_too() -> None:
    from test_whatsapp import BAD

    for body in BAD:
        assert faults("TemplateMessage", body) or body.get("messaging_product") != "whatsapp", body


def test_each_status_and_error_of_the_sandbox_is_valid_by_metas_description(
    told: tuple[Running, list[tuple[bytes, str]]],
) -> None:
    cloud, heard = told
    seen = 0
    for raw, _signature in heard:
        for change in json.loads(raw)["entry"][0]["changes"]:
            if "statuses" in change["value"]:
                assert faults("StatusMessageValue", change["value"]) == []
                seen += 1
    assert seen >= 20
    answer = httpx.post(f"{cloud.url}/v25.0/1/messages", json={}, headers={"Authorization": "Bearer sandbox"})
    assert (answer.status_code, answer.json()["error"]["error_subcode"]) == (400, 33)
    assert faults("GraphAPIError", answer.json()) == []


# ── webhooks that others wrote down ──────────────────────────────────────────────────────────────


def _foreign() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(_data("whatsapp-webhooks").glob("*.json")):
        yield from ((f"{path.stem}.{name}", body) for name, body in json.loads(path.read_text("utf-8")).items())


def test_every_foreign_webhook_is_understood() -> None:
    kinds: dict[str, list[object]] = {}
    for name, body in _foreign():
        kinds[name] = list(read(json.dumps(body), NOW))
        assert kinds[name], name
    statuses = {name: found[0] for name, found in kinds.items() if name.startswith("message_status.")}
    assert len(statuses) == 7
    assert all(isinstance(one, Status) for one in statuses.values())
    with_tracker, failed = statuses["message_status.with_tracker"], statuses["message_status.failed"]
    assert isinstance(with_tracker, Status)
    assert with_tracker.tracker
    assert isinstance(failed, Status)
    assert failed.code == 131053 or failed.code > 100_000
    assert isinstance(kinds["system.phone_number_change"][0], NumberChange)
    assert isinstance(kinds["system.identity_change"][0], Unknown)
    for name, found in kinds.items():
        if name.startswith(("message.", "callback_button.")):
            assert isinstance(found[0], Inbound), name
    first = kinds["message.document"][0]
    assert isinstance(first, Inbound)
    assert first.media is not None
    assert (first.media.name, first.text) == ("filename.pdf", "caption")
    pressed = kinds["callback_button.quick_reply"][0]
    assert isinstance(pressed, Inbound)
    assert pressed.text


def test_no_webhook_however_torn_ends_in_anything_but_events_or_a_refusal() -> None:
    import random

    chance = random.Random(3)
    for _name, body in _foreign():
        text = json.dumps(body)
        for _ in range(15):
            torn = json.loads(text)
            here: Any = torn
            while isinstance(here, dict | list) and here:
                step = chance.choice(list(here)) if isinstance(here, dict) else chance.randrange(len(here))
                if chance.random() < 0.2:
                    here[step] = chance.choice([None, [], {}, "x", 7, [1], {"a": 1}])
                    break
                here = here[step]
            with contextlib.suppress(ValueError):
                read(json.dumps(torn), NOW)


def test_every_webhook_of_the_sandbox_is_understood_and_signed(told: tuple[Running, list[tuple[bytes, str]]]) -> None:
    kinds = set()
    for raw, signature in told[1]:
        assert is_signed(raw, signature, "sandbox-secret")
        assert raw.isascii(), "as Meta does it, everything beyond ASCII is escaped"
        kinds |= {type(event) for event in read(raw, NOW)}
    assert Unknown not in kinds
    assert {Status, Inbound, NumberChange, TemplateNews} <= kinds
    assert any(b"\\u00" in raw and b"\\ud83" in raw for raw, _signature in told[1]), "accents and emoji"


# ── pywa ─────────────────────────────────────────────────────────────────────────────────────────


PYWA_HEARS = (
    "on_message", "on_message_status", "on_callback_button", "on_phone_number_change", "on_template_status_update",
    "on_template_category_update", "on_user_marketing_preferences",
)  # fmt: skip


def test_pywa_understands_every_webhook_of_the_sandbox(told: tuple[Running, list[tuple[bytes, str]]]) -> None:
    import pywa
    from pywa import types

    cloud, heard = told
    seen: list[object] = []
    client = pywa.WhatsApp(
        phone_id=cloud.sandbox.settings.phone_id, token="sandbox", server=None, verify_token="x",
        app_secret="sandbox-secret", validate_updates=True, webhook_endpoint="/",
    )  # fmt: skip
    for kind in PYWA_HEARS:
        getattr(client, kind)()(lambda _client, update: seen.append(update))
    for raw, signature in heard:
        assert client.webhook_update_validator(raw, signature) is None
        assert client.webhook_update_handler(raw)[1] == 200
    refused = client.webhook_update_validator(heard[0][0], "sha256=" + "0" * 64)
    assert refused is not None
    assert refused[1] == 403
    until(lambda: len(seen) >= len(heard))
    statuses = [one for one in seen if isinstance(one, types.MessageStatus)]
    assert {one.tracker for one in statuses} >= {"e1-10-WHATSAPP-1", "e1-0-WHATSAPP-1"}
    assert any(one.error is not None for one in statuses)
    words = [one.text for one in seen if isinstance(one, types.Message) and one.text]
    assert any("Señorita" in text and "📦" in text for text in words)


def test_pywa_sends_to_the_sandbox() -> None:
    import pywa
    from pywa.types.templates import BodyText, TemplateLanguage

    with sandboxed(strict=False) as cloud:
        session = httpx.Client(timeout=60)
        client = pywa.WhatsApp(phone_id=cloud.sandbox.settings.phone_id, token="sandbox", session=session)
        session.base_url = cloud.url + "/v25.0"
        sent = client.send_template(
            to="593987000010", name="equipos_valores_cargados_v1", language=TemplateLanguage.SPANISH,
            params=[BodyText.params("Juan", "Internet Fijo", "12345", "10-5-2020")], tracker="att-1",
        )  # fmt: skip
        session.close()
        assert sent.id == cloud.sandbox.taken[0].wamid
        assert cloud.sandbox.taken[0].tracker == "att-1"
