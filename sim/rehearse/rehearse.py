"""The rehearsal as a recipe: draw the weather, fly every member, look at the tracks, judge."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from multiprocessing import get_context
from zoneinfo import ZoneInfo

import numpy as np

from core.geo import HeightGrid, HeightModel, LocalFrame
from sim.kinds import Kinds
from sim.rehearse import checks, daylight
from sim.rehearse.day import Craft, Day, Sortie
from sim.rehearse.flock import CRUISE_STEP_S, Flock, Programme, Setting
from sim.rehearse.flown import Flown
from sim.rehearse.forecast import Forecast, Weather, drawn
from sim.rehearse.tracks import Track
from sim.rehearse.verdict import Judged, Shown, judge
from sim.world import GROUND_SIGMA_M

Tell = Callable[[float, str], None]
"""Takes how far the rehearsal is, 0 to 1, and what goes on."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Everything that the flights of a rehearsal share."""

    day: Day
    forecast: Forecast
    members: int
    seed: int
    cruise_step_s: float = CRUISE_STEP_S

    @cached_property
    def weather(self) -> Weather:
        """What each member meets."""
        return drawn(self.forecast, self.members, self.seed)

    @cached_property
    def setting(self) -> Setting:
        """What the flock needs: every member has vehicles with errors of their own."""
        specs = [c.spec for c in self.day.crafts]
        return Setting(
            day=self.day,
            weather=self.weather,
            kinds=tuple(Kinds.of(specs, self.seed + k) for k in range(self.members)),
            ground=_rough(self.day.ground, self.seed),
            seed=self.seed,
            cruise_step_s=self.cruise_step_s,
        )

    @cached_property
    def frame(self) -> LocalFrame:
        """Metres round the docks."""
        return checks.frame_of(self.day.crafts)

    @property
    def crafts(self) -> Mapping[str, Craft]:
        """By id."""
        return {c.id: c for c in self.day.crafts}

    def clock(self, at_s: float) -> str:
        """A second of the day as people there say it, such as 14:05."""
        local = (self.day.begin + timedelta(seconds=at_s)).astimezone(ZoneInfo(self.day.zone))
        return f"{local:%H:%M}"


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """A flown day: what became of each flight in each member, where it was, what that means."""

    stage: Stage
    flown: Mapping[str, tuple[Flown, ...]]
    tracks: tuple[Track, ...]
    judged: Mapping[str, Judged]
    traffic: checks.Traffic


def rehearse(stage: Stage, *, jobs: int = 1, tell: Tell = lambda done, text: None) -> Rehearsed:
    """Fly the whole day in every member and judge each flight.

    Args:
        jobs: processes that share the members.
    """
    tell(0.0, f"{len(stage.day.sorties)} flights in {stage.members} draws of the weather")
    programmes = [p for k in range(stage.members) for p in programmes_of(stage, k)]
    flown, tracks = fly(stage, programmes, jobs=jobs)
    tell(0.8, "separation, zones, ground, light")
    traffic = checks.Traffic(tracks, stage.day, stage.frame)
    shown = show(stage, stage.day.sorties, flown, tracks, traffic.passings())
    rules = stage.day.rules
    judged = {s.sortie.id: judge(s, rules, stage.clock) for s in shown}
    return Rehearsed(stage=stage, flown=flown, tracks=tuple(tracks), judged=judged, traffic=traffic)


def programmes_of(stage: Stage, member: int) -> list[Programme]:
    """Each drone's day in one member."""
    by_vehicle: dict[str, list[Sortie]] = defaultdict(list)
    for sortie in sorted(stage.day.sorties, key=lambda s: s.start_s):
        by_vehicle[sortie.vehicle].append(sortie)
    return [
        Programme(
            member=member,
            craft=craft,
            sorties=tuple(by_vehicle[craft.id]),
            battery=craft.battery,
            free_s=craft.free_s,
        )
        for craft in stage.day.crafts
        if craft.id in by_vehicle
    ]


def fly(
    stage: Stage, programmes: Sequence[Programme], *, jobs: int = 1
) -> tuple[dict[str, tuple[Flown, ...]], list[Track]]:
    """Fly programmes, shared out among processes; by flight id in the order of members."""
    parts = [programmes[k::jobs] for k in range(jobs)]
    parts = [p for p in parts if p]
    if len(parts) < 2:
        done = [_flown(stage, p) for p in parts]
    else:
        with ProcessPoolExecutor(len(parts), mp_context=get_context("spawn")) as pool:
            done = list(pool.map(_flown, [stage] * len(parts), parts))
    found: dict[str, list[Flown]] = defaultdict(list)
    for rows, _ in done:
        for flight in rows:
            found[flight.sortie].append(flight)
    flown = {k: tuple(sorted(v, key=lambda f: f.member)) for k, v in found.items()}
    return flown, [t for _, tracks in done for t in tracks]


def _flown(stage: Stage, programmes: Sequence[Programme]) -> tuple[list[Flown], list[Track]]:
    flock = Flock(programmes, stage.setting)
    return [f for row in flock.run() for f in row], flock.tracks.close()


def show(
    stage: Stage,
    sorties: Sequence[Sortie],
    flown: Mapping[str, tuple[Flown, ...]],
    tracks: Sequence[Track],
    passings: Sequence[checks.Passing],
) -> list[Shown]:
    """Put together what the members show of these flights."""
    day, crafts = stage.day, stage.crafts
    near = checks.by_sortie(passings)
    wanted = {s.id for s in sorties}
    own = [t for t in tracks if t.sortie in wanted and len(t.at_s)]
    by_sortie: dict[str, list[Track]] = defaultdict(list)
    for track in own:
        by_sortie[track.sortie].append(track)
    zones = defaultdict(list)
    for passing in checks.zone_passings(own, day, stage.frame):
        zones[passing.sortie].append(passing)
    shown = []
    for sortie in sorties:
        craft = crafts[sortie.vehicle]
        clear = [checks.clearance_m(t, craft.position) for t in by_sortie[sortie.id]]
        shown.append(
            Shown(
                sortie=sortie,
                craft=craft,
                flown=flown.get(sortie.id, ()),
                passings=tuple(near.get(sortie.id, ())),
                zones=tuple(zones[sortie.id]),
                clear_m=min((c for c in clear if c is not None), default=None),
                dusk_s=_dusk_s(stage, craft),
                wind_mps=tuple(_wind_mps(stage, t) for t in by_sortie[sortie.id]),
            )
        )
    return shown


def _dusk_s(stage: Stage, craft: Craft) -> float | None:
    begin = stage.day.begin.astimezone(ZoneInfo(stage.day.zone))
    at = daylight.dusk(craft.position, begin)
    return None if at is None else (at - stage.day.begin).total_seconds()


def _wind_mps(stage: Stage, track: Track) -> float:
    """Strongest mean wind along a track."""
    at_s = track.at_s[:: max(1, len(track.at_s) // 50)]
    east, north, _ = stage.weather.wind(np.full(len(at_s), track.member), at_s)
    return float(np.hypot(east, north).max())


def _rough(ground: HeightModel, seed: int) -> HeightModel:
    """The ground as it really is: the planner's grid with its error (`sim.world`)."""
    if not isinstance(ground, HeightGrid):
        return ground
    noise = np.random.default_rng([seed, 31]).normal(0.0, GROUND_SIGMA_M, ground.heights_m.shape)
    return replace(ground, heights_m=ground.heights_m + noise)
