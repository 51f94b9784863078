"""The cage: what a taken-over parser can do, and how the parent ends with a cell that misbehaves."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from evidence_daemon.documents import sandbox
from evidence_daemon.documents.lock import landlock_abi
from evidence_daemon.documents.sandbox import Cell, CellDied, Frame, Limits, NoCell

LIMITS = Limits(seconds=20, memory_bytes=600_000_000)
SEALED, READER = "tests.cell_probe", "tests.reader_probe"


def attempt(work: str, what: str, *arguments: Any, limits: Limits = LIMITS) -> str:
    with Cell(work, limits) as cell:
        (told,) = cell.answers(Frame({"try": what, "with": list(arguments)}))
    return str(told.facts["result"])


def test_a_sealed_cell_computes_and_answers() -> None:
    with Cell(SEALED, LIMITS) as cell:
        for size in (0, 1, 5_000_000):
            (told,) = cell.answers(Frame({"try": "nothing", "bytes": size}, (b"y" * 300_000,)))
            assert told.facts["result"] == "done"
            assert told.blobs == (b"x" * size,)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK])
@pytest.mark.parametrize("work", [SEALED, READER])
def test_no_cell_can_speak_to_anybody(work: str, family: int) -> None:
    assert attempt(work, "socket", int(family)) == "PermissionError"


def test_a_cell_bears_the_name_of_its_work() -> None:
    with Cell(SEALED, LIMITS) as cell:
        list(cell.answers(Frame({"try": "nothing"})))
        assert Path(f"/proc/{cell.pid}/comm").read_text("utf-8").strip() == "cell-cell_probe"


def test_a_sealed_cell_reaches_no_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b"secret")
    with Cell(SEALED, LIMITS) as cell:
        for what, arguments in [
            ("read a file", [str(file)]),
            ("write a file", [str(tmp_path / "new")]),
            ("list a directory", [str(tmp_path)]),
            ("delete a file", [str(file)]),
            ("change a mode", [str(file)]),
            ("rename", [str(file), str(tmp_path / "other")]),
        ]:
            (told,) = cell.answers(Frame({"try": what, "with": arguments}))
            assert told.facts["result"] == "PermissionError", what
    assert file.read_bytes() == b"secret"
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]


def test_a_sealed_cell_starts_no_process_but_may_have_threads() -> None:
    with Cell(SEALED, LIMITS) as cell:
        for what, expected in [("fork", "PermissionError"), ("run a program", "PermissionError"), ("thread", "done")]:
            (told,) = cell.answers(Frame({"try": what}))
            assert told.facts["result"] == expected, what


@pytest.mark.parametrize("work", [SEALED, READER])
def test_no_cell_touches_the_daemon(work: str) -> None:
    assert attempt(work, "signal", os.getpid()) == "PermissionError"
    assert attempt(work, "trace", os.getpid()) == "PermissionError"


def test_the_reading_cell_runs_programs_and_writes_nowhere_but_in_its_own_directory(tmp_path: Path) -> None:
    assert attempt(READER, "run a program") == "done"
    if landlock_abi() == 0:
        pytest.skip("this kernel has no Landlock: the reading cell's files are not closed off")
    file = tmp_path / "secret"
    file.write_bytes(b"secret")
    assert attempt(READER, "read a file", str(file)) == "PermissionError"
    assert attempt(READER, "write a file", str(tmp_path / "new")) == "PermissionError"


def test_a_cell_sees_no_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials")
    with Cell(SEALED, LIMITS) as cell:
        (told,) = cell.answers(Frame({"try": "nothing"}))
        environment = Path(f"/proc/{cell.pid}/environ")
        assert told.facts["result"] == "done"
        assert b"CREDENTIALS" not in (environment.read_bytes() if os.access(environment, os.R_OK) else b"")


def test_more_memory_than_allowed_is_refused() -> None:
    assert attempt(SEALED, "allocate", 2_000_000_000) == "MemoryError"


@pytest.mark.parametrize(
    ("what", "word"),
    [
        ("speak nonsense", "frame that is none"),
        ("announce too much", "announced"),
        ("announce a huge blob", "impossible sizes"),
        ("die", "Segmentation of the truth"),
        ("stay after closing", "ended before it had answered"),
    ],
)
def test_a_cell_that_breaks_the_form_is_ended_at_once(what: str, word: str) -> None:
    began = time.monotonic()
    with Cell(SEALED, LIMITS) as cell:
        with pytest.raises(CellDied, match=word) as died:
            list(cell.answers(Frame({"try": what})))
        assert not died.value.timed_out
        with pytest.raises(ProcessLookupError):
            os.kill(cell.pid, 0)
    assert time.monotonic() - began < 5


def test_a_cell_that_computes_for_ever_is_killed_at_its_deadline() -> None:
    began = time.monotonic()
    with pytest.raises(CellDied, match="not done in time") as died:
        attempt(SEALED, "compute for ever", limits=Limits(1.0, 600_000_000))
    assert died.value.timed_out
    assert time.monotonic() - began < 4


def test_a_cell_that_nobody_waits_for_ends_by_its_own_seconds_of_cpu() -> None:
    with Cell(SEALED, Limits(0.9, 600_000_000)) as cell:  # a second of CPU: they are counted whole
        cell.send(Frame({"try": "compute for ever"}))
        until = time.monotonic() + 30
        while _is_running(cell.pid) and time.monotonic() < until:
            time.sleep(0.1)
        assert not _is_running(cell.pid)


def _is_running(pid: int) -> bool:
    """False for one that has ended, reaped or not."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return told.rpartition(")")[2].split()[0] not in {"Z", "X"}


def test_noise_on_standard_error_neither_blocks_nor_grows() -> None:
    with Cell(SEALED, LIMITS) as cell:
        (told,) = cell.answers(Frame({"try": "fill stderr"}))
        assert told.facts["result"] == "done"
        assert len(cell._stderr) <= 2000


def test_nothing_is_left_of_a_cell_neither_process_nor_directory() -> None:
    with Cell(SEALED, LIMITS) as cell:
        (_,) = cell.answers(Frame({"try": "nothing"}))
        scratch = Path(cell._scratch.name)
        assert scratch.is_dir()
    assert not scratch.exists()
    for ask in (os.kill, os.killpg):
        with pytest.raises(ProcessLookupError):
            ask(cell.pid, 0)


def test_what_a_killed_daemon_left_is_swept_up_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox.tempfile, "tempdir", str(tmp_path))
    old, young, other = (tmp_path / name for name in ("evidence-cell-old", "evidence-cell-young", "something-old"))
    for directory in (old, young, other):
        directory.mkdir()
        (directory / "page.ppm").write_bytes(b"P5")
    for directory in (old, other):
        os.utime(directory, (time.time() - 7200,) * 2)
    assert sandbox.sweep() == 1
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["evidence-cell-young", "something-old"]


def test_a_cell_dies_with_its_daemon(tmp_path: Path) -> None:
    program = (
        "import sys, time; sys.path.insert(0, sys.argv[1])\n"
        "from evidence_daemon.documents.sandbox import *\n"
        "cell = Cell('tests.cell_probe', Limits(60, 600_000_000))\n"
        "(_,) = cell.answers(Frame({'try': 'nothing'}))\n"
        "print(cell.pid, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, sandbox._ROOT],
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    ) as daemon:
        assert daemon.stdout is not None
        cell = int(daemon.stdout.readline())
        os.kill(cell, 0)
        daemon.kill()
    until = time.monotonic() + 5
    while _is_running(cell) and time.monotonic() < until:
        time.sleep(0.02)
    assert not _is_running(cell)


def booted(monkeypatch: pytest.MonkeyPatch, twist: str) -> None:
    """Nurseries, until the test ends, run `twist` before anything else."""
    sandbox.close_nurseries()
    monkeypatch.setattr(sandbox, "_BOOT", sandbox._BOOT.replace("main(int(", f"{twist}; main(int("))


@pytest.fixture(autouse=True, scope="module")
def _no_twisted_nursery_is_left() -> Iterator[None]:
    yield
    sandbox.close_nurseries()


def test_what_cannot_be_locked_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    booted(monkeypatch, "import platform; platform.machine = lambda: 'pdp11'")
    with pytest.raises(CellDied, match="pdp11"):
        attempt(SEALED, "nothing")


def test_landlock_that_is_required_and_absent_stops_the_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    booted(monkeypatch, "import evidence_daemon.documents.lock as s; s.landlock_abi = lambda: 0")
    assert attempt(SEALED, "nothing") == "done"
    assert attempt(SEALED, "read a file", "/etc/hostname") == "PermissionError", "seccomp alone must hold"
    with pytest.raises(CellDied, match="Landlock is required"):
        attempt(SEALED, "nothing", limits=Limits(20, 600_000_000, require_landlock=True))


# ── nurseries ────────────────────────────────────────────────────────────────────────────────────


def nursery() -> sandbox._Nursery:
    return sandbox._nurseries[os.getpid(), SEALED]


def test_every_document_has_a_process_of_its_own_and_a_group() -> None:
    seen = set()
    for _ in range(3):
        with Cell(SEALED, LIMITS) as cell:
            (_told,) = cell.answers(Frame({"try": "nothing"}))
            assert os.getpgid(cell.pid) == cell.pid
            seen.add(cell.pid)
    assert len(seen) == 3


def test_a_cell_has_no_way_to_the_nursery_or_to_another_cell() -> None:
    with Cell(SEALED, LIMITS) as one, Cell(SEALED, LIMITS) as other:
        (told,) = other.answers(Frame({"try": "descriptors"}))
        assert told.facts["result"] == "0 1 2"
        for what in ("signal", "trace"):
            for pid in (nursery()._process.pid, one.pid):
                (told,) = other.answers(Frame({"try": what, "with": [pid]}))
                assert told.facts["result"] == "PermissionError"


def test_what_one_cell_does_to_its_memory_no_other_sees() -> None:
    assert attempt(SEALED, "remember", "secret") == "done"
    with Cell(SEALED, LIMITS) as cell:
        (told,) = cell.answers(Frame({"try": "recall"}))
    assert told.facts["result"] == "nothing"


def test_a_nursery_that_is_lost_is_replaced_and_its_cells_are_gone() -> None:
    with Cell(SEALED, LIMITS) as cell:
        (_told,) = cell.answers(Frame({"try": "nothing"}))
        nursery()._process.kill()
        with pytest.raises(NoCell, match="nursery was lost"):  # it might answer a short question before it is killed
            list(cell.answers(Frame({"try": "compute for ever"})))
    assert attempt(SEALED, "nothing") == "done"


def test_a_nursery_bears_a_bounded_number_of_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox.close_nurseries()
    monkeypatch.setattr(sandbox, "_BIRTHS", 2)
    parents = []
    for _ in range(4):
        assert attempt(SEALED, "nothing") == "done"
        parents.append(nursery())
    assert parents[0] is parents[1] is not parents[2] is parents[3]
    assert parents[0]._process.returncode is not None, "the first is gone"


def test_a_thread_that_is_just_ending_when_all_is_prepared_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    booted(monkeypatch, "import threading, time; threading.Thread(target=time.sleep, args=(0.9,), daemon=True).start()")
    assert attempt(SEALED, "nothing") == "done"


def test_a_work_that_leaves_a_thread_behind_is_not_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    booted(monkeypatch, "import threading, time; threading.Thread(target=time.sleep, args=(3,), daemon=True).start()")
    with pytest.raises(CellDied, match="2 threads"):
        attempt(SEALED, "nothing")


def test_work_that_cannot_be_prepared_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CellDied, match="no_such_work"):
        Cell("tests.no_such_work", LIMITS)


def test_many_threads_may_have_cells_at_once() -> None:
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: attempt(SEALED, "nothing"), range(40))) == ["done"] * 40


def test_the_level_of_the_cage_is_told() -> None:
    assert sandbox.level().startswith("seccomp, límites, ")
    assert ("SIN Landlock" in sandbox.level()) is (landlock_abi() == 0)
