"""An OpenID Connect provider of our own: one client, one person, and every way to be wrong.

No pytest here, like in `servers`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "mesa", "secreto-del-cliente"


KEY, OTHER_KEY = (RSAKey.generate_key(2048, {"kid": "1"}) for _ in range(2))
"""Made once: it takes a while.  Providers publish the first one."""


class IdentityServer(ThreadingHTTPServer):
    """Listens on loopback.  `claims` are put into every token, over what is right; `key` signs them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.key = self.published = KEY
        self.claims: dict[str, Any] = {}
        self.issuer = self.url
        self.codes: dict[str, dict[str, str]] = {}
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def consent(self, asked: dict[str, str]) -> str:
        """A person said yes: the address to which the browser goes back."""
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form: dict[str, str], client: tuple[str, str]) -> dict[str, str] | None:
        """The tokens for a code, once, to the client that asked for it; None when anything is wrong."""
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or client != (CLIENT, SECRET) or asked["code_challenge"] != challenge:
            return None
        if asked["redirect_uri"] != form.get("redirect_uri"):
            return None
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "persona-1",
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            "preferred_username": "ana",
        } | self.claims
        signed = jwt.encode({"alg": "RS256", "kid": "1"}, {k: v for k, v in claims.items() if v is not None}, self.key)
        return {"access_token": "x", "token_type": "Bearer", "id_token": signed}


class _Request(BaseHTTPRequestHandler):
    server: IdentityServer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        here = self.server.url
        if parts.path == "/.well-known/openid-configuration":
            self._say(
                200,
                {
                    "issuer": self.server.issuer,
                    "authorization_endpoint": f"{here}/authorize",
                    "token_endpoint": f"{here}/token",
                    "jwks_uri": f"{here}/keys",
                },
            )
        elif parts.path == "/keys":
            self._say(200, KeySet([self.server.published]).as_dict(private=False))
        elif parts.path == "/authorize":
            self.send_response(302)
            self.send_header("Location", self.server.consent({k: v[0] for k, v in parse_qs(parts.query).items()}))
            self.end_headers()
        else:
            self._say(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
        login = base64.b64decode(self.headers.get("authorization", "").removeprefix("Basic ")).decode().partition(":")
        found = self.server.token({k: v[0] for k, v in parse_qs(body).items()}, (unquote(login[0]), unquote(login[2])))
        self._say(400 if found is None else 200, found or {"error": "invalid_grant"})

    def _say(self, status: int, answer: object) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Silent."""
