"""Catalogue entries with the addresses of this service."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import Request

from imagery.catalog import Medium
from imagery.products import stac
from imagery.products.product import Product, ProductKind
from imagery.products.stac import Described, Json
from missions.access import Principal
from missions.evidence.privacy import owns
from missions.media.archive import Entry, Found
from missions.presets import Preset
from missions.store.protocol import Extent

GEOJSON = "application/geo+json"
JSON = "application/json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"


@dataclass(frozen=True, slots=True)
class Pages:
    """How the next page is asked for: by an address, or by a body."""

    method: str
    address: str
    parameters: dict[str, Any]

    @classmethod
    def by_get(cls, request: Request) -> "Pages":
        """The same address with a token."""
        given = {k: v for k, v in request.query_params.items() if k != "token"}
        return cls("GET", str(request.url.replace(query="")), given)

    @classmethod
    def by_post(cls, request: Request, body: dict[str, Any]) -> "Pages":
        """The same body with a token."""
        given = {k: v for k, v in body.items() if k != "token"}
        return cls("POST", str(request.url.replace(query="")), given)

    def next(self, token: str) -> Json:
        """The link to the page behind a token."""
        parameters = {**self.parameters, "token": token}
        if self.method == "GET":
            href = f"{self.address}?{urlencode(parameters)}"
            return {"rel": "next", "type": GEOJSON, "method": "GET", "href": href}
        link = {"rel": "next", "type": GEOJSON, "method": "POST", "href": self.address}
        return {**link, "body": parameters}


class Renderer:
    """Turns entries into STAC for one caller."""

    def __init__(self, request: Request, caller: Principal) -> None:
        self._caller = caller
        self._api = f"{request.base_url}api/v1"
        self._stac = f"{self._api}/stac"
        self._here = str(request.url)

    def landing(self, conformance: Sequence[str]) -> Json:
        """The landing page, which is the root catalogue."""
        children = [
            _link("child", f"{self._stac}/collections/{c.id}", JSON, c.title)
            for c in stac.COLLECTIONS.values()
        ]
        search = f"{self._stac}/search"
        return {
            "type": "Catalog",
            "id": "flyonce",
            "stac_version": stac.VERSION,
            "title": "FlyOnce",
            "description": "Photographs of a city's drones, and what is made of them.",
            "conformsTo": list(conformance),
            "links": [
                _link("self", self._stac, JSON),
                _link("root", self._stac, JSON),
                _link("conformance", f"{self._stac}/conformance", JSON),
                _link("data", f"{self._stac}/collections", JSON),
                {**_link("search", search, GEOJSON), "method": "GET"},
                {**_link("search", search, GEOJSON), "method": "POST"},
                _link("service-desc", f"{self._stac}/api", OPENAPI),
                _link("service-doc", f"{self._api.removesuffix('/api/v1')}/docs", "text/html"),
                _link(
                    "http://www.opengis.net/def/rel/ogc/1.0/queryables",
                    f"{self._stac}/queryables",
                    "application/schema+json",
                ),
                *children,
            ],
        }

    def collections(self, each: Sequence[tuple[Described, Extent | None]], preset: Preset) -> Json:
        """All collections."""
        return {
            "collections": [self.collection(c, extent, preset) for c, extent in each],
            "links": [
                _link("self", f"{self._stac}/collections", JSON),
                _link("root", self._stac, JSON),
                _link("parent", self._stac, JSON),
            ],
        }

    def collection(self, described: Described, extent: Extent | None, preset: Preset) -> Json:
        """A collection; an empty one covers the city's ground, at no time yet."""
        address = f"{self._stac}/collections/{described.id}"
        return stac.collection(
            described,
            box=_box(extent, preset),
            interval=(extent.first, extent.last) if extent else (None, None),
            links=[
                _link("self", address, JSON),
                _link("root", self._stac, JSON),
                _link("parent", self._stac, JSON),
                _link("items", f"{address}/items", GEOJSON),
            ],
        )

    def found(self, found: Found, pages: Pages, collection_id: str | None) -> Json:
        """A page of a search."""
        links = [_link("self", self._here, GEOJSON), _link("root", self._stac, JSON)]
        if collection_id is not None:
            address = f"{self._stac}/collections/{collection_id}"
            links += [_link("collection", address, JSON), _link("parent", address, JSON)]
        if found.next is not None:
            links.append(pages.next(found.next))
        features = [self.item(entry) for entry in found.entries]
        return {
            "type": "FeatureCollection",
            "features": features,
            "numberReturned": len(features),
            "links": links,
        }

    def item(self, entry: Entry) -> Json:
        """A photograph or a product."""
        collection = f"{self._stac}/collections/{stac.collection_of(entry)}"
        links = [
            _link("self", f"{collection}/items/{entry.id}", GEOJSON),
            _link("root", self._stac, JSON),
            _link("parent", collection, JSON),
            _link("collection", collection, JSON),
        ]
        if isinstance(entry, Medium):
            return self._medium(entry, links)
        return self._product(entry, links)

    def _medium(self, m: Medium, links: list[Json]) -> Json:
        base = f"{self._api}/media/{m.id}"
        assets = {
            "original": stac.original_asset(m, f"{base}/file", is_original=owns(self._caller, m)),
            "thumbnail": stac.preview_asset(f"{base}/preview"),
        }
        return stac.medium_item(m, assets=assets, links=links)

    def _product(self, p: Product, links: list[Json]) -> Json:
        base = f"{self._api}/products/{p.id}"
        tilejson = f"{base}/WebMercatorQuad/tilejson.json"
        links = [*links, _link("tilejson", tilejson, JSON, "Map tiles")]
        if p.kind is ProductKind.TEMPERATURE:
            thermal = f"{self._stac}/collections/thermal/items/{p.media[0]}"
            links.append(_link("derived_from", thermal, GEOJSON))
        assets = {"data": stac.raster_asset(p, f"{base}/file")}
        return stac.product_item(p, assets=assets, links=links)


def _link(rel: str, href: str, kind: str, title: str | None = None) -> Json:
    link = {"rel": rel, "href": href, "type": kind}
    return link if title is None else {**link, "title": title}


def _box(extent: Extent | None, preset: Preset) -> tuple[float, float, float, float]:
    if extent is not None:
        return extent.west, extent.south, extent.east, extent.north
    bounds = [county.polygon.bounds for county in preset.territory.values()]
    return (
        min(b[0] for b in bounds),
        min(b[1] for b in bounds),
        max(b[2] for b in bounds),
        max(b[3] for b in bounds),
    )
