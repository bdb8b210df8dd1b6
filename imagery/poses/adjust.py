"""Block adjustment: small corrections of all poses at once, until tie points agree.

Each tie point goes from the one picture along its ray to the ground and from there into the other
picture; what it misses there, in pixels, is the residual. (In metres on the ground it would not
do: at height zero all metres vanish.) Stated poses hold the block by their own accuracy, robust
weights (Cauchy) let trees and wrong matches go, and the camera's focal length, its radial
distortion and, where no height model is given, a slope of the ground are solved along with it.
Gauss-Newton with Levenberg-Marquardt damping: Triggs et al., "Bundle adjustment - a modern
synthesis", 2000.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.geo import HeightModel
from core.pose import Pose
from imagery.ground.lens import Floats
from imagery.poses.block import SHARED, Block, Misses, Rays
from imagery.poses.frames import MosaicFrame
from imagery.poses.network import groups
from imagery.poses.ties import Pair

__all__ = ["Adjusted", "Misses", "adjust", "misses"]

TIE_PX = 1.5
"""Scale of the robust weights, pixels of the searched picture: SIFT finds a spot again to 0.5, the
rest is parallax of what stands on the ground."""
HOLD_OUT = 6
"""Every so many-th pair that the block can spare is kept back to check the result."""

_ROUNDS = 14
_STEP = np.array([0.01, 0.01, 0.01, 1e-5, 1e-5, 1e-5])


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted:
    """The block after the adjustment.

    Attributes:
        poses: for each frame, with the standard deviations that the block gives them.
        focal_scale: by what the focal lengths were multiplied.
        radial_k1: distortion beyond what the cameras state.
        slope: (east, north) rise of the ground, where no height model was given.
        ground: the height model, with that slope.
        before, after: of the pairs that took part; held_out: of those that did not, after. None
            without such pairs.
        used: pairs that took part; kept_out: pairs that did not.
    """

    poses: tuple[Pose, ...]
    focal_scale: float
    radial_k1: float
    slope: tuple[float, float]
    ground: HeightModel
    before: Misses
    after: Misses
    held_out: Misses | None
    used: int
    kept_out: int


def adjust(
    frames: Sequence[MosaicFrame],
    poses: Sequence[Pose],
    pairs: Sequence[Pair],
    heights: HeightModel,
    *,
    terrain_known: bool = False,
    hold_out: bool = True,
) -> Adjusted | None:
    """Adjust the poses of frames by their tie points.

    Args:
        poses: where to begin: right within some degrees (`selfcheck` brings them there).
        heights: the ground; ``terrain_known`` says that it is no mere level.

    Returns:
        None when there is no pair to adjust by.
    """
    if not pairs:
        return None
    kept, checks = _split(len(frames), pairs) if hold_out else (list(pairs), [])
    block = Block(frames, poses, heights, terrain_known)
    unknowns = np.zeros(6 * len(frames) + SHARED)
    before = block.misses(unknowns, pairs)
    unknowns, normal = _solve(block, unknowns, kept)
    return Adjusted(
        poses=block.poses(unknowns, normal),
        focal_scale=math.exp(unknowns[-4]),
        radial_k1=float(unknowns[-3]),
        slope=(float(unknowns[-2]), float(unknowns[-1])),
        ground=block.sloping(unknowns),
        before=before,
        after=block.misses(unknowns, kept),
        held_out=block.misses(unknowns, checks) if checks else None,
        used=len(kept),
        kept_out=len(checks),
    )


def misses(
    frames: Sequence[MosaicFrame],
    poses: Sequence[Pose],
    pairs: Sequence[Pair],
    heights: HeightModel,
) -> Misses | None:
    """How far the tie points of pairs disagree with poses; None without pairs."""
    if not pairs:
        return None
    block = Block(frames, poses, heights, terrain_known=True)
    return block.misses(np.zeros(6 * len(frames) + SHARED), pairs)


def _solve(block: Block, unknowns: Floats, pairs: Sequence[Pair]) -> tuple[Floats, Floats]:
    """Unknowns that minimise the robust cost, and the normal matrix there."""
    rays = block.rays(pairs)
    damping, scale = 1e-3, 16.0
    for k in range(_ROUNDS):
        scale = max(TIE_PX, scale * 0.6)
        rays = block.grounded(unknowns, rays)
        normal, gradient, cost = _normal(block, unknowns, rays, scale)
        for _ in range(6):
            step = np.linalg.solve(normal + damping * np.diag(np.diag(normal)), -gradient)
            if _cost(block, unknowns + step, rays, scale) <= cost:
                unknowns = unknowns + step
                damping = max(damping / 5, 1e-9)
                break
            damping *= 8
        moved = float(np.abs(step / block.sigmas).max())
        if k > 6 and moved < 1e-3:
            break
    return unknowns, _normal(block, unknowns, rays, scale)[0]


def _cost(block: Block, unknowns: Floats, rays: Rays, scale: float) -> float:
    squares = (block.residuals(unknowns, rays) ** 2).sum(axis=1) / scale**2
    return float(np.log1p(squares).sum() * scale**2 / TIE_PX**2 / 2) + float(
        ((unknowns / block.sigmas) ** 2).sum()
    )


def _normal(
    block: Block, unknowns: Floats, rays: Rays, scale: float
) -> tuple[Floats, Floats, float]:
    """Normal matrix, gradient and cost; the slopes are differences."""
    base = block.residuals(unknowns, rays)
    # each tie point is used both ways, hence half the weight
    weight = 0.5 / TIE_PX**2 / (1 + (base**2).sum(axis=1) / scale**2)
    own = unknowns[:-SHARED].reshape(-1, 6)
    mine, yours = np.empty((len(base), 2, 6)), np.empty((len(base), 2, 6))
    for k in range(6):
        step = np.zeros(6)
        step[k] = _STEP[k]
        moved = block.residuals(unknowns, rays, source=own[rays.source] + step)
        mine[:, :, k] = (moved - base) / _STEP[k]
        moved = block.residuals(unknowns, rays, target=own[rays.target] + step)
        yours[:, :, k] = (moved - base) / _STEP[k]
    shared = np.empty((len(base), 2, SHARED))
    for k in range(SHARED):
        there = unknowns.copy()
        there[k - SHARED] += 1e-5
        shared[:, :, k] = (block.residuals(there, rays) - base) / 1e-5
    normal = np.diag(1 / block.sigmas**2)
    gradient = unknowns / block.sigmas**2
    _add_up(normal, gradient, np.concatenate([mine, yours, shared], axis=2), base, weight, rays)
    return normal, gradient, _cost(block, unknowns, rays, scale)


def _add_up(
    normal: Floats, gradient: Floats, slopes: Floats, base: Floats, weight: Floats, rays: Rays
) -> None:
    """Add the tie points of each run of one pair to the normal equations."""
    change = np.flatnonzero(np.diff(rays.source) | np.diff(rays.target)) + 1
    total = len(gradient)
    tail = np.arange(total - SHARED, total)
    bounds = [0, *change.tolist(), len(base)]
    for start, end in pairwise(bounds):
        i, j = int(rays.source[start]), int(rays.target[start])
        where = np.concatenate([np.arange(6 * i, 6 * i + 6), np.arange(6 * j, 6 * j + 6), tail])
        rows = slopes[start:end].reshape(-1, 12 + SHARED)
        heavy = rows * np.repeat(weight[start:end], 2)[:, None]
        normal[np.ix_(where, where)] += rows.T @ heavy
        gradient[where] += heavy.T @ base[start:end].ravel()


def _split(count: int, pairs: Sequence[Pair]) -> tuple[list[Pair], list[Pair]]:
    """Pairs to adjust by and pairs to check with: of those without which the block would still
    hang together, every `HOLD_OUT`-th."""
    strong = sorted(pairs, key=lambda pair: -len(pair.a))
    tree: list[tuple[int, int]] = []
    spare: list[Pair] = []
    kept: list[Pair] = []
    leader = groups(count, tree)
    for pair in strong:
        if leader[pair.first] == leader[pair.second]:
            spare.append(pair)
            continue
        tree.append((pair.first, pair.second))
        kept.append(pair)
        leader = groups(count, tree)
    checks = spare[HOLD_OUT // 2 :: HOLD_OUT]
    return kept + [p for k, p in enumerate(spare) if k % HOLD_OUT != HOLD_OUT // 2], checks
