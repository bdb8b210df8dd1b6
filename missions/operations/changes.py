"""What changed since the last look: pairs of photographs compared in worker processes.

Every part of the later visit is compared once as far as it was photographed before and the time
allows; what was not compared is said. A change that several pairs show is one change.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import shape

from core.equipment import Sensor
from core.errors import InvalidInput, NotFound
from core.geo import LonLat, distance_m
from imagery.catalog import Medium, MediumState
from imagery.change.compare import Aligned, ChangeRegion
from imagery.change.poses import guess
from imagery.change.profiles import PROFILES
from imagery.detectors.run import read_picture
from imagery.ground.georeference import ground_point, native_pixel
from imagery.ingest import Inspected, inspect
from missions.entities import Found, PictureBox
from missions.operations.examine import Workbench, workbench
from missions.store.protocol import Between, Unit

Picture = npt.NDArray[np.uint8]
Matrix = npt.NDArray[np.float64]

DETECTOR, VERSION = "change", "2"
PAIRS = 40
"""Most pairs compared for a task: a minute or two of one core."""
CHUNK = 4
"""Pairs a job: photographs that come in meanwhile wait no longer than for these."""
NEW_SHARE = 0.25
"""A photograph is compared if at least so much of it was not compared yet."""
COMMON_SHARE = 0.4
"""Two photographs are compared if they share at least so much of the later one's ground."""
SAME_GSD = 1.5
"""Pictures whose resolutions differ by more than this factor are not compared."""
SAME_M = 4.0
"""Changes of one kind no farther apart are one: the error of two drones' positions."""
_MOST = 12
"""Most changes of one pair that go on: a pair with more shows another season."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An earlier and a later photograph of one place."""

    before: Medium
    after: Medium


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The pairs of a task.

    Attributes:
        compared: share of the ground photographed in the later visit that the pairs compare.
        unseen: share of it that no earlier visit shows well enough; the rest is for want of time.
    """

    pairs: tuple[Pair, ...]
    compared: float
    unseen: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that changed, on the ground and in the pictures that show it best.

    Attributes:
        profile: of `imagery.change.profiles`.
    """

    pair: Pair
    position: LonLat
    profile: str
    found: Found

    @property
    def score(self) -> float:
        """0 to 1."""
        return self.found.score


def choose(unit: Unit, media: Sequence[Medium], before: datetime, most: int = PAIRS) -> Chosen:
    """Pairs with predecessors from before ``before``, so that every part is compared once."""
    shown = [m for m in media if m.footprint is not None and m.gsd_m is not None]
    all_ground = shapely.unary_union([shape(m.footprint) for m in shown])
    compared = seen_before = shapely.Polygon()
    pairs: list[Pair] = []
    for medium in shown:
        ground = shape(medium.footprint)
        if ground.difference(seen_before).area < NEW_SHARE * ground.area:
            continue
        earlier = _earlier(unit, medium, ground, before)
        if earlier is None:
            continue
        common = ground.intersection(shape(earlier.footprint))
        seen_before = seen_before.union(common)
        if len(pairs) < most:
            pairs.append(Pair(before=earlier, after=medium))
            compared = compared.union(common)
    whole = all_ground.area or 1.0
    return Chosen(
        pairs=tuple(pairs),
        compared=min(1.0, compared.area / whole),
        unseen=max(0.0, 1.0 - seen_before.area / whole),
    )


def compare_pairs(work: Sequence[Pair], profiles: Sequence[str]) -> list[Change]:
    """The changes of some pairs, by any of the profiles; pairs that cannot be matched have none."""
    bench = workbench()
    return [change for pair in work for change in _compared(bench, pair, profiles)]


def merged(changes: Iterable[Change]) -> list[Change]:
    """Changes of one profile at one place are one: the best of them, with all its pictures."""
    kept: list[Change] = []
    for change in sorted(changes, key=lambda c: -c.score):
        same = next((k for k in kept if _same(k, change)), None)
        if same is None:
            kept.append(change)
        else:
            at = kept.index(same)
            kept[at] = replace(same, found=replace(same.found, seen=same.found.seen + 1))
    return kept


def _same(one: Change, other: Change) -> bool:
    reach = max(SAME_M, 0.75 * float(np.sqrt(max(one.found.area_m2 or 0.0, 0.0))))
    return one.profile == other.profile and distance_m(one.position, other.position) <= reach


def _earlier(
    unit: Unit, medium: Medium, ground: shapely.Polygon, before: datetime
) -> Medium | None:
    """The predecessor that shares most ground, the latest of those that share nearly as much."""
    west, south, east, north = ground.bounds
    margin_lon, margin_lat = (east - west) / 2, (north - south) / 2
    candidates = unit.media.find(
        lon=Between(west - margin_lon, east + margin_lon),
        lat=Between(south - margin_lat, north + margin_lat),
        taken_at=Between(high=before),
        sensor=Sensor.VISIBLE,
        state=MediumState.KEPT,
    )
    best: tuple[float, datetime, Medium] | None = None
    for m in candidates:
        if m.footprint is None or m.gsd_m is None or m.taken_at is None or m.id == medium.id:
            continue
        if not 1 / SAME_GSD < m.gsd_m / (medium.gsd_m or 1.0) < SAME_GSD:
            continue
        share = round(ground.intersection(shape(m.footprint)).area / ground.area, 1)
        if share >= COMMON_SHARE and (best is None or (share, m.taken_at) > best[:2]):
            best = (share, m.taken_at, m)
    return best[2] if best else None


@lru_cache(maxsize=2)
def _opened(bench_id: int, key: str, camera: str) -> tuple[Picture, Inspected]:
    """A photograph and where it was taken from; neighbours share one of a pair."""
    bench = workbench()
    data = bench.media.open(key)
    inspected = inspect(data, bench.cameras, bench.heights, camera_id=camera)
    return read_picture(data, key), inspected


def _compared(bench: Workbench, pair: Pair, profiles: Sequence[str]) -> list[Change]:
    try:
        earlier, one = _opened(id(bench), pair.before.key, pair.before.camera)
        later, two = _opened(id(bench), pair.after.key, pair.after.camera)
        gsd = _stored_gsd(pair.before, one, earlier)
        aligned = Aligned(earlier, later, gsd_m=gsd, guess=_guess(bench, one, two, earlier, later))
        found: list[Change | None] = []
        for name in profiles:
            regions = aligned.compare(PROFILES[name]).regions[:_MOST]
            found.extend(_change(bench, pair, two, later, name, r, aligned) for r in regions)
    except (InvalidInput, NotFound):  # not the same ground, or a file that is gone: nothing to say
        return []
    return [change for change in found if change is not None]


def _stored_gsd(medium: Medium, inspected: Inspected, picture: Picture) -> float | None:
    """Metres a pixel of the picture as stored; the catalogue's is that of the native one."""
    if medium.gsd_m is None or inspected.camera is None:
        return medium.gsd_m
    return medium.gsd_m * inspected.camera.width_px / float(picture.shape[1])


def _guess(
    bench: Workbench, one: Inspected, two: Inspected, first: Picture, second: Picture
) -> Matrix | None:
    a, b = one.metadata.pose, two.metadata.pose
    if a is None or b is None or one.camera is None or two.camera is None:
        return None
    sizes = [(p.shape[1], p.shape[0]) for p in (first, second)]
    return guess((a, one.camera, sizes[0]), (b, two.camera, sizes[1]), bench.heights)


def _change(
    bench: Workbench,
    pair: Pair,
    later: Inspected,
    picture: Picture,
    profile: str,
    region: ChangeRegion,
    aligned: Aligned,
) -> Change | None:
    """A region on the ground, by the later picture's pose; None where it shows no ground."""
    pose, camera = later.metadata.pose, later.camera
    if pose is None or camera is None:
        return None
    move = aligned.registration.move
    x, y, w, h = _box_after(region, move)
    pixel = native_pixel(camera, x + w / 2, y + h / 2, (picture.shape[1], picture.shape[0]))
    try:
        position = ground_point(pose, camera, pixel, bench.heights)
    except InvalidInput:
        return None
    before = PictureBox(
        medium_id=pair.before.id, **dict(zip("xywh", map(float, region.bbox), strict=True))
    )
    found = Found(
        detector=DETECTOR,
        version=VERSION,
        score=round(region.score, 3),
        kind=region.kind,
        area_m2=None if region.area_m2 is None else round(region.area_m2, 2),
        boxes=(PictureBox(medium_id=pair.after.id, x=x, y=y, w=w, h=h), before),
        transform=tuple(float(v) for v in move.ravel()),
    )
    return Change(pair=pair, position=position, profile=profile, found=found)


def _box_after(region: ChangeRegion, move: Matrix) -> tuple[float, float, float, float]:
    """A box of the earlier picture in pixels of the later one."""
    x, y, w, h = region.bbox
    ring = np.array([[x, x + w, x + w, x], [y, y, y + h, y + h], [1, 1, 1, 1]], float)
    back = np.linalg.inv(move) @ ring
    columns, rows = back[0] / back[2], back[1] / back[2]
    left, top = float(columns.min()), float(rows.min())
    return left, top, float(columns.max()) - left, float(rows.max()) - top
