"""What is kept of a battery pack for life.

After each flight `PackRecord.after` adds the flight's `pack_trace.Trace` to the record of the
pack; `pack_rules` judges the record.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median

from fleet.packs.pack_trace import Trace

BASELINE = 5
"""The median of so many first flights is what a pack was like when it came."""

FORGET = 0.2
"""Weight of a new capacity against those before."""


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
