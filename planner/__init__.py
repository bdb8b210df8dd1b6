"""An immutable problem in, an immutable, independently checked plan out.

A look becomes a task (`check`, `sharing`, `prepare` with `routes`, `terrain`, `sorties`), tasks
become flights (`solve` with `assign` on the engine in `routing`), flights are accepted (`verify`,
which shares no code with the rest), refusals are explained (`explain`), a running day is mended
(`replan`), and all of it goes into and out of files (`formats`).
"""

from core.route import Route
from planner.assign.saving import Saving, saving, separate_plan
from planner.assign.separate import separate
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
from planner.replan.responder import responder
from planner.routes.footprints import photographed, seen
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
