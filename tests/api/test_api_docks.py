"""Docks and battery packs over HTTP: what city-wide roles see, and who may lock a pack out."""

from datetime import UTC, datetime
from typing import Any

import pytest

from core.clock import ManualClock
from fleet.docks.dock import Charger, DockState, Door, Pad, Weather
from fleet.messages import BatteryStatus
from fleet.packs.pack_rules import judge
from fleet.packs.pack_trace import NO_TRACES, told
from fleet.packs.packs import new_record
from missions.operations.packs import PackView

NOW = datetime(2026, 5, 12, 1, 0, tzinfo=UTC)
WEATHER = Weather(
    measured_at=NOW,
    wind_mps=3.0,
    gust_mps=4.5,
    wind_from_deg=90.0,
    rain_mmph=0.2,
    temperature_c=21.0,
)
DOCK = DockState(
    dock="QZ-07",
    heard_at=NOW,
    door=Door.CLOSED,
    charger=Charger.FULL,
    pad=Pad.OCCUPIED,
    occupant="QZ-07",
    charge=1.0,
    weather=WEATHER,
)


def view() -> PackView:
    status = BatteryStatus(
        pack=0, battery=0.9, voltages_v=(4.1,) * 6, current_a=0.5, temperature_c=-3.0
    )
    trace = told(NO_TRACES, status, NOW)[0]
    record = new_record("QZ-07", trace)
    return PackView(record=record, verdict=judge(record, trace, NOW), trace=trace)


@pytest.fixture
def stocked(service: Any) -> list[tuple[str, str, str]]:
    """The service with a dock and a pack; what was locked."""
    locked: list[tuple[str, str, str]] = []

    def lock(caller: Any, pack: str, reason: str) -> PackView:
        locked.append((caller.name, pack, reason))
        return view()

    service.clock = ManualClock(NOW)
    service.docks = lambda p: [(DOCK, ""), (DockState(dock="QZ-08"), "QZ-08 is not heard")]
    service.packs = lambda p, vehicle=None: (view(),)
    service.lock_pack = lock
    return locked


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_docks_are_shown_with_their_weather_and_whether_they_are_heard(
    client: Any, stocked: Any
) -> None:
    answer = client.get("/api/v1/docks")
    assert answer.status_code == 200
    near, mute = answer.json()["items"]
    assert (near["dock"], near["door"], near["occupant"]) == ("QZ-07", "closed", "QZ-07")
    assert near["fresh"]
    assert near["weather"]["rain_mmph"] == 0.2
    assert not mute["fresh"]
    assert mute["weather"] is None
    assert mute["refusal"] == "QZ-08 is not heard"


def test_a_locked_out_pack_says_why(client: Any, stocked: Any) -> None:
    for path in ("/api/v1/packs", "/api/v1/vehicles/QZ-07/packs"):
        (pack,) = client.get(path).json()["items"]
        assert (pack["id"], pack["level"]) == ("QZ-07#0", "locked")
        assert "-3 C" in pack["findings"][0]["text"]
        assert pack["cells_v"] == [4.1] * 6


def test_pilots_lock_packs_and_departments_see_none(make_client: Any, stocked: Any) -> None:
    client = make_client(remote=True)
    body = {"reason": "swollen"}
    path = "/api/v1/packs/SN7/lock"
    assert client.put(path, json=body, headers=bearer("t-water")).status_code == 403
    assert client.get("/api/v1/packs", headers=bearer("t-water")).status_code == 403
    assert client.get("/api/v1/docks", headers=bearer("t-water")).status_code == 403
    assert client.put(path, json=body).status_code == 401
    assert client.put(path, json=body, headers=bearer("t-pilot")).status_code == 200
    assert (
        client.put(path, json={"reason": "x" * 300}, headers=bearer("t-pilot")).status_code == 422
    )
    assert stocked == [("Pilot", "SN7", "swollen")]
