"""What a preset amounts to: reach, area, and whether the week's looks fit the fleet.

The budget is an estimate for the makers of presets, without merging, planning or wind; the
planner's figures are the real ones.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from core.energy import climb_s, descent_s
from core.equipment import VehicleSpec
from core.geo import LocalFrame, LonLat, area_m2
from missions.catalog.model import Scenario
from missions.presets.model import Dock, Place, Preset

TURN_S = 5.0
"""Seconds that a turn between two lines costs on top of its length: braking and accelerating by
about 2.5 m/s2 from 12 to 15 m/s."""
TRANSIT_SHARE = 0.5
"""Share of the way out and back that a look carries when a flight serves two on average."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A week's estimated flying time against what the fleet can fly.

    Attributes:
        looks_per_day: mean number of looks, before merging.
        wanted_h, able_h: airborne hours a week, by kind of drone.
        area_km2: ground that the week's visible area looks cover (union).
        unserved: ids of scenarios with a place that no drone can look at.
    """

    looks_per_day: float
    wanted_h: dict[str, float]
    able_h: dict[str, float]
    area_km2: float
    unserved: tuple[str, ...]

    @property
    def utilisation(self) -> float:
        """Share of the fleet's airborne hours that the looks ask for."""
        return sum(self.wanted_h.values()) / sum(self.able_h.values())


def territory_km2(preset: Preset) -> float:
    """Area of the territory on the ellipsoid."""
    return sum(area_m2(c.polygon) for c in preset.territory.values()) / 1e6


def reach_share(preset: Preset, *, work_share: float = 0.0) -> float:
    """Share of the territory that drones can fly to and return from in still air.

    Args:
        work_share: share of the usable endurance left over for looking.
    """
    frame = _frame(preset)
    ground = frame.to_metres(_union(preset))
    circles = []
    for dock in preset.docks:
        spec = preset.kinds[dock.kind]
        x, y = frame.point_xy(dock.position)
        radius = spec.cruise_mps * (_air_s(spec) * (1 - work_share)) / 2
        circles.append(shapely.Point(x, y).buffer(radius, 32))
    return float(shapely.union_all(circles).intersection(ground).area / ground.area)


def revisits_per_week(scenario: Scenario, day_h: float) -> float:
    """How often a scenario looks at one place in a week.

    Several times a day when the revisit fits several times into the window, else by the calendar.
    """
    a, b = scenario.window
    window_h = min(day_h, (b.hour - a.hour) + (b.minute - a.minute) / 60)
    days = 7 if scenario.weekdays is None else len(scenario.weekdays)
    if scenario.revisit_h < 24:
        return days * max(1.0, window_h / scenario.revisit_h)
    return min(float(days), 168 / scenario.revisit_h)


def look_s(place: Place, scenario: Scenario, spec: VehicleSpec, frame: LocalFrame) -> float | None:
    """Estimated seconds over a place, without the way there; None when the drone cannot look.

    A height that the resolution asks for, lines side by side at the overlap, a turn each.
    """
    camera = spec.camera(scenario.sensor)
    if camera is None:
        return None
    height = min(spec.max_height_m, camera.height_for_gsd_m(scenario.gsd_m))
    width, _ = camera.footprint_m(height)
    spacing = width * (1 - scenario.side_overlap)
    shape = frame.to_metres(place.geometry)
    if scenario.geometry == "points":
        stops = len(shapely.get_coordinates(shape))
        return stops * 12.0 + 1.2 * shape.convex_hull.length / spec.cruise_mps
    if scenario.geometry == "corridor":
        passes = max(1, int(np.ceil((place.width_m - width) / spacing)) + 1)
        return float(passes * shape.length / spec.cruise_mps + passes * TURN_S)
    across = min(_sides(shape))
    lines = max(1, int(np.ceil((across - width) / spacing)) + 1)
    length = shape.area / spacing + lines * spacing + width
    return float(length / spec.cruise_mps + lines * TURN_S)


def budget(preset: Preset) -> Budget:
    """The week's estimate; every look goes to the kind of drone with the shortest way."""
    frame = _frame(preset)
    wanted: defaultdict[str, float] = defaultdict(float)
    looks, unserved, covered = 0.0, [], []
    for scenario in preset.scenarios.values():
        times = revisits_per_week(scenario, preset.demo.day_hours)
        for place in preset.places_of(scenario):
            looks += times
            cost = _cheapest(preset, scenario, place, frame)
            if cost is None:
                unserved.append(scenario.id)
                continue
            wanted[cost[1]] += cost[0] * times / 3600
            if scenario.geometry == "area" and times >= 1:
                covered.append(frame.to_metres(place.geometry))
    return Budget(
        looks_per_day=looks / 7,
        wanted_h=dict(wanted),
        able_h=_able_h(preset),
        area_km2=float(shapely.union_all(covered).area / 1e6),
        unserved=tuple(dict.fromkeys(unserved)),
    )


def describe(preset: Preset) -> dict[str, Any]:
    """A summary for people: counts, areas, reach and the week's budget."""
    week = budget(preset)
    return {
        "name": preset.name,
        "docks": len(preset.docks),
        "drones": dict(Counter(d.kind for d in preset.docks)),
        "zones": len(preset.zones),
        "places": dict(Counter(p.kind for p in preset.places)),
        "departments": len(preset.departments),
        "scenarios": len(preset.scenarios),
        "event_types": len(preset.event_types),
        "detectors": dict(
            Counter(e.detector.partition(":")[0] for e in preset.event_types.values())
        ),
        "territory_km2": round(territory_km2(preset), 1),
        "reach_share": round(reach_share(preset), 3),
        "reach_share_half_for_work": round(reach_share(preset, work_share=0.5), 3),
        "looks_per_day": round(week.looks_per_day, 1),
        "wanted_h_per_week": {k: round(v, 1) for k, v in week.wanted_h.items()},
        "able_h_per_week": {k: round(v, 1) for k, v in week.able_h.items()},
        "utilisation": round(week.utilisation, 3),
        "week_area_km2": round(week.area_km2, 1),
        "week_area_share": round(week.area_km2 / territory_km2(preset), 3),
    }


def _cheapest(
    preset: Preset, scenario: Scenario, place: Place, frame: LocalFrame
) -> tuple[float, str] | None:
    """Seconds, transit share included, and kind of the drone that flies the fewest metres."""
    middle = frame.to_metres(place.geometry).centroid
    best: tuple[float, str] | None = None
    for kind, spec in preset.kinds.items():
        over = look_s(place, scenario, spec, frame)
        docks = [d for d in preset.docks if d.kind == kind]
        if over is None or not docks:
            continue
        away = min(_away_m(d, middle, frame) for d in docks)
        way = 2 * away / spec.cruise_mps
        if way + min(over, 600.0) > _air_s(spec):
            continue
        flights = max(1.0, over / (_air_s(spec) - way))
        seconds = over + way * (flights if flights > 1 else TRANSIT_SHARE)
        if best is None or seconds * spec.cruise_mps < best[0] * preset.kinds[best[1]].cruise_mps:
            best = seconds, kind
    return best


def _able_h(preset: Preset) -> dict[str, float]:
    """Airborne hours a week that each kind of drone can use at cruise."""
    able: defaultdict[str, float] = defaultdict(float)
    for dock in preset.docks:
        spec = preset.kinds[dock.kind]
        flights = preset.demo.day_hours * 3600 / (spec.usable_s + spec.recharge_s)
        able[dock.kind] += 7 * flights * _air_s(spec) / 3600
    return dict(able)


def _air_s(spec: VehicleSpec) -> float:
    """Usable seconds at cruise: less the climb to and descent from its usual height."""
    return spec.usable_s - climb_s(spec.max_height_m, spec) - descent_s(spec.max_height_m, spec)


def _away_m(dock: Dock, point: Any, frame: LocalFrame) -> float:
    x, y = frame.point_xy(dock.position)
    return float(np.hypot(x - point.x, y - point.y))


def _sides(shape: Any) -> tuple[float, float]:
    """Sides of the smallest turned rectangle round a shape."""
    corners = np.asarray(shape.minimum_rotated_rectangle.exterior.coords)
    steps = np.hypot(*np.diff(corners, axis=0).T)
    return float(steps[0]), float(steps[1])


def _union(preset: Preset) -> Any:
    return shapely.union_all([c.polygon for c in preset.territory.values()])


def _frame(preset: Preset) -> LocalFrame:
    middle = _union(preset).centroid
    return LocalFrame(LonLat(middle.x, middle.y))
