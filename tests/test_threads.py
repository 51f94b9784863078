"""Replies to our answers, copies of one mail, mails that staff put back or answer by hand."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from house import CORPUS, load_config
from living import Living, letter, living
from PIL import Image
from servers import Dovecot, SmtpReceiver

from evidence_daemon.app import open_house
from evidence_daemon.errors import BadInput
from evidence_daemon.exchange import import_cases
from evidence_daemon.mail.compose import answered, wire_message_id
from evidence_daemon.model import EvidenceState, Lane, MailId, OneCase, OutboxState, ReasonCode, Verdict, Withheld

GOOD = "0100000017//CEVALLOS LLUMIQUINGA LUCIA SOFIA//INTERNET"
CLAIM = next(CORPUS.glob("0001-*.eml")).read_bytes()
"""The faultless mail of the same customer: her certificate as a text PDF."""
KEY = bytes(range(32))


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Living]:
    with living(tmp_path / "house") as one:
        yield one


def with_headers(raw: bytes, **headers: str) -> bytes:
    """The mail with these headers instead of its own; "_" stands for "-"."""
    message = message_from_bytes(raw)
    for name, value in headers.items():
        del message[name.replace("_", "-")]
        message[name.replace("_", "-")] = value
    return message.as_bytes()


def message_id(raw: bytes) -> str:
    return str(message_from_bytes(raw)["Message-ID"])


def asked(one: Living) -> str:
    """She writes without the certificate and is asked for it; the Message-ID of our answer."""
    first = one.receives(letter(GOOD))
    assert one.story(first).decisions[0].verdict is Verdict.ASK
    (answer,) = one.sends()
    return message_id(answer)


# ── the token ────────────────────────────────────────────────────────────────────────────────────


def test_a_signed_message_id_tells_which_decision_was_answered() -> None:
    ours = wire_message_id("EV-0000017-4", "aceptado-parcial", 12, "cnt.gob.ec", KEY)
    assert len(ours.split("@")[0]) <= 65
    assert answered(["<x@example.com>", ours], KEY) == ("EV-0000017-4", 12)
    assert answered([ours.upper()], KEY) == ("EV-0000017-4", 12), "some programs change the case"


@pytest.mark.parametrize(
    "theirs",
    [
        "",
        "<>",
        wire_message_id("EV-0000017-4", "subsanar", 1, "cnt.gob.ec"),
        wire_message_id("EV-0000017-4", "subsanar", 1, "cnt.gob.ec", KEY).replace("0000017-4", "0000018-2"),
        wire_message_id("EV-0000017-4", "subsanar", 1, "cnt.gob.ec", KEY).replace(".1.", ".2."),
        wire_message_id("EV-0000017-4", "subsanar", 1, "cnt.gob.ec", KEY).replace("subsanar", "aceptado"),
        wire_message_id("EV-0000017-4", "subsanar", 1, "cnt.gob.ec", b"the key of another house"),
    ],
)
def test_a_message_id_that_nobody_signed_or_that_was_changed_is_not_believed(theirs: str) -> None:
    assert answered([theirs], KEY) is None


# ── threads ──────────────────────────────────────────────────────────────────────────────────────


def test_a_reply_to_our_answer_with_any_subject_joins_the_case_and_is_accepted(here: Living) -> None:
    reply = here.receives(with_headers(CLAIM, Subject="Re: la foto", In_Reply_To=asked(here)))
    judged = here.story(reply).decisions[0]
    assert isinstance(judged.match, OneCase)
    assert judged.match.because[0].startswith("por el hilo")
    assert judged.verdict is Verdict.REVERSE


def test_the_thread_is_known_by_references_too(here: Living) -> None:
    references = f"<a@example.com> {asked(here)} <b@example.com>"
    judged = here.story(here.receives(with_headers(CLAIM, Subject="foto", References=references))).decisions[0]
    assert isinstance(judged.match, OneCase)
    assert judged.match.because[0].startswith("por el hilo")


def test_an_unsigned_message_id_of_ours_joins_nothing(here: Living) -> None:
    forged = re.sub(r"\.[0-9a-f]{24}@", "@", asked(here))
    assert forged.startswith("<ev-0000001-8.subsanar.1@")
    judged = here.story(here.receives(with_headers(CLAIM, Subject="foto", In_Reply_To=forged))).decisions[0]
    assert not any("hilo" in words for words in judged.match.because)


def test_a_reply_that_names_another_customer_goes_to_a_person(here: Living) -> None:
    subject = "0800000010//PENAFIEL URREGO SOFIA MARIA//INTERNET"
    reply = here.receives(with_headers(CLAIM, Subject=subject, In_Reply_To=asked(here)))
    judged = here.story(reply).decisions[0]
    assert judged.verdict is Verdict.HOLD
    assert not judged.entries


def test_a_reply_without_the_certificate_is_asked_again_and_nothing_is_reversed(here: Living) -> None:
    token = asked(here)
    judged = here.story(here.receives(with_headers(letter("hola", number=2), In_Reply_To=token))).decisions[0]
    assert (judged.verdict, judged.entries) == (Verdict.ASK, ())


# ── duplicates ───────────────────────────────────────────────────────────────────────────────────


def test_a_second_copy_in_other_bytes_is_a_duplicate_and_nobody_is_answered_again(here: Living) -> None:
    first = here.receives(CLAIM)
    second = here.receives(b"Received: from list.example\r\n" + CLAIM)
    assert first != second
    story = here.story(second)
    assert (story.mail.state, story.answers) == (EvidenceState.DUPLICADO, ())
    assert story.decisions[0].settlement.unanswered_because.startswith("es otra copia de EV-0000001-8")
    assert len(here.sends()) == 1


def test_copies_of_a_mail_without_attachments_are_asked_once(here: Living) -> None:
    here.receives(letter(GOOD))
    twin = here.receives(b"Received: from list.example\r\n" + letter(GOOD))
    assert here.story(twin).mail.state is EvidenceState.DUPLICADO
    assert len(here.sends()) == 1


def test_of_two_copies_judged_in_the_wrong_order_one_stands(here: Living) -> None:
    copies = [here.stores(raw) for raw in (CLAIM, b"Received: from list.example\r\n" + CLAIM)]
    for mail_id in reversed(copies):
        here.walks(mail_id)
    assert [here.story(mail_id).mail.state for mail_id in copies] == [
        EvidenceState.DUPLICADO, EvidenceState.ACEPTADO
    ]  # fmt: skip


def test_a_copy_of_a_mail_that_could_not_be_processed_is_walked_itself(here: Living) -> None:
    broken = here.stores(CLAIM)
    here.house.pipeline.read(broken)
    with here.house.database.session() as session:
        here.house.pipeline.shunt(session, broken, "read", "roto")
    copy = here.receives(b"Received: from list.example\r\n" + CLAIM)
    assert here.story(copy).mail.state is EvidenceState.ACEPTADO


def test_the_same_certificate_in_a_new_mail_is_told_that_it_came_before(here: Living) -> None:
    first = here.receives(CLAIM)
    again = here.receives(with_headers(CLAIM, Message_ID="<otra-vez@example.com>"))
    story = here.story(again)
    assert (story.mail.state, story.decisions[0].entries) == (EvidenceState.DUPLICADO, ())
    assert [answer.kind.value for answer in story.answers] == ["informacion"]
    reply = story.decisions[0].settlement.reply
    assert reply is not None
    assert dict(reply.facts)["recibo"] == here.story(first).mail.receipt


def test_another_mail_under_a_message_id_that_came_before_is_a_mail_of_its_own(here: Living) -> None:
    """A carrier's system gives all its mails one Message-ID (FreeScout #5591): the second was never seen."""
    first = here.receives(letter("sin numero"))
    second = here.receives(letter("otra cosa, sin numero"))
    assert first != second
    assert [here.story(mail).mail.state for mail in (first, second)] == [here.story(first).mail.state] * 2
    assert len(here.sends()) == 2


def test_the_very_same_bytes_under_another_number_are_one_mail(here: Living) -> None:
    assert here.stores(CLAIM) == here.stores(CLAIM) == MailId(1)
    assert len(here.story(MailId(1)).copies) == 2


# ── mails that staff put back ────────────────────────────────────────────────────────────────────


def test_a_mail_put_back_of_which_nothing_changed_is_not_decided_or_answered_again(here: Living) -> None:
    raw = letter(GOOD)
    held = here.receives(raw)
    before = here.story(held)
    here.puts_back(held, raw)
    after = here.story(held)
    assert len(after.decisions) == len(before.decisions), "nothing changed, so nothing is decided twice"
    assert len(after.answers) == len(before.answers)
    assert after.mail.state is before.mail.state
    assert after.mail.folder is before.mail.folder


def test_a_mail_put_back_after_its_case_was_listed_is_accepted_and_answered(tmp_path: Path) -> None:
    with living(tmp_path / "house", cases=False) as here:
        mail = here.receives(CLAIM)
        assert here.story(mail).decisions[0].verdict is Verdict.HOLD
        import_cases(here.house.database, CORPUS / "cases.csv", here.house.book)
        here.puts_back(mail, CLAIM)
        story = here.story(mail)
        assert [judged.verdict for judged in story.decisions] == [Verdict.HOLD, Verdict.REVERSE]
        assert story.reviews == ()
        here.later(minutes=11)
        assert len(here.sends()) == 1, "the receipt for the first decision is not needed any more"
        assert {event.action for event in story.events} >= {"put back"}


def test_an_accepted_mail_put_back_reverses_nothing_twice_and_asks_a_person(here: Living) -> None:
    mail = here.receives(CLAIM)
    here.sends()
    here.puts_back(mail, CLAIM)
    story = here.story(mail)
    assert (len(story.decisions), len(story.answers), story.mail.state) == (1, 1, EvidenceState.ACEPTADO)
    assert [review.lane for review in story.reviews] == [Lane.REVISAR]
    assert here.sends() == []
    assert here.status().to_reverse == story.decisions[0].entries[0].amount


def test_an_accepted_mail_cannot_be_discarded_later_and_its_papers_stay_used(here: Living) -> None:
    mail = here.receives(CLAIM)
    here.puts_back(mail, CLAIM)
    with pytest.raises(BadInput, match="ya se aceptó"):
        here.house.desk.settle(mail, Verdict.DISCARD, person="Rosa", reasons=(ReasonCode.CASO_YA_RESUELTO,))
    again = here.receives(with_headers(CLAIM, Message_ID="<otra-vez@example.com>"))
    assert here.story(again).mail.state is EvidenceState.DUPLICADO


def test_what_a_person_decided_is_not_changed_by_putting_the_mail_back(tmp_path: Path) -> None:
    with living(tmp_path / "house", cases=False) as here:
        mail = here.receives(CLAIM)
        here.house.desk.settle(mail, Verdict.REJECT, person="Rosa", reasons=(ReasonCode.NO_ES_ACTA,))
        import_cases(here.house.database, CORPUS / "cases.csv", here.house.book)
        here.puts_back(mail, CLAIM)
        story = here.story(mail)
        assert (len(story.decisions), story.mail.state) == (2, EvidenceState.RECHAZADO)
        assert [review.lane for review in story.reviews] == [Lane.REVISAR]
        assert here.status().to_reverse == 0


# ── answers by hand ──────────────────────────────────────────────────────────────────────────────


def by_hand(answers_to: str, **more: str) -> bytes:
    lines = {"Message-ID": "<a-mano@cnt.gob.ec>", "In-Reply-To": answers_to, **more}
    return "".join(f"{name}: {value}\r\n" for name, value in lines.items()).encode() + b"\r\n"


def test_a_mail_that_staff_answered_by_hand_gets_our_answer_only_when_a_person_lets_it(here: Living) -> None:
    mail = here.receives(letter(GOOD))
    assert here.house.pipeline.note_by_hand("posventa", [by_hand("<m1@example.com>")]) == 1
    assert here.sends() == []
    story = here.story(mail)
    assert story.by_hand == here.now[0]
    (answer,) = story.answers
    assert (answer.state, answer.withheld) == (OutboxState.RETENIDO, Withheld.A_MANO)
    assert here.status().withheld == {"A_MANO": 1}


def test_staff_may_answer_before_the_mail_was_judged(here: Living) -> None:
    here.house.pipeline.note_by_hand("posventa", [by_hand("<m1@example.com>")])
    here.receives(letter(GOOD))
    assert here.sends() == []


def test_our_own_answer_in_the_sent_folder_is_none_by_hand(here: Living) -> None:
    mail = here.receives(letter(GOOD))
    (ours,) = here.sends()
    assert here.house.pipeline.note_by_hand("posventa", [ours, b"", b"\xff\xfe"]) == 0
    assert here.story(mail).by_hand is None


def test_the_sent_folder_of_a_real_server_tells_each_answer_once(tmp_path: Path, dovecot: Dovecot) -> None:
    with SmtpReceiver() as smtp:
        config = load_config(tmp_path, dovecot, "by-hand", smtp)
        dovecot.deliver("by-hand", letter(GOOD))
        with open_house(config) as house, house.daemon() as daemon:
            (door,) = daemon.doors
            assert door.mailbox.sent_lately() == [], "there is no such folder yet"
            door.mailbox.append_sent(by_hand("<m1@example.com>", Subject="Re: hola") + b"Buenos dias\r\n")
            (header,) = door.mailbox.sent_lately()
            assert b"<m1@example.com>" in header
            assert b"Subject" not in header
            assert door.mailbox.sent_lately() == []
            door.mailbox.append_sent(by_hand("<m2@example.com>", **{"Message-ID": "<otra@cnt.gob.ec>"}))
            assert [b"<m2@example.com>" in one for one in door.mailbox.sent_lately()] == [True]
            door.mailbox.close()


def test_a_companys_banner_beside_a_certificate_is_not_kept_as_used_evidence(here: Living) -> None:
    """Elsewhere logos became evidence: the next customer who writes from that firm would be suspect for it."""
    picture = io.BytesIO()
    Image.effect_noise((700, 160), 60).save(picture, "PNG")
    banner = picture.getvalue()
    assert len(banner) > 15 * 1024, "larger than what is left out as a logo"
    digest = hashlib.sha256(banner).hexdigest()
    mail = message_from_bytes(next(CORPUS.glob("0003-*.eml")).read_bytes(), policy=policy.SMTP)
    assert isinstance(mail, EmailMessage)
    mail.add_attachment(banner, maintype="image", subtype="png", filename="banner.png")
    story = here.story(here.receives(mail.as_bytes()))
    assert story.mail.state is EvidenceState.ACEPTADO
    assert digest in {reading.sha256 for reading in story.readings}, "it was read, and people may see it"
    with here.house.database.reading() as session:
        kept = session.connection().exec_driver_sql("SELECT value FROM evidence_uses").scalars().all()
    assert kept
    assert digest not in kept
