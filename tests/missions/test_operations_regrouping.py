"""After a flight its finds are put together anew: sightings move, names, cases and history stay."""

import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1]))
from benchmarks.thermal.cases_places import pairwise
from benchmarks.thermal.place_live import Live, live_of
from benchmarks.thermal.place_world import WORLDS, campaign

from missions import catalog
from missions.cases.places import near
from missions.entities import Anomaly, AnomalyState
from missions.operations.regrouping import put_together
from missions.sightings import SightingKind, SightingRecord
from missions.store import Store

BAYS = next(w for w in WORLDS if w.name == "bays of a substation")
SEED = 5000
"""A campaign whose second flight lies a bay off by GPS: joined as they come, 0.61 merged."""


@pytest.fixture
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as made:
        yield made


@pytest.fixture
def room(store: Store, preset: Any, clock: Any, pool: Executor) -> Any:
    whole = replace(preset, event_types=catalog.load().event_types)
    return SimpleNamespace(preset=whole, unit=store.unit, view=store.view, now=clock.now, pool=pool)


@cache
def flown() -> tuple[Live, list[Any], list[int]]:
    """The campaign, joined photograph by photograph."""
    seen, truth = campaign(BAYS, np.random.default_rng(SEED))
    live = live_of(BAYS)
    for _, photograph in groupby(seen, key=lambda s: s.frame):
        live.take(list(photograph))
    return live, seen, truth


def brought(store: Store, make: Any) -> tuple[Live, list[str], list[int]]:
    """A campaign as the service took it in: each anomaly in a case of its own."""
    live, seen, truth = flown()
    order = {(s.frame, s.position): n for n, s in enumerate(seen)}
    ids = [""] * len(seen)
    with store.unit() as unit:
        for number, (anomaly, records) in enumerate(zip(live.anomalies, live.records, strict=True)):
            case = make.case(f"cas-{number}", anomaly_ids=(f"ano-{number}",))
            unit.cases.add(case)
            unit.anomalies.add(
                replace(anomaly, id=f"ano-{number}", case_id=case.id, department="power")
            )
            for index, record in enumerate(records):
                name = f"sig-{number}-{index}"
                ids[order[record.medium_id, record.position]] = name
                unit.sightings.add(
                    replace(
                        record,
                        id=name,
                        anomaly_id=f"ano-{number}",
                        department="power",
                        peak_c=50.0 + index,
                    )
                )
    return live, ids, truth


def flight(name: str) -> Any:
    return SimpleNamespace(id=name)


def labels(store: Store, ids: list[str]) -> list[int]:
    with store.view() as unit:
        found = [unit.sightings.get(i).anomaly_id for i in ids]
    names = list(dict.fromkeys(found))
    return [names.index(n) for n in found]


async def test_bays_that_were_mixed_up_are_told_apart(store: Store, make: Any, room: Any) -> None:
    _, ids, truth = brought(store, make)
    before = pairwise(labels(store, ids), truth)
    assert before[0] < 0.9  # else this campaign says nothing
    await put_together(room, flight("f3"))
    merged, wrongly = pairwise(labels(store, ids), truth)
    assert merged >= 0.98
    assert wrongly <= 0.01


async def test_names_cases_and_history_stay(store: Store, make: Any, room: Any) -> None:
    live, ids, _ = brought(store, make)
    await put_together(room, flight("f3"))
    with store.view() as unit:
        every = unit.anomalies.find()
        parts = [a for a in every if a.merged_into]
        assert parts
        for part in parts:
            whole: Anomaly = unit.anomalies.get(str(part.merged_into))
            assert whole.merged_into is None
            assert part.state is AnomalyState.DISMISSED
            assert unit.sightings.count(anomaly_id=part.id) == 0
            assert whole.id in unit.cases.get(str(part.case_id)).anomaly_ids
        for whole in (a for a in every if a.merged_into is None):
            seen = unit.sightings.find(anomaly_id=whole.id)
            assert whole.sightings == len(seen)
            assert whole.peak_c == max(s.peak_c or 0.0 for s in seen)
            assert whole.last_seen == max(s.at for s in seen)
        assert unit.sightings.count() == len(ids)
        assert [line.action for line in unit.log.find()] == ["regroup"]
        assert len({a.id for a in every}) >= len(live.anomalies)


async def test_a_second_time_changes_nothing(store: Store, make: Any, room: Any) -> None:
    _, ids, _ = brought(store, make)
    await put_together(room, flight("f3"))
    once = labels(store, ids)
    await put_together(room, flight("f3"))
    assert labels(store, ids) == once
    with store.view() as unit:
        assert unit.log.count() == 1


async def test_a_flight_that_found_nothing_moves_nothing(
    store: Store, make: Any, room: Any
) -> None:
    brought(store, make)
    await put_together(room, flight("f9"))
    with store.view() as unit:
        assert unit.log.count() == 0


async def test_an_officers_dismissal_meanwhile_stands(
    store: Store, make: Any, room: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What changed while the workers were at it is not overwritten."""
    _, ids, _ = brought(store, make)
    before = labels(store, ids)
    real = room.pool.submit

    def submit(*args: Any) -> Any:
        with store.unit() as unit:
            unit.anomalies.put(replace(unit.anomalies.get("ano-0"), state=AnomalyState.DISMISSED))
        return real(*args)

    monkeypatch.setattr(room.pool, "submit", submit)
    await put_together(room, flight("f3"))
    assert labels(store, ids) == before


def test_a_part_of_another_is_no_place_to_find_again(store: Store, make: Any, room: Any) -> None:
    with store.unit() as unit:
        unit.anomalies.add(make.anomaly("ano-1"))
        unit.anomalies.add(make.anomaly("ano-2", state=AnomalyState.COLD, merged_into="ano-1"))
        found = near(unit, room.preset, "01-01", make.anomaly().position)
    assert [a.id for a in found] == ["ano-1"]


async def test_looks_of_a_part_go_with_it(store: Store, make: Any, room: Any) -> None:
    _, _, _ = brought(store, make)
    with store.unit() as unit:
        for anomaly in unit.anomalies.find():
            (one, *_) = unit.sightings.find(anomaly_id=anomaly.id)
            look: SightingRecord = replace(
                one, id=f"look-{anomaly.id}", kind=SightingKind.LOOKED, flight="", peak_c=12.0
            )
            unit.sightings.add(look)
    await put_together(room, flight("f3"))
    with store.view() as unit:
        parts = [a for a in unit.anomalies.find() if a.merged_into]
        for part in parts:
            assert unit.sightings.get(f"look-{part.id}").anomaly_id == part.merged_into
