"""51 drones that fly their rounds over the made-up city, faster than real time."""

import math
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from console_city import DAY, city, event_types, kinds_of_state, scenarios

SPEED = 12.0


def stamp(moment: datetime) -> str:
    """The API's form of a time."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Motion:
    """A city, its clock, and 51 drones that fly their rounds."""

    city: dict[str, Any] = field(default_factory=city)
    scenarios: list[dict[str, Any]] = field(default_factory=scenarios)
    event_types: list[dict[str, Any]] = field(default_factory=event_types)
    start: datetime = DAY + timedelta(hours=2)
    began: float = field(default_factory=time.monotonic)
    silent: frozenset[str] = frozenset({"QZ-33"})

    def __post_init__(self) -> None:
        self.docks = [
            f["properties"] | {"at": f["geometry"]["coordinates"]}
            for f in self.city["docks"]["features"]
        ]

    def now(self) -> datetime:
        """The city's simulated time."""
        return self.start + timedelta(seconds=SPEED * (time.monotonic() - self.began))

    def state_of(self, index: int) -> str:
        """A state for each drone: mostly flying, every state once at least."""
        return kinds_of_state(index)

    def flight_id(self, index: int) -> str:
        return f"F-{self.docks[index]['id'][3:]}-02"

    def route(self, index: int) -> list[list[float]]:
        """A lawn-mower pattern east of the dock."""
        lon, lat = self.docks[index]["at"]
        points = [[lon, lat]]
        for lane in range(6):
            y = lat + 0.012 + 0.004 * lane
            ends = [lon + 0.012, lon + 0.048]
            points += [[x, y] for x in (ends if lane % 2 == 0 else ends[::-1])]
        return [*points, [lon, lat]]

    def drones(self) -> list[list[Any]]:
        seconds = (self.now() - self.start).total_seconds()
        rows: list[list[Any]] = []
        for index, dock in enumerate(self.docks):
            state = self.state_of(index)
            lon, lat = dock["at"]
            if state in {"docked", "ready", "charging", "uploading"}:
                battery = None if index == 50 else 0.55 if state == "charging" else 0.99
                rows.append(
                    [dock["id"], lon, lat, 0.0, 0.0, 0.0, battery, state, None, None, 0.4, 0]
                )
                continue
            lon, lat, heading, share = along(self.route(index), seconds * 14 + 900 * index)
            heard = 95.0 if dock["id"] in self.silent else 0.6
            battery = round(0.95 - 0.7 * share, 3)
            rows.append(
                [
                    dock["id"],
                    round(lon, 6),
                    round(lat, 6),
                    100.0,
                    round(heading),
                    14.0,
                    battery,
                    "lost" if dock["id"] in self.silent else state,
                    self.flight_id(index),
                    round(share, 3),
                    heard,
                    int(160 * share),
                ]
            )
        return rows


def along(route: list[list[float]], metres: float) -> tuple[float, float, float, float]:
    """(lon, lat, heading, share) after so many metres round a closed route."""
    k = math.cos(math.radians(route[0][1]))
    legs = [math.hypot((b[0] - a[0]) * k, b[1] - a[1]) * 111_320 for a, b in pairwise(route)]
    total = sum(legs)
    left = metres % total
    share = left / total
    for (a, b), leg in zip(pairwise(route), legs, strict=True):
        if left <= leg:
            part = left / leg if leg else 0.0
            heading = math.degrees(math.atan2((b[0] - a[0]) * k, b[1] - a[1])) % 360
            return a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1]), heading, share
        left -= leg
    return route[0][0], route[0][1], 0.0, 1.0
