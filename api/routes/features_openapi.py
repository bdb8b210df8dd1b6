"""These addresses as an OpenAPI 3.0 document, which the standard asks for and clients read for the
largest `limit`; the document of the whole API is version 3.1."""

from typing import Any

from api.routes.features_query import MOST, USUAL
from missions.features.collections import COLLECTIONS, Collection

Json = dict[str, Any]
_JSON = "application/json"
_GEOJSON = "application/geo+json"


def document(root: str) -> Json:
    """The document for a service at an address without a slash at its end."""
    paths: Json = {
        "/": _get("landing", "What is served", _JSON),
        "/conformance": _get("conformance", "Conformance classes", _JSON),
        "/api": _get("api", "This document", "application/vnd.oai.openapi+json;version=3.0"),
        "/collections": _get("collections", "Collections", _JSON),
    }
    for collection in COLLECTIONS.values():
        paths |= _paths(collection)
    return {
        "openapi": "3.0.3",
        "info": {"title": "FlyOnce features", "version": "1"},
        "servers": [{"url": f"{root}/api/v1/ogc"}],
        "paths": paths,
        "components": {"securitySchemes": _SCHEMES, "responses": _RESPONSES},
        "security": [{"bearer": []}, {"basic": []}, {}],
    }


def _paths(collection: Collection) -> Json:
    address, name = f"/collections/{collection.id}", collection.id
    id_: Json = {"name": "featureId", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        address: _get(f"{name}.describe", collection.title, _JSON),
        f"{address}/queryables": _get(
            f"{name}.queryables", "Its filters", "application/schema+json"
        ),
        f"{address}/items": _get(
            f"{name}.items",
            "Its features",
            _GEOJSON,
            [*_PARAMETERS, *map(_filter, collection.filters)],
        ),
        f"{address}/items/{{featureId}}": _get(f"{name}.item", "A feature", _GEOJSON, [id_]),
    }


def _get(name: str, summary: str, kind: str, parameters: list[Json] | None = None) -> Json:
    answers: Json = {
        "200": {"description": summary, "content": {kind: {"schema": {"type": "object"}}}},
        **{
            status: {"$ref": f"#/components/responses/{status}"} for status in ("400", "401", "404")
        },
    }
    operation: Json = {"operationId": name, "summary": summary, "responses": answers}
    if parameters:
        operation["parameters"] = parameters
    return {"get": operation}


def _query(name: str, text: str, schema: Json, *, form: bool = False) -> Json:
    parameter: Json = {"name": name, "in": "query", "description": text, "schema": schema}
    return parameter | ({"style": "form", "explode": False} if form else {})


def _filter(name: str) -> Json:
    return _query(name, "only features with this value", {"type": "string"})


_BOX: Json = {
    "type": "array",
    "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
    "items": {"type": "number"},
}
_WORDS: Json = {"type": "array", "items": {"type": "string"}}
_PARAMETERS = (
    _query("bbox", "west,south,east,north in degrees", _BOX, form=True),
    _query("datetime", "an instant, or START/END with .. for an open end", {"type": "string"}),
    _query(
        "limit", "most features of a page",
        {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
    ),
    _query("after", "the mark in the link `next`", {"type": "string"}),
    _query("properties", "only these properties", _WORDS, form=True),
    _query("skipGeometry", "leave geometries out", {"type": "boolean", "default": False}),
)  # fmt: skip
_SCHEMES: Json = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic", "description": "an API key as the password"},
}
_RESPONSES: Json = {
    status: {
        "description": text,
        "content": {"application/problem+json": {"schema": {"type": "object"}}},
    }
    for status, text in (
        ("400", "A parameter is not known or wrong."),
        ("401", "No token, or one that is not known."),
        ("404", "No such thing, or none that the caller may see."),
    )
}
