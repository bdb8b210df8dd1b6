"""Packets made the fast way are the packets that pymavlink makes, byte for byte."""

import inspect
import random
import struct
from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.packing import packed

KINDS = sorted(
    (m for m in wire.mavlink_map.values() if m.id != wire.MAVLINK_MSG_ID_BAD_DATA),
    key=lambda m: m.id,
)
RANGES = {"int8_t": 7, "int16_t": 15, "int32_t": 31, "int64_t": 63}


def value(kind: str, length: int, rng: random.Random) -> Any:
    """A value that a field of this type holds; zero in one case of four."""
    if kind == "char":
        return bytes(rng.randrange(65, 90) for _ in range(max(1, length)))
    if length:
        return [value(kind, 0, rng) for _ in range(length)]
    if rng.random() < 0.25:
        return 0
    if kind in ("float", "double"):
        return struct.unpack("<f", struct.pack("<f", rng.uniform(-1e6, 1e6)))[0]
    bits = RANGES.get(kind.removeprefix("u").removesuffix("_mavlink_version"), 7)
    return rng.randrange(1 << bits)


def example(kind: Any, rng: random.Random) -> Any:
    names = list(inspect.signature(kind.__init__).parameters)[1:]
    lengths = dict(zip(kind.ordered_fieldnames, kind.array_lengths, strict=True))
    types = dict(zip(kind.fieldnames, kind.fieldtypes, strict=True))
    return kind(*(value(types[n], lengths[n], rng) for n in names))


@pytest.mark.parametrize("seed", range(3))
def test_every_message_of_the_dialect(seed: int) -> None:
    rng = random.Random(seed)
    link = wire.MAVLink(None, srcSystem=rng.randrange(1, 251), srcComponent=1)
    done = 0
    for kind in KINDS:
        message = example(kind, rng)
        link.seq = rng.randrange(256)
        assert packed(message, link) == message.pack(link), kind.msgname
        done += 1
    assert done > 200


def test_a_value_that_does_not_fit_is_refused() -> None:
    link = wire.MAVLink(None)
    with pytest.raises(struct.error):
        packed(wire.MAVLink_system_time_message(1, -1), link)
    with pytest.raises(struct.error):
        packed(wire.MAVLink_system_time_message(1, 2.5), link)
