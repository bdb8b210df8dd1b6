"""What was found in the made-up city: anomalies, alerts, cases, reviews, and what was asked for."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from console_motion import Motion, stamp


@dataclass
class Finds(Motion):
    """The story so far, and what the console did to it (`posted`)."""

    posted: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    reviews: list[dict[str, Any]] = field(default_factory=list)
    cases: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.cases = self.cases or [self.sample_case(n) for n in range(12)]
        self.reviews = self.reviews or [self.sample_review(n) for n in range(6)]
        self.requests = self.requests or [self.sample_request(n) for n in range(5)]
        self.alerts = self.alerts or [self.sample_alert(n) for n in range(7)]

    def spot(self, n: int) -> tuple[float, float]:
        lon, lat = self.docks[(7 * n + 3) % len(self.docks)]["at"]
        return round(lon + 0.021, 6), round(lat + 0.017, 6)

    def anomalies(self) -> dict[str, Any]:
        types = ["01-01", "01-03", "02-01", "04-02"]
        return {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "id": f"A-{n:03d}",
                    "geometry": {"type": "Point", "coordinates": list(self.spot(n))},
                    "properties": {
                        "id": f"A-{n:03d}",
                        "event_type": types[n % 4],
                        "first_seen": stamp(self.start - timedelta(minutes=40 - 3 * n)),
                        "last_seen": stamp(self.start - timedelta(minutes=8)),
                        "sightings": 3 + n,
                        "peak_c": 412.6 if n % 4 == 0 else None,
                        "severity": 4 - n % 4,
                        "error_m": 6.4,
                        "state": "cold" if n == 5 else "open",
                        "case_id": f"C-{n:03d}",
                        "department": "forestry",
                    },
                }
                for n in range(9)
            ],
        }

    def sample_alert(self, n: int) -> dict[str, Any]:
        lon, lat = self.spot(n)
        fire = n % 4 == 0
        return {
            "id": f"L-{n:03d}",
            "t": stamp(self.start - timedelta(minutes=30 - 4 * n)),
            "kind": "fire" if fire else "anomaly",
            "severity": 4 - n % 4,
            "event_type": "01-01" if fire else "01-03",
            "text": "Forest fire, 413 °C, near Dazhou; QZ-07 sent to look"
            if fire
            else f"Hot connector at a substation, {80 + n} °C",
            "text_zh": "大洲附近森林火情，413 °C，已派 QZ-07 前往"
            if fire
            else f"变电站接头过热，{80 + n} °C",
            "lon": lon,
            "lat": lat,
            "case_id": f"C-{n:03d}",
        }

    def sample_case(self, n: int) -> dict[str, Any]:
        steps = [
            "collected",
            "opened",
            "dispatched",
            "handling",
            "reported_back",
            "verifying",
            "closed",
        ]
        at = (n * 3 + 1) % 7
        lon, lat = self.spot(n)
        opened = self.start - timedelta(hours=3, minutes=-5 * n)
        fire = n % 4 == 0
        return {
            "id": f"C-{n:03d}",
            "number": f"QZ-2026-{1040 + n}",
            "event_type": "01-01" if fire else "01-03" if n % 2 else "02-01",
            "title": "Forest fire near Dazhou"
            if fire
            else "Hot connector"
            if n % 2
            else "Floating debris",
            "title_zh": "大洲附近森林火情" if fire else "接头过热" if n % 2 else "水面漂浮物",
            "state": steps[at],
            "department": "forestry" if fire else "power" if n % 2 else "water",
            "shared_with": ["emergency"],
            "opened_at": stamp(opened),
            "due_at": stamp(opened + timedelta(hours=2 if n in {3, 8} else 9)),
            "overdue": n in {3, 8} and at < 6,
            "lon": lon,
            "lat": lat,
            "severity": 4 - n % 4,
            "closed_at": None,
            "score": None,
            "steps": [
                {
                    "step": step,
                    "at": stamp(opened + timedelta(minutes=12 * k)),
                    "by": "Officer Li",
                    "note": "Seen on site" if k == 3 else None,
                }
                for k, step in enumerate(steps[: at + 1])
            ],
            "media": [f"M-{n}-a", f"M-{n}-b", f"M-{n}-c"],
            "rechecks": [
                {
                    "at": stamp(opened + timedelta(minutes=70)),
                    "flight_id": "F-07-02",
                    "verdict": "hot",
                    "peak_c": 96.1,
                },
                {
                    "at": stamp(opened + timedelta(minutes=95)),
                    "flight_id": "F-07-03",
                    "verdict": "cold",
                    "peak_c": 31.4,
                },
            ]
            if fire
            else [],
            "anomaly_ids": [f"A-{n:03d}"],
            "before": f"M-{n}-a",
            "after": f"M-{n}-c" if at >= 5 else None,
        }

    def sample_review(self, n: int) -> dict[str, Any]:
        lon, lat = self.spot(n + 4)
        return {
            "id": f"R-{n:03d}",
            "kind": "find" if n % 2 == 0 else "look",
            "event_types": ["02-01", "02-02", "04-02"],
            "task_id": f"T-{n:03d}",
            "place": "Qu river, section 4" if n % 2 == 0 else "Shiliang construction site",
            "lon": lon,
            "lat": lat,
            "geometry": None,
            "media": [f"V-{n}-{k}" for k in range(4)],
            "created_at": stamp(self.start - timedelta(minutes=10 * n)),
            "department": "water",
            "state": "open",
            "decision": None,
            "found": self.sample_found(n) if n % 2 == 0 else None,
            "marks": [],
            "remark": None if n else "compared with earlier photographs: 82% of the ground",
            "remark_zh": None if n else "已与历史影像比对 82%",
        }

    def sample_found(self, n: int) -> dict[str, Any]:
        return {
            "detector": "change" if n % 4 == 0 else "onnx:debris",
            "version": "2",
            "score": 0.81,
            "kind": "new" if n % 4 == 0 else None,
            "label": None if n % 4 == 0 else "raft",
            "area_m2": 12.4 if n % 4 == 0 else None,
            "seen": 2,
            "boxes": [],
            "has_before": n % 4 == 0,
        }

    def detectors(self) -> dict[str, Any]:
        judged = {
            "confirmed": 23,
            "rejected": 4,
            "reclassed": 1,
            "precision": 23 / 28,
            "low": 0.644,
            "high": 0.921,
        }
        change = {"id": "change", "state": "loaded", "precision": judged, "by_event_type": {}}
        return {"items": [change], "next": None}

    def sample_request(self, n: int) -> dict[str, Any]:
        lon, lat = self.spot(n)
        planned = n != 3
        return {
            "id": f"Q-{n:03d}",
            "scenario": self.scenarios[n]["id"],
            "department": "water",
            "shared_with": ["emergency"],
            "place": "",
            "geometry": {
                "type": "Polygon",
                "coordinates": [
                    [[lon, lat], [lon + 0.02, lat], [lon + 0.02, lat + 0.02], [lon, lat]]
                ],
            },
            "sensor": "visible",
            "gsd_m": 0.05,
            "earliest": stamp(self.start),
            "latest": stamp(self.start + timedelta(hours=8)),
            "priority": 3,
            "state": "planned" if planned else "refused",
            "origin": "officer",
            "purpose": "After the rain",
            "task_ids": [f"T-{n:03d}"],
            "case_id": None,
            "created_at": stamp(self.start),
            "answer": {
                "state": "planned" if planned else "refused",
                "text": "Flies with QZ-07 at 14:20"
                if planned
                else "No drone with this sensor reaches the place",
                "text_zh": "由 QZ-07 于 14:20 执行" if planned else "没有带该载荷的无人机能到达",
                "flight_id": "F-07-02" if planned else None,
                "start": stamp(self.start + timedelta(hours=3)) if planned else None,
            },
        }
