"""The review desk in a real Chromium: by keyboard, by two people, without a script, on a phone, in the dark."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import log_in
from house import BORDER, CORPUS
from living import letter
from playwright.sync_api import BrowserContext, Page, expect
from webhouse import Clock, WebHouse, web_house

from evidence_daemon.exchange import import_cases
from evidence_daemon.model import EvidenceState, MailId, Role, Verdict, mail_of_receipt
from evidence_daemon.store import records

GOOD = "0100000017//CEVALLOS LLUMIQUINGA LUCIA SOFIA//INTERNET"
NO_ACTA = "No tengo el acta. Devolví el módem en el centro de Cuenca."
EVIL = '"><img src=x onerror=window.ran=1><script>window.ran=1</script>'


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebHouse]:
    """A house with 45 held mails and one whose certificate was really read."""
    more = f'[answers]\ntrusted_authserv_id = "{BORDER}"\n'
    clock = Clock(datetime(2021, 3, 17, 15, 0, tzinfo=UTC))
    with web_house(tmp_path_factory.mktemp("desk"), cases=False, more=more, clock=clock) as house:
        import_cases(house.house.database, CORPUS / "cases.csv", house.house.book)
        for name in ("rosa", "luis"):
            house.person(name, Role.APROBADOR)
        house.mail(next(CORPUS.glob("0057-*.eml")).read_bytes())
        for number in range(45):
            house.mail(letter(GOOD, f"c{number}@example.com", number, NO_ACTA))
            clock.turn(seconds=1)
        with house.house.web() as server:
            house.url = server.url
            yield house


def story(house: WebHouse, receipt: str) -> records.Story:
    mail_id = mail_of_receipt(receipt)
    assert mail_id is not None
    with house.house.database.reading() as session:
        return records.explain(session, mail_id)


def here(page: Page) -> str:
    """The receipt of the mail that is open."""
    found = re.search(r"EV-\d+-\d", page.url)
    return found[0] if found else ""


def choose(page: Page, *keys: str) -> None:
    """Press the keys of a decision and wait until its answer is shown."""
    for key in keys:
        with page.expect_response(re.compile("/vista$")):
            page.keyboard.press(key)
    expect(page.locator("#answer input[name=base]")).to_be_attached()


def test_thirty_mails_are_decided_by_keyboard_alone(house: WebHouse, context: BrowserContext) -> None:
    page = context.new_page()
    log_in(page, house, "rosa")
    page.goto(f"{house.url}/cola?carril=REVISAR&campo=remitente&q=%40example.com")
    page.keyboard.press("n")
    page.wait_for_url(re.compile("/cola/EV-"))
    decided = []
    for turn in range(30):
        receipt = here(page)
        decided.append(receipt)
        if turn % 3 == 0:
            choose(page, "d")
        else:
            choose(page, "p", "2")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url, receipt=receipt: receipt not in url and "/decidir" not in url)
    assert len(set(decided)) == 30
    for turn, receipt in enumerate(decided):
        last = story(house, receipt).decisions[-1]
        assert (last.verdict, last.actor) == (Verdict.DISCARD if turn % 3 == 0 else Verdict.ASK, "persona:rosa")
    page.keyboard.press("u")
    expect(page.locator("#told")).to_contain_text("espera otra vez")
    assert story(house, decided[-1]).mail.state is EvidenceState.EN_REVISION


def test_the_sheet_of_keys_opens_by_its_key_and_keys_can_be_switched_off(
    house: WebHouse, context: BrowserContext
) -> None:
    page = context.new_page()
    log_in(page, house, "luis")
    page.goto(f"{house.url}/cola")
    page.keyboard.press("?")
    expect(page.locator(".sheet-of-keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".sheet-of-keys")).to_be_hidden()
    page.goto(f"{house.url}/cuenta")
    page.uncheck("input[name=shortcuts]")
    page.locator("form:has(input[name=shortcuts]) button").click()
    page.goto(f"{house.url}/cola/EV-0000001-8")
    page.keyboard.press("d")
    assert page.locator("input[name=verdict]:checked").count() == 0
    page.keyboard.press("?")
    expect(page.locator(".sheet-of-keys")).to_be_hidden()
    page.goto(f"{house.url}/cuenta")
    page.check("input[name=shortcuts]")
    page.locator("form:has(input[name=shortcuts]) button").click()


def test_a_box_and_its_value_find_each_other(house: WebHouse, context: BrowserContext) -> None:
    house.house.desk.let_go(MailId(1), person="luis")
    page = context.new_page()
    log_in(page, house, "rosa")
    page.goto(f"{house.url}/cola/EV-0000001-8")
    page.locator(".box[data-read='0.id_number'] rect").click()
    row = page.locator("tr[data-read='0.id_number']")
    expect(row).to_be_focused()
    expect(row).to_have_class(re.compile(r"\bon\b"))
    page.keyboard.press("j")
    now = page.evaluate("document.activeElement.dataset.read")
    assert now not in {"", "0.id_number"}
    expect(page.locator("tr.read.on")).to_have_count(1)
    expect(page.locator("svg.page")).to_have_attribute("width", "100%")
    page.keyboard.press("+")
    expect(page.locator("svg.page")).to_have_attribute("width", "150%")
    page.keyboard.press("r")
    expect(page.locator("svg.page")).to_have_attribute("data-turn-now", "90")
    drawn = page.evaluate(
        "fetch(document.querySelector('svg.page image').getAttribute('href')).then(r => r.headers.get('content-type'))"
    )
    assert drawn == "image/png"


def test_two_people_on_one_mail(house: WebHouse, new_context: Callable[..., BrowserContext]) -> None:
    rosa, luis = (new_context().new_page() for _ in range(2))
    log_in(rosa, house, "rosa")
    log_in(luis, house, "luis")
    address = f"{house.url}/cola/EV-0000045-5"
    rosa.goto(address)
    luis.goto(address)
    expect(luis.locator("main")).to_contain_text("rosa lo tiene en sus manos")
    expect(luis.locator("#decide")).to_have_count(0)
    house.clock.turn(minutes=6)
    luis.goto(address)
    expect(luis.locator("#decide")).to_have_count(1)
    choose(luis, "d")
    luis.keyboard.press("Enter")
    luis.wait_for_url(lambda url: "EV-0000045-5" not in url and "/decidir" not in url)
    rosa.locator("input[name=verdict][value=ask]").check()
    rosa.locator("button[data-key=Enter]").click()
    expect(rosa.locator("main")).to_contain_text("ya lo decidió luis: descartar")
    assert [one.actor for one in story(house, "EV-0000045-5").decisions] == ["daemon", "persona:luis"]


def test_without_a_script_everything_works_by_forms(
    house: WebHouse, new_context: Callable[..., BrowserContext]
) -> None:
    house.clock.turn(minutes=6)  # nobody holds it any more
    page = new_context(java_script_enabled=False).new_page()
    log_in(page, house, "rosa")
    page.goto(f"{house.url}/cola/EV-0000046-3")
    page.check("input[name=verdict][value=ask]")
    page.check("input[name=motivo][value=SIN_ADJUNTO]")
    page.click("#decide button.primary")
    expect(page.locator("#answer")).to_contain_text("Revise la respuesta que saldrá")
    page.fill("#texto", page.input_value("#texto") + "\nSaludos.")
    page.click("#decide button.primary")
    expect(page.locator(".undo")).to_contain_text("EV-0000046-3")
    page.locator(".undo button").click()
    expect(page.locator("#told")).to_contain_text("EV-0000046-3 espera otra vez")
    page.goto(f"{house.url}/cola/EV-0000001-8")
    page.locator("[data-zoom=in]").click()
    expect(page.locator("svg.page")).to_have_attribute("width", "150%")
    page.locator("[data-turn]").click()
    expect(page.locator("svg.page")).to_have_attribute("data-turn-now", "90")


def test_what_a_customer_wrote_runs_nothing(house: WebHouse, context: BrowserContext) -> None:
    raw = (
        f"Authentication-Results: {BORDER}; dmarc=pass header.from=example.com\r\n"
        f"From: {EVIL[2:20]} <x@example.com>\r\nSubject: 0100000017//{EVIL}//INTERNET\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n'
        f"{EVIL} NO TENGO ACTA\r\n--b\r\nContent-Type: text/html\r\n"
        "Content-Disposition: attachment; filename*=UTF-8''%3Cscript%3Ewindow.ran=1%3C/script%3E.html\r\n\r\n"
        "<script>window.ran=1</script>\r\n--b--\r\n"
    ).encode()
    mail = house.mail(raw)
    receipt = story_of(house, mail)
    page = context.new_page()
    log_in(page, house, "rosa")
    for path in (f"/cola/{receipt}", "/cola", "/cola?q=%22%3E%3Cscript%3Ewindow.ran%3D1%3C%2Fscript%3E"):
        page.goto(house.url + path)
        assert page.evaluate("window.ran") is None
    page.goto(f"{house.url}/cola/{receipt}")
    expect(page.locator("main")).to_contain_text("<script>window.ran=1</script>")
    with page.expect_download() as download:
        page.locator("a[href$='/adjunto/1']").click()
    assert download.value.suggested_filename == f"{receipt}-1.bin"
    assert page.evaluate("window.ran") is None


def story_of(house: WebHouse, mail: MailId) -> str:
    with house.house.database.reading() as session:
        return records.load_mail(session, mail).receipt


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1440)])
def test_every_page_is_accessible_and_fits(
    house: WebHouse, new_context: Callable[..., BrowserContext], scheme: str, width: int
) -> None:
    for name in ("rosa", "luis"):
        house.house.desk.let_go(MailId(1), person=name)
    page = new_context(color_scheme=scheme, viewport={"width": width, "height": 800}).new_page()
    log_in(page, house, "rosa")
    for path in ("/cola", "/cola?carril=ESPERA", "/cola?q=nada", "/cola/EV-0000001-8", "/cola/EV-0000003-4"):
        page.goto(house.url + path)
        for summary in page.locator("details:not(.keys) > summary").all():
            summary.click()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (path, width)
        found = Axe().run(page)
        assert found.violations_count == 0, (path, found.generate_report())


def test_a_second_person_approves_what_one_alone_may_not(
    house: WebHouse, new_context: Callable[..., BrowserContext]
) -> None:
    book = house.house.pipeline.book
    policy = book.decision.policy.model_copy(update={"four_eyes_cents": 1})
    house.house.pipeline.book = book.model_copy(
        update={"decision": book.decision.model_copy(update={"policy": policy})}
    )
    house.house.desk.let_go(MailId(1), person="rosa")
    rosa, luis = (new_context().new_page() for _ in range(2))
    log_in(rosa, house, "rosa")
    rosa.goto(f"{house.url}/cola/EV-0000001-8")
    rosa.locator("input[name=equipo]").first.check()
    choose(rosa, "a")
    expect(rosa.locator("#answer")).to_contain_text("segunda persona")
    rosa.keyboard.press("Enter")
    rosa.wait_for_url(lambda url: "EV-0000001-8" not in url and "/decidir" not in url)
    assert not story(house, "EV-0000001-8").decisions[-1].entries
    log_in(luis, house, "luis")
    luis.goto(f"{house.url}/cola?carril=CUATRO_OJOS")
    luis.click("text=EV-0000001-8")
    luis.wait_for_url(re.compile("EV-0000001-8"))
    expect(luis.locator(".proposal button.primary")).to_be_visible()
    luis.keyboard.press("a")
    luis.wait_for_url(lambda url: "aprobar" not in url and "EV-0000001-8" not in url)
    last = story(house, "EV-0000001-8").decisions[-1]
    assert last.entries
    assert last.actor == "persona:rosa"
    house.house.pipeline.book = book
