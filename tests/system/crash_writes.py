"""Acknowledged writes of many kinds, and what must be there of each after every crash.

Each writer is a client as the documentation tells clients to be: it gives every write a name of its
own (an idempotency key, its own number, a checksum), sends it again until it is answered, and
believes the answer.
"""

import base64
import hashlib
import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import httpx

REFUSED_BUT_SAFE = 409
"""The key's first attempt died before its answer was kept: the client is told to look."""


@dataclass(slots=True)
class Write:
    """One write: how it was named, and how it was answered.

    Attributes:
        answer: its status; 0 while nobody has answered.
        said: of a 409, whether it says that something was written.
        sent: how often.
    """

    kind: str
    mark: str
    answer: int = 0
    id: str = ""
    said: str = ""
    sent: int = 0

    @property
    def acknowledged(self) -> bool:
        return 200 <= self.answer < 300


class Writer(Protocol):
    """Makes writes of one kind and counts what the service holds of each."""

    kind: str

    def send(self, http: httpx.Client, write: Write) -> httpx.Response:
        """Send a write, or send it again."""
        ...

    def held(self, http: httpx.Client) -> dict[str, int]:
        """How often each mark is there."""
        ...


def every(http: httpx.Client, path: str, **params: Any) -> list[Any]:
    """All items of a list."""
    items: list[Any] = []
    while True:
        answer = http.get(path, params={"limit": 500, **params})
        answer.raise_for_status()
        page = answer.json()
        items += page["items"]
        if not page.get("next"):
            return items
        params["after"] = page["next"]


def counted(marks: Any) -> dict[str, int]:
    """How often each is there."""
    found: dict[str, int] = {}
    for mark in marks:
        found[mark] = found.get(mark, 0) + 1
    return found


@dataclass
class Requests:
    """Looks that are asked for with an idempotency key."""

    kind: str = "request"

    def send(self, http: httpx.Client, write: Write) -> httpx.Response:
        spread = random.Random(write.mark)
        day = datetime.now(UTC).date() + timedelta(days=1 + spread.randrange(3))
        begin = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)  # 10:00 in the city
        lon, lat = 118.86 + spread.uniform(-0.05, 0.05), 28.95 + spread.uniform(-0.05, 0.05)
        body = {
            "scenario": "urban-01",
            "geometry": {"type": "Point", "coordinates": [round(lon, 5), round(lat, 5)]},
            "earliest": begin.isoformat(),
            "latest": (begin + timedelta(hours=3)).isoformat(),
            "purpose": write.mark,
        }
        return http.post("/requests", json=body, headers={"Idempotency-Key": write.mark})

    def held(self, http: httpx.Client) -> dict[str, int]:
        return counted(r["purpose"] for r in every(http, "/requests") if r["origin"] == "asked")


@dataclass
class Reports:
    """Citizens' reports with the sender's own number."""

    kind: str = "report"

    def send(self, http: httpx.Client, write: Write) -> httpx.Response:
        spread = random.Random(write.mark)
        report = {
            "category": "debris",
            "text": write.mark,
            "lon": round(118.86 + spread.uniform(-0.1, 0.1), 5),
            "lat": round(28.95 + spread.uniform(-0.1, 0.1), 5),
            "external_id": write.mark,
            "department": "urban",
        }
        return http.post("/signals", json={"report": report})

    def held(self, http: httpx.Client) -> dict[str, int]:
        return counted(s["external_id"] for s in every(http, "/signals"))


@dataclass
class Accounts:
    """Accounts: their answers hold a password, and are not kept by key."""

    kind: str = "account"

    def send(self, http: httpx.Client, write: Write) -> httpx.Response:
        body = {"name": write.mark, "role": "member", "department": "urban"}
        return http.post("/accounts", json=body, headers={"Idempotency-Key": write.mark})

    def held(self, http: httpx.Client) -> dict[str, int]:
        return counted(a["name"] for a in every(http, "/accounts"))


@dataclass
class Steps:
    """Steps of cases: each case is taken on once, with a note of its own."""

    cases: list[str]
    kind: str = "step"
    _of: dict[str, str] = field(default_factory=dict)

    def send(self, http: httpx.Client, write: Write) -> httpx.Response:
        if write.mark not in self._of:
            self._of[write.mark] = self.cases.pop()
        case = self._of[write.mark]
        body = {"step": "handle", "note": write.mark}
        path = f"/cases/{case}/steps"
        return http.post(path, json=body, headers={"Idempotency-Key": write.mark})

    def held(self, http: httpx.Client) -> dict[str, int]:
        marks = []
        for case in self._of.values():
            steps = http.get(f"/cases/{case}").json()["steps"]
            marks += [s["note"] for s in steps if s["note"]]
        return counted(marks)


@dataclass
class Uploads:
    """Files that people bring, known by their checksum."""

    kind: str = "upload"
    _ids: dict[str, set[str]] = field(default_factory=dict)

    def send(self, http: httpx.Client, write: Write) -> httpx.Response:
        data = write.mark.encode() * 400
        said = {"filename": f"{write.mark}.jpg", "sha256": hashlib.sha256(data).hexdigest()}
        spoken = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in said.items())
        tus = {"Tus-Resumable": "1.0.0"}
        begun = http.post(
            "/uploads",
            headers={**tus, "Upload-Length": str(len(data)), "Upload-Metadata": spoken},
        )
        if not begun.is_success:
            return begun
        path = begun.headers["Location"].removeprefix("/api/v1")
        self._ids.setdefault(write.mark, set()).add(path)
        at = int(begun.headers["Upload-Offset"])
        if at == len(data):
            return begun
        kind = "application/offset+octet-stream"
        part = {**tus, "Upload-Offset": str(at), "Content-Type": kind}
        return http.patch(path, content=data[at:], headers=part)

    def held(self, http: httpx.Client) -> dict[str, int]:
        return {mark: self._whole(http, paths) for mark, paths in self._ids.items()}

    def _whole(self, http: httpx.Client, paths: set[str]) -> int:
        told = [http.head(path, headers={"Tus-Resumable": "1.0.0"}) for path in paths]
        return sum(
            t.is_success and t.headers["Upload-Offset"] == t.headers["Upload-Length"] for t in told
        )


def mark() -> str:
    """A name that nothing else has."""
    return f"w-{uuid.uuid4().hex[:20]}"
