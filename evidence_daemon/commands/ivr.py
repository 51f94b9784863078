"""`evidence-daemon ivr`: the exchange that places the campaign's calls."""

from __future__ import annotations

import asyncio
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from evidence_daemon import config as configuration
from evidence_daemon.commands import DEFAULT_CONFIG, ConfigFile, told
from evidence_daemon.config import Config
from evidence_daemon.console import out
from evidence_daemon.errors import BadConfig, BadFile
from evidence_daemon.outreach import prompts
from evidence_daemon.outreach.ami import Manager

commands = typer.Typer(no_args_is_help=True, help="The exchange (Asterisk) that places the campaign's calls.")

_FILE = "evidence-daemon.conf"


@commands.command("install-dialplan")
def install_dialplan(
    directory: Annotated[
        Path, typer.Option("--to", metavar="DIRECTORY", help="Asterisk's configuration directory.")
    ] = Path("/etc/asterisk"),
) -> None:
    """Write our dialplan beside extensions.conf and include it there; may be repeated after an upgrade."""
    with told():
        text = resources.files("evidence_daemon.outreach").joinpath("dialplan.conf").read_text(encoding="utf-8")
        main, ours = directory / "extensions.conf", directory / _FILE
        try:
            ours.write_text(text, encoding="utf-8")
            plan = main.read_text(encoding="utf-8") if main.exists() else ""
            included = any(line.strip() == f"#include {_FILE}" for line in plan.splitlines())
            if not included:
                main.write_text(f"{plan.rstrip()}\n\n#include {_FILE}\n".lstrip(), encoding="utf-8")
        except OSError as fault:
            raise BadFile(f"{directory}: cannot be written ({fault.strerror}); run this as root") from fault
        out.print(f"{ours} is written" + ("." if included else f" and included in {main}."), highlight=False)
        out.print('Now: asterisk -rx "dialplan reload"', highlight=False)


@commands.command("check")
def check(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Log in at the exchange and look for our dialplan; places no call."""
    with told():
        settings = configuration.load(config)
        asyncio.run(_look(settings))
        out.print(f"Asterisk at {settings.ivr.host}:{settings.ivr.port} takes our orders.", highlight=False)


@commands.command("say")
def say(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What a customer would hear.")],
    directory: Annotated[Path, typer.Option("--to", metavar="DIRECTORY", help="Where the sound file is put.")] = Path(),
) -> None:
    """Make the sound file of a text, to listen to it."""
    with told():
        made = prompts.prompt(text, directory)
        out.print(f"{made.path}  {made.seconds:.1f} s", highlight=False, soft_wrap=True)


async def _look(settings: Config) -> None:
    ivr = settings.ivr
    if not ivr.host:
        raise BadConfig("ivr.host is empty: there is no exchange to ask")
    manager = Manager(ivr.host, ivr.port, ivr.user, settings.secret(ivr.secret_file), ())
    await manager.open()
    try:
        answer = await manager.ask({"Action": "ShowDialPlan", "Context": "evidence-daemon"})
    finally:
        await manager.close()
    if answer.get("response") != "Success":
        raise BadConfig(
            "the exchange does not know our dialplan: run `evidence-daemon ivr install-dialplan` there, then "
            '`asterisk -rx "dialplan reload"`'
        )
