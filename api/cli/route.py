"""`flyonce route`: the route over an area, along a corridor, round a tower or along a wall."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli import route_input
from api.cli.output import AsJson, emit, err, out
from core.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from core.energy import Wind
    from core.equipment import CameraSpec
    from core.zones import Zone
    from planner.one_route import Answer, Ask

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
    as_json: AsJson = False,
) -> None:
    """Make a route over what a GeoJSON file shows, and write it as GeoJSON.

    The answer holds the whole path as one LineString with `path: true`, and each leg that is
    photographed as a LineString with `photo: true`. Each feature of the file becomes a route of
    its own. Spacings come from a camera with its resolution (or height) and overlaps, or as they
    are given, or from the feature's `line_spacing_m` and `photo_spacing_m`.
    """
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
    made = [
        _made(one, f"{area}: feature {k + 1}" if len(given) > 1 else str(area), wish, closed)
        for k, one in enumerate(given)
    ]
    _save(made, out_file)
    figures = [_figures(one) for one in made]
    if as_json:
        emit(figures)
        return
    for one in figures:
        out.print(", ".join(f"{key} {value}" for key, value in one.items()), markup=False)


def _made(one: dict[str, Any], where: str, wish: Wish, closed: "tuple[Zone, ...]") -> "Answer":
    from planner.airspace import Airspace
    from planner.one_route import answer
    from planner.outline import frame_of, outline

    properties = one.get("properties") or {}
    kind, geometry, notes = outline(
        one.get("geometry"), where, wish.kind or _kind(properties, where)
    )
    ask = _ask(wish, properties, kind, geometry, where)
    highest = max(ask.height_m or 0.0, ask.top_m, 1.0)
    active = [z for z in closed if z.floor_m <= highest]
    found = answer(ask, Airspace(frame_of(geometry), active))
    for note in notes:
        err.print(f"{where}: {note}", markup=False)
    return replace(found, notes=(*notes, *found.notes))


def _kind(properties: dict[str, Any], where: str) -> str | None:
    kind = properties.get("kind")
    if kind is not None and not isinstance(kind, str):
        raise InvalidInput(f"kind is {kind!r}", where=where, remedy="area, corridor, points, ...")
    return kind


def _ask(wish: Wish, properties: dict[str, Any], kind: Any, geometry: Any, where: str) -> "Ask":
    from planner.one_route import Ask

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


def _save(made: "list[Answer]", path: Path) -> None:
    """GeoJSON; other formats are chosen by the name's ending."""
    from planner.route_features import features

    found = [f for k, one in enumerate(made) for f in features(one, k + 1)]
    text = json.dumps({"type": "FeatureCollection", "features": found}, ensure_ascii=False)
    draft = path.with_name(path.name + ".part")
    try:
        draft.write_text(text + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError as why:
        draft.unlink(missing_ok=True)
        raise Unavailable(
            f"cannot be written: {why.strerror}", where=str(path), remedy="choose another file"
        ) from why
    err.print(f"Written: {path}", markup=False)


def _figures(one: "Answer") -> dict[str, Any]:
    from planner.route_features import features

    return {
        k: v for k, v in features(one, 1)[0]["properties"].items() if k not in ("path", "route")
    }
