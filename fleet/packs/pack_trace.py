"""What telemetry tells of a battery pack while it is in a vehicle: a `Trace`, folded from messages.

Open-circuit voltage of a lithium-polymer cell over its charge s (0..1), Chen and Rincon-Mora 2006,
IEEE Trans. Energy Conversion 21(2), doi:10.1109/TEC.2006.874229, eq. 2::

    Voc(s) = 3.685 - 1.031 exp(-35 s) + 0.2156 s - 0.1178 s^2 + 0.3201 s^3   volts

Cells differ from that one, so a capacity found with it is compared with the same pack's first ones
only. What the curve gets wrong cancels as long as the discharges are alike; an aged pack is
discharged deeper, where the curve may be wrong differently: so such a figure warns and never locks
out by itself.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median
from types import MappingProxyType

from fleet.messages import BatteryStatus, SmartBatteryInfo

MOST_CELL_V = 5.0
"""No lithium cell has more: a higher voltage is that of the whole pack."""

REST_A = 1.5
"""Below such a current a pack rests: the electronics of a parked vehicle draw less."""

REST_S = 60.0
"""So long it rests before its voltage counts as open-circuit."""

STEP_A, STEP_S = 3.0, 2.5
"""A change of current of at least so much, within so long, tells the resistance."""

LEAST_DEPTH = 0.3
"""A discharge of at least such a share tells the capacity."""

RESISTANCES_KEPT = 41


@dataclass(frozen=True, slots=True)
class Rest:
    """A pack at rest: volts a cell, the count of mAh drawn until then, volts between its cells."""

    at: datetime
    cell_v: float
    drawn_mah: float
    spread_v: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A pack as its messages describe it since it was first heard in this vehicle.

    Attributes:
        drawn_mah: discharged since then, by the pack's own counter or the integral of the current.
        resistances_mohm: of the whole pack, the latest steps.
        capacities_mah: with the depth of the discharge, one for each deep enough.
        hottest_c, coldest_c: while discharging.
    """

    pack: int
    since: datetime
    heard_at: datetime
    status: BatteryStatus
    info: SmartBatteryInfo | None = None
    drawn_mah: float = 0.0
    quiet_since: datetime | None = None
    rest: Rest | None = None
    full_rest: Rest | None = None
    resistances_mohm: tuple[float, ...] = ()
    capacities_mah: tuple[tuple[float, float], ...] = ()
    hottest_c: float | None = None
    coldest_c: float | None = None

    @property
    def cells_v(self) -> tuple[float, ...]:
        """The cells' voltages under the present load; empty when only the pack's is known."""
        return cells_of(self.status)

    @property
    def resistance_mohm(self) -> float | None:
        """Of one cell; the median over many steps, None before there are five."""
        cells = self.cells
        if len(self.resistances_mohm) < 5 or not cells:
            return None
        return median(self.resistances_mohm) / cells

    @property
    def cells(self) -> int | None:
        """In series."""
        if self.info is not None and self.info.cells:
            return self.info.cells
        return len(self.cells_v) or None


def cells_of(status: BatteryStatus) -> tuple[float, ...]:
    """The voltages of single cells, if they are that."""
    volts = status.voltages_v
    return volts if volts and max(volts) <= MOST_CELL_V else ()


def charge_at(cell_v: float) -> float:
    """The charge 0..1 at an open-circuit voltage, by the curve above; bisection, it is monotonic.

    >>> round(charge_at(3.95), 2), charge_at(4.3), charge_at(2.0)
    (0.81, 1.0, 0.0)
    """
    low, high = 0.0, 1.0
    if cell_v >= _open_circuit_v(high):
        return 1.0
    if cell_v <= _open_circuit_v(low):
        return 0.0
    for _ in range(40):
        middle = (low + high) / 2
        if _open_circuit_v(middle) < cell_v:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _open_circuit_v(s: float) -> float:
    return 3.685 - 1.031 * math.exp(-35 * s) + 0.2156 * s - 0.1178 * s**2 + 0.3201 * s**3


Traces = Mapping[int, Trace]
NO_TRACES: Traces = MappingProxyType({})


def told(traces: Traces, message: BatteryStatus | SmartBatteryInfo, at: datetime) -> Traces:
    """The traces of a vehicle's packs after a message; pure."""
    before = traces.get(message.pack)
    if isinstance(message, SmartBatteryInfo):
        if before is None or before.info == message:
            return traces
        if before.info is not None and before.info.serial != message.serial:
            before = _begun(before.status, at)  # another pack was put in
        return {**traces, message.pack: replace(before, info=message)}
    after = _begun(message, at) if before is None else _observed(before, message, at)
    return {**traces, message.pack: after}


def _begun(status: BatteryStatus, at: datetime) -> Trace:
    quiet = at if _quiet(status) else None
    return Trace(pack=status.pack, since=at, heard_at=at, status=status, quiet_since=quiet)


def _observed(before: Trace, status: BatteryStatus, at: datetime) -> Trace:
    quiet_since = (before.quiet_since or at) if _quiet(status) else None
    trace = replace(
        before,
        heard_at=at,
        status=status,
        drawn_mah=before.drawn_mah + _drawn_mah(before, status, at),
        quiet_since=quiet_since,
        resistances_mohm=_stepped(before, status, at),
    )
    trace = _felt(trace)
    if quiet_since is not None and (at - quiet_since).total_seconds() >= REST_S:
        return _rested(trace, at)
    return trace


def _quiet(status: BatteryStatus) -> bool:
    return status.current_a is not None and 0.0 <= status.current_a <= REST_A


def _drawn_mah(before: Trace, status: BatteryStatus, at: datetime) -> float:
    """Charge drawn between two messages; a counter that goes back was reset, or is charging."""
    old, new = before.status.consumed_mah, status.consumed_mah
    if old is not None and new is not None:
        return max(0.0, new - old)
    seconds = (at - before.heard_at).total_seconds()
    if status.current_a is None or before.status.current_a is None or not 0 < seconds < 30:
        return 0.0
    mean_a = (status.current_a + before.status.current_a) / 2
    return max(0.0, mean_a) * seconds / 3.6


def _stepped(before: Trace, status: BatteryStatus, at: datetime) -> tuple[float, ...]:
    """Resistance from a step: R = -dV / dI over so short a time that the charge stays the same."""
    kept = before.resistances_mohm
    volts, amps = _pack_v(status), status.current_a
    old_volts, old_amps = _pack_v(before.status), before.status.current_a
    if volts is None or amps is None or old_volts is None or old_amps is None:
        return kept
    step_a = amps - old_amps
    if abs(step_a) < STEP_A or (at - before.heard_at).total_seconds() > STEP_S:
        return kept
    ohms = -(volts - old_volts) / step_a
    return (*kept, ohms * 1000)[-RESISTANCES_KEPT:] if 0 < ohms < 1 else kept


def _pack_v(status: BatteryStatus) -> float | None:
    return sum(status.voltages_v) if status.voltages_v else None


def _felt(trace: Trace) -> Trace:
    celsius, amps = trace.status.temperature_c, trace.status.current_a
    if celsius is None or amps is None or amps <= REST_A:
        return trace
    hottest = celsius if trace.hottest_c is None else max(celsius, trace.hottest_c)
    coldest = celsius if trace.coldest_c is None else min(celsius, trace.coldest_c)
    if (hottest, coldest) == (trace.hottest_c, trace.coldest_c):
        return trace
    return replace(trace, hottest_c=hottest, coldest_c=coldest)


def _rested(trace: Trace, at: datetime) -> Trace:
    """Take the voltage at rest; the first rest after a deep discharge tells the capacity."""
    volts, cells = _pack_v(trace.status), trace.cells
    if volts is None or not cells:
        return trace
    each = trace.cells_v
    spread_v = max(each) - min(each) if len(each) > 1 else None
    rest = Rest(at, volts / cells, trace.drawn_mah, spread_v)
    start = trace.full_rest
    if start is None or rest.cell_v >= start.cell_v:  # charged since, or the first rest
        return replace(trace, rest=rest, full_rest=rest)
    drawn_mah = rest.drawn_mah - start.drawn_mah
    depth = charge_at(start.cell_v) - charge_at(rest.cell_v)
    if depth < LEAST_DEPTH or drawn_mah <= 0:
        return replace(trace, rest=rest)
    found = (*trace.capacities_mah, (drawn_mah / depth, depth))
    return replace(trace, rest=rest, full_rest=rest, capacities_mah=found)
