"""Trained detectors on the photographs of a task: run in workers, finds merged by place."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from core.errors import InvalidInput, NotFound
from core.geo import LonLat, distance_m
from imagery.catalog import Medium
from imagery.detectors.folder import Detectors, load_folder
from imagery.detectors.model import Model
from imagery.detectors.outputs import Detection
from imagery.detectors.run import detect, read_picture
from imagery.ground.georeference import ground_point, native_pixel
from imagery.ingest import Inspected, inspect
from missions.entities import Found, PictureBox
from missions.operations.examine import Workbench, workbench
from missions.operations.shelf import Shelf

CHUNK = 4
"""Photographs a job: what comes in meanwhile waits no longer than for these."""
SAME_M = 6.0
"""Finds of one event type no farther apart are one thing: the error of a drone's position and of
flat ground under a thing that stands up."""
BOXES = 6
"""Photographs of a find that an officer is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Something a model found, on the ground."""

    event_type: str
    position: LonLat
    found: Found


def spot(shelf: Shelf, media: Sequence[Medium], codes: frozenset[str]) -> list[Spot]:
    """What the models of a shelf find of some event types; a bad photograph has no finds."""
    bench = workbench()
    models = loaded(shelf).for_event_types(codes)
    return [s for medium in media for s in _spotted(bench, medium, models, codes)]


@lru_cache(maxsize=2)
def loaded(shelf: Shelf) -> Detectors:
    """The detectors of a folder, in this process, loaded once."""
    return load_folder(Path(shelf.folder) if shelf.folder else None, dict(shelf.slots))


def merged(spots: Sequence[Spot]) -> list[Spot]:
    """One place, one find: the best of those of one type and detector that lie together."""
    kept: list[Spot] = []
    for each in sorted(spots, key=lambda s: -s.found.score):
        at = next((i for i, k in enumerate(kept) if _same(k, each)), None)
        if at is None:
            kept.append(each)
            continue
        best = kept[at].found
        boxes = (*best.boxes, *each.found.boxes)[:BOXES]
        kept[at] = replace(kept[at], found=replace(best, boxes=boxes, seen=best.seen + 1))
    return kept


def _same(one: Spot, other: Spot) -> bool:
    """Two finds in one photograph are two things, however near."""
    shown = {box.medium_id for box in one.found.boxes}
    return (
        one.event_type == other.event_type
        and one.found.detector == other.found.detector
        and not shown & {box.medium_id for box in other.found.boxes}
        and distance_m(one.position, other.position) <= SAME_M
    )


def _spotted(
    bench: Workbench, medium: Medium, models: Sequence[Model], codes: frozenset[str]
) -> list[Spot]:
    try:
        data = bench.media.open(medium.key)
        inspected = inspect(data, bench.cameras, bench.heights, camera_id=medium.camera)
        picture = read_picture(data, medium.id)
        size = (picture.shape[1], picture.shape[0])
        found = [(m, d) for m in models for d in detect(m, picture) if d.event_type in codes]
        spots = [_spot(bench, medium, inspected, size, model, each) for model, each in found]
    except (InvalidInput, NotFound):  # broken or deleted since: the intake has said so
        return []
    return [s for s in spots if s is not None]


def _spot(
    bench: Workbench,
    medium: Medium,
    inspected: Inspected,
    size: tuple[int, int],
    model: Model,
    each: Detection,
) -> Spot | None:
    pose, camera = inspected.metadata.pose, inspected.camera
    if pose is None or camera is None or each.event_type is None:
        return None
    x, y, w, h = each.box
    try:
        pixel = native_pixel(camera, x + w / 2, y + h / 2, size)
        position = ground_point(pose, camera, pixel, bench.heights)
    except InvalidInput:  # above the horizon
        return None
    found = Found(
        detector=f"onnx:{model.stem}",
        version=model.card.version,
        score=round(each.score, 3),
        label=each.label,
        boxes=(PictureBox(medium_id=medium.id, x=x, y=y, w=w, h=h),),
    )
    return Spot(event_type=each.event_type, position=position, found=found)
