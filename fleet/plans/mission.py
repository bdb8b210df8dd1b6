"""Missions: a route written as items for an autopilot, and the comparison with what it holds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.equipment import CameraSpec, Sensor, VehicleSpec
from core.errors import InvalidInput
from core.geo import HeightModel, LonLat
from core.route import Route, Waypoint
from core.units import degrees_e7, from_degrees_e7
from fleet.messages import MissionItem
from fleet.vocabulary import (
    FIRST_DO_COMMAND,
    SAME_FRAME,
    Command,
    Frame,
    MissionType,
    command_name,
)

TAKEOFF_FLOOR_M = 10.0
"""Lowest height to which a take-off climbs before the first leg."""

MOUNT_MODE_TARGETING = 2.0
"""MAV_MOUNT_MODE_MAVLINK_TARGETING: the mount holds the angles of the command."""

GROUND_SPEED = 1.0
"""SPEED_TYPE_GROUNDSPEED of DO_CHANGE_SPEED."""

PARAM_TOLERANCE = 1e-3
"""Parameters travel as 32-bit floats, and ArduPilot stores some in coarser steps."""

HEIGHT_TOLERANCE_M = 0.011
"""ArduPilot stores heights as whole centimetres."""

SETTINGS = (
    Command.DO_CHANGE_SPEED,
    Command.DO_MOUNT_CONTROL,
    Command.DO_SET_CAM_TRIGG_DIST,
)
"""Commands whose effect lasts: what must be restored when a mission is resumed."""


@dataclass(frozen=True, slots=True)
class Mission:
    """What an autopilot flies; item 0 is home, as on the wire.

    Attributes:
        items: numbered from 0 without gaps.
    """

    items: tuple[MissionItem, ...]

    @property
    def waypoint_seqs(self) -> tuple[int, ...]:
        """The item number of each waypoint of the route it was built from, in order."""
        return tuple(i.seq for i in self.items[1:] if i.command == Command.NAV_WAYPOINT)

    @property
    def last_seq(self) -> int:
        """Number of the last item."""
        return len(self.items) - 1

    @property
    def takes_off(self) -> bool:
        """Whether it begins with a take-off; without one a copter arms and never lifts."""
        return any(i.command == Command.NAV_TAKEOFF for i in self.items[1:3])

    def place(self, seq: int) -> LonLat | None:
        """Where item ``seq`` is, if it has a place."""
        item = self.items[seq]
        if item.command >= FIRST_DO_COMMAND or (item.x == 0 and item.y == 0):
            return None
        return LonLat(from_degrees_e7(item.y), from_degrees_e7(item.x))

    def settings_before(self, seq: int) -> tuple[MissionItem, ...]:
        """The lasting settings in force when item ``seq`` is flown: speed, gimbal, trigger."""
        last: dict[int, MissionItem] = {}
        for item in self.items[1:seq]:
            if item.command in SETTINGS:
                last[item.command] = item
        return tuple(last[c] for c in SETTINGS if c in last)

    def photographing(self, seq: int) -> bool:
        """Whether the leg that item ``seq`` ends is photographed."""
        return any(
            i.command == Command.DO_SET_CAM_TRIGG_DIST and i.params[0] > 0
            for i in self.settings_before(seq)
        )

    def leg_start(self, seq: int) -> int:
        """The last waypoint or take-off before item ``seq``, where its leg starts (at least 1)."""
        for item in reversed(self.items[1:seq]):
            if item.command in (Command.NAV_WAYPOINT, Command.NAV_TAKEOFF):
                return item.seq
        return 1


def build(
    route: Route,
    *,
    home: LonLat,
    cameras: Sequence[CameraSpec] | None = None,
    spec: VehicleSpec | None = None,
    lands_at: LonLat | None = None,
) -> Mission:
    """Write a route as a mission that takes off at home and returns there.

    Heights of waypoints are above the ground below (terrain frame), or above mean sea level where
    the route says them (it follows the ground by its own waypoints). A photo leg begins with
    DO_SET_CAM_TRIGG_DIST (parameter 3: one photo at once; parameter 4: the camera, counted from
    1, or 0 for all) and ends with distance 0.

    Args:
        cameras: what the vehicle carries, in its own order; by default those of ``spec``.
        spec: with it, heights are checked and legs without a speed of their own are flown at its
            cruise speed; without it, at the speed the vehicle had before.
        lands_at: another dock to land at, in a straight line from the route's end.

    Raises:
        InvalidInput: a height, speed or spacing makes no sense, or the camera is not on board.
    """
    if cameras is None:
        cameras = spec.cameras if spec else ()
    writer = _Writer(home, tuple(cameras), spec)
    first = route.waypoints[0]
    writer.check(0, first)
    writer.nav(Command.NAV_TAKEOFF, home, max(first.height_m, TAKEOFF_FLOOR_M), Frame.RELATIVE_INT)
    for number, waypoint in enumerate(route.waypoints):
        writer.check(number, waypoint)
        writer.waypoint(waypoint, last=number == len(route.waypoints) - 1)
    if lands_at is None:
        writer.do(Command.NAV_RETURN_TO_LAUNCH)
    else:
        writer.nav(Command.NAV_LAND, lands_at, 0.0, Frame.RELATIVE_INT)
        landing = writer.items.pop()  # ArduPilot reads parameter 4 as a side and tells 0 as 1
        writer.items.append(replace(landing, params=(0.0, 0.0, 0.0, 1.0)))
    return Mission(tuple(writer.items))


class _Writer:
    """Appends items and remembers which settings are in force."""

    def __init__(
        self, home: LonLat, cameras: tuple[CameraSpec, ...], spec: VehicleSpec | None
    ) -> None:
        self.items: list[MissionItem] = []
        self._cameras = cameras
        self._spec = spec
        self._pitch_deg: float | None = None
        self._speed_mps: float | None = None
        self._trigger = (0.0, 0)
        self._photos = 0
        self.nav(Command.NAV_WAYPOINT, home, 0.0, Frame.GLOBAL)

    def nav(
        self, command: Command, place: LonLat, z: float, frame: Frame, hold_s: float = 0.0
    ) -> None:
        """A NAV item with a place."""
        item = MissionItem(
            seq=len(self.items),
            command=command,
            frame=frame,
            params=(hold_s, 0.0, 0.0, 0.0),
            x=degrees_e7(place.lat),
            y=degrees_e7(place.lon),
            z=z,
        )
        self.items.append(item)

    def do(self, command: Command, *params: float, z: float = 0.0) -> None:
        """An item without a place."""
        p = (*params, 0.0, 0.0, 0.0, 0.0)[:4]
        item = MissionItem(
            seq=len(self.items),
            command=command,
            frame=Frame.GLOBAL,
            params=(p[0], p[1], p[2], p[3]),
            z=z,
        )
        self.items.append(item)

    def waypoint(self, w: Waypoint, *, last: bool) -> None:
        """The waypoint, then what changes there.

        A single photo after a hold waits with the gimbal already turned (NAV_DELAY).
        """
        hold_after = w.hold_s if w.photo else 0.0
        place_hold = 0.0 if w.photo else w.hold_s
        if w.amsl_m is None:
            self.nav(Command.NAV_WAYPOINT, w.position, w.height_m, Frame.TERRAIN_INT, place_hold)
        else:
            self.nav(Command.NAV_WAYPOINT, w.position, w.amsl_m, Frame.GLOBAL_INT, place_hold)
        photographs = w.photo or (w.photo_spacing_m > 0 and not last)
        camera = self._camera(w.sensor) if photographs else 0
        spacing = 0.0 if last else w.photo_spacing_m
        if not spacing:
            self._set_trigger(0.0, 0)
        self._set_speed(w.speed_mps)
        if w.heading_deg is not None and not last:
            self.do(Command.CONDITION_YAW, w.heading_deg % 360)
        if photographs and w.gimbal_pitch_deg != self._pitch_deg:
            self._pitch_deg = w.gimbal_pitch_deg
            self.do(Command.DO_MOUNT_CONTROL, w.gimbal_pitch_deg, z=MOUNT_MODE_TARGETING)
        if hold_after > 0:
            self.do(Command.NAV_DELAY, hold_after)
        if w.photo and (not spacing or self._trigger == (spacing, camera)):
            self._photos += 1
            self.do(Command.IMAGE_START_CAPTURE, camera, 0.0, 1.0, self._photos)
        if spacing:
            self._set_trigger(spacing, camera)

    def _set_trigger(self, spacing_m: float, camera: int) -> None:
        if self._trigger != (spacing_m, camera):
            self._trigger = (spacing_m, camera)
            at_once = 1.0 if spacing_m else 0.0
            self.do(Command.DO_SET_CAM_TRIGG_DIST, spacing_m, 0.0, at_once, camera)

    def _set_speed(self, speed_mps: float | None) -> None:
        if speed_mps is None and self._spec is not None:
            speed_mps = self._spec.cruise_mps
        if speed_mps is not None and speed_mps != self._speed_mps:
            self._speed_mps = speed_mps
            self.do(Command.DO_CHANGE_SPEED, GROUND_SPEED, speed_mps, -1.0)

    def _camera(self, sensor: Sensor | None) -> int:
        if sensor is None:
            return 0
        for index, camera in enumerate(self._cameras, start=1):
            if camera.sensor is sensor:
                return index
        raise InvalidInput(
            f"the route wants a {sensor} camera and the vehicle has none",
            where="mission",
            remedy="give the task to a vehicle with this sensor",
        )

    def check(self, number: int, w: Waypoint) -> None:
        """Refuse a waypoint that makes no sense.

        Raises:
            InvalidInput: a value is not finite, negative, or above what the vehicle may do.
        """
        ceiling = self._spec.max_height_m if self._spec else math.inf
        speed = 1.0 if w.speed_mps is None else w.speed_mps
        bad = [
            (not 0 < w.height_m <= ceiling + 0.01, f"height {w.height_m} m above ground"),
            (not 0 <= w.photo_spacing_m < 10_000, f"photo spacing {w.photo_spacing_m} m"),
            (not 0 <= w.hold_s < 32_768, f"hold of {w.hold_s} s"),
            (not -180 <= w.gimbal_pitch_deg <= 180, f"gimbal pitch {w.gimbal_pitch_deg} degrees"),
            (not 0 < speed < 100, f"speed {w.speed_mps} m/s"),
            (not math.isfinite(w.heading_deg or 0.0), f"heading {w.heading_deg} degrees"),
            (not -500 < (w.amsl_m or 0.0) < 9000, f"height {w.amsl_m} m above the sea"),
        ]
        for wrong, what in bad:
            if wrong:
                raise InvalidInput(
                    f"waypoint {number} has a {what}",
                    where="mission",
                    remedy="correct the route",
                )


def above_sea(mission: Mission, heights: HeightModel) -> Mission:
    """The same mission for an autopilot that knows no ground: heights above the sea instead.

    Legs become straight lines between the heights of their ends; whether they clear the ground in
    between is for the proof to say.
    """
    return Mission(tuple(_above_sea(item, heights) for item in mission.items))


def _above_sea(item: MissionItem, heights: HeightModel) -> MissionItem:
    if plain_frame(item) != Frame.TERRAIN or item.command >= FIRST_DO_COMMAND:
        return item
    ground = float(heights.height_m(from_degrees_e7(item.y), from_degrees_e7(item.x)))
    return replace(item, frame=Frame.GLOBAL_INT, z=round(item.z + ground, 2))


def differences(
    sent: Sequence[MissionItem],
    read_back: Sequence[MissionItem],
    mission_type: int = MissionType.MISSION,
) -> tuple[str, ...]:
    """How what the vehicle holds differs from what was sent; empty when it is the same.

    Item 0 of a mission is home, which the vehicle sets by itself: skipped. Frames count only for
    items with a place in a mission; the _INT twins are equal. NaN and 0 both mean "not given".
    """
    if len(sent) != len(read_back):
        return (f"{len(sent)} items were sent and {len(read_back)} are stored",)
    skip = 1 if mission_type == MissionType.MISSION else 0
    found = []
    for a, b in list(zip(sent, read_back, strict=True))[skip:]:
        what = _difference(a, b, mission_type)
        if what:
            found.append(f"item {b.seq} ({command_name(a.command)}): {what}")
    return tuple(found)


def matches(sent: Mission, read_back: Mission) -> bool:
    """Whether the vehicle holds this mission."""
    return not differences(sent.items, read_back.items)


def _difference(a: MissionItem, b: MissionItem, mission_type: int) -> str | None:
    if a.command != b.command:
        return f"is {command_name(b.command)}"
    placed = a.command < FIRST_DO_COMMAND and not (a.x == 0 and a.y == 0)
    if mission_type == MissionType.MISSION and placed and plain_frame(a) != plain_frame(b):
        return f"frame {a.frame} became {b.frame}"
    if (a.x, a.y) != (b.x, b.y):
        return f"place ({a.x}, {a.y}) became ({b.x}, {b.y})"
    if abs(_given(a.z) - _given(b.z)) > HEIGHT_TOLERANCE_M:
        return f"height {a.z:g} became {b.z:g}"
    for number, (p, q) in enumerate(zip(a.params, b.params, strict=True), start=1):
        if not math.isclose(_given(p), _given(q), rel_tol=1e-5, abs_tol=PARAM_TOLERANCE):
            return f"parameter {number} of {p:g} became {q:g}"
    return None


def plain_frame(item: MissionItem) -> int:
    """Its frame without the _INT twin."""
    return int({int(k): int(v) for k, v in SAME_FRAME.items()}.get(item.frame, item.frame))


def _given(value: float) -> float:
    return 0.0 if math.isnan(value) else value


def renumbered(items: Sequence[MissionItem]) -> Mission:
    """A mission of items as downloaded, numbered from 0."""
    return Mission(tuple(replace(item, seq=i) for i, item in enumerate(items)))
