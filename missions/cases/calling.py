"""The look from above that all departments of a joint inspection share."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from core.equipment import Sensor
from core.ids import new_id
from missions.cases.inspection import Inspection
from missions.entities import Case, Origin, Request
from missions.presets import Preset

PRIORITY = 4
BEFORE, AFTER = timedelta(hours=2), timedelta(hours=1)
"""Round the time of the meeting: the pictures are best at hand when people arrive."""
_FRONT_OVERLAP, _SIDE_OVERLAP = 0.7, 0.6


def look_from_above(
    preset: Preset, inspection: Inspection, cases: Sequence[Case], now: datetime
) -> Request:
    """One request for all: the places of all cases, in visible light unless all are thermal
    matters; owned by the first department and shared with the others, who split its cost."""
    sensors = {preset.event_types[c.event_type].sensor for c in cases}
    places = [[c.position.lon, c.position.lat] for c in cases]
    earliest, latest = _window(preset, inspection, now)
    return Request(
        id=new_id("req", now),
        scenario="",
        department=inspection.department,
        shared_with=inspection.shared_with,
        purpose=inspection.name,
        place="",
        geometry={"type": "MultiPoint", "coordinates": places},
        kind="points",
        width_m=0.0,
        sensor=Sensor.THERMAL if sensors == {Sensor.THERMAL} else Sensor.VISIBLE,
        gsd_m=preset.casework.verify.gsd_m,
        front_overlap=_FRONT_OVERLAP,
        side_overlap=_SIDE_OVERLAP,
        earliest=earliest,
        latest=latest,
        priority=PRIORITY,
        origin=Origin.ASKED,
        created_at=now,
    )


def _window(preset: Preset, inspection: Inspection, now: datetime) -> tuple[datetime, datetime]:
    meeting = inspection.planned_for
    if meeting is None or meeting <= now:
        return now, now + timedelta(hours=preset.casework.verify.within_h)
    return max(now, meeting - BEFORE), meeting + AFTER
