"""The intake in the small test city: rules of its own, a desk, devices."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from core.clock import ManualClock
from missions.access import LOCAL_OPERATOR, Principal, Role
from missions.catalog.signals import SignalRules, load_signals
from missions.operations.room import ControlRoom, Watchers
from missions.presets import Preset
from missions.signals.desk import Signals
from missions.signals.devices import DeviceDraft
from missions.store import Store

RULES = """
limits: {future_min: 5, oldest_h: 168, fresh_min: 120, outage_devices: 5, contact_days: 30,
         evidence: 4, day_ring: 3}
looks:
  - {event_type: "06-01", scenario: waste, within_min: 60, radius_m: 40, priority: 4,
     fresh_min: 20, one_m: 100, one_min: 60}
  - {event_type: "01-01", scenario: fire, within_min: 30, radius_m: 100, priority: 5,
     fresh_min: 5, one_m: 300, one_min: 60}
kinds:
  - id: level
    name: Level
    name_zh: 水位
    unit: m
    low: -5
    high: 50
    silence_min: 30
    rules:
      - {id: high, name: high, name_zh: 高, when: above, limit: 10, clear: 8, readings: 2,
         asks: "06-01", severity: 3}
      - {id: own, name: own, name_zh: 自定, when: above, asks: "06-01", severity: 2}
  - id: smoke
    name: Smoke
    name_zh: 烟
    unit: "%"
    low: 0
    high: 100
    silence_min: 30
    silence_asks: "01-01"
    rules:
      - {id: rising, name: rising, name_zh: 升, when: rise, limit: 5, clear: 1, window_min: 60,
         asks: "01-01", severity: 4}
  - id: noise
    name: Noise
    name_zh: 噪声
    unit: dB
    low: 0
    high: 200
    silence_min: 30
    rules:
      - {id: loud, name: loud, name_zh: 吵, when: above, limit: 70, clear: 60, minutes: 10,
         severity: 1}
categories:
  - {id: rubbish, name: Rubbish, name_zh: 垃圾, asks: "06-01"}
  - {id: fire, name: Fire, name_zh: 火, asks: "01-01"}
labels:
  - {id: heap, asks: "06-01", min_score: 0.6}
"""
GATEWAY = Principal(name="gateway", role=Role.MACHINE, department="urban")
LON, LAT = 118.6, 28.6


def rules_of(preset: Preset, folder: Path, text: str = RULES) -> SignalRules:
    """The rules of a text."""
    path = folder / "signals.yaml"
    path.write_text(text, encoding="utf-8")
    return load_signals(preset.scenarios, preset.event_types, path)


@dataclass
class City:
    """A desk over a store, with a clock moved by hand."""

    clock: ManualClock
    store: Store
    preset: Preset
    room: ControlRoom
    desk: Signals

    def device(self, id: str = "D1", kind: str = "level", **changes: Any) -> None:
        """Register a device of the urban department."""
        said = {"lon": LON, "lat": LAT, "department": "urban", **changes}
        (verdict,) = self.desk.devices.register(
            LOCAL_OPERATOR, [DeviceDraft(id=id, kind=kind, **said)]
        )
        assert verdict.verdict in ("new", "changed", "same"), verdict

    def row(self, value: Any, minutes: float = 0.0, device: str = "D1") -> dict[str, Any]:
        """A reading so many minutes from now."""
        at: datetime = self.clock.now() + timedelta(minutes=minutes)
        return {"device": device, "at": at.isoformat(), "value": value}

    def send(self, *rows: Any, by: Principal = GATEWAY) -> Any:
        """Send a batch."""
        return self.desk.send(by, rows)


def city(preset: Preset, clock: ManualClock, store: Store, folder: Path) -> City:
    """The intake of the test city."""
    own = replace(preset, signals=rules_of(preset, folder))
    nothing: Any = None
    room = ControlRoom(
        preset=own,
        clock=clock,
        records=store,
        media=nothing,
        logs=folder,
        fleet=nothing,
        pool=nothing,
        planning=nothing,
        watchers=Watchers(),
    )
    return City(clock, store, own, room, Signals(room))
