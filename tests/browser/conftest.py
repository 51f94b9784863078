"""One Chromium for each file (its loop must not run beside other tests), one context per test, a site on loopback."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from webhouse import WebHouse, web_house

from evidence_daemon.model import Role

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A running Chromium; a test is skipped where there is none, and says so."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no Chromium to test with: apt-get install chromium")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebHouse]:
    """An open web house with one person of each role (named by his role), and its `url`."""
    with web_house(tmp_path_factory.mktemp("desk")) as house:
        for role in Role:
            house.person(role.value, role)
        with house.house.web() as server:
            house.url = server.url
            yield house


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A window of its own; a page that breaks the policy or throws fails the test."""
    yield from _context(chromium)


@pytest.fixture
def new_context(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes further windows, e.g. `new_context(java_script_enabled=False)`."""
    opened: list[Any] = []

    def make(**options: Any) -> BrowserContext:
        run = _context(chromium, **options)
        opened.append(run)
        return next(run)

    yield make
    for run in opened:
        next(run, None)


def _context(chromium: Browser, **options: Any) -> Iterator[BrowserContext]:
    context = chromium.new_context(locale="es-EC", timezone_id="America/Guayaquil", **options)
    context.set_default_timeout(15_000)
    troubles: list[str] = []
    context.on("weberror", lambda error: troubles.append(str(error.error)))
    context.on(
        "console",
        lambda said: troubles.append(said.text) if "Content Security Policy" in said.text else None,
    )
    yield context
    context.close()
    assert troubles == []
