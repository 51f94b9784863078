"""`evidence-daemon campaigns`: who is reached, with what, when; approved by two people, tried out before."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from evidence_daemon.app import House
from evidence_daemon.commands import DEFAULT_CONFIG, EXIT_DATA, AsJson, ConfigFile, Person, opened
from evidence_daemon.console import out, print_json
from evidence_daemon.errors import BadFile, BadInput
from evidence_daemon.model import CampaignState, Channel, Segment
from evidence_daemon.outreach import audience
from evidence_daemon.outreach.audience import Plan, Preview
from evidence_daemon.outreach.campaign import Standing, e164
from evidence_daemon.outreach.channel import Accepted
from evidence_daemon.outreach.report import masked, masked_who
from evidence_daemon.outreach.script import Finding
from evidence_daemon.workdays import ECUADOR

commands = typer.Typer(
    no_args_is_help=True,
    help="Campaigns: plan, look, try out, approve (another person), start, pause, resume, cancel.",
)

Number = Annotated[int, typer.Argument(metavar="CAMPAIGN", help="Number of the campaign.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of its file in rules/campaigns/.")]
Because = Annotated[str, typer.Option("--because", help="Why; stands in the history.")]
Deadline = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Its last day; nothing leaves on it. Default: the book's.")
]
Channels = Annotated[list[Channel] | None, typer.Option("--channel", help="Only these channels.")]
Segments = Annotated[list[Segment] | None, typer.Option("--segment", help="Only these customers.")]


@commands.command("plan")
def plan(
    name: Name,
    person: Person,
    deadline: Deadline = None,
    starts: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Its first day. Default: today, or the book's.")
    ] = None,
    channel: Channels = None,
    segment: Segments = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Draft a campaign: its texts, audience, hours and limits are frozen as they are now."""
    with opened(config) as house:
        draft = house.campaigns.draft(
            name,
            person=person,
            deadline=deadline.date() if deadline else None,
            starts=starts.date() if starts else None,
            segments=segment or (),
            channels=channel or (),
        )
        _show_preview(house.campaigns.preview(audience.read_plan(draft.plan)))
        _show_lint(house.campaigns.lint(audience.read_plan(draft.plan)))
        seal = audience.seal(draft.plan)[:12]
        out.print(f"Campaña {draft.id}, BORRADOR, sello {seal}: la aprueba otra persona.", highlight=False)


@commands.command("preview")
def preview(name: Name, as_json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Count who would be reached now, and why the others would not."""
    with opened(config) as house:
        told = house.campaigns.preview(_plan_of(house, name))
        if as_json:
            print_json(
                {
                    "total": told.total,
                    "included": {f"{seg}/{channel}": count for (seg, channel), count in told.included.items()},
                    "excluded": dict(told.excluded),
                }
            )
        else:
            _show_preview(told)


@commands.command("lint")
def lint(name: Name, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Say what is noticed in the texts, by a campaign's number or its name; nothing is changed."""
    with opened(config) as house:
        found = house.campaigns.lint(_plan_of(house, name))
        _show_lint(found)
        if any(one.error for one in found):
            raise typer.Exit(EXIT_DATA)


@commands.command("rehearse")
def rehearse(
    name: Name,
    person: Person,
    path: Annotated[Path, typer.Option("--to", metavar="FILE", help="CSV: who, when, on what, with which text.")],
    deadline: Deadline = None,
    channel: Channels = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Try a campaign out from beginning to end: nobody is reached, and no connection is opened."""
    with opened(config) as house:
        if path.exists():
            raise BadFile(f"{path} is there already")
        last = deadline.date() if deadline else None
        draft = house.campaigns.draft(name, person=person, deadline=last, channels=channel or (), rehearsal=True)
        over = house.rehearse(draft.id, path)
        show_standing(house.campaigns.standing(draft.id))
        check = house.campaigns.check_law(draft.id)
        out.print(
            f"El último contacto sería el {over.astimezone(ECUADOR):%d-%m-%Y a las %H:%M}. {check.contacts} contactos: "
            f"{len(check.outside)} fuera de horario, {len(check.twice)} dos veces en un día. Detalle: {path}",
            highlight=False,
            soft_wrap=True,
        )


@commands.command("approve")
def approve(
    number: Number,
    person: Person,
    seal: Annotated[str, typer.Option(help="The seal that you were shown: refuses anything that changed since.")] = "",
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Approve a draft as it is; never by its author."""
    with opened(config) as house:
        done = house.campaigns.approve(number, person=person, seen=seal)
        out.print(f"Campaña {number} {done.state}, sello {done.approved_hash[:12]}.", highlight=False)


@commands.command("start")
def start(number: Number, person: Person, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Let an approved campaign go; the daemon plans it and keeps to the hours."""
    with opened(config) as house:
        done = house.campaigns.start(number, person=person)
        missing = [one for one in audience.read_plan(done.plan).channels if one not in house.drivers()]
        out.print(f"Campaña {number} {done.state}.", highlight=False)
        for channel in missing:
            out.print(f"{channel}: no está configurado; sus contactos esperan.", style="yellow", highlight=False)


@commands.command("pause")
def pause(number: Number, person: Person, because: Because, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Let nothing more leave; calls that live play on."""
    with opened(config) as house:
        out.print(f"Campaña {number} {house.campaigns.pause(number, person=person, because=because).state}.")


@commands.command("resume")
def resume(number: Number, person: Person, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Let it go on, with channels and scripts that were stopped."""
    with opened(config) as house:
        out.print(f"Campaña {number} {house.campaigns.resume(number, person=person).state}.")


@commands.command("cancel")
def cancel(number: Number, person: Person, because: Because, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Give it up: what waits is not made, calls that live are ended."""
    with opened(config) as house:
        out.print(f"Campaña {number} {house.campaigns.cancel(number, person=person, because=because).state}.")


@commands.command("status")
def status(
    number: Annotated[int | None, typer.Argument(metavar="CAMPAIGN", help="Default: all of them, in short.")] = None,
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Show how a campaign stands, down to the evidence that came in."""
    with opened(config) as house:
        if number is None:
            table = Table("Nº", "Campaña", "Estado", "Inicia", "Redactó", "Aprobó", "Nota")
            for one in house.campaigns.all():
                kind = f"{one.name} (ensayo)" if one.rehearsal else one.name
                day = f"{one.starts_at.astimezone(ECUADOR):%d-%m-%Y}"
                table.add_row(str(one.id), kind, one.state, day, _name(one.author), _name(one.approved_by), one.because)
            out.print(table)
            return
        standing = house.campaigns.standing(number)
        if not as_json:
            show_standing(standing)
            return
        funnel = standing.funnel
        print_json(
            {
                "campaign": number,
                "state": standing.campaign.state,
                "attempts": {f"{channel}/{state}": count for (channel, state), count in standing.counts.items()},
                "funnel": {name: getattr(funnel, name) for name in funnel.__dataclass_fields__},
                "stopped": {f"{channel}/{key}": why for (channel, key), why in standing.stopped.items()},
            }
        )


@commands.command("export")
def export(
    number: Number,
    path: Annotated[Path, typer.Option("--to", metavar="FILE", help="CSV: every attempt, telephones masked.")],
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Write every attempt into a file, and check each against the law once more."""
    with opened(config) as house:
        lines, check = house.campaigns.export(number, path), house.campaigns.check_law(number)
        out.print(
            f"{lines} intentos en {path}; {check.contacts} contactos: {len(check.outside)} fuera de horario, "
            f"{len(check.twice)} dos veces en un día.",
            highlight=False,
            soft_wrap=True,
        )
        if check.outside or check.twice:
            raise typer.Exit(EXIT_DATA)


@commands.command("suppress")
def suppress(
    person: Person,
    whom: Annotated[str, typer.Argument(metavar="WHOM", help="An identity number, or a telephone with +593.")] = "",
    file: Annotated[Path | None, typer.Option("--file", help="A list, one in a line.")] = None,
    channel: Annotated[Channel | None, typer.Option(help="Only this channel. Default: all.")] = None,
    because: Annotated[str, typer.Option("--because", help="Why.")] = "pidió no ser contactado",
    lift: Annotated[bool, typer.Option("--lift", help="He may be reached again.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Leave somebody alone, on every channel and in every campaign; without anybody: show the list."""
    with opened(config) as house:
        acts = house.campaigns
        if file is not None:
            try:
                lines = file.read_text("utf-8-sig").splitlines()
            except (OSError, UnicodeDecodeError) as fault:
                raise BadFile(f"{file}: cannot be read ({fault})") from fault
            new, faults = acts.suppress_list(lines, person=person, source=file.name)
            out.print(f"{new} nuevas en la lista de exclusión.", highlight=False)
            for fault_line in faults:
                out.print(fault_line, style="yellow", highlight=False, markup=False)
            if faults:
                raise typer.Exit(EXIT_DATA)
        elif not whom:
            for one in acts.suppressions():
                which = one.channel or "todos"
                out.print(f"{masked_who(one.who)}  {which}  {one.source}  {one.reason}", highlight=False)
        elif lift:
            done = acts.lift(whom, person=person, channel=channel)
            out.print("Se le puede contactar otra vez." if done else "No constaba en la lista.")
        else:
            done = acts.suppress(whom, person=person, reason=because, channel=channel)
            out.print("No se le contactará más." if done else "Ya constaba en la lista.")


@commands.command("test-send")
def test_send(
    name: Name,
    script: Annotated[str, typer.Argument(metavar="SCRIPT", help="e.g. whatsapp-sin-cargo")],
    to: Annotated[str, typer.Option("--to", metavar="PHONE", help="One of campaigns.test_phones.")],
    person: Person,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Send the deck's example to one of our own telephones; it counts nowhere."""
    with opened(config) as house:
        message, sent = house.send_test(_plan_of(house, name), script, to, person=person)
        out.print(f"PRUEBA {message.attempt} → {masked(e164(to))}: {sent}", highlight=False, soft_wrap=True)
        if not isinstance(sent, Accepted):
            raise typer.Exit(1)


def _plan_of(house: House, name: str) -> Plan:
    """The plan of a campaign by its number, or what a draft by its name would freeze."""
    if name.isdigit():
        found = next((one for one in house.campaigns.all() if one.id == int(name)), None)
        if found is None:
            raise BadInput(f"there is no campaign {name}")
        return audience.read_plan(found.plan)
    return house.campaigns.plan_of(name)


def _show_preview(told: Preview) -> None:
    table = Table("", "Casos", title="A quién se contactaría ahora")
    for (segment, channel), count in sorted(told.included.items()):
        table.add_row(f"{segment.value} por {channel.value}", str(count))
    table.add_section()
    for why, count in sorted(told.excluded.items()):
        table.add_row(f"no: {why.value}", str(count))
    table.add_section()
    table.add_row("Casos de la lista", str(told.total))
    out.print(table)


def _show_lint(found: tuple[Finding, ...]) -> None:
    for one in found:
        where = f"{one.script}: " if one.script else ""
        at = f" — «{one.at}»" if one.at else ""
        kind, style = ("ERROR", "red") if one.error else ("aviso", "yellow")
        out.print(f"{kind}  {where}{one.sentence}{at}", style=style, highlight=False, markup=False, soft_wrap=True)


def show_standing(standing: Standing) -> None:
    """One campaign: counts by channel, the funnel, what is stopped."""
    campaign, funnel = standing.campaign, standing.funnel
    title = f"Campaña {campaign.id} · {campaign.name} · {'ENSAYO ' if campaign.rehearsal else ''}{campaign.state}"
    table = Table("Canal", "Estado", "Intentos", title=title)
    for (channel, state), count in sorted(standing.counts.items()):
        table.add_row(channel.value, state.value, str(count))
    out.print(table)
    steps = (
        ("casos", funnel.planned), ("contactados", funnel.contacted), ("alcanzados", funnel.reached),
        ("leídos o escuchados", funnel.noticed), ("evidencia recibida", funnel.answered),
        ("regularizados", funnel.regularised),
    )  # fmt: skip
    out.print(" → ".join(f"{count} {word}" for word, count in steps), highlight=False)
    for (channel_name, key), why in standing.stopped.items():
        out.print(f"{channel_name} {key} detenido: {why}", style="red", highlight=False, markup=False)
    if campaign.because:
        out.print(campaign.because, style="yellow", highlight=False, markup=False)
    if standing.next_at is not None:
        out.print(f"Próximo contacto: {standing.next_at.astimezone(ECUADOR):%d-%m-%Y %H:%M}", highlight=False)


def print_running(house: House) -> None:
    """One line for each campaign that was let go and is not over."""
    for campaign in house.campaigns.all():
        if campaign.state in (CampaignState.EN_CURSO, CampaignState.PAUSADA) and not campaign.rehearsal:
            funnel = house.campaigns.standing(campaign.id).funnel
            out.print(
                f"Campaña {campaign.id} {campaign.state}: {funnel.contacted} de {funnel.planned} contactados, "
                f"{funnel.answered} con evidencia, {funnel.regularised} regularizados. {campaign.because}".rstrip(),
                highlight=False,
                soft_wrap=True,
            )


def _name(who: str) -> str:
    return who.removeprefix("persona:")
