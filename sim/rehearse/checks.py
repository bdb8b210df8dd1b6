"""What the tracks show: how near flights came to zones, to the ground and to one another."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from core.geo import LocalFrame, LonLat
from core.zones import Zone
from sim.rehearse.day import Craft, Day, Rules
from sim.rehearse.tracks import Floats, Track

GRID_S = 2.0
REACH_M = 2000.0
"""Farther zones and drones are not told."""
DOCK_CLEAR_M = 60.0
"""Nearer to its dock a drone climbs and lands: its height there is no clearance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """The closest that two flights came in one member.

    Attributes:
        apart_m: over ground where their heights were less than the rule's apart; the closest such
            moment.
        climb_m: difference of their heights then.
    """

    member: int
    first: str
    second: str
    at_s: float
    apart_m: float
    climb_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ZonePassing:
    """The closest that a flight came to a zone, and how far it must keep."""

    member: int
    sortie: str
    zone: str
    apart_m: float
    buffer_m: float

    @property
    def breaks(self) -> bool:
        """Whether it came too near; a metre is the autopilot's own wandering."""
        return self.apart_m < min(self.buffer_m, max(self.buffer_m - TRACKING_M, 0.5))


TRACKING_M = 10.0
"""An autopilot in gusts cuts corners and leaves its line by some metres: that is what buffers are
for, so a passing counts as too near only when it eats more than this of the buffer."""


def frame_of(crafts: Sequence[Craft]) -> LocalFrame:
    """Metres round the middle of the docks."""
    lon = float(np.mean([c.position.lon for c in crafts]))
    lat = float(np.mean([c.position.lat for c in crafts]))
    return LocalFrame(LonLat(lon, lat))


def clearance_m(track: Track, dock: LonLat) -> float | None:
    """Least height above the ground away from its dock; None for a flight that stays there."""
    per_east, per_north = 111_320.0 * np.cos(np.radians(dock.lat)), 110_574.0
    away = np.hypot((track.lon - dock.lon) * per_east, (track.lat - dock.lat) * per_north)
    heights = track.height_m[away > DOCK_CLEAR_M]
    return float(heights.min()) if heights.size else None


def zone_passings(tracks: Iterable[Track], day: Day, frame: LocalFrame) -> list[ZonePassing]:
    """For each flight the nearest zone that holds at its height and time, within `REACH_M`."""
    found: dict[tuple[int, str], ZonePassing] = {}
    shapes = [(zone, frame.to_metres(zone.polygon)) for zone in day.zones]
    for _, polygon in shapes:
        shapely.prepare(polygon)
    for track in tracks:
        if len(track.at_s) < 2:
            continue
        x, y = frame.xy(track.lon, track.lat)
        box = shapely.box(x.min(), y.min(), x.max(), y.max())
        for zone, polygon in shapes:
            if box.distance(polygon) > REACH_M or not _holds(zone, track, day):
                continue
            apart = _apart(zone, polygon, track, np.column_stack([x, y]))
            key = (track.member, track.sortie)
            if apart <= REACH_M and (key not in found or apart < found[key].apart_m):
                found[key] = ZonePassing(
                    member=track.member,
                    sortie=track.sortie,
                    zone=zone.name,
                    apart_m=apart,
                    buffer_m=zone.buffer_m,
                )
    return list(found.values())


def _apart(zone: Zone, polygon: object, track: Track, points: Floats) -> float:
    """Metres from a zone where the track is between its floor and ceiling; negative inside."""
    level = (track.height_m >= zone.floor_m) & (track.height_m <= zone.ceiling_m)
    if not level.any():
        return float("inf")
    if level.all():
        return float(shapely.distance(shapely.LineString(points), polygon))
    return float(np.min(shapely.distance(shapely.points(points[level]), polygon)))


def _holds(zone: Zone, track: Track, day: Day) -> bool:
    if zone.active is None:
        return True
    begin, end = ((t - day.begin).total_seconds() for t in zone.active)
    return bool(begin < track.at_s[-1] and track.at_s[0] < end)


class Traffic:
    """The flights of all members on a common grid of times, to be asked for close passings."""

    def __init__(self, tracks: Iterable[Track], day: Day, frame: LocalFrame) -> None:
        self._rules, self._frame = day.rules, frame
        self._docks = np.array([frame.point_xy(c.position) for c in day.crafts])
        self._by_member: dict[int, list[Gridded]] = defaultdict(list)
        for track in tracks:
            if len(track.at_s) >= 2:
                self._by_member[track.member].append(_gridded(track, frame))
        for gridded in self._by_member.values():
            gridded.sort(key=lambda g: g.first)

    def passings(self) -> list[Passing]:
        """Pairs of flights of one member that came nearer than the rule allows."""
        found = []
        for gridded in self._by_member.values():
            for n, a in enumerate(gridded):
                for b in gridded[n + 1 :]:
                    if b.first > a.last:
                        break
                    found.append(_near(a, b, self._rules, self._docks))
        return [p for p in found if p is not None]

    def met_by(self, tracks: Iterable[Track], without: frozenset[str]) -> list[Passing]:
        """Close passings of further tracks with these flights and with one another.

        Args:
            without: flights that are not there because the further ones replace them.
        """
        new = [_gridded(t, self._frame) for t in tracks if len(t.at_s) >= 2]
        found: list[Passing | None] = []
        for n, a in enumerate(new):
            old = (b for b in self._by_member[a.track.member] if b.track.sortie not in without)
            beside = (b for b in new[n + 1 :] if b.track.member == a.track.member)
            found += [
                _near(a, b, self._rules, self._docks)
                for b in (*old, *beside)
                if b.first <= a.last and a.first <= b.last
            ]
        return [p for p in found if p is not None]


@dataclass(frozen=True, slots=True)
class Gridded:
    """A track on the common grid of times: place in metres, height AMSL; (3, M)."""

    track: Track
    first: int
    place: Floats
    box: tuple[float, float, float, float]

    @property
    def last(self) -> int:
        return self.first + self.place.shape[1] - 1


def _gridded(track: Track, frame: LocalFrame) -> Gridded:
    first = int(np.ceil(track.at_s[0] / GRID_S))
    last = max(first, int(np.floor(track.at_s[-1] / GRID_S)))
    at_s = np.arange(first, last + 1) * GRID_S
    x, y = frame.xy(track.lon, track.lat)
    place = np.stack([np.interp(at_s, track.at_s, v) for v in (x, y, track.altitude_m)])
    return Gridded(track, first, place, (x.min(), y.min(), x.max(), y.max()))


def _near(a: Gridded, b: Gridded, rules: Rules, docks: Floats) -> Passing | None:
    """The closest moment of two flights, if it is too close and not at a dock."""
    reach = rules.within_m
    if (
        a.box[0] - reach > b.box[2]
        or b.box[0] - reach > a.box[2]
        or a.box[1] - reach > b.box[3]
        or b.box[1] - reach > a.box[3]
    ):
        return None
    begin, end = max(a.first, b.first), min(a.last, b.last)
    if end <= begin:
        return None
    pa = a.place[:, begin - a.first : end - a.first + 1]
    pb = b.place[:, begin - b.first : end - b.first + 1]
    apart, share = _closest(pa - pb)
    climb = np.abs(pa[2] - pb[2])[:-1]
    here = pa[:2, :-1]
    close = (apart < rules.within_m) & (climb < rules.height_m)
    if not close.any():
        return None
    k = int(np.argmin(np.where(close & ~_by_dock(here, docks, rules), apart, np.inf)))
    if not close[k] or _by_dock(here[:, k : k + 1], docks, rules)[0]:
        return None
    return Passing(
        member=a.track.member,
        first=a.track.sortie,
        second=b.track.sortie,
        at_s=(begin + k + float(share[k])) * GRID_S,
        apart_m=float(apart[k]),
        climb_m=float(climb[k]),
    )


def _closest(relative: Floats) -> tuple[Floats, Floats]:
    """Least horizontal distance within each grid step, both flying straight, and when in it."""
    at, change = relative[:2, :-1], np.diff(relative[:2], axis=1)
    squared = np.maximum((change**2).sum(axis=0), 1e-9)
    share = np.clip(-(at * change).sum(axis=0) / squared, 0.0, 1.0)
    return np.hypot(*(at + share * change)), share


def _by_dock(points: Floats, docks: Floats, rules: Rules) -> npt.NDArray[np.bool_]:
    """Points (2, M) near any dock: there docks and pilots keep drones apart."""
    away = np.hypot(points[0][:, None] - docks[:, 0], points[1][:, None] - docks[:, 1])
    return np.asarray((away < rules.near_dock_m).any(axis=1))


def by_sortie(found: Iterable[Passing]) -> Mapping[str, list[Passing]]:
    """Passings under both flights' names."""
    named: dict[str, list[Passing]] = defaultdict(list)
    for passing in found:
        named[passing.first].append(passing)
        named[passing.second].append(passing)
    return named
