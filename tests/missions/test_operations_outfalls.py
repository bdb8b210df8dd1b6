"""Outfalls on the bank of a river of the shipped city, through a worker's whole examination."""

import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from core.geo import LonLat, bearing_deg, distance_m, offset
from missions.operations import examine as examine_module
from missions.operations.examine import Delivery, Wanted, examine, open_workbench, workbench
from missions.presets import load

sys.path.append(str(Path(__file__).parents[1] / "thermal"))
import radiometric_files as files

RIVER = next(place for place in load("quzhou").places if place.id == "river-001")
SHAPE = (128, 160)


@pytest.fixture(autouse=True)
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(examine_module, "leave_with_parent", lambda: None)
    open_workbench("quzhou", str(tmp_path))
    yield
    monkeypatch.setattr(examine_module, "_bench", None)


def over_the_bank() -> tuple[LonLat, float]:
    """A place on the right bank, half way, and the river's direction there."""
    a, b = (LonLat(*c) for c in shapely.get_coordinates(RIVER.geometry).tolist())
    along = bearing_deg(a, b)
    middle = offset(a, along, distance_m(a, b) / 2)
    return offset(middle, along + 90, RIVER.width_m / 2), along


def photograph(kelvin: float) -> bytes:
    """Up is along the river: water on the left; a plume 20 rows above the middle, a hot car and a
    cold tree on land. The real bank is 8 m inland of the map's."""
    at, along = over_the_bank()
    rows, cols = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)
    rng = np.random.default_rng(3)
    frame = np.where(cols < 94, 20.0, 28.0) + 0.1 * rng.normal(0, 1, SHAPE)
    plume = kelvin * np.exp(-(np.hypot(rows - 44, (cols - 92) * 1.3) ** 2) / 9**2)
    frame = np.where(cols < 94, frame + plume, frame)
    frame[np.hypot(rows - 90, cols - 115) < 6] = 45
    frame[np.hypot(rows - 30, cols - 130) < 6] = 20
    ground = float(workbench().heights.height_m(at.lon, at.lat))
    pose: dict[str, Any] = {"lon": at.lon, "lat": at.lat, "altitude_m": ground + 100, "yaw": along}
    return bytes(files.thermal_jpeg(frame, pose=pose, model="dt-thermal"))


def looked_at(kelvin: float, place: shapely.Geometry) -> list[Any]:
    wanted = Wanted(task_id="t", geometry_wkb=shapely.to_wkb(place), event_types=("02-04",))
    delivery = Delivery(data=photograph(kelvin), vehicle="v", camera="dt-thermal", wanted=(wanted,))
    (examined,) = examine([delivery])
    assert examined.reason == ""
    assert examined.checked is not None
    return list(examined.checked.finds)


@pytest.mark.parametrize("kelvin", [3.5, -3.5])
def test_an_outfall_on_the_bank_of_a_mapped_river_is_found_and_nothing_on_land(
    kelvin: float,
) -> None:
    (find,) = looked_at(kelvin, RIVER.geometry)

    assert find.kind.value == ("hot" if kelvin > 0 else "cold")
    assert find.pixel == pytest.approx((92, 44), abs=6)
    assert find.background_c == pytest.approx(20, abs=0.3)


def test_a_quiet_bank_is_quiet() -> None:
    assert looked_at(0.0, RIVER.geometry) == []
    assert math.isclose(RIVER.width_m, 220.0)
