"""Calls by Asterisk: the driver of the channel IVR.

`Originate` into our own dialplan with the attempt's name as channel id: the same name stands in every event and in
the CDR, so a call that outlived the daemon is found again.  What became of a call is told by the Q.850 cause of its
`Hangup`: the reason of OriginateResponse cannot tell busy from a wrong number, and neither can the CDR's disposition
(measured with Asterisk 16 and 22).
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from evidence_daemon.errors import Temporary
from evidence_daemon.model import AttemptId, Channel, ContactState
from evidence_daemon.outreach.ami import Manager, Packet
from evidence_daemon.outreach.channel import Accepted, Halted, Lost, Message, NeverSeen, Report, Sent, Throttled

CONTEXT = "evidence-daemon"
HEARD_SHARE = 0.6
"""From this share of the prompt on, the message counts as heard."""
_EVENTS = ("UserEvent", "OriginateResponse", "Newchannel", "Newstate", "Hangup")
_RINGING = "5"
"""State of a channel whose telephone rings."""
_RECONNECT_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)
CDR_GRACE = timedelta(minutes=5)
"""Clocks of two machines may differ."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a Q.850 cause means for a call that nobody answered."""

    state: ContactState
    result: str
    because: str
    rang: bool = True
    phone_is_wrong: bool = False


_NETWORK = Outcome(ContactState.FALLIDO, "RED", "la red o la troncal no pudo cursar la llamada", rang=False)
_WRONG = Outcome(ContactState.FALLIDO, "NUMERO_INVALIDO", "el número no existe", rang=False, phone_is_wrong=True)
_SILENT = Outcome(ContactState.NO_CONTESTA, "NO_CONTESTA", "nadie contestó")
CAUSES: Mapping[int, Outcome] = {
    0: _SILENT,  # ring time-out up to Asterisk 22.7
    1: _WRONG,
    3: _NETWORK,
    16: _SILENT,
    17: Outcome(ContactState.OCUPADO, "OCUPADO", "la línea estaba ocupada"),
    18: _SILENT,
    19: _SILENT,
    20: _NETWORK,
    21: Outcome(ContactState.NO_CONTESTA, "RECHAZADA", "la llamada fue rechazada"),
    22: _WRONG,
    27: _NETWORK,
    28: _WRONG,
    34: _NETWORK,
    38: _NETWORK,
    41: _NETWORK,
    42: _NETWORK,
    44: _NETWORK,
}
"""ITU-T Q.850; anything else is the network's trouble."""


def unanswered(cause: int, *, rang: bool) -> Outcome:
    """What a call that nobody answered came to; `rang`: a telephone was heard to ring."""
    found = CAUSES.get(cause, _NETWORK)
    return replace(found, rang=found.rang or rang)


def answered(machine: str, heard: float, whole: float, digit: str) -> tuple[ContactState, str]:
    """State and result of a call that was answered; `heard` and `whole` in seconds of speech.

    A doubtful answer (NOTSURE) counts as a person: machines are taken for people, never people for machines.
    """
    if machine == "MACHINE":
        return ContactState.BUZON, "BUZON"
    if digit == "9":
        return ContactState.CONTESTADO, "BAJA"
    if heard <= 0 and whole > 0:
        return ContactState.CONTESTADO, "COLGO"
    return ContactState.CONTESTADO, "ESCUCHADO" if heard >= HEARD_SHARE * whole else "PARCIAL"


@dataclass(frozen=True, slots=True)
class Line:
    """Where and how we call."""

    host: str
    port: int
    user: str
    secret: str
    dial: str = "PJSIP/{number}@trunk"
    caller_id: str = '"CNT" <1800100100>'
    national: bool = True
    """Dial 0987654321 rather than +593987654321."""
    ring_seconds: float = 30.0
    listen_first: frozenset[str] = frozenset()
    """Scripts that must not be left on a machine."""
    cdr: Path | None = None
    """Asterisk's Master.csv, to find calls that ended while nobody listened."""

    def dialled(self, phone: str) -> str:
        """A telephone (E.164) as the exchange dials it."""
        return self.dial.replace("{number}", "0" + phone.removeprefix("+593") if self.national else phone)


@dataclass(slots=True)
class _Call:
    """What is known of a call that lives."""

    whole: float
    """Seconds of speech."""
    name: str = ""
    """The exchange's own name of the channel, as soon as there is one."""
    rang: bool = False
    unwanted: bool = False
    """To be hung up as soon as it has a channel."""
    end: Packet | None = None


class Ivr:
    """The driver.  `sound(text)` gives the file's name as the exchange knows it and its length in seconds."""

    channel = Channel.IVR

    def __init__(self, line: Line, sound: Callable[[str], tuple[str, float]]) -> None:
        self._line, self._sound = line, sound
        self._manager: Manager | None = None
        self._calls: dict[AttemptId, _Call] = {}
        self._reports: asyncio.Queue[Report | None] = asyncio.Queue()
        self._listener: asyncio.Task[None] | None = None
        self._closing = False

    async def open(self) -> None:
        """Connect and log in.  Raises LoginRefused, Temporary."""
        self._closing = False
        self._manager = await self._connected()
        self._listener = asyncio.create_task(self._listen())

    async def close(self) -> None:
        """Let go; calls that live play on."""
        self._closing = True
        if self._listener is not None:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener
            self._listener = None
        if self._manager is not None:
            await self._manager.close()
            self._manager = None
        self._reports.put_nowait(None)

    async def send(self, message: Message) -> Sent:
        """Place one call."""
        name, whole = self._sound(message.text)
        manager = self._manager
        if manager is None or not manager.connected:
            return Throttled("AMI", 5.0)
        self._calls[message.attempt] = _Call(whole)
        action = {
            "Action": "Originate",
            "Channel": self._line.dialled(message.phone),
            "Context": CONTEXT,
            "Exten": "s",
            "Priority": "1",
            "Async": "true",
            "Timeout": str(round(self._line.ring_seconds * 1000)),
            "CallerID": self._line.caller_id,
            "ChannelId": message.attempt,
        }
        listen = "1" if message.script in self._line.listen_first else "0"
        try:
            answer = await manager.ask(action, {"PROMPT": name, "AMD": listen})
        except Temporary as fault:
            return Lost(str(fault))
        if answer.get("response") == "Success":
            return Accepted(message.attempt)
        self._calls.pop(message.attempt, None)
        return Halted("AMI", f"la central rechazó la orden de llamar: {answer.get('message', '')}")

    async def hang_up(self, attempt: AttemptId) -> bool:
        """End a live call at once (4.5 ms measured to the end of a playing message)."""
        manager, call = self._manager, self._calls.get(attempt)
        if manager is None or call is None:
            return False
        call.unwanted = True
        if not call.name:
            return True  # ordered, not yet placed
        with contextlib.suppress(Temporary):
            answer = await manager.ask({"Action": "Hangup", "Channel": call.name, "Cause": "16"})
            return answer.get("response") == "Success"
        return False

    async def reports(self) -> AsyncIterator[Report]:
        """What became of calls, as it is heard."""
        while (report := await self._reports.get()) is not None:
            yield report

    async def recall(self, attempts: Sequence[AttemptId], since: datetime) -> Mapping[AttemptId, Report | NeverSeen]:
        """Live calls are adopted (ENVIADO), ended ones are read from the CDR, the rest the exchange never saw.

        Without a CDR file a call that is not live stays unknown: it may have ended unseen.
        """
        manager = self._manager
        if manager is None:
            return {}
        try:
            live = {
                channel.get("uniqueid", ""): channel.get("channel", "") for channel in await self._channels(manager)
            }
        except Temporary:
            return {}
        ended = self._written(frozenset(attempts), since - CDR_GRACE) if self._line.cdr else {}
        known: dict[AttemptId, Report | NeverSeen] = {}
        for attempt in attempts:
            if attempt in live:
                self._calls.setdefault(attempt, _Call(0.0, live[attempt], rang=True))
                known[attempt] = Report(attempt, f"{attempt}:live", datetime.now(UTC), ContactState.ENVIADO)
            elif attempt in ended:
                known[attempt] = ended[attempt]
            elif self._line.cdr is not None:
                known[attempt] = NeverSeen()
        return known

    # ── listening ────────────────────────────────────────────────────────────────────────────────

    async def _connected(self) -> Manager:
        line = self._line
        manager = Manager(line.host, line.port, line.user, line.secret, _EVENTS)
        await manager.open()
        return manager

    async def _channels(self, manager: Manager) -> list[Packet]:
        return await manager.listed({"Action": "CoreShowChannels"}, until="CoreShowChannelsComplete")

    async def _listen(self) -> None:
        tries = 0
        while not self._closing:
            manager = self._manager
            if manager is None or not manager.connected:
                await asyncio.sleep(_RECONNECT_SECONDS[min(tries, len(_RECONNECT_SECONDS) - 1)])
                tries += 1
                with contextlib.suppress(Temporary):
                    self._manager = await self._connected()
                    tries = 0
                    await self._catch_up()
                continue
            event = await manager.event()
            if event is not None:
                await self._hear(event)
            else:
                await manager.close()

    async def _catch_up(self) -> None:
        """What ended while the connection was down."""
        open_calls = tuple(self._calls)
        known = await self.recall(open_calls, datetime.now(UTC) - timedelta(hours=1)) if open_calls else {}
        for report in known.values():
            if isinstance(report, Report) and report.state is not ContactState.ENVIADO:
                self._tell(report)

    async def _hear(self, event: Packet) -> None:
        name = event.get("event", "")
        if name == "UserEvent" and event.get("userevent") == "EvidenceEnd":
            call = self._calls.get(AttemptId(event.get("attempt", "")))
            if call is not None:
                call.end = event
        elif name in ("Newchannel", "Newstate"):
            call = self._calls.get(AttemptId(event.get("uniqueid", "")))
            if call is not None:
                call.name = event.get("channel", "")
                call.rang = call.rang or event.get("channelstate") == _RINGING
                if call.unwanted:
                    await self.hang_up(AttemptId(event["uniqueid"]))
        elif name == "Hangup":
            attempt = AttemptId(event.get("uniqueid", ""))
            call = self._calls.get(attempt)
            if call is not None:
                self._tell(_told(attempt, call, event))
        elif name == "OriginateResponse" and event.get("response") == "Failure":
            # A duplicate name fails here while the first call lives, and a call that was placed hangs up by itself:
            # only a call that never got a channel ends with this.
            attempt = AttemptId(event.get("uniqueid", ""))
            call = self._calls.get(attempt)
            if call is not None and event.get("channel", "") in ("", "<unknown>"):
                self._tell(_failed(attempt, event))

    def _tell(self, report: Report) -> None:
        self._calls.pop(report.attempt, None)
        self._reports.put_nowait(report)

    # ── what the exchange wrote down ─────────────────────────────────────────────────────────────

    def _written(self, attempts: frozenset[AttemptId], since: datetime) -> dict[AttemptId, Report]:
        """The CDR's rows of these attempts.  Columns as Asterisk's cdr_csv writes them, times in UTC."""
        found: dict[AttemptId, Report] = {}
        path = self._line.cdr
        if path is None or not path.exists():
            return found
        with path.open(encoding="utf-8", errors="replace", newline="") as rows:
            for row in csv.reader(rows):
                if len(row) < CDR_COLUMNS:
                    continue
                attempt = AttemptId(row[_CDR_ID])
                # a second order under a living name leaves a row of its own, FAILED without a ring
                taken = attempt in found and row[_CDR_DISPOSITION] == "FAILED"
                if attempt in attempts and not taken and cdr_time(row[CDR_START]) >= since:
                    found[attempt] = read_back(attempt, row)
        return found


CDR_START, _CDR_END, _CDR_SECONDS, _CDR_DISPOSITION, _CDR_ID, _CDR_USER, CDR_COLUMNS = 9, 11, 13, 14, 16, 17, 18
_DISPOSITIONS = {"BUSY": 17, "CONGESTION": 34, "NO ANSWER": 19, "FAILED": 19}
"""A wrong number cannot be told from silence here: it will be tried again, which is the harmless mistake."""


def cdr_time(text: str) -> datetime:
    """A moment as the CDR writes it (UTC); the beginning of time for none."""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def read_back(attempt: AttemptId, row: Sequence[str]) -> Report:
    """What a row of the CDR says became of a call."""
    said = dict(part.partition("=")[::2] for part in row[_CDR_USER].split(";"))
    at = cdr_time(row[_CDR_END])
    if row[_CDR_DISPOSITION] == "ANSWERED":
        heard = _seconds(said.get("heard", ""))
        whole = heard if said.get("played") else heard / HEARD_SHARE + 1
        state, result = answered(said.get("amd", ""), heard, whole, said.get("digit", ""))
        return Report(attempt, f"{attempt}:end", at, state, result, seconds=heard, suppress=result == "BAJA")
    outcome = unanswered(_DISPOSITIONS.get(row[_CDR_DISPOSITION], 0), rang=True)
    return Report(attempt, f"{attempt}:end", at, outcome.state, outcome.result, because=outcome.because)


def _told(attempt: AttemptId, call: _Call, hangup: Packet) -> Report:
    cause = hangup.get("cause", "0")
    event, now = f"{attempt}:end", datetime.now(UTC)
    if call.end is None:
        outcome = unanswered(int(cause) if cause.isdigit() else 0, rang=call.rang)
        return Report(
            attempt, event, now, outcome.state, outcome.result, cause, outcome.because,
            rang=outcome.rang, phone_is_wrong=outcome.phone_is_wrong,
        )  # fmt: skip
    heard = _seconds(call.end.get("heard", ""))
    whole = heard if call.end.get("played") == "1" else call.whole
    state, result = answered(call.end.get("amd", ""), heard, whole, call.end.get("digit", ""))
    return Report(attempt, event, now, state, result, cause, seconds=heard, suppress=result == "BAJA")


def _failed(attempt: AttemptId, response: Packet) -> Report:
    return Report(
        attempt, f"{attempt}:end", datetime.now(UTC), _NETWORK.state, _NETWORK.result,
        f"R{response.get('reason', '')}", _NETWORK.because, rang=False,
    )  # fmt: skip


def _seconds(text: str) -> float:
    try:
        return max(float(text), 0.0)
    except ValueError:
        return 0.0
