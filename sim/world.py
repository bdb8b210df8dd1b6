"""The country that the simulation flies over: docks, ground, places, weather.

It is read from a WORLD.json that the service's preset wrote. The simulated ground differs from the
one that the planner knows by a small seeded error, and the weather is the simulation's own.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely.geometry

from core.equipment import CameraSpec, Sensor, VehicleSpec
from core.errors import InvalidInput
from core.geo import HeightGrid, LonLat

FIRMWARES = ("ardupilot", "ardupilot-4.5", "px4")
GROUND_SIGMA_M = 0.8
"""Standard deviation of the real ground against the planner's grid, a node at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dock:
    """A dock with its drone.

    Attributes:
        system_id: of the drone, unique on its link.
        link: which of the simulation's MAVLink ports carries it.
        autopilot: the firmware that it answers like, one of `FIRMWARES`.
        cycles: full discharges that its battery has behind it.
    """

    system_id: int
    id: str
    position: LonLat
    vehicle: VehicleSpec
    link: str = "main"
    autopilot: str = "ardupilot"
    cycles: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A piece of land or water of one kind; geometry in WGS-84 degrees."""

    id: str
    kind: str
    name: str
    geometry: Any
    width_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EventKind:
    """An event type that the service knows, as far as the simulation must know it."""

    code: str
    name: str
    detector: str
    sensor: str


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that does not change while the simulation runs."""

    start: datetime
    docks: tuple[Dock, ...]
    ground: HeightGrid
    places: tuple[Place, ...]
    event_kinds: tuple[EventKind, ...]
    demo: Mapping[str, Any]
    seed: int

    def wind(self, seconds: float) -> tuple[float, float, float]:
        """Mean wind at a simulated second: speed m/s, degrees it comes from, gust sigma m/s.

        A slow swing round a seeded mean; the same for every vehicle, gusts are each one's own.
        """
        mean, bearing, phase, swing = _weather(self.seed)
        speed = mean * (1.0 + 0.3 * math.sin(2 * math.pi * seconds / 5400 + phase))
        return speed, (bearing + 20 * math.sin(2 * math.pi * seconds / 7200 + swing)) % 360, 0.6

    def air_celsius(self, seconds: float) -> float:
        """Air temperature: 18 to 28 C, warmest at 15 h local (UTC+8)."""
        at = self.start.hour + self.start.minute / 60 + seconds / 3600 + 8
        return 23.0 + 5.0 * math.cos(2 * math.pi * (at - 15) / 24)

    def sunshine(self, seconds: float) -> float:
        """0 at night to 1 at noon in a clear sky, local time (UTC+8); clouds of a shower dim it."""
        at = (self.start.hour + self.start.minute / 60 + seconds / 3600 + 8) % 24
        clear = max(0.0, math.sin(math.pi * (at - 6) / 12))
        return clear * (1.0 - 0.7 * min(1.0, self.rain_mm_h(seconds)))

    def rain_mm_h(self, seconds: float) -> float:
        """Rain, mm an hour: two days in five have one shower in their ten hours of flying."""
        middle_s, half_s, peak_mm_h = _shower(self.seed)
        return peak_mm_h * max(0.0, 1.0 - abs(seconds - middle_s) / half_s)

    def humidity(self, seconds: float) -> float:
        """Relative humidity of the air, 0 to 1."""
        return 0.6 + 0.3 * min(1.0, self.rain_mm_h(seconds))


@lru_cache(maxsize=16)
def _weather(seed: int) -> tuple[float, float, float, float]:
    """Mean wind m/s, mean direction in degrees, two phases."""
    rng = np.random.default_rng([seed, 21])
    mean, bearing = rng.uniform(2.0, 4.5), rng.uniform(0.0, 360.0)
    phase, swing = rng.uniform(0.0, 2 * math.pi, 2).tolist()
    return mean, bearing, phase, swing


@lru_cache(maxsize=16)
def _shower(seed: int) -> tuple[float, float, float]:
    """Seconds of its middle, half its length, mm an hour at its peak (0 on a dry day)."""
    rng = np.random.default_rng([seed, 22])
    wet = rng.random() < 0.4
    middle, half, peak = (float(rng.uniform(*r)) for r in ((1, 9), (0.2, 0.5), (1.5, 8.0)))
    return middle * 3600, half * 3600, peak if wet else 0.0


def load(path: Path, seed: int) -> World:
    """Read a WORLD.json.

    Raises:
        InvalidInput: the file is missing, is not JSON, or a field is missing or wrong.
    """
    remedy = "write it again with `flyonce world` or missions.presets.world"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(
            f"cannot read the world file: {error.strerror}", where=str(path), remedy=remedy
        ) from error
    except ValueError as error:
        raise InvalidInput(f"this is not JSON: {error}", where=str(path), remedy=remedy) from error
    try:
        return build(data, seed)
    except KeyError as error:
        raise InvalidInput(
            f"the field {error} is missing", where=str(path), remedy=remedy
        ) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(f"a field is wrong: {error}", where=str(path), remedy=remedy) from error


def build(data: Mapping[str, Any], seed: int) -> World:
    """A world from the contents of WORLD.json.

    Raises:
        KeyError, TypeError, ValueError: a field is missing or wrong.
    """
    start = datetime.fromisoformat(data["start"])
    docks = tuple(_dock(d) for d in data["docks"])
    if not docks:
        raise ValueError("docks is empty: there is nothing to fly")
    _check_names(docks)
    return World(
        start=(start if start.tzinfo else start.replace(tzinfo=UTC)).astimezone(UTC),
        docks=docks,
        ground=_ground(data["ground"], seed),
        places=tuple(_place(p) for p in data["places"]),
        event_kinds=tuple(
            EventKind(
                code=str(e["code"]),
                name=str(e["name"]),
                detector=str(e["detector"]),
                sensor=str(e["sensor"]),
            )
            for e in data["event_types"]
        ),
        demo=dict(data.get("demo") or {}),
        seed=seed,
    )


def _check_names(docks: Sequence[Dock]) -> None:
    if any(not 1 <= d.system_id <= 250 for d in docks):
        raise ValueError("docks: a system_id must be 1 to 250 (one link carries no more)")
    if len({(d.link, d.system_id) for d in docks}) != len(docks):
        raise ValueError("docks: two vehicles on one link have one system_id")
    if len({d.id for d in docks}) != len(docks):
        raise ValueError("docks: two docks have one id")


def _dock(data: Mapping[str, Any]) -> Dock:
    fields = dict(data["vehicle"])
    cameras = tuple(CameraSpec(**{**c, "sensor": Sensor(c["sensor"])}) for c in fields["cameras"])
    return Dock(
        system_id=int(data["system_id"]),
        id=str(data["id"]),
        position=LonLat(float(data["lon"]), float(data["lat"])),
        vehicle=VehicleSpec(**{**fields, "cameras": cameras}),
        link=str(data.get("link") or "main"),
        autopilot=_firmware(data.get("autopilot") or "ardupilot"),
        cycles=float(data.get("cycles") or 0.0),
    )


def _firmware(name: object) -> str:
    if name not in FIRMWARES:
        raise ValueError(f"docks: autopilot {name!r} is none of {', '.join(FIRMWARES)}")
    return str(name)


def _ground(data: Mapping[str, Any], seed: int) -> HeightGrid:
    heights = np.asarray(data["heights_m"], float)
    if heights.shape != (int(data["rows"]), int(data["columns"])):
        raise ValueError(f"ground: heights_m has shape {heights.shape}, not rows x columns")
    noise = np.random.default_rng([seed, 31]).normal(0.0, GROUND_SIGMA_M, heights.shape)
    return HeightGrid(
        west=float(data["west"]),
        south=float(data["south"]),
        step=float(data["step"]),
        heights_m=heights + noise,
    )


def _place(data: Mapping[str, Any]) -> Place:
    return Place(
        id=str(data["id"]),
        kind=str(data["kind"]),
        name=str(data.get("name", "")),
        geometry=shapely.geometry.shape(data["geometry"]),
        width_m=float(data.get("width_m") or 0.0),
    )
