"""The day's weather as forecast, and how wrong it may be: a draw for each member.

A forecast is a table by time: mean wind and gusts where drones fly (about 60 m above the ground; a
10 m wind times 1.3), the direction it comes from, rain, temperature. Member 0 flies in the
forecast as it is; every further member in a seeded draw of its error. Without a forecast nothing is
known but the climate of a light-wind day, and each member draws a day of its own.
"""

import csv
import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput

Floats = npt.NDArray[np.float64]

FORMAT = "flyonce-forecast"
REMEDY = (
    "a CSV with the columns time, wind_mps, gust_mps, from_deg, rain_mmph, temperature_c (times "
    "with their offset, such as 2026-05-12T08:00+08:00), or JSON (docs/rehearsal.md)"
)
COLUMNS = ("wind_mps", "gust_mps", "from_deg", "rain_mmph", "temperature_c")
_LEAST = {"wind_mps": 0.0, "gust_mps": 0.0, "from_deg": 0.0, "rain_mmph": 0.0}
_MOST = {"wind_mps": 100.0, "gust_mps": 150.0, "from_deg": 360.0, "rain_mmph": 500.0}

WIND_ERROR, WIND_ERROR_MPS = 0.15, 0.5
"""Standard error of a day-ahead forecast's mean wind: a share of it, and m/s that are always there.
Day-ahead 10 m winds of good models are 1 to 1.5 m/s off (root mean square) at some 5 m/s; about
half of that is the site, which a dock's weather station takes out again."""
DIRECTION_ERROR_DEG = 20.0
RAIN_SHIFT_S = 1800.0
"""Showers come earlier or later than forecast by so much (1 sigma)."""
GUST_PEAKS = 3.0
"""A forecast's gust is the highest 3 s wind of the hour, about three standard deviations of the
turbulence above the mean (WMO No. 8, part I, ch. 5: peak factor)."""
LEAST_GUST_MPS = 0.3

CLIMATE_WIND_MPS, CLIMATE_GUST = (1.5, 4.5), 1.6
"""Without a forecast: a mean of 1.5 to 4.5 m/s, gusts of 1.6 times that, from anywhere."""
CLIMATE_CELSIUS = 20.0
HOUR_S = 3600.0


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """Arrays of shape (T,), times ascending in seconds of the day; beyond them the ends hold.

    Attributes:
        named: where it is from, to be told with every result.
    """

    at_s: Floats
    wind_mps: Floats
    gust_mps: Floats
    from_deg: Floats
    rain_mmph: Floats
    temperature_c: Floats
    named: str
    known: bool = True


@dataclass(frozen=True, kw_only=True)
class Weather:
    """What K members meet: arrays of shape (K, T) on the times (T,)."""

    at_s: Floats
    east_mps: Floats
    north_mps: Floats
    gust_mps: Floats
    """Standard deviation of the gusts."""
    rain_mmph: Floats
    temperature_c: Floats

    def wind(self, member: npt.NDArray[np.int_], at_s: Floats) -> tuple[Floats, Floats, Floats]:
        """Where the air moves to (east, north) and the gusts' sigma, by member and time."""
        k, f = self._place(at_s)

        def value(table: Floats) -> Floats:
            return np.asarray(table[member, k] * (1 - f) + table[member, k + 1] * f)

        return value(self.east_mps), value(self.north_mps), value(self.gust_mps)

    def air(self, member: npt.NDArray[np.int_], at_s: Floats) -> tuple[Floats, Floats]:
        """Temperature in degrees Celsius and rain in mm an hour, for pairs of member and time."""
        k, f = self._place(at_s)
        celsius, rain = self.temperature_c, self.rain_mmph
        return (
            np.asarray(celsius[member, k] * (1 - f) + celsius[member, k + 1] * f),
            np.asarray(rain[member, k] * (1 - f) + rain[member, k + 1] * f),
        )

    def speed_mps(self, member: int, at_s: float) -> float:
        """Mean wind that a member meets at a time."""
        east, north, _ = self.wind(np.array([member]), np.array([at_s]))
        return math.hypot(float(east[0]), float(north[0]))

    def rain(self, member: int, at_s: float) -> float:
        """Rain in mm an hour."""
        return float(np.interp(at_s, self.at_s, self.rain_mmph[member]))

    def _place(self, at_s: Floats) -> tuple[npt.NDArray[np.int_], Floats]:
        times = self.at_s
        k = np.clip(np.searchsorted(times, at_s, side="right") - 1, 0, len(times) - 2)
        return k, np.clip((at_s - times[k]) / (times[k + 1] - times[k]), 0.0, 1.0)


def drawn(forecast: Forecast, members: int, seed: int) -> Weather:
    """The weather of each member."""
    draws = [_member(forecast, k, np.random.default_rng([seed, 71, k])) for k in range(members)]
    return Weather(
        at_s=forecast.at_s,
        **{
            name: np.stack([d[name] for d in draws])
            for name in ("east_mps", "north_mps", "gust_mps", "rain_mmph", "temperature_c")
        },
    )


def _member(forecast: Forecast, number: int, rng: np.random.Generator) -> dict[str, Floats]:
    """A draw: the errors are the whole day's, a forecast that is wrong is wrong for hours."""
    scale, more, turn, shift = rng.normal(0.0, 1.0, 4)
    if not forecast.known:
        low, high = CLIMATE_WIND_MPS
        factor = rng.uniform(low, high) / float(forecast.wind_mps.mean())
        speed, turned = forecast.wind_mps * factor, rng.uniform(0.0, 360.0)
        moved = 0.0
    elif number == 0:
        speed, turned, moved = forecast.wind_mps, 0.0, 0.0
    else:
        speed = np.maximum(
            0.0, forecast.wind_mps * (1 + WIND_ERROR * scale) + WIND_ERROR_MPS * more
        )
        turned, moved = DIRECTION_ERROR_DEG * turn, RAIN_SHIFT_S * shift
    angle = np.radians(forecast.from_deg + turned)
    excess = np.maximum(forecast.gust_mps - forecast.wind_mps, 0.0)
    ratio = np.divide(
        speed, forecast.wind_mps, out=np.ones_like(speed), where=forecast.wind_mps > 0.1
    )
    return {
        "east_mps": -speed * np.sin(angle),
        "north_mps": -speed * np.cos(angle),
        "gust_mps": np.maximum(LEAST_GUST_MPS, excess * ratio / GUST_PEAKS),
        "rain_mmph": np.interp(forecast.at_s - moved, forecast.at_s, forecast.rain_mmph),
        "temperature_c": forecast.temperature_c,
    }


def climate() -> Forecast:
    """No forecast: a light wind, strongest at 15 h, weakest at night; dry."""
    at_s = np.arange(0.0, 25 * HOUR_S, HOUR_S)
    shape = 1.0 + 0.3 * np.cos(2 * np.pi * (at_s / HOUR_S - 15) / 24)
    wind = sum(CLIMATE_WIND_MPS) / 2 * shape
    return Forecast(
        at_s=at_s,
        wind_mps=wind,
        gust_mps=wind * CLIMATE_GUST,
        from_deg=np.zeros_like(at_s),
        rain_mmph=np.zeros_like(at_s),
        temperature_c=CLIMATE_CELSIUS + 5.0 * np.cos(2 * np.pi * (at_s / HOUR_S - 15) / 24),
        named=(
            "no forecast: a dry day of light wind (1.5 to 4.5 m/s in the mean), every member from "
            "another direction"
        ),
        known=False,
    )


def read(path: Path, begin: datetime) -> Forecast:
    """Read a forecast, CSV or JSON.

    Args:
        begin: second 0 of the day.

    Raises:
        InvalidInput: it cannot be read, or a value is missing or makes no sense.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as why:
        raise InvalidInput(
            f"the forecast cannot be read: {why}", where=str(path), remedy=REMEDY
        ) from why
    return parse(text, begin, where=str(path))


def parse(text: str, begin: datetime, *, where: str = "forecast") -> Forecast:
    """A forecast from the text of its file.

    Raises:
        InvalidInput: a value is missing or makes no sense.
    """
    try:
        rows = _json_rows(text) if text.lstrip()[:1] in {"{", "["} else _csv_rows(text)
        return _table(rows, begin, where)
    except KeyError as why:
        raise InvalidInput(
            f"the forecast does not say {why.args[0]}", where=where, remedy=REMEDY
        ) from why
    except (ValueError, TypeError, AttributeError) as why:
        raise InvalidInput(f"the forecast is wrong: {why}", where=where, remedy=REMEDY) from why


def _csv_rows(text: str) -> list[Mapping[str, Any]]:
    return list(csv.DictReader(io.StringIO(text), skipinitialspace=True))


def _json_rows(text: str) -> list[Mapping[str, Any]]:
    body = json.loads(text)
    if isinstance(body, dict):
        if body.get("format", FORMAT) != FORMAT:
            raise ValueError(f"its format is {body['format']}, not {FORMAT}")
        body = body["hours"]
    if not isinstance(body, list):
        raise ValueError("it is no list of hours")
    return body


def _table(rows: list[Mapping[str, Any]], begin: datetime, where: str) -> Forecast:
    if not rows:
        raise ValueError("it holds no hours")
    made = sorted((_row(row, n + 1, begin) for n, row in enumerate(rows)), key=lambda r: r[0])
    if len({r[0] for r in made}) < len(made):
        raise ValueError("two rows are for the same time")
    if made[-1][0] < 0 or made[0][0] > 24 * HOUR_S:
        raise ValueError(f"it is for another day than {begin.date()}")
    if len(made) == 1:
        made.append((made[0][0] + HOUR_S, *made[0][1:]))
    columns = np.array(made, float).T
    at_s, wind, gust, direction, rain, celsius = columns
    if (gust < wind).any():
        raise ValueError("a gust is below its mean wind")
    # directions go the short way round between two hours: 350 to 10 is 20 degrees, not 340
    return Forecast(
        at_s=at_s,
        wind_mps=wind,
        gust_mps=gust,
        from_deg=np.degrees(np.unwrap(np.radians(direction))),
        rain_mmph=rain,
        temperature_c=celsius,
        named=where,
    )


def _row(row: Mapping[str, Any], number: int, begin: datetime) -> tuple[float, ...]:
    at = datetime.fromisoformat(str(row["time"]).strip())
    if at.tzinfo is None:
        raise ValueError(f"row {number}: the time {row['time']} does not say its zone")
    wind = row["wind_mps"]
    given = {"gust_mps": wind, "rain_mmph": 0.0, "temperature_c": CLIMATE_CELSIUS, **row}
    values = []
    for name in COLUMNS:
        value = float(given[name])
        if not (math.isfinite(value) and _LEAST.get(name, -90.0) <= value <= _MOST.get(name, 60.0)):
            raise ValueError(f"row {number}: {name} is {given[name]}")
        values.append(value)
    return ((at - begin).total_seconds(), *values)
