"""Cooling, smouldering and re-ignition, simulated with sun and errors: what is called cold?

The recommended rules (`missions/presets/recheck_recommended.yaml`) in the world of
`cooling_world`. The limits are what the policy keeps in 2000 runs each (docs/anomalies.md), and
what 150 runs can tell.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np
import pytest
from cooling_world import Excess, cools, hidden, later, rises, steady, watched

from missions import catalog
from missions.cases.looks import is_night, is_rising, judged, next_night
from missions.cases.recheck import next_recheck, verdict
from missions.catalog.fields import read_yaml
from missions.entities import Case, CaseState, CaseStep, Verdict
from missions.presets import RecheckRules
from missions.presets.watching import RECOMMENDED, rechecks

COMMON, BY_TYPE = rechecks(read_yaml(RECOMMENDED), catalog.load().event_types)
FOREST = BY_TYPE["01-01"]
PLAIN = RecheckRules(interval_min=60.0, passes=4, cold_below_c=50.0, max_h=96.0, widen=2.0)


@pytest.fixture
def case(make: Any) -> Case:
    made: Case = make.case(state=CaseState.VERIFYING)
    return replace(
        made, steps=(CaseStep(step=CaseState.REPORTED_BACK, at=made.opened_at, by="crew"),)
    )


def runs(
    case: Case,
    make: Any,
    place: Callable[[np.random.Generator], Excess],
    rules: RecheckRules = FOREST,
    n: int = 150,
) -> list[tuple[Verdict | None, float, int]]:
    rng = np.random.default_rng(3)
    found = []
    for _ in range(n):
        began = later(case, rng.uniform(0.0, 24.0))
        found.append(watched(began, place(rng), rules, rng, make))
    return found


def cold_share(said: list[tuple[Verdict | None, float, int]]) -> float:
    return float(np.mean([v is Verdict.COLD for v, _, _ in said]))


def test_every_place_that_is_out_is_called_cold_within_five_days(case: Case, make: Any) -> None:
    said = runs(case, make, steady(0.0))
    closed = [h for v, h, _ in said if v is Verdict.COLD]
    assert cold_share(said) > 0.97
    assert np.quantile(closed, 0.95) < 120.0


def test_what_cools_is_called_cold_or_sent_out_while_it_is_hot(case: Case, make: Any) -> None:
    said = runs(case, make, cools)
    assert all(v is not None for v, _, _ in said)
    assert all(h < 24.0 for v, h, _ in said if v is Verdict.HOT)
    assert cold_share(said) > 0.65


@pytest.mark.parametrize(
    "place",
    [
        hidden(18.0),
        hidden(8.0),
        hidden(0.0),
        rises(1.5),
        rises(0.5),
        rises(0.25, 0.0),
        steady(6.0),
        steady(29.0),
    ],
    ids=["ash-18", "ash-8", "ash-all", "1.5-K/h", "0.5-K/h", "0.25-K/h", "6-K", "threshold"],
)
def test_what_still_burns_under_severity_4_is_hardly_ever_called_cold(
    case: Case, make: Any, place: Callable[[np.random.Generator], Excess]
) -> None:
    """Below 1 in 100 in 2000 runs; 4 in 150 would say (p < 0.02) that it is more."""
    assert cold_share(runs(case, make, place)) < 0.02


@pytest.mark.parametrize("place", [hidden(18.0), rises(1.5), rises(0.5)])
def test_the_shorter_watch_keeps_five_in_a_hundred(
    case: Case, make: Any, place: Callable[[np.random.Generator], Excess]
) -> None:
    assert cold_share(runs(case, make, place, COMMON)) < 0.05


def test_the_threshold_alone_misses_what_the_night_shows(case: Case, make: Any) -> None:
    """What the night looks are for: 6 K that stay are cold by the threshold alone."""
    assert cold_share(runs(case, make, steady(6.0), replace(PLAIN, over_h=12.0), n=40)) > 0.5


def test_a_rise_shortens_the_next_interval(case: Case, make: Any) -> None:
    def look(minutes: float, peak: float) -> Any:
        return make.recheck(minutes, verdict=Verdict.COLD, peak_c=peak, uncertainty_k=1.0)

    rising = replace(case, rechecks=(look(0, 25.0), look(60, 35.0)))
    falling = replace(case, rechecks=(look(0, 35.0), look(60, 25.0)))
    assert is_rising(rising.rechecks, PLAIN)
    assert not is_rising(falling.rechecks, PLAIN)
    soon, then = (next_recheck(c, PLAIN, case.opened_at) for c in (rising, falling))
    assert soon == case.opened_at + timedelta(minutes=90)
    assert then == case.opened_at + timedelta(minutes=180)


def test_a_trend_too_slow_for_two_looks_refuses_cold(case: Case, make: Any) -> None:
    def looks(slope: float) -> Any:
        return [
            make.recheck(60.0 * n, verdict=Verdict.COLD, peak_c=20 + slope * n, uncertainty_k=1.4)
            for n in range(8)
        ]

    assert is_rising(looks(0.5), PLAIN)  # 3.5 K in all, less than 2 sigma of two looks
    assert not is_rising(looks(0.2), PLAIN)
    assert not is_rising(looks(-0.5), PLAIN)
    assert verdict(replace(case, rechecks=tuple(looks(0.5))), PLAIN) is None


def test_between_cold_and_hot_is_neither() -> None:
    assert judged(45.0, 1.0, PLAIN, found=False) is Verdict.COLD
    assert judged(49.0, 1.0, PLAIN, found=False) is Verdict.WARM
    assert judged(53.0, 1.0, PLAIN, found=False) is Verdict.HOT
    assert judged(45.0, None, replace(PLAIN, assumed_k=3.0), found=False) is Verdict.WARM
    assert judged(None, None, PLAIN, found=False) is None


def test_at_night_contrast_is_warm_and_by_day_it_is_the_sun() -> None:
    def said(contrast_k: float | None, *, night: bool, spread_k: float = 0.5) -> Verdict | None:
        return judged(
            25.0,
            1.0,
            FOREST,
            found=False,
            contrast_k=contrast_k,
            spread_k=spread_k,
            night=night,
        )

    assert said(8.0, night=True) is Verdict.WARM
    assert said(8.0, night=False) is Verdict.COLD
    assert said(8.0, night=True, spread_k=2.0) is Verdict.COLD
    assert said(5.5, night=True) is Verdict.COLD
    assert said(None, night=True) is None


@pytest.mark.parametrize(
    ("hour", "night"), [(20.9, False), (21.0, True), (0.0, True), (6.4, True), (6.5, False)]
)
def test_a_night_goes_over_midnight(preset: Any, hour: float, night: bool) -> None:
    zone = preset.zone_info
    at = datetime(2026, 5, 12, tzinfo=zone) + timedelta(hours=hour)
    assert is_night(at.astimezone(UTC), FOREST, zone) is night
    assert not is_night(at, PLAIN, zone)
    assert not is_night(at, FOREST, None)
    ahead = next_night(at, FOREST, zone)
    assert ahead == at if night else ahead.astimezone(zone).time() == time(21)


def test_the_watch_goes_on_where_a_restart_cut_it(case: Case, make: Any, preset: Any) -> None:
    """All it needs is in the case's records: read back, they say the same."""
    from missions.store.codec import decode, encode  # the store's own

    rng = np.random.default_rng(4)
    zone = preset.zone_info
    looks: list[Any] = []
    at: datetime | None = case.opened_at
    while at is not None and len(looks) < 30:
        peak = 22.0 + rng.normal(0.0, 0.3)
        looks.append(
            replace(
                make.recheck(0.0),
                at=at,
                looked_at=at,
                verdict=Verdict.COLD,
                peak_c=peak,
                background_c=20.0,
                uncertainty_k=1.0,
            )
        )
        kept = replace(case, rechecks=tuple(looks))
        again = decode(Case, encode(kept))
        assert again == kept
        assert next_recheck(again, FOREST, at, zone) == next_recheck(kept, FOREST, at, zone)
        at = next_recheck(again, FOREST, at, zone)
    assert verdict(replace(case, rechecks=tuple(looks)), FOREST, zone) is Verdict.COLD
    assert len(looks) < 15
