"""The looks at one place that was on fire, and what they add up to. Pure.

By day the sun warms ash by more than a smoulder under it does; at night and at dawn it does not.
Where the rules say when it is night (`RecheckRules.night`), a night look is judged by its contrast
with the ground round it too, and only night looks are compared with one another.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta, tzinfo
from math import hypot, sqrt

import numpy as np

from missions.entities import Recheck, Verdict
from missions.presets import RecheckRules

_LOOKS_BACK = 6
"""Looks within which a sudden rise is searched for."""
_TREND_LOOKS = 16
"""Looks within which a slow rise is searched for: two nights."""
_TREND_LEAST = 4
"""Mann-Kendall's normal approximation says nothing of fewer."""
_TREND_Z = 1.645
"""One-sided 5 %: to go on looking costs one flight, to stop too soon a fire."""


def judged(
    peak_c: float | None,
    uncertainty_k: float | None,
    rules: RecheckRules,
    *,
    found: bool,
    contrast_k: float | None = None,
    spread_k: float | None = None,
    night: bool = False,
) -> Verdict | None:
    """What a look at a fire says; None when it did not see the place.

    Args:
        uncertainty_k: one standard deviation of the peak; None for the rule's assumption.
        found: whether the detector found it once more.
        contrast_k: peak minus background; None where the photograph shows no ground round it.
        spread_k: one standard deviation of the ground round it, pixel by pixel.
        night: whether the sun can have no part in the contrast.
    """
    if peak_c is None:
        return Verdict.HOT if found else None
    doubt = rules.sigmas * (rules.assumed_k if uncertainty_k is None else uncertainty_k)
    if found or peak_c - doubt >= rules.cold_below_c:
        return Verdict.HOT
    if peak_c + doubt >= rules.cold_below_c:
        return Verdict.WARM
    if night and rules.warm_contrast_k is not None:
        if contrast_k is None:
            return None  # cold ground cannot be told from a smoulder under ash
        if contrast_k > rules.warm_contrast_k + rules.sigmas * (spread_k or 0.0):
            return Verdict.WARM
    return Verdict.COLD


def is_night(at: datetime, rules: RecheckRules, zone: tzinfo | None) -> bool:
    """Whether a look was taken in the rules' night; never where these or the zone say none."""
    if rules.night is None or zone is None:
        return False
    begins, ends = rules.night
    now = at.astimezone(zone).time()
    if begins <= ends:
        return begins <= now < ends
    return now >= begins or now < ends


def next_night(at: datetime, rules: RecheckRules, zone: tzinfo | None) -> datetime:
    """`at`, or the next beginning of a night if it is day."""
    if rules.night is None or zone is None or is_night(at, rules, zone):
        return at
    return _next(at, rules.night[0], zone)


def dawn_after(since: datetime, dawn: time, zone: tzinfo) -> datetime:
    """The first dawn look that comes after a night."""
    return _next(since, dawn, zone)


def row(looks: Sequence[Recheck], rules: RecheckRules) -> list[datetime]:
    """The cold looks that end the series, latest first, at least the interval apart."""
    found: list[datetime] = []
    for look in reversed(looks):
        if look.looked_at is None or look.verdict is None:
            continue
        if look.verdict is not Verdict.COLD:
            break
        if not found or found[-1] - look.looked_at >= timedelta(minutes=rules.interval_min):
            found.append(look.looked_at)
    return found


def is_rising(looks: Sequence[Recheck], rules: RecheckRules, zone: tzinfo | None = None) -> bool:
    """Whether the place got warmer than one of the looks before by more than both uncertainties,
    or by a trend over many looks.

    Judged by the difference from the ground round it, where that was measured: the morning sun
    warms both. Where the rules know a night, only night looks are compared.
    """
    known = [r for r in looks if r.peak_c is not None and r.looked_at is not None]
    if rules.night is not None and zone is not None:
        known = [r for r in known if r.looked_at and is_night(r.looked_at, rules, zone)]
    if len(known) < 2:
        return False
    return _jumped(known[-_LOOKS_BACK:], rules) or _trends(known[-_TREND_LOOKS:], rules)


def _jumped(known: Sequence[Recheck], rules: RecheckRules) -> bool:
    last = known[-1]
    before = min(known[:-1], key=_warmth)
    doubt = hypot(_doubt(before, rules), _doubt(last, rules))
    return _warmth(last) - _warmth(before) > rules.sigmas * doubt


def _trends(known: Sequence[Recheck], rules: RecheckRules) -> bool:
    """Mann-Kendall's test (Mann 1945, Econometrica 13, 245-259) says upwards, and Sen's slope
    (Sen 1968, JASA 63, 1379-1389) makes it more than one look's uncertainty."""
    n = len(known)
    if n < _TREND_LEAST:
        return False
    times = [look.looked_at for look in known if look.looked_at is not None]
    hours = np.array([(at - times[0]).total_seconds() / 3600.0 for at in times])
    warmth = np.array([_warmth(look) for look in known])
    first, second = np.triu_indices(n, 1)
    rise, apart = warmth[second] - warmth[first], hours[second] - hours[first]
    score = float(np.sign(rise).sum())
    if score - 1.0 <= _TREND_Z * sqrt(n * (n - 1) * (2 * n + 5) / 18.0):
        return False
    slope = float(np.median(rise / np.maximum(apart, 1e-6)))
    doubt = float(np.mean([_doubt(look, rules) for look in known]))
    return slope * float(hours[-1]) > rules.sigmas * doubt


def _warmth(look: Recheck) -> float:
    return (look.peak_c or 0.0) - (look.background_c or 0.0)


def _doubt(look: Recheck, rules: RecheckRules) -> float:
    return rules.assumed_k if look.uncertainty_k is None else look.uncertainty_k


def _next(at: datetime, clock: time, zone: tzinfo) -> datetime:
    """The next time after `at` at which a local clock shows something."""
    local = at.astimezone(zone)
    today = local.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0, fold=0)
    return today if today > local else today + timedelta(days=1)
