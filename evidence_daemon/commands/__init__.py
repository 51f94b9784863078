"""Command groups: one file per group of `evidence-daemon` commands; `cli.py` hangs them up.

Here stands what they share: options, opening the house, telling trouble with its exit status.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from evidence_daemon import config as configuration
from evidence_daemon import observe
from evidence_daemon.app import House, open_house
from evidence_daemon.console import err
from evidence_daemon.errors import BadConfig, BadFile, BadInput, BadRules, EvidenceDaemonError, Temporary
from evidence_daemon.model import MailId, mail_of_receipt

EXIT_FAILED, EXIT_DATA, EXIT_TEMPORARY, EXIT_CONFIG = 1, 65, 75, 78

ConfigFile = Annotated[
    Path,
    typer.Option("--config", "-c", envvar="EVIDENCE_DAEMON_CONFIG", help="Configuration file.", show_default=True),
]
DEFAULT_CONFIG = Path("/etc/evidence-daemon/config.toml")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Receipt = Annotated[str, typer.Argument(metavar="RECEIPT", help="Receipt number, e.g. EV-0000001-8.")]
Person = Annotated[str, typer.Option("--as", metavar="NAME", help="Who decides; stands in the history.")]


@contextmanager
def opened(path: Path, patience: float = 0.0) -> Iterator[House]:
    """The house of a configuration file, with its log set up; trouble is told.

    A database that cannot be reached is waited for `patience` seconds.
    """
    with told():
        config = configuration.load(path)
        observe.set_up_logging(config.log.level, config.log.format)
        with open_house(config, patience=patience) as house:
            yield house


@contextmanager
def told() -> Iterator[None]:
    """Trouble that people can mend is told in words, with its exit status; anything else is a bug."""
    try:
        yield
    except (BadConfig, BadRules) as bad:
        _give_up(bad, EXIT_CONFIG)
    except BadFile as bad:
        _give_up(bad, EXIT_DATA)
    except Temporary as trouble:
        _give_up(trouble, EXIT_TEMPORARY)
    except (BadInput, EvidenceDaemonError) as trouble:
        _give_up(trouble, EXIT_FAILED)


def _give_up(trouble: Exception, exit_status: int) -> NoReturn:
    for line in str(trouble).splitlines():
        err.print(line, highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(exit_status)


def mail_named(receipt: str) -> MailId:
    """The mail of a receipt number.  Raises `BadInput` for a mistyped one."""
    mail_id = mail_of_receipt(receipt)
    if mail_id is None:
        raise BadInput(
            f"{receipt}: not a receipt number (its last digit checks the others); they look like EV-0000001-8"
        )
    return mail_id
