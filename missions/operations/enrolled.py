"""Enrolled vehicles: their records, and whether who answers is who was enrolled."""

from collections.abc import Mapping
from typing import Any

from fleet.address import Address
from fleet.setup.enrolment import VehicleRecord, mismatch
from fleet.state import VehicleState
from missions.operations.room import ControlRoom
from missions.store import codec
from missions.store.protocol import Store, Unit

_KEY = "vehicle "


def keep(records: Store, record: VehicleRecord) -> None:
    """Write a vehicle's record down, in place of the one before."""
    with records.unit() as unit:
        unit.settings.set(_KEY + record.address, codec.encode(record))


def find(unit: Unit, vehicle: Address) -> VehicleRecord | None:
    """The record of a vehicle; None for one that was never enrolled."""
    body: Mapping[str, Any] | None = unit.settings.get(f"{_KEY}{vehicle}")
    return None if body is None else codec.decode(VehicleRecord, body)


def refusals(room: ControlRoom, state: VehicleState) -> tuple[str, ...]:
    """Why this is not the vehicle that was enrolled; empty when it is, or none was."""
    with room.view() as unit:
        record = find(unit, state.address)
    if record is None:
        return ()
    wrong = mismatch(record, state.identity)
    return (f"{wrong}: enrol it again if that is meant",) if wrong else ()
