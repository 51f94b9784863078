"""Is this house well?  Each check finds what is wrong, and says how to mend it; nothing is changed.

A check that cannot be made because another failed says so by silence: the first fault is the one to mend.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from evidence_daemon import anchors
from evidence_daemon import config as configuration
from evidence_daemon.app import (
    evidence_of,
    of_documents,
    open_cloud,
    open_mailbox,
    open_postman,
    packaged_units,
    read_rules,
    rules_directory,
)
from evidence_daemon.config import Config
from evidence_daemon.documents.reader import Reader
from evidence_daemon.errors import BadConfig, BadInput, EvidenceDaemonError, Permanent
from evidence_daemon.model import ReasonCode, ReplyKind, Sha256
from evidence_daemon.outreach.cloud import Answer, Done, Fault
from evidence_daemon.store import audit, soundness
from evidence_daemon.store.database import Database, open_database

UNIT_DIRECTORIES = (Path("/etc/systemd/system"), Path("/lib/systemd/system"))
UNSEALED_MINUTES = 30
"""A running daemon seals within a cycle; what is older was left by one that does not run."""


class Level(StrEnum):
    """How bad it is, from well to worst."""

    WELL = "well"
    ATTENTION = "attention"
    """It works, and a person should know."""
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.  `mend` is "" when all is well."""

    check: str
    level: Level
    what: str
    mend: str = ""


Findings = Iterator[Finding]


@dataclass(frozen=True)
class Doctor:
    """The checks over one configuration file.

    `every_file`: all evidence files are hashed, not only looked for.  `online`: mailboxes and SMTP are tried.
    """

    path: Path
    now: datetime
    every_file: bool = False
    online: bool = True
    unit_directories: tuple[Path, ...] = UNIT_DIRECTORIES

    def look(self) -> list[Finding]:
        """Every finding, in the order in which they should be mended."""
        try:
            config = configuration.load(self.path)
        except BadConfig as bad:
            return [
                _broken("settings", fault, "correct this line; `config describe` tells every option")
                for fault in bad.faults
            ]
        found = [_well("settings", f"{self.path} is sound")]
        for check in (
            self._rules,
            self._credentials,
            self._state,
            self._mailboxes,
            self._smtp,
            self._whatsapp,
            self._readers,
            self._database,
            self._backups,
            self._units,
        ):
            found += _guarded(check.__name__.strip("_"), lambda check=check: check(config))  # type: ignore[misc]
        return found

    def _rules(self, config: Config) -> Findings:
        book = read_rules(rules_directory(config))
        yield _well("rules", f"the rule book is sound (edition {book.edition})")
        missing = [code.value for code in ReasonCode if code not in book.reasons.reasons]
        missing += [kind.value for kind in ReplyKind if kind.value not in book.replies]
        if missing:
            yield _broken(
                "templates", f"no text for {', '.join(missing)}", "write it in rules/reasons.toml or replies/"
            )
        else:
            yield _well("templates", f"a text for each of {len(ReasonCode)} reasons and {len(ReplyKind)} answers")

    def _credentials(self, config: Config) -> Findings:
        for setting in config.needed_secrets:
            try:
                empty = not config.secret(setting)
            except BadConfig as bad:
                yield _broken(
                    "credentials", str(bad), "put the secret into that file, for the service's user alone (chmod 600)"
                )
            else:
                if empty:
                    yield _broken("credentials", f"the secret file {setting} is empty", "write the secret into it")
                else:
                    yield _well("credentials", f"{setting} is readable, and not by everybody")

    def _state(self, config: Config) -> Findings:
        state = config.state_directory
        if not state.is_dir():
            yield _broken(
                "disk",
                f"{state}: there is no such directory",
                "start the daemon once, or make it for the service's user",
            )
            return
        if state.stat().st_mode & 0o077:
            yield _broken("disk", f"{state}: others than its owner may look into it", f"chmod 700 {state}")
        if not os.access(state, os.W_OK):
            yield _broken(
                "disk", f"{state}: cannot be written", "give it to the service's user, or mount it for writing"
            )
        free, wanted = shutil.disk_usage(state).free, config.alerts.disk_free_mb * 1_000_000
        words = f"{free // 1_000_000} MB are free in {state}"
        if free < wanted:
            yield _broken("disk", words, f"make room: below {config.alerts.disk_free_mb} MB mails wait in the mailbox")
        else:
            yield _well("disk", words)

    def _mailboxes(self, config: Config) -> Findings:
        for box in config.mailboxes if self.online else ():
            with tempfile.TemporaryDirectory() as spool:
                mailbox = open_mailbox(config, box, Path(spool))
                try:
                    yield _well("mailbox", mailbox.check())
                except EvidenceDaemonError as trouble:
                    yield _broken("mailbox", f"{box.name}: {trouble}", "correct host, user or password of this mailbox")
                finally:
                    mailbox.close()

    def _smtp(self, config: Config) -> Findings:
        if self.online:
            postman = open_postman(config)
            try:
                yield _well("smtp", postman.check())
            except EvidenceDaemonError as trouble:
                yield _broken("smtp", str(trouble), "correct host, security, user or password of [smtp]")
            finally:
                postman.close()

    def _whatsapp(self, config: Config) -> Findings:
        if not (self.online and config.whatsapp.phone_number_id):
            return

        async def ask() -> Answer:
            async with open_cloud(config) as cloud:
                return await cloud.call("GET", cloud.account.phone_id, query={"fields": "display_phone_number,status"})

        answer = asyncio.run(ask())
        if isinstance(answer, Done):
            yield _well("whatsapp", f"{answer.body.get('display_phone_number', '?')} answers")
        else:
            words = answer.words if isinstance(answer, Fault) else answer.because
            yield _broken("whatsapp", words, "correct numbers, token or api_url of [whatsapp]")
        if not config.whatsapp.listen_port:
            yield Finding(
                "whatsapp",
                Level.ATTENTION,
                "no port hears webhooks: what becomes of messages is not told",
                "set whatsapp.listen_port, and the address in the provider's console",
            )

    def _readers(self, config: Config) -> Findings:
        book = read_rules(rules_directory(config)).documents
        reader = Reader(of_documents(config), _keep_nothing, book)
        reader.check()  # cells and languages
        yield _well("ocr", f"tesseract reads {config.documents.languages}")
        cage = reader.cage()
        if "SIN Landlock" in cage:
            yield Finding(
                "sandbox",
                Level.ATTENTION,
                f"readers are locked without Landlock here ({cage})",
                "name the three landlock_* calls in SystemCallFilter of the unit, or use a kernel that has it",
            )
        else:
            yield _well("sandbox", cage)

    def _database(self, config: Config) -> Findings:
        password = config.secret(config.database.password_file) if config.database.password_file else None
        database = open_database(config.database.url, config.state_directory, password, read_only=True)
        try:
            try:
                database.check_schema()
                yield _well("migrations", "the schema is this program's")
            except BadInput as old:
                yield _broken("migrations", str(old), "back up, then start the daemon once")
                return
            if faults := soundness.integrity(database):
                for fault in faults:
                    yield _broken("database", fault, "stop the daemon and restore the last backup (`restore`)")
            else:
                yield _well("database", "it is whole")
            if database.lite and soundness.journal_mode(database) != "wal":
                yield _broken("database", "the journal is not a write-ahead log", "start the daemon once: it sets it")
            yield from self._audit(config, database)
            yield from self._files(config, database)
        finally:
            database.close()

    def _audit(self, config: Config, database: Database) -> Findings:
        directory = config.path(config.audit.anchor_directory)
        if faults := anchors.verify(database, directory):
            for fault in faults:
                yield _broken(
                    "audit", fault, "somebody changed the trail: keep a copy of the database, and find out who"
                )
        else:
            yield _well("audit", "the chain holds")
        with database.reading() as session:
            late = audit.unsealed(session, self.now - timedelta(minutes=UNSEALED_MINUTES))
        if late:
            yield Finding("audit", Level.ATTENTION, f"{late} events have no seal", "let the daemon run; it seals them")
        kept = anchors.read(directory)
        if not kept or self.now - kept[-1].at > timedelta(hours=50):
            last = f"the last one is of {kept[-1].at:%Y-%m-%d}" if kept else "there is none"
            mend = "enable evidence-daemon-audit.timer, or run `evidence-daemon audit anchor` daily"
            yield Finding("anchors", Level.ATTENTION, f"the trail is not anchored outside daily: {last}", mend)

    def _files(self, config: Config, database: Database) -> Findings:
        blobs = evidence_of(config)
        with database.reading() as session:
            wanted = list(soundness.referenced(session))
        bad = 0
        for digest in wanted:
            try:
                if self.every_file:
                    blobs.get(digest)
                else:
                    blobs.size(digest)
            except Permanent as fault:
                bad += 1
                if bad <= 10:
                    yield _broken("files", str(fault), "restore it from a backup (`restore --files`)")
        if not bad:
            how = "match their hashes" if self.every_file else "are there (`--files` hashes each)"
            yield _well("files", f"{len(wanted)} evidence files {how}")

    def _backups(self, config: Config) -> Findings:
        from evidence_daemon.backup import newest  # noqa: PLC0415  # kept apart: it needs the programs of PostgreSQL

        directory, hours = config.path(config.backup.directory), config.backup.stale_hours
        last = newest(directory)
        if hours and (last is None or self.now - last > timedelta(hours=hours)):
            when = f"the last one is of {last:%Y-%m-%d %H:%M} UTC" if last else "there is none"
            mend = "enable evidence-daemon-backup.timer, or run `evidence-daemon backup` daily"
            yield Finding("backup", Level.ATTENTION, f"no proven backup in {hours} hours in {directory}: {when}", mend)
        elif last is not None:
            yield _well("backup", f"the last proven one is of {last:%Y-%m-%d %H:%M} UTC")

    def _units(self, _config: Config) -> Findings:
        installed, packaged = 0, sorted(packaged_units().glob("evidence-daemon*"))
        for unit in packaged:
            for directory in self.unit_directories:
                there = directory / unit.name
                if there.is_file():
                    installed += 1
                    if there.read_bytes() != unit.read_bytes():
                        mend = (
                            f"copy {unit} there and `systemctl daemon-reload`; own changes belong into {unit.name}.d/"
                        )
                        yield Finding("units", Level.ATTENTION, f"{there} is not the one of this version", mend)
                    break
        if not installed:
            mend = f"copy {packaged_units()}/* to /etc/systemd/system, or install the Debian package"
            yield Finding("units", Level.ATTENTION, "no unit files are installed", mend)
        elif installed < len(packaged):
            mend = f"copy the missing ones from {packaged_units()}"
            yield Finding("units", Level.ATTENTION, f"{len(packaged) - installed} unit files are missing", mend)
        else:
            yield _well("units", f"{installed} unit files are there")


def worst(findings: list[Finding]) -> Level:
    """The worst level among the findings."""
    order = list(Level)
    return max((finding.level for finding in findings), key=order.index, default=Level.WELL)


def _guarded(name: str, check: Callable[[], Findings]) -> list[Finding]:
    found: list[Finding] = []
    try:
        for finding in check():
            found.append(finding)  # what was found before a fault is told too
    except BadInput as bad:
        found += [_broken(name, fault, "the message says how") for fault in bad.faults]
    except (EvidenceDaemonError, OSError) as trouble:
        found.append(_broken(name, str(trouble), "mend what the message names, and look again"))
    return found


def _keep_nothing(_picture: bytes) -> Sha256:
    return Sha256("0" * 64)


def _well(check: str, what: str) -> Finding:
    return Finding(check, Level.WELL, what)


def _broken(check: str, what: str, mend: str) -> Finding:
    return Finding(check, Level.BROKEN, what, mend)
