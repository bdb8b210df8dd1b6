"""Mission items as legs to prove: what each does to the flight, and which cannot be proven."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import shapely

from core.equipment import VehicleSpec
from core.geo import HeightModel, LonLat, distance_m
from core.units import from_degrees_e7
from fleet.messages import MissionItem
from fleet.plans.flightplan import FlightPlan
from fleet.plans.mission import plain_frame
from fleet.plans.profile import Node
from fleet.uploads.transfer import MOST_ITEMS
from fleet.vocabulary import FIRST_DO_COMMAND, Command, Frame, command_name

AT_DOCK_M = 5.0
"""A landing so near to a pad's middle is at the dock."""

HARMLESS = frozenset(
    {
        Command.CONDITION_YAW,
        Command.DO_MOUNT_CONTROL,
        Command.DO_SET_CAM_TRIGG_DIST,
        Command.IMAGE_START_CAPTURE,
        195,  # DO_SET_ROI_LOCATION
        197,  # DO_SET_ROI_NONE
        203,  # DO_DIGICAM_CONTROL
        1000,  # DO_GIMBAL_MANAGER_PITCHYAW
        2001,  # IMAGE_STOP_CAPTURE
        3000,  # DO_VTOL_TRANSITION
    }
)
"""Commands that change nothing about the path, its heights or its time."""

_DATUMS = {Frame.GLOBAL: "sea", Frame.RELATIVE: "home", Frame.TERRAIN: "ground"}
_PLACED = frozenset({Command.NAV_WAYPOINT, Command.NAV_TAKEOFF, Command.NAV_LAND})
_TIMED = frozenset({Command.NAV_DELAY, Command.DO_CHANGE_SPEED})
_ENDS = frozenset({Command.NAV_RETURN_TO_LAUNCH, Command.NAV_LAND})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        item: number of the mission item (or point of a path) concerned; None: the whole.
    """

    item: int | None
    what: str
    remedy: str

    def __str__(self) -> str:
        return self.what if self.item is None else f"item {self.item}: {self.what}"


class Ground(Protocol):
    """What the items are held against (`fleet.plans.proof.Conditions`)."""

    @property
    def spec(self) -> VehicleSpec: ...

    @property
    def home(self) -> LonLat: ...

    @property
    def docks(self) -> tuple[LonLat, ...]: ...

    @property
    def heights(self) -> HeightModel: ...

    @property
    def territory(self) -> Any: ...

    @property
    def return_height_m(self) -> float: ...

    @property
    def follows_ground(self) -> bool: ...


def check_items(plan: FlightPlan, c: Ground) -> list[Finding]:
    """What is wrong with the items by themselves; when empty `nodes_of` gives their legs."""
    items = plan.mission.items[1:]
    if not items:
        return [Finding(None, "the mission has no items", "upload a mission")]
    if len(items) > MOST_ITEMS:
        what = f"the mission has {len(items)} items, more than {MOST_ITEMS}"
        return [Finding(None, what, "split it into several flights")]
    found = [f for item in items for f in _item_faults(item)]
    if found:
        return found
    return [*_outside(plan, c), *_wrong_ends(plan, c)]


def _item_faults(item: MissionItem) -> Iterator[Finding]:
    name = command_name(item.command)
    known = item.command in HARMLESS | _PLACED | _TIMED | _ENDS
    if not known:
        yield Finding(item.seq, f"what {name} does cannot be proven", "leave it out")
        return
    decisive = [item.z, item.params[0]] if item.command in _PLACED else []
    decisive += item.params[:2] if item.command in _TIMED else ()
    if not all(math.isfinite(v) for v in decisive):
        yield Finding(item.seq, f"{name} has a value that is no number", "correct the route")
    if item.command in _PLACED and plain_frame(item) not in _DATUMS:
        yield Finding(item.seq, f"heights in frame {item.frame} are not known", "use another frame")
    if item.command == Command.NAV_WAYPOINT and not _has_place(item):
        yield Finding(item.seq, "a waypoint without a place", "give it a place on the map")


def _has_place(item: MissionItem) -> bool:
    inside = abs(item.x) <= 900_000_000 and abs(item.y) <= 1_800_000_000
    return inside and (item.x, item.y) != (0, 0)


def _outside(plan: FlightPlan, c: Ground) -> list[Finding]:
    """Items and rally points that lie outside the territory."""
    if c.territory is None:
        return []
    placed = [i for i in plan.mission.items[1:] if i.command in _PLACED and _has_place(i)]
    lons = [from_degrees_e7(i.y) for i in placed]
    lats = [from_degrees_e7(i.x) for i in placed]
    shapely.prepare(c.territory)
    inside = shapely.intersects_xy(c.territory, lons, lats)
    remedy = "keep to the territory"
    found = [
        Finding(item.seq, f"{command_name(item.command)} lies outside the territory", remedy)
        for item, within in zip(placed, inside, strict=True)
        if not within
    ]
    for n, point in enumerate(plan.rally):
        if not shapely.intersects_xy(c.territory, point.position.lon, point.position.lat):
            found.append(Finding(None, f"rally point {n} lies outside the territory", remedy))
    return found


def _wrong_ends(plan: FlightPlan, c: Ground) -> Iterator[Finding]:
    """A mission begins with a take-off and ends with a landing at a dock."""
    items = [i for i in plan.mission.items[1:] if i.command < FIRST_DO_COMMAND]
    if not items or items[0].command != Command.NAV_TAKEOFF:
        yield Finding(
            1, "it does not begin with a take-off: it would arm and never lift", "begin with one"
        )
        return
    last = items[-1]
    if last.command not in _ENDS:
        what = f"it ends with {command_name(last.command)} and would hover until it falls"
        yield Finding(last.seq, what, "end it with a landing at a dock")
        return
    for early in items[:-1]:
        if early.command in _ENDS:
            yield Finding(early.seq, "it lands before the last item", "split it into two flights")
    spot, what = _landing(plan, last, c)
    if min((distance_m(spot, pad) for pad in c.docks), default=math.inf) > AT_DOCK_M:
        yield Finding(last.seq, f"{what}, and no dock is there", "let it land at a dock")


def _landing(plan: FlightPlan, last: MissionItem, c: Ground) -> tuple[LonLat, str]:
    """Where the last item lands, and how to say it."""
    before = _place_before(plan, last, c)
    if last.command == Command.NAV_LAND:
        return (_place(last) if _has_place(last) else before), "it lands"
    nearest = min((c.home, *(r.position for r in plan.rally)), key=lambda p: distance_m(before, p))
    return nearest, "it returns to " + ("home" if nearest == c.home else "the nearest rally point")


def _place_before(plan: FlightPlan, last: MissionItem, c: Ground) -> LonLat:
    for item in reversed(plan.mission.items[1 : last.seq]):
        if item.command == Command.NAV_WAYPOINT:
            return _place(item)
    return c.home


def nodes_of(plan: FlightPlan, c: Ground) -> list[Node]:
    """The legs' ends of a mission whose items are all right, from home to over the landing."""
    nodes = [Node(seq=0, place=c.home, z=0.0, datum="ground")]
    speed: float | None = None
    for item in plan.mission.items[1:]:
        here = nodes[-1]
        match item.command:
            case Command.DO_CHANGE_SPEED:
                speed = item.params[1] if item.params[1] > 0 else speed
            case Command.NAV_DELAY:
                nodes.append(_held(item, here))
            case Command.NAV_TAKEOFF:
                nodes.append(_node(item, here.place, None))
            case Command.NAV_WAYPOINT:
                nodes.append(_node(item, _place(item), speed))
            case Command.NAV_LAND | Command.NAV_RETURN_TO_LAUNCH:
                nodes.extend(_homeward(item, here, _landing(plan, item, c)[0], speed, c))
            case _:
                pass
    return nodes


def _held(item: MissionItem, here: Node) -> Node:
    return Node(item.seq, here.place, here.z, here.datum, hold_s=item.params[0])


def _node(item: MissionItem, place: LonLat, speed: float | None) -> Node:
    hold_s = item.params[0] if item.command == Command.NAV_WAYPOINT else 0.0
    datum = _DATUMS[Frame(plain_frame(item))]
    return Node(item.seq, place, item.z, datum, speed_mps=speed, hold_s=hold_s)


def _homeward(
    item: MissionItem, here: Node, spot: LonLat, speed: float | None, c: Ground
) -> Iterator[Node]:
    """To over the landing: at its present height, a return at the return height at least."""
    if item.command == Command.NAV_LAND:
        yield Node(item.seq, spot, here.z, here.datum, speed_mps=speed)
        return
    z, datum = _return_height(here, c)
    yield Node(item.seq, here.place, z, datum)
    yield Node(item.seq, spot, z, datum, speed_mps=speed)


def _return_height(here: Node, c: Ground) -> tuple[float, str]:
    """The height of a return from here: the return height, or the present one if that is higher."""
    ground, home = (float(c.heights.height_m(p.lon, p.lat)) for p in (here.place, c.home))
    amsl = here.z + {"sea": 0.0, "home": home, "ground": ground}[here.datum]
    if c.follows_ground:
        return max(amsl - ground, c.return_height_m), "ground"
    return max(amsl - home, c.return_height_m), "home"


def _place(item: MissionItem) -> LonLat:
    return LonLat(from_degrees_e7(item.y), from_degrees_e7(item.x))
