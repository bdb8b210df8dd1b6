"""Things in the world as a camera meets them: round or square patches of a warmth and a colour."""

from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    """How it looks from above in the visible."""

    NONE = "none"
    DISC = "disc"
    BOX = "box"
    CROSS = "cross"
    SMOKE = "smoke"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """What is drawn: a disc of one temperature, a shape of one colour.

    Attributes:
        celsius: surface temperature, None if it does not differ from the ground.
        bgr: colour, None if it cannot be told from the ground.
    """

    lon: float
    lat: float
    altitude_m: float
    radius_m: float
    celsius: float | None = None
    bgr: tuple[int, int, int] | None = None
    shape: Shape = Shape.DISC
    thing: str = ""
