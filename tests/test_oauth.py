"""Tokens against a token server of our own that rotates and refuses, and against servers that check them."""

from __future__ import annotations

import base64
import json
import logging
import os
import select
import socket
import stat
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from aiosmtpd.smtp import AuthResult
from servers import HOST, PASSWORD, Dovecot, Missing, SmtpReceiver
from token_server import CLIENT, CLIENT_SECRET, TokenServer, dovecot_with_tokens

from evidence_daemon import config as configuration
from evidence_daemon.config import MailboxConfig, OAuthConfig, SmtpConfig
from evidence_daemon.errors import BadInput, LoginRefused, Temporary
from evidence_daemon.mail.imap import Mailbox
from evidence_daemon.mail.oauth import Grant, oauthbearer, xoauth2
from evidence_daemon.mail.smtp import Accepted, Postman
from evidence_daemon.mail.wire import explain, trust

USER = "buzon"
Grants = Callable[..., Grant]


@pytest.fixture
def tokens(tmp_path: Path) -> Iterator[TokenServer]:
    with TokenServer(tmp_path, USER) as server:
        yield server


@pytest.fixture
def grant(tokens: TokenServer, tmp_path: Path) -> Grants:
    """Opens the permission of the one client, as a new process would."""

    def make(**settings: object) -> Grant:
        plain = {
            "name": "cuenta",
            "provider": "other",
            "client_id": CLIENT,
            "client_secret_file": "unread",
            "authorize_url": f"{tokens.url}/authorize",
            "token_url": f"{tokens.url}/token",
            "scope": "mail",
            "ca_file": str(tokens.ca),
            "timeout_seconds": 10.0,
        }
        return Grant(OAuthConfig.model_validate(plain | settings), lambda: CLIENT_SECRET, tmp_path / "oauth")

    return make


def consented(grant: Grant, tokens: TokenServer) -> Grant:
    """The same, after a person consented in a browser."""
    browser: list[threading.Thread] = []

    def show(address: str) -> None:
        browser.append(threading.Thread(target=tokens.visit, args=(address,)))
        browser[0].start()

    grant.consent(show)
    browser[0].join(10)
    return grant


def kept(directory: Path) -> str:
    return str(json.loads((directory / "oauth" / "cuenta.json").read_text())["refresh_token"])


# ── renewal ──────────────────────────────────────────────────────────────────────────────────────


def test_a_token_serves_until_shortly_before_its_end(tokens: TokenServer, grant: Grants) -> None:
    one = grant(grant="client_credentials")
    first = one.token()
    assert [one.token() for _ in range(5)] == [first] * 5
    assert tokens.asked == ["client_credentials"]
    one._good_until = time.monotonic()
    assert one.token() != first
    assert tokens.asked == ["client_credentials"] * 2


def test_a_short_lived_token_is_still_used_most_of_its_life(tokens: TokenServer, grant: Grants) -> None:
    tokens.lifetime = 100
    one = grant(grant="client_credentials")
    one.token()
    assert 70 < one._good_until - time.monotonic() <= 80


def test_every_refresh_keeps_the_new_refresh_token_for_the_old_one_is_dead(
    tokens: TokenServer, grant: Grants, tmp_path: Path
) -> None:
    """Elsewhere the first token was kept: every mailbox was locked out after ninety days."""
    one = consented(grant(), tokens)
    seen = [kept(tmp_path)]
    for _ in range(3):
        one.refused(one.token())
        one.token()
        seen.append(kept(tmp_path))
    assert seen[:-1] == tokens.used
    assert seen[-1] == tokens.live
    assert grant().token() == tokens.issued[-1]  # a new process goes on from there
    assert kept(tmp_path) == tokens.live


def test_the_refresh_token_is_for_our_eyes_only_and_replaced_whole(
    tokens: TokenServer, grant: Grants, tmp_path: Path
) -> None:
    consented(grant(), tokens)
    file = tmp_path / "oauth" / "cuenta.json"
    first = file.stat()
    assert stat.S_IMODE(first.st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    (file.parent / "cuenta.new").write_text('{"refresh_')  # what a crash left behind
    grant().token()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.stat().st_ino != first.st_ino
    assert {path.name for path in file.parent.iterdir()} == {"cuenta.json", "cuenta.lock"}


def test_two_processes_never_spend_one_refresh_token_twice(tokens: TokenServer, grant: Grants) -> None:
    consented(grant(), tokens)
    several = [grant() for _ in range(8)]
    got: list[str] = []
    threads = [threading.Thread(target=lambda one=one: got.append(one.token())) for one in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(got) == sorted(tokens.issued[-8:])
    assert len(set(tokens.used)) == len(tokens.used) == 8


def test_doors_that_share_a_grant_cost_one_refresh(tokens: TokenServer, grant: Grants) -> None:
    one = consented(grant(), tokens)
    refused = one.token()
    for _ in range(3):  # mailbox, lookout and postman are refused at the same time
        one.refused(refused)
        one.token()
    assert tokens.asked == ["authorization_code", "refresh_token"]


def test_a_refresh_token_that_the_disk_does_not_take_is_used_and_saved_later(
    tokens: TokenServer, grant: Grants, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = consented(grant(), tokens)
    (tmp_path / "oauth" / "cuenta.new").mkdir()  # no draft can be written
    one.refused(one.token())
    one.token()
    assert "cannot be saved" in caplog.text
    assert kept(tmp_path) != tokens.live
    (tmp_path / "oauth" / "cuenta.new").rmdir()
    one.refused(one.token())
    one.token()
    assert kept(tmp_path) == tokens.live


@pytest.mark.parametrize(
    ("status", "answer", "kind", "words"),
    [
        (400, {"error": "invalid_grant"}, LoginRefused, "consent anew"),
        (401, {"error": "invalid_client"}, LoginRefused, "check client_id"),
        (400, {"error": "temporarily_unavailable"}, Temporary, "at the moment"),
        (429, {"error": "too_many"}, Temporary, "at the moment: 429"),
        (503, b"<html>down</html>", Temporary, "at the moment: 503"),
        (200, b"<html>log in to the hotel</html>", Temporary, "is token_url right"),
        (200, {"access_token": ""}, Temporary, "no token in its answer"),
        (302, b"", Temporary, "no token in its answer: 302"),
    ],
)
def test_a_refusal_is_told_apart_from_trouble_that_passes(
    tokens: TokenServer, grant: Grants, status: int, answer: Any, kind: type[Temporary], words: str
) -> None:
    tokens.trouble = (status, answer)
    with pytest.raises(Temporary, match=words) as trouble:
        grant(grant="client_credentials").token()
    assert type(trouble.value) is kind
    assert trouble.value.retry_after == (17 if status == 429 else 300 if kind is LoginRefused else None)


def test_a_refusal_names_the_providers_number_and_no_person(tokens: TokenServer, grant: Grants) -> None:
    one = grant(grant="client_credentials", client_id="otra")
    with pytest.raises(LoginRefused, match="401 invalid_client AADSTS7000215") as refused:
        one.token()
    assert "juana" not in str(refused.value)


def test_without_a_consent_the_message_says_what_to_run(grant: Grants) -> None:
    with pytest.raises(LoginRefused, match="evidence-daemon mailbox authorize cuenta"):
        grant().token()


def test_a_token_server_that_hangs_is_given_up_in_time(tokens: TokenServer, grant: Grants) -> None:
    tokens.hold.clear()
    begun = time.monotonic()
    with pytest.raises(Temporary, match="in time"):  # a busy machine may take longer for the handshake already
        grant(grant="client_credentials", timeout_seconds=0.5).token()
    assert time.monotonic() - begun < 10


def test_an_unknown_authority_is_not_trusted(grant: Grants) -> None:
    with pytest.raises(Temporary, match="ca_file"):
        grant(grant="client_credentials", ca_file="").token()


def test_a_token_server_that_is_away_is_temporary(grant: Grants) -> None:
    with closing(socket.socket()) as ours:  # bound, so that nobody else on this machine listens there meanwhile
        ours.bind((HOST, 0))
        port = ours.getsockname()[1]
        with pytest.raises(Temporary, match="nobody listens there"):
            grant(grant="client_credentials", token_url=f"https://localhost:{port}/token").token()


# ── consent ──────────────────────────────────────────────────────────────────────────────────────


def test_a_consent_takes_only_the_answer_to_its_own_question(tokens: TokenServer, grant: Grants) -> None:
    pages: list[str] = []

    def browse(address: str) -> None:
        redirect = parse_qs(urlsplit(address).query)["redirect_uri"][0]
        for foreign in ("", "?code=stolen&state=guessed", "?code=stolen", "favicon.ico"):
            with pytest.raises(HTTPError, match="404"):
                urlopen(redirect + foreign, timeout=5)  # noqa: S310
        pages.append(tokens.visit(address))

    browsers: list[threading.Thread] = []

    def show(address: str) -> None:
        browsers.append(threading.Thread(target=browse, args=(address,)))
        browsers[0].start()

    one = grant()
    one.consent(show, user="buzon@example.ec")
    browsers[0].join(10)
    assert "Puede cerrar esta ventana" in pages[0]
    assert one.token() == tokens.issued[-1]
    assert tokens.asked == ["authorization_code"]


def test_a_consent_that_is_denied_says_so(grant: Grants) -> None:
    def deny(address: str) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        back = f"{query['redirect_uri']}?error=access_denied&state={query['state']}"

        def browse() -> None:
            with pytest.raises(HTTPError, match="400"):
                urlopen(back, timeout=5)  # noqa: S310

        browsers.append(threading.Thread(target=browse))
        browsers[0].start()

    browsers: list[threading.Thread] = []
    with pytest.raises(BadInput, match="access_denied"):
        grant().consent(deny)
    browsers[0].join(10)


def test_a_visitor_who_says_nothing_holds_up_no_consent(tokens: TokenServer, grant: Grants) -> None:
    visitors: list[socket.socket] = []
    browsers: list[threading.Thread] = []

    def show(address: str) -> None:
        port = urlsplit(parse_qs(urlsplit(address).query)["redirect_uri"][0]).port
        visitors.append(socket.create_connection((HOST, port or 0)))
        browsers.append(threading.Thread(target=tokens.visit, args=(address,)))
        browsers[0].start()

    began = time.monotonic()
    grant().consent(show)
    assert time.monotonic() - began < 9, "it waited for the silent one"
    browsers[0].join(10)
    visitors[0].close()
    assert tokens.asked == ["authorization_code"]


def test_nobody_who_consents_ends_the_wait(grant: Grants, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evidence_daemon.mail.oauth.CONSENT_SECONDS", 0.2)
    with pytest.raises(BadInput, match="nobody consented in time"):
        grant().consent(lambda _: None)


@pytest.mark.parametrize(
    ("provider", "begins", "holds"),
    [
        (
            {"provider": "microsoft", "tenant": "cnt.example"},
            "https://login.microsoftonline.com/cnt.example/oauth2/v2.0/authorize?",
            {
                "offline_access",
                "IMAP.AccessAsUser.All",
                "SMTP.Send",
                "http%3A%2F%2Flocalhost%3A",
                "login_hint=a%40b.ec",
            },
        ),
        (
            {"provider": "google"},
            "https://accounts.google.com/o/oauth2/v2/auth?",
            {"mail.google.com", "access_type=offline", "prompt=consent", "http%3A%2F%2F127.0.0.1%3A"},
        ),
    ],
)
def test_the_address_to_consent_at_asks_for_what_each_provider_wants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: dict[str, str], begins: str, holds: set[str]
) -> None:
    monkeypatch.setattr("evidence_daemon.mail.oauth.CONSENT_SECONDS", 0)
    shown: list[str] = []
    one = Grant(OAuthConfig.model_validate({"name": "x", "client_id": "app"} | provider), str, tmp_path)
    with pytest.raises(BadInput):
        one.consent(shown.append, user="a@b.ec")
    assert shown[0].startswith(begins)
    assert all(part in shown[0] for part in holds | {"code_challenge_method=S256", "state="})


def test_the_command_takes_a_consent_from_a_browser(tokens: TokenServer, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(CLIENT_SECRET)
    secret.chmod(0o600)
    path = tmp_path / "config.toml"
    path.write_text(
        f"""
[[mailboxes]]
name = "posventa"
oauth = "cuenta"
[[oauth]]
name = "cuenta"
provider = "other"
client_id = "{CLIENT}"
client_secret_file = "secret"
authorize_url = "{tokens.url}/authorize"
token_url = "{tokens.url}/token"
ca_file = "{tokens.ca}"
[files]
state_directory = "state"
"""
    )
    command = [sys.executable, "-m", "evidence_daemon", "mailbox", "authorize", "posventa", "--config", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = next(line.strip() for line in process.stdout if line.startswith("https://"))
        tokens.visit(address)
        said = process.stdout.read()
    assert (process.returncode, said.count("the permission is kept")) == (0, 1)
    assert kept(tmp_path / "state") == tokens.live
    assert configuration.load(path).oauth_named("cuenta").client_id == CLIENT


# ── mail servers that check tokens ───────────────────────────────────────────────────────────────


@pytest.fixture
def dovecot_of_tokens(tokens: TokenServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    try:
        server = dovecot_with_tokens(tmp_path_factory.mktemp("tokens"), tokens)
    except Missing as missing:
        pytest.skip(f"no IMAP server to test with: {missing}")
    with server:
        yield server


def mailbox_of(server: Dovecot, grant: Grant, spool: Path, mechanism: str = "xoauth2") -> Mailbox:
    settings = {
        "host": "localhost",
        "port": server.tls_port,
        "ca_file": str(server.ca),
        "user": USER,
        "oauth": "cuenta",
        "oauth_mechanism": mechanism,
    }
    return Mailbox(MailboxConfig.model_validate(settings), grant.token, grant.refused, spool=spool)


@pytest.mark.parametrize("mechanism", ["xoauth2", "oauthbearer"])
def test_a_mailbox_is_read_with_a_token(
    tokens: TokenServer, grant: Grants, dovecot_of_tokens: Dovecot, tmp_path: Path, mechanism: str
) -> None:
    dovecot_of_tokens.deliver(USER, b"Subject: uno\r\n\r\n")
    with closing(mailbox_of(dovecot_of_tokens, consented(grant(), tokens), tmp_path, mechanism)) as mailbox:
        assert [arrival.raw for arrival in mailbox.arrivals(lambda _: ())] == [b"Subject: uno\r\n\r\n"]


@pytest.mark.parametrize("mechanism", ["xoauth2", "oauthbearer"])
def test_a_token_that_ran_out_is_renewed_once_and_the_mail_read(
    tokens: TokenServer, grant: Grants, dovecot_of_tokens: Dovecot, tmp_path: Path, mechanism: str
) -> None:
    dovecot_of_tokens.deliver(USER, b"Subject: uno\r\n\r\n")
    one = consented(grant(), tokens)
    one._access = tokens.access_token(lifetime=-10)
    with closing(mailbox_of(dovecot_of_tokens, one, tmp_path, mechanism)) as mailbox:
        assert len(list(mailbox.arrivals(lambda _: ()))) == 1
    assert tokens.asked == ["authorization_code", "refresh_token"]


def test_a_user_that_is_not_the_tokens_is_refused_after_one_renewal_and_nothing_is_shown(
    tokens: TokenServer, grant: Grants, dovecot_of_tokens: Dovecot, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    one = consented(grant(), tokens)
    tokens.user = "otra-persona"
    one.refused(one.token())
    mailbox = mailbox_of(dovecot_of_tokens, one, tmp_path)
    with pytest.raises(LoginRefused, match="mailbox authorize posventa") as refused:
        list(mailbox.arrivals(lambda _: ()))
    assert refused.value.retry_after == 300
    assert tokens.asked == ["authorization_code", "refresh_token", "refresh_token"]
    for secret in (*tokens.issued, *tokens.used, tokens.live, CLIENT_SECRET):
        assert secret not in caplog.text + str(refused.value)


def test_a_connection_lost_while_showing_a_token_is_no_refusal(
    tokens: TokenServer, grant: Grants, dovecot_of_tokens: Dovecot, tmp_path: Path
) -> None:
    one = consented(grant(), tokens)
    dovecot_of_tokens.kill()
    with pytest.raises(Temporary) as lost:
        list(mailbox_of(dovecot_of_tokens, one, tmp_path).arrivals(lambda _: ()))
    assert not isinstance(lost.value, LoginRefused)
    assert tokens.asked == ["authorization_code"]


def test_a_server_that_hangs_up_before_the_handshake_leaves_no_connection_open(tokens: TokenServer) -> None:
    tls = trust("mailbox", "tls", "localhost", str(tokens.ca))
    assert tls is not None
    with socket.create_server((HOST, 0)) as server:
        client = socket.create_connection(server.getsockname())
        peer, _ = server.accept()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()  # with a reset
        number = client.fileno()
        select.select([client], [], [], 5)
        with pytest.raises(ConnectionResetError) as refused:
            tls.wrap_socket(client, server_hostname="localhost")
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(number)
        assert explain(refused.value) == "Connection reset by peer"


class TokenReceiver(SmtpReceiver):
    """A submission server that takes one token, the last one that was issued, and no password but "unused"."""

    def __init__(self, tokens: TokenServer) -> None:
        super().__init__(password="unused")
        self.tokens = tokens
        self.attempts = 0

    async def auth_XOAUTH2(self, server: Any, arguments: list[str]) -> AuthResult:
        self.attempts += 1
        if base64.b64decode(arguments[1]) == xoauth2(USER, self.tokens.issued[-1]):
            return AuthResult(success=True, auth_data=USER)
        explained = base64.b64encode(b'{"status":"400","schemes":"Bearer"}').decode()
        assert await server.challenge_auth(explained, encode_to_b64=False) == b""  # it wants an empty line
        return AuthResult(success=False, handled=False, message="535 5.7.8 no such token")


def test_answers_are_sent_with_a_token_and_a_withdrawn_one_is_renewed(tokens: TokenServer, grant: Grants) -> None:
    one = consented(grant(), tokens)
    with TokenReceiver(tokens) as receiver:
        config = SmtpConfig(host=HOST, port=receiver.port, security="none", user=USER, oauth="cuenta")
        with closing(Postman(config, one.token, one.refused)) as postman:
            assert isinstance(postman.send(b"Subject: a\r\n\r\n", "p@x.ec", "c@x.ec"), Accepted)
        assert (receiver.attempts, len(tokens.used)) == (1, 0)
        one._access = tokens.access_token()  # withdrawn before its time
        with closing(Postman(config, one.token, one.refused)) as postman:
            assert isinstance(postman.send(b"Subject: b\r\n\r\n", "p@x.ec", "c@x.ec"), Accepted)
        assert (receiver.attempts, len(tokens.used)) == (3, 1)
        assert [received.user for received in receiver.received] == [USER, USER]


def test_a_submission_server_that_never_takes_the_token_is_asked_twice_and_no_more(
    tokens: TokenServer, grant: Grants
) -> None:
    one = consented(grant(), tokens)
    with TokenReceiver(tokens) as receiver:
        config = SmtpConfig(host=HOST, port=receiver.port, security="none", user="otra", oauth="cuenta")
        with pytest.raises(LoginRefused, match="the consent"):
            Postman(config, one.token, one.refused).send(b"Subject: a\r\n\r\n", "p@x.ec", "c@x.ec")
        assert receiver.attempts == 2


def test_the_messages_of_both_mechanisms_are_those_of_their_documents() -> None:
    """Examples of the XOAUTH2 protocol page (base64 there) and of RFC 7628 4.1."""
    assert xoauth2("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg") == (
        b"user=someuser@example.com\x01auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\x01\x01"
    )
    assert oauthbearer("a=b,c@x.ec", "t") == b"n,a=a=3Db=2Cc@x.ec,\x01auth=Bearer t\x01\x01"


def test_the_password_stays_where_no_oauth_is_configured(dovecot_of_tokens: Dovecot, tmp_path: Path) -> None:
    settings = {"host": "localhost", "port": dovecot_of_tokens.tls_port, "ca_file": str(dovecot_of_tokens.ca)}
    config = MailboxConfig.model_validate(settings | {"user": USER})
    with closing(Mailbox(config, lambda: PASSWORD, spool=tmp_path)) as mailbox:
        assert list(mailbox.arrivals(lambda _: ())) == []


def test_the_secret_of_the_application_is_asked_for_each_time(tokens: TokenServer, tmp_path: Path) -> None:
    secrets = iter(["viejo", CLIENT_SECRET])
    settings = {"name": "x", "provider": "other", "client_id": CLIENT, "grant": "client_credentials"}
    settings |= {"client_secret_file": "f", "token_url": tokens.url, "ca_file": str(tokens.ca)}
    one = Grant(OAuthConfig.model_validate(settings), lambda: next(secrets), tmp_path)
    with pytest.raises(LoginRefused):
        one.token()
    assert one.token() == tokens.issued[-1]
