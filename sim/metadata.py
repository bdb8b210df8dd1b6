"""EXIF and XMP of a photograph, fast: a template for each camera, patched for each photo."""

import math
import struct
from dataclasses import dataclass
from datetime import UTC, datetime

from core.equipment import CameraSpec
from core.pose import Attitude

ASCII, SHORT, LONG, RATIONAL, BYTE, UNDEFINED = 2, 3, 4, 5, 1, 7

XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/" '
    'drone-dji:AbsoluteAltitude="{absolute:+.2f}" drone-dji:RelativeAltitude="{relative:+.2f}" '
    'drone-dji:GimbalRollDegree="{roll:+.2f}" drone-dji:GimbalYawDegree="{yaw:+.2f}" '
    'drone-dji:GimbalPitchDegree="{pitch:+.2f}" drone-dji:FlightRollDegree="+0.00" '
    'drone-dji:FlightYawDegree="{flight:+.2f}" drone-dji:FlightPitchDegree="+0.00" '
    'drone-dji:GpsLatitude="{lat:.8f}" drone-dji:GpsLongitude="{lon:.8f}"/>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """When and where, as the vehicle believes it."""

    at: datetime
    lon: float
    lat: float
    altitude_m: float
    relative_m: float
    attitude: Attitude
    flight_yaw_deg: float


class Labels:
    """Writes the metadata of one vehicle's camera.

    Args:
        width_px, height_px: of the stored picture.
    """

    def __init__(self, camera: CameraSpec, vehicle: str, width_px: int, height_px: int) -> None:
        diagonal = math.hypot(camera.width_px, camera.height_px)
        equivalent = round(camera.focal_px / diagonal * 43.2666)
        self._template, self._at = _template(camera.id, vehicle, equivalent, width_px, height_px)

    def segments(self, taken: Taken) -> bytes:
        """The APP1 segments with EXIF and XMP."""
        return self._exif(taken) + _xmp(taken)

    def _exif(self, taken: Taken) -> bytes:
        tiff = bytearray(self._template)
        at = taken.at.astimezone(UTC)
        stamp = at.strftime("%Y:%m:%d %H:%M:%S").encode() + b"\0"
        for name in ("DateTime", "DateTimeOriginal"):
            tiff[self._at[name] : self._at[name] + 20] = stamp
        millis = f"{at.microsecond // 1000:03d}".encode()
        tiff[self._at["SubSec"] : self._at["SubSec"] + 3] = millis
        tiff[self._at["LatRef"]] = ord("N" if taken.lat >= 0 else "S")
        tiff[self._at["LonRef"]] = ord("E" if taken.lon >= 0 else "W")
        struct.pack_into("<6I", tiff, self._at["Lat"], *_sexagesimal(taken.lat))
        struct.pack_into("<6I", tiff, self._at["Lon"], *_sexagesimal(taken.lon))
        tiff[self._at["AltRef"]] = 0 if taken.altitude_m >= 0 else 1
        struct.pack_into("<2I", tiff, self._at["Alt"], round(abs(taken.altitude_m) * 1000), 1000)
        return b"\xff\xe1" + struct.pack(">H", len(tiff) + 8) + b"Exif\0\0" + bytes(tiff)


def _xmp(taken: Taken) -> bytes:
    text = XMP.format(
        absolute=taken.altitude_m,
        relative=taken.relative_m,
        roll=taken.attitude.roll_deg,
        yaw=(taken.attitude.yaw_deg + 180) % 360 - 180,
        pitch=taken.attitude.pitch_deg,
        flight=(taken.flight_yaw_deg + 180) % 360 - 180,
        lat=taken.lat,
        lon=taken.lon,
    ).encode()
    return b"\xff\xe1" + struct.pack(">H", len(XMP_HEAD) + len(text) + 2) + XMP_HEAD + text


def _sexagesimal(degrees: float) -> tuple[int, int, int, int, int, int]:
    """Degrees, minutes and seconds as rationals; seconds to 1e-6 (0.03 mm)."""
    micro = round(abs(degrees) * 3600 * 1_000_000)
    whole, rest = divmod(micro, 3_600_000_000)
    minutes, seconds = divmod(rest, 60_000_000)
    return whole, 1, minutes, 1, seconds, 1_000_000


def _template(
    camera: str, vehicle: str, equivalent_mm: int, width: int, height: int
) -> tuple[bytes, dict[str, int]]:
    """A TIFF structure with room for what changes, and where that is."""
    date = b"0000:00:00 00:00:00\0"
    zeroes = struct.pack("<6I", 0, 1, 0, 1, 0, 1)
    main = [
        (0x010F, ASCII, b"FlyOnce\0", ""),
        (0x0110, ASCII, camera.encode() + b"\0", ""),
        (0x0112, SHORT, struct.pack("<H", 1), ""),
        (0x0131, ASCII, b"flyonce sim\0", ""),
        (0x0132, ASCII, date, "DateTime"),
        (0x8769, LONG, b"\0\0\0\0", "ExifPointer"),
        (0x8825, LONG, b"\0\0\0\0", "GpsPointer"),
    ]
    exif = [
        (0x9000, UNDEFINED, b"0232", ""),
        (0x9003, ASCII, date, "DateTimeOriginal"),
        (0x9011, ASCII, b"+00:00\0", ""),
        (0x9291, ASCII, b"000\0", "SubSec"),
        (0xA002, LONG, struct.pack("<I", width), ""),
        (0xA003, LONG, struct.pack("<I", height), ""),
        (0xA405, SHORT, struct.pack("<H", equivalent_mm), ""),
        (0xA431, ASCII, vehicle.encode() + b"\0", ""),
    ]
    gps = [
        (0x0000, BYTE, b"\x02\x03\0\0", ""),
        (0x0001, ASCII, b"N\0", "LatRef"),
        (0x0002, RATIONAL, zeroes, "Lat"),
        (0x0003, ASCII, b"E\0", "LonRef"),
        (0x0004, RATIONAL, zeroes, "Lon"),
        (0x0005, BYTE, b"\0", "AltRef"),
        (0x0006, RATIONAL, struct.pack("<2I", 0, 1000), "Alt"),
        (0x0012, ASCII, b"WGS-84\0", ""),
    ]
    out = bytearray(b"II*\0\x08\0\0\0")
    at: dict[str, int] = {}
    for pointer, fields in (("", main), ("ExifPointer", exif), ("GpsPointer", gps)):
        if pointer:
            struct.pack_into("<I", out, at[pointer], len(out))
        _directory(out, fields, at)
    return bytes(out), at


def _directory(
    out: bytearray, fields: list[tuple[int, int, bytes, str]], at: dict[str, int]
) -> None:
    """Append one IFD and its data; note where the named values are."""
    sizes = {ASCII: 1, BYTE: 1, UNDEFINED: 1, SHORT: 2, LONG: 4, RATIONAL: 8}
    begin = len(out)
    data = begin + 2 + 12 * len(fields) + 4
    out += struct.pack("<H", len(fields))
    tail = bytearray()
    for tag, kind, value, name in fields:
        place = len(out) + 8
        out += struct.pack("<HHI", tag, kind, len(value) // sizes[kind])
        if len(value) <= 4:
            out += value.ljust(4, b"\0")
        else:
            place = data + len(tail)
            out += struct.pack("<I", place)
            tail += value + b"\0" * (len(value) % 2)
        if name:
            at[name] = place
    out += b"\0\0\0\0" + tail
