"""`evidence-daemon reversals` and `refunds`: what people do with single charges."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from evidence_daemon.commands import DEFAULT_CONFIG, AsJson, ConfigFile, Person, opened
from evidence_daemon.console import out, print_json, usd
from evidence_daemon.exchange import export_reversals
from evidence_daemon.exchange.delivery import into_folder
from evidence_daemon.model import RefundChoice
from evidence_daemon.observe import masked

reversals = typer.Typer(no_args_is_help=True, help="Values marked for reversal, charge by charge.")
refunds = typer.Typer(no_args_is_help=True, help="Values that were paid and are not owed: a person decides.")

ChargeNumber = Annotated[int, typer.Argument(metavar="CHARGE", help="Number of the charge.")]
Because = Annotated[str, typer.Option("--because", help="Why; stands in the history.")]
FalseActa = Annotated[bool, typer.Option("--false-acta", help="The equipment counts as pending again.")]


@reversals.command("export")
def export(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="CSV file to write.")],
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Write what waits for a batch as CSV, to look at; billing gets batches (`batches draft`)."""
    with opened(config) as house:
        report = export_reversals(house.database, file, house.book)
    out.print(f"{file}: {report.lines} charges, USD {usd(report.cents)}")


@reversals.command("take-back")
def take_back(
    charge: ChargeNumber,
    person: Person,
    because: Because,
    false_acta: FalseActa = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Take a reversal back that still waits for a batch; the charge stands as it did before."""
    with opened(config) as house:
        after = house.corrections.take_back(charge, person=person, because=because, false_acta=false_acta)
    out.print(f"Charge {charge}: {after.value}")


@reversals.command("retry")
def retry(charge: ChargeNumber, person: Person, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Let a reversal that billing could not apply wait for the next batch (its cause was mended)."""
    with opened(config) as house:
        house.corrections.try_again(charge, person=person)
    out.print(f"Charge {charge}: REVERSO_PENDIENTE")


@reversals.command("by-hand")
def by_hand(charge: ChargeNumber, person: Person, because: Because, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Give a reversal that billing could not apply to somebody there, outside the batches."""
    with opened(config) as house:
        house.corrections.by_hand(charge, person=person, because=because)
    out.print(f"Charge {charge}: MANUAL")


@reversals.command("done")
def done(
    charge: ChargeNumber,
    person: Person,
    note: Annotated[str, typer.Option("--note", help="Number of the credit note or of the order.")],
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Say that a reversal was done by hand."""
    with opened(config) as house:
        house.corrections.done_by_hand(charge, person=person, note=note)
    out.print(f"Charge {charge}: REVERSADO")


@reversals.command("undo")
def undo(
    charge: ChargeNumber,
    person: Person,
    because: Because,
    false_acta: FalseActa = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Ask that a reversed value be charged again; it takes effect when another person approves it."""
    with opened(config) as house:
        wish = house.corrections.propose_opposite(charge, person=person, because=because, false_acta=false_acta)
    out.print(f"Opposite entry {wish.id} for charge {charge} waits: `reversals approve-undo {wish.id} --as NAME`.")


@reversals.command("approve-undo")
def approve_undo(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="Number of the opposite entry.")],
    person: Person,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """The second person: the opposite entry is written, and the value is charged again."""
    with opened(config) as house:
        after = house.corrections.approve_opposite(number, person=person)
    out.print(f"Opposite entry {number}: the charge is {after.value}")


@reversals.command("withdraw-undo")
def withdraw_undo(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="Number of the opposite entry.")],
    person: Person,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Give an opposite entry up that nobody approved."""
    with opened(config) as house:
        house.corrections.withdraw_opposite(number, person=person)
    out.print(f"Opposite entry {number}: withdrawn")


@reversals.command("undos")
def undos(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List the opposite entries that wait for a second person."""
    with opened(config) as house:
        rows = house.corrections.waiting_opposites()
    if as_json:
        print_json(rows)
        return
    table = Table("Número", "Cargo", "Quedará", "Propuso", "Motivo", box=None)
    for row in rows:
        table.add_row(str(row.id), str(row.charge_id), row.after, row.proposed_by.removeprefix("persona:"), row.reason)
    out.print(table)


# ── refunds ──────────────────────────────────────────────────────────────────────────────────────


@refunds.command("list")
def refunds_list(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List the paid values that wait for a decision, or for the second person, oldest first."""
    with opened(config) as house:
        rows = house.corrections.open_refunds()
    if as_json:
        print_json([{"value": value, "decided": decided} for value, decided in rows])
        return
    table = Table("Cargo", "Cédula", "USD", "Recibo", "Decidido", "Por", box=None)
    for value, decided in rows:
        who = decided.proposed_by.removeprefix("persona:") if decided else ""
        choice = decided.choice.value if decided else "por decidir"
        table.add_row(str(value.charge_id), masked(value.id_number), usd(value.amount), value.receipt, choice, who)
    out.print(table)


@refunds.command("decide")
def decide(
    charge: ChargeNumber,
    choice: Annotated[RefundChoice, typer.Argument(help="DEVUELTO, SALDO_A_FAVOR or NO_PROCEDE.")],
    person: Person,
    because: Because,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Decide on a paid value; another person approves it."""
    with opened(config) as house:
        house.corrections.decide_refund(charge, choice, person=person, because=because)
    out.print(f"Charge {charge}: {choice.value} waits for another person: `refunds approve {charge} --as NAME`.")


@refunds.command("approve")
def approve(charge: ChargeNumber, person: Person, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """The second person."""
    with opened(config) as house:
        after = house.corrections.approve_refund(charge, person=person)
    out.print(f"Charge {charge}: {after.value}")


@refunds.command("withdraw")
def withdraw(charge: ChargeNumber, person: Person, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Give up what was decided and not yet approved."""
    with opened(config) as house:
        house.corrections.withdraw_refund(charge, person=person)
    out.print(f"Charge {charge}: to be decided again")


@refunds.command("export")
def refunds_export(
    directory: Annotated[Path, typer.Argument(file_okay=False, help="Folder for the files.")],
    person: Person,
    again: Annotated[int | None, typer.Option("--again", help="Number of a list that was exported before.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Write the list for the treasury of what was approved since the last one (CSV and XLSX)."""
    with opened(config) as house:
        number, files = house.corrections.export_refunds(person=person, again=again)
        into_folder(directory, files)
    out.print(f"List {number}: {', '.join(file.name for file in files)} in {directory}")
