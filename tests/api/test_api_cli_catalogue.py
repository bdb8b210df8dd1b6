"""Maps and catalogues from the command line."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pystac
import rasterio
from api_values import a_preset
from catalogue_world import scene, world
from radiometric_files import thermal_jpeg

from missions.access import Principal, Role
from missions.media.static import export
from thermal.formats.decode import decode

Run = Callable[..., tuple[int, str, str]]


def test_a_photograph_becomes_a_map_with_every_pixel(run: Run, tmp_path: Path) -> None:
    (tmp_path / "hot.jpg").write_bytes(thermal_jpeg(scene(0)))
    status, said, _ = run("cog", "hot.jpg", "--out", "maps/hot.tif", "--json")
    told = json.loads(said)
    assert (status, told["epsg"]) == (0, 32650)
    celsius = decode((tmp_path / "hot.jpg").read_bytes()).celsius
    with rasterio.open(tmp_path / "maps" / "hot.tif") as raster:
        values = raster.read(1)
        assert raster.tags()["CAMERA_LON"] == "118.87000000"
    assert set(np.unique(values[np.isfinite(values)])) == set(np.unique(celsius))
    changed = run("cog", "hot.jpg", "--out", "b.tif", "--json", "--emissivity", "0.8", "--air", "9")
    assert json.loads(changed[1])["maximum"] > told["maximum"]


def test_what_cannot_become_a_map_says_why(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_bytes(b"no picture")
    (tmp_path / "hot.jpg").write_bytes(thermal_jpeg(scene(0)))
    assert run("cog", "text.jpg", "--out", "a.tif")[0] == 2
    assert run("cog", "missing.jpg", "--out", "a.tif")[0] == 2
    status, _, said = run("cog", "hot.jpg", "--out", "hot.jpg")
    assert (status, "that is the original" in said) == (2, True)
    assert not (tmp_path / "a.tif").exists()


def test_an_exported_catalogue_is_whole_valid_and_holds_only_what_may_be_seen(
    tmp_path: Path,
) -> None:
    preset: Any = a_preset()
    preset.docks = ()
    with world(preset, tmp_path, on_disk=True) as city:
        own = city.photograph()
        shared = city.photograph(east_m=5, department="water", shared_with=("forestry",))
        foreign = city.photograph(east_m=9, department="water")
        forester = Principal(name="export", role=Role.MEMBER, department="forestry")
        done = export(city.room.records, city.room.media, forester, tmp_path / "out")
    assert (done.items, done.files) == ({"thermal": 2}, 1)
    assert list(done.without) == [shared.id]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        catalogue = pystac.Catalog.from_file(str(tmp_path / "out" / "catalog.json"))
        items = {item.id: item for item in catalogue.get_items(recursive=True)}
    assert set(items) == {own.id, shared.id}
    for item in items.values():
        item.stac_extensions = []  # their schemas are on the web
    assert catalogue.validate_all() == 2  # the items below a collection
    href = items[own.id].assets["original"].get_absolute_href()
    assert href is not None
    assert len(Path(href).read_bytes()) == own.size_bytes
    assert foreign.id not in "".join(p.read_text() for p in (tmp_path / "out").rglob("*.json"))


def test_exporting_over_something_is_refused(run: Run, tmp_path: Path) -> None:
    status, _, said = run("catalogue", "export", "--out", "x", "--home", "nowhere")
    assert (status, "no FlyOnce service has run here" in said) == (2, True)
