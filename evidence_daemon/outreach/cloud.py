"""The Cloud API of WhatsApp on the wire: one call, one answer; nothing is ever repeated here.

Cloud API knows no idempotency key, so the one thing that must never be blurred is whether a request may have been
taken: `Fault` and `NotReached` say it was not, `NoAnswer` says nobody knows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp

from evidence_daemon.errors import BadInput, Temporary

ANSWER_SECONDS, CONNECT_SECONDS = 20.0, 5.0
"""Until an answer is given up for lost; until a connection is."""
_CONNECTIONS = 128
_KEEP_ALIVE_SECONDS = 10.0
"""Shorter than the other side's: a request on a connection that was just closed there is one whose fate is unknown."""
_SHORT = 300
"""Characters of a provider's words that are kept."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where and as whom; `token` is read anew for each call, so that a rotated one counts at once."""

    url: str
    """e.g. https://graph.facebook.com"""
    version: str
    phone_id: str
    business_id: str
    token: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Done:
    """2xx with JSON."""

    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """The provider says no, in its own words; the request was not taken."""

    status: int
    code: int
    """0 when it told none."""
    words: str
    subcode: int = 0
    retry_after: float = 0.0
    """Seconds that it asks for."""


@dataclass(frozen=True, slots=True)
class NotReached:
    """There was no connection: nothing left this machine."""

    because: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """It left, and no answer that can be believed came back."""

    because: str


Answer = Done | Fault | NotReached | NoAnswer


class Cloud:
    """An open door to one account; a context manager."""

    def __init__(self, account: Account, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        self.account = account
        self._timeout = aiohttp.ClientTimeout(
            total=answer_seconds, connect=CONNECT_SECONDS, sock_connect=CONNECT_SECONDS
        )
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make ready; connects with the first call."""
        near = urlsplit(self.account.url).hostname in ("127.0.0.1", "::1", "localhost")
        connector = aiohttp.TCPConnector(limit=_CONNECTIONS, keepalive_timeout=_KEEP_ALIVE_SECONDS)
        self._session = aiohttp.ClientSession(connector=connector, timeout=self._timeout, trust_env=not near)

    async def close(self) -> None:
        """Let go."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, where: TracebackType | None
    ) -> None:
        await self.close()

    async def send(self, message: Mapping[str, Any]) -> Answer:
        """POST one message."""
        return await self.call("POST", f"{self.account.phone_id}/messages", body=message)

    async def call(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None, query: Mapping[str, str] | None = None
    ) -> Answer:
        """One call below the API's version.  Never raises for the provider's sake."""
        session, account = self._open(), self.account
        url = f"{account.url.rstrip('/')}/{account.version}/{path}"
        try:
            async with session.request(
                method, url, json=body, params=query, headers=self._headers(), allow_redirects=False
            ) as response:
                return _understood(response.status, response.headers, await response.read())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as trouble:
            return NotReached(f"{type(trouble).__name__}: {trouble}"[:_SHORT])
        except TimeoutError:
            return NoAnswer("no llegó respuesta a tiempo")
        except aiohttp.ClientError as trouble:
            return NoAnswer(f"{type(trouble).__name__}: {trouble}"[:_SHORT])

    async def media(self, name: str, limit: int) -> tuple[str, bytes]:
        """Kind (MIME) and bytes of what a customer sent.

        Raises `BadInput` for what is larger than `limit` bytes or gone, `Temporary` for what may come another time.
        """
        match await self.call("GET", name, query={"phone_number_id": self.account.phone_id}):
            case Done(body=told):
                url, kind = str(told.get("url", "")), str(told.get("mime_type", ""))
                size = str(told.get("file_size", "0"))
            case Fault(status=status, words=words) if (
                400 <= status < 500 and status != 429 and status not in (401, 403)
            ):
                raise BadInput(f"the provider does not have the file any more: {words}")
            case other:
                raise Temporary(f"the file was not told: {other}")
        if size.isdigit() and int(size) > limit:
            raise BadInput(f"the file has {size} bytes")
        try:
            async with self._open().get(url, headers=self._headers()) as response:
                if response.status != 200:
                    raise Temporary(f"the file was not handed over: HTTP {response.status}")
                found = bytearray()
                async for piece in response.content.iter_chunked(65536):
                    found += piece
                    if len(found) > limit:
                        raise BadInput(f"the file has more than {limit} bytes")
        except (aiohttp.ClientError, TimeoutError, ValueError) as trouble:
            raise Temporary(f"the file was not handed over: {type(trouble).__name__}") from trouble
        return kind, bytes(found)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise Temporary("the Cloud API is not open")
        return self._session

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.account.token()}"}


def _understood(status: int, headers: Mapping[str, str], raw: bytes) -> Answer:
    try:
        told = json.loads(raw)
    except ValueError:
        told = None
    if 200 <= status < 300:
        return Done(told) if isinstance(told, dict) else NoAnswer("la respuesta no se entiende")
    error = told.get("error") if isinstance(told, dict) else None
    if not isinstance(error, dict):
        # What stands between us and the provider may say this too, after the request went through.
        if status >= 500:
            return NoAnswer(f"HTTP {status} sin explicación")
        return Fault(status, 0, f"HTTP {status}", retry_after=_asked_to_wait(headers))
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else None
    return Fault(
        status,
        _number(error.get("code")),
        str(details or error.get("message", ""))[:_SHORT],
        _number(error.get("error_subcode")),
        _asked_to_wait(headers),
    )


def _number(found: object) -> int:
    return found if isinstance(found, int) else int(found) if isinstance(found, str) and found.isdigit() else 0


_MINUTES = re.compile(r'"estimated_time_to_regain_access"\s*:\s*(\d+)')
_LONGEST_WAIT = 3600.0


def _asked_to_wait(headers: Mapping[str, str]) -> float:
    """Seconds: Retry-After, or the longest time that the usage header tells in minutes."""
    after = headers.get("Retry-After", "")
    seconds = float(after) if after.isdigit() else 0.0
    minutes = [int(found) for found in _MINUTES.findall(headers.get("X-Business-Use-Case-Usage", ""))]
    return min(max([seconds, *(60.0 * one for one in minutes)]), _LONGEST_WAIT)
