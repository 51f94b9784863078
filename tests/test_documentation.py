"""What an operator can meet stands in the manual: commands, options, settings, metrics, alerts, rule knobs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from evidence_daemon import config as configuration
from evidence_daemon.alerts import Cause
from evidence_daemon.cli import app
from evidence_daemon.metrics import NAMES

ROOT = Path(__file__).parents[1]
DOCS = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "docs").glob("*.md")))
EVERYWHERE = {"--config", "--json", "--as", "--help", "-h", "-c"}


def _commands() -> Iterator[tuple[str, set[str]]]:
    def walk(command: object, words: tuple[str, ...]) -> Iterator[tuple[str, set[str]]]:
        inner = getattr(command, "commands", None)
        if inner:
            for name, one in inner.items():
                yield from walk(one, (*words, name))
        else:
            options = {o for p in command.params for o in p.opts if o.startswith("--")}  # type: ignore[attr-defined]
            yield " ".join(words), options - EVERYWHERE

    yield from walk(typer.main.get_command(app), ())


COMMANDS = dict(_commands())


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_stands_in_the_manual(command: str) -> None:
    last = command.rsplit(maxsplit=1)[-1]
    assert command in DOCS or re.search(rf"`{last}[` ]", DOCS), f"`evidence-daemon {command}` is nowhere in docs/"


@pytest.mark.parametrize("option", sorted({one for options in COMMANDS.values() for one in options}))
def test_every_option_stands_in_the_manual(option: str) -> None:
    assert re.search(rf"{option}\b", DOCS), f"{option} is nowhere in docs/"


@pytest.mark.parametrize("metric", sorted(NAMES))
def test_every_metric_stands_in_the_manual(metric: str) -> None:
    assert f"`{metric}`" in DOCS


@pytest.mark.parametrize("cause", sorted(Cause))
def test_every_alert_by_mail_stands_in_the_manual(cause: Cause) -> None:
    assert f"`{cause.value}`" in DOCS


def test_every_alert_of_the_monitor_stands_in_the_manual() -> None:
    alerts = re.findall(r"alert: (\w+)", (ROOT / "monitoring" / "alerts.yml").read_text("utf-8"))
    assert alerts
    assert [name for name in alerts if f"| {name} |" not in DOCS] == []


def test_every_setting_stands_in_the_example() -> None:
    example = (ROOT / "config.example.toml").read_text("utf-8")
    for section in configuration.sections().values():
        for key in section.model_fields:
            assert re.search(rf"^#?{key} = ", example, re.M), key


def test_every_knob_of_the_rules_stands_in_the_manual() -> None:
    text = (ROOT / "rules" / "decision.toml").read_text("utf-8")
    missing = []
    for table in ("policy", "signals", "answers"):
        block = re.search(rf"^\[{table}\]\n(.*?)(?=^\[)", text, re.M | re.S)
        assert block is not None
        missing += [key for key in re.findall(r"^(\w+) =", block[1], re.M) if f"`{key}`" not in DOCS]
    assert missing == []
