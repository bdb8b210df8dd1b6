"""Joint inspections and the upward exchange over HTTP: who sees what, and what is refused."""

from datetime import time
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.clock import ManualClock
from missions.cases.desk import Casework
from missions.cases.inspections import Inspections
from missions.catalog.casework import CaseRules
from missions.presets import WorkingHours
from missions.store import MemoryStore

from api_values import NOW, a_case, a_preset  # isort: skip

V1 = "/api/v1"
ALL_DAY = WorkingHours(
    hours=((time(0), time(23, 59)),),
    weekdays=tuple(range(7)),
    holidays=frozenset(),
    workdays=frozenset(),
)


@pytest.fixture
def settled(service: Any) -> Any:
    """The fake service with real desks over one case of forestry's."""
    store, clock, preset = MemoryStore(), ManualClock(NOW), a_preset()
    preset.casework, preset.calendar = CaseRules(), ALL_DAY
    preset.event_types["01-01"].around_the_clock = True
    room: Any = SimpleNamespace(
        preset=preset,
        clock=clock,
        records=store,
        now=clock.now,
        unit=store.unit,
        view=store.view,
    )
    with store.unit() as unit:
        unit.cases.add(a_case())
    type(service).casework = property(lambda _: Casework(room))
    service.inspections = Inspections(room)
    return service


@pytest.fixture(autouse=True)
def restored(service: Any) -> Any:
    kept = type(service).casework
    yield
    type(service).casework = kept


def bearer(who: str) -> dict[str, str]:
    return {"Authorization": f"Bearer t-{who}"}


def test_another_department_finds_neither_the_case_nor_its_steps(
    client: TestClient, settled: Any
) -> None:
    assert client.get(f"{V1}/cases/cas-1", headers=bearer("water")).status_code == 404
    assert client.get(f"{V1}/cases", headers=bearer("water")).json()["items"] == []
    step = {"step": "handle"}
    answer = client.post(f"{V1}/cases/cas-1/steps", json=step, headers=bearer("water"))
    assert answer.status_code == 404
    both = {"case_ids": ["cas-1", "cas-2"]}
    answer = client.post(f"{V1}/inspections", json=both, headers=bearer("water"))
    assert answer.status_code == 404
    found = client.get(f"{V1}/inspections/proposals", headers=bearer("water"))
    assert found.json() == {"items": []}


def test_a_case_says_what_is_open_and_what_its_proof_lacks(
    client: TestClient, settled: Any
) -> None:
    case = client.get(f"{V1}/cases/cas-1", headers=bearer("audit")).json()
    assert not any(offer["open"] for offer in case["steps_open"])
    case = client.get(f"{V1}/cases/cas-1", headers=bearer("dispatch")).json()
    open_ = {o["step"]: o["needs"] for o in case["steps_open"] if o["open"]}
    assert open_["hand_over"] == ["department", "note"]
    assert [lack["code"] for lack in case["proof"]["missing"]] == ["cold"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("bbox=1,2,3", "bbox"),
        ("bbox=9,9,1,1", "bbox"),
        ("bbox=a,b,c,d", "bbox"),
        ("from=2026-05-12T00:00:00", "from"),
        ("overdue=true&state=closed", "overdue"),
        ("state=sleeping", "?state"),
        ("escalated=0", "?escalated"),
    ],
)
def test_a_wrong_filter_is_named(client: TestClient, settled: Any, query: str, field: str) -> None:
    answer = client.get(f"{V1}/cases?{query}", headers=bearer("dispatch"))
    assert answer.status_code == 422
    assert answer.json()["field"] == field


def test_a_step_without_what_it_needs_changes_nothing(client: TestClient, settled: Any) -> None:
    for body, field in (
        ({"step": "hand_over", "note": "theirs"}, "department"),
        ({"step": "hand_over", "note": "theirs", "department": "navy"}, "department"),
        ({"step": "ask_extension", "note": "rain"}, "hours"),
        ({"step": "ask_extension", "note": "rain", "until": "2026-05-13T00:00:00"}, "until"),
    ):
        answer = client.post(f"{V1}/cases/cas-1/steps", json=body, headers=bearer("dispatch"))
        assert answer.status_code == 422, answer.text
        assert answer.json()["field"] == field
    case = client.get(f"{V1}/cases/cas-1", headers=bearer("dispatch")).json()
    assert (case["state"], len(case["steps"])) == ("dispatched", 1)
