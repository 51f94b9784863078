"""Messages by the Cloud API of WhatsApp: one approved template, once, and what its answer means.

What becomes of a message is told by webhooks, which the listener keeps and `conversation` works through; this driver
hears nothing by itself.  A request whose answer was lost is `Lost`: the engine leaves it DESCONOCIDO until a webhook
names the attempt (biz_opaque_callback_data comes back with every status).
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, assert_never

from evidence_daemon.model import AttemptId, Channel, ContactState
from evidence_daemon.outreach.channel import (
    Accepted,
    Halted,
    Lost,
    Message,
    NeverSeen,
    Refused,
    Report,
    Sent,
    Throttled,
)
from evidence_daemon.outreach.cloud import Cloud, Done, Fault, NoAnswer, NotReached
from evidence_daemon.outreach.codes import Kind, Meaning, meaning

log = logging.getLogger("evidence_daemon.outreach")

PAIR_BASE, PAIR_STEPS = 4.0, 4
"""Seconds for one customer's next message: 1, 4, 16, 64, 256."""
TRIES = 6
"""Times that the provider's own trouble is met for one message until it counts as not delivered."""
_RETRY_SECONDS = (2.0, 5.0, 15.0, 60.0, 180.0)
BRAKE_SAMPLE, BRAKE_SHARE = 50, 0.4
"""Of so many answers, the share without a yes or no from which on the channel stops and a person looks."""
_BRAKE_HOLDS = 10.0
"""Seconds in which what was claimed already is turned back too."""
_REMEMBERED = 10_000


def template_message(message: Message) -> dict[str, Any]:
    """The request, exactly: `recipient_type` and `policy` are asked for by the API's own description."""
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": message.phone.removeprefix("+"),
        "type": "template",
        "template": {
            "name": message.template,
            "language": {"policy": "deterministic", "code": message.language},
            "components": [
                {"type": "body", "parameters": [{"type": "text", "text": value} for value in message.values.values()]}
            ],
        },
        "biz_opaque_callback_data": message.attempt,
    }


def text_message(to: str, text: str, tracker: str) -> dict[str, Any]:
    """A free text, which the API takes only within 24 hours of the customer's own last message.

    `to` is E.164, or the provider's name for somebody who hides his number.
    """
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to" if to.startswith("+") else "recipient": to.removeprefix("+"),
        "type": "text",
        "text": {"preview_url": False, "body": text},
        "biz_opaque_callback_data": tracker,
    }


class WhatsApp:
    """The driver."""

    channel = Channel.WHATSAPP

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._pairs: OrderedDict[str, int] = OrderedDict()
        """Customers whose turn has not come, by how often in a row."""
        self._troubles: OrderedDict[AttemptId, int] = OrderedDict()
        self._lately: deque[bool] = deque(maxlen=BRAKE_SAMPLE)
        self._braked_until = 0.0
        self._reports: asyncio.Queue[Report | None] = asyncio.Queue()

    async def open(self) -> None:
        """Make ready; a wrong token is told by the first message, which it does not burn."""
        self._reports = asyncio.Queue()
        await self._cloud.open()

    async def close(self) -> None:
        """Let go."""
        await self._cloud.close()
        self._reports.put_nowait(None)

    async def send(self, message: Message) -> Sent:
        """Hand one message over, once."""
        if asyncio.get_running_loop().time() < self._braked_until:
            return _BRAKED
        answer = await self._cloud.send(template_message(message))
        match answer:
            case Done(body=body):
                sent = self._taken(message, body)
            case Fault():
                sent = self._refused(message, answer)
            case NotReached(because=why):
                sent = self._trouble(message, "SIN_CONEXION", why)
            case NoAnswer(because=why):
                sent = Lost(why)
            case _:
                assert_never(answer)
        return self._watched(message, sent)

    async def hang_up(self, attempt: AttemptId) -> bool:  # noqa: ARG002  # the contract's
        """What was accepted cannot be called back: only its time to live ends it."""
        return False

    async def reports(self) -> AsyncIterator[Report]:
        """What an acceptance told besides; statuses come by webhook."""
        while (report := await self._reports.get()) is not None:
            yield report

    async def recall(
        self,
        attempts: Sequence[AttemptId],  # noqa: ARG002  # the contract's
        since: datetime,  # noqa: ARG002
    ) -> Mapping[AttemptId, Report | NeverSeen]:
        """The API cannot be asked after a message: what is unknown stays so until a webhook names it."""
        return {}

    # ── answers ──────────────────────────────────────────────────────────────────────────────────

    def _taken(self, message: Message, body: Mapping[str, Any]) -> Sent:
        try:
            first = body["messages"][0]
            name = first["id"]
        except (KeyError, IndexError, TypeError):
            return Lost("la respuesta no dice si fue aceptado")
        self._pairs.pop(message.phone, None)
        self._troubles.pop(message.attempt, None)
        status = first.get("message_status", "accepted")
        if status == "paused":
            halt = Halted("paused", "el proveedor pausó la plantilla", script_only=True)
            event, now = f"{name}:paused", datetime.now(UTC)
            self._reports.put_nowait(Report(message.attempt, event, now, ContactState.ENVIADO, halt=halt))
        elif status != "accepted":
            log.warning("whatsapp: %s was taken as %s", message.attempt, status)
        return Accepted(str(name))

    def _refused(self, message: Message, fault: Fault) -> Sent:
        what = meaning(fault.code, fault.status)
        code = str(fault.code or f"HTTP{fault.status}")
        because = f"{what.because} ({fault.words})" if fault.words else what.because
        match what.kind:
            case Kind.THROTTLE:
                return Throttled(code, fault.retry_after, again=max(1.0, fault.retry_after))
            case Kind.PAIR:
                tries = self._pairs.pop(message.phone, 0)
                self._remember(self._pairs, message.phone, tries + 1)
                wait = max(PAIR_BASE ** min(tries, PAIR_STEPS), fault.retry_after)
                return Throttled(code, 0.0, again=wait, alone=True)
            case Kind.RETRY:
                return self._trouble(message, code, because, fault.retry_after)
            case Kind.CHANNEL:
                return Halted(code, because)
            case Kind.TEMPLATE | Kind.BUG:
                return Halted(code, because, script_only=True)
            case Kind.PERSON | Kind.SOFT | Kind.OPT_OUT:
                return Refused(
                    code,
                    because,
                    suppress=what.kind is Kind.OPT_OUT,
                    phone_is_wrong=what.kind is Kind.PERSON,
                    result=RESULTS[what.kind],
                )
            case _:
                assert_never(what.kind)

    def _trouble(self, message: Message, code: str, because: str, seconds: float = 0.0) -> Sent:
        tries = self._troubles.pop(message.attempt, 0) + 1
        if tries >= TRIES:
            return Refused(code, because, result=RESULTS[Kind.SOFT])
        self._remember(self._troubles, message.attempt, tries)
        wait = max(_RETRY_SECONDS[min(tries, len(_RETRY_SECONDS)) - 1], seconds)
        return Throttled(code, 0.0, again=wait, alone=True)

    @staticmethod
    def _remember(memory: OrderedDict[Any, int], key: str, tries: int) -> None:
        memory[key] = tries
        while len(memory) > _REMEMBERED:
            memory.popitem(last=False)

    def _watched(self, message: Message, sent: Sent) -> Sent:
        """When answer after answer is trouble, it is not the customers': the channel stops after this one."""
        troubled = isinstance(sent, Lost) or message.attempt in self._troubles
        self._lately.append(troubled)
        if len(self._lately) == BRAKE_SAMPLE and sum(self._lately) > BRAKE_SHARE * BRAKE_SAMPLE:
            self._lately.clear()
            self._braked_until = asyncio.get_running_loop().time() + _BRAKE_HOLDS
        return sent


_BRAKED = Halted(
    "FRENO", f"más de {BRAKE_SHARE:.0%} de los últimos {BRAKE_SAMPLE} envíos quedaron sin respuesta válida"
)
RESULTS: Mapping[Kind, str] = {
    Kind.PERSON: "SIN_WHATSAPP",
    Kind.SOFT: "NO_ENTREGADO",
    Kind.OPT_OUT: "BAJA",
    Kind.THROTTLE: "RED",
    Kind.PAIR: "RED",
    Kind.RETRY: "RED",
}
"""What follows an attempt that failed for one of these kinds: keys of [after] in the campaign's book."""


def failed(attempt: AttemptId, event: str, at: datetime, code: int, words: str, wamid: str) -> Report:
    """A `failed` status, told by webhook after the message had been accepted."""
    what: Meaning = meaning(code, 0)
    halt = None
    if what.kind is Kind.CHANNEL:
        halt = Halted(str(code), what.because)
    elif what.kind in (Kind.TEMPLATE, Kind.BUG):
        halt = Halted(str(code), what.because, script_only=True)
    return Report(
        attempt,
        event,
        at,
        ContactState.FALLIDO,
        RESULTS.get(what.kind, "NO_ENTREGADO"),
        str(code),
        f"{what.because} ({words})" if words else what.because,
        rang=RESULTS.get(what.kind) != "RED" and halt is None,
        phone_is_wrong=what.kind is Kind.PERSON,
        suppress=what.kind is Kind.OPT_OUT,
        here_only=True,
        provider_id=wamid,
        slower=what.kind in (Kind.THROTTLE, Kind.PAIR),
        halt=halt,
    )
