"""Catalogue entries: STAC 1.1.0 items and collections of photographs and of what is made of them.

Plain JSON-able mappings: a search answers with hundreds, and pystac's objects cost ten times as
much. Tests hold every form against pystac and the published schemas. Links and assets come from
the caller, because only it knows the addresses.

Extensions used: view 1.0.0, file 2.1.0, projection 2.0.0. What STAC has no name for begins with
``flyonce:``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.equipment import Sensor
from imagery.catalog import Medium
from imagery.products.product import Product, ProductKind

Json = dict[str, Any]

VERSION = "1.1.0"
VIEW = "https://stac-extensions.github.io/view/v1.0.0/schema.json"
FILE = "https://stac-extensions.github.io/file/v2.1.0/schema.json"
PROJECTION = "https://stac-extensions.github.io/projection/v2.0.0/schema.json"

COG = "image/tiff; application=geotiff; profile=cloud-optimized"
_SHA2_256 = "1220"
"""Multihash prefix of SHA2-256: code 0x12, length 0x20 (https://multiformats.io/multihash)."""


@dataclass(frozen=True, slots=True)
class Described:
    """A collection: photographs of a sensor, or products of a kind."""

    id: str
    title: str
    description: str
    of: Sensor | ProductKind


COLLECTIONS: Mapping[str, Described] = {
    c.id: c
    for c in (
        Described(
            "visible",
            "Visible photographs",
            "Photographs as drones' wide cameras took them, with the ground that each shows.",
            Sensor.VISIBLE,
        ),
        Described(
            "zoom",
            "Zoom photographs",
            "Photographs of drones' telephoto cameras.",
            Sensor.ZOOM,
        ),
        Described(
            "thermal",
            "Thermal photographs",
            "Radiometric files as thermal cameras wrote them.",
            Sensor.THERMAL,
        ),
        Described(
            "temperature",
            "Temperature rasters",
            "Surface temperatures in degrees Celsius (float32), one thermal photograph each, laid "
            "on the height model; every pixel is as the decoder read it.",
            ProductKind.TEMPERATURE,
        ),
        Described(
            "mosaic-visible",
            "Visible mosaics",
            "Visible photographs of a flight, task or request as one map.",
            ProductKind.VISIBLE_MOSAIC,
        ),
        Described(
            "mosaic-thermal",
            "Thermal mosaics",
            "Surface temperatures of a flight, task or request as one map, degrees Celsius.",
            ProductKind.THERMAL_MOSAIC,
        ),
    )
}
_OF = {c.of: c.id for c in COLLECTIONS.values()}


def collection_of(entry: Medium | Product) -> str:
    """The id of an entry's collection."""
    kind = entry.kind if isinstance(entry, Product) else entry.sensor
    if kind is None:
        raise ValueError(f"{entry.id} was taken with no known sensor and is in no collection")
    return _OF[kind]


def utc_text(at: datetime) -> str:
    """A time as STAC writes it: RFC 3339 in UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def multihash(sha256: str) -> str:
    """A SHA-256 as the file extension wants it."""
    return _SHA2_256 + sha256


def bbox_of(geometry: Mapping[str, Any]) -> list[float]:
    """West, south, east, north of a GeoJSON Point or Polygon."""
    rings = geometry["coordinates"]
    points = [rings] if geometry["type"] == "Point" else [p for ring in rings for p in ring]
    lons, lats = [p[0] for p in points], [p[1] for p in points]
    return [min(lons), min(lats), max(lons), max(lats)]


def medium_item(m: Medium, *, assets: Json, links: Sequence[Json]) -> Json:
    """A photograph as an item.

    Its geometry is the ground it shows, or the camera's place where that is not known.
    """
    if m.taken_at is None:
        raise ValueError(f"{m.id} has no time and is in no catalogue")
    properties: Json = {
        "datetime": utc_text(m.taken_at),
        "created": utc_text(m.received_at),
        "platform": m.vehicle or None,
        "instruments": [m.camera] if m.camera else None,
        "gsd": m.gsd_m,
        **_view(m),
        "flyonce:sensor": m.sensor,
        "flyonce:radiometric": m.radiometric,
        "flyonce:flight": m.flight,
        "flyonce:tasks": list(m.tasks),
        "flyonce:scenarios": list(m.scenarios),
        "flyonce:cases": list(m.cases),
        "flyonce:department": m.department or None,
        "flyonce:origin": m.origin,
        "flyonce:camera_place": _camera_place(m),
    }
    return _item(m.id, collection_of(m), _geometry(m), properties, assets, links, (VIEW, FILE))


def product_item(p: Product, *, assets: Json, links: Sequence[Json]) -> Json:
    """A finished product as an item; `start_datetime` to `end_datetime` are its photographs'."""
    if p.taken_at is None or p.ended_at is None:
        raise ValueError(f"{p.id} has no time and is in no catalogue")
    properties: Json = {
        "datetime": utc_text(p.taken_at),
        "start_datetime": utc_text(p.taken_at),
        "end_datetime": utc_text(p.ended_at),
        "created": utc_text(p.ready_at or p.asked_at),
        "platform": p.vehicle or None,
        "instruments": [p.camera] if p.camera else None,
        "gsd": p.gsd_m,
        "proj:code": None if p.epsg is None else f"EPSG:{p.epsg}",
        "proj:shape": list(p.shape),
        "proj:transform": list(p.transform),
        "flyonce:sensor": sensor_of(p.kind),
        "flyonce:product": p.kind,
        "flyonce:photographs": len(p.media),
        "flyonce:flight": p.flight,
        "flyonce:tasks": list(p.tasks),
        "flyonce:scenarios": list(p.scenarios),
        "flyonce:cases": list(p.cases),
        "flyonce:department": p.department or None,
        "flyonce:details": dict(p.details) or None,
    }
    geometry = dict(p.footprint) if p.footprint else None
    extensions = (PROJECTION, FILE)
    return _item(p.id, collection_of(p), geometry, properties, assets, links, extensions)


def sensor_of(kind: ProductKind) -> Sensor:
    """The sensor of the photographs that a product is made of."""
    return Sensor.THERMAL if _is_thermal(kind) else Sensor.VISIBLE


def original_asset(m: Medium, href: str, *, is_original: bool) -> Json:
    """The file of a photograph; a protected copy has another size and digest than the original."""
    if not is_original:
        return {
            "href": href,
            "type": "image/jpeg",
            "title": "Protected copy: nobody can be recognised in it",
            "roles": ["data"],
        }
    return {
        "href": href,
        "type": m.media_type,
        "title": "Original file, byte for byte",
        "roles": ["data"],
        "file:size": m.size_bytes,
        "file:checksum": multihash(m.sha256),
    }


def preview_asset(href: str) -> Json:
    """A picture to look at."""
    return {"href": href, "type": "image/jpeg", "title": "Preview", "roles": ["thumbnail"]}


def raster_asset(p: Product, href: str) -> Json:
    """The file of a product."""
    asset: Json = {
        "href": href,
        "type": COG,
        "title": COLLECTIONS[_OF[p.kind]].title.removesuffix("s"),
        "roles": ["data"],
        "file:size": p.size_bytes,
        "file:checksum": multihash(p.sha256),
    }
    if _is_thermal(p.kind):
        band: Json = {
            "name": "temperature",
            "data_type": "float32",
            "nodata": "nan",
            "unit": "degree Celsius",
        }
        found = p.details.get("statistics")
        if found:
            kept = ("minimum", "maximum", "mean", "stddev", "valid_percent")
            band["statistics"] = {name: found[name] for name in kept if name in found}
        asset["bands"] = [band]
    return asset


def collection(
    described: Described,
    *,
    box: tuple[float, float, float, float],
    interval: tuple[datetime | None, datetime | None],
    links: Sequence[Json],
) -> Json:
    """A collection; box and interval are those of what the asker may see."""
    kind = described.of
    return {
        "type": "Collection",
        "stac_version": VERSION,
        "stac_extensions": [],
        "id": described.id,
        "title": described.title,
        "description": described.description,
        "keywords": ["drone", kind.value],
        "license": "other",
        "extent": {
            "spatial": {"bbox": [list(box)]},
            "temporal": {"interval": [[None if t is None else utc_text(t) for t in interval]]},
        },
        "links": list(links),
    }


def _item(
    id: str,
    collection_id: str,
    geometry: Json | None,
    properties: Json,
    assets: Json,
    links: Sequence[Json],
    extensions: Sequence[str],
) -> Json:
    item: Json = {
        "type": "Feature",
        "stac_version": VERSION,
        "stac_extensions": list(extensions),
        "id": id,
        "collection": collection_id,
        "geometry": geometry,
        "properties": {name: value for name, value in properties.items() if value is not None},
        "assets": assets,
        "links": list(links),
    }
    if geometry is not None:
        item["bbox"] = bbox_of(geometry)
    return item


def _geometry(m: Medium) -> Json | None:
    if m.footprint is not None:
        rings = m.footprint["coordinates"]
        return {"type": "Polygon", "coordinates": [[list(p) for p in ring] for ring in rings]}
    if m.position is not None:
        return {"type": "Point", "coordinates": [m.position.lon, m.position.lat]}
    return None


def _view(m: Medium) -> Json:
    """Angle off the vertical, and which way the camera looked, where STAC's ranges hold them."""
    if m.pitch_deg is None:
        return {}
    off_nadir = abs(m.pitch_deg + 90.0)
    if off_nadir > 90.0:
        return {}
    azimuth = None if m.yaw_deg is None else m.yaw_deg % 360.0
    return {"view:off_nadir": off_nadir, "view:azimuth": azimuth}


def _camera_place(m: Medium) -> list[float] | None:
    """Longitude, latitude and, where known, metres above mean sea level."""
    if m.position is None:
        return None
    place = [m.position.lon, m.position.lat]
    return place if m.altitude_m is None else [*place, m.altitude_m]


def _is_thermal(kind: ProductKind) -> bool:
    return kind is not ProductKind.VISIBLE_MOSAIC
