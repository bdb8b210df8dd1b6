"""The checks of the joint proof, each on arrays of legs, samples or returns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import shapely

from core.clearance import conflicts
from core.energy import Wind, climb_s, descent_s, flights_s
from core.geo import HeightModel, LonLat
from core.zones import Zone
from fleet.plans.fence import Fence
from fleet.plans.profile import STEP_M, Floats, Profile, Samples, unseen_m
from fleet.plans.proof_items import Finding, Ground
from fleet.plans.rally import RallyPoint
from fleet.setup.failsafes import FENCE_MARGIN_M

RETURN_STEP_M = 50.0
"""Metres of route between two returns that are looked at."""

RETURN_POINTS = 60
"""Points of ground along each return of a vehicle that does not follow the ground."""

ROUNDING_S = 1.0
"""Seconds by which two sums of the same flight may differ."""

LEVEL_STEP_M = 25.0
"""Metres between points at which the highest ground round a flight is looked for."""


class Limits(Ground, Protocol):
    """What is asked of `proof.Conditions` here, on top of what the items are held against."""

    @property
    def zones(self) -> tuple[Zone, ...]: ...

    @property
    def wind(self) -> Wind: ...

    @property
    def clearance_m(self) -> float: ...

    @property
    def charge(self) -> float: ...

    @property
    def start(self) -> datetime | None: ...

    @property
    def end(self) -> datetime | None: ...


@dataclass(frozen=True, eq=False)
class Flight:
    """A flight under proof.

    Attributes:
        lands: whether it ends with a landing below its last node; else it hovers there.
    """

    path: Profile
    samples: Samples
    fence: Fence | None
    rally: tuple[RallyPoint, ...]
    lands: bool

    @cached_property
    def airborne(self) -> npt.NDArray[np.bool_]:
        """Which samples belong to legs that go somewhere; straight up and down is over a pad."""
        step = np.diff(self.path.xy, axis=0)
        return np.asarray((np.hypot(step[:, 0], step[:, 1]) > 0.5)[self.samples.leg])

    @cached_property
    def least_clearance_m(self) -> float:
        """Least height above ground of the legs that go somewhere, or of a climb on the spot."""
        legs = self.samples.above_m[self.airborne]
        return float((legs if legs.size else self.samples.above_m).min())

    def planned_s(self, c: Limits) -> float:
        """Seconds of endurance to the end."""
        total = float(self.path.seconds[-1])
        above = float(self.path.amsl_m[-1] - self.path.ground_m[-1])
        return total + (descent_s(max(0.0, above), c.spec) if self.lands else 0.0)

    def item(self, sample: int) -> int:
        """The item whose leg a sample is on."""
        return int(self.path.seq[self.samples.leg[sample]])

    @cached_property
    def refuges(self) -> Floats:
        """(k, 2) metres: home, then the rally points."""
        places = [self.path.frame.origin, *(r.position for r in self.rally)]
        return np.column_stack(self.path.frame.xy([p.lon for p in places], [p.lat for p in places]))

    @cached_property
    def departures(self) -> npt.NDArray[np.int_]:
        """Samples from which returns are looked at: leg ends and every `RETURN_STEP_M`."""
        step = max(1, round(RETURN_STEP_M / STEP_M))
        ends = np.flatnonzero(np.diff(self.samples.leg, prepend=-1))
        all_ends = np.concatenate([ends, ends[1:] - 1, [len(self.samples.leg) - 1]])
        return np.unique(np.concatenate([all_ends, np.arange(0, len(self.samples.leg), step)]))

    @cached_property
    def refuge_of(self) -> npt.NDArray[np.int_]:
        """For each departure the refuge that the autopilot would choose: the nearest."""
        start = self.samples.xy[self.departures]
        gap = np.linalg.norm(start[:, None, :] - self.refuges[None, :, :], axis=2)
        return np.asarray(gap.argmin(axis=1))

    @cached_property
    def returns(self) -> Any:
        """One shapely line for each departure."""
        start = self.samples.xy[self.departures]
        return shapely.linestrings(np.stack([start, self.refuges[self.refuge_of]], axis=1))


def check_wind(path: Profile, c: Limits) -> list[Finding]:
    """Whether every leg can be flown in this wind; without that there are no times to check."""
    if np.isfinite(path.seconds).all():
        return []
    leg = int(np.flatnonzero(~np.isfinite(path.seconds))[0]) - 1
    what = f"a wind of {c.wind.speed_mps:.0f} m/s is too strong to fly there"
    return [Finding(int(path.seq[leg]), what, "wait until the wind has dropped")]


def check_flight(flight: Flight, c: Limits) -> list[Finding]:
    """Everything that is wrong with a flight whose items are all right."""
    checks = (_fence, _ceiling, _zones, _ground, _return_ground, _energy, _return_energy)
    return [finding for check in checks for finding in check(flight, c)]


def _fence(flight: Flight, c: Limits) -> Iterator[Finding]:
    """Legs and rally points inside by the margin, returns inside."""
    if flight.fence is None:
        return
    if not flight.fence.inclusions:
        yield Finding(None, "no fence holds it", "upload a fence round the flight")
        return
    area = flight.fence.permitted(flight.path.frame)
    inner = area.buffer(-FENCE_MARGIN_M)
    shapely.prepare(inner)
    shapely.prepare(area)
    remedy = "widen the fence, or move the route"
    for leg in np.flatnonzero(~shapely.covers(inner, flight.path.lines)):
        yield Finding(int(flight.path.seq[leg]), "its leg leaves the fence", remedy)
    for n, (x, y) in enumerate(flight.refuges):
        if not shapely.covers(inner, shapely.Point(x, y)):
            name = f"rally point {n - 1}" if n else "home"
            yield Finding(None, f"{name} lies outside the fence", f"move {name} or the fence")
            return
    yield from _first_return(
        flight,
        ~shapely.covers(area, flight.returns),
        "the straight way home from there leaves the fence",
        "add a rally point on this side, or draw the fence wider",
    )


def _ceiling(flight: Flight, c: Limits) -> Iterator[Finding]:
    if flight.fence is None or flight.fence.ceiling_m is None:
        return
    home_m = float(flight.path.ground_m[0])
    limit = home_m + flight.fence.ceiling_m
    high = flight.samples.amsl_m > limit
    for item in dict.fromkeys(flight.item(int(k)) for k in np.flatnonzero(high)):
        yield Finding(item, "it climbs above the fence's ceiling", "raise the ceiling")
    if high.any():
        return
    top = return_top_m(flight, c)
    if top > limit:
        what = f"a return may climb to {top - home_m:.0f} m above home, over the fence's ceiling"
        yield Finding(None, what, "raise the ceiling, or lower the return height")


def return_top_m(flight: Flight, c: Limits) -> float:
    """Greatest height above the sea that a return may reach."""
    above = flight.samples.amsl_m - flight.samples.ground_m
    if not c.follows_ground:
        level = float(flight.path.ground_m[0]) + c.return_height_m
        return max(level, float(flight.samples.amsl_m.max()))
    return highest_ground_m(flight, c.heights) + max(c.return_height_m, float(above.max()))


def highest_ground_m(flight: Flight, heights: HeightModel) -> float:
    """The highest ground under the route and all its returns, from a lattice over their box."""
    corners = np.vstack([flight.path.xy, flight.refuges])
    (west, south), (east, north) = corners.min(axis=0), corners.max(axis=0)
    step = max(LEVEL_STEP_M, (east - west) / 200, (north - south) / 200)
    x, y = np.meshgrid(
        np.arange(west, east + 2 * step, step), np.arange(south, north + 2 * step, step)
    )
    ground = heights.height_m(*flight.path.frame.lonlat(x, y))
    rises = [np.abs(np.diff(ground, axis=k)).max(initial=0.0) for k in (0, 1)]
    return float(ground.max() + max(rises) / 2)


def _zones(flight: Flight, c: Limits) -> Iterator[Finding]:
    """Legs and rally points off every zone by its buffer, returns off the zone itself."""
    frame, samples = flight.path.frame, flight.samples
    height_m = float((samples.amsl_m - samples.ground_m).max())
    # the vertices as places: conflicts() is the one judge of what is too near
    places = _places(flight.path.xy, flight)
    for conflict in conflicts(places, c.zones, height_m=height_m, start=c.start, end=c.end):
        gap = shapely.distance(flight.path.lines, frame.to_metres(conflict.zone.polygon))
        item = int(flight.path.seq[int(gap.argmin())])
        yield Finding(item, str(conflict), "lead the route round the zone")
    for n, point in enumerate(flight.rally):
        for conflict in conflicts(
            [point.position], c.zones, height_m=height_m, start=c.start, end=c.end
        ):
            yield Finding(None, f"rally point {n}: {conflict}", "move it away from the zone")
    yield from _zone_returns(flight, c, max(height_m, c.return_height_m))


def _zone_returns(flight: Flight, c: Limits, height_m: float) -> Iterator[Finding]:
    for zone in c.zones:
        if height_m < zone.floor_m:
            continue
        if c.start is not None and c.end is not None and not zone.holds(c.start, c.end):
            continue
        polygon = flight.path.frame.to_metres(zone.polygon)
        yield from _first_return(
            flight,
            shapely.distance(flight.returns, polygon) < RETURN_STEP_M / 2,
            f"the straight way home from there enters {zone.name}",
            "add a rally point on this side of the zone",
        )


def _ground(flight: Flight, c: Limits) -> Iterator[Finding]:
    samples = flight.samples
    low = (samples.above_m < c.clearance_m - 0.05) & flight.airborne
    for item in dict.fromkeys(flight.item(int(k)) for k in np.flatnonzero(low)):
        least = samples.above_m[low & (flight.path.seq[samples.leg] == item)].min()
        what = f"its leg passes {least:.0f} m above the ground; {c.clearance_m:.0f} m are required"
        yield Finding(item, what, "fly higher, or follow the ground")


def _return_ground(flight: Flight, c: Limits) -> Iterator[Finding]:
    """Returns clear the ground too."""
    if c.follows_ground:
        if c.return_height_m < c.clearance_m:
            what = f"returns at {c.return_height_m:.0f} m are lower than {c.clearance_m:.0f} m"
            yield Finding(None, what, "raise the return height")
        return
    lowest = float(flight.path.ground_m[0]) + c.return_height_m
    if lowest - highest_ground_m(flight, c.heights) >= c.clearance_m:
        return
    height = np.maximum(lowest, flight.samples.amsl_m[flight.departures])
    start, goal = flight.samples.xy[flight.departures], flight.refuges[flight.refuge_of]
    share = np.linspace(0.0, 1.0, RETURN_POINTS)[None, :, None]
    xy = start[:, None, :] * (1 - share) + goal[:, None, :] * share
    ground = c.heights.height_m(*flight.path.frame.lonlat(xy[..., 0], xy[..., 1]))
    row = np.repeat(np.arange(len(start)), RETURN_POINTS)
    hidden = unseen_m(ground.ravel(), row).reshape(ground.shape)
    above = (height[:, None] - ground - hidden).min(axis=1)
    yield from _first_return(
        flight,
        above < c.clearance_m,
        f"a return at {c.return_height_m:.0f} m above home from there meets the ground",
        "raise the return height, or add a rally point on this side of the hill",
    )


def _energy(flight: Flight, c: Limits) -> Iterator[Finding]:
    planned, usable = flight.planned_s(c), _usable_s(c)
    if planned > usable + ROUNDING_S:
        over = np.flatnonzero(flight.path.seconds > usable)
        item = int(flight.path.seq[max(0, int(over[0]) - 1)]) if len(over) else None
        what = (
            f"the flight takes {planned:.0f} s of endurance and {usable:.0f} s are left for it "
            f"with the reserve of {c.spec.reserve:.0%}"
        )
        yield Finding(item, what, "split the flight, charge, or wait for less wind")


def _return_energy(flight: Flight, c: Limits) -> Iterator[Finding]:
    """From every departure to the nearest refuge or dock, with the reserve."""
    samples, spec = flight.samples, c.spec
    start = samples.xy[flight.departures]
    above = (samples.amsl_m - samples.ground_m)[flight.departures]
    step = flight.refuges[flight.refuge_of] - start
    course = np.degrees(np.arctan2(step[:, 0], step[:, 1]))
    way = flights_s(np.hypot(step[:, 0], step[:, 1]), course, spec, c.wind)
    climb = np.maximum(0.0, c.return_height_m - above)
    height = np.maximum(above, c.return_height_m)
    going = way + climb * climb_s(1.0, spec) + [descent_s(float(h), spec) for h in height]
    late = samples.seconds[flight.departures] + going > _usable_s(c) + ROUNDING_S
    yield from _first_return(
        flight,
        late,
        "from there the charge does not last to the nearest place to land, with the reserve",
        "add a rally point near, or shorten the flight",
    )


def _usable_s(c: Limits) -> float:
    return c.spec.endurance_s * (c.charge - c.spec.reserve)


def _first_return(
    flight: Flight, bad: npt.NDArray[np.bool_], what: str, remedy: str
) -> Iterator[Finding]:
    """The first departure of which something is true, if any."""
    wrong: Sequence[int] = np.flatnonzero(bad).tolist()
    if wrong:
        yield Finding(flight.item(int(flight.departures[wrong[0]])), what, remedy)


def _places(xy: Floats, flight: Flight) -> list[LonLat]:
    lon, lat = flight.path.frame.lonlat(xy[:, 0], xy[:, 1])
    return [LonLat(float(a), float(b)) for a, b in zip(lon, lat, strict=True)]
