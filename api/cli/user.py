"""`flyonce user`: the accounts of people, on the database of a running or stopped service."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from api.cli.options import Home, PresetName, settings_from
from api.cli.output import AsJson, emit, err, out

app = typer.Typer(no_args_is_help=True, help="Make, list, disable and mend people's accounts.")

_Name = Annotated[str, typer.Argument(help="The name to sign in with.")]
_Role = Annotated[str, typer.Option(help="A role, see 'flyonce user roles'.")]
_Counties = Annotated[
    str | None, typer.Option(help="Ids of counties, separated by commas; the whole city if none.")
]


@contextmanager
def identity_of(home: Path | None, preset: str | None, *, create: bool = False) -> Iterator[Any]:
    """The identity room on a home folder's database."""
    from api.cli.records import opened
    from core.clock import SystemClock
    from missions.identity.desk import Identity
    from missions.presets import load

    settings = settings_from(home=home, preset=preset)
    with opened(settings, create=create) as store:
        yield Identity(store, load(settings.preset), SystemClock())


def _operator() -> Any:
    from missions.access import LOCAL_OPERATOR

    return LOCAL_OPERATOR


@app.command()
def create(
    name: _Name,
    role: _Role,
    department: Annotated[str | None, typer.Option(help="For roles of one department.")] = None,
    counties: _Counties = None,
    display: Annotated[str, typer.Option(help="The name as others see it.")] = "",
    home: Home = None,
    preset: PresetName = None,
    as_json: AsJson = False,
) -> None:
    """Make an account; its first password is shown once and must be changed."""
    from missions.identity.accounts import Wish

    wish = Wish(
        display=display,
        role=role,
        department=department,
        counties=None if counties is None else [c.strip() for c in counties.split(",")],
    )
    with identity_of(home, preset, create=True) as identity:
        made, password = identity.accounts.create(_operator(), name, wish)
    if as_json:
        emit({"id": made.id, "name": made.name, "role": made.role, "password": password})
    else:
        err.print(f"{made.name} signs in with this password once, and then chooses another:")
        print(password)


@app.command("list")
def list_(home: Home = None, preset: PresetName = None, as_json: AsJson = False) -> None:
    """Every account, with its role and when it signed in last."""
    with identity_of(home, preset) as identity, identity.book.records.view() as unit:
        accounts = unit.accounts.find()
    if as_json:
        emit(
            [
                {
                    "id": a.id,
                    "name": a.name,
                    "role": a.role,
                    "department": a.department,
                    "counties": a.counties,
                    "disabled": a.disabled_at is not None,
                    "last_sign_in": a.last_sign_in.isoformat() if a.last_sign_in else None,
                }
                for a in accounts
            ]
        )
        return
    table = Table("name", "role", "department", "counties", "last sign-in", "good")
    for a in accounts:
        last = "-" if a.last_sign_in is None else f"{a.last_sign_in:%Y-%m-%d %H:%M}"
        where = "all" if a.counties is None else ", ".join(a.counties)
        good = "yes" if a.disabled_at is None else "disabled"
        table.add_row(a.name, a.role, a.department or "-", where, last, good)
    out.print(table)


@app.command()
def disable(name: _Name, home: Home = None, preset: PresetName = None) -> None:
    """End an account's sessions and let nobody sign in with it; a running service obeys at once."""
    from missions.identity.accounts import Wish

    with identity_of(home, preset) as identity:
        account = identity.accounts.named(name)
        identity.accounts.change(_operator(), account.id, Wish(disabled=True))
    out.print(f"{account.name} is disabled.")


@app.command()
def enable(name: _Name, home: Home = None, preset: PresetName = None) -> None:
    """Make a disabled account good again."""
    from missions.identity.accounts import Wish

    with identity_of(home, preset) as identity:
        account = identity.accounts.named(name)
        identity.accounts.change(_operator(), account.id, Wish(disabled=False))
    out.print(f"{account.name} may sign in again.")


@app.command()
def password(name: _Name, home: Home = None, preset: PresetName = None) -> None:
    """Set a password, asked for twice; its owner changes it at the next sign-in."""
    given = typer.prompt("New password", hide_input=True, confirmation_prompt=True)
    with identity_of(home, preset) as identity:
        account = identity.accounts.named(name)
        identity.accounts.reset(_operator(), account.id, given)
    out.print(f"{account.name} has a new password, and every session of it has ended.")


@app.command()
def reset(name: _Name, home: Home = None, preset: PresetName = None) -> None:
    """Give a random password, shown once, and end every session: for who has forgotten theirs."""
    with identity_of(home, preset) as identity:
        account = identity.accounts.named(name)
        _, given = identity.accounts.reset(_operator(), account.id)
    err.print(f"{account.name} signs in with this password once, and then chooses another:")
    print(given)


@app.command()
def roles(home: Home = None, preset: PresetName = None, as_json: AsJson = False) -> None:
    """What each role may do."""
    from missions.access import ACTIONS

    with identity_of(home, preset, create=True) as identity:
        listed = identity.roles.listed()
    if as_json:
        emit({name: list(may) for name, may in listed.items()})
        return
    table = Table("action", "means", *listed)
    for action, means in ACTIONS.items():
        table.add_row(action, means, *("x" if action in may else "" for may in listed.values()))
    out.print(table)
