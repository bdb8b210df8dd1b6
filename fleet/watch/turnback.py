"""Turn back or fly on: a pure decision from what is known of a vehicle in flight.

The vehicle has failsafes of its own; these come first, while there is still a choice.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.energy import CALM, Wind
from core.equipment import VehicleSpec
from core.geo import LonLat, bearing_deg, distance_m
from fleet.state import VehicleState
from fleet.watch.meter import UNKNOWN_BURN
from fleet.watch.reach import Outlook, Place, Reach, Way, landing_s, reaches, straight

LINK_LOST_S = 3.0
"""Silence after which a link counts as lost (issue 4)."""

REACT_S = 20.0
"""From a state that would still do to a vehicle that flies back: a look every 4 s (fleet.fleet),
an order that is answered within `fleet.commands.ACK_S` (2 + 3 s after one loss), braking and
turning, and telemetry that is 1 s old. For so long it flies on, away, at worst."""

CLOSE = 0.01
"""A charge is reported in whole percent."""

WIND_KEPT_S = 180.0
"""For so long a measured wind counts: gusts and lulls last seconds to minutes, and the hardest
mean of the last minutes is what a way back must be able to bear (WMO-No. 8, ch. 5: means are of
2 and 10 minutes)."""

AT_PLACE_M = 30.0
"""A mission that ends so near to a place ends there."""


class Action(StrEnum):
    """What to do with a vehicle in flight."""

    CONTINUE = "continue"
    RETURN = "return"
    LAND = "land"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do, and why in a sentence.

    Attributes:
        battery_needed: share of the charge that the way back takes, reserve included.
        place: where to; None leaves it to the autopilot's own return.
        path: the way there, from where it is.
    """

    action: Action
    reason: str
    battery_needed: float = 0.0
    place: Place | None = None
    path: tuple[LonLat, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a decision in flight is made from.

    Attributes:
        places: where it may land; those that are not free are not considered.
        remaining: the rest of its mission, from where it is to its landing; None outside one.
        bound_for: the place that it was already ordered to.
        way: finds paths round zones.
        burn, burn_mean: consumption over the model's, at worst and as measured (fleet.watch.meter).
        winds: of the last minutes; by default the vehicle's own latest, or calm.
    """

    places: Sequence[Place]
    remaining: Sequence[LonLat] | None = None
    bound_for: str | None = None
    way: Way = straight
    burn: float = UNKNOWN_BURN
    burn_mean: float = 1.0
    winds: tuple[Wind, ...] = ()


def in_flight(
    state: VehicleState, spec: VehicleSpec, *, now: datetime, situation: Situation
) -> Decision:
    """Whether a flying vehicle may go on, and where it must go if not.

    It may go on as long as either the rest of its mission likely ends with the reserve, or, in the
    hardest measured wind and with the most that it can have consumed, a free place would be
    reached with the reserve after `REACT_S` more of flying away from it. The rest of a mission
    ends at a place and is no shorter than the way there, so both leave a place in reach. Then it
    is sent home if that can be reached with the reserve, otherwise where most charge is left; it
    lands where it is only when the likeliest cost reaches nowhere.
    """
    silent_s = (now - state.heard_at).total_seconds()
    if silent_s > LINK_LOST_S:
        return Decision(action=Action.RETURN, reason=f"link lost for {silent_s:.0f} s")
    if state.position is None or state.battery is None:
        return Decision(action=Action.CONTINUE, reason="position or charge not reported yet")
    winds = situation.winds or (state.wind or CALM,)
    outlook = Outlook(
        spec=spec,
        battery=state.battery,
        winds=winds,
        burn=situation.burn,
        burn_mean=situation.burn_mean,
    )
    height_m = max(0.0, state.height_m or 0.0)
    if situation.bound_for is None and not state.fence_breached:
        home = [p for p in situation.places if p.home]
        near = reaches(state.position, height_m, home, outlook, situation.way)
        if near and _well(near[0], outlook):  # nearly always: no need to look at all the others
            return _go_on(near[0], "all well", spec)
    found = reaches(state.position, height_m, situation.places, outlook, situation.way)
    chosen = _chosen(found, spec)
    if chosen is None:
        enough = state.battery > spec.reserve
        action = Action.CONTINUE if enough else Action.LAND
        return Decision(action=action, reason="no way to a free place is known")
    if state.fence_breached:
        return _back(chosen, "it is outside its fence", spec)
    if situation.bound_for is not None:
        return _under_way(situation.bound_for, found, chosen, state, outlook, situation, height_m)
    if _finishes(state, situation, outlook):
        return _go_on(chosen, "the rest of its mission ends with the reserve", spec)
    if _well(chosen, outlook):
        return _go_on(chosen, "all well", spec)
    return _leave(chosen, state, outlook, situation, height_m)


def _well(there: Reach, outlook: Outlook) -> bool:
    """Whether a place is still reached with the reserve after flying on for `REACT_S`."""
    late = outlook.share(_reaction_s(there, outlook)) + CLOSE
    return there.left - late >= outlook.spec.reserve


def _go_on(there: Reach, reason: str, spec: VehicleSpec) -> Decision:
    return Decision(
        action=Action.CONTINUE, reason=reason, battery_needed=there.needed + spec.reserve
    )


def _chosen(found: Sequence[Reach], spec: VehicleSpec) -> Reach | None:
    """Home while it can be reached with the reserve, otherwise where most charge is left."""
    home = next((r for r in found if r.place.home and r.left >= spec.reserve), None)
    return home or (found[0] if found else None)


def _finishes(state: VehicleState, situation: Situation, outlook: Outlook) -> bool:
    """Whether the rest of the mission likely ends with the reserve where somebody may land.

    Likely, not at worst: the plan was proven with the reserve, and the reserve is what an error
    of the model may take.
    """
    path = situation.remaining
    if path is None or state.battery is None:
        return False
    free = any(p.free and distance_m(p.position, path[-1]) < AT_PLACE_M for p in situation.places)
    likely = outlook.likeliest()
    needed = likely.share(landing_s(path, max(0.0, state.height_m or 0.0), likely))
    return free and state.battery - needed >= outlook.spec.reserve


def _reaction_s(chosen: Reach, outlook: Outlook) -> float:
    """Seconds that the order takes, and the way back over what is flown meanwhile."""
    if len(chosen.path) < 2 or distance_m(chosen.path[0], chosen.path[-1]) < 1.0:
        return REACT_S
    back_deg = bearing_deg(chosen.path[0], chosen.path[1])
    back_mps = outlook.ground_mps(back_deg)
    fastest = outlook.spec.cruise_mps + max(w.speed_mps for w in outlook.winds)
    return REACT_S * (1 + fastest / back_mps) if back_mps > 0 else math.inf


def _under_way(
    bound_for: str,
    found: Sequence[Reach],
    chosen: Reach,
    state: VehicleState,
    outlook: Outlook,
    situation: Situation,
    height_m: float,
) -> Decision:
    """Keep to the place that was ordered while it is free and in reach; else another."""
    there = next((r for r in found if r.place.id == bound_for), None)
    if there is not None and there.left > 0:
        return Decision(
            action=Action.CONTINUE,
            reason=f"on its way to {bound_for}",
            battery_needed=there.needed,
            place=there.place,
        )
    if there is None:
        taken = f"{bound_for} is not free any more"
        return _back(chosen, f"{taken}; {_left(chosen)}", outlook.spec)
    return _leave(chosen, state, outlook, situation, height_m)


def _leave(
    chosen: Reach,
    state: VehicleState,
    outlook: Outlook,
    situation: Situation,
    height_m: float,
) -> Decision:
    """Back now, or down where it is if the likeliest cost reaches nowhere."""
    assert state.position is not None  # noqa: S101 - checked by the caller
    likely = reaches(state.position, height_m, situation.places, outlook.likeliest(), situation.way)
    if not likely or likely[0].left <= 0:
        if likely and math.isinf(likely[0].needed):
            reason = f"wind of {outlook.winds[-1].speed_mps:.0f} m/s is too strong to fly back"
        else:
            needed = likely[0].needed if likely else 0.0
            reason = f"battery at {state.battery:.0%}, the nearest place needs {needed:.0%}"
        return Decision(action=Action.LAND, reason=reason, battery_needed=chosen.needed)
    best = chosen if chosen.left >= outlook.spec.reserve else likely[0]
    needed = chosen.needed + outlook.spec.reserve
    reason = f"battery at {state.battery:.0%}, {best.place.id} with reserve needs {needed:.0%}"
    return _back(best, reason, outlook.spec)


def _back(chosen: Reach, reason: str, spec: VehicleSpec) -> Decision:
    return Decision(
        action=Action.RETURN,
        reason=reason,
        battery_needed=chosen.needed + spec.reserve,
        place=chosen.place,
        path=chosen.path,
    )


def _left(chosen: Reach) -> str:
    return f"{chosen.place.id} is reached with {max(0.0, chosen.left):.0%} left"
