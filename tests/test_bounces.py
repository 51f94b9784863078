"""Reports of mail servers: which of our answers did not arrive, and that a person hears of it."""

from __future__ import annotations

import contextlib
import os
import re
import smtplib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers import Dovecot, Fault, Missing, Postfix, SmtpReceiver

from evidence_daemon.errors import Unparsable
from evidence_daemon.mail.bounces import Fate, Report, read_report
from evidence_daemon.mail.message import understand
from evidence_daemon.model import AutomaticKind

OURS = "<ev-0000017-4.subsanar.1@cnt.gob.ec>"


def dsn(fields: str, returned: str = "", *, kind: str = "message/rfc822", head: str = "", text: str = "") -> bytes:
    """A report as RFC 3464 has it, from its fields for the recipient and what it returns."""
    returned = returned or f"From: posventagec2@cnt.gob.ec\nMessage-ID: {OURS}\nSubject: Re: x\n\nhola\n"
    return f"""From: MAILER-DAEMON@mx.example.com
To: posventagec2@cnt.gob.ec
Subject: Undelivered Mail Returned to Sender
Message-ID: <report-1@mx.example.com>
{head}MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

{text or "No se pudo entregar."}
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

{fields}

--b
Content-Type: {kind}

{returned}
--b--
""".encode()


FAILED = (
    "Final-Recipient: rfc822; ana@example.com\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no such user"
)


def reported(raw: bytes) -> Report:
    report = read_report(raw)
    assert report is not None
    return report


# ── what a report says ───────────────────────────────────────────────────────────────────────────


def test_a_failure_names_our_answer_its_status_and_what_was_said() -> None:
    report = reported(dsn(FAILED))
    assert report == Report(Fate.FAILED, "5.1.1", "550 no such user", (OURS,))
    assert report.words == "5.1.1 550 no such user"


@pytest.mark.parametrize(
    "raw",
    [
        dsn(FAILED, f"Subject: Re: x\nMessage-ID:\n {OURS}\n", kind="text/rfc822-headers"),
        dsn(FAILED, "nada", kind="text/plain", head=f"In-Reply-To: {OURS}\n"),
        dsn(FAILED, "nada", kind="text/plain", head=f"References: <a@example.com>\n {OURS}\n"),
        dsn(FAILED, "nada", kind="text/plain", text=f"Your mail {OURS} failed."),
        f"From: MAILER-DAEMON@example.com\nSubject: failure notice\n\nSorry, no mailbox here (#5.1.1)\n\n"
        f"--- Below this line is a copy of the message.\n\nMessage-ID: {OURS}\n".encode(),
    ],
    ids=["only headers came back", "In-Reply-To", "References", "named in the text", "a text of the old kind"],
)
def test_our_answer_is_known_again_however_it_is_named(raw: bytes) -> None:
    report = reported(raw)
    assert OURS in report.message_ids
    assert (report.fate, report.status) == (Fate.FAILED, "5.1.1")


def test_the_report_s_own_id_is_not_taken_for_the_reported_mail_s() -> None:
    assert "<report-1@mx.example.com>" not in reported(dsn(FAILED)).message_ids


@pytest.mark.parametrize(
    ("fields", "fate", "status"),
    [
        ("Action: delayed\nStatus: 4.4.1", Fate.DELAYED, "4.4.1"),
        ("Action: failed\nStatus: 4.4.7", Fate.FAILED, "4.4.7"),
        ("Action: Failed (sin buzón)\nStatus: 5.0.0\nDiagnostic-Code: smtp; 552 5.2.2 full", Fate.FAILED, "5.2.2"),
        ("Action: relayed\nStatus: 2.0.0", Fate.ARRIVED, "2.0.0"),
        ("Action: delivered\nStatus: 2.1.5\n\nAction: failed\nStatus: 5.1.1", Fate.FAILED, "5.1.1"),
        ("Action: failed\nDiagnostic-Code: smtp; 550 nobody", Fate.FAILED, "5.0.0"),
    ],
)
def test_a_delay_is_no_failure_and_the_worst_recipient_counts(fields: str, fate: Fate, status: str) -> None:
    report = reported(dsn(fields))
    assert (report.fate, report.status) == (fate, status)


@pytest.mark.parametrize(
    "words",
    [
        "Your message has been delayed. The server will retry for 46 more hours.",
        "Warning: message still undelivered after 24 hours; you do not need to resend it.",
    ],
)
def test_a_delay_in_words_alone_is_no_failure(words: str) -> None:
    raw = f"From: MAILER-DAEMON@example.com\nSubject: Delay\n\n{words}\n{OURS}\n".encode()
    assert reported(raw).fate is Fate.DELAYED


@pytest.mark.parametrize("kind", ["message/disposition-notification", "message/feedback-report"])
def test_a_receipt_of_reading_and_a_complaint_are_no_bounce(kind: str) -> None:
    raw = dsn(FAILED).replace(b"message/delivery-status", kind.encode())
    assert read_report(raw) is None


@given(st.binary(max_size=2000))
def test_no_bytes_break_the_reader(noise: bytes) -> None:
    read_report(dsn(FAILED).replace(b"--b--", noise))
    read_report(noise)


def test_a_report_full_of_ids_and_numbers_is_read_in_time() -> None:
    raw = dsn(FAILED, text="5.1.1 <a@b> 550-5 message-id: <" * 200_000)
    began = time.perf_counter()
    read_report(raw)
    assert time.perf_counter() - began < 2


# ── real ones ────────────────────────────────────────────────────────────────────────────────────

CORPUS = Path(os.environ.get("EVIDENCE_TEST_DATA", Path(__file__).parent.parent.parent / "shared" / "data")) / "mails"


def public(folder: str) -> list[bytes]:
    if not CORPUS.is_dir():
        pytest.skip(f"no public mails under {CORPUS} (set EVIDENCE_TEST_DATA)")
    paths = sorted(path for path in (CORPUS / folder).rglob("*") if path.is_file() and "LICENSE" not in path.name)
    return [path.read_bytes() for path in paths]


def test_of_the_public_bounces_nearly_all_name_the_returned_mail() -> None:
    bounces = public("sisimai+set-of-emails")
    reports = [report for report in map(read_report, bounces) if report is not None]
    # Those that hold an id besides their own; the others name none that could be found.
    naming = [
        raw for raw in bounces if len(set(re.findall(rb"(?im)^[ >]*message-id:\s*(<[^<>\s]+@[^<>\s]+>)", raw))) > 1
    ]
    found = [raw for raw in naming if (report := read_report(raw)) is not None and report.message_ids]
    assert len(reports) >= len(bounces) * 0.97
    assert len(found) >= len(naming) * 0.97
    declared_delay = [raw for raw in bounces if re.search(rb"(?im)^action:\s*delayed", raw)]
    assert declared_delay
    assert [reported(raw).fate for raw in declared_delay] == [Fate.DELAYED] * len(declared_delay)
    declared_failure = [raw for raw in bounces if re.search(rb"(?im)^action:\s*failed", raw)]
    assert declared_failure
    assert {report.fate for report in map(read_report, declared_failure) if report} == {Fate.FAILED}


def test_no_public_mail_that_people_wrote_is_taken_for_a_bounce() -> None:
    """All samples but the bounces; the few bounces among them name themselves as such."""
    says_so = re.compile(
        rb"^(?:content-type:\s*multipart/report|from:.*(?:mailer-daemon|postmaster)|return-path:\s*<>"
        rb"|subject:.*(?:deliver|returned|failure))",
        re.I | re.M,
    )
    taken = []
    folders = [folder.name for folder in CORPUS.iterdir() if folder.is_dir()] if CORPUS.is_dir() else ["none"]
    ordinary = [
        raw
        for folder in folders
        if not folder.startswith("sisimai")
        for raw in public(folder)
        if not says_so.search(raw[:20_000])
    ]
    for raw in ordinary:
        try:
            mail = understand(raw, our_addresses=frozenset())
        except Unparsable:
            continue
        if mail.automatic and mail.automatic.kind is AutomaticKind.REBOTE:
            taken.append(mail.subjects)
    assert len(ordinary) > 300
    assert taken == []


@contextlib.contextmanager
def postfix_for(
    dovecot: Dovecot, home: str, outside: SmtpReceiver, delay_warning_time: str = "0h"
) -> Iterator[Postfix]:
    try:
        server = Postfix(home=home, lmtp=dovecot.lmtp_port, outside=outside.port, delay_warning_time=delay_warning_time)
    except Missing as missing:
        pytest.skip(f"no Postfix to test with: {missing}")
    with server:
        yield server


def report_of(dovecot: Dovecot, user: str, postfix: Postfix) -> bytes:
    """Send our answer from `user` through Postfix; what comes back."""
    with smtplib.SMTP("127.0.0.1", postfix.port) as line:
        line.sendmail(user, ["ana@example.com"], f"From: {user}\r\nMessage-ID: {OURS}\r\n\r\nhola\r\n".encode())
    end = time.monotonic() + 30
    while not (mails := dovecot.folders(user).get("INBOX", [])):
        assert time.monotonic() < end, postfix.log
        time.sleep(0.05)
    return mails[0]


def test_a_refusal_that_postfix_reports_is_a_bounce_without_evidence(dovecot: Dovecot) -> None:
    user = "robot@rebotes.example"
    with SmtpReceiver() as outside, postfix_for(dovecot, "rebotes.example", outside) as postfix:
        outside.faults.append(Fault("RCPT", reply="550 5.1.1 no such user"))
        raw = report_of(dovecot, user, postfix)
    mail = understand(raw, our_addresses=frozenset({user}))
    assert mail.automatic is not None
    assert mail.automatic.kind is AutomaticKind.REBOTE
    assert mail.attachments == ()
    report = reported(raw)
    assert (report.fate, report.status, report.message_ids[0]) == (Fate.FAILED, "5.1.1", OURS)
    assert "no such user" in report.words


def test_a_delay_that_postfix_reports_is_no_bounce(dovecot: Dovecot) -> None:
    user = "robot@demoras.example"
    with SmtpReceiver() as outside, postfix_for(dovecot, "demoras.example", outside, "1s") as postfix:
        outside.faults.extend(Fault("RCPT", reply="450 4.2.0 try later") for _ in range(100))
        raw = report_of(dovecot, user, postfix)
    assert reported(raw).fate is Fate.DELAYED
    assert reported(raw).status.startswith("4.")
