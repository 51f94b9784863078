"""The Asterisk Manager Interface, as far as calls need it.

One connection, one reader.  Actions are answered by their ActionID; events go to one queue.  Values are stripped of
line ends, so that no value can become a header of its own (AMI is lines of text).
Source: the shapes in Asterisk's own AMI documentation; measured with Asterisk 16.28.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Mapping, Sequence

from evidence_daemon.errors import LoginRefused, Temporary

Packet = Mapping[str, str]
"""Header names in lower case."""

_ANSWER_SECONDS = 10.0
_PING_SECONDS = 10.0
_MOST_BYTES = 64 * 1024
_CLOSED: Packet = {"event": ""}


class Manager:
    """A logged-in connection.

    `events` yields what passes the filter; it ends when the connection is lost or closed.
    """

    def __init__(self, host: str, port: int, user: str, secret: str, events: Sequence[str]) -> None:
        self._where, self._login = (host, port), (user, secret)
        self._wanted = tuple(events)
        self._numbers = itertools.count(1)
        self._answers: dict[str, asyncio.Queue[Packet]] = {}
        self._events: asyncio.Queue[Packet] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._writer: asyncio.StreamWriter | None = None

    @property
    def connected(self) -> bool:
        return self._writer is not None

    async def open(self) -> None:
        """Connect and log in.  Raises LoginRefused for a wrong user or secret, Temporary for all else."""
        host, port = self._where
        try:
            reader, writer = await asyncio.wait_for(
                asyncio.open_connection(host, port, limit=_MOST_BYTES), _ANSWER_SECONDS
            )
            greeting = await asyncio.wait_for(reader.readline(), _ANSWER_SECONDS)
        except (OSError, TimeoutError, ValueError) as fault:
            raise Temporary(f"Asterisk at {host}:{port} does not answer ({fault or 'time-out'})") from fault
        if b"Asterisk Call Manager" not in greeting:
            writer.close()
            raise Temporary(f"{host}:{port} is no Asterisk manager")
        self._writer = writer
        self._tasks = [asyncio.create_task(self._read(reader))]
        user, secret = self._login
        try:
            answer = await self.ask({"Action": "Login", "Username": user, "Secret": secret, "Events": "on"})
            refused = answer.get("response") != "Success"
            for name in () if refused else self._wanted:
                await self.ask({"Action": "Filter", "Operation": "Add", "Filter": f"Event: {name}"})
        except BaseException:
            await self.close()
            raise
        if refused:
            await self.close()
            raise LoginRefused(f"Asterisk at {host}:{port} refuses the user {user}")
        self._tasks.append(asyncio.create_task(self._ping()))

    async def close(self) -> None:
        """Log off; calls that live go on."""
        tasks, self._tasks = self._tasks, []
        self._lost()
        for task in tasks:
            if task is not asyncio.current_task():
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def ask(self, action: Mapping[str, str], variables: Mapping[str, str] | None = None) -> Packet:
        """Its answer.  Raises Temporary when the connection is down or the answer did not come in 10 seconds."""
        return (await self._asked(action, variables, until=""))[0]

    async def listed(self, action: Mapping[str, str], until: str) -> list[Packet]:
        """The events that answer a list action, up to the one named `until` (left out)."""
        return (await self._asked(action, None, until))[1:-1]

    async def event(self) -> Packet | None:
        """The next event, None when the connection has ended."""
        packet = await self._events.get()
        if packet is _CLOSED:
            self._events.put_nowait(_CLOSED)
            return None
        return packet

    async def _asked(self, action: Mapping[str, str], variables: Mapping[str, str] | None, until: str) -> list[Packet]:
        writer = self._writer
        if writer is None:
            raise Temporary("no connection to Asterisk")
        number = f"evidence-{next(self._numbers)}"
        lines = [f"{name}: {_one_line(value)}" for name, value in {**action, "ActionID": number}.items()]
        lines += [f"Variable: {name}={_one_line(value)}" for name, value in (variables or {}).items()]
        answers: asyncio.Queue[Packet] = asyncio.Queue()
        self._answers[number] = answers
        got: list[Packet] = []
        try:
            writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
            await writer.drain()
            while True:
                packet = await asyncio.wait_for(answers.get(), _ANSWER_SECONDS)
                if packet is _CLOSED:
                    raise Temporary("the connection to Asterisk was lost before it answered")
                got.append(packet)
                if not until or packet.get("event") == until or packet.get("response") == "Error":
                    return got
        except TimeoutError as fault:
            raise Temporary(f"Asterisk did not answer within {_ANSWER_SECONDS:.0f} s") from fault
        except OSError as fault:
            raise Temporary("the connection to Asterisk was lost before it answered") from fault
        finally:
            self._answers.pop(number, None)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        packet: dict[str, str] = {}
        try:
            while line := await reader.readline():
                text = line.decode(errors="replace").rstrip("\r\n")
                if text:
                    name, _, value = text.partition(":")
                    packet[name.strip().lower()] = value.strip()
                elif packet:
                    self._deliver(packet)
                    packet = {}
        except (OSError, ValueError):  # ValueError: a line beyond all measure
            pass
        finally:
            self._lost()

    def _deliver(self, packet: Packet) -> None:
        waiting = self._answers.get(packet.get("actionid", ""))
        if waiting is not None and packet.get("event") != "OriginateResponse":
            waiting.put_nowait(packet)
        elif "event" in packet:
            self._events.put_nowait(packet)

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(_PING_SECONDS)
            try:
                await self.ask({"Action": "Ping"})
            except Temporary:
                self._lost()
                return

    def _lost(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
            for waiting in self._answers.values():
                waiting.put_nowait(_CLOSED)
            self._events.put_nowait(_CLOSED)


def _one_line(value: str) -> str:
    return value.replace("\r", " ").replace("\n", " ")
