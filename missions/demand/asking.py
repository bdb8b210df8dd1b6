"""A department asks for a look: what it sends is checked, completed and kept once."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shapely.geometry import mapping

from core.clock import Clock
from core.equipment import Sensor
from core.errors import InvalidInput, NotAllowed
from core.ids import new_id
from missions import quotas
from missions.access import Principal
from missions.catalog.model import Scenario
from missions.demand.reuse import served
from missions.demand.shapes import checked_geometry
from missions.demand.upright import upright_of
from missions.entities import LogEntry, Origin, Request
from missions.ledger import CITY
from missions.presets import Preset
from missions.store import codec
from missions.store.protocol import Unit
from missions.store.records import KeyRecord

SHORTEST = timedelta(minutes=10)
"""A window must hold at least a short flight."""
LONGEST = timedelta(days=31)
FARTHEST = timedelta(days=90)
GSD_M = (0.005, 2.0)
"""Finer than the best camera at its lowest height, and coarser than anything is worth a flight."""
OLDEST_H = 24.0 * 31
"""Older photographs answer nothing."""
_FRONT_OVERLAP, _SIDE_OVERLAP = 0.7, 0.6
_WIDTH_M = 60.0
_MAX_WIDTH_M = 1000.0
_MAX_PURPOSE = 500
_MAX_KEY = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDraft:
    """What a caller sends; what is left out comes from the scenario.

    Attributes:
        geometry: GeoJSON geometry or Feature, WGS-84.
        width_m: breadth of a corridor.
        department: on whose behalf a city-wide role asks.
        kind: "orbit" round a point or "facade" along a line, with radius_m, base_m and top_m; what
            the geometry is where it is left out.
        fresh_h: photographs that were taken within so many hours will do; 0 for a flight anyway.
        crs: what the coordinates are in: "WGS84", "GCJ02" or "BD09", which are converted; None
            for WGS-84 unless something speaks against it.
        share_with: departments that may see what is photographed, besides the scenario's.
    """

    geometry: Mapping[str, Any]
    earliest: datetime
    latest: datetime
    scenario: str | None = None
    sensor: str | None = None
    gsd_m: float | None = None
    width_m: float | None = None
    priority: int | None = None
    purpose: str = ""
    department: str | None = None
    fresh_h: float = 0.0
    kind: str | None = None
    radius_m: float | None = None
    base_m: float | None = None
    top_m: float | None = None
    crs: str | None = None
    share_with: tuple[str, ...] = ()


def ask(
    unit: Unit,
    preset: Preset,
    clock: Clock,
    principal: Principal,
    draft: RequestDraft,
    key: str | None = None,
) -> Request:
    """Check a draft and keep it as a request; the same key again gives the same request.

    Raises:
        NotAllowed: the role may not ask, or not for another department.
        InvalidInput: a field is wrong (named, with a way out), or the key was used for another ask.
    """
    principal.require("request")
    known = _known(unit, principal, draft, key)
    if known is not None:
        return known
    now = clock.now()
    request = checked(preset, principal, draft, now)
    if not principal.reaches(request):
        raise NotAllowed(
            "this place lies outside the counties that you act for",
            where="geometry",
            remedy="ask for a place within " + ", ".join(sorted(principal.counties or ())),
        )
    request = served(unit, request, fresh_h(draft), now)
    quotas.spend(unit, preset, request, now)
    unit.requests.add(request)
    if key is not None:
        digest = _digest(draft)
        record = KeyRecord(id=_scoped(principal, key), entity_id=request.id, digest=digest, at=now)
        unit.keys.add(record)
    unit.log.add(
        LogEntry(
            id=new_id("log", now),
            at=now,
            actor=principal.name,
            action="request.ask",
            subject=request.id,
            text=f"asked: {request.purpose or request.scenario or request.kind}",
            text_zh=f"提出需求：{request.purpose or request.scenario or request.kind}",
            department=request.department,
        )
    )
    return request


def checked(preset: Preset, principal: Principal, draft: RequestDraft, now: datetime) -> Request:
    """The request that a draft makes. Raises as `ask`."""
    scenario = _scenario(preset, draft.scenario)
    kind, place = checked_geometry(preset, draft.geometry, draft.crs)
    upright = upright_of(draft, kind)
    earliest, latest = _window(draft, now)
    department = _department(preset, principal, draft, scenario)
    readers = scenario.readers if scenario else frozenset()
    return Request(
        id=new_id("req", now),
        scenario=scenario.id if scenario else "",
        department=department,
        shared_with=tuple(sorted((readers | _guests(preset, draft)) - {department})),
        purpose=_purpose(draft.purpose),
        place="",
        geometry=mapping(place),
        kind=upright.kind,
        radius_m=upright.radius_m,
        base_m=upright.base_m,
        top_m=upright.top_m,
        width_m=_width(draft.width_m) if kind == "corridor" else 0.0,
        sensor=_sensor(preset, draft, scenario),
        gsd_m=_gsd(draft, scenario),
        front_overlap=scenario.front_overlap if scenario else _FRONT_OVERLAP,
        side_overlap=scenario.side_overlap if scenario else _SIDE_OVERLAP,
        earliest=earliest,
        latest=latest,
        priority=_priority(draft, scenario),
        origin=Origin.ASKED,
        created_at=now,
    )


def fresh_h(draft: RequestDraft) -> float:
    """How old photographs may be. Raises InvalidInput."""
    if not 0.0 <= draft.fresh_h <= OLDEST_H:
        raise InvalidInput(
            f"{draft.fresh_h:g} hours is not from 0 to {OLDEST_H:g}",
            where="fresh_h",
            remedy="leave it out for a flight anyway",
        )
    return draft.fresh_h


def _known(
    unit: Unit, principal: Principal, draft: RequestDraft, key: str | None
) -> Request | None:
    """What this key made before."""
    if key is None:
        return None
    if not 0 < len(key) <= _MAX_KEY:
        raise InvalidInput(
            "an idempotency key has 1 to 200 characters",
            where="Idempotency-Key",
            remedy="use a UUID for each new request",
        )
    scoped = _scoped(principal, key)
    if not unit.keys.exists(scoped):
        return None
    record = unit.keys.get(scoped)
    if record.digest != _digest(draft):
        raise InvalidInput(
            "this key was used for another request",
            where="Idempotency-Key",
            remedy="use a new key for a new request",
        )
    return unit.requests.get(record.entity_id)


def _scoped(principal: Principal, key: str) -> str:
    """Nobody meets the keys of somebody else."""
    text = "\n".join((principal.name, principal.department or "", key))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _digest(draft: RequestDraft) -> str:
    return hashlib.sha256(codec.dumps(draft).encode("utf-8", "surrogatepass")).hexdigest()


def _scenario(preset: Preset, name: str | None) -> Scenario | None:
    if name is None:
        return None
    scenario = preset.scenarios.get(name)
    if scenario is None:
        raise _wrong("scenario", f"no such scenario: {name[:80]}", "use an id of the catalogue")
    return scenario


def _department(
    preset: Preset, principal: Principal, draft: RequestDraft, scenario: Scenario | None
) -> str:
    """The token decides; a city-wide role may name a department."""
    if not principal.city_wide:
        if draft.department not in (None, principal.department):
            raise NotAllowed(
                "a member asks for its own department",
                where="department",
                remedy="leave the department out",
            )
        return principal.department or CITY
    if draft.department is not None and draft.department not in preset.departments:
        raise _wrong(
            "department",
            f"no such department: {draft.department[:80]}",
            f"use one of {', '.join(preset.departments)}",
        )
    return draft.department or (scenario.department if scenario else CITY)


def _guests(preset: Preset, draft: RequestDraft) -> frozenset[str]:
    """The departments that the draft shares its photographs with."""
    unknown = [name for name in draft.share_with if name not in preset.departments]
    if unknown:
        raise _wrong(
            "share_with",
            f"no such department: {unknown[0][:80]}",
            f"use some of {', '.join(preset.departments)}",
        )
    return frozenset(draft.share_with)


def _window(draft: RequestDraft, now: datetime) -> tuple[datetime, datetime]:
    for name in ("earliest", "latest"):
        if getattr(draft, name).tzinfo is None:
            raise _wrong(name, "a time without a zone", "end it with Z or an offset such as +08:00")
    try:
        earliest, latest = draft.earliest.astimezone(UTC), draft.latest.astimezone(UTC)
    except OverflowError as error:
        raise _wrong("latest", "no calendar has this time", "ask for a time to come") from error
    if latest <= now:
        raise _wrong("latest", "the window has passed", "ask for a time to come")
    if latest - earliest < SHORTEST:
        raise _wrong("latest", "the window is shorter than ten minutes", "end it later")
    if latest - earliest > LONGEST:
        raise _wrong("latest", "the window is longer than 31 days", "ask for a part of it")
    if earliest > now + FARTHEST:
        raise _wrong("earliest", "the window is more than 90 days ahead", "ask again later")
    return earliest, latest


def _sensor(preset: Preset, draft: RequestDraft, scenario: Scenario | None) -> Sensor:
    if draft.sensor is None:
        if scenario is None:
            raise _wrong("sensor", "no sensor", "name one, or a scenario that does")
        return scenario.sensor
    carried = sorted({s.value for kind in preset.kinds.values() for s in kind.sensors})
    if draft.sensor not in carried:
        raise _wrong(
            "sensor", f"no drone carries {draft.sensor[:80]}", f"use one of {', '.join(carried)}"
        )
    return Sensor(draft.sensor)


def _gsd(draft: RequestDraft, scenario: Scenario | None) -> float:
    gsd_m = draft.gsd_m if draft.gsd_m is not None else scenario.gsd_m if scenario else None
    if gsd_m is None:
        raise _wrong("gsd_m", "no resolution", "give metres a pixel, or a scenario that does")
    if not (math.isfinite(gsd_m) and GSD_M[0] <= gsd_m <= GSD_M[1]):
        raise _wrong("gsd_m", f"{gsd_m:g} m a pixel", f"use {GSD_M[0]:g} to {GSD_M[1]:g} m")
    return float(gsd_m)


def _width(width_m: float | None) -> float:
    width = _WIDTH_M if width_m is None else width_m
    if not (math.isfinite(width) and 0 < width <= _MAX_WIDTH_M):
        raise _wrong("width_m", f"a corridor of {width:g} m", f"use at most {_MAX_WIDTH_M:g} m")
    return float(width)


def _priority(draft: RequestDraft, scenario: Scenario | None) -> int:
    priority = (
        draft.priority if draft.priority is not None else scenario.priority if scenario else 3
    )
    if priority not in range(1, 6):
        raise _wrong("priority", f"priority {priority}", "use 1 (when there is time) to 5")
    return int(priority)


def _purpose(text: str) -> str:
    if len(text) > _MAX_PURPOSE:
        raise _wrong("purpose", "more than 500 characters", "say it shorter")
    return text.strip()


def _wrong(field: str, what: str, remedy: str) -> InvalidInput:
    return InvalidInput(what, where=field, remedy=remedy)
