"""What an officer must look at: photographs to search, changes and models' finds to confirm.

What no loaded detector looks for is not lost: it goes to the review queue of its department.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shapely.geometry import Point as ShapelyPoint
from shapely.geometry import mapping, shape

from core.geo import LonLat
from core.ids import new_id
from imagery.catalog import Medium
from missions.catalog import Scenario
from missions.catalog.changes import profiles_of
from missions.entities import Found, Review, Task
from missions.operations.changes import Change
from missions.operations.spotting import Spot
from missions.presets import Preset
from missions.store.protocol import Unit

STRIP = 60
"""Most photographs in one officer's strip, spread evenly over the task."""
FINDS = 12
"""Most finds of one detector and task that are put before an officer; the best come first, and
the officer is told how many more there were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What detectors made of a task's photographs.

    Attributes:
        changes: since the last look, best first; None where there was none to compare with.
        compared, unseen: shares of the ground (`missions.operations.changes.Chosen`).
        spots: of trained detectors, best first.
        searched: event types whose model ran over the photographs.
    """

    changes: Sequence[Change] | None = None
    compared: float = 0.0
    unseen: float = 1.0
    spots: Sequence[Spot] = ()
    searched: frozenset[str] = frozenset()


def change_profiles(preset: Preset, task: Task) -> tuple[str, ...]:
    """The kinds of change that the scenarios of a task look for."""
    return tuple(
        dict.fromkeys(
            name
            for scenario in _scenarios(preset, task)
            for code in scenario.event_types
            for name in profiles_of(preset.event_types[code])
        )
    )


def model_types(preset: Preset, task: Task, loaded: frozenset[str]) -> frozenset[str]:
    """The event types of a task for which a model is loaded."""
    codes = (c for scenario in _scenarios(preset, task) for c in scenario.event_types)
    return frozenset(c for c in codes if c in loaded)


def ask(
    unit: Unit, preset: Preset, now: datetime, task: Task, media: Sequence[Medium], seen: Seen
) -> None:
    """Put a flown task before the officers of its scenarios."""
    visible = [m for m in media if not m.radiometric]
    if not visible:
        return
    for scenario in _scenarios(preset, task):
        to_search = tuple(c for c in scenario.event_types if _must_search(preset, c, seen))
        if to_search:
            unit.reviews.add(_search(preset, now, task, scenario, to_search, visible, seen))
        for codes, found in _finds(preset, scenario, seen):
            unit.reviews.add(_confirm(now, task, scenario, codes, found))


def _must_search(preset: Preset, code: str, seen: Seen) -> bool:
    """Whether a person must search for a type: nothing else looked everywhere for it."""
    kind = preset.event_types[code]
    if kind.detector == "thermal" or code in seen.searched:
        return False
    return kind.detector != "change" or seen.changes is None


def _finds(
    preset: Preset, scenario: Scenario, seen: Seen
) -> list[tuple[tuple[str, ...], Change | Spot]]:
    """What detectors found of a scenario's types, with the codes that it may be."""
    showing: dict[str, list[str]] = {}
    for code in scenario.event_types:
        for name in profiles_of(preset.event_types[code]):
            showing.setdefault(name, []).append(code)
    changes = [c for c in seen.changes or () if c.profile in showing][:FINDS]
    spots = [s for s in seen.spots if s.event_type in scenario.event_types][:FINDS]
    others = tuple(c for c in scenario.event_types if preset.event_types[c].detector != "thermal")
    return [
        *((tuple(showing[c.profile]), c) for c in changes),
        *(((s.event_type, *(c for c in others if c != s.event_type)), s) for s in spots),
    ]


def _search(
    preset: Preset,
    now: datetime,
    task: Task,
    scenario: Scenario,
    codes: tuple[str, ...],
    media: Sequence[Medium],
    seen: Seen,
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
        remark=remark(seen),
        remark_zh=remark_zh(seen),
    )


def remark(seen: Seen) -> str:
    """What was not compared with an earlier visit; empty where everything was."""
    if seen.changes is None or seen.compared > 0.99:
        return ""
    late = max(0.0, 1.0 - seen.compared - seen.unseen)
    return (
        f"compared with earlier photographs: {seen.compared:.0%} of the ground; "
        f"{seen.unseen:.0%} was not photographed before, {late:.0%} was left for want of time"
    )


def remark_zh(seen: Seen) -> str:
    """`remark` in Chinese."""
    if not remark(seen):
        return ""
    late = max(0.0, 1.0 - seen.compared - seen.unseen)
    return (
        f"已与历史影像比对 {seen.compared:.0%}；{seen.unseen:.0%} 无历史影像，"
        f"{late:.0%} 因时间未比对"
    )


def _confirm(
    now: datetime, task: Task, scenario: Scenario, codes: tuple[str, ...], find: Change | Spot
) -> Review:
    at = find.position
    return Review(
        id=new_id("rev", now),
        kind="find",
        event_types=codes,
        task_id=task.id,
        place=scenario.name,
        geometry=mapping(ShapelyPoint(at.lon, at.lat)),
        position=at,
        media=_pictures(find.found),
        created_at=now,
        department=scenario.department,
        shared_with=scenario.shared_with,
        found=find.found,
    )


def _pictures(found: Found) -> tuple[str, ...]:
    """The photographs that show a find: before and after in this order for a change."""
    shown = tuple(dict.fromkeys(box.medium_id for box in found.boxes))
    return shown[::-1] if found.transform else shown


def _scenarios(preset: Preset, task: Task) -> list[Scenario]:
    return [preset.scenarios[name] for name in task.scenarios if name in preset.scenarios]


def _spread(media: Sequence[Medium], most: int) -> Sequence[Medium]:
    if len(media) <= most:
        return media
    return [media[i * len(media) // most] for i in range(most)]
