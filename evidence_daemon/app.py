"""The composition root: the only place that builds things.  `open_house(config)` is the whole program."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import shutil
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, assert_never

from evidence_daemon import equation, rulebook
from evidence_daemon.alerts import Alerts
from evidence_daemon.config import Config, DocumentsConfig, MailboxConfig, MaildirConfig, OAuthConfig, SmtpConfig
from evidence_daemon.daemon import ALL_ROLES, Daemon, Door, patiently
from evidence_daemon.documents.reader import Reader
from evidence_daemon.documents.tries import MOST_BEGINNINGS
from evidence_daemon.errors import BadConfig, BadInput, BadRules, EvidenceDaemonError, RefusedTransition
from evidence_daemon.exchange.batches import Batches
from evidence_daemon.exchange.corrections import Corrections
from evidence_daemon.exchange.watched import Watched
from evidence_daemon.health import Health, Pinger
from evidence_daemon.mail.folders import Folders, ImapFolders, MaildirFolders
from evidence_daemon.mail.imap import Mailbox
from evidence_daemon.mail.keys import DnsKeys
from evidence_daemon.mail.maildir import Maildir
from evidence_daemon.mail.oauth import Grant
from evidence_daemon.mail.smtp import Postman
from evidence_daemon.mail.spool import own_place
from evidence_daemon.mail.subject import failed_examples
from evidence_daemon.metrics import Metrics
from evidence_daemon.model import DAEMON, Channel
from evidence_daemon.outreach.audience import Plan
from evidence_daemon.outreach.call_file import CallFiles
from evidence_daemon.outreach.campaign import Campaigns
from evidence_daemon.outreach.channel import Driver, Message, Sent
from evidence_daemon.outreach.cloud import Account, Cloud
from evidence_daemon.outreach.contact import Contacts
from evidence_daemon.outreach.conversation import Conversation
from evidence_daemon.outreach.dry_run import DryRun
from evidence_daemon.outreach.engine import Engine, Rehearsal
from evidence_daemon.outreach.ivr import Ivr, Line
from evidence_daemon.outreach.listener import Listener
from evidence_daemon.outreach.prompts import Prompt, can_speak, prompt
from evidence_daemon.outreach.schedule import Lane
from evidence_daemon.outreach.templates import Templates, troubles
from evidence_daemon.outreach.whatsapp import WhatsApp
from evidence_daemon.pipeline import Pipeline
from evidence_daemon.review import Desk
from evidence_daemon.rulebook import RuleBook
from evidence_daemon.store import audit, outreach, records
from evidence_daemon.store.blobs import Blobs, open_blobs
from evidence_daemon.store.database import Database, open_database
from evidence_daemon.store.lease import Lease
from evidence_daemon.store.members import Member, new_executor
from evidence_daemon.store.reading import StoredTries

if TYPE_CHECKING:
    from evidence_daemon.web.security import Wall
    from evidence_daemon.web.server import Server


log = logging.getLogger("evidence_daemon.app")


@dataclass(frozen=True)
class House:
    """Everything built, nothing running."""

    config: Config
    database: Database
    blobs: Blobs
    reader: Reader
    pipeline: Pipeline
    desk: Desk
    alerts: Alerts

    @property
    def book(self) -> RuleBook:
        """The rule book as it stands now."""
        return self.pipeline.book

    def reload(self) -> bool:
        """Read the rules anew; True when they stand.  A faulty book is refused whole and the old one stays."""
        before, now = self.book.edition, self.pipeline.clock()
        try:
            book = read_rules(rules_directory(self.config))
        except BadRules as bad:
            for fault in bad.faults:
                log.error("rules: %s", fault)  # noqa: TRY400  # for the operator: where a parser stood helps nobody
            log.error("the rules were not changed: edition %s stays", before)  # noqa: TRY400
            with self.database.session() as session:
                detail = {"stays": before, "faults": len(bad.faults)}
                audit.record(session, "rules refused", actor=DAEMON, now=now, detail=detail)
            return False
        self.reader.follow(book.documents)
        self.pipeline.book = book
        log.info("the rules were read anew: edition %s (before: %s)", book.edition, before)
        with self.database.session() as session:
            detail = {"before": before, "after": book.edition}
            audit.record(session, "rules read anew", actor=DAEMON, now=now, detail=detail)
        return True

    @contextmanager
    def daemon(self, roles: Collection[str] | None = None) -> Iterator[Daemon]:
        """A daemon of this house, not yet running.  `roles` are those of the configuration unless given.

        On SQLite there is one, which does all: raises `BadInput` when another one runs here.  On PostgreSQL it is
        one of any number.
        """
        from evidence_daemon import flow as engine  # noqa: PLC0415  # half of the start-up; only a daemon needs it

        config, lite = self.config, self.database.lite
        played = ALL_ROLES if lite else frozenset(config.daemon.roles if roles is None else roles)
        alone = Lease(self.database, "daemon", config.state_directory) if lite else nullcontext()
        with alone, own_place(config.state_directory / "evidence" / "spool") as spool:
            self.blobs.sweep(alone=lite and not config.files.evidence)
            self._look_around()
            self.end_lost_rehearsals()
            self.pipeline.mails.spool = spool
            daemon: Daemon | None = None
            grants = {block.name: open_grant(config, block) for block in config.oauth}
            executor = new_executor(self.database)
            flow = engine.Flow(
                self.database,
                self.pipeline,
                workers=config.daemon.workers,
                retries=config.daemon.retries,
                executor=executor,
                work="work" in played,
                connections=config.database.pool_size,
                settled=lambda: daemon.wake("dispatch") if daemon is not None else None,
            )
            self.pipeline.enqueue = flow.enqueue
            member = Member(
                self.database,
                executor,
                roles=sorted(played),
                engine_version=engine.VERSION if "work" in played else "",
                holding=flow.holding,
                owners=flow.owners,
                adopt=flow.adopt,
            )
            daemon = Daemon(
                pipeline=self.pipeline,
                flow=flow,
                member=member,
                doors=self._doors(grants, spool) if "poll" in played else (),
                postman=Postman(_placed(config, config.smtp), *_login(config, config.smtp, grants)),
                reconcile_seconds=config.daemon.reconcile_seconds,
                alerts=self.alerts,
                roles=played,
                accounts=tuple(box.name for box in config.mailboxes),
                watched=self.watched,
            )
            running = daemon

            def reread() -> None:
                if self.reload():
                    running.watched = self.watched

            daemon.reload = reread
            daemon.close_mailboxes = lambda: self.close_mailboxes(grants)
            daemon.after_round = Pinger(config.health.ping_url, config.health.ping_seconds)
            self._note_settings()
            campaigns = self._campaign_engine(member) if "campaigns" in played else None
            if campaigns is not None:
                campaigns.start()
            try:
                with self._health(daemon), self._webhooks_with_daemon(played):
                    yield daemon
            finally:
                if campaigns is not None:
                    campaigns.stop()

    def _health(self, daemon: Daemon) -> Health:
        """What a monitor asks, over these rooms."""
        config = self.config
        metrics = Metrics(
            self.pipeline,
            working=lambda: not daemon.hanging(),
            swept=daemon.swept,
            failures=daemon.troubles,
            closings=daemon.closings,
            turns=daemon.member.turns,
            backups=config.path(config.backup.directory),
        )
        return Health(
            config.health,
            hanging=daemon.hanging,
            unready=self.unready,
            degraded=daemon.troubles,
            metrics=metrics.text,
        )

    def unready(self) -> list[str]:
        """What this house lacks to do its work now: the database, room on the disk, a locked reader."""
        lacks = []
        try:
            self.database.check_schema()
            with self.database.session():
                pass  # a transaction for writing could be begun
        except EvidenceDaemonError as trouble:
            lacks.append(f"database: {trouble}")
        if shutil.disk_usage(self.config.state_directory).free < self.config.alerts.disk_free_mb * 1_000_000:
            lacks.append("disk: too little room in the state directory")
        if unfit := self.reader.unfit():
            lacks.append(f"sandbox: {unfit}")
        return lacks

    @contextmanager
    def folders(self, grants: dict[str, Grant] | None = None) -> Iterator[tuple[Folders, ...]]:
        """The folders of every mailbox, by connections of their own.  Raises `BadConfig`."""
        spool = self.config.state_directory / "evidence" / "spool"
        spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        opened = tuple(open_folders(self.config, mailbox, spool, grants) for mailbox in self.config.mailboxes)
        try:
            yield opened
        finally:
            for one in opened:
                one.close()

    def close_mailboxes(self, grants: dict[str, Grant] | None = None) -> tuple[equation.Closing, ...]:
        """The closing equation of every mailbox.  Raises `Temporary` when one cannot be reached."""
        with self.folders(grants) as mailboxes:
            return tuple(equation.close(self.database, one, self.pipeline.clock()) for one in mailboxes)

    def _note_settings(self) -> None:
        """A change of the settings is an event of the audit trail: which sections, by their hashes."""
        now = self.pipeline.clock()
        found = {name: _hash(section) for name, section in self.config.model_dump(mode="json").items()}

        def note(session: records.Session) -> list[str]:
            before = audit.last_detail(session, "settings")
            changed = sorted(name for name in found if before.get(name) != found[name])
            if changed:
                audit.record(session, "settings", actor=DAEMON, now=now, detail=found)
            return changed if before else []

        if changed := self.database.transact(note):
            log.info("settings changed: %s", ", ".join(changed))

    def site(self) -> Wall:
        """The web house over these rooms, as an ASGI application.  Raises `BadConfig`."""
        from evidence_daemon.web.frame import Outbound  # noqa: PLC0415
        from evidence_daemon.web.site import build  # noqa: PLC0415  # a third of a second that only a server pays

        outbound = Outbound(
            acts=lambda: self.campaigns,
            channels=lambda: {channel: not isinstance(one, DryRun) for channel, one in self.drivers().items()},
            sounds=self.config.path(self.config.ivr.sounds_directory),
            send_test=self.send_test,
            rehearse=self.rehearse_apart,
        )
        return build(self.pipeline, self.desk, outbound)

    def web(self) -> Server:
        """The web house on its socket, not yet listening.  Raises `BadConfig`."""
        from evidence_daemon.web.server import Server  # noqa: PLC0415

        settings = self.config.web
        certificate = self.config.path(settings.tls_certificate_file) if settings.tls_certificate_file else None
        key = self.config.path(settings.tls_key_file) if settings.tls_key_file else None
        self.end_lost_rehearsals()
        return Server(self.site(), settings, certificate, key)

    def _look_around(self) -> None:
        """A house that is a copy, or was restored from a backup, starts disarmed."""
        place, now = self.database.place(), self.pipeline.clock()
        if self.database.transact(lambda session: records.move_in(session, place, now)):
            log.warning(
                "this database was at work elsewhere before (a copy, or restored from a backup): it is disarmed, and "
                "nothing that waited is sent; look at `status` and `answers held`, then use `arm`"
            )

    @property
    def watched(self) -> Watched | None:
        """The folder in which lists are dropped; None without one."""
        settings = self.config.imports
        if not settings.directory:
            return None
        return Watched(
            directory=self.config.path(settings.directory),
            settings=settings,
            database=self.database,
            book=self.book,
            clock=self.pipeline.clock,
            after_cases=self.after_cases,
        )

    def after_cases(self) -> None:
        """After a list of cases: what was held or found no case is judged again."""
        self.pipeline.rejudge()

    @property
    def batches(self) -> Batches:
        """What people do with batches of reversals."""
        return Batches(self.database, self.book, self.pipeline.clock)

    @property
    def corrections(self) -> Corrections:
        """What people do with single charges."""
        return Corrections(self.database, self.book, self.pipeline.clock)

    # ── campaigns ────────────────────────────────────────────────────────────────────────────────

    @property
    def lanes(self) -> dict[Channel, Lane]:
        """How much each channel takes."""
        ivr, whatsapp, campaigns = self.config.ivr, self.config.whatsapp, self.config.campaigns
        return {
            Channel.IVR: Lane(ivr.calls_per_second, ivr.channels, campaigns.calls_per_day),
            Channel.WHATSAPP: Lane(whatsapp.per_second, max(10, int(whatsapp.per_second)), whatsapp.per_day),
        }

    @property
    def campaigns(self) -> Campaigns:
        """What people do with campaigns."""
        calls = self.config.ivr.host or self.config.ivr.call_files_directory
        speaks = calls or (self.config.campaigns.dry_run and can_speak())
        sound = (lambda text: self._prompt(text).sha256) if speaks else None
        calendar = self.pipeline.calendar
        checked = troubles if self.config.whatsapp.phone_number_id else None
        return Campaigns(self.database, self.book, self.pipeline.clock, calendar, self.lanes, sound, checked)

    def rehearse(self, number: int, path: Path, now: datetime | None = None) -> datetime:
        """Go through a campaign from `now` on, its contacts only written to `path`; when it would be over."""
        contacts = Contacts(self.pipeline.calendar, self.lanes)
        return Rehearsal(self.database, contacts, lambda channel, clock: DryRun(channel, path, clock)).run(
            number, now or self.pipeline.clock()
        )

    def rehearse_apart(self, number: int) -> None:
        """The same on a thread of its own, nothing written beside the attempts: its page shows whom."""

        def run() -> None:
            try:
                with self._rehearsing(number):
                    self.rehearse(number, Path(os.devnull))
            except Exception:
                log.exception("rehearsal %d failed", number)
                self.campaigns.abandon(number, "el ensayo falló; la causa está en el registro del programa")

        threading.Thread(target=run, name="rehearsal", daemon=True).start()

    @contextmanager
    def _rehearsing(self, number: int) -> Iterator[None]:
        """Held by whoever runs a rehearsal; its process's death lets go.  Raises `BadInput` while another holds it."""
        name = f"rehearsal-{number}"
        with Lease(self.database, name, self.config.state_directory):
            try:
                yield
            finally:
                (self.config.state_directory / f"{name}.lock").unlink(missing_ok=True)

    def end_lost_rehearsals(self) -> None:
        """Cancel the rehearsals whose process died: they would keep every other one from beginning."""
        with self.database.reading() as session:
            said_to_run = outreach.running(session, rehearsal=True)
        for one in said_to_run:
            with suppress(BadInput, RefusedTransition), self._rehearsing(one.id):
                self.campaigns.abandon(one.id, "el programa que hacía el ensayo se detuvo")

    def drivers(self) -> dict[Channel, Driver]:
        """The channels that are configured, not yet open."""
        found: dict[Channel, Driver] = {}
        if self.config.ivr.host or self.config.ivr.call_files_directory:
            found[Channel.IVR] = self._ivr()
        if self.config.whatsapp.phone_number_id:
            found[Channel.WHATSAPP] = WhatsApp(self.cloud())
        if self.config.campaigns.dry_run:
            folder = self.config.state_directory / "dry-run"
            for channel in Channel:
                path = folder / f"{channel.value.lower()}.csv"
                found.setdefault(channel, DryRun(channel, path, self.pipeline.clock))
        return found

    def send_test(self, plan: Plan, key: str, phone: str, *, person: str) -> tuple[Message, Sent]:
        """Send a script's example to one of our own telephones.  Raises `BadInput`, `BadConfig`, `Temporary`."""
        message = self.campaigns.test_message(plan, key, phone, self.config.campaigns.test_phones)
        channel = plan.book.scripts[key].channel
        driver = self.drivers().get(channel)
        if driver is None:
            raise BadConfig(f"{channel}: el canal no está configurado")

        async def send() -> Sent:
            await driver.open()
            try:
                return await driver.send(message)
            finally:
                await driver.close()

        sent = asyncio.run(send())
        self.campaigns.note_test(message, sent, person=person)
        return message, sent

    def cloud(self) -> Cloud:
        """The way to the WhatsApp account, not yet open.  Raises `BadConfig`."""
        return open_cloud(self.config)

    def webhooks(self) -> Listener:
        """The listener for WhatsApp's webhooks and what works them through.  Raises `BadConfig`."""
        settings, pipeline = self.config.whatsapp, self.pipeline
        if not settings.listen_port:
            raise BadConfig("whatsapp.listen_port is 0: there is no port for webhooks")
        secret, verify = (
            _secret(self.config, settings.app_secret_file),
            _secret(self.config, settings.verify_token_file),
        )
        if not (secret() and verify()):
            raise BadConfig("whatsapp: the app's secret or the verify token is empty")
        conversation = Conversation(
            self.database,
            Contacts(pipeline.calendar, self.lanes),
            self.cloud(),
            take_in=pipeline.take_in,
            books=lambda: tuple(self.book.campaigns.values()),
            clock=pipeline.clock,
            leases=self.config.state_directory,
            most_bytes=settings.media_max_bytes,
        )
        listener = Listener(
            self.database,
            address=settings.listen_address,
            port=settings.listen_port,
            secret=secret,
            verify=verify,
            clock=pipeline.clock,
            beside=conversation.run,
        )
        conversation.busy = lambda: listener.busy
        return listener

    def _webhooks_with_daemon(self, played: Collection[str]) -> AbstractContextManager[object]:
        settings = self.config.whatsapp
        here = settings.listen_port and settings.with_daemon and "campaigns" in played
        return self.webhooks() if here else nullcontext()

    def templates(self) -> Templates:
        """What people do with the templates at the provider.  Raises `BadConfig`."""
        return Templates(self.database, self.cloud(), self.pipeline.clock)

    def _ivr(self) -> Driver:
        ivr = self.config.ivr
        line = Line(
            ivr.host,
            ivr.port,
            ivr.user,
            self.config.secret(ivr.secret_file) if ivr.host else "",
            dial=ivr.dial,
            caller_id=ivr.caller_id,
            national=ivr.national,
            ring_seconds=ivr.ring_seconds,
            listen_first=frozenset(
                key for book in self.book.campaigns.values() for key, one in book.scripts.items() if one.listen_first
            ),
            cdr=Path(ivr.cdr_file) if ivr.cdr_file else None,
        )

        def sound(text: str) -> tuple[str, float]:
            made = self._prompt(text)
            return str(made.path.with_suffix("")), made.seconds

        if ivr.host:
            return Ivr(line, sound)
        return CallFiles(line, self.config.path(ivr.call_files_directory), sound)

    def _prompt(self, text: str) -> Prompt:
        return prompt(text, self.config.path(self.config.ivr.sounds_directory))

    def _campaign_engine(self, member: Member) -> Engine | None:
        """The engine over the configured channels, each in its turn; None where there are none."""
        drivers = self.drivers()
        if not drivers:
            return None
        contacts = Contacts(self.pipeline.calendar, self.lanes)
        turns = None if self.database.lite else member.turn
        return Engine(self.database, contacts, drivers, self.pipeline.clock, self.config.state_directory, turns)

    def _doors(self, grants: dict[str, Grant], spool: Path) -> tuple[Door, ...]:
        """Every mailbox of the configuration; large mails pass through `spool`."""
        config, doors = self.config, []
        for mailbox in config.mailboxes:
            match mailbox:
                case MailboxConfig():
                    placed, login = _placed(config, mailbox), _login(config, mailbox, grants)
                    lookout = Mailbox(placed, *login, spool=spool) if mailbox.idle else None
                    doors.append(Door(Mailbox(placed, *login, spool=spool), lookout, mailbox.poll_seconds))
                case MaildirConfig():
                    path = config.path(mailbox.path)
                    doors.append(
                        Door(Maildir(mailbox, path, spool), Maildir(mailbox, path, spool), mailbox.poll_seconds)
                    )
                case _:
                    assert_never(mailbox)
        return tuple(doors)


def _hash(section: object) -> str:
    return hashlib.sha256(json.dumps(section, sort_keys=True).encode()).hexdigest()[:16]


def open_postman(config: Config) -> Postman:
    """The way to the submission server, not yet connected.  Raises `BadConfig`."""
    grants = {block.name: open_grant(config, block) for block in config.oauth}
    return Postman(_placed(config, config.smtp), *_login(config, config.smtp, grants))


def open_mailbox(config: Config, mailbox: MailboxConfig | MaildirConfig, spool: Path) -> Mailbox | Maildir:
    """The way to one mailbox, not yet connected; `spool` takes large mails.  Raises `BadConfig`."""
    if isinstance(mailbox, MaildirConfig):
        return Maildir(mailbox, config.path(mailbox.path), spool)
    grants = {block.name: open_grant(config, block) for block in config.oauth}
    return Mailbox(_placed(config, mailbox), *_login(config, mailbox, grants), spool=spool)


def open_folders(
    config: Config, mailbox: MailboxConfig | MaildirConfig, spool: Path, grants: dict[str, Grant] | None = None
) -> Folders:
    """The way to the folders of one mailbox, not yet connected.  Raises `BadConfig`."""
    if isinstance(mailbox, MaildirConfig):
        return MaildirFolders(mailbox, config.path(mailbox.path), spool)
    if grants is None:
        grants = {block.name: open_grant(config, block) for block in config.oauth}
    return ImapFolders(_placed(config, mailbox), *_login(config, mailbox, grants), spool=spool)


def open_cloud(config: Config) -> Cloud:
    """The way to the WhatsApp account, not yet open.  Raises `BadConfig`."""
    settings = config.whatsapp
    if not settings.phone_number_id:
        raise BadConfig("whatsapp.phone_number_id is empty: there is no account")
    token = _secret(config, settings.token_file)
    token()  # a missing file is told now, not by the first message
    return Cloud(
        Account(settings.api_url, settings.api_version, settings.phone_number_id, settings.business_account_id, token)
    )


def open_grant(config: Config, block: OAuthConfig) -> Grant:
    """The [[oauth]] block at work; its refresh token lies in the state directory.  Raises `BadConfig`."""
    secret = _secret(config, block.client_secret_file) if block.client_secret_file else str
    return Grant(_placed(config, block), secret, config.state_directory / "oauth")


@contextmanager
def open_house(
    config: Config,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    read_only: bool = False,
    patience: float = 0.0,
) -> Iterator[House]:
    """Build the house: read the rules, open and migrate the database.

    `read_only` opens one that stands and lets nobody write to it.  A database that cannot be reached is waited for
    `patience` seconds.  Raises `BadConfig` and `BadRules` with all
    their faults; `BadInput` for a database that is not there, or not of this version, when it may not be changed.
    """
    book = read_rules(rules_directory(config))
    if not read_only:
        config.state_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    password = config.secret(config.database.password_file) if config.database.password_file else None
    database = open_database(
        config.database.url,
        config.state_directory,
        password,
        read_only=read_only,
        connections=config.database.pool_size,
    )
    try:
        if read_only:
            database.check_schema()
        else:
            patiently(lambda: database.migrate(armed=config.daemon.armed), patience)
        blobs = evidence_of(config)
        tries = StoredTries(database, clock)
        reader = Reader(
            of_documents(config), blobs.put, book.documents, tries, max(MOST_BEGINNINGS, config.daemon.retries)
        )
        pipeline = Pipeline(
            database=database,
            blobs=blobs,
            reader=reader,
            book=book,
            config=config,
            clock=clock,
            keys=DnsKeys() if config.answers.check_signatures else None,
        )
        yield House(
            config=config,
            database=database,
            blobs=blobs,
            reader=reader,
            pipeline=pipeline,
            desk=Desk(pipeline),
            alerts=Alerts(database, config, clock),
        )
    finally:
        database.close()


def evidence_of(config: Config) -> Blobs:
    """The place of evidence files that a configuration names.  Raises `BadConfig`."""
    files = config.files
    here = str(config.path(files.evidence)) if files.evidence and "://" not in files.evidence else files.evidence
    return open_blobs(
        here,
        config.state_directory,
        endpoint=files.s3_endpoint,
        region=files.s3_region,
        secret=config.secret(files.s3_secret_file) if files.s3_secret_file else "",
    )


def packaged_units() -> Path:
    """Where the unit files lie that came with the program."""
    here = Path(__file__).resolve().parent
    inside = here / "units"
    return inside if inside.is_dir() else here.parent / "systemd"


def rules_directory(config: Config) -> Path:
    """Where the rule book lies: by setting, else the one that came with the program."""
    if config.files.rules_directory:
        return config.path(config.files.rules_directory)
    here = Path(__file__).resolve().parent
    inside = here / "rules"
    return inside if inside.is_dir() else here.parent / "rules"


def read_rules(directory: Path) -> RuleBook:
    """The rule book in a directory, with the examples of its subjects tried.

    Raises `BadRules` with all its faults.
    """
    if not directory.is_dir():
        raise BadRules(f"{directory}: there is no such directory of rules")
    texts = {}
    for path in sorted(directory.rglob("*")):
        if path.suffix in {".toml", ".txt"} and path.is_file():
            texts[path.relative_to(directory).as_posix()] = path.read_text("utf-8")
    book = rulebook.parse(texts)
    if faults := failed_examples(book.subject):  # the grammar stands above the book, so it is tried here
        raise BadRules(faults)
    return book


def of_documents(config: Config) -> DocumentsConfig:
    """The section with the directory of authorities where the configuration means it."""
    documents = config.documents
    if not documents.signature_authorities:
        return documents
    return documents.model_copy(update={"signature_authorities": str(config.path(documents.signature_authorities))})


_Section = TypeVar("_Section", MailboxConfig, SmtpConfig, OAuthConfig)


def _placed(config: Config, section: _Section) -> _Section:
    """The section with its certificate file where the configuration means it."""
    return section.model_copy(update={"ca_file": str(config.path(section.ca_file))}) if section.ca_file else section


def _login(
    config: Config, section: MailboxConfig | SmtpConfig, grants: dict[str, Grant]
) -> tuple[Callable[[], str], Callable[[str], None] | None]:
    """What a door logs in with, and whom it tells when that was refused; nobody can renew a password."""
    if section.oauth:
        return grants[section.oauth].token, grants[section.oauth].refused
    return _secret(config, section.password_file), None


def _secret(config: Config, setting: str) -> Callable[[], str]:
    """Read when needed, so that a rotated password counts from the next login on."""
    return lambda: config.secret(setting)
