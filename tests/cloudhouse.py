"""A sandbox of the Cloud API on its own thread, and houses that speak with it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from evidence_daemon.app import read_rules
from evidence_daemon.demo.cloud import Sandbox, Settings
from evidence_daemon.outreach.cloud import Account, Cloud
from evidence_daemon.outreach.templates import creation, wanted

_T = TypeVar("_T")
RULES = Path(__file__).parent.parent / "rules"
BOOK = read_rules(RULES).campaigns["recuperacion-equipos"]


def until(condition: Callable[[], Any], seconds: float = 60.0) -> None:
    """Wait for something that must come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


class Running:
    """The sandbox and its loop.  `do` runs something there and waits for it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.sandbox.start(), self._loop).result(30)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.sandbox.stop(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    def do(self, act: Callable[[], _T]) -> _T:
        async def run() -> _T:
            return act()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(30)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox.port}"

    def account(self, **other: Any) -> Account:
        settings = self.sandbox.settings
        known = Account(self.url, "v25.0", settings.phone_id, settings.business_id, lambda: settings.token)
        return replace(known, **other)

    def cloud(self, *, answer_seconds: float = 20.0, **other: Any) -> Cloud:
        return Cloud(self.account(**other), answer_seconds=answer_seconds)


@contextlib.contextmanager
def sandboxed(*, templates: bool = True, photo: bytes = b"", **settings: Any) -> Iterator[Running]:
    """A sandbox that knows the deck's templates."""
    sandbox = Sandbox(Settings(**settings), photo)
    if templates:
        for one in wanted(BOOK):
            parts = creation(one)["components"]
            sandbox.template(one.name, one.language, parts, ttl=one.ttl_seconds)
    running = Running(sandbox)
    running.start()
    try:
        yield running
    finally:
        running.stop()
