"""A year's cases of a big city: lists, the map, statistics, one step, on SQLite and PostgreSQL."""

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from benchmarks.api.city_made import NOW
from benchmarks.api.city_store import built, copied, holds, size_bytes
from benchmarks.api.registry import Row, Setting, Skipped, Table, group, quantiles
from core.clock import ManualClock
from missions import queries
from missions.access import LOCAL_OPERATOR, Principal, Role
from missions.cases.desk import CaseFilter
from missions.entities import CaseState, CaseStep
from missions.presets import Preset, load
from missions.statistics.casemap import Map
from missions.statistics.desk import Question, Statistics
from missions.statistics.periods import Period
from missions.store import SqlStore, Store

LEAST = 40
GOAL_MS = 200.0
MEMBER = Principal(name="member", role=Role.MEMBER, department="urban")


@dataclass(frozen=True)
class City:
    """What is asked."""

    store: Store
    preset: Preset
    count: int
    statistics: Statistics
    map: Map
    draw: random.Random


@group("city", "A year's cases of a big city: lists, map, statistics on SQLite and PostgreSQL")
def measure(setting: Setting) -> Iterator[Table]:
    """100,000 cases, or 2.3 million with --full."""
    count = setting.sized(few=100_000, full=2_300_000)
    preset = load("quzhou")
    with ExitStack() as stack:
        file = Path()
        for name, url in places(setting, stack):
            took = 0.0
            file = url if isinstance(url, Path) else file
            if not holds(url, count, setting.seed):
                setting.tell(f"{name}: building {count:,} cases")
                if isinstance(url, Path):
                    took = built(url, preset, count, setting.seed, setting.tell)
                else:
                    took = copied(file, url, setting.tell)
            store = SqlStore(url)
            stack.callback(store.close)
            rows = list(
                asked(
                    City(
                        store,
                        preset,
                        count,
                        Statistics(store, preset, ManualClock(NOW)),
                        Map(store),
                        random.Random(setting.seed),
                    ),
                    setting,
                )
            )
            size = size_bytes(url, store) / 1e9
            told = f"made in {took:.0f} s" if took else "made before"
            slow = [str(row["what"]) for row in rows if float(row["p95 ms"] or 0) > GOAL_MS]
            yield Table(
                title=f"{count:,} cases on {name}",
                columns=tuple(rows[0]),
                rows=rows,
                notes=(
                    f"{told}, {size:.2f} GB; one asker, in this process: no HTTP",
                    f"goal p95 below {GOAL_MS:.0f} ms: "
                    + (", ".join(slow) + " miss it" if slow else "all meet it"),
                ),
            )


def places(setting: Setting, stack: ExitStack) -> Iterator[tuple[str, str | Path]]:
    """The databases: a file, and PostgreSQL where it is asked for."""
    yield "SQLite", stack.enter_context(setting.room("city")) / "city.sqlite"
    if setting.postgres is None:
        return
    url = setting.postgres or stack.enter_context(started())
    yield "PostgreSQL", url


@contextmanager
def started() -> Iterator[str]:
    """The address of an empty database in a PostgreSQL of our own (no fsync: a test server)."""
    sys.path.append(str(Path(__file__).resolve().parents[2] / "conformance"))
    from postgres_server import NoPostgres, shared_server

    with tempfile.TemporaryDirectory() as meeting, ExitStack() as stack:
        try:
            server = stack.enter_context(shared_server(Path(meeting)))
        except NoPostgres as why:
            raise Skipped(str(why)) from why
        yield server.url(server.take())


def asked(city: City, setting: Setting) -> Iterator[Row]:
    """Each question, again and again with other figures; the first few are not counted."""
    for what, ask in questions(city).items():
        setting.tell(what)
        for _ in range(3):
            ask()
        times: list[float] = []
        until = time.monotonic() + setting.seconds / 5
        while len(times) < LEAST or time.monotonic() < until:
            began = time.perf_counter()
            ask()
            times.append(time.perf_counter() - began)
            if len(times) >= 5 and sum(times) > 60:
                break
        yield {"what": what, **quantiles(times)}


def questions(city: City) -> dict[str, Callable[[], object]]:
    """What is asked, by what it is called."""
    draw, preset = city.draw, city.preset
    types, counties = sorted(preset.event_types), sorted(preset.territory)
    departments = sorted({t.department for t in preset.event_types.values()})

    def page(p: Principal, wanted: CaseFilter, after: str | None = None) -> object:
        chosen = wanted.conditions(NOW)
        with city.store.view() as unit:
            return queries.page_of(unit.cases, p, after, 100, chosen)

    def box(half: float) -> tuple[float, float, float, float]:
        dock = draw.choice(preset.docks).position
        return dock.lon - half, dock.lat - half * 0.6, dock.lon + half, dock.lat + half * 0.6

    def deep() -> str:
        return f"cas-{draw.randrange(city.count):08d}"

    def months() -> Period:
        month = draw.randrange(1, 10)
        return Period(date(2026, month, draw.randrange(1, 28)), date(2026, month + 1, 20))

    def figures(by: str, period: Period, p: Principal = LOCAL_OPERATOR) -> object:
        return city.statistics.answer(p, Question(period=period, by=by))

    year = Period(date(2025, 11, 1), date(2026, 10, 31))
    return {
        "list: newest": lambda: page(LOCAL_OPERATOR, CaseFilter()),
        "list: a cursor anywhere": lambda: page(LOCAL_OPERATOR, CaseFilter(), deep()),
        "list: a department's": lambda: page(MEMBER, CaseFilter(), deep()),
        "list: by type": lambda: page(LOCAL_OPERATOR, CaseFilter(event_type=draw.choice(types))),
        "list: by state": lambda: page(
            LOCAL_OPERATOR, CaseFilter(state=draw.choice(list(CaseState)))
        ),
        "list: by county and state, cursor": lambda: page(
            LOCAL_OPERATOR,
            CaseFilter(county=draw.choice(counties), state=CaseState.CLOSED),
            deep(),
        ),
        "list: by department and type": lambda: page(
            LOCAL_OPERATOR,
            CaseFilter(department=draw.choice(departments), event_type=draw.choice(types)),
        ),
        "list: a week of a county": lambda: page(
            LOCAL_OPERATOR,
            CaseFilter(
                county=draw.choice(counties),
                since=NOW - timedelta(days=draw.randrange(8, 300)),
                until=NOW - timedelta(days=1),
            ),
        ),
        "list: overdue": lambda: page(LOCAL_OPERATOR, CaseFilter(overdue=True)),
        "list: by number": lambda: page(
            LOCAL_OPERATOR, CaseFilter(number=f"BIG-2026{draw.randrange(1, 10):02d}1")
        ),
        "list: of a box": lambda: page(LOCAL_OPERATOR, CaseFilter(bbox=box(0.01))),
        "one case": lambda: _one(city, deep()),
        "map: city, open": lambda: city.map.show(LOCAL_OPERATOR, box(0.8), 9, "open"),
        "map: city, all": lambda: city.map.show(LOCAL_OPERATOR, box(0.8), 9, "all"),
        "map: town, all": lambda: city.map.show(LOCAL_OPERATOR, box(0.06), 13, "all"),
        "map: quarter, all": lambda: city.map.show(LOCAL_OPERATOR, box(0.015), 15, "all"),
        "map: street, all": lambda: city.map.show(LOCAL_OPERATOR, box(0.004), 17, "all"),
        "map: street, a department's": lambda: city.map.show(MEMBER, box(0.004), 17, "all"),
        "statistics: a year": lambda: figures("", year),
        "statistics: a year by day": lambda: figures("day", year),
        "statistics: a year by month": lambda: figures("month", year),
        "statistics: a year by department": lambda: figures("department", year),
        "statistics: odd weeks by type": lambda: figures("type", months()),
        "statistics: odd weeks by county": lambda: figures("county", months()),
        "statistics: a year by day, a department's": lambda: figures("day", year, MEMBER),
        "statistics: counties and index": lambda: city.statistics.counties(
            LOCAL_OPERATOR, Question(period=year)
        ),
        "write: a case's step": lambda: _step(city, deep()),
    }


def _one(city: City, name: str) -> object:
    with city.store.view() as unit:
        return unit.cases.get(name)


def _step(city: City, name: str) -> None:
    """As a department does it: read, decide, write, with feed and tallies, in one unit."""
    with city.store.unit() as unit:
        case = unit.cases.get(name)
        again = CaseStep(step=CaseState.DISPATCHED.value, at=NOW, by="bench")
        back = CaseStep(step=CaseState.REPORTED_BACK.value, at=NOW, by="bench")
        open_now = case.state in (CaseState.CLOSED, CaseState.EVALUATED)
        step = again if open_now else back
        state = CaseState.DISPATCHED if open_now else CaseState.CLOSED
        closed = None if open_now else NOW
        unit.cases.put(replace(case, state=state, steps=(*case.steps, step), closed_at=closed))
