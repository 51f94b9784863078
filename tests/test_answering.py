"""Answers as the house gives them: bounces, loops, reminders, hours, age, pause; real mail servers throughout."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from house import BORDER, load_config
from living import START, Living, letter, living, text_of
from servers import Dovecot, Fault, Missing, Postfix, SmtpReceiver
from typer.testing import CliRunner

from evidence_daemon.app import open_house
from evidence_daemon.cli import app
from evidence_daemon.model import (
    CaseState,
    Lane,
    MailId,
    OutboxState,
    ReasonCode,
    ReplyKind,
    Verdict,
)
from evidence_daemon.review import UNDO
from evidence_daemon.store import records

GOOD = "0100000017//CEVALLOS LLUMIQUINGA LUCIA SOFIA//INTERNET"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Living]:
    with living(tmp_path / "house") as one:
        yield one


def case_of(one: Living, mail_id: MailId) -> CaseState:
    (case,) = one.story(mail_id).decisions[-1].settlement.decision.cases
    with one.house.database.reading() as session:
        return records.load_case(session, case.id).state


# ── bounces ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.timeout(300)
def test_an_answer_that_postfix_cannot_deliver_comes_back_and_a_person_calls(tmp_path: Path, dovecot: Dovecot) -> None:
    user = "posventagec2@cnt.gob.ec"
    with contextlib.ExitStack() as stack:
        outside = stack.enter_context(SmtpReceiver())
        try:
            postfix = stack.enter_context(Postfix(home="cnt.gob.ec", lmtp=dovecot.lmtp_port, outside=outside.port))
        except Missing as missing:
            pytest.skip(f"no Postfix to test with: {missing}")
        outside.faults.append(Fault("RCPT", reply="550 5.1.1 no such user"))
        config = load_config(tmp_path, dovecot, user, postfix)
        dovecot.deliver(user, letter("hola"))
        with open_house(config) as house:
            with house.daemon() as daemon:
                daemon.once()
            end = time.monotonic() + 30
            while not (came := dovecot.folders(user)["INBOX"]):
                assert time.monotonic() < end, postfix.log
                time.sleep(0.05)
            assert b"multipart/report" in came[0]
            with house.daemon() as daemon:
                daemon.once()
            with house.database.reading() as session:
                asked, bounce = (records.explain(session, mail_id) for mail_id in records.all_mails(session))
    (answer,) = asked.answers
    assert (answer.kind, answer.state) == (ReplyKind.SUBSANAR, OutboxState.REBOTADO)
    assert answer.response.startswith("5.1.1") or "5.1.1" in answer.response
    assert [review.lane for review in asked.reviews] == [Lane.LLAMAR]
    assert bounce.decisions[-1].verdict.value == "discard"
    assert (bounce.answers, bounce.papers, bounce.readings) == ((), (), ())


def test_an_absence_notice_about_our_answer_is_no_bounce(here: Living) -> None:
    mail = here.receives(letter("hola"))
    (sent,) = here.sends()
    ours = message_from_bytes(sent)["Message-ID"]
    here.receives(
        b"From: ana@example.com\r\nAuto-Submitted: auto-replied\r\nIn-Reply-To: " + ours.encode() + b"\r\n"
        b"Subject: Respuesta automatica: fuera de la oficina\r\n\r\nVuelvo el lunes. 5.1.1\r\n"
    )
    assert here.story(mail).answers[0].state is OutboxState.ENVIADO


# ── loops ────────────────────────────────────────────────────────────────────────────────────────


def carried(first: Living, second: Living, relay: Callable[[bytes], bytes]) -> int:
    """Carry a mail to the first house and every answer to the other one until nobody answers; how many went."""
    went, waiting = 0, [(first, letter("hola"))]
    while waiting and went < 40:
        receiver, raw = waiting.pop(0)
        went += 1
        receiver.receives(relay(raw))
        for one in (first, second):
            one.later(minutes=11)  # a receipt waits ten: our text in a mail of theirs asks for a person
        waiting += [(second if receiver is first else first, answer) for answer in receiver.sends()]
    return went


def a_bad_relay(raw: bytes) -> bytes:
    """Proves every sender, and removes all that tells a robot from a person."""
    for name in (b"Authentication-Results", b"Auto-Submitted", b"X-Auto-Response-Suppress", b"X-Evidencia-Robot"):
        raw = re.sub(rb"(?mi)^" + name + rb":[^\r\n]*\r\n", b"", raw)
    raw = re.sub(rb"(?mi)^Message-ID:[^\r\n]*", f"Message-ID: <{time.monotonic_ns()}@relay.example>".encode(), raw)
    raw = re.sub(rb"(?mi)^From:[^\r\n]*", b"From: robot@gestion.example", raw)
    return f"Authentication-Results: {BORDER}; dmarc=pass header.from=gestion.example\r\n".encode() + raw


def test_two_houses_that_write_to_each_other_stop_at_the_first_answer(tmp_path: Path) -> None:
    with living(tmp_path / "a") as first, living(tmp_path / "b") as second:
        assert carried(first, second, lambda raw: raw) == 2


def test_two_robots_without_any_mark_stop_within_three_mails(tmp_path: Path) -> None:
    with (
        living(tmp_path / "a", same_answer_per_day=1) as first,
        living(tmp_path / "b", same_answer_per_day=1) as second,
    ):
        assert carried(first, second, a_bad_relay) == 3
        assert first.status().withheld == {"REPETIDA": 1}


def test_a_customer_who_sends_a_better_photo_is_answered_anew(tmp_path: Path) -> None:
    with living(tmp_path, same_answer_per_day=1) as one:
        one.receives(letter("hola"))
        one.receives(letter("hola", number=2))
        assert len(one.sends()) == 1
        one.receives(_with_text(b"otro archivo, que no es un acta"))
        assert len(one.sends()) == 1
        assert one.status().withheld == {"REPETIDA": 1}


def _with_text(content: bytes) -> bytes:
    head, _, _ = letter("hola", number=3).partition(b"\r\n\r\n")
    return head + (
        b"\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhola\r\n--b\r\n"
        b"Content-Type: text/plain; name=acta.txt\r\nContent-Disposition: attachment; filename=acta.txt\r\n\r\n"
        + content
        + b"\r\n--b--\r\n"
    )


# ── reminders ────────────────────────────────────────────────────────────────────────────────────


def asked_case(one: Living, number: int = 1) -> MailId:
    """A good subject without the acta: the case waits for the customer, who was told."""
    mail = one.receives(letter(GOOD, number=number))
    assert len(one.sends()) == 1
    assert case_of(one, mail) is CaseState.PENDIENTE_CLIENTE
    return mail


def test_who_does_not_write_in_ten_working_days_is_reminded_once_and_his_case_waits_no_longer(here: Living) -> None:
    mail = asked_case(here)
    here.later(days=14)  # Wednesday two weeks on: the tenth working day
    assert here.house.pipeline.lapse() == 0
    here.later(days=1)
    assert here.house.pipeline.lapse() == 1
    (raw,) = here.sends()
    reminder = message_from_bytes(raw)
    signed = rf"<{here.story(mail).mail.receipt.lower()}\.recordatorio\.1\.[0-9a-f]{{24}}@cnt\.gob\.ec>"
    assert re.fullmatch(signed, reminder["Message-ID"])
    assert reminder["In-Reply-To"] == "<m1@example.com>"
    body = text_of(raw)
    assert "miércoles 17 de marzo de 2021" in body
    assert "NO TENGO ACTA" in body
    assert case_of(here, mail) is CaseState.ABIERTO
    here.later(days=30)
    assert here.house.pipeline.lapse() == 0
    assert here.sends() == []
    assert "lapsed" in [event.action for event in here.story(mail).events]


@pytest.mark.timeout(300)
def test_after_a_standstill_nobody_is_reminded_who_wrote_meanwhile(
    tmp_path: Path, dovecot: Dovecot, mailbox_user: str
) -> None:
    now = [START]
    with SmtpReceiver() as smtp:
        config = load_config(tmp_path, dovecot, mailbox_user, smtp)
        dovecot.deliver(mailbox_user, letter("hola"), letter("hola", "callado@example.com", 2))
        with open_house(config, clock=lambda: now[0]) as house:
            with house.daemon() as daemon:
                daemon.once()
            now[0] += timedelta(days=30)
            dovecot.deliver(mailbox_user, letter("ya lo mande", number=3))
            with house.daemon() as daemon:
                daemon.lapse()
                assert len(smtp.received) == 2, "not before the mailbox was swept"
                daemon.once()
        reminded = [mail.recipients for mail in smtp.received if b"recordatorio" in mail.raw]
    assert reminded == [("callado@example.com",)]


def test_who_wrote_again_is_not_reminded_whatever_he_wrote(here: Living) -> None:
    mail = asked_case(here)
    here.later(days=2)
    here.receives(letter("otra consulta", number=2))
    here.sends()
    here.later(days=18)  # ten working days, and Good Friday
    here.house.pipeline.lapse()
    with here.house.database.reading() as session:
        kinds = [answer.kind for one in records.all_mails(session) for answer in records.explain(session, one).answers]
    assert kinds.count(ReplyKind.RECORDATORIO) == 1, "only to the last mail, which nobody followed"
    assert [answer.kind for answer in here.story(mail).answers] == [ReplyKind.SUBSANAR]
    assert case_of(here, mail) is CaseState.ABIERTO


@pytest.mark.parametrize(
    ("subject", "sender", "reminded"),
    [
        ("otra consulta", "ana@example.com", False),
        (GOOD, "hija@example.org", False),
        ("otra consulta", "nadie@example.org", True),
    ],
)
def test_a_reminder_that_waits_for_its_hour_is_not_sent_to_who_wrote_meanwhile(
    tmp_path: Path, subject: str, sender: str, reminded: bool
) -> None:
    with living(tmp_path / "house", answers='hours = "lun-vie 08:00-17:30"') as one:
        mail = asked_case(one)
        one.later(days=15, hours=9)  # evening
        assert one.house.pipeline.lapse() == 1
        assert one.sends() == []
        one.receives(letter(subject, sender, number=2))
        one.later(days=4, hours=14)  # Monday: Good Friday lies between
        assert any(b"recordatorio" in raw for raw in one.sends()) is reminded
        last = one.story(mail).answers[-1]
        assert last.state is (OutboxState.ENVIADO if reminded else OutboxState.ANULADO)


def test_an_absence_notice_is_no_answer_to_what_was_asked(here: Living) -> None:
    mail = asked_case(here)
    here.receives(b"From: ana@example.com\r\nAuto-Submitted: auto-replied\r\nSubject: ausente\r\n\r\nVuelvo.\r\n")
    here.later(days=16)
    assert here.house.pipeline.lapse() == 1
    assert [answer.kind for answer in here.story(mail).answers] == [ReplyKind.SUBSANAR, ReplyKind.RECORDATORIO]


def test_a_bounced_question_is_not_repeated_but_its_case_waits_no_longer(here: Living) -> None:
    mail = asked_case(here)
    ours = here.story(mail).answers[0].message_id
    here.receives(f"From: MAILER-DAEMON@example.com\r\nSubject: failure\r\n\r\n5.1.1 {ours}\r\n".encode())
    here.later(days=16)
    here.house.pipeline.lapse()
    assert here.sends() == []
    assert case_of(here, mail) is CaseState.ABIERTO


def test_what_was_withheld_was_never_asked_and_starts_no_clock(tmp_path: Path) -> None:
    with living(tmp_path) as one:
        with one.house.database.session() as session:
            records.set_armed(session, False)
        mail = one.receives(letter(GOOD))
        one.later(days=60)
        assert one.house.pipeline.lapse() == 0
        assert case_of(one, mail) is CaseState.PENDIENTE_CLIENTE


def test_an_address_that_asked_about_nothing_we_know_is_reminded_too(here: Living) -> None:
    here.receives(letter("hola"))
    here.sends()
    here.later(days=16)
    here.house.pipeline.lapse()
    (raw,) = here.sends()
    assert b"recordatorio" in raw


# ── age, hours, pause ────────────────────────────────────────────────────────────────────────────


def test_an_old_mailbox_is_decided_and_nobody_in_it_is_written_to(tmp_path: Path) -> None:
    with living(tmp_path) as one:
        for number in range(1, 6):
            mail = one.receives(letter("hola", f"c{number}@example.com", number), age=timedelta(days=400))
        young = one.receives(letter("hola", "nueva@example.com", 9), age=timedelta(days=14))
        assert [message_from_bytes(raw)["To"] for raw in one.sends()] == ["nueva@example.com"]
        assert one.status().withheld == {"ANTIGUO": 5}
        assert one.story(mail).decisions[-1].verdict == one.story(young).decisions[-1].verdict
        one.later(days=60)
        assert one.sends() == [], "never by itself"


def test_a_person_answers_an_old_mail_as_soon_as_she_cannot_take_it_back(tmp_path: Path) -> None:
    with living(tmp_path) as one:
        asks = letter("hola", number=1, text="Quiero una revisión, por favor.")
        mail = one.receives(asks, age=timedelta(days=100))
        one.house.desk.settle(mail, Verdict.ASK, person="Rosa", reasons=[ReasonCode.SIN_ADJUNTO])
        one.now[0] += UNDO
        assert len(one.sends()) == 1


def test_outside_the_hours_answers_wait_for_the_next_opening(tmp_path: Path) -> None:
    with living(tmp_path, answers='hours = "lun-vie 08:00-17:30"') as one:
        one.later(days=2, hours=8)  # Friday, six in the evening
        one.receives(letter("hola"))
        assert one.sends() == []
        status = one.status()
        assert status.not_sending == "fuera de horario"
        assert status.not_sending_until == datetime(2021, 3, 22, 13, 0, tzinfo=UTC)
        one.later(days=2)
        assert one.sends() == []
        one.now[0] = datetime(2021, 3, 22, 13, 0, tzinfo=UTC)
        assert len(one.sends()) == 1
        assert one.status().not_sending == ""


def command(path: Path, *words: str) -> str:
    """Run the command line on the house; what it printed."""
    run = CliRunner().invoke(app, [*words, "--config", str(path / "config.toml")], env={"COLUMNS": "200"})
    assert run.exit_code == 0, run.output
    return run.output


def test_a_person_pauses_sees_that_all_is_drained_and_resumes(tmp_path: Path) -> None:
    with living(tmp_path) as one:
        one.receives(letter("hola"))
        command(tmp_path, "pause", "--sending", "--as", "Rosa", "--because", "mantenimiento")
        assert one.sends() == []
        assert not one.house.pipeline.intake_paused()
        command(tmp_path, "pause", "--as", "Rosa")
        assert one.house.pipeline.intake_paused()
        told = command(tmp_path, "status")
        assert "persona:Rosa: mantenimiento" in told
        assert "se puede detener" in told
        command(tmp_path, "resume", "--sending", "--as", "Eva")
        assert "se puede detener" not in command(tmp_path, "status"), "an answer waits"
        assert len(one.sends()) == 1
        assert one.status().drained
        command(tmp_path, "resume", "--as", "Eva")
        assert not one.house.pipeline.intake_paused()


def test_a_paused_intake_leaves_the_mail_where_it_is(tmp_path: Path, dovecot: Dovecot, mailbox_user: str) -> None:
    with SmtpReceiver() as smtp:
        config = load_config(tmp_path, dovecot, mailbox_user, smtp)
        dovecot.deliver(mailbox_user, letter("hola"))
        with open_house(config) as house:
            command(tmp_path, "pause", "--intake", "--as", "Rosa")
            with house.daemon() as daemon:
                daemon.once()
            assert house.pipeline.status().mails == {}
            assert len(dovecot.folders(mailbox_user)["INBOX"]) == 1
            command(tmp_path, "resume", "--intake", "--as", "Rosa")
            with house.daemon() as daemon:
                daemon.once()
            assert sum(house.pipeline.status().mails.values()) == 1


def test_a_person_sees_what_is_withheld_and_lets_one_go(tmp_path: Path) -> None:
    with living(tmp_path, same_answer_per_day=1) as one:
        one.receives(letter("hola"))
        second = one.receives(letter("hola", number=2))
        assert len(one.sends()) == 1
        receipt = one.story(second).mail.receipt
        shown = command(tmp_path, "answers", "held")
        assert receipt in shown
        assert "REPETIDA" in shown
        assert "ana@" not in shown, "the address is masked"
        assert "1 answers" in command(tmp_path, "answers", "release", receipt, "--as", "Rosa")
        assert len(one.sends()) == 1
        assert "Ninguna" in command(tmp_path, "answers", "held")


def test_who_was_called_is_taken_off_the_queue(here: Living, tmp_path: Path) -> None:
    mail = here.receives(letter("hola"))
    here.sends()
    ours = here.story(mail).answers[0].message_id
    here.receives(f"From: MAILER-DAEMON@example.com\r\nSubject: failure\r\n\r\n5.1.1 {ours}\r\n".encode())
    receipt = here.story(mail).mail.receipt
    assert "LLAMAR" in command(tmp_path / "house", "queue", "list")
    command(tmp_path / "house", "queue", "done", receipt, "LLAMAR", "--as", "Rosa")
    assert here.story(mail).reviews == ()
