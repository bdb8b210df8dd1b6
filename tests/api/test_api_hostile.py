"""What a hostile or careless department sends is refused and explained, and nothing is stored."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from whole_world import ADMIN, World, served, world

from missions.store import SqlStore

RING = [[118.86, 28.94], [118.88, 28.94], [118.88, 28.96], [118.86, 28.94]]
FIELD = {"type": "Polygon", "coordinates": [RING]}
WISH = {
    "geometry": FIELD,
    "sensor": "visible",
    "gsd_m": 0.05,
    "earliest": "2026-05-12T13:00:00+08:00",
    "latest": "2026-05-12T17:00:00+08:00",
}


def wish(**changes: Any) -> str:
    return json.dumps({**WISH, **changes})


def place(kind: str, coordinates: Any, **more: Any) -> str:
    return wish(geometry={"type": kind, "coordinates": coordinates, **more})


def order(rrule: str, zone: str = "Asia/Shanghai", **more: Any) -> str:
    return wish(recurrence={"rrule": rrule, "zone": zone, **more})


def packed(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return made.getvalue()


def nested(depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "Point", "coordinates": [118.87, 28.95]}
    for _ in range(depth):
        made = {"type": "GeometryCollection", "geometries": [made]}
    return made


def named_crs(name: str) -> dict[str, Any]:
    return {"crs": {"type": "name", "properties": {"name": name}}}


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE k [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + "]><kml><Placemark><name>&j;</name></Placemark></kml>"
)
OUTSIDE = LAUGHS.split("[", maxsplit=1)[0] + '[<!ENTITY j SYSTEM "file:///etc/passwd">]>'
MARK = '<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><Point><coordinates>{}</coordinates>'
MARK += "</Point></Placemark></kml>"

REQUESTS = {
    "self-crossing": place("Polygon", [[RING[0], RING[2], RING[1], [118.86, 28.96], RING[0]]]),
    "empty": place("Polygon", []),
    "empty ring": place("Polygon", [[]]),
    "world": place("Polygon", [[[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]]),
    "100,000 vertices": place("LineString", [[118.87, 28.95]] * 100_000),
    "swapped axes": place("Polygon", [[[lat, lon] for lon, lat in RING]]),
    "NaN": wish().replace("118.86", "NaN"),
    "infinite": wish().replace("118.86", "1e999"),
    "a number of 400 digits": wish().replace("118.86", "9" * 400),
    "a number of 5,000 digits": wish().replace("118.86", "9" * 5000),
    "a system of coordinates that is passed over": place(
        "Polygon", [RING], **named_crs("EPSG:4547")
    ),
    "a system in a foreign file": place("Polygon", [RING], **named_crs("+grids=/etc/passwd")),
    "unknown crs": wish(crs="EPSG:99999"),
    "nested collections": wish(geometry=nested(400)),
    "deep JSON": '{"geometry":' + "[" * 90_000 + "]" * 90_000 + "}",
    "many unknown fields": "{" + ",".join(f'"k{i}":1' for i in range(20_000)) + "}",
    "past": wish(earliest="2020-01-01T00:00:00Z", latest="2020-01-02T00:00:00Z"),
    "reversed": wish(earliest=WISH["latest"], latest=WISH["earliest"]),
    "before the calendar": wish(earliest="0001-01-01T00:00:00+14:00"),
    "after the calendar": wish(latest="9999-12-31T23:59:59-14:00"),
    "year 10000": wish(latest="10000-01-01T00:00:00Z"),
    "leap second": wish(latest="2026-06-30T23:59:60Z"),
    "NUL": wish(purpose="a\0b"),
    "lone surrogate": wish()[:-1] + ',"purpose":"\\ud800"}',
    "10,000 characters": wish(purpose="x" * 10_000),
    "not UTF-8": b'{"purpose":"\xff\xfe"}',
    "cut off": wish()[:-20],
    "no object": "[]",
}
STANDINGS = {
    "every second": order("FREQ=SECONDLY"),
    "a thousand million times": order("FREQ=DAILY;COUNT=1000000000"),
    "never": order("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31"),
    "until the past": order("FREQ=DAILY;UNTIL=20200101T000000Z"),
    "second line": order("FREQ=DAILY\nEXRULE:FREQ=DAILY"),
    "own start": order("DTSTART:19700101T000000Z\nRRULE:FREQ=DAILY"),
    "interval 0": order("FREQ=DAILY;INTERVAL=0"),
    "a zone that is none": order("FREQ=DAILY", "Mars/Phobos"),
    "a zone that is a file": order("FREQ=DAILY", "../../../etc/passwd"),
    "a zone that is a folder": order("FREQ=DAILY", "America"),
    "a zone with NUL": order("FREQ=DAILY", "\0"),
}
FILES = {
    "billion laughs": LAUGHS.encode(),
    "outer entity": (OUTSIDE + "<kml><name>&j;</name></kml>").encode(),
    "deep KML": ("<kml>" + "<Folder>" * 5000 + "</Folder>" * 5000 + "</kml>").encode(),
    "no numbers": MARK.format("nan,inf").encode(),
    "zip bomb": packed("doc.kml", b" " * 150_000_000),
    "zip cut off": packed("doc.kml", MARK.format("118.87,28.95").encode())[:-10],
    "broken shapefile": packed("a.shp", b"\0\0\x27\x0a" + b"\xff" * 200),
    "deep GeoJSON": b'{"type":"GeometryCollection","geometries":[' * 5000,
    "empty": b"",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home: Path = tmp_path_factory.mktemp("hostile")
    store = SqlStore(home / "records.sqlite")
    try:
        with world(home, store) as made, served(made):
            yield made
    finally:
        store.close()


@pytest.fixture(scope="module")
def caller(made: World) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {made.token(ADMIN)}", "Content-Type": "application/json"}
    with httpx.Client(base_url=f"{made.url}/api/v1", headers=headers, timeout=30) as client:
        yield client


def explained(answer: httpx.Response) -> dict[str, Any]:
    """The problem that an answer is."""
    assert 400 <= answer.status_code < 500, answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["detail"]
    assert told["remedy"]
    assert told["field"]
    return told


def stored(made: World) -> tuple[int, int]:
    with made.room.view() as unit:
        return unit.requests.count(), unit.standings.count()


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("path", ["/requests", "/requests/preview"])
def test_a_request_that_makes_no_sense_is_explained(
    made: World, caller: httpx.Client, path: str, name: str
) -> None:
    before = stored(made)
    explained(caller.post(path, content=REQUESTS[name]))
    assert stored(made) == before


@pytest.mark.parametrize("name", STANDINGS)
def test_an_order_without_end_or_sense_is_explained(
    made: World, caller: httpx.Client, name: str
) -> None:
    before = stored(made)
    explained(caller.post("/standings", content=STANDINGS[name]))
    assert stored(made) == before


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_a_trap_is_explained(caller: httpx.Client, name: str) -> None:
    kind = {"Content-Type": "application/octet-stream"}
    explained(caller.post("/requests/geometry", content=FILES[name], headers=kind))


@pytest.mark.parametrize("body", [{"requests": 5, "reason": "a\0b"}, {"requests": 10**30}])
def test_a_quota_that_no_database_keeps_is_explained(
    caller: httpx.Client, body: dict[str, Any]
) -> None:
    explained(caller.put("/quotas/water", content=json.dumps(body)))


def test_an_answer_names_some_wrong_fields_not_a_hundred_thousand(caller: httpx.Client) -> None:
    told = explained(caller.post("/requests", content=REQUESTS["many unknown fields"]))
    assert len(told["errors"]) <= 50
