"""The revisit rules: every place in its turn, every week every scenario."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from missions.demand.revisit import period_days, requests_for, windows
from missions.entities import Origin, RequestState
from missions.presets import Preset

DAY = date(2026, 5, 12)
days = st.dates(date(2026, 1, 1), date(2027, 12, 31))


def test_a_request_holds_what_the_scenario_asks(preset: Preset) -> None:
    found = [r for r in requests_for(preset, DAY) if r.scenario == "fire"]
    assert {r.place for r in found} == {"F0", "F1", "F2", "F3", "F4"}
    one = next(r for r in found if r.place == "F0")
    assert (one.department, one.shared_with) == ("forestry", ("emergency",))
    assert (one.origin, one.state) == (Origin.REVISIT, RequestState.ASKED)
    assert one.geometry["type"] == "Polygon"
    assert one.earliest == datetime(2026, 5, 12, 0, 0, tzinfo=UTC)
    assert one.latest == datetime(2026, 5, 12, 9, 0, tzinfo=UTC)
    assert one.created_at == datetime(2026, 5, 11, 4, 0, tzinfo=UTC)
    assert one.kind == "area"


def test_a_corridor_keeps_its_width(preset: Preset) -> None:
    week = [r for n in range(7) for r in requests_for(preset, DAY + timedelta(days=n))]
    river = next(r for r in week if r.scenario == "fortnight")
    assert (river.kind, river.width_m) == ("corridor", 80.0)


def test_several_looks_a_day_share_the_window(preset: Preset) -> None:
    parts = windows(preset, preset.scenarios["often"], DAY)
    assert len(parts) == 3
    assert all(end - start == timedelta(hours=3) for start, end in parts)
    assert parts[0][1] == parts[1][0]
    asked = [r for r in requests_for(preset, DAY) if r.scenario == "often"]
    assert [(r.earliest, r.latest) for r in asked] == parts


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(days)
def test_every_week_holds_every_scenario(preset: Preset, first: date) -> None:
    week = [r for n in range(7) for r in requests_for(preset, first + timedelta(days=n))]
    assert {r.scenario for r in week} == set(preset.scenarios)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(days)
def test_no_place_waits_longer_than_its_rule(preset: Preset, first: date) -> None:
    for name, longest in (("weekly", 7), ("fortnight", 14), ("workdays", 5)):
        seen: dict[str, list[int]] = {}
        for n in range(30):
            for r in requests_for(preset, first + timedelta(days=n)):
                if r.scenario == name:
                    seen.setdefault(r.place, []).append(n)
        for turns in seen.values():
            gaps = [b - a for a, b in pairwise(turns)]
            assert turns[0] <= longest
            assert max(gaps) <= longest


def test_days_share_the_work(preset: Preset) -> None:
    counts = Counter(
        n
        for n in range(7)
        for r in requests_for(preset, DAY + timedelta(days=n))
        if r.scenario == "weekly"
    )
    assert sum(counts.values()) == 5
    assert max(counts.values()) == 1


def test_weekdays_are_kept(preset: Preset) -> None:
    saturday = date(2026, 5, 16)
    assert all(r.scenario != "workdays" for r in requests_for(preset, saturday))


def test_the_same_day_asks_the_same(preset: Preset) -> None:
    first, again = requests_for(preset, DAY), requests_for(preset, DAY)
    assert [(r.scenario, r.place) for r in first] == [(r.scenario, r.place) for r in again]
    assert len({r.id for r in first + again}) == 2 * len(first)


def test_last_looks_decide_where_they_are_known(preset: Preset) -> None:
    noon = datetime.combine(DAY, time(4), tzinfo=UTC)
    looks = {("weekly", f"F{n}"): noon - timedelta(days=n * 3) for n in range(5)}
    asked = {r.place for r in requests_for(preset, DAY, last_looks=looks) if r.scenario == "weekly"}
    assert asked == {"F3", "F4"}


def test_a_long_period_of_few_places_is_cut_to_a_week(preset: Preset) -> None:
    fortnight = preset.scenarios["fortnight"]
    assert period_days(fortnight, 1) == 7
    assert period_days(fortnight, 2) == 14
    assert period_days(preset.scenarios["fire"], 1) == 1
