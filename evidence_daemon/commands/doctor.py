"""`evidence-daemon doctor`: what is wrong with this house, and how to mend it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from evidence_daemon import observe
from evidence_daemon.commands import DEFAULT_CONFIG, EXIT_CONFIG, EXIT_FAILED, AsJson, ConfigFile
from evidence_daemon.console import out, print_json
from evidence_daemon.doctor import Doctor, Level, worst

EXIT_ATTENTION = 3
_MARKS = {Level.WELL: "ok", Level.ATTENTION: "ATTENTION", Level.BROKEN: "BROKEN"}


def doctor(
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
    files: Annotated[bool, typer.Option("--files", help="Hash every evidence file, not only look for it.")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Try neither mailboxes nor the SMTP server.")] = False,
) -> None:
    """Look at settings, credentials, servers, database, files, audit trail, readers, backups and units.

    Each finding says what is wrong and how to mend it.  Nothing is changed.  Exit status by the worst of them: 0 all
    well, 3 a person should know, 1 something is broken, 78 the settings are.
    """
    observe.set_up_logging("error", "text")
    findings = Doctor(config, datetime.now(UTC), every_file=files, online=not offline).look()
    if as_json:
        print_json(findings)
    else:
        for one in findings:
            out.print(f"{_MARKS[one.level]:9} {one.check}: {one.what}", markup=False, highlight=False, soft_wrap=True)
            if one.mend:
                out.print(f"{'':9} → {one.mend}", markup=False, highlight=False, soft_wrap=True)
    level = worst(findings)
    if level is Level.BROKEN:
        bad_settings = any(one.check in {"settings", "rules"} and one.level is Level.BROKEN for one in findings)
        raise typer.Exit(EXIT_CONFIG if bad_settings else EXIT_FAILED)
    if level is Level.ATTENTION:
        raise typer.Exit(EXIT_ATTENTION)
