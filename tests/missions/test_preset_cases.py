"""How a city settles its cases is data: what is given is taken over, what is wrong is named."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from core.errors import InvalidInput
from missions import catalog
from missions.catalog.model import Catalog
from missions.presets.casework import casework

COUNTIES = ("kecheng", "kaihua")


@pytest.fixture(scope="module")
def words() -> Catalog:
    return catalog.load()


def read(words: Catalog, folder: Path, **sections: Any) -> Any:
    path = folder / "cases.yaml"
    path.write_text(yaml.safe_dump(sections, allow_unicode=True), encoding="utf-8")
    return casework(path, words.event_types, words.departments, COUNTIES)


def test_without_a_file_the_shipped_rules_hold(words: Catalog, tmp_path: Path) -> None:
    rules, types = casework(tmp_path / "none", words.event_types, words.departments, COUNTIES)
    assert [x.to for x in rules.escalation] == ["department", "dispatcher", "county", "city"]
    assert types == words.event_types


def test_a_city_has_its_own_codes_names_hours_and_departments(
    words: Catalog, tmp_path: Path
) -> None:
    rules, types = read(
        words,
        tmp_path,
        city_code="330800",
        classes=[{"code": "06", "city_code": "16", "name_zh": "市容"}],
        event_types=[
            {
                "code": "06-01",
                "city_code": "1601",
                "name_zh": "暴露垃圾",
                "deadline_h": {1: 8, 3: 2},
                "departments": {"kaihua": "zone"},
                "evidence": 2,
                "around_the_clock": True,
            },
            {"code": "06-02", "deadline_h": 3},
        ],
        recurrence={"days": 7},
    )
    kind = types["06-01"]
    assert (kind.city_code, kind.city_class, kind.class_name_zh) == ("1601", "16", "市容")
    assert [kind.hours_for(s) for s in (1, 2, 3, 4)] == [8, 8, 2, 2]
    assert (kind.department_in("kaihua"), kind.department_in("kecheng")) == ("zone", "urban")
    assert (kind.evidence, kind.around_the_clock) == (2, True)
    assert types["06-02"].hours_for(4) == 3
    assert types["06-03"].class_name_zh == "市容"
    assert types["01-01"] == words.event_types["01-01"]
    assert (rules.recurs_days, rules.city_code) == (7, "330800")
    assert len(rules.escalation) == 4  # a section that is not given stays as shipped


LEVEL = {"share": 0.5, "to": "city", "name": "n", "name_zh": "n"}


@pytest.mark.parametrize(
    ("sections", "where", "says"),
    [
        ({"event_types": [{"code": "99-01"}]}, "event_types[0].code", "99-01"),
        ({"event_types": [{"code": "06-01", "departement": "x"}]}, "departement", "unknown key"),
        ({"event_types": [{"code": "06-01", "department": "navy"}]}, "department", "navy"),
        ({"event_types": [{"code": "06-01", "deadline_h": 0}]}, "deadline_h", "out of range"),
        ({"event_types": [{"code": "06-01", "deadline_h": {5: 1}}]}, "deadline_h.5", "unknown key"),
        (
            {"event_types": [{"code": "06-01", "deadline_h": {1: 1, 4: 9}}]},
            "deadline_h.4",
            "more time",
        ),
        (
            {"event_types": [{"code": "06-01", "departments": {"atlantis": "zone"}}]},
            "departments.atlantis",
            "unknown key",
        ),
        ({"event_types": [{"code": "06-01"}, {"code": "06-01"}]}, "event_types[1]", "twice"),
        (
            {"event_types": [{"code": c, "city_code": "1"} for c in ("06-01", "06-02")]},
            "city_code",
            "twice",
        ),
        ({"classes": [{"code": "77"}]}, "classes[0].code", "77"),
        ({"escalation": [{**LEVEL, "after_h": 3}]}, "escalation[0].share", "one time"),
        ({"escalation": [LEVEL, LEVEL]}, "escalation[1].share", "before the level"),
        ({"escalation": [{**LEVEL, "to": "king"}]}, "escalation[0].to", "king"),
        ({"escalation": [{**LEVEL, "departments": ["navy"]}]}, "departments[0]", "navy"),
        (
            {"inspections": {"radius_m": 500, "most_span_m": 100, "least_departments": 2,
                             "most_cases": 5}},
            "most_span_m",
            "below radius",
        ),
        ({"holidays": []}, "holidays", "unknown key"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(
    words: Catalog, tmp_path: Path, sections: dict[str, Any], where: str, says: str
) -> None:
    with pytest.raises(InvalidInput, match=says) as caught:
        read(words, tmp_path, **sections)
    assert "cases.yaml" in str(caught.value.where)
    assert where in str(caught.value.where)
    assert caught.value.remedy
