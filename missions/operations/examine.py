"""The heavy part of taking in a photograph, run in worker processes.

A worker stores the file, reads its pose, computes its footprint and runs the thermal check for
what the tasks at that place look for. Nothing here touches the records.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import shapely

from core.equipment import CameraSpec
from core.errors import InvalidInput
from core.geo import HeightModel, LonLat
from imagery.ingest import Inspected, inspect
from imagery.storage import MediaFolder, Stored
from missions.catalog import EventType
from missions.presets import load
from missions.processes import leave_with_parent
from thermal.detection.check import Checked, Find, check
from thermal.detection.detect import DetectionRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for at a place: a task's geometry and its thermal event types."""

    task_id: str
    geometry_wkb: bytes
    event_types: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A file as it came in, and what the flight that took it looks for."""

    data: bytes
    vehicle: str
    camera: str
    wanted: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What became of a delivery.

    Attributes:
        stored: where the file is; None where it could not be stored.
        tasks: ids of the tasks whose place it shows.
        reason: why it is of no use; empty if it is.
    """

    stored: Stored
    inspected: Inspected | None
    checked: Checked | None
    tasks: tuple[str, ...]
    reason: str


@dataclass(frozen=True, kw_only=True)
class Workbench:
    """What a worker keeps at hand."""

    cameras: Mapping[str, CameraSpec]
    heights: HeightModel
    rules: Mapping[str, DetectionRule]
    anywhere: frozenset[str]
    media: MediaFolder


PLACE_MARGIN_M = 30.0
"""How far beside a mapped place a find still belongs to it: places are mapped to some 10 m, and
lines have a width."""

_bench: Workbench | None = None


def open_workbench(preset_name: str, media_root: str) -> None:
    """Prepare this process; the pool's initializer."""
    global _bench
    leave_with_parent()
    cv2.setNumThreads(1)  # the pool's processes are the parallel ones
    preset = load(preset_name)
    _bench = Workbench(
        cameras={c.id: c for kind in preset.kinds.values() for c in kind.cameras},
        heights=preset.heights,
        rules=thermal_rules(preset.event_types),
        anywhere=frozenset(
            code
            for code, kind in preset.event_types.items()
            if kind.class_code in preset.recheck.classes
        ),
        media=MediaFolder(media_root),
    )


def workbench() -> Workbench:
    """This worker's workbench."""
    if _bench is None:
        raise RuntimeError("open_workbench has not run in this process")
    return _bench


def thermal_rules(event_types: Mapping[str, EventType]) -> dict[str, DetectionRule]:
    """The detection rule of every event type that the thermal detector finds."""
    return {
        code: DetectionRule.from_mapping(kind.rule, severity=kind.severity, where=code)
        for code, kind in event_types.items()
        if kind.detector == "thermal"
    }


def is_urgent(event_type: EventType) -> bool:
    """Whether a find of this type raises the alarm: severity 4 means act at once."""
    return event_type.detector == "thermal" and event_type.severity >= 4


def examine(deliveries: Sequence[Delivery]) -> list[Examined]:
    """Examine a batch, in order; a bad file is a reason, never an exception.

    Raises:
        Unavailable: the media folder cannot take the files.
    """
    return [_examine(workbench(), delivery) for delivery in deliveries]


def _examine(bench: Workbench, delivery: Delivery) -> Examined:
    stored = bench.media.put(delivery.data)
    try:
        inspected = inspect(delivery.data, bench.cameras, bench.heights, camera_id=delivery.camera)
        if inspected.dropped is not None or inspected.footprint is None:
            return _of_no_use(stored, inspected, inspected.dropped or "shows no ground")
        shown = [
            w for w in delivery.wanted if _geometry(w.geometry_wkb).intersects(inspected.footprint)
        ]
        checked = None
        if inspected.metadata.radiometric:
            codes = {code for w in shown for code in w.event_types}
            rules = {code: bench.rules[code] for code in sorted(codes)}
            checked = check(
                delivery.data, bench.cameras, bench.heights, rules, camera_id=delivery.camera
            )
            checked = replace(checked, finds=_where_wanted(bench, checked.finds, shown))
    except InvalidInput as why:
        return _of_no_use(stored, None, str(why))
    return Examined(
        stored=stored,
        inspected=inspected,
        checked=checked,
        tasks=tuple(w.task_id for w in shown),
        reason="",
    )


def _where_wanted(
    bench: Workbench, finds: Sequence[Find], shown: Sequence[Wanted]
) -> tuple[Find, ...]:
    """Finds at the places that are looked at for their type; fires count wherever they burn.

    A frame shows more than the place: what is no seepage of this dam is none.
    """
    return tuple(
        find
        for find in finds
        if find.event_type in bench.anywhere
        or any(
            find.event_type in w.event_types
            and _metres(find.position, w.geometry_wkb) <= PLACE_MARGIN_M + find.error.semi_major_m
            for w in shown
        )
    )


def _metres(position: LonLat, wkb: bytes) -> float:
    """Distance to a geometry nearby, on a plane that is true to 0.1 % within a kilometre."""
    per_lat = 111_320.0
    per_lon = per_lat * math.cos(math.radians(position.lat))
    near = shapely.transform(
        _geometry(wkb), lambda c: (c - (position.lon, position.lat)) * (per_lon, per_lat)
    )
    return float(near.distance(shapely.Point(0.0, 0.0)))


def _of_no_use(stored: Stored, inspected: Inspected | None, reason: str) -> Examined:
    return Examined(stored=stored, inspected=inspected, checked=None, tasks=(), reason=reason)


@lru_cache(maxsize=4096)
def _geometry(wkb: bytes) -> shapely.Geometry:
    geometry = shapely.from_wkb(wkb)
    shapely.prepare(geometry)
    return geometry
