"""The field's engines, each asked as its makers recommend; who is not installed is skipped."""

import importlib.util
from dataclasses import dataclass
from typing import Any

MODULES = {"PyVRP": "pyvrp", "VROOM": "vroom", "OR-Tools": "ortools"}


@dataclass(frozen=True)
class Answer:
    """What an engine answers.

    Attributes:
        plan: in the scorer's form for a city, routes by vehicle for a published instance.
        first_s: seconds until its first feasible plan, imports not counted; None if unknown.
        solve_s: seconds of the search itself.
    """

    plan: Any
    first_s: float | None
    solve_s: float


def installed(peer: str) -> bool:
    """Whether the peer can be run here."""
    return importlib.util.find_spec(MODULES[peer]) is not None
