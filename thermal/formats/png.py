"""The 16-bit grey PNG in which newer FLIR cameras keep their raw frame."""

import struct
import zlib
from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from core.errors import UnreadableMedia

_HEAD = b"\x89PNG\r\n\x1a\n"
_KEPT = (b"IHDR", b"IDAT", b"IEND")
_REMEDY = "copy the file again from the camera"


def grey16(body: bytes, width: int, height: int) -> npt.NDArray[np.uint16]:
    """The samples as the PNG standard reads them, big-endian.

    Each chunk's checksum is compared, and only those that a picture needs are handed on: a text
    that unpacks to a gigabyte never reaches the decoder, a damaged picture is never half shown.

    Args:
        width, height: what the block around it says; the PNG must agree before it is unpacked.

    Returns:
        (H, W) uint16.

    Raises:
        UnreadableMedia: truncated, damaged, or not what the block says.
    """
    kept = list(_chunks(body))
    kinds = [kind for kind, _ in kept]
    if kinds[:1] != [b"IHDR"] or kinds[-1:] != [b"IEND"] or len(kept[0][1]) != 25:
        raise UnreadableMedia("the raw PNG is truncated", remedy=_REMEDY)
    said = struct.unpack_from(">IIBB", kept[0][1], 8)
    if said != (width, height, 16, 0):
        raise UnreadableMedia(
            f"the raw PNG is {said[0]} x {said[1]} with {said[2]} bits, the block says "
            f"{width} x {height} with 16",
            remedy=_REMEDY,
        )
    whole = np.frombuffer(b"".join((_HEAD, *(chunk for _, chunk in kept))), np.uint8)
    try:
        image = cv2.imdecode(whole, cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise UnreadableMedia("the raw PNG cannot be decoded", remedy=_REMEDY) from error
    if image is None or image.dtype != np.uint16 or image.shape != (height, width):
        raise UnreadableMedia("the raw PNG cannot be decoded", remedy=_REMEDY)
    return np.asarray(image, np.uint16)


def _chunks(body: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """The chunks that make the picture, each with its length, kind and checksum."""
    view, at = memoryview(body), len(_HEAD)
    while at + 12 <= len(body):
        length, kind = struct.unpack_from(">I4s", body, at)
        end = at + 12 + length
        if end > len(body):
            return
        if kind in _KEPT:
            if zlib.crc32(view[at + 4 : end - 4]) != struct.unpack_from(">I", body, end - 4)[0]:
                raise UnreadableMedia("the raw PNG is damaged: a checksum is wrong", remedy=_REMEDY)
            yield kind, view[at:end]
        if kind == b"IEND":
            return
        at = end
