"""Cooling, smouldering and re-ignition, simulated with measurement errors: what is called cold?

No public series of re-ignitions is known; these are models. A camera has an offset of its own for
each look (1.2 K: +-2 K as limits) and noise (0.7 K); both go into the stated uncertainty.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from math import exp
from typing import Any

import numpy as np
import pytest

from missions.cases.recheck import is_rising, judged, next_recheck, verdict
from missions.entities import Case, CaseState, CaseStep, Verdict
from missions.presets import RecheckRules

RULES = RecheckRules(
    interval_min=60.0,
    passes=4,
    cold_below_c=50.0,
    max_h=96.0,
    over_h=12.0,
    sigmas=2.0,
    widen=2.0,
    widest_min=480.0,
)
SIGMA_K = 1.4
Curve = Callable[[float], float]


@pytest.fixture
def case(make: Any) -> Case:
    made: Case = make.case(state=CaseState.VERIFYING)
    return replace(
        made, steps=(CaseStep(step=CaseState.REPORTED_BACK, at=made.opened_at, by="crew"),)
    )


def watched(case: Case, curve: Curve, rng: np.random.Generator, make: Any) -> tuple[Any, float]:
    """The verdict and the hour at which it fell; None after the longest time."""
    while True:
        due = next_recheck(case, RULES, case.opened_at)
        if due is None or due > case.opened_at + timedelta(hours=RULES.max_h):
            break
        hours = (due - case.opened_at).total_seconds() / 3600
        if rng.random() < 0.1:  # smoke
            look = make.recheck(hours * 60)
        else:
            peak = curve(hours) + rng.normal(0.0, SIGMA_K)
            said = judged(peak, SIGMA_K, RULES, found=False)
            look = make.recheck(
                hours * 60, verdict=said, peak_c=peak, uncertainty_k=SIGMA_K, background_c=20.0
            )
        case = replace(case, rechecks=(*case.rechecks, look))
    last = case.rechecks[-1].looked_at
    return verdict(case, RULES), (last - case.opened_at).total_seconds() / 3600


def runs(case: Case, make: Any, curve: Callable[[np.random.Generator], Curve], n: int = 200) -> Any:
    rng = np.random.default_rng(3)
    return [watched(case, curve(rng), rng, make) for _ in range(n)]


def test_a_place_that_cools_is_called_cold(case: Case, make: Any) -> None:
    def cooling(rng: np.random.Generator) -> Curve:
        hours = rng.uniform(0.5, 3.0)
        return lambda t: 20.0 + 25.0 * exp(-t / hours)

    said = runs(case, make, cooling)
    assert np.mean([v is Verdict.COLD for v, _ in said]) > 0.97
    assert np.median([h for _, h in said]) < 24.0


@pytest.mark.parametrize("level_c", [50.0, 52.0, 60.0])
def test_what_smoulders_at_the_threshold_is_not_called_cold(
    case: Case, make: Any, level_c: float
) -> None:
    """One look errs by 2 sigma at most in 2.3 of 100; four in a row in none of 200."""
    said = runs(case, make, lambda rng: lambda t: level_c)
    assert not any(v is Verdict.COLD for v, _ in said)


def test_a_smoulder_that_flares_and_sinks_is_rarely_called_cold(case: Case, make: Any) -> None:
    """Ash hides it half of the time, four hours on the average at a stretch."""

    def flickering(rng: np.random.Generator) -> Curve:
        edges = np.cumsum(rng.exponential(4.0, 60))
        return lambda t: 70.0 if int(np.searchsorted(edges, t)) % 2 else 38.0

    said = runs(case, make, flickering)
    assert np.mean([v is Verdict.COLD for v, _ in said]) < 0.20


def test_a_slow_re_ignition_is_seen_before_it_is_called_cold(case: Case, make: Any) -> None:
    """It rises a kelvin and a half an hour from 25 C: hot or still watched, not cold."""
    said = runs(case, make, lambda rng: lambda t: 25.0 + 1.5 * t)
    assert np.mean([v is Verdict.COLD for v, _ in said]) < 0.20


def test_a_rise_shortens_the_next_interval(case: Case, make: Any) -> None:
    def look(minutes: float, peak: float) -> Any:
        return make.recheck(minutes, verdict=Verdict.COLD, peak_c=peak, uncertainty_k=1.0)

    rising = replace(case, rechecks=(look(0, 25.0), look(60, 35.0)))
    falling = replace(case, rechecks=(look(0, 35.0), look(60, 25.0)))
    assert is_rising(rising.rechecks, RULES)
    assert not is_rising(falling.rechecks, RULES)
    soon, later = (next_recheck(c, RULES, case.opened_at) for c in (rising, falling))
    assert soon == case.opened_at + timedelta(minutes=90)
    assert later == case.opened_at + timedelta(minutes=180)


def test_between_cold_and_hot_is_neither() -> None:
    assert judged(45.0, 1.0, RULES, found=False) is Verdict.COLD
    assert judged(49.0, 1.0, RULES, found=False) is Verdict.WARM
    assert judged(53.0, 1.0, RULES, found=False) is Verdict.HOT
    assert judged(45.0, None, replace(RULES, assumed_k=3.0), found=False) is Verdict.WARM
    assert judged(None, None, RULES, found=False) is None
