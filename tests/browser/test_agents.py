"""The look-up, the counter, the panel and the people of the house in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from browsing import axe_violations, log_in
from playwright.sync_api import BrowserContext, expect
from webhouse import WebHouse

from evidence_daemon.demo.people import people

ACCOUNT = people()[0]


def test_an_agent_finds_a_case_reads_the_speech_and_takes_a_note_without_scripts(
    new_context: Callable[..., BrowserContext], desk: WebHouse
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    log_in(page, desk, "consulta")
    page.goto(f"{desk.url}/consulta")
    page.get_by_label("Cédula, RUC, número de servicio o recibo").fill(ACCOUNT.service)
    page.get_by_label("El cliente dice que …").select_option(label="devolvió los equipos y no tiene el acta")
    page.get_by_role("button", name="Consultar").click()
    assert ACCOUNT.service not in page.url, "what is asked never stands in an address"
    card = page.locator("article.lookup")
    expect(card).to_have_count(1)
    card.get_by_text("Dice que devolvió y no tiene el acta", exact=True).click()
    card.get_by_label("Centro donde lo entregó").fill('CAC <img src=x onerror="alert(1)">')
    card.get_by_label("Ciudad").fill("Quito")
    card.get_by_label("Equipos que entregó").fill("un módem")
    card.get_by_role("button", name="Anotar").click()
    expect(page.locator("#told")).to_have_text(re.compile(r"Anotado\. Número de recibo: EV-\d{7}-\d"))


def test_a_photograph_is_handed_in_at_the_counter(context: BrowserContext, desk: WebHouse, tmp_path: Path) -> None:
    photo = tmp_path / "foto.jpg"
    photo.write_bytes(b"\xff\xd8\xff\xe0" + b"\0" * 50_000)
    page = context.new_page()
    log_in(page, desk, "consulta")
    page.goto(f"{desk.url}/recepcion")
    page.get_by_label("Cédula o RUC").fill(ACCOUNT.id_number)
    page.get_by_label("Apellidos y nombres").fill(ACCOUNT.holder)
    page.get_by_label("Acta: fotos o PDF").set_input_files(photo)
    page.get_by_label("Centro de atención").fill("CAC Iñaquito")
    page.get_by_role("button", name="Entregar").click()
    expect(page.locator("#told")).to_have_text(re.compile(r"Recibido\. Número de recibo: EV-"))


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1920)])
def test_agents_and_supervisors_pages_are_accessible(
    new_context: Callable[..., BrowserContext], desk: WebHouse, scheme: str, width: int
) -> None:
    page = new_context(color_scheme=scheme, viewport={"width": width, "height": 900}).new_page()
    log_in(page, desk, "supervisor")
    for path in ("/recepcion", "/panel", "/usuarios/1", "/consulta"):
        page.goto(desk.url + path)
        assert axe_violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    for asked in (ACCOUNT.id_number, "0000000000"):
        page.fill("input[name=pregunta]", asked)
        page.get_by_role("button", name="Consultar").click()
        page.wait_for_load_state()
        assert axe_violations(page) == [], asked
        assert page.evaluate("document.documentElement.scrollWidth") <= width, asked
