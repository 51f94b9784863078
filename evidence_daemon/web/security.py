"""The outer wall: what is refused before any page is asked, and what every answer carries.

* A `Host` that is not ours: a stranger's name that points at our address (DNS rebinding).
* An unsafe method that does not come from our own pages: `Sec-Fetch-Site` must be same-origin, or, in browsers
  that do not send it, `Origin` must be ours (Fetch metadata, W3C; RFC 6454).
* A body above the limit, counted while it comes.
* No answer may run anything that is not ours: a strict Content-Security-Policy with nothing inline.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from evidence_daemon.config import WebConfig
from evidence_daemon.web.frame import SAFE_METHODS
from evidence_daemon.web.words import _

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # "no-referrer" would make browsers send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_FORM_BYTES = 1_000_000
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_UPLOADS = re.compile(r"/recepcion|/campanas/\d+/voz/[a-z0-9-]+|/exclusiones/lista")
"""Where files are handed in."""


class TooBig(Exception):
    """More came than was announced or is allowed."""


class Wall:
    """ASGI middleware around the whole site."""

    def __init__(self, site: FastAPI, web: WebConfig) -> None:
        self.site, self._web = site, web
        self._hosts = {*_LOOPBACK, web.address.lower()}
        if web.public_url:
            self._hosts.add((urlsplit(web.public_url).hostname or "").lower())

    def close(self) -> None:
        """The house closes: streams end by themselves."""
        self.site.state.rooms.closing.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.site(scope, receive, send)
            return
        headers = Headers(scope=scope)
        answer = self._with_headers(send)
        limit = self._web.max_upload_bytes + _FORM_BYTES if _UPLOADS.fullmatch(scope["path"]) else _FORM_BYTES
        status = self._refused(scope["method"], headers, limit)
        if status is not None:
            words = _("This request was refused.") if status != 413 else _("That is more than can be sent at once.")
            await PlainTextResponse(words, status)(scope, receive, answer)
            return
        await self.site(scope, _counted(receive, limit), answer)

    def _refused(self, method: str, headers: Headers, limit: int) -> int | None:
        host = headers.get("host", "")
        if _name_of(host) not in self._hosts:
            return 400
        if method not in SAFE_METHODS and not self._is_our_own(headers, host):
            return 403
        length = headers.get("content-length", "0")
        if not length.isdecimal():
            return 400
        return 413 if int(length) > limit else None

    def _is_our_own(self, headers: Headers, host: str) -> bool:
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site == "same-origin"
        scheme = "https" if self._web.https else "http"
        return headers.get("origin", "null") in {f"{scheme}://{host}", self._web.public_url} - {""}

    def _with_headers(self, send: Send) -> Send:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)  # a download has a stricter policy of its own
                headers.setdefault("Cache-Control", "no-store")
                if self._web.https:
                    headers["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        return answer


def _name_of(host: str) -> str:
    """The name in a Host header, without its port; "" when it is no host at all."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _counted(receive: Receive, limit: int) -> Receive:
    """The body as it comes, up to `limit` bytes, whatever its head announced."""
    taken = 0

    async def take() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > limit:
                raise TooBig
        return message

    return take
