"""What changed since the last look: pairs of photographs compared in worker processes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import cv2
import numpy as np

from core.equipment import Sensor
from core.errors import InvalidInput
from core.geo import LonLat, distance_m
from imagery.catalog import Medium, MediumState
from imagery.change import compare
from imagery.ground.georeference import ground_point, native_pixel
from imagery.ingest import inspect
from missions.operations.examine import Workbench, workbench
from missions.store.protocol import Between, Unit

PAIRS = 12
"""Most pairs compared for a task, spread evenly over it."""
NEAR_M = 25.0
"""Two photographs taken this near to each other, looking down, show mostly the same ground."""
NEAR_DEG = 0.0003
SAME_GSD = 1.25
"""Pictures whose resolutions differ by more than a quarter are not compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An earlier and a later photograph of one place."""

    before: Medium
    after: Medium


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Where the later photograph of a pair differs most.

    Attributes:
        score: in units of the ordinary difference between the two.
    """

    pair: Pair
    position: LonLat
    score: float


def pairs(unit: Unit, media: Sequence[Medium], before: datetime) -> list[Pair]:
    """For photographs of a flight, their nearest predecessors from before the flight."""
    step = max(1, len(media) // PAIRS)
    found = []
    for medium in media[::step][:PAIRS]:
        earlier = _earlier(unit, medium, before)
        if earlier is not None:
            found.append(Pair(before=earlier, after=medium))
    return found


def compare_pairs(work: Sequence[Pair]) -> list[Change]:
    """The strongest change of each pair that has one; pairs that cannot be matched have none."""
    bench = workbench()
    changes = (_compared(bench, pair) for pair in work)
    return sorted((c for c in changes if c is not None), key=lambda c: -c.score)


def _earlier(unit: Unit, medium: Medium, before: datetime) -> Medium | None:
    at, gsd = medium.position, medium.gsd_m
    if at is None or gsd is None:
        return None
    candidates = unit.media.find(
        lon=Between(at.lon - NEAR_DEG, at.lon + NEAR_DEG),
        lat=Between(at.lat - NEAR_DEG, at.lat + NEAR_DEG),
        taken_at=Between(high=before),
        sensor=Sensor.VISIBLE,
        state=MediumState.KEPT,
    )
    near = [
        (distance_m(at, m.position), m)
        for m in candidates
        if m.position is not None
        and m.gsd_m is not None
        and 1 / SAME_GSD < m.gsd_m / gsd < SAME_GSD
    ]
    best = min(near, key=lambda pair: pair[0], default=None)
    return best[1] if best is not None and best[0] <= NEAR_M else None


def _compared(bench: Workbench, pair: Pair) -> Change | None:
    first, second = bench.media.open(pair.before.key), bench.media.open(pair.after.key)
    inspected = inspect(first, bench.cameras, bench.heights)
    pose, camera = inspected.metadata.pose, inspected.camera
    if pose is None or camera is None:
        return None
    earlier, later = _gray(first), _gray(second)
    try:
        regions = compare(earlier, later).regions
        if not regions:
            return None
        column, row = regions[0].centre
        stored = (earlier.shape[1], earlier.shape[0])
        pixel = native_pixel(camera, column, row, stored)
        position = ground_point(pose, camera, pixel, bench.heights)
    except InvalidInput:  # the two do not show the same ground, or the sky: nothing to compare
        return None
    return Change(pair=pair, position=position, score=regions[0].score)


def _gray(data: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    return np.asarray(picture, np.uint8)
