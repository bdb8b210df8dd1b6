"""Airspace that must be kept clear of."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class ZoneKind(StrEnum):
    """Why the zone exists."""

    CONTROL = "control"
    """An airport's control zone."""
    PROHIBITED = "prohibited"
    RESTRICTED = "restricted"
    TEMPORARY = "temporary"


@dataclass(frozen=True, kw_only=True)
class Zone:
    """A no-fly zone.

    Attributes:
        polygon: shapely Polygon or MultiPolygon, WGS-84 degrees.
        floor_m, ceiling_m: heights above ground between which it holds.
        buffer_m: how far paths keep from it.
        active: (from, to) in UTC, or None for always.
    """

    id: str
    name: str
    name_zh: str
    kind: ZoneKind
    polygon: Any
    floor_m: float = 0.0
    ceiling_m: float = 1000.0
    buffer_m: float = 50.0
    active: tuple[datetime, datetime] | None = None

    def holds(self, start: datetime, end: datetime) -> bool:
        """Whether it is active at any time between start and end."""
        return self.active is None or (self.active[0] < end and start < self.active[1])
