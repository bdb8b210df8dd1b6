"""The segments of a JPEG file, read without decoding the picture."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from core.errors import UnreadableMedia

SOI = b"\xff\xd8"
_NO_LENGTH = frozenset([0x01, *range(0xD0, 0xD8)])  # TEM and RSTn stand alone
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOFn without DHT, JPG, DAC
MAX_SEGMENTS = 4096
"""More are refused: FLIR's block has at most 256 parts, DJI's frames some forty, and a file made of
nothing but empty segments would fill the memory with them."""
_REMEDY = "copy the file again from the card or the drone"


@dataclass(frozen=True, slots=True)
class Segment:
    """One marker segment: its marker byte (0xE1 is APP1) and what follows the length."""

    marker: int
    payload: bytes


def is_jpeg(data: bytes) -> bool:
    """Whether the data begin as every JPEG does."""
    return data[:2] == SOI


def segments(data: bytes) -> Iterator[Segment]:
    """The segments before the picture's own data (ISO/IEC 10918-1, B.1.1).

    Raises:
        UnreadableMedia: the file is no JPEG, ends inside a segment or has too many of them.
    """
    if not is_jpeg(data):
        raise UnreadableMedia("this is no JPEG", remedy="check that the file is what it is named")
    position, size, count = 2, len(data), 0
    while position + 2 <= size:
        if data[position] != 0xFF:
            raise UnreadableMedia(f"broken JPEG: no marker at byte {position}", remedy=_REMEDY)
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if marker in (_START_OF_SCAN, _END_OF_IMAGE):
            return
        if marker in _NO_LENGTH:
            position += 2
            continue
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        end = position + 2 + length
        if length < 2 or end > size:
            raise UnreadableMedia(
                f"truncated JPEG: segment {marker:#04x} at byte {position} runs past the end",
                remedy=_REMEDY,
            )
        count += 1
        if count > MAX_SEGMENTS:
            raise UnreadableMedia(f"a JPEG of over {MAX_SEGMENTS} segments", remedy=_REMEDY)
        yield Segment(marker, data[position + 4 : end])
        position = end
    raise UnreadableMedia("truncated JPEG: it ends before the picture begins", remedy=_REMEDY)


def frame_size(segment: Segment) -> tuple[int, int] | None:
    """(width, height) in pixels if this is a start-of-frame segment."""
    if segment.marker not in _FRAMES or len(segment.payload) < 5:
        return None
    height, width = struct.unpack_from(">HH", segment.payload, 1)
    return width, height
