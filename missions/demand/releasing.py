"""What a day is planned from, and the planned day in the records: filed and released."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from missions.demand.filing import answered_yesterday, cutoff, file_routine
from missions.demand.planning import PlannedDay, horizon
from missions.entities import Filing, Origin, Request, RequestState
from missions.presets import Preset
from missions.store.protocol import Store, Unit


def release(
    store: Store,
    preset: Preset,
    planned: PlannedDay,
    now: datetime,
    also: Callable[[Unit], None] = lambda unit: None,
) -> Filing:
    """Store a verified day under its filing: all of it, or nothing.

    A day whose cut-off is still ahead is filed now and answered after the cut-off; for one whose
    cut-off has passed (the first day of a demo) yesterday's answered filing stands.

    Args:
        also: done in the same unit of work, such as holding back what the rehearsal found wanting.
    """
    rules, zone = preset.filing, preset.zone_info
    if now <= cutoff(planned.day, rules, zone):
        filing = file_routine(planned.day, rules, zone, now=now, by="dispatcher")
    else:
        filing = answered_yesterday(planned.day, rules, zone)
    with store.unit() as unit:
        unit.filings.add(filing)
        unit.requests.add_all(r for r in planned.requests if r.origin is Origin.REVISIT)
        for asked in (r for r in planned.requests if r.origin is not Origin.REVISIT):
            unit.requests.put(asked)
        unit.tasks.add_all(planned.tasks)
        unit.flights.add_all(replace(f, filing_id=filing.id) for f in planned.flights)
        unit.plans.add(planned.record)
        also(unit)
    return filing


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
