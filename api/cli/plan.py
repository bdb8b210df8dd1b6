"""`flyonce plan`: the day's or the week's plan, without flying it."""

import json
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from api.cli.options import PresetName, settings_from
from api.cli.output import AsJson, Meter, emit, err, out, progress
from core.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from missions.demand.planning import PlannedDay
    from missions.presets import Preset


def plan(
    preset: PresetName = None,
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
    seed: Annotated[int, typer.Option(help="The same seed gives the same plan.")] = 0,
    out_file: Annotated[
        Path | None,
        typer.Option("--out", dir_okay=False, help="Write flights and refusals as JSON."),
    ] = None,
    geojson: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the routes as GeoJSON, for a map.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Plan a day: who flies where and when, for which departments, and what cannot be served.

    Every plan is checked by an independent checker before it is shown.
    """
    settings = settings_from(preset=preset)
    from missions.presets import load

    city = load(settings.preset)
    first = _day(day) or city.demo.start.astimezone(city.zone_info).date()
    days = [first + timedelta(days=n) for n in range(7 if week else 1)]
    planned = _planned(city, days, seconds, seed)
    summary = _summary(city, planned)
    if geojson is not None:
        _write(geojson, {"type": "FeatureCollection", "features": _routes(planned)})
    if out_file is not None:
        _write(out_file, {**summary, "days": [_detail(one) for one in planned]})
    if as_json:
        emit({**summary, "days": [_detail(one) for one in planned]})
        return
    for one in planned:
        _show(one, city, with_flights=not week)
    if week:
        _show_week(summary)


def _planned(city: "Preset", days: list[date], seconds: float, seed: int) -> list["PlannedDay"]:
    from missions.demand.planning import plan_day
    from planner.problem import Progress

    planned = []
    with progress("Planning") as meter:
        for number, one in enumerate(days):

            def tell(now: Progress, number: int = number, meter: Meter = meter) -> None:
                share = min(1.0, now.elapsed_s / now.seconds) if now.seconds else 1.0
                meter((number + share) / len(days), f"{now.stage}, {now.served}/{now.tasks} tasks")

            meter(number / len(days), f"{one:%A %d %B}")
            planned.append(plan_day(city, one, seconds=seconds, seed=seed, progress=tell))
    return planned


def _summary(city: "Preset", planned: list["PlannedDay"]) -> dict[str, Any]:
    """What all days together come to."""
    from missions.demand import reach

    flown = {r.scenario for one in planned for r in one.requests if r.task_ids}
    flights = [flight for one in planned for flight in one.flights]
    tasks = [task for one in planned for task in one.tasks]
    return {
        "first": planned[0].day.isoformat(),
        "last": planned[-1].day.isoformat(),
        "flights": len(flights),
        "km": round(sum(one.record.km for one in planned), 1),
        "km_separate": round(sum(one.record.km_separate for one in planned), 1),
        "scenarios_planned": len(flown),
        "scenarios_missing": sorted(set(city.scenarios) - flown),
        "territory_share": planned[0].record.day_share
        if len(planned) == 1
        else reach.share(city, reach.passes(city, flights, tasks)),
    }


def _detail(one: "PlannedDay") -> dict[str, Any]:
    from api.schemas.flights import FlightRow

    return {
        **one.figures,
        "flights": [FlightRow.from_entity(f).model_dump(mode="json") for f in one.flights],
        "refused": [
            {
                "request": r.id,
                "scenario": r.scenario,
                "department": r.department,
                "place": r.place,
                "code": r.answer.code,
                "reason": r.answer.text,
                "reason_zh": r.answer.text_zh,
            }
            for r in one.requests
            if r.answer is not None and r.answer.flight_id is None
        ],
    }


def _routes(planned: list["PlannedDay"]) -> list[dict[str, Any]]:
    from api.schemas.flights import route

    features = []
    for one in planned:
        for flight in one.flights:
            feature = route(flight.route, flight.id).model_dump(mode="json")
            feature["properties"] |= {
                "dock": flight.dock,
                "start": flight.start.isoformat(),
                "end": flight.end.isoformat(),
                "departments": list(flight.departments),
            }
            features.append(feature)
    return features


def _show(one: "PlannedDay", city: "Preset", *, with_flights: bool) -> None:
    figures = one.figures
    out.print(
        f"[bold]{one.day:%A %d %B %Y}[/]  {figures['requests']} looks asked, "
        f"{figures['planned']} planned, {figures['refused']} refused; {figures['flights']} flights "
        f"of {figures['drones_used']} drones, {figures['km']:.0f} km "
        f"(separately: {figures['km_separate']:.0f} km); "
        f"{figures['territory_share']:.1%} of the territory photographed"
    )
    if with_flights:
        out.print(_flights(one, city))
    refused = Counter(
        r.answer.code or r.answer.text
        for r in one.requests
        if r.answer is not None and r.answer.flight_id is None
    )
    if refused:
        out.print("Not served: " + ", ".join(f"{n} x {code}" for code, n in refused.most_common()))


def _flights(one: "PlannedDay", city: "Preset") -> Table:
    """The day's flights in the order of take-off, in the city's time."""
    table = Table(title=None)
    for name in ("take-off", "landing", "dock", "km", "battery left", "tasks", "departments"):
        table.add_column(
            name, justify="right" if name in {"km", "battery left", "tasks"} else "left"
        )

    def local(t: datetime) -> str:
        return f"{t.astimezone(city.zone_info):%H:%M}"

    for flight in sorted(one.flights, key=lambda f: (f.start, f.dock)):
        table.add_row(
            local(flight.start),
            local(flight.end),
            flight.dock,
            f"{flight.km:.1f}",
            f"{flight.landing_share:.0%}",
            str(len(flight.task_ids)),
            ", ".join(flight.departments),
        )
    return table


def _show_week(summary: dict[str, Any]) -> None:
    out.print(
        f"[bold]The week[/]  {summary['flights']} flights, {summary['km']:.0f} km, "
        f"{summary['scenarios_planned']} scenarios, "
        f"{summary['territory_share']:.1%} of the territory photographed"
    )
    if summary["scenarios_missing"]:
        out.print("Scenarios without a flight: " + ", ".join(summary["scenarios_missing"]))


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(
            f"{text!r} is no date", where="--day", remedy="write it as 2026-05-12"
        ) from error


def _write(path: Path, value: Any) -> None:
    """Write JSON, whole or not at all."""
    draft = path.with_name(path.name + ".part")
    try:
        draft.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError as why:
        draft.unlink(missing_ok=True)
        raise Unavailable(
            f"cannot be written: {why.strerror}", where=str(path), remedy="choose another file"
        ) from why
    err.print(f"Written: {path}")
