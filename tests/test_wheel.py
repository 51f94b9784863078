"""The wheel holds all that the program needs: rules, templates, migrations, units, monitoring."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program out of its wheel, in a directory of its own: what an installer puts on the path."""
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"
    source.mkdir()
    for name in ("evidence_daemon", "rules", "systemd", "monitoring", "pyproject.toml", "README.md"):
        (source / name).symlink_to(ROOT / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    made = subprocess.run([*command, "--wheel-dir", place, source], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    (wheel,) = place.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place / "site")
    return place / "site"


@pytest.mark.parametrize(
    "command",
    [
        ["rules", "check"],
        ["doctor", "--offline"],
        pytest.param(["--version"], marks=pytest.mark.slow),
        pytest.param(["config", "describe"], marks=pytest.mark.slow),
    ],
)
def test_the_program_runs_out_of_its_wheel(installed: Path, tmp_path: Path, command: list[str]) -> None:
    environment = os.environ | {"PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-m", "evidence_daemon", *command],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.returncode == (78 if command[0] == "doctor" else 0), done.stderr
    if command == ["rules", "check"]:
        assert str(installed) in done.stdout.replace("\n", "")


def test_units_migrations_templates_and_monitoring_are_inside(installed: Path) -> None:
    package = installed / "evidence_daemon"
    for directory, pattern, source in (
        ("units", "evidence-daemon*", ROOT / "systemd"),
        ("monitoring", "*.[yj]*", ROOT / "monitoring"),
        ("rules", "**/*.t*", ROOT / "rules"),
        ("store/migrations/versions", "m*.py", ROOT / "evidence_daemon/store/migrations/versions"),
        ("web/templates", "*.html", ROOT / "evidence_daemon/web/templates"),
    ):
        inside = {path.relative_to(package / directory) for path in (package / directory).glob(pattern)}
        assert inside == {path.relative_to(source) for path in source.glob(pattern)}, directory
        assert inside
