"""`flyonce request` and `flyonce ledger` against a service: what a department reads."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from whole_world import NOW, WATER, World, served, world

from missions.demand.planning import plan_day
from missions.demand.releasing import release

Run = Callable[..., tuple[int, str, str]]
SPOT = "118.762,28.927"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("city")) as made:
        empty = plan_day(made.room.preset, made.room.today(), seconds=0.2, requests=[])
        release(made.room.records, made.room.preset, empty, made.room.now())
        with served(made):
            yield made


@pytest.fixture
def ask(run: Run, city: World) -> Run:
    """The command as the water department runs it."""

    def call(*arguments: str) -> tuple[int, str, str]:
        return run(*arguments, "--server", city.url, "--token", city.token(WATER))

    return call


def test_asked_for_a_point_shown_and_withdrawn(ask: Run) -> None:
    window = "--window", "09:30/12:00"
    status, said, _ = ask(
        "request", "--point", SPOT, "--sensor", "visible", "--gsd", "0.1", *window
    )
    assert status == 0, said
    name = said.split(":")[0]
    assert "take-off 05-12 09:" in said
    assert "because of it:" in said
    assert name in ask("request", "--show", name)[1]
    status, said, _ = ask("request", "--withdraw", name)
    assert (status, "withdrawn" in said) == (0, True)
    assert ask("request", "--withdraw", name)[0] != 0


def test_a_refusal_says_why_and_how_to_take_the_offer(ask: Run) -> None:
    thermal = ("--sensor", "thermal", "--gsd", "0.03", "--window", "09:30/12:00")
    status, said, _ = ask("request", "--point", SPOT, *thermal)
    assert status == 1
    assert "against it:" in said
    name = said.split(":")[0]
    assert f"flyonce request --accept {name}" in said.replace("\n", " ")
    status, said, _ = ask("request", "--accept", name)
    assert (status, "planned" in said) == (0, True)


def test_a_file_is_read_by_the_service(ask: Run, tmp_path: Path) -> None:
    ring = [[118.76, 28.92], [118.764, 28.92], [118.764, 28.924], [118.76, 28.924], [118.76, 28.92]]
    path = tmp_path / "field.geojson"
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    options = ("--sensor", "visible", "--gsd", "0.1", "--preview", "--json")
    status, said, _ = ask("request", str(path), *options)
    assert status == 0, said
    assert json.loads(said)["kind"] == "area"
    status, said, notes = ask("request", str(path), *options, "--crs", "GCJ02")
    assert "converted from GCJ02" in notes
    moved = json.loads(said)["geometry"]["coordinates"][0][0]
    assert abs(moved[0] - 118.76) > 0.003


def test_again_and_again(ask: Run) -> None:
    start = f"{NOW + timedelta(hours=1):%Y-%m-%dT%H:%M:%S+00:00}"
    options = ("--sensor", "visible", "--gsd", "0.1", "--window", start)
    status, said, _ = ask("request", "--point", SPOT, *options, "--recur", "FREQ=DAILY;COUNT=2")
    assert status == 0, said
    assert "standing order std-" in said
    assert "Asia/Shanghai" in said


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        ((), "FILE"),
        (("--point", "x"), "--point"),
        (("--area", "118,28 119,28"), "--area"),
        (("--point", SPOT, "--line", "1,2 3,4"), "FILE"),
        (("missing.kml",), "missing.kml"),
        (("--point", SPOT, "--window", "soon"), "--window"),
        (("--point", SPOT, "--sensor", "lidar", "--gsd", "0.1"), "sensor"),
        (("--point", "28.9,118.7", "--sensor", "visible", "--gsd", "0.1"), "geometry"),
    ],
)
def test_a_wrong_argument_is_named(ask: Run, arguments: tuple[str, ...], where: str) -> None:
    status, _, told = ask("request", *arguments)
    assert status in (1, 2)
    assert where in told
    assert "to do:" in told


def test_the_ledger_is_a_table_or_json(ask: Run) -> None:
    status, said, _ = ask("ledger", "--from", "2026-05-12")
    assert (status, "separate flights cost" in said) == (0, True)
    found: Any = json.loads(ask("ledger", "--json")[1])
    assert found["metres"] == sum(s["metres"] for s in found["departments"])
    assert ask("ledger", "--from", "2026-05-12", "--to", "2026-05-01")[0] == 2
    assert ask("ledger", "--flight", "flt-none")[0] == 1
