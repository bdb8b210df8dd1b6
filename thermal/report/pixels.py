"""A frame's temperatures as text that a page can carry and a browser can read back.

The page of a frame is one file that works from a folder or an e-mail, where a browser may not read
other files. So the temperatures are inside it: whole steps above the lowest, each row as
differences from its left neighbour (which deflate packs well), in base64.
"""

import base64
import zlib
from dataclasses import dataclass

import numpy as np

from thermal.radiometry import Celsius

STEP_K = 0.01
"""Finest step: a fifth of an uncooled camera's noise, so that nothing is lost to the eye or sum."""

_MOST_STEPS = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """Temperatures as text: ``low_c`` + ``step_k`` times each number.

    Attributes:
        data: base64 of zlib-deflated little-endian uint16, (H, W), each number less the one to
            its left (modulo 65536).
        step_k: every temperature is right to half of it.
    """

    data: str
    width: int
    height: int
    low_c: float
    step_k: float


def pack(celsius: Celsius) -> Packed:
    """Pack a frame.

    Args:
        celsius: (H, W) float32, finite.
    """
    low, high = float(celsius.min()), float(celsius.max())
    step = max(STEP_K, (high - low) / _MOST_STEPS)
    steps = np.rint((celsius.astype(np.float64) - low) / step).astype(np.uint16)
    differences = np.diff(steps, axis=1, prepend=np.uint16(0))
    height, width = celsius.shape
    return Packed(
        data=base64.b64encode(zlib.compress(differences.astype("<u2").tobytes(), 6)).decode(),
        width=width,
        height=height,
        low_c=low,
        step_k=step,
    )


def unpack(packed: Packed) -> Celsius:
    """What the page's script does with it."""
    raw = zlib.decompress(base64.b64decode(packed.data))
    differences = np.frombuffer(raw, "<u2").reshape(packed.height, packed.width)
    steps = np.cumsum(differences, axis=1, dtype=np.uint16)
    return np.asarray(packed.low_c + steps * packed.step_k, np.float32)
