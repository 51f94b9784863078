"""The front door, as a person or a script opens it: the real command in a process of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults.scene import Workshop
from house import CORPUS, write_config
from servers import Dovecot, SmtpReceiver
from typer.testing import CliRunner

from evidence_daemon.cli import app

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def evidence_daemon() -> Iterator[Command]:
    """The command, with the configuration at `config`."""
    with Workshop() as workshop:

        def command(*words: str | Path, config: Path | None = None) -> subprocess.CompletedProcess[str]:
            return workshop.command(*words, EVIDENCE_DAEMON_CONFIG=str(config or "/nonexistent/config.toml"))

        yield command


@pytest.fixture(scope="module")
def walked(evidence_daemon: Command, tmp_path_factory: pytest.TempPathFactory, dovecot: Dovecot) -> Path:
    """A house in which three mails were walked by the command itself; its configuration."""
    with SmtpReceiver() as smtp:
        config = write_config(tmp_path_factory.mktemp("cli"), dovecot, "cli", smtp)
        done = evidence_daemon("cases", "import", CORPUS / "cases.csv", config=config)
        assert done.returncode == 0, done.stderr
        names = ("0001-claim-with-text-pdf", "0036-no-attachment", "0054-no-acta-to-send")
        dovecot.deliver("cli", *((CORPUS / f"{name}.eml").read_bytes() for name in names))
        done = evidence_daemon("once", config=config)
        assert done.returncode == 0, done.stderr
        assert len(smtp.received) == 2
    return config


def test_status_counts_for_people_and_for_scripts(evidence_daemon: Command, walked: Path) -> None:
    told = evidence_daemon("status", config=walked)
    assert told.returncode == 0
    assert "Por reversar: USD 100,80" in told.stdout
    counts = json.loads(evidence_daemon("status", "--json", config=walked).stdout)
    assert counts["mails"] == {"ACEPTADO": 1, "EN_REVISION": 1, "RECHAZADO": 1}
    assert counts["to_reverse"] == 10080


def test_explain_tells_the_whole_walk(evidence_daemon: Command, walked: Path) -> None:
    told = evidence_daemon("explain", "EV-0000001-8", config=walked).stdout
    for words in ("ACEPTADO", "aceptar", "REVERSO_PENDIENTE", "DEVOLUCION", "ENVIADO"):
        assert words in told, words
    story = json.loads(evidence_daemon("explain", "ev 0000001 8", "--json", config=walked).stdout)
    assert story["decisions"][0]["verdict"] == "reverse"
    assert story["decisions"][0]["settlement"]["decision"]["grounds"]["findings"]


def test_a_mistyped_receipt_number_is_told_as_such(evidence_daemon: Command, walked: Path) -> None:
    told = evidence_daemon("explain", "EV-0000001-9", config=walked)
    assert told.returncode == 1
    assert "not a receipt number" in told.stderr


def test_a_person_settles_a_held_mail_once(evidence_daemon: Command, walked: Path) -> None:
    waiting = json.loads(evidence_daemon("queue", "list", "--json", config=walked).stdout)
    assert [row["receipt"] for row in waiting] == ["EV-0000003-4"]
    settle = ("queue", "settle", "EV-0000003-4")
    told = evidence_daemon(*settle, "ask", "--as", "Rosa", config=walked)
    assert told.returncode == 1
    assert "elija al menos un motivo" in told.stderr
    told = evidence_daemon(*settle, "discard", "--as", "Rosa", config=walked)
    assert told.returncode == 0, told.stderr
    assert "DESCARTADO" in told.stdout
    told = evidence_daemon(*settle, "escalate", "--as", "Luis", config=walked)
    assert told.returncode == 1
    assert "does not wait for a person" in told.stderr
    assert "persona:Rosa" in evidence_daemon("explain", "EV-0000003-4", config=walked).stdout


def test_only_a_shunted_mail_can_be_unshunted(evidence_daemon: Command, walked: Path) -> None:
    told = evidence_daemon("queue", "unshunt", "EV-0000001-8", "--as", "Rosa", config=walked)
    assert told.returncode == 1
    assert "was not shunted" in told.stderr


def test_reversals_are_exported_as_csv(evidence_daemon: Command, walked: Path, tmp_path: Path) -> None:
    target = tmp_path / "reversos.csv"
    told = evidence_daemon("reversals", "export", target, config=walked)
    assert told.returncode == 0, told.stderr
    assert "1 charges, USD 100,80" in told.stdout
    lines = target.read_text("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "NOTA_CREDITO" in lines[1]


def test_faulty_rows_are_all_told_and_the_good_ones_go_in(
    evidence_daemon: Command, walked: Path, tmp_path: Path
) -> None:
    header, *rows = (CORPUS / "cases.csv").read_text("utf-8-sig").splitlines()
    faulty = tmp_path / "casos.csv"
    cells = rows[0].split(";" if ";" in header else ",")
    faulty.write_text("\n".join([header, rows[0], rows[1].replace(",", ";;;;;"), "basura"]) + "\n", "utf-8")
    told = evidence_daemon("cases", "import", faulty, config=walked)
    assert cells
    assert told.returncode == 65
    assert f"{faulty}:3:" in told.stderr or f"{faulty}:4:" in told.stderr


def test_a_wrong_configuration_is_told_whole_with_exit_status_78(evidence_daemon: Command, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[smtp]\nprot = 25\n[daemon]\nworkers = "two"\n')
    told = evidence_daemon("config", "check", config=config)
    assert told.returncode == 78
    assert f"{config}:2: smtp.prot: there is no such setting; did you mean 'port'?" in told.stderr
    assert f"{config}:4: daemon.workers:" in told.stderr


def test_the_example_configuration_is_printed_as_it_is_kept(evidence_daemon: Command) -> None:
    told = evidence_daemon("config", "describe")
    assert told.stdout == (Path(__file__).parents[1] / "config.example.toml").read_text("utf-8")


def test_the_rule_book_is_sound_and_a_faulty_one_is_refused(evidence_daemon: Command, tmp_path: Path) -> None:
    assert "the rule book is sound" in evidence_daemon("rules", "check").stdout
    told = evidence_daemon("rules", "check", tmp_path)
    assert told.returncode == 78
    assert "decision.toml: the file is missing" in told.stderr


def test_a_wrong_password_is_told_and_not_hammered(
    evidence_daemon: Command, tmp_path: Path, dovecot: Dovecot, mailbox_user: str
) -> None:
    with SmtpReceiver() as smtp:
        config = write_config(tmp_path, dovecot, mailbox_user, smtp)
        (tmp_path / "imap_password").write_text("falsa")
        told = evidence_daemon("once", config=config)
    assert told.returncode == 75
    assert "login" in told.stderr.lower()


@pytest.mark.parametrize("command", [[], ["queue"], ["cases"], ["rules"], ["config"], ["reversals"], ["run"], ["demo"]])
def test_help_teaches_every_command(command: list[str]) -> None:
    told = CliRunner().invoke(app, [*command, "--help"])  # in this process: nothing is opened
    assert told.exit_code == 0
    assert "Usage:" in told.stdout
