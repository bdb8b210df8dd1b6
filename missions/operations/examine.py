"""The heavy part of taking in a photograph, run in worker processes.

A worker stores the file, reads its pose, computes its footprint and runs the thermal check for
what the tasks at that place look for. Nothing here touches the records.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import cv2
import shapely

from core.equipment import CameraSpec
from core.errors import InvalidInput
from core.geo import HeightModel, LocalFrame, LonLat
from imagery.ingest import Hints, Inspected, inspect, with_pose
from imagery.quality import Quality, judge, measure_thermal
from imagery.storage import MediaFolder, Stored
from missions.catalog import EventType
from missions.catalog.quality import QualityRules
from missions.catalog.quality import load as load_quality
from missions.presets import Preset, load
from missions.processes import leave_with_parent
from thermal.detection.check import Checked, Find, check
from thermal.detection.detect import DetectionRule
from thermal.formats.decode import decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for at a place: a task's geometry, thermal event types and scenarios."""

    task_id: str
    geometry_wkb: bytes
    event_types: tuple[str, ...]
    scenarios: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A file as it came in, and what the flight that took it looks for.

    Attributes:
        data: the file, or empty where it lies at ``path`` on this machine.
    """

    data: bytes
    vehicle: str
    camera: str
    wanted: tuple[Wanted, ...]
    hints: Hints = field(default_factory=Hints)
    path: str = ""

    def read(self) -> bytes:
        """The whole file."""
        return self.data or Path(self.path).read_bytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What became of a delivery.

    Attributes:
        stored: where the file is; None where it could not be stored.
        tasks: ids of the tasks whose place it shows, well enough for one of their scenarios.
        reason: why it is of no use; empty if it is.
        quality: what was measured of the picture or of the temperatures.
        notes: what was odd about it, what was corrected, and what it is not good enough for.
    """

    stored: Stored
    inspected: Inspected | None
    checked: Checked | None
    tasks: tuple[str, ...]
    reason: str
    quality: Quality | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Workbench:
    """What a worker keeps at hand.

    Attributes:
        anywhere: event types that count wherever they are found.
        waters: the mapped rivers, lakes and reservoirs, by place.
    """

    cameras: Mapping[str, CameraSpec]
    heights: HeightModel
    rules: Mapping[str, DetectionRule]
    anywhere: frozenset[str]
    media: MediaFolder
    quality: QualityRules
    waters: shapely.STRtree = field(default_factory=lambda: shapely.STRtree([]))


PLACE_MARGIN_M = 30.0
"""How far beside a mapped place a find still belongs to it: places are mapped to some 10 m, and
lines have a width."""

WATERS = frozenset(("river", "reservoir", "lake"))
"""Kinds of place along whose banks outfalls are looked for."""

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
        quality=load_quality(),
        waters=shapely.STRtree(_waters(preset)),
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


def _waters(preset: Preset) -> list[shapely.Geometry]:
    """Mapped rivers and lakes as areas, WGS-84 degrees (lines by their width)."""
    wet = [place for place in preset.places if place.kind in WATERS]
    if not wet:
        return []
    frame = LocalFrame(LonLat(*shapely.get_coordinates(wet[0].geometry)[0].tolist()))
    return [
        frame.to_degrees(frame.to_metres(place.geometry).buffer(place.width_m / 2))
        if place.width_m
        else place.geometry
        for place in wet
    ]


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
    data = delivery.read()
    stored = bench.media.put(data)
    try:
        inspected = inspect(
            data,
            bench.cameras,
            bench.heights,
            camera_id=delivery.camera,
            thresholds=bench.quality.default,
            hints=delivery.hints,
        )
        if inspected.dropped is not None or inspected.footprint is None:
            return _of_no_use(stored, inspected, inspected.dropped or "shows no ground")
        shown = [w for w in delivery.wanted if _shows(bench, inspected.footprint, w)]
        if inspected.metadata.radiometric:
            return _thermal(bench, delivery.camera, data, stored, inspected, shown)
    except InvalidInput as why:
        return _of_no_use(stored, None, str(why))
    return _kept(bench, stored, inspected, None, shown, inspected.quality)


def _thermal(
    bench: Workbench,
    camera: str,
    data: bytes,
    stored: Stored,
    inspected: Inspected,
    shown: Sequence[Wanted],
) -> Examined:
    """Whether a frame's temperatures are of use, and the thermal check."""
    frame = decode(data)
    measured = measure_thermal(frame.celsius)
    quality = with_pose(measured, inspected.metadata, inspected.height_m)
    reasons = judge(quality, bench.quality.default)
    if reasons:
        useless = _of_no_use(stored, inspected, "; ".join(reasons))
        return replace(useless, quality=quality)
    codes = {code for w in shown for code in w.event_types}
    rules = {code: bench.rules[code] for code in sorted(codes)}
    near = bench.waters.query(inspected.footprint, predicate="intersects")
    checked = check(
        data, bench.cameras, bench.heights, rules, camera_id=camera, frame=frame,
        waters=tuple(bench.waters.geometries[near]),
    )  # fmt: skip
    checked = replace(checked, finds=_where_wanted(bench, checked.finds, shown))
    return _kept(bench, stored, inspected, checked, shown, quality)


def _kept(
    bench: Workbench,
    stored: Stored,
    inspected: Inspected,
    checked: Checked | None,
    shown: Sequence[Wanted],
    quality: Quality | None,
) -> Examined:
    """A photograph of use, and the tasks that it is good enough for."""
    served, notes = [], list(inspected.notes)
    for wanted in shown:
        short = _too_poor_for(bench, wanted.scenarios, quality)
        notes.extend(f"not good enough for {name}: {why}" for name, why in short.items())
        if not wanted.scenarios or len(short) < len(wanted.scenarios):
            served.append(wanted.task_id)
    return Examined(
        stored=stored,
        inspected=inspected,
        checked=checked,
        tasks=tuple(served),
        reason="",
        quality=quality,
        notes=tuple(dict.fromkeys(notes)),
    )


def _too_poor_for(
    bench: Workbench, scenarios: Sequence[str], quality: Quality | None
) -> dict[str, str]:
    """The scenarios that ask more of a photograph than it is, and why it fails them."""
    if quality is None:
        return {}
    stricter = bench.quality.stricter(scenarios)
    judged = {name: "; ".join(judge(quality, limits)) for name, limits in stricter.items()}
    return {name: why for name, why in judged.items() if why}


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
            find.event_type in w.event_types and _belongs(bench, find, w.geometry_wkb)
            for w in shown
        )
    )


def _belongs(bench: Workbench, find: Find, place_wkb: bytes) -> bool:
    """Whether a find is at a place. An outfall is at a river when it is at its water: the line of
    a river runs in its middle."""
    reach_m = PLACE_MARGIN_M + find.error.semi_major_m
    place = _geometry(place_wkb)
    if _metres(find.position, place) <= reach_m:
        return True
    waters = _waters_of(bench, place, (find.event_type,))
    return any(_metres(find.position, water) <= reach_m for water in waters)


def _shows(bench: Workbench, footprint: shapely.Polygon, wanted: Wanted) -> bool:
    """Whether a picture shows a place; where outfalls are looked for, any of a river's water."""
    place = _geometry(wanted.geometry_wkb)
    if place.intersects(footprint):
        return True
    waters = _waters_of(bench, place, wanted.event_types)
    return any(water.intersects(footprint) for water in waters)


def _waters_of(
    bench: Workbench, place: shapely.Geometry, event_types: Sequence[str]
) -> Sequence[shapely.Geometry]:
    """The mapped water of a river or lake that outfalls are looked for along."""
    if shapely.get_dimensions(place) < 1:
        return ()
    if not any(code in bench.rules and bench.rules[code].shore_k > 0 for code in event_types):
        return ()
    return list(bench.waters.geometries[bench.waters.query(place, predicate="intersects")])


def _metres(position: LonLat, place: shapely.Geometry) -> float:
    """Distance to a geometry nearby, on a plane that is true to 0.1 % within a kilometre."""
    per_lat = 111_320.0
    per_lon = per_lat * math.cos(math.radians(position.lat))
    near = shapely.transform(
        place, lambda c: (c - (position.lon, position.lat)) * (per_lon, per_lat)
    )
    return float(near.distance(shapely.Point(0.0, 0.0)))


def _of_no_use(stored: Stored, inspected: Inspected | None, reason: str) -> Examined:
    return Examined(
        stored=stored,
        inspected=inspected,
        checked=None,
        tasks=(),
        reason=reason,
        quality=inspected.quality if inspected else None,
        notes=inspected.notes if inspected else (),
    )


@lru_cache(maxsize=4096)
def _geometry(wkb: bytes) -> shapely.Geometry:
    geometry = shapely.from_wkb(wkb)
    shapely.prepare(geometry)
    return geometry
