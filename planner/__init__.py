"""An immutable problem in, an immutable, independently checked plan out."""

from core.route import Route
from planner.footprints import photographed, seen
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
from planner.responder import responder
from planner.saving import Saving, saving, separate_plan
from planner.separate import separate
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
    "Route",
    "Saving",
    "SeparateCost",
    "Station",
    "Stop",
    "Task",
    "Violation",
    "photographed",
    "prepare",
    "responder",
    "saving",
    "seen",
    "separate",
    "separate_plan",
    "solve",
    "verify",
]
