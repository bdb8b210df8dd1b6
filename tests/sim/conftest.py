"""The simulation's tests share a small city and a pilot that speaks MAVLink without a socket."""

from typing import Any

import pytest
import sim_city
from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.swarm import Swarm
from sim.world import World, build


class Pilot:
    """Speaks to a swarm as a ground station would, and collects what it answers."""

    def __init__(self, swarm: Swarm) -> None:
        self.swarm = swarm
        self.heard: list[Any] = []
        self.photos: list[Any] = []
        self._mine = wire.MAVLink(None, srcSystem=255, srcComponent=190)
        self._theirs = wire.MAVLink(None)

    def send(self, message: Any) -> None:
        packet = message.pack(self._mine)
        parsed = wire.MAVLink(None).parse_buffer(packet)
        self.swarm.receive(parsed[0])
        self._listen()

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.2)):
            self.photos += self.swarm.step(0.2)
            self._listen()

    def run_until(self, done: Any, limit_s: float = 900.0) -> None:
        end = self.swarm.now_s() + limit_s
        while not done():
            assert self.swarm.now_s() < end, "it did not happen in time"
            self.run(1.0)

    def command(self, number: int, *params: float, to: int = 1) -> int:
        full = [*params, *([0.0] * (7 - len(params)))]
        self.send(wire.MAVLink_command_long_message(to, 1, number, 0, *full))
        return int(self.last("COMMAND_ACK").result)

    def last(self, kind: str) -> Any:
        return [m for m in self.heard if m.get_type() == kind][-1]

    def texts(self) -> list[str]:
        return [m.text for m in self.heard if m.get_type() == "STATUSTEXT"]

    def upload(self, items: list[tuple[float, ...]], kind: int = 0, to: int = 1) -> int:
        """Items: frame, command, param1-4, lat, lon, height. The final MISSION_ACK's result."""
        self.heard.clear()
        self.send(wire.MAVLink_mission_count_message(to, 1, len(items), kind))
        for _ in range(len(items) + 2):
            asked = ("MISSION_REQUEST", "MISSION_REQUEST_INT", "MISSION_ACK")
            answer = [m for m in self.heard if m.get_type() in asked][-1]
            if answer.get_type() == "MISSION_ACK":
                return int(answer.type)
            frame, command, p1, p2, p3, p4, lat, lon, z = items[answer.seq]
            self.send(
                wire.MAVLink_mission_item_int_message(
                    to,
                    1,
                    answer.seq,
                    int(frame),
                    int(command),
                    0,
                    1,
                    p1,
                    p2,
                    p3,
                    p4,
                    round(lat * 1e7),
                    round(lon * 1e7),
                    z,
                    kind,
                )
            )
        raise AssertionError("the upload did not end")

    def download(self, kind: int = 0, to: int = 1) -> list[Any]:
        self.send(wire.MAVLink_mission_request_list_message(to, 1, kind))
        items = []
        for seq in range(self.last("MISSION_COUNT").count):
            self.send(wire.MAVLink_mission_request_int_message(to, 1, seq, kind))
            items.append(self.last("MISSION_ITEM_INT"))
        return items

    def airborne(self, height_m: float = 50.0) -> None:
        """GUIDED, armed and up."""
        self.run(45)
        assert self.command(wire.MAV_CMD_DO_SET_MODE, 1, 4) == 0
        assert self.command(wire.MAV_CMD_COMPONENT_ARM_DISARM, 1) == 0
        assert self.command(wire.MAV_CMD_NAV_TAKEOFF, 0, 0, 0, 0, 0, 0, height_m) == 0
        self.run_until(lambda: self.body.height_m > height_m - 1.5, 60)

    @property
    def body(self) -> Any:
        return self.swarm.autopilots[0].body

    def _listen(self) -> None:
        for packet in self.swarm.take_output():
            self.heard += self._theirs.parse_buffer(packet) or []


@pytest.fixture
def city() -> Any:
    """Makes the contents of a WORLD.json."""
    return sim_city.city


@pytest.fixture
def small_world() -> World:
    return build(sim_city.city(), seed=7)


@pytest.fixture
def pilot(small_world: World) -> Pilot:
    return Pilot(Swarm(small_world))
