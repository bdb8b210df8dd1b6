"""Where a mission was left, so that it goes on at the right photograph.

A photo leg is photographed every so many metres from where it begins, so the photographs that are
still due follow from the place of the last one; the leg is joined again where the next is due. None
is skipped, and none is taken twice but one at the joint, when its place is not known better than
its neighbour's.
"""

import math
from dataclasses import dataclass

from core.geo import LocalFrame, LonLat, distance_m
from fleet.messages import MissionItem
from fleet.plans.mission import Mission
from fleet.vocabulary import Command

BESIDE_M = 15.0
"""A photograph that lies so far beside a leg is not one of its: positions are good to 2 m to 5 m,
and the picture is placed where the vehicle was when the shutter had closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Where a mission was left.

    Attributes:
        seq: the item to fly next.
        at: where the vehicle was when it left.
        join: where to fly before the mission goes on; None: straight on with the item.
        height_item: the item whose height and frame hold at ``join``.
        at_once: the first photograph is due at ``join``.
    """

    seq: int
    at: LonLat | None = None
    join: LonLat | None = None
    height_item: int | None = None
    at_once: bool = False


def broken_off(
    mission: Mission, seq: int, at: LonLat | None, last_photo: LonLat | None = None
) -> Break:
    """Where a mission goes on that is left while item ``seq`` is flown.

    Args:
        at: where the vehicle is.
        last_photo: where it took its latest photograph, if it is known.
    """
    seq = min(max(1, seq), mission.last_seq)
    if mission.place(seq) is None or mission.items[seq].command == Command.NAV_DELAY:
        return _at_a_stop(mission, seq, at)
    if mission.photographing(seq) and at is not None:
        return _on_a_photo_leg(mission, seq, at, last_photo)
    return Break(seq=seq, at=at, join=mission.place(seq), height_item=seq)


def _at_a_stop(mission: Mission, seq: int, at: LonLat | None) -> Break:
    """During a hold or between two settings: the stop is flown to again, its photograph is due."""
    start = mission.leg_start(seq + 1)
    if mission.items[seq].command == Command.NAV_RETURN_TO_LAUNCH:
        return Break(seq=seq, at=at)
    return Break(seq=start, at=at, join=mission.place(start), height_item=start)


def _on_a_photo_leg(mission: Mission, seq: int, at: LonLat, last_photo: LonLat | None) -> Break:
    """Join the leg where the next photograph is due."""
    start = mission.leg_start(seq)
    begin, end = mission.place(start), mission.place(seq)
    spacing = trigger_of(mission, seq).params[0]
    if begin is None or end is None:
        return Break(seq=start, at=at, join=begin, height_item=start)
    frame = LocalFrame(begin)
    length = distance_m(begin, end)
    along = _along_m(frame, end, at)[0]
    due = math.floor(min(max(0.0, along), length) / spacing) * spacing
    if last_photo is not None:
        taken, beside = _along_m(frame, end, last_photo)
        if -spacing / 2 < taken <= along + spacing and beside <= BESIDE_M:
            due = taken + spacing
    if due >= length:
        return Break(seq=seq, at=at, join=end, height_item=seq, at_once=True)
    return Break(
        seq=seq, at=at, join=_point(frame, end, due / length), height_item=start, at_once=True
    )


def trigger_of(mission: Mission, seq: int) -> MissionItem:
    """The trigger setting in force on the leg that item ``seq`` ends."""
    return next(
        i for i in mission.settings_before(seq) if i.command == Command.DO_SET_CAM_TRIGG_DIST
    )


def _along_m(frame: LocalFrame, end: LonLat, place: LonLat) -> tuple[float, float]:
    """Metres along the leg from its begin (the frame's origin), and beside it."""
    (ex, ey), (px, py) = frame.point_xy(end), frame.point_xy(place)
    length = math.hypot(ex, ey) or 1.0
    return (px * ex + py * ey) / length, abs(px * ey - py * ex) / length


def _point(frame: LocalFrame, end: LonLat, share: float) -> LonLat:
    x, y = frame.point_xy(end)
    return frame.point(x * share, y * share)
