"""Second thoughts in a real Chromium: undone within a minute nothing has left and nothing is reversed; later it
takes a decision of its own, with its reason.  The clock is the test's, the SMTP server is real."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from browsing import log_in
from house import BORDER, CORPUS
from living import letter
from playwright.sync_api import BrowserContext, Page, expect
from servers import SmtpReceiver
from webhouse import Clock, WebHouse, web_house

from evidence_daemon.exchange import import_cases
from evidence_daemon.mail.smtp import Postman
from evidence_daemon.model import ChargeState, EntryKind, EvidenceState, ItemState, MailId, OutboxState, Role, Verdict
from evidence_daemon.store import records

GOOD = "0100000017//CEVALLOS LLUMIQUINGA LUCIA SOFIA//INTERNET"
NO_ACTA = "No tengo el acta. Devolví el módem en el centro de Cuenca."
FIRST, SECOND = "EV-0000001-8", "EV-0000002-6"


class Street:
    """A house at its desk, and what leaves it."""

    def __init__(self, house: WebHouse, smtp: SmtpReceiver) -> None:
        self.house, self._smtp = house, smtp
        self._postman = Postman(house.house.config.smtp, str)

    def sends(self) -> int:
        """Send what is due; how many mails left."""
        before = len(self._smtp.received)
        while self.house.house.pipeline.dispatch_one(self._postman):
            pass
        return len(self._smtp.received) - before

    def story(self, number: int = 1) -> records.Story:
        with self.house.house.database.reading() as session:
            return records.explain(session, MailId(number))

    def nothing_is_accredited(self) -> bool:
        """Every line of the ledger has its opposite, every charge is as it was billed, every item as it was owed."""
        with self.house.house.database.reading() as session:
            (case,) = (one for one in records.all_cases(session) if one.id_number == "0100000017")
        kinds = [entry.kind for decision in self.story().decisions for entry in decision.entries]
        corrections = sum(kind is EntryKind.CORRECCION for kind in kinds)
        return (
            2 * corrections == len(kinds)
            and all(charge.state is ChargeState.FACTURADO and charge.reversed == 0 for charge in case.charges)
            and all(item.state is ItemState.PENDIENTE for item in case.items)
        )

    def close(self) -> None:
        self._postman.close()


@pytest.fixture
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """Two mails of one customer wait for a person; the house is armed."""
    clock = Clock(datetime(2021, 3, 17, 15, 0, tzinfo=UTC))
    with SmtpReceiver() as smtp:
        more = (
            f'[answers]\ntrusted_authserv_id = "{BORDER}"\n\n[smtp]\nhost = "127.0.0.1"\nport = {smtp.port}\n'
            'security = "none"\nfrom_address = "posventagec2@cnt.gob.ec"\n'
        )
        with web_house(tmp_path_factory.mktemp("undo"), cases=False, more=more, clock=clock) as house:
            import_cases(house.house.database, CORPUS / "cases.csv", house.house.book)
            house.person("rosa", Role.REVISOR)
            for number in (1, 2):
                house.mail(letter(GOOD, "lucia@example.com", number, NO_ACTA))
            with house.house.web() as server:
                house.url = server.url
                here = Street(house, smtp)
                yield here
                here.close()


def accredit(page: Page, street: Street) -> None:
    """Decide by the keyboard that the customer gave his equipment back; the next mail opens."""
    page.goto(f"{street.house.url}/cola/{FIRST}?carril=REVISAR")
    page.locator("input[name=equipo]").first.check()
    with page.expect_response(re.compile("/vista$")):
        page.keyboard.press("a")
    expect(page.locator("#answer input[name=base]")).to_be_attached()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: SECOND in url)
    last = street.story().decisions[-1]
    assert (last.verdict, last.actor) == (Verdict.REVERSE, "persona:rosa")
    assert [entry.kind for entry in last.entries] == [EntryKind.REVERSO]
    assert not street.nothing_is_accredited()


def test_within_a_minute_it_is_undone_as_if_it_had_not_been(street: Street, context: BrowserContext) -> None:
    street.house.clock.turn(seconds=3600)
    street.sends()  # what was due for the mails themselves
    page = context.new_page()
    log_in(page, street.house, "rosa")
    accredit(page, street)
    street.house.clock.turn(seconds=55)
    assert street.sends() == 0, "the answer waits for second thoughts"
    page.keyboard.press("u")
    page.wait_for_url(lambda url: FIRST in url)
    expect(page.locator("#told")).to_contain_text(f"{FIRST} espera otra vez")
    expect(page.locator("#decide")).to_be_visible()
    expect(page.locator(".undo")).to_have_count(0)
    assert street.nothing_is_accredited()
    story = street.story()
    assert story.mail.state is EvidenceState.EN_REVISION
    assert story.answers[-1].state is OutboxState.ANULADO
    street.house.clock.turn(days=1)
    assert street.sends() == 0, "the customer never hears of it"


def test_after_a_minute_it_takes_a_decision_of_its_own_with_its_reason(street: Street, context: BrowserContext) -> None:
    street.house.clock.turn(seconds=3600)
    street.sends()
    page = context.new_page()
    log_in(page, street.house, "rosa")
    accredit(page, street)
    street.house.clock.turn(seconds=61)
    page.keyboard.press("u")  # the bar of a page that is a minute old
    expect(page.locator("#told")).to_contain_text("escriba el motivo")
    assert street.story().decisions[-1].verdict is Verdict.REVERSE, "refused: it stands"
    assert street.sends() == 1

    page.goto(f"{street.house.url}/cola/{FIRST}")
    expect(page.locator(".undo")).to_have_count(0)
    page.get_by_text("Retomar la última decisión").click()
    form = page.locator("form[action$='/deshacer']")
    form.locator("button").click()
    assert page.evaluate("document.querySelector('input[name=porque]').validity.valueMissing")
    page.evaluate("document.querySelector('input[name=porque]').required = false")
    form.locator("button").click()  # a browser that asks for nothing
    expect(page.locator("#told")).to_contain_text("escriba el motivo")
    assert street.story().decisions[-1].verdict is Verdict.REVERSE, "no reason, no change"

    page.get_by_text("Retomar la última decisión").click()
    page.fill("input[name=porque]", "El acta era de otro servicio")
    form.locator("button").click()
    expect(page.locator("#told")).to_contain_text(f"{FIRST} espera otra vez")
    expect(page.locator("main")).to_contain_text("El acta era de otro servicio")
    assert street.nothing_is_accredited()
    story = street.story()
    assert [entry.kind for entry in story.decisions[-1].entries] == [EntryKind.CORRECCION]
    assert story.answers[-1].state is OutboxState.ENVIADO, "what left has left: the next decision answers him"
    street.house.clock.turn(days=1)
    assert street.sends() == 0
