"""Batches of readings: each reading gets a verdict, what crosses a rule becomes a signal.

Everything that a batch changes is one unit of work: when the answer is sent, the rules' memory, the
history and the signals are on disk together, or the batch never was. Sending it again changes
nothing, because a reading counts once: only what is later than the device's last one is taken.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from core.errors import InvalidInput
from core.ids import new_id
from missions.access import Principal
from missions.catalog.signals import SensorKind
from missions.operations.room import ControlRoom
from missions.signals.devices import devices_of, gauges_of
from missions.signals.entering import enter
from missions.signals.judging import Judged, Reading, Setting, judge
from missions.signals.model import (
    DayFigures,
    Device,
    DeviceState,
    Gauge,
    HourFigures,
    Signal,
    Trace,
)
from missions.signals.parsing import Parsed, parsed
from missions.signals.telling import warning
from missions.store.protocol import Unit

MOST = 10_000
"""Readings of one batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingVerdict:
    """Why a reading was not taken.

    Attributes:
        code: malformed, unknown_device, out_of_range, future, ancient, set_aside or known.
    """

    index: int
    device: str
    code: str
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchAnswer:
    """What became of a batch: how many readings of each verdict, why not, and the signals made."""

    counts: Mapping[str, int]
    verdicts: tuple[ReadingVerdict, ...]
    signals: tuple[Signal, ...]


class Readings:
    """Takes batches of readings in."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room

    def take(self, p: Principal, rows: Sequence[object]) -> BatchAnswer:
        """Judge a batch; every reading that can be taken is.

        Raises:
            NotAllowed: the role may not send. InvalidInput: nothing, or too many in one batch.
        """
        p.require("signal")
        if not 0 < len(rows) <= MOST:
            raise InvalidInput(
                f"{len(rows)} readings in one batch",
                where="readings",
                remedy=f"send 1 to {MOST} at a time",
            )
        batch = _Batch(self._room, p, parsed(rows))
        with self._room.unit() as unit:
            batch.run(unit)
        return batch.answer(len(rows))


class _Batch:
    """One batch on its way through a unit."""

    def __init__(self, room: ControlRoom, p: Principal, rows: Sequence[Parsed]) -> None:
        self._preset = room.preset
        self._limits = room.preset.signals.limits
        self._now = room.now()
        self._p = p
        self._verdicts: list[ReadingVerdict] = []
        self._by_device: dict[str, list[Parsed]] = {}
        self._signals: list[Signal] = []
        for row in rows:
            if row.fault:
                self._refuse(row, "malformed", row.fault, row.remedy)
            else:
                self._by_device.setdefault(row.device, []).append(row)

    def run(self, unit: Unit) -> None:
        ids = list(self._by_device)
        devices = devices_of(unit, ids)
        gauges = gauges_of(unit, [d for d in ids if d in devices])
        fresh: list[Gauge] = []
        found: list[tuple[Device, Judged]] = []
        for device_id, rows in self._by_device.items():
            device = devices.get(device_id)
            if device is None or not self._may_send(device):
                self._refuse_all(rows, "unknown_device", "no such device", "register it first")
                continue
            judged = self._judged(device, gauges.get(device_id), rows)
            if judged is not None:
                found.append((device, judged))
                before = gauges.get(device_id)
                if before is None:
                    fresh.append(judged.gauge)
        unit.gauges.add_all(fresh)
        known = [j.gauge for d, j in found if d.id in gauges]
        put_all(unit, known)
        self._raise(unit, found)
        for device, judged in found:
            self._keep(unit, device, gauges.get(device.id), judged)

    def answer(self, count: int) -> BatchAnswer:
        counts = Counter(v.code for v in self._verdicts)
        counts["taken"] = count - len(self._verdicts)
        return BatchAnswer(
            counts=dict(counts),
            verdicts=tuple(sorted(self._verdicts, key=lambda v: v.index)),
            signals=tuple(self._signals),
        )

    # --- verdicts --------------------------------------------------------------------------

    def _may_send(self, device: Device) -> bool:
        return self._p.sees(device) and device.key in ("", self._p.name)

    def _judged(self, device: Device, gauge: Gauge | None, rows: Sequence[Parsed]) -> Judged | None:
        kind = self._preset.signals.kinds.get(device.kind)
        if kind is None or device.state is not DeviceState.IN_SERVICE:
            why = f"the device is in state {device.state}" if kind else "its kind is gone"
            self._refuse_all(rows, "set_aside", why, "put it into service")
            return None
        good = self._good(kind, gauge, rows)
        if not good:
            return None
        setting = Setting(
            kind=kind,
            limits=device.limits,
            fresh_s=(self._now - self._limits.fresh).timestamp(),
            evidence=self._limits.evidence,
            received_at=self._now,
            name=lambda: new_id("sgn", self._now),
        )
        judged = judge(setting, gauge, good)
        return replace(judged, gauge=replace(judged.gauge, id=device.id))

    def _good(self, kind: SensorKind, gauge: Gauge | None, rows: Sequence[Parsed]) -> list[Reading]:
        """The readings to judge, in order of time; the others get their verdicts."""
        latest = (self._now + self._limits.future).timestamp()
        oldest = (self._now - self._limits.oldest).timestamp()
        last = gauge.at_s if gauge else -math.inf
        good: list[Reading] = []
        for row in sorted(rows, key=lambda r: (r.at_s, r.index)):
            if not kind.low <= row.value <= kind.high:
                span = f"{kind.low:g} to {kind.high:g} {kind.unit}"
                self._refuse(row, "out_of_range", f"{row.value:g} is not {span}", "mend the device")
            elif row.at_s > latest:
                self._refuse(row, "future", "from the future", "set the device's clock")
            elif row.at_s < oldest:
                self._refuse(row, "ancient", "too old", "bring old figures by another way")
            elif row.at_s <= last:
                text = "no later than the device's last reading: taken before, or too late"
                self._refuse(row, "known", text)
            else:
                good.append((row.at_s, row.value))
                last = row.at_s
        return good

    def _refuse_all(self, rows: Sequence[Parsed], code: str, detail: str, remedy: str) -> None:
        for row in rows:
            self._refuse(row, code, detail, remedy)

    def _refuse(self, row: Parsed, code: str, detail: str, remedy: str = "") -> None:
        self._verdicts.append(
            ReadingVerdict(
                index=row.index, device=row.device, code=code, detail=detail, remedy=remedy
            )
        )

    # --- what is kept ----------------------------------------------------------------------

    def _raise(self, unit: Unit, found: Sequence[tuple[Device, Judged]]) -> None:
        crossed = [(c, device) for device, judged in found for c in judged.crossings]
        for crossing, device in sorted(crossed, key=lambda pair: pair[0].at_s):
            made = warning(self._preset, device, crossing, self._now, self._p.name)
            self._signals.append(enter(unit, self._preset, made))
            trace = Trace(id=made.id, device=device.id, readings=crossing.before)
            unit.traces.add(trace)

    def _keep(self, unit: Unit, device: Device, before: Gauge | None, judged: Judged) -> None:
        for start_s, hour in judged.hours:
            keep_hour(unit, device.id, start_s, hour, self._limits.day_ring)
        for signal_id, readings in judged.after.items():
            trace = unit.traces.get(signal_id)
            unit.traces.put(replace(trace, readings=(*trace.readings, *readings)))
        cleared = dict(judged.cleared)
        if before is not None and before.silent:
            cleared[before.silent] = judged.gauge.at_s
        for signal_id, at_s in cleared.items():
            signal = unit.signals.get(signal_id)
            unit.signals.put(replace(signal, cleared_at=datetime.fromtimestamp(at_s, UTC)))


def put_all(unit: Unit, gauges: Sequence[Gauge]) -> None:
    """Replace many last states."""
    for gauge in gauges:
        unit.gauges.put(gauge)


def keep_hour(unit: Unit, device: str, start_s: float, hour: HourFigures, ring: int) -> None:
    """Write an hour's figures to its day; the day takes the place of one so many days older."""
    day = datetime.fromtimestamp(start_s, UTC).date()
    record_id = f"{device}/{day.toordinal() % ring}"
    if not unit.gauge_days.exists(record_id):
        unit.gauge_days.add(_day(record_id, device, day, (hour,)))
        return
    known = unit.gauge_days.get(record_id)
    hours = (*known.hours, hour) if known.day == day else (hour,)
    unit.gauge_days.put(_day(record_id, device, day, hours))


def _day(record_id: str, device: str, day: date, hours: tuple[HourFigures, ...]) -> DayFigures:
    return DayFigures(id=record_id, device=device, day=day, hours=hours)
