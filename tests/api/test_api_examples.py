"""The document's examples run: each is sent to a service and gets the success that is promised."""

from collections.abc import Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from example_answers import ELSEWHERE, Asking, Said, answers_of, shown
from example_world import example_world

from api.app import document as described
from api.manners import examples

DOCUMENT = described()
_OPERATIONS = {
    operation["operationId"]: (path, method, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
_SHOWN = sorted(
    (name, status) for name in examples.answers() for status in examples.answers()[name]
)
_SPECIAL = frozenset({"bbox", "datetime", "from", "to", "day", "since", "until", "after", "lon"})
_NO_EXAMPLE = {
    ("exchange_cases", "since"): "a mark that the answer before gave",
    ("retention", "after"): "a mark that the answer before gave",
    ("replay", "after"): "a mark that the answer before gave",
    ("features_items", "after"): "a mark that the answer before gave",
    ("anomaly_history", "after"): "a mark that the answer before gave",
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[Said]]]:
    """What the service said to every example, by operation."""
    found: dict[str, list[Said]] = {}
    with example_world(tmp_path_factory.mktemp("examples")) as made:
        asking = Asking(made)
        found["problems"] = [Said("problems", "", asking.problems())]
        for one in asking.all():
            found.setdefault(one.operation, []).append(one)
        asking.close()
        yield found


@pytest.mark.parametrize("name", sorted(set(_OPERATIONS) - set(ELSEWHERE)))
def test_an_example_gets_the_promised_success(name: str, said: dict[str, list[Said]]) -> None:
    operation = _OPERATIONS[name][2]
    assert said[name], "nothing was asked"
    for one in said[name]:
        answer, where = one.answer, f"{name} {one.title}: {one.answer.text[:300]}"
        promised = operation["responses"].get(str(answer.status_code))
        assert promised is not None, where
        assert answer.status_code < 300, where
        schema = promised.get("content", {}).get("application/json", {}).get("schema")
        if schema and "json" in answer.headers.get("content-type", ""):
            jsonschema.validate(answer.json(), {**schema, "components": DOCUMENT["components"]})


@pytest.mark.parametrize("name", sorted(_OPERATIONS))
def test_every_body_and_special_parameter_has_an_example(name: str) -> None:
    operation = _OPERATIONS[name][2]
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        assert content.get("examples"), f"{name} {kind}: see api/manners/bodies.py"
    for parameter in operation.get("parameters", ()):
        special = parameter.get("in") == "path" or parameter.get("name") in _SPECIAL
        if special and (name, parameter["name"]) not in _NO_EXAMPLE:
            given = "example" in parameter or parameter["schema"].get("examples")
            assert given, f"{name} {parameter['name']}: see api/manners/examples.py"


@pytest.mark.parametrize(("name", "status"), [s for s in _SHOWN if s[0] != "problems"])
def test_an_example_of_an_answer_is_one(name: str, status: str) -> None:
    operation = _OPERATIONS[name][2]
    schema = operation["responses"][status]["content"]["application/json"].get("schema", {})
    whole = {**schema, "components": DOCUMENT["components"]}
    jsonschema.validate(examples.answers()[name][status], whole)


def test_examples_of_answers_are_what_the_service_says(said: dict[str, list[Said]]) -> None:
    """Form for form; times and random ids differ."""
    problems = said["problems"][0].answer
    real = answers_of([one for name, all in said.items() if name != "problems" for one in all],
                      problems)  # fmt: skip
    kept = examples.answers()
    odd = {name for name in {*real, *kept} if form(real.get(name)) != form(kept.get(name))}
    assert not odd, "run tests/api/example_answers.py"


def test_main_answers_have_examples() -> None:
    lacking = []
    for name, (path, method, operation) in _OPERATIONS.items():
        content = operation["responses"].get("200", {}).get("content", {})
        lacks = "example" not in content.get("application/json", {"example": None})
        if method == "get" and lacks and name not in {*ELSEWHERE, *_LARGE}:
            lacking.append(f"{name} {path}")
    assert not lacking
    for status in ("401", "403", "404", "409", "412", "413", "415", "422"):
        problem = DOCUMENT["components"]["responses"][f"Problem{status}"]
        assert problem["content"]["application/problem+json"]["example"]["status"] == int(status)


_LARGE = {
    "export",
    *("city", "scenarios", "event_types", "signal_rules"),
    *("features_description", "features_queryables", "exchange_schema", "report"),
}
"""Too long to read in a document, or a workbook unless JSON is asked for."""


def form(value: Any) -> Any:
    """The form of a value: its fields, and of what kind each is; nothing of its contents."""
    if isinstance(value, dict):
        return {key: form(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        return form(value[0]) if value else []
    return "number" if isinstance(value, int | float) else type(value).__name__


def test_secrets_are_not_shown() -> None:
    assert shown({"key": "fk_1", "items": [{"secret": "s", "name": "n"}] * 9}) == {
        "key": "...",
        "items": [{"secret": "...", "name": "n"}] * 3,
    }
