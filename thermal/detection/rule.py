"""What counts as a find, and what a find is, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from core.errors import InvalidInput


class Kind(StrEnum):
    """Which way it differs."""

    HOT = "hot"
    COLD = "cold"


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionRule:
    """What counts as a find of one event type. Sizes are in pixels of the stored frame.

    Attributes:
        floor_c: the peak must be at least this hot (or, for cold, at most this cold).
        contrast_k: smallest difference between the peak and the ring's median.
        min_px, max_px: area at half the contrast.
        z: smallest contrast in units of the ring's spread.
        isolation_k: smallest rise above the highest of eight directions around; 0 asks for none.
        severity: 1 to 4, 4 the most severe; of several matching rules the most severe wins.
    """

    kind: Kind = Kind.HOT
    floor_c: float | None = None
    contrast_k: float = 8.0
    min_px: float = 1.0
    max_px: float = 4000.0
    z: float = 5.0
    isolation_k: float = 0.0
    severity: int = 2

    def __post_init__(self) -> None:
        if not (self.contrast_k > 0 and self.z >= 0 and 0 < self.min_px <= self.max_px):
            raise InvalidInput(
                f"contrast {self.contrast_k}, z {self.z}, size {self.min_px} to {self.max_px}",
                where="detection rule",
                remedy="contrast above 0, z at least 0, 0 < min_px <= max_px",
            )

    @classmethod
    def from_mapping(
        cls, values: Mapping[str, Any], *, severity: int = 2, where: str = "detection rule"
    ) -> "DetectionRule":
        """A rule from a preset's data.

        ``kind`` is "hot" or "cold" (or a number, cold below 0); the other keys are the fields.

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
            elif name == "floor_c" and value is None:
                given[name] = None
            elif isinstance(value, int | float) and not isinstance(value, bool):
                given[name] = int(value) if name == "severity" else float(value)
            else:
                raise InvalidInput(f"{name} is {value!r}, no number", where=where)
        return cls(**given)

    def admits(self, spot: "Hotspot") -> bool:
        """Whether a measured place is a find by this rule."""
        if spot.kind is not self.kind or spot.contrast_k < self.contrast_k or spot.score < self.z:
            return False
        if not self.min_px <= spot.area_px <= self.max_px:
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
    """

    row: float
    col: float
    peak_c: float
    background_c: float
    contrast_k: float
    score: float
    area_px: int
    kind: Kind = Kind.HOT


def _kind(value: Any, where: str) -> Kind:
    if isinstance(value, int | float):
        return Kind.COLD if value < 0 else Kind.HOT
    try:
        return Kind(value)
    except ValueError as error:
        raise InvalidInput(
            f"kind is {value!r}", where=where, remedy='use "hot" or "cold"'
        ) from error
