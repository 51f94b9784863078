"""The site on a socket: uvicorn in a thread of its own, beside the daemon or alone."""

from __future__ import annotations

import gc
import logging
import socket
import threading
from pathlib import Path

import uvicorn

from evidence_daemon import observe
from evidence_daemon.config import LOOPBACK, WebConfig
from evidence_daemon.errors import BadConfig, Temporary
from evidence_daemon.web.security import Wall

log = logging.getLogger("evidence_daemon.web")


class Server:
    """Listens from `start` until `stop`.  A context manager: in the block it serves."""

    def __init__(self, site: Wall, web: WebConfig, certificate: Path | None = None, key: Path | None = None) -> None:
        self._web, self._site = web, site
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
        """Listen, or go on with the socket that systemd gave.  Raises `BadConfig` when the address cannot be had."""
        self._socket = listener = self._inherited() or self._own()
        scheme = "https" if self._web.tls_certificate_file else "http"
        host = f"[{self._web.address}]" if listener.family is socket.AF_INET6 else self._web.address
        place = listener.getsockname()
        where = f"{host}:{place[1]}" if isinstance(place, tuple) else f"unix:{place}"
        self.url = self._web.public_url or f"{scheme}://{where}"
        self._thread.start()
        for _ in range(200):
            if self._server.started:
                spare_what_is_built()
                log.info("the web house is open at %s", self.url)
                return
            if not self._thread.is_alive():
                break
            self._thread.join(0.05)
        raise Temporary("the web house could not be opened; its log says why")

    @property
    def alive(self) -> bool:
        """Whether it still serves."""
        return self._thread.is_alive()

    def _inherited(self) -> socket.socket | None:
        """The socket of the unit file; it too may not show passwords to the network."""
        listener = observe.inherited_socket()
        place = listener.getsockname() if listener is not None else ""
        guarded = self._web.tls_certificate_file or self._web.plain_beyond_loopback
        if isinstance(place, tuple) and place[0] not in LOOPBACK and not guarded:
            raise BadConfig(
                f"the socket unit listens on {place[0]} without TLS: set web.tls_certificate_file and "
                "web.tls_key_file, or ListenStream= to loopback, or web.plain_beyond_loopback"
            )
        return listener

    def _own(self) -> socket.socket:
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
        return listener

    def stop(self) -> None:
        """Answer what is under way (5 s at most) and close."""
        self._site.close()
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


def spare_what_is_built() -> None:
    """What stands once the house is open is never looked through for garbage again.

    A full look at it (330,000 objects) kept whoever waited for a page at that moment waiting 0.2 s longer
    (bench/web.py, two cores).
    """
    gc.collect()
    gc.freeze()
