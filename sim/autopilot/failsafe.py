"""What the autopilot does by itself when something goes wrong: battery, fence, ground station."""

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.autopilot import telemetry
from sim.autopilot.host import Host
from sim.autopilot.modes import Mode

PERIOD_S = 1.0


class Failsafe:
    """Watches one flying vehicle; `active` makes its heartbeat say CRITICAL."""

    def __init__(self, autopilot: Host) -> None:
        self._a = autopilot
        self._spoken: set[str] = set()
        self._checked_s = 0.0
        self.active = False
        self.breached, self.breaches, self.breach_ms = False, 0, 0
        self.last_gcs_s: float | None = None

    def reset(self) -> None:
        """After disarming."""
        self.active = self.breached = False
        self._spoken.clear()

    def step(self, now_s: float) -> None:
        """Once a second: battery, fence, ground station."""
        if now_s - self._checked_s < PERIOD_S:
            return
        self._checked_s = now_s
        a, parameters = self._a, self._a.parameters
        charge = a.body.battery * 100
        if charge <= parameters["BATT_CRT_PCT"]:
            self._fail("Battery 1 is critical", Mode.LAND, int(parameters["BATT_FS_CRT_ACT"]))
        elif charge <= parameters["BATT_LOW_PCT"]:
            self._fail("Battery 1 is low", Mode.RTL, int(parameters["BATT_FS_LOW_ACT"]))
        if a.fenced():
            self._fence()
        heard = self.last_gcs_s
        lost = heard is not None and now_s - heard > parameters["FS_GCS_TIMEOUT"]
        if int(parameters["FS_GCS_ENABLE"]) == 1 and lost:
            self._fail("GCS Failsafe", Mode.RTL, 1)

    def _fence(self) -> None:
        a = self._a
        outside = not a.permitted(a.body.lon, a.body.lat)
        if outside and not self.breached:
            self.breaches += 1
            self.breach_ms = a.boot_ms()
            self.breached = True
            a.say(wire.MAV_SEVERITY_CRITICAL, "Polygon fence breached")
            if int(a.parameters["FENCE_ACTION"]) != 0:
                a.set_mode(Mode.RTL)
            a.send(telemetry.fence_status(a))
        self.breached = outside

    def _fail(self, what: str, mode: Mode, action: int) -> None:
        if what in self._spoken:
            return
        self._spoken.add(what)
        self.active = True
        self._a.say(wire.MAV_SEVERITY_CRITICAL, what)
        if action and self._a.mode not in (mode, Mode.LAND):
            self._a.set_mode(mode)
