"""Do the frames of a flight lie about where they were and how they looked?

The check believes the pictures: tie points between neighbours place all frames against each other
(`imagery.poses.network`), the stated positions of most of them place the whole, and then each
frame's stated yaw, height, position and time are held against that (`imagery.poses.verdicts`).
What can be mended is mended; a block adjustment (`imagery.poses.adjust`) takes the rest out, and
pairs of frames that it has not seen say how good the result is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.geo import FlatGround, HeightModel
from core.pose import Pose
from imagery.ground.rays import Floats, Plane
from imagery.poses.adjust import Adjusted, Misses, adjust, misses
from imagery.poses.frames import Decode, MosaicFrame
from imagery.poses.network import Complexes, Network, level_ties, solve
from imagery.poses.order import OutOfTime, out_of_time
from imagery.poses.ties import Features, Pair, features, match, neighbours, picture_of
from imagery.poses.verdicts import Fault, FaultKind, Found, Limits, Verdict, judge

WIDEST_TILT_DEG = 45.0
"""Views further from straight down show too little of the ground below to be checked by it."""
MIRROR_LEAD = 3.0
"""Mirrored pictures must lay the frames so many times better over their stated places before all
are called mirrored; on one straight line both do equally well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameCheck:
    """What is known of one frame after the check.

    Attributes:
        faults: what it stated wrongly; empty when it agrees with its neighbours.
        found: what the tie points say; None when there are none (``unchecked`` says why).
        mended: the pose with the faults mended; adjusted: after the block adjustment. Both equal
            the stated one where nothing is known better.
        mended_at: when it more likely was taken, where its clock is a fault.
        ties: tie points in this frame.
    """

    id: str
    stated: Pose
    mended: Pose
    adjusted: Pose
    faults: tuple[Fault, ...]
    found: Found | None
    ties: int
    unchecked: str = ""
    mended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoseReport:
    """The check of a set of frames.

    Attributes:
        frames: in the order given, without the unreadable.
        unreadable: (id, why) of frames whose picture could not be read.
        stated, mended: how far tie points disagree with the poses as stated and as mended; None
            without tie points. ``block.held_out`` says it for the adjusted ones.
        block: the adjustment; None without tie points.
        ground_m: level of the ground assumed, metres AMSL; None where a height model was given.
        pairs: the tie points that were used, as indices into ``frames``.
    """

    frames: tuple[FrameCheck, ...]
    unreadable: tuple[tuple[str, str], ...] = ()
    stated: Misses | None = None
    mended: Misses | None = None
    block: Adjusted | None = None
    ground_m: float | None = None
    pairs: tuple[Pair, ...] = ()

    @property
    def faulty(self) -> tuple[FrameCheck, ...]:
        """The frames with something wrong."""
        return tuple(frame for frame in self.frames if frame.faults)


def check_poses(
    frames: Sequence[MosaicFrame],
    *,
    heights: HeightModel | None = None,
    decode: Decode | None = None,
    limits: Limits | None = None,
    tell: Callable[[float, str], None] | None = None,
) -> PoseReport:
    """Check the poses of frames against their pictures, mend what can be mended, adjust.

    Holds one picture at a time; of each frame its features stay (0.3 MB).

    Args:
        frames: in the order they were taken, as the files' names tell it.
        heights: the ground; without it a level, from the frames' stated height above take-off.
        decode: for thermal frames, see `frames.Decode`.
        limits: from where a difference is a fault.
        tell: called with the share done and what goes on.
    """
    say = tell or _quiet
    known, seen, unreadable = _look(frames, decode, say)
    if not known:
        return PoseReport(frames=(), unreadable=tuple(unreadable))
    ground_m = None if heights is not None else _ground_m(known)
    ground = heights if heights is not None else FlatGround(ground_m or 0.0)
    plane = Plane.at(known[0].pose.position)
    stated = np.array([complex(*plane.xy(frame.pose.position)) for frame in known])
    say(0.7, f"comparing {len(known)} frames")
    pairs, mirrored = _tie(known, seen, stated, ground, decode)
    say(0.9, f"adjusting by {len(pairs)} pairs")
    network, mirrored = _place(known, pairs, stated, mirrored)
    around = _around(len(known), pairs)
    verdicts = judge(known, network, plane, ground, mirrored, around, limits or Limits())
    use = [p for p in pairs if _usable(p, network, mirrored)]
    mended = [verdict.mended for verdict in verdicts]
    block = adjust(known, mended, use, ground, terrain_known=heights is not None)
    late = out_of_time(_best_places(stated, network, verdicts), [f.taken_at for f in known])
    return PoseReport(
        frames=tuple(_checks(known, verdicts, pairs, block, late)),
        unreadable=tuple(unreadable),
        stated=misses(known, [f.pose for f in known], use, ground),
        mended=misses(known, mended, use, ground),
        block=block,
        ground_m=ground_m,
        pairs=tuple(use),
    )


def _quiet(_done: float, _text: str) -> None:
    pass


def _look(
    frames: Sequence[MosaicFrame], decode: Decode | None, say: Callable[[float, str], None]
) -> tuple[list[MosaicFrame], list[Features], list[tuple[str, str]]]:
    """The frames that can be read, their features, and the others with why."""
    known, seen, unreadable = [], [], []
    for k, frame in enumerate(frames):
        say(0.7 * k / len(frames), frame.id)
        try:
            seen.append(features(frame, picture_of(frame, decode)))
            known.append(frame)
        except (InvalidInput, OSError) as error:
            unreadable.append((frame.id, getattr(error, "what", str(error))))
    return known, seen, unreadable


def _ground_m(frames: Sequence[MosaicFrame]) -> float:
    """Level of the take-off point by most frames; the sea's where none states a height above it."""
    levels = [f.pose.altitude_m - f.height_m for f in frames if f.height_m is not None]
    return float(np.median(levels)) if levels else 0.0


def _tie(
    frames: Sequence[MosaicFrame],
    seen: Sequence[Features],
    stated: Complexes,
    heights: HeightModel,
    decode: Decode | None,
) -> tuple[list[Pair], npt.NDArray[np.bool_]]:
    """Tie points of neighbours; a frame without any is tried mirrored."""
    reach = _reach_m(frames, heights)
    places = np.column_stack([stated.real, stated.imag])
    alike = [frame.camera.sensor for frame in frames]
    tilted = [abs(f.pose.attitude.pitch_deg + 90.0) > WIDEST_TILT_DEG for f in frames]
    near = [
        (i, j) for i, j in neighbours(places, reach, alike=alike) if not (tilted[i] or tilted[j])
    ]
    pairs = [pair for i, j in near if (pair := match(i, j, seen[i], seen[j]))]
    mirrored = np.zeros(len(frames), bool)
    tied = {k for pair in pairs for k in (pair.first, pair.second)}
    for k in (k for k in range(len(frames)) if k not in tied and tied):
        other = [(j if i == k else i) for i, j in near if k in (i, j)]
        flipped = features(frames[k], picture_of(frames[k], decode), mirrored=True)
        more = [p for j in other if j in tied and (p := match(k, j, flipped, seen[j]))]
        mirrored[k] = bool(more)
        pairs += more
    return pairs, mirrored


def _reach_m(frames: Sequence[MosaicFrame], heights: HeightModel) -> Floats:
    """Half the diagonal of the ground that each frame shows, by its stated height."""
    lon = np.array([frame.pose.position.lon for frame in frames])
    lat = np.array([frame.pose.position.lat for frame in frames])
    above = np.array([frame.pose.altitude_m for frame in frames]) - heights.height_m(lon, lat)
    stated = np.array([frame.height_m or 0.0 for frame in frames])
    high = np.maximum(np.maximum(above, stated), 10.0)
    diagonal = [np.hypot(f.camera.width_px, f.camera.height_px) / f.camera.focal_px for f in frames]
    return np.asarray(high * np.array(diagonal) / 2)


def _place(
    frames: Sequence[MosaicFrame],
    pairs: Sequence[Pair],
    stated: Complexes,
    mirrored: npt.NDArray[np.bool_],
) -> tuple[Network, npt.NDArray[np.bool_]]:
    """Where the tie points place the frames; whether all are mirrored."""
    tilts = [(f.pose.attitude.pitch_deg, 0.0) for f in frames]
    sigmas = np.array([max(1.0, frame.pose.horizontal_sigma_m) for frame in frames])
    ties = level_ties(pairs, tilts)
    straight = solve(stated, sigmas, ties)
    if not straight.tied.any() or straight.misfit < straight.tied.sum():
        return straight, mirrored
    turned = solve(stated, sigmas, [(i, j, -a.conj(), -b.conj()) for i, j, a, b in ties])
    if turned.misfit * MIRROR_LEAD < straight.misfit:
        return turned, mirrored ^ turned.tied
    return straight, mirrored


def _usable(pair: Pair, network: Network, mirrored: npt.NDArray[np.bool_]) -> bool:
    return bool(network.tied[pair.first]) and not (mirrored[pair.first] or mirrored[pair.second])


def _around(count: int, pairs: Sequence[Pair]) -> list[list[int]]:
    """For each frame those that it shares tie points with."""
    around: list[list[int]] = [[] for _ in range(count)]
    for pair in pairs:
        around[pair.first].append(pair.second)
        around[pair.second].append(pair.first)
    return around


def _best_places(stated: Complexes, network: Network, verdicts: Sequence[Verdict]) -> Complexes:
    """The stated places, but for frames that lie about theirs."""
    lies = [any(f.kind is FaultKind.POSITION for f in verdict.faults) for verdict in verdicts]
    return np.where(lies, network.places, stated)


def _checks(
    frames: Sequence[MosaicFrame],
    verdicts: Sequence[Verdict],
    pairs: Sequence[Pair],
    block: Adjusted | None,
    late: Sequence[OutOfTime],
) -> list[FrameCheck]:
    ties = np.zeros(len(frames), int)
    for pair in pairs:
        ties[[pair.first, pair.second]] += len(pair.a)
    clocks = {one.index: one for one in late}
    checks = []
    for k, (frame, verdict) in enumerate(zip(frames, verdicts, strict=True)):
        clock = clocks.get(k)
        faults = verdict.faults + ((_clock_fault(clock),) if clock else ())
        checks.append(
            FrameCheck(
                id=frame.id,
                stated=frame.pose,
                mended=verdict.mended,
                adjusted=block.poses[k] if block and ties[k] else verdict.mended,
                faults=faults,
                found=verdict.found,
                ties=int(ties[k]),
                unchecked="" if verdict.found else _why_unchecked(frame, len(frames), int(ties[k])),
                mended_at=clock.likely if clock else None,
            )
        )
    return checks


def _clock_fault(clock: OutOfTime) -> Fault:
    likely = f"more likely {clock.likely:%H:%M:%S}" if clock.likely else "nobody can say when"
    text = f"not taken at {clock.stated:%H:%M:%S}: no aircraft gets there then; {likely}"
    return Fault(kind=FaultKind.CLOCK, text=text)


def _why_unchecked(frame: MosaicFrame, count: int, ties: int) -> str:
    if count == 1:
        return "one frame alone cannot be checked"
    if abs(frame.pose.attitude.pitch_deg + 90.0) > WIDEST_TILT_DEG:
        return f"looks too far ahead to be checked: pitch {frame.pose.attitude.pitch_deg:.0f}"
    if ties:
        return "the positions lie too near each other to tell"
    return "shares no tie points with its neighbours"
