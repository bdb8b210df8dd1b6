"""The endpoints of flying by hand: what they say, and to whom."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.geo import LonLat
from core.route import Waypoint
from fleet import control as rules
from fleet.address import Address
from fleet.control import FREE, Control
from fleet.orders import Order
from missions.access import Principal
from missions.operations.errands import Drawn, Errand, GoTo
from missions.operations.flying import Preview
from missions.operations.helms import pilot_of

V1 = "/api/v1/flights/flt-1"
NOW = datetime(2026, 5, 12, 1, 0, tzinfo=UTC)
HERE, THERE = LonLat(118.9, 28.9), LonLat(118.91, 28.9)


@dataclass
class FakeFlying:
    """The rules of control over one flight, and paths that are always proven."""

    held: Control = FREE
    asked: list[Any] = field(default_factory=list)
    refuses: bool = False

    def control(self, p: Principal, flight_id: str) -> Control:
        return self.held

    def take(self, p: Principal, flight_id: str, why: str, *, over: bool) -> Control:
        p.require("fly")
        self.held = rules.take(self.held, pilot_of(p), why, NOW, over=over)
        return self.held

    def ask(self, p: Principal, flight_id: str, why: str) -> Control:
        self.held = rules.ask(self.held, pilot_of(p), why, NOW)
        return self.held

    def keep(self, p: Principal, flight_id: str) -> Control:
        self.held = rules.refuse(self.held, p.name, NOW)
        return self.held

    async def hand_back(self, p: Principal, flight_id: str, why: str, then: str) -> Control:
        self.held = rules.hand_back(self.held, pilot_of(p))
        self.asked.append(then)
        return self.held

    def preview(self, p: Principal, flight_id: str, errand: Errand) -> Preview:
        self.asked.append(errand)
        drawn = Drawn(
            errand=GoTo(target=THERE),
            path=tuple(Waypoint(position=q, height_m=80) for q in (HERE, THERE)),
            proof=SimpleNamespace(checked=("0 zones",)),  # type: ignore[arg-type]
            then="hold",
            seconds=65.0,
            left=0.61,
            lands_at="QZ-07",
            detour_m=12.0,
        )
        if self.refuses:
            return Preview(drawn=None, reason="in a zone", remedy="elsewhere", instead=drawn)
        return Preview(drawn=drawn)

    def fly(self, p: Principal, flight_id: str, token: str, key: str | None) -> Order:
        rules.require(self.held, p.name)
        self.asked.append(token)
        return Order(
            id=key or "cmd-1", vehicle=Address("main", 7), what="fly there", by=p.name,
            given_at=NOW, at=NOW,
        )  # fmt: skip


@pytest.fixture
def flying(service: Any) -> FakeFlying:
    service.flying = FakeFlying()
    return service.flying


def bearer(who: str) -> dict[str, str]:
    return {"Authorization": f"Bearer t-{who}"}


def test_one_holder_and_the_others_are_told_who(client: TestClient, flying: FakeFlying) -> None:
    free = client.get(f"{V1}/control", headers=bearer("pilot"))
    assert free.json()["holder"] is None
    taken = client.post(f"{V1}/control", json={"reason": "smoke"}, headers=bearer("pilot"))
    assert (taken.status_code, taken.json()["holder"]) == (200, "Pilot")
    assert taken.json()["mine"] is True
    other = client.post(f"{V1}/control", json={"reason": "mine"}, headers=bearer("dispatch"))
    assert other.status_code == 409
    assert other.headers["content-type"] == "application/problem+json"
    assert other.json()["type"] == "urn:flyonce:control-held"
    assert "Pilot holds the controls" in other.json()["detail"]
    asked = client.post(f"{V1}/control/ask", json={"reason": "fire"}, headers=bearer("dispatch"))
    assert asked.json()["asked"]["by"] == "Dispatch"
    kept = client.post(f"{V1}/control/keep", headers=bearer("pilot"))
    assert kept.json()["asked"]["refused"] is True
    over = {"reason": "fire", "over": True}
    assert client.post(f"{V1}/control", json=over, headers=bearer("dispatch")).json()["mine"]
    back = client.post(f"{V1}/control/hand-back", json={"then": "return"}, headers=bearer("pilot"))
    assert back.status_code == 409
    back = client.post(
        f"{V1}/control/hand-back", json={"then": "return"}, headers=bearer("dispatch")
    )
    assert back.json()["holder"] is None


def test_taking_needs_a_reason(client: TestClient, flying: FakeFlying) -> None:
    answer = client.post(f"{V1}/control", json={}, headers=bearer("pilot"))
    assert (answer.status_code, answer.json()["field"]) == (422, "reason")


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "go_to", "lon": 118.91, "lat": 28.9, "height_m": 80},
        {"kind": "orbit", "lon": 118.91, "lat": 28.9, "radius_m": 60, "clockwise": False},
        {"kind": "height", "height_m": 60},
        {"kind": "return", "dock": "QZ-07"},
    ],
)
def test_every_errand_is_drawn(
    client: TestClient, flying: FakeFlying, body: dict[str, Any]
) -> None:
    answer = client.post(f"{V1}/manoeuvres/preview", json=body, headers=bearer("pilot"))
    assert answer.status_code == 200, answer.text
    drawn = answer.json()
    assert drawn["possible"]
    assert drawn["path"]["path"]["geometry"]["coordinates"] == [[118.9, 28.9], [118.91, 28.9]]
    assert drawn["path"]["charge_left"] == 0.61
    assert len(drawn["path"]["token"]) == 32


def test_a_refusal_says_why_and_offers_the_nearest(client: TestClient, flying: FakeFlying) -> None:
    flying.refuses = True
    body = {"kind": "go_to", "lon": 118.91, "lat": 28.9}
    answer = client.post(f"{V1}/manoeuvres/preview", json=body, headers=bearer("pilot")).json()
    assert (answer["possible"], answer["path"], answer["reason"]) == (False, None, "in a zone")
    assert answer["instead"]["detour_m"] == 12.0


def test_only_the_holder_flies_and_the_answer_carries_the_command(
    client: TestClient, flying: FakeFlying
) -> None:
    body = {"token": "f" * 32}
    nobody = client.post(f"{V1}/manoeuvres", json=body, headers=bearer("pilot"))
    assert (nobody.status_code, nobody.json()["type"]) == (403, "urn:flyonce:not-allowed")
    client.post(f"{V1}/control", json={"reason": "smoke"}, headers=bearer("pilot"))
    headers = {**bearer("pilot"), "Idempotency-Key": "key-1"}
    flown = client.post(f"{V1}/manoeuvres", json=body, headers=headers)
    assert flown.status_code == 202
    assert flown.json() == {"command_id": "key-1", "what": "fly there", "state": "accepted"}


@pytest.mark.parametrize("role", ["water", "audit", "dock"])
def test_who_may_not_fly_may_not_take(client: TestClient, flying: FakeFlying, role: str) -> None:
    for path, body in (
        ("/control", {"reason": "x"}),
        ("/control/hand-back", {}),
        ("/manoeuvres/preview", {"kind": "height", "height_m": 60}),
        ("/manoeuvres", {"token": "f" * 32}),
    ):
        answer = client.post(f"{V1}{path}", json=body, headers=bearer(role))
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "loop"},
        {"kind": "go_to", "lon": 181, "lat": 0},
        {"kind": "height"},
        {"kind": "orbit", "lon": 118, "lat": 28, "radius_m": -5},
        {"kind": "height", "height_m": 60, "typo": 1},
    ],
)
def test_what_makes_no_sense_is_named(
    client: TestClient, flying: FakeFlying, body: dict[str, Any]
) -> None:
    answer = client.post(f"{V1}/manoeuvres/preview", json=body, headers=bearer("pilot"))
    assert answer.status_code == 422
    assert flying.asked == []
