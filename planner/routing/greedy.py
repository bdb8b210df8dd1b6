"""A first plan by greedy insertion, and insertion into a plan that stays otherwise as it is."""

from collections.abc import Collection, Sequence

import numpy as np

from planner.routing import kernel_insert, kernel_state
from planner.routing.layout import State, Tables
from planner.routing.model import Model, Solution, nothing
from planner.routing.state import flat, solution, state
from planner.routing.tables import tables

_BY_WORTH = 1
"""Row of `Tables.key`: what is lost without the group, for the time that it takes."""


def first(model: Model, initial: Solution | None = None) -> Solution:
    """A feasible solution at once: groups by worth per second, each at its cheapest place.

    `initial` is completed; trips of it that break a rule are dropped.
    """
    if not model.groups or not model.vehicles:
        return nothing(model)
    t = tables(model)
    s = state(model, t)
    begin(model, t, s, initial)
    return solution(t, s, initial)


def insert(
    model: Model,
    given: Solution,
    groups: Sequence[int],
    vehicles: Collection[int] | None = None,
) -> Solution:
    """Insert some groups, dearest first, each at its cheapest place if it pays.

    Nothing else changes its order or its vehicle; a vehicle that gets nothing keeps its very trips.

    Args:
        vehicles: those that may get something; all if not given.
    """
    if not model.groups or not model.vehicles:
        return nothing(model)
    t = tables(model)
    s = state(model, t)
    kernel_state.load(t, s, flat(model, given))
    if vehicles is not None:
        s.on[:] = 0
        s.on[list(vehicles)] = 1
    wanted = np.asarray(list(groups), np.int32)
    s.todo[: len(wanted)] = wanted[np.argsort(t.key[0, wanted], kind="stable")]
    kernel_insert.insert_all(t, s, len(wanted), 2, 0.0)
    return solution(t, s, given)


def begin(model: Model, t: Tables, s: State, initial: Solution | None) -> None:
    """Load a solution, if there is one, and insert what it does not serve."""
    if initial is not None:
        kernel_state.load(t, s, flat(model, initial))
    todo = np.argsort(t.key[_BY_WORTH], kind="stable").astype(np.int32)
    s.todo[:] = todo
    kernel_insert.insert_all(t, s, len(todo), 1, 0.0)
    kernel_state.settled(s)
    kernel_state.recount(t, s)
    kernel_state.keep(s)
