"""Mode numbers and names of the two makes."""

import pytest

from fleet.autopilots import ArduCopter, ArduPlane, Autopilot, Px4, recognise
from fleet.messages import Heartbeat


def beat(custom_mode: int, autopilot: int = 3) -> Heartbeat:
    return Heartbeat(
        kind=2, autopilot=autopilot, base_mode=1, custom_mode=custom_mode, system_status=3
    )


def test_makes_are_recognised_and_others_are_not() -> None:
    assert recognise(beat(0, 3)) == ArduCopter()
    assert recognise(beat(0, 12)) == Px4()
    assert recognise(beat(0, 8)) is None


@pytest.mark.parametrize(
    ("pilot", "number", "name"),
    [
        (ArduCopter(), 3, "AUTO"),
        (ArduCopter(), 6, "RTL"),
        (ArduCopter(), 77, "mode 77"),
        (Px4(), 4 << 16 | 4 << 24, "MISSION"),
        (Px4(), 4 << 16 | 5 << 24, "RETURN"),
        (Px4(), 3 << 16, "POSCTL"),
        (Px4(), 99 << 16, "mode 99.0"),
    ],
)
def test_modes_have_names(pilot: Autopilot, number: int, name: str) -> None:
    assert pilot.mode_name(beat(number)) == name


@pytest.mark.parametrize("pilot", [ArduCopter(), Px4()])
def test_every_mode_that_is_asked_for_reads_back_as_itself(pilot: Autopilot) -> None:
    for name in (pilot.mission_mode, pilot.guided_mode, pilot.return_mode, pilot.land_mode):
        flag, main, sub = pilot.mode_params(name)
        assert flag == 1
        number = int(main) if pilot.name == "ArduCopter" else int(main) << 16 | int(sub) << 24
        assert pilot.mode_name(beat(number)) == name


def test_a_quadplane_is_told_from_a_copter_and_lands_as_one() -> None:
    def heard(kind: int) -> Heartbeat:
        return Heartbeat(kind=kind, autopilot=3, base_mode=1, custom_mode=10, system_status=3)

    plane = recognise(heard(20))
    assert isinstance(plane, ArduPlane)
    assert plane.mode_name(heard(20)) == "AUTO"
    assert plane.mode_params(plane.land_mode)[1] == 20
    assert not isinstance(recognise(heard(2)), ArduPlane)
