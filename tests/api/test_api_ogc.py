"""OGC API Features as its clients and its conformance tests ask for it."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from api_values import a_case, a_flight
from jsonschema import Draft202012Validator

from core.geo import LonLat
from core.route import Route, Waypoint
from missions.entities import Anomaly, CaseState, FlightState
from missions.features.finding import Features
from missions.store import SqlStore, Store
from missions.telemetry.track import Track

ROOT = "http://127.0.0.1:8000/api/v1/ogc"
START = datetime(2026, 5, 12, 1, 0, tzinfo=UTC)
WATER = {"Authorization": "Bearer t-water"}
NAMES = ("flights", "routes", "tracks", "anomalies", "cases")


def flight(number: int, **changes: Any) -> Any:
    lon = 118.5 + number / 100
    way = Route(
        tuple(
            Waypoint(position=LonLat(lon + dx, 28.9 + dy), height_m=100.0)
            for dx, dy in ((0.0, 0.0), (0.005, 0.0), (0.005, 0.004))
        )
    )
    start = START + timedelta(hours=number)
    made = replace(
        a_flight(),
        id=f"flt-{number:03d}",
        route=way,
        start=start,
        end=start + timedelta(minutes=40),
        day=start.date(),
        departments=("water",) if number % 2 else ("forestry",),
        state=FlightState.PLANNED,
        case_id=None,
    )
    return replace(made, **changes)


def track(number: int) -> Track:
    f = flight(number)
    row = (0, 100, 200)
    return Track(
        id=f.id,
        vehicle=f.vehicle,
        day=f.day,
        departments=f.departments,
        start=f.start,
        end=f.end,
        t_ds=row,
        lon_e7=tuple(round((118.5 + number / 100) * 1e7) + 1000 * k for k in range(3)),
        lat_e7=(289_000_000, 289_001_000, 289_002_000),
        alt_dm=(1800, 1900, 1800),
        heading_deg=row,
        speed_dmps=row,
        battery_pct=row,
        fixes=30,
    )


def anomaly(number: int) -> Anomaly:
    seen = START + timedelta(days=number)
    return Anomaly(
        id=f"ano-{number:03d}",
        event_type="01-01",
        position=LonLat(118.5 + number / 100, 28.9),
        error_m=4.0,
        first_seen=seen,
        last_seen=seen + timedelta(days=2),
        sightings=3,
        severity=4,
        department="water" if number % 2 else "forestry",
        shared_with=(),
    )


def case(number: int) -> Any:
    return replace(
        a_case(),
        id=f"cas-{number:03d}",
        number=f"QZ-{number}",
        position=LonLat(118.5 + number / 100, 28.9),
        opened_at=START + timedelta(days=number),
        department="water" if number % 2 else "forestry",
        shared_with=(),
        state=CaseState.CLOSED if number % 3 else CaseState.DISPATCHED,
    )


@pytest.fixture
def records(service: Any, tmp_path: Any) -> Iterator[Store]:
    """25 of each thing, the odd ones of the water department."""
    store = SqlStore(tmp_path / "f.db")
    service.features = Features(store)
    with store.unit() as unit:
        unit.flights.add_all([flight(n) for n in range(25)])
        unit.tracks.add_all([track(n) for n in range(25)])
        unit.anomalies.add_all([anomaly(n) for n in range(25)])
        unit.cases.add_all([case(n) for n in range(25)])
    yield store
    store.close()


@pytest.fixture
def read(client: Any, records: Store) -> Callable[..., Any]:
    """Read features of a collection; the answer must be 200 and GeoJSON."""

    def get(name: str, headers: Any = None, **how: Any) -> Any:
        answer = client.get(f"{ROOT}/collections/{name}/items", params=how, headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/geo+json"
        assert answer.headers["content-crs"].strip("<>").endswith("/CRS84")
        return answer.json()

    return get


def ids(page: Any) -> list[int]:
    return [int(f["id"].split("-")[1]) for f in page["features"]]


def links(body: Any) -> dict[str, str]:
    return {link["rel"]: link["href"] for link in body["links"]}


def test_from_the_landing_page_every_link_leads_somewhere(client: Any, records: Store) -> None:
    landing = client.get(ROOT).json()
    assert set(links(landing)) >= {"self", "service-desc", "conformance", "data", "related"}
    for link in landing["links"]:
        if "stac" in link["href"]:
            continue
        answer = client.get(link["href"])
        assert answer.status_code == 200, link
        assert answer.headers["content-type"].split("; ")[0] == link["type"].split("; ")[0], link
    listed = client.get(links(landing)["data"]).json()["collections"]
    assert tuple(c["id"] for c in listed) == NAMES
    for collection in listed:
        assert client.get(links(collection)["self"]).json() == collection
        assert client.get(links(collection)["items"]).status_code == 200
        west, south, east, north = collection["extent"]["spatial"]["bbox"][0]
        assert west < east
        assert south < north


def test_the_description_is_openapi_3_0_and_tells_of_every_address(
    client: Any, records: Store
) -> None:
    answer = client.get(f"{ROOT}/api")
    assert "openapi+json;version=3.0" in answer.headers["content-type"]
    document = answer.json()
    assert document["openapi"].startswith("3.0")
    items = document["paths"]["/collections/cases/items"]["get"]
    limit = next(p for p in items["parameters"] if p["name"] == "limit")
    assert limit["schema"]["maximum"] == 1000
    for path in document["paths"]:
        address = path.replace("{featureId}", "nosuch").rstrip("/")
        status = client.get(ROOT + address).status_code
        assert status == (404 if "nosuch" in address else 200), address
    names = [op["operationId"] for path in document["paths"].values() for op in path.values()]
    assert len(set(names)) == len(names)
    declared = client.get(f"{ROOT}/conformance").json()["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in declared


@pytest.mark.parametrize("name", NAMES)
def test_pages_hold_everything_once(read: Callable[..., Any], client: Any, name: str) -> None:
    page = read(name, limit=10)
    seen = ids(page)
    while "next" in links(page):
        page = client.get(links(page)["next"]).json()
        seen += ids(page)
    assert seen == list(range(24, -1, -1))
    assert page["numberReturned"] == 5
    assert page["timeStamp"].endswith("Z")


def test_what_arrives_meanwhile_moves_no_page(
    read: Callable[..., Any], client: Any, records: Store
) -> None:
    page = read("flights", limit=10)
    with records.unit() as unit:
        unit.flights.add(flight(99))
    assert ids(client.get(links(page)["next"]).json()) == list(range(14, 4, -1))


@pytest.mark.parametrize("name", NAMES)
def test_boxes(read: Callable[..., Any], name: str) -> None:
    assert ids(read(name, bbox="118.545,28.85,118.565,28.95"))[:2] in ([6, 5], [5, 6], [6, 5])
    assert ids(read(name, bbox="118.545,28.85,-100,118.565,28.95,9000")) == ids(
        read(name, bbox="118.545,28.85,118.565,28.95")
    )
    assert read(name, bbox="0,0,1,1")["features"] == []
    assert len(ids(read(name, bbox="-180,-90,180,90"))) == 25
    # over the 180th meridian, from the city's east round the world to its west
    around = ids(read(name, bbox="118.735,-90,118.505,90"))
    assert sorted(around)[0] == 0
    assert sorted(around)[-1] == 24
    assert len(set(around)) == len(around)


def test_a_line_is_found_by_any_part_of_it(read: Callable[..., Any]) -> None:
    assert ids(read("routes", bbox="118.5545,28.9035,118.556,28.95")) == [5]


def test_times(read: Callable[..., Any]) -> None:
    assert ids(read("flights", datetime="2026-05-12T03:10:00Z")) == [2]
    assert ids(read("flights", datetime="2026-05-12T03:50:00Z")) == []
    assert ids(read("flights", datetime="2026-05-12T03:10:00Z/2026-05-12T05:00:00Z")) == [4, 3, 2]
    assert ids(read("flights", datetime="../2026-05-12T02:00:00Z")) == [1, 0]
    assert ids(read("flights", datetime="2026-05-13T00:00:00Z/..")) == [24, 23]
    assert ids(read("flights", datetime="2026-05-13T08:00:00+08:00/")) == [24, 23]
    assert ids(read("anomalies", datetime="2026-05-15T00:00:00Z")) == [2, 1]
    assert ids(read("cases", datetime="2026-05-13T01:00:00Z/2026-05-14T01:00:00Z")) == [2, 1]


def test_properties_filter(read: Callable[..., Any]) -> None:
    assert ids(read("cases", state="dispatched", limit=3)) == [24, 21, 18]
    assert ids(read("cases", number="QZ-7")) == [7]
    assert ids(read("flights", day="2026-05-13")) == [24, 23]
    assert read("anomalies", event_type="99")["features"] == []
    both = read("cases", state="dispatched", bbox="118.595,28,118.605,29")
    assert ids(both) == [9] or ids(both) == []


def test_less_of_each_feature(read: Callable[..., Any]) -> None:
    page = read("cases", properties="state,number", limit=2)
    assert all(set(f["properties"]) == {"state", "number"} for f in page["features"])
    bare = read("routes", skipGeometry="true", limit=2)
    assert all(f["geometry"] is None for f in bare["features"])
    assert all(len(f["geometry"]["coordinates"]) == 3 for f in read("tracks")["features"])


@pytest.mark.parametrize("name", NAMES)
def test_features_are_geojson_with_times_of_rfc_3339(read: Callable[..., Any], name: str) -> None:
    for f in read(name)["features"]:
        assert (f["type"], f["geometry"]["type"] in {"Point", "LineString"}) == ("Feature", True)
        times = [v for k, v in f["properties"].items() if k in {"start", "opened_at", "first_seen"}]
        assert times
        assert all(datetime.fromisoformat(t).tzinfo and t.endswith("Z") for t in times)


@pytest.mark.parametrize("name", NAMES)
def test_each_sees_what_it_may(read: Callable[..., Any], client: Any, name: str) -> None:
    mine = ids(read(name, headers=WATER))
    assert mine == list(range(23, 0, -2))
    prefix = {"anomalies": "ano", "cases": "cas"}.get(name, "flt")
    one = f"{ROOT}/collections/{name}/items/{prefix}-"
    assert client.get(f"{one}003", headers=WATER).json()["id"] == f"{prefix}-003"
    for hidden in ("004", "nosuch"):
        assert client.get(one + hidden, headers=WATER).status_code == 404
    assert client.get(f"{one}004").status_code == 200


WRONG = (
    *({"bbox": "1,2,3"}, {"bbox": "a,b,c,d"}, {"bbox": "1,5,2,4"}, {"bbox": "1,2,3,nan"}),
    *({"bbox": "-181,0,1,1"}, {"limit": "0"}, {"limit": "-1"}, {"limit": "x"}, {"limit": "１"}),
    *({"datetime": "yesterday"}, {"datetime": "../.."}, {"datetime": "2026-05-13/2026-05-12"}),
    *({"nosuch": "1"}, {"after": "x"}, {"after": "7.flt-001"}, {"after": "0.nosuch"}),
    *({"skipGeometry": "perhaps"}, {"crs": "EPSG:4490"}, {"bbox-crs": "EPSG:3857"}),
)


def test_a_wrong_question_is_400_and_explained(client: Any, records: Store) -> None:
    for wrong in WRONG:
        answer = client.get(f"{ROOT}/collections/flights/items", params=wrong)
        assert answer.status_code == 400, wrong
        assert answer.json()["remedy"]
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_limit_beyond_the_largest_is_cut_down(read: Callable[..., Any]) -> None:
    assert len(ids(read("cases", limit="1000000"))) == 25


def test_an_unknown_collection_is_404(client: Any, records: Store) -> None:
    for path in ("nosuch", "nosuch/items", "nosuch/items/1", "nosuch/queryables"):
        answer = client.get(f"{ROOT}/collections/{path}")
        assert answer.status_code == 404


def test_queryables_are_a_schema(client: Any, records: Store) -> None:
    schema = client.get(f"{ROOT}/collections/cases/queryables").json()
    Draft202012Validator.check_schema(schema)
    assert "state" in schema["properties"]


def test_a_map_program_may_send_its_key_as_a_password(
    make_client: Callable[..., Any], records: Store
) -> None:
    client = make_client(require_sign_in=True)
    address = f"{ROOT}/collections/cases/items"

    def basic(text: str) -> dict[str, str]:
        return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}

    assert client.get(address).status_code == 401
    assert client.get(address, headers=basic("qgis:t-water")).json()["numberReturned"] == 12
    for no in (basic("qgis:wrong"), basic("t-water"), {"Authorization": "Basic ???"}):
        assert client.get(address, headers=no).status_code == 401
    elsewhere = "http://127.0.0.1:8000/api/v1"
    assert client.get(f"{elsewhere}/cases", headers=basic("q:t-admin")).status_code == 401
    wrong = client.post(f"{elsewhere}/stac/search", headers=basic("q:t-admin"), json={})
    assert wrong.status_code == 401


def test_old_rows_get_their_boxes_and_times(tmp_path: Any) -> None:
    """The migration is taken back and made again over rows that are there."""
    from alembic import command
    from alembic.config import Config

    from missions.store import migrate
    from missions.store.tables import TABLES

    store = SqlStore(tmp_path / "f.db")
    with store.unit() as unit:
        unit.flights.add(flight(3))
        unit.tracks.add(track(3))
        unit.anomalies.add(anomaly(3))
    columns = {
        "flights": ("west", "south", "east", "north", "span", "end"),
        "tracks": ("west", "south", "east", "north", "span"),
        "anomalies": ("first_seen", "last_seen"),
    }

    def values() -> list[Any]:
        with store._engine.begin() as connection:
            return [
                tuple(connection.execute(TABLES[name].select()).mappings().one()[c] for c in wanted)
                for name, wanted in columns.items()
            ]

    before = values()
    config = Config()
    config.set_main_option("script_location", str(migrate._SCRIPTS))
    with store._engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0021")
        command.upgrade(config, "head")
    assert values() == before
    assert before[0][0] == pytest.approx(118.53)
    store.close()
