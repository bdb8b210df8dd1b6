"""Shapefiles as they are sent: a zip with .shp, .shx, .dbf and .prj (ESRI 1998)."""

import codecs
import io
import struct
import zipfile
from typing import Any

import shapefile
import shapely
from pyproj import CRS

from core.errors import InvalidInput
from core.route import Route
from planner.formats.geojson import route as features_of
from planner.formats.packed import member, names
from planner.formats.place import Place, checked
from planner.formats.projecting import to_degrees

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
    change, note = to_degrees(_system(content, layer, where), spot)
    try:
        with shapefile.Reader(
            shp=parts[".shp"],
            shx=parts[".shx"],
            dbf=parts[".dbf"],
            encoding=_encoding(content, layer, parts[".dbf"]),
        ) as table:
            rows = [
                (shapely.geometry.shape(r.shape.__geo_interface__), r.record.as_dict())
                for r in table.iterShapeRecords()
                if r.shape.shapeType != shapefile.NULL
            ]
    except (
        shapefile.ShapefileException,
        UnicodeDecodeError,
        ValueError,
        IndexError,
        struct.error,
        shapely.errors.ShapelyError,
    ) as error:
        raise InvalidInput(f"no shapefile: {error}", where=spot, remedy="save it again") from error
    return [
        checked(
            Place(
                str(record.get("name") or f"shape {number}"),
                change(shapely.force_2d(shape)),
                record,
                note,
            ),
            f"{spot}, shape {number}",
        )
        for number, (shape, record) in enumerate(rows, 1)
    ]


def _system(content: bytes, layer: str, where: str) -> str:
    """What the .prj says."""
    if layer + ".prj" not in names(content, where):
        raise InvalidInput(
            f"{layer}.prj is missing: nobody knows in which coordinates it is",
            where=where,
            remedy="zip the .prj with it, or export it again in WGS-84 (EPSG:4326)",
        )
    return member(content, layer + ".prj", where).decode("utf-8", "replace")


def _encoding(content: bytes, layer: str, table: io.BytesIO) -> str:
    """Of the names in the table: as its .cpg says; without one UTF-8 if it is that, else GBK."""
    if layer + ".cpg" in names(content, layer):
        said = member(content, layer + ".cpg", layer).decode("ascii", "replace").strip()
        try:
            return codecs.lookup({"936": "gbk", "65001": "utf-8"}.get(said, said)).name
        except LookupError:
            return "utf-8"
    try:
        table.getvalue().decode("utf-8")
    except UnicodeDecodeError:
        return "gbk" if _reads(table.getvalue(), "gbk") else "latin-1"
    return "utf-8"


def _reads(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
