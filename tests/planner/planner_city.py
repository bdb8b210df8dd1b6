"""Made-up cities for the planner's tests: docks, zones and looks at random by seed."""

from datetime import UTC, datetime, timedelta

import numpy as np
import shapely

from core.equipment import CameraSpec, Sensor, VehicleSpec
from core.geo import LocalFrame, LonLat
from core.zones import Zone, ZoneKind
from planner.problem import Look, Station

START = datetime(2026, 5, 12, 0, 0, tzinfo=UTC)
END = START + timedelta(hours=10)
FRAME = LocalFrame(LonLat(118.87, 28.95))

WIDE = CameraSpec(id="w", sensor=Sensor.VISIBLE, width_px=4000, height_px=3000, hfov_deg=72.0)
ZOOM = CameraSpec(id="z", sensor=Sensor.ZOOM, width_px=4000, height_px=3000, hfov_deg=20.0)
HEAT = CameraSpec(id="t", sensor=Sensor.THERMAL, width_px=640, height_px=512, hfov_deg=45.0)
COPTER = VehicleSpec(
    id="copter", name="Copter", name_zh="多旋翼", vtol=False, cruise_mps=15.0, climb_mps=5.0,
    descent_mps=3.0, endurance_s=2700.0, recharge_s=1620.0, wind_limit_mps=12.0,
    cameras=(WIDE, HEAT),
)  # fmt: skip
ZOOMER = VehicleSpec(
    id="zoomer", name="Zoomer", name_zh="变焦机", vtol=False, cruise_mps=15.0, climb_mps=5.0,
    descent_mps=3.0, endurance_s=2400.0, recharge_s=1500.0, wind_limit_mps=12.0,
    cameras=(WIDE, ZOOM, HEAT),
)  # fmt: skip
VTOL = VehicleSpec(
    id="vtol", name="VTOL", name_zh="垂起", vtol=True, cruise_mps=23.0, climb_mps=4.0,
    descent_mps=2.5, endurance_s=6000.0, recharge_s=3600.0, wind_limit_mps=14.0,
    cameras=(WIDE, HEAT),
)  # fmt: skip


def station(name: str, x: float, y: float, spec: VehicleSpec = COPTER) -> Station:
    """A dock so many metres east and north of the city's middle, free all day."""
    return Station(
        id=name, position=FRAME.point(x, y), spec=spec, available_from=START, available_until=END
    )


def zone(name: str, x: float, y: float, radius_m: float) -> Zone:
    """A round zone."""
    disc = FRAME.to_degrees(shapely.Point(x, y).buffer(radius_m))
    return Zone(id=name, name=name, name_zh=name, kind=ZoneKind.RESTRICTED, polygon=disc)


def look(name: str, metres: object, kind: str = "area", **extra: object) -> Look:
    """A look at a geometry in metres, all day."""
    given = {
        "sensor": Sensor.VISIBLE, "gsd_m": 0.05, "earliest": START, "latest": END, **extra
    }  # fmt: skip
    return Look(id=name, geometry=FRAME.to_degrees(metres), kind=kind, **given)  # type: ignore[arg-type]


def city(
    seed: int, docks: int, looks: int, zones: int, half_m: float
) -> tuple[list[Look], list[Station], list[Zone]]:
    """Random looks (some at the same place), docks outside zones, and zones."""
    rng = np.random.default_rng(seed)
    closed = [
        zone(f"N{k}", *rng.uniform(-half_m, half_m, 2), rng.uniform(200, 0.03 * half_m + 300))
        for k in range(zones)
    ]
    shut = shapely.union_all([FRAME.to_metres(z.polygon).buffer(80) for z in closed])
    stations: list[Station] = []
    while len(stations) < docks:
        x, y = rng.uniform(-half_m, half_m, 2)
        if not shapely.intersects_xy(shut, x, y):
            spec = (COPTER, ZOOMER, VTOL)[len(stations) % 3]
            stations.append(station(f"D{len(stations)}", x, y, spec))
    wishes: list[Look] = []
    for k in range(looks):
        if wishes and rng.random() < 0.25:  # another department at the same place
            other = wishes[int(rng.integers(len(wishes)))]
            kind, metres, width = other.kind, FRAME.to_metres(other.geometry), other.width_m
        else:
            kind, metres, width = _place(rng, half_m)
        sensor = (Sensor.VISIBLE, Sensor.THERMAL)[int(rng.random() < 0.4)]
        early = START + timedelta(hours=float(rng.choice([0, 0, 0, 2, 5])))
        wishes.append(
            look(
                f"L{k}", metres, kind, width_m=width, sensor=sensor,
                gsd_m=float(rng.choice([0.04, 0.06])) if sensor is Sensor.VISIBLE else 0.15,
                earliest=early,
                latest=END if rng.random() < 0.8 else early + timedelta(hours=3),
                priority=int(rng.integers(1, 6)),
                front_overlap=0.7, side_overlap=float(rng.choice([0.3, 0.6])),
            )
        )  # fmt: skip
    return wishes, stations, closed


def _place(rng: np.random.Generator, half_m: float) -> tuple[str, object, float]:
    x, y = rng.uniform(-half_m, half_m, 2)
    kind = str(rng.choice(["area", "area", "corridor", "points"]))
    if kind == "area":
        angles = np.sort(rng.uniform(0, 2 * np.pi, 9))
        radius = rng.uniform(0.5, 1.0, 9) * rng.uniform(200, 900)
        ring = np.column_stack([x + radius * np.cos(angles), y + radius * np.sin(angles)])
        polygon = shapely.Polygon(ring)
        return kind, polygon if polygon.is_valid else polygon.convex_hull, 0.0
    if kind == "corridor":
        steps = rng.normal(0, 400, (8, 2)) + rng.normal(0, 700, 2)
        return (
            kind,
            shapely.LineString(np.array([x, y]) + np.cumsum(steps, axis=0)),
            float(rng.choice([0, 100])),
        )
    spots = np.array([x, y]) + rng.normal(0, 500, (int(rng.integers(1, 7)), 2))
    return kind, shapely.MultiPoint(spots), 0.0
