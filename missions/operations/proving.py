"""The plan that a flight takes on board, what it is proven against, and the record of the proof."""

import asyncio
import json
from dataclasses import asdict
from typing import Any

import shapely

from core.energy import CALM
from core.geo import LonLat, distance_m
from fleet.plans.cage import caged
from fleet.plans.flightplan import FlightPlan
from fleet.plans.mission import above_sea, build
from fleet.plans.proof import Conditions, Proof
from fleet.vehicle import Vehicle
from fleet.vocabulary import MissionType
from fleet.watch.safeguard import FULL_ENOUGH
from missions.entities import Flight, Origin
from missions.operations import flights
from missions.operations.room import ControlRoom
from missions.preflight.volumes import ROOM_M
from missions.presets import Preset

RETURN_M = 60.0
"""Height above ground of returns: over trees and most roofs, and half of what is permitted."""

REFUGES = 8
"""So many of the nearest docks are offered; those near the flight become rally points."""

_unions: dict[int, tuple[Preset, Any]] = {}


def plan_for(
    room: ControlRoom, flight: Flight, vehicle: Vehicle, lands_at: LonLat | None = None
) -> tuple[FlightPlan, Conditions]:
    """Mission, fence and rally points of a flight, and what they must respect.

    Args:
        lands_at: the pad where it lands, if not where it starts.

    Raises:
        InvalidInput: its route makes no sense.
    """
    conditions = conditions_for(room, flight, vehicle)
    mission = build(
        flight.route,
        home=conditions.home,
        cameras=conditions.spec.cameras,
        spec=conditions.spec,
        lands_at=lands_at,
    )
    if not vehicle.autopilot.terrain_frames:
        mission = above_sea(mission, conditions.heights)
    home = room.dock(flight.dock)
    others = (d.position for d in room.preset.docks if d.id != home.id)
    pads = sorted(others, key=lambda p: distance_m(p, home.position))[:REFUGES]
    if lands_at is not None:
        pads.insert(0, lands_at)
    return caged(mission, conditions, pads, room_m=ROOM_M[flight.origin is Origin.POINT])


def conditions_for(room: ControlRoom, flight: Flight, vehicle: Vehicle) -> Conditions:
    """The city, the weather and the drone as they are now."""
    preset, state = room.preset, vehicle.state
    home = room.dock(flight.dock)
    spec = preset.kinds[home.kind]
    full = state.battery is None or state.battery >= FULL_ENOUGH
    return Conditions(
        spec=spec,
        home=home.position,
        docks=tuple(d.position for d in preset.docks),
        heights=preset.heights,
        zones=preset.zones,
        territory=_territory(preset),
        wind=state.wind or CALM,
        charge=1.0 if full or state.battery is None else state.battery,
        return_height_m=min(RETURN_M, spec.max_height_m),
        follows_ground=vehicle.autopilot.terrain_frames,
        start=flight.start,
        end=flight.end,
    )


async def keep(room: ControlRoom, flight: Flight, plan: FlightPlan, proof: Proof) -> None:
    """Put plan and proof on record: the whole in the media folder, its digest in the diary."""
    data = json.dumps(record(plan, proof), ensure_ascii=False, sort_keys=True).encode()
    stored = await asyncio.to_thread(room.media.put, data)
    counts = (len(plan.mission.items), len(plan.items[MissionType.FENCE]), len(plan.rally))
    flights.remark(
        room,
        flight,
        "prove",
        f"mission of {counts[0]} items, fence of {counts[1]} and {counts[2]} rally points read "
        f"back and proven, lands with {proof.landing_share:.0%}; plan {plan.digest}, "
        f"kept as {stored.key}",
        f"航线 {counts[0]} 项、围栏 {counts[1]} 项、备降点 {counts[2]} 个已回读并验证，"
        f"预计剩余电量 {proof.landing_share:.0%}；摘要 {plan.digest}，存档 {stored.key}",
    )


def record(plan: FlightPlan, proof: Proof) -> dict[str, Any]:
    """Everything that was proven, as JSON: any reader can recompute the digest from the items."""
    return {
        "digest": plan.digest,
        "ceiling_m": plan.fence.ceiling_m,
        "items": {
            kind.name.lower(): [asdict(item) for item in items]
            for kind, items in plan.items.items()
        },
        "failsafes": asdict(proof.failsafes),
        "planned_s": proof.planned_s,
        "landing_share": proof.landing_share,
        "least_clearance_m": proof.least_clearance_m,
        "checked": list(proof.checked),
    }


def _territory(preset: Preset) -> Any:
    """The union of the city's districts, made once."""
    known = _unions.get(id(preset))
    if known is None or known[0] is not preset:
        union = shapely.union_all([c.polygon for c in preset.territory.values()])
        known = _unions[id(preset)] = (preset, union)
    return known[1]
