"""What browser tests do again and again."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from webhouse import PASSWORD, WebHouse


def log_in(page: Page, house: WebHouse, name: str, password: str = PASSWORD) -> None:
    """Come in as somebody."""
    page.goto(f"{house.url}/entrar")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", password)
    page.click("main button.primary")
    page.wait_for_url(lambda url: "/entrar" not in url)


def axe_violations(page: Page) -> list[str]:
    """What axe finds wrong on a page: rule and the elements; empty when nothing is."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in found]
