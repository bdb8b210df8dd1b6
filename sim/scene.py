"""What exists, found by place: what a photograph meets, and which truths it could have shown."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.equipment import Sensor
from sim.camera import View
from sim.content import Thing, event_code, fire_codes
from sim.earth import between_m, per_degree_m
from sim.fires import LAST_RADIUS_M, Fire
from sim.ground import Ground
from sim.things import Patch
from sim.world import World

CELL_DEG = 0.0025
"""About 250 m: cells of the grid in which things are looked up."""
SEEN_K = 1.0
"""A thing that changes its pixel by less cannot be seen in the thermal picture."""
SEEN_PX = 0.5
"""Radius in stored pixels below which a thing cannot be seen in the visible picture."""


@dataclass(kw_only=True)
class Seen:
    """In how many frames a thing could be seen, by sensor, and when first."""

    frames: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    first_s: float | None = None


class Scene:
    """All things and fires of a world."""

    def __init__(
        self, world: World, ground: Ground, things: Sequence[Thing], fires: Sequence[Fire]
    ) -> None:
        self._world, self._ground = world, ground
        self.fire_code = event_code(world.event_kinds, ("forest fire", "fire"))
        self.fire_codes = fire_codes(world.event_kinds)
        self._peak: dict[str, float] = {}
        self.things, self.fires = list(things), list(fires)
        self.seen: dict[str, Seen] = defaultdict(Seen)
        lon = np.array([t.lon for t in self.things])
        lat = np.array([t.lat for t in self.things])
        self._altitude = world.ground.height_m(lon, lat).tolist() if len(lon) else []
        self._cover = ground.covers(lon, lat) if len(lon) else np.zeros(0, np.uint8)
        self._grid: dict[tuple[int, int], list[int]] = defaultdict(list)
        for k, thing in enumerate(self.things):
            self._grid[_cell(thing.lon, thing.lat)].append(k)

    def peak_c(self, thing_id: str) -> float | None:
        """Highest temperature at which a thing was photographed, if it was."""
        peak = self._peak.get(thing_id)
        return None if peak is None else round(peak, 1)

    def end(self, thing_id: str, now_s: float) -> None:
        """A thing is gone from now on."""
        for k, thing in enumerate(self.things):
            if thing.id == thing_id:
                self.things[k] = replace(thing, until_s=now_s)

    def step(self, now_s: float) -> None:
        """Let the fires live."""
        for fire in self.fires:
            fire.advance(now_s)

    def patches(self, lon: float, lat: float, reach_m: float, now_s: float) -> list[Patch]:
        """Everything within reach of a place, now."""
        found = [self._patch(k, now_s) for k in self._near(lon, lat, reach_m, now_s)]
        for fire in self.fires:
            if now_s < fire.ignites_s:
                continue
            east, north = between_m(lon, lat, fire.lon, fire.lat)
            if max(abs(east), abs(north)) < reach_m + LAST_RADIUS_M:
                plain = self.plain_c(fire.lon, fire.lat, now_s)
                found += fire.patches(plain, now_s, per_degree_m(fire.lat))
        return found

    def plain_c(self, lon: float, lat: float, now_s: float) -> float:
        """Temperature of the ground at a place, without anything on it."""
        cover = self._ground.covers(np.array([lon]), np.array([lat]))
        air, sun = self._world.air_celsius(now_s), self._world.sunshine(now_s)
        return float(self._ground.celsius(cover, air, sun)[0])

    def note(self, view: View, patches: Iterable[Patch], now_s: float) -> None:
        """Count the things that this frame could show."""
        thermal = view.camera.sensor is Sensor.THERMAL
        shown = set()
        for patch in patches:
            if patch.thing in shown:
                continue
            column, row, distance = view.project(patch.lon, patch.lat, patch.altitude_m)
            inside = 0 <= column < view.width_px and 0 <= row < view.height_px
            if inside and self._visible(view, patch, distance, now_s, thermal=thermal):
                shown.add(patch.thing)
        for name in shown:
            seen = self.seen[name]
            seen.frames[view.camera.sensor.value] += 1
            if seen.first_s is None:
                seen.first_s = now_s

    def fire_near(self, lon: float, lat: float, within_m: float, now_s: float) -> Fire | None:
        """The nearest burning fire, if one is so near."""
        best: tuple[float, Fire] | None = None
        for fire in self.fires:
            if fire.burns(now_s):
                away = float(np.hypot(*between_m(lon, lat, fire.lon, fire.lat)))
                if away <= within_m and (best is None or away < best[0]):
                    best = (away, fire)
        return best[1] if best else None

    def _visible(
        self, view: View, patch: Patch, distance_m: float, now_s: float, *, thermal: bool
    ) -> bool:
        radius_px = view.focal_px * patch.radius_m / max(distance_m, 1.0)
        if not thermal:
            return patch.bgr is not None and radius_px >= SEEN_PX
        if patch.celsius is None:
            return False
        contrast = abs(patch.celsius - self.plain_c(patch.lon, patch.lat, now_s))
        return contrast * min(1.0, 3.14159 * radius_px**2) >= SEEN_K

    def _near(self, lon: float, lat: float, reach_m: float, now_s: float) -> list[int]:
        per_east, per_north = per_degree_m(lat)
        west, south = _cell(lon - reach_m / per_east, lat - reach_m / per_north)
        east, north = _cell(lon + reach_m / per_east, lat + reach_m / per_north)
        found = []
        for i in range(west, east + 1):
            for j in range(south, north + 1):
                for k in self._grid.get((i, j), ()):
                    thing = self.things[k]
                    if thing.from_s <= now_s and (thing.until_s is None or now_s < thing.until_s):
                        found.append(k)
        return found

    def _patch(self, k: int, now_s: float) -> Patch:
        thing = self.things[k]
        celsius = None
        if thing.excess_k is not None:
            air, sun = self._world.air_celsius(now_s), self._world.sunshine(now_s)
            plain = float(self._ground.celsius(self._cover[k : k + 1], air, sun)[0])
            celsius = plain + thing.excess_k
            if thing.at_least_c is not None:
                celsius = max(celsius, thing.at_least_c)
        if celsius is not None:
            self._peak[thing.id] = max(celsius, self._peak.get(thing.id, -273.0))
        return Patch(
            lon=thing.lon,
            lat=thing.lat,
            altitude_m=self._altitude[k],
            radius_m=thing.radius_m,
            celsius=celsius,
            bgr=thing.bgr,
            shape=thing.shape,
            thing=thing.id,
        )


def _cell(lon: float, lat: float) -> tuple[int, int]:
    return int(lon // CELL_DEG), int(lat // CELL_DEG)
