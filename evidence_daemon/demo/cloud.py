"""A Cloud API of WhatsApp on this machine: for demonstrations and tests, with its faults made to order.

Takes messages and templates as the live one does, refuses what that refuses, and tells by signed webhooks what
became of each.  Nothing leaves the machine, and it shares no code with the program's own driver.

Its faults are rules (`cloud_faults`), worked off in their order.

What becomes of a message follows the last two digits of its number: 00 is not on WhatsApp, 01 is not delivered, 02 has
stopped our messages, 03 is switched off, 04 answers by the first button, 05 by the last one, 06 with a photo, 07 in
words, 08 has moved to another number; all others are delivered, the even ones read.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import itertools
import json
import logging
import random
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, web

from evidence_daemon.demo import cloud_rules
from evidence_daemon.demo.cloud_faults import Rule
from evidence_daemon.demo.cloud_rules import UNKNOWN, Refusal, Template

log = logging.getLogger("evidence_daemon.sandbox")

_TELLERS = 16
"""Webhooks that are on their way at one time."""
_TRIES = 6


@dataclass
class Settings:
    """How the sandbox behaves."""

    phone_id: str = "106540352242922"
    business_id: str = "102290129340398"
    token: str = "sandbox"  # noqa: S105  # opens nothing but this
    app_secret: str = "sandbox-secret"  # noqa: S105
    webhook: str = ""
    """Where webhooks go; empty: nowhere."""
    strict: bool = True
    """Refuse what Meta's schema refuses; false: take what the live API takes besides."""
    per_second: int = 0
    """Messages in any second; more are turned away with 130429.  0: no limit."""
    faults: Sequence[str] = ()
    doubled: int = 0
    """Each so manieth webhook is told twice; 0: none."""
    shuffled: int = 0
    """So many webhooks are held back and told in another order; 0: as they come."""
    approve: bool = True
    """New templates are approved at once; false: they stay PENDING until `decide`."""
    seed: int = 1
    answers: bool = True
    """Customers answer (numbers that end in 04 to 08)."""
    ends: bool = True
    """Numbers that end in 00 to 03 are not reached; false: everybody is."""


@dataclass(frozen=True)
class Taken:
    """One message that was accepted."""

    wamid: str
    tracker: str
    to: str
    at: float
    body: Mapping[str, Any] = field(repr=False)


class Sandbox:
    """The server.  Everything that came is in `taken` and `arrived` (moments of `time.monotonic`)."""

    def __init__(self, settings: Settings, photo: bytes = b"") -> None:
        self.settings, self.port = settings, 0
        self.clock: Callable[[], float] = time.time
        """What webhooks are stamped with; the limits count by a clock of their own."""
        self.media_troubles = 0
        """So many files are not handed over at first."""
        self.rules = [Rule.read(text) for text in settings.faults]
        self.templates: dict[tuple[str, str], Template] = {}
        self.taken: list[Taken] = []
        self.arrived: list[float] = []
        self.told: list[bytes] = []
        """Bodies of the webhooks that were acknowledged."""
        self._photo = photo
        self._media: dict[str, tuple[str, bytes]] = {}
        self._numbers = itertools.count(1)
        self._window: deque[float] = deque()
        self._last_words: dict[str, float] = {}
        self._random = random.Random(settings.seed)  # noqa: S311  # the same run each time
        self._due: asyncio.Queue[bytes] = asyncio.Queue()
        self._held: list[bytes] = []
        self._untold = 0
        self._runner: web.AppRunner | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, port: int = 0) -> int:
        """Listen on loopback; the port."""
        settings = self.settings
        app = web.Application(client_max_size=2_000_000)
        app.add_routes(
            [
                web.post(f"/{{version}}/{settings.phone_id}/messages", self._message),
                web.get(f"/{{version}}/{settings.phone_id}", self._number),
                web.get(f"/{{version}}/{settings.business_id}/message_templates", self._list),
                web.post(f"/{{version}}/{settings.business_id}/message_templates", self._create),
                web.get("/media/{name}", self._file),
                web.get("/sandbox/taken", self._shown),
                web.post("/sandbox/faults", self._order),
                web.post("/sandbox/says", self._asked_to_say),
                web.post("/sandbox/template", self._asked_to_decide),
                web.get("/{version}/{name}", self._media_told),
                web.route("*", "/{rest:.*}", self._unknown),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port, backlog=1024)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._tasks = [asyncio.create_task(self._teller()) for _ in range(_TELLERS)]
        self._tasks.append(asyncio.create_task(self._let_go()))
        return self.port

    async def stop(self) -> None:
        """Stop; what was not told is forgotten."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def untold(self) -> int:
        """Webhooks that are not acknowledged yet."""
        return self._untold

    # ── messages ─────────────────────────────────────────────────────────────────────────────────

    async def _message(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        now = time.monotonic()
        self.arrived.append(now)
        if (refusal := self._unauthorised(request)) is not None:
            return self._no(refusal)
        if (refusal := self._too_fast(now)) is not None:
            return self._no(refusal)
        rule = next((rule for rule in self.rules if rule.strikes()), None)
        if rule is not None and rule.what == "dropped":
            return self._hang_up(request)
        if rule is not None and rule.what == "502":
            return web.Response(status=502, text="<html>Bad gateway</html>", content_type="text/html")
        if rule is not None and rule.what != "lost":
            return self._no(rule.refusal())
        try:
            body = json.loads(raw)
        except ValueError:
            return self._no(Refusal(100, "the body is no JSON"))
        if (refusal := cloud_rules.message_fault(body, self.templates, strict=self.settings.strict)) is not None:
            return self._no(refusal)
        taken = self._take(body, now)
        if rule is not None:
            return self._hang_up(request)
        return web.json_response(
            {
                "messaging_product": "whatsapp",
                "contacts": [{"input": body["to"], "wa_id": taken.to}],
                "messages": [{"id": taken.wamid, "message_status": "accepted"}],
            }
        )

    def _take(self, body: Mapping[str, Any], now: float) -> Taken:
        number = next(self._numbers)
        wamid = "wamid." + base64.b64encode(f"HBgM{self.settings.seed}{number:012d}".encode()).decode()
        to = str(body["to"]).lstrip("+")
        taken = Taken(wamid, str(body.get("biz_opaque_callback_data", "")), to, now, body)
        self.taken.append(taken)
        if body["type"] != "template" and now - self._last_words.get(to, -1e9) > 24 * 3600:
            self.tell_status(taken, "failed", 131047)
            return taken
        tail = to[-2:] if self.settings.ends else "10"
        ends = {"00": 131026, "01": 131049, "02": 131050}
        if body["type"] == "template" and tail in ends:
            self.tell_status(taken, "failed", ends[tail])
            return taken
        self.tell_status(taken, "sent")
        if tail == "03":
            return taken
        self.tell_status(taken, "delivered")
        if int(tail[-1:] or 0) % 2 == 0:
            self.tell_status(taken, "read")
        if body["type"] == "template" and self.settings.answers:
            self._customer_answers(taken, tail)
        return taken

    def _customer_answers(self, taken: Taken, tail: str) -> None:
        found = self.templates[body_name(taken.body)]
        buttons: list[Any] = next((part["buttons"] for part in found.components if part.get("type") == "BUTTONS"), [])
        if tail == "04" and buttons:
            self.says(taken.to, button=buttons[0]["text"], about=taken.wamid)
        elif tail == "05" and buttons:
            self.says(taken.to, button=buttons[-1]["text"], about=taken.wamid)
        elif tail == "06" and self._photo:
            self.says(taken.to, photo=self._photo, text="Aquí está mi acta")
        elif tail == "07":
            self.says(taken.to, text="Señorita, ya entregué el módem en Ambato 📦")
        elif tail == "08":
            self.moves(taken.to, "593" + taken.to[3:][::-1])

    def _too_fast(self, now: float) -> Refusal | None:
        window = self._window
        while window and now - window[0] >= 1.0:
            window.popleft()
        if self.settings.per_second and len(window) >= self.settings.per_second:
            return Refusal(130429, "Message failed to send because there were too many messages", 429)
        window.append(now)
        return None

    def _unauthorised(self, request: web.Request) -> Refusal | None:
        given = request.headers.get("Authorization", "")
        if hmac.compare_digest(given.encode(), f"Bearer {self.settings.token}".encode()):
            return None
        return Refusal(190, "Authentication Error", 401)

    @staticmethod
    def _hang_up(request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _no(self, refusal: Refusal) -> web.Response:
        headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after else {}
        body = refusal.body(f"A{next(self._numbers):010d}")
        return web.json_response(body, status=refusal.status, headers=headers)

    async def _unknown(self, _request: web.Request) -> web.Response:
        return self._no(UNKNOWN)

    async def _number(self, request: web.Request) -> web.Response:
        if (refusal := self._unauthorised(request)) is not None:
            return self._no(refusal)
        told = {"id": self.settings.phone_id, "display_phone_number": "+593 2 180 0100", "verified_name": "CNT",
                "quality_rating": "GREEN", "status": "CONNECTED"}  # fmt: skip
        return web.json_response(told)

    # ── templates ────────────────────────────────────────────────────────────────────────────────

    async def _list(self, request: web.Request) -> web.Response:
        if (refusal := self._unauthorised(request)) is not None:
            return self._no(refusal)
        wanted = request.query.get("name")
        found = [one.told() for one in self.templates.values() if wanted in (None, one.name)]
        return web.json_response({"data": found, "paging": {"cursors": {"before": "MA==", "after": "MA=="}}})

    async def _create(self, request: web.Request) -> web.Response:
        if (refusal := self._unauthorised(request)) is not None:
            return self._no(refusal)
        body = await request.json()
        if (refusal := cloud_rules.creation_fault(body, self.templates)) is not None:
            return self._no(refusal)
        made = self.template(
            body["name"], body["language"], body["components"], category=body["category"],
            ttl=body.get("message_send_ttl_seconds", 0), status="PENDING",
        )  # fmt: skip
        if self.settings.approve:
            self.decide(made.name, "APPROVED")
        return web.json_response({"id": made.id, "status": "PENDING", "category": made.category})

    def template(
        self, name: str, language: str, components: list[dict[str, Any]], *,
        category: str = "UTILITY", ttl: int = 0, status: str = "APPROVED",
    ) -> Template:  # fmt: skip
        """A template of the account, without a review."""
        made = Template(f"{5_000_000_000 + next(self._numbers)}", name, language, category, components, status, ttl)
        self.templates[name, language] = made
        return made

    def decide(self, name: str, status: str, *, reason: str = "NONE", category: str = "") -> None:
        """A reviewer, or the customers' complaints, decided about a template."""
        for (its_name, language), found in self.templates.items():
            if its_name != name:
                continue
            told = {"message_template_id": int(found.id), "message_template_name": name,
                    "message_template_language": language}  # fmt: skip
            if category and category != found.category:
                change = {**told, "previous_category": found.category, "new_category": category}
                found.category, found.ttl = category, 0
                self._tell("template_category_update", change)
            if status and status != found.status:
                found.status, found.reason = status, reason if status == "REJECTED" else ""
                self._tell("message_template_status_update", {"event": status, **told, "reason": reason})

    # ── customers ────────────────────────────────────────────────────────────────────────────────

    def says(self, sender: str, *, text: str = "", button: str = "", photo: bytes = b"", about: str = "") -> str:
        """A customer writes; the name of his message."""
        name = self._name()
        message: dict[str, Any] = {"from": sender, "from_user_id": _user(sender), "id": name, "timestamp": self._now()}
        if about:
            message["context"] = {"from": self.settings.phone_id, "id": about}
        if button:
            message |= {"type": "button", "button": {"payload": button, "text": button}}
        elif photo:
            media = f"{7_000_000_000 + next(self._numbers)}"
            kind, sort = ("application/pdf", "document") if photo.startswith(b"%PDF") else ("image/jpeg", "image")
            self._media[media] = (kind, photo)
            digest = base64.b64encode(hashlib.sha256(photo).digest()).decode()
            message |= {"type": sort, sort: {"id": media, "mime_type": kind, "sha256": digest, "caption": text}}
        else:
            message |= {"type": "text", "text": {"body": text}}
        self._last_words[sender] = time.monotonic()
        self._tell("messages", {**self._head(), "contacts": [_contact(sender)], "messages": [message]})
        return name

    def moves(self, old: str, new: str) -> None:
        """A customer changed his number."""
        system = {"body": f"User A changed from {old} to {new}", "wa_id": new, "type": "user_changed_number"}
        message = {"from": old, "id": self._name(), "timestamp": self._now(), "system": system, "type": "system"}
        self._tell("messages", {**self._head(), "messages": [message]})

    def prefers(self, sender: str, value: str) -> None:
        """A customer stops (or resumes) marketing messages in his settings."""
        wish = {"wa_id": sender, "user_id": _user(sender), "detail": f"User requested to {value} marketing messages",
                "category": "marketing_messages", "value": value, "timestamp": int(self._now())}  # fmt: skip
        self._tell("user_preferences", {**self._head(), "contacts": [_contact(sender)], "user_preferences": [wish]})

    async def _media_told(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if (refusal := self._unauthorised(request)) is not None:
            return self._no(refusal)
        if name not in self._media:
            return self._no(UNKNOWN)
        if self.media_troubles:
            self.media_troubles -= 1
            return self._no(Refusal(131016, "not now", 503))
        kind, content = self._media[name]
        return web.json_response(
            {
                "url": f"http://127.0.0.1:{self.port}/media/{name}", "mime_type": kind, "id": name,
                "sha256": hashlib.sha256(content).hexdigest(), "file_size": str(len(content)),
                "messaging_product": "whatsapp",
            }
        )  # fmt: skip

    async def _file(self, request: web.Request) -> web.Response:
        found = self._media.get(request.match_info["name"])
        if found is None or self._unauthorised(request) is not None:
            return web.Response(status=404)
        return web.Response(body=found[1], content_type=found[0])

    # ── webhooks ─────────────────────────────────────────────────────────────────────────────────

    def _name(self) -> str:
        return f"wamid.IN{self.settings.seed}{next(self._numbers):012d}"

    def _now(self) -> str:
        return str(int(self.clock()))

    def _head(self) -> dict[str, Any]:
        numbers = {"display_phone_number": "59321800100", "phone_number_id": self.settings.phone_id}
        return {"messaging_product": "whatsapp", "metadata": numbers}

    def tell_status(self, taken: Taken, status: str, code: int = 0) -> None:
        """What became of a message, by webhook."""
        told: dict[str, Any] = {"id": taken.wamid, "status": status, "timestamp": self._now(), "recipient_id": taken.to,
                                "recipient_user_id": _user(taken.to)}  # fmt: skip
        if taken.tracker:
            told["biz_opaque_callback_data"] = taken.tracker
        if code:
            title = cloud_rules.TITLES[code]
            details = f"{title}: á, ñ, 📵"
            told["errors"] = [{"code": code, "title": title, "message": title, "error_data": {"details": details},
                               "href": "https://developers.facebook.com/"}]  # fmt: skip
        elif status in ("sent", "delivered"):
            told["conversation"] = {"id": hashlib.md5(taken.to.encode()).hexdigest(), "origin": {"type": "utility"}}  # noqa: S324
            told["pricing"] = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "utility"}
        self._tell("messages", {**self._head(), "contacts": [_contact(taken.to)], "statuses": [told]})

    def _tell(self, kind: str, value: Mapping[str, Any]) -> None:
        """Sign and send, in Meta's own form: everything beyond ASCII escaped."""
        if not self.settings.webhook:
            return
        change = {"value": value, "field": kind}
        entry = {"id": self.settings.business_id, "time": int(self._now()), "changes": [change]}
        body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).replace("/", "\\/").encode()
        number = next(self._numbers)
        copies = 2 if self.settings.doubled and number % self.settings.doubled == 0 else 1
        self._untold += copies
        for _copy in range(copies):
            if self.settings.shuffled:
                self._held.append(body)
            else:
                self._due.put_nowait(body)

    async def _let_go(self) -> None:
        """Hand on what was held back, in another order."""
        while True:
            await asyncio.sleep(0.1)
            most = self.settings.shuffled
            while self._held:
                some, self._held = self._held[:most], self._held[most:]
                self._random.shuffle(some)
                for body in some:
                    self._due.put_nowait(body)

    async def _teller(self) -> None:
        async with ClientSession(timeout=ClientTimeout(total=20), connector=TCPConnector(limit=1)) as session:
            while True:
                body = await self._due.get()
                signature = hmac.new(self.settings.app_secret.encode(), body, hashlib.sha256).hexdigest()
                headers = {"X-Hub-Signature-256": f"sha256={signature}", "Content-Type": "application/json"}
                for number in range(_TRIES):
                    with contextlib.suppress(ClientError, TimeoutError):
                        async with session.post(self.settings.webhook, data=body, headers=headers) as response:
                            if response.status == 200:
                                self.told.append(body)
                                break
                    await asyncio.sleep(0.2 * 2**number)
                self._untold -= 1

    # ── orders from outside ──────────────────────────────────────────────────────────────────────

    async def _shown(self, _request: web.Request) -> web.Response:
        told = [{"wamid": one.wamid, "tracker": one.tracker, "to": one.to, "at": one.at} for one in self.taken]
        return web.json_response({"taken": told, "arrived": self.arrived, "untold": self.untold})

    async def _order(self, request: web.Request) -> web.Response:
        return await _obey(request, lambda told: setattr(self, "rules", [Rule.read(text) for text in told["rules"]]))

    async def _asked_to_say(self, request: web.Request) -> web.Response:
        return await _obey(
            request, lambda told: self.says(told["from"], text=told.get("text", ""), button=told.get("button", ""))
        )

    async def _asked_to_decide(self, request: web.Request) -> web.Response:
        return await _obey(
            request, lambda told: self.decide(told["name"], told.get("status", ""), category=told.get("category", ""))
        )


async def _obey(request: web.Request, act: Callable[[Mapping[str, Any]], object]) -> web.Response:
    try:
        act(await request.json())
    except (ValueError, KeyError, TypeError) as fault:
        return web.json_response({"error": str(fault)}, status=400)
    return web.json_response({"ok": True})


def body_name(body: Mapping[str, Any]) -> tuple[str, str]:
    """Name and language of a message's template."""
    return body["template"]["name"], body["template"]["language"]["code"]


def _contact(number: str) -> dict[str, Any]:
    return {"profile": {"name": "María Ñauñay 🙂"}, "wa_id": number, "user_id": _user(number)}


def _user(number: str) -> str:
    return f"EC.{int(hashlib.sha256(number.encode()).hexdigest()[:15], 16)}"
