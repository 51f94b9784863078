"""Campaigns on pages, over ASGI: written by one person, approved by another, watched, exported; who is left alone."""

from __future__ import annotations

import asyncio
import csv
import io
import math
import struct
import wave
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cloudhouse import until
from openpyxl import load_workbook
from webhouse import Clock, Visitor, WebHouse, web_house

from evidence_daemon.model import CampaignState, Channel, ContactState, Role
from evidence_daemon.outreach import audience
from evidence_daemon.outreach.channel import Accepted, Report
from evidence_daemon.outreach.contact import Contacts
from evidence_daemon.outreach.prompts import can_speak
from evidence_daemon.store import outreach, records

NAME = "recuperacion-equipos"
MONDAY = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
"""Ten in the morning in Ecuador."""
LIMIT = "2026-12-18"
FORM = {
    "libro": NAME, "limite": LIMIT, "segmentos": ["NO_CARGADO", "CARGADO_SIN_PAGO_NI_RECLAMO"],
    "canales": ["WHATSAPP", "IVR"],
}  # fmt: skip
OWN = "+593991234567"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[WebHouse]:
    more = f'[campaigns]\ndry_run = true\ntest_phones = ["{OWN}"]\n\n[ivr]\nsounds_directory = "sounds"\n'
    with web_house(tmp_path, more=more, clock=Clock(MONDAY)) as house:
        for name, role in (("jefa", Role.SUPERVISOR), ("beto", Role.APROBADOR), ("auditora", Role.AUDITOR)):
            house.person(name, role)
        yield house


def state(house: WebHouse, number: int = 1) -> outreach.Campaign:
    with house.house.database.reading() as session:
        return outreach.load_campaign(session, number)


def running(house: WebHouse) -> outreach.Campaign:
    """A campaign that two people let go, planned."""
    acts = house.house.campaigns
    draft = acts.draft(NAME, person="jefa", deadline=datetime.fromisoformat(LIMIT).date())
    acts.approve(draft.id, person="beto")
    acts.start(draft.id, person="jefa")
    more = 1
    while more:
        with house.house.database.session() as session:
            campaign = outreach.load_campaign(session, draft.id)
            more = audience.plan_some(session, campaign, house.house.pipeline.calendar, house.clock())
    return state(house, draft.id)


def send(house: WebHouse, limit: int = 5) -> int:
    """Let some messages leave, and be read; somebody looks after the campaigns, as the engine does."""
    contacts = Contacts(house.house.pipeline.calendar, house.house.lanes)
    with house.house.database.session() as session:
        for campaign in outreach.running(session):
            outreach.change_campaign(session, campaign, beat_at=house.clock())
        claimed = contacts.claim(session, Channel.WHATSAPP, house.clock(), limit)
        for one in claimed.messages:
            contacts.conclude(session, one.attempt, Accepted("wamid.1"), house.clock())
            read = Report(one.attempt, f"{one.attempt}:read", house.clock(), ContactState.LEIDO, "LEIDO")
            contacts.hear(session, read, house.clock())
    return len(claimed.messages)


def wav(seconds: float = 1.0) -> bytes:
    """A recording of a tone, as a studio hands it in: 48 kHz."""
    made = io.BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(48_000)
        count = int(48_000 * seconds)
        sound.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(at / 17))) for at in range(count)))
    return made.getvalue()


async def test_a_rehearsal_is_begun_on_the_campaigns_page_and_seen_on_its_own(house: WebHouse) -> None:
    async with Visitor(house.house) as boss, Visitor(house.house) as second:
        await boss.log_in("jefa")
        await second.log_in("beto")
        await boss.submit("/campanas", **FORM)
        await second.see("/campanas/1")
        assert (await second.submit("/campanas/1", act="rehearse")).status_code == 403
        begun = await boss.submit("/campanas/1", act="rehearse")
        assert begun.headers["location"] == "/campanas/2"
        await asyncio.to_thread(until, lambda: state(house, 2).state is CampaignState.TERMINADA)
        page = (await boss.see("/campanas/2")).text
        assert "el último contacto sería el" in page
        assert "nadie" in page
        assert "/campanas/2" in (await boss.see("/campanas/1")).text, "the campaign shows its rehearsals"
    assert state(house).state is CampaignState.BORRADOR


# ── two people ───────────────────────────────────────────────────────────────────────────────────


async def test_one_writes_another_approves_and_only_then_it_starts(house: WebHouse) -> None:
    async with Visitor(house.house) as boss, Visitor(house.house) as second:
        await boss.log_in("jefa")
        await second.log_in("beto")
        kept = await boss.submit("/campanas", **FORM)
        assert kept.headers["location"] == "/campanas/1"
        seal = audience.seal(state(house).plan)
        page = (await second.see("/campanas/1")).text
        assert "todavía trabaja en ella" in page
        early = await second.submit("/campanas/1/aprobar", act="approve", sello=seal)
        assert early.status_code == 400, "nobody laid it before him"
        assert (await boss.submit("/campanas/1", act="start")).status_code == 400
        await boss.submit("/campanas/1", act="submit")
        mine = await boss.submit("/campanas/1/aprobar", act="approve", sello=seal)
        assert mine.status_code == 400, "a supervisor may approve, but not his own"
        assert (await second.submit("/campanas/1", act="start")).status_code == 403
        assert (await second.submit("/campanas/1/aprobar", act="approve", sello="0" * 64)).status_code == 400
        assert (await second.submit("/campanas/1/aprobar", act="approve", sello=seal)).status_code == 303
        assert state(house).approved_hash == seal
        assert (await boss.submit("/campanas/1", act="start")).status_code == 303
        assert state(house).state is CampaignState.EN_CURSO
        assert (await boss.submit("/campanas/1", act="pause")).status_code == 400, "a pause has a reason"
        for act, now in (("pause", "PAUSADA"), ("resume", "EN_CURSO"), ("cancel", "CANCELADA")):
            assert (await boss.submit("/campanas/1", act=act, motivo="feriado")).status_code == 303
            assert state(house).state == now
        assert (await boss.submit("/campanas/1", act="resume")).status_code == 409
    told = [(event.actor, event.action) for event in house.events() if event.action.startswith("campaign")]
    assert told == [
        ("persona:jefa", "campaign drafted"), ("persona:jefa", "campaign submitted"),
        ("persona:beto", "campaign approved"), ("persona:jefa", "campaign started"),
        ("persona:jefa", "campaign paused"), ("persona:jefa", "campaign resumed"),
        ("persona:jefa", "campaign cancelled"),
    ]  # fmt: skip


async def test_any_change_takes_the_approval_away_and_what_is_sent_back_says_why(house: WebHouse) -> None:
    async with Visitor(house.house) as boss, Visitor(house.house) as second:
        await boss.log_in("jefa")
        await second.log_in("beto")
        await boss.submit("/campanas", **FORM)
        await boss.submit("/campanas/1", act="submit")
        assert (await second.submit("/campanas/1/aprobar", act="send_back", motivo="")).status_code == 400
        await second.submit("/campanas/1/aprobar", act="send_back", motivo="falta el feriado de Quito")
        assert "falta el feriado de Quito" in (await boss.see("/campanas/1")).text
        form = FORM | {"cerrado": "2026-12-07, 2026-12-08", "minuto_WHATSAPP": "30", "dia_IVR": "200", "abre": "09:00"}
        await boss.submit("/campanas/1/editar", **form)
        plan = audience.read_plan(state(house).plan)
        assert [day.isoformat() for day in plan.closed] == ["2026-12-07", "2026-12-08"]
        assert set(plan.pace) == {(Channel.WHATSAPP, 30, 0), (Channel.IVR, 0, 200)}
        page = (await boss.see("/campanas/1/editar")).text
        assert 'value="2026-12-07, 2026-12-08"' in page
        assert 'name="minuto_WHATSAPP" value="30"' in page
        await boss.submit("/campanas/1", act="submit")
        await second.submit("/campanas/1/aprobar", act="approve", sello=audience.seal(state(house).plan))
        assert state(house).state is CampaignState.APROBADA
        await boss.submit("/campanas/1/editar", **FORM)
        assert (state(house).state, state(house).approved_by) == (CampaignState.BORRADOR, "")


FAULTS: tuple[tuple[dict[str, object], str], ...] = (
    ({"limite": ""}, "Falta la fecha límite"),
    ({"limite": "2026-13-40"}, "no es una fecha"),
    ({"limite": "2020-01-01"}, "ya pasó"),
    ({"canales": []}, "al menos un segmento y un canal"),
    ({"abre": "06:00"}, "el horario va a lo sumo de 07:00 a 20:00"),
    ({"contactos": "7"}, "a lo sumo 6 contactos en 30 días"),
    ({"dias": "1"}, "a lo sumo 6 contactos en 30 días"),
    ({"minuto_IVR": "mucho"}, "un número entero"),
    ({"cerrado": "mañana"}, "2026-12-31, 2027-01-04"),
)


async def test_a_form_that_is_not_right_comes_back_as_it_was_written(house: WebHouse) -> None:
    async with Visitor(house.house) as boss:
        await boss.log_in("jefa")
        for change, said in FAULTS:
            answer = await boss.submit("/campanas", **(FORM | {"desde": "2026-12-02"} | change))
            assert answer.status_code == 400, change
            assert said in answer.text, change
            assert 'value="2026-12-02"' in answer.text, change
    assert house.house.campaigns.all() == []


# ── what is shown ────────────────────────────────────────────────────────────────────────────────


async def test_the_page_shows_texts_lint_and_an_audience_that_adds_up(house: WebHouse) -> None:
    async with Visitor(house.house) as boss:
        await boss.log_in("jefa")
        await boss.submit("/campanas", **FORM)
        page = (await boss.see("/campanas/1")).text
        assert "Tienes pendiente la entrega los equipos" in page, "the deck's own words, to the letter"
        assert "parece faltar «de»" in page
        whom = await boss.get("/campanas/1/audiencia", headers={"HX-Request": "true"})
        assert "<html" not in whom.text
        whole = (await boss.get("/campanas/1/audiencia")).text
    told = house.house.campaigns.preview(audience.read_plan(state(house).plan))
    assert told.adds_up
    assert told.total > 100
    for text in (whom.text, whole):
        assert f'class="number">{told.included.total()}</td>' in text
        assert f'class="number">{told.excluded.total()}</td>' in text
        assert "terminan el" in text
        assert "no cuadran" not in text
        assert "Hola " in text, "a real customer's text"


async def test_progress_comes_as_server_sent_events_and_as_a_plain_page(house: WebHouse) -> None:
    running(house)
    sent = send(house)
    async with Visitor(house.house) as auditor:
        await auditor.log_in("auditora")
        page = (await auditor.get("/campanas/1")).text
        assert 'data-stream="/campanas/1/avance"' in page
        assert 'value="pause"' not in page, "an auditor changes nothing"
        house.house.campaigns.pause(1, person="jefa", because="almuerzo")
        assert "almuerzo" in (await auditor.get("/campanas/1")).text
        house.house.campaigns.resume(1, person="jefa")
        auditor.site.close()  # the house closes: streams end by themselves
        stream = await auditor.get("/campanas/1/avance")
    assert sent == 5
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert "leído" in page


async def test_a_stream_does_not_keep_a_session_alive(house: WebHouse) -> None:
    running(house)
    async with Visitor(house.house) as auditor:
        await auditor.log_in("auditora")
        auditor.site.close()
        for _ in range(4):
            house.clock.turn(minutes=10)
            await auditor.get("/campanas/1/avance")
        assert (await auditor.get("/campanas/1")).headers["location"].startswith("/entrar")


async def test_files_tell_every_attempt_masked_and_the_law_of_each_day(house: WebHouse) -> None:
    running(house)
    send(house)
    house.clock.turn(days=1)
    send(house)
    async with Visitor(house.house) as auditor:
        await auditor.log_in("auditora")
        listed = (await auditor.get("/campanas/1/intentos", params={"estado": "LEIDO"})).text
        assert "10 contactos: 0 fuera de horario, 0 dos veces en un día." in listed
        text = (await auditor.get("/campanas/1/intentos.csv")).text
        book = load_workbook(io.BytesIO((await auditor.get("/campanas/1/intentos.xlsx")).content))
        law = (await auditor.get("/campanas/1/ley.csv")).text
        ics = (await auditor.get("/campanas/1/plazo.ics")).text
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff")), delimiter=";"))
    assert len(rows) == len(list(book.worksheets[0].values)) - 1 > 10
    assert sum(row["estado"] == "LEIDO" for row in rows) == 10
    assert all("•••••" in row["telefono"] for row in rows)
    assert list(book.worksheets[1].values)[1:] == [
        ("2026-11-30", 5, 0, 0), ("2026-12-01", 5, 0, 0), ("total", 10, 0, 0),
    ]  # fmt: skip
    assert law.splitlines()[1:] == ["2026-11-30;5;0;0", "2026-12-01;5;0;0", "total;10;0;0"]
    assert "DTSTART;VALUE=DATE:20261218" in ics


async def test_the_law_is_looked_at_by_what_was_written_down(house: WebHouse) -> None:
    running(house)
    send(house)
    with house.house.database.session() as session:
        first, second, *_ = list(outreach.attempts_of_campaign(session, 1))
        made = [one for one in outreach.attempts_of_campaign(session, 1) if one.claimed_at is not None]
        night = MONDAY + timedelta(hours=12)
        for one in (first, second):  # as if the program had been wrong: at night, and one telephone twice
            outreach.change_attempt(session, one.id, [one.state], claimed_at=night, phone=made[0].phone, result="LEIDO")
    check = house.house.campaigns.check_law(1)
    assert {first.id, second.id} <= set(check.outside)
    assert len(check.twice) >= 1


async def test_agents_see_what_was_said_and_when_with_the_customers_facts_masked(house: WebHouse) -> None:
    house.person("ana", Role.CONSULTA)
    running(house)
    send(house, 1)
    with house.house.database.reading() as session:
        (said,) = [one for one in outreach.attempts_of_campaign(session, 1) if one.claimed_at is not None]
        case = records.load_case(session, said.case_id)
    async with Visitor(house.house) as agent, Visitor(house.house) as boss:
        await agent.log_in("ana")
        await agent.see("/consulta")
        page = (await agent.submit("/consulta", pregunta=case.service_number)).text
        await boss.log_in("jefa")
        same = (await boss.get(f"/contactos/{case.id}")).text
        assert (await agent.get(f"/contactos/{case.id}")).status_code == 403
    for text in (page, same):
        assert "te saludamos de CNT" in text
        assert "30 nov 2026, 10:00" in text
        assert "cambiaron desde entonces" not in text, "by its hash it is what was sent"
    told = page[page.index("te saludamos de CNT") :][:600]
    assert case.service_number not in told


# ── voices and tests ─────────────────────────────────────────────────────────────────────────────


async def test_a_voice_is_heard_replaced_and_bound_to_the_approval(house: WebHouse) -> None:
    if not can_speak():
        pytest.skip("espeak-ng and sox are not installed")
    voice = "/campanas/1/voz/ivr-cargados"
    async with Visitor(house.house) as boss, Visitor(house.house) as second:
        await boss.log_in("jefa")
        await second.log_in("beto")
        await boss.submit("/campanas", **FORM)
        before = audience.seal(state(house).plan)
        heard = await second.get(voice)
        assert heard.headers["content-type"] == "audio/wav"
        assert heard.content.startswith(b"RIFF")
        await boss.see("/campanas/1")
        for junk in (b"no es un audio", wav(0)):
            refused = await boss.post(voice, data={"token": boss.form_token}, files={"grabacion": ("x.wav", junk)})
            assert refused.status_code == 400
        done = await boss.post(voice, data={"token": boss.form_token}, files={"grabacion": ("x.wav", wav())})
        assert done.status_code == 303
        assert "grabación de estudio" in (await boss.see("/campanas/1")).text
        assert audience.seal(state(house).plan) != before, "the voice is part of what is approved"
        assert (await boss.get("/campanas/1/voz/whatsapp-cargados")).status_code == 404
        await boss.submit("/campanas/1", act="submit")
        await second.submit("/campanas/1/aprobar", act="approve", sello=audience.seal(state(house).plan))
        await boss.see("/campanas/1")
        assert (await boss.submit(voice, act="drop")).status_code == 409, "it was approved with this voice"


async def test_a_test_goes_to_our_own_telephones_only(house: WebHouse) -> None:
    async with Visitor(house.house) as boss:
        await boss.log_in("jefa")
        await boss.submit("/campanas", **FORM)
        strange = await boss.submit("/campanas/1/prueba", guion="whatsapp-cargados", telefono="+593987654321")
        assert strange.status_code == 400
        assert (await boss.submit("/campanas/1/prueba", guion="nada", telefono=OWN)).status_code == 400
        assert (await boss.submit("/campanas/1/prueba", guion="whatsapp-cargados", telefono=OWN)).status_code == 303
    written = (house.house.config.state_directory / "dry-run" / "whatsapp.csv").read_text("utf-8")
    assert "prueba-" in written
    assert "campaign test sent" in [event.action for event in house.events()]
    assert house.house.campaigns.standing(1).counts == {}, "it counts nowhere"


# ── who is left alone ────────────────────────────────────────────────────────────────────────────


async def test_somebody_is_left_alone_found_lifted_and_the_list_comes_and_goes(house: WebHouse) -> None:
    async with Visitor(house.house) as boss, Visitor(house.house) as auditor:
        await boss.log_in("jefa")
        await auditor.log_in("auditora")
        assert (await boss.submit("/exclusiones", quien="1700000019", motivo="")).status_code == 400
        assert (await boss.submit("/exclusiones", quien="no es nadie", motivo="x")).status_code == 400
        await boss.submit("/exclusiones", quien="1700000019", motivo="lo pidió por teléfono")
        await boss.submit("/exclusiones", quien=OWN, motivo="prueba", canal="IVR")
        lines = "0100000017\n+593987654321\n¿quién?\n".encode()
        await boss.see("/exclusiones")
        brought = await boss.post(
            "/exclusiones/lista", data={"token": boss.form_token}, files={"lista": ("bajas.txt", lines)}
        )
        assert brought.status_code == 303
        page = (await auditor.see("/exclusiones")).text
        assert "1700000019" not in page
        assert "17••••••19" in page
        assert "bajas.txt: 2" in page
        assert 'action="/exclusiones/levantar"' not in page
        found = (await auditor.submit("/exclusiones/buscar", quien="1700000019")).text
        assert "lo pidió por teléfono" in found
        masked = (await auditor.get("/exclusiones.csv")).text
        whole = (await boss.get("/exclusiones.csv")).text
        assert "1700000019" not in masked
        again, faults = house.house.campaigns.suppress_list(
            whole.lstrip("\ufeff").splitlines()[1:], person="x", source="y"
        )
        assert (again, faults) == (0, []), "it comes in as it went out"
        with house.house.database.reading() as session:
            number = next(iter(session.connection().exec_driver_sql("SELECT min(id) FROM suppressions")))[0]
        assert (await boss.submit("/exclusiones/levantar", id=number, motivo="")).status_code == 400
        await boss.submit("/exclusiones/levantar", id=number, motivo="lo pidió por escrito")
        assert (await boss.submit("/exclusiones/levantar", id=99999, motivo="x")).status_code == 404
    standing = {one.who for one in house.house.campaigns.suppressions()}
    assert standing == {f"t:{OWN}", "c:0100000017", "t:+593987654321"}
    lifted = [event for event in house.events() if event.action == "suppression lifted"]
    assert [(one.actor, "por escrito" in one.detail) for one in lifted] == [("persona:jefa", True)]
