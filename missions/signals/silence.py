"""Devices that send nothing for too long."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from missions.operations.room import ControlRoom
from missions.signals.devices import devices_of
from missions.signals.entering import enter
from missions.signals.model import Device, DeviceState, Gauge, Signal
from missions.signals.telling import outage, silence
from missions.store.protocol import Between, Unit

MOST = 2000
"""Devices of one look; the rest comes at the next."""


class Listener:
    """Notices who has fallen silent.

    A service that stood still heard nobody: a device counts as silent only when its kind's time has
    passed since the service listens.
    """

    def __init__(self, room: ControlRoom) -> None:
        self._room = room
        self._since: datetime | None = None

    def run(self) -> list[Signal]:
        """The signals of devices that have fallen silent since the last look."""
        now = self._room.now()
        self._since = self._since or now
        with self._room.view() as unit:
            if not unit.gauges.find(silent_at=Between(high=now), limit=1):
                return []
        with self._room.unit() as unit:
            found = unit.gauges.find(silent_at=Between(high=now), limit=MOST)
            devices = devices_of(unit, [g.id for g in found])
            by_department: dict[str, list[tuple[Device, Gauge]]] = defaultdict(list)
            for gauge in found:
                device = devices[gauge.id]
                if device.state is not DeviceState.IN_SERVICE:
                    unit.gauges.put(replace(gauge, silent_at=None))
                elif self._since + self._patience(device) <= now:
                    by_department[device.department].append((device, gauge))
            return [s for silent in by_department.values() for s in self._tell(unit, silent, now)]

    def _tell(
        self, unit: Unit, silent: Sequence[tuple[Device, Gauge]], now: datetime
    ) -> list[Signal]:
        preset = self._room.preset
        if len(silent) >= preset.signals.limits.outage_devices:
            one = enter(unit, preset, outage(preset, [d for d, _ in silent], now))
            made = [one] * len(silent)
        else:
            made = [
                enter(unit, preset, silence(preset, d, datetime.fromtimestamp(g.at_s, UTC), now))
                for d, g in silent
            ]
        for (_, gauge), signal in zip(silent, made, strict=True):
            unit.gauges.put(replace(gauge, silent_at=None, silent=signal.id))
        return list({signal.id: signal for signal in made}.values())

    def _patience(self, device: Device) -> timedelta:
        kind = self._room.preset.signals.kinds.get(device.kind)
        return kind.silence if kind else timedelta.max
