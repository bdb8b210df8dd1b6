"""From two visits' files to an officer's picture: compared in the worker, shown by rights."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import radiometric_files as files
from evidence_range import opened_desk, take_in

from core.clock import ManualClock
from core.errors import NotFound
from core.geo import LonLat, distance_m
from missions.access import Principal
from missions.entities import Review
from missions.media.desk import Desk
from missions.media.reviewing import ReviewDesk
from missions.operations import changes, examine, officers
from missions.presets import Preset

Member = Callable[[str], Principal]
HERE = LonLat(118.7, 28.7)


@pytest.fixture
def desk(preset: Preset, clock: ManualClock, tmp_path: Path) -> Iterator[Desk]:
    with opened_desk(preset, clock, tmp_path / "home") as made:
        yield made


@pytest.fixture
def bench(desk: Desk, preset: Preset, monkeypatch: pytest.MonkeyPatch) -> None:
    cameras = {c.id: c for kind in preset.kinds.values() for c in kind.cameras}
    made = examine.Workbench(
        cameras=cameras,
        heights=preset.heights,
        rules={},
        anywhere=frozenset(),
        media=desk.media,
        quality=None,  # type: ignore[arg-type]
    )
    monkeypatch.setattr(examine, "_bench", made)


def ground() -> np.ndarray:
    rng = np.random.default_rng(3)
    picture = np.full((512, 640), 110.0, np.float32)
    for cells, strength in ((20, 25), (80, 14), (200, 5)):
        noise = rng.normal(0, 1, (cells * 4 // 5, cells)).astype(np.float32)
        picture += strength * cv2.resize(noise, (640, 512), interpolation=cv2.INTER_CUBIC)
    return np.clip(picture, 0, 255).astype(np.uint8)


@pytest.fixture
def review(desk: Desk, bench: None, make: Any, preset: Preset) -> Review:
    """A hut that was built between two flights, seen by the second from the other side."""
    place = ground()
    built = place.copy()
    built[150:190, 420:470] = 245
    turned = cv2.rotate(built, cv2.ROTATE_180)
    media = []
    for picture, yaw in ((place, 0.0), (turned, 180.0)):
        pose = {"lon": HERE.lon, "lat": HERE.lat, "altitude_m": 60.0}
        data = files.jpeg_of(
            picture, model="cam-visible", xmp=files.pose_xmp(yaw=yaw, **pose), **pose
        )
        media.append(take_in(desk, make, data, gsd_m=0.087, department="urban"))
    pair = changes.Pair(before=media[0], after=media[1])
    (change,) = changes.merged(changes.compare_pairs([pair], ["structure"]))
    seen = officers.Seen(changes=[change], compared=1.0, unseen=0.0)
    assert seen.changes is not None
    assert change.found.kind == "new"
    assert distance_m(change.position, HERE) == pytest.approx(0.087 * np.hypot(125, 86), rel=0.1)
    made: Review = make.review(
        "find", kind="find", media=(media[0].id, media[1].id), found=change.found
    )
    with desk.unit() as unit:
        unit.reviews.add(made)
    return made


def desk_of(desk: Desk) -> ReviewDesk:
    class Room:
        preset, records, media = desk.preset, desk.records, desk.media
        clock, logs, pool = desk.clock, desk.home / "logs", desk.pool
        detectors = desk.shelf

        def view(self) -> Any:
            return desk.view()

        def unit(self) -> Any:
            return desk.unit()

    room: Any = Room()
    return ReviewDesk(room)


def test_before_and_after_lie_on_each_other_and_only_for_those_who_may_see_them(
    desk: Desk, review: Review, member: Member
) -> None:
    officers_desk = desk_of(desk)

    def shown(view: str, **how: Any) -> np.ndarray:
        asked = {"close": False, "marked": False, "kind": "png", **how}
        data = officers_desk.picture(member("urban"), review.id, view, **asked)
        return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE))

    before, after = shown("before"), shown("after")
    assert before.shape == after.shape
    apart = np.abs(before.astype(int) - after)
    assert apart[160:180, 430:460].mean() > 60
    assert apart[300:480, 60:300].mean() < 12
    assert shown("comparison").shape[1] > 2 * before.shape[1]
    assert shown("comparison", close=True).shape[1] < before.shape[1] * 2
    with pytest.raises(NotFound):
        officers_desk.picture(
            member("forestry"), review.id, "after", close=False, marked=False, kind="jpg"
        )
    with pytest.raises(NotFound):
        officers_desk.get(member("forestry"), review.id)


def test_a_find_of_a_model_has_no_before(
    desk: Desk, review: Review, member: Member, make: Any
) -> None:
    assert review.found is not None
    with desk.unit() as unit:
        unit.reviews.add(make.review("look"))
    with pytest.raises(NotFound, match="nothing to show"):
        desk_of(desk).picture(
            member("urban"), "look", "comparison", close=False, marked=True, kind="jpg"
        )
