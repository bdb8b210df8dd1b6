"""The demo's score against the world is arithmetic, not a claim."""

from datetime import UTC, datetime
from typing import Any

from api.scoring import score
from core.geo import LonLat, offset
from missions.entities import Anomaly

AT = datetime(2026, 5, 12, 1, 0, tzinfo=UTC)
HERE = LonLat(118.8, 28.9)


def anomaly(position: LonLat, event_type: str = "01-01") -> Anomaly:
    return Anomaly(
        id=f"ano-{position.lon:.6f}-{event_type}",
        event_type=event_type,
        position=position,
        error_m=5.0,
        first_seen=AT,
        last_seen=AT,
        sightings=1,
        severity=4,
        department="forestry",
        shared_with=(),
    )


def thing(name: str, position: LonLat, event_type: str | None, frames: int) -> dict[str, Any]:
    return {
        "id": name,
        "kind": "fire" if event_type else "roof",
        "event_type": event_type,
        "lon": position.lon,
        "lat": position.lat,
        "photographed": {"thermal": frames},
    }


def judged(anomalies: list[Anomaly], objects: list[dict[str, Any]]) -> dict[str, Any]:
    truth = {"objects": objects, "fires": [], "photos": {}}
    figures: dict[str, Any] = {"anomalies": {}, "media": {}, "fire": {}}
    seen = lambda o: o["photographed"]["thermal"] > 0  # noqa: E731
    result = score(figures, anomalies, truth, start=AT, looked_for=seen)
    compared: dict[str, Any] = result["anomalies"]
    return compared


def test_found_missed_and_false_are_told_apart() -> None:
    far = offset(HERE, 0.0, 3000.0)
    result = judged(
        [anomaly(offset(HERE, 90.0, 3.0)), anomaly(far)],
        [
            thing("fire", HERE, "01-01", 4),
            thing("missed", offset(HERE, 180.0, 5000.0), "07-01", 2),
            thing("never seen", offset(HERE, 270.0, 5000.0), "07-01", 0),
            thing("warm roof", far, None, 9),
        ],
    )
    assert result["real_and_photographed"] == 2
    assert result["recall"] == 0.5
    assert result["false_alarms"] == 1
    assert result["position_error_m"] == 3.0
    assert result["missed"] == ["fire (07-01)"]


def test_nothing_real_gives_no_recall_rather_than_a_perfect_one() -> None:
    result = judged([], [])
    assert result["recall"] is None
    assert result["position_error_m"] is None
