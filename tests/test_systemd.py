"""The units are read by the program that will run them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evidence_daemon.cli import app

HERE = Path(__file__).parents[1] / "systemd"
UNITS = sorted(HERE.glob("evidence-daemon*"))
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
PROGRAM = "/opt/evidence-daemon/bin/evidence-daemon"


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units with a program that is installed here; manual pages need not be."""
    directory = tmp_path_factory.mktemp("units")
    for unit in UNITS:
        lines = unit.read_text("utf-8").replace(PROGRAM, "/bin/true").splitlines()
        kept = [line for line in lines if not line.startswith("Documentation=")]
        (directory / unit.name).write_text("\n".join(kept) + "\n", "utf-8")
    return directory


def _analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def test_the_manager_reads_all_units_without_a_word(rendered: Path) -> None:
    told = _analyze("verify", *sorted(rendered.iterdir()))
    assert told.stderr == ""  # an unknown key is only warned of, with status 0
    assert told.returncode == 0


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_every_service_is_locked_up_well(unit: Path, rendered: Path) -> None:
    score = _analyze("security", "--offline=true", "--threshold=15", rendered / unit.name)  # 1.5, times ten
    assert score.returncode == 0, score.stdout


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_sentence_stands_over_each_directive(unit: Path) -> None:
    said = False
    for number, line in enumerate(unit.read_text("utf-8").splitlines(), 1):
        if line.startswith("#"):
            said = True
        elif "=" in line:
            assert said, f"{unit.name}:{number}: {line} has no sentence of its own"
            said = False


def test_the_target_brings_up_every_part() -> None:
    wanted = set(re.findall(r"^Wants=(.*)$", (HERE / "evidence-daemon.target").read_text("utf-8"), re.M))
    named = {name for line in wanted for name in line.split()}
    services = {unit.name for unit in SERVICES if "@" not in unit.name}  # workers join as they are enabled
    started = {name.replace(".timer", ".service").replace(".socket", ".service") for name in named}
    assert started == services
    assert named <= {unit.name for unit in UNITS}


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_the_commands_of_the_units_exist(unit: Path) -> None:
    (line,) = re.findall(r"^ExecStart=(.*)$", unit.read_text("utf-8"), re.M)
    program, *words = line.split()
    assert program == PROGRAM
    command = words[: words.index("--config")]
    told = CliRunner().invoke(app, [*command, "--help"])
    assert told.exit_code == 0, told.output
    assert "--config" in told.output


def test_a_worker_has_all_that_the_daemon_has_and_joins_the_target_when_it_is_enabled() -> None:
    def directives(name: str) -> set[str]:
        return {line for line in (HERE / name).read_text("utf-8").splitlines() if "=" in line and line[0] != "#"}

    daemon, worker = directives("evidence-daemon.service"), directives("evidence-daemon-worker@.service")
    assert {line.partition("=")[0] for line in daemon ^ worker} == {"Description", "After", "ExecStart"}
    assert "WantedBy=evidence-daemon.target" in worker
    assert "evidence-daemon-worker@1" in (HERE / "evidence-daemon.target").read_text("utf-8")


def test_the_package_puts_the_program_where_the_units_look_for_it() -> None:
    packaging = HERE.parent / "packaging"
    assert PROGRAM.startswith("/" + re.findall(r"^home=(.*)$", (packaging / "build-deb").read_text("utf-8"), re.M)[0])
    for script in (packaging / "build-deb", *(packaging / "deb").iterdir()):
        assert subprocess.run(["sh", "-n", script], check=False).returncode == 0
        for path in re.findall(r"/opt/\S+/bin/evidence-daemon", script.read_text("utf-8")):
            assert path == PROGRAM
