"""The site on a socket: uvicorn in a thread of its own, beside the daemon or alone."""

from __future__ import annotations

import logging
import socket
import threading
from pathlib import Path

import uvicorn

from evidence_daemon.config import WebConfig
from evidence_daemon.errors import BadConfig, Temporary
from evidence_daemon.web.security import Wall

log = logging.getLogger("evidence_daemon.web")


class Server:
    """Listens from `start` until `stop`.  A context manager: in the block it serves."""

    def __init__(self, site: Wall, web: WebConfig, certificate: Path | None = None, key: Path | None = None) -> None:
        self._web = web
        self._socket: socket.socket | None = None
        self._server = uvicorn.Server(
            uvicorn.Config(
                site,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=True,
                forwarded_allow_ips=[one.strip() for one in web.trusted_proxies.split(",") if one.strip()],
                ssl_certfile=certificate,
                ssl_keyfile=key,
                timeout_graceful_shutdown=5,
                limit_concurrency=200,
                lifespan="off",
            )
        )
        self._thread = threading.Thread(target=self._serve, name="web", daemon=True)
        self.url = ""

    def start(self) -> None:
        """Listen.  Raises `BadConfig` when the address cannot be had."""
        family = socket.AF_INET6 if ":" in self._web.address else socket.AF_INET
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._web.address, self._web.port))
        except OSError as trouble:
            listener.close()
            raise BadConfig(
                f"web.address, web.port: cannot listen on {self._web.address}:{self._web.port}: {trouble}"
            ) from None
        self._socket = listener
        scheme = "https" if self._web.tls_certificate_file else "http"
        host = f"[{self._web.address}]" if family is socket.AF_INET6 else self._web.address
        self.url = self._web.public_url or f"{scheme}://{host}:{listener.getsockname()[1]}"
        self._thread.start()
        for _ in range(200):
            if self._server.started:
                log.info("the web house is open at %s", self.url)
                return
            if not self._thread.is_alive():
                break
            self._thread.join(0.05)
        raise Temporary("the web house could not be opened; its log says why")

    def stop(self) -> None:
        """Answer what is under way (5 s at most) and close."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(10)
        if self._socket is not None:
            self._socket.close()

    def _serve(self) -> None:
        if self._socket is not None:
            self._server.run(sockets=[self._socket])

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
