"""The addresses of the API, as the middleware needs them: which methods, which stored thing."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.routing import compile_path

PREFIX = "/api/v1"
_KINDS = {
    name: name
    for name in ("requests", "flights", "cases", "reviews", "anomalies", "media", "products")
} | {"commands": "orders", "packs": "packs", "batches": "batches", "labels": "labels"}
"""Parts of an address behind which stands a stored thing with a version."""
_ENTITY = re.compile(rf"^{PREFIX}/({'|'.join(_KINDS)})/([^/]{{1,200}})(/.*)?$")


@dataclass(frozen=True, slots=True)
class Entity:
    """A stored thing that an address is about; ``whole`` where the address is the thing itself."""

    kind: str
    id: str
    whole: bool


def entity_of(path: str) -> Entity | None:
    """The stored thing that a path is about, such as the case of `/cases/{id}/steps`."""
    found = _ENTITY.match(path)
    if found is None:
        return None
    return Entity(_KINDS[found[1]], found[2], found[3] is None)


class Addresses:
    """Every address with its methods."""

    def __init__(self, routers: Iterable[APIRouter]) -> None:
        self._known: list[tuple[re.Pattern[str], frozenset[str]]] = []
        for router in routers:
            for route in router.routes:
                methods: Any = getattr(route, "methods", None)
                if methods:
                    pattern = compile_path(PREFIX + route.path)[0]  # type: ignore[attr-defined]
                    self._known.append((pattern, frozenset(methods)))

    def methods(self, path: str) -> frozenset[str]:
        """What an address can be asked by its own routes; empty where there is none."""
        return frozenset().union(*(methods for known, methods in self._known if known.match(path)))

    def allowed(self, path: str) -> str:
        """The value of Allow: with HEAD wherever there is GET, and OPTIONS."""
        methods = set(self.methods(path))
        if "GET" in methods:
            methods.add("HEAD")
        return ", ".join(sorted(methods | {"OPTIONS"}))
