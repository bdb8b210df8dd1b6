"""Routes into files: one GeoJSON for all, any other format a file for each route and sortie."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from api.cli.output import err
from api.cli.route_flights import Field, Made, site
from planner.formats import geojson
from planner.formats.files import write_route
from planner.formats.whole import store
from planner.routes.features import features


def save(made: Sequence[Made], path: Path, field: Field) -> None:
    """Write every route; says which files were written and what a format could not keep.

    Raises:
        InvalidInput: no format has this extension.
        Unavailable: a file cannot be written.
    """
    if path.suffix.lower() in (".geojson", ".json"):
        found = [feature for one in made for feature in _features(one)]
        text = json.dumps({"type": "FeatureCollection", "features": found}, ensure_ascii=False)
        store(path, text + "\n")
        err.print(f"Written: {path}", markup=False)
        return
    for one in made:
        own = path if len(made) == 1 else path.with_stem(f"{path.stem}-{_label(one)}")
        notes = write_route(own, one.route, site(one, field))
        err.print(f"Written: {own}", markup=False)
        for note in notes:
            err.print(f"{own.name}: {note}", markup=False)


def _label(one: Made) -> str:
    return f"{one.number}" if one.sortie is None else f"{one.number}-{one.sortie}"


def _features(one: Made) -> list[dict[str, Any]]:
    """The path with its figures and its waypoints, then the photo legs."""
    plain = features(one.answer, one.number)
    if one.route is one.answer.route:
        whole = geojson.collection(one.route)["features"][0]
        if len(whole["geometry"]["coordinates"]) == len(plain[0]["geometry"]["coordinates"]):
            plain[0]["properties"]["waypoints"] = whole["properties"]["waypoints"]
        return plain
    figures = {k: v for k, v in plain[0]["properties"].items() if k not in ("heights_m", "seconds")}
    figures |= {"length_m": round(one.route.length_m, 1), "seconds": round(one.seconds, 1)}
    figures |= {"photos": one.route.photos, "notes": [*figures.get("notes", ()), *one.notes]}
    if one.sortie is not None:
        figures["sortie"] = one.sortie
    made: list[dict[str, Any]] = geojson.collection(one.route, **figures)["features"]
    return made
