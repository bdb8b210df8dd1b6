"""Docks and battery packs as the API shows them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.schemas.base import Model
from fleet.docks.dock import DockState, Weather
from missions.operations.packs import PackView


class WeatherOut(Model):
    """What a dock's weather station measured: m/s, degrees, mm/h, Celsius."""

    measured_at: datetime
    wind_mps: float
    gust_mps: float
    wind_from_deg: float
    rain_mmph: float
    temperature_c: float

    @classmethod
    def from_value(cls, w: Weather) -> "WeatherOut":
        """The same, field by field."""
        return cls(
            measured_at=w.measured_at,
            wind_mps=w.wind_mps,
            gust_mps=w.gust_mps,
            wind_from_deg=w.wind_from_deg,
            rain_mmph=w.rain_mmph,
            temperature_c=w.temperature_c,
        )


class DockOut(Model):
    """A dock as it is now. `fresh` false: nothing of it may be trusted.

    `refusal` says why nothing may land there, and is empty when something may.
    """

    dock: str
    heard_at: datetime | None
    fresh: bool
    door: str
    charger: str
    pad: str
    occupant: str | None
    charge: float | None
    emergency_stop: bool
    faults: list[str]
    refusal: str
    weather: WeatherOut | None

    @classmethod
    def from_state(cls, s: DockState, now: datetime, refusal: str) -> "DockOut":
        """A dock's state at a time; weather that is too old is left out."""
        weather = s.fresh_weather(now)
        return cls(
            dock=s.dock,
            heard_at=s.heard_at,
            fresh=s.fresh(now),
            door=s.door.value,
            charger=s.charger.value,
            pad=s.pad.value,
            occupant=s.occupant,
            charge=s.charge,
            emergency_stop=s.emergency_stop,
            faults=list(s.faults),
            refusal=refusal,
            weather=None if weather is None else WeatherOut.from_value(weather),
        )


class PackFinding(Model):
    """One thing about a pack: `warning`, or `locked`: it must not fly."""

    level: str
    text: str


class PackOut(Model):
    """A battery pack: its life, what it says now (null where it says nothing), and the verdict.

    `health` is the share of its first capacity, `resistance_ratio` its resistance over the first.
    """

    id: str
    vehicle: str
    slot: int
    name: str
    level: str
    findings: list[PackFinding]
    locked: str
    cycles: float | None
    flights: int
    drawn_mah: float
    rated_mah: float | None
    health: float | None
    resistance_mohm: float | None
    resistance_ratio: float | None
    cell_spread_v: float | None
    made_on: str
    first_seen_at: datetime
    seen_at: datetime
    charge: float | None
    temperature_c: float | None
    cells_v: list[float]

    @classmethod
    def from_view(cls, view: PackView) -> "PackOut":
        """A pack with its verdict."""
        record, status = view.record, None if view.trace is None else view.trace.status
        return cls(
            id=record.id,
            vehicle=record.vehicle,
            slot=record.slot,
            name=record.name,
            level=view.verdict.level.value,
            findings=[PackFinding(level=f.level.value, text=f.text) for f in view.verdict.findings],
            locked=record.locked,
            cycles=record.cycles,
            flights=record.flights,
            drawn_mah=record.drawn_mah,
            rated_mah=record.rated_mah,
            health=record.health,
            resistance_mohm=record.now_mohm,
            resistance_ratio=record.stiffening,
            cell_spread_v=record.spread_v,
            made_on=record.made_on,
            first_seen_at=record.first_seen_at,
            seen_at=record.seen_at,
            charge=None if status is None else status.battery,
            temperature_c=None if status is None else status.temperature_c,
            cells_v=[] if view.trace is None else list(view.trace.cells_v),
        )


class PackLock(Model):
    """Why a pack is taken out of service; an empty reason puts it back."""

    reason: Annotated[str, Field(max_length=200)]
