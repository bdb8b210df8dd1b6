"""What kinds of change look like: how small, how large, how exact, in what light.

An event type of the catalogue names one of these as its `change`.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is looked for.

    Attributes:
        work_gsd_m: pictures are compared at this ground resolution at the finest.
        min_area_m2, max_area_m2: of a change; the smallest is also at least `min_px` pixels.
        slow_share: differences wider than this share of the picture count as light; 0 for none.
        radius_px: registration may leave so much at edges, in pixels of the comparison.
        strength: units of the ordinary difference at which a pixel counts.
        afloat: only small things brighter than the dark, smooth water round them.
        kinds: which of "new", "gone" and "altered" count.
    """

    work_gsd_m: float
    min_area_m2: float
    max_area_m2: float
    min_px: int = 12
    slow_share: float = 0.25
    radius_px: int = 3
    strength: float = 4.0
    afloat: bool = False
    kinds: frozenset[str] = frozenset({"new", "gone", "altered"})


PROFILES: Mapping[str, Profile] = {
    # a shed or a container is 2 m2 at least; what is built stands out from what was there
    "structure": Profile(work_gsd_m=0.05, min_area_m2=0.8, max_area_m2=5000.0),
    # rafts of litter from half a square metre; water itself never looks the same twice
    "debris": Profile(
        work_gsd_m=0.03,
        min_area_m2=0.3,
        max_area_m2=400.0,
        min_px=8,
        radius_px=5,
        afloat=True,
        kinds=frozenset({"new"}),
    ),
    # a field that is dug up, built on or planted otherwise: colour and texture over an area
    "land": Profile(
        work_gsd_m=0.3, min_area_m2=25.0, max_area_m2=1e6, slow_share=0.0, radius_px=2, strength=3.0
    ),
    # rock on a road, a slide, damage to a wall: small, any sign
    "damage": Profile(work_gsd_m=0.03, min_area_m2=0.3, max_area_m2=2000.0),
}
"""By name; sizes are this project's choice, from what the event types are about."""
