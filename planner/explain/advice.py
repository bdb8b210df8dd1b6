"""Every refusal of a day with its smallest conflict and, where there is one, a counter-offer."""

from collections.abc import Sequence
from dataclasses import replace

from core.geo import HeightModel
from planner.explain.conflict import explained, refused_look
from planner.explain.offers import offer
from planner.explain.patience import OutOfPatience, Patience
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
    every_part: bool = True,
) -> tuple[Prepared, Plan]:
    """The same plan, its refusals with conflict and offer, the dearest first, as time allows.

    A refusal that was not worked out to its end for want of time is `cut_short`.

    Args:
        every_part: also of a look in parts, which is told of its first part's refusal, the others.
    """
    patience = Patience(seconds)
    refused = dict(prepared.refused)
    ranked = sorted(looks, key=lambda k: -k.priority)
    told = {look.id: _missing(look, prepared, plan) for look in ranked}
    first = dict.fromkeys(names[0] for names in told.values() if names)
    rest = [name for name in plan.unserved if name not in first] if every_part else []
    plan = explained(problem, plan, [*first, *rest], patience)
    unserved = dict(plan.unserved)
    for look in ranked:
        if look.id in refused:
            refused[look.id] = _refused(look, problem, plan, refused[look.id], heights, patience)
        for name in told[look.id][:1]:
            if unserved[name].offer is None:
                unserved[name] = _offered(look, problem, plan, unserved[name], heights, patience)
    return replace(prepared, refused=refused), replace(plan, unserved=unserved)


def _refused(
    look: Look,
    problem: Problem,
    plan: Plan,
    refusal: Refusal,
    heights: HeightModel | None,
    patience: Patience,
) -> Refusal:
    """A look that could not be prepared: what is against it, and how it could be flown."""
    if refusal.code == "geometry":
        return refusal
    docks, zones = problem.stations, problem.zones
    try:
        known = refused_look(
            look, docks, zones, refusal, problem=problem, heights=heights, patience=patience
        )
    except OutOfPatience:
        return replace(refusal, cut_short=True)
    return _offered(look, problem, plan, known, heights, patience)


def _offered(
    look: Look,
    problem: Problem,
    plan: Plan,
    refusal: Refusal,
    heights: HeightModel | None,
    patience: Patience,
) -> Refusal:
    """The refusal with what could be had instead."""
    try:
        found = offer(look, problem, plan, heights=heights, patience=patience)
    except OutOfPatience:
        return replace(refusal, cut_short=True)
    return replace(refusal, offer=found)


def _missing(look: Look, prepared: Prepared, plan: Plan) -> list[str]:
    """The look's tasks, if none of them is flown."""
    tasks = prepared.served_by.get(look.id, ())
    missing = [t for t in tasks if t in plan.unserved]
    return missing if len(missing) == len(tasks) else []
