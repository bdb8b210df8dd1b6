"""What became of one flight in one member of the rehearsal."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Flown:
    """A flight as it was flown, or why it was not.

    Attributes:
        take_off_s, landing_s: seconds of the day; the same second for a flight that was not flown.
        battery_start, battery_end: charge at take-off and on the ground again, 0 to 1.
        photos: taken.
        complete: the mission was flown to its end.
        not_flown: why it never took off; empty if it did.
        waited: why it took off later than planned; empty if it did not wait.
        turned_back: why the controller called it back; empty if it did not.
        failsafes: what the vehicle's own failsafes said.
        landed_away_m: how far from its dock it stands after landing.
        track: number of its track.
    """

    sortie: str
    vehicle: str
    member: int
    take_off_s: float
    landing_s: float
    battery_start: float
    battery_end: float
    photos: int = 0
    complete: bool = False
    not_flown: str = ""
    waited: str = ""
    turned_back: str = ""
    failsafes: tuple[str, ...] = ()
    landed_away_m: float = 0.0
    track: int = -1

    @property
    def flew(self) -> bool:
        """Whether it took off at all."""
        return not self.not_flown

    @property
    def duration_s(self) -> float:
        """Seconds in the air."""
        return self.landing_s - self.take_off_s

    @property
    def cut_short(self) -> bool:
        """It flew, but not its whole mission, or a failsafe spoke, or it came down elsewhere."""
        return self.flew and (
            not self.complete
            or bool(self.failsafes or self.turned_back)
            or self.landed_away_m > DOCK_M
        )


DOCK_M = 15.0
"""Farther from its dock a drone has not landed in it (`sim.vehicle.DOCK_RADIUS_M`)."""
