"""Shapefiles as they are sent: a zip with .shp, .shx, .dbf and .prj (ESRI 1998)."""

import io
import zipfile
from typing import Any

import shapefile
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from core.errors import InvalidInput
from core.route import Route
from planner.formats.geojson import route as features_of
from planner.formats.packed import member, names
from planner.formats.place import Place, checked

_EPOCH = (1980, 1, 1, 0, 0, 0)


def write(route: Route, name: str = "route") -> bytes:
    """Lines of a route: the path (kind "path") and its photo legs (kind "photo", spacing in m).

    Single photographs are points, which a shapefile of lines cannot hold: they get a file of
    their own beside it.
    """
    features = features_of(route)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for suffix, kind in (("", "LineString"), ("_photos", "Point")):
            own = [f for f in features if f["geometry"]["type"] == kind]
            if own:
                for extension, content in _layer(own, kind).items():
                    info = zipfile.ZipInfo(f"{name}{suffix}{extension}", _EPOCH)
                    out.writestr(info, content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _layer(features: list[dict[str, Any]], kind: str) -> dict[str, bytes]:
    files = {extension: io.BytesIO() for extension in (".shp", ".shx", ".dbf")}
    with shapefile.Writer(
        shp=files[".shp"],
        shx=files[".shx"],
        dbf=files[".dbf"],
        shapeType=shapefile.POLYLINE if kind == "LineString" else shapefile.POINT,
    ) as out:
        out.field("kind", "C", 8)
        out.field("spacing_m", "N", 10, 2)
        for feature in features:
            out.shape(feature["geometry"])
            own = feature["properties"]
            out.record("path" if own.get("path") else "photo", own.get("photo_spacing_m", 0.0))
    return {
        **{extension: file.getvalue() for extension, file in files.items()},
        ".prj": CRS.from_epsg(4326).to_wkt("WKT1_ESRI").encode(),
        ".cpg": b"UTF-8",
    }


def read(content: bytes, where: str) -> list[Place]:
    """Every shape of every layer, in WGS-84 degrees as its .prj tells.

    Raises:
        InvalidInput: no shapefile, a part of it is missing, or its coordinate system is unknown.
    """
    layers = [n[:-4] for n in names(content, where) if n.lower().endswith(".shp")]
    if not layers:
        raise InvalidInput("it holds no .shp", where=where, remedy="zip all parts of a shapefile")
    return [place for layer in layers for place in _read_layer(content, layer, where)]


def _read_layer(content: bytes, layer: str, where: str) -> list[Place]:
    spot = f"{where}, {layer}"
    parts = {
        extension: io.BytesIO(member(content, layer + extension, where))
        for extension in (".shp", ".shx", ".dbf")
    }
    to_degrees = _degrees(member(content, layer + ".prj", where), spot)
    try:
        with shapefile.Reader(
            shp=parts[".shp"], shx=parts[".shx"], dbf=parts[".dbf"], encoding="utf-8"
        ) as table:
            rows = [
                (shapely.geometry.shape(r.shape.__geo_interface__), r.record.as_dict())
                for r in table.iterShapeRecords()
                if r.shape.shapeType != shapefile.NULL
            ]
    except (shapefile.ShapefileException, UnicodeDecodeError, ValueError, IndexError) as error:
        raise InvalidInput(f"no shapefile: {error}", where=spot, remedy="save it again") from error
    return [
        checked(
            Place(
                str(record.get("name") or f"shape {number}"),
                shapely.transform(shapely.force_2d(shape), to_degrees),
                record,
            ),
            f"{spot}, shape {number}",
        )
        for number, (shape, record) in enumerate(rows, 1)
    ]


def _degrees(prj: bytes, where: str) -> Any:
    try:
        system = CRS.from_wkt(prj.decode("utf-8", "replace"))
    except CRSError as error:
        raise InvalidInput(
            "its coordinate system (.prj) is not known", where=where, remedy="save it in WGS-84"
        ) from error
    change = Transformer.from_crs(system, "EPSG:4326", always_xy=True)

    def moved(xy: Any) -> Any:
        return shapely.get_coordinates(shapely.points(*change.transform(xy[:, 0], xy[:, 1])))

    return moved
