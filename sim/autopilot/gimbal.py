"""The gimbal, and who may move it (https://mavlink.io/en/services/gimbal_v2.html)."""

import math

from pymavlink.dialects.v20 import ardupilotmega as wire

from core.pose import Attitude
from sim.autopilot.health import Health
from sim.body import Body
from sim.earth import between_m

PITCH_MIN_DEG, PITCH_MAX_DEG = -90.0, 30.0
YAW_LIMIT_DEG = 180.0
DEVICE = 1
"""Gimbal devices 1 to 6 speak through the autopilot's own component."""

CAPABILITIES = (
    wire.GIMBAL_MANAGER_CAP_FLAGS_HAS_RETRACT
    | wire.GIMBAL_MANAGER_CAP_FLAGS_HAS_NEUTRAL
    | wire.GIMBAL_MANAGER_CAP_FLAGS_HAS_ROLL_AXIS
    | wire.GIMBAL_MANAGER_CAP_FLAGS_HAS_ROLL_LOCK
    | wire.GIMBAL_MANAGER_CAP_FLAGS_HAS_PITCH_AXIS
    | wire.GIMBAL_MANAGER_CAP_FLAGS_HAS_PITCH_LOCK
    | wire.GIMBAL_MANAGER_CAP_FLAGS_HAS_YAW_AXIS
    | wire.GIMBAL_MANAGER_CAP_FLAGS_HAS_YAW_FOLLOW
    | wire.GIMBAL_MANAGER_CAP_FLAGS_HAS_YAW_LOCK
    | wire.GIMBAL_MANAGER_CAP_FLAGS_CAN_POINT_LOCATION_GLOBAL
)
HELD = wire.GIMBAL_DEVICE_FLAGS_ROLL_LOCK | wire.GIMBAL_DEVICE_FLAGS_PITCH_LOCK
YAW_LOCK = wire.GIMBAL_DEVICE_FLAGS_YAW_LOCK


class Gimbal:
    """One gimbal for all cameras; it points down unless told.

    Attributes:
        yaw_deg: from the nose, or from north while `locked`.
        roi: longitude, latitude, altitude AMSL that it looks at, if any.
        owner: system and component in primary control, (0, 0) for nobody.
    """

    def __init__(self, body: Body, health: Health) -> None:
        self._body, self._health = body, health
        self.pitch_deg, self.yaw_deg, self.locked = -90.0, 0.0, False
        self.roi: tuple[float, float, float] | None = None
        self.owner = (0, 0)
        self._stuck: Attitude | None = None

    @property
    def flags(self) -> int:
        """GIMBAL_DEVICE_FLAGS."""
        return int(HELD | (YAW_LOCK if self.locked else 0))

    def point(self, pitch_deg: float, yaw_deg: float, *, locked: bool = False) -> None:
        """Aim: pitch -90 is straight down; NaN leaves an axis as it is."""
        if math.isfinite(pitch_deg):
            self.pitch_deg = min(PITCH_MAX_DEG, max(PITCH_MIN_DEG, pitch_deg))
        if math.isfinite(yaw_deg):
            self.yaw_deg, self.locked = (yaw_deg + 180.0) % 360.0 - 180.0, locked
        self.roi = None

    def neutral(self) -> None:
        """As it starts."""
        self.point(-90.0, 0.0)

    def attitude(self) -> Attitude:
        """Where the cameras look, in the world; where it was when it stuck."""
        if not self._health.gimbal_stuck:
            self._stuck = None
            return self._aim()
        if self._stuck is None:
            self._stuck = self._aim()
        return self._stuck

    def _aim(self) -> Attitude:
        body = self._body
        if self.roi is not None:
            lon, lat, altitude = self.roi
            east, north = between_m(body.lon, body.lat, lon, lat)
            reach = math.hypot(east, north)
            pitch = math.degrees(math.atan2(altitude - body.altitude_m, max(reach, 0.01)))
            return Attitude(yaw_deg=math.degrees(math.atan2(east, north)), pitch_deg=pitch)
        nose = 0.0 if self.locked else body.yaw_deg
        return Attitude(yaw_deg=(nose + self.yaw_deg) % 360, pitch_deg=self.pitch_deg)

    def quaternion(self) -> tuple[float, float, float, float]:
        """w, x, y, z of the present aim; yaw from the nose, or from north while locked."""
        aim = self.attitude()
        yaw = aim.yaw_deg - (0.0 if self.locked else self._body.yaw_deg)
        p, y = math.radians(aim.pitch_deg) / 2, math.radians(yaw) / 2
        return (
            math.cos(p) * math.cos(y),
            -math.sin(p) * math.sin(y),
            math.sin(p) * math.cos(y),
            math.cos(p) * math.sin(y),
        )
