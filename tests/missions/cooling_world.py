"""Burnt places over days, simulated with sun, soil and measurement errors, and who watches them.

No public series of re-ignitions is known; these are models. The ground goes from 12 C before dawn
to 30 C after noon; ash and stones in the sun get up to 14 K warmer than the ground round them and
keep 2 K of it in the evening; the warmest of many pixels of cold ground lies 2.5 K over the median
(spread 0.8 K). A camera lies off by 1.2 K in each look (+-2 K as limits), which peak and background
share, and by 0.7 K more in the peak. One look in ten shows smoke.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from math import cos, exp, pi
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from missions.cases.looks import is_night, judged
from missions.cases.recheck import next_recheck, verdict
from missions.entities import Case, Verdict
from missions.presets import RecheckRules

ZONE = ZoneInfo("Asia/Shanghai")
SHARED_K, OWN_K = 1.2, 0.7
SIGMA_K = 1.4
SPREAD_K = 0.8
SMOKE = 0.1
Excess = Callable[[float], float]
"""Hours after the report to kelvin over the warmest cold ground."""


def ground_c(hour: float) -> float:
    """Of the ground round a place, by the hour of the day."""
    return 21.0 + 9.0 * cos((hour - 14.0) / 24.0 * 2.0 * pi)


def sun_k(hour: float) -> float:
    """By how much ash and stones are warmer than the ground round them."""
    if 6.5 <= hour <= 18.5:
        return 14.0 * max(0.0, cos((hour - 12.5) / 12.0 * pi))
    return 2.0 * exp(-((hour - 18.5) % 24.0) / 2.0)


def watched(
    case: Case, excess: Excess, rules: RecheckRules, rng: np.random.Generator, make: Any
) -> tuple[Verdict | None, float, int]:
    """The verdict, the hour at which it fell (or the watch ended) and how many looks it took."""
    begun = case.opened_at
    clock = begun
    while (due := next_recheck(case, rules, clock, ZONE)) is not None:
        hours = (due - begun).total_seconds() / 3600
        if hours > rules.max_h:
            break
        clock = due
        look = replace(make.recheck(0.0), at=due, looked_at=due)
        if rng.random() >= SMOKE:
            look = _seen(look, due, excess(hours), rules, rng)
        case = replace(case, rechecks=(*case.rechecks, look))
    return verdict(case, rules, ZONE), (clock - begun).total_seconds() / 3600, len(case.rechecks)


def _seen(look: Any, at: datetime, excess_k: float, rules: RecheckRules, rng: Any) -> Any:
    local = at.astimezone(ZONE)
    hour = local.hour + local.minute / 60
    shared = rng.normal(0.0, SHARED_K)
    background = ground_c(hour) + shared
    patch = 2.5 + rng.normal(0.0, 0.5) + max(sun_k(hour) * rng.uniform(0.7, 1.0), excess_k)
    peak = background + patch + rng.normal(0.0, OWN_K)
    said = judged(
        peak,
        SIGMA_K,
        rules,
        found=False,
        contrast_k=peak - background,
        spread_k=SPREAD_K,
        night=is_night(at, rules, ZONE),
    )
    return replace(look, verdict=said, peak_c=peak, background_c=background, uncertainty_k=SIGMA_K)


def later(case: Case, hours: float) -> Case:
    """The same case, reported back some hours later."""
    at = case.opened_at + timedelta(hours=hours)
    return replace(case, opened_at=at, steps=tuple(replace(s, at=at) for s in case.steps))


def cools(rng: np.random.Generator) -> Excess:
    """Out: what is left cools by half in half an hour to three hours."""
    hours = rng.uniform(0.7, 4.3)
    return lambda t: 25.0 * exp(-t / hours)


def hidden(left_k: float, hours: float = 4.0) -> Callable[[np.random.Generator], Excess]:
    """Ash hides a smoulder half of the time, some hours at a stretch, all but `left_k`."""

    def flickering(rng: np.random.Generator) -> Excess:
        edges = np.cumsum(rng.exponential(hours, 200))
        shown = int(rng.integers(2))
        return lambda t: 50.0 if (int(np.searchsorted(edges, t)) + shown) % 2 else left_k

    return flickering


def rises(k_per_h: float, from_k: float = 5.0) -> Callable[[np.random.Generator], Excess]:
    """A slow re-ignition."""
    return lambda rng: lambda t: from_k + k_per_h * t


def steady(excess_k: float) -> Callable[[np.random.Generator], Excess]:
    """A smoulder that stays as it is."""
    return lambda rng: lambda t: excess_k
