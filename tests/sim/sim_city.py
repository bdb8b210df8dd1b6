"""A small city for the simulation's tests: three docks, one place of each kind that matters."""

from typing import Any

LON, LAT = 118.80, 28.90

CAMERAS = [
    {
        "id": "t-wide",
        "sensor": "visible",
        "width_px": 4000,
        "height_px": 3000,
        "hfov_deg": 73.0,
        "stored_scale": 0.04,
    },
    {
        "id": "t-thermal",
        "sensor": "thermal",
        "width_px": 640,
        "height_px": 512,
        "hfov_deg": 45.0,
        "stored_scale": 0.25,
    },
]

VEHICLE: dict[str, Any] = {
    "id": "test-copter",
    "name": "Test copter",
    "name_zh": "试验机",
    "vtol": False,
    "cruise_mps": 15.0,
    "climb_mps": 5.0,
    "descent_mps": 4.0,
    "endurance_s": 2400.0,
    "recharge_s": 1200.0,
    "wind_limit_mps": 12.0,
    "cameras": CAMERAS,
}

EVENT_TYPES = [
    ("01-01", "Forest fire", "thermal", "thermal"),
    ("01-02", "Embers, re-ignition", "thermal", "thermal"),
    ("01-03", "Burning of straw or rubbish in the open", "thermal", "thermal"),
    ("07-01", "Overheated power equipment", "thermal", "thermal"),
    ("03-01", "Illegal building", "change", "visible"),
    ("06-01", "Heap of rubbish", "onnx:waste_heap", "visible"),
    ("02-03", "Abnormal water", "officer", "visible"),
]


def box(lon: float, lat: float, size: float) -> dict[str, Any]:
    """A square polygon as GeoJSON."""
    ring = [
        [lon, lat],
        [lon + size, lat],
        [lon + size, lat + size],
        [lon, lat + size],
        [lon, lat],
    ]
    return {"type": "Polygon", "coordinates": [ring]}


def city(docks: int = 3, height_m: float = 100.0) -> dict[str, Any]:
    """The contents of a WORLD.json on ground of one height."""
    places = [
        ("forest_watch", box(LON + 0.004, LAT + 0.002, 0.006)),
        ("substation", box(LON - 0.004, LAT, 0.002)),
        ("field_watch", box(LON - 0.008, LAT + 0.004, 0.004)),
        ("village", box(LON + 0.002, LAT - 0.008, 0.004)),
        ("waste_spot", {"type": "MultiPoint", "coordinates": [[LON, LAT + 0.003]]}),
        (
            "river",
            {"type": "LineString", "coordinates": [[LON - 0.01, LAT - 0.01], [LON, LAT - 0.012]]},
        ),
    ]
    return {
        "start": "2026-05-12T00:00:00+00:00",
        "docks": [
            {
                "system_id": k + 1,
                "id": f"QZ-{k + 1:02d}",
                "lon": LON + 0.01 * (k % 10),
                "lat": LAT + 0.01 * (k // 10),
                "vehicle": VEHICLE,
            }
            for k in range(docks)
        ],
        "ground": {
            "west": LON - 0.1,
            "south": LAT - 0.1,
            "step": 0.01,
            "rows": 31,
            "columns": 31,
            "heights_m": [[height_m] * 31 for _ in range(31)],
        },
        "places": [
            {
                "id": f"{kind}-1",
                "kind": kind,
                "name": kind,
                "geometry": geometry,
                "width_m": 60.0 if kind == "river" else 0.0,
            }
            for kind, geometry in places
        ],
        "event_types": [
            {"code": code, "name": name, "detector": detector, "sensor": sensor}
            for code, name, detector, sensor in EVENT_TYPES
        ],
        "demo": {},
    }
