"""One place, one anomaly: repeats merged and wrongly merged, by type, against a simulated truth."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.thermal.place_live import lived
from benchmarks.thermal.place_world import GPS, RTK, WORLDS, World, campaign
from benchmarks.thermal.registry import Row, Setting, Table, group
from missions import catalog
from missions.cases.places import habit_of
from thermal.places.regroup import regroup
from thermal.places.track import Known, Sighting, match, merge

CAMPAIGNS = 2


@group("places", "Repeats over frames, flights and cameras: merged, and wrongly merged, by type")
def measure(setting: Setting) -> Iterator[Table]:
    """Four flights over two days, each with an offset, tilt and height error of its own."""
    rows: list[Row] = []
    for world in WORLDS:
        for name, errors in (("GPS", GPS), ("RTK", RTK)):
            setting.tell(f"{world.name}, {name}")
            found = np.zeros(2)
            live = np.zeros(2)
            plain = np.zeros(2)
            count = 0
            for number in range(CAMPAIGNS):
                rng = np.random.default_rng(setting.seed * 1000 + number)
                seen, truth = campaign(world, rng, errors=errors)
                found += pairwise(grouped(world, seen), truth)
                live += pairwise(lived(world, seen), truth)
                plain += pairwise(fixed(seen), truth)
                count += len(seen)
            found, live, plain = found / CAMPAIGNS, live / CAMPAIGNS, plain / CAMPAIGNS
            rows.append(
                {
                    "things": world.name,
                    "type": world.event_type,
                    "poses": name,
                    "sightings": count,
                    "merged": round(float(found[0]), 4),
                    "wrongly": round(float(found[1]), 4),
                    "as they come: merged": round(float(live[0]), 4),
                    "wrongly (as they come)": round(float(live[1]), 4),
                    "fixed limits: merged": round(float(plain[0]), 4),
                    "wrongly (fixed)": round(float(plain[1]), 4),
                }
            )
    yield Table(
        title="One place, one anomaly",
        columns=tuple(rows[0]),
        rows=rows,
        notes=(
            "merged: share of the pairs of sightings of one thing that were put together; "
            "wrongly: share of the pairs put together that are two things",
            "merged, wrongly: after the flights, as the service puts them together anew; as they "
            "come: while photographs come in",
            f"mean of {CAMPAIGNS} campaigns; fixed limits: 8 m, 40 m and the ellipses alone",
        ),
    )


def grouped(world: World, seen: Sequence[Sighting]) -> list[int]:
    """The place of each sighting, all put together at once."""
    kinds = catalog.load().event_types
    places = regroup(seen, habit=lambda code: habit_of(kinds[code]))
    label = {row: n for n, place in enumerate(places) for row in place.sightings}
    return [label[n] for n in range(len(seen))]


def fixed(seen: Sequence[Sighting]) -> list[int]:
    """The place of each sighting by one limit for every type, one after the other."""
    known: list[Known] = []
    found = []
    for one in seen:
        alone = Sighting(
            event_type=one.event_type,
            position=one.position,
            error=one.error,
            taken_at=one.taken_at,
        )
        name = match(alone, known)
        if name is None:
            found.append(len(known))
            known.append(
                Known(
                    id=str(len(known)),
                    event_type=one.event_type,
                    position=one.position,
                    error=one.error,
                    last_seen=one.taken_at,
                )
            )
        else:
            found.append(int(name))
            known[int(name)] = merge(known[int(name)], alone)
    return found


def pairwise(labels: Sequence[int], truth: Sequence[int]) -> tuple[float, float]:
    """Pairs of one thing that were merged, and merged pairs that are two things, as shares."""
    both = _pairs(list(zip(labels, truth, strict=True)))
    return both / max(_pairs(truth), 1), 1.0 - both / max(_pairs(labels), 1)


def _pairs(names: Sequence[object]) -> int:
    return sum(n * (n - 1) // 2 for n in Counter(names).values())
