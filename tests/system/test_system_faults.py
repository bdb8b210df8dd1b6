"""Flights that something goes wrong with end at a dock or an alternate, or somebody is told.

A handful of `./run campaign`, with another world than the command's first.
"""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1]))
from benchmarks.fleet.fault_campaign import Case, Outcome, cases, flown
from benchmarks.fleet.fault_truth import Seen
from benchmarks.fleet.fault_verdict import LOST, SAFE, WRONG, Evidence, judge

from core.errors import InvalidInput
from sim.faults import Kind, Phase

SEED = 1001


async def fly(kind: Kind, phase: Phase, folder: Path) -> Outcome:
    return await flown(Case(kind=kind, phase=phase, seed=SEED), folder)


async def test_a_lost_link_brings_it_home_through_an_open_door(tmp_path: Path) -> None:
    ended = await fly(Kind.LINK_DOWN, Phase.SURVEY, tmp_path)
    assert (ended.verdict, ended.why) == (SAFE, "")
    assert "RTL" in ended.modes
    assert ended.flight == "diverted"


async def test_a_launch_that_falls_silent_is_followed_like_a_flight(tmp_path: Path) -> None:
    ended = await fly(Kind.LINK_DOWN, Phase.TAKE_OFF, tmp_path)
    assert (ended.verdict, ended.why) == (SAFE, "")
    assert any("may be in the air" in alarm for alarm in ended.alarms)


async def test_a_pad_that_is_taken_at_the_last_moment_is_left(tmp_path: Path) -> None:
    ended = await fly(Kind.DOCK_OCCUPIED, Phase.LANDING, tmp_path)
    assert (ended.verdict, ended.why, ended.ended) == (SAFE, "", "dock FC-03")


async def test_a_door_that_sticks_sends_it_to_the_alternate(tmp_path: Path) -> None:
    ended = await fly(Kind.DOOR_STUCK, Phase.SURVEY, tmp_path)
    assert (ended.verdict, ended.why) == (SAFE, "")
    assert ended.ended == "dock FC-03"
    assert any("door" in alarm for alarm in ended.alarms)


async def test_full_storage_does_not_count_as_done(tmp_path: Path) -> None:
    ended = await fly(Kind.STORAGE, Phase.TRANSIT, tmp_path)
    assert (ended.verdict, ended.why) == (SAFE, "")
    assert ended.missing > 0
    assert ended.flight == "diverted"
    assert any("photograph" in alarm for alarm in ended.alarms)


async def test_without_a_position_it_lands_where_it_is_and_somebody_is_told(tmp_path: Path) -> None:
    ended = await fly(Kind.GPS_LOST, Phase.SURVEY, tmp_path)
    assert ended.verdict == LOST
    assert any("must fetch" in alarm for alarm in ended.alarms)


SOUND = Evidence(
    kind="wind",
    amount=8.0,
    struck_s=100.0,
    seen=Seen(modes=["AUTO"], flew=True, down_s=400.0),
    bystander=Seen(flew=True),
    where="dock FC-01",
    bystander_where="dock FC-02",
    strikes=0,
    flight="done",
    other="done",
    lands_at="",
    alarms=(),
    open_orders=(),
    settled=True,
    doors={"FC-01": "closed"},
    expected=30,
    received=30,
)


def test_a_sound_flight_is_safe() -> None:
    assert judge(SOUND) == (SAFE, "")


def test_who_is_outblown_comes_down_where_he_is() -> None:
    down = replace(SOUND, where="field, 800 m from FC-01", flight="diverted", alarms=("told",))
    assert judge(down)[0] == WRONG
    verdict, why = judge(replace(down, outblown=True))
    assert verdict == LOST
    assert "stronger than it flies" in why


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"strikes": 1}, "door that was not open"),
        ({"flight": "flying"}, "left flying"),
        ({"settled": False}, "not settled"),
        ({"open_orders": ("return (sent)",)}, "orders left open"),
        ({"where": "aloft"}, "still flying"),
        ({"where": "field, 300 m from FC-01", "flight": "diverted"}, "nobody was told"),
        ({"where": "field, 300 m from FC-01", "alarms": ("x",)}, "counts as done"),
        ({"where": "dock FC-03"}, "the records have it at home"),
        ({"received": 3}, "3 of 30 photographs"),
        ({"doors": {"FC-01": "open"}}, "left open"),
        ({"other": "diverted"}, "other drone's flight is diverted"),
        ({"seen": Seen(flew=True, crashed_s=300.0)}, "crashed, and need not have"),
        ({"seen": Seen(flew=True, zone_s=300.0)}, "into the zone"),
        ({"seen": Seen(flew=True, taken="FC-04")}, "landed on FC-04"),
        ({"bystander": Seen(flew=True, crashed_s=9.0)}, "the other drone crashed"),
    ],
)
def test_what_a_better_decision_would_have_avoided_is_wrong(
    changed: dict[str, object], words: str
) -> None:
    verdict, why = judge(replace(SOUND, **changed))  # type: ignore[arg-type]
    assert verdict == WRONG
    assert words in why


def test_a_crash_that_no_order_could_have_helped_is_lost() -> None:
    fallen = replace(SOUND, where="crashed 300 m from FC-01", flight="diverted", alarms=("x",))
    at_once = replace(fallen, kind="cell", seen=Seen(flew=True, crashed_s=110.0))
    assert judge(at_once)[0] == LOST
    later = replace(fallen, kind="cell", seen=Seen(flew=True, crashed_s=200.0))
    assert judge(later)[0] == WRONG
    assert judge(replace(later, kind="motor", amount=0.6))[0] == LOST


def test_the_campaign_names_what_it_does_not_know() -> None:
    assert len(cases((), (), 7, range(1))) == 1 + len(Kind) * len(Phase)
    with pytest.raises(InvalidInput, match="moter"):
        cases(("moter",), (), 7, range(1))


def test_chance_runs_are_the_same_every_time() -> None:
    first, again = (Case(kind=Kind.LOSS, phase=Phase.SURVEY, seed=9, run=2) for _ in range(2))
    assert first.fault() == again.fault()
    assert first.fault() != replace(first, seed=10).fault()
