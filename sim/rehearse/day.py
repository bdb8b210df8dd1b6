"""What is to be rehearsed: docks, drones, flights as they would be uploaded, zones, ground, rules.

The service writes it as plain JSON (docs/rehearsal.md); missions come as the very MAVLink items
that an upload would carry, so that what is rehearsed is what is flown.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely.geometry

from core.equipment import CameraSpec, Sensor, VehicleSpec
from core.errors import InvalidInput
from core.geo import FlatGround, HeightGrid, HeightModel, LonLat
from core.power import loaded
from core.zones import Zone, ZoneKind
from sim.autopilot.items import MISSION, Item, refusal

FORMAT = "flyonce-day-to-rehearse"
VERSION = 1
REMEDY = "let `flyonce rehearse` write it; its form is in docs/rehearsal.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Craft:
    """A drone and the dock in which it stands in the morning.

    Attributes:
        spec: its data sheet, with the endurance that its worn battery still gives.
        battery: charge when it is free first, 0 to 1.
        free_s: second of the day from which it may fly.
    """

    id: str
    dock: str
    position: LonLat
    system_id: int
    spec: VehicleSpec
    battery: float = 1.0
    free_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sortie:
    """A planned flight.

    Attributes:
        start_s, end_s: planned take-off and landing, seconds of the day.
        landing_share: planned charge at landing, of a full battery.
        needed: charge below which the service does not let it take off.
        items: the mission; index 0 is home.
        photos: how many photographs the route asks for, over all cameras.
        latest_s: second of the day by which its tasks must be done; infinite if none.
        alternative_to: the flight that this one would replace; empty for a flight of the plan.
        change, change_zh: for an alternative, what is different, in words.
        beside: another flight's id that must be flown as well (the second part of a split).
    """

    id: str
    vehicle: str
    start_s: float
    end_s: float
    landing_share: float
    needed: float
    items: tuple[Item, ...]
    photos: int
    latest_s: float = math.inf
    label: str = ""
    alternative_to: str = ""
    change: str = ""
    change_zh: str = ""
    beside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How the service runs the day; the defaults are its own.

    Attributes:
        patience_s: a flight that cannot take off so long after its time is given up.
        retry_s: between two tries.
        turnround_s: from a landing to the next take-off of the same drone, at least.
        rain_limit_mmph: nothing takes off in more rain.
        within_m, height_m, near_dock_m: separation of drones; none within near_dock_m of a dock.
        closes_s: second of the day by which all must have landed.
        return_margin: charge beyond way home and reserve at which the controller turns back.
        detour_m: not if the rest of the mission is only so much longer than the way home.
    """

    patience_s: float = 480.0
    retry_s: float = 20.0
    turnround_s: float = 60.0
    rain_limit_mmph: float = 2.5
    within_m: float = 30.0
    height_m: float = 15.0
    near_dock_m: float = 150.0
    closes_s: float = math.inf
    return_margin: float = 0.05
    detour_m: float = 500.0


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day to rehearse.

    Attributes:
        begin: the second 0 of the day.
        alternatives: flights that could replace one of the plan; flown only when they are asked.
    """

    title: str
    begin: datetime
    zone: str
    crafts: tuple[Craft, ...]
    sorties: tuple[Sortie, ...]
    alternatives: tuple[Sortie, ...] = ()
    zones: tuple[Zone, ...] = ()
    ground: HeightModel = field(default_factory=FlatGround)
    rules: Rules = field(default_factory=Rules)


def read(path: Path) -> Day:
    """Read a day to rehearse.

    Raises:
        InvalidInput: it cannot be read, or what is wrong in it and where.
    """
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except OSError as why:
        raise InvalidInput(
            f"cannot be read: {why.strerror}", where=str(path), remedy=REMEDY
        ) from why
    except ValueError as why:
        raise InvalidInput(f"is no JSON: {why}", where=str(path), remedy=REMEDY) from why
    return parse(body, where=str(path))


def parse(body: Any, *, where: str = "day to rehearse") -> Day:
    """A day from the contents of its file.

    Raises:
        InvalidInput: what is wrong and where.
    """
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise InvalidInput("is no day to rehearse", where=where, remedy=REMEDY)
    if body.get("version") != VERSION:
        raise InvalidInput(
            f"is of version {body.get('version')}; this program reads version {VERSION}",
            where=where,
            remedy=REMEDY,
        )
    try:
        return _checked(_day(body))
    except KeyError as why:
        raise InvalidInput(f"the field {why} is missing", where=where, remedy=REMEDY) from why
    except (TypeError, ValueError, AttributeError, IndexError) as why:
        raise InvalidInput(f"a field is wrong: {why}", where=where, remedy=REMEDY) from why


def _day(body: Mapping[str, Any]) -> Day:
    begin = _time(body["begin"])
    crafts = tuple(_craft(c, begin) for c in body["vehicles"])
    return Day(
        title=str(body.get("title", "")),
        begin=begin,
        zone=str(body.get("zone", "UTC")),
        crafts=crafts,
        sorties=tuple(_sortie(s, begin) for s in body["flights"]),
        alternatives=tuple(_sortie(s, begin) for s in body.get("alternatives", ())),
        zones=tuple(_zone(z) for z in body.get("zones", ())),
        ground=_ground(body.get("ground")),
        rules=Rules(**{k: _number(v, k) for k, v in body.get("rules", {}).items()}),
    )


def _checked(day: Day) -> Day:
    known = {c.id for c in day.crafts}
    if len(known) < len(day.crafts):
        raise ValueError("vehicles: two have one id")
    flights = [s.id for s in (*day.sorties, *day.alternatives)]
    if len(set(flights)) < len(flights):
        twice = next(f for f in flights if flights.count(f) > 1)
        raise ValueError(f"flights: {twice} is given twice")
    for sortie in (*day.sorties, *day.alternatives):
        if sortie.vehicle not in known:
            raise ValueError(f"flight {sortie.id}: no vehicle {sortie.vehicle}")
    return day


def _craft(given: Mapping[str, Any], begin: datetime) -> Craft:
    fields = dict(given["spec"])
    cameras = tuple(CameraSpec(**{**c, "sensor": Sensor(c["sensor"])}) for c in fields["cameras"])
    spec = VehicleSpec(**{**fields, "cameras": cameras})
    health = _number(given.get("health", 1.0), "health")
    battery = _number(given.get("battery", 1.0), "battery")
    if not 0.0 <= battery <= 1.0:
        raise ValueError(f"vehicle {given['id']}: battery {battery:g} is not 0 to 1")
    free = given.get("free_at")
    return Craft(
        id=str(given["id"]),
        dock=str(given.get("dock", given["id"])),
        position=_place(given),
        system_id=int(given.get("system_id", 1)),
        spec=loaded(spec, health=health) if health < 1.0 else spec,
        battery=battery,
        free_s=0.0 if free is None else (_time(free) - begin).total_seconds(),
    )


def _sortie(given: Mapping[str, Any], begin: datetime) -> Sortie:
    start, end = ((_time(given[k]) - begin).total_seconds() for k in ("start", "end"))
    if not end > start:
        raise ValueError(f"flight {given['id']} ends before it starts")
    latest = given.get("latest")
    items = tuple(_item(row, n, given["id"]) for n, row in enumerate(given["items"]))
    if len(items) < 2:
        raise ValueError(f"flight {given['id']} has no mission items")
    return Sortie(
        id=str(given["id"]),
        vehicle=str(given["vehicle"]),
        start_s=start,
        end_s=end,
        landing_share=_number(given["landing_share"], "landing_share"),
        needed=_number(given.get("needed", 0.0), "needed"),
        items=items,
        photos=int(given.get("photos", 0)),
        latest_s=math.inf if latest is None else (_time(latest) - begin).total_seconds(),
        **{
            k: str(given.get(k, ""))
            for k in ("label", "alternative_to", "change", "change_zh", "beside")
        },
    )


def _item(row: Sequence[float], number: int, flight: str) -> Item:
    """An item as [frame, command, p1, p2, p3, p4, x, y, z]; refused as the autopilot refuses it."""
    frame, command, p1, p2, p3, p4, x, y, z = row
    item = Item(
        frame=int(frame),
        command=int(command),
        param1=float(p1),
        param2=float(p2),
        param3=float(p3),
        param4=float(p4),
        x=int(x),
        y=int(y),
        z=float(z),
    )
    result = refusal(item, MISSION)
    if number > 0 and result:
        raise ValueError(
            f"flight {flight}, item {number}: an autopilot refuses it (command {item.command}, "
            f"MAV_MISSION_RESULT {result})"
        )
    return item


def _zone(given: Mapping[str, Any]) -> Zone:
    active = given.get("active")
    return Zone(
        id=str(given["id"]),
        name=str(given.get("name", given["id"])),
        name_zh=str(given.get("name_zh", given.get("name", given["id"]))),
        kind=ZoneKind(given.get("kind", "restricted")),
        polygon=shapely.geometry.shape(given["geometry"]),
        floor_m=float(given.get("floor_m", 0.0)),
        ceiling_m=float(given.get("ceiling_m", 1000.0)),
        buffer_m=float(given.get("buffer_m", 0.0)),
        active=None if active is None else (_time(active[0]), _time(active[1])),
    )


def _ground(given: Mapping[str, Any] | None) -> HeightModel:
    if given is None:
        return FlatGround()
    return HeightGrid(
        west=float(given["west"]),
        south=float(given["south"]),
        step=float(given["step"]),
        heights_m=np.asarray(given["heights_m"], float),
    )


def _place(given: Mapping[str, Any]) -> LonLat:
    return LonLat(_number(given["lon"], "lon"), _number(given["lat"], "lat"))


def _number(value: Any, name: str) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{name} is {value}")
    return number


def _time(text: str) -> datetime:
    """An ISO time with its offset, in UTC."""
    at = datetime.fromisoformat(str(text))
    if at.tzinfo is None:
        raise ValueError(f"the time {text} does not say its zone")
    return at.astimezone(UTC)
