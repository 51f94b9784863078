"""The web house from the command line: its first user, and the house alone, as real commands."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from evidence_daemon.cli import app

COMMAND = [sys.executable, "-m", "evidence_daemon"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text('[files]\nstate_directory = "state"\n\n[web]\nport = 0\n', "utf-8")
    return path


def _run(*arguments: str | Path) -> Result:
    """In this process: starting another one takes seconds, and one test does."""
    return CliRunner().invoke(app, [*map(str, arguments)])


def test_the_first_user_is_made_by_the_command_and_comes_in_at_the_house_that_stands_alone(config: Path) -> None:
    added = _run("users", "add", "Ana", "--role", "supervisor", "--name", "Ana Paz", "--config", config)
    assert added.exit_code == 0, added.stderr
    password = re.search(r"First password: (\S+)", added.stdout)[1]  # type: ignore[index]
    twice = _run("users", "add", "ana", "--role", "revisor", "--config", config)
    assert (twice.exit_code, twice.stderr.strip()) == (1, "there is a user 'ana' already")
    [user] = json.loads(_run("users", "list", "--json", "--config", config).stdout)
    assert (user["name"], user["role"], user["must_change"]) == ("ana", "supervisor", True)
    assert "password_hash" not in user

    house = subprocess.Popen(
        [*COMMAND, "web", "--config", str(config)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert house.stdout is not None
        url = re.search(r"http://127\.0\.0\.1:\d+", house.stdout.readline())[0]  # type: ignore[index]
        with httpx.Client(base_url=url, headers={"Sec-Fetch-Site": "same-origin"}, timeout=30) as browser:
            assert browser.get("/salud").text == "ok"
            assert browser.post("/entrar", data={"name": "ana", "password": password}).status_code == 303
            assert browser.get("/usuarios").headers["location"] == "/cuenta/clave"
        house.send_signal(signal.SIGTERM)
        assert house.wait(30) == 0
    finally:
        house.kill()
        house.communicate()
    disabled = _run("users", "disable", "ana", "--config", config)
    assert disabled.exit_code == 0
    assert _run("users", "role", "nadie", "revisor", "--config", config).exit_code == 1


def test_a_house_that_would_show_passwords_is_refused_with_its_line(config: Path) -> None:
    config.write_text('[web]\naddress = "0.0.0.0"\n', "utf-8")
    refused = _run("web", "--config", config)
    assert refused.exit_code == 78
    assert "without TLS would show passwords" in " ".join(refused.stderr.split())
