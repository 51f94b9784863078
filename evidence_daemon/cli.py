"""The front door for people: one function per command.

Exit statuses: 0 all well · 1 it did not work (the message says why) · 2 the command line is wrong ·
65 a file had faulty rows (the good ones are in) · 75 try again later (network, another process) ·
78 configuration or rules are wrong.
"""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from evidence_daemon import __version__, observe
from evidence_daemon import config as configuration
from evidence_daemon.app import House, open_grant, read_rules, rules_directory
from evidence_daemon.asked import Asked
from evidence_daemon.commands import DEFAULT_CONFIG, AsJson, ConfigFile, Person, looking_back, queue
from evidence_daemon.commands import audit as audit_commands
from evidence_daemon.commands import backup as backup_commands
from evidence_daemon.commands import batches as batch_commands
from evidence_daemon.commands import campaigns as campaign_commands
from evidence_daemon.commands import closing as closing_command
from evidence_daemon.commands import doctor as doctor_command
from evidence_daemon.commands import ivr as ivr_commands
from evidence_daemon.commands import lists as list_commands
from evidence_daemon.commands import mail_named as _mail
from evidence_daemon.commands import moving as moving_commands
from evidence_daemon.commands import opened as _house
from evidence_daemon.commands import privacy as privacy_commands
from evidence_daemon.commands import reversals as charge_commands
from evidence_daemon.commands import rules as rule_commands
from evidence_daemon.commands import sandbox as sandbox_commands
from evidence_daemon.commands import told as _told
from evidence_daemon.commands import users as user_commands
from evidence_daemon.commands import whatsapp as whatsapp_commands
from evidence_daemon.config import Config, MailboxConfig
from evidence_daemon.console import out, print_json, print_status, print_withheld
from evidence_daemon.daemon import ALL_ROLES, PATIENCE_SECONDS
from evidence_daemon.errors import BadConfig, BadInput
from evidence_daemon.store import brake, records

app = typer.Typer(
    name="evidence-daemon",
    help="Reads certificates of returned equipment from a mailbox and marks wrongly charged values for reversal.\n\n"
    "Try `evidence-daemon demo` first: a whole house on this machine, with sample mails.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit statuses: 0 all well, 1 it did not work, 2 wrong command line, 65 a file had faulty rows, "
    "75 try again later, 78 configuration or rules are wrong.",
)
answers = typer.Typer(no_args_is_help=True, help="Answers that are kept back.")
replies = typer.Typer(no_args_is_help=True, help="The texts of the answers.")
config_commands = typer.Typer(no_args_is_help=True, help="The configuration file.")
mailbox = typer.Typer(no_args_is_help=True, help="The mailboxes that are polled.")
app.add_typer(answers, name="answers")
app.add_typer(queue.queue, name="queue")
app.add_typer(list_commands.cases, name="cases")
app.add_typer(list_commands.register, name="register")
app.add_typer(batch_commands.batches, name="batches")
app.add_typer(charge_commands.reversals, name="reversals")
app.add_typer(charge_commands.refunds, name="refunds")
app.add_typer(replies, name="replies")
app.add_typer(rule_commands.rules, name="rules")
app.add_typer(mailbox, name="mailbox")
app.add_typer(config_commands, name="config")
app.add_typer(user_commands.commands, name="users")
app.add_typer(ivr_commands.commands, name="ivr")
app.add_typer(whatsapp_commands.commands, name="whatsapp")
app.add_typer(sandbox_commands.commands, name="sandbox")
app.add_typer(campaign_commands.commands, name="campaigns")
app.add_typer(audit_commands.commands, name="audit")
app.add_typer(privacy_commands.subject, name="subject")
app.add_typer(privacy_commands.retention, name="retention")


def _version(wanted: bool) -> None:
    if wanted:
        out.print(f"evidence-daemon {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    pass


# ── running ──────────────────────────────────────────────────────────────────────────────────────


@app.command()
def run(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Run the daemon until Ctrl-C or SIGTERM: poll, read, decide, answer, file away.  SIGHUP reads the rules anew."""
    asked = Asked.listen()
    with _house(config, PATIENCE_SECONDS) as house:
        _work(house, None, asked)


@app.command()
def worker(
    role: Annotated[
        list[str] | None,
        typer.Option("--role", help="What it does (repeat it); default: daemon.roles of the configuration."),
    ] = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Run one of any number of workers on one PostgreSQL database, until Ctrl-C or SIGTERM.

    All have the same configuration file but for daemon.roles.  With SQLite there is one daemon: `evidence-daemon run`.
    """
    asked = Asked.listen()
    with _house(config, PATIENCE_SECONDS) as house:
        if house.database.lite:
            raise BadInput(
                "several workers need a PostgreSQL server: set database.url (and move there with `evidence-daemon "
                "migrate`), or use `evidence-daemon run`, which is alone on SQLite"
            )
        if unknown := sorted(set(role or ()) - ALL_ROLES):
            raise BadInput(f"there is no role {', '.join(unknown)}; there are {', '.join(sorted(ALL_ROLES))}")
        _work(house, role or None, asked)


def _work(house: House, roles: list[str] | None, asked: Asked) -> None:
    played = house.config.daemon.roles if roles is None else roles
    with house.daemon(roles) as daemon:
        daemon.asked = asked
        if "work" in daemon.roles:
            house.reader.check()
        with house.web() if house.config.web.with_daemon or "web" in played else nullcontext():
            daemon.run(leave_after=45)  # within the minute that a service manager gives


@app.command()
def web(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Open the web house alone, beside a daemon that runs elsewhere, until Ctrl-C or SIGTERM."""
    asked = Asked.listen()
    with _house(config) as house, house.web() as server:
        out.print(f"The web house is open at {server.url}  (Ctrl-C ends)", highlight=False)
        observe.notify("READY=1")
        while not asked.stop.is_set():
            if asked.reread:
                asked.reread = False
                house.reload()
            if server.alive and observe.watchdog_seconds() is not None:
                observe.notify("WATCHDOG=1")
            time.sleep(0.5)
        observe.notify("STOPPING=1")


@app.command()
def once(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Do one round (take in, walk, answer, file away), print what stands, and end."""
    asked = Asked.listen()
    with _house(config) as house, house.daemon() as daemon:
        daemon.asked = asked
        house.reader.check()
        daemon.once()
        _show_status(house, as_json)


@app.command()
def demo(
    directory: Annotated[Path, typer.Option(help="Where the demo house lives.")] = Path("var/demo"),
    once_only: Annotated[bool, typer.Option("--once", help="End when all sample mails are walked.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin with an empty house.")] = False,
) -> None:
    """Show it all on this machine: an IMAP mailbox, an SMTP receiver, 200 cases, 40 sample mails.

    Goes on polling until Ctrl-C: a mail dropped into the demo mailbox is answered while you watch.
    """
    from evidence_daemon.demo.show import show  # noqa: PLC0415  # the demo's drawing libraries load only here

    with _told():
        show(directory, out, once=once_only, fresh=fresh)


@app.command()
def status(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Say how many mails stand where, what waits for a person, and what waits to be sent."""
    with _house(config) as house:
        _show_status(house, as_json)


app.command("closing")(closing_command.closing)
app.command("doctor")(doctor_command.doctor)
app.command("backup")(backup_commands.backup)
app.command("restore")(backup_commands.restore)
app.command("migrate")(moving_commands.migrate)
app.command()(looking_back.explain)
app.command("replay")(looking_back.replay_command)


@app.command()
def arm(
    person: Person,
    release: Annotated[
        bool, typer.Option("--release", help="Also send the answers that were withheld so far.")
    ] = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Let answers be sent.  A new house starts disarmed: it decides everything and sends nothing."""
    with _house(config) as house, house.database.session() as session:
        now, actor = house.pipeline.clock(), f"persona:{person}"
        withheld = records.set_armed(session, True, actor=actor, now=now)
        released = records.release(session, actor=actor, now=now) if release else 0
    out.print(
        f"Armed: answers are sent from now on.  {withheld - released} older answers stay withheld, "
        f"{released} are released."
    )


@app.command()
def disarm(person: Person, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Send nothing until armed again; mails are still taken in and decided."""
    with _house(config) as house, house.database.session() as session:
        records.set_armed(session, False, actor=f"persona:{person}", now=house.pipeline.clock())
    out.print("Disarmed: everything is decided, nothing is sent.")


@app.command()
def pause(
    person: Person,
    intake: Annotated[bool, typer.Option("--intake", help="Take no new mail in; it waits in the mailbox.")] = False,
    sending: Annotated[bool, typer.Option("--sending", help="Send no answers; they wait in the outbox.")] = False,
    because: Annotated[str, typer.Option(help="Why; shown by `status`.")] = "",
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Stop taking mail in and sending answers (or one of them) until resumed; what was taken in is still walked.

    `status` says when nothing is under way any more, so that the program can be stopped.
    """
    with _house(config) as house, house.database.session() as session:
        what = {"intake": intake or not sending, "sending": sending or not intake}
        records.pause(session, **what, actor=f"persona:{person}", now=house.pipeline.clock(), because=because)
    out.print(f"Paused: {' and '.join(name for name, chosen in what.items() if chosen)}.")


@app.command()
def resume(
    person: Person,
    intake: Annotated[bool, typer.Option("--intake", help="Take mail in again.")] = False,
    sending: Annotated[bool, typer.Option("--sending", help="Send again; also after the valve closed.")] = False,
    accepting: Annotated[
        bool, typer.Option("--accepting", help="Accredit automatically again, after the circuit breaker closed.")
    ] = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Go on with what was paused by a person or the valve; the circuit breaker is lifted with --accepting only."""
    actor = f"persona:{person}"
    with _house(config) as house, house.database.session() as session:
        now = house.pipeline.clock()
        plain = not (intake or sending or accepting)
        what = {"intake": intake or plain, "sending": sending or plain}
        records.resume(session, **what, actor=actor, now=now)
        lifted = accepting and brake.lift(session, actor=actor, now=now)
    done = [name for name, chosen in what.items() if chosen] + ["accepting"] * lifted
    out.print(f"Resumed: {' and '.join(done)}." if done else "The circuit breaker was not closed.")


# ── answers ──────────────────────────────────────────────────────────────────────────────────────


@answers.command("held")
def answers_held(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List the answers that are kept back, with the reason, and when they go out by themselves."""
    with _house(config) as house, house.database.reading() as session:
        rows = records.withheld(session)
    if as_json:
        print_json(rows)
    else:
        print_withheld(rows)


@answers.command("release")
def answers_release(
    receipts: Annotated[list[str], typer.Argument(metavar="RECEIPT...", help="Receipt numbers.")],
    person: Person,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Let withheld answers go, in spite of the cap that keeps them.  All at once: `arm --release`."""
    with _house(config) as house, house.database.session() as session:
        mails = {_mail(receipt) for receipt in receipts}
        chosen = [row.id for row in records.withheld(session) if row.mail_id in mails]
        actor = f"persona:{person}"
        freed = records.release(session, actor=actor, now=house.pipeline.clock(), outbox_ids=chosen)
    out.print(f"{freed} answers are released.")


# ── rules and configuration ──────────────────────────────────────────────────────────────────────


@config_commands.command("check")
def config_check(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Check a configuration file; all faults are told at once."""
    with _told():
        checked = configuration.load(config)
        faults = []
        for setting in checked.needed_secrets:
            try:
                checked.secret(setting)
            except BadConfig as fault:
                faults += fault.faults
        if faults:
            raise BadConfig(faults)
        out.print(f"{config}: the configuration is sound")


@mailbox.command("authorize")
def mailbox_authorize(
    name: Annotated[str, typer.Argument(help="Name of a mailbox that logs in by OAuth, or of an [[oauth]] block.")],
    port: Annotated[
        int, typer.Option(help="Port on loopback to which the browser comes back; 0: any free one.", min=0, max=65535)
    ] = 0,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Let a person consent in a browser that the daemon may use a mailbox (Microsoft, Google).

    Open the address that is printed.  When the browser runs on another machine, choose a --port and forward it
    here first:  ssh -L PORT:127.0.0.1:PORT THIS-MACHINE
    """
    with _told():
        checked = configuration.load(config)
        boxes = {box.name: box for box in checked.mailboxes if isinstance(box, MailboxConfig) and box.oauth}
        box = boxes.get(name)
        grant = open_grant(checked, checked.oauth_named(box.oauth if box else name))

        def show(address: str) -> None:
            out.print("Open this address in a browser and consent (waiting for ten minutes):\n")
            sys.stdout.write(address + "\n\n")
            sys.stdout.flush()

        grant.consent(show, user=box.user if box else "", port=port)
        out.print("Done: the permission is kept.  A running daemon uses it at its next login.")


@config_commands.command("describe")
def config_describe() -> None:
    """Print an example configuration: every option with its meaning and default."""
    sys.stdout.write(configuration.example())


# ── replies ──────────────────────────────────────────────────────────────────────────────────────


@replies.command("preview")
def replies_preview(
    wanted: Annotated[str, typer.Argument(metavar="[KIND|REASON]", help="Only this answer, or this reason.")] = "",
    as_html: Annotated[bool, typer.Option("--html", help="The page instead of the plain text.")] = False,
    directory: Annotated[
        Path | None, typer.Option("--out", file_okay=False, help="Write one file for each answer here.")
    ] = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Show every answer as customers read it, each with the reasons it may carry; persons and facts are invented."""
    from evidence_daemon.demo.letters import previews  # noqa: PLC0415  # invented people load only here

    with _told():
        book = read_rules(rules_directory(configuration.load(config) if config.exists() else Config()))
        count = 0
        for count, preview in enumerate(previews(book, wanted), start=1):  # noqa: B007
            content = preview.html if as_html else preview.text
            if directory is None:
                sys.stdout.write(f"{content}\n" if as_html else f"══ {preview.name} ══\n\n{content}\n")
            else:
                directory.mkdir(parents=True, exist_ok=True)
                (directory / f"{preview.name}.{'html' if as_html else 'txt'}").write_text(content, "utf-8")
        if directory is not None:
            out.print(f"{directory}: {count} answers")


# ── what the commands share ──────────────────────────────────────────────────────────────────────


def main() -> None:
    """Entry point of the command."""
    app()


def _show_status(house: House, as_json: bool) -> None:
    now = house.pipeline.status()
    if as_json:
        print_json(now)
    else:
        print_status(now)
        campaign_commands.print_running(house)
