"""The words of the catalogue: departments, scenarios, event types, kinds of place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from core.equipment import Sensor

AREA_KINDS = frozenset(
    [
        "forest",
        "forest_watch",
        "burnt_area",
        "cemetery",
        "reserve",
        "wetland",
        "farmland",
        "field_watch",
        "livestock",
        "reservoir",
        "water_source",
        "construction",
        "town",
        "village",
        "ancient_village",
        "school",
        "industrial",
        "coal_yard",
        "landfill",
        "quarry",
        "solar",
        "substation",
        "port",
        "heritage",
        "scenic",
        "hazard_slope",
    ]
)
"""Kinds of place that are areas."""
CORRIDOR_KINDS = frozenset(["river", "dam", "road", "railway", "pipeline", "power_line"])
"""Kinds of place that are lines with a width."""
POINT_KINDS = frozenset(
    [
        "outfall",
        "bridge",
        "junction",
        "plaza",
        "flood_point",
        "swim_spot",
        "land_spot",
        "waste_spot",
        "ancient_tree",
    ]
)
"""Kinds of place that are one or several points."""
KINDS = {"area": AREA_KINDS, "corridor": CORRIDOR_KINDS, "points": POINT_KINDS}
"""Geometry of a look -> kinds of place that have it."""
PLACE_KINDS = AREA_KINDS | CORRIDOR_KINDS | POINT_KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """Who asks for looks and handles findings."""

    id: str
    name: str
    name_zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """What a finding may be.

    Attributes:
        code: sub-class (小类), such as "01-03"; ``class_code`` is its class (大类), "01".
        detector: "thermal", "change", "onnx:<slot>" or "officer".
        severity: 1 (minor) to 4 (life or great damage).
        department: who handles it.
        deadline_h: working hours from dispatch to report back.
        rule: parameters of the thermal detector (``kind`` "hot" or "cold", the rest numbers);
            empty for other detectors. Sources stand beside the data.
        extent_m: two exact sightings of one thing may lie so far apart: it is that large, or its
            warmest part moves.
        spacing_m: sightings farther apart than this are two things.
        again_h: a find so long after the last one is a new thing; None for never.
        city_code, city_class: sub-class and class as the city numbers them; "" where it uses ours.
        deadlines_h: working hours by severity, where they differ from ``deadline_h``.
        departments: who handles it in a county, where that is not ``department``.
        evidence: photographs that a report back must bring.
        around_the_clock: the deadline runs day and night, holidays included.
    """

    code: str
    class_code: str
    class_name: str
    class_name_zh: str
    name: str
    name_zh: str
    sensor: Sensor
    detector: str
    severity: int
    department: str
    deadline_h: float
    rule: Mapping[str, Any] = field(default_factory=dict)
    extent_m: float = 8.0
    spacing_m: float = 40.0
    again_h: float | None = None
    city_code: str = ""
    city_class: str = ""
    deadlines_h: Mapping[int, float] = field(default_factory=dict)
    departments: Mapping[str, str] = field(default_factory=dict)
    evidence: int = 0
    around_the_clock: bool = False

    def hours_for(self, severity: int) -> float:
        """Working hours until a find of this severity must be reported back: the figure of the
        gravest severity given that is no graver than it, else the common one."""
        given = [s for s in self.deadlines_h if s <= severity]
        return self.deadlines_h[max(given)] if given else self.deadline_h

    def department_in(self, county: str) -> str:
        """Who handles it in a county ("" for none known)."""
        return self.departments.get(county, self.department)

    @property
    def slot(self) -> str | None:
        """The model slot of an "onnx:<slot>" detector."""
        return self.detector.removeprefix("onnx:") if self.detector.startswith("onnx:") else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A standing wish of a department.

    Attributes:
        shared_with: departments that may see what it finds, besides its own.
        places: kinds of place; each place of these kinds is looked at.
        geometry: "area", "corridor" or "points".
        gsd_m: ground sampling distance asked for, metres a pixel.
        front_overlap, side_overlap: shares of the footprint.
        revisit_h: hours between two looks at one place.
        window: local time of day in which a look begins and ends.
        weekdays: 0 (Monday) to 6; None for every day.
        priority: 1 to 5, 5 the most urgent.
        event_types: codes of what a finding may be called.
        products: what is made of the photographs of each look without being asked: "mosaic-visible"
            or "mosaic-thermal"; minutes of computing each.
    """

    id: str
    name: str
    name_zh: str
    department: str
    shared_with: tuple[str, ...]
    places: tuple[str, ...]
    geometry: str
    sensor: Sensor
    gsd_m: float
    front_overlap: float
    side_overlap: float
    revisit_h: float
    window: tuple[time, time]
    weekdays: tuple[int, ...] | None
    priority: int
    event_types: tuple[str, ...]
    products: tuple[str, ...] = ()

    @property
    def readers(self) -> frozenset[str]:
        """Every department that may see what it finds."""
        return frozenset((self.department, *self.shared_with))


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Departments, event types and scenarios that fit one another."""

    departments: Mapping[str, Department]
    event_types: Mapping[str, EventType]
    scenarios: Mapping[str, Scenario]
