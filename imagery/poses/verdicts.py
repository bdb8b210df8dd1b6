"""What a frame states against what the tie points say: faults, and the pose without them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from core.geo import HeightModel, LonLat, wrap_degrees
from core.pose import Pose
from imagery.ground.lens import Floats
from imagery.ground.rays import Plane
from imagery.poses.frames import MosaicFrame
from imagery.poses.network import Network


class FaultKind(StrEnum):
    """What a frame can be wrong about."""

    ROTATED = "rotated"
    """Stored turned by 180 degrees against its own yaw."""
    YAW_SIGN = "yaw sign"
    """Yaw counted the other way round."""
    YAW = "yaw"
    HEIGHT = "height"
    DATUM = "height datum"
    """Height above take-off written where height above the sea belongs."""
    POSITION = "position"
    CLOCK = "clock"
    MIRRORED = "mirrored"
    """Left and right exchanged; reported, not mended: such a picture has been worked upon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong, in words that a surveyor can check."""

    kind: FaultKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the tie points say of a frame.

    Attributes:
        yaw_deg: of the picture's top, clockwise from north.
        height_m: above the ground.
        away_m: from the stated position, beyond what its neighbours are off too.
    """

    yaw_deg: float
    height_m: float
    away_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From where a difference is a fault.

    Attributes:
        yaw_deg: a good compass is within 5 degrees, beside steel within 10.
        height_share: of the height; barometers drift by some metres a flight, and a level found
            from positions good to 2.5 m over a 60 m block is good to 4 %.
        jump_m: and 5 standard deviations of the position.
    """

    yaw_deg: float = 15.0
    height_share: float = 0.1
    jump_m: float = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Of one frame."""

    faults: tuple[Fault, ...]
    found: Found | None
    mended: Pose


def judge(
    frames: Sequence[MosaicFrame],
    network: Network,
    plane: Plane,
    heights: HeightModel,
    mirrored: npt.NDArray[np.bool_],
    tied_to: Sequence[Sequence[int]],
    limits: Limits,
) -> list[Verdict]:
    """The verdict on each frame.

    Args:
        plane: where the network's metres begin.
        mirrored: (N,) frames whose pictures only fit when mirrored.
        tied_to: for each frame those that it shares tie points with.
    """
    stated_m = _above_ground([frame.pose for frame in frames], heights)
    off = (
        np.array([complex(*plane.xy(frame.pose.position)) for frame in frames], complex)
        - network.places
    )
    turned = np.array(
        [wrap_degrees(y - top_deg(f.pose)) for y, f in zip(network.yaws_deg, frames, strict=True)]
    )
    swapped = _sign_is_swapped(frames, network, turned, limits)
    drop_m = _common_drop_m(stated_m, network, limits)
    verdicts = []
    for k, frame in enumerate(frames):
        if not network.tied[k]:
            verdicts.append(_untied(frame, bool(mirrored[k]), drop_m))
            continue
        around = [off[j] for j in tied_to[k]] or [0j]
        away = off[k] - complex(np.median(np.real(around)), np.median(np.imag(around)))
        found = Found(
            yaw_deg=float(network.yaws_deg[k]),
            height_m=float(network.heights_m[k]),
            away_m=float(abs(away)),
        )
        faults = list(_faults(frame, found, float(stated_m[k]), float(turned[k]), swapped, limits))
        if mirrored[k]:
            faults.append(_MIRRORED)
        place = network.places[k] if any(f.kind is FaultKind.POSITION for f in faults) else None
        mended = _mend(frame, found, faults, plane, heights, place, drop_m, float(stated_m[k]))
        verdicts.append(Verdict(faults=tuple(faults), found=found, mended=mended))
    return verdicts


def top_deg(pose: Pose) -> float:
    """Bearing of the picture's top on the ground, for a view that looks down: yaw and roll turn
    about nearly the same axis there."""
    return wrap_degrees(pose.attitude.yaw_deg + _roll_about_the_vertical(pose))


_MIRRORED = Fault(
    kind=FaultKind.MIRRORED,
    text="the picture is mirrored left to right: take the original file",
)


def _untied(frame: MosaicFrame, mirrored: bool, drop_m: float) -> Verdict:
    """A frame by itself shares only what all others have wrong alike."""
    faults = (_MIRRORED,) if mirrored else ()
    mended = replace(frame.pose, altitude_m=frame.pose.altitude_m - drop_m)
    return Verdict(faults=faults, found=None, mended=mended)


def _roll_about_the_vertical(pose: Pose) -> float:
    return pose.attitude.roll_deg if pose.attitude.pitch_deg < -45.0 else 0.0


def _above_ground(poses: Sequence[Pose], heights: HeightModel) -> Floats:
    lon = np.array([pose.position.lon for pose in poses])
    lat = np.array([pose.position.lat for pose in poses])
    return np.array([pose.altitude_m for pose in poses]) - heights.height_m(lon, lat)


def _sign_is_swapped(
    frames: Sequence[MosaicFrame], network: Network, turned: Floats, limits: Limits
) -> bool:
    """Whether most frames fit with their yaw negated, and do not as they are. North and south look
    the same either way: only frames that fly otherwise have a vote."""
    tops = np.array([top_deg(frame.pose) for frame in frames])
    telling = network.tied & (np.abs(np.sin(np.radians(tops))) > np.sin(np.radians(limits.yaw_deg)))
    if telling.sum() < 3:
        return False
    negated = np.array([wrap_degrees(y + t) for y, t in zip(network.yaws_deg, tops, strict=True)])
    fits = (np.abs(negated) < limits.yaw_deg) & (np.abs(turned) > limits.yaw_deg)
    return bool(fits[telling].mean() > 0.6)


def _common_drop_m(stated_m: Floats, network: Network, limits: Limits) -> float:
    """By how many metres all stated heights are too large alike; 0 when they are not."""
    if not network.tied.any():
        return 0.0
    drop = float(np.median((stated_m - network.heights_m)[network.tied]))
    usual = float(np.median(network.heights_m[network.tied]))
    return drop if abs(drop) > limits.height_share * usual else 0.0


def _faults(
    frame: MosaicFrame,
    found: Found,
    stated_m: float,
    turned: float,
    swapped: bool,
    limits: Limits,
) -> list[Fault]:
    faults = []
    yaw = _yaw_fault(frame, found, turned, swapped, limits)
    if yaw is not None:
        faults.append(yaw)
    if abs(stated_m - found.height_m) > limits.height_share * found.height_m:
        faults.append(_height_fault(frame, found, stated_m, limits))
    if found.away_m > max(limits.jump_m, 5 * frame.pose.horizontal_sigma_m):
        text = f"the position is {found.away_m:.0f} m from where its neighbours show it"
        faults.append(Fault(kind=FaultKind.POSITION, text=text))
    return faults


def _yaw_fault(
    frame: MosaicFrame, found: Found, turned: float, swapped: bool, limits: Limits
) -> Fault | None:
    if abs(turned) <= limits.yaw_deg:
        return None
    stated = top_deg(frame.pose)
    if swapped and abs(wrap_degrees(found.yaw_deg + stated)) <= limits.yaw_deg:
        text = f"yaw {stated:.0f} is {found.yaw_deg:.0f}: counted the other way round"
        return Fault(kind=FaultKind.YAW_SIGN, text=text)
    if abs(turned) >= 180.0 - limits.yaw_deg:
        text = (
            f"stored turned by 180 degrees: yaw {stated:.0f}, the picture shows {found.yaw_deg:.0f}"
        )
        return Fault(kind=FaultKind.ROTATED, text=text)
    text = f"yaw {stated:.0f}, the picture shows {found.yaw_deg:.0f}"
    return Fault(kind=FaultKind.YAW, text=text)


def _height_fault(frame: MosaicFrame, found: Found, stated_m: float, limits: Limits) -> Fault:
    if abs(frame.pose.altitude_m - found.height_m) <= limits.height_share * found.height_m + 3.0:
        text = (
            f"{frame.pose.altitude_m:.0f} m is the height above the ground, "
            "not above the sea as the field says"
        )
        return Fault(kind=FaultKind.DATUM, text=text)
    text = f"states {stated_m:.1f} m above the ground, the pictures show {found.height_m:.1f} m"
    return Fault(kind=FaultKind.HEIGHT, text=text)


def _mend(
    frame: MosaicFrame,
    found: Found,
    faults: Sequence[Fault],
    plane: Plane,
    heights: HeightModel,
    place: complex | None,
    drop_m: float,
    stated_m: float,
) -> Pose:
    """The pose without its faults."""
    pose = frame.pose
    kinds = {fault.kind for fault in faults}
    if FaultKind.MIRRORED in kinds:
        return pose
    if place is not None:
        position = LonLat(float(plane.lon(place.real)), float(plane.lat(place.imag)))
        pose = replace(pose, position=position, horizontal_sigma_m=2 * pose.horizontal_sigma_m)
    attitude = pose.attitude
    if FaultKind.ROTATED in kinds:  # the stored picture is turned about the line of sight
        attitude = replace(attitude, roll_deg=wrap_degrees(attitude.roll_deg + 180.0))
    elif kinds & {FaultKind.YAW, FaultKind.YAW_SIGN}:
        turn = found.yaw_deg - top_deg(pose)
        attitude = replace(attitude, yaw_deg=wrap_degrees(attitude.yaw_deg + turn))
    # a common error is taken off all alike, so that the barometer's fine steps stay
    common = drop_m if abs(stated_m - drop_m - found.height_m) < 0.1 * found.height_m else None
    altitude = pose.altitude_m
    if common is not None:
        altitude -= common
    elif kinds & {FaultKind.HEIGHT, FaultKind.DATUM}:
        altitude = found.height_m + float(
            np.ravel(heights.height_m(pose.position.lon, pose.position.lat))[0]
        )
    return replace(pose, attitude=attitude, altitude_m=altitude)
