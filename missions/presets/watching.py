"""Reads how places are watched after a fire is out: `recheck` of a preset."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Any

from missions.catalog.fields import Fields, unique
from missions.presets.model import RecheckRules

RECOMMENDED = Path(__file__).parent / "recheck_recommended.yaml"
"""What a city that watches real fires would write."""


def rechecks(
    f: Fields, event_types: Mapping[str, object]
) -> tuple[RecheckRules, Mapping[str, RecheckRules]]:
    """The rules for everything, and those of event types that have their own.

    Args:
        f: the mapping `recheck` of a preset, or `RECOMMENDED` read.

    Raises:
        InvalidInput: by field, what does not fit.
    """
    common = RecheckRules(
        interval_min=f.number("interval_min", 1, 24 * 60),
        passes=f.whole("passes", 1, 100),
        cold_below_c=f.number("cold_below_c", 0, 500),
        max_h=f.number("max_h", 0.1, 24 * 60),
    )
    common = _changed(f, common)
    own: dict[str, RecheckRules] = {}
    for one in f.mappings("by_event_type") if f.has("by_event_type") else ():
        code = one.known("code", one.text("code"), event_types, "event type")
        unique(own, code, _changed(one, common), one, "code")
        one.finish()
    f.finish()
    return common, own


_RANGES = {
    "interval_min": (1, 7 * 24 * 60),
    "cold_below_c": (0, 500),
    "max_h": (0.1, 90 * 24),
    "over_h": (0, 30 * 24),
    "sigmas": (0, 6),
    "assumed_k": (0, 50),
    "widen": (1, 10),
    "widest_min": (1, 7 * 24 * 60),
    "reignition_h": (0, 365 * 24),
    "warm_contrast_k": (0, 100),
}


def _changed(f: Fields, rules: RecheckRules) -> RecheckRules:
    """Rules with what a mapping says otherwise."""
    changes: dict[str, Any] = {
        name: f.number(name, low, high) for name, (low, high) in _RANGES.items() if f.has(name)
    }
    if f.has("passes"):
        changes["passes"] = f.whole("passes", 1, 100)
    if f.has("night_passes"):
        changes["night_passes"] = f.whole("night_passes", 0, 100)
    if f.has("dawn"):
        changes["dawn"] = f.clock_time("dawn")
    if f.has("night"):
        changes["night"] = _night(f)
    changed = replace(rules, **changes)
    if changed.night_passes > (0 if changed.night is None else changed.passes):
        f.fail("night_passes", "more than there are passes, or no night", "give night and passes")
    return changed


def _night(f: Fields) -> tuple[time, time]:
    night = f.mapping("night")
    span = (night.clock_time("from"), night.clock_time("until"))
    night.finish()
    return span
