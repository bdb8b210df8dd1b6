"""Under which application flights go that are added to a day already released."""

from collections.abc import Sequence
from datetime import datetime

from missions.entities import Filing, FilingState, Flight
from missions.operations.journal import note
from missions.preflight.filing import (
    amended,
    cutoff,
    emergency_for,
    file_routine,
    may_be_emergency,
)
from missions.preflight.volumes import not_covered, volumes_of
from missions.presets import Preset
from missions.store.protocol import Unit


def filed(
    unit: Unit, preset: Preset, flights: Sequence[Flight], *, now: datetime, by: str
) -> str | None:
    """File flights of one day and keep the filing; returns its id, None for no flights.

    Before the cut-off they join the day's routine application, which is amended as long as nobody
    has answered it; after it they go by the emergency route where their origin may take it, and
    are filed late otherwise.
    """
    if not flights:
        return None
    day = flights[0].day
    late = now > cutoff(day, preset.filing, preset.zone_info)
    if late and all(may_be_emergency(preset.filing, f.origin) for f in flights):
        return kept(unit, emergency_for(flights, preset, now=now, by=by), now, by)
    routine = unit.filings.find(day=day, emergency=False, newest_first=True, limit=1)
    if late or not routine or routine[0].state is not FilingState.FILED:
        made = file_routine(
            day,
            preset.filing,
            preset.zone_info,
            now=now,
            by=by,
            volumes=volumes_of(flights, preset),
        )
        return kept(unit, made, now, by)
    if any(not_covered(routine[0], flight) for flight in flights):
        unit.filings.put(amended(routine[0], flights, preset))
        text = f"amended by {len(flights)} flights: {by}"
        note(unit, now, routine[0].id, "filing.amend", text, f"补充申报 {len(flights)} 架次", by)
    return routine[0].id


def kept(unit: Unit, filing: Filing, now: datetime, by: str) -> str:
    """Keep an application, with a line in the audit trail; returns its id."""
    unit.filings.add(filing)
    kind, kind_zh = ("emergency", "应急") if filing.emergency else ("routine", "常规")
    text = f"{kind} application for {filing.day}: {filing.purpose}"
    note(unit, now, filing.id, "filing.file", text, f"{kind_zh}飞行申报（{filing.day}）", by)
    return filing.id
