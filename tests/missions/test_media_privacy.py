"""People are found by their warmth in the thermal frame of the same moment, and filled."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from evidence_range import HEIGHT, WIDTH, opened_desk, picture, take_in
from radiometric_files import thermal_jpeg

from core.clock import ManualClock
from core.equipment import Sensor
from core.errors import InvalidInput
from imagery.evidence.blur import FILL
from imagery.evidence.copy import decoded
from missions.access import Principal
from missions.evidence import privacy
from missions.evidence.desk import Evidence
from missions.media.desk import Desk
from missions.presets import Preset

HIGH = {"height_m": 60.0, "altitude_m": 60.0}


@pytest.fixture
def desk(preset: Preset, clock: ManualClock, tmp_path: Path) -> Iterator[Desk]:
    with opened_desk(preset, clock, tmp_path / "home") as made:
        yield made


def warm_frame(*spots: tuple[int, int, float, int]) -> bytes:
    """A thermal frame of 18 C ground with discs: column, row, temperature, radius in pixels."""
    celsius = np.full((HEIGHT, WIDTH), 18.0)
    celsius += np.random.default_rng(4).normal(0, 0.05, celsius.shape)
    for column, row, hot, radius in spots:
        cv2.circle(celsius, (column, row), radius, hot, -1)
    return thermal_jpeg(celsius)


def is_filled(copy: bytes, column: int, row: int) -> bool:
    part = decoded(copy)[row - 2 : row + 3, column - 2 : column + 3].astype(int)
    return bool(np.abs(part - FILL).max() <= 6)


@pytest.mark.parametrize(("pitch", "roll"), [(-90.0, 0.0), (-50.0, 0.0), (-65.0, 8.0)])
def test_warm_people_are_filled_and_fires_stay(
    desk: Desk, make: Any, member: Callable[[str], Principal], pitch: float, roll: float
) -> None:
    pose = {**HIGH, "pitch_deg": pitch, "roll_deg": roll, "yaw_deg": 77.0}
    frame = warm_frame((200, 330, 33.0, 4), (450, 300, 400.0, 6))
    thermal = {"camera": "cam-thermal", "sensor": Sensor.THERMAL, "radiometric": True}
    take_in(desk, make, frame, **thermal, **pose)
    medium = take_in(desk, make, picture(), **pose)
    copy = Evidence(desk).showing.copy(member("ecology"), medium)
    assert is_filled(copy, 200, 330)
    assert not is_filled(copy, 450, 300)
    assert not is_filled(copy, 560, 400)


def test_a_thermal_frame_of_another_moment_says_nothing(
    desk: Desk, make: Any, clock: ManualClock, member: Callable[[str], Principal]
) -> None:
    thermal = {"camera": "cam-thermal", "sensor": Sensor.THERMAL, "radiometric": True}
    before = clock.now() - timedelta(seconds=3)
    take_in(desk, make, warm_frame((200, 330, 33.0, 4)), **thermal, **HIGH, taken_at=before)
    medium = take_in(desk, make, picture(), **HIGH)
    assert not is_filled(Evidence(desk).showing.copy(member("ecology"), medium), 200, 330)


def test_a_radiometric_file_never_goes_out_itself(
    desk: Desk, make: Any, member: Callable[[str], Principal]
) -> None:
    """It may hold a second, sharper picture: only the palette goes to others."""
    data = warm_frame((200, 330, 33.0, 4))
    thermal = {"camera": "cam-thermal", "sensor": Sensor.THERMAL, "radiometric": True}
    medium = take_in(desk, make, data, **thermal, **HIGH)
    copy, kind = Evidence(desk).showing.file(member("ecology"), medium)
    assert kind == "image/jpeg"
    assert b"FLIR" not in copy
    assert Evidence(desk).showing.file(member("urban"), medium)[0] == data


def test_what_trained_detectors_find_of_people_and_plates_is_filled(
    desk: Desk, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [
        SimpleNamespace(privacy="plate", box=(100.0, 100.0, 30.0, 12.0)),
        SimpleNamespace(privacy=None, box=(300.0, 300.0, 40.0, 40.0)),
    ]
    monkeypatch.setattr(privacy, "run_model", lambda model, picture: found)
    medium = take_in(desk, make, picture(), **HIGH)
    job = Evidence(desk).showing.job(medium)
    nothing: Any = None
    copy, filled = privacy.make_copy(job, [nothing])
    assert filled == 1
    assert is_filled(copy, 115, 106)
    assert not is_filled(copy, 320, 320)


def test_a_picture_that_is_not_of_its_recorded_size_is_not_shown_to_others(
    desk: Desk, make: Any, member: Callable[[str], Principal]
) -> None:

    medium = take_in(desk, make, picture(), **HIGH, width_px=320, height_px=256)
    with pytest.raises(InvalidInput, match="640 x 512"):
        Evidence(desk).showing.copy(member("ecology"), medium)
