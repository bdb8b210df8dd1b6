"""After a fire is out: look again in infrared until the place is cold. Pure policy.

"Cold" is so many passes in a row, spread over so many hours, each below the threshold by its own
uncertainty (`RecheckRules`). A look that did not see the place (smoke, wrong frame) is taken again
after the same interval and neither helps nor harms. A look that can be neither called cold nor hot
is WARM: the passes begin anew, nobody is sent out. So they do while the temperature rises.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta, tzinfo
from math import hypot

from missions.entities import Case, CaseState, Recheck, Verdict
from missions.presets import RecheckRules

_WATCHED = frozenset({CaseState.REPORTED_BACK, CaseState.VERIFYING})
RISING_INTERVAL = 0.5
"""Share of the interval after which a place that gets warmer is looked at again."""

_LOOKS_BACK = 6
"""Looks within which a rise is searched for: a slow re-ignition shows over hours."""


def judged(
    peak_c: float | None, uncertainty_k: float | None, rules: RecheckRules, *, found: bool
) -> Verdict | None:
    """What a look at a fire says; None when it did not see the place.

    Args:
        uncertainty_k: one standard deviation of the peak; None for the rule's assumption.
        found: whether the detector found it once more.
    """
    if peak_c is None:
        return Verdict.HOT if found else None
    doubt = rules.sigmas * (rules.assumed_k if uncertainty_k is None else uncertainty_k)
    if found or peak_c - doubt >= rules.cold_below_c:
        return Verdict.HOT
    return Verdict.COLD if peak_c + doubt < rules.cold_below_c else Verdict.WARM


def next_recheck(
    case: Case, rules: RecheckRules, now: datetime, zone: tzinfo | None = None
) -> datetime | None:
    """When to look next; None when no look is wanted.

    None is wanted while the crew is at work, while an ordered look is still to be flown, once the
    place is cold or hot again, and after the rule's longest time (then a person decides).

    Args:
        zone: of the city, for the look at dawn; without it there is none.
    """
    since = reported_back_at(case)
    if case.state not in _WATCHED or since is None or verdict(case, rules, zone) is not None:
        return None
    if now > since + timedelta(hours=rules.max_h):
        return None
    looks = _looks_since(case, since)
    if not looks:
        return since
    last = looks[-1].looked_at
    if last is None:
        return None
    due = last + timedelta(minutes=_interval_min(looks, rules))
    if len(_row(looks, rules)) < rules.passes:
        return due
    # enough passes, though they do not span the time yet: the last one closes the span
    begun = _row(looks, rules)[-1]
    ends = [begun + timedelta(hours=rules.over_h)]
    if rules.dawn is not None and zone is not None:
        ends.append(_dawn_after(since, rules.dawn, zone))
    return max(due, *ends) if not is_rising(looks, rules) else due


def verdict(case: Case, rules: RecheckRules, zone: tzinfo | None = None) -> Verdict | None:
    """HOT when the last look was hot; COLD when enough looks in a row were cold, lie at least the
    rule's interval apart from one another, span its time, and do not rise; None while open."""
    since = reported_back_at(case)
    looks = [r for r in _looks_since(case, since) if r.looked_at and r.verdict is not None]
    if not looks:
        return None
    if looks[-1].verdict is Verdict.HOT:
        return Verdict.HOT
    row = _row(looks, rules)
    if len(row) < rules.passes or is_rising(looks, rules):
        return None
    if row[0] - row[-1] < timedelta(hours=rules.over_h):
        return None
    if rules.dawn is not None and zone is not None and since is not None:
        return Verdict.COLD if row[0] >= _dawn_after(since, rules.dawn, zone) else None
    return Verdict.COLD


def is_rising(looks: Sequence[Recheck], rules: RecheckRules) -> bool:
    """Whether the place got warmer than one of the looks before by more than both uncertainties.

    Judged by the difference from the ground round it, where that was measured: the morning sun
    warms both.
    """
    known = [r for r in looks if r.peak_c is not None]
    if len(known) < 2:
        return False
    last = known[-1]
    before = min(known[-_LOOKS_BACK:-1], key=_warmth)
    doubt = hypot(_doubt(before, rules), _doubt(last, rules))
    return _warmth(last) - _warmth(before) > rules.sigmas * doubt


def reported_back_at(case: Case) -> datetime | None:
    """When the crew last said that it is done; None while it is at work."""
    for step in reversed(case.steps):
        if step.step == CaseState.DISPATCHED:
            return None
        if step.step == CaseState.REPORTED_BACK:
            return step.at
    return None


def _warmth(look: Recheck) -> float:
    return (look.peak_c or 0.0) - (look.background_c or 0.0)


def _doubt(look: Recheck, rules: RecheckRules) -> float:
    return rules.assumed_k if look.uncertainty_k is None else look.uncertainty_k


def _interval_min(looks: Sequence[Recheck], rules: RecheckRules) -> float:
    """Soon at first, then later and later while it stays cold; sooner when it gets warmer."""
    if is_rising(looks, rules):
        return rules.interval_min * RISING_INTERVAL
    row = len(_row(looks, rules))
    return min(rules.interval_min * rules.widen ** max(0, row - 1), rules.widest_min)


def _row(looks: Sequence[Recheck], rules: RecheckRules) -> list[datetime]:
    """The cold looks that end the series, latest first, at least the interval apart."""
    row: list[datetime] = []
    for look in reversed(looks):
        if look.looked_at is None or look.verdict is None:
            continue
        if look.verdict is not Verdict.COLD:
            break
        if not row or row[-1] - look.looked_at >= timedelta(minutes=rules.interval_min):
            row.append(look.looked_at)
    return row


def _dawn_after(since: datetime, dawn: time, zone: tzinfo) -> datetime:
    """The first dawn look that comes after a night."""
    local = since.astimezone(zone)
    today = local.replace(hour=dawn.hour, minute=dawn.minute, second=0, microsecond=0, fold=0)
    return today if today > local else today + timedelta(days=1)


def _looks_since(case: Case, since: datetime | None) -> Sequence[Recheck]:
    return [r for r in case.rechecks if since is None or r.at >= since]
