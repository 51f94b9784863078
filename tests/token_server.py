"""A token server like Microsoft's and Google's: gives out, rotates and refuses tokens; and a Dovecot that takes them.

No pytest here, like in `servers`.  The access tokens are JWTs (RFC 7519, HS256) that Dovecot checks by itself.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import secrets
import socketserver
import ssl
import threading
import time
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

from servers import HOST, Dovecot, certificate

CLIENT, CLIENT_SECRET = "app-1", "s3cr3to"


class TokenServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Listens with TLS on loopback; the host to ask for is "localhost", `ca` its certificate.

    One client, one user.  Every refresh token is good once.  `lifetime` is that of access tokens in seconds.
    `trouble`, when set, is the status and JSON of every further answer; `hold` makes it say nothing.
    """

    def __init__(self, directory: Path, user: str) -> None:
        super().__init__((HOST, 0), _Request)
        self.user = user
        self.ca = certificate(directory)
        self.lifetime = 3600
        self.trouble: tuple[int, Any] | None = None
        self.hold = threading.Event()
        self.hold.set()
        self.asked: list[str] = []
        """The grant type of every request, in order."""
        self.used: list[str] = []
        """Refresh tokens that were used up, in order."""
        self.live = ""
        self.issued: list[str] = []
        self.signing_key = secrets.token_bytes(32)
        self._codes: dict[str, tuple[str, str]] = {}
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, self.ca.with_name("key.pem"))
        self._tls = context

    @property
    def url(self) -> str:
        return f"https://localhost:{self.server_address[1]}"

    def get_request(self) -> tuple[ssl.SSLSocket, Any]:
        """The handshake is done by the thread that serves: one that fails must not stop the others."""
        connection, address = self.socket.accept()
        try:
            connection.getpeername()  # who hung up already: wrapping that fails, and leaves a socket to nobody
        except OSError:
            connection.close()
            raise
        return self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.hold.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        """Clients that hang up are part of the tests."""

    def new_refresh_token(self) -> str:
        self.live = f"refresh-{secrets.token_hex(8)}"
        return self.live

    def access_token(self, lifetime: float | None = None, user: str = "") -> str:
        """A JWT of its own making, e.g. one that has run out."""
        now = int(time.time())
        claims = {
            "sub": user or self.user,
            "iat": now - 5,
            "exp": int(now + (self.lifetime if lifetime is None else lifetime)),
            "jti": secrets.token_hex(4),
        }
        body = b".".join(_base64(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
        signature = hmac.new(self.signing_key, body, hashlib.sha256).digest()
        return (body + b"." + _base64(signature)).decode()

    def visit(self, address: str) -> str:
        """What the person's browser does: open the address, consent, and go where it is sent; what it shows there."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (query["response_type"], query["client_id"]) == ("code", CLIENT)
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_hex(8)
        self._codes[code] = (query["code_challenge"], query["redirect_uri"])
        back = f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"
        with urlopen(back, timeout=10) as page:  # noqa: S310  # loopback
            return str(page.read().decode())

    def answer(self, form: dict[str, str]) -> tuple[int, Any]:
        self.asked.append(form.get("grant_type", ""))
        if self.trouble is not None:
            return self.trouble
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, CLIENT_SECRET):
            return 401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid secret of juana@x.ec"}
        match form.get("grant_type"):
            case "client_credentials":
                return 200, self._tokens(refresh=False)
            case "refresh_token" if form["refresh_token"] == self.live:
                self.used.append(self.live)
                return 200, self._tokens()
            case "authorization_code":
                challenge, redirect = self._codes.pop(form["code"], ("", ""))
                digest = hashlib.sha256(form["code_verifier"].encode()).digest()
                if redirect and (_base64(digest).decode(), form["redirect_uri"]) == (challenge, redirect):
                    return 200, self._tokens()
        return 400, {"error": "invalid_grant", "error_description": "AADSTS70008: The token has expired."}

    def _tokens(self, *, refresh: bool = True) -> dict[str, Any]:
        self.issued.append(self.access_token())
        tokens = {"token_type": "Bearer", "access_token": self.issued[-1], "expires_in": self.lifetime}
        return tokens | ({"refresh_token": self.new_refresh_token()} if refresh else {})


class _Request(http.server.BaseHTTPRequestHandler):
    server: TokenServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.hold.wait()
        status, answer = self.server.answer({name: values[0] for name, values in parse_qs(body).items()})
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if status == 429:
            self.send_header("Retry-After", "17")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


def dovecot_with_tokens(directory: Path, tokens: TokenServer) -> Dovecot:
    """A Dovecot that takes the token server's access tokens for its user (and passwords as before)."""
    more = f"""
auth_mechanisms = plain login xoauth2 oauthbearer
service imap-login {{
  # else each process serves one login and dies, and on a busy machine takes a waiting connection with it
  service_count = 0
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {directory}/oauth2.conf.ext
}}
"""
    keys = directory / "keys" / "default" / "HS256"
    keys.mkdir(parents=True)
    (keys / "default").write_bytes(base64.b64encode(tokens.signing_key))
    (directory / "oauth2.conf.ext").write_text(
        f"introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix={directory}/keys/\n"
        "username_attribute = sub\n"
    )
    return Dovecot(directory, more=more)


def _base64(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
