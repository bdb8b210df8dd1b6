"""What a solution costs, recomputed step by step, or the first rule that it breaks."""

import math

from planner.routing.model import Cost, Model, Solution, Trip

SLACK = 1e-3
"""Rounding allowed in times and loads; leg tables are of single precision."""


class Infeasible(ValueError):
    """A solution breaks a rule; the text names the first."""


def cost(model: Model, solution: Solution) -> Cost:
    """The cost of a solution.

    Raises:
        Infeasible: it breaks a rule of the model.
    """
    if len(solution.trips) != model.vehicles:
        raise Infeasible(f"{len(solution.trips)} vehicles are planned, {model.vehicles} are there")
    group_of = model.group_of
    server: dict[int, int] = {}
    metres = seconds = wear = 0.0
    trips = 0
    for v, own in enumerate(solution.trips):
        if len(own) > model.max_trips[v]:
            raise Infeasible(f"vehicle {v} makes {len(own)} trips of at most {model.max_trips[v]}")
        ready = float(model.free[v])
        for k, trip in enumerate(own):
            for node in trip.nodes:
                group = int(group_of[node])
                if group in server:
                    raise Infeasible(f"group {group} is served twice")
                server[group] = v
            if trip.start < ready - SLACK:
                raise Infeasible(f"vehicle {v}, trip {k} leaves at {trip.start}, ready at {ready}")
            way, busy = _trip(model, v, k, trip)
            metres, seconds, wear = metres + way, seconds + busy, wear + float(model.trip_cost[v])
            ready = trip.start + busy + float(model.rest_s[v] + model.rest_rate[v] * busy)
            trips += 1
    lost = sum(float(model.prize[g]) for g in range(model.groups) if g not in server)
    churn = sum(
        float(model.churn[g])
        for g in range(model.groups)
        if model.stay[g] >= 0 and server.get(g) != model.stay[g]
    )
    return Cost(
        objective=lost + metres + model.second_cost * seconds + wear + churn,
        metres=metres,
        unserved_prize=lost,
        served=len(server),
        trips=trips,
    )


def _trip(model: Model, v: int, k: int, trip: Trip) -> tuple[float, float]:
    """Metres and seconds of one trip."""
    where = f"vehicle {v}, trip {k}"
    if not trip.nodes:
        raise Infeasible(f"{where} is empty")
    kind, table = int(model.kind_of[v]), int(model.table_of[model.kind_of[v]])
    post = int(model.first_post[v] if k == 0 else model.start_post[v])
    now, metres, load = trip.start, 0.0, 0.0
    for at, node in enumerate(trip.nodes):
        before = trip.nodes[at - 1]
        step = (
            (model.out_s[post, node], model.out_m[post, node])
            if at == 0
            else (model.leg_s[table, before, node], model.leg_m[table, before, node])
        )
        now = max(now + float(step[0]), float(model.earliest[node]))
        if not now <= model.latest[node] + SLACK:
            raise Infeasible(f"{where} begins node {node} at {now}, latest {model.latest[node]}")
        if trip.start < model.release[node] - SLACK:
            raise Infeasible(f"{where} leaves before the release of node {node}")
        now += float(model.work_s[kind, node])
        metres += float(step[1]) + float(model.work_m[kind, node])
        load += float(model.load[node])
    end = int(model.end_post[v])
    now += float(model.back_s[end, trip.nodes[-1]])
    metres += float(model.back_m[end, trip.nodes[-1]])
    usable = float(model.first_usable_s[v] if k == 0 else model.usable_s[v])
    if not (math.isfinite(now) and math.isfinite(metres)):
        raise Infeasible(f"{where} cannot be flown")
    if now - trip.start > usable + SLACK:
        raise Infeasible(f"{where} lasts {now - trip.start}, at most {usable}")
    if now > model.until[v] + SLACK:
        raise Infeasible(f"{where} ends at {now}, at most {model.until[v]}")
    if load > model.capacity[v] + SLACK:
        raise Infeasible(f"{where} carries {load} of at most {model.capacity[v]}")
    return metres, now - trip.start
