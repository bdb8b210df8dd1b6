"""Photographs of a rendered ground that lie about their pose, and real ones that do."""

from dataclasses import replace
from datetime import timedelta

import cv2
import numpy as np
import pytest
import textured_ground as scene

from core.geo import FlatGround, LonLat, distance_m, offset
from imagery.ground.rays import axes
from imagery.ground.sources import frames_in
from imagery.poses.frames import InMemory
from imagery.poses.selfcheck import check_poses
from imagery.poses.verdicts import FaultKind


@pytest.fixture(scope="module")
def survey():
    return scene.survey(scene.texture())


def repainted(frame, change):
    """The frame with its picture changed."""
    picture = cv2.imdecode(np.frombuffer(frame.load(), np.uint8), cv2.IMREAD_GRAYSCALE)
    return replace(frame, load=InMemory(scene.encoded(change(picture))))


def kinds(report):
    """The kinds of faults found, by frame."""
    return {f.id: {fault.kind for fault in f.faults} for f in report.frames if f.faults}


def test_honest_frames_are_left_alone_and_come_out_better(survey):
    report = check_poses(survey.frames)

    assert kinds(report) == {}
    assert report.block.held_out.median_m < 0.1
    assert report.block.after.median_m < report.stated.median_m / 3
    before = [distance_m(f.pose.position, t.position) for f, t in _with(survey)]
    after = [
        distance_m(f.adjusted.position, t.position)
        for f, t in zip(report.frames, survey.truth, strict=True)
    ]
    assert np.mean(after) < np.mean(before)


def _with(survey):
    return zip(survey.frames, survey.truth, strict=True)


def test_frames_stored_turned_are_found_and_mended(survey):
    turned = [2, 6]
    frames = [
        repainted(f, lambda p: np.rot90(p, 2)) if k in turned else f
        for k, f in enumerate(survey.frames)
    ]

    report = check_poses(frames)

    assert kinds(report) == {"F02": {FaultKind.ROTATED}, "F06": {FaultKind.ROTATED}}
    for k in turned:  # mended, the stored picture's top points the other way
        top = -axes(report.frames[k].mended.attitude)[1]
        assert top @ -axes(survey.truth[k].attitude)[1] < -0.99
    assert report.mended.median_m < report.stated.median_m
    assert report.block.held_out.median_m < 0.1


def test_a_height_that_is_wrong_for_all_is_found_and_mended(survey):
    report = check_poses(
        survey.stating(lambda p: replace(p, altitude_m=p.altitude_m + 12.0)).frames,
        heights=FlatGround(scene.GROUND_M),
    )

    assert all(found == {FaultKind.HEIGHT} for found in kinds(report).values())
    assert len(kinds(report)) == 8
    for frame in report.frames:
        assert frame.mended.altitude_m == pytest.approx(100.0, abs=2.5)


def test_one_frame_of_another_height_is_found(survey):
    pose = survey.frames[3].pose
    report = check_poses(survey.but(3, pose=replace(pose, altitude_m=108.0)).frames)

    assert kinds(report) == {"F03": {FaultKind.HEIGHT}}
    assert report.frames[3].mended.altitude_m == pytest.approx(100.0, abs=2.0)


def test_a_height_above_take_off_in_the_place_of_one_above_the_sea(survey):
    low = survey.stating(lambda p: replace(p, altitude_m=p.altitude_m - scene.GROUND_M))

    report = check_poses(low.frames, heights=FlatGround(scene.GROUND_M))

    assert set.union(*kinds(report).values()) == {FaultKind.DATUM}
    assert report.frames[0].mended.altitude_m == pytest.approx(100.0, abs=2.5)


def test_yaw_counted_the_other_way_round(survey):
    negated = survey.stating(
        lambda p: replace(p, attitude=replace(p.attitude, yaw_deg=-p.attitude.yaw_deg))
    )

    report = check_poses(negated.frames)

    assert len(kinds(report)) == 8
    assert set.union(*kinds(report).values()) == {FaultKind.YAW_SIGN}
    assert report.block.held_out.median_m < 0.1


def test_one_compass_off(survey):
    pose = survey.frames[4].pose
    off = replace(pose, attitude=replace(pose.attitude, yaw_deg=pose.attitude.yaw_deg + 60.0))

    report = check_poses(survey.but(4, pose=off).frames)

    assert kinds(report) == {"F04": {FaultKind.YAW}}


def test_a_jump_of_one_frames_satellites(survey):
    pose = survey.frames[7].pose
    away = replace(pose, position=offset(pose.position, 100.0, 60.0))

    report = check_poses(survey.but(7, pose=away).frames)

    assert kinds(report)["F07"] >= {FaultKind.POSITION}
    assert set(kinds(report)) == {"F07"}
    assert distance_m(report.frames[7].mended.position, survey.truth[7].position) < 2.0


def test_a_clock_that_no_aircraft_could_follow(survey):
    late = survey.but(5, taken_at=survey.frames[5].taken_at + timedelta(minutes=10))

    report = check_poses(late.frames)

    assert kinds(report) == {"F05": {FaultKind.CLOCK}}
    off = report.frames[5].mended_at - survey.frames[5].taken_at
    assert abs(off.total_seconds()) < 2.0


def test_one_mirrored_picture_is_named_and_kept_out(survey):
    frames = [repainted(f, np.fliplr) if k == 4 else f for k, f in enumerate(survey.frames)]

    report = check_poses(frames)

    assert kinds(report) == {"F04": {FaultKind.MIRRORED}}
    assert all(4 not in (pair.first, pair.second) for pair in report.pairs)


def test_all_mirrored_is_seen_by_the_lines_beside_each_other(survey):
    report = check_poses([repainted(f, np.fliplr) for f in survey.frames])

    assert len(kinds(report)) == 8
    assert all(FaultKind.MIRRORED in found for found in kinds(report).values())


def test_what_cannot_be_checked_says_why(survey):
    alone = check_poses(survey.frames[:1])
    far = replace(survey.frames[1], pose=replace(survey.frames[1].pose, position=LonLat(119, 29)))
    blank = replace(survey.frames[2], load=InMemory(b"\xff\xd8 not a picture"))
    grey = repainted(survey.frames[3], lambda p: np.full_like(p, 127))
    three = check_poses([survey.frames[0], blank, grey, far])

    assert "one frame alone" in alone.frames[0].unchecked
    assert [name for name, _ in three.unreadable] == ["F02"]
    assert {f.id for f in three.frames if "no tie points" in f.unchecked} >= {"F03"}
    assert check_poses([]).frames == ()


def test_the_lies_of_a_real_survey(shared):
    """brighton_q: 0024-0029 are stored turned; 40 m is stated, some 31 m is true."""
    frames, dropped = frames_in(shared / "rgb" / "brighton_q")

    report = check_poses(frames)

    turned = {name for name, found in kinds(report).items() if FaultKind.ROTATED in found}
    assert dropped == []
    assert turned == {f"DJI_00{k}.JPG" for k in range(24, 30)}
    assert all(FaultKind.HEIGHT in found for found in kinds(report).values())
    assert len(kinds(report)) == 18
    assert report.stated.median_m > 20.0
    assert report.mended.median_m < 6.0
    assert report.block.held_out.median_m < 0.5
