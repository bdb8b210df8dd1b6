"""An autopilot's parameters as ArduCopter 4.8 answers for them; no I/O."""

import math
from collections.abc import Callable

from fleet.messages import (
    Message,
    ParamError,
    ParamRequest,
    ParamRequestList,
    ParamSet,
    ParamValue,
)

REAL32, INT8, INT16, INT32 = 9, 2, 4, 6
DOES_NOT_EXIST, OUT_OF_RANGE, READ_ONLY = 1, 2, 5

COPTER: dict[str, tuple[float, int]] = {
    "BATT_CAPACITY": (22_000, INT32),
    "BATT_CRT_MAH": (0, REAL32),
    "BATT_FS_CRT_ACT": (0, INT8),
    "BATT_FS_LOW_ACT": (0, INT8),
    "BATT_LOW_MAH": (0, REAL32),
    "BATT_MONITOR": (4, INT8),
    "DISARM_DELAY": (10, INT8),
    "FENCE_ACTION": (1, INT8),
    "FENCE_ALT_MAX": (100, REAL32),
    "FENCE_ENABLE": (0, INT8),
    "FENCE_MARGIN": (2, REAL32),
    "FENCE_TYPE": (7, INT8),
    "FS_CRASH_CHECK": (1, INT8),
    "FS_EKF_ACTION": (1, INT8),
    "FS_GCS_ENABLE": (0, INT8),
    "FS_GCS_TIMEOUT": (5, REAL32),
    "FS_OPTIONS": (16, INT32),
    "RALLY_INCL_HOME": (1, INT8),
    "RALLY_LIMIT_KM": (0.3, REAL32),
    "RTL_ALT_FINAL_M": (0, REAL32),
    "RTL_ALT_M": (15, REAL32),
    "RTL_ALT_TYPE": (0, INT8),
    "TERRAIN_ENABLE": (1, INT8),
}


class ParamStore:
    """Holds parameters and answers for them.

    Args:
        silent_about_unknown: as firmware before 4.7, which knows no PARAM_ERROR.

    Attributes:
        stuck: names whose value does not change, whatever is set.
        read_only: names that are refused.
    """

    def __init__(
        self,
        say: Callable[[Message], None],
        held: dict[str, tuple[float, int]] | None = None,
        *,
        silent_about_unknown: bool = False,
    ) -> None:
        self.say = say
        self.held = dict(COPTER if held is None else held)
        self.silent_about_unknown = silent_about_unknown
        self.stuck: set[str] = set()
        self.read_only: set[str] = set()

    def receive(self, message: Message) -> None:
        """One message from a ground station."""
        if isinstance(message, ParamRequestList):
            for name in self.held:
                self._tell(name)
        elif isinstance(message, ParamRequest | ParamSet):
            if message.name not in self.held:
                self._refuse(message.name, DOES_NOT_EXIST)
            elif isinstance(message, ParamSet):
                self._set(message)
            else:
                self._tell(message.name)

    def _set(self, message: ParamSet) -> None:
        name = message.name
        if name in self.read_only:
            self._refuse(name, READ_ONLY)
        elif not math.isfinite(message.raw):
            self._refuse(name, OUT_OF_RANGE)
        else:
            if name not in self.stuck:
                self.held[name] = (message.raw, self.held[name][1])
            self._tell(name)

    def _tell(self, name: str) -> None:
        value, kind = self.held[name]
        index = list(self.held).index(name)
        self.say(ParamValue(name=name, raw=value, kind=kind, count=len(self.held), index=index))

    def _refuse(self, name: str, error: int) -> None:
        if not self.silent_about_unknown:
            self.say(ParamError(name=name, error=error))
