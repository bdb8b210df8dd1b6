"""The altitude to hold on a leg: evenly from its start to its goal, and never into the ground."""

import numpy as np
import numpy.typing as npt

from core.geo import HeightModel
from sim.body import Profile
from sim.earth import metres_per_degree
from sim.state import Commands, State

Floats = npt.NDArray[np.float64]

LOOK_AHEAD_S = 3.0
"""Terrain following looks so far ahead."""
LEAST_HEIGHT_M = 5.0
"""A rangefinder keeps a flying vehicle at least so high above the ground unless it lands."""


def wanted_altitude_m(
    state: State, commands: Commands, profile: Profile, ground: HeightModel, below_m: Floats
) -> Floats:
    """Altitudes AMSL (N,): heights along the legs, above the ground here and ahead where asked.

    Args:
        below_m: ground AMSL below each vehicle.
    """
    c, p = commands, profile
    per_east, per_north = metres_per_degree(state.lat)
    length = np.hypot((c.to_lon - c.from_lon) * per_east, (c.to_lat - c.from_lat) * per_north)
    left = np.hypot((c.to_lon - state.lon) * per_east, (c.to_lat - state.lat) * per_north)
    share = np.where(length > 1.0, np.clip(1.0 - left / np.maximum(length, 1.0), 0.0, 1.0), 1.0)
    height = p.start_m + (p.end_m - p.start_m) * share
    ahead = ground.height_m(
        state.lon + state.east_mps * LOOK_AHEAD_S / per_east,
        state.lat + state.north_mps * LOOK_AHEAD_S / per_north,
    )
    highest = np.maximum(below_m, ahead)
    return np.where(p.terrain, highest + height, np.maximum(height, highest + LEAST_HEIGHT_M))
