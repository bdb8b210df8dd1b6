"""Counter-offers in words for the departments: English and Chinese."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from planner.explain import SENSOR_ZH, local
from planner.explain.rule_texts import between, clock
from planner.problem import Flight, Offer, Task


def other_time(flights: Sequence[Flight], earliest: datetime, latest: datetime) -> Offer:
    """At another time of the day than it was wished for."""
    wished = between(earliest, latest)
    return _offer(
        "window", flights, f"instead of {wished}", f"不在{wished}，改为", **_spanned(flights)
    )


def next_day(flights: Sequence[Flight]) -> Offer:
    """On the next day, at the wished time."""
    day = local(flights[0].start).strftime("%m-%d")
    return _offer("day", flights, f"on {day}", f"改在{day}", **_spanned(flights))


def coarser(flights: Sequence[Flight], gsd_m: float, instead_m: float) -> Offer:
    """With larger pixels."""
    was, now = (f"{100 * g:.3g}" for g in (gsd_m, instead_m))
    return _offer(
        "resolution",
        flights,
        f"with {now} cm instead of {was} cm",
        f"分辨率由{was}厘米放宽至{now}厘米",
        gsd_m=instead_m,
    )


def less_overlap(flights: Sequence[Flight], side: float, instead: tuple[float, float]) -> Offer:
    """With lines further apart; ``instead``: overlap in front, at the side."""
    return _offer(
        "overlap",
        flights,
        f"with {instead[1]:.0%} side overlap instead of {side:.0%}",
        f"旁向重叠由{side:.0%}降至{instead[1]:.0%}",
        front_overlap=instead[0],
        side_overlap=instead[1],
    )


def other_sensor(flights: Sequence[Flight], sensor: str, instead: str) -> Offer:
    """With another camera."""
    return _offer(
        "sensor",
        flights,
        f"with the {instead} instead of the {sensor} camera",
        f"改用{SENSOR_ZH[instead]}相机代替{SENSOR_ZH[sensor]}相机",
        sensor=instead,
    )


def part(flights: Sequence[Flight], share: float, geometry: Any) -> Offer:
    """Only so much of the place; ``geometry``: shapely, degrees."""
    return _offer(
        "part", flights, f"{share:.0%} of it", f"仅完成其中{share:.0%}", geometry=geometry
    )


def higher(flights: Sequence[Flight], priority: int, given: Sequence[Task]) -> Offer:
    """With a higher priority, in the place of somebody's flight."""
    names = ", ".join(_name(t) for t in given)
    names_zh = "、".join(_name_zh(t) for t in given)
    return _offer(
        "priority",
        flights,
        f"with priority {priority}, for which {names} would give way",
        f"优先级提高到{priority}（{names_zh}需让位）",
        priority=priority,
    )


def _name(task: Task) -> str:
    whose = f"{'and '.join(task.departments)}'s " if task.departments else ""
    return f"{whose}{task.id} (priority {task.priority})"


def _name_zh(task: Task) -> str:
    return f"{'、'.join(task.departments)}{task.id}（优先级{task.priority}）"


def _spanned(flights: Sequence[Flight]) -> dict[str, datetime]:
    """From the first take-off to the last landing."""
    return {"earliest": min(f.start for f in flights), "latest": max(f.end for f in flights)}


def _offer(change: str, flights: Sequence[Flight], how: str, how_zh: str, **instead: Any) -> Offer:
    """The soonest of the flights carries the offer; each is named in the text."""
    own = sorted(flights, key=lambda f: f.start)
    return Offer(
        change=change,
        text=f"{how}: {', '.join(_when(own))}",
        text_zh=f"{how_zh}：{'、'.join(_when_zh(own))}",
        station=own[0].station,
        start=own[0].start,
        instead=instead,
    )


def _when(flights: Iterable[Flight]) -> list[str]:
    return [f"{clock(f.start)} from {f.station}" for f in flights]


def _when_zh(flights: Iterable[Flight]) -> list[str]:
    return [f"{clock(f.start)}由{f.station}起飞" for f in flights]
