"""What the service's benchmark promises of its figures."""

from benchmarks.api.registry import Setting, groups, quantiles


def test_quantiles_are_values_that_were_measured() -> None:
    told = quantiles([0.001] * 99 + [0.5])
    assert told == {"n": 100, "p50 ms": 1.0, "p95 ms": 1.0, "p99 ms": 1.0, "max ms": 500.0}
    assert quantiles([0.001] * 98 + [0.5] * 2)["p99 ms"] == 500.0
    assert quantiles([0.007])["p95 ms"] == 7.0
    assert quantiles([]) == {"n": 0}


def test_a_room_without_a_folder_leaves_nothing_behind() -> None:
    with Setting().room("city") as room:
        (room / "city.sqlite").write_text("x")
    assert not room.exists()


def test_every_group_of_the_service_is_found_by_its_module() -> None:
    assert all(about for about in groups().values())
