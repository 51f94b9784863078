"""The Debian package in a whole Debian: built, installed, booted, upgraded, removed.  Long; root only."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from machine import USER, Machine, bare_debian, wait_for

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "tests" / "corpus"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SETTINGS = """
[[mailboxes]]
kind = "maildir"
path = "/var/lib/evidence-daemon/Maildir"
poll_seconds = 1

[smtp]
host = "127.0.0.1"
security = "none"
user = "posventa"

[files]
rules_directory = "/etc/evidence-daemon/rules"

[answers]
check_signatures = false

[daemon]
workers = 1
"""
DAEMON = "evidence-daemon.service"


@pytest.fixture(scope="module")
def deb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package: built here, or the one that EVIDENCE_DAEMON_DEB names, as it will be handed out."""
    bare_debian()  # nothing is built where nothing can be tried
    if ready := os.environ.get("EVIDENCE_DAEMON_DEB"):
        return Path(ready)
    built = subprocess.run(
        [ROOT / "packaging" / "build-deb", sys.executable, tmp_path_factory.mktemp("deb")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    return Path(built.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def machine(deb: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A Debian into which the package was installed, and nothing else was done."""
    place = tmp_path_factory.mktemp("machine")
    one = Machine(place / "root")
    installs(one, deb)
    yield one
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def booted(machine: Machine) -> Iterator[Machine]:
    """The same, configured and booted; the daemon is not started yet."""
    etc = machine.root / "etc/evidence-daemon"
    (etc / "config.toml").write_text(SETTINGS, "utf-8")
    (etc / "credentials" / "smtp_password").write_text("secreta", "utf-8")
    packaged = "/opt/evidence-daemon/lib/python3*/site-packages/evidence_daemon/rules"
    machine.do("sh", "-c", f"cp -r {packaged} /etc/evidence-daemon/rules")
    for folder in ("new", "cur", "tmp"):
        machine.do("mkdir", "-p", f"/var/lib/evidence-daemon/Maildir/{folder}", user=USER)
    with machine:
        yield machine


def installs(machine: Machine, deb: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    shutil.copy(deb, machine.root / "root" / deb.name)
    return machine.do("dpkg", "--install", f"/root/{deb.name}", check=check)


def rows(machine: Machine, query: str) -> list[tuple[object, ...]]:
    """What its database says."""
    path = machine.root / "var/lib/evidence-daemon/evidence.db"
    direct = sqlite3.connect(path, timeout=60)
    try:
        return direct.execute(query).fetchall()
    finally:
        direct.close()


def delivers(machine: Machine, number: str) -> None:
    """A mail of the corpus arrives, as a delivery agent brings it."""
    (mail,) = CORPUS.glob(f"{number}-*.eml")
    place = machine.root / "var/lib/evidence-daemon/Maildir"
    coming = place / "tmp" / mail.stem
    coming.write_bytes(mail.read_bytes())
    shutil.copystat(place, coming)
    owner = place.stat()
    coming.chmod(0o600)
    shutil.chown(coming, owner.st_uid, owner.st_gid)
    coming.rename(place / "new" / mail.stem)


# ── installed ────────────────────────────────────────────────────────────────────────────────────


def test_what_was_installed_is_neither_started_nor_open_to_others(machine: Machine) -> None:
    owners = machine.do(
        "stat", "--format=%n %U:%G %a", "/etc/evidence-daemon", "/etc/evidence-daemon/config.toml",
        "/etc/evidence-daemon/credentials/imap_password", "/var/lib/evidence-daemon", "/var/backups/evidence-daemon",
    ).stdout.splitlines()  # fmt: skip
    assert [line.partition(" ")[2] for line in owners] == [
        "root:evidence-daemon 750", "root:evidence-daemon 640", "root:evidence-daemon 640",
        "evidence-daemon:evidence-daemon 700", "evidence-daemon:evidence-daemon 700",
    ]  # fmt: skip
    assert not list((machine.root / "etc/systemd/system/multi-user.target.wants").glob("evidence*"))
    assert not (machine.root / "var/lib/evidence-daemon/evidence.db").exists()


def test_its_doctor_finds_nothing_wrong_but_what_only_a_person_can_fill_in(machine: Machine) -> None:
    machine.do("evidence-daemon", "config", "check", user=USER)
    told = machine.do("evidence-daemon", "doctor", "--offline", "--json", user=USER, check=False)
    found = json.loads(told.stdout)
    broken = {(one["check"], one["what"]) for one in found if one["level"] == "broken"}
    assert {check for check, _ in broken} <= {"credentials", "database"}, broken  # no password yet, no house yet
    assert any("imap_password is empty" in what for _, what in broken)
    assert {one["check"] for one in found if one["level"] == "well"} >= {"settings", "rules", "ocr", "units", "disk"}


# ── booted ───────────────────────────────────────────────────────────────────────────────────────


def test_the_daemon_is_ready_when_it_says_so_and_disarmed(booted: Machine) -> None:
    booted.do("systemctl", "enable", "--now", "evidence-daemon.target")
    wait_for(lambda: booted.unit(DAEMON, "ActiveState")["ActiveState"] == "active", "READY")
    assert booted.unit(DAEMON, "Type", "User", "StatusErrno") == {"Type": "notify", "User": USER, "StatusErrno": "0"}
    assert rows(booted, "SELECT armed FROM instance") == [(0,)]
    timers = booted.do("systemctl", "list-timers", "--all", "--no-legend", "evidence-daemon*").stdout
    assert {name for name in ("backup", "retention", "audit") if f"evidence-daemon-{name}.timer" in timers} == {
        *("backup", "retention", "audit")
    }
    delivers(booted, "0001")
    wait_for(
        lambda: rows(booted, "SELECT count(*) FROM mails WHERE state NOT IN ('RECIBIDO', 'LEIDO')") == [(1,)],
        "a decision",
    )


def test_each_nightly_job_ends_well_under_its_own_locks(booted: Machine) -> None:
    for name in ("backup", "retention", "audit"):
        booted.do("systemctl", "start", f"evidence-daemon-{name}.service")
        assert booted.unit(f"evidence-daemon-{name}.service", "Result")["Result"] == "success"
    assert list((booted.root / "var/backups/evidence-daemon").glob("*Z/manifest.json"))
    assert (booted.root / "var/backups/evidence-daemon/anchors/anchors.jsonl").is_file()


def test_the_web_house_starts_at_the_first_visit(booted: Machine) -> None:
    assert booted.unit("evidence-daemon-web.service", "ActiveState")["ActiveState"] == "inactive"
    visit = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8080/salud', timeout=90).read().decode())"
    assert "ok" in booted.do("python3", "-c", visit).stdout
    assert booted.unit("evidence-daemon-web.service", "ActiveState")["ActiveState"] == "active"


def test_its_doctor_is_content_under_the_units_locks(booted: Machine) -> None:
    """With the unit's own hardening: what the daemon sees, not what root would."""
    unit = "/usr/lib/systemd/system/evidence-daemon-audit.service"
    locks = [
        line for line in (booted.root / unit[1:]).read_text("utf-8").split("[Service]")[1].splitlines()
        if "=" in line and not line.startswith(("#", "Type", "Exec", "Timeout"))
    ]  # fmt: skip
    told = booted.do(
        "systemd-run", "--quiet", "--pipe", "--wait", *(f"--property={line}" for line in locks),
        "/opt/evidence-daemon/bin/evidence-daemon", "doctor", "--offline", "--files", "--json", check=False,
    )  # fmt: skip
    found = json.loads(told.stdout)
    assert [one for one in found if one["level"] == "broken"] == []
    assert {one["check"] for one in found} >= {"credentials", "audit", "files", "migrations", "sandbox"}


def test_a_faulty_book_is_refused_at_reload_and_the_old_one_stays(booted: Machine) -> None:
    book = booted.root / "etc/evidence-daemon/rules/decision.toml"
    good = book.read_text("utf-8")
    process = booted.unit(DAEMON, "MainPID")

    def last() -> object:
        return rows(booted, "SELECT action FROM audit_events WHERE action LIKE 'rules%' ORDER BY id DESC LIMIT 1")

    book.write_text(good + "\n[politica]\n", "utf-8")
    booted.do("systemctl", "reload", DAEMON)
    wait_for(lambda: last() == [("rules refused",)], "the refusal")
    book.write_text(good + "\n# una línea más\n", "utf-8")
    booted.do("systemctl", "reload", DAEMON)
    wait_for(lambda: last() == [("rules read anew",)], "the new book")
    assert booted.unit(DAEMON, "MainPID", "ActiveState") == process | {"ActiveState": "active"}
    assert "decision.toml" in booted.do("journalctl", "--unit", DAEMON, "--output=cat").stdout


def test_it_is_started_anew_when_its_work_hangs(booted: Machine) -> None:
    place = booted.root / "etc/systemd/system/evidence-daemon.service.d/short.conf"
    place.parent.mkdir()
    place.write_text("[Service]\nWatchdogSec=20\nRestartSec=1\nTimeoutAbortSec=10\n", "utf-8")
    booted.do("systemctl", "daemon-reload")
    booted.do("systemctl", "restart", DAEMON)
    process = booted.unit(DAEMON, "MainPID")["MainPID"]
    booted.do("sh", "-c", f"kill -STOP {process}")
    wait_for(lambda: booted.unit(DAEMON, "NRestarts")["NRestarts"] != "0", "the watchdog")
    wait_for(lambda: booted.unit(DAEMON, "ActiveState")["ActiveState"] == "active", "the new start")
    assert booted.unit(DAEMON, "MainPID")["MainPID"] not in {process, "0"}
    assert "watchdog" in booted.do("journalctl", "--unit", DAEMON, "--output=cat").stdout.lower()
    place.unlink()
    booted.do("systemctl", "daemon-reload")
    booted.do("systemctl", "restart", DAEMON)


def test_it_stops_cleanly_within_a_minute_in_the_middle_of_a_reading_and_goes_on_later(booted: Machine) -> None:
    before = rows(booted, "SELECT count(*) FROM mails")[0][0]
    for number in ("0009", "0004"):
        delivers(booted, number)
    wait_for(lambda: booted.runs("cell-ocr"), "a reading")
    booted.do("systemctl", "stop", DAEMON)
    end = booted.unit(DAEMON, "Result", "ExecMainStatus", "ExecMainCode")
    assert end == {"Result": "success", "ExecMainStatus": "0", "ExecMainCode": "1"}  # ended by itself, not by SIGKILL
    booted.do("systemctl", "start", DAEMON)
    decided = "SELECT count(*), count(DISTINCT sha256) FROM mails WHERE state NOT IN ('RECIBIDO', 'LEIDO')"
    wait_for(lambda: rows(booted, decided) == [(before + 2, before + 2)], "both decisions", 600)  # type: ignore[operator]


def test_encrypted_credentials_do_instead_of_plain_ones(booted: Machine) -> None:
    booted.do("systemd-creds", "setup")
    sealed = booted.do("sh", "-c", "printf secreta | systemd-creds encrypt --name=smtp_password --with-key=host - "
                       "/etc/evidence-daemon/credentials/smtp_password.cred", check=False)  # fmt: skip
    assert sealed.returncode == 0, sealed.stderr
    told = booted.do(
        "systemd-run", "--quiet", "--pipe", "--wait", f"--property=User={USER}",
        "--property=LoadCredentialEncrypted=smtp_password:/etc/evidence-daemon/credentials/smtp_password.cred",
        "/opt/evidence-daemon/bin/python", "-c",
        "import pathlib; from evidence_daemon import config; "
        "print(config.load(pathlib.Path('/etc/evidence-daemon/config.toml')).secret('smtp_password'))",
    )  # fmt: skip
    assert told.stdout.strip() == "secreta"


# ── upgraded, removed ────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def newer(deb: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same package as a later version."""
    place = tmp_path_factory.mktemp("newer")
    subprocess.run(["dpkg-deb", "--raw-extract", deb, place / "tree"], check=True)
    control = place / "tree/DEBIAN/control"
    text = control.read_text("utf-8")
    version = next(line for line in text.splitlines() if line.startswith("Version:"))
    control.write_text(text.replace(version, "Version: 99.0"), "utf-8")
    path = place / "newer.deb"
    subprocess.run(["dpkg-deb", "-Znone", "--build", place / "tree", path], check=True, capture_output=True)
    shutil.rmtree(place / "tree")
    return path


def test_without_a_backup_nothing_is_upgraded_and_the_house_goes_on(booted: Machine, newer: Path) -> None:
    settings = booted.root / "etc/evidence-daemon/config.toml"
    settings.write_text(SETTINGS + '\n[backup]\ndirectory = "/proc/none"\n', "utf-8")
    refused = installs(booted, newer, check=False)
    assert refused.returncode != 0
    assert "nothing is upgraded" in refused.stderr
    assert "Version: 99.0" not in booted.do("dpkg", "--status", "evidence-daemon").stdout
    settings.write_text(SETTINGS, "utf-8")
    wait_for(lambda: booted.unit(DAEMON, "ActiveState")["ActiveState"] == "active", "the daemon, started again")


def test_an_upgrade_backs_up_migrates_and_starts_what_ran(booted: Machine, newer: Path) -> None:
    backups = booted.root / "var/backups/evidence-daemon"
    before = set(backups.glob("*Z"))
    mails = rows(booted, "SELECT count(*) FROM mails")
    told = installs(booted, newer)
    assert "backing the house up" in told.stdout
    assert "schema up to date" in told.stdout
    assert set(backups.glob("*Z")) > before
    wait_for(lambda: booted.unit(DAEMON, "ActiveState")["ActiveState"] == "active", "the daemon, started again")
    assert rows(booted, "SELECT count(*) FROM mails") == mails
    assert (booted.root / "etc/evidence-daemon/config.toml").read_text("utf-8") == SETTINGS


def test_removal_stops_it_and_even_a_purge_leaves_mails_and_backups(booted: Machine) -> None:
    booted.do("dpkg", "--remove", "evidence-daemon")
    assert booted.unit(DAEMON, "ActiveState", "LoadState") == {"ActiveState": "inactive", "LoadState": "not-found"}
    assert not (booted.root / "opt/evidence-daemon").exists()
    assert (booted.root / "etc/evidence-daemon/config.toml").is_file()
    told = booted.do("dpkg", "--purge", "evidence-daemon")
    assert not (booted.root / "etc/evidence-daemon").exists()
    assert rows(booted, "SELECT count(*) > 0 FROM mails") == [(1,)]
    assert "/var/lib/evidence-daemon" in told.stdout
