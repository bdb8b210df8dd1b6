"""The fold of a vehicle's messages into its state."""

from dataclasses import replace
from datetime import UTC, datetime

from core.geo import LonLat
from fleet.address import MAIN, Address
from fleet.autopilots import ArduCopter
from fleet.messages import CameraFeedback
from fleet.state import VehicleState, update

NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)
PLACE = LonLat(118.8, 28.9)


def test_a_photograph_that_is_told_again_counts_once() -> None:
    told = CameraFeedback(
        taken_at=NOW, index=4, camera=2, position=PLACE, altitude_m=150.0, height_m=80.0
    )
    elsewhere = replace(told, altitude_m=150.4)  # the same photo; the estimate has drifted
    state = VehicleState(address=Address(MAIN, 1), heard_at=NOW)
    for message in (told, told, elsewhere, replace(told, camera=1), replace(told, index=5)):
        state = update(state, message, NOW, ArduCopter())
    assert state.photos == 3
