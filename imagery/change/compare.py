"""Two looks at one place compared: a recipe of registration, light, relief and regions."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from imagery.change.differ import Floats, Mask, difference, lab, least, same_light
from imagery.change.profiles import PROFILES, Profile
from imagery.change.regions import Candidate, candidates
from imagery.change.register import Matrix, Registration, register
from imagery.change.relief import follow, relief

Picture = npt.NDArray[np.uint8]

WORK_WIDTH_PX = 1000
"""Pictures are compared at this width at most: finer, registration errors look like change."""
MIN_SCORE = 0.3
"""At least three in ten of such regions were real in the campaign, where most pairs had far more
parallax than two visits along one route; docs/review.md says what other values give."""
_EDGE_PX = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRegion:
    """Where the later picture differs, in pixels of the earlier one.

    Attributes:
        score: 0 to 1: the share of such regions that were real in the campaign (docs/review.md).
        strength: difference in units of the ordinary difference between the two pictures.
        kind: "new" (stands out only now), "gone" (stood out only then) or "altered".
        brighter: whether the later picture is brighter there.
        bbox: (left, top, width, height); centre: (column, row).
        area_m2: None where the ground resolution is not known.
    """

    score: float
    strength: float
    kind: str
    brighter: bool
    bbox: tuple[int, int, int, int]
    centre: tuple[float, float]
    area_px: float
    area_m2: float | None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The regions, highest score first, and how well the two pictures could be matched.

    Attributes:
        transform: (3, 3) homography from pixels of the later picture to the earlier one's.
        correlation: of the two after registration, -1 to 1.
        overlap: share of the earlier picture that the later one shows.
        matches: features that agree on the transform; 0 for none (pose or phase alone).
        unsure: share of the overlap where relief (trees, roofs seen from elsewhere) leaves only
            large or foreign things to be found.
    """

    regions: tuple[ChangeRegion, ...]
    transform: npt.NDArray[np.float64]
    correlation: float
    overlap: float
    matches: int
    unsure: float


class Aligned:
    """Two pictures brought together; profiles look at them in turn.

    Args:
        before, after: (H, W, 3) uint8 BGR, or (H, W) grey.
        gsd_m: metres a pixel of `before` covers, or None.
        guess: (3, 3) from the poses, pixels of `after` to `before` (`imagery.change.poses`).

    Raises:
        InvalidInput: they do not show the same place.
    """

    def __init__(
        self,
        before: Picture,
        after: Picture,
        *,
        gsd_m: float | None = None,
        guess: Matrix | None = None,
    ) -> None:
        self.before, self.after, self.gsd_m = _coloured(before), _coloured(after), gsd_m
        self.registration = self._registered(guess)

    def compare(self, profile: Profile, min_score: float = MIN_SCORE) -> Comparison:
        """The changes that a profile describes."""
        scale = self._scale(profile)
        first, second, valid, flow = self._in_one_light(scale, profile)
        straight = difference(first, second, valid, profile.radius_px)
        followed = difference(first, follow(second, flow), valid, profile.radius_px)
        found = least(straight, followed)
        plain = np.maximum(straight.new, straight.gone)
        per_px = None if self.gsd_m is None else (self.gsd_m / scale) ** 2
        regions = [
            _region(each, scale, per_px)
            for each in candidates(first, second, flow, found, plain, valid, profile)
            if each.score >= min_score and _wanted(each, profile, per_px)
        ]
        moved = np.linalg.norm(flow, axis=2)[valid]
        return Comparison(
            regions=tuple(sorted(regions, key=lambda r: -r.score)),
            transform=self.registration.move,
            correlation=self.registration.correlation,
            overlap=self.registration.overlap,
            matches=self.registration.matches,
            unsure=float((moved > 0.006 * first.shape[1]).mean()) if len(moved) else 0.0,
        )

    def _scale(self, profile: Profile) -> float:
        fine = 1.0 if self.gsd_m is None else self.gsd_m / profile.work_gsd_m
        return min(1.0, fine, WORK_WIDTH_PX / self.before.shape[1])

    def _registered(self, guess: Matrix | None) -> Registration:
        scales = [min(1.0, WORK_WIDTH_PX / p.shape[1]) for p in (self.before, self.after)]
        small = [
            cv2.cvtColor(_resized(p, s), cv2.COLOR_BGR2GRAY)
            for p, s in zip((self.before, self.after), scales, strict=True)
        ]
        one, two = (np.diag([s, s, 1.0]) for s in scales)
        start = None if guess is None else one @ guess @ np.linalg.inv(two)
        found = register(np.asarray(small[0]), np.asarray(small[1]), start)
        whole = np.linalg.inv(one) @ found.move @ two
        return Registration(
            move=whole / whole[2, 2],
            correlation=found.correlation,
            overlap=found.overlap,
            matches=found.matches,
        )

    def _in_one_light(self, scale: float, profile: Profile) -> tuple[Floats, Floats, Mask, Floats]:
        """Both in L* a* b* at the working scale, where both show ground, and the relief's flow."""
        small = _resized(self.before, scale)
        size = (small.shape[1], small.shape[0])
        zoom = np.diag([scale, scale, 1.0])
        moved = _warped(self.after, zoom @ self.registration.move, size)
        ones = np.full(self.after.shape[:2], 255, np.uint8)
        shown = cv2.warpPerspective(ones, zoom @ self.registration.move, size)
        valid = cv2.erode(shown, np.ones((_EDGE_PX, _EDGE_PX), np.uint8)) == 255
        first = lab(small)
        second = same_light(first, lab(moved), valid, profile.slow_share)
        grays = [np.clip(p[..., 0] * 2.55, 0, 255).astype(np.uint8) for p in (first, second)]
        flow = relief(grays[0], grays[1], valid)
        return first, second, valid, flow


def compare(
    before: Picture,
    after: Picture,
    *,
    gsd_m: float | None = None,
    guess: Matrix | None = None,
    profile: Profile = PROFILES["structure"],
    min_score: float = MIN_SCORE,
) -> Comparison:
    """Compare two looks at one place; arguments as for `Aligned`.

    Raises:
        InvalidInput: the pictures cannot be brought together.
    """
    return Aligned(before, after, gsd_m=gsd_m, guess=guess).compare(profile, min_score)


def _wanted(each: Candidate, profile: Profile, per_px: float | None) -> bool:
    if each.light_only or each.kind not in profile.kinds or (profile.afloat and not each.afloat):
        return False
    return per_px is None or profile.min_area_m2 <= each.area_px * per_px <= profile.max_area_m2


def _region(each: Candidate, scale: float, per_px: float | None) -> ChangeRegion:
    x, y, w, h = each.bbox
    return ChangeRegion(
        score=each.score,
        strength=each.strength,
        kind=each.kind,
        brighter=each.brighter,
        bbox=(
            round(x / scale),
            round(y / scale),
            max(1, round(w / scale)),
            max(1, round(h / scale)),
        ),
        centre=(each.centre[0] / scale, each.centre[1] / scale),
        area_px=each.area_px / scale**2,
        area_m2=None if per_px is None else each.area_px * per_px,
    )


def _coloured(picture: Picture) -> Picture:
    return picture if picture.ndim == 3 else np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))


def _resized(picture: Picture, scale: float) -> Picture:
    if scale >= 1.0:
        return picture
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _warped(picture: Picture, move: Matrix, size: tuple[int, int]) -> Picture:
    """Warped; shrunk by area first where it shrinks by more than half, against aliasing."""
    shrink = float(np.sqrt(abs(np.linalg.det(move[:2, :2]))))
    if shrink < 0.5:
        small = _resized(picture, 2 * shrink)
        move = move @ np.diag(
            [picture.shape[1] / small.shape[1], picture.shape[0] / small.shape[0], 1]
        )
        picture = small
    return np.asarray(cv2.warpPerspective(picture, move, size, flags=cv2.INTER_LINEAR), np.uint8)
