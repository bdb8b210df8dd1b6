"""The document's examples run: each is sent to a service and gets the success that is promised."""

import warnings
from collections.abc import Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from whole_world import ADMIN, World, world

from api.manners.examples import BODIES, THINGS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

_WRITES = [(name, title) for name, examples in BODIES.items() for title in examples]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("examples")) as made:
        yield made


@pytest.fixture(scope="module")
def client(made: World) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {made.token(ADMIN)}"}
    with TestClient(made.app, base_url="http://127.0.0.1:8000", headers=headers) as client:
        yield client


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/v1/openapi.json").json()
    return found


def operation_of(document: dict[str, Any], name: str) -> tuple[str, str, dict[str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if operation["operationId"] == name:
                return path, method, operation
    raise AssertionError(f"no operation {name}: its example is left over")


def address(path: str, operation: dict[str, Any]) -> str:
    for parameter in operation.get("parameters", ()):
        if parameter.get("in") == "path":
            path = path.replace(f"{{{parameter['name']}}}", parameter["example"])
    return path


def checked(document: dict[str, Any], operation: dict[str, Any], answer: Any) -> None:
    """The answer has a promised success and the form that goes with it."""
    promised = operation["responses"].get(str(answer.status_code))
    assert promised is not None, answer.text
    assert answer.status_code < 300, answer.text
    schema = promised.get("content", {}).get("application/json", {}).get("schema")
    if schema:
        whole = {**schema, "components": document["components"]}
        jsonschema.validate(answer.json(), whole)


@pytest.mark.parametrize(("name", "title"), _WRITES)
def test_an_example_of_a_body_gets_the_promised_success(
    client: TestClient, document: dict[str, Any], name: str, title: str
) -> None:
    path, method, operation = operation_of(document, name)
    body = operation["requestBody"]["content"]["application/json"]["examples"][title]["value"]
    answer = client.request(method, address(path, operation), json=body)
    checked(document, operation, answer)


def test_every_thing_that_the_document_names_can_be_read(
    client: TestClient, document: dict[str, Any]
) -> None:
    seen = set()
    for path, methods in document["paths"].items():
        part, _, rest = path.removeprefix("/api/v1/").partition("/")
        if part in THINGS and rest in {"{id}", "{department}"} and "get" in methods:
            answer = client.get(address(path, methods["get"]))
            checked(document, methods["get"], answer)
            seen.add(part)
    assert seen >= {"requests", "flights", "cases", "commands", "quotas"}
