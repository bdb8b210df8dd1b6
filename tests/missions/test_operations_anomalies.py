"""A place's temperature history: every sighting, the cold looks too, for who may see it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from core.errors import NotFound
from missions.access import Principal
from missions.operations import history
from missions.operations.anomalies import Anomalies, thinned
from missions.operations.warmth import Warmth, measured
from missions.sightings import SightingKind
from missions.store import Store
from thermal.formats.frame import ThermalFrame
from thermal.radiometry import Parameters


def warmth(peak_c: float, **changes: Any) -> Warmth:
    made = Warmth(
        peak_c=peak_c,
        background_c=20.0,
        uncertainty_k=1.5,
        pixel=(80.0, 64.0),
        frame=(128, 160),
        corrected=True,
        whole=True,
    )
    return replace(made, **changes)


@pytest.fixture
def kept(store: Store, make: Any) -> Store:
    """An anomaly, and three looks that showed it cold."""
    with store.unit() as unit:
        unit.anomalies.add(make.anomaly())
        for n in range(3):
            at = make.medium().taken_at + timedelta(hours=n)
            medium = make.medium(f"med-{n}", sha256=str(n), taken_at=at)
            unit.media.add(medium)
            history.note(unit, medium, [(make.anomaly(), warmth(30.0 - n))])
    return store


def room_of(store: Store) -> Any:
    from types import SimpleNamespace

    return SimpleNamespace(view=store.view, unit=store.unit)


def test_cold_looks_are_part_of_the_history(
    kept: Store, member: Callable[[str], Principal]
) -> None:
    page = Anomalies(room_of(kept)).history(member("forestry"), "ano-1")
    assert [s.peak_c for s in page.items] == [28.0, 29.0, 30.0]
    assert {s.kind for s in page.items} == {SightingKind.LOOKED}
    assert page.items[0].contrast_k == 8.0
    assert page.items[0].uncertainty_k == 1.5


def test_the_history_comes_in_pages(kept: Store, member: Callable[[str], Principal]) -> None:
    anomalies, forestry = Anomalies(room_of(kept)), member("forestry")
    first = anomalies.history(forestry, "ano-1", limit=2)
    rest = anomalies.history(forestry, "ano-1", limit=2, after=first.next)
    assert [s.peak_c for s in (*first.items, *rest.items)] == [28.0, 29.0, 30.0]
    assert rest.next is None


def test_the_curve_runs_from_old_to_new(kept: Store, member: Callable[[str], Principal]) -> None:
    detail = Anomalies(room_of(kept)).detail(member("emergency"), "ano-1")
    assert [s.peak_c for s in detail.curve] == [30.0, 29.0, 28.0]
    assert (detail.found, detail.looked) == (0, 3)


def test_another_department_does_not_learn_that_it_exists(
    kept: Store, member: Callable[[str], Principal]
) -> None:
    anomalies = Anomalies(room_of(kept))
    with pytest.raises(NotFound):
        anomalies.detail(member("urban"), "ano-1")
    with pytest.raises(NotFound):
        anomalies.history(member("urban"), "ano-1")


def test_a_photograph_speaks_once_and_half_a_place_is_silent(kept: Store, make: Any) -> None:
    with kept.unit() as unit:
        again = unit.media.get("med-0")
        history.note(unit, again, [(make.anomaly(), warmth(99.0))])
        fresh = make.medium("med-9", sha256="9")
        history.note(unit, fresh, [(make.anomaly(), warmth(31.0, whole=False))])
        history.note(unit, fresh, [(make.anomaly(), None)])
        assert unit.sightings.count() == 3


def test_a_long_curve_keeps_its_ends(kept: Store) -> None:
    with kept.view() as unit:
        (one, *_) = unit.sightings.find()
    many = [replace(one, id=str(n), peak_c=float(n)) for n in range(1001)]
    short = thinned(many, 50)
    assert len(short) == 50
    assert (short[0].peak_c, short[-1].peak_c) == (0.0, 1000.0)


def frame(celsius: Any, valid: Any = None) -> ThermalFrame:
    return ThermalFrame(
        celsius=np.asarray(celsius, np.float32),
        encoding="test",
        parameters=Parameters(),
        valid=valid,
    )


def ground() -> Any:
    rng = np.random.default_rng(1)
    return 20.0 + rng.normal(0.0, 1.0, (128, 160))


def test_the_warmest_pixel_of_the_place_and_the_ground_round_it() -> None:
    celsius = ground()
    celsius[60, 80] = 47.0
    celsius[5, 5] = 300.0  # somebody else's
    said = measured(frame(celsius), 80.0, 64.0, 12.0)
    assert said is not None
    assert said.whole
    assert said.peak_c == 47.0
    assert said.pixel == (80.0, 60.0)
    assert said.background_c == pytest.approx(20.0, abs=0.3)
    assert said.uncertainty_k is not None
    assert said.uncertainty_k > 0.3


def test_a_place_at_the_edge_is_not_seen_whole() -> None:
    said = measured(frame(ground()), 2.0, 64.0, 12.0)
    assert said is not None
    assert not said.whole


def test_smoke_and_pixels_without_measurement_are_no_cold_ground() -> None:
    veiled = measured(frame(18.0 + np.zeros((128, 160))), 80.0, 64.0, 12.0)
    assert veiled is not None
    assert not veiled.whole
    valid = np.ones((128, 160), bool)
    valid[50:80, 60:100] = False
    blind = measured(frame(ground(), valid), 80.0, 64.0, 12.0)
    assert blind is None or not blind.whole
