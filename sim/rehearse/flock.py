"""Flies many flights at once, each on a clock of its own, without sockets and without pictures.

A row is one drone in one member of the rehearsal with the flights that it has that day. All rows
move in one vectorised step (`sim.vehicle`); the autopilot of a row (`sim.autopilot`, the one that
the simulator serves over sockets) thinks where something can happen: near the end of a leg, when a
photograph falls due, and once a second for its failsafes. Standing in a dock costs nothing: a drone
that has landed goes straight on to its next take-off, charged for the time between.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from core.geo import HeightModel
from sim.body import Body, Profile
from sim.earth import metres_per_degree
from sim.kinds import Kinds
from sim.models.air import EXPONENT, GUST_MEMORY_S, HIGHEST_M, LOWEST_M, REFERENCE_M
from sim.rehearse.day import Craft, Day, Sortie
from sim.rehearse.flown import Flown
from sim.rehearse.forecast import Weather
from sim.rehearse.pilot import Pilot
from sim.rehearse.tracks import Tracks
from sim.state import FIRST_C, Commands, Hurt, State
from sim.swarm import LEAST_HEIGHT_M, LOOK_AHEAD_S
from sim.vehicle import step

STEP_S = 0.2
"""The simulator's own step (`sim.clockwork`)."""
CRUISE_STEP_S = 0.8
"""The step of a row in straight cruise, far from the end of its leg. Against `STEP_S` throughout,
durations and charges at landing agree within `AGREES_S` and `AGREES_SHARE` (tests/sim)."""
AGREES_S, AGREES_SHARE = 0.01, 0.01
"""So well the two agree: a share of the duration, and of a full battery."""
THINK_S = 2.0
"""In straight flight an autopilot and its failsafes look so often; a real one looks more often, and
two seconds of a failsafe change nothing that is told here."""
TRACK_S = 2.0
"""A track has a point every 2 s; between two of them a drone flies straight enough."""
WIND_STEPS = 25
FAR_S, FAR_M, STEADY = 4.0, 20.0, 0.6
"""Straight cruise: 4 s and 20 m from the end of the leg, more than the way to brake, and
at 60 % of the wished speed at least."""
NEAR_S, NEAR_M = 1.0, 6.0
"""The end of a leg is near when it is so many seconds or metres away: a leg is done within 2 m or a
fifth of a second, the rest is room."""
EARLY_S = 0.3
"""A photograph is looked for so long before it falls due: the trigger counts from where the last
one was taken within a step."""
HOVER_MPS = 1.0

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
A = TypeVar("A", bound=Any)


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """What one row flies.

    Attributes:
        battery, free_s: charge of the drone at a second of the day, from which on it charges.
    """

    member: int
    craft: Craft
    sorties: tuple[Sortie, ...]
    battery: float
    free_s: float


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What all rows share.

    Attributes:
        kinds: by member, those of all crafts of the day in their order.
        ground: as it really is, a little other than the planner's.
    """

    day: Day
    weather: Weather
    kinds: tuple[Kinds, ...]
    ground: HeightModel
    seed: int
    cruise_step_s: float = CRUISE_STEP_S


class Flock:
    """Rows in flight; `run` flies them all to their end."""

    def __init__(self, programmes: Sequence[Programme], setting: Setting) -> None:
        self._setting = setting
        self._ground = setting.ground
        lon = np.array([p.craft.position.lon for p in programmes])
        lat = np.array([p.craft.position.lat for p in programmes])
        below = self._ground.height_m(lon, lat)
        self._state = State.parked(lon, lat, below)
        self._commands = Commands.idle(self._state)
        self._kinds = _kinds(programmes, setting)
        n = len(programmes)
        self._profile = Profile(start_m=below.copy(), end_m=below.copy(), terrain=np.zeros(n, bool))
        self._member = np.array([p.member for p in programmes], int)
        self._clock_s, self._thought_s, self._tracked_s = np.zeros(n), np.zeros(n), np.zeros(n)
        self._dt_s = np.full(n, STEP_S)
        self._photo_m = np.zeros(n)
        self._photo_lon, self._photo_lat = lon.copy(), lat.copy()
        self._row = np.arange(n)
        self._active, self._nowhere = np.ones(n, bool), np.zeros(n, bool)
        self._hurt = Hurt.none(n)
        self._celsius, self._rain = np.zeros(n), np.zeros(n)
        self._gusts = np.zeros((2, n))
        self._wind: tuple[Any, Any, Any] = (np.zeros(n), np.zeros(n), np.zeros(n))
        self._rng = np.random.default_rng([setting.seed, 72])
        self._steps = 0
        self.tracks = Tracks()
        self._pilots = [
            Pilot(
                p,
                Body(i, p.craft.spec, self._commands, self._profile, self._state),
                setting,
                recharge_s=float(self._kinds.recharge_s[i]),
            )
            for i, p in enumerate(programmes)
        ]

    def run(self) -> list[list[Flown]]:
        """Fly until every row has done its flights; what became of them, row by row."""
        all_pilots = list(self._pilots)
        self._next(range(len(all_pilots)))
        self._compact()
        while self._pilots:
            self._step()
        return [p.flown for p in all_pilots]

    def _step(self) -> None:
        dt = self._dt_s
        self._steps += 1
        self._clock_s += dt
        s = self._state
        ground = self._ground.height_m(s.lon, s.lat)
        east, north, mean_east, mean_north = self._blow(dt, s.altitude_m - ground)
        self._aim(ground)
        self._state = s = step(
            s,
            self._commands,
            self._kinds,
            dt_s=dt,  # type: ignore[arg-type]  # each row's own
            wind_east_mps=east,
            wind_north_mps=north,
            ground_m=ground,
            docked=self._nowhere,
            mean_wind=(mean_east, mean_north),
            celsius=self._celsius,
            rain_mmph=self._rain,
            hurt=self._hurt,
        )
        seen = self._clock_s - self._tracked_s >= TRACK_S
        if seen.any():
            self._tracked_s[seen] = self._clock_s[seen]
            self.tracks.add(self._row, self._clock_s, s, ground, seen)
        due = np.flatnonzero(self._due())
        if due.size:
            self._think(due.tolist(), ground)

    def _due(self) -> Bools:
        """Rows in which something may happen now; sets how far each may step next."""
        s, c = self._state, self._commands
        per_east, per_north = metres_per_degree(s.lat)
        left = np.hypot((c.to_lon - s.lon) * per_east, (c.to_lat - s.lat) * per_north)
        speed = np.hypot(s.east_mps, s.north_mps)
        gone = np.hypot((s.lon - self._photo_lon) * per_east, (s.lat - self._photo_lat) * per_north)
        shooting = self._photo_m > 0
        photo = shooting & (gone >= self._photo_m - EARLY_S * speed)
        turn = self._clock_s - self._thought_s >= THINK_S - 1e-6
        near = left < np.maximum(NEAR_M, NEAR_S * speed)
        wide = self._setting.cruise_step_s
        steady = (left > FAR_S * speed + FAR_M) & (speed > STEADY * c.speed_mps)
        steady &= ~shooting | (self._photo_m > 2 * wide * speed)
        self._dt_s = np.where(steady, wide, STEP_S)
        return np.asarray(self._active & (near | photo | turn | (speed < HOVER_MPS) | ~s.flying))

    def _think(self, due: list[int], ground: Floats) -> None:
        """Let these rows' autopilots go on; rows that have landed go on to their next flight."""
        s = self._state
        rows = np.array(due)
        ended = []
        columns = (
            *(s.lon, s.lat, s.altitude_m, ground, s.east_mps, s.north_mps, s.up_mps, s.yaw_deg),
            *(s.battery, s.airspeed_mps, s.roll_deg, s.pitch_deg, s.flying, s.wing, s.crashed),
        )
        for i, now, *values in zip(
            due, self._clock_s[rows].tolist(), *(c[rows].tolist() for c in columns), strict=True
        ):
            pilot = self._pilots[i]
            body = pilot.body
            (body.lon, body.lat, body.altitude_m, body.ground_m, *values) = values
            (body.east_mps, body.north_mps, body.up_mps, body.yaw_deg, *values) = values
            (body.battery, body.airspeed_mps, body.roll_deg, body.pitch_deg, *values) = values
            body.flying, body.winged, body.crashed = values
            pilot.think(now)
            self._thought_s[i] = now
            if pilot.photographed():
                self._photo_m[i] = pilot.autopilot.shutter.distance_m
                self._photo_lon[i], self._photo_lat[i] = body.lon, body.lat
            if pilot.landed:
                ended.append(i)
        if ended:
            self._next(ended)
            if np.mean(self._active) < 0.9:
                self._compact()

    def _next(self, rows: Sequence[int]) -> None:
        """Begin the next flight of these rows."""
        for i in rows:
            pilot = self._pilots[i]
            pilot.begin_next()
            if pilot.done:
                self._active[i] = False
                continue
            self._row[i] = self.tracks.open(pilot.member, pilot.sortie.id)
            self._clock_s[i] = self._thought_s[i] = self._tracked_s[i] = pilot.now_s
            self._dt_s[i] = STEP_S
            s = self._state
            s.battery[i], s.pack_c[i] = pilot.body.battery, FIRST_C
            s.consumed_ah[i] = (1.0 - pilot.body.battery) * self._kinds.new_ah[i]
            self._photo_lon[i], self._photo_lat[i] = pilot.body.lon, pilot.body.lat
            self._photo_m[i] = 0.0
        self._refresh_wind()

    def _compact(self) -> None:
        """Leave out rows that are done."""
        keep = self._active
        self._pilots = [p for p in self._pilots if not p.done]
        self._state, self._kinds = _taken(self._state, keep), _taken(self._kinds, keep)
        for shared in (self._commands, self._profile):
            for name, value in _arrays(shared).items():
                setattr(shared, name, value[keep])
        for name in (
            "_active",
            "_member",
            "_clock_s",
            "_thought_s",
            "_tracked_s",
            "_dt_s",
            "_photo_m",
            "_photo_lon",
            "_photo_lat",
        ):
            setattr(self, name, getattr(self, name)[keep])
        self._row, self._gusts = self._row[keep], self._gusts[:, keep]
        n = len(self._row)
        self._hurt, self._nowhere = Hurt.none(n), np.zeros(n, bool)
        for index, pilot in enumerate(self._pilots):
            pilot.body.index = index
        self._refresh_wind()

    def _refresh_wind(self) -> None:
        weather = self._setting.weather
        self._wind = weather.wind(self._member, self._clock_s)
        self._celsius, self._rain = weather.air(self._member, self._clock_s)

    def _blow(self, dt_s: Floats, height_m: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Wind at each row with its own gusts, and without: (east, north) of where the air goes.

        It grows with height as in the simulator (`sim.models.air`)."""
        if self._steps % WIND_STEPS == 0:
            self._refresh_wind()
        east, north, gust = self._wind
        more = (np.clip(height_m, LOWEST_M, HIGHEST_M) / REFERENCE_M) ** EXPONENT
        keep = np.exp(-dt_s / GUST_MEMORY_S)
        noise = self._rng.normal(size=self._gusts.shape)
        self._gusts = keep * self._gusts + np.sqrt(1 - keep**2) * noise
        east, north = east * more, north * more
        return east + gust * self._gusts[0], north + gust * self._gusts[1], east, north

    def _aim(self, ground: Floats) -> None:
        """The altitude to hold now, as `sim.swarm` has it: along the leg, or above the ground."""
        s, c, p = self._state, self._commands, self._profile
        per_east, per_north = metres_per_degree(s.lat)
        length = np.hypot((c.to_lon - c.from_lon) * per_east, (c.to_lat - c.from_lat) * per_north)
        left = np.hypot((c.to_lon - s.lon) * per_east, (c.to_lat - s.lat) * per_north)
        share = np.where(length > 1.0, np.clip(1.0 - left / np.maximum(length, 1.0), 0.0, 1.0), 1.0)
        height = p.start_m + (p.end_m - p.start_m) * share
        ahead = self._ground.height_m(
            s.lon + s.east_mps * LOOK_AHEAD_S / per_east,
            s.lat + s.north_mps * LOOK_AHEAD_S / per_north,
        )
        highest = np.maximum(ground, ahead)
        c.altitude_m[:] = np.where(
            p.terrain, highest + height, np.maximum(height, highest + LEAST_HEIGHT_M)
        )


def _kinds(programmes: Sequence[Programme], setting: Setting) -> Kinds:
    """The kinds of the rows, each with its member's errors."""
    place = {craft.id: n for n, craft in enumerate(setting.day.crafts)}
    rows = [(setting.kinds[p.member], place[p.craft.id]) for p in programmes]
    arrays = {
        name: np.array([getattr(kinds, name)[n] for kinds, n in rows])
        for name in _arrays(setting.kinds[0])
    }
    return replace(setting.kinds[0], **arrays)


def _arrays(value: Any) -> dict[str, npt.NDArray[Any]]:
    """The fields of a value that are arrays, one entry a row."""
    found = {f.name: getattr(value, f.name) for f in fields(value)}
    return {k: v for k, v in found.items() if isinstance(v, np.ndarray)}


def _taken(value: A, keep: Bools) -> A:
    """A frozen value with these rows only."""
    return replace(value, **{k: v[keep] for k, v in _arrays(value).items()})
