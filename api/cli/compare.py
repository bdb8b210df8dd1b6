"""`flyonce compare`: two plans of one day side by side."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from api.cli.output import AsJson, emit, out
from core.errors import InvalidInput

Plan = Annotated[Path, typer.Argument(help="A plan file, as 'flyonce plan --out' writes it.")]

ROWS = (
    ("value", "value", "{:,.0f}"),
    ("km", "kilometres", "{:,.0f}"),
    ("flights", "flights", "{}"),
    ("served", "tasks served", "{}"),
    ("unserved", "tasks not served", "{}"),
    ("gap", "within the best possible", "{:.2%}"),
    ("fairness", "fairness (Jain's index)", "{:.3f}"),
    ("least_landing_share", "least charge at landing", "{:.0%}"),
    ("tight", "flights that could not start 10 min later", "{:.0%}"),
    ("low", "flights that land below 25 %", "{:.0%}"),
    ("response_p90_min", "nine of ten fires within (min)", "{:.1f}"),
)


def compare(first: Plan, second: Plan, as_json: AsJson = False) -> None:
    """Show what two plans are worth, how fair and how risky they are, and what differs."""
    from planner.explain import told_in
    from planner.formats import planfile
    from planner.replan.compare import compare as compared
    from planner.replan.response import fires

    a, b = planfile.read(first), planfile.read(second)
    (day, one), (other, two) = a.whole_day, b.whole_day
    unlike = {t.id for t in day.tasks} ^ {t.id for t in other.tasks}
    if (day.start, day.end) != (other.start, other.end):
        raise InvalidInput(
            "the plans are of different days", where=str(second), remedy="compare one day's plans"
        )
    with told_in(day.start.tzinfo):
        content = compared(day, one, two, given=fires(day)).content()
    if as_json:
        emit({**content, "tasks_in_one_only": sorted(unlike)})
        return
    out.print(_table(content, first.name, second.name))
    for department, told in content["changes"].items():
        out.print(f"[bold]{department or 'no department'}[/]")
        for change in told:
            text = a.named(change["task"], change["text"])
            out.print(f"  {text}", markup=False, soft_wrap=True)
    if unlike:
        out.print(f"{len(unlike)} tasks are known to one of the two only")


def _table(content: dict[str, Any], first: str, second: str) -> Table:
    table = Table(title=None)
    table.add_column("")
    for name in (first, second):
        table.add_column(name, justify="right")
    for key, label, form in ROWS:
        table.add_row(label, *("–" if v is None else form.format(v) for v in content[key]))
    for department, pair in content["served_share"].items():
        cells = ("–" if v is None else f"{v:.0%}" for v in pair)
        table.add_row(f"served of {department or 'no department'}", *cells)
    return table
