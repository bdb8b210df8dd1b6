"""What `flyonce route` reads: features, zones, camera."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import InvalidInput

if TYPE_CHECKING:
    from core.energy import Wind
    from core.equipment import CameraSpec
    from core.zones import Zone


def features(path: Path) -> list[dict[str, Any]]:
    """The features of a file: GeoJSON (a bare geometry counts as one), KML, KMZ or shapefile.

    Raises:
        InvalidInput: the file cannot be read, is not of its kind, or holds nothing.
    """
    if path.suffix.lower() in (".kml", ".kmz", ".zip"):
        from shapely.geometry import mapping

        from planner.formats.files import read_places

        return [
            {
                "type": "Feature",
                "properties": {"name": place.name, **place.properties},
                "geometry": mapping(place.geometry),
            }
            for place in read_places(path)
        ]
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as why:
        raise InvalidInput(
            f"cannot be read: {why.strerror}", where=str(path), remedy="check the name"
        ) from why
    except ValueError as why:
        raise InvalidInput(f"is no JSON: {why}", where=str(path), remedy="see RFC 7946") from why
    kind = found.get("type") if isinstance(found, dict) else None
    given = found.get("features") if kind == "FeatureCollection" else [found]
    if kind is None or not isinstance(given, list):
        raise InvalidInput("is no GeoJSON", where=str(path), remedy="see RFC 7946")
    if kind not in ("FeatureCollection", "Feature"):
        given = [{"type": "Feature", "properties": {}, "geometry": found}]
    if not given or not all(isinstance(one, dict) for one in given):
        raise InvalidInput("holds no features", where=str(path), remedy="draw an area first")
    return given


def zones(path: Path | None) -> "tuple[Zone, ...]":
    """Polygons that are not flown into, with `buffer_m`, `floor_m` and `ceiling_m`."""
    if path is None:
        return ()
    from core.zones import Zone, ZoneKind
    from planner.routes.outline import outline

    found = []
    for k, one in enumerate(features(path)):
        where = f"{path}: feature {k + 1}"
        _, polygon, _ = outline(one.get("geometry"), where, "area")
        given = one.get("properties") or {}
        name = str(given.get("name") or given.get("id") or f"zone {k + 1}")
        found.append(
            Zone(
                id=str(given.get("id") or k + 1),
                name=name,
                name_zh=str(given.get("name_zh") or name),
                kind=ZoneKind.RESTRICTED,
                polygon=polygon,
                floor_m=number(given, "floor_m", where, 0.0),
                ceiling_m=number(given, "ceiling_m", where, 1000.0),
                buffer_m=number(given, "buffer_m", where, 50.0),
            )
        )
    return tuple(found)


def number(given: dict[str, Any], key: str, where: str, default: float) -> float:
    """A number of a feature's properties, not below zero.

    Raises:
        InvalidInput: it is none.
    """
    value = given.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6:
        raise InvalidInput(
            f"{key} is {value!r}, no number from 0 on", where=where, remedy="metres, as 42.5"
        )
    return float(value)


def camera(
    name: str | None,
    hfov_deg: float | None,
    pixels: str | None,
    sensor_width_mm: float | None,
    focal_mm: float | None,
) -> "CameraSpec | None":
    """The camera of the shipped city's vehicles by name, or one of these figures; None without.

    Raises:
        InvalidInput: no such camera, or half of its figures.
    """
    import math

    from core.equipment import CameraSpec, Sensor

    if name is not None:
        return _named(name)
    if sensor_width_mm is not None and focal_mm is not None:
        hfov_deg = math.degrees(2 * math.atan(sensor_width_mm / (2 * focal_mm)))
    if hfov_deg is None and pixels is None and sensor_width_mm is None and focal_mm is None:
        return None
    size = re.fullmatch(r"(\d+)[xX,](\d+)", pixels or "")
    if hfov_deg is None or size is None:
        raise InvalidInput(
            "a camera needs its field of view and its pixels",
            where="--hfov, --pixels",
            remedy="give --hfov 84 --pixels 5280x3956, or --sensor-width and --focal for --hfov",
        )
    try:
        return CameraSpec(
            id="given",
            sensor=Sensor.VISIBLE,
            width_px=int(size[1]),
            height_px=int(size[2]),
            hfov_deg=hfov_deg,
        )
    except ValueError as why:
        raise InvalidInput(str(why), where="--hfov, --pixels", remedy="check the figures") from why


def _named(name: str) -> "CameraSpec":
    from missions.presets import load

    known = {c.id: c for kind in load("quzhou").kinds.values() for c in kind.cameras}
    if name not in known:
        raise InvalidInput(
            f"no camera {name!r}", where="--camera", remedy="known: " + ", ".join(sorted(known))
        )
    return known[name]


def wind(text: str | None) -> "Wind":
    """SPEED,FROM in m/s and degrees.

    Raises:
        InvalidInput: not two such numbers.
    """
    from core.energy import CALM, Wind

    if text is None:
        return CALM
    speed, from_deg = pair(text, "--wind", "5,270")
    if not (0 <= speed <= 60 and 0 <= from_deg <= 360):
        raise InvalidInput(f"no such wind: {text}", where="--wind", remedy="SPEED,FROM: 5,270")
    return Wind(speed, from_deg)


def pair(text: str, where: str, example: str) -> tuple[float, float]:
    """Two numbers with a comma between.

    Raises:
        InvalidInput: anything else.
    """
    found = re.fullmatch(r"\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*", text)
    if found is None:
        raise InvalidInput(f"{text!r} is no pair of numbers", where=where, remedy=f"as {example}")
    return float(found[1]), float(found[2])
