"""Lists of devices as cities keep them: CSV with a heading, or GeoJSON points."""

import csv
import io
import json
import math
from collections.abc import Mapping
from typing import Any

from core.errors import InvalidInput
from missions.signals.devices import DeviceDraft

COLUMNS = ("id", "kind", "lon", "lat", "name", "department", "key", "note")
"""Of a CSV file; the first four must be there. Own limits: RULE.limit and RULE.clear."""


def drafts_of(data: bytes, name: str) -> list[DeviceDraft]:
    """The devices of a file, which may begin with a byte order mark.

    Raises:
        InvalidInput: it is no such file; names the line or the feature.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _wrong(name, "no UTF-8 text", "save it as UTF-8 (in spreadsheets: CSV UTF-8)") from (
            error
        )
    return _geojson(text, name) if text.lstrip()[:1] in ("{", "[") else _csv(text, name)


def _csv(text: str, name: str) -> list[DeviceDraft]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    heading = [column.strip() for column in reader.fieldnames or ()]
    reader.fieldnames = heading
    for column in COLUMNS[:4]:
        if column not in heading:
            raise _wrong(name, f"no column {column}", f"head it {','.join(COLUMNS)}")
    for column in heading:
        if column not in COLUMNS and not column.endswith((".limit", ".clear")):
            raise _wrong(name, f"unknown column {column!r:.60}", f"use {', '.join(COLUMNS)}")
    try:
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise _wrong(f"{name}, line {reader.line_num}", str(error), "mend the line") from error
    return [_row(f"{name}, line {line}", row) for line, row in rows]


def _row(where: str, row: Mapping[str | None, Any]) -> DeviceDraft:
    if None in row or any(value is None for value in row.values()):
        raise _wrong(where, "not as many fields as the heading", "put texts with commas in quotes")
    plain = {str(key): str(value).strip() for key, value in row.items()}
    limits: dict[str, dict[str, float]] = {}
    for key, value in plain.items():
        rule, dot, bound = key.rpartition(".")
        if dot and value:
            limits.setdefault(rule, {})[bound] = _number(where, key, value)
    return _draft(where, plain, _number(where, "lon", plain["lon"]),
                  _number(where, "lat", plain["lat"]), limits)  # fmt: skip


def _geojson(text: str, name: str) -> list[DeviceDraft]:
    try:
        body = json.loads(text)
        features = body["features"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _wrong(name, "no GeoJSON FeatureCollection", "write one, with points") from error
    if not isinstance(features, list):
        raise _wrong(name, "`features` is no list", "write a FeatureCollection")
    return [_feature(f"{name}, feature {n}", feature) for n, feature in enumerate(features)]


def _feature(where: str, feature: Any) -> DeviceDraft:
    try:
        geometry, said = feature["geometry"], dict(feature.get("properties") or {})
        lon, lat = geometry["coordinates"][:2]
        good = geometry["type"] == "Point"
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _wrong(where, "no Feature with a point", "give each device a Point") from error
    if not good:
        raise _wrong(where, f"a {geometry['type']!r:.30}", "a device stands at a Point")
    said.setdefault("id", feature.get("id", ""))
    limits = said.pop("limits", None) or {}
    if not isinstance(limits, Mapping):
        raise _wrong(where, "`limits` is no object", 'write {"stage": {"limit": 5, "clear": 4.8}}')
    plain = {key: "" if value is None else str(value) for key, value in said.items()}
    return _draft(where, plain, _number(where, "lon", lon), _number(where, "lat", lat), limits)


def _draft(
    where: str, said: Mapping[str, str], lon: float, lat: float, limits: Mapping[str, Any]
) -> DeviceDraft:
    if not said.get("id") or not said.get("kind"):
        raise _wrong(where, "no id or no kind", "every device has both")
    return DeviceDraft(
        id=said["id"],
        kind=said["kind"],
        lon=lon,
        lat=lat,
        name=said.get("name", ""),
        department=said.get("department") or None,
        key=said.get("key", ""),
        limits=limits,
        note=said.get("note", ""),
    )


def _number(where: str, key: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise _wrong(where, f"{key} is no number: {value!r:.40}", "write a plain number") from error
    if not math.isfinite(number):
        raise _wrong(where, f"{key} is {number}", "write a plain number")
    return number


def _wrong(where: str, what: str, remedy: str) -> InvalidInput:
    return InvalidInput(what, where=where, remedy=remedy)
