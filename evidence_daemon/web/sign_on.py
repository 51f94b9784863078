"""Single sign-on by OpenID Connect: authorization code with PKCE (OpenID Connect Core 1.0, RFC 7636, RFC 9700).

The provider says who he is; whether he may come in, and as what, is decided here: a supervisor added him.  The first
time he is known by the claim of the settings, from then on by `sub`, which the provider never gives to anybody else.
"""

from __future__ import annotations

import base64
import json
import secrets
import ssl
import threading
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import quote, urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from fastapi import APIRouter, HTTPException, Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization
from starlette.responses import RedirectResponse, Response

from evidence_daemon.config import Config
from evidence_daemon.errors import Temporary
from evidence_daemon.store import audit, users
from evidence_daemon.web import auth
from evidence_daemon.web.auth import Refusal
from evidence_daemon.web.frame import In, Visit, cookie_name, set_cookie
from evidence_daemon.web.login import inside, let_in, login_page_with, refusal_words

router = APIRouter()

_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
"""By public key only: a provider's shared secret signs nothing here."""
_COOKIE, _MINUTES = "unico", 10
_LEEWAY = 60


class Provider:
    """The provider of the settings; what it says of itself is read once, at the first login."""

    def __init__(self, config: Config) -> None:
        self._config, self._settings = config, config.sign_on
        self._lock = threading.Lock()
        self._says: dict[str, Any] = {}

    def _client(self) -> httpx.Client:
        ca_file = self._settings.ca_file
        context = ssl.create_default_context(cafile=str(self._config.path(ca_file)) if ca_file else None)
        return httpx.Client(timeout=self._settings.timeout_seconds, verify=context)

    def says(self) -> Mapping[str, Any]:
        """Its discovery document.  Raises `Temporary`."""
        with self._lock:
            if not self._says:
                found = self._fetch(f"{self._settings.issuer}/.well-known/openid-configuration")
                if str(found.get("issuer", "")).rstrip("/") != self._settings.issuer:
                    raise Temporary("the single sign-on says that it is another issuer")
                self._says = found
            return self._says

    def _fetch(self, url: str) -> dict[str, Any]:
        found = self._answer("GET", url)
        if found is None:
            raise Temporary("the single sign-on refuses to say who it is")
        return found

    def _answer(self, method: str, url: str, **sent: Any) -> dict[str, Any] | None:
        """What it answers; None when it refuses (4xx).  Raises `Temporary` for anything that may pass."""
        try:
            with self._client() as client:
                response = client.request(method, url, headers={"Accept": "application/json"}, **sent)
            if response.is_client_error:
                return None
            response.raise_for_status()
            found = response.json()
        except (httpx.HTTPError, ValueError) as trouble:
            raise Temporary(f"the single sign-on cannot be reached: {type(trouble).__name__}") from trouble
        if not isinstance(found, dict):
            raise Temporary("the single sign-on answers something else")
        return found

    def way_in(self, back_to: str, state: str, nonce: str, verifier: str) -> str:
        """Where the browser goes to prove who he is."""
        return str(
            prepare_grant_uri(
                self.says()["authorization_endpoint"],
                self._settings.client_id,
                "code",
                redirect_uri=back_to,
                scope="openid profile email",
                state=state,
                nonce=nonce,
                code_challenge=create_s256_code_challenge(verifier),
                code_challenge_method="S256",
            )
        )

    def who(self, back_to: str, code: str, nonce: str, verifier: str, now: int) -> Mapping[str, Any] | None:
        """The claims behind a code, proven; None when they are not what they should be.  Raises `Temporary`."""
        secret = self._config.secret(self._settings.client_secret_file)
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back_to, "code_verifier": verifier}
        login = (quote(self._settings.client_id, safe=""), quote(secret, safe=""))  # RFC 6749, 2.3.1
        token = self._answer("POST", self.says()["token_endpoint"], data=form, auth=login)
        if token is None:
            return None
        keys = self._fetch(self.says()["jwks_uri"])
        try:
            proven = jwt.decode(
                str(token.get("id_token", "")),
                KeySet.import_key_set(cast(KeySetSerialization, keys)),
                algorithms=_ALGORITHMS,
            )
            jwt.JWTClaimsRegistry(
                now=now,
                leeway=_LEEWAY,
                iss={"essential": True, "value": self.says()["issuer"]},
                aud={"essential": True, "value": self._settings.client_id},
                nonce={"essential": True, "value": nonce},
                sub={"essential": True},
                exp={"essential": True},
            ).validate(proven.claims)
        except (JoseError, ValueError):
            return None
        party = proven.claims.get("azp", self._settings.client_id)
        return proven.claims if party == self._settings.client_id else None


@router.get("/entrar/unico")
def begin(visit: In, volver: str = "/") -> Response:
    """To the provider, with a promise of ours that only this browser can redeem."""
    provider = _provider(visit.request)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    response = RedirectResponse(provider.way_in(_back_to(visit), state, nonce, verifier), 303)
    kept = base64.urlsafe_b64encode(json.dumps([state, nonce, verifier, inside(volver)]).encode()).decode()
    set_cookie(response, visit.rooms.web, _COOKIE, kept, max_age=_MINUTES * 60)
    return response


@router.get("/entrar/unico/vuelta")
def come_back(visit: In, state: str = "", code: str = "") -> Response:
    """From the provider: whoever it names comes in when he was added here."""
    provider = _provider(visit.request)
    kept = visit.request.cookies.get(cookie_name(visit.rooms.web, _COOKIE), "")
    try:
        wanted, nonce, verifier, back = (str(one) for one in json.loads(base64.urlsafe_b64decode(kept)))
    except (ValueError, TypeError):
        raise HTTPException(400) from None
    if not code or not secrets.compare_digest(wanted.encode(), state.encode()):
        raise HTTPException(400)
    now = visit.rooms.now()
    claims = provider.who(_back_to(visit), code, nonce, verifier, int(now.timestamp()))
    user = _user_of(visit, claims) if claims is not None else None
    if user is None:
        with visit.rooms.database.session() as session:
            audit.record(session, "sign-on refused", actor="web", now=now, detail={"proven": claims is not None})
        return login_page_with(visit, back, 403, refused=refusal_words(Refusal.UNKNOWN))
    entered = auth.seat(visit.rooms, user, visit.address, half=user.totp)
    response = let_in(visit, entered, f"/entrar/codigo?volver={quote(back)}" if entered.half else back)
    response.delete_cookie(cookie_name(visit.rooms.web, _COOKIE), secure=visit.rooms.web.https)
    return response


def _user_of(visit: Visit, claims: Mapping[str, Any]) -> users.User | None:
    """Our user whom the claims name; bound to the `sub` when he comes for the first time."""
    issuer, subject = visit.rooms.config.sign_on.issuer, str(claims["sub"])
    bound = f"{issuer} {subject}"
    name = claims.get(visit.rooms.config.sign_on.claim)
    with visit.rooms.database.session() as session:
        found = users.user_of_subject(session, bound)
        if found is None and isinstance(name, str) and name and claims.get("email_verified") is not False:
            found = users.user_named(session, name)
            if found is None or found.user.single_sign_on or found.user.disabled_at is not None:
                return None
            users.change_user(
                session,
                found.user.id,
                actor=found.user.actor,
                now=visit.rooms.now(),
                what="single sign-on bound",
                subject=bound,
                must_change=False,
            )
    return found.user if found is not None and found.user.disabled_at is None else None


def _provider(request: Request) -> Provider:
    state = request.app.state
    if not state.rooms.config.sign_on.issuer:
        raise HTTPException(404)
    if getattr(state, "provider", None) is None:
        state.provider = Provider(state.rooms.config)
    provider: Provider = state.provider
    return provider


def _back_to(visit: Visit) -> str:
    """Our own address for the way back; the wall has checked the host."""
    web = visit.rooms.web
    here = f"{'https' if web.https else 'http'}://{urlsplit(str(visit.request.url)).netloc}"
    return f"{web.public_url or here}/entrar/unico/vuelta"
