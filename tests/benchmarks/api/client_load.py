"""Many clients at once, as a program of its own: asks a service and writes down how long it took.

    python client_load.py URL CLIENTS SECONDS SEED FILE

Each client asks, waits for the answer, and asks again at once. The mix is that of a city's
consoles: mostly lists and single cases, some maps and figures, few writes. FILE gets JSON: by kind
the seconds of each answer, and by status how many were refused.
"""

import asyncio
import json
import random
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import httpx

API = "/api/v1"
MIX = (
    ("list of cases", 26),
    ("list of flights", 8),
    ("one case", 26),
    ("one flight", 6),
    ("map", 10),
    ("statistics", 4),
    ("feed", 8),
    ("report of the day", 2),
    ("preview of a request", 4),
    ("case's step", 6),
)
STEPS = {"dispatched": "handle", "handling": "report_back", "reported_back": "verify"}


class Load:
    """What the clients share."""

    def __init__(self, http: httpx.AsyncClient, draw: random.Random) -> None:
        self.http = http
        self.draw = draw
        self.times: dict[str, list[float]] = defaultdict(list)
        self.refused: Counter[str] = Counter()
        self.cases: list[dict[str, Any]] = []
        self.flights: list[str] = []

    async def prepare(self) -> None:
        """Learn some ids."""
        for state in STEPS:
            answer = await self.http.get(f"{API}/cases", params={"state": state, "limit": 300})
            self.cases += answer.json()["items"]
        self.flights = [f["id"] for f in (await self.http.get(f"{API}/flights")).json()["items"]]

    async def client(self, until: float) -> None:
        """Ask until the time is over."""
        kinds, weights = zip(*MIX, strict=True)
        while time.monotonic() < until:
            kind = self.draw.choices(kinds, weights)[0]
            began = time.perf_counter()
            answer = await self.ask(kind)
            self.times[kind].append(time.perf_counter() - began)
            if answer.status_code >= 400:
                self.refused[f"{kind}: {answer.status_code}"] += 1

    async def ask(self, kind: str) -> httpx.Response:
        """One question."""
        draw, http = self.draw, self.http
        case = draw.choice(self.cases)
        if kind == "one case":
            return await http.get(f"{API}/cases/{case['id']}")
        if kind == "case's step":
            step = STEPS[case["state"]]
            return await http.post(f"{API}/cases/{case['id']}/steps", json={"step": step})
        if kind == "one flight" and self.flights:
            return await http.get(f"{API}/flights/{draw.choice(self.flights)}")
        if kind == "preview of a request":
            return await http.post(f"{API}/requests/preview", json=_look(draw))
        path, query = self._read(kind)
        return await http.get(f"{API}{path}", params=query)

    def _read(self, kind: str) -> tuple[str, dict[str, Any]]:
        draw = self.draw
        if kind == "map":
            lon, lat = draw.uniform(118.3, 119.0), draw.uniform(28.5, 29.2)
            box = f"{lon - 0.1:.4f},{lat - 0.1:.4f},{lon + 0.1:.4f},{lat + 0.1:.4f}"
            return "/cases/map", {"bbox": box, "zoom": 12, "state": "all"}
        if kind == "statistics":
            return "/statistics", {"from": "2026-01-01", "to": "2026-10-31", "by": "department"}
        if kind == "feed":
            return "/feed", {"limit": 50}
        if kind == "report of the day":
            return "/report", {}
        if kind == "list of cases":
            state = draw.choice(("dispatched", "closed", "reported_back"))
            return "/cases", {"limit": 50, "state": state}
        return "/flights", {"limit": 50}


def _look(draw: random.Random) -> dict[str, Any]:
    day = time.time() + 86400 * 2
    begin = time.strftime("%Y-%m-%dT01:00:00Z", time.gmtime(day))
    end = time.strftime("%Y-%m-%dT09:00:00Z", time.gmtime(day))
    place = [draw.uniform(118.5, 118.95), draw.uniform(28.6, 29.0)]
    return {
        "geometry": {"type": "Point", "coordinates": place},
        "scenario": "water-01",
        "earliest": begin,
        "latest": end,
    }


async def main(url: str, clients: int, seconds: float, seed: int) -> dict[str, Any]:
    """Let all clients ask for so many seconds; what they measured."""
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=60, trust_env=False) as http:
        load = Load(http, random.Random(seed))
        await load.prepare()
        began = time.monotonic()
        await asyncio.gather(*(load.client(began + seconds) for _ in range(clients)))
        took = time.monotonic() - began
    return {"seconds": took, "times": load.times, "refused": load.refused}


if __name__ == "__main__":
    told = asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
    Path(sys.argv[5]).write_text(json.dumps(told))
