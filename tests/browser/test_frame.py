"""The frame in a real browser: coming in, without scripts, dark, narrow, accessible."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from browsing import axe_violations, log_in
from playwright.sync_api import BrowserContext, expect
from webhouse import PASSWORD, WebHouse

PAGES = ["/cuenta", "/cuenta/clave", "/cuenta/codigo", "/usuarios"]


def test_somebody_comes_in_and_goes(context: BrowserContext, desk: WebHouse) -> None:
    page = context.new_page()
    page.goto(f"{desk.url}/usuarios")
    assert page.url.endswith("/entrar?volver=/usuarios")
    page.fill("input[name=name]", "supervisor")
    page.fill("input[name=password]", "no es esta")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("El usuario o la contraseña no es correcto.")
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/usuarios")
    page.get_by_role("button", name="Salir").click()
    page.wait_for_url("**/entrar")
    page.goto(f"{desk.url}/usuarios")
    assert "/entrar" in page.url


def test_everything_of_the_frame_works_without_scripts(
    new_context: Callable[..., BrowserContext], desk: WebHouse
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    log_in(page, desk, "supervisor")
    page.goto(f"{desk.url}/usuarios")
    page.get_by_role("button", name="Oscuro").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.get_by_role("button", name="Claro").click()
    assert page.locator("html").get_attribute("data-theme") == "light"
    page.goto(f"{desk.url}/cuenta")
    page.get_by_label("Atajos de una sola tecla").uncheck()
    page.locator("form[action='/cuenta/atajos'] button").click()
    expect(page.locator("#told")).to_have_text("Guardado.")


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        ("light", 360),
        ("dark", 1920),
        *(pytest.param(*one, marks=pytest.mark.slow) for one in (("dark", 360), ("light", 1920))),
    ],
)
def test_pages_are_accessible_in_every_light_and_width(
    new_context: Callable[..., BrowserContext], desk: WebHouse, scheme: str, width: int
) -> None:
    page = new_context(color_scheme=scheme, viewport={"width": width, "height": 800}).new_page()
    page.goto(f"{desk.url}/entrar")
    assert axe_violations(page) == []
    log_in(page, desk, "supervisor")
    for path in PAGES:
        page.goto(desk.url + path)
        assert axe_violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_the_keyboard_finds_the_content_at_once(context: BrowserContext, desk: WebHouse) -> None:
    page = context.new_page()
    log_in(page, desk, "supervisor")
    page.goto(f"{desk.url}/cuenta")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Saltar al contenido")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
