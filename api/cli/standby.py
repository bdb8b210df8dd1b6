"""`flyonce standby`: drones kept for emergencies, how soon they come, and what they cost."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from api.cli.output import AsJson, emit, err, out, progress
from core.errors import InvalidInput

if TYPE_CHECKING:
    from planner.problem import Progress
    from planner.replan.standby import StandbyOffer


def standby(
    plan: Annotated[Path, typer.Argument(help="A plan file, as 'flyonce plan --out' writes it.")],
    counts: Annotated[str, typer.Option(help="How many to keep, each a plan of its own.")] = (
        "0,4,8,12"
    ),
    p90: Annotated[
        float | None,
        typer.Option(
            min=1, max=600, help="Minutes within which nine of ten fires are reached, instead."
        ),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=0.1, max=3600, help="Time to plan each day with.")
    ] = 10.0,
    out_file: Annotated[
        Path | None,
        typer.Option("--out", dir_okay=False, help="Write the plan that keeps the most back."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a standby costs: the day is really planned without the drones that are kept.

    Response times are those of 500 simulated fires over the territory and the day, with drones in
    the air diverted and charging ones as they come free.
    """
    from planner.formats import planfile
    from planner.replan.standby import standby as offers

    given = planfile.read(plan)
    with progress("Planning with standby") as meter:

        def tell(now: "Progress") -> None:
            meter(min(1.0, now.elapsed_s / now.seconds), f"{now.stage}, {now.served} tasks")

        found = offers(
            given.problem, seconds=seconds, counts=_numbers(counts), p90_min=p90, progress=tell
        )
    if out_file is not None:
        _write(given, found[-1], out_file)
    if as_json:
        emit([_content(one) for one in found])
        return
    out.print(_table(found))
    if p90 is not None and found[-1].p90_min > p90:
        err.print(f"Nine of ten within {p90:g} min cannot be had with these drones and docks.")


def _numbers(text: str) -> list[int]:
    try:
        numbers = sorted({0, *(int(part) for part in text.split(","))})
        if numbers[0] < 0:
            raise ValueError(text)
    except ValueError as error:
        raise InvalidInput(
            f"{text!r} is no list of numbers", where="--counts", remedy="write 0,4,8"
        ) from error
    return numbers


def _write(given: Any, chosen: "StandbyOffer", path: Path) -> None:
    from dataclasses import replace

    from planner.formats import planfile

    held = tuple(
        replace(s, standby=s.standby or s.id in chosen.docks) for s in given.problem.stations
    )
    problem = replace(given.problem, stations=held)
    planfile.write(path, replace(given, problem=problem, plan=chosen.plan))
    err.print(f"Written: {path}", markup=False)


def _table(found: "tuple[StandbyOffer, ...]") -> Table:
    table = Table(title=None)
    for name in ("kept", "half within", "nine of ten within", "routine value", "km", "docks"):
        table.add_column(name, justify="left" if name == "docks" else "right")
    for one in found:
        table.add_row(
            str(len(one.docks)),
            f"{one.p50_min:.1f} min",
            f"{one.p90_min:.1f} min",
            f"{one.value_share:.1%}",
            f"{one.km:,.0f}",
            ", ".join(one.docks),
        )
    return table


def _content(one: "StandbyOffer") -> dict[str, Any]:
    names = ("docks", "p50_min", "p90_min", "value", "value_share", "km", "km_more")
    return {name: getattr(one, name) for name in names}
