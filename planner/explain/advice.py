"""Every refusal of a day with its smallest conflict and, where there is one, a counter-offer."""

import time
from collections.abc import Sequence
from dataclasses import replace

from core.geo import HeightModel
from planner.explain.conflict import explained, refused_look
from planner.explain.offers import offer
from planner.problem import Look, Plan, Prepared, Problem, Refusal

SECONDS = 10.0
"""Time for all refusals of a day together; an offer takes 0.05 to 1 s."""


def advised(
    looks: Sequence[Look],
    problem: Problem,
    prepared: Prepared,
    plan: Plan,
    *,
    heights: HeightModel | None = None,
    seconds: float = SECONDS,
) -> tuple[Prepared, Plan]:
    """The same plan, its refusals with conflict and offer, the dearest first, as time allows."""
    until = time.monotonic() + seconds
    plan = explained(problem, plan)
    refused, unserved = dict(prepared.refused), dict(plan.unserved)
    for look in sorted(looks, key=lambda k: -k.priority):
        if time.monotonic() > until:
            break
        if look.id in refused:
            refused[look.id] = _refused(look, problem, plan, refused[look.id], heights)
        for name in _missing(look, prepared, plan):
            if unserved[name].offer is None:
                found = offer(look, problem, plan, heights=heights)
                unserved[name] = replace(unserved[name], offer=found)
                break
    return replace(prepared, refused=refused), replace(plan, unserved=unserved)


def _refused(
    look: Look, problem: Problem, plan: Plan, refusal: Refusal, heights: HeightModel | None
) -> Refusal:
    """A look that could not be prepared: what is against it, and how it could be flown."""
    if refusal.code == "geometry":
        return refusal
    known = refused_look(
        look, problem.stations, problem.zones, refusal, problem=problem, heights=heights
    )
    return replace(known, offer=offer(look, problem, plan, heights=heights))


def _missing(look: Look, prepared: Prepared, plan: Plan) -> list[str]:
    """The look's tasks, if none of them is flown."""
    tasks = prepared.served_by.get(look.id, ())
    missing = [t for t in tasks if t in plan.unserved]
    return missing if len(missing) == len(tasks) else []
