"""The battery packs of the city: their records, what speaks against them, and people's locks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.errors import InvalidInput, NotFound
from fleet.packs.pack_rules import Limits, Verdict, judge
from fleet.packs.pack_trace import Trace
from fleet.packs.packs import PackRecord, name_of, new_record
from fleet.state import VehicleState
from missions.access import Principal
from missions.operations.journal import note
from missions.operations.room import ControlRoom
from missions.store.protocol import Unit

LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class PackView:
    """A pack with its verdict now; no trace where it is in no vehicle that is heard."""

    record: PackRecord
    verdict: Verdict
    trace: Trace | None


def refusals(room: ControlRoom, vehicle: str, state: VehicleState) -> tuple[str, ...]:
    """Why a vehicle must not fly with the packs that are in it; empty means that it may."""
    if not state.packs:
        return ("nothing is heard of its battery packs: their state is not known",)
    with room.view() as unit:
        views = _views(unit, room, vehicle, state)
    return tuple(
        f"battery pack {view.record.id}: {text}" for view in views for text in view.verdict.refusals
    )


def flown(room: ControlRoom, vehicle: str, state: VehicleState) -> None:
    """Add a flight to the records of the packs that made it."""
    with room.unit() as unit:
        for trace in state.packs.values():
            _put(unit, _record(unit, vehicle, trace).after(trace))


def overview(room: ControlRoom, vehicle: str | None = None) -> tuple[PackView, ...]:
    """Every pack that is known, or those of one vehicle; those in a vehicle first.

    Raises:
        NotFound: there is no such vehicle.
    """
    docks = [d for d in room.preset.docks if vehicle in (None, d.id)]
    if not docks:
        raise NotFound("there is no such vehicle", where=vehicle)
    states = room.fleet.states()
    with room.view() as unit:
        found: dict[str, PackView] = {}
        for dock in docks:
            state = states.get(dock.address)
            if state is not None:
                found |= {v.record.id: v for v in _views(unit, room, dock.id, state)}
        kept = unit.packs.find() if vehicle is None else unit.packs.find(vehicle=vehicle)
    for record in kept:
        if record.id not in found:
            verdict = judge(record, None, room.now(), LIMITS)
            found[record.id] = PackView(record=record, verdict=verdict, trace=None)
    return tuple(found.values())


def lock(room: ControlRoom, who: Principal, pack_id: str, reason: str) -> PackView:
    """Take a pack out of service, or with an empty reason put it back.

    Raises:
        NotFound: no such pack. InvalidInput: the reason is too long.
    """
    reason = reason.strip()
    if len(reason) > 200:
        raise InvalidInput(
            "the reason is too long", where="reason", remedy="200 characters at most"
        )
    view = next((v for v in overview(room) if v.record.id == pack_id), None)
    if view is None:
        raise NotFound("there is no such battery pack", where=pack_id)
    record = replace(view.record, locked=reason)
    text = f"battery pack {pack_id} " + (f"locked out: {reason}" if reason else "released")
    text_zh = f"电池 {pack_id} " + (f"停用：{reason}" if reason else "恢复使用")
    with room.unit() as unit:
        _put(unit, record)
        note(unit, room.now(), pack_id, "pack", text, text_zh, actor=who.name)
    return replace(view, record=record, verdict=judge(record, view.trace, room.now(), LIMITS))


def _views(unit: Unit, room: ControlRoom, vehicle: str, state: VehicleState) -> Sequence[PackView]:
    views = []
    for trace in state.packs.values():
        record = _record(unit, vehicle, trace).seen(trace)
        verdict = judge(record, trace, room.now(), LIMITS)
        views.append(PackView(record=record, verdict=verdict, trace=trace))
    return views


def _record(unit: Unit, vehicle: str, trace: Trace) -> PackRecord:
    """The record of the pack in a slot; it moves with the pack from vehicle to vehicle."""
    number = name_of(vehicle, trace)
    if not unit.packs.exists(number):
        return new_record(vehicle, trace)
    return replace(unit.packs.get(number), vehicle=vehicle, slot=trace.pack)


def _put(unit: Unit, record: PackRecord) -> None:
    if unit.packs.exists(record.id):
        unit.packs.put(record)
    else:
        unit.packs.add(record)
