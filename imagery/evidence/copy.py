"""The file of a protected copy: a fresh JPEG with place and time, and nothing that names anybody.

Tags are copied by name, not left out by name: serial numbers, owners, maker notes, embedded
thumbnails and whatever else a camera writes are not among them.
"""

import io
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image

from core.errors import UnreadableMedia
from imagery.evidence.blur import Box, Picture, protect
from imagery.evidence.scale import Look

QUALITY = 88
_KEPT = (0x010F, 0x0110, 0x0112)
"""Make, Model, Orientation."""
_KEPT_EXIF = (0x9003, 0x9004, 0x9011, 0x9010, 0x9291)
"""DateTimeOriginal, DateTimeDigitized, OffsetTimeOriginal, OffsetTime, SubSecTimeOriginal."""
_KEPT_GPS = tuple(range(8))
"""Version, latitude, longitude, altitude with their references, and the time of day."""
_DESCRIPTION, _EXIF_IFD, _GPS_IFD = 0x010E, 0x8769, 0x8825


def protected_jpeg(data: bytes, look: Look, found: Sequence[Box], *, sha256: str) -> bytes:
    """A JPEG of a picture's protected copy (`blur.protect`).

    Args:
        data: a JPEG, PNG or TIFF file.
        sha256: of the original, named in the copy's description.

    Raises:
        UnreadableMedia: the picture cannot be decoded.
        InvalidInput: it has another size than ``look`` says.
    """
    copy = protect(decoded(data), look, found)
    picture = Image.fromarray(cv2.cvtColor(copy, cv2.COLOR_BGR2RGB))
    out = io.BytesIO()
    # 4:4:4 keeps the blocks' colours apart: nothing of one block shows in the next
    picture.save(out, "JPEG", quality=QUALITY, subsampling=0, exif=_exif(data, sha256))
    return out.getvalue()


def decoded(data: bytes) -> Picture:
    """The pixels (H, W, 3) uint8, blue first, as stored (not turned by the orientation tag)."""
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    if picture is None:
        raise UnreadableMedia(
            "the picture cannot be decoded", remedy="look at the original instead"
        )
    return np.asarray(picture, dtype=np.uint8)


def _exif(data: bytes, sha256: str) -> bytes:
    """The few tags that the copy keeps; those that cannot be read are left out."""
    kept = Image.Exif()
    kept[_DESCRIPTION] = f"protected copy: detail removed. Original SHA-256 {sha256}"
    try:
        given = Image.open(io.BytesIO(data)).getexif()
        _take(kept, given, _KEPT)
        _take(kept.get_ifd(_EXIF_IFD), given.get_ifd(_EXIF_IFD), _KEPT_EXIF)
        _take(kept.get_ifd(_GPS_IFD), given.get_ifd(_GPS_IFD), _KEPT_GPS)
        return kept.tobytes()
    except (OSError, ValueError, SyntaxError, TypeError, KeyError):
        bare = Image.Exif()
        bare[_DESCRIPTION] = kept[_DESCRIPTION]
        return bare.tobytes()


def _take(into: "Image.Exif | dict[int, object]", given: object, tags: Sequence[int]) -> None:
    for tag in tags:
        value = given.get(tag)  # type: ignore[attr-defined]
        if value is not None:
            into[tag] = value
