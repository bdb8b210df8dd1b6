"""The intake's rules as data: the shipped file is whole, and mistakes are refused by name."""

from pathlib import Path

import pytest
from signals_city import RULES, rules_of

from core.errors import InvalidInput
from missions.presets import Preset, load


def test_the_shipped_file_has_nineteen_kinds_and_a_look_for_all_that_asks() -> None:
    city = load()
    rules = city.signals
    assert len(rules.kinds) == 19
    asked = [r.asks for k in rules.kinds.values() for r in k.rules if r.asks]
    asked += [c.asks for c in (*rules.categories.values(), *rules.labels.values())]
    assert set(asked) <= set(rules.looks)
    for look in rules.looks.values():
        scenario = city.scenarios[look.scenario]
        assert look.event_type in scenario.event_types
        assert any(scenario.sensor in kind.sensors for kind in city.kinds.values())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("when: above, limit: 10, clear: 8", "when: above, limit: 10, clear: 12", "clear"),
        ("when: above, limit: 10, clear: 8", "when: above, limit: 10", "clear"),
        ("when: above, limit: 10", "when: above, limit: 100", "limit"),
        ("when: rise, limit: 5", "when: rise, limit: 0", "limit"),
        ("clear: 1, window_min: 60", "clear: 1", "window_min"),
        ('asks: "06-01", severity: 3', 'asks: "06-02", severity: 3', "asks"),
        ("scenario: waste", "scenario: fire", "scenario"),
        ("scenario: waste", "scenario: nowhere", "scenario"),
        ("low: -5\n    high: 50", "low: 50\n    high: -5", "high"),
        ("min_score: 0.6", "min_score: 6", "min_score"),
        ("readings: 2", "reading: 2", "reading"),
        ("- id: smoke", "- id: level", "id"),
        ("one_m: 100", "one_m: 0", "one_m"),
    ],
)
def test_a_mistake_is_refused_by_its_field(
    preset: Preset, tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in RULES
    with pytest.raises(InvalidInput) as refused:
        rules_of(preset, tmp_path, RULES.replace(old, new, 1))
    assert said in str(refused.value.where)
    assert refused.value.remedy
