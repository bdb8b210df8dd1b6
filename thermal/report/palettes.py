"""Colour tables for temperatures, as the page's script wants them."""

import cv2
import numpy as np

NAMES = (
    ("inferno", "Inferno", "暗火"),
    ("viridis", "Viridis", "翠绿"),
    ("grey", "White hot", "白热"),
    ("black", "Black hot", "黑热"),
)
"""Key, name and Chinese name. All rise evenly in lightness: equal steps of temperature look equal,
to colour-blind eyes and in grey print too (Smith and van der Walt 2015). A rainbow does not."""

_MAPS = {"inferno": cv2.COLORMAP_INFERNO, "viridis": cv2.COLORMAP_VIRIDIS}


def tables() -> dict[str, str]:
    """By key: 256 colours as hexadecimal RGB."""
    ramp = np.arange(256, dtype=np.uint8)
    found = {}
    for key, _, _ in NAMES:
        if key in _MAPS:
            rgb = cv2.cvtColor(cv2.applyColorMap(ramp[:, None], _MAPS[key]), cv2.COLOR_BGR2RGB)
        else:
            rgb = np.repeat(ramp if key == "grey" else ramp[::-1], 3)
        found[key] = np.asarray(rgb, np.uint8).tobytes().hex()
    return found
