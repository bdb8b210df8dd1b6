"""The EXIF tags that matter to an inspection, read by Pillow and checked."""

import math
import struct
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import ExifTags, Image

_BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    AttributeError,
    RecursionError,
    MemoryError,
    ZeroDivisionError,
    struct.error,
)
"""What Pillow's EXIF reader raises on broken data (found by fuzzing)."""

_NAMES = {
    "Make": 0x010F,
    "Model": 0x0110,
    "Orientation": 0x0112,
    "DateTime": 0x0132,
    "DateTimeOriginal": 0x9003,
    "OffsetTime": 0x9010,
    "OffsetTimeOriginal": 0x9011,
    "SubsecTimeOriginal": 0x9291,
    "FocalLength": 0x920A,
    "FocalLengthIn35mmFilm": 0xA405,
    "BodySerialNumber": 0xA431,
}
_GPS = {
    "LatitudeRef": 1,
    "Latitude": 2,
    "LongitudeRef": 3,
    "Longitude": 4,
    "AltitudeRef": 5,
    "Altitude": 6,
    "TimeStamp": 7,
    "ImgDirectionRef": 16,
    "ImgDirection": 17,
    "DateStamp": 29,
}


@dataclass(frozen=True, slots=True)
class Exif:
    """Raw EXIF values by tag number, with typed access that never raises."""

    main: Mapping[int, Any] = field(default_factory=dict)
    gps: Mapping[int, Any] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The tag as text without padding; empty when absent."""
        value = self.main.get(_NAMES[name])
        if isinstance(value, bytes):
            value = value.decode("ascii", "replace")
        return value.strip("\0 ") if isinstance(value, str) else ""

    def number(self, name: str) -> float | None:
        """The tag as a finite number, or None."""
        return _finite(self.main.get(_NAMES[name]))

    def gps_text(self, name: str) -> str:
        """A GPS tag as text; empty when absent."""
        value = self.gps.get(_GPS[name])
        if isinstance(value, bytes):
            value = value.decode("ascii", "replace")
        return value.strip("\0 ") if isinstance(value, str) else ""

    def gps_number(self, name: str) -> float | None:
        """A GPS tag as a finite number, or None."""
        return _finite(self.gps.get(_GPS[name]))

    def gps_numbers(self, name: str) -> tuple[float, ...]:
        """A GPS tag of several numbers; empty when absent or broken."""
        value = self.gps.get(_GPS[name])
        if not isinstance(value, tuple):
            return ()
        numbers = tuple(_finite(v) for v in value)
        return tuple(n for n in numbers if n is not None) if None not in numbers else ()

    @property
    def latitude(self) -> float | None:
        """Degrees north."""
        return self._angle("Latitude", "NS")

    @property
    def longitude(self) -> float | None:
        """Degrees east."""
        return self._angle("Longitude", "EW")

    @property
    def altitude_m(self) -> float | None:
        """Metres above sea level, negative below (reference 1)."""
        height = _finite(self.gps.get(_GPS["Altitude"]))
        if height is None:
            return None
        below = self.gps.get(_GPS["AltitudeRef"]) in (b"\x01", 1)
        return -height if below else height

    def _angle(self, name: str, sides: str) -> float | None:
        """EXIF requires the side; without it half the earth would be a guess."""
        numbers, side = self.gps_numbers(name), self.gps_text(f"{name}Ref").upper()
        if len(numbers) != 3 or side not in tuple(sides):
            return None
        degrees = numbers[0] + numbers[1] / 60 + numbers[2] / 3600
        return -degrees if side == sides[1] else degrees


def parse_exif(payload: bytes, problems: list[str]) -> Exif:
    """The tags of an ``Exif`` APP1 payload; what cannot be read is named in ``problems``."""
    if len(payload) < 14:
        return Exif()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            raw = Image.Exif()
            raw.load(payload)
            main = dict(raw)
            main.update(raw.get_ifd(ExifTags.IFD.Exif))
            return Exif(main, dict(raw.get_ifd(ExifTags.IFD.GPSInfo)))
    except _BROKEN as error:
        problems.append(f"EXIF cannot be read ({type(error).__name__})")
        return Exif()


def camera_model(payload: bytes) -> str:
    """The camera's model alone, ten times faster than all tags; empty when it cannot be read."""
    if len(payload) < 14:
        return ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            raw = Image.Exif()
            raw.load(payload)
            return Exif({_NAMES["Model"]: raw.get(_NAMES["Model"])}).text("Model")
    except _BROKEN:
        return ""


def _finite(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return number if math.isfinite(number) else None
