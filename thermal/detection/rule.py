"""What counts as a find, and what a find is, as values."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from core.errors import InvalidInput


class Kind(StrEnum):
    """Which way it differs. A rule may want either; a place is hot or cold."""

    HOT = "hot"
    COLD = "cold"
    EITHER = "either"


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionRule:
    """What counts as a find of one event type.

    Attributes:
        floor_c: the peak must be at least this hot (or, for cold, at most this cold).
        low_c, high_c: the peak must lie between them, whichever way it differs.
        contrast_k: smallest difference between the peak and the ring's median.
        min_px, max_px: area at half the contrast, in pixels of the stored frame.
        min_m, max_m: diameter of a disc of that area on the ground. Where the size of a pixel on
            the ground is known (`at`), they take the place of min_px and max_px.
        z: smallest contrast in units of the ring's spread.
        isolation_k: smallest rise above the highest of eight directions around; 0 asks for none.
        step_k: smallest rise of the disc that fits best above its own rim; 0 asks for none. Rules
            that ask for isolation look with it; the others look with a top-hat.
        roundness: smallest roundness (`Hotspot`), 0 to 1; 0 asks for none.
        shore_k: smallest difference from the water along a bank, warmer or colder, where the bank
            of mapped water is in the frame (`shoreline`); 0: not looked for along banks.
        scale: name of the classes in `severity.SCALES` that grade a find; "" for none.
        severity: 1 to 4, 4 the most severe; of several matching rules the most severe wins.
    """

    kind: Kind = Kind.HOT
    floor_c: float | None = None
    low_c: float | None = None
    high_c: float | None = None
    contrast_k: float = 8.0
    min_px: float = 1.0
    max_px: float = 4000.0
    min_m: float | None = None
    max_m: float | None = None
    z: float = 5.0
    isolation_k: float = 0.0
    step_k: float = 0.0
    roundness: float = 0.0
    shore_k: float = 0.0
    scale: str = ""
    severity: int = 2

    def __post_init__(self) -> None:
        low, high = _or(self.low_c, -math.inf), _or(self.high_c, math.inf)
        small, large = _or(self.min_m, 0.0), _or(self.max_m, math.inf)
        numbers = [self.contrast_k, self.z, self.min_px, self.max_px, self.isolation_k, self.step_k]
        numbers.append(self.shore_k)
        sound = (
            not any(math.isnan(n) for n in (*numbers, low, high, small, large))
            and self.contrast_k > 0
            and min(self.z, self.isolation_k, self.step_k, self.shore_k) >= 0
            and 0 <= self.roundness <= 1
            and 0 < self.min_px <= self.max_px
            and 0 <= small <= large
            and low < high
        )
        if not sound:
            raise InvalidInput(
                f"contrast {self.contrast_k}, z {self.z}, size {self.min_px} to {self.max_px} px, "
                f"{small} to {large} m, band {low} to {high} C, roundness {self.roundness}",
                where="detection rule",
                remedy="contrast above 0, z at least 0, 0 < min_px <= max_px, min_m <= max_m, "
                "low_c < high_c, roundness 0 to 1",
            )
        if self.kind is Kind.EITHER and self.floor_c is not None:
            raise InvalidInput(
                "a floor for either sign has no meaning",
                where="detection rule",
                remedy="use low_c and high_c",
            )

    def at(self, gsd_m: float | None) -> "DetectionRule":
        """This rule for frames whose pixels are so large on the ground; itself where unknown.

        A thing's image is up to a pixel wider than the thing (blur and sampling), and one may be
        lost at its edge, so the bounds are eased by one pixel of diameter each way.
        """
        if gsd_m is None or not 0 < gsd_m < math.inf:
            return self
        small, large = self.min_px, self.max_px
        if self.min_m is not None:
            small = max(1.0, _disc(self.min_m / gsd_m - 1.0))
        if self.max_m is not None:
            large = max(small, _disc(self.max_m / gsd_m + 1.0))
        return replace(self, min_px=small, max_px=max(small, large))

    @classmethod
    def from_mapping(
        cls, values: Mapping[str, Any], *, severity: int = 2, where: str = "detection rule"
    ) -> "DetectionRule":
        """A rule from a preset's data.

        ``kind`` is "hot", "cold" or "either" (or a number, cold below 0), ``scale`` a name; the
        other keys are the fields, all numbers.

        Raises:
            InvalidInput: an unknown key or a value that is no number.
        """
        known = {f.name for f in fields(cls)}
        unknown = set(values) - known
        if unknown:
            raise InvalidInput(
                f"unknown parameter {sorted(unknown)[0]!r}",
                where=where,
                remedy=f"known are {', '.join(sorted(known))}",
            )
        given: dict[str, Any] = {"severity": severity}
        for name, value in values.items():
            if name == "kind":
                given[name] = _kind(value, where)
            elif name == "scale" and isinstance(value, str):
                given[name] = value
            elif name in _OPTIONAL and value is None:
                given[name] = None
            elif isinstance(value, int | float) and not isinstance(value, bool):
                given[name] = int(value) if name == "severity" else float(value)
            else:
                raise InvalidInput(f"{name} is {value!r}, no number", where=where)
        return cls(**given)

    def admits(self, spot: "Hotspot") -> bool:
        """Whether a measured place is a find by this rule."""
        return (
            self.kind in (spot.kind, Kind.EITHER)
            and spot.contrast_k >= self.contrast_k
            and spot.score >= self.z
            and self.min_px <= spot.area_px <= self.max_px
            and spot.isolation_k >= self.isolation_k
            and spot.step_k >= self.step_k
            and spot.roundness >= self.roundness
            and self._warm_enough(spot)
        )

    def _warm_enough(self, spot: "Hotspot") -> bool:
        if not _or(self.low_c, -math.inf) <= spot.peak_c <= _or(self.high_c, math.inf):
            return False
        if self.floor_c is None:
            return True
        hot = self.kind is Kind.HOT
        return spot.peak_c >= self.floor_c if hot else spot.peak_c <= self.floor_c


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotspot:
    """A place that differs from its surroundings (colder ones too).

    Attributes:
        row, col: of the centre of the area, in pixels of the frame; the corner is 0, 0, so the
            middle of the first pixel is 0.5, 0.5.
        peak_c: the extreme temperature; background_c: median of the ring round it.
        contrast_k: their difference, always positive.
        score: contrast in units of the ring's spread.
        area_px: pixels beyond half the contrast, connected with the peak.
        isolation_k, step_k: rise above the highest of eight directions and above its own rim; 0
            where no rule asked for them.
        roundness: moment of inertia of a disc of the same area over that of the area: 1 for a disc
            or a square, 0.7 for an ellipse 2.4 times as long as wide (Hu's first invariant,
            IRE Trans. Inf. Theory 8, 1962, as a ratio). Pixels make tiny things round.
        peak_at: row and column of the extreme pixel, counted from 0; None where not measured.
        pattern_severity: the class, 1 to 4, that its pattern alone puts it in, as a substring that
            conducts through its diode; 0 where only its temperatures count.
    """

    row: float
    col: float
    peak_c: float
    background_c: float
    contrast_k: float
    score: float
    area_px: int
    kind: Kind = Kind.HOT
    isolation_k: float = 0.0
    step_k: float = 0.0
    roundness: float = 1.0
    peak_at: tuple[int, int] | None = None
    pattern_severity: int = 0


_OPTIONAL = ("floor_c", "low_c", "high_c", "min_m", "max_m")


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _disc(diameter: float) -> float:
    """Area of a disc; 0 for what has no diameter."""
    return math.pi / 4 * max(diameter, 0.0) ** 2


def _kind(value: Any, where: str) -> Kind:
    if isinstance(value, int | float):
        return Kind.COLD if value < 0 else Kind.HOT
    try:
        return Kind(value)
    except ValueError as error:
        raise InvalidInput(
            f"kind is {value!r}", where=where, remedy='use "hot", "cold" or "either"'
        ) from error


GENERAL_RULE = DetectionRule(contrast_k=6.0, z=2.0, isolation_k=4.0, step_k=8.0, roundness=0.74)
"""Anything compact that stands out, when nobody says what is looked for: 4 K above all eight
directions, 8 K above its own rim, no more than about twice as long as wide. docs/detection.md says
on which frames it was weighed, and has the recall and the alarms."""

SENSITIVE_RULE = replace(GENERAL_RULE, contrast_k=3.0, isolation_k=2.0, step_k=4.0)
"""For somebody who looks through all of them: half the general rule's kelvins, many times its
alarms (figures in docs/detection.md)."""
