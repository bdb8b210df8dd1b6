"""Why something is not served, and with which change it could be."""

from dataclasses import replace
from datetime import timedelta

import pytest
import shapely
from planner_city import END, START, VTOL, ZOOMER, city, look, station, zone

from core.energy import Wind
from core.equipment import Sensor
from planner import Look, Plan, Problem, Station, Task, explain, prepare, solve, verify
from planner.explain.conflict import conflict, explained, filtered, refused_look, smallest
from planner.explain.fit import Fitter
from planner.explain.offers import offer
from planner.problem import Closure

SPOT = shapely.box(-150, -150, 150, 150)
HOUR = timedelta(hours=1)


def day(looks: list[Look], docks: list[Station], **rules: object) -> tuple[Problem, Plan]:
    zones = tuple(rules.pop("zones", ()))  # type: ignore[arg-type]
    prepared = prepare(looks, docks, zones)
    problem = Problem(
        stations=tuple(docks), tasks=prepared.tasks, zones=zones, start=START, end=END,
        **rules,  # type: ignore[arg-type]
    )  # fmt: skip
    return problem, solve(problem, seconds=0)


def named(problem: Problem, task: Task) -> set[str]:
    return set(conflict(Fitter(problem, ()), task))


def only(problem: Problem) -> Task:
    return problem.tasks[0]


def test_the_smallest_set_is_found_whatever_its_size() -> None:
    bad = [{"b", "d"}, {"a", "c", "e"}, {"a", "b", "c", "e"}]
    letters = list("abcdef")

    def holds(kept: frozenset[str]) -> bool:
        return not any(some <= kept for some in bad)

    assert smallest(letters, holds) == ("b", "d")
    assert smallest(list("acef"), holds) == ("a", "c", "e")
    assert smallest(list("abcf"), holds) == ()
    four = {"a", "b", "c", "d"}
    assert smallest(letters, lambda kept: not four <= kept) == ("a", "b", "c", "d")
    assert set(filtered(letters, holds)) in bad[:2]


def test_each_rule_is_named_when_it_alone_forbids() -> None:
    dock = station("D", 3000, 0)
    problem, _ = day([look("L", SPOT)], [dock])
    task = only(problem)
    assert named(problem, task) == set()
    far = replace(dock, position=station("F", 20_000, 0).position)
    assert named(replace(problem, stations=(far,)), task) == {"endurance"}
    assert named(replace(problem, wind=Wind(20.0)), task) == {"wind"}
    heat = replace(task, sensors=frozenset({Sensor.ZOOM}))
    assert named(problem, heat) == {"sensor"}
    shut = Closure(id="C", start=START, end=END, reason="storm", reason_zh="雷暴")
    assert named(replace(problem, closures=(shut,)), task) == {"closure:C"}
    assert named(replace(problem, crew_limit=0), task) == {"crew"}
    idle = replace(dock, standby=True)
    assert named(replace(problem, stations=(idle,)), task) == {"standby"}
    late = replace(task, file_by=START - HOUR)
    assert named(replace(problem, now=START), late) == {"filing"}
    gone = replace(task, earliest=END + HOUR, latest=END + 2 * HOUR)
    assert "window" in named(problem, gone)
    ring = shapely.Point(0, 0).buffer(1500).difference(shapely.Point(0, 0).buffer(700))
    wall = replace(zone("Z", 0, 0, 10), polygon=_degrees(ring))
    other = zone("Y", 9000, 9000, 300)
    assert named(replace(problem, zones=(wall, other)), task) == {"zone:Z"}


def _degrees(metres: object) -> object:
    from planner_city import FRAME

    return FRAME.to_degrees(metres)


def test_two_rules_that_exclude_one_another_are_named_together() -> None:
    morning = {"earliest": START, "latest": START + HOUR}
    problem, _ = day([look("L", SPOT, **morning)], [station("D", 3000, 0)])
    shut = Closure(id="C", start=START, end=START + HOUR, reason="storm", reason_zh="雷暴")
    closed = replace(problem, closures=(shut,))
    assert named(closed, only(problem)) == {"window", "closure:C"}
    hours = replace(only(problem), windows=((START + 2 * HOUR, START + 3 * HOUR),))
    assert named(problem, hours) == {"window", "hours"}


def test_the_other_flights_are_counted_for_the_departments() -> None:
    squares = [shapely.box(x, 0, x + 700, 700) for x in range(0, 4200, 700)]
    window = {"earliest": START, "latest": START + 0.75 * HOUR}
    looks = [look(f"L{k}", s, priority=3, **window) for k, s in enumerate(squares)]
    problem, plan = day(looks, [station("D", 2000, -600)])
    named_tasks = tuple(replace(t, departments=("water",)) for t in problem.tasks)
    problem = replace(problem, tasks=named_tasks)
    assert plan.unserved
    told = explained(problem, plan)
    for refusal in told.unserved.values():
        english = " / ".join(text for text, _ in refusal.conflict)
        assert "1 other flight promised of the only drone" in english
        assert "for water" in english
        assert "it is wanted 08:00-08:45" in english
        assert all(zh and zh != text for text, zh in refusal.conflict)
    assert told.flights == plan.flights


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_rule_of_a_conflict_can_be_missed(seed: int) -> None:
    """Solved anew by the planner itself: not under these rules, but without any one of them."""
    looks, docks, zones = city(seed, 2, 30, 3, 7000.0)
    window = {"earliest": START + 2 * HOUR, "latest": START + 4 * HOUR}
    crowded = [replace(w, **window) if k % 2 else w for k, w in enumerate(looks)]
    problem, plan = day(crowded, docks, zones=zones, wind=Wind(5.0, 200.0))
    tasks = {t.id: t for t in problem.tasks}
    fitter = Fitter(problem, plan.flights)
    checked = 0
    for name in list(plan.unserved)[:6]:
        found = frozenset(conflict(fitter, tasks[name]))
        if not found:
            continue
        checked += 1
        assert not _servable(problem, plan, tasks[name], found)
        for rule in found:
            assert _servable(problem, plan, tasks[name], found - {rule}), (found, rule)
    assert checked


def _servable(problem: Problem, plan: Plan, task: Task, kept: frozenset[str]) -> bool:
    """Whether `solve` flies the task when only these rules count."""
    docks = []
    for s in problem.stations:
        own = [f for f in plan.flights if f.station == s.id] if "flights" in kept else []
        rest = timedelta(seconds=s.spec.recharge_s)
        edges = [START, *(t for f in own for t in (f.start - rest, f.end + rest)), END]
        spec = s.spec
        if "endurance" not in kept:
            spec = replace(spec, id=f"{spec.id}+", endurance_s=40 * spec.endurance_s)
        docks += [
            replace(s, id=f"{s.id}/{k}", spec=spec, available_from=begin, available_until=end)
            for k, (begin, end) in enumerate(zip(edges[::2], edges[1::2], strict=True))
            if end > begin
        ]
    alone = task if "window" in kept else replace(task, earliest=START, latest=END)
    routes = {**task.routes, **{f"{name}+": r for name, r in task.routes.items()}}
    if "sensor" not in kept:
        any_route = next(iter(task.routes.values()))
        routes = {d.spec.id: routes.get(d.spec.id, any_route) for d in docks}
        alone = replace(alone, sensors=frozenset())
    trial = replace(
        problem, stations=tuple(docks), tasks=(replace(alone, routes=routes),),
        zones=tuple(z for z in problem.zones if f"zone:{z.id}" in kept),
        wind=problem.wind if "wind" in kept else Wind(),
    )  # fmt: skip
    return not docks or bool(solve(trial, seconds=0).flights)


def test_a_refused_look_learns_which_of_its_wishes_cannot_hold_together() -> None:
    docks = [station("D", 3000, 0), station("E", 0, 3000, ZOOMER)]
    wall = zone("Z", 0, 0, 600)
    problem = Problem(stations=tuple(docks), tasks=(), zones=(wall,), start=START, end=END)

    def rules(wish: Look) -> str:
        refusal = prepare([wish], docks, (wall,)).refused[wish.id]
        told = refused_look(wish, docks, (wall,), refusal, problem=problem)
        return " / ".join(text for text, _ in told.conflict)

    assert rules(look("in", SPOT)) == "the no-fly zone Z"
    away = shapely.box(2000, 2000, 2300, 2300)
    fine = rules(look("fine", away, gsd_m=0.002, sensor=Sensor.VISIBLE))
    assert "0.2 cm a pixel" in fine
    far = rules(look("far", shapely.box(40_000, 0, 40_300, 300)))
    assert "min, the reserve kept" in far


def test_the_day_has_room_at_another_time() -> None:
    morning = {"earliest": START, "latest": START + HOUR}
    problem, _ = day([look("L", SPOT, **morning)], [station("D", 3000, 0)])
    shut = Closure(id="C", start=START, end=START + HOUR, reason="storm", reason_zh="雷暴")
    closed = replace(problem, closures=(shut,))
    found = offer(only(problem), closed, _nothing(closed))
    assert found is not None
    assert found.change == "window"
    assert found.station == "D"
    assert found.start >= START + HOUR
    assert "instead of 08:00-09:00: 09:00 from D" in found.text
    assert "09:00由D起飞" in found.text_zh


def _nothing(problem: Problem) -> Plan:
    return Plan(flights=(), unserved={}, value=0.0, km=0.0)


def test_the_next_day_is_offered_when_today_is_shut() -> None:
    problem, _ = day([look("L", SPOT)], [station("D", 3000, 0)])
    shut = Closure(id="C", start=START, end=END, reason="storm", reason_zh="雷暴")
    closed = replace(problem, closures=(shut,))
    after = timedelta(days=1)
    docks = tuple(
        replace(s, available_from=START + after, available_until=END + after)
        for s in problem.stations
    )
    tomorrow = replace(problem, start=START + after, end=END + after, stations=docks, tasks=())
    assert offer(only(problem), closed, _nothing(closed)) is None
    found = offer(only(problem), closed, _nothing(closed), tomorrow=(tomorrow, _nothing(tomorrow)))
    assert found is not None
    assert found.change == "day"
    assert found.start >= START + after
    assert "05-13" in found.text


def test_what_takes_too_long_is_offered_coarser_or_in_part() -> None:
    wish = look("L", shapely.box(0, 0, 1500, 1500), gsd_m=0.015, side_overlap=0.6)
    whole = {"earliest": START, "latest": START + 0.6 * HOUR}
    problem, _ = day([look("other", SPOT)], [station("D", 750, 750)])
    problem = replace(problem, tasks=(), end=START + 0.6 * HOUR)
    short = replace(wish, **whole)
    found = offer(short, problem, _nothing(problem))
    assert found is not None
    assert found.change in {"resolution", "overlap", "part"}
    assert found.station == "D"
    assert found.text.endswith("from D")
    vast = replace(short, geometry=_degrees(shapely.box(0, 0, 5200, 1200)), gsd_m=0.2)
    some = offer(vast, problem, _nothing(problem))
    assert some is not None
    assert some.change in {"overlap", "part"}


def test_a_higher_priority_names_who_would_give_way() -> None:
    window = {"earliest": START, "latest": START + 0.75 * HOUR}
    square = shapely.box(0, 0, 900, 900)
    looks = [look("first", square, priority=3, **window),
             look("second", shapely.box(3000, 0, 3900, 900), priority=2, **window)]  # fmt: skip
    problem, plan = day(looks, [station("D", 2000, -600)])
    assert list(plan.unserved) == ["second"]
    tasks = tuple(replace(t, departments=("water",)) for t in problem.tasks)
    problem = replace(problem, tasks=tasks, end=START + 0.75 * HOUR)
    second = next(t for t in tasks if t.id == "second")
    found = offer(second, problem, plan)
    assert found is not None
    assert found.change == "priority"
    assert "with priority 4" in found.text
    assert "water's first (priority 3)" in found.text
    assert verify(problem, plan) == ()


def test_without_a_dock_nothing_is_offered() -> None:
    problem, plan = day([look("L", SPOT)], [station("D", 3000, 0, VTOL)])
    bare = replace(problem, stations=())
    assert offer(only(problem), bare, plan) is None
    assert explained(bare, plan) == plan


def test_what_no_rule_forbids_is_said_to_be_left_out() -> None:
    problem, plan = day([look("L", SPOT)], [station("D", 3000, 0)])
    idle = replace(
        plan, flights=(), value=0.0, km=0.0, unserved={"L": explain.no_capacity("L", 1, False)}
    )
    told = explained(problem, idle).unserved["L"].conflict
    assert "D is free to fly it at 08:00" in told[0][0]
    assert "D可于08:00执行" in told[0][1]
