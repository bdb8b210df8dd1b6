"""Collections and features as OGC API Features tells them, with the addresses of this service."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import Request

from api.routes.features_query import Shape, text_of
from core.clock import SystemClock
from missions.features.collections import Collection
from missions.features.finding import Found
from missions.presets import Preset

GEOJSON = "application/geo+json"
JSON = "application/json"
SCHEMA = "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_GREGORIAN = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"

Json = dict[str, Any]


class Renderer:
    """Writes addresses as the caller reached us."""

    def __init__(self, request: Request, shape: Shape | None = None) -> None:
        self._request = request
        self._shape = shape or Shape()
        self._root = str(request.base_url).rstrip("/")
        self._base = f"{self._root}/api/v1/ogc"

    def landing(self) -> Json:
        """The first page."""
        return {
            "title": "FlyOnce 综合飞一次",
            "description": "Flights, flight lines, anomalies and cases of a city, as far as the "
            "caller may see them.",
            "links": [
                _link("self", self._base, JSON, "This document"),
                _link("service-desc", f"{self._base}/api", OPENAPI, "These addresses"),
                _link("service-doc", f"{self._root}/docs", "text/html", "The whole API"),
                _link("conformance", f"{self._base}/conformance", JSON, "Conformance classes"),
                _link("data", f"{self._base}/collections", JSON, "Collections"),
                _link("related", f"{self._root}/api/v1/stac", JSON, "Photographs: a STAC API"),
            ],
        }

    def collections(self, each: Iterable[Collection], preset: Preset) -> Json:
        """All collections."""
        address = f"{self._base}/collections"
        return {
            "links": [_link("self", address, JSON, "This document")],
            "collections": [self.collection(collection, preset) for collection in each],
        }

    def collection(self, collection: Collection, preset: Preset) -> Json:
        """One collection; its extent is the city, whatever there is in it."""
        address = f"{self._base}/collections/{collection.id}"
        bounds = [county.polygon.bounds for county in preset.territory.values()]
        west, south = min(b[0] for b in bounds), min(b[1] for b in bounds)
        east, north = max(b[2] for b in bounds), max(b[3] for b in bounds)
        return {
            "id": collection.id,
            "title": collection.title,
            "description": collection.description,
            "itemType": "feature",
            "crs": [CRS84],
            "storageCrs": CRS84,
            "extent": {
                "spatial": {"bbox": [[west, south, east, north]], "crs": CRS84},
                "temporal": {"interval": [[None, None]], "trs": _GREGORIAN},
            },
            "links": [
                _link("self", address, JSON, "This collection"),
                _link("items", f"{address}/items", GEOJSON, "Its features"),
                _link(
                    "http://www.opengis.net/def/rel/ogc/1.0/queryables",
                    f"{address}/queryables",
                    SCHEMA,
                    "What its features can be searched by",
                ),
            ],
        }

    def queryables(self, collection: Collection) -> Json:
        """A JSON schema of what features can be searched by."""
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"{self._base}/collections/{collection.id}/queryables",
            "type": "object",
            "title": collection.title,
            "properties": {name: {"type": "string"} for name in collection.filters},
            "additionalProperties": False,
        }

    def page(self, collection: Collection, page: Found) -> Json:
        """A page of features."""
        features = [self.feature(collection, thing) for thing in page.items]
        address = f"{self._base}/collections/{collection.id}/items"
        asked = [(k, v) for k, v in self._request.query_params.multi_items() if k != "token"]
        links = [
            _link("self", _asked(address, asked), GEOJSON, "This page"),
            _link("collection", address.removesuffix("/items"), JSON, "The collection"),
        ]
        if page.next is not None:
            behind = [(k, v) for k, v in asked if k != "after"] + [("after", page.next)]
            links.append(_link("next", _asked(address, behind), GEOJSON, "The next page"))
        return {
            "type": "FeatureCollection",
            "timeStamp": text_of(SystemClock().now()),
            "numberReturned": len(features),
            "links": links,
            "features": features,
        }

    def one(self, collection: Collection, thing: Any) -> Json:
        """One feature with its links."""
        address = f"{self._base}/collections/{collection.id}"
        links = [
            _link("self", f"{address}/items/{thing.id}", GEOJSON, "This feature"),
            _link("collection", address, JSON, "The collection"),
        ]
        return self.feature(collection, thing) | {"links": links}

    def feature(self, collection: Collection, thing: Any) -> Json:
        """A feature, with as much of it as was asked for."""
        shape = self._shape
        properties = collection.properties(thing)
        chosen = {
            name: _plain(value)
            for name, value in properties.items()
            if shape.properties is None or name in shape.properties
        }
        geometry: Mapping[str, Any] | None = None
        if shape.geometry:
            geometry = collection.geometry(thing)
        return {"type": "Feature", "id": thing.id, "geometry": geometry, "properties": chosen}


def _plain(value: Any) -> Any:
    return text_of(value) if isinstance(value, datetime) else value


def _asked(address: str, parameters: list[tuple[str, str]]) -> str:
    return f"{address}?{urlencode(parameters)}" if parameters else address


def _link(rel: str, href: str, kind: str, title: str) -> Json:
    return {"rel": rel, "href": href, "type": kind, "title": title}
