"""`flyonce replan`: a running day after a fire, a failure, a closure or a new zone."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli import replan_input
from api.cli.output import AsJson, emit, err, out
from core.errors import InvalidInput

if TYPE_CHECKING:
    from planner.formats.planfile import PlanFile
    from planner.replan.events import Replanned

Files = Annotated[
    list[Path] | None, typer.Option(help="A no-fly zone that appears: GeoJSON, each feature one.")
]


def replan(
    plan: Annotated[Path, typer.Argument(help="A plan file, as `flyonce plan --out` writes it.")],
    at: Annotated[
        str, typer.Option("--at", metavar="HH:MM", help="When it happens; or an ISO time.")
    ],
    fire: Annotated[
        list[str] | None, typer.Option(metavar="LON,LAT", help="A drone must look there now.")
    ] = None,
    sensor: Annotated[str, typer.Option(help="What the emergency needs.")] = "thermal",
    close: Annotated[
        list[str] | None,
        typer.Option(metavar="AREA.geojson,FROM,TO", help="An area closed between two times."),
    ] = None,
    fail: Annotated[list[str] | None, typer.Option(metavar="DOCK", help="A drone fails.")] = None,
    zone: Files = None,
    cancel: Annotated[
        list[str] | None, typer.Option(metavar="TASK", help="No longer wanted.")
    ] = None,
    most_moved: Annotated[
        int, typer.Option(min=0, help="Further flights that may move to make the day better.")
    ] = 0,
    seconds: Annotated[
        float, typer.Option(min=0.0, max=3600, help="Time to make the day better.")
    ] = 0.0,
    out_file: Annotated[
        Path | None, typer.Option("--out", dir_okay=False, help="Write the new plan file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Mend a running day at once, moving no flight of a drone that is not concerned.

    Then, in the seconds given, make it better by moving at most so many flights more. Each
    department is told what moved, why and to when.
    """
    from planner.explain import told_in
    from planner.formats import planfile
    from planner.replan.improve import improve
    from planner.replan.running import replan as mended

    given = planfile.read(plan)
    now = replan_input.moment(at, given)
    if not (fire or close or fail or zone or cancel):
        raise InvalidInput(
            "nothing has happened", where="replan", remedy="give --fire, --close, --fail, ..."
        )
    events = [
        *replan_input.fires(fire or (), sensor),
        *replan_input.closures(close or (), given),
        *replan_input.failures(fail or (), given),
        *replan_input.zones(zone or ()),
        *replan_input.cancelled(cancel or (), given),
    ]
    with told_in(given.problem.start.tzinfo):
        found = mended(given.problem, given.plan, events, now, flown=given.flown)
        if seconds > 0:
            found = improve(found, most_moved=most_moved, seconds=seconds)
    if out_file is not None:
        planfile.write(
            out_file,
            replace(given, problem=found.problem, plan=found.plan, flown=found.flown),
        )
        err.print(f"Written: {out_file}")
    if as_json:
        emit(summary(found))
    else:
        _show(found, given)


def summary(found: "Replanned") -> dict[str, Any]:
    """What happened and what it means, for scripts."""
    from planner.problem import Refusal
    from planner.replan.changes import by_department

    return {
        "flights": len(found.plan.flights),
        "value": found.plan.value,
        "km": round(found.plan.km, 1),
        "diverted": list(found.diverted),
        "unsafe": list(found.unsafe),
        "response": {
            name: {"refused": one.reason, "refused_zh": one.reason_zh}
            if isinstance(one, Refusal)
            else {"station": one.station, "eta_s": round(one.eta_s), "airborne": one.airborne}
            for name, one in found.response.items()
        },
        "departments": {
            department: [
                {"task": c.task, "kind": c.kind, "text": c.text, "text_zh": c.text_zh} for c in told
            ]
            for department, told in by_department(found.changes).items()
        },
        "unserved": {
            name: {"code": r.code, "reason": r.reason, "reason_zh": r.reason_zh}
            for name, r in found.plan.unserved.items()
        },
    }


def _show(found: "Replanned", given: "PlanFile") -> None:
    from planner.problem import Refusal
    from planner.replan.changes import by_department

    for name, one in found.response.items():
        if isinstance(one, Refusal):
            out.print(f"{name}: {one.reason}")
        else:
            how = "in the air" if one.airborne else "from its dock"
            out.print(f"[bold]{name}[/]: {one.station}, {how}, there in {one.eta_s / 60:.1f} min")
    for flight in found.unsafe:
        out.print(f"[bold red]{flight}[/] has no way out that keeps to the rules: take over")
    for department, told in by_department(found.changes).items():
        out.print(f"[bold]{department or 'nobody in particular'}[/]")
        for change in told:
            text = given.named(change.task, change.text)
            out.print(f"  {text}", markup=False, soft_wrap=True)
    plan = found.plan
    out.print(
        f"{len(plan.flights)} flights to come, {plan.km:,.0f} km; {len(found.changes)} tasks "
        f"changed, {len(plan.unserved)} not served"
    )
