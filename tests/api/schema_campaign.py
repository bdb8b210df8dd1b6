"""schemathesis against the OpenAPI document of a real service behind a real server.

.venv/bin/python tests/api/schema_campaign.py [EXAMPLES] [NAME]     # a long campaign by hand
"""

import logging
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from whole_world import ADMIN, WATER, World, served, world


def no_mistake(_context: Any, response: Any, _case: Any) -> None:
    """500 is a mistake of ours; 502, 503 and 504 are told of where they are possible."""
    assert response.status_code != 500, response.text  # documented or not


CHECKS = [
    no_mistake,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
KNOWN = {
    "requests": "req-1",
    "flights": "flt-1",
    "cases": "cas-1",
    "commands": "ord-1",
    "anomalies": "ano-1",
    "events": "evt-1",
    "reviews": "rev-1",
    "tasks": "tsk-1",
    "quotas": "water",
    "collections": "cases",
}
"""By the first part of an address, a thing that the world holds."""
ENDLESS = {"/api/v1/feed/stream"}
"""A stream of events ends when its reader leaves: tests/api/test_api_feed.py reads it."""


@schemathesis.serializer("application/offset+octet-stream")
def octets(_context: Any, value: Any) -> bytes:
    """The body of a tus PATCH, as it is."""
    return value if isinstance(value, bytes) else str(value).encode()


SETTINGS: dict[str, Any] = {
    "derandomize": True,
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.explicit, Phase.generate),
}


def operations(made: World) -> Iterator[Any]:
    """Every operation of the document."""
    document = httpx.get(f"{made.url}/api/v1/openapi.json", timeout=60).json()
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=made.url)
    for result in schema.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]
        if operation.path not in ENDLESS:
            yield operation


def faults(
    operation: Any, examples: int, headers: dict[str, str], *, known: bool = False
) -> list[str]:
    """What an operation does that its description does not say; [] for a good one.

    Args:
        known: ask for a thing that there is.
    """
    part = operation.path.removeprefix("/api/v1/").partition("/")[0]
    if known and (part not in KNOWN or "{" not in operation.path):
        return []

    @settings(max_examples=examples, **SETTINGS)
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        if known:
            first = next(iter(case.path_parameters))
            case.path_parameters[first] = KNOWN[part]
        case.call_and_validate(headers=headers, checks=CHECKS, timeout=30)

    try:
        ask()
    except (BaseExceptionGroup, AssertionError, Exception) as fault:  # noqa: BLE001
        return [f"{operation.method.upper()} {operation.path}: {fault}"]
    return []


def main() -> None:
    """The campaign on the command line."""
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    named = sys.argv[2] if len(sys.argv) > 2 else ""
    warnings.simplefilter("ignore")
    logging.disable(logging.ERROR)
    with tempfile.TemporaryDirectory() as home, world(Path(home)) as made, served(made):
        found = 0
        for operation in operations(made):
            for principal in (ADMIN, WATER) if named in operation.path else ():
                headers = {"Authorization": f"Bearer {made.token(principal)}"}
                for known in (False, True):
                    for fault in faults(operation, examples, headers, known=known):
                        found += 1
                        print(principal.name, fault, end="\n\n", flush=True)
    print(f"{found} operations at fault (hypothesis {hypothesis.__version__})")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
