"""What a department asks is checked before anything is stored."""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from core.clock import ManualClock
from core.equipment import Sensor
from core.errors import InvalidInput, NotAllowed
from missions.access import SERVICE, Principal, Role
from missions.demand.asking import RequestDraft, ask, checked
from missions.entities import Origin
from missions.presets import Preset
from missions.store import Store

Member = Callable[[str], Principal]
SQUARE = {
    "type": "Polygon",
    "coordinates": [
        [[118.5, 28.5], [118.51, 28.5], [118.51, 28.51], [118.5, 28.51], [118.5, 28.5]]
    ],
}


@pytest.fixture
def draft(clock: ManualClock) -> RequestDraft:
    return RequestDraft(
        geometry=SQUARE,
        earliest=clock.now() + timedelta(hours=1),
        latest=clock.now() + timedelta(hours=3),
        sensor="thermal",
        gsd_m=0.1,
        priority=4,
        purpose=" 看一看 ",
    )


def polygon(*ring: tuple[float, float]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def test_a_good_draft_is_kept(
    store: Store, preset: Preset, clock: ManualClock, draft: RequestDraft, member: Member
) -> None:
    with store.unit() as unit:
        made = ask(unit, preset, clock, member("urban"), draft)
    assert (made.department, made.kind, made.sensor) == ("urban", "area", Sensor.THERMAL)
    assert (made.origin, made.purpose, made.shared_with) == (Origin.ASKED, "看一看", ())
    with store.view() as unit:
        kept = unit.requests.get(made.id)
        assert (kept.earliest, kept.gsd_m, kept.priority) == (draft.earliest, 0.1, 4)
        assert unit.log.count(subject=made.id) == 1


def test_a_scenario_fills_in_what_is_left_out(
    preset: Preset, clock: ManualClock, draft: RequestDraft, member: Member
) -> None:
    short = replace(draft, sensor=None, gsd_m=None, priority=None, scenario="fire")
    made = checked(preset, member("ecology"), short, clock.now())
    assert (made.sensor, made.gsd_m, made.priority) == (Sensor.THERMAL, 0.1, 3)
    assert made.shared_with == ("emergency", "forestry")
    assert checked(preset, SERVICE, short, clock.now()).department == "forestry"


def test_shapes_of_all_kinds_are_taken(
    preset: Preset, clock: ManualClock, draft: RequestDraft
) -> None:
    line = {"type": "LineString", "coordinates": [[118.5, 28.5, 10.0], [118.6, 28.5, 10.0]]}
    points = {"type": "MultiPoint", "coordinates": [[118.5, 28.5], [118.6, 28.5]]}
    feature = {"type": "Feature", "properties": {}, "geometry": points}
    collection = {"type": "FeatureCollection", "features": [feature]}
    kinds = []
    for geometry in (line, points, feature, collection):
        made = checked(preset, SERVICE, replace(draft, geometry=geometry), clock.now())
        kinds.append((made.kind, made.width_m))
    assert kinds == [("corridor", 60.0), ("points", 0.0), ("points", 0.0), ("points", 0.0)]


@pytest.mark.parametrize(
    ("geometry", "says"),
    [
        ({}, "geometry"),
        (None, "geometry"),
        ({"type": ["Point"]}, "geometry"),
        ({"type": "GeometryCollection", "geometries": []}, "geometry"),
        ({"type": "Polygon", "coordinates": []}, "empty"),
        ({"type": "Polygon"}, "coordinates"),
        ({"type": "Polygon", "coordinates": "x"}, "coordinates"),
        ({"type": "Polygon", "coordinates": [[[118.5, 28.5], [118.6, 28.5]]]}, "geometry"),
        ({"type": "Point", "coordinates": [118.5]}, "two finite"),
        ({"type": "Point", "coordinates": [118.5, math.nan]}, "two finite"),
        ({"type": "Point", "coordinates": [[[[[[[[118.5, 28.5]]]]]]]]}, "coordinates"),
        ({"type": "Point", "coordinates": [28.5, 118.5]}, "longitude first"),
        ({"type": "Point", "coordinates": [500000.0, 3150000.0]}, "not metres"),
        ({"type": "Point", "coordinates": [121.5, 31.2]}, "outside Test City"),
        ({"type": "LineString", "coordinates": [[118.5, 28.5], [118.5, 28.5]]}, "."),
        (polygon((118.5, 28.5), (118.6, 28.6), (118.6, 28.5), (118.5, 28.6)), "crosses itself"),
        (polygon((118.85, 28.5), (118.95, 28.5), (118.95, 28.6)), "beyond Test City"),
        (polygon((118.41, 28.41), (118.89, 28.41), (118.89, 28.89), (118.41, 28.89)), "km2"),
        (polygon((-180, -90), (180, -90), (180, 90), (-180, 90)), "beyond Test City"),
        (polygon((118.5, 28.5), (118.500001, 28.5), (118.5, 28.500001)), "square metre"),
        (
            {"type": "LineString", "coordinates": [[118.5 + n * 1e-6, 28.5] for n in range(6000)]},
            "5000 vertices",
        ),
        (
            {"type": "MultiPoint", "coordinates": [[118.5 + n * 1e-4, 28.5] for n in range(300)]},
            "200 points",
        ),
        ({"type": "FeatureCollection", "features": []}, "1 to 500 features"),
    ],
)
def test_a_bad_shape_is_refused_with_a_way_out(
    store: Store,
    preset: Preset,
    clock: ManualClock,
    draft: RequestDraft,
    geometry: Any,
    says: str,
) -> None:
    with pytest.raises(InvalidInput, match=says) as refused, store.unit() as unit:
        ask(unit, preset, clock, SERVICE, replace(draft, geometry=geometry))
    assert refused.value.where == "geometry"
    assert refused.value.remedy
    with store.view() as unit:
        assert unit.requests.count() == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("scenario", "no-such"),
        ("sensor", "lidar"),
        ("sensor", "zoom"),
        ("sensor", None),
        ("gsd_m", 0.0),
        ("gsd_m", math.inf),
        ("gsd_m", None),
        ("priority", 0),
        ("priority", 6),
        ("purpose", "x" * 501),
        ("department", "no-such"),
        ("latest", timedelta(minutes=65)),
        ("latest", timedelta(hours=-3)),
        ("latest", timedelta(days=40)),
        ("earliest", datetime(2026, 5, 12)),  # noqa: DTZ001
    ],
)
def test_a_bad_field_is_named(
    preset: Preset, clock: ManualClock, draft: RequestDraft, field: str, value: Any
) -> None:
    if isinstance(value, timedelta):
        value = clock.now() + value
    with pytest.raises(InvalidInput) as refused:
        checked(preset, SERVICE, replace(draft, **{field: value}), clock.now())
    assert refused.value.where == field
    assert refused.value.remedy


def test_a_window_far_ahead_is_refused(
    preset: Preset, clock: ManualClock, draft: RequestDraft
) -> None:
    later = timedelta(days=200)
    far = replace(draft, earliest=draft.earliest + later, latest=draft.latest + later)
    with pytest.raises(InvalidInput) as refused:
        checked(preset, SERVICE, far, clock.now())
    assert refused.value.where == "earliest"


def test_a_corridor_has_a_sensible_width(
    preset: Preset, clock: ManualClock, draft: RequestDraft
) -> None:
    line = {"type": "LineString", "coordinates": [[118.5, 28.5], [118.6, 28.5]]}
    for width in (-1.0, 5000.0, math.nan):
        with pytest.raises(InvalidInput) as refused:
            checked(preset, SERVICE, replace(draft, geometry=line, width_m=width), clock.now())
        assert refused.value.where == "width_m"


def test_only_those_who_may_ask_and_for_themselves(
    store: Store, preset: Preset, clock: ManualClock, draft: RequestDraft, member: Member
) -> None:
    with pytest.raises(NotAllowed), store.unit() as unit:
        ask(unit, preset, clock, Principal(name="a", role=Role.AUDITOR), draft)
    with pytest.raises(NotAllowed, match="own department"), store.unit() as unit:
        ask(unit, preset, clock, member("urban"), replace(draft, department="forestry"))
    with store.unit() as unit:
        made = ask(unit, preset, clock, SERVICE, replace(draft, department="ecology"))
    assert made.department == "ecology"


def test_a_key_makes_one_request(
    store: Store, preset: Preset, clock: ManualClock, draft: RequestDraft, member: Member
) -> None:
    with store.unit() as unit:
        first = ask(unit, preset, clock, member("urban"), draft, "k1")
    clock.advance(30)
    with store.unit() as unit:
        assert ask(unit, preset, clock, member("urban"), draft, "k1").id == first.id
        assert ask(unit, preset, clock, member("ecology"), draft, "k1").id != first.id
        assert ask(unit, preset, clock, member("urban"), draft, "k2").id != first.id
    with pytest.raises(InvalidInput, match="another request"), store.unit() as unit:
        ask(unit, preset, clock, member("urban"), replace(draft, priority=1), "k1")
    with pytest.raises(InvalidInput, match="1 to 200"), store.unit() as unit:
        ask(unit, preset, clock, member("urban"), draft, "")
    with store.view() as unit:
        assert unit.requests.count() == 3


POINT = {"type": "Point", "coordinates": [118.505, 28.505]}
LINE = {"type": "LineString", "coordinates": [[118.505, 28.505], [118.506, 28.505]]}


def test_a_tower_and_a_wall_keep_their_measures(
    preset: Preset, clock: ManualClock, draft: RequestDraft
) -> None:
    tower = replace(draft, geometry=POINT, kind="orbit", top_m=40.0)
    made = checked(preset, SERVICE, replace(tower, department="urban"), clock.now())
    assert (made.kind, made.radius_m, made.base_m, made.top_m) == ("orbit", 30.0, 0.0, 40.0)
    wall = replace(draft, geometry=LINE, kind="facade", base_m=3.0, top_m=20.0, department="urban")
    made = checked(preset, SERVICE, wall, clock.now())
    assert (made.kind, made.radius_m, made.base_m, made.top_m) == ("facade", 0.0, 3.0, 20.0)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"geometry": LINE, "kind": "orbit", "top_m": 40.0}, "kind"),
        ({"geometry": POINT, "kind": "facade", "top_m": 40.0}, "kind"),
        ({"geometry": POINT, "kind": "orbit"}, "top_m"),
        ({"geometry": LINE, "kind": "facade", "base_m": 30.0, "top_m": 20.0}, "top_m"),
        ({"geometry": POINT, "kind": "orbit", "top_m": 40.0, "radius_m": 900.0}, "radius_m"),
    ],
)
def test_an_upright_look_without_its_measures_is_refused_by_name(
    preset: Preset, clock: ManualClock, draft: RequestDraft, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        checked(preset, SERVICE, replace(draft, department="urban", **changes), clock.now())
    assert caught.value.where == field
