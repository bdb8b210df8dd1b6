"""Delivery of photographs."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

MEDIA = "/api/v1/media"
HEADERS = {"X-Vehicle": "QZ-07", "X-Camera": "t1", "Content-Type": "image/jpeg"}


def test_a_photograph_is_created_once_and_known_afterwards(
    client: TestClient, service: Any
) -> None:
    first = client.post(MEDIA, content=b"\xff\xd8photo", headers=HEADERS)
    again = client.post(MEDIA, content=b"\xff\xd8photo", headers=HEADERS)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert set(first.json()) == {"id", "sha256", "state", "reason"}
    assert service.calls[0][2:] == (7, "QZ-07", "t1")


def test_file_and_preview(client: TestClient) -> None:
    id = client.post(MEDIA, content=b"\xff\xd8photo", headers=HEADERS).json()["id"]
    file = client.get(f"{MEDIA}/{id}/file")
    assert (file.content, file.headers["content-type"]) == (b"\xff\xd8photo", "image/jpeg")
    assert "immutable" in file.headers["cache-control"]
    preview = client.get(f"{MEDIA}/{id}/preview")
    assert preview.headers["content-type"] == "image/png"
    medium = client.get(f"{MEDIA}/{id}").json()
    assert (medium["lon"], medium["sensor"], medium["flight_id"]) == (118.87, "thermal", "flt-1")


@pytest.mark.parametrize("missing", ["X-Vehicle", "X-Camera"])
def test_a_photograph_needs_vehicle_and_camera(client: TestClient, missing: str) -> None:
    headers = {name: value for name, value in HEADERS.items() if name != missing}
    answer = client.post(MEDIA, content=b"x", headers=headers)
    assert answer.status_code == 422
    assert answer.json()["field"].lower() == missing.lower()


def test_an_empty_body_is_refused(client: TestClient, service: Any) -> None:
    assert client.post(MEDIA, content=b"", headers=HEADERS).status_code == 422
    assert service.calls == []


@pytest.mark.parametrize("chunked", [False, True])
def test_a_photograph_may_be_larger_than_json_but_not_endless(
    make_client: Callable[..., TestClient], service: Any, chunked: bool
) -> None:
    client = make_client(media_max_mb=1, body_max_kb=16)

    def body(size: int) -> Any:
        return iter([b"x" * 100_000] * (size // 100_000)) if chunked else b"x" * size

    assert client.post(MEDIA, content=body(900_000), headers=HEADERS).status_code == 201
    refused = client.post(MEDIA, content=body(1_200_000), headers=HEADERS)
    assert refused.status_code == 413
    assert refused.headers["content-type"] == "application/problem+json"
    assert len(service.calls) == 1
