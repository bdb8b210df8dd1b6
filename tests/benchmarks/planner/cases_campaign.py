"""Random days with everything a day can have: how many plans break a rule (none may)."""

from collections.abc import Iterator

from benchmarks.planner.registry import Setting, Table, group

DAYS_PER_SECOND = 4
"""About what one process does; `--seconds` says how long the campaign lasts."""


@group("campaign", "Random days: plans that break a rule, routes that enter a zone")
def campaign(setting: Setting) -> Iterator[Table]:
    """As many days as fit the time; 10,000 of them need 25 min on two cores."""
    from benchmarks.planner.campaign import run

    days = max(10, round(setting.seconds * DAYS_PER_SECOND * setting.threads))
    rows = run(days, setting.seed, setting.threads, setting.tell)
    yield Table(
        title=f"{days} random days, checked by planner.verify and core.clearance",
        columns=tuple(rows[0]),
        rows=rows,
        notes=("the first row is the sum; each further one a day on which something was wrong",),
    )
