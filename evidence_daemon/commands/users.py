"""`evidence-daemon users`: the people of the web house, from the command line.  The first one is made here."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from evidence_daemon.app import House
from evidence_daemon.commands import DEFAULT_CONFIG, AsJson, ConfigFile, opened
from evidence_daemon.console import out, print_json
from evidence_daemon.errors import BadInput
from evidence_daemon.model import Role
from evidence_daemon.store import users

commands = typer.Typer(no_args_is_help=True, help="People who may enter the web house.")

Name = Annotated[str, typer.Argument(metavar="USER", help="What he logs in with.")]
_ACTOR = "persona:consola"
"""Whoever has the command line has the database: the history says that it was done there."""


@commands.command("add")
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What he may do.")],
    display: Annotated[str, typer.Option("--name", help="His name, as colleagues see it.")] = "",
    sign_on: Annotated[bool, typer.Option("--sign-on", help="He comes in by single sign-on: no password.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Add a user; his first password is printed once, and he must change it when he comes in."""
    from evidence_daemon.web import auth  # noqa: PLC0415  # the web's libraries load only where they are needed

    with opened(config) as house:
        password = "" if sign_on else auth.new_password()
        kept = auth.hash_password(password) if password else ""
        with house.database.session() as session:
            user = users.add_user(
                session,
                auth.kept_name(name),
                display=display,
                role=role,
                password_hash=kept,
                must_change=True,
                actor=_ACTOR,
                now=house.pipeline.clock(),
            )
    out.print(f"{user.name} is added as {role.value}.", highlight=False)
    if password:
        out.print(f"First password: {password}", highlight=False)


@commands.command("list")
def list_all(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List everybody."""
    with opened(config) as house, house.database.reading() as session:
        everyone = users.all_users(session)
    if as_json:
        print_json(everyone)
        return
    table = Table("User", "Name", "Role", "Second factor", "Access")
    for user in everyone:
        access = "disabled" if user.disabled_at else "password" if user.has_password else "single sign-on"
        table.add_row(user.name, user.display, user.role.value, "on" if user.totp else "off", access)
    out.print(table)


@commands.command("password")
def password(name: Name, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Give somebody a new password, printed once; his sessions end, and he must change it when he comes in."""
    from evidence_daemon.web import auth  # noqa: PLC0415

    with opened(config) as house:
        given = auth.new_password()
        _change(house, name, "password reset", password_hash=auth.hash_password(given), must_change=True)
    out.print(f"New password: {given}", highlight=False)


@commands.command("role")
def role(name: Name, role: Annotated[Role, typer.Argument()], config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Give somebody another role; his sessions end."""
    with opened(config) as house:
        _change(house, name, "user role changed", role=role)
    out.print(f"{name} is {role.value} now.", highlight=False)


@commands.command("reset-code")
def reset_code(name: Name, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Take somebody's second factor away (a lost telephone); his sessions end."""
    with opened(config) as house:
        _change(house, name, "second factor reset", totp_secret="", totp_pending="")
    out.print(f"{name} has no second factor now.", highlight=False)


@commands.command("disable")
def disable(name: Name, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Let somebody in no more; his sessions end.  The history keeps his name."""
    with opened(config) as house:
        _change(house, name, "user disabled", disabled_at=house.pipeline.clock())
    out.print(f"{name} is disabled.", highlight=False)


@commands.command("enable")
def enable(name: Name, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Let somebody in again."""
    with opened(config) as house:
        _change(house, name, "user enabled", disabled_at=None)
    out.print(f"{name} is enabled.", highlight=False)


def _change(house: House, name: str, what: str, **values: object) -> None:
    with house.database.session() as session:
        found = users.user_named(session, name)
        if found is None:
            raise BadInput(f"there is no user {name!r}")
        users.change_user(session, found.user.id, actor=_ACTOR, now=house.pipeline.clock(), what=what, **values)
        users.clear_seats(session, found.user.id)
