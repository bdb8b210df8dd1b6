"""The smallest set of rules that cannot hold together: why a task or a look is not served.

Sets are tried by size, each by really looking for a flight under these rules only; three rules
explain nearly every task, beyond that a deletion filter leaves a set of which none can be missed
(Chinneck and Dravnieks 1991, doi:10.1287/ijoc.3.2.157).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import combinations

from core.energy import CALM
from core.geo import HeightModel
from core.zones import Zone
from planner.explain import rule_texts as words
from planner.explain.fit import Fitter
from planner.explain.patience import OutOfPatience, Patience
from planner.prepare import prepare
from planner.problem import Look, Plan, Problem, Refusal, Station, Task

ENUMERATED = 3
"""Sets up to this size are all tried: 300 trials of 12 rules, 30 ms."""
_UNBOUNDED = 40.0
"""Times the endurance, for a look whose reach is not to count: more than a day of flying."""
_WEEK = timedelta(days=7)
_COARSE_M = 100.0
"""A ground sampling distance that any camera gives from any height."""


def smallest(rules: Sequence[str], holds: Callable[[frozenset[str]], bool]) -> tuple[str, ...]:
    """The smallest of the sets of rules under which nothing holds; empty if all can hold together.

    Args:
        rules: the earlier ones are named rather than later ones, in sets of one size.
        holds: whether there is a way under these rules. Fewer rules never hold less.
    """
    if holds(frozenset(rules)):
        return ()
    for size in range(1, min(ENUMERATED, len(rules)) + 1):
        for some in combinations(rules, size):
            if not holds(frozenset(some)):
                return some
    return filtered(rules, holds)


def filtered(rules: Sequence[str], holds: Callable[[frozenset[str]], bool]) -> tuple[str, ...]:
    """A set of rules under which nothing holds, and none of which can be missed."""
    kept = list(rules)
    for rule in reversed(rules):
        fewer = frozenset(kept) - {rule}
        if not holds(fewer):
            kept.remove(rule)
    return tuple(kept)


def conflict(fitter: Fitter, task: Task, patience: Patience | None = None) -> tuple[str, ...]:
    """The names of the smallest set of rules, see `planner.explain.fit`, that keeps the task from
    a flight of its own while all other flights stay; empty when it could be flown as it is.

    Raises:
        OutOfPatience: the time was over before it was found.
    """
    rules = fitter.rules(task)
    zones = frozenset(r for r in rules if r.startswith("zone:"))
    grouped = sorted((rules - zones) | ({"zones"} if zones else set()), key=_rank)

    def holds(kept: frozenset[str]) -> bool:
        if patience is not None:
            patience.check()
        whole = (kept - {"zones"}) | (zones if "zones" in kept else frozenset())
        return fitter.first(task, rules - whole) is not None

    found = smallest(grouped, holds)
    if "zones" not in found:
        return found
    others = frozenset(found) - {"zones"}
    which = smallest(sorted(zones), lambda kept: holds(others | kept))
    return tuple(r for r in found if r != "zones") + which


_ORDER = ("filing", "sensor", "zones", "endurance", "wind", "closure", "window", "hours", "docks")


def _rank(rule: str) -> tuple[int, str]:
    """What nobody can change comes first; then times; then what was promised to others."""
    name = rule.split(":")[0]
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER)), rule


def explained(
    problem: Problem,
    plan: Plan,
    only: Iterable[str] | None = None,
    patience: Patience | None = None,
) -> Plan:
    """The plan, each unserved task's refusal with the smallest set of rules that keep it out.

    Args:
        only: the tasks to be explained; all that are unserved if not given.
        patience: those that it does not suffice for are `cut_short`.
    """
    if not problem.stations:
        return plan
    fitter = Fitter(problem, plan.flights)
    tasks = {t.id: t for t in problem.tasks}
    unserved = dict(plan.unserved)
    for name in plan.unserved if only is None else only:
        task = tasks[name]
        try:
            found = conflict(fitter, task, patience)
        except OutOfPatience:
            unserved[name] = replace(unserved[name], cut_short=True)
            continue
        texts = tuple(words.rule(r, fitter, task, found) for r in found)
        if not found:  # no rule forbids it: the plan did without it
            texts = (words.left_out(fitter, task),)
        unserved[name] = replace(unserved[name], conflict=texts, rules=found)
    return replace(plan, unserved=unserved)


def refused_look(
    look: Look,
    stations: Sequence[Station],
    zones: Sequence[Zone],
    refusal: Refusal,
    *,
    problem: Problem,
    heights: HeightModel | None = None,
    patience: Patience | None = None,
) -> Refusal:
    """A refused look's refusal with the smallest set of rules that keep it from being prepared.

    What is wrong with a geometry is said by the reason alone: no rule can be dropped for it.

    Raises:
        OutOfPatience: the time was over before it was found.
    """
    if refusal.code == "geometry" or not stations:
        return refusal
    near = tuple(z for z in zones if z.holds(problem.start, problem.end))
    rules = ["sensor", "resolution", *(["zones"] if near else []), "endurance", "window"]

    def holds(kept: frozenset[str]) -> bool:
        if patience is not None:
            patience.check()
        docks, closed = (
            _reach(stations, kept),
            [z for z in near if {"zones", f"zone:{z.id}"} & kept],
        )
        wind = problem.wind if "endurance" in kept else CALM
        return any(
            prepare([wish], docks, closed, heights=heights, wind=wind).tasks
            for wish in _wishes(look, stations, kept)
        )

    found = smallest(rules, holds)
    if "zones" in found:
        others = frozenset(found) - {"zones"}
        names = {f"zone:{z.id}": z for z in near}
        which = smallest(sorted(names), lambda kept: holds(others | kept))
        found = tuple(r for r in found if r != "zones") + which
    texts = tuple(words.look_rule(r, look, stations, near) for r in found)
    return replace(refusal, conflict=texts, rules=found)


def _reach(stations: Sequence[Station], kept: frozenset[str]) -> Sequence[Station]:
    """The docks, their drones' endurance without end where it does not count."""
    if "endurance" in kept:
        return stations
    return [
        replace(d, spec=replace(d.spec, endurance_s=_UNBOUNDED * d.spec.endurance_s))
        for d in stations
    ]


def _wishes(look: Look, stations: Sequence[Station], kept: frozenset[str]) -> Iterator[Look]:
    """The look under some rules only: with each sensor that flies, where that does not count."""
    first = min(s.available_from for s in stations)
    week = look if "window" in kept else replace(look, earliest=first, latest=first + _WEEK)
    wish = week if "resolution" in kept else replace(week, gsd_m=_COARSE_M)
    if "sensor" in kept:
        yield wish
    else:
        for sensor in sorted({s for dock in stations for s in dock.spec.sensors}):
            yield replace(wish, sensor=sensor)
