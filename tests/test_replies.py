"""Answers as they are shown: every one of the rule book's, and on the screen of a phone."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evidence_daemon.app import read_rules
from evidence_daemon.cli import app
from evidence_daemon.demo.letters import previews
from evidence_daemon.errors import BadInput
from evidence_daemon.model import ReasonCode, ReplyKind

BOOK = read_rules(Path(__file__).parent.parent / "rules")


def test_every_kind_is_shown_and_every_reason_that_a_customer_may_read() -> None:
    shown = list(previews(BOOK))
    assert {preview.kind for preview in shown} == set(ReplyKind)
    silent = {ReasonCode.RECIBIDO, ReasonCode.ACEPTADO}
    assert {preview.reason for preview in shown if preview.reason} == set(ReasonCode) - silent
    assert len({preview.name for preview in shown}) == len(shown)


@pytest.mark.parametrize("wanted", ["subsanar", "SIN_ADJUNTO", "sin_adjunto"])
def test_one_kind_or_one_reason_can_be_chosen(wanted: str) -> None:
    shown = list(previews(BOOK, wanted))
    assert shown
    assert all(wanted == preview.kind or wanted.upper() == preview.reason for preview in shown)


def test_a_word_that_is_neither_is_told() -> None:
    with pytest.raises(BadInput, match="subsanar"):
        list(previews(BOOK, "NADA"))


def test_the_command_prints_or_writes_them(tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["replies", "preview", "RECIBIDO"])
    assert (run.exit_code, "══ recibido ══" in run.output) == (0, True)
    run = CliRunner().invoke(app, ["replies", "preview", "SIN_ADJUNTO", "--html", "--out", str(tmp_path)])
    assert run.exit_code == 0
    pages = sorted(path.name for path in tmp_path.iterdir())
    assert "subsanar--SIN_ADJUNTO.html" in pages
    assert "acta adjunta" in (tmp_path / "subsanar--SIN_ADJUNTO.html").read_text("utf-8")


def test_on_a_phone_nothing_is_wider_than_the_screen_and_nothing_is_small(tmp_path: Path) -> None:
    """In a real browser: pages of every kind at 320 px, the narrowest phone there is."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium to render with (apt-get install chromium)")
    kinds: dict[str, str] = {}
    for preview in previews(BOOK):
        kinds.setdefault(preview.kind, preview.html)
        if preview.reason in (ReasonCode.LINEA_NO_RECONOCIDA, ReasonCode.ACTA_SIN_FIRMA):
            kinds[preview.name] = preview.html
    frames = []
    for name, page in kinds.items():
        (tmp_path / f"{name}.html").write_text(page, "utf-8")
        frames.append(f'<iframe src="{name}.html" width="320" height="600" style="border:0"></iframe>')
    measure = """<script>addEventListener("load", () => {
      for (const frame of document.querySelectorAll("iframe")) {
        const page = frame.contentDocument, wide = page.documentElement.scrollWidth > frame.clientWidth;
        let small = 99;
        for (const element of page.body.querySelectorAll("*"))
          small = Math.min(small, parseFloat(getComputedStyle(element).fontSize));
        const told = document.createElement("p");
        told.textContent = `${frame.getAttribute("src")} ${wide ? "WIDE" : "fits"} ${small} ${page.images.length}`;
        document.body.append(told);
      }})</script>"""
    (tmp_path / "all.html").write_text(f"<!DOCTYPE html><body>{''.join(frames)}{measure}</body>", "utf-8")
    done = subprocess.run(
        [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files",
            f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", (tmp_path / "all.html").as_uri(),
        ],
        capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    told = re.findall(r"<p>(\S+) (\w+) ([\d.]+) (\d+)</p>", done.stdout)
    assert len(told) == len(kinds)
    assert [name for name, fits, _, _ in told if fits != "fits"] == []
    assert min(float(size) for _, _, size, _ in told) >= 15
    assert {images for _, _, _, images in told} == {"0"}
