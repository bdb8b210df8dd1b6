"""An immutable problem in, an immutable, independently checked plan out."""

from planner.prepare import prepare
from planner.problem import (
    Airborne,
    Flight,
    Look,
    Plan,
    Prepared,
    Problem,
    Progress,
    Refusal,
    Response,
    SeparateCost,
    Station,
    Stop,
    Task,
    Violation,
)
from planner.solve import solve
from planner.verify import verify

__all__ = [
    "Airborne",
    "Flight",
    "Look",
    "Plan",
    "Prepared",
    "Problem",
    "Progress",
    "Refusal",
    "Response",
    "SeparateCost",
    "Station",
    "Stop",
    "Task",
    "Violation",
    "prepare",
    "solve",
    "verify",
]
