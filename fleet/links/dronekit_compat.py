"""Mends dronekit 2.9.2 on Python 3.10 and later; import dronekit only through here.

dronekit was written for Python 2 and 3.9: it subclasses `collections.MutableMapping`, which has
moved to `collections.abc`, and imports `past`, which the package `future` provides. It also picks
MAVLink 1 unless the environment asks for version 2 before pymavlink is first imported.
"""

import collections
import collections.abc
import os
import sys
from typing import Any

from core.errors import Unavailable


def load() -> Any:
    """dronekit's module `dronekit.mavlink`, ready to use with MAVLink 2.

    Raises:
        Unavailable: dronekit or `future` is not installed, or pymavlink was imported before in
            a way that fixes MAVLink 1.
    """
    os.environ.setdefault("MAVLINK20", "1")
    os.environ.setdefault("MAVLINK_DIALECT", "ardupilotmega")
    for name in ("MutableMapping", "Mapping", "Sequence", "Callable", "Iterable"):
        if not hasattr(collections, name):
            setattr(collections, name, getattr(collections.abc, name))
    try:
        import dronekit.mavlink as loaded
    except ImportError as error:
        raise Unavailable(
            f"dronekit cannot be imported: {error}",
            where="dronekit",
            remedy="install the pinned requirements (dronekit and future)",
        ) from error
    if sys.modules["pymavlink.mavutil"].mavlink.WIRE_PROTOCOL_VERSION != "2.0":
        raise Unavailable(
            "pymavlink was loaded for MAVLink 1",
            where="dronekit",
            remedy="set MAVLINK20=1, or load dronekit before anything imports pymavlink",
        )
    return loaded
