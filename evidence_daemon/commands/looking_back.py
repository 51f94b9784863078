"""`explain` and `replay`: why something was decided, and what other rules would have decided."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from evidence_daemon import config as configuration
from evidence_daemon import observe
from evidence_daemon.app import open_house, read_rules
from evidence_daemon.commands import DEFAULT_CONFIG, AsJson, ConfigFile, Receipt, mail_named, opened, told
from evidence_daemon.console import err, out, print_json, print_story, usd
from evidence_daemon.errors import Permanent
from evidence_daemon.model import Sha256
from evidence_daemon.replay import Outcome, Replayed, Tally, replay, tally
from evidence_daemon.store import records
from evidence_daemon.storybook import story_page


def explain(
    receipt: Receipt,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", dir_okay=False, help="Write it as one page with the pictures of the papers."),
    ] = None,
) -> None:
    """Tell the whole walk of one mail: what was read and where, whose it is, every rule's verdict, what changed."""
    with opened(config) as house:
        with house.database.reading() as session:
            story = records.explain(session, mail_named(receipt))
        if html is not None:

            def picture(digest: str) -> bytes | None:
                try:
                    return house.blobs.get(Sha256(digest))
                except Permanent:
                    return None

            html.write_text(story_page(story, picture), "utf-8")
            html.chmod(0o600)
            out.print(f"{html}: {story.mail.receipt}", soft_wrap=True)
        elif as_json:
            print_json(story)
        else:
            print_story(story)


def replay_command(
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day of decisions to judge again.")],
    directory: Annotated[Path, typer.Option("--rules", file_okay=False, help="Directory of the other rules.")],
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Judge stored evidence under other rules and show what would change.  Nothing is written or sent."""
    with told():
        settings = configuration.load(config)
        observe.set_up_logging(settings.log.level, settings.log.format)
        other = read_rules(directory)
        with open_house(settings, read_only=True) as house, _progress() as advance:
            rows = list(replay(house.pipeline, house.pipeline.under(other), since.date(), progress=advance))
        total = tally(rows)
        changed = [row for row in rows if row.changed]
        if as_json:
            print_json({"tally": total, "changed": changed})
        else:
            _print_replay(changed, total, house.book.edition, other.edition)


def _print_replay(changed: list[Replayed], total: Tally, edition: str, other: str) -> None:
    table = Table(
        "Recibo", "Llegó", "Se decidió", f"Reglas {edition}", "USD", f"Reglas {other}", "USD", title="Lo que cambiaría"
    )
    for row in changed:
        table.add_row(
            row.receipt,
            f"{row.received_at.astimezone():%d-%m-%Y}",
            f"{row.decided.value} ({row.by})",
            _words(row.now),
            usd(row.now.cents),
            _words(row.other),
            usd(row.other.cents),
        )
    if changed:
        out.print(table)
    out.print(f"{total.mails} correos juzgados de nuevo; cambian {total.changed}.")
    for now, then, count in total.moves:
        out.print(f"  {count} pasan de {now.value} a {then.value}")
    difference = total.cents_other - total.cents_now
    sign = "+" if difference > 0 else "−" if difference < 0 else ""
    out.print(
        f"Por reversar: USD {usd(total.cents_now)} con las reglas vigentes, USD {usd(total.cents_other)} con las otras "
        f"(diferencia {sign}{usd(abs(difference))})."
    )
    out.print("No se escribió ni se envió nada.")


def _words(outcome: Outcome) -> str:
    return f"{outcome.verdict.value} · {outcome.rule}\n{' '.join(outcome.reasons)}".strip()


@contextmanager
def _progress() -> Iterator[Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("mails", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
