"""Bodies for every operation that writes, and what the store holds before and after."""

from typing import Any

from leak_world import COUNTY_B, NOW, Owner
from whole_world import World

from api.manners.examples import BODIES
from missions.store.kinds import KINDS

ALLOWED_TO_CHANGE = frozenset({"log", "answers", "leases", "jobs", "job_runs"})
"""Kinds that a refusal may write to: the trail tells of it, keys remember it."""

_LATER = "2026-05-13T02:00:00Z"
BODY: dict[str, Any] = {
    "/accounts/{id}": {"display": "x"},
    "/keys/{id}": {"addresses": ["10.0.0.0/8"]},
    "/roles/{id}": {"title": "x"},
    "/me": {"password": "a", "new_password": "seven herons over the river"},
    "/flights/{id}/commands": {"command": "hold"},
    "/flights/{id}/control": {"reason": "x"},
    "/point": {"lon": 118.78, "lat": 29.01},
    "/filings/{id}/answer": {"approved": True, "number": "1", "remark": "x"},
    "/filings/{id}/revoke": {"remark": "x"},
    "/packs/{pack}/lock": {"reason": "swollen"},
    "/signals/{id}/dismiss": {"note": "x"},
    "/devices/{id}": {"state": "calibration"},
    "/cases/{id}/steps": {"step": "handle", "note": "x"},
    "/inspections/{id}/steps": {"step": "cancel", "note": "x"},
    "/reviews/{id}/decision": {"decision": "reject"},
    "/webhooks/{id}": {"description": "x"},
    "/webhooks": {"url": "https://hooks.example/x"},
    "/groundings": {"reason": "x", "starts": NOW.isoformat(), "ends": _LATER, "county": COUNTY_B},
}
"""By address, a body that would be taken of somebody who may."""


def body_of(path: str, operation: dict[str, Any], owner: Owner) -> Any:
    """A body for an operation, about an owner's things where it names any."""
    short = path.removeprefix("/api/v1")
    if short == "/evidence/exports":
        return {"case": owner.says("cases"), "media": [owner.says("media")]}
    if short == "/inspections/{id}/results":
        return {"results": [{"case_id": owner.says("cases"), "found": True}]}
    if short == "/holds":
        return {"subject": owner.says("cases"), "reason": "x"}
    if short == "/products":
        return {"kind": "temperature", "medium": owner.says("media")}
    if short == "/inspections":
        return {"case_ids": [owner.says("cases")]}
    if short in BODY:
        return BODY[short]
    examples = BODIES.get(operation["operationId"], {"": {}})
    return next(iter(examples.values()))


def held(made: World) -> dict[str, dict[str, Any]]:
    """Everything in the store, by kind and id."""
    with made.room.view() as unit:
        return {
            name: {item.id: item for item in getattr(unit, name).find()}
            for name in KINDS
            if name not in ALLOWED_TO_CHANGE
        }


def changed(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> set[str]:
    """The kinds in which something came, went or changed."""
    return {name for name in before if before[name] != after[name]}
