"""A long route flown in sorties that each fit the endurance, from one dock or several.

A sortie is a dock, a transfer round the zones, a piece of the route, and the way home. Pieces are
cut at photographs, see `planner.sorties.cutting`: together they take each photograph of the route.

Fewest sorties: each goes on to the last photograph from which it still gets home. That is optimal:
a part of a piece that fits, fits too (straight transfers are never longer than the path between:
in a steady wind flying times obey the triangle inequality, Zermelo), so any set of sorties can be
moved forward onto the greedy cuts one by one without needing another. Then the time that the
longest may take is lowered as far as the number of sorties allows, which balances them.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.energy import CALM, Wind, climb_s, descent_s, route_s
from core.equipment import VehicleSpec
from core.errors import InvalidInput
from core.geo import LonLat
from core.route import Route
from planner.routes.airspace import Airspace
from planner.sorties.costs import Costs, out_and_back
from planner.sorties.cutting import piece

ROUNDING_S = 0.5
"""Kept free: the parts of a leg that is cut sum up to the whole but for rounding."""
MOST = 500
"""Sorties of one route at most; more is a mistake in the units."""
_HALVINGS = 30
_TRIES = 20


@dataclass(frozen=True, kw_only=True)
class Sortie:
    """One flight of a route.

    Attributes:
        dock: index of the dock that it leaves and comes back to.
        route: transfers included, from dock to dock.
        first_photo, last_photo: numbers in the whole route, from 0.
        seconds: of endurance, from take-off to landing.
    """

    dock: int
    route: Route
    first_photo: int
    last_photo: int
    seconds: float


def sorties(
    route: Route,
    docks: Sequence[LonLat],
    spec: VehicleSpec,
    *,
    wind: Wind = CALM,
    sky: Airspace | None = None,
    overlap: int = 0,
    finish: Callable[[Route], Route] | None = None,
) -> tuple[Sortie, ...]:
    """The fewest sorties that take every photograph of a route, evenly long.

    Args:
        docks: the nearest that reaches furthest flies each sortie.
        spec: ``usable_s`` is what a sortie may take; see `core.power.loaded` for age and payload.
        sky: transfers go round what it blocks; straight when None.
        overlap: photographs that each sortie takes again of the one before.
        finish: done to each sortie's route before it is measured, such as following the ground.

    Raises:
        InvalidInput: no photographs or docks, a wind or zone that lets nobody through, or a
            photograph that no dock reaches and comes home from.
    """
    if not docks or not route.shots or overlap < 0:
        what = "no dock" if not docks else "no photographs" if not route.shots else "no overlap"
        raise InvalidInput(f"there is {what} to fly from or for", where="sorties")
    cutter = _Cutter(Costs(route, docks, spec, wind, sky), overlap, finish)
    return tuple(cutter.made(cut) for cut in cutter.balanced(spec.usable_s - ROUNDING_S))


Cut = tuple[int, int, int]
"""A sortie's first and last photograph and its dock."""


@dataclass(frozen=True, eq=False)
class _Cutter:
    """Cuts a route into sorties, and remembers what was measured.

    Attributes:
        finish: done to a sortie's route before it is measured; None for nothing.
    """

    costs: Costs
    overlap: int
    finish: Callable[[Route], Route] | None
    _made: dict[Cut, Sortie] = field(default_factory=dict)

    def greedy(self, limit: float, most: int) -> list[Cut] | None:
        """The fewest sorties within a time; None if a photograph does not fit, or over ``most``."""
        cuts: list[Cut] = []
        first = 0
        while not cuts or cuts[-1][1] < len(self.costs.start) - 1:
            cut = self._longest(first, limit)
            if cut is None or len(cuts) == most or (cuts and cut[1] <= cuts[-1][1]):
                return None
            cuts.append(cut)
            first = max(first + 1, cut[1] + 1 - self.overlap)
        return cuts

    def _longest(self, first: int, limit: float) -> Cut | None:
        """The longest sortie that begins with a photograph, and what is done to it still fits."""
        room = limit
        for _ in range(_TRIES):
            found = self.costs.furthest(first, room)
            if found is None or self.finish is None:
                return found and (first, *found)
            seconds = self.made((first, *found)).seconds
            if seconds <= limit:
                return (first, *found)
            room *= 0.999 * limit / seconds
        return None

    def made(self, cut: Cut) -> Sortie:
        """The flight of a cut, measured as plans measure it."""
        if cut not in self._made:
            costs, (first, last, dock) = self.costs, cut
            whole = out_and_back(piece(costs.route, first, last), costs.docks[dock], costs.sky)
            whole = self.finish(whole) if self.finish is not None else whole
            seconds = (
                climb_s(whole.waypoints[0].height_m, costs.spec)
                + route_s(whole, costs.spec, costs.wind)
                + descent_s(whole.waypoints[-1].height_m, costs.spec)
            )
            self._made[cut] = Sortie(
                dock=dock, route=whole, first_photo=first, last_photo=last, seconds=seconds
            )
        return self._made[cut]

    def balanced(self, limit: float) -> list[Cut]:
        """As many sorties as needed, the longest as short as that number allows; where measuring
        is dear, a little above the mean.

        Raises:
            InvalidInput: a photograph cannot be reached.
        """
        best = self.greedy(limit, MOST)
        if best is None:
            raise _unreached(self.costs, limit)
        if self.finish is not None:
            mean = sum(self.made(c).seconds for c in best) / len(best)
            tried = (self.greedy(min(limit, k * mean), len(best)) for k in (1.01, 1.03, 1.06))
            return next((found for found in tried if found is not None), best)
        low, high = limit / 100, limit
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            found = self.greedy(middle, len(best))
            if found is None:
                low = middle
            else:
                best, high = found, middle
        return best


def _unreached(costs: Costs, limit: float) -> InvalidInput:
    alone = (costs.out + costs.back).min(axis=0) + costs.end - costs.start
    worst = int(np.argmax(alone))
    spot = costs.route.shots[worst].position
    if alone[worst] <= limit:
        what = (
            f"the route needs more than {MOST} sorties, the overlap leaves no progress, or what is "
            "done to sorties takes too long"
        )
    elif math.isinf(alone[worst]):
        what = f"no dock has a way to photograph {worst} at {spot.lon:.6f}, {spot.lat:.6f}"
    else:
        what = (
            f"photograph {worst} at {spot.lon:.6f}, {spot.lat:.6f} takes "
            f"{alone[worst] / 60:.1f} min out and back, {limit / 60:.1f} min may be flown"
        )
    return InvalidInput(what, where="sorties", remedy="add a dock nearer to it, or more endurance")
