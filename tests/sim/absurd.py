"""MAVLink messages that are well formed and make no sense, from a seed.

`FLYONCE_FUZZ` multiplies how much the fuzzers try (1 by default: some ten seconds in all).
"""

import math
import os
import random
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as wire

EFFORT = max(1, int(os.environ.get("FLYONCE_FUZZ", "1")))

COMMANDS = tuple(
    sorted(
        number
        for name, number in vars(wire).items()
        if name.startswith("MAV_CMD_") and isinstance(number, int) and number < 2**16
    )
)
FREQUENT = (76, 75, 76, 75, 44, 73, 39, 38, 40, 43, 45, 47, 51, 41, 20, 21, 23, 84, 86, 70, 69, 11)
"""What a ground station mostly says: commands, transfers, parameters, modes, targets, sticks."""

_TEXTS = ("WPNAV_SPEED", "WP_SPD", "MIS_TAKEOFF_ALT", "SYSID_THISMAV", "FENCE_ACTION", "NO_SUCH")
_FLOATS = (0.0, 1.0, -1.0, 4.0, 50.0, math.nan, math.inf, -math.inf, 1e30, -1e30, 3.4e38, 1e-40)
_BITS = {"int8_t": 8, "int16_t": 16, "int32_t": 32, "int64_t": 64}


def message(rng: random.Random, number: int, vehicles: tuple[int, ...]) -> Any:
    """One message of this id, its fields from anywhere in their types' ranges."""
    kind = wire.mavlink_map[number]
    lengths = dict(zip(kind.ordered_fieldnames, kind.array_lengths, strict=True))
    return kind(
        *(
            _field(rng, name, type_name, lengths[name], vehicles)
            for name, type_name in zip(kind.fieldnames, kind.fieldtypes, strict=True)
        )
    )


def _field(rng: random.Random, name: str, kind: str, length: int, vehicles: tuple[int, ...]) -> Any:
    if name == "target_system":
        return rng.choice((0, *vehicles, *vehicles))
    if name == "target_component":
        return rng.choice((0, 1, 1, 1, 100))
    if name == "command" and not length:
        return rng.choice(COMMANDS)
    if name == "mission_type":
        return rng.choice((0, 0, 1, 2, 255))
    if name in ("seq", "count") and kind == "uint16_t" and not length:
        return rng.choice((0, 1, 2, 3, 5, 5000, 65535))
    if kind == "char" and length:
        return rng.choice((rng.choice(_TEXTS).encode(), rng.randbytes(length)))[:length]
    if length:
        return [_number(rng, kind) for _ in range(length)]
    return _number(rng, kind)


def _number(rng: random.Random, kind: str) -> Any:
    if kind in ("float", "double"):
        return rng.choice((*_FLOATS, rng.uniform(-200, 200), float(rng.randrange(30))))
    if kind == "char":
        return bytes([rng.randrange(256)])
    bits = _BITS[kind.removeprefix("u")]
    low, high = (
        (0, 2**bits - 1) if kind.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    )
    return rng.choice((0, 1, 2, 3, 6, low, high, rng.randint(low, high)))
