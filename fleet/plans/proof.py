"""The joint proof: mission, fence and rally points fit each other, the ground, the zones and the
battery, before arming is possible.

What is checked of a flight plan, and of every way home from it:

- every item can be resolved: finite numbers, places inside the territory, commands that are known;
- every leg and rally point lies inside the fence by its margin, and below its ceiling;
- every leg, rally point and return stays off the zones (returns: off the zone itself);
- every leg clears the ground by `clearance_m`, sampled as `fleet.plans.profile.sampled` argues;
- the charge lasts to the end with the reserve, and from every point of the route to the nearest
  place where it may land;
- the last item lands at a dock.

A vehicle that returns goes straight to the nearest of home and its rally points. Returns are
looked at from every `RETURN_STEP_M` of the route; between two of them lies a triangle no wider
than that, and a zone or the fence's edge would have to reach into it by less than the margin kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.energy import CALM, Wind
from core.equipment import VehicleSpec
from core.errors import NotReady
from core.geo import HeightModel, LonLat
from core.route import Waypoint
from core.zones import Zone
from fleet.plans.fence import Fence
from fleet.plans.flightplan import FlightPlan
from fleet.plans.profile import Node, Profile, profile, sampled
from fleet.plans.proof_checks import Flight, check_flight, check_wind
from fleet.plans.proof_items import Finding, check_items, nodes_of
from fleet.plans.rally import RallyPoint
from fleet.setup.failsafes import Failsafes

CLEARANCE_M = 20.0
"""Least height above the ground on legs: trees and buildings that a bare-ground model lacks are
the planner's affair; this is the floor below which no plan may lead."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Conditions:
    """What a flight must respect.

    Attributes:
        home: where it takes off, at the height of the ground there.
        docks: the pads where a mission may end; home's dock is one of them.
        heights: the ground.
        zones: those that may matter; whether one is active is asked of ``start`` and ``end``.
        territory: shapely, WGS-84 degrees, outside of which no item may lie; None: anywhere.
        clearance_m: least height above ground on every leg.
        charge: share of the battery at take-off, or now for a path in flight.
        return_height_m: see `Failsafes.return_height_m`.
        follows_ground: whether the autopilot's returns follow the ground.
    """

    spec: VehicleSpec
    home: LonLat
    docks: tuple[LonLat, ...]
    heights: HeightModel
    zones: tuple[Zone, ...] = ()
    territory: Any = None
    wind: Wind = CALM
    clearance_m: float = CLEARANCE_M
    charge: float = 1.0
    return_height_m: float = 60.0
    follows_ground: bool = True
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Proof:
    """That a plan was proven, and what came out.

    Attributes:
        digest: of the plan as it is on board (`FlightPlan.digest`); "" for a free path.
        planned_s: seconds of endurance to the landing.
        landing_share: charge left then.
        least_clearance_m: above the ground, on the legs.
        failsafes: what the vehicle must be set to, for the returns that were proven.
        checked: what was checked, as sentences, for the record.
    """

    digest: str
    planned_s: float
    landing_share: float
    least_clearance_m: float
    failsafes: Failsafes
    checked: tuple[str, ...] = field(default=())


class NotProven(NotReady):
    """A plan or path that does not hold; ``findings`` say where, item by item."""

    findings: tuple[Finding, ...] = ()


def prove(plan: FlightPlan, conditions: Conditions) -> Proof:
    """Prove a plan as it was read back from a vehicle.

    Raises:
        NotProven: with the item number, what is wrong and what to do.
    """
    findings = check_items(plan, conditions)
    _refuse(findings, "mission")
    nodes = nodes_of(plan, conditions)
    return _proven(plan.digest, nodes, plan.fence, plan.rally, conditions, lands=True)


def prove_path(
    points: Sequence[Waypoint],
    conditions: Conditions,
    *,
    fence: Fence | None = None,
    rally: tuple[RallyPoint, ...] = (),
) -> Proof:
    """Prove a free path, e.g. of point-and-fly, with the way home from its every point.

    Args:
        points: where it is now, then where it goes; heights above ground, or above the sea where
            ``amsl_m`` is given.
        fence, rally: what is on board; None: no fence is in force.

    Raises:
        NotProven: with the number of the point (0 is where it is), what is wrong, what to do.
    """
    nodes = [
        Node(
            seq=n,
            place=w.position,
            z=w.height_m if w.amsl_m is None else w.amsl_m,
            datum="ground" if w.amsl_m is None else "sea",
            speed_mps=w.speed_mps,
            hold_s=w.hold_s,
        )
        for n, w in enumerate(points)
    ]
    bad = [n.seq for n in nodes if not abs(n.z) < 10_000]
    _refuse([Finding(k, "its height is no height", "give metres") for k in bad], "path")
    return _proven("", nodes, fence, rally, conditions, lands=False)


def _proven(
    digest: str,
    nodes: Sequence[Node],
    fence: Fence | None,
    rally: tuple[RallyPoint, ...],
    conditions: Conditions,
    *,
    lands: bool,
) -> Proof:
    c = conditions
    path = profile(nodes, home=c.home, heights=c.heights, spec=c.spec, wind=c.wind)
    _refuse(check_wind(path, c), "wind")
    flight = Flight(
        path=path,
        samples=sampled(path, c.heights),
        fence=fence,
        rally=rally,
        lands=lands,
    )
    _refuse(check_flight(flight, c), "mission" if lands else "path")
    ceiling = fence.ceiling_m if fence and fence.ceiling_m else _highest(path, c)
    return Proof(
        digest=digest,
        planned_s=flight.planned_s(c),
        landing_share=c.charge - flight.planned_s(c) / c.spec.endurance_s,
        least_clearance_m=flight.least_clearance_m,
        failsafes=Failsafes(
            return_height_m=c.return_height_m,
            ceiling_m=ceiling,
            follows_ground=c.follows_ground,
            reserve=max(0.05, c.spec.reserve),
        ),
        checked=_sentences(flight, c),
    )


def _highest(path: Profile, c: Conditions) -> float:
    """Height above home of a path without a ceiling, with room for the return."""
    above_home = float((path.amsl_m - path.ground_m[0]).max())
    return max(20.0, above_home, c.return_height_m) + 30.0


def _sentences(flight: Flight, c: Conditions) -> tuple[str, ...]:
    samples = flight.samples
    return (
        f"{len(flight.path.seq)} legs, {len(samples.leg)} points of ground",
        f"{len(c.zones)} zones with their buffers",
        f"{len(flight.rally)} rally points",
        f"at least {flight.least_clearance_m:.0f} m above the ground",
        f"{flight.planned_s(c):.0f} s of {c.spec.endurance_s * c.charge:.0f} s of endurance, "
        f"wind {c.wind.speed_mps:.1f} m/s from {c.wind.from_deg:.0f} degrees",
        f"returns at {c.return_height_m:.0f} m "
        + ("above the ground" if c.follows_ground else "above home"),
    )


def _refuse(findings: Sequence[Finding], where: str) -> None:
    if not findings:
        return
    error = NotProven(
        "; ".join(str(f) for f in findings[:3]), where=where, remedy=findings[0].remedy
    )
    error.findings = tuple(findings)
    raise error
