"""A made-up city for the console's tests: six counties, 51 docks, zones, places, a catalogue."""

import math
from datetime import UTC, datetime
from typing import Any

DAY = datetime(2026, 5, 12, tzinfo=UTC)
CENTRE = (118.87, 28.97)

_COUNTIES = [
    ("kecheng", "Kecheng", "柯城区"),
    ("qujiang", "Qujiang", "衢江区"),
    ("longyou", "Longyou", "龙游县"),
    ("jiangshan", "Jiangshan", "江山市"),
    ("changshan", "Changshan", "常山县"),
    ("kaihua", "Kaihua", "开化县"),
]
_DEPARTMENTS = [
    ("water", "Water resources", "水利局"),
    ("forestry", "Forestry", "林业局"),
    ("power", "Power supply", "供电公司"),
    ("urban", "Urban management", "综合执法局"),
    ("traffic", "Traffic police", "交警支队"),
    ("ecology", "Ecology and environment", "生态环境局"),
    ("emergency", "Emergency management", "应急管理局"),
]
_STATES = ["mission"] * 6 + [
    "returning",
    "docked",
    "mission",
    "charging",
    "takeoff",
    "mission",
    "ready",
    "mission",
    "landing",
    "hold",
    "mission",
    "guided",
    "docked",
    "mission",
    "uploading",
]


def kinds_of_state(index: int) -> str:
    """The state of the drone at this dock."""
    return "fault" if index == 44 else "docked" if index == 50 else _STATES[index % len(_STATES)]


def _feature(geometry: str, coordinates: Any, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": properties["id"],
        "properties": properties,
        "geometry": {"type": geometry, "coordinates": coordinates},
    }


def _collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features}


def _round(lon: float, lat: float, radius: float, corners: int = 24) -> list[list[list[float]]]:
    turn = [2 * math.pi * k / corners for k in range(corners)]
    ring = [
        [
            lon + radius * math.cos(a) * (1 + 0.12 * math.sin(5 * a)),
            lat + 0.85 * radius * math.sin(a),
        ]
        for a in turn
    ]
    return [[*ring, ring[0]]]


def _dock(n: int) -> dict[str, Any]:
    angle, radius = 2.399963 * n, 0.075 * math.sqrt(n + 0.5)
    county = _COUNTIES[n % 6]
    at = [
        round(CENTRE[0] + 1.1 * radius * math.cos(angle), 5),
        round(CENTRE[1] + 0.72 * radius * math.sin(angle), 5),
    ]
    return _feature(
        "Point",
        at,
        id=f"QZ-{n + 1:02d}",
        system_id=n + 1,
        name=f"{county[1]} station {n // 6 + 1}",
        name_zh=f"{county[2]}{n // 6 + 1}号站",
        kind="thermal" if n % 2 else "mapper",
        county=county[0],
    )


def city() -> dict[str, Any]:
    """The answer of /city."""
    lon, lat = CENTRE
    around = [
        (lon + 0.36 * math.cos(k * math.pi / 3), lat + 0.24 * math.sin(k * math.pi / 3))
        for k in range(6)
    ]
    river = [[lon - 0.6 + 0.03 * k, lat + 0.05 * math.sin(k / 3)] for k in range(41)]
    return {
        "name": "testville",
        "title": "Testville",
        "title_zh": "测试市",
        "zone": "Asia/Shanghai",
        "attribution": "Approximate test data",
        "territory": _collection(
            [
                _feature("Polygon", _round(x, y, 0.23), id=c[0], name=c[1], name_zh=c[2])
                for c, (x, y) in zip(_COUNTIES, around, strict=True)
            ]
        ),
        "docks": _collection([_dock(n) for n in range(51)]),
        "zones": _collection(
            [
                _feature(
                    "Polygon",
                    _round(118.9, 28.966, 0.05),
                    id="airport",
                    name="Airport control zone",
                    name_zh="机场管制区",
                    kind="control",
                    ceiling_m=500,
                    buffer_m=100,
                )
            ]
        ),
        "places": _collection(
            [
                _feature(
                    "LineString", river, id="river", name="Qu river", name_zh="衢江", kind="river"
                ),
                _feature(
                    "Polygon",
                    _round(118.6, 29.1, 0.09),
                    id="wood",
                    name="North wood",
                    name_zh="北林",
                    kind="forest",
                ),
                _feature(
                    "Polygon",
                    _round(119.1, 28.8, 0.07),
                    id="wood-2",
                    name="South wood",
                    name_zh="南林",
                    kind="forest_watch",
                ),
                _feature(
                    "Point", [118.8, 28.9], id="town", name="Old town", name_zh="古城", kind="town"
                ),
            ]
        ),
        "departments": [{"id": a, "name": b, "name_zh": c} for a, b, c in _DEPARTMENTS],
        "kinds": [
            {
                "id": "mapper",
                "name": "Mapper",
                "name_zh": "测绘型",
                "sensors": ["visible", "zoom"],
                "endurance_s": 2400.0,
                "cruise_mps": 15.0,
                "wind_limit_mps": 12.0,
            },
            {
                "id": "thermal",
                "name": "Thermal scout",
                "name_zh": "热红外型",
                "sensors": ["thermal", "visible"],
                "endurance_s": 2100.0,
                "cruise_mps": 14.0,
                "wind_limit_mps": 12.0,
            },
        ],
    }


def scenarios() -> list[dict[str, Any]]:
    """A catalogue of 60 scenarios."""
    names = [
        ("River patrol", "河道巡查"),
        ("Forest fire watch", "森林防火巡查"),
        ("Substation check", "变电站巡检"),
        ("Illegal building", "违建巡查"),
        ("Junction watch", "路口巡查"),
        ("Straw burning", "秸秆焚烧巡查"),
    ]
    return [
        {
            "id": f"s-{n:02d}",
            "name": f"{names[n % 6][0]} {n // 6 + 1}",
            "name_zh": f"{names[n % 6][1]}{n // 6 + 1}",
            "department": _DEPARTMENTS[n % 6][0],
            "shared_with": ["emergency"],
            "geometry": ("area", "corridor", "points")[n % 3],
            "sensor": ("visible", "thermal", "zoom")[n % 3],
            "gsd_m": 0.05,
            "front_overlap": 0.7,
            "side_overlap": 0.6,
            "revisit_h": 24.0,
            "priority": 3,
            "event_types": ["02-01"],
        }
        for n in range(60)
    ]


def event_types() -> list[dict[str, Any]]:
    """Five event types."""
    rows = [
        ("01-01", "Forest fire", "森林火情", "thermal", 4, "forestry"),
        ("01-03", "Hot connector", "接头过热", "thermal", 3, "power"),
        ("02-01", "Floating debris", "水面漂浮物", "visible", 2, "water"),
        ("02-02", "Illegal outfall", "违规排口", "thermal", 3, "ecology"),
        ("04-02", "Waste heap", "垃圾堆放", "visible", 1, "urban"),
    ]
    return [
        {
            "code": code,
            "class_name": "Finds",
            "class_name_zh": "发现",
            "name": name,
            "name_zh": zh,
            "sensor": sensor,
            "detector": "thermal" if sensor == "thermal" else "officer",
            "severity": severity,
            "department": department,
            "deadline_h": 8.0,
        }
        for code, name, zh, sensor, severity, department in rows
    ]
