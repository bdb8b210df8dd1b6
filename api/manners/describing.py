"""What holds for every address, written into the OpenAPI document: keys, conditions, limits."""

from typing import Any

from api.errors import MEANING, MEDIA_TYPE
from api.manners import examples
from api.manners.addresses import PREFIX, entity_of
from api.manners.idempotency import takes_key

PUBLIC = frozenset({f"{PREFIX}/health", f"{PREFIX}/health/live", f"{PREFIX}/health/ready"})
"""Addresses that nobody signs in for."""
_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}
_EVERYWHERE = (413, 415, 421, 429, 500)
_STATUSES = (401, 403, 404, 405, 409, 412, 413, 415, 416, 421, 422, 429, 500, 502, 503, 504)

_PARAMETERS: dict[str, dict[str, Any]] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A UUID of your own: the same key again tells the first answer again "
        "(Idempotent-Replayed: true) and does nothing twice. Kept for 48 hours.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "The ETag that you read: 412 if the thing has changed since.",
        "schema": {"type": "string", "maxLength": 1000},
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The ETag that you have: 304 if nothing has changed.",
        "schema": {"type": "string", "maxLength": 1000},
    },
}
_HEADERS: dict[str, dict[str, Any]] = {
    "ETag": {"description": "Names this state of the thing.", "schema": {"type": "string"}},
    "RequestId": {"description": "Names this answer.", "schema": {"type": "string"}},
    "RateLimit": {
        "description": 'What is left of the bucket: `"reads";r=299;t=1`.',
        "schema": {"type": "string"},
    },
    "RetryAfter": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
}


def describe(document: dict[str, Any]) -> None:
    """Add to every operation what the middleware does with it."""
    components = document.setdefault("components", {})
    components["parameters"] = _PARAMETERS
    components["headers"] = _HEADERS
    components["responses"] = {f"Problem{status}": _problem(status) for status in _STATUSES}
    components["responses"]["NotModified"] = {"description": "You have it already."}
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                examples.add_to(path, methods[method])
                _operation(path, method, methods[method])


def _problem(status: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "description": MEANING[status],
        "content": {MEDIA_TYPE: _PROBLEM},
    }
    example = examples.answers().get("problems", {}).get(str(status))
    if example is not None:
        made["content"] = {MEDIA_TYPE: {**_PROBLEM, "example": example}}
    if status == 429:
        made["headers"] = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}
    return made


def _operation(path: str, method: str, operation: dict[str, Any]) -> None:
    responses = operation.setdefault("responses", {})
    own = {"default"} & responses.keys()
    for status in _EVERYWHERE:
        _also(responses, status)
    if "{" in path:
        _also(responses, 404)
    _problems_as_problems(responses)
    _described(operation, responses)
    if path in PUBLIC:
        operation["security"] = []
        responses.pop("422", None)
    if own:
        return
    parameters = operation.setdefault("parameters", [])
    names = {p.get("name", "").lower() for p in parameters}
    if method == "get" and _is_json(responses):
        responses.setdefault("304", {"$ref": "#/components/responses/NotModified"})
        _takes(parameters, names, "IfNoneMatch")
        _tell(responses, "ETag", "ETag")
    if method in {"post", "put", "patch", "delete"}:
        concrete = path.replace("{", "").replace("}", "")
        if takes_key(method.upper(), concrete):
            _takes(parameters, names, "IdempotencyKey")
            for status in (409, 422):
                _also(responses, status)
        if entity_of(concrete) is not None:
            _takes(parameters, names, "IfMatch")
        _also(responses, 412)
    if not parameters:
        del operation["parameters"]


def _also(responses: dict[str, Any], status: int) -> None:
    responses.setdefault(str(status), {"$ref": f"#/components/responses/Problem{status}"})


def _problems_as_problems(responses: dict[str, Any]) -> None:
    """Errors that are described as everywhere are told by reference, with their example; FastAPI's
    own form of 422 is never sent."""
    for status in map(str, _STATUSES):
        said = responses.get(status, {})
        own = said.get("content", {}).get("application/json", {}).get("schema", {})
        never = own.get("$ref", "").endswith("HTTPValidationError")
        if never or said == {
            "description": MEANING[int(status)],
            "content": {MEDIA_TYPE: _PROBLEM},
        }:
            responses[status] = {"$ref": f"#/components/responses/Problem{status}"}


def _described(operation: dict[str, Any], responses: dict[str, Any]) -> None:
    """A good answer is described by the operation's own words."""
    for status, response in responses.items():
        if status.startswith("2") and response.get("description") == "Successful Response":
            response["description"] = f"{operation.get('summary', 'Done')}."
    _tell(responses, "X-Request-Id", "RequestId")


def _tell(responses: dict[str, Any], header: str, name: str) -> None:
    for status, response in responses.items():
        if status.startswith("2"):
            told = response.setdefault("headers", {})
            told.setdefault(header, {"$ref": f"#/components/headers/{name}"})


def _is_json(responses: dict[str, Any]) -> bool:
    return any("json" in kind for kind in responses.get("200", {}).get("content", {}))


def _takes(parameters: list[dict[str, Any]], names: set[str], name: str) -> None:
    if _PARAMETERS[name]["name"].lower() not in names:
        parameters.append({"$ref": f"#/components/parameters/{name}"})
