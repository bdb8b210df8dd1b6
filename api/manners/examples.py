"""Examples of the OpenAPI document: bodies, what stands in addresses, and answers.

A test sends each of them to a service and wants the documented success
(tests/api/test_api_examples.py); ids are those of its city, times those of its day. Answers are
what that service said (`answers.json`, written by tests/api/example_answers.py).
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from api.manners.bodies import BODIES, CURL

PLACES: dict[str, dict[str, Any]] = {
    "labels": {"after": "lab-1"},
    "rehearsal": {"day": "2026-05-12"},
    "weather": {"dock": "QZ-01"},
    "packs_of": {"vehicle": "QZ-07"},
    "lock": {"pack": "pac-1"},
    "tile": {"z": 14, "x": 13600, "y": 6800},
    "value_at": {"lon": 118.8702, "lat": 28.9498},
    "redeliver": {"delivery": "dlv-1"},
    "feed": {"after": "0"},
    "feed_stream": {"after": "latest"},
    "exchange_cases": {"since": None},
    "media": {"sensor": "visible"},
    "cases": {"from": "2026-05-12T00:00:00Z", "to": "2026-05-13T00:00:00Z"},
    "replay": {"from": "2026-05-12T00:30:00Z", "to": "2026-05-12T01:30:00Z", "after": None},
    "device_history": {"days": 7},
    "features_collection": {"id": "cases"},
    "features_queryables": {"id": "cases"},
    "features_items": {"id": "cases", "after": None},
    "features_item": {"id": "cases", "item": "cas-1"},
    "collection": {"id": "visible"},
    "items": {"id": "visible"},
    "item": {"id": "visible", "item": "med-1"},
    "change_role": {"id": "river-chief"},
    "delete_role": {"id": "river-chief"},
    "webhook_deliveries": {"after": "dlv-1"},
    "anomaly_history": {"after": None},
    "custody": {"id": "med-1"},
}
"""What stands in the address and the query, by operation; None for no example."""

PARAMETERS: dict[str, Any] = {
    "bbox": "118.86,28.94,118.88,28.96",
    "datetime": "2026-05-12T00:00:00Z/2026-05-12T06:00:00Z",
    "day": "2026-05-12",
    "from": "2026-05-01",
    "to": "2026-05-31",
    "since": "2026-05-12T00:00:00Z",
    "until": "2026-05-13T00:00:00Z",
    "county": "kecheng",
    "department": "water",
    "event_type": "01-01",
    "kinds": "cases,flights",
    "sortby": "-datetime",
    "properties": "title,state",
    "crs": "GCJ02",
    "number": "QZ-20260512-0001",
    "intersects": '{"type":"Point","coordinates":[118.87,28.95]}',
}
"""Query parameters with a form of their own, by name."""

THINGS = {
    "requests": "req-1",
    "flights": "flt-1",
    "cases": "cas-1",
    "commands": "ord-1",
    "anomalies": "ano-1",
    "reviews": "rev-1",
    "quotas": "water",
    "tasks": "tsk-1",
    "events": "evt-1",
    "alerts": "alr-0001",
    "uploads": "upl-1",
    "batches": "bat-1",
    "sessions": "ses-1",
    "accounts": "acc-1",
    "keys": "key-1",
    "audit": "log-1",
    "filings": "fil-1",
    "groundings": "gnd-1",
    "signals": "sig-1",
    "devices": "WL-0001",
    "standings": "std-1",
    "media": "med-1",
    "products": "prd-1",
    "inspections": "ins-1",
    "holds": "hld-1",
    "webhooks": "whk-1",
}
"""By the first part of an address, an id as it looks there; also where the next page begins."""

_FILE = Path(__file__).with_name("answers.json")


@cache
def answers() -> dict[str, dict[str, Any]]:
    """What the test city answers: by operation the body, by status under "problems" the errors."""
    found: dict[str, dict[str, Any]] = json.loads(_FILE.read_text("utf-8"))
    return found


def add_to(path: str, operation: dict[str, Any]) -> None:
    """Write the examples into an operation."""
    name = operation.get("operationId", "")
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        _add_body(name, kind, content)
    for parameter in operation.get("parameters", ()):
        example = _parameter(path, name, parameter)
        if example is not None:
            parameter["example"] = example
            parameter.get("schema", {}).pop("examples", None)
    for status, answer in answers().get(name, {}).items():
        content = operation["responses"].get(status, {}).get("content", {})
        for kind in ("application/json", "application/geo+json"):
            if kind in content:
                content[kind]["example"] = answer


def _add_body(name: str, kind: str, content: dict[str, Any]) -> None:
    given = BODIES.get(name, {}) if kind == "application/json" else BODIES.get(f"{name} {kind}", {})
    examples = {title: {"summary": title, "value": body} for title, body in given.items()}
    if f"{name} {kind}" in CURL:
        examples["curl"] = {"summary": "curl", "description": f"`{CURL[f'{name} {kind}']}`"}
    if examples:
        content["examples"] = examples


def _parameter(path: str, name: str, parameter: dict[str, Any]) -> Any:
    said, place = parameter.get("name"), parameter.get("in")
    given = PLACES.get(name, {})
    if said in given:
        return given[said]
    thing = THINGS.get(path.removeprefix("/api/v1/").partition("/")[0])
    if (place, said) in {("path", "id"), ("query", "after")}:
        return thing
    return PARAMETERS.get(str(said)) if place == "query" else None
