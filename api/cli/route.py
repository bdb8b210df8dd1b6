"""`flyonce route`: the route over an area, along a corridor, round a tower or along a wall."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli import route_input
from api.cli.output import AsJson, emit, err, out
from core.errors import InvalidInput

if TYPE_CHECKING:
    from api.cli.route_flights import Field, Made
    from core.energy import Wind
    from core.equipment import CameraSpec
    from core.zones import Zone
    from planner.routes.one import Ask

Metres = Annotated[float | None, typer.Option(min=0.01, max=100_000)]
Overlap = Annotated[float | None, typer.Option(min=0.0, max=0.95)]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """The options, which go before a feature's own properties."""

    camera: "CameraSpec | None"
    wind: "Wind"
    gsd: float | None
    height: float | None
    front: float | None
    side: float | None
    line: float | None
    photo: float | None
    width: float | None
    angle: float | None
    speed: float
    kind: str | None
    orbit: float | None
    every: float | None
    facade: tuple[float, float] | None


def route(
    area: Annotated[Path, typer.Argument(help="GeoJSON: each feature becomes a route.")],
    out_file: Annotated[Path, typer.Option("--out", dir_okay=False, help="Where to write.")],
    camera: Annotated[str | None, typer.Option(help="A camera of the shipped vehicles.")] = None,
    hfov: Annotated[float | None, typer.Option(min=1, max=169, help="Degrees.")] = None,
    pixels: Annotated[str | None, typer.Option(metavar="WIDTHxHEIGHT")] = None,
    sensor_width: Annotated[float | None, typer.Option(min=0.1, help="Millimetres.")] = None,
    focal: Annotated[float | None, typer.Option(min=0.1, help="Millimetres.")] = None,
    gsd: Annotated[float | None, typer.Option(min=0.0001, help="Metres a pixel.")] = None,
    height: Annotated[float | None, typer.Option(min=1, max=6000, help="Above ground.")] = None,
    front_overlap: Overlap = None,
    side_overlap: Overlap = None,
    line_spacing: Metres = None,
    photo_spacing: Metres = None,
    width: Annotated[float | None, typer.Option(min=0, help="Of a corridor, metres.")] = None,
    angle: Annotated[
        float | None, typer.Option(help="Of the lines, degrees clockwise from north.")
    ] = None,
    wind: Annotated[str | None, typer.Option(metavar="SPEED,FROM")] = None,
    speed: Annotated[float, typer.Option(min=0.5, max=60, help="Metres a second.")] = 10.0,
    zones: Annotated[
        Path | None, typer.Option(help="GeoJSON of zones that no metre enters.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="area, corridor, points, orbit or facade.")
    ] = None,
    orbit: Annotated[float | None, typer.Option(min=5, max=2000, help="Radius, metres.")] = None,
    every: Annotated[
        float | None, typer.Option(min=1, max=120, help="Degrees between photos of an orbit.")
    ] = None,
    facade: Annotated[
        str | None,
        typer.Option(metavar="BASE,TOP", help="Heights of a wall, or of what an orbit shows."),
    ] = None,
    terrain: Annotated[
        Path | None, typer.Option(help="Ground heights (GeoTIFF): the route follows them.")
    ] = None,
    clearance: Annotated[float, typer.Option(min=5, max=500, help="Never nearer, metres.")] = 30.0,
    tolerance: Annotated[
        float, typer.Option(min=1, max=100, help="From the nominal height, metres.")
    ] = 5.0,
    dock: Annotated[
        list[str] | None,
        typer.Option(metavar="LON,LAT", help="Fly from here in sorties; may be given often."),
    ] = None,
    vehicle: Annotated[
        str | None, typer.Option(help="A vehicle of the shipped city, for sorties and files.")
    ] = None,
    endurance: Annotated[
        float | None, typer.Option(min=1, max=1440, help="Minutes, instead of the vehicle's.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a route over what a file shows (GeoJSON, KML, KMZ, zipped shapefile), and write it.

    A GeoJSON answer holds the whole path as one LineString with `path: true`, and each leg that is
    photographed as a LineString with `photo: true`; --out may also end in .plan (QGroundControl),
    .waypoints (ArduPilot), .kml, .kmz (DJI), .csv (Litchi) or .zip (shapefile). Each feature of
    the file becomes a route of its own. Spacings come from a camera with its resolution (or
    height) and overlaps, or as they are given, or from the feature's `line_spacing_m` and
    `photo_spacing_m`.
    """
    from api.cli.route_files import save
    from api.cli.route_flights import field_of

    wish = Wish(
        camera=route_input.camera(camera, hfov, pixels, sensor_width, focal),
        wind=route_input.wind(wind),
        gsd=gsd,
        height=height,
        front=front_overlap,
        side=side_overlap,
        line=line_spacing,
        photo=photo_spacing,
        width=width,
        angle=angle,
        speed=speed,
        kind=kind,
        orbit=orbit,
        every=every,
        facade=None if facade is None else route_input.pair(facade, "--facade", "0,30"),
    )
    given = route_input.features(area)
    closed = route_input.zones(zones)
    ground = field_of(vehicle, endurance, dock or (), terrain, clearance, tolerance)
    made = [
        flight
        for k, one in enumerate(given, 1)
        for flight in _flown(
            one, k, f"{area}: feature {k}" if len(given) > 1 else str(area), wish, closed, ground
        )
    ]
    save(made, out_file, ground)
    for note in ground.terrain.notes if ground.terrain else ():
        err.print(f"{terrain}: {note}", markup=False)
    figures = [_figures(one) for one in made]
    if as_json:
        emit(figures)
        return
    for one in figures:
        out.print(_line(one), markup=False, soft_wrap=True)


def _flown(
    one: dict[str, Any],
    number: int,
    where: str,
    wish: Wish,
    closed: "tuple[Zone, ...]",
    ground: "Field",
) -> "list[Made]":
    """A feature's route as it is flown: one, or its sorties."""
    from api.cli.route_flights import flights
    from planner.routes.airspace import Airspace
    from planner.routes.one import answer
    from planner.routes.outline import frame_of, outline

    properties = one.get("properties") or {}
    kind, geometry, notes = outline(
        one.get("geometry"), where, wish.kind or _kind(properties, where)
    )
    ask = _ask(wish, properties, kind, geometry, where)
    highest = max(ask.height_m or 0.0, ask.top_m, 1.0)
    sky = Airspace(frame_of(geometry), [z for z in closed if z.floor_m <= highest])
    for note in notes:
        err.print(f"{where}: {note}", markup=False)
    found = answer(ask, sky)
    return flights(replace(found, notes=(*notes, *found.notes)), number, ground, sky)


def _kind(properties: dict[str, Any], where: str) -> str | None:
    kind = properties.get("kind")
    if kind is not None and not isinstance(kind, str):
        raise InvalidInput(f"kind is {kind!r}", where=where, remedy="area, corridor, points, ...")
    return kind


def _ask(wish: Wish, properties: dict[str, Any], kind: Any, geometry: Any, where: str) -> "Ask":
    from planner.routes.one import Ask

    def figure(given: float | None, key: str, default: float) -> float:
        if given is not None:
            return given
        return route_input.number(properties, key, where, default)

    front, side = figure(wish.front, "front_overlap", 0.7), figure(wish.side, "side_overlap", 0.6)
    if max(front, side) > 0.95:
        raise InvalidInput(
            "overlaps are shares up to 0.95", where=where, remedy="write 0.7 for 70 %"
        )
    height = wish.height
    if height is None and wish.camera is not None and wish.gsd is not None and kind != "orbit":
        height = wish.camera.height_for_gsd_m(wish.gsd)
    if height is None and kind in ("area", "corridor", "points"):
        height = route_input.number(properties, "height_m", where, 100.0)
    line, photo = _spacings(wish, properties, kind, height, (front, side), where)
    base, top = wish.facade or (
        route_input.number(properties, "base_m", where, 0.0),
        route_input.number(properties, "top_m", where, 0.0),
    )
    return Ask(
        name=str(properties.get("name") or where),
        kind=kind,
        geometry=geometry,
        line_spacing_m=line,
        photo_spacing_m=photo,
        height_m=height if kind != "facade" else None,
        camera=wish.camera,
        gsd_m=wish.gsd,
        front_overlap=front,
        side_overlap=side,
        width_m=figure(wish.width, "width_m", 0.0),
        angle_deg=None if wish.angle is None else 90.0 - wish.angle,
        speed_mps=wish.speed,
        wind=wish.wind,
        radius_m=figure(wish.orbit, "radius_m", 30.0),
        base_m=base,
        top_m=top,
        every_deg=wish.every,
    )


def _spacings(
    wish: Wish,
    properties: dict[str, Any],
    kind: str,
    height: float | None,
    overlaps: tuple[float, float],
    where: str,
) -> tuple[float, float]:
    """Metres between lines and between photos: as given, by the camera, or of the feature."""
    line, photo = wish.line, wish.photo
    if wish.camera is not None and height is not None:
        across, along = wish.camera.footprint_m(height)
        line = line or across * (1 - overlaps[1])
        photo = photo or along * (1 - overlaps[0])
    line = line or route_input.number(properties, "line_spacing_m", where, 0.0)
    photo = photo or route_input.number(properties, "photo_spacing_m", where, 0.0)
    if kind in ("area", "corridor") and not (line and photo):
        raise InvalidInput(
            "neither a camera nor spacings are given",
            where=where,
            remedy="give --camera with --gsd or --height, or --line-spacing and --photo-spacing",
        )
    return line, photo


def _line(one: dict[str, Any]) -> str:
    """A route as a pilot reads it."""
    sortie = f", sortie {one['sortie']}" if "sortie" in one else ""
    minutes = one["seconds"] / 60
    said = [f"{one['name']}{sortie}: {one['length_m'] / 1000:.2f} km, {minutes:.1f} min"]
    said.append(f"{one['photos']} photographs")
    if "covered" in one:
        said.append(f"{one['covered']:.1%} covered at the asked overlap")
    if "ideal_m" in one and "sortie" not in one:
        said.append(f"{one['length_m'] / one['ideal_m']:.2f} times the ideal length")
    return "; ".join([", ".join(said), *one["notes"]])


def _figures(one: "Made") -> dict[str, Any]:
    """What is told of a route or a sortie."""
    from planner.routes.features import features

    own = features(one.answer, one.number)[0]["properties"]
    own |= {"length_m": round(one.route.length_m, 1), "seconds": round(one.seconds, 1)}
    own |= {"photos": one.route.photos, "notes": [*own["notes"], *one.notes]}
    if one.sortie is not None:
        own |= {"sortie": one.sortie}
    return {k: v for k, v in own.items() if k not in ("path", "route")}
