"""What a day is planned from, and the planned day in the records: filed and released."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from missions.demand.planning import PlannedDay, horizon
from missions.demand.taken_in import take_in
from missions.entities import Filing, Origin, Request, RequestState
from missions.preflight.authority import Authority, SimulatedAuthority
from missions.preflight.filing import answered_yesterday, cutoff, file_routine
from missions.preflight.volumes import volumes_of
from missions.presets import Preset
from missions.store.protocol import Store, Unit


def release(
    store: Store,
    preset: Preset,
    planned: PlannedDay,
    now: datetime,
    also: Callable[[Unit], None] = lambda unit: None,
    authority: Authority | None = None,
) -> Filing:
    """Store a verified day under its filing: all of it, or nothing.

    A day whose cut-off is still ahead is filed now and answered after the cut-off. One whose
    cut-off has passed is filed late, and flies when the authority says so; a simulated authority
    has said so the day before.

    Args:
        also: done in the same unit of work, such as holding back what the rehearsal found wanting.
        authority: who answers; a simulated one where it is left out.
    """
    filing = _filed(preset, planned, now, authority)
    with store.unit() as unit:
        unit.filings.add(filing)
        unit.requests.add_all(r for r in planned.requests if r.origin is Origin.REVISIT)
        unit.tasks.add_all(planned.tasks)
        unit.flights.add_all(replace(f, filing_id=filing.id) for f in planned.flights)
        take_in(unit, preset, planned, now)
        unit.plans.add(planned.record)
        also(unit)
    return filing


def _filed(
    preset: Preset, planned: PlannedDay, now: datetime, authority: Authority | None
) -> Filing:
    rules, zone, day = preset.filing, preset.zone_info, planned.day
    volumes = volumes_of(planned.flights, preset, horizon(preset, day))
    who = authority or SimulatedAuthority(rules, zone)
    if now > cutoff(day, rules, zone) and who.simulated:
        return answered_yesterday(day, rules, zone, volumes)
    return file_routine(day, rules, zone, now=now, by="dispatcher", volumes=volumes)


def is_released(store: Store, day: date) -> bool:
    """Whether a day has its plan."""
    with store.view() as unit:
        return bool(unit.plans.find(day=day, limit=1))


def asked_for(store: Store, preset: Preset, day: date) -> tuple[Request, ...]:
    """What departments asked for on a day that had no plan yet."""
    opens, closes = horizon(preset, day)
    with store.view() as unit:
        asked = unit.requests.find(state=RequestState.ASKED)
    return tuple(r for r in asked if r.earliest < closes and r.latest > opens)
