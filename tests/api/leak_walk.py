"""The operations of the document, the addresses to try of each, and what stands in an answer."""

import asyncio
import gzip
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from leak_oracle import Who, may_see
from leak_world import CANARY, COUNTY_B, OWNERS, Owner

V1 = "/api/v1"
NOBODYS = "zznoonez"
"""The id of no thing."""

KIND_OF = {
    "uploads": "uploads",
    "batches": "batches",
    "sessions": "sessions",
    "accounts": "accounts",
    "keys": "keys",
    "audit": "log",
    "flights": "flights",
    "filings": "filings",
    "groundings": "groundings",
    "commands": "orders",
    "tasks": "tasks",
    "requests": "requests",
    "packs": "packs",
    "signals": "signals",
    "devices": "devices",
    "standings": "standings",
    "media": "media",
    "products": "products",
    "anomalies": "anomalies",
    "cases": "cases",
    "inspections": "inspections",
    "reviews": "reviews",
    "holds": "holds",
    "webhooks": "webhooks",
}
"""By the first part of an address, the kind of thing that its id names."""

NO_OBJECT = {
    "roles": "roles are names that everybody may read",
    "quotas": "a department's own month: test_quotas_are_the_own_departments",
    "weather": "the weather at a dock is everybody's",
    "vehicles": "a drone of the city's public list; its packs are walked",
    "rehearsals": "a day; what it holds of flights is walked",
}
"""Addresses whose parameter names no thing with an owner, with the reason."""

FIXED = {
    "z": "10",
    "y": "425",
    "day": "2026-05-12",
    "dock": "QZ-01",
    "vehicle": "QZ-01",
    "delivery": "deliveries",
}

QUERIES: Mapping[str, tuple[str, ...]] = {
    "/media": (
        "?bbox=118,28,120,30&limit=500",
        "?flight={flights}",
        "?task={tasks}",
        "?sensor=visible",
    ),
    "/flights": ("?day=2026-05-12", "?state=planned"),
    "/plan": ("?day=2026-05-12",),
    "/preflights": ("?day=2026-05-12",),
    "/filings": ("?day=2026-05-12", "?state=filed"),
    "/groundings": ("?past=true",),
    "/replay": (
        "?from=2026-05-11T00:00:00Z&to=2026-05-13T00:00:00Z",
        "?from=2026-05-11T00:00:00Z&to=2026-05-13T00:00:00Z&vehicle=QZ-19",
    ),
    "/commands": ("?vehicle=QZ-19", "?state=failed"),
    "/signals": ("?device={devices}", f"?county={COUNTY_B}", "?state=answered"),
    "/devices": (f"?county={COUNTY_B}", "?state=in_service"),
    "/keys": ("?ended=true",),
    "/accounts": ("?role=member",),
    "/audit": ("?subject={cases}", "?actor={log}"),
    "/products": ("?flight={flights}", "?medium={media}"),
    "/cases": (
        "?bbox=118,28,120,30",
        f"?county={COUNTY_B}",
        "?department=forestry",
        "?number=QZ-{cases}",
        "?from=2026-01-01T00:00:00Z",
    ),
    "/cases/map": ("?bbox=118,28,120,30&zoom=16&state=all", "?bbox=118,28,120,30&zoom=1"),
    "/inspections/proposals": ("?bbox=118,28,120,30",),
    "/statistics": ("?by=department", "?by=type", "?department=forestry", f"?county={COUNTY_B}"),
    "/statistics/counties": ("?department=forestry",),
    "/statistics/export": ("?format=csv", "?format=json", "?format=xlsx"),
    "/labels": ("?format=coco", "?format=csv", "?detector=change"),
    "/ledger": (
        "?from=2026-05-11&to=2026-05-13",
        "?from=2026-05-11&to=2026-05-13&format=csv",
        "?department=forestry",
    ),
    "/retention": ("?days=3650",),
    "/feed": ("?after=0&limit=1000", "?kinds=cases,flights"),
    "/exchange/cases": ("?limit=1000",),
    "/stac/search": (
        "?bbox=118,28,120,30",
        "?ids={media}",
        "?flight={flights}",
        "?case={cases}",
        "?department=forestry",
        "?task={tasks}",
    ),
    "/stac/collections/{id}/items": ("?bbox=118,28,120,30",),
    "/ogc/collections/{id}/items": (
        "?bbox=118,28,120,30",
        "?limit=1&after={ITEM}",
        "?properties=title",
    ),
    "/point/preview": ("?lon=118.78&lat=29.01",),
}
"""Further ways to ask a list; names in braces are ids of those kinds, of every owner."""

_STRANGERS = (OWNERS["f1"], OWNERS["w2"])
"""Whose ids are put into filters and cursors: to each caller one of them is foreign."""

COLLECTIONS = {
    "stac": {"visible": "media", "temperature": "products"},
    "ogc": {
        "flights": "flights",
        "routes": "flights",
        "tracks": "tracks",
        "anomalies": "anomalies",
        "cases": "cases",
    },
}


@dataclass(frozen=True)
class Ask:
    """One thing to ask: an address, and whose thing it names (None for a list or no thing)."""

    operation: str
    address: str
    kind: str | None = None
    owner: Owner | None = None
    twin: str = ""
    """The same address with the id of no thing."""


def operations(document: Mapping[str, Any], *methods: str) -> Iterator[tuple[str, str]]:
    """(method, path) of the document, in order."""
    for path, ways in document["paths"].items():
        for method in ways:
            if method in methods:
                yield method, path


def asks(path: str, document: Mapping[str, Any]) -> list[Ask]:
    """Every address to try of a path; raises KeyError where nobody said what its ids are."""
    short = path.removeprefix(V1)
    first = short.split("/")[1]
    if first in COLLECTIONS and "{id}" in short:
        return list(_of_collections(path, short, COLLECTIONS[first]))
    if "{" not in short:
        ways = ["", *_filled(short, QUERIES.get(short, ()))]
        operation = document["paths"][path]["get"]
        if any(p.get("name") == "after" for p in operation.get("parameters", ())):
            kind = KIND_OF.get(first, first)
            ways += [f"?after={o.says(kind)}" for o in _STRANGERS if short != "/feed"]
        return [Ask(short, path + query) for query in ways]
    if ("{id}" not in short and first not in KIND_OF) or first in NO_OBJECT:
        if first not in NO_OBJECT:
            raise KeyError(short)
        return [Ask(short, _fixed(path, "nobody").replace("{id}", "water"))]
    kind = KIND_OF[first]
    return [
        Ask(
            short,
            _fixed(path, o.key, o).replace("{id}", o.says(kind)),
            kind,
            o,
            _fixed(path, o.key, o).replace("{id}", NOBODYS),
        )
        for o in OWNERS.values()
    ]


def _of_collections(path: str, short: str, collections: Mapping[str, str]) -> Iterator[Ask]:
    for name, kind in collections.items():
        within = path.replace("{id}", name)
        if "{item}" not in path:
            yield Ask(short, within)
            for query in QUERIES.get(short, ()):
                for owner in _STRANGERS if "{ITEM}" in query else _STRANGERS[:1]:
                    yield Ask(short, within + query.replace("{ITEM}", _id(owner, kind)))
            continue
        for owner in OWNERS.values():
            yield Ask(
                short,
                within.replace("{item}", _id(owner, kind)),
                kind,
                owner,
                within.replace("{item}", NOBODYS),
            )


def _id(owner: Owner, kind: str) -> str:
    return owner.says("flights" if kind == "tracks" else kind)


def _filled(short: str, queries: tuple[str, ...]) -> Iterator[str]:
    for query in queries:
        if "{" not in query:
            yield query
            continue
        for owner in _STRANGERS:
            yield re.sub(r"\{(\w+)\}", lambda m, o=owner: o.says(m[1]), query)  # type: ignore[misc]


def _fixed(path: str, key: str, owner: Owner | None = None) -> str:
    for name, value in FIXED.items():
        if name == "delivery" and owner is not None:
            value = owner.says("deliveries")
        path = path.replace("{" + name + "}", value)
    if owner is not None:
        path = path.replace("{pack}", owner.says("packs"))
        path = path.replace("{x}", str(int((owner.place.lon + 180) / 360 * 1024)))
        path = path.replace("{lon}", f"{owner.place.lon + 3e-4}")
        path = path.replace("{lat}", f"{owner.place.lat - 3e-4}")
    return path


def words(answer: Any) -> bytes:
    """Everything that an answer says: status line, headers, and the body unpacked."""
    head = "\n".join(f"{k}: {v}" for k, v in answer.headers.items()).encode()
    return head + b"\n" + unpacked(answer.content)


def unpacked(body: bytes) -> bytes:
    """A body with what is packed in it: gzip, zip and so xlsx."""
    if body[:2] == b"\x1f\x8b":
        return unpacked(gzip.decompress(body))
    if body[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(body)) as bag:
            return b"\n".join(n.encode() + unpacked(bag.read(n)) for n in bag.namelist())
    return body


def canaries(text: bytes) -> set[tuple[str, str]]:
    """(owner, kind) of every canary in a text."""
    found = CANARY.findall(text.decode("latin-1"))
    return {(key, kind) for key, kind in found if key in OWNERS}


def leaked(who: Who | None, answer: Any, asked: str) -> list[str]:
    """What an answer tells that it must not; what the caller itself said is no news."""
    said = canaries(asked.encode())
    return [
        f"{kind} of {key}"
        for key, kind in sorted(canaries(words(answer)) - said)
        if not may_see(who, kind, OWNERS[key])
    ]


_OWN = re.compile(rb"zq[a-z]+[0-9]q[a-z_]+z|urn:flyonce:request:\w+|" + NOBODYS.encode())


def shape(answer: Any) -> tuple[int, bytes, tuple[tuple[str, str], ...]]:
    """An answer without ids, to lay beside another: status, body, headers but the request's own."""
    body = _OWN.sub(b"ID", answer.content)
    kept = {"date", "x-request-id", "content-length", "etag"}
    headers = sorted(
        (k, _OWN.sub(b"ID", v.encode()).decode())
        for k, v in answer.headers.items()
        if k.lower() not in kept
    )
    return answer.status_code, body, tuple(headers)


class Client:
    """Asks the application in this thread alone: whatever the application would hand to another
    thread runs here too, which is all that differs from a server."""

    def __init__(self, app: Any) -> None:
        self._runner = asyncio.Runner()
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("203.0.113.9", 5))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")

    def request(self, method: str, address: str, **more: Any) -> httpx.Response:
        """One request's answer."""
        return self._runner.run(self._client.request(method, address, **more))

    def get(self, address: str, **more: Any) -> httpx.Response:
        """The answer to GET."""
        return self.request("GET", address, **more)

    def close(self) -> None:
        """End it."""
        self._runner.run(self._client.aclose())
        self._runner.close()


async def here(work: Any, *arguments: Any, **_how: Any) -> Any:
    """In place of `anyio.to_thread.run_sync`."""
    return work(*arguments)
