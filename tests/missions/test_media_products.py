"""Products are made once, kept through a kill, shown to nobody who may not see what is in them."""

import asyncio
import hashlib
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from catalogue_world import ADMIN, FORESTRY, WATER, World, world
from pyproj import Transformer

from core.errors import InvalidInput, NotAllowed, NotFound
from imagery.products import cog
from imagery.products.product import Product, ProductKind, ProductState
from missions.media.products import Products, withdraw
from thermal.formats.decode import decode

TEMPERATURE = ProductKind.TEMPERATURE


class Never(Executor):
    """Workers that never answer."""

    def submit(self, *_: Any, **__: Any) -> "Future[Any]":
        return Future()


@pytest.fixture
def city(preset: Any, tmp_path: Path) -> Iterator[World]:
    with world(preset, tmp_path) as made:
        yield made


async def until(products: Products, p: Any, id: str, *states: ProductState) -> Product:
    for _ in range(1000):
        product = products.product(p, id)
        if product.state in states:
            return product
        await asyncio.sleep(0.01)
    raise AssertionError(f"{id} is still {product.state}")


async def made(world: World, p: Any, kind: ProductKind = TEMPERATURE, **of: str) -> Product:
    """Ask for a product and wait for it."""
    products = world.service.products
    asked = products.ask(p, kind, **of)
    work = asyncio.create_task(products.run())
    try:
        return await until(products, p, asked.id, ProductState.READY, ProductState.FAILED)
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


@pytest.mark.parametrize(("yaw", "pitch"), [(0.0, -90.0), (37.0, -70.0)])
async def test_a_temperature_raster_holds_the_decoders_values_where_they_were_measured(
    city: World, yaw: float, pitch: float
) -> None:
    medium = city.photograph(yaw=yaw, pitch=pitch)
    product = await made(city, FORESTRY, medium=medium.id)
    assert (product.state, product.problems) == (ProductState.READY, ())
    _, path = city.service.products.file(FORESTRY, product.id)
    celsius = decode(city.room.media.open(medium.key)).celsius
    with rasterio.open(path) as raster:
        values, tags = raster.read(1), raster.tags()
        assert (raster.dtypes, raster.units) == (("float32",), ("°C",))
        assert np.isnan(raster.nodata)
        row, column = np.argwhere(values == celsius.max())[0]
        x, y = raster.xy(row, column)
        lon, lat = Transformer.from_crs(raster.crs, 4326, always_xy=True).transform(x, y)
    known = values[np.isfinite(values)]
    assert set(np.unique(known)) == set(np.unique(celsius)), "a pixel was lost or made up"
    from catalogue_world import GROUND, THERMAL

    from core.geo import LonLat
    from core.pose import Attitude, Pose
    from imagery.ground.georeference import pixel_of

    pose = Pose(
        position=medium.position,
        altitude_m=medium.altitude_m,
        attitude=Attitude(yaw_deg=yaw, pitch_deg=pitch),
    )
    hot = pixel_of(pose, THERMAL, LonLat(lon, lat), GROUND.level_m)
    assert hot is not None
    assert (int(hot[1]), int(hot[0])) == (40, 100), "the hot pixel lies elsewhere"
    assert tags["SOURCE_SHA256"] == medium.sha256
    assert tags["EMISSIVITY"] == "1.0"
    assert float(tags["CAMERA_LON"]) == pytest.approx(118.87)
    assert tags["TAKEN_AT"].startswith("2026-05-12T06:30:00")
    assert product.details["statistics"]["maximum"] == pytest.approx(float(celsius.max()), abs=1e-3)
    assert product.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert cog.complaints(path) == []


async def test_asked_twice_is_made_once(city: World) -> None:
    medium = city.photograph()
    first = await made(city, ADMIN, medium=medium.id)
    again = city.service.products.ask(FORESTRY, TEMPERATURE, medium=medium.id)
    assert again == first
    with city.room.view() as unit:
        assert unit.products.count() == 1


async def test_a_product_that_a_killed_service_was_making_is_made_at_the_next_start(
    preset: Any, tmp_path: Path
) -> None:
    with world(preset, tmp_path, making=Never(), on_disk=True) as killed:
        medium = killed.photograph()
        products = killed.service.products
        id = products.ask(ADMIN, TEMPERATURE, medium=medium.id).id
        work = asyncio.create_task(products.run())
        await until(products, ADMIN, id, ProductState.MAKING)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        left = killed.room.media.beside("products")
        half = Path(left._root) / "ab"
        half.mkdir()
        (half / ".part-of-a-killed-worker").write_bytes(b"x")
    with world(preset, tmp_path, on_disk=True) as next_start:
        products = next_start.service.products
        work = asyncio.create_task(products.run())
        assert (await until(products, ADMIN, id, ProductState.READY)).key
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        assert not list(half.iterdir())


async def test_another_department_knows_of_no_product(city: World) -> None:
    medium = city.photograph()
    product = await made(city, FORESTRY, medium=medium.id)
    products = city.service.products
    for attempt in (
        lambda: products.product(WATER, product.id),
        lambda: products.file(WATER, product.id),
        lambda: products.ask(WATER, TEMPERATURE, medium=medium.id),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert products.listed(WATER).items == ()
    assert [p.id for p in products.listed(FORESTRY).items] == [product.id]


async def test_who_may_not_see_every_photograph_may_not_see_what_is_made_of_them(
    city: World,
) -> None:
    city.photograph(department="forestry", shared_with=("water",))
    city.photograph(east_m=20, department="forestry", shared_with=("emergency",))
    product = city.service.products.ask(ADMIN, ProductKind.THERMAL_MOSAIC, flight="flt-1")
    assert (product.department, product.shared_with) == ("forestry", ())
    own = city.service.products.ask(WATER, ProductKind.THERMAL_MOSAIC, flight="flt-1")
    assert own.id != product.id
    assert len(own.media) == 1
    with pytest.raises(NotFound):
        city.service.products.product(WATER, product.id)


async def test_sharp_photographs_stay_with_their_owner(city: World) -> None:
    medium = city.photograph(shared_with=("water",), gsd_m=0.01)
    with pytest.raises(NotAllowed, match="so sharp"):
        city.service.products.ask(WATER, TEMPERATURE, medium=medium.id)
    assert city.service.products.ask(FORESTRY, TEMPERATURE, medium=medium.id).shared_with == ()


async def test_a_file_that_cannot_be_read_fails_with_its_reason_and_the_next_one_is_made(
    city: World,
) -> None:
    bad, good = city.photograph(), city.photograph(east_m=5)
    broken = Path(city.room.media._root) / bad.key
    broken.chmod(0o600)
    broken.write_bytes(broken.read_bytes()[:3000])
    product = await made(city, ADMIN, medium=bad.id)
    assert product.state is ProductState.FAILED
    assert product.problems
    assert (await made(city, ADMIN, medium=good.id)).state is ProductState.READY
    again = city.service.products.ask(ADMIN, TEMPERATURE, medium=bad.id)
    assert again.state is ProductState.WANTED


async def test_deleting_a_photograph_withdraws_what_shows_it(city: World) -> None:
    medium = city.photograph()
    product = await made(city, ADMIN, medium=medium.id)
    _, path = city.service.products.file(ADMIN, product.id)
    with city.room.unit() as unit:
        assert withdraw(unit, [medium.id]) == 1
    with pytest.raises(NotFound, match="withdrawn"):
        city.service.products.file(ADMIN, product.id)
    work = asyncio.create_task(city.service.products.run())
    for _ in range(300):
        await asyncio.sleep(0.01)
        if not path.exists():
            break
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert not path.exists()


@pytest.mark.parametrize("kind", [ProductKind.THERMAL_MOSAIC, ProductKind.VISIBLE_MOSAIC])
async def test_the_photographs_of_a_flight_become_one_map(city: World, kind: ProductKind) -> None:
    thermal = kind is ProductKind.THERMAL_MOSAIC
    several = [city.photograph(thermal=thermal, east_m=20.0 * n) for n in range(3)]
    product = await made(city, FORESTRY, kind, flight="flt-1")
    assert product.state is ProductState.READY, product.problems
    assert product.details["frames_used"] == 3
    assert (product.taken_at, product.ended_at) == (several[0].taken_at, several[2].taken_at)
    assert product.gsd_m == pytest.approx(several[0].gsd_m, rel=0.2)
    _, path = city.service.products.file(FORESTRY, product.id)
    with rasterio.open(path) as raster:
        assert raster.dtypes == (("float32",) if thermal else ("uint8",) * 4)
        width_m = raster.bounds.right - raster.bounds.left
        assert raster.crs.to_epsg() == product.epsg == 32650
    alone = 2 * 100 * np.tan(np.radians(45 / 2 if thermal else 70 / 2))
    assert width_m == pytest.approx(alone + 40.0, rel=0.1)
    assert cog.complaints(path) == []


@pytest.mark.parametrize(
    ("kind", "of"),
    [
        (TEMPERATURE, {"flight": "flt-1"}),
        (TEMPERATURE, {}),
        (ProductKind.VISIBLE_MOSAIC, {"flight": "flt-1", "task": "tsk-1"}),
    ],
)
def test_what_a_product_is_made_of_is_said_once(
    city: World, kind: ProductKind, of: dict[str, str]
) -> None:
    with pytest.raises(InvalidInput, match="made of one"):
        city.service.products.ask(ADMIN, kind, **of)
