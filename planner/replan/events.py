"""What may happen on a running day, and what a new plan says about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from core.equipment import Sensor
from core.geo import LonLat
from core.zones import Zone
from planner.problem import Closure, Flight, Plan, Problem, Refusal, Response, Task

ChangeKind = Literal["other drone", "earlier", "later", "dropped", "added"]


@dataclass(frozen=True, kw_only=True)
class Emergency:
    """Somebody must look at a place now."""

    id: str
    target: LonLat
    sensors: frozenset[Sensor]
    what: str = "an emergency"
    what_zh: str = "紧急情况"
    departments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A drone or its dock fails.

    Attributes:
        until: when it is expected back; None for not on this day.
    """

    station: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """A task is no longer wanted."""

    task: str


@dataclass(frozen=True, kw_only=True)
class Urgent:
    """A task that comes on the running day."""

    task: Task


Event = Emergency | Lost | Closure | Zone | Cancelled | Urgent
"""A closure is weather, or an order; a zone is one that appears."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Which drone serves a task, in a flight that starts then."""

    station: str
    start: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a new plan means for one task.

    Attributes:
        was, now: None when no flight served or serves it.
        why: English and Chinese. text, text_zh: the whole message.
    """

    task: str
    departments: tuple[str, ...]
    kind: ChangeKind
    was: Visit | None
    now: Visit | None
    why: tuple[str, str]
    text: str
    text_zh: str


@dataclass(frozen=True, kw_only=True)
class Replanned:
    """A running day after events.

    Attributes:
        problem: what is left of the day: flights in the air or flown are frozen, the tasks of
            these are no longer among its tasks, each drone is free only after them.
        plan: what is left to be flown; accepted by the checker for the problem.
        flown: tasks of frozen flights, by id: wanted again should one of them have to divert.
        response: by emergency, who goes, or why nobody can.
        diverted: flights in the air that were sent elsewhere or home, by id.
        unsafe: flights in the air that break a rule and have no way out that keeps to the rules:
            for the pilots.
        changes: against the plan before the events.
        before: every flight of the day as it was planned before the events.
    """

    problem: Problem
    plan: Plan
    flown: Mapping[str, Task] = field(default_factory=dict)
    response: Mapping[str, Response | Refusal] = field(default_factory=dict)
    diverted: tuple[str, ...] = ()
    unsafe: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    before: tuple[Flight, ...] = ()
    causes: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def flights(self) -> tuple[Flight, ...]:
        """Every flight of the day: flown, in the air and to come."""
        return tuple(sorted((*self.problem.frozen, *self.plan.flights), key=lambda f: f.start))
