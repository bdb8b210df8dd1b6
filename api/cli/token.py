"""`flyonce token`: who may use the service from elsewhere, and as what."""

from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table

from api.cli.options import Home, PresetName, settings_from
from api.cli.output import AsJson, emit, err, out
from core.errors import NotFound

app = typer.Typer(
    no_args_is_help=True, help="Make, list and revoke tokens for people and machines."
)

_Name = Annotated[str, typer.Option(help="Whose token it is, as the log will name them.")]


@app.command()
def create(
    name: _Name,
    role: Annotated[str, typer.Option(help="A role; 'flyonce user roles' lists them.")],
    department: Annotated[
        str | None, typer.Option(help="The department whose things it sees.")
    ] = None,
    counties: Annotated[
        str | None, typer.Option(help="Ids of counties, separated by commas; all if none.")
    ] = None,
    permissions: Annotated[
        str | None, typer.Option(help="Some of the role's permissions, separated by commas.")
    ] = None,
    days: Annotated[float | None, typer.Option(min=0.01, help="Good for so many days.")] = None,
    networks: Annotated[
        str | None, typer.Option("--from", help="Networks it may come from, such as 10.1.0.0/16.")
    ] = None,
    home: Home = None,
    preset: PresetName = None,
    as_json: AsJson = False,
) -> None:
    """Make a token; it is shown once and never again."""
    from api.cli.user import identity_of
    from missions.access import LOCAL_OPERATOR
    from missions.identity.keys import KeyWish

    with identity_of(home, preset, create=True) as identity:
        expires = None if days is None else identity.book.now() + timedelta(days=days)
        wish = KeyWish(
            name=name,
            role=role,
            department=department,
            counties=_listed(counties),
            permissions=_listed(permissions),
            expires_at=expires,
            addresses=_listed(networks) or (),
        )
        record, made = identity.keys.create(LOCAL_OPERATOR, wish)
    if as_json:
        emit({"token": made, "name": name, "role": role, "department": record.department})
    else:
        err.print(
            "Keep this token: it is not shown again. Use it as 'Authorization: Bearer TOKEN'."
        )
        print(made)


def _listed(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


@app.command("list")
def list_(home: Home = None, as_json: AsJson = False) -> None:
    """Who has tokens; the tokens themselves are not kept."""
    from api.cli.records import opened

    with opened(settings_from(home=home)) as store, store.unit() as unit:
        records = unit.tokens.find()
    if as_json:
        emit(
            [
                {
                    "name": r.name,
                    "role": r.role,
                    "department": r.department,
                    "made_at": r.made_at.isoformat(),
                    "revoked_at": r.revoked_at.isoformat() if r.revoked_at else None,
                }
                for r in records
            ]
        )
        return
    table = Table("name", "role", "department", "made", "good")
    for r in records:
        good = "yes" if r.revoked_at is None else f"until {r.revoked_at:%Y-%m-%d %H:%M}"
        table.add_row(r.name, r.role, r.department or "-", f"{r.made_at:%Y-%m-%d %H:%M}", good)
    out.print(table)


@app.command()
def revoke(name: _Name, home: Home = None, preset: PresetName = None) -> None:
    """End every token of a name at once; a running service obeys at its next request."""
    from api.cli.user import identity_of
    from missions.access import LOCAL_OPERATOR

    with identity_of(home, preset) as identity:
        ended = identity.keys.revoke_name(LOCAL_OPERATOR, name)
    if not ended:
        raise NotFound("no good token of this name", where=name, remedy="see 'flyonce token list'")
    out.print(f"Revoked: {ended} token{'' if ended == 1 else 's'} of {name}")
