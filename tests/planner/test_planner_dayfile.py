"""A day as a file, there and back; what is wrong in it is named."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import shapely
from planner_city import COPTER, END, START, city, zone

from core.energy import Wind
from core.errors import InvalidInput
from planner import prepare
from planner.formats import dayfile, dayfile_out
from planner.problem import Closure, Separation


def day() -> dayfile.DayFile:
    looks, stations, zones = city(5, 4, 12, 2, 5000.0)
    timed = replace(zone("T", 900, 900, 200), active=(START, START + timedelta(hours=2)))
    storm = Closure(
        id="storm", start=START, end=END, reason="storm", reason_zh="雷暴",
        area=shapely.box(118.8, 28.9, 118.81, 28.91),
    )  # fmt: skip
    return dayfile.DayFile(
        title="Day", zone_info=ZoneInfo("UTC"), start=START, end=END, wind=Wind(4.0, 270.0),
        crew_limit=7, separation=Separation(),
        stations=(replace(stations[0], health=0.8, standby=True), *stations[1:]),
        looks=tuple(looks), zones=(*zones, timed),
        closures=(storm, replace(storm, id="all", area=None)),
    )  # fmt: skip


def written(tmp_path: Path, content: Any) -> Path:
    file = tmp_path / "day.geojson"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def test_a_day_survives_its_file(tmp_path: Path) -> None:
    given = day()
    found = dayfile.read(written(tmp_path, dayfile_out.content(given)), {})
    for name in ("title", "start", "end", "wind", "crew_limit", "separation", "stations"):
        assert getattr(found, name) == getattr(given, name), name
    for kind in ("looks", "zones", "closures"):
        for a, b in zip(getattr(found, kind), getattr(given, kind), strict=True):
            shape = "polygon" if kind == "zones" else "area" if kind == "closures" else "geometry"
            same = getattr(b, shape)
            assert same is None or shapely.equals_exact(getattr(a, shape), same, 1e-12)
            assert replace(a, **{shape: same}) == b


def test_what_the_file_leaves_out_is_as_usual(tmp_path: Path) -> None:
    content = {
        "type": "FeatureCollection",
        "flyonce": {"version": 1, "day": "2026-05-12", "zone": "Asia/Shanghai"},
        "features": [
            {"type": "Feature", "geometry": {"type": "Point", "coordinates": [118.87, 28.95]},
             "properties": {"role": "dock", "id": "D1", "kind": "copter"}},
            {"type": "Feature", "geometry": {"type": "LineString",
             "coordinates": [[118.87, 28.951], [118.88, 28.951]]},
             "properties": {"role": "look", "id": "road", "gsd_m": 0.05}},
        ],
    }  # fmt: skip
    found = dayfile.read(written(tmp_path, content), {"copter": COPTER})
    assert found.looks[0].kind == "corridor"
    assert found.looks[0].earliest == found.start
    assert f"{found.start:%H:%M %z}" == "08:00 +0800"
    assert found.stations[0].spec is COPTER


def test_a_look_that_cannot_be_planned_is_refused_alone(tmp_path: Path) -> None:
    given = day()
    bow_tie = shapely.Polygon([(118.87, 28.95), (118.88, 28.96), (118.88, 28.95), (118.87, 28.96)])
    looks = (replace(given.looks[0], id="bow-tie", geometry=bow_tie, kind="area"), *given.looks)
    content = dayfile_out.content(replace(given, looks=looks))
    found = dayfile.read(written(tmp_path, content), {})
    prepared = prepare(found.looks, found.stations, found.zones)
    others = prepare(given.looks, given.stations, given.zones)
    assert set(prepared.served_by) - {"bow-tie"} == set(others.served_by)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c["flyonce"].update(version=9), "version 9"),
        (lambda c: c.pop("flyonce"), 'member "flyonce"'),
        (lambda c: c["flyonce"].update(zone="Mars/North"), "Mars/North"),
        (lambda c: c["flyonce"].update(closes="07:00", opens="08:00"), "closes before it opens"),
        (lambda c: c["flyonce"].update(day="tomorrow"), "day"),
        (lambda c: c["features"][0]["properties"].update(kind="zeppelin"), "zeppelin"),
        (lambda c: c["features"][0]["properties"].update(role="boat"), "boat"),
        (lambda c: c["features"][4]["properties"].update(gsd_m=-1), "gsd_m"),
        (lambda c: c["features"][4]["properties"].update(sensor="x-ray"), "sensor"),
        (lambda c: c["features"][4]["properties"].update(priority=9), "priority"),
        (lambda c: c["features"][4].update(geometry=None), "no geometry"),
        (lambda c: c["features"][4].update(geometry={"type": "Polygon"}), "no GeoJSON geometry"),
        (lambda c: c["features"][1]["properties"].update(id="D0"), "given twice"),
        (lambda c: c["features"][-3]["properties"].update(floor_m=900, ceiling_m=100), "floor"),
        (lambda c: c["features"][-3]["properties"].update(active_until=None), "belong together"),
        (lambda c: c["features"][-1]["properties"].update(end="2020-01-01T00:00:00Z"), "ends"),
        (lambda c: c.update(type="Feature"), "FeatureCollection"),
    ],
)
def test_what_is_wrong_is_named_with_its_feature(tmp_path: Path, change: Any, said: str) -> None:
    content = json.loads(json.dumps(dayfile_out.content(day())))
    change(content)
    with pytest.raises(InvalidInput) as caught:
        dayfile.read(written(tmp_path, content), {})
    assert said in str(caught.value)
    assert "day.geojson" in str(caught.value)
    assert caught.value.remedy
