"""The arrays of all vehicles: how they are, what they are told, the air round them, their hurts."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.models import battery
from sim.models.battery import CELLS

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

FIRST_C = 22.0
"""Temperature of the packs in their docks at first."""


@dataclass(frozen=True, kw_only=True)
class State:
    """Where the vehicles are and how they are: arrays of shape (N,)."""

    lon: Floats
    lat: Floats
    altitude_m: Floats
    """Above mean sea level."""
    east_mps: Floats
    north_mps: Floats
    up_mps: Floats
    yaw_deg: Floats
    battery: Floats
    """Share of what the pack holds now, 0 to 1."""
    flying: Bools
    wing: Bools
    """Carried by its wing (VTOLs only)."""
    crashed: Bools
    roll_deg: Floats
    pitch_deg: Floats
    airspeed_mps: Floats
    watts: Floats
    current_a: Floats
    """Out of the pack; negative while it charges."""
    cells_v: Floats
    """(N, 6), under load."""
    pack_c: Floats
    cycles: Floats
    """Full discharges so far."""
    consumed_ah: Floats
    """Since it was full last; charging takes it back."""
    ice: Floats
    """Additional power because of ice, as a share."""

    @classmethod
    def parked(
        cls, lon: Floats, lat: Floats, altitude_m: Floats, cycles: Floats | None = None
    ) -> "State":
        """All on the ground, full and facing north."""
        n = len(lon)
        return cls(
            lon=lon.copy(),
            lat=lat.copy(),
            altitude_m=altitude_m.copy(),
            battery=np.ones(n),
            flying=np.zeros(n, bool),
            wing=np.zeros(n, bool),
            crashed=np.zeros(n, bool),
            cells_v=np.full((n, CELLS), float(battery.open_cell_v(np.ones(1))[0])),
            pack_c=np.full(n, FIRST_C),
            cycles=np.zeros(n) if cycles is None else cycles.copy(),
            **{name: np.zeros(n) for name in _FROM_ZERO},
        )


_FROM_ZERO = (
    *("east_mps", "north_mps", "up_mps", "yaw_deg", "roll_deg", "pitch_deg", "airspeed_mps"),
    *("watts", "current_a", "consumed_ah", "ice"),
)


@dataclass(kw_only=True)
class Commands:
    """What the autopilots want: arrays of shape (N,) that they write into.

    A vehicle follows the line from (from_lon, from_lat) to (to_lon, to_lat), holds `altitude_m`
    (AMSL) and may arrive with `end_mps`. `landing` overrides the altitude; `lift` takes a vehicle
    off the ground; `yaw_deg` is NaN for "where it flies"; `wing` is 1 on the wing, 0 on the rotors,
    NaN for whatever the leg is worth.
    """

    from_lon: Floats
    from_lat: Floats
    to_lon: Floats
    to_lat: Floats
    altitude_m: Floats
    speed_mps: Floats
    end_mps: Floats
    yaw_deg: Floats
    landing: Bools
    lift: Bools
    wing: Floats

    @classmethod
    def idle(cls, state: State) -> "Commands":
        """Stay where you are."""
        n = len(state.lon)
        return cls(
            from_lon=state.lon.copy(),
            from_lat=state.lat.copy(),
            to_lon=state.lon.copy(),
            to_lat=state.lat.copy(),
            altitude_m=state.altitude_m.copy(),
            speed_mps=np.full(n, 10.0),
            end_mps=np.zeros(n),
            yaw_deg=np.full(n, np.nan),
            landing=np.zeros(n, bool),
            lift=np.zeros(n, bool),
            wing=np.full(n, np.nan),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Air:
    """The air at each vehicle: where it moves to, m/s, arrays of shape (N,); and the weather."""

    east_mps: Floats
    north_mps: Floats
    mean_east_mps: Floats
    mean_north_mps: Floats
    celsius: npt.ArrayLike = 15.0
    rain_mmph: npt.ArrayLike = 0.0


@dataclass(kw_only=True)
class Hurt:
    """What is wrong with the bodies now: arrays of shape (N,), written by `sim.troubles`."""

    fix_east_m: Floats
    fix_north_m: Floats
    """By so much the believed place is off."""
    compass_deg: Floats
    thrust_lost: Floats
    cell_factor: Floats
    """Resistance of the odd cell over that of a sound one."""
    odd_cell: npt.NDArray[np.intp]
    icing_per_s: Floats
    blocked: Bools
    """An obstacle is in the way."""

    @classmethod
    def none(cls, n: int) -> "Hurt":
        """All are well."""
        return cls(
            fix_east_m=np.zeros(n),
            fix_north_m=np.zeros(n),
            compass_deg=np.zeros(n),
            thrust_lost=np.zeros(n),
            cell_factor=np.ones(n),
            odd_cell=np.zeros(n, np.intp),
            icing_per_s=np.zeros(n),
            blocked=np.zeros(n, bool),
        )
