"""One drone's day in one member: take-off checks, the autopilot's flight, landing, charging.

It does what the service does by its rules (`Rules`): no take-off without charge, in too much wind
or rain, or while the drone is still away; a call back while it can still reach its dock.
"""

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from pymavlink.dialects.v20 import ardupilotmega as wire

from core.energy import Wind, descent_s, leg_s
from core.geo import LonLat, distance_m
from sim.autopilot.autopilot import Autopilot
from sim.autopilot.items import MISSION, NAV
from sim.autopilot.modes import Mode
from sim.body import Body
from sim.earth import between_m
from sim.rehearse.charging import charged
from sim.rehearse.flown import DOCK_M, Flown

if TYPE_CHECKING:
    from sim.rehearse.flock import Programme, Setting

BOOTED_S = 600.0
"""A docked drone has been switched on for long when it takes off."""
LOOK_S = 5.0
"""The controller judges a flight's charge so often."""
FLY_HOME = ("Battery", "Failsafe", "Fence", "GPS", "EKF", "Crash")
"""Words of the texts with which an autopilot tells of a failsafe."""


class Pilot:
    """Flies a programme's flights one after another.

    Args:
        recharge_s: as the data sheet has it.
    """

    def __init__(
        self,
        programme: "Programme",
        body: Body,
        setting: "Setting",
        *,
        recharge_s: float,
    ) -> None:
        self.body, self.member = body, programme.member
        self.craft, self.setting = programme.craft, setting
        self._todo = list(programme.sorties)
        self._recharge_s = recharge_s
        self._free_s, self._battery = programme.free_s, programme.battery
        self.flown: list[Flown] = []
        self.done = False
        self.now_s = 0.0
        self._away = False

    # Senses of the autopilot

    def wind(self) -> tuple[float, float]:
        """Mean wind of its member now: m/s and the direction it comes from."""
        east, north, _ = self.setting.weather.wind(np.array([self.member]), np.array([self.now_s]))
        e, n = float(east[0]), float(north[0])
        return math.hypot(e, n), math.degrees(math.atan2(-e, -n)) % 360

    # The flights

    def begin_next(self) -> None:
        """On to the next flight that can take off; `done` when there is none."""
        while self._todo:
            self.sortie = self._todo.pop(0)
            if self._take_off():
                return
        self.done = True

    @property
    def landed(self) -> bool:
        """Whether the flight is over."""
        return not self.body.flying and not self.autopilot.armed

    def _take_off(self) -> bool:
        sortie, rules = self.sortie, self.setting.day.rules
        earliest = max(sortie.start_s, self._free_s + (rules.turnround_s if self.flown else 0.0))
        waited = f"{self.craft.id} was still in the air" if earliest > sortie.start_s + 1 else ""
        at_s = earliest
        while (fault := self._fault(at_s)) and at_s <= sortie.start_s + rules.patience_s:
            waited, at_s = fault, at_s + rules.retry_s
        if fault:
            return self._given_up(earliest, fault)
        self.now_s = at_s
        self.body.battery = self._start_charge = self._charge_at(at_s)
        self._begin(waited)
        if not self.autopilot.armed:
            said = "; ".join(self._texts) or "no reason given"
            return self._given_up(at_s, f"the autopilot does not arm: {said}")
        return True

    def _given_up(self, at_s: float, why: str) -> bool:
        charge = self._charge_at(at_s)
        self.flown.append(
            Flown(
                sortie=self.sortie.id,
                vehicle=self.craft.id,
                member=self.member,
                take_off_s=at_s,
                landing_s=at_s,
                battery_start=charge,
                battery_end=charge,
                not_flown=why,
            )
        )
        return False

    def _fault(self, at_s: float) -> str:
        """Why the service would not let it take off at a second; empty means go."""
        spec, weather, rules = self.craft.spec, self.setting.weather, self.setting.day.rules
        if self._away:
            return f"{self.craft.id} landed outside its dock"
        charge = self._charge_at(at_s)
        if charge < self.sortie.needed - 1e-9:
            return f"battery at {charge:.0%}, {self.sortie.needed:.0%} needed"
        wind = weather.speed_mps(self.member, at_s)
        if wind > spec.wind_limit_mps:
            return f"wind {wind:.1f} m/s, its limit is {spec.wind_limit_mps:.1f} m/s"
        rain = weather.rain(self.member, at_s)
        if rain >= rules.rain_limit_mmph:
            return f"rain {rain:.1f} mm/h, the limit is {rules.rain_limit_mmph:.1f} mm/h"
        return ""

    def _charge_at(self, at_s: float) -> float:
        return charged(self._battery, max(0.0, at_s - self._free_s), self._recharge_s)

    def _begin(self, waited: str) -> None:
        """A fresh autopilot with the mission on board, armed and started as the service does."""
        body = self.body
        body.flying = False
        body.east_mps = body.north_mps = body.up_mps = 0.0
        self._texts: list[str] = []
        self._trigger = (0.0, 0)
        self._waited, self._turned_back = waited, ""
        self._take_off_s, self._thought_s, self._looked_s = self.now_s, self.now_s, self.now_s
        self.autopilot = Autopilot(
            system_id=self.craft.system_id,
            name=self.craft.id,
            body=body,
            senses=_Senses(self),
            start=self.setting.day.begin,
            emit=self._heard,
            boot_at_s=self.now_s - BOOTED_S,
        )
        self.autopilot.transfers.stores[MISSION] = list(self.sortie.items)
        self.autopilot.parameters["AUTO_OPTIONS"] = 3.0
        self.autopilot.set_mode(Mode.AUTO)
        self.autopilot.arm()
        self._texts = [t for t in self._texts if not t.startswith(("Arming", "Mode"))]

    def _heard(self, system_id: int, message: wire.MAVLink_message) -> None:
        if message.get_type() == "STATUSTEXT":
            text = message.text
            self._texts.append(text if isinstance(text, str) else text.decode().rstrip("\0"))

    def think(self, now_s: float) -> None:
        """The autopilot goes on; when it has landed, write down what became of the flight."""
        dt_s, self.now_s = now_s - self._thought_s, now_s
        self._thought_s = now_s
        self.autopilot.step(dt_s)
        if now_s - self._looked_s >= LOOK_S and self.body.flying:
            self._looked_s = now_s
            self._judge()
        if self.landed:
            self._ended()

    def photographed(self) -> bool:
        """Whether the trigger was set anew or took a photograph since this was last asked."""
        shutter = self.autopilot.shutter
        now = (shutter.distance_m, shutter.count)
        before, self._trigger = self._trigger, now
        return now != before

    def _judge(self) -> None:
        """Call it back while the charge still suffices, as the controller's guard does."""
        body, spec, rules = self.body, self.craft.spec, self.setting.day.rules
        a = self.autopilot
        if a.mode is not Mode.AUTO or a.runner.returning or self._turned_back:
            return
        home = self.craft.position
        if self._is_plenty():
            return
        needed = self._home_share() + spec.reserve
        if body.battery >= needed + rules.return_margin:
            return
        if self._rest_m() <= distance_m(LonLat(body.lon, body.lat), home) + rules.detour_m:
            return
        self._turned_back = f"battery at {body.battery:.0%}, home with reserve needs {needed:.0%}"
        a.set_mode(Mode.RTL)

    def _is_plenty(self) -> bool:
        """Whether the charge suffices for twice the way home: spares the closer look."""
        body, spec, home = self.body, self.craft.spec, self.craft.position
        away = math.hypot(*between_m(body.lon, body.lat, home.lon, home.lat))
        seconds = 2 * away / spec.cruise_mps + descent_s(max(0.0, body.height_m), spec)
        spare = body.battery - spec.reserve - self.setting.day.rules.return_margin
        return spare > seconds / spec.endurance_s

    def _home_share(self) -> float:
        """Charge that the way home takes in the wind of now, descent included."""
        body, spec = self.body, self.craft.spec
        speed, from_deg = self.wind()
        try:
            seconds = leg_s(
                LonLat(body.lon, body.lat), self.craft.position, spec, Wind(speed, from_deg)
            )
        except ValueError:
            return 1.0
        return (seconds + descent_s(max(0.0, body.height_m), spec)) / spec.endurance_s

    def _rest_m(self) -> float:
        """Length of the rest of the mission, way home included."""
        home = self.craft.position
        ahead = [
            LonLat(i.lon, i.lat)
            for i in self.sortie.items[max(1, self.autopilot.runner.seq) :]
            if i.command in NAV and (i.x or i.y)
        ]
        path = [LonLat(self.body.lon, self.body.lat), *ahead, home]
        return sum(distance_m(a, b) for a, b in pairwise(path))

    def _ended(self) -> None:
        body, home = self.body, self.craft.position
        away = math.hypot(*between_m(body.lon, body.lat, home.lon, home.lat))
        self._free_s, self._battery = self.now_s, body.battery
        self._away = away > DOCK_M
        told = tuple(dict.fromkeys(t for t in self._texts if any(w in t for w in FLY_HOME)))
        self.flown.append(
            Flown(
                sortie=self.sortie.id,
                vehicle=self.craft.id,
                member=self.member,
                take_off_s=self._take_off_s,
                landing_s=self.now_s,
                battery_start=self._start_charge,
                battery_end=body.battery,
                photos=self.autopilot.shutter.count,
                complete=self.autopilot.runner.complete,
                waited=self._waited,
                turned_back=self._turned_back,
                failsafes=told,
                landed_away_m=away,
            )
        )


class _Senses:
    """What a row's autopilot measures: its own clock and the wind of its member."""

    __slots__ = ("_pilot",)

    def __init__(self, pilot: Pilot) -> None:
        self._pilot = pilot

    def now_s(self) -> float:
        """Second of the day."""
        return self._pilot.now_s

    def wind(self, index: int) -> tuple[float, float]:
        """Mean wind: m/s and the direction it comes from."""
        return self._pilot.wind()

    def ground_m(self, lon: float, lat: float) -> float:
        """Height AMSL of the ground that its terrain data tell."""
        ground = self._pilot.setting.ground
        return float(ground.height_m(np.array([lon]), np.array([lat]))[0])

    def gps_error(self, index: int) -> tuple[float, float, float]:
        """Satellites are taken as exact: photographs' places are not what is rehearsed."""
        return 0.0, 0.0, 0.0
