"""Which known places the groups of `regroup` are. Pure.

Places keep their names: a group is the place that most of its sightings were put to before, each
place at most one group; what was two places and is one group is the one with more of it, and a
group that is nobody's is a new place.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from thermal.places.regroup import Place, regroup
from thermal.places.track import Habit, Known, Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class Reunited:
    """A group and what it is.

    Attributes:
        name: of the place that it goes on as; None for a new one.
        known: where it is now.
        sightings: the ids of what shows it, by time.
    """

    name: str | None
    known: Known
    sightings: tuple[str, ...]


def reunited(sightings: Mapping[str, tuple[Sighting, str]], habit: Habit) -> list[Reunited]:
    """All sightings of one type put together anew, and what each group is.

    A function of a module with values only, so that it can be sent to a process pool.

    Args:
        sightings: by id, each with the name of the place it was put to.
    """
    ids = list(sightings)
    kind = "one"  # names of types that turn into each other were made one by the caller
    seen = [replace(sightings[i][0], event_type=kind) for i in ids]
    groups = regroup(seen, habit=lambda _: habit)
    owners = named(groups, [sightings[i][1] for i in ids])
    return [
        Reunited(name=name, known=group.known, sightings=tuple(ids[n] for n in group.sightings))
        for group, name in zip(groups, owners, strict=True)
    ]


def named(groups: Sequence[Place], names: Sequence[str]) -> list[str | None]:
    """For each group the place that it goes on as; None for a new one. The greatest shares choose
    first, of equal ones the earlier name."""
    shares = [
        (-count, name, number)
        for number, group in enumerate(groups)
        for name, count in Counter(names[n] for n in group.sightings).items()
    ]
    found: list[str | None] = [None] * len(groups)
    taken: set[str] = set()
    for _, name, number in sorted(shares):
        if found[number] is None and name not in taken:
            found[number] = name
            taken.add(name)
    return found


def heirs(groups: Sequence[Reunited], before: Mapping[str, str]) -> dict[str, int]:
    """For each place that no group goes on as, the number of the group with most of it.

    Args:
        before: by sighting, the place it was put to.
    """
    stay = {group.name for group in groups}
    votes: dict[str, Counter[int]] = {}
    for number, group in enumerate(groups):
        for sighting in group.sightings:
            if before[sighting] not in stay:
                votes.setdefault(before[sighting], Counter())[number] += 1
    return {name: min(c, key=lambda n: (-c[n], n)) for name, c in votes.items()}
