"""Conversions between the units of the wire and SI."""

KELVIN_AT_ZERO_CELSIUS = 273.15
"""0 degrees Celsius in kelvin, by definition (SI brochure, 9th edition)."""


def degrees_e7(value: float) -> int:
    """Degrees as MAVLink carries them: an integer of 1e-7 degrees.

    >>> degrees_e7(118.8736)
    1188736000
    """
    return round(value * 1e7)


def from_degrees_e7(value: int) -> float:
    """Degrees from MAVLink's integer of 1e-7 degrees."""
    return value / 1e7
