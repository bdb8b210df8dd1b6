"""How planned days are told: tables to read, JSON for scripts, GeoJSON for maps, pages to print."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.table import Table

from api.cli.outcomes import Outcome
from api.cli.output import out
from planner.assign.saving import Saving
from planner.formats import geojson
from planner.formats.planfile import PlanFile
from planner.formats.planfile import content as plan_content
from planner.formats.sheet import Sheet, html
from planner.problem import Flight

Outcomes = Sequence[Outcome]


def show(outcomes: Outcomes) -> None:
    """Figures, flights and what is not served."""
    for one in outcomes:
        out.print(f"[bold]{one.title}[/]  {_line(one)}")
        if len(outcomes) == 1:
            out.print(_table(one))
        if one.saving is not None:
            out.print(_saving(one.saving), soft_wrap=True)
        _show_refused(one)
    if len(outcomes) > 1:
        _show_week(outcomes)


def _line(one: Outcome) -> str:
    plan, refused = one.plan, one.refused
    gap = "" if plan.gap is None else f", within {plan.gap:.2%} of the best possible"
    drones = len({f.station for f in plan.flights})
    share = one.planned.record.day_share if one.planned else None
    seen = "" if share is None else f"; {share:.1%} of the territory photographed"
    return (
        f"{len(one.looks)} looks asked, {len(one.looks) - len(refused)} planned, {len(refused)} "
        f"refused; {len(plan.flights)} flights of {drones} drones, {plan.km:,.0f} km "
        f"(separately at least {one.separate.km:,.0f} km in {one.separate.flights} flights){gap}"
        f"{seen}"
    )


def _saving(saving: Saving) -> str:
    """What flying once saves: proven, found, flown."""
    apart, once = saving.separate, saving.merged
    if saving.least_km is None or saving.share is None:
        proof = "no bound on separate flights was proven in this time"
    else:
        proof = (
            f"whoever flies them separately flies at least {saving.least_km:,.0f} km: "
            f"{saving.share:.1%} saved for certain"
        )
    return (
        f"[bold]Fly once[/]  {saving.looks} looks in {once.flights} flights, {once.km:,.0f} km; "
        f"the best plan found of each department by itself serves {apart.served} of them in "
        f"{apart.flights} flights, {apart.km:,.0f} km; {proof}"
    )


def _table(one: Outcome) -> Table:
    """The flights in the order of take-off, in local time."""
    table = Table(title=None)
    for name in ("take-off", "landing", "dock", "km", "battery left", "tasks", "departments"):
        table.add_column(
            name, justify="right" if name in {"km", "battery left", "tasks"} else "left"
        )
    for flight in _in_order(one):
        table.add_row(
            _clock(flight.start, one),
            _clock(flight.end, one),
            flight.station,
            f"{flight.route.length_m / 1000:.1f}",
            f"{flight.landing_share:.0%}",
            str(len(flight.stops)),
            ", ".join(_departments(one, flight)),
        )
    return table


def _show_refused(one: Outcome) -> None:
    refused = one.refused
    if not refused:
        return
    counted = Counter(r.code for r in refused.values())
    out.print("Not served: " + ", ".join(f"{n} x {code}" for code, n in counted.most_common()))
    for look, refusal in refused.items():
        label = one.asked[look].label if look in one.asked else look
        offer = f" Instead: {refusal.offer.text}" if refusal.offer else ""
        rules = "; ".join(english for english, _ in refusal.conflict)
        why = f"{refusal.reason} ({rules})" if rules else refusal.reason
        out.print(f"  {label}: {why}.{offer}", markup=False, soft_wrap=True)


def _show_week(outcomes: Outcomes) -> None:
    summary = figures(outcomes)
    seen = summary["territory_share"]
    share = "" if seen is None else f", {seen:.1%} of the territory photographed"
    out.print(
        f"[bold]The week[/]  {summary['flights']} flights, {summary['km']:.0f} km, "
        f"{summary['scenarios_planned']} scenarios{share}"
    )
    if summary["scenarios_missing"]:
        out.print("Scenarios without a flight: " + ", ".join(summary["scenarios_missing"]))


def figures(outcomes: Outcomes) -> dict[str, Any]:
    """What all days together come to."""
    return {
        "first": outcomes[0].day.isoformat(),
        "last": outcomes[-1].day.isoformat(),
        "flights": sum(len(one.plan.flights) for one in outcomes),
        "km": round(sum(one.plan.km for one in outcomes), 1),
        "km_separate": round(sum(one.separate.km for one in outcomes), 1),
        **_reached(outcomes),
    }


def _reached(outcomes: Outcomes) -> dict[str, Any]:
    """Scenarios flown and the share of the territory photographed, where a city was planned."""
    city = outcomes[0].city
    if city is None:
        return {"scenarios_planned": None, "scenarios_missing": [], "territory_share": None}
    from missions.demand import reach

    planned = [one.planned for one in outcomes if one.planned is not None]
    flown = {r.scenario for one in planned for r in one.requests if r.task_ids}
    flights = [flight for one in planned for flight in one.flights]
    tasks = [task for one in planned for task in one.tasks]
    share = planned[0].record.day_share
    if len(planned) > 1:
        share = reach.share(city, reach.passes(city, flights, tasks))
    return {
        "scenarios_planned": len(flown),
        "scenarios_missing": sorted(set(city.scenarios) - flown),
        "territory_share": share,
    }


def content(outcomes: Outcomes) -> dict[str, Any]:
    """The days in figures, flights and refusals, for a script."""
    return {**figures(outcomes), "days": [_detail(one) for one in outcomes]}


def _detail(one: Outcome) -> dict[str, Any]:
    own = one.planned.figures if one.planned else {}
    return {
        "day": one.day.isoformat(),
        "requests": len(one.looks),
        "planned": len(one.looks) - len(one.refused),
        **own,
        "value": one.plan.value,
        "km": round(one.plan.km, 1),
        "gap": one.plan.gap,
        "km_separate": round(one.separate.km, 1),
        "flights_separate": one.separate.flights,
        "saving": one.saving and asdict(one.saving),
        "flights": [_flight(one, f) for f in _in_order(one)],
        "refused": [_refusal(one, look) for look in one.refused],
    }


def _flight(one: Outcome, flight: Flight) -> dict[str, Any]:
    return {
        "id": flight.id,
        "dock": flight.station,
        "start": flight.start.isoformat(),
        "end": flight.end.isoformat(),
        "km": round(flight.route.length_m / 1000, 2),
        "landing_share": round(flight.landing_share, 3),
        "tasks": [s.task for s in flight.stops],
        "departments": list(_departments(one, flight)),
    }


def _refusal(one: Outcome, look: str) -> dict[str, Any]:
    refusal, asked = one.refused[look], one.asked.get(look)
    return {
        "request": look,
        "label": asked.label if asked else look,
        "department": asked.department if asked else "",
        "code": refusal.code,
        "reason": refusal.reason,
        "reason_zh": refusal.reason_zh,
        "conflict": [en for en, _ in refusal.conflict],
        "offer": refusal.offer and refusal.offer.text,
    }


def plan_file(outcomes: Outcomes) -> dict[str, Any]:
    """The plan with its problem, as `flyonce replan` reads it; a week is a list of days."""
    files = [{**plan_content(_file(one)), "summary": _detail(one)} for one in outcomes]
    return files[0] if len(files) == 1 else {**content(outcomes), "days": files}


def _file(one: Outcome) -> PlanFile:
    """The plan under the names that people know: those of the looks that a task serves."""
    names = {
        t.id: ", ".join(one.asked[k].label for k in t.looks if k in one.asked)
        for t in one.problem.tasks
    }
    labels = {task: name for task, name in names.items() if name and name != task}
    return PlanFile(problem=one.problem, plan=one.plan, labels=labels)


def routes(outcomes: Outcomes) -> dict[str, Any]:
    """All flights' paths and photo legs as GeoJSON."""
    return {
        "type": "FeatureCollection",
        "features": [f for one in outcomes for f in geojson.plan(one.plan)["features"]],
    }


def pages(path: Path, outcomes: Outcomes) -> Iterator[tuple[Path, str]]:
    """A page for each day; of a week, each with its day in the file's name."""
    for one in outcomes:
        own = path if len(outcomes) == 1 else path.with_stem(f"{path.stem}-{one.day}")
        saved = (one.separate.km - one.plan.km) / one.separate.km if one.separate.km else 0.0
        yield (
            own,
            html(
                Sheet(
                    title=one.title,
                    zone=one.zone_info,
                    problem=one.problem,
                    plan=one.plan,
                    asked=one.asked,
                    refused=one.prepared.refused,
                    served_by=one.prepared.served_by,
                    figures=[
                        (
                            "Flown separately, at least",
                            "各自单飞至少",
                            f"{one.separate.km:,.0f} km",
                        ),
                        ("Saved by flying once", "综合飞一次节省", f"{saved:.0%}"),
                        ("Independent checker", "独立校核", "0 violations · 无违规"),
                    ],
                    boundary=one.boundary,
                )
            ),
        )


def _in_order(one: Outcome) -> list[Flight]:
    return sorted(one.plan.flights, key=lambda f: (f.start, f.station))


def _departments(one: Outcome, flight: Flight) -> tuple[str, ...]:
    tasks = {t.id: t for t in one.problem.tasks}
    looks = [look for s in flight.stops for look in tasks[s.task].looks]
    return tuple(
        dict.fromkeys(
            one.asked[k].department for k in looks if k in one.asked and one.asked[k].department
        )
    )


def _clock(time: datetime, one: Outcome) -> str:
    return f"{time.astimezone(one.zone_info):%H:%M}"
