"""The preset quzhou: complete, inside its bounds, and sized so that the demo can fly it."""

import json
import pickle
from collections import Counter
from datetime import UTC, date, datetime, time
from pathlib import Path

import numpy as np
import pytest
import shapely

from core.clearance import conflicts
from core.equipment import Sensor
from core.geo import LocalFrame, LonLat, distance_m
from missions import presets
from missions.presets import Preset


@pytest.fixture(scope="module")
def preset() -> Preset:
    return presets.load("quzhou")


def test_territory_has_six_counties_and_its_true_area(preset: Preset) -> None:
    names = {c.name_zh for c in preset.territory.values()}
    assert names == {"柯城区", "衢江区", "龙游县", "江山市", "常山县", "开化县"}
    assert presets.territory_km2(preset) == pytest.approx(8843, rel=0.005)
    assert "MIT" in preset.attribution


def test_counties_neither_overlap_nor_leave_gaps(preset: Preset) -> None:
    polygons = [c.polygon for c in preset.territory.values()]
    union = shapely.union_all(polygons)
    assert sum(p.area for p in polygons) == pytest.approx(union.area, rel=1e-6)
    assert union.geom_type == "Polygon"
    assert len(union.interiors) == 0


def test_51_docks_of_at_least_three_kinds(preset: Preset) -> None:
    assert [d.id for d in preset.docks] == [f"QZ-{n:02d}" for n in range(1, 52)]
    assert [d.system_id for d in preset.docks] == list(range(1, 52))
    kinds = Counter(d.kind for d in preset.docks)
    assert len(kinds) >= 3
    assert set(kinds) == set(preset.kinds)
    assert 12 <= kinds["vtol-mapper"] <= 14
    assert {d.county for d in preset.docks} == set(preset.territory)
    carried = {s for k in preset.kinds.values() for s in k.sensors}
    assert carried == set(Sensor)


def test_docks_are_clear_of_zones_and_know_their_neighbours(preset: Preset) -> None:
    for dock in preset.docks:
        assert not conflicts([dock.position], preset.zones, height_m=1000)
        others = sorted(
            (d for d in preset.docks if d is not dock),
            key=lambda d: distance_m(d.position, dock.position),
        )
        assert set(dock.alternates) == {others[0].id, others[1].id}
        assert preset.dock(dock.id) is dock


def test_an_airport_zone_is_there(preset: Preset) -> None:
    airport = shapely.Point(118.899, 28.966)
    zone = next(z for z in preset.zones if z.polygon.covers(airport))
    assert zone.kind == "control"
    assert zone.buffer_m > 0


def test_reach_covers_more_than_a_quarter(preset: Preset) -> None:
    assert presets.reach_share(preset) >= 0.25
    assert presets.reach_share(preset, work_share=0.5) >= 0.25
    assert presets.reach_share(preset, work_share=0.9) < presets.reach_share(preset)


def test_every_scenario_has_places(preset: Preset) -> None:
    assert len(preset.scenarios) == 79
    assert len(preset.event_types) == 35
    for scenario in preset.scenarios.values():
        assert preset.places_of(scenario), scenario.id
    wanted = {kind for s in preset.scenarios.values() for kind in s.places}
    assert wanted == {p.kind for p in preset.places}


def test_places_lie_inside_and_clear_of_zones(preset: Preset) -> None:
    ground = shapely.union_all([c.polygon for c in preset.territory.values()])
    frame = LocalFrame(LonLat(118.7, 28.9))
    closed = shapely.union_all(
        [frame.to_metres(z.polygon).buffer(z.buffer_m) for z in preset.zones]
    )
    ids = [p.id for p in preset.places]
    assert len(set(ids)) == len(ids)
    for place in preset.places:
        assert ground.covers(place.geometry), place.id
        assert not closed.intersects(frame.to_metres(place.geometry)), place.id


def test_forest_watch_is_about_ten_woods_of_one_to_two_square_kilometres(preset: Preset) -> None:
    frame = LocalFrame(LonLat(118.7, 28.9))
    woods = [p for p in preset.places if p.kind == "forest_watch"]
    assert 8 <= len(woods) <= 12
    for wood in woods:
        assert 1e6 < frame.to_metres(wood.geometry).area < 2e6
    thermal = [d for d in preset.docks if Sensor.THERMAL in preset.kinds[d.kind].sensors]
    for wood in woods:
        middle = LonLat(wood.geometry.centroid.x, wood.geometry.centroid.y)
        assert min(distance_m(d.position, middle) for d in thermal) < 8000


def test_the_week_fits_the_fleet_and_covers_a_quarter(preset: Preset) -> None:
    week = presets.budget(preset)
    assert week.unserved == ()
    assert 380 <= week.looks_per_day <= 540
    assert week.area_km2 >= 0.25 * presets.territory_km2(preset)
    for kind, able_h in week.able_h.items():
        assert week.wanted_h[kind] < 0.7 * able_h


def test_relief_is_low_in_the_basin_and_high_in_the_mountains(preset: Preset) -> None:
    basin = preset.heights.height_m(119.17, 29.04)
    lon, lat = np.meshgrid(np.linspace(118.5, 119.0, 60), np.linspace(28.25, 28.5, 30))
    south = preset.heights.height_m(lon, lat).max()
    assert 30 < float(basin) < 100
    assert 1000 < float(south) < 1700
    west, south_edge, east, north = shapely.union_all(
        [c.polygon for c in preset.territory.values()]
    ).bounds
    rows, columns = preset.heights.heights_m.shape
    assert preset.heights.west < west
    assert preset.heights.south < south_edge
    assert preset.heights.west + preset.heights.step * (columns - 1) > east
    assert preset.heights.south + preset.heights.step * (rows - 1) > north
    assert np.isfinite(preset.heights.heights_m).all()


def test_rules_and_calendar(preset: Preset) -> None:
    assert preset.filing.cutoff == time(12, 0)
    assert preset.demo.start == datetime(2026, 5, 12, tzinfo=UTC)
    assert preset.calendar.works(date(2026, 5, 12))
    assert not preset.calendar.works(date(2026, 5, 1))
    assert preset.calendar.works(date(2026, 5, 9)), "a worked Saturday"
    assert preset.calendar.spans(date(2026, 5, 10)) == ()
    assert preset.recheck.interval_min * preset.recheck.passes < 60


def test_simulated_pictures_are_tiny(preset: Preset) -> None:
    for kind in preset.kinds.values():
        for camera in kind.cameras:
            assert 150 <= camera.width_px * camera.stored_scale <= 170


def test_the_world_is_plain_json(preset: Preset) -> None:
    world = json.loads(json.dumps(presets.world(preset)))
    assert len(world["docks"]) == 51
    assert world["docks"][6]["vehicle"]["cameras"][0]["sensor"] == "visible"
    assert datetime.fromisoformat(world["start"]) == preset.demo.start
    ground = world["ground"]
    assert len(ground["heights_m"]) == ground["rows"]
    assert len(ground["heights_m"][0]) == ground["columns"]
    assert len(world["places"]) == len(preset.places)
    assert len(world["event_types"]) == 35


def test_it_survives_the_way_through_a_process_pool(preset: Preset) -> None:
    again = pickle.loads(pickle.dumps(preset))  # noqa: S301
    assert again.scenarios == preset.scenarios
    assert again.event_types == preset.event_types


def test_the_files_are_small() -> None:
    folder = Path(presets.__file__).parent / "quzhou"
    assert sum(p.stat().st_size for p in folder.iterdir()) < 600_000


def test_describe_sums_up(preset: Preset) -> None:
    summary = presets.describe(preset)
    json.dumps(summary)
    assert summary["docks"] == 51
    assert summary["scenarios"] == 79
    assert sum(summary["places"].values()) == len(preset.places)


def test_a_place_is_named_by_its_county_and_the_sea_by_none(preset: Preset) -> None:
    for dock in preset.docks:
        assert preset.county_at(dock.position) == dock.county
    assert preset.county_at(LonLat(122.5, 29.0)) == ""
