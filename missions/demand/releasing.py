"""A planned day goes into the records: requests, tasks, plan and flights, filed and released."""

from dataclasses import replace
from datetime import date

from missions.demand.filing import answered_yesterday
from missions.demand.planning import PlannedDay
from missions.entities import Filing
from missions.presets import Preset
from missions.store.protocol import Store


def release(store: Store, preset: Preset, planned: PlannedDay) -> Filing:
    """Store a verified day under its approved filing: all of it, or nothing."""
    filing = answered_yesterday(planned.day, preset.filing, preset.zone_info)
    with store.unit() as unit:
        unit.filings.add(filing)
        unit.requests.add_all(planned.requests)
        unit.tasks.add_all(planned.tasks)
        unit.flights.add_all(replace(f, filing_id=filing.id) for f in planned.flights)
        unit.plans.add(planned.record)
    return filing


def is_released(store: Store, day: date) -> bool:
    """Whether a day has its plan."""
    with store.view() as unit:
        return bool(unit.plans.find(day=day, limit=1))
