"""`evidence-daemon whatsapp`: the account that sends the campaign's messages, its templates, its webhooks."""

from __future__ import annotations

import asyncio
import signal
import time
from typing import Annotated

import typer
from rich.table import Table

from evidence_daemon import observe
from evidence_daemon.app import House
from evidence_daemon.commands import DEFAULT_CONFIG, EXIT_DATA, AsJson, ConfigFile, Person, opened
from evidence_daemon.console import out, print_json
from evidence_daemon.errors import BadConfig, BadInput
from evidence_daemon.outreach.campaign import actor
from evidence_daemon.outreach.cloud import Done
from evidence_daemon.outreach.listener import PATH
from evidence_daemon.outreach.report import masked
from evidence_daemon.outreach.templates import Wanted, trouble, wanted
from evidence_daemon.store import whatsapp
from evidence_daemon.store.whatsapp import TemplateState, count_waiting
from evidence_daemon.workdays import ECUADOR

commands = typer.Typer(
    no_args_is_help=True, help="The WhatsApp account that sends the campaign's messages: check, templates, webhooks."
)
templates = typer.Typer(no_args_is_help=True, help="The templates that the provider must approve.")
commands.add_typer(templates, name="templates")


@commands.command("check")
def check(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Ask the provider for our number; sends nothing."""
    with opened(config) as house:
        out.print(asyncio.run(_ask(house)), highlight=False)
        with house.database.reading() as session:
            out.print(f"{count_waiting(session)} webhooks wait to be worked through.", highlight=False)


@commands.command("listen")
def listen(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Hear webhooks in a process of its own (whatsapp.with_daemon = false), until Ctrl-C or SIGTERM."""
    stop: list[int] = []
    with opened(config) as house, house.webhooks() as listener:
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda number, _frame: stop.append(number))
        address = house.config.whatsapp.listen_address
        out.print(f"Webhooks are heard on http://{address}:{listener.port}{PATH}  (Ctrl-C ends)", highlight=False)
        observe.notify("READY=1")
        while not stop and listener.alive:
            if observe.watchdog_seconds() is not None:
                observe.notify("WATCHDOG=1")
            time.sleep(0.5)
        observe.notify("STOPPING=1")
        if not stop:
            raise BadInput("the listener ended; the log says why")


@commands.command("doubts")
def doubts(as_json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """List messages whose answer was lost and of which nothing was heard since; they are never sent again."""
    with opened(config) as house, house.database.reading() as session:
        found = whatsapp.doubts(session, house.pipeline.clock() - whatsapp.GRACE)
        if as_json:
            print_json([{"attempt": one.id, "campaign": one.campaign_id, "because": one.because} for one in found])
            return
        for one in found:
            at = one.claimed_at.astimezone(ECUADOR) if one.claimed_at else None
            out.print(f"{one.id}  {at:%d-%m-%Y %H:%M}  {masked(one.phone)}  {one.because}", highlight=False)
        out.print(f"{len(found)} mensajes de los que no se sabe; cuentan como enviados.", highlight=False)


@templates.command("status")
def status(as_json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Ask how the campaign's templates stand: status, category, time to live, and what is wrong with them."""
    with opened(config) as house:
        known = {(one.name, one.language): one for one in asyncio.run(_look(house))}
        rows = [(one, known.get((one.name, one.language))) for one in _all(house)]
        faults = {one.name: trouble(state, one.ttl_seconds) for one, state in rows}
        if as_json:
            print_json(
                [
                    {
                        "name": one.name, "language": one.language, "status": state.status if state else "",
                        "category": state.category if state else "", "ttl_seconds": state.ttl_seconds if state else 0,
                        "trouble": faults[one.name],
                    }
                    for one, state in rows
                ]
            )  # fmt: skip
        else:
            table = Table("Plantilla", "Idioma", "Estado", "Categoría", "Vigencia", "Qué falta")
            for one, state in rows:
                seconds = f"{state.ttl_seconds} s" if state and state.ttl_seconds else "-"
                told = (state.status, state.category or "-") if state else ("-", "-")
                table.add_row(one.name, one.language, *told, seconds, faults[one.name] or "nada")
            out.print(table)
        if any(faults.values()):
            raise typer.Exit(EXIT_DATA)


@templates.command("create")
def create(
    person: Person,
    name: Annotated[str, typer.Argument(metavar="TEMPLATE", help="Its name; without one: all that are missing.")] = "",
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Ask the provider to approve a campaign's template, with its time to live and buttons."""
    with opened(config) as house:
        by, everything = actor(person), _all(house)
        known = {(one.name, one.language) for one in asyncio.run(_look(house))}
        chosen = [one for one in everything if (one.name == name if name else (one.name, one.language) not in known)]
        if name and not chosen:
            raise BadInput(f"no campaign has a template {name!r}; there are: {', '.join(o.name for o in everything)}")
        for one in chosen:
            made = asyncio.run(_create(house, one, by))
            out.print(f"{made.name}: {made.status}, {made.category}, {made.ttl_seconds} s", highlight=False)
        if not chosen:
            out.print("El proveedor conoce todas las plantillas.")


def _all(house: House) -> list[Wanted]:
    return [one for book in house.book.campaigns.values() for one in wanted(book)]


async def _ask(house: House) -> str:
    async with house.cloud() as cloud:
        answer = await cloud.call("GET", cloud.account.phone_id, query={"fields": "display_phone_number,status"})
    if not isinstance(answer, Done):
        raise BadConfig(f"the WhatsApp account does not answer: {answer}")
    return f"{answer.body.get('display_phone_number', '?')}: {answer.body.get('status', 'it answers')}"


async def _look(house: House) -> list[TemplateState]:
    watch = house.templates()
    async with watch.cloud:
        return await watch.look()


async def _create(house: House, one: Wanted, by: str) -> TemplateState:
    watch = house.templates()
    async with watch.cloud:
        return await watch.create(one, actor=by)
