"""Examples of the OpenAPI document. A test sends each of them to a service and wants the documented
success (tests/api/test_api_examples.py); ids are those of its city, times those of its day."""

from typing import Any

_AREA = {
    "type": "Polygon",
    "coordinates": [
        [[118.86, 28.94], [118.88, 28.94], [118.88, 28.96], [118.86, 28.96], [118.86, 28.94]]
    ],
}
_WINDOW = {"earliest": "2026-05-12T02:00:00Z", "latest": "2026-05-12T06:00:00Z"}

BODIES: dict[str, dict[str, Any]] = {
    "ask": {
        "an area for a scenario": {"scenario": "water-01", "geometry": _AREA, **_WINDOW},
        "a place, sharp, for an emergency": {
            "geometry": {"type": "Point", "coordinates": [118.87, 28.95]},
            "sensor": "visible",
            "gsd_m": 0.03,
            "priority": 5,
            "purpose": "landslide at the road",
            "department": "emergency",
            **_WINDOW,
        },
    },
    "preview_request": {
        "would it fit?": {"scenario": "water-01", "geometry": _AREA, **_WINDOW},
    },
    "answers": {
        "within two days": {"scenario": "water-01", "geometry": _AREA, "hours": 48},
    },
    "set_quota": {"flood season": {"requests": 800, "reason": "flood season"}},
    "begin_batch": {"a memory card": {"name": "card 7 of the river patrol", "expected": 120}},
    "place_hold": {"a case in court": {"subject": "cas-1", "reason": "court file 2026-118"}},
    "make_role": {
        "a river chief": {
            "name": "river-chief",
            "title": "River chief",
            "title_zh": "河长",
            "permissions": ["request", "decide"],
        }
    },
    "make_key": {
        "a sensor gateway": {
            "name": "gateway-1",
            "role": "machine",
            "addresses": ["203.0.113.0/24"],
        }
    },
    "make_account": {
        "a member": {"name": "li.na", "role": "member", "department": "water", "display": "李娜"}
    },
    "create_standing": {
        "every weekday morning": {
            "scenario": "water-01",
            "geometry": _AREA,
            "earliest": "2026-05-13T01:00:00Z",
            "latest": "2026-05-13T03:00:00Z",
            "recurrence": {
                "rrule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=10",
                "zone": "Asia/Shanghai",
            },
        }
    },
    "ground": {
        "a storm": {
            "reason": "thunderstorm warning",
            "starts": "2026-05-12T02:00:00Z",
            "ends": "2026-05-12T05:00:00Z",
        }
    },
    "search_by_body": {
        "thermal photographs of a box": {
            "bbox": [118.86, 28.94, 118.88, 28.96],
            "collections": ["photographs"],
            "limit": 10,
        }
    },
}

PLACES: dict[str, dict[str, str]] = {"set_quota": {"id": "water"}}
"""What stands in the address, by operation."""

THINGS = {
    "requests": "req-1",
    "flights": "flt-1",
    "cases": "cas-1",
    "commands": "ord-1",
    "anomalies": "ano-1",
    "reviews": "rev-1",
    "quotas": "water",
}
"""By the first part of an address, an id as it looks there."""


def add_to(path: str, operation: dict[str, Any]) -> None:
    """Write the examples into an operation."""
    name = operation.get("operationId", "")
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is not None and name in BODIES:
        content["examples"] = {
            title: {"summary": title, "value": body} for title, body in BODIES[name].items()
        }
    given = PLACES.get(name, {})
    part = path.removeprefix("/api/v1/").partition("/")[0]
    for parameter in operation.get("parameters", ()):
        if parameter.get("in") != "path":
            continue
        example = given.get(parameter["name"])
        if example is None and parameter["name"] == "id":
            example = THINGS.get(part)
        if example is not None:
            parameter["example"] = example
