"""A flight's telemetry log, from preparation to landing; what it shows of the plan and the way."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from core.conformity import Conformity, compare
from core.equipment import VehicleSpec
from core.errors import NotFound
from core.geo import LonLat
from core.matching import Fix
from fleet.links import tlog
from fleet.links.tlog import TelemetryLog
from missions.entities import Flight
from missions.operations import flights
from missions.operations.examine import workbench
from missions.operations.journal import note
from missions.operations.room import ControlRoom
from missions.telemetry.keeping import keep
from missions.telemetry.track import Track, track_of


def path_of(room: ControlRoom, flight: Flight) -> Path:
    """Where a flight's log lies; a part that a pilot flew is in the log of the whole flight."""
    return room.logs / f"{flight.day:%Y-%m-%d}" / f"{flight.part_of or flight.id}.tlog"


@contextmanager
def logged(room: ControlRoom, flight: Flight) -> Iterator[None]:
    """Keep every packet from and to the drone; after a restart the log goes on.

    A log that cannot be written grounds no drone: an alarm says that there is none.
    """
    with ExitStack() as stack:
        try:
            log = TelemetryLog(path_of(room, flight))
        except OSError as why:
            text = f"no telemetry log is kept: {why.strerror}"
            flights.alarm(room, flight, text, "无法记录遥测日志")
        else:
            stack.callback(log.close)
            stack.enter_context(room.fleet.recording(flight.address, log))
        yield


def kept(room: ControlRoom, flight: Flight) -> bytes:
    """The log as it is on disk; of a flight in the air, up to the last piece written.

    Raises:
        NotFound: there is none.
    """
    path = path_of(room, flight)
    if not path.is_file():
        raise NotFound(
            "no telemetry log is kept of this flight",
            where=flight.id,
            remedy="a log begins when a flight is prepared",
        )
    return path.read_bytes()


@dataclass(frozen=True, slots=True)
class Planned:
    """What a log is compared with; travels to a worker."""

    log: str
    flight: Flight
    home: LonLat
    landing: LonLat
    spec: VehicleSpec


async def measure(room: ControlRoom, flight: Flight) -> None:
    """After landing: compare the log with the plan and write down what was found."""
    home = room.dock(flight.dock)
    planned = Planned(
        str(path_of(room, flight)),
        flight,
        home.position,
        room.dock(flight.lands_at or flight.dock).position,
        room.preset.kinds[home.kind],
    )
    shown = await asyncio.get_running_loop().run_in_executor(room.pool, read, planned)
    if shown is None:
        return
    found, track = shown
    text, text_zh = told(found)
    with room.unit() as unit:
        unit.flights.put(replace(unit.flights.get(flight.id), conformity=found))
        note(unit, room.now(), flight.id, "conformity", text, text_zh)
        keep(unit, track, room.now())


def read(planned: Planned) -> tuple[Conformity, Track] | None:
    """In a worker: what the log shows; None when it holds no position in flight."""
    path = Path(planned.log)
    samples = tlog.flown(path) if path.exists() else []
    track = track_of(planned.flight, path, samples)
    if track is None:
        return None
    return conformity(planned, [Fix(s.at, s.position, s.altitude_m) for s in samples]), track


def conformity(planned: Planned, track: Sequence[Fix]) -> Conformity:
    """How closely a track kept to its plan."""
    flight = planned.flight
    return compare(
        flight.route,
        track,
        home=planned.home,
        landing=planned.landing,
        start=flight.start,
        end=flight.end,
        spec=planned.spec,
        ground=workbench().heights,
    )


def told(found: Conformity) -> tuple[str, str]:
    """One sentence, English and Chinese."""
    beside = found.sideways_m.p95 if found.sideways_m else 0.0
    above = found.height_m.p95 if found.height_m else 0.0
    minutes = found.landed_late_s / 60
    when = f"{abs(minutes):.0f} min {'late' if minutes > 0 else 'early'}"
    when_zh = f"{'晚' if minutes > 0 else '早'} {abs(minutes):.0f} 分钟"
    verdict, verdict_zh = ("not flown as planned", "偏离计划")
    if found.as_planned:
        verdict, verdict_zh = ("flown as planned", "按计划飞行")
    many_zh = f"，{len(found.deviations)} 次超限" if found.deviations else ""
    return (
        f"{verdict}: {found.flown:.0%} of the route, 95 % of the time within {beside:.0f} m of it "
        f"and {above:.0f} m of its height, landed {when}{_stretches(found)}",
        f"{verdict_zh}：完成航线 {found.flown:.0%}，95% 时间内偏航 {beside:.0f} 米、"
        f"高度差 {above:.0f} 米，降落{when_zh}{many_zh}",
    )


def _stretches(found: Conformity) -> str:
    if not found.deviations:
        return ""
    worst = max(found.deviations, key=lambda d: d.worst)
    many = "once" if len(found.deviations) == 1 else f"{len(found.deviations)} times"
    return f"; outside the corridor {many}, at most {worst.worst:.0f} m ({worst.kind})"
