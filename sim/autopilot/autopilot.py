"""One vehicle's autopilot: boot, modes, arming, failsafes, answered as ArduCopter does.

Its life: `handle` for every message that is meant for it, `step` after every simulated step.
"""

import math
import time
from collections.abc import Callable
from datetime import datetime

from pymavlink.dialects.v20 import ardupilotmega as wire

from core.units import degrees_e7
from sim.autopilot import fence, telemetry
from sim.autopilot.commands import Commander
from sim.autopilot.failsafe import Failsafe
from sim.autopilot.homeward import Homeward
from sim.autopilot.host import Senses
from sim.autopilot.items import FENCE, MISSION, RALLY, Item
from sim.autopilot.modes import ARMABLE, Mode
from sim.autopilot.parameters import Parameters
from sim.autopilot.runner import Progress, Runner
from sim.autopilot.shutter import Photo, Shutter
from sim.autopilot.streams import Streams
from sim.autopilot.transfer import Transfers
from sim.body import Body, Spot

STANDBY_S, FIX_S, HOME_S, PREARM_S, ESTIMATE_S = 2.5, 10.0, 20.0, 23.0, 42.0
"""When a booting ArduCopter reaches each stage (shared/facts/fleet-mavlink.md)."""

INFO, WARNING, CRITICAL = (
    wire.MAV_SEVERITY_INFO,
    wire.MAV_SEVERITY_WARNING,
    wire.MAV_SEVERITY_CRITICAL,
)


class Autopilot:
    """The autopilot of one vehicle.

    Args:
        emit: puts a message on the link, in this vehicle's name.
        boot_at_s: simulated second at which it is switched on.
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
    ) -> None:
        self.system_id, self.name, self.body, self.senses = system_id, name, body, senses
        self._start_us = round(start.timestamp() * 1e6)
        self._emit = emit
        self._boot_at_s = boot_at_s
        self.home_lon, self.home_lat, self.home_m = body.lon, body.lat, body.altitude_m
        self.dock = (body.lon, body.lat)
        self.mode = Mode.STABILIZE
        self.armed = False
        self._idle_since_s = 0.0
        self._landed_before = True
        self.parameters = Parameters(system_id, body.spec.cruise_mps)
        self.shutter = Shutter(body)
        self.failsafe = Failsafe(self)
        self._homeward = Homeward(
            body,
            lambda: (self.home_lon, self.home_lat),
            lambda: self.parameters["RTL_ALT_M"],
        )
        self.streams = Streams((system_id % 5) * 0.2)
        self.transfers = Transfers(
            self.send, self.say, self._home_item, self._changed, self._clocks
        )
        self.transfers.booted = self.boot_s() >= STANDBY_S
        self.runner = Runner(
            body,
            self.shutter,
            lambda: self.transfers.mission,
            self._item_reached,
            lambda: self.home_m,
            self._homeward.begin,
        )
        self._commander = Commander(self)

    # What it tells

    def send(self, message: wire.MAVLink_message) -> None:
        """Put a message on the link."""
        self._emit(self.system_id, message)

    def say(self, severity: int, text: str) -> None:
        """A STATUSTEXT."""
        self.send(wire.MAVLink_statustext_message(severity, text.encode()[:50]))

    def boot_s(self) -> float:
        """Seconds since it was switched on."""
        return max(0.0, self.senses.now_s() - self._boot_at_s)

    def boot_ms(self) -> int:
        """The same in milliseconds, as messages carry it."""
        return round(self.boot_s() * 1000)

    def unix_us(self, at_s: float | None = None) -> int:
        """Simulated time of day in microseconds since 1970."""
        return self._start_us + round((self.senses.now_s() if at_s is None else at_s) * 1e6)

    def measured(self) -> tuple[float, float, float]:
        """Longitude, latitude, altitude AMSL as the vehicle believes them."""
        east, north, up = self.senses.gps_error(self.body.index)
        body = self.body
        per = 111_320.0
        lon = body.lon + east / (per * math.cos(math.radians(body.lat)))
        return lon, body.lat + north / per, body.altitude_m + up

    def has_fix(self) -> bool:
        """Whether satellites give a position."""
        return self.boot_s() >= FIX_S

    def has_estimate(self) -> bool:
        """Whether the filter has a position (EKF flag 16)."""
        return self.boot_s() >= ESTIMATE_S

    def ready(self) -> bool:
        """The pre-arm bit; green early in modes that need no position, as on ArduCopter."""
        if self.mode in (Mode.STABILIZE, Mode.ALT_HOLD):
            return self.boot_s() >= PREARM_S and self.body.battery > 0.2
        return not self.arming_faults()

    def system_status(self) -> int:
        """MAV_STATE of the heartbeat."""
        if self.boot_s() < STANDBY_S:
            return int(wire.MAV_STATE_CALIBRATING)
        if self.failsafe.active:
            return int(wire.MAV_STATE_CRITICAL)
        return int(wire.MAV_STATE_ACTIVE if self.body.flying else wire.MAV_STATE_STANDBY)

    def landed_state(self) -> int:
        """MAV_LANDED_STATE."""
        if not self.body.flying:
            return int(wire.MAV_LANDED_STATE_ON_GROUND)
        if self.mode is Mode.LAND or self._homeward.descends:
            return int(wire.MAV_LANDED_STATE_LANDING)
        return int(
            wire.MAV_LANDED_STATE_TAKEOFF if self.runner.lifting else wire.MAV_LANDED_STATE_IN_AIR
        )

    def charge_state(self) -> int:
        """MAV_BATTERY_CHARGE_STATE."""
        if not self.body.flying and self.body.battery < 0.999:
            return int(wire.MAV_BATTERY_CHARGE_STATE_CHARGING)
        low = self.body.battery * 100 < self.parameters["BATT_LOW_PCT"]
        return int(wire.MAV_BATTERY_CHARGE_STATE_LOW if low else wire.MAV_BATTERY_CHARGE_STATE_OK)

    # What it is told

    def handle(self, message: wire.MAVLink_message) -> None:
        """A message from a ground station, meant for this vehicle or for all."""
        kind = message.get_type()
        if kind == "HEARTBEAT":
            if message.type == wire.MAV_TYPE_GCS:
                self.failsafe.last_gcs_s = self.senses.now_s()
            return
        if getattr(message, "target_component", 1) not in (0, 1):
            return
        self._commander.handle(message)

    def set_mode(self, mode: Mode, reason: str = "") -> bool:
        """Change mode; False and a STATUSTEXT if this mode cannot be entered now."""
        if mode is self.mode:
            return True
        fault = self._mode_fault(mode)
        if fault:
            self.say(WARNING, f"Mode change to {mode.name} failed: {fault}")
            return False
        if self.mode is Mode.AUTO:
            self.runner.leave()
        self.mode = mode
        self._homeward.descends = False
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
        """Arm; False if a check fails, with the reasons in STATUSTEXT afterwards."""
        if self.armed:
            return True
        if self.arming_faults():
            return False
        self.armed = True
        self._idle_since_s = self.senses.now_s()
        self.home_lon, self.home_lat, self.home_m = (
            self.body.lon,
            self.body.lat,
            self.body.altitude_m,
        )
        self.say(INFO, "Arming motors")
        self.send(telemetry.heartbeat(self))
        if self.mode is Mode.AUTO and int(self.parameters["AUTO_OPTIONS"]) & 2:
            self.try_auto_takeoff()
        return True

    def disarm(self, *, force: bool = False) -> bool:
        """Disarm; refused in the air unless forced."""
        if self.body.flying and not force:
            return False
        if self.armed:
            self.armed = False
            self.body.lift(False)
            self.runner.lifting = False
            self.failsafe.reset()
            self.say(INFO, "Disarming motors")
            self.send(telemetry.heartbeat(self))
        return True

    def arming_faults(self) -> list[str]:
        """Why it would not arm now."""
        boot, faults = self.boot_s(), []
        if boot < FIX_S:
            faults.append("PreArm: GPS 1: Bad fix")
        if boot < PREARM_S:
            faults.append("PreArm: AHRS: not using configured AHRS type")
        elif boot < ESTIMATE_S and self.mode not in (Mode.STABILIZE, Mode.ALT_HOLD):
            faults.append("PreArm: Need Position Estimate")
        if self.mode is Mode.AUTO:
            if not int(self.parameters["AUTO_OPTIONS"]) & 1:
                faults.append("Arm: AUTO mode not armable")
            elif self.runner.progress is Progress.NO_MISSION:
                faults.append("Arm: AUTO mode: no mission")
        elif self.mode not in ARMABLE:
            faults.append(f"Arm: {self.mode.name} mode not armable")
        if self.body.battery < 0.2:
            faults.append("PreArm: Battery 1 below minimum arming capacity")
        if self.fenced() and not self.permitted(self.body.lon, self.body.lat):
            faults.append("PreArm: Vehicle breaching Polygon fence")
        return faults

    def permitted(self, lon: float, lat: float) -> bool:
        """Whether the fence, if it is on, permits a place."""
        return not self.fenced() or fence.inside(self.transfers.stores[FENCE], lon, lat)

    def take_off(self, height_m: float) -> bool:
        """GUIDED take-off to a height above home."""
        if not self.armed or self.mode is not Mode.GUIDED or self.body.flying or height_m <= 0:
            return False
        spot = Spot(self.body.lon, self.body.lat, self.home_m + height_m)
        self.body.fly(spot, spot, self.body.spec.cruise_mps)
        self.body.lift(True)
        return True

    def go_to(self, spot: Spot, speed_mps: float | None = None) -> bool:
        """GUIDED: fly to a place; False if the fence forbids it."""
        if not self.permitted(spot.lon, spot.lat):
            return False
        if self.body.flying:
            speed = self.body.spec.cruise_mps if not speed_mps or speed_mps < 0 else speed_mps
            self.body.fly(self.body.here(terrain=spot.terrain), spot, speed)
        return True

    def try_auto_takeoff(self) -> bool:
        """Lift off if the mission begins with a TAKEOFF; without one it silently stays."""
        if self.runner.complete or not self.runner.has_takeoff or not self.armed:
            return False
        self.runner.rewind(self.runner.seq)
        self.body.lift(True)
        return True

    # What happens by itself

    def step(self, dt_s: float) -> list[Photo]:
        """After a step of the simulation: go on with the flight; the photos that fell due."""
        if not self.transfers.booted and self.boot_s() >= STANDBY_S:
            self.transfers.booted = True
            self.set_mode(Mode.STABILIZE)  # a mode set while booting does not last
        self.transfers.tick()
        photos = []
        if self.armed:
            now = self.senses.now_s()
            if self.body.flying:
                self.body.lift(False)
                self._idle_since_s = now
                self._fly(now)
            else:
                self._on_ground(now)
            photos = self.shutter.step(now, dt_s, active=True)
        for photo in photos:
            self._feedback(photo)
        return photos

    def stream(self) -> None:
        """Send what is due."""
        if self.streams is not None:
            for message_id in self.streams.due(self.senses.now_s()):
                self.send(telemetry.MESSAGES[message_id](self))

    def _fly(self, now: float) -> None:
        self._landed_before = False
        if self.mode is Mode.AUTO:
            self.runner.step(now)
        if self.mode is Mode.RTL or self.runner.returning:
            self._homeward.step()
        self.failsafe.step(now)

    def _on_ground(self, now: float) -> None:
        if not self._landed_before:
            self._landed_before = True
            self._touched_down()
        elif now - self._idle_since_s >= self.parameters["DISARM_DELAY"]:
            self.disarm()

    def _touched_down(self) -> None:
        if self.mode is Mode.AUTO and not self.runner.returning:
            self.runner.step(self.senses.now_s())
        if self.runner.returning:
            self._item_reached(self.runner.seq)
            self.runner.seq += 1
            self.runner.complete = True
            self.runner.returning = False
        self._homeward.descends = False
        self.shutter.distance_m = 0.0
        self.disarm()

    def _enter_flying(self, mode: Mode) -> None:
        if mode is Mode.RTL:
            self._homeward.begin()
        elif mode is Mode.LAND:
            self.body.descend()
        else:
            self.body.stay()

    def _mode_fault(self, mode: Mode) -> str | None:
        if self.boot_s() < STANDBY_S:
            return None
        if mode is Mode.AUTO:
            if self.runner.progress is Progress.NO_MISSION:
                return "no mission"
            if self.armed and not self.body.flying and not self.runner.has_takeoff:
                return "Auto: Missing Takeoff Cmd"
        needs_position = mode not in (Mode.STABILIZE, Mode.ALT_HOLD, Mode.LAND)
        if self.armed and needs_position and not self.has_estimate():
            return "requires position"
        return None

    def fenced(self) -> bool:
        """Whether a polygon fence is in force."""
        on = int(self.parameters["FENCE_ENABLE"]) == 1
        polygon = int(self.parameters["FENCE_TYPE"]) & fence.TYPE_POLYGON
        return bool(on and polygon and self.transfers.stores[FENCE])

    def _home_item(self) -> Item:
        return Item(
            frame=wire.MAV_FRAME_GLOBAL,
            command=wire.MAV_CMD_NAV_WAYPOINT,
            x=degrees_e7(self.home_lat),
            y=degrees_e7(self.home_lon),
            z=self.home_m,
        )

    def _changed(self, kind: int) -> None:
        if kind == MISSION:
            self.runner.changed()
            self.parameters["MIS_TOTAL"] = len(self.transfers.mission)
        elif kind == RALLY:
            self.parameters["RALLY_TOTAL"] = len(self.transfers.stores[RALLY])

    def _item_reached(self, seq: int) -> None:
        self.send(wire.MAVLink_mission_item_reached_message(seq))
        self.send(telemetry.mission_current(self))

    def _clocks(self) -> tuple[float, float]:
        return self.senses.now_s(), time.monotonic()

    def _feedback(self, photo: Photo) -> None:
        """CAMERA_FEEDBACK: where the vehicle believes that it took the photo."""
        east, north, up = self.senses.gps_error(self.body.index)
        per = 111_320.0
        self.send(
            wire.MAVLink_camera_feedback_message(
                self.unix_us(photo.at_s),
                0,
                photo.camera_index,
                photo.number % 65536,
                degrees_e7(photo.lat + north / per),
                degrees_e7(photo.lon + east / (per * math.cos(math.radians(photo.lat)))),
                photo.altitude_m + up,
                photo.altitude_m + up - self.home_m,
                0.0,
                photo.attitude.pitch_deg,
                photo.attitude.yaw_deg,
                0.0,
                0,
                photo.number % 65536,
            )
        )
