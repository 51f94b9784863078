"""The postman against a real SMTP server, at every place where it can go wrong."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from servers import HOST, NEVER, Fault, SmtpReceiver, Wire

from evidence_daemon.config import SmtpConfig
from evidence_daemon.errors import BadConfig, LoginRefused
from evidence_daemon.mail.smtp import Accepted, NotSent, Postman, Refused, Uncertain

OURS = "posventagec2@example.gob.ec"
CUSTOMER = "cliente@example.ec"
MAIL = b"Subject: Evidencia recibida\r\n\r\nEstimado cliente:\r\n.\r\n..dos\r\nfin\r\n"

Postmen = Callable[..., Postman]


@pytest.fixture
def postman() -> Iterator[Postmen]:
    """Makes postmen for a receiver, patient for 2 seconds (5 for the last answer), and dismisses them."""
    made: list[Postman] = []

    def make(receiver: SmtpReceiver | Wire, password: str = "", **settings: object) -> Postman:
        plain = {
            "host": "localhost",
            "port": receiver.port,
            "security": "none",
            "from_address": OURS,
            "connect_timeout_seconds": 2.0,
            "data_timeout_seconds": 5.0,
        }
        if isinstance(receiver, SmtpReceiver):
            plain |= {"security": receiver.security, "ca_file": str(receiver.ca)}
        if password:
            plain["user"] = "posventa"
        made.append(Postman(SmtpConfig.model_validate(plain | settings), lambda: password))
        return made[-1]

    yield make
    for one in made:
        one.close()


@contextmanager
def takes(low: float, high: float) -> Iterator[None]:
    """The block takes so many seconds; the machine that runs it may be busy with other things."""
    begun = time.monotonic()
    yield
    assert low - 0.1 <= time.monotonic() - begun <= high + 4


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_a_mail_goes_out_byte_for_byte(postman: Postmen, security: str) -> None:
    with SmtpReceiver(security=security, password="secreta") as receiver:
        outcome = postman(receiver, "secreta").send(MAIL, OURS, CUSTOMER)
        assert outcome == Accepted("250 2.0.0 taken")
        (mail,) = receiver.received
        assert mail.raw == MAIL
        assert (mail.sender, mail.recipients, mail.user) == (OURS, (CUSTOMER,), "posventa")
        assert mail.tls == (security != "none")


def test_a_password_with_an_enye_works(postman: Postmen) -> None:
    with SmtpReceiver(security="tls", password="contraseña") as receiver:
        assert isinstance(postman(receiver, "contraseña").send(MAIL, OURS, CUSTOMER), Accepted)


def test_line_ends_and_eight_bit_letters_leave_as_smtp_wants_them(
    postman: Postmen, smtp_receiver: SmtpReceiver
) -> None:
    raw = "Subject: x\n\nNÚÑEZ\n.punto\rsin fin".encode()
    assert isinstance(postman(smtp_receiver).send(raw, OURS, CUSTOMER), Accepted)
    assert smtp_receiver.received[0].raw == "Subject: x\r\n\r\nNÚÑEZ\r\n.punto\r\nsin fin\r\n".encode()


def test_a_burst_goes_over_one_connection_without_waiting(postman: Postmen, smtp_receiver: SmtpReceiver) -> None:
    one = postman(smtp_receiver)
    begun = time.monotonic()
    for _ in range(60):
        assert isinstance(one.send(MAIL, OURS, CUSTOMER), Accepted)
    # 3 ms each; where the last dot waits for an acknowledgement it is 48 ms (measured).
    assert time.monotonic() - begun < 60 * 0.040
    assert (len(smtp_receiver.received), smtp_receiver.connections) == (60, 1)


def test_the_sender_of_a_notice_may_be_nobody(postman: Postmen, smtp_receiver: SmtpReceiver) -> None:
    assert isinstance(postman(smtp_receiver).send(MAIL, "", CUSTOMER), Accepted)
    assert smtp_receiver.received[0].sender == ""


# ── refused ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("at", ["RCPT", "DATA", "DOT"])
@pytest.mark.parametrize(("reply", "permanent"), [("451 4.3.0 later", False), ("550 5.1.1 nobody of that name", True)])
def test_a_refusal_is_provably_not_taken(
    postman: Postmen, smtp_receiver: SmtpReceiver, at: str, reply: str, *, permanent: bool
) -> None:
    one = postman(smtp_receiver)
    smtp_receiver.faults.append(Fault(at, reply))
    assert one.send(MAIL, OURS, CUSTOMER) == Refused(reply, permanent)
    assert smtp_receiver.received == []
    assert isinstance(one.send(MAIL, OURS, CUSTOMER), Accepted)  # and the connection is still good
    assert smtp_receiver.connections == 1


def test_a_refusal_of_ourselves_does_not_condemn_the_mail(postman: Postmen, smtp_receiver: SmtpReceiver) -> None:
    smtp_receiver.faults.append(Fault("MAIL", "550 5.7.1 this account is blocked"))
    outcome = postman(smtp_receiver).send(MAIL, OURS, CUSTOMER)
    assert outcome == Refused("550 5.7.1 this account is blocked", permanent=False)


def test_a_mail_above_the_servers_limit_is_refused_for_good(postman: Postmen) -> None:
    with SmtpReceiver(size_limit=1000) as receiver:
        outcome = postman(receiver).send(MAIL + b"x" * 2000, OURS, CUSTOMER)
        assert isinstance(outcome, Refused)
        assert outcome.permanent
        assert outcome.response.startswith("552")


def test_a_server_that_closes_for_the_day_is_called_anew(postman: Postmen, smtp_receiver: SmtpReceiver) -> None:
    one = postman(smtp_receiver)
    smtp_receiver.faults.append(Fault("MAIL", "421 4.3.2 closing", drop=True))
    assert one.send(MAIL, OURS, CUSTOMER) == Refused("421 4.3.2 closing", permanent=False)
    assert isinstance(one.send(MAIL, OURS, CUSTOMER), Accepted)
    assert smtp_receiver.connections == 2


@pytest.mark.parametrize("address", ["", "cliente", "a b@example.ec", "a@example.ec>\r\nRCPT TO:<b@example.ec"])
def test_what_is_no_address_never_reaches_the_server(
    postman: Postmen, smtp_receiver: SmtpReceiver, address: str
) -> None:
    outcome = postman(smtp_receiver).send(MAIL, OURS, address)
    assert isinstance(outcome, Refused)
    assert outcome.permanent
    assert smtp_receiver.connections == 0


def test_a_domain_with_an_enye_is_sent_in_its_ascii_form(postman: Postmen, smtp_receiver: SmtpReceiver) -> None:
    assert isinstance(postman(smtp_receiver).send(MAIL, OURS, "cliente@niño.example"), Accepted)
    assert smtp_receiver.received[0].recipients == ("cliente@xn--nio-8ma.example",)


def test_a_name_with_an_enye_needs_a_server_that_knows_such(postman: Postmen, smtp_receiver: SmtpReceiver) -> None:
    one = postman(smtp_receiver)
    outcome = one.send(MAIL, OURS, "peña@example.ec")
    assert isinstance(outcome, Refused)
    assert outcome.permanent
    assert isinstance(one.send(MAIL, OURS, CUSTOMER), Accepted)


# ── not sent ─────────────────────────────────────────────────────────────────────────────────────


def test_nobody_listening_is_not_sent(postman: Postmen, smtp_receiver: SmtpReceiver) -> None:
    smtp_receiver.kill()
    outcome = postman(smtp_receiver).send(MAIL, OURS, CUSTOMER)
    assert isinstance(outcome, NotSent)
    assert "nobody listens there" in outcome.detail


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA"])
def test_a_connection_lost_before_the_mail_is_not_sent(postman: Postmen, smtp_receiver: SmtpReceiver, at: str) -> None:
    smtp_receiver.faults.append(Fault(at, drop=True))
    assert isinstance(postman(smtp_receiver).send(MAIL, OURS, CUSTOMER), NotSent)
    assert smtp_receiver.received == []


def test_a_connection_lost_within_the_mail_is_not_sent(postman: Postmen, smtp_receiver: SmtpReceiver) -> None:
    smtp_receiver.faults.append(Fault("DATA", "354 go on", drop=True))
    outcome = postman(smtp_receiver).send(MAIL + b"0123456789abcdef\r\n" * 1_000_000, OURS, CUSTOMER)
    assert isinstance(outcome, NotSent)
    assert smtp_receiver.received == []


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_falls_silent_is_given_up_in_time(postman: Postmen, smtp_receiver: SmtpReceiver, at: str) -> None:
    smtp_receiver.faults.append(Fault(at, delay=NEVER))
    with takes(0.4, 2):
        outcome = postman(smtp_receiver, connect_timeout_seconds=0.5).send(MAIL, OURS, CUSTOMER)
    assert outcome == NotSent(f"SMTP server localhost:{smtp_receiver.port}: no complete answer in time")


def test_a_server_that_drips_is_given_up_in_time(postman: Postmen, smtp_receiver: SmtpReceiver) -> None:
    with Wire(smtp_receiver.port) as wire:
        one = postman(wire, connect_timeout_seconds=0.5)
        assert isinstance(one.send(MAIL, OURS, CUSTOMER), Accepted)
        wire.drip = 0.2
        with takes(0.9, 3):  # once on the idle connection, once on a new one
            assert isinstance(one.send(MAIL, OURS, CUSTOMER), NotSent)


def test_a_server_that_accepts_and_never_greets_is_given_up_in_time(postman: Postmen) -> None:
    with closing(socket.create_server((HOST, 0))) as deaf:
        wire = Wire(0)
        wire.port = deaf.getsockname()[1]
        with takes(0.4, 2):
            outcome = postman(wire, connect_timeout_seconds=0.5).send(MAIL, OURS, CUSTOMER)
    assert isinstance(outcome, NotSent)


def test_without_starttls_no_password_and_no_mail_go_out(postman: Postmen, smtp_receiver: SmtpReceiver) -> None:
    one = postman(smtp_receiver, "secreta", security="starttls")
    outcome = one.send(MAIL, OURS, CUSTOMER)
    assert isinstance(outcome, NotSent)
    assert "does not offer STARTTLS" in outcome.detail
    assert smtp_receiver.received == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_an_unknown_authority_is_not_trusted(postman: Postmen, security: str) -> None:
    with SmtpReceiver(security=security) as receiver:
        outcome = postman(receiver, ca_file="").send(MAIL, OURS, CUSTOMER)
        assert isinstance(outcome, NotSent)
        assert "ca_file" in outcome.detail
        assert receiver.received == []


# ── uncertain ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("taken", [True, False])
def test_a_lost_answer_to_the_last_dot_is_uncertain(
    postman: Postmen, smtp_receiver: SmtpReceiver, *, taken: bool
) -> None:
    one = postman(smtp_receiver)
    smtp_receiver.faults.append(Fault("DOT", drop=True, keep=taken))
    assert isinstance(one.send(MAIL, OURS, CUSTOMER), Uncertain)
    assert len(smtp_receiver.received) == taken
    assert isinstance(one.send(MAIL, OURS, CUSTOMER), Accepted)


def test_silence_after_the_last_dot_is_uncertain_after_the_long_wait(
    postman: Postmen, smtp_receiver: SmtpReceiver
) -> None:
    smtp_receiver.faults.append(Fault("DOT", delay=NEVER, keep=True))
    one = postman(smtp_receiver, connect_timeout_seconds=0.3, data_timeout_seconds=1.0)
    with takes(0.9, 3):
        assert isinstance(one.send(MAIL, OURS, CUSTOMER), Uncertain)
    assert len(smtp_receiver.received) == 1


def test_a_slow_answer_to_the_last_dot_is_waited_for(postman: Postmen, smtp_receiver: SmtpReceiver) -> None:
    smtp_receiver.faults.append(Fault("DOT", delay=0.8))
    one = postman(smtp_receiver, connect_timeout_seconds=0.3)
    assert isinstance(one.send(MAIL, OURS, CUSTOMER), Accepted)


def test_an_answer_that_smtp_does_not_know_is_uncertain(postman: Postmen, smtp_receiver: SmtpReceiver) -> None:
    smtp_receiver.faults.append(Fault("DOT", "hola", keep=True))
    assert isinstance(postman(smtp_receiver).send(MAIL, OURS, CUSTOMER), Uncertain)


# ── idle connections ─────────────────────────────────────────────────────────────────────────────


def test_an_idle_connection_that_died_costs_nothing(postman: Postmen, smtp_receiver: SmtpReceiver) -> None:
    one = postman(smtp_receiver)
    assert isinstance(one.send(MAIL, OURS, CUSTOMER), Accepted)
    smtp_receiver.drop_connections()
    assert isinstance(one.send(MAIL, OURS, CUSTOMER), Accepted)
    smtp_receiver.kill()
    smtp_receiver.start()
    assert isinstance(one.send(MAIL, OURS, CUSTOMER), Accepted)
    assert (len(smtp_receiver.received), smtp_receiver.connections) == (3, 3)


def test_an_idle_connection_that_hangs_costs_a_short_wait(postman: Postmen, smtp_receiver: SmtpReceiver) -> None:
    one = postman(smtp_receiver, connect_timeout_seconds=0.5)
    assert isinstance(one.send(MAIL, OURS, CUSTOMER), Accepted)
    smtp_receiver.faults.append(Fault("RSET", delay=NEVER))
    with takes(0.4, 2):
        assert isinstance(one.send(MAIL, OURS, CUSTOMER), Accepted)


def test_after_closing_the_postman_goes_on(postman: Postmen, smtp_receiver: SmtpReceiver) -> None:
    one = postman(smtp_receiver)
    one.send(MAIL, OURS, CUSTOMER)
    one.close()
    one.close()
    assert isinstance(one.send(MAIL, OURS, CUSTOMER), Accepted)


# ── login and configuration ──────────────────────────────────────────────────────────────────────


def test_a_wrong_password_is_told_apart_and_not_shown(postman: Postmen) -> None:
    with SmtpReceiver(security="starttls", password="secreta") as receiver:
        with pytest.raises(LoginRefused) as refused:
            postman(receiver, "otra clave").send(MAIL, OURS, CUSTOMER)
        assert refused.value.retry_after is not None
        assert refused.value.retry_after >= 60
        assert "password_file" in str(refused.value)
        assert "otra clave" not in str(refused.value)


def test_a_login_that_fails_for_the_moment_is_not_sent(postman: Postmen) -> None:
    with SmtpReceiver(security="starttls", password="secreta") as receiver:
        receiver.login_reply = "454 4.7.0 directory is down"
        outcome = postman(receiver, "secreta").send(MAIL, OURS, CUSTOMER)
        assert isinstance(outcome, NotSent)
        assert "454 4.7.0 directory is down" in outcome.detail


def test_a_server_without_login_refuses_ours(postman: Postmen, smtp_receiver: SmtpReceiver) -> None:
    with pytest.raises(LoginRefused, match="offers no login"):
        postman(smtp_receiver, "secreta").send(MAIL, OURS, CUSTOMER)


def test_a_password_never_travels_in_the_clear_to_another_machine() -> None:
    with pytest.raises(BadConfig, match=r"smtp\.security"):
        Postman(SmtpConfig.model_construct(host="mail.example.ec", security="none"), str)


def test_a_missing_file_of_authorities_is_told_at_once() -> None:
    with pytest.raises(BadConfig, match=r"smtp\.ca_file"):
        Postman(SmtpConfig(ca_file="/nowhere/ca.pem"), str)
