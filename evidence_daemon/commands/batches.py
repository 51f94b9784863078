"""`evidence-daemon batches`: reversals on their way to billing and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from evidence_daemon.app import House
from evidence_daemon.commands import DEFAULT_CONFIG, EXIT_DATA, AsJson, ConfigFile, Person, opened
from evidence_daemon.commands.lists import FaultsFile, ListFile, faults_beside, progress, show_faults
from evidence_daemon.console import out, print_json, usd
from evidence_daemon.exchange import import_response
from evidence_daemon.exchange.batches import actor_of, result_counts
from evidence_daemon.exchange.delivery import hand_over, into_folder
from evidence_daemon.model import LineResult, Operation
from evidence_daemon.store.batches import Batch

batches = typer.Typer(
    no_args_is_help=True,
    help="Batches of reversals: draft, close, approve (another person), export, response.",
)

Number = Annotated[int, typer.Argument(metavar="BATCH", help="Number of the batch.")]
Because = Annotated[str, typer.Option("--because", help="Why; stands in the history.")]


@batches.command("draft")
def draft(
    person: Person,
    operation: Annotated[Operation | None, typer.Option(help="Only QUITAR_CARGO or NOTA_CREDITO.")] = None,
    most: Annotated[int | None, typer.Option(min=1, help="Lines at most; default: batches.most_lines.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Put the charges that wait into a new draft, oldest first."""
    with opened(config) as house:
        lines = most or house.config.batches.most_lines
        batch = house.batches.draft(person=person, operation=operation, most=lines)
        _show(house, batch.id)


@batches.command("drop")
def drop(
    batch: Number,
    charge: Annotated[int, typer.Argument(metavar="CHARGE", help="Number of the charge.")],
    person: Person,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Take one charge out of a draft; it waits for the next batch."""
    with opened(config) as house:
        house.batches.drop(batch, charge, person=person)
        _show(house, batch)


@batches.command("close")
def close(batch: Number, person: Person, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Freeze a draft: lines, totals and hash stand from here on."""
    with opened(config) as house:
        house.batches.close(batch, person=person)
        _show(house, batch)


@batches.command("send-back")
def send_back(batch: Number, person: Person, because: Because, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Instead of approving: back to the draft."""
    with opened(config) as house:
        house.batches.send_back(batch, person=person, because=because)
        _show(house, batch)


@batches.command("approve")
def approve(batch: Number, person: Person, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Approve a closed batch; never by who drew it up or closed it."""
    with opened(config) as house:
        house.batches.approve(batch, person=person)
        _show(house, batch)


@batches.command("annul")
def annul(batch: Number, person: Person, because: Because, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Give a batch up before it is exported; its charges wait again."""
    with opened(config) as house:
        house.batches.annul(batch, person=person, because=because)
        _show(house, batch)


@batches.command("export")
def export(
    batch: Number,
    person: Person,
    directory: Annotated[Path | None, typer.Option("--out", file_okay=False, help="Also write the files here.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Hand an approved batch over: CSV, XLSX and a cover sheet; of an exported one the very same bytes again."""
    with opened(config) as house:
        _, files = house.batches.export(batch, person=person)
        if directory is not None:
            into_folder(directory, files)
        settings = house.config.batches
        where = hand_over(settings, files, folder=house.config.path, secret=house.config.secret)
        if where or directory is not None:
            house.batches.delivered(batch, where or str(directory), person=person)
        for file in files:
            out.print(f"{file.name}  {len(file.content)} bytes  SHA-256 {file.sha256}", highlight=False, soft_wrap=True)
        _show(house, batch)
        if not where and directory is None:
            out.print("No delivery is set up ([batches] delivery): write the files with --out DIRECTORY.")


@batches.command("response")
def response(
    file: ListFile,
    person: Person,
    report: FaultsFile = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Bring in billing's answer, line by line; the same file again changes nothing."""
    faults = report or faults_beside(file)
    with opened(config) as house, progress("lines") as advance:
        said = import_response(
            house.database,
            file,
            house.book,
            actor=actor_of(person),
            progress=advance,
            now=house.pipeline.clock(),
            faults_to=faults,
        )
    if as_json:
        print_json(said)
    else:
        out.print(
            f"{file}: {said.applied} applied, {said.failed} failed, {said.unchanged} known already, "
            f"{said.refused} refused; reconciled: {', '.join(map(str, said.reconciled)) or 'none'}"
        )
        show_faults(file, said.rejected, faults)
    if said.refused:
        raise typer.Exit(EXIT_DATA)


@batches.command("show")
def show(batch: Number, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Show a batch with its lines."""
    with opened(config) as house:
        if as_json:
            found, lines = house.batches.show(batch)
            print_json({"batch": found, "lines": lines})
        else:
            _show(house, batch, lines=True)


@batches.command("list")
def list_(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List the last hundred batches, newest first."""
    with opened(config) as house:
        rows = house.batches.newest()
    if as_json:
        print_json(rows)
        return
    table = Table("Lote", "Estado", "Líneas", "Total USD", "Preparó", "Aprobó", "Exportado", box=None)
    for row in rows:
        when = f"{row.exported_at:%Y-%m-%d}" if row.exported_at else ""
        people = (_name(row.created_by), _name(row.approved_by))
        table.add_row(str(row.id), row.state, str(row.lines), usd(row.total), *people, when)
    out.print(table)


def _show(house: House, number: int, *, lines: bool = False) -> None:
    batch, rows = house.batches.show(number)
    out.print(f"Lote {batch.id}: {batch.state}", highlight=False)
    out.print(_people(batch), highlight=False)
    cents = batch.total or sum(line.amount for line in rows)
    out.print(f"{len(rows)} líneas, USD {usd(cents)}", highlight=False)
    if batch.sha256:
        out.print(f"SHA-256 {batch.sha256}", highlight=False, soft_wrap=True)
    counts = result_counts(rows)
    if any(counts[result] for result in (LineResult.APLICADO, LineResult.FALLIDO)):
        out.print(", ".join(f"{count} {result.value}" for result, count in counts.items() if count), highlight=False)
    if not lines:
        return
    table = Table("Línea", "Asiento", "Cargo", "Operación", "USD", "Resultado", "Nota o motivo", box=None)
    for line in rows:
        numbers = (str(line.ordinal), str(line.entry_id), str(line.charge_id))
        table.add_row(*numbers, line.operation, usd(line.amount), line.result, line.note_number or line.reason)
    out.print(table)


def _people(batch: Batch) -> str:
    acts = (
        ("preparó", batch.created_by),
        ("cerró", batch.closed_by),
        ("aprobó", batch.approved_by),
        ("exportó", batch.exported_by),
        ("anuló", batch.annulled_by),
    )
    told = ", ".join(f"{act} {_name(who)}" for act, who in acts if who)
    return told + (f"; entregado en {batch.delivered_to}" if batch.delivered_to else "")


def _name(actor: str) -> str:
    return actor.removeprefix("persona:")
