"""A better plan for a group of docks by OR-Tools' routing solver.

One model of a whole city is known to fail (facts/planning.md); groups of about five neighbouring
docks, warm-started, come within a few per cent of the best known.
"""

from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from planner.assign.slots import NEVER, Group

LATEST_S = 172_800
"""No moment of a plan is later than two days after its start."""


def improve(group: Group, seconds: float) -> list[list[int]] | None:
    """The nodes of each slot in a better plan, or None when none was found in the time."""
    if not len(group.prize):
        return None
    docks = len(group.kind_of)
    first_dock = 2 * len(group.prize)
    ends = [first_dock + slot.dock for slot in group.slots]
    manager = pywrapcp.RoutingIndexManager(first_dock + docks, len(ends), ends, ends)
    model = pywrapcp.RoutingModel(manager)
    _add_costs(model, manager, group)
    _add_times(model, manager, group)
    _add_choices(model, manager, group)
    parameters = _parameters(seconds)
    model.CloseModelWithParameters(parameters)
    present = [[manager.NodeToIndex(n) for n in slot.nodes] for slot in group.slots]
    start = model.ReadAssignmentFromRoutes(present, True)
    if start is None:
        return None
    before = start.ObjectiveValue() if start.HasObjective() else None
    found = model.SolveFromAssignmentWithParameters(start, parameters)
    if found is None or (before is not None and found.ObjectiveValue() >= before > 0):
        return None
    return [_nodes(model, manager, found, v) for v in range(len(ends))]


def _add_costs(
    model: pywrapcp.RoutingModel, manager: pywrapcp.RoutingIndexManager, group: Group
) -> None:
    metres = [model.RegisterTransitMatrix(m.tolist()) for m in group.metres]
    for v, slot in enumerate(group.slots):
        model.SetArcCostEvaluatorOfVehicle(metres[group.kind_of[slot.dock]], v)


def _add_times(
    model: pywrapcp.RoutingModel, manager: pywrapcp.RoutingIndexManager, group: Group
) -> None:
    """No waiting in the air; each slot keeps to its time, each flight to its endurance."""
    seconds = [model.RegisterTransitMatrix(m.tolist()) for m in group.seconds]
    kinds = [group.kind_of[slot.dock] for slot in group.slots]
    model.AddDimensionWithVehicleTransits([seconds[k] for k in kinds], 0, LATEST_S, False, "time")
    time = model.GetDimensionOrDie("time")
    for node in range(2 * len(group.prize)):
        low, high = int(group.earliest[node]), int(group.latest[node])
        index = manager.NodeToIndex(node)
        if low <= high and high >= 0:
            time.CumulVar(index).SetRange(max(0, low), min(high, LATEST_S))
        else:
            model.ActiveVar(index).SetValue(0)
    for v, slot in enumerate(group.slots):
        time.SetSpanUpperBoundForVehicle(group.usable_s[kinds[v]], v)
        for index in (model.Start(v), model.End(v)):
            time.CumulVar(index).SetRange(slot.begin_s, max(slot.begin_s, slot.end_s))


def _add_choices(
    model: pywrapcp.RoutingModel, manager: pywrapcp.RoutingIndexManager, group: Group
) -> None:
    """Each task once at most, in one direction, by a drone that can; its prize if not at all."""
    first_dock = 2 * len(group.prize)
    for task, prize in enumerate(group.prize.tolist()):
        both = [manager.NodeToIndex(2 * task + way) for way in (0, 1)]
        model.AddDisjunction(both, int(prize), 1)
        able = [
            v
            for v, slot in enumerate(group.slots)
            if group.seconds[group.kind_of[slot.dock]][first_dock + slot.dock, 2 * task] < NEVER
        ]
        for index in both:
            model.VehicleVar(index).SetValues([-1, *able])  # -1: nobody


def _parameters(seconds: float) -> object:
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.local_search_metaheuristic = (
        routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    )
    parameters.first_solution_strategy = (
        routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    )
    parameters.time_limit.FromMilliseconds(max(20, int(1000 * seconds)))
    return parameters


def _nodes(
    model: pywrapcp.RoutingModel,
    manager: pywrapcp.RoutingIndexManager,
    found: pywrapcp.Assignment,
    vehicle: int,
) -> list[int]:
    nodes = []
    index = found.Value(model.NextVar(model.Start(vehicle)))
    while not model.IsEnd(index):
        nodes.append(manager.IndexToNode(index))
        index = found.Value(model.NextVar(index))
    return nodes
