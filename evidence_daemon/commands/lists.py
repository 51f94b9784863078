"""`evidence-daemon cases` and `register`: the company's lists come in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from evidence_daemon.commands import DEFAULT_CONFIG, EXIT_DATA, AsJson, ConfigFile, opened
from evidence_daemon.console import err, out, print_json
from evidence_daemon.exchange import ImportReport, RowFault, import_cases, import_register

cases = typer.Typer(no_args_is_help=True, help="The list of pending cases.")
register = typer.Typer(no_args_is_help=True, help="The company's own return register.")

SHOWN = 50
"""Faults that are printed; the report has all."""

ListFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV or XLSX file; see rules/columns/.")
]
FaultsFile = Annotated[
    Path | None,
    typer.Option("--report", dir_okay=False, help="Where every fault goes (CSV); default: FILE.errores.csv."),
]


@cases.command("import")
def cases_import(
    file: ListFile, report: FaultsFile = None, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False
) -> None:
    """Bring in the list of pending cases.  Good rows go in; every faulty row is named with its reason.

    What was held, or found no case, in the last thirty days is judged again.
    """
    faults = report or faults_beside(file)
    with opened(config) as house:
        with progress("rows") as advance:
            brought = import_cases(house.database, file, house.book, progress=advance, faults_to=faults)
        house.after_cases()
    _show(file, brought, faults, as_json)


@register.command("import")
def register_import(
    file: ListFile, report: FaultsFile = None, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False
) -> None:
    """Bring in the return register: which acta, at which office, on which day, with which serials."""
    faults = report or faults_beside(file)
    with opened(config) as house:
        with progress("rows") as advance:
            brought = import_register(house.database, file, house.book, progress=advance, faults_to=faults)
        house.after_cases()
    _show(file, brought, faults, as_json)


def faults_beside(file: Path) -> Path:
    """Where the faults of a file go unless somebody says otherwise."""
    return file.with_name(f"{file.name}.errores.csv")


def _show(file: Path, report: ImportReport, faults: Path, as_json: bool) -> None:
    if as_json:
        print_json(report)
    else:
        out.print(
            f"{file}: {report.new} new, {report.changed} changed, {report.unchanged} unchanged, "
            f"{report.vanished} no longer listed, {report.refused} rows refused, {len(report.notices)} to look at"
        )
        show_faults(file, report.rejected or report.notices, faults)
    if report.refused:
        raise typer.Exit(EXIT_DATA)


def show_faults(file: Path, found: Sequence[RowFault], faults: Path) -> None:
    """The first faults, and where all of them are."""
    for fault in found[:SHOWN]:
        expected = f" (se esperaba: {fault.expected})" if fault.expected else ""
        shown = f" «{fault.value}»" if fault.value else ""
        words = f"{file}:{fault.line}: {fault.column}:{shown} {fault.message}{expected}"
        err.print(words, highlight=False, markup=False, soft_wrap=True)
    if found:
        err.print(f"{len(found[:SHOWN])} shown; all of them: {faults}", highlight=False, soft_wrap=True)


@contextmanager
def progress(unit: str) -> Iterator[Any]:
    """A progress bar on standard error, where that is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(unit, total=None)
        yield lambda done, total=None: bar.update(task, completed=done, total=total)
