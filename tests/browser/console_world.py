"""Everything the stand-in knows: the day's plan, its flights, the live frame, the report."""

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from console_city import DAY
from console_finds import Finds
from console_motion import SPEED, stamp


@dataclass
class World(Finds):
    """What the stand-in answers from."""

    token: str | None = None
    """When set, every call must carry it."""
    down: bool = False
    """Answer 503 and keep no socket: as if the service were away."""

    def frame(self, alerts: list[dict[str, Any]]) -> dict[str, Any]:
        rows = self.drones()
        flying = sum(1 for row in rows if row[8] is not None)
        return {
            "t": stamp(self.now()),
            "speed": SPEED,
            "drones": rows,
            "counts": {
                "flying": flying,
                "flown": 96,
                "photos": 4310 + int(20 * (time.monotonic() - self.began)),
                "anomalies": len(self.anomalies()["features"]),
                "cases_open": sum(1 for c in self.cases if c["state"] != "closed"),
                "reviews_open": sum(1 for r in self.reviews if r["state"] == "open"),
            },
            "alerts": alerts,
        }

    def plan(self) -> dict[str, Any]:
        names = [d["id"] for d in self.city["departments"]]
        flights = []
        for index, dock in enumerate(self.docks):
            for turn in range(6):
                start = DAY + timedelta(minutes=75 * turn + 11 * (index % 7) + 20)
                state = "done" if turn < 2 else "planned"
                if turn == 2:
                    state = "flying" if self.state_of(index) == "mission" else "preparing"
                if index == 12 and turn == 1:
                    state = "failed"
                flights.append(
                    {
                        "id": f"F-{dock['id'][3:]}-0{turn}",
                        "dock": dock["id"],
                        "vehicle": dock["id"],
                        "start": stamp(start),
                        "end": stamp(start + timedelta(minutes=24 + (index * 7 + turn * 5) % 18)),
                        "state": state,
                        "tasks": [f"T-{index}-{turn}"],
                        "departments": [
                            names[(index + k) % len(names)] for k in range(1 + turn % 3)
                        ],
                        "priority": 1 + (index + turn) % 5,
                        "landing_share": 0.28,
                    }
                )
        return {
            "day": DAY.date().isoformat(),
            "id": "P-1",
            "verified": True,
            "value": 812.0,
            "km": 2486.4,
            "km_separate": 6120.9,
            "flights": flights,
            "unserved": [
                {
                    "task": f"T-9{n}",
                    "code": "no_window",
                    "reason": "No drone is free inside its window",
                    "reason_zh": "时间窗内没有空闲无人机",
                    "departments": [names[n % len(names)]],
                }
                for n in range(4)
            ],
            "tasks": {"asked": 534, "merged": 318, "planned": 314, "refused": 4},
            "territory_share": {"day_planned": 0.113, "week_planned": 0.287},
        }

    def flight(self, id: str) -> dict[str, Any] | None:
        row = next((f for f in self.plan()["flights"] if f["id"] == id), None)
        if row is None:
            return None
        index = next(i for i, d in enumerate(self.docks) if d["id"] == row["dock"])
        route = self.route(index)
        return row | {
            "reason": None,
            "tasks": [
                {
                    "id": row["tasks"][0],
                    "scenarios": [s["id"] for s in self.scenarios[index : index + 3]],
                    "departments": row["departments"],
                    "sensors": ["visible", "thermal"],
                }
            ],
            "route": {
                "type": "Feature",
                "geometry": {"type": "LineString", "coordinates": route},
                "properties": {"photo_legs": [[k, k + 1] for k in range(1, len(route) - 2, 2)]},
            },
            "log": [
                {
                    "t": row["start"],
                    "text": "Mission read back: identical",
                    "text_zh": "航线回读一致",
                },
                {"t": row["start"], "text": "Took off", "text_zh": "已起飞"},
            ],
            "photos": {"expected": 160, "taken": 84, "kept": 82, "dropped": 2},
            "ledger": [
                {"department": name, "km": 4.1 - k, "minutes": 9.0 - 2 * k}
                for k, name in enumerate(row["departments"])
            ],
        }

    def report(self) -> dict[str, Any]:
        fire = self.start - timedelta(minutes=52)
        return {
            "drones": 51,
            "scenarios": {
                "catalogued": 79,
                "requested": 79,
                "planned": 76,
                "flown": 58,
                "with_finding": 14,
            },
            "tasks": {
                "asked": 534,
                "merged": 318,
                "flown": 201,
                "refused": [{"code": "no_window", "count": 3}, {"code": "zone", "count": 1}],
            },
            "flights": 96,
            "km_flown": 1622.3,
            "km_separate": 3990.1,
            "territory_share": {"day": 0.092, "week_planned": 0.287},
            "media": {"taken": 4310, "kept": 4261, "dropped": {"blurred": 31, "no position": 18}},
            "anomalies": {"recall": 0.94, "false_alarms": 2, "position_error_m": 5.8},
            "events": {
                "by_type": {"01-01": 2, "01-03": 7, "02-01": 11},
                "by_department": {"forestry": 2, "power": 7, "water": 11},
            },
            "cases": {
                "collected": 1,
                "opened": 2,
                "dispatched": 2,
                "handling": 3,
                "reported_back": 1,
                "verifying": 2,
                "closed": 9,
            },
            "fire": {
                "ignition_to_alert_min": 6.4,
                "alert_to_recheck_min": 61.0,
                "timeline": [
                    {"t": stamp(fire), "text": "Ignition", "text_zh": "起火"},
                    {
                        "t": stamp(fire + timedelta(minutes=6.4)),
                        "text": "Seen by QZ-07, alarm raised",
                        "text_zh": "QZ-07 发现并告警",
                    },
                    {
                        "t": stamp(fire + timedelta(minutes=9)),
                        "text": "QZ-12 sent; two flights moved",
                        "text_zh": "派出 QZ-12，两航次调整",
                    },
                    {
                        "t": stamp(fire + timedelta(minutes=48)),
                        "text": "Fire crew: out",
                        "text_zh": "消防队报告已扑灭",
                    },
                    {
                        "t": stamp(fire + timedelta(minutes=67)),
                        "text": "Infrared re-check: cold",
                        "text_zh": "红外复查：已冷却",
                    },
                ],
            },
            "simulated_s": 7200,
            "wall_s": 588,
            "speedup": 12.2,
            "peak_memory_mb": 1180,
        }
