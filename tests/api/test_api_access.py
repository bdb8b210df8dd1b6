"""Who may call what, from where."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

V1 = "/api/v1"
READING = ("/me", "/city", "/flights", "/plan", "/requests", "/media", "/cases", "/alerts")
PHOTO = {"X-Vehicle": "1", "X-Camera": "c"}
LOOK = {
    "geometry": {"type": "Point", "coordinates": [118.9, 28.9]},
    "scenario": "water-01",
    "earliest": "2026-05-12T02:00:00Z",
    "latest": "2026-05-12T06:00:00Z",
}
PLACE = {"lon": 118.9, "lat": 28.9}

MATRIX: list[tuple[str, str, dict[str, Any], set[str]]] = [
    ("POST", "/flights/f/commands", {"json": {"command": "hold"}}, {"admin", "dispatch", "pilot"}),
    ("POST", "/point", {"json": PLACE}, {"admin", "dispatch", "pilot"}),
    ("GET", "/point/preview?lon=118&lat=28", {}, {"admin", "dispatch", "pilot"}),
    ("POST", "/requests", {"json": LOOK}, {"admin", "dispatch", "water"}),
    ("POST", "/cases/c/steps", {"json": {"step": "handle"}}, {"admin", "dispatch", "water"}),
    (
        "POST",
        "/reviews/r/decision",
        {"json": {"decision": "reject"}},
        {"admin", "dispatch", "water"},
    ),
    ("POST", "/media", {"content": b"x", "headers": PHOTO}, {"admin", "dock"}),
    ("GET", "/report", {}, {"admin", "dispatch", "pilot", "audit"}),
]
ROLES = ("admin", "dispatch", "pilot", "water", "audit", "dock")


def _bearer(who: str) -> dict[str, str]:
    return {"Authorization": f"Bearer t-{who}"}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path", "body", "allowed"), MATRIX)
def test_role_by_endpoint(
    client: TestClient,
    role: str,
    method: str,
    path: str,
    body: dict[str, Any],
    allowed: set[str],
) -> None:
    headers = {**body.get("headers", {}), **_bearer(role)}
    answer = client.request(method, V1 + path, **{**body, "headers": headers})
    if role in allowed:
        assert answer.status_code < 300, answer.text
    else:
        assert answer.status_code == 403
        assert answer.json()["type"] == "urn:flyonce:not-allowed"


def test_the_department_comes_from_the_token_alone(client: TestClient) -> None:
    assert client.get(f"{V1}/me?department=water", headers=_bearer("forest")).status_code == 422
    me = client.get(f"{V1}/me", headers=_bearer("forest")).json()
    assert (me["role"], me["department"], me["name"]) == ("member", "forestry", "Forest")
    assert me["permissions"] == ["request", "decide", "upload", "signal"]
    foreign = client.get(f"{V1}/requests/req-1", headers=_bearer("forest"))
    assert foreign.status_code == 404


@pytest.mark.parametrize("path", READING)
def test_without_a_token_only_the_person_at_this_machine_may_read(
    make_client: Callable[..., TestClient], path: str
) -> None:
    assert make_client().get(V1 + path).status_code == 200
    for stranger in (
        make_client(require_sign_in=True),
        make_client(remote=True),
        make_client(host="0.0.0.0"),
    ):
        answer = stranger.get(V1 + path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "token" in answer.json()["remedy"]


def test_health_needs_no_token(make_client: Callable[..., TestClient]) -> None:
    assert make_client(require_sign_in=True).get(f"{V1}/health").status_code == 200


def test_what_a_proxy_forwards_is_not_local(client: TestClient) -> None:
    for header in ("X-Forwarded-For", "Forwarded"):
        assert client.get(f"{V1}/me", headers={header: "for=1.2.3.4"}).status_code == 401


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "Basic dXNlcjpwdw==", ""])
def test_a_wrong_token_is_not_replaced_by_the_local_operator(
    client: TestClient, header: str
) -> None:
    answer = client.get(f"{V1}/me", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil", "", "[:"])
def test_a_foreign_host_name_is_refused(client: TestClient, host: str) -> None:
    answer = client.get(f"{V1}/health", headers={"Host": host})
    assert answer.status_code == 421
    assert answer.json()["field"] == "Host"


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "LOCALHOST"])
def test_this_machines_names_are_accepted(client: TestClient, host: str) -> None:
    assert client.get(f"{V1}/health", headers={"Host": host}).status_code == 200


def test_hosts_can_be_added(make_client: Callable[..., TestClient]) -> None:
    client = make_client(allowed_hosts="drones.example, other.example")
    assert client.get(f"{V1}/health", headers={"Host": "drones.example"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_other_sites_cannot_write(
    client: TestClient, service: Any, headers: dict[str, str]
) -> None:
    answer = client.post(f"{V1}/point", json=PLACE, headers=headers)
    assert answer.status_code == 403
    assert service.calls == []


def test_the_console_itself_can_write(client: TestClient) -> None:
    headers = {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}
    assert client.post(f"{V1}/point", json=PLACE, headers=headers).status_code == 201


def test_every_answer_carries_the_content_policy(client: TestClient) -> None:
    for path in ("/", f"{V1}/health", "/docs", f"{V1}/nothing"):
        policy = client.get(path).headers["content-security-policy"]
        assert policy.startswith("default-src 'self'")
        assert "unsafe-inline" not in policy.split("style-src-attr")[0]
