"""Requests with the real use cases behind the routes: try, ask, accept, withdraw, files."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import shapely
from http_client import TestClient
from shapely.geometry import mapping
from whole_world import NOW, World, world

from missions.access import Principal, Role
from missions.demand.gcj02 import to_gcj02
from missions.demand.planning import plan_day
from missions.demand.releasing import release
from missions.entities import Flight

V1 = "/api/v1"
SPOT = {"type": "Point", "coordinates": [118.762, 28.927]}
FOREST = Principal(name="Forest", role=Role.MEMBER, department="forestry")
WATER = Principal(name="Water", role=Role.MEMBER, department="water")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The shipped city; today is planned and nothing is in the plan."""
    with world(tmp_path_factory.mktemp("city")) as made:
        empty = plan_day(made.room.preset, made.room.today(), seconds=0.2, requests=[])
        release(made.room.records, made.room.preset, empty, made.room.now())
        yield made


@pytest.fixture(scope="module")
def client(city: World) -> Iterator[TestClient]:
    with TestClient(city.app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 5)) as made:
        yield made


class Caller:
    """A department's own client."""

    def __init__(self, client: TestClient, city: World, who: Principal) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {city.token(who)}"}

    def get(self, path: str, **query: Any) -> Any:
        return self._client.get(V1 + path, params=query, headers=self._headers)

    def post(self, path: str, body: Any = None, **sent: Any) -> Any:
        given = {} if body is None else {"json": body}
        return self._client.post(V1 + path, headers=self._headers, **given, **sent)


@pytest.fixture(scope="module")
def water(client: TestClient, city: World) -> Caller:
    return Caller(client, city, WATER)


@pytest.fixture(scope="module")
def forest(client: TestClient, city: World) -> Caller:
    return Caller(client, city, FOREST)


def wish(**changes: Any) -> dict[str, Any]:
    given = {
        "geometry": SPOT,
        "sensor": "visible",
        "gsd_m": 0.1,
        "earliest": (NOW + timedelta(minutes=30)).isoformat(),
        "latest": (NOW + timedelta(hours=4)).isoformat(),
        "purpose": "look at the banks",
    }
    return {**given, **changes}


def test_a_preview_says_what_it_costs_and_stores_nothing(city: World, water: Caller) -> None:
    with city.room.view() as unit:
        before = (unit.requests.count(), unit.flights.count(), unit.log.count())
    answer = water.post("/requests/preview", wish())
    assert answer.status_code == 200, answer.text
    told = answer.json()["answer"]
    assert (told["state"], told["code"]) == ("planned", "planned")
    assert told["km"] > 0
    assert told["minutes"] > 0
    with city.room.view() as unit:
        assert (unit.requests.count(), unit.flights.count(), unit.log.count()) == before


def test_asked_joined_shared_and_withdrawn(city: World, water: Caller, forest: Caller) -> None:
    """The second department pays nothing more; the flight stays for it when the first goes."""
    mine = water.post("/requests", wish()).json()
    assert mine["answer"]["code"] == "planned", mine["answer"]
    flight = mine["answer"]["flights"][0]["flight_id"]
    preview = forest.post("/requests/preview", wish(gsd_m=0.2)).json()
    assert (preview["answer"]["code"], preview["answer"]["km"]) == ("joined", 0.0)
    assert preview["answer"]["with_departments"] == []  # it does not see that flight yet
    theirs = forest.post("/requests", wish(gsd_m=0.2)).json()
    assert (theirs["answer"]["code"], theirs["answer"]["flight_id"]) == ("joined", flight)
    assert theirs["answer"]["with_departments"] == ["water"]
    assert forest.get(f"/flights/{flight}").status_code == 200
    assert water.post(f"/requests/{theirs['id']}/withdraw").status_code == 404
    assert water.post(f"/requests/{mine['id']}/withdraw").json()["state"] == "withdrawn"
    assert water.get(f"/flights/{flight}").status_code == 404  # it serves it no more
    assert forest.get(f"/flights/{flight}").json()["state"] == "planned"
    gone = forest.post(f"/requests/{theirs['id']}/withdraw")
    assert gone.json()["state"] == "withdrawn"
    with city.room.view() as unit:
        cancelled: Flight = unit.flights.get(flight)
    assert cancelled.state == "cancelled"
    again = forest.post(f"/requests/{theirs['id']}/withdraw")
    assert again.status_code == 409
    assert again.json()["remedy"]


def test_a_refusal_is_accepted_with_one_call(water: Caller, forest: Caller) -> None:
    refused = water.post("/requests", wish(sensor="thermal", gsd_m=0.03)).json()
    told = refused["answer"]
    assert told["state"] == "refused"
    assert [c["rule"] for c in told["conflict"]] == ["sensor", "resolution"]
    assert told["offer"] is not None, told
    assert told["offer"]["instead"]
    assert forest.post(f"/requests/{refused['id']}/accept").status_code == 404
    taken = water.post(f"/requests/{refused['id']}/accept")
    assert taken.status_code == 201, taken.text
    made = taken.json()
    assert (made["state"], made["instead_of"]) == ("planned", refused["id"])
    assert made["gsd_m"] == pytest.approx(told["offer"]["instead"].get("gsd_m", made["gsd_m"]))
    assert water.post(f"/requests/{refused['id']}/accept").json()["id"] == made["id"]
    assert water.post(f"/requests/{made['id']}/accept").status_code == 409
    assert water.post(f"/requests/{made['id']}/withdraw").status_code == 200


def test_sharing_is_said_and_checked(water: Caller, forest: Caller) -> None:
    made = water.post("/requests", wish(share_with=["forestry"])).json()
    assert made["shared_with"] == ["forestry"]
    assert forest.get(f"/requests/{made['id']}").status_code == 200
    refused = forest.post(f"/requests/{made['id']}/withdraw")
    assert refused.status_code == 403  # it sees it, and it is not its own
    water.post(f"/requests/{made['id']}/withdraw")
    wrong = water.post("/requests", wish(share_with=["nobody"]))
    assert (wrong.status_code, wrong.json()["field"]) == (422, "share_with")


def test_a_day_without_a_plan_says_when_the_answer_comes(water: Caller) -> None:
    later = {
        "earliest": (NOW + timedelta(days=3)).isoformat(),
        "latest": (NOW + timedelta(days=3, hours=2)).isoformat(),
    }
    told = water.post("/requests", wish(**later)).json()["answer"]
    assert (told["state"], told["code"]) == ("asked", "waiting")
    assert told["due"].startswith("2026-05-14T03:00")


def test_files_become_geometry_by_body_and_by_form(water: Caller) -> None:
    field = shapely.box(118.86, 28.94, 118.87, 28.95)
    sent = json.dumps(mapping(field)).encode()
    by_body = water.post("/requests/geometry", content=sent)
    assert by_body.status_code == 200, by_body.text
    by_form = water.post(
        "/requests/geometry", files={"file": ("field.json", sent)}, data={"crs": "WGS84"}
    )
    assert by_body.json()["geometry"] == by_form.json()["geometry"]
    assert by_body.json()["features"][0]["kind"] == "area"
    moved = json.dumps(mapping(shapely.transform(field, to_gcj02))).encode()
    back = water.post("/requests/geometry", content=moved, params={"crs": "gcj02"}).json()
    west, south, east, north = shapely.geometry.shape(back["geometry"]).bounds
    assert (west, north) == (pytest.approx(118.86, abs=1e-6), pytest.approx(28.95, abs=1e-6))
    assert "converted" in back["notes"][-1]
    asked = water.post("/requests/preview", wish(geometry=json.loads(moved), crs="GCJ02")).json()
    assert shapely.geometry.shape(asked["geometry"]).bounds == pytest.approx(
        (west, south, east, north)
    )


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"content": b""}, "body"),
        ({"content": b"\x00"}, "body"),
        ({"content": json.dumps(SPOT).encode(), "params": {"crs": "mars"}}, "crs"),
        ({"files": {"other": ("a", b"{}")}}, "file"),
    ],
)
def test_a_bad_file_is_named(water: Caller, sent: dict[str, Any], field: str) -> None:
    answer = water.post("/requests/geometry", **sent)
    assert answer.status_code == 422
    assert answer.json()["remedy"]
    assert answer.json()["field"] == field


def test_known_places_in_map_coordinates_are_asked_about(city: World, water: Caller) -> None:
    """A department's own outline, copied from a Chinese map."""
    places = [p for p in city.room.preset.places if p.geometry.geom_type == "Polygon"]
    known = next(p.geometry for p in places if p.geometry.area < 1e-3)
    copied = mapping(shapely.transform(known, to_gcj02))
    answer = water.post("/requests", wish(geometry=copied))
    assert (answer.status_code, answer.json()["field"]) == (422, "crs"), answer.text
    assert "GCJ02" in answer.json()["remedy"]
    seen = water.post("/requests/geometry", content=json.dumps(copied).encode()).json()
    assert seen["suspected"]["crs"] == "GCJ02"
    shown = water.post("/requests/preview", wish(geometry=mapping(known), gsd_m=0.2))
    assert shown.status_code == 200, shown.text


def test_no_honest_place_of_the_city_is_suspected(city: World, water: Caller) -> None:
    for place in city.room.preset.places[::7]:
        sent = json.dumps(mapping(place.geometry)).encode()
        answer = water.post("/requests/geometry", content=sent)
        if answer.status_code == 200:
            assert answer.json()["suspected"] is None, place.name


def test_standing_orders(water: Caller, forest: Caller, city: World) -> None:
    body = wish(recurrence={"rrule": "FREQ=DAILY", "zone": "Asia/Shanghai", "count": 4})
    made = water.post("/standings", body)
    assert made.status_code == 201, made.text
    order = made.json()
    assert (order["state"], order["rrule"]) == ("active", "FREQ=DAILY;COUNT=4")
    assert forest.get(f"/standings/{order['id']}").status_code == 404
    assert forest.get("/standings").json()["items"] == []
    coming = water.get(f"/standings/{order['id']}/occurrences").json()["coming"]
    assert [c["local"] for c in coming][:2] == ["2026-05-12T09:30+0800", "2026-05-13T09:30+0800"]
    for step, state in (("pause", "paused"), ("resume", "active"), ("end", "ended")):
        assert forest.post(f"/standings/{order['id']}/{step}").status_code == 404
        assert water.post(f"/standings/{order['id']}/{step}").json()["state"] == state
    assert water.post(f"/standings/{order['id']}/pause").status_code == 409
    bomb = wish(recurrence={"rrule": "FREQ=SECONDLY", "zone": "Asia/Shanghai"})
    refused = water.post("/standings", bomb)
    assert (refused.status_code, refused.json()["field"]) == (422, "recurrence.rrule")
    assert water.get("/standings?state=ended").json()["items"][0]["id"] == order["id"]


def test_the_ledger_is_read_by_those_it_concerns(
    city: World, water: Caller, forest: Caller, client: TestClient
) -> None:
    from missions.ledger import split

    with city.room.unit() as unit:
        flight = unit.flights.get("flt-1")
        unit.ledger.add_all(split(flight, [unit.tasks.get("tsk-1")], []))
    shares = water.get("/flights/flt-1/ledger").json()
    assert shares["metres"] == round(flight.km * 1000)
    assert sum(s["metres"] for s in shares["departments"]) == shares["metres"]
    assert forest.get("/flights/flt-1/ledger").status_code == 404
    day = flight.day.isoformat()
    own = water.get("/ledger", **{"from": day, "to": day}).json()
    assert {s["department"] for s in own["departments"]} <= {"water"}
    assert own["days"][0]["least_km"] == 0.0
    assert forest.get("/ledger", **{"from": day}).json()["departments"] == []
    sheet = water.get("/ledger", **{"from": day, "format": "csv"})
    assert sheet.text.splitlines()[-1].startswith("total,")
    for query in ({"from": day, "to": "2026-01-01"}, {"from": "2020-01-01", "to": day}):
        assert water.get("/ledger", **query).status_code == 422
    assert water.get("/ledger", department="nobody").json()["field"] == "department"
    assert date.fromisoformat(own["first"]) == flight.day


def test_foreign_requests_are_not_found(forest: Caller, water: Caller) -> None:
    mine = water.post("/requests", wish()).json()["id"]
    for call in (f"/requests/{mine}/accept", f"/requests/{mine}/withdraw"):
        assert forest.post(call).status_code == 404
    assert forest.get(f"/requests/{mine}").status_code == 404
    water.post(f"/requests/{mine}/withdraw")
