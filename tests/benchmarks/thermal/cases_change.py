"""Change between two visits: what is found of things put into real frames, and false alarms.

The score's weights were fitted on the frames and pairs whose numbers add up to something even;
everything here is measured on the other half, with things that were never seen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from time import process_time

import cv2
import numpy as np

from benchmarks.thermal.change_scenes import (
    GSD_M,
    KINDS,
    SIZES_M2,
    Picture,
    frames,
    is_open,
    moved,
    other_light,
    put,
)
from benchmarks.thermal.registry import Row, Setting, Table, group
from core.errors import InvalidInput
from imagery.change.compare import Comparison, compare

PAIRS = (
    *((18, 29), (22, 23), (22, 25), (23, 24), (24, 25), (24, 35), (25, 26), (25, 34), (26, 27)),
    *((26, 33), (27, 28), (28, 29), (28, 31), (29, 30), (30, 31), (31, 32), (32, 33), (33, 34)),
)
"""Frames of one flight that overlap by a third and more; their numbers add up to odd."""
_WIDTHS = (1000, 500)
_THINGS = 5
_SPOT = tuple[float, float, float, str, float, bool]


@dataclass
class _Count:
    """What came out of some comparisons."""

    pairs: int = 0
    refused: int = 0
    alarms: int = 0
    by_size: dict[float, list[bool]] = field(default_factory=dict)
    by_kind: dict[str, list[bool]] = field(default_factory=dict)
    even: list[bool] = field(default_factory=list)
    sign: list[bool] = field(default_factory=list)
    area: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


@group("change", "Change between two visits: recall by size, false alarms a pair")
def measure(setting: Setting) -> Iterator[Table]:
    """Three situations at two ground resolutions, then recall by kind of thing."""
    folder = setting.folder("rgb", "brighton_q")
    rows: list[Row] = []
    kinds: dict[str, list[bool]] = {}
    for width in _WIDTHS:
        pictures = frames(folder, width)
        for name, run in (("one viewpoint", _same_view), ("12 m apart", _parallax)):
            setting.tell(f"{name}, {100 * GSD_M * 1000 / width:.1f} cm/px")
            count = run(pictures, np.random.default_rng([setting.seed, width]))
            rows.append(_row(name, width, count))
            if name == "one viewpoint":
                for kind, hits in count.by_kind.items():
                    kinds.setdefault(kind, []).extend(hits)
    yield Table(
        title="Things put into real frames (drone survey at 32 m, trees, cars, shore)",
        columns=tuple(rows[0]),
        rows=rows,
        notes=(
            "one viewpoint: turned, shifted and scaled, every fifth by 180 degrees; "
            "12 m apart: another frame of the same flight, far more parallax than two visits have",
            "both: other exposure, white balance, gamma, clouds, blur, noise, JPEG 75-92",
            "alarms: regions that are none of the things put in; unchanged pairs are counted too",
            "fitted on the other half of the frames and pairs",
        ),
    )
    yield Table(
        title="One viewpoint, by kind of thing",
        columns=("kind", "recall"),
        rows=[{"kind": kind, "recall": _share(hits)} for kind, hits in kinds.items()],
    )


def _same_view(pictures: dict[int, Picture], rng: np.random.Generator) -> _Count:
    count = _Count()
    for number in (n for n in sorted(pictures) if n % 2):
        plain = pictures[number]
        donor = pictures[18 + (number * 7) % 18]
        changed, spots = _with_things(plain, donor, rng)
        turn = 180.0 if number % 5 == 0 else None
        _judge(count, plain, moved(changed, rng, turn)[0], spots, "new", rng)
        _judge(count, changed, moved(plain, rng, turn)[0], spots, "gone", rng)
        _judge(count, plain, moved(plain, rng, turn)[0], [], "", rng)
    return count


def _parallax(pictures: dict[int, Picture], rng: np.random.Generator) -> _Count:
    count = _Count()
    for a, b in PAIRS:
        before, after = pictures[a], pictures[b]
        _judge(count, before, after, [], "", rng)
        changed, spots = _with_things(after, pictures[18 + (b * 7) % 18], rng)
        _judge(count, before, changed, spots, "new", rng, in_after=True)
    return count


def _with_things(
    picture: Picture, donor: Picture, rng: np.random.Generator
) -> tuple[Picture, list[_SPOT]]:
    """The picture with things at least a sixth of its width apart."""
    h, w = picture.shape[:2]
    gsd, spots, result = GSD_M * 1000 / w, list[_SPOT](), picture
    for _ in range(200):
        x, y = rng.uniform(0.15, 0.85) * w, rng.uniform(0.15, 0.85) * h
        if len(spots) == _THINGS or any(np.hypot(x - s[0], y - s[1]) < 0.16 * w for s in spots):
            continue
        kind, area = KINDS[int(rng.integers(len(KINDS)))], float(rng.choice(SIZES_M2))
        radius = float(np.sqrt(area)) / gsd / 2
        spots.append((x, y, radius, kind, area, is_open(picture, (x, y), radius)))
        result, _ = put(result, donor, kind, area, gsd, (x, y), rng)
    return result, spots


def _judge(
    count: _Count,
    before: Picture,
    after: Picture,
    spots: Sequence[_SPOT],
    sign: str,
    rng: np.random.Generator,
    *,
    in_after: bool = False,
) -> None:
    """Compare, and hold what is found against what was put in."""
    began = process_time()
    try:
        found = compare(before, other_light(after, rng), gsd_m=GSD_M * 1000 / before.shape[1])
    except InvalidInput:
        count.refused += 1
        return
    count.seconds.append(process_time() - began)
    count.pairs += 1
    there = [_there(s, found, in_after) for s in spots]
    seen = [s for s in there if _shown(s, found, before, after)]
    true = set()
    for spot in seen:
        hits = [i for i, r in enumerate(found.regions) if _at(r.bbox, spot)]
        true.update(hits)
        for into in (count.by_size.setdefault(spot[4], []), count.by_kind.setdefault(spot[3], [])):
            into.append(bool(hits))
        if spot[5]:
            count.even.append(bool(hits))
        if hits:
            best = max((found.regions[i] for i in hits), key=lambda r: r.area_px)
            count.sign.append(best.kind == sign)
            count.area.append((best.area_m2 or 0.0) / spot[4])
    aside = {i for s in there for i, r in enumerate(found.regions) if _at(r.bbox, s)}
    count.alarms += len(set(range(len(found.regions))) - true - aside)


def _there(spot: _SPOT, found: Comparison, in_after: bool) -> _SPOT:
    """A thing's place in the earlier picture."""
    if not in_after:
        return spot
    at = cv2.perspectiveTransform(np.array([[spot[:2]]], np.float64), found.transform)[0, 0]
    return (float(at[0]), float(at[1]), *spot[2:])


def _shown(spot: _SPOT, found: Comparison, before: Picture, after: Picture) -> bool:
    """Whether both pictures show a thing whole."""
    back = np.linalg.inv(found.transform)
    for (x, y), picture in (
        (spot[:2], before),
        (cv2.perspectiveTransform(np.array([[spot[:2]]], np.float64), back)[0, 0], after),
    ):
        r = spot[2] + 10
        if not (r <= x < picture.shape[1] - r and r <= y < picture.shape[0] - r):
            return False
    return True


def _at(bbox: tuple[int, int, int, int], spot: _SPOT) -> bool:
    x, y, w, h = bbox
    reach = spot[2] / 2
    return x - reach <= spot[0] <= x + w + reach and y - reach <= spot[1] <= y + h + reach


def _row(name: str, width: int, count: _Count) -> Row:
    every = [hit for hits in count.by_size.values() for hit in hits]
    return {
        "view": name,
        "cm/px": round(100 * GSD_M * 1000 / width, 1),
        "pairs": count.pairs,
        "refused": count.refused,
        **{f"{size:g} m2": _share(count.by_size.get(size, [])) for size in SIZES_M2},
        "all": _share(every),
        "even ground": _share(count.even),
        "alarms a pair": round(count.alarms / max(1, count.pairs), 2),
        "sign right": _share(count.sign),
        "area / true": round(median(count.area), 2) if count.area else "-",
        "CPU s": round(median(count.seconds), 2) if count.seconds else "-",
    }


def _share(hits: Sequence[bool]) -> str:
    return f"{sum(hits)}/{len(hits)}" if hits else "-"
