"""The weather ahead: from the docks' own stations by default, from a forecast service by setting.

Without a service the last measurement is taken to go on for two hours, as far ahead as persistence
is used in nowcasting (WMO-No. 1198, Guidelines for Nowcasting Techniques, 0 to 2 h); beyond that
nothing is claimed, and the dock's station decides at the launch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from core.clock import Clock
from core.errors import Unavailable
from core.geo import LonLat, distance_m
from fleet.docks.dock import GUST_FACTOR
from fleet.docks.dockyard import Dockyard
from missions.presets import Dock

PERSISTS = timedelta(hours=2)
NEAR_M = 30_000.0
"""A station farther away says nothing about a flight."""
FIELDS = ("wind_speed_10m", "wind_gusts_10m", "precipitation", "visibility", "temperature_2m")
"""Names of the Open-Meteo API (https://open-meteo.com/en/docs), which can be run by a city itself;
asked for in m/s, mm, m and degrees Celsius, hour by hour in UTC."""
_HOUR = timedelta(hours=1)
_GRID_DEG = 0.1
"""Forecast models are coarser than this; docks of one cell share an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The weather at a time and place; None for what the source does not say.

    Attributes:
        wind_mps, gust_mps: 10 min mean and strongest gust, 10 m above ground.
        rain_mmph: millimetres an hour.
        source: who says so.
        issued_at: when.
    """

    at: datetime
    wind_mps: float
    gust_mps: float
    rain_mmph: float
    visibility_m: float | None
    temperature_c: float | None
    source: str
    issued_at: datetime

    @property
    def decisive_mps(self) -> float:
        """The wind to decide by, as `fleet.docks.dock.Weather.wind` has it."""
        return max(self.wind_mps, self.gust_mps / GUST_FACTOR)


class Forecast(Protocol):
    """Knows the weather ahead, or does not."""

    def between(self, place: LonLat, start: datetime, end: datetime) -> Sequence[Outlook]:
        """What is expected from start to end; empty when nothing is known of all of it."""
        ...


class StationForecast:
    """What the nearest dock's station measured goes on for a while."""

    def __init__(self, docks: Dockyard, places: Sequence[Dock], clock: Clock) -> None:
        self._docks = docks
        self._places = {dock.id: dock.position for dock in places}
        self._clock = clock

    def between(self, place: LonLat, start: datetime, end: datetime) -> Sequence[Outlook]:
        now = self._clock.now()
        near = sorted(
            (distance_m(place, self._places[name]), name)
            for name in self._docks
            if name in self._places
        )
        for metres, name in near:
            weather = self._docks.state(name).fresh_weather(now)
            if metres > NEAR_M or weather is None:
                continue
            if end > weather.measured_at + PERSISTS:
                return ()
            measured = Outlook(
                at=weather.measured_at,
                wind_mps=weather.wind_mps,
                gust_mps=weather.gust_mps,
                rain_mmph=weather.rain_mmph,
                visibility_m=None,
                temperature_c=weather.temperature_c,
                source=f"station of {name}",
                issued_at=weather.measured_at,
            )
            return (measured,)
        return ()


class HourlyForecast:
    """Hour by hour from a forecast service, as last fetched; the stations where it says nothing."""

    def __init__(self, fallback: Forecast) -> None:
        self._fallback = fallback
        self._cells: Mapping[tuple[int, int], Mapping[datetime, Outlook]] = {}

    def renew(self, cells: Mapping[tuple[int, int], Mapping[datetime, Outlook]]) -> None:
        """Replace what was known."""
        self._cells = cells

    def between(self, place: LonLat, start: datetime, end: datetime) -> Sequence[Outlook]:
        hours = self._cells.get(cell_of(place), {})
        wanted = hours_of(start, end)
        if any(hour not in hours for hour in wanted):
            return self._fallback.between(place, start, end)
        return tuple(hours[hour] for hour in wanted)


def cell_of(place: LonLat) -> tuple[int, int]:
    """The cell of the forecast's grid that a place lies in."""
    return round(place.lon / _GRID_DEG), round(place.lat / _GRID_DEG)


def centre_of(cell: tuple[int, int]) -> LonLat:
    """The place that a cell's forecast is asked for."""
    return LonLat(round(cell[0] * _GRID_DEG, 4), round(cell[1] * _GRID_DEG, 4))


def hours_of(start: datetime, end: datetime) -> list[datetime]:
    """The full hours, UTC, at both sides of a span and within it."""
    hour = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [hour]
    while hour < end:
        hour += _HOUR
        hours.append(hour)
    return hours


def read(body: Any, issued_at: datetime, source: str) -> Mapping[datetime, Outlook]:
    """One place's hours out of a service's answer.

    Raises:
        Unavailable: the answer is not what the service's documentation says.
    """
    try:
        hourly = body["hourly"]
        units = body["hourly_units"]
        if units["wind_speed_10m"] != "m/s" or units["wind_gusts_10m"] != "m/s":
            raise ValueError(f"wind in {units['wind_speed_10m']}")
        rows = zip(hourly["time"], *(hourly[name] for name in FIELDS), strict=True)
        return {
            _utc(time): Outlook(
                at=_utc(time),
                wind_mps=float(wind),
                gust_mps=float(gust),
                rain_mmph=float(rain),
                visibility_m=None if visible is None else float(visible),
                temperature_c=None if warm is None else float(warm),
                source=source,
                issued_at=issued_at,
            )
            for time, wind, gust, rain, visible, warm in rows
            if None not in (wind, gust, rain)
        }
    except (KeyError, TypeError, ValueError) as why:
        raise Unavailable(
            f"the forecast cannot be read: {why!r}",
            where=source,
            remedy="FLYONCE_FORECAST_URL must speak as Open-Meteo's /v1/forecast does",
        ) from why


def _utc(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
