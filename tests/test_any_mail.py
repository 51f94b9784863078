"""Whatever bytes arrive, each mail comes to an end of the closed list, and somebody sees it.

Elsewhere mails without attachments or of kinds nobody expected were gone from every view.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from house import BORDER
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from living import Living, living

from evidence_daemon.errors import Permanent
from evidence_daemon.model import EvidenceState

SEEN = frozenset({EvidenceState.DESCARTADO, EvidenceState.DUPLICADO})
"""Ends without an answer of their own: a machine's mail, and a mail that came before (which has its own end)."""

PROVEN = f"Authentication-Results: {BORDER}; dmarc=pass header.from=example.com".encode()
"""Whose mail bears this is answered."""

junk = st.binary(max_size=60)
words = st.sampled_from(
    [
        b"0100000017//CEVALLOS LLUMIQUINGA LUCIA SOFIA//INTERNET",
        b"Re: 0100000018",
        b"=?utf-8?B?TcOA?= =?x?Q?=ZZ?=",
        b"//////",
        b"",
    ]
)
kinds = st.sampled_from(
    [
        b"text/plain",
        b"text/html; charset=x-none",
        b"message/rfc822",
        b"message/delivery-status",
        b"application/ms-tnef",
        b"application/zip",
        b"image/svg+xml",
        b"multipart/mixed",  # without a boundary
        b";;;",
        b"a/b/c; name=\xff\xfe",
    ]
)
codings = st.sampled_from([b"7bit", b"base64", b"quoted-printable", b"x-uuencode", b"binary", b"\xff"])
headers = st.sampled_from(
    [
        b"From: ana@example.com",
        b"From: <>",
        b"From: a@example.com, b@example.com",
        b"Reply-To: <>",
        b"Return-Path: <>",
        b"To: undisclosed-recipients:;",
        b"Message-ID: <uno@example.com>",
        b"Message-ID:",
        b"Date: 99 Foo 99999 99:99:99 +9999",
        b"Auto-Submitted: auto-replied",
        b"In-Reply-To: <<<>>>",
        b"Authentication-Results: ;;;=",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=x; b=!!",
        b"no header at all",
    ]
)


def _leaf(kind: bytes, coding: bytes, body: bytes) -> bytes:
    return b"Content-Type: " + kind + b"\r\nContent-Transfer-Encoding: " + coding + b"\r\n\r\n" + body + b"\r\n"


def _tree(parts: list[bytes], closed: bool) -> bytes:
    inner = b"".join(b"--b\r\n" + part for part in parts)
    return b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + inner + (b"--b--\r\n" if closed else b"--c\r\n")


parts = st.recursive(
    st.builds(_leaf, kinds, codings, junk | words),
    lambda inner: st.builds(_tree, st.lists(inner, max_size=3), st.booleans()),
    max_leaves=4,
)


@st.composite
def mails(draw: st.DrawFn) -> bytes:
    """A mail in which anything may be wrong; sometimes no mail at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=200))
    proven = [PROVEN, b"From: ana@example.com", b"Subject: " + draw(words)] if draw(st.booleans()) else []
    lines = proven + draw(st.lists(headers | st.builds(b"Subject: ".__add__, words | junk), max_size=6))
    raw = b"\r\n".join([*lines, draw(parts)])
    cut = draw(st.none() | st.integers(0, len(raw)))
    return raw[:cut]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    with living(tmp_path_factory.mktemp("any") / "house") as one:
        yield one


@settings(
    max_examples=60,
    deadline=None,  # many other programs may run
    derandomize=True,
    phases=(Phase.generate,),  # a mail that fails is printed; shrinking it would walk the house for minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(raw=mails())
def test_any_bytes_come_to_an_end_that_somebody_sees(here: Living, raw: bytes) -> None:
    mail_id = here.stores(raw)
    if here.story(mail_id).mail.decided or here.story(mail_id).mail.shunted:
        return  # the very same bytes came before
    try:
        here.walks(mail_id)
    except Permanent as trouble:  # what the engine does with it
        with here.house.database.session() as session:
            here.house.pipeline.shunt(session, mail_id, "read", str(trouble))
    story = here.story(mail_id)
    assert here.house.blobs.get(story.mail.sha256) == raw, "its bytes are kept"
    assert story.mail.state not in {EvidenceState.RECIBIDO, EvidenceState.PROCESADO}
    assert story.mail.state not in {EvidenceState.ACEPTADO, EvidenceState.ACEPTADO_PARCIAL}
    assert story.reviews or story.answers or story.mail.state in SEEN
    assert story.mail.folder is not None or story.reviews, "it is filed, or a person has it"
