"""/healthz, /readyz and /metrics on a port of their own, and the ping for a watch outside.

/healthz: the process works (nothing outside is asked).  /readyz: it can do its work: the database answers, there is
room on the disk, a document's reader can be locked up.  A mailbox that cannot be reached is "degraded", not unready: a
restart would not mend it.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from evidence_daemon.config import HealthConfig

log = logging.getLogger("evidence_daemon.health")

PING_SECONDS = 10.0
"""Until a ping is given up: the watch outside must not hold up the work."""


class Health:
    """Answers in a thread of its own; a context manager.

    `hanging` says what does not move ("" when all does), `unready` what is missing, `degraded` what is worse than
    it should be; `metrics` gives Prometheus' text.
    """

    def __init__(
        self,
        settings: HealthConfig,
        *,
        hanging: Callable[[], str],
        unready: Callable[[], list[str]],
        degraded: Callable[[], Mapping[str, int]],
        metrics: Callable[[], bytes],
    ) -> None:
        self._settings = settings
        self._answers: dict[str, Callable[[], tuple[int, str, bytes]]] = {
            "/healthz": lambda: _told(200 if not hanging() else 503, {"hanging": hanging()}),
            "/readyz": lambda: _ready(hanging(), unready(), degraded()),
            "/metrics": lambda: (200, "text/plain; version=0.0.4; charset=utf-8", metrics()),
        }
        self._server: ThreadingHTTPServer | None = None

    @property
    def port(self) -> int:
        """Where it listens; 0 while it does not."""
        return int(self._server.server_address[1]) if self._server is not None else 0

    def __enter__(self) -> Health:
        """Listen, if a port is set.  A port that is taken is told and does not stop the work."""
        if not self._settings.port:
            return self
        answers = self._answers

        class Handler(BaseHTTPRequestHandler):
            server_version, sys_version, timeout = "evidence", "", 10

            def do_GET(self) -> None:
                answer = answers.get(self.path.partition("?")[0])
                status, kind, body = answer() if answer is not None else (404, "text/plain", b"")
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Every scrape a line would be no news."""

        try:
            self._server = ThreadingHTTPServer((self._settings.address, self._settings.port), Handler)
        except OSError as trouble:
            log.warning("health.port: /healthz cannot be offered on %s: %s", self._settings.port, trouble.strerror)
            return self
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.5,), name="health", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class Pinger:
    """Tells a watch outside that a round is done; when it no longer hears that, it alerts (a dead man's switch)."""

    def __init__(self, url: str, seconds: float) -> None:
        self._url, self._seconds, self._next = url, seconds, 0.0

    def __call__(self, well: bool) -> None:
        """After a round; `well`: no mailbox failed.  Never raises, and not more often than was asked for."""
        if not self._url or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._seconds
        import httpx

        try:
            httpx.get(self._url if well else f"{self._url}/fail", timeout=PING_SECONDS)
        except httpx.HTTPError as trouble:
            log.warning("the watch outside was not reached: %s", type(trouble).__name__)


def _told(status: int, facts: Mapping[str, object]) -> tuple[int, str, bytes]:
    body = json.dumps({"ok": status == 200, **{key: value for key, value in facts.items() if value}})
    return status, "application/json", body.encode()


def _ready(hanging: str, missing: list[str], failing: Mapping[str, int]) -> tuple[int, str, bytes]:
    status = 503 if hanging or missing else 200
    return _told(status, {"hanging": hanging, "missing": missing, "degraded": dict(failing)})
