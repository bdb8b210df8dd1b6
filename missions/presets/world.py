"""What the simulator is told of a city: plain JSON values, no object of ours."""

from dataclasses import asdict
from typing import Any

import shapely

from missions.presets.model import Dock, Preset


def world(preset: Preset) -> dict[str, Any]:
    """The contents of WORLD.json for ``python -m sim --world``."""
    demo = asdict(preset.demo)
    return {
        "start": preset.demo.start.isoformat(),
        "seed_hint": preset.demo.seed,
        "docks": [_dock(dock, preset) for dock in preset.docks],
        "ground": _ground(preset),
        "places": [
            {
                "id": place.id,
                "kind": place.kind,
                "name": place.name,
                "geometry": shapely.geometry.mapping(place.geometry),
                "width_m": place.width_m,
            }
            for place in preset.places
        ],
        "event_types": [
            {"code": e.code, "name": e.name, "detector": e.detector, "sensor": e.sensor.value}
            for e in preset.event_types.values()
        ],
        "demo": {
            **demo,
            "start": preset.demo.start.isoformat(),
            "first_fire_min": list(preset.demo.first_fire_min),
        },
    }


def _dock(dock: Dock, preset: Preset) -> dict[str, Any]:
    vehicle = asdict(preset.kinds[dock.kind])
    vehicle["cameras"] = [{**c, "sensor": c["sensor"].value} for c in vehicle["cameras"]]
    return {
        "system_id": dock.system_id,
        "link": dock.link,
        "id": dock.id,
        "lon": dock.position.lon,
        "lat": dock.position.lat,
        "vehicle": vehicle,
    }


def _ground(preset: Preset) -> dict[str, Any]:
    grid = preset.heights
    rows, columns = grid.heights_m.shape
    return {
        "west": grid.west,
        "south": grid.south,
        "step": grid.step,
        "rows": rows,
        "columns": columns,
        "heights_m": grid.heights_m.tolist(),
    }
