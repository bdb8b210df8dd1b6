"""Solutions from orders alone: when each trip leaves so that it keeps windows and limits."""

from collections.abc import Sequence

from planner.routing.model import Model, Solution, Trip


def timed(model: Model, orders: Sequence[Sequence[Sequence[int]]]) -> Solution:
    """The solution of the nodes of each trip of each vehicle, in order.

    Each trip ends as early as it can and then leaves as late as that allows, so that a limit on its
    duration is kept if it can be (the forward pass and the shift of Savelsbergh 1992, "The vehicle
    routing problem with time windows: minimizing route duration", doi:10.1287/ijoc.4.2.146).
    Whether the solution keeps the rules is for `planner.routing.check` to say.
    """
    return Solution(tuple(_vehicle(model, v, own) for v, own in enumerate(orders)))


def _vehicle(model: Model, v: int, own: Sequence[Sequence[int]]) -> tuple[Trip, ...]:
    ready = float(model.free[v])
    trips: list[Trip] = []
    for nodes in own:
        if not nodes:
            continue
        post = int(model.start_post[v] if trips else model.first_post[v])
        start, end = _times(model, v, post, nodes, ready)
        trips.append(Trip(start, tuple(nodes)))
        ready = end + float(model.rest_s[v]) + float(model.rest_rate[v]) * (end - start)
    return tuple(trips)


def _times(
    model: Model, v: int, post: int, nodes: Sequence[int], ready: float
) -> tuple[float, float]:
    """When a trip leaves and ends."""
    kind = int(model.kind_of[v])
    table = int(model.table_of[kind])
    early = max(ready, *(float(model.release[n]) for n in nodes))
    now, waited, shift = early, 0.0, float("inf")
    for at, node in enumerate(nodes):
        leg = model.leg_s[table, nodes[at - 1], node] if at else model.out_s[post, node]
        now += float(leg)
        wait = max(0.0, float(model.earliest[node]) - now)
        now, waited = now + wait, waited + wait
        # leaving later by this much still reaches the node in time
        shift = min(shift, waited + float(model.latest[node]) - now)
        now += float(model.work_s[kind, node])
    now += float(model.back_s[int(model.end_post[v]), nodes[-1]])
    return early + max(0.0, min(shift, waited)), now
