"""After a fire is out: look again in infrared until the place is cold. Pure policy.

A look counts once it has a verdict; one that did not see the place (smoke, wrong frame) is taken
again after the same interval and neither helps nor harms.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from missions.entities import Case, CaseState, Recheck, Verdict
from missions.presets import RecheckRules

_WATCHED = frozenset({CaseState.REPORTED_BACK, CaseState.VERIFYING})


def next_recheck(case: Case, rules: RecheckRules, now: datetime) -> datetime | None:
    """When to look next; None when no look is wanted.

    None is wanted while the crew is at work, while an ordered look is still to be flown, once the
    place is cold or hot again, and after the rule's longest time (then a person decides).
    """
    since = reported_back_at(case)
    if case.state not in _WATCHED or since is None or verdict(case, rules) is not None:
        return None
    if now > since + timedelta(hours=rules.max_h):
        return None
    looks = _looks_since(case, since)
    if not looks:
        return since
    last = looks[-1].looked_at
    return None if last is None else last + timedelta(minutes=rules.interval_min)


def verdict(case: Case, rules: RecheckRules) -> Verdict | None:
    """HOT when the last look was hot; COLD when the last so many looks in a row were cold and lie
    at least the rule's interval apart from one another; None while that is open."""
    since = reported_back_at(case)
    judged = [
        (r.looked_at, r.verdict)
        for r in _looks_since(case, since)
        if r.looked_at is not None and r.verdict is not None
    ]
    if not judged:
        return None
    if judged[-1][1] is Verdict.HOT:
        return Verdict.HOT
    row: list[datetime] = []
    for looked_at, result in reversed(judged):
        if result is Verdict.HOT:
            break
        if not row or row[-1] - looked_at >= timedelta(minutes=rules.interval_min):
            row.append(looked_at)
    return Verdict.COLD if len(row) >= rules.passes else None


def reported_back_at(case: Case) -> datetime | None:
    """When the crew last said that it is done; None while it is at work."""
    for step in reversed(case.steps):
        if step.step == CaseState.DISPATCHED:
            return None
        if step.step == CaseState.REPORTED_BACK:
            return step.at
    return None


def _looks_since(case: Case, since: datetime | None) -> Sequence[Recheck]:
    return [r for r in case.rechecks if since is None or r.at >= since]
