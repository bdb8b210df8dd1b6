"""The intake over HTTP: one way in, rights, contacts apart, problems that name the field."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from media_desk import Desk, opened
from signals_city import GATEWAY, LAT, LON, rules_of

from core.clock import ManualClock
from missions.access import Principal, Role
from missions.presets import Preset
from missions.store import MemoryStore

ADMIN = Principal(name="Root", role=Role.ADMINISTRATOR)
URBAN = Principal(name="Wang", role=Role.MEMBER, department="urban")
ECOLOGY = Principal(name="Chen", role=Role.MEMBER, department="ecology")
FORESTRY = Principal(name="Lin", role=Role.MEMBER, department="forestry")
PILOT = Principal(name="Zhou", role=Role.PILOT)
PLACE = {"lon": LON, "lat": LAT}


@pytest.fixture
async def desk(preset: Preset, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Desk]:
    city = replace(preset, signals=rules_of(preset, tmp_path))
    async with opened(city, clock, MemoryStore(), tmp_path) as made:
        yield made


async def post(desk: Desk, who: Principal, path: str, body: Any) -> httpx.Response:
    async with desk.client(who) as client:
        return await client.post(f"/api/v1{path}", json=body)


async def get(desk: Desk, who: Principal, path: str) -> httpx.Response:
    async with desk.client(who) as client:
        return await client.get(f"/api/v1{path}")


async def register(desk: Desk, *ids: str) -> None:
    devices = [{"id": i, "kind": "level", "department": "urban", **PLACE} for i in ids]
    answer = await post(desk, ADMIN, "/devices", {"devices": devices})
    assert answer.json() == {"counts": {"new": len(ids)}, "refused": []}


def readings(clock: ManualClock, device: str, *values: Any) -> dict[str, Any]:
    at = clock.now().isoformat()[:-8]
    return {
        "readings": [
            {"device": device, "at": f"{at}{n:02}Z", "value": v} for n, v in enumerate(values)
        ]
    }


async def test_readings_are_answered_with_counts_verdicts_and_signals(
    desk: Desk, clock: ManualClock
) -> None:
    await register(desk, "D1")
    body = readings(clock, "D1", 11, "x", 12)
    answer = (await post(desk, GATEWAY, "/signals", body)).json()["batch"]
    assert answer["counts"] == {"taken": 2, "malformed": 1}
    assert answer["verdicts"][0]["index"] == 1
    (made,) = answer["signals"]
    assert answer["text"] == "stored: 2 readings, 1 signals"
    trace = (await get(desk, GATEWAY, f"/signals/{made['id']}/readings")).json()
    assert [r["value"] for r in trace["readings"]] == [11, 12]
    device = (await get(desk, GATEWAY, "/devices/D1")).json()
    assert device["last_value"] == 12
    assert device["raised"] == [{"rule": "high", "signal_id": made["id"]}]
    (hour,) = (await get(desk, GATEWAY, "/devices/D1/history")).json()["items"]
    assert (hour["count"], hour["low"], hour["high"]) == (2, 11, 12)


async def test_a_report_is_followed_by_its_sender(desk: Desk) -> None:
    said = {"category": "rubbish", **PLACE, "contact": {"name": "Li", "phone": "138"}}
    made = (await post(desk, ECOLOGY, "/signals", {"report": said})).json()["signal"]
    assert made["state"] == "received"
    assert "Li" not in str(made)
    seen = await get(desk, ECOLOGY, f"/signals/{made['id']}")
    assert seen.json()["answer"] == "stored; a look is being asked for"
    contact = await get(desk, ECOLOGY, f"/signals/{made['id']}/contact")
    assert contact.json()["phone"] == "138"
    listed = await get(desk, ECOLOGY, "/signals?source=report&limit=1")
    assert [s["id"] for s in listed.json()["items"]] == [made["id"]]


async def test_another_department_learns_nothing(desk: Desk, clock: ManualClock) -> None:
    await register(desk, "D1")
    body = readings(clock, "D1", 11, 12)
    made = (await post(desk, GATEWAY, "/signals", body)).json()["batch"]["signals"][0]
    for path in (
        f"/signals/{made['id']}",
        f"/signals/{made['id']}/readings",
        f"/signals/{made['id']}/contact",
        "/devices/D1",
        "/devices/D1/history",
    ):
        assert (await get(desk, FORESTRY, path)).status_code == 404, path
    for path in ("/signals", "/devices"):
        assert (await get(desk, FORESTRY, path)).json()["items"] == []
    dismissed = await post(desk, FORESTRY, f"/signals/{made['id']}/dismiss", {"note": "no"})
    assert dismissed.status_code == 404


async def test_contacts_are_not_shown_to_those_the_report_is_shared_with(desk: Desk) -> None:
    said = {"category": "rubbish", **PLACE, "contact": {"name": "Li", "phone": "138"}}
    made = (await post(desk, ECOLOGY, "/signals", {"report": said})).json()["signal"]
    assert "urban" in made["shared_with"]
    for other in (URBAN, ADMIN, PILOT):
        assert (await get(desk, other, f"/signals/{made['id']}")).status_code == 200
        assert (await get(desk, other, f"/signals/{made['id']}/contact")).status_code == 404


async def test_roles_send_and_configure_as_they_may(desk: Desk) -> None:
    report = {"report": {"category": "rubbish", **PLACE}}
    device = {"devices": [{"id": "X", "kind": "level", **PLACE}]}
    assert (await post(desk, PILOT, "/signals", report)).status_code == 403
    for who in (PILOT, URBAN, GATEWAY):
        assert (await post(desk, who, "/devices", device)).status_code == 403
    async with desk.client(URBAN) as client:
        answer = await client.patch("/api/v1/devices/X", json={"state": "calibration"})
    assert answer.status_code == 403


async def test_an_officer_dismisses(desk: Desk) -> None:
    report = {"report": {"category": "rubbish", **PLACE}}
    made = (await post(desk, URBAN, "/signals", report)).json()["signal"]
    path = f"/signals/{made['id']}/dismiss"
    assert (await post(desk, URBAN, path, {"note": ""})).status_code == 422
    assert (await post(desk, URBAN, path, {"note": "works"})).json()["state"] == "dismissed"
    assert (await post(desk, URBAN, path, {"note": "works"})).status_code == 409


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"readings": []},
        {"readings": [1] * 10_001},
        {"readings": [1], "report": {"category": "rubbish"}},
        {"report": {"category": "rubbish", "lon": 1e9, "lat": 0}},
        {"report": {"category": "rubbish", "surprise": 1}},
        {"report": {"category": "rubbish", **PLACE, "at": "2026-05-12T01:00:00"}},
        {"find": {"label": "heap", "score": 2, "camera": "c", **PLACE}},
        {"find": {"label": "ufo", "score": 1, "camera": "c", **PLACE}},
    ],
)
async def test_a_bad_body_is_a_problem_that_names_the_field(desk: Desk, body: Any) -> None:
    answer = await post(desk, URBAN, "/signals", body)
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["detail"]
    assert problem["field"]
    assert problem["remedy"]
    with desk.room.view() as unit:
        assert unit.signals.count() == 0


async def test_what_may_be_sent_is_told(desk: Desk) -> None:
    told = (await get(desk, GATEWAY, "/signals/rules")).json()
    assert [k["id"] for k in told["kinds"]] == ["level", "smoke", "noise"]
    assert told["labels"][0]["min_score"] == 0.6
