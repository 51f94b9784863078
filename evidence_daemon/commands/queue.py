"""`evidence-daemon queue`: what waits for a person, on the same desk as the web pages."""

from __future__ import annotations

from typing import Annotated

import typer

from evidence_daemon.commands import DEFAULT_CONFIG, AsJson, ConfigFile, Person, Receipt, mail_named, opened
from evidence_daemon.config import Config
from evidence_daemon.console import out, print_json, print_queue, print_story
from evidence_daemon.model import CaseId, ItemId, Lane, ReasonCode, Verdict
from evidence_daemon.review import Outcome
from evidence_daemon.store import records

queue = typer.Typer(no_args_is_help=True, help="What waits for a person: list it, look at one, decide it.")


@queue.command("list")
def queue_list(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List what waits for a person, oldest first."""
    with opened(config) as house, house.database.session() as session:
        rows = records.open_reviews(session)
    if as_json:
        print_json(rows)
        return
    print_queue(rows)


@queue.command("show")
def queue_show(receipt: Receipt, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Show one held mail: the same story as `explain`."""
    with opened(config) as house, house.database.session() as session:
        story = records.explain(session, mail_named(receipt))
    if as_json:
        print_json(story)
    else:
        print_story(story)


@queue.command("settle")
def queue_settle(
    receipt: Receipt,
    verdict: Annotated[Verdict, typer.Argument(help="What is decided.")],
    person: Person,
    reason: Annotated[
        list[ReasonCode] | None, typer.Option(help="Reason that the customer reads; repeat for more.")
    ] = None,
    case: Annotated[
        int | None, typer.Option(help="Number of the case, where the daemon found none or several.")
    ] = None,
    item: Annotated[
        list[int] | None, typer.Option(help="Item to accredit; repeat for more; default: all pending.")
    ] = None,
    note: Annotated[str, typer.Option(help="A note for the history.")] = "",
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Decide a held mail.  The customer is answered by the same templates as the daemon's own decisions."""
    with opened(config) as house:
        outcome = house.desk.settle(
            mail_named(receipt),
            verdict,
            person=person,
            reasons=reason or (),
            case_id=CaseId(case) if case is not None else None,
            items=[ItemId(number) for number in item] if item else None,
            note=note,
        )
    _print_outcome(outcome)


@queue.command("approve")
def queue_approve(receipt: Receipt, person: Person, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Be the second person: what the first one decided is settled now."""
    with opened(config) as house:
        _print_outcome(house.desk.approve(mail_named(receipt), person=person))


@queue.command("take-back")
def queue_take_back(
    receipt: Receipt,
    person: Person,
    because: Annotated[str, typer.Option(help="Why; needed after 60 seconds, or for another person's.")] = "",
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Undo the last decision: what it accredited is pending again, and the mail waits for a person."""
    with opened(config) as house:
        _print_outcome(house.desk.take_back(mail_named(receipt), person=person, because=because))


def _print_outcome(outcome: Outcome) -> None:
    if outcome.proposed:
        out.print(f"{outcome.receipt}: waits for a second person ({outcome.proposed})")
        return
    answer = f"answer: {outcome.reply.value}" if outcome.reply else f"no answer ({outcome.unanswered_because})"
    out.print(f"{outcome.receipt}: {outcome.state.value}, {outcome.charges} charges changed, {answer}")


@queue.command("done")
def queue_done(
    receipt: Receipt,
    lane: Annotated[Lane, typer.Argument(help="The lane: LLAMAR or ENVIO_INCIERTO.")],
    person: Person,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Take a question about an answer off the queue: the customer was called, nothing is to be decided."""
    with opened(config) as house:
        house.desk.done(mail_named(receipt), lane, person=person)
    out.print(f"{receipt}: done in {lane.value}.")


@queue.command("unshunt")
def queue_unshunt(receipt: Receipt, person: Person, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Walk a mail again that could not be processed (after its cause was mended)."""
    with opened(config) as house:
        house.desk.unshunt(mail_named(receipt), person=person)
    out.print(f"{receipt} will be walked again by the daemon within {Config().daemon.reconcile_seconds} seconds.")
