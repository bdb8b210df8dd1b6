"""A forest fire's life: ignites, grows, is put out, leaves embers, may flare up, goes cold."""

import math
from dataclasses import dataclass, field

import numpy as np

from sim.things import Patch, Shape

FIRST_RADIUS_M, LAST_RADIUS_M, GROWTH_S = 2.0, 25.0, 40 * 60.0
"""Radius at ignition and after 40 minutes, even growth between."""
COLD_EXCESS_K = 8.0
"""A spot less than this above its surroundings counts as cold."""
FLAMES = 14
EMBERS = 9


@dataclass(kw_only=True)
class Ember:
    """A hot spot that stays: place relative to the fire, in metres, and how hot it began."""

    east_m: float
    north_m: float
    radius_m: float
    celsius: float


@dataclass(kw_only=True)
class Fire:
    """One fire.

    Attributes:
        ignites_s, reignites_after_s: simulated seconds; the second counts from being put out, None
            for a fire that stays out.
        cooling_s: from being put out until every ember is cold.
    """

    id: str
    lon: float
    lat: float
    altitude_m: float
    place: str
    ignites_s: float
    cooling_s: float
    reignites_after_s: float | None
    seed: int
    started_s: float = field(init=False)
    put_out_s: float | None = None
    first_out_s: float | None = None
    reignited_s: float | None = None
    embers: list[Ember] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.started_s = self.ignites_s

    def burns(self, now_s: float) -> bool:
        """Whether flames stand now."""
        return now_s >= self.started_s and self.put_out_s is None

    def radius_m(self, now_s: float) -> float:
        """Radius of the burning or burnt patch."""
        end = now_s if self.put_out_s is None else self.put_out_s
        share = min(1.0, max(0.0, (end - self.started_s) / GROWTH_S))
        return FIRST_RADIUS_M + (LAST_RADIUS_M - FIRST_RADIUS_M) * share

    def put_out(self, now_s: float) -> None:
        """The crew has won; embers stay."""
        if not self.burns(now_s):
            return
        radius = self.radius_m(now_s)
        self.put_out_s = now_s
        if self.first_out_s is None:
            self.first_out_s = now_s
        rng = np.random.default_rng([self.seed, int(now_s)])
        for _ in range(EMBERS):
            angle, reach = rng.uniform(0, 2 * math.pi), radius * math.sqrt(rng.uniform(0, 0.9))
            self.embers.append(
                Ember(
                    east_m=reach * math.sin(angle),
                    north_m=reach * math.cos(angle),
                    radius_m=float(rng.uniform(0.4, 1.0)),
                    celsius=float(rng.uniform(70.0, 180.0)),
                )
            )

    def drown(self, now_s: float) -> None:
        """A crew waters the embers: cold within 5 minutes, and it will not flare up."""
        if self.put_out_s is not None:
            self.reignites_after_s = None
            self.cooling_s = min(self.cooling_s, now_s - self.put_out_s + 300.0)

    def advance(self, now_s: float) -> bool:
        """Let time pass; True if it flared up again just now."""
        due = self.put_out_s is not None and self.reignites_after_s is not None
        if not due or now_s < (self.put_out_s or 0.0) + (self.reignites_after_s or 0.0):
            return False
        self.started_s = self.reignited_s = now_s
        self.put_out_s, self.reignites_after_s = None, None
        self.embers = []
        return True

    @property
    def cold_at_s(self) -> float | None:
        """When the last ember is cold, if it has been put out and does not flare up before."""
        if self.put_out_s is None or self.reignites_after_s is not None:
            return None
        return self.put_out_s + self.cooling_s

    def peak_c(self, now_s: float) -> float:
        """Hottest spot now; 0 before and long after."""
        if self.burns(now_s):
            return 700.0 + 200.0 * _flicker(self.seed)
        return max((self._ember_c(e, 20.0, now_s) for e in self.embers), default=0.0)

    def patches(self, plain_c: float, now_s: float, per_degree: tuple[float, float]) -> list[Patch]:
        """What a camera meets; `plain_c` is the ground's temperature without the fire."""
        if now_s < self.started_s and not self.embers:
            return []
        radius = self.radius_m(now_s)
        burnt = max(plain_c, 60.0) if self.burns(now_s) else plain_c + 4.0
        ground = self._patch(0.0, 0.0, radius, burnt, (38, 40, 44), Shape.DISC, per_degree)
        if self.burns(now_s):
            return [ground, *self._flames(radius, per_degree)]
        spots = [
            self._patch(
                e.east_m,
                e.north_m,
                e.radius_m,
                self._ember_c(e, plain_c, now_s),
                None,
                Shape.NONE,
                per_degree,
            )
            for e in self.embers
        ]
        return [ground, *spots]

    def _flames(self, radius: float, per_degree: tuple[float, float]) -> list[Patch]:
        """A ring of flames, a glowing middle, smoke above."""
        rng = np.random.default_rng([self.seed, 5])
        count = max(4, min(FLAMES, round(radius)))
        middle = self._patch(0.0, 0.0, radius * 0.6, 150.0, None, Shape.NONE, per_degree)
        smoke = self._patch(
            0.0, 0.0, max(1.5, radius * 0.7), None, (40, 110, 235), Shape.SMOKE, per_degree
        )
        ring = []
        for k in range(count):
            angle = 2 * math.pi * k / count
            reach = radius * float(rng.uniform(0.55, 0.95))
            ring.append(
                self._patch(
                    reach * math.sin(angle),
                    reach * math.cos(angle),
                    float(rng.uniform(0.12, 0.2)) * radius + 0.4,
                    float(rng.uniform(300.0, 700.0)) + 200.0 * _flicker(self.seed + k),
                    None,
                    Shape.NONE,
                    per_degree,
                )
            )
        return [middle, *ring, smoke]

    def _ember_c(self, ember: Ember, plain_c: float, now_s: float) -> float:
        """Newton's cooling, fitted so that the hottest is at COLD_EXCESS_K after `cooling_s`."""
        if self.put_out_s is None:
            return plain_c
        hottest = max(e.celsius for e in self.embers)
        decay = math.log(max(1.01, (hottest - plain_c) / COLD_EXCESS_K)) / self.cooling_s
        return plain_c + (ember.celsius - plain_c) * math.exp(-decay * (now_s - self.put_out_s))

    def _patch(
        self,
        east_m: float,
        north_m: float,
        radius_m: float,
        celsius: float | None,
        bgr: tuple[int, int, int] | None,
        shape: Shape,
        per_degree: tuple[float, float],
    ) -> Patch:
        return Patch(
            lon=self.lon + east_m / per_degree[0],
            lat=self.lat + north_m / per_degree[1],
            altitude_m=self.altitude_m,
            radius_m=radius_m,
            celsius=celsius,
            bgr=bgr,
            shape=shape,
            thing=self.id,
        )


def _flicker(seed: int) -> float:
    """A number between 0 and 1 that belongs to a seed."""
    return (seed * 2654435761 % 4294967296) / 4294967296
