"""What an operator relies on: the doctor's findings, backups that were proven, the trail's anchors, rules read anew."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from house import load_config, write_config
from planted import EAR
from servers import Dovecot, SmtpReceiver
from typer.testing import CliRunner

from evidence_daemon import anchors, backup
from evidence_daemon.app import House, open_house, packaged_units, rules_directory
from evidence_daemon.cli import app
from evidence_daemon.config import Config
from evidence_daemon.doctor import Doctor, Finding, Level, worst
from evidence_daemon.errors import BadFile, BadInput
from evidence_daemon.model import Arrival, CopyKey
from evidence_daemon.store import audit, records

NOW = datetime(2021, 3, 4, 15, 0, tzinfo=UTC)
NOBODY = SimpleNamespace(tls_port=1, ca="")
MAIL = (
    b"From: ana@example.ec\r\nTo: a@b.ec\r\nMessage-ID: <%d@x.ec>\r\nSubject: 1710034065//ANA//INTERNET\r\n\r\nHola\r\n"
)


def config_in(directory: Path, **options: object) -> Config:
    config = load_config(directory, NOBODY, "nadie", SimpleNamespace(port=1), **options)
    config.state_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return config


def fill(house: House, mails: int = 3, first: int = 1) -> None:
    for uid in range(first, first + mails):
        raw = MAIL % uid
        house.pipeline.take_in(Arrival(CopyKey("posventa", "INBOX", 1, uid), NOW, len(raw), raw))
    with house.database.session() as session:
        audit.record(session, "looked up", actor="persona:ana", now=NOW)
    house.pipeline.recover()


# ── the audit trail's anchors ────────────────────────────────────────────────────────────────────


def test_an_anchor_shows_that_the_end_of_the_trail_was_cut_off(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    with open_house(config, clock=lambda: NOW) as house:
        fill(house)
        anchor = anchors.drop(house.database, tmp_path / "anchors", NOW)
        assert anchor is not None
        assert anchors.verify(house.database, tmp_path / "anchors") == []
    cut = sqlite3.connect(config.state_directory / "evidence.db")
    cut.execute("DROP TRIGGER audit_seals_no_delete")  # whoever owns the file can
    cut.execute("DELETE FROM audit_seals WHERE id = (SELECT max(id) FROM audit_seals)")
    cut.commit()
    cut.close()
    with open_house(config, clock=lambda: NOW) as house:
        with house.database.reading() as session:
            assert audit.verify(session) == []  # by itself the chain cannot tell
        (fault,) = anchors.verify(house.database, tmp_path / "anchors")
    assert "the chain was cut" in fault


def test_a_trail_that_was_written_anew_does_not_match_its_anchor(tmp_path: Path) -> None:
    with open_house(config_in(tmp_path), clock=lambda: NOW) as house:
        fill(house)
        anchor = anchors.drop(house.database, tmp_path / "anchors", NOW)
        assert anchor is not None
        other = json.dumps({"number": anchor.number, "event_id": 1, "hash": "f" * 64, "at": NOW.isoformat()})
        (tmp_path / "anchors" / anchors.FILE).write_text(other + "\n", "utf-8")
        (fault,) = anchors.verify(house.database, tmp_path / "anchors")
    assert "is not the one that was anchored" in fault


def test_an_anchor_that_cannot_be_written_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with open_house(config_in(tmp_path), clock=lambda: NOW) as house:
        fill(house)
        with pytest.raises(BadInput, match=r"audit\.anchor_directory"):
            anchors.drop(house.database, tmp_path / "file" / "anchors", NOW)


# ── backup and restore ───────────────────────────────────────────────────────────────────────────


@pytest.fixture(params=["sqlite", "postgresql"])
def house_at(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Config]:
    """Configurations of houses in directories of their own, each with a database of its own."""
    if request.param == "sqlite":
        return lambda name: config_in(tmp_path / name)
    postgresql = request.getfixturevalue("postgresql")
    if shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not installed")
    return lambda name: config_in(tmp_path / name, database_url=postgresql())


def test_a_backup_makes_the_same_house_again_and_it_starts_disarmed(
    house_at: Callable[[str], Config], tmp_path: Path
) -> None:
    with open_house(house_at("here"), clock=lambda: NOW) as house:
        fill(house)
        place, manifest = backup.make(house.database, house.blobs, tmp_path / "backups", NOW, keep=3)
        fill(house, 1, first=9)  # after the backup: not in it
        with house.database.reading() as session:
            assert records.is_armed(session)
    assert (manifest.rows["mails"], manifest.files, manifest.missing) == (3, 3, 0)
    assert backup.newest(tmp_path / "backups") == NOW
    there = house_at("there")
    backup.restore(place, there.database.url, there.state_directory, NOW)
    with open_house(there, clock=lambda: NOW) as house, house.database.reading() as session:
        assert records.status(session).mails == {"RECIBIDO": 3}
        assert not records.is_armed(session)
        assert audit.verify(session) == []
        assert all(house.blobs.get(records.load_mail(session, mail).sha256) for mail in (1, 2, 3))  # type: ignore[arg-type]
    with pytest.raises(BadInput):  # nothing is ever overwritten
        backup.restore(place, there.database.url, there.state_directory, NOW)


def test_a_backup_while_the_house_is_written_to_is_of_one_moment(tmp_path: Path) -> None:
    import threading

    with open_house(config_in(tmp_path / "here"), clock=lambda: NOW) as house:
        fill(house, 50)
        stop = threading.Event()

        def write() -> None:
            uid = 1000
            while not stop.is_set():
                fill(house, 1, first=uid)
                uid += 1

        writer = threading.Thread(target=write)
        writer.start()
        try:
            _place, manifest = backup.make(house.database, house.blobs, tmp_path / "backups", NOW, keep=3)
        finally:
            stop.set()
            writer.join()
    assert manifest.rows["mails"] == manifest.rows["mail_copies"] == manifest.files
    assert manifest.missing == 0


def test_old_backups_go_with_the_files_that_only_they_had_and_a_failed_one_counts_for_nothing(tmp_path: Path) -> None:
    directory = tmp_path / "backups"
    with open_house(config_in(tmp_path / "here"), clock=lambda: NOW) as house:
        for day in range(4):
            fill(house, 1, first=day + 1)
            backup.make(house.database, house.blobs, directory, NOW + timedelta(days=day), keep=2)
        places = sorted(path.name for path in directory.glob("*Z"))
        assert places == ["2021-03-06T150000Z", "2021-03-07T150000Z"]
        assert len(list((directory / "evidence").glob("??/*"))) >= 4
        (directory / places[-1] / backup.MANIFEST).unlink()
    assert backup.newest(directory) == NOW + timedelta(days=2)
    with pytest.raises(BadFile, match="no backup"):
        backup.restore(directory / places[-1], "", tmp_path / "there", NOW)


def test_a_backup_that_was_changed_or_lacks_a_file_is_refused(tmp_path: Path) -> None:
    with open_house(config_in(tmp_path / "here"), clock=lambda: NOW) as house:
        fill(house)
        place, _manifest = backup.make(house.database, house.blobs, tmp_path / "backups", NOW, keep=2)
    (file, *_others) = (tmp_path / "backups" / "evidence").glob("[0-9a-f][0-9a-f]/*")
    file.unlink()
    with pytest.raises(BadFile, match="missing"):
        backup.restore(place, "", tmp_path / "there", NOW)
    with (place / "evidence.db").open("ab") as copied:
        copied.write(b"x")
    with pytest.raises(BadFile, match="changed"):
        backup.restore(place, "", tmp_path / "elsewhere", NOW)
    assert not (tmp_path / "elsewhere").exists()


def test_a_damaged_evidence_file_comes_back_from_the_backup(tmp_path: Path) -> None:
    with open_house(config_in(tmp_path / "here"), clock=lambda: NOW) as house:
        fill(house)
        place, _manifest = backup.make(house.database, house.blobs, tmp_path / "backups", NOW, keep=2)
        with house.database.reading() as session:
            digest = records.load_mail(session, 1).sha256  # type: ignore[arg-type]
        house.blobs.path(digest).unlink()
        assert backup.restore_files(place, house.blobs) == 1
        assert house.blobs.get(digest)


# ── the doctor ───────────────────────────────────────────────────────────────────────────────────


def findings(path: Path, **options: object) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for one in Doctor(path, NOW + timedelta(hours=1), **options).look():  # type: ignore[arg-type]
        found.setdefault(one.check, []).append(one)
        assert bool(one.mend) == (one.level is not Level.WELL)  # whatever is wrong, there is a way to mend it
    return found


@pytest.fixture
def well(tmp_path: Path, dovecot: Dovecot, mailbox_user: str, smtp_receiver: SmtpReceiver) -> Iterator[Path]:
    """The configuration of a house in which all is well, with real servers."""
    path = write_config(tmp_path, dovecot, mailbox_user, smtp_receiver)
    from evidence_daemon import config as configuration

    with open_house(configuration.load(path), clock=lambda: NOW) as house:
        fill(house)
        anchors.drop(house.database, tmp_path / "anchors", NOW)
        backup.make(house.database, house.blobs, tmp_path / "backups", NOW, keep=2)
        house.pipeline.recover()
    (tmp_path / "state").chmod(0o700)
    yield path


def test_a_well_house_is_told_to_be_well(well: Path, tmp_path: Path) -> None:
    units = tmp_path / "units"
    shutil.copytree(packaged_units(), units)
    found = findings(well, every_file=True, unit_directories=(units,))
    bad = [one for some in found.values() for one in some if one.level is not Level.WELL and one.check != "sandbox"]
    assert bad == []
    assert set(found) >= {
        *("settings", "rules", "templates", "credentials", "disk", "mailbox", "smtp", "ocr", "sandbox"),
        *("migrations", "database", "audit", "files", "backup", "units"),
    }


def test_each_thing_that_is_wrong_is_found(well: Path, tmp_path: Path) -> None:
    units = tmp_path / "units"
    shutil.copytree(packaged_units(), units)
    (units / "evidence-daemon.service").write_text("[Service]\n", "utf-8")
    (tmp_path / "imap_password").write_text("falsa", "utf-8")
    (tmp_path / "state").chmod(0o755)
    (file, *_others) = (tmp_path / "state" / "evidence").glob("[0-9a-f][0-9a-f]/*")
    file.chmod(0o600)
    file.write_bytes(b"otra cosa")
    shutil.rmtree(tmp_path / "backups")
    shutil.rmtree(tmp_path / "anchors")
    found = findings(well, every_file=True, unit_directories=(units,))
    levels = {check: worst(some) for check, some in found.items()}
    assert {check for check, level in levels.items() if level is Level.BROKEN} == {"mailbox", "disk", "files"}
    assert {"anchors", "units"} <= {check for check, level in levels.items() if level is Level.ATTENTION}
    assert "damaged" in found["files"][0].what


def test_a_secret_that_everybody_may_read_and_a_server_that_is_away_are_found(well: Path, tmp_path: Path) -> None:
    (tmp_path / "imap_password").chmod(0o644)
    text = well.read_text("utf-8")
    port = next(line for line in text.splitlines() if line.startswith("port") and line not in text.split("[smtp]")[0])
    well.write_text(text.replace(port, "port = 1"), "utf-8")
    found = findings(well)
    assert worst(found["credentials"]) is Level.BROKEN
    assert "chmod 600" in found["credentials"][0].what
    assert worst(found["smtp"]) is Level.BROKEN


def test_wrong_settings_are_all_told_and_nothing_else_is_tried(well: Path) -> None:
    well.write_text(well.read_text("utf-8").replace("workers =", "wokers ="), "utf-8")
    found = findings(well)
    assert set(found) == {"settings"}
    assert "did you mean 'workers'" in found["settings"][0].what


def test_a_database_that_is_not_whole_is_found(well: Path, tmp_path: Path) -> None:
    database = tmp_path / "state" / "evidence.db"
    direct = sqlite3.connect(database)
    direct.execute("PRAGMA foreign_keys=OFF")
    direct.execute("INSERT INTO phones (case_id, phone, ordinal) VALUES (4711, '+593900000000', 0)")
    direct.commit()
    direct.close()
    found = findings(well, online=False)
    assert worst(found["database"]) is Level.BROKEN
    assert "mailbox" not in found


def test_the_command_tells_the_worst_by_its_exit_status(well: Path) -> None:
    command = ["doctor", "--offline", "--config", str(well)]
    told = subprocess.run(
        [sys.executable, "-m", "evidence_daemon", *command, "--json"], capture_output=True, text=True, check=False
    )
    assert told.returncode == 3, told.stderr  # no unit files are installed here, and the clock is today's
    assert {one["check"] for one in json.loads(told.stdout)} >= {"rules", "database"}
    well.write_text("[mailboxx]\n", "utf-8")
    assert CliRunner().invoke(app, command).exit_code == 78


# ── the manager's words: ready, alive, rules read anew ───────────────────────────────────────────


@contextmanager
def running(path: Path, directory: Path, **environment: str) -> Iterator[tuple[subprocess.Popen[str], socket.socket]]:
    """The real daemon, started as systemd starts it; what it says to its manager arrives on the socket."""
    address = directory / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        manager.settimeout(60)
        with (directory / "log").open("w") as log:
            command = [sys.executable, "-m", "evidence_daemon", "run", "--config", str(path)]
            told = os.environ | {"NOTIFY_SOCKET": str(address), **environment}
            with subprocess.Popen(command, env=told, stderr=log, stdout=log, text=True) as daemon:
                try:
                    yield daemon, manager
                finally:
                    daemon.terminate()
                    daemon.wait(60)
                    EAR.read(directory / "log")


def heard(manager: socket.socket, word: str, seconds: float = 60) -> str:
    """Listen until a message holds `word`; that message."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        told = manager.recv(4096).decode()
        if word in told:
            return told
    raise AssertionError(f"never heard {word}: {deadline}")


def test_the_daemon_says_when_it_is_ready_and_that_its_work_goes_on_and_reads_its_rules_anew(
    tmp_path: Path, dovecot: Dovecot, mailbox_user: str, smtp_receiver: SmtpReceiver
) -> None:
    path = write_config(tmp_path, dovecot, mailbox_user, smtp_receiver)
    rules = tmp_path / "rules"
    shutil.copytree(rules_directory(Config()), rules, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    with path.open("a", encoding="utf-8") as file:
        file.write("")
    text = re.sub(r"(?m)^rules_directory = .*$", 'rules_directory = "rules"', path.read_text("utf-8"))
    path.write_text(text, "utf-8")

    def actions() -> list[str]:
        direct = sqlite3.connect(tmp_path / "state" / "evidence.db")
        try:
            return [row[0] for row in direct.execute("SELECT action FROM audit_events ORDER BY id")]
        finally:
            direct.close()

    with running(path, tmp_path, WATCHDOG_USEC="4000000") as (daemon, manager):
        heard(manager, "READY=1")
        heard(manager, "WATCHDOG=1")
        decision = rules / "decision.toml"
        good = decision.read_text("utf-8")
        decision.write_text(good + "\n[politica]\n", "utf-8")
        daemon.send_signal(signal.SIGHUP)
        heard(manager, "RELOADING=1")
        heard(manager, "READY=1")
        assert actions()[-1] == "rules refused"
        decision.write_text(good + "\n# una línea más\n", "utf-8")
        daemon.send_signal(signal.SIGHUP)
        heard(manager, "RELOADING=1")
        heard(manager, "READY=1")
        assert actions()[-1] == "rules read anew"
    assert daemon.returncode == 0
    log = (tmp_path / "log").read_text("utf-8")
    assert "the rules were not changed" in log
    assert "decision.toml" in log


def test_the_web_house_goes_on_with_the_socket_that_it_is_given(tmp_path: Path) -> None:
    import urllib.request

    config = config_in(tmp_path)
    with open_house(config):
        pass
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        port = listener.getsockname()[1]
        program = (
            "import os, sys; os.dup2(int(sys.argv[1]), 3); os.set_inheritable(3, True);"
            "os.environ['LISTEN_PID'] = str(os.getpid()); os.environ['LISTEN_FDS'] = '1';"
            "os.execv(sys.executable, [sys.executable, '-m', 'evidence_daemon', 'web', '--config', sys.argv[2]])"
        )
        web = subprocess.Popen(
            [sys.executable, "-c", program, str(listener.fileno()), str(tmp_path / "config.toml")],
            pass_fds=[listener.fileno()],
            stdout=subprocess.PIPE,
        )
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/salud", timeout=60) as answer:
                assert answer.status == 200
        finally:
            web.terminate()
            assert web.wait(30) == 0
            assert web.stdout is not None
            web.stdout.close()


def hears_the_end(process: subprocess.Popen[bytes]) -> bool:
    """Whether it has a handler for SIGTERM by now."""
    caught = next(
        line for line in Path(f"/proc/{process.pid}/status").read_text("utf-8").splitlines() if "SigCgt" in line
    )
    return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)


@pytest.mark.parametrize(
    ("command", "after"),
    [
        ("run", 0.7),
        ("web", 0.0),
        pytest.param("run", 0.0, marks=pytest.mark.slow),
        pytest.param("web", 1.5, marks=pytest.mark.slow),
    ],
)
def test_a_service_that_is_asked_to_end_while_it_still_begins_ends_well(
    tmp_path: Path, command: str, after: float
) -> None:
    """Once it ended by the signal: the socket answered already, and nobody listened for SIGTERM yet."""
    config_in(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-m", "evidence_daemon", command, "--config", str(tmp_path / "config.toml")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as service:
        deadline = time.monotonic() + 60
        while not hears_the_end(service) and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(after)  # somewhere in its beginning: wherever it is by then, it must end well
        service.terminate()
        assert service.wait(60) == 0
