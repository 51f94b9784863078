"""`evidence-daemon rules …`: is the book sound, what do its examples give, what would another one change."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from evidence_daemon import config as configuration
from evidence_daemon.app import read_rules, rules_directory
from evidence_daemon.bookdiff import changes
from evidence_daemon.commands import DEFAULT_CONFIG, AsJson, ConfigFile, told
from evidence_daemon.config import Config
from evidence_daemon.console import out, print_json
from evidence_daemon.mail.subject import read_subject
from evidence_daemon.model import Claim
from evidence_daemon.rulebook import RuleBook

rules = typer.Typer(no_args_is_help=True, help="The rule book.")

Directory = Annotated[Path | None, typer.Argument(help="Directory of rules; default: the configured one.")]


def configured(config: Path) -> Path:
    """The directory of rules that a configuration means; the shipped one where there is no configuration."""
    return rules_directory(configuration.load(config) if config.exists() else Config())


@rules.command("check")
def rules_check(directory: Directory = None, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Read the rule book and run the examples in it; all faults are told at once."""
    with told():
        where = directory or configured(config)
        book = read_rules(where)
        out.print(f"{where}: the rule book is sound (edition {book.edition})", soft_wrap=True)


@rules.command("test")
def rules_test(
    directory: Directory = None,
    config: ConfigFile = DEFAULT_CONFIG,
    every: Annotated[bool, typer.Option("--all", help="Show every example, not only their number.")] = False,
) -> None:
    """Run all examples of the rule book and show what they give; a wrong one is told, with exit status 78."""
    with told():
        book = read_rules(directory or configured(config))  # refuses a book whose examples come out otherwise
        rows = _examples(book)
        if every:
            table = Table("Archivo", "Ejemplo", "Da", title="Ejemplos del libro de reglas")
            for row in rows:
                table.add_row(*row)
            out.print(table)
        files = sorted({file for file, _example, _gives in rows})
        counts = ", ".join(f"{file}: {sum(row[0] == file for row in rows)}" for file in files)
        out.print(f"{len(rows)} ejemplos, todos como se espera ({counts}); edición {book.edition}", soft_wrap=True)


def _examples(book: RuleBook) -> list[tuple[str, str, str]]:
    rows = []
    for example in book.subject.examples:
        subject = read_subject((example.subject,), book.subject)
        rows.append(("subject.toml", example.subject, "claim" if isinstance(subject, Claim) else subject.code.value))
    for phrases, way in (
        (book.documents.direction.returns, "devolución"),
        (book.documents.direction.installs, "instalación"),
        (book.documents.direction.doubts, "duda: una persona"),
    ):
        rows += [("documents.toml", phrase.finds, way) for phrase in phrases]
    for rule in book.decision.rule:
        for example_ in rule.examples:
            facts = example_.facts | (book.decision.faultless - example_.without if example_.faultless else set())
            decider = book.decision.spoken(facts)[0]
            words = ("perfecto" if example_.faultless else "") + "".join(
                [*(f" −{fact}" for fact in sorted(example_.without)), *(f" +{fact}" for fact in sorted(example_.facts))]
            )
            gives = f"{decider.verdict.value} ({decider.name})"
            rows.append(("decision.toml", f"{rule.name}: {words.strip() or 'nada se sabe'}", gives))
    return rows


@rules.command("diff")
def rules_diff(
    directory: Annotated[Path, typer.Argument(help="Directory of the other rules.")],
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Say in words what would change if this book took the place of the configured one."""
    with told():
        before, after = read_rules(configured(config)), read_rules(directory)
        found = changes(before, after)
        if as_json:
            print_json(found)
            return
        if not found:
            out.print("Nada cambia: los dos libros deciden y dicen lo mismo.")
            return
        table = Table("Archivo", "Qué", "Cambio", title=f"De la edición {before.edition} a la {after.edition}")
        for change in found:
            table.add_row(change.file, change.what, change.words)
        out.print(table)


@rules.command("reasons")
def rules_reasons(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """List the reason codes with the sentence that the customer reads."""
    with told():
        book = read_rules(configured(config))
        table = Table("Código", "Texto para el cliente")
        for code, reason in book.reasons.reasons.items():
            table.add_row(code.value, reason.text)
        out.print(table)
