"""The other end of the link: vehicles, cameras, weather, fires; only sockets lead to it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.faults import Fault, Kind, Phase
    from sim.simulation import Simulation, simulate

__all__ = ["Fault", "Kind", "Phase", "Simulation", "simulate"]


def __getattr__(name: str) -> Any:
    """What a program uses comes when it is asked for: a part of sim does not load all of it."""
    if name in ("Fault", "Kind", "Phase"):
        from sim import faults

        return getattr(faults, name)
    if name in __all__:
        from sim import simulation

        return getattr(simulation, name)
    raise AttributeError(f"module 'sim' has no attribute {name!r}")
