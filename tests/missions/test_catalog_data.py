"""The shipped catalogue: complete, and everything in it is of use."""

import re
from collections import Counter

import pytest

from core.equipment import Sensor
from missions.catalog import KINDS, Catalog, load


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load()


def test_it_holds_79_scenarios_and_35_event_types(catalog: Catalog) -> None:
    assert len(catalog.scenarios) == 79
    assert len(catalog.event_types) == 35
    assert len(catalog.departments) >= 15


def test_everything_has_a_chinese_and_an_english_name(catalog: Catalog) -> None:
    chinese = re.compile(r"[\u4e00-\u9fff]")
    for group in (catalog.departments, catalog.event_types, catalog.scenarios):
        for thing in group.values():
            assert chinese.search(thing.name_zh), thing
            assert not chinese.search(thing.name), thing
    for names in ("name", "name_zh"):
        counts = Counter(getattr(s, names) for s in catalog.scenarios.values())
        assert max(counts.values()) == 1


def test_every_event_type_is_looked_for(catalog: Catalog) -> None:
    wanted = {code for s in catalog.scenarios.values() for code in s.event_types}
    assert wanted == set(catalog.event_types)


def test_every_department_asks_or_handles(catalog: Catalog) -> None:
    active = {s.department for s in catalog.scenarios.values()}
    assert active == set(catalog.departments)


def test_who_handles_a_finding_may_see_it(catalog: Catalog) -> None:
    """The department of an event type reads at least one scenario that looks for it."""
    for event in catalog.event_types.values():
        readers = {
            reader
            for s in catalog.scenarios.values()
            if event.code in s.event_types
            for reader in s.readers
        }
        assert event.department in readers, event.code


def test_detectors_are_a_mix_and_thermal_ones_have_rules(catalog: Catalog) -> None:
    kinds = Counter(e.detector.partition(":")[0] for e in catalog.event_types.values())
    assert set(kinds) == {"thermal", "change", "onnx", "officer"}
    assert 9 <= kinds["thermal"] <= 11
    for event in catalog.event_types.values():
        assert bool(event.rule) == (event.detector == "thermal")
        assert (event.slot is not None) == event.detector.startswith("onnx:")
        assert event.code.startswith(f"{event.class_code}-")


def test_scenarios_ask_for_what_their_sensor_can_find(catalog: Catalog) -> None:
    for scenario in catalog.scenarios.values():
        assert set(scenario.places) <= KINDS[scenario.geometry]
        for code in scenario.event_types:
            thermal = catalog.event_types[code].detector == "thermal"
            assert thermal == (scenario.sensor is Sensor.THERMAL)


def test_places_are_shared_between_departments(catalog: Catalog) -> None:
    """Merging needs something to merge: many kinds of place have several askers."""
    askers: dict[str, set[str]] = {}
    for scenario in catalog.scenarios.values():
        for kind in scenario.places:
            askers.setdefault(kind, set()).add(scenario.department)
    assert sum(len(a) > 1 for a in askers.values()) >= 15
    assert {"water", "ecology", "urban", "agriculture"} <= askers["river"]
