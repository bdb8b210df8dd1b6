"""`flyonce plan`: a day's or a week's plan, without flying it."""

import os
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.interrupt import stoppable
from api.cli.options import PresetName, settings_from
from api.cli.output import AsJson, Meter, emit, err, progress
from core.errors import InvalidInput

if TYPE_CHECKING:
    from api.cli.outcomes import Outcome, Search
    from api.settings import Settings
    from planner.problem import Progress

File = Annotated[
    Path | None,
    typer.Argument(
        help="A day file (GeoJSON with docks, looks and zones, see docs/day-file.md); without one "
        "the preset's day is planned.",
        show_default=False,
    ),
]


def plan(
    file: File = None,
    preset: PresetName = None,
    home: Annotated[
        Path | None,
        typer.Option(
            help="Plan what departments asked for in this service's records, too.",
            show_default=False,
        ),
    ] = None,
    city: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="Plan a city instance (docks and tasks in metres and seconds, for benchmarks).",
        ),
    ] = None,
    day: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM-DD", help="The day; the preset's demonstration day if not given."
        ),
    ] = None,
    week: Annotated[
        bool, typer.Option("--week", help="Seven days, beginning with the day.")
    ] = False,
    seconds: Annotated[
        float, typer.Option(min=0.1, max=3600, help="Time for the search, for each day.")
    ] = 10.0,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Threads.", show_default="all cores")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same first plan.")] = 0,
    certify: Annotated[
        bool, typer.Option(help="Prove how far the plan is from the best possible.")
    ] = True,
    certify_seconds: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            help="With --city: wait so long for that proof when the plan is written.",
            show_default="a fifth of --seconds; 0 above 2,500 tasks",
        ),
    ] = None,
    saving: Annotated[
        bool,
        typer.Option("--saving", help="Also prove what flying once saves; takes as long again."),
    ] = False,
    out_file: Annotated[
        Path | None,
        typer.Option("--out", dir_okay=False, help="Write the plan as JSON, for 'replan' too."),
    ] = None,
    geojson: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the routes as GeoJSON, for a map.")
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Write a page to read: map, timetable, reasons."),
    ] = None,
    write_day: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Write the preset's day as a day file, and stop."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Plan a day: who flies where and when, for which departments, and what cannot be served.

    Every plan is checked by an independent checker before it is shown. Ctrl-C ends the search and
    keeps the best plan so far.
    """
    settings = settings_from(preset=preset, home=home)
    threads = workers or os.cpu_count() or 1
    if city is not None:
        from api.cli.city import plan_city

        plan_city(
            city,
            seconds=seconds,
            workers=threads,
            seed=seed,
            out_file=out_file,
            as_json=as_json,
            certify=certify,
            certify_seconds=certify_seconds,
        )
        return
    if week and file is not None:
        raise InvalidInput("a day file is one day", where="--week", remedy="leave one of them out")
    if write_day is not None:
        _write_day(settings, _day(day), write_day)
        return
    days = 7 if week else 1
    with stoppable() as stop, progress("Planning") as meter:
        searches = list(_searches(meter, days, seconds, seed, threads, certify, stop))
        outcomes = list(
            _outcomes(settings, file, home is not None, _day(day), days, iter(searches))
        )
    if stop.is_set():
        err.print("Stopped: this is the best plan so far.")
    if saving and not stop.is_set():
        outcomes = _proven(outcomes, searches)
    _tell(outcomes, out_file, geojson, html, as_json=as_json)


def _outcomes(
    settings: "Settings",
    file: Path | None,
    recorded: bool,
    first: date | None,
    count: int,
    searches: "Iterator[Search]",
) -> "Iterator[Outcome]":
    """The days, one after another."""
    from api.cli.outcomes import of_file, of_preset, read_day_file
    from api.cli.records import opened
    from missions.demand.releasing import asked_for
    from missions.presets import load

    preset = load(settings.preset)
    if file is not None:
        yield of_file(read_day_file(file, preset), next(searches))
        return
    begin = first or preset.demo.start.astimezone(preset.zone_info).date()
    for one in (begin + timedelta(days=n) for n in range(count)):
        if recorded:
            with opened(settings) as store:
                asked = asked_for(store, preset, one)
        else:
            asked = ()
        yield of_preset(preset, one, next(searches), asked)


def _proven(outcomes: "list[Outcome]", searches: "list[Search]") -> "list[Outcome]":
    """Each day with the proof of its saving."""
    from api.cli.outcomes import proven

    err.print("Planning every department by itself, to see what flying once saves ...")
    return [proven(one, search) for one, search in zip(outcomes, searches, strict=True)]


def _searches(
    meter: Meter,
    days: int,
    seconds: float,
    seed: int,
    workers: int,
    certify: bool,
    stop: threading.Event,
) -> "Iterator[Search]":
    """The search of each day, which tells how far it is."""
    from api.cli.outcomes import Search

    for number in range(days):

        def tell(now: "Progress", number: int = number) -> None:
            share = min(1.0, now.elapsed_s / now.seconds) if now.seconds else 1.0
            gap = "" if now.gap is None else f", within {now.gap:.2%} of the best possible"
            what = f"{now.served}/{now.tasks} tasks, {now.value:,.0f} value, {now.km:,.0f} km"
            meter((number + share) / days, f"{now.stage}: {what}{gap}")

        yield Search(
            seconds=seconds,
            seed=seed,
            workers=workers,
            certify=certify,
            cancelled=stop.is_set,
            progress=tell,
        )


def _tell(
    outcomes: "list[Outcome]",
    out_file: Path | None,
    geojson: Path | None,
    html: Path | None,
    *,
    as_json: bool,
) -> None:
    """Files first, then what a reader or a script wants to know."""
    from api.cli import plan_output

    if geojson is not None:
        _written(geojson, plan_output.routes(outcomes))
    if out_file is not None:
        _written(out_file, plan_output.plan_file(outcomes))
    if html is not None:
        for path, page in plan_output.pages(html, outcomes):
            _written(path, page)
    if as_json:
        emit(plan_output.content(outcomes))
    else:
        plan_output.show(outcomes)


def _write_day(settings: "Settings", day: date | None, path: Path) -> None:
    from api.cli.outcomes import day_file
    from missions.presets import load
    from planner.formats import dayfile_out

    preset = load(settings.preset)
    begin = day or preset.demo.start.astimezone(preset.zone_info).date()
    _written(path, dayfile_out.content(day_file(preset, begin)))


def _written(path: Path, content: object) -> None:
    """Write a file, whole or not at all, and say so."""
    import json

    from planner.formats.whole import store

    text = content if isinstance(content, str) else None
    store(path, text or json.dumps(content, ensure_ascii=False, indent=2) + "\n")
    err.print(f"Written: {path}")


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(
            f"{text!r} is no date", where="--day", remedy="write it as 2026-05-12"
        ) from error
