"""`flyonce route` and `flyonce convert` with real ground, docks and other programs' files."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from planner.formats.files import read_route
from planner.terrain import Terrain

Run = Callable[..., tuple[int, str, str]]


def slope(path: Path, metres_per_degree: float = 30_000.0) -> Path:
    """A GeoTIFF of ground that rises to the east."""
    lon = np.arange(118.86, 118.90, 0.0005)
    heights = np.tile(50 + (lon - 118.86) * metres_per_degree, (len(lon), 1)).astype("float32")
    with rasterio.open(
        path, "w", driver="GTiff", width=len(lon), height=len(lon), count=1, dtype="float32",
        crs="EPSG:4326", transform=Affine(0.0005, 0.0, 118.86, 0.0, -0.0005, 28.97),
    ) as out:  # fmt: skip
        out.write(heights, 1)
    return path


SMALL = {
    "type": "Feature", "properties": {"line_spacing_m": 40, "photo_spacing_m": 20, "name": "field"},
    "geometry": {"type": "Polygon", "coordinates": [[
        [118.87, 28.95], [118.876, 28.95], [118.876, 28.955], [118.87, 28.955], [118.87, 28.95],
    ]]},
}  # fmt: skip


def test_a_route_follows_the_ground_and_says_how_well(run: Run, tmp_path: Path) -> None:
    area = tmp_path / "field.geojson"
    area.write_text(json.dumps(SMALL))
    dem = slope(tmp_path / "dem.tif")
    status, said, messages = run(
        "route", str(area), "--out", "r.geojson", "--terrain", str(dem), "--height", "80"
    )
    assert status == 0, messages
    assert "m from nominal" in said
    route = read_route(tmp_path / "r.geojson").route
    ground = Terrain.open(dem)
    for point in route.waypoints:
        here = float(ground.height_m(point.position.lon, point.position.lat))
        assert point.amsl_m is not None
        assert abs(point.amsl_m - here - 80) <= 5.01


def test_sorties_take_every_photograph_once_and_each_has_its_file(run: Run, tmp_path: Path) -> None:
    area = tmp_path / "field.geojson"
    area.write_text(json.dumps(SMALL))
    whole = ("route", str(area), "--out", "whole.geojson", "--json")
    [one] = json.loads(run(*whole)[1])
    status, said, messages = run(
        "route", str(area), "--out", "s.plan", "--dock", "118.869,28.949", "--endurance", "9",
        "--json",
    )  # fmt: skip
    assert status == 0, messages
    sorties = json.loads(said)
    assert len(sorties) > 1
    assert sum(s["photos"] for s in sorties) == one["photos"]
    files = sorted(tmp_path.glob("s-1-*.plan"))
    assert len(files) == len(sorties)
    for file in files:
        entry = read_route(file).route.entry
        assert (entry.lon, entry.lat) == pytest.approx((118.869, 28.949), abs=1e-6)


def test_areas_come_as_kml_too(run: Run, tmp_path: Path) -> None:
    ring = " ".join(f"{x},{y}" for x, y in SMALL["geometry"]["coordinates"][0])  # type: ignore[index]
    (tmp_path / "f.kml").write_text(
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><name>F</name><Polygon>'
        f"<outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing>"
        "</outerBoundaryIs></Polygon></Placemark></kml>"
    )
    status, said, messages = run(
        "route", "f.kml", "--out", "r.waypoints", "--line-spacing", "40", "--photo-spacing", "20"
    )
    assert status == 0, messages
    assert said.startswith("F: ")
    assert (tmp_path / "r.waypoints").read_text().startswith("QGC WPL 110")


def test_a_route_goes_from_program_to_program(run: Run, tmp_path: Path) -> None:
    area = tmp_path / "field.geojson"
    area.write_text(json.dumps(SMALL))
    assert run("route", str(area), "--out", "a.geojson")[0] == 0
    names = ["a.geojson", "b.plan", "c.kmz", "d.csv", "e.waypoints", "f.geojson"]
    for source, target in pairwise(names):
        status, said, messages = run("convert", source, target)
        assert status == 0, messages
        assert "photographs" in said
    first, last = (read_route(tmp_path / n).route for n in (names[0], names[-1]))
    assert last.photos == first.photos
    assert last.length_m == pytest.approx(first.length_m, rel=1e-4)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("route", "a.geojson", "--out", "r.dwg"), "no known format"),
        (("route", "a.geojson", "--out", "r.plan", "--vehicle", "zeppelin"), "zeppelin"),
        (("route", "a.geojson", "--out", "r.plan", "--dock", "28.9,118.8"), "no such place"),
        (("route", "a.geojson", "--out", "r.plan", "--terrain", "a.geojson"), "raster"),
        (("convert", "gone.plan", "r.kml"), "cannot be read"),
        (("convert", "a.geojson", "r.kml"), "path: true"),
    ],
)
def test_what_a_route_cannot_be_made_of_is_status_2(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "a.geojson").write_text(json.dumps(SMALL))
    status, _, messages = run(*arguments)
    assert status == 2, messages
    assert said in messages
