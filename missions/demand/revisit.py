"""The catalogue's revisit rules as the requests of a day.

The places of a scenario are spread over its period, in an order that a hash of the place decides:
every day gets its share, and departments that look at the same places do so on the same day and can
share a flight. ``revisit_h`` is the longest that a place may wait: where a period is longer than a
week and the scenario has few places, looks come sooner, so that every week holds every scenario.
"""

import hashlib
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from shapely.geometry import mapping

from core.ids import new_id
from missions.catalog.model import Scenario
from missions.entities import Origin, Request
from missions.presets import Place, Preset

LastLooks = Mapping[tuple[str, str], datetime]
"""(scenario id, place id) -> when it was last looked at."""

_WEEK = 7
_DAY_H = 24.0


def requests_for(
    preset: Preset, day: date, *, last_looks: LastLooks | None = None
) -> list[Request]:
    """What the revisit rules ask for on one day, in the catalogue's order.

    Args:
        last_looks: places looked at lately are left out until they are due again, overdue ones are
            asked for; a place that is not in it goes by the calendar.
    """
    return [
        _request(preset, day, scenario, place, window)
        for scenario in preset.scenarios.values()
        if scenario.weekdays is None or day.weekday() in scenario.weekdays
        for place, on_turn in _turns(preset, scenario, day)
        for window in windows(preset, scenario, day)
        if _is_due(scenario, place, on_turn, window, last_looks or {})
    ]


def windows(preset: Preset, scenario: Scenario, day: date) -> list[tuple[datetime, datetime]]:
    """When the looks of a day begin and end at most, in UTC: the scenario's window, cut into equal
    parts where it asks for several looks a day."""
    opens, closes = (
        datetime.combine(day, at, tzinfo=preset.zone_info).astimezone(UTC) for at in scenario.window
    )
    length = closes - opens
    hours = length / timedelta(hours=1)
    parts = max(1, math.ceil(hours / scenario.revisit_h)) if scenario.revisit_h < _DAY_H else 1
    return [(opens + length * n / parts, opens + length * (n + 1) / parts) for n in range(parts)]


def period_days(scenario: Scenario, places: int) -> int:
    """Days between two looks at one place, so that no week is without the scenario."""
    days = max(1, int(scenario.revisit_h // _DAY_H))
    return min(days, max(_WEEK, _WEEK * places)) if days > _WEEK else days


def _turns(preset: Preset, scenario: Scenario, day: date) -> list[tuple[Place, bool]]:
    """Every place of a scenario, and whether it is its turn by the calendar."""
    places = sorted(preset.places_of(scenario), key=lambda p: _hash(p.id))
    period = period_days(scenario, len(places))
    days = [d.toordinal() for d in _days_since_last(scenario, day)]
    return [
        (place, any((d + n * period // len(places)) % period == 0 for d in days))
        for n, place in enumerate(places)
    ]


def _is_due(
    scenario: Scenario,
    place: Place,
    on_turn: bool,
    window: tuple[datetime, datetime],
    last_looks: LastLooks,
) -> bool:
    last = last_looks.get((scenario.id, place.id))
    if last is None:
        return on_turn
    return window[1] - last >= timedelta(hours=scenario.revisit_h)


def _days_since_last(scenario: Scenario, day: date) -> list[date]:
    """The day and those before it on which the scenario does not look: their share moves here."""
    days = [day]
    while scenario.weekdays is not None and len(days) < _WEEK:
        before = days[-1] - timedelta(days=1)
        if before.weekday() in scenario.weekdays:
            break
        days.append(before)
    return days


def _hash(*parts: str) -> int:
    """A number that is the same in every process, unlike Python's own hash."""
    return int.from_bytes(hashlib.sha256("/".join(parts).encode()).digest()[:6], "big")


def _request(
    preset: Preset,
    day: date,
    scenario: Scenario,
    place: Place,
    window: tuple[datetime, datetime],
) -> Request:
    """One look; made at the filing cut-off of the day before."""
    eve = day - timedelta(days=1)
    made_at = datetime.combine(eve, preset.filing.cutoff, tzinfo=preset.zone_info).astimezone(UTC)
    return Request(
        id=new_id("req", made_at),
        scenario=scenario.id,
        department=scenario.department,
        shared_with=scenario.shared_with,
        purpose=f"{scenario.name_zh}·{place.name_zh}",
        place=place.id,
        geometry=mapping(place.geometry),
        kind=scenario.geometry,
        width_m=place.width_m,
        sensor=scenario.sensor,
        gsd_m=scenario.gsd_m,
        front_overlap=scenario.front_overlap,
        side_overlap=scenario.side_overlap,
        earliest=window[0],
        latest=window[1],
        priority=scenario.priority,
        origin=Origin.REVISIT,
        created_at=made_at,
    )
