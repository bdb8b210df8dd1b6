"""`flyonce cases`: a running service's cases, listed, shown, and taken to their next step."""

from typing import Annotated, Any

import typer
from rich.table import Table

from api.cli.calling import HERE, Server, Token, calling
from api.cli.output import AsJson, emit, out, shown, wide

app = typer.Typer(no_args_is_help=True, help="Cases of a running service (docs/cases.md).")


@app.command("list")
def list_(
    state: Annotated[str | None, typer.Option(help="Such as dispatched or closed.")] = None,
    department: Annotated[str | None, typer.Option(help="Whose they are.")] = None,
    county: Annotated[str | None, typer.Option(help="Where they lie.")] = None,
    event_type: Annotated[str | None, typer.Option("--type", help="Code, such as 01-01.")] = None,
    overdue: Annotated[bool | None, typer.Option("--overdue/--in-time")] = None,
    escalated: Annotated[int | None, typer.Option(help="At least at this level.")] = None,
    number: Annotated[str | None, typer.Option(help="How the number begins.")] = None,
    most: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    server: Server = HERE,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """List cases, the newest first."""
    wanted = {
        "state": state,
        "department": department,
        "county": county,
        "event_type": event_type,
        "overdue": None if overdue is None else str(overdue).lower(),
        "escalated": escalated,
        "number": number,
    }
    with calling(server, token) as service:
        chosen = {name: value for name, value in wanted.items() if value is not None}
        rows = list(service.pages("/cases", most, **chosen))
    if as_json:
        emit(rows)
        return
    table = Table("number", "title", "state", "department", "due", "")
    for row in rows[:most]:
        mark = "overdue" if row["overdue"] else "late" if row["late"] else ""
        level = f" level {row['escalation']}" if row["escalation"] else ""
        table.add_row(
            row["number"],
            shown(row["title"]),
            row["state"],
            row["department"],
            row["due_at"][:16],
            mark + level,
        )
    wide().print(table)


@app.command()
def show(
    case: Annotated[str, typer.Argument(help="Id or number of the case.")],
    server: Server = HERE,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Show a case: its steps, its proof, and which steps are open to you."""
    with calling(server, token) as service:
        found = service.get(f"/cases/{_id(service, case)}")
    emit(found) if as_json else _print(found)


@app.command()
def step(
    case: Annotated[str, typer.Argument(help="Id or number of the case.")],
    name: Annotated[str, typer.Argument(help="The step, such as handle or report_back.")],
    note: Annotated[str, typer.Option(help="What is said of it.")] = "",
    department: Annotated[str | None, typer.Option(help="To which it goes.")] = None,
    media: Annotated[list[str] | None, typer.Option(help="Id of a photograph; repeat it.")] = None,
    passed: Annotated[bool | None, typer.Option("--passed/--failed", help="A verdict.")] = None,
    hours: Annotated[
        float | None, typer.Option(help="Working hours more, of an extension.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="End of a rest, with its zone.")] = None,
    server: Server = HERE,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Take a case's next step."""
    said: dict[str, Any] = {
        "step": name,
        "note": note,
        "department": department,
        "media": media or [],
        "passed": passed,
        "hours": hours,
        "until": until,
    }
    with calling(server, token) as service:
        path = f"/cases/{_id(service, case)}/steps"
        taken = service.send("POST", path, {k: v for k, v in said.items() if v is not None})
    emit(taken) if as_json else _print(taken)


def _id(service: Any, case: str) -> str:
    """The id of a case that is named by id or number."""
    if case.startswith("cas-"):
        return case
    found = service.get("/cases", number=case, limit=2)["items"]
    return str(found[0]["id"]) if len(found) == 1 else case


def _print(case: dict[str, Any]) -> None:
    out.print(f"{case['number']}  {case['title']}  ({case['id']})", markup=False)
    hours = case["deadline"]
    late = "  OVERDUE" if case["overdue"] else ""
    out.print(
        f"{case['state']}, {case['department']}, due {case['due_at'][:16]}, "
        f"{hours['left_h']:g} of {hours['hours']:g} h left{late}",
        markup=False,
    )
    for one in case["steps"]:
        note = f": {one['note']}" if one["note"] else ""
        out.print(f"  {one['at'][:19]}  {one['step']}  {one['by']}{note}", markup=False)
    missing = ", ".join(lack["text"] for lack in case["proof"]["missing"]) or "nothing"
    out.print(f"proof: {missing} is missing", markup=False)
    for offer in case["steps_open"]:
        if offer["open"]:
            needs = f" (needs {', '.join(offer['needs'])})" if offer["needs"] else ""
            out.print(f"open: {offer['step']} {offer['name_zh']}{needs}", markup=False)
