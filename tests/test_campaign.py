"""Campaigns on a real house: audiences, claims, the day's key, what follows, the stop, two people, rehearsals."""

from __future__ import annotations

import contextlib
import csv
import io
import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from asterisk_lab import BUSY, LISTENS, SECRET, UNKNOWN, Lab, NoLab
from campaigns import LANES, NAME, Field, Owed, Recorder, call_until_killed, campaigning, send_until_killed
from living import letter
from sqlalchemy.exc import IntegrityError

from evidence_daemon.errors import BadInput, RefusedTransition
from evidence_daemon.exchange import import_cases
from evidence_daemon.model import AttemptId, CampaignState, Channel, ContactState, EvidenceState, Exclusion
from evidence_daemon.outreach import audience
from evidence_daemon.outreach.audience import Stricter
from evidence_daemon.outreach.campaign import Campaigns
from evidence_daemon.outreach.channel import Accepted, Halted, Lost, Message, NeverSeen, Refused, Report, Throttled
from evidence_daemon.outreach.contact import Contacts
from evidence_daemon.outreach.dry_run import HEADINGS, DryRun
from evidence_daemon.outreach.engine import Engine, Rehearsal
from evidence_daemon.outreach.schedule import Lane, Pace
from evidence_daemon.outreach.whatsapp import failed
from evidence_daemon.store import budget, outreach, progress, silence
from evidence_daemon.store.database import open_database
from evidence_daemon.store.lease import Lease

S = ContactState
WA, IVR = Channel.WHATSAPP, Channel.IVR
FIXED = "022999999"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Field]:
    with campaigning(tmp_path, Owed(1), Owed(2, phones=FIXED), Owed(3, charge="PREVISTO")) as one:
        yield one


def told(message: Message | AttemptId, state: ContactState, result: str = "", **more: Any) -> Report:
    name = message.attempt if isinstance(message, Message) else message
    return Report(name, f"{name}:{state}:{result}", datetime(2021, 3, 17, 16, tzinfo=UTC), state, result, **more)


# ── the audience ─────────────────────────────────────────────────────────────────────────────────


def test_a_preview_counts_every_case_once_and_tells_why(tmp_path: Path) -> None:
    owed = [
        Owed(1),
        Owed(2, phones=FIXED),
        Owed(3, charge="PREVISTO"),
        Owed(4, charge="PAGADO"),
        Owed(5, claim=True),
        Owed(6, charge="EN_RECLAMO"),
        Owed(7, phones=""),
        Owed(8, phones="1800100100"),
        Owed(9, id_number="P0000001"),  # the same customer's second service
        Owed(10, phones="0987000001"),  # another customer's telephone
        Owed(11, holder="COMERCIAL PRUEBA S.A."),  # nobody to greet: a call instead
        Owed(12),
        Owed(13),
    ]
    with campaigning(tmp_path, *owed) as one:
        one.acts.suppress("P0000012", person="Ana", reason="lo pidió por teléfono")
        mail = one.one.stores(letter("P0000013//GOYES BALSECA JUAN CARLOS//INTERNET"))
        assert mail
        plan = one.acts.plan_of(NAME)
        found = one.acts.preview(plan)
        assert found.total == len(owed)
        assert found.adds_up
        assert found.excluded == {
            Exclusion.PAGADO: 1,
            Exclusion.EN_RECLAMO: 2,
            Exclusion.SIN_TELEFONO: 1,
            Exclusion.TELEFONO_INVALIDO: 1,
            Exclusion.OTRO_SERVICIO_DEL_CLIENTE: 1,
            Exclusion.TELEFONO_REPETIDO: 1,
            Exclusion.BAJA: 1,
            Exclusion.YA_RESPONDIO: 1,
        }
        assert Counter(channel for _segment, channel in found.included.elements()) == {WA: 2, IVR: 2}
        planned = one.attempts(one.planned().id)
        assert len(planned) == found.included.total(), "what is planned is what was shown"


def test_planning_in_parts_of_any_size_gives_the_same_and_may_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owed = [Owed(number, id_number=f"P{number // 3:07d}", phones=f"0987{number // 2:06d}") for number in range(1, 30)]
    with campaigning(tmp_path, *owed) as one:
        plans = []
        for size in (1, 2, 7, 2000):
            monkeypatch.setattr(audience, "BATCH", size)
            number = one.planned().id
            plans.append([(each.case_id, each.phone, each.channel) for each in one.attempts(number)])
            with one.one.house.database.session() as session:  # a crash before the mark was written
                campaign = outreach.load_campaign(session, number)
                outreach.change_campaign(session, campaign, planned_to="", planned_at=None)
            while one.plan_some(number):
                pass
            assert [(each.case_id, each.phone, each.channel) for each in one.attempts(number)] == plans[-1]
        assert plans[0] == plans[1] == plans[2] == plans[3]


def test_a_list_is_planned_alike_on_postgresql(
    tmp_path: Path, postgresql: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    owed = [Owed(number, id_number=f"P{number // 3:07d}", phones=f"0987{number // 2:06d}") for number in range(1, 30)]
    with campaigning(tmp_path / "lite", *owed) as one:
        one.acts.suppress("P0000004", person="Ana", reason="lo pidió")
        one.acts.suppress("+593987000010", person="Ana", reason="lo pidió")
        here = [(each.case_id, each.phone, each.channel) for each in one.attempts(one.planned().id)]
        now, book = one.one.now[0], one.one.house.book
        database = open_database(postgresql(), tmp_path)
        try:
            database.migrate(armed=True)
            import_cases(database, tmp_path / "lite" / "list.csv", book)
            acts = Campaigns(database, book, lambda: now, one.contacts.calendar, LANES)
            acts.suppress("P0000004", person="Ana", reason="lo pidió")
            acts.suppress("+593987000010", person="Ana", reason="lo pidió")
            number = acts.draft(NAME, person="Ana").id
            acts.approve(number, person="Berta")
            acts.start(number, person="Ana")
            monkeypatch.setattr(audience, "BATCH", 7)
            more = 1
            while more:
                with database.session() as session:
                    campaign = outreach.load_campaign(session, number)
                    more = audience.plan_some(session, campaign, one.contacts.calendar, now)
            with database.reading() as session:
                there = [
                    (each.case_id, each.phone, each.channel) for each in outreach.attempts_of_campaign(session, number)
                ]
        finally:
            database.close()
    assert len(here) > 3
    assert there == here


# ── claims ───────────────────────────────────────────────────────────────────────────────────────


def test_what_leaves_is_committed_first_and_is_the_rendered_text(here: Field) -> None:
    here.planned()
    messages = here.claims()
    assert [message.script for message in messages] == ["whatsapp-cargados", "whatsapp-sin-cargo"]
    assert messages[0].text.startswith("Hola Juan, te saludamos de CNT.\nTe informamos que tienes valores cargados")
    assert list(messages[1].values) == ["nombre", "servicio", "numero_servicio", "retiro", "limite"]
    assert here.attempt(messages[0].attempt).state is S.ENVIANDO
    (call,) = here.claims(IVR)
    assert call.phone == "+59322999999"
    assert call.values == {}
    assert here.claims() == ()


def test_a_campaigns_own_pace_is_kept_in_the_claim(tmp_path: Path) -> None:
    with campaigning(tmp_path, *(Owed(number) for number in range(1, 7))) as one:
        own = Stricter(pace=((WA, 2, 3),))
        draft = one.acts.draft(NAME, person="Ana", deadline=date(2021, 3, 31), stricter=own)
        one.acts.approve(draft.id, person="Berta")
        one.acts.start(draft.id, person="Ana")
        while one.plan_some(draft.id):
            pass
        assert len(one.claims()) == 2, "two a minute"
        assert one.claims() == ()
        one.one.later(minutes=1)
        (third,) = one.claims()
        one.one.later(minutes=1)
        assert one.claims() == (), "three in 24 hours"
        one.answers(third.attempt, Throttled("130429", 1.0))
        one.one.later(minutes=1)
        assert len(one.claims()) == 1, "what the provider never took is not counted"


def test_an_attempts_name_fits_the_wire_and_is_another_in_every_campaign(here: Field) -> None:
    names = [each.id for _ in range(2) for each in here.attempts(here.planned().id)]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 40 and set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for name in names)


@pytest.mark.parametrize(
    ("change", "state", "because"),
    [
        ("UPDATE cases SET state = 'ACREDITADO'", S.OMITIDO, "resuelto"),
        ("UPDATE cases SET state = 'ESCALADO'", S.OMITIDO, "reclamo"),
        ("UPDATE cases SET claim_open = true", S.OMITIDO, "reclamo"),
        ("UPDATE cases SET segment = 'CARGADO_PAGADO'", S.OMITIDO, "pagado"),
        ("UPDATE cases SET segment = 'NO_CARGADO'", S.OMITIDO, "cambió de segmento"),
        ("UPDATE cases SET state = 'EN_REVISION'", S.RETENIDO, "correo"),
        ("UPDATE cases SET withdrawn_on = NULL", S.OMITIDO, "falta un dato"),
        ("DELETE FROM phones", S.OMITIDO, "teléfono"),
        ("UPDATE campaigns SET plan = plan || ' '", S.PLANIFICADO, ""),
        ("UPDATE instance SET armed = false", S.PLANIFICADO, ""),
        ("UPDATE instance SET sending_paused = 'Ana'", S.PLANIFICADO, ""),
    ],
)
def test_what_changed_since_the_plan_is_seen_in_the_claim(
    tmp_path: Path, change: str, state: ContactState, because: str
) -> None:
    with campaigning(tmp_path, Owed(1)) as one:
        number = one.planned().id
        with one.one.house.database.session() as session:
            session.execute(sa.text(change))
        assert one.claims() == ()
        (attempt,) = one.attempts(number)
        assert attempt.state is state
        assert because in (attempt.because or "")


def test_a_plan_that_is_not_the_approved_one_stops_the_campaign(here: Field) -> None:
    number = here.planned().id
    with here.one.house.database.session() as session:
        session.execute(sa.text("UPDATE campaigns SET plan = replace(plan, 'te saludamos', 'le exigimos')"))
    assert here.claims() == ()
    assert here.load(number).state is CampaignState.PAUSADA
    assert "no es lo que se aprobó" in here.load(number).because


def test_nothing_leaves_at_night_on_sunday_or_on_good_friday_and_it_leaves_in_the_morning_after(here: Field) -> None:
    here.one.now[0] = datetime(2021, 4, 1, 22, 30, tzinfo=UTC)  # Thursday 17:30: a message lives three hours
    number = here.planned(deadline=date(2021, 4, 30)).id
    assert here.claims() == ()
    assert len(here.claims(IVR)) == 1, "a call fits until 19:58"
    monday = datetime(2021, 4, 5, 12, 0, tzinfo=UTC)  # Friday is Viernes Santo
    assert {each.not_before for each in here.attempts(number) if each.channel is WA} == {monday}
    here.one.now[0] = monday
    assert len(here.claims()) == 2


def test_on_the_last_day_and_after_it_nothing_leaves(here: Field) -> None:
    number = here.planned(deadline=date(2021, 3, 19)).id
    here.one.now[0] = datetime(2021, 3, 19, 15, 0, tzinfo=UTC)
    assert here.claims() == here.claims(IVR) == ()
    assert {(each.state, each.because) for each in here.attempts(number)} == {(S.OMITIDO, "pasó la fecha límite")}


def test_two_campaigns_reach_a_customer_and_a_telephone_once_a_day_together(tmp_path: Path) -> None:
    with campaigning(tmp_path, Owed(1)) as one:
        first, second = one.planned(), one.planned()
        assert len(one.claims()) == 1
        waiting = [
            each for number in (first.id, second.id) for each in one.attempts(number) if each.state is S.PLANIFICADO
        ]
        assert [each.not_before for each in waiting] == [datetime(2021, 3, 18, 12, 0, tzinfo=UTC)]
        with one.one.house.database.session() as session, pytest.raises(IntegrityError):
            session.execute(sa.text("INSERT INTO contact_days SELECT who, day, 'otro' FROM contact_days LIMIT 1"))
            session.flush()


def test_over_all_campaigns_nobody_is_reached_more_often_than_the_book_allows(tmp_path: Path) -> None:
    with campaigning(tmp_path, Owed(1)) as one:
        one.planned(deadline=date(2021, 6, 30))
        reached = 0
        for _day in range(26):
            for message in one.claims():
                reached += 1
                one.answers(message.attempt, Accepted("x"))
                one.hears(told(message, S.ENTREGADO))
                one.planned(deadline=date(2021, 6, 30))
            one.one.later(days=1)
        assert reached == one.acts.rules(NAME).limits.contacts == 6
        assert one.acts.preview(one.acts.plan_of(NAME)).excluded == {Exclusion.CONTACTADO: 1}


def test_the_budget_of_any_24_hours_is_never_exceeded(tmp_path: Path) -> None:
    lanes = {IVR: Lane(20, 10), WA: Lane(20, 20, per_day=3)}
    with campaigning(tmp_path, *(Owed(number) for number in range(1, 11)), lanes=lanes) as one:
        one.planned()
        assert len(one.claims()) == 3
        one.one.later(hours=5)
        assert len(one.claims()) == 0
        one.one.later(hours=19, minutes=2)
        assert len(one.claims()) == 3


def test_the_budget_counts_customers_and_not_contacts(tmp_path: Path) -> None:
    lanes = {IVR: Lane(20, 10), WA: Lane(20, 20, per_day=3)}
    with campaigning(tmp_path, Owed(1), Owed(2), lanes=lanes) as one:
        one.planned()
        assert len(one.claims()) == 2
        one.one.later(hours=23)
        one.planned()
        again = one.claims()
        assert len(again) == 2, "the same two customers: four contacts in 24 hours"
        one.answers(again[0].attempt, Throttled("130429", 1.0))
        one.one.later(minutes=1)
        assert [message.attempt for message in one.claims()] == [again[0].attempt], "what was given back is not counted"
        with one.one.house.database.reading() as session:
            assert budget.begun_in_a_day(session, WA, one.one.now[0]) == 2


def test_no_more_calls_live_than_there_are_channels(tmp_path: Path) -> None:
    lanes = {IVR: Lane(20, 2), WA: Lane(20, 20)}
    owed = [Owed(number, phones=f"0229999{number:02d}") for number in range(1, 6)]
    with campaigning(tmp_path, *owed, lanes=lanes) as one:
        one.planned()
        first = one.claims(IVR)
        assert len(first) == 2
        assert one.claims(IVR) == ()
        one.answers(first[0].attempt, Accepted("x"))
        one.hears(told(first[0], S.CONTESTADO, "ESCUCHADO"))
        assert len(one.claims(IVR)) == 1


# ── what the driver answers, what is reported, what follows ──────────────────────────────────────


def test_a_throttled_message_was_not_a_contact_and_leaves_later(here: Field) -> None:
    here.planned()
    first = here.claims()[0]
    here.answers(first.attempt, Throttled("130429", 30))
    assert here.attempt(first.attempt).state is S.PLANIFICADO
    assert here.claims() == ()
    here.one.later(seconds=31)
    assert [message.attempt for message in here.claims()] == [first.attempt]


@pytest.mark.parametrize("script_only", [True, False])
def test_a_halt_stops_the_script_or_the_channel_until_a_person_resumes(here: Field, script_only: bool) -> None:
    number = here.planned().id
    first = here.claims(limit=1)[0]
    here.answers(first.attempt, Halted("132001", "la plantilla no existe", script_only=script_only))
    here.one.later(minutes=1)
    assert len(here.claims()) == (1 if script_only else 0)
    here.acts.resume(number, person="Ana")
    here.one.later(minutes=6)
    assert first.attempt in [message.attempt for message in here.claims()]


def test_a_lost_answer_is_never_sent_again_and_a_late_report_settles_it(here: Field) -> None:
    here.planned()
    first = here.claims()[0]
    here.answers(first.attempt, Lost("tiempo agotado"))
    for _ in range(3):
        here.one.later(days=1)
        assert first.attempt not in [message.attempt for message in here.claims()]
    assert here.attempt(first.attempt).state is S.DESCONOCIDO
    here.hears(told(first, S.ENTREGADO))
    assert here.attempt(first.attempt).state is S.ENTREGADO


def test_what_the_provider_provably_never_had_is_made_again_the_same_day(here: Field) -> None:
    here.planned()
    (call,) = here.claims(IVR)
    with here.one.house.database.session() as session:
        assert here.contacts.doubt(session, IVR, here.one.now[0] + timedelta(seconds=1)) == 1
        here.contacts.recalled(session, {call.attempt: NeverSeen()}, here.one.now[0])
    assert [message.attempt for message in here.claims(IVR)] == [call.attempt]


def test_a_refusal_marks_the_number_and_the_other_channel_follows_on_another_day(here: Field) -> None:
    here.planned()
    first = here.claims()[0]
    here.answers(first.attempt, Refused("SIN_WHATSAPP", "no está en WhatsApp", phone_is_wrong=True))
    here.one.later(hours=2)
    assert not [message for message in here.claims(IVR) if message.phone == first.phone], "not the same day"
    message, call = here.of_case(1)
    assert (message.state, call.channel, call.state) == (S.FALLIDO, IVR, S.PLANIFICADO)
    assert call.not_before == datetime(2021, 3, 18, 12, 0, tzinfo=UTC)


def test_a_message_that_nobody_took_in_a_day_is_followed_by_a_call_and_a_late_delivery_takes_that_back(
    here: Field,
) -> None:
    here.planned()
    first = here.claims()[0]
    here.answers(first.attempt, Accepted("wamid.1"))
    here.one.later(hours=25)
    with here.one.house.database.session() as session:
        assert here.contacts.give_up_undelivered(session, WA, here.one.now[0]) == 1
    assert [each.channel for each in here.of_case(1)] == [WA, IVR]
    here.hears(told(first, S.ENTREGADO))
    assert [each.state for each in here.of_case(1)] == [S.ENTREGADO, S.OMITIDO]


def test_nobody_answering_is_tried_in_the_other_half_of_the_day_three_times_then_there_is_no_more(
    here: Field,
) -> None:
    here.planned()
    times = []
    for _ in range(3):
        (call,) = here.claims(IVR)
        here.answers(call.attempt, Accepted("x"))
        here.hears(Report(call.attempt, f"{call.attempt}:end", here.one.now[0], S.NO_CONTESTA, "NO_CONTESTA"))
        times.append(here.one.now[0])
        following = [each for each in here.of_case(2) if each.state is S.PLANIFICADO]
        here.one.now[0] = following[0].not_before if following else here.one.now[0]
    assert [f"{at:%d %H:%M}" for at in times] == ["17 15:00", "18 18:30", "19 12:00"]
    assert [each.state for each in here.of_case(2)] == [S.NO_CONTESTA, S.NO_CONTESTA, S.AGOTADO]


def test_a_call_that_the_network_lost_is_made_again_in_minutes_and_is_no_contact(here: Field) -> None:
    here.planned()
    (call,) = here.claims(IVR)
    here.answers(call.attempt, Accepted("x"))
    here.hears(Report(call.attempt, "e", here.one.now[0], S.FALLIDO, "RED", "34", rang=False))
    assert here.claims(IVR) == ()
    here.one.later(minutes=2, seconds=1)
    (again,) = here.claims(IVR)
    assert again.attempt != call.attempt


def test_when_the_network_loses_call_after_call_the_channel_stops(tmp_path: Path) -> None:
    owed = [Owed(number, phones=f"02299{number:04d}") for number in range(1, 61)]
    lanes = {IVR: Lane(20, 100), WA: Lane(20, 20)}
    with campaigning(tmp_path, *owed, lanes=lanes) as one:
        one.planned()
        for message in one.claims(IVR, 50):
            one.answers(message.attempt, Accepted("x"))
            one.hears(Report(message.attempt, "e", one.one.now[0], S.FALLIDO, "RED", "34", rang=False))
        assert one.claims(IVR) == ()
        with one.one.house.database.reading() as session:
            assert "la red perdió" in silence.stopped(session)["IVR", ""]
            asked: list[tuple[str, Any]] = []
            connection = session.connection()
            sa.event.listen(connection, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
            assert set(outreach.last_results(session, IVR, 50)) == {"RED"}
            ((question, values),) = asked
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {question}", values).all()
            assert len(steps) == 1, "by an index, in its order: it is asked with every call that is lost"


def test_the_brake_counts_what_was_heard_before_an_upgrade(here: Field) -> None:
    here.planned()
    (call,) = here.claims(IVR)
    here.answers(call.attempt, Accepted("x"))
    here.hears(told(call, S.FALLIDO, "RED", rang=False))
    database = here.one.house.database
    with database.engine.begin() as connection:  # as schema 0014 had it
        for statement in (
            "DROP INDEX ix_contact_events_channel",
            "ALTER TABLE contact_events DROP COLUMN channel",
            "DROP INDEX ix_charges_reference",
            "UPDATE evidence_schema SET version_num = '0014'",
        ):
            connection.execute(sa.text(statement))
    database.migrate()
    with database.reading() as session:
        assert outreach.last_results(session, IVR, 50) == ["RED"]
        assert outreach.last_results(session, WA, 50) == []


def test_a_wrong_number_leads_to_the_customers_next_one(tmp_path: Path) -> None:
    with campaigning(tmp_path, Owed(1, phones="022999991, 022999992")) as one:
        one.planned()
        (call,) = one.claims(IVR)
        one.answers(call.attempt, Accepted("x"))
        one.hears(told(call, S.FALLIDO, "NUMERO_INVALIDO", phone_is_wrong=True))
        one.one.now[0] = one.of_case(1)[-1].not_before
        (second,) = one.claims(IVR)
        assert (call.phone, second.phone) == ("+59322999991", "+59322999992")


def test_key_9_keeps_every_channel_of_every_campaign_from_that_customer(here: Field) -> None:
    here.planned()
    (call,) = here.claims(IVR)
    here.answers(call.attempt, Accepted("x"))
    here.hears(told(call, S.CONTESTADO, "BAJA", suppress=True))
    here.one.later(days=1)
    second = here.planned()
    assert here.claims(IVR) == ()
    assert not [each for each in here.attempts(second.id) if each.customer == "P0000002"]
    proof = [each.proof for each in here.acts.suppressions()]
    assert len(proof) == 2
    assert all(call.attempt in each and "BAJA" in each for each in proof)
    assert here.acts.lift("P0000002", person="Ana")
    assert not here.acts.lift("P0000002", person="Ana")


def test_reports_twice_late_and_for_strangers_change_nothing(here: Field) -> None:
    here.planned()
    first = here.claims()[0]
    here.answers(first.attempt, Accepted("x"))
    for state in (S.LEIDO, S.ENTREGADO, S.ENVIADO, S.LEIDO, S.FALLIDO):
        here.hears(told(first, state))
    here.hears(told(AttemptId("prueba-1"), S.ENTREGADO))
    assert here.attempt(first.attempt).state is S.LEIDO
    with here.one.house.database.reading() as session:
        assert session.execute(sa.text("SELECT count(*) FROM contact_events")).scalar() == 4


# ── the stop ─────────────────────────────────────────────────────────────────────────────────────

GOYES = "P0000001//GOYES BALSECA JUAN CARLOS//INTERNET"


def test_a_stored_mail_holds_what_is_planned_and_asks_the_live_call_to_end(tmp_path: Path) -> None:
    with campaigning(tmp_path, Owed(1), Owed(2, phones=FIXED)) as one:
        one.planned()
        (call,) = one.claims(IVR)
        one.answers(call.attempt, Accepted("x"))
        one.one.stores(letter(GOYES, number=1))
        one.one.stores(letter("P0000002//GOYES BALSECA JUAN CARLOS//INTERNET", number=2))
        assert one.of_case(1)[0].state is S.RETENIDO
        assert one.claims() == ()
        with one.one.house.database.reading() as session:
            assert outreach.to_hang_up(session, IVR) == [call.attempt]


def test_a_mail_that_is_discarded_releases_what_it_held(here: Field) -> None:
    here.planned()
    away = letter(GOYES).replace(b"Message-ID", b"Auto-Submitted: auto-replied\r\nMessage-ID")
    mail = here.one.stores(away)
    assert here.of_case(1)[0].state is S.RETENIDO
    here.one.walks(mail)
    assert here.one.story(mail).mail.state is EvidenceState.DESCARTADO
    assert here.of_case(1)[0].state is S.PLANIFICADO


def test_who_was_asked_to_mend_something_is_left_alone_until_his_time_is_over(here: Field) -> None:
    here.planned()
    mail = here.one.receives(letter(GOYES))
    assert here.one.story(mail).mail.state is EvidenceState.RECHAZADO
    assert here.of_case(1)[0].state is S.RETENIDO
    here.one.sends()
    here.one.later(days=30)
    assert here.one.house.pipeline.lapse() == 1
    assert here.of_case(1)[0].state is S.PLANIFICADO


def test_two_mails_hold_and_the_first_that_is_discarded_releases_nothing(here: Field) -> None:
    here.planned()
    first, second = here.one.stores(letter(GOYES, number=1)), here.one.stores(letter(GOYES, number=2))
    for mail, state in ((first, S.RETENIDO), (second, S.PLANIFICADO)):
        with here.one.house.database.session() as session:
            outreach.decided(session, mail, EvidenceState.DESCARTADO, [], here.one.now[0])
        assert here.of_case(1)[0].state is state


@pytest.mark.parametrize("state", ["ACREDITADO", "REGULARIZADO", "PAGADO", "ANULADO", "ESCALADO"])
def test_acceptance_and_closing_cancel_what_was_planned(here: Field, state: str) -> None:
    here.planned()
    mail = here.one.stores(letter(GOYES))
    with here.one.house.database.session() as session:
        session.execute(sa.text(f"UPDATE cases SET state = '{state}' WHERE id = 1"))  # noqa: S608
        outreach.decided(session, mail, EvidenceState.ACEPTADO, [], here.one.now[0])
    assert here.of_case(1)[0].state is S.OMITIDO


def test_a_mail_in_answer_to_ours_holds_by_its_thread_alone(here: Field) -> None:
    here.planned()
    here.one.receives(letter(GOYES))
    (sent,) = here.one.sends()
    ours = next(line for line in sent.decode("latin-1").splitlines() if line.lower().startswith("message-id:"))
    with here.one.house.database.session() as session:
        session.execute(sa.text("DELETE FROM contact_holds"))
        session.execute(sa.text("UPDATE cases SET state = 'ABIERTO'"))
        outreach.refresh(session, [1], here.one.now[0])
    assert here.of_case(1)[0].state is S.PLANIFICADO
    reply = letter("Re: su acta", number=9).replace(
        b"Message-ID:", b"In-Reply-To:" + ours[11:].encode() + b"\r\nMessage-ID:"
    )
    here.one.stores(reply)
    assert here.of_case(1)[0].state is S.RETENIDO


# ── people ───────────────────────────────────────────────────────────────────────────────────────


def test_a_campaign_goes_only_when_another_person_approved_exactly_what_is_stored(here: Field) -> None:
    acts = here.acts
    draft = acts.draft(NAME, person="Ana")
    with pytest.raises(BadInput, match="aprueba otra persona"):
        acts.start(draft.id, person="Ana")
    with pytest.raises(BadInput, match="hace falta otra persona"):
        acts.approve(draft.id, person=" ANA ")
    with pytest.raises(BadInput, match="cambió desde"):
        acts.approve(draft.id, person="Berta", seen="0000")
    seal = audience.seal(draft.plan)
    assert acts.approve(draft.id, person="Berta", seen=seal[:12]).approved_hash == seal
    acts.change(draft.id, person="Carla", deadline=date(2021, 3, 30))
    assert here.load(draft.id).state is CampaignState.BORRADOR
    with pytest.raises(BadInput, match="aprueba otra persona"):
        acts.start(draft.id, person="Ana")
    with here.one.house.database.session() as session, pytest.raises(IntegrityError):
        session.execute(sa.text("UPDATE campaigns SET state = 'EN_CURSO'"))


def test_a_text_with_an_error_is_never_approved(here: Field) -> None:
    draft = here.acts.draft(NAME, person="Ana")
    with here.one.house.database.session() as session:
        session.execute(sa.text("UPDATE campaigns SET plan = replace(plan, 'página www.cnt', 'página www.otra')"))
    with pytest.raises(BadInput, match="url_hosts"):
        here.acts.approve(draft.id, person="Berta")


@pytest.mark.parametrize("deadline", [date(2021, 3, 17), date(2020, 1, 1)])
def test_a_campaign_whose_last_day_is_over_is_not_drafted(here: Field, deadline: date) -> None:
    with pytest.raises(BadInput, match="ya pasó"):
        here.acts.draft(NAME, person="Ana", deadline=deadline)


def test_pausing_and_resuming_lose_nothing_and_cancelling_ends_what_waits(here: Field) -> None:
    number = here.planned().id
    here.acts.pause(number, person="Ana", because="prueba")
    assert here.claims() == ()
    with pytest.raises(RefusedTransition):
        here.acts.pause(number, person="Ana", because="otra vez")
    here.acts.resume(number, person="Ana")
    (first, *_rest) = here.claims(limit=1)
    here.acts.cancel(number, person="Ana", because="ya no")
    assert here.claims() == ()
    here.answers(first.attempt, Throttled("130429", 1))
    assert Counter(each.state for each in here.attempts(number)) == {S.OMITIDO: 3}
    with pytest.raises(RefusedTransition):
        here.acts.resume(number, person="Ana")


def test_a_test_send_reaches_our_own_telephones_only_and_is_in_no_statistics(here: Field) -> None:
    plan = here.acts.plan_of(NAME)
    with pytest.raises(BadInput, match="test_phones"):
        here.acts.test_message(plan, "whatsapp-cargados", "0987000001", ["+593991234567"])
    message = here.acts.test_message(plan, "whatsapp-cargados", "0991234567", ["+593991234567"])
    assert message.attempt.startswith("prueba-")
    assert message.text.startswith("Hola Juan")
    here.hears(told(message, S.ENTREGADO))
    with here.one.house.database.reading() as session:
        assert session.execute(sa.text("SELECT count(*) FROM contact_days")).scalar() == 0


def test_the_funnel_ends_at_evidence_that_came_and_what_became_regular(here: Field) -> None:
    number = here.planned().id
    messages = [*here.claims(), *here.claims(IVR)]
    for message in messages:
        here.answers(message.attempt, Accepted("x"))
    here.hears(told(messages[0], S.LEIDO))
    here.hears(told(messages[1], S.ENTREGADO))
    here.hears(told(messages[2], S.CONTESTADO, "ESCUCHADO"))
    here.one.later(hours=1)
    here.one.receives(letter(GOYES))
    with here.one.house.database.session() as session:
        session.execute(sa.text("UPDATE cases SET state = 'REGULARIZADO' WHERE id = 1"))
    assert here.acts.standing(number).funnel == progress.Funnel(3, 3, 3, 2, 1, 1)


def test_the_export_masks_telephones_and_the_law_check_finds_what_was_forced_in(here: Field, tmp_path: Path) -> None:
    number = here.planned().id
    for message in [*here.claims(), *here.claims(IVR)]:
        here.answers(message.attempt, Accepted("x"))
    check = here.acts.check_law(number)
    assert (check.contacts, check.outside, check.twice) == (3, (), ())
    path = tmp_path / "out.csv"
    assert here.acts.export(number, path) == 3
    assert "+593987000001" not in path.read_text("utf-8")
    with here.one.house.database.session() as session:
        session.execute(
            sa.text("UPDATE contact_attempts SET claimed_at = '2021-03-21 15:00:00', phone = '+59322999999'")
        )
    check = here.acts.check_law(number)
    assert len(check.outside) == 3
    assert len(check.twice) == 2


def test_the_law_check_sees_a_second_contact_of_the_day_by_another_campaign(here: Field) -> None:
    first = here.planned().id
    for message in here.claims():
        here.answers(message.attempt, Accepted("x"))
    second = here.planned().id
    with here.one.house.database.session() as session:
        session.execute(sa.text("DELETE FROM contact_days"))  # as if the key had not held
    here.one.later(minutes=5)
    forced = here.claims()
    assert len(forced) == 2
    assert here.acts.check_law(first).twice == (), "the first contact of a day is in order"
    check = here.acts.check_law(second)
    assert set(check.twice) == {message.attempt for message in forced}
    assert check.contacts == 2, "the other campaign's are not counted here"


# ── a rehearsal ──────────────────────────────────────────────────────────────────────────────────


def test_a_rehearsal_goes_to_its_end_on_the_same_path_and_opens_no_socket(tmp_path: Path) -> None:
    opened: list[str] = []
    watching = [True]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if watching[0] and event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto"):
            opened.append(f"{event} {arguments!r}")

    sys.addaudithook(hook)
    owed = [Owed(number, phones=FIXED[:-2] + f"{number:02d}" if number % 3 else "-") for number in range(1, 41)]
    with campaigning(tmp_path, *owed) as one:
        path = tmp_path / "ensayo.csv"
        opened.clear()
        ends = []
        for _ in range(2):
            number = one.planned(rehearsal=True).id
            make = partial(rehearsing, path)
            ends.append(Rehearsal(one.one.house.database, one.contacts, make).run(number, one.one.now[0]))
        watching[0] = False
        assert opened == []
        campaign = one.load(number)
        assert campaign.state is CampaignState.TERMINADA
        attempts = one.attempts(number)
        assert {each.case_id for each in attempts} == set(range(1, 41))
        assert not {each.state for each in attempts} & {S.PLANIFICADO, S.ENVIANDO, S.ENVIADO}
        assert max(each.number for each in attempts) > 1, "retries are rehearsed too"
        check = one.acts.check_law(number)
        assert check.contacts == len(attempts)
        assert check.outside == check.twice == ()
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))
        assert list(rows[0]) == list(HEADINGS)
        assert len({row["intento"] for row in rows}) == len(rows)
        assert all("{" not in row["texto"] for row in rows)
        assert one.claims() == one.claims(IVR) == (), "a rehearsal reaches nobody later"
        one.planned()
        assert len(one.claims()) + len(one.claims(IVR)) > 0, "and spends nobody's day"


def test_a_rehearsal_whose_process_died_is_cancelled_at_the_next_start_and_one_that_runs_is_not(here: Field) -> None:
    draft = here.acts.draft(NAME, person="Ana", deadline=date(2021, 3, 31)).id
    house = here.one.house
    lost = here.acts.rehearsal_of(draft, person="Ana").id
    with Lease(house.database, f"rehearsal-{lost}", house.config.state_directory):
        house.end_lost_rehearsals()
        assert here.load(lost).state is CampaignState.EN_CURSO
    with pytest.raises(BadInput, match="ya hay un ensayo en curso"):
        here.acts.rehearsal_of(draft, person="Ana")
    house.end_lost_rehearsals()
    assert here.load(lost).state is CampaignState.CANCELADA
    assert here.load(lost).because == "el programa que hacía el ensayo se detuvo"
    assert here.acts.rehearsal_of(draft, person="Ana").state is CampaignState.EN_CURSO


def rehearsing(path: Path, channel: Channel, clock: Any) -> DryRun:
    return DryRun(channel, path, clock)


# ── the engine ───────────────────────────────────────────────────────────────────────────────────


def engine_of(one: Field, *drivers: Recorder | DryRun, lanes: dict[Channel, Lane] | None = None) -> Engine:
    contacts = Contacts(one.one.house.pipeline.calendar, lanes or LANES)
    found = {driver.channel: driver for driver in drivers}
    return Engine(
        one.one.house.database, contacts, found, one.one.house.pipeline.clock, one.one.house.config.state_directory
    )


def until(condition: Any, seconds: float = 15.0) -> float:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not come to that"
        time.sleep(0.01)
    return time.monotonic() - began


def test_the_engine_plans_sends_hears_and_ends_a_campaign(tmp_path: Path) -> None:
    with campaigning(tmp_path, *(Owed(number) for number in range(1, 26))) as one:
        number = one.planned(plan_all=False).id
        heard = Recorder(WA, report=lambda message: told(message, S.LEIDO))
        engine = engine_of(one, heard, Recorder(IVR))
        engine.start()
        try:
            until(lambda: one.load(number).state is CampaignState.TERMINADA)
        finally:
            engine.stop()
        assert len({message.attempt for message in heard.given}) == len(heard.given) == 25
        assert Counter(each.state for each in one.attempts(number)) == {S.LEIDO: 25}


def test_a_message_that_is_given_back_for_haste_after_it_was_taken_slows_the_pace(tmp_path: Path) -> None:
    with campaigning(tmp_path, *(Owed(number) for number in range(1, 4))) as one:
        one.planned()
        cuts: list[float] = []

        class Watched(Pace):
            def throttled(self, now: float, seconds: float) -> None:
                cuts.append(seconds)
                super().throttled(now, seconds)

        def given_back(message: Message) -> Report:
            return failed(message.attempt, f"{message.attempt}:failed", one.one.now[0], 130429, "", "wamid.1")

        engine = engine_of(one, Recorder(WA, report=given_back))
        engine._paces[WA] = Watched(20)
        engine.start()
        try:
            until(lambda: len(cuts) == 3)
        finally:
            engine.stop()


def test_while_the_provider_asks_for_a_pause_nothing_stays_claimed_that_would_leave_after_hours(tmp_path: Path) -> None:
    with campaigning(tmp_path, *(Owed(number) for number in range(1, 21))) as one:
        number = one.planned().id
        slow = Recorder(WA, lambda _message: Throttled("130429", 600.0))
        engine = engine_of(one, slow)
        engine.start()
        try:
            until(lambda: slow.given and all(each.state is S.PLANIFICADO for each in one.attempts(number)))
            given = len(slow.given)
            time.sleep(1.0)
            assert {each.state for each in one.attempts(number)} == {S.PLANIFICADO}, "and nothing is claimed again"
            assert len(slow.given) == given < 20
        finally:
            engine.stop()


def test_a_stored_mail_ends_a_live_call_within_a_second_of_its_commit(here: Field) -> None:
    here.planned()
    calls = Recorder(IVR)
    engine = engine_of(here, calls)
    engine.start()
    try:
        until(lambda: here.of_case(2)[0].state is S.ENVIADO)
        here.one.stores(letter("P0000002//GOYES BALSECA JUAN CARLOS//INTERNET"))
        assert until(lambda: bool(calls.ended)) < 1.0
    finally:
        engine.stop()
    assert calls.ended == [calls.given[0].attempt]


def test_a_driver_that_fails_leaves_a_doubt_and_the_others_go_on(here: Field) -> None:
    number = here.planned().id

    def answer(message: Message) -> Accepted:
        if message.script == "whatsapp-cargados":
            raise RuntimeError("a bug of the driver")
        return Accepted("x")

    engine = engine_of(here, Recorder(WA, answer))
    engine.start()
    try:
        until(
            lambda: {each.state for each in here.attempts(number) if each.channel is WA} == {S.DESCONOCIDO, S.ENVIADO}
        )
    finally:
        engine.stop()


def test_a_campaign_that_stood_still_too_long_does_not_go_on_by_itself(here: Field) -> None:
    number = here.planned().id
    here.one.later(days=5)
    messages = Recorder(WA)
    engine = engine_of(here, messages)
    with here.one.house.database.session() as session:
        engine._tend(session)
    assert here.load(number).state is CampaignState.PAUSADA
    assert "no salió" in here.load(number).because
    assert here.claims() == ()
    here.acts.resume(number, person="Ana")
    assert len(here.claims()) == 2


def test_nothing_leaves_after_a_long_sleep_before_somebody_looked_after_the_campaign(here: Field) -> None:
    number = here.planned().id
    here.one.later(days=5)  # the machine slept; the sender wakes first
    with here.one.house.database.session() as session:
        assert here.contacts.claim(session, WA, here.one.now[0], 10).messages == ()
    assert here.load(number).state is CampaignState.EN_CURSO


@pytest.mark.parametrize(
    ("whom", "channel", "ends"),
    [("P0000002", None, True), ("+59322999999", None, True), ("P0000002", WA, False), ("P0000001", None, False)],
)
def test_who_asks_to_be_left_alone_while_his_call_lives_is_hung_up_within_a_second(
    here: Field, whom: str, channel: Channel | None, ends: bool
) -> None:
    here.planned()
    calls = Recorder(IVR)
    engine = engine_of(here, calls)
    engine.start()
    try:
        until(lambda: here.of_case(2)[0].state is S.ENVIADO)
        here.acts.suppress(whom, person="Ana", reason="lo pidió", channel=channel)
        if ends:
            assert until(lambda: bool(calls.ended)) < 1.0
        else:
            time.sleep(0.6)
            assert calls.ended == []
    finally:
        engine.stop()


def test_who_asks_to_be_left_alone_between_claim_and_handing_over_gets_nothing(here: Field) -> None:
    """Claimed, and the turn is still to come: his message is given back and never leaves."""
    here.planned()
    late = Recorder(WA)
    engine = engine_of(here, late)
    engine._paces[WA] = Pace(0.7)  # a turn every second and a half: the second message waits for its own
    engine.start()
    try:
        until(lambda: len(late.given) == 1)
        other = next(one for one in (here.of_case(1)[0], here.of_case(3)[0]) if one.id != late.given[0].attempt)
        until(lambda: here.attempt(other.id).state is S.ENVIANDO)
        here.acts.suppress(other.customer, person="Ana", reason="lo pidió")
        until(lambda: here.attempt(other.id).state is S.OMITIDO)
    finally:
        engine.stop()
    assert [message.attempt for message in late.given] == [late.given[0].attempt]


def test_one_channel_has_one_sender(here: Field) -> None:
    here.planned()
    first, second = Recorder(WA), Recorder(WA)
    engines = [engine_of(here, first), engine_of(here, second)]
    for engine in engines:
        engine.start()
    try:
        until(lambda: len(first.given) + len(second.given) == 2)
        time.sleep(0.5)
    finally:
        for engine in engines:
            engine.stop()
    assert not (first.given and second.given)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("count", "kills"), [(40, 2), pytest.param(300, 10, marks=pytest.mark.slow)])
def test_killed_again_and_again_while_it_sends_nothing_is_sent_twice_and_nothing_is_lost(
    tmp_path: Path, count: int, kills: int
) -> None:
    assert killed_while_sending(tmp_path, count=count, kills=kills) >= 2


def killed_while_sending(place: Path, *, count: int, kills: int) -> int:
    """Kill a sender at random moments until all is sent; how often it was killed."""
    chance, killed = random.Random(7), 0
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(["campaigns"])
    with campaigning(place, *(Owed(number) for number in range(1, count + 1))) as one:
        number, path = one.planned().id, place / "sent.csv"

        def open_attempts() -> int:
            with one.one.house.database.reading() as session:
                counted = progress.counts(session, number)
            return sum(counted.get((WA, state), 0) for state in (S.PLANIFICADO, *outreach.UNDER_WAY))

        while open_attempts():
            sender = forks.Process(
                target=send_until_killed, args=(one.one.house.config.state_directory, path), daemon=True
            )
            sender.start()
            size = path.stat().st_size if path.exists() else 0
            try:
                until(lambda size=size: (path.exists() and path.stat().st_size > size) or not open_attempts(), 150)
                if killed < kills:
                    time.sleep(chance.uniform(0, 0.1))
                else:
                    until(lambda: not open_attempts(), 60)
            finally:
                sender.kill()
                sender.join()
            killed += 1
        sent = [row["intento"] for row in csv.DictReader(io.StringIO(path.read_text("utf-8")))]
        assert len(sent) == len(set(sent)), "sent twice"
        first = {each.id for each in one.attempts(number) if each.channel is WA}
        assert set(sent) == first
        assert len(first) == count
    return killed


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("count", "kills"), [(12, 2), pytest.param(80, 10, marks=pytest.mark.slow)])
def test_killed_while_real_calls_are_placed_every_call_is_made_once_and_comes_to_its_end(
    tmp_path: Path, count: int, kills: int
) -> None:
    chance, forks = random.Random(3), multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(["campaigns"])
    tails = (LISTENS, BUSY, LISTENS, UNKNOWN)
    owed = [Owed(at, phones=f"0222{at:03d}{tails[at % 4]}") for at in range(1, count + 1)]
    with contextlib.ExitStack() as stack:
        try:
            lab = stack.enter_context(Lab(tmp_path / "lab"))
        except NoLab as why:
            pytest.skip(str(why))
        one = stack.enter_context(campaigning(tmp_path / "house", *owed))
        number, state = one.planned(channels=[IVR]).id, one.one.house.config.state_directory

        def left() -> int:
            return sum(
                each.number == 1 and each.state in (S.PLANIFICADO, *outreach.UNDER_WAY) for each in one.attempts(number)
            )

        for killed in range(kills + 1):
            place = (lab.port, SECRET, lab.sounds, lab.cdr)
            caller = forks.Process(target=call_until_killed, args=(state, place), daemon=True)
            caller.start()
            try:
                if killed == kills:
                    until(lambda: not left(), 60)
                else:
                    before = left()
                    until(lambda before=before: left() < before or not left(), 30)
                    time.sleep(chance.uniform(0, 0.2))
            finally:
                caller.kill()
                caller.join()
        with lab.cdr.open(encoding="utf-8", newline="") as rows:
            placed = Counter(row[16] for row in csv.reader(rows) if len(row) > 16)
        first = {each.id for each in one.attempts(number) if each.number == 1}
        assert len(first) == count
        assert {placed[name] for name in first} == {1}, "lost, or made twice"
