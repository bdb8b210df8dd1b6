"""`flyonce rehearse`: a day's plan flown in simulation before it flies for real."""

import asyncio
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import PresetName, settings_from
from api.cli.output import emit, err, progress
from core.errors import InvalidInput

if TYPE_CHECKING:
    from api.settings import Settings

RISKY, INFEASIBLE = 3, 4
Json = Mapping[str, Any]


def rehearse(
    plan: Annotated[
        Path | None,
        typer.Argument(
            help="A plan that 'flyonce plan --out' wrote; without one, what --home has planned.",
            show_default=False,
        ),
    ] = None,
    home: Annotated[
        Path | None,
        typer.Option(
            help="Rehearse the released day of this service's records.", show_default=False
        ),
    ] = None,
    day: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="With --home: which day.")
    ] = None,
    forecast: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="The day's weather, CSV or JSON; without one a light wind from anywhere.",
        ),
    ] = None,
    members: Annotated[
        int, typer.Option(min=1, max=100, help="Draws of the weather's and the drones' errors.")
    ] = 5,
    seed: Annotated[int, typer.Option(help="The same seed gives the same rehearsal.")] = 7,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes.", show_default="all cores")
    ] = None,
    rounds: Annotated[
        int, typer.Option(min=0, max=20, help="Changes tried for a flight that is not ok.")
    ] = 4,
    html: Annotated[Path | None, typer.Option(dir_okay=False, help="Write a page to read.")] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", dir_okay=False, help="Write the report; - for here.")
    ] = None,
    all_flights: Annotated[
        bool, typer.Option("--all", help="List the flights that are ok, too.")
    ] = False,
    preset: PresetName = None,
) -> None:
    """Fly a whole day's plan in simulation with the day's forecast, and say what would go wrong.

    The simulated autopilots fly the very missions that would be uploaded. Late, risky and
    infeasible flights are told with what to change; a change is told only when it was flown again.
    Exit status: 0 when all is well, 3 with late or risky flights, 4 with infeasible ones.
    """
    settings = settings_from(preset=preset, home=home)
    given = _given(settings, plan, home is not None, _date(day))
    report = _rehearsed(
        given, forecast, members=members, seed=seed, jobs=jobs or os.cpu_count() or 1, rounds=rounds
    )
    from api.cli import rehearse_output

    if html is not None:
        _written(html, rehearse_output.page(report))
    if json_file is not None and str(json_file) == "-":
        emit(report)
    else:
        if json_file is not None:
            _written(json_file, rehearse_output.text(report))
        rehearse_output.show(report, everything=all_flights)
    raise typer.Exit(status_of(report))


def status_of(report: Json) -> int:
    """The exit status: 0 all ok, 3 late or risky, 4 infeasible."""
    counts = report["counts"]
    if counts["infeasible"]:
        return INFEASIBLE
    return RISKY if counts["late"] or counts["risky"] else 0


def _given(settings: "Settings", plan: Path | None, recorded: bool, day: date | None) -> Json:
    """The day to rehearse.

    Raises:
        InvalidInput: neither a plan nor a home, both, or nothing to fly in it.
    """
    if (plan is None) != recorded:
        raise InvalidInput(
            "give a plan or --home, one of them",
            where="PLAN",
            remedy="write a plan with 'flyonce plan --out plan.json'",
        )
    found = _of_records(settings, day) if plan is None else _of_file(settings, plan)
    if not found["flights"]:
        raise InvalidInput(
            "there are no flights in it", where=str(plan or settings.home), remedy="plan first"
        )
    return found


def _of_file(settings: "Settings", path: Path) -> Json:
    from core.geo import HeightGrid
    from missions.operations.rehearsing import of_plan
    from missions.presets import load
    from planner.formats import planfile

    given = planfile.read(path)
    problem, plan = given.whole_day
    city = load(settings.preset)
    ours = {d.id for d in city.docks} >= {s.id for s in problem.stations}
    heights = city.heights if ours and isinstance(city.heights, HeightGrid) else None
    zone = city.zone_info
    return of_plan(
        problem,
        plan,
        _posts(problem, city, ours=ours),
        title=f"{path.name} {problem.start.astimezone(zone).date()}",
        zone=zone,
        ground=heights,
    )


def _posts(problem: Any, city: Any, *, ours: bool) -> tuple[Any, ...]:
    """The plan's stations; a city's own drones with the reserve that really holds.

    Plans of a city keep a margin on top of the reserve (missions.demand.planning.MARGIN): it is
    there to be used up by what rehearsals show.
    """
    from missions.operations.rehearsing import Post

    numbers = {d.id: d.system_id for d in city.docks}
    return tuple(
        Post(
            id=s.id,
            position=s.position,
            spec=city.kinds.get(s.spec.id, s.spec) if ours else s.spec,
            system_id=numbers.get(s.id, n % 250),
            health=s.health,
        )
        for n, s in enumerate(problem.stations, start=1)
    )


def _of_records(settings: "Settings", day: date | None) -> Json:
    from api.cli.records import opened
    from missions.day import CLOCK_KEY
    from missions.entities import FlightState
    from missions.operations.rehearsing import of_flights
    from missions.presets import load

    city = load(settings.preset)
    with opened(settings) as store, store.view() as unit:
        from datetime import datetime

        saved = unit.settings.get(CLOCK_KEY)
        now = datetime.fromisoformat(saved) if saved else city.demo.start
        wanted = day or now.astimezone(city.zone_info).date()
        flights = unit.flights.find(day=wanted, state=FlightState.PLANNED)
    if not flights:
        raise InvalidInput(
            f"nothing is left to fly on {wanted}", where=str(settings.home), remedy="name a --day"
        )
    return of_flights(city, flights[0].start, flights)


def _rehearsed(given: Json, forecast: Path | None, **how: Any) -> Json:
    """Run it in a process of its own; Ctrl-C ends both."""
    from api.rehearsal import Rehearsals

    with progress("Rehearsing") as meter:
        run = Rehearsals(forecast=forecast, nice=0, tell=meter, **how)
        return asyncio.run(_run(run, given))


async def _run(run: Any, given: Json) -> Json:
    report: Json = await run(given)
    return report


def _written(path: Path, text: str) -> None:
    from planner.formats.whole import store

    store(path, text)
    err.print(f"Written: {path}")


def _date(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(
            f"{text!r} is no date", where="--day", remedy="write it as 2026-05-12"
        ) from error
