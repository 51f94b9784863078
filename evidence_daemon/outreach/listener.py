"""Webhooks of WhatsApp: proven, kept, answered; understood later, by `conversation`.

An application of its own on a port of its own, apart from the staff's desk: what the whole internet may reach knows no
user, no page and no session.  Nothing is parsed before its signature is proven, and 200 is answered only when the
bytes are committed: whatever is not, the provider tells again (for up to seven days).
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from evidence_daemon.errors import BadInput, Temporary
from evidence_daemon.outreach import webhooks
from evidence_daemon.store import whatsapp
from evidence_daemon.store.database import Database

log = logging.getLogger("evidence_daemon.whatsapp")

PATH = "/whatsapp"
MOST_BYTES = 3_000_000
"""The provider's own limit."""
_TOGETHER = 200
"""Webhooks of one commit: those that came while the last one was written."""
_READY_SECONDS = 15.0


class Listener:
    """The listener and, beside it, whatever works its webhooks through; a context manager with a thread of its own.

    `secret` and `verify` are read anew for each webhook, so that a rotated one counts at once.  `beside` is run in the
    same loop until it is cancelled.
    """

    def __init__(
        self,
        database: Database,
        *,
        address: str,
        port: int,
        secret: Callable[[], str],
        verify: Callable[[], str],
        clock: Callable[[], datetime],
        beside: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        self._database, self._address, self._wanted, self._clock = database, address, port, clock
        self._secret, self._verify, self._beside = secret, verify, beside
        self.port = 0
        """Where it listens; 0 while it does not."""
        self._came: asyncio.Queue[tuple[bytes, asyncio.Future[None]]] = asyncio.Queue()
        self._writing = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._ready = threading.Event()
        self._trouble: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="whatsapp", daemon=True)

    def __enter__(self) -> Self:
        """Listen.  Raises `BadInput` for a port that is taken."""
        self._thread.start()
        self._ready.wait(_READY_SECONDS)
        if self._trouble is not None:
            raise BadInput(f"whatsapp.listen_port {self._wanted}: {self._trouble}")
        log.info("webhooks of WhatsApp are heard on http://%s:%s%s", self._address, self.port, PATH)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._loop is not None and self._end is not None:
            self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(20)

    @property
    def busy(self) -> bool:
        """Whether somebody waits for his 200."""
        return self._writing or not self._came.empty()

    @property
    def alive(self) -> bool:
        """Whether it still works."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except OSError as trouble:
            self._trouble = trouble
        except Exception:
            log.exception("the listener failed")
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self._came = asyncio.Queue()
        app = web.Application(client_max_size=MOST_BYTES)
        app.add_routes([web.get(PATH, self._asked), web.post(PATH, self._told)])
        runner = web.AppRunner(app, access_log=None, keepalive_timeout=75)
        await runner.setup()
        tasks: list[asyncio.Task[None]] = []
        try:
            await web.TCPSite(runner, self._address, self._wanted, backlog=512).start()
            self.port = runner.addresses[0][1]
            with ThreadPoolExecutor(1, "webhooks") as hand:
                tasks = [asyncio.create_task(self._keep(hand))]
                if self._beside is not None:
                    tasks.append(asyncio.create_task(self._beside()))
                self._ready.set()
                ended = asyncio.create_task(self._end.wait())
                await asyncio.wait([ended, *tasks], return_when=asyncio.FIRST_COMPLETED)
                ended.cancel()
                await runner.cleanup()  # what is under way is answered first
                for task in tasks:
                    task.cancel()
                for result in await asyncio.gather(*tasks, return_exceptions=True):
                    if isinstance(result, Exception):
                        raise result
        finally:
            await runner.cleanup()

    async def _asked(self, request: web.Request) -> web.Response:
        """The provider asks whether this is our address: the word that both know, and its challenge comes back."""
        query = request.query
        word = query.get("hub.verify_token", "").encode()
        if query.get("hub.mode") != "subscribe" or not hmac.compare_digest(word, self._verify().encode()):
            log.warning("somebody asked for the webhook with a wrong word")
            return web.Response(status=403)
        return web.Response(text=query.get("hub.challenge", "")[:500])

    async def _told(self, request: web.Request) -> web.Response:
        raw = await request.read()
        if not webhooks.is_signed(raw, request.headers.get("X-Hub-Signature-256", ""), self._secret()):
            log.warning("a webhook without a valid signature was refused (%d bytes)", len(raw))
            return web.Response(status=403)
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._came.put_nowait((raw, kept))
        try:
            await kept
        except Temporary as trouble:
            log.warning("webhooks cannot be kept: %s", trouble)
            return web.Response(status=503)
        return web.Response()

    async def _keep(self, hand: ThreadPoolExecutor) -> None:
        """Commit whatever came, together: a flood costs as many commits as the disk makes, not one for each part."""
        loop = asyncio.get_running_loop()
        while True:
            some = [await self._came.get()]
            while len(some) < _TOGETHER and not self._came.empty():
                some.append(self._came.get_nowait())
            self._writing = True
            bodies = [raw for raw, _kept in some]
            trouble: Temporary | None = None
            try:
                await loop.run_in_executor(
                    hand,
                    self._database.transact,
                    lambda session, bodies=bodies: whatsapp.keep(session, bodies, self._clock()),
                )
            except Temporary as busy:
                trouble = busy
            except Exception as fault:
                log.exception("webhooks could not be kept")
                trouble = Temporary(str(fault))
            self._writing = False
            for _raw, kept in some:
                if kept.done():
                    continue  # its sender hung up
                if trouble is None:
                    kept.set_result(None)
                else:
                    kept.set_exception(trouble)
