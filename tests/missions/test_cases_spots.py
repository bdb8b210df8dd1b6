"""A case of several places: cold only when each was seen cold, and flown so that all are seen."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
import shapely

from core.geo import LonLat, distance_m, offset
from missions.cases.recheck import Wait, next_recheck, places_of, progress, verdict
from missions.entities import AnomalyState, Case, CaseState, CaseStep, SpotLook, Verdict
from missions.operations.lookat import ALSO, ALSO_M, look_route
from missions.operations.recheck import in_turn
from missions.operations.verdict import spot_looks, watched_spots, worst
from missions.operations.warmth import Warmth
from missions.presets import RecheckRules
from missions.store import Store

RULES = RecheckRules(interval_min=8.0, passes=2, cold_below_c=50.0, max_h=6.0)
HOT, WARM, COLD = Verdict.HOT, Verdict.WARM, Verdict.COLD
HERE = LonLat(118.87, 28.97)


@pytest.fixture
def case(make: Any) -> Case:
    made: Case = make.case(state=CaseState.VERIFYING)
    return replace(
        made, steps=(CaseStep(step=CaseState.REPORTED_BACK, at=made.opened_at, by="crew"),)
    )


def looked(case: Case, make: Any, *looks: tuple[float, dict[str, Verdict | None]]) -> Case:
    def of(minutes: float, said: dict[str, Verdict | None]) -> Any:
        spots = tuple(SpotLook(anomaly_id=name, verdict=v) for name, v in said.items())
        whole = worst(list(said.values()))
        whole = None if whole is COLD and None in said.values() else whole
        return make.recheck(minutes, verdict=whole, spots=spots)

    return replace(case, rechecks=tuple(of(m, said) for m, said in looks))


def test_a_place_that_was_never_seen_keeps_the_case_open(case: Case, make: Any) -> None:
    half = looked(case, make, (0, {"a": COLD, "b": None}), (10, {"a": COLD, "b": None}))
    assert verdict(half, RULES) is None
    assert next_recheck(half, RULES, case.opened_at) == case.opened_at + timedelta(minutes=18)
    said = progress(half, RULES, case.opened_at)
    assert said is not None
    assert (said.cold, said.places, said.waits, said.passes) == (1, 2, Wait.UNSEEN, 0)


def test_places_may_be_seen_cold_on_different_flights(case: Case, make: Any) -> None:
    """Twelve places a flight: each place's own passes count."""
    turns = [{"a": COLD, "b": None}, {"a": None, "b": COLD}] * 2
    all_seen = looked(case, make, *((10.0 * n, said) for n, said in enumerate(turns)))
    assert verdict(all_seen, RULES) is COLD
    assert verdict(replace(all_seen, rechecks=all_seen.rechecks[:3]), RULES) is None


def test_one_warm_place_begins_anew_and_one_hot_place_is_hot(case: Case, make: Any) -> None:
    cold: tuple[float, dict[str, Verdict | None]] = (0.0, {"a": COLD, "b": COLD})
    warm = looked(case, make, cold, (10, {"a": COLD, "b": WARM}))
    assert verdict(warm, RULES) is None
    assert progress(warm, RULES, case.opened_at).waits is Wait.WARM  # type: ignore[union-attr]
    assert verdict(looked(case, make, cold, (10, {"a": HOT, "b": COLD})), RULES) is HOT


def test_a_place_found_later_needs_its_own_passes(case: Case, make: Any) -> None:
    more = looked(case, make, (0, {"a": COLD}), (10, {"a": COLD, "b": COLD}))
    assert verdict(more, RULES) is None
    assert [len([r for r in s if r.verdict]) for s in places_of(more.rechecks)] == [2, 1]
    done = looked(
        case, make, (0, {"a": COLD}), (10, {"a": COLD, "b": COLD}), (20, {"a": COLD, "b": COLD})
    )
    assert verdict(done, RULES) is COLD


def test_looks_from_before_places_were_told_apart_still_count(case: Case, make: Any) -> None:
    plain = tuple(make.recheck(10.0 * n, verdict=COLD) for n in range(2))
    assert verdict(replace(case, rechecks=plain), RULES) is COLD


def warmth(peak_c: float, **changes: Any) -> Warmth:
    made = Warmth(
        peak_c=peak_c,
        background_c=20.0,
        uncertainty_k=1.0,
        pixel=(0.0, 0.0),
        frame=(512, 640),
        corrected=True,
        whole=True,
        spread_k=0.5,
    )
    return replace(made, **changes)


def room_of(preset: Any, clock: Any, rules: RecheckRules = RULES) -> Any:
    return SimpleNamespace(preset=replace(preset, recheck=rules), now=clock.now)


def test_each_place_is_judged_by_the_frames_that_show_it(
    case: Case, make: Any, preset: Any, clock: Any
) -> None:
    spots = [make.anomaly("ano-1"), make.anomaly("ano-2"), make.anomaly("ano-3")]
    shown = {
        "med-1": [warmth(25.0), warmth(25.0), None, warmth(26.0, whole=False)],
        "med-2": [warmth(24.0), warmth(24.0), warmth(70.0, whole=False), None],
    }
    said = spot_looks(room_of(preset, clock), case, spots, shown, frozenset())
    assert [(s.anomaly_id, s.verdict) for s in said] == [
        ("", COLD),
        ("ano-1", COLD),
        ("ano-2", HOT),
        ("ano-3", None),
    ]
    again = spot_looks(room_of(preset, clock), case, spots, shown, frozenset({"ano-1"}))
    assert again[1].verdict is HOT


def test_a_warm_spot_that_is_half_seen_at_night_still_counts(
    case: Case, make: Any, preset: Any, clock: Any
) -> None:
    from datetime import time

    rules = replace(RULES, night=(time(0), time(23, 59)), warm_contrast_k=5.0)
    shown = {"med-1": [warmth(27.0, whole=False)], "med-2": [warmth(22.0)]}
    (said,) = spot_looks(room_of(preset, clock, rules), case, [], shown, frozenset())
    assert said.verdict is WARM


def test_what_is_rejected_or_part_of_another_is_not_watched(
    case: Case, make: Any, store: Store
) -> None:
    with store.unit() as unit:
        unit.anomalies.add(make.anomaly("ano-1"))
        unit.anomalies.add(make.anomaly("ano-2", state=AnomalyState.DISMISSED))
        unit.anomalies.add(make.anomaly("ano-3", merged_into="ano-1"))
        several = replace(case, anomaly_ids=("ano-1", "ano-2", "ano-3"))
        assert [a.id for a in watched_spots(unit, several)] == ["ano-1"]


def test_a_flight_sees_every_place_of_a_fire() -> None:
    spots = [offset(HERE, bearing, 90.0) for bearing in (10.0, 130.0, 250.0)]
    route = look_route([offset(HERE, 0.0, 900.0), HERE], HERE, also=spots, also_radius_m=25.0)
    photos = [w.position for w in route.waypoints if w.photo]
    assert len(photos) == 8
    for spot in spots:
        assert min(distance_m(spot, p) for p in photos) <= 4.0
    assert route.waypoints[-2].position == HERE  # the proven way home begins there


def test_one_photograph_shows_many_small_things() -> None:
    modules = [offset(HERE, 90.0, 60.0 + 2.0 * n) for n in range(10)]
    route = look_route([HERE, HERE], HERE, also=modules, also_radius_m=2.0)
    assert len([w for w in route.waypoints if w.photo]) == 6


def test_a_flight_takes_on_no_more_than_it_can_fly() -> None:
    ring = [offset(HERE, 10.0 * n, 190.0) for n in range(36)]
    route = look_route([HERE, HERE], HERE, also=ring, also_radius_m=25.0)
    extra = [w.position for w in route.waypoints if w.photo][5:]
    assert 0 < len(extra) <= ALSO
    way = [*extra, HERE]
    assert sum(distance_m(a, b) for a, b in pairwise(way)) <= ALSO_M


def test_a_zone_between_is_not_crossed() -> None:
    spot = offset(HERE, 90.0, 120.0)
    middle = offset(HERE, 90.0, 70.0)
    wall = shapely.box(middle.lon - 1e-4, middle.lat - 1e-2, middle.lon + 1e-4, middle.lat + 1e-2)
    route = look_route([HERE, HERE], HERE, also=[spot], also_radius_m=25.0, barred=wall)
    assert len([w for w in route.waypoints if w.photo]) == 5


def test_what_was_not_seen_for_longest_is_looked_at_first(case: Case, make: Any) -> None:
    spots = [make.anomaly(f"ano-{n}") for n in range(3)]
    seen = looked(case, make, (0, {"ano-1": COLD}), (10, {"ano-0": COLD, "ano-2": None}))
    assert [a.id for a in in_turn(seen, spots)] == ["ano-2", "ano-1", "ano-0"]
