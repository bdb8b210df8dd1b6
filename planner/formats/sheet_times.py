"""The timetable of a plan as SVG: a row for each dock, a bar for each flight (Gantt)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from planner.formats.sheet_map import PRIORITY
from planner.problem import Flight, Plan, Problem

WIDTH = 1000
LEFT = 90
ROW = 18
TOP = 24


def timetable(problem: Problem, plan: Plan, zone: ZoneInfo) -> str:
    """Every dock that flies or stands by, with its flights and the rests after them."""
    flown = [*plan.flights, *problem.frozen]
    names = sorted({f.station for f in flown} | {s.id for s in problem.stations if s.standby})
    if not names:
        return ""
    height = TOP + ROW * len(names) + 6
    drawn = "\n".join(
        [*_hours(problem, zone, height), *_bars(problem, plan, {n: k for k, n in enumerate(names)})]
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="Timetable of the docks · 机场排班">\n{drawn}\n</svg>'
    )


def _x(problem: Problem, time: datetime) -> float:
    share = (time - problem.start) / (problem.end - problem.start)
    return LEFT + (WIDTH - LEFT - 10) * min(max(share, 0.0), 1.0)


def _hours(problem: Problem, zone: ZoneInfo, height: int) -> Iterable[str]:
    first = problem.start.astimezone(zone)
    hour = first.replace(minute=0, second=0, microsecond=0)
    while hour <= problem.end:
        if hour >= problem.start:
            x = _x(problem, hour)
            yield f'<line x1="{x:.1f}" y1="{TOP - 4}" x2="{x:.1f}" y2="{height}" class="grid"/>'
            yield f'<text x="{x:.1f}" y="14" class="hour">{hour.astimezone(zone):%H:%M}</text>'
        hour += timedelta(hours=1)


def _bars(problem: Problem, plan: Plan, row_of: dict[str, int]) -> Iterable[str]:
    tasks = {t.id: t for t in problem.tasks}
    rest = {s.id: timedelta(seconds=s.spec.recharge_s) for s in problem.stations}
    standby = {s.id for s in problem.stations if s.standby}
    for name, row in row_of.items():
        y = TOP + ROW * row
        kind = ' class="standby"' if name in standby else ""
        yield f'<text x="4" y="{y + 12}"{kind}>{escape(name)}</text>'
    frozen = {f.id for f in problem.frozen}
    for flight in (*problem.frozen, *plan.flights):
        served = [tasks[s.task] for s in flight.stops if s.task in tasks]
        top = max((t.priority for t in served), default=1)
        y = TOP + ROW * row_of[flight.station]
        yield _bar(problem, flight, y, "#64748b" if flight.id in frozen else PRIORITY[top])
        after = flight.end + rest.get(flight.station, timedelta())
        a, b = _x(problem, flight.end), _x(problem, after)
        yield f'<rect x="{a:.1f}" y="{y + 6}" width="{b - a:.1f}" height="4" class="rest"/>'


def _bar(problem: Problem, flight: Flight, y: int, colour: str) -> str:
    a, b = _x(problem, flight.start), _x(problem, flight.end)
    title = f"{flight.id}: {', '.join(s.task for s in flight.stops)}"
    return (
        f'<rect x="{a:.1f}" y="{y + 1}" width="{max(b - a, 1.5):.1f}" height="14" rx="2" '
        f'fill="{colour}"><title>{escape(title)}</title></rect>'
    )
