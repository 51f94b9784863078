"""`evidence-daemon subject …` and `retention …`: what the data protection law asks for."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from evidence_daemon.commands import DEFAULT_CONFIG, AsJson, ConfigFile, Person, opened
from evidence_daemon.console import out, print_json
from evidence_daemon.model import DAEMON
from evidence_daemon.privacy import STAYS, Privacy
from evidence_daemon.store import privacy as rows

subject = typer.Typer(no_args_is_help=True, help="What is held of one person: tell it, or forget it.")
retention = typer.Typer(no_args_is_help=True, help="How long files and texts are kept, and what must not go.")

Cedula = Annotated[str, typer.Option("--cedula", metavar="NUMBER", help="Identity number of the person.")]


@subject.command("export")
def subject_export(
    cedula: Cedula,
    person: Person,
    directory: Annotated[Path, typer.Option("--out", file_okay=False, help="Directory to write into.")],
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Write all that is held of a person: datos.json, the mails themselves, and a report as PDF."""
    with opened(config) as house:
        told = Privacy(house.pipeline, house.blobs, f"persona:{person}").export(cedula, directory)
    out.print(
        f"{directory}: {sum(told.values())} rows of {len(told)} tables, the mails, and informe.pdf", soft_wrap=True
    )


@subject.command("erase")
def subject_erase(cedula: Cedula, person: Person, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Forget a person's mails, texts and contacts, and their copies in the mailbox; ids and money facts stay.

    Prints the receipt.
    """
    with opened(config) as house, house.folders() as mailboxes:
        receipt = Privacy(house.pipeline, house.blobs, f"persona:{person}").erase(cedula, mailboxes)
    if as_json:
        print_json(receipt)
        return
    out.print(
        f"Eliminado: {len(receipt.mails)} correos ({', '.join(receipt.mails) or 'ninguno'}), {receipt.files} archivos."
    )
    for place in receipt.copies:
        out.print(f"Eliminado en el buzón: {place}", markup=False, soft_wrap=True)
    for place in receipt.left:
        out.print(f"QUEDA EN EL BUZÓN, elimínelo a mano: {place}", markup=False, soft_wrap=True)
    out.print(STAYS)


@retention.command("run")
def retention_run(
    dry: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Forget files and texts whose time is over ([retention]); run daily by a timer."""
    with opened(config) as house:
        work = Privacy(house.pipeline, house.blobs, DAEMON)
        due = work.due(house.config.retention)
        files = 0 if dry else work.retain(house.config.retention).files
    if as_json:
        print_json({"due": due, "files": files, "dry_run": dry})
        return
    for kind, count in sorted(Counter(one.kind.value for one in due).items()):
        out.print(f"{kind}: {count} mails" + (" would be forgotten" if dry else " were forgotten"))
    out.print(f"{len(due)} mails, {files} files." if not dry else f"{len(due)} mails; nothing was changed.")


@retention.command("hold")
def retention_hold(
    cedula: Cedula,
    person: Person,
    because: Annotated[str, typer.Option(help="Why, e.g. the number of the proceedings.")],
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Legal hold: nothing of this person is forgotten until it is lifted."""
    with opened(config) as house, house.database.session() as session:
        rows.hold(session, cedula, because, actor=f"persona:{person}", now=house.pipeline.clock())
    out.print("Held: nothing of this person is forgotten.")


@retention.command("lift")
def retention_lift(cedula: Cedula, person: Person, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """End a legal hold."""
    with opened(config) as house, house.database.session() as session:
        rows.lift(session, cedula, actor=f"persona:{person}", now=house.pipeline.clock())
    out.print("Lifted.")
