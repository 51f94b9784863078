"""The units are read by the program that will run them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = sorted((Path(__file__).parents[1] / "systemd").glob("*.service"))


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_the_manager_reads_the_unit_without_a_word(unit: Path, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    # Its program need not be installed here, and a manual page neither.
    text = unit.read_text("utf-8").replace("/opt/evidence-daemon/bin/evidence-daemon", "/bin/true")
    lines = [line for line in text.splitlines() if not line.startswith("Documentation=")]
    rendered = tmp_path / unit.name
    rendered.write_text("\n".join(lines) + "\n", "utf-8")
    told = subprocess.run([analyze, "verify", rendered], capture_output=True, text=True, check=False)
    assert told.stderr == ""  # an unknown key is only warned of, with status 0
    assert told.returncode == 0
    score = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=15", rendered], capture_output=True, text=True, check=False
    )
    assert score.returncode == 0, score.stdout


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_sentence_stands_over_the_directives(unit: Path) -> None:
    blocks = unit.read_text("utf-8").split("\n\n")
    for block in blocks:
        assert block.lstrip().startswith(("#", "[")), block
