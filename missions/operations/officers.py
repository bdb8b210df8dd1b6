"""What an officer must look at: photographs to search, and changes to confirm.

What no shipped detector looks for is not lost: it goes to the review queue of its department.
"""

from collections.abc import Sequence
from datetime import datetime

from shapely.geometry import Point as ShapelyPoint
from shapely.geometry import mapping, shape

from core.geo import LonLat
from core.ids import new_id
from imagery.catalog import Medium
from missions.catalog import Scenario
from missions.entities import Review, Task
from missions.operations.changes import Change
from missions.presets import Preset
from missions.store.protocol import Unit

STRIP = 60
"""Most photographs in one officer's strip, spread evenly over the task."""
FINDS = 3
"""Most changes of one task that are put before an officer; the strongest come first."""


def looks_for_changes(preset: Preset, task: Task) -> bool:
    """Whether any scenario of a task looks for something that the change detector finds."""
    return any(_detected_by(preset, s, "change") for s in _scenarios(preset, task))


def ask(
    unit: Unit,
    preset: Preset,
    now: datetime,
    task: Task,
    media: Sequence[Medium],
    changes: Sequence[Change] | None,
) -> None:
    """Put a flown task before the officers of its scenarios.

    Args:
        changes: since the last look, strongest first; None where there was no earlier look to
            compare with, and the photographs must be searched for changes too.
    """
    visible = [m for m in media if not m.radiometric]
    if not visible:
        return
    for scenario in _scenarios(preset, task):
        to_search = tuple(
            code
            for code in scenario.event_types
            if not _is(preset, code, "thermal")
            and (changes is None or not _is(preset, code, "change"))
        )
        if to_search:
            unit.reviews.add(_search(now, task, scenario, to_search, visible))
        changed = _detected_by(preset, scenario, "change")
        for change in (changes or ())[:FINDS] if changed else ():
            unit.reviews.add(_confirm(now, task, scenario, changed, change))


def _search(
    now: datetime,
    task: Task,
    scenario: Scenario,
    codes: tuple[str, ...],
    media: Sequence[Medium],
) -> Review:
    centre = shape(task.geometry).representative_point()
    return Review(
        id=new_id("rev", now),
        kind="look",
        event_types=codes,
        task_id=task.id,
        place=scenario.name,
        geometry=task.geometry,
        position=LonLat(centre.x, centre.y),
        media=tuple(m.id for m in _spread(media, STRIP)),
        created_at=now,
        department=scenario.department,
        shared_with=scenario.shared_with,
    )


def _confirm(
    now: datetime, task: Task, scenario: Scenario, codes: tuple[str, ...], change: Change
) -> Review:
    at = change.position
    return Review(
        id=new_id("rev", now),
        kind="find",
        event_types=codes,
        task_id=task.id,
        place=scenario.name,
        geometry=mapping(ShapelyPoint(at.lon, at.lat)),
        position=at,
        media=(change.pair.before.id, change.pair.after.id),
        created_at=now,
        department=scenario.department,
        shared_with=scenario.shared_with,
    )


def _scenarios(preset: Preset, task: Task) -> list[Scenario]:
    return [preset.scenarios[name] for name in task.scenarios if name in preset.scenarios]


def _detected_by(preset: Preset, scenario: Scenario, detector: str) -> tuple[str, ...]:
    return tuple(code for code in scenario.event_types if _is(preset, code, detector))


def _is(preset: Preset, code: str, detector: str) -> bool:
    return preset.event_types[code].detector == detector


def _spread(media: Sequence[Medium], most: int) -> Sequence[Medium]:
    if len(media) <= most:
        return media
    return [media[i * len(media) // most] for i in range(most)]
