"""Routes as GeoJSON: the whole path, and each leg that is photographed."""

import itertools
from typing import Any

import numpy as np

from planner.routes.one import Answer, Flown


def features(found: Answer, number: int) -> list[dict[str, Any]]:
    """A path (`path: true`) with its figures, then its photo legs (`photo: true`)."""
    parts = [p for p in found.parts if len(p.xyz)]
    whole = np.concatenate([parts[0].xyz, *(p.xyz[_joined(a, p) :] for a, p in _pairs(parts))])
    ask = found.ask
    path = {
        "path": True,
        "route": number,
        "name": ask.name,
        "kind": ask.kind,
        "height_m": ask.height_m,
        "line_spacing_m": _figure(ask.line_spacing_m or None, 3),
        "photo_spacing_m": _figure(ask.photo_spacing_m or None, 3),
        "covered": _figure(found.covered, 4),
        "shortfall": _figure(None if found.covered is None else 1 - found.covered, 4),
        "length_m": _figure(found.length_m, 1),
        "ideal_m": _figure(found.ideal_m, 1),
        "seconds": _figure(found.seconds, 1),
        "photos": found.route.photos,
        "notes": list(found.notes),
    }
    legs = [
        _feature(found, p.xyz, {"photo": True, "route": number, "leg": k})
        for k, p in enumerate(p for p in parts if p.photo)
    ]
    return [_feature(found, whole, path), *legs]


def _pairs(parts: list[Flown]) -> list[tuple[Flown, Flown]]:
    return list(itertools.pairwise(parts))


def _joined(before: Flown, part: Flown) -> int:
    """1 where a part begins at the very point at which the one before ended, else 0."""
    return int(np.abs(before.xyz[-1] - part.xyz[0]).max() < 1e-6)


def _feature(found: Answer, xyz: Any, properties: dict[str, Any]) -> dict[str, Any]:
    lon, lat = found.frame.lonlat(xyz[:, 0], xyz[:, 1])
    places = [[round(float(x), 9), round(float(y), 9)] for x, y in zip(lon, lat, strict=True)]
    if len(places) == 1:
        places *= 2  # a LineString needs two places; the drone stays
    heights = {round(float(h), 2) for h in xyz[:, 2]}
    properties["heights_m"] = (
        heights.pop() if len(heights) == 1 else [round(float(h), 2) for h in xyz[:, 2]]
    )
    return {
        "type": "Feature",
        "properties": {k: v for k, v in properties.items() if v is not None},
        "geometry": {"type": "LineString", "coordinates": places},
    }


def _figure(value: float | None, digits: int) -> float | None:
    return None if value is None else round(float(value), digits)
