"""`flyonce token`: who may use the service from elsewhere, and as what."""

from typing import Annotated

import typer
from rich.table import Table

from api.cli.options import Home, PresetName, settings_from
from api.cli.output import AsJson, emit, err, out
from core.errors import InvalidInput, NotFound

app = typer.Typer(
    no_args_is_help=True, help="Make, list and revoke tokens for people and machines."
)

_ROLES = ("administrator", "dispatcher", "pilot", "member", "auditor", "machine")
_Name = Annotated[str, typer.Option(help="Whose token it is, as the log will name them.")]


@app.command()
def create(
    name: _Name,
    role: Annotated[str, typer.Option(help="One of " + ", ".join(_ROLES) + ".")],
    department: Annotated[
        str | None, typer.Option(help="The department whose things a member sees.")
    ] = None,
    home: Home = None,
    preset: PresetName = None,
    as_json: AsJson = False,
) -> None:
    """Make a token; it is shown once and never again."""
    from api.cli.records import opened
    from missions.identity import tokens
    from missions.access import Principal, Role
    from missions.presets import load

    if role not in _ROLES:
        raise InvalidInput(
            f"no role {role!r}", where="--role", remedy="one of " + ", ".join(_ROLES)
        )
    settings = settings_from(home=home, preset=preset)
    departments = load(settings.preset).departments
    if department is not None and department not in departments:
        raise InvalidInput(
            f"no department {department!r}",
            where="--department",
            remedy="one of " + ", ".join(departments),
        )
    principal = Principal(name=name, role=Role(role), department=department)
    with opened(settings, create=True) as store, store.unit() as unit:
        made = tokens.make(unit, principal)
    if as_json:
        emit({"token": made, "name": name, "role": role, "department": department})
    else:
        err.print(
            "Keep this token: it is not shown again. Use it as 'Authorization: Bearer TOKEN'."
        )
        print(made)


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
def revoke(name: _Name, home: Home = None) -> None:
    """End every token of a name at once."""
    from api.cli.records import opened
    from missions.identity import tokens

    with opened(settings_from(home=home)) as store, store.unit() as unit:
        ended = tokens.revoke(unit, name)
    if not ended:
        raise NotFound("no good token of this name", where=name, remedy="see 'flyonce token list'")
    out.print(f"Revoked: {ended} token{'' if ended == 1 else 's'} of {name}")
