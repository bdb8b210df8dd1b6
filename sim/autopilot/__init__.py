"""Autopilots as ArduPilot and PX4 answer: modes, arming, missions, fence, rally, parameters.

`choose` makes one by name; `autopilot.Autopilot` is one vehicle's.
"""

from sim.autopilot.ardupilot import ArduCopter
from sim.autopilot.firmware import Firmware
from sim.autopilot.px4.firmware import Px4

CHOICES = ("ardupilot", "ardupilot-4.5", "px4", "mixed")
"""What a world file or a command line may say."""


def choose(choice: str, index: int = 0) -> Firmware:
    """The firmware of the vehicle number `index`; "mixed" alternates.

    Raises:
        ValueError: there is no such choice.
    """
    if choice not in CHOICES:
        raise ValueError(f"{choice!r} is no autopilot: choose one of {', '.join(CHOICES)}")
    if choice == "px4" or (choice == "mixed" and index % 2):
        return Px4()
    return ArduCopter(old=choice == "ardupilot-4.5")
