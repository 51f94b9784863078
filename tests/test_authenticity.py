"""Who is believed: only our own border server, only for the domain in From."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence_daemon.mail.authenticity import organisational_domain, sender_proven, sender_refuted

OURS = "mx.example.org"


def proven(*headers: str, server: str = OURS, sender: str = "Ana <ana@example.com>") -> bool:
    lines = [*headers, f"From: {sender}", "Subject: x", "", "hola"]
    return sender_proven("\r\n".join(lines).encode(), server)


@pytest.mark.parametrize(
    ("header", "believed"),
    [
        (f"{OURS}; dmarc=pass (p=none dis=none) header.from=example.com", True),
        (f"{OURS}; spf=pass smtp.mailfrom=ana@mail.example.com; dmarc=none header.from=example.com", True),
        (f"{OURS}; dkim=pass header.d=example.com header.s=s1", True),
        (f"{OURS}; dkim=pass header.i=@example.com", True),
        (f"{OURS} 1; dkim=pass header.d=EXAMPLE.com", True),
        (f"{OURS}; dkim=fail header.d=example.com; spf=pass smtp.mailfrom=example.com", True),
        (f"{OURS};\r\n\tdkim=pass (2048-bit key; unprotected) header.d=example.com", True),
        (f"{OURS}; dmarc=fail header.from=example.com; spf=pass smtp.mailfrom=example.com", False),
        (f"{OURS}; dmarc=pass header.from=other.com", False),
        (f"{OURS}; spf=pass smtp.mailfrom=other.com", False),
        (f"{OURS}; spf=pass smtp.helo=example.com", False),
        (f"{OURS}; dkim=pass header.d=notexample.com", False),
        (f"{OURS}; spf=softfail smtp.mailfrom=example.com", False),
        (f"{OURS}; none", False),
        (f'{OURS}; spf=fail reason="dmarc=pass header.from=example.com; dmarc=pass"', False),
        (f"{OURS}; spf=fail (dmarc=pass header.from=example.com; dmarc=pass)", False),
        ("mx.attacker.com; dmarc=pass header.from=example.com", False),
        ("dmarc=pass header.from=example.com", False),
        ("", False),
    ],
)
def test_a_result_counts_only_when_it_is_ours_and_aligned(header: str, believed: bool) -> None:
    assert proven(f"Authentication-Results: {header}") is believed


def test_without_a_configured_server_nobody_is_believed() -> None:
    assert not proven(f"Authentication-Results: {OURS}; dmarc=pass header.from=example.com", server="")


def test_a_forged_header_below_our_own_is_not_read() -> None:
    ours = f"Authentication-Results: {OURS}; dmarc=fail header.from=example.com"
    forged = f"Authentication-Results: {OURS}; dmarc=pass header.from=example.com"
    assert not proven(ours, forged)
    assert proven(forged, ours)


def test_a_header_of_an_inner_server_above_ours_does_not_hide_it() -> None:
    inner = "Authentication-Results: inner.example.org; none"
    assert proven(inner, f"Authentication-Results: {OURS}; dmarc=pass header.from=example.com")


MICROSOFT = (
    "spf=pass (sender IP is 192.0.2.1)\r\n smtp.mailfrom=example.com; dkim=pass (signature was verified)"
    "\r\n header.d=example.com;dmarc=pass action=none\r\n header.from=example.com;compauth=pass reason=100"
)


def test_the_form_without_a_server_name_counts_for_microsoft_only() -> None:
    assert proven(f"Authentication-Results: {MICROSOFT}", server="microsoft")
    assert not proven(f"Authentication-Results: {MICROSOFT}")
    named = "Authentication-Results: mx.attacker.com; dmarc=pass header.from=example.com"
    assert not proven(named, f"Authentication-Results: {MICROSOFT}", server="microsoft")


@pytest.mark.parametrize("sender", ["Ana <ana@example.com>, Eva <eva@other.com>", "nobody", "", "<>"])
def test_a_from_that_is_not_one_mailbox_proves_nothing(sender: str) -> None:
    assert not proven(f"Authentication-Results: {OURS}; dmarc=pass header.from=example.com", sender=sender)


def test_two_from_headers_prove_nothing() -> None:
    assert not proven(f"Authentication-Results: {OURS}; dmarc=pass", "From: eva@example.com")


@pytest.mark.parametrize(
    ("domain", "organisation"),
    [
        ("mail.cnt.gob.ec", "cnt.gob.ec"),
        ("cnt.gob.ec", "cnt.gob.ec"),
        ("a.b.example.com", "example.com"),
        ("example.com.ec", "example.com.ec"),
        ("Example.COM", "example.com"),
        ("localhost", "localhost"),
    ],
)
def test_an_organisation_is_what_was_registered(domain: str, organisation: str) -> None:
    assert organisational_domain(domain) == organisation


@given(st.binary(max_size=300))
def test_any_bytes_prove_nothing_and_raise_nothing(raw: bytes) -> None:
    assert not sender_proven(raw, OURS)
    assert not sender_proven(b"From: a@example.com\r\nAuthentication-Results: " + raw + b"\r\n\r\n", "mx.never.org")


@pytest.mark.parametrize(
    ("results", "refuted"),
    [
        ("dmarc=fail (p=none) header.from=example.com", True),
        ("spf=pass smtp.mailfrom=example.com; dmarc=fail header.from=example.com", True),
        ("dmarc=none header.from=example.com", False),
        ("dmarc=pass header.from=example.com", False),
        ("spf=fail smtp.mailfrom=example.com", False),
        ("", False),
    ],
)
def test_only_a_failed_dmarc_of_our_own_server_refutes_a_sender(results: str, refuted: bool) -> None:
    def mail(server: str) -> bytes:
        return f"Authentication-Results: {server}; {results}\r\nFrom: Ana <ana@example.com>\r\n\r\n".encode()

    assert sender_refuted(mail(OURS), OURS) is refuted
    assert not sender_refuted(mail("mx.other.example"), OURS)
    assert not sender_refuted(mail(OURS), "")
