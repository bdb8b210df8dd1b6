"""The rules of holding the controls, and where a mission goes on."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.equipment import CameraSpec, Sensor
from core.errors import ControlHeld, InvalidInput, NotAllowed
from core.geo import LonLat, bearing_deg, distance_m, offset
from core.route import Route, Waypoint
from fleet.control import ASK, FREE, SILENT, Pilot, ask, hand_back, refuse, renew, take
from fleet.plans.breakpoint import broken_off
from fleet.plans.mission import Mission, build
from fleet.vocabulary import Command

NOW = datetime(2026, 5, 12, tzinfo=UTC)
LI, WANG, CHIEF = Pilot("Li", 1), Pilot("Wang", 1), Pilot("Chief", 2)
HOME = LonLat(118.87, 28.95)
SPACING_M = 40.0


def test_an_equal_waits_after_asking_and_may_be_refused() -> None:
    held = take(FREE, LI, "smoke", NOW)
    with pytest.raises(ControlHeld, match="Li holds the controls"):
        take(held, WANG, "mine", NOW, over=True)
    asked = ask(held, WANG, "my sector", NOW)
    with pytest.raises(ControlHeld):
        take(asked, WANG, "my sector", NOW + ASK / 2, over=True)
    assert take(asked, WANG, "my sector", NOW + ASK, over=True).who == "Wang"
    kept = refuse(asked, "Li", NOW)
    with pytest.raises(ControlHeld):
        take(kept, WANG, "my sector", NOW + 2 * ASK, over=True)
    assert take(kept, CHIEF, "emergency", NOW, over=True).who == "Chief"


def test_asking_again_does_not_begin_the_wait_anew() -> None:
    asked = ask(take(FREE, LI, "smoke", NOW), WANG, "mine", NOW)
    assert ask(asked, WANG, "mine", NOW + ASK / 2) == asked


def test_a_silent_holder_may_be_relieved_by_an_equal() -> None:
    held = take(FREE, LI, "smoke", NOW)
    later = NOW + SILENT + timedelta(seconds=1)
    assert held.silent(later)
    assert not renew(held, "Li", later).silent(later)
    assert take(held, WANG, "he is gone", later, over=True).who == "Wang"


def test_nobody_hands_back_what_another_holds() -> None:
    held = take(FREE, LI, "smoke", NOW)
    with pytest.raises(ControlHeld):
        hand_back(held, WANG)
    assert hand_back(held, CHIEF) == FREE
    with pytest.raises(NotAllowed):
        hand_back(FREE, LI)


def test_reasons_are_asked_for() -> None:
    with pytest.raises(InvalidInput, match="reason"):
        take(FREE, LI, " ", NOW)


def comb() -> Mission:
    """Three photo legs with turns between them, one single photograph after a hold at the end."""
    camera = CameraSpec(id="v", sensor=Sensor.VISIBLE, width_px=400, height_px=300, hfov_deg=70)
    corners = [
        offset(offset(HOME, 0, 300.0 if k in (1, 2, 5) else 50.0), 90, 60.0 * (k // 2))
        for k in range(6)
    ]
    points = [
        Waypoint(position=p, height_m=80, photo_spacing_m=0 if k % 2 else SPACING_M)
        for k, p in enumerate(corners)
    ]
    points.append(Waypoint(position=offset(HOME, 90, 200), height_m=80, photo=True, hold_s=4))
    return build(Route(tuple(points)), home=HOME, cameras=(camera,))


@given(leg=st.sampled_from([0, 2, 4]), share=st.floats(0, 1), known=st.booleans())
def test_a_photo_leg_is_joined_where_the_next_photo_is_due(
    leg: int, share: float, known: bool
) -> None:
    mission = comb()
    begin, end = (mission.place(mission.waypoint_seqs[leg + k]) for k in (0, 1))
    assert begin is not None
    assert end is not None
    length, course = distance_m(begin, end), bearing_deg(begin, end)
    along = share * length
    taken = [k * SPACING_M for k in range(int(along // SPACING_M) + 1)]
    last = offset(begin, course, taken[-1]) if known else None
    at = offset(begin, course, along)
    left = broken_off(mission, mission.waypoint_seqs[leg + 1], at, last)
    assert left.join is not None
    joined = distance_m(begin, left.join)
    due = taken[-1] + SPACING_M if known else taken[-1]
    assert joined == pytest.approx(min(due, length), abs=0.5) or joined == pytest.approx(
        min(due - SPACING_M, length), abs=0.5
    ), "never beyond what is due, and at most one photograph before it"
    assert joined <= min(due, length) + 0.5
    assert left.seq == mission.waypoint_seqs[leg + 1]


def test_a_stop_that_was_not_photographed_is_flown_to_again() -> None:
    mission = comb()
    delay = next(i.seq for i in mission.items if i.command == Command.NAV_DELAY)
    left = broken_off(mission, delay, HOME)
    assert left.seq == mission.waypoint_seqs[-1]


def test_the_way_home_goes_on_as_the_way_home() -> None:
    mission = comb()
    left = broken_off(mission, mission.last_seq, HOME)
    assert (left.seq, left.join) == (mission.last_seq, None)
