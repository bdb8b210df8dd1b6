"""Carries faults out: what strikes which vehicle and which dock at this moment.

`Troubles.update` is called once in every step; it looks at the faults only when one of them may
begin or end. What packets suffer is done in `sim.packets`, what docks suffer in `sim.dock`.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from sim.faults import BODIES, DOCKS, PACKETS, Fault, Kind, Phase
from sim.state import Hurt
from sim.world import Dock

Floats = npt.NDArray[np.float64]

RECOVER_S = 20.0
"""A position that has drifted comes back with this time constant."""
LOST_DRIFT_MPS = 1.0
"""Without satellites the believed place drifts so fast (low-cost inertial sensors)."""


@dataclass(slots=True)
class _Armed:
    """A fault, whom it may strike, and since when its seconds count for each of them."""

    fault: Fault
    targets: npt.NDArray[np.intp]
    since_s: Floats
    """NaN until the vehicle has entered the phase."""

    def active(self, now_s: float) -> npt.NDArray[np.intp]:
        """Whom it strikes now."""
        passed = now_s - self.since_s
        return self.targets[(passed >= self.fault.from_s) & (passed < self.fault.to_s)]

    def next_s(self, now_s: float) -> float:
        """When it begins or ends next."""
        edges = np.concatenate([self.since_s + self.fault.from_s, self.since_s + self.fault.to_s])
        later = edges[np.isfinite(edges) & (edges > now_s)]
        return float(later.min()) if later.size else math.inf


class Troubles:
    """Everything that is wrong now.

    Attributes:
        hurt: what the bodies feel.
        changed: vehicles whose faults changed in the last `update`.
        striking: the faults that strike somebody now.

    Raises:
        InvalidInput: a fault names no vehicle or dock of this world.
    """

    def __init__(self, docks: Sequence[Dock], seed: int, faults: Iterable[Fault] = ()) -> None:
        self._docks = docks
        self._n = len(docks)
        self._names = _names(docks)
        rng = np.random.default_rng([seed, 82])
        angle = rng.uniform(0.0, 2 * math.pi, self._n)
        self._east, self._north = np.sin(angle), np.cos(angle)
        self._photos = np.random.default_rng([seed, 81])
        self.hurt = Hurt.none(self._n)
        self.hurt.odd_cell[:] = rng.integers(0, 6, self._n)
        self._drift_m = np.zeros(self._n)
        self._armed: list[_Armed] = []
        self._amounts: dict[Kind, Floats] = {}
        self._next_s = -math.inf
        self.changed: list[int] = []
        self.striking: frozenset[Fault] = frozenset()
        for fault in faults:
            self.strike(fault)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All that were given, past ones included."""
        return tuple(a.fault for a in self._armed)

    @property
    def awaits_phases(self) -> bool:
        """Whether some fault waits for a vehicle to enter a phase."""
        return any(a.fault.phase is not None and np.isnan(a.since_s).any() for a in self._armed)

    def strike(self, fault: Fault) -> None:
        """Arm one more fault; it may be for a time that has begun.

        Raises:
            InvalidInput: it names no vehicle or dock of this world.
        """
        targets = self._targets(fault)
        since = np.full(len(targets), math.nan if fault.phase is not None else 0.0)
        self._armed.append(_Armed(fault, targets, since))
        self._next_s = -math.inf

    def enter(self, index: int, phase: Phase, now_s: float) -> None:
        """A vehicle is in a phase now; the first time counts."""
        for armed in self._armed:
            if armed.fault.phase is phase:
                mine = (armed.targets == index) & np.isnan(armed.since_s)
                if mine.any():
                    armed.since_s[mine] = now_s
                    self._next_s = -math.inf

    def update(self, now_s: float, dt_s: float) -> None:
        """Let faults begin and end, and go on with those that grow."""
        self.changed = []
        if now_s >= self._next_s:
            self._renew(now_s)
        self._wander(dt_s)

    def amount(self, kind: Kind) -> Floats | None:
        """Amounts (N,) of a kind, 0 where it does not strike; None if it strikes nobody."""
        return self._amounts.get(kind)

    def of(self, kind: Kind, index: int) -> float:
        """The amount at one vehicle (a dock's: at its own vehicle's number); 0 if none."""
        amounts = self._amounts.get(kind)
        return 0.0 if amounts is None else float(amounts[index])

    def world(self, kind: Kind) -> float:
        """The amount of a fault of the weather."""
        return self.of(kind, 0) if self._n else 0.0

    def dock(self, kind: Kind | str, dock: str) -> float:
        """The amount at a dock of this name; 0 if none."""
        return self.of(Kind(kind), self._names[dock])

    def at_dock(self, dock: str) -> frozenset[str]:
        """The kinds of faults that strike a dock now."""
        return frozenset(str(k) for k in DOCKS if self.dock(k, dock))

    @property
    def packets(self) -> bool:
        """Whether any packets suffer now."""
        return any(k in self._amounts for k in PACKETS)

    def loses_photo(self, index: int) -> bool:
        """Whether this photograph never reaches the link."""
        share = self.of(Kind.UPLOAD_LOSS, index)
        return share > 0 and float(self._photos.random()) < share

    def _renew(self, now_s: float) -> None:
        before = self._amounts
        self._amounts = {}
        self._next_s = math.inf
        striking = set()
        for armed in self._armed:
            struck = armed.active(now_s)
            self._next_s = min(self._next_s, armed.next_s(now_s))
            if struck.size:
                striking.add(armed.fault)
                amounts = self._amounts.setdefault(armed.fault.kind, np.zeros(self._n))
                size = armed.fault.size
                stronger = np.abs(amounts[struck]) < abs(size)
                amounts[struck[stronger]] = size
        self.striking = frozenset(striking)
        none = np.zeros(self._n)
        different = np.zeros(self._n, bool)
        for kind in {*before, *self._amounts} & BODIES:
            different |= before.get(kind, none) != self._amounts.get(kind, none)
        self.changed = np.flatnonzero(different).tolist()
        self._hurt(none)

    def _hurt(self, none: Floats) -> None:
        hurt, amounts = self.hurt, self._amounts
        hurt.compass_deg = amounts.get(Kind.COMPASS, none)
        hurt.thrust_lost = amounts.get(Kind.MOTOR, none)
        hurt.cell_factor = np.maximum(amounts.get(Kind.CELL, none), 1.0)
        hurt.icing_per_s = amounts.get(Kind.ICING, none) / 60.0
        hurt.blocked = amounts.get(Kind.OBSTACLE, none) > 0

    def _wander(self, dt_s: float) -> None:
        """How far off the satellites' position is because of faults."""
        drift, jump, lost = (
            self._amounts.get(k) for k in (Kind.GPS_DRIFT, Kind.GPS_JUMP, Kind.GPS_LOST)
        )
        if drift is None and lost is None and not self._drift_m.any():
            off = np.zeros(self._n) if jump is None else jump
        else:
            rate = np.zeros(self._n) if drift is None else drift.copy()
            if lost is not None:
                rate = np.maximum(rate, LOST_DRIFT_MPS * lost)
            back = np.where(self._drift_m < 0.01, 0.0, self._drift_m * math.exp(-dt_s / RECOVER_S))
            self._drift_m = np.where(rate > 0, self._drift_m + rate * dt_s, back)
            off = self._drift_m if jump is None else self._drift_m + jump
        self.hurt.fix_east_m, self.hurt.fix_north_m = off * self._east, off * self._north

    def _targets(self, fault: Fault) -> npt.NDArray[np.intp]:
        name = fault.vehicle if fault.vehicle is not None else fault.dock
        if name is None:
            return np.arange(self._n)
        if name not in self._names:
            raise InvalidInput(
                f"there is no {'vehicle' if fault.vehicle is not None else 'dock'} {name!r}",
                where=f"fault {fault.kind}",
                remedy=f"it is called like {self._docks[0].id}, {self._docks[0].system_id}"
                f" or {self._docks[0].link}/{self._docks[0].system_id}",
            )
        return np.array([self._names[name]])


def _names(docks: Sequence[Dock]) -> dict[str, int]:
    """Every name that a vehicle or dock answers to; a bare system id is the first link's."""
    names = {str(d.system_id): i for i, d in enumerate(docks) if d.link == docks[0].link}
    names |= {f"{d.link}/{d.system_id}": i for i, d in enumerate(docks)}
    return names | {d.id: i for i, d in enumerate(docks)}
