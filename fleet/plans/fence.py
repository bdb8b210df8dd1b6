"""Fences: where a vehicle may be, as values, and as items of MAV_MISSION_TYPE_FENCE.

A polygon travels as one item for each corner, all with the number of corners as parameter 1; a
circle as one item with its radius in metres (MAVLink "common", MAV_CMD 5000 to 5004). Fence items
carry no heights: the ceiling is a parameter of the vehicle (FENCE_ALT_MAX, GF_MAX_VER_DIST).

ArduPilot keeps a vehicle inside all inclusions unless FENCE_OPTIONS says otherwise, PX4 inside any
of them. What is proven here is "inside all", which holds for both. PX4 takes no return point.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import shapely

from core.errors import InvalidInput
from core.geo import LocalFrame, LonLat
from core.units import degrees_e7, from_degrees_e7
from fleet.messages import MissionItem
from fleet.vocabulary import Command, Frame, MissionType

MOST_CORNERS = 255
"""ArduPilot counts the corners of a polygon in eight bits."""

_CIRCLE_SEGMENTS = 32
"""Segments of a quarter circle: the polygon is nowhere further than 0.03 % of the radius off."""


@dataclass(frozen=True, slots=True)
class Polygon:
    """An area with straight sides, at least three corners, not closed.

    Raises:
        InvalidInput: too few or too many corners, or sides that cross.
    """

    corners: tuple[LonLat, ...]

    def __post_init__(self) -> None:
        if not 3 <= len(self.corners) <= MOST_CORNERS:
            raise _wrong(f"a polygon of {len(self.corners)} corners", f"3 to {MOST_CORNERS}")
        if not shapely.Polygon([(p.lon, p.lat) for p in self.corners]).is_valid:
            raise _wrong("a polygon whose sides touch or cross", "list the corners in order")


@dataclass(frozen=True, slots=True)
class Circle:
    """A round area.

    Raises:
        InvalidInput: the radius is not above zero.
    """

    centre: LonLat
    radius_m: float

    def __post_init__(self) -> None:
        if not 0 < self.radius_m < math.inf:
            raise _wrong(f"a circle of radius {self.radius_m} m", "a radius above zero")


Area = Polygon | Circle


@dataclass(frozen=True, slots=True)
class Fence:
    """Where a vehicle may be: inside every inclusion, outside every exclusion, below the ceiling.

    Attributes:
        ceiling_m: greatest height above home; None where there is no limit. It is set as a
            parameter, not uploaded as an item.
        return_point: where fixed wings of old go after a breach; None: home or a rally point.
    """

    inclusions: tuple[Area, ...] = ()
    exclusions: tuple[Area, ...] = ()
    ceiling_m: float | None = None
    return_point: LonLat | None = None

    def __post_init__(self) -> None:
        if self.ceiling_m is not None and not 0 < self.ceiling_m < 10_000:
            raise _wrong(f"a ceiling of {self.ceiling_m} m", "a height above home, in metres")

    def permitted(self, frame: LocalFrame) -> Any:
        """The permitted area as a shapely geometry in metres of a frame; None: everywhere.

        Raises:
            InvalidInput: it has no inclusion, and so no outside.
        """
        if not self.inclusions:
            raise _wrong("it has no inclusion", "draw what it must stay in")
        area = shapely.intersection_all([_shape(a, frame) for a in self.inclusions])
        if not self.exclusions:
            return area
        return area.difference(shapely.union_all([_shape(a, frame) for a in self.exclusions]))


def to_items(fence: Fence) -> tuple[MissionItem, ...]:
    """The items that upload a fence; empty for one without areas."""
    wire: list[MissionItem] = []
    kinds = (
        (fence.inclusions, Command.FENCE_POLYGON_INCLUSION, Command.FENCE_CIRCLE_INCLUSION),
        (fence.exclusions, Command.FENCE_POLYGON_EXCLUSION, Command.FENCE_CIRCLE_EXCLUSION),
    )
    if fence.return_point is not None:
        wire.append(_item(0, Command.FENCE_RETURN_POINT, fence.return_point, 0.0))
    for areas, polygon, circle in kinds:
        for area in areas:
            if isinstance(area, Circle):
                wire.append(_item(len(wire), circle, area.centre, area.radius_m))
                continue
            for corner in area.corners:
                wire.append(_item(len(wire), polygon, corner, float(len(area.corners))))
    return tuple(wire)


def from_items(items: Sequence[MissionItem], ceiling_m: float | None = None) -> Fence:
    """The fence that a vehicle holds.

    Raises:
        InvalidInput: the items make no fence; the item is named.
    """
    inclusions: list[Area] = []
    exclusions: list[Area] = []
    return_point: LonLat | None = None
    for command, area in _areas(items):
        if isinstance(area, LonLat):
            return_point = area
        elif command in (Command.FENCE_POLYGON_INCLUSION, Command.FENCE_CIRCLE_INCLUSION):
            inclusions.append(area)
        else:
            exclusions.append(area)
    return Fence(tuple(inclusions), tuple(exclusions), ceiling_m, return_point)


def _areas(items: Sequence[MissionItem]) -> Iterator[tuple[int, Area | LonLat]]:
    k = 0
    while k < len(items):
        item, used = items[k], 1
        match item.command:
            case Command.FENCE_RETURN_POINT:
                yield item.command, _place(item)
            case Command.FENCE_CIRCLE_INCLUSION | Command.FENCE_CIRCLE_EXCLUSION:
                yield item.command, Circle(_place(item), item.params[0])
            case Command.FENCE_POLYGON_INCLUSION | Command.FENCE_POLYGON_EXCLUSION:
                ring = _ring(items, k)
                used = len(ring)
                yield item.command, Polygon(tuple(_place(i) for i in ring))
            case _:
                raise _wrong(f"item {k} is no fence item: {item.command}", "download it again")
        k += used


def _ring(items: Sequence[MissionItem], k: int) -> Sequence[MissionItem]:
    """The corners of the polygon that begins at item ``k``."""
    count = items[k].params[0]
    ring = items[k : k + int(count)] if 3 <= count <= MOST_CORNERS else ()
    whole = len(ring) == count and all(
        (i.command, i.params[0]) == (items[k].command, count) for i in ring
    )
    if not whole:
        raise _wrong(f"item {k} begins a polygon of {count:g} corners, not whole", "clear it")
    return ring


def _item(seq: int, command: Command, place: LonLat, number: float) -> MissionItem:
    return MissionItem(
        seq=seq,
        command=command,
        frame=Frame.GLOBAL,
        params=(number, 0.0, 0.0, 0.0),
        x=degrees_e7(place.lat),
        y=degrees_e7(place.lon),
        mission_type=MissionType.FENCE,
    )


def _place(item: MissionItem) -> LonLat:
    try:
        return LonLat(from_degrees_e7(item.y), from_degrees_e7(item.x))
    except ValueError as why:
        raise _wrong(f"item {item.seq}: {why}", "clear it and upload it again") from why


def _shape(area: Area, frame: LocalFrame) -> Any:
    if isinstance(area, Circle):
        x, y = frame.point_xy(area.centre)
        return shapely.Point(x, y).buffer(area.radius_m, quad_segs=_CIRCLE_SEGMENTS)
    return frame.to_metres(shapely.Polygon([(p.lon, p.lat) for p in area.corners]))


def _wrong(what: str, remedy: str) -> InvalidInput:
    return InvalidInput(what, where="fence", remedy=remedy)
