"""Photographs every page of a running house (the demo's) for docs/img, narrow and wide, light and dark.

    python bench/screens.py http://127.0.0.1:8080 "demostracion local" [only these pages …]

Needs Debian's chromium.  Prints what axe finds on each page, and pages that are wider than the screen.
"""

from __future__ import annotations

import io
import re
import shutil
import sys
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

OUT = Path(__file__).resolve().parents[1] / "docs" / "img"
LOOKS = (
    ("1920", 1920, 1080, "light"),
    ("360", 360, 760, "light"),
    ("1920-dark", 1920, 1080, "dark"),
    ("360-dark", 360, 760, "dark"),
)
TALLEST = 2400
"""Pixels of a photograph: a page may be longer."""
PAGES = {
    "queue": "/cola",
    "panel": "/panel",
    "history": "/registro",
    "users": "/usuarios",
    "account": "/cuenta",
    "password": "/cuenta/clave",
    "second-factor": "/cuenta/codigo",
    "counter": "/recepcion",
    "campaigns": "/campanas",
    "campaign": "/campanas/1",
    "campaign-draft": "/campanas/2",
    "campaign-whom": "/campanas/2/audiencia",
    "campaign-form": "/campanas/2/editar",
    "campaign-attempts": "/campanas/1/intentos",
    "suppressions": "/exclusiones",
}


def main(url: str, password: str, *only: str) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        program = shutil.which("chromium")
        browser = play.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        for name, width, height, scheme in LOOKS:
            _photograph(browser, url, password, name, width, height, scheme, only)
        browser.close()


def _photograph(
    browser: Browser, url: str, password: str, look: str, width: int, height: int, scheme: str, only: tuple[str, ...]
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        locale="es-EC",
        timezone_id="America/Guayaquil",
    )
    page = context.new_page()
    page.goto(f"{url}/entrar")
    if not only:
        _keep(page, f"web-login-{look}")
    page.fill("input[name=name]", "supervisor")
    page.fill("input[name=password]", password)
    page.click("main button.primary")
    page.wait_for_url(lambda here: "/entrar" not in here)
    for name, path in PAGES.items():
        if only and name not in only:
            continue
        page.goto(url + path)
        page.wait_for_timeout(500)  # what the page asks for by itself
        _keep(page, f"web-{name}-{look}")
    if only:
        context.close()
        return
    page.goto(f"{url}/cola")
    item = page.locator("main a[href*='/cola/EV-']").first
    if item.count():
        page.goto(url + str(item.get_attribute("href")))
        page.wait_for_timeout(1000)
        _keep(page, f"web-item-{look}")
        receipt = re.search(r"EV-\d{7}-\d", page.url + page.content())
        page.goto(f"{url}/consulta")
        page.fill("input[name=pregunta]", receipt[0] if receipt else "0")
        page.get_by_role("button", name="Consultar").click()
        page.wait_for_load_state()
        _keep(page, f"web-lookup-{look}")
    context.close()


def _keep(page: Page, name: str) -> None:
    taken = Image.open(io.BytesIO(page.screenshot(full_page="360" in name))).convert("RGB")
    taken = taken.crop((0, 0, taken.width, min(taken.height, TALLEST)))
    taken.quantize(128, dither=Image.Dither.NONE).save(OUT / f"{name}.png", optimize=True)
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    found = [one["id"] for one in Axe().run(page).response["violations"]]
    print(f"{name}: axe {found or 'nothing'}{f', {wide} px too wide' if wide > 0 else ''}")


if __name__ == "__main__":
    main(*sys.argv[1:])
