"""A first plan at once: the task that is worth most per minute goes to its cheapest place."""

from collections.abc import Iterable

import numpy as np

from planner.assign.model import Day
from planner.assign.roster import Roster

HANDLING_S = 240.0
"""Added to a task's work when tasks are ranked: its share of transfer, climb and descent."""


def ranked(day: Day, tasks: Iterable[int]) -> list[int]:
    """Tasks by prize per minute, those with few stations and little time first among equals."""
    work = np.min([k.work_s.reshape(-1, 2).min(axis=1) for k in day.kinds], axis=0)
    window = np.clip(day.latest - day.earliest, 1.0, 86_400.0)
    choice = np.array([len(n) for n in day.near])
    worth = day.prize / (work + HANDLING_S)
    hurry = 1 + 0.3 * np.exp(-window / 7200.0) + 0.2 / (1 + choice)
    score = worth * hurry
    return sorted((t for t in tasks if day.near[t]), key=lambda t: (-score[t], t))


def fill(roster: Roster, tasks: Iterable[int]) -> int:
    """Insert tasks where they are cheapest; returns how many found a place.

    A prize never is less than the way to it here, since the least is worth 20 km of flying; a
    place that costs more metres than the prize is left.
    """
    day = roster.day
    placed = 0
    for task in ranked(day, tasks):
        place = roster.best_place(task)
        if place is not None and place.sortie.metres < day.prize[task] + 1e5:
            roster.put(place)
            placed += 1
    return placed


def construct(day: Day) -> Roster:
    """The first plan."""
    roster = Roster(day)
    fill(roster, range(len(day.prize)))
    return roster
