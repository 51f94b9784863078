"""`evidence-daemon audit …`: is the trail whole; write its head outside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evidence_daemon import anchors
from evidence_daemon.commands import DEFAULT_CONFIG, EXIT_FAILED, AsJson, ConfigFile, opened
from evidence_daemon.console import err, out, print_json
from evidence_daemon.store import audit

commands = typer.Typer(no_args_is_help=True, help="The audit trail: who did what, chained and anchored.")

Directory = Annotated[
    Path | None, typer.Option("--anchors", file_okay=False, help="Directory of the anchors; default: as configured.")
]


@commands.command("verify")
def audit_verify(directory: Directory = None, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Walk the chain of the audit trail and compare it with every anchor; exit status 1 when something is wrong."""
    with opened(config) as house:
        where = directory or house.config.path(house.config.audit.anchor_directory)
        kept = anchors.read(where)
        faults = anchors.verify(house.database, where)
        with house.database.reading() as session:
            head = audit.head(session, house.pipeline.clock())
    sealed = head.number if head else 0
    if as_json:
        print_json({"sealed": sealed, "anchors": len(kept), "faults": faults})
    for fault in [] if as_json else faults:
        err.print(fault, highlight=False, markup=False, soft_wrap=True)
    if faults:
        raise typer.Exit(EXIT_FAILED)
    if not as_json:
        out.print(f"The audit trail is whole: {sealed} events sealed, {len(kept)} anchors hold.")


@commands.command("anchor")
def audit_anchor(directory: Directory = None, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Verify the audit trail and write the head of its chain outside; run daily by a timer."""
    with opened(config) as house:
        where = directory or house.config.path(house.config.audit.anchor_directory)
        faults = anchors.verify(house.database, where)
        for fault in faults:
            err.print(fault, highlight=False, markup=False, soft_wrap=True)
        if faults:
            raise typer.Exit(EXIT_FAILED)
        anchor = anchors.drop(house.database, where, house.pipeline.clock())
    out.print(f"Anchored: seal {anchor.number}, {anchor.hash}" if anchor else "There is nothing to anchor yet.")
