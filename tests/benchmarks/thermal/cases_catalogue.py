"""Searches of the catalogue over a hundred thousand photographs, and how long products take."""

import math
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry import mapping

from benchmarks.thermal.registry import Row, Setting, Table, best_s, group
from core.clock import ManualClock
from core.equipment import CameraSpec, Sensor
from core.geo import FlatGround, LonLat
from core.pose import Attitude, Pose
from imagery.catalog import Medium
from imagery.products import cog, tiles
from imagery.products.ortho import lay
from missions.access import Principal, Role
from missions.media.archive import Archive, Query
from missions.operations.room import ControlRoom, Watchers
from missions.store import SqlStore

ROWS = 100_000
SEARCHES = 200
WEST, SOUTH, EAST, NORTH = 118.2, 28.3, 119.4, 29.4
"""About the city of Quzhou: 117 km by 122 km."""
START = datetime(2026, 5, 1, tzinfo=UTC)
DEPARTMENTS = ("forestry", "water", "urban", "ecology", "emergency")
LEVEL = FlatGround(80.0)
ADMIN = Principal(name="admin", role=Role.ADMINISTRATOR)
MEMBER = Principal(name="member", role=Role.MEMBER, department="water")


@group("catalogue", "Searches of 100,000 photographs by place, time and link; products and tiles")
def measure(setting: Setting) -> Iterator[Table]:
    """Each search as the service makes it: in a store on disk, with exact footprints."""
    with tempfile.TemporaryDirectory() as folder:
        store = SqlStore(Path(folder) / "catalogue.db")
        setting.tell(f"{ROWS:,} photographs are put into a store")
        began = time.perf_counter()
        fill(store, ROWS, setting.seed)
        filled_s = time.perf_counter() - began
        yield _searches(Archive(_room(store, folder)), setting, filled_s)
        store.close()
    yield _products()


def fill(store: SqlStore, count: int, seed: int) -> None:
    """Photographs in strips, as flights take them, each some 130 m wide, turned any way."""
    rng = random.Random(seed)
    media, flight = [], 0
    for n in range(count):
        if n % 200 == 0:
            flight += 1
            lon, lat = rng.uniform(WEST, EAST), rng.uniform(SOUTH, NORTH)
            heading = rng.uniform(0, 2 * math.pi)
            department = rng.choice(DEPARTMENTS)
        lon += 3e-4 * math.cos(heading)
        lat += 3e-4 * math.sin(heading)
        media.append(_medium(n, flight, lon, lat, heading, department))
    for first in range(0, count, 5000):
        with store.unit() as unit:
            unit.media.add_all(media[first : first + 5000])


def _medium(n: int, flight: int, lon: float, lat: float, heading: float, owner: str) -> Medium:
    square = shapely.box(lon - 6.5e-4, lat - 4.5e-4, lon + 6.5e-4, lat + 4.5e-4)
    turned = shapely.affinity.rotate(square, math.degrees(heading))
    at = START + timedelta(seconds=5 * n)
    return Medium(
        id=f"med-{n:06d}",
        sha256=f"{n:064d}",
        key=f"00/{n:064d}",
        size_bytes=5_000_000,
        received_at=at,
        taken_at=at,
        vehicle=f"QZ-{flight % 51:02d}",
        flight=f"flt-{flight}",
        camera="cam",
        sensor=Sensor.THERMAL if n % 2 else Sensor.VISIBLE,
        position=LonLat(lon, lat),
        altitude_m=200.0,
        footprint=mapping(turned),
        gsd_m=0.05,
        yaw_deg=0.0,
        pitch_deg=-90.0,
        tasks=(f"tsk-{flight}",),
        scenarios=(f"scenario-{flight % 79}",),
        department=owner,
        shared_with=(DEPARTMENTS[n % 5],),
    )


def _searches(archive: Archive, setting: Setting, filled_s: float) -> Table:
    rng = random.Random(setting.seed + 1)

    def place() -> tuple[float, float]:
        return rng.uniform(WEST, EAST - 0.02), rng.uniform(SOUTH, NORTH - 0.02)

    def box(side: float) -> Any:
        lon, lat = place()
        return shapely.box(lon, lat, lon + side, lat + side)

    def day() -> dict[str, datetime]:
        since = START + timedelta(hours=rng.uniform(0, 110))
        return {"since": since, "until": since + timedelta(hours=6)}

    asked: Mapping[str, Callable[[], Query]] = {
        "box of 100 m": lambda: Query(place=box(0.001), limit=100),
        "box of 1 km": lambda: Query(place=box(0.01), limit=100),
        "box of 11 km": lambda: Query(place=box(0.1), limit=100),
        "the whole city": lambda: Query(place=shapely.box(WEST, SOUTH, EAST, NORTH), limit=100),
        "circle of 500 m": lambda: Query(place=shapely.Point(place()).buffer(0.005), limit=100),
        "box of 1 km, thermal, six hours": lambda: Query(
            place=box(0.01), equals={"sensor": ("thermal",)}, limit=100, **day()
        ),
        "a flight": lambda: Query(equals={"flight": (f"flt-{rng.randint(1, 500)}",)}, limit=100),
        "a scenario in a box of 11 km": lambda: Query(
            place=box(0.1), equals={"scenario": (f"scenario-{rng.randint(0, 78)}",)}, limit=100
        ),
        "the latest": lambda: Query(limit=100),
    }
    rows = [_timed(archive, name, make) for name, make in asked.items()]
    return Table(
        title=f"Searches of {ROWS:,} photographs, milliseconds",
        columns=tuple(rows[0]),
        rows=rows,
        notes=(
            f"{SEARCHES} searches of each sort at random places, as an administrator and as a "
            "member of one of five departments; SQLite on this machine's disk; up to 100 entries "
            "with footprints decided exactly.",
            f"Filled at {ROWS / filled_s:,.0f} photographs a second.",
        ),
    )


def _timed(archive: Archive, name: str, make: Callable[[], Query]) -> Row:
    row: Row = {"search": name}
    for who, p in (("administrator", ADMIN), ("member", MEMBER)):
        spent, entries = [], 0
        for _ in range(SEARCHES):
            query = make()
            began = time.perf_counter()
            entries += len(archive.search(p, query).entries)
            spent.append(1000 * (time.perf_counter() - began))
        row |= {
            f"{who}: found": entries / SEARCHES,
            f"{who}: median": float(np.median(spent)),
            f"{who}: p95": float(np.percentile(spent, 95)),
        }
    return row


def _products() -> Table:
    """A thermal frame of the usual size, laid, written and drawn."""
    camera = CameraSpec(id="t", sensor=Sensor.THERMAL, width_px=640, height_px=512, hfov_deg=45.0)
    picture = np.random.default_rng(0).normal(20, 5, (512, 640)).astype(np.float32)
    rows: list[Row] = []
    for yaw, pitch in ((0.0, -90.0), (30.0, -90.0), (30.0, -60.0)):
        pose = Pose(
            position=LonLat(118.87, 28.95),
            altitude_m=200.0,
            attitude=Attitude(yaw_deg=yaw, pitch_deg=pitch),
        )
        ground = lay(picture, pose, camera, LEVEL)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "t.tif"
            cog.write_temperatures(ground, path, {})
            lies = tiles.lies(path)
            z, x, y = _middle(lies)
            shown = len(np.unique(ground.values[np.isfinite(ground.values)]))
            place = (z, x, y)
            rows.append(
                {
                    "yaw, pitch": f"{yaw:.0f}, {pitch:.0f}",
                    "cells": ground.values.size,
                    "pixels in the map": shown / len(np.unique(picture)),
                    "lay ms": 1000 * best_s(partial(lay, picture, pose, camera, LEVEL), 1.0),
                    "write ms": 1000
                    * best_s(partial(cog.write_temperatures, ground, path, {}), 1.0),
                    "tile ms": 1000
                    * best_s(partial(tiles.tile, path, *place, size_px=256, smooth=False), 1.0),
                    "MB": path.stat().st_size / 1e6,
                }
            )
    return Table(
        title="A temperature raster of one 640 x 512 frame from 120 m",
        columns=tuple(rows[0]),
        rows=rows,
        notes=("Noise, which packs worst; one core.",),
    )


def _middle(lies: tiles.Lies) -> tuple[int, int, int]:
    import morecantile

    west, south, east, north = lies.bounds
    found = morecantile.tms.get("WebMercatorQuad").tile(
        (west + east) / 2, (south + north) / 2, lies.maxzoom
    )
    return found.z, found.x, found.y


def _room(store: SqlStore, folder: str) -> ControlRoom:
    from types import SimpleNamespace

    nothing: Any = None
    preset: Any = SimpleNamespace(docks=())
    return ControlRoom(
        preset=preset,
        clock=ManualClock(START),
        records=store,
        media=nothing,
        logs=Path(folder),
        fleet=nothing,
        pool=nothing,
        planning=nothing,
        watchers=Watchers(),
    )
