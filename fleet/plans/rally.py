"""Rally points: where a vehicle may land instead of home, as items of MAV_MISSION_TYPE_RALLY.

Heights are above home and whole metres: ArduPilot keeps them in 16 bits (RallyLocation), and so
does our value, or a read-back could not be compared exactly. ArduPilot reports the frame it was
given or none at all (0); the height means the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.errors import InvalidInput
from core.geo import LonLat
from core.units import degrees_e7, from_degrees_e7
from fleet.messages import MissionItem
from fleet.vocabulary import Command, Frame, MissionType

LOWEST_M, HIGHEST_M = -32_768, 32_767
"""What 16 bits hold."""


@dataclass(frozen=True, slots=True)
class RallyPoint:
    """A place to land in an emergency.

    Attributes:
        height_m: height above home, in whole metres, at which the vehicle arrives there.

    Raises:
        InvalidInput: the height is no whole number of metres, or out of bounds.
    """

    position: LonLat
    height_m: int

    def __post_init__(self) -> None:
        if self.height_m != int(self.height_m) or not LOWEST_M <= self.height_m <= HIGHEST_M:
            raise InvalidInput(
                f"a rally point at {self.height_m} m above home",
                where="rally",
                remedy="give whole metres; vehicles store no others",
            )


def to_items(points: Iterable[RallyPoint]) -> tuple[MissionItem, ...]:
    """The items that upload rally points."""
    return tuple(
        MissionItem(
            seq=seq,
            command=Command.RALLY_POINT,
            frame=Frame.RELATIVE,
            x=degrees_e7(point.position.lat),
            y=degrees_e7(point.position.lon),
            z=float(point.height_m),
            mission_type=MissionType.RALLY,
        )
        for seq, point in enumerate(points)
    )


def from_items(items: Sequence[MissionItem]) -> tuple[RallyPoint, ...]:
    """The rally points that a vehicle holds.

    Raises:
        InvalidInput: an item is none; it is named.
    """
    return tuple(_point(k, item) for k, item in enumerate(items))


def _point(k: int, item: MissionItem) -> RallyPoint:
    if item.command != Command.RALLY_POINT:
        raise InvalidInput(
            f"item {k} is no rally point: {item.command}", where="rally", remedy="download it again"
        )
    try:
        place = LonLat(from_degrees_e7(item.y), from_degrees_e7(item.x))
        return RallyPoint(place, int(item.z))
    except (ValueError, OverflowError) as why:
        raise InvalidInput(
            f"item {k}: {why}", where="rally", remedy="clear it and upload it again"
        ) from why
