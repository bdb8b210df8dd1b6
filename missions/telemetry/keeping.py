"""Tracks are kept at the landing; logs and tracks are let go when the rules say so.

A full log that goes leaves its digest behind: who has a copy can still prove that it is the one.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from missions.catalog.retention import RetentionRules
from missions.entities import Flight, FlightState
from missions.evidence.holds import held
from missions.operations.journal import note
from missions.store.protocol import Between, Store, Unit
from missions.telemetry.rules import TelemetryRules
from missions.telemetry.track import Track

_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class LetGo:
    """What a sweep let go of, and what it left because somebody needs it."""

    logs: int = 0
    bytes: int = 0
    tracks: int = 0
    held: int = 0


def keep(unit: Unit, track: Track, at: datetime) -> None:
    """Keep a flight's track; the same flight measured again replaces it."""
    if unit.tracks.exists(track.id):
        unit.tracks.put(track)
    else:
        unit.tracks.add(track)
    text = f"log of {track.log_bytes} bytes, SHA-256 {track.log_sha256}"
    note(unit, at, track.id, "telemetry.kept", text, f"遥测日志 {track.log_bytes} 字节已归档")


def path_of(logs: Path, track: Track) -> Path:
    """Where a track's full log lies (see `missions.operations.flightlog.path_of`)."""
    return logs / f"{track.day:%Y-%m-%d}" / f"{track.id}.tlog"


def sweep(
    store: Store,
    logs: Path,
    rules: TelemetryRules,
    retention: RetentionRules,
    now: datetime,
) -> LetGo:
    """Let go of what is over. A crash in between is finished by the next sweep: bytes go before
    the record says so, and a log that is gone already is no fault.

    Args:
        retention: of photographs: the log of a flight whose photographs are held is held as well.
    """
    with store.view() as unit:
        old = unit.tracks.find(end=Between(high=now - rules.logs))
        needed = _needed(unit, retention, now) if old else frozenset()
        incidents = frozenset(t.id for t in old if _incident(unit, t))
    done = LetGo()
    for track in old:
        if track.log_deleted_at is None and track.id in needed:
            done = replace(done, held=done.held + 1)
        elif track.log_deleted_at is None:
            if track.id not in incidents or track.end < now - rules.incident_logs:
                _let_log_go(store, logs, track, now)
                done = replace(done, logs=done.logs + 1, bytes=done.bytes + track.log_bytes)
        elif track.end < now - rules.tracks and track.id not in needed:
            _let_track_go(store, track, now)
            done = replace(done, tracks=done.tracks + 1)
    return done


def _let_log_go(store: Store, logs: Path, track: Track, now: datetime) -> None:
    path_of(logs, track).unlink(missing_ok=True)
    with store.unit() as unit:
        unit.tracks.put(replace(track, log_deleted_at=now))
        text = f"full log let go by rule; SHA-256 {track.log_sha256}"
        note(unit, now, track.id, "telemetry.log_deleted", text, "遥测日志到期删除")


def _let_track_go(store: Store, track: Track, now: datetime) -> None:
    with store.unit() as unit:
        unit.tracks.remove(track.id)
        text = f"track of {track.start:%Y-%m-%d} let go by rule"
        note(unit, now, track.id, "telemetry.track_deleted", text, "轨迹到期删除")


def _needed(unit: Unit, retention: RetentionRules, now: datetime) -> frozenset[str]:
    """Flights whose photographs are held: by an open case or review, or a legal hold."""
    media = sorted(held(unit, retention, now))
    flights: set[str] = set()
    for first in range(0, len(media), _PAGE):
        found = unit.media.find(id=tuple(media[first : first + _PAGE]))
        flights.update(m.flight for m in found if m.flight)
    return frozenset(flights)


def _incident(unit: Unit, track: Track) -> bool:
    flight = _flight(unit, track)
    if flight is None:
        return False
    odd = flight.state is not FlightState.DONE or flight.case_id is not None
    return odd or unit.log.count(subject=track.id, action="alarm") > 0


def _flight(unit: Unit, track: Track) -> Flight | None:
    return unit.flights.get(track.id) if unit.flights.exists(track.id) else None
