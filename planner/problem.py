"""The planner's values: what is wished, what is to be flown, and what was decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from core.energy import CALM, Wind
from core.equipment import Sensor, VehicleSpec
from core.geo import LonLat
from core.route import Route
from core.zones import Zone

LookKind = Literal["area", "corridor", "points", "orbit", "facade"]
RefusalCode = Literal[
    "no_reach",
    "no_sensor",
    "no_window",
    "zone",
    "no_capacity",
    "resolution",
    "geometry",
    "weather",
    "filing",
]

PRIZE = {1: 20_000, 2: 40_000, 3: 80_000, 4: 160_000, 5: 320_000}
"""Worth of a served task by priority, in metres of flying: each step counts double, and the least
is worth a detour of 20 km (the city instances' scale, facts/planning.md)."""


def _aware(owner: str, **times: datetime | None) -> None:
    for name, time in times.items():
        if time is not None and time.tzinfo is None:
            raise ValueError(f"{owner}: {name} needs a time zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One request's wish to have a place seen.

    Attributes:
        geometry: shapely geometry in WGS-84 degrees.
        width_m: of a corridor, across; 0 for one pass along the line.
        gsd_m: coarsest ground sampling distance allowed, metres a pixel.
        front_overlap, side_overlap: shares, 0 to below 1; of an orbit or a façade along a ring or
            row, and between them.
        earliest: when the work may begin; latest: when it must have ended.
        priority: 1 (least) to 5.
        radius_m: of an orbit: from the axis, its point, to the drone.
        base_m, top_m: above ground, of what an orbit or a façade shows. A façade's line has the
            drone on its right-hand side.
        every_deg: between photos of an orbit; 0 for what the overlap asks.
    """

    id: str
    geometry: Any
    kind: LookKind
    sensor: Sensor
    gsd_m: float
    earliest: datetime
    latest: datetime
    width_m: float = 0.0
    front_overlap: float = 0.7
    side_overlap: float = 0.6
    priority: int = 3
    department: str = ""
    radius_m: float = 0.0
    base_m: float = 0.0
    top_m: float = 0.0
    every_deg: float = 0.0

    def __post_init__(self) -> None:
        _aware(f"look {self.id}", earliest=self.earliest, latest=self.latest)
        if self.kind not in get_args(LookKind):
            kinds = ", ".join(get_args(LookKind))
            raise ValueError(f"look {self.id}: kind {self.kind!r} is none of {kinds}")
        if not 1 <= self.priority <= 5:
            raise ValueError(f"look {self.id}: priority {self.priority} is not 1 to 5")
        if not self.gsd_m > 0:
            raise ValueError(f"look {self.id}: gsd_m must be above zero")
        for name in ("front_overlap", "side_overlap"):
            if not 0.0 <= getattr(self, name) <= 0.95:
                raise ValueError(f"look {self.id}: {name} must be 0 to 0.95")
        if self.kind in ("orbit", "facade"):
            self._check_upright()

    def _check_upright(self) -> None:
        if self.kind == "orbit" and not 5.0 <= self.radius_m <= 500.0:
            raise ValueError(f"look {self.id}: radius_m {self.radius_m:g} is not 5 to 500")
        if self.every_deg and not 1.0 <= self.every_deg <= 45.0:
            raise ValueError(f"look {self.id}: every_deg {self.every_deg:g} is not 1 to 45, or 0")
        least = self.base_m + (1.0 if self.kind == "facade" else 0.0)
        if not 0.0 <= self.base_m <= least <= self.top_m <= 1000.0:
            raise ValueError(
                f"look {self.id}: base_m {self.base_m:g} and top_m {self.top_m:g} are no heights"
            )


@dataclass(frozen=True, kw_only=True)
class Task:
    """A piece of work that one flight does without a break.

    Attributes:
        looks: the looks that it serves, wholly or as one of several parts.
        routes: by kind of vehicle; what is no key cannot fly it.
        departments: who asks, for fairness between them.
        windows: within earliest and latest, when the work may be done (begun and ended in one of
            them): daylight, tides, agreed hours. Empty for the whole time.
        file_by: when its flight must have been filed at the latest; None when that is done.
    """

    id: str
    looks: tuple[str, ...]
    sensors: frozenset[Sensor]
    routes: Mapping[str, Route]
    earliest: datetime
    latest: datetime
    priority: int
    departments: tuple[str, ...] = ()
    windows: tuple[tuple[datetime, datetime], ...] = ()
    file_by: datetime | None = None

    @property
    def prize(self) -> float:
        """Worth of serving it: that of its priority, half as much again for each further look."""
        return PRIZE[self.priority] * (1 + 0.5 * (len(self.looks) - 1))


@dataclass(frozen=True, kw_only=True)
class Station:
    """A dock with its drone, and when the drone is free.

    Attributes:
        available_from: a drone in the air: now.
        starts_from: where its first flight begins when it is not in its dock; None for the dock.
        airborne_s: flying time that a drone in the air has left until its reserve is touched;
            None for a drone on the ground.
        lands_at: the place of the dock in which all its flights end; None for its own.
        health: share of the endurance that its worn battery still gives.
        standby: kept for emergencies: flies nothing of the plan.
    """

    id: str
    position: LonLat
    spec: VehicleSpec
    available_from: datetime
    available_until: datetime
    starts_from: LonLat | None = None
    airborne_s: float | None = None
    lands_at: LonLat | None = None
    health: float = 1.0
    standby: bool = False

    def __post_init__(self) -> None:
        _aware(
            f"station {self.id}",
            available_from=self.available_from,
            available_until=self.available_until,
        )
        if not 0.3 <= self.health <= 1.0:
            raise ValueError(f"station {self.id}: health {self.health} is not 0.3 to 1")
        if self.starts_from is not None and self.airborne_s is None:
            raise ValueError(f"station {self.id}: starts_from needs airborne_s")


@dataclass(frozen=True, kw_only=True)
class Closure:
    """Weather, or an order, that keeps all drones out of an area for a time.

    Attributes:
        area: shapely geometry in WGS-84 degrees; None for everywhere.
    """

    id: str
    start: datetime
    end: datetime
    reason: str
    reason_zh: str
    area: Any = None

    def __post_init__(self) -> None:
        _aware(f"closure {self.id}", start=self.start, end=self.end)
        if self.end <= self.start:
            raise ValueError(f"closure {self.id}: it ends before it starts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation:
    """How far two flights keep from one another: by place, by height, or else by time.

    Attributes:
        within_m, height_m: paths nearer than both of these conflict ...
        time_s: ... unless the drones pass there at times so far apart.
        near_dock_m: nearer than this to either dock, docks and pilots see to it.
    """

    within_m: float = 30.0
    height_m: float = 15.0
    time_s: float = 30.0
    near_dock_m: float = 150.0


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A day to plan.

    Attributes:
        now: when it is planned; what should have been filed before is refused. None: long before.
        closures: when and where nothing flies.
        crew_limit: flights in the air at once that the pilots can watch; None for no limit.
        separation: between flights of this plan and the frozen ones; None for no check.
        frozen: flights that stay as they are: in the air, released, or of another plan. Their
            tasks are not among `tasks`, and their drones fly before, between and after them.
        previous: the plan in hand: where the search begins, and what stability is measured by.
        churn_m: metres that moving a task of the plan in hand to another drone counts.
        wear_m: metres that a flight more counts: battery cycles are not for nothing.
        fairness: 0 to plan for value only; 1 to count a department's tasks up to twice as much the
            less of what it asked for is served.
    """

    stations: tuple[Station, ...]
    tasks: tuple[Task, ...]
    zones: tuple[Zone, ...]
    start: datetime
    end: datetime
    wind: Wind = CALM
    now: datetime | None = None
    closures: tuple[Closure, ...] = ()
    crew_limit: int | None = None
    separation: Separation | None = None
    frozen: tuple["Flight", ...] = ()
    previous: "Plan | None" = None
    churn_m: float = 0.0
    wear_m: float = 0.0
    fairness: float = 0.0

    def __post_init__(self) -> None:
        _aware("problem", start=self.start, end=self.end, now=self.now)
        if self.end <= self.start:
            raise ValueError("problem: the day ends before it starts")
        for what, ids in (
            ("task", [t.id for t in self.tasks]),
            ("station", [s.id for s in self.stations]),
        ):
            if len(set(ids)) < len(ids):
                twice = next(i for i in ids if ids.count(i) > 1)
                raise ValueError(f"problem: {what} {twice} is given twice")


@dataclass(frozen=True, slots=True)
class Stop:
    """A task within a flight, flown from its end to its start if reverse."""

    task: str
    reverse: bool = False


@dataclass(frozen=True, kw_only=True)
class Flight:
    """One flight: from the dock through its stops back to the dock.

    Attributes:
        route: the whole path over ground, transfers included.
        landing_share: share of the whole endurance that is left at landing.
    """

    id: str
    station: str
    start: datetime
    end: datetime
    stops: tuple[Stop, ...]
    route: Route
    landing_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A change with which a refused look or task can be served: really solved, not guessed.

    Attributes:
        change: "window", "resolution", "overlap", "sensor", "part", "day" or "priority".
        station, start: the flight that would serve it.
        instead: the fields of the look that change, with their new values.
    """

    change: str
    text: str
    text_zh: str
    station: str
    start: datetime
    instead: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a look or a task is not served.

    Attributes:
        conflict: the smallest set of constraints that cannot hold together, each in words
            (English, Chinese): without any one of them it could be served.
        offer: a change with which it can be served; None where none was found or looked for.
        rules: the names of the conflict's constraints, in their order (`planner.explain.fit`).
        cut_short: the time for the conflict and the offer was over before all was tried.
    """

    id: str
    code: RefusalCode
    reason: str
    reason_zh: str
    conflict: tuple[tuple[str, str], ...] = ()
    offer: Offer | None = None
    rules: tuple[str, ...] = ()
    cut_short: bool = False


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A day as decided.

    Attributes:
        unserved: by task id.
        value: the prizes of the served tasks.
        km: flown in all, transfers included.
        gap: share of the bound by which the best possible plan may be better, both counted as
            prizes less metres; None when no certificate was made.
    """

    flights: tuple[Flight, ...]
    unserved: Mapping[str, Refusal]
    value: float
    km: float
    gap: float | None = None


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Looks made ready for planning.

    Attributes:
        refused: by look id; nothing of these looks is in the tasks.
        served_by: by look id, every task that must be flown to serve it.
        notes: by look id, what is left out although the look is planned (English, Chinese).
    """

    tasks: tuple[Task, ...]
    refused: Mapping[str, Refusal]
    served_by: Mapping[str, tuple[str, ...]]
    notes: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a solve has come."""

    elapsed_s: float
    seconds: float
    stage: str
    served: int
    tasks: int
    value: float
    km: float
    gap: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A rule that a plan breaks.

    Attributes:
        rule: "task", "station", "sensor", "window", "endurance", "recharge", "availability",
            "zone", "route", "time", "height", "wind", "account", "closure", "crew", "separation",
            "filing" or "standby".
        where: the flight or task concerned.
    """

    rule: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeparateCost:
    """What separate flights would have cost."""

    km: float
    flights: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Airborne:
    """A drone in the air that might be diverted.

    Attributes:
        remaining_s: flying time until the reserve is touched.
    """

    station: str
    position: LonLat
    remaining_s: float


@dataclass(frozen=True, kw_only=True)
class Response:
    """Who answers an emergency: the route ends over the target."""

    station: str
    eta_s: float
    route: Route
    airborne: bool
