"""Statistics over HTTP: figures, files that no spreadsheet runs, and everybody's own."""

import csv
import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from api_values import NOW, a_case
from fake_service import FakeService
from openpyxl import load_workbook
from starlette.testclient import TestClient

from missions.presets import load
from missions.statistics.casemap import Map
from missions.statistics.desk import Statistics
from missions.store import MemoryStore

V1 = "/api/v1"
EVIL = '=HYPERLINK("http://x","y")'


@pytest.fixture
def counted(service: FakeService, client: TestClient) -> TestClient:
    """A client of a service with three cases."""
    store = MemoryStore()
    preset = load("quzhou")
    departments = dict(preset.departments)
    departments["water"] = replace(departments["water"], name=EVIL, name_zh="-1+1")
    made: Any = service
    made.statistics = Statistics(store, replace(preset, departments=departments), service.clock)
    made.case_map = Map(store)
    case = replace(a_case(), shared_with=(), county="kecheng", opened_at=NOW - timedelta(days=1))
    with store.unit() as unit:
        for n, department in enumerate(("water", "urban", "fire")):
            unit.cases.add(replace(case, id=f"c{n}", number=f"n{n}", department=department))
    return client


def bearer(who: str) -> dict[str, str]:
    return {"Authorization": f"Bearer t-{who}"}


def get(client: TestClient, path: str, who: str = "admin", status: int = 200) -> Any:
    answer = client.get(V1 + path, headers=bearer(who))
    assert answer.status_code == status, answer.text
    return answer


def test_a_member_gets_the_departments_figures_and_others_are_not_there(
    counted: TestClient,
) -> None:
    assert get(counted, "/statistics").json()["total"]["opened"] == 3
    assert get(counted, "/statistics", "water").json()["total"]["opened"] == 1
    assert get(counted, "/statistics?department=water", "water").json()["total"]["opened"] == 1
    for path in ("/statistics", "/statistics/counties", "/statistics/export"):
        get(counted, f"{path}?department=urban", "water", 404)
        get(counted, path, "dock", 403)
    assert get(counted, "/cases/map?bbox=118,28,119.5,30", "water").json()["total"] == 1
    assert get(counted, "/cases/map?bbox=118,28,119.5,30", "dock").json()["total"] == 0


def test_figures_are_divided_and_unknown_ones_are_null(counted: TestClient) -> None:
    body = get(counted, "/statistics?by=department&from=2026-01-01&to=2026-12-31").json()
    assert [g["key"] for g in body["groups"]] == ["fire", "urban", "water"]
    assert body["previous"] == {"from": "2025-01-01", "to": "2025-12-31"}
    assert body["total"]["close_median_min"] is None
    county = get(counted, "/statistics/counties?from=2026-01-01").json()["groups"][0]
    assert county["key"] == "kecheng"
    assert {c["figure"] for c in county["components"]} >= {"handled_share", "on_time_share"}


@pytest.mark.parametrize(
    "query",
    ["by=moon", "from=yesterday", "from=2026-05-02&to=2026-05-01", "from=0001-01-01",
     "to=9999-12-31", "department=nobody", "county=%00", "class=99"],
)  # fmt: skip
def test_a_bad_question_is_a_400(counted: TestClient, query: str) -> None:
    answer = counted.get(f"{V1}/statistics?{query}", headers=bearer("admin"))
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_workbook_has_real_numbers_and_no_formulas(counted: TestClient) -> None:
    answer = get(counted, "/statistics/export?from=2026-01-01")
    assert "attachment" in answer.headers["content-disposition"]
    book = load_workbook(io.BytesIO(answer.content))
    assert "按部门 By department" in book.sheetnames
    sheet = book["按部门 By department"]
    head = [cell.value for cell in sheet[1]]
    row = next(r for r in sheet.iter_rows(min_row=3) if r[0].value == "water")
    assert row[1].value == EVIL
    assert row[1].data_type == "s"
    assert row[2].data_type == "s"
    opened = row[head.index("Cases opened")]
    assert (opened.value, opened.data_type) == (1, "n")
    share = row[head.index("Handled share")] if "Handled share" in head else None
    assert share is None or share.number_format == "0.00%"
    assert all(cell.data_type != "f" for s in book for r in s.iter_rows() for cell in r)


def test_a_table_for_excel_begins_with_a_mark_and_holds_no_formula(counted: TestClient) -> None:
    path = "/statistics/export?format=csv&by=department&from=2026-01-01"
    plain, marked = get(counted, path).content, get(counted, f"{path}&bom=true").content
    assert marked == b"\xef\xbb\xbf" + plain
    rows = list(csv.reader(io.StringIO(plain.decode())))
    assert len({len(row) for row in rows}) == 1
    water = next(row for row in rows if row[1] == "water")
    assert water[2] == f"'{EVIL}"
    assert water[3] == "'-1+1"
    assert not any(cell.startswith(("=", "+", "@", "\t")) for row in rows for cell in row)


def test_the_map_is_geojson_and_refuses_what_is_no_box(counted: TestClient) -> None:
    body = get(counted, "/cases/map?bbox=118,28,119.5,30&zoom=9&state=all").json()
    assert body["type"] == "FeatureCollection"
    assert {f["properties"]["department"] for f in body["features"]} == {"water", "urban", "fire"}
    for bad in ("bbox=1,2,3", "bbox=9,9,1,1", "bbox=118,28,119,29&zoom=99", ""):
        answer = counted.get(f"{V1}/cases/map?{bad}", headers=bearer("admin"))
        assert 400 <= answer.status_code < 500, answer.text
