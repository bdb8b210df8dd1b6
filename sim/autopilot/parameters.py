"""The parameter protocol, as ArduPilot and as PX4 speak it (https://mavlink.io/en/services/parameter.html).

ArduPilot carries every value as a float and does not look at the type that a ground station names;
PX4 carries INT32 byte by byte inside the float and refuses another type.
"""

import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pymavlink.dialects.v20 import ardupilotmega as wire

Send = Callable[[wire.MAVLink_message], None]
Say = Callable[[int, str], None]

REAL32, INT8, INT16, INT32 = (
    wire.MAV_PARAM_TYPE_REAL32,
    wire.MAV_PARAM_TYPE_INT8,
    wire.MAV_PARAM_TYPE_INT16,
    wire.MAV_PARAM_TYPE_INT32,
)
LIMITS = {INT8: (-128, 127), INT16: (-32768, 32767), INT32: (-(2**31), 2**31 - 1)}

DOES_NOT_EXIST, OUT_OF_RANGE, READ_ONLY, TYPE_MISMATCH = 1, 2, 5, 7
"""MAV_PARAM_ERROR (https://mavlink.io/en/messages/common.html#MAV_PARAM_ERROR)."""
HASH, HASH_INDEX = "_HASH_CHECK", 65535
"""PX4's checksum of all parameters, with which a ground station saves itself the list."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A parameter by its meaning: its name in this firmware and the SI value of its unit."""

    name: str
    unit: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Table:
    """The parameters of one firmware.

    Attributes:
        defaults: name -> value and MAV_PARAM_TYPE.
        settings: what the simulation reads, by meaning.
        read_only: names that a ground station cannot set.
        px4: PX4's encoding, type check and checksum.
        tells_errors: whether PARAM_ERROR answers a refusal (ArduPilot 4.8 on); else silence.
    """

    defaults: Mapping[str, tuple[float, int]]
    settings: Mapping[str, Setting]
    read_only: frozenset[str] = field(default_factory=frozenset)
    px4: bool = False
    tells_errors: bool = True


class Parameters:
    """Names and values of one vehicle; they persist over a simulated restart.

    Args:
        presets: values by meaning that differ from the defaults, such as the system id.
        say: sends a STATUSTEXT.
    """

    def __init__(self, table: Table, presets: Mapping[str, float], say: Say) -> None:
        self.table, self._say = table, say
        self._values = {name: value for name, (value, _) in table.defaults.items()}
        self._names = sorted(self._values)
        self._index = {name: k for k, name in enumerate(self._names)}
        for meaning, value in presets.items():
            self.put(meaning, value)

    def __getitem__(self, name: str) -> float:
        return self._values[name]

    def __setitem__(self, name: str, value: float) -> None:
        self._values[name] = value

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __len__(self) -> int:
        return len(self._names)

    def of(self, meaning: str) -> float:
        """A value in SI units by what it means."""
        setting = self.table.settings[meaning]
        return self._values[setting.name] * setting.unit

    def put(self, meaning: str, value: float) -> None:
        """Set a value in SI units by what it means, if this firmware has such a parameter."""
        setting = self.table.settings.get(meaning)
        if setting is not None:
            self._values[setting.name] = value / setting.unit

    def on_request_list(self, send: Send) -> None:
        """Answer PARAM_REQUEST_LIST."""
        if self.table.px4:
            send(self._hash())
        for name in self._names:
            send(self.value(name))

    def on_request_read(self, message: wire.MAVLink_message, send: Send) -> None:
        """Answer PARAM_REQUEST_READ: the value, or PARAM_ERROR for an unknown name or index."""
        name = message.param_id
        if message.param_index >= 0:
            known = message.param_index < len(self._names)
            name = self._names[message.param_index] if known else ""
        if name in self._values:
            send(self.value(name))
        elif name == HASH and self.table.px4:
            send(self._hash())
        else:
            self._refuse(message, DOES_NOT_EXIST, send)

    def on_set(self, message: wire.MAVLink_message, send: Send) -> None:
        """Answer PARAM_SET: store and echo, or refuse."""
        name = message.param_id
        if name not in self._values:
            self._refuse(message, DOES_NOT_EXIST, send)
            return
        if name in self.table.read_only:
            self._say(wire.MAV_SEVERITY_WARNING, f"Param write denied ({name})")
            self._refuse(message, READ_ONLY, send)
            send(self.value(name))
            return
        kind = self.table.defaults[name][1]
        if self.table.px4 and message.param_type != kind:
            self._say(wire.MAV_SEVERITY_ERROR, f"param types mismatch param: {name}")
            self._refuse(message, TYPE_MISMATCH, send)
            return
        value = self._decoded(message.param_value, kind)
        if value is None:
            self._refuse(message, OUT_OF_RANGE, send)
            return
        self._values[name] = value
        send(self.value(name))

    def value(self, name: str) -> wire.MAVLink_message:
        """PARAM_VALUE of one parameter."""
        kind, value = self.table.defaults[name][1], self._values[name]
        carried = _encoded(value, kind, self.table.px4)
        return wire.MAVLink_param_value_message(
            name.encode(), carried, kind, len(self._names), self._index[name]
        )

    def _decoded(self, carried: float, kind: int) -> float | None:
        """The value that a PARAM_SET means, None if it is none."""
        if self.table.px4 and kind == INT32:
            return float(struct.unpack("<i", struct.pack("<f", carried))[0])
        if carried != carried or abs(carried) > 3.4e38:
            return None
        if kind == REAL32:
            return float(carried)
        low, high = LIMITS[kind]
        return float(min(high, max(low, int(carried))))

    def _hash(self) -> wire.MAVLink_message:
        """CRC-32 over names and values, carried like an INT32 (PX4: param_hash_check)."""
        crc = 0
        for name in self._names:
            carried = _encoded(self._values[name], self.table.defaults[name][1], True)
            crc = zlib.crc32(name.encode() + struct.pack("<f", carried), crc)
        bits = struct.unpack("<f", struct.pack("<I", crc & 0x7F7FFFFF))[0]
        return wire.MAVLink_param_value_message(
            HASH.encode(), bits, wire.MAV_PARAM_TYPE_UINT32, len(self._names), HASH_INDEX
        )

    def _refuse(self, message: wire.MAVLink_message, error: int, send: Send) -> None:
        if self.table.tells_errors:
            send(
                wire.MAVLink_param_error_message(
                    message.get_srcSystem(),
                    message.get_srcComponent(),
                    message.param_id.encode()[:16],
                    getattr(message, "param_index", -1),
                    error,
                )
            )


def _encoded(value: float, kind: int, px4: bool) -> float:
    if px4 and kind == INT32:
        return float(struct.unpack("<f", struct.pack("<i", int(value)))[0])
    return float(struct.unpack("<f", struct.pack("<f", value))[0])
