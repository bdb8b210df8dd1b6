"""The morning of the preset city over real sockets: planned, flown, photographed, survived."""

from collections.abc import Callable
from typing import Any

import pytest
from live_service import LiveService as Live

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]


def _flying(live: Live) -> bool:
    return bool(live.every("/flights", state="flying"))


def test_every_drone_is_heard_and_the_first_flights_take_off(live: Live) -> None:
    live.until(lambda: live.get("/health")["vehicles_heard"] == 51)
    live.until(lambda: len(live.every("/flights", state="flying")) >= 10)


def test_the_days_plan_is_verified_and_cheaper_than_separate_flights(live: Live) -> None:
    plan = live.get("/plan")
    assert plan["verified"]
    assert plan["km"] < plan["km_separate"]
    assert all(refused["reason"] for refused in plan["unserved"])


def test_a_mission_is_read_back_before_it_flies(live: Live) -> None:
    flight = live.until(lambda: live.every("/flights", state="flying"))[0]
    diary = live.get(f"/flights/{flight['id']}")["log"]
    assert any("read back and compared" in line["text"] for line in diary)


def test_photographs_arrive_with_place_and_task(live: Live) -> None:
    media = live.until(lambda: live.get("/media", limit=200)["items"])
    kept = [m for m in media if m["state"] == "kept"]
    assert kept
    assert all(m["footprint"] and m["gsd_m"] for m in kept)
    medium = kept[0]
    picture = live.http.get(f"/media/{medium['id']}/file")
    assert picture.content[:2] == b"\xff\xd8"
    again = live.http.post(
        "/media",
        content=picture.content,
        headers={"X-Vehicle": medium["vehicle"], "X-Camera": medium["camera"]},
    )
    assert again.status_code == 200
    assert again.json()["id"] == medium["id"]


def test_point_and_fly_is_filed_flown_and_recorded(live: Live) -> None:
    city = live.get("/city")
    thermal = [f for f in city["docks"]["features"] if f["properties"]["kind"] == "dock-thermal"]

    def ordered() -> Any:
        for dock in thermal:
            lon, lat = dock["geometry"]["coordinates"]
            answer = live.http.post(
                "/point", json={"lon": lon + 0.01, "lat": lat, "height_m": 60, "purpose": "look"}
            )
            if answer.status_code == 201:
                return answer.json()
            assert answer.json()["detail"]
        return None

    flight_id = live.until(ordered)["flight_id"]
    live.until(lambda: live.get(f"/flights/{flight_id}")["state"] in ("flying", "done"))
    done = live.until(lambda: live.get(f"/flights/{flight_id}")["state"] == "done")
    assert done
    live.until(lambda: live.get("/media", flight=flight_id)["items"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"lon": 118.9, "lat": 28.95, "height_m": 900}, "height_m"),
        ({"lon": 500.0, "lat": 28.95, "height_m": 60}, "lon"),
    ],
)
def test_a_point_that_makes_no_sense_is_refused_by_name(
    live: Live, body: dict[str, float], field: str
) -> None:
    answer = live.http.post("/point", json=body)
    assert 400 <= answer.status_code < 500
    assert field in answer.text


def test_a_killed_service_loses_nothing_and_carries_on(live: Live) -> None:
    live.until(lambda: _flying(live))
    lists: dict[str, Callable[[], list[Any]]] = {
        name: lambda name=name: live.every(f"/{name}")  # type: ignore[misc]
        for name in ("requests", "flights", "cases", "media")
    }
    before = {name: {item["id"] for item in read()} for name, read in lists.items()}
    flying = sorted(live.every("/flights", state="flying"), key=lambda f: f["end"])
    aloft = {f["id"] for f in flying[:4]}
    workers = live.workers()
    assert workers
    live.kill()
    live.start()
    live.until(lambda: not any(worker.is_running() for worker in workers), 20.0)
    after = {name: {item["id"] for item in read()} for name, read in lists.items()}
    for name, ids in before.items():
        assert ids <= after[name], f"{name} lost"
    live.until(lambda: live.get("/health")["vehicles_heard"] == 51)
    ended = ("done", "diverted")
    live.until(lambda: all(live.get(f"/flights/{f}")["state"] in ended for f in aloft))
    twice = [f for f in aloft if _take_offs(live, f) > 1]
    assert not twice
    assert len(live.every("/media")) > len(before["media"])


def _take_offs(live: Live, flight_id: str) -> int:
    diary = live.get(f"/flights/{flight_id}")["log"]
    return sum("read back and compared" in line["text"] for line in diary)


def test_a_member_sees_only_what_its_department_may_see(live: Live) -> None:
    made = live.flyonce(
        "token",
        "create",
        "--role",
        "member",
        "--department",
        "heritage",
        "--name",
        "museum",
        "--json",
    )
    headers = {"Authorization": f"Bearer {made['token']}"}
    mine = live.http.get("/requests", headers=headers, params={"limit": 500}).json()["items"]
    assert mine
    assert all("heritage" in (r["department"], *r["shared_with"]) for r in mine)
    others = [
        r
        for r in live.every("/requests")
        if r["department"] == "water" and "heritage" not in r["shared_with"]
    ]
    refused = live.http.get(f"/requests/{others[0]['id']}", headers=headers)
    assert refused.status_code == 404
    flown = live.http.post(
        "/point", headers=headers, json={"lon": 118.9, "lat": 28.95, "height_m": 60}
    )
    assert flown.status_code == 403
