"""Each rule of a conflict in words for the departments: English and Chinese."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import inf

from core.zones import Zone
from planner.explain import SENSOR_ZH, local
from planner.explain.fit import Fitter
from planner.explain.spans import since
from planner.problem import Flight, Look, Problem, Station, Task

Pair = tuple[str, str]


def rule(name: str, fitter: Fitter, task: Task, conflict: Iterable[str]) -> Pair:
    """One rule that keeps a task out.

    Args:
        conflict: the whole set that it belongs to.
    """
    problem = fitter.problem
    what, _, which = name.partition(":")
    if what == "flights":
        return _flights(fitter, task, conflict)
    if what == "endurance":
        return _endurance(fitter, task)
    if what == "zone":
        return zone(next(z for z in problem.zones if z.id == which))
    if what == "closure":
        closed = next(c for c in problem.closures if c.id == which)
        times = between(closed.start, closed.end)
        return f"closed {times}: {closed.reason}", f"{times}关闭：{closed.reason_zh}"
    made = {
        "window": lambda: window(task.earliest, task.latest),
        "hours": lambda: _hours(task),
        "sensor": lambda: sensor(map(str, task.sensors), problem.stations),
        "wind": lambda: _wind(problem),
        "docks": lambda: _docks(problem.stations),
        "standby": lambda: _standby(problem.stations),
        "crew": lambda: _crew(problem),
        "filing": lambda: _filing(task),
    }
    return made[what]()


def left_out(fitter: Fitter, task: Task) -> Pair:
    """No rule forbids it: somebody could fly it, further than the plan thought it worth."""
    taken = fitter.singles(task)
    ways = {(c.station, int(c.reverse)): c for c in fitter.chances(task)}
    best = min(ways, key=lambda way: float(taken.metres[way]), default=None)
    if best is None:
        return "nobody could fly it", "没有可执行的无人机"
    dock = fitter.problem.stations[best[0]].id
    when = clock(fitter.problem.start + timedelta(seconds=ways[best].start_s))
    km = float(taken.metres[best]) / 1000
    return (
        f"{dock} is free to fly it at {when}; the plan leaves it out, for its {km:.0f} km",
        f"{dock}可于{when}执行；因需飞行{km:.0f}公里，方案未安排",
    )


def look_rule(name: str, look: Look, stations: Sequence[Station], zones: Sequence[Zone]) -> Pair:
    """One rule that keeps a look from being planned at all."""
    what, _, which = name.partition(":")
    if what == "zone":
        return zone(next(z for z in zones if z.id == which))
    if what == "sensor":
        return sensor([str(look.sensor)], stations)
    if what == "resolution":
        return resolution(look.gsd_m)
    if what == "window":
        return window(look.earliest, look.latest)
    return reach(stations)


def clock(moment: datetime) -> str:
    """The city's time of day."""
    return local(moment).strftime("%H:%M")


def between(start: datetime, end: datetime) -> str:
    """Two times, with their days when these differ."""
    a, b = local(start), local(end)
    form = "%H:%M" if a.date() == b.date() else "%m-%d %H:%M"
    return f"{a.strftime(form)}-{b.strftime(form)}"


def window(earliest: datetime, latest: datetime) -> Pair:
    """When it is wanted."""
    times = between(earliest, latest)
    return f"it is wanted {times}", f"要求时间为{times}"


def sensor(names: Iterable[str], stations: Sequence[Station]) -> Pair:
    """What it must be seen with."""
    wanted = sorted(names)
    have = sum(set(wanted) <= {str(s) for s in dock.spec.sensors} for dock in stations)
    return (
        f"it needs {' and '.join(wanted)}, which {have} of {len(stations)} drones carry",
        f"需要{'、'.join(SENSOR_ZH.get(n, n) for n in wanted)}相机，"
        f"{len(stations)}架无人机中有{have}架配备",
    )


def resolution(gsd_m: float) -> Pair:
    """How fine it must be seen."""
    return (
        f"{100 * gsd_m:.3g} cm a pixel, hence how high and how close together the lines are flown",
        f"分辨率{100 * gsd_m:.3g}厘米，决定航高与航线间距",
    )


def reach(stations: Sequence[Station]) -> Pair:
    """How far the drones fly."""
    longest = max(s.spec.usable_s * s.health for s in stations) / 60
    return (
        f"a flight lasts at most {longest:.0f} min, the reserve kept",
        f"保留余量后单次飞行最长{longest:.0f}分钟",
    )


def zone(closed: Zone) -> Pair:
    """A no-fly zone by its name."""
    return f"the no-fly zone {closed.name}", f"禁飞区{closed.name_zh}"


def _hours(task: Task) -> Pair:
    times = [between(a, b) for a, b in task.windows]
    return f"it may be flown {', '.join(times)} only", f"仅可在{'、'.join(times)}飞行"


def _wind(problem: Problem) -> Pair:
    speed, from_deg = problem.wind.speed_mps, problem.wind.from_deg
    return (
        f"a wind of {speed:.1f} m/s from {from_deg:.0f} degrees",
        f"风速{speed:.1f}米/秒，风向{from_deg:.0f}度",
    )


def _docks(stations: Sequence[Station]) -> Pair:
    first = min(s.available_from for s in stations)
    last = max(s.available_until for s in stations)
    times = between(first, last)
    return f"the drones' own hours, {times} at most", f"无人机可用时段，最多{times}"


def _standby(stations: Sequence[Station]) -> Pair:
    kept = [s.id for s in stations if s.standby]
    return (
        f"{len(kept)} drones are kept for emergencies: {', '.join(kept)}",
        f"{len(kept)}架无人机留作应急待命：{'、'.join(kept)}",
    )


def _crew(problem: Problem) -> Pair:
    limit = problem.crew_limit
    return (
        f"at most {limit} flights are watched at once",
        f"同时在空架次不超过{limit}",
    )


def _filing(task: Task) -> Pair:
    due = local(task.file_by or task.latest).strftime("%m-%d %H:%M")
    return f"its flight had to be filed by {due}", f"飞行计划须在{due}前申报"


def _endurance(fitter: Fitter, task: Task) -> Pair:
    """Which drone comes nearest to doing it, and how long it would fly."""
    stations, totals = fitter.problem.stations, fitter.singles(task).total_s
    free = {c.station for c in fitter.chances(task, frozenset({"endurance"}))}
    able = free or {s for s in range(len(stations)) if totals[s].min() < inf}
    if not able:
        return reach(stations)
    most = {s: stations[s].health * stations[s].spec.usable_s for s in able}
    best = min(able, key=lambda s: totals[s].min() - most[s])
    dock, need, flies = stations[best], totals[best].min() / 60, most[best] / 60
    return (
        f"{dock.id}, the nearest{' free' if free else ''}, would fly {need:.0f} min of the "
        f"{flies:.0f} min that leave its reserve",
        f"最近的{'空闲' if free else ''}机场{dock.id}需飞行{need:.0f}分钟，"
        f"保留余量后最长{flies:.0f}分钟",
    )


def _flights(fitter: Fitter, task: Task, conflict: Iterable[str]) -> Pair:
    """How many other flights of the drones that could do it, of which priority and for whom."""
    dropped = frozenset({"flights"})
    if fitter.first(task, dropped) is None:  # another set stands in the way as well
        dropped = fitter.rules(task) - (frozenset(conflict) - {"flights"})
    able = {fitter.problem.stations[c.station].id for c in fitter.chances(task, dropped)}
    busy = _during(fitter, task, able, "window" in conflict or "hours" in conflict)
    tasks = {t.id: t for t in fitter.problem.tasks}
    flown = [tasks[s.task] for f in busy for s in f.stops if s.task in tasks]
    ranks = sorted({t.priority for t in flown})
    asked = sorted({d for t in flown for d in t.departments if d})
    drones = "the only drone" if len(able) == 1 else f"the {len(able)} drones"
    span = "" if not ranks else f", priority {ranks[0]}"
    span += f" to {ranks[-1]}" if len(ranks) > 1 else ""
    span_zh = (
        "" if not ranks else f"，优先级{ranks[0]}" + (f"至{ranks[-1]}" if len(ranks) > 1 else "")
    )
    whom = f", for {', '.join(asked)}" if asked else ""
    whom_zh = f"，服务于{'、'.join(asked)}" if asked else ""
    return (
        f"{_count(len(busy))} promised of {drones} that could fly it{span}{whom}",
        f"可执行的{len(able)}架无人机已承诺{len(busy)}个其他架次{span_zh}{whom_zh}",
    )


def _count(flights: int) -> str:
    return "1 other flight" if flights == 1 else f"{flights} other flights"


def _during(fitter: Fitter, task: Task, able: set[str], window_only: bool) -> list[Flight]:
    """The able drones' flights, those only that keep them from the task's window."""
    own = [f for f in fitter.flights if f.station in able]
    if not window_only:
        return own
    rests = {s.id: s.spec.recharge_s for s in fitter.problem.stations}
    early, last = since(fitter.problem, task.earliest), since(fitter.problem, task.latest)
    return [
        f
        for f in own
        if since(fitter.problem, f.start) - rests[f.station] < last
        and since(fitter.problem, f.end) + rests[f.station] > early
    ]
