"""Trips of their own: work that pays only together, before a drone's first trip; and the kernels'
place on disk."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from planner.routing import Model, Solution, Trip, cost, insert, jit, solve
from planner.routing.warm import small

SOURCE = Path(jit.__file__).parent


def _far(groups: int) -> Model:
    """One drone, and tasks in a cluster 5 km away of 1000 m each."""
    way = np.full((1, groups), 5000.0, np.float32)
    one = replace(small().part([0], [0]), first_post=np.zeros(1, np.int32))
    return replace(
        one,
        first=np.arange(groups + 1, dtype=np.int32),
        earliest=np.zeros(groups), release=np.zeros(groups), load=np.zeros(groups),
        churn=np.zeros(groups),
        prize=np.full(groups, 1000.0),
        latest=np.full(groups, np.inf),
        work_s=np.full((1, groups), 10.0),
        work_m=np.zeros((1, groups)),
        leg_s=np.full((1, groups, groups), 20.0, np.float32),
        leg_m=np.full((1, groups, groups), 20.0, np.float32),
        out_s=way, out_m=way, back_s=way, back_m=way,
        first_usable_s=np.full(1, 20_000.0), usable_s=np.full(1, 20_000.0),
        until=np.full(1, np.inf), max_trips=np.ones(1, np.int32),
        stay=np.full(groups, -1, np.int32),
        xy=np.full((groups, 2), 5000.0),
    )  # fmt: skip


@pytest.mark.parametrize(("groups", "served"), [(40, 40), (5, 0)])
def test_far_work_that_pays_together_is_served_and_else_left(groups: int, served: int) -> None:
    model = _far(groups)
    assert cost(model, solve(model, seconds=1.0, iterations=5000)).served == served


@pytest.mark.parametrize("away", [True, False])
def test_a_drone_away_can_do_something_before_its_planned_trip(away: bool) -> None:
    """Its first trip leaves from where it is; what was the first then leaves from its own post."""
    model = small().part([0, 1], [0, 1, 2])
    model = replace(
        model,
        earliest=np.array([3000.0, 0.0, 0.0]),
        latest=np.array([3500.0, 600.0, 600.0]),
        first_post=np.array([1 if away else 0, 1], np.int32),
        usable_s=np.full(2, 600.0),
        first_usable_s=np.full(2, 600.0),
    )
    given = Solution(((Trip(2900.0, (0,)),), ()))
    found = insert(model, given, [1], vehicles=[0])
    assert [trip.nodes for trip in found.trips[0]] == [(1,), (0,)]
    ways = 200.0 + 200.0 + 100.0 + 100.0
    assert cost(model, found).metres == pytest.approx(ways)


def _tree(folder: Path, *, closed: bool) -> Path:
    """A copy of the source, in which nothing can be written if it is closed."""
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("__pycache__", "families"))
    if closed:  # a file in the folder's place: the superuser may write to a read-only folder
        (folder / "__pycache__").touch()
    return folder


@pytest.mark.parametrize("closed", [True, False])
def test_kernels_are_kept_at_home_where_the_source_cannot_be_written_to(
    closed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(jit, "_HERE", _tree(tmp_path / "source", closed=closed))
    place = Path(jit._cache.__wrapped__("kernel_search"))
    assert place.is_dir()
    assert (tmp_path / ("home" if closed else "source")) in place.parents


def test_kernels_are_kept_for_the_day_where_nothing_can_be_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    (tmp_path / "file").touch()
    place = Path(jit._cache.__wrapped__("kernel_search"))
    assert place.is_dir()
    assert place.name.startswith("flyonce-kernels-")


def test_a_change_in_what_a_kernel_calls_has_it_compiled_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jit, "_HERE", _tree(tmp_path / "source", closed=False))
    before = jit._digest("kernel_search"), jit._digest("layout")
    with (tmp_path / "source" / "kernel_place.py").open("a") as file:
        file.write("# changed\n")
    assert jit._digest("kernel_search") != before[0]
    assert jit._digest("layout") == before[1]
