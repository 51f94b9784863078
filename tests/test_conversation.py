"""Webhooks from the sandbox to a real house: statuses, doubts, opt-outs, words, photos, moves, templates."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from campaigns import Field, Owed, campaigning
from cloudhouse import Running, sandboxed, until
from test_whatsapp import signed

from evidence_daemon.demo.papers import Form, Layout, Medium, draw
from evidence_daemon.demo.people import people
from evidence_daemon.errors import BadInput
from evidence_daemon.mail import counter
from evidence_daemon.model import AttemptId, CampaignState, Channel, ContactState, EvidenceState, MailId
from evidence_daemon.outreach import templates
from evidence_daemon.outreach.channel import Lost
from evidence_daemon.outreach.contact import Contacts
from evidence_daemon.outreach.conversation import Conversation
from evidence_daemon.outreach.listener import PATH, Listener
from evidence_daemon.outreach.templates import Templates
from evidence_daemon.outreach.whatsapp import WhatsApp
from evidence_daemon.store import privacy, records, silence, whatsapp
from evidence_daemon.store.switches import pause

S, WA = ContactState, Channel.WHATSAPP


@dataclass
class Desk:
    """A house, a sandbox, and the listener between them."""

    field: Field
    cloud: Running
    listener: Listener

    def sends(self, count: int = 1) -> list[AttemptId]:
        """Hand over what is due, and write down the answers."""

        async def run() -> list[AttemptId]:
            driver, names = WhatsApp(self.cloud.cloud()), []
            await driver.open()
            for message in self.field.claims(limit=count):
                self.field.answers(message.attempt, await driver.send(message))
                names.append(message.attempt)
            await driver.close()
            return names

        return asyncio.run(run())

    def state(self, name: AttemptId) -> ContactState:
        return self.field.attempt(name).state

    def scalar(self, text: str) -> object:
        with self.field.one.house.database.reading() as session:
            return session.execute(sa.text(text)).scalar()

    def heard(self) -> None:
        """Wait until everything that was told is worked through."""
        until(lambda: self.cloud.sandbox.untold == 0)
        waiting = "SELECT (SELECT count(*) FROM whatsapp_webhooks WHERE done_at IS NULL) + (SELECT count(*) FROM"
        until(lambda: self.scalar(f"{waiting} whatsapp_inbound WHERE handled_at IS NULL)") == 0)

    def outcome(self, wamid: str) -> object:
        return self.scalar(f"SELECT outcome FROM whatsapp_inbound WHERE wamid = '{wamid}'")  # noqa: S608

    def says(self, case: int, **what: object) -> str:
        """The customer of a case writes."""
        return self.cloud.do(lambda: self.cloud.sandbox.says(f"5939870{case:05d}", **what))  # type: ignore[arg-type]


@contextmanager
def desk(directory: Path, *owed: Owed, photo: bytes = b"", **settings: object) -> Iterator[Desk]:
    with campaigning(directory, *owed) as field, sandboxed(photo=photo, **settings) as cloud:
        house = field.one.house
        clock = house.pipeline.clock
        conversation = Conversation(
            house.database,
            Contacts(house.pipeline.calendar, field.contacts.lanes),
            cloud.cloud(),
            take_in=house.pipeline.take_in,
            books=lambda: tuple(house.book.campaigns.values()),
            clock=clock,
            leases=house.config.state_directory,
        )
        listener = Listener(
            house.database, address="127.0.0.1", port=0, secret=lambda: "sandbox-secret", verify=lambda: "palabra",
            clock=clock, beside=conversation.run,
        )  # fmt: skip
        conversation.busy = lambda: listener.busy
        with listener:
            cloud.sandbox.settings.webhook = f"http://127.0.0.1:{listener.port}{PATH}"
            cloud.sandbox.clock = lambda: clock().timestamp()
            yield Desk(field, cloud, listener)


# ── the listener ─────────────────────────────────────────────────────────────────────────────────


def test_the_listener_proves_before_it_parses_and_keeps_each_once(tmp_path: Path) -> None:
    with desk(tmp_path, Owed(1)) as one:
        url = f"http://127.0.0.1:{one.listener.port}{PATH}"
        asked = {"hub.mode": "subscribe", "hub.verify_token": "palabra", "hub.challenge": "1158201444"}
        with httpx.Client(timeout=30) as visitor:
            answer = visitor.get(url, params=asked)
            assert (answer.status_code, answer.text) == (200, "1158201444")
            assert visitor.get(url, params=asked | {"hub.verify_token": "otra"}).status_code == 403
            assert visitor.get(url, params={}).status_code == 403
            escaped = (
                b'{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"x","value":"Mar\\u00eda"}]}]}'
            )
            plain = escaped.replace(b"\\u00ed", "í".encode())
            assert visitor.post(url, content=escaped, headers=signed(escaped)).status_code == 200
            assert visitor.post(url, content=plain, headers=signed(escaped)).status_code == 403, "the same JSON"
            assert visitor.post(url, content=escaped, headers=signed(escaped, "otro")).status_code == 403
            assert visitor.post(url, content=escaped).status_code == 403
            assert visitor.post(url, content=escaped, headers=signed(escaped)).status_code == 200
            no_json = b"\xff\x00{{{"
            assert visitor.post(url, content=no_json, headers=signed(no_json)).status_code == 200
            assert visitor.get(f"http://127.0.0.1:{one.listener.port}/cola").status_code == 404, "not the desk"
        one.heard()
        assert one.scalar("SELECT count(*) FROM whatsapp_webhooks") == 2
        assert one.scalar("SELECT count(*) FROM whatsapp_webhooks WHERE trouble <> ''") == 1
        assert one.scalar("SELECT count(*) FROM whatsapp_webhooks WHERE body <> ''") == 1, "what is done is emptied"


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with desk(tmp_path, Owed(1)) as one:
        database = one.field.one.house.database
        other = Listener(
            database, address="127.0.0.1", port=one.listener.port, secret=str, verify=str,
            clock=one.field.one.house.pipeline.clock,
        )  # fmt: skip
        with pytest.raises(BadInput), other:
            pass


# ── statuses ─────────────────────────────────────────────────────────────────────────────────────


def test_statuses_told_twice_and_in_any_order_come_to_the_same_end(tmp_path: Path) -> None:
    tails = [0, 1, 2, 3, 10, 11]
    owed = [Owed(number, phones=f"09870001{tail:02d}") for number, tail in enumerate(tails, start=1)]
    with desk(tmp_path, *owed, doubled=2, shuffled=7, answers=False) as one:
        one.field.planned()
        names = one.sends(len(owed))
        one.heard()
        found = [(one.state(name).value, one.field.attempt(name).result) for name in names]
        assert found == [
            ("FALLIDO", "SIN_WHATSAPP"),
            ("FALLIDO", "NO_ENTREGADO"),
            ("FALLIDO", "BAJA"),
            ("ENVIADO", None),
            ("LEIDO", "LEIDO"),
            ("ENTREGADO", "ENTREGADO"),
        ]
        with one.field.one.house.database.reading() as session:
            left_alone = {(each.who, each.channel) for each in silence.suppressions(session)}
        assert left_alone == {("c:P0000003", "WHATSAPP"), ("t:+593987000102", "WHATSAPP")}, "131050: this channel alone"
        assert one.scalar("SELECT count(*) FROM wrong_phones") == 1
        again = [each for each in one.field.of_case(2) if each.channel is WA]
        assert len(again) == 2, "131049: once more, a day later"


def test_a_lost_answer_is_settled_by_its_status_and_never_sent_again(tmp_path: Path) -> None:
    with desk(tmp_path, Owed(10), answers=False, faults=["lost next 1"]) as one:
        one.field.planned()
        (message,) = one.field.claims()

        async def send() -> object:
            driver = WhatsApp(one.cloud.cloud())
            await driver.open()
            sent = await driver.send(message)
            await driver.close()
            return sent

        sent = asyncio.run(send())
        assert isinstance(sent, Lost)
        one.field.answers(message.attempt, sent)
        one.heard()
        assert one.state(message.attempt) in (S.ENTREGADO, S.LEIDO)
        assert one.field.attempt(message.attempt).provider_id == one.cloud.sandbox.taken[0].wamid
        assert len(one.cloud.sandbox.taken) == 1


def test_a_doubt_that_nothing_settles_is_told_after_a_quarter_of_an_hour_and_a_call_follows(tmp_path: Path) -> None:
    with campaigning(tmp_path, Owed(1)) as one:
        one.planned()
        (message,) = one.claims()
        one.answers(message.attempt, Lost("no llegó respuesta a tiempo"))
        house = one.one.house

        def doubted() -> int:
            with house.database.reading() as session:
                return whatsapp.doubted(session, house.pipeline.clock() - whatsapp.GRACE)

        assert doubted() == 0
        one.one.later(minutes=16)
        assert doubted() == 1
        assert one.claims() == ()
        one.one.later(hours=24)
        with house.database.session() as session:
            assert one.contacts.give_up_undelivered(session, WA, house.pipeline.clock()) == 1
        assert [each.channel for each in one.of_case(1)] == [WA, Channel.IVR]


# ── customers ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("words", ["BAJA", " no recibir más. ", "Stop!"])
def test_who_writes_baja_is_left_alone_everywhere_and_gets_no_answer(tmp_path: Path, words: str) -> None:
    with desk(tmp_path, Owed(10)) as one:
        one.field.planned()
        (name,) = one.sends()
        wamid = one.says(10, text=words)
        one.heard()
        assert one.outcome(wamid) == "BAJA"
        assert one.state(name) is S.RESPONDIDO
        with one.field.one.house.database.reading() as session:
            found = {(each.who, each.channel, each.source) for each in silence.suppressions(session)}
            assert records.all_mails(session) == []
        assert {("c:P0000010", "", "WHATSAPP"), ("t:+593987000010", "", "WHATSAPP")} <= found
        assert len(one.cloud.sandbox.taken) == 1, "no answer"


def test_ya_entregue_and_free_words_are_tasks_of_the_queue_and_are_answered_once_with_the_mailbox(
    tmp_path: Path,
) -> None:
    with desk(tmp_path, Owed(10), answers=False) as one:
        one.field.planned()
        (name,) = one.sends()
        pressed = one.says(10, button="Ya entregué", about=one.cloud.sandbox.taken[0].wamid)
        one.heard()
        said = one.says(10, text="Señorita, lo dejé en Ambato 📦")
        one.heard()
        assert one.outcome(pressed) == one.outcome(said) == "TAREA"
        house = one.field.one.house
        with house.database.reading() as session:
            mails = records.all_mails(session)
        assert len(mails) == 2
        for mail in mails:
            one.field.one.walks(mail)
            story = one.field.one.story(mail)
            assert story.mail.state is EvidenceState.EN_REVISION
            assert story.copies[0][0].account == counter.WHATSAPP
            assert story.mail.subject.startswith("P0000010//")
            assert story.answers == (), "nobody's address is known"
        replies = [taken for taken in one.cloud.sandbox.taken if taken.body["type"] == "text"]
        assert len(replies) == 1, "once in 24 hours"
        text = replies[0].body["text"]["body"]
        assert "posventagec2@cnt.gob.ec" in text
        assert one.field.one.story(mails[0]).mail.receipt in text
        assert one.state(name) is S.RESPONDIDO
        again = [each.state for each in one.field.of_case(1)]
        assert S.PLANIFICADO not in again, "he answered: he is left alone meanwhile"


def test_a_photo_meets_the_same_reader_and_the_same_judge_as_a_mail(tmp_path: Path) -> None:
    account = people()[0]
    acta = draw(account.paper(Layout.CARTA, number="000-778"), Form(Medium.TEXT_PDF, seed=4))
    case = Owed(10, id_number=account.id_number, holder=account.holder)
    with desk(tmp_path, case, answers=False) as one:
        one.field.planned()
        one.sends()
        wamid = one.says(10, photo=acta, text="Mi acta")
        one.heard()
        assert one.outcome(wamid) == "EVIDENCIA"
        (mail,) = _mails(one)
        one.field.one.walks(mail)
        story = one.field.one.story(mail)
        assert story.copies[0][0].account == counter.WHATSAPP
        assert story.mail.subject.startswith(f"{account.id_number}//")
        assert story.papers, "it was read"
        assert story.mail.state in (EvidenceState.ACEPTADO, EvidenceState.ACEPTADO_PARCIAL, EvidenceState.EN_REVISION)
        reply = one.cloud.sandbox.taken[-1].body["text"]["body"]
        assert "recibimos tu documento" in reply


def _mails(one: Desk) -> list[MailId]:
    with one.field.one.house.database.reading() as session:
        return records.all_mails(session)


def test_a_file_that_is_gone_or_too_large_becomes_a_task_and_one_that_is_late_is_asked_for_again(
    tmp_path: Path,
) -> None:
    with desk(tmp_path, Owed(10), answers=False) as one:
        large = one.says(10, photo=b"\xff\xd8\xff" + b"x" * 17_000_000)
        one.heard()
        assert one.outcome(large) == "TAREA"
        assert len(_mails(one)) == 1
        one.cloud.do(lambda: setattr(one.cloud.sandbox, "media_troubles", 1))
        late = one.says(10, photo=b"\xff\xd8\xff tarde")
        until(lambda: one.scalar(f"SELECT tries FROM whatsapp_inbound WHERE wamid = '{late}'") == 1)  # noqa: S608
        one.field.one.later(seconds=6)
        one.heard()
        assert one.outcome(late) == "EVIDENCIA"


def test_a_stranger_is_a_task_too(tmp_path: Path) -> None:
    with desk(tmp_path, Owed(10)) as one:
        wamid = one.says(99, text="¿Quién es?")
        one.heard()
        assert one.outcome(wamid) == "TAREA"
        (mail,) = _mails(one)
        one.field.one.walks(mail)
        assert one.field.one.story(mail).mail.subject.startswith("Mensaje de WhatsApp")


def test_who_was_never_written_to_is_known_by_a_telephone_that_only_he_has(tmp_path: Path) -> None:
    once, shared = "0987000077", "0987000066"
    listed = (Owed(10, phones=once), Owed(11, phones=shared), Owed(12, phones=shared, holder="IZA CAIZA ELENA MARIA"))
    with desk(tmp_path, *listed) as one:
        his, either = one.says(77, text="ya entregué"), one.says(66, text="ya entregué")
        one.heard()
        case = one.scalar("SELECT id FROM cases WHERE service_number = '40000010'")
        about = "SELECT case_id FROM whatsapp_inbound WHERE wamid = '{}'"
        assert one.scalar(about.format(his)) == case
        assert one.scalar(about.format(either)) is None, "two customers have it: a person looks"
        answers = [sent.body["text"]["body"] for sent in one.cloud.sandbox.taken if sent.body["type"] == "text"]
        assert len(answers) == 2
        assert not any(word in answer for answer in answers for word in ("GOYES", "Juan", "P0000010", "40000010"))
        with one.field.one.house.database.session() as session:
            held = privacy.everything(session, "P0000010", [])["whatsapp_inbound"]
            assert [row["wamid"] for row in held] == [his], "what he wrote is his"
            privacy.forget_contacts(session, "P0000010")
        assert one.scalar(f"SELECT sender FROM whatsapp_inbound WHERE wamid = '{his}'") == ""  # noqa: S608
        assert one.scalar(f"SELECT sender FROM whatsapp_inbound WHERE wamid = '{either}'") != "", "nobody's alone"  # noqa: S608


def test_what_came_before_the_list_did_is_his_who_alone_has_the_telephone(tmp_path: Path) -> None:
    with desk(tmp_path, Owed(10, phones="0987000077")) as one:
        wamid = one.says(77, text="¿Quién es?")
        one.heard()
        with one.field.one.house.database.session() as session:
            session.execute(sa.text("UPDATE whatsapp_inbound SET case_id = NULL"))  # nobody was on file then
            assert [row["wamid"] for row in privacy.everything(session, "P0000010", [])["whatsapp_inbound"]] == [wamid]
            privacy.forget_contacts(session, "P0000010")
        assert one.scalar("SELECT sender || body FROM whatsapp_inbound") == ""


def test_who_moves_to_another_number_takes_his_wish_along(tmp_path: Path) -> None:
    with desk(tmp_path, Owed(10)) as one:
        one.field.acts.suppress("+593987000010", person="Ana", reason="lo pidió", channel=WA)
        one.cloud.do(lambda: one.cloud.sandbox.moves("593987000010", "593991112222"))
        one.heard()
        with one.field.one.house.database.reading() as session:
            whos = {(each.who, each.channel) for each in silence.suppressions(session)}
        assert ("t:+593991112222", "WHATSAPP") in whos
        assert one.scalar("SELECT count(*) FROM wrong_phones WHERE phone = '+593987000010'") == 1


def test_settings_that_stop_and_resume_count_for_this_channel_alone(tmp_path: Path) -> None:
    with desk(tmp_path, Owed(10)) as one:
        standing = "SELECT count(*) FROM suppressions WHERE lifted_at IS NULL AND channel = 'WHATSAPP'"
        one.cloud.do(lambda: one.cloud.sandbox.prefers("593987000010", "stop"))
        one.heard()
        assert one.scalar(standing) == 1
        one.cloud.do(lambda: one.cloud.sandbox.prefers("593987000010", "resume"))
        one.heard()
        assert one.scalar(standing) == 0


def test_a_disarmed_house_answers_nobody(tmp_path: Path) -> None:
    with desk(tmp_path, Owed(10), answers=False) as one:
        with one.field.one.house.database.session() as session:
            now = one.field.one.house.pipeline.clock()
            pause(session, intake=False, sending=True, actor="persona:Ana", now=now)
        wamid = one.says(10, text="hola")
        one.heard()
        assert one.outcome(wamid) == "TAREA"
        assert one.cloud.sandbox.taken == []


# ── templates ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"status": "PAUSED"}, "está PAUSED"),
        ({"status": "REJECTED", "reason": "ABUSIVE_CONTENT"}, "ABUSIVE_CONTENT"),
        ({"status": "", "category": "MARKETING"}, "MARKETING"),
    ],
)
def test_a_template_in_trouble_pauses_its_campaign_and_keeps_it_from_going_on(
    tmp_path: Path, change: dict[str, str], told: str
) -> None:
    with desk(tmp_path, Owed(10)) as one:
        number = one.field.planned().id
        house = one.field.one.house
        until(lambda: one.scalar("SELECT count(*) FROM whatsapp_templates") == 2)
        one.cloud.do(lambda: one.cloud.sandbox.decide("equipos_valores_cargados_v1", **change))
        until(lambda: one.field.load(number).state is CampaignState.PAUSADA)
        because = one.field.load(number).because
        assert told in because
        with house.database.reading() as session:
            assert any(because in line for line in silence.stopped_by_itself(session)), "it is alerted"
        acts = one.field.acts.__class__(
            **{name: getattr(one.field.acts, name) for name in ("database", "book", "clock", "calendar", "lanes")},
            templates=templates.troubles,
        )
        with pytest.raises(BadInput, match="equipos_valores_cargados_v1"):
            acts.resume(number, person="Ana")


def test_templates_are_asked_for_with_their_time_to_live_and_looked_at(tmp_path: Path) -> None:
    from cloudhouse import BOOK

    with campaigning(tmp_path, Owed(1)) as field, sandboxed(templates=False, approve=False) as cloud:
        house = field.one.house

        async def run() -> None:
            watch = Templates(house.database, cloud.cloud(), house.pipeline.clock)
            async with watch.cloud:
                for one in templates.wanted(BOOK):
                    made = await watch.create(one, actor="persona:Ana")
                    assert (made.status, made.ttl_seconds, made.category) == ("PENDING", one.ttl_seconds, "UTILITY")
                with pytest.raises(BadInput, match="already content"):
                    await watch.create(one, actor="persona:Ana")
                assert {found.status for found in await watch.look()} == {"PENDING"}
                for one in templates.wanted(BOOK):
                    cloud.do(lambda name=one.name: cloud.sandbox.decide(name, "APPROVED"))
                assert {found.status for found in await watch.look()} == {"APPROVED"}

        asyncio.run(run())
        plan = field.acts.plan_of("recuperacion-equipos")
        with house.database.reading() as session:
            assert templates.troubles(session, plan) == []
        texts = [found.components[0]["text"] for found in cloud.sandbox.templates.values()]
        assert all("{{1}}" in text and "{nombre}" not in text for text in texts)


def test_what_cannot_be_worked_through_holds_up_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk(tmp_path, Owed(10), answers=False) as one:
        one.field.planned()
        (name,) = one.sends()
        real: Callable[..., None] = Contacts.hear

        def stumbles(self: Contacts, session: object, report: object, now: object) -> None:
            if getattr(report, "state", None) is S.ENTREGADO:
                raise ZeroDivisionError
            real(self, session, report, now)

        one.heard()
        monkeypatch.setattr(Contacts, "hear", stumbles)
        for status in random.Random(1).sample(["sent", "delivered", "read"], 3):
            taken = one.cloud.sandbox.taken[0]
            one.cloud.do(lambda status=status, taken=taken: one.cloud.sandbox.tell_status(taken, status))
        one.heard()
        assert one.state(name) is S.LEIDO
