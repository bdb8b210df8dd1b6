"""How far one batch of points lies off others: GPS drift of a flight, pointing of a frame. Pure.

Points of one batch move together: all sightings of a flight share its GPS offset, all sightings of
a frame share the error of its attitude and height. The offset with which most points meet known
ones, weighed by how likely such an offset is, is found by letting every pair vote (pose clustering:
Stockman 1987, CVGIP 40, 361-387), and refined, with a small turn and stretch where the batch is
one frame, on all pairs that meet (least squares).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imagery.ground.rays import Floats

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

GATE = 13.82
"""Squared distance in standard deviations within which two points may be one: chi2(0.999, 2)."""

_TRIED = 8
"""Proposals with most votes that are followed to the end."""
_ROUNDS = 3
"""Of matching and refining: after three no simulated frame changed any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Points that share one unknown offset.

    Attributes:
        xy: (N, 2) metres east and north.
        sigma_m: (N,) standard deviation of each by itself, for one axis.
        offset_sigma_m: standard deviation of the shared offset, for one axis.
        apart: (N, N) which are known to be two things, such as spots of one photograph.
        turn_sigma: standard deviation of a turn (radians) and of a stretch (share) about the
            batch's middle, which a compass and a height make in a photograph; 0 for none.
    """

    xy: Floats
    sigma_m: Floats
    offset_sigma_m: float
    apart: Bools
    turn_sigma: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Known points that a batch may show again.

    Attributes:
        xy: (M, 2) metres; sigma_m: (M,) standard deviations for one axis.
        allowed: (N, M) which pairs may be one at all.
        extent_m: two exact points of one thing may lie so far apart.
        reach_m: points farther apart than this, once the offset is off, are never one.
    """

    xy: Floats
    sigma_m: Floats
    allowed: Bools
    extent_m: float
    reach_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What each point of a batch is (index of a target, -1 for none), and how far each lies off,
    (N, 2) metres east and north."""

    known: Ints
    moved_m: Floats


def fit(batch: Batch, targets: Targets) -> Fit:
    """The most likely offset and pairs; of equally likely ones the smallest offset."""
    count = len(batch.xy)
    best = Fit(known=np.full(count, -1), moved_m=np.zeros((count, 2)))
    if not count or not targets.allowed.any():
        return best
    scene, best_value = _Scene(batch, targets), -np.inf
    for proposed in scene.proposals():
        state = np.array([*proposed, 0.0, 0.0])
        known, _ = scene.pairs(state)
        for _ in range(_ROUNDS if batch.turn_sigma > 0.0 else 1):
            state = scene.refined(known)
            known, value = scene.pairs(state)
        if value > best_value + 1e-9:
            best_value, best = value, Fit(known=known, moved_m=scene.design @ state)
    return best


class _Scene:
    """The arrays of one fit."""

    def __init__(self, batch: Batch, targets: Targets) -> None:
        self.batch, self.targets = batch, targets
        self.difference = batch.xy[:, None] - targets.xy[None]
        self.design = design(batch.xy - batch.xy.mean(axis=0))
        self.variance = batch.sigma_m[:, None] ** 2 + targets.sigma_m[None] ** 2 + 1e-4

    def proposals(self) -> Floats:
        """(K, 2) offsets worth following: none, and those for which most pairs vote."""
        widest = np.sqrt(GATE) * self.batch.offset_sigma_m
        none = np.zeros((1, 2))
        if widest <= self.targets.extent_m / 4.0:  # the things are larger than a likely offset
            return none
        length = np.hypot(self.difference[..., 0], self.difference[..., 1])
        votes = self.difference[self.targets.allowed & (length <= widest)]
        if not len(votes):
            return none
        cell = max(1.5 * float(np.sqrt(self.variance.min())), self.targets.extent_m / 4.0)
        return np.vstack([none, self._elected(votes, cell)])

    def _elected(self, votes: Floats, cell: float) -> Floats:
        """The means of the cells that, with the eight round them, hold most votes."""
        cells = np.floor(votes / cell).astype(np.int64)
        names, index, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
        held = {(int(x), int(y)): int(n) for (x, y), n in zip(names, counts, strict=True)}
        ring = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        sums = np.zeros((len(names), 2))
        np.add.at(sums, index.ravel(), votes)
        means = sums / counts[:, None]
        score = [
            sum(held.get((int(x) + dx, int(y) + dy), 0) for dx, dy in ring) * GATE / 2.0
            for x, y in names
        ]
        rank = np.array(score) + np.array([self.prior(mean) for mean in means])
        order = np.lexsort((means[:, 1], means[:, 0], -rank))
        return np.asarray(means[order[:_TRIED]])

    def gains(self, state: Floats) -> Floats:
        """(N, M) what each pair is worth when it is one thing; -inf where it cannot be."""
        moved = self.difference - (self.design @ state)[:, None]
        metres = np.hypot(moved[..., 0], moved[..., 1])
        extent = self.targets.extent_m
        beyond = np.maximum(metres - extent / 2.0, 0.0)
        gain = GATE - beyond**2 / self.variance
        near = self.targets.allowed & (metres <= self.targets.reach_m)
        one = near & ((gain > 0.0) | (metres <= extent))
        return np.where(one, np.maximum(gain, 0.0) - 1e-3 * metres, -np.inf)

    def prior(self, state: Floats) -> float:
        """How likely an offset, turn and stretch are, on the scale of `gains`."""
        return -float(state**2 @ self._stiffness()[: len(state)])

    def _stiffness(self) -> Floats:
        return stiffness(self.batch.offset_sigma_m, self.batch.turn_sigma)

    def pairs(self, state: Floats) -> tuple[Ints, float]:
        """The pairs, best first; what is known to be two things stays two."""
        gain = self.gains(state)
        known = np.full(len(gain), -1)
        value = self.prior(state)
        rows, columns = np.nonzero(np.isfinite(gain))
        for k in np.lexsort((columns, rows, -gain[rows, columns])):
            row, column = rows[k], columns[k]
            if known[row] < 0 and not (self.batch.apart[row] & (known == column)).any():
                known[row] = column
                value += float(gain[row, column])
        return known, value

    def refined(self, known: Ints) -> Floats:
        """(4,) the most likely offset, turn and stretch given the pairs, errors being normal."""
        rows = np.flatnonzero(known >= 0)
        spread = (self.targets.extent_m / 4.0) ** 2
        weights = 1.0 / (self.variance[rows, known[rows]] + spread)
        lever = self.design[rows]
        normal = np.einsum("n,nai,naj->ij", weights, lever, lever) + np.diag(self._stiffness())
        right = np.einsum("n,nai,na->i", weights, lever, self.difference[rows, known[rows]])
        return np.asarray(np.linalg.solve(normal, right))


def design(arms: Floats) -> Floats:
    """(N, 2, 4) how an offset east and north, a turn and a stretch move points at (N, 2) metres
    from their middle."""
    made = np.zeros((len(arms), 2, 4))
    made[:, 0, 0] = made[:, 1, 1] = 1.0
    made[:, 0, 2], made[:, 1, 2] = -arms[:, 1], arms[:, 0]
    made[:, :, 3] = arms
    return made


def stiffness(offset_sigma_m: float, turn_sigma: float) -> Floats:
    """(4,) inverse variances of an offset, a turn and a stretch; a sigma of 0 allows none."""
    sigmas = np.array([offset_sigma_m] * 2 + [turn_sigma] * 2)
    return 1.0 / np.maximum(sigmas, 1e-6) ** 2


def adjusted(
    xy: Floats,
    weights: Floats,
    places: Ints,
    batches: Ints,
    sigma_m: Floats,
    turn_sigma: float = 0.0,
) -> tuple[Floats, Floats]:
    """Positions of places and displacements of batches that fit all sightings best, together.

    Each sighting is its place plus what its batch (flight or photograph) lies off. These are
    normal about zero, so that the average of the batches, not the first one, says where places
    are. Linear least squares; the places are eliminated (Schur complement), four unknowns are left
    for each batch.

    Args:
        xy: (S, 2) sightings; weights: (S,) inverse variances of each by itself.
        places, batches: (S,) numbers of the place and of the batch of each.
        sigma_m: (B,) standard deviation of each batch's offset for one axis.
        turn_sigma: as in `Batch`.

    Returns:
        (P, 2) places and (S, 2) by how much each sighting lies off, in metres.
    """
    total, count = int(places.max()) + 1, len(sigma_m)
    size = np.bincount(batches, minlength=count)[:, None].clip(1)
    middle = np.zeros((count, 2))
    np.add.at(middle, batches, xy)
    lever = design(xy - (middle / size)[batches])
    pull = weights[:, None, None] * lever
    normal = np.zeros((count, 4, count, 4))
    own = np.zeros((count, 4, 4))
    np.add.at(own, batches, np.einsum("nai,naj->nij", pull, lever))
    own[:, range(4), range(4)] += [stiffness(s, turn_sigma) for s in sigma_m]
    normal[range(count), :, range(count), :] = own
    coupling = np.zeros((total, count, 2, 4))
    np.add.at(coupling, (places, batches), pull)
    mass = np.bincount(places, weights=weights, minlength=total)
    sums = np.zeros((total, 2))
    np.add.at(sums, places, weights[:, None] * xy)
    right = np.zeros((count, 4))
    np.add.at(right, batches, np.einsum("nai,na->ni", pull, xy))
    flat = coupling.transpose(0, 2, 1, 3).reshape(2 * total, 4 * count)
    inverse = np.repeat(1.0 / mass, 2)
    reduced = normal.reshape(4 * count, 4 * count) - flat.T @ (inverse[:, None] * flat)
    state = np.linalg.solve(reduced, right.ravel() - flat.T @ (inverse * sums.ravel()))
    found = (sums.ravel() - flat @ state) * inverse
    moved = np.einsum("nai,ni->na", lever, state.reshape(count, 4)[batches])
    return found.reshape(total, 2), moved
