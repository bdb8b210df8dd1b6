"""The page of a plan says what the plan says."""

from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
import shapely
from planner_city import END, START, look, station, zone

from planner import Plan, Prepared, Problem, prepare, solve
from planner.formats.sheet import Asked, Sheet, department_shares, html, unserved_rows
from planner.formats.sheet_map import city_map
from planner.formats.sheet_times import timetable

LOOKS = [
    look("park", shapely.box(500, 500, 900, 900), department="urban"),
    look("road", shapely.LineString([(0, 900), (900, 900)]), "corridor", department="traffic"),
    look("far", shapely.box(90_000, 0, 90_100, 100), department="urban"),
]


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    stations = (station("A", 0, 0), station("B", 3000, 0))
    zones = (zone("<Z>", 2000, 2000, 300),)
    prepared: Prepared = prepare(LOOKS, stations, zones)
    problem = Problem(stations=stations, tasks=prepared.tasks, zones=zones, start=START, end=END)
    plan: Plan = solve(problem, seconds=0.05)
    return Sheet(
        title="A <day>", zone=ZoneInfo("Asia/Shanghai"), problem=problem, plan=plan,
        asked={k.id: Asked(f"the {k.id}", k.department) for k in LOOKS},
        refused=prepared.refused, served_by=prepared.served_by,
        figures=[("Saving", "节省", "12 km")],
    )  # fmt: skip


def test_the_page_is_whole_and_escapes_names(sheet: Sheet) -> None:
    page = html(sheet)
    assert "A &lt;day&gt;" in page
    assert "&lt;Z&gt;" in page
    assert "<Z>" not in page
    assert "http" not in page.replace("http-equiv", "")
    for flight in sheet.plan.flights:
        assert flight.station in page
    assert "2 / 3" in page
    assert "12 km" in page


def test_drawings_are_xml_with_every_flight(sheet: Sheet) -> None:
    drawn = ET.fromstring(city_map(sheet.problem, sheet.plan))  # noqa: S314
    ways = [p for p in drawn.iter("path") if "way" in (p.get("class") or "")]
    assert len(ways) == len(sheet.plan.flights)
    bars = ET.fromstring(timetable(sheet.problem, sheet.plan, sheet.zone))  # noqa: S314
    titles = [b.findtext("title") for b in bars.iter("rect") if b.find("title") is not None]
    assert len(titles) == len(sheet.plan.flights)


def test_what_is_not_served_has_its_reason_and_counts_against_its_department(sheet: Sheet) -> None:
    [missing] = unserved_rows(sheet)
    assert missing.refusal.id == "far"
    assert missing.refusal.reason
    shares = {s.department: s.share for s in department_shares(sheet)}
    assert shares == {"urban": 0.5, "traffic": 1.0}


def test_a_day_without_drones_or_flights_is_a_page_too() -> None:
    problem = Problem(stations=(), tasks=(), zones=(), start=START, end=END)
    empty = Sheet(
        title="Nothing", zone=ZoneInfo("UTC"), problem=problem,
        plan=Plan(flights=(), unserved={}, value=0.0, km=0.0), asked={}, refused={}, served_by={},
    )  # fmt: skip
    assert "0 / 0" in html(empty)
