"""The engine for any routing problem: trips over work with prizes, windows and rests."""

import importlib
from typing import TYPE_CHECKING, Any

from planner.routing.check import Infeasible, cost
from planner.routing.model import Cost, Model, Solution, Source, Trip, nothing

if TYPE_CHECKING:
    from planner.routing.greedy import first, insert
    from planner.routing.large import solve_large
    from planner.routing.search import solve
    from planner.routing.warm import compiled

__all__ = [
    "Cost",
    "Infeasible",
    "Model",
    "Solution",
    "Source",
    "Trip",
    "compiled",
    "cost",
    "first",
    "insert",
    "nothing",
    "solve",
    "solve_large",
]

_LATER = {
    "compiled": "warm",
    "first": "greedy",
    "insert": "greedy",
    "solve": "search",
    "solve_large": "large",
}
"""What needs the compiled kernels is imported at first use, so that `import planner` is quick."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"planner.routing.{_LATER[name]}"), name)
