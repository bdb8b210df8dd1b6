"""Reading WORLD.json, and what the seed makes of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidInput
from sim import content, world


def write(folder: Path, data: Any) -> Path:
    path = folder / "WORLD.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return path


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"none\.json"):
        world.load(tmp_path / "none.json", 7)


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda d: "{not json", "not JSON"),
        (lambda d: {**d, "docks": []}, "docks is empty"),
        (lambda d: {k: v for k, v in d.items() if k != "ground"}, "'ground' is missing"),
        (lambda d: {**d, "docks": [d["docks"][0], d["docks"][0]]}, "one system_id"),
        (lambda d: {**d, "docks": [{**d["docks"][0], "system_id": 300}]}, "1 to 250"),
        (lambda d: {**d, "docks": [{**d["docks"][0], "autopilot": "x"}]}, "'x' is none of"),
        (
            lambda d: {**d, "docks": [d["docks"][0], {**d["docks"][1], "id": d["docks"][0]["id"]}]},
            "two docks have one id",
        ),
        (lambda d: {**d, "start": "yesterday"}, "a field is wrong"),
        (lambda d: {**d, "ground": {**d["ground"], "rows": 3}}, "rows x columns"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, city: Any, spoil: Any, what: str) -> None:
    with pytest.raises(InvalidInput, match=what):
        world.load(write(tmp_path, spoil(city())), 7)


def test_two_links_may_use_a_system_id_each(city: Any) -> None:
    first, second = city(docks=2)["docks"]
    made = world.build({**city(), "docks": [first, {**second, "system_id": 1, "link": "b"}]}, 7)
    assert [(d.link, d.system_id) for d in made.docks] == [("main", 1), ("b", 1)]


def test_the_seed_fixes_the_world(city: Any) -> None:
    first, again, other = (world.build(city(), seed) for seed in (7, 7, 8))
    assert content.things(first) == content.things(again)
    assert content.things(first) != content.things(other)
    places = [[(f.lon, f.lat, f.ignites_s) for f in content.fires(w)] for w in (first, again)]
    assert places[0] == places[1]


def test_fires_ignite_where_forests_are_watched_in_the_stated_minutes(city: Any) -> None:
    for seed in range(5):
        made = world.build({**city(), "demo": {"fires": 3, "first_fire_min": [12, 40]}}, seed)
        fires = content.fires(made)
        early = [f for f in fires if f.ignites_s <= 2400]
        assert len(early) == 3
        assert all(f.ignites_s >= 720 and f.place == "forest_watch-1" for f in early)
        assert sum(f.reignites_after_s is not None for f in fires) == 1


def test_truths_carry_codes_and_ordinary_things_do_not(city: Any) -> None:
    things = content.things(world.build(city(), 7))
    codes = {t.event_type for t in things}
    assert {"07-01", "01-03", "03-01", "06-01", "02-03", None} <= codes
    assert all(t.event_type is None for t in things if t.kind in ("vehicle", "roof", "rock"))


def test_a_shower_darkens_the_day_and_wets_the_air(city: Any) -> None:
    days = [world.build(city(), seed) for seed in range(40)]
    wettest = [max((d.rain_mm_h(t), t) for t in range(0, 36000, 120)) for d in days]
    wet = [(d, t) for d, (rain, t) in zip(days, wettest, strict=True) if rain > 0.5]
    assert 8 <= len(wet) <= 24
    for day, second in wet:
        assert day.humidity(second) > day.humidity(0.0) - 1e-9
        assert day.sunshine(second) < 0.75
