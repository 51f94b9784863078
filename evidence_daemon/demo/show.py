"""The demo house, opened: a mailbox, a post office, 200 cases, sample mails; watched while it works.

Everything is the real program on a real (if small) IMAP server and SMTP receiver; only people, papers and
mails are invented.  The house stays where it is: a second start goes on where the first one stopped.
"""

from __future__ import annotations

import shutil
import signal
import socket
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from evidence_daemon import config as configuration
from evidence_daemon import observe
from evidence_daemon.app import House, open_house
from evidence_daemon.console import usd
from evidence_daemon.daemon import Daemon
from evidence_daemon.demo.mailhouse import MailHouse
from evidence_daemon.demo.mails import MAX_MAIL_BYTES, samples
from evidence_daemon.demo.people import write_case_list
from evidence_daemon.demo.programs import BORDER
from evidence_daemon.exchange import import_cases
from evidence_daemon.model import DAEMON, EvidenceState, ReasonCode, Role
from evidence_daemon.outreach import audience
from evidence_daemon.store import records, users
from evidence_daemon.web.auth import hash_password

_CONFIG = """\
# The demo house: everything on this machine, nothing leaves it.
[[mailboxes]]
name = "demo"
host = "127.0.0.1"
port = {imap}
security = "none"
user = "{user}"
password_file = "imap_password"
poll_seconds = 2
max_mail_bytes = {limit}

[smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
from_address = "{user}"
per_minute = 0

[files]
state_directory = "state"

[answers]
trusted_authserv_id = "{border}"

[daemon]
armed = true

[web]
port = {web}

[campaigns]
dry_run = true
test_phones = ["+593991234567"]

[ivr]
sounds_directory = "sounds"
"""

CAMPAIGN = "recuperacion-equipos"
CAMPAIGN_BEGAN = timedelta(days=21)
"""How long ago; all of its tries are over by now."""
DEMO_PASSWORD = "demostracion local"  # noqa: S105  # printed at the start; opens the demo house alone
WEB_PORT = 8080
"""Where the demo's review desk is looked for first; any free port when somebody else has it."""

_WIDE = 110
"""Columns of a terminal from which all that is told of a mail can be read in one row."""

_WORDS = {
    EvidenceState.ACEPTADO: ("accepted", "green"),
    EvidenceState.ACEPTADO_PARCIAL: ("accepted in part", "green"),
    EvidenceState.RECHAZADO: ("asked to mend it", "yellow"),
    EvidenceState.EN_REVISION: ("a person decides", "cyan"),
    EvidenceState.ESCALADO: ("passed on", "magenta"),
    EvidenceState.DESCARTADO: ("nothing to decide", "dim"),
    EvidenceState.DUPLICADO: ("known already", "dim"),
    EvidenceState.ERROR_TECNICO: ("could not be processed", "red"),
}


def show(directory: Path, out: Console, *, once: bool, fresh: bool) -> None:
    """Open the demo house in `directory`, walk the sample mails, and go on polling until Ctrl-C.

    `once` ends when every mail is walked and answered; `fresh` begins with an empty house.
    """
    if fresh and directory.exists():
        shutil.rmtree(directory)
    directory.mkdir(parents=True, exist_ok=True)
    observe.set_up_logging("error", "text")
    with out.status("Drawing the sample papers and opening the mail house …"):
        mails = samples()
        post = MailHouse.start(directory)
    with post:
        config = _configure(directory, post)
        with open_house(config) as house:
            house.reader.check()
            _bring_in_cases(house, directory, out)
            _campaign(house, directory, out)
            delivered = post.deliver_new(sample.raw for sample in mails)
            out.print(
                f"{delivered} new mails lie in the mailbox, {len(mails) - delivered} are known from an earlier start."
            )
            _staff(house)
            with house.daemon() as daemon, house.web() as web:
                _watch(house, daemon, post, out, directory, web.url, once=once)


def _staff(house: House) -> None:
    """One person of each role, with a password that everybody may know: nothing here is anybody's."""
    now = house.pipeline.clock()
    with house.database.session() as session:
        known = {user.name for user in users.all_users(session)}
        missing = [role for role in Role if role.value not in known]
        kept = hash_password(DEMO_PASSWORD) if missing else ""
        for role in missing:
            users.add_user(
                session,
                role.value,
                display=role.value.capitalize(),
                role=role,
                password_hash=kept,
                must_change=False,
                actor=DAEMON,
                now=now,
            )


def _configure(directory: Path, post: MailHouse) -> configuration.Config:
    secret = directory / "imap_password"
    secret.touch(mode=0o600)
    secret.write_text(post.password, "utf-8")
    path = directory / "config.toml"
    text = _CONFIG.format(
        imap=post.imap_port, smtp=post.smtp_port, user=post.user, border=BORDER, limit=MAX_MAIL_BYTES, web=_free_port()
    )
    path.write_text(text, "utf-8")
    return configuration.load(path)


def _free_port() -> int:
    """`WEB_PORT`, or 0 (any free one) when another program listens there."""
    with socket.socket() as probe:
        return 0 if probe.connect_ex(("127.0.0.1", WEB_PORT)) == 0 else WEB_PORT


def _bring_in_cases(house: House, directory: Path, out: Console) -> None:
    path = directory / "cases.csv"
    if not path.exists():
        write_case_list(path)
    report = import_cases(house.database, path, house.book)
    out.print(f"Case list {path}: {report.new} new, {report.unchanged} unchanged.")


def _watch(
    house: House, daemon: Daemon, post: MailHouse, out: Console, directory: Path, url: str, *, once: bool
) -> None:
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: daemon.stop.set())
    work = threading.Thread(target=daemon.run, name="daemon")
    work.start()
    try:
        _progress(house, daemon, out)
        if daemon.stop.is_set():
            return
        known = _closing_table(house, out, directory)
        _tell_campaign(house, out, directory)
        if once:
            return
        out.print(
            f"\nThe house goes on polling.  Drop a mail (.eml) into [bold]{directory / 'incoming'}[/bold], or send one "
            f"by SMTP to 127.0.0.1:{post.smtp_port}, and watch it being answered.  Ctrl-C ends."
        )
        out.print(
            f"\n[bold]The review desk is open at {url}[/bold]\n"
            f"Users: {', '.join(role.value for role in Role)}; password of each: [bold]{DEMO_PASSWORD}[/bold]",
            highlight=False,
        )
        while not daemon.stop.wait(0.5):
            known = _tell_news(house, out, known)
    finally:
        daemon.stop.set()
        work.join()
        out.print("Stopped.  The next start goes on from here.")


def _progress(house: House, daemon: Daemon, out: Console) -> None:
    """Until every mail of the mailbox is taken in and decided, and every due answer is on its way."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:20}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=out, transient=True) as bar:
        walked = bar.add_task("mails decided", total=None)
        answered = bar.add_task("answers sent", total=None)
        calm = 0
        while calm < 4 and not daemon.stop.wait(0.5):
            with house.database.session() as session:
                now = records.status(session)
            total, undecided = sum(now.mails.values()), sum(now.mails.get(state, 0) for state in records.UNDECIDED)
            bar.update(walked, completed=total - undecided, total=total)
            sent = now.outbox.get("ENVIADO", 0)
            due = sent + now.outbox.get("ENVIANDO", 0) + now.outbox.get("EN_COLA", 0)
            bar.update(answered, completed=sent, total=due)
            calm = calm + 1 if total and not undecided and sent else 0


def _closing_table(house: House, out: Console, directory: Path) -> int:
    with house.database.session() as session:
        stories = [records.explain(session, mail_id) for mail_id in records.all_mails(session)]
        now = records.status(session)
    wide = out.width >= _WIDE
    table = Table(title="What became of each mail", expand=True)
    table.add_column("Receipt", no_wrap=True)
    table.add_column("What came", ratio=3, no_wrap=True, overflow="ellipsis")
    table.add_column("What became of it", no_wrap=True)
    table.add_column("USD", justify="right", no_wrap=True)
    if wide:
        table.add_column("Reason", ratio=1, no_wrap=True, overflow="ellipsis")
        table.add_column("Answer", no_wrap=True)
    for story in stories:
        raw = house.blobs.get(story.mail.sha256).replace(b"\r\n", b"\n").rstrip()
        # Of a mail above the size limit only the header is kept.
        known = (sample.says for sample in samples() if sample.raw.replace(b"\r\n", b"\n").startswith(raw))
        table.add_row(story.mail.receipt, next(known, story.mail.subject), *_fate(story)[: 4 if wide else 2])
    out.print(table)
    if not wide:
        out.print("A wider window shows reasons and answers here too.", style="dim")
    out.print(
        f"{sum(now.mails.values())} mails: "
        f"{', '.join(f'{count} {state}' for state, count in sorted(now.mails.items()))}."
        f"\n{sum(now.lanes.values())} wait for a person.  {now.outbox.get('ENVIADO', 0)} answers were sent "
        f"(they lie in {directory / 'outgoing'}), {now.outbox.get('EN_COLA', 0)} receipts wait their ten minutes."
        f"\n[bold]USD {usd(now.to_reverse)} are marked for reversal.[/bold]",
        highlight=False,
    )
    where = f"--config {directory / 'config.toml'}"
    out.print(
        f"Look closer:  evidence-daemon explain {stories[0].mail.receipt} {where}\n"
        f"              evidence-daemon queue list {where}\n"
        f"              evidence-daemon reversals export reversos.csv {where}",
        highlight=False,
    )
    return len(stories)


def _campaign(house: House, directory: Path, out: Console) -> None:
    """The deck's campaign as it would have gone three weeks ago, before the mails came; once for each house.

    It walks its own path to the end on a clock that jumps, by drivers that only write lines; a second one waits for
    its approval.
    """
    if house.campaigns.all():
        return
    began = house.pipeline.clock() - CAMPAIGN_BEGAN
    before, deadline = replace(house.campaigns, clock=lambda: began), house.pipeline.today() + timedelta(days=21)
    draft = before.draft(CAMPAIGN, person=Role.SUPERVISOR.value, deadline=deadline)
    told = before.preview(audience.read_plan(draft.plan))
    before.approve(draft.id, person=Role.APROBADOR.value)
    before.start(draft.id, person=Role.SUPERVISOR.value)
    with out.status("The campaign of three weeks ago …"):
        house.rehearse(draft.id, directory / "campaign.csv", began)
    house.campaigns.draft(CAMPAIGN, person=Role.SUPERVISOR.value, deadline=deadline)
    reasons = ", ".join(f"{count} {why}" for why, count in told.excluded.most_common())
    out.print(
        f"The campaign [bold]{CAMPAIGN}[/bold] went to {told.included.total()} of {told.total} cases; nobody is "
        f"reached here, lines are written instead: {directory / 'campaign.csv'}.  The others not: {reasons}.",
        highlight=False,
    )


def _tell_campaign(house: House, out: Console, directory: Path) -> None:
    """How far it came, now that the mails are walked."""
    number = min(one.id for one in house.campaigns.all())
    far, check = house.campaigns.standing(number).funnel, house.campaigns.check_law(number)
    out.print(
        f"\nThe campaign: {far.planned} cases planned, {far.contacted} contacted, {far.reached} reached, {far.noticed} "
        f"read or heard it, {far.answered} sent evidence, {far.regularised} regularised.  {check.contacts} contacts: "
        f"{len(check.outside)} outside the law's hours, {len(check.twice)} twice a day.\n"
        f"Look closer:  evidence-daemon campaigns status {number} --config {directory / 'config.toml'}, or /campanas "
        "in the browser, where a second one waits to be approved.",
        highlight=False,
    )


def _fate(story: records.Story) -> tuple[Text, str, str, str]:
    """What became of a mail: in words, the USD marked, the reason, the answer."""
    words, style = _WORDS.get(story.mail.state, (story.mail.state.value, ""))
    reasons: tuple[ReasonCode, ...] = ()
    cents = 0
    if story.decisions:
        judged = story.decisions[-1]
        reasons = judged.settlement.decision.grounds.reasons
        cents = sum(entry.amount for entry in judged.entries)
    more = f" +{len(reasons) - 1}" if len(reasons) > 1 else ""
    answer = story.answers[-1] if story.answers else None
    sent = "-" if answer is None else answer.kind.value + ("" if answer.state.value == "ENVIADO" else " …")
    return Text(words, style=style), usd(cents) if cents else "", reasons[0].value + more if reasons else "-", sent


def _tell_news(house: House, out: Console, known: int) -> int:
    with house.database.session() as session:
        mails = records.all_mails(session)
        for mail_id in mails[known:]:
            if records.load_mail(session, mail_id).state in records.UNDECIDED:
                break
            story = records.explain(session, mail_id)
            words, cents, reasons, answer = _fate(story)
            out.print(
                f"{time.strftime('%H:%M:%S')}  {story.mail.receipt}  ",
                words,
                f" {reasons}  {cents}  {answer}".replace("\n", ", "),
            )
            known += 1
    return known
