"""One vehicle's autopilot: boot, modes, arming, home, and the parts that answer for it.

Its life: `handle` for every message that is meant for it, `step` and `stream` after every simulated
step. What differs between makes is its `Firmware`.
"""

import math
import time
from collections.abc import Callable
from datetime import datetime

from pymavlink.dialects.v20 import ardupilotmega as wire

from core.units import degrees_e7
from sim.autopilot import battery, performing, telemetry
from sim.autopilot.ardupilot import ArduCopter
from sim.autopilot.commands import Commander
from sim.autopilot.estimate import Estimate
from sim.autopilot.firmware import Firmware
from sim.autopilot.guided import Guided
from sim.autopilot.health import Health, Satellites
from sim.autopilot.homeward import Homeward
from sim.autopilot.host import Senses
from sim.autopilot.items import FENCE, MISSION, RALLY, Item
from sim.autopilot.legs import Legs
from sim.autopilot.modes import Mode
from sim.autopilot.parameters import Parameters
from sim.autopilot.requests import Requests
from sim.autopilot.runner import Runner
from sim.autopilot.shutter import Photo, Shutter
from sim.autopilot.signing import Signing
from sim.autopilot.streams import Streams
from sim.autopilot.voice import Voice
from sim.body import Body, Pack, Spot
from sim.earth import between_m, moved

STANDBY_S, FIX_S, PREARM_S, ESTIMATE_S = 2.5, 10.0, 23.0, 42.0
"""When a booting ArduCopter reaches each stage (shared/facts/fleet-mavlink.md)."""

CIRCLE_DEGPS = 20.0
INFO, WARNING = wire.MAV_SEVERITY_INFO, wire.MAV_SEVERITY_WARNING


class Autopilot:
    """The autopilot of one vehicle.

    Args:
        emit: puts a message on the link, in this vehicle's name.
        boot_at_s: simulated second at which it is switched on.
        firmware: ArduCopter unless told otherwise.

    Attributes:
        health: what is broken; faults write it.
        due_s: simulated second before which `step` and `stream` have nothing to do while it is
            parked.
    """

    def __init__(
        self,
        *,
        system_id: int,
        name: str,
        body: Body,
        senses: Senses,
        start: datetime,
        emit: Callable[[int, wire.MAVLink_message], None],
        boot_at_s: float = 0.0,
        firmware: Firmware | None = None,
    ) -> None:
        self.system_id, self.name, self.body, self.senses = system_id, name, body, senses
        self.firmware: Firmware = firmware or ArduCopter()
        self._start_us = round(start.timestamp() * 1e6)
        self._emit = emit
        self.voice = Voice(self.send, lambda name: self.parameters.value(name))
        self.health = Health()
        self.signing = Signing()
        self.parameters = Parameters(self.firmware.table, self._presets(), self.say)
        self.home_lon, self.home_lat, self.home_m = body.lon, body.lat, body.altitude_m
        self.transfers = self.firmware.transfers(
            self.send, self.say, self._home_item, self._changed, self._clocks
        )
        self._switch_on(boot_at_s)

    def _presets(self) -> dict[str, float]:
        """What the integrator set for this very vehicle: parameters by meaning."""
        capacity = battery.DESIGN_MAH if self.body.pack is None else self.body.pack.capacity_mah
        return {
            "system_id": float(self.system_id),
            "cruise_mps": self.body.spec.cruise_mps,
            "capacity_mah": float(round(capacity)),
            "battery_low_mah": float(round(battery.LOW_SHARE * capacity)),
            "battery_critical_mah": float(round(battery.CRITICAL_SHARE * capacity)),
        }

    def _switch_on(self, boot_at_s: float) -> None:
        """What begins anew with every boot; parameters, stores and key are kept."""
        firmware, body = self.firmware, self.body
        self._boot_at_s = boot_at_s
        self.mode, self.armed, self.due_s = firmware.boot_mode, False, 0.0
        self.ground_heard: tuple[float, float] | None = None
        self._idle_since_s, self._landed_before = 0.0, True
        self.estimate = Estimate()
        self.last_photos: dict[int, wire.MAVLink_message] = {}
        self._reached_seq: int | None = None
        self.shutter = Shutter(body, self.health)
        self.guided = Guided(self)
        self.homeward = Homeward(body, lambda: firmware.haven(self), lambda: body.spec.cruise_mps)
        legs = Legs(
            body,
            lambda: self.home_m,
            self.homeward.begin,
            lambda: self.parameters.of("circle_radius_m"),
        )
        self.runner = Runner(
            legs,
            lambda: self.transfers.mission,
            lambda item: performing.perform(self, item),
            self._item_reached,
            firmware.habits,
        )
        self.transfers.booted = self.boot_s() >= STANDBY_S
        self.fence, self.watch = firmware.fence(self), firmware.watch(self)
        self.streams = Streams((self.system_id % 5) * 0.2, firmware.streams)
        self.commander = Commander(self)
        self._requests = Requests(self)

    # What it tells

    def send(self, message: wire.MAVLink_message) -> None:
        """Put a message on the link."""
        self._emit(self.system_id, message)

    def say(self, severity: int, text: str) -> None:
        """A STATUSTEXT; it leaves after the answers of the present message."""
        self.voice.say(severity, text)

    def pack(self, message: wire.MAVLink_message, link: wire.MAVLink) -> bytes:
        """The packet of a message of this vehicle, signed if it has a key."""
        return self.signing.pack(message, link, self.unix_us)

    def boot_s(self) -> float:
        """Seconds since it was switched on."""
        return max(0.0, self.senses.now_s() - self._boot_at_s)

    def boot_ms(self) -> int:
        """The same in milliseconds, as messages carry it."""
        return round(self.boot_s() * 1000)

    def unix_us(self, at_s: float | None = None) -> int:
        """Time of day in microseconds since 1970, as this vehicle's clock has it."""
        now = self.senses.now_s() if at_s is None else at_s
        return self._start_us + round((now + self.health.clock_error_s) * 1e6)

    def measured(self) -> tuple[float, float, float]:
        """Longitude, latitude, altitude AMSL as the vehicle believes them."""
        east, north, up = self.estimate.error
        lon, lat = moved(self.body.lon, self.body.lat, east, north)
        return lon, lat, self.body.altitude_m + up

    def from_home_m(self) -> float:
        """Metres to home."""
        body = self.body
        return math.hypot(*between_m(body.lon, body.lat, self.home_lon, self.home_lat))

    def gauge(self) -> Pack:
        """What the battery monitor reads."""
        return battery.read(
            self.body,
            design_mah=self.parameters.of("capacity_mah"),
            weak_cell=self.health.weak_cell,
            serial=f"SIM{self.system_id:05d}",
        )

    @property
    def booted(self) -> bool:
        """Whether it has come to standby."""
        return self.transfers.booted

    def has_fix(self) -> bool:
        """Whether satellites give a position."""
        return self.boot_s() >= FIX_S and self.health.gps is Satellites.GOOD

    def has_estimate(self) -> bool:
        """Whether the filter has a position (EKF flag 16)."""
        return self.boot_s() >= ESTIMATE_S and self.estimate.usable(self.senses.now_s())

    def ready(self) -> bool:
        """The pre-arm bit; green early in modes that need no position, as on ArduCopter, and it
        says nothing of what is looked at only when it is armed."""
        return all(fault.startswith("Arm:") for fault in self.arming_faults())

    def landed_state(self) -> int:
        """MAV_LANDED_STATE."""
        return telemetry.landed(self)

    def arming_faults(self) -> list[str]:
        """Why it would not arm now."""
        return self.firmware.arming_faults(self)

    def permitted(self, lon: float, lat: float, altitude_m: float) -> bool:
        """Whether the fence, if it is on, permits a place."""
        return self.fence.permits(lon, lat, altitude_m)

    # What it is told

    def handle(self, message: wire.MAVLink_message) -> None:
        """A message from a ground station, meant for this vehicle or for all."""
        if not self.signing.accepts(message, self.unix_us):
            return
        self.due_s = 0.0
        if message.get_type() == "HEARTBEAT":
            ours = self.firmware.heeds(self, message.get_srcSystem())
            if message.type == wire.MAV_TYPE_GCS and ours:
                self.ground_heard = self._clocks()
        elif getattr(message, "target_component", 1) in (0, 1):
            self._requests.handle(message)
        self.voice.flush()

    def set_mode(self, mode: Mode, reason: str = "") -> bool:
        """Change mode; False and a STATUSTEXT if this mode cannot be entered now."""
        if mode is self.mode:
            return True
        fault = self.firmware.mode_fault(self, mode)
        if fault:
            self.say(WARNING, self.firmware.mode_refusal(mode, fault))
            return False
        if self.mode is Mode.AUTO:
            self.runner.leave()
        self.mode, self.homeward.descends = mode, False
        self.guided.stop()
        self.body.turn_to(None)
        if mode is Mode.AUTO:
            self.runner.enter()
        elif self.body.flying:
            self._enter_flying(mode)
        if reason:
            self.say(WARNING, reason)
        self.send(telemetry.heartbeat(self))
        return True

    def arm(self) -> bool:
        """Arm; False if a check fails."""
        if self.armed:
            return True
        if self.arming_faults():
            return False
        self.armed = True
        self._idle_since_s = self.senses.now_s()
        self.set_home(self.body.lon, self.body.lat, self.body.altitude_m)
        self.say(INFO, "Arming motors")
        self.send(telemetry.heartbeat(self))
        if self.mode is Mode.AUTO and self.firmware.lifts_when_armed(self):
            self.try_auto_takeoff()
        return True

    def set_home(self, lon: float, lat: float, altitude_m: float) -> None:
        """Home is here from now on."""
        self.home_lon, self.home_lat, self.home_m = lon, lat, altitude_m
        self.send(telemetry.home_position(self))

    def disarm(self, *, force: bool = False) -> bool:
        """Disarm; refused in the air unless forced."""
        if self.body.flying and not force:
            return False
        if self.armed:
            self.armed = False
            self.body.lift(False)
            self.runner.lifting = False
            self.watch.reset()
            self.say(INFO, "Disarming motors")
            self.send(telemetry.heartbeat(self))
        return True

    def try_auto_takeoff(self) -> bool:
        """Lift off if the mission begins with a TAKEOFF; without one it silently stays."""
        if self.runner.complete or not self.runner.has_takeoff or not self.armed:
            return False
        self.runner.rewind(self.runner.seq)
        self.body.lift(True)
        return True

    def reboot(self) -> None:
        """Switch off and on again; what is stored is kept."""
        self.disarm()
        self._switch_on(self.senses.now_s())

    def take_off(self, height_m: float) -> bool:
        """Lift off to a height above home."""
        spot = Spot(self.body.lon, self.body.lat, self.home_m + height_m)
        return self.guided.take_off(spot)

    # What happens by itself

    def step(self, dt_s: float) -> list[Photo]:
        """After a step of the simulation: go on with the flight; the photos that fell due."""
        now = self.senses.now_s()
        if not self.armed and now < self.due_s and not self.shutter.pending:
            return []
        self.estimate.step(now, self.senses.gps_error(self.body.index), self.health)
        if not self.transfers.booted and self.boot_s() >= STANDBY_S:
            self.transfers.booted = True
            self.set_mode(self.firmware.boot_mode)  # a mode set while booting does not last
        self.transfers.tick()
        self.commander.step(now)
        if self.armed:
            self._fly_or_stand(now)
        photos = self.shutter.step(now, dt_s, active=self.armed)
        if photos:
            self.firmware.photographed(self, photos)
        if self._reached_seq is not None:
            self.send(wire.MAVLink_mission_item_reached_message(self._reached_seq))
            self.send(telemetry.mission_current(self))
            self._reached_seq = None
        self.voice.flush()
        return photos

    def stream(self) -> None:
        """Send what is due."""
        now = self.senses.now_s()
        if now < self.due_s:
            return
        for message_id in self.streams.due(now):
            self.send(self.firmware.messages[message_id](self))
        busy = self.armed or self.transfers.busy or self.commander.busy
        self.due_s = 0.0 if busy or not self.transfers.booted else self.streams.next_s

    def _fly_or_stand(self, now: float) -> None:
        if self.body.flying:
            self.body.lift(False)
            self._idle_since_s = now
            self._landed_before = False
            if self.mode is Mode.AUTO:
                self.runner.step(now)
            if self.mode is Mode.RTL or self.runner.returning:
                self.homeward.step()
            else:
                self.guided.step(now)
        elif not self._landed_before:
            self._landed_before = True
            self._touched_down()
        elif now - self._idle_since_s >= self.parameters.of("disarm_delay_s") > 0:
            self.disarm()
        self.watch.step(now)

    def _touched_down(self) -> None:
        if self.mode is Mode.AUTO and not self.runner.returning:
            self.runner.step(self.senses.now_s())
        if self.runner.returning:
            self._item_reached(self.runner.seq)
            self.runner.seq += 1
            self.runner.complete = True
            self.runner.returning = False
        if self.body.crashed:
            text = "Crash: Disarming: AngErr=60>30, Accel=1.0<3.0"
            self.say(wire.MAV_SEVERITY_EMERGENCY, text)
        self.homeward.descends = False
        self.shutter.distance_m = 0.0
        self.disarm()

    def _enter_flying(self, mode: Mode) -> None:
        if mode is Mode.RTL:
            self.homeward.begin()
        elif mode is Mode.LAND:
            self.body.descend()
        else:
            self.body.stay()
            if mode is Mode.CIRCLE:
                self._circle()

    def _circle(self) -> None:
        """CIRCLE mode: the centre lies a radius ahead of the nose."""
        body, radius = self.body, self.parameters.of("circle_radius_m")
        yaw = math.radians(body.yaw_deg)
        lon, lat = moved(body.lon, body.lat, radius * math.sin(yaw), radius * math.cos(yaw))
        speed = math.radians(CIRCLE_DEGPS) * radius
        if "CIRCLE_RATE" in self.parameters:
            speed = math.radians(self.parameters["CIRCLE_RATE"]) * radius
        self.guided.orbit(Spot(lon, lat, body.altitude_m), radius, abs(speed), clockwise=speed >= 0)

    def _home_item(self) -> Item:
        return Item(
            frame=wire.MAV_FRAME_GLOBAL,
            command=wire.MAV_CMD_NAV_WAYPOINT,
            x=degrees_e7(self.home_lat),
            y=degrees_e7(self.home_lon),
            z=self.home_m,
        )

    def _changed(self, kind: int) -> None:
        stores, put = self.transfers.stores, self.parameters.put
        if kind == MISSION:
            self.runner.changed()
            put("mission_total", len(stores[MISSION]))
            self._tell("mission_total")
            for fault in self.firmware.checked(self) if stores[MISSION] else ():
                self.say(wire.MAV_SEVERITY_CRITICAL, fault)
        elif kind == RALLY:
            put("rally_total", len(stores[RALLY]))
            self._tell("rally_total")
        elif kind == FENCE:
            put("fence_total", len(stores[FENCE]))
            self._tell("fence_total")

    def _tell(self, meaning: str) -> None:
        """A parameter that changed by itself is told, after the answers of the present message."""
        setting = self.parameters.table.settings.get(meaning)
        if setting is not None:
            self.voice.tell(setting.name)

    def _item_reached(self, seq: int) -> None:
        """Told at the end of the step: of several only the last, as a real one does."""
        self._reached_seq = seq

    def _clocks(self) -> tuple[float, float]:
        return self.senses.now_s(), time.monotonic()
