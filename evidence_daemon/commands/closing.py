"""`evidence-daemon closing`: whether mailbox, rows and outcomes agree."""

from __future__ import annotations

import typer

from evidence_daemon.commands import DEFAULT_CONFIG, EXIT_FAILED, AsJson, ConfigFile, opened
from evidence_daemon.console import out, print_json
from evidence_daemon.equation import ON_THE_WAY


def closing(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Count mails in the mailbox's folders, rows and outcomes, and name what differs; exit status 1 then.

    The daemon does it daily.  Nothing is changed, in the mailbox or here; it may run beside the daemon.
    """
    with opened(config) as house:
        closings = house.close_mailboxes()
        missing = house.pipeline.missing()
    if as_json:
        print_json({"mailboxes": closings, "missing": missing})
    for one in () if as_json else closings:
        books = one.books
        folders = ", ".join(f"{name} {count}" for name, count in one.seen.items())
        lines = [
            f"{one.account}: {sum(one.seen.values())} mails in the mailbox ({folders or 'none'})",
            f"  {books.rows} rows = {books.decided} decided + {books.waiting} before a person + "
            f"{books.under_way} under way",
            f"  {one.elsewhere} with a row lie in none of these folders any more; {one.before_us} in them are older "
            f"than this house; {one.on_the_way} came in the last {ON_THE_WAY.seconds // 60} minutes",
            *(f"  WITHOUT A ROW: {place}" for place in one.unknown),
            *(f"  WITHOUT AN OUTCOME: {receipt}" for receipt in books.stuck),
        ]
        for line in lines:
            out.print(line, markup=False, highlight=False, soft_wrap=True)
    for lost in () if as_json else missing:
        out.print(f"NOT IN THE BOOKS ANY MORE: {lost.receipt} ({lost.folder}, UID {lost.uid})", markup=False)
    if missing or not all(one.even for one in closings):
        raise typer.Exit(EXIT_FAILED)
