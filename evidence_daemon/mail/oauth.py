"""Access tokens: mail servers of Microsoft and Google take no passwords any more (RFC 6749, 7636, 8252).

A `Grant` is one [[oauth]] block at work.  All doors that use the block share it, for a refresh token may be
good for one refresh only: the new one that comes with the answer must be kept at once and durably, or the
mailbox is locked out some weeks later.  A person's first consent is taken by `authorize`.

Tokens, codes and what a token server says about them are never logged; its error codes are.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import hmac
import http.client
import http.server
import json
import logging
import os
import re
import secrets
import socketserver
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from evidence_daemon.config import OAuthConfig
from evidence_daemon.errors import BadInput, LoginRefused, Temporary
from evidence_daemon.mail.wire import connect, explain, trust

log = logging.getLogger("evidence_daemon.oauth")

RETRY_SECONDS = 300.0
"""After a refusal: asking again and again gets an application blocked."""
MARGIN_SECONDS = 120.0
"""A token is renewed so long before its end: the login that uses it takes its time, and clocks differ."""
CONSENT_SECONDS = 600.0
_ANSWER_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class _Provider:
    """Where a provider gives tokens out, and what it wants to be told; `{tenant}` is filled in."""

    authorize_url: str
    token_url: str
    scopes: Mapping[str, str]
    """By grant: what IMAP and SMTP need."""
    extra: Mapping[str, str]
    """Further parameters of the address at which a person consents."""
    redirect_host: str
    """How the provider wants loopback to be called in the address to which it sends the person back."""


_MICROSOFT = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/"
_PROVIDERS: Mapping[str, _Provider] = {
    "microsoft": _Provider(
        _MICROSOFT + "authorize",
        _MICROSOFT + "token",
        {
            "authorization_code": "https://outlook.office.com/IMAP.AccessAsUser.All"
            " https://outlook.office.com/SMTP.Send offline_access",
            "client_credentials": "https://outlook.office365.com/.default",
        },
        {"prompt": "select_account"},
        "localhost",  # any port is allowed for this name only
    ),
    "google": _Provider(
        "https://accounts.google.com/o/oauth2/v2/auth",
        "https://oauth2.googleapis.com/token",
        {"authorization_code": "https://mail.google.com/"},
        {"access_type": "offline", "prompt": "consent"},  # without both it gives no refresh token
        "127.0.0.1",
    ),
    "other": _Provider("", "", {}, {}, "127.0.0.1"),
}


class Grant:
    """One application's permission.  Thread-safe; several processes may share its `directory`.

    `directory` keeps the refresh token (NAME.json, mode 0600).  `secret` gives the application's secret, or
    "" when it has none; it is asked for at each request, and what it raises passes.
    """

    def __init__(self, config: OAuthConfig, secret: Callable[[], str], directory: Path) -> None:
        provider = _PROVIDERS[config.provider]
        self.name = config.name
        self._config = config
        self._secret = secret
        self._provider = provider
        self._token_url = config.token_url or provider.token_url.format(tenant=config.tenant)
        self._authorize_url = config.authorize_url or provider.authorize_url.format(tenant=config.tenant)
        self._scope = config.scope or provider.scopes.get(config.grant, "")
        parts = urlsplit(self._token_url)
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._path = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        self._tls = trust(
            f"oauth.{config.name}", "tls" if parts.scheme == "https" else "none", self._host, config.ca_file
        )
        self._file = directory / f"{config.name}.json"
        self._lock = threading.Lock()
        self._access = ""
        self._good_until = 0.0
        self._unsaved = ""
        """A refresh token that the disk did not take yet."""

    def token(self) -> str:
        """An access token that is good for a while; asks the provider when the last one is about to end.

        Raises `Temporary` when the provider cannot be reached, and `LoginRefused` when it refuses: then
        only a person helps (a new consent, another secret).
        """
        with self._lock:
            if not self._access or time.monotonic() >= self._good_until:
                with self._alone():
                    self._renew()
            return self._access

    def refused(self, token: str) -> None:
        """A mail server did not take this token: the next one that is asked for is a new one."""
        with self._lock:
            if token == self._access:
                self._access = ""

    def consent(self, show: Callable[[str], None], *, user: str = "", port: int = 0) -> None:
        """Let a person consent in a browser, and keep the refresh token that comes of it.

        `show` is given the address to open.  The browser must run on this machine, or its loopback `port`
        be forwarded here (RFC 8252 7.3; 0: any free one).  `user` is proposed to the person.  Raises
        `BadInput` when the person refuses or nothing comes within ten minutes, else like `token`.
        """
        if self._config.grant != "authorization_code":
            raise BadInput(f"oauth.{self.name}: with client_credentials an administrator consents, at the provider")
        verifier, state = secrets.token_urlsafe(64), secrets.token_urlsafe(32)
        digest = hashlib.sha256(verifier.encode("ascii")).digest()
        with _Callback(port, state) as callback:
            redirect = f"http://{self._provider.redirect_host}:{callback.server_port}/"
            query = {
                "response_type": "code",
                "client_id": self._config.client_id,
                "redirect_uri": redirect,
                "scope": self._scope,
                "state": state,
                "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii"),
                "code_challenge_method": "S256",
                **({"login_hint": user} if user else {}),
                **self._provider.extra,
            }
            show(f"{self._authorize_url}{'&' if '?' in self._authorize_url else '?'}{urlencode(query)}")
            code = callback.code(CONSENT_SECONDS)
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
        answer = self._ask(form)
        if not answer.get("refresh_token"):
            raise BadInput(
                f"oauth.{self.name}: the provider gave no refresh token; does the scope allow it (offline_access)?"
            )
        with self._lock, self._alone():
            self._keep(str(answer["refresh_token"]))
            self._take(answer)

    # ── the token server ─────────────────────────────────────────────────────────────────────────

    def _renew(self) -> None:
        if self._config.grant == "client_credentials":
            self._take(self._ask({"grant_type": "client_credentials", "scope": self._scope}))
            return
        old = self._unsaved or self._kept()
        answer = self._ask({"grant_type": "refresh_token", "refresh_token": old})
        new = str(answer.get("refresh_token") or old)
        self._take(answer)
        if new == old and not self._unsaved:
            return
        self._unsaved = new
        try:
            self._keep(new)
        except Temporary as trouble:  # it is good as long as we run, and the next renewal tries again
            log.warning("oauth %s: %s; after a restart somebody may have to consent anew", self.name, trouble)

    def _take(self, answer: Mapping[str, Any]) -> None:
        lifetime = answer.get("expires_in")
        seconds = float(lifetime) if isinstance(lifetime, int | float | str) and str(lifetime).isdigit() else 300.0
        self._access = str(answer["access_token"])
        self._good_until = time.monotonic() + seconds - min(MARGIN_SECONDS, seconds / 5)

    def _ask(self, form: Mapping[str, str]) -> dict[str, Any]:
        """One request to the token server.  Its answer has an access token, or this raises."""
        secret = self._secret()
        whole = {**form, "client_id": self._config.client_id, **({"client_secret": secret} if secret else {})}
        status, retry_after, answer = self._post(urlencode(whole).encode("ascii"))
        if status == 200 and isinstance(answer.get("access_token"), str) and answer["access_token"]:
            return answer
        code = re.sub(r"[^a-z_]", "", str(answer.get("error", "")))[:40]
        # Microsoft's number tells an administrator what to mend; the rest of the text may name people.
        number = re.search(r"AADSTS\d+", str(answer.get("error_description", "")))
        said = " ".join(filter(None, (str(status), code, number[0] if number else "")))
        if status == 429 or status >= 500 or code in {"temporarily_unavailable", "slow_down", "server_error"}:
            raise Temporary(f"{self._server}: no token at the moment: {said}", retry_after)
        if not 400 <= status < 500:
            raise Temporary(f"{self._server}: no token in its answer: {said}; is token_url right?")
        mend = "check client_id, client_secret_file and tenant"
        if code in {"invalid_grant", "interaction_required", "consent_required", "login_required"}:
            mend = f"somebody must consent anew: evidence-daemon mailbox authorize {self.name}"
        raise LoginRefused(f"{self._server}: token refused: {said}; oauth.{self.name}: {mend}", RETRY_SECONDS)

    def _post(self, body: bytes) -> tuple[int, float | None, dict[str, Any]]:
        """Status, Retry-After in seconds, and the JSON object of an answer ({} when it is none)."""
        seconds = self._config.timeout_seconds
        try:
            connection, leash = connect(self._host, self._port, seconds, self._tls)
        except OSError as error:
            raise Temporary(f"{self._server}: cannot connect: {explain(error)}") from None
        client = http.client.HTTPConnection(self._host, self._port)
        client.sock = connection
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        try:
            with leash.at_most(seconds):
                client.request("POST", self._path, body, headers)
                with client.getresponse() as answer:  # an answer cut short would keep the socket open
                    content = answer.read(_ANSWER_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise Temporary(f"{self._server}: no answer: {explain(error, late=leash.cut)}") from None
        finally:
            client.close()
            leash.close()
        wait = answer.headers.get("Retry-After", "")
        try:
            parsed = json.loads(content)
        except ValueError:
            parsed = {}
        return answer.status, float(wait) if wait.isdigit() else None, parsed if isinstance(parsed, dict) else {}

    @property
    def _server(self) -> str:
        return f"token server {self._host}:{self._port}"

    # ── the refresh token ────────────────────────────────────────────────────────────────────────

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process renews or consents meanwhile: one of the two new tokens would be lost."""
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self._file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as trouble:
            raise Temporary(f"oauth.{self.name}: {self._file.parent}: {trouble.strerror or trouble}") from trouble
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _kept(self) -> str:
        try:
            token = json.loads(self._file.read_text("utf-8"))["refresh_token"]
        except FileNotFoundError:
            token = ""
        except (OSError, ValueError, KeyError, TypeError) as trouble:
            raise Temporary(f"{self._file}: cannot be read ({type(trouble).__name__})") from trouble
        if not isinstance(token, str) or not token:
            raise LoginRefused(
                f"oauth.{self.name}: nobody has consented yet: evidence-daemon mailbox authorize {self.name}",
                RETRY_SECONDS,
            )
        return token

    def _keep(self, token: str) -> None:
        """Write the refresh token whole or not at all: draft, fsync, rename, fsync of the directory."""
        draft = self._file.with_suffix(".new")
        try:
            draft.unlink(missing_ok=True)
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"refresh_token": token}, file)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._file)
            directory = os.open(self._file.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except OSError as trouble:
            raise Temporary(
                f"{self._file}: the new refresh token cannot be saved: {trouble.strerror or trouble}"
            ) from trouble
        self._unsaved = ""


def xoauth2(user: str, token: str) -> bytes:
    """The first message of SASL XOAUTH2, as Microsoft and Google document it."""
    return f"user={user}\1auth=Bearer {token}\1\1".encode()


def oauthbearer(user: str, token: str) -> bytes:
    """The first message of SASL OAUTHBEARER (RFC 7628 3.1)."""
    name = user.replace("=", "=3D").replace(",", "=2C")
    return f"n,a={name},\1auth=Bearer {token}\1\1".encode()


# ── where a browser comes back to ────────────────────────────────────────────────────────────────

_LOOK_SECONDS = 0.1
"""How soon an answer that a visitor's thread has taken is noticed."""
_PAGE = """<!doctype html><html lang="es"><meta charset="utf-8"><title>evidence_daemon</title><p>{}</p></html>"""


class _Callback(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Listens on loopback for the one request that brings the code and our `state`.

    Each visitor has a thread of his own: a browser opens connections that it never uses, and the one with the code
    must not wait until they are given up.
    """

    daemon_threads, block_on_close = True, False

    def __init__(self, port: int, state: str) -> None:
        self.state = state
        self.answer: tuple[str, str] | None = None
        """Once it came: ("code", the code) or ("error", why not)."""
        try:
            super().__init__(("127.0.0.1", port), _Visit)
        except OSError as trouble:
            raise BadInput(f"port {port} on loopback cannot be used: {trouble.strerror or trouble}") from trouble

    def code(self, patience: float) -> str:
        """Wait so many seconds for the code.  Raises `BadInput` when it does not come."""
        end = time.monotonic() + patience
        while self.answer is None:
            left = end - time.monotonic()
            if left <= 0:
                raise BadInput("nobody consented in time; run the command again")
            self.timeout = min(left, _LOOK_SECONDS)
            self.handle_request()
        kind, value = self.answer
        if kind == "error":
            raise BadInput(f"the provider did not consent: {value}")
        return value

    def handle_error(self, *_: object) -> None:
        """A visitor that hung up; the person may try again."""


class _Visit(http.server.BaseHTTPRequestHandler):
    """One request.  What does not carry our `state` is none of ours (CSRF) and changes nothing."""

    server: _Callback
    timeout = 10.0
    """Seconds that a visitor may hold us up."""

    def do_GET(self) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        if not hmac.compare_digest(query.get("state", "").encode(), self.server.state.encode()):
            self._say(404, "Esta dirección no corresponde a la autorización en curso.")
        elif code := query.get("code"):
            self._answer(("code", code), 200, "Listo: la autorización fue recibida. Puede cerrar esta ventana.")
        else:
            error = re.sub(r"[^A-Za-z_]", "", query.get("error", "no code"))[:40]
            self._answer(("error", error), 400, "El proveedor no dio la autorización. Vea el mensaje en la consola.")

    def _answer(self, answer: tuple[str, str], status: int, text: str) -> None:
        try:
            self._say(status, text)  # before the program goes on, and perhaps ends
        finally:
            self.server.answer = answer

    def _say(self, status: int, text: str) -> None:
        page = _PAGE.format(text).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        """Nothing: the line would hold the code."""
