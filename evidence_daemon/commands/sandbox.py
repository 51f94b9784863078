"""`evidence-daemon sandbox`: other people's services on this machine, for demonstrations and tests."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import Annotated

import typer

from evidence_daemon.app import read_rules, rules_directory
from evidence_daemon.commands import told
from evidence_daemon.config import Config
from evidence_daemon.console import out
from evidence_daemon.demo.cloud import Sandbox, Settings
from evidence_daemon.errors import BadFile, BadInput
from evidence_daemon.outreach.templates import creation, wanted

commands = typer.Typer(no_args_is_help=True, help="Other people's services on this machine, for trying things out.")


@commands.callback()
def _sandbox() -> None:
    """A group, although it has one member yet."""


@commands.command("whatsapp")
def whatsapp(
    port: Annotated[int, typer.Option(help="Port on loopback; 0: any free one.")] = 8085,
    webhook: Annotated[str, typer.Option(help="Where webhooks go, e.g. http://127.0.0.1:8090/whatsapp.")] = "",
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", metavar="RULE", help='e.g. "130429 every 20", "lost next 1", "500 always".'),
    ] = None,
    per_second: Annotated[int, typer.Option("--per-second", help="Turn away what comes faster; 0: nothing.")] = 0,
    doubled: Annotated[int, typer.Option(help="Tell each so manieth webhook twice; 0: none.")] = 0,
    shuffled: Annotated[int, typer.Option(help="Hold back so many webhooks and mix them; 0: none.")] = 0,
    photo: Annotated[Path | None, typer.Option(help="What a customer sends whose number ends in 06.")] = None,
    seed_templates: Annotated[
        bool, typer.Option("--templates/--no-templates", help="Know the templates of the rule book from the start.")
    ] = True,
    reachable: Annotated[bool, typer.Option("--reachable", help="Everybody is reached, and nobody answers.")] = False,
    lenient: Annotated[
        bool, typer.Option("--lenient", help="Take what the live API takes besides its schema.")
    ] = False,
) -> None:
    """A Cloud API of WhatsApp on loopback: takes messages, tells by signed webhooks what became of them, makes faults.

    Its token is `sandbox`, its app secret `sandbox-secret`, its numbers are those of the settings' example.
    """
    with told():
        try:
            content = photo.read_bytes() if photo else b""
            settings = Settings(
                webhook=webhook, faults=fault or (), per_second=per_second, doubled=doubled, shuffled=shuffled,
                strict=not lenient, ends=not reachable, answers=not reachable,
            )  # fmt: skip
            sandbox = Sandbox(settings, content)
        except OSError as trouble:
            raise BadFile(f"{photo}: cannot be read ({trouble.strerror})") from trouble
        except ValueError as trouble:
            raise BadInput(str(trouble)) from None
        if seed_templates:
            _seed(sandbox)

        async def serve() -> None:
            stop = asyncio.Event()
            for name in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(name, stop.set)
            try:
                found = await sandbox.start(port)
            except OSError as trouble:
                raise BadInput(f"port {port}: {trouble.strerror}") from trouble
            out.print(
                f'api_url = "http://127.0.0.1:{found}"\nphone_number_id = "{settings.phone_id}"\n'
                f'business_account_id = "{settings.business_id}"\n'
                f"The sandbox listens on 127.0.0.1:{found}  (Ctrl-C ends)",
                highlight=False,
                markup=False,
            )
            with contextlib.suppress(asyncio.CancelledError):
                await stop.wait()
            await sandbox.stop()
            out.print(f"{len(sandbox.taken)} messages were taken.", highlight=False)

        asyncio.run(serve())


def _seed(sandbox: Sandbox) -> None:
    """The templates that the packaged campaigns name, as if they had been approved long ago."""
    for book in read_rules(rules_directory(Config())).campaigns.values():
        for one in wanted(book):
            parts = creation(one)["components"]
            sandbox.template(one.name, one.language, parts, category=one.category, ttl=one.ttl_seconds)
