"""Whether a battery pack may fly: warnings and lockouts, each with where its threshold comes from.

A pack of which nothing is heard is not flown: unknown is no-go.
"""

import math
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from fleet.packs.pack_trace import Trace
from fleet.packs.packs import PackRecord

STALE_S = 60.0
"""A pack that has said nothing for so long is unknown (BATTERY_STATUS comes every second or so)."""


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From where on a pack is watched, and from where on it is locked out.

    Attributes:
        cycles_warn, cycles_lock: equivalent full cycles. Makers give 200 (DJI Mavic 3 Enterprise)
            to 400 (DJI TB60, TB65) in their data sheets.
        health_warn, health_lock: share of the first capacity, by the pack's own gauge; our
            estimate only warns. 80 % is the end of life of a traction
            cell (USABC Electric Vehicle Battery Test Procedures Manual, rev. 2, 1996).
        stiff_warn, stiff_lock: resistance over what it was. Twice is the usual end of life (e.g.
            Remmlinger et al. 2011, J. Power Sources 196, doi:10.1016/j.jpowsour.2010.08.035).
        spread_warn_v, spread_lock_v: between cells at rest. 0.1 V takes a pack out of service
            (SmartDrone, battery disqualification, support.smartdrone.us).
        cold_lock_c, cold_warn_c: at take-off. DJI's aircraft ask for warming below 15 C; below 0 C
            lithium plates when the pack is charged again, and it sags under load.
        hot_warn_c, hot_lock_c: at take-off. Cells' data sheets end at 60 C of discharge; a flight
            adds some 10 to 15 K.
        old_warn_days: since it was made; makers give two years of storage life. Never a lockout
            by itself: capacity and resistance say more.
    """

    cycles_warn: float = 200.0
    cycles_lock: float = 400.0
    health_warn: float = 0.85
    health_lock: float = 0.80
    stiff_warn: float = 1.5
    stiff_lock: float = 2.0
    spread_warn_v: float = 0.05
    spread_lock_v: float = 0.10
    cold_lock_c: float = 0.0
    cold_warn_c: float = 15.0
    hot_warn_c: float = 40.0
    hot_lock_c: float = 45.0
    old_warn_days: float = 730.0


FAULTS = {
    1: "it was discharged too deeply",
    2: "its voltage jumps",
    4: "a cell has failed",
    8: "too much current was drawn",
    16: "it was too hot",
    32: "it was too cold",
    64: "it does not fit: its voltage is not the vehicle's",
    128: "its firmware does not fit",
    256: "the vehicle has no use for such a pack",
}
"""MAV_BATTERY_FAULT."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a pack, in a sentence."""

    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a pack may fly, and everything that speaks against it, the worst first."""

    findings: tuple[Finding, ...]

    @property
    def level(self) -> Level:
        """That of the worst finding."""
        return self.findings[0].level if self.findings else Level.OK

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why it must not fly; empty means that it may."""
        return tuple(f.text for f in self.findings if f.level is Level.LOCKED)


def judge(
    record: PackRecord, trace: Trace | None, now: datetime, limits: Limits | None = None
) -> Verdict:
    """Whether a pack may fly.

    Args:
        trace: what it says now; None when it is in no vehicle that is heard: then only what is
            kept of it counts, and it may not fly.
    """
    bounds = limits or Limits()
    found = [*_life(record, now, bounds), *_present(trace, now, bounds)]
    order = {Level.LOCKED: 0, Level.WARNING: 1, Level.OK: 2}
    return Verdict(tuple(sorted(found, key=lambda f: order[f.level])))


def _life(record: PackRecord, now: datetime, b: Limits) -> list[Finding]:
    found = []
    if record.locked:
        found.append(Finding(Level.LOCKED, f"it was taken out of service: {record.locked}"))
    cycles, health, stiff = record.cycles, record.health, record.stiffening
    if cycles is not None:
        text = f"{cycles:.0f} cycles, the limit is {b.cycles_lock:.0f}"
        found += _above(cycles, b.cycles_warn, b.cycles_lock, text)
    if health is not None:
        if record.estimated:  # by a curve that is not this cell's: worth a look, no proof
            text = f"capacity at about {health:.0%} of what it was, by our estimate: measure it"
            found += _above(-health, -b.health_warn, math.inf, text)
        else:
            text = f"capacity at {health:.0%} of what it was, the limit is {b.health_lock:.0%}"
            found += _above(-health, -b.health_warn, -b.health_lock, text)
    if stiff is not None:
        text = f"resistance {stiff:.1f} times what it was, the limit is {b.stiff_lock:.1f}"
        found += _above(stiff, b.stiff_warn, b.stiff_lock, text)
    if record.spread_v is not None:
        text = (
            f"its cells differ by {record.spread_v * 1000:.0f} mV at rest,"
            f" the limit is {b.spread_lock_v * 1000:.0f} mV"
        )
        found += _above(record.spread_v, b.spread_warn_v, b.spread_lock_v, text)
    age_days = _age_days(record.made_on, now)
    if age_days is not None and age_days >= b.old_warn_days:
        found.append(Finding(Level.WARNING, f"it is {age_days / 365.25:.1f} years old"))
    bits = [bit for bit in range(32) if record.faults >> bit & 1]
    for bit in bits:
        text = FAULTS.get(1 << bit, f"it reports the fault {1 << bit}")
        found.append(Finding(Level.LOCKED, text))
    return found


def _present(trace: Trace | None, now: datetime, b: Limits) -> list[Finding]:
    if trace is None:
        return [Finding(Level.LOCKED, "nothing is heard of it: its state is not known")]
    silent_s = (now - trace.heard_at).total_seconds()
    if silent_s > STALE_S:
        return [Finding(Level.LOCKED, f"nothing was heard of it for {silent_s:.0f} s")]
    status = trace.status
    if status.battery is None and not status.voltages_v:
        return [Finding(Level.LOCKED, "neither its charge nor its voltage is known")]
    if status.temperature_c is None:
        return [Finding(Level.WARNING, "it does not tell its temperature")]
    text = f"it is at {status.temperature_c:.0f} C, it may take off"
    text += f" from {b.cold_lock_c:.0f} to {b.hot_lock_c:.0f} C"
    cold = _above(-status.temperature_c, -b.cold_warn_c, -b.cold_lock_c, text)
    return cold or _above(status.temperature_c, b.hot_warn_c, b.hot_lock_c, text)


def _above(value: float, warn: float, lock: float, text: str) -> list[Finding]:
    if value >= lock:
        return [Finding(Level.LOCKED, text)]
    return [Finding(Level.WARNING, text)] if value >= warn else []


def _age_days(made_on: str, now: datetime) -> float | None:
    """Days since a date such as "20240131"; None when it is none."""
    try:
        made = date.fromisoformat(made_on)
    except ValueError:
        return None
    days = (now.date() - made).days
    return float(days) if 0 <= days < 36500 else None
