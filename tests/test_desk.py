"""What persons do with held mails, on SQLite and on PostgreSQL: the same laws on both."""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from house import CORPUS, load_config
from living import Living, letter, living, text_of
from servers import Dovecot, SmtpReceiver

from evidence_daemon.app import open_house
from evidence_daemon.config import MaildirConfig
from evidence_daemon.errors import BadInput, RefusedTransition
from evidence_daemon.exchange import Corrections, import_cases
from evidence_daemon.mail.maildir import Maildir
from evidence_daemon.mail.smtp import Postman
from evidence_daemon.model import (
    Case,
    CaseState,
    ChargeState,
    EvidenceState,
    FolderRole,
    ItemState,
    Lane,
    MailId,
    OutboxState,
    ReasonCode,
    Refiling,
    Verdict,
)
from evidence_daemon.review import InHand, Outcome, Ruling, TooLate
from evidence_daemon.store import audit, queue, records
from evidence_daemon.store.queue import SearchBy, Wanted

GOOD = "0100000017//CEVALLOS LLUMIQUINGA LUCIA SOFIA//INTERNET"
NO_ACTA = "No tengo el acta. Devolví el módem en el centro de Cuenca."
CLAIM = next(CORPUS.glob("0001-*.eml")).read_bytes()
"""The faultless mail of one customer: her certificate as a text PDF."""
ACCEPT = Ruling(Verdict.REVERSE)
ASK = Ruling(Verdict.ASK, reasons=(ReasonCode.SIN_ADJUNTO,))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house on SQLite that knows its cases, to copy."""
    directory = tmp_path_factory.mktemp("original") / "house"
    with living(directory):
        pass
    return directory


@pytest.fixture
def lite(original: Path, tmp_path: Path) -> Iterator[Living]:
    shutil.copytree(original, tmp_path / "house")
    with living(tmp_path / "house", cases=False) as one:
        yield one


@pytest.fixture(params=["sqlite", "postgresql"])
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Living]:
    """For what people do at the same moment, and what the database itself refuses."""
    if request.param == "sqlite":
        yield request.getfixturevalue("lite")
        return
    with living(tmp_path / "house", database_url=request.getfixturevalue("postgresql")()) as one:
        yield one


def held(one: Living, number: int = 1, sender: str = "ana@example.com") -> MailId:
    """A mail that waits for a person, about one case."""
    mail = one.receives(letter(GOOD, sender, number, NO_ACTA))
    assert one.story(mail).mail.state is EvidenceState.EN_REVISION
    return mail


def question(one: Living, mail: MailId) -> records.Review:
    with one.house.database.reading() as session:
        found = records.question_of(session, mail)
    assert found is not None
    return found


def case_of(one: Living, mail: MailId) -> Case:
    (case,) = one.house.desk.dossier(mail).cases
    return case


def with_policy(one: Living, **changes: object) -> None:
    """Other limits in the rule book of this house."""
    book = one.house.pipeline.book
    decision = book.decision.model_copy(update={"policy": book.decision.policy.model_copy(update=changes)})
    one.house.pipeline.book = book.model_copy(update={"decision": decision})


def together(*acts: Callable[[], object]) -> list[object]:
    """Run the acts at the same moment; what each gave or raised."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        gate.wait(10)
        try:
            return act()
        except Exception as trouble:  # noqa: BLE001  # what it was is what the test looks at
            return trouble

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def entries(one: Living, mail: MailId) -> int:
    return sum(len(judged.entries) for judged in one.story(mail).decisions)


# ── deciding ─────────────────────────────────────────────────────────────────────────────────────


def test_a_decision_changes_the_case_and_answers_after_a_minute(lite: Living) -> None:
    mail = held(lite)
    outcome = lite.house.desk.decide(mail, ACCEPT, person="rosa", token=question(lite, mail).token, key="k1")
    assert (outcome.state, outcome.charges) == (EvidenceState.ACEPTADO, 1)
    assert {item.state for item in case_of(lite, mail).items} == {ItemState.ACREDITADO_ACTA}
    assert lite.sends() == [], "the answer waits for second thoughts"
    lite.later(seconds=61)
    (answer,) = lite.sends()
    assert outcome.receipt in text_of(answer)
    assert lite.sends() == []


def test_the_same_form_sent_twice_is_one_decision_and_one_mail(here: Living) -> None:
    mail = held(here)
    token = question(here, mail).token

    def submit() -> Outcome:
        return here.house.desk.decide(mail, ACCEPT, person="rosa", token=token, key="the form's key")

    results = together(submit, submit, submit)
    assert all(isinstance(result, Outcome) for result in results), results
    assert Counter(result.repeated for result in results) == {False: 1, True: 2}  # type: ignore[attr-defined]
    assert [judged.verdict for judged in here.story(mail).decisions] == [Verdict.HOLD, Verdict.REVERSE]
    assert entries(here, mail) == 1
    here.later(seconds=61)
    assert len(here.sends()) == 1


def test_of_two_people_who_decide_at_once_one_wins_and_the_other_is_told_who(here: Living) -> None:
    mail = held(here)
    token = question(here, mail).token
    results = together(
        lambda: here.house.desk.decide(mail, ACCEPT, person="rosa", token=token, key="a"),
        lambda: here.house.desk.decide(mail, ASK, person="luis", token=token, key="b"),
    )
    (won,) = [result for result in results if isinstance(result, Outcome)]
    (lost,) = [result for result in results if not isinstance(result, Outcome)]
    assert isinstance(lost, TooLate), lost
    name, words = ("rosa", "acreditar todo") if won.verdict is Verdict.REVERSE else ("luis", "pedir")
    assert name in str(lost)
    assert words in str(lost)
    assert len(here.story(mail).decisions) == 2
    here.later(seconds=61)
    assert len(here.sends()) == 1


def test_of_two_mails_about_one_case_only_one_reverses_it(here: Living) -> None:
    first, second = held(here), held(here, 2, "otra@example.com")
    tokens = [question(here, mail).token for mail in (first, second)]
    together(
        lambda: here.house.desk.decide(first, ACCEPT, person="rosa", token=tokens[0]),
        lambda: here.house.desk.decide(second, ACCEPT, person="luis", token=tokens[1]),
    )
    assert entries(here, first) + entries(here, second) == 1
    assert sum(charge.reversed for charge in case_of(here, first).charges) <= sum(
        charge.total for charge in case_of(here, first).charges
    )


def test_a_form_of_another_mail_is_refused(lite: Living) -> None:
    first, second = held(lite), held(lite, 2, "otra@example.com")
    lite.house.desk.decide(first, ASK, person="rosa", key="k")
    with pytest.raises(BadInput, match="otra cosa"):
        lite.house.desk.decide(second, ASK, person="rosa", key="k")
    assert len(lite.story(second).decisions) == 1


def test_nothing_is_decided_without_a_name_a_reason_or_an_item(lite: Living) -> None:
    mail = held(lite)
    for ruling, person, words in (
        (ACCEPT, " ", "who decides"),
        (Ruling(Verdict.ASK), "rosa", "al menos un motivo"),
        (Ruling(Verdict.REVERSE, items=()), "rosa", "ningún equipo pendiente"),
    ):
        with pytest.raises(BadInput, match=words):
            lite.house.desk.decide(mail, ruling, person=person)
    assert len(lite.story(mail).decisions) == 1


def test_a_case_without_equipment_is_accredited_by_its_charges(lite: Living) -> None:
    mail = held(lite)
    case = case_of(lite, mail)
    with lite.house.database.session() as session:
        session.execute(sa.text("UPDATE charges SET item_id = NULL WHERE case_id = :case"), {"case": case.id})
        session.execute(sa.text("DELETE FROM items WHERE case_id = :case"), {"case": case.id})
    (charge,) = case_of(lite, mail).charges
    with pytest.raises(BadInput, match="no hay qué acreditar"):
        lite.house.desk.decide(mail, Ruling(Verdict.REVERSE, charges=()), person="rosa")
    outcome = lite.house.desk.decide(mail, Ruling(Verdict.REVERSE, charges=(charge.id,)), person="rosa")
    assert outcome.charges == 1
    assert case_of(lite, mail).state is CaseState.ACREDITADO


def test_what_a_person_names_another_case_for_frees_the_first_one(lite: Living) -> None:
    mail = held(lite)
    before = case_of(lite, mail)
    assert before.state is CaseState.EN_REVISION
    with lite.house.database.reading() as session:
        other = next(case for case in records.all_cases(session) if case.id_number != before.id_number and case.items)
    lite.house.desk.decide(mail, Ruling(Verdict.REVERSE, case_id=other.id), person="rosa")
    with lite.house.database.reading() as session:
        assert records.load_case(session, before.id).state is CaseState.ABIERTO
        assert all(item.state is ItemState.ACREDITADO_ACTA for item in records.load_case(session, other.id).items)


# ── the answer ───────────────────────────────────────────────────────────────────────────────────


def test_the_person_sees_the_very_words_and_may_change_them(lite: Living) -> None:
    mail = held(lite)
    seen = lite.house.desk.preview(mail, ASK, person="rosa")
    assert seen.to_address == "ana@example.com"
    words = seen.text.replace("Estimado/a", "Apreciada") + "\nSaludos de Rosa.\n"
    ruling = Ruling(Verdict.ASK, reasons=ASK.reasons, text=words)
    lite.house.desk.decide(mail, ruling, person="rosa", basis=seen.basis)
    lite.later(seconds=61)
    (sent,) = lite.sends()
    assert text_of(sent).replace("\r\n", "\n").strip() == words.strip()
    with lite.house.database.reading() as session:
        assert session.execute(sa.text("SELECT edited_by FROM outbox WHERE sent_at IS NOT NULL")).scalar_one() == (
            "persona:rosa"
        )


def test_unchanged_words_are_the_rule_books_own(lite: Living) -> None:
    mail = held(lite)
    seen = lite.house.desk.preview(mail, ASK, person="rosa")
    windows = Ruling(Verdict.ASK, reasons=ASK.reasons, text=seen.text.replace("\n", "\r\n"))
    lite.house.desk.decide(mail, windows, person="rosa", basis=seen.basis)
    lite.later(seconds=61)
    (sent,) = lite.sends()
    assert text_of(sent).replace("\r\n", "\n") == seen.text
    with lite.house.database.reading() as session:
        assert session.execute(sa.text("SELECT count(*) FROM outbox WHERE edited_by <> ''")).scalar_one() == 0


def test_words_that_were_not_shown_are_not_sent(lite: Living) -> None:
    mail = held(lite)
    basis = lite.house.desk.preview(mail, ASK, person="rosa").basis
    other = Ruling(Verdict.REJECT, reasons=(ReasonCode.NO_ES_ACTA,))
    with pytest.raises(TooLate, match="no es la que se le mostró"):
        lite.house.desk.decide(mail, other, person="rosa", basis=basis)
    assert len(lite.story(mail).decisions) == 1


@pytest.mark.parametrize("words", ["Sin el recibo.", "EV-0000001-8 \x1b[2J", "EV-0000001-8 " + "x" * 10_000])
def test_words_that_cannot_be_sent_are_refused(lite: Living, words: str) -> None:
    mail = held(lite)
    with pytest.raises(BadInput):
        lite.house.desk.decide(mail, Ruling(Verdict.ASK, reasons=ASK.reasons, text=words), person="rosa")
    assert len(lite.story(mail).decisions) == 1


# ── one at a time ────────────────────────────────────────────────────────────────────────────────


def test_of_two_who_open_a_mail_at_once_one_has_it(here: Living) -> None:
    mail = held(here)
    desk = here.house.desk
    results = together(lambda: desk.claim(mail, person="rosa"), lambda: desk.claim(mail, person="luis"))
    holders = {result.holder(here.now[0]) for result in results if isinstance(result, records.Review)}
    assert len(holders) == 1
    (holder,) = holders
    other = "luis" if holder == "persona:rosa" else "rosa"
    with pytest.raises(InHand, match=holder.removeprefix("persona:")):
        desk.decide(mail, ASK, person=other, token=question(here, mail).token)
    assert len(here.story(mail).decisions) == 1


def test_a_claim_ends_after_five_minutes_and_activity_renews_it(lite: Living) -> None:
    mail = held(lite)
    desk = lite.house.desk
    desk.claim(mail, person="rosa")
    lite.later(minutes=4)
    desk.claim(mail, person="rosa")
    lite.later(minutes=4)
    renewed = desk.claim(mail, person="luis")
    assert renewed is not None
    assert renewed.holder(lite.now[0]) == "persona:rosa"
    lite.later(minutes=1, seconds=1)
    taken = desk.claim(mail, person="luis")
    assert taken is not None
    assert taken.holder(lite.now[0]) == "persona:luis"


def test_with_an_expired_claim_one_may_still_decide_what_nobody_changed(lite: Living) -> None:
    mail = held(lite)
    token = question(lite, mail).token
    lite.house.desk.claim(mail, person="rosa")
    lite.later(minutes=30)
    assert lite.house.desk.decide(mail, ASK, person="rosa", token=token).state is EvidenceState.RECHAZADO


def test_a_mail_given_back_is_anybodys(lite: Living) -> None:
    mail = held(lite)
    lite.house.desk.claim(mail, person="rosa")
    lite.house.desk.let_go(mail, person="rosa")
    taken = lite.house.desk.claim(mail, person="luis")
    assert taken is not None
    assert taken.holder(lite.now[0]) == "persona:luis"


# ── taking back ──────────────────────────────────────────────────────────────────────────────────


def test_within_a_minute_a_decision_is_undone_and_nobody_hears_of_it(here: Living) -> None:
    mail = held(here)
    before = case_of(here, mail)
    desk = here.house.desk
    desk.decide(mail, ACCEPT, person="rosa")
    here.later(seconds=50)
    undone = desk.take_back(mail, person="rosa", key="undo")
    assert desk.take_back(mail, person="rosa", key="undo") == Outcome(**{**_fields(undone), "repeated": True})
    after = case_of(here, mail)
    assert after.items == before.items
    assert after.charges == before.charges
    assert after.state is CaseState.EN_REVISION
    assert question(here, mail).lane is Lane.REVISAR
    here.later(hours=2)
    assert here.sends() == []
    assert [entry.kind.value for judged in here.story(mail).decisions for entry in judged.entries] == [
        "REVERSO",
        "CORRECCION",
    ]
    desk.decide(mail, ACCEPT, person="rosa")
    here.later(seconds=61)
    assert len(here.sends()) == 1
    (charge,) = case_of(here, mail).charges
    assert charge.reversed == charge.total
    with here.house.database.session() as session:
        while audit.seal(session):
            pass
        assert audit.verify(session) == []


def _fields(outcome: Outcome) -> dict[str, object]:
    return {name: getattr(outcome, name) for name in Outcome.__slots__}


def test_later_or_by_another_it_takes_a_reason(lite: Living) -> None:
    mail = held(lite)
    desk = lite.house.desk
    desk.decide(mail, ACCEPT, person="rosa")
    with pytest.raises(BadInput, match="motivo"):
        desk.take_back(mail, person="luis")
    lite.later(seconds=61)
    lite.sends()
    with pytest.raises(BadInput, match="motivo"):
        desk.take_back(mail, person="rosa")
    assert case_of(lite, mail).charges[0].state is ChargeState.REVERSO_PENDIENTE
    desk.take_back(mail, person="luis", because="El acta era de otro servicio")
    assert case_of(lite, mail).charges[0].reversed == 0
    assert "otro servicio" in question(lite, mail).summary


def test_an_answer_that_the_server_put_off_does_not_tell_of_a_decision_that_was_taken_back(lite: Living) -> None:
    mail = held(lite)
    lite.house.desk.decide(mail, ACCEPT, person="rosa")
    lite.later(seconds=61)
    nowhere = Postman(lite.house.config.smtp.model_copy(update={"port": 1}), str)
    assert lite.house.pipeline.dispatch_one(nowhere), "one try, and nothing left"
    lite.house.desk.take_back(mail, person="rosa", because="El acta era de otro servicio")
    lite.later(hours=1)
    assert lite.sends() == []


def test_what_another_mail_reversed_since_is_not_taken_back_with_the_first_ones_decision(lite: Living) -> None:
    first, second = held(lite), held(lite, 2, "otra@example.com")
    desk = lite.house.desk
    desk.decide(first, ACCEPT, person="rosa")
    corrections = Corrections(lite.house.database, lite.house.book, lambda: lite.now[0])
    corrections.take_back(case_of(lite, first).charges[0].id, person="rosa", because="acta falsa", false_acta=True)
    desk.decide(second, ACCEPT, person="luis")
    with pytest.raises(RefusedTransition, match="es de otra"):
        desk.take_back(first, person="rosa", because="acta falsa")
    assert case_of(lite, second).charges[0].state is ChargeState.REVERSO_PENDIENTE


@pytest.mark.parametrize("answer_sent", [True, False])
def test_a_charge_that_is_charged_again_asks_a_person_to_tell_the_customer(here: Living, answer_sent: bool) -> None:
    mail = held(here)
    here.house.desk.decide(mail, ACCEPT, person="rosa")
    if answer_sent:
        here.later(seconds=61)
        assert len(here.sends()) == 1
    corrections = Corrections(here.house.database, here.house.book, lambda: here.now[0])
    charge = case_of(here, mail).charges[0].id
    corrections.take_back(charge, person="rosa", because="acta falsa", false_acta=True)
    with pytest.raises(BadInput):
        corrections.take_back(charge, person="rosa", because="acta falsa", false_acta=True)
    asked = question(here, mail)
    assert (asked.lane, asked.summary.count("acta falsa")) == (Lane.REVISAR, 1)
    assert "avise al cliente" in asked.summary
    assert here.story(mail).mail.state is EvidenceState.ACEPTADO


def test_an_old_form_does_not_decide_on_what_was_taken_back(lite: Living) -> None:
    mail = held(lite)
    old = question(lite, mail).token
    lite.house.desk.decide(mail, ASK, person="rosa")
    lite.house.desk.take_back(mail, person="rosa")
    with pytest.raises(TooLate):
        lite.house.desk.decide(mail, ACCEPT, person="luis", token=old)


def test_what_billing_has_in_a_batch_is_not_taken_back(lite: Living) -> None:
    mail = held(lite)
    lite.house.desk.decide(mail, ACCEPT, person="rosa")
    with lite.house.database.session() as session:
        session.execute(sa.text("UPDATE charges SET state = 'REVERSO_EN_LOTE' WHERE state = 'REVERSO_PENDIENTE'"))
    with pytest.raises(RefusedTransition, match="REVERSO_EN_LOTE"):
        lite.house.desk.take_back(mail, person="rosa")
    lite.later(seconds=61)
    assert len(lite.sends()) == 1, "the answer goes out: nothing was undone"


def test_a_question_to_the_customer_is_undone_too(lite: Living) -> None:
    mail = held(lite)
    lite.house.desk.decide(mail, ASK, person="rosa")
    assert case_of(lite, mail).state is CaseState.PENDIENTE_CLIENTE
    lite.house.desk.take_back(mail, person="rosa")
    assert case_of(lite, mail).state is CaseState.EN_REVISION
    lite.later(minutes=5)
    assert lite.sends() == []
    assert OutboxState.ANULADO in {answer.state for answer in lite.story(mail).answers}


def test_what_waits_for_a_person_cannot_be_taken_back(lite: Living) -> None:
    mail = held(lite)
    with pytest.raises(BadInput, match="no tiene una decisión"):
        lite.house.desk.take_back(mail, person="rosa", because="porque sí")


# ── two people ───────────────────────────────────────────────────────────────────────────────────


def test_above_an_amount_a_second_person_approves(here: Living) -> None:
    with_policy(here, four_eyes_cents=100)
    mail = held(here)
    desk = here.house.desk
    assert "supera" in desk.preview(mail, ACCEPT, person="rosa").second
    outcome = desk.decide(mail, ACCEPT, person="rosa", token=question(here, mail).token, key="first")
    assert "supera" in outcome.proposed
    assert entries(here, mail) == 0
    asked = question(here, mail)
    assert asked.lane is Lane.CUATRO_OJOS
    assert "rosa" in asked.summary
    for name in ("rosa", "Rosa", " ROSA "):
        with pytest.raises(RefusedTransition, match="segunda persona"):
            desk.approve(mail, person=name, token=asked.token)
    assert entries(here, mail) == 0
    approved = desk.approve(mail, person="luis", token=asked.token, key="second")
    assert approved.charges == 1
    assert desk.approve(mail, person="luis", token=asked.token, key="second").repeated
    assert entries(here, mail) == 1
    last = here.story(mail).decisions[-1]
    assert last.actor == "persona:rosa"
    assert "Aprobado por luis" in last.settlement.decision.grounds.findings[0].staff


def test_an_amount_in_two_parts_needs_the_second_person_that_the_whole_would_need(here: Living) -> None:
    first, second = held(here), held(here, 2, "otra@example.com")
    total = case_of(here, first).charges[0].total
    with here.house.database.session() as session:  # a second piece of equipment, as dear as the first
        for copied in (
            "INSERT INTO items (case_id, reference, natural_key, type, description, serial, serial_key, mac, mac_key, "
            "state) SELECT case_id, reference, 'otro', type, description, 'X9', 'X9', mac, '', state FROM items "
            "WHERE case_id = :own",
            "INSERT INTO charges (case_id, item_id, reference, natural_key, concept, state, base, tax, total, "
            "vat_rate, reversed, paid, invoice) SELECT case_id, (SELECT max(id) FROM items), reference, 'otro', "
            "concept, state, base, tax, total, vat_rate, reversed, paid, invoice FROM charges WHERE case_id = :own",
        ):
            session.execute(sa.text(copied), {"own": case_of(here, first).id})
    with_policy(here, four_eyes_cents=total * 3 // 2)
    desk, (one, other) = here.house.desk, case_of(here, first).items
    desk.decide(first, Ruling(Verdict.REVERSE, items=(one.id,)), person="rosa")
    rest = Ruling(Verdict.REVERSE, items=(other.id,))
    assert "en 30 días" in desk.decide(second, rest, person="rosa").proposed
    desk.take_back(first, person="rosa")
    assert desk.preview(second, rest, person="rosa").second == "", "what was taken back counts no more"


def test_papers_that_stand_for_one_case_need_two_people_for_another(lite: Living) -> None:
    accepted = lite.receives(CLAIM)
    copy = lite.receives(CLAIM.replace(b"Message-ID: <", b"Message-ID: <2.", 1))
    lite.house.desk.take_back(copy, person="rosa", because="Es de otro titular")
    mine = case_of(lite, accepted)
    with lite.house.database.reading() as session:
        other = next(case for case in records.all_cases(session) if case.id_number != mine.id_number and case.items)
    seen = lite.house.desk.preview(copy, Ruling(Verdict.REVERSE, case_id=other.id), person="rosa")
    assert seen.second == "hay una señal grave"


def test_the_database_itself_refuses_one_person_in_both_places(here: Living) -> None:
    with_policy(here, four_eyes_cents=100)
    mail = held(here)
    here.house.desk.decide(mail, ACCEPT, person="rosa")
    for change in ("state = 'APROBADA', second = first", "state = 'APROBADA'"):
        with pytest.raises(sa.exc.IntegrityError), here.house.database.session() as session:
            session.execute(sa.text(f"UPDATE proposals SET {change}"))  # noqa: S608


def test_two_who_approve_at_once_settle_it_once(here: Living) -> None:
    with_policy(here, four_eyes_cents=100)
    mail = held(here)
    desk = here.house.desk
    desk.decide(mail, ACCEPT, person="rosa")
    token = question(here, mail).token
    results = together(
        lambda: desk.approve(mail, person="luis", token=token), lambda: desk.approve(mail, person="eva", token=token)
    )
    assert sorted(type(result).__name__ for result in results) == ["Outcome", "TooLate"]
    assert entries(here, mail) == 1


def test_a_second_person_who_does_not_agree_says_why_and_the_first_one_may_withdraw(lite: Living) -> None:
    with_policy(lite, four_eyes_cents=100)
    mail = held(lite)
    desk = lite.house.desk
    desk.decide(mail, ACCEPT, person="rosa")
    with pytest.raises(BadInput, match="por qué"):
        desk.send_back(mail, person="luis", note=" ")
    desk.send_back(mail, person="luis", note="La firma no se ve")
    asked = question(lite, mail)
    assert asked.lane is Lane.REVISAR
    assert "La firma no se ve" in asked.summary
    with pytest.raises(TooLate):
        desk.approve(mail, person="eva")
    desk.decide(mail, ACCEPT, person="eva")
    desk.send_back(mail, person="eva", note="")
    assert question(lite, mail).lane is Lane.REVISAR
    assert entries(lite, mail) == 0


def test_a_share_by_lot_needs_two_and_the_lot_is_the_same_for_the_same_mail(lite: Living) -> None:
    mail = held(lite)
    with_policy(lite, four_eyes_share=1.0)
    assert "muestra" in lite.house.desk.preview(mail, ACCEPT, person="rosa").second
    assert lite.house.desk.preview(mail, ASK, person="rosa").second == "", "only what accredits"
    with_policy(lite, four_eyes_share=0.5)
    assert len({lite.house.desk.preview(mail, ACCEPT, person=name).second for name in "abcd"}) == 1


def test_a_correction_voids_what_waited_for_a_second_person(lite: Living) -> None:
    with_policy(lite, four_eyes_cents=100)
    mail = held(lite)
    desk = lite.house.desk
    desk.decide(mail, ACCEPT, person="rosa")
    desk.correct(mail, {"asunto": "0800000010//PENAFIEL URREGO SOFIA MARIA//INTERNET"}, person="luis")
    with pytest.raises(TooLate):
        desk.approve(mail, person="eva")
    assert question(lite, mail).lane is not Lane.CUATRO_OJOS


# ── correcting, postponing, other acts ───────────────────────────────────────────────────────────


def test_a_corrected_subject_is_judged_anew_by_the_same_rules(here: Living) -> None:
    mail = here.receives(letter("0100000071//CEVALLOS LUCIA//INTERNET", text=NO_ACTA))
    desk = here.house.desk
    assert desk.dossier(mail).cases == ()
    old = question(here, mail).token
    desk.correct(mail, {"asunto": GOOD}, person="rosa", token=old)
    dossier = desk.dossier(mail)
    assert [case.id_number for case in dossier.cases] == ["0100000017"]
    assert dossier.corrections[0].before == "0100000071//CEVALLOS LUCIA//INTERNET"
    assert "rosa" in question(here, mail).summary
    with pytest.raises(TooLate):
        desk.decide(mail, ASK, person="luis", token=old)
    desk.decide(mail, ACCEPT, person="rosa", token=question(here, mail).token)
    assert entries(here, mail) == 1
    assert len(here.story(mail).decisions) == 2, "correcting decides nothing"


def test_a_correction_that_changes_nothing_or_makes_no_sense_is_refused(lite: Living) -> None:
    mail = held(lite)
    for values in ({"asunto": GOOD}, {"0.number": "7"}, {"asunto": "x" * 301}):
        with pytest.raises(BadInput):
            lite.house.desk.correct(mail, values, person="rosa")
    assert lite.house.desk.dossier(mail).corrections == ()


def test_a_postponed_question_is_put_off_to_a_day_that_is_ahead(lite: Living) -> None:
    mail = held(lite)
    today = lite.house.pipeline.today()
    with pytest.raises(BadInput):
        lite.house.desk.postpone(mail, today, person="rosa")
    lite.house.desk.postpone(mail, today + timedelta(days=2), person="rosa", token=question(lite, mail).token)
    assert question(lite, mail).postponed_until == today + timedelta(days=2)
    assert isinstance(question(lite, mail).postponed_until, date)


def test_a_question_that_asks_for_a_decision_cannot_just_be_closed(lite: Living) -> None:
    mail = held(lite)
    with pytest.raises(BadInput, match="asks for a decision"):
        lite.house.desk.done(mail, Lane.REVISAR, person="rosa")


def test_a_mail_that_could_not_be_processed_is_not_closed_unjudged(lite: Living) -> None:
    mail = lite.stores(letter(GOOD))
    with lite.house.database.session() as session:
        lite.house.pipeline.shunt(session, mail, "read", "boom")
    with pytest.raises(BadInput, match="never judged"):
        lite.house.desk.done(mail, Lane.SIN_PROCESAR, person="rosa")
    assert lite.story(mail).reviews


def test_what_was_accepted_is_not_refused_on_top_of_it(lite: Living) -> None:
    mail = held(lite)
    with lite.house.database.session() as session:
        session.execute(sa.text("UPDATE charges SET state = 'PAGADO', paid = total"))
    lite.house.desk.decide(mail, ACCEPT, person="rosa")
    assert question(lite, mail).reasons == (ReasonCode.VALOR_YA_PAGADO,), "what becomes of the money is asked"
    for ruling in (ASK, Ruling(Verdict.REJECT, reasons=(ReasonCode.NO_ES_ACTA,)), Ruling(Verdict.DISCARD)):
        with pytest.raises(BadInput, match="ya se aceptó"):
            lite.house.desk.decide(mail, ruling, person="luis")
    lite.later(seconds=61)
    assert len(lite.sends()) == 1
    assert lite.story(mail).mail.state is EvidenceState.ACEPTADO


def test_every_other_verdict_ends_where_it_should(lite: Living) -> None:
    ends = {
        Verdict.REJECT: (EvidenceState.RECHAZADO, FolderRole.RECHAZADOS, 1),
        Verdict.DISCARD: (EvidenceState.DESCARTADO, FolderRole.RECHAZADOS, 0),
        Verdict.ESCALATE: (EvidenceState.ESCALADO, FolderRole.REVISION, 1),
    }
    for number, (verdict, (state, folder, answers)) in enumerate(ends.items(), start=1):
        mail = held(lite, number, f"cliente{number}@example.com")
        reasons = (ReasonCode.NO_ES_ACTA,) if verdict is Verdict.REJECT else ()
        lite.house.desk.decide(mail, Ruling(verdict, reasons=reasons), person="rosa")
        told = lite.story(mail).mail
        assert (told.state, told.folder) == (state, folder)
        lite.later(seconds=61)
        assert len(lite.sends()) == answers
    assert question(lite, mail).lane is Lane.DERIVADO


# ── the queue's rows ─────────────────────────────────────────────────────────────────────────────


def test_rows_counts_and_searches_are_the_same_on_both_databases(here: Living) -> None:
    asked = here.receives(letter(GOOD, "z@example.com", 9))
    mails = []
    for number in range(5):
        mails.append(held(here, number + 10, f"c{number}@example.com"))
        here.later(seconds=number % 2)
    today, now = here.house.pipeline.today(), here.now[0]
    here.house.desk.postpone(mails[4], today + timedelta(days=2), person="rosa")
    here.house.desk.claim(mails[0], person="rosa")
    here.house.desk.decide(mails[3], Ruling(Verdict.DISCARD), person="rosa")
    with here.house.database.reading() as session:
        assert queue.counts(session, today) == {"POSPUESTOS": 1, "REVISAR": 3, "ESPERA": 1}
        first = queue.rows(session, Wanted(lane=Lane.REVISAR), today, limit=2)
        rest = queue.rows(session, Wanted(lane=Lane.REVISAR), today, after=first[-1].key)
        assert [row.mail_id for row in (*first, *rest)] == mails[:3]
        assert [row.mail_id for row in queue.rows(session, Wanted(waiting=True), today)] == [asked]
        assert queue.rows(session, Wanted(waiting=True), today, after=f"{now.timestamp():.6f}_99") == []
        assert [row.mail_id for row in queue.rows(session, Wanted(mine="persona:rosa"), today)] == [mails[0]]
        assert [row.mail_id for row in queue.rows(session, Wanted(postponed=True), today)] == [mails[4]]
        decided = queue.rows(session, Wanted(decided=True), today)
        assert [row.mail_id for row in decided] == [mails[3]]
        assert queue.rows(session, Wanted(decided=True), today, after=decided[-1].key) == []
        assert len(queue.rows(session, Wanted(reason=ReasonCode.SIN_ACTA), today)) == 3
        assert queue.rows(session, Wanted(reason=ReasonCode.NO_ES_ACTA), today) == []
        for words, by in (
            ("c1@EXAMPLE", SearchBy.REMITENTE),
            ("cevállos", SearchBy.TEXTO),
            ("0100000017", SearchBy.CEDULA),
        ):
            assert mails[1] in [row.mail_id for row in queue.rows(session, Wanted(words=words, by=by), today)], words
            assert mails[1] in [row.mail_id for row in queue.rows(session, Wanted(words=words), today)], words
        assert queue.rows(session, Wanted(words="'\"%_/ nada"), today) == []
        (row,) = queue.rows(session, Wanted(words="c1@"), today)
        assert (row.amount, row.holder) == (case_amount(here, mails[1]), "CEVALLOS LLUMIQUINGA LUCÍA SOFÍA")
        nexts = [
            queue.next_one(session, Wanted(), today, actor="persona:luis", now=now, after=after)
            for after in (None, mails[1], mails[2])
        ]
        assert nexts == [mails[1], mails[2], mails[1]], "what rosa has is passed over, and it begins again"


def case_amount(one: Living, mail: MailId) -> int:
    return sum(charge.total - charge.reversed for charge in case_of(one, mail).charges)


# ── the mailbox ──────────────────────────────────────────────────────────────────────────────────


def test_a_mail_that_lay_in_revision_is_moved_on_when_a_person_decided(
    tmp_path: Path, dovecot: Dovecot, mailbox_user: str
) -> None:
    with SmtpReceiver() as smtp:
        config = load_config(tmp_path / "house", dovecot, mailbox_user, smtp)
        with open_house(config) as house:
            import_cases(house.database, CORPUS / "cases.csv", house.book)
            dovecot.deliver(
                mailbox_user, letter(GOOD, "ana@example.com", 1, NO_ACTA), letter(GOOD, "b@example.com", 2, NO_ACTA)
            )
            with house.daemon() as daemon:
                daemon.once()
            assert len(dovecot.folders(mailbox_user)["Revision"]) == 2
            house.desk.decide(MailId(1), ASK, person="rosa")
            with house.daemon() as daemon:
                daemon.once()
                daemon.once()
            folders = dovecot.folders(mailbox_user)
            assert (len(folders["Revision"]), len(folders["Rechazados"]), folders.get("INBOX", [])) == (1, 1, [])
            with house.database.reading() as session:
                assert records.to_refile(session, "posventa") == []


def test_in_a_maildir_a_decided_mail_is_moved_on_and_one_that_staff_moved_is_left_alone(tmp_path: Path) -> None:
    inbox = tmp_path / "Maildir"
    for part in ("cur", "new", "tmp"):
        (inbox / part).mkdir(parents=True)
    raw = letter(GOOD, text=NO_ACTA)
    (inbox / "new" / "1.one.host").write_bytes(raw)
    mailbox = Maildir(MaildirConfig(kind="maildir", name="posventa", path=str(inbox)), inbox, tmp_path / "spool")
    (arrival,) = mailbox.arrivals(lambda _validity: set())
    mailbox.file_away([(arrival.key, FolderRole.REVISION)])
    move = Refiling(1, "<m1@example.com>", len(raw), FolderRole.REVISION, FolderRole.PROCESADOS)
    elsewhere = Refiling(2, "<m9@example.com>", len(raw), FolderRole.REVISION, FolderRole.PROCESADOS)
    assert mailbox.refile([move, elsewhere]) == [move, elsewhere]
    assert len(list((inbox / ".Procesados").glob("*/1.one.host*"))) == 1
    assert list((inbox / ".Revision").glob("*/*")) == []
    mailbox.close()
