"""Cameras for real vehicles: each CAMERA_FEEDBACK of an ArduPilot becomes a photograph.

SITL has a shutter and no picture. What it triggers is heard on a second serial port (UDP), the
gimbal's angles are asked for there, and our studio takes the picture from where the vehicle says
that it was.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from pymavlink.dialects.v20 import ardupilotmega as wire

from core.pose import Attitude
from core.units import from_degrees_e7
from sim.autopilot.shutter import Photo
from sim.world import World

log = logging.getLogger("sim.sitl")

STRAIGHT_DOWN_DEG = -90.0
ANGLES_US = 500_000
"""The gimbal's angles are asked for twice a second."""
CAMERA_COMPONENT = wire.MAV_COMP_ID_CAMERA


@dataclass
class Home:
    """A vehicle's home as its photographs' metadata need it, metres above mean sea level."""

    home_m: float


class RealSwarm:
    """What the studio asks of a swarm, answered for real vehicles."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.autopilots: Sequence[Home] = [
            Home(float(world.ground.height_m(d.position.lon, d.position.lat))) for d in world.docks
        ]

    def gps_error(self, index: int) -> tuple[float, float, float]:
        """None: SITL's own receiver has its own."""
        return 0.0, 0.0, 0.0


class Cameras:
    """Listens to the vehicles' second port; an async context manager.

    Args:
        took: called with every photograph.
        began_unix_s: the vehicles' time of day at simulated second 0.
    """

    def __init__(self, world: World, took: Callable[[Photo], None], began_unix_s: float) -> None:
        self._world, self._took, self._began = world, took, began_unix_s
        self._docks = {d.system_id: n for n, d in enumerate(world.docks)}
        self._parsers: dict[Any, wire.MAVLink] = {}
        self._pitch_yaw: dict[int, tuple[float, float]] = {}
        self._asked: dict[int, float] = {}
        self._seen: set[tuple[int, int, int]] = set()
        self._transport: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Ear(self._heard), local_addr=("127.0.0.1", 0)
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._transport is not None:
            self._transport.abort()
            await asyncio.sleep(0)

    @property
    def address(self) -> tuple[str, int]:
        """Where the vehicles must send to."""
        assert self._transport is not None  # noqa: S101 - the block was entered
        host, port = self._transport.get_extra_info("sockname")[:2]
        return str(host), int(port)

    def _heard(self, data: bytes, source: Any) -> None:
        parser = self._parsers.get(source)
        if parser is None:
            parser = self._parsers[source] = wire.MAVLink(None)
            parser.robust_parsing = True
        for message in parser.parse_buffer(data) or ():
            system_id = message.get_srcSystem()
            if system_id in self._docks:
                self._handle(system_id, message, source)

    def _handle(self, system_id: int, message: wire.MAVLink_message, source: Any) -> None:
        match message.get_type():
            case "HEARTBEAT":
                self._ask(system_id, source)
            case "GIMBAL_DEVICE_ATTITUDE_STATUS":
                self._pitch_yaw[system_id] = _angles(message.q)
            case "CAMERA_FEEDBACK":
                photo = self._photo(system_id, message)
                if photo is not None:
                    self._took(photo)

    def _ask(self, system_id: int, source: Any) -> None:
        """Ask for the gimbal's angles, again every ten seconds: the vehicle may have rebooted."""
        now = time.monotonic()
        if now - self._asked.get(system_id, -math.inf) < 10 or self._transport is None:
            return
        self._asked[system_id] = now
        speaker = wire.MAVLink(None, srcSystem=system_id, srcComponent=CAMERA_COMPONENT)
        request = wire.MAVLink_command_long_message(
            system_id,
            1,
            wire.MAV_CMD_SET_MESSAGE_INTERVAL,
            0,
            *(wire.MAVLINK_MSG_ID_GIMBAL_DEVICE_ATTITUDE_STATUS, ANGLES_US, 0, 0, 0, 0, 0),
        )
        self._transport.sendto(request.pack(speaker), source)

    def _photo(self, system_id: int, told: Any) -> Photo | None:
        """The photograph, once: every report is repeated when another camera fires."""
        vehicle = self._docks[system_id]
        cameras = self._world.docks[vehicle].vehicle.cameras
        mark = (system_id, told.cam_idx, told.img_idx)
        if mark in self._seen or told.cam_idx >= len(cameras):
            return None
        self._seen.add(mark)
        lon, lat = from_degrees_e7(told.lng), from_degrees_e7(told.lat)
        ground = float(self._world.ground.height_m(lon, lat))
        pitch, yaw = self._pitch_yaw.get(system_id, (STRAIGHT_DOWN_DEG, 0.0))
        return Photo(
            vehicle=vehicle,
            camera_index=told.cam_idx + 1,
            camera=cameras[told.cam_idx],
            number=told.img_idx,
            at_s=max(0.0, told.time_usec / 1e6 - self._began),
            lon=lon,
            lat=lat,
            altitude_m=told.alt_msl,
            height_m=max(1.0, told.alt_msl - ground),
            vehicle_yaw_deg=told.yaw % 360,
            attitude=Attitude(yaw_deg=(told.yaw + yaw) % 360, pitch_deg=pitch),
        )


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, heard: Callable[[bytes, Any], None]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._heard(data, addr)


def _angles(q: Sequence[float]) -> tuple[float, float]:
    """Pitch and yaw in degrees of a quaternion (w, x, y, z), aerospace order."""
    w, x, y, z = q
    pitch = math.asin(max(-1.0, min(1.0, 2 * (w * y - z * x))))
    yaw = math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
    return math.degrees(pitch), math.degrees(yaw)
