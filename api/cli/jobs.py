"""`flyonce jobs`: what runs by the clock."""

from typing import Annotated, Any

import typer
from rich.table import Table

from api.cli.calling import HERE, Server, Token, calling
from api.cli.output import AsJson, emit, out, wide

app = typer.Typer(help="What runs by the clock.", no_args_is_help=True)


@app.callback()
def main() -> None:
    """What runs by the clock."""


@app.command("list")
def list_jobs(
    runs: Annotated[int, typer.Option(min=1, max=50, help="How many runs of each job.")] = 3,
    server: Server = HERE,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Every job: its rule, when it runs next, how it went last, what was missed; who runs them."""
    with calling(server, token) as service:
        found = service.get("/jobs", runs=runs)
    if as_json:
        emit(found)
        return
    wide().print(_table(found["items"]))
    for job in found["items"]:
        for missed in job["missed"]:
            out.print(f"{_minute(missed['at'])}  {missed['text']}", markup=False, soft_wrap=True)
    out.print(_holder(found["lease"]), markup=False, soft_wrap=True)


def _table(jobs: list[Any]) -> Table:
    table = Table("job", "rule", "if missed", "next", "last runs", title="Jobs, service's time")
    for job in jobs:
        ran = [f"{_minute(run['due'])} {run['outcome']}" for run in job["runs"]]
        after = _minute(job["next_run_at"])
        table.add_row(job["name"], job["rule"], job["if_missed"], after, "\n".join(ran) or "-")
    return table


def _minute(at: str | None) -> str:
    return "never" if at is None else at[:16].replace("T", " ") + "Z"


def _holder(lease: Any) -> str:
    if lease is None:
        return "Nobody has run the jobs yet."
    if lease["released"]:
        return f"Nobody runs the jobs; last was {lease['holder']} (number {lease['number']})."
    here = "which answers" if lease["here"] else "another than the one that answers"
    return f"Run by {lease['holder']} (number {lease['number']}), {here}."
