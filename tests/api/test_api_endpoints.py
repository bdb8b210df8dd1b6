"""Every endpoint: what it gives, what it passes on, how it refuses."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from core import errors

V1 = "/api/v1"
LOOK = {
    "geometry": {
        "type": "Polygon",
        "coordinates": [[[118.86, 28.94], [118.88, 28.94], [118.88, 28.96], [118.86, 28.94]]],
    },
    "sensor": "visible",
    "gsd_m": 0.05,
    "earliest": "2026-05-12T02:00:00Z",
    "latest": "2026-05-12T06:00:00+00:00",
    "priority": 3,
    "purpose": "look at the banks",
}


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("/health", {"status", "time", "wall", "vehicles", "vehicles_heard"}),
        ("/me", {"role", "department", "name"}),
        (
            "/city",
            {"name", "title", "title_zh", "attribution", "zone", "territory", "docks", "zones"}
            | {"places", "departments", "kinds"},
        ),
        ("/scenarios", {"items"}),
        ("/event-types", {"items"}),
        (
            "/plan",
            {"day", "id", "verified", "value", "km", "km_separate", "flights", "unserved"}
            | {"tasks", "territory_share"},
        ),
        ("/flights", {"items", "next"}),
        ("/flights/flt-1", {"id", "route", "log", "photos", "ledger", "tasks", "state", "reason"}),
        ("/point/preview?lon=118.9&lat=28.9&height_m=60", {"flight_id", "vehicle", "eta_s"}),
        ("/links", {"items"}),
        ("/commands", {"items", "next"}),
        ("/commands?vehicle=QZ-07&state=failed", {"items", "next"}),
        (
            "/commands/ord-1",
            {"id", "vehicle", "what", "by", "state", "reason", "given_at", "ended"},
        ),
        ("/requests", {"items", "next"}),
        ("/requests/req-1", {"id", "answer", "geometry", "task_ids"}),
        ("/media", {"items", "next"}),
        ("/anomalies", {"type", "features"}),
        ("/events", {"items", "next"}),
        ("/cases", {"items", "next"}),
        ("/cases/cas-1", {"id", "number", "steps", "media", "rechecks", "before", "after"}),
        ("/reviews", {"items", "next"}),
        ("/alerts", {"items", "next"}),
        ("/report", {"drones"}),
        ("/rehearsals/latest", {"state", "reason", "counts", "flights"}),
        ("/rehearsals/2026-05-12", {"day", "at", "state", "timing"}),
    ],
)
def test_every_reading_endpoint_answers_in_its_form(
    client: TestClient, path: str, keys: set[str]
) -> None:
    answer = client.get(V1 + path)
    assert answer.status_code == 200, answer.text
    assert keys <= set(answer.json())


def test_flight_route_is_a_line_that_names_its_photo_legs(client: TestClient) -> None:
    flight = client.get(f"{V1}/flights/flt-1").json()
    assert flight["route"]["type"] == "Feature"
    assert len(flight["route"]["geometry"]["coordinates"]) == 3
    assert flight["route"]["properties"]["photo_legs"] == [[1, 2]]
    assert flight["ledger"] == [{"department": "water", "km": 6.25, "minutes": 10.0}]
    assert flight["log"] == [{"t": "2026-05-12T01:00:00Z", "text": "up", "text_zh": "上传"}]
    assert flight["photos"] == {"expected": 5, "taken": 5, "kept": 4, "dropped": 1}


def test_a_flight_says_how_closely_it_kept_to_plan_and_its_log_can_be_had(
    client: TestClient,
) -> None:
    flight = client.get(f"{V1}/flights/flt-1").json()
    assert flight["conformity"]["as_planned"] is False
    assert flight["conformity"]["deviations"][0]["kind"] == "sideways"
    log = client.get(f"{V1}/flights/flt-1/log.tlog")
    assert log.headers["content-disposition"] == 'attachment; filename="flt-1.tlog"'
    assert log.content[8] == 0xFD


def test_plan_lists_what_is_unserved_with_its_reason(client: TestClient) -> None:
    plan = client.get(f"{V1}/plan").json()
    assert plan["unserved"] == [
        {
            "task": "tsk-2",
            "code": "no_reach",
            "reason": "too far",
            "reason_zh": "太远",
            "departments": ["water"],
        }
    ]
    assert plan["territory_share"]["day_planned"] == 0.05


def test_a_day_without_a_plan_says_so(client: TestClient) -> None:
    plan = client.get(f"{V1}/plan?day=2026-01-01").json()
    assert (plan["day"], plan["id"], plan["verified"]) == ("2026-01-01", None, False)


def test_filters_and_cursor_reach_the_service(client: TestClient, service: Any) -> None:
    page = client.get(f"{V1}/requests?state=planned&limit=7&after=c1").json()
    assert page["next"] == "cursor-2"
    assert service.calls[-1][2] == {"state": "planned", "limit": 7, "after": "c1"}
    client.get(f"{V1}/media?bbox=118,28,119,29&sensor=thermal&flight=flt-1")
    assert service.calls[-1][2]["bbox"] == (118.0, 28.0, 119.0, 29.0)
    client.get(f"{V1}/events?type=01-01")
    assert service.calls[-1][2]["event_type"] == "01-01"


def test_case_shows_the_first_picture_before_and_the_last_after(client: TestClient) -> None:
    case = client.get(f"{V1}/cases/cas-1").json()
    assert (case["before"], case["after"]) == ("med-1", "med-3")
    assert case["media"] == ["med-1", "med-2", "med-3"]
    assert case["overdue"] is False


def test_a_case_is_overdue_once_the_service_clock_passes_its_deadline(
    client: TestClient, service: Any
) -> None:
    service.clock.advance(3601)
    assert client.get(f"{V1}/cases").json()["items"][0]["overdue"] is True


def test_asking_passes_the_idempotency_key_on(client: TestClient, service: Any) -> None:
    answer = client.post(f"{V1}/requests", json=LOOK, headers={"Idempotency-Key": "k-1"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["answer"]["flight_id"] == "flt-1"
    assert service.calls[-1][3] == "k-1"


def test_commands_and_points_and_steps_and_decisions(client: TestClient, service: Any) -> None:
    launched = client.post(f"{V1}/flights/flt-1/commands", json={"command": "launch"})
    assert (launched.status_code, launched.json()["id"]) == (202, "flt-1")
    assert launched.json()["command_id"] == "ord-1"
    point = client.post(f"{V1}/point", json={"lon": 118.9, "lat": 28.9, "height_m": 60})
    assert point.status_code == 201
    assert point.json()["filing"] == {"state": "approved"}
    step = client.post(f"{V1}/cases/cas-1/steps", json={"step": "handle", "note": "on our way"})
    assert step.status_code == 200
    assert service.calls[-1][2:] == ("cas-1", "handle", "on our way")
    decided = client.post(f"{V1}/reviews/rev-1/decision", json={"decision": "confirm"})
    assert decided.json()["decision"]["decision"] == "confirm"


def test_an_impossible_point_is_a_conflict_with_the_reason(
    client: TestClient, service: Any
) -> None:
    service.refuses_point = "inside the airport's control zone"
    for answer in (
        client.post(f"{V1}/point", json={"lon": 118.9, "lat": 28.9, "height_m": 60}),
        client.get(f"{V1}/point/preview?lon=118.9&lat=28.9"),
    ):
        assert answer.status_code == 409
        assert answer.json()["detail"] == "inside the airport's control zone"


def test_constants_are_answered_with_304_when_known(client: TestClient) -> None:
    tag = client.get(f"{V1}/city").headers["etag"]
    again = client.get(f"{V1}/city", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_large_json_is_compressed_and_pictures_are_not(client: TestClient, service: Any) -> None:
    assert client.get(f"{V1}/city").headers["content-encoding"] == "gzip"
    receipt = client.post(
        f"{V1}/media",
        content=b"\xff\xd8" + b"x" * 5000,
        headers={"X-Vehicle": "1", "X-Camera": "c"},
    ).json()
    file = client.get(f"{V1}/media/{receipt['id']}/file")
    assert "content-encoding" not in file.headers


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidInput("bad"), 422),
        (errors.UnreadableMedia("bad"), 422),
        (errors.UnknownEncoding("bad"), 415),
        (errors.NotFound("bad"), 404),
        (errors.NotAllowed("bad"), 403),
        (errors.IllegalTransition("bad"), 409),
        (errors.Unavailable("bad"), 503),
        (errors.PlanRejected("bad"), 409),
        (errors.CommandRefused("bad"), 409),
        (errors.NotReady("bad"), 409),
        (errors.CommandTimeout("bad"), 504),
        (errors.LinkLost("bad"), 504),
        (errors.TransferFailed("bad"), 502),
        (errors.ReadBackMismatch("bad"), 502),
        (errors.FlyOnceError("bad"), 500),
    ],
)
def test_each_named_error_has_its_status(
    client: TestClient, service: Any, error: errors.FlyOnceError, status: int
) -> None:
    error.where, error.remedy = "flt-1", "do this"
    service.fails = error
    answer = client.get(f"{V1}/flights/flt-1")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert (answer.json()["detail"], answer.json()["field"]) == ("bad", "flt-1")
    assert answer.json()["remedy"] == "do this"


def test_a_mistake_of_the_service_is_a_problem_without_its_inside(
    client: TestClient, service: Any
) -> None:
    service.fails = RuntimeError("secret path")
    answer = client.get(f"{V1}/flights/flt-1")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.json()["remedy"]


@pytest.mark.parametrize(
    ("method", "path", "json", "field"),
    [
        ("GET", "/flights?limit=0", None, "?limit"),
        ("GET", "/flights?state=lost", None, "?state"),
        ("GET", "/plan?day=tomorrow", None, "?day"),
        ("GET", "/media?bbox=1,2,3", None, "?bbox"),
        ("GET", "/media?bbox=nan,0,1,1", None, "?bbox"),
        ("GET", "/point/preview?lon=200&lat=28", None, "?lon"),
        ("POST", "/flights/f/commands", {"command": "explode"}, "command"),
        ("POST", "/point", {"lon": 118, "lat": 28, "height_m": -5}, "height_m"),
        ("POST", "/point", {"lon": 118, "lat": 28, "height": 5}, "height"),
        ("POST", "/requests", {**LOOK, "sensor": "sonar"}, "sensor"),
        ("POST", "/requests", {**LOOK, "earliest": "2026-05-12T02:00:00"}, "earliest"),
        ("POST", "/requests", {**LOOK, "priority": 9}, "priority"),
        ("POST", "/cases/c/steps", {"step": "forget"}, "step"),
        ("POST", "/reviews/r/decision", {"decision": "perhaps"}, "decision"),
        ("POST", "/reviews/r/decision", {"decision": "mark"}, "lon"),
    ],
)
def test_wrong_input_names_the_field_and_the_remedy(
    client: TestClient, method: str, path: str, json: Any, field: str
) -> None:
    answer = client.request(method, V1 + path, json=json)
    assert answer.status_code == 422, answer.text
    assert answer.json()["field"] == field
    assert answer.json()["remedy"]


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"lon": "\xff"}', b"", b"null", b'"x"', b"[]"])
def test_bodies_that_are_no_object(client: TestClient, body: bytes) -> None:
    answer = client.post(f"{V1}/point", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["remedy"]


def test_broken_json_and_unknown_addresses_and_methods(client: TestClient) -> None:
    broken = client.post(
        f"{V1}/point", content=b'{"lon": NaN', headers={"Content-Type": "application/json"}
    )
    assert broken.status_code == 422
    assert broken.json()["remedy"]
    unknown = client.get(f"{V1}/nothing")
    assert (unknown.status_code, unknown.json()["status"]) == (404, 404)
    assert unknown.headers["content-type"] == "application/problem+json"
    assert client.delete(f"{V1}/flights").status_code == 405
    assert client.get("/api/v2/flights").status_code == 404


def test_steps_out_of_order_are_a_conflict(client: TestClient) -> None:
    answer = client.post(f"{V1}/cases/cas-1/steps", json={"step": "close"})
    assert answer.status_code == 409
    assert "cannot go" in answer.json()["detail"]


def test_a_huge_body_is_refused(client: TestClient, service: Any) -> None:
    answer = client.post(
        f"{V1}/requests", content=b"x" * 3_000_000, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413
    assert service.calls == []
