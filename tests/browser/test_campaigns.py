"""Campaigns in a real Chromium: two people by plain forms, progress that comes by itself, voices that are heard."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from browsing import axe_violations, log_in
from cloudhouse import until
from playwright.sync_api import BrowserContext, expect
from webhouse import Clock, WebHouse, web_house

from evidence_daemon.model import CampaignState, Channel, Role
from evidence_daemon.outreach import audience
from evidence_daemon.outreach.channel import Accepted
from evidence_daemon.outreach.contact import Contacts
from evidence_daemon.outreach.dry_run import outcome
from evidence_daemon.outreach.engine import Engine
from evidence_daemon.outreach.prompts import can_speak
from evidence_daemon.store import outreach


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebHouse]:
    """A Monday at ten, with 200 cases, channels that only write lines, and two people."""
    more = '[campaigns]\ndry_run = true\ntest_phones = ["+593991234567"]\n\n[ivr]\nsounds_directory = "sounds"\n'
    clock = Clock(datetime(2026, 11, 30, 15, 0, tzinfo=UTC))
    with web_house(tmp_path_factory.mktemp("campaigns"), more=more, clock=clock) as house:
        for name, role in (("jefa", Role.SUPERVISOR), ("beto", Role.APROBADOR)):
            house.person(name, role)
        with house.house.web() as server:
            house.url = server.url
            yield house


def send(house: WebHouse, limit: int) -> None:
    """Plan what is started, and let some messages leave."""
    calendar, now = house.house.pipeline.calendar, house.clock()
    for campaign in [one for one in house.house.campaigns.all() if one.state is CampaignState.EN_CURSO]:
        more = 1
        while more:
            with house.house.database.session() as session:
                more = audience.plan_some(session, outreach.load_campaign(session, campaign.id), calendar, now)
    contacts = Contacts(calendar, house.house.lanes)
    with house.house.database.session() as session:
        for one in contacts.claim(session, Channel.WHATSAPP, now, limit).messages:
            contacts.conclude(session, one.attempt, Accepted("wamid.1"), now)
            contacts.hear(session, outcome(one.attempt, Channel.WHATSAPP, now), now)


def test_two_people_let_a_campaign_go_by_plain_forms_and_see_how_far_it_is(
    house: WebHouse, new_context: Callable[..., BrowserContext]
) -> None:
    boss, second = (new_context(java_script_enabled=False).new_page() for _ in range(2))
    log_in(boss, house, "jefa")
    log_in(second, house, "beto")
    boss.goto(f"{house.url}/campanas")
    boss.get_by_role("link", name="Nueva campaña").click()
    boss.get_by_label("Fecha límite").fill("2026-12-18")
    boss.get_by_label("WhatsApp: contactos por minuto").fill("30")
    boss.get_by_role("button", name="Guardar el borrador").click()
    expect(boss.locator("#told")).to_contain_text("Borrador guardado")
    boss.get_by_role("button", name="Presentar para aprobación").click()
    expect(boss.locator("main")).to_contain_text("Espera a una segunda persona, que no puede ser usted.")
    expect(boss.get_by_role("button", name="Aprobar")).to_have_count(0)
    address = boss.url
    second.goto(address)
    expect(second.locator("main")).to_contain_text("Tienes pendiente la entrega los equipos")
    second.get_by_role("link", name="Contar la audiencia ahora").click()
    expect(second.locator("main")).to_contain_text("Se contactarían ahora")
    second.go_back()
    second.get_by_role("button", name="Aprobar").click()
    expect(second.locator("#told")).to_contain_text("Aprobada tal como usted la vio")
    boss.get_by_role("link", name="Actualizar").click()
    boss.get_by_role("button", name="Iniciar").click()
    expect(boss.locator("#progress")).to_contain_text("en curso")
    send(house, 10)

    def ten_are_contacted() -> bool:
        boss.get_by_role("link", name="Actualizar").click()
        return re.search(r"Contactados\s*10\b", boss.locator(".funnel").inner_text()) is not None

    until(ten_are_contacted)  # counts are asked for anew only when they are older than it costs to count
    boss.get_by_role("link", name="Intentos y control de ley").click()
    expect(boss.locator("main")).to_contain_text("10 contactos: 0 fuera de horario, 0 dos veces en un día.")
    boss.goto(address)
    boss.get_by_label("Por qué").fill("almuerzo")
    boss.get_by_role("button", name="Pausar").click()
    expect(boss.locator("#progress")).to_contain_text("almuerzo")
    boss.get_by_role("button", name="Reanudar").click()
    expect(boss.locator("#progress")).to_contain_text("en curso")


def test_from_the_first_draft_over_a_rehearsal_to_a_campaign_that_goes_on_after_its_pause(
    house: WebHouse, new_context: Callable[..., BrowserContext]
) -> None:
    if not can_speak():
        pytest.skip("espeak-ng and sox are not installed")
    boss, second = (new_context().new_page() for _ in range(2))
    log_in(boss, house, "jefa")
    log_in(second, house, "beto")
    # author
    boss.goto(f"{house.url}/campanas/nueva")
    boss.get_by_label("Fecha límite").fill("2026-12-18")
    boss.get_by_label("WhatsApp: contactos por minuto").fill("60")
    boss.get_by_role("button", name="Guardar el borrador").click()
    expect(boss.locator("#told")).to_contain_text("Borrador guardado")
    # preview and lint: the audience comes by itself and adds up; the deck's slips are told, its text stays
    audience_ = boss.locator("#whom table")
    expect(audience_).to_contain_text("Se contactarían ahora")
    counts = [int(one.replace(".", "")) for one in boss.locator("#whom tr:not(.sum) td").all_inner_texts()]
    total = int(boss.locator("#whom thead th.number").inner_text().replace(".", ""))
    assert sum(counts) == total > 0
    expect(boss.locator(".lint").first).to_be_visible()
    expect(boss.locator("main")).to_contain_text("Tienes pendiente la entrega los equipos")
    # listen: the machine's voice plays to its end
    heard = boss.locator("audio").first.evaluate(
        "sound => new Promise((good, bad) => { sound.onended = () => good(sound.currentTime);"
        " sound.onerror = () => bad(new Error('not heard')); sound.muted = true;"
        " sound.playbackRate = 16; sound.play(); })"
    )
    assert heard > 5
    # rehearsal: on its own page, which tells by itself when it is over
    address = boss.url
    number = int(address.rsplit("/", 1)[1].split("?")[0].split("#")[0])
    boss.get_by_role("button", name="Ensayar").click()
    expect(boss.locator("main")).to_contain_text("Un ensayo: no se contacta a nadie.")
    expect(boss.locator("#progress")).to_contain_text("el último contacto sería el", timeout=90_000)
    expect(boss.locator("#progress")).to_contain_text("ensayo: no se contactó a nadie")
    expect(boss.get_by_role("button", name="Iniciar")).to_have_count(0)
    boss.goto(address)
    expect(boss.get_by_role("link", name=re.compile("^Ensayo"))).to_have_count(1)
    # two people
    boss.get_by_role("button", name="Presentar para aprobación").click()
    expect(boss.get_by_role("button", name="Aprobar")).to_have_count(0)
    second.goto(address)
    second.get_by_role("button", name="Aprobar").click()
    expect(second.locator("#told")).to_contain_text("Aprobada tal como usted la vio")
    expect(second.get_by_role("button", name="Iniciar")).to_have_count(0)
    boss.goto(address)
    for other in [one for one in house.house.campaigns.all() if one.state is CampaignState.EN_CURSO]:
        house.house.campaigns.pause(other.id, person="jefa", because="otra prueba")
    boss.get_by_role("button", name="Iniciar").click()
    expect(boss.locator("#progress")).to_contain_text("en curso")
    # the house's own engine sends; the page follows by server-sent events
    boss.evaluate("window.same = true")
    calendar, folder = house.house.pipeline.calendar, house.house.config.state_directory
    engine = Engine(
        house.house.database, Contacts(calendar, house.house.lanes), house.house.drivers(), house.clock, folder
    )
    engine.start()
    try:
        written = folder / "dry-run" / "whatsapp.csv"
        expect(boss.locator("#progress table")).to_contain_text("leído", timeout=60_000)
        assert boss.evaluate("window.same"), "no page was asked for anew"
        boss.get_by_label("Por qué").fill("almuerzo")
        boss.get_by_role("button", name="Pausar").click()
        expect(boss.locator("#progress")).to_contain_text("almuerzo")
        assert house.house.campaigns.load(number).state is CampaignState.PAUSADA
        time.sleep(2.0)  # what was claimed in this moment may still leave
        left = written.stat().st_size
        house.clock.turn(minutes=2)
        time.sleep(1.5)
        assert written.stat().st_size == left, "nothing leaves in a pause"
        boss.get_by_role("button", name="Reanudar").click()
        expect(boss.locator("#progress")).to_contain_text("en curso")
        until(lambda: written.stat().st_size > left)
    finally:
        engine.stop()
    check = house.house.campaigns.check_law(number)
    assert check.contacts > 10
    assert (check.outside, check.twice) == ((), ())
    house.house.campaigns.pause(number, person="jefa", because="fin de la prueba")


def test_progress_comes_by_itself_and_the_page_follows_its_state(house: WebHouse, context: BrowserContext) -> None:
    house.clock.turn(days=1)  # today's customers were reached by the campaign before
    acts = house.house.campaigns
    draft = acts.draft("recuperacion-equipos", person="jefa", deadline=datetime(2026, 12, 18, tzinfo=UTC).date())
    acts.approve(draft.id, person="beto")
    acts.start(draft.id, person="jefa")
    for other in acts.all():
        if other.id != draft.id and other.state is CampaignState.EN_CURSO:
            acts.pause(other.id, person="jefa", because="otra prueba")
    page = context.new_page()
    log_in(page, house, "jefa")
    page.goto(f"{house.url}/campanas/{draft.id}")
    expect(page.locator("#progress")).to_have_attribute("data-seen", re.compile("[0-9a-f]+"))
    send(house, 12)
    expect(page.locator("#progress table")).to_contain_text("leído")
    page.evaluate("window.same = true")
    acts.cancel(draft.id, person="jefa", because="prueba")
    expect(page.locator("#progress")).to_contain_text("cancelada")
    expect(page.get_by_role("button", name="Pausar")).to_have_count(0)
    assert page.evaluate("window.same") is None, "the whole page was asked for anew"


def test_a_voice_is_heard_under_the_strict_policy(house: WebHouse, context: BrowserContext) -> None:
    if not can_speak():
        pytest.skip("espeak-ng and sox are not installed")
    page = context.new_page()
    log_in(page, house, "beto")
    page.goto(f"{house.url}/campanas/1")
    length = page.locator("audio").first.evaluate(
        "sound => new Promise((good, bad) => { sound.onloadedmetadata = () => good(sound.duration);"
        " sound.onerror = () => bad(new Error('not heard')); sound.preload = 'metadata'; sound.load(); })"
    )
    assert 5 < length < 60


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1920)])
def test_campaign_pages_are_accessible(
    new_context: Callable[..., BrowserContext], house: WebHouse, scheme: str, width: int
) -> None:
    acts = house.house.campaigns
    deadline = datetime(2026, 12, 18, tzinfo=UTC).date()
    draft = acts.draft("recuperacion-equipos", person="jefa", deadline=deadline, submit=False)
    acts.suppress("1700000019", person="jefa", reason="lo pidió", source="web")
    page = new_context(color_scheme=scheme, viewport={"width": width, "height": 900}).new_page()
    log_in(page, house, "jefa")
    with house.house.database.reading() as session:
        case = next(outreach.attempts_of_campaign(session, 1)).case_id
    for path in (
        "/campanas", "/campanas/1", f"/campanas/{draft.id}", f"/campanas/{draft.id}/editar",
        f"/campanas/{draft.id}/audiencia", "/campanas/1/intentos", f"/contactos/{case}", "/exclusiones",
    ):  # fmt: skip
        page.goto(house.url + path)
        if path == f"/campanas/{draft.id}":
            expect(page.locator("#whom table")).to_be_visible()
        assert axe_violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
