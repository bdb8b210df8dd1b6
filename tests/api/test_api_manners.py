"""What holds for every address: keys, conditions, limits, names, problems."""

import gzip
import json
import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.responses import FileResponse
from whole_world import ADMIN, NOW, WATER, World, world

from missions.store import SqlStore

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

BASE = "/api/v1"


class Caller:
    """Somebody with a token."""

    def __init__(self, made: World, principal: Any, client: TestClient) -> None:
        self.headers = {"Authorization": f"Bearer {made.token(principal)}"}
        self.client = client

    def __call__(self, method: str, path: str, **given: Any) -> Any:
        headers = {**self.headers, **given.pop("headers", {})}
        return self.client.request(method, BASE + path, headers=headers, **given)


def opened(made: World) -> TestClient:
    return TestClient(
        made.app,
        base_url="http://127.0.0.1:8000",
        client=("203.0.113.9", 1),
        raise_server_exceptions=False,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One city for all; tests that use it up make their own."""
    home: Path = tmp_path_factory.mktemp("manners")
    store = SqlStore(home / "a.db")
    with world(home, store) as made:
        yield made
    store.close()


@pytest.fixture(scope="module")
def client(made: World) -> Iterator[TestClient]:
    with opened(made) as client:
        yield client


@pytest.fixture(scope="module")
def root(made: World, client: TestClient) -> Caller:
    return Caller(made, ADMIN, client)


@pytest.fixture(scope="module")
def water(made: World, client: TestClient) -> Caller:
    return Caller(made, WATER, client)


@pytest.fixture
def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


def wish(**changes: Any) -> dict[str, Any]:
    """A request for a look."""
    return {
        "scenario": "water-01",
        "geometry": {"type": "Point", "coordinates": [118.87, 28.95]},
        "earliest": (NOW + timedelta(hours=1)).isoformat(),
        "latest": (NOW + timedelta(hours=5)).isoformat(),
        **changes,
    }


QUOTA = {"requests": 700, "reason": "flood season"}


# --- keys --------------------------------------------------------------------------------------


def test_a_key_does_a_write_once_and_tells_its_answer_again(
    root: Caller, made: World, key: dict[str, str]
) -> None:
    with made.room.view() as unit:
        before = unit.log.count(action="quota.change")
    first = root("PUT", "/quotas/water", json=QUOTA, headers=key)
    again = root("PUT", "/quotas/water", json=QUOTA, headers=key)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    with made.room.view() as unit:
        assert unit.log.count(action="quota.change") == before + 1


def test_a_key_in_quotes_is_the_same_key(root: Caller) -> None:
    root("PUT", "/quotas/water", json=QUOTA, headers={"Idempotency-Key": '"in-quotes"'})
    again = root("PUT", "/quotas/water", json=QUOTA, headers={"Idempotency-Key": "in-quotes"})
    assert again.headers["idempotent-replayed"] == "true"


def test_a_key_for_another_request_is_refused(root: Caller, key: dict[str, str]) -> None:
    root("PUT", "/quotas/water", json=QUOTA, headers=key)
    for method, path, body in (
        ("PUT", "/quotas/water", {**QUOTA, "requests": 1}),
        ("PUT", "/quotas/forestry", QUOTA),
    ):
        other = root(method, path, json=body, headers=key)
        assert other.status_code == 422
        assert other.json()["field"] == "Idempotency-Key"
        assert "PUT /api/v1/quotas/water" in other.json()["detail"]


def test_nobody_meets_the_keys_of_somebody_else(
    root: Caller, water: Caller, key: dict[str, str]
) -> None:
    root("POST", "/requests", json=wish(), headers=key)
    theirs = water("POST", "/requests", json=wish(), headers=key)
    assert theirs.status_code == 201
    assert "idempotent-replayed" not in theirs.headers


def test_a_refused_request_leaves_its_key_free(root: Caller, key: dict[str, str]) -> None:
    assert root("PUT", "/quotas/water", json={"reason": ""}, headers=key).status_code == 422
    assert root("PUT", "/quotas/water", json=QUOTA, headers=key).status_code == 200


def test_an_ask_is_kept_once_with_both_guarantees(
    water: Caller, made: World, key: dict[str, str]
) -> None:
    first = water("POST", "/requests", json=wish(), headers=key)
    assert water("POST", "/requests", json=wish(), headers=key).json() == first.json()
    with made.room.unit() as unit:  # as if the service had died before its answer was kept
        for record in unit.answers.find():
            unit.answers.remove(record.id)
    assert water("POST", "/requests", json=wish(), headers=key).json()["id"] == first.json()["id"]


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_has_a_length(root: Caller, key: str) -> None:
    answer = root("PUT", "/quotas/water", json=QUOTA, headers={"Idempotency-Key": key})
    assert answer.status_code == 422
    assert answer.json()["field"] == "Idempotency-Key"


# --- conditions --------------------------------------------------------------------------------


def test_what_one_has_is_not_sent_again(root: Caller) -> None:
    for path in ("/requests", "/requests/req-1", "/flights/flt-1", "/cases/cas-1"):
        first = root("GET", path)
        again = root("GET", path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"].replace("-gzip", "") == first.headers["etag"].replace(
            "-gzip", ""
        )
        assert root("GET", path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_packed_answer_has_a_tag_of_its_own(root: Caller) -> None:
    packed = root("GET", "/flights/flt-1", headers={"Accept-Encoding": "gzip"})
    plain = root("GET", "/flights/flt-1", headers={"Accept-Encoding": "identity"})
    assert packed.headers["etag"] == plain.headers["etag"][:-1] + '-gzip"'


def test_a_write_on_what_has_changed_since_is_refused(root: Caller, made: World) -> None:
    tag = root("GET", "/requests/req-1").headers["etag"]
    with made.room.unit() as unit:
        before = unit.requests.get("req-1")
        unit.requests.put(replace(before, purpose="another"))
    path = "/requests/req-1/withdraw"
    late = root("POST", path, headers={"If-Match": tag})
    assert late.status_code == 412, late.text
    assert late.json()["field"] == "If-Match"
    fresh = root("GET", "/requests/req-1").headers["etag"]
    assert root("POST", path, headers={"If-Match": fresh}).status_code != 412


def test_a_condition_says_nothing_of_what_one_may_not_see(water: Caller) -> None:
    path = "/cases/{}/steps"
    body = {"step": "handle", "note": "x"}
    theirs = water("POST", path.format("cas-1"), json=body, headers={"If-Match": '"x"'})
    none = water("POST", path.format("cas-2"), json=body, headers={"If-Match": '"x"'})
    assert theirs.status_code == none.status_code


# --- limits ------------------------------------------------------------------------------------


def test_who_asks_too_often_is_told_when_to_come_again(tmp_path: Path) -> None:
    with world(tmp_path, rate_limits=0.01) as made, opened(made) as client:
        water = Caller(made, WATER, client)
        answers = [water("GET", "/me") for _ in range(8)]
    assert [a.status_code for a in answers][:3] == [200] * 3
    last = answers[-1]
    assert last.status_code == 429
    assert int(last.headers["retry-after"]) >= 1
    assert last.headers["content-type"] == "application/problem+json"
    assert answers[0].headers["ratelimit-policy"].startswith('"reads";q=3;w=')
    assert answers[0].headers["ratelimit"].startswith('"reads";r=2;')


def test_who_guesses_tokens_is_slowed_down(tmp_path: Path) -> None:
    with world(tmp_path, rate_limits=0.05) as made, opened(made) as client:
        wrong = {"Authorization": "Bearer fo_wrong"}
        statuses = [client.get(f"{BASE}/me", headers=wrong).status_code for _ in range(6)]
        assert statuses == [401, 401, 401, 429, 429, 429]
        assert Caller(made, WATER, client)("GET", "/me").status_code == 200


def test_a_month_that_is_used_up_says_when_it_renews(tmp_path: Path) -> None:
    with world(tmp_path) as made, opened(made) as client:
        _use_up(Caller(made, ADMIN, client), Caller(made, WATER, client))


def _use_up(root: Caller, water: Caller) -> None:
    done = root("PUT", "/quotas/water", json={"requests": 1, "reason": "a test"})
    assert done.json()["left"]["requests"] == 1
    assert water("POST", "/requests", json=wish()).status_code == 201
    over = water("POST", "/requests", json=wish(purpose="again"))
    assert over.status_code == 403
    assert over.json()["type"] == "urn:flyonce:quota-used-up"
    assert "2026-06-01 00:00" in over.json()["remedy"]
    assert "PUT /api/v1/quotas/water" in over.json()["remedy"]
    assert water("POST", "/requests", json=wish(priority=5)).status_code == 201
    used = water("GET", "/quotas").json()["items"]
    assert [(q["department"], q["used"]["requests"]) for q in used] == [("water", 1)]


def test_only_administrators_change_quotas_and_each_sees_its_own(water: Caller) -> None:
    assert water("PUT", "/quotas/water", json=QUOTA).status_code == 403
    assert water("GET", "/quotas/forestry").status_code == 404


# --- addresses, methods, parameters, bodies ----------------------------------------------------


def test_a_mistyped_filter_is_refused_with_the_right_one(root: Caller) -> None:
    answer = root("GET", "/requests?stat=planned")
    assert answer.status_code == 422
    assert answer.json()["field"] == "?stat"
    assert "did you mean 'state'" in answer.json()["remedy"]
    assert root("GET", "/requests?state=planned&state=asked").status_code == 422
    assert root("GET", "/requests?after=no-such").status_code == 422


def test_methods_are_told(root: Caller) -> None:
    wrong = root("PATCH", "/requests")
    assert wrong.status_code == 405
    assert wrong.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert wrong.headers["content-type"] == "application/problem+json"
    asked = root("OPTIONS", "/requests/req-1")
    assert asked.status_code == 204
    assert "GET" in asked.headers["allow"]
    head = root("HEAD", "/requests/req-1")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == root("GET", "/requests/req-1").headers["etag"]


def test_bodies_of_a_wrong_type_and_packed_bodies_are_refused(root: Caller) -> None:
    text = json.dumps(wish())
    for kind in ("text/plain", "application/xml", "multipart/form-data; boundary=x"):
        answer = root("POST", "/requests", content=text, headers={"Content-Type": kind})
        assert answer.status_code == 415, answer.text
        assert answer.json()["field"] == "Content-Type"
    packed = gzip.compress(b" " * 10_000_000)
    answer = root(
        "POST",
        "/requests",
        content=packed,
        headers={"Content-Type": "application/json", "Content-Encoding": "gzip"},
    )
    assert answer.status_code == 415
    assert answer.json()["field"] == "Content-Encoding"


def test_huge_and_deep_bodies_are_refused(root: Caller) -> None:
    kind = {"Content-Type": "application/json"}
    deep = "[" * 100_000 + "]" * 100_000
    answer = root("POST", "/requests", content=deep, headers=kind)
    assert answer.status_code == 422, answer.text
    assert root("POST", "/requests", content="x" * 3_000_000, headers=kind).status_code == 413
    ring = [[118.87, 28.95]] * 100_000
    many = {"type": "Polygon", "coordinates": [ring]}
    text = json.dumps(wish(geometry=many), separators=(",", ":"))
    assert len(text) < 2 << 20
    answer = root("POST", "/requests", content=text, headers=kind)
    assert answer.status_code == 422
    assert "5000 vertices" in answer.json()["remedy"]
    parts = iter([b"x" * 1_000_000] * 3)
    keyed = {**kind, "Idempotency-Key": "k"}
    assert root("POST", "/requests", content=parts, headers=keyed).status_code == 413


def test_every_answer_has_a_name_and_problems_tell_it(root: Caller) -> None:
    mine = root("GET", "/requests/none", headers={"X-Request-Id": "integration-42"})
    assert mine.headers["x-request-id"] == "integration-42"
    assert mine.json()["instance"] == "urn:flyonce:request:integration-42"
    other = root("GET", "/requests/none", headers={"X-Request-Id": "a b\tc"})
    assert other.headers["x-request-id"] != "a b\tc"


def test_a_bare_error_text_leaves_as_a_problem(root: Caller, made: World) -> None:
    file = made.room.logs.parent / "x.bin"
    file.write_bytes(b"0123456789")
    made.app.add_api_route(f"{BASE}/a-file", lambda: FileResponse(file))
    for wrong, status in (("bytes=abc", 400), ("bytes=99-100", 416)):
        answer = root("GET", "/a-file", headers={"Range": wrong})
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["field"] == "Range"
    part = root("GET", "/a-file", headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content) == (206, b"234")


# --- health and figures ------------------------------------------------------------------------


def test_health_needs_no_token_and_gives_reasons(client: TestClient, made: World) -> None:
    assert client.get(f"{BASE}/health/live").json() == {"alive": True}
    ready = client.get(f"{BASE}/health/ready")
    assert ready.status_code == 200
    assert {c["name"] for c in ready.json()["checks"]} >= {"database", "disk", "migrations"}
    made.service.status = "starting"
    made.service.pulse._last = None
    late = client.get(f"{BASE}/health/ready")
    made.service.status = "ok"
    assert late.status_code == 503
    assert late.json()["checks"][0]["remedy"].startswith("wait")


def test_figures_are_for_auditors_and_hold_no_names(
    client: TestClient, root: Caller, water: Caller
) -> None:
    assert client.get("/metrics").status_code == 401
    assert water("GET", "/metrics").status_code == 403
    root("GET", "/requests/req-1")
    text = root("GET", "/metrics").text
    assert 'route="/api/v1/requests/{id}"' in text
    assert "req-1" not in text
    assert 'flyonce_flights_today{state="planned"}' in text
    assert "process_resident_memory_bytes" in text
