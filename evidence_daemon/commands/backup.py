"""`evidence-daemon backup` and `restore`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from evidence_daemon import backup as backups
from evidence_daemon import config as configuration
from evidence_daemon.app import evidence_of
from evidence_daemon.commands import DEFAULT_CONFIG, AsJson, ConfigFile, opened, told
from evidence_daemon.console import out, print_json


def backup(
    directory: Annotated[
        Path | None, typer.Argument(file_okay=False, help="Directory of the backups; default: as configured.")
    ] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Copy database and evidence files while the daemon works, and prove the copy by making a house of it."""
    with opened(config) as house:
        settings = house.config.backup
        where = directory or house.config.path(settings.directory)
        place, manifest = backups.make(house.database, house.blobs, where, house.pipeline.clock(), settings.keep)
    if as_json:
        print_json({"place": str(place), "manifest": manifest})
        return
    out.print(
        f"{place}: {manifest.rows['mails']} mails, {manifest.files} evidence files ({manifest.bytes // 1000} kB); "
        "restored for a trial and found whole",
        soft_wrap=True,
    )
    if manifest.missing:
        out.print(f"{manifest.missing} evidence files of which rows speak are missing: see `doctor`")


def restore(
    place: Annotated[Path, typer.Argument(metavar="BACKUP", exists=True, file_okay=False, help="One backup.")],
    config: ConfigFile = DEFAULT_CONFIG,
    files: Annotated[
        bool, typer.Option("--files", help="Only bring back evidence files that are missing or damaged.")
    ] = False,
) -> None:
    """Make a house of a backup where none stands; it starts disarmed: nothing is sent until a person arms it."""
    if files:
        with opened(config) as house:
            mended = backups.restore_files(place, house.blobs)
        out.print(f"{mended} evidence files were brought back.")
        return
    with told():
        settings = configuration.load(config)
        password = settings.secret(settings.database.password_file) if settings.database.password_file else None
        manifest = backups.restore(
            place, settings.database.url, settings.state_directory, datetime.now(UTC), password, evidence_of(settings)
        )
    out.print(
        f"Restored: {manifest.rows['mails']} mails as of {manifest.made_at:%Y-%m-%d %H:%M} UTC.  The house is "
        "disarmed; look at `status` and `answers held`, compare with the Sent folder, then `arm`.",
        soft_wrap=True,
    )
