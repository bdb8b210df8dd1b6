"""A city as data: its territory, docks, drones, zones, places and rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import shapely

from core.equipment import VehicleSpec
from core.geo import HeightGrid, LonLat
from core.zones import Zone
from fleet.address import MAIN, Address
from missions.catalog.casework import CaseRules
from missions.catalog.limits import Limits, shipped
from missions.catalog.model import Department, EventType, Scenario
from missions.catalog.retention import RetentionRules
from missions.catalog.signals import SignalRules


@dataclass(frozen=True, slots=True, kw_only=True)
class County:
    """A district or county; ``polygon`` is shapely, WGS-84 degrees."""

    id: str
    name: str
    name_zh: str
    polygon: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Dock:
    """A dock with its one drone.

    Attributes:
        system_id: MAVLink system id of the drone.
        link: name of the link on which the drone is reached.
        county: id of the county it stands in.
        kind: id of the drone's VehicleSpec.
        alternates: docks where the drone may land instead, nearest first.
    """

    id: str
    system_id: int
    name: str
    name_zh: str
    county: str
    position: LonLat
    kind: str
    alternates: tuple[str, ...]
    link: str = MAIN

    @property
    def address(self) -> Address:
        """The drone's identity in the fleet."""
        return Address(self.link, self.system_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Something that is looked at.

    Attributes:
        kind: one of missions.catalog.PLACE_KINDS.
        geometry: shapely, WGS-84 degrees: Polygon, LineString, Point or MultiPoint.
        width_m: width of a line; 0 for others.
    """

    id: str
    kind: str
    name: str
    name_zh: str
    county: str
    geometry: Any
    width_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingRules:
    """When flights are filed.

    Attributes:
        cutoff: local time of the day before until which routine flights are filed.
        emergency_answer_min: minutes until an emergency filing is answered.
        emergency_for: origins of requests that may take the emergency route; None for all.
        warn_min: so many minutes before the cut-off somebody is told that a day is not filed yet.
    """

    cutoff: time
    emergency_answer_min: float
    emergency_for: frozenset[str] | None = None
    warn_min: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherRules:
    """In which weather nothing takes off, beside each drone's own limit of wind.

    Attributes:
        rain_mmph: from so many millimetres an hour: moderate rain begins at 2.5 (WMO-No. 8).
        visibility_m: the least sight.
        temperature_c: lowest and highest of the air.
    """

    rain_mmph: float = 2.5
    visibility_m: float = 1000.0
    temperature_c: tuple[float, float] = (-10.0, 40.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckRules:
    """How a place is watched after a fire is out.

    Attributes:
        interval_min: minutes between two infrared looks, at first.
        passes: looks in a row without a hotspot until the place counts as cold.
        cold_below_c: a look at a fire is cold when all is colder than this, uncertainty included.
        max_h: after so many hours a person decides.
        classes: event classes that are fires; other finds are settled when they are not found
            again.
        over_h: hours that the passes in a row must span.
        sigmas: cold means peak + sigmas * uncertainty < cold_below_c; hot the same the other way.
        assumed_k: uncertainty (one standard deviation) of a temperature that says none.
        widen: the next interval after a cold look is so many times longer, at most widest_min.
        dawn: local time; one of the passes must be at or after it on a later day than the report,
            before the sun hides what still smoulders. None for no such look.
        reignition_h: so long after its case was closed a place that is hot again, or a new spot
            near it, belongs to the same case.
        night: local times between which the sun has no part in what a place shows.
        night_passes: so many of the passes must be night looks.
        warm_contrast_k: a night look at a place that is so much warmer than the ground round it,
            and `sigmas` times that ground's own spread, is warm, however far below cold_below_c.
            None to go by the threshold alone.
    """

    interval_min: float
    passes: int
    cold_below_c: float
    max_h: float
    classes: tuple[str, ...] = ("01",)
    over_h: float = 0.0
    sigmas: float = 2.0
    assumed_k: float = 2.0
    widen: float = 1.0
    widest_min: float = 24 * 60.0
    dawn: time | None = None
    reignition_h: float = 72.0
    night: tuple[time, time] | None = None
    night_passes: int = 0
    warm_contrast_k: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingHours:
    """The working-hours calendar, local time.

    Attributes:
        hours: spans of a working day, in order.
        weekdays: 0 (Monday) to 6.
        holidays: days off although their weekday is worked.
        workdays: days worked although their weekday is not.
    """

    hours: tuple[tuple[time, time], ...]
    weekdays: tuple[int, ...]
    holidays: frozenset[date]
    workdays: frozenset[date]

    def works(self, day: date) -> bool:
        """Whether a day is worked."""
        if day in self.workdays:
            return True
        return day.weekday() in self.weekdays and day not in self.holidays

    def spans(self, day: date) -> tuple[tuple[time, time], ...]:
        """The working spans of a day; none on a day off."""
        return self.hours if self.works(day) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSettings:
    """The simulated day.

    Attributes:
        start: UTC; the network's day begins.
        day_hours: how long the network flies in a day.
        speed: simulated seconds a second, as wished for.
        seed: of everything random.
        jpeg_quality: of stored visible pictures.
        fires: forest fires that chance lights early in the day (later ones by chance alone).
        first_fire_min: minutes after the start between which it does.
    """

    start: datetime
    day_hours: float
    speed: float
    seed: int
    jpeg_quality: int
    fires: int
    first_fire_min: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Preset:
    """Everything about a city that is data; its parts fit one another."""

    name: str
    title: str
    title_zh: str
    territory: Mapping[str, County]
    docks: tuple[Dock, ...]
    kinds: Mapping[str, VehicleSpec]
    zones: tuple[Zone, ...]
    places: tuple[Place, ...]
    heights: HeightGrid
    departments: Mapping[str, Department]
    scenarios: Mapping[str, Scenario]
    event_types: Mapping[str, EventType]
    filing: FilingRules
    recheck: RecheckRules
    calendar: WorkingHours
    demo: DemoSettings
    attribution: str
    zone_info: ZoneInfo
    retention: RetentionRules | None = None
    rechecks: Mapping[str, RecheckRules] = field(default_factory=dict)
    """Rules of their own, by event type."""
    weather: WeatherRules = WeatherRules()
    casework: CaseRules = field(default_factory=CaseRules)
    """How cases are settled."""

    limits: Limits = field(default_factory=shipped)
    """How often one caller may ask, and what a department may have in a month."""

    signals: SignalRules = field(default_factory=SignalRules)
    """What sensors, citizens and other systems may send, and what asks for a flight."""

    def recheck_of(self, event_type: str) -> RecheckRules:
        """How a place of this type is watched."""
        return self.rechecks.get(event_type, self.recheck)

    def county_at(self, position: LonLat) -> str:
        """Id of the county that a place lies in (on a border, the first); "" outside them all."""
        point = shapely.Point(position.lon, position.lat)
        return next((c.id for c in self.territory.values() if c.polygon.intersects(point)), "")

    def places_of(self, scenario: Scenario) -> tuple[Place, ...]:
        """The places that a scenario looks at."""
        return tuple(p for p in self.places if p.kind in scenario.places)

    def dock(self, dock_id: str) -> Dock:
        """The dock with this id.

        Raises:
            KeyError: there is none.
        """
        for dock in self.docks:
            if dock.id == dock_id:
                return dock
        raise KeyError(dock_id)
