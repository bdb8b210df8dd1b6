"""When, where and how a photograph was taken, as the file itself says.

EXIF is read by Pillow; XMP by ElementTree behind defusedxml, so that no entity is expanded. A
broken or impossible tag is a *problem* that is reported, never a reason to invent a value.
"""

import io
import struct
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from PIL import Image

from core.errors import UnreadableMedia
from core.geo import LonLat
from core.pose import Attitude, Pose
from imagery.files import jpeg
from imagery.files.attitude import attitude_of, direction_deg, number
from imagery.files.exif import Exif, parse_exif
from imagery.files.foreign import refuse_foreign
from imagery.files.moment import taken_at
from imagery.files.xmp import parse_xmp

MAX_PIXELS = 200_000_000
"""Larger pictures are refused unread: above any drone camera (DJI P1: 45 MP, Phase One: 151 MP)
and small enough to decode in memory."""

BOMB_PIXELS = 25_000_000
PIXELS_PER_BYTE = 400
"""A JPEG of one even colour has some 250 pixels a byte, a photograph below 20: what holds more is
made to burst memory."""

CITY_ZONE = ZoneInfo("Asia/Shanghai")
"""Zone assumed where a file's clock names none (DJI writes local time without offset)."""

_EXIF_HEAD, _XMP_HEAD, _FLIR_HEAD = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"FLIR\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a photograph says about itself.

    Attributes:
        taken_at: UTC; None when the file names no time. ``time_assumed`` when the zone was assumed.
        pose: place and attitude, when the file holds both.
        position, altitude_m: the place alone (metres AMSL), also when the attitude is missing.
        relative_altitude_m: height above the take-off point.
        direction_deg: which way a plain camera looked, from true north; its pitch is not known.
        width_px, height_px: of the picture as stored.
        focal_mm: focal length of the lens.
        focal35_mm: focal length of a 35 mm camera with the same diagonal field of view.
        radiometric: whether the file carries a thermal camera's raw data.
        tags: the XMP properties by local name, such as ``GimbalYawDegree``.
        problems: tags that are there but cannot be right.
    """

    width_px: int
    height_px: int
    taken_at: datetime | None = None
    time_assumed: bool = False
    pose: Pose | None = None
    position: LonLat | None = None
    altitude_m: float | None = None
    relative_altitude_m: float | None = None
    direction_deg: float | None = None
    make: str = ""
    camera_model: str = ""
    vehicle_serial: str = ""
    focal_mm: float | None = None
    focal35_mm: float | None = None
    orientation: int = 1
    radiometric: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def read(data: bytes, *, zone: ZoneInfo = CITY_ZONE) -> Metadata:
    """The metadata of a JPEG, TIFF or PNG file.

    Args:
        zone: for a camera clock that names no offset.

    Raises:
        UnreadableMedia: the data are empty, truncated, no picture, or implausibly large.
    """
    if not data:
        raise UnreadableMedia("the file is empty", remedy="copy it again from the card")
    refuse_foreign(data)
    parts = _jpeg_parts(data) if jpeg.is_jpeg(data) else _other_parts(data)
    width, height, exif_bytes, xmp_bytes, radiometric = parts
    if width < 1 or height < 1 or width * height > MAX_PIXELS:
        raise UnreadableMedia(
            f"a picture of {width} x {height} pixels is not plausible",
            remedy=f"at most {MAX_PIXELS // 1_000_000} million pixels are read",
        )
    if width * height > BOMB_PIXELS and len(data) * PIXELS_PER_BYTE < width * height:
        raise UnreadableMedia(
            f"{len(data)} bytes cannot hold a photograph of {width} x {height} pixels: "
            "it would blow up when decoded",
            remedy="bring the camera's own file",
        )
    problems: list[str] = []
    exif = parse_exif(exif_bytes, problems)
    tags = parse_xmp(xmp_bytes, problems)
    return _metadata(width, height, exif, tags, radiometric, zone, problems)


def _metadata(
    width: int,
    height: int,
    exif: Exif,
    tags: Mapping[str, str],
    radiometric: bool,
    zone: ZoneInfo,
    problems: list[str],
) -> Metadata:
    when, assumed = taken_at(exif, tags, zone, problems)
    position = _position(exif, tags, problems)
    altitude = number(tags, "AbsoluteAltitude", problems)
    altitude = exif.altitude_m if altitude is None else altitude
    focal, focal35 = exif.number("FocalLength"), exif.number("FocalLengthIn35mmFilm")
    return Metadata(
        width_px=width,
        height_px=height,
        taken_at=when,
        time_assumed=assumed,
        pose=_pose(position, altitude, attitude_of(exif, tags, problems), tags, problems),
        direction_deg=direction_deg(exif, problems),
        position=position,
        altitude_m=altitude,
        relative_altitude_m=number(tags, "RelativeAltitude", problems),
        make=exif.text("Make"),
        camera_model=exif.text("Model"),
        vehicle_serial=tags.get("DroneSerialNumber", "") or exif.text("BodySerialNumber"),
        focal_mm=focal if focal and focal > 0 else None,
        focal35_mm=focal35 if focal35 and focal35 > 0 else None,
        orientation=int(exif.number("Orientation") or 1),
        radiometric=radiometric,
        tags=tags,
        problems=tuple(problems),
    )


def _jpeg_parts(data: bytes) -> tuple[int, int, bytes, bytes, bool]:
    size: tuple[int, int] | None = None
    exif = xmp = b""
    radiometric = False
    for segment in jpeg.segments(data):
        payload = segment.payload
        if segment.marker == 0xE1:
            if payload.startswith(_EXIF_HEAD):
                exif = exif or payload
            elif payload.startswith(_XMP_HEAD):
                xmp = xmp or payload[len(_XMP_HEAD) :]
            elif payload.startswith(_FLIR_HEAD):
                radiometric = True
        elif segment.marker == 0xE3 and len(payload) > 1024:
            radiometric = True  # DJI keeps its raw frame in APP3
        else:
            size = jpeg.frame_size(segment) or size
    if size is None:
        raise UnreadableMedia("a JPEG without a picture", remedy="copy it again from the card")
    return *size, exif, xmp, radiometric


def _other_parts(data: bytes) -> tuple[int, int, bytes, bytes, bool]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=("TIFF", "PNG")) as image:
                width, height = image.size
                exif = image.getexif().tobytes() if image.format == "PNG" else b""
                if image.format == "TIFF":
                    exif = b"Exif\0\0" + _tiff_exif(image)
                xmp = image.info.get("xmp", b"")
                floating = image.mode in ("F", "I;16", "I;16B", "I;16L", "I")
    except (
        OSError,
        ValueError,
        SyntaxError,
        TypeError,
        KeyError,
        IndexError,
        OverflowError,
        AttributeError,
        MemoryError,
        ZeroDivisionError,
        struct.error,
        Image.DecompressionBombError,
    ) as error:
        raise UnreadableMedia(
            "no JPEG, TIFF or PNG that can be read",
            remedy="check that the file is complete and is what its name says",
        ) from error
    return width, height, exif, xmp if isinstance(xmp, bytes) else xmp.encode(), floating


def _tiff_exif(image: Image.Image) -> bytes:
    return image.getexif().tobytes()[6:] if image.getexif() else b""


def _position(exif: Exif, tags: Mapping[str, str], problems: list[str]) -> LonLat | None:
    lat = _first(tags, ("GpsLatitude", "Latitude"), problems)
    # older DJI firmware misspells it
    lon = _first(tags, ("GpsLongitude", "GpsLongtitude", "Longitude"), problems)
    if lat is None or lon is None:
        lat, lon = exif.latitude, exif.longitude
    if lat is None or lon is None:
        return None
    if lat == 0.0 and lon == 0.0:
        problems.append("the position is 0, 0: no satellite fix")
        return None
    try:
        return LonLat(lon, lat)
    except ValueError as error:
        problems.append(str(error))
        return None


def _first(tags: Mapping[str, str], names: tuple[str, ...], problems: list[str]) -> float | None:
    """The first of these tags that is there and a number."""
    return next((v for n in names if (v := number(tags, n, problems)) is not None), None)


def _pose(
    position: LonLat | None,
    altitude_m: float | None,
    attitude: Attitude | None,
    tags: Mapping[str, str],
    problems: list[str],
) -> Pose | None:
    if position is None or altitude_m is None or attitude is None:
        return None
    return Pose(
        position=position, altitude_m=altitude_m, attitude=attitude, **_accuracy(tags, problems)
    )


def _accuracy(tags: Mapping[str, str], problems: list[str]) -> dict[str, float]:
    """Standard deviations of the place: DJI's RTK, or Pix4D's Camera schema."""
    found: dict[str, float] = {}
    east = number(tags, "RtkStdLon", problems)
    north = number(tags, "RtkStdLat", problems)
    level = max(east, north) if east and north else number(tags, "GPSXYAccuracy", problems)
    up = number(tags, "RtkStdHgt", problems) or number(tags, "GPSZAccuracy", problems)
    if level and level > 0:
        found["horizontal_sigma_m"] = level
    if up and up > 0:
        found["vertical_sigma_m"] = up
    return found
