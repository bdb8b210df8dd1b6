"""When the sun sets, for flights that must be down by then."""

import math
from datetime import UTC, datetime, time, timedelta

from core.geo import LonLat

CIVIL_DEG = -6.0
"""The sun so far below the horizon ends civil twilight, by when a drone without lights is down."""


def dusk(place: LonLat, day: datetime) -> datetime | None:
    """End of civil twilight on a day, to a minute or two; None where the sun stays up.

    NOAA's solar calculator (after Meeus, Astronomical Algorithms): fractional year, equation of
    time, declination, hour angle.

    Args:
        day: a time of that day, aware; its date in its own zone counts.
    """
    noon = day.replace(hour=12, minute=0, second=0, microsecond=0)
    g = 2 * math.pi / 365 * (noon.timetuple().tm_yday - 1)
    equation_min = 229.18 * (
        0.000075
        + 0.001868 * math.cos(g)
        - 0.032077 * math.sin(g)
        - 0.014615 * math.cos(2 * g)
        - 0.040849 * math.sin(2 * g)
    )
    declination = (
        0.006918
        - 0.399912 * math.cos(g)
        + 0.070257 * math.sin(g)
        - 0.006758 * math.cos(2 * g)
        + 0.000907 * math.sin(2 * g)
        - 0.002697 * math.cos(3 * g)
        + 0.00148 * math.sin(3 * g)
    )
    lat = math.radians(place.lat)
    cosine = math.sin(math.radians(CIVIL_DEG)) / (math.cos(lat) * math.cos(declination)) - math.tan(
        lat
    ) * math.tan(declination)
    if not -1.0 <= cosine <= 1.0:
        return None
    angle_deg = math.degrees(math.acos(cosine))
    midnight = datetime.combine(noon.date(), time(), UTC)
    return midnight + timedelta(minutes=720 - 4 * (place.lon - angle_deg) - equation_min)
