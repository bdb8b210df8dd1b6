"""Messages into MAVLink 2 packets, several times faster than pymavlink's own `pack`.

Most of a simulator's work at many vehicles is packing telemetry. Messages of plain numbers are
packed here with one precompiled layout for each kind; all others, and whatever cannot be packed so,
go through pymavlink, which also says what is wrong with them.
"""

import struct
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as wire

_HEADER = struct.Struct("<BBBBBBBHB")
_CHECKSUM = struct.Struct("<H")
_MAGIC = 253
_Layout = tuple[Callable[[Any], tuple[Any, ...]], Callable[..., bytes], bytes, int, int]
_layouts: dict[type[wire.MAVLink_message], _Layout | None] = {}
_crc: Callable[[bytes], int] | None = wire.mcrf4xx
"""From fastcrc; None where that is not installed: pymavlink's own is used then."""


def packed(message: wire.MAVLink_message, link: wire.MAVLink) -> bytes:
    """The unsigned packet of a message in the name of a link's system, as `message.pack(link)`.

    Raises:
        struct.error, TypeError: a field has a value that its type cannot hold.
    """
    kind = type(message)
    layout = _layouts[kind] if kind in _layouts else _learn(kind)
    if layout is None or _crc is None:
        return bytes(message.pack(link))
    fields, pack, extra, low, high = layout
    payload = pack(*fields(message)).rstrip(b"\0") or b"\0"
    header = _HEADER.pack(
        *(_MAGIC, len(payload), 0, 0, link.seq, link.srcSystem, link.srcComponent, low, high)
    )
    return header + payload + _CHECKSUM.pack(_crc(header[1:] + payload + extra))


def _learn(kind: type[wire.MAVLink_message]) -> _Layout | None:
    """The layout of a kind of message; None if it has arrays or text, or a single field."""
    names = kind.ordered_fieldnames
    layout = None
    if not any(kind.array_lengths) and len(names) > 1:
        number = kind.id
        layout = (
            attrgetter(*names),
            kind.unpacker.pack,
            bytes([kind.crc_extra]),
            number & 0xFFFF,
            number >> 16,
        )
    _layouts[kind] = layout
    return layout
