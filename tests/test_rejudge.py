"""After the case list has changed: what was held or had no case is judged again, on what was read of it."""

from __future__ import annotations

from base64 import encodebytes
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

import pytest
from house import CORPUS
from living import Living, letter, living

from evidence_daemon.exchange import import_cases
from evidence_daemon.model import EvidenceState, MailId, Reading, ReasonCode, ReplyKind, Verdict
from evidence_daemon.store import records

GOOD = "0100000017//CEVALLOS LLUMIQUINGA LUCIA SOFIA//INTERNET"
CLAIM = next(CORPUS.glob("0001-*.eml")).read_bytes()
"""The faultless mail of one customer: her certificate as a text PDF."""


@pytest.fixture
def unlisted(tmp_path: Path) -> Iterator[Living]:
    """A house whose case list has not come yet."""
    with living(tmp_path / "house", cases=False) as one:
        yield one


_READ: dict[bytes, tuple[Reading, ...]] = {}


def brought(here: Living, raw: bytes) -> MailId:
    """Take a mail in and walk it; what its attachments say is really read once, for all tests of this file."""
    if raw not in _READ:
        mail = here.receives(raw)
        _READ[raw] = here.story(mail).readings
        return mail
    mail = here.stores(raw)
    pipeline = here.house.pipeline
    with here.house.database.session() as session:
        records.begin_attempt(session, mail)
        email = pipeline.mails.facts(records.load_mail(session, mail))
        records.save_readings(session, mail, _READ[raw], email=email, now=here.now[0])
    here.walks(mail)
    return mail


def listed(here: Living) -> None:
    import_cases(here.house.database, CORPUS / "cases.csv", here.house.book)


def again(here: Living) -> list[MailId]:
    """What the import does: begin the walks, which the engine then takes to their end."""
    begun: list[tuple[MailId, int]] = []
    here.house.pipeline.enqueue = lambda _session, mail, walk: begun.append((mail, walk))
    returned = here.house.pipeline.rejudge()
    assert [mail for mail, _walk in begun] == returned
    for mail in returned:
        here.walks(mail)
    return returned


def test_a_held_mail_whose_case_is_listed_later_is_accepted_and_answered_once(unlisted: Living) -> None:
    mail = brought(unlisted, CLAIM)
    assert unlisted.story(mail).decisions[0].verdict is Verdict.HOLD
    assert again(unlisted) == [], "nothing has changed"
    listed(unlisted)
    assert again(unlisted) == [mail]
    story = unlisted.story(mail)
    assert [judged.verdict for judged in story.decisions] == [Verdict.HOLD, Verdict.REVERSE]
    assert story.mail.attempts == 1, "its papers were not read again"
    assert story.reviews == ()
    unlisted.later(minutes=11)
    assert len(unlisted.sends()) == 1, "the receipt of the first decision is not needed any more"
    assert again(unlisted) == []
    assert len(unlisted.story(mail).decisions) == 2


def test_one_that_stays_held_gets_no_second_receipt_and_is_not_decided_every_night(unlisted: Living) -> None:
    message = message_from_bytes(CLAIM)
    message.replace_header("Subject", "0100000017//ZAMBRANO VERA LUIS ENRIQUE//INTERNET")
    mail = brought(unlisted, message.as_bytes())
    unlisted.later(minutes=11)
    assert len(unlisted.sends()) == 1
    before = unlisted.story(mail)
    assert before.mail.state is EvidenceState.EN_REVISION
    listed(unlisted)
    assert again(unlisted) == [mail], "the case is known now, and another reason holds it"
    after = unlisted.story(mail)
    assert after.mail.state is EvidenceState.EN_REVISION
    assert after.decisions[-1].settlement.decision.grounds.reasons[0] is ReasonCode.NOMBRE_NO_COINCIDE
    assert len(after.reviews) == 1
    assert [answer.kind for answer in after.answers] == [ReplyKind.RECIBIDO]
    assert again(unlisted) == []
    unlisted.later(minutes=11)
    assert unlisted.sends() == []


def test_what_a_person_decided_is_never_judged_again(unlisted: Living) -> None:
    mail = brought(unlisted, CLAIM)
    unlisted.house.desk.settle(mail, Verdict.REJECT, person="Rosa", reasons=(ReasonCode.NO_ES_ACTA,))
    listed(unlisted)
    assert again(unlisted) == []
    assert len(unlisted.story(mail).decisions) == 2


def test_a_person_who_is_faster_than_the_walk_wins(unlisted: Living) -> None:
    mail = brought(unlisted, CLAIM)
    listed(unlisted)
    assert unlisted.house.pipeline.rejudge() == [mail]
    unlisted.house.desk.settle(mail, Verdict.REJECT, person="Rosa", reasons=(ReasonCode.NO_ES_ACTA,))
    unlisted.walks(mail)
    story = unlisted.story(mail)
    assert [judged.verdict for judged in story.decisions] == [Verdict.HOLD, Verdict.REJECT]
    assert unlisted.status().to_reverse == 0


def misnamed() -> bytes:
    """Her mail with somebody else's name in its subject."""
    message = message_from_bytes(CLAIM)
    message.replace_header("Subject", "0100000017//ZAMBRANO VERA LUIS ENRIQUE//INTERNET")
    return message.as_bytes()


def test_what_a_person_corrected_or_proposed_waits_for_persons_whatever_the_list_says(unlisted: Living) -> None:
    listed(unlisted)
    mail = brought(unlisted, misnamed())
    unlisted.house.desk.correct(mail, {"asunto": GOOD}, person="Rosa")
    assert again(unlisted) == [], "a person has it in hand"
    unlisted.puts_back(mail, misnamed())
    (held, once_more) = unlisted.story(mail).decisions
    assert (held.verdict, once_more.verdict, once_more.actor) == (Verdict.HOLD, Verdict.HOLD, "daemon")
    assert once_more.settlement.decision.grounds.findings[0].rule == "corregido"
    unlisted.house.desk.settle(mail, Verdict.REVERSE, person="Rosa")
    assert unlisted.status().to_reverse == 10080


def test_an_acta_that_a_person_refused_is_not_accepted_by_itself_when_it_comes_again(tmp_path: Path) -> None:
    with living(tmp_path / "house") as here:
        mail = brought(here, CLAIM)
        here.house.desk.take_back(mail, person="Rosa", because="El acta es falsa")
        here.house.desk.settle(mail, Verdict.REJECT, person="Rosa", reasons=(ReasonCode.NO_ES_ACTA,))
        message = message_from_bytes(CLAIM)
        message.replace_header("Message-ID", "<again@correo.example>")
        for part in message.walk():
            if part.get_content_type() == "application/pdf":
                content = part.get_payload(decode=True)
                assert isinstance(content, bytes)
                part.set_payload(encodebytes(content + b"\n% another file\n").decode())
        (decided,) = here.story(brought(here, message.as_bytes())).decisions
        assert decided.verdict is Verdict.HOLD
        assert "prueba_negada" in {signal.name for signal in decided.settlement.decision.grounds.signals}


def test_a_walk_that_was_begun_and_cut_off_is_found_by_the_reconcile_and_not_begun_twice(unlisted: Living) -> None:
    mail = brought(unlisted, CLAIM)
    listed(unlisted)
    assert unlisted.house.pipeline.rejudge() == [mail]
    assert unlisted.house.pipeline.rejudge() == [], "it has a walk before it"
    begun = unlisted.house.pipeline.reconcile(list)
    assert begun == [mail]
    unlisted.walks(mail)
    assert unlisted.story(mail).mail.state is EvidenceState.ACEPTADO


def test_old_mails_are_left_alone(unlisted: Living) -> None:
    brought(unlisted, CLAIM)
    unlisted.later(days=31)
    listed(unlisted)
    assert again(unlisted) == []


def test_an_accepted_mail_is_not_judged_again_and_a_refused_one_is_superseded(tmp_path: Path) -> None:
    with living(tmp_path / "house") as here:
        refused = here.receives(letter(GOOD))
        assert here.story(refused).mail.state is EvidenceState.RECHAZADO
        accepted = brought(here, CLAIM)
        assert here.story(accepted).mail.state is EvidenceState.ACEPTADO
        story = here.story(refused)
        assert story.mail.state is EvidenceState.SUSTITUIDO
        assert [event.action for event in story.events][-1] == "superseded"
        assert again(here) == []
        entries = [entry for judged in here.story(accepted).decisions for entry in judged.entries]
        assert sum(entry.amount for entry in entries) == here.status().to_reverse
