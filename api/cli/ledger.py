"""`flyonce ledger`: who owes what of what was flown, and what flying once has saved."""

from typing import Annotated, Any

import typer
from rich.table import Table

from api.cli.calling import HERE, Server, Token, calling
from api.cli.output import AsJson, emit, wide


def ledger(
    first: Annotated[
        str | None, typer.Option("--from", help="First day, such as 2026-05-01; today.")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last day; it counts.")] = None,
    department: Annotated[str | None, typer.Option(help="Only this one.")] = None,
    flight: Annotated[str | None, typer.Option(help="Instead of days: one flight's id.")] = None,
    server: Server = HERE,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Kilometres and minutes by department; together they are exactly what was flown."""
    with calling(server, token) as service:
        if flight is not None:
            found = service.get(f"/flights/{flight}/ledger")
        else:
            wanted = {"from": first, "to": last, "department": department}
            found = service.get("/ledger", **wanted)
    if as_json:
        emit(found)
        return
    wide().print(_shares(found))
    if found.get("days"):
        wide().print(_saved(found["days"]))


def _shares(found: Any) -> Table:
    title = found.get("flight_id") or f"{found['first']} to {found['last']}"
    table = Table("department", "flights", "km", "minutes", title=f"Flown, {title}")
    for s in found["departments"]:
        row = (s["department"], str(s["flights"]), f"{s['km']:.3f}", f"{s['seconds'] / 60:.1f}")
        table.add_row(*row)
    table.add_section()
    table.add_row("all", "", f"{found['metres'] / 1000:.3f}", f"{found['seconds'] / 60:.1f}")
    return table


def _saved(days: list[Any]) -> Table:
    """Each day's plan beside separate flights."""
    table = Table("day", "requests", "planned km", title="Planned, and what separate flights cost")
    for name in ("at least km", "best found km", "of the requests"):
        table.add_column(name)
    for d in days:
        best = ("-", "-")
        if d["best_km"] is not None:
            best = (f"{d['best_km']:.1f}", f"{d['best_served']} of {d['served']}")
        table.add_row(d["day"], str(d["served"]), f"{d['km']:.1f}", f"{d['least_km']:.1f}", *best)
    return table
