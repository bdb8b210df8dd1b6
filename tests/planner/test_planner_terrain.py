"""Ground from rasters, and routes that follow it with few waypoints."""

import math
import os
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import Affine

from core.equipment import CameraSpec, Sensor, VehicleSpec
from core.errors import InvalidInput
from core.geo import LocalFrame, LonLat, distance_m
from core.route import Route, Waypoint
from planner.routes.coverage import sweep
from planner.sorties.flown import sorties
from planner.terrain import Terrain
from planner.terrain.follow import follow, followed, naive
from planner.terrain.links import Leg, fewest_links
from planner.terrain.place import moved

SHARED = Path(os.environ.get("FLYONCE_SHARED", Path(__file__).parents[3] / "shared"))
EAST, NORTH = 680_000.0, 3_205_000.0
"""A corner in UTM 50N near Quzhou."""
CAMERA = CameraSpec(id="w", sensor=Sensor.VISIBLE, width_px=4000, height_px=3000, hfov_deg=72.0)


def vehicle(vtol: bool) -> VehicleSpec:
    return VehicleSpec(
        id="v", name="V", name_zh="V", vtol=vtol, cruise_mps=15.0, climb_mps=5.0, descent_mps=3.0,
        endurance_s=2700.0, recharge_s=1600.0, wind_limit_mps=12.0, cameras=(CAMERA,),
    )  # fmt: skip


def write(path: Path, heights: np.ndarray, *, crs: str = "EPSG:32650", cell: float = 10.0,
          corner: tuple[float, float] = (EAST, NORTH), **extra: object) -> Path:  # fmt: skip
    made = {"driver": "GTiff", "count": 1, "dtype": "float32", "crs": crs, **extra}
    transform = Affine(cell, 0.0, corner[0], 0.0, -cell, corner[1])
    rows, columns = heights.shape
    with rasterio.open(path, "w", height=rows, width=columns, transform=transform, **made) as out:
        out.write(heights.astype(made["dtype"]), 1)
    return path


def slope(rows: int, columns: int, degrees: float, cell: float = 10.0) -> np.ndarray:
    """Rising to the east."""
    x = np.arange(columns) * cell
    return np.broadcast_to(100 + x * math.tan(math.radians(degrees)), (rows, columns))


def place(terrain: Terrain, column: float, row: float) -> LonLat:
    x, y = moved(terrain.dataset.transform, column, row)
    lon, lat = terrain._into.transform(x, y, direction="INVERSE")
    return LonLat(float(lon), float(lat))


def straight(terrain: Terrain, a: tuple[float, float], b: tuple[float, float], **extra: object):
    ends = [place(terrain, *a), place(terrain, *b)]
    return Route(tuple(Waypoint(position=p, height_m=100.0, **extra) for p in ends))


def heights_above(route: Route, terrain: Terrain, step_m: float = 5.0) -> np.ndarray:
    """Above ground every so many metres along the straight legs, by our own reckoning here."""
    found = []
    for a, b in pairwise(route.waypoints):
        n = max(1, math.ceil(distance_m(a.position, b.position) / step_m))
        s = np.linspace(0, 1, n + 1)
        lon = a.position.lon + s * (b.position.lon - a.position.lon)
        lat = a.position.lat + s * (b.position.lat - a.position.lat)
        found.append(a.amsl_m + s * (b.amsl_m - a.amsl_m) - terrain.height_m(lon, lat))
    return np.concatenate(found)


def survey(frame: LocalFrame, half_m: float, height_m: float = 100.0) -> Route:
    area = shapely.box(-half_m, -half_m, half_m, half_m)
    legs = sweep(area, line_spacing_m=42.2, photo_spacing_m=21.2, length_m=60.0, speed_mps=12.0)
    points: list[Waypoint] = []
    for leg in legs:
        a, b = (frame.point(*map(float, p)) for p in leg)
        points.append(Waypoint(position=a, height_m=height_m, photo_spacing_m=21.2))
        points.append(Waypoint(position=b, height_m=height_m))
    return Route(tuple(points))


def test_a_survey_of_real_looking_hills_keeps_its_height_with_few_waypoints() -> None:
    file = SHARED / "data" / "coverage" / "dem_synthetic.tif"
    if not file.exists():
        pytest.skip("shared/data/coverage is not here")
    terrain = Terrain.open(file)
    route = survey(LocalFrame(LonLat(118.875, 28.9445)), 700.0)
    found = followed(route, terrain, clearance_m=60.0)
    for step in (5.0, 1.3):
        above = heights_above(found.route, terrain, step)
        assert above.min() >= 95.0
        assert above.max() <= 105.0
    assert len(found.route.waypoints) <= 0.4 * naive(route)
    assert found.naive == naive(route)
    assert not found.shortfalls


def test_photographs_stay_at_their_places(tmp_path: Path) -> None:
    x, y = np.meshgrid(np.arange(200) * 10.0, np.arange(200) * 10.0)
    terrain = Terrain.open(write(tmp_path / "t.tif", 80 * np.sin(x / 150) * np.cos(y / 210) + 200))
    route = survey(LocalFrame(place(terrain, 100, 100)), 400.0)
    made = follow(route, terrain)
    assert len(made.waypoints) > len(route.waypoints)
    assert made.photos == route.photos
    for a, b in zip(route.shots, made.shots, strict=True):
        assert distance_m(a.position, b.position) < 0.05
    given = [w.position for w in route.waypoints]
    assert [w.position for w in made.waypoints if w.position in given] == given


@pytest.mark.parametrize("degrees", [0.0, 20.0, 36.0])
def test_an_even_slope_needs_no_waypoint_in_between(tmp_path: Path, degrees: float) -> None:
    terrain = Terrain.open(write(tmp_path / "t.tif", slope(60, 150, degrees)))
    made = followed(straight(terrain, (5, 30), (145, 30)), terrain)
    assert len(made.route.waypoints) == 2
    above = heights_above(made.route, terrain)
    assert 95 <= above.min() <= above.max() <= 105


def test_rotary_wings_slow_down_where_it_is_steep_and_wings_fly_over(tmp_path: Path) -> None:
    heights = np.hstack([slope(60, 80, 0.0), slope(60, 80, 36.0)])
    terrain = Terrain.open(write(tmp_path / "t.tif", heights))
    route = straight(terrain, (5, 30), (155, 30))
    copter = followed(route, terrain, spec=vehicle(vtol=False))
    assert not copter.shortfalls
    for a, b in pairwise(copter.route.waypoints):
        seconds = distance_m(a.position, b.position) / (a.speed_mps or 15.0)
        assert -3.001 * seconds <= b.amsl_m - a.amsl_m <= 5.001 * seconds
    wing = followed(route, terrain, spec=vehicle(vtol=True))
    assert wing.shortfalls  # a third of 36 degrees is what it climbs: it begins before the slope
    assert wing.clearance_m >= 30.0
    for a, b in pairwise(wing.route.waypoints):
        assert (b.amsl_m - a.amsl_m) / distance_m(a.position, b.position) <= 5 / 15 + 1e-3


def test_transfers_are_followed_and_the_rest_is_left_as_it_is(tmp_path: Path) -> None:
    x, y = np.meshgrid(np.arange(200) * 10.0, np.arange(200) * 10.0)
    terrain = Terrain.open(write(tmp_path / "t.tif", 80 * np.sin(x / 150) * np.cos(y / 210) + 200))
    copter = replace(vehicle(vtol=False), endurance_s=900.0)
    route = follow(survey(LocalFrame(place(terrain, 100, 100)), 300.0, 50.0), terrain, spec=copter)
    assert follow(route, terrain, spec=copter) == route
    dock = place(terrain, 30.5, 60.5)
    flown = sorties(route, [dock], copter, finish=lambda r: follow(r, terrain, spec=copter))
    assert len(flown) > 1
    for one in flown:
        assert all(w.amsl_m is not None for w in one.route.waypoints)
        assert heights_above(one.route, terrain).min() >= 30.0
        assert heights_above(one.route, terrain).max() <= 65.1  # transfers at 60 m
        assert one.seconds <= copter.usable_s
    photos = [s.position for one in flown for s in one.route.shots]
    assert len(photos) == route.photos
    for a, b in zip(photos, route.shots, strict=True):
        assert distance_m(a, b.position) < 0.05


def test_a_cliff_never_comes_nearer_than_the_clearance(tmp_path: Path) -> None:
    heights = np.full((60, 200), 100.0)
    heights[:, 100:140] = 350.0
    heights[:29, 60] = 190.0  # a mast's row beside the track
    terrain = Terrain.open(write(tmp_path / "t.tif", heights))
    made = followed(straight(terrain, (5, 30), (195, 30)), terrain, clearance_m=60.0)
    assert made.clearance_m >= 60.0 - 1e-6
    above = heights_above(made.route, terrain, 1.0)
    assert above.min() >= 60.0
    assert made.shortfalls
    worst = max(made.shortfalls, key=lambda s: s.above_m)
    assert worst.above_m > 5.0
    assert worst.length_m >= 5.0
    beside = terrain.highest_m([place(terrain, 60.5, 30).lon], [place(terrain, 60.5, 30).lat], 10)
    assert beside[0] == pytest.approx(190.0)


def test_ground_is_the_same_in_any_reference_system(tmp_path: Path) -> None:
    utm = Terrain.open(write(tmp_path / "utm.tif", slope(100, 100, 10.0)))
    spot = place(utm, 50, 50)
    x, y = np.meshgrid(np.arange(300), np.arange(300))
    lon, lat = spot.lon + (x - 150) * 2e-5, spot.lat - (y - 150) * 2e-5
    corner = (float(lon[0, 0] - 1e-5), float(lat[0, 0] + 1e-5))
    degrees = Terrain.open(
        write(tmp_path / "d.tif", utm.height_m(lon, lat), crs="EPSG:4326", cell=2e-5, corner=corner)
    )
    for dx in (-0.002, 0.0, 0.0015):
        here = degrees.height_m(spot.lon + dx, spot.lat)
        assert here == pytest.approx(utm.height_m(spot.lon + dx, spot.lat), abs=0.02)
    assert degrees.cell_m == pytest.approx(1.95, abs=0.05)


def test_a_route_crosses_the_antimeridian(tmp_path: Path) -> None:
    heights = np.broadcast_to(np.arange(100.0), (100, 100))
    made = {"crs": "EPSG:4326", "cell": 0.001, "corner": (179.95, 29.0)}
    terrain = Terrain.open(write(tmp_path / "t.tif", heights, **made))
    ends = (LonLat(179.99, 28.95), LonLat(-179.99, 28.95))
    way = follow(Route(tuple(Waypoint(position=p, height_m=100.0) for p in ends)), terrain)
    assert way.waypoints[0].amsl_m == pytest.approx(139.5, abs=5.0)
    assert way.waypoints[-1].amsl_m == pytest.approx(159.5, abs=5.0)
    assert len(way.waypoints) == 2


def test_large_rasters_are_read_in_tiles(tmp_path: Path) -> None:
    big = np.add.outer(np.arange(3000.0), np.arange(3000.0) * 0.1)
    terrain = Terrain.open(
        write(tmp_path / "t.tif", big, cell=1.0, tiled=True, blockxsize=256, blockysize=256)
    )
    spot = place(terrain, 700.5, 1023.5)
    assert terrain.height_m(spot.lon, spot.lat) == pytest.approx(1023 + 70.0, abs=0.01)
    assert len(terrain._tiles) <= 4


def test_a_small_hole_is_filled_and_said_a_large_one_refused(tmp_path: Path) -> None:
    heights = np.array(slope(100, 100, 10.0))
    heights[40:43, 40:43] = -9999.0
    heights[60:80, 60:80] = np.nan
    terrain = Terrain.open(write(tmp_path / "t.tif", heights, nodata=-9999.0))
    small, whole = place(terrain, 41.5, 41.5), slope(100, 100, 10.0)
    assert terrain.height_m(small.lon, small.lat) == pytest.approx(whole[41, 41], abs=2.0)
    assert any("9 pixels" in note for note in terrain.notes)
    with pytest.raises(InvalidInput, match=r"no height at 11\d\.\d+, 2\d\.\d+.*other places"):
        follow(straight(terrain, (10, 70), (90, 70)), terrain)
    with pytest.raises(InvalidInput, match="no height"):  # beside the path, in the corridor
        follow(straight(terrain, (10, 80.7), (90, 80.7)), terrain)
    follow(straight(terrain, (10, 20), (90, 20)), terrain)


def test_a_route_that_leaves_the_raster_is_told_where(tmp_path: Path) -> None:
    terrain = Terrain.open(write(tmp_path / "t.tif", slope(50, 50, 5.0)))
    with pytest.raises(InvalidInput, match="does not reach 11"):
        follow(straight(terrain, (10, 10), (70, 10)), terrain)


def test_heights_from_another_datum_are_converted_said_or_refused(tmp_path: Path) -> None:
    level = np.full((20, 20), 100.0)
    corner, cell = (118.8, 28.9), 0.001
    made = {"corner": corner, "cell": cell}
    plain = Terrain.open(write(tmp_path / "a.tif", level, crs="EPSG:4326", **made))
    assert "no vertical datum" in plain.notes[0]
    egm96 = Terrain.open(write(tmp_path / "b.tif", level, crs="EPSG:4326+5773", **made))
    assert egm96.notes == ()
    egm08 = Terrain.open(write(tmp_path / "c.tif", level, crs="EPSG:4326+3855", **made))
    assert "EGM2008" in egm08.notes[0]
    with pytest.raises(InvalidInput, match="ellipsoidal"):
        Terrain.open(write(tmp_path / "d.tif", level, crs="EPSG:4979", **made))
    lowered = Terrain.open(tmp_path / "d.tif", geoid_m=9.5)
    assert lowered.height_m(118.81, 28.89) == pytest.approx(90.5)
    feet = Terrain.open(write(tmp_path / "e.tif", level, crs="EPSG:4326+8228", **made))
    assert feet.height_m(118.81, 28.89) == pytest.approx(30.48)


def test_files_that_are_no_ground_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "text.tif").write_text("no raster")
    with pytest.raises(InvalidInput, match="cannot be read as a raster"):
        Terrain.open(tmp_path / "text.tif")
    with pytest.raises(InvalidInput, match="cannot be read"):
        Terrain.open(tmp_path / "missing.tif")
    picture = tmp_path / "picture.tif"
    profile = {"driver": "GTiff", "count": 3, "dtype": "uint8", "width": 8, "height": 8}
    with rasterio.open(
        picture, "w", crs="EPSG:32650", transform=Affine(1, 0, EAST, 0, -1, NORTH), **profile
    ) as out:
        out.write(np.zeros((3, 8, 8), np.uint8))
    with pytest.raises(InvalidInput, match="a picture"):
        Terrain.open(picture)
    nowhere = write(tmp_path / "n.tif", slope(5, 5, 0.0), crs=None)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="where on Earth"):
        Terrain.open(nowhere)
    terrain = Terrain.open(write(tmp_path / "t.tif", slope(50, 50, 5.0)))
    with pytest.raises(InvalidInput, match="tolerance above"):
        follow(straight(terrain, (10, 10), (40, 10)), terrain, tolerance_m=0.1)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(-30, 30), min_size=3, max_size=9), st.floats(1.0, 8.0))
def test_no_path_through_a_band_has_fewer_links(steps: list[float], half: float) -> None:
    """Against every choice of corners at samples and fine heights there."""
    middle = np.cumsum(steps)
    x = np.arange(len(middle)) * 100.0
    leg = Leg(x, middle - half, middle + half, 2.5, 2.5)
    corners = fewest_links([leg])[0]
    at = np.interp(x, *np.array(corners).T)
    assert (np.abs(at - middle) <= half + 0.13).all()
    levels = middle[:, None] + np.linspace(-half, half, 25)
    links = np.full(levels.shape, 99)
    links[0] = 0
    for i in range(1, len(x)):
        for j in range(i):
            slopes = (levels[i][None] - levels[j][:, None]) / (x[i] - x[j])
            inner = levels[j][:, None, None] + slopes[..., None] * (x[j + 1 : i] - x[j])
            free = (np.abs(inner - middle[j + 1 : i]) <= half).all(axis=-1)
            links[i] = np.minimum(links[i], np.where(free, links[j][:, None] + 1, 99).min(axis=0))
    assert len(corners) - 1 <= links[-1].min()
