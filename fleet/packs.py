"""Battery packs: what telemetry tells of one during a flight, and what is kept of it for life.

A `Trace` is folded from messages while a pack is in a vehicle; after each flight `PackRecord.after`
adds it to the pack's record. `fleet.pack_rules` judges the record.

Open-circuit voltage of a lithium-polymer cell over its charge s (0..1), Chen and Rincon-Mora 2006,
IEEE Trans. Energy Conversion 21(2), doi:10.1109/TEC.2006.874229, eq. 2::

    Voc(s) = 3.685 - 1.031 exp(-35 s) + 0.2156 s - 0.1178 s^2 + 0.3201 s^3   volts

Cells differ from that one, so a capacity found with it is compared with the same pack's first ones
only. What the curve gets wrong cancels as long as the discharges are alike; an aged pack is
discharged deeper, where the curve may be wrong differently: so such a figure warns and never locks
out by itself.
"""

import math
from collections.abc import Callable, Mapping
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
BASELINE = 5
"""The median of so many first flights is what a pack was like when it came."""

FORGET = 0.2
"""Weight of a new capacity against those before."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PackRecord:
    """What is kept of a pack over its life.

    Attributes:
        id: its serial number, or the vehicle and the slot where it has none ("QZ-01#0").
        rated_mah, full_mah: when new, and now by its own gauge.
        told_cycles: by its own counter.
        drawn_mah: discharged since we know it.
        first_mah, now_mah: capacity by coulomb counting, of its first flights and lately; only
            their ratio means something.
        first_mohm, now_mohm: resistance of a cell, likewise.
        spread_v: between its cells at rest, last time.
        faults: MAV_BATTERY_FAULT bits ever seen.
        locked: why a person took it out of service; empty otherwise.
        counted_since, counted_mah, counted_capacities: which trace was added last, and how much
            of it.
    """

    id: str
    vehicle: str
    slot: int
    first_seen_at: datetime
    seen_at: datetime
    name: str = ""
    made_on: str = ""
    cells: int | None = None
    rated_mah: float | None = None
    full_mah: float | None = None
    told_cycles: int | None = None
    drawn_mah: float = 0.0
    flights: int = 0
    first_mah: tuple[float, ...] = ()
    now_mah: float | None = None
    capacities: int = 0
    first_mohm: tuple[float, ...] = ()
    now_mohm: float | None = None
    spread_v: float | None = None
    hottest_c: float | None = None
    coldest_c: float | None = None
    faults: int = 0
    locked: str = ""
    counted_since: datetime | None = None
    counted_mah: float = 0.0
    counted_capacities: int = 0

    @property
    def cycles(self) -> float | None:
        """Equivalent full cycles: by its own counter, or what we saw drawn over its capacity."""
        seen = self.drawn_mah / self.rated_mah if self.rated_mah else None
        known = [c for c in (self.told_cycles, seen) if c is not None]
        return max(known) if known else None

    @property
    def health(self) -> float | None:
        """Share of its capacity when new: by its gauge, else against its own first flights."""
        if self.full_mah and self.rated_mah:
            return self.full_mah / self.rated_mah
        if self.now_mah is None or len(self.first_mah) < BASELINE or self.capacities < 2 * BASELINE:
            return None
        return self.now_mah / median(self.first_mah)

    @property
    def estimated(self) -> bool:
        """Whether `health` is our own estimate: the pack has no gauge of its own."""
        return not (self.full_mah and self.rated_mah)

    @property
    def stiffening(self) -> float | None:
        """Resistance of its cells over what it was in its first flights."""
        if self.now_mohm is None or len(self.first_mohm) < BASELINE:
            return None
        return self.now_mohm / median(self.first_mohm)

    def seen(self, trace: Trace) -> "PackRecord":
        """With what the pack says of itself now; nothing is added up."""
        info = trace.info
        rest = trace.rest
        record = self
        if info is not None:
            record = replace(
                self,
                name=info.name or self.name,
                made_on=info.made_on or self.made_on,
                rated_mah=info.rated_mah or self.rated_mah,
                full_mah=info.full_mah or self.full_mah,
                told_cycles=self.told_cycles if info.cycles is None else info.cycles,
            )
        return replace(
            record,
            seen_at=trace.heard_at,
            cells=trace.cells or self.cells,
            spread_v=self.spread_v if rest is None or rest.spread_v is None else rest.spread_v,
            faults=self.faults | trace.status.faults,
        )

    def after(self, trace: Trace) -> "PackRecord":
        """With a flight added; what was added of this trace before is not added again."""
        record = self.seen(trace)
        same = self.counted_since == trace.since
        drawn_mah = self.counted_mah if same else 0.0
        capacities = self.counted_capacities if same else 0
        for capacity_mah, depth in trace.capacities_mah[capacities:]:
            record = record._measured(capacity_mah, depth)
        mohm = trace.resistance_mohm
        if mohm is not None:
            first = record.first_mohm
            record = replace(
                record,
                first_mohm=(*first, mohm) if len(first) < BASELINE else first,
                now_mohm=_smoothed(record.now_mohm, mohm, FORGET),
            )
        return replace(
            record,
            flights=record.flights + 1,
            drawn_mah=record.drawn_mah + max(0.0, trace.drawn_mah - drawn_mah),
            hottest_c=_most(record.hottest_c, trace.hottest_c, max),
            coldest_c=_most(record.coldest_c, trace.coldest_c, min),
            counted_since=trace.since,
            counted_mah=trace.drawn_mah,
            counted_capacities=len(trace.capacities_mah),
        )

    def _measured(self, capacity_mah: float, depth: float) -> "PackRecord":
        first = self.first_mah
        return replace(
            self,
            first_mah=(*first, capacity_mah) if len(first) < BASELINE else first,
            now_mah=_smoothed(self.now_mah, capacity_mah, FORGET * min(1.0, depth / 0.6)),
            capacities=self.capacities + 1,
        )


def _smoothed(before: float | None, value: float, weight: float) -> float:
    return value if before is None else before + weight * (value - before)


def _most(
    one: float | None, other: float | None, pick: Callable[[list[float]], float]
) -> float | None:
    known = [v for v in (one, other) if v is not None]
    return pick(known) if known else None


def name_of(vehicle: str, trace: Trace) -> str:
    """The id of a pack: its serial number, or its place where it has none."""
    serial = trace.info.serial if trace.info is not None else ""
    return serial or f"{vehicle}#{trace.pack}"


def new_record(vehicle: str, trace: Trace) -> PackRecord:
    """The record of a pack that was never seen before."""
    record = PackRecord(
        id=name_of(vehicle, trace),
        vehicle=vehicle,
        slot=trace.pack,
        first_seen_at=trace.since,
        seen_at=trace.heard_at,
    )
    return record.seen(trace)
