"""After a fire is out: look again in infrared until every place of the case is cold. Pure policy.

"Cold" is so many passes in a row, spread over so many hours, each below the threshold by its own
uncertainty (`RecheckRules`), so many of them at night and without contrast. A look that did not see
a place (smoke, wrong frame) is taken again after the same interval and neither helps nor harms. A
look that can be neither called cold nor hot is WARM: the passes begin anew, nobody is sent out. So
they do while the temperature rises. A case is cold when each of its places is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from missions.cases.looks import dawn_after, is_night, is_rising, judged, next_night, row
from missions.entities import Case, CaseState, Recheck, Verdict
from missions.presets import RecheckRules

__all__ = ["Progress", "Wait", "is_rising", "judged", "next_recheck", "progress", "verdict"]

_WATCHED = frozenset({CaseState.REPORTED_BACK, CaseState.VERIFYING})
RISING_INTERVAL = 0.5
"""Share of the interval after which a place that gets warmer is looked at again."""


class Wait(StrEnum):
    """What a place that is watched still lacks to be called cold."""

    FIRST = "first_look"
    UNSEEN = "unseen"
    WARM = "warm"
    RISING = "rising"
    PASSES = "passes"
    NIGHT = "night_passes"
    DAWN = "dawn"
    SPAN = "span"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the watch over a case has come.

    Attributes:
        passes, night_passes, hours: of the place that lacks most; needed_*: what the rules ask.
        places: that are watched; cold: how many of them are.
        next_at: when the next look is due; None while one is under way or none is wanted.
        waits: what is lacking; None when all is cold, or nobody watches (now).
        until: when the rules give up and a person decides.
    """

    passes: int
    needed_passes: int
    night_passes: int
    needed_night_passes: int
    hours: float
    needed_hours: float
    places: int
    cold: int
    next_at: datetime | None
    waits: Wait | None
    until: datetime | None


def next_recheck(
    case: Case, rules: RecheckRules, now: datetime, zone: tzinfo | None = None
) -> datetime | None:
    """When to look next; None when no look is wanted.

    None is wanted while the crew is at work, while an ordered look is still to be flown, once the
    place is cold or hot again, and after the rule's longest time (then a person decides).

    Args:
        zone: of the city, for nights and dawns; without it there are none.
    """
    since = reported_back_at(case)
    if case.state not in _WATCHED or since is None or verdict(case, rules, zone) is not None:
        return None
    if now > since + timedelta(hours=rules.max_h):
        return None
    looks = _looks_since(case, since)
    if not looks:
        return since
    if looks[-1].looked_at is None:
        return None
    open_places = [s for s in places_of(looks) if _waits(s, rules, since, zone) is not None]
    return min(_due(series, rules, since, zone) for series in open_places)


def verdict(case: Case, rules: RecheckRules, zone: tzinfo | None = None) -> Verdict | None:
    """HOT when the last look was hot; COLD when for every place enough looks in a row were cold,
    lie at least the rule's interval apart from one another, span its time, and do not rise; None
    while open."""
    since = reported_back_at(case)
    looks = [r for r in _looks_since(case, since) if r.looked_at is not None]
    said = [r for r in looks if r.verdict is not None or r.spots]
    if since is None or not said:
        return None
    if said[-1].verdict is Verdict.HOT:
        return Verdict.HOT
    cold = all(_waits(series, rules, since, zone) is None for series in places_of(looks))
    return Verdict.COLD if cold else None


def progress(
    case: Case, rules: RecheckRules, now: datetime, zone: tzinfo | None = None
) -> Progress | None:
    """How far the watch has come; None for a case that is not watched."""
    since = reported_back_at(case)
    if case.state not in _WATCHED or since is None:
        return None
    every = places_of(_looks_since(case, since))
    waits = [_waits(series, rules, since, zone) for series in every]
    order = list(Wait)
    worst = min(range(len(every)), key=lambda n: order.index(w) if (w := waits[n]) else len(order))
    cold = row(every[worst], rules)
    return Progress(
        passes=min(len(cold), rules.passes),
        needed_passes=rules.passes,
        night_passes=min(_nights(cold, rules, zone), rules.night_passes),
        needed_night_passes=rules.night_passes,
        hours=(cold[0] - cold[-1]).total_seconds() / 3600.0 if cold else 0.0,
        needed_hours=rules.over_h,
        places=len(every),
        cold=waits.count(None),
        next_at=next_recheck(case, rules, now, zone),
        waits=waits[worst],
        until=since + timedelta(hours=rules.max_h),
    )


def reported_back_at(case: Case) -> datetime | None:
    """When the crew last said that it is done; None while it is at work."""
    for step in reversed(case.steps):
        if step.step == CaseState.DISPATCHED:
            return None
        if step.step == CaseState.REPORTED_BACK:
            return step.at
    return None


def places_of(looks: Sequence[Recheck]) -> list[list[Recheck]]:
    """The looks by place: each as if it had been at that place alone.

    The places are those of the latest look; looks from before a place was known do not count for
    it. Looks that name no places are at the case's own.
    """
    named = next((r.spots for r in reversed(looks) if r.spots), ())
    if not named:
        return [list(looks)]
    return [[_at(look, spot.anomaly_id) for look in looks] for spot in named]


def _at(look: Recheck, anomaly_id: str) -> Recheck:
    spot = next((s for s in look.spots if s.anomaly_id == anomaly_id), None)
    if spot is None:
        return replace(look, verdict=None, peak_c=None, background_c=None, uncertainty_k=None)
    return replace(
        look,
        verdict=spot.verdict,
        peak_c=spot.peak_c,
        background_c=spot.background_c,
        uncertainty_k=spot.uncertainty_k,
    )


def _waits(
    looks: Sequence[Recheck], rules: RecheckRules, since: datetime, zone: tzinfo | None
) -> Wait | None:
    """What a place still lacks to be called cold; None if it is cold."""
    said = [r for r in looks if r.verdict is not None and r.looked_at is not None]
    if not said:
        return Wait.UNSEEN if any(r.looked_at for r in looks) else Wait.FIRST
    if said[-1].verdict is not Verdict.COLD:
        return Wait.WARM
    if is_rising(looks, rules, zone):
        return Wait.RISING
    cold = row(looks, rules)
    if len(cold) < rules.passes:
        return Wait.PASSES
    if rules.night is not None and zone and _nights(cold, rules, zone) < rules.night_passes:
        return Wait.NIGHT
    if rules.dawn is not None and zone and cold[0] < dawn_after(since, rules.dawn, zone):
        return Wait.DAWN
    return Wait.SPAN if cold[0] - cold[-1] < timedelta(hours=rules.over_h) else None


def _due(
    looks: Sequence[Recheck], rules: RecheckRules, since: datetime, zone: tzinfo | None
) -> datetime:
    """When a place that is not cold is to be looked at again."""
    last = looks[-1].looked_at or since
    due = last + timedelta(minutes=_interval_min(looks, rules, zone))
    cold = row(looks, rules)
    if is_rising(looks, rules, zone):
        return due
    by_day = len(cold) - _nights(cold, rules, zone)
    if cold and by_day >= rules.passes - rules.night_passes:
        due = next_night(due, rules, zone)  # what is lacking can only be seen then
    if len(cold) < rules.passes or _nights(cold, rules, zone) < rules.night_passes:
        return due
    # enough passes, though they do not span the time yet: the last one closes the span
    ends = [cold[-1] + timedelta(hours=rules.over_h)]
    if rules.dawn is not None and zone is not None:
        ends.append(dawn_after(since, rules.dawn, zone))
    return max(due, *ends)


def _nights(cold: Sequence[datetime], rules: RecheckRules, zone: tzinfo | None) -> int:
    return sum(is_night(at, rules, zone) for at in cold)


def _interval_min(looks: Sequence[Recheck], rules: RecheckRules, zone: tzinfo | None) -> float:
    """Soon at first, then later and later while it stays cold; sooner when it gets warmer."""
    if is_rising(looks, rules, zone):
        return rules.interval_min * RISING_INTERVAL
    passes = len(row(looks, rules))
    return min(rules.interval_min * rules.widen ** max(0, passes - 1), rules.widest_min)


def _looks_since(case: Case, since: datetime | None) -> Sequence[Recheck]:
    return [r for r in case.rechecks if since is None or r.at >= since]
