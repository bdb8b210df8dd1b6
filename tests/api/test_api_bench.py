"""What the service's benchmark promises of its figures."""

from typing import Any

import pytest

from api.cli import bench


@pytest.fixture
def registry() -> Any:
    """The register of the service's groups."""
    return bench._module("api", "registry")


def test_quantiles_are_values_that_were_measured(registry: Any) -> None:
    told = registry.quantiles([0.001] * 99 + [0.5])
    assert told == {"n": 100, "p50 ms": 1.0, "p95 ms": 1.0, "p99 ms": 1.0, "max ms": 500.0}
    assert registry.quantiles([0.001] * 98 + [0.5] * 2)["p99 ms"] == 500.0
    assert registry.quantiles([0.007])["p95 ms"] == 7.0
    assert registry.quantiles([]) == {"n": 0}


def test_a_room_without_a_folder_leaves_nothing_behind(registry: Any) -> None:
    with registry.Setting().room("city") as room:
        (room / "city.sqlite").write_text("x")
    assert not room.exists()


def test_every_group_says_what_it_measures(registry: Any) -> None:
    assert all(about for about in registry.groups().values())
