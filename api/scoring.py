"""The service's finds held against what the simulated world really held.

Only the demo and the tests know the truth file; the service never reads it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from core.geo import LonLat, distance_m
from missions.entities import Anomaly

NEAR_M = 40.0
"""A find this near to a true object is of that object: a fire front of 25 m and the find's own 95 %
error of about 10 m."""


def score(
    figures: Mapping[str, Any],
    anomalies: Sequence[Anomaly],
    truth: Mapping[str, Any],
    *,
    start: datetime,
    looked_for: Callable[[Mapping[str, Any]], bool],
) -> dict[str, Any]:
    """The report with recall, false alarms, position errors and the fire's minutes.

    Args:
        start: of the simulation; the truth file counts seconds from it.
        looked_for: whether a kept photograph shows a true object to somebody who looks for its
            type: what nobody looks for there is not missed.
    """
    real = [o for o in truth["objects"] if o["event_type"] and _shown(o) and looked_for(o)]
    pairs = [(anomaly, _nearest(anomaly, truth["objects"])) for anomaly in anomalies]
    hits = [(a, o, d) for a, (o, d) in pairs if o is not None and o["event_type"]]
    found = {o["id"] for _, o, _ in hits}
    missed = [o for o in real if o["id"] not in found]
    compared = {
        **figures["anomalies"],
        "real_and_photographed": len(real),
        "recall": round(1 - len(missed) / len(real), 4) if real else None,
        "false_alarms": len(anomalies) - len(hits),
        "right_type": round(_right(hits), 4) if hits else None,
        "position_error_m": round(median(d for _, _, d in hits), 2) if hits else None,
        "missed": sorted(f"{o['kind']} ({o['event_type']})" for o in missed),
    }
    media = {**figures["media"], "camera": truth["photos"]}
    return {
        **figures,
        "anomalies": compared,
        "media": media,
        "fire": _with_ignition(figures["fire"], truth, start),
    }


def _shown(item: Mapping[str, Any]) -> bool:
    """Whether it was there while some camera that can see it took its picture."""
    return sum(item["photographed"].values()) > 0


def _nearest(
    anomaly: Anomaly, objects: Sequence[Mapping[str, Any]]
) -> tuple[Mapping[str, Any] | None, float]:
    """The true object that an anomaly is, events before ordinary things."""
    near = []
    for item in objects:
        if abs(item["lat"] - anomaly.position.lat) < 0.001:
            metres = distance_m(anomaly.position, LonLat(item["lon"], item["lat"]))
            if metres <= NEAR_M + anomaly.error_m:
                near.append((item["event_type"] is None, metres, item))
    best = min(near, key=lambda n: n[:2], default=None)
    return (best[2], best[1]) if best else (None, 0.0)


def _right(hits: Sequence[tuple[Anomaly, Mapping[str, Any], float]]) -> float:
    return sum(a.event_type == o["event_type"] for a, o, _ in hits) / len(hits)


def _with_ignition(
    fire: Mapping[str, Any], truth: Mapping[str, Any], start: datetime
) -> dict[str, Any]:
    """The fire's timeline with what only the world knows: when it began and when it was out."""
    if "alert_at" not in fire:
        return {**fire, "world": truth["fires"]}
    where = LonLat(fire["lon"], fire["lat"])
    places = {o["id"]: LonLat(o["lon"], o["lat"]) for o in truth["objects"]}
    real = min(
        (f for f in truth["fires"] if f["id"] in places),
        key=lambda f: distance_m(places[f["id"]], where),
        default=None,
    )
    if real is None:
        return dict(fire)
    ignited = start + timedelta(seconds=real["ignited"])
    minutes = (datetime.fromisoformat(fire["alert_at"]) - ignited).total_seconds() / 60
    return {**fire, "world": real, "ignition_to_alert_min": round(minutes, 1)}
