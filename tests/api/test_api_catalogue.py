"""The catalogue over HTTP: valid STAC, exact places, stable pages, and nobody else's things."""

import asyncio
import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from api_values import a_preset
from catalogue_world import THERMAL, World, here, world
from fastapi.testclient import TestClient
from PIL import Image
from pystac.validation import validate_dict

from api.app import create_app
from api.settings import Settings
from imagery.products.product import ProductKind, ProductState
from missions.access import Principal, Role
from thermal.formats.decode import decode

V1 = "/api/v1"
STAC = f"{V1}/stac"
PEOPLE = {
    "t-forest": Principal(name="forester", role=Role.MEMBER, department="forestry"),
    "t-water": Principal(name="river chief", role=Role.MEMBER, department="water"),
    "t-admin": Principal(name="admin", role=Role.ADMINISTRATOR),
}
FOREST, WATER = ({"Authorization": f"Bearer t-{who}"} for who in ("forest", "water"))


@pytest.fixture(scope="module")
def preset() -> Any:
    made = a_preset()
    made.docks = ()  # nothing flies here
    return made


@pytest.fixture
def city(preset: Any, tmp_path: Path) -> Iterator[World]:
    with world(preset, tmp_path) as made:
        made.service.people = PEOPLE
        yield made


@pytest.fixture
def client(city: World) -> Iterator[TestClient]:
    service: Any = city.service
    app = create_app(service, Settings())
    with TestClient(
        app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 5), headers=FOREST
    ) as made:
        yield made


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [feature["id"] for feature in answer.json()["features"]]


def make_product(city: World, kind: ProductKind, **of: str) -> str:
    """Ask for a product and have it made."""
    forester = PEOPLE["t-forest"]
    id = city.service.products.ask(forester, kind, **of).id

    async def run() -> None:
        work = asyncio.create_task(city.service.products.run())
        for _ in range(1000):
            if city.service.products.product(forester, id).state is ProductState.READY:
                break
            await asyncio.sleep(0.01)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    thread = threading.Thread(target=asyncio.run, args=(run(),))  # the client has a loop of its own
    thread.start()
    thread.join(20)
    assert city.service.products.product(forester, id).state is ProductState.READY
    return id


def test_landing_page_and_collections_are_valid_stac(client: TestClient, city: World) -> None:
    city.photograph()
    landing = client.get(STAC).json()
    validate_dict(landing)
    assert "https://api.stacspec.org/v1.0.0/item-search" in landing["conformsTo"]
    for link in landing["links"]:
        if link.get("method") != "POST":
            assert client.get(link["href"]).status_code == 200, link
    listed = client.get(f"{STAC}/collections").json()["collections"]
    assert len(listed) == 6
    for one in listed:
        validate_dict(one)
        assert one == client.get(f"{STAC}/collections/{one['id']}").json()
    thermal = next(c for c in listed if c["id"] == "thermal")
    west, south, east, north = thermal["extent"]["spatial"]["bbox"][0]
    assert (west < 118.87 < east, south < 28.95 < north) == (True, True)
    assert thermal["extent"]["temporal"]["interval"][0] == ["2026-05-12T06:30:00Z"] * 2


def test_items_are_valid_and_say_how_they_were_taken(client: TestClient, city: World) -> None:
    medium = city.photograph(yaw=30.0, pitch=-60.0, tasks=("tsk-1",))
    answer = client.get(f"{STAC}/collections/thermal/items/{medium.id}")
    assert answer.headers["content-type"] == "application/geo+json"
    item = answer.json()
    validate_dict(_without_extensions(item))
    properties = item["properties"]
    assert properties["view:off_nadir"] == pytest.approx(30.0)
    assert properties["view:azimuth"] == pytest.approx(30.0)
    assert (properties["platform"], properties["instruments"]) == ("TC-01", ["t1"])
    assert properties["flyonce:scenarios"] == ["fire"]
    original = item["assets"]["original"]
    assert original["file:checksum"] == "1220" + medium.sha256
    assert len(client.get(original["href"]).content) == original["file:size"]


def test_what_reaches_into_a_box_is_found_and_what_only_seems_to_is_not(
    client: TestClient, city: World
) -> None:
    medium = city.photograph(yaw=45.0)
    at = here(medium)
    assert medium.footprint is not None
    ring = medium.footprint["coordinates"][0]
    west = min(p[0] for p in ring)
    north = max(p[1] for p in ring)
    corner = f"{west},{north - 1e-5},{west + 1e-5},{north}"
    assert ids(client.get(f"{STAC}/search?bbox={corner}")) == [], "in the box of it, not in it"
    edge = f"{west},{at.lat - 1e-4},{west + 2e-5},{at.lat + 1e-4}"
    assert ids(client.get(f"{STAC}/search?bbox={edge}")) == [medium.id]
    touching = {"type": "Point", "coordinates": [at.lon + 2e-4, at.lat]}
    found = client.post(f"{STAC}/search", json={"intersects": touching})
    assert ids(found) == [medium.id]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("datetime=2026-05-12T06:30:05Z", [5]),
        ("datetime=2026-05-12T06:30:05Z/..", [10, 5]),
        ("datetime=/2026-05-12T06:30:05Z", [5, 0]),
        ("datetime=2026-05-12T06:30:01Z/2026-05-12T06:30:09Z", [5]),
        ("sortby=%2Bdatetime", [0, 5, 10]),
        ("sensor=thermal", [5, 0]),
        ("collections=visible", [10]),
        ("collections=nothing", []),
        ("scenario=river", [5]),
        ("flight=flt-2", [10]),
        ("department=forestry", [10, 5, 0]),
        ("department=water", [5]),
        ('query={"flyonce:scenarios":{"in":["river","x"]}}', [5]),
        ('query={"view:off_nadir":{"gte":10}}', [0]),
        ('query={"gsd":{"lt":0.2}}', []),
        ("bbox=170,-10,-170,80", []),
    ],
)
def test_conditions(client: TestClient, city: World, query: str, expected: list[int]) -> None:
    several = {
        0: city.photograph(pitch=-70.0),
        5: city.photograph(east_m=5, scenarios=("river",), shared_with=("water",)),
        10: city.photograph(thermal=False, east_m=10, flight="flt-2"),
    }
    assert ids(client.get(f"{STAC}/search?{query}")) == [several[n].id for n in expected]


@pytest.mark.parametrize(
    "wrong",
    [
        "bbox=1,2,3",
        "bbox=a,b,c,d",
        "bbox=10,20,20,10",
        "bbox=nan,0,1,1",
        "datetime=yesterday",
        "datetime=2026-05-13T00:00:00Z/2026-05-12T00:00:00Z",
        "datetime=../..",
        "datetime=1985-04-12T23:20:50,52Z",
        "datetime=1937-01-01T12:00:27.87%2B0100",
        "datetime=1985-04-12",
        "limit=0",
        "limit=x",
        "token=nonsense",
        "token=med-404~",
        "sortby=gsd",
        "intersects={}",
        'intersects={"type":"Point","coordinates":[999,0]}',
        'query={"colour":{"eq":"red"}}',
        "query=[[[[",
        'bbox=1,1,2,2&intersects={"type":"Point","coordinates":[1,1]}',
    ],
)
def test_what_is_not_understood_is_refused_not_passed_over(client: TestClient, wrong: str) -> None:
    answer = client.get(f"{STAC}/search?{wrong}")
    assert answer.status_code == 400
    assert answer.json()["detail"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"colour": 1}', b'{"ids": "a"}'])
def test_bodies_that_are_not_understood(client: TestClient, body: bytes) -> None:
    assert client.post(f"{STAC}/search", content=body).status_code == (400 if body else 200)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_pages_hold_each_item_once_while_photographs_come_in(
    client: TestClient, city: World, method: str
) -> None:
    expected = [city.photograph(east_m=n).id for n in range(7)][::-1]
    seen: list[str] = []
    answer = client.request(method, f"{STAC}/search", **_limited(method))
    for round in range(10):
        seen += ids(answer)
        city.photograph(east_m=100 + round)  # newer than the cursor: it moves nothing
        following = [k for k in answer.json()["links"] if k["rel"] == "next"]
        if not following:
            break
        link = following[0]
        answer = client.request(link["method"], link["href"], json=link.get("body"))
    assert [s for s in seen if s in expected] == expected
    assert len(seen) == len(set(seen))


def test_another_department_finds_nothing_anywhere(client: TestClient, city: World) -> None:
    medium = city.photograph()
    id = make_product(city, ProductKind.TEMPERATURE, medium=medium.id)
    own = client.get(f"{STAC}/search").json()["features"]
    assert {f["id"] for f in own} == {medium.id, id}
    assert ids(client.get(f"{STAC}/search", headers=WATER)) == []
    assert ids(client.get(f"{STAC}/search?department=forestry", headers=WATER)) == []
    assert ids(client.get(f"{STAC}/search?ids={medium.id},{id}", headers=WATER)) == []
    addresses = [link["href"] for f in own for link in f["links"] if f["id"] in link["href"]]
    addresses += [asset["href"] for f in own for asset in f["assets"].values()]
    base = f"{V1}/products/{id}"
    addresses += [f"{base}", f"{base}/statistics", f"{base}/point/118.87,28.95"]
    addresses += [f"{base}/tiles/WebMercatorQuad/{_tile(118.87, 28.95, 18)}.png"]
    for address in addresses:
        assert client.get(address).status_code == 200, address
        assert client.get(address, headers=WATER).status_code == 404, address
    body = {"kind": "temperature", "medium": medium.id}
    assert client.post(f"{V1}/products", json=body, headers=WATER).status_code == 404
    collection = client.get(f"{STAC}/collections/thermal", headers=WATER).json()
    assert collection["extent"]["temporal"]["interval"] == [[None, None]]


def test_a_shared_photograph_is_not_promised_as_the_original(
    client: TestClient, city: World
) -> None:
    medium = city.photograph(shared_with=("water",))
    item = client.get(f"{STAC}/collections/thermal/items/{medium.id}", headers=WATER).json()
    assert "file:checksum" not in item["assets"]["original"]


def test_a_product_is_asked_for_fetched_in_parts_and_listed_as_a_valid_item(
    client: TestClient, city: World
) -> None:
    medium = city.photograph()
    body = {"kind": "temperature", "medium": medium.id}
    asked = client.post(f"{V1}/products", json=body)
    assert (asked.status_code, asked.json()["state"]) == (202, "wanted")
    id = asked.json()["id"]
    assert client.get(f"{V1}/products/{id}/file").status_code == 404
    assert make_product(city, ProductKind.TEMPERATURE, medium=medium.id) == id
    assert client.post(f"{V1}/products", json=body).status_code == 200
    item = client.get(f"{STAC}/collections/temperature/items/{id}").json()
    validate_dict(_without_extensions(item))
    assert item["properties"]["proj:code"] == "EPSG:32650"
    href, size = item["assets"]["data"]["href"], item["assets"]["data"]["file:size"]
    head = client.head(href)
    assert (head.headers["accept-ranges"], head.headers["content-length"]) == ("bytes", str(size))
    part = client.get(href, headers={"Range": "bytes=0-99", "Accept-Encoding": "gzip"})
    assert (part.status_code, len(part.content)) == (206, 100)
    whole = client.get(href, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in whole.headers
    assert whole.content[:100] == part.content
    with rasterio.open(io.BytesIO(whole.content)) as raster:
        assert raster.shape == tuple(item["properties"]["proj:shape"])
        assert list(raster.transform)[:6] == item["properties"]["proj:transform"]


def test_tiles_show_the_temperatures_that_the_decoder_read(client: TestClient, city: World) -> None:
    medium = city.photograph()
    base = f"{V1}/products/{make_product(city, ProductKind.TEMPERATURE, medium=medium.id)}"
    lies = client.get(f"{base}/WebMercatorQuad/tilejson.json?rescale=0,60").json()
    assert lies["tiles"][0].endswith("/{z}/{x}/{y}.png?rescale=0,60")
    west, south, east, north = lies["bounds"]
    celsius = decode(city.room.media.open(medium.key)).celsius
    low, high = float(celsius.min()), float(celsius.max())
    statistics = client.get(f"{base}/statistics").json()
    assert statistics["maximum"] == pytest.approx(high, abs=1e-3)
    for share in (0.2, 0.5, 0.8):  # north is up in this photograph
        lon, lat = west + share * (east - west), north - share * (north - south)
        value = client.get(f"{base}/point/{lon},{lat}").json()["values"][0]
        row, column = int(share * THERMAL.height_px), int(share * THERMAL.width_px)
        near = celsius[row - 2 : row + 3, column - 2 : column + 3]
        assert value in near
        assert low <= value <= high
    address = lies["tiles"][0]
    for key, number in zip("zxy", _tile(118.87, 28.95, lies["maxzoom"]).split("/"), strict=True):
        address = address.replace(f"{{{key}}}", number)
    answer = client.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert "immutable" in answer.headers["cache-control"]
    pixels = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert pixels.shape == (256, 256, 4)
    assert len(np.unique(pixels[pixels[..., 3] == 255], axis=0)) > 5
    outside = client.get(f"{base}/tiles/WebMercatorQuad/{_tile(0.0, 0.0, 18)}.png")
    assert (outside.status_code, outside.content) == (204, b"")
    assert client.get(f"{base}/point/0,0").status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("tiles/WebMercatorQuad/25/0/0.png", 422),
        ("tiles/WebMercatorQuad/1/0/0.png?tilesize=100000", 422),
        ("tiles/WebMercatorQuad/1/0/0.png?colormap_name=../../etc", 422),
        ("tiles/WebMercatorQuad/1/0/0.png?rescale=5,1", 422),
        ("tiles/WebMercatorQuad/1/0/0.png?url=http://169.254.169.254/", 404),
        ("tiles/WebMercatorQuad/../../file", 404),
    ],
)
def test_a_tile_has_bounds_and_takes_no_address(
    client: TestClient, city: World, path: str, status: int
) -> None:
    assert client.get(f"{V1}/products/prd-none/{path}").status_code == status
    assert client.get(f"{V1}/products/..%2f..%2fetc/file").status_code == 404


def _limited(method: str) -> dict[str, Any]:
    return {"params": {"limit": 3}} if method == "GET" else {"json": {"limit": 3}}


def _without_extensions(item: dict[str, Any]) -> dict[str, Any]:
    """For the schemas that pystac carries with it; the extensions' are on the web."""
    return {**item, "stac_extensions": []}


def _tile(lon: float, lat: float, zoom: int) -> str:
    import morecantile

    found = morecantile.tms.get("WebMercatorQuad").tile(lon, lat, zoom)
    return f"{found.z}/{found.x}/{found.y}"
