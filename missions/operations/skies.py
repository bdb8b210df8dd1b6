"""What a drone in flight is proven against, gathered from what is measured now."""

from datetime import timedelta

from core.energy import CALM, Wind
from core.errors import PathRefused
from fleet.plans.proof import Conditions
from fleet.vocabulary import Frame
from fleet.watch.reach import Outlook
from missions.entities import Flight
from missions.operations.errands import Sky
from missions.operations.pads import HIGHEST_M, active, roomy, ways
from missions.operations.room import ControlRoom

LOWEST_M = 30.0
"""Lowest height above ground of a free path: clear of trees."""

AHEAD = timedelta(hours=1)
"""Zones that begin within so long count: longer than any battery lasts from here."""


def sky_of(room: ControlRoom, flight: Flight) -> Sky:
    """Zones, ground, fence, wind, charge, consumption and free places, as they are now.

    Raises:
        PathRefused: its charge is not known.
    """
    preset, now = room.preset, room.now()
    vehicle = room.fleet.vehicle(flight.address)
    state = vehicle.state
    if state.battery is None:
        raise PathRefused("the drone does not say its charge", where="energy")
    home = room.dock(flight.dock)
    spec = preset.kinds[home.kind]
    guard = room.fleet.guard_of(flight.address)
    situation = guard.situation() if guard is not None else None
    winds = (situation.winds if situation else ()) or (state.wind or CALM,)
    follows = vehicle.autopilot.reposition_frame is Frame.TERRAIN_INT
    zones = active(preset.zones, now)
    return Sky(
        vehicle=vehicle,
        conditions=Conditions(
            spec=spec,
            home=home.position,
            docks=tuple(d.position for d in preset.docks),
            heights=preset.heights,
            zones=zones,
            wind=_hardest(winds),
            charge=state.battery,
            follows_ground=follows,
            start=now,
            end=now + AHEAD,
        ),
        outlook=Outlook(
            spec=spec,
            battery=state.battery,
            winds=winds,
            burn=situation.burn if situation else 1.1,
            burn_mean=situation.burn_mean if situation else 1.0,
        ),
        places=room.pads.places(flight.address, home, now),
        way=ways(preset, now),
        air=roomy(preset, now),
        heights_m=(LOWEST_M, min(HIGHEST_M, spec.max_height_m)),
        follows_ground=follows,
    )


def _hardest(winds: tuple[Wind, ...]) -> Wind:
    return max(winds, key=lambda w: w.speed_mps)
